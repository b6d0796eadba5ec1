//! JSON, Base64 and digests.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Number, Value as Json};
use sha2::{Digest as _, Sha256};

use super::{Function, Outcome, numbers, yaml};
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new(
        "base64decode(string: string) -> string",
        "The text a Base64 string holds.",
        r#"base64decode("SGVsbG8gV29ybGQ=") == "Hello World""#,
        |call| decode(call.text(0)?),
    ),
    Function::new(
        "base64encode(string: string) -> string",
        "The string's UTF-8 bytes in Base64.",
        r#"base64encode("Hello World") == "SGVsbG8gV29ybGQ=""#,
        |call| {
            let text = call.text(0)?;
            Ok(Value::from(STANDARD.encode(text)))
        },
    ),
    Function::new(
        "base64sha256(string: string) -> string",
        "The SHA-256 digest of the string's UTF-8 bytes, in Base64.",
        r#"base64sha256("hello world") == "uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=""#,
        |call| Ok(Value::from(STANDARD.encode(Sha256::digest(call.text(0)?)))),
    ),
    Function::new(
        "jsondecode(string: string) -> any",
        "The value a JSON text holds.",
        r#"jsondecode("{\"hello\": \"world\"}") == {"hello": "world"}"#,
        |call| match serde_json::from_str(call.text(0)?) {
            Ok(json) => Ok(from_json(json)),
            Err(error) => Err(format!("this is no JSON: {error}")),
        },
    ),
    Function::new(
        "jsonencode(value: any) -> string",
        "The value as JSON without white space, its keys sorted, and `<`, `>` and `&` escaped as Terraform does.",
        r#"jsonencode({"hello": "world"}) == "{\"hello\":\"world\"}""#,
        |call| Ok(Value::from(to_text(call.value(0)))),
    ),
    Function::new(
        "sha256(string: string) -> string",
        "The SHA-256 digest of the string's UTF-8 bytes, in hexadecimal.",
        r#"sha256("hello world") == "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9""#,
        |call| {
            let digest = Sha256::digest(call.text(0)?);
            Ok(Value::from(digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>()))
        },
    ),
    Function::new(
        "urlencode(string: string) -> string",
        "The string as it stands in the query of a URL.",
        r#"urlencode("Hello World!") == "Hello+World%21""#,
        |call| Ok(Value::from(call.text(0)?.bytes().map(in_query).collect::<String>())),
    ),
    Function::new(
        "yamlencode(value: any) -> string",
        "The value as YAML in blocks, its keys sorted and its strings in quotes.",
        r#"yamlencode({"b": [1, "x"], "a": null}) == "\"a\": null\n\"b\":\n- 1\n- \"x\"\n""#,
        |call| {
            let text = yaml::to_text(call.value(0));
            call.budget.spend_text(text.len())?;
            Ok(Value::from(text))
        },
    ),
];

fn decode(text: &str) -> Outcome {
    let bytes = STANDARD.decode(text).map_err(|error| format!("this is no Base64: {error}"))?;
    let text = String::from_utf8(bytes).map_err(|_| "the bytes are no UTF-8 text".to_owned())?;
    Ok(Value::from(text))
}

/// A byte as it stands in the query of a URL.
fn in_query(byte: u8) -> String {
    match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        b' ' => "+".to_owned(),
        _ => format!("%{byte:02X}"),
    }
}

/// A known, plain value as Terraform writes JSON.
pub(super) fn to_text(value: &Value) -> String {
    to_json(value)
        .to_string()
        .replace('&', "\\u0026")
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

/// Numbers without a fraction are written without one.
fn to_json(value: &Value) -> Json {
    match value {
        Value::Bool(value) => Json::from(*value),
        Value::String(text) => Json::from(&**text),
        Value::List(items) => Json::Array(items.iter().map(to_json).collect()),
        Value::Map(entries) => Json::Object(entries.iter().map(|(key, value)| (key.clone(), to_json(value))).collect()),
        Value::Integer(_) | Value::Float(_) => match (numbers::whole(value), value) {
            (Some(whole), _) => Json::from(whole),
            (None, Value::Float(value)) => Number::from_f64(*value).map_or(Json::Null, Json::Number),
            (None, _) => Json::Null,
        },
        Value::Null | Value::Unknown(_) | Value::Secret(_) => Json::Null,
    }
}

/// Unlike `Value::from`, which reads the state, this takes `$hash` for a key like any other.
fn from_json(json: Json) -> Value {
    match json {
        Json::Array(items) => Value::list(items.into_iter().map(from_json)),
        Json::Object(entries) => Value::map(entries.into_iter().map(|(key, value)| (key, from_json(value)))),
        scalar => Value::from(&scalar),
    }
}
