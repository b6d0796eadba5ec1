//! What expressions can name of a resource, as far as a plan knows it.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::Seen;
use crate::driver::Phase;
use crate::schema::{KindSchema, Type, lift};
use crate::spec::Instance;
use crate::state;
use crate::value::{Attribute, Value};

fn unknown(instance: &Instance, schema: &KindSchema, name: &str) -> Value {
    let ty = schema.attribute(name).map_or(Type::Any, |field| field.ty.clone());
    Value::unknown(Attribute { address: instance.address.clone(), name: name.to_owned() }, ty)
}

/// Of a resource that is to be made: what the spec says, and nothing else.
pub(super) fn unknown_attributes(instance: &Instance, schema: &KindSchema, desired: &Value) -> Value {
    let names = schema.spec.fields.keys().chain(schema.outputs.fields.keys());
    Value::map(names.map(|name| {
        let stated = desired.as_map().and_then(|desired| desired.get(name));
        (name.clone(), stated.cloned().unwrap_or_else(|| unknown(instance, schema, name)))
    }))
}

/// Of a resource that stays: all of it, but for what an update may change.
pub(super) fn known_attributes(
    instance: &Instance,
    schema: &KindSchema,
    desired: &Value,
    seen: &Seen,
    current: &state::Instance,
    updates: bool,
) -> Value {
    let mut attributes = present_attributes(schema, desired, &seen.spec, &seen.outputs, current.id.as_str());
    if !current.settled || !matches!(seen.phase, Phase::Ready | Phase::Halted(_)) {
        let absent = attributes.iter_mut().filter(|(_, value)| **value == Value::Null);
        absent.for_each(|(name, value)| *value = recorded_or_unknown(instance, schema, current, name));
    }
    for (name, _) in schema.outputs.fields.iter().filter(|(_, field)| updates && field.volatile) {
        attributes.insert(name.clone(), unknown(instance, schema, name));
    }
    Value::map(attributes)
}

/// What an unfinished resource does not tell yet: what it told before, or later.
fn recorded_or_unknown(instance: &Instance, schema: &KindSchema, current: &state::Instance, name: &str) -> Value {
    let recorded = lift(&current.outputs, &schema.outputs).as_map().and_then(|outputs| outputs.get(name).cloned());
    recorded.unwrap_or_else(|| unknown(instance, schema, name))
}

/// What others may name of a resource that exists: what the spec states, what AWS
/// reports beside it, and the outputs.
pub fn present_attributes(
    schema: &KindSchema,
    desired: &Value,
    live: &Value,
    outputs: &Json,
    id: &str,
) -> BTreeMap<String, Value> {
    let named = schema.spec.fields.keys().chain(schema.outputs.fields.keys());
    let mut attributes: BTreeMap<String, Value> = named.map(|name| (name.clone(), Value::Null)).collect();
    let layers = [lift(outputs, &schema.outputs), live.clone(), desired.clone()];
    for layer in &layers {
        attributes.extend(layer.as_map().into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())));
    }
    attributes.insert("id".to_owned(), Value::string(id));
    attributes
}
