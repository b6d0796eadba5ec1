//! Everything about a spec that can be told before anything is asked of AWS.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::document::{Document, Named, ResourceBlock};
use super::expand::describe_cycle;
use super::tree::{Tree, TreeKind};
use super::{DependsOn, ResourceReference, ResourceTemplate, Spec, Trigger};
use crate::address::Address;
use crate::diagnostic::{Diagnostic, Span, suggest};
use crate::expr::{PathStep, Reference};
use crate::graph::Graph;
use crate::schema::{Field, KindSchema, Schemas, StringType, Type, conform_object, with_article};
use crate::value::Value;

/// Turns a document into a spec, noting everything that is wrong with it.
pub(super) fn check(
    document: Document,
    params: BTreeMap<String, Value>,
    schemas: &Schemas,
    diagnostics: &mut Vec<Diagnostic>,
) -> Spec {
    let mut checker = Checker::new(&document, schemas, diagnostics);
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
        default_tags: document.default_tags.map(Arc::new),
        resources,
        outputs: document.outputs.into_iter().map(Arc::new).collect(),
    }
}

struct Checker<'a> {
    schemas: &'a Schemas,
    diagnostics: &'a mut Vec<Diagnostic>,
    params: Vec<String>,
    /// Name → index, kind, whether it is repeated.
    resources: HashMap<String, (usize, String, bool)>,
}

/// The resource an expression stands in.
struct Within<'a> {
    is_repeated: bool,
    name: &'a str,
}

impl<'a> Checker<'a> {
    fn new(document: &Document, schemas: &'a Schemas, diagnostics: &'a mut Vec<Diagnostic>) -> Self {
        let resources = document
            .resources
            .iter()
            .enumerate()
            .map(|(index, block)| (block.name.clone(), (index, block.kind.clone(), block.for_each.is_some())));
        Self { schemas, diagnostics, params: document.params.keys().cloned().collect(), resources: resources.collect() }
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

    fn region(&mut self, tree: &Tree, params: &BTreeMap<String, Value>) -> Option<String> {
        let (facts, attributes) = Default::default();
        let scope = super::ResourceScope { params, facts: &facts, attributes: &attributes, each: None };
        match tree.evaluate(&scope) {
            Ok(Value::String(region)) => Some(region.to_string()),
            Ok(Value::Unknown(_)) => None,
            Ok(_) => {
                self.diagnostics
                    .push(Diagnostic::error("wrong-type", "`region` is a string such as `us-east-1`").at(tree.span));
                None
            }
            Err(errors) => {
                self.diagnostics.extend(errors);
                None
            }
        }
    }

    fn resource(&mut self, block: ResourceBlock) -> ResourceTemplate {
        let within = Within { is_repeated: block.for_each.is_some(), name: &block.name };
        let references = self.references(&block.body, Some(&within));
        if let Some(for_each) = &block.for_each {
            self.for_each(for_each);
        }
        let depends_on = block.depends_on.iter().filter_map(|named| self.depends_on(named, &block.name)).collect();
        let triggers = block.replace_triggered_by.iter().filter_map(|named| self.trigger(named)).collect();
        let schema = self.schemas.get(&block.kind).cloned();
        if let Some(schema) = &schema {
            block.ignore_changes.iter().for_each(|named| self.ignored(named, schema));
        }
        let template = ResourceTemplate {
            name: block.name,
            span: block.span,
            kind: block.kind,
            body: Arc::new(block.body),
            for_each: block.for_each.map(Arc::new),
            depends_on,
            references,
            lifecycle: block.lifecycle,
            ignore_changes: block.ignore_changes.into_iter().map(|named| named.name).collect(),
            replace_triggered_by: triggers,
        };
        if let Some(schema) = &schema {
            self.shape(&template, schema);
            self.fed_fields(&template.body, &schema.as_type(), &mut Vec::new());
        }
        template
    }

    /// Holds all that is literal against the schema.
    fn shape(&mut self, template: &ResourceTemplate, schema: &KindSchema) {
        let address = Address::root(&template.name);
        match conform_object(&template.body.shape(), &schema.spec) {
            Ok(value) => {
                let Some(json) = value.to_driver_json() else { return };
                for broken in (schema.rules)(&json) {
                    let span = template.body.locate(&broken.path, false);
                    let message = format!("`{address}`: {}", broken.message);
                    self.diagnostics.push(Diagnostic::error("broken-rule", message).at(span));
                }
            }
            Err(misfits) => {
                self.diagnostics.extend(misfits.into_iter().map(|misfit| template.misfit(misfit, &address)));
            }
        }
    }

    /// Checks every name in `tree` and answers the resources among them.
    fn references(&mut self, tree: &Tree, within: Option<&Within<'_>>) -> Vec<ResourceReference> {
        let references = tree.references();
        references.into_iter().filter_map(|(reference, span)| self.reference(reference, span, within)).collect()
    }

    fn reference(
        &mut self,
        reference: Reference,
        span: Span,
        within: Option<&Within<'_>>,
    ) -> Option<ResourceReference> {
        match reference.root.as_str() {
            "aws" => self.member(&reference, span, &["account_id", "partition", "region"]),
            "each" if within.is_some_and(|within| within.is_repeated) => {
                self.member(&reference, span, &["index", "key", "value"]);
            }
            "each" => self.stray_each(span),
            name if self.params.iter().any(|param| param == name) => {}
            name if within.is_some_and(|within| within.name == name && !within.is_repeated) => {
                let message = format!("`{name}` refers to itself");
                self.diagnostics.push(Diagnostic::error("cycle", message).at(span));
            }
            name => match self.resources.get(name).cloned() {
                Some((template, kind, is_repeated)) => {
                    self.attribute(&reference, span, &kind, is_repeated);
                    return Some(ResourceReference { template, reference, span });
                }
                None => self.unknown_name(name, span),
            },
        }
        None
    }

    fn member(&mut self, reference: &Reference, span: Span, members: &[&str]) {
        if let Some(PathStep::Field(name)) = reference.path.first()
            && !members.contains(&name.as_str())
        {
            let message = format!("`{}` has no `{name}`", reference.root);
            let help = match suggest(name, members.iter().copied()) {
                Some(near) => format!("did you mean `{}.{near}`?", reference.root),
                None => format!("it has {}", super::document::list(members)),
            };
            self.diagnostics.push(Diagnostic::error("unknown-reference", message).at(span).with_help(help));
        }
    }

    fn stray_each(&mut self, span: Span) {
        let message = "`each` means something only in a resource with `for_each`";
        let help = "add `for_each:` beside the kind, or name the value itself";
        self.diagnostics.push(Diagnostic::error("unknown-reference", message).at(span).with_help(help));
    }

    fn unknown_name(&mut self, name: &str, span: Span) {
        let known = self.params.iter().chain(self.resources.keys()).map(String::as_str).chain(["aws", "each"]);
        let mut known: Vec<&str> = known.collect();
        known.sort_unstable();
        let diagnostic = Diagnostic::error("unknown-reference", format!("nothing is named `{name}`")).at(span);
        self.diagnostics.push(match suggest(name, known) {
            Some(near) => diagnostic.with_help(format!("did you mean `{near}`?")),
            None => diagnostic.with_help("expressions can name params, resources, `each` and `aws`"),
        });
    }

    /// Checks `vpc.id` and `public["a"].id` against the kind's outputs and properties.
    fn attribute(&mut self, reference: &Reference, span: Span, kind: &str, is_repeated: bool) {
        let Some(schema) = self.schemas.get(kind).cloned() else {
            return;
        };
        let path = match (is_repeated, reference.path.split_first()) {
            (false, _) => reference.path.as_slice(),
            (true, Some((PathStep::Key(_) | PathStep::Each, rest))) => rest,
            (true, Some((PathStep::Field(name), _))) if schema.attribute(name).is_some() => {
                return self.forgotten_key(reference, name, span);
            }
            (true, Some((PathStep::Field(_), rest))) => rest,
            (true, None) => return,
        };
        match path.first() {
            Some(PathStep::Field(name)) if schema.attribute(name).is_none() => {
                self.unknown_attribute(reference, name, span, &schema);
            }
            Some(PathStep::Key(_)) if !is_repeated => self.key_without_for_each(reference, span),
            _ => {}
        }
    }

    fn forgotten_key(&mut self, reference: &Reference, name: &str, span: Span) {
        let root = &reference.root;
        let message = format!("`{root}` is repeated by `for_each`, so `{root}.{name}` does not say which");
        let help = format!("name one, such as `{root}[\"…\"].{name}`, or all: `values({root}).map(it, it.{name})`");
        self.diagnostics.push(Diagnostic::error("missing-key", message).at(span).with_help(help));
    }

    fn key_without_for_each(&mut self, reference: &Reference, span: Span) {
        let root = &reference.root;
        let message = format!("`{root}` is not repeated by `for_each`, so it has no keys");
        let help = format!("write `{root}.…` for its outputs");
        self.diagnostics.push(Diagnostic::error("unknown-key", message).at(span).with_help(help));
    }

    fn unknown_attribute(&mut self, reference: &Reference, name: &str, span: Span, schema: &KindSchema) {
        let known = schema.outputs.fields.keys().chain(schema.spec.fields.keys()).map(String::as_str);
        let message = format!("`{}` ({}) has no output or property `{name}`", reference.root, schema.name());
        let help = match suggest(name, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                let outputs: Vec<&str> = schema.outputs.fields.keys().map(String::as_str).collect();
                format!(
                    "its outputs are {}; `provision kinds {}` tells more",
                    super::document::list(&outputs),
                    schema.name()
                )
            }
        };
        self.diagnostics.push(Diagnostic::error("unknown-output", message).at(span).with_help(help));
    }

    fn for_each(&mut self, tree: &Tree) {
        for (reference, span) in tree.references() {
            if self.resources.contains_key(&reference.root) {
                let message = format!("`for_each` cannot name the resource `{}`", reference.root);
                let help = "its keys become addresses, so they must be known before anything is made: use params, `zones()` and constants";
                self.diagnostics.push(Diagnostic::error("for-each", message).at(span).with_help(help));
            } else {
                self.reference(reference, span, None);
            }
        }
    }

    fn depends_on(&mut self, named: &Named, own: &str) -> Option<DependsOn> {
        match self.resources.get(&named.name) {
            Some(_) if named.name == own => {
                self.diagnostics.push(Diagnostic::error("cycle", format!("`{own}` depends on itself")).at(named.span));
                None
            }
            Some((template, ..)) => Some(DependsOn { template: *template }),
            None => {
                self.no_resource(named, &named.name);
                None
            }
        }
    }

    fn no_resource(&mut self, named: &Named, name: &str) {
        let diagnostic =
            Diagnostic::error("unknown-reference", format!("there is no resource `{name}`")).at(named.span);
        let near = suggest(name, self.resources.keys().map(String::as_str));
        self.diagnostics.push(match near {
            Some(near) => diagnostic.with_help(format!("did you mean `{near}`?")),
            None => diagnostic,
        });
    }

    fn trigger(&mut self, named: &Named) -> Option<Trigger> {
        match named.name.parse::<Address>() {
            Ok(address) if self.resources.contains_key(address.name()) => Some(Trigger(address)),
            Ok(address) => {
                self.no_resource(named, address.name());
                None
            }
            Err(error) => {
                self.diagnostics.push(Diagnostic::error("bad-address", error.to_string()).at(named.span));
                None
            }
        }
    }

    fn ignored(&mut self, named: &Named, schema: &KindSchema) {
        let top = named.name.split('.').next().unwrap_or_default();
        if !schema.spec.fields.contains_key(top) {
            let message = format!("{} has no field `{top}`", schema.name());
            let diagnostic = Diagnostic::error("unknown-field", message).at(named.span);
            let near = suggest(top, schema.spec.fields.keys().map(String::as_str));
            self.diagnostics.push(match near {
                Some(near) => diagnostic.with_help(format!("did you mean `{near}`?")),
                None => diagnostic,
            });
        }
    }

    /// Checks what every lone reference feeds: the kind where a field must name one, and
    /// the type where the referred field declares it.
    fn fed_fields(&mut self, tree: &Tree, ty: &Type, path: &mut Vec<String>) {
        match (&tree.kind, ty) {
            (TreeKind::Expression(located), _) => {
                if let [reference] = located.expression.references().as_slice()
                    && located.expression.is_path()
                {
                    self.fed_by(reference, located.span, ty, path);
                }
            }
            (TreeKind::Map(entries), Type::Object(object)) => {
                for (name, (_, inner)) in entries {
                    if let Some(Field { ty, .. }) = object.fields.get(name) {
                        path.push(name.clone());
                        self.fed_fields(inner, ty, path);
                        path.pop();
                    }
                }
            }
            (TreeKind::Map(entries), Type::Map(inner_type)) => {
                entries.values().for_each(|(_, inner)| self.fed_fields(inner, inner_type, path));
            }
            (TreeKind::List(items), Type::List(inner_type) | Type::Set(inner_type)) => {
                items.iter().for_each(|inner| self.fed_fields(inner, inner_type, path));
            }
            _ => {}
        }
    }

    fn fed_by(&mut self, reference: &Reference, span: Span, ty: &Type, path: &[String]) {
        let Some((_, kind, is_repeated)) = self.resources.get(&reference.root).cloned() else {
            return;
        };
        let (Some(schema), [.., PathStep::Field(name)]) = (self.schemas.get(&kind), reference.path.as_slice()) else {
            return;
        };
        let is_attribute = reference.path.len() == 1 + usize::from(is_repeated);
        let Some(attribute) = schema.attribute(name).filter(|_| is_attribute) else {
            return;
        };
        let field = path.join(".");
        if let Type::String(StringType { reference: Some(wanted), .. }) = ty
            && *wanted != kind
        {
            let message =
                format!("`{field}` names {}, but `{}` is {}", with_kind(wanted), reference.root, with_kind(&kind));
            self.diagnostics.push(Diagnostic::error("wrong-kind", message).at(span));
        } else if !can_feed(&attribute.ty, ty) {
            let message = format!(
                "`{field}` takes {}, but `{}.{name}` is {}",
                with_article(ty.name()),
                reference.root,
                with_article(attribute.ty.name())
            );
            self.diagnostics.push(Diagnostic::error("wrong-type", message).at(span));
        }
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

fn with_kind(kind: &str) -> String {
    with_article(kind)
}

/// Whether a value of type `from` can be what `to` wants, as far as types tell.
fn can_feed(from: &Type, to: &Type) -> bool {
    let shape = |ty: &Type| match ty {
        Type::Any => None,
        Type::Bool | Type::Integer { .. } | Type::Number | Type::String(_) => Some(0),
        Type::List(_) | Type::Set(_) => Some(1),
        Type::Map(_) | Type::Object(_) => Some(2),
        Type::Policy | Type::Document => None,
    };
    match (shape(from), shape(to)) {
        (Some(from), Some(to)) => from == to,
        _ => true,
    }
}
