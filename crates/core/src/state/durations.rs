//! How long the operations of each kind take in a stack, as its runs found.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Operation;

/// What was measured, by kind. Seconds from the call until the resource was ready, or gone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Durations(BTreeMap<String, BTreeMap<Operation, f64>>);

/// How much one more measurement counts against all before it.
const NEWS: f64 = 0.3;

impl Durations {
    /// Whether nothing was measured yet.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What the operation took of late.
    pub fn get(&self, kind: &str, operation: Operation) -> Option<Duration> {
        Duration::try_from_secs_f64(*self.0.get(kind)?.get(&operation)?).ok()
    }

    /// Takes one more measurement into account, to the millisecond.
    pub fn note(&mut self, kind: &str, operation: Operation, duration: Duration) {
        let seconds = duration.as_secs_f64();
        let took = self.0.entry(kind.to_owned()).or_default().entry(operation).or_insert(seconds);
        *took += NEWS * (seconds - *took);
        *took = (*took * 1000.0).round() / 1000.0;
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
