//! What becomes of objects as they age.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_s3::types::{
    self, BucketLifecycleConfiguration, ExpirationStatus, TransitionDefaultMinimumObjectSize, TransitionStorageClass,
};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use aws_smithy_types::error::operation::BuildError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Part, Unset, tags};
use crate::cloud::Cloud;
use crate::error::Op;
use crate::kind::Result;

/// What becomes of objects as they age.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LifecycleConfiguration {
    /// Up to 1000 rules; none removes the configuration.
    pub rules: BTreeSet<LifecycleRule>,
    /// Which small objects are left where they are unless a rule's filter names a
    /// size: those below 128 KiB, or as each storage class has it. AWS's default is
    /// `all_storage_classes_128K`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["varies_by_storage_class", "all_storage_classes_128K"]))]
    pub transition_default_minimum_object_size: Option<String>,
}

/// What becomes of some objects as they age.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LifecycleRule {
    /// A name of the rule, up to 255 characters; left out, AWS makes one up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Whether the rule is in force.
    #[schemars(extend("enum" = ["Enabled", "Disabled"]))]
    pub status: String,
    /// Which objects it is for; left out, all.
    #[serde(default)]
    pub filter: LifecycleRuleFilter,
    /// When current versions go to another storage class.
    #[serde(default)]
    pub transitions: BTreeSet<Transition>,
    /// When current versions are deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration: Option<LifecycleExpiration>,
    /// When former versions go to another storage class.
    #[serde(default)]
    pub noncurrent_version_transitions: BTreeSet<NoncurrentVersionTransition>,
    /// When former versions are deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noncurrent_version_expiration: Option<NoncurrentVersionExpiration>,
    /// When uploads that were never completed are given up. Not with a filter by tag or size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub abort_incomplete_multipart_upload: Option<AbortIncompleteMultipartUpload>,
}

/// Which objects a rule is for: one criterion, or several inside `and`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LifecycleRuleFilter {
    /// What their keys begin with; empty fits all.
    #[serde(default)]
    pub prefix: String,
    /// A tag they carry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<ObjectTag>,
    /// Bytes they have more than.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub object_size_greater_than: Option<i64>,
    /// Bytes they have fewer than.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub object_size_less_than: Option<i64>,
    /// Criteria that must all hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub and: Option<LifecycleRuleAndOperator>,
}

/// A tag of an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ObjectTag {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// Criteria that must all hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LifecycleRuleAndOperator {
    /// What the keys begin with; empty fits all.
    #[serde(default)]
    pub prefix: String,
    /// Tags the objects carry.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Bytes they have more than.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub object_size_greater_than: Option<i64>,
    /// Bytes they have fewer than.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub object_size_less_than: Option<i64>,
}

/// When current versions are deleted: one of the three.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LifecycleExpiration {
    /// Days after they were made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub days: Option<i32>,
    /// A day, as midnight UTC: `2030-01-01T00:00:00Z`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// Whether a delete marker goes once nothing is left behind it.
    #[serde(default)]
    pub expired_object_delete_marker: bool,
}

/// When current versions go to another storage class: `days` or `date`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Transition {
    /// Days after they were made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub days: Option<i32>,
    /// A day, as midnight UTC: `2030-01-01T00:00:00Z`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// Where they go.
    #[schemars(extend("enum" = [
        "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"
    ]))]
    pub storage_class: String,
}

/// When former versions go to another storage class.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoncurrentVersionTransition {
    /// Days after a newer version took their place.
    #[schemars(range(min = 0))]
    pub noncurrent_days: i32,
    /// How many of the newest former versions stay where they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub newer_noncurrent_versions: Option<i32>,
    /// Where they go.
    #[schemars(extend("enum" = [
        "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"
    ]))]
    pub storage_class: String,
}

/// When former versions are deleted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoncurrentVersionExpiration {
    /// Days after a newer version took their place.
    #[schemars(range(min = 1))]
    pub noncurrent_days: i32,
    /// How many of the newest former versions are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub newer_noncurrent_versions: Option<i32>,
}

/// When uploads that were never completed are given up.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AbortIncompleteMultipartUpload {
    /// Days after they were begun.
    #[schemars(range(min = 1))]
    pub days_after_initiation: i32,
}

impl LifecycleConfiguration {
    /// Every date that a rule states.
    pub(crate) fn dates(&self) -> impl Iterator<Item = &String> {
        let transitions = self.rules.iter().flat_map(|rule| &rule.transitions).filter_map(|it| it.date.as_ref());
        let expirations = self.rules.iter().filter_map(|rule| rule.expiration.as_ref()?.date.as_ref());
        transitions.chain(expirations)
    }
}

impl LifecycleRuleFilter {
    /// Whether it states more than the one criterion that AWS takes outside `and`.
    pub(crate) fn is_ambiguous(&self) -> bool {
        let sizes = [self.object_size_greater_than.is_some(), self.object_size_less_than.is_some()];
        let others = [!self.prefix.is_empty(), self.tag.is_some(), self.and.is_some()];
        sizes.into_iter().chain(others).filter(|stated| *stated).count() > 1
    }
}

impl Part for LifecycleConfiguration {
    fn nothing() -> Option<Self> {
        Some(Self::default())
    }

    async fn get(cloud: &Cloud, bucket: &str) -> Result<Option<Self>> {
        let call = cloud.s3().get_bucket_lifecycle_configuration().bucket(bucket);
        let answer = call.send().await.op("s3:GetBucketLifecycleConfiguration").unset()?;
        Ok(answer.map(|answer| Self {
            rules: answer.rules.into_iter().flatten().map(LifecycleRule::from).collect(),
            transition_default_minimum_object_size: answer
                .transition_default_minimum_object_size
                .map(|size| size.as_str().to_owned()),
        }))
    }

    async fn put(&self, cloud: &Cloud, bucket: &str) -> Result<()> {
        if self.rules.is_empty() {
            cloud.s3().delete_bucket_lifecycle().bucket(bucket).send().await.op("s3:DeleteBucketLifecycle")?;
            return Ok(());
        }
        let rules: Result<_, BuildError> = self.rules.iter().map(LifecycleRule::sdk).collect();
        let rules = rules.and_then(|rules| BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build());
        let size = self.transition_default_minimum_object_size.as_deref();
        let call = cloud
            .s3()
            .put_bucket_lifecycle_configuration()
            .bucket(bucket)
            .set_transition_default_minimum_object_size(size.map(TransitionDefaultMinimumObjectSize::from))
            .lifecycle_configuration(rules.op("s3:PutBucketLifecycleConfiguration")?);
        call.send().await.op("s3:PutBucketLifecycleConfiguration")?;
        Ok(())
    }
}

/// A rule's own prefix is the form that came before filters.
#[allow(deprecated)]
impl From<types::LifecycleRule> for LifecycleRule {
    fn from(live: types::LifecycleRule) -> Self {
        let transitions = live.transitions.into_iter().flatten();
        let noncurrent = live.noncurrent_version_transitions.into_iter().flatten();
        let prefix = live.prefix.unwrap_or_default();
        let filter = live.filter.map(LifecycleRuleFilter::from);
        Self {
            id: live.id,
            status: live.status.as_str().to_owned(),
            filter: filter.unwrap_or(LifecycleRuleFilter { prefix, ..Default::default() }),
            transitions: transitions.map(Transition::from).collect(),
            expiration: live.expiration.map(LifecycleExpiration::from),
            noncurrent_version_transitions: noncurrent.map(NoncurrentVersionTransition::from).collect(),
            noncurrent_version_expiration: live.noncurrent_version_expiration.map(NoncurrentVersionExpiration::from),
            abort_incomplete_multipart_upload: live.abort_incomplete_multipart_upload.map(|abort| {
                AbortIncompleteMultipartUpload {
                    days_after_initiation: abort.days_after_initiation.unwrap_or_default(),
                }
            }),
        }
    }
}

impl LifecycleRule {
    fn sdk(&self) -> Result<types::LifecycleRule, BuildError> {
        let transitions: Result<Vec<_>, BuildError> = self.transitions.iter().map(Transition::sdk).collect();
        let noncurrent: Vec<_> = self.noncurrent_version_transitions.iter().map(Into::into).collect();
        types::LifecycleRule::builder()
            .set_id(self.id.clone())
            .status(ExpirationStatus::from(self.status.as_str()))
            .filter(self.filter.sdk()?)
            .set_transitions(Some(transitions?).filter(|transitions| !transitions.is_empty()))
            .set_expiration(self.expiration.as_ref().map(LifecycleExpiration::sdk).transpose()?)
            .set_noncurrent_version_transitions(Some(noncurrent).filter(|transitions| !transitions.is_empty()))
            .set_noncurrent_version_expiration(self.noncurrent_version_expiration.as_ref().map(Into::into))
            .set_abort_incomplete_multipart_upload(self.abort_incomplete_multipart_upload.as_ref().map(|abort| {
                let days = abort.days_after_initiation;
                types::AbortIncompleteMultipartUpload::builder().days_after_initiation(days).build()
            }))
            .build()
    }
}

impl From<types::LifecycleRuleFilter> for LifecycleRuleFilter {
    fn from(live: types::LifecycleRuleFilter) -> Self {
        Self {
            prefix: live.prefix.unwrap_or_default(),
            tag: live.tag.map(ObjectTag::from),
            object_size_greater_than: live.object_size_greater_than,
            object_size_less_than: live.object_size_less_than,
            and: live.and.map(|and| LifecycleRuleAndOperator {
                prefix: and.prefix.unwrap_or_default(),
                tags: and.tags.into_iter().flatten().map(|tag| (tag.key, tag.value)).collect(),
                object_size_greater_than: and.object_size_greater_than,
                object_size_less_than: and.object_size_less_than,
            }),
        }
    }
}

impl LifecycleRuleFilter {
    /// AWS takes exactly one criterion: the prefix, though it be empty, where there is no other.
    fn sdk(&self) -> Result<types::LifecycleRuleFilter, BuildError> {
        let sizes = self.object_size_greater_than.is_some() || self.object_size_less_than.is_some();
        let is_only_prefix = self.tag.is_none() && self.and.is_none() && !sizes;
        let prefix = Some(self.prefix.clone()).filter(|prefix| is_only_prefix || !prefix.is_empty());
        Ok(types::LifecycleRuleFilter::builder()
            .set_prefix(prefix)
            .set_tag(self.tag.as_ref().map(ObjectTag::sdk).transpose()?)
            .set_object_size_greater_than(self.object_size_greater_than)
            .set_object_size_less_than(self.object_size_less_than)
            .set_and(self.and.as_ref().map(LifecycleRuleAndOperator::sdk).transpose()?)
            .build())
    }
}

impl From<types::Tag> for ObjectTag {
    fn from(live: types::Tag) -> Self {
        Self { key: live.key, value: live.value }
    }
}

impl ObjectTag {
    /// The tag as the SDK has it.
    pub(crate) fn sdk(&self) -> Result<types::Tag, BuildError> {
        types::Tag::builder().key(&self.key).value(&self.value).build()
    }
}

impl LifecycleRuleAndOperator {
    fn sdk(&self) -> Result<types::LifecycleRuleAndOperator, BuildError> {
        let tags = tags::sdk(self.tags.clone())?;
        Ok(types::LifecycleRuleAndOperator::builder()
            .set_prefix(Some(self.prefix.clone()).filter(|prefix| !prefix.is_empty()))
            .set_tags(Some(tags).filter(|tags| !tags.is_empty()))
            .set_object_size_greater_than(self.object_size_greater_than)
            .set_object_size_less_than(self.object_size_less_than)
            .build())
    }
}

/// Whether `text` is the one notation of a day in which AWS reports it.
pub(crate) fn is_day(text: &str) -> bool {
    DateTime::from_str(text, Format::DateTime).is_ok_and(|date| written(date).as_deref() == Some(text))
        && text.ends_with("T00:00:00Z")
}

fn written(date: DateTime) -> Option<String> {
    date.fmt(Format::DateTime).ok()
}

fn date(text: Option<&String>) -> Result<Option<DateTime>, BuildError> {
    let parsed = text.map(|text| DateTime::from_str(text, Format::DateTime));
    parsed.transpose().map_err(|error| BuildError::invalid_field("date", error.to_string()))
}

impl From<types::LifecycleExpiration> for LifecycleExpiration {
    fn from(live: types::LifecycleExpiration) -> Self {
        Self {
            days: live.days.filter(|days| *days > 0),
            date: live.date.and_then(written),
            expired_object_delete_marker: live.expired_object_delete_marker.unwrap_or_default(),
        }
    }
}

impl LifecycleExpiration {
    fn sdk(&self) -> Result<types::LifecycleExpiration, BuildError> {
        Ok(types::LifecycleExpiration::builder()
            .set_days(self.days)
            .set_date(date(self.date.as_ref())?)
            .set_expired_object_delete_marker(self.expired_object_delete_marker.then_some(true))
            .build())
    }
}

impl From<types::Transition> for Transition {
    fn from(live: types::Transition) -> Self {
        Self {
            days: live.days,
            date: live.date.and_then(written),
            storage_class: live.storage_class.map(|class| class.as_str().to_owned()).unwrap_or_default(),
        }
    }
}

impl Transition {
    fn sdk(&self) -> Result<types::Transition, BuildError> {
        Ok(types::Transition::builder()
            .set_days(self.days)
            .set_date(date(self.date.as_ref())?)
            .storage_class(TransitionStorageClass::from(self.storage_class.as_str()))
            .build())
    }
}

impl From<types::NoncurrentVersionTransition> for NoncurrentVersionTransition {
    fn from(live: types::NoncurrentVersionTransition) -> Self {
        Self {
            noncurrent_days: live.noncurrent_days.unwrap_or_default(),
            newer_noncurrent_versions: live.newer_noncurrent_versions,
            storage_class: live.storage_class.map(|class| class.as_str().to_owned()).unwrap_or_default(),
        }
    }
}

impl From<&NoncurrentVersionTransition> for types::NoncurrentVersionTransition {
    fn from(transition: &NoncurrentVersionTransition) -> Self {
        Self::builder()
            .noncurrent_days(transition.noncurrent_days)
            .set_newer_noncurrent_versions(transition.newer_noncurrent_versions)
            .storage_class(TransitionStorageClass::from(transition.storage_class.as_str()))
            .build()
    }
}

impl From<types::NoncurrentVersionExpiration> for NoncurrentVersionExpiration {
    fn from(live: types::NoncurrentVersionExpiration) -> Self {
        Self {
            noncurrent_days: live.noncurrent_days.unwrap_or_default(),
            newer_noncurrent_versions: live.newer_noncurrent_versions,
        }
    }
}

impl From<&NoncurrentVersionExpiration> for types::NoncurrentVersionExpiration {
    fn from(expiration: &NoncurrentVersionExpiration) -> Self {
        Self::builder()
            .noncurrent_days(expiration.noncurrent_days)
            .set_newer_noncurrent_versions(expiration.newer_noncurrent_versions)
            .build()
    }
}
