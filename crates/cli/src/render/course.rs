//! How long a plan takes, and by which chains of steps, in words and as data.

use std::time::Duration;

use provision_core::plan::{Bound, Chain, Forecast, Pace, Plan};
use provision_core::state::Operation;
use provision_engine::apply::Outcome;
use serde_json::{Value as Json, json};

use super::style;

/// How many chains are told.
const MOST: usize = 5;

/// Plans shorter than this need no explanation.
const SHORT: Duration = Duration::from_secs(5);

/// The way a plan goes, if every step starts as soon as it may.
pub(crate) struct Course<'p> {
    plan: &'p Plan,
    paces: Vec<Pace>,
    forecast: Forecast,
    /// The time by which AWS's rates hold it up, where that is longer than every chain.
    held_up: Option<(&'p Bound, Duration)>,
}

impl<'p> Course<'p> {
    /// With the durations that are expected, where time runs so fast.
    pub(crate) fn expected(plan: &'p Plan, tempo: f64) -> Self {
        Self::new(plan, plan.paces.iter().map(|pace| pace.at_tempo(tempo)).collect(), tempo)
    }

    /// With the durations that it had.
    pub(crate) fn past(plan: &'p Plan, outcome: &Outcome) -> Self {
        Self::new(plan, outcome.paces.clone(), outcome.tempo)
    }

    fn new(plan: &'p Plan, paces: Vec<Pace>, tempo: f64) -> Self {
        let forecast = Forecast::new(plan, &paces);
        let held_up = plan.bound.as_ref().map(|bound| (bound, bound.duration().mul_f64(tempo)));
        let held_up = held_up.filter(|(_, time)| *time > forecast.total);
        Self { plan, paces, forecast, held_up }
    }

    /// The least time that it takes.
    pub(crate) fn total(&self) -> Duration {
        self.held_up.map_or(self.forecast.total, |(_, time)| time)
    }

    /// What is to be expected: one line, and one more for each of the longest chains.
    pub(crate) fn lines(&self) -> Vec<String> {
        let total = span(self.total());
        if self.total() < SHORT {
            return vec![format!("Expected to take about {total}.")];
        }
        if let Some((bound, _)) = self.held_up {
            return vec![format!("Expected to take about {total}: {}.", allowed(bound))];
        }
        let chains = self.forecast.chains(MOST);
        let width = chains.iter().map(|chain| span(chain.duration).len()).max().unwrap_or(0);
        let head = format!("Expected to take about {total}, by the longest of these chains:");
        let told = |chain: &Chain| format!("  {:>width$}  {}", span(chain.duration), style::dim(&self.told(chain)));
        std::iter::once(head).chain(chains.iter().map(told)).collect()
    }

    /// How far `elapsed` lay above the least that the steps needed, and the chain that decided that.
    pub(crate) fn floor_line(&self, elapsed: Duration) -> Option<String> {
        let floor = Some(self.total()).filter(|total| *total >= SHORT)?;
        let why = match self.held_up {
            Some((bound, _)) => allowed(bound),
            None => self.told(self.forecast.chains(1).first()?),
        };
        let (ratio, floor) = (elapsed.div_duration_f64(floor), span(floor));
        Some(format!("That is {ratio:.2} times the floor, the {floor} of {}", style::dim(&why)))
    }

    pub(crate) fn data(&self) -> Json {
        let chains = self.forecast.chains(MOST).into_iter().map(|chain| {
            let steps = chain.steps.iter().map(|&step| &self.plan.steps[step].address);
            json!({ "steps": steps.collect::<Vec<_>>(), "seconds": chain.duration.as_secs_f64() })
        });
        let held_up = self.held_up.map(|(bound, time)| {
            json!({
                "kind": bound.kind, "operation": bound.operation, "calls": bound.calls,
                "burst": bound.rate.burst, "per_second": bound.rate.per_second, "seconds": time.as_secs_f64(),
            })
        });
        json!({
            "seconds": self.total().as_secs_f64(),
            "chains": chains.collect::<Vec<_>>(),
            "held_up_by": held_up,
        })
    }

    /// `vpc → nat["a"] (1 min 30 s) → routes`.
    fn told(&self, chain: &Chain) -> String {
        let steps = chain.steps.iter().map(|&step| {
            let (address, took) = (&self.plan.steps[step].address, self.paces[step].done);
            let took = if took < SHORT { String::new() } else { format!(" ({})", span(took)) };
            format!("{address}{took}")
        });
        steps.collect::<Vec<_>>().join(" → ")
    }
}

/// `AWS allows 5 create calls of ec2/subnet a second, after 50 at once, and there are 200`.
fn allowed(bound: &Bound) -> String {
    let Bound { kind, operation, calls, rate } = bound;
    let operation = match operation {
        Operation::Create => "create",
        Operation::Update => "update",
        Operation::Delete => "delete",
    };
    let (each, once) = (rate.per_second, rate.burst);
    format!("AWS allows {each} {operation} calls of {kind} a second, after {once} at once, and there are {calls}")
}

/// `1 min 30 s`, `12 s`, `0.4 s`.
pub(crate) fn span(time: Duration) -> String {
    match (time.as_secs() / 60, time.as_secs() % 60) {
        (0, seconds) if seconds < 10 => format!("{:.1} s", time.as_secs_f64()),
        (0, seconds) => format!("{seconds} s"),
        (minutes, 0) => format!("{minutes} min"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_as_exact_as_they_matter() {
        for (millis, told) in [
            (0, "0.0 s"),
            (420, "0.4 s"),
            (9_960, "10.0 s"),
            (12_400, "12 s"),
            (60_000, "1 min"),
            (95_000, "1 min 35 s"),
        ] {
            assert_eq!(span(Duration::from_millis(millis)), told);
        }
    }
}
