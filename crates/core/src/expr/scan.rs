//! A first look at the text: tokens, matching brackets, and the bounds that keep
//! the parser, the evaluator and the dropping of either tree from using up the stack.

use std::ops::Range;

use cel::parser::pratt_parser::{Lexer, Token, TokenKind};

use super::ExprError;
use super::operators::shown;

/// Bytes an expression may have.
const MAX_LENGTH: usize = 65_536;
/// Tokens an expression may have.
const MAX_TOKENS: usize = 10_000;
/// How deep brackets may nest.
const MAX_NESTING: usize = 48;
/// How deep the tree may grow: operators in a row plus the brackets around them.
const MAX_DEPTH: usize = 128;

/// The tokens of a text whose brackets match.
pub(super) struct Scan {
    tokens: Vec<Token>,
    /// For each bracket the one that matches it, for any other token itself.
    partners: Vec<usize>,
}

/// An open bracket, or the whole text.
#[derive(Default)]
struct Frame {
    /// The token that opened it.
    open: usize,
    /// Operators since it opened or since the last comma.
    operators: usize,
    /// The depth of the deepest bracket closed since then.
    inner: usize,
    /// The depth of the deepest part up to the last comma.
    deepest: usize,
}

impl Frame {
    fn depth(&self) -> usize {
        self.deepest.max(self.operators + self.inner)
    }

    fn end_part(&mut self) {
        *self = Self { open: self.open, deepest: self.depth(), ..Self::default() };
    }
}

impl Scan {
    /// The range of the construct whose first own token starts at `start`: a call or
    /// bracket ends where it closes, a selection behind the field's name.
    pub(super) fn range_from(&self, start: usize) -> Range<usize> {
        let index = self.tokens.partition_point(|token| token.start < start);
        let end = match self.tokens.get(index).map(|token| token.kind) {
            Some(TokenKind::TokDot | TokenKind::TokMinus) => index + 1,
            Some(TokenKind::TokIdent) if self.is_open(index + 1) => self.partner(index + 1),
            _ => self.partner(index),
        };
        start..self.tokens.get(end).map_or(start, |token| token.end)
    }

    /// The range of the token at or after `offset`, empty at the end of the text.
    pub(super) fn token_at(&self, offset: usize) -> Range<usize> {
        let index = self.tokens.partition_point(|token| token.end <= offset);
        self.tokens.get(index).map_or(offset..offset, |token| token.start..token.end)
    }

    /// `range` with both brackets of each pair of which it has one.
    pub(super) fn whole(&self, range: Range<usize>) -> Range<usize> {
        let first = self.tokens.partition_point(|token| token.start < range.start);
        let behind = self.tokens.partition_point(|token| token.end <= range.end);
        (first..behind)
            .filter_map(|index| self.tokens.get(self.partner(index)))
            .fold(range, |range, partner| range.start.min(partner.start)..range.end.max(partner.end))
    }

    fn is_open(&self, index: usize) -> bool {
        self.tokens.get(index).is_some_and(|token| token.kind == TokenKind::TokLeftParen)
    }

    fn partner(&self, index: usize) -> usize {
        self.partners.get(index).copied().unwrap_or(index)
    }
}

/// Splits `text` into tokens and checks everything that can be checked on them.
pub(super) fn scan(text: &str) -> Result<Scan, ExprError> {
    if text.len() > MAX_LENGTH {
        return Err(too_large(0..text.len()));
    }
    let tokens = tokens(text)?;
    if tokens.is_empty() {
        let help = "name a value, as in `${vpc.id}`".to_owned();
        return Err(ExprError::new("the expression is empty", 0..text.len()).with_help(help));
    }
    let partners = match_brackets(text, &tokens)?;
    Ok(Scan { tokens, partners })
}

/// Where the brace stands that closes an expression, given the text behind its `{`.
pub(super) fn closing_brace(text: &str) -> Option<usize> {
    let mut lexer = Lexer::new(text);
    let mut depth = 0_usize;
    loop {
        let token = lexer.lex();
        match token.kind {
            TokenKind::TokEnd => return None,
            TokenKind::TokLeftBrace => depth += 1,
            TokenKind::TokRightBrace if depth == 0 => return Some(token.start),
            TokenKind::TokRightBrace => depth -= 1,
            _ => {}
        }
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, ExprError> {
    let mut lexer = Lexer::new(text);
    let mut tokens = Vec::new();
    loop {
        let token = lexer.lex();
        match token.kind {
            TokenKind::TokWhitespace | TokenKind::TokComment => continue,
            TokenKind::TokEnd => return Ok(tokens),
            TokenKind::TokError => return Err(bad_token(text, token)),
            _ => check_token(text, token)?,
        }
        if tokens.len() == MAX_TOKENS {
            return Err(too_large(0..text.len()));
        }
        tokens.push(token);
    }
}

/// Refuses what CEL has and the spec language has not.
fn check_token(text: &str, token: Token) -> Result<(), ExprError> {
    let range = token.start..token.end;
    match token.kind {
        TokenKind::TokEqual => Err(ExprError::new("`=` does not compare", range).with_help("write `==`".to_owned())),
        TokenKind::TokIdent if text[range.clone()].starts_with('`') => {
            Err(ExprError::new("names are not quoted", range)
                .with_help("write `a[\"b-c\"]` to select a field with such a name".to_owned()))
        }
        _ => Ok(()),
    }
}

/// Says why the lexer stopped at `token`, whose end may lie within a character.
fn bad_token(text: &str, token: Token) -> ExprError {
    let rest = &text[token.start..];
    let first = rest.chars().next().unwrap_or(' ');
    let end = token.end.max(token.start + first.len_utf8());
    let range = token.start..end.min(text.len());
    match first {
        '"' | '\'' | 'r' | 'R' | 'b' | 'B' => ExprError::new("the string is never closed", range),
        '&' | '|' => {
            ExprError::new(format!("`{first}` stands alone"), range).with_help(format!("write `{first}{first}`"))
        }
        '0'..='9' | '.' => ExprError::new(format!("`{}` is no number", shown(&text[range.clone()])), range),
        '$' => ExprError::new("`$` has no meaning inside an expression", range)
            .with_help("name values without `${…}` here".to_owned()),
        _ => ExprError::new(format!("`{first}` has no meaning in an expression"), range),
    }
}

fn match_brackets(text: &str, tokens: &[Token]) -> Result<Vec<usize>, ExprError> {
    let mut partners: Vec<usize> = (0..tokens.len()).collect();
    let mut frames = Vec::new();
    let mut frame = Frame::default();
    for (index, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::TokLeftParen | TokenKind::TokLeftBracket | TokenKind::TokLeftBrace => {
                frame.operators += 1;
                frames.push(std::mem::replace(&mut frame, Frame { open: index, ..Frame::default() }));
            }
            TokenKind::TokRightParen | TokenKind::TokRightBracket | TokenKind::TokRightBrace => {
                let Some(mut outer) = frames.pop().filter(|_| is_pair(tokens[frame.open].kind, token.kind)) else {
                    let message = format!("`{}` closes nothing", &text[token.start..token.end]);
                    return Err(ExprError::new(message, token.start..token.end));
                };
                partners[frame.open] = index;
                partners[index] = frame.open;
                outer.inner = outer.inner.max(frame.depth() + 1);
                frame = outer;
            }
            TokenKind::TokComma => frame.end_part(),
            kind if is_operator(kind) => frame.operators += 1,
            _ => {}
        }
        if frames.len() > MAX_NESTING || frame.depth() > MAX_DEPTH {
            return Err(ExprError::new("the expression is nested too deeply", token.start..token.end));
        }
    }
    if frames.is_empty() {
        return Ok(partners);
    }
    let open = &tokens[frame.open];
    let message = format!("`{}` is never closed", &text[open.start..open.end]);
    let close = match open.kind {
        TokenKind::TokLeftParen => ")",
        TokenKind::TokLeftBracket => "]",
        _ => "}",
    };
    Err(ExprError::new(message, open.start..open.end).with_help(format!("add the `{close}` that closes it")))
}

fn is_pair(open: TokenKind, close: TokenKind) -> bool {
    matches!(
        (open, close),
        (TokenKind::TokLeftParen, TokenKind::TokRightParen)
            | (TokenKind::TokLeftBracket, TokenKind::TokRightBracket)
            | (TokenKind::TokLeftBrace, TokenKind::TokRightBrace)
    )
}

/// Whether the token makes the tree one deeper.
fn is_operator(kind: TokenKind) -> bool {
    !matches!(
        kind,
        TokenKind::TokNull
            | TokenKind::TokFalse
            | TokenKind::TokTrue
            | TokenKind::TokInt
            | TokenKind::TokUint
            | TokenKind::TokFloat
            | TokenKind::TokString
            | TokenKind::TokBytes
            | TokenKind::TokIdent
            | TokenKind::TokReservedWord
            | TokenKind::TokColon
    )
}

fn too_large(range: Range<usize>) -> ExprError {
    ExprError::new("the expression is too long", range)
        .with_help(format!("it may have {MAX_LENGTH} bytes and {MAX_TOKENS} words and signs"))
}
