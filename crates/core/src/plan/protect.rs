//! Law 6: what is protected is not deleted.

use super::{Action, Inputs, Reason, Step};
use crate::address::Address;
use crate::diagnostic::Diagnostic;
use crate::diff::Change;

/// Every deletion among `steps` that `prevent_destroy` forbids.
pub(super) fn refusals(inputs: &Inputs<'_>, steps: &[Step]) -> Vec<Diagnostic> {
    let deleted = steps.iter().filter(|step| matches!(step.action, Action::Delete { .. }));
    let in_use = deleted.filter(|step| step.reason != Reason::Deposed && step.reason != Reason::Missing);
    in_use.filter(|step| is_protected(inputs, &step.address)).map(|step| refusal(inputs, steps, step)).collect()
}

/// The spec decides where it still names the resource; else the state does.
fn is_protected(inputs: &Inputs<'_>, address: &Address) -> bool {
    let stated = inputs.spec.and_then(|spec| spec.lifecycle(address));
    let recorded = inputs.state.resources.get(address).map(|resource| resource.lifecycle);
    stated.or(recorded).is_some_and(|lifecycle| lifecycle.prevent_destroy)
}

fn refusal(inputs: &Inputs<'_>, steps: &[Step], step: &Step) -> Diagnostic {
    let how = match step.action {
        Action::Delete { replaced: true, .. } => "replaced",
        _ => "destroyed",
    };
    let why = why(steps, step).map_or(String::new(), |why| format!(" ({why})"));
    let message = format!("`{}` would be {how}{why}, and `prevent_destroy` forbids it", step.address);
    let mut diagnostic = Diagnostic::error("prevent-destroy", message)
        .with_help("to let it go, set `lifecycle: { prevent_destroy: false }` on it, apply, and try again");
    diagnostic.span = inputs.spec.and_then(|spec| spec.span(&step.address));
    diagnostic
}

fn why(steps: &[Step], step: &Step) -> Option<String> {
    match &step.reason {
        Reason::Region { from, to } => Some(format!("it is in {from} and is to be in {to}")),
        Reason::Account { from, to } => Some(format!("it is in account {from} and is to be in {to}")),
        _ => {
            let changes = immutable_changes(steps, &step.address);
            (!changes.is_empty()).then(|| format!("{} cannot change in place", changes.join(", ")))
        }
    }
}

/// What makes the replacement of a resource necessary, where it is replaced.
fn immutable_changes(steps: &[Step], address: &Address) -> Vec<String> {
    let makes = |step: &&Step| step.address == *address && matches!(step.action, Action::Create { .. });
    let changes = steps.iter().find(makes).map_or(&[][..], |step| &step.changes);
    changes.iter().filter(|change| change.replace).map(Change::name).collect()
}
