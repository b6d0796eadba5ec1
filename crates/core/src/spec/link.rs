//! From documents to modules: the files a spec uses, each read and checked once.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::check;
use super::definition::{Module, ModuleCall};
use super::document::{self, CallEntry, Document, Named, Purpose};
use super::files::{Files, beside};
use super::given::{self, Given};
use super::tree::Tree;
use super::yaml::{self, Entry};
use crate::diagnostic::{Diagnostic, SourceId, Sources, Span, suggest};
use crate::schema::{Schemas, Type};

/// How deep modules may lie in each other.
const DEEPEST: usize = 20;

/// Reads the modules that files use.
pub(super) struct Linker<'a> {
    pub(super) sources: &'a mut Sources,
    pub(super) schemas: &'a Schemas,
    pub(super) files: &'a Files,
    pub(super) diagnostics: &'a mut Vec<Diagnostic>,
    /// The modules read so far, by file; `None` for what is no module.
    modules: HashMap<String, Option<Arc<Module>>>,
    /// The files whose modules are being read, the root first.
    open: Vec<String>,
}

impl<'a> Linker<'a> {
    pub(super) fn new(
        sources: &'a mut Sources,
        schemas: &'a Schemas,
        files: &'a Files,
        diagnostics: &'a mut Vec<Diagnostic>,
    ) -> Self {
        Self { sources, schemas, files, diagnostics, modules: HashMap::new(), open: Vec::new() }
    }

    /// The file `source`, checked, with all the modules it uses. Its params stay in `document`.
    pub(super) fn define(&mut self, document: &mut Document, source: SourceId) -> Module {
        let file = self.sources.name(source).to_owned();
        self.open.push(file.clone());
        let calls = std::mem::take(&mut document.calls);
        let calls: Vec<(ModuleCall, Vec<Named>)> = calls.into_iter().map(|call| self.call(call, &file)).collect();
        self.open.pop();
        let module = Module { source, file, params: document.params.clone(), ..Module::default() };
        check::check(document, module, calls, self.diagnostics)
    }

    /// A call with its module; and the names it depends on.
    fn call(&mut self, entry: CallEntry, from: &str) -> (ModuleCall, Vec<Named>) {
        let CallEntry { name, path, with, meta, depends_on } = entry;
        let module = path.and_then(|path| self.module(&path, from));
        let with = match &module {
            Some(module) => self.with(&with, module, &name),
            None => BTreeMap::new(),
        };
        let Named { name, span } = name;
        (ModuleCall { name, span, module, with, meta, depends_on: Vec::new() }, depends_on)
    }

    fn module(&mut self, path: &Named, from: &str) -> Option<Arc<Module>> {
        let file = beside(from, &path.name);
        if self.is_loop(&file, path.span) {
            return None;
        }
        if let Some(known) = self.modules.get(&file) {
            return known.clone();
        }
        let module = self.read(&file, path.span).map(Arc::new);
        self.modules.insert(file, module.clone());
        module
    }

    fn is_loop(&mut self, file: &str, span: Span) -> bool {
        let (message, help) = match self.open.iter().position(|open| open == file) {
            Some(start) => {
                let around = self.open[start..].iter().map(String::as_str).chain([file]);
                let names: Vec<String> = around.map(|name| format!("`{name}`")).collect();
                (format!("modules use each other: {}", names.join(" → ")), "leave one of them out")
            }
            None if self.open.len() > DEEPEST => {
                (format!("modules lie more than {DEEPEST} deep in each other"), "make them flatter")
            }
            None => return false,
        };
        self.diagnostics.push(Diagnostic::error("cycle", message).at(span).with_help(help));
        true
    }

    fn read(&mut self, file: &str, span: Span) -> Option<Module> {
        let text = match self.files.text(file) {
            Ok(text) => text,
            Err(why) => {
                let help = "the path is relative to the file it stands in";
                let message = format!("the module `{file}` cannot be read: {why}");
                self.diagnostics.push(Diagnostic::error("no-file", message).at(span).with_help(help));
                return None;
            }
        };
        let source = self.sources.find(file).unwrap_or_else(|| self.sources.add(file, &*text));
        let parsed = yaml::parse(source, self.sources.text(source));
        self.diagnostics.extend(parsed.diagnostics);
        let root = parsed.root?;
        let mut document = document::read(&root, Purpose::Module, self.sources, self.schemas, self.diagnostics);
        given::hide_secrets(&root, &document, &Given::default(), self.sources);
        Some(self.define(&mut document, source))
    }

    /// The values a call gives the params of its module.
    fn with(&mut self, entries: &[Entry], module: &Module, call: &Named) -> BTreeMap<String, (Span, Arc<Tree>)> {
        let mut with = BTreeMap::new();
        for entry in entries {
            let param = module.params.get(&*entry.key.text);
            if param.is_none() {
                self.no_param(entry, module);
            }
            let ty = param.map_or(&Type::Any, |param| &param.ty);
            let tree = Tree::compile(&entry.value, ty, self.sources, self.diagnostics);
            with.insert(entry.key.text.to_string(), (entry.key.span, Arc::new(tree)));
        }
        let is_missing = |name: &&String| module.params[*name].default.is_none() && !with.contains_key(*name);
        let missing: Vec<String> = module.params.keys().filter(is_missing).map(|name| format!("`{name}`")).collect();
        if !missing.is_empty() {
            let message = format!("the module `{}` wants {}", call.name, missing.join(", "));
            let help = format!("give it below `with:`; `{}` says what it is", module.file);
            let mut diagnostic = Diagnostic::error("missing-param", message).at(call.span).with_help(help);
            for (name, param) in &module.params {
                if is_missing(&name) {
                    diagnostic = diagnostic.with_label(param.span, "declared here, without a default");
                }
            }
            self.diagnostics.push(diagnostic);
        }
        with
    }

    fn no_param(&mut self, entry: &Entry, module: &Module) {
        let name = &entry.key.text;
        let help = match suggest(name, module.params.keys().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                let names: Vec<&str> = module.params.keys().map(String::as_str).collect();
                format!("it takes {}", document::list(&names))
            }
        };
        let message = format!("the module `{}` has no param `{name}`", module.file);
        self.diagnostics.push(Diagnostic::error("unknown-param", message).at(entry.key.span).with_help(help));
    }
}
