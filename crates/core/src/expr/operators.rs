//! Operators on known, plain values.

use std::cmp::Ordering;

use super::budget::Budget;
use super::node::Operator;
use super::typing::Shape;
use crate::schema::with_article;
use crate::value::{Secret, Value};

type Outcome<T> = Result<T, String>;

/// How much of a text a message shows.
const SHOWN: usize = 40;

/// The type of `value` with its article, or the type it will have.
pub(super) fn a_type(value: &Value) -> String {
    match value {
        Value::Unknown(unknown) => with_article(unknown.ty.name()),
        known => with_article(known.type_name()),
    }
}

/// `text`, cut where a message would become too long.
pub(super) fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Whether the operator looks through lists and maps: comparing does, joining does not.
pub(super) fn looks_inside(operator: Operator, [_, right]: &[Value; 2]) -> bool {
    match operator {
        Operator::Equal | Operator::NotEqual => true,
        Operator::In => !is_map(right),
        _ => false,
    }
}

fn is_map(value: &Value) -> bool {
    match value {
        Value::Secret(Secret::Plain(inner)) => is_map(inner),
        other => matches!(other, Value::Map(_)),
    }
}

/// Applies `operator` to two values.
pub(super) fn binary(operator: Operator, sides: &[Value], budget: &mut Budget) -> Outcome<Value> {
    let [left, right] = sides else { return Err("two values are needed".to_owned()) };
    match operator {
        Operator::Add => add(left, right, budget),
        Operator::Subtract | Operator::Multiply | Operator::Divide | Operator::Remainder => {
            arithmetic(operator, left, right)
        }
        Operator::Equal => Ok(Value::Bool(equal(left, right))),
        Operator::NotEqual => Ok(Value::Bool(!equal(left, right))),
        Operator::In => is_in(left, right).map(Value::Bool),
        Operator::Less => compare(left, right, budget, Ordering::is_lt),
        Operator::LessOrEqual => compare(left, right, budget, Ordering::is_le),
        Operator::Greater => compare(left, right, budget, Ordering::is_gt),
        Operator::GreaterOrEqual => compare(left, right, budget, Ordering::is_ge),
    }
}

fn add(left: &Value, right: &Value, budget: &mut Budget) -> Outcome<Value> {
    match (left, right) {
        (Value::String(left), Value::String(right)) => {
            budget.spend_text(left.len() + right.len())?;
            Ok(Value::from(format!("{left}{right}")))
        }
        (Value::List(left), Value::List(right)) => {
            budget.spend(left.len() + right.len())?;
            Ok(Value::list(left.iter().chain(right.iter()).cloned()))
        }
        _ => arithmetic(Operator::Add, left, right),
    }
}

/// Why `operator` does not take the two, known or not.
pub(super) fn no_join(operator: Operator, left: &Value, right: &Value) -> String {
    let (shapes, left, right) = ([Shape::of(left), Shape::of(right)], a_type(left), a_type(right));
    match (operator, shapes) {
        (Operator::Add, [Shape::Text, Shape::Number] | [Shape::Number, Shape::Text]) => {
            format!("`+` does not join {left} and {right}: use `string(…)`")
        }
        _ => format!("`{}` needs two numbers, not {left} and {right}", sign(operator)),
    }
}

/// Why the two cannot be compared, known or not.
pub(super) fn no_order(left: &Value, right: &Value) -> String {
    format!("{} and {} have no order", a_type(left), a_type(right))
}

/// Why `item` cannot be looked for in `of`, known or not.
pub(super) fn nothing_in(item: &Value, of: &Value) -> String {
    match Shape::of(of) {
        Shape::Map => format!("a map's keys are strings, {} is never in it", a_type(item)),
        _ => format!("`in` looks into a list or a map, not {}", a_type(of)),
    }
}

fn arithmetic(operator: Operator, left: &Value, right: &Value) -> Outcome<Value> {
    match (left, right) {
        (Value::Integer(left), Value::Integer(right)) => whole(operator, *left, *right),
        _ => match (float(left), float(right)) {
            (Some(left), Some(right)) => fractional(operator, left, right),
            _ => Err(no_join(operator, left, right)),
        },
    }
}

fn whole(operator: Operator, left: i64, right: i64) -> Outcome<Value> {
    if right == 0 && matches!(operator, Operator::Divide | Operator::Remainder) {
        return Err("division by zero".to_owned());
    }
    let result = match operator {
        Operator::Add => left.checked_add(right),
        Operator::Subtract => left.checked_sub(right),
        Operator::Multiply => left.checked_mul(right),
        Operator::Divide => left.checked_div(right),
        _ => left.checked_rem(right),
    };
    result.map(Value::Integer).ok_or_else(overflow)
}

fn fractional(operator: Operator, left: f64, right: f64) -> Outcome<Value> {
    if right == 0.0 && matches!(operator, Operator::Divide | Operator::Remainder) {
        return Err("division by zero".to_owned());
    }
    finite(match operator {
        Operator::Add => left + right,
        Operator::Subtract => left - right,
        Operator::Multiply => left * right,
        Operator::Divide => left / right,
        _ => left % right,
    })
}

/// A number that is no infinity.
pub(super) fn finite(value: f64) -> Outcome<Value> {
    if value.is_finite() { Ok(Value::Float(value)) } else { Err(overflow()) }
}

fn overflow() -> String {
    "the number becomes too large".to_owned()
}

fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(value) => Some(*value as f64),
        Value::Float(value) => Some(*value),
        _ => None,
    }
}

fn sign(operator: Operator) -> &'static str {
    match operator {
        Operator::Add => "+",
        Operator::Subtract => "-",
        Operator::Multiply => "*",
        Operator::Divide => "/",
        _ => "%",
    }
}

/// The negative of a number.
pub(super) fn negate(values: &[Value]) -> Outcome<Value> {
    match values {
        [Value::Integer(value)] => value.checked_neg().map(Value::Integer).ok_or_else(overflow),
        [Value::Float(value)] => Ok(Value::Float(-value)),
        [other] => Err(format!("`-` needs a number, not {}", a_type(other))),
        _ => Err("one value is needed".to_owned()),
    }
}

/// Whether two values are the same, 1 and 1.0 included.
pub(super) fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::List(left), Value::List(right)) => {
            left.len() == right.len() && left.iter().zip(right.iter()).all(|(left, right)| equal(left, right))
        }
        (Value::Map(left), Value::Map(right)) => {
            left.len() == right.len()
                && left.iter().zip(right.iter()).all(|(left, right)| left.0 == right.0 && equal(left.1, right.1))
        }
        _ => match numeric_order(left, right) {
            Some(order) => order.is_eq(),
            None => left == right,
        },
    }
}

/// The order of two numbers; `None` for anything else.
pub(super) fn numeric_order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Integer(left), Value::Integer(right)) => Some(left.cmp(right)),
        _ => float(left)?.partial_cmp(&float(right)?),
    }
}

fn compare(left: &Value, right: &Value, budget: &mut Budget, holds: fn(Ordering) -> bool) -> Outcome<Value> {
    let order = match (left, right) {
        (Value::String(left), Value::String(right)) => {
            budget.spend_text(left.len().min(right.len()))?;
            Some(left.cmp(right))
        }
        _ => numeric_order(left, right),
    };
    let order = order.ok_or_else(|| no_order(left, right))?;
    Ok(Value::Bool(holds(order)))
}

fn is_in(item: &Value, of: &Value) -> Outcome<bool> {
    match (item, of) {
        (item, Value::List(items)) => Ok(items.iter().any(|other| equal(item, other))),
        (Value::String(key), Value::Map(entries)) => Ok(entries.contains_key(&**key)),
        _ => Err(nothing_in(item, of)),
    }
}
