//! The regions and accounts of the simulated cloud: each a world of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use provision_core::driver::{Cause, CloudError, Place};
use provision_core::schema::Schemas;

use crate::fault::Faults;
use crate::world::World;

/// The region of stacks that name none.
pub(crate) const REGION: &str = "sim-1";

/// The account of those who assume no role.
pub(crate) const ACCOUNT: &str = "123456789012";

/// One region of one account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Site {
    /// The region.
    pub region: String,
    /// The account.
    pub account: String,
}

impl From<&Place> for Site {
    fn from(place: &Place) -> Self {
        let region = place.region.as_deref().unwrap_or(REGION);
        Self { region: region.to_owned(), account: place.account().unwrap_or(ACCOUNT).to_owned() }
    }
}

impl Default for Site {
    fn default() -> Self {
        Self::from(&Place::default())
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.region)?;
        if self.account == ACCOUNT { Ok(()) } else { write!(f, " of {}", self.account) }
    }
}

/// All worlds, and what they share.
#[derive(Debug)]
pub(crate) struct Worlds {
    pub(crate) schemas: Arc<Schemas>,
    pub(crate) worlds: BTreeMap<Site, World>,
    pub(crate) faults: Faults,
    /// How often each operation was called, those that failed among them.
    pub(crate) calls: BTreeMap<String, u64>,
    /// Secrets by ARN.
    pub(crate) secrets: BTreeMap<String, String>,
    /// The ARNs of roles that nobody may assume.
    pub(crate) revoked: BTreeSet<String>,
}

impl Worlds {
    pub(crate) fn new(schemas: Arc<Schemas>) -> Self {
        Self {
            schemas,
            worlds: BTreeMap::new(),
            faults: Faults::default(),
            calls: BTreeMap::new(),
            secrets: BTreeMap::new(),
            revoked: BTreeSet::new(),
        }
    }

    pub(crate) fn at(&mut self, site: &Site) -> &mut World {
        let schemas = &self.schemas;
        self.worlds.entry(site.clone()).or_insert_with(|| World::new(schemas.clone()))
    }

    /// Whether the role of `place` may be assumed.
    pub(crate) fn admit(&self, place: &Place) -> Result<(), CloudError> {
        match &place.assume_role {
            Some(role) if self.revoked.contains(&role.role_arn) => {
                let message = format!("not authorised to assume {}", role.role_arn);
                Err(CloudError::new(Cause::Denied, "sim:AssumeRole", message))
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn secret(&self, arn: &str) -> Result<String, CloudError> {
        let found = self.secrets.get(arn).cloned();
        found.ok_or_else(|| CloudError::new(Cause::NotFound, "sim:secret_value", format!("there is no {arn}")))
    }
}
