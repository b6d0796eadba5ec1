//! Plans, states and clouds as text.

use std::collections::BTreeMap;

use provision_core::diagnostic::{Diagnostic, Sources, render_plain};
use provision_core::diff::Change;
use provision_core::driver::{Phase, Place};
use provision_core::fact::Answer;
use provision_core::plan::{Drift, Drifted, Plan, Reason, Step};
use provision_core::spec::checks::{Check, Verdict};
use provision_core::state::{Instance, Resource, State};
use provision_core::value::{Secret, Value};
use provision_engine::apply::Outcome;
use provision_sim::{Site, View};
use serde_json::Value as Json;

use super::recorder::verb;

pub(crate) fn plan(plan: &Plan) -> Vec<String> {
    if plan.is_empty() {
        return [vec!["nothing to do".to_owned()], outputs(&plan.outputs)].concat();
    }
    let mut lines: Vec<String> = plan.moves.iter().map(|(from, to)| format!("move {from} to {to}")).collect();
    for one in &plan.steps {
        lines.push(format!("{} {}: {}{}", verb(one.action), one.address, reason(&one.reason), waits(plan, one)));
        lines.extend(one.changes.iter().map(change));
    }
    lines.extend(outputs(&plan.outputs));
    lines
}

/// The spec's outputs, as far as they are known.
pub(crate) fn outputs(outputs: &BTreeMap<String, Value>) -> Vec<String> {
    outputs.iter().map(|(name, found)| format!("output {name}: {}", value(found))).collect()
}

fn waits(plan: &Plan, step: &Step) -> String {
    let waits = step.waits.iter().map(|wait| {
        let other = &plan.steps[wait.step];
        format!("{} {} {:?}", verb(other.action), other.address, wait.stage).to_lowercase()
    });
    let waits: Vec<String> = waits.collect();
    if waits.is_empty() { String::new() } else { format!(" (after {})", waits.join(", ")) }
}

fn reason(reason: &Reason) -> String {
    match reason {
        Reason::Triggered(address) => format!("triggered by {address}"),
        Reason::Failed(why) => format!("failed: {why}"),
        Reason::Halted(why) => format!("halted: {why}"),
        Reason::Region { from, to } => format!("region {from} -> {to}"),
        Reason::Account { from, to } => format!("account {from} -> {to}"),
        Reason::Imported(id) => format!("it is {id}"),
        other => format!("{other:?}").to_lowercase(),
    }
}

fn change(change: &Change) -> String {
    let forces = if change.replace { " (replaces)" } else { "" };
    format!("    {}: {} -> {}{forces}", change.path.join("."), side(&change.old), side(&change.new))
}

fn side(side: &Option<Value>) -> String {
    side.as_ref().map_or_else(|| "nothing".to_owned(), value)
}

fn value(value: &Value) -> String {
    let hidden = |secret: &Secret| match secret {
        Secret::Plain(_) => Some(Json::from("(secret)")),
        Secret::Hash(_) => Some(Json::from("(hash)")),
    };
    value.to_json_with(&hidden).map_or_else(|| "unknown".to_owned(), |json| json.to_string())
}

pub(crate) fn outcome(outcome: &Outcome) -> String {
    let (done, failed, skipped) = (outcome.done.len(), outcome.failed.len(), outcome.skipped.len());
    let stopped = if outcome.stopped { ", stopped" } else { "" };
    format!("{done} done, {failed} failed, {skipped} skipped{stopped}")
}

pub(crate) fn diagnostics(found: &[Diagnostic], sources: &Sources) -> Vec<String> {
    let texts = found.iter().map(|diagnostic| render_plain(diagnostic, sources));
    texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
}

pub(crate) fn drift(drifts: &[Drift]) -> Vec<String> {
    let mut lines = Vec::new();
    for drift in drifts {
        match &drift.drifted {
            Drifted::Missing => lines.push(format!("{} ({}) is missing", drift.address, drift.id)),
            Drifted::Changed(changes) => {
                lines.push(format!("{} ({}) has changed", drift.address, drift.id));
                lines.extend(changes.iter().map(change));
            }
        }
    }
    or_none(lines)
}

pub(crate) fn state(state: &State) -> Vec<String> {
    or_none(
        state.resources.iter().flat_map(|(address, resource)| resource_lines(&address.to_string(), resource)).collect(),
    )
}

fn resource_lines(address: &str, resource: &Resource) -> Vec<String> {
    let needs: Vec<String> = resource.dependencies.iter().map(ToString::to_string).collect();
    let needs = if needs.is_empty() { String::new() } else { format!(", needs {}", needs.join(" and ")) };
    let mut lines = vec![format!("{address}: {}{}{needs}", resource.kind, place(&resource.place))];
    lines.extend(resource.current.iter().map(|it| instance("current", it)));
    lines.extend(resource.deposed.iter().map(|it| instance("deposed", it)));
    lines.extend(
        resource.pending.iter().map(|it| format!("    pending {:?} of generation {}", it.operation, it.generation)),
    );
    lines
}

/// Where it lies and who reaches it, where that is not the stack's own.
fn place(place: &Place) -> String {
    let region = place.region.as_ref().map_or(String::new(), |region| format!(" in {region}"));
    let role = place.assume_role.as_ref().map_or(String::new(), |role| format!(" as {}", role.role_arn));
    region + &role
}

fn instance(role: &str, instance: &Instance) -> String {
    let unsettled = if instance.settled { "" } else { ", unsettled" };
    let applied = hide_hashes(&instance.applied);
    let kind = instance.kind.as_ref().map_or(String::new(), |kind| format!(" ({kind})"));
    let kind = kind + &instance.place.as_ref().map_or(String::new(), place);
    format!(
        "    {role} {}{kind}, generation {}{unsettled}: {applied} {}",
        instance.id, instance.generation, instance.outputs
    )
}

/// Hashes depend on nothing but salt and secret, but nobody wants to read them.
fn hide_hashes(json: &Json) -> Json {
    match json {
        Json::Object(entries) if entries.contains_key("$hash") => Json::from("(hash)"),
        Json::Object(entries) => entries.iter().map(|(key, value)| (key.clone(), hide_hashes(value))).collect(),
        other => other.clone(),
    }
}

pub(crate) fn cloud(things: &[View]) -> Vec<String> {
    let line = |thing: &View| {
        let owner = thing.owner.as_ref().map_or_else(|| "somebody else".to_owned(), ToString::to_string);
        let phase = match &thing.phase {
            Phase::Pending(_) => "pending".to_owned(),
            phase => format!("{phase:?}").to_lowercase(),
        };
        let place = if thing.site == Site::default() { String::new() } else { format!(" in {}", thing.site) };
        format!("{} of {owner}{place}, {phase}: {}", thing.id, Json::Object(thing.spec.clone()))
    };
    or_none(things.iter().map(line).collect())
}

pub(crate) fn answer(answer: &Answer) -> Vec<String> {
    match answer {
        Answer::Value(found) => vec![value(found)],
        Answer::Nothing => vec!["there is no such thing".to_owned()],
        Answer::Several(ids) => vec![format!("there are several: {}", ids.join(", "))],
    }
}

/// The calls made since `before`.
pub(crate) fn calls(before: &BTreeMap<String, u64>, now: &BTreeMap<String, u64>) -> Vec<String> {
    let since = now.iter().map(|(name, count)| (name, count - before.get(name).unwrap_or(&0)));
    or_none(since.filter(|(_, count)| *count > 0).map(|(name, count)| format!("{count} {name}")).collect())
}

/// A check, and whether it holds.
pub(crate) fn check(check: &Check, sources: &Sources) -> Vec<String> {
    let verdict = match &check.verdict {
        Verdict::Holds => "holds".to_owned(),
        Verdict::Fails => "fails".to_owned(),
        Verdict::Unknown(awaits) => format!("awaits {awaits}"),
        Verdict::Request(request) => format!("asks {} {}", request.method, request.url),
        Verdict::Wrong(found) => return diagnostics(found, sources),
    };
    let message = check.message.as_ref().map_or(String::new(), |message| format!(" ({message})"));
    vec![format!("{} {verdict}{message}", check.name)]
}

fn or_none(lines: Vec<String>) -> Vec<String> {
    if lines.is_empty() { vec!["none".to_owned()] } else { lines }
}
