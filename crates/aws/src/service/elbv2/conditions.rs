//! Which requests a rule is for, and how it rewrites them.

use std::collections::BTreeSet;

use aws_sdk_elasticloadbalancingv2::types;
use provision_core::schema::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kind::fault;
use crate::shape::{shape, texts};

texts!(types::SourceIpAddressTypeEnum, types::TransformTypeEnum);

/// One thing that is asked of a request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// What is looked at; the configuration of that name says what it has to be.
    #[schemars(extend("enum" = [
        "host-header", "path-pattern", "http-header", "http-request-method", "query-string", "source-ip"
    ]))]
    pub field: String,
    /// The one value of a `host-header` or `path-pattern`, in the place of its configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<BTreeSet<String>>,
    /// Host names of a `host-header`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_header_config: Option<Patterns>,
    /// Paths of a `path-pattern`, without the query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_pattern_config: Option<Patterns>,
    /// Header of an `http-header`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_header_config: Option<HttpHeader>,
    /// Methods of an `http-request-method`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_request_method_config: Option<Methods>,
    /// Parameters of a `query-string`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query_string_config: Option<QueryString>,
    /// Addresses of a `source-ip`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_ip_config: Option<SourceIp>,
}

shape!(Condition: types::RuleCondition {
    field(ours), values, host_header_config, path_pattern_config, http_header_config, http_request_method_config,
    query_string_config, source_ip_config,
});

/// Texts, any of which fits. `*` stands for any letters and `?` for one.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Patterns {
    /// Texts of up to 128 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<BTreeSet<String>>,
    /// Regular expressions of up to 128 characters, in their place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regex_values: Option<BTreeSet<String>>,
}

shape!(Patterns: types::HostHeaderConditionConfig { values, regex_values });
shape!(Patterns: types::PathPatternConditionConfig { values, regex_values });

/// A header and what it may say.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpHeader {
    /// Name of the header, up to 40 characters; not `Host`.
    pub http_header_name: String,
    /// Texts of up to 128 characters, any of which fits. `*` stands for any letters and `?` for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<BTreeSet<String>>,
    /// Regular expressions of up to 128 characters, in their place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regex_values: Option<BTreeSet<String>>,
}

shape!(HttpHeader: types::HttpHeaderConditionConfig { http_header_name(ours), values, regex_values });

/// HTTP methods.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Methods {
    /// Such as `GET`.
    pub values: BTreeSet<String>,
}

shape!(Methods: types::HttpRequestMethodConditionConfig { values(ours) });

/// Parameters of the query.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QueryString {
    /// Any of which fits.
    pub values: BTreeSet<QueryPair>,
}

shape!(QueryString: types::QueryStringConditionConfig { values(ours) });

/// A parameter of the query. `*` stands for any letters and `?` for one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QueryPair {
    /// Its name; left out, any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Its value.
    pub value: String,
}

shape!(QueryPair: types::QueryStringKeyValuePair { key, value(ours) });

/// Where a request comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceIp {
    /// Ranges of addresses, up to five. Application load balancers only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<BTreeSet<String>>,
    /// Version of the address. Network load balancers only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["ipv4", "ipv6"]))]
    pub ip_address_type: Option<String>,
}

shape!(SourceIp: types::SourceIpConditionConfig { values, ip_address_type });

/// How a request is rewritten before it goes to its target.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Transform {
    /// What is rewritten; the configuration of that name says how.
    #[schemars(extend("enum" = ["host-header-rewrite", "url-rewrite"]))]
    pub r#type: String,
    /// How the `Host` header is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_header_rewrite_config: Option<Rewrites>,
    /// How the URL is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url_rewrite_config: Option<Rewrites>,
}

shape!(Transform: types::RuleTransform { r#type(ours), host_header_rewrite_config, url_rewrite_config });

/// What is replaced.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rewrites {
    /// One of them.
    pub rewrites: Vec<Rewrite>,
}

shape!(Rewrites: types::HostHeaderRewriteConfig { rewrites(ours) });
shape!(Rewrites: types::UrlRewriteConfig { rewrites(ours) });

/// What is replaced by what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rewrite {
    /// Regular expression of up to 1,024 characters.
    pub regex: String,
    /// What takes the place of what it fits; `$1` stands for its first group.
    pub replace: String,
}

shape!(Rewrite: types::RewriteConfig { regex(ours), replace(ours) });

/// What AWS asks of conditions.
pub(crate) fn check(conditions: &BTreeSet<Condition>) -> Vec<FieldError> {
    conditions.iter().filter_map(Condition::check).collect()
}

impl Condition {
    fn check(&self) -> Option<FieldError> {
        let parts = [
            ("host-header", "host_header_config", self.host_header_config.is_some()),
            ("path-pattern", "path_pattern_config", self.path_pattern_config.is_some()),
            ("http-header", "http_header_config", self.http_header_config.is_some()),
            ("http-request-method", "http_request_method_config", self.http_request_method_config.is_some()),
            ("query-string", "query_string_config", self.query_string_config.is_some()),
            ("source-ip", "source_ip_config", self.source_ip_config.is_some()),
        ];
        let field = &self.field;
        let stray = parts.iter().find(|(of, _, is_stated)| *is_stated && of != field);
        let own = parts.iter().find(|(of, ..)| of == field)?;
        let may_be_short = matches!(field.as_str(), "host-header" | "path-pattern");
        let message = match (stray, own.2, self.values.is_some()) {
            (Some((_, part, _)), ..) => format!("a condition on `{field}` has no `{part}`"),
            (None, true, true) => format!("a condition states `values` or `{}`, not both", own.1),
            (None, false, true) if !may_be_short => format!("a condition on `{field}` states `{}`", own.1),
            (None, false, false) => format!("a condition on `{field}` needs `{}`", own.1),
            _ => return None,
        };
        Some(fault("conditions", message))
    }

    /// As AWS reports it, with hosts and paths in both forms: a spec states either.
    pub(crate) fn in_both_forms(mut self) -> Self {
        let short = self.values.take().filter(|values| !values.is_empty());
        let long = match self.field.as_str() {
            "host-header" => &mut self.host_header_config,
            "path-pattern" => &mut self.path_pattern_config,
            _ => return self,
        };
        let values = || short.clone().map(|values| Patterns { values: Some(values), regex_values: None });
        *long = long.take().or_else(values);
        self.values = short.or_else(|| long.as_ref()?.values.clone());
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::shape::Shape;

    type Outcome = Result<(), Box<dyn std::error::Error>>;

    fn condition(json: Json) -> serde_json::Result<Condition> {
        serde_json::from_value(json)
    }

    #[test]
    fn conditions_come_back_as_they_were() -> Outcome {
        for json in [
            json!({ "field": "http-header", "http_header_config": {
                "http_header_name": "User-Agent", "values": ["*Chrome*"]
            } }),
            json!({ "field": "http-request-method", "http_request_method_config": { "values": ["GET", "HEAD"] } }),
            json!({ "field": "query-string", "query_string_config": {
                "values": [{ "value": "v2" }, { "key": "version", "value": "v1" }]
            } }),
            json!({ "field": "source-ip", "source_ip_config": { "values": ["192.0.2.0/24"] } }),
            json!({ "field": "host-header", "host_header_config": { "regex_values": ["^a[.]example[.]org$"] } }),
        ] {
            let stated = condition(json)?;
            assert_eq!(stated.check(), None);
            let live: Condition = Shape::from_sdk(stated.to_sdk()?);
            assert_eq!(live, stated);
        }
        Ok(())
    }

    #[test]
    fn hosts_and_paths_are_told_in_both_forms() -> serde_json::Result<()> {
        let short = condition(json!({ "field": "path-pattern", "values": ["/api/*"] }))?;
        let long = condition(json!({ "field": "path-pattern", "path_pattern_config": { "values": ["/api/*"] } }))?;
        let live = short.clone().in_both_forms();
        assert_eq!(live, long.clone().in_both_forms());
        assert_eq!((&live.values, &live.path_pattern_config), (&short.values, &long.path_pattern_config));
        assert_eq!(live.host_header_config, None);
        Ok(())
    }

    #[test]
    fn transforms_come_back_as_they_were() -> Outcome {
        let rewrites = json!({ "rewrites": [{ "regex": "^/v1/(.*)$", "replace": "/$1" }] });
        let stated: Transform =
            serde_json::from_value(json!({ "type": "url-rewrite", "url_rewrite_config": rewrites }))?;
        let live: Transform = Shape::from_sdk(stated.to_sdk()?);
        assert_eq!(live, stated);
        Ok(())
    }

    #[test]
    fn what_a_condition_needs_depends_on_its_field() -> serde_json::Result<()> {
        for (json, message) in [
            (json!({ "field": "source-ip" }), "a condition on `source-ip` needs `source_ip_config`"),
            (
                json!({ "field": "source-ip", "values": ["192.0.2.0/24"] }),
                "a condition on `source-ip` states `source_ip_config`",
            ),
            (
                json!({ "field": "source-ip", "http_request_method_config": { "values": ["GET"] } }),
                "a condition on `source-ip` has no `http_request_method_config`",
            ),
            (
                json!({ "field": "host-header", "values": ["a.b"], "host_header_config": { "values": ["a.b"] } }),
                "a condition states `values` or `host_header_config`, not both",
            ),
        ] {
            let told = condition(json)?.check().map(|error| error.message);
            assert_eq!(told.as_deref(), Some(message));
        }
        Ok(())
    }
}
