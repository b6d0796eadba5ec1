//! The places a stack's resources lie in, as the engine sees them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use provision_core::driver::{Cause, CloudError, Driver, Identity, Place, Provider};
use tokio::sync::OnceCell;

use super::Cloud;
use super::secret_value::SecretArn;
use crate::kinds;
use crate::service::ec2;

/// [`Cloud`] as the engine sees it: one for each place, made when it is first asked for.
pub struct Aws {
    own: Arc<Cloud>,
    others: Mutex<Others>,
}

type Others = BTreeMap<Place, Arc<OnceCell<Arc<Cloud>>>>;

impl Aws {
    /// A provider of every kind in the registry; `own` is the stack's own place.
    pub fn new(own: Arc<Cloud>) -> Self {
        Self { own, others: Mutex::default() }
    }

    /// # Errors
    /// When the place's role cannot be assumed.
    async fn cloud(&self, place: &Place) -> Result<Arc<Cloud>, CloudError> {
        let region = place.region.clone().filter(|region| region != self.own.region());
        let place = Place { region, ..place.clone() };
        if place.is_default() {
            return Ok(Arc::clone(&self.own));
        }
        let other = Arc::clone(self.others().entry(place.clone()).or_default());
        let made = other.get_or_try_init(|| self.reach(&place)).await;
        made.cloned()
    }

    fn others(&self) -> MutexGuard<'_, Others> {
        self.others.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The cloud in `place`. That a role can be assumed shows in its identity, which is
    /// asked for anyway: no other call has to tell.
    async fn reach(&self, place: &Place) -> Result<Arc<Cloud>, CloudError> {
        let cloud = self.own.at(place).await;
        if place.assume_role.is_some() {
            cloud.identity().await?;
        }
        Ok(Arc::new(cloud))
    }
}

#[async_trait]
impl Provider for Aws {
    async fn driver(&self, kind: &str, place: &Place) -> Result<Option<Arc<dyn Driver>>, CloudError> {
        Ok(kinds::driver(kind, &self.cloud(place).await?))
    }

    async fn identity(&self, place: &Place) -> Result<Identity, CloudError> {
        if place.region.is_none() && self.own.region().is_empty() {
            let message = "no region is set: add `region:` to the spec, or set AWS_REGION or a profile";
            return Err(CloudError::new(Cause::Credentials, "sts:GetCallerIdentity", message));
        }
        self.cloud(place).await?.identity().await.cloned()
    }

    async fn zones(&self, place: &Place) -> Result<Vec<String>, CloudError> {
        ec2::zones(&*self.cloud(place).await?).await
    }

    async fn secret_value(&self, arn: &str, place: &Place) -> Result<String, CloudError> {
        let secret = SecretArn::parse(arn)?;
        let region = secret.region().or_else(|| place.region.clone());
        secret.value(&*self.cloud(&Place { region, ..place.clone() }).await?).await
    }
}
