//! The bucket as a static website.

use aws_sdk_s3::operation::get_bucket_website::GetBucketWebsiteOutput;
use aws_sdk_s3::types::{self, Protocol};
use aws_smithy_types::error::operation::BuildError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Part, Unset, on};
use crate::cloud::Cloud;
use crate::error::Op;
use crate::kind::Result;

/// The bucket as a static website: `index_document` or `redirect_all_requests_to`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebsiteConfiguration {
    /// Whether there is a website at all; with `false` nothing else need be stated.
    #[serde(default = "on")]
    pub enabled: bool,
    /// What a folder shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index_document: Option<IndexDocument>,
    /// What a request shows that cannot be answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_document: Option<ErrorDocument>,
    /// Another host, which gets all requests instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_all_requests_to: Option<RedirectAllRequestsTo>,
    /// Redirections, of which the first that fits is used; up to 50.
    #[serde(default)]
    pub routing_rules: Vec<RoutingRule>,
}

/// What a folder shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IndexDocument {
    /// Appended to the folder's name, such as `index.html`.
    pub suffix: String,
}

/// What a request shows that cannot be answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErrorDocument {
    /// Key of the object, such as `404.html`.
    pub key: String,
}

/// Another host, which gets all requests instead.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RedirectAllRequestsTo {
    /// The host.
    pub host_name: String,
    /// The protocol; left out, that of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["http", "https"]))]
    pub protocol: Option<String>,
}

/// A redirection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoutingRule {
    /// Which requests it is for; left out, all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
    /// Where they go.
    pub redirect: Redirect,
}

/// Which requests a redirection is for; both must hold where both are stated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The status the request would be answered with, such as `404`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_error_code_returned_equals: Option<String>,
    /// What the key begins with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_prefix_equals: Option<String>,
}

/// Where redirected requests go; what is left out stays as requested.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Redirect {
    /// The host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_name: Option<String>,
    /// The status of the redirection, such as `301`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_redirect_code: Option<String>,
    /// The protocol.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["http", "https"]))]
    pub protocol: Option<String>,
    /// What replaces the prefix that `condition` names. Not with `replace_key_with`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replace_key_prefix_with: Option<String>,
    /// What replaces the whole key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replace_key_with: Option<String>,
}

impl Part for WebsiteConfiguration {
    fn nothing() -> Option<Self> {
        Some(Self {
            enabled: false,
            index_document: None,
            error_document: None,
            redirect_all_requests_to: None,
            routing_rules: Vec::new(),
        })
    }

    async fn get(cloud: &Cloud, bucket: &str) -> Result<Option<Self>> {
        let answer = cloud.s3().get_bucket_website().bucket(bucket).send().await.op("s3:GetBucketWebsite").unset()?;
        Ok(answer.map(Self::from))
    }

    async fn put(&self, cloud: &Cloud, bucket: &str) -> Result<()> {
        if !self.enabled {
            cloud.s3().delete_bucket_website().bucket(bucket).send().await.op("s3:DeleteBucketWebsite")?;
            return Ok(());
        }
        let call = cloud.s3().put_bucket_website().bucket(bucket);
        let call = call.website_configuration(self.sdk().op("s3:PutBucketWebsite")?);
        call.send().await.op("s3:PutBucketWebsite")?;
        Ok(())
    }
}

impl From<GetBucketWebsiteOutput> for WebsiteConfiguration {
    fn from(live: GetBucketWebsiteOutput) -> Self {
        Self {
            enabled: true,
            index_document: live.index_document.map(|index| IndexDocument { suffix: index.suffix }),
            error_document: live.error_document.map(|error| ErrorDocument { key: error.key }),
            redirect_all_requests_to: live.redirect_all_requests_to.map(|redirect| RedirectAllRequestsTo {
                host_name: redirect.host_name,
                protocol: redirect.protocol.map(|protocol| protocol.as_str().to_owned()),
            }),
            routing_rules: live.routing_rules.into_iter().flatten().filter_map(RoutingRule::from_live).collect(),
        }
    }
}

impl WebsiteConfiguration {
    fn sdk(&self) -> Result<types::WebsiteConfiguration, BuildError> {
        let index = self.index_document.as_ref();
        let index = index.map(|index| types::IndexDocument::builder().suffix(&index.suffix).build());
        let error = self.error_document.as_ref();
        let error = error.map(|error| types::ErrorDocument::builder().key(&error.key).build());
        let rules: Vec<_> = self.routing_rules.iter().map(RoutingRule::sdk).collect();
        Ok(types::WebsiteConfiguration::builder()
            .set_index_document(index.transpose()?)
            .set_error_document(error.transpose()?)
            .set_redirect_all_requests_to(
                self.redirect_all_requests_to.as_ref().map(RedirectAllRequestsTo::sdk).transpose()?,
            )
            .set_routing_rules(Some(rules).filter(|rules| !rules.is_empty()))
            .build())
    }
}

fn protocol(name: Option<&String>) -> Option<Protocol> {
    name.map(|name| Protocol::from(name.as_str()))
}

impl RedirectAllRequestsTo {
    fn sdk(&self) -> Result<types::RedirectAllRequestsTo, BuildError> {
        types::RedirectAllRequestsTo::builder()
            .host_name(&self.host_name)
            .set_protocol(protocol(self.protocol.as_ref()))
            .build()
    }
}

impl RoutingRule {
    fn from_live(live: types::RoutingRule) -> Option<Self> {
        let redirect = live.redirect?;
        Some(Self {
            condition: live.condition.map(|condition| Condition {
                http_error_code_returned_equals: condition.http_error_code_returned_equals,
                key_prefix_equals: condition.key_prefix_equals,
            }),
            redirect: Redirect {
                host_name: redirect.host_name,
                http_redirect_code: redirect.http_redirect_code,
                protocol: redirect.protocol.map(|protocol| protocol.as_str().to_owned()),
                replace_key_prefix_with: redirect.replace_key_prefix_with,
                replace_key_with: redirect.replace_key_with,
            },
        })
    }

    fn sdk(&self) -> types::RoutingRule {
        let condition = self.condition.as_ref().map(|condition| {
            types::Condition::builder()
                .set_http_error_code_returned_equals(condition.http_error_code_returned_equals.clone())
                .set_key_prefix_equals(condition.key_prefix_equals.clone())
                .build()
        });
        let redirect = types::Redirect::builder()
            .set_host_name(self.redirect.host_name.clone())
            .set_http_redirect_code(self.redirect.http_redirect_code.clone())
            .set_protocol(protocol(self.redirect.protocol.as_ref()))
            .set_replace_key_prefix_with(self.redirect.replace_key_prefix_with.clone())
            .set_replace_key_with(self.redirect.replace_key_with.clone())
            .build();
        types::RoutingRule::builder().set_condition(condition).redirect(redirect).build()
    }
}
