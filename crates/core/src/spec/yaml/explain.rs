//! Syntax errors in the user's terms: the parser says what it missed, this says
//! what was probably meant.

use granit_parser::{ErrorKind, ScanError};

use super::syntax::{self, Cursor};
use super::words::{SYNTAX, words};
use crate::diagnostic::{Diagnostic, Span};
use crate::spec::template::end_of_expression;

impl Cursor<'_> {
    /// The diagnostic of a syntax error; `opened` is where the innermost `[` or `{` stands.
    pub(super) fn explain(&self, error: &ScanError, opened: Option<usize>) -> Box<Diagnostic> {
        let at = self.text.floor_char_boundary(error.marker().byte_offset().unwrap_or(self.end));
        let found = match error.kind() {
            ErrorKind::RecursionLimitExceeded => return syntax::too_deep(self.token(at)),
            ErrorKind::UnsupportedYamlMajorVersion => return syntax::other_version(self.version_line()),
            ErrorKind::UnexpectedCharacter { character } if is_hidden(*character) => {
                let at = self.text[at..].find(*character).map_or(at, |length| at + length);
                return syntax::control_character(self.span(at, at + character.len_utf8()), *character);
            }
            kind if unclosed_quote(kind) => self.open_quote(at),
            kind if wrong_escape(kind) => self.bad_escape(at),
            _ => None,
        };
        let found = found
            .or_else(|| self.unquoted_expression(at))
            .or_else(|| self.colon_in_expression(at))
            .or_else(|| self.tab(at, error.kind()))
            .or_else(|| self.missing_space(at, error.kind()))
            .or_else(|| self.behind_bracket(at, error.kind()));
        Box::new(found.unwrap_or_else(|| self.other(error.kind(), at, opened)))
    }

    /// `${…}` inside `{…}` or `[…]`, where YAML takes its brace for a mapping.
    fn unquoted_expression(&self, at: usize) -> Option<Diagnostic> {
        let before = self.text.get(..at)?;
        let start = if self.text[at..].starts_with('{') { before.strip_suffix('$')?.len() } else { return None };
        let end = self.expression_end(start).unwrap_or_else(|| start + self.rest_of_line(start).len());
        let unquoted = Diagnostic::error("unquoted-expression", "an expression inside `{…}` or `[…]` needs quotes");
        Some(unquoted.at(self.span(start, end)).with_help(format!("write `{}`", quoted(&self.text[start..end]))))
    }

    /// `${a ? b : c}` without quotes, where YAML takes its colon for a key's.
    fn colon_in_expression(&self, at: usize) -> Option<Diagnostic> {
        let line = self.text[..at].rfind(['\n', '\r']).map_or(0, |at| at + 1);
        let start = line + self.text[line..at].rfind("${").filter(|_| self.text[at..].starts_with(": "))?;
        let end = self.expression_end(start).filter(|end| *end > at)?;
        let unquoted = Diagnostic::error("unquoted-expression", "an expression that holds `: ` needs quotes");
        Some(unquoted.at(self.span(start, end)).with_help(format!("write `{}`", quoted(&self.text[start..end]))))
    }

    /// Where the expression whose `${` stands at `start` ends, on the same line.
    fn expression_end(&self, start: usize) -> Option<usize> {
        let inside = start + "${".len();
        end_of_expression(self.rest_of_line(inside)).map(|length| inside + length + 1)
    }

    fn rest_of_line(&self, at: usize) -> &str {
        self.text[at..].split(['\n', '\r']).next().unwrap_or_default()
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

    /// `key:value` or `-item`, where YAML sees one word.
    fn missing_space(&self, at: usize, kind: &ErrorKind) -> Option<Diagnostic> {
        let token = self.token(at);
        let word = &self.text[token.start..token.end];
        let mark = match kind {
            ErrorKind::SimpleKeyExpected if word.starts_with('-') => '-',
            ErrorKind::SimpleKeyExpected => word.find(':').map(|_| ':')?,
            _ => return None,
        };
        let unspaced = Diagnostic::error(SYNTAX, format!("behind this `{mark}` a space is missing"));
        let start = at + word.find(mark)?;
        let fixed = word.replacen(mark, &format!("{mark} "), 1);
        Some(unspaced.at(self.span(start, start + 1)).with_help(format!("write `{fixed}`")))
    }

    /// Something on the line of a closing bracket.
    fn behind_bracket(&self, at: usize, kind: &ErrorKind) -> Option<Diagnostic> {
        let before = self.text[..at].trim_end_matches([' ', '\t']);
        let applies = *kind == ErrorKind::ExpectedBlockMappingKey && before.ends_with([']', '}']);
        let behind = Diagnostic::error(SYNTAX, "nothing may follow the closing bracket on its line");
        let help = "put the whole text in quotes, or a `,` between the two inside one pair of brackets";
        applies.then(|| behind.at(self.token(at)).with_help(help))
    }

    fn other(&self, kind: &ErrorKind, at: usize, opened: Option<usize>) -> Diagnostic {
        // A `:` on a later line than the bracket is more likely the next key's.
        let is_later =
            |found: &char| *found == ':' && opened.is_some_and(|opened| self.text[opened..at].contains('\n'));
        let found = self.text[at..].chars().next().filter(|found| !is_later(found));
        let (code, message, help) = words(kind, found);
        let bracket = opened.map(|opened| self.span(opened, opened + 1));
        let place = bracket.filter(|bracket| bracket.start == at).unwrap_or_else(|| self.token(at));
        let mut wrong = Diagnostic::error(code, message).at(place);
        wrong.help = help.map(str::to_owned);
        let around = bracket.filter(|bracket| *bracket != place);
        wrong.labels.extend(around.map(|bracket| (bracket, "inside this".to_owned())));
        wrong
    }

    /// The word at `at`; at the end of a line, the place itself.
    fn token(&self, at: usize) -> Span {
        let length = self.text[at..].find(char::is_whitespace).unwrap_or(self.text.len() - at);
        self.span(at, at + length)
    }
}

/// A text in the quotes that need no escapes in it.
fn quoted(text: &str) -> String {
    let quote = if text.contains('"') { '\'' } else { '"' };
    format!("{quote}{text}{quote}")
}

/// Whether a character has no shape to be shown.
fn is_hidden(character: char) -> bool {
    character.is_control() || matches!(character, '\u{fffe}' | '\u{ffff}')
}

fn unclosed_quote(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::UnclosedQuotedScalar
            | ErrorKind::InvalidQuotedScalarIndent
            | ErrorKind::DocumentIndicatorInQuotedScalar
    )
}

fn wrong_escape(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::UnknownQuotedScalarEscape
            | ErrorKind::InvalidQuotedScalarHexEscape
            | ErrorKind::InvalidLowSurrogateHexEscape
            | ErrorKind::InvalidLowSurrogate
            | ErrorKind::MissingLowSurrogate
            | ErrorKind::UnpairedLowSurrogate
            | ErrorKind::InvalidUnicodeEscape
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
