//! Elastic Load Balancing: what load balancers, target groups, listeners and rules have in common.

pub(crate) mod actions;
pub(crate) mod attributes;
pub(crate) mod conditions;

use aws_sdk_elasticloadbalancingv2::types::{Tag, TagDescription};
use provision_core::driver::{Cause, CloudError, Id, Intent};
use provision_core::schema::FieldError;

use crate::cloud::Cloud;
use crate::error::{Absent, Op};
use crate::kind::{Result, Update, fault};
use crate::read;
use crate::service::tagging::Tagged;
use crate::types::{Tags, carry_intent};

/// How many ARNs or names one Describe call takes.
pub(crate) const ARNS: usize = 20;

/// The most that one page holds.
pub(crate) const PAGE: i32 = 400;

/// What AWS asks of the names of load balancers and target groups.
pub(crate) fn check_name(name: &str) -> Option<FieldError> {
    let is_plain = name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-');
    let fits = is_plain && (1..=32).contains(&name.len()) && !name.starts_with('-') && !name.ends_with('-');
    (!fits).then(|| fault("name", "a name has up to 32 letters, digits and `-`, and no `-` at either end"))
}

/// The refusal to create what is there already, whosever it is.
pub(crate) fn exists(operation: &str, what: &str, arn: &str) -> CloudError {
    CloudError::new(Cause::Exists, operation, format!("there is {what} already: {arn}"))
}

/// Tags as the API takes them.
pub(crate) fn tags(pairs: impl IntoIterator<Item = (String, String)>) -> Vec<Tag> {
    pairs.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// The tags of one resource; `None` where it is not there.
///
/// # Errors
/// When the call fails.
pub(crate) async fn list_tags(cloud: &Cloud, arn: &str) -> Result<Option<Tags>> {
    let found = describe_tags(cloud, &[arn.to_owned()]).await.absent()?;
    let pairs = |found: TagDescription| found.tags.unwrap_or_default().into_iter().filter_map(pair);
    Ok(found.map(|found| Tags::from_live(found.into_iter().flat_map(pairs))))
}

fn pair(tag: Tag) -> Option<(String, String)> {
    Some((tag.key?, tag.value.unwrap_or_default()))
}

async fn describe_tags(cloud: &Cloud, arns: &[String]) -> Result<Vec<TagDescription>> {
    let call = cloud.elasticloadbalancing().describe_tags().set_resource_arns(Some(arns.to_vec()));
    let answer = call.send().await.op("elasticloadbalancing:DescribeTags")?;
    Ok(answer.tag_descriptions.unwrap_or_default())
}

/// Which of `arns` the create call of `intent` made.
///
/// # Errors
/// When a call fails.
pub(crate) async fn made_by(cloud: &Cloud, arns: &[String], intent: &Intent) -> Result<Vec<Id>> {
    let found = read::known(arns, ARNS, |arns| describe_tags(cloud, arns)).await?;
    let ours = found.into_iter().filter(|found| is_made_by(found, intent));
    Ok(ours.filter_map(|found| found.resource_arn).map(Id).collect())
}

fn is_made_by(found: &TagDescription, intent: &Intent) -> bool {
    carry_intent(found.tags().iter().filter_map(|tag| Some((tag.key()?, tag.value()?))), intent)
}

/// Sets and removes tags where the update says they differ.
///
/// # Errors
/// When a call fails.
pub(crate) async fn update_tags<K: Tagged>(cloud: &Cloud, update: &Update<K>, wanted: &K) -> Result<()> {
    if !update.has("tags") {
        return Ok(());
    }
    let changes = wanted.tags().changes_from(update.live.tags());
    if !changes.set.is_empty() {
        let call = cloud.elasticloadbalancing().add_tags().resource_arns(update.id.as_str());
        call.set_tags(Some(tags(changes.set))).send().await.op("elasticloadbalancing:AddTags")?;
    }
    if !changes.remove.is_empty() {
        let call = cloud.elasticloadbalancing().remove_tags().resource_arns(update.id.as_str());
        call.set_tag_keys(Some(changes.remove)).send().await.op("elasticloadbalancing:RemoveTags")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_plain() {
        for name in ["shop", "shop-api-2", &"a".repeat(32)] {
            assert_eq!(check_name(name), None, "{name}");
        }
        for name in ["", "-shop", "shop-", "shop_api", &"a".repeat(33)] {
            assert!(check_name(name).is_some(), "{name}");
        }
    }
}
