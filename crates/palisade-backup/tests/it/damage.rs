//! Backups that somebody has edited, mixed up or put together from two: each is found, and it is said by what at the latest.

use std::collections::BTreeMap;
use std::fs;

use camino::Utf8PathBuf;
use palisade_backup::{
    CreateOptions, EngineChoice, Identities, Level, Manifest, Recipients, State, create, find, verify,
};
use palisade_store::Store;
use serde_json::{Value, json};

use crate::support::{Place, key, open, run};

/// What finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    /// Whoever lists backups.
    List,
    /// Verification at level 1, without a key.
    Sums,
    /// Verification at level 2, when neither of the others could.
    Contents,
}

/// Two backups of one database: between them, texts of one table changed, and not their lengths.
struct Two {
    place: Place,
    store: Store,
    identities: Option<Identities>,
    older: Manifest,
    newer: Manifest,
    /// What both were made of.
    files: BTreeMap<Utf8PathBuf, Vec<u8>>,
}

impl Two {
    async fn new(engine: EngineChoice, keys: Option<(Identities, Recipients)>) -> Self {
        let place = Place::new().await;
        let (identities, recipients) = keys.map_or((None, Recipients::default()), |it| (Some(it.0), it.1));
        let options = CreateOptions { engine, recipients, ..place.options() };
        let older = create(&options, |_| ()).await.unwrap();
        run(&mut place.connect().await, "update people set note = reverse(note)").await;
        let newer = create(&options, |_| ()).await.unwrap();
        let mut files = BTreeMap::new();
        for manifest in [&older, &newer] {
            for file in manifest.parts.iter().map(|it| it.file.as_str()).chain(["manifest.json"]) {
                let path = place.file(manifest, file);
                files.insert(path.clone(), fs::read(path).unwrap());
            }
        }
        Self { store: open(place.store()), place, identities, older, newer, files }
    }

    /// What was stored of a backup.
    fn stored(&self, manifest: &Manifest, file: &str) -> &[u8] {
        &self.files[&self.place.file(manifest, file)]
    }

    /// Replaces a file of the newer one.
    fn put(&self, file: &str, bytes: &[u8]) {
        fs::write(self.place.file(&self.newer, file), bytes).unwrap();
    }

    fn edit(&self, change: impl FnOnce(&mut Value)) {
        let mut value = serde_json::from_slice(self.stored(&self.newer, "manifest.json")).unwrap();
        change(&mut value);
        self.put("manifest.json", &serde_json::to_vec_pretty(&value).unwrap());
    }

    /// Does something to the newer one, sees that it is found, and undoes it.
    async fn finds(&self, what: &str, found: Found, damage: impl FnOnce(&Self)) {
        damage(self);
        let entry = find(&self.store, &self.newer.name.id()).await.unwrap();
        let state = &entry.state;
        match found {
            Found::List => assert!(matches!(state, State::Damaged { .. }), "{what}: {state:?}"),
            Found::Sums => {
                // Also where the list knows already: a manifest may have been read before.
                let text = fs::read(self.place.file(&self.newer, "manifest.json")).unwrap();
                let manifest: Manifest = serde_json::from_slice(&text).unwrap();
                assert_ne!(self.problems(&manifest, &Level::Sums).await, Vec::<String>::new(), "{what} at level 1");
                assert_ne!(self.problems(&manifest, &Level::Contents).await, Vec::<String>::new(), "{what} at level 2");
            }
            Found::Contents => {
                let manifest = entry.manifest().unwrap_or_else(|| panic!("{what}: {state:?}"));
                assert_ne!(self.problems(manifest, &Level::Contents).await, Vec::<String>::new(), "{what} at level 2");
            }
        }
        for (path, bytes) in &self.files {
            fs::write(path, bytes).unwrap();
        }
    }

    async fn problems(&self, manifest: &Manifest, level: &Level) -> Vec<String> {
        // Level 1 has to do without the key.
        let identities = self.identities.as_ref().filter(|_| level.number() > 1);
        verify(&self.store, manifest, identities, level, |_| ()).await.unwrap().problems
    }
}

/// Of a text that is a number in hexadecimal, another one.
fn other(digest: &mut Value) {
    let text = digest.as_str().unwrap();
    let first = if text.starts_with('0') { "1" } else { "0" };
    *digest = format!("{first}{}", &text[1..]).into();
}

fn table<'v>(manifest: &'v mut Value, name: &str) -> &'v mut Value {
    manifest["tables"].as_array_mut().unwrap().iter_mut().find(|it| it["name"] == name).unwrap()
}

async fn edited_manifests(two: &Two) {
    let found = Found::Contents;
    two.finds("a row more", found, |two| two.edit(|it| table(it, "people")["rows"] = 5001.into())).await;
    two.finds("a row less", found, |two| two.edit(|it| table(it, "teams")["rows"] = 19.into())).await;
    two.finds("another digest", found, |two| two.edit(|it| other(&mut table(it, "people")["digest"]))).await;
    two.finds("a table that is not listed", found, |two| {
        two.edit(|it| it["tables"].as_array_mut().unwrap().retain(|it| it["name"] != "teams"));
    })
    .await;
    two.finds("a table that never was", found, |two| {
        two.edit(|it| table(it, "people")["name"] = "people_2".into());
    })
    .await;
    two.finds("large objects that never were", found, |two| two.edit(|it| it["large_objects"] = 3.into())).await;
    for number in 0..two.newer.parts.len() {
        let name = &two.newer.parts[number].file;
        let part = |it: &'_ mut Value, key: &str, change: fn(&mut Value)| change(&mut it["parts"][number][key]);
        two.finds(&format!("another hash of {name}"), Found::Sums, |two| {
            two.edit(|it| part(it, "blake3", other));
        })
        .await;
        two.finds(&format!("another inner hash of {name}"), found, |two| {
            two.edit(|it| part(it, "plain_blake3", other));
        })
        .await;
        two.finds(&format!("another inner size of {name}"), found, |two| {
            two.edit(|it| part(it, "plain_bytes", |it| *it = json!(it.as_u64().unwrap() + 1)));
        })
        .await;
        for by in [Found::List, Found::Sums] {
            two.finds(&format!("another size of {name}"), by, |two| {
                two.edit(|it| part(it, "bytes", |it| *it = json!(it.as_u64().unwrap() + 1)));
            })
            .await;
            two.finds(&format!("another name of {name}"), by, |two| {
                two.edit(|it| part(it, "file", |it| *it = "elsewhere".into()));
            })
            .await;
        }
        // Roles are left out where they may not be read.
        if !name.starts_with("roles") {
            two.finds(&format!("{name} is not listed"), found, |two| {
                two.edit(|it| drop(it["parts"].as_array_mut().unwrap().remove(number)));
            })
            .await;
        }
    }
    two.finds("the manifest of the other backup", Found::List, |two| {
        two.put("manifest.json", two.stored(&two.older, "manifest.json"));
    })
    .await;
    two.finds("the manifest of the other backup, renamed", Found::Sums, |two| {
        let mut value: Value = serde_json::from_slice(two.stored(&two.older, "manifest.json")).unwrap();
        value["name"] = two.newer.name.to_string().into();
        two.put("manifest.json", &serde_json::to_vec(&value).unwrap());
    })
    .await;
    let whole = two.stored(&two.newer, "manifest.json");
    for length in [0, 1, whole.len() / 2, whole.len() - 1] {
        two.finds(&format!("{length} bytes of the manifest"), Found::List, |two| {
            two.put("manifest.json", &two.stored(&two.newer, "manifest.json")[..length]);
        })
        .await;
    }
}

async fn parts_in_wrong_places(two: &Two) {
    // An encrypted part is another one each time, a plain one only if what it holds is.
    let name = |it: &str| two.newer.parts.iter().position(|part| part.file.starts_with(it));
    let changed =
        name("rows-000000").or(name("everything")).or(name("database")).expect("a part with the rows that changed");
    let file = &two.newer.parts[changed].file;
    two.finds("a part of the older backup", Found::Sums, |two| two.put(file, two.stored(&two.older, file))).await;
    two.finds("parts swapped between two backups", Found::Sums, |two| {
        two.put(file, two.stored(&two.older, file));
        fs::write(two.place.file(&two.older, file), two.stored(&two.newer, file)).unwrap();
    })
    .await;
    two.finds("a part of the older backup, and what its manifest says of it", Found::Contents, |two| {
        two.put(file, two.stored(&two.older, file));
        let older: Value = serde_json::from_slice(two.stored(&two.older, "manifest.json")).unwrap();
        two.edit(|it| it["parts"][changed] = older["parts"][changed].clone());
    })
    .await;
    let next = &two.newer.parts[(changed + 1) % two.newer.parts.len()].file;
    two.finds("two parts of one backup swapped", Found::Sums, |two| {
        two.put(file, two.stored(&two.newer, next));
        two.put(next, two.stored(&two.newer, file));
    })
    .await;
    two.finds("the names of two parts swapped", Found::Sums, |two| {
        two.edit(|it| {
            it["parts"][changed]["file"] = next.as_str().into();
            it["parts"][(changed + 1) % two.newer.parts.len()]["file"] = file.as_str().into();
        });
    })
    .await;
    two.finds("what two parts hold swapped", Found::Contents, |two| {
        two.edit(|it| {
            let next = (changed + 1) % two.newer.parts.len();
            let (one, other) = (it["parts"][changed]["content"].clone(), it["parts"][next]["content"].clone());
            it["parts"][changed]["content"] = other;
            it["parts"][next]["content"] = one;
        });
    })
    .await;
    if two.identities.is_some() {
        two.finds("it is said not to be encrypted", Found::Contents, |two| {
            two.edit(|it| it["encryption"] = Value::Null);
        })
        .await;
    }
}

async fn all_of_it(engine: EngineChoice, keys: Option<(Identities, Recipients)>) {
    let two = Two::new(engine, keys).await;
    for manifest in [&two.older, &two.newer] {
        for level in [Level::Sums, Level::Contents] {
            assert_eq!(two.problems(manifest, &level).await, Vec::<String>::new());
        }
    }
    edited_manifests(&two).await;
    parts_in_wrong_places(&two).await;
    assert_eq!(two.problems(&two.newer, &Level::Contents).await, Vec::<String>::new(), "everything was undone");
}

#[tokio::test]
async fn by_one_pg_dump() {
    all_of_it(EngineChoice::Single, None).await;
}

#[tokio::test]
async fn by_one_pg_dump_and_encrypted() {
    all_of_it(EngineChoice::Single, Some(key())).await;
}

#[tokio::test]
async fn by_several_connections() {
    all_of_it(EngineChoice::Parallel, None).await;
}

#[tokio::test]
async fn by_several_connections_and_encrypted() {
    all_of_it(EngineChoice::Parallel, Some(key())).await;
}
