//! Whom rows are invented for, and who attacks.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::owner::{Mark, Owned};
use super::tables::Column;
use crate::persona::{Persona, uuid};
use palisade_policy::Oid;

/// Whose a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Whose {
    /// The attacker's own.
    Attacker,
    /// That of whoever is attacked.
    Victim,
    /// Nobody's: what could name somebody is null.
    Nobody,
    /// Everybody's: nothing in such a row could name somebody.
    Shared,
    /// That of a third user, who has to do with both: policies that follow such a link too far lead from one to the other.
    Between,
    /// The link between the third user and what the attacker has.
    BetweenAndAttacker,
    /// The link between the third user and what the victim has.
    BetweenAndVictim,
}

impl Whose {
    /// What tells the invented values of one from those of another.
    pub(super) fn seed(self) -> &'static str {
        match self {
            Self::Attacker => "a",
            Self::Victim => "b",
            Self::Nobody => "n",
            Self::Shared => "s",
            Self::Between => "c",
            Self::BetweenAndAttacker => "ca",
            Self::BetweenAndVictim => "cb",
        }
    }

    pub(super) fn number(self) -> u32 {
        match self {
            Self::Attacker => 0,
            Self::Victim => 1,
            Self::Nobody => 2,
            Self::Shared => 3,
            Self::Between => 4,
            Self::BetweenAndAttacker => 5,
            Self::BetweenAndVictim => 6,
        }
    }

    /// Which user it is about.
    pub(super) fn person(self) -> Self {
        match self {
            Self::BetweenAndAttacker | Self::BetweenAndVictim => Self::Between,
            other => other,
        }
    }

    /// Whose things it is about.
    pub(super) fn things(self) -> Self {
        match self {
            Self::Between | Self::BetweenAndAttacker => Self::Attacker,
            Self::BetweenAndVictim => Self::Victim,
            other => other,
        }
    }

    pub(super) fn user(self) -> String {
        uuid(&format!("attack user {}", self.person().seed()))
    }

    pub(super) fn email(self) -> String {
        format!("{}@attack.example", self.person().seed())
    }

    /// What stands in a column with a mark.
    pub(super) fn marked(self, mark: &Mark, column: &Column) -> String {
        match mark {
            Mark::User => self.user(),
            Mark::Email => self.email(),
            Mark::Claim(name) => self.things().claim(name, &column.data_type),
        }
    }

    fn claim(self, name: &str, data_type: &str) -> String {
        match data_type {
            "uuid" => uuid(&format!("attack {name} {}", self.seed())),
            "smallint" | "integer" | "bigint" | "numeric" => (7_001 + self.number()).to_string(),
            _ => format!("{name}_{}", self.seed()),
        }
    }
}

/// Somebody who tries.
#[derive(Debug, Clone)]
pub(super) struct Attacker {
    pub(super) persona: Persona,
    /// Whether the token belongs to a user.
    pub(super) is_user: bool,
    pub(super) is_anonymous: bool,
}

/// The claims that columns are compared with, each with the type of its column.
fn claims(owned: &BTreeMap<Oid, Owned>, columns: &dyn Fn(Oid, i32) -> Option<Column>) -> BTreeMap<String, Column> {
    let mut all = BTreeMap::new();
    for (oid, owned) in owned {
        for (number, mark) in &owned.marks {
            if let (Mark::Claim(name), Some(column)) = (mark, columns(*oid, *number)) {
                all.entry(name.clone()).or_insert(column);
            }
        }
    }
    all
}

/// All who try: a user, the same one with claims of their own making, a token without a user, and who is not signed in.
pub(super) fn attackers(
    owned: &BTreeMap<Oid, Owned>,
    columns: &dyn Fn(Oid, i32) -> Option<Column>,
    texts: &BTreeSet<String>,
    roles: [Option<&str>; 2],
) -> Vec<Attacker> {
    let claims = claims(owned, columns);
    let [signed_in, anonymous] = roles;
    let of = |whose: Whose| {
        let values = claims.iter().map(|(name, column)| (name.clone(), whose.claim(name, &column.data_type).into()));
        values.collect::<Map<String, Value>>()
    };
    let (own, mut forged) = (of(Whose::Attacker), of(Whose::Victim));
    for text in texts {
        // Whatever a policy wants to hear.
        forged.entry(text.clone()).or_insert_with(|| true.into());
    }
    for (name, value) in [("role", "admin"), ("user_role", "admin"), ("sub", &Whose::Victim.user())] {
        forged.insert(name.to_owned(), value.into());
    }
    for name in ["is_admin", "admin"] {
        forged.insert(name.to_owned(), true.into());
    }
    let token = |role: &str, user_metadata: Map<String, Value>| {
        let mut token = own.clone();
        token.insert("app_metadata".to_owned(), own.clone().into());
        token.insert("user_metadata".to_owned(), user_metadata.into());
        token.insert("role".to_owned(), role.into());
        token.insert("sub".to_owned(), Whose::Attacker.user().into());
        token.insert("email".to_owned(), Whose::Attacker.email().into());
        token.insert("aal".to_owned(), "aal1".into());
        Value::Object(token)
    };
    let attacker = |name: &str, role: &str, claims: Value, is_user, is_anonymous| Attacker {
        persona: Persona { name: name.to_owned(), role: role.to_owned(), claims },
        is_user,
        is_anonymous,
    };
    let mut all = Vec::new();
    if let Some(role) = signed_in {
        all.push(attacker("another user", role, token(role, Map::new()), true, false));
        all.push(attacker("another user with forged user_metadata", role, token(role, forged), true, false));
        all.push(attacker("a token without a user", role, json!({ "role": role }), false, false));
    }
    if let Some(role) = anonymous {
        all.push(attacker("a visitor", role, json!({ "role": role }), false, true));
    }
    all
}
