//! The settings of a bucket that are little more than a switch: versioning, transfer
//! acceleration, who pays for requests, object lock.

use aws_sdk_s3::types::{self, BucketAccelerateStatus, BucketVersioningStatus, ObjectLockRetentionMode, Payer};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Part, Unset, on};
use crate::cloud::Cloud;
use crate::error::Op;
use crate::kind::Result;

/// Whether former versions of objects are kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VersioningConfiguration {
    /// `Suspended` keeps the versions there are and makes no new ones. A bucket that
    /// once had versions never goes back to having none.
    #[schemars(extend("enum" = ["Enabled", "Suspended"]))]
    pub status: String,
}

impl Part for VersioningConfiguration {
    async fn get(cloud: &Cloud, bucket: &str) -> Result<Option<Self>> {
        let answer =
            cloud.s3().get_bucket_versioning().bucket(bucket).send().await.op("s3:GetBucketVersioning").unset()?;
        let status = answer.and_then(|answer| answer.status);
        Ok(status.map(|status| Self { status: status.as_str().to_owned() }))
    }

    async fn put(&self, cloud: &Cloud, bucket: &str) -> Result<()> {
        let status = BucketVersioningStatus::from(self.status.as_str());
        let versioning = types::VersioningConfiguration::builder().status(status).build();
        let call = cloud.s3().put_bucket_versioning().bucket(bucket).versioning_configuration(versioning);
        call.send().await.op("s3:PutBucketVersioning")?;
        Ok(())
    }
}

/// Whether objects can be transferred through the edge network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccelerateConfiguration {
    /// Whether it is on.
    #[schemars(extend("enum" = ["Enabled", "Suspended"]))]
    pub status: String,
}

impl Part for AccelerateConfiguration {
    async fn get(cloud: &Cloud, bucket: &str) -> Result<Option<Self>> {
        let call = cloud.s3().get_bucket_accelerate_configuration().bucket(bucket);
        let answer = call.send().await.op("s3:GetBucketAccelerateConfiguration").unset()?;
        let status = answer.and_then(|answer| answer.status);
        Ok(status.map(|status| Self { status: status.as_str().to_owned() }))
    }

    async fn put(&self, cloud: &Cloud, bucket: &str) -> Result<()> {
        let status = BucketAccelerateStatus::from(self.status.as_str());
        let accelerate = types::AccelerateConfiguration::builder().status(status).build();
        let call = cloud.s3().put_bucket_accelerate_configuration().bucket(bucket);
        let call = call.accelerate_configuration(accelerate);
        call.send().await.op("s3:PutBucketAccelerateConfiguration")?;
        Ok(())
    }
}

/// Who pays for requests and downloads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestPaymentConfiguration {
    /// Who pays; AWS's default is `BucketOwner`.
    #[schemars(extend("enum" = ["BucketOwner", "Requester"]))]
    pub payer: String,
}

impl Part for RequestPaymentConfiguration {
    async fn get(cloud: &Cloud, bucket: &str) -> Result<Option<Self>> {
        let call = cloud.s3().get_bucket_request_payment().bucket(bucket);
        let answer = call.send().await.op("s3:GetBucketRequestPayment").unset()?;
        let payer = answer.and_then(|answer| answer.payer);
        Ok(payer.map(|payer| Self { payer: payer.as_str().to_owned() }))
    }

    async fn put(&self, cloud: &Cloud, bucket: &str) -> Result<()> {
        let payment = types::RequestPaymentConfiguration::builder().payer(Payer::from(self.payer.as_str())).build();
        let call = cloud.s3().put_bucket_request_payment().bucket(bucket);
        let call = call.request_payment_configuration(payment.op("s3:PutBucketRequestPayment")?);
        call.send().await.op("s3:PutBucketRequestPayment")?;
        Ok(())
    }
}

/// How long new versions of objects are kept from deletion, unless an upload says
/// otherwise. Needs `object_lock_enabled_for_bucket`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ObjectLockConfiguration {
    /// Whether there is a default at all; `false` removes the rule.
    #[serde(default = "on")]
    pub enabled: bool,
    /// The default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<ObjectLockRule>,
}

/// The default retention of a bucket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ObjectLockRule {
    /// How strictly and how long.
    pub default_retention: DefaultRetention,
}

/// How strictly and how long versions are kept: `days` or `years`, not both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DefaultRetention {
    /// `COMPLIANCE` lets nobody delete a version early, the root user included.
    #[schemars(extend("enum" = ["GOVERNANCE", "COMPLIANCE"]))]
    pub mode: String,
    /// Days.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub days: Option<i32>,
    /// Years.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub years: Option<i32>,
}

impl Part for ObjectLockConfiguration {
    fn nothing() -> Option<Self> {
        Some(Self { enabled: false, rule: None })
    }

    async fn get(cloud: &Cloud, bucket: &str) -> Result<Option<Self>> {
        Ok(object_lock(cloud, bucket).await?.default)
    }

    async fn put(&self, cloud: &Cloud, bucket: &str) -> Result<()> {
        let rule = self.rule.as_ref().filter(|_| self.enabled);
        let lock = types::ObjectLockConfiguration::builder()
            .object_lock_enabled(types::ObjectLockEnabled::Enabled)
            .set_rule(rule.map(|rule| (&rule.default_retention).into()))
            .build();
        let call = cloud.s3().put_object_lock_configuration().bucket(bucket).object_lock_configuration(lock);
        call.send().await.op("s3:PutObjectLockConfiguration")?;
        Ok(())
    }
}

impl DefaultRetention {
    /// A retention without a mode says nothing.
    fn from_live(live: types::DefaultRetention) -> Option<Self> {
        let set = |number: Option<i32>| number.filter(|number| *number > 0);
        Some(Self { mode: live.mode?.as_str().to_owned(), days: set(live.days), years: set(live.years) })
    }
}

impl From<&DefaultRetention> for types::ObjectLockRule {
    fn from(retention: &DefaultRetention) -> Self {
        let retention = types::DefaultRetention::builder()
            .mode(ObjectLockRetentionMode::from(retention.mode.as_str()))
            .set_days(retention.days)
            .set_years(retention.years)
            .build();
        Self::builder().default_retention(retention).build()
    }
}

/// What one call tells of object lock.
pub(crate) struct ObjectLock {
    /// Whether versions can be locked in this bucket.
    pub(crate) is_enabled: bool,
    /// The default retention, where there is one.
    pub(crate) default: Option<ObjectLockConfiguration>,
}

/// A bucket's object lock.
pub(crate) async fn object_lock(cloud: &Cloud, bucket: &str) -> Result<ObjectLock> {
    let call = cloud.s3().get_object_lock_configuration().bucket(bucket);
    let answer = call.send().await.op("s3:GetObjectLockConfiguration").unset()?;
    let lock = answer.and_then(|answer| answer.object_lock_configuration);
    let enabled = lock.as_ref().and_then(|lock| lock.object_lock_enabled.as_ref());
    let is_enabled = enabled == Some(&types::ObjectLockEnabled::Enabled);
    let retention = lock.and_then(|lock| lock.rule?.default_retention).and_then(DefaultRetention::from_live);
    let rule = retention.map(|default_retention| ObjectLockRule { default_retention });
    Ok(ObjectLock { is_enabled, default: rule.map(|rule| ObjectLockConfiguration { enabled: true, rule: Some(rule) }) })
}
