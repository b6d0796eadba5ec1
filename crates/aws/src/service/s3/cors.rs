//! Which web pages may call the bucket from a browser.

use std::collections::BTreeSet;

use aws_sdk_s3::types;
use aws_smithy_types::error::operation::BuildError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Part, Unset};
use crate::cloud::Cloud;
use crate::error::Op;
use crate::kind::Result;

/// Which web pages may call the bucket from a browser.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CorsConfiguration {
    /// Up to 100 rules, of which the first that fits is used; none removes the configuration.
    pub cors_rules: Vec<CorsRule>,
}

/// What pages of some origins may do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CorsRule {
    /// A name of the rule, up to 255 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Request headers a page may send; `*` allows all.
    #[serde(default)]
    pub allowed_headers: BTreeSet<String>,
    /// Methods a page may use: `GET`, `PUT`, `HEAD`, `POST`, `DELETE`.
    pub allowed_methods: BTreeSet<String>,
    /// Origins of the pages, such as `https://*.example.org`; `*` allows all.
    pub allowed_origins: BTreeSet<String>,
    /// Response headers a page may read.
    #[serde(default)]
    pub expose_headers: BTreeSet<String>,
    /// Seconds for which a browser may remember the answer to its preflight request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age_seconds: Option<i32>,
}

impl Part for CorsConfiguration {
    fn nothing() -> Option<Self> {
        Some(Self::default())
    }

    async fn get(cloud: &Cloud, bucket: &str) -> Result<Option<Self>> {
        let answer = cloud.s3().get_bucket_cors().bucket(bucket).send().await.op("s3:GetBucketCors").unset()?;
        let rules = answer.and_then(|answer| answer.cors_rules);
        Ok(rules.map(|rules| Self { cors_rules: rules.into_iter().map(Into::into).collect() }))
    }

    async fn put(&self, cloud: &Cloud, bucket: &str) -> Result<()> {
        if self.cors_rules.is_empty() {
            cloud.s3().delete_bucket_cors().bucket(bucket).send().await.op("s3:DeleteBucketCors")?;
            return Ok(());
        }
        let call = cloud.s3().put_bucket_cors().bucket(bucket);
        let call = call.cors_configuration(self.sdk().op("s3:PutBucketCors")?);
        call.send().await.op("s3:PutBucketCors")?;
        Ok(())
    }
}

impl CorsConfiguration {
    fn sdk(&self) -> Result<types::CorsConfiguration, BuildError> {
        let rules: Result<_, BuildError> = self.cors_rules.iter().map(CorsRule::sdk).collect();
        types::CorsConfiguration::builder().set_cors_rules(Some(rules?)).build()
    }
}

impl From<types::CorsRule> for CorsRule {
    fn from(live: types::CorsRule) -> Self {
        Self {
            id: live.id,
            allowed_headers: live.allowed_headers.into_iter().flatten().collect(),
            allowed_methods: live.allowed_methods.into_iter().collect(),
            allowed_origins: live.allowed_origins.into_iter().collect(),
            expose_headers: live.expose_headers.into_iter().flatten().collect(),
            max_age_seconds: live.max_age_seconds,
        }
    }
}

impl CorsRule {
    fn sdk(&self) -> Result<types::CorsRule, BuildError> {
        let list = |set: &BTreeSet<String>| Some(set.iter().cloned().collect::<Vec<_>>());
        types::CorsRule::builder()
            .set_id(self.id.clone())
            .set_allowed_headers(list(&self.allowed_headers).filter(|headers| !headers.is_empty()))
            .set_allowed_methods(list(&self.allowed_methods))
            .set_allowed_origins(list(&self.allowed_origins))
            .set_expose_headers(list(&self.expose_headers).filter(|headers| !headers.is_empty()))
            .set_max_age_seconds(self.max_age_seconds)
            .build()
    }
}
