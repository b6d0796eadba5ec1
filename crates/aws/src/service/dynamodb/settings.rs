//! What a table's changes and its encryption are like.

use aws_sdk_dynamodb::types::{self, SseStatus, SseType, StreamViewType, TableDescription};
use aws_smithy_types::error::operation::BuildError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::service::kms;

/// Whether changes of items can be followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StreamSpecification {
    /// Whether they can.
    pub stream_enabled: bool,
    /// What is told of a changed item: its key, how it is, how it was, or both.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"]))]
    pub stream_view_type: Option<String>,
}

/// The key that encrypts the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SseSpecification {
    /// Whether it is a key of KMS in the account; else it is one of DynamoDB's own.
    pub enabled: bool,
    /// Id or ARN of the key; left out, the AWS-managed key `aws/dynamodb`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_master_key_id: Option<String>,
}

impl StreamSpecification {
    /// No stream.
    pub(crate) fn off() -> Self {
        Self { stream_enabled: false, stream_view_type: None }
    }

    /// As the API takes it.
    ///
    /// # Errors
    /// Never: it says whether it is enabled.
    pub(crate) fn sdk(&self) -> Result<types::StreamSpecification, BuildError> {
        types::StreamSpecification::builder()
            .stream_enabled(self.stream_enabled)
            .set_stream_view_type(self.stream_view_type.as_deref().map(StreamViewType::from))
            .build()
    }

    /// As the API reports it.
    pub(crate) fn of(table: &TableDescription) -> Self {
        let stream = table.stream_specification().filter(|stream| stream.stream_enabled);
        stream.map_or_else(Self::off, |stream| Self {
            stream_enabled: true,
            stream_view_type: stream.stream_view_type().map(|view| view.as_str().to_owned()),
        })
    }
}

impl SseSpecification {
    /// As the API takes it.
    pub(crate) fn sdk(&self) -> types::SseSpecification {
        types::SseSpecification::builder()
            .enabled(self.enabled)
            .set_sse_type(self.enabled.then_some(SseType::Kms))
            .set_kms_master_key_id(self.kms_master_key_id.clone())
            .build()
    }

    /// As the API reports it, the key in the words of `stated`.
    pub(crate) fn of(table: &TableDescription, stated: Option<&Self>) -> Self {
        let told = table.sse_description();
        let status = told.and_then(|told| told.status());
        let enabled = matches!(status, Some(SseStatus::Enabled | SseStatus::Enabling | SseStatus::Updating));
        let key = told.and_then(|told| told.kms_master_key_arn()).filter(|_| enabled);
        let stated = stated.and_then(|stated| stated.kms_master_key_id.as_deref());
        Self { enabled, kms_master_key_id: key.map(|key| kms::as_stated(stated, key.to_owned())) }
    }

    /// Whether `live` is this; a key that is not stated may be any.
    pub(crate) fn is(&self, live: Option<&Self>) -> bool {
        let is_key = |live: &Self| self.kms_master_key_id.is_none() || self.kms_master_key_id == live.kms_master_key_id;
        live.is_some_and(|live| self.enabled == live.enabled && is_key(live))
    }
}
