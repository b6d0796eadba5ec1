//! Live against what was last applied.

use std::collections::BTreeMap;

use super::planner::Observed;
use crate::address::Address;
use crate::diff::{Change, Comparison};
use crate::schema::KindSchema;
use crate::state::State;
use crate::value::Value;

/// One resource that is no longer as it was left.
#[derive(Clone, Debug)]
pub struct Drift {
    /// The resource.
    pub address: Address,
    /// Its kind.
    pub kind: String,
    /// Its physical name.
    pub id: String,
    /// How it drifted.
    pub drifted: Drifted,
}

/// How a resource drifted.
#[derive(Clone, Debug)]
pub enum Drifted {
    /// AWS no longer knows it.
    Missing,
    /// Properties differ; `old` is what AWS reports and `new` what is recorded.
    Changed(Vec<Change>),
}

/// Every resource of the state that AWS reports otherwise than it was recorded.
pub fn drift<'a>(
    state: &State,
    observed: &BTreeMap<Address, Observed>,
    schema: impl Fn(&str) -> Option<&'a KindSchema>,
) -> Vec<Drift> {
    let found = state.resources.iter().filter_map(|(address, resource)| {
        let current = resource.current.as_ref()?;
        let kind = resource.kind_of(current).to_owned();
        let schema = schema(&kind)?;
        let drifted = match observed.get(address)? {
            Observed::Absent => Drifted::Missing,
            Observed::Present(live) => {
                let applied = Value::from(&current.applied);
                let comparison = Comparison { schema: &schema.spec, salt: &state.salt, applied: &applied };
                Drifted::Changed(comparison.changes(&applied, &live.spec))
            }
        };
        let id = current.id.to_string();
        Some(Drift { address: address.clone(), kind, id, drifted })
    });
    found.filter(|drift| !matches!(&drift.drifted, Drifted::Changed(changes) if changes.is_empty())).collect()
}
