//! What happens, as it happens: a live tree on a terminal, lines elsewhere, events with
//! `--json`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use provision_core::address::Address;
use provision_core::plan::{Action, Step};
use provision_core::store::Holder;
use provision_engine::{Event, Observer};
use serde_json::json;

use super::{plan::action_name, style};
use crate::output::Output;

/// The observer that fits where the output goes.
pub(crate) fn observer(output: &Output) -> Arc<dyn Observer> {
    if output.is_json() {
        Arc::new(Lines { output: Output::new(true), steps: OnceLock::new() })
    } else if output.is_terminal() {
        Arc::new(Tree::default())
    } else {
        Arc::new(Lines { output: Output::new(false), steps: OnceLock::new() })
    }
}

/// For commands that only read: says that it does, on a terminal.
pub(crate) struct Quiet {
    is_terminal: bool,
    output: Output,
}

impl Quiet {
    pub(crate) fn new(output: &Output) -> Self {
        Self { is_terminal: output.is_terminal(), output: Output::new(output.is_json()) }
    }
}

impl Observer for Quiet {
    fn see(&self, event: &Event<'_>) {
        if let (true, Event::Refreshing { resources }) = (self.is_terminal, event) {
            self.output.note(style::dim(&format!("Reading {resources} resources …")));
        }
    }
}

/// One line, or one JSON event, per happening.
struct Lines {
    output: Output,
    steps: OnceLock<Vec<Step>>,
}

impl Lines {
    fn step(&self, index: usize) -> Option<&Step> {
        self.steps.get()?.get(index)
    }

    fn tell(&self, index: usize, event: &str, text: &str, more: serde_json::Value) {
        let Some(step) = self.step(index) else { return };
        if !self.output.is_json() {
            return self.output.note(format!("{}: {text}", step.address));
        }
        let mut line =
            json!({ "event": event, "address": step.address, "kind": step.kind, "action": action_name(step.action) });
        if let (Some(line), Some(more)) = (line.as_object_mut(), more.as_object()) {
            line.extend(more.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
        self.output.event(&line);
    }
}

impl Observer for Lines {
    fn see(&self, event: &Event<'_>) {
        match event {
            Event::Applying { plan } => {
                self.steps.get_or_init(|| plan.steps.clone());
            }
            Event::Started { step, .. } => {
                let verb = self.step(*step).map_or("", |step| verb(step.action));
                self.tell(*step, "started", verb, json!({}));
            }
            Event::Finished { step, action, elapsed, id } => {
                let text = format!("{} in {:.1} s{}", past(*action), elapsed.as_secs_f64(), id_text(*id));
                self.tell(*step, "finished", &text, json!({ "seconds": elapsed.as_secs_f64(), "id": id }));
            }
            Event::Failed { step, error } => {
                self.tell(*step, "failed", &format!("failed: {error}"), json!({ "message": error.to_string() }));
            }
            Event::Retrying { step, error } => {
                self.tell(
                    *step,
                    "retrying",
                    &format!("trying again: {error}"),
                    json!({ "message": error.to_string() }),
                );
            }
            Event::Skipped { step } => self.tell(*step, "skipped", "not started", json!({})),
            Event::TakenOver { from } if self.output.is_json() => {
                self.output.event(&json!({ "event": "taken_over", "from": from }));
            }
            Event::TakenOver { from } => self.output.note(taken_over(from)),
            Event::Recovered { address, found } if self.output.is_json() => {
                self.output.event(&json!({ "event": "recovered", "address": address, "found": found }));
            }
            Event::Recovered { address, found } => self.output.note(recovered(&address.to_string(), *found)),
            Event::Moved { from, to } if self.output.is_json() => {
                self.output.event(&json!({ "event": "moved", "from": from, "to": to }));
            }
            Event::Moved { from, to } => self.output.note(moved(from, to)),
            Event::Stopping { in_flight } if !self.output.is_json() => self.output.note(stopping(*in_flight)),
            Event::Stopping { in_flight } => self.output.event(&json!({ "event": "stopping", "in_flight": in_flight })),
            Event::Waiting { step, said } => {
                self.tell(*step, "waiting", &format!("waiting: {said}"), json!({ "message": said }));
            }
            Event::Refreshing { .. } => {}
        }
    }
}

/// A spinner for each step under way, and a bar for all.
#[derive(Default)]
struct Tree {
    bars: MultiProgress,
    steps: OnceLock<Vec<Step>>,
    total: OnceLock<ProgressBar>,
    running: Mutex<HashMap<usize, ProgressBar>>,
}

impl Tree {
    fn say(&self, text: String) {
        // Nobody sees it when the terminal is gone.
        let _ = self.bars.println(text);
    }

    fn start(&self, index: usize, expected: Duration) {
        let Some(step) = self.steps.get().and_then(|steps| steps.get(index)) else { return };
        let bar = self.bars.add(ProgressBar::new_spinner());
        if let Ok(look) = ProgressStyle::with_template("  {spinner} {msg} {elapsed}") {
            bar.set_style(look);
        }
        let expected = if expected.is_zero() { String::new() } else { format!(" (about {} s)", expected.as_secs()) };
        bar.set_message(format!("{} {}{expected}", step.address, verb(step.action)));
        bar.enable_steady_tick(Duration::from_millis(120));
        self.running.lock().unwrap_or_else(PoisonError::into_inner).insert(index, bar);
    }

    fn wait(&self, index: usize, said: &str) {
        let Some(step) = self.steps.get().and_then(|steps| steps.get(index)) else { return };
        if let Some(bar) = self.running.lock().unwrap_or_else(PoisonError::into_inner).get(&index) {
            bar.set_message(format!("{} {}: {said}", step.address, verb(step.action)));
        }
    }

    fn end(&self, index: usize, mark: &str, text: &str) {
        if let Some(bar) = self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&index) {
            bar.finish_and_clear();
            self.bars.remove(&bar);
        }
        if let Some(step) = self.steps.get().and_then(|steps| steps.get(index)) {
            self.say(format!("  {mark} {} {text}", step.address));
        }
        if let Some(total) = self.total.get() {
            total.inc(1);
            if total.position() == total.length().unwrap_or(0) {
                total.finish_and_clear();
            }
        }
    }

    fn begin(&self, steps: &[Step]) {
        self.steps.get_or_init(|| steps.to_vec());
        let bar = self.bars.add(ProgressBar::new(steps.len() as u64));
        if let Ok(look) = ProgressStyle::with_template("  {pos}/{len} {wide_bar} {elapsed}") {
            bar.set_style(look);
        }
        self.total.get_or_init(|| bar);
    }
}

impl Observer for Tree {
    fn see(&self, event: &Event<'_>) {
        match event {
            Event::Refreshing { resources } => self.say(style::dim(&format!("Reading {resources} resources …"))),
            Event::TakenOver { from } => self.say(taken_over(from)),
            Event::Recovered { address, found } => self.say(recovered(&address.to_string(), *found)),
            Event::Moved { from, to } => self.say(moved(from, to)),
            Event::Applying { plan } if plan.is_empty() => {}
            Event::Applying { plan } => self.begin(&plan.steps),
            Event::Started { step, expected } => self.start(*step, *expected),
            Event::Finished { step, action, elapsed, id } => {
                let text = format!("{} in {:.1} s{}", past(*action), elapsed.as_secs_f64(), id_text(*id));
                self.end(*step, &style::good("✓"), &text);
            }
            Event::Failed { step, error } => self.end(*step, &style::bad("✗"), &format!("failed: {error}")),
            Event::Skipped { step } => self.end(*step, &style::dim("–"), "not started"),
            Event::Stopping { in_flight } => self.say(stopping(*in_flight)),
            Event::Waiting { step, said } => self.wait(*step, said),
            Event::Retrying { .. } => {}
        }
    }
}

fn verb(action: Action) -> &'static str {
    match action {
        Action::Create { replaces: false } => "creating",
        Action::Create { replaces: true } => "creating the replacement",
        Action::Update => "updating",
        Action::Adopt => "importing",
        Action::Delete { .. } => "deleting",
        Action::Forget => "letting go",
    }
}

fn past(action: Action) -> &'static str {
    match action {
        Action::Create { .. } => "created",
        Action::Update => "updated",
        Action::Adopt => "imported",
        Action::Delete { .. } => "deleted",
        Action::Forget => "let go of",
    }
}

fn id_text(id: Option<&str>) -> String {
    id.map_or_else(String::new, |id| format!(" ({id})"))
}

fn taken_over(from: &Holder) -> String {
    format!("{} the lock, which {from} did not give back", style::change("taken over:"))
}

fn recovered(address: &str, found: bool) -> String {
    match found {
        true => format!("{address}: an interrupted run had created it; going on from there"),
        false => format!("{address}: an interrupted run had not created it yet"),
    }
}

fn moved(from: &Address, to: &Address) -> String {
    format!("{to}: known as {from} so far")
}

fn stopping(in_flight: usize) -> String {
    format!("Stopping: {in_flight} steps are being finished. Ctrl-C again leaves at once; nothing is lost.")
}
