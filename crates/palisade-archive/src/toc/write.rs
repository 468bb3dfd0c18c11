//! Writing head and table of contents.

use xxhash_rust::xxh3::xxh3_128;

use super::parts::{CUSTOM, MAGIC, NO_DATA, NOT_SET, SET, WITHOUT_OIDS};
use super::{Created, DataPosition, Entry, Section, Toc};
use crate::number::{INT_SIZE, OFFSET_SIZE, encode};

impl Toc {
    /// The bytes of head and table of contents, with which an archive begins.
    ///
    /// If nothing was changed, they are those that were read. Otherwise no entry says any longer where its data lie, as in
    /// an archive that `pg_dump` wrote into a pipe, and `pg_restore` looks for them: so this fits in front of the data
    /// blocks as they were, whatever its length.
    ///
    /// Dependencies on entries that are gone stay: `pg_restore` passes over them, also with `--jobs`, as it has to with
    /// those of `pg_dump --section=data`, whose tables are not in the archive.
    pub fn write(&self) -> Vec<u8> {
        let bytes = self.write_with(|position| position);
        let is_unchanged = self.read_from == Some(xxh3_128(&bytes));
        let says_places = self.entries.iter().any(|it| matches!(it.data, DataPosition::Set(_)));
        if is_unchanged || !says_places { bytes } else { self.write_with(DataPosition::forgotten) }
    }

    fn write_with(&self, position: impl Fn(DataPosition) -> DataPosition) -> Vec<u8> {
        let Self { version, created, dbname, remote_version, dump_version, entries, read_from: _ } = self;
        let mut out = MAGIC.to_vec();
        out.extend([version.major, version.minor, version.revision, INT_SIZE, OFFSET_SIZE, CUSTOM]);
        // Not compressed.
        if version.names_compression() {
            out.push(0);
        } else {
            int(0, &mut out);
        }
        let Created { second, minute, hour, day, month, year, is_dst } = created;
        for value in [second, minute, hour, day, month, year, is_dst] {
            int(*value, &mut out);
        }
        for name in [dbname, remote_version, dump_version] {
            text(name.as_deref(), &mut out);
        }
        length(entries.len(), &mut out);
        for entry in entries {
            write_entry(entry, version.has_relation_kinds(), position(entry.data), &mut out);
        }
        out
    }
}

fn write_entry(entry: &Entry, has_relation_kind: bool, position: DataPosition, out: &mut Vec<u8>) {
    let Entry {
        dump_id,
        had_data,
        table_oid,
        oid,
        tag,
        desc,
        section,
        definition,
        drop_statement,
        copy_statement,
        namespace,
        tablespace,
        table_am,
        relation_kind,
        owner,
        dependencies,
        data: _,
    } = entry;
    int(*dump_id, out);
    int(i32::from(*had_data), out);
    for value in [Some(table_oid), Some(oid), tag.as_ref(), Some(desc)] {
        text(value.map(String::as_str), out);
    }
    let section = match section {
        Section::None => 1,
        Section::PreData => 2,
        Section::Data => 3,
        Section::PostData => 4,
    };
    int(section, out);
    for value in [definition, drop_statement, copy_statement, namespace, tablespace, table_am] {
        text(value.as_deref(), out);
    }
    if has_relation_kind {
        int(*relation_kind, out);
    }
    text(owner.as_deref(), out);
    text(Some(WITHOUT_OIDS), out);
    for dependency in dependencies {
        text(Some(dependency), out);
    }
    text(None, out);
    let (state, offset) = match position {
        DataPosition::NotSet => (NOT_SET, 0),
        DataPosition::Set(offset) => (SET, offset),
        DataPosition::NoData => (NO_DATA, 0),
    };
    out.push(state);
    out.extend(offset.to_le_bytes());
}

fn int(value: i32, out: &mut Vec<u8>) {
    out.extend(encode(value));
}

fn text(text: Option<&str>, out: &mut Vec<u8>) {
    match text {
        None => int(-1, out),
        Some(text) => {
            length(text.len(), out);
            out.extend(text.as_bytes());
        }
    }
}

/// Nothing of Postgres is longer than 1 GiB, so that all lengths can be written.
fn length(length: usize, out: &mut Vec<u8>) {
    int(i32::try_from(length).unwrap_or(i32::MAX), out);
}

#[cfg(test)]
mod tests {
    use super::{Created, DataPosition, Entry, Section, Toc};
    use crate::toc::{ArchiveVersion, TocReader};
    use proptest::collection::vec;
    use proptest::option::of;
    use proptest::prelude::{any, prop_oneof, proptest};
    use proptest::strategy::{Just, Strategy};

    /// Nothing, something empty, and anything.
    fn text() -> impl Strategy<Value = Option<String>> {
        of(prop_oneof![Just(String::new()), any::<String>()])
    }

    fn entry() -> impl Strategy<Value = Entry> {
        let section =
            prop_oneof![Just(Section::None), Just(Section::PreData), Just(Section::Data), Just(Section::PostData)];
        let data = prop_oneof![
            Just(DataPosition::NotSet),
            any::<u64>().prop_map(DataPosition::Set),
            Just(DataPosition::NoData)
        ];
        let names = [text(), text(), text(), text(), text(), text(), text(), text()];
        let rest = (1..=i32::MAX, any::<bool>(), any::<i32>(), section, data, vec(any::<String>(), 0..4));
        (rest, names, any::<[String; 3]>()).prop_map(|(rest, names, [table_oid, oid, desc])| {
            let (dump_id, had_data, relation_kind, section, data, dependencies) = rest;
            let [tag, definition, drop_statement, copy_statement, namespace, tablespace, table_am, owner] = names;
            Entry {
                dump_id,
                had_data,
                table_oid,
                oid,
                tag,
                desc,
                section,
                definition,
                drop_statement,
                copy_statement,
                namespace,
                tablespace,
                table_am,
                relation_kind,
                owner,
                dependencies,
                data,
            }
        })
    }

    fn toc() -> impl Strategy<Value = Toc> {
        let created = any::<[i32; 7]>().prop_map(|[second, minute, hour, day, month, year, is_dst]| Created {
            second,
            minute,
            hour,
            day,
            month,
            year,
            is_dst,
        });
        (14..=16_u8, any::<u8>(), created, [text(), text(), text()], vec(entry(), 0..6)).prop_map(
            |(minor, revision, created, [dbname, remote_version, dump_version], mut entries)| {
                if minor < 16 {
                    for entry in &mut entries {
                        entry.relation_kind = 0;
                    }
                }
                let version = ArchiveVersion { major: 1, minor, revision };
                Toc { version, created, dbname, remote_version, dump_version, entries, read_from: None }
            },
        )
    }

    fn read(bytes: &[u8], size: usize) -> Toc {
        let mut reader = TocReader::new();
        let mut found = None;
        for mut piece in bytes.chunks(size) {
            assert!(found.is_none(), "more was written than is read");
            found = reader.read(&mut piece).unwrap();
            assert!(piece.is_empty());
        }
        found.unwrap()
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(toc in toc(), size in 1..200_usize) {
            let bytes = toc.write_with(|it| it);
            let mut found = read(&bytes, size);
            assert_eq!(found.write(), bytes);
            found.read_from = None;
            assert_eq!(found, toc);
            // As something else, it knows no positions.
            found.forget_positions();
            assert_eq!(toc.write(), found.write());
        }
    }
}
