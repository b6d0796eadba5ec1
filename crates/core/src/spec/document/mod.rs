//! The sections of a spec or module, read from its YAML tree.

mod blocks;
mod import;
mod meta;
mod moved;
mod param;
mod resource;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::definition::{LifecycleBlock, Meta};
use super::format::SECTIONS;
use super::params::Param;
use super::tree::Tree;
use super::yaml::{Entry, Node, NodeKind, ScalarValue};
use crate::address::is_name;
use crate::diagnostic::{Diagnostic, Sources, Span, suggest};
use crate::plan::Move;
use crate::schema::{KindSchema, Schemas, StringType, Type, conform};

pub use import::ImportBlock;

/// A file as it stands: every section read, nothing resolved.
#[derive(Debug, Default)]
pub(super) struct Document {
    /// The stack's name.
    pub stack: String,
    /// The region, where the spec states it.
    pub region: Option<Tree>,
    /// The role by which AWS is reached.
    pub assume_role: Option<Tree>,
    /// Where the state lies.
    pub state: Option<Tree>,
    /// The params by name.
    pub params: BTreeMap<String, Param>,
    /// Values of params by environment.
    pub environments: Vec<Environment>,
    /// Named expressions.
    pub locals: Vec<(Named, Tree)>,
    /// Tags for every resource that takes tags.
    pub default_tags: Option<Tree>,
    /// Whether they are what tags must be.
    pub default_tags_fit: bool,
    /// What is looked up.
    pub existing: Vec<LookupEntry>,
    /// The modules it uses.
    pub calls: Vec<CallEntry>,
    /// The resources, in the order of the file.
    pub resources: Vec<ResourceEntry>,
    /// What must hold after an apply.
    pub checks: Vec<CheckEntry>,
    /// The outputs, in the order of the file.
    pub outputs: Vec<(String, Tree)>,
    /// Resources that had other addresses.
    pub moved: Vec<Move>,
    /// What exists and is to be taken under our care.
    pub imports: Vec<ImportBlock>,
    /// Names of what could not be read: naming one is no mistake of its own.
    pub unread: Vec<String>,
    /// Whether a whole section could not be read, so that any name may be one of its.
    pub is_partial: bool,
    /// What the file is for.
    pub purpose: Purpose,
}

/// What a file is for, which decides the sections it may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A stack.
    #[default]
    Spec,
    /// To be used by other files.
    Module,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Self::Spec => "a spec",
            Self::Module => "a module",
        }
    }

    fn sections(self) -> Vec<&'static str> {
        SECTIONS.into_iter().filter(|section| self == Self::Spec || !OF_STACKS.contains(section)).collect()
    }

    fn beginning(self) -> &'static str {
        match self {
            Self::Spec => "begin with a line such as `stack: shop`, then `resources:`",
            Self::Module => "begin with `params:` or `resources:`",
        }
    }
}

/// One entry of `environments`.
#[derive(Debug)]
pub(super) struct Environment {
    /// Its name.
    pub name: Named,
    /// The params it gives other values.
    pub values: Vec<Entry>,
}

/// One entry of `resources`.
#[derive(Debug)]
pub(super) struct ResourceEntry {
    /// Its name.
    pub name: Named,
    /// Its kind.
    pub schema: Arc<KindSchema>,
    /// Its properties.
    pub body: Tree,
    /// Repetition, condition and place.
    pub meta: Meta,
    /// Names of what it needs without referring to it.
    pub depends_on: Vec<Named>,
    /// What protects it and orders its replacement.
    pub lifecycle: LifecycleBlock,
    /// Properties whose changes are left alone.
    pub ignore_changes: Vec<Named>,
    /// Resources whose change replaces this one.
    pub replace_triggered_by: Vec<Named>,
}

/// One entry of `modules`.
#[derive(Debug)]
pub(super) struct CallEntry {
    /// Its name.
    pub name: Named,
    /// The file it uses.
    pub path: Option<Named>,
    /// The values of the module's params; `None` where they could not be read.
    pub with: Option<Vec<Entry>>,
    /// What stands beside `use` and is no field there.
    pub beside: Vec<Entry>,
    /// Repetition, condition and place.
    pub meta: Meta,
    /// Names of what everything in it needs without referring to it.
    pub depends_on: Vec<Named>,
}

/// One entry of `existing`.
#[derive(Debug)]
pub(super) struct LookupEntry {
    /// Its name.
    pub name: Named,
    /// Its kind.
    pub schema: Arc<KindSchema>,
    /// What it is known by.
    pub by: Tree,
    /// Repetition, condition and place.
    pub meta: Meta,
}

/// One entry of `checks`.
#[derive(Debug)]
pub(super) struct CheckEntry {
    /// Its name.
    pub name: Named,
    /// What must be true.
    pub assert: Option<Tree>,
    /// A request whose answer tells.
    pub http: Option<Tree>,
    /// What to say when it does not hold.
    pub message: Option<Tree>,
    /// Whether it is to be looked at.
    pub when: Option<Tree>,
}

/// A name with its place.
#[derive(Clone, Debug)]
pub(super) struct Named {
    /// The name.
    pub name: String,
    /// Where it stands.
    pub span: Span,
}

impl Named {
    fn of(entry: &Entry) -> Self {
        Self { name: entry.key.text.to_string(), span: entry.key.span }
    }
}

/// Sections that a spec has and a module has not.
const OF_STACKS: [&str; 8] = ["stack", "region", "assume_role", "state", "environments", "defaults", "moved", "import"];
/// Those whose entries expressions may name.
const NAMING_SECTIONS: [&str; 5] = ["params", "locals", "existing", "modules", "resources"];

/// Reads the sections of a file. What cannot be read is left out and told.
pub(super) fn read(
    root: &Node,
    purpose: Purpose,
    sources: &Sources,
    schemas: &Schemas,
    diagnostics: &mut Vec<Diagnostic>,
) -> Document {
    Reader::new(sources, schemas, diagnostics).document(root, purpose)
}

/// Reads parts of a spec, noting what is wrong with them.
pub(super) struct Reader<'a> {
    pub(super) sources: &'a Sources,
    schemas: &'a Schemas,
    pub(super) diagnostics: &'a mut Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(sources: &'a Sources, schemas: &'a Schemas, diagnostics: &'a mut Vec<Diagnostic>) -> Self {
        Self { sources, schemas, diagnostics }
    }
}

impl Reader<'_> {
    pub(super) fn error(&mut self, code: &'static str, span: Span, message: impl Into<String>, help: Option<String>) {
        let mut diagnostic = Diagnostic::error(code, message).at(span);
        diagnostic.help = help;
        self.diagnostics.push(diagnostic);
    }

    fn document(&mut self, root: &Node, purpose: Purpose) -> Document {
        let mut document = Document { purpose, ..Document::default() };
        let what = purpose.name();
        if !matches!(root.kind, NodeKind::Mapping(_)) && !root.is_null() {
            let message = format!("{what} is a mapping of names to values, not {}", root.describe());
            self.error("wrong-type", root.span, message, Some(purpose.beginning().to_owned()));
            document.is_partial = true;
            return document;
        }
        let entries = self.mapping(root, what);
        if purpose == Purpose::Spec && !entries.iter().any(|entry| &*entry.key.text == "stack") {
            let help = "add a line such as `stack: shop`; it names the state and marks what belongs together";
            self.error("missing-field", start_of(root.span), "`stack` is missing", Some(help.to_owned()));
        }
        let sections = purpose.sections();
        for entry in entries {
            if purpose == Purpose::Module && OF_STACKS.contains(&&*entry.key.text) {
                self.of_stack(entry, entries);
                continue;
            }
            if let Some(section) = self.field(entry, entries, &sections, what) {
                document.is_partial |= NAMING_SECTIONS.contains(&section) && !is_mapping(&entry.value);
                self.section(section, &entry.value, &mut document);
            }
        }
        document
    }

    /// Tells of a section of stacks in a module; of those in a whole spec once.
    fn of_stack(&mut self, entry: &Entry, entries: &[Entry]) {
        let name = &*entry.key.text;
        let all: Vec<&str> = entries.iter().map(|entry| &*entry.key.text).filter(|it| OF_STACKS.contains(it)).collect();
        if name == "stack" {
            let message = "this file is a spec, and only modules can be used";
            let help = format!("leave out {}, which the spec that uses it states", list(&all));
            self.error("unknown-field", entry.key.span, message, Some(help));
        } else if !all.contains(&"stack") {
            let help = match name {
                "region" | "assume_role" => format!("write `{name}:` beside `use:`, where the module is used"),
                _ => "write it in the spec that uses the module".to_owned(),
            };
            let message = format!("`{name}` belongs into a spec, not a module");
            self.error("unknown-field", entry.key.span, message, Some(help));
        }
    }

    fn section(&mut self, section: &str, node: &Node, document: &mut Document) {
        match section {
            "stack" => document.stack = self.stack(node),
            "region" => document.region = Some(self.tree(node, &Type::String(StringType::default()))),
            "assume_role" => document.assume_role = Some(self.tree(node, &Type::Any)),
            "state" => document.state = Some(self.tree(node, &Type::String(StringType::default()))),
            "description" => drop(self.text(node, "`description`")),
            "params" => document.params = self.params(node),
            "environments" => document.environments = self.environments(node),
            "locals" => document.locals = self.locals(node),
            "defaults" => {
                document.default_tags = self.defaults(node);
                document.default_tags_fit = document.default_tags.as_ref().is_none_or(|tags| self.tags_fit(tags));
            }
            "existing" => self.existing(node, document),
            "modules" => document.calls = self.calls(node),
            "resources" => self.resources(node, document),
            "moved" => document.moved = self.moved(node),
            "import" => document.imports = self.imports(node),
            "checks" => document.checks = self.checks(node),
            "outputs" => document.outputs = self.outputs(node),
            _ => {}
        }
    }

    /// The entries of a mapping; an empty value is an empty mapping.
    pub(super) fn mapping<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Entry] {
        match &node.kind {
            NodeKind::Mapping(entries) => entries,
            NodeKind::Scalar { .. } if node.is_null() => &[],
            _ => {
                let message = format!("{what} is a mapping of names to values, not {}", node.describe());
                let help = match node.items().map(|items| items.first().and_then(Node::text)) {
                    Some(Some(first)) => {
                        format!("write `{first}:` on a line below, and what belongs to it behind that")
                    }
                    Some(None) => "give each item a name, and write that with a `:` in place of its `-`".to_owned(),
                    None => "write `name: value` pairs, each on a line below".to_owned(),
                };
                self.error("wrong-type", node.span, message, Some(help));
                &[]
            }
        }
    }

    /// Which of the fields of `what` an entry is. A misspelt one is told of and taken for
    /// what it was meant to be, so that nothing else seems to be missing.
    pub(super) fn field(
        &mut self,
        entry: &Entry,
        siblings: &[Entry],
        known: &[&'static str],
        what: &str,
    ) -> Option<&'static str> {
        let name = &*entry.key.text;
        if let Some(field) = known.iter().find(|field| **field == name) {
            return Some(field);
        }
        let near = suggest(name, known.iter().copied()).or_else(|| words::meant(name, known));
        let help = match &near {
            Some(near) => format!("did you mean `{near}`?"),
            None => words::advice(name, known).unwrap_or_else(|| format!("{what} has {}", list(known))),
        };
        self.error("unknown-field", entry.key.span, format!("{what} has no field `{name}`"), Some(help));
        let meant = known.iter().find(|field| near.as_deref() == Some(field))?;
        siblings.iter().all(|sibling| &*sibling.key.text != *meant).then_some(meant)
    }

    fn tree(&mut self, node: &Node, ty: &Type) -> Tree {
        Tree::compile(node, ty, self.sources, self.diagnostics)
    }

    pub(super) fn text(&mut self, node: &Node, what: &str) -> Option<String> {
        let text = node.text().filter(|_| !node.is_null()).map(str::to_owned);
        if text.is_none() {
            let message = match node.is_null() {
                true => format!("{what} has no value"),
                false => format!("{what} is a string, not {}", node.describe()),
            };
            self.error("wrong-type", node.span, message, Some("write a single value here".to_owned()));
        }
        text
    }

    fn stack(&mut self, node: &Node) -> String {
        let name = self.text(node, "`stack`").unwrap_or_default();
        if !is_stack_name(&name) && !name.is_empty() {
            let help = "use letters, digits, `-` and `_`: the name becomes the state file's";
            self.error("bad-name", node.span, format!("`{name}` is no name for a stack"), Some(help.to_owned()));
        }
        name
    }

    /// Names are identifiers, since expressions use them.
    fn name(&mut self, entry: &Entry, what: &str) -> Named {
        let name = &entry.key.text;
        if !is_name(name) {
            let mut fixed: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
            if !is_name(&fixed) {
                fixed.insert(0, '_');
            }
            let help = format!("use letters, digits and `_`, such as `{fixed}`: expressions name it");
            self.error("bad-name", entry.key.span, format!("`{name}` is no name for {what}"), Some(help));
        } else if RESERVED.contains(&&**name) {
            let help = "choose another: expressions use this name for something else".to_owned();
            self.error("bad-name", entry.key.span, format!("`{name}` cannot name {what}"), Some(help));
        }
        Named::of(entry)
    }

    fn defaults(&mut self, node: &Node) -> Option<Tree> {
        let mut tags = None;
        let entries = self.mapping(node, "`defaults`");
        for entry in entries {
            if self.field(entry, entries, &["tags"], "`defaults`").is_some() {
                tags = Some(self.tree(&entry.value, &tags_type()));
            }
        }
        tags
    }

    /// Tells here of what is wrong with default tags, where it stands: every resource has them.
    fn tags_fit(&mut self, tree: &Tree) -> bool {
        let misfits = conform(&tree.shape(), &tags_type()).err().unwrap_or_default();
        let fit = misfits.is_empty();
        for misfit in misfits {
            let place = ["tags"].into_iter().chain(misfit.path.iter().map(String::as_str)).collect::<Vec<_>>();
            let message = format!("`{}` of `defaults`: {}", place.join("."), misfit.message);
            self.error(misfit.code, tree.locate(&misfit.path, false), message, misfit.help);
        }
        fit
    }

    fn names(&mut self, node: &Node, what: &str) -> Vec<Named> {
        let NodeKind::Sequence(items) = &node.kind else {
            let help = match node.text() {
                Some(name) if name.contains("${") => "write the names themselves, without expressions".to_owned(),
                Some(name) if !name.is_empty() => format!("write `[{name}]`"),
                _ => "write a list such as `[vpc]`".to_owned(),
            };
            let message = format!("{what} is a list of names, not {}", node.describe());
            self.error("wrong-type", node.span, message, Some(help));
            return Vec::new();
        };
        let named = items.iter().filter_map(|item| Some(Named { name: self.text(item, "a name")?, span: item.span }));
        named.collect()
    }

    pub(super) fn boolean(&mut self, node: &Node) -> bool {
        match node.scalar_value() {
            Some(ScalarValue::Bool(value)) => value,
            _ => {
                let help = "write `true` or `false`".to_owned();
                self.error(
                    "wrong-type",
                    node.span,
                    format!("expected a boolean, found {}", node.describe()),
                    Some(help),
                );
                false
            }
        }
    }

    fn outputs(&mut self, node: &Node) -> Vec<(String, Tree)> {
        let entries = self.mapping(node, "`outputs`");
        entries.iter().map(|entry| (entry.key.text.to_string(), self.tree(&entry.value, &Type::Any))).collect()
    }
}

/// Whether `name` may name a stack: it becomes a file's name.
pub(super) fn is_stack_name(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
}

/// Names that expressions use for something else.
const RESERVED: [&str; 8] = ["each", "aws", "stack", "outputs", "true", "false", "null", "in"];

fn tags_type() -> Type {
    Type::Map(Box::new(Type::String(StringType::default())))
}

fn start_of(span: Span) -> Span {
    Span { end: span.start, ..span }
}

fn is_mapping(node: &Node) -> bool {
    node.is_null() || node.entries().is_some()
}

/// `a`, `b` and `c`.
pub(super) fn list(names: &[&str]) -> String {
    match names {
        [] => "none".to_owned(),
        [only] => format!("`{only}`"),
        [first @ .., last] => {
            let first: Vec<String> = first.iter().map(|name| format!("`{name}`")).collect();
            format!("{} and `{last}`", first.join(", "))
        }
    }
}
