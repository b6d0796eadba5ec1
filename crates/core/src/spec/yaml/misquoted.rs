//! What goes wrong inside quotes.

use super::syntax::Cursor;
use crate::diagnostic::Diagnostic;

impl Cursor<'_> {
    /// The quote that is still open at `at`.
    pub(super) fn open_quote(&self, at: usize) -> Option<Diagnostic> {
        let is_quote = self.text[at..].starts_with(['"', '\'']);
        let start = last_open_quote(self.text, self.end, at).or_else(|| is_quote.then_some(at))?;
        let line_end = self.text[start..].find(['\n', '\r']).map_or(self.text.len(), |length| start + length);
        let unclosed = Diagnostic::error("unclosed-quote", "the quote opened here is never closed");
        let quote = &self.text[start..=start];
        Some(unclosed.at(self.span(start, line_end)).with_help(format!("end the text with `{quote}`")))
    }

    /// The first escape that means nothing in the double-quoted text that opens at `at`.
    pub(super) fn bad_escape(&self, at: usize) -> Option<Diagnostic> {
        let mut rest = self.text[at..].strip_prefix('"')?;
        loop {
            rest = &rest[rest.find(['\\', '"']).filter(|slash| rest[*slash..].starts_with('\\'))?..];
            match escape(rest) {
                (length, true) => rest = &rest[length..],
                (length, false) => {
                    let start = self.text.len() - rest.len();
                    let message = format!("`{}` is no escape in a double-quoted text", &rest[..length]);
                    let wrong = Diagnostic::error("unknown-escape", message).at(self.span(start, start + length));
                    return Some(
                        wrong.with_help("write `\\\\` for a backslash, or use single quotes, which know no escapes"),
                    );
                }
            }
        }
    }
}

/// How long the escape at the beginning of `text` is, and whether it means anything.
fn escape(text: &str) -> (usize, bool) {
    let Some(letter) = text[1..].chars().next() else {
        return (1, false);
    };
    let digits = match letter {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        _ => return (1 + letter.len_utf8(), "0abt\tnvfre \"/\\N_LP\n\r".contains(letter)),
    };
    let found = text[2..].bytes().take(digits).take_while(u8::is_ascii_hexdigit).count();
    let code = u32::from_str_radix(&text[2..2 + found], 16).unwrap_or(u32::MAX);
    // Beyond U+FFFF, JSON writes two escapes that are none by themselves.
    let paired = digits == 4 && (0xd800..0xdc00).contains(&code) && low_surrogate(&text[2 + found..]);
    let length = 2 + found + if paired { 6 } else { 0 };
    (length, paired || (found == digits && char::from_u32(code).is_some()))
}

/// Whether `text` begins with the second escape of a pair.
fn low_surrogate(text: &str) -> bool {
    let digits = text.strip_prefix("\\u").and_then(|rest| rest.get(..4));
    let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
    code.is_some_and(|code| (0xdc00..0xe000).contains(&code))
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
