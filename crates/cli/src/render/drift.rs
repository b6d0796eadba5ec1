//! Drift, for reading and as data.

use std::collections::BTreeMap;

use provision_core::diff::Change;
use provision_core::plan::{Drift, Drifted};
use serde_json::json;

use super::{plan, style};
use crate::output::Output;

/// Shows what drifted.
pub(crate) fn show(drifts: &[Drift], calls: &BTreeMap<String, u64>, output: &Output) {
    if output.is_json() {
        let drifts: Vec<_> = drifts.iter().map(data).collect();
        return output.event(&json!({ "event": "drift", "drift": drifts, "calls": calls }));
    }
    for drift in drifts {
        let (address, kind) = (style::strong(&drift.address.to_string()), style::dim(&drift.kind));
        match &drift.drifted {
            Drifted::Missing => {
                output.line(format!("{} {address}  {kind}  {} is gone from AWS", style::bad("  -"), drift.id))
            }
            Drifted::Changed(changes) => {
                output.line(format!("{} {address}  {kind}  {}", style::change("  ~"), drift.id));
                changes.iter().for_each(|change| show_change(change, output));
            }
        }
    }
    output.line(match drifts.len() {
        0 => "No drift: AWS is as it was left.".to_owned(),
        1 => "1 resource has drifted.".to_owned(),
        several => format!("{several} resources have drifted."),
    });
}

fn show_change(change: &Change, output: &Output) {
    let (live, recorded) = plan::sides(change);
    output.line(format!("      {}: recorded {recorded}, live {live}", change.path.join(".")));
}

fn data(drift: &Drift) -> serde_json::Value {
    let (missing, changes) = match &drift.drifted {
        Drifted::Missing => (true, Vec::new()),
        Drifted::Changed(changes) => (false, changes.iter().map(change_data).collect()),
    };
    json!({
        "address": drift.address,
        "kind": drift.kind,
        "id": drift.id,
        "missing": missing,
        "changes": changes,
    })
}

/// In drift, what is recorded is what a plan would call new.
fn change_data(change: &Change) -> serde_json::Value {
    let data = plan::change_data(change);
    json!({ "path": data["path"], "recorded": data["new"], "live": data["old"], "sensitive": data["sensitive"] })
}
