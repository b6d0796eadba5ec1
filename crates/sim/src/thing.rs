//! One thing that lives in the simulated cloud.

use std::time::Duration;

use provision_core::address::Address;
use provision_core::driver::{Live, Phase};
use provision_core::schema::{Field, KindSchema, ObjectType, Type};
use serde_json::{Map, Value as Json, json};
use tokio::time::Instant;

/// One thing, alive or on its way out.
#[derive(Clone, Debug)]
pub(crate) struct Thing {
    pub(crate) kind: String,
    pub(crate) spec: Map<String, Json>,
    /// The token of the intent it was made for.
    pub(crate) token: Option<String>,
    /// Whose it is; `None` for what somebody else made.
    pub(crate) owner: Option<Address>,
    /// How often it was updated.
    pub(crate) revision: u64,
    pub(crate) born: Instant,
    pub(crate) ready_at: Instant,
    pub(crate) gone_at: Option<Instant>,
    pub(crate) fails: bool,
    /// Whether the cloud gave up on the last change.
    pub(crate) halted: bool,
    pub(crate) hidden_reads: u32,
    pub(crate) hidden_until: Instant,
}

impl Thing {
    pub(crate) fn is_alive(&self, now: Instant) -> bool {
        self.gone_at.is_none_or(|gone_at| now < gone_at)
    }

    /// Whether lists and reads show it yet.
    pub(crate) fn is_shown(&self, now: Instant) -> bool {
        self.is_alive(now) && self.hidden_reads == 0 && now >= self.hidden_until
    }

    /// [`is_shown`](Self::is_shown), counted as one look.
    pub(crate) fn look(&mut self, now: Instant) -> bool {
        let is_shown = self.is_shown(now);
        self.hidden_reads = self.hidden_reads.saturating_sub(1);
        is_shown
    }

    pub(crate) fn phase(&self, now: Instant) -> Phase {
        match now >= self.ready_at {
            _ if self.gone_at.is_some() => Phase::PENDING,
            false => Phase::PENDING,
            true if self.fails => Phase::Failed("it was to fail".to_owned()),
            true if self.halted => Phase::Halted("it was to halt".to_owned()),
            true => Phase::Ready,
        }
    }

    /// What a read reports.
    pub(crate) fn live(&self, id: &str, schema: &KindSchema, now: Instant) -> Live {
        let is_told = |name: &String| schema.spec.fields.get(name).is_none_or(|field| !field.write_only);
        let spec = self.spec.iter().filter(|(name, _)| is_told(name));
        Live {
            spec: Json::Object(spec.map(|(name, value)| (name.clone(), value.clone())).collect()),
            outputs: self.outputs(id, schema, now),
            phase: self.phase(now),
        }
    }

    fn outputs(&self, id: &str, schema: &KindSchema, now: Instant) -> Json {
        let known =
            schema.outputs.fields.iter().filter(|(name, _)| *name != "id" && self.has_output(name, schema, now));
        Json::Object(known.map(|(name, field)| (name.clone(), self.output(id, name, field))).collect())
    }

    fn has_output(&self, name: &str, schema: &KindSchema, now: Instant) -> bool {
        let seconds = extension(&schema.description.outputs, name, "x-sim-seconds").and_then(Json::as_u64);
        match schema.is_early(name) {
            true => now >= self.born + Duration::from_secs(seconds.unwrap_or(0)),
            false => now >= self.ready_at && !self.fails,
        }
    }

    /// Different for every thing, and for every revision where an update may change it.
    fn output(&self, id: &str, name: &str, field: &Field) -> Json {
        let revision = if field.volatile { self.revision } else { 0 };
        match &field.ty {
            Type::Bool => Json::Bool(true),
            Type::Integer { .. } | Type::Number { .. } => json!(revision),
            Type::List(_) | Type::Set(_) => json!([]),
            Type::Map(_) | Type::Object(_) => json!({}),
            _ if field.volatile => json!(format!("{id}.{name}.{revision}")),
            _ => json!(format!("{id}.{name}")),
        }
    }
}

/// What the schema of the property or output `name` says under `key`.
pub(crate) fn extension<'a>(schema: &'a Json, name: &str, key: &str) -> Option<&'a Json> {
    schema.get("properties")?.get(name)?.get(key)
}

/// The kind and id of everything that the properties `spec` of a kind refer to.
pub(crate) fn references(spec: &Map<String, Json>, schema: &ObjectType) -> Vec<(String, String)> {
    let mut found = Vec::new();
    object_references(spec, schema, &mut found);
    found
}

fn object_references(entries: &Map<String, Json>, schema: &ObjectType, found: &mut Vec<(String, String)>) {
    for (name, value) in entries {
        if let Some(field) = schema.fields.get(name) {
            value_references(value, &field.ty, found);
        }
    }
}

fn value_references(value: &Json, ty: &Type, found: &mut Vec<(String, String)>) {
    match (value, ty) {
        (Json::String(text), Type::String(rules)) => {
            found.extend(rules.reference.iter().map(|kind| (kind.clone(), text.clone())));
        }
        (Json::Array(items), Type::List(inner) | Type::Set(inner)) => {
            items.iter().for_each(|item| value_references(item, inner, found));
        }
        (Json::Object(entries), Type::Map(inner)) => {
            entries.values().for_each(|value| value_references(value, inner, found));
        }
        (Json::Object(entries), Type::Object(object)) => object_references(entries, object, found),
        _ => {}
    }
}
