//! The Resource Groups Tagging API: the tags of a hundred resources in one call.

use std::collections::HashMap;

use aws_sdk_resourcegroupstagging::types::{ResourceTagMapping, TagFilter};
use provision_core::driver::Intent;

use crate::cloud::Cloud;
use crate::error::Op;
use crate::kind::{Kind, Live, Result, Wanted};
use crate::read;
use crate::types::{INTENT_TAG, Tags};

/// A kind whose own service tells the tags of one resource a call.
pub(crate) trait Tagged: Kind {
    /// The ARN.
    fn arn(outputs: &Self::Outputs) -> &str;
    /// The tags.
    fn tags(&self) -> &Tags;
    /// Where the tags are kept.
    fn tags_mut(&mut self) -> &mut Tags;
    /// The tags of the resource `id`, as its own service tells them.
    fn list_tags(cloud: &Cloud, id: &str) -> impl Future<Output = Result<Tags>> + Send;
}

/// Adds the tags to what was found.
///
/// The tagging API answers for many resources at once but lags behind their services,
/// so it is believed only where it tells what was last applied.
///
/// # Errors
/// The first call that fails ends the read.
pub(crate) async fn with_tags<K: Tagged>(
    cloud: &Cloud,
    wanted: &[Wanted<K>],
    mut found: Vec<Option<Live<K>>>,
) -> Result<Vec<Option<Live<K>>>> {
    let present: Vec<(&Wanted<K>, &str)> = wanted
        .iter()
        .zip(&found)
        .filter_map(|(wanted, live)| Some((wanted, K::arn(&live.as_ref()?.outputs))))
        .collect();
    let told = told(cloud, &present).await?;
    let tags = read::each(&present, async |(wanted, arn)| match told.get(*arn) {
        Some(tags) if wanted.applied.as_ref().map(K::tags) == Some(tags) => Ok(tags.clone()),
        _ => K::list_tags(cloud, wanted.id.as_str()).await,
    });
    let tags = tags.await?;
    for (live, tags) in found.iter_mut().flatten().zip(tags) {
        *live.spec.tags_mut() = tags;
    }
    Ok(found)
}

/// How many ARNs one call takes.
const ARNS: usize = 100;

/// What the tagging API tells, by ARN; for a single resource its own service is as cheap.
async fn told<K: Tagged>(cloud: &Cloud, present: &[(&Wanted<K>, &str)]) -> Result<HashMap<String, Tags>> {
    let applied = present.iter().filter(|(wanted, _)| wanted.applied.is_some());
    let arns: Vec<String> = applied.map(|(_, arn)| (*arn).to_owned()).collect();
    if arns.len() < 2 {
        return Ok(HashMap::new());
    }
    let found = read::chunked(&arns, ARNS, async |arns| {
        let call = cloud.tagging().get_resources().set_resource_arn_list(Some(arns.to_vec()));
        let answer = call.send().await.op(GET_RESOURCES)?;
        Ok(answer.resource_tag_mapping_list.unwrap_or_default())
    });
    Ok(found.await?.into_iter().filter_map(|found| Some((found.resource_arn.clone()?, live_tags(found)))).collect())
}

fn live_tags(found: ResourceTagMapping) -> Tags {
    Tags::from_live(found.tags.into_iter().flatten().map(|tag| (tag.key, tag.value)))
}

/// The ARNs of what `intent` created, among resources of one type such as `kms:key`.
///
/// # Errors
/// When the call fails.
pub(crate) async fn find(cloud: &Cloud, resource_type: &str, intent: &Intent) -> Result<Vec<String>> {
    let made_by = TagFilter::builder().key(INTENT_TAG).values(&intent.token).build();
    let call = cloud.tagging().get_resources().resource_type_filters(resource_type).tag_filters(made_by);
    let found = call.send().await.op(GET_RESOURCES)?.resource_tag_mapping_list.unwrap_or_default();
    Ok(found.into_iter().filter_map(|found| found.resource_arn).collect())
}

const GET_RESOURCES: &str = "tag:GetResources";
