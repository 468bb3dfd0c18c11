//! The tables of contents of a backup, read without what stands behind them.

use std::sync::{Arc, Mutex, PoisonError};

use palisade_archive::{ArchiveError, Event, Reader, Toc};

use super::RestoreOptions;
use crate::fetch::{self, FetchError, Take};
use crate::manifest::{Content, Part};

/// Reads the beginning of each archive. No more of a part is fetched than that; so no hash is compared.
pub(super) async fn contents(options: &RestoreOptions) -> Result<Vec<Toc>, FetchError> {
    let is_archive = |it: &&Part| match it.content {
        Content::Everything | Content::PreData | Content::LargeObjects | Content::PostData => true,
        Content::Rows { .. } | Content::Roles => false,
    };
    let mut contents = Vec::new();
    for part in options.manifest.parts.iter().filter(is_archive) {
        contents.push(head(options, part).await?);
    }
    Ok(contents)
}

pub(super) async fn head(options: &RestoreOptions, part: &Part) -> Result<Toc, FetchError> {
    let found = Arc::new(Mutex::new(None));
    let head = Head { reader: Reader::new(), found: Arc::clone(&found) };
    let opened = fetch::open(&options.store, &options.manifest, part, options.identities.as_ref(), head, |_| ()).await;
    let toc = found.lock().unwrap_or_else(PoisonError::into_inner).take();
    match (toc, opened) {
        (Some(toc), Ok(_) | Err(FetchError::GivenUp { .. })) => Ok(toc),
        (_, Err(error)) => Err(error),
        (None, Ok(head)) => {
            let cut = head.reader.finish().err();
            let source = cut.unwrap_or(ArchiveError::Foreign);
            Err(FetchError::Archive { file: part.file.clone(), source })
        }
    }
}

/// Gives up as soon as it has what it wants.
struct Head {
    reader: Reader,
    found: Arc<Mutex<Option<Toc>>>,
}

impl Take for Head {
    fn take(&mut self, bytes: &[u8]) -> Result<bool, ArchiveError> {
        let mut input = bytes;
        let Some(Event::Toc(toc)) = self.reader.next(&mut input)? else { return Ok(true) };
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = Some(*toc);
        Ok(false)
    }
}
