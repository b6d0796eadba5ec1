//! The JSON Schemas of the spec language, by which editors complete and check specs and modules.

use serde_json::{Map, Value as Json, json};

use super::{KindSchema, Schemas};

/// The schema of a spec file.
pub fn spec_schema(schemas: &Schemas) -> Json {
    let mut properties = shared(schemas);
    let own = [
        (
            "stack",
            json!({ "type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_-]*$", "description": "Names what belongs together, and its state." }),
        ),
        ("region", json!({ "type": "string", "description": "The AWS region; left out, the one that is configured." })),
        ("assume_role", role()),
        (
            "state",
            json!({ "type": "string", "description": "Where the state lies: `s3://bucket/prefix` or a folder; left out, the folder `state`." }),
        ),
        ("environments", environments()),
        (
            "defaults",
            json!({
                "type": "object",
                "additionalProperties": false,
                "properties": { "tags": { "type": "object", "description": "Tags for every resource that takes tags." } }
            }),
        ),
        ("moved", entries(&["from", "to"], "Resources and modules that had other addresses.")),
        ("import", entries(&["to", "id"], "What exists and is to be taken under our care.")),
    ];
    properties.extend(own.map(|(name, schema)| (name.to_owned(), schema)));
    file("provision spec", &["stack"], &properties, schemas)
}

/// The schema of a module file.
pub fn module_schema(schemas: &Schemas) -> Json {
    file("provision module", &[], &shared(schemas), schemas)
}

fn file(title: &str, required: &[&str], properties: &Map<String, Json>, schemas: &Schemas) -> Json {
    let kinds: Map<String, Json> =
        schemas.iter().map(|schema| (definition_name(schema.name()), properties_of(schema))).collect();
    let mut definitions = kinds;
    definitions.insert("param".to_owned(), param());
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "type": "object",
        "required": required,
        "additionalProperties": false,
        "properties": properties,
        "$defs": definitions
    })
}

/// The sections that specs and modules have.
fn shared(schemas: &Schemas) -> Map<String, Json> {
    let by_name = |schema: Json, description: &str| json!({ "type": ["object", "null"], "additionalProperties": schema, "description": description });
    let sections = [
        ("description", json!({ "type": "string", "description": "What the file is for." })),
        ("params", by_name(json!({ "$ref": "#/$defs/param" }), "What is left to whoever uses the file.")),
        ("locals", json!({ "type": ["object", "null"], "description": "Named expressions." })),
        ("existing", by_name(existing(schemas), "What is looked up, and never changed.")),
        ("modules", by_name(module(), "Other files that are used, by name.")),
        ("resources", by_name(resource(schemas), "What is to exist, by name.")),
        ("checks", by_name(check(), "What must hold after an apply, by name.")),
        ("outputs", json!({ "type": ["object", "null"], "description": "What the file tells, by name." })),
    ];
    sections.map(|(name, schema)| (name.to_owned(), schema)).into_iter().collect()
}

fn definition_name(kind: &str) -> String {
    kind.replace('/', ".")
}

fn param() -> Json {
    let inner = json!({ "$ref": "#/$defs/param" });
    json!({
        "type": ["object", "null"],
        "additionalProperties": false,
        "properties": {
            "type": { "enum": ["string", "integer", "number", "boolean", "list", "map", "object"] },
            "default": {},
            "enum": { "type": "array", "items": { "type": "string" } },
            "pattern": { "type": "string", "format": "regex", "description": "A regular expression that must match." },
            "minimum": { "type": "number" },
            "maximum": { "type": "number" },
            "items": inner,
            "values": inner,
            "properties": { "type": "object", "additionalProperties": inner },
            "optional": { "type": "boolean", "description": "Of a property: whether it may be left out." },
            "description": { "type": "string" },
            "secret": { "type": "boolean", "description": "Never stored or shown." }
        }
    })
}

fn environments() -> Json {
    json!({
        "type": ["object", "null"],
        "additionalProperties": { "type": ["object", "null"], "description": "Values of params in this environment." },
        "description": "Each is a stack of its own: `--env`."
    })
}

fn role() -> Json {
    json!({
        "description": "The role to assume.",
        "anyOf": [
            { "type": "string" },
            {
                "type": "object",
                "required": ["role_arn"],
                "additionalProperties": false,
                "properties": {
                    "role_arn": { "type": "string" },
                    "external_id": { "type": "string" },
                    "role_session_name": { "type": "string" }
                }
            }
        ]
    })
}

fn entries(fields: &[&str], description: &str) -> Json {
    let properties: Map<String, Json> =
        fields.iter().map(|&field| (field.to_owned(), json!({ "type": "string" }))).collect();
    json!({
        "type": ["array", "null"],
        "description": description,
        "items": { "type": "object", "required": fields, "additionalProperties": false, "properties": properties }
    })
}

/// What may stand beside every block that makes or looks up something.
fn meta() -> Map<String, Json> {
    let fields = [
        ("for_each", json!({ "description": "A list or map to repeat it over." })),
        ("when", json!({ "type": ["boolean", "string"], "description": "Whether there is to be any." })),
        ("region", json!({ "type": "string", "description": "The region it lies in, where it is another." })),
        ("assume_role", role()),
    ];
    fields.map(|(name, schema)| (name.to_owned(), schema)).into_iter().collect()
}

fn module() -> Json {
    let mut fields = meta();
    fields.insert(
        "use".to_owned(),
        json!({ "type": "string", "description": "The module's file, relative to this one." }),
    );
    fields.insert("with".to_owned(), json!({ "type": ["object", "null"], "description": "The values of its params." }));
    fields.insert("depends_on".to_owned(), names());
    json!({ "type": "object", "required": ["use"], "additionalProperties": false, "properties": fields })
}

fn check() -> Json {
    let text = json!({ "type": "string" });
    let http = json!({
        "type": "object",
        "required": ["url"],
        "additionalProperties": false,
        "properties": {
            "url": text, "method": text, "status": {}, "contains": text, "headers": { "type": "object" },
            "timeout": { "type": ["integer", "string"] }, "retries": { "type": ["integer", "string"] }
        }
    });
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "assert": { "type": ["boolean", "string"], "description": "What must be true." },
            "http": { "anyOf": [text, http], "description": "A request whose answer must be right." },
            "message": { "type": "string", "description": "What to say when it does not hold." },
            "when": { "type": ["boolean", "string"] }
        }
    })
}

/// A kind is looked up by any of its properties and outputs.
fn existing(schemas: &Schemas) -> Json {
    let mut fields = meta();
    for schema in schemas.iter() {
        let known =
            schema.attributes.fields.iter().map(|(name, field)| (name.clone(), json!({ "description": field.doc })));
        let known: Map<String, Json> = known.collect();
        let by = json!({ "type": "object", "minProperties": 1, "additionalProperties": false, "properties": known });
        fields.insert(schema.name().to_owned(), by);
    }
    json!({ "type": "object", "additionalProperties": false, "properties": fields })
}

fn resource(schemas: &Schemas) -> Json {
    let mut fields = meta();
    fields.extend(schemas.iter().map(|schema| (schema.name().to_owned(), reference(schema))));
    fields.insert("depends_on".to_owned(), names());
    fields.insert("lifecycle".to_owned(), lifecycle());
    json!({ "type": "object", "additionalProperties": false, "properties": fields })
}

fn names() -> Json {
    json!({ "type": "array", "items": { "type": "string" } })
}

fn reference(schema: &KindSchema) -> Json {
    let summary = schema.description.doc.lines().next().unwrap_or_default();
    json!({ "$ref": format!("#/$defs/{}", definition_name(schema.name())), "description": summary })
}

fn lifecycle() -> Json {
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "prevent_destroy": { "type": ["boolean", "string"], "description": "Refuse any plan that deletes it." },
            "retain_on_delete": { "type": ["boolean", "string"], "description": "Let go of it instead of deleting it." },
            "create_before_destroy": { "type": ["boolean", "string"], "description": "When replaced, make the new one first." },
            "ignore_changes": names(),
            "replace_triggered_by": names()
        }
    })
}

/// A kind's own schema, where every value may be an expression too.
fn properties_of(schema: &KindSchema) -> Json {
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
