//! S3: the parts of a bucket. Each has Get, Put and mostly Delete calls of its own,
//! and a file (or a section of one) that holds its type and those calls.

pub(crate) mod access;
pub(crate) mod acl;
pub(crate) mod cors;
pub(crate) mod encryption;
pub(crate) mod endpoint;
pub(crate) mod lifecycle;
pub(crate) mod logging;
pub(crate) mod notification;
pub(crate) mod objects;
pub(crate) mod replication;
pub(crate) mod settings;
pub(crate) mod tags;
pub(crate) mod website;

use std::future::Future;

use crate::cloud::Cloud;
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

/// The part that `field` picks, asked for only where it is managed. Where a spec may
/// have said that there is none, its absence is reported in the same words.
pub(crate) async fn read_part<K: Kind, P: Part>(
    cloud: &Cloud,
    wanted: &Wanted<K>,
    field: impl Fn(&K) -> &Option<P>,
) -> Result<Option<P>> {
    if !wanted.manages(field) {
        return Ok(None);
    }
    let part = P::get(cloud, wanted.id.as_str()).await?;
    Ok(part.or_else(|| wanted.applied.as_ref().and_then(|_| P::nothing())))
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
