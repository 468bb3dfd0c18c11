//! What rules report, and what they do not: small schemas of `tests/fixtures/lint/`, each in a database of its own.

mod fixture;
mod world;

use fixture::{Case, Kind, cases};
use futures_util::{StreamExt as _, stream};
use palisade_policy::{Finding, Severity, lint_rules};
use palisade_sql::{TokenKind, lex};
use world::{Database, World};

/// How many databases are looked at at a time.
const AT_A_TIME: usize = 4;

/// Rules whose fix is a beginning: somebody has to write the rest.
const UNFINISHED: [&str; 1] = ["self_escalation_column"];

#[tokio::test]
async fn rules_report_what_is_bad_and_nothing_that_is_good() {
    let world = World::new().await;
    let (mut all, mut wrong) = (Vec::new(), Vec::new());
    for rule in lint_rules() {
        let of_rule = cases(rule.id);
        for kind in [Kind::Bad, Kind::Good] {
            if !of_rule.iter().any(|it| it.kind == kind) {
                wrong.push(format!("{} has no {kind:?} fixture", rule.id));
            }
        }
        all.extend(of_rule);
    }
    let only = palisade_config::Variables::process().get("PALISADE_TEST_RULE").map(str::to_owned);
    all.retain(|it| only.as_ref().is_none_or(|only| it.id == only));
    let judged = stream::iter(&all).map(|it| judge(&world, it)).buffered(AT_A_TIME);
    wrong.extend(judged.collect::<Vec<_>>().await.concat());
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), all.len(), wrong.join("\n"));
}

/// What is wrong about one case.
async fn judge(world: &World, case: &Case) -> Vec<String> {
    let mut database = world.database(case.number).await;
    let mut wrong = Vec::new();
    match database.run(&case.sql).await {
        Ok(()) => {
            for claim in &case.claims {
                let found = database.answer(claim).await;
                if found != claim.result {
                    wrong.push(format!("`{}` as {} gives {found}, not {}", claim.sql, claim.role, claim.result));
                }
            }
            let findings = database.findings().await;
            wrong.extend(check(case, &findings));
            wrong.extend(check_fixes(&mut database, case, &findings).await);
        }
        Err(error) => wrong.push(error),
    }
    database.close().await;
    wrong.iter().map(|it| format!("{}, {:?}: {}: {it}", case.id, case.kind, case.title)).collect()
}

fn check(case: &Case, findings: &[Finding]) -> Vec<String> {
    let of_rule: Vec<&Finding> = findings.iter().filter(|it| it.id == case.id).collect();
    match case.kind {
        Kind::Bad => {
            let is_it = |finding: &&&Finding, on: &str| {
                let whole = finding.policy.as_ref().map(|it| format!("{} {it}", finding.object));
                finding.object == on || whole.is_some_and(|it| it == on)
            };
            let missing = case.on.iter().filter(|on| !of_rule.iter().any(|it| is_it(&it, on)));
            let mut wrong: Vec<String> = missing.map(|it| format!("not reported on {it}: {of_rule:?}")).collect();
            if of_rule.is_empty() && case.on.is_empty() {
                wrong.push("not reported".to_owned());
            }
            wrong
        }
        Kind::Good => {
            let of_others = findings.iter().filter(|it| case.clean && it.severity > Severity::Info && it.id != case.id);
            let told = |it: &Finding| format!("reported {}: {} {:?}: {}", it.id, it.object, it.policy, it.message);
            of_rule.into_iter().chain(of_others).map(told).collect()
        }
    }
}

/// Every fix runs; after one of the rule itself, its finding is gone.
async fn check_fixes(database: &mut Database, case: &Case, findings: &[Finding]) -> Vec<String> {
    let mut wrong = Vec::new();
    let with_fix = findings.iter().filter_map(|it| Some((it, it.fix.as_ref()?)));
    for (finding, fix) in with_fix.clone() {
        // A transaction has no room for this.
        let sql = fix.replace(" concurrently", "");
        if let Err(error) = database.run(&format!("begin;\n{sql}\n;rollback")).await {
            wrong.push(format!("the fix of {} fails: {error}\n{sql}", finding.id));
        }
    }
    for (finding, fix) in with_fix.filter(|(it, _)| it.id == case.id && !UNFINISHED.contains(&it.id)) {
        // Roles are those of all cases.
        if does_nothing(fix) || ["alter role", "with inherit"].iter().any(|it| fix.contains(it)) {
            continue;
        }
        if let Err(error) = database.run(fix).await {
            wrong.push(format!("the fix fails behind those before it: {error}\n{fix}"));
            break;
        }
        let same = |it: &Finding| (it.id, &it.object, &it.policy) == (finding.id, &finding.object, &finding.policy);
        if database.findings().await.iter().any(|it| same(it) && it.message == finding.message) {
            wrong.push(format!("the finding is still there after\n{fix}"));
        }
    }
    wrong
}

/// Whether it is advice only.
fn does_nothing(fix: &str) -> bool {
    lex(fix).is_ok_and(|it| it.iter().all(|it| it.kind == TokenKind::Symbol(';')))
}
