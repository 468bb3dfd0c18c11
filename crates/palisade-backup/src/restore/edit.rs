//! What is changed of a backup on its way into a database: entries of its table of contents, never texts of SQL that somebody has
//! written.

use std::time::Duration;

use palisade_archive::{Entry, Section, Toc};
use palisade_plan::TargetIdentity;
use palisade_sql::quote_literal;

use super::merge::entry;
use super::notes::Notes;
use super::roles::TargetRoles;
use super::supabase::{self, SupabaseTarget};

/// What is changed.
#[derive(Debug, Clone)]
pub(crate) struct Edit {
    /// Whether everything that is in the target goes first, in the same transaction.
    pub(crate) clear: bool,
    /// Whether only a part of the backup is restored.
    pub(crate) is_part: bool,
    /// The only database that it may be done to, if an approval names one.
    pub(crate) only: Option<TargetIdentity>,
    /// Longest wait for a lock; zero waits for ever.
    pub(crate) lock_timeout: Duration,
    /// Extensions that the target cannot have.
    pub(crate) without_extensions: Vec<String>,
    /// The target's roles, if owners and rights are to fit them.
    pub(crate) roles: Option<TargetRoles>,
    /// Whether everything that is in the target comes from the backup, so that default privileges of the target have no place in it.
    pub(crate) own_rights_only: bool,
    /// What the target has of its own, if it is Supabase's.
    pub(crate) supabase: Option<SupabaseTarget>,
    /// What should be known of all this.
    pub(crate) notes: Notes,
}

impl Edit {
    /// Nothing is changed but how long a lock is waited for.
    pub(crate) fn none(lock_timeout: Duration) -> Self {
        Self {
            clear: false,
            is_part: false,
            only: None,
            lock_timeout,
            without_extensions: Vec::new(),
            roles: None,
            own_rights_only: false,
            supabase: None,
            notes: Notes::default(),
        }
    }

    /// Changes the table of contents of everything.
    pub(crate) fn apply(&self, toc: &mut Toc) {
        self.fit(toc);
        if self.supabase.is_some() {
            put_keys_aside(toc);
        }
        self.begin(toc);
    }

    /// Leaves out what the target cannot have, and changes owners.
    pub(super) fn fit(&self, toc: &mut Toc) {
        toc.retain(|it| !self.is_of_missing_extension(it));
        if let Some(supabase) = &self.supabase {
            supabase.fit(toc, self.clear, &self.notes);
        }
        if let Some(roles) = &self.roles {
            roles.fit(toc, &self.notes);
        }
    }

    /// Puts what has to come first in front of everything.
    pub(super) fn begin(&self, toc: &mut Toc) {
        let mut sql = format!("SET LOCAL lock_timeout = {};\n", self.lock_timeout.as_millis());
        if let Some(only) = &self.only {
            sql.push_str(&refuse_others(only));
        }
        if self.is_part {
            // An entry of ours is not chosen. What sets the search path always is, and is run as it is.
            if let Some(entry) = toc.entries.iter_mut().find(|it| it.desc == "SEARCHPATH") {
                let definition = entry.definition.get_or_insert_default();
                definition.push_str(&sql);
            }
            return;
        }
        if self.clear {
            sql.push_str(include_str!("subscriptions.sql"));
        }
        match &self.supabase {
            Some(_) if self.clear => sql.push_str(&SupabaseTarget::clear(toc)),
            None if self.clear => sql.push_str(include_str!("empty.sql")),
            Some(_) | None => {}
        }
        // Behind the settings of the session, which come first.
        let place = toc.entries.iter().position(|it| !it.is_setting()).unwrap_or(toc.entries.len());
        toc.entries.insert(place, statement(next_number(toc), Section::PreData, sql));
        if self.own_rights_only {
            let ignored = if self.supabase.is_some() { supabase::external_array() } else { supabase::no_array() };
            let sql = include_str!("rights.sql").replace("$ignored", &ignored);
            // Behind all that is made before rows; `pg_restore` gives rights when all else is done.
            let is_behind = |it: &Entry| matches!(it.section, Section::Data | Section::PostData);
            let place = toc.entries.iter().position(is_behind).unwrap_or(toc.entries.len());
            toc.entries.insert(place, statement(next_number(toc), Section::PreData, sql));
        }
    }

    fn is_of_missing_extension(&self, it: &Entry) -> bool {
        let named = |tag: &str| self.without_extensions.iter().any(|it| it == tag);
        let tag = it.tag.as_deref().unwrap_or_default();
        (it.desc == "EXTENSION" && named(tag))
            || (it.desc == "COMMENT" && tag.strip_prefix("EXTENSION ").is_some_and(|it| named(it.trim_matches('"'))))
    }
}

/// Around the rows, so that keys and triggers that come behind them are made as they always are.
fn put_keys_aside(toc: &mut Toc) {
    let number = next_number(toc);
    let behind = toc.entries.iter().position(|it| it.section == Section::PostData).unwrap_or(toc.entries.len());
    toc.entries.insert(behind, statement(number, Section::PostData, supabase::keys_back(true)));
    if let Some(before) = toc.entries.iter().position(|it| it.section == Section::Data) {
        toc.entries.insert(before, statement(number + 1, Section::Data, supabase::keys_aside(true)));
    }
}

/// An error in any other database. What is compared with goes there as settings, since the body of the statement is a text itself.
fn refuse_others(only: &TargetIdentity) -> String {
    let TargetIdentity { system, database, database_oid } = only;
    let set = |name: &str, value: &str| {
        format!("SELECT pg_catalog.set_config('palisade.{name}', {}, true);\n", quote_literal(value))
    };
    let system = set("system", system.as_deref().unwrap_or_default());
    let oid = set("oid", &database_oid.to_string());
    format!("{}{oid}{system}{}", set("database", database), include_str!("identity.sql"))
}

fn next_number(toc: &Toc) -> i32 {
    toc.entries.iter().map(|it| it.dump_id).max().unwrap_or(0) + 1
}

/// A statement of ours.
fn statement(number: i32, section: Section, sql: String) -> Entry {
    Entry { definition: Some(sql), section, namespace: None, ..entry(number, "PALISADE", "", "palisade") }
}
