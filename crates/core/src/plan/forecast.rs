//! How long a plan takes, and which chains of steps decide that.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Plan, Stage, Step};
use crate::driver::Place;
use crate::graph::Graph;
use crate::rate::Rate;
use crate::schema::{Schemas, Timing};
use crate::state::{Durations, Operation};

/// What a call and the reading after it take where nothing has to be waited for.
pub const CALL: Duration = Duration::from_millis(500);

/// How long a step takes, from its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// Until its id and its early outputs are known.
    pub early: Duration,
    /// Until it is done.
    pub done: Duration,
}

impl Pace {
    /// What `step` is expected to take: what the stack's own runs found, or else what its
    /// kind says.
    pub fn expected(step: &Step, schemas: &Schemas, durations: &Durations) -> Self {
        let Some(operation) = step.action.operation() else { return Self::default() };
        let timing = schemas.get(&step.kind).map_or(Timing::INSTANT, |schema| schema.description.timing);
        let done = durations.get(&step.kind, operation).unwrap_or_else(|| CALL + timing.of(operation));
        Self { early: CALL.min(done), done }
    }

    /// The same where time runs faster, or slower.
    #[must_use]
    pub fn at_tempo(self, tempo: f64) -> Self {
        Self { early: self.early.mul_f64(tempo), done: self.done.mul_f64(tempo) }
    }

    /// Until it has come to `stage`.
    fn until(self, stage: Stage) -> Duration {
        match stage {
            Stage::Identified | Stage::Seen => self.early.min(self.done),
            Stage::Done => self.done,
        }
    }
}

/// Calls of one API that take a while because AWS allows only so many a second.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    /// The kind.
    pub kind: String,
    /// What is done with it.
    pub operation: Operation,
    /// How often, in one account and region.
    pub calls: u64,
    /// How often AWS lets it be done.
    pub rate: Rate,
}

impl Bound {
    /// The bound of `steps` that takes longest; `None` where none takes any time.
    pub fn of(steps: &[Step], schemas: &Schemas) -> Option<Self> {
        let mut calls: BTreeMap<(&str, &Place, Operation), u64> = BTreeMap::new();
        for (step, operation) in steps.iter().filter_map(|step| Some((step, step.action.operation()?))) {
            *calls.entry((&step.kind, &step.place, operation)).or_default() += 1;
        }
        let bounds = calls.into_iter().filter_map(|((kind, _, operation), calls)| {
            let rate = schemas.get(kind)?.description.rates.of(operation)?;
            Some(Self { kind: kind.to_owned(), operation, calls, rate })
        });
        bounds.filter(|bound| !bound.duration().is_zero()).max_by_key(Self::duration)
    }

    /// From the first call to the last.
    pub fn duration(&self) -> Duration {
        self.rate.time_for(self.calls)
    }
}

/// Steps of which each waits for the one before it, with no time between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// The steps, first to last.
    pub steps: Vec<usize>,
    /// From the start of the first to the end of the last.
    pub duration: Duration,
}

/// What becomes of a plan if every step starts as soon as it may: no apply is quicker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// How long all of it takes.
    pub total: Duration,
    /// How long each step and the longest of what waits for it take, by step.
    pub remaining: Vec<Duration>,
    ends: Vec<Duration>,
    /// For each step, the one it waits for longest.
    decided_by: Vec<Option<usize>>,
}

impl Forecast {
    /// Walks `plan` with steps that take as long as `paces` say, by step.
    pub fn new(plan: &Plan, paces: &[Pace]) -> Self {
        let size = plan.steps.len();
        let mut forecast = Self {
            total: Duration::ZERO,
            remaining: paces.iter().map(|pace| pace.done).collect(),
            ends: vec![Duration::ZERO; size],
            decided_by: vec![None; size],
        };
        let order = order(plan);
        order.iter().for_each(|&step| forecast.start(step, plan, paces));
        order.iter().rev().for_each(|&step| forecast.look_back(step, plan, paces));
        forecast.total = forecast.ends.iter().copied().max().unwrap_or_default();
        forecast
    }

    /// Starts `step` when the last of what it waits for has come far enough.
    fn start(&mut self, step: usize, plan: &Plan, paces: &[Pace]) {
        let begun = |wait: usize| self.ends[wait].saturating_sub(paces[wait].done);
        let arrivals = plan.steps[step].waits.iter();
        let arrivals = arrivals.map(|wait| (begun(wait.step) + paces[wait.step].until(wait.stage), wait.step));
        let last = arrivals.max();
        self.decided_by[step] = last.map(|(_, other)| other);
        self.ends[step] = last.map_or(Duration::ZERO, |(arrival, _)| arrival) + paces[step].done;
    }

    /// Tells what `step` waits for how much comes after it.
    fn look_back(&mut self, step: usize, plan: &Plan, paces: &[Pace]) {
        for wait in &plan.steps[step].waits {
            let behind = paces[wait.step].until(wait.stage) + self.remaining[step];
            self.remaining[wait.step] = self.remaining[wait.step].max(behind);
        }
    }

    /// The chains that take longest, longest first: `most` at most. No two end alike.
    pub fn chains(&self, most: usize) -> Vec<Chain> {
        let mut goes_on = vec![false; self.ends.len()];
        for (step, decided_by) in self.decided_by.iter().enumerate() {
            // Who waits only for the id may be done before it is.
            let earlier = decided_by.filter(|&other| self.ends[other] <= self.ends[step]);
            earlier.into_iter().for_each(|other| goes_on[other] = true);
        }
        let mut last: Vec<usize> = (0..self.ends.len()).filter(|&step| !goes_on[step]).collect();
        last.sort_by_key(|&step| std::cmp::Reverse(self.ends[step]));
        last.into_iter().take(most).map(|step| self.chain_to(step)).collect()
    }

    fn chain_to(&self, last: usize) -> Chain {
        let mut steps: Vec<usize> = std::iter::successors(Some(last), |&step| self.decided_by[step]).collect();
        steps.reverse();
        Chain { steps, duration: self.ends[last] }
    }
}

/// The steps, each after all it waits for. A plan without such an order, which breaks an
/// invariant of plans, has none.
pub fn order(plan: &Plan) -> Vec<usize> {
    let mut graph = Graph::new(plan.steps.len());
    for (index, step) in plan.steps.iter().enumerate() {
        step.waits.iter().for_each(|wait| graph.needs(index, wait.step));
    }
    graph.order().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::address::Address;
    use crate::plan::{Action, Reason, Wait};
    use crate::spec::Attributes;
    use crate::value::Value;

    fn plan(waits: &[&[(usize, Stage)]]) -> Plan {
        let step = |(index, waits): (usize, &&[(usize, Stage)])| Step {
            address: Address::root(format!("s{index}")),
            kind: "none/such".to_owned(),
            place: Place::default(),
            action: Action::Create { replaces: false },
            reason: Reason::New,
            changes: Vec::new(),
            waits: waits.iter().map(|&(step, stage)| Wait { step, stage }).collect(),
            desired: Value::Null,
        };
        Plan {
            stack: "shop".to_owned(),
            lineage: "0f".to_owned(),
            serial: 1,
            moves: Vec::new(),
            steps: waits.iter().enumerate().map(step).collect(),
            unchanged: Vec::new(),
            outputs: BTreeMap::new(),
            attributes: Attributes::default(),
            paces: Vec::new(),
            bound: None,
            asks: BTreeSet::new(),
        }
    }

    fn forecast(plan: &Plan, seconds: &[u64]) -> Forecast {
        let paces =
            seconds.iter().map(|&seconds| Pace { early: Duration::from_secs(1), done: Duration::from_secs(seconds) });
        Forecast::new(plan, &paces.collect::<Vec<_>>())
    }

    fn told(chains: &[Chain]) -> Vec<(Vec<usize>, u64)> {
        chains.iter().map(|chain| (chain.steps.clone(), chain.duration.as_secs())).collect()
    }

    #[test]
    fn the_longest_chain_decides() {
        let plan = plan(&[&[(2, Stage::Done)], &[], &[(1, Stage::Done)], &[(1, Stage::Done)], &[]]);
        let forecast = forecast(&plan, &[5, 2, 3, 90, 7]);
        assert_eq!(forecast.total.as_secs(), 92);
        assert_eq!(told(&forecast.chains(5)), [(vec![1, 3], 92), (vec![1, 2, 0], 10), (vec![4], 7)]);
        assert_eq!(forecast.remaining.iter().map(Duration::as_secs).collect::<Vec<_>>(), [5, 92, 8, 90, 7]);
        assert_eq!(forecast.chains(1).len(), 1);
    }

    #[test]
    fn who_needs_only_an_id_does_not_wait_for_the_rest() {
        let plan = plan(&[&[], &[(0, Stage::Identified)], &[(0, Stage::Seen), (1, Stage::Done)]]);
        let forecast = forecast(&plan, &[90, 10, 10]);
        assert_eq!(forecast.total.as_secs(), 90);
        assert_eq!(told(&forecast.chains(5)), [(vec![0], 90), (vec![0, 1, 2], 21)]);
        assert_eq!(forecast.remaining[0].as_secs(), 90);
    }

    #[test]
    fn nothing_takes_no_time() {
        let forecast = forecast(&plan(&[]), &[]);
        assert_eq!((forecast.total, forecast.chains(5)), (Duration::ZERO, Vec::new()));
    }
}
