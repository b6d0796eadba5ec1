//! The buckets there are.

use aws_sdk_s3::types::Bucket;

use crate::cloud::Cloud;
use crate::error::Op;
use crate::kind::Result;

/// How many buckets one page holds. Without a number ListBuckets refuses accounts with very many.
const PAGE: i32 = 1000;

/// The names of our buckets in this region, also where the endpoint tells those of all regions.
pub(crate) async fn names(cloud: &Cloud) -> Result<Vec<String>> {
    let call = cloud.s3().list_buckets().bucket_region(cloud.region()).max_buckets(PAGE);
    let buckets: Vec<Bucket> = call.into_paginator().items().send().try_collect().await.op("s3:ListAllMyBuckets")?;
    let here = buckets.into_iter().filter(|bucket| bucket.bucket_region().is_none_or(|it| it == cloud.region()));
    Ok(here.filter_map(|bucket| bucket.name).collect())
}
