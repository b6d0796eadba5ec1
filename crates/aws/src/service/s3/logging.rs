//! Where the bucket's access logs go.

use std::collections::BTreeSet;

use aws_sdk_s3::types::{self, BucketLoggingStatus, BucketLogsPermission, LoggingEnabled, PartitionDateSource};
use aws_smithy_types::error::operation::BuildError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::acl::Grantee;
use super::{Part, Unset, on};
use crate::cloud::Cloud;
use crate::error::Op;
use crate::kind::Result;

/// Where the bucket's access logs go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Logging {
    /// Whether accesses are logged at all; with `false` nothing else need be stated.
    #[serde(default = "on")]
    pub enabled: bool,
    /// The bucket that gets the logs, in the same region and account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_bucket: Option<String>,
    /// What the keys of the logs begin with.
    #[serde(default)]
    pub target_prefix: String,
    /// What follows the prefix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_object_key_format: Option<TargetObjectKeyFormat>,
    /// Who may reach the logs, where the target bucket still goes by ACLs.
    #[serde(default)]
    pub target_grants: BTreeSet<TargetGrant>,
}

/// What follows the prefix in the keys of access logs: one of the two.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetObjectKeyFormat {
    /// The time, without folders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub simple_prefix: Option<bool>,
    /// Account, region, bucket and day as folders, then the time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partitioned_prefix: Option<PartitionedPrefix>,
}

/// Account, region, bucket and day as folders.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartitionedPrefix {
    /// Whether the day is that of the access or that of the delivery.
    #[schemars(extend("enum" = ["EventTime", "DeliveryTime"]))]
    pub partition_date_source: String,
}

/// What one grantee may do with the logs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetGrant {
    /// Who may.
    pub grantee: Grantee,
    /// What they may do.
    #[schemars(extend("enum" = ["FULL_CONTROL", "READ", "WRITE"]))]
    pub permission: String,
}

impl Part for Logging {
    fn nothing() -> Option<Self> {
        Some(Self {
            enabled: false,
            target_bucket: None,
            target_prefix: String::new(),
            target_object_key_format: None,
            target_grants: BTreeSet::new(),
        })
    }

    async fn get(cloud: &Cloud, bucket: &str) -> Result<Option<Self>> {
        let answer = cloud.s3().get_bucket_logging().bucket(bucket).send().await.op("s3:GetBucketLogging").unset()?;
        Ok(answer.and_then(|answer| answer.logging_enabled).map(Self::from))
    }

    async fn put(&self, cloud: &Cloud, bucket: &str) -> Result<()> {
        let enabled = if self.enabled { Some(self.sdk().op("s3:PutBucketLogging")?) } else { None };
        let status = BucketLoggingStatus::builder().set_logging_enabled(enabled).build();
        let call = cloud.s3().put_bucket_logging().bucket(bucket).bucket_logging_status(status);
        call.send().await.op("s3:PutBucketLogging")?;
        Ok(())
    }
}

impl From<LoggingEnabled> for Logging {
    fn from(live: LoggingEnabled) -> Self {
        let grants = live.target_grants.into_iter().flatten();
        Self {
            enabled: true,
            target_bucket: Some(live.target_bucket),
            target_prefix: live.target_prefix,
            target_object_key_format: Some(live.target_object_key_format.into()),
            target_grants: grants.filter_map(TargetGrant::from_live).collect(),
        }
    }
}

impl Logging {
    fn sdk(&self) -> Result<LoggingEnabled, BuildError> {
        let grants: Result<Vec<_>, BuildError> = self.target_grants.iter().map(TargetGrant::sdk).collect();
        LoggingEnabled::builder()
            .set_target_bucket(self.target_bucket.clone())
            .target_prefix(self.target_prefix.as_str())
            .set_target_object_key_format(self.target_object_key_format.as_ref().map(Into::into))
            .set_target_grants(Some(grants?).filter(|grants| !grants.is_empty()))
            .build()
    }
}

/// AWS says nothing of a format that was never chosen, which is the simple one.
impl From<Option<types::TargetObjectKeyFormat>> for TargetObjectKeyFormat {
    fn from(live: Option<types::TargetObjectKeyFormat>) -> Self {
        let partitioned = live.and_then(|format| format.partitioned_prefix);
        let source = partitioned.and_then(|prefix| prefix.partition_date_source);
        Self {
            simple_prefix: Some(source.is_none()),
            partitioned_prefix: source
                .map(|source| PartitionedPrefix { partition_date_source: source.as_str().to_owned() }),
        }
    }
}

impl From<&TargetObjectKeyFormat> for types::TargetObjectKeyFormat {
    fn from(format: &TargetObjectKeyFormat) -> Self {
        let partitioned = format.partitioned_prefix.as_ref().map(|prefix| {
            let source = PartitionDateSource::from(prefix.partition_date_source.as_str());
            types::PartitionedPrefix::builder().partition_date_source(source).build()
        });
        let simple = partitioned.is_none().then(|| types::SimplePrefix::builder().build());
        Self::builder().set_partitioned_prefix(partitioned).set_simple_prefix(simple).build()
    }
}

impl TargetGrant {
    fn from_live(live: types::TargetGrant) -> Option<Self> {
        Some(Self { grantee: live.grantee?.into(), permission: live.permission?.as_str().to_owned() })
    }

    fn sdk(&self) -> Result<types::TargetGrant, BuildError> {
        let permission = BucketLogsPermission::from(self.permission.as_str());
        Ok(types::TargetGrant::builder().grantee((&self.grantee).try_into()?).permission(permission).build())
    }
}
