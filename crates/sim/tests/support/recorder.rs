//! An observer that writes down what happens and when.

use std::sync::{Arc, Mutex};

use provision_core::plan::{Action, Plan};
use provision_engine::apply::Stop;
use provision_engine::{Event, Observer};
use tokio::time::Instant;

/// Writes down what happens; asks the run to stop once so many steps have started.
pub(crate) struct Recorder {
    began: Instant,
    stop: Option<(usize, Stop)>,
    notes: Mutex<Notes>,
}

#[derive(Default)]
struct Notes {
    steps: Vec<String>,
    started: usize,
    lines: Vec<String>,
}

impl Recorder {
    pub(crate) fn new(stop: Option<(usize, Stop)>) -> Arc<Self> {
        Arc::new(Self { began: Instant::now(), stop, notes: Mutex::default() })
    }

    /// What was written down.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.notes.lock().unwrap().lines.clone()
    }

    fn elapsed(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }
}

fn labels(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(|step| format!("{} {}", verb(step.action), step.address)).collect()
}

/// An action as one word.
pub(crate) fn verb(action: Action) -> &'static str {
    match action {
        Action::Create { replaces: false } => "create",
        Action::Create { replaces: true } => "replace",
        Action::Update => "update",
        Action::Adopt => "import",
        Action::Delete { .. } => "delete",
        Action::Forget => "forget",
    }
}

impl Observer for Recorder {
    fn see(&self, event: &Event<'_>) {
        let mut notes = self.notes.lock().unwrap();
        let name = |step: &usize, notes: &Notes| notes.steps[*step].clone();
        let line = match event {
            Event::Applying { plan } => {
                notes.steps = labels(plan);
                return;
            }
            Event::Refreshing { .. } | Event::Waiting { .. } => return,
            Event::TakenOver { from } => format!("taken over from {from}"),
            Event::Moved { from, to } => format!("moved {from} to {to}"),
            Event::Recovered { address, found: true } => format!("found what was made for {address}"),
            Event::Recovered { address, found: false } => format!("found nothing made for {address}"),
            Event::Started { step, .. } => {
                notes.started += 1;
                if let Some((_, stop)) = self.stop.as_ref().filter(|(count, _)| *count == notes.started) {
                    stop.stop();
                }
                format!("{} ...", name(step, &notes))
            }
            Event::Retrying { step, error } => format!("{}: {error}; again", name(step, &notes)),
            Event::Finished { step, id, .. } => match id {
                Some(id) => format!("{} done: {id}", name(step, &notes)),
                None => format!("{} done", name(step, &notes)),
            },
            Event::Failed { step, error } => format!("{} FAILED: {error}", name(step, &notes)),
            Event::Skipped { step } => format!("{} skipped", name(step, &notes)),
            Event::Stopping { in_flight } => format!("stopping, {in_flight} under way"),
        };
        let line = format!("{:6.2}s {line}", self.elapsed());
        notes.lines.push(line);
    }
}
