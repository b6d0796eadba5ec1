//! Where copies of objects are made.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_s3::types::{self, OwnerOverride, ReplicationRuleStatus, StorageClass};
use aws_smithy_types::error::operation::BuildError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lifecycle::ObjectTag;
use super::{Part, Unset, tags};
use crate::cloud::Cloud;
use crate::error::Op;
use crate::kind::Result;

/// Where copies of objects are made. Needs versioning here and there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplicationConfiguration {
    /// ARN of the role that S3 takes on. Stated whenever there are rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Up to 1000 rules; none removes the configuration.
    pub rules: BTreeSet<ReplicationRule>,
}

/// Where copies of some objects are made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplicationRule {
    /// A name of the rule, up to 255 characters; left out, AWS makes one up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Which rule goes first where several fit and have one destination: the highest.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub priority: i32,
    /// Whether the rule is in force.
    #[schemars(extend("enum" = ["Enabled", "Disabled"]))]
    pub status: String,
    /// Which objects it is for; left out, all.
    #[serde(default)]
    pub filter: ReplicationRuleFilter,
    /// Where the copies go.
    pub destination: Destination,
    /// Whether delete markers are copied.
    #[serde(default)]
    pub delete_marker_replication: Switch,
    /// Which further objects are copied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_selection_criteria: Option<SourceSelectionCriteria>,
    /// Whether objects from before the rule are copied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub existing_object_replication: Option<Switch>,
}

/// Something that is on or off.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Switch {
    /// On or off.
    #[schemars(extend("enum" = ["Enabled", "Disabled"]))]
    pub status: String,
}

/// Off, as AWS has delete markers unless a rule says otherwise.
impl Default for Switch {
    fn default() -> Self {
        Self { status: "Disabled".to_owned() }
    }
}

/// Which objects a rule is for: one criterion, or several inside `and`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplicationRuleFilter {
    /// What their keys begin with; empty fits all.
    #[serde(default)]
    pub prefix: String,
    /// A tag they carry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<ObjectTag>,
    /// Criteria that must all hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub and: Option<ReplicationRuleAndOperator>,
}

/// Criteria that must all hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplicationRuleAndOperator {
    /// What the keys begin with; empty fits all.
    #[serde(default)]
    pub prefix: String,
    /// Tags the objects carry.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

/// Which further objects are copied.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceSelectionCriteria {
    /// Whether objects encrypted with a KMS key are copied; needs the destination's
    /// `encryption_configuration`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sse_kms_encrypted_objects: Option<Switch>,
    /// Whether changes made to a copy's metadata are copied back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replica_modifications: Option<Switch>,
}

/// Where copies go.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Destination {
    /// ARN of the bucket.
    pub bucket: String,
    /// The account that owns it, where that is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Storage class of the copies; left out, that of the original.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = [
        "STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER",
        "DEEP_ARCHIVE", "OUTPOSTS", "GLACIER_IR", "SNOW", "EXPRESS_ONEZONE"
    ]))]
    pub storage_class: Option<String>,
    /// Who owns the copies; needs `account`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_control_translation: Option<AccessControlTranslation>,
    /// How the copies are encrypted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encryption_configuration: Option<EncryptionConfiguration>,
    /// By when copies are to be made; needs `metrics`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replication_time: Option<ReplicationTime>,
    /// What is measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics: Option<ReplicationMetrics>,
}

/// Who owns the copies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessControlTranslation {
    /// `Destination`: the account that owns the destination.
    #[schemars(extend("enum" = ["Destination"]))]
    pub owner: String,
}

/// How the copies are encrypted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EncryptionConfiguration {
    /// ARN or alias ARN of a KMS key in the destination's region.
    pub replica_kms_key_id: String,
}

/// By when copies are to be made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplicationTime {
    /// Whether there is such a time.
    #[schemars(extend("enum" = ["Enabled", "Disabled"]))]
    pub status: String,
    /// The time.
    pub time: ReplicationTimeValue,
}

/// A time within which copies are made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplicationTimeValue {
    /// Minutes; AWS takes 15 only.
    pub minutes: i32,
}

/// What is measured of replication.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplicationMetrics {
    /// Whether anything is.
    #[schemars(extend("enum" = ["Enabled", "Disabled"]))]
    pub status: String,
    /// After which time an event tells of a missing copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_threshold: Option<ReplicationTimeValue>,
}

impl Part for ReplicationConfiguration {
    fn nothing() -> Option<Self> {
        Some(Self::default())
    }

    async fn get(cloud: &Cloud, bucket: &str) -> Result<Option<Self>> {
        let answer =
            cloud.s3().get_bucket_replication().bucket(bucket).send().await.op("s3:GetBucketReplication").unset()?;
        let replication = answer.and_then(|answer| answer.replication_configuration);
        Ok(replication.map(|replication| Self {
            role: Some(replication.role),
            rules: replication.rules.into_iter().filter_map(ReplicationRule::from_live).collect(),
        }))
    }

    async fn put(&self, cloud: &Cloud, bucket: &str) -> Result<()> {
        if self.rules.is_empty() {
            cloud.s3().delete_bucket_replication().bucket(bucket).send().await.op("s3:DeleteBucketReplication")?;
            return Ok(());
        }
        let call = cloud.s3().put_bucket_replication().bucket(bucket);
        let call = call.replication_configuration(self.sdk().op("s3:PutBucketReplication")?);
        call.send().await.op("s3:PutBucketReplication")?;
        Ok(())
    }
}

impl ReplicationConfiguration {
    fn sdk(&self) -> Result<types::ReplicationConfiguration, BuildError> {
        let rules: Result<_, BuildError> = self.rules.iter().map(ReplicationRule::sdk).collect();
        types::ReplicationConfiguration::builder().set_role(self.role.clone()).set_rules(Some(rules?)).build()
    }
}

/// A rule's own prefix is the form that came before filters.
#[allow(deprecated)]
impl ReplicationRule {
    fn from_live(live: types::ReplicationRule) -> Option<Self> {
        let prefix = live.prefix.unwrap_or_default();
        let filter = live.filter.map(ReplicationRuleFilter::from);
        let markers = live.delete_marker_replication.and_then(|markers| markers.status);
        Some(Self {
            id: live.id,
            priority: live.priority.unwrap_or_default(),
            status: live.status.as_str().to_owned(),
            filter: filter.unwrap_or(ReplicationRuleFilter { prefix, ..Default::default() }),
            destination: live.destination?.into(),
            delete_marker_replication: markers
                .map(|status| Switch { status: status.as_str().to_owned() })
                .unwrap_or_default(),
            source_selection_criteria: live.source_selection_criteria.map(Into::into),
            existing_object_replication: live
                .existing_object_replication
                .map(|existing| Switch { status: existing.status.as_str().to_owned() }),
        })
    }

    fn sdk(&self) -> Result<types::ReplicationRule, BuildError> {
        let markers = self.delete_marker_replication.status.as_str();
        let existing = self.existing_object_replication.as_ref().map(|existing| {
            types::ExistingObjectReplication::builder().status(existing.status.as_str().into()).build()
        });
        let selection = self.source_selection_criteria.as_ref().map(SourceSelectionCriteria::sdk);
        types::ReplicationRule::builder()
            .set_id(self.id.clone())
            .priority(self.priority)
            .status(ReplicationRuleStatus::from(self.status.as_str()))
            .filter(self.filter.sdk()?)
            .destination(self.destination.sdk()?)
            .delete_marker_replication(types::DeleteMarkerReplication::builder().status(markers.into()).build())
            .set_source_selection_criteria(selection.transpose()?)
            .set_existing_object_replication(existing.transpose()?)
            .build()
    }
}

impl From<types::ReplicationRuleFilter> for ReplicationRuleFilter {
    fn from(live: types::ReplicationRuleFilter) -> Self {
        Self {
            prefix: live.prefix.unwrap_or_default(),
            tag: live.tag.map(ObjectTag::from),
            and: live.and.map(|and| ReplicationRuleAndOperator {
                prefix: and.prefix.unwrap_or_default(),
                tags: and.tags.into_iter().flatten().map(|tag| (tag.key, tag.value)).collect(),
            }),
        }
    }
}

impl ReplicationRuleFilter {
    /// Whether it states more than the one criterion that AWS takes outside `and`.
    pub(crate) fn is_ambiguous(&self) -> bool {
        let stated = [!self.prefix.is_empty(), self.tag.is_some(), self.and.is_some()];
        stated.into_iter().filter(|stated| *stated).count() > 1
    }

    /// AWS takes exactly one criterion: the prefix, though it be empty, where there is no other.
    fn sdk(&self) -> Result<types::ReplicationRuleFilter, BuildError> {
        let is_only_prefix = self.tag.is_none() && self.and.is_none();
        let prefix = Some(self.prefix.clone()).filter(|prefix| is_only_prefix || !prefix.is_empty());
        Ok(types::ReplicationRuleFilter::builder()
            .set_prefix(prefix)
            .set_tag(self.tag.as_ref().map(ObjectTag::sdk).transpose()?)
            .set_and(self.and.as_ref().map(ReplicationRuleAndOperator::sdk).transpose()?)
            .build())
    }
}

impl ReplicationRuleAndOperator {
    fn sdk(&self) -> Result<types::ReplicationRuleAndOperator, BuildError> {
        let tags = tags::sdk(self.tags.clone())?;
        Ok(types::ReplicationRuleAndOperator::builder()
            .set_prefix(Some(self.prefix.clone()).filter(|prefix| !prefix.is_empty()))
            .set_tags(Some(tags).filter(|tags| !tags.is_empty()))
            .build())
    }
}

impl From<types::SourceSelectionCriteria> for SourceSelectionCriteria {
    fn from(live: types::SourceSelectionCriteria) -> Self {
        Self {
            sse_kms_encrypted_objects: live
                .sse_kms_encrypted_objects
                .map(|objects| Switch { status: objects.status.as_str().to_owned() }),
            replica_modifications: live
                .replica_modifications
                .map(|modifications| Switch { status: modifications.status.as_str().to_owned() }),
        }
    }
}

impl SourceSelectionCriteria {
    fn sdk(&self) -> Result<types::SourceSelectionCriteria, BuildError> {
        let objects = self
            .sse_kms_encrypted_objects
            .as_ref()
            .map(|objects| types::SseKmsEncryptedObjects::builder().status(objects.status.as_str().into()).build());
        let modifications = self.replica_modifications.as_ref().map(|modifications| {
            types::ReplicaModifications::builder().status(modifications.status.as_str().into()).build()
        });
        Ok(types::SourceSelectionCriteria::builder()
            .set_sse_kms_encrypted_objects(objects.transpose()?)
            .set_replica_modifications(modifications.transpose()?)
            .build())
    }
}

impl From<types::Destination> for Destination {
    fn from(live: types::Destination) -> Self {
        Self {
            bucket: live.bucket,
            account: live.account,
            storage_class: live.storage_class.map(|class| class.as_str().to_owned()),
            access_control_translation: live
                .access_control_translation
                .map(|translation| AccessControlTranslation { owner: translation.owner.as_str().to_owned() }),
            encryption_configuration: live
                .encryption_configuration
                .and_then(|encryption| encryption.replica_kms_key_id)
                .map(|replica_kms_key_id| EncryptionConfiguration { replica_kms_key_id }),
            replication_time: live
                .replication_time
                .map(|time| ReplicationTime { status: time.status.as_str().to_owned(), time: time.time.into() }),
            metrics: live.metrics.map(|metrics| ReplicationMetrics {
                status: metrics.status.as_str().to_owned(),
                event_threshold: metrics.event_threshold.map(|threshold| Some(threshold).into()),
            }),
        }
    }
}

impl Destination {
    fn sdk(&self) -> Result<types::Destination, BuildError> {
        let translation = self.access_control_translation.as_ref().map(|translation| {
            let owner = OwnerOverride::from(translation.owner.as_str());
            types::AccessControlTranslation::builder().owner(owner).build()
        });
        let encryption = self.encryption_configuration.as_ref().map(|encryption| {
            types::EncryptionConfiguration::builder().replica_kms_key_id(&encryption.replica_kms_key_id).build()
        });
        types::Destination::builder()
            .bucket(&self.bucket)
            .set_account(self.account.clone())
            .set_storage_class(self.storage_class.as_deref().map(StorageClass::from))
            .set_access_control_translation(translation.transpose()?)
            .set_encryption_configuration(encryption)
            .set_replication_time(self.replication_time.as_ref().map(ReplicationTime::sdk).transpose()?)
            .set_metrics(self.metrics.as_ref().map(ReplicationMetrics::sdk).transpose()?)
            .build()
    }
}

impl From<Option<types::ReplicationTimeValue>> for ReplicationTimeValue {
    fn from(live: Option<types::ReplicationTimeValue>) -> Self {
        Self { minutes: live.and_then(|time| time.minutes).unwrap_or_default() }
    }
}

impl From<&ReplicationTimeValue> for types::ReplicationTimeValue {
    fn from(time: &ReplicationTimeValue) -> Self {
        Self::builder().minutes(time.minutes).build()
    }
}

impl ReplicationTime {
    fn sdk(&self) -> Result<types::ReplicationTime, BuildError> {
        types::ReplicationTime::builder().status(self.status.as_str().into()).time((&self.time).into()).build()
    }
}

impl ReplicationMetrics {
    fn sdk(&self) -> Result<types::Metrics, BuildError> {
        types::Metrics::builder()
            .status(self.status.as_str().into())
            .set_event_threshold(self.event_threshold.as_ref().map(Into::into))
            .build()
    }
}
