//! JSON Schema, as the kinds generate it, to [`Type`].
//!
//! Beside the standard keywords these are read:
//! `x-replace`, `x-write-only`, `x-volatile` (on a property); `x-secret`, `x-ref`,
//! `x-policy`, `x-document` (on a type); `format: cidr4` and `cidr6`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::types::{Field, Format, ObjectType, StringType, Type};

/// A JSON Schema the spec language has no type for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no type of the spec language fits the JSON Schema {schema}")]
pub struct SchemaError {
    schema: String,
}

/// Compiles the schema of an object with fixed fields.
pub(super) fn object(schema: &Json) -> Result<ObjectType, SchemaError> {
    let required: Vec<&str> = match schema.get("required") {
        Some(Json::Array(names)) => names.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    };
    let mut fields = BTreeMap::new();
    for (name, property) in entries(schema.get("properties")) {
        let field = field(property, required.contains(&name.as_str()))?;
        fields.insert(name.clone(), field);
    }
    Ok(ObjectType { fields })
}

fn entries(schema: Option<&Json>) -> impl Iterator<Item = (&String, &Json)> {
    schema.and_then(Json::as_object).into_iter().flatten()
}

fn field(schema: &Json, required: bool) -> Result<Field, SchemaError> {
    Ok(Field {
        ty: compile(schema)?,
        doc: text(schema, "description").unwrap_or_default().to_owned(),
        required,
        default: schema.get("default").filter(|default| !default.is_null()).cloned(),
        replace: flag(schema, "x-replace"),
        write_only: flag(schema, "x-write-only"),
        volatile: flag(schema, "x-volatile"),
    })
}

fn compile(schema: &Json) -> Result<Type, SchemaError> {
    if flag(schema, "x-policy") {
        return Ok(Type::Policy);
    }
    if flag(schema, "x-document") {
        return Ok(Type::Document);
    }
    if let Some(inner) = optional(schema) {
        return compile(inner);
    }
    match type_name(schema) {
        Some("boolean") => Ok(Type::Bool),
        Some("integer") => Ok(Type::Integer { min: bound(schema, "minimum"), max: bound(schema, "maximum") }),
        Some("number") => Ok(Type::number()),
        Some("string") => Ok(Type::String(string(schema))),
        Some("array") => array(schema),
        Some("object") => map_or_object(schema),
        None if schema == &Json::Bool(true) || schema.as_object().is_some_and(is_untyped) => Ok(Type::Any),
        _ => Err(SchemaError { schema: schema.to_string() }),
    }
}

/// The schema inside `anyOf: [X, null]`, which is how an optional struct is written.
fn optional(schema: &Json) -> Option<&Json> {
    let variants = schema.get("anyOf")?.as_array()?;
    match variants.as_slice() {
        [inner, null] if text(null, "type") == Some("null") => Some(inner),
        _ => None,
    }
}

/// The `type`, without the `null` of an optional field.
fn type_name(schema: &Json) -> Option<&str> {
    match schema.get("type")? {
        Json::String(name) => Some(name),
        Json::Array(names) => names.iter().filter_map(Json::as_str).find(|name| *name != "null"),
        _ => None,
    }
}

fn is_untyped(schema: &Map<String, Json>) -> bool {
    !["anyOf", "oneOf", "allOf", "$ref", "enum", "const"].iter().any(|key| schema.contains_key(*key))
}

fn array(schema: &Json) -> Result<Type, SchemaError> {
    let items = Box::new(compile(schema.get("items").unwrap_or(&Json::Bool(true)))?);
    Ok(if flag(schema, "uniqueItems") { Type::Set(items) } else { Type::List(items) })
}

fn map_or_object(schema: &Json) -> Result<Type, SchemaError> {
    if schema.get("properties").is_some() {
        return Ok(Type::Object(Arc::new(object(schema)?)));
    }
    match schema.get("additionalProperties") {
        Some(Json::Bool(false)) => Ok(Type::Object(Arc::default())),
        Some(values) => Ok(Type::Map(Box::new(compile(values)?))),
        None => Ok(Type::Map(Box::new(Type::Any))),
    }
}

fn string(schema: &Json) -> StringType {
    let choices = match schema.get("enum") {
        Some(Json::Array(choices)) => choices.iter().filter_map(Json::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    StringType {
        choices,
        format: text(schema, "format").and_then(format),
        pattern: text(schema, "pattern").map(Arc::from),
        reference: text(schema, "x-ref").map(str::to_owned),
        secret: flag(schema, "x-secret"),
    }
}

fn format(name: &str) -> Option<Format> {
    match name {
        "cidr4" => Some(Format::Cidr4),
        "cidr6" => Some(Format::Cidr6),
        _ => None,
    }
}

fn flag(schema: &Json, key: &str) -> bool {
    schema.get(key) == Some(&Json::Bool(true))
}

fn text<'a>(schema: &'a Json, key: &str) -> Option<&'a str> {
    schema.get(key).and_then(Json::as_str)
}

fn bound(schema: &Json, key: &str) -> Option<i64> {
    schema.get(key).and_then(Json::as_f64).map(|bound| bound as i64)
}
