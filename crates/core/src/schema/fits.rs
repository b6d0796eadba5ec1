//! What types have to do with each other: the type of a value, what two types have in
//! common, and whether what is of one can be what another wants.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::types::{Field, ObjectType, StringType, Type};
use crate::value::{Secret, Value};

/// How many parts of a value its type tells; the rest may be anything. Bounds what types
/// cost, however large the values.
const MAX_PARTS: usize = 1_000;

impl Type {
    /// A string of which nothing more is known.
    pub fn string() -> Self {
        Self::String(StringType::default())
    }

    /// A whole number without bounds.
    pub const fn integer() -> Self {
        Self::Integer { min: None, max: None }
    }

    /// The type of `value`. Null is of every type, so it tells nothing.
    pub fn of(value: &Value) -> Self {
        match value {
            Value::Unknown(unknown) => (*unknown.ty).clone(),
            known => Parts { left: MAX_PARTS }.type_of(known),
        }
    }

    /// What the items of a list are; `None` if it is none.
    pub fn item(&self) -> Option<&Self> {
        match self {
            Self::List(inner) | Self::Set(inner) => Some(inner),
            Self::Any | Self::Document => Some(&Self::Any),
            _ => None,
        }
    }

    /// What the values of a map are; `None` if it is none.
    pub fn entry(&self) -> Option<Self> {
        match self {
            Self::Map(inner) => Some((**inner).clone()),
            Self::Object(object) => Some(object.common()),
            Self::Any | Self::Policy | Self::Document => Some(Self::Any),
            _ => None,
        }
    }

    /// Whether any part of such a value is never stored or shown.
    pub fn holds_secret(&self) -> bool {
        match self {
            Self::String(string) => string.secret,
            Self::List(inner) | Self::Set(inner) | Self::Map(inner) => inner.holds_secret(),
            Self::Object(object) => object.fields.values().any(|field| field.ty.holds_secret()),
            _ => false,
        }
    }

    /// Whether any part of it may be anything.
    pub fn is_open(&self) -> bool {
        match self {
            Self::Any => true,
            Self::List(inner) | Self::Set(inner) | Self::Map(inner) => inner.is_open(),
            Self::Object(object) => object.fields.values().any(|field| field.ty.is_open()),
            _ => false,
        }
    }

    /// The narrowest type that has all values of both.
    #[must_use]
    pub fn join(&self, other: &Self) -> Self {
        match (self, other) {
            (left, right) if left == right => left.clone(),
            (Self::Integer { .. }, Self::Integer { .. }) => Self::integer(),
            (Self::Integer { .. } | Self::Number { .. }, Self::Integer { .. } | Self::Number { .. }) => Self::number(),
            (Self::String(left), Self::String(right)) => Self::String(left.join(right)),
            (Self::List(left) | Self::Set(left), Self::List(right) | Self::Set(right)) => {
                Self::List(Box::new(left.join(right)))
            }
            (Self::Object(left), Self::Object(right)) if left.fields.keys().eq(right.fields.keys()) => {
                Self::Object(Arc::new(left.join(right)))
            }
            (Self::Map(_) | Self::Object(_), Self::Map(_) | Self::Object(_)) => {
                let entries = self.entry().unwrap_or_default().join(&other.entry().unwrap_or_default());
                Self::Map(Box::new(entries))
            }
            _ => Self::Any,
        }
    }

    /// What is of this type once it is where `wanted` is wanted, which it fits.
    #[must_use]
    pub fn conformed(&self, wanted: &Self) -> Self {
        match (self, wanted) {
            (_, Self::Any) => self.clone(),
            (Self::String(given), Self::String(wanted)) => Self::String(given.conformed(wanted)),
            (Self::List(given) | Self::Set(given), Self::List(wanted)) => Self::List(Box::new(given.conformed(wanted))),
            (Self::List(given) | Self::Set(given), Self::Set(wanted)) => Self::Set(Box::new(given.conformed(wanted))),
            (Self::Map(given), Self::Map(wanted)) => Self::Map(Box::new(given.conformed(wanted))),
            _ => wanted.clone(),
        }
    }

    /// The type in a sentence, without its article: `list of strings`.
    pub fn shown(&self) -> String {
        self.shown_as("")
    }

    /// The type in a sentence, with its article: `a list of strings`.
    pub fn with_article(&self) -> String {
        super::with_article(&self.shown())
    }

    fn shown_as(&self, plural: &str) -> String {
        match self {
            Self::List(inner) | Self::Set(inner) if **inner != Self::Any => {
                format!("list{plural} of {}", inner.shown_as("s"))
            }
            Self::Map(inner) if **inner != Self::Any => format!("map{plural} of {}", inner.shown_as("s")),
            _ => self.name().to_owned() + plural,
        }
    }

    /// Whether a value of this type may be what `wanted` is. What [`conform`](super::conform)
    /// turns into one counts, and nothing rests on a value being null or not.
    pub fn can_feed(&self, wanted: &Self) -> bool {
        match (self, wanted) {
            (Self::Any, _) | (_, Self::Any) => true,
            (Self::Policy, other) | (other, Self::Policy) => {
                matches!(other, Self::Policy | Self::Document | Self::String(_) | Self::Map(_) | Self::Object(_))
            }
            (Self::Document, other) | (other, Self::Document) => {
                !matches!(other, Self::Bool | Self::Integer { .. } | Self::Number { .. })
            }
            (Self::Bool, Self::Bool) => true,
            (Self::String(given), Self::Bool) => given.may_be(&["true", "false"]),
            (Self::String(given), Self::Integer { .. }) => {
                given.choices.is_empty() || given.choices.iter().any(|choice| choice.parse::<i64>().is_ok())
            }
            (Self::Integer { .. } | Self::Number { .. }, Self::Integer { .. } | Self::Number { .. }) => true,
            (Self::String(given), Self::String(wanted)) => given.can_feed(wanted),
            (Self::Bool | Self::Integer { .. } | Self::Number { .. }, Self::String(_)) => true,
            (Self::List(given) | Self::Set(given), Self::List(wanted) | Self::Set(wanted)) => given.can_feed(wanted),
            (Self::Map(given), Self::Map(wanted)) => given.can_feed(wanted),
            (Self::Object(given), Self::Map(wanted)) => {
                given.fields.values().all(|field| !field.required || field.ty.can_feed(wanted))
            }
            (Self::Map(_), Self::Object(_)) => true,
            (Self::Object(given), Self::Object(wanted)) => given.can_feed(wanted),
            _ => false,
        }
    }

    /// How many parts it has, at most `most`.
    fn parts(&self, most: usize) -> usize {
        let inner = match self {
            Self::List(inner) | Self::Set(inner) | Self::Map(inner) => inner.parts(most.saturating_sub(1)),
            Self::Object(object) => object.fields.values().fold(0, |sum: usize, field| match most > sum {
                true => sum + field.ty.parts(most - sum),
                false => sum,
            }),
            _ => 0,
        };
        inner + 1
    }
}

impl StringType {
    fn join(&self, other: &Self) -> Self {
        let choices = match self.choices.is_empty() || other.choices.is_empty() {
            true => Vec::new(),
            false => {
                let more = other.choices.iter().filter(|choice| !self.choices.contains(choice));
                self.choices.iter().chain(more).cloned().collect()
            }
        };
        Self {
            choices,
            format: self.format.filter(|format| other.format == Some(*format)),
            pattern: self.pattern.clone().filter(|pattern| other.pattern.as_ref() == Some(pattern)),
            reference: self.reference.clone().filter(|kind| other.reference.as_ref() == Some(kind)),
            secret: self.secret || other.secret,
        }
    }

    fn conformed(&self, wanted: &Self) -> Self {
        let choices = if wanted.choices.is_empty() { &self.choices } else { &wanted.choices };
        Self {
            choices: choices.clone(),
            format: wanted.format.or(self.format),
            pattern: wanted.pattern.clone().or_else(|| self.pattern.clone()),
            reference: self.reference.clone().or_else(|| wanted.reference.clone()),
            secret: self.secret || wanted.secret,
        }
    }

    fn can_feed(&self, wanted: &Self) -> bool {
        let same_kind = match (&self.reference, &wanted.reference) {
            (Some(given), Some(wanted)) => given == wanted,
            _ => true,
        };
        let choices: Vec<&str> = wanted.choices.iter().map(String::as_str).collect();
        same_kind && (choices.is_empty() || self.may_be(&choices))
    }

    fn may_be(&self, texts: &[&str]) -> bool {
        self.choices.is_empty() || self.choices.iter().any(|choice| texts.contains(&choice.as_str()))
    }
}

impl ObjectType {
    /// The narrowest type that has the values of all fields.
    fn common(&self) -> Type {
        joined(self.fields.values().map(|field| field.ty.clone()))
    }

    fn join(&self, other: &Self) -> Self {
        let pairs = self.fields.iter().zip(other.fields.values());
        let fields = pairs.map(|((name, left), right)| {
            let required = left.required && right.required;
            (name.clone(), Field { required, ..Field::required(left.ty.join(&right.ty), "") })
        });
        Self { fields: fields.collect() }
    }

    fn can_feed(&self, wanted: &Self) -> bool {
        let fits = |(name, field): (&String, &Field)| match self.fields.get(name) {
            Some(given) => given.ty.can_feed(&field.ty),
            None => !field.required || field.default.is_some(),
        };
        wanted.fields.iter().all(fits) && self.strangers(wanted).next().is_none()
    }

    /// The fields it surely has and `wanted` does not know.
    pub(super) fn strangers<'t>(&'t self, wanted: &'t Self) -> impl Iterator<Item = &'t String> {
        let surely = self.fields.iter().filter(|(_, field)| field.required);
        surely.map(|(name, _)| name).filter(|name| !wanted.fields.contains_key(*name))
    }
}

/// The narrowest type that has the values of all `types`; of none nothing is known.
pub fn joined(types: impl IntoIterator<Item = Type>) -> Type {
    types.into_iter().reduce(|left, right| left.join(&right)).unwrap_or_default()
}

/// The types of a value's parts, as many as are left to be told.
struct Parts {
    left: usize,
}

impl Parts {
    fn type_of(&mut self, value: &Value) -> Type {
        if self.left == 0 {
            return Type::Any;
        }
        self.left -= 1;
        match value {
            Value::Null | Value::Secret(Secret::Hash(_)) => Type::Any,
            Value::Bool(_) => Type::Bool,
            Value::Integer(_) => Type::integer(),
            Value::Float(_) => Type::number(),
            Value::String(_) => Type::string(),
            Value::List(items) => Type::List(Box::new(self.item_of(items))),
            Value::Map(entries) => self.object_of(entries),
            Value::Unknown(unknown) => self.taken(&unknown.ty),
            Value::Secret(Secret::Plain(inner)) => match self.type_of(inner) {
                Type::String(string) => Type::String(StringType { secret: true, ..string }),
                other => other,
            },
        }
    }

    fn item_of(&mut self, items: &[Value]) -> Type {
        let mut common: Option<Type> = None;
        for item in items.iter().filter(|item| **item != Value::Null) {
            let ty = self.type_of(item);
            common = Some(common.map_or_else(|| ty.clone(), |common| common.join(&ty)));
            if common == Some(Type::Any) {
                break;
            }
        }
        common.unwrap_or_default()
    }

    fn object_of(&mut self, entries: &BTreeMap<String, Value>) -> Type {
        if entries.len() > self.left {
            self.left = 0;
            return Type::Map(Box::default());
        }
        let fields = entries.iter().map(|(name, value)| {
            let required = *value != Value::Null;
            (name.clone(), Field { required, ..Field::required(self.type_of(value), "") })
        });
        Type::Object(Arc::new(ObjectType { fields: fields.collect() }))
    }

    fn taken(&mut self, ty: &Type) -> Type {
        let parts = ty.parts(self.left);
        let fits = parts <= self.left;
        self.left = self.left.saturating_sub(parts);
        if fits { ty.clone() } else { Type::Any }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(inner: Type) -> Type {
        Type::List(Box::new(inner))
    }

    fn of(json: &str) -> Type {
        Type::of(&Value::from(&serde_json::from_str::<serde_json::Value>(json).unwrap()))
    }

    #[test]
    fn a_type_is_shown_as_in_a_sentence() {
        assert_eq!(list(list(Type::string())).with_article(), "a list of lists of strings");
        assert_eq!(Type::Map(Box::new(Type::integer())).with_article(), "a map of integers");
        assert_eq!(list(Type::Any).with_article(), "a list");
    }

    #[test]
    fn the_common_type_has_the_values_of_both() {
        assert_eq!(of("[1, 2.5]"), list(Type::number()));
        assert_eq!(of("[null, 1]"), list(Type::integer()));
        assert_eq!(of(r#"[1, "a"]"#), list(Type::Any));
        assert_eq!(of(r#"[{"a": 1}, {"b": 2}]"#), list(Type::Map(Box::new(Type::integer()))));
        assert_eq!(of(r#"[{"a": 1}, {"a": "x"}]"#).item().and_then(Type::entry), Some(Type::Any));
    }

    #[test]
    fn the_type_of_a_large_value_stays_small() {
        let large = (0..20)
            .fold(Value::Integer(1), |inner, _| Value::map(["a", "b"].map(|key| (key.to_owned(), inner.clone()))));
        assert!(Type::of(&large).parts(usize::MAX) <= 2 * MAX_PARTS);
    }

    #[test]
    fn an_object_feeds_what_asks_for_its_fields() {
        let wanted = of(r#"{"a": "x"}"#);
        assert!(of(r#"{"a": 1}"#).can_feed(&wanted));
        assert!(!of("{}").can_feed(&wanted) && !of(r#"{"a": []}"#).can_feed(&wanted));
        assert!(!of(r#"{"a": 1, "b": 2}"#).can_feed(&wanted));
    }
}
