//! Fields, keys and positions of values, known or not.

use std::sync::Arc;

use super::nearest;
use super::operators::{a_type, shown};
use super::typing::Shape;
use crate::schema::{Field, ObjectType, Type};
use crate::value::Value;

/// Why something cannot be done, in the author's terms; its place is told later.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl From<String> for Refusal {
    fn from(message: String) -> Self {
        Self { message, help: None }
    }
}

type Outcome<T> = Result<T, Refusal>;

/// What something is selected from, as its author wrote it.
pub(super) struct Selection<'a> {
    /// The text of what is selected from.
    pub(super) text: &'a str,
    /// Whether that is a name the scope tells.
    pub(super) is_name: bool,
    /// Whether it is the variable of a comprehension.
    pub(super) is_variable: bool,
}

impl Selection<'_> {
    /// The field `name` of a known value.
    pub(super) fn field(&self, values: &[Value], name: &str) -> Outcome<Value> {
        match values {
            [Value::Map(entries)] => {
                entries.get(name).cloned().ok_or_else(|| self.no_field(name, entries.keys().map(String::as_str)))
            }
            _ => Err(self.no_fields(values, name)),
        }
    }

    /// The type of the field `name` of a value that is not known.
    pub(super) fn field_type(&self, values: &[Value], name: &str) -> Outcome<Type> {
        match values {
            [Value::Unknown(unknown)] if let Some(object) = unknown.object() => match object.fields.get(name) {
                Some(field) => Ok(field.ty.clone()),
                None => Err(self.no_field(name, object.fields.keys().map(String::as_str))),
            },
            [value] if matches!(Shape::of(value), Shape::Any | Shape::Map) => {
                Ok(Type::of(value).entry().unwrap_or_default())
            }
            _ => Err(self.no_fields(values, name)),
        }
    }

    fn no_field<'n>(&self, name: &str, names: impl Iterator<Item = &'n str>) -> Refusal {
        let message = format!("`{}` has no `{}`", self.text, shown(name));
        Refusal { message, help: Some(instead(name, names.collect())) }
    }

    fn no_fields(&self, values: &[Value], name: &str) -> Refusal {
        let Some(value) = values.first() else { return "nothing to select from".to_owned().into() };
        let (text, name) = (self.text, shown(name));
        let help = match Shape::of(value) {
            Shape::Any if self.is_name => {
                let way = format!("{text}.{name}");
                format!("`{text}` is absent here: guard it, as in `has({way}) ? {way} : …` or `try({way}, …)`")
            }
            Shape::Any => format!("guard it, as in `try({text}.{name}, …)`"),
            _ if self.is_variable => "over a map the variable is the key: for its items use `values(…)`".to_owned(),
            Shape::List => {
                format!("take one item, as in `{text}[0].{name}`, or all: `{text}.map(it, it.{name})`")
            }
            _ => format!("leave `.{name}` out"),
        };
        Refusal { message: format!("`{text}` is {}, which has no fields", a_type(value)), help: Some(help) }
    }

    /// Whether a known value has the field `name`, whatever that is; null has none.
    pub(super) fn has(&self, values: &[Value], name: &str) -> Outcome<Value> {
        match values {
            [Value::Map(entries)] => Ok(Value::Bool(entries.contains_key(name))),
            [Value::Null] => Ok(Value::Bool(false)),
            _ => Err(self.no_fields(values, name)),
        }
    }

    /// The type of `has` on a value that is not known.
    pub(super) fn has_type(&self, values: &[Value], name: &str) -> Outcome<Type> {
        match values {
            [value] if matches!(Shape::of(value), Shape::Any | Shape::Map) => Ok(Type::Bool),
            _ => Err(self.no_fields(values, name)),
        }
    }

    /// What a known value has at a known key or position.
    pub(super) fn index(&self, values: &[Value]) -> Outcome<Value> {
        match values {
            [Value::Map(entries), Value::String(key)] => {
                entries.get(&**key).cloned().ok_or_else(|| self.no_key(key, entries.keys().map(String::as_str)))
            }
            [Value::List(items), Value::Integer(position)] => {
                let item = usize::try_from(*position).ok().and_then(|position| items.get(position));
                let text = self.text;
                item.cloned().ok_or_else(|| {
                    format!("`{text}` has {} items, counted from 0, and none at {position}", items.len()).into()
                })
            }
            _ => Err(self.no_items(values)),
        }
    }

    /// The type of what a value has at a key or position, one of which is not known.
    pub(super) fn index_type(&self, values: &[Value]) -> Outcome<Type> {
        let [operand, key] = values else { return Err(self.no_items(values)) };
        match (Shape::of(operand), Shape::of(key)) {
            (Shape::Any, _) => Ok(Type::Any),
            (Shape::List, Shape::Any | Shape::Number) => Ok(Type::of(operand).item().cloned().unwrap_or_default()),
            (Shape::Map, Shape::Any | Shape::Text) => match (operand, key) {
                (Value::Unknown(unknown), Value::String(key)) if let Some(object) = unknown.object() => {
                    self.key_type(object, key)
                }
                _ => Ok(Type::of(operand).entry().unwrap_or_default()),
            },
            _ => Err(self.no_items(values)),
        }
    }

    fn key_type(&self, object: &ObjectType, key: &str) -> Outcome<Type> {
        match object.fields.get(key) {
            Some(field) => Ok(field.ty.clone()),
            None => Err(self.no_key(key, object.fields.keys().map(String::as_str))),
        }
    }

    fn no_key<'n>(&self, key: &str, keys: impl Iterator<Item = &'n str>) -> Refusal {
        let message = format!("`{}` has no key `{}`", self.text, shown(key));
        Refusal { message, help: Some(instead(key, keys.collect())) }
    }

    fn no_items(&self, values: &[Value]) -> Refusal {
        let [operand, key] = values else { return "nothing to select from".to_owned().into() };
        let message = match Shape::of(operand) {
            Shape::List => format!("a list's items are counted from 0, not by {}", a_type(key)),
            Shape::Map => format!("a map's keys are strings, not {}", a_type(key)),
            _ => format!("`{}` is {}, which has no items", self.text, a_type(operand)),
        };
        message.into()
    }
}

/// What to name where there is no `name`, but `names`.
fn instead(name: &str, names: Vec<&str>) -> String {
    nearest(name, names.iter().copied()).unwrap_or_else(|| match names.len() {
        0 => "it is empty".to_owned(),
        1..=12 => {
            format!("it has {}", names.iter().map(|name| format!("`{}`", shown(name))).collect::<Vec<_>>().join(", "))
        }
        _ => "`has(…)` tells whether something is there".to_owned(),
    })
}

/// The items of a list or map as maps of a `key`, or position, and a `value`.
pub(super) fn entries(values: &[Value]) -> Result<Value, String> {
    let entry =
        |(key, value): (Value, &Value)| Value::map([("key".to_owned(), key), ("value".to_owned(), value.clone())]);
    match values {
        [Value::List(items)] => Ok(Value::list((0_i64..).map(Value::from).zip(items.iter()).map(entry))),
        [Value::Map(map)] => Ok(Value::list(map.iter().map(|(key, value)| entry((Value::from(key.as_str()), value))))),
        [other, ..] => Err(no_entries(other)),
        [] => Err("nothing to go over".to_owned()),
    }
}

/// The type of [`entries`] of a value that is not known.
pub(super) fn entries_type(values: &[Value]) -> Result<Type, String> {
    let [value] = values else { return Err("nothing to go over".to_owned()) };
    let ty = Type::of(value);
    let (key, value) = match Shape::of(value) {
        Shape::Any => (Type::Any, Type::Any),
        Shape::List => (Type::integer(), ty.item().cloned().unwrap_or_default()),
        Shape::Map => (Type::string(), ty.entry().unwrap_or_default()),
        _ => return Err(no_entries(value)),
    };
    let fields = [("key", key), ("value", value)].map(|(name, ty)| (name.to_owned(), Field::required(ty, "")));
    Ok(Type::List(Box::new(Type::Object(Arc::new(ObjectType { fields: fields.into() })))))
}

fn no_entries(found: &Value) -> String {
    format!("`for` goes over a list or a map, not {}", a_type(found))
}
