//! Between the event parser and the tree: exact places, tags, and what is refused.

use granit_parser::{Event, Options, ScalarStyle, StructureStyle};

use super::{MAX_DEPTH, MAX_NODES, Tag, scalar};
use crate::diagnostic::{Diagnostic, SourceId, Span};

/// How the tree wants its events.
pub(crate) fn options() -> Options {
    granit_parser::options! {
        emit_anchor_events: true,
        emit_unresolved_aliases: true,
        emit_comments: false,
    }
}

/// The same with comments, however many stand together.
pub(crate) fn options_with_comments() -> Options {
    let mut options = options();
    options.emit_comments = true;
    options.max_buffered_comment_events = usize::MAX;
    options
}

/// Follows the parser through the text.
pub(crate) struct Cursor<'t> {
    pub(super) text: &'t str,
    source: SourceId,
    /// Behind the last token that stands in the text.
    pub(crate) end: usize,
    /// The names of the anchors met so far.
    pub(super) anchors: Vec<String>,
}

impl<'t> Cursor<'t> {
    pub(crate) fn new(source: SourceId, text: &'t str) -> Self {
        Self { text, source, end: 0, anchors: Vec::new() }
    }

    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.source, start, end)
    }

    /// Whether the token at `span` is not there, as a value left out is not.
    pub(super) fn is_left_out(&self, span: Span) -> bool {
        span.source == self.source && span.start == span.end
    }

    /// The exact token of an event, where the parser gives only part of it.
    pub(crate) fn place(&mut self, event: &Event<'_>, span: &granit_parser::Span, in_mapping: bool) -> Span {
        let range = span.byte_range().unwrap_or(self.end..self.end);
        let (start, end) = match event {
            Event::Scalar(_, ScalarStyle::Literal | ScalarStyle::Folded, ..) => {
                let start = self.find(&['|', '>']).unwrap_or(range.start);
                let trimmed = self.text.get(start..range.end).map_or("", str::trim_end).len();
                (start, start + trimmed)
            }
            // A list that is no deeper than its key is said to begin behind the first dash.
            Event::SequenceStart(StructureStyle::Block, ..) if in_mapping => {
                let start = self.find(&['-']).unwrap_or(range.start);
                (start, start)
            }
            // Of a value left out the parser may say that it stands where the next token does.
            Event::Scalar(_, ScalarStyle::Plain, ..) if range.is_empty() => {
                let dash = if in_mapping { None } else { self.find(&['-']) };
                let start = dash.map_or(self.end, |dash| dash + 1);
                (start, start)
            }
            _ => (range.start, range.end),
        };
        if event.is_node() || (end > start && !matches!(event, Event::Comment(..))) {
            self.end = self.end.max(end);
        }
        self.span(start, end)
    }

    /// The first of `indicators` behind the last token, past what may stand between the two.
    fn find(&self, indicators: &[char]) -> Option<usize> {
        let mut at = self.end;
        loop {
            let rest = self.text.get(at..)?;
            let next = rest.chars().next()?;
            at += match next {
                c if indicators.contains(&c) => return Some(at),
                '#' => rest.find(['\n', '\r']).unwrap_or(rest.len()),
                '&' | '!' => rest.find(char::is_whitespace).unwrap_or(rest.len()),
                c => c.len_utf8(),
            };
        }
    }
}

const CORE: &str = "tag:yaml.org,2002:";

/// The type a tag states; `None` for tags of collections and for unknown ones.
pub(super) fn scalar_tag(tag: &granit_parser::Tag) -> Option<Tag> {
    match (tag.handle(), tag.suffix()) {
        ("", "!") | ("!", "") | (CORE, "str") => Some(Tag::Str),
        (CORE, "int") => Some(Tag::Int),
        (CORE, "float") => Some(Tag::Float),
        (CORE, "bool") => Some(Tag::Bool),
        (CORE, "null") => Some(Tag::Null),
        _ => None,
    }
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
            Some(false) => Some(Diagnostic::error("wrong-tag", format!("this value is no `{written}`")).at(place)),
            None => Some(unknown_tag(&written).at(place)),
        }
    }
}

/// Which collection a tag may stand on: `map`, `seq`, or either.
fn collection_tag(tag: &granit_parser::Tag) -> Option<&str> {
    match (tag.handle(), tag.suffix()) {
        ("", "!") | ("!", "") => Some(""),
        (CORE, kind @ ("map" | "seq")) => Some(kind),
        _ => None,
    }
}

pub(super) fn unknown_tag(tag: &str) -> Diagnostic {
    Diagnostic::error("unknown-tag", format!("the tag `{tag}` means nothing here"))
        .with_help("remove it; for computed values write `${…}`")
}

pub(super) fn complex_key(place: Span) -> Box<Diagnostic> {
    Diagnostic::error("complex-key", "a key must be a string, not a list or mapping")
        .at(place)
        .with_help("if `{` or `[` begins a text here, put it in quotes; expressions are written `\"${…}\"`")
        .into()
}

pub(super) fn too_deep(place: Span) -> Box<Diagnostic> {
    let message = format!("lists and mappings lie more than {MAX_DEPTH} deep within each other here");
    Diagnostic::error("too-deep", message)
        .at(place)
        .with_help("close some of them, or lay the values out flatter")
        .into()
}

pub(super) fn too_many(place: Span) -> Box<Diagnostic> {
    let message = format!("with aliases expanded this document holds more than {MAX_NODES} values");
    Diagnostic::error("alias-bomb", message)
        .at(place)
        .with_help("write fewer aliases to large values, or split the spec into modules")
        .into()
}

pub(super) fn recursive_alias(place: Span) -> Box<Diagnostic> {
    Diagnostic::error("recursive-alias", "this alias stands inside the very value it repeats")
        .at(place)
        .with_help("repeat a value that is complete, further up")
        .into()
}
