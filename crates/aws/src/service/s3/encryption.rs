//! How objects are encrypted unless an upload says otherwise.

use std::collections::BTreeSet;

use aws_sdk_s3::types::{self, EncryptionType, ServerSideEncryption};
use aws_smithy_types::error::operation::BuildError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Part, Unset};
use crate::cloud::Cloud;
use crate::error::Op;
use crate::kind::Result;

/// How objects are encrypted unless an upload says otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServerSideEncryptionConfiguration {
    /// Exactly one rule.
    #[schemars(length(min = 1, max = 1))]
    pub rules: Vec<ServerSideEncryptionRule>,
}

/// The encryption rule of a bucket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServerSideEncryptionRule {
    /// The algorithm and the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apply_server_side_encryption_by_default: Option<ServerSideEncryptionByDefault>,
    /// Whether a key of the bucket's own spares calls to KMS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket_key_enabled: Option<bool>,
    /// What uploads may not use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocked_encryption_types: Option<BlockedEncryptionTypes>,
}

/// The algorithm and the key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServerSideEncryptionByDefault {
    /// `AES256` is S3's own; `aws:kms` and `aws:kms:dsse` (two layers) use a KMS key.
    #[schemars(extend("enum" = ["AES256", "aws:kms", "aws:kms:dsse", "aws:fsx", "aws:backup"]))]
    pub sse_algorithm: String,
    /// Id, ARN or alias of the KMS key; left out, the AWS-managed key `aws/s3`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_master_key_id: Option<String>,
}

/// What uploads may not use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BlockedEncryptionTypes {
    /// `SSE-C` refuses keys that the client brings along; `NONE` refuses nothing.
    pub encryption_type: BTreeSet<String>,
}

impl Part for ServerSideEncryptionConfiguration {
    async fn get(cloud: &Cloud, bucket: &str) -> Result<Option<Self>> {
        let answer =
            cloud.s3().get_bucket_encryption().bucket(bucket).send().await.op("s3:GetBucketEncryption").unset()?;
        let encryption = answer.and_then(|answer| answer.server_side_encryption_configuration);
        Ok(encryption.map(|encryption| Self { rules: encryption.rules.into_iter().map(Into::into).collect() }))
    }

    async fn put(&self, cloud: &Cloud, bucket: &str) -> Result<()> {
        let encryption = self.sdk().op("s3:PutBucketEncryption")?;
        let call = cloud.s3().put_bucket_encryption().bucket(bucket);
        call.server_side_encryption_configuration(encryption).send().await.op("s3:PutBucketEncryption")?;
        Ok(())
    }
}

impl ServerSideEncryptionConfiguration {
    fn sdk(&self) -> Result<types::ServerSideEncryptionConfiguration, BuildError> {
        let rules: Result<_, BuildError> = self.rules.iter().map(ServerSideEncryptionRule::sdk).collect();
        types::ServerSideEncryptionConfiguration::builder().set_rules(Some(rules?)).build()
    }
}

impl From<types::ServerSideEncryptionRule> for ServerSideEncryptionRule {
    fn from(live: types::ServerSideEncryptionRule) -> Self {
        let by_default = live.apply_server_side_encryption_by_default;
        Self {
            apply_server_side_encryption_by_default: by_default.map(|by_default| ServerSideEncryptionByDefault {
                sse_algorithm: by_default.sse_algorithm.as_str().to_owned(),
                kms_master_key_id: by_default.kms_master_key_id,
            }),
            bucket_key_enabled: live.bucket_key_enabled,
            blocked_encryption_types: live.blocked_encryption_types.map(|blocked| BlockedEncryptionTypes {
                encryption_type: blocked.encryption_type.iter().flatten().map(|ty| ty.as_str().to_owned()).collect(),
            }),
        }
    }
}

impl ServerSideEncryptionRule {
    fn sdk(&self) -> Result<types::ServerSideEncryptionRule, BuildError> {
        let by_default = self.apply_server_side_encryption_by_default.as_ref().map(ServerSideEncryptionByDefault::sdk);
        Ok(types::ServerSideEncryptionRule::builder()
            .set_apply_server_side_encryption_by_default(by_default.transpose()?)
            .set_bucket_key_enabled(self.bucket_key_enabled)
            .set_blocked_encryption_types(self.blocked_encryption_types.as_ref().map(Into::into))
            .build())
    }
}

impl ServerSideEncryptionByDefault {
    fn sdk(&self) -> Result<types::ServerSideEncryptionByDefault, BuildError> {
        types::ServerSideEncryptionByDefault::builder()
            .sse_algorithm(ServerSideEncryption::from(self.sse_algorithm.as_str()))
            .set_kms_master_key_id(self.kms_master_key_id.clone())
            .build()
    }
}

impl From<&BlockedEncryptionTypes> for types::BlockedEncryptionTypes {
    fn from(blocked: &BlockedEncryptionTypes) -> Self {
        let types = blocked.encryption_type.iter().map(|ty| EncryptionType::from(ty.as_str())).collect();
        Self::builder().set_encryption_type(Some(types)).build()
    }
}
