//! A part on its way out of the store: downloaded, decrypted and decompressed at the same time.

use std::io::{self, Read};

use bytes::{Buf, Bytes};
use palisade_archive::ArchiveError;
use palisade_store::{Key, Store, StoreError};
use tokio::sync::mpsc;

use crate::keys::Identities;
use crate::manifest::{Manifest, Part};
use crate::seal::{Sealed, unseal};

/// Pieces that wait for whoever is behind.
const WAITING: usize = 8;

/// Why a part could not be read.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The store did not give it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It is encrypted for others.
    #[error("none of the identities decrypts it")]
    WrongKey,
    /// It is encrypted, and nobody said with what to decrypt it.
    #[error("it is encrypted, and there is no identity to decrypt it with")]
    NoKey,
    /// It cannot be decrypted or decompressed.
    #[error("{file} cannot be decrypted or decompressed: {reason}")]
    Damaged {
        /// Which part.
        file: String,
        /// Why.
        reason: String,
    },
    /// What came out is no archive.
    #[error("{file} is damaged: {source}")]
    Archive {
        /// Which part.
        file: String,
        /// Why.
        source: ArchiveError,
    },
    /// It is not what was written.
    #[error("{file} was changed after it was written: its {what} is {found}, the manifest says {expected}")]
    Changed {
        /// Which part.
        file: String,
        /// Size or hash.
        what: &'static str,
        /// What it is.
        found: String,
        /// What it should be.
        expected: String,
    },
    /// Whoever wanted it gave up.
    #[error("reading {file} was given up")]
    GivenUp {
        /// Which part.
        file: String,
    },
}

impl FetchError {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Store(error) => error.help(),
            Self::WrongKey | Self::NoKey => {
                "name the identity that fits one of the recipients of the manifest: `[backup] identity`".to_owned()
            }
            Self::Damaged { .. } | Self::Archive { .. } | Self::Changed { .. } => {
                "this backup cannot be trusted: take another one, and look what has touched the store".to_owned()
            }
            Self::GivenUp { .. } => "try again".to_owned(),
        }
    }

    /// Whether the backup is not what its manifest says, in contrast to that it could not be read now.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Damaged { .. }
            | Self::Archive { .. }
            | Self::Changed { .. }
            | Self::Store(StoreError::NotFound { .. }) => true,
            Self::Store(_) | Self::WrongKey | Self::NoKey | Self::GivenUp { .. } => false,
        }
    }
}

/// What goes wrong inside, before it is said which part it is about.
enum Trouble {
    Io(io::Error),
    Decrypt(age::DecryptError),
    Archive(ArchiveError),
    GivenUp,
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<age::DecryptError> for Trouble {
    fn from(error: age::DecryptError) -> Self {
        Self::Decrypt(error)
    }
}

/// What is done with what comes out of a part.
pub(crate) trait Take: Send + 'static {
    /// Takes the next piece; `Ok(false)` gives up.
    fn take(&mut self, bytes: &[u8]) -> Result<bool, ArchiveError>;
}

impl Take for crate::ship::Look {
    fn take(&mut self, bytes: &[u8]) -> Result<bool, ArchiveError> {
        self.at(bytes).map(|()| true)
    }
}

/// Compares the size and hash of a part with the manifest, without opening it. `tell` hears of bytes.
pub(crate) async fn check(
    store: &Store,
    manifest: &Manifest,
    part: &Part,
    mut tell: impl FnMut(u64),
) -> Result<(), FetchError> {
    let mut reader = store.read(&Key::new(manifest.name.key(&part.file))?).await?;
    let (mut hash, mut bytes) = (blake3::Hasher::new(), 0);
    while let Some(piece) = reader.next().await? {
        hash.update(&piece);
        bytes += piece.len() as u64;
        tell(piece.len() as u64);
    }
    compare(part, "size", &bytes.to_string(), &part.bytes.to_string())?;
    compare(part, "hash", hash.finalize().to_hex().as_str(), &part.blake3)
}

/// Opens a part, hands what is in it to `take`, and compares everything with the manifest. `tell` hears of bytes of the store.
pub(crate) async fn open<T: Take>(
    store: &Store,
    manifest: &Manifest,
    part: &Part,
    identities: Option<&Identities>,
    mut take: T,
    mut tell: impl FnMut(u64),
) -> Result<T, FetchError> {
    let identities = match (&manifest.encryption, identities) {
        (None, _) => None,
        (Some(_), None) => return Err(FetchError::NoKey),
        (Some(encryption), Some(identities)) if identities.fit(&encryption.recipients) => Some(identities.clone()),
        (Some(_), Some(_)) => return Err(FetchError::WrongKey),
    };
    let mut reader = store.read(&Key::new(manifest.name.key(&part.file))?).await?;
    let (pieces, source) = mpsc::channel::<io::Result<Bytes>>(WAITING);
    let opening = tokio::task::spawn_blocking(move || {
        let source = Pieces { source, current: Bytes::new() };
        let sealed = unseal::<Trouble>(source, identities.as_ref(), |bytes| {
            take.take(bytes).map_err(Trouble::Archive)?.then_some(()).ok_or(Trouble::GivenUp)
        })?;
        Ok::<_, Trouble>((sealed, take))
    });
    let mut failed = None;
    loop {
        match reader.next().await {
            Ok(Some(piece)) => {
                tell(piece.len() as u64);
                if pieces.send(Ok(piece)).await.is_err() {
                    break;
                }
            }
            Ok(None) => break,
            Err(error) => {
                // The end of what came is not the end of the part.
                let _ = pieces.send(Err(io::ErrorKind::UnexpectedEof.into())).await;
                failed = Some(error);
                break;
            }
        }
    }
    drop(pieces);
    let file = || part.file.clone();
    let opened = opening.await.unwrap_or_else(|error| Err(Trouble::Io(io::Error::other(error))));
    if let Some(error) = failed {
        return Err(error.into());
    }
    let (sealed, take) = opened.map_err(|trouble| match trouble {
        Trouble::Io(error) => FetchError::Damaged { file: file(), reason: error.to_string() },
        Trouble::Decrypt(error) => FetchError::Damaged { file: file(), reason: error.to_string() },
        Trouble::Archive(source) => FetchError::Archive { file: file(), source },
        Trouble::GivenUp => FetchError::GivenUp { file: file() },
    })?;
    same(part, &sealed)?;
    Ok(take)
}

fn same(part: &Part, sealed: &Sealed) -> Result<(), FetchError> {
    compare(part, "size", &sealed.bytes.to_string(), &part.bytes.to_string())?;
    compare(part, "hash", &sealed.blake3, &part.blake3)?;
    compare(part, "size before compression", &sealed.plain_bytes.to_string(), &part.plain_bytes.to_string())?;
    compare(part, "hash before compression", &sealed.plain_blake3, &part.plain_blake3)
}

fn compare(part: &Part, what: &'static str, found: &str, expected: &str) -> Result<(), FetchError> {
    if found == expected {
        return Ok(());
    }
    Err(FetchError::Changed { file: part.file.clone(), what, found: found.to_owned(), expected: expected.to_owned() })
}

/// Bytes from a channel, for a thread that waits for them.
struct Pieces {
    source: mpsc::Receiver<io::Result<Bytes>>,
    current: Bytes,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.source.blocking_recv() {
                Some(piece) => self.current = piece?,
                None => return Ok(0),
            }
        }
        let length = buffer.len().min(self.current.len());
        self.current.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}
