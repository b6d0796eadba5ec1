//! How long the operations of each kind take in a stack, as its runs found.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Operation;

/// What was measured, by kind. Seconds from the call until the resource was ready, or gone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Durations(BTreeMap<String, Took>);

/// What the operations of a kind took, in seconds; `None` for those never made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Took {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    create: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    update: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    delete: Option<f64>,
}

/// How much one more measurement counts against all before it.
const NEWS: f64 = 0.3;

impl Durations {
    /// Whether nothing was measured yet.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What the operation took of late.
    pub fn get(&self, kind: &str, operation: Operation) -> Option<Duration> {
        let took = self.0.get(kind)?;
        let seconds = match operation {
            Operation::Create => took.create,
            Operation::Update => took.update,
            Operation::Delete => took.delete,
        };
        Duration::try_from_secs_f64(seconds?).ok()
    }

    /// Takes one more measurement into account, to the millisecond.
    pub fn note(&mut self, kind: &str, operation: Operation, duration: Duration) {
        let took = self.0.entry(kind.to_owned()).or_default();
        let slot = match operation {
            Operation::Create => &mut took.create,
            Operation::Update => &mut took.update,
            Operation::Delete => &mut took.delete,
        };
        let seconds = duration.as_secs_f64();
        let average = slot.map_or(seconds, |before| before + NEWS * (seconds - before));
        *slot = Some((average * 1000.0).round() / 1000.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_slow_time_does_not_count_for_everything() {
        let mut durations = Durations::default();
        assert_eq!(durations.get("ec2/nat_gateway", Operation::Create), None);
        let mut note = |seconds| durations.note("ec2/nat_gateway", Operation::Create, Duration::from_secs(seconds));
        (0..5).for_each(|_| note(100));
        note(200);
        assert_eq!(durations.get("ec2/nat_gateway", Operation::Create), Some(Duration::from_secs(130)));
        assert_eq!(durations.get("ec2/nat_gateway", Operation::Delete), None);
    }
}
