//! The expressions inside `${…}`: CEL, with values that may be unknown or secret.
//!
//! The `cel` crate parses; [`Expression`] then holds a tree of our own whose
//! functions, variables and places in the text are resolved. The evaluator is ours
//! because three things must be exact: what is unknown and what it awaits, what is
//! secret and what it taints, and which resources an expression names. Nothing in
//! here fails on what a later apply will tell: an operation on an unknown is unknown.
//!
//! Evaluation is total: no recursion beyond the bounded depth of the text, a step
//! budget that also pays for what is produced, and errors instead of overflow.

mod attempt;
mod branch;
mod budget;
mod evaluate;
mod fill;
mod fold;
mod functions;
mod lower;
mod node;
mod opened;
mod operators;
mod parse;
mod references;
mod scan;
mod select;
mod template;
mod typing;

#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::Arc;

pub use functions::{FUNCTIONS, Function, function};
pub use references::{PathStep, Reference};

use crate::diagnostic::suggest;
use crate::value::Value;

/// What an expression may name.
pub trait Scope {
    /// The value of a param, a resource, `each` and the like; `None` if there is no such name.
    fn lookup(&self, name: &str) -> Option<Value>;

    /// The field `field` of what `name` means, for scopes that need not work out all of
    /// `name` to tell; `None` leaves it to [`lookup`](Self::lookup).
    fn member(&self, _name: &str, _field: &str) -> Option<Value> {
        None
    }

    /// The names of the region's availability zones as a list, or unknown where
    /// they were not asked for.
    fn zones(&self) -> Value;

    /// The secret that an ARN names, or unknown where it was not asked for.
    ///
    /// # Errors
    /// When it cannot be had here.
    fn secret_value(&self, arn: &str) -> Result<Value, String>;

    /// The text of a file beside the one the expression stands in.
    ///
    /// # Errors
    /// When it cannot be read, in the author's terms.
    fn file(&self, path: &str) -> Result<Arc<str>, String>;
}

/// What is wrong with an expression, in its author's terms.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExprError {
    /// What is wrong. Never holds a secret.
    pub message: String,
    /// Where: bytes within the expression's text.
    pub range: Range<usize>,
    /// What to write instead.
    pub help: Option<String>,
}

impl ExprError {
    fn new(message: impl Into<String>, range: Range<usize>) -> Self {
        Self { message: message.into(), range, help: None }
    }

    fn with_help(self, help: impl Into<Option<String>>) -> Self {
        Self { help: help.into(), ..self }
    }
}

/// A parsed expression: every function it calls exists and takes that many arguments.
/// Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Expression {
    text: Arc<str>,
    root: Arc<node::Node>,
}

impl Expression {
    /// Parses the text between `${` and `}`.
    pub fn parse(text: &str) -> Result<Self, ExprError> {
        let scan = scan::scan(text)?;
        let parsed = parse::parse(text, &scan)?;
        let root = lower::lower(text, parsed, &scan, Vec::new())?;
        Ok(Self { text: text.into(), root: Arc::new(root) })
    }

    /// The text it was parsed from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its value in `scope`, unknown or secret where what it rests on is.
    pub fn evaluate(&self, scope: &dyn Scope) -> Result<Value, ExprError> {
        evaluate::evaluate(&self.root, &self.text, scope)
    }

    /// Everything it names, in the order of the text, comprehension variables
    /// followed to what they range over.
    pub fn references(&self) -> Vec<Reference> {
        references::references(&self.root, &|_| None)
    }

    /// As [`references`](Self::references), with the keys that `scope` tells: where
    /// `each.key` is `a`, `subnet[each.key]` names `subnet["a"]`.
    pub fn references_in(&self, scope: &dyn Scope) -> Vec<Reference> {
        references::references(&self.root, &|key| evaluate::evaluate(key, &self.text, scope).ok())
    }

    /// Whether it is one name and the way from there, such as `vpc.id`, and nothing else.
    pub fn is_path(&self) -> bool {
        self.root.is_path()
    }

    /// Whether it calls the function `name` anywhere.
    pub fn calls(&self, name: &str) -> bool {
        self.root.calls(name)
    }
}

/// "Did you mean …?", when a candidate is near enough to a mistyped `name` to be meant.
fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    suggest(name, candidates).map(|candidate| format!("did you mean `{candidate}`?"))
}
