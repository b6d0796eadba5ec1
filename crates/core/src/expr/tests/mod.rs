//! Tests of the expressions, by theme.

#![allow(clippy::expect_used)]

mod errors;
mod functions;
mod generate;
mod properties;
mod references;
mod types;
mod unknown;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{ExprError, Expression, Scope};
use crate::address::Address;
use crate::schema::Type;
use crate::value::{Attribute, Secret, Unknown, Value};

/// The files beside every expression.
const FILES: [(&str, &str); 2] = [("hello.txt", "Hello World\n"), ("greeting.tpl", "Hello, ${name}!")];

/// A scope of fixed values, in a region with three zones.
struct Fixed {
    names: BTreeMap<String, Value>,
    zones: Value,
}

impl Scope for Fixed {
    fn lookup(&self, name: &str) -> Option<Value> {
        self.names.get(name).cloned()
    }

    fn zones(&self) -> Value {
        self.zones.clone()
    }

    fn secret_value(&self, arn: &str) -> Result<Value, String> {
        match arn {
            "arn:later" => Ok(Value::Unknown(Default::default())),
            arn if arn.starts_with("arn:") => Ok(Value::from("s3cret")),
            _ => Err(format!("`{arn}` is no ARN")),
        }
    }

    fn file(&self, path: &str) -> Result<Arc<str>, String> {
        let found = FILES.iter().find(|(name, _)| *name == path);
        found.map(|(_, text)| Arc::from(*text)).ok_or_else(|| format!("there is no file `{path}`"))
    }
}

fn scope<const N: usize>(names: [(&str, Value); N]) -> Fixed {
    let zones = ["us-east-1a", "us-east-1b", "us-east-1c"];
    Fixed {
        names: names.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        zones: Value::list(zones.map(Value::from)),
    }
}

/// Names that stand for every sort of value: `vpc.id` and `unknown` await an
/// attribute each, `secret` and `db.password` are secret.
fn sample() -> Fixed {
    let vpc = [("cidr_block", Value::from("10.0.0.0/16")), ("id", awaiting("vpc", "id"))];
    let db = [("name", Value::from("shop")), ("password", Value::from("hunter2").into_secret())];
    let instance = |id: &str| map([("id", Value::from(id)), ("az", Value::from("a"))]);
    scope([
        ("vpc", map(vpc)),
        ("db", map(db)),
        ("unknown", awaiting("other", "arn")),
        ("secret", Value::from("s3cret").into_secret()),
        ("hashed", Value::Secret(Secret::Hash("abc".into()))),
        ("yes", Value::Bool(true).into_secret()),
        ("public", map([("us-east-1a", instance("subnet-1")), ("us-east-1b", instance("subnet-2"))])),
        ("env", Value::from("dev")),
        ("n", Value::Integer(3)),
        ("nothing", Value::Null),
    ])
}

fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::map(entries.map(|(key, value)| (key.to_owned(), value)))
}

fn awaiting(address: &str, name: &str) -> Value {
    Value::unknown(Attribute { address: Address::root(address), name: name.to_owned() }, Type::Any)
}

fn evaluate(text: &str, scope: &dyn Scope) -> Result<Value, ExprError> {
    Expression::parse(text)?.evaluate(scope)
}

/// The value with its secrets plain.
fn bared(value: &Value) -> Value {
    match value {
        Value::Secret(Secret::Plain(inner)) => bared(inner),
        Value::List(items) => Value::list(items.iter().map(bared)),
        Value::Map(entries) => Value::map(entries.iter().map(|(key, value)| (key.clone(), bared(value)))),
        other => other.clone(),
    }
}
