//! From documents to modules: the files a spec uses, each read and checked once.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::check;
use super::definition::{Module, ModuleCall};
use super::document::{self, CallEntry, Document, Named, Purpose};
use super::files::{Files, beside};
use super::given::{self, Given};
use super::params::Param;
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
    /// The files whose modules are being read, the root first, and where each is used.
    open: Vec<(String, Span)>,
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
        self.used(document, source, Span::default())
    }

    /// As [`define`](Self::define), for a file that is used at `place`.
    fn used(&mut self, document: &mut Document, source: SourceId, place: Span) -> Module {
        let file = self.sources.name(source).to_owned();
        self.open.push((file.clone(), place));
        let calls = std::mem::take(&mut document.calls);
        let calls: Vec<(ModuleCall, Vec<Named>)> = calls.into_iter().map(|call| self.call(call, &file)).collect();
        self.open.pop();
        let (params, is_partial) = (document.params.clone(), document.is_partial);
        let module = Module { source, file, params, is_partial, ..Module::default() };
        check::check(document, module, calls, self.diagnostics)
    }

    /// A call with its module; and the names it depends on.
    fn call(&mut self, entry: CallEntry, from: &str) -> (ModuleCall, Vec<Named>) {
        let CallEntry { name, path, with, beside, meta, depends_on } = entry;
        let module = path.and_then(|path| self.module(&path, from));
        let beside = self.beside(beside, module.as_deref(), &name);
        let with = match &module {
            Some(module) => self.with(with, &beside, module, &name),
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
        let start = self.open.iter().position(|(open, _)| open == file);
        let around: Vec<String> = self.open[start.unwrap_or(0)..].iter().map(|(file, _)| format!("`{file}`")).collect();
        let (code, message, help) = match (start, around.as_slice()) {
            (Some(_), [only]) => {
                ("cycle", format!("{only} uses itself"), "leave it out; `for_each` makes several of a module")
            }
            (Some(_), [first, ..]) => {
                let message = format!("modules use each other: {} → {first}", around.join(" → "));
                ("cycle", message, "leave one of them out, or move what they share into a third")
            }
            (None, _) if self.open.len() > DEEPEST => {
                ("too-deep", format!("modules lie more than {DEEPEST} deep in each other"), "make them flatter")
            }
            _ => return false,
        };
        let on_the_way = self.open.iter().skip(start.map_or(self.open.len(), |start| start + 1));
        let diagnostic = on_the_way.fold(Diagnostic::error(code, message).at(span), |diagnostic, (file, place)| {
            diagnostic.with_label(*place, format!("uses `{file}`"))
        });
        self.diagnostics.push(diagnostic.with_help(help));
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
        Some(self.used(&mut document, source, span))
    }

    /// What stands beside `use` and was meant for `with`; it is told of, as is the rest.
    fn beside(&mut self, beside: Vec<Entry>, module: Option<&Module>, call: &Named) -> Vec<Entry> {
        let is_param = |field: &Entry| module.is_some_and(|module| module.params.contains_key(&*field.key.text));
        let (meant, others): (Vec<Entry>, Vec<Entry>) = beside.into_iter().partition(is_param);
        for field in &meant {
            let message = format!("`{}` stands beside `use`", field.key.text);
            let diagnostic = Diagnostic::error("misplaced-field", message).at(field.key.span);
            self.diagnostics.push(diagnostic.with_help("indent it below `with:`, as a param of the module"));
        }
        let mut reader = document::Reader::new(self.sources, self.schemas, self.diagnostics);
        others.iter().for_each(|field| reader.no_call_field(field, &call.name));
        meant
    }

    /// The values a call gives the params of its module.
    fn with(
        &mut self,
        entries: Option<Vec<Entry>>,
        beside: &[Entry],
        module: &Module,
        call: &Named,
    ) -> BTreeMap<String, (Span, Arc<Tree>)> {
        let mut with = BTreeMap::new();
        let mut meant = Vec::new();
        for entry in entries.iter().flatten().chain(beside) {
            let param = module.params.get(&*entry.key.text);
            if param.is_none() {
                meant.extend(self.no_param(entry, module));
            }
            let ty = param.map_or(&Type::Any, |param| &param.ty);
            let tree = Tree::compile(&entry.value, ty, self.sources, self.diagnostics);
            with.insert(entry.key.text.to_string(), (entry.key.span, Arc::new(tree)));
        }
        if entries.is_some() {
            let missing = module.params.iter().filter(|(name, param)| {
                param.default.is_none() && param.sound && !with.contains_key(*name) && !meant.contains(name)
            });
            self.missing_params(&missing.collect::<Vec<_>>(), module, call);
        }
        with
    }

    fn missing_params(&mut self, missing: &[(&String, &Param)], module: &Module, call: &Named) {
        if missing.is_empty() {
            return;
        }
        let names: Vec<&str> = missing.iter().map(|(name, _)| name.as_str()).collect();
        let message =
            format!("the module `{}` lacks its {} {}", call.name, plural("param", &names), document::list(&names));
        let help =
            format!("write `{}: …` below `with:`; `{}` says what each is", names.join(": …` and `"), module.file);
        let mut diagnostic = Diagnostic::error("missing-param", message).at(call.span).with_help(help);
        for (_, param) in missing {
            diagnostic = diagnostic.with_label(param.span, "declared here, without a default");
        }
        self.diagnostics.push(diagnostic);
    }

    /// Answers which param was probably meant.
    fn no_param(&mut self, entry: &Entry, module: &Module) -> Option<String> {
        let name = &entry.key.text;
        let names: Vec<&str> = module.params.keys().map(String::as_str).collect();
        let near = suggest(name, names.iter().copied());
        let help = match &near {
            Some(near) => format!("did you mean `{near}`?"),
            None if names.is_empty() => "it has no params at all: leave it out".to_owned(),
            None => format!("it takes {}", document::list(&names)),
        };
        let message = format!("the module `{}` has no param `{name}`", module.file);
        self.diagnostics.push(Diagnostic::error("unknown-param", message).at(entry.key.span).with_help(help));
        near
    }
}

fn plural(word: &str, names: &[&str]) -> String {
    if names.len() == 1 { word.to_owned() } else { format!("{word}s") }
}
