//! Resources that take a while, which no emulator has.

use super::http::with_body;
use super::rule::matches;

/// Words in the answers of an operation that are shown as others for a while.
pub(crate) struct Pending {
    pub(crate) operation: String,
    pub(crate) ready: String,
    pub(crate) pending: String,
    pub(crate) polls: usize,
}

impl Pending {
    /// The answer as it is shown; only one that would show something ready counts as a poll.
    pub(crate) fn show(&mut self, operation: &str, answer: Vec<u8>) -> Vec<u8> {
        if self.polls == 0 || !matches(&self.operation, operation) {
            return answer;
        }
        let shown =
            with_body(&answer, |body| body.contains(&self.ready).then(|| body.replace(&self.ready, &self.pending)));
        self.polls -= usize::from(shown.is_some());
        shown.unwrap_or(answer)
    }
}
