//! How checks came out.

use serde_json::json;

use super::style;
use crate::commands::check::Checked;
use crate::output::Output;

/// Shows every check, those that fail with the reason.
pub(crate) fn show(checked: &[Checked], output: &Output) {
    if output.is_json() {
        let all = checked.iter().map(|it| json!({ "check": it.name, "holds": it.wrong.is_none(), "wrong": it.wrong }));
        return output.event(&json!({ "event": "checks", "checks": all.collect::<Vec<_>>() }));
    }
    for Checked { name, wrong } in checked {
        match wrong {
            None => output.line(format!("{} {name}", style::good("holds"))),
            Some(why) => output.line(format!("{} {name}: {why}", style::error("fails"))),
        }
    }
    if checked.is_empty() {
        output.line("The spec has no checks.");
    }
}
