//! Tags: those of the core schema are honoured, others refused with what to write instead.

use granit_parser::Event;

use super::syntax::Cursor;
use super::{Tag, scalar};
use crate::diagnostic::Diagnostic;

/// The type a tag states; `None` for tags of collections and for unknown ones.
pub(super) fn scalar_tag(tag: &granit_parser::Tag) -> Option<Tag> {
    match tag.core_suffix() {
        Some("str") => Some(Tag::Str),
        Some("int") => Some(Tag::Int),
        Some("float") => Some(Tag::Float),
        Some("bool") => Some(Tag::Bool),
        Some("null") => Some(Tag::Null),
        _ => is_lone(tag).then_some(Tag::Str),
    }
}

/// Which collection a tag may stand on: `map`, `seq`, or either.
fn collection_tag(tag: &granit_parser::Tag) -> Option<&str> {
    match tag.core_suffix() {
        Some(kind @ ("map" | "seq")) => Some(kind),
        _ => is_lone(tag).then_some(""),
    }
}

/// Whether it is the tag `!`, which asks for no type by looks.
fn is_lone(tag: &granit_parser::Tag) -> bool {
    matches!((tag.handle(), tag.suffix()), ("", "!") | ("!", ""))
}

impl Cursor<'_> {
    /// What is wrong with an event's tag, if anything is.
    pub(super) fn wrong_tag(&self, event: &Event<'_>, span: &granit_parser::Span) -> Option<Diagnostic> {
        let tag = event.tag()?;
        let fits = match event {
            Event::Scalar(text, ..) => scalar_tag(tag).map(|tag| scalar::tagged(text, tag).is_some()),
            Event::SequenceStart(..) => collection_tag(tag).map(|kind| kind != "map"),
            _ => collection_tag(tag).map(|kind| kind != "seq"),
        };
        let place = span.tag_span().and_then(|span| span.byte_range()).unwrap_or(self.end..self.end);
        let place = self.span(place.start, place.end);
        let written = tag.original();
        match fits {
            Some(true) => None,
            Some(false) => Some(misfit(&written).at(place)),
            None => Some(unknown(&written, event.scalar().map(|(text, _)| text)).at(place)),
        }
    }
}

fn misfit(tag: &str) -> Diagnostic {
    Diagnostic::error("wrong-tag", format!("this value is no `{tag}`"))
        .with_help("remove the tag, or write a value that it fits")
}

fn unknown(tag: &str, text: Option<&str>) -> Diagnostic {
    let help = instead(tag, text).unwrap_or_else(|| {
        let known = "`!!str`, `!!int`, `!!float`, `!!bool`, `!!null`, `!!map` and `!!seq`";
        format!("remove it: only {known} are known; computed values are written `${{…}}`")
    });
    Diagnostic::error("unknown-tag", format!("the tag `{tag}` means nothing here")).with_help(help)
}

/// What CloudFormation's short forms are in a spec.
fn instead(tag: &str, text: Option<&str>) -> Option<String> {
    let expression = match tag {
        "!Ref" => return Some(reference(text)),
        "!Sub" => return Some("remove it: `${…}` works in every text".to_owned()),
        "!ImportValue" => return Some("declare a param and write `${name}`".to_owned()),
        "!GetAtt" => "name.output",
        "!Join" => "join(\",\", list)",
        "!Split" => "split(\",\", text)",
        "!Select" => "list[0]",
        "!FindInMap" => "map[key]",
        "!If" => "condition ? a : b",
        "!Equals" | "!And" | "!Or" | "!Not" | "!Condition" => "env == \"prod\"",
        "!Base64" => "base64encode(text)",
        "!Cidr" => "cidrsubnet(range, 8, 0)",
        "!GetAZs" => "zones(2)",
        "!ToJsonString" => "jsonencode(value)",
        "!Length" => "length(list)",
        _ => return None,
    };
    Some(format!("write an expression instead, such as `${{{expression}}}`"))
}

/// What a CloudFormation reference is in a spec.
fn reference(text: Option<&str>) -> String {
    match text {
        Some("AWS::Region") => "write `${aws.region}`".to_owned(),
        Some("AWS::AccountId") => "write `${aws.account_id}`".to_owned(),
        Some(name) if !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') => {
            format!("write `${{{name}}}` for a param, and `${{{name}.id}}` for a resource's id")
        }
        _ => "write `${name}` for a param, and `${name.id}` for a resource's id".to_owned(),
    }
}
