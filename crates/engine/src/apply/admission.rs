//! When a step may make its calls. Its first call's permit comes before its start, so that what
//! is not begun can still be left alone; the others' come as they are needed.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use provision_core::driver::{Live, Wanted};
use provision_core::plan::CALL;
use provision_core::state::Operation;
use provision_core::store::StoreError;

use super::step::Run;
use super::{Application, StepError};
use crate::EngineError;
use crate::calls::{Caller, Permit};

/// The right to begin a step, or why it cannot be; `None` where it makes no call.
pub(super) type Admission = Result<Option<(Arc<Caller>, Permit)>, EngineError>;

impl Application {
    /// Waits until the first call of step `index` may go out.
    pub(super) async fn admit(&self, index: usize) -> Admission {
        let step = &self.plan.steps[index];
        let Some(operation) = step.action.operation() else { return Ok(None) };
        let caller = self.engine.caller(&step.kind, &step.place).await?;
        let permit = caller.admit(operation, self.remaining[index]).await;
        Ok(Some((caller, permit)))
    }
}

impl Run<'_> {
    /// Has a permit for the next call at hand. It comes before the intent, for the call
    /// follows the intent at once.
    pub(super) async fn hold(&self, operation: Operation) -> Result<(), StepError> {
        let permit = self.permit(operation).await?;
        self.held().replace(permit);
        Ok(())
    }

    /// The permit at hand, or else the next there is.
    ///
    /// # Errors
    /// When the lease was lost meanwhile, and with it the right to call.
    pub(super) async fn permit(&self, operation: Operation) -> Result<Permit, StepError> {
        let held = self.held().take();
        let permit = match held {
            Some(permit) => permit,
            None => self.caller.admit(operation, self.application.remaining[self.index]).await,
        };
        match self.application.journal.is_lost() {
            true => Err(StoreError::LeaseLost { holder: None }.into()),
            false => Ok(permit),
        }
    }

    /// Lets others go first while the step reads. Who held a permit while it waits for another
    /// could wait for itself.
    pub(super) fn step_aside(&self) {
        drop(self.held().take());
    }

    /// What AWS reports now.
    pub(super) async fn look(&self, wanted: &Wanted) -> Result<Option<Live>, StepError> {
        let found = self.caller.read(std::slice::from_ref(wanted), self.urgency()).await?;
        Ok(found.into_iter().flatten().next())
    }

    /// How urgent it is to look: the call is made, what comes after it is not.
    pub(super) fn urgency(&self) -> Duration {
        self.application.remaining[self.index].saturating_sub(CALL)
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Option<Permit>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
