//! What happened, counted.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::{Arc, Mutex};

use provision_core::address::Address;
use provision_core::plan::{Action, Plan};
use provision_engine::{Event, Observer};
use provision_sim::Ended;

/// How often each thing happened, by section and name.
#[derive(Default)]
pub(crate) struct Tally(Mutex<BTreeMap<(&'static str, String), u64>>);

impl Tally {
    pub(crate) fn count(&self, section: &'static str, name: impl Into<String>) {
        self.add(section, name, 1);
    }

    pub(crate) fn add(&self, section: &'static str, name: impl Into<String>, times: u64) {
        *self.0.lock().unwrap().entry((section, name.into())).or_default() += times;
    }

    /// Takes in another tally.
    pub(crate) fn join(&self, other: &Self) {
        let other = std::mem::take(&mut *other.0.lock().unwrap());
        other.into_iter().for_each(|((section, name), times)| self.add(section, name, times));
    }

    /// All counts as a table.
    pub(crate) fn table(&self) -> String {
        let (mut text, mut last) = (String::new(), "");
        for ((section, name), times) in &*self.0.lock().unwrap() {
            if *section != last {
                let _ = writeln!(text, "{section}");
                last = section;
            }
            let _ = writeln!(text, "  {times:>8}  {name}");
        }
        text
    }
}

/// Watches one run.
pub(crate) struct Watch {
    tally: Arc<Tally>,
    notes: Mutex<Notes>,
}

#[derive(Default)]
struct Notes {
    actions: Vec<(Action, Address)>,
    /// What is replaced, and whether the new one is made first.
    replaced: BTreeMap<Address, bool>,
    started: BTreeSet<usize>,
    finished: BTreeSet<usize>,
    errors: Vec<String>,
}

impl Watch {
    pub(crate) fn new(tally: Arc<Tally>) -> Arc<Self> {
        Arc::new(Self { tally, notes: Mutex::default() })
    }

    /// The texts of all errors that were shown.
    pub(crate) fn errors(&self) -> String {
        self.notes.lock().unwrap().errors.join("\n")
    }

    /// Counts how the run ended, and what it left half done.
    pub(crate) fn ended(&self, ended: &Ended) {
        match ended {
            Ended::Done(_, outcome) if outcome.is_complete() => self.tally.count("runs", "complete"),
            Ended::Done(..) => self.tally.count("runs", "failed in part"),
            Ended::Quiet => {}
            Ended::Refused(_) => self.tally.count("runs", "refused"),
            Ended::Failed(_) => self.tally.count("runs", "could not begin"),
            Ended::Crashed(place) => {
                self.tally.count("runs", "crashed");
                self.tally.count("crashes", class(place));
            }
        }
        let notes = self.notes.lock().unwrap();
        let half_done = notes.started.difference(&notes.finished).map(|step| &notes.actions[*step]);
        half_done.for_each(|(action, _)| self.tally.count("half done when a run ended", verb(*action)));
        for (address, is_first) in &notes.replaced {
            let steps = (0..notes.actions.len()).filter(|step| notes.actions[*step].1 == *address);
            let (begun, done): (Vec<bool>, Vec<bool>) =
                steps.map(|step| (notes.started.contains(&step), notes.finished.contains(&step))).unzip();
            if begun.contains(&true) && done.contains(&false) {
                let name = if *is_first { "replacement, the new one first" } else { "replacement, the old one first" };
                self.tally.count("half done when a run ended", name);
            }
        }
    }
}

/// A place without its number: `before sim/network:create`.
fn class(place: &str) -> String {
    match place.split_once(" call ") {
        Some((side, call)) => {
            let what = call.split_once(", ").map_or(call, |(_, what)| what);
            let operation = what.rsplit(':').next().unwrap_or(what);
            format!("{operation} {side}")
        }
        None => "at an instant".to_owned(),
    }
}

fn verb(action: Action) -> &'static str {
    match action {
        Action::Create { replaces: false } => "create",
        Action::Create { replaces: true } => "create in the place of another",
        Action::Update => "update",
        Action::Adopt => "adopt",
        Action::Delete { .. } => "delete",
        Action::Forget => "forget",
    }
}

/// Whether what the address has is replaced, and the new one made first.
fn replaced(plan: &Plan) -> BTreeMap<Address, bool> {
    let makers = plan.steps.iter().filter(|step| step.action == Action::Create { replaces: true });
    let waits_for_its_delete = |step: &provision_core::plan::Step| {
        let mut others = step.waits.iter().map(|wait| &plan.steps[wait.step]);
        others.any(|other| other.address == step.address && matches!(other.action, Action::Delete { .. }))
    };
    makers.map(|step| (step.address.clone(), !waits_for_its_delete(step))).collect()
}

impl Observer for Watch {
    fn see(&self, event: &Event<'_>) {
        let (mut notes, tally) = (self.notes.lock().unwrap(), &self.tally);
        match event {
            Event::Applying { plan } => {
                notes.actions = plan.steps.iter().map(|step| (step.action, step.address.clone())).collect();
                notes.replaced = replaced(plan);
            }
            Event::TakenOver { .. } => tally.count("takeovers", "of a lease that was not given back"),
            Event::Moved { .. } => tally.count("steps", "move"),
            Event::Recovered { found, .. } => {
                tally.count("recoveries", if *found { "found and adopted" } else { "nothing was made" });
            }
            Event::Started { step, .. } => drop(notes.started.insert(*step)),
            Event::Finished { step, action, .. } => {
                notes.finished.insert(*step);
                tally.count("steps", verb(*action));
            }
            Event::Retrying { error, .. } => {
                tally.count("steps", "(tried again)");
                notes.errors.push(error.to_string());
            }
            Event::Failed { error, .. } => {
                tally.count("steps", "(failed)");
                notes.errors.push(error.to_string());
            }
            Event::Refreshing { .. } | Event::Waiting { .. } | Event::Skipped { .. } | Event::Stopping { .. } => {}
        }
    }
}
