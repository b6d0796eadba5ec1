//! YAML 1.2 as a tree that remembers where everything stood.
//!
//! [`parse`] keeps each scalar's text and style and decides no type: whoever knows
//! the schema asks for [`Node::text`] where a string is wanted and for
//! [`Node::scalar_value`] where the YAML core schema should decide. So
//! `012345678901` stays an account number and `no` a word.
//!
//! Anchors, aliases and merge keys are resolved here; nobody above sees them.

mod explain;
mod merge;
mod misquoted;
mod parse;
mod print;
pub(crate) mod quote;
mod scalar;
pub(crate) mod syntax;
mod tags;
mod words;

use std::sync::Arc;

use crate::diagnostic::Span;

pub use parse::{MAX_DEPTH, MAX_NODES, Parsed, parse};
pub use print::print;
pub use scalar::ScalarValue;

/// One value of a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The exact token: quotes and the `|` of a block scalar are in it, anchors and
    /// tags are not. A node that came through an alias or a merge key has the place
    /// where it was written, not where it was used.
    pub span: Span,
    /// What it is.
    pub kind: NodeKind,
}

/// The three sorts of YAML value.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeKind {
    /// A single value.
    Scalar {
        /// The text after quotes, escapes and folding are undone. A value left out is empty.
        text: Arc<str>,
        /// How it was written.
        style: Style,
        /// The type it was given by a tag such as `!!str`.
        tag: Option<Tag>,
    },
    /// A list.
    Sequence(Vec<Node>),
    /// Keys with values, in the order written; no key comes twice.
    Mapping(Vec<Entry>),
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// The value.
    pub value: Node,
}

/// The key of an entry; always a string, whatever it looks like.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// Its text, without quotes.
    pub text: Arc<str>,
    /// Its place.
    pub span: Span,
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Style {
    /// Without any quotes.
    Plain,
    /// `'like this'`.
    SingleQuoted,
    /// `"like this"`.
    DoubleQuoted,
    /// A block behind `|`, line breaks kept.
    Literal,
    /// A block behind `>`, line breaks folded to spaces.
    Folded,
}

/// A type stated by a tag. Collections may carry `!!map` and `!!seq`, which change nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tag {
    /// `!!str`, or the lone `!`.
    Str,
    /// `!!int`.
    Int,
    /// `!!float`.
    Float,
    /// `!!bool`.
    Bool,
    /// `!!null`.
    Null,
}

impl Node {
    /// A scalar's text as written, whatever its type; `None` for lists and mappings.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// A scalar's value by the YAML 1.2 core schema; `None` for lists and mappings.
    pub fn scalar_value(&self) -> Option<ScalarValue> {
        match &self.kind {
            NodeKind::Scalar { text, style, tag } => Some(scalar::value(text, *style, *tag)),
            _ => None,
        }
    }

    /// The items of a list; `None` for anything else.
    pub fn items(&self) -> Option<&[Node]> {
        match &self.kind {
            NodeKind::Sequence(items) => Some(items),
            _ => None,
        }
    }

    /// The entries of a mapping; `None` for anything else.
    pub fn entries(&self) -> Option<&[Entry]> {
        match &self.kind {
            NodeKind::Mapping(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value under `key`. Looks at every entry: for a few keys, not for thousands.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries()?.iter().find(|entry| &*entry.key.text == key).map(|entry| &entry.value)
    }

    /// Whether this is null by the core schema, as a value left out is.
    pub fn is_null(&self) -> bool {
        self.scalar_value() == Some(ScalarValue::Null)
    }

    /// What the value is, for messages: "a mapping", "a list", "a string", "an integer" …
    pub fn describe(&self) -> &'static str {
        match &self.kind {
            NodeKind::Mapping(_) => "a mapping",
            NodeKind::Sequence(_) => "a list",
            NodeKind::Scalar { text, style, tag } => scalar::value(text, *style, *tag).describe(),
        }
    }

    /// Whether both say the same: equal texts, types, items, and entries in equal order.
    /// Places do not count, nor does the choice of quotes.
    pub fn same_as(&self, other: &Node) -> bool {
        match (&self.kind, &other.kind) {
            (NodeKind::Sequence(left), NodeKind::Sequence(right)) => {
                left.len() == right.len() && left.iter().zip(right).all(|(left, right)| left.same_as(right))
            }
            (NodeKind::Mapping(left), NodeKind::Mapping(right)) => {
                left.len() == right.len() && left.iter().zip(right).all(|(left, right)| left.same_as(right))
            }
            (NodeKind::Scalar { text: left, .. }, NodeKind::Scalar { text: right, .. }) => {
                left == right && self.type_of_scalar() == other.type_of_scalar()
            }
            _ => false,
        }
    }

    fn type_of_scalar(&self) -> Option<std::mem::Discriminant<ScalarValue>> {
        self.scalar_value().map(|value| std::mem::discriminant(&value))
    }
}

impl Entry {
    fn same_as(&self, other: &Entry) -> bool {
        self.key.text == other.key.text && self.value.same_as(&other.value)
    }
}

#[cfg(test)]
pub(crate) mod arbitrary;
#[cfg(test)]
mod tests;
