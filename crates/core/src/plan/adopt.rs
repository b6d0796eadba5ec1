//! Taking what exists under our care.

use std::collections::BTreeMap;

use super::{Action, Inputs, Observed, Seen, Step};
use crate::address::Address;
use crate::diagnostic::{Diagnostic, Span};
use crate::diff::{concealed, part};
use crate::driver::{Id, Phase};
use crate::spec::{Expanded, Instance};
use crate::state::{self, State};
use crate::value::Value;

/// One entry of `import`: what exists as `id` is the resource at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adoption {
    /// The physical name.
    pub id: Id,
    /// Where the entry stands.
    pub span: Span,
}

/// What `spec` imports and `state` does not hold yet.
pub fn to_adopt<'a>(
    state: &'a State,
    spec: &'a Expanded,
) -> impl Iterator<Item = (&'a Instance, &'a Adoption)> + use<'a> {
    let open = spec.imports.iter().filter(|(address, _)| current(state, address).is_none());
    open.filter_map(|(address, adoption)| Some((spec.instance(address)?, adoption)))
}

/// What the state records of a resource that is taken under our care as it is. What
/// `stated`, the form of its properties in the spec, leaves out is not managed; what
/// `desired` has as a secret is one.
pub fn adopted(
    state: &State,
    id: &Id,
    (stated, desired): (&Value, &Value),
    seen: &Seen,
    generation: u64,
) -> state::Instance {
    let applied = concealed(part(&seen.spec, stated), desired);
    state::Instance {
        generation,
        id: id.clone(),
        kind: None,
        place: None,
        settled: true,
        applied: state.salt.seal(&applied).unwrap_or_default(),
        outputs: seen.outputs.clone(),
    }
}

fn current<'a>(state: &'a State, address: &Address) -> Option<&'a state::Instance> {
    state.resources.get(address)?.current.as_ref()
}

/// Why `steps` cannot adopt what the spec imports.
pub(super) fn refusals(inputs: &Inputs<'_>, steps: &[Step]) -> Vec<Diagnostic> {
    let Some(spec) = inputs.spec else {
        return Vec::new();
    };
    let mut found: Vec<Diagnostic> = spec.imports.iter().filter_map(|it| refusal(it, spec, inputs)).collect();
    found.extend(imported_twice(spec, inputs.state));
    found.extend(steps.iter().filter_map(|step| immutable(step, spec)));
    found
}

fn refusal((address, adoption): (&Address, &Adoption), spec: &Expanded, inputs: &Inputs<'_>) -> Option<Diagnostic> {
    let Adoption { id, span } = adoption;
    let error = |code, message, help| Some(Diagnostic::error(code, message).at(*span).with_help(help));
    let Some(instance) = spec.instance(address) else {
        return (!spec.is_left_out(address)).then(|| nowhere(address, *span, spec));
    };
    if let Some(owned) = current(inputs.state, address) {
        let message = format!("`{address}` is `{}` already, and cannot be `{id}`, too", owned.id);
        let help = format!("import it at another address, or let `{}` go first", owned.id);
        return if owned.id == *id { None } else { error("import-owned", message, help) };
    }
    let kind = &spec.template(instance).kind;
    if let Some(owner) = inputs.state.owner(kind, &instance.place, id) {
        let message = format!("`{id}` is `{owner}` already");
        let help = format!("to rename it, write `moved: [{{ from: {owner}, to: {address} }}]` instead");
        return error("import-owned", message, help);
    }
    match inputs.observed.get(address) {
        Some(Observed::Present(Seen { phase: Phase::Failed(why), .. })) => {
            let message = format!("`{id}` cannot be imported, for AWS reports that it failed: {why}");
            error("import-failed", message, "take this entry out of `import`, and it is made anew".to_owned())
        }
        Some(Observed::Present(_)) => None,
        _ => {
            let message = format!("there is no {kind} with the id `{id}`");
            let help = "check id, region and account; without this entry of `import` it is made anew";
            error("import-not-there", message, help.to_owned())
        }
    }
}

/// Every entry of `import` for what `spec` certainly does not have.
pub(crate) fn imports_nowhere(spec: &Expanded) -> Vec<Diagnostic> {
    let entries = spec.spec.imports.iter().filter(|block| !spec.may_have(&block.to));
    entries.map(|block| nowhere(&block.to, block.to_span, spec)).collect()
}

fn nowhere(address: &Address, span: Span, spec: &Expanded) -> Diagnostic {
    let message = format!("`import` names `{address}`, which the spec does not have");
    let diagnostic = Diagnostic::error("import-nowhere", message).at(span);
    let all: Vec<String> = spec.instances.iter().map(|instance| instance.address.to_string()).collect();
    let help = "add the resource, or take this entry out of `import`";
    diagnostic.with_help(help).with_suggestion(&address.to_string(), all.iter().map(String::as_str))
}

/// Every entry that imports what another one before it does.
fn imported_twice(spec: &Expanded, state: &State) -> Vec<Diagnostic> {
    let mut first = BTreeMap::new();
    let mut found = Vec::new();
    for (address, Adoption { id, span }) in &spec.imports {
        let Some(instance) = spec.instance(address) else { continue };
        let location = state.location(&instance.place);
        let key = (&spec.template(instance).kind, location.region, location.account, id);
        if let Some((other, label)) = first.insert(key, (address, *span)) {
            let message = format!("`{id}` is imported twice, as `{other}` and as `{address}`");
            let diagnostic = Diagnostic::error("import-twice", message).at(*span).with_label(label, "the other entry");
            found.push(diagnostic.with_help("one resource has one address: keep one of the entries"));
        }
    }
    found
}

/// What is imported is never replaced along with it.
fn immutable(step: &Step, spec: &Expanded) -> Option<Diagnostic> {
    let fixed: Vec<String> = step.changes.iter().filter(|change| change.replace).map(|it| it.name()).collect();
    if step.action != Action::Adopt || fixed.is_empty() {
        return None;
    }
    let Adoption { id, span } = spec.imports.get(&step.address)?;
    let fixed = fixed.join(" and ");
    let message = format!("`{id}` cannot become `{}`: {fixed} would have to change, and cannot in place", step.address);
    let diagnostic = Diagnostic::error("import-immutable", message).at(*span);
    let diagnostic = match spec.span(&step.address) {
        Some(place) => diagnostic.with_label(place, "what it is to become"),
        None => diagnostic,
    };
    Some(diagnostic.with_help("let the spec state what is there; once imported, it may be replaced"))
}
