//! Walking a plan: every step starts as soon as what it waits for has come far enough.

mod admission;
mod adopt;
mod again;
mod create;
mod delete;
mod failure;
mod outcome;
mod settle;
mod step;
mod target;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::pin::pin;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use provision_core::address::Address;
use provision_core::fact::Facts;
use provision_core::plan::{Forecast, Pace, Plan, Stage, order};
use provision_core::spec::{Attributes, Expanded};
use provision_core::state::Salt;
use tokio::sync::{mpsc, watch};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;

use admission::Admission;
pub use failure::StepError;
pub use outcome::{Outcome, Skipped};

use crate::journal::Journal;
use crate::{Engine, Event};

/// A plan under way.
pub struct Application {
    pub(crate) engine: Engine,
    pub(crate) plan: Arc<Plan>,
    pub(crate) spec: Option<Arc<Expanded>>,
    /// What the cloud said so far, secrets among it.
    pub(crate) facts: Mutex<Facts>,
    pub(crate) journal: Journal,
    pub(crate) salt: Salt,
    pub(crate) attributes: Mutex<Attributes>,
    /// The state's serial, which no other run has.
    pub(crate) serial: u64,
    pub(crate) next_number: AtomicU64,
    /// How long each step and the longest of what waits for it are expected to take.
    pub(crate) remaining: Vec<Duration>,
}

/// What a step's task tells the walk.
pub(crate) enum Message {
    /// It came this far.
    Reached(usize, Stage),
}

/// Asks a walk to stop: what is under way is finished, nothing new is started.
#[derive(Clone, Debug)]
pub struct Stop(watch::Sender<bool>);

impl Default for Stop {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl Stop {
    /// Asks.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }

    fn is_asked(&self) -> bool {
        *self.0.borrow()
    }
}

impl Engine {
    /// Carries out `plan`. A failed step stops only what waits for it.
    ///
    /// `plan` must have been made from the state that `journal` holds.
    pub async fn apply(
        &self,
        plan: Arc<Plan>,
        spec: Option<Arc<Expanded>>,
        facts: Facts,
        journal: &Journal,
        stop: &Stop,
    ) -> Outcome {
        let application = Arc::new(Application {
            engine: self.clone(),
            attributes: Mutex::new(plan.attributes.clone()),
            serial: journal.with(|state| state.serial),
            next_number: AtomicU64::new(journal.with(|state| state.next_generation)),
            remaining: Forecast::new(&plan, &plan.paces).remaining,
            plan,
            spec,
            facts: Mutex::new(facts),
            journal: journal.clone(),
            salt: journal.with(|state| state.salt.clone()),
        });
        self.observer.see(&Event::Applying { plan: &application.plan });
        application.prepare().await;
        Walk::new(application.clone(), stop.clone()).run().await
    }
}

/// The state of a walk.
struct Walk {
    application: Arc<Application>,
    stop: Stop,
    /// How many waits of each step are still open.
    open: Vec<usize>,
    /// For each step, who waits for it, and how far it must have come.
    waiters: Vec<Vec<(usize, Stage)>>,
    reached: Vec<Option<Stage>>,
    /// Steps that wait for nothing but the right to call.
    ready: Vec<usize>,
    /// Those of them that have asked for it.
    admissions: FuturesUnordered<BoxFuture<'static, (usize, Admission)>>,
    tasks: JoinSet<Result<(), StepError>>,
    /// The step of each task under way.
    steps: HashMap<Id, usize>,
    started: Vec<Option<Instant>>,
    outcome: Outcome,
}

impl Walk {
    fn new(application: Arc<Application>, stop: Stop) -> Self {
        let steps = &application.plan.steps;
        let mut waiters = vec![Vec::new(); steps.len()];
        for (index, step) in steps.iter().enumerate() {
            step.waits.iter().for_each(|wait| waiters[wait.step].push((index, wait.stage)));
        }
        let open: Vec<usize> = steps.iter().map(|step| step.waits.len()).collect();
        Self {
            ready: (0..open.len()).filter(|&step| open[step] == 0).collect(),
            admissions: FuturesUnordered::new(),
            open,
            reached: vec![None; steps.len()],
            started: vec![None; steps.len()],
            waiters,
            tasks: JoinSet::new(),
            steps: HashMap::new(),
            outcome: Outcome {
                done: Vec::new(),
                failed: Vec::new(),
                skipped: Vec::new(),
                stopped: false,
                outputs: BTreeMap::new(),
                paces: vec![Pace::default(); steps.len()],
                tempo: application.engine.patience.tempo,
            },
            application,
            stop,
        }
    }

    async fn run(mut self) -> Outcome {
        let (sender, mut messages) = mpsc::unbounded_channel();
        let mut asked = self.stop.0.subscribe();
        let journal = self.application.journal.clone();
        let mut breaks = pin!(journal.breaks());
        let mut is_whole = true;
        self.admit_ready();
        while !self.tasks.is_empty() || !self.admissions.is_empty() {
            tokio::select! {
                biased;
                Some(Message::Reached(step, stage)) = messages.recv() => self.reached(step, stage),
                Some(ended) = self.tasks.join_next_with_id() => {
                    // What the step said before it ended comes first.
                    while let Ok(Message::Reached(step, stage)) = messages.try_recv() {
                        self.reached(step, stage);
                    }
                    self.ended(ended);
                }
                Ok(()) = asked.changed() => {
                    self.application.engine.observer.see(&Event::Stopping { in_flight: self.tasks.len() });
                }
                () = &mut breaks, if is_whole => is_whole = false,
                Some((step, admission)) = self.admissions.next() => self.start(step, admission, &sender),
            }
            self.admit_ready();
        }
        self.finish().await
    }

    /// Has the ready steps ask for the right to call, unless nothing is to be begun any more.
    fn admit_ready(&mut self) {
        let is_asked = self.stop.is_asked();
        if is_asked || self.application.journal.is_lost() {
            self.outcome.stopped |= is_asked;
            self.admissions.clear();
            return;
        }
        for step in self.ready.drain(..) {
            let application = self.application.clone();
            self.admissions.push(Box::pin(async move { (step, application.admit(step).await) }));
        }
    }

    fn start(&mut self, step: usize, admission: Admission, sender: &mpsc::UnboundedSender<Message>) {
        self.started[step] = Some(Instant::now());
        let (application, sender) = (self.application.clone(), sender.clone());
        let task = self.tasks.spawn(async move { application.carry_out(step, admission, &sender).await });
        self.steps.insert(task.id(), step);
    }

    fn reached(&mut self, step: usize, stage: Stage) {
        let before = self.reached[step].replace(stage);
        self.note_pace(step, stage);
        for (waiter, wanted) in &self.waiters[step] {
            let is_news = stage >= *wanted && before.is_none_or(|before| before < *wanted);
            if is_news {
                self.open[*waiter] -= 1;
                if self.open[*waiter] == 0 {
                    self.ready.push(*waiter);
                }
            }
        }
    }

    fn note_pace(&mut self, step: usize, stage: Stage) {
        let (Some(started), pace) = (self.started[step], &mut self.outcome.paces[step]) else { return };
        match stage {
            Stage::Identified | Stage::Seen => pace.early = started.elapsed(),
            Stage::Done => pace.done = started.elapsed(),
        }
    }

    fn ended(&mut self, ended: Result<(Id, Result<(), StepError>), JoinError>) {
        let (task, result) = match ended {
            Ok((task, result)) => (task, result),
            Err(died) => (died.id(), Err(StepError::Died(died.to_string()))),
        };
        let Some(step) = self.steps.remove(&task) else { return };
        match result {
            Ok(()) => {
                self.reached(step, Stage::Done);
                self.outcome.done.push(step);
            }
            Err(error) => {
                self.application.engine.observer.see(&Event::Failed { step, error: &error });
                self.outcome.failed.push((step, error));
            }
        }
    }

    /// For each step that was not started, the failed ones that kept it from that: those it
    /// waits for itself, and those behind what it waits for.
    fn behind(&self) -> Vec<BTreeSet<usize>> {
        let steps = &self.application.plan.steps;
        let mut behind = vec![BTreeSet::new(); steps.len()];
        for step in order(&self.application.plan).into_iter().filter(|&step| self.started[step].is_none()) {
            let open = steps[step].waits.iter();
            let open = open.filter(|wait| self.reached[wait.step].is_none_or(|stage| stage < wait.stage));
            let found = open.flat_map(|wait| match self.started[wait.step] {
                Some(_) => BTreeSet::from([wait.step]),
                None => behind[wait.step].clone(),
            });
            behind[step] = found.collect();
        }
        behind
    }

    async fn finish(mut self) -> Outcome {
        let behind = self.behind().into_iter().enumerate();
        let skipped = behind.filter(|&(step, _)| self.started[step].is_none());
        self.outcome.skipped = skipped.map(|(step, behind)| Skipped { step, behind }).collect();
        for skipped in &self.outcome.skipped {
            self.application.engine.observer.see(&Event::Skipped { step: skipped.step });
        }
        self.outcome.outputs = self.application.outputs().await;
        self.outcome
    }
}

/// The addresses a plan makes or changes.
pub fn made(plan: &Plan) -> impl Iterator<Item = &Address> {
    plan.steps.iter().filter(|step| step.action.makes()).map(|step| &step.address)
}
