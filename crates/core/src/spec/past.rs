//! The spec that a state of the past amounts to, from which it can be planned again.
//!
//! Every resource is stated with the properties that were applied. Where one of them was the id
//! or an output of a resource that was needed, it names that, so that it follows it to a new id.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};

use super::Expanded;
use super::unroll::shape;
use crate::address::{Address, is_name};
use crate::diagnostic::Diagnostic;
use crate::schema::{KindSchema, Schemas};
use crate::state::{Instance, Resource, State};
use crate::value::Value;

/// A state of the past as a spec.
#[derive(Clone, Debug)]
pub struct Retold {
    /// The spec. JSON is YAML, too.
    pub text: String,
    /// The addresses of its resources, by the names they have in the text.
    pub addresses: BTreeMap<Address, Address>,
    /// The properties that were secret: they keep the value they have, since no state holds another.
    pub secrets: BTreeMap<Address, Vec<Kept>>,
}

/// A secret property that keeps the value it has.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The property.
    pub property: String,
    /// Whether the value was another one then.
    pub was_other: bool,
}

/// Texts shorter than this are taken for the id or output of another resource only as a whole.
const LONG: usize = 8;

/// Texts shorter than this are never taken for the output of another resource.
const SHORT: usize = 4;

/// States `past` as a spec for what `now` owns.
///
/// # Errors
/// Every resource that cannot be stated: one that was left unfinished, or whose kind is not known.
pub fn retell(past: &State, now: &State, schemas: &Schemas) -> Result<Retold, Vec<Diagnostic>> {
    let teller = Teller { past, now, schemas, names: names(past) };
    let mut retold = Retold { text: String::new(), addresses: teller.addresses(), secrets: BTreeMap::new() };
    let (mut resources, mut wrong) = (Map::new(), Vec::new());
    for (address, resource) in &past.resources {
        let Some(current) = &resource.current else { continue };
        match teller.block(address, resource, current, &mut retold.secrets) {
            Ok(block) => drop(resources.insert(teller.names[address].clone(), block)),
            Err(diagnostic) => wrong.push(diagnostic),
        }
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let all: Vec<&Address> = teller.names.keys().collect();
    let outputs = past.outputs.iter().filter(|(_, value)| !holds_hash(value));
    let outputs: Map<String, Json> =
        outputs.map(|(name, value)| (name.clone(), teller.translated(value, &all, &mut BTreeSet::new()))).collect();
    let spec = json!({
        "stack": past.stack,
        "region": past.region,
        "assume_role": past.assume_role,
        "resources": resources,
        "outputs": outputs,
    });
    retold.text = format!("{:#}\n", without_nulls(spec));
    Ok(retold)
}

struct Teller<'a> {
    past: &'a State,
    now: &'a State,
    schemas: &'a Schemas,
    /// The names in the text.
    names: BTreeMap<Address, String>,
}

/// What is stated of one resource.
#[derive(Default)]
struct Stated<'n> {
    properties: Map<String, Json>,
    /// Those that were secret.
    secrets: Vec<String>,
    /// Those of them that have to be stated.
    ignored: Vec<String>,
    /// The resources that the properties name.
    named: BTreeSet<&'n Address>,
}

/// A name for each resource: its own where that says all, else its whole address in letters.
fn names(past: &State) -> BTreeMap<Address, String> {
    let owned = past.resources.iter().filter(|(_, resource)| resource.current.is_some());
    let mut addresses: Vec<&Address> = owned.map(|(address, _)| address).collect();
    addresses.sort_by_key(|address| !is_name(&address.to_string()));
    let (mut names, mut taken) = (BTreeMap::new(), BTreeSet::new());
    for address in addresses {
        let text = address.to_string();
        let plain: String = text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        let mut name = if is_name(&text) { text } else { format!("at_{plain}") };
        while !taken.insert(name.clone()) {
            name.push('_');
        }
        names.insert(address.clone(), name);
    }
    names
}

impl Teller<'_> {
    fn addresses(&self) -> BTreeMap<Address, Address> {
        let pairs = self.names.iter();
        pairs.map(|(address, name)| (Address::root(name.clone()), self.present(address))).collect()
    }

    /// A resource that has another address by now keeps that.
    fn present(&self, address: &Address) -> Address {
        let owner = self.past.resources.get(address).and_then(|resource| {
            let current = resource.current.as_ref()?;
            self.now.owner(resource.kind_of(current), resource.place_of(current), &current.id)
        });
        owner.unwrap_or(address).clone()
    }

    fn block(
        &self,
        address: &Address,
        resource: &Resource,
        current: &Instance,
        secrets: &mut BTreeMap<Address, Vec<Kept>>,
    ) -> Result<Json, Diagnostic> {
        let kind = resource.kind_of(current);
        let schema = self.schemas.get(kind).ok_or_else(|| unknown_kind(address, kind))?;
        if !current.settled {
            return Err(unfinished(address));
        }
        let needed: Vec<&Address> = resource.dependencies.iter().filter(|it| self.names.contains_key(it)).collect();
        let stated = self.stated(schema, current, &needed);
        if !stated.secrets.is_empty() {
            let address = self.present(address);
            let kept = stated.secrets.into_iter().map(|property| self.kept(&address, current, property)).collect();
            secrets.insert(address, kept);
        }
        let unnamed = needed.iter().filter(|it| !stated.named.contains(**it)).map(|it| &self.names[*it]);
        let (place, lifecycle) = (resource.place_of(current), resource.lifecycle);
        Ok(json!({
            kind: stated.properties,
            "region": place.region,
            "assume_role": place.assume_role,
            "depends_on": unnamed.collect::<Vec<_>>(),
            "lifecycle": {
                "prevent_destroy": lifecycle.prevent_destroy,
                "retain_on_delete": lifecycle.retain_on_delete,
                "create_before_destroy": lifecycle.create_before_destroy,
                "ignore_changes": stated.ignored,
            },
        }))
    }

    fn kept(&self, address: &Address, then: &Instance, property: String) -> Kept {
        let now = self.now.resources.get(address).and_then(|resource| resource.current.as_ref());
        let was_other = now.is_some_and(|now| now.applied.get(&property) != then.applied.get(&property));
        Kept { property, was_other }
    }

    /// The properties that were applied. One that was secret is left out; where it cannot be,
    /// what it has is kept, whatever stands there.
    fn stated<'n>(&self, schema: &KindSchema, current: &Instance, needed: &[&'n Address]) -> Stated<'n> {
        let mut stated = Stated::default();
        for (property, value) in current.applied.as_object().into_iter().flatten() {
            if !holds_hash(value) {
                let value = self.translated(value, needed, &mut stated.named);
                stated.properties.insert(property.clone(), value);
                continue;
            }
            stated.secrets.push(property.clone());
            if is_required(schema, property) {
                stated.properties.insert(property.clone(), json!("(kept)"));
                stated.ignored.push(property.clone());
            }
        }
        stated
    }

    /// A value with the ids and outputs of `needed` as expressions; `named` gets those it names.
    fn translated<'n>(&self, value: &Json, needed: &[&'n Address], named: &mut BTreeSet<&'n Address>) -> Json {
        match value {
            Json::String(text) => Json::String(self.text(text, needed, named)),
            Json::Array(items) => items.iter().map(|item| self.translated(item, needed, named)).collect(),
            Json::Object(entries) => {
                let entries = entries.iter();
                Json::Object(entries.map(|(key, it)| (key.clone(), self.translated(it, needed, named))).collect())
            }
            other => other.clone(),
        }
    }

    fn text<'n>(&self, text: &str, needed: &[&'n Address], named: &mut BTreeSet<&'n Address>) -> String {
        let facts = self.facts(needed);
        if let Some((_, expression, address)) = facts.iter().find(|(fact, ..)| fact == text) {
            named.insert(address);
            return expression.clone();
        }
        let (mut told, mut rest) = (String::new(), text);
        while let Some(first) = rest.chars().next() {
            let found = facts.iter().find(|(fact, ..)| fact.len() >= LONG && rest.starts_with(fact.as_str()));
            if let Some((fact, expression, address)) = found {
                named.insert(address);
                told.push_str(expression);
                rest = &rest[fact.len()..];
            } else if rest.starts_with("${") {
                told.push_str("$${");
                rest = &rest["${".len()..];
            } else {
                told.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
        told
    }

    /// The ids and outputs of `needed` as they were, and what names them; the longest first.
    fn facts<'n>(&self, needed: &[&'n Address]) -> Vec<(String, String, &'n Address)> {
        let mut facts = Vec::new();
        for &address in needed {
            let Some(current) = self.past.resources.get(address).and_then(|it| it.current.as_ref()) else { continue };
            let name = &self.names[address];
            facts.push((current.id.to_string(), format!("${{{name}.id}}"), address));
            let outputs = current.outputs.as_object().into_iter().flatten();
            let texts = outputs.filter_map(|(output, value)| Some((output, value.as_str()?)));
            let texts = texts.filter(|(_, text)| text.len() >= SHORT);
            facts.extend(texts.map(|(output, text)| (text.to_owned(), format!("${{{name}.{output}}}"), address)));
        }
        facts.sort_by_key(|(fact, ..)| std::cmp::Reverse(fact.len()));
        facts
    }
}

fn is_required(schema: &KindSchema, property: &str) -> bool {
    schema.spec.fields.get(property).is_some_and(|field| field.required)
}

/// Whether hashes stand in it for secrets.
fn holds_hash(value: &Json) -> bool {
    Value::from(value).has_secret()
}

/// What is left out is not stated.
fn without_nulls(value: Json) -> Json {
    match value {
        Json::Object(entries) => {
            let stated = entries.into_iter().filter(|(_, value)| !value.is_null());
            Json::Object(stated.map(|(key, value)| (key, without_nulls(value))).collect())
        }
        Json::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

fn unfinished(address: &Address) -> Diagnostic {
    let message = format!("`{address}` was not finished in that state, so nobody knows what it was to be");
    Diagnostic::error("past-unfinished", message).with_help("choose a serial whose run was complete")
}

fn unknown_kind(address: &Address, kind: &str) -> Diagnostic {
    let message = format!("`{address}` was a {kind}, which this version of provision does not know");
    Diagnostic::error("past-kind", message).with_help("upgrade provision")
}

impl Expanded {
    /// The same, with other addresses for its resources.
    #[must_use]
    pub fn readdressed(mut self, addresses: &BTreeMap<Address, Address>) -> Self {
        for instance in &mut self.instances {
            if let Some(address) = addresses.get(&instance.address) {
                instance.address = address.clone();
            }
        }
        for index in 0..self.instances.len() {
            let instance = &self.instances[index];
            let shape = shape(&instance.address, &self.template(instance).schema);
            self.shape.publish(&self.instances[index].address, shape);
        }
        self.index();
        self
    }
}
