//! CloudWatch: what alarms look at, and the tags of alarms and dashboards.

pub(crate) mod evaluation;
pub(crate) mod metrics;

use aws_sdk_cloudwatch::types::Tag;

use crate::cloud::Cloud;
use crate::error::{Absent, Op};
use crate::kind::Result;
use crate::types::Tags;

/// Tags as the API takes them.
pub(crate) fn tags(pairs: impl IntoIterator<Item = (String, String)>) -> Vec<Tag> {
    pairs.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// All tags of a resource, ours among them; `None` where it is not there.
///
/// # Errors
/// When the call fails.
pub(crate) async fn list_tags(cloud: &Cloud, arn: &str) -> Result<Option<Vec<(String, String)>>> {
    let call = cloud.cloudwatch().list_tags_for_resource().resource_arn(arn);
    let answer = call.send().await.op("cloudwatch:ListTagsForResource").absent()?;
    let tags = answer.map(|answer| answer.tags.unwrap_or_default());
    Ok(tags.map(|tags| tags.into_iter().filter_map(|tag| Some((tag.key?, tag.value?))).collect()))
}

/// Moves the tags of a resource from `live` to `wanted`.
///
/// # Errors
/// When a call fails.
pub(crate) async fn update_tags(cloud: &Cloud, arn: &str, live: &Tags, wanted: &Tags) -> Result<()> {
    let changes = wanted.changes_from(live);
    if !changes.set.is_empty() {
        let call = cloud.cloudwatch().tag_resource().resource_arn(arn).set_tags(Some(tags(changes.set)));
        call.send().await.op("cloudwatch:TagResource")?;
    }
    if !changes.remove.is_empty() {
        let call = cloud.cloudwatch().untag_resource().resource_arn(arn).set_tag_keys(Some(changes.remove));
        call.send().await.op("cloudwatch:UntagResource")?;
    }
    Ok(())
}
