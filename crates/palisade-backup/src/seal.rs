//! What happens to bytes on their way into the store and back: hashed, compressed, encrypted, hashed.
//!
//! `age -d | zstd -d` undoes it with nothing of ours.

use std::io::{self, Read, Write};

use age::stream::StreamWriter;
use bytes::Bytes;

use crate::keys::{Identities, Recipients};

/// What is handed on at once.
const PIECE: usize = 256 << 10;
/// Room of a piece: what comes last may be a whole buffer of zstd, or a chunk of age with what authenticates it, and is not to make the
/// buffer grow.
const ROOM: usize = PIECE + (128 << 10);

/// How parts are sealed.
#[derive(Debug, Clone)]
pub(crate) struct Sealing {
    /// Level of zstd.
    pub(crate) level: i32,
    /// Nobody: not encrypted.
    pub(crate) recipients: Recipients,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sealed {
    pub(crate) plain_bytes: u64,
    pub(crate) plain_blake3: String,
    pub(crate) bytes: u64,
    pub(crate) blake3: String,
}

impl Sealing {
    /// What the names of sealed files end in.
    pub(crate) fn suffix(&self) -> &'static str {
        if self.recipients.is_empty() { ".zst" } else { ".zst.age" }
    }

    /// Begins to seal. `hand_on` gets what goes to the store, a quarter of a megabyte at a time.
    pub(crate) fn begin<F: FnMut(Bytes) -> io::Result<()>>(&self, hand_on: F) -> io::Result<Sealer<F>> {
        let outlet = Outlet { buffer: Vec::with_capacity(ROOM), hash: blake3::Hasher::new(), bytes: 0, hand_on };
        let locked = if self.recipients.is_empty() {
            Locked::Open(outlet)
        } else {
            let encryptor = age::Encryptor::with_recipients(self.recipients.iter()).map_err(io::Error::other)?;
            Locked::Encrypted(encryptor.wrap_output(outlet)?)
        };
        let mut compressor = zstd::Encoder::new(locked, self.level)?;
        // What is encrypted is authenticated.
        compressor.include_checksum(self.recipients.is_empty())?;
        Ok(Sealer { compressor, hash: blake3::Hasher::new(), bytes: 0 })
    }
}

/// Seals what is written to it.
pub(crate) struct Sealer<F: FnMut(Bytes) -> io::Result<()>> {
    compressor: zstd::Encoder<'static, Locked<F>>,
    hash: blake3::Hasher,
    bytes: u64,
}

impl<F: FnMut(Bytes) -> io::Result<()>> Sealer<F> {
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        self.compressor.write_all(bytes)
    }

    /// Writes what is left, and says what it all was.
    pub(crate) fn finish(self) -> io::Result<Sealed> {
        let mut outlet = match self.compressor.finish()? {
            Locked::Open(outlet) => outlet,
            Locked::Encrypted(writer) => writer.finish()?,
        };
        outlet.hand_on()?;
        Ok(Sealed {
            plain_bytes: self.bytes,
            plain_blake3: self.hash.finalize().to_hex().to_string(),
            bytes: outlet.bytes,
            blake3: outlet.hash.finalize().to_hex().to_string(),
        })
    }
}

enum Locked<F: FnMut(Bytes) -> io::Result<()>> {
    Open(Outlet<F>),
    Encrypted(StreamWriter<Outlet<F>>),
}

impl<F: FnMut(Bytes) -> io::Result<()>> Write for Locked<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Open(it) => it.write(bytes),
            Self::Encrypted(it) => it.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Outlet<F: FnMut(Bytes) -> io::Result<()>> {
    buffer: Vec<u8>,
    hash: blake3::Hasher,
    bytes: u64,
    hand_on: F,
}

impl<F: FnMut(Bytes) -> io::Result<()>> Outlet<F> {
    fn hand_on(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let full = std::mem::replace(&mut self.buffer, Vec::with_capacity(ROOM));
        (self.hand_on)(full.into())
    }
}

impl<F: FnMut(Bytes) -> io::Result<()>> Write for Outlet<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= PIECE {
            self.hand_on()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Undoes [`Sealing`] on what `source` gives, hands what comes out to `look`, and says what it all was.
pub(crate) fn unseal<E: From<io::Error> + From<age::DecryptError>>(
    source: impl Read,
    identities: Option<&Identities>,
    mut look: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<Sealed, E> {
    let mut counted = Counted { source, hash: blake3::Hasher::new(), bytes: 0 };
    let (mut hash, mut plain_bytes) = (blake3::Hasher::new(), 0);
    let mut on = |bytes: &[u8]| {
        hash.update(bytes);
        plain_bytes += bytes.len() as u64;
        look(bytes)
    };
    match identities {
        Some(identities) => {
            let reader = age::Decryptor::new(&mut counted)?.decrypt(identities.iter())?;
            decompress(reader, &mut on)?;
        }
        None => decompress(&mut counted, &mut on)?,
    }
    // What stands behind the end would be in no hash.
    io::copy(&mut counted, &mut io::sink())?;
    Ok(Sealed {
        plain_bytes,
        plain_blake3: hash.finalize().to_hex().to_string(),
        bytes: counted.bytes,
        blake3: counted.hash.finalize().to_hex().to_string(),
    })
}

fn decompress<E: From<io::Error>>(source: impl Read, on: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
    let mut decoder = zstd::Decoder::new(source)?;
    let mut buffer = vec![0; PIECE];
    loop {
        match decoder.read(&mut buffer)? {
            0 => return Ok(()),
            length => on(&buffer[..length])?,
        }
    }
}

struct Counted<R> {
    source: R,
    hash: blake3::Hasher,
    bytes: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.source.read(buffer)?;
        self.hash.update(&buffer[..length]);
        self.bytes += length as u64;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::{Sealed, Sealing, unseal};
    use crate::keys::{Identities, Recipients};
    use std::io;

    #[derive(Debug)]
    struct Failed;

    impl From<io::Error> for Failed {
        fn from(_: io::Error) -> Self {
            Self
        }
    }

    impl From<age::DecryptError> for Failed {
        fn from(_: age::DecryptError) -> Self {
            Self
        }
    }

    fn sealed(sealing: &Sealing, plain: &[u8]) -> (Vec<u8>, Sealed) {
        let mut stored = Vec::new();
        let mut sealer = sealing
            .begin(|it| {
                stored.extend_from_slice(&it);
                Ok(())
            })
            .unwrap();
        for piece in plain.chunks(70_001) {
            sealer.write(piece).unwrap();
        }
        let sealed = sealer.finish().unwrap();
        (stored, sealed)
    }

    fn opened(stored: &[u8], identities: Option<&Identities>) -> Result<(Vec<u8>, Sealed), Failed> {
        let mut plain = Vec::new();
        let sealed = unseal::<Failed>(stored, identities, |it| {
            plain.extend_from_slice(it);
            Ok(())
        })?;
        Ok((plain, sealed))
    }

    #[test]
    fn what_is_sealed_is_unsealed() {
        let identity = age::x25519::Identity::generate();
        let identities = Identities::new(&identity.to_string()).unwrap();
        let recipients = Recipients::new([identity.to_public().to_string().as_str()]).unwrap();
        let plain: Vec<u8> = (0..3_000_000_u32).map(|it| (it / 7 % 251) as u8).collect();
        for length in [0, 1, plain.len()] {
            let plain = &plain[..length];
            let open = Sealing { level: 1, recipients: Recipients::default() };
            let (stored, sealed_as) = sealed(&open, plain);
            assert_eq!(opened(&stored, None).unwrap(), (plain.to_vec(), sealed_as.clone()));
            assert_eq!(sealed_as.bytes, stored.len() as u64);
            assert_eq!(sealed_as.blake3, blake3::hash(&stored).to_hex().as_str());

            let locked = Sealing { level: 1, recipients: recipients.clone() };
            let (stored, sealed_as) = sealed(&locked, plain);
            assert_eq!(opened(&stored, Some(&identities)).unwrap(), (plain.to_vec(), sealed_as));
            let other = Identities::new(&age::x25519::Identity::generate().to_string()).unwrap();
            assert!(opened(&stored, Some(&other)).is_err() && opened(&stored, None).is_err());
        }
    }

    #[test]
    fn what_was_cut_or_changed_is_an_error_or_another_hash() {
        let plain: Vec<u8> = (0..300_000_u32).map(|it| (it.wrapping_mul(it) % 249) as u8).collect();
        let identity = age::x25519::Identity::generate();
        let identities = Identities::new(&identity.to_string()).unwrap();
        let recipients = Recipients::new([identity.to_public().to_string().as_str()]).unwrap();
        for (recipients, identities) in [(Recipients::default(), None), (recipients, Some(&identities))] {
            let (stored, sealed_as) = sealed(&Sealing { level: 1, recipients }, &plain);
            let same = |it: &[u8]| opened(it, identities).is_ok_and(|it| it.1 == sealed_as);
            for cut in (0..stored.len()).step_by(997) {
                assert!(!same(&stored[..cut]), "{cut}");
                let mut changed = stored.clone();
                changed[cut] ^= 0x10;
                assert!(!same(&changed), "{cut}");
            }
            let mut longer = stored.clone();
            longer.push(0);
            assert!(!same(&longer));
        }
    }
}
