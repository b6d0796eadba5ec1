//! What is wrong with an input, and where: the one form every check reports in.
//!
//! A [`Diagnostic`] is plain data. Places are byte ranges ([`Span`]) into the
//! texts held by [`Sources`]; lines and columns are worked out only when one is
//! shown. The command line draws them for terminals, [`render_plain`] draws them
//! without colour, and [`Diagnostic::to_json`] gives them to other programs.

mod render;

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Value as Json, json};

pub use render::render_plain;

/// Which of the [`Sources`] a place lies in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct SourceId(
    /// The index of the file, in the order of [`Sources::add`].
    pub usize,
);

/// A range of bytes of one source: `start` is in it, `end` is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Span {
    /// The file.
    pub source: SourceId,
    /// Offset of the first byte.
    pub start: usize,
    /// Offset behind the last byte.
    pub end: usize,
}

impl Span {
    /// The bytes `start..end` of `source`.
    pub fn new(source: SourceId, start: usize, end: usize) -> Self {
        Self { source, start, end }
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing may be done before it is mended.
    Error,
    /// Worth a look; the work goes on.
    Warning,
}

impl Severity {
    /// The word shown to people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// One finding about an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// A stable name of this sort of finding, such as `unknown-field`.
    pub code: &'static str,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// Where it is wrong; `None` when no single place is to blame.
    pub span: Option<Span>,
    /// Other places that explain it.
    pub labels: Vec<(Span, String)>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error without a place.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, code, message: message.into(), span: None, labels: Vec::new(), help: None }
    }

    /// A warning without a place.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// This diagnostic, placed at `span`.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    /// This diagnostic with one more place that explains it.
    #[must_use]
    pub fn with_label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push((span, text.into()));
        self
    }

    /// This diagnostic with advice.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// This diagnostic with "did you mean …?" as advice, when a candidate is near `word`.
    #[must_use]
    pub fn with_suggestion<'a>(self, word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Self {
        match suggest(word, candidates) {
            Some(candidate) => self.with_help(format!("did you mean `{candidate}`?")),
            None => self,
        }
    }

    /// This diagnostic as data: severity, code, message, help, file, range and labels,
    /// lines and columns counted from 1.
    pub fn to_json(&self, sources: &Sources) -> Json {
        let labels = self.labels.iter().map(
            |(span, text)| json!({ "file": sources.name(span.source), "range": sources.range(*span), "message": text }),
        );
        json!({
            "severity": self.severity,
            "code": self.code,
            "message": self.message,
            "help": self.help,
            "file": self.span.map(|span| sources.name(span.source)),
            "range": self.span.map(|span| sources.range(span)),
            "labels": labels.collect::<Vec<_>>(),
        })
    }
}

/// Puts diagnostics into the order of the files, those without a place last, and leaves
/// out what is said twice: a mistake in a repeated resource shows in each of its instances.
pub fn tidy(diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.sort_by_key(|diagnostic| diagnostic.span.map_or((usize::MAX, 0), |span| (span.source.0, span.start)));
    let mut told = BTreeSet::new();
    diagnostics.retain(|diagnostic| told.insert(same_finding(diagnostic)));
}

/// What two diagnostics have in common that tell of the same.
pub(crate) fn same_finding(diagnostic: &Diagnostic) -> (Option<Span>, String) {
    (diagnostic.span, without_keys(&diagnostic.message))
}

/// A message without the keys of the addresses in it.
fn without_keys(message: &str) -> String {
    let mut rest = message;
    let mut kept = String::with_capacity(message.len());
    while let Some((before, behind)) = rest.split_once("[\"") {
        kept.push_str(before);
        rest = behind.split_once("\"]").map_or("", |(_, behind)| behind);
    }
    kept.push_str(rest);
    kept
}

/// A place as people count it: lines and columns from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The character within the line, from 1.
    pub column: usize,
}

/// Two places as people count them; `end` is behind the last character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Range {
    /// The first character.
    pub start: Position,
    /// Behind the last character.
    pub end: Position,
}

/// The files a run reads: their names as the user wrote them, and their texts.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<File>,
}

#[derive(Clone, Debug)]
struct File {
    name: String,
    text: String,
    /// The text with asterisks for what must not be shown, byte for byte as long.
    shown: String,
    /// Offset of the first byte of every line; never empty.
    line_starts: Vec<usize>,
}

/// A byte-order mark belongs to the encoding, not to the first line.
const BOM: char = '\u{feff}';

impl Sources {
    /// Takes in a file and says under which id its spans are to be made.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> SourceId {
        let text = text.into();
        let first = if text.starts_with(BOM) { BOM.len_utf8() } else { 0 };
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let line_starts = std::iter::once(first).chain(breaks).collect();
        self.files.push(File { name: name.into(), shown: text.clone(), text, line_starts });
        SourceId(self.files.len() - 1)
    }

    /// The file of that name, if it was taken in.
    pub fn find(&self, name: &str) -> Option<SourceId> {
        self.files.iter().position(|file| file.name == name).map(SourceId)
    }

    /// The name of a file; empty when there is no such file.
    pub fn name(&self, source: SourceId) -> &str {
        self.files.get(source.0).map_or("", |file| &file.name)
    }

    /// The text of a file; empty when there is no such file.
    pub fn text(&self, source: SourceId) -> &str {
        self.files.get(source.0).map_or("", |file| &file.text)
    }

    /// The text of a file as it may be shown.
    pub fn shown(&self, source: SourceId) -> &str {
        self.files.get(source.0).map_or("", |file| &file.shown)
    }

    /// Keeps what a span covers, such as a secret, out of everything that is shown (law 10).
    pub fn hide(&mut self, span: Span) {
        let Some(file) = self.files.get_mut(span.source.0) else { return };
        let start = file.text.floor_char_boundary(span.start);
        let end = file.text.floor_char_boundary(span.end).max(start);
        let hidden: String = file.text[start..end].chars().map(hidden).collect();
        file.shown.replace_range(start..end, &hidden);
    }

    /// The text a span covers, as far as it lies within its file.
    pub fn slice(&self, span: Span) -> &str {
        let text = self.text(span.source);
        let start = text.floor_char_boundary(span.start);
        let end = text.floor_char_boundary(span.end).max(start);
        &text[start..end]
    }

    /// The line and column of a byte offset; offsets behind the text count as its end.
    pub fn position(&self, source: SourceId, offset: usize) -> Position {
        let Some(file) = self.files.get(source.0) else {
            return Position { line: 1, column: 1 };
        };
        let offset = file.text.floor_char_boundary(offset);
        let index = file.line_starts.partition_point(|start| *start <= offset).saturating_sub(1);
        let start = file.line_starts[index].min(offset);
        Position { line: index + 1, column: file.text[start..offset].chars().count() + 1 }
    }

    /// Both ends of a span as people count them.
    pub fn range(&self, span: Span) -> Range {
        Range { start: self.position(span.source, span.start), end: self.position(span.source, span.end) }
    }

    /// A line as it may be shown, counted from 1, without its line break; empty when there is no such line.
    pub fn line(&self, source: SourceId, line: usize) -> &str {
        let Some(file) = self.files.get(source.0) else {
            return "";
        };
        let Some(&start) = line.checked_sub(1).and_then(|index| file.line_starts.get(index)) else {
            return "";
        };
        let end = file.line_starts.get(line).copied().unwrap_or(file.text.len());
        file.shown[start..end].trim_end_matches(['\n', '\r'])
    }
}

/// As many asterisks as a character has bytes; white space stays.
fn hidden(c: char) -> String {
    if c.is_whitespace() { c.to_string() } else { "*".repeat(c.len_utf8()) }
}

/// The candidate nearest to a misspelt `word`, when one is near enough to be meant.
///
/// Near enough is one edit (insert, drop, change or swap) for every three letters.
/// Case, `_` and `-` cost nothing, so `CidrBlock` finds `cidr_block`. Of equally near
/// candidates the first wins.
pub fn suggest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let wanted = bare(word);
    let near = candidates.into_iter().filter_map(|candidate| {
        let distance = distance(&wanted, &bare(candidate))?;
        Some((distance, candidate))
    });
    near.min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate.to_owned())
}

/// The edits between two words, when they are few for their length.
fn distance(left: &str, right: &str) -> Option<usize> {
    let (left_length, right_length) = (left.chars().count(), right.chars().count());
    let most = left_length.max(right_length) / 3;
    if left_length.abs_diff(right_length) > most {
        return None;
    }
    let distance = if left == right { 0 } else { strsim::damerau_levenshtein(left, right) };
    (distance <= most).then_some(distance)
}

fn bare(word: &str) -> String {
    word.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(text: &str) -> Sources {
        let mut sources = Sources::default();
        sources.add("shop.yaml", text);
        sources
    }

    fn position(text: &str, offset: usize) -> (usize, usize) {
        let position = sources(text).position(SourceId(0), offset);
        (position.line, position.column)
    }

    #[test]
    fn columns_count_characters_and_lines_count_breaks() {
        assert_eq!(position("aé b\nc", 4), (1, 4));
        assert_eq!(position("aé b\nc", 6), (2, 1));
        assert_eq!(position("a\r\nb", 3), (2, 1));
        assert_eq!(position("", 0), (1, 1));
        assert_eq!(position("a\n", 99), (2, 1));
    }

    #[test]
    fn a_byte_order_mark_is_no_column() {
        assert_eq!(position("\u{feff}ab", 4), (1, 2));
        assert_eq!(position("\u{feff}ab", 0), (1, 1));
        assert_eq!(sources("\u{feff}ab\nc").line(SourceId(0), 1), "ab");
    }

    #[test]
    fn lines_come_without_their_break() {
        let sources = sources("a\r\nb\n");
        let lines: Vec<_> = (0..5).map(|line| sources.line(SourceId(0), line)).collect();
        assert_eq!(lines, ["", "a", "b", "", ""]);
    }

    #[test]
    fn places_outside_the_text_are_harmless() {
        let sources = sources("é");
        assert_eq!(sources.slice(Span::new(SourceId(0), 1, 9)), "é");
        assert_eq!(sources.slice(Span::new(SourceId(3), 1, 9)), "");
        assert_eq!(sources.position(SourceId(3), 5), Position { line: 1, column: 1 });
    }

    #[test]
    fn suggestions_are_near_or_absent() {
        let fields = ["cidr_block", "tags", "vpc_id", "az"];
        let suggest = |word| super::suggest(word, fields);
        assert_eq!(suggest("cidr_blok").as_deref(), Some("cidr_block"));
        assert_eq!(suggest("CidrBlock").as_deref(), Some("cidr_block"));
        assert_eq!(suggest("tgas").as_deref(), Some("tags"));
        assert_eq!(suggest("vpcid").as_deref(), Some("vpc_id"));
        assert_eq!(suggest("id"), None);
        assert_eq!(suggest("ax"), None);
        assert_eq!(suggest(""), None);
        assert_eq!(suggest("route_table"), None);
    }

    #[test]
    fn json_names_file_and_range() {
        let sources = sources("vpc:\n  ciidr: 1\n");
        let span = Span::new(SourceId(0), 7, 12);
        let found = Diagnostic::error("unknown-field", "unknown field `ciidr`").at(span).with_help("use `cidr`");
        assert_eq!(
            found.to_json(&sources),
            json!({
                "severity": "error", "code": "unknown-field", "message": "unknown field `ciidr`",
                "help": "use `cidr`", "file": "shop.yaml", "labels": [],
                "range": { "start": { "line": 2, "column": 3 }, "end": { "line": 2, "column": 8 } },
            })
        );
    }
}
