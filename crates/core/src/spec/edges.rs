//! What each instance needs: the resources its expressions name, through params, locals
//! and outputs of modules.

use std::collections::{BTreeMap, HashSet};

use super::definition::{Name, NamedReference};
use super::expand::{Expanded, Instance};
use super::frame::{Binding, Each, Group};
use super::tree::{Mention, Tree, TreeKind};
use super::view::{Evaluation, View};
use crate::diagnostic::{Diagnostic, Span, suggest};
use crate::expr::{PathStep, Reference};
use crate::plan::Stage;
use crate::schema::KindSchema;

/// What is found for one instance.
pub(super) struct Needs<'a> {
    evaluation: &'a Evaluation<'a>,
    expanded: &'a Expanded,
    /// What is needed, and how far it must have come.
    pub(super) found: BTreeMap<usize, Stage>,
    /// Names that were followed already.
    seen: HashSet<(usize, Name, String, Vec<PathStep>)>,
    pub(super) wrong: Vec<Diagnostic>,
}

impl<'a> Needs<'a> {
    /// All that `instance` needs.
    pub(super) fn of(instance: &'a Instance, evaluation: &'a Evaluation<'a>) -> Self {
        let expanded = evaluation.expanded;
        let mut needs = Self { evaluation, expanded, found: BTreeMap::new(), seen: HashSet::new(), wrong: Vec::new() };
        let template = expanded.template(instance);
        template.depends_on.iter().for_each(|name| needs.all_of(instance.frame, *name));
        needs.around(instance.frame);
        needs.triggers(instance);
        needs.default_tags(&template.schema);
        let view = expanded.view(evaluation, instance);
        if template.references.iter().any(|named| has_open_key(&named.reference)) {
            let mentions = template.body.references_in(&view);
            needs.mentions(instance.frame, instance.each.as_ref(), template.meta.for_each.as_deref(), mentions);
        } else {
            for named in &template.references {
                needs.named(instance.frame, named);
            }
            if needs.names_each(template.meta.for_each.as_deref(), instance.each.as_ref()) {
                let mentions = template.body.references();
                needs.mentions(instance.frame, instance.each.as_ref(), template.meta.for_each.as_deref(), mentions);
            }
        }
        needs
    }

    /// Whether `each.value` rests on other resources.
    fn names_each(&self, over: Option<&Tree>, each: Option<&Each>) -> bool {
        over.is_some() && each.is_some_and(|each| each.is_lazy)
    }

    fn need(&mut self, index: usize, stage: Stage) {
        let entry = self.found.entry(index).or_insert(stage);
        *entry = stage.max(*entry);
    }

    /// Every resource that a name of `depends_on` means.
    fn all_of(&mut self, frame: usize, name: Name) {
        let own = &self.expanded.frames[frame];
        match name {
            Name::Resource(index) => {
                own.resources[index]
                    .all()
                    .copied()
                    .collect::<Vec<_>>()
                    .into_iter()
                    .for_each(|it| self.need(it, Stage::Done));
            }
            Name::Module(index) => {
                for inner in own.calls[index].all().copied().filter(|inner| *inner > 0).collect::<Vec<_>>() {
                    self.whole_frame(inner);
                }
            }
            _ => {}
        }
    }

    fn whole_frame(&mut self, frame: usize) {
        let module = &self.expanded.frames[frame].module;
        (0..module.resources.len()).for_each(|index| self.all_of(frame, Name::Resource(index)));
        (0..module.calls.len()).for_each(|index| self.all_of(frame, Name::Module(index)));
    }

    /// What the modules around depend on.
    fn around(&mut self, frame: usize) {
        let mut next = self.expanded.frames[frame].parent;
        while let Some((parent, call)) = next {
            let around = &self.expanded.frames[parent];
            around.module.calls[call].depends_on.iter().for_each(|name| self.all_of(parent, *name));
            next = around.parent;
        }
    }

    /// What the default tags name, for a resource that takes tags.
    fn default_tags(&mut self, schema: &KindSchema) {
        if let (Some(tags), true) = (&self.expanded.spec.default_tags, schema.spec.fields.contains_key("tags")) {
            self.tree(0, None, None, tags, Vec::new());
        }
    }

    fn triggers(&mut self, instance: &Instance) {
        let own = &self.expanded.frames[instance.frame];
        for trigger in &self.expanded.template(instance).replace_triggered_by {
            let Some(Name::Resource(index)) = own.module.names.get(trigger.name()) else { continue };
            for &it in own.resources[*index].all() {
                let key = self.expanded.instances[it].address.key();
                if trigger.key().is_none_or(|wanted| key == Some(wanted)) {
                    self.need(it, Stage::Done);
                }
            }
        }
    }

    fn mentions(&mut self, frame: usize, each: Option<&Each>, over: Option<&Tree>, mentions: Vec<Mention>) {
        for mention in &mentions {
            if mention.reference.root == "each" {
                self.each(frame, each, over, &mention.reference.path);
            }
        }
        let named = self.expanded.frames[frame].module.named(mentions);
        named.iter().for_each(|named| self.named(frame, named));
    }

    /// `each.value` is an item of what is repeated over.
    fn each(&mut self, frame: usize, each: Option<&Each>, over: Option<&Tree>, path: &[PathStep]) {
        let (Some(each), Some(over)) = (each.filter(|each| each.is_lazy), over) else { return };
        let rest = match path.split_first() {
            Some((PathStep::Field(name), rest)) if name == "value" => rest,
            Some(_) => return,
            None => &[],
        };
        let path = [PathStep::Key(each.text().map(str::to_owned))].into_iter().chain(rest.iter().cloned()).collect();
        self.tree(frame, None, None, over, path);
    }

    fn named(&mut self, frame: usize, named: &NamedReference) {
        let NamedReference { name, reference, span } = named;
        match *name {
            Name::Resource(index) => self.resource(frame, index, reference, *span),
            Name::Existing(_) | Name::Unread => {}
            Name::Param | Name::Local(_) | Name::Module(_) => {
                if self.seen.insert((frame, *name, reference.root.clone(), reference.path.clone())) {
                    self.follow(frame, *name, reference, *span);
                }
            }
        }
    }

    fn follow(&mut self, frame: usize, name: Name, reference: &Reference, span: Span) {
        let own = &self.expanded.frames[frame];
        match (name, own.parent) {
            (Name::Param, Some((parent, call))) => {
                if let Some(Binding::Lazy(tree)) = own.params.get(&reference.root) {
                    let over = self.expanded.frames[parent].module.calls[call].meta.for_each.as_deref();
                    self.tree(parent, own.each.as_ref(), over, tree, reference.path.clone());
                }
            }
            (Name::Local(index), _) if own.locals[index].is_none() => {
                self.tree(frame, None, None, &own.module.locals[index].value, reference.path.clone());
            }
            (Name::Module(index), _) => self.module(frame, index, reference, span),
            _ => {}
        }
    }

    fn module(&mut self, frame: usize, index: usize, reference: &Reference, span: Span) {
        let own = &self.expanded.frames[frame];
        let group = &own.calls[index];
        let (inner, path): (Vec<usize>, &[PathStep]) = match (group, reference.path.split_first()) {
            (Group::Keyed(all), Some((step, rest))) => match key_of(step) {
                Some(key) => match all.get(key) {
                    Some(inner) => (vec![*inner], rest),
                    None => return self.missing_key(&own.module.calls[index].name, key, all.keys(), span),
                },
                None => (all.values().copied().collect(), rest),
            },
            (Group::Open(inner, true), Some((_, rest))) => (vec![*inner], rest),
            (group, _) => (group.all().copied().collect(), &reference.path),
        };
        for inner in inner.into_iter().filter(|inner| *inner > 0) {
            self.outputs(inner, path);
        }
    }

    fn outputs(&mut self, frame: usize, path: &[PathStep]) {
        let module = &self.expanded.frames[frame].module;
        match path.split_first() {
            Some((PathStep::Field(name), rest)) => {
                if let Some(output) = module.output(name) {
                    self.tree(frame, None, None, &output.value, rest.to_vec());
                }
            }
            _ => module.outputs.iter().for_each(|output| self.tree(frame, None, None, &output.value, Vec::new())),
        }
    }

    /// What is needed for the value at `path` of `tree`.
    fn tree(&mut self, frame: usize, each: Option<&Each>, over: Option<&Tree>, tree: &Tree, path: Vec<PathStep>) {
        match (&tree.kind, path.split_first()) {
            (TreeKind::Literal(_), _) => {}
            (TreeKind::Map(entries), Some((step, rest))) => {
                let inner = key_of(step).and_then(|key| entries.get(key)).map(|(_, inner)| vec![inner]);
                let inner = inner.unwrap_or_else(|| entries.values().map(|(_, inner)| inner).collect());
                inner.into_iter().for_each(|inner| self.tree(frame, each, over, inner, rest.to_vec()));
            }
            (TreeKind::List(items), Some((step, rest))) => {
                let one = key_of(step).and_then(|key| key.parse::<usize>().ok()).and_then(|index| items.get(index));
                let inner = one.map_or_else(|| items.iter().collect(), |one| vec![one]);
                inner.into_iter().for_each(|inner| self.tree(frame, each, over, inner, rest.to_vec()));
            }
            _ => {
                let mut mentions = self.mentioned(frame, each, tree);
                if let (TreeKind::Expression(located), [only]) = (&tree.kind, mentions.as_mut_slice())
                    && located.expression.is_path()
                {
                    only.reference.path.extend(path);
                }
                self.mentions(frame, each, over, mentions);
            }
        }
    }

    fn mentioned(&self, frame: usize, each: Option<&Each>, tree: &Tree) -> Vec<Mention> {
        let mentions = tree.references();
        match mentions.iter().any(|mention| has_open_key(&mention.reference)) {
            true => tree.references_in(&View { each, ..self.evaluation.view(frame, None, None) }),
            false => mentions,
        }
    }

    fn resource(&mut self, frame: usize, index: usize, reference: &Reference, span: Span) {
        let own = &self.expanded.frames[frame];
        let template = &own.module.resources[index];
        let path = reference.path.as_slice();
        let (instances, path): (Vec<usize>, &[PathStep]) = match (&own.resources[index], path.split_first()) {
            (Group::Keyed(all), Some((step, rest))) => match key_of(step) {
                Some(key) => match all.get(key) {
                    Some(instance) => (vec![*instance], rest),
                    None => return self.missing_key(&template.name, key, all.keys(), span),
                },
                None => (all.values().copied().collect(), rest),
            },
            (Group::Open(instance, true), Some((_, rest))) => (vec![*instance], rest),
            (group, _) => (group.all().copied().collect(), path),
        };
        let stage = self.stage(path, &template.schema, &template.body);
        instances.into_iter().for_each(|instance| self.need(instance, stage));
    }

    /// How far a resource must have come for what `path` names of it to be known.
    fn stage(&self, path: &[PathStep], schema: &KindSchema, body: &Tree) -> Stage {
        let Some(PathStep::Field(name)) = path.first() else { return Stage::Done };
        match (name.as_str(), schema.is_early(name)) {
            ("id", true) => Stage::Identified,
            (name, true) if states(body, name) => Stage::Identified,
            (_, true) => Stage::Seen,
            _ => Stage::Done,
        }
    }

    fn missing_key<'k>(&mut self, name: &str, key: &str, keys: impl Iterator<Item = &'k String>, span: Span) {
        let keys: Vec<&str> = keys.map(String::as_str).collect();
        let help = match suggest(key, keys.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("its keys are {}", super::document::list(&keys)),
        };
        let wrong = Diagnostic::error("unknown-key", format!("`{name}` has no key `{key}`"));
        self.wrong.push(wrong.at(span).with_help(help));
    }
}

/// The one key a step names.
fn key_of(step: &PathStep) -> Option<&str> {
    match step {
        PathStep::Key(key) => key.as_deref(),
        PathStep::Field(key) => Some(key),
        PathStep::Each => None,
    }
}

fn has_open_key(reference: &Reference) -> bool {
    reference.path.contains(&PathStep::Key(None))
}

/// Whether a spec says what the property `name` is, so that it need not be read.
fn states(body: &Tree, name: &str) -> bool {
    match &body.kind {
        TreeKind::Literal(crate::value::Value::Map(entries)) => entries.contains_key(name),
        TreeKind::Map(entries) => entries.contains_key(name),
        _ => false,
    }
}
