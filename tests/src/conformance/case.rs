//! A kind's example spec and the list of changes to it.

use std::fs;
use std::path::Path;

use provision_core::diagnostic::SourceId;
use provision_core::spec::yaml::{Entry, Key, Node, NodeKind, parse, print};

use super::SUBJECT;
use crate::stack::Wrong;

/// A kind's example, and what can be changed in it.
pub struct Case {
    /// The kind.
    pub kind: String,
    /// The example's stack.
    pub stack: String,
    /// The example.
    pub text: String,
    /// Its changes, one property each.
    pub changes: Vec<Change>,
    /// Properties that cannot be changed here, each with its reason.
    pub skipped: Vec<(String, String)>,
    /// Changes behind our back that cannot be made or seen here, each with its reason.
    pub blind: Vec<(String, String)>,
    /// Properties by which it cannot be looked up here, each with its reason.
    pub not_found_by: Vec<(String, String)>,
    root: Node,
}

/// A change of one property of the subject.
pub struct Change {
    /// The property.
    pub field: String,
    /// Its new value.
    pub value: Node,
    /// Whether a change behind our back cannot be made or seen on the local AWS.
    pub is_blind: bool,
}

impl Case {
    /// Reads a kind's files below `workspace`.
    ///
    /// # Errors
    /// When one is missing or is not what it should be.
    pub fn read(workspace: &Path, kind: &str) -> Result<Self, Wrong> {
        let text = text(&workspace.join(format!("specs/kinds/{kind}.yaml")))?;
        let root = tree(&text)?;
        let stack = root.get("stack").and_then(Node::text).ok_or("the example has no stack")?.to_owned();
        let listed = tree(&self::text(&workspace.join(format!("tests/conformance/changes/{kind}.yaml")))?)?;
        let mut changes = Vec::new();
        let (mut skipped, mut blind, mut not_found_by) = (Vec::new(), Vec::new(), Vec::new());
        for entry in listed.entries().ok_or("the changes are no mapping")? {
            match &*entry.key.text {
                "skip" => skipped = reasons(&entry.value)?,
                "no_drift" => blind = reasons(&entry.value)?,
                "no_find" => not_found_by = reasons(&entry.value)?,
                field => {
                    changes.push(Change { field: field.to_owned(), value: entry.value.clone(), is_blind: false });
                }
            }
        }
        for change in &mut changes {
            change.is_blind = blind.iter().any(|(field, _)| *field == change.field);
        }
        Ok(Self { kind: kind.to_owned(), stack, text, changes, skipped, blind, not_found_by, root })
    }

    /// The example with a change in it.
    pub fn with(&self, change: &Change) -> String {
        let mut root = self.root.clone();
        let body = ["resources", SUBJECT, &self.kind].iter().try_fold(&mut root, |node, key| inside(node, key));
        if let Some(body) = body {
            set(body, &change.field, change.value.clone());
        }
        print(&root)
    }
}

fn text(path: &Path) -> Result<String, Wrong> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn tree(text: &str) -> Result<Node, Wrong> {
    let parsed = parse(SourceId::default(), text);
    match parsed.diagnostics.first() {
        Some(diagnostic) => Err(diagnostic.message.clone()),
        None => parsed.root.ok_or_else(|| "nothing is there".to_owned()),
    }
}

fn reasons(node: &Node) -> Result<Vec<(String, String)>, Wrong> {
    let entries = node.entries().ok_or("reasons are a mapping")?.iter();
    let told = entries.map(|entry| (entry.key.text.to_string(), entry.value.text().unwrap_or_default().to_owned()));
    Ok(told.collect())
}

fn inside<'n>(node: &'n mut Node, key: &str) -> Option<&'n mut Node> {
    let NodeKind::Mapping(entries) = &mut node.kind else {
        return None;
    };
    entries.iter_mut().find(|entry| &*entry.key.text == key).map(|entry| &mut entry.value)
}

fn set(node: &mut Node, field: &str, value: Node) {
    if let Some(found) = inside(node, field) {
        *found = value;
        return;
    }
    if !matches!(node.kind, NodeKind::Mapping(_)) {
        node.kind = NodeKind::Mapping(Vec::new());
    }
    if let NodeKind::Mapping(entries) = &mut node.kind {
        entries.push(Entry { key: Key { text: field.into(), span: value.span }, value });
    }
}
