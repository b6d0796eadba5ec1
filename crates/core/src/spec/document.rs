//! The sections of a spec, read from its YAML tree.

mod import;
mod moved;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::params::Param;
use super::tree::{Tree, TreeKind};
use super::yaml::{Entry, Node, NodeKind, ScalarValue};
use crate::address::is_name;
use crate::diagnostic::{Diagnostic, Sources, Span, suggest};
use crate::plan::Move;
use crate::schema::{KindSchema, Schemas, StringType, Type, conform};
use crate::state::Lifecycle;

pub use import::ImportBlock;

/// A spec as it stands in its file: every section read, nothing resolved.
#[derive(Debug, Default)]
pub(super) struct Document {
    /// The stack's name.
    pub stack: String,
    /// The region, where the spec states it.
    pub region: Option<Tree>,
    /// The params by name.
    pub params: BTreeMap<String, Param>,
    /// Tags for every resource that takes tags.
    pub default_tags: Option<Tree>,
    /// Whether they are what tags must be.
    pub default_tags_fit: bool,
    /// The resources, in the order of the file.
    pub resources: Vec<ResourceBlock>,
    /// The outputs, in the order of the file.
    pub outputs: Vec<OutputBlock>,
    /// Resources that had other addresses.
    pub moved: Vec<Move>,
    /// What exists and is to be taken under our care.
    pub imports: Vec<ImportBlock>,
    /// Names of resources that could not be read: naming one is no mistake of its own.
    pub unread: Vec<String>,
}

/// One entry of `resources`.
#[derive(Debug)]
pub(super) struct ResourceBlock {
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub span: Span,
    /// Its kind.
    pub schema: Arc<KindSchema>,
    /// Its properties.
    pub body: Tree,
    /// What it is repeated over.
    pub for_each: Option<Tree>,
    /// The region, where it is not the stack's.
    pub region: Option<Tree>,
    /// The role to assume.
    pub assume_role: Option<Tree>,
    /// Names of resources it needs without referring to them.
    pub depends_on: Vec<Named>,
    /// What protects it and orders its replacement.
    pub lifecycle: Lifecycle,
    /// Properties whose changes are left alone.
    pub ignore_changes: Vec<Named>,
    /// Resources whose change replaces this one.
    pub replace_triggered_by: Vec<Named>,
}

/// A name with its place.
#[derive(Clone, Debug)]
pub(super) struct Named {
    /// The name.
    pub name: String,
    /// Where it stands.
    pub span: Span,
}

/// One entry of `outputs`.
#[derive(Debug)]
pub struct OutputBlock {
    /// Its name.
    pub name: String,
    /// What it gives.
    pub value: Tree,
}

const SECTIONS: [&str; 8] = ["stack", "region", "params", "defaults", "moved", "import", "resources", "outputs"];
const RESOURCE_FIELDS: [&str; 5] = ["for_each", "depends_on", "lifecycle", "region", "assume_role"];
const LIFECYCLE_FIELDS: [&str; 5] =
    ["prevent_destroy", "retain_on_delete", "create_before_destroy", "ignore_changes", "replace_triggered_by"];

/// Reads the sections of a spec. What cannot be read is left out and told.
pub(super) fn read(root: &Node, sources: &Sources, schemas: &Schemas, diagnostics: &mut Vec<Diagnostic>) -> Document {
    let mut reader = Reader { sources, schemas, diagnostics };
    reader.document(root)
}

/// Reads parts of a spec, noting what is wrong with them.
pub(super) struct Reader<'a> {
    pub(super) sources: &'a Sources,
    schemas: &'a Schemas,
    pub(super) diagnostics: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    pub(super) fn error(&mut self, code: &'static str, span: Span, message: impl Into<String>, help: Option<String>) {
        let mut diagnostic = Diagnostic::error(code, message).at(span);
        diagnostic.help = help;
        self.diagnostics.push(diagnostic);
    }

    fn document(&mut self, root: &Node) -> Document {
        let mut document = Document::default();
        if !matches!(root.kind, NodeKind::Mapping(_)) && !root.is_null() {
            let message = format!("a spec is a mapping of names to values, not {}", root.describe());
            let help = "begin with a line such as `stack: shop`, then `resources:`".to_owned();
            self.error("wrong-type", root.span, message, Some(help));
            return document;
        }
        let entries = self.mapping(root, "a spec");
        if !entries.iter().any(|entry| &*entry.key.text == "stack") {
            let help = "add a line such as `stack: shop`; it names the state and marks what belongs together";
            self.error("missing-field", start_of(root.span), "`stack` is missing", Some(help.to_owned()));
        }
        for entry in entries {
            match self.field(entry, entries, &SECTIONS, "a spec") {
                Some("stack") => document.stack = self.stack(&entry.value),
                Some("region") => document.region = Some(self.tree(&entry.value, &Type::String(StringType::default()))),
                Some("params") => document.params = self.params(&entry.value),
                Some("defaults") => {
                    document.default_tags = self.defaults(&entry.value);
                    document.default_tags_fit = document.default_tags.as_ref().is_none_or(|tags| self.tags_fit(tags));
                }
                Some("resources") => self.resources(&entry.value, &mut document),
                Some("moved") => document.moved = self.moved(&entry.value),
                Some("import") => document.imports = self.imports(&entry.value),
                Some("outputs") => document.outputs = self.outputs(&entry.value),
                _ => {}
            }
        }
        document
    }

    /// The entries of a mapping; an empty value is an empty mapping.
    pub(super) fn mapping<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Entry] {
        match &node.kind {
            NodeKind::Mapping(entries) => entries,
            NodeKind::Scalar { .. } if node.is_null() => &[],
            _ => {
                let message = format!("{what} is a mapping of names to values, not {}", node.describe());
                let help = match node.kind {
                    NodeKind::Sequence(_) => "write `name:` where an item has its `-`",
                    _ => "write `name: value` pairs, each on a line below",
                };
                self.error("wrong-type", node.span, message, Some(help.to_owned()));
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
        let near = suggest(name, known.iter().copied());
        let help = match &near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("{what} has {}", list(known)),
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

    fn params(&mut self, node: &Node) -> BTreeMap<String, Param> {
        let mut params = BTreeMap::new();
        for entry in self.mapping(node, "`params`") {
            self.name(entry, "a param");
            let param = self.param(&entry.value, entry.key.span);
            params.insert(entry.key.text.to_string(), param);
        }
        params
    }

    /// Names are identifiers, since expressions use them.
    fn name(&mut self, entry: &Entry, what: &str) {
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

    fn resources(&mut self, node: &Node, document: &mut Document) {
        for entry in self.mapping(node, "`resources`") {
            if self.schemas.get(&entry.key.text).is_some() {
                self.kind_without_name(entry);
                continue;
            }
            self.name(entry, "a resource");
            match self.resource(entry) {
                Some(block) => document.resources.push(block),
                None => document.unread.push(entry.key.text.to_string()),
            }
        }
    }

    fn kind_without_name(&mut self, entry: &Entry) {
        let kind = &entry.key.text;
        let noun = kind.rsplit('/').next().unwrap_or_default();
        let help = format!("give it a name of your own, such as `{noun}:`, and put the kind below that");
        self.error("missing-name", entry.key.span, format!("`{kind}` is a kind, and no resource's name"), Some(help));
    }

    fn resource(&mut self, entry: &Entry) -> Option<ResourceBlock> {
        let what = format!("`{}`", entry.key.text);
        if let Some(kind) = entry.value.text().filter(|_| !entry.value.is_null()) {
            let help = format!("write `{kind}:` on a line below `{}:`, and its properties below that", entry.key.text);
            self.error("missing-kind", entry.value.span, format!("{what} is a mapping, not a text"), Some(help));
            return None;
        }
        let fields = self.mapping(&entry.value, &what);
        if fields.is_empty() && !entry.value.is_null() && entry.value.entries().is_none() {
            return None;
        }
        let others: Vec<&Entry> = fields.iter().filter(|field| !RESOURCE_FIELDS.contains(&&*field.key.text)).collect();
        let kind = self.kind(entry, &others)?;
        let schema = self.schemas.get(&kind.key.text)?.clone();
        let (beside, others): (Vec<&Entry>, Vec<&Entry>) = others
            .into_iter()
            .filter(|other| other.key != kind.key)
            .partition(|other| schema.spec.fields.contains_key(&*other.key.text));
        let mut block = ResourceBlock {
            name: entry.key.text.to_string(),
            span: entry.key.span,
            body: self.body(kind, &beside, &schema.as_type()),
            schema,
            for_each: None,
            region: None,
            assume_role: None,
            depends_on: Vec::new(),
            lifecycle: Lifecycle::default(),
            ignore_changes: Vec::new(),
            replace_triggered_by: Vec::new(),
        };
        for field in fields.iter().filter(|field| !others.iter().chain(&beside).any(|other| other.key == field.key)) {
            self.resource_field(&field.key.text, field, &mut block);
        }
        for other in others {
            if self.schemas.get(&other.key.text).is_some() {
                let help = "make it a resource of its own".to_owned();
                self.error("several-kinds", other.key.span, format!("{what} has a second kind"), Some(help));
            } else if let Some(meant) = self.field(other, fields, &RESOURCE_FIELDS, &what) {
                self.resource_field(meant, other, &mut block);
            }
        }
        Some(block)
    }

    fn resource_field(&mut self, name: &str, field: &Entry, block: &mut ResourceBlock) {
        match name {
            "for_each" => block.for_each = Some(self.tree(&field.value, &Type::Any)),
            "region" => block.region = Some(self.tree(&field.value, &Type::String(StringType::default()))),
            "assume_role" => block.assume_role = Some(self.tree(&field.value, &Type::Any)),
            "depends_on" => block.depends_on = self.names(&field.value, "`depends_on`"),
            "lifecycle" => self.lifecycle(&field.value, block),
            _ => {}
        }
    }

    /// The properties; a kind without any may be left empty. Those that stand `beside`
    /// the kind are told of and taken in.
    fn body(&mut self, kind: &Entry, beside: &[&Entry], ty: &Type) -> Tree {
        let mut tree = self.tree(&kind.value, ty);
        if kind.value.is_null() {
            tree = Tree { span: kind.key.span, kind: TreeKind::Map(BTreeMap::new()) };
        }
        for entry in beside {
            let message = format!("`{}` stands beside its kind", entry.key.text);
            let help = format!("indent it below `{}:`", kind.key.text);
            self.error("misplaced-field", entry.key.span, message, Some(help));
        }
        if !beside.is_empty()
            && let TreeKind::Map(entries) = &mut tree.kind
        {
            let entries_beside = beside.iter().map(|entry| (*entry).clone()).collect();
            let node = Node { span: kind.key.span, kind: NodeKind::Mapping(entries_beside) };
            if let TreeKind::Map(more) = Tree::compile(&node, ty, self.sources, self.diagnostics).kind {
                entries.extend(more);
            }
        }
        tree
    }

    /// The field that names a kind: the first one that is there, else the one that
    /// looks most like one, which is told of.
    fn kind<'n>(&mut self, entry: &Entry, candidates: &[&'n Entry]) -> Option<&'n Entry> {
        if let Some(kind) = candidates.iter().find(|entry| self.schemas.get(&entry.key.text).is_some()) {
            return Some(kind);
        }
        let near = |name: &str| suggest(name, self.schemas.names()).or_else(|| same_noun(name, self.schemas.names()));
        let like = candidates.iter().map(|entry| (entry, near(&entry.key.text)));
        let mut like = like.filter(|(entry, near)| near.is_some() || entry.key.text.contains('/'));
        let (span, message, help) = match like.next() {
            Some((kind, near)) => {
                let help = near.map(|near| format!("did you mean `{near}`?"));
                (kind.key.span, format!("there is no kind `{}`", kind.key.text), help)
            }
            None => {
                let help = "its kind is a key below its name, such as `ec2/vpc:`, and its properties stand below that";
                (entry.key.span, format!("`{}` has no kind", entry.key.text), Some(help.to_owned()))
            }
        };
        let code = if span == entry.key.span { "missing-kind" } else { "unknown-kind" };
        let help = help.unwrap_or_else(|| "`provision kinds` lists all there are".to_owned());
        self.error(code, span, message, Some(help));
        None
    }

    fn names(&mut self, node: &Node, what: &str) -> Vec<Named> {
        let NodeKind::Sequence(items) = &node.kind else {
            let help = match node.text() {
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

    fn lifecycle(&mut self, node: &Node, block: &mut ResourceBlock) {
        let entries = self.mapping(node, "`lifecycle`");
        for entry in entries {
            match self.field(entry, entries, &LIFECYCLE_FIELDS, "`lifecycle`") {
                Some("prevent_destroy") => block.lifecycle.prevent_destroy = self.boolean(&entry.value),
                Some("retain_on_delete") => block.lifecycle.retain_on_delete = self.boolean(&entry.value),
                Some("create_before_destroy") => block.lifecycle.create_before_destroy = self.boolean(&entry.value),
                Some("ignore_changes") => block.ignore_changes = self.names(&entry.value, "`ignore_changes`"),
                Some("replace_triggered_by") => {
                    block.replace_triggered_by = self.names(&entry.value, "`replace_triggered_by`");
                }
                _ => {}
            }
        }
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

    fn outputs(&mut self, node: &Node) -> Vec<OutputBlock> {
        let mut outputs = Vec::new();
        for entry in self.mapping(node, "`outputs`") {
            let value = self.tree(&entry.value, &Type::Any);
            outputs.push(OutputBlock { name: entry.key.text.to_string(), value });
        }
        outputs
    }
}

/// Whether `name` may name a stack: it becomes a file's name.
pub(super) fn is_stack_name(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
}

/// Names that expressions use for something else.
const RESERVED: [&str; 6] = ["each", "aws", "true", "false", "null", "in"];

fn tags_type() -> Type {
    Type::Map(Box::new(Type::String(StringType::default())))
}

fn start_of(span: Span) -> Span {
    Span { end: span.start, ..span }
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

/// A kind with the same noun under another service: `vpc` or `aws_vpc` for `ec2/vpc`.
fn same_noun<'k>(name: &str, kinds: impl Iterator<Item = &'k str>) -> Option<String> {
    let noun = name.rsplit('/').next()?.trim_start_matches("aws_");
    let mut same = kinds.filter(|kind| kind.rsplit('/').next() == Some(noun));
    same.next().map(str::to_owned)
}
