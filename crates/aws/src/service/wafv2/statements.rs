//! What a rule asks of a request.
//!
//! Statements hold statements. The spec language has no type that holds itself, so they are typed to
//! the second level; what stands below that is held against the same types when a spec is checked.

use aws_sdk_wafv2::types;
use aws_smithy_types::Blob;
use aws_smithy_types::error::operation::BuildError;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::fields::{FieldToMatch, PreParseTextTransformation, TextTransformation};
use super::groups::{ManagedRuleGroup, RuleGroupReference};
use super::rates::RateBased;
use crate::shape::{Shape, shape, texts};

texts!(
    types::ComparisonOperator,
    types::CountryCode,
    types::ForwardedIpPosition,
    types::LabelMatchScope,
    types::PositionalConstraint,
    types::SensitivityLevel,
);

/// A statement and those it may hold.
macro_rules! statement {
    ($(#[$doc:meta])* $name:ident holds $below:ident { $($(#[$about:meta])* $own:ident: $type:ty,)* }) => {
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        $(#[$doc])*
        pub struct $name {
            $(
                $(#[$about])*
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $own: Option<$type>,
            )*
            /// A text is in some part of the request.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub byte_match_statement: Option<ByteMatch>,
            /// Some part of the request fits a regular expression.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub regex_match_statement: Option<RegexMatch>,
            /// Some part of the request fits one of a set of regular expressions.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub regex_pattern_set_reference_statement: Option<RegexPatternSet>,
            /// Some part of the request has a certain size.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub size_constraint_statement: Option<SizeConstraint>,
            /// Some part of the request looks like SQL.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub sqli_match_statement: Option<SqliMatch>,
            /// Some part of the request looks like a script.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub xss_match_statement: Option<XssMatch>,
            /// The request comes from some country.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub geo_match_statement: Option<GeoMatch>,
            /// The request comes from some autonomous system.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub asn_match_statement: Option<AsnMatch>,
            /// The request comes from one of a set of addresses.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub ip_set_reference_statement: Option<IpSetReference>,
            /// A rule before this one has put a label on the request.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub label_match_statement: Option<LabelMatch>,
            /// All of some statements hold.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub and_statement: Option<Several<$below>>,
            /// One of some statements holds.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub or_statement: Option<Several<$below>>,
            /// A statement does not hold.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub not_statement: Option<Negated<$below>>,
        }

        shape!($name: types::Statement {
            $($own,)*
            byte_match_statement, regex_match_statement, regex_pattern_set_reference_statement,
            size_constraint_statement, sqli_match_statement, xss_match_statement, geo_match_statement,
            asn_match_statement, ip_set_reference_statement, label_match_statement, and_statement, or_statement,
            not_statement,
        });

        impl $name {
            /// What is wrong with it or with a statement it holds.
            pub(crate) fn fault(&self) -> Option<String> {
                if stated(self) != 1 {
                    return Some("a statement is exactly one of the statements".to_owned());
                }
                let several = self.and_statement.iter().chain(&self.or_statement);
                let negated = self.not_statement.iter().map(|negated| &negated.statement);
                several.flat_map(|several| &several.statements).chain(negated).find_map($below::fault)
            }
        }
    };
}

/// How many of its properties a structure has.
fn stated(structure: &impl Serialize) -> usize {
    serde_json::to_value(structure).ok().and_then(|json| Some(json.as_object()?.len())).unwrap_or_default()
}

statement! {
    /// What a rule asks of a request: exactly one of these.
    Statement holds Nested {
        /// A rule group that AWS or a vendor maintains says so.
        managed_rule_group_statement: ManagedRuleGroup,
        /// A rule group of one's own says so.
        rule_group_reference_statement: RuleGroupReference,
        /// There are too many requests of a kind.
        rate_based_statement: RateBased,
    }
}

statement! {
    /// A statement inside another: exactly one of these.
    #[schemars(transform = RecursiveTransform(undocumented))]
    Nested holds Deeper {}
}

impl Statement {
    /// Whether what it says is what the rules of a group say.
    pub(crate) fn is_group(&self) -> bool {
        self.managed_rule_group_statement.is_some() || self.rule_group_reference_statement.is_some()
    }

    /// The statement that narrows it down.
    pub(crate) fn scope_down(&self) -> Option<&Nested> {
        let group = self.managed_rule_group_statement.as_ref().and_then(|group| group.scope_down_statement.as_ref());
        group.or_else(|| self.rate_based_statement.as_ref()?.scope_down_statement.as_ref())
    }
}

/// Each property is told of where it stands first.
fn undocumented(schema: &mut Schema) {
    schema.remove("description");
}

/// A statement below two others, as [`Nested`] has it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Deeper(Json);

impl JsonSchema for Deeper {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Deeper".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({})
    }
}

impl Deeper {
    fn nested(&self) -> serde_json::Result<Nested> {
        serde_json::from_value(self.0.clone())
    }

    fn fault(&self) -> Option<String> {
        match self.nested() {
            Ok(nested) => nested.fault(),
            Err(error) => Some(format!("a statement below two others: {error}")),
        }
    }
}

impl Shape<types::Statement> for Deeper {
    fn to_sdk(&self) -> Result<types::Statement, BuildError> {
        self.nested().map_err(BuildError::other)?.to_sdk()
    }

    fn from_sdk(sdk: types::Statement) -> Self {
        let nested: Nested = Shape::from_sdk(sdk);
        Self(serde_json::to_value(nested).unwrap_or_default())
    }
}

macro_rules! boxed {
    ($($name:ident),*) => {
        $(impl Shape<Box<types::Statement>> for $name {
            fn to_sdk(&self) -> Result<Box<types::Statement>, BuildError> {
                Shape::<types::Statement>::to_sdk(self).map(Box::new)
            }

            fn from_sdk(sdk: Box<types::Statement>) -> Self {
                Shape::<types::Statement>::from_sdk(*sdk)
            }
        })*
    };
}

boxed!(Nested, Deeper);

/// Statements, two or more.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Several<S> {
    /// The statements.
    pub statements: Vec<S>,
}

shape!(Several<Nested>: types::AndStatement { statements = set_statements });
shape!(Several<Nested>: types::OrStatement { statements = set_statements });
shape!(Several<Deeper>: types::AndStatement { statements = set_statements });
shape!(Several<Deeper>: types::OrStatement { statements = set_statements });

/// A statement that is not to hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Negated<S> {
    /// The statement.
    pub statement: S,
}

shape!(Negated<Nested>: types::NotStatement { statement(ours) });
shape!(Negated<Deeper>: types::NotStatement { statement(ours) });

impl Shape<Blob> for String {
    fn to_sdk(&self) -> Result<Blob, BuildError> {
        Ok(Blob::new(self.as_bytes()))
    }

    fn from_sdk(sdk: Blob) -> Self {
        Self::from_utf8_lossy(sdk.as_ref()).into_owned()
    }
}

/// A text is in some part of the request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ByteMatch {
    /// The text, up to 200 bytes.
    pub search_string: String,
    /// Where in it.
    #[schemars(extend("enum" = ["EXACTLY", "STARTS_WITH", "ENDS_WITH", "CONTAINS", "CONTAINS_WORD"]))]
    pub positional_constraint: String,
    /// Which part.
    pub field_to_match: FieldToMatch,
    /// What is done to that before.
    pub text_transformations: Vec<TextTransformation>,
    /// What is done to the query before it is taken apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pre_parse_text_transformations: Option<Vec<PreParseTextTransformation>>,
}

shape!(ByteMatch: types::ByteMatchStatement {
    search_string = set_search_string, positional_constraint = set_positional_constraint, field_to_match(ours),
    text_transformations = set_text_transformations, pre_parse_text_transformations,
});

/// Some part of the request fits a regular expression.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegexMatch {
    /// The expression, up to 512 characters.
    pub regex_string: String,
    /// Which part.
    pub field_to_match: FieldToMatch,
    /// What is done to that before.
    pub text_transformations: Vec<TextTransformation>,
    /// What is done to the query before it is taken apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pre_parse_text_transformations: Option<Vec<PreParseTextTransformation>>,
}

shape!(RegexMatch: types::RegexMatchStatement {
    regex_string = set_regex_string, field_to_match(ours), text_transformations = set_text_transformations,
    pre_parse_text_transformations,
});

/// Some part of the request fits one of a set of regular expressions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegexPatternSet {
    /// ARN of the set.
    pub arn: String,
    /// Which part.
    pub field_to_match: FieldToMatch,
    /// What is done to that before.
    pub text_transformations: Vec<TextTransformation>,
    /// What is done to the query before it is taken apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pre_parse_text_transformations: Option<Vec<PreParseTextTransformation>>,
}

shape!(RegexPatternSet: types::RegexPatternSetReferenceStatement {
    arn = set_arn, field_to_match(ours), text_transformations = set_text_transformations,
    pre_parse_text_transformations,
});

/// Some part of the request has a certain size.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SizeConstraint {
    /// How it is to the size: equal, not equal, at most, less, at least, more.
    #[schemars(extend("enum" = ["EQ", "NE", "LE", "LT", "GE", "GT"]))]
    pub comparison_operator: String,
    /// The size in bytes.
    #[schemars(range(min = 0))]
    pub size: i64,
    /// Which part.
    pub field_to_match: FieldToMatch,
    /// What is done to that before.
    pub text_transformations: Vec<TextTransformation>,
    /// What is done to the query before it is taken apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pre_parse_text_transformations: Option<Vec<PreParseTextTransformation>>,
}

shape!(SizeConstraint: types::SizeConstraintStatement {
    comparison_operator = set_comparison_operator, size = set_size, field_to_match(ours),
    text_transformations = set_text_transformations, pre_parse_text_transformations,
});

/// Some part of the request looks like SQL.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SqliMatch {
    /// Which part.
    pub field_to_match: FieldToMatch,
    /// What is done to that before.
    pub text_transformations: Vec<TextTransformation>,
    /// What is done to the query before it is taken apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pre_parse_text_transformations: Option<Vec<PreParseTextTransformation>>,
    /// How soon; `LOW` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["LOW", "HIGH"]))]
    pub sensitivity_level: Option<String>,
}

shape!(SqliMatch: types::SqliMatchStatement {
    field_to_match(ours), text_transformations = set_text_transformations, pre_parse_text_transformations,
    sensitivity_level,
});

/// Some part of the request looks like a script.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct XssMatch {
    /// Which part.
    pub field_to_match: FieldToMatch,
    /// What is done to that before.
    pub text_transformations: Vec<TextTransformation>,
    /// What is done to the query before it is taken apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pre_parse_text_transformations: Option<Vec<PreParseTextTransformation>>,
}

shape!(XssMatch: types::XssMatchStatement {
    field_to_match(ours), text_transformations = set_text_transformations, pre_parse_text_transformations,
});

/// The request comes from some country.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GeoMatch {
    /// Countries by two letters, such as `AT`.
    pub country_codes: Vec<String>,
    /// The header that has the address, in the place of the connection's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forwarded_ip_config: Option<ForwardedIp>,
}

shape!(GeoMatch: types::GeoMatchStatement { country_codes(ours), forwarded_ip_config });

/// The request comes from some autonomous system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AsnMatch {
    /// Numbers of the systems, up to 100.
    pub asn_list: Vec<i64>,
    /// The header that has the address, in the place of the connection's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forwarded_ip_config: Option<ForwardedIp>,
}

shape!(AsnMatch: types::AsnMatchStatement { asn_list = set_asn_list, forwarded_ip_config });

/// The header that has the address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForwardedIp {
    /// Its name, such as `X-Forwarded-For`.
    pub header_name: String,
    /// Whether it counts as a match where there is no such header or no address in it.
    #[schemars(extend("enum" = ["MATCH", "NO_MATCH"]))]
    pub fallback_behavior: String,
}

shape!(ForwardedIp: types::ForwardedIpConfig {
    header_name = set_header_name, fallback_behavior = set_fallback_behavior,
});

/// The request comes from one of a set of addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IpSetReference {
    /// ARN of the set.
    pub arn: String,
    /// The header that has the address, in the place of the connection's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_set_forwarded_ip_config: Option<IpSetForwardedIp>,
}

shape!(IpSetReference: types::IpSetReferenceStatement { arn = set_arn, ip_set_forwarded_ip_config });

/// The header that has the address, and which of those in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IpSetForwardedIp {
    /// Its name, such as `X-Forwarded-For`.
    pub header_name: String,
    /// Whether it counts as a match where there is no such header or no address in it.
    #[schemars(extend("enum" = ["MATCH", "NO_MATCH"]))]
    pub fallback_behavior: String,
    /// Which address.
    #[schemars(extend("enum" = ["FIRST", "LAST", "ANY"]))]
    pub position: String,
}

shape!(IpSetForwardedIp: types::IpSetForwardedIpConfig {
    header_name = set_header_name, fallback_behavior = set_fallback_behavior, position = set_position,
});

/// A rule before this one has put a label on the request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LabelMatch {
    /// Whether the key is a whole label or the namespace of some.
    #[schemars(extend("enum" = ["LABEL", "NAMESPACE"]))]
    pub scope: String,
    /// The label, or its namespace with a colon at the end.
    pub key: String,
}

shape!(LabelMatch: types::LabelMatchStatement { scope = set_scope, key = set_key });

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    type Outcome = Result<(), Box<dyn std::error::Error>>;

    fn statement(json: Json) -> serde_json::Result<Statement> {
        serde_json::from_value(json)
    }

    fn geo(country: &str) -> Json {
        json!({ "geo_match_statement": { "country_codes": [country] } })
    }

    #[test]
    fn statements_come_back_as_they_were() -> Outcome {
        let path = json!({
            "search_string": "/admin", "positional_constraint": "STARTS_WITH", "field_to_match": { "uri_path": true },
            "text_transformations": [{ "priority": 0, "type": "LOWERCASE" }],
        });
        for json in [
            json!({ "byte_match_statement": path }),
            json!({ "size_constraint_statement": {
                "comparison_operator": "GT", "size": 8192, "field_to_match": { "body": { "oversize_handling": "MATCH" } },
                "text_transformations": [{ "priority": 0, "type": "NONE" }],
            } }),
            json!({ "ip_set_reference_statement": { "arn": "a", "ip_set_forwarded_ip_config": {
                "header_name": "X-Forwarded-For", "fallback_behavior": "NO_MATCH", "position": "FIRST"
            } } }),
            json!({ "label_match_statement": { "scope": "NAMESPACE", "key": "awswaf:managed:" } }),
            json!({ "and_statement": { "statements": [
                { "byte_match_statement": path },
                { "not_statement": { "statement": { "or_statement": { "statements": [geo("AT"), geo("DE")] } } } },
            ] } }),
            json!({ "rate_based_statement": {
                "limit": 1000, "evaluation_window_sec": 300, "aggregate_key_type": "CUSTOM_KEYS",
                "custom_keys": [{ "ip": true }, { "header": {
                    "name": "X-Tenant", "text_transformations": [{ "priority": 0, "type": "NONE" }]
                } }],
                "scope_down_statement": { "not_statement": { "statement": geo("AT") } },
            } }),
            json!({ "managed_rule_group_statement": {
                "vendor_name": "AWS", "name": "AWSManagedRulesBotControlRuleSet",
                "rule_action_overrides": [{ "name": "SignalNonBrowserUserAgent", "action_to_use": {
                    "count": { "custom_request_handling": { "insert_headers": [] } }
                } }],
                "managed_rule_group_configs": [{ "aws_managed_rules_bot_control_rule_set": {
                    "inspection_level": "TARGETED", "enable_machine_learning": true
                } }],
            } }),
        ] {
            let stated = statement(json.clone())?;
            assert_eq!(stated.fault(), None);
            let live: Statement = Shape::from_sdk(stated.to_sdk()?);
            assert_eq!(serde_json::to_value(live)?, json);
        }
        Ok(())
    }

    #[test]
    fn what_is_wrong_is_told_however_deep_it_is() -> Outcome {
        let one = "a statement is exactly one of the statements";
        let both = json!({ "geo_match_statement": { "country_codes": [] }, "label_match_statement": {
            "scope": "LABEL", "key": "a"
        } });
        assert_eq!(statement(json!({}))?.fault().as_deref(), Some(one));
        assert_eq!(statement(both.clone())?.fault().as_deref(), Some(one));
        let below = |statement: Json| json!({ "not_statement": { "statement": { "not_statement": { "statement": statement } } } });
        assert_eq!(statement(below(geo("AT")))?.fault(), None);
        assert_eq!(statement(below(both))?.fault().as_deref(), Some(one));
        let misspelt = statement(below(json!({ "geo_statement": {} })))?.fault().unwrap_or_default();
        assert!(misspelt.contains("unknown field `geo_statement`"), "{misspelt}");
        Ok(())
    }

    #[test]
    fn what_is_chosen_is_true_or_left_out() {
        let refused = serde_json::from_value::<FieldToMatch>(json!({ "uri_path": false })).map_err(|e| e.to_string());
        assert_eq!(refused, Err("this is `true` or left out".to_owned()));
    }
}
