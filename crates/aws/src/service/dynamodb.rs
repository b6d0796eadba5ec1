//! DynamoDB: the parts of a table, and what of it has calls of its own.

pub(crate) mod beside;
pub(crate) mod indexes;
pub(crate) mod phase;
pub(crate) mod settings;
pub(crate) mod throughput;

use aws_sdk_dynamodb::types::{TableDescription, Tag};
use aws_smithy_types::error::operation::BuildError;

use crate::cloud::Cloud;
use crate::error::{Absent, Op};
use crate::kind::Result;
use crate::types::Tags;

/// A table as DescribeTable tells of it.
///
/// # Errors
/// When the call fails.
pub(crate) async fn describe(cloud: &Cloud, name: &str) -> Result<Option<TableDescription>> {
    let call = cloud.dynamodb().describe_table().table_name(name);
    Ok(call.send().await.op("dynamodb:DescribeTable").absent()?.and_then(|answer| answer.table))
}

/// Tags as the API takes them.
///
/// # Errors
/// Never: a tag has its key and value.
pub(crate) fn tags(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Vec<Tag>, BuildError> {
    pairs.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// All tags of a table, ours among them; `None` where it is not there.
///
/// # Errors
/// When a call fails.
pub(crate) async fn list_tags(cloud: &Cloud, arn: &str) -> Result<Option<Vec<(String, String)>>> {
    let (mut found, mut token) = (Vec::new(), None);
    loop {
        let call = cloud.dynamodb().list_tags_of_resource().resource_arn(arn).set_next_token(token);
        let Some(page) = call.send().await.op("dynamodb:ListTagsOfResource").absent()? else { return Ok(None) };
        found.extend(page.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)));
        token = page.next_token;
        if token.is_none() {
            return Ok(Some(found));
        }
    }
}

/// Moves the tags of a table from `live` to `wanted`.
///
/// # Errors
/// When a call fails.
pub(crate) async fn update_tags(cloud: &Cloud, arn: &str, live: &Tags, wanted: &Tags) -> Result<()> {
    let changes = wanted.changes_from(live);
    if !changes.set.is_empty() {
        let tags = tags(changes.set).op("dynamodb:TagResource")?;
        let call = cloud.dynamodb().tag_resource().resource_arn(arn).set_tags(Some(tags));
        call.send().await.op("dynamodb:TagResource")?;
    }
    if !changes.remove.is_empty() {
        let call = cloud.dynamodb().untag_resource().resource_arn(arn).set_tag_keys(Some(changes.remove));
        call.send().await.op("dynamodb:UntagResource")?;
    }
    Ok(())
}
