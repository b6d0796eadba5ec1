//! A plan, for reading and as data.

use provision_core::diff::Change;
use provision_core::plan::{Action, Counts, Plan, Reason, Step};
use provision_core::schema::Schemas;
use provision_core::value::Value;
use provision_engine::Engine;
use serde_json::{Value as Json, json};

use super::course::Course;
use super::{style, value};
use crate::output::Output;

/// Shows a plan.
pub(crate) fn show(plan: &Plan, engine: &Engine, output: &Output) {
    if output.is_json() {
        return output.event(&data(plan, engine));
    }
    for (from, to) in &plan.moves {
        output.line(format!(
            "{} {}  {}",
            style::dim("  ="),
            style::strong(&to.to_string()),
            style::dim(&format!("# known as `{from}` so far"))
        ));
    }
    for step in plan.steps.iter().filter(|step| !is_half_of_a_replacement(step)) {
        show_step(step, &engine.schemas, output);
    }
    for (name, found) in plan.outputs.iter().filter(|(_, found)| !plan.is_empty() && !found.is_known()) {
        output.line(format!("  {} output {name} = {}", style::good("+"), value::short(found)));
    }
    output.line(count_line(&plan.counts(), plan.unchanged.len()));
    if !plan.steps.is_empty() {
        Course::expected(plan, engine.patience.tempo).lines().iter().for_each(|line| output.line(line));
    }
}

/// The deletion that a replacement brings with it is shown with the creation.
fn is_half_of_a_replacement(step: &Step) -> bool {
    matches!(step.action, Action::Delete { replaced: true, .. })
}

fn show_step(step: &Step, schemas: &Schemas, output: &Output) {
    let sign = match step.action {
        Action::Create { replaces: false } => style::good("  +"),
        Action::Create { replaces: true } => format!("{}/{}", style::bad("-"), style::good("+")),
        Action::Update => style::change("  ~"),
        Action::Adopt => style::good("  <"),
        Action::Delete { .. } => style::bad("  -"),
        Action::Forget => style::dim("  ."),
    };
    let kind = style::dim(&step.kind);
    output.line(format!("{sign} {}  {kind}{}", style::strong(&step.address.to_string()), why(&step.reason)));
    match step.action {
        Action::Create { replaces: false } => show_properties(step, schemas, output),
        Action::Create { replaces: true } | Action::Update | Action::Adopt => {
            step.changes.iter().for_each(|change| show_change(change, output))
        }
        Action::Delete { .. } | Action::Forget => {}
    }
}

fn why(reason: &Reason) -> String {
    let why = match reason {
        Reason::New | Reason::Changed => return String::new(),
        Reason::Immutable => "must be replaced".to_owned(),
        Reason::Region { from, to } => format!("moves from {from} to {to}: must be replaced"),
        Reason::Account { from, to } => format!("moves from account {from} to {to}: must be replaced"),
        Reason::Imported(id) => format!("`{id}` is taken under our care"),
        Reason::Missing => "gone from AWS, made again".to_owned(),
        Reason::Unfinished => "the last apply did not finish it".to_owned(),
        Reason::Failed(why) => format!("AWS reports that it failed: {why}"),
        Reason::Halted(why) => format!("AWS gave up on its last change: {why}"),
        Reason::Requested => "you asked for a replacement".to_owned(),
        Reason::Triggered(by) => format!("replaced because `{by}` changes"),
        Reason::Removed => "no longer in the spec".to_owned(),
        Reason::Deposed => "replaced before, still to be deleted".to_owned(),
        Reason::Destroyed => "the stack is destroyed".to_owned(),
    };
    style::dim(&format!("  # {why}"))
}

/// What will be known after the apply is listed too, as far as others may name it.
fn show_properties(step: &Step, schemas: &Schemas, output: &Output) {
    for (name, found) in step.desired.as_map().into_iter().flatten().filter(|(_, found)| !is_blank(found)) {
        output.line(format!("      {name}: {}", value::short(found)));
    }
    if schemas.get(&step.kind).is_some() {
        output.line(style::dim("      id: (known after apply)"));
    }
}

fn is_blank(found: &Value) -> bool {
    match found {
        Value::Map(entries) => entries.is_empty(),
        Value::List(items) => items.is_empty(),
        _ => false,
    }
}

/// Both sides of a change in words; of a secret neither.
pub(crate) fn sides(change: &Change) -> (String, String) {
    let hides = hides(change);
    let side = |side: &Option<Value>| match side {
        Some(_) if hides => "(sensitive)".to_owned(),
        Some(found) => value::short(found),
        None => "nothing".to_owned(),
    };
    (side(&change.old), side(&change.new))
}

fn hides(change: &Change) -> bool {
    [&change.old, &change.new].into_iter().flatten().any(Value::has_secret)
}

fn show_change(change: &Change, output: &Output) {
    let (old, new) = sides(change);
    let forces = if change.replace { style::bad("  # forces replacement") } else { String::new() };
    let path = change.path.join(".");
    output.line(format!("      {path}: {old} → {new}{forces}"));
}

/// `Plan: 3 to create, 1 to update, 0 to replace, 0 to delete, 12 unchanged.`
fn count_line(counts: &Counts, unchanged: usize) -> String {
    let Counts { create, update, replace, delete, forget, import, moved } = counts;
    if create + update + replace + delete + forget + import + moved == 0 {
        return format!("No changes: AWS matches the spec ({unchanged} resources).");
    }
    let some = |count: &usize, what: &str| if *count > 0 { format!(", {count} {what}") } else { String::new() };
    let more = [some(forget, "to let go of"), some(import, "to import"), some(moved, "to move")].concat();
    format!(
        "Plan: {create} to create, {update} to update, {replace} to replace, {delete} to delete{more}, {unchanged} unchanged."
    )
}

/// The name of an action in data.
pub(crate) fn action_name(action: Action) -> &'static str {
    match action {
        Action::Create { replaces: false } => "create",
        Action::Create { replaces: true } => "replace",
        Action::Update => "update",
        Action::Adopt => "import",
        Action::Delete { .. } => "delete",
        Action::Forget => "forget",
    }
}

fn reason_name(reason: &Reason) -> &'static str {
    match reason {
        Reason::New => "new",
        Reason::Missing => "missing",
        Reason::Changed => "changed",
        Reason::Immutable => "immutable",
        Reason::Region { .. } => "region",
        Reason::Account { .. } => "account",
        Reason::Imported(_) => "imported",
        Reason::Unfinished => "unfinished",
        Reason::Failed(_) => "failed",
        Reason::Halted(_) => "halted",
        Reason::Requested => "requested",
        Reason::Triggered(_) => "triggered",
        Reason::Removed => "removed",
        Reason::Deposed => "deposed",
        Reason::Destroyed => "destroyed",
    }
}

fn data(plan: &Plan, engine: &Engine) -> Json {
    let steps = plan.steps.iter().filter(|step| !is_half_of_a_replacement(step));
    let counts = plan.counts();
    json!({
        "event": "plan",
        "stack": plan.stack,
        "serial": plan.serial,
        "moves": plan.moves.iter().map(|(from, to)| json!({ "from": from, "to": to })).collect::<Vec<_>>(),
        "steps": steps.map(step_data).collect::<Vec<_>>(),
        "unchanged": plan.unchanged.iter().map(|unchanged| unchanged.address.to_string()).collect::<Vec<_>>(),
        "counts": {
            "create": counts.create, "update": counts.update, "replace": counts.replace,
            "delete": counts.delete, "forget": counts.forget, "import": counts.import, "moved": counts.moved,
            "unchanged": plan.unchanged.len(),
        },
        "expected": Course::expected(plan, engine.patience.tempo).data(),
        "outputs": plan.outputs.iter().map(|(name, found)| (name.clone(), value::json(found))).collect::<serde_json::Map<_, _>>(),
    })
}

fn step_data(step: &Step) -> Json {
    json!({
        "address": step.address,
        "kind": step.kind,
        "action": action_name(step.action),
        "reason": reason_name(&step.reason),
        "changes": step.changes.iter().map(change_data).collect::<Vec<_>>(),
        "desired": value::json(&step.desired),
        "known_after_apply": unknown_paths(&step.desired),
    })
}

/// One change as data, for plans and drift alike.
pub(crate) fn change_data(change: &Change) -> Json {
    let hides = hides(change);
    let side = |side: &Option<Value>| match side {
        Some(_) if hides => json!("(sensitive)"),
        Some(found) => value::json(found),
        None => Json::Null,
    };
    json!({
        "path": change.path.join("."),
        "old": side(&change.old),
        "new": side(&change.new),
        "forces_replacement": change.replace,
        "known_after_apply": change.new.as_ref().is_some_and(|new| !new.is_known()),
        "sensitive": hides,
    })
}

/// The dotted paths of what is unknown.
fn unknown_paths(found: &Value) -> Vec<String> {
    let mut paths = Vec::new();
    collect_unknown(found, &mut Vec::new(), &mut paths);
    paths
}

fn collect_unknown(found: &Value, path: &mut Vec<String>, paths: &mut Vec<String>) {
    let mut inside = |step: String, inner: &Value, path: &mut Vec<String>| {
        path.push(step);
        collect_unknown(inner, path, paths);
        path.pop();
    };
    match found {
        Value::Unknown(_) => paths.push(path.join(".")),
        Value::List(items) => items.iter().enumerate().for_each(|(index, item)| inside(index.to_string(), item, path)),
        Value::Map(entries) => entries.iter().for_each(|(key, inner)| inside(key.clone(), inner, path)),
        _ => {}
    }
}
