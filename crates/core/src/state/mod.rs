//! What provision owns and what it was about to do: a snapshot, and the journal
//! records since.

mod check;
mod durations;
mod fold;
pub mod format;
pub mod history;
mod place;
mod seal;
#[cfg(test)]
mod tests;
mod token;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::address::Address;
use crate::driver::{AssumeRole, Id, Place};

pub use check::violations;
pub use durations::Durations;
pub use fold::fold;
pub use place::Location;
pub use seal::Salt;
pub use token::token;

/// The format this build writes. It reads this one and all before it.
pub const FORMAT: u32 = 3;

/// A stack's whole memory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// The format version: [`FORMAT`] in memory, whichever version was read.
    pub version: u32,
    /// Names this state through all its serials; random, set once.
    pub lineage: String,
    /// Counts the snapshots, 0 before the first; a plan names the one it was made from.
    pub serial: u64,
    /// The stack's name.
    pub stack: String,
    /// The account the resources lie in, once known: applying with another is refused.
    pub account_id: Option<String>,
    /// The region the resources lie in, once known.
    pub region: Option<String>,
    /// The role by which the stack is reached, where its spec states one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assume_role: Option<AssumeRole>,
    /// Keys the hashes that stand for secrets; random, set once.
    pub salt: Salt,
    /// The next generation to hand out; every create takes one.
    pub next_generation: u64,
    /// What is owned, by address.
    pub resources: BTreeMap<Address, Resource>,
    /// The spec's outputs after the last apply; secrets as hashes.
    pub outputs: BTreeMap<String, Json>,
    /// How long operations took here.
    #[serde(default, skip_serializing_if = "Durations::is_empty")]
    pub durations: Durations,
}

/// All that is owned at one address.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    /// Its kind.
    pub kind: String,
    /// Where it lies, and as whom it is reached.
    #[serde(default, skip_serializing_if = "Place::is_default")]
    pub place: Place,
    /// The addresses it needs: deleting goes the other way round.
    pub dependencies: BTreeSet<Address>,
    /// What protects it; kept here so that removing a block from the spec does not remove it.
    pub lifecycle: Lifecycle,
    /// The instance in use.
    pub current: Option<Instance>,
    /// Former instances that are still to be deleted, oldest first, all older than `current`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deposed: Vec<Instance>,
    /// What was about to be done when the state was last heard of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<Pending>,
}

/// One physical resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instance {
    /// Which life of the address it is.
    pub generation: u64,
    /// Its physical name.
    pub id: Id,
    /// Its kind, where its address has another one by now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Its place, where its address lies elsewhere by now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// Whether it was ready and equal to `applied`, and no call was begun since. An
    /// unsettled one is brought there by the next apply.
    pub settled: bool,
    /// The spec last applied; secrets as hashes. What an update was about to change is
    /// not in it until the update has its result.
    pub applied: Json,
    /// Its outputs when last seen.
    pub outputs: Json,
}

/// An intent without a result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pending {
    /// What was about to be called.
    pub operation: Operation,
    /// For which life of the address.
    pub generation: u64,
    /// The intent's token.
    pub token: String,
    /// The spec asked for; secrets as hashes.
    pub request: Json,
}

/// A mutating operation of a driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// `Driver::create`.
    Create,
    /// `Driver::update`.
    Update,
    /// `Driver::delete`.
    Delete,
}

/// What protects a resource and orders its replacement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lifecycle {
    /// Refuse any plan that deletes it.
    #[serde(default)]
    pub prevent_destroy: bool,
    /// Forget it instead of deleting it.
    #[serde(default)]
    pub retain_on_delete: bool,
    /// When replaced, make the new one before the old one goes.
    #[serde(default)]
    pub create_before_destroy: bool,
}

/// One line of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case", deny_unknown_fields)]
pub enum Record {
    /// A mutating call is about to go out (laws 1 and 2).
    Intent {
        /// The resource.
        address: Address,
        /// Its kind.
        kind: String,
        /// Where it lies.
        #[serde(default, skip_serializing_if = "Place::is_default")]
        place: Place,
        /// What it needs.
        dependencies: BTreeSet<Address>,
        /// What protects it.
        lifecycle: Lifecycle,
        /// What is called. Nothing but a result may follow an intent to create: another
        /// intent would take its place, and what it made would never be looked for.
        pending: Pending,
    },
    /// The create call answered with an id (law 4).
    Created {
        /// The resource.
        address: Address,
        /// The intent's generation.
        generation: u64,
        /// The physical name.
        id: Id,
    },
    /// Live equals `applied` and the resource is ready. Also written for what needed
    /// no call (an adoption, a read that found new outputs, a change of dependencies).
    Settled {
        /// The resource.
        address: Address,
        /// Its kind.
        kind: String,
        /// Where it lies.
        #[serde(default, skip_serializing_if = "Place::is_default")]
        place: Place,
        /// What it needs.
        dependencies: BTreeSet<Address>,
        /// What protects it.
        lifecycle: Lifecycle,
        /// The instance as it now stands.
        instance: Instance,
    },
    /// The call surely had no effect.
    Refused {
        /// The resource.
        address: Address,
        /// The intent's generation.
        generation: u64,
    },
    /// The resource is confirmed to be gone (law 6).
    Deleted {
        /// The resource.
        address: Address,
        /// Which instance.
        generation: u64,
    },
    /// The resource has another address from now on, and with it all that is recorded of it.
    Moved {
        /// The address so far.
        from: Address,
        /// The address from now on; nothing is there yet.
        to: Address,
    },
    /// The resource is no longer ours, but still there.
    Forgotten {
        /// The resource.
        address: Address,
    },
}
