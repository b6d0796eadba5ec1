//! Templates in files: text with `${…}`, `%{ if … }` and `%{ for … }` in it, as in
//! Terraform. A template becomes a tree like any expression's, so that what is unknown
//! or secret in it is so as everywhere.
//!
//! `$${` and `%%{` stand for `${` and `%{`. A `~` at the inner side of either brace takes
//! away the white space beside it, as far as it stands on the same line, its end included.

use std::ops::Range;
use std::sync::Arc;

use super::functions::function;
use super::lower::{self, Bound};
use super::node::{Comprehension, Fold, Kind, Node};
use super::{ExprError, parse, scan};
use crate::value::Value;

type Result<T> = std::result::Result<T, ExprError>;

/// How deep directives may nest.
const MAX_NESTING: usize = 12;

/// The tree of a template; ranges are those of the template's text.
pub(super) fn parse(text: &str) -> Result<Node> {
    let pieces = Cutter { text, pieces: Vec::new(), strips_next: false }.cut()?;
    let mut builder = Builder { text, pieces: pieces.into_iter(), variables: Vec::new() };
    match builder.block(0)? {
        (parts, None) => Ok(Node { kind: Kind::Text(parts), range: 0..text.len() }),
        (_, Some(end)) => Err(ExprError::new("this ends nothing", end.range)),
    }
}

/// A piece of a template and where it stands.
struct Piece {
    kind: PieceKind,
    range: Range<usize>,
}

enum PieceKind {
    Literal(String),
    /// What stands within `${…}`.
    Expression(Range<usize>),
    /// What stands within `%{…}`.
    Directive(Range<usize>),
}

struct Cutter<'t> {
    text: &'t str,
    pieces: Vec<Piece>,
    /// Whether the text that follows loses the white space it begins with.
    strips_next: bool,
}

impl Cutter<'_> {
    fn cut(mut self) -> Result<Vec<Piece>> {
        let mut at = 0;
        while let Some(rest) = self.text.get(at..).filter(|rest| !rest.is_empty()) {
            at = if rest.starts_with("$${") || rest.starts_with("%%{") {
                self.literal(at..at + 3, &rest[1..3])
            } else if rest.starts_with("${") || rest.starts_with("%{") {
                self.sequence(at)?
            } else {
                let end = at + literal_length(rest);
                self.literal(at..end, &self.text[at..end])
            };
        }
        Ok(self.pieces)
    }

    fn literal(&mut self, range: Range<usize>, text: &str) -> usize {
        let strips = std::mem::take(&mut self.strips_next);
        let text = if strips { text.trim_start() } else { text };
        let end = range.end;
        self.pieces.push(Piece { kind: PieceKind::Literal(text.to_owned()), range });
        end
    }

    /// Takes what stands in braces at `open`; says where the text goes on.
    fn sequence(&mut self, open: usize) -> Result<usize> {
        let strips_before = self.text[open + 2..].starts_with('~');
        let start = open + 2 + usize::from(strips_before);
        let length = scan::closing_brace(&self.text[start..]).ok_or_else(|| {
            ExprError::new("the brace is never closed", open..open + 2)
                .with_help("close it with `}`, or write `$${` or `%%{` for the characters themselves".to_owned())
        })?;
        let (close, inner) = (start + length, &self.text[start..start + length]);
        if strips_before && let Some(Piece { kind: PieceKind::Literal(before), .. }) = self.pieces.last_mut() {
            before.truncate(before.trim_end().len());
        }
        self.strips_next = inner.ends_with('~');
        let inner = start..close - usize::from(self.strips_next);
        let is_expression = self.text[open..].starts_with('$');
        let kind = if is_expression { PieceKind::Expression(inner) } else { PieceKind::Directive(inner) };
        self.pieces.push(Piece { kind, range: open..close + 1 });
        Ok(close + 1)
    }
}

/// How long the text is up to the end of its line or the next `$` or `%`.
fn literal_length(text: &str) -> usize {
    let first = text.chars().next().map_or(0, char::len_utf8);
    match text[first..].find(['$', '%', '\n']).filter(|_| !text.starts_with('\n')) {
        _ if text.starts_with('\n') => first,
        Some(found) if text[first + found..].starts_with('\n') => first + found + 1,
        Some(found) => first + found,
        None => text.len(),
    }
}

struct Builder<'t, I> {
    text: &'t str,
    pieces: I,
    variables: Vec<Vec<Bound>>,
}

/// What ends a block: `else`, `endif` or `endfor`.
struct End {
    word: String,
    range: Range<usize>,
}

impl<I: Iterator<Item = Piece>> Builder<'_, I> {
    /// The parts up to the directive that ends the block, or to the end of the text.
    fn block(&mut self, depth: usize) -> Result<(Vec<Node>, Option<End>)> {
        let mut parts = Vec::new();
        while let Some(Piece { kind, range }) = self.pieces.next() {
            let inner = match kind {
                PieceKind::Literal(text) => {
                    parts.push(Node { kind: Kind::Literal(Value::from(text)), range });
                    continue;
                }
                PieceKind::Expression(inner) => {
                    parts.push(self.expression(inner, range)?);
                    continue;
                }
                PieceKind::Directive(inner) => inner,
            };
            if depth == MAX_NESTING {
                return Err(ExprError::new("the template is nested too deeply", range));
            }
            let directive = self.text[inner.clone()].trim();
            let (word, rest) = directive.split_once(char::is_whitespace).unwrap_or((directive, ""));
            let rest = inner.start + self.text[inner.clone()].find(rest).unwrap_or(0)..inner.end;
            match word {
                "if" => parts.push(self.choice(rest, range, depth)?),
                "for" => parts.push(self.repetition(rest, range, depth)?),
                "else" | "endif" | "endfor" => return Ok((parts, Some(End { word: word.to_owned(), range }))),
                _ => return Err(no_directive(range)),
            }
        }
        Ok((parts, None))
    }

    fn choice(&mut self, condition: Range<usize>, range: Range<usize>, depth: usize) -> Result<Node> {
        let condition = self.expression(condition, range.clone())?;
        let (then, end) = self.block(depth + 1)?;
        let (otherwise, end) = match end {
            Some(End { word, .. }) if word == "else" => self.block(depth + 1)?,
            end => (Vec::new(), end),
        };
        ended(end, "endif", &range)?;
        let [then, otherwise] = [then, otherwise].map(|parts| Node { kind: Kind::Text(parts), range: range.clone() });
        Ok(Node { kind: Kind::Conditional(Box::new([condition, then, otherwise])), range })
    }

    fn repetition(&mut self, head: Range<usize>, range: Range<usize>, depth: usize) -> Result<Node> {
        let (names, over) = self.text[head.clone()].split_once(" in ").ok_or_else(|| no_directive(range.clone()))?;
        let names: Vec<&str> = names.split(',').map(str::trim).collect();
        let bound = match names.as_slice() {
            [value] => vec![Bound::part(value, "value")],
            [key, value] => vec![Bound::part(key, "key"), Bound::part(value, "value")],
            _ => return Err(no_directive(range)),
        };
        let over = self.expression(head.end - over.len()..head.end, range.clone())?;
        self.variables.push(bound);
        let body = self.block(depth + 1);
        self.variables.pop();
        let (body, end) = body?;
        ended(end, "endfor", &range)?;
        let node = |kind| Node { kind, range: range.clone() };
        let item = node(Kind::Text(body));
        let over = node(Kind::Entries(Box::new(over)));
        let items = Comprehension { over, fold: Fold::Collect { filter: None, item } };
        let items = node(Kind::Comprehension(Box::new(items)));
        let join = function("join").ok_or_else(|| no_directive(range.clone()))?;
        Ok(node(Kind::Call(join, vec![node(Kind::Literal(Value::from(""))), items])))
    }

    fn expression(&self, inner: Range<usize>, range: Range<usize>) -> Result<Node> {
        let text = self.text[inner].trim();
        let placed = |error: ExprError| ExprError { range: range.clone(), ..error };
        let scanned = scan::scan(text).map_err(placed)?;
        let parsed = parse::parse(text, &scanned).map_err(placed)?;
        let node = lower::lower(text, parsed, &scanned, self.variables.clone()).map_err(placed)?;
        if node.calls("templatefile") {
            return Err(ExprError::new("a template cannot fill in another one", range));
        }
        Ok(Node { kind: Kind::Embedded(Arc::from(text), Box::new(node)), range })
    }
}

/// Checks that the block opened at `range` ends as it must.
fn ended(end: Option<End>, word: &str, range: &Range<usize>) -> Result<()> {
    match end {
        Some(end) if end.word == word => Ok(()),
        Some(end) => {
            let message = format!("`%{{ {} }}` stands where `%{{ {word} }}` is missing", end.word);
            Err(ExprError::new(message, end.range))
        }
        None => Err(ExprError::new(format!("this lacks its `%{{ {word} }}`"), range.clone())),
    }
}

fn no_directive(range: Range<usize>) -> ExprError {
    ExprError::new("this is no directive", range).with_help(
        "there are `%{ if condition }`, `%{ else }`, `%{ endif }`, `%{ for item in list }`, \
         `%{ for key, value in map }` and `%{ endfor }`"
            .to_owned(),
    )
}
