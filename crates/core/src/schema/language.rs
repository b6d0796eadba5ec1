//! The JSON Schema of the whole spec language, by which editors complete and check specs.

use serde_json::{Map, Value as Json, json};

use super::{KindSchema, Schemas};

/// The schema of a spec file.
pub fn spec_schema(schemas: &Schemas) -> Json {
    let kinds: Map<String, Json> =
        schemas.iter().map(|schema| (definition_name(schema.name()), properties(schema))).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "provision spec",
        "type": "object",
        "required": ["stack"],
        "additionalProperties": false,
        "properties": {
            "stack": { "type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_-]*$", "description": "Names what belongs together, and its state." },
            "region": { "type": "string", "description": "The AWS region; left out, the one that is configured." },
            "params": { "type": "object", "additionalProperties": param(), "description": "What is left to whoever applies the spec." },
            "defaults": {
                "type": "object",
                "additionalProperties": false,
                "properties": { "tags": { "type": "object", "description": "Tags for every resource that takes tags." } }
            },
            "resources": { "type": "object", "additionalProperties": resource(schemas), "description": "What is to exist, by name." },
            "outputs": { "type": "object", "description": "What an apply tells, by name." }
        },
        "$defs": kinds
    })
}

fn definition_name(kind: &str) -> String {
    kind.replace('/', ".")
}

fn param() -> Json {
    json!({
        "type": ["object", "null"],
        "additionalProperties": false,
        "properties": {
            "type": { "enum": ["string", "integer", "number", "boolean", "list", "map", "object"] },
            "default": {},
            "enum": { "type": "array", "items": { "type": "string" } },
            "minimum": { "type": "integer" },
            "maximum": { "type": "integer" },
            "description": { "type": "string" },
            "secret": { "type": "boolean", "description": "Never stored or shown." }
        }
    })
}

fn resource(schemas: &Schemas) -> Json {
    let mut fields: Map<String, Json> =
        schemas.iter().map(|schema| (schema.name().to_owned(), reference(schema))).collect();
    fields.insert("for_each".to_owned(), json!({ "description": "A list or map to repeat the resource over." }));
    fields.insert("depends_on".to_owned(), json!({ "type": "array", "items": { "type": "string" } }));
    fields.insert("lifecycle".to_owned(), lifecycle());
    json!({ "type": "object", "additionalProperties": false, "properties": fields })
}

fn reference(schema: &KindSchema) -> Json {
    let summary = schema.description.doc.lines().next().unwrap_or_default();
    json!({ "$ref": format!("#/$defs/{}", definition_name(schema.name())), "description": summary })
}

fn lifecycle() -> Json {
    let names = json!({ "type": "array", "items": { "type": "string" } });
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "prevent_destroy": { "type": "boolean", "description": "Refuse any plan that deletes it." },
            "retain_on_delete": { "type": "boolean", "description": "Let go of it instead of deleting it." },
            "create_before_destroy": { "type": "boolean", "description": "When replaced, make the new one first." },
            "ignore_changes": names,
            "replace_triggered_by": names
        }
    })
}

/// A kind's own schema, where every value may be an expression too.
fn properties(schema: &KindSchema) -> Json {
    let mut properties = schema.description.properties.clone();
    allow_expressions(&mut properties, true);
    if let Some(object) = properties.as_object_mut() {
        object.insert("additionalProperties".to_owned(), Json::Bool(false));
        object.remove("required");
    }
    let required = schema.description.properties.get("required");
    match required.and_then(Json::as_array) {
        Some(required) if !required.is_empty() => json!({ "allOf": [properties], "required": required }),
        _ => {
            properties["type"] = json!(["object", "null"]);
            properties
        }
    }
}

/// Lets `${…}` stand wherever something else than a string is wanted.
fn allow_expressions(schema: &mut Json, is_top: bool) {
    for key in ["properties", "items", "additionalProperties", "anyOf"] {
        match schema.get_mut(key) {
            Some(Json::Object(inner)) if key == "properties" => {
                inner.values_mut().for_each(|property| allow_expressions(property, false));
            }
            Some(Json::Array(inner)) => inner.iter_mut().for_each(|variant| allow_expressions(variant, false)),
            Some(inner @ Json::Object(_)) => allow_expressions(inner, false),
            _ => {}
        }
    }
    if !is_top {
        widen(schema);
    }
}

/// A string always fits where it holds an expression; enumerations and formats are left
/// to `provision validate`, which knows expressions.
fn widen(schema: &mut Json) {
    let Some(object) = schema.as_object_mut() else { return };
    if let Some(choices) = object.remove("enum") {
        object.remove("type");
        object.insert("anyOf".to_owned(), json!([{ "enum": choices }, { "type": "string", "pattern": "\\$\\{" }]));
        return;
    }
    object.remove("format");
    match object.get("type").cloned() {
        Some(Json::String(name)) if name != "string" => {
            object.insert("type".to_owned(), json!([name, "string"]));
        }
        Some(Json::Array(mut names)) if !names.contains(&json!("string")) => {
            names.push(json!("string"));
            object.insert("type".to_owned(), Json::Array(names));
        }
        _ => {}
    }
}
