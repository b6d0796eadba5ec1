//! Desired against live: what differs, and whether AWS can change it in place.
//!
//! Only what is desired is compared: a property that a spec leaves out is not
//! managed, and whatever AWS chose for it is fine.

mod part;
pub mod policy;

use std::collections::{BTreeMap, BTreeSet};

pub use part::{concealed, part};
use serde_json::Value as Json;

use crate::schema::{Field, ObjectType, Type};
use crate::state::Salt;
use crate::value::{Secret, Value};

/// One property that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The path below the resource: `["tags", "env"]`.
    pub path: Vec<String>,
    /// What AWS reports; `None` where there is nothing.
    pub old: Option<Value>,
    /// What is desired; `None` where there is to be nothing.
    pub new: Option<Value>,
    /// Whether AWS cannot change it in place.
    pub replace: bool,
}

impl Change {
    /// The property as messages name it, such as `tags.env` in backticks.
    pub fn name(&self) -> String {
        format!("`{}`", self.path.join("."))
    }
}

/// What a comparison needs to know beside the two sides.
#[derive(Clone, Copy)]
pub struct Comparison<'a> {
    /// The properties' types.
    pub schema: &'a ObjectType,
    /// Tells whether a secret is still the one that was hashed.
    pub salt: &'a Salt,
    /// The spec last applied: what write-only properties are compared with.
    pub applied: &'a Value,
}

impl Comparison<'_> {
    /// What differs between `desired` and `live`, both maps of properties.
    pub fn changes(&self, desired: &Value, live: &Value) -> Vec<Change> {
        let mut changes = Vec::new();
        for (name, wanted) in desired.as_map().into_iter().flatten() {
            let Some(field) = self.schema.fields.get(name) else {
                continue;
            };
            let of = |properties: &Value| properties.as_map().and_then(|properties| properties.get(name)).cloned();
            let (applied, live) = (of(self.applied), of(live));
            let found = if field.write_only { applied.as_ref() } else { live.as_ref() };
            let mut differing =
                Differing { salt: self.salt, path: vec![name.clone()], replace: false, changes: &mut changes };
            let before = differing.changes.len();
            differing.field(wanted, found, field);
            if differing.changes.len() == before && self.is_taken_out(wanted, applied.as_ref(), found, &field.ty) {
                differing.replace = field.replace;
                differing.differs(found.cloned(), Some(wanted.clone()));
            }
        }
        changes
    }

    /// Whether `live` has all the properties `by`: of a map at least those entries.
    pub fn fits(&self, by: &Value, live: &Value) -> bool {
        let fits = |(name, wanted): (&String, &Value)| {
            let found = live.as_map().and_then(|live| live.get(name));
            let ty = self.schema.fields.get(name).map_or(&Type::Any, |field| &field.ty);
            match (wanted, found, ty) {
                (Value::Map(wanted), Some(Value::Map(found)), Type::Map(inner)) => {
                    wanted.iter().all(|(key, value)| same(self.salt, value, found.get(key), inner))
                }
                _ => same(self.salt, wanted, found, ty),
            }
        };
        by.as_map().into_iter().flatten().all(fits)
    }

    /// Whether something inside was applied, is still there, and is no longer stated: part
    /// of a rule in a list, say. What was never stated is not managed.
    fn is_taken_out(&self, wanted: &Value, applied: Option<&Value>, found: Option<&Value>, ty: &Type) -> bool {
        let (Some(applied), Some(found)) = (applied, found) else {
            return false;
        };
        same(self.salt, applied, Some(found), ty) && !same(self.salt, applied, Some(wanted), ty)
    }
}

/// The top-level properties that `changes` touch.
pub fn top_level(changes: &[Change]) -> BTreeSet<String> {
    changes.iter().filter_map(|change| change.path.first().cloned()).collect()
}

/// Whether `ignored`, a list of dotted property paths, covers the property at `path`.
pub fn is_ignored(ignored: &[String], path: &[String]) -> bool {
    let path = path.join(".");
    ignored
        .iter()
        .any(|ignored| path.strip_prefix(ignored.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}

/// `desired` with what `live` has at `ignored`, a dotted property path. A property that is
/// left out stays so: it is not managed.
pub fn keep_ignored(desired: &Value, live: &Value, ignored: &str) -> Value {
    let Value::Map(entries) = desired else {
        return desired.clone();
    };
    let mut kept = BTreeMap::clone(entries);
    for (key, wanted) in entries.iter() {
        let found = live.as_map().and_then(|live| live.get(key)).unwrap_or(&Value::Null);
        match ignored.strip_prefix(key.as_str()) {
            Some("") => keep(&mut kept, key, found),
            Some(rest) if rest.starts_with('.') => {
                kept.insert(key.clone(), keep_entry(wanted, found, &rest[1..]));
            }
            _ => {}
        }
    }
    Value::map(kept)
}

/// The same below a property, where an entry may also come or go.
fn keep_entry(desired: &Value, live: &Value, ignored: &str) -> Value {
    let (Value::Map(entries), Some(found)) = (desired, live.as_map().and_then(|live| live.get(ignored))) else {
        return keep_ignored(desired, live, ignored);
    };
    let mut kept = BTreeMap::clone(entries);
    keep(&mut kept, ignored, found);
    Value::map(kept)
}

fn keep(entries: &mut BTreeMap<String, Value>, key: &str, found: &Value) {
    match found {
        Value::Null => entries.remove(key),
        found => entries.insert(key.to_owned(), found.clone()),
    };
}

struct Differing<'a> {
    salt: &'a Salt,
    path: Vec<String>,
    replace: bool,
    changes: &'a mut Vec<Change>,
}

impl Differing<'_> {
    fn field(&mut self, wanted: &Value, found: Option<&Value>, field: &Field) {
        let outer = self.replace;
        self.replace |= field.replace;
        self.compare(wanted, found, &field.ty);
        self.replace = outer;
    }

    fn compare(&mut self, wanted: &Value, found: Option<&Value>, ty: &Type) {
        match (wanted, found, ty) {
            (Value::Map(wanted), Some(Value::Map(found)), Type::Object(object)) => self.object(wanted, found, object),
            (Value::Map(wanted), Some(Value::Map(found)), Type::Map(inner)) => self.map(wanted, found, inner),
            _ if same(self.salt, wanted, found, ty) => {}
            // Of a property as a whole an empty one is none.
            (_, None | Some(Value::Null), _) if self.path.len() == 1 && is_empty(wanted) => {}
            _ => self.differs(found.cloned(), Some(wanted.clone())),
        }
    }

    fn differs(&mut self, old: Option<Value>, new: Option<Value>) {
        let old = old.map(|old| concealed(old, new.as_ref().unwrap_or(&Value::Null)));
        self.changes.push(Change { path: self.path.clone(), old, new, replace: self.replace });
    }

    fn object(&mut self, wanted: &BTreeMap<String, Value>, found: &BTreeMap<String, Value>, object: &ObjectType) {
        for (name, wanted) in wanted {
            if let Some(field) = object.fields.get(name) {
                self.path.push(name.clone());
                self.field(wanted, found.get(name), field);
                self.path.pop();
            }
        }
    }

    fn map(&mut self, wanted: &BTreeMap<String, Value>, found: &BTreeMap<String, Value>, inner: &Type) {
        for (key, wanted) in wanted {
            self.path.push(key.clone());
            self.compare(wanted, found.get(key), inner);
            self.path.pop();
        }
        for (key, found) in found.iter().filter(|(key, _)| !wanted.contains_key(*key)) {
            self.path.push(key.clone());
            self.differs(Some(found.clone()), None);
            self.path.pop();
        }
    }
}

/// Whether `found` is what is `wanted`.
fn same(salt: &Salt, wanted: &Value, found: Option<&Value>, ty: &Type) -> bool {
    let Some(found) = found.filter(|found| **found != Value::Null) else {
        return is_nothing(wanted, ty);
    };
    match (wanted, found, ty) {
        (Value::Unknown(_), ..) => false,
        (Value::Secret(_), ..) | (_, Value::Secret(_), _) => same_secret(salt, wanted, found),
        (_, _, Type::Policy) => same_json(wanted, found, policy::same),
        (_, _, Type::Document) => same_json(wanted, found, |a, b| parsed(a) == parsed(b)),
        (Value::List(wanted), Value::List(found), Type::Set(inner)) => same_set(salt, wanted, found, inner),
        (Value::List(wanted), Value::List(found), Type::List(inner)) => same_list(salt, wanted, found, inner),
        (Value::Map(wanted), Value::Map(found), Type::Map(inner)) => same_map(salt, wanted, found, inner),
        (Value::Map(wanted), Value::Map(found), Type::Object(object)) => same_object(salt, wanted, found, object),
        (Value::Integer(wanted), Value::Float(found), _) => *wanted as f64 == *found,
        (Value::Float(wanted), Value::Integer(found), _) => *wanted == *found as f64,
        _ => wanted == found,
    }
}

/// Whether to state it is to say that there is none. An object of which nothing is stated is one all the same:
/// `block: {}` differs from no `block`.
fn is_nothing(value: &Value, ty: &Type) -> bool {
    !matches!((value, ty), (Value::Map(_), Type::Object(_))) && is_empty(value)
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::List(items) => items.is_empty(),
        Value::Map(entries) => entries.is_empty(),
        _ => false,
    }
}

fn same_secret(salt: &Salt, wanted: &Value, found: &Value) -> bool {
    let hash = |value: &Value| match value {
        Value::Secret(Secret::Hash(hash)) => Some(hash.to_string()),
        Value::Secret(Secret::Plain(inner)) => salt.hash(inner),
        plain => salt.hash(plain),
    };
    hash(wanted).is_some_and(|wanted| hash(found) == Some(wanted))
}

fn same_json(wanted: &Value, found: &Value, same: impl Fn(&Json, &Json) -> bool) -> bool {
    match (wanted.to_driver_json(), found.to_driver_json()) {
        (Some(wanted), Some(found)) => same(&wanted, &found),
        _ => false,
    }
}

fn parsed(json: &Json) -> Json {
    match json {
        Json::String(text) => serde_json::from_str(text).unwrap_or_else(|_| json.clone()),
        other => other.clone(),
    }
}

fn same_list(salt: &Salt, wanted: &[Value], found: &[Value], inner: &Type) -> bool {
    let pairs = wanted.iter().zip(found);
    wanted.len() == found.len() && pairs.into_iter().all(|(wanted, found)| same(salt, wanted, Some(found), inner))
}

/// Every wanted item is found, and nothing else is. A wanted object may leave fields
/// out, so each takes the first found item that fits and is not taken yet.
fn same_set(salt: &Salt, wanted: &[Value], found: &[Value], inner: &Type) -> bool {
    let mut left: Vec<&Value> = found.iter().collect();
    let mut distinct: Vec<&Value> = Vec::new();
    for item in wanted {
        if !distinct.contains(&item) {
            distinct.push(item);
        }
    }
    distinct.sort_by_key(|item| std::cmp::Reverse(item.as_map().map_or(0, BTreeMap::len)));
    for item in distinct {
        match left.iter().position(|found| same(salt, item, Some(found), inner)) {
            Some(index) => left.swap_remove(index),
            None => return false,
        };
    }
    left.is_empty()
}

fn same_map(salt: &Salt, wanted: &BTreeMap<String, Value>, found: &BTreeMap<String, Value>, inner: &Type) -> bool {
    wanted.len() == found.len() && wanted.iter().all(|(key, value)| same(salt, value, found.get(key), inner))
}

fn same_object(
    salt: &Salt,
    wanted: &BTreeMap<String, Value>,
    found: &BTreeMap<String, Value>,
    object: &ObjectType,
) -> bool {
    wanted.iter().all(|(name, value)| match object.fields.get(name) {
        Some(field) => same(salt, value, found.get(name), &field.ty),
        None => true,
    })
}
