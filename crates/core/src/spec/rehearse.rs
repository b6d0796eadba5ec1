//! A spec worked out before anything is asked of AWS, with all unknown that only AWS can
//! tell: what fails now would fail later, too.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::expand::Expanded;
use super::view::{Evaluation, View};
use super::{Attributes, Spec};
use crate::diagnostic::{Diagnostic, Span};
use crate::fact::Facts;
use crate::plan;
use crate::schema::{KindSchema, Type};
use crate::value::{Attribute, Awaited, Unknown, Value};

/// Evaluates all of `spec`, first with nothing known of the params but their types, so
/// that what other values would lead to is checked too, then with their values. What
/// fails is noted, unless something wrong with that place is known already.
pub(super) fn rehearse(spec: Spec, diagnostics: &mut Vec<Diagnostic>) -> Spec {
    let of_any = |(name, param): (&String, &super::Param)| {
        let unknown = Value::Unknown(Unknown { is_secret: param.secret, ..Unknown::of(param.ty.clone()) });
        (name.clone(), unknown)
    };
    let params: BTreeMap<String, Value> = spec.root.params.iter().map(of_any).collect();
    let is_new = params.iter().any(|(name, value)| spec.params.get(name) != Some(value));
    let spec = match is_new && !spec.root.params.is_empty() {
        true => {
            let values = spec.params.clone();
            Spec { params: values, ..evaluate(Spec { params, ..spec }, diagnostics).spec }
        }
        false => spec,
    };
    let expanded = evaluate(spec, diagnostics);
    add_news(diagnostics, plan::contradictions(&expanded));
    add_news(diagnostics, plan::imports_nowhere(&expanded));
    expanded.spec
}

fn evaluate(spec: Spec, diagnostics: &mut Vec<Diagnostic>) -> Expanded {
    let facts = Facts::new(spec.region.clone().unwrap_or_default());
    let mut found = Vec::new();
    let mut expanded = Expanded::unrolled(spec, &facts, &mut found, true);
    expanded.connect(&facts, &mut found);
    expanded.by_use(&mut found);
    add_news(diagnostics, found);
    let attributes = expanded.shape.clone();
    let mut rehearsal = Rehearsal { attributes, expanded, facts, types: HashMap::new(), found: Vec::new() };
    rehearsal.run();
    rehearsal.expanded.by_use(&mut rehearsal.found);
    add_news(diagnostics, rehearsal.found);
    rehearsal.expanded
}

/// Adds what does not overlap a place that something is known to be wrong with.
pub(super) fn add_news(diagnostics: &mut Vec<Diagnostic>, found: Vec<Diagnostic>) {
    let known: Vec<Span> = diagnostics.iter().filter_map(|diagnostic| diagnostic.span).collect();
    let overlaps = |span: Span| {
        known.iter().any(|other| span.source == other.source && span.start < other.end && other.start < span.end)
    };
    diagnostics.extend(found.into_iter().filter(|found| !found.span.is_some_and(overlaps)));
}

struct Rehearsal {
    expanded: Expanded,
    facts: Facts,
    attributes: Attributes,
    /// The types of each kind's attributes, shared by all that are unknown.
    types: HashMap<String, BTreeMap<String, Arc<Type>>>,
    found: Vec<Diagnostic>,
}

impl Rehearsal {
    fn run(&mut self) {
        let (order, all) = (self.expanded.order.clone(), self.expanded.instances.len());
        // Of a loop, what it would give stays unknown.
        let order = if order.is_empty() { (0..all).collect() } else { order };
        for index in order {
            let desired = self.desired(index);
            let instance = &self.expanded.instances[index];
            // What nothing names need not be published.
            let is_named = self.expanded.frames[instance.frame].module.named.contains(&instance.template);
            if is_named && !instance.stands_for_several() {
                let address = instance.address.clone();
                let attributes = self.attributes(index, desired);
                self.attributes.publish(&address, attributes);
            }
        }
        self.rest();
    }

    /// What belongs to no resource.
    fn rest(&mut self) {
        let evaluation = Evaluation::new(&self.expanded, &self.facts, &self.attributes);
        for (index, frame) in self.expanded.frames.iter().enumerate() {
            let view = evaluation.view(index, None, None);
            for local in &frame.module.locals {
                crate::expr::Scope::lookup(&view, &local.name);
            }
            for output in &frame.module.outputs {
                evaluation.value(&output.value, &view);
            }
            let view = View { sees_outputs: true, ..view };
            for check in &frame.module.checks {
                check.rehearse(&evaluation, &view);
            }
        }
        self.found.extend(evaluation.take_found());
    }

    /// The properties an instance is to have; what fails is noted.
    fn desired(&mut self, index: usize) -> Value {
        let instance = &self.expanded.instances[index];
        let schema: Arc<KindSchema> = self.expanded.template(instance).schema.clone();
        let desired = self.expanded.desired(instance, &schema, &self.facts, &self.attributes);
        desired.unwrap_or_else(|found| {
            self.found.extend(found);
            Value::Null
        })
    }

    /// What others may name of an instance that is to be made.
    fn attributes(&mut self, index: usize, desired: Value) -> Value {
        let instance = &self.expanded.instances[index];
        let schema = &self.expanded.template(instance).schema;
        let types = self.types.entry(schema.name().to_owned()).or_insert_with(|| {
            let fields = schema.attributes.fields.iter();
            fields.map(|(name, field)| (name.clone(), Arc::new(field.ty.clone()))).collect()
        });
        let whole = Attribute { address: instance.address.clone(), name: String::new() };
        let awaits: Arc<[Awaited]> = Arc::new([Awaited::Attribute(whole)]);
        let unknown = |ty: &Arc<Type>| {
            Value::Unknown(Unknown { awaits: awaits.clone(), is_secret: ty.is_secret(), ty: ty.clone() })
        };
        let mut attributes = desired.as_map().cloned().unwrap_or_default();
        for (name, ty) in types {
            attributes.entry(name.clone()).or_insert_with(|| unknown(ty));
        }
        Value::map(attributes)
    }
}
