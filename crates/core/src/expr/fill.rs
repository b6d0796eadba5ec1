//! `templatefile`: a template in a file, filled in.

use std::sync::Arc;

use super::budget::Budget;
use super::evaluate::{Evaluator, Result, at};
use super::functions::Function;
use super::node::Node;
use super::opened::Opened;
use super::{ExprError, Scope, template};
use crate::value::{Secret, Unknown, Value};

impl Evaluator<'_> {
    pub(super) fn template(&mut self, node: &Node, function: &'static Function, arguments: &[Node]) -> Result<Value> {
        let [path, vars] = arguments else { return Err(at(node, "a path and a map are needed".to_owned())) };
        let values = [self.value(path)?, self.value(vars)?];
        let mut path = Opened::default();
        path.add(&values[0]);
        let mut opened = Opened { values: path.values.clone(), ..Opened::default() };
        opened.add(&values[1]);
        function
            .result(&opened.values)
            .map_err(|message| at(node, message).with_help(format!("`{}`", function.signature)))?;
        let Opened { unknown: None, is_secret, .. } = path else {
            opened.unknown.get_or_insert_default().extend(values[0].awaits());
            return self.promised(node, function, &values, opened);
        };
        match path.values.as_slice() {
            [Value::String(path)] if !self.is_abstract => {
                let filled = self.filled(node, path, &values[1])?;
                if is_secret { self.seal(node, &filled) } else { Ok(filled) }
            }
            _ => self.promised(node, function, &values, opened),
        }
    }

    fn filled(&mut self, node: &Node, path: &str, vars: &Value) -> Result<Value> {
        let text = self.scope.file(path).map_err(|message| at(node, message))?;
        self.budget.spend_text(text.len()).map_err(|message| at(node, message))?;
        let scope = Vars { vars, outer: self.scope };
        let budget = std::mem::replace(&mut self.budget, Budget::new());
        let mut filling = Evaluator::new(text.clone(), &scope, budget);
        filling.watch = self.watch.take();
        let filled = template::parse(&text).and_then(|root| filling.value(&root));
        (self.watch, self.budget) = (filling.watch, filling.budget);
        filled.map_err(|error| in_file(error, path, &text, node))
    }
}

/// The error at its line of the template, where the call stands.
fn in_file(error: ExprError, path: &str, text: &str, node: &Node) -> ExprError {
    let line = text.get(..error.range.start).map_or(0, |before| before.matches('\n').count()) + 1;
    let help = "a template sees what its call gives it: `templatefile(path, {\"name\": …})`";
    at(node, format!("`{path}`, line {line}: {}", error.message))
        .with_help(error.help.unwrap_or_else(|| help.to_owned()))
}

/// What a template may name.
struct Vars<'a> {
    vars: &'a Value,
    outer: &'a dyn Scope,
}

impl Scope for Vars<'_> {
    fn lookup(&self, name: &str) -> Option<Value> {
        named(self.vars, name)
    }

    fn zones(&self) -> Value {
        self.outer.zones()
    }

    fn secret_value(&self, arn: &str) -> std::result::Result<Value, String> {
        self.outer.secret_value(arn)
    }

    fn file(&self, path: &str) -> std::result::Result<Arc<str>, String> {
        self.outer.file(path)
    }
}

fn named(vars: &Value, name: &str) -> Option<Value> {
    match vars {
        Value::Map(entries) => entries.get(name).cloned(),
        Value::Secret(Secret::Plain(inner)) => named(inner, name).map(Value::into_secret),
        Value::Secret(Secret::Hash(_)) => Some(Value::Unknown(Unknown { is_secret: true, ..Unknown::default() })),
        Value::Unknown(unknown) => {
            let ty = match &*unknown.ty {
                crate::schema::Type::Object(object) => object.fields.get(name)?.ty.clone(),
                other => other.entry().unwrap_or_default(),
            };
            let is_secret = unknown.is_secret || ty.is_secret();
            Some(Value::Unknown(Unknown { awaits: unknown.awaits.clone(), ty: Arc::new(ty), is_secret }))
        }
        _ => None,
    }
}
