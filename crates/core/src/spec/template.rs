//! Strings with `${…}` in them: which parts are text, which are expressions, and
//! where in the file each expression stands.
//!
//! `$${` stands for the two characters `${` themselves. An expression ends at the
//! brace that closes it: braces, strings and comments inside it are read as CEL
//! reads them, so `${ {"a": "}"}["a"] }` is one expression.
//!
//! Places: in plain scalars and in quotes without escapes, on one line, every byte
//! is exact. Where YAML escapes, folds or indents, each character that is no white
//! space is still found exactly; white space has the place just behind the
//! character before it.

mod origin;

use crate::diagnostic::{Diagnostic, Sources, Span};
use crate::spec::yaml::{Node, NodeKind};
use origin::Origins;

/// A string cut into text and expressions.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    /// Text and expressions in their order; empty for an empty string.
    pub parts: Vec<Part>,
    /// Where the characters of each expression stand, for those whose source differs
    /// from their text; by the index of the part.
    origins: Vec<(usize, Origins)>,
}

/// A piece of a [`Template`].
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Text that stands for itself, `$${` already undone.
    Literal(String),
    /// What stands between `${` and `}`.
    Expression {
        /// The expression without white space around it.
        text: String,
        /// Its place, likewise.
        span: Span,
    },
}

impl Template {
    /// Cuts up a scalar; a list or mapping counts as an empty string.
    ///
    /// # Errors
    /// An expression that is not closed, or holds nothing.
    pub fn parse(node: &Node, sources: &Sources) -> Result<Self, Box<Diagnostic>> {
        let NodeKind::Scalar { text, style, .. } = &node.kind else {
            return Ok(Self { parts: Vec::new(), origins: Vec::new() });
        };
        if !text.contains("${") {
            let parts = if text.is_empty() { Vec::new() } else { vec![Part::Literal(text.to_string())] };
            return Ok(Self { parts, origins: Vec::new() });
        }
        let origins = Origins::of(text, *style, sources.slice(node.span), node.span.start);
        Cutter { text, node: node.span, origins, made: Self { parts: Vec::new(), origins: Vec::new() } }.cut()
    }

    /// Whether the string is one expression and nothing else: then the value keeps
    /// the expression's type.
    pub fn is_single_expression(&self) -> bool {
        matches!(self.parts.as_slice(), [Part::Expression { .. }])
    }

    /// The place in the file of the bytes `start..end` of the expression at index
    /// `part`; for a part that is text, or none at all, `None`.
    pub fn place(&self, part: usize, start: usize, end: usize) -> Option<Span> {
        let Part::Expression { text, span } = self.parts.get(part)? else {
            return None;
        };
        let (start, end) = (start.min(text.len()), end.clamp(start.min(text.len()), text.len()));
        let moved = self.origins.iter().find(|(index, _)| *index == part).map(|(_, origins)| origins.range(start, end));
        let (from, to) = moved.unwrap_or((span.start + start, span.start + end));
        Some(Span::new(span.source, from, to))
    }
}

struct Cutter<'t> {
    text: &'t str,
    node: Span,
    origins: Origins,
    made: Template,
}

impl Cutter<'_> {
    fn cut(mut self) -> Result<Template, Box<Diagnostic>> {
        let mut literal = String::new();
        let mut at = 0;
        while let Some(found) = self.text[at..].find('$').map(|length| at + length) {
            literal.push_str(&self.text[at..found]);
            let rest = &self.text[found..];
            at = if rest.starts_with("$${") {
                literal.push_str("${");
                found + "$${".len()
            } else if rest.starts_with("${") {
                self.flush(&mut literal);
                self.expression(found)?
            } else {
                literal.push('$');
                found + 1
            };
        }
        literal.push_str(&self.text[at..]);
        self.flush(&mut literal);
        Ok(self.made)
    }

    fn flush(&mut self, literal: &mut String) {
        if !literal.is_empty() {
            self.made.parts.push(Part::Literal(std::mem::take(literal)));
        }
    }

    /// Takes the expression whose `${` stands at `open`; says where the text goes on.
    fn expression(&mut self, open: usize) -> Result<usize, Box<Diagnostic>> {
        let start = open + "${".len();
        let close = start + end_of_expression(&self.text[start..]).ok_or_else(|| self.unclosed(open))?;
        let inner = &self.text[start..close];
        let text = inner.trim();
        if text.is_empty() {
            let place = self.span(open, close + 1);
            return Err(Diagnostic::error("empty-expression", "this expression holds nothing")
                .at(place)
                .with_help("write `$${` for the characters `${` themselves")
                .into());
        }
        let from = start + (inner.len() - inner.trim_start().len());
        let span = self.span(from, from + text.len());
        if let Some(own) = self.origins.part(from, from + text.len()) {
            self.made.origins.push((self.made.parts.len(), own));
        }
        self.made.parts.push(Part::Expression { text: text.to_owned(), span });
        Ok(close + 1)
    }

    fn unclosed(&self, open: usize) -> Box<Diagnostic> {
        Diagnostic::error("unclosed-expression", "this `${` has no closing `}`")
            .at(self.span(open, open + "${".len()))
            .with_help("close it with `}`, or write `$${` for the characters `${` themselves")
            .into()
    }

    fn span(&self, start: usize, end: usize) -> Span {
        let (start, end) = self.origins.range(start, end);
        Span::new(self.node.source, start, end)
    }
}

/// Where the brace stands that closes an expression, given the text behind its `${`.
pub(super) fn end_of_expression(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(next) = text[at..].chars().next() {
        match next {
            '}' if depth == 0 => return Some(at),
            '}' => depth -= 1,
            '{' => depth += 1,
            '"' | '\'' => {
                at += string_length(&text[at..], is_raw(&text[..at]))?;
                continue;
            }
            '/' if text[at..].starts_with("//") => {
                at += text[at..].find('\n')?;
                continue;
            }
            _ => {}
        }
        at += next.len_utf8();
    }
    None
}

/// Whether the string behind `before` is one of CEL's raw ones, `r"…"` or `br'…'`.
fn is_raw(before: &str) -> bool {
    let word = before.len() - before.trim_end_matches(|c: char| c.is_alphanumeric() || c == '_').len();
    let prefix = before[before.len() - word..].to_ascii_lowercase();
    matches!(prefix.as_str(), "r" | "br" | "rb")
}

/// The length of the CEL string that `text` begins with, quotes included.
fn string_length(text: &str, raw: bool) -> Option<usize> {
    let quote = &text[..1];
    let triple = quote.repeat(3);
    let delimiter = if text.starts_with(&triple) { &triple } else { quote };
    let mut at = delimiter.len();
    loop {
        let rest = text.get(at..)?;
        if rest.starts_with(delimiter) {
            return Some(at + delimiter.len());
        }
        let next = rest.chars().next()?;
        at += next.len_utf8();
        if next == '\\' && !raw {
            at += text[at..].chars().next()?.len_utf8();
        }
    }
}

#[cfg(test)]
mod tests;
