//! Numbers and conversions to them.

use std::cmp::Ordering;

use super::{Call, Function, Outcome};
use crate::expr::operators::{a_type, finite, numeric_order, shown};
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("abs(number: number) -> number", "The number without its sign.", "abs(-12) == 12", abs),
    Function::new(
        "bool(value: string | boolean) -> boolean",
        "The boolean that the text `true` or `false` writes.",
        r#"bool("true")"#,
        boolean,
    ),
    Function::new(
        "ceil(number: number) -> integer",
        "The least whole number that is not less.",
        "ceil(5.1) == 6",
        |call| rounded(call, f64::ceil),
    ),
    Function::new(
        "double(value: string | number) -> number",
        "The number a text writes, or a whole number as one with a fraction.",
        r#"double("1.5") == 1.5"#,
        double,
    ),
    Function::new(
        "floor(number: number) -> integer",
        "The greatest whole number that is not greater.",
        "floor(4.9) == 4",
        |call| rounded(call, f64::floor),
    ),
    Function::new(
        "int(value: string | number) -> integer",
        "The whole number a text writes, or a number without its fraction.",
        r#"int("8080") == 8080"#,
        integer,
    ),
    Function::new(
        "max(number: number, numbers: number...) -> number",
        "The greatest of the numbers.",
        "max(12, 54, 3) == 54",
        |call| best(call, Ordering::Greater),
    ),
    Function::new(
        "min(number: number, numbers: number...) -> number",
        "The least of the numbers.",
        "min(12, 54, 3) == 3",
        |call| best(call, Ordering::Less),
    ),
    Function::new(
        "tobool(value: string | boolean) -> boolean",
        "The same as `bool`, by Terraform's name; null stays null.",
        r#"tobool("true")"#,
        |call| if *call.value(0) == Value::Null { Ok(Value::Null) } else { boolean(call) },
    ),
    Function::new(
        "tonumber(value: string | number) -> number",
        "The number a text writes, whole or not; null stays null.",
        r#"tonumber("42") == 42 && tonumber("1.5") == 1.5"#,
        |call| match call.value(0) {
            value @ (Value::Null | Value::Integer(_) | Value::Float(_)) => Ok(value.clone()),
            _ => integer(call).or_else(|_| double(call)),
        },
    ),
];

/// A number without a fraction that fits in 64 bits.
pub(super) fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(value) => Some(*value),
        Value::Float(value) if value.fract() == 0.0 => within_range(*value),
        _ => None,
    }
}

/// -2^63 and 2^63 are exact as floating-point numbers; the latter is one too many.
fn within_range(value: f64) -> Option<i64> {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    (-LIMIT..LIMIT).contains(&value).then_some(value as i64)
}

fn abs(call: &mut Call<'_>) -> Outcome {
    match call.value(0) {
        Value::Integer(value) => {
            value.checked_abs().map(Value::Integer).ok_or_else(|| "the number becomes too large".to_owned())
        }
        _ => call.number(0).map(|value| Value::Float(value.abs())),
    }
}

fn rounded(call: &Call<'_>, round: fn(f64) -> f64) -> Outcome {
    match call.value(0) {
        Value::Integer(value) => Ok(Value::Integer(*value)),
        _ => from_float(round(call.number(0)?)),
    }
}

fn from_float(value: f64) -> Outcome {
    within_range(value).map(Value::Integer).ok_or_else(|| "the number does not fit in 64 bits".to_owned())
}

fn best(call: &Call<'_>, wanted: Ordering) -> Outcome {
    let mut best = call.value(0);
    for (position, value) in call.values.iter().enumerate() {
        call.number(position)?;
        if numeric_order(value, best) == Some(wanted) {
            best = value;
        }
    }
    Ok(best.clone())
}

fn integer(call: &mut Call<'_>) -> Outcome {
    match call.value(0) {
        Value::Integer(value) => Ok(Value::Integer(*value)),
        Value::Float(value) => from_float(value.trunc()),
        Value::String(text) => {
            text.parse().map(Value::Integer).map_err(|_| format!("`{}` is no whole number", shown(text)))
        }
        other => Err(format!("{} is no number", a_type(other))),
    }
}

fn double(call: &mut Call<'_>) -> Outcome {
    match call.value(0) {
        Value::String(text) => {
            let number = text.parse().map_err(|_| format!("`{}` is no number", shown(text)))?;
            finite(number)
        }
        _ => call.number(0).map(Value::Float),
    }
}

fn boolean(call: &mut Call<'_>) -> Outcome {
    match call.value(0) {
        Value::Bool(value) => Ok(Value::Bool(*value)),
        _ => match call.text(0)? {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            other => Err(format!("`{}` is neither `true` nor `false`", shown(other))),
        },
    }
}
