//! What operations give where a value is not known yet: the type of their result, or
//! the error that no value of the types they are given could avoid.
//!
//! Null counts as being of any type, so that no error rests on what might be null.

use super::node::Operator;
use super::operators::{a_type, no_join, no_order, nothing_in};
use crate::schema::Type;
use crate::value::{Unknown, Value};

type Outcome = Result<Type, String>;

/// What operations tell types by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Nothing is known of it.
    Any,
    Bool,
    Number,
    Text,
    List,
    Map,
}

impl Shape {
    /// The shape of a value, known or not.
    pub(super) fn of(value: &Value) -> Self {
        match value {
            Value::Null | Value::Secret(_) => Self::Any,
            Value::Bool(_) => Self::Bool,
            Value::Integer(_) | Value::Float(_) => Self::Number,
            Value::String(_) => Self::Text,
            Value::List(_) => Self::List,
            Value::Map(_) => Self::Map,
            Value::Unknown(Unknown { ty, .. }) => Self::of_type(ty),
        }
    }

    /// The shape of what is of the type `ty`.
    pub(super) fn of_type(ty: &Type) -> Self {
        match ty {
            Type::Any | Type::Policy | Type::Document => Self::Any,
            Type::Bool => Self::Bool,
            Type::Integer { .. } | Type::Number { .. } => Self::Number,
            Type::String(_) => Self::Text,
            Type::List(_) | Type::Set(_) => Self::List,
            Type::Map(_) | Type::Object(_) => Self::Map,
        }
    }
}

/// The type of `left operator right`.
pub(super) fn binary(operator: Operator, sides: &[Value]) -> Outcome {
    let [left, right] = sides else { return Err("two values are needed".to_owned()) };
    match operator {
        Operator::Add => add(left, right),
        Operator::Subtract | Operator::Multiply | Operator::Divide | Operator::Remainder => {
            number(operator, left, right)
        }
        Operator::Equal | Operator::NotEqual => Ok(Type::Bool),
        Operator::In => is_in(left, right),
        Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => compare(left, right),
    }
}

fn add(left: &Value, right: &Value) -> Outcome {
    match (Shape::of(left), Shape::of(right)) {
        (Shape::Any, Shape::Any) => Ok(Type::Any),
        (Shape::Text | Shape::Any, Shape::Text) | (Shape::Text, Shape::Any) => Ok(Type::string()),
        (Shape::List | Shape::Any, Shape::List) | (Shape::List, Shape::Any) => Ok(both_lists(left, right)),
        _ => number(Operator::Add, left, right),
    }
}

fn both_lists(left: &Value, right: &Value) -> Type {
    let is_empty = |value: &Value| matches!(value, Value::List(items) if items.is_empty());
    let item = |value: &Value| Type::of(value).item().cloned().unwrap_or_default();
    Type::List(Box::new(match (is_empty(left), is_empty(right)) {
        (true, _) => item(right),
        (_, true) => item(left),
        _ => item(left).join(&item(right)),
    }))
}

fn number(operator: Operator, left: &Value, right: &Value) -> Outcome {
    let is_number = |value: &Value| matches!(Shape::of(value), Shape::Number | Shape::Any);
    match is_number(left) && is_number(right) {
        true if is_whole(left) && is_whole(right) => Ok(Type::integer()),
        true => Ok(Type::number()),
        false => Err(no_join(operator, left, right)),
    }
}

fn is_whole(value: &Value) -> bool {
    match value {
        Value::Integer(_) => true,
        Value::Unknown(unknown) => matches!(*unknown.ty, Type::Integer { .. }),
        _ => false,
    }
}

fn is_in(item: &Value, of: &Value) -> Outcome {
    match (Shape::of(of), Shape::of(item)) {
        (Shape::Any | Shape::List, _) | (Shape::Map, Shape::Any | Shape::Text) => Ok(Type::Bool),
        _ => Err(nothing_in(item, of)),
    }
}

fn compare(left: &Value, right: &Value) -> Outcome {
    match (Shape::of(left), Shape::of(right)) {
        (Shape::Any, Shape::Any | Shape::Number | Shape::Text)
        | (Shape::Number | Shape::Text, Shape::Any)
        | (Shape::Number, Shape::Number)
        | (Shape::Text, Shape::Text) => Ok(Type::Bool),
        _ => Err(no_order(left, right)),
    }
}

/// The type of `-value`.
pub(super) fn negate(values: &[Value]) -> Outcome {
    match values {
        [value] if is_whole(value) => Ok(Type::integer()),
        [value] if matches!(Shape::of(value), Shape::Number | Shape::Any) => Ok(Type::number()),
        [other, ..] => Err(format!("`-` needs a number, not {}", a_type(other))),
        [] => Err("one value is needed".to_owned()),
    }
}

/// The type of text put together of `values`.
pub(super) fn text(values: &[Value]) -> Outcome {
    match values.iter().find(|value| matches!(Shape::of(value), Shape::List | Shape::Map)) {
        Some(other) => Err(format!("{} has no text: use `jsonencode`", a_type(other))),
        None => Ok(Type::string()),
    }
}

/// What a comprehension's variable is: an item of a list, or a key of a map; `None`
/// where there are neither.
pub(super) fn variable(over: &Value) -> Option<Type> {
    match Shape::of(over) {
        Shape::Any => Some(Type::Any),
        Shape::List => Some(Type::of(over).item().cloned().unwrap_or_default()),
        Shape::Map => Some(Type::string()),
        _ => None,
    }
}
