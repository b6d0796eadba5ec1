//! Everything about a spec that can be told from its names: what they stand for, and what
//! a value named is good for.

mod attribute;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::document::{Document, Named, ResourceBlock};
use super::expand::describe_cycle;
use super::tree::{Mention, Tree};
use super::{DependsOn, ResourceReference, ResourceTemplate, Spec, Trigger};
use crate::address::Address;
use crate::diagnostic::{Diagnostic, Span, suggest};
use crate::expr::PathStep;
use crate::graph::Graph;
use crate::schema::KindSchema;
use crate::value::Value;

/// Turns a document into a spec, noting everything that is wrong with it.
pub(super) fn check(document: Document, params: BTreeMap<String, Value>, diagnostics: &mut Vec<Diagnostic>) -> Spec {
    let mut checker = Checker::new(&document, diagnostics);
    checker.names_used_twice(&document);
    let region = document.region.as_ref().and_then(|tree| checker.region(tree, &params));
    if let Some(tags) = &document.default_tags {
        checker.references(tags, None);
    }
    for output in &document.outputs {
        checker.references(&output.value, None);
    }
    let resources: Vec<ResourceTemplate> =
        document.resources.into_iter().map(|block| checker.resource(block)).collect();
    checker.cycles(&resources);
    Spec {
        stack: document.stack,
        region,
        params,
        default_tags: document.default_tags.filter(|_| document.default_tags_fit).map(Arc::new),
        resources,
        moved: document.moved,
        imports: document.imports,
        outputs: document.outputs.into_iter().map(Arc::new).collect(),
    }
}

struct Checker<'a> {
    diagnostics: &'a mut Vec<Diagnostic>,
    params: HashSet<String>,
    /// Names of resources that could not be read.
    unread: HashSet<String>,
    /// By name.
    resources: HashMap<String, Target>,
}

/// What references to a resource need to know of it.
#[derive(Clone)]
struct Target {
    template: usize,
    schema: Arc<KindSchema>,
    is_repeated: bool,
}

/// The resource an expression stands in.
struct Within<'a> {
    is_repeated: bool,
    name: &'a str,
}

impl<'a> Checker<'a> {
    fn new(document: &Document, diagnostics: &'a mut Vec<Diagnostic>) -> Self {
        let target = |(template, block): (usize, &ResourceBlock)| {
            let (schema, is_repeated) = (block.schema.clone(), block.for_each.is_some());
            (block.name.clone(), Target { template, schema, is_repeated })
        };
        Self {
            diagnostics,
            params: document.params.keys().cloned().collect(),
            unread: document.unread.iter().cloned().collect(),
            resources: document.resources.iter().enumerate().map(target).collect(),
        }
    }

    fn names_used_twice(&mut self, document: &Document) {
        for block in &document.resources {
            if let Some(param) = document.params.get(&block.name) {
                let message = format!("`{}` names both a param and a resource", block.name);
                let diagnostic = Diagnostic::error("name-taken", message).at(block.span);
                let help = "rename one: expressions could not tell which is meant";
                self.diagnostics.push(diagnostic.with_label(param.span, "the param").with_help(help));
            }
        }
    }

    /// The region must be known before anything is asked of AWS.
    fn region(&mut self, tree: &Tree, params: &BTreeMap<String, Value>) -> Option<String> {
        if !self.names_no_resource(tree, "region", "use params and constants") {
            return None;
        }
        let (facts, attributes) = Default::default();
        let scope = super::ResourceScope { params, facts: &facts, attributes: &attributes, each: None, empty: &[] };
        match tree.evaluate(&scope) {
            Ok(Value::String(region)) => {
                self.is_no_zone(&region, tree.span);
                Some(region.to_string())
            }
            Ok(Value::Unknown(_)) => None,
            Ok(_) => {
                let diagnostic = Diagnostic::error("wrong-type", "`region` is a single string").at(tree.span);
                self.diagnostics.push(diagnostic.with_help("write one such as `us-east-1`"));
                None
            }
            Err(errors) => {
                self.diagnostics.extend(errors);
                None
            }
        }
    }

    fn is_no_zone(&mut self, region: &str, span: Span) {
        let parent = region.trim_end_matches(|c: char| c.is_ascii_lowercase());
        if parent.len() + 1 == region.len() && parent.ends_with(|c: char| c.is_ascii_digit()) {
            let message = format!("`{region}` is an availability zone, not a region");
            let diagnostic = Diagnostic::error("bad-region", message).at(span);
            self.diagnostics.push(diagnostic.with_help(format!("write `{parent}`")));
        }
    }

    fn resource(&mut self, block: ResourceBlock) -> ResourceTemplate {
        let within = Within { is_repeated: block.for_each.is_some(), name: &block.name };
        let references = self.references(&block.body, Some(&within));
        if let Some(for_each) = &block.for_each {
            let help = "its keys become addresses, so they must be known before anything is made: use params, `zones(n)` and constants";
            self.names_no_resource(for_each, "for_each", help);
        }
        let depends_on = block.depends_on.iter().filter_map(|named| self.depends_on(named, &block.name)).collect();
        let triggers = block.replace_triggered_by.iter().filter_map(|named| self.trigger(named)).collect();
        block.ignore_changes.iter().for_each(|named| self.ignored(named, &block.schema));
        self.fed_fields(&block.body, &block.schema.as_type(), &mut Vec::new());
        ResourceTemplate {
            name: block.name,
            span: block.span,
            kind: block.schema.name().to_owned(),
            body: Arc::new(block.body),
            for_each: block.for_each.map(Arc::new),
            region: block.region,
            assume_role: block.assume_role,
            depends_on,
            references,
            lifecycle: block.lifecycle,
            ignore_changes: block.ignore_changes.into_iter().map(|named| named.name).collect(),
            replace_triggered_by: triggers,
        }
    }

    /// Checks every name in `tree` and answers the resources among them.
    fn references(&mut self, tree: &Tree, within: Option<&Within<'_>>) -> Vec<ResourceReference> {
        let references = tree.references();
        references.into_iter().filter_map(|mention| self.reference(mention, within)).collect()
    }

    fn reference(&mut self, mention: Mention, within: Option<&Within<'_>>) -> Option<ResourceReference> {
        match mention.reference.root.as_str() {
            "aws" => self.member(&mention, &["account_id", "partition", "region"]),
            "each" if within.is_some_and(|within| within.is_repeated) => {
                self.member(&mention, &["index", "key", "value"]);
            }
            "each" => self.stray_each(mention.head),
            name if self.params.contains(name) || self.unread.contains(name) => {}
            name if within.is_some_and(|within| within.name == name && !within.is_repeated) => {
                let message = format!("`{name}` refers to itself");
                let diagnostic = Diagnostic::error("cycle", message).at(mention.span);
                self.diagnostics.push(diagnostic.with_help("write the value itself, or name it as a param"));
            }
            name => match self.resources.get(name).cloned() {
                Some(target) => {
                    self.attribute(&mention, &target);
                    let Mention { reference, span, .. } = mention;
                    return Some(ResourceReference { template: target.template, reference, span });
                }
                None => self.unknown_name(&mention),
            },
        }
        None
    }

    fn member(&mut self, mention: &Mention, members: &[&str]) {
        let reference = &mention.reference;
        if let Some(PathStep::Field(name)) = reference.path.first()
            && !members.contains(&name.as_str())
        {
            let help = match suggest(name, members.iter().copied()) {
                Some(near) => format!("did you mean `{}.{near}`?", reference.root),
                None => format!("it has {}", super::document::list(members)),
            };
            let place = if reference.path.len() == 1 { mention.tail } else { mention.span };
            self.error("unknown-reference", place, format!("`{}` has no `{name}`", reference.root), help);
        }
    }

    fn stray_each(&mut self, place: Span) {
        let message = "`each` means something only in a resource with `for_each`".to_owned();
        let help = "add `for_each:` beside the kind, or name the value itself".to_owned();
        self.error("unknown-reference", place, message, help);
    }

    fn unknown_name(&mut self, mention: &Mention) {
        let Mention { reference, head, .. } = mention;
        let known = self.params.iter().chain(self.resources.keys()).map(String::as_str).chain(["aws", "each"]);
        let mut known: Vec<&str> = known.collect();
        known.sort_unstable();
        let second = reference.path.first();
        let help = match (suggest(&reference.root, known.iter().copied()), second) {
            (_, Some(PathStep::Field(name))) if is_namespace(&reference.root) && known.contains(&name.as_str()) => {
                format!("write `{name}`: params and resources are named without anything before them")
            }
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, _) => "expressions can name params, resources, `each` and `aws`".to_owned(),
        };
        self.error("unknown-reference", *head, format!("nothing is named `{}`", reference.root), help);
    }

    fn error(&mut self, code: &'static str, place: Span, message: String, help: String) {
        self.diagnostics.push(Diagnostic::error(code, message).at(place).with_help(help));
    }

    /// For what must be known before there are resources.
    fn names_no_resource(&mut self, tree: &Tree, what: &str, help: &str) -> bool {
        let before = self.diagnostics.len();
        for mention in tree.references() {
            let name = &mention.reference.root;
            match name.as_str() {
                "each" => {
                    let message = format!("`{what}` cannot name `each`");
                    self.error("unknown-reference", mention.head, message, help.to_owned());
                }
                name if self.resources.contains_key(name) || self.unread.contains(name) => {
                    let message = format!("`{what}` cannot name the resource `{name}`");
                    self.error("too-early", mention.span, message, help.to_owned());
                }
                _ => drop(self.reference(mention, None)),
            }
        }
        self.diagnostics.len() == before
    }

    fn depends_on(&mut self, named: &Named, own: &str) -> Option<DependsOn> {
        match self.resources.get(&named.name) {
            Some(_) if named.name == own => {
                let message = format!("`{own}` depends on itself");
                self.error("cycle", named.span, message, "leave it out".to_owned());
                None
            }
            Some(target) => Some(DependsOn { template: target.template }),
            None => {
                self.no_resource(named, &named.name, "`depends_on`");
                None
            }
        }
    }

    /// Naming a resource that could not be read is no mistake of its own.
    fn no_resource(&mut self, named: &Named, name: &str, what: &str) {
        if self.unread.contains(name) {
            return;
        }
        let inner = name.trim_start_matches("${").split(['.', '[', '}']).next().unwrap_or_default();
        let help = match suggest(inner, self.resources.keys().map(String::as_str)) {
            _ if inner != name && self.resources.contains_key(inner) => {
                format!("write `{inner}`: {what} names whole resources")
            }
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("{what} takes names of the spec's resources"),
        };
        self.error("unknown-reference", named.span, format!("there is no resource `{name}`"), help);
    }

    fn trigger(&mut self, named: &Named) -> Option<Trigger> {
        match named.name.parse::<Address>() {
            Ok(address) if self.resources.contains_key(address.name()) => Some(Trigger(address)),
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

    fn cycles(&mut self, resources: &[ResourceTemplate]) {
        let mut graph = Graph::new(resources.len());
        for (index, resource) in resources.iter().enumerate() {
            let named = resource.references.iter().map(|reference| reference.template);
            let needed = named.chain(resource.depends_on.iter().map(|named| named.template));
            needed.filter(|needed| *needed != index).for_each(|needed| graph.needs(index, needed));
        }
        for cycle in graph.order().err().unwrap_or_default() {
            let name = |index: &usize| resources[*index].name.clone();
            self.diagnostics.push(describe_cycle(&cycle, name, |index| resources[*index].span));
        }
    }
}

/// What other tools put in front of the names of params and resources.
fn is_namespace(name: &str) -> bool {
    matches!(name, "param" | "params" | "var" | "vars" | "local" | "locals" | "resource" | "resources" | "module")
}
