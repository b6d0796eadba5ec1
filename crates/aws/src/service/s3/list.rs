//! The buckets there are.

use std::collections::BTreeSet;

use aws_sdk_s3::types::Bucket;

use super::tags;
use crate::cloud::Cloud;
use crate::error::Op;
use crate::kind::Result;
use crate::read;

/// How many buckets one page holds. Without a number ListBuckets refuses accounts with very many.
const PAGE: i32 = 1000;

/// The names of our buckets in this region, also where the endpoint tells those of all regions.
pub(crate) async fn names(cloud: &Cloud) -> Result<Vec<String>> {
    let call = cloud.s3().list_buckets().bucket_region(cloud.region()).max_buckets(PAGE);
    let buckets: Vec<Bucket> = call.into_paginator().items().send().try_collect().await.op("s3:ListAllMyBuckets")?;
    let here = buckets.into_iter().filter(|bucket| bucket.bucket_region().is_none_or(|it| it == cloud.region()));
    Ok(here.filter_map(|bucket| bucket.name).collect())
}

/// Up to how many buckets are asked for one by one: an account may have thousands of others.
const FEW: usize = 2;

/// Which of `buckets` there are. Those that the list of all lacks may be too new for it, and are
/// asked for one by one.
pub(crate) async fn present(cloud: &Cloud, buckets: &[&str]) -> Result<BTreeSet<String>> {
    let listed = if buckets.len() > FEW { names(cloud).await? } else { Vec::new() };
    let mut there: BTreeSet<String> = listed.into_iter().collect();
    let rest: Vec<&str> = buckets.iter().copied().filter(|bucket| !there.contains(*bucket)).collect();
    let asked = read::each(&rest, async |bucket| Ok(tags::get(cloud, bucket).await?.map(|_| (*bucket).to_owned())));
    there.extend(asked.await?.into_iter().flatten());
    Ok(there)
}
