//! `resources`: a name, a kind below it, and the kind's properties below that.

use std::collections::BTreeMap;

use super::{Document, Named, Reader, ResourceEntry};
use crate::diagnostic::suggest;
use crate::schema::Type;
use crate::spec::definition::{LifecycleBlock, Meta};
use crate::spec::tree::{Tree, TreeKind};
use crate::spec::yaml::{Entry, Node, NodeKind};

const RESOURCE_FIELDS: [&str; 6] = ["for_each", "when", "region", "assume_role", "depends_on", "lifecycle"];
const LIFECYCLE_FIELDS: [&str; 5] =
    ["prevent_destroy", "retain_on_delete", "create_before_destroy", "ignore_changes", "replace_triggered_by"];

impl Reader<'_> {
    pub(super) fn resources(&mut self, node: &Node, document: &mut Document) {
        for entry in self.mapping(node, "`resources`") {
            if self.schemas.get(&entry.key.text).is_some() {
                self.kind_without_name(entry);
                continue;
            }
            let name = self.name(entry, "a resource");
            match self.resource(entry, name) {
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

    fn resource(&mut self, entry: &Entry, name: Named) -> Option<ResourceEntry> {
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
        let mut block = ResourceEntry {
            name,
            body: self.body(kind, &beside, &schema.as_type()),
            schema,
            meta: Meta::default(),
            depends_on: Vec::new(),
            lifecycle: LifecycleBlock::default(),
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

    fn resource_field(&mut self, name: &str, field: &Entry, block: &mut ResourceEntry) {
        match name {
            "depends_on" => block.depends_on = self.names(&field.value, "`depends_on`"),
            "lifecycle" => self.lifecycle(&field.value, block),
            _ => self.meta(name, &field.value, &mut block.meta),
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
    pub(super) fn kind<'n>(&mut self, entry: &Entry, candidates: &[&'n Entry]) -> Option<&'n Entry> {
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

    fn lifecycle(&mut self, node: &Node, block: &mut ResourceEntry) {
        let entries = self.mapping(node, "`lifecycle`");
        for entry in entries {
            match self.field(entry, entries, &LIFECYCLE_FIELDS, "`lifecycle`") {
                Some("prevent_destroy") => block.lifecycle.prevent_destroy = Some(self.flag(&entry.value)),
                Some("retain_on_delete") => block.lifecycle.retain_on_delete = Some(self.flag(&entry.value)),
                Some("create_before_destroy") => block.lifecycle.create_before_destroy = Some(self.flag(&entry.value)),
                Some("ignore_changes") => block.ignore_changes = self.names(&entry.value, "`ignore_changes`"),
                Some("replace_triggered_by") => {
                    block.replace_triggered_by = self.names(&entry.value, "`replace_triggered_by`");
                }
                _ => {}
            }
        }
    }

    /// A yes or no, or an expression that gives one.
    fn flag(&mut self, node: &Node) -> std::sync::Arc<Tree> {
        let tree = self.tree(node, &Type::Bool);
        if matches!(&tree.kind, TreeKind::Literal(_)) {
            self.boolean(node);
        }
        std::sync::Arc::new(tree)
    }
}

/// A kind with the same noun under another service: `vpc` or `aws_vpc` for `ec2/vpc`.
fn same_noun<'k>(name: &str, kinds: impl Iterator<Item = &'k str>) -> Option<String> {
    let noun = name.rsplit('/').next()?.trim_start_matches("aws_");
    let mut same = kinds.filter(|kind| kind.rsplit('/').next() == Some(noun));
    same.next().map(str::to_owned)
}
