//! Secrets Manager: tags, replicas, rotation rules, and values made up here.

mod generate;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_secretsmanager::types::{
    ExternalSecretRotationMetadataItem, Filter, FilterNameStringType, ReplicaRegionType, ReplicationStatusType,
    RotationRulesType, StatusType, Tag,
};
use provision_core::driver::{Cause, CloudError};
use provision_core::schema::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use generate::GenerateSecretString;

use super::kms;
use crate::cloud::Cloud;
use crate::error::Op;
use crate::kind::Result;
use crate::query::Query;
use crate::types::Tags;

/// The key that encrypts what names no other.
pub(crate) const DEFAULT_KEY: &str = "alias/aws/secretsmanager";

/// Tags as the API takes them.
pub(crate) fn tags(pairs: impl IntoIterator<Item = (String, String)>) -> Vec<Tag> {
    pairs.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// The tags the API reports.
pub(crate) fn live_tags(tags: Option<Vec<Tag>>) -> Tags {
    Tags::from_live(tags.into_iter().flatten().filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default()))))
}

/// The ARNs of the secrets that may have the tags asked for, with those of no tag where none
/// is asked for.
///
/// # Errors
/// When the listing fails.
pub(crate) async fn list(cloud: &Cloud, by: &Query) -> Result<Vec<String>> {
    let call = cloud.secretsmanager().list_secrets().set_filters(Some(tag_filters(by))).max_results(100);
    let pages: Vec<_> = call.into_paginator().send().try_collect().await.op("secretsmanager:ListSecrets")?;
    let secrets = pages.into_iter().flat_map(|page| page.secret_list.unwrap_or_default());
    Ok(secrets.filter_map(|secret| secret.arn).collect())
}

/// Filters that every secret passes that has the first of the tags asked for: how several
/// of one sort go together, AWS does not say. A text that begins with `!` would exclude.
fn tag_filters(by: &Query) -> Vec<Filter> {
    let first = by
        .tags()
        .into_iter()
        .next()
        .map(|(key, value)| [(FilterNameStringType::TagKey, key), (FilterNameStringType::TagValue, value)]);
    let texts = first.into_iter().flatten().filter(|(_, text)| !text.is_empty() && !text.starts_with('!'));
    texts.map(|(key, text)| Filter::builder().key(key).values(text).build()).collect()
}

/// Says what to do about a `name` that a deleted secret still holds. Deleting one for good
/// takes AWS a moment, after which the name is free: where that is what is done with the
/// secret, trying again is enough.
pub(crate) fn explained(error: CloudError, name: &str, is_deleted_for_good: bool) -> CloudError {
    if !error.message.contains("scheduled for deletion") {
        return error;
    }
    let message = format!(
        "{} Restore it with `aws secretsmanager restore-secret --secret-id {name}` and import it, wait until its \
         recovery window is over, or delete it for good with `aws secretsmanager delete-secret --secret-id {name} \
         --force-delete-without-recovery`.",
        error.message
    );
    let cause = if is_deleted_for_good { Cause::Eventual } else { Cause::Invalid };
    CloudError { cause, message, ..error }
}

/// What a partner needs to rotate a value, as the API takes it.
pub(crate) fn rotation_metadata(pairs: &BTreeMap<String, String>) -> Vec<ExternalSecretRotationMetadataItem> {
    let item =
        |(key, value): (&String, &String)| ExternalSecretRotationMetadataItem::builder().key(key).value(value).build();
    pairs.iter().map(item).collect()
}

/// A region that keeps a copy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplicaRegion {
    /// The region, such as `eu-west-1`.
    pub region: String,

    /// Id, ARN or alias of that region's KMS key; `alias/aws/secretsmanager` by AWS's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<String>,
}

/// When a value is rotated.
///
/// See [RotationRulesType](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotationRulesType.html).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RotationRules {
    /// Days between rotations, from 1 to 1,000; not with `schedule_expression`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub automatically_after_days: Option<i64>,

    /// Length of the rotation window in hours, such as `3h`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<String>,

    /// `rate(10 days)` or `cron(0 16 1,15 * ? *)`, UTC; not with `automatically_after_days`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule_expression: Option<String>,
}

impl ReplicaRegion {
    /// As the API takes it.
    pub(crate) fn to_api(&self) -> ReplicaRegionType {
        ReplicaRegionType::builder().region(&self.region).set_kms_key_id(self.kms_key_id.clone()).build()
    }

    /// What the API reports; a copy that could not be made is none. The key is named where
    /// the spec names it or where it is not the region's default.
    pub(crate) fn from_api(live: ReplicationStatusType, stated: Option<&BTreeSet<Self>>) -> Option<Self> {
        if live.status == Some(StatusType::Failed) {
            return None;
        }
        let region = live.region?;
        let stated = stated.into_iter().flatten().find(|stated| stated.region == region);
        let stated_key = stated.and_then(|stated| stated.kms_key_id.as_deref());
        let key = live.kms_key_id.map(|live| kms::as_stated(stated_key, live));
        let kms_key_id = key.filter(|key| stated_key.is_some() || key != DEFAULT_KEY);
        Some(Self { region, kms_key_id })
    }
}

impl RotationRules {
    /// What is wrong with the rules that `field` states.
    pub(crate) fn check(&self, field: &str) -> Option<FieldError> {
        let is_ambiguous = self.automatically_after_days.is_some() == self.schedule_expression.is_some();
        let message = "state either `automatically_after_days` or `schedule_expression`";
        is_ambiguous.then(|| FieldError::new(field, message))
    }

    /// As the API takes it.
    pub(crate) fn to_api(&self) -> RotationRulesType {
        RotationRulesType::builder()
            .set_automatically_after_days(self.automatically_after_days)
            .set_duration(self.duration.clone())
            .set_schedule_expression(self.schedule_expression.clone())
            .build()
    }

    /// What the API reports. Beside an expression AWS also tells the days it comes to, which the spec does not state.
    pub(crate) fn from_api(rules: RotationRulesType) -> Self {
        Self {
            automatically_after_days: rules.automatically_after_days.filter(|_| rules.schedule_expression.is_none()),
            duration: rules.duration,
            schedule_expression: rules.schedule_expression,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_a_deleted_secret_holds_comes_with_the_ways_out() {
        let text = "You can't create this secret because a secret with this name is already scheduled for deletion.";
        let error = CloudError::new(Cause::Invalid, "secretsmanager:CreateSecret", text);
        let told = explained(error.clone(), "shop/db", false);
        assert_eq!(told.cause, Cause::Invalid);
        assert!(told.message.contains("restore-secret --secret-id shop/db"));
        assert_eq!(explained(error, "shop/db", true).cause, Cause::Eventual);
    }

    #[test]
    fn the_days_that_an_expression_comes_to_are_not_stated() {
        let live =
            RotationRulesType::builder().automatically_after_days(10).schedule_expression("rate(10 days)").build();
        let rules = RotationRules::from_api(live);
        assert_eq!(rules.automatically_after_days, None);
        assert_eq!(rules.schedule_expression.as_deref(), Some("rate(10 days)"));
    }

    #[test]
    fn a_replica_names_its_key_only_where_that_says_something() {
        let replica = |key: &str| ReplicationStatusType::builder().region("eu-west-1").kms_key_id(key).build();
        let region =
            |key: Option<&str>| ReplicaRegion { region: "eu-west-1".to_owned(), kms_key_id: key.map(str::to_owned) };
        assert_eq!(ReplicaRegion::from_api(replica(DEFAULT_KEY), None), Some(region(None)));
        assert_eq!(ReplicaRegion::from_api(replica("alias/own"), None), Some(region(Some("alias/own"))));
        let stated = BTreeSet::from([region(Some(DEFAULT_KEY))]);
        assert_eq!(ReplicaRegion::from_api(replica(DEFAULT_KEY), Some(&stated)), Some(region(Some(DEFAULT_KEY))));
    }
}
