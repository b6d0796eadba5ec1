//! Who may reach a bucket: object ownership, the public access block, the policy.

use aws_sdk_s3::types::{self, ObjectOwnership, OwnershipControls, OwnershipControlsRule};
use aws_smithy_types::error::operation::BuildError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Part, Unset};
use crate::cloud::Cloud;
use crate::error::Op;
use crate::kind::Result;
use crate::types::PolicyDocument;

/// Who owns what others put into the bucket; `None` where it was never said.
pub(crate) async fn object_ownership(cloud: &Cloud, bucket: &str) -> Result<Option<String>> {
    let call = cloud.s3().get_bucket_ownership_controls().bucket(bucket);
    let answer = call.send().await.op("s3:GetBucketOwnershipControls").unset()?;
    let rules = answer.and_then(|answer| answer.ownership_controls).map(|controls| controls.rules);
    let rule = rules.into_iter().flatten().next();
    Ok(rule.map(|rule| rule.object_ownership.as_str().to_owned()))
}

/// Says who owns what others put into the bucket.
pub(crate) async fn put_object_ownership(cloud: &Cloud, bucket: &str, ownership: &str) -> Result<()> {
    let controls = ownership_controls(ownership).op("s3:PutBucketOwnershipControls")?;
    let call = cloud.s3().put_bucket_ownership_controls().bucket(bucket).ownership_controls(controls);
    call.send().await.op("s3:PutBucketOwnershipControls")?;
    Ok(())
}

fn ownership_controls(ownership: &str) -> Result<OwnershipControls, BuildError> {
    let rule = OwnershipControlsRule::builder().object_ownership(ObjectOwnership::from(ownership)).build()?;
    OwnershipControls::builder().rules(rule).build()
}

/// What is refused although an ACL or a policy would make it public. Left out means off;
/// AWS turns all four on for a new bucket.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PublicAccessBlockConfiguration {
    /// Whether setting a public ACL is refused.
    #[serde(default)]
    pub block_public_acls: bool,
    /// Whether public ACLs are without effect.
    #[serde(default)]
    pub ignore_public_acls: bool,
    /// Whether setting a public bucket policy is refused.
    #[serde(default)]
    pub block_public_policy: bool,
    /// Whether a public policy lets in nobody but AWS services and the bucket's own account.
    #[serde(default)]
    pub restrict_public_buckets: bool,
}

impl Part for PublicAccessBlockConfiguration {
    fn nothing() -> Option<Self> {
        Some(Self::default())
    }

    async fn get(cloud: &Cloud, bucket: &str) -> Result<Option<Self>> {
        let answer =
            cloud.s3().get_public_access_block().bucket(bucket).send().await.op("s3:GetPublicAccessBlock").unset()?;
        Ok(answer.and_then(|answer| answer.public_access_block_configuration).map(Self::from))
    }

    async fn put(&self, cloud: &Cloud, bucket: &str) -> Result<()> {
        let call = cloud.s3().put_public_access_block().bucket(bucket);
        call.public_access_block_configuration(self.into()).send().await.op("s3:PutPublicAccessBlock")?;
        Ok(())
    }
}

impl From<types::PublicAccessBlockConfiguration> for PublicAccessBlockConfiguration {
    fn from(live: types::PublicAccessBlockConfiguration) -> Self {
        Self {
            block_public_acls: live.block_public_acls.unwrap_or_default(),
            ignore_public_acls: live.ignore_public_acls.unwrap_or_default(),
            block_public_policy: live.block_public_policy.unwrap_or_default(),
            restrict_public_buckets: live.restrict_public_buckets.unwrap_or_default(),
        }
    }
}

impl From<&PublicAccessBlockConfiguration> for types::PublicAccessBlockConfiguration {
    fn from(block: &PublicAccessBlockConfiguration) -> Self {
        Self::builder()
            .block_public_acls(block.block_public_acls)
            .ignore_public_acls(block.ignore_public_acls)
            .block_public_policy(block.block_public_policy)
            .restrict_public_buckets(block.restrict_public_buckets)
            .build()
    }
}

/// An empty document stands for no policy.
impl Part for PolicyDocument {
    async fn get(cloud: &Cloud, bucket: &str) -> Result<Option<Self>> {
        let answer = cloud.s3().get_bucket_policy().bucket(bucket).send().await.op("s3:GetBucketPolicy").unset()?;
        Ok(answer.and_then(|answer| answer.policy).map(|policy| Self::from_live(&policy)))
    }

    async fn put(&self, cloud: &Cloud, bucket: &str) -> Result<()> {
        if self.is_empty() {
            cloud.s3().delete_bucket_policy().bucket(bucket).send().await.op("s3:DeleteBucketPolicy")?;
            return Ok(());
        }
        let call = cloud.s3().put_bucket_policy().bucket(bucket).policy(self.to_text());
        call.send().await.op("s3:PutBucketPolicy")?;
        Ok(())
    }
}
