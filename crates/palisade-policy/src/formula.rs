//! Conditions as formulas of three-valued logic over what is not looked into.
//!
//! A condition is true, false or unknown, and a policy admits a row only if it is true. A [`Truth`] is therefore two boolean
//! functions, *is true* and *is false*; what is neither is unknown. Both are functions of the same free variables: *is this
//! column null*, *are these two equal*, *is there such a row*. Nothing is lost where two conditions share them, and where they do not,
//! nothing is claimed.

mod atom;
mod bdd;
mod space;
mod value;

pub(crate) use atom::{Atom, Truth, View};
pub(crate) use bdd::Ref;
pub(crate) use space::Space;
