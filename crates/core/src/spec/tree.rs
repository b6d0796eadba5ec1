//! Values as a spec writes them: literals and expressions, each with its place.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::template::{Part, Template};
use super::yaml::{Node, NodeKind, ScalarValue};
use crate::diagnostic::{Diagnostic, Sources, Span};
use crate::expr::{ExprError, Expression, PathStep, Reference, Scope};
use crate::schema::{ObjectType, StringType, Type};
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

/// A name in an expression, and what is reached from there.
#[derive(Clone, Debug)]
pub struct Mention {
    /// What is named.
    pub reference: Reference,
    /// Where all of it stands.
    pub span: Span,
    /// Where the name stands that the scope is asked for.
    pub head: Span,
    /// Where the last step stands.
    pub tail: Span,
}

/// An expression and where it stands.
#[derive(Clone, Debug)]
pub struct Located {
    /// The expression.
    pub expression: Expression,
    /// The text between the braces.
    pub span: Span,
    template: Arc<Template>,
    part: usize,
}

impl Located {
    /// The place of a range of the expression's text.
    pub fn place(&self, range: &Range<usize>) -> Span {
        self.template.place(self.part, range.start, range.end).unwrap_or(self.span)
    }

    fn mention(&self, reference: Reference) -> Mention {
        let Range { start, end } = reference.range;
        let span = self.place(&reference.range);
        let text = self.expression.text().get(start..end).unwrap_or_default();
        let head = match text.starts_with(&reference.root) {
            true => self.place(&(start..start + reference.root.len())),
            false => span,
        };
        let tail = match reference.path.last() {
            Some(PathStep::Field(name)) if text.ends_with(name.as_str()) => self.place(&(end - name.len()..end)),
            _ => span,
        };
        Mention { reference, span, head, tail }
    }

    fn error(&self, error: ExprError) -> Box<Diagnostic> {
        let mut diagnostic = Diagnostic::error("expression", error.message).at(self.place(&error.range));
        diagnostic.help = error.help;
        Box::new(diagnostic)
    }

    fn evaluate(&self, scope: &dyn Scope) -> Result<Value, Box<Diagnostic>> {
        self.expression.evaluate(scope).map_err(|error| self.error(error))
    }
}

impl Tree {
    /// Compiles a node that is to become a `ty`, which decides what unquoted scalars
    /// are: where a string is wanted, `012345678901` stays one.
    pub fn compile(node: &Node, ty: &Type, sources: &Sources, diagnostics: &mut Vec<Diagnostic>) -> Self {
        let kind = match &node.kind {
            NodeKind::Scalar { .. } => scalar(node, ty, sources, diagnostics),
            NodeKind::Sequence(items) => {
                let inner = element_type(ty);
                TreeKind::List(items.iter().map(|item| Self::compile(item, inner, sources, diagnostics)).collect())
            }
            NodeKind::Mapping(entries) => {
                let entries = entries.iter().map(|entry| {
                    let value = Self::compile(&entry.value, field_type(ty, &entry.key.text), sources, diagnostics);
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
        let value = self.evaluate_noting(scope, &mut diagnostics);
        if diagnostics.is_empty() { Ok(value) } else { Err(diagnostics) }
    }

    /// As [`evaluate`](Self::evaluate), where what fails is noted and unknown.
    pub(super) fn evaluate_noting(&self, scope: &dyn Scope, diagnostics: &mut Vec<Diagnostic>) -> Value {
        self.value(&mut |located| {
            located.evaluate(scope).unwrap_or_else(|error| {
                diagnostics.push(*error);
                Value::Unknown(Unknown::default())
            })
        })
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
    pub fn references(&self) -> Vec<Mention> {
        self.references_by(|located| located.expression.references())
    }

    /// As [`references`](Self::references), with the keys that `scope` tells.
    pub fn references_in(&self, scope: &dyn Scope) -> Vec<Mention> {
        self.references_by(|located| located.expression.references_in(scope))
    }

    fn references_by(&self, references: impl Fn(&Located) -> Vec<Reference>) -> Vec<Mention> {
        let mut found = Vec::new();
        self.visit(&mut |located| {
            found.extend(references(located).into_iter().map(|reference| located.mention(reference)));
        });
        found
    }

    /// The place of the value at `path`, or of the last thing on the way to it; a key's
    /// place where `at_key` and the path leads to one.
    pub fn locate(&self, path: &[String], at_key: bool) -> Span {
        let Some((step, rest)) = path.split_first() else {
            return self.place();
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
            _ => self.place(),
        }
    }

    /// Where it stands; of a lone expression, what is between the braces.
    pub fn place(&self) -> Span {
        match &self.kind {
            TreeKind::Expression(located) => located.span,
            _ => self.span,
        }
    }
}

fn scalar(node: &Node, ty: &Type, sources: &Sources, diagnostics: &mut Vec<Diagnostic>) -> TreeKind {
    match Template::parse(node, sources) {
        Ok(template) if !template.parts.iter().any(|part| matches!(part, Part::Expression { .. })) => {
            TreeKind::Literal(literal(node, &template, ty))
        }
        Ok(template) => expressions(Arc::new(template), diagnostics),
        Err(error) => {
            diagnostics.push(*error);
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
        (Some(ScalarValue::String(_)), _) | (_, Type::String(_)) => Value::string(literal_text(template)),
        (Some(ScalarValue::Bool(value)), _) => Value::Bool(value),
        (Some(ScalarValue::Int(number)), _) => {
            i64::try_from(number).map_or(Value::Float(number as f64), Value::Integer)
        }
        (Some(ScalarValue::Float(number)), _) => Value::Float(number),
    }
}

/// The text of a template without expressions.
fn literal_text(template: &Template) -> &str {
    match template.parts.first() {
        Some(Part::Literal(text)) => text,
        _ => "",
    }
}

fn expressions(template: Arc<Template>, diagnostics: &mut Vec<Diagnostic>) -> TreeKind {
    let mut pieces = Vec::new();
    for (index, part) in template.parts.iter().enumerate() {
        match part {
            Part::Literal(text) => pieces.push(Piece::Literal(text.clone())),
            Part::Expression { text, span } => match parse(&template, index, text, *span) {
                Ok(located) => pieces.push(Piece::Expression(located)),
                Err(error) => diagnostics.push(*error),
            },
        }
    }
    match pieces.pop() {
        None => unknown(),
        Some(Piece::Expression(located)) if template.is_single_expression() => TreeKind::Expression(located),
        Some(last) => {
            pieces.push(last);
            TreeKind::Text(pieces)
        }
    }
}

fn parse(template: &Arc<Template>, part: usize, text: &str, span: Span) -> Result<Located, Box<Diagnostic>> {
    let located = |expression| Located { expression, span, template: template.clone(), part };
    Expression::parse(text).map(located).map_err(|error| {
        let place = template.place(part, error.range.start, error.range.end).unwrap_or(span);
        let mut diagnostic = Diagnostic::error("expression", error.message).at(place);
        diagnostic.help = error.help;
        Box::new(diagnostic)
    })
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
    let is_secret = values.iter().any(Value::has_secret);
    if values.iter().any(|value| !value.is_known()) {
        let ty = Type::String(StringType::default());
        return Value::Unknown(Unknown { awaits: awaits.into_iter().collect(), ty: Arc::new(ty), is_secret });
    }
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
