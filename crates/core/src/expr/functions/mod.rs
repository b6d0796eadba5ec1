//! The functions an expression may call.

mod collections;
mod encoding;
mod format;
mod network;
mod numbers;
mod strings;

use std::collections::BTreeMap;

use super::Scope;
use super::budget::Budget;
use super::operators::a_type;
use crate::value::Value;

/// What a function says; the error gets its place in the text later.
type Outcome = Result<Value, String>;

/// A function an expression may call.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// How it is called, such as `cidrsubnet(prefix, newbits, netnum)`.
    pub signature: &'static str,
    /// What it does, in Markdown.
    pub doc: &'static str,
    /// An expression with it that is true.
    pub example: &'static str,
    /// Whether it may also be called as a method of its first argument.
    pub is_method: bool,
    /// The fewest arguments it takes.
    least: usize,
    /// The most arguments it takes.
    most: usize,
    pub(super) looks: Looks,
    body: fn(&mut Call<'_>) -> Outcome,
}

/// How far a function looks into its arguments, and so which unknowns and secrets
/// in them its result rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Looks {
    /// Through all of them.
    Inside,
    /// At lists and maps but not at what is in them: items stay unknown or secret.
    Outside,
    /// Through the first, at the others.
    InsideFirst,
    /// It is given unknowns and secrets as they are and says itself what comes of them.
    AtUnknown,
}

/// Arguments without an upper bound.
const ANY: usize = usize::MAX;

impl Function {
    /// A function that looks through all its arguments and takes `least` to `most` of them.
    const fn new(
        name: &'static str,
        (least, most): (usize, usize),
        signature: &'static str,
        doc: &'static str,
        example: &'static str,
        body: fn(&mut Call<'_>) -> Outcome,
    ) -> Self {
        Self { name, signature, doc, example, is_method: false, least, most, looks: Looks::Inside, body }
    }

    const fn method(self) -> Self {
        Self { is_method: true, ..self }
    }

    const fn looking(self, looks: Looks) -> Self {
        Self { looks, ..self }
    }

    /// Whether it takes `count` arguments, a method's target included.
    pub(super) fn takes(&self, count: usize) -> bool {
        (self.least..=self.most).contains(&count)
    }

    /// Runs it, paying for what it looks at and what it makes.
    pub(super) fn run(&self, mut call: Call<'_>) -> Outcome {
        for value in call.values {
            pay(value, call.budget)?;
        }
        let result = (self.body)(&mut call)?;
        pay(&result, call.budget)?;
        Ok(result)
    }
}

fn pay(value: &Value, budget: &mut Budget) -> Result<(), String> {
    match value {
        Value::String(text) => budget.spend_text(text.len()),
        Value::List(items) => budget.spend(items.len()),
        Value::Map(entries) => budget.spend(entries.len()),
        _ => Ok(()),
    }
}

/// Every function, by theme.
pub const FUNCTIONS: &[Function] =
    &joined([strings::FUNCTIONS, collections::FUNCTIONS, numbers::FUNCTIONS, encoding::FUNCTIONS, network::FUNCTIONS]);

const COUNT: usize = strings::FUNCTIONS.len()
    + collections::FUNCTIONS.len()
    + numbers::FUNCTIONS.len()
    + encoding::FUNCTIONS.len()
    + network::FUNCTIONS.len();

const fn joined(themes: [&[Function]; 5]) -> [Function; COUNT] {
    let mut all = [strings::FUNCTIONS[0]; COUNT];
    let (mut theme, mut filled) = (0, 0);
    while theme < themes.len() {
        let mut index = 0;
        while index < themes[theme].len() {
            all[filled] = themes[theme][index];
            filled += 1;
            index += 1;
        }
        theme += 1;
    }
    all
}

/// The function of that name.
pub fn function(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

/// `count` and its noun, such as `2 arguments`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// One call: known, plain arguments and what the function may ask for.
pub(super) struct Call<'a> {
    pub(super) function: &'static Function,
    pub(super) values: &'a [Value],
    pub(super) budget: &'a mut Budget,
    pub(super) scope: &'a dyn Scope,
}

impl<'a> Call<'a> {
    fn value(&self, position: usize) -> &'a Value {
        self.values.get(position).unwrap_or(&Value::Null)
    }

    /// The arguments from `position` on.
    fn rest(&self, position: usize) -> &'a [Value] {
        self.values.get(position..).unwrap_or_default()
    }

    fn text(&self, position: usize) -> Result<&'a str, String> {
        match self.value(position) {
            Value::String(text) => Ok(text),
            other => Err(self.mismatch(position, "a string", other)),
        }
    }

    fn list(&self, position: usize) -> Result<&'a [Value], String> {
        match self.value(position) {
            Value::List(items) => Ok(items),
            other => Err(self.mismatch(position, "a list", other)),
        }
    }

    fn map(&self, position: usize) -> Result<&'a BTreeMap<String, Value>, String> {
        match self.value(position) {
            Value::Map(entries) => Ok(entries),
            other => Err(self.mismatch(position, "a map", other)),
        }
    }

    /// A whole number, 2.0 included.
    fn integer(&self, position: usize) -> Result<i64, String> {
        let value = self.value(position);
        numbers::whole(value).ok_or_else(|| self.mismatch(position, "a whole number", value))
    }

    /// A number of things: whole and not negative.
    fn count(&self, position: usize) -> Result<usize, String> {
        let value = self.integer(position)?;
        usize::try_from(value).map_err(|_| format!("argument {} cannot be {value}", position + 1))
    }

    fn number(&self, position: usize) -> Result<f64, String> {
        match self.value(position) {
            Value::Integer(value) => Ok(*value as f64),
            Value::Float(value) => Ok(*value),
            other => Err(self.mismatch(position, "a number", other)),
        }
    }

    fn mismatch(&self, position: usize, wanted: &str, found: &Value) -> String {
        let Function { name, most, .. } = self.function;
        let which = if *most == 1 { "its argument".to_owned() } else { format!("argument {}", position + 1) };
        format!("`{name}` wants {wanted} as {which}, not {}", a_type(found))
    }
}
