//! The memory of parts that are collected and sent, used again and again: what is given back to the allocator in such sizes is not
//! given back to the system, so that twice as much would be held as is used.

use std::mem::take;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

/// Buffers of one size. As many are held as were in use at the same time.
#[derive(Debug)]
pub(super) struct Buffers {
    capacity: usize,
    spare: Mutex<Vec<Vec<u8>>>,
}

/// A buffer that goes back when nobody needs it any more.
#[derive(Debug)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    home: Arc<Buffers>,
}

impl Buffers {
    pub(super) fn new(capacity: usize) -> Arc<Self> {
        Arc::new(Self { capacity, spare: Mutex::default() })
    }

    /// An empty one. Memory that was never written to costs nothing, so that small objects need not be treated differently.
    pub(super) fn take(self: &Arc<Self>) -> Buffer {
        let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let bytes = spare.unwrap_or_else(|| Vec::with_capacity(self.capacity));
        Buffer { bytes, home: Arc::clone(self) }
    }
}

impl Buffer {
    /// Takes as much as there is room for, and returns the rest.
    pub(super) fn fill(&mut self, mut bytes: Bytes) -> Bytes {
        let room = self.home.capacity - self.bytes.len();
        // Copied: a piece may be a small part of something large, which would stay in memory as a whole.
        self.bytes.extend_from_slice(&bytes.split_to(room.min(bytes.len())));
        bytes
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes.len() == self.home.capacity
    }

    /// What is in it; the memory goes back with the last copy.
    pub(super) fn freeze(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut bytes = take(&mut self.bytes);
        bytes.clear();
        self.home.spare.lock().unwrap_or_else(PoisonError::into_inner).push(bytes);
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::Buffers;

    #[test]
    fn memory_is_used_again_once_nobody_reads_it() {
        let buffers = Buffers::new(4);
        let mut first = buffers.take();
        let rest = first.fill(Bytes::from_static(b"abcdef"));
        assert!(first.is_full() && rest == "ef");
        let memory = first.as_ref().as_ptr();
        let (sent, again) = (first.freeze(), buffers.take());
        assert_ne!(again.as_ref().as_ptr(), memory);
        let copy = sent.slice(1..);
        drop(sent);
        assert_eq!(copy, "bcd");
        drop(copy);
        let next = buffers.take();
        assert_eq!((next.as_ref().as_ptr(), next.as_ref().len()), (memory, 0));
    }
}
