//! Syntax errors in the user's terms: the parser says what it missed, this says
//! what was probably meant.

use granit_parser::{ErrorKind, ScanError};

use super::syntax::{self, Cursor};
use crate::diagnostic::{Diagnostic, Span};

/// The code of syntax errors that have no better one.
const SYNTAX: &str = "yaml-syntax";

impl Cursor<'_> {
    /// The diagnostic of a syntax error; `opened` is where the innermost `[` or `{` stands.
    pub(super) fn explain(&self, error: &ScanError, opened: Option<usize>) -> Box<Diagnostic> {
        let at = self.text.floor_char_boundary(error.marker().byte_offset().unwrap_or(self.end));
        let found = match error.kind() {
            ErrorKind::RecursionLimitExceeded => return syntax::too_deep(self.token(at)),
            kind if unclosed_quote(kind) => self.open_quote(at),
            _ => None,
        };
        let found = found
            .or_else(|| self.unquoted_expression(at))
            .or_else(|| self.colon_in_expression(at))
            .or_else(|| self.tab(at, error.kind()));
        Box::new(found.unwrap_or_else(|| self.other(error.kind(), at, opened)))
    }

    /// `${…}` inside `{…}` or `[…]`, where YAML takes its brace for a mapping.
    fn unquoted_expression(&self, at: usize) -> Option<Diagnostic> {
        let before = self.text.get(..at)?;
        let start = if self.text[at..].starts_with('{') { before.strip_suffix('$')?.len() } else { return None };
        let end = self.text[start..].find(['}', '\n', '\r']).map_or(start + 2, |length| start + length);
        let end = end + usize::from(self.text[end..].starts_with('}'));
        let unquoted = Diagnostic::error("unquoted-expression", "an expression inside `{…}` or `[…]` needs quotes");
        Some(unquoted.at(self.span(start, end)).with_help(format!("write `\"{}\"`", &self.text[start..end])))
    }

    /// `${a ? b : c}` without quotes, where YAML takes its colon for a key's.
    fn colon_in_expression(&self, at: usize) -> Option<Diagnostic> {
        let line = self.text[..at].rfind(['\n', '\r']).map_or(0, |at| at + 1);
        let start = line + self.text[line..at].rfind("${").filter(|_| self.text[at..].starts_with(": "))?;
        let is_inside = !self.text[start..at].contains('}');
        let rest = self.text[at..].lines().next().unwrap_or_default();
        let end = at + rest.find('}').filter(|_| is_inside)? + 1;
        let expression = &self.text[start..end];
        let quote = if expression.contains('"') { '\'' } else { '"' };
        let unquoted = Diagnostic::error("unquoted-expression", "an expression that holds `: ` needs quotes");
        Some(unquoted.at(self.span(start, end)).with_help(format!("write `{quote}{expression}{quote}`")))
    }

    /// A tab where spaces belong: at `at`, or in front of its line or the next. An
    /// indented tab goes on with the text above, so the error is told of that line.
    fn tab(&self, at: usize, kind: &ErrorKind) -> Option<Diagnostic> {
        let line = self.text[..at].rfind(['\n', '\r']).map_or(0, |at| at + 1);
        let next = self.text[at..].find('\n').map(|length| at + length + 1);
        let named = (about_tabs(kind) && self.text[at..].starts_with('\t')).then_some(at);
        let start = named.or_else(|| self.indenting_tab(line)).or_else(|| self.indenting_tab(next?))?;
        let length = self.text[start..].bytes().take_while(|byte| *byte == b'\t').count();
        let tab = Diagnostic::error("tab-indentation", "YAML is indented with spaces, and this is a tab");
        Some(tab.at(self.span(start, start + length)).with_help("replace each tab by two spaces"))
    }

    /// The first tab in front of what stands on the line that begins at `line`.
    fn indenting_tab(&self, line: usize) -> Option<usize> {
        let rest = &self.text[line..];
        let indent = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        rest[..indent].find('\t').map(|tab| line + tab)
    }

    /// The quote that is still open at `at`.
    fn open_quote(&self, at: usize) -> Option<Diagnostic> {
        let start = last_open_quote(self.text, self.end, at)?;
        let line_end = self.text[start..].find(['\n', '\r']).map_or(self.text.len(), |length| start + length);
        let unclosed = Diagnostic::error("unclosed-quote", "the quote opened here is never closed");
        let quote = &self.text[start..=start];
        Some(unclosed.at(self.span(start, line_end)).with_help(format!("end the text with `{quote}`")))
    }

    fn other(&self, kind: &ErrorKind, at: usize, opened: Option<usize>) -> Diagnostic {
        let (code, message, help) = words(kind);
        let bracket = opened.map(|opened| self.span(opened, opened + 1));
        let place = bracket.filter(|bracket| bracket.start == at).unwrap_or_else(|| self.token(at));
        let mut found = Diagnostic::error(code, message).at(place);
        found.help = help.map(str::to_owned);
        found
            .labels
            .extend(bracket.filter(|bracket| *bracket != place).map(|bracket| (bracket, "inside this".to_owned())));
        found
    }

    /// The word at `at`; at the end of a line, the place itself.
    fn token(&self, at: usize) -> Span {
        let length = self.text[at..].find(char::is_whitespace).unwrap_or(self.text.len() - at);
        self.span(at, at + length)
    }
}

fn unclosed_quote(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::UnclosedQuotedScalar
            | ErrorKind::InvalidQuotedScalarIndent
            | ErrorKind::DocumentIndicatorInQuotedScalar
    )
}

fn about_tabs(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::TabNotAllowed
            | ErrorKind::TabInBlockIndentation
            | ErrorKind::TabAtBlockScalarStart
            | ErrorKind::TabInIndentation
            | ErrorKind::TabInPlainScalar
    )
}

/// The quoted text from `from` on that is not closed before `limit`.
fn last_open_quote(text: &str, from: usize, limit: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = from;
    while at < limit {
        let opens = matches!(bytes[at], b'"' | b'\'')
            && (at == 0 || matches!(bytes[at - 1], b' ' | b'\t' | b'\n' | b'\r' | b'[' | b'{' | b',' | b':'));
        if opens {
            match closing_quote(bytes, at) {
                Some(end) if end < limit => at = end,
                _ => return Some(at),
            }
        }
        at += 1;
    }
    None
}

/// Where the quoted text that opens at `start` ends.
fn closing_quote(bytes: &[u8], start: usize) -> Option<usize> {
    let quote = bytes[start];
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if quote == b'"' => at += 1,
            b'\'' if quote == b'\'' && bytes.get(at + 1) == Some(&b'\'') => at += 1,
            byte if byte == quote => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

type Words = (&'static str, String, Option<&'static str>);

/// Code, message and advice for an error that needs no look at the text.
fn words(kind: &ErrorKind) -> Words {
    if let Some((code, message, help)) = common(kind).or_else(|| bracket(kind)).or_else(|| lexical(kind)) {
        return (code, message.to_owned(), Some(help));
    }
    match kind {
        ErrorKind::UnexpectedCharacter { character } => {
            let message = format!("a text without quotes cannot start with `{}`", character.escape_debug());
            (SYNTAX, message, Some("put the text in quotes"))
        }
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            ("unclosed-bracket", format!("`{open}` is closed by `{close}`"), Some("make the brackets match"))
        }
        ErrorKind::UnclosedFlowCollection { open } => {
            ("unclosed-bracket", format!("`{open}` is never closed"), Some("add the closing bracket"))
        }
        other => (SYNTAX, other.to_string(), None),
    }
}

type FixedWords = (&'static str, &'static str, &'static str);

/// What goes wrong around keys and indentation.
fn common(kind: &ErrorKind) -> Option<FixedWords> {
    let (message, help) = match kind {
        ErrorKind::MappingValueNotAllowed => (
            "a `:` cannot stand here",
            "put the text in quotes if it holds `: `; else check the indentation of this line",
        ),
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => {
            ("expected `:` after this key", "write `key: value`, and check the indentation of this line")
        }
        ErrorKind::InvalidIndentation
        | ErrorKind::ExpectedBlockMappingKey
        | ErrorKind::ExpectedBlockSequenceEntry
        | ErrorKind::MappingKeyNotAllowed
        | ErrorKind::BlockSequenceEntryNotAllowed
        | ErrorKind::ExpectedDocumentStart
        | ErrorKind::UnexpectedEofBlockMapping
        | ErrorKind::UnexpectedEofBlockSequence => (
            "this does not fit the lines around it",
            "indent it like the keys or `-` items beside it; every item of a list starts with `- `",
        ),
        ErrorKind::InvalidBlockScalarIndent => {
            ("a line of this text block is indented less than its first", "indent all its lines alike")
        }
        ErrorKind::CommentInterceptedScalar => {
            ("a comment cuts this text in two", "move the comment, or put the text in quotes")
        }
        _ => return None,
    };
    Some((SYNTAX, message, help))
}

/// What goes wrong inside `[…]` and `{…}`.
fn bracket(kind: &ErrorKind) -> Option<FixedWords> {
    let (message, help) = match kind {
        ErrorKind::ExpectedFlowMappingSeparator => {
            ("expected `,` or `}` here", "close the `{`; texts that hold `{`, `[` or `,` need quotes")
        }
        ErrorKind::ExpectedFlowSequenceSeparator => {
            ("expected `,` or `]` here", "close the `[`; texts that hold `{`, `[` or `,` need quotes")
        }
        ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofImplicitFlowMapping
        | ErrorKind::InvalidFlowScalarIndent
        | ErrorKind::InvalidColonPlacement => ("a bracket before this is not closed", "add the missing `]` or `}`"),
        ErrorKind::MisplacedFlowCollectionEnd => {
            ("this bracket closes nothing", "remove it, or put the text in quotes")
        }
        ErrorKind::BlockEntryInFlowCollection => {
            ("a `- ` item cannot stand inside brackets", "separate the items with commas")
        }
        _ => return None,
    };
    Some(("unclosed-bracket", message, help))
}

/// What goes wrong inside quotes and tags.
fn lexical(kind: &ErrorKind) -> Option<FixedWords> {
    Some(match kind {
        ErrorKind::UnknownQuotedScalarEscape
        | ErrorKind::InvalidQuotedScalarHexEscape
        | ErrorKind::InvalidLowSurrogateHexEscape
        | ErrorKind::InvalidLowSurrogate
        | ErrorKind::MissingLowSurrogate
        | ErrorKind::UnpairedLowSurrogate
        | ErrorKind::InvalidUnicodeEscape => (
            "unknown-escape",
            "no such escape in a double-quoted text",
            "write `\\\\` for a backslash, or use single quotes, which know no escapes",
        ),
        ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar => (
            SYNTAX,
            "the quoted text ended before this",
            "put the whole text in quotes; a quote inside is written `''` or `\\\"`",
        ),
        ErrorKind::UndeclaredTagHandle => ("unknown-tag", "this tag means nothing here", "remove it"),
        _ => return None,
    })
}
