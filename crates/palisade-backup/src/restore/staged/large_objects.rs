//! Large objects of a backup that has a part for them.

use palisade_archive::Toc;
use palisade_embedded::Installation;

use crate::manifest::Content;
use crate::restore::outlet::{EditContents, Mode, Outlet};
use crate::restore::run::pipe;
use crate::restore::{RestoreOptions, Selection, feed};
use crate::restore_error::RestoreError;
use crate::said::Said;

pub(super) async fn load(
    options: &RestoreOptions,
    installation: &Installation,
    contents: Option<Toc>,
    mut tell: impl FnMut(u64) + Send,
) -> Result<Option<Said>, RestoreError> {
    let Some(contents) = contents else { return Ok(None) };
    let part = feed::part(options, &Content::LargeObjects)?;
    let feeding = async |sink| {
        let mut outlet = Outlet::new(sink, edit(contents));
        outlet.begin(Mode::Archive);
        let mut outlet = feed::open(options, part, outlet, &mut tell).await?;
        feed::ended(&mut outlet, part)?;
        if outlet.release().await { Ok(()) } else { Err(feed::given_up(&part.file)) }
    };
    Ok(Some(pipe(options, installation, feeding).await?))
}

/// Another table of contents instead of the one that comes.
pub(super) fn edit(contents: Toc) -> EditContents {
    Box::new(move |toc| {
        *toc = contents.clone();
        feed::wanted(toc, &Selection::default())
    })
}
