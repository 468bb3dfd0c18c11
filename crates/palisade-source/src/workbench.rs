//! Where files become catalogs: databases of a scratch server.

mod error;
mod temporary;

use std::sync::Arc;

use camino::Utf8Path;
use palisade_catalog::Catalog;
use palisade_db::{ConnectSettings, Connection, introspect};
use palisade_embedded::{EmbeddedError, EmbeddedSettings, GrantRegime, Installation, Layer, Scratch, installation};
use tokio::sync::OnceCell;

use crate::cache::{CatalogCache, Recipe};
use crate::directory::SqlFile;
use crate::load::{MissingRoles, load};
pub use error::MakeError;
use temporary::Lender;
pub use temporary::Temporary;

/// What a new database has before the first file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// Nothing.
    Plain,
    /// What a project of Supabase has.
    Supabase(GrantRegime),
}

/// What a database is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blueprint {
    /// SQL files, loaded in whatever order they need.
    Files(Vec<SqlFile>),
    /// Migrations, run one after the other.
    Layers(Vec<Layer>),
}

/// Where files become catalogs. The server is started when the first database is needed: what was made before is read from
/// the cache, without any server.
#[derive(Debug)]
pub struct Workbench {
    settings: EmbeddedSettings,
    base: Base,
    cache: CatalogCache,
    shadow: Option<Arc<Lender>>,
    installation: OnceCell<Installation>,
    scratch: OnceCell<Scratch>,
}

impl Workbench {
    /// With the newest Postgres that is here.
    pub fn new(settings: EmbeddedSettings, base: Base) -> Self {
        let cache = CatalogCache::new(&settings.cache_dir);
        let (installation, scratch) = (OnceCell::new(), OnceCell::new());
        Self { settings, base, cache, shadow: None, installation, scratch }
    }

    /// With this major version, if it can be had: servers of different versions write the same definition differently.
    #[must_use]
    pub fn like(mut self, major: u32) -> Self {
        self.settings = self.settings.with_major(major);
        self
    }

    /// On another server, which lends databases for a moment: for extensions that this machine does not have.
    #[must_use]
    pub fn on(self, shadow: Option<ConnectSettings>) -> Self {
        Self { shadow: shadow.map(|it| Arc::new(Lender::new(it))), ..self }
    }

    /// With the catalogs that are kept below another directory.
    #[must_use]
    pub fn kept_in(self, cache: &Utf8Path) -> Self {
        Self { cache: CatalogCache::new(cache), ..self }
    }

    /// Where Postgres is looked for.
    pub fn settings(&self) -> &EmbeddedSettings {
        &self.settings
    }

    /// What a new database has before the first file.
    pub fn base(&self) -> Base {
        self.base
    }

    /// The Postgres of the scratch server.
    ///
    /// # Errors
    ///
    /// [`EmbeddedError`] if there is none.
    pub async fn installation(&self) -> Result<&Installation, EmbeddedError> {
        let find = async || match installation(&self.settings).await {
            Err(EmbeddedError::Installation(error)) if self.settings.major.is_some() => {
                tracing::info!(major = self.settings.major, %error, "no Postgres of that version, another one will do");
                installation(&EmbeddedSettings { major: None, ..self.settings.clone() }).await
            }
            other => other,
        };
        self.installation.get_or_try_init(find).await
    }

    /// The catalog of a new database.
    ///
    /// # Errors
    ///
    /// [`MakeError`].
    pub async fn empty(&self) -> Result<Catalog, MakeError> {
        self.migrated(&[]).await
    }

    /// The catalog of what is made from `blueprint`.
    ///
    /// # Errors
    ///
    /// [`MakeError`], with the place of the statement that failed.
    pub async fn catalog(&self, blueprint: &Blueprint) -> Result<Catalog, MakeError> {
        match blueprint {
            Blueprint::Files(files) => self.loaded(files).await,
            Blueprint::Layers(layers) => self.migrated(layers).await,
        }
    }

    /// A database made from `blueprint`, and its catalog.
    ///
    /// # Errors
    ///
    /// As [`catalog`](Self::catalog).
    pub async fn made(&self, blueprint: &Blueprint) -> Result<(Temporary, Catalog), MakeError> {
        match blueprint {
            Blueprint::Files(files) => self.loaded_database(files).await,
            Blueprint::Layers(layers) => self.migrated_database(layers).await,
        }
    }

    /// The catalog of what `layers` make, one after the other.
    ///
    /// # Errors
    ///
    /// [`MakeError`], with the place of the statement that failed.
    pub async fn migrated(&self, layers: &[Layer]) -> Result<Catalog, MakeError> {
        let recipe = self.recipe_of_layers(layers).await?;
        if let Some(found) = self.cache.find(recipe.clone()) {
            return Ok(found);
        }
        let (database, catalog) = self.migrated_database(layers).await?;
        database.close().await?;
        self.cache.keep(recipe, &catalog);
        Ok(catalog)
    }

    /// A database with what `layers` make, and its catalog.
    ///
    /// # Errors
    ///
    /// As [`migrated`](Self::migrated).
    pub async fn migrated_database(&self, layers: &[Layer]) -> Result<(Temporary, Catalog), MakeError> {
        let database = self.database(layers).await?;
        match read(&database).await {
            Ok(catalog) => Ok((database, catalog)),
            Err(error) => Err(given_back(database, error).await),
        }
    }

    /// The catalog of what `files` make, in whatever order.
    ///
    /// # Errors
    ///
    /// [`MakeError`], with the place of the statement that failed.
    pub async fn loaded(&self, files: &[SqlFile]) -> Result<Catalog, MakeError> {
        let recipe = self.recipe_of_files(files).await?;
        if let Some(found) = self.cache.find(recipe.clone()) {
            return Ok(found);
        }
        let (database, catalog) = self.loaded_database(files).await?;
        database.close().await?;
        self.cache.keep(recipe, &catalog);
        Ok(catalog)
    }

    /// A database with what `files` make, and its catalog.
    ///
    /// # Errors
    ///
    /// As [`loaded`](Self::loaded).
    pub async fn loaded_database(&self, files: &[SqlFile]) -> Result<(Temporary, Catalog), MakeError> {
        let database = self.database(&[]).await?;
        let filled = async {
            let mut connection = database.connect().await?;
            let roles = if self.shadow.is_some() { MissingRoles::Refuse } else { MissingRoles::Make };
            load(&mut connection, files, roles).await.map_err(|it| MakeError::Load(Box::new(it)))?;
            connection.close().await;
            read(&database).await
        };
        match filled.await {
            Ok(catalog) => Ok((database, catalog)),
            Err(error) => Err(given_back(database, error).await),
        }
    }

    /// Gives back databases that another server has lent and that an error has left there. Scratch databases need no such care.
    pub(crate) async fn sweep(&self) {
        if let Some(lender) = &self.shadow {
            lender.sweep().await;
        }
    }

    /// A database with what `layers` make.
    ///
    /// # Errors
    ///
    /// [`MakeError`], with the place of the statement that failed.
    pub async fn database(&self, layers: &[Layer]) -> Result<Temporary, MakeError> {
        let base = match self.base {
            Base::Plain => None,
            Base::Supabase(regime) => Some(Layer::supabase(regime)),
        };
        let layers: Vec<Layer> = base.into_iter().chain(layers.iter().cloned()).collect();
        if let Some(shadow) = &self.shadow {
            return temporary::lent(shadow, &layers).await;
        }
        let open = async || {
            let major = self.installation().await?.version.major;
            Scratch::open(&self.settings.clone().with_major(major)).await
        };
        let scratch = self.scratch.get_or_try_init(open).await.map_err(MakeError::embedded)?;
        scratch.database(&layers).await.map(|it| Temporary::Scratch(Box::new(it))).map_err(MakeError::embedded)
    }

    /// Whether this very program has compared exactly these before and found nothing. `how` is all else that it depends on.
    ///
    /// # Errors
    ///
    /// [`MakeError`] if there is no Postgres to make them with.
    pub async fn is_known_equal(&self, left: &[Layer], right: &Blueprint, how: &str) -> Result<bool, MakeError> {
        let comparison = self.comparison(left, right, how).await?;
        Ok(comparison.is_some_and(|it| self.cache.is_noted(it)))
    }

    /// Notes that a comparison of exactly these has found nothing.
    ///
    /// # Errors
    ///
    /// As [`is_known_equal`](Self::is_known_equal).
    pub async fn note_equal(&self, left: &[Layer], right: &Blueprint, how: &str) -> Result<(), MakeError> {
        if let Some(comparison) = self.comparison(left, right, how).await? {
            self.cache.note(comparison);
        }
        Ok(())
    }

    /// What was read before, in the way that `how` says, from a database with what `layers` make.
    ///
    /// # Errors
    ///
    /// [`MakeError`] if there is no Postgres to make one with.
    pub async fn kept_text(&self, layers: &[Layer], how: &str) -> Result<Option<String>, MakeError> {
        Ok(self.cache.find_text(self.recipe_of_text(layers, how).await?))
    }

    /// Keeps what was read.
    ///
    /// # Errors
    ///
    /// As [`kept_text`](Self::kept_text).
    pub async fn keep_text(&self, layers: &[Layer], how: &str, text: &str) -> Result<(), MakeError> {
        self.cache.keep_text(self.recipe_of_text(layers, how).await?, text);
        Ok(())
    }

    async fn recipe_of_text(&self, layers: &[Layer], how: &str) -> Result<Recipe, MakeError> {
        let mut recipe = self.recipe_of_layers(layers).await?;
        recipe.add("read");
        recipe.add(how);
        Ok(recipe)
    }

    /// Another program may compare in another way: none, if nobody can tell which one this is.
    async fn comparison(&self, left: &[Layer], right: &Blueprint, how: &str) -> Result<Option<Recipe>, MakeError> {
        let Some(program) = program() else { return Ok(None) };
        let mut recipe = Recipe::new(&program);
        recipe.add(how);
        recipe.add_recipe(self.recipe_of_layers(left).await?);
        recipe.add_recipe(match right {
            Blueprint::Files(files) => self.recipe_of_files(files).await?,
            Blueprint::Layers(layers) => self.recipe_of_layers(layers).await?,
        });
        Ok(Some(recipe))
    }

    async fn recipe_of_layers(&self, layers: &[Layer]) -> Result<Recipe, MakeError> {
        let mut recipe = self.recipe().await?;
        for Layer { name: _, sql, transactional } in layers {
            recipe.add(if *transactional { "layer" } else { "steps" });
            recipe.add(sql);
        }
        Ok(recipe)
    }

    async fn recipe_of_files(&self, files: &[SqlFile]) -> Result<Recipe, MakeError> {
        let mut recipe = self.recipe().await?;
        for SqlFile { file, sql } in files {
            recipe.add("file");
            recipe.add(file);
            recipe.add(sql);
        }
        Ok(recipe)
    }

    async fn recipe(&self) -> Result<Recipe, MakeError> {
        let server = if let Some(Lender { settings, .. }) = self.shadow.as_deref() {
            // Its version is what it says when it is asked.
            format!("{} {}", settings.url.identity(), temporary::version(settings).await?)
        } else {
            let Installation { bin, version, origin: _ } = self.installation().await.map_err(MakeError::embedded)?;
            format!("{bin} {version}")
        };
        let mut recipe = Recipe::new(&server);
        if let Base::Supabase(regime) = self.base {
            recipe.add(&Layer::supabase(regime).sql);
        }
        Ok(recipe)
    }
}

/// What tells this program from every other build of it.
fn program() -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;
    let file = std::env::current_exe().and_then(std::fs::metadata).ok()?;
    Some(format!("{} {} {} {}", file.ino(), file.size(), file.ctime(), file.ctime_nsec()))
}

/// An error, once the database that it happened in is gone.
async fn given_back(database: Temporary, error: MakeError) -> MakeError {
    if let Err(other) = database.close().await {
        tracing::warn!(error = %other, "a database is still there");
    }
    error
}

async fn read(database: &Temporary) -> Result<Catalog, MakeError> {
    let mut connection: Connection = database.connect().await?;
    let catalog = introspect::everything(&mut connection).await.map_err(MakeError::Read)?;
    connection.close().await;
    Ok(catalog)
}
