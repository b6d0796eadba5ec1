//! Where the resources of a stack lie, and whether the spec has them elsewhere.

use super::Reason;
use crate::address::Address;
use crate::driver::Place;
use crate::spec::Expanded;
use crate::state::{Instance, Resource, State};

/// Where an instance is found: as the spec reaches it, or as the state does where the spec
/// has it in another region or account, or not at all.
pub fn place_of<'a>(
    state: &'a State,
    spec: Option<&'a Expanded>,
    address: &Address,
    resource: &'a Resource,
    instance: &'a Instance,
) -> &'a Place {
    let recorded = resource.place_of(instance);
    let stated = spec.and_then(|spec| spec.instance(address)).map(|instance| &instance.place);
    stated.filter(|stated| state.location(stated) == state.location(recorded)).unwrap_or(recorded)
}

/// Why what lies at `from` cannot stay there when it is to be at `to`.
pub(super) fn relocation(state: &State, from: &Place, to: &Place) -> Option<Reason> {
    let (from, to) = (state.location(from), state.location(to));
    let told = |known: Option<&str>, own: &str| known.unwrap_or(own).to_owned();
    if from.region != to.region {
        let own = "the stack's region";
        return Some(Reason::Region { from: told(from.region, own), to: told(to.region, own) });
    }
    let own = "the stack's account";
    (from.account != to.account).then(|| Reason::Account { from: told(from.account, own), to: told(to.account, own) })
}
