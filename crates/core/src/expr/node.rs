//! The tree an expression becomes.

use std::ops::Range;

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
