//! What each name in an expression means, and what to say where it means nothing.

use std::collections::HashMap;

use super::{Checker, Within};
use crate::diagnostic::{Diagnostic, Span, suggest};
use crate::expr::PathStep;
use crate::spec::definition::{ModuleCall, Name, NamedReference};
use crate::spec::document::{Document, Named, list};
use crate::spec::tree::Mention;

/// What every name of a file means.
pub(super) fn names(document: &Document, calls: &[(ModuleCall, Vec<Named>)]) -> HashMap<String, Name> {
    let params = document.params.keys().map(|name| (name.clone(), Name::Param));
    let unread = document.unread.iter().map(|name| (name.clone(), Name::Unread));
    let locals = (0..).zip(&document.locals).map(|(index, (it, _))| (it.name.clone(), Name::Local(index)));
    let existing = (0..).zip(&document.existing).map(|(index, it)| (it.name.name.clone(), Name::Existing(index)));
    let resources = (0..).zip(&document.resources).map(|(index, it)| (it.name.name.clone(), Name::Resource(index)));
    let calls = (0..).zip(calls).map(|(index, (it, _))| (it.name.clone(), Name::Module(index)));
    unread.chain(calls).chain(resources).chain(existing).chain(locals).chain(params).collect()
}

impl Checker<'_> {
    pub(super) fn names_used_twice(&mut self, document: &Document, calls: &[(ModuleCall, Vec<Named>)]) {
        let params = document.params.iter().map(|(name, param)| ("param", name.as_str(), param.span));
        let locals = document.locals.iter().map(|(it, _)| ("local", it.name.as_str(), it.span));
        let existing = document.existing.iter().map(|it| ("existing", it.name.name.as_str(), it.name.span));
        let calls = calls.iter().map(|(it, _)| ("module", it.name.as_str(), it.span));
        let resources = document.resources.iter().map(|it| ("resource", it.name.name.as_str(), it.name.span));
        let mut taken: HashMap<&str, (&str, Span)> = HashMap::new();
        let mut found = Vec::new();
        for (what, name, span) in params.chain(locals).chain(existing).chain(calls).chain(resources) {
            match taken.get(name) {
                Some((first, place)) => {
                    let message = format!("`{name}` names both a {first} and a {what}");
                    let diagnostic = Diagnostic::error("name-taken", message).at(span);
                    let help = "rename one: expressions could not tell which is meant";
                    found.push(diagnostic.with_label(*place, format!("the {first}")).with_help(help));
                }
                None => drop(taken.insert(name, (what, span))),
            }
        }
        self.diagnostics.extend(found);
    }

    pub(super) fn reference(&mut self, mention: Mention, within: Within<'_>) -> Option<NamedReference> {
        let root = mention.reference.root.as_str();
        match root {
            "aws" => self.member(&mention, &["account_id", "partition", "region"]),
            "stack" => self.member(&mention, &["environment", "name"]),
            "outputs" if within.sees_outputs => {
                let outputs = self.outputs.clone();
                self.member(&mention, &outputs.iter().map(String::as_str).collect::<Vec<_>>());
            }
            "each" if within.is_repeated => self.member(&mention, &["index", "key", "value"]),
            "each" => self.stray_each(mention.head),
            name if within.own == Some(name) && !within.is_repeated => self.refers_to_itself(&mention),
            name => match self.names.get(name).copied() {
                Some(Name::Unread) => {}
                Some(name) => {
                    self.target(&mention, name);
                    return Some(NamedReference { name, reference: mention.reference, span: mention.span });
                }
                None => self.unknown_name(&mention),
            },
        }
        None
    }

    /// Whether what is named has what is named of it.
    fn target(&mut self, mention: &Mention, name: Name) {
        match name {
            Name::Resource(index) => {
                self.named.insert(index);
                let target = self.resources[index].clone();
                self.attribute(mention, &target);
            }
            Name::Existing(index) => {
                let target = self.existing[index].clone();
                self.attribute(mention, &target);
            }
            Name::Module(index) => {
                let target = self.calls[index].clone();
                self.output_of(mention, &target);
            }
            Name::Param | Name::Local(_) | Name::Unread => {}
        }
    }

    fn refers_to_itself(&mut self, mention: &Mention) {
        let message = format!("`{}` refers to itself", mention.reference.root);
        let diagnostic = Diagnostic::error("cycle", message).at(mention.span);
        self.diagnostics.push(diagnostic.with_help("write the value itself, or name it as a param"));
    }

    fn member(&mut self, mention: &Mention, members: &[&str]) {
        let reference = &mention.reference;
        if let Some(PathStep::Field(name)) = reference.path.first()
            && !members.contains(&name.as_str())
        {
            let help = match suggest(name, members.iter().copied()) {
                Some(near) => format!("did you mean `{}.{near}`?", reference.root),
                None => format!("it has {}", list(members)),
            };
            let place = if reference.path.len() == 1 { mention.tail } else { mention.span };
            self.error("unknown-reference", place, format!("`{}` has no `{name}`", reference.root), help);
        }
    }

    fn stray_each(&mut self, place: Span) {
        let message = "`each` means something only in a resource or module with `for_each`".to_owned();
        let help = "add `for_each:` beside the kind, or name the value itself".to_owned();
        self.error("unknown-reference", place, message, help);
    }

    fn unknown_name(&mut self, mention: &Mention) {
        let Mention { reference, head, .. } = mention;
        let mut known: Vec<&str> = self.names.keys().map(String::as_str).chain(["aws", "each", "stack"]).collect();
        known.sort_unstable();
        let second = reference.path.first();
        let help = match (suggest(&reference.root, known.iter().copied()), second) {
            (_, Some(PathStep::Field(name))) if is_namespace(&reference.root) && known.contains(&name.as_str()) => {
                format!("write `{name}`: whatever a spec declares is named without anything before it")
            }
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, _) => {
                "expressions can name params, locals, resources, modules, `existing` entries, `each`, `aws` and `stack`"
                    .to_owned()
            }
        };
        self.error("unknown-reference", *head, format!("nothing is named `{}`", reference.root), help);
    }
}

/// What other tools put in front of names.
fn is_namespace(name: &str) -> bool {
    let namespaces =
        ["param", "params", "var", "vars", "local", "locals", "resource", "resources", "module", "modules"];
    namespaces.contains(&name) || matches!(name, "data" | "existing")
}
