//! Catalogs that were made before, as files named after what they were made from.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::time::{Duration, SystemTime};

use camino::{Utf8Path, Utf8PathBuf};
use palisade_catalog::Catalog;
use palisade_db::introspect;
use sha2::{Digest as _, Sha256};

/// Changes when what lies in the cache must not be used any more.
const FORMAT: &str = concat!("palisade catalogs 1 ", env!("CARGO_PKG_VERSION"));

/// How many catalogs stay, and how long those stay that nobody asks for.
const MOST: usize = 64;
const OLDEST: Duration = Duration::from_hours(30 * 24);

/// A directory of catalogs. What is in it can be removed at any time, and what is damaged is made anew.
#[derive(Debug, Clone)]
pub struct CatalogCache {
    directory: Utf8PathBuf,
}

/// The name of a catalog: a hash over all that it was made from.
#[derive(Debug, Clone)]
pub(crate) struct Recipe(Sha256);

impl Recipe {
    /// Begins with the server's version and everything by which a catalog is read.
    pub(crate) fn new(server: &str) -> Self {
        let mut recipe = Self(Sha256::new());
        recipe.add(FORMAT);
        introspect::queries().for_each(|it| recipe.add(it));
        recipe.add(server);
        recipe
    }

    /// Adds a text; its length goes with it, so that no two lists of texts are the same.
    pub(crate) fn add(&mut self, text: &str) {
        self.0.update((text.len() as u64).to_le_bytes());
        self.0.update(text.as_bytes());
    }

    /// Adds all that another one was made from.
    pub(crate) fn add_recipe(&mut self, other: Self) {
        self.add(&other.name());
    }

    fn name(self) -> String {
        hex::encode(&self.0.finalize()[..20])
    }
}

impl CatalogCache {
    /// The catalogs below a directory that all projects share.
    pub fn new(cache: &Utf8Path) -> Self {
        Self { directory: cache.join("catalogs") }
    }

    /// What was made from exactly this before. A file that is not what was written is removed.
    pub(crate) fn find(&self, recipe: Recipe) -> Option<Catalog> {
        let path = self.directory.join(recipe.name());
        let text = fs::read_to_string(&path).ok()?;
        let found = intact(&text).and_then(|it| Catalog::from_snapshot(it).ok());
        if found.is_none() {
            tracing::warn!(%path, "a catalog in the cache is damaged, and is made anew");
            let _ = fs::remove_file(&path);
        } else if let Ok(file) = File::open(&path) {
            // It counts as used now. Whoever may not say so has it removed a little earlier.
            let _ = file.set_modified(SystemTime::now());
        }
        found
    }

    /// Keeps a catalog. Not being able to costs time only.
    pub(crate) fn keep(&self, recipe: Recipe, catalog: &Catalog) {
        if let Err(error) = self.write(recipe, catalog) {
            tracing::debug!(directory = %self.directory, %error, "cannot keep a catalog");
        }
    }

    /// The text that was made from exactly this before.
    pub(crate) fn find_text(&self, recipe: Recipe) -> Option<String> {
        let path = self.directory.join(recipe.name());
        let text = fs::read_to_string(&path).ok()?;
        let found = intact(&text).map(str::to_owned);
        if found.is_none() {
            let _ = fs::remove_file(&path);
        } else if let Ok(file) = File::open(&path) {
            let _ = file.set_modified(SystemTime::now());
        }
        found
    }

    /// Keeps a text. Not being able to costs time only.
    pub(crate) fn keep_text(&self, recipe: Recipe, text: &str) {
        if let Err(error) = self.write_text(recipe, text) {
            tracing::debug!(directory = %self.directory, %error, "cannot keep a text");
        }
    }

    /// Whether it was noted that this comparison finds nothing.
    pub(crate) fn is_noted(&self, comparison: Recipe) -> bool {
        let name = comparison.name();
        fs::read_to_string(self.directory.join(&name)).is_ok_and(|it| it == digest(&name))
    }

    /// Notes that this comparison finds nothing.
    pub(crate) fn note(&self, comparison: Recipe) {
        let name = comparison.name();
        let write = || {
            let mut file = tempfile::NamedTempFile::new_in(&self.directory)?;
            file.write_all(digest(&name).as_bytes())?;
            file.persist(self.directory.join(&name)).map(drop).map_err(|it| it.error)
        };
        if let Err(error) = write() {
            tracing::debug!(directory = %self.directory, %error, "cannot note that nothing differs");
        }
    }

    fn write(&self, recipe: Recipe, catalog: &Catalog) -> io::Result<()> {
        self.write_text(recipe, &catalog.to_snapshot()?)
    }

    fn write_text(&self, recipe: Recipe, text: &str) -> io::Result<()> {
        fs::create_dir_all(&self.directory)?;
        // Under a name of its own first: nobody reads half of it.
        let mut file = tempfile::NamedTempFile::new_in(&self.directory)?;
        writeln!(file, "{}", digest(text))?;
        file.write_all(text.as_bytes())?;
        file.persist(self.directory.join(recipe.name())).map_err(|it| it.error)?;
        self.prune()
    }

    fn prune(&self) -> io::Result<()> {
        let now = SystemTime::now();
        let mut files = Vec::new();
        for entry in self.directory.read_dir_utf8()? {
            let entry = entry?;
            let used = entry.metadata()?.modified()?;
            files.push((now.duration_since(used).unwrap_or_default(), entry.into_path()));
        }
        files.sort();
        let too_many = files.iter().skip(MOST);
        let too_old = files.iter().take(MOST).filter(|(age, _)| *age > OLDEST);
        for (_, path) in too_many.chain(too_old) {
            // Another process may be faster.
            let _ = fs::remove_file(path);
        }
        Ok(())
    }
}

/// The snapshot in a file, if it is the one that was written.
fn intact(text: &str) -> Option<&str> {
    let (written, snapshot) = text.split_once('\n')?;
    (written == digest(snapshot)).then_some(snapshot)
}

fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

#[cfg(test)]
mod tests {
    use super::{CatalogCache, MOST, Recipe};
    use camino::Utf8Path;
    use palisade_catalog::{Catalog, Server};

    fn catalog(version: u32) -> Catalog {
        Catalog { server: Server { version, ..Server::default() }, ..Catalog::default() }
    }

    fn recipe(texts: &[&str]) -> Recipe {
        let mut recipe = Recipe::new("15");
        for text in texts {
            recipe.add(text);
        }
        recipe
    }

    #[test]
    fn only_the_same_is_found_again() {
        let directory = tempfile::tempdir().unwrap();
        let cache = CatalogCache::new(Utf8Path::from_path(directory.path()).unwrap());
        cache.keep(recipe(&["ab", "c"]), &catalog(1));
        assert_eq!(cache.find(recipe(&["ab", "c"])), Some(catalog(1)));
        assert_eq!(cache.find(recipe(&["a", "bc"])), None);
        assert_eq!(cache.find(recipe(&["ab"])), None);
    }

    #[test]
    fn what_is_damaged_is_not_used() {
        let directory = tempfile::tempdir().unwrap();
        let cache = CatalogCache::new(Utf8Path::from_path(directory.path()).unwrap());
        cache.keep(recipe(&[]), &catalog(150_001));
        let path = cache.directory.join(recipe(&[]).name());
        let text = std::fs::read_to_string(&path).unwrap().replace("150001", "150002");
        std::fs::write(&path, text).unwrap();
        assert_eq!(cache.find(recipe(&[])), None);
        assert!(!path.exists());
    }

    #[test]
    fn the_latest_stay() {
        let directory = tempfile::tempdir().unwrap();
        let cache = CatalogCache::new(Utf8Path::from_path(directory.path()).unwrap());
        for number in 0..MOST + 3 {
            cache.keep(recipe(&[&number.to_string()]), &catalog(1));
        }
        assert_eq!(cache.directory.read_dir_utf8().unwrap().count(), MOST);
        assert!(cache.find(recipe(&[&(MOST + 2).to_string()])).is_some());
    }
}
