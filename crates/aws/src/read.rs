//! Reading many resources in few calls.

use std::collections::HashMap;
use std::future::Future;

use futures::stream::{self, StreamExt, TryStreamExt};
use provision_core::driver::Id;

use crate::error::Absent;
use crate::kind::{Kind, Live, Result, Wanted};
use crate::service::tagging;

/// How many calls it takes to read resources of which nothing optional is managed.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// For each batch.
    pub batch: u32,
    /// For each resource.
    pub each: u32,
    /// For the tags of each hundred, which the tagging API tells of all kinds at once; a single
    /// resource's are told by its own service.
    pub tags: u32,
    /// For a single resource, where that is another way.
    pub alone: Option<u32>,
}

impl Reading {
    /// One for each batch.
    pub const BATCH: Self = Self { batch: 1, each: 0, tags: 0, alone: None };
    /// One for each batch, and one for the tags of each hundred.
    pub const TAGGED_BATCH: Self = Self { tags: 1, ..Self::BATCH };
    /// One for each resource, and one for the tags of each hundred.
    pub const TAGGED_EACH: Self = Self { batch: 0, each: 1, ..Self::TAGGED_BATCH };

    /// The calls that read so many resources, in batches of `batch`.
    pub const fn calls(self, count: u32, batch: u32) -> u32 {
        match self.alone {
            Some(alone) if count == 1 => alone,
            _ => {
                self.batch * count.div_ceil(batch)
                    + self.each * count
                    + self.tags * count.div_ceil(tagging::ARNS as u32)
            }
        }
    }
}

/// How many calls a fanned-out read keeps in flight: half of what EC2 allows of a Describe call at once. How
/// many there are over all reads is for the HTTP client to say.
const IN_FLIGHT: usize = 50;

/// For kinds whose API describes one resource a call: asks for all of them at once,
/// a bounded number in flight, answers in order.
///
/// # Errors
/// The first call that fails ends the read.
pub async fn each<'a, T, R, F>(wanted: &'a [T], ask: impl Fn(&'a T) -> F) -> Result<Vec<R>>
where
    F: Future<Output = Result<R>>,
{
    let asked: Vec<_> = wanted.iter().map(|wanted| begun_late(|| ask(wanted))).collect();
    stream::iter(asked).buffered(IN_FLIGHT).try_collect().await
}

/// What waits for its turn takes no room yet: a call of the SDK takes tens of kilobytes.
async fn begun_late<F: Future>(ask: impl FnOnce() -> F) -> F::Output {
    Box::pin(ask()).await
}

/// For kinds whose Describe takes many names: asks chunk by chunk, side by side,
/// and joins what is found.
///
/// # Errors
/// The first call that fails ends the read.
pub async fn chunked<'a, T, R, F>(items: &'a [T], size: usize, ask: impl Fn(&'a [T]) -> F) -> Result<Vec<R>>
where
    F: Future<Output = Result<Vec<R>>>,
{
    let asked: Vec<F> = items.chunks(size).map(ask).collect();
    let found: Vec<Vec<R>> = stream::iter(asked).buffered(IN_FLIGHT).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

/// Like [`chunked`], for APIs that refuse a whole chunk when one of its names is
/// unknown: the names of such a chunk are asked for one by one.
///
/// # Errors
/// The first call that fails, other than for an unknown name, ends the read.
pub async fn known<'a, T, R, F>(items: &'a [T], size: usize, ask: impl Fn(&'a [T]) -> F) -> Result<Vec<R>>
where
    F: Future<Output = Result<Vec<R>>>,
{
    chunked(items, size, |chunk| known_of_chunk(chunk, &ask)).await
}

async fn known_of_chunk<'a, T, R, F>(chunk: &'a [T], ask: &impl Fn(&'a [T]) -> F) -> Result<Vec<R>>
where
    F: Future<Output = Result<Vec<R>>>,
{
    match ask(chunk).await.absent()? {
        Some(found) => Ok(found),
        None if chunk.len() == 1 => Ok(Vec::new()),
        None => chunked(chunk, 1, async |name| Ok(ask(name).await.absent()?.unwrap_or_default())).await,
    }
}

/// The ids of what is wanted.
pub fn ids<K: Kind>(wanted: &[Wanted<K>]) -> Vec<String> {
    wanted.iter().map(|wanted| wanted.id.0.clone()).collect()
}

/// Puts what was found, in whatever order AWS gave it, into the order it was asked for.
pub fn in_order<K: Kind>(wanted: &[Wanted<K>], found: impl IntoIterator<Item = (Id, Live<K>)>) -> Vec<Option<Live<K>>> {
    let mut found: HashMap<Id, Live<K>> = found.into_iter().collect();
    wanted.iter().map(|wanted| found.remove(&wanted.id)).collect()
}

/// Puts what was found into the order it was asked for, each read with what was wanted of it.
pub fn joined<K: Kind, T>(
    wanted: &[Wanted<K>],
    found: Vec<T>,
    id: impl Fn(&T) -> Option<&str>,
    live: impl Fn(T, &Wanted<K>) -> Live<K>,
) -> Vec<Option<Live<K>>> {
    let found = found.into_iter().filter_map(|found| Some((id(&found)?.to_owned(), found)));
    let mut found: HashMap<String, T> = found.collect();
    wanted.iter().map(|wanted| found.remove(wanted.id.as_str()).map(|found| live(found, wanted))).collect()
}
