//! Whose upload made an object.

use object_store::{Attribute, AttributeValue, Attributes, GetOptions, ObjectStore as _};

use crate::s3::Bucket;
use crate::s3::failure::is_not_found;
use crate::{Key, StoreError};

const NAME: &str = "palisade-upload";

/// Stands in the metadata of an object, and is another one for each upload.
#[derive(Debug, Clone)]
pub(super) struct Mark(String);

/// Whose an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// This upload made it, and it has this size.
    Us { bytes: u64 },
    /// Another one made it.
    Another,
    /// There is none.
    Nobody,
}

impl Mark {
    pub(super) fn new() -> Self {
        Self(format!("{:032x}", rand::random::<u128>()))
    }

    pub(super) fn attributes(&self) -> Attributes {
        Attributes::from_iter([(Attribute::Metadata(NAME.into()), AttributeValue::from(self.0.clone()))])
    }
}

impl Bucket {
    pub(super) async fn owner(&self, key: &Key, mark: &Mark) -> Result<Owner, StoreError> {
        let options = GetOptions { head: true, ..GetOptions::default() };
        match self.inner.calls.get_opts(&self.path(key), options).await {
            Ok(found) => {
                let is_ours = found.attributes.get(&Attribute::Metadata(NAME.into())).is_some_and(|it| **it == mark.0);
                Ok(if is_ours { Owner::Us { bytes: found.meta.size } } else { Owner::Another })
            }
            Err(error) if is_not_found(&error) => Ok(Owner::Nobody),
            Err(error) => Err(self.failed("reading", key, &error)),
        }
    }
}
