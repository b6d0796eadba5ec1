//! Too many requests of a kind.

use aws_sdk_wafv2::types;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fields::{Chosen, Fallback, TextTransformation};
use super::statements::{ForwardedIp, Nested};
use crate::shape::{shape, texts};

texts!(types::RateBasedStatementAggregateKeyType);

/// There are too many requests of a kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RateBased {
    /// How many are not too many.
    #[schemars(range(min = 10, max = 2_000_000_000))]
    pub limit: i64,
    /// In how many seconds: 60, 120, 300 (the default) or 600.
    #[serde(default = "five_minutes")]
    pub evaluation_window_sec: i64,
    /// What makes requests one of a kind: the address they come from, or that in a header, what
    /// `custom_keys` say, or nothing.
    #[schemars(extend("enum" = ["IP", "FORWARDED_IP", "CUSTOM_KEYS", "CONSTANT"]))]
    pub aggregate_key_type: String,
    /// What makes requests one of a kind, with `CUSTOM_KEYS`: up to five.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_keys: Option<Vec<CustomKey>>,
    /// The header that has the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forwarded_ip_config: Option<ForwardedIp>,
    /// Which requests count; all, if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope_down_statement: Option<Nested>,
}

fn five_minutes() -> i64 {
    300
}

shape!(RateBased: types::RateBasedStatement {
    limit = set_limit, evaluation_window_sec = set_evaluation_window_sec, aggregate_key_type = set_aggregate_key_type,
    custom_keys, forwarded_ip_config, scope_down_statement,
});

/// What makes requests one of a kind: exactly one of these. Where the API takes an empty structure,
/// `true` is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomKey {
    /// The address they come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<Chosen>,
    /// The address in the header of `forwarded_ip_config`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forwarded_ip: Option<Chosen>,
    /// The autonomous system they come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asn: Option<Chosen>,
    /// The method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_method: Option<Chosen>,
    /// A header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<NamedText>,
    /// A cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cookie: Option<NamedText>,
    /// An argument of the query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query_argument: Option<NamedText>,
    /// The query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query_string: Option<Text>,
    /// The path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri_path: Option<Text>,
    /// The labels of a namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_namespace: Option<Namespace>,
    /// The JA3 fingerprint of the client's TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ja3_fingerprint: Option<Fallback>,
    /// The JA4 fingerprint of the client's TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ja4_fingerprint: Option<Fallback>,
}

shape!(CustomKey: types::RateBasedStatementCustomKey {
    ip, forwarded_ip, asn, http_method, header, cookie, query_argument, query_string, uri_path, label_namespace,
    ja3_fingerprint, ja4_fingerprint,
});

/// A text that is named.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedText {
    /// Its name.
    pub name: String,
    /// What is done to it before.
    pub text_transformations: Vec<TextTransformation>,
}

shape!(NamedText: types::RateLimitHeader { name = set_name, text_transformations = set_text_transformations });
shape!(NamedText: types::RateLimitCookie { name = set_name, text_transformations = set_text_transformations });
shape!(NamedText: types::RateLimitQueryArgument { name = set_name, text_transformations = set_text_transformations });

/// A text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// What is done to it before.
    pub text_transformations: Vec<TextTransformation>,
}

shape!(Text: types::RateLimitQueryString { text_transformations = set_text_transformations });
shape!(Text: types::RateLimitUriPath { text_transformations = set_text_transformations });

/// The labels of a namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Namespace {
    /// The namespace, with a colon at the end.
    pub namespace: String,
}

shape!(Namespace: types::RateLimitLabelNamespace { namespace = set_namespace });
