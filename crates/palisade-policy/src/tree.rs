//! Parse trees as Postgres keeps them.
//!
//! `pg_policy.polqual`, `pg_rewrite.ev_action` and `pg_proc.prosqlbody` hold the tree that the server itself made of an
//! expression: names are resolved, columns are numbers, implied casts stand there. Their [text form][outfuncs] is
//! `{TAG :field value …}`; which fields a tag has changes with versions, the form never did.
//!
//! [outfuncs]: https://github.com/postgres/postgres/blob/master/src/backend/nodes/outfuncs.c

use std::borrow::Cow;

/// One value of a parse tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node<'a> {
    /// `<>`: there is none.
    Absent,
    /// A word, a number, or a text; its escapes are resolved.
    Atom(Cow<'a, str>),
    /// `( … )`, and the bytes of a constant.
    List(Vec<Node<'a>>),
    /// `{TAG :field value …}`
    Tagged(Tagged<'a>),
}

/// A node with named fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tagged<'a> {
    /// What it is, in capitals: `OPEXPR`.
    pub tag: &'a str,
    /// Its fields in the order of the server, names without their colon.
    pub fields: Vec<(&'a str, Node<'a>)>,
}

/// Why a text is no parse tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a parse tree of Postgres at byte {at}: {what}")]
pub struct TreeError {
    /// Where in the text.
    pub at: usize,
    /// What was expected.
    pub what: &'static str,
}

/// How deep trees may be nested; the server refuses to parse deeper ones (`max_stack_depth`).
const DEEPEST: usize = 2_000;

impl<'a> Node<'a> {
    /// Reads a tree.
    ///
    /// # Errors
    ///
    /// [`TreeError`] if it is none.
    pub fn parse(text: &'a str) -> Result<Self, TreeError> {
        let mut reader = Reader { text, at: 0, depth: 0 };
        let node = reader.node()?;
        reader.skip_space();
        if reader.at < text.len() {
            return Err(reader.error("an end"));
        }
        Ok(node)
    }

    /// The node with named fields that this is.
    pub fn tagged(&self) -> Option<&Tagged<'a>> {
        match self {
            Self::Tagged(it) => Some(it),
            Self::Absent | Self::Atom(_) | Self::List(_) => None,
        }
    }

    /// The elements of a list; none of anything else.
    pub fn items(&self) -> &[Self] {
        match self {
            Self::List(it) => it,
            Self::Absent | Self::Atom(_) | Self::Tagged(_) => &[],
        }
    }

    /// The word, number or text that this is.
    pub fn atom(&self) -> Option<&str> {
        match self {
            Self::Atom(it) => Some(it),
            Self::Absent | Self::List(_) | Self::Tagged(_) => None,
        }
    }

    /// The number that this is.
    pub fn number<T: std::str::FromStr>(&self) -> Option<T> {
        self.atom()?.parse().ok()
    }
}

impl<'a> Tagged<'a> {
    /// A field; absent if this version of the server has none of the name.
    pub fn field(&self, name: &str) -> &Node<'a> {
        self.fields.iter().find(|(field, _)| *field == name).map_or(&Node::Absent, |(_, value)| value)
    }

    /// Whether a field says `true`.
    pub fn flag(&self, name: &str) -> bool {
        self.field(name).atom() == Some("true")
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn error(&self, what: &'static str) -> TreeError {
        TreeError { at: self.at, what }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(|it| it.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn node(&mut self) -> Result<Node<'a>, TreeError> {
        self.skip_space();
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.error("a tree that is nested less deeply"));
        }
        let node = match self.peek() {
            Some(b'{') => self.tagged().map(Node::Tagged),
            Some(b'(') => self.list(b')').map(Node::List),
            Some(b'[') => self.list(b']').map(Node::List),
            Some(b'"') => self.quoted(),
            Some(_) => self.word(),
            None => Err(self.error("a value")),
        };
        self.depth -= 1;
        node
    }

    fn tagged(&mut self) -> Result<Tagged<'a>, TreeError> {
        self.at += 1;
        let tag = self.raw();
        let mut fields = Vec::new();
        loop {
            self.skip_space();
            match self.peek() {
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Tagged { tag, fields });
                }
                Some(b':') => {
                    self.at += 1;
                    let name = self.raw();
                    let value = self.node()?;
                    fields.push((name, self.bytes_behind(value)?));
                }
                _ => return Err(self.error("a field or the end of a node")),
            }
        }
    }

    /// The value of a constant is its length with the bytes behind it, `4 [ 1 0 0 0 ]`: the only value of two parts.
    fn bytes_behind(&mut self, value: Node<'a>) -> Result<Node<'a>, TreeError> {
        self.skip_space();
        if self.peek() == Some(b'[') { self.node() } else { Ok(value) }
    }

    fn list(&mut self, end: u8) -> Result<Vec<Node<'a>>, TreeError> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.skip_space();
            if self.peek() == Some(end) {
                self.at += 1;
                return Ok(items);
            }
            items.push(self.node()?);
        }
    }

    fn quoted(&mut self) -> Result<Node<'a>, TreeError> {
        self.at += 1;
        let start = self.at;
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            match byte {
                b'\\' => self.at += 2,
                b'"' => {
                    let text = self.text.get(start..self.at).ok_or_else(|| self.error("a text"))?;
                    self.at += 1;
                    return Ok(Node::Atom(unescaped(text)));
                }
                _ => self.at += 1,
            }
        }
        Err(self.error("the end of a text"))
    }

    fn word(&mut self) -> Result<Node<'a>, TreeError> {
        let word = self.raw();
        if word.is_empty() {
            return Err(self.error("a value"));
        }
        Ok(if word == "<>" { Node::Absent } else { Node::Atom(unescaped(word)) })
    }

    /// Up to the next byte that ends a word; a backslash takes the meaning from what follows it.
    fn raw(&mut self) -> &'a str {
        let start = self.at;
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            match byte {
                b'\\' => self.at += 2,
                b'(' | b')' | b'{' | b'}' => break,
                it if it.is_ascii_whitespace() => break,
                _ => self.at += 1,
            }
        }
        self.at = self.at.min(self.text.len());
        self.text.get(start..self.at).unwrap_or_default()
    }
}

fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(it) = characters.next() {
        plain.extend(if it == '\\' { characters.next() } else { Some(it) });
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::Node;

    #[test]
    fn a_tree_is_read_whole() {
        let tree =
            Node::parse("{CONST :consttype 23 :constisnull false :constvalue 4 [ 1 0 -1 0 ] :list (\"a b\" <> x\\ y)}");
        let tree = tree.unwrap();
        let constant = tree.tagged().unwrap();
        assert_eq!(constant.tag, "CONST");
        assert_eq!(constant.field("consttype").number::<u32>(), Some(23));
        assert!(!constant.flag("constisnull"));
        assert_eq!(constant.field("constvalue").items().len(), 4);
        let [quoted, absent, escaped] = constant.field("list").items() else { panic!("three") };
        assert_eq!((quoted.atom(), absent, escaped.atom()), (Some("a b"), &Node::Absent, Some("x y")));
        assert_eq!(constant.field("no such"), &Node::Absent);
    }

    #[test]
    fn hostile_names_are_values() {
        let tree = Node::parse("{ALIAS :aliasname :colnames :colnames (\"\\\"\" \"\\\\\" \":x\" \"}\")}").unwrap();
        let alias = tree.tagged().unwrap();
        assert_eq!(alias.field("aliasname").atom(), Some(":colnames"));
        let names: Vec<_> = alias.field("colnames").items().iter().filter_map(Node::atom).collect();
        assert_eq!(names, ["\"", "\\", ":x", "}"]);
    }

    #[test]
    fn what_is_no_tree_is_an_error() {
        for text in ["", "{", "{A :b", "(", "{A b}", "{A} {B}", "\"", ")", "{A :b [ 1"] {
            assert!(Node::parse(text).is_err(), "{text}");
        }
        let deep = "(".repeat(100_000);
        assert!(Node::parse(&deep).is_err());
    }
}
