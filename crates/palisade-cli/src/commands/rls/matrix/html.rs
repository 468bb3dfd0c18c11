//! The matrix as a page: one file without scripts, styles or images from anywhere else.

use palisade_policy::{AccessCommand, Cell, Door, Predicate, Verdict};
use std::fmt::Write as _;

/// The page.
pub(super) fn page(source: &str, cells: &[Cell], doors: &[Door]) -> String {
    let mut body = String::new();
    for of_table in cells.chunk_by(|a, b| a.table == b.table) {
        let table = &of_table[0].table;
        let _ = write!(body, "<section><h2>{}</h2><table><thead><tr><th>role</th>", escaped(table));
        for command in AccessCommand::ALL {
            let _ = write!(body, "<th>{}</th>", command.as_str());
        }
        body.push_str("</tr></thead><tbody>");
        for of_role in of_table.chunk_by(|a, b| a.role == b.role) {
            let _ = write!(body, "<tr><th>{}</th>", escaped(&of_role[0].role));
            for it in of_role {
                cell(it, &mut body);
            }
            body.push_str("</tr>");
        }
        body.push_str("</tbody></table>");
        let around: Vec<&Door> = doors.iter().filter(|it| it.table == *table).collect();
        if !around.is_empty() {
            body.push_str("<h3>Ways around the policies</h3><ul>");
            for door in around {
                let _ = write!(
                    body,
                    "<li>{} <b>{}</b> {}, for {}</li>",
                    door.kind.as_str(),
                    escaped(&door.object),
                    escaped(&door.how),
                    escaped(&door.roles.join(", "))
                );
            }
            body.push_str("</ul>");
        }
        body.push_str("</section>");
    }
    include_str!("page.html").replace("$source", &escaped(source)).replace("$body", &body)
}

fn cell(cell: &Cell, body: &mut String) {
    let word = cell.verdict.as_str();
    let _ = write!(body, "<td class=\"{word}\"><b>{word}</b>");
    if cell.verdict == Verdict::Some {
        let mut line = |word: &str, it: &Option<Predicate>| {
            if let Some(predicate) = it {
                let _ = write!(body, "<small>{word}</small><code>{}</code>", escaped(&predicate.sql));
            }
        };
        line("rows", &cell.rows);
        let targeted = cell.targeted_rows.clone().filter(|it| cell.rows.as_ref().is_none_or(|rows| rows.sql != it.sql));
        line("rows, if it reads a column", &targeted);
        line("new rows", &cell.check);
    } else {
        let _ = write!(body, "<small>{}</small>", escaped(cell.why.as_str()));
    }
    if let Some(columns) = &cell.columns {
        let _ = write!(body, "<small>columns {}</small>", escaped(&columns.join(", ")));
    }
    body.push_str("</td>");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::page;

    #[test]
    fn names_are_text() {
        let page = page("<b>\"x\"&", &[], &[]);
        assert!(page.contains("&lt;b&gt;&quot;x&quot;&amp;") && !page.contains("<b>\""));
    }
}
