//! Values of the spec language: what YAML can say, and what is not known yet, and
//! what must not be shown.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::address::Address;
use crate::fact::Ask;
use crate::schema::{ObjectType, Type};

/// A value. Cloning is cheap: lists and maps are shared.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    String(Arc<str>),
    /// Values in order.
    List(Arc<Vec<Value>>),
    /// Values by key.
    Map(Arc<BTreeMap<String, Value>>),
    /// Not known before the resources it waits for are there.
    Unknown(Unknown),
    /// Never stored or shown.
    Secret(Secret),
}

/// One attribute of one resource: an output or a property.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Attribute {
    /// The resource.
    pub address: Address,
    /// The output or property; empty for all of the resource.
    pub name: String,
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name.as_str() {
            "" => write!(f, "{}", self.address),
            name => write!(f, "{}.{name}", self.address),
        }
    }
}

/// What an unknown value waits for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Awaited {
    /// An attribute of a resource that is not there yet.
    Attribute(Attribute),
    /// An answer of the cloud; shared, for most values await attributes, and those are small.
    Fact(Arc<Ask>),
}

/// A value that is not known yet, and what will tell it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Unknown {
    /// In order, none twice. Empty where the value comes from nothing in particular, such as a param that
    /// nobody gave.
    pub awaits: Arc<[Awaited]>,
    /// What it will be, as far as that is known.
    pub ty: Arc<Type>,
    /// Whether it will be a secret.
    pub is_secret: bool,
}

impl fmt::Display for Awaited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attribute(attribute) => write!(f, "{attribute}"),
            Self::Fact(ask) => match &**ask {
                Ask::Identity(_) => f.write_str("the caller's identity"),
                Ask::Zones(_) => f.write_str("the availability zones"),
                Ask::Lookup { kind, by, .. } => write!(f, "the {kind} with {by}"),
                Ask::Secret { arn, .. } => write!(f, "the secret {arn}"),
            },
        }
    }
}

impl Unknown {
    /// What nothing is known of but its type.
    pub fn of(ty: impl Into<Arc<Type>>) -> Self {
        Self { ty: ty.into(), ..Self::default() }
    }

    /// The object it will be, where it is known to be one.
    pub fn object(&self) -> Option<&ObjectType> {
        match &*self.ty {
            Type::Object(object) => Some(object),
            _ => None,
        }
    }
}

/// A value that is never stored or shown.
#[derive(Clone, PartialEq)]
pub enum Secret {
    /// The value itself, in memory only.
    Plain(Arc<Value>),
    /// What the state holds of it: a keyed hash.
    Hash(Arc<str>),
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(sensitive)")
    }
}

/// The key under which JSON holds a secret's hash.
const HASH_KEY: &str = "$hash";

impl Value {
    /// A string.
    pub fn string(text: impl Into<Arc<str>>) -> Self {
        Self::String(text.into())
    }

    /// A list.
    pub fn list(items: impl IntoIterator<Item = Self>) -> Self {
        Self::List(Arc::new(items.into_iter().collect()))
    }

    /// A map.
    pub fn map(entries: impl IntoIterator<Item = (String, Self)>) -> Self {
        Self::Map(Arc::new(entries.into_iter().collect()))
    }

    /// What will be known once `attribute` is, and will be a `ty`.
    pub fn unknown(attribute: Attribute, ty: impl Into<Arc<Type>>) -> Self {
        let ty = ty.into();
        let is_secret = ty.is_secret();
        Self::Unknown(Unknown { awaits: Arc::new([Awaited::Attribute(attribute)]), ty, is_secret })
    }

    /// This value, never to be stored or shown.
    #[must_use]
    pub fn into_secret(self) -> Self {
        match self {
            Self::Unknown(unknown) => Self::Unknown(Unknown { is_secret: true, ..unknown }),
            Self::Secret(_) | Self::Null => self,
            plain => Self::Secret(Secret::Plain(Arc::new(plain))),
        }
    }

    /// The string, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The map, if it is one.
    pub fn as_map(&self) -> Option<&BTreeMap<String, Self>> {
        match self {
            Self::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// What the value's type is called in messages.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Integer(_) => "integer",
            Self::Float(_) => "number",
            Self::String(_) => "string",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Unknown(_) => "unknown",
            Self::Secret(_) => "secret",
        }
    }

    /// Everything that must be known before the whole value is.
    pub fn awaits(&self) -> BTreeSet<Awaited> {
        let mut found = BTreeSet::new();
        self.visit(&mut |value| {
            if let Self::Unknown(unknown) = value {
                found.extend(unknown.awaits.iter().cloned());
            }
        });
        found
    }

    /// What the cloud must be asked before the whole value is known.
    pub fn asks(&self) -> BTreeSet<Ask> {
        let asks = self.awaits().into_iter().filter_map(|awaited| match awaited {
            Awaited::Fact(ask) => Some(Arc::unwrap_or_clone(ask)),
            Awaited::Attribute(_) => None,
        });
        asks.collect()
    }

    /// Whether nothing in it is unknown.
    pub fn is_known(&self) -> bool {
        let mut is_known = true;
        self.visit(&mut |value| is_known &= !matches!(value, Self::Unknown(_)));
        is_known
    }

    /// Whether anything in it must not be shown.
    pub fn has_secret(&self) -> bool {
        let mut has_secret = false;
        self.visit(&mut |value| {
            has_secret |= matches!(value, Self::Secret(_) | Self::Unknown(Unknown { is_secret: true, .. }));
        });
        has_secret
    }

    /// The texts inside its secrets, longest first: what must be cut out of any message.
    pub fn secret_texts(&self) -> Vec<Arc<str>> {
        let mut texts = Vec::new();
        self.visit(&mut |value| {
            if let Self::Secret(Secret::Plain(inner)) = value {
                inner.visit(&mut |inner| texts.extend(inner.to_text().filter(|text| !text.is_empty())));
            }
        });
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        texts
    }

    /// A scalar as text: a string as it is, a number or boolean as it is written.
    pub fn to_text(&self) -> Option<Arc<str>> {
        match self {
            Self::String(text) => Some(text.clone()),
            Self::Bool(value) => Some(value.to_string().into()),
            Self::Integer(number) => Some(number.to_string().into()),
            Self::Float(number) => Some(number.to_string().into()),
            _ => None,
        }
    }

    /// Calls `see` on the value and all values inside it, those of secrets left out.
    pub fn visit(&self, see: &mut impl FnMut(&Self)) {
        see(self);
        match self {
            Self::List(items) => items.iter().for_each(|item| item.visit(see)),
            Self::Map(entries) => entries.values().for_each(|value| value.visit(see)),
            _ => {}
        }
    }

    /// As JSON for a driver: secrets plain, hashes as the state holds them.
    /// `None` while anything is unknown.
    pub fn to_driver_json(&self) -> Option<Json> {
        self.to_json_with(&|secret| match secret {
            Secret::Plain(value) => value.to_driver_json(),
            Secret::Hash(hash) => Some(hash_json(hash)),
        })
    }

    /// As JSON with `seal` deciding what stands for a secret. `None` while anything is unknown.
    pub fn to_json_with(&self, seal: &impl Fn(&Secret) -> Option<Json>) -> Option<Json> {
        Some(match self {
            Self::Null => Json::Null,
            Self::Bool(value) => Json::Bool(*value),
            Self::Integer(value) => Json::from(*value),
            Self::Float(value) => Json::from(*value),
            Self::String(text) => Json::from(&**text),
            Self::List(items) => Json::Array(items.iter().map(|item| item.to_json_with(seal)).collect::<Option<_>>()?),
            Self::Map(entries) => Json::Object(
                entries
                    .iter()
                    .map(|(key, value)| Some((key.clone(), value.to_json_with(seal)?)))
                    .collect::<Option<_>>()?,
            ),
            Self::Unknown(_) => return None,
            Self::Secret(secret) => return seal(secret),
        })
    }
}

/// What the state holds in a secret's place.
pub fn hash_json(hash: &str) -> Json {
    Json::Object([(HASH_KEY.to_owned(), Json::from(hash))].into_iter().collect())
}

impl From<&Json> for Value {
    /// A map with nothing but `$hash` is what the state holds in a secret's place.
    fn from(json: &Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => match number.as_i64() {
                Some(value) => Self::Integer(value),
                None => Self::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            Json::String(text) => Self::string(text.as_str()),
            Json::Array(items) => Self::list(items.iter().map(Self::from)),
            Json::Object(entries) => match entries.get(HASH_KEY) {
                Some(Json::String(hash)) if entries.len() == 1 => Self::Secret(Secret::Hash(hash.as_str().into())),
                _ => Self::map(entries.iter().map(|(key, value)| (key.clone(), Self::from(value)))),
            },
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::string(text)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::string(text)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}
