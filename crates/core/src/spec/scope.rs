//! What expressions can see: params, facts of the cloud, the resources so far, `each`.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::address::Address;
use crate::driver::Place;
use crate::expr::Scope;
use crate::fact::{Ask, Facts};
use crate::value::{Unknown, Value};

/// What `aws` is in an expression.
fn aws(facts: &Facts) -> Value {
    let identity = facts.get(&Ask::Identity(Place::default())).unwrap_or(Value::Null);
    let fact = |name: &str| match &identity {
        Value::Map(entries) => entries.get(name).cloned().unwrap_or(Value::Null),
        unknown => unknown.clone(),
    };
    let region = match facts.region.as_str() {
        "" => Value::Unknown(Unknown::default()),
        region => Value::from(region),
    };
    Value::map([
        ("account_id".to_owned(), fact("account_id")),
        ("partition".to_owned(), fact("partition")),
        ("region".to_owned(), region),
    ])
}

/// What `each` is in a repeated resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Each {
    /// The key, part of the address.
    pub key: String,
    /// The map's value, or the list's item.
    pub value: Value,
    /// How many come before it.
    pub index: i64,
}

impl Each {
    fn as_value(&self) -> Value {
        Value::map([
            ("key".to_owned(), Value::from(self.key.as_str())),
            ("value".to_owned(), self.value.clone()),
            ("index".to_owned(), Value::Integer(self.index)),
        ])
    }
}

/// The attributes of every resource, by name; those of a repeated one by key.
#[derive(Clone, Debug, Default)]
pub struct Attributes(BTreeMap<String, Value>);

impl Attributes {
    /// Makes everything named `name` unknown, whatever its key, until it is published.
    pub(super) fn conceal(&mut self, name: &str) {
        self.0.insert(name.to_owned(), Value::Unknown(Unknown::default()));
    }

    /// Makes a resource's attributes visible to expressions, in place of former ones.
    pub fn publish(&mut self, address: &Address, attributes: Value) {
        match address.key() {
            None => {
                self.0.insert(address.name().to_owned(), attributes);
            }
            Some(key) => {
                let group = self.0.entry(address.name().to_owned()).or_insert_with(|| Value::map([]));
                if let Value::Map(entries) = group {
                    Arc::make_mut(entries).insert(key.to_owned(), attributes);
                }
            }
        }
    }

    /// What is known of one resource.
    pub fn get(&self, address: &Address) -> Option<&Value> {
        let found = self.0.get(address.name())?;
        match address.key() {
            None => Some(found),
            Some(key) => found.as_map()?.get(key),
        }
    }
}

/// A scope for one resource.
#[derive(Clone, Copy)]
pub struct ResourceScope<'a> {
    pub(super) params: &'a BTreeMap<String, Value>,
    pub(super) facts: &'a Facts,
    pub(super) attributes: &'a Attributes,
    pub(super) each: Option<&'a Each>,
    /// The repeated resources that are repeated over nothing.
    pub(super) empty: &'a [String],
}

impl Scope for ResourceScope<'_> {
    fn lookup(&self, name: &str) -> Option<Value> {
        match name {
            "aws" => Some(aws(self.facts)),
            "each" => self.each.map(Each::as_value),
            _ => {
                let known = self.params.get(name).or_else(|| self.attributes.0.get(name)).cloned();
                known.or_else(|| self.empty.iter().any(|empty| empty == name).then(|| Value::map([])))
            }
        }
    }

    fn zones(&self) -> Value {
        self.facts.get(&Ask::Zones(Place::default())).unwrap_or(Value::Null)
    }

    fn secret_value(&self, arn: &str) -> Result<Value, String> {
        let ask = Ask::Secret { place: Place::default(), arn: arn.into() };
        self.facts.get(&ask).ok_or_else(|| format!("there is no secret `{arn}`"))
    }

    fn file(&self, _: &str) -> Result<Arc<str>, String> {
        Err("files cannot be read here".to_owned())
    }
}

/// A scope in which nothing has a name.
pub(super) struct Nothing;

impl Scope for Nothing {
    fn lookup(&self, _: &str) -> Option<Value> {
        None
    }

    fn zones(&self) -> Value {
        Value::Unknown(Unknown::default())
    }

    fn secret_value(&self, _: &str) -> Result<Value, String> {
        Err("a secret cannot be read here".to_owned())
    }

    fn file(&self, _: &str) -> Result<Arc<str>, String> {
        Err("files cannot be read here".to_owned())
    }
}
