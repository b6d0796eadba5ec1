//! The rules of the simulated cloud, in one region of one account. Everything here happens
//! at one instant.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use provision_core::driver::{Cause, CloudError, Id, Intent, Live, Phase, Recovery, Update, Wanted};
use provision_core::schema::{KindSchema, Schemas, Type};
use serde_json::{Map, Value as Json};
use tokio::time::Instant;

use crate::fault::Fault;
use crate::thing::{Thing, extension, references};

/// Everything there is.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) schemas: Arc<Schemas>,
    things: BTreeMap<String, Thing>,
    /// The ids of what refers to each text.
    users: BTreeMap<String, BTreeSet<String>>,
    numbers: BTreeMap<String, u64>,
    /// What each client token of a kind made, and with which properties.
    tokens: BTreeMap<(String, String), (String, Json)>,
}

pub(crate) type Result<T> = std::result::Result<T, CloudError>;

fn error(cause: Cause, operation: &str, code: &str, message: impl Into<String>) -> CloudError {
    CloudError { code: code.to_owned(), ..CloudError::new(cause, operation, message) }
}

/// The error a fault answers with, for those that hide what happened.
pub(crate) fn answer_to(fault: Fault, operation: &str) -> Option<CloudError> {
    match fault {
        Fault::Throttle => Some(error(Cause::Throttled, operation, "Throttling", "rate exceeded")),
        Fault::Unavailable => Some(error(Cause::Transient, operation, "InternalError", "an internal error")),
        Fault::Lost | Fault::Half => Some(error(Cause::Transient, operation, "", "the connection broke")),
        Fault::Denied => Some(error(Cause::Denied, operation, "AccessDenied", "not authorised")),
        Fault::Late { .. } | Fault::Twice | Fault::Fails | Fault::Halts | Fault::Slow { .. } | Fault::Lag { .. } => {
            None
        }
    }
}

impl World {
    pub(crate) fn new(schemas: Arc<Schemas>) -> Self {
        let (things, users) = (BTreeMap::new(), BTreeMap::new());
        Self { schemas, things, users, numbers: BTreeMap::new(), tokens: BTreeMap::new() }
    }

    /// Lets `change` change what there is as `id`; it may take it away, or put something there.
    pub(crate) fn change(&mut self, id: &str, change: impl FnOnce(&mut Option<Thing>)) {
        let mut thing = self.things.remove(id);
        for text in self.texts_in(thing.as_ref()) {
            let no_more = self.users.get_mut(&text).is_some_and(|users| users.remove(id) && users.is_empty());
            drop(no_more.then(|| self.users.remove(&text)));
        }
        change(&mut thing);
        for text in self.texts_in(thing.as_ref()) {
            self.users.entry(text).or_default().insert(id.to_owned());
        }
        self.things.extend(thing.map(|thing| (id.to_owned(), thing)));
    }

    /// What a thing refers to, by whatever kind.
    fn texts_in(&self, thing: Option<&Thing>) -> BTreeSet<String> {
        let schema = thing.and_then(|thing| Some((thing, self.schemas.get(&thing.kind)?)));
        let found = schema.map_or(Vec::new(), |(thing, schema)| references(&thing.spec, &schema.spec));
        found.into_iter().map(|(_, text)| text).collect()
    }

    pub(crate) fn create(
        &mut self,
        schema: &KindSchema,
        spec: &Json,
        intent: &Intent,
        fault: Option<Fault>,
    ) -> Result<Id> {
        let operation = format!("{}:create", schema.name());
        if let Some(made) = self.made_with(schema, &intent.token, spec)? {
            return Ok(Id(made));
        }
        let asked = spec;
        let mut spec = checked(spec, schema, &operation)?;
        self.check_references(&spec, schema, &operation)?;
        let id = self.free_id(schema, &spec, &operation)?;
        spec.retain(|name, _| !flag(schema, name, "x-sim-after-create"));
        let mut thing = new_thing(schema, spec);
        thing.token = Some(intent.token.clone());
        thing.owner = Some(intent.address.clone());
        match fault {
            Some(Fault::Fails) => thing.fails = true,
            Some(Fault::Halts) => thing.halted = true,
            Some(Fault::Lag { reads, seconds }) => {
                thing.hidden_reads = reads;
                thing.hidden_until += Duration::from_secs(seconds.into());
            }
            _ => thing.ready_at += fault.map_or(Duration::ZERO, Fault::slowness),
        }
        self.change(&id, |it| *it = Some(thing));
        if schema.description.recovery == Recovery::Token {
            self.tokens.insert((schema.name().to_owned(), intent.token.clone()), (id.clone(), asked.clone()));
        }
        Ok(Id(id))
    }

    /// What somebody else makes.
    pub(crate) fn plant(&mut self, schema: &KindSchema, spec: &Json) -> Result<Id> {
        let operation = format!("{}:plant", schema.name());
        let spec = checked(spec, schema, &operation)?;
        let id = self.free_id(schema, &spec, &operation)?;
        self.change(&id, |it| *it = Some(new_thing(schema, spec)));
        Ok(Id(id))
    }

    /// What a client token made, for kinds whose API takes one: even if that is gone by now.
    fn made_with(&self, schema: &KindSchema, token: &str, spec: &Json) -> Result<Option<String>> {
        if schema.description.recovery != Recovery::Token {
            return Ok(None);
        }
        match self.tokens.get(&(schema.name().to_owned(), token.to_owned())) {
            Some((_, asked)) if asked != spec => {
                let operation = format!("{}:create", schema.name());
                let message = "the token was used with other properties";
                Err(error(Cause::Invalid, &operation, "IdempotentParameterMismatch", message))
            }
            made => Ok(made.map(|(id, _)| id.clone())),
        }
    }

    pub(crate) fn alive(&self) -> impl Iterator<Item = (&String, &Thing)> {
        let now = Instant::now();
        self.things.iter().filter(move |(_, thing)| thing.is_alive(now))
    }

    fn free_id(&mut self, schema: &KindSchema, spec: &Map<String, Json>, operation: &str) -> Result<String> {
        let kind = schema.name();
        if schema.description.recovery != Recovery::NaturalKey {
            let number = self.numbers.entry(kind.to_owned()).or_default();
            *number += 1;
            let noun = kind.rsplit('/').next().unwrap_or(kind);
            return Ok(format!("{noun}-{number}"));
        }
        let id = natural_id(schema, spec);
        match self.things.get(&id).is_some_and(|thing| thing.is_alive(Instant::now())) {
            true => Err(error(Cause::Exists, operation, "AlreadyExists", format!("`{id}` exists"))),
            false => Ok(id),
        }
    }

    /// Everything that is referred to must be there, and be seen.
    fn check_references(&self, spec: &Map<String, Json>, schema: &KindSchema, operation: &str) -> Result<()> {
        let now = Instant::now();
        for (kind, text) in references(spec, &schema.spec) {
            match self.find_named(&kind, &text) {
                Some(thing) if thing.is_shown(now) => {}
                Some(_) => {
                    return Err(error(Cause::Eventual, operation, "NotFound", format!("`{text}` is not seen yet")));
                }
                None => return Err(error(Cause::Invalid, operation, "NotFound", format!("there is no `{text}`"))),
            }
        }
        Ok(())
    }

    /// The thing whose id or one of whose outputs is `text`. An output that is a text begins
    /// with the id and a dot.
    fn find_named(&self, kind: &str, text: &str) -> Option<&Thing> {
        let (now, schema) = (Instant::now(), self.schemas.get(kind)?);
        let is_named = |id: &str, thing: &Thing| {
            let outputs = thing.live(id, schema, now).outputs;
            id == text || outputs.as_object().is_some_and(|outputs| outputs.values().any(|value| value == text))
        };
        let ends = text.match_indices('.').map(|(end, _)| end).chain([text.len()]);
        let mut candidates = ends.filter_map(|end| Some((&text[..end], self.things.get(&text[..end])?)));
        let is_it = |(id, thing): &(&str, &Thing)| thing.kind == kind && thing.is_alive(now) && is_named(id, thing);
        candidates.find(is_it).map(|(_, thing)| thing)
    }

    /// The ids of everything of a kind that is listed by now.
    pub(crate) fn all(&mut self, schema: &KindSchema) -> Vec<Id> {
        let now = Instant::now();
        let own = self.things.iter_mut().filter(|(_, thing)| thing.kind == schema.name());
        own.filter_map(|(id, thing)| thing.look(now).then(|| Id::from(id.as_str()))).collect()
    }

    pub(crate) fn read(&mut self, schema: &KindSchema, wanted: &[Wanted]) -> Vec<Option<Live>> {
        let now = Instant::now();
        let mut one = |id: &Id| {
            let thing = self.things.get_mut(id.as_str()).filter(|thing| thing.kind == schema.name())?;
            thing.look(now).then(|| thing.live(id.as_str(), schema, now))
        };
        wanted.iter().map(|wanted| one(&wanted.id)).collect()
    }

    pub(crate) fn update(
        &mut self,
        schema: &KindSchema,
        spec: &Json,
        update: &Update,
        fault: Option<Fault>,
    ) -> Result<()> {
        let operation = format!("{}:update", schema.name());
        let now = Instant::now();
        let spec = checked(spec, schema, &operation)?;
        self.check_references(&spec, schema, &operation)?;
        let is_fixed = |name: &&String| schema.spec.fields.get(*name).is_none_or(|field| field.replace);
        if let Some(fixed) = update.fields.iter().find(is_fixed) {
            return Err(error(Cause::Invalid, &operation, "Immutable", format!("`{fixed}` cannot change")));
        }
        let Some(thing) = self.things.get(update.id.as_str()).filter(|thing| thing.is_shown(now)) else {
            return Err(error(Cause::NotFound, &operation, "NotFound", format!("there is no `{}`", update.id)));
        };
        if !matches!(thing.phase(now), Phase::Ready | Phase::Halted(_)) {
            return Err(error(Cause::Dependency, &operation, "IncorrectState", "it is changing"));
        }
        let count = match fault {
            Some(Fault::Halts) => 0,
            Some(Fault::Half) => update.fields.len() / 2,
            _ => update.fields.len(),
        };
        let takes = Duration::from_secs(schema.description.timing.update.into());
        self.change(update.id.as_str(), |thing| {
            if let Some(thing) = thing {
                change(thing, &spec, update.fields.iter().take(count));
                thing.halted = fault == Some(Fault::Halts);
                thing.ready_at = now + takes + fault.map_or(Duration::ZERO, Fault::slowness);
            }
        });
        Ok(())
    }

    pub(crate) fn delete(&mut self, schema: &KindSchema, id: &Id, fault: Option<Fault>) -> Result<()> {
        let operation = format!("{}:delete", schema.name());
        let now = Instant::now();
        let Some(thing) = self.things.get(id.as_str()).filter(|thing| thing.is_shown(now)) else {
            return Ok(());
        };
        if thing.kind != schema.name() {
            return Err(error(Cause::Invalid, &operation, "WrongKind", format!("`{id}` is a {}", thing.kind)));
        }
        if let Some(user) = self.user_of(id.as_str()) {
            return Err(error(Cause::Dependency, &operation, "DependencyViolation", format!("`{user}` uses `{id}`")));
        }
        let takes = Duration::from_secs(schema.description.timing.delete.into());
        let gone_at = now + takes + fault.map_or(Duration::ZERO, Fault::slowness);
        if let Some(thing) = self.things.get_mut(id.as_str()) {
            thing.gone_at.get_or_insert(gone_at);
        }
        Ok(())
    }

    fn user_of(&self, id: &str) -> Option<&String> {
        let now = Instant::now();
        let is_alive = |user: &&String| self.things.get(*user).is_some_and(|thing| thing.is_alive(now));
        self.users.get(id)?.iter().find(is_alive)
    }

    pub(crate) fn recover(&mut self, schema: &KindSchema, spec: &Json, intent: &Intent) -> Result<Vec<Id>> {
        let now = Instant::now();
        match schema.description.recovery {
            Recovery::Token => Ok(vec![self.create(schema, spec, intent, None)?]),
            Recovery::NaturalKey => {
                let id = spec.as_object().map(|spec| natural_id(schema, spec)).unwrap_or_default();
                let is_ours = |thing: &Thing| thing.token.as_ref() == Some(&intent.token);
                let alive = self.things.get_mut(&id).filter(|thing| thing.is_alive(now) && is_ours(thing));
                Ok(alive.is_some_and(|thing| thing.look(now)).then_some(Id(id)).into_iter().collect())
            }
            Recovery::Tag => Ok(self.search(schema, |thing| thing.token.as_ref() == Some(&intent.token))),
            Recovery::Scan => {
                let wanted = spec.as_object().cloned().unwrap_or_default();
                Ok(self.search(schema, |thing| wanted.iter().all(|(name, value)| thing.spec.get(name) == Some(value))))
            }
        }
    }

    fn search(&mut self, schema: &KindSchema, is_it: impl Fn(&Thing) -> bool) -> Vec<Id> {
        let now = Instant::now();
        let alive = self.things.iter_mut().filter(|(_, thing)| thing.is_alive(now));
        let found = alive.filter(|(_, thing)| thing.kind == schema.name() && is_it(thing));
        found.filter_map(|(id, thing)| thing.look(now).then(|| Id(id.clone()))).collect()
    }
}

fn new_thing(schema: &KindSchema, mut spec: Map<String, Json>) -> Thing {
    for name in schema.spec.fields.keys() {
        if let Some(chosen) = extension(&schema.description.properties, name, "x-sim-chosen") {
            spec.entry(name).or_insert_with(|| chosen.clone());
        }
    }
    let now = Instant::now();
    Thing {
        kind: schema.name().to_owned(),
        spec,
        token: None,
        owner: None,
        revision: 0,
        born: now,
        ready_at: now + Duration::from_secs(schema.description.timing.create.into()),
        gone_at: None,
        fails: false,
        halted: false,
        hidden_reads: 0,
        hidden_until: now,
    }
}

fn change<'a>(thing: &mut Thing, spec: &Map<String, Json>, fields: impl Iterator<Item = &'a String>) {
    for name in fields {
        match spec.get(name) {
            Some(value) => thing.spec.insert(name.clone(), value.clone()),
            None => thing.spec.remove(name),
        };
    }
    thing.revision += 1;
}

fn flag(schema: &KindSchema, name: &str, key: &str) -> bool {
    extension(&schema.description.properties, name, key) == Some(&Json::Bool(true))
}

/// The strings that name a thing of a kind with a natural key: all that a spec must
/// state and cannot change.
fn natural_id(schema: &KindSchema, spec: &Map<String, Json>) -> String {
    let names = schema.spec.fields.iter().filter(|(_, field)| {
        field.required && field.replace && matches!(&field.ty, Type::String(rules) if rules.reference.is_none())
    });
    let texts: Vec<&str> = names.filter_map(|(name, _)| spec.get(name)?.as_str()).collect();
    texts.join("/")
}

/// The properties, if a real cloud could take them: known fields, nothing missing, and
/// no hash in a secret's place.
fn checked(spec: &Json, schema: &KindSchema, operation: &str) -> Result<Map<String, Json>> {
    let refuse = |message: String| Err(error(Cause::Invalid, operation, "ValidationError", message));
    let Json::Object(entries) = spec else {
        return refuse("the properties are no object".to_owned());
    };
    let known: BTreeSet<&String> = schema.spec.fields.keys().collect();
    if let Some(unknown) = entries.keys().find(|name| !known.contains(name)) {
        return refuse(format!("there is no property `{unknown}`"));
    }
    let required = schema.spec.fields.iter().filter(|(_, field)| field.required);
    if let Some((missing, _)) = required.into_iter().find(|(name, _)| !entries.contains_key(*name)) {
        return refuse(format!("`{missing}` is missing"));
    }
    match holds_hash(spec) {
        true => refuse("a hash stands where a secret should be".to_owned()),
        false => Ok(entries.clone()),
    }
}

fn holds_hash(json: &Json) -> bool {
    match json {
        Json::Array(items) => items.iter().any(holds_hash),
        Json::Object(entries) => entries.contains_key("$hash") || entries.values().any(holds_hash),
        _ => false,
    }
}
