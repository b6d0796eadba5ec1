//! A spec with its `for_each` unrolled: one instance per resource that is to exist.

mod sketch;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::scope::{Attributes, Each, ResourceScope};
use super::tree::Tree;
use super::{ResourceTemplate, Spec};
use crate::address::Address;
use crate::diagnostic::{Diagnostic, Span};
use crate::expr::{PathStep, Reference};
use crate::fact::Facts;
use crate::graph::{Cycle, Graph};
use crate::plan::Stage;
use crate::schema::{KindSchema, Schemas};
use crate::state::Lifecycle;
use crate::value::Value;

/// One resource that is to exist.
#[derive(Clone, Debug)]
pub struct Instance {
    /// Its address.
    pub address: Address,
    /// Index of its template in the spec.
    pub template: usize,
    /// What `each` is for it.
    pub each: Option<Each>,
    /// What it needs: other instances, and how far they must have come.
    needs: BTreeMap<usize, Stage>,
}

/// A spec ready to be planned.
#[derive(Clone, Debug)]
pub struct Expanded {
    /// The spec.
    pub spec: Spec,
    /// Every instance.
    pub instances: Vec<Instance>,
    /// Indices of `instances`, each after all it needs.
    pub order: Vec<usize>,
    by_address: HashMap<Address, usize>,
    by_name: HashMap<String, usize>,
    /// The names of templates that are repeated over nothing.
    empty: Vec<String>,
    /// Templates whose keys are not known.
    open: BTreeSet<usize>,
}

impl Expanded {
    /// Unrolls `spec`.
    ///
    /// # Errors
    /// A `for_each` that fails, is not known yet, is secret or is neither list nor map;
    /// a reference to a key that does not exist; resources that need each other.
    pub fn new(spec: Spec, facts: &Facts, schemas: &Schemas) -> Result<Self, Vec<Diagnostic>> {
        let mut diagnostics = Vec::new();
        let (mut expanded, without) = Self::unroll(spec, facts);
        diagnostics.extend(without.into_iter().map(|found| match found {
            NoKeys::Wrong(diagnostic) => diagnostic,
            NoKeys::Unknown(span) => unknown_keys(span),
        }));
        if diagnostics.is_empty() {
            expanded.connect(facts, schemas, &mut diagnostics);
        }
        if diagnostics.is_empty() { Ok(expanded) } else { Err(diagnostics) }
    }

    /// The instances of every template whose keys are known, and why the others have none.
    pub(super) fn unroll(spec: Spec, facts: &Facts) -> (Self, Vec<NoKeys>) {
        let (mut instances, mut without) = (Vec::new(), Vec::new());
        let (mut empty, mut open) = (Vec::new(), BTreeSet::new());
        for (template, resource) in spec.resources.iter().enumerate() {
            match instances_of(&spec, resource, template, facts) {
                Ok(made) if made.is_empty() => empty.push(resource.name.clone()),
                Ok(made) => instances.extend(made),
                Err(found) => {
                    open.insert(template);
                    without.extend(found);
                }
            }
        }
        let by_address = instances.iter().enumerate().map(|(index, it)| (it.address.clone(), index)).collect();
        let by_name = spec.resources.iter().enumerate().map(|(index, it)| (it.name.clone(), index)).collect();
        (Self { spec, instances, order: Vec::new(), by_address, by_name, empty, open }, without)
    }

    /// The templates whose keys are not known.
    pub(super) fn open(&self) -> impl Iterator<Item = &ResourceTemplate> {
        self.open.iter().map(|&template| &self.spec.resources[template])
    }

    /// The template an instance was made from.
    pub fn template(&self, instance: &Instance) -> &ResourceTemplate {
        &self.spec.resources[instance.template]
    }

    /// The instance at `address`.
    pub fn instance(&self, address: &Address) -> Option<&Instance> {
        self.by_address.get(address).map(|&index| &self.instances[index])
    }

    /// Whether the spec has a resource at `address`.
    pub fn contains(&self, address: &Address) -> bool {
        self.by_address.contains_key(address)
    }

    /// What protects the resource at `address`.
    pub fn lifecycle(&self, address: &Address) -> Option<Lifecycle> {
        self.instance(address).map(|instance| self.template(instance).lifecycle)
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

    /// What expressions of an instance can see.
    pub fn scope<'a>(
        &'a self,
        facts: &'a Facts,
        attributes: &'a Attributes,
        each: Option<&'a Each>,
    ) -> ResourceScope<'a> {
        ResourceScope { params: &self.spec.params, facts, attributes, each, empty: &self.empty }
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
        let scope = self.scope(facts, attributes, instance.each.as_ref());
        let mut diagnostics = Vec::new();
        let stated = template.body.evaluate_noting(&scope, &mut diagnostics);
        let tagged = self.with_default_tags(stated, schema, &scope, &mut diagnostics);
        let value = template.conform(&tagged, schema, &instance.address, &mut diagnostics);
        if diagnostics.is_empty() { Ok(value) } else { Err(diagnostics) }
    }

    fn with_default_tags(
        &self,
        stated: Value,
        schema: &KindSchema,
        scope: &ResourceScope<'_>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Value {
        let (Some(defaults), true) = (&self.spec.default_tags, schema.spec.fields.contains_key("tags")) else {
            return stated;
        };
        let defaults = defaults.evaluate_noting(scope, diagnostics);
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

    /// Works out what each instance needs, and the order; without one for instances
    /// that need each other.
    pub(super) fn connect(&mut self, facts: &Facts, schemas: &Schemas, diagnostics: &mut Vec<Diagnostic>) {
        let groups = self.groups();
        let mut all_needs = Vec::with_capacity(self.instances.len());
        for instance in &self.instances {
            all_needs.push(self.needs_of(instance, &groups, facts, schemas, diagnostics));
        }
        for (instance, needs) in self.instances.iter_mut().zip(all_needs) {
            instance.needs = needs;
        }
        match self.graph().order() {
            Ok(order) => self.order = order,
            Err(cycles) => diagnostics.extend(self.describe(cycles)),
        }
    }

    /// The instances of each template.
    fn groups(&self) -> Vec<Vec<usize>> {
        let mut groups = vec![Vec::new(); self.spec.resources.len()];
        for (index, instance) in self.instances.iter().enumerate() {
            groups[instance.template].push(index);
        }
        groups
    }

    fn needs_of(
        &self,
        instance: &Instance,
        groups: &[Vec<usize>],
        facts: &Facts,
        schemas: &Schemas,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> BTreeMap<usize, Stage> {
        let template = self.template(instance);
        let mut needs: BTreeMap<usize, Stage> = BTreeMap::new();
        let mut need = |index: usize, stage: Stage| {
            let entry = needs.entry(index).or_insert(stage);
            *entry = stage.max(*entry);
        };
        for named in &template.depends_on {
            groups[named.template].iter().for_each(|&index| need(index, Stage::Done));
        }
        for trigger in &template.replace_triggered_by {
            let all = self.instances.iter().enumerate();
            let named = all.filter(|(_, other)| trigger.matches(&other.address));
            named.for_each(|(index, _)| need(index, Stage::Done));
        }
        for named in self.references_of(instance, facts).iter() {
            let target = &self.spec.resources[named.template];
            let stage = named.stage(target, schemas);
            match named.key(target) {
                None => groups[named.template].iter().for_each(|&index| need(index, stage)),
                Some(key) => match self.by_address.get(&Address::root(&target.name).with_key(&key)) {
                    Some(&index) => need(index, stage),
                    None if self.open.contains(&named.template) => {
                        groups[named.template].iter().for_each(|&index| need(index, stage));
                    }
                    None => diagnostics.push(self.missing_key(named, target, &key, &groups[named.template])),
                },
            }
        }
        needs
    }

    /// The resources an instance names, with keys such as `each.key` worked out for it.
    fn references_of(&self, instance: &Instance, facts: &Facts) -> Cow<'_, [ResourceReference]> {
        let template = self.template(instance);
        let has_open_key = |named: &ResourceReference| named.reference.path.first() == Some(&PathStep::Key(None));
        if !template.references.iter().any(has_open_key) {
            return Cow::Borrowed(&template.references);
        }
        let attributes = Attributes::default();
        let scope = self.scope(facts, &attributes, instance.each.as_ref());
        let named = template.body.references_in(&scope).into_iter().filter_map(|mention| {
            let template = *self.by_name.get(&mention.reference.root)?;
            Some(ResourceReference { template, reference: mention.reference, span: mention.span })
        });
        Cow::Owned(named.collect())
    }

    fn missing_key(
        &self,
        named: &ResourceReference,
        target: &ResourceTemplate,
        key: &str,
        group: &[usize],
    ) -> Diagnostic {
        let keys: Vec<&str> = group.iter().filter_map(|&index| self.instances[index].address.key()).collect();
        let help = match crate::diagnostic::suggest(key, keys.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("its keys are {}", super::document::list(&keys)),
        };
        Diagnostic::error("unknown-key", format!("`{}` has no key `{key}`", target.name)).at(named.span).with_help(help)
    }

    fn graph(&self) -> Graph {
        let mut graph = Graph::new(self.instances.len());
        for (index, instance) in self.instances.iter().enumerate() {
            instance.needs.keys().for_each(|&needed| graph.needs(index, needed));
        }
        graph
    }

    fn describe(&self, cycles: Vec<Cycle>) -> Vec<Diagnostic> {
        let name = |&index: &usize| self.instances[index].address.to_string();
        let place = |index: &usize| self.template(&self.instances[*index]).span;
        cycles.iter().map(|cycle| describe_cycle(cycle, name, place)).collect()
    }
}

/// A loop in words: `a` → `b` → `a`, with the place of each.
pub(super) fn describe_cycle(
    cycle: &Cycle,
    name: impl Fn(&usize) -> String,
    place: impl Fn(&usize) -> Span,
) -> Diagnostic {
    let around = cycle.0.iter().chain(cycle.0.first());
    let names: Vec<String> = around.map(|index| format!("`{}`", name(index))).collect();
    let message = match names.as_slice() {
        [only, _] => format!("{only} needs itself"),
        _ => format!("these need each other: {}", names.join(" → ")),
    };
    let mut diagnostic = Diagnostic::error("cycle", message)
        .with_help("break the loop: let one of them do without the other, or move what ties them into a third (rules of security groups that name each other are `ec2/security_group_rule`)");
    for (position, index) in cycle.0.iter().enumerate() {
        let next = &names[position + 1];
        match position {
            0 => diagnostic.span = Some(place(index)),
            _ => diagnostic = diagnostic.with_label(place(index), format!("needs {next}")),
        }
    }
    diagnostic
}

/// A reference to a resource of the spec.
#[derive(Clone, Debug)]
pub struct ResourceReference {
    /// The template it names.
    pub template: usize,
    /// The reference.
    pub reference: Reference,
    /// Where it stands.
    pub span: Span,
}

impl ResourceReference {
    /// The attribute it names, if it names one.
    pub fn attribute(&self, target: &ResourceTemplate) -> Option<&str> {
        let position = usize::from(target.for_each.is_some());
        match self.reference.path.get(position) {
            Some(PathStep::Field(name)) => Some(name),
            _ => None,
        }
    }

    /// The one key it names of a repeated resource, if it names one.
    fn key(&self, target: &ResourceTemplate) -> Option<String> {
        target.for_each.as_ref()?;
        match self.reference.path.first() {
            Some(PathStep::Key(key)) => key.clone(),
            Some(PathStep::Field(key)) => Some(key.clone()),
            _ => None,
        }
    }

    /// How far the target must have come for this to be known.
    fn stage(&self, target: &ResourceTemplate, schemas: &Schemas) -> Stage {
        let Some((name, schema)) = self.attribute(target).zip(schemas.get(&target.kind)) else {
            return Stage::Done;
        };
        match (name, schema.is_early(name)) {
            ("id", true) => Stage::Identified,
            (name, true) if target.states(name) => Stage::Identified,
            (_, true) => Stage::Seen,
            _ => Stage::Done,
        }
    }
}

/// Why a `for_each` gives no keys.
pub(super) enum NoKeys {
    /// It is wrong.
    Wrong(Diagnostic),
    /// It rests on what is not known; with its place.
    Unknown(Span),
}

fn unknown_keys(span: Span) -> Diagnostic {
    Diagnostic::error("for-each", "`for_each` is not known before the apply")
        .at(span)
        .with_help("let it depend on params, `zones(n)` and constants only")
}

fn instances_of(
    spec: &Spec,
    resource: &ResourceTemplate,
    template: usize,
    facts: &Facts,
) -> Result<Vec<Instance>, Vec<NoKeys>> {
    let base = Address::root(&resource.name);
    let Some(for_each) = &resource.for_each else {
        return Ok(vec![Instance { address: base, template, each: None, needs: BTreeMap::new() }]);
    };
    let attributes = Attributes::default();
    let scope = ResourceScope { params: &spec.params, facts, attributes: &attributes, each: None, empty: &[] };
    let value = for_each.evaluate(&scope).map_err(|found| found.into_iter().map(NoKeys::Wrong).collect::<Vec<_>>())?;
    let each = repetitions(&value).map_err(|why| vec![why.at(for_each)])?;
    let mut seen = BTreeSet::new();
    if let Some((index, twice)) = each.iter().enumerate().find(|(_, each)| !seen.insert(&each.key)) {
        let place = for_each.locate(&[index.to_string()], false);
        let message = format!("`for_each` has the key `{}` twice", twice.key);
        let twice = Diagnostic::error("for-each", message).at(place);
        return Err(vec![NoKeys::Wrong(twice.with_help("give each key once, or wrap the list in `distinct(…)`"))]);
    }
    let instance = |each: Each| Instance {
        address: base.clone().with_key(&each.key),
        template,
        each: Some(each),
        needs: BTreeMap::new(),
    };
    Ok(each.into_iter().map(instance).collect())
}

/// Why a value is nothing to repeat over.
enum NoRepetition {
    Unknown,
    /// What is wrong and what to do; at the item with this index, where it is one.
    Wrong(String, &'static str, Option<i64>),
}

impl NoRepetition {
    fn at(self, for_each: &Tree) -> NoKeys {
        match self {
            Self::Unknown => NoKeys::Unknown(for_each.span),
            Self::Wrong(message, help, item) => {
                let path: Vec<String> = item.iter().map(i64::to_string).collect();
                let place = for_each.locate(&path, false);
                NoKeys::Wrong(Diagnostic::error("for-each", message).at(place).with_help(help))
            }
        }
    }
}

fn repetitions(value: &Value) -> Result<Vec<Each>, NoRepetition> {
    match value {
        Value::Map(entries) => {
            let each = entries.iter().zip(0..);
            Ok(each.map(|((key, value), index)| Each { key: key.clone(), value: value.clone(), index }).collect())
        }
        Value::List(items) => items.iter().zip(0..).map(|(item, index)| repetition(item, index)).collect(),
        Value::Unknown(_) => Err(NoRepetition::Unknown),
        Value::Secret(_) => Err(NoRepetition::Wrong(
            "`for_each` is secret, but its keys become addresses, which are stored and shown".to_owned(),
            "repeat over names that may be seen, and look the secret values up by `each.key`",
            None,
        )),
        other => Err(NoRepetition::Wrong(
            format!("`for_each` takes a list or a map, not {}", crate::schema::with_article(other.type_name())),
            "write a list of strings such as `[a, b]`, or a map from keys to values",
            None,
        )),
    }
}

fn repetition(item: &Value, index: i64) -> Result<Each, NoRepetition> {
    match item {
        Value::String(key) => Ok(Each { key: key.to_string(), value: item.clone(), index }),
        Value::Integer(number) => Ok(Each { key: number.to_string(), value: item.clone(), index }),
        Value::Unknown(_) => Err(NoRepetition::Unknown),
        _ => {
            let message = "the items of a list in `for_each` are strings: each becomes a key".to_owned();
            Err(NoRepetition::Wrong(message, "for anything else, give a map from keys to values", Some(index)))
        }
    }
}
