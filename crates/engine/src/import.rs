//! Taking something that exists under our care.

use std::sync::Arc;

use provision_core::address::Address;
use provision_core::driver::Id;
use provision_core::plan::{Observed, Seen};
use provision_core::spec::Expanded;
use provision_core::state::{Instance, Record};
use provision_core::value::Value;

use crate::journal::Journal;
use crate::{Engine, EngineError};

impl Engine {
    /// Records that `id` is the resource at `address` of `spec`. Nothing is changed in AWS:
    /// the next plan shows what differs from the spec.
    ///
    /// # Errors
    /// When the spec does not name the address, the state holds it already, or AWS does not
    /// know the id.
    pub async fn import(
        &self,
        journal: &Journal,
        spec: &Arc<Expanded>,
        address: &Address,
        id: Id,
    ) -> Result<(), EngineError> {
        let instance = spec.instance(address).ok_or_else(|| EngineError::NoSuchAddress { address: address.clone() })?;
        let kind = spec.template(instance).kind.clone();
        let owned = journal.with(|state| state.resources.get(address)?.current.as_ref().map(|it| it.id.to_string()));
        if let Some(id) = owned {
            return Err(EngineError::AlreadyOwned { address: address.clone(), id });
        }
        let Observed::Present(seen) = self.observe(address, &kind, &id).await? else {
            return Err(EngineError::NotThere { kind, id: id.to_string() });
        };
        let record = Record::Settled {
            address: address.clone(),
            kind,
            dependencies: spec.dependencies(instance),
            lifecycle: instance.lifecycle,
            instance: imported(journal, id, &spec.template(instance).body.shape(), seen),
        };
        Ok(journal.record(record).await?)
    }
}

fn imported(journal: &Journal, id: Id, stated: &Value, seen: Seen) -> Instance {
    let applied = part(&seen.spec, stated);
    Instance {
        generation: journal.with(|state| state.next_generation),
        id,
        kind: None,
        settled: true,
        applied: journal.with(|state| state.salt.seal(&applied)).unwrap_or_default(),
        outputs: seen.outputs,
    }
}

/// The part of `live` that a spec of the form `stated` manages: recorded as applied, so that
/// the rest counts as never stated rather than as taken out.
fn part(live: &Value, stated: &Value) -> Value {
    match (live, stated) {
        (Value::Map(live), Value::Map(stated)) => {
            let kept = live.iter().filter_map(|(key, value)| Some((key.clone(), part(value, stated.get(key)?))));
            Value::map(kept.collect::<Vec<_>>())
        }
        (Value::List(live), Value::List(stated)) => {
            let any = stated.iter().fold(Value::Null, joined);
            Value::list(live.iter().map(|item| part(item, &any)).collect::<Vec<_>>())
        }
        _ => live.clone(),
    }
}

/// A form that states what either does.
fn joined(one: Value, other: &Value) -> Value {
    match (one, other) {
        (Value::Map(one), Value::Map(other)) => {
            let mut all = (*one).clone();
            for (key, value) in other.iter() {
                let before = all.remove(key).unwrap_or(Value::Null);
                all.insert(key.clone(), joined(before, value));
            }
            Value::map(all)
        }
        (Value::List(one), Value::List(other)) => Value::list(one.iter().chain(other.iter()).cloned()),
        (_, other) => other.clone(),
    }
}
