//! Which part of a request a statement looks at, and what is done to it before.

use aws_sdk_wafv2::types;
use aws_smithy_types::error::operation::BuildError;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::shape::{Shape, shape, texts};

/// What is chosen just by being named: `true`, where the API has an empty structure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Chosen;

impl Serialize for Chosen {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(true)
    }
}

impl<'de> Deserialize<'de> for Chosen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match bool::deserialize(deserializer)? {
            true => Ok(Self),
            false => Err(serde::de::Error::custom("this is `true` or left out")),
        }
    }
}

impl JsonSchema for Chosen {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Chosen".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "boolean" })
    }
}

macro_rules! chosen {
    ($($sdk:ident),* $(,)?) => {
        $(impl Shape<types::$sdk> for Chosen {
            fn to_sdk(&self) -> Result<types::$sdk, BuildError> {
                Ok(types::$sdk::builder().build())
            }

            fn from_sdk(_: types::$sdk) -> Self {
                Self
            }
        })*
    };
}

chosen!(
    All,
    AllQueryArguments,
    ChallengeJavascriptSdkInjectionConfig,
    Method,
    NoneAction,
    QueryString,
    RateLimitAsn,
    RateLimitForwardedIp,
    RateLimitHttpMethod,
    RateLimitIp,
    UriPath,
);

texts!(
    types::BodyParsingFallbackBehavior,
    types::FallbackBehavior,
    types::JsonMatchScope,
    types::MapMatchScope,
    types::OversizeHandling,
    types::PreParseTextTransformationType,
    types::TextTransformationType,
);

/// The part of a request that is looked at: exactly one. Where the API takes an empty structure,
/// `true` is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldToMatch {
    /// One header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub single_header: Option<Name>,
    /// Headers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Option<Headers>,
    /// The order of the headers' names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_order: Option<HeaderOrder>,
    /// Cookies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cookies: Option<Cookies>,
    /// One argument of the query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub single_query_argument: Option<Name>,
    /// All arguments of the query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub all_query_arguments: Option<Chosen>,
    /// The query as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query_string: Option<Chosen>,
    /// The path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri_path: Option<Chosen>,
    /// What stands behind `#`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri_fragment: Option<Fallback>,
    /// The method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<Chosen>,
    /// The body as plain text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Body>,
    /// The body as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json_body: Option<JsonBody>,
    /// The JA3 fingerprint of the client's TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ja3_fingerprint: Option<Fallback>,
    /// The JA4 fingerprint of the client's TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ja4_fingerprint: Option<Fallback>,
}

shape!(FieldToMatch: types::FieldToMatch {
    single_header, headers, header_order, cookies, single_query_argument, all_query_arguments, query_string, uri_path,
    uri_fragment, method, body, json_body, ja3_fingerprint, ja4_fingerprint,
});

/// What is named.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Name {
    /// Its name, in any case.
    pub name: String,
}

shape!(Name: types::SingleHeader { name = set_name });
shape!(Name: types::SingleQueryArgument { name = set_name });
shape!(Name: types::ExcludedRule { name = set_name });
shape!(Name: types::Label { name = set_name });

/// What holds where the request has none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fallback {
    /// Whether it counts as a match.
    #[schemars(extend("enum" = ["MATCH", "NO_MATCH"]))]
    pub fallback_behavior: String,
}

shape!(Fallback: types::Ja3Fingerprint { fallback_behavior = set_fallback_behavior });
shape!(Fallback: types::Ja4Fingerprint { fallback_behavior = set_fallback_behavior });
shape!(Fallback: types::RateLimitJa3Fingerprint { fallback_behavior = set_fallback_behavior });
shape!(Fallback: types::RateLimitJa4Fingerprint { fallback_behavior = set_fallback_behavior });
shape!(Fallback: types::UriFragment { fallback_behavior(ours) });

fn go_on() -> String {
    "CONTINUE".to_owned()
}

/// The body as plain text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// What holds where there is more than is looked at: whether the rest is passed over (`CONTINUE`),
    /// or it counts as a match or not.
    #[serde(default = "go_on")]
    #[schemars(extend("enum" = ["CONTINUE", "MATCH", "NO_MATCH"]))]
    pub oversize_handling: String,
}

impl Shape<types::Body> for Body {
    fn to_sdk(&self) -> Result<types::Body, BuildError> {
        Ok(types::Body::builder().oversize_handling(self.oversize_handling.to_sdk()?).build())
    }

    fn from_sdk(sdk: types::Body) -> Self {
        Self { oversize_handling: sdk.oversize_handling.map_or_else(go_on, Shape::from_sdk) }
    }
}

/// The body as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JsonBody {
    /// Which parts of it.
    pub match_pattern: JsonMatchPattern,
    /// Whether keys, values or both.
    #[schemars(extend("enum" = ["ALL", "KEY", "VALUE"]))]
    pub match_scope: String,
    /// What holds where it is no JSON; by default it is looked at up to where it is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["MATCH", "NO_MATCH", "EVALUATE_AS_STRING"]))]
    pub invalid_fallback_behavior: Option<String>,
    /// What holds where there is more than is looked at; `CONTINUE` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["CONTINUE", "MATCH", "NO_MATCH"]))]
    pub oversize_handling: Option<String>,
}

shape!(JsonBody: types::JsonBody {
    match_pattern(ours), match_scope = set_match_scope, invalid_fallback_behavior, oversize_handling,
});

/// Which parts of a JSON body: one of the two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JsonMatchPattern {
    /// All, with `true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub all: Option<Chosen>,
    /// JSON pointers, such as `/order/items/0`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub included_paths: Option<Vec<String>>,
}

shape!(JsonMatchPattern: types::JsonMatchPattern { all, included_paths });

/// Headers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Headers {
    /// Which of them.
    pub match_pattern: HeaderMatchPattern,
    /// Whether names, values or both.
    #[schemars(extend("enum" = ["ALL", "KEY", "VALUE"]))]
    pub match_scope: String,
    /// What holds where there is more than is looked at.
    #[schemars(extend("enum" = ["CONTINUE", "MATCH", "NO_MATCH"]))]
    pub oversize_handling: String,
}

shape!(Headers: types::Headers {
    match_pattern(ours), match_scope = set_match_scope, oversize_handling = set_oversize_handling,
});

/// Which headers: one of the three.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeaderMatchPattern {
    /// All, with `true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub all: Option<Chosen>,
    /// These.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub included_headers: Option<Vec<String>>,
    /// All but these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excluded_headers: Option<Vec<String>>,
}

shape!(HeaderMatchPattern: types::HeaderMatchPattern { all, included_headers, excluded_headers });

/// The order of the headers' names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeaderOrder {
    /// What holds where there are more than are looked at.
    #[schemars(extend("enum" = ["CONTINUE", "MATCH", "NO_MATCH"]))]
    pub oversize_handling: String,
}

shape!(HeaderOrder: types::HeaderOrder { oversize_handling = set_oversize_handling });

/// Cookies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cookies {
    /// Which of them.
    pub match_pattern: CookieMatchPattern,
    /// Whether names, values or both.
    #[schemars(extend("enum" = ["ALL", "KEY", "VALUE"]))]
    pub match_scope: String,
    /// What holds where there is more than is looked at.
    #[schemars(extend("enum" = ["CONTINUE", "MATCH", "NO_MATCH"]))]
    pub oversize_handling: String,
}

shape!(Cookies: types::Cookies {
    match_pattern(ours), match_scope = set_match_scope, oversize_handling = set_oversize_handling,
});

/// Which cookies: one of the three.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CookieMatchPattern {
    /// All, with `true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub all: Option<Chosen>,
    /// These.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub included_cookies: Option<Vec<String>>,
    /// All but these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excluded_cookies: Option<Vec<String>>,
}

shape!(CookieMatchPattern: types::CookieMatchPattern { all, included_cookies, excluded_cookies });

/// What is done to a text before it is looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextTransformation {
    /// Its turn among several, the lowest first.
    #[schemars(range(min = 0))]
    pub priority: i32,
    /// What is done, such as `LOWERCASE` or `URL_DECODE`; `NONE` for nothing. All are told in
    /// [TextTransformation](https://docs.aws.amazon.com/waf/latest/APIReference/API_TextTransformation.html).
    pub r#type: String,
}

shape!(TextTransformation: types::TextTransformation { priority = set_priority, r#type = set_type });

/// What is done to a query before it is taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PreParseTextTransformation {
    /// Its turn among several, the lowest first.
    #[schemars(range(min = 0))]
    pub priority: i32,
    /// What is done.
    #[schemars(extend("enum" = [
        "NONE", "URL_DECODE", "URL_DECODE_UNI", "REPLACE_SEMICOLONS_WITH_AMPERSANDS",
        "COMBINE_DUPLICATE_QUERY_ARGS_BY_COMMA"
    ]))]
    pub r#type: String,
}

shape!(PreParseTextTransformation: types::PreParseTextTransformation { priority = set_priority, r#type = set_type });
