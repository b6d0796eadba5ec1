//! The sections of a spec, read from its YAML tree.

use std::collections::BTreeMap;

use super::params::Param;
use super::tree::Tree;
use super::yaml::{Entry, Node, NodeKind, ScalarValue};
use crate::address::is_name;
use crate::diagnostic::{Diagnostic, Sources, Span, suggest};
use crate::schema::{Schemas, StringType, Type};
use crate::state::Lifecycle;

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
    /// The resources, in the order of the file.
    pub resources: Vec<ResourceBlock>,
    /// The outputs, in the order of the file.
    pub outputs: Vec<OutputBlock>,
}

/// One entry of `resources`.
#[derive(Debug)]
pub(super) struct ResourceBlock {
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub span: Span,
    /// Its kind.
    pub kind: String,
    /// Its properties.
    pub body: Tree,
    /// What it is repeated over.
    pub for_each: Option<Tree>,
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

const SECTIONS: [&str; 6] = ["stack", "region", "params", "defaults", "resources", "outputs"];
const RESOURCE_FIELDS: [&str; 3] = ["for_each", "depends_on", "lifecycle"];
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
        let entries = self.mapping(root, "a spec");
        if !entries.iter().any(|entry| &*entry.key.text == "stack") {
            let help = "add a line such as `stack: shop`; it names the state and marks what belongs together";
            self.error("missing-field", start_of(root.span), "`stack` is missing", Some(help.to_owned()));
        }
        for entry in entries {
            match &*entry.key.text {
                "stack" => document.stack = self.stack(&entry.value),
                "region" => document.region = Some(self.tree(&entry.value, &Type::String(StringType::default()))),
                "params" => document.params = self.params(&entry.value),
                "defaults" => document.default_tags = self.defaults(&entry.value),
                "resources" => document.resources = self.resources(&entry.value),
                "outputs" => document.outputs = self.outputs(&entry.value),
                _ => self.unknown_field(entry, &SECTIONS, "a spec"),
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
                self.error("wrong-type", node.span, format!("{what} is a mapping of names to values"), None);
                &[]
            }
        }
    }

    pub(super) fn unknown_field(&mut self, entry: &Entry, known: &[&str], what: &str) {
        let help = match suggest(&entry.key.text, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("{what} has {}", list(known)),
        };
        let message = format!("{what} has no field `{}`", entry.key.text);
        self.error("unknown-field", entry.key.span, message, Some(help));
    }

    fn tree(&mut self, node: &Node, ty: &Type) -> Tree {
        Tree::compile(node, ty, self.sources, self.diagnostics)
    }

    pub(super) fn text(&mut self, node: &Node, what: &str) -> Option<String> {
        let text = node.text().filter(|_| !node.is_null()).map(str::to_owned);
        if text.is_none() {
            self.error("wrong-type", node.span, format!("{what} is a string"), None);
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
            let fixed: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
            let help = format!("use letters, digits and `_`, such as `{fixed}`: expressions name it");
            self.error("bad-name", entry.key.span, format!("`{name}` is no name for {what}"), Some(help));
        } else if RESERVED.contains(&&**name) {
            let help = "choose another: expressions use this name for something else".to_owned();
            self.error("bad-name", entry.key.span, format!("`{name}` cannot name {what}"), Some(help));
        }
    }

    fn defaults(&mut self, node: &Node) -> Option<Tree> {
        let mut tags = None;
        for entry in self.mapping(node, "`defaults`") {
            match &*entry.key.text {
                "tags" => {
                    let ty = Type::Map(Box::new(Type::String(StringType::default())));
                    tags = Some(self.tree(&entry.value, &ty));
                }
                _ => self.unknown_field(entry, &["tags"], "`defaults`"),
            }
        }
        tags
    }

    fn resources(&mut self, node: &Node) -> Vec<ResourceBlock> {
        let mut resources = Vec::new();
        for entry in self.mapping(node, "`resources`") {
            self.name(entry, "a resource");
            resources.extend(self.resource(entry));
        }
        resources
    }

    fn resource(&mut self, entry: &Entry) -> Option<ResourceBlock> {
        let what = format!("`{}`", entry.key.text);
        let fields = self.mapping(&entry.value, &what);
        let kinds: Vec<&Entry> = fields.iter().filter(|field| !RESOURCE_FIELDS.contains(&&*field.key.text)).collect();
        let kind = self.kind(entry, &kinds)?;
        let ty = self.schemas.get(&kind.key.text).map_or(Type::Any, |schema| schema.as_type());
        let mut block = ResourceBlock {
            name: entry.key.text.to_string(),
            span: entry.key.span,
            kind: kind.key.text.to_string(),
            body: self.body(kind, &ty),
            for_each: None,
            depends_on: Vec::new(),
            lifecycle: Lifecycle::default(),
            ignore_changes: Vec::new(),
            replace_triggered_by: Vec::new(),
        };
        for field in fields {
            match &*field.key.text {
                "for_each" => block.for_each = Some(self.tree(&field.value, &Type::Any)),
                "depends_on" => block.depends_on = self.names(&field.value, "`depends_on`"),
                "lifecycle" => self.lifecycle(&field.value, &mut block),
                _ => {}
            }
        }
        Some(block)
    }

    /// The properties; a kind without any may be left empty.
    fn body(&mut self, kind: &Entry, ty: &Type) -> Tree {
        let is_empty = kind.value.is_null();
        let mut tree = self.tree(&kind.value, ty);
        if is_empty {
            tree.kind = super::tree::TreeKind::Map(BTreeMap::new());
            tree.span = kind.key.span;
        }
        tree
    }

    /// The one field that names a kind.
    fn kind<'n>(&mut self, entry: &Entry, candidates: &[&'n Entry]) -> Option<&'n Entry> {
        let name = &entry.key.text;
        match candidates {
            [kind] => self.known_kind(kind).then_some(*kind),
            [] => {
                let help = "its kind is a key below its name, such as `ec2/vpc:`".to_owned();
                self.error("missing-kind", entry.key.span, format!("`{name}` has no kind"), Some(help));
                None
            }
            several => {
                self.several_kinds(name, several);
                None
            }
        }
    }

    fn several_kinds(&mut self, name: &str, candidates: &[&Entry]) {
        let (kinds, others): (Vec<&Entry>, Vec<&Entry>) =
            candidates.iter().copied().partition(|entry| self.schemas.get(&entry.key.text).is_some());
        if kinds.len() == 1 {
            others.into_iter().for_each(|other| self.unknown_field(other, &RESOURCE_FIELDS, &format!("`{name}`")));
            return;
        }
        for other in candidates.iter().skip(1) {
            let help = "make it a resource of its own".to_owned();
            self.error("several-kinds", other.key.span, format!("`{name}` has a second kind"), Some(help));
        }
    }

    fn known_kind(&mut self, kind: &Entry) -> bool {
        let name = &kind.key.text;
        if self.schemas.get(name).is_some() {
            return true;
        }
        let near = suggest(name, self.schemas.names());
        let near = near.or_else(|| same_noun(name, self.schemas.names()));
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`provision kinds` lists all there are".to_owned(),
        };
        self.error("unknown-kind", kind.key.span, format!("there is no kind `{name}`"), Some(help));
        false
    }

    fn names(&mut self, node: &Node, what: &str) -> Vec<Named> {
        let NodeKind::Sequence(items) = &node.kind else {
            self.error("wrong-type", node.span, format!("{what} is a list of names"), None);
            return Vec::new();
        };
        let named = items.iter().filter_map(|item| Some(Named { name: self.text(item, "a name")?, span: item.span }));
        named.collect()
    }

    fn lifecycle(&mut self, node: &Node, block: &mut ResourceBlock) {
        for entry in self.mapping(node, "`lifecycle`") {
            match &*entry.key.text {
                "prevent_destroy" => block.lifecycle.prevent_destroy = self.boolean(&entry.value),
                "retain_on_delete" => block.lifecycle.retain_on_delete = self.boolean(&entry.value),
                "create_before_destroy" => block.lifecycle.create_before_destroy = self.boolean(&entry.value),
                "ignore_changes" => block.ignore_changes = self.names(&entry.value, "`ignore_changes`"),
                "replace_triggered_by" => {
                    block.replace_triggered_by = self.names(&entry.value, "`replace_triggered_by`");
                }
                _ => self.unknown_field(entry, &LIFECYCLE_FIELDS, "`lifecycle`"),
            }
        }
    }

    pub(super) fn boolean(&mut self, node: &Node) -> bool {
        match node.scalar_value() {
            Some(ScalarValue::Bool(value)) => value,
            _ => {
                self.error("wrong-type", node.span, "expected `true` or `false`", None);
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
