//! Who may do what with one object.

use std::collections::BTreeMap;
use std::fmt;

/// One privilege, by [the letter that the catalog uses](https://www.postgresql.org/docs/current/ddl-priv.html#PRIVILEGE-ABBREVS-TABLE).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Privilege(pub char);

impl Privilege {
    /// Its key word.
    pub fn sql(self) -> &'static str {
        match self.0 {
            'r' => "SELECT",
            'a' => "INSERT",
            'w' => "UPDATE",
            'd' => "DELETE",
            'D' => "TRUNCATE",
            'x' => "REFERENCES",
            't' => "TRIGGER",
            'm' => "MAINTAIN",
            'X' => "EXECUTE",
            'U' => "USAGE",
            'C' => "CREATE",
            'T' => "TEMPORARY",
            'c' => "CONNECT",
            's' => "SET",
            'A' => "ALTER SYSTEM",
            _ => "ALL",
        }
    }
}

/// Privileges of one role, each with whether the role may grant it on.
pub type Granted = BTreeMap<Privilege, bool>;

/// The effective access list of one object: what nobody ever granted or revoked stands in it as well.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Privileges {
    /// Those of the owner, whoever that is.
    pub owner: Granted,
    /// Those of other roles; `""` is PUBLIC.
    pub others: BTreeMap<String, Granted>,
}

impl Privileges {
    /// Reads an access list in the [text form of `aclitem`](https://www.postgresql.org/docs/current/ddl-priv.html) arrays.
    /// Who granted does not matter here. What has no owner of its own, such as a column, has no privileges of one.
    pub fn parse(acl: &str, owner: Option<&str>) -> Option<Self> {
        let mut found = Self::default();
        for item in array_items(acl)? {
            let (grantee, rest) = role_name(&item)?;
            let granted = rest.strip_prefix('=')?.split('/').next()?;
            let to = if Some(grantee.as_str()) == owner {
                &mut found.owner
            } else {
                found.others.entry(grantee).or_default()
            };
            let mut letters = granted.chars().peekable();
            while let Some(letter) = letters.next() {
                let grantable = letters.next_if_eq(&'*').is_some();
                *to.entry(Privilege(letter)).or_default() |= grantable;
            }
        }
        found.others.retain(|_, granted| !granted.is_empty());
        Some(found)
    }
}

/// `anon: SELECT, INSERT with grant option`, one role after the other; the owner's own are left out.
impl fmt::Display for Privileges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |(privilege, grantable): (&Privilege, &bool)| {
            format!("{}{}", privilege.sql(), if *grantable { " with grant option" } else { "" })
        };
        let role = |(name, granted): (&String, &Granted)| {
            let name = if name.is_empty() { "PUBLIC" } else { name };
            format!("{name}: {}", granted.iter().map(word).collect::<Vec<_>>().join(", "))
        };
        f.write_str(&self.others.iter().map(role).collect::<Vec<_>>().join("; "))
    }
}

/// The elements of an array in its [text form](https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO): `{a,"b \"c\""}`;
/// nothing if it is none.
pub fn array_items(text: &str) -> Option<Vec<String>> {
    let inner = text.strip_prefix("{")?.strip_suffix("}")?;
    // Nearly all of them.
    if !inner.is_empty() && !inner.contains(['"', '\\']) {
        return Some(inner.split(',').map(str::to_owned).collect());
    }
    let (mut items, mut item, mut quoted) = (Vec::new(), String::new(), false);
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => item.extend(characters.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => items.push(std::mem::take(&mut item)),
            other => item.push(other),
        }
    }
    if !inner.is_empty() {
        items.push(item);
    }
    Some(items)
}

/// The role at the beginning of an access list item, which is quoted where it has other characters than letters and digits.
fn role_name(item: &str) -> Option<(String, &str)> {
    let Some(quoted) = item.strip_prefix('"') else {
        let end = item.find('=')?;
        return Some((item[..end].to_owned(), &item[end..]));
    };
    let mut name = String::new();
    let mut rest = quoted;
    loop {
        let end = rest.find('"')?;
        name.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(more) => {
                name.push('"');
                rest = more;
            }
            None => return Some((name, rest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Privileges;

    #[test]
    fn access_lists_are_read() {
        let text = r#"{owner=arwdDxt/owner,=r/owner,"\"a\"\"b\"=rw*/owner",anon=a/x}"#;
        let found = Privileges::parse(text, Some("owner")).unwrap();
        assert_eq!(found.owner.len(), 7);
        assert_eq!(found.to_string(), "PUBLIC: SELECT; a\"b: SELECT, UPDATE with grant option; anon: INSERT");
        assert!(Privileges::parse("{}", None).unwrap().others.is_empty());
        assert!(Privileges::parse("nonsense", None).is_none());
    }
}
