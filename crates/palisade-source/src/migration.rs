//! A script as the text of a migration file.

use std::fmt::Write as _;

use palisade_diff::{Script, Statement, Transaction};

use crate::summary::summary;

/// The text of a migration: what it does in one line, `notes` below it, then the SQL, with what can hurt above each statement.
///
/// What cannot run in one transaction becomes a file that begins with `-- no-transaction`: statements that can stand together
/// do so between `begin` and `commit`, so that a run that is interrupted goes on behind a whole one.
pub fn migration_text(script: &Script, notes: &[String]) -> String {
    let mut text = String::new();
    let transactional = script.is_transactional();
    if !transactional {
        text.push_str("-- no-transaction\n");
    }
    comment(&mut text, &summary(script));
    for note in notes {
        comment(&mut text, note);
    }
    text.push('\n');
    if transactional {
        text.push_str(&script.to_string());
        return text;
    }
    let mut open = false;
    for (index, it) in script.statements.iter().enumerate() {
        let ends = open && it.transaction != Transaction::Shared;
        if ends {
            text.push_str("\ncommit;\n");
            open = false;
        }
        if index > 0 {
            text.push('\n');
        }
        if !open && it.transaction != Transaction::Outside {
            text.push_str("begin;\n\n");
            open = true;
        }
        statement(&mut text, it);
    }
    if open {
        text.push_str("\ncommit;\n");
    }
    text
}

fn statement(text: &mut String, statement: &Statement) {
    for note in statement.notes() {
        comment(text, &note);
    }
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{};", statement.sql.trim_end());
}

/// On one line, whatever names hold: a second one would be SQL.
fn comment(text: &mut String, line: &str) {
    if !line.is_empty() {
        let line: String = line.chars().map(|it| if it.is_control() { ' ' } else { it }).collect();
        let _ = writeln!(text, "-- {line}");
    }
}

#[cfg(test)]
mod tests {
    use super::migration_text;
    use palisade_catalog::{ObjectKey, ObjectKind};
    use palisade_diff::{Action, Script, Statement, Transaction};
    use palisade_plan::Hazard;

    fn script(statements: &[(&str, Transaction)]) -> Script {
        let statement = |(sql, transaction): &(&str, Transaction)| {
            let key = ObjectKey::new(ObjectKind::Index, ["public", sql]);
            Statement::new(&key, Action::Create, *sql).in_transaction(*transaction)
        };
        Script { statements: statements.iter().map(statement).collect(), left: Vec::new() }
    }

    #[test]
    fn one_transaction_needs_no_words() {
        let mut script = script(&[("a", Transaction::Shared), ("b", Transaction::Shared)]);
        script.statements[1] = script.statements[1].clone().danger(Hazard::DataLoss, "the rows of\n\"x\"");
        insta::assert_snapshot!(migration_text(&script, &["for fun".to_owned()]), @r#"
        -- +2 indexes
        -- for fun

        a;

        -- loses data: the rows of "x"
        b;
        "#);
    }

    #[test]
    fn what_stands_together_is_one_transaction() {
        let all = script(&[
            ("a", Transaction::Shared),
            ("b", Transaction::Shared),
            ("c", Transaction::Outside),
            ("d", Transaction::Outside),
            ("e", Transaction::Fresh),
            ("f", Transaction::Shared),
            ("g", Transaction::Fresh),
        ]);
        insta::assert_snapshot!(migration_text(&all, &[]), @r"
        -- no-transaction
        -- +7 indexes

        begin;

        a;

        b;

        commit;

        c;

        d;

        begin;

        e;

        f;

        commit;

        begin;

        g;

        commit;
        ");
        assert!(
            migration_text(&script(&[("c", Transaction::Outside)]), &[])
                .starts_with("-- no-transaction\n-- +1 index\n\nc;\n")
        );
    }
}
