//! A value that is never stored or shown.

use std::fmt;

use provision_core::driver::{Cause, CloudError};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};

/// A value that reaches AWS and nothing else: not state, plan, journal, log or error text.
///
/// In a spec it is a string. In the spec last applied it is only the keyed hash that
/// the state holds; a kind that can tell without reading it that the value is still
/// the one last applied (by a version id, say) answers with that hash.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(untagged)]
pub enum Secret {
    /// The value itself.
    Value(String),
    /// What the state holds of it.
    Hashed {
        /// The keyed hash.
        #[serde(rename = "$hash")]
        hash: String,
    },
}

impl Secret {
    /// The value, where it is known.
    pub fn value(&self) -> Option<&str> {
        match self {
            Self::Value(value) => Some(value),
            Self::Hashed { .. } => None,
        }
    }

    /// The value, for a call that cannot be made without it.
    ///
    /// # Errors
    /// When only the hash is known.
    pub fn known(&self, operation: &str) -> Result<&str, CloudError> {
        self.value().ok_or_else(|| {
            CloudError::new(
                Cause::Invalid,
                operation,
                "the secret value is not known here: only its hash is in the state",
            )
        })
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(sensitive)")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Value(String),
            Hashed {
                #[serde(rename = "$hash")]
                hash: String,
            },
        }
        Ok(match Form::deserialize(deserializer)? {
            Form::Value(value) => Self::Value(value),
            Form::Hashed { hash } => Self::Hashed { hash },
        })
    }
}

impl JsonSchema for Secret {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Secret".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "x-secret": true })
    }
}
