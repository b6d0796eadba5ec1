//! Values that do not fit their fields, as users are told.

use super::definition::{Module, ResourceTemplate};
use crate::address::Address;
use crate::diagnostic::Diagnostic;
use crate::schema::{KindSchema, Misfit, StringType, Type, conform_object};
use crate::value::Value;

/// The properties as the kind has them; what does not fit is noted.
pub(super) fn conform(
    module: &Module,
    template: &ResourceTemplate,
    stated: &Value,
    schema: &KindSchema,
    address: &Address,
    diagnostics: &mut Vec<Diagnostic>,
) -> Value {
    let value = match conform_object(stated, &schema.spec) {
        Ok(value) => value,
        Err(misfits) => {
            diagnostics.extend(misfits.into_iter().map(|it| misfit(module, template, it, address)));
            return Value::Null;
        }
    };
    let broken = value.to_driver_json().map(|json| (schema.rules)(&json)).unwrap_or_default();
    diagnostics.extend(broken.into_iter().map(|broken| {
        let (path, message) = (broken.path, broken.message);
        misfit(module, template, Misfit { path, code: "broken-rule", message, help: None }, address)
    }));
    value
}

fn misfit(module: &Module, template: &ResourceTemplate, misfit: Misfit, address: &Address) -> Diagnostic {
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
    let named = (misfit.code == "wrong-kind").then(|| one_of_kind(module, &template.schema.as_type(), &misfit.path));
    diagnostic.help = named
        .flatten()
        .or(misfit.help)
        .or_else(|| Some(format!("`provision kinds {}` tells of all its fields", template.kind)));
    diagnostic
}

/// What to name where the field at `path` must name a resource: the first of its kind.
fn one_of_kind(module: &Module, ty: &Type, path: &[String]) -> Option<String> {
    let Type::String(StringType { reference: Some(wanted), .. }) = type_at(ty, path)? else { return None };
    let fitting = module.resources.iter().filter(|it| it.kind == *wanted).min_by_key(|it| &it.name)?;
    Some(match fitting.meta.for_each {
        Some(_) => format!("`{}[\"…\"].id` names one", fitting.name),
        None => format!("`{}.id` names one", fitting.name),
    })
}

fn type_at<'t>(ty: &'t Type, path: &[String]) -> Option<&'t Type> {
    let Some((step, rest)) = path.split_first() else { return Some(ty) };
    match ty {
        Type::Object(object) => type_at(&object.fields.get(step)?.ty, rest),
        Type::List(inner) | Type::Set(inner) | Type::Map(inner) => type_at(inner, rest),
        _ => None,
    }
}
