//! Where a test can stand between the engine and the simulated world, to do what a broken
//! engine would do.

use std::sync::Arc;

use provision_core::driver::Provider;
use provision_core::store::Store;
use provision_engine::pace::Patience;

use crate::store::StoreRules;

/// Wraps what the engine is given.
pub trait Seams: Send + Sync {
    /// The cloud as the engine reaches it.
    fn provider(&self, provider: Arc<dyn Provider>) -> Arc<dyn Provider> {
        provider
    }

    /// The store as the engine reaches it.
    fn store(&self, store: Arc<dyn Store>) -> Arc<dyn Store> {
        store
    }

    /// Which of its rules the store keeps.
    fn rules(&self) -> StoreRules {
        StoreRules::default()
    }

    /// How patient the engine is.
    fn patience(&self, patience: Patience) -> Patience {
        patience
    }
}

/// Changes nothing.
pub struct Faithful;

impl Seams for Faithful {}
