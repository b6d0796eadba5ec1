//! Which byte of a scalar's text came from which byte of the file.

use crate::spec::yaml::Style;

/// The places of a text's bytes in its file.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Origins {
    /// The text stands in the file byte for byte, from this offset on.
    Exact(usize),
    /// For each byte of the text, the bytes of the file its character came from.
    Mapped(Vec<(usize, usize)>),
}

impl Origins {
    /// Finds `text` again in `raw`, the token it was read from, which begins at `base`.
    pub(super) fn of(text: &str, style: Style, raw: &str, base: usize) -> Self {
        let (body, skipped) = match style {
            Style::Plain => (raw, 0),
            Style::SingleQuoted | Style::DoubleQuoted => (raw.get(1..raw.len().saturating_sub(1)).unwrap_or(""), 1),
            Style::Literal | Style::Folded => {
                let header = raw.find('\n').map_or(raw.len(), |at| at + 1);
                (&raw[header..], header)
            }
        };
        if body == text {
            return Self::Exact(base + skipped);
        }
        Self::Mapped(Aligner { body, style, at: 0, base: base + skipped }.align(text))
    }

    /// The place of the text's bytes `start..end`.
    pub(super) fn range(&self, start: usize, end: usize) -> (usize, usize) {
        match self {
            Self::Exact(base) => (base + start, base + end),
            // Up to the end of the last character, not to what follows it: a fold may lie between.
            Self::Mapped(places) => match places.get(start..end) {
                Some([first, .., last]) => (first.0, last.1),
                Some([only]) => *only,
                _ => places.get(start).map_or_else(|| end_of(places), |next| (next.0, next.0)),
            },
        }
    }

    /// The places of the bytes `start..end` alone; `None` where they stand byte for byte.
    pub(super) fn part(&self, start: usize, end: usize) -> Option<Self> {
        let Self::Mapped(places) = self else {
            return None;
        };
        let own = places.get(start..end)?;
        let mut next = own.first()?.0;
        let exact = own.chunk_by(|left, right| left == right).all(|character| {
            let (start, end) = character[0];
            start == std::mem::replace(&mut next, end) && end - start == character.len()
        });
        (!exact).then(|| Self::Mapped(own.to_vec()))
    }
}

fn end_of(places: &[(usize, usize)]) -> (usize, usize) {
    places.last().map_or((0, 0), |last| (last.1, last.1))
}

/// Walks a text and its token side by side.
struct Aligner<'t> {
    body: &'t str,
    style: Style,
    at: usize,
    base: usize,
}

impl Aligner<'_> {
    fn align(mut self, text: &str) -> Vec<(usize, usize)> {
        let mut places = Vec::with_capacity(text.len());
        for c in text.chars() {
            let (start, end) = self.next(c);
            places.resize(places.len() + c.len_utf8(), (self.base + start, self.base + end));
        }
        places
    }

    /// Where the character `c` of the text stands. White space that was folded or
    /// escaped may stand nowhere: it has the place behind the character before it.
    fn next(&mut self, c: char) -> (usize, usize) {
        if c.is_whitespace() {
            return self.white(c);
        }
        let rest = &self.body[self.at..];
        let start = self.at + (rest.len() - self.skip_white(rest).len());
        let end = start + self.token_length(start);
        self.at = end;
        (start, end)
    }

    fn white(&mut self, c: char) -> (usize, usize) {
        let start = self.at;
        let escaped = self.style == Style::DoubleQuoted && self.body[start..].starts_with('\\');
        let same = self.body[start..].starts_with(c) && c != '\n';
        if escaped || same {
            self.at += self.token_length(start);
        }
        (start, self.at)
    }

    /// What is left behind white space and, in double quotes, escapes that stand for it.
    fn skip_white<'a>(&self, rest: &'a str) -> &'a str {
        let mut rest = rest.trim_start();
        while let Some(escape) = rest.strip_prefix('\\').filter(|_| self.style == Style::DoubleQuoted) {
            match escape.strip_prefix(['\n', '\r', '\t', ' ', 'n', 'r', 't', 'v', 'f', '_', 'N', 'L', 'P']) {
                Some(behind) => rest = behind.trim_start(),
                None => break,
            }
        }
        rest
    }

    /// How many bytes at `start` stand for one character.
    fn token_length(&self, start: usize) -> usize {
        let rest = &self.body[start..];
        match self.style {
            Style::DoubleQuoted if rest.starts_with('\\') => escape_length(rest),
            Style::SingleQuoted if rest.starts_with("''") => 2,
            _ => rest.chars().next().map_or(0, char::len_utf8),
        }
    }
}

/// The length of the escape that `text` begins with; a surrogate pair is one escape.
fn escape_length(text: &str) -> usize {
    let length = match text[1..].chars().next() {
        Some('x') => 4,
        Some('u') if is_high_surrogate(text) => 12,
        Some('u') => 6,
        Some('U') => 10,
        Some(c) => 1 + c.len_utf8(),
        None => 1,
    };
    text.floor_char_boundary(length)
}

fn is_high_surrogate(text: &str) -> bool {
    let unit = text.get(2..6).and_then(|digits| u16::from_str_radix(digits, 16).ok());
    unit.is_some_and(|unit| (0xd800..0xdc00).contains(&unit))
}
