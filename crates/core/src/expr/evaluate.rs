//! The evaluator.
//!
//! A spec with unknowns in it is checked by evaluating it: where a value is not known its
//! type is, and an operation that no value of that type allows is an error at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::attempt::Watch;
use super::budget::Budget;
use super::functions::{Body, Call, Function, Looks, plain_text};
use super::node::{Kind, Node, Operator};
use super::opened::{Opened, Survey, made_of, seal, type_of_any, unknown};
use super::select::{self, Refusal, Selection};
use super::typing::{self, Shape};
use super::{ExprError, Scope, operators};
use crate::schema::Type;
use crate::value::{Awaited, Unknown, Value};

pub(super) type Result<T> = std::result::Result<T, ExprError>;

/// Evaluates `root`, which was parsed from `text`.
pub(super) fn evaluate(root: &Node, text: &str, scope: &dyn Scope) -> Result<Value> {
    Evaluator::new(text.into(), scope, Budget::new()).value(root)
}

pub(super) struct Evaluator<'a> {
    pub(super) text: Arc<str>,
    pub(super) scope: &'a dyn Scope,
    pub(super) budget: Budget,
    /// The items the comprehensions around are at, innermost last.
    pub(super) variables: Vec<Value>,
    /// Whether only types count, as if no value was known: finds the errors that no
    /// value could avoid.
    pub(super) is_abstract: bool,
    /// What the operations of the innermost attempt look at.
    pub(super) watch: Option<Watch>,
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(text: Arc<str>, scope: &'a dyn Scope, budget: Budget) -> Self {
        Self { text, scope, budget, variables: Vec::new(), is_abstract: false, watch: None }
    }
}

impl Evaluator<'_> {
    pub(super) fn value(&mut self, node: &Node) -> Result<Value> {
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
            Kind::Text(parts) => self.put_together(node, parts),
            Kind::Entries(operand) => self.entries(node, operand),
            Kind::Embedded(text, inner) => self.embedded(node, text, inner),
        }
    }

    fn name(&mut self, node: &Node, name: &str) -> Result<Value> {
        self.scope.lookup(name).ok_or_else(|| at(node, format!("nothing here is named `{}`", operators::shown(name))))
    }

    fn variable(&self, node: &Node, depth: usize) -> Result<Value> {
        self.variables.get(depth).cloned().ok_or_else(|| at(node, "this variable has no value".to_owned()))
    }

    /// How the author wrote `node`, for a message.
    pub(super) fn text_of(&self, node: &Node) -> String {
        match &node.kind {
            Kind::Embedded(text, _) => operators::shown(text),
            _ => operators::shown(self.text.get(node.range.clone()).unwrap_or_default()),
        }
    }

    /// Runs an operation on `opened`, secret as what it is given; where that is not
    /// known, `typing` tells the type of the result.
    fn run<T: Into<Refusal>, R: Into<Refusal>>(
        &mut self,
        node: &Node,
        opened: Opened,
        typing: impl FnOnce(&[Value]) -> std::result::Result<Type, T>,
        operation: impl FnOnce(&mut Budget, &[Value]) -> std::result::Result<Value, R>,
    ) -> Result<Value> {
        let Opened { values, unknown: awaits, is_secret } = opened;
        let awaits = awaits.or_else(|| self.is_abstract.then(BTreeSet::new));
        self.note(awaits.as_ref(), is_secret);
        let result = match awaits {
            None => operation(&mut self.budget, &values).map_err(Into::into),
            Some(awaits) => typing(&values).map(|ty| unknown(awaits, ty, is_secret)).map_err(Into::into),
        };
        match result {
            Ok(value) if is_secret => self.seal(node, &value),
            Ok(value) => Ok(value),
            Err(refusal) => Err(refused(node, refusal, is_secret)),
        }
    }

    pub(super) fn seal(&mut self, node: &Node, value: &Value) -> Result<Value> {
        seal(value, &mut self.budget).map_err(|message| at(node, message))
    }

    /// What will be made of `values` and is a `ty`.
    pub(super) fn made_of(&mut self, node: &Node, values: &[Value], ty: Type, pending: Opened) -> Result<Value> {
        let awaits = pending.unknown.unwrap_or_default();
        made_of(values, ty, awaits, pending.is_secret, &mut self.budget).map_err(|message| at(node, message))
    }

    /// Evaluates `node` for an operation that does not look inside the value.
    pub(super) fn open(&mut self, node: &Node) -> Result<Opened> {
        let mut opened = Opened::default();
        opened.add(&self.value(node)?);
        Ok(opened)
    }

    fn field(&mut self, node: &Node, operand: &Node, field: &str) -> Result<Value> {
        if let Kind::Name(name) = &operand.kind
            && let Some(member) = self.scope.member(name, field)
        {
            return Ok(member);
        }
        let opened = self.open(operand)?;
        if let (true, [Value::Map(entries)]) = (self.is_abstract, opened.values.as_slice()) {
            return Ok(entries.get(field).cloned().unwrap_or(Value::Unknown(Unknown::default())));
        }
        let text = self.text_of(operand);
        let from = selection(&text, operand);
        self.run(node, opened, |values| from.field_type(values, field), |_, values| from.field(values, field))
    }

    fn has(&mut self, node: &Node, operand: &Node, field: &str) -> Result<Value> {
        if let Kind::Name(name) = &operand.kind
            && self.scope.member(name, field).is_some()
        {
            return Ok(Value::Bool(true));
        }
        let opened = self.open(operand)?;
        if let [Value::Unknown(unknown)] = opened.values.as_slice()
            && let Some(object) = unknown.object()
            && !object.fields.contains_key(field)
        {
            return Ok(boolean(false, opened.is_secret));
        }
        let text = self.text_of(operand);
        let from = selection(&text, operand);
        self.run(node, opened, |values| from.has_type(values, field), |_, values| from.has(values, field))
    }

    fn index(&mut self, node: &Node, [operand, key]: &[Node; 2]) -> Result<Value> {
        let mut opened = self.open(operand)?;
        opened.add(&self.value(key)?);
        let text = self.text_of(operand);
        let from = selection(&text, operand);
        self.run(node, opened, |values| from.index_type(values), |_, values| from.index(values))
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
        let no_key = keys.values.iter().find(|key| !matches!(Shape::of(key), Shape::Text | Shape::Any));
        if let Some(key) = no_key {
            let message = format!("a map's key is a string, not {}", operators::a_type(key));
            return Err(refused(node, message.into(), keys.is_secret));
        }
        if keys.unknown.is_some() {
            self.note(keys.unknown.as_ref(), keys.is_secret);
            let ty = Type::Map(Box::new(type_of_any(&values)));
            return self.made_of(node, &values, ty, keys);
        }
        self.run(node, keys, |_| Ok::<_, String>(Type::Map(Box::default())), |_, keys| literal_map(keys, values))
    }

    fn negate(&mut self, node: &Node, operand: &Node) -> Result<Value> {
        let opened = self.open(operand)?;
        self.run(node, opened, typing::negate, |_, values| operators::negate(values))
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
        let typing = |values: &[Value]| typing::binary(operator, values);
        self.run(node, opened, typing, |budget, values| operators::binary(operator, values, budget))
    }

    fn call(&mut self, node: &Node, function: &'static Function, arguments: &[Node]) -> Result<Value> {
        let body = match function.body {
            Body::Values(body) => body,
            Body::Try => return self.first(node, arguments),
            Body::Can => return self.can(node, arguments),
            Body::Template => return self.template(node, function, arguments),
        };
        let values: Vec<Value> = arguments.iter().map(|argument| self.value(argument)).collect::<Result<_>>()?;
        let mut opened = Opened::default();
        let scope = self.scope;
        if function.looks == Looks::AtUnknown {
            self.note(None::<&[Awaited]>, values.iter().any(Value::has_secret));
            opened.values = values;
        } else {
            self.open_arguments(function, &values, &mut opened).map_err(|message| at(node, message))?;
            if opened.unknown.is_some() {
                return self.promised(node, function, &values, opened);
            }
        }
        let run = |budget: &mut Budget, values: &[Value]| function.run(body, Call { function, values, budget, scope });
        let result = self.run(node, opened, |values| function.result(values), run);
        if let (Ok(Value::Unknown(unknown)), false) = (&result, function.looks == Looks::Outside) {
            self.note(Some(&*unknown.awaits), unknown.is_secret);
        }
        result.map_err(|error| error.with_help(format!("`{}`", function.signature)))
    }

    fn open_arguments(
        &mut self,
        function: &Function,
        values: &[Value],
        opened: &mut Opened,
    ) -> std::result::Result<(), String> {
        for (position, value) in values.iter().enumerate() {
            match function.looks {
                Looks::Inside => opened.add_all_of(value, &mut self.budget)?,
                Looks::InsideFirst if position == 0 => opened.add_all_of(value, &mut self.budget)?,
                _ => opened.add(value),
            }
        }
        Ok(())
    }

    /// What a call will give whose arguments are not all known.
    pub(super) fn promised(
        &mut self,
        node: &Node,
        function: &Function,
        arguments: &[Value],
        opened: Opened,
    ) -> Result<Value> {
        self.note(opened.unknown.as_ref(), opened.is_secret);
        let ty = function.result(&opened.values).map_err(|message| {
            refused(node, message.into(), opened.is_secret).with_help(format!("`{}`", function.signature))
        })?;
        // What may hand on a secret of which its type does not tell.
        let is_lost = ty.is_open() && !ty.holds_secret() && {
            let survey = Survey::of_all(arguments, &mut self.budget).map_err(|message| at(node, message))?;
            survey.is_secret
        };
        Ok(unknown(opened.unknown.unwrap_or_default(), ty, opened.is_secret || is_lost))
    }

    /// The parts as one text.
    fn put_together(&mut self, node: &Node, parts: &[Node]) -> Result<Value> {
        let mut opened = Opened::default();
        for part in parts {
            let value = self.value(part)?;
            if matches!(Shape::of(&value), Shape::List | Shape::Map) || value == Value::Null {
                return Err(at(part, format!("{} has no text: use `jsonencode`", operators::a_type(&value))));
            }
            opened.add(&value);
        }
        self.run(node, opened, typing::text, |budget, values| {
            let mut text = String::new();
            for value in values {
                let part = plain_text(value)?;
                budget.spend_text(part.len())?;
                text.push_str(&part);
            }
            Ok::<_, String>(Value::from(text))
        })
    }

    fn entries(&mut self, node: &Node, operand: &Node) -> Result<Value> {
        let opened = self.open(operand)?;
        self.run(node, opened, select::entries_type, |_, values| select::entries(values))
    }

    /// Evaluates what stands in another text; an error stands where all of that does.
    fn embedded(&mut self, node: &Node, text: &Arc<str>, inner: &Node) -> Result<Value> {
        let outer = std::mem::replace(&mut self.text, text.clone());
        let value = self.value(inner);
        self.text = outer;
        value.map_err(|error| ExprError { range: node.range.clone(), ..error })
    }
}

fn literal_map(keys: &[Value], values: Vec<Value>) -> std::result::Result<Value, String> {
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
}

fn selection<'t>(text: &'t str, operand: &Node) -> Selection<'t> {
    let is_name = matches!(operand.kind, Kind::Name(_));
    Selection { text, is_name, is_variable: matches!(operand.kind, Kind::Variable(_)) }
}

pub(super) fn boolean(value: bool, is_secret: bool) -> Value {
    if is_secret { Value::Bool(value).into_secret() } else { Value::Bool(value) }
}

pub(super) fn at(node: &Node, message: String) -> ExprError {
    ExprError::new(message, node.range.clone())
}

/// The error of an operation; its own words may quote the secret it was given.
fn refused(node: &Node, refusal: Refusal, is_secret: bool) -> ExprError {
    match is_secret {
        true => at(node, "this cannot be done with the sensitive value it is given".to_owned()),
        false => at(node, refusal.message).with_help(refusal.help),
    }
}
