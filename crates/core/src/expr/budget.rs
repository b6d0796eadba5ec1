//! What one evaluation may cost.

/// Steps an evaluation may take.
const STEPS: u64 = 1_000_000;
/// Bytes of text that cost one step.
const BYTES_PER_STEP: u64 = 16;

/// The steps an evaluation has left. Each operation, each item looked at or
/// produced and each 16 bytes of text costs one, so the budget bounds time and
/// memory alike: 16 MB of text or a million items.
#[derive(Debug)]
pub(super) struct Budget {
    left: u64,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self { left: STEPS }
    }

    /// Pays for `steps`. Once the budget is used up, everything more is refused.
    pub(super) fn spend(&mut self, steps: usize) -> Result<(), String> {
        let left = u64::try_from(steps).ok().and_then(|steps| self.left.checked_sub(steps));
        self.left = left.unwrap_or(0);
        match left {
            Some(_) => Ok(()),
            None => Err(format!("the expression takes more than {STEPS} steps, or makes too large a value")),
        }
    }

    /// Pays for looking at or making `bytes` of text.
    pub(super) fn spend_text(&mut self, bytes: usize) -> Result<(), String> {
        self.spend(bytes / BYTES_PER_STEP as usize)
    }
}
