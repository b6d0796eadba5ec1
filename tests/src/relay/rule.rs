//! Which calls meet which fault.

use std::time::Duration;

use super::operation::{Refusal, is_mutating};

/// What happens to a call instead of a plain answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Answered so without asking the backend: nothing has happened.
    Refuse(Refusal),
    /// The backend never hears of it and nothing comes: for killing the client before the effect.
    Swallow,
    /// The backend acts, then the connection closes: the client never learns.
    DropResponse,
    /// The backend acts, then nothing comes: for killing the client after the effect.
    Withhold,
    /// Passed on only after this long.
    Delay(Duration),
}

/// Which calls meet a fault.
#[derive(Clone, Debug)]
pub struct Rule {
    calls: Calls,
    fault: Fault,
    skip: usize,
    times: usize,
}

#[derive(Clone, Debug)]
enum Calls {
    Named(String),
    Mutating { except: String },
}

impl Rule {
    /// Every call whose name is `operation`, such as `ec2:CreateVpc`, or begins with
    /// what stands before a closing `*`, such as `s3:PUT /bucket*`.
    pub fn new(operation: impl Into<String>, fault: Fault) -> Self {
        Self { calls: Calls::Named(operation.into()), fault, skip: 0, times: usize::MAX }
    }

    /// Every call that may change something, but for those whose name has `except` in it.
    pub fn mutating(except: impl Into<String>, fault: Fault) -> Self {
        Self { calls: Calls::Mutating { except: except.into() }, fault, skip: 0, times: usize::MAX }
    }

    /// Lets the first `skip` such calls pass.
    pub fn skip(self, skip: usize) -> Self {
        Self { skip, ..self }
    }

    /// Ends after it has struck `times` times.
    pub fn times(self, times: usize) -> Self {
        Self { times, ..self }
    }

    pub(super) fn strike(&mut self, operation: &str) -> Option<Fault> {
        let is_meant = match &self.calls {
            Calls::Named(pattern) => matches(pattern, operation),
            Calls::Mutating { except } => is_mutating(operation) && !operation.contains(except),
        };
        if self.times == 0 || !is_meant {
            return None;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return None;
        }
        self.times -= 1;
        Some(self.fault)
    }
}

pub(super) fn matches(pattern: &str, operation: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => operation.starts_with(start),
        None => operation == pattern,
    }
}
