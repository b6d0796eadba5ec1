//! The smaller sections: `environments`, `locals`, `existing`, `modules` and `checks`.

use super::meta::META_FIELDS;
use super::{CallEntry, CheckEntry, Document, Environment, LookupEntry, Named, Reader, is_stack_name};
use crate::diagnostic::suggest;
use crate::schema::{StringType, Type};
use crate::spec::definition::Meta;
use crate::spec::tree::{Tree, TreeKind};
use crate::spec::yaml::{Entry, Node, NodeKind};

const CALL_FIELDS: [&str; 7] = ["use", "with", "for_each", "when", "region", "assume_role", "depends_on"];
const CHECK_FIELDS: [&str; 4] = ["assert", "http", "message", "when"];

impl Reader<'_> {
    pub(super) fn environments(&mut self, node: &Node) -> Vec<Environment> {
        let mut environments = Vec::new();
        for entry in self.mapping(node, "`environments`") {
            let name = Named::of(entry);
            if !is_stack_name(&name.name) {
                let help = "use letters, digits, `-` and `_`: the name becomes part of the state file's".to_owned();
                let message = format!("`{}` is no name for an environment", name.name);
                self.error("bad-name", name.span, message, Some(help));
            }
            let what = format!("the environment `{}`", name.name);
            let values = self.mapping(&entry.value, &what).to_vec();
            environments.push(Environment { name, values });
        }
        environments
    }

    pub(super) fn locals(&mut self, node: &Node) -> Vec<(Named, Tree)> {
        let entries = self.mapping(node, "`locals`");
        entries.iter().map(|entry| (self.name(entry, "a local"), self.tree(&entry.value, &Type::Any))).collect()
    }

    pub(super) fn existing(&mut self, node: &Node, document: &mut Document) {
        for entry in self.mapping(node, "`existing`") {
            let name = self.name(entry, "something that exists");
            match self.lookup(entry, name) {
                Some(lookup) => document.existing.push(lookup),
                None => document.unread.push(entry.key.text.to_string()),
            }
        }
    }

    fn lookup(&mut self, entry: &Entry, name: Named) -> Option<LookupEntry> {
        let what = format!("`{}`", entry.key.text);
        if let Some(id) = entry.value.text().filter(|_| !entry.value.is_null()) {
            let help = format!("say of which kind it is, as in `{}: {{ ec2/vpc: {{ id: {id} }} }}`", entry.key.text);
            self.error("missing-kind", entry.value.span, format!("{what} is a mapping, not a text"), Some(help));
            return None;
        }
        let fields = self.mapping(&entry.value, &what);
        if fields.is_empty() && !entry.value.is_null() && entry.value.entries().is_none() {
            return None;
        }
        let others: Vec<&Entry> = fields.iter().filter(|field| !META_FIELDS.contains(&&*field.key.text)).collect();
        let kind = self.kind(entry, &others)?;
        let schema = self.schemas.get(&kind.key.text)?.clone();
        let mut meta = Meta::default();
        for field in fields.iter().filter(|field| field.key != kind.key) {
            match self.field(field, fields, &META_FIELDS, &what) {
                Some(known) => self.meta(known, &field.value, &mut meta),
                None => return None,
            }
        }
        let by = self.known_by(kind, &schema)?;
        Some(LookupEntry { name, schema, by, meta })
    }

    /// What a lookup goes by: an id, properties or outputs of the kind.
    fn known_by(&mut self, kind: &Entry, schema: &crate::schema::KindSchema) -> Option<Tree> {
        if let Some(id) = kind.value.text().filter(|_| !kind.value.is_null()) {
            let message = format!("`{}` is a mapping, not a text", kind.key.text);
            let help = format!("say what it is known by, as in `{{ id: {id} }}`");
            self.error("wrong-type", kind.value.span, message, Some(help));
            return None;
        }
        let entries = self.mapping(&kind.value, &format!("`{}`", kind.key.text));
        if !super::is_mapping(&kind.value) {
            return None;
        }
        if entries.is_empty() {
            let help = "say by what it is known, such as `{ id: … }` or `{ tags: { Name: … } }`".to_owned();
            let message = format!("nothing says which `{}` is meant", kind.key.text);
            self.error("missing-field", kind.key.span, message, Some(help));
            return None;
        }
        let mut by = std::collections::BTreeMap::new();
        for entry in entries {
            let Some(field) = schema.attribute(&entry.key.text) else {
                self.no_attribute(entry, schema);
                continue;
            };
            let tree = self.tree(&entry.value, &field.ty);
            by.insert(entry.key.text.to_string(), (entry.key.span, tree));
        }
        Some(Tree { span: kind.value.span, kind: TreeKind::Map(by) })
    }

    fn no_attribute(&mut self, entry: &Entry, schema: &crate::schema::KindSchema) {
        let names = || schema.spec.fields.keys().chain(schema.outputs.fields.keys()).map(String::as_str);
        let help = match suggest(&entry.key.text, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("`provision kinds {}` tells of all its properties and outputs", schema.name()),
        };
        let message = format!("{} has no property or output `{}`", schema.name(), entry.key.text);
        self.error("unknown-field", entry.key.span, message, Some(help));
    }

    pub(super) fn calls(&mut self, node: &Node) -> Vec<CallEntry> {
        self.mapping(node, "`modules`").iter().map(|entry| self.call(entry)).collect()
    }

    fn call(&mut self, entry: &Entry) -> CallEntry {
        let name = self.name(entry, "a module");
        let what = format!("the module `{}`", name.name);
        let mut call = CallEntry {
            name,
            path: None,
            with: Some(Vec::new()),
            beside: Vec::new(),
            meta: Meta::default(),
            depends_on: Vec::new(),
        };
        if let Some(path) = entry.value.text().filter(|path| !path.is_empty()) {
            let help = format!("write `{{ use: {path} }}`, and `with:` for its params");
            self.error("wrong-type", entry.value.span, format!("{what} is a mapping, not a text"), Some(help));
            return call;
        }
        let fields = self.mapping(&entry.value, &what);
        let mut names_file = false;
        for field in fields {
            if is_perhaps_param(&field.key.text) {
                call.beside.push(field.clone());
                continue;
            }
            match self.field(field, fields, &CALL_FIELDS, &what) {
                Some("use") => {
                    names_file = true;
                    call.path = self.path(&field.value);
                }
                Some("with") => {
                    let entries = self.mapping(&field.value, "`with`").to_vec();
                    call.with = super::is_mapping(&field.value).then_some(entries);
                }
                Some("depends_on") => call.depends_on = self.names(&field.value, "`depends_on`"),
                Some(known) => self.meta(known, &field.value, &mut call.meta),
                None => {}
            }
        }
        if !names_file && super::is_mapping(&entry.value) {
            let help = "name its file, as in `use: ./modules/network.yaml`".to_owned();
            self.error("missing-field", entry.key.span, format!("{what} does not say which file it uses"), Some(help));
        }
        call
    }

    /// Tells of a field beside `use` that is none.
    pub(in crate::spec) fn no_call_field(&mut self, field: &Entry, call: &str) {
        self.field(field, &[], &CALL_FIELDS, &format!("the module `{call}`"));
    }

    fn path(&mut self, node: &Node) -> Option<Named> {
        let name = self.text(node, "`use`")?;
        if name.contains("${") {
            let help = "write the path itself: which files belong to a spec must be plain to see. To choose between \
                        modules, use each with a `when`"
                .to_owned();
            self.error("expression", node.span, "`use` is a path, without expressions", Some(help));
            return None;
        }
        Some(Named { name, span: node.span })
    }

    pub(super) fn checks(&mut self, node: &Node) -> Vec<CheckEntry> {
        self.mapping(node, "`checks`").iter().map(|entry| self.check(entry)).collect()
    }

    fn check(&mut self, entry: &Entry) -> CheckEntry {
        let name = self.name(entry, "a check");
        let what = format!("the check `{}`", name.name);
        let mut check = CheckEntry { name, assert: None, http: None, message: None, when: None };
        let fields = self.mapping(&entry.value, &what);
        for field in fields {
            match self.field(field, fields, &CHECK_FIELDS, &what) {
                Some("assert") => check.assert = Some(self.tree(&field.value, &Type::Bool)),
                Some("http") => check.http = Some(self.http(&field.value)),
                Some("message") => {
                    check.message = Some(self.tree(&field.value, &Type::String(StringType::default())));
                }
                Some("when") => check.when = Some(self.tree(&field.value, &Type::Bool)),
                _ => {}
            }
        }
        self.one_condition(entry, &check, fields.is_empty());
        check
    }

    fn one_condition(&mut self, entry: &Entry, check: &CheckEntry, is_empty: bool) {
        let help = "write `assert: ${…}`, or `http: { url: … }`".to_owned();
        match (&check.assert, &check.http) {
            (Some(_), Some(_)) => {
                let message = format!("the check `{}` has both `assert` and `http`", check.name.name);
                let help = "make it two checks, so that each has a name to be told by".to_owned();
                self.error("several-conditions", entry.key.span, message, Some(help));
            }
            (None, None) if is_empty || entry.value.entries().is_some() => {
                let message = format!("the check `{}` says nothing that must hold", check.name.name);
                self.error("missing-field", entry.key.span, message, Some(help));
            }
            _ => {}
        }
    }

    /// A request; a lone text is its URL.
    fn http(&mut self, node: &Node) -> Tree {
        let ty = crate::spec::checks::http_type();
        match &node.kind {
            NodeKind::Scalar { .. } => {
                let url = self.tree(node, &Type::String(StringType::default()));
                let entries = [("url".to_owned(), (node.span, url))].into();
                Tree { span: node.span, kind: TreeKind::Map(entries) }
            }
            _ => self.tree(node, &ty),
        }
    }
}

/// Whether a field beside `use` may have been meant for `with`: no field of calls is near.
fn is_perhaps_param(name: &str) -> bool {
    let is_near = suggest(name, CALL_FIELDS).is_some() || super::words::meant(name, &CALL_FIELDS).is_some();
    !CALL_FIELDS.contains(&name) && !is_near
}
