//! Choices: what is evaluated only if something else is so.
//!
//! Where the condition is unknown every branch may be the one. The error of one that may
//! never be chosen counts only if types alone show it: if the branch fails, too, with
//! nothing known but the types of what it names. So `has(x.y) ? x.y : d` and
//! `n > 0 ? 10 / n : 0` guard what they guard, while `flag ? "a" + 1 : d` is wrong
//! whatever `flag` will be. If no branch can be had, that is an error, too.

use std::collections::BTreeSet;

use super::ExprError;
use super::evaluate::{Evaluator, Result, at, boolean};
use super::node::Node;
use super::opened::{Opened, type_of_any, unknown};
use super::operators;
use super::typing::Shape;
use crate::schema::Type;
use crate::value::{Awaited, Value};

/// A condition's outcome.
pub(super) enum Truth {
    Known { value: bool, is_secret: bool },
    Unknown(Pending),
}

/// What a value that is not known awaits, and whether it will be secret.
#[derive(Default)]
pub(super) struct Pending {
    pub(super) awaits: BTreeSet<Awaited>,
    pub(super) is_secret: bool,
}

impl Pending {
    pub(super) fn add(&mut self, other: Self) {
        self.awaits.extend(other.awaits);
        self.is_secret |= other.is_secret;
    }

    /// What will be true or false.
    pub(super) fn boolean(self) -> Value {
        unknown(self.awaits, Type::Bool, self.is_secret)
    }

    pub(super) fn opened(self) -> Opened {
        Opened { values: Vec::new(), unknown: Some(self.awaits), is_secret: self.is_secret }
    }
}

impl Evaluator<'_> {
    pub(super) fn truth(&mut self, node: &Node) -> Result<Truth> {
        let Opened { values, unknown, is_secret } = self.open(node)?;
        self.note(unknown.as_ref(), is_secret);
        match (unknown, values.as_slice()) {
            (None, [Value::Bool(value)]) if !self.is_abstract => Ok(Truth::Known { value: *value, is_secret }),
            (None, [other]) if !self.is_abstract => Err(self.no_condition(node, other)),
            (awaits, [found]) if matches!(Shape::of(found), Shape::Bool | Shape::Any) => {
                Ok(Truth::Unknown(Pending { awaits: awaits.unwrap_or_default(), is_secret }))
            }
            (_, [other]) => Err(self.no_condition(node, other)),
            _ => Err(at(node, "this is no condition".to_owned())),
        }
    }

    fn no_condition(&self, node: &Node, found: &Value) -> ExprError {
        let shown = self.text_of(node);
        let message = format!("`{shown}` is {}, not true or false", operators::a_type(found));
        at(node, message).with_help(format!("compare it with something, as in `{shown} == …`"))
    }

    /// Evaluates what may never be reached. Fails if types alone show that it must;
    /// any other error is handed over.
    pub(super) fn perhaps<T>(&mut self, evaluate: impl Fn(&mut Self) -> Result<T>) -> Result<Result<T>> {
        let result = evaluate(self);
        if result.is_ok() || self.is_abstract {
            return result.map(Ok);
        }
        self.is_abstract = true;
        let by_types = evaluate(self);
        self.is_abstract = false;
        by_types.map(|_| result)
    }

    pub(super) fn not(&mut self, operand: &Node) -> Result<Value> {
        Ok(match self.truth(operand)? {
            Truth::Known { value, is_secret } => boolean(!value, is_secret),
            Truth::Unknown(pending) => pending.boolean(),
        })
    }

    /// `&&` with `decisive` false, `||` with `decisive` true: a side of that value
    /// settles it, whatever the other side will turn out to be.
    pub(super) fn logic(&mut self, [left, right]: &[Node; 2], decisive: bool) -> Result<Value> {
        match self.truth(left)? {
            Truth::Known { value, is_secret } if value == decisive => Ok(boolean(value, is_secret)),
            Truth::Known { is_secret: was_secret, .. } => Ok(match self.truth(right)? {
                Truth::Known { value, is_secret } => boolean(value, is_secret || was_secret),
                Truth::Unknown(mut pending) => {
                    pending.is_secret |= was_secret;
                    pending.boolean()
                }
            }),
            Truth::Unknown(mut pending) => {
                match self.perhaps(|this| this.truth(right))? {
                    Ok(Truth::Known { value, is_secret }) if value == decisive => {
                        return Ok(boolean(value, is_secret));
                    }
                    Ok(Truth::Known { is_secret, .. }) => pending.is_secret |= is_secret,
                    Ok(Truth::Unknown(more)) => pending.add(more),
                    Err(_) => {}
                }
                Ok(pending.boolean())
            }
        }
    }

    pub(super) fn conditional(&mut self, node: &Node, [condition, then, otherwise]: &[Node; 3]) -> Result<Value> {
        match self.truth(condition)? {
            Truth::Known { value, is_secret } => {
                let chosen = self.value(if value { then } else { otherwise })?;
                if is_secret { self.seal(node, &chosen) } else { Ok(chosen) }
            }
            Truth::Unknown(pending) => {
                let then = self.perhaps(|this| this.value(then))?;
                let otherwise = self.perhaps(|this| this.value(otherwise))?;
                let values: Vec<Value> = match (then, otherwise) {
                    (Err(error), Err(_)) => return Err(error),
                    (then, otherwise) => then.into_iter().chain(otherwise).collect(),
                };
                self.made_of(node, &values, type_of_any(&values), pending.opened())
            }
        }
    }
}
