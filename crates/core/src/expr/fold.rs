//! Comprehensions: `map`, `filter`, `all`, `exists`, `exists_one`.
//!
//! Over a list that is not known the body is evaluated once, for an item of which only
//! the type is known. The list may turn out to be empty, so that the body counts as a
//! branch that may never be reached.

use std::sync::Arc;

use super::branch::{Pending, Truth};
use super::evaluate::{Evaluator, Result, at, boolean};
use super::node::{Comprehension, Fold, Kind, Node};
use super::opened::{Opened, type_of_any, unknown};
use super::{ExprError, operators, typing};
use crate::schema::Type;
use crate::value::Value;

impl Evaluator<'_> {
    pub(super) fn comprehension(&mut self, node: &Node, comprehension: &Comprehension) -> Result<Value> {
        let over = &comprehension.over;
        let Opened { values, unknown, is_secret } = self.open(over)?;
        self.note(unknown.as_ref(), is_secret);
        let found = values.into_iter().next().unwrap_or(Value::Null);
        let items = match &found {
            Value::List(items) if items.is_empty() => Vec::new(),
            found if unknown.is_some() || self.is_abstract => {
                let ty = typing::variable(found).ok_or_else(|| self.no_items(over, found))?;
                let pending = Pending { awaits: unknown.unwrap_or_default(), is_secret };
                return self.fold_unknown(node, &comprehension.fold, ty, pending);
            }
            Value::List(items) => items.to_vec(),
            Value::Map(entries) => entries.keys().map(|key| Value::from(key.as_str())).collect(),
            other => return Err(self.no_items(over, other)),
        };
        let value = self.fold(node, &comprehension.fold, items)?;
        if is_secret { self.seal(node, &value) } else { Ok(value) }
    }

    fn fold(&mut self, node: &Node, fold: &Fold, items: Vec<Value>) -> Result<Value> {
        match fold {
            Fold::Any(predicate) => self.quantify(predicate, items, true),
            Fold::All(predicate) => self.quantify(predicate, items, false),
            Fold::One(predicate) => self.count_one(node, predicate, items),
            Fold::Collect { filter, item } => self.collect(node, filter.as_ref(), item, items),
        }
    }

    /// Goes over a list of which nothing is known but that its items are of the type `ty`.
    fn fold_unknown(&mut self, node: &Node, fold: &Fold, ty: Type, mut pending: Pending) -> Result<Value> {
        let item = unknown(pending.awaits.clone(), ty, pending.is_secret);
        match fold {
            Fold::Any(predicate) | Fold::All(predicate) | Fold::One(predicate) => {
                match self.perhaps(|this| this.with_item(item.clone(), |this| this.truth(predicate)))? {
                    Ok(Truth::Unknown(more)) => pending.add(more),
                    Ok(Truth::Known { is_secret, .. }) => pending.is_secret |= is_secret,
                    Err(_) => {}
                }
                Ok(pending.boolean())
            }
            Fold::Collect { filter, item: body } => {
                let kept =
                    self.perhaps(|this| this.with_item(item.clone(), |this| this.kept(filter.as_ref(), body)))?;
                let (truth, value) = kept.ok().unzip();
                if let Some(Truth::Unknown(more)) = truth {
                    pending.add(more);
                }
                self.list_of(node, value.flatten().as_slice(), pending)
            }
        }
    }

    /// A list that is not known, of items like `values`.
    fn list_of(&mut self, node: &Node, values: &[Value], pending: Pending) -> Result<Value> {
        let ty = Type::List(Box::new(type_of_any(values)));
        let Pending { awaits, is_secret } = pending;
        self.made_of(node, values, ty, Opened { values: Vec::new(), unknown: Some(awaits), is_secret })
    }

    fn no_items(&self, node: &Node, found: &Value) -> ExprError {
        let message = format!("`{}` is {}, not a list", self.text_of(node), operators::a_type(found));
        at(node, message).with_help(matches!(found, Value::Null).then(|| "use `coalesce(…, [])`".to_owned()))
    }

    /// Evaluates with `item` as the innermost variable.
    fn with_item<T>(&mut self, item: Value, then: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.variables.push(item);
        let result = then(self);
        self.variables.pop();
        result
    }

    /// `exists` with `decisive` true, `all` with `decisive` false.
    fn quantify(&mut self, predicate: &Node, items: Vec<Value>, decisive: bool) -> Result<Value> {
        let mut awaited: Option<Pending> = None;
        let mut any_secret = false;
        for item in items {
            let truth = match &awaited {
                None => Ok(self.with_item(item, |this| this.truth(predicate))?),
                // An earlier item may settle it before this one is reached.
                Some(_) => self.perhaps(|this| this.with_item(item.clone(), |this| this.truth(predicate)))?,
            };
            match truth {
                Ok(Truth::Known { value, is_secret }) => {
                    any_secret |= is_secret;
                    if value == decisive {
                        return Ok(boolean(decisive, any_secret));
                    }
                }
                Ok(Truth::Unknown(pending)) => awaited.get_or_insert_default().add(pending),
                Err(_) => {}
            }
        }
        Ok(match awaited {
            None => boolean(!decisive, any_secret),
            Some(mut pending) => {
                pending.is_secret |= any_secret;
                pending.boolean()
            }
        })
    }

    fn count_one(&mut self, node: &Node, predicate: &Node, items: Vec<Value>) -> Result<Value> {
        let found = self.collect(node, Some(predicate), &ONE, items)?;
        let mut opened = Opened::default();
        opened.add(&found);
        Ok(match (opened.unknown, opened.values.as_slice()) {
            (None, [Value::List(found)]) => boolean(found.len() == 1, opened.is_secret),
            (awaits, _) => unknown(awaits.unwrap_or_default(), Type::Bool, opened.is_secret),
        })
    }

    fn collect(&mut self, node: &Node, filter: Option<&Node>, item: &Node, items: Vec<Value>) -> Result<Value> {
        let mut collected = Vec::new();
        let mut awaited: Option<Pending> = None;
        let mut any_secret = false;
        for value in items {
            let (truth, value) = self.with_item(value, |this| this.kept(filter, item))?;
            collected.extend(value);
            match truth {
                Truth::Known { is_secret, .. } => any_secret |= is_secret,
                Truth::Unknown(pending) => awaited.get_or_insert_default().add(pending),
            }
        }
        if let Some(mut pending) = awaited {
            pending.is_secret |= any_secret;
            return self.list_of(node, &collected, pending);
        }
        let list = Value::List(Arc::new(collected));
        if any_secret { self.seal(node, &list) } else { Ok(list) }
    }

    /// Whether the filter keeps the innermost variable, and what becomes of it then.
    fn kept(&mut self, filter: Option<&Node>, item: &Node) -> Result<(Truth, Option<Value>)> {
        let truth = match filter {
            Some(filter) => self.truth(filter)?,
            None => Truth::Known { value: true, is_secret: false },
        };
        let value = match truth {
            Truth::Known { value: true, .. } => Some(self.value(item)?),
            Truth::Known { value: false, .. } => None,
            Truth::Unknown(_) => self.perhaps(|this| this.value(item))?.ok(),
        };
        Ok((truth, value))
    }
}

/// What `exists_one` collects for each item that matches.
const ONE: Node = Node { kind: Kind::Literal(Value::Null), range: 0..0 };
