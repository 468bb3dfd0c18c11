//! What can be said about SQL text without asking a server: how identifiers and literals are quoted, where statements
//! begin and end, which error codes there are, and where in a file a position lies.
//!
//! Postgres stays the only judge of what SQL means. This crate knows the lexical structure only, as described in
//! [Lexical Structure](https://www.postgresql.org/docs/current/sql-syntax-lexical.html); it does no input or output.

mod dump;
mod ident;
mod lex;
mod literal;
mod position;
mod quote;
mod split;
mod sqlstate;
mod statement;

pub use dump::{Dump, DumpDifference};
pub use ident::{Ident, IdentError, QualifiedName};
pub use lex::{LexError, LexProblem, Token, TokenKind, lex};
pub use literal::{Literal, LiteralError};
pub use position::{Excerpt, LineColumn, byte_of_character, excerpt, line_column};
pub use quote::{quote_ident, quote_literal};
pub use split::{Statement, split};
pub use sqlstate::SqlState;
pub use statement::{ObjectName, TransactionControl};
