//! The reference page of a kind, in Markdown.

use std::fmt::Write;

use super::{Field, Format, KindSchema, ObjectType, StringType, Type};
use crate::driver::Recovery;
use crate::rate::{Rate, Rates};

/// All there is to know about a kind, for people.
pub fn reference_page(schema: &KindSchema) -> String {
    let mut page = format!("# {}\n\n{}\n\n## Properties\n\n", schema.name(), schema.description.doc);
    fields(&mut page, &schema.spec, 0);
    page.push_str("\n## Outputs\n\n");
    for (name, field) in &schema.outputs.fields {
        let early = if schema.is_early(name) { " Known before it is ready." } else { "" };
        let ty = if name == "id" { "string".to_owned() } else { type_text(&field.ty) };
        line(&mut page, 0, &format!("`{name}` ({ty})"), &format!("{}{early}", field.doc));
    }
    let _ = write!(page, "\n## Manners\n\n{}", manners(schema));
    page
}

fn manners(schema: &KindSchema) -> String {
    let recovery = match schema.description.recovery {
        Recovery::NaturalKey => "by its name",
        Recovery::Token => "by asking again with the same client token",
        Recovery::Tag => "by the tag set when it was created",
        Recovery::Scan => "by listing all and comparing",
    };
    let timing = schema.description.timing;
    let mut text = format!("- An interrupted create is found again {recovery}.\n");
    let _ = match schema.description.batch {
        Some(batch) => writeln!(text, "- One call reads up to {batch} of them."),
        None => writeln!(text, "- Each is read with calls of its own, many at a time."),
    };
    if timing.create + timing.update + timing.delete > 0 {
        let (create, update, delete) = (timing.create, timing.update, timing.delete);
        let _ = writeln!(text, "- Expected to take {create} s to create, {update} s to update, {delete} s to delete.");
    }
    if schema.description.create_before_destroy {
        text.push_str("- A replacement is made before the old one goes, unless `lifecycle` says otherwise.\n");
    }
    rates(&mut text, schema.description.rates);
    text
}

/// How often AWS lets its calls be made: operations of the same rate in one line.
fn rates(text: &mut String, rates: Rates) {
    let Rates { create, read, update, delete } = rates;
    let mut left = vec![("creates", create), ("reads", read), ("updates", update), ("deletes", delete)];
    left.retain(|(_, rate)| rate.is_some());
    if left.is_empty() {
        text.push_str("- AWS publishes no rate for its calls.\n");
    }
    while let Some(&(_, Some(rate))) = left.first() {
        let same = left.extract_if(.., |(_, other)| *other == Some(rate)).map(|(name, _)| name).collect::<Vec<_>>();
        let _ = writeln!(text, "- AWS allows {}.", rate_text(rate, &same));
    }
}

fn rate_text(Rate { burst, per_second }: Rate, operations: &[&str]) -> String {
    let operations = match operations {
        [first @ .., second_last, last] => {
            let first: String = first.iter().map(|name| format!("{name}, ")).collect();
            format!("each of {first}{second_last} and {last}")
        }
        one => one.concat(),
    };
    if burst == per_second {
        return format!("{per_second} {operations} a second");
    }
    format!("{burst} {operations} at once, then {per_second} a second")
}

fn fields(page: &mut String, object: &ObjectType, depth: usize) {
    let (required, optional): (Vec<_>, Vec<_>) = object.fields.iter().partition(|(_, field)| field.required);
    for (name, field) in required.into_iter().chain(optional) {
        line(page, depth, &format!("`{name}` ({})", facts(field)), &field.doc);
        if let Some(inner) = inner_object(&field.ty) {
            fields(page, inner, depth + 1);
        }
    }
}

fn line(page: &mut String, depth: usize, head: &str, doc: &str) {
    let doc = doc.split_whitespace().collect::<Vec<_>>().join(" ");
    let separator = if doc.is_empty() { "" } else { ": " };
    let _ = writeln!(page, "{}- {head}{separator}{doc}", "  ".repeat(depth));
}

fn facts(field: &Field) -> String {
    let mut facts = vec![type_text(&field.ty)];
    if field.required {
        facts.push("**required**".to_owned());
    }
    if let Some(default) = &field.default {
        facts.push(format!("default `{default}`"));
    }
    if field.replace {
        facts.push("a change replaces".to_owned());
    }
    if field.write_only {
        facts.push("not read back".to_owned());
    }
    facts.join("; ")
}

fn inner_object(ty: &Type) -> Option<&ObjectType> {
    match ty {
        Type::Object(object) => Some(object),
        Type::List(inner) | Type::Set(inner) | Type::Map(inner) => inner_object(inner),
        _ => None,
    }
}

fn type_text(ty: &Type) -> String {
    match ty {
        Type::List(inner) => format!("list of {}", type_text(inner)),
        Type::Set(inner) => format!("unordered list of {}", type_text(inner)),
        Type::Map(inner) => format!("map of {}", type_text(inner)),
        Type::String(rules) => string_text(rules),
        Type::Integer { min: Some(min), max: Some(max) } => format!("integer from {min} to {max}"),
        other => other.name().to_owned(),
    }
}

fn string_text(rules: &StringType) -> String {
    match rules {
        StringType { secret: true, .. } => "secret string".to_owned(),
        StringType { reference: Some(kind), .. } => format!("string naming a `{kind}`"),
        StringType { format: Some(Format::Cidr4), .. } => "IPv4 range".to_owned(),
        StringType { format: Some(Format::Cidr6), .. } => "IPv6 range".to_owned(),
        StringType { choices, .. } if !choices.is_empty() => {
            choices.iter().map(|choice| format!("`{choice}`")).collect::<Vec<_>>().join(" \\| ")
        }
        _ => "string".to_owned(),
    }
}
