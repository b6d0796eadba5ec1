//! The evaluator.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::budget::Budget;
use super::functions::{Call, Function, Looks};
use super::node::{Comprehension, Fold, Kind, Node, Operator};
use super::opened::{Opened, Survey, seal, unknown};
use super::{ExprError, Scope, nearest, operators};
use crate::value::{Awaited, Value};

type Result<T> = std::result::Result<T, ExprError>;
/// What an operation on known, plain values says; the error gets its place later.
type Outcome<T> = std::result::Result<T, String>;

/// Evaluates `root`, which was parsed from `text`.
pub(super) fn evaluate(root: &Node, text: &str, scope: &dyn Scope) -> Result<Value> {
    let mut evaluator = Evaluator { text, scope, budget: Budget::new(), variables: Vec::new() };
    evaluator.value(root)
}

struct Evaluator<'a> {
    text: &'a str,
    scope: &'a dyn Scope,
    budget: Budget,
    /// The items the comprehensions around are at, innermost last.
    variables: Vec<Value>,
}

/// A condition's outcome.
enum Truth {
    Known { value: bool, is_secret: bool },
    Unknown(BTreeSet<Awaited>),
}

impl Evaluator<'_> {
    fn value(&mut self, node: &Node) -> Result<Value> {
        self.budget.spend(1).map_err(|message| at(node, message))?;
        match &node.kind {
            Kind::Literal(value) => Ok(value.clone()),
            Kind::Name(name) => self.name(node, name),
            Kind::Variable(depth) => self.variable(node, *depth),
            Kind::Field(operand, field) => self.field(node, operand, field),
            Kind::Has(operand, field) => self.has(node, operand, field),
            Kind::Index(sides) => self.index(node, sides),
            Kind::List(items) => self.list(items),
            Kind::Map(entries) => self.map(node, entries),
            Kind::Not(operand) => self.not(operand),
            Kind::Negate(operand) => self.negate(node, operand),
            Kind::Binary(operator, sides) => self.binary(node, *operator, sides),
            Kind::And(sides) => self.logic(sides, false),
            Kind::Or(sides) => self.logic(sides, true),
            Kind::Conditional(parts) => self.conditional(node, parts),
            Kind::Call(function, arguments) => self.call(node, function, arguments),
            Kind::Comprehension(comprehension) => self.comprehension(node, comprehension),
        }
    }

    fn name(&mut self, node: &Node, name: &str) -> Result<Value> {
        self.scope.lookup(name).ok_or_else(|| at(node, format!("nothing here is named `{}`", operators::shown(name))))
    }

    fn variable(&self, node: &Node, depth: usize) -> Result<Value> {
        self.variables.get(depth).cloned().ok_or_else(|| at(node, "this variable has no value".to_owned()))
    }

    /// How the author wrote `node`, for a message.
    fn text_of(&self, node: &Node) -> String {
        operators::shown(self.text.get(node.range.clone()).unwrap_or_default())
    }

    /// Runs an operation on `opened`, unknown and secret as what it is given.
    fn run(
        &mut self,
        node: &Node,
        opened: Opened,
        operation: impl FnOnce(&mut Budget, &[Value]) -> Outcome<Value>,
    ) -> Result<Value> {
        if let Some(awaits) = opened.unknown {
            return Ok(unknown(awaits));
        }
        match operation(&mut self.budget, &opened.values) {
            Ok(value) if opened.is_secret => self.seal(node, &value),
            Ok(value) => Ok(value),
            // The operation's own words may quote the secret.
            Err(_) if opened.is_secret => {
                Err(at(node, "this cannot be done with the sensitive value it is given".to_owned()))
            }
            Err(message) => Err(at(node, message)),
        }
    }

    fn seal(&mut self, node: &Node, value: &Value) -> Result<Value> {
        seal(value, &mut self.budget).map_err(|message| at(node, message))
    }

    /// Evaluates `node` for an operation that does not look inside the value.
    fn open(&mut self, node: &Node) -> Result<Opened> {
        let mut opened = Opened::default();
        opened.add(&self.value(node)?);
        Ok(opened)
    }

    fn field(&mut self, node: &Node, operand: &Node, field: &str) -> Result<Value> {
        let opened = self.open(operand)?;
        let mut help = None;
        let shown = self.text_of(operand);
        let is_secret = opened.is_secret;
        let result = self.run(node, opened, |_, values| match values {
            [Value::Map(entries)] => entries.get(field).cloned().ok_or_else(|| {
                help = Some(instead(field, entries));
                format!("`{shown}` has no `{}`", operators::shown(field))
            }),
            [other] => {
                help = Some(match operand.kind {
                    Kind::Variable(_) => "over a map the variable is the key: for its items use `values(…)`".to_owned(),
                    _ => format!("leave `.{field}` out"),
                });
                Err(format!("`{shown}` is {}, which has no fields", operators::a_type(other)))
            }
            _ => Err("nothing to select from".to_owned()),
        });
        result.map_err(|error| if is_secret { error } else { error.with_help(help) })
    }

    /// Whether the field is there, whatever its value; nothing has fields in null.
    fn has(&mut self, node: &Node, operand: &Node, field: &str) -> Result<Value> {
        let opened = self.open(operand)?;
        let shown = self.text_of(operand);
        self.run(node, opened, |_, values| match values {
            [Value::Map(entries)] => Ok(Value::Bool(entries.contains_key(field))),
            [Value::Null] => Ok(Value::Bool(false)),
            [other] => Err(format!("`{shown}` is {}, which has no fields", operators::a_type(other))),
            _ => Err("nothing to look into".to_owned()),
        })
    }

    fn index(&mut self, node: &Node, [operand, key]: &[Node; 2]) -> Result<Value> {
        let mut opened = self.open(operand)?;
        opened.add(&self.value(key)?);
        let shown = self.text_of(operand);
        let help = match opened.values.as_slice() {
            [Value::Map(entries), Value::String(key)] if !opened.is_secret => Some(instead(key, entries)),
            _ => None,
        };
        let result = self.run(node, opened, |_, values| operators::index(&shown, values));
        result.map_err(|error| error.with_help(help))
    }

    fn list(&mut self, items: &[Node]) -> Result<Value> {
        let values: Result<Vec<_>> = items.iter().map(|item| self.value(item)).collect();
        values.map(|values| Value::List(Arc::new(values)))
    }

    /// A map whose keys are known keeps its unknown and secret values where they
    /// are; otherwise all of it is unknown, or secret.
    fn map(&mut self, node: &Node, entries: &[(Node, Node)]) -> Result<Value> {
        let mut keys = Opened::default();
        let mut values = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            keys.add(&self.value(key)?);
            values.push(self.value(value)?);
        }
        if keys.unknown.is_some() {
            values.iter().for_each(|value| keys.add(value));
        }
        self.run(node, keys, |_, keys| {
            let mut map = BTreeMap::new();
            for (key, value) in keys.iter().zip(values) {
                let Value::String(key) = key else {
                    return Err(format!("a map's key is a string, not {}", operators::a_type(key)));
                };
                if map.insert(key.to_string(), value).is_some() {
                    return Err(format!("the key `{}` is there twice", operators::shown(key)));
                }
            }
            Ok(Value::Map(Arc::new(map)))
        })
    }

    fn truth(&mut self, node: &Node) -> Result<Truth> {
        let opened = self.open(node)?;
        match (opened.unknown, opened.values.as_slice()) {
            (Some(awaits), _) => Ok(Truth::Unknown(awaits)),
            (None, [Value::Bool(value)]) => Ok(Truth::Known { value: *value, is_secret: opened.is_secret }),
            (None, [other]) => Err(self.no_condition(node, other)),
            (None, _) => Err(at(node, "this is no condition".to_owned())),
        }
    }

    fn no_condition(&self, node: &Node, found: &Value) -> ExprError {
        let shown = self.text_of(node);
        let message = format!("`{shown}` is {}, not true or false", operators::a_type(found));
        at(node, message).with_help(format!("compare it with something, as in `{shown} == …`"))
    }

    fn not(&mut self, operand: &Node) -> Result<Value> {
        Ok(match self.truth(operand)? {
            Truth::Known { value, is_secret } => boolean(!value, is_secret),
            Truth::Unknown(awaits) => unknown(awaits),
        })
    }

    fn negate(&mut self, node: &Node, operand: &Node) -> Result<Value> {
        let opened = self.open(operand)?;
        self.run(node, opened, |_, values| operators::negate(values))
    }

    fn binary(&mut self, node: &Node, operator: Operator, [left, right]: &[Node; 2]) -> Result<Value> {
        let sides = [self.value(left)?, self.value(right)?];
        let mut opened = Opened::default();
        for side in &sides {
            if operators::looks_inside(operator, &sides) {
                opened.add_all_of(side, &mut self.budget).map_err(|message| at(node, message))?;
            } else {
                opened.add(side);
            }
        }
        self.run(node, opened, |budget, values| operators::binary(operator, values, budget))
    }

    /// `&&` with `decisive` false, `||` with `decisive` true: a side of that value
    /// settles it, whatever the other side will turn out to be.
    fn logic(&mut self, [left, right]: &[Node; 2], decisive: bool) -> Result<Value> {
        match self.truth(left)? {
            Truth::Known { value, is_secret } if value == decisive => Ok(boolean(value, is_secret)),
            Truth::Known { is_secret: was_secret, .. } => Ok(match self.truth(right)? {
                Truth::Known { value, is_secret } => boolean(value, is_secret || was_secret),
                Truth::Unknown(awaits) => unknown(awaits),
            }),
            // The left side may guard the right one, whose error says nothing yet.
            Truth::Unknown(mut awaits) => Ok(match self.truth(right) {
                Ok(Truth::Known { value, is_secret }) if value == decisive => boolean(value, is_secret),
                Ok(Truth::Unknown(more)) => {
                    awaits.extend(more);
                    unknown(awaits)
                }
                Ok(Truth::Known { .. }) | Err(_) => unknown(awaits),
            }),
        }
    }

    fn conditional(&mut self, node: &Node, [condition, then, otherwise]: &[Node; 3]) -> Result<Value> {
        match self.truth(condition)? {
            Truth::Known { value, is_secret } => {
                let chosen = self.value(if value { then } else { otherwise })?;
                if is_secret { self.seal(node, &chosen) } else { Ok(chosen) }
            }
            Truth::Unknown(mut awaits) => {
                // Either may be chosen; the error of one that will not be says nothing.
                for branch in [then, otherwise] {
                    if let Ok(value) = self.value(branch) {
                        awaits.extend(self.survey(node, &value)?.awaits);
                    }
                }
                Ok(unknown(awaits))
            }
        }
    }

    fn survey(&mut self, node: &Node, value: &Value) -> Result<Survey> {
        Survey::of(value, &mut self.budget).map_err(|message| at(node, message))
    }

    fn call(&mut self, node: &Node, function: &'static Function, arguments: &[Node]) -> Result<Value> {
        let mut opened = Opened::default();
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            values.push(self.value(argument)?);
        }
        let scope = self.scope;
        if function.looks == Looks::AtUnknown {
            opened.values = values;
        } else {
            self.open_arguments(function, &values, &mut opened).map_err(|message| at(node, message))?;
        }
        let result = self.run(node, opened, |budget, values| function.run(Call { function, values, budget, scope }));
        result.map_err(|error| error.with_help(format!("`{}`", function.signature)))
    }

    fn open_arguments(&mut self, function: &Function, values: &[Value], opened: &mut Opened) -> Outcome<()> {
        for (position, value) in values.iter().enumerate() {
            match function.looks {
                Looks::Inside => opened.add_all_of(value, &mut self.budget)?,
                Looks::InsideFirst if position == 0 => opened.add_all_of(value, &mut self.budget)?,
                _ => opened.add(value),
            }
        }
        Ok(())
    }

    fn comprehension(&mut self, node: &Node, comprehension: &Comprehension) -> Result<Value> {
        let opened = self.open(&comprehension.over)?;
        if let Some(awaits) = opened.unknown {
            return Ok(unknown(awaits));
        }
        let items: Vec<Value> = match opened.values.as_slice() {
            [Value::List(items)] => items.to_vec(),
            [Value::Map(entries)] => entries.keys().map(|key| Value::from(key.as_str())).collect(),
            [other] => return Err(self.no_items(&comprehension.over, other)),
            _ => Vec::new(),
        };
        let value = match &comprehension.fold {
            Fold::Any(predicate) => self.quantify(predicate, items, true)?,
            Fold::All(predicate) => self.quantify(predicate, items, false)?,
            Fold::One(predicate) => self.count_one(node, predicate, items)?,
            Fold::Collect { filter, item } => self.collect(node, filter.as_ref(), item, items)?,
        };
        if opened.is_secret { self.seal(node, &value) } else { Ok(value) }
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
        let mut awaited: Option<BTreeSet<Awaited>> = None;
        let mut any_secret = false;
        for item in items {
            match (self.with_item(item, |this| this.truth(predicate)), &mut awaited) {
                (Ok(Truth::Known { value, is_secret }), _) => {
                    any_secret |= is_secret;
                    if value == decisive {
                        return Ok(boolean(decisive, any_secret));
                    }
                }
                (Ok(Truth::Unknown(awaits)), _) => awaited.get_or_insert_default().extend(awaits),
                // An earlier item may settle it before this one is reached.
                (Err(_), Some(_)) => {}
                (Err(error), None) => return Err(error),
            }
        }
        Ok(awaited.map_or_else(|| boolean(!decisive, any_secret), unknown))
    }

    fn count_one(&mut self, node: &Node, predicate: &Node, items: Vec<Value>) -> Result<Value> {
        let found = self.collect(node, Some(predicate), &ONE, items)?;
        let mut opened = Opened::default();
        opened.add(&found);
        self.run(node, opened, |_, values| Ok(Value::Bool(matches!(values, [Value::List(found)] if found.len() == 1))))
    }

    fn collect(&mut self, node: &Node, filter: Option<&Node>, item: &Node, items: Vec<Value>) -> Result<Value> {
        let mut collected = Vec::new();
        let mut awaited: Option<BTreeSet<Awaited>> = None;
        let mut any_secret = false;
        for value in items {
            let kept = self.with_item(value, |this| this.kept(filter, item))?;
            match kept {
                (Truth::Known { is_secret, .. }, value) => {
                    any_secret |= is_secret;
                    collected.extend(value);
                }
                (Truth::Unknown(awaits), _) => awaited.get_or_insert_default().extend(awaits),
            }
        }
        let list = Value::List(Arc::new(collected));
        match awaited {
            Some(mut awaits) => {
                awaits.extend(self.survey(node, &list)?.awaits);
                Ok(unknown(awaits))
            }
            None if any_secret => self.seal(node, &list),
            None => Ok(list),
        }
    }

    /// Whether the filter keeps the innermost variable, and what becomes of it.
    fn kept(&mut self, filter: Option<&Node>, item: &Node) -> Result<(Truth, Option<Value>)> {
        let truth = match filter {
            Some(filter) => self.truth(filter)?,
            None => Truth::Known { value: true, is_secret: false },
        };
        let value = match truth {
            Truth::Known { value: true, .. } => Some(self.value(item)?),
            _ => None,
        };
        Ok((truth, value))
    }
}

/// What `exists_one` collects for each item that matches.
const ONE: Node = Node { kind: Kind::Literal(Value::Null), range: 0..0 };

fn boolean(value: bool, is_secret: bool) -> Value {
    if is_secret { Value::Bool(value).into_secret() } else { Value::Bool(value) }
}

/// What to name where a map has no `key`.
fn instead(key: &str, entries: &BTreeMap<String, Value>) -> String {
    let names: Vec<&str> = entries.keys().map(String::as_str).collect();
    nearest(key, names.iter().copied()).unwrap_or_else(|| match names.len() {
        0 => "it is empty".to_owned(),
        1..=12 => format!(
            "it has {}",
            names.iter().map(|name| format!("`{}`", operators::shown(name))).collect::<Vec<_>>().join(", ")
        ),
        _ => "`has(…)` tells whether something is there".to_owned(),
    })
}

fn at(node: &Node, message: String) -> ExprError {
    ExprError::new(message, node.range.clone())
}
