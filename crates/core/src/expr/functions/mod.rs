//! The functions an expression may call.

mod collections;
mod encoding;
mod failures;
mod format;
mod lists;
mod network;
mod numbers;
mod patterns;
mod sets;
pub(super) mod signature;
mod sources;
mod strings;
mod yaml;

use std::collections::BTreeMap;

use super::Scope;
use super::budget::Budget;
use super::operators::a_type;
use crate::schema::Type;
use crate::value::{Unknown, Value};
use signature::{Mismatch, Signature};

pub(super) use strings::plain_text;

/// What a function says; the error gets its place in the text later.
type Outcome = Result<Value, String>;

/// A function an expression may call.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// What it takes and gives, such as
    /// `cidrsubnet(prefix: string, newbits: integer, netnum: integer) -> string`.
    pub signature: &'static str,
    /// What it does, in Markdown.
    pub doc: &'static str,
    /// An expression with it that is true.
    pub example: &'static str,
    /// Whether it may also be called as a method of its first argument.
    pub is_method: bool,
    pub(super) looks: Looks,
    pub(super) body: Body,
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

/// What a function does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Body {
    /// It makes its result of the values of its arguments.
    Values(fn(&mut Call<'_>) -> Outcome),
    /// It takes the first argument that does not fail.
    Try,
    /// It tells whether its argument does not fail.
    Can,
    /// It fills in the template in a file.
    Template,
}

impl Function {
    /// A function that looks through all its arguments.
    const fn new(
        signature: &'static str,
        doc: &'static str,
        example: &'static str,
        body: fn(&mut Call<'_>) -> Outcome,
    ) -> Self {
        Self::special(signature, doc, example, Body::Values(body))
    }

    /// A function that the evaluator itself knows.
    const fn special(signature: &'static str, doc: &'static str, example: &'static str, body: Body) -> Self {
        Self { name: name_of(signature), signature, doc, example, is_method: false, looks: Looks::Inside, body }
    }

    const fn method(self) -> Self {
        Self { is_method: true, ..self }
    }

    const fn looking(self, looks: Looks) -> Self {
        Self { looks, ..self }
    }

    /// Whether it takes `count` arguments, a method's target included.
    pub(super) fn takes(&self, count: usize) -> bool {
        Signature::of(self.signature).is_some_and(|signature| signature.takes(count))
    }

    /// The type of its result for `arguments` of which some are not known.
    pub(super) fn result(&self, arguments: &[Value]) -> Result<Type, String> {
        let Some(signature) = Signature::of(self.signature) else { return Ok(Type::Any) };
        signature.result(arguments).map_err(|Mismatch { position, wanted }| {
            self.mismatch(position, &wanted, arguments.get(position).unwrap_or(&Value::Null))
        })
    }

    fn mismatch(&self, position: usize, wanted: &str, found: &Value) -> String {
        let is_single = Signature::of(self.signature).is_some_and(Signature::is_single);
        let which = if is_single { "its argument".to_owned() } else { format!("argument {}", position + 1) };
        format!("`{}` wants {wanted} as {which}, not {}", self.name, a_type(found))
    }

    /// Runs `body` on `call`, paying for what it looks at and what it makes.
    pub(super) fn run(&self, body: fn(&mut Call<'_>) -> Outcome, mut call: Call<'_>) -> Outcome {
        for value in call.values {
            pay(value, call.budget)?;
        }
        let result = body(&mut call)?;
        pay(&result, call.budget)?;
        Ok(match result {
            Value::Unknown(unknown) if *unknown.ty == Type::Any => {
                Value::Unknown(Unknown { ty: std::sync::Arc::new(self.result(call.values)?), ..unknown })
            }
            result => result,
        })
    }
}

/// The name at the start of a signature.
const fn name_of(signature: &'static str) -> &'static str {
    let mut end = 0;
    while end < signature.len() && signature.as_bytes()[end] != b'(' {
        end += 1;
    }
    signature.split_at(end).0
}

fn pay(value: &Value, budget: &mut Budget) -> Result<(), String> {
    match value {
        Value::String(text) => budget.spend_text(text.len()),
        Value::List(items) => budget.spend(items.len()),
        Value::Map(entries) => budget.spend(entries.len()),
        _ => Ok(()),
    }
}

const THEMES: [&[Function]; 10] = [
    strings::FUNCTIONS,
    patterns::FUNCTIONS,
    collections::FUNCTIONS,
    lists::FUNCTIONS,
    sets::FUNCTIONS,
    numbers::FUNCTIONS,
    encoding::FUNCTIONS,
    network::FUNCTIONS,
    sources::FUNCTIONS,
    failures::FUNCTIONS,
];

/// Every function, by theme.
pub const FUNCTIONS: &[Function] = &joined();

const COUNT: usize = {
    let (mut count, mut theme) = (0, 0);
    while theme < THEMES.len() {
        count += THEMES[theme].len();
        theme += 1;
    }
    count
};

const fn joined() -> [Function; COUNT] {
    let mut all = [THEMES[0][0]; COUNT];
    let (mut theme, mut filled) = (0, 0);
    while theme < THEMES.len() {
        let mut index = 0;
        while index < THEMES[theme].len() {
            all[filled] = THEMES[theme][index];
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
        self.function.mismatch(position, wanted, found)
    }
}
