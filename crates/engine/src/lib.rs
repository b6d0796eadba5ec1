//! The asynchronous half of provision: refresh, apply, recovery, the journal and the
//! local store. It knows drivers, not the AWS SDK.

mod answer;
pub mod apply;
pub mod budget;
pub mod calls;
pub mod edit;
pub mod event;
pub mod import;
pub mod journal;
pub mod local_store;
pub mod pace;
mod recover;
mod refresh;
pub mod session;
pub mod survey;
mod tenure;

use std::sync::Arc;

use provision_core::address::Address;
use provision_core::diagnostic::Diagnostic;
use provision_core::driver::{CloudError, Provider};
use provision_core::schema::Schemas;
use provision_core::store::StoreError;

use budget::Budget;
use calls::Calls;
pub use event::{Event, Observer, Unobserved};
use pace::Patience;
pub use recover::Undecided;

/// What every operation needs: a cloud, its kinds, and someone who watches.
#[derive(Clone)]
pub struct Engine {
    /// The cloud.
    pub provider: Arc<dyn Provider>,
    /// The kinds.
    pub schemas: Arc<Schemas>,
    /// Told of all that happens.
    pub observer: Arc<dyn Observer>,
    /// How long to wait for what is not there yet.
    pub patience: Patience,
    /// How often calls are made again, all in all.
    pub budget: Budget,
    /// How many calls are made at once, and how often.
    pub calls: Calls,
}

/// Why an operation could not be carried out. Failed steps are no such error: they are
/// part of an [`apply::Outcome`].
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The state cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// AWS does not say what it should.
    #[error("cannot read {}: {error}", addresses.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", "))]
    Read {
        /// The resources that were to be read.
        addresses: Vec<Address>,
        /// What it says.
        error: CloudError,
    },
    /// Nobody can tell what interrupted creates made: nothing is planned until the user says.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Undecided(Vec<Undecided>),
    /// A fact of the cloud cannot be had.
    #[error(transparent)]
    Cloud(#[from] CloudError),
    /// The state holds a kind that this build does not have.
    #[error("the state holds a resource of the kind `{kind}`, which this version of provision does not know")]
    UnknownKind {
        /// The kind.
        kind: String,
    },
    /// The state belongs to another account.
    #[error("the state belongs to account {recorded}, but the credentials are for account {found}")]
    OtherAccount {
        /// The account in the state.
        recorded: String,
        /// The account of the credentials.
        found: String,
    },
    /// The state lies in another region.
    #[error("the state lies in {recorded}, but the region is {found}")]
    OtherRegion {
        /// The region in the state.
        recorded: String,
        /// The region in use.
        found: String,
    },
    /// The spec cannot be unrolled or planned.
    #[error("{}", .0.iter().map(|it| it.message.as_str()).collect::<Vec<_>>().join("; "))]
    Spec(Vec<Diagnostic>),
    /// What was to be imported is not there.
    #[error("there is no {kind} with the id `{id}`")]
    NotThere {
        /// The kind.
        kind: String,
        /// The id that was given.
        id: String,
    },
    /// What was to be imported is ours already.
    #[error("the state already holds `{address}`, with the id `{id}`")]
    AlreadyOwned {
        /// The address that has it, or has another in its place.
        address: Address,
        /// The id there.
        id: String,
    },
    /// The spec does not name the address.
    #[error("the spec has no resource `{address}`")]
    NoSuchAddress {
        /// The address.
        address: Address,
    },
}

impl EngineError {
    /// The call that failed, where one did.
    pub fn cloud(&self) -> Option<&CloudError> {
        match self {
            Self::Read { error, .. } | Self::Cloud(error) => Some(error),
            _ => None,
        }
    }
}
