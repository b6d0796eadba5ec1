//! JSON documents that AWS takes as strings and gives back rewritten.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value as Json;

macro_rules! document {
    ($(#[$doc:meta])* $name:ident, $extension:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
        #[serde(transparent)]
        pub struct $name(Json);

        impl $name {
            /// The document AWS reports; text that is no JSON is kept as a string.
            pub fn from_live(text: &str) -> Self {
                Self(parse(text))
            }

            /// Whether it says nothing, which is how a spec asks for there to be none.
            pub fn is_empty(&self) -> bool {
                match &self.0 {
                    Json::Null => true,
                    Json::Object(fields) => fields.is_empty(),
                    Json::String(text) => text.is_empty(),
                    _ => false,
                }
            }

            /// The text AWS takes.
            pub fn to_text(&self) -> String {
                self.0.to_string()
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Ok(match Json::deserialize(deserializer)? {
                    Json::String(text) => Self(parse(&text)),
                    json => Self(json),
                })
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": ["object", "string"], $extension: true })
            }
        }
    };
}

document! {
    /// An IAM policy: written as YAML or as a string of JSON, compared by meaning.
    PolicyDocument, "x-policy"
}

document! {
    /// A JSON document of some other shape, compared as JSON.
    Document, "x-document"
}

fn parse(text: &str) -> Json {
    serde_json::from_str(text).unwrap_or_else(|_| Json::String(text.to_owned()))
}
