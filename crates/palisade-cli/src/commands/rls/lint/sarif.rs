//! Findings as [SARIF](https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html).

use palisade_policy::{Finding, Severity, lint_rules};
use serde_json::{Value, json};

pub(super) fn document(findings: &[Finding]) -> Value {
    let level = |it: Severity| match it {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    };
    let rules: Vec<Value> = lint_rules()
        .map(|it| {
            json!({
                "id": it.id,
                "shortDescription": { "text": it.why },
                "defaultConfiguration": { "level": level(it.severity) },
            })
        })
        .collect();
    let result = |it: &Finding| {
        let policy = it.policy.as_ref().map_or_else(String::new, |it| format!(" (policy {it})"));
        let fix = it.fix.as_ref().map_or_else(String::new, |it| format!("\n{it}"));
        json!({
            "ruleId": it.id,
            "level": level(it.severity),
            "message": { "text": format!("{}{policy}: {}{fix}", it.object, it.message) },
            "locations": [{
                "physicalLocation": { "artifactLocation": { "uri": file(&it.object) } },
                "logicalLocations": [{ "fullyQualifiedName": it.object, "kind": "object" }],
            }],
            // The same finding of the next run is not a new one.
            "partialFingerprints": {
                "palisade/v1": format!("{}:{}:{}", it.id, it.object, it.policy.as_deref().unwrap_or_default()),
            },
        })
    };
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "palisade", "version": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "results": findings.iter().map(result).collect::<Vec<_>>(),
        }],
    })
}

/// The file where the policies of an object stand by the layout of the project.
fn file(object: &str) -> String {
    let name = object.split('(').next().unwrap_or(object);
    match name.split_once('.') {
        Some((schema, name)) if !name.contains(' ') => format!("rls/{schema}/{name}.sql"),
        _ => "rls".to_owned(),
    }
}
