//! `provision history`: what runs did to the state; and how each run is remembered.

use std::collections::BTreeMap;

use provision_core::plan::{Action, Plan};
use provision_core::state::State;
use provision_core::state::history::{Ending, Entry, Past};
use provision_core::store::Store;
use provision_engine::apply::Outcome;

use crate::args::HistoryArgs;
use crate::error::{CliError, Exit};
use crate::output::Output;
use crate::render::style;
use crate::session::holder;
use crate::stack::Stack;

/// Lists the entries, oldest first.
pub(crate) async fn run(args: &HistoryArgs, output: &Output) -> Result<Exit, CliError> {
    let stack = Stack::which(&args.which, &args.place)?;
    let entries = entries(&stack).await?;
    if output.is_json() {
        output.document(&entries);
        return Ok(Exit::Success);
    }
    for entry in &entries {
        output.line(line(entry));
    }
    if entries.is_empty() {
        output.note(format!("`{}` in {} has no history", stack.name, stack.place));
    }
    Ok(Exit::Success)
}

/// The entries of the state there is: a former state of the same name had another lineage.
pub(super) async fn entries(stack: &Stack) -> Result<Vec<Entry>, CliError> {
    let lineage = stack.stored().await?.lineage;
    let mut entries = stack.store().await?.history().await?;
    entries.retain(|entry| entry.lineage == lineage);
    Ok(entries)
}

/// `7  2026-11-21T09:00:00Z  ada@lab  provision apply  3 created, 1 deleted`.
fn line(entry: &Entry) -> String {
    let Entry { serial, when, who, command, ending, counts, .. } = entry;
    let counts: Vec<String> = counts.iter().map(|(what, count)| format!("{count} {what}")).collect();
    let done = if counts.is_empty() { "nothing done".to_owned() } else { counts.join(", ") };
    let ending = match ending {
        Ending::Complete => String::new(),
        Ending::Incomplete => "; incomplete".to_owned(),
        Ending::Stopped => "; stopped".to_owned(),
    };
    format!("{serial:>5}  {when}  {who}  {command}  {done}{ending}")
}

/// What a run did, for the history.
pub(crate) struct Deed {
    /// The command, without `provision`.
    pub(crate) command: String,
    /// How it ended.
    pub(crate) ending: Ending,
    /// How many resources it did what to.
    pub(crate) counts: BTreeMap<String, usize>,
}

impl Deed {
    /// A change of the state that came to its end.
    pub(crate) fn change(command: &str, what: &str) -> Self {
        let counts = BTreeMap::from([(what.to_owned(), 1)]);
        Self { command: command.to_owned(), ending: Ending::Complete, counts }
    }

    /// A plan that was carried out.
    pub(crate) fn of(command: &str, plan: &Plan, outcome: &Outcome) -> Self {
        let mut counts = BTreeMap::new();
        let done = outcome.done.iter().filter_map(|step| done(plan.steps[*step].action));
        let moved = plan.moves.iter().map(|_| "moved");
        done.chain(moved).for_each(|what| *counts.entry(what.to_owned()).or_default() += 1);
        let ending = match (outcome.is_complete(), outcome.stopped && outcome.failed.is_empty()) {
            (true, _) => Ending::Complete,
            (false, true) => Ending::Stopped,
            (false, false) => Ending::Incomplete,
        };
        Self { command: command.to_owned(), ending, counts }
    }

    /// Takes it into the history, with the state that it left. That it cannot be is no failure:
    /// what was done is done, and the state is stored.
    pub(crate) async fn remember(self, store: &dyn Store, state: &State, output: &Output) {
        let holder = holder(&self.command);
        let entry = Entry {
            serial: state.serial,
            lineage: state.lineage.clone(),
            when: holder.since,
            who: holder.who,
            command: holder.command,
            ending: self.ending,
            counts: self.counts,
        };
        if let Err(error) = store.remember(&Past { entry, state: state.clone() }).await {
            output.note(format!("{} the history has no entry of this: {error}", style::change("note:")));
        }
    }
}

/// What a step did, in the words of the summary; the deletion that goes with a replacement is
/// no deed of its own.
fn done(action: Action) -> Option<&'static str> {
    match action {
        Action::Create { replaces: false } => Some("created"),
        Action::Create { replaces: true } => Some("replaced"),
        Action::Update => Some("updated"),
        Action::Adopt => Some("imported"),
        Action::Delete { replaced: false, .. } => Some("deleted"),
        Action::Delete { replaced: true, .. } => None,
        Action::Forget => Some("let go of"),
    }
}
