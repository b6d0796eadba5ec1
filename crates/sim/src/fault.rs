//! What goes wrong, and when.

use std::collections::BTreeMap;
use std::time::Duration;

use provision_core::driver::{Cause, CloudError, Recovery};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// One thing that goes wrong with one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Too many requests; nothing happens.
    Throttle,
    /// A fault of the service; nothing happens.
    Unavailable,
    /// The call has its effect, and its answer is lost.
    Lost,
    /// The call is given up, and has its effect so many seconds later.
    Late {
        /// How many seconds.
        seconds: u32,
    },
    /// The request is delivered twice, and the second answer is the one that is heard.
    Twice,
    /// Half of the changed properties are changed, and the answer is an error.
    Half,
    /// The credentials do not allow it; nothing happens.
    Denied,
    /// The call goes well, and the resource fails instead of getting ready.
    Fails,
    /// The call goes well, and the resource stands as it was instead of changing.
    Halts,
    /// The call goes well, and what it began takes so many seconds longer.
    Slow {
        /// How many seconds.
        seconds: u32,
    },
    /// The new thing is unseen for so many reads and searches, and so many seconds.
    Lag {
        /// How many reads and searches do not show it.
        reads: u32,
        /// How many seconds it is not shown.
        seconds: u32,
    },
}

impl Fault {
    /// By how much the request is late.
    pub(crate) fn delay(self) -> Duration {
        match self {
            Self::Late { seconds } => Duration::from_secs(seconds.into()),
            _ => Duration::ZERO,
        }
    }

    /// How much longer it takes what the call began.
    pub(crate) fn slowness(self) -> Duration {
        match self {
            Self::Slow { seconds } => Duration::from_secs(seconds.into()),
            _ => Duration::ZERO,
        }
    }

    /// The error of a caller that waits no longer.
    pub(crate) fn gives_up(self, operation: &str) -> Option<CloudError> {
        let is_late = matches!(self, Self::Late { .. });
        is_late.then(|| CloudError::new(Cause::Transient, operation, "no answer in time"))
    }

    /// What it is called where faults are counted.
    fn name(self) -> &'static str {
        match self {
            Self::Throttle => "throttle",
            Self::Unavailable => "5xx",
            Self::Lost => "response lost after effect",
            Self::Late { .. } => "given up, effect comes late",
            Self::Twice => "duplicate delivery",
            Self::Half => "half an update",
            Self::Denied => "denied",
            Self::Fails => "failed phase",
            Self::Halts => "halted phase",
            Self::Slow { .. } => "slow phase",
            Self::Lag { .. } => "list lag",
        }
    }
}

/// A fault that a test asks for.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The operation, such as `sim/network:create`.
    pub operation: String,
    /// What goes wrong.
    pub fault: Fault,
    /// With how many calls.
    pub times: u32,
}

/// The faults to come.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    planned: Vec<Planned>,
    random: Option<(StdRng, f64)>,
    /// How often each fault struck.
    pub(crate) struck: BTreeMap<&'static str, u64>,
}

impl Faults {
    pub(crate) fn plan(&mut self, planned: Planned) {
        self.planned.push(planned);
    }

    /// From now on each call fails in some way with this probability.
    pub(crate) fn randomly(&mut self, seed: u64, rate: f64) {
        self.random = Some((StdRng::seed_from_u64(seed), rate));
    }

    pub(crate) fn none(&mut self) {
        (self.planned, self.random) = (Vec::new(), None);
    }

    /// What goes wrong with the next call of `operation` on a kind.
    pub(crate) fn draw(&mut self, kind: &str, operation: &str, recovery: Option<Recovery>) -> Option<Fault> {
        let fault = self.planned(&format!("{kind}:{operation}")).or_else(|| self.random(operation, recovery))?;
        *self.struck.entry(fault.name()).or_default() += 1;
        Some(fault)
    }

    fn planned(&mut self, name: &str) -> Option<Fault> {
        let planned = self.planned.iter_mut().find(|it| it.times > 0 && it.operation == name)?;
        planned.times -= 1;
        Some(planned.fault)
    }

    fn random(&mut self, operation: &str, recovery: Option<Recovery>) -> Option<Fault> {
        let (random, rate) = self.random.as_mut()?;
        random.random_bool(*rate).then(|| any(random, operation, recovery))
    }
}

/// The seconds within which whatever is late arrives and whatever lags shows: less than the
/// engine's grace period, which is all the engine can wait for.
const LATEST: u32 = 10;

fn any(random: &mut StdRng, operation: &str, recovery: Option<Recovery>) -> Fault {
    use Fault::{Denied, Fails, Half, Halts, Lag, Late, Lost, Slow, Throttle, Twice, Unavailable};
    let lag = Lag { reads: random.random_range(0..4), seconds: random.random_range(0..LATEST) };
    let slow = Slow { seconds: random.random_range(1..60) };
    let late = Late { seconds: random.random_range(1..=LATEST) };
    // No proxy repeats what is not meant to be repeated: a create without a token or a name of its own.
    let is_repeatable = matches!(recovery, Some(Recovery::Token | Recovery::NaturalKey));
    let twice = if is_repeatable { Twice } else { lag };
    let all: &[Fault] = match operation {
        "create" => &[Throttle, Unavailable, Lost, Denied, Fails, late, twice, slow, lag, lag],
        "update" => &[Throttle, Unavailable, Lost, Half, Halts, Denied, Twice, slow],
        "delete" => &[Throttle, Unavailable, Lost, Denied, Twice, slow],
        _ => &[Throttle, Unavailable],
    };
    all[random.random_range(0..all.len())]
}
