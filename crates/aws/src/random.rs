//! The crate's one source of randomness.

use provision_core::driver::{Cause, CloudError};
use rand::SeedableRng;
use rand::rngs::{StdRng, SysRng};

/// A cryptographically secure generator, seeded by the operating system each time.
///
/// # Errors
/// When the operating system has no randomness to give; the error names `operation`.
pub(crate) fn generator(operation: &str) -> Result<StdRng, CloudError> {
    StdRng::try_from_rng(&mut SysRng)
        .map_err(|error| CloudError::new(Cause::Transient, operation, format!("no randomness: {error}")))
}
