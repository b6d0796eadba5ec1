//! What was asked, how much of it at once, and how late the stub itself was.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value as Json, json};

#[derive(Debug, Default)]
pub(crate) struct Ledger {
    calls: BTreeMap<String, usize>,
    /// Refusals by call and code.
    refused: BTreeMap<String, usize>,
    in_flight: usize,
    most_in_flight: usize,
    /// Microseconds between when an answer was due and when it left.
    late: Vec<u128>,
}

impl Ledger {
    pub(crate) fn begin(&mut self) {
        self.in_flight += 1;
        self.most_in_flight = self.most_in_flight.max(self.in_flight);
    }

    pub(crate) fn count(&mut self, name: &str, status: u16) {
        *self.calls.entry(name.to_owned()).or_default() += 1;
        if status >= 400 {
            *self.refused.entry(format!("{name} {status}")).or_default() += 1;
        }
    }

    pub(crate) fn end(&mut self, late: Duration) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.late.push(late.as_micros());
    }

    /// Forgets all but what is under way.
    pub(crate) fn reset(&mut self) {
        *self = Self { in_flight: self.in_flight, most_in_flight: self.in_flight, ..Self::default() };
    }

    /// `late_p99_ms` is the figure that must stay well under the latency for a wall to count.
    pub(crate) fn report(&self) -> Json {
        let mut late = self.late.clone();
        late.sort_unstable();
        let p99 = late.get(late.len() * 99 / 100).copied().unwrap_or_default();
        json!({
            "calls": self.calls,
            "total": self.calls.values().sum::<usize>(),
            "refused": self.refused,
            "most_in_flight": self.most_in_flight,
            "late_p99_ms": p99 as f64 / 1000.0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_and_what_is_in_flight_are_counted() {
        let mut ledger = Ledger::default();
        ledger.begin();
        ledger.begin();
        ledger.count("ec2:CreateVpc", 200);
        ledger.end(Duration::from_millis(1));
        ledger.begin();
        ledger.count("ec2:CreateVpc", 400);
        let report = ledger.report();
        assert_eq!(report["calls"], json!({ "ec2:CreateVpc": 2 }));
        assert_eq!(report["refused"], json!({ "ec2:CreateVpc 400": 1 }));
        assert_eq!((&report["most_in_flight"], &report["late_p99_ms"]), (&json!(2), &json!(1.0)));
        ledger.reset();
        assert_eq!(ledger.report()["most_in_flight"], json!(2));
    }
}
