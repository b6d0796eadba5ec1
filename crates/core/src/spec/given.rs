//! What a run is given for the params of a spec, and which of it counts.
//!
//! In this order: `-p name=value`, the file of `--params`, the variable
//! `PROVISION_PARAM_<name>`, the environment's own values, the default.

use std::collections::{BTreeMap, BTreeSet};

use super::document::{Document, Environment, list};
use super::params::{self, Param};
use super::yaml::{self, Entry, Node};
use crate::diagnostic::{Diagnostic, SourceId, Sources, suggest};
use crate::value::{Unknown, Value};

/// What is known of the params when a spec is loaded.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// By `-p name=value`.
    pub arguments: BTreeMap<String, String>,
    /// By a YAML file.
    pub file: Option<SourceId>,
    /// By environment variables; those that no param has the name of are not for this spec.
    pub variables: BTreeMap<String, String>,
    /// The environment the spec is for.
    pub environment: Option<String>,
    /// Whether what is left out and has no default is unknown, rather than an error: for
    /// checking a spec without applying it.
    pub partial: bool,
}

/// Keeps the values that a file gives secret params out of what is shown.
pub(super) fn hide_secrets(root: &Node, document: &Document, given: &Given, sources: &mut Sources) {
    let is_secret = |name: &str| document.params.get(name).is_some_and(|param| param.secret);
    let mut secrets = Vec::new();
    for entry in root.get("params").and_then(Node::entries).unwrap_or_default() {
        if is_secret(&entry.key.text) {
            secrets.extend(entry.value.get("default").map(|default| default.span));
        }
    }
    let file = given.file.and_then(|file| yaml::parse(file, sources.text(file)).root);
    let file = file.as_ref().and_then(Node::entries).unwrap_or_default();
    let environments = document.environments.iter().flat_map(|environment| &environment.values);
    let values = file.iter().chain(environments).filter(|entry| is_secret(&entry.key.text));
    secrets.extend(values.map(|entry| entry.value.span));
    secrets.into_iter().for_each(|span| sources.hide(span));
}

/// The environment that is asked for.
pub(super) fn environment<'d>(
    document: &'d Document,
    given: &Given,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<&'d Environment> {
    let name = given.environment.as_deref()?;
    let found = document.environments.iter().find(|environment| environment.name.name == name);
    if found.is_none() {
        let names: Vec<&str> = document.environments.iter().map(|it| it.name.name.as_str()).collect();
        let help = match suggest(name, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if names.is_empty() => format!("add a section `environments:` with `{name}: {{}}` below it"),
            None => format!("it has {}", list(&names)),
        };
        let message = format!("the spec has no environment `{name}`");
        diagnostics.push(Diagnostic::error("unknown-environment", message).with_help(help));
    }
    found
}

/// The params' values. All that are missing, unknown or do not fit are told at once.
pub(super) fn values(
    document: &Document,
    environment: Option<&Environment>,
    given: &Given,
    sources: &Sources,
    diagnostics: &mut Vec<Diagnostic>,
) -> BTreeMap<String, Value> {
    let params = &document.params;
    let file = given.file.map(|file| entries(file, sources, diagnostics)).unwrap_or_default();
    let mut giver = Giver { params, given, file: &file, environment, sources, diagnostics };
    giver.unknown_names(document);
    params.iter().map(|(name, param)| (name.clone(), giver.value(name, param))).collect()
}

/// The entries of a params file.
fn entries(file: SourceId, sources: &Sources, diagnostics: &mut Vec<Diagnostic>) -> Vec<Entry> {
    let parsed = yaml::parse(file, sources.text(file));
    diagnostics.extend(parsed.diagnostics);
    let Some(root) = parsed.root else { return Vec::new() };
    match root.entries() {
        Some(entries) => entries.to_vec(),
        None if root.is_null() => Vec::new(),
        None => {
            let message = format!("a params file is a mapping of names to values, not {}", root.describe());
            let help = "write `name: value` pairs, each on a line of its own";
            diagnostics.push(Diagnostic::error("wrong-type", message).at(root.span).with_help(help));
            Vec::new()
        }
    }
}

struct Giver<'a> {
    params: &'a BTreeMap<String, Param>,
    given: &'a Given,
    file: &'a [Entry],
    environment: Option<&'a Environment>,
    sources: &'a Sources,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Giver<'_> {
    fn unknown_names(&mut self, document: &Document) {
        for name in self.given.arguments.keys().filter(|name| !self.params.contains_key(*name)) {
            let diagnostic = Diagnostic::error("unknown-param", format!("the spec has no param `{name}`"));
            self.diagnostics.push(diagnostic.with_help(self.instead(name)));
        }
        let all = document.environments.iter().flat_map(|environment| &environment.values);
        for entry in self.file.iter().chain(all) {
            if !self.params.contains_key(&*entry.key.text) {
                let message = format!("the spec has no param `{}`", entry.key.text);
                let diagnostic = Diagnostic::error("unknown-param", message).at(entry.key.span);
                self.diagnostics.push(diagnostic.with_help(self.instead(&entry.key.text)));
            }
        }
    }

    fn instead(&self, name: &str) -> String {
        let names: Vec<&str> = self.params.keys().map(String::as_str).collect();
        match suggest(name, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if names.is_empty() => "the spec has no params at all: leave it out".to_owned(),
            None => format!("it has {}", list(&names)),
        }
    }

    fn value(&mut self, name: &str, param: &Param) -> Value {
        if !param.sound {
            return unknown(param);
        }
        let found = match self.stated(name, param) {
            Some(found) => found,
            None => match &param.default {
                Some(default) => Ok(default.clone()),
                None if self.given.partial => return unknown(param),
                None => Err(vec![self.missing(name, param)]),
            },
        };
        found.unwrap_or_else(|wrong| {
            self.diagnostics.extend(wrong);
            unknown(param)
        })
    }

    /// What is given for a param, by whatever counts most.
    fn stated(&mut self, name: &str, param: &Param) -> Option<Result<Value, Vec<Diagnostic>>> {
        if let Some(text) = self.given.arguments.get(name) {
            return Some(params::from_text(name, param, text).map_err(|wrong| vec![*wrong]));
        }
        let node = |entries: &[Entry]| entries.iter().find(|entry| &*entry.key.text == name).map(|it| it.value.clone());
        if let Some(node) = node(self.file) {
            return Some(params::from_node(name, param, &node, self.sources));
        }
        if let Some(text) = self.given.variables.get(name) {
            return Some(params::from_text(name, param, text).map_err(|wrong| vec![*wrong]));
        }
        let environment = self.environment?;
        match node(&environment.values) {
            Some(node) => Some(params::from_node(name, param, &node, self.sources)),
            // A param of this name tells which environment it is.
            None if name == "env" => params::from_text(name, param, &environment.name.name).ok().map(Ok),
            None => None,
        }
    }

    fn missing(&self, name: &str, param: &Param) -> Diagnostic {
        Diagnostic::error("missing-param", format!("the param `{name}` has no value")).at(param.span).with_help(
            format!(
                "give it with `-p {name}=…`, in a file for `--params`, or in the environment as PROVISION_PARAM_{name}"
            ),
        )
    }
}

fn unknown(param: &Param) -> Value {
    Value::Unknown(Unknown { is_secret: param.secret, ..Unknown::of(param.ty.clone()) })
}

/// Every value an environment gives fits its param, whether that environment is asked for or not.
pub(super) fn misfits(document: &Document, sources: &Sources) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for entry in document.environments.iter().flat_map(|environment| &environment.values) {
        if let Some(param) = document.params.get(&*entry.key.text)
            && param.sound
            && seen.insert(entry.key.span)
        {
            found.extend(params::from_node(&entry.key.text, param, &entry.value, sources).err().unwrap_or_default());
        }
    }
    found
}
