//! `provision rollback`: what was applied in the past is applied again.

use std::sync::Arc;

use provision_core::diagnostic::{Diagnostic, Sources};
use provision_core::driver::Place;
use provision_core::fact::Facts;
use provision_core::plan::{Action, Plan};
use provision_core::spec::{self, Expanded, Files, Given, Kept, Retold, retell};
use provision_core::state::State;
use provision_engine::session::{Limits, Session};

use super::apply::{Run, can_ask, leave};
use super::history;
use crate::again::Again;
use crate::args::RollbackArgs;
use crate::error::{CliError, Exit, InSpec};
use crate::output::Output;
use crate::render::{progress, style};
use crate::session::{Connection, holder, schemas};
use crate::stack::Stack;

/// Plans from the state alone: a spec only names the stack.
pub(crate) async fn run(args: &RollbackArgs, again: &Again, output: &Output) -> Result<Exit, CliError> {
    let stack = Stack::which(&args.which, &args.place)?;
    can_ask(args.run.yes, output)?;
    let past = past(&stack, args.to).await?;
    let lies = Place { region: past.region.clone(), assume_role: past.assume_role.clone() };
    let connection = Connection::open(&stack, lies, progress::observer(output), args.run.parallelism).await?;
    let journal = connection.session.begin(&holder("rollback")).await?;
    match planned(&connection.session, &past, &journal.state(), args.to).await {
        Ok(Return { plan, spec, facts, retold }) => {
            tell_secrets(&retold, output);
            let run = Run { connection: &connection, yes: args.run.yes, again, output };
            run.carry_out(journal, plan, Some(spec), facts).await
        }
        Err(error) => leave(journal, error).await,
    }
}

/// The way back to the past.
struct Return {
    plan: Plan,
    spec: Arc<Expanded>,
    facts: Facts,
    retold: Retold,
}

/// What it takes to come from `now`, which nobody else changes meanwhile, to `past`.
async fn planned(session: &Session, past: &State, now: &State, serial: u64) -> Result<Return, CliError> {
    let mut sources = Sources::default();
    let (retold, spec) = stated(past, now, serial, &mut sources)?;
    let (expanded, mut facts) = session.expand(spec).await.in_spec(&sources)?;
    let spec = Arc::new(Arc::unwrap_or_clone(expanded).readdressed(&retold.addresses));
    let plan = session.plan(now, Some(&spec), &mut facts, &Limits::default()).await.in_spec(&sources)?;
    check_secrets(&plan, &retold, &sources)?;
    Ok(Return { plan, spec, facts, retold })
}

/// The state as the run that left `serial` left it.
async fn past(stack: &Stack, serial: u64) -> Result<State, CliError> {
    let entries = history::entries(stack).await?;
    let found = match entries.iter().any(|entry| entry.serial == serial) {
        true => stack.store().await?.past(serial).await?,
        false => None,
    };
    found.map(|past| past.state).ok_or_else(|| {
        let known: Vec<String> = entries.iter().map(|entry| entry.serial.to_string()).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        let message = format!("the history of `{}` has no serial {serial}", stack.name);
        CliError::argument(message, format!("`provision history` tells what there is: {known}"))
    })
}

/// The past as a spec.
fn stated(past: &State, now: &State, serial: u64, sources: &mut Sources) -> Result<(Retold, spec::Spec), CliError> {
    let schemas = schemas();
    let refused = |sources: &Sources, found| CliError::Spec(Box::new(sources.clone()), found);
    let retold = retell(past, now, &schemas).map_err(|found| refused(sources, found))?;
    let source = sources.add(format!("serial {serial}"), retold.text.clone());
    let loaded = spec::load(sources, source, &schemas, &Given::default(), &Arc::new(Files::none()));
    let spec = loaded.map_err(|found| refused(sources, found))?;
    Ok((retold, spec))
}

/// What is to be made anew cannot have its secrets back: no state holds them.
fn check_secrets(plan: &Plan, retold: &Retold, sources: &Sources) -> Result<(), CliError> {
    let made = plan.steps.iter().filter(|step| matches!(step.action, Action::Create { .. }));
    let lost = made.filter_map(|step| Some((step, retold.secrets.get(&step.address)?)));
    let refusals = lost.map(|(step, kept)| {
        let properties = listed(kept.iter());
        let message = format!("`{}` would be made anew, and no state holds its secret {properties}", step.address);
        Diagnostic::error("past-secret", message)
            .with_help("apply the spec of that time, with its params: it says what the secret is")
    });
    let refusals: Vec<Diagnostic> = refusals.collect();
    if refusals.is_empty() { Ok(()) } else { Err(CliError::Spec(Box::new(sources.clone()), refusals)) }
}

/// Says which secrets were other ones then.
fn tell_secrets(retold: &Retold, output: &Output) {
    for (address, kept) in &retold.secrets {
        let properties = listed(kept.iter().filter(|kept| kept.was_other));
        if !properties.is_empty() {
            let note = style::change("note:");
            output.note(format!("{note} `{address}` keeps its secret {properties} as it is: no state holds another"));
        }
    }
}

fn listed<'a>(kept: impl Iterator<Item = &'a Kept>) -> String {
    kept.map(|kept| kept.property.as_str()).collect::<Vec<_>>().join(", ")
}
