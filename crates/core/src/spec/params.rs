//! Params: what a spec leaves to whoever applies it.

use std::sync::Arc;

use super::tree::Tree;
use super::yaml::Node;
use crate::diagnostic::{Diagnostic, Sources, Span};
use crate::expr::Scope;
use crate::schema::{StringType, Type, conform};
use crate::value::Value;

/// One param.
#[derive(Clone, Debug)]
pub struct Param {
    /// What it must be.
    pub ty: Type,
    /// What it is when nobody says.
    pub default: Option<Value>,
    /// What it is for.
    pub description: String,
    /// Whether it is never stored or shown.
    pub secret: bool,
    /// Where its name stands.
    pub span: Span,
    /// Whether its declaration could be read; else its value is unknown.
    pub sound: bool,
}

/// The value a text from outside gives a param.
pub(super) fn from_text(name: &str, param: &Param, text: &str) -> Result<Value, Box<Diagnostic>> {
    match conform(&parse(text, &param.ty), &param.ty) {
        Ok(value) => Ok(if param.secret { value.into_secret() } else { value }),
        Err(misfits) => Err(Box::new(misfit(name, param, &misfits))),
    }
}

/// The value a YAML file gives a param.
pub(super) fn from_node(name: &str, param: &Param, node: &Node, sources: &Sources) -> Result<Value, Vec<Diagnostic>> {
    let mut found = Vec::new();
    let tree = Tree::compile(node, &param.ty, sources, &mut found);
    let mut has_expression = false;
    tree.visit(&mut |_| has_expression = true);
    if has_expression {
        let diagnostic =
            Diagnostic::error("expression", format!("the value of `{name}` is a plain value, without expressions"));
        found = vec![diagnostic.at(node.span).with_help("write the value itself, and `$${` for `${`")];
    }
    let value = if found.is_empty() { tree.evaluate(&Nothing) } else { Err(found) };
    value.and_then(|value| {
        let value = if param.secret { value.into_secret() } else { value };
        conform(&value, &param.ty).map_err(|misfits| misfits.into_iter().map(|it| told(name, it, &tree)).collect())
    })
}

fn told(name: &str, misfit: crate::schema::Misfit, tree: &Tree) -> Diagnostic {
    let place: Vec<&str> = [name].into_iter().chain(misfit.path.iter().map(String::as_str)).collect();
    let message = format!("`{}`: {}", place.join("."), misfit.message);
    let mut diagnostic =
        Diagnostic::error(misfit.code, message).at(tree.locate(&misfit.path, misfit.code == "unknown-field"));
    diagnostic.help = misfit.help.or_else(|| Some("the param's declaration says what it may be".to_owned()));
    diagnostic
}

/// A scope in which nothing has a name.
pub(super) struct Nothing;

impl Scope for Nothing {
    fn lookup(&self, _: &str) -> Option<Value> {
        None
    }

    fn zones(&self) -> Value {
        Value::Null
    }

    fn secret_value(&self, _: &str) -> Result<Value, String> {
        Err("a secret cannot be read here".to_owned())
    }

    fn file(&self, _: &str) -> Result<Arc<str>, String> {
        Err("files cannot be read here".to_owned())
    }
}

/// A secret's text is in no message.
fn misfit(name: &str, param: &Param, misfits: &[crate::schema::Misfit]) -> Diagnostic {
    let told = misfits.first().filter(|_| !param.secret);
    let why = told.map(|misfit| format!(": {}", misfit.message)).unwrap_or_default();
    let message = format!("the value given for the param `{name}` does not fit{why}");
    let mut diagnostic = Diagnostic::error("bad-param", message).at(param.span);
    let better = told.filter(|misfit| misfit.code != "wrong-type").and_then(|misfit| misfit.help.clone());
    diagnostic.help = better.or_else(|| Some(given_as(name, &param.ty)));
    diagnostic
}

/// How a value of a type is given.
fn given_as(name: &str, ty: &Type) -> String {
    match ty {
        Type::Bool => format!("give `-p {name}=true` or `-p {name}=false`"),
        Type::List(_) | Type::Set(_) => format!("give JSON: `-p '{name}=[\"a\", \"b\"]'`"),
        Type::Map(_) | Type::Object(_) => format!("give JSON: `-p '{name}={{\"key\": \"value\"}}'`"),
        Type::String(StringType { choices, .. }) if !choices.is_empty() => {
            format!("give one of them: `-p {name}={}`", choices[0])
        }
        ty => format!("give {}: `-p {name}=…`", crate::schema::with_article(ty.name())),
    }
}

/// A text from the command line: JSON where a list, map or number is wanted.
fn parse(text: &str, ty: &Type) -> Value {
    match ty {
        Type::String(_) => Value::string(text),
        _ => serde_json::from_str::<serde_json::Value>(text)
            .map_or_else(|_| Value::string(text), |json| Value::from(&json)),
    }
}
