//! Values as people and programs see them.

use provision_core::value::Value;
use serde_json::{Value as Json, json};

/// What stands for a secret.
const SENSITIVE: &str = "(sensitive)";

/// What stands for an unknown value.
const LATER: &str = "(known after apply)";

/// What stands for an unknown secret.
const SENSITIVE_LATER: &str = "(sensitive, known after apply)";

/// A value in one line.
pub(crate) fn short(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Unknown(unknown) if unknown.is_secret => SENSITIVE_LATER.to_owned(),
        Value::Unknown(_) => LATER.to_owned(),
        Value::Secret(_) => SENSITIVE.to_owned(),
        Value::String(text) => json!(&**text).to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::List(items) => format!("[{}]", items.iter().map(short).collect::<Vec<_>>().join(", ")),
        Value::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| format!("{key}: {}", short(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}

/// A value as JSON; `null` for what is unknown.
pub(crate) fn json(value: &Value) -> Json {
    with_unknown(value, &Json::Null)
}

/// A value as JSON laid out for people.
pub(crate) fn pretty(value: &Value) -> String {
    format!("{:#}", with_unknown(value, &json!(LATER)))
}

fn with_unknown(value: &Value, unknown: &Json) -> Json {
    let inner = |value: &Value| with_unknown(value, unknown);
    match value {
        Value::Unknown(_) => unknown.clone(),
        Value::Secret(_) => json!(SENSITIVE),
        Value::List(items) => Json::Array(items.iter().map(inner).collect()),
        Value::Map(entries) => Json::Object(entries.iter().map(|(key, value)| (key.clone(), inner(value))).collect()),
        known => known.to_driver_json().unwrap_or(Json::Null),
    }
}

/// What the state holds, with secrets' hashes left out.
pub(crate) fn shown(stored: &Json) -> Json {
    json(&Value::from(stored))
}

/// Stored JSON in one line.
pub(crate) fn inline(json: &Json) -> String {
    short(&Value::from(json))
}
