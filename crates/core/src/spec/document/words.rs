//! The words other tools have for fields of the language.

/// The field of `known` that goes by the name `word` elsewhere.
pub(super) fn meant(word: &str, known: &[&'static str]) -> Option<String> {
    let field = match word {
        "source" | "path" | "file" => "use",
        "condition" if known.contains(&"assert") => "assert",
        "error_message" => "message",
        "if" | "condition" | "include_when" | "includeWhen" => "when",
        "inputs" | "variables" | "vars" | "parameters" => "with",
        "role" | "role_arn" => "assume_role",
        _ => return None,
    };
    known.contains(&field).then(|| field.to_owned())
}

/// What to do where no field is what `word` is elsewhere.
pub(super) fn advice(word: &str, known: &[&'static str]) -> Option<String> {
    let advice = match word {
        "count" => "repeat it by `for_each`, as in `for_each: [a, b]`, or say by `when` whether there is one",
        "lifecycle" | "depends_on" => "leave it out: what exists is never made, changed or deleted",
        _ => return None,
    };
    known.contains(&"for_each").then(|| advice.to_owned())
}
