//! Adopting: a durable record first, then settling.

use provision_core::driver::Id;
use provision_core::plan::Reason;

use super::StepError;
use super::step::Run;

impl Run<'_> {
    /// Takes what exists under our care and brings it to what is desired.
    pub(super) async fn adopt(&self) -> Result<Id, StepError> {
        let Reason::Imported(id) = &self.step.reason else {
            return Err(StepError::Died("nothing says what is to be adopted".to_owned()));
        };
        let (spec, instance) = self.stated()?;
        let application = self.application;
        let (generation, _) = application.new_token(&self.step.address);
        let desired = self.target().await?.desired;
        application.engine.adopt(&application.journal, spec, instance, id.clone(), generation, &desired).await?;
        self.update().await
    }
}
