//! Between the event parser and the tree: exact places, and what is refused.

use granit_parser::{Event, Options, ScalarStyle, StructureStyle};

use super::{MAX_DEPTH, MAX_NODES};
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

    /// Refuses what no YAML text may hold, wherever it stands.
    pub(super) fn check_characters(&self) -> Result<(), Box<Diagnostic>> {
        let forbidden = |byte: u8| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r');
        match self.text.bytes().position(forbidden) {
            Some(at) => Err(control_character(self.span(at, at + 1), char::from(self.text.as_bytes()[at]))),
            None => Ok(()),
        }
    }

    /// The line that states the version of YAML.
    pub(super) fn version_line(&self) -> Span {
        let start = if self.text.starts_with("%YAML") { Some(0) } else { self.text.find("\n%YAML").map(|at| at + 1) };
        let start = start.unwrap_or_default();
        let length = self.text[start..].lines().next().map_or(0, |line| line.trim_end().len());
        self.span(start, start + length)
    }

    /// That the entry whose `:` comes next has no key.
    pub(super) fn missing_key(&self) -> Diagnostic {
        let (start, end) = self.find(&[':']).map_or((self.end, self.end), |colon| (colon, colon + 1));
        Diagnostic::error("missing-key", "this entry has no key")
            .at(self.span(start, end))
            .with_help("write a name before the `:`; a text that starts with `:` needs quotes")
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
        // A document that begins without `---` is said to begin with what comes next.
        let stands = !matches!(event, Event::Comment(..) | Event::DocumentStart(false, _));
        if event.is_node() || (end > start && stands) {
            self.end = self.end.max(end);
        }
        self.span(start, end)
    }

    /// The first of `indicators` behind the last token, past what may stand between the two.
    pub(super) fn find(&self, indicators: &[char]) -> Option<usize> {
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

/// `%YAML` with another version than the one specs are written in.
pub(super) fn other_version(place: Span) -> Box<Diagnostic> {
    Diagnostic::error("yaml-version", "this line asks for another YAML than specs are written in")
        .at(place)
        .with_help(
            "remove it; specs are YAML 1.2, where `yes` and `off` are strings and octal numbers are written `0o17`",
        )
        .into()
}

/// A character that no YAML text may hold.
pub(super) fn control_character(place: Span, character: char) -> Box<Diagnostic> {
    let code = u32::from(character);
    let message = format!("the control character U+{code:04X} cannot stand in a spec");
    Diagnostic::error("control-character", message)
        .at(place)
        .with_help(format!("remove it; if it is meant, write `\\u{code:04x}` in double quotes"))
        .into()
}
