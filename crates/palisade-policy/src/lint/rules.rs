//! All rules.

mod auth_rls_initplan;
mod authenticated_sees_all_rows;
mod column_grant_defeated;
mod correlated_subplan_per_row;
mod cross_policy_with_check_union;
mod default_privileges_expose;
mod duplicate_policy;
mod fk_action_bypasses_rls;
mod for_all_without_using;
mod global_unique_covert_channel;
mod immutable_reads_session;
mod insert_without_select;
mod materialized_view_exposed;
mod missing_policy_index;
mod multiple_permissive_policies;
mod nonleakproof_index_under_rls;
mod null_auth_leak;
mod only_restrictive_policies;
mod owner_bypass_no_force;
mod partition_child_exposed;
mod per_row_function;
mod permissive_always_true_write;
mod permissive_policy_shadowed;
mod policy_exists_rls_disabled;
mod policy_function_recursion;
mod policy_reads_rls_blocked_table;
mod policy_reads_unreadable_table;
mod policy_recursion;
mod policy_role_bypasses_rls;
mod policy_role_not_inherited;
mod policy_without_grant;
mod realtime_rls_disabled;
mod restrictive_noop;
mod restrictive_not_covering_writes;
mod rls_disabled_exposed;
mod rls_enabled_no_policy;
mod scalar_subquery_multi_row;
mod secdef_function_exposes_rows;
mod secdef_search_path_mutable;
mod secdef_trigger_bypass;
mod self_escalation_column;
mod storage_policy_unscoped_bucket;
mod subquery_no_caller_binding;
mod subquery_self_comparison;
mod truncate_granted;
mod update_makes_row_invisible;
mod user_metadata_in_policy;
mod view_bypasses_rls;
mod volatile_function_in_policy;
mod with_check_weaker_than_using;
mod write_policy_without_select;

use crate::lint::Severity;
use crate::lint::found::Found;
use crate::lint::scope::Scope;

/// A rule.
#[derive(Debug)]
pub(crate) struct Rule {
    /// What configuration and reports call it.
    pub(crate) id: &'static str,
    /// How bad it is, unless configuration says otherwise.
    pub(crate) severity: Severity,
    /// Why it matters.
    pub(crate) why: &'static str,
    /// Looks for it.
    pub(crate) check: fn(&Scope<'_, '_>, &mut Vec<Found>),
}

/// In the order in which documentation lists them: what is open first, what is slow last.
pub(crate) const ALL: &[Rule] = &[
    rls_disabled_exposed::RULE,
    rls_enabled_no_policy::RULE,
    policy_exists_rls_disabled::RULE,
    policy_without_grant::RULE,
    default_privileges_expose::RULE,
    truncate_granted::RULE,
    permissive_policy_shadowed::RULE,
    permissive_always_true_write::RULE,
    only_restrictive_policies::RULE,
    restrictive_not_covering_writes::RULE,
    restrictive_noop::RULE,
    policy_role_bypasses_rls::RULE,
    policy_role_not_inherited::RULE,
    with_check_weaker_than_using::RULE,
    write_policy_without_select::RULE,
    insert_without_select::RULE,
    update_makes_row_invisible::RULE,
    cross_policy_with_check_union::RULE,
    for_all_without_using::RULE,
    null_auth_leak::RULE,
    user_metadata_in_policy::RULE,
    authenticated_sees_all_rows::RULE,
    subquery_self_comparison::RULE,
    subquery_no_caller_binding::RULE,
    scalar_subquery_multi_row::RULE,
    self_escalation_column::RULE,
    immutable_reads_session::RULE,
    policy_recursion::RULE,
    policy_function_recursion::RULE,
    secdef_function_exposes_rows::RULE,
    secdef_search_path_mutable::RULE,
    secdef_trigger_bypass::RULE,
    view_bypasses_rls::RULE,
    materialized_view_exposed::RULE,
    partition_child_exposed::RULE,
    fk_action_bypasses_rls::RULE,
    global_unique_covert_channel::RULE,
    owner_bypass_no_force::RULE,
    column_grant_defeated::RULE,
    policy_reads_unreadable_table::RULE,
    policy_reads_rls_blocked_table::RULE,
    realtime_rls_disabled::RULE,
    storage_policy_unscoped_bucket::RULE,
    auth_rls_initplan::RULE,
    missing_policy_index::RULE,
    per_row_function::RULE,
    volatile_function_in_policy::RULE,
    correlated_subplan_per_row::RULE,
    nonleakproof_index_under_rls::RULE,
    multiple_permissive_policies::RULE,
    duplicate_policy::RULE,
];
