//! The types of the spec language.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

/// The type of a value in a spec.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Type {
    /// Anything YAML can say.
    #[default]
    Any,
    /// `true` or `false`.
    Bool,
    /// A whole number, within bounds where there are any.
    Integer {
        /// Smallest allowed.
        min: Option<i64>,
        /// Largest allowed.
        max: Option<i64>,
    },
    /// Any number, within bounds where there are any.
    Number {
        /// Smallest allowed.
        min: Option<f64>,
        /// Largest allowed.
        max: Option<f64>,
    },
    /// A string.
    String(StringType),
    /// Values in an order that matters.
    List(Box<Type>),
    /// Values whose order does not matter.
    Set(Box<Type>),
    /// Values under keys of the user's choice.
    Map(Box<Type>),
    /// Values under keys the kind defines.
    Object(Arc<ObjectType>),
    /// An IAM policy document, compared by meaning.
    Policy,
    /// Any other JSON document, compared as JSON.
    Document,
}

/// What a string must look like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StringType {
    /// The only strings allowed; empty allows all.
    pub choices: Vec<String>,
    /// The notation it must be in.
    pub format: Option<Format>,
    /// A regular expression that must match somewhere in it.
    pub pattern: Option<Arc<str>>,
    /// The kind it must name when it is a reference.
    pub reference: Option<String>,
    /// Whether it is never stored or shown.
    pub secret: bool,
}

/// A notation a string must be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// An IPv4 range such as `10.0.0.0/16`.
    Cidr4,
    /// An IPv6 range such as `2001:db8::/56`.
    Cidr6,
}

/// The fields of an object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ObjectType {
    /// By name.
    pub fields: BTreeMap<String, Field>,
}

/// One field of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// What it holds.
    pub ty: Type,
    /// What it means, in Markdown.
    pub doc: String,
    /// Whether a spec must state it.
    pub required: bool,
    /// What it is when a spec leaves it out; `None` means it is not managed then.
    pub default: Option<Json>,
    /// Whether AWS cannot change it in place.
    pub replace: bool,
    /// Whether AWS never tells it again.
    pub write_only: bool,
    /// For an output: whether an update may change it.
    pub volatile: bool,
}

impl Field {
    /// A field every spec must state.
    pub fn required(ty: Type, doc: &str) -> Self {
        Self {
            ty,
            doc: doc.to_owned(),
            required: true,
            default: None,
            replace: false,
            write_only: false,
            volatile: false,
        }
    }
}

impl Type {
    /// A number without bounds.
    pub fn number() -> Self {
        Self::Number { min: None, max: None }
    }

    /// The type's name in messages.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Any => "any value",
            Self::Bool => "boolean",
            Self::Integer { .. } => "integer",
            Self::Number { .. } => "number",
            Self::String(_) => "string",
            Self::List(_) | Self::Set(_) => "list",
            Self::Map(_) => "map",
            Self::Object(_) => "object",
            Self::Policy => "policy document",
            Self::Document => "JSON document",
        }
    }

    /// Whether a value of this type is never stored or shown.
    pub fn is_secret(&self) -> bool {
        matches!(self, Self::String(string) if string.secret)
    }
}
