//! A spec ready to be planned: every resource that is to exist, and what it needs.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::Attributes;
use super::definition::{Module, Name, ResourceTemplate};
use super::edges::Needs;
use super::frame::{Binding, Each, Frame, Group};
use super::unroll::Unroller;
use super::view::{Evaluation, View};
use super::{Spec, misfit};
use crate::address::{Address, nearby};
use crate::diagnostic::{Diagnostic, SourceId, Span, tidy};
use crate::driver::Place;
use crate::expr::Expression;
use crate::fact::{Ask, Facts};
use crate::graph::{Cycle, Graph};
use crate::plan::{Adoption, Move, Stage};
use crate::schema::KindSchema;
use crate::state::Lifecycle;
use crate::value::Value;

/// One resource that is to exist.
#[derive(Clone, Debug)]
pub struct Instance {
    /// Its address.
    pub address: Address,
    /// The frame it stands in.
    pub(super) frame: usize,
    /// Index of its template in the frame's module.
    pub(super) template: usize,
    /// What `each` is for it.
    pub(super) each: Option<Each>,
    /// Where it lies.
    pub place: Place,
    /// What protects it.
    pub lifecycle: Lifecycle,
    /// What it needs: other instances, and how far they must have come.
    pub(super) needs: BTreeMap<usize, Stage>,
}

impl Instance {
    /// Whether it stands for all there will be, whose keys are not known.
    pub fn stands_for_several(&self) -> bool {
        self.each.as_ref().is_some_and(|each| !each.key.is_known())
    }
}

/// A spec ready to be planned.
#[derive(Clone, Debug)]
pub struct Expanded {
    /// The spec.
    pub spec: Spec,
    /// Every use of a module; the root comes first.
    pub(super) frames: Vec<Frame>,
    /// Every instance.
    pub instances: Vec<Instance>,
    /// Indices of `instances`, each after all it needs.
    pub order: Vec<usize>,
    /// What must be answered before it is complete; empty when it is.
    pub asks: BTreeSet<Ask>,
    /// Resources that had other addresses.
    pub moves: Vec<Move>,
    /// What exists and is to be taken under our care.
    pub imports: BTreeMap<Address, Adoption>,
    /// What is known of every resource before anything is read or made: its type.
    pub shape: Attributes,
    by_address: HashMap<Address, usize>,
}

impl Expanded {
    /// Unrolls `spec` with what is known of the cloud. As long as [`asks`](Self::asks) is
    /// not empty it is not complete: have them answered and unroll again.
    ///
    /// # Errors
    /// A repetition, condition or place that fails or is not known before the apply, a
    /// lookup that finds none or several, a reference to a key that does not exist,
    /// resources that need each other.
    pub fn new(spec: Spec, facts: &Facts) -> Result<Self, Vec<Diagnostic>> {
        let mut diagnostics = Vec::new();
        let mut expanded = Self::unrolled(spec, facts, &mut diagnostics, false);
        if diagnostics.is_empty() && expanded.asks.is_empty() {
            expanded.connect(facts, &mut diagnostics);
        }
        expanded.by_use(&mut diagnostics);
        tidy(&mut diagnostics);
        if diagnostics.is_empty() { Ok(expanded) } else { Err(diagnostics) }
    }

    /// Unrolls `spec` as far as it is known before anything is asked of the cloud: one
    /// instance stands for all whose number is not. It can be drawn, not planned.
    ///
    /// # Errors
    /// As [`Expanded::new`], but for what only the cloud can tell.
    pub fn sketch(spec: Spec) -> Result<Self, Vec<Diagnostic>> {
        let facts = Facts::new(spec.region.clone().unwrap_or_default());
        let mut diagnostics = Vec::new();
        let mut expanded = Self::unrolled(spec, &facts, &mut diagnostics, true);
        expanded.connect(&facts, &mut diagnostics);
        expanded.by_use(&mut diagnostics);
        tidy(&mut diagnostics);
        if diagnostics.is_empty() { Ok(expanded) } else { Err(diagnostics) }
    }

    /// All instances of `spec`, without what they need. Where it `rehearses`, one instance
    /// stands for all whose number is not known.
    pub(super) fn unrolled(spec: Spec, facts: &Facts, diagnostics: &mut Vec<Diagnostic>, rehearses: bool) -> Self {
        let mut root = Frame::new(spec.root.clone(), Vec::new(), Place::default());
        let params = spec.params.iter().map(|(name, value)| (name.clone(), Binding::Known(value.clone())));
        root.params = params.collect();
        let expanded = Self {
            moves: spec.moved.clone(),
            imports: BTreeMap::new(),
            spec,
            frames: vec![root],
            instances: Vec::new(),
            order: Vec::new(),
            asks: BTreeSet::new(),
            shape: Attributes::default(),
            by_address: HashMap::new(),
        };
        let mut expanded = Unroller::new(expanded, facts, diagnostics, rehearses).run();
        expanded.index();
        expanded
    }

    /// Makes the instances known by their addresses.
    pub(super) fn index(&mut self) {
        let by_address = self.instances.iter().enumerate().map(|(index, it)| (it.address.clone(), index));
        self.by_address = by_address.collect();
    }

    /// The template an instance was made from.
    pub fn template(&self, instance: &Instance) -> &ResourceTemplate {
        &self.frames[instance.frame].module.resources[instance.template]
    }

    /// The instance at `address`.
    pub fn instance(&self, address: &Address) -> Option<&Instance> {
        self.by_address.get(address).map(|&index| &self.instances[index])
    }

    /// Whether the spec has a resource at `address`.
    pub fn contains(&self, address: &Address) -> bool {
        self.by_address.contains_key(address)
    }

    /// Whether `instance` stands for what is there an unknown number of times, or perhaps not.
    pub(crate) fn is_open(&self, instance: &Instance) -> bool {
        let own = &self.frames[instance.frame];
        let mut around = std::iter::successors(own.parent, |(frame, _)| self.frames[*frame].parent);
        own.resources[instance.template].is_open()
            || around.any(|(frame, call)| self.frames[frame].calls[call].is_open())
    }

    /// Whether there may be a resource at `address`, as far as that is known.
    pub(crate) fn may_have(&self, address: &Address) -> bool {
        let names = |address: &Address| address.segments().iter().map(|it| it.name.clone()).collect::<Vec<_>>();
        let wanted = names(address);
        let mut open = self.instances.iter().filter(|instance| self.is_open(instance));
        let is_known = self.contains(address) || self.is_left_out(address);
        is_known || self.spec.root.is_unread(&wanted) || open.any(|it| names(&it.address) == wanted)
    }

    /// Whether the spec has `address`, but for a `when` that is false.
    pub(crate) fn is_left_out(&self, address: &Address) -> bool {
        let mut frame = &self.frames[0];
        for step in address.module() {
            let Some(Name::Module(index)) = frame.module.names.get(&step.name) else { return false };
            let inner = match (&frame.calls[*index], &step.key) {
                (Group::Absent, _) => return true,
                (Group::One(inner), None) => inner,
                (Group::Keyed(all), Some(key)) if all.contains_key(key) => &all[key],
                _ => return false,
            };
            frame = &self.frames[*inner];
        }
        let own = frame.module.names.get(address.name());
        matches!(own, Some(Name::Resource(index)) if frame.resources[*index].is_absent())
    }

    /// What protects the resource at `address`.
    pub fn lifecycle(&self, address: &Address) -> Option<Lifecycle> {
        self.instance(address).map(|instance| instance.lifecycle)
    }

    /// Where the resource at `address` stands in the spec.
    pub fn span(&self, address: &Address) -> Option<Span> {
        self.instance(address).map(|instance| self.template(instance).span)
    }

    /// What the resource at `address` needs, and how far that must have come.
    pub fn needs(&self, address: &Address) -> Vec<(Address, Stage)> {
        let needs = self.instance(address).map(|instance| &instance.needs);
        needs.into_iter().flatten().map(|(&index, &stage)| (self.instances[index].address.clone(), stage)).collect()
    }

    /// The addresses an instance needs, as the state records them.
    pub fn dependencies(&self, instance: &Instance) -> BTreeSet<Address> {
        instance.needs.keys().map(|&index| self.instances[index].address.clone()).collect()
    }

    /// Whether a change of anything else replaces `instance`.
    pub fn has_triggers(&self, instance: &Instance) -> bool {
        !self.template(instance).replace_triggered_by.is_empty()
    }

    /// Whether a change of `changed` replaces `instance`.
    pub fn is_triggered_by(&self, instance: &Instance, changed: &Address) -> bool {
        let triggers = &self.template(instance).replace_triggered_by;
        let is_near = || instance.address.module() == changed.module();
        triggers.iter().any(|trigger| {
            let key = trigger.key();
            trigger.name() == changed.name() && key.is_none_or(|key| changed.key() == Some(key)) && is_near()
        })
    }

    /// What the expressions of an instance can see.
    pub(super) fn view<'e>(&'e self, evaluation: &'e Evaluation<'e>, instance: &'e Instance) -> View<'e> {
        let over = self.template(instance).meta.for_each.as_ref();
        View { place: &instance.place, ..evaluation.view(instance.frame, instance.each.as_ref(), over) }
    }

    /// The properties an instance is to have: the spec's, the default tags, the schema's
    /// defaults; unknown where something it names is not known yet.
    ///
    /// # Errors
    /// Every expression that fails and every value that does not fit its field.
    pub fn desired(
        &self,
        instance: &Instance,
        schema: &KindSchema,
        facts: &Facts,
        attributes: &Attributes,
    ) -> Result<Value, Vec<Diagnostic>> {
        let template = self.template(instance);
        let evaluation = Evaluation::new(self, facts, attributes);
        let stated = evaluation.value(&template.body, &self.view(&evaluation, instance));
        let tagged = self.with_default_tags(stated, schema, &evaluation);
        let mut diagnostics = Vec::new();
        let module = &self.frames[instance.frame].module;
        let value = misfit::conform(module, template, &tagged, schema, &instance.address, &mut diagnostics);
        let misfits = diagnostics.into_iter().map(|misfit| self.told_in(instance.frame, misfit));
        let found: Vec<Diagnostic> = evaluation.take_found().into_iter().chain(misfits).collect();
        if found.is_empty() { Ok(value) } else { Err(found) }
    }

    fn with_default_tags(&self, stated: Value, schema: &KindSchema, evaluation: &Evaluation<'_>) -> Value {
        let (Some(defaults), true) = (&self.spec.default_tags, schema.spec.fields.contains_key("tags")) else {
            return stated;
        };
        let defaults = evaluation.value(defaults, &evaluation.view(0, None, None));
        let mut properties = stated.as_map().cloned().unwrap_or_default();
        let tags = match (defaults, properties.get("tags")) {
            (Value::Map(defaults), Some(Value::Map(own))) => {
                let all = defaults.iter().chain(own.iter());
                Value::map(all.map(|(key, value)| (key.clone(), value.clone())))
            }
            (defaults, None | Some(Value::Null)) => defaults,
            (_, Some(own)) => own.clone(),
        };
        properties.insert("tags".to_owned(), tags);
        Value::map(properties)
    }

    /// The spec's outputs, as far as they are known, and what is wrong with them.
    pub fn outputs(&self, facts: &Facts, attributes: &Attributes) -> (BTreeMap<String, Value>, Vec<Diagnostic>) {
        let evaluation = Evaluation::new(self, facts, attributes);
        let view = evaluation.view(0, None, None);
        let outputs = self.spec.root.outputs.iter();
        let values = outputs.map(|output| (output.name.clone(), evaluation.value(&output.value, &view))).collect();
        (values, evaluation.take_found())
    }

    /// The value of an expression as the spec's root file would have it; `text` is all of
    /// `source`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn evaluate(
        &self,
        source: SourceId,
        text: &str,
        facts: &Facts,
        attributes: &Attributes,
    ) -> Result<Value, Vec<Diagnostic>> {
        let evaluation = Evaluation::new(self, facts, attributes);
        let view = View { sees_outputs: true, ..evaluation.view(0, None, None) };
        let expression = Expression::parse(text).and_then(|expression| self.spec.root.known_names(expression));
        let value = expression.and_then(|expression| expression.evaluate(&view));
        let mut found = evaluation.take_found();
        match value {
            Ok(value) if found.is_empty() => Ok(value),
            Ok(_) => Err(found),
            Err(error) => {
                let span = Span::new(source, error.range.start, error.range.end);
                let mut diagnostic = Diagnostic::error("expression", error.message).at(span);
                diagnostic.help = error.help;
                found.push(diagnostic);
                Err(found)
            }
        }
    }

    /// Whether anything is to be checked after an apply.
    pub fn has_checks(&self) -> bool {
        self.frames.iter().any(|frame| !frame.module.checks.is_empty())
    }

    /// Works out what each instance needs, and the order; without one for instances
    /// that need each other.
    pub(super) fn connect(&mut self, facts: &Facts, diagnostics: &mut Vec<Diagnostic>) {
        let evaluation = Evaluation::new(self, facts, &self.shape);
        let mut all_needs = Vec::with_capacity(self.instances.len());
        for (index, instance) in self.instances.iter().enumerate() {
            let mut needs = Needs::of(instance, &evaluation);
            if instance.stands_for_several() {
                needs.found.remove(&index);
            }
            diagnostics.extend(needs.wrong);
            all_needs.push(needs.found);
        }
        diagnostics.extend(evaluation.take_found());
        for (instance, needs) in self.instances.iter_mut().zip(all_needs) {
            instance.needs = needs;
        }
        match self.graph().order() {
            Ok(order) => self.order = order,
            Err(cycles) => diagnostics.extend(cycles.iter().map(|cycle| self.describe(cycle))),
        }
    }

    fn graph(&self) -> Graph {
        let mut graph = Graph::new(self.instances.len());
        for (index, instance) in self.instances.iter().enumerate() {
            instance.needs.keys().for_each(|&needed| graph.needs(index, needed));
        }
        graph
    }

    /// A loop in words: `a` → `b` → `a`, with the place of each.
    fn describe(&self, cycle: &Cycle) -> Diagnostic {
        let addresses: Vec<Address> = cycle.0.iter().map(|&index| self.instances[index].address.clone()).collect();
        let addresses = nearby(&addresses);
        let names: Vec<String> = addresses.iter().chain(addresses.first()).map(|it| format!("`{it}`")).collect();
        let place = |index: usize| self.template(&self.instances[index]).span;
        let message = match names.as_slice() {
            [only, _] => format!("{only} needs itself"),
            _ => format!("these need each other: {}", names.join(" → ")),
        };
        let mut diagnostic = Diagnostic::error("cycle", message)
            .with_help("break the loop: let one of them do without the other, or move what ties them into a third (rules of security groups that name each other are `ec2/security_group_rule`)");
        for (position, &index) in cycle.0.iter().enumerate() {
            let next = &names[position + 1];
            match position {
                0 => diagnostic.span = Some(place(index)),
                _ => diagnostic = diagnostic.with_label(place(index), format!("needs {next}")),
            }
        }
        diagnostic
    }

    /// The modules in use, and the way to each.
    pub fn modules(&self) -> impl Iterator<Item = (&[crate::address::Segment], &Arc<Module>)> {
        self.frames.iter().map(|frame| (frame.path.as_slice(), &frame.module))
    }
}
