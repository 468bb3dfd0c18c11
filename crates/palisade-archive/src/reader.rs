//! Reading an archive while it arrives.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::ArchiveError;
use crate::event::{DATA, Event, LARGE_OBJECTS};
use crate::number::{INT, decode};
use crate::toc::{Entry, Toc, TocReader};

/// How many of the entries whose data are missing an error names.
const NAMED: usize = 5;

/// Reads an archive that is fed in pieces of any size.
#[derive(Debug)]
pub struct Reader {
    state: State,
    /// Where we are in the archive.
    at: u64,
    /// The first bytes of a number, or of the beginning of a block, whose others are in the next piece.
    carried: Carried,
    /// The entries whose data have not begun.
    awaited: BTreeMap<i32, Awaited>,
    failed: Option<ArchiveError>,
}

#[derive(Debug)]
enum State {
    Toc(Box<TocReader>),
    /// Between two blocks: the archive may end here.
    Between,
    /// Before the length of the next chunk of data.
    Data,
    DataChunk {
        left: u32,
    },
    /// Before the OID of the next large object.
    LargeObjects,
    /// Before the length of the next chunk of a large object.
    LargeObject,
    LargeObjectChunk {
        left: u32,
    },
}

/// What is known of data that have not begun.
#[derive(Debug)]
struct Awaited {
    is_large_objects: bool,
    name: String,
}

/// A block begins with its kind and the number of its entry.
const BLOCK: usize = 1 + INT;

#[derive(Debug, Default)]
struct Carried {
    bytes: [u8; BLOCK],
    length: usize,
}

impl Default for Reader {
    fn default() -> Self {
        Self::new()
    }
}

impl Reader {
    /// A reader before the first byte.
    pub fn new() -> Self {
        let state = State::Toc(Box::new(TocReader::new()));
        Self { state, at: 0, carried: Carried::default(), awaited: BTreeMap::new(), failed: None }
    }

    /// Takes the next event off the front of `input`. `None` if `input` is used up, and the next piece is wanted.
    ///
    /// Data are not copied: they are slices of `input`. No memory is taken for what an archive claims to hold, only for
    /// what has arrived of its table of contents.
    ///
    /// # Errors
    ///
    /// [`ArchiveError`] as soon as no archive can begin like this; the same one again if asked again.
    pub fn next<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<Event<'a>>, ArchiveError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let event = self.advance(input);
        if let Err(error) = &event {
            self.failed = Some(error.clone());
        }
        event
    }

    /// How many bytes of the archive have been read.
    pub fn position(&self) -> u64 {
        match &self.state {
            State::Toc(toc) => toc.position(),
            _ => self.at + self.carried.length as u64,
        }
    }

    /// To be called where the input ends: archives have no end mark, so one that was cut between two tables looks like
    /// a whole one.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::Cut`] within something, [`ArchiveError::Missing`] if not all data of the table of contents came,
    /// and the error of [`Self::next`] if there was one.
    pub fn finish(self) -> Result<(), ArchiveError> {
        let at = self.position();
        if let Some(error) = self.failed {
            return Err(error);
        }
        let within = match self.state {
            State::Toc(toc) => return Err(toc.cut()),
            State::Between if self.carried.length == 0 => {
                let names: Vec<String> = self.awaited.values().take(NAMED).map(|it| format!("`{}`", it.name)).collect();
                let count = self.awaited.len();
                return if count == 0 { Ok(()) } else { Err(ArchiveError::Missing { at, count, names }) };
            }
            State::Between => "the beginning of data",
            State::Data | State::DataChunk { .. } => "data",
            State::LargeObjects | State::LargeObject | State::LargeObjectChunk { .. } => "large objects",
        };
        Err(ArchiveError::Cut { at, within })
    }

    fn advance<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<Event<'a>>, ArchiveError> {
        loop {
            let (state, event) = match &mut self.state {
                State::Toc(reader) => {
                    let Some(toc) = reader.read(input)? else { return Ok(None) };
                    self.at = reader.position();
                    self.awaited = awaited(&toc, self.at)?;
                    (State::Between, Some(Event::Toc(Box::new(toc))))
                }
                State::Between => {
                    let Some((at, [kind, number @ ..])) = self.take::<BLOCK>(input) else { return Ok(None) };
                    self.block(at, kind, number)?
                }
                State::Data => match self.length(input)? {
                    None => return Ok(None),
                    Some(0) => (State::Between, Some(Event::DataEnd)),
                    Some(left) => (State::DataChunk { left }, None),
                },
                State::LargeObjects => {
                    let Some((at, bytes)) = self.take(input) else { return Ok(None) };
                    // As a number, the OIDs of the upper half are negative.
                    let oid = decode(bytes).ok_or_else(|| unexpected(at, "the OID of a large object", &bytes))?;
                    match oid.cast_unsigned() {
                        0 => (State::Between, Some(Event::LargeObjectsEnd)),
                        oid => (State::LargeObject, Some(Event::LargeObjectBegin { oid })),
                    }
                }
                State::LargeObject => match self.length(input)? {
                    None => return Ok(None),
                    Some(0) => (State::LargeObjects, Some(Event::LargeObjectEnd)),
                    Some(left) => (State::LargeObjectChunk { left }, None),
                },
                State::DataChunk { left: 0 } => (State::Data, None),
                State::LargeObjectChunk { left: 0 } => (State::LargeObject, None),
                State::DataChunk { left } => {
                    let bytes = chunk(left, input);
                    self.at += bytes.len() as u64;
                    return Ok((!bytes.is_empty()).then_some(Event::Data(bytes)));
                }
                State::LargeObjectChunk { left } => {
                    let bytes = chunk(left, input);
                    self.at += bytes.len() as u64;
                    return Ok((!bytes.is_empty()).then_some(Event::LargeObjectData(bytes)));
                }
            };
            self.state = state;
            if event.is_some() {
                return Ok(event);
            }
        }
    }

    /// What begins with these bytes, which lie at `at`.
    fn block<'a>(&mut self, at: u64, kind: u8, number: [u8; INT]) -> Result<(State, Option<Event<'a>>), ArchiveError> {
        let is_large_objects = match kind {
            DATA => false,
            LARGE_OBJECTS => true,
            other => return Err(unexpected(at, "the beginning of data, 1 or 3", &[other])),
        };
        let at = at + 1;
        let entry = decode(number).and_then(|dump_id| Some((dump_id, self.awaited.remove(&dump_id)?)));
        match entry {
            Some((dump_id, it)) if it.is_large_objects == is_large_objects => Ok(if is_large_objects {
                (State::LargeObjects, Some(Event::LargeObjectsBegin { dump_id }))
            } else {
                (State::Data, Some(Event::DataBegin { dump_id }))
            }),
            _ => Err(unexpected(at, "the number of an entry that has such data, which have not come yet", &number)),
        }
    }

    /// The length of the next chunk, once it is there; 0 is the end of what consists of chunks.
    fn length(&mut self, input: &mut &[u8]) -> Result<Option<u32>, ArchiveError> {
        let Some((at, bytes)) = self.take(input) else { return Ok(None) };
        let length = decode(bytes).and_then(|it| u32::try_from(it).ok());
        length.map(Some).ok_or_else(|| unexpected(at, "the length of a chunk of data", &bytes))
    }

    /// The next `N` bytes and where they lie, once all are there.
    fn take<const N: usize>(&mut self, input: &mut &[u8]) -> Option<(u64, [u8; N])> {
        let Carried { bytes, length } = &mut self.carried;
        let at = self.at;
        // Mostly nothing is carried, and all is there.
        if let (0, Some((bytes, rest))) = (*length, input.split_first_chunk()) {
            *input = rest;
            self.at += N as u64;
            return Some((at, *bytes));
        }
        while *length < N {
            let (byte, rest) = input.split_first()?;
            *bytes.get_mut(*length)? = *byte;
            *length += 1;
            *input = rest;
        }
        *length = 0;
        self.at += N as u64;
        Some((at, *bytes.first_chunk()?))
    }
}

/// As much of a chunk as there is in `input`.
fn chunk<'a>(left: &mut u32, input: &mut &'a [u8]) -> &'a [u8] {
    let wanted = usize::try_from(*left).unwrap_or(usize::MAX);
    let (bytes, rest) = input.split_at(wanted.min(input.len()));
    // `bytes` is not longer than `left`.
    *left -= u32::try_from(bytes.len()).unwrap_or(*left);
    *input = rest;
    bytes
}

/// The entries of a table of contents that ends at `at` which have data.
fn awaited(toc: &Toc, at: u64) -> Result<BTreeMap<i32, Awaited>, ArchiveError> {
    let mut numbers = BTreeSet::new();
    if let Some(twice) = toc.entries.iter().find(|it| !numbers.insert(it.dump_id)) {
        let (expected, found) =
            ("a table of contents with another number for each entry before it", format!("{} twice", twice.dump_id));
        return Err(ArchiveError::Unexpected { at, expected, found });
    }
    let of = |it: &Entry| Awaited { is_large_objects: it.is_large_objects(), name: it.to_string() };
    Ok(toc.entries.iter().filter(|it| it.has_data()).map(|it| (it.dump_id, of(it))).collect())
}

fn unexpected(at: u64, expected: &'static str, found: &[u8]) -> ArchiveError {
    ArchiveError::Unexpected { at, expected, found: format!("{found:02x?}") }
}
