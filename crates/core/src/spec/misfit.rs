//! Values that do not fit their fields, as users are told.

use super::definition::ResourceTemplate;
use crate::address::Address;
use crate::diagnostic::Diagnostic;
use crate::schema::{KindSchema, Misfit, conform_object};
use crate::value::Value;

/// The properties as the kind has them; what does not fit is noted.
pub(super) fn conform(
    template: &ResourceTemplate,
    stated: &Value,
    schema: &KindSchema,
    address: &Address,
    diagnostics: &mut Vec<Diagnostic>,
) -> Value {
    let value = match conform_object(stated, &schema.spec) {
        Ok(value) => value,
        Err(misfits) => {
            diagnostics.extend(misfits.into_iter().map(|it| misfit(template, it, address)));
            return Value::Null;
        }
    };
    let broken = value.to_driver_json().map(|json| (schema.rules)(&json)).unwrap_or_default();
    diagnostics.extend(broken.into_iter().map(|broken| {
        let (path, message) = (broken.path, broken.message);
        misfit(template, Misfit { path, code: "broken-rule", message, help: None }, address)
    }));
    value
}

fn misfit(template: &ResourceTemplate, misfit: Misfit, address: &Address) -> Diagnostic {
    let at_key = misfit.code == "unknown-field";
    let span = match misfit.code {
        "missing-field" if misfit.path.is_empty() => template.span,
        _ => template.body.locate(&misfit.path, at_key),
    };
    let path = match misfit.code {
        "unknown-field" => &misfit.path[..misfit.path.len() - 1],
        _ => &misfit.path,
    };
    let own = address.segments().last().map(ToString::to_string).unwrap_or_default();
    let place = if path.is_empty() { format!("`{own}`") } else { format!("`{}` of `{own}`", path.join(".")) };
    let mut diagnostic = Diagnostic::error(misfit.code, format!("{place}: {}", misfit.message)).at(span);
    diagnostic.help =
        misfit.help.or_else(|| Some(format!("`provision kinds {}` tells of all its fields", template.kind)));
    diagnostic
}
