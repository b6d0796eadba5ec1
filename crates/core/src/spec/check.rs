//! Everything about a file that can be told from its names: what they stand for.

mod attribute;
mod names;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::definition::{
    CheckBlock, Local, Lookup, Meta, Module, ModuleCall, Name, NamedReference, OutputBlock, ResourceTemplate,
};
use super::document::{Document, LookupEntry, Named, Purpose, ResourceEntry};
use super::tree::{Mention, Tree, TreeKind};
use crate::address::Address;
use crate::diagnostic::{Diagnostic, Span, suggest};
use crate::schema::KindSchema;
use crate::value::Value;

/// Turns a document into a module, noting everything that is wrong with it. The calls
/// come with the names they depend on.
pub(super) fn check(
    document: &mut Document,
    mut module: Module,
    calls: Vec<(ModuleCall, Vec<Named>)>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Module {
    let mut checker = Checker::new(document, &calls, diagnostics);
    checker.names_used_twice(document, &calls);
    checker.file(document);
    module.names = checker.names.clone();
    let locals = std::mem::take(&mut document.locals).into_iter();
    module.locals = locals.map(|(name, tree)| checker.local(name, tree)).collect();
    let existing = std::mem::take(&mut document.existing).into_iter();
    module.existing = existing.map(|entry| checker.lookup(entry)).collect();
    module.calls = calls.into_iter().map(|(call, depends_on)| checker.call(call, &depends_on)).collect();
    let resources = std::mem::take(&mut document.resources).into_iter();
    module.resources = resources.map(|entry| checker.resource(entry)).collect();
    module.checks = checker.checks(document);
    let outputs = std::mem::take(&mut document.outputs).into_iter();
    module.outputs = outputs.map(|(name, value)| Arc::new(checker.output(name, value))).collect();
    module.named = checker.named;
    module
}

struct Checker<'a> {
    diagnostics: &'a mut Vec<Diagnostic>,
    /// What every name means.
    names: HashMap<String, Name>,
    resources: Vec<Target>,
    existing: Vec<Target>,
    calls: Vec<CallTarget>,
    outputs: Vec<String>,
    purpose: Purpose,
    /// Whether names without a meaning may have one that could not be read.
    is_partial: bool,
    /// The resources that are named so far.
    named: HashSet<usize>,
}

/// What references to a resource need to know of it.
#[derive(Clone)]
struct Target {
    schema: Arc<KindSchema>,
    is_repeated: bool,
    /// One of its keys, where the file states them.
    key: Option<String>,
}

/// What references to a module need to know of it.
#[derive(Clone)]
struct CallTarget {
    module: Option<Arc<Module>>,
    is_repeated: bool,
    /// One of its keys, where the file states them.
    key: Option<String>,
}

/// The block an expression stands in.
#[derive(Clone, Copy, Default)]
struct Within<'a> {
    /// Whether `each` means something.
    is_repeated: bool,
    /// The block's own name, which it cannot refer to.
    own: Option<&'a str>,
    /// The field that decides how often there is the block, or where: none of it is there yet.
    decides: Option<&'static str>,
    /// Whether `outputs` means something.
    sees_outputs: bool,
}

impl<'a> Checker<'a> {
    fn new(document: &Document, calls: &[(ModuleCall, Vec<Named>)], diagnostics: &'a mut Vec<Diagnostic>) -> Self {
        let target = |schema: &Arc<KindSchema>, meta: &Meta| Target {
            schema: schema.clone(),
            is_repeated: meta.for_each.is_some(),
            key: stated_key(meta),
        };
        let call = |call: &ModuleCall| CallTarget {
            module: call.module.clone(),
            is_repeated: call.meta.for_each.is_some(),
            key: stated_key(&call.meta),
        };
        Self {
            diagnostics,
            names: names::names(document, calls),
            resources: document.resources.iter().map(|it| target(&it.schema, &it.meta)).collect(),
            existing: document.existing.iter().map(|it| target(&it.schema, &it.meta)).collect(),
            calls: calls.iter().map(|(it, _)| call(it)).collect(),
            outputs: document.outputs.iter().map(|(name, _)| name.clone()).collect(),
            purpose: document.purpose,
            is_partial: document.is_partial,
            named: HashSet::new(),
        }
    }

    /// What a spec has and modules do not.
    fn file(&mut self, document: &Document) {
        let ids = document.imports.iter().map(|block| &block.id);
        let trees = [&document.default_tags, &document.region, &document.assume_role, &document.state];
        trees.into_iter().flatten().chain(ids).for_each(|tree| drop(self.references(tree, Within::default())));
    }

    fn local(&mut self, name: Named, value: Tree) -> Local {
        self.references(&value, Within::default());
        Local { name: name.name, span: name.span, value: Arc::new(value) }
    }

    fn output(&mut self, name: String, value: Tree) -> OutputBlock {
        self.references(&value, Within::default());
        OutputBlock { name, value }
    }

    fn checks(&mut self, document: &mut Document) -> Vec<CheckBlock> {
        let within = Within { sees_outputs: true, ..Within::default() };
        let mut checks = Vec::new();
        for entry in std::mem::take(&mut document.checks) {
            let trees = [&entry.assert, &entry.http, &entry.message, &entry.when];
            trees.into_iter().flatten().for_each(|tree| drop(self.references(tree, within)));
            let [assert, http, message, when] =
                [entry.assert, entry.http, entry.message, entry.when].map(|tree| tree.map(Arc::new));
            let Named { name, span } = entry.name;
            checks.push(CheckBlock { name, span, assert, http, message, when });
        }
        checks
    }

    /// `for_each` is worked out before there is an `each`.
    fn meta(&mut self, meta: &Meta, own: &str) {
        for (field, tree) in meta.trees() {
            let is_repeated = field != "for_each" && meta.for_each.is_some();
            let within = Within { is_repeated, own: Some(own), decides: Some(field), ..Within::default() };
            self.references(tree, within);
        }
        meta.for_each.iter().for_each(|tree| self.has_keys(tree));
    }

    /// Whether a `for_each` that goes over a resource as a whole finds keys there.
    fn has_keys(&mut self, for_each: &Tree) {
        let TreeKind::Expression(located) = &for_each.kind else { return };
        if !located.expression.is_path() {
            return;
        }
        for Mention { reference, span, .. } in for_each.references() {
            let target = match self.names.get(&reference.root) {
                Some(Name::Resource(index)) => &self.resources[*index],
                Some(Name::Existing(index)) => &self.existing[*index],
                _ => continue,
            };
            if reference.path.is_empty() && !target.is_repeated {
                let message = format!("`{}` has no `for_each`, so it has no keys to repeat over", reference.root);
                let help = "write a list of strings such as `[a, b]`, a map, or the name of what has a `for_each`";
                self.error("for-each", span, message, help.to_owned());
            }
        }
    }

    fn lookup(&mut self, entry: LookupEntry) -> Lookup {
        self.meta(&entry.meta, &entry.name.name);
        let is_repeated = entry.meta.for_each.is_some();
        self.references(&entry.by, Within { is_repeated, own: Some(&entry.name.name), ..Within::default() });
        let Named { name, span } = entry.name;
        let kind = entry.schema.name().to_owned();
        Lookup { name, span, kind, schema: entry.schema, by: Arc::new(entry.by), meta: entry.meta }
    }

    fn call(&mut self, mut call: ModuleCall, depends_on: &[Named]) -> ModuleCall {
        self.meta(&call.meta, &call.name);
        let within = Within { is_repeated: call.meta.for_each.is_some(), own: Some(&call.name), ..Within::default() };
        call.with.values().for_each(|(_, tree)| drop(self.references(tree, within)));
        call.depends_on = depends_on.iter().filter_map(|named| self.depends_on(named, &call.name)).collect();
        call
    }

    fn resource(&mut self, entry: ResourceEntry) -> ResourceTemplate {
        self.meta(&entry.meta, &entry.name.name);
        let is_repeated = entry.meta.for_each.is_some();
        let within = Within { is_repeated, own: Some(&entry.name.name), ..Within::default() };
        let references = self.references(&entry.body, within);
        entry.lifecycle.trees().for_each(|(_, tree)| drop(self.references(tree, within)));
        let depends_on = entry.depends_on.iter().filter_map(|named| self.depends_on(named, &entry.name.name)).collect();
        let triggers = entry.replace_triggered_by.iter().filter_map(|named| self.trigger(named)).collect();
        entry.ignore_changes.iter().for_each(|named| self.ignored(named, &entry.schema));
        ResourceTemplate {
            name: entry.name.name,
            span: entry.name.span,
            kind: entry.schema.name().to_owned(),
            schema: entry.schema,
            body: Arc::new(entry.body),
            meta: entry.meta,
            depends_on,
            references,
            lifecycle: entry.lifecycle,
            ignore_changes: entry.ignore_changes.into_iter().map(|named| named.name).collect(),
            replace_triggered_by: triggers,
        }
    }

    /// Checks every name in `tree` and answers what they mean.
    fn references(&mut self, tree: &Tree, within: Within<'_>) -> Vec<NamedReference> {
        let references = tree.references();
        references.into_iter().filter_map(|mention| self.reference(mention, within)).collect()
    }

    fn error(&mut self, code: &'static str, place: Span, message: String, help: String) {
        self.diagnostics.push(Diagnostic::error(code, message).at(place).with_help(help));
    }

    fn depends_on(&mut self, named: &Named, own: &str) -> Option<Name> {
        match self.names.get(&named.name) {
            Some(Name::Resource(_) | Name::Module(_)) if named.name == own => {
                let message = format!("`{own}` depends on itself");
                self.error("cycle", named.span, message, "leave it out".to_owned());
                None
            }
            Some(name @ (Name::Resource(_) | Name::Module(_))) => Some(*name),
            Some(Name::Unread) => None,
            Some(name) => {
                let message = format!("`{}` is {}, and nothing to wait for", named.name, name.describe());
                let help = "leave it out: only resources and modules are made".to_owned();
                self.error("unknown-reference", named.span, message, help);
                None
            }
            None => {
                self.no_resource(named, &named.name, "`depends_on`");
                None
            }
        }
    }

    /// The names of the resources, and of the modules too.
    fn made(&self) -> HashSet<&str> {
        let is_made = |name: &Name| matches!(name, Name::Resource(_) | Name::Module(_));
        self.names.iter().filter(|(_, name)| is_made(name)).map(|(name, _)| name.as_str()).collect()
    }

    /// Naming a resource that could not be read is no mistake of its own.
    fn no_resource(&mut self, named: &Named, name: &str, what: &str) {
        let is_unread = self.names.get(name) == Some(&Name::Unread);
        if is_unread || (self.is_partial && !self.names.contains_key(name)) {
            return;
        }
        let inner = name.trim_start_matches("${").split(['.', '[', '}']).next().unwrap_or_default();
        let made = self.made();
        let mut sorted: Vec<&str> = made.iter().copied().collect();
        sorted.sort_unstable();
        let help = match suggest(inner, sorted) {
            _ if inner != name && made.contains(inner) => {
                format!("write `{inner}`: {what} names whole resources and modules")
            }
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("{what} takes names of the spec's resources"),
        };
        self.error("unknown-reference", named.span, format!("there is no resource `{name}`"), help);
    }

    fn trigger(&mut self, named: &Named) -> Option<Address> {
        match named.name.parse::<Address>() {
            Ok(address) if matches!(self.names.get(address.name()), Some(Name::Resource(_))) => Some(address),
            Ok(address) => {
                self.no_resource(named, address.name(), "`replace_triggered_by`");
                None
            }
            Err(error) => {
                let help = "name a resource, or one of its keys as in `public[\"us-east-1a\"]`".to_owned();
                self.error("bad-address", named.span, error.to_string(), help);
                None
            }
        }
    }

    fn ignored(&mut self, named: &Named, schema: &KindSchema) {
        let top = named.name.split('.').next().unwrap_or_default();
        if schema.spec.fields.contains_key(top) {
            return;
        }
        let help = match suggest(top, schema.spec.fields.keys().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("`provision kinds {}` tells of all its fields", schema.name()),
        };
        self.error("unknown-field", named.span, format!("{} has no field `{top}`", schema.name()), help);
    }
}

/// One of the keys a block is repeated by, where the file states them.
fn stated_key(meta: &Meta) -> Option<String> {
    match &meta.for_each.as_ref()?.kind {
        TreeKind::Map(entries) => entries.keys().next().cloned(),
        TreeKind::List(items) => match &items.first()?.kind {
            TreeKind::Literal(Value::String(key)) => Some(key.to_string()),
            _ => None,
        },
        _ => None,
    }
}
