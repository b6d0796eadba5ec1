//! What is unknown and what is secret among the values an operation is given.
//!
//! Law: an operation sees known, plain values only. If one of them was unknown it
//! does not run: its types alone tell what it will give. If one was secret its result
//! is secret. A secret's plain value never holds an unknown or another secret.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::budget::Budget;
use crate::schema::Type;
use crate::value::{Awaited, Secret, Unknown, Value};

/// Values laid open for an operation.
#[derive(Debug, Default)]
pub(super) struct Opened {
    /// The values, none of them secret. Those that are not known stand in their place.
    pub(super) values: Vec<Value>,
    /// What they await, if any is unknown.
    pub(super) unknown: Option<BTreeSet<Awaited>>,
    /// Whether any was secret.
    pub(super) is_secret: bool,
}

impl Opened {
    /// Adds a value an operation looks at without looking inside it: items and
    /// fields that are unknown or secret stay so.
    pub(super) fn add(&mut self, value: &Value) {
        match value {
            Value::Unknown(unknown) => {
                self.is_secret |= unknown.is_secret;
                self.await_all(unknown.awaits.iter().cloned());
                self.values.push(value.clone());
            }
            Value::Secret(Secret::Hash(_)) => {
                self.is_secret = true;
                self.await_all([]);
                self.values.push(Value::Unknown(Unknown::default()));
            }
            Value::Secret(Secret::Plain(inner)) => {
                self.is_secret = true;
                self.add(inner);
            }
            plain => self.values.push(plain.clone()),
        }
    }

    /// Adds a value an operation looks through: it is unknown if anything in it is,
    /// and secret likewise.
    pub(super) fn add_all_of(&mut self, value: &Value, budget: &mut Budget) -> Result<(), String> {
        let survey = Survey::of(value, budget)?;
        self.is_secret |= survey.is_secret;
        if survey.is_unknown {
            self.await_all(survey.awaits);
        }
        self.values.push(if survey.is_secret { expose(value) } else { value.clone() });
        Ok(())
    }

    fn await_all(&mut self, awaits: impl IntoIterator<Item = Awaited>) {
        self.unknown.get_or_insert_default().extend(awaits);
    }
}

/// What there is anywhere in a value, secrets included.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// What its unknown parts await.
    pub(super) awaits: BTreeSet<Awaited>,
    /// Whether any part is unknown. A secret of which only the hash is held is:
    /// nothing can be made of it.
    pub(super) is_unknown: bool,
    /// Whether any part is secret, or will be.
    pub(super) is_secret: bool,
}

impl Survey {
    /// Looks through `value`, paying for every item.
    pub(super) fn of(value: &Value, budget: &mut Budget) -> Result<Self, String> {
        let mut survey = Self::default();
        survey.see(value, budget)?;
        Ok(survey)
    }

    /// Looks through all `values`.
    pub(super) fn of_all(values: &[Value], budget: &mut Budget) -> Result<Self, String> {
        let mut survey = Self::default();
        survey.see_all(values.iter(), values.len(), budget)?;
        Ok(survey)
    }

    fn see(&mut self, value: &Value, budget: &mut Budget) -> Result<(), String> {
        match value {
            Value::Unknown(unknown) => {
                self.is_unknown = true;
                self.is_secret |= unknown.is_secret || unknown.ty.holds_secret();
                self.awaits.extend(unknown.awaits.iter().cloned());
                Ok(())
            }
            Value::Secret(secret) => {
                self.is_secret = true;
                match secret {
                    Secret::Plain(inner) => self.see(inner, budget),
                    Secret::Hash(_) => {
                        self.is_unknown = true;
                        Ok(())
                    }
                }
            }
            Value::List(items) => self.see_all(items.iter(), items.len(), budget),
            Value::Map(entries) => self.see_all(entries.values(), entries.len(), budget),
            Value::String(text) => budget.spend_text(text.len()),
            _ => Ok(()),
        }
    }

    fn see_all<'v>(
        &mut self,
        mut values: impl Iterator<Item = &'v Value>,
        count: usize,
        budget: &mut Budget,
    ) -> Result<(), String> {
        budget.spend(count)?;
        values.try_for_each(|value| self.see(value, budget))
    }
}

/// `value` as a secret, or unknown if any of it is: it will be a secret once known.
pub(super) fn seal(value: &Value, budget: &mut Budget) -> Result<Value, String> {
    let survey = Survey::of(value, budget)?;
    Ok(match (survey.is_unknown, survey.is_secret) {
        (true, _) => unknown(survey.awaits, Type::of(value), true),
        (false, true) => expose(value).into_secret(),
        (false, false) => value.clone().into_secret(),
    })
}

/// What will be a `ty` once all of `awaits` are known.
pub(super) fn unknown(awaits: BTreeSet<Awaited>, ty: Type, is_secret: bool) -> Value {
    let is_secret = is_secret || ty.is_secret();
    Value::Unknown(Unknown { awaits: awaits.into_iter().collect(), ty: Arc::new(ty), is_secret })
}

/// What will be made of `values` once they and `awaits` are known. Where the type does
/// not tell which part of them is secret, all of it is.
pub(super) fn made_of(
    values: &[Value],
    ty: Type,
    mut awaits: BTreeSet<Awaited>,
    is_secret: bool,
    budget: &mut Budget,
) -> Result<Value, String> {
    let survey = Survey::of_all(values, budget)?;
    awaits.extend(survey.awaits);
    let is_lost = survey.is_secret && !ty.holds_secret();
    Ok(unknown(awaits, ty, is_secret || is_lost))
}

/// The type of what is one of `values`.
pub(super) fn type_of_any(values: &[Value]) -> Type {
    Type::of(&Value::list(values.iter().cloned())).item().cloned().unwrap_or_default()
}

/// A copy whose secrets are plain.
fn expose(value: &Value) -> Value {
    match value {
        Value::Secret(Secret::Plain(inner)) => expose(inner),
        Value::List(items) => Value::list(items.iter().map(expose)),
        Value::Map(entries) => Value::Map(Arc::new(expose_entries(entries))),
        other => other.clone(),
    }
}

fn expose_entries(entries: &BTreeMap<String, Value>) -> BTreeMap<String, Value> {
    entries.iter().map(|(key, value)| (key.clone(), expose(value))).collect()
}
