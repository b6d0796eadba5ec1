//! Values as a spec writes them: literals and expressions, each with its place.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::template::{Part, Template};
use super::yaml::{Node, NodeKind, ScalarValue};
use crate::diagnostic::{Diagnostic, Span};
use crate::expr::{ExprError, Expression, Reference, Scope};
use crate::schema::{ObjectType, Type};
use crate::value::{Secret, Unknown, Value};

/// A value as a spec writes it.
#[derive(Clone, Debug)]
pub struct Tree {
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub kind: TreeKind,
}

/// What a [`Tree`] is.
#[derive(Clone, Debug)]
pub enum TreeKind {
    /// A value without expressions.
    Literal(Value),
    /// One expression, which keeps its type.
    Expression(Located),
    /// Text with expressions in it.
    Text(Vec<Piece>),
    /// A list.
    List(Vec<Tree>),
    /// A map; the span is the key's.
    Map(BTreeMap<String, (Span, Tree)>),
}

/// A piece of a text.
#[derive(Clone, Debug)]
pub enum Piece {
    /// As it stands.
    Literal(String),
    /// What an expression gives.
    Expression(Located),
}

/// An expression and where it stands.
#[derive(Clone, Debug)]
pub struct Located {
    /// The expression.
    pub expression: Arc<Expression>,
    /// The text between the braces.
    pub span: Span,
}

impl Located {
    fn error(&self, error: ExprError) -> Diagnostic {
        let mut diagnostic = Diagnostic::error("expression", error.message).at(part(self.span, error.range));
        diagnostic.help = error.help;
        diagnostic
    }

    fn evaluate(&self, scope: &dyn Scope) -> Result<Value, Diagnostic> {
        self.expression.evaluate(scope).map_err(|error| self.error(error))
    }
}

/// The part `range` of the text that stands at `span`.
pub fn part(span: Span, range: std::ops::Range<usize>) -> Span {
    let start = (span.start + range.start).min(span.end);
    Span { start, end: (span.start + range.end).clamp(start, span.end), ..span }
}

impl Tree {
    /// Compiles a node that is to become a `ty`, which decides what unquoted scalars
    /// are: where a string is wanted, `012345678901` stays one.
    pub fn compile(node: &Node, ty: &Type, diagnostics: &mut Vec<Diagnostic>) -> Self {
        let kind = match &node.kind {
            NodeKind::Scalar { .. } => scalar(node, ty, diagnostics),
            NodeKind::Sequence(items) => {
                let inner = element_type(ty);
                TreeKind::List(items.iter().map(|item| Self::compile(item, inner, diagnostics)).collect())
            }
            NodeKind::Mapping(entries) => {
                let entries = entries.iter().map(|entry| {
                    let value = Self::compile(&entry.value, field_type(ty, &entry.key.text), diagnostics);
                    (entry.key.text.to_string(), (entry.key.span, value))
                });
                TreeKind::Map(entries.collect())
            }
        };
        Self { span: node.span, kind }
    }

    /// The value, with every expression evaluated.
    ///
    /// # Errors
    /// Every expression that fails.
    pub fn evaluate(&self, scope: &dyn Scope) -> Result<Value, Vec<Diagnostic>> {
        let mut diagnostics = Vec::new();
        let value = self.value(&mut |located| {
            located.evaluate(scope).unwrap_or_else(|error| {
                diagnostics.push(error);
                Value::Unknown(Unknown::default())
            })
        });
        if diagnostics.is_empty() { Ok(value) } else { Err(diagnostics) }
    }

    /// The value with every expression unknown: what can be checked without evaluating.
    pub fn shape(&self) -> Value {
        self.value(&mut |_| Value::Unknown(Unknown::default()))
    }

    fn value(&self, evaluate: &mut dyn FnMut(&Located) -> Value) -> Value {
        match &self.kind {
            TreeKind::Literal(value) => value.clone(),
            TreeKind::Expression(located) => evaluate(located),
            TreeKind::Text(pieces) => {
                let values = pieces.iter().map(|piece| match piece {
                    Piece::Literal(text) => Value::string(text.as_str()),
                    Piece::Expression(located) => evaluate(located),
                });
                joined(values.collect())
            }
            TreeKind::List(items) => Value::list(items.iter().map(|item| item.value(evaluate)).collect::<Vec<_>>()),
            TreeKind::Map(entries) => {
                let values = entries.iter().map(|(key, (_, tree))| (key.clone(), tree.value(evaluate)));
                Value::map(values.collect::<Vec<_>>())
            }
        }
    }

    /// Calls `see` on every expression in it.
    pub fn visit(&self, see: &mut dyn FnMut(&Located)) {
        match &self.kind {
            TreeKind::Literal(_) => {}
            TreeKind::Expression(located) => see(located),
            TreeKind::Text(pieces) => pieces.iter().for_each(|piece| {
                if let Piece::Expression(located) = piece {
                    see(located);
                }
            }),
            TreeKind::List(items) => items.iter().for_each(|item| item.visit(see)),
            TreeKind::Map(entries) => entries.values().for_each(|(_, tree)| tree.visit(see)),
        }
    }

    /// Every name its expressions use, with its place.
    pub fn references(&self) -> Vec<(Reference, Span)> {
        let mut found = Vec::new();
        self.visit(&mut |located| {
            for reference in located.expression.references() {
                let span = part(located.span, reference.range.clone());
                found.push((reference, span));
            }
        });
        found
    }

    /// The place of the value at `path`, or of the last thing on the way to it; a key's
    /// place where `at_key` and the path leads to one.
    pub fn locate(&self, path: &[String], at_key: bool) -> Span {
        let Some((step, rest)) = path.split_first() else {
            return self.span;
        };
        match &self.kind {
            TreeKind::Map(entries) => match entries.get(step) {
                Some((key, _)) if at_key && rest.is_empty() => *key,
                Some((_, tree)) => tree.locate(rest, at_key),
                None => self.span,
            },
            TreeKind::List(items) => match step.parse::<usize>().ok().and_then(|index| items.get(index)) {
                Some(tree) => tree.locate(rest, at_key),
                None => self.span,
            },
            _ => self.span,
        }
    }
}

fn scalar(node: &Node, ty: &Type, diagnostics: &mut Vec<Diagnostic>) -> TreeKind {
    match Template::parse(node) {
        Ok(template) if template.is_literal() => TreeKind::Literal(literal(node, &template, ty)),
        Ok(template) => expressions(template, diagnostics),
        Err(errors) => {
            diagnostics.extend(errors);
            unknown()
        }
    }
}

fn unknown() -> TreeKind {
    TreeKind::Literal(Value::Unknown(Unknown::default()))
}

fn literal(node: &Node, template: &Template, ty: &Type) -> Value {
    match (node.scalar_value(), ty) {
        (None | Some(ScalarValue::Null), _) => Value::Null,
        (Some(ScalarValue::String(_)), _) | (_, Type::String(_)) => Value::string(template.literal_text()),
        (Some(ScalarValue::Bool(value)), _) => Value::Bool(value),
        (Some(ScalarValue::Int(number)), _) => i64::try_from(number).map_or(Value::Float(number as f64), Value::Integer),
        (Some(ScalarValue::Float(number)), _) => Value::Float(number),
    }
}

fn expressions(template: Template, diagnostics: &mut Vec<Diagnostic>) -> TreeKind {
    let is_single = template.is_single_expression();
    let mut pieces = Vec::new();
    for piece in template.parts {
        match piece {
            Part::Literal(text) => pieces.push(Piece::Literal(text)),
            Part::Expression { text, span } => match Expression::parse(&text) {
                Ok(expression) => pieces.push(Piece::Expression(Located { expression: Arc::new(expression), span })),
                Err(error) => {
                    let mut diagnostic = Diagnostic::error("expression", error.message).at(part(span, error.range));
                    diagnostic.help = error.help;
                    diagnostics.push(diagnostic);
                    return unknown();
                }
            },
        }
    }
    match pieces.pop() {
        Some(Piece::Expression(located)) if is_single => TreeKind::Expression(located),
        last => {
            pieces.extend(last);
            TreeKind::Text(pieces)
        }
    }
}

fn element_type(ty: &Type) -> &Type {
    match ty {
        Type::List(inner) | Type::Set(inner) => inner,
        _ => &Type::Any,
    }
}

fn field_type<'a>(ty: &'a Type, name: &str) -> &'a Type {
    match ty {
        Type::Map(inner) => inner,
        Type::Object(object) => property_type(object, name),
        _ => &Type::Any,
    }
}

fn property_type<'a>(object: &'a ObjectType, name: &str) -> &'a Type {
    object.fields.get(name).map_or(&Type::Any, |field| &field.ty)
}

/// Text joined from values: unknown while any is, secret if any is.
fn joined(values: Vec<Value>) -> Value {
    let awaits: std::collections::BTreeSet<_> = values.iter().flat_map(Value::awaits).collect();
    if values.iter().any(|value| !value.is_known()) {
        return Value::Unknown(Unknown { awaits: Arc::new(awaits) });
    }
    let is_secret = values.iter().any(Value::has_secret);
    let text = Value::string(values.iter().map(text).collect::<String>());
    if is_secret { text.into_secret() } else { text }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.to_string(),
        Value::Null => String::new(),
        Value::Secret(Secret::Plain(inner)) => text(inner),
        other => match other.to_driver_json() {
            Some(json) => json.to_string(),
            None => String::new(),
        },
    }
}
