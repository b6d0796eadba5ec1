//! The Resource Groups Tagging API: the tags of a hundred resources in one call.

use std::collections::HashMap;

use aws_sdk_resourcegroupstagging::types::{ResourceTagMapping, TagFilter};
use provision_core::driver::Intent;

use crate::cloud::Cloud;
use crate::error::Op;
use crate::kind::Result;
use crate::read;
use crate::types::{INTENT_TAG, Tags};

/// A resource whose tags are wanted.
pub(crate) struct Tagged<'a> {
    /// Its ARN.
    pub(crate) arn: String,
    /// What `ask` asks its own service for.
    pub(crate) id: String,
    /// The tags last applied.
    pub(crate) applied: Option<&'a Tags>,
}

/// The tags of `resources`, in order; `ask` asks the service itself for those of one.
///
/// The tagging API answers for many at once but lags behind the services, so it is
/// believed only where it tells what was last applied.
///
/// # Errors
/// The first call that fails ends the read.
pub(crate) async fn tags<'a, F>(
    cloud: &Cloud,
    resources: &'a [Tagged<'a>],
    ask: impl Fn(&'a Tagged<'a>) -> F,
) -> Result<Vec<Tags>>
where
    F: Future<Output = Result<Tags>>,
{
    let told = told(cloud, resources).await?;
    let ask = &ask;
    read::each(resources, |resource| {
        let told = told.get(&resource.arn).filter(|tags| Some(*tags) == resource.applied);
        async move {
            match told {
                Some(tags) => Ok(tags.clone()),
                None => ask(resource).await,
            }
        }
    })
    .await
}

/// How many ARNs one call takes.
const ARNS: usize = 100;

async fn told(cloud: &Cloud, resources: &[Tagged<'_>]) -> Result<HashMap<String, Tags>> {
    let applied = resources.iter().filter(|resource| resource.applied.is_some());
    let arns: Vec<String> = applied.map(|resource| resource.arn.clone()).collect();
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
