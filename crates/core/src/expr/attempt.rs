//! `try` and `can`: what is to be done about errors.
//!
//! Whether something fails may rest on a secret, and may not be told yet: if any operation
//! on the way looked at a secret, or at something that is not known, the outcome is so, too.

use std::collections::BTreeSet;

use super::branch::Pending;
use super::evaluate::{Evaluator, Result, at, boolean};
use super::node::Node;
use super::opened::type_of_any;
use crate::value::{Awaited, Value};

/// What the operations of an attempt looked at.
#[derive(Default)]
pub(super) struct Watch {
    is_secret: bool,
    /// What they were given that is not known.
    awaits: Option<BTreeSet<Awaited>>,
}

impl Watch {
    fn note<'a>(&mut self, awaits: Option<impl IntoIterator<Item = &'a Awaited>>, is_secret: bool) {
        self.is_secret |= is_secret;
        if let Some(awaits) = awaits {
            self.awaits.get_or_insert_default().extend(awaits.into_iter().cloned());
        }
    }
}

impl Evaluator<'_> {
    /// Notes what an operation looks at: what is not known, and secrets.
    pub(super) fn note<'a>(&mut self, awaits: Option<impl IntoIterator<Item = &'a Awaited>>, is_secret: bool) {
        if let Some(watch) = &mut self.watch {
            watch.note(awaits, is_secret);
        }
    }

    /// Evaluates `node` and tells what the operations in it looked at.
    fn watched(&mut self, node: &Node) -> (Result<Value>, Watch) {
        let outer = self.watch.replace(Watch::default());
        let outcome = self.value(node);
        let watch = std::mem::replace(&mut self.watch, outer).unwrap_or_default();
        self.note(watch.awaits.as_ref(), watch.is_secret);
        (outcome, watch)
    }

    /// `try`: the first argument that does not fail. One that may still fail leaves it
    /// and all behind it open.
    pub(super) fn first(&mut self, node: &Node, arguments: &[Node]) -> Result<Value> {
        let (mut is_secret, mut failure) = (false, at(node, "there is nothing to try".to_owned()));
        for (position, argument) in arguments.iter().enumerate() {
            let (outcome, watch) = self.watched(argument);
            is_secret |= watch.is_secret && arguments.len() > 1;
            match (outcome, watch.awaits) {
                (Err(error), _) => failure = error,
                (Ok(value), None) => return if is_secret { self.seal(node, &value) } else { Ok(value) },
                (Ok(value), Some(awaits)) => {
                    let behind = arguments[position + 1..].iter().filter_map(|argument| self.value(argument).ok());
                    let values: Vec<Value> = [value].into_iter().chain(behind).collect();
                    let pending = Pending { awaits, is_secret };
                    return self.made_of(node, &values, type_of_any(&values), pending.opened());
                }
            }
        }
        Err(failure)
    }

    /// `can`: whether the argument does not fail.
    pub(super) fn can(&mut self, node: &Node, arguments: &[Node]) -> Result<Value> {
        let Some(argument) = arguments.first() else { return Err(at(node, "there is nothing to try".to_owned())) };
        let (outcome, Watch { is_secret, awaits }) = self.watched(argument);
        Ok(match (outcome, awaits) {
            (Err(_), _) => boolean(false, is_secret),
            (Ok(_), None) => boolean(true, is_secret),
            (Ok(_), Some(awaits)) => Pending { awaits, is_secret }.boolean(),
        })
    }
}
