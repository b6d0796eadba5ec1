//! The tree an expression becomes.

use std::ops::Range;
use std::sync::Arc;

use super::functions::Function;
use crate::value::Value;

/// A part of an expression and where it stands in the text.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) range: Range<usize>,
}

#[derive(Debug)]
pub(super) enum Kind {
    Literal(Value),
    /// A name for the scope to tell.
    Name(String),
    /// The variable of the enclosing comprehension at this depth, the outermost being 0.
    Variable(usize),
    Field(Box<Node>, String),
    /// `has(a.b)`.
    Has(Box<Node>, String),
    /// `a[b]`.
    Index(Box<[Node; 2]>),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
    Not(Box<Node>),
    Negate(Box<Node>),
    Binary(Operator, Box<[Node; 2]>),
    And(Box<[Node; 2]>),
    Or(Box<[Node; 2]>),
    /// `condition ? then : otherwise`.
    Conditional(Box<[Node; 3]>),
    /// A call; a method's target is its first argument.
    Call(&'static Function, Vec<Node>),
    Comprehension(Box<Comprehension>),
    /// The parts of a template as one text.
    Text(Vec<Node>),
    /// The items of a list or map as maps of a `key` and a `value`.
    Entries(Box<Node>),
    /// An expression within a template, with its own text.
    Embedded(Arc<str>, Box<Node>),
}

/// Operators that look at both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
}

/// `list.map(x, …)` and its like: goes over the items of a list, or the keys of a map.
#[derive(Debug)]
pub(super) struct Comprehension {
    pub(super) over: Node,
    pub(super) fold: Fold,
}

/// What a comprehension makes of the items.
#[derive(Debug)]
pub(super) enum Fold {
    /// `exists`.
    Any(Node),
    /// `all`.
    All(Node),
    /// `exists_one`.
    One(Node),
    /// `map` and `filter`.
    Collect { filter: Option<Node>, item: Node },
}

impl Node {
    /// Whether it is a name and fields or keys of it, and nothing else.
    pub(super) fn is_path(&self) -> bool {
        match &self.kind {
            Kind::Name(_) => true,
            Kind::Field(operand, _) => operand.is_path(),
            Kind::Index(sides) => sides[0].is_path(),
            _ => false,
        }
    }

    /// Whether the function `name` is called anywhere in it.
    pub(super) fn calls(&self, name: &str) -> bool {
        let is_call = matches!(&self.kind, Kind::Call(function, _) if function.name == name);
        is_call || self.parts().into_iter().any(|part| part.calls(name))
    }

    fn parts(&self) -> Vec<&Node> {
        match &self.kind {
            Kind::Literal(_) | Kind::Name(_) | Kind::Variable(_) => Vec::new(),
            Kind::Field(part, _)
            | Kind::Has(part, _)
            | Kind::Not(part)
            | Kind::Negate(part)
            | Kind::Entries(part)
            | Kind::Embedded(_, part) => vec![&**part],
            Kind::Index(parts) | Kind::Binary(_, parts) | Kind::And(parts) | Kind::Or(parts) => parts.iter().collect(),
            Kind::List(parts) | Kind::Call(_, parts) | Kind::Text(parts) => parts.iter().collect(),
            Kind::Map(entries) => entries.iter().flat_map(|(key, value)| [key, value]).collect(),
            Kind::Conditional(parts) => parts.iter().collect(),
            Kind::Comprehension(comprehension) => comprehension.parts(),
        }
    }
}

impl Comprehension {
    fn parts(&self) -> Vec<&Node> {
        let inner = match &self.fold {
            Fold::Any(part) | Fold::All(part) | Fold::One(part) => vec![part],
            Fold::Collect { filter, item } => filter.iter().chain([item]).collect(),
        };
        inner.into_iter().chain([&self.over]).collect()
    }
}
