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
use super::node::{Kind, Node};
use super::opened::{Opened, Survey, type_of_any, unknown};
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

    fn add_survey(&mut self, survey: Survey) {
        self.add(Self { awaits: survey.awaits, is_secret: survey.is_secret });
    }

    /// What will be true or false.
    pub(super) fn boolean(self) -> Value {
        unknown(self.awaits, Type::Bool, self.is_secret)
    }

    fn opened(self) -> Opened {
        Opened { values: Vec::new(), unknown: Some(self.awaits), is_secret: self.is_secret }
    }
}

impl Evaluator<'_> {
    pub(super) fn truth(&mut self, node: &Node) -> Result<Truth> {
        let Opened { values, unknown, is_secret } = self.open(node)?;
        self.saw_secret |= is_secret;
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

    /// `try`: the first argument that does not fail. One that is not known yet may still
    /// fail, so that it and all behind it are open.
    pub(super) fn first(&mut self, node: &Node, arguments: &[Node]) -> Result<Value> {
        let (mut is_secret, mut failure) = (false, at(node, "there is nothing to try".to_owned()));
        for (position, argument) in arguments.iter().enumerate() {
            let (outcome, touched) = self.watched(argument);
            is_secret |= touched && arguments.len() > 1;
            match outcome {
                Err(error) => failure = error,
                Ok(value) if self.is_settled(argument, &value)? => {
                    return if is_secret { self.seal(node, &value) } else { Ok(value) };
                }
                Ok(value) => {
                    let behind = arguments[position + 1..].iter().filter_map(|argument| self.value(argument).ok());
                    let values: Vec<Value> = [value].into_iter().chain(behind).collect();
                    let pending = Pending { is_secret, ..Pending::default() };
                    return self.made_of(node, &values, type_of_any(&values), pending.opened());
                }
            }
        }
        Err(failure)
    }

    /// `can`: whether the argument does not fail.
    pub(super) fn can(&mut self, node: &Node, arguments: &[Node]) -> Result<Value> {
        let Some(argument) = arguments.first() else { return Err(at(node, "there is nothing to try".to_owned())) };
        let (outcome, is_secret) = self.watched(argument);
        let Ok(value) = outcome else { return Ok(boolean(false, is_secret)) };
        if self.is_settled(argument, &value)? {
            return Ok(boolean(true, is_secret));
        }
        let mut pending = Pending { is_secret, ..Pending::default() };
        pending.add_survey(Survey { is_secret: false, ..self.survey(node, &value)? });
        Ok(pending.boolean())
    }

    /// Evaluates `node` and tells whether any operation looked at a secret.
    fn watched(&mut self, node: &Node) -> (Result<Value>, bool) {
        let before = std::mem::replace(&mut self.saw_secret, false);
        let outcome = self.value(node);
        let touched = std::mem::replace(&mut self.saw_secret, before);
        self.saw_secret |= touched;
        (outcome, touched)
    }

    /// Whether `node`, which is `value`, will not fail once more is known: all of it is
    /// known, or it was there to be named.
    fn is_settled(&mut self, node: &Node, value: &Value) -> Result<bool> {
        Ok(!self.is_abstract && (!self.survey(node, value)?.is_unknown || self.is_stored(node)))
    }

    fn is_stored(&mut self, node: &Node) -> bool {
        match &node.kind {
            Kind::Literal(_) | Kind::Name(_) | Kind::Variable(_) => true,
            Kind::Field(operand, _) => self.is_stored(operand) && self.is_there(operand),
            Kind::Index(sides) => {
                let [operand, key] = &**sides;
                self.is_stored(operand) && self.is_there(operand) && self.is_there(key)
            }
            _ => false,
        }
    }

    fn is_there(&mut self, node: &Node) -> bool {
        self.open(node).is_ok_and(|opened| opened.unknown.is_none())
    }
}
