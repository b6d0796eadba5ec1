//! What goes wrong, and when.

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
    /// Half of the changed properties are changed, and the answer is an error.
    Half,
    /// The credentials do not allow it; nothing happens.
    Denied,
    /// The call goes well, and the resource fails instead of getting ready.
    Fails,
    /// The new thing is unseen for so many reads and searches, and so many seconds.
    Lag {
        /// How many reads and searches do not show it.
        reads: u32,
        /// How many seconds it is not shown.
        seconds: u32,
    },
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
        *self = Self::default();
    }

    /// What goes wrong with the next call of `operation` on a kind.
    pub(crate) fn draw(&mut self, kind: &str, operation: &str) -> Option<Fault> {
        let name = format!("{kind}:{operation}");
        if let Some(planned) = self.planned.iter_mut().find(|it| it.times > 0 && it.operation == name) {
            planned.times -= 1;
            return Some(planned.fault);
        }
        let (random, rate) = self.random.as_mut()?;
        random.random_bool(*rate).then(|| any(random, operation))
    }
}

fn any(random: &mut StdRng, operation: &str) -> Fault {
    let lag = Fault::Lag { reads: random.random_range(0..4), seconds: random.random_range(0..8) };
    let all: &[Fault] = match operation {
        "create" => &[Fault::Throttle, Fault::Unavailable, Fault::Lost, Fault::Denied, Fault::Fails, lag, lag],
        "update" => &[Fault::Throttle, Fault::Unavailable, Fault::Lost, Fault::Half, Fault::Denied],
        "delete" => &[Fault::Throttle, Fault::Unavailable, Fault::Lost, Fault::Denied],
        _ => &[Fault::Throttle, Fault::Unavailable],
    };
    all[random.random_range(0..all.len())]
}
