//! Results as the [XML that CI services read](https://github.com/testmoapp/junitxml).

use palisade_rls::testing::{Outcome, TestResult};
use std::fmt::Write as _;
use std::time::Duration;

pub(super) fn xml(results: &[TestResult], took: Duration) -> String {
    let count = |of: fn(&Outcome) -> bool| results.iter().filter(|it| of(&it.outcome)).count();
    let failed = count(|it| matches!(it, Outcome::Failed(_)));
    let broken = count(|it| matches!(it, Outcome::Broken(_)));
    let mut xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    let number = |it: usize| quoted(&it.to_string());
    let (tests, failed, broken) = (number(results.len()), number(failed), number(broken));
    let seconds = quoted(&format!("{:.3}", took.as_secs_f64()));
    let name = quoted("rls test");
    let _ = writeln!(xml, "<testsuites name={name} tests={tests} failures={failed} errors={broken} time={seconds}>");
    for suite in results.chunk_by(|a, b| a.file == b.file) {
        let _ = writeln!(xml, "  <testsuite name={} tests={}>", quoted(suite[0].file.as_str()), number(suite.len()));
        for result in suite {
            let (name, file) = (quoted(&result.name), quoted(result.file.as_str()));
            let (table, line) = (quoted(&result.table), number(result.line));
            let _ = write!(xml, "    <testcase name={name} classname={table} file={file} line={line}");
            let (tag, got) = match &result.outcome {
                Outcome::Passed => {
                    xml.push_str("/>\n");
                    continue;
                }
                Outcome::Failed(got) => ("failure", got),
                Outcome::Broken(got) => ("error", got),
            };
            let body = escaped(&format!("expected: {}\ngot: {got}\n{}", result.expected, result.sql));
            let _ = writeln!(xml, ">\n      <{tag} message={}>{body}</{tag}>\n    </testcase>", quoted(got));
        }
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn quoted(text: &str) -> String {
    ["\"", &escaped(text).replace('\n', "&#10;"), "\""].concat()
}

/// XML has no words for most control characters.
fn escaped(text: &str) -> String {
    let mut done = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => done.push_str("&amp;"),
            '<' => done.push_str("&lt;"),
            '>' => done.push_str("&gt;"),
            '"' => done.push_str("&quot;"),
            '\n' | '\t' => done.push(character),
            it if it.is_control() => done.push('\u{fffd}'),
            it => done.push(it),
        }
    }
    done
}

#[cfg(test)]
mod tests {
    use super::xml;
    use palisade_rls::testing::{Outcome, TestResult, Verb};
    use std::time::Duration;

    #[test]
    fn whatever_a_test_is_called_it_is_xml() {
        let result = TestResult {
            name: "a < \"b\" & c".to_owned(),
            file: "rls/tests/a.toml".into(),
            line: 3,
            persona: "ada".to_owned(),
            table: "public.t".to_owned(),
            command: Verb::Select,
            expected: "all".to_owned(),
            outcome: Outcome::Failed("none\u{1}".to_owned()),
            sql: "select 1 <> 2;".to_owned(),
        };
        insta::assert_snapshot!(xml(&[result], Duration::from_millis(1500)), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="rls test" tests="1" failures="1" errors="0" time="1.500">
          <testsuite name="rls/tests/a.toml" tests="1">
            <testcase name="a &lt; &quot;b&quot; &amp; c" classname="public.t" file="rls/tests/a.toml" line="3">
              <failure message="none�">expected: all
        got: none�
        select 1 &lt;&gt; 2;</failure>
            </testcase>
          </testsuite>
        </testsuites>
        "#);
    }
}
