//! What a scratch database is made of.

use palisade_config::GrantRegime;
use palisade_db::{Connection, DbError, ServerVersion, SqlFailure, SqlText, batch};
use palisade_sql::split;
use sha2::{Digest as _, Sha256};

use crate::error::ScratchError;
use crate::supabase;

/// SQL that makes one part of a scratch database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// What errors call it, usually a file.
    pub name: String,
    /// The SQL.
    pub sql: String,
    /// Whether all of it runs in one transaction. If not, each statement runs by itself, as `create index concurrently`
    /// must.
    pub transactional: bool,
}

impl Layer {
    /// SQL that runs in one transaction.
    pub fn new(name: impl Into<String>, sql: impl Into<String>) -> Self {
        Self { name: name.into(), sql: sql.into(), transactional: true }
    }

    /// The Supabase stubs.
    pub fn supabase(regime: GrantRegime) -> Self {
        Self::new(format!("Supabase stubs ({})", regime.as_str()), supabase::stubs_sql(regime))
    }

    /// Runs it. Session settings that it leaves behind are put back.
    ///
    /// # Errors
    ///
    /// [`ScratchError::Layer`] if its SQL fails, with the place.
    pub async fn run(&self, connection: &mut Connection) -> Result<(), ScratchError> {
        if self.transactional {
            self.send(connection, "begin").await?;
            batch(connection, &self.sql).await.map_err(|it| self.failed(it.error, self.start_of(it.commands)))?;
            self.send(connection, "commit").await?;
        } else {
            let statements =
                split(&self.sql).map_err(|source| ScratchError::Unreadable { layer: self.name.clone(), source })?;
            for statement in statements {
                // Blanks in front, so that the place in an error is that in the file.
                let before = self.sql[..statement.start].chars().count();
                batch(connection, &format!("{}{}", " ".repeat(before), statement.text))
                    .await
                    .map_err(|it| self.failed(it.error, Some(statement.start)))?;
            }
        }
        let reset = format!("{}discard temp;", connection.reset_sql());
        self.send(connection, &reset).await
    }

    async fn send(&self, connection: &mut Connection, sql: &str) -> Result<(), ScratchError> {
        batch(connection, sql).await.map(drop).map_err(|failure| self.failed(failure.error, None))
    }

    /// Where the statement with this number begins, for errors to which the server knows no place.
    fn start_of(&self, number: usize) -> Option<usize> {
        split(&self.sql).ok()?.get(number).map(|it| it.start)
    }

    fn failed(&self, error: DbError, statement: Option<usize>) -> ScratchError {
        let text = SqlText { file: &self.name, text: &self.sql };
        let source = Box::new(SqlFailure::new(text, error, 0, statement));
        ScratchError::Layer { layer: self.name.clone(), source }
    }
}

/// Names of the templates for each beginning of `layers`, the shortest first. The name of a layer does not matter.
pub(super) fn template_names(version: ServerVersion, layers: &[Layer]) -> Vec<String> {
    let mut digest: [u8; 32] = Sha256::digest(format!("palisade template 1 {}", version.num)).into();
    layers
        .iter()
        .map(|layer| {
            let Layer { name: _, sql, transactional } = layer;
            let mut hasher = Sha256::new();
            hasher.update(digest);
            hasher.update([u8::from(*transactional)]);
            hasher.update(sql.as_bytes());
            digest = hasher.finalize().into();
            format!("palisade_template_{}", hex::encode(&digest[..16]))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use palisade_db::ServerVersion;

    use super::{Layer, template_names};

    const V15: ServerVersion = ServerVersion { num: 150_018 };

    #[test]
    fn equal_beginnings_have_equal_names() {
        let (a, b, c) = (Layer::new("a", "select 1"), Layer::new("b", "select 2"), Layer::new("c", "select 3"));
        let ab = template_names(V15, &[a.clone(), b.clone()]);
        let ac = template_names(V15, &[a.clone(), c]);
        assert_eq!(ab[0], ac[0]);
        assert_ne!(ab[1], ac[1]);
        assert_eq!(ab, template_names(V15, &[Layer { name: "other".to_owned(), ..a }, b]));
    }

    #[test]
    fn everything_that_matters_is_in_the_name() {
        let layer = Layer::new("a", "select 1");
        let name = |version, layer: &Layer| template_names(version, std::slice::from_ref(layer)).remove(0);
        assert_ne!(name(V15, &layer), name(ServerVersion { num: 170_011 }, &layer));
        assert_ne!(name(V15, &layer), name(V15, &Layer { transactional: false, ..layer.clone() }));
        assert!(name(V15, &layer).len() <= 63);
    }
}
