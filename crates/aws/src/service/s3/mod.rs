//! S3: the parts of a bucket, and those of an object. Each has Get, Put and mostly Delete calls of
//! its own, and a file (or a section of one) that holds its type and those calls.

pub(crate) mod access;
pub(crate) mod acl;
pub(crate) mod cors;
pub(crate) mod encryption;
pub(crate) mod endpoint;
pub(crate) mod lifecycle;
pub(crate) mod list;
pub(crate) mod logging;
pub(crate) mod notification;
pub(crate) mod object;
pub(crate) mod objects;
pub(crate) mod replication;
pub(crate) mod rules;
pub(crate) mod settings;
pub(crate) mod tags;
pub(crate) mod website;

use std::future::Future;

use crate::cloud::Cloud;
use crate::error::Absent;
use crate::kind::{Kind, Result, Update, Wanted};

/// A sub-resource of a bucket.
pub(crate) trait Part: Sized + Send + Sync {
    /// What a spec states to say that a bucket has none of it, if there is a way to say so.
    fn nothing() -> Option<Self> {
        None
    }

    /// What AWS reports; `None` when the bucket has none.
    fn get(cloud: &Cloud, bucket: &str) -> impl Future<Output = Result<Option<Self>>> + Send;

    /// Puts this in the place of whatever the bucket has; [`Part::nothing`] removes it.
    fn put(&self, cloud: &Cloud, bucket: &str) -> impl Future<Output = Result<()>> + Send;
}

/// What S3 answers of a bucket that is not there, whatever part of it is asked for.
pub(crate) const NO_BUCKET: &str = "NoSuchBucket";

/// Lets it be an answer that a bucket has no part of some sort. That there is no bucket
/// remains an error: it is by this that a read learns of it.
pub(crate) trait Unset<T> {
    /// `Ok(None)` where the bucket is there and the part is not.
    fn unset(self) -> Result<Option<T>>;
}

impl<T> Unset<T> for Result<T> {
    fn unset(self) -> Result<Option<T>> {
        match self {
            Err(error) if error.code == NO_BUCKET => Err(error),
            answer => answer.absent(),
        }
    }
}

/// The part that `field` picks, asked for only where it is managed.
pub(crate) async fn read_part<K: Kind, P: Part>(
    cloud: &Cloud,
    wanted: &Wanted<K>,
    field: impl Fn(&K) -> &Option<P>,
) -> Result<Option<P>> {
    if !wanted.manages(field) {
        return Ok(None);
    }
    Ok(or_nothing(wanted, P::get(cloud, wanted.id.as_str()).await?))
}

/// Where a spec may have said that there is no such part, its absence is reported in the
/// same words.
pub(crate) fn or_nothing<K: Kind, P: Part>(wanted: &Wanted<K>, part: Option<P>) -> Option<P> {
    part.or_else(|| wanted.applied.as_ref().and_then(|_| P::nothing()))
}

/// Puts the part where the update says that it differs.
pub(crate) async fn update_part<K: Kind, P: Part>(
    cloud: &Cloud,
    update: &Update<K>,
    field: &str,
    part: Option<&P>,
) -> Result<()> {
    match part {
        Some(part) if update.has(field) => part.put(cloud, update.id.as_str()).await,
        _ => Ok(()),
    }
}

/// `on` for configurations that are there unless a spec says otherwise.
pub(crate) fn on() -> bool {
    true
}
