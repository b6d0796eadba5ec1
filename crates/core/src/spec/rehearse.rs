//! A spec worked out before anything is asked of AWS, with all unknown that only AWS can
//! tell: what fails now would fail later, too.

use super::expand::{Expanded, NoKeys};
use super::scope::Attributes;
use super::{Instance, Spec};
use crate::diagnostic::{Diagnostic, Span};
use crate::fact::Facts;
use crate::schema::Schemas;
use crate::value::{Unknown, Value};

/// Evaluates all of `spec` and notes what fails, unless something wrong with that place
/// is known already. `unread` names resources that could not be read.
pub(super) fn rehearse(spec: Spec, unread: &[String], schemas: &Schemas, diagnostics: &mut Vec<Diagnostic>) -> Spec {
    let facts = Facts::new(spec.region.clone().unwrap_or_default());
    let (mut expanded, without) = Expanded::unroll(spec, &facts);
    let wrong = without.into_iter().filter_map(|found| match found {
        NoKeys::Wrong(diagnostic) => Some(diagnostic),
        NoKeys::Unknown(_) => None,
    });
    add_news(diagnostics, wrong.collect());
    let mut found = Vec::new();
    expanded.connect(&facts, schemas, &mut found);
    add_news(diagnostics, found);
    let (attributes, nothing) = (Attributes::default(), Value::Unknown(Unknown::default()));
    let mut rehearsal = Rehearsal { attributes, expanded, facts, schemas, found: Vec::new(), nothing };
    unread.iter().for_each(|name| rehearsal.attributes.conceal(name));
    rehearsal.run();
    add_news(diagnostics, rehearsal.found);
    rehearsal.expanded.spec
}

/// Adds what does not overlap a place that something is known to be wrong with.
fn add_news(diagnostics: &mut Vec<Diagnostic>, found: Vec<Diagnostic>) {
    let known: Vec<Span> = diagnostics.iter().filter_map(|diagnostic| diagnostic.span).collect();
    let overlaps = |span: Span| {
        known.iter().any(|other| span.source == other.source && span.start < other.end && other.start < span.end)
    };
    diagnostics.extend(found.into_iter().filter(|found| !found.span.is_some_and(overlaps)));
}

struct Rehearsal<'a> {
    expanded: Expanded,
    facts: Facts,
    schemas: &'a Schemas,
    attributes: Attributes,
    found: Vec<Diagnostic>,
    /// What nothing is known of; one for all.
    nothing: Value,
}

impl Rehearsal<'_> {
    fn run(&mut self) {
        self.open_templates();
        match self.expanded.order.clone() {
            // A loop: what it would give stays unknown.
            order if order.is_empty() => {
                let all = &self.expanded.instances;
                all.iter().for_each(|instance| self.attributes.conceal(instance.address.name()));
                (0..all.len()).for_each(|index| drop(self.instance(index)));
            }
            order => order.into_iter().for_each(|index| {
                let attributes = self.instance(index);
                self.attributes.publish(&self.expanded.instances[index].address, attributes);
            }),
        }
        for output in &self.expanded.spec.outputs {
            let scope = self.expanded.scope(&self.facts, &self.attributes, None);
            output.value.evaluate_noting(&scope, &mut self.found);
        }
    }

    /// Of what will be repeated over keys not known yet, only what is literal can be checked.
    fn open_templates(&mut self) {
        for template in self.expanded.open() {
            self.attributes.conceal(&template.name);
            if let Some(schema) = self.schemas.get(&template.kind) {
                let address = crate::address::Address::root(&template.name);
                template.conform(&template.body.shape(), schema, &address, &mut self.found);
            }
        }
    }

    /// What others may name of an instance that is to be made.
    fn instance(&mut self, index: usize) -> Value {
        let instance: &Instance = &self.expanded.instances[index];
        let Some(schema) = self.schemas.get(&self.expanded.template(instance).kind) else {
            return Value::map([]);
        };
        let desired = self.expanded.desired(instance, schema, &self.facts, &self.attributes);
        let desired = desired.unwrap_or_else(|found| {
            self.found.extend(found);
            Value::Null
        });
        let mut attributes = desired.as_map().cloned().unwrap_or_default();
        for name in schema.spec.fields.keys().chain(schema.outputs.fields.keys()) {
            attributes.entry(name.clone()).or_insert_with(|| self.nothing.clone());
        }
        Value::map(attributes)
    }
}
