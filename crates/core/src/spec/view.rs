//! What expressions can see: params, locals, resources, modules, what was looked up, `each`.
//!
//! Names that rest on others are worked out when they are asked for, once for each
//! evaluation; what goes wrong there is told where it stands.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::Attributes;
use super::definition::{Module, Name};
use super::expand::Expanded;
use super::files::beside;
use super::frame::{Binding, Each, Frame, Group};
use super::tree::{Mention, Tree};
use super::unroll::Block;
use crate::address::{Address, Segment, nearby};
use crate::diagnostic::{Diagnostic, Span};
use crate::driver::Place;
use crate::expr::{PathStep, Scope};
use crate::fact::{Ask, Facts};
use crate::schema::{StringType, Type, conform};
use crate::value::{Attribute, Unknown, Value};

/// How many names may rest on each other, one on the next.
const DEEPEST: usize = 60;

/// One evaluation: everything in it sees the same attributes and facts.
pub struct Evaluation<'a> {
    pub(super) expanded: &'a Expanded,
    pub(super) facts: &'a Facts,
    pub(super) attributes: &'a Attributes,
    /// What names stand for, by frame.
    known: RefCell<HashMap<(usize, Key), Value>>,
    /// The names being worked out, the outermost first, and where they are declared.
    open: RefCell<Vec<((usize, Key), Span)>>,
    found: RefCell<Vec<Diagnostic>>,
    /// The blocks that were asked for and are not unrolled yet.
    pub(super) blocks: RefCell<BTreeSet<(usize, Block)>>,
}

/// What an evaluation works out once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Param(String),
    Local(usize),
    Output(usize),
}

impl<'a> Evaluation<'a> {
    pub(super) fn new(expanded: &'a Expanded, facts: &'a Facts, attributes: &'a Attributes) -> Self {
        Self {
            expanded,
            facts,
            attributes,
            known: RefCell::default(),
            open: RefCell::default(),
            found: RefCell::default(),
            blocks: RefCell::default(),
        }
    }

    /// What the file of `frame` sees.
    pub(super) fn view<'e>(
        &'e self,
        frame: usize,
        each: Option<&'e Each>,
        each_over: Option<&'e Arc<Tree>>,
    ) -> View<'e> {
        let place = &self.expanded.frames[frame].place;
        View { evaluation: self, frame, each, each_over, place, sees_outputs: false }
    }

    /// `tree`'s value in `view`; what fails is noted and unknown.
    pub(super) fn value(&self, tree: &Tree, view: &View<'_>) -> Value {
        let mut found = Vec::new();
        let value = tree.evaluate_noting(view, &mut found);
        for wrong in found {
            self.tell(view.frame, self.of_absent(wrong, tree, view.frame));
        }
        value
    }

    /// Says what is wrong where it is that something named is left out.
    fn of_absent(&self, wrong: Diagnostic, tree: &Tree, frame: usize) -> Diagnostic {
        let is_there = |mention: &Mention| wrong.span.is_some_and(|span| span.start == mention.span.start);
        let Some(mention) = tree.references().into_iter().find(is_there) else { return wrong };
        let name = &mention.reference.root;
        let Some(when) = self.left_out(frame, name) else { return wrong };
        let (message, example) = match mention.reference.path.first() {
            Some(PathStep::Field(field)) => (
                format!("`{name}` is left out, so it has no `{field}`"),
                format!("has({name}.{field}) ? {name}.{field} : null"),
            ),
            _ => (format!("`{name}` is left out"), format!("{name} != null ? {name} : null")),
        };
        Diagnostic { span: wrong.span, ..Diagnostic::error("absent", message) }
            .with_label(when, "since this is false")
            .with_help(format!("say what is to stand here without it, as in `{example}`"))
    }

    /// The condition by which `name` is left out.
    fn left_out(&self, frame: usize, name: &str) -> Option<Span> {
        let own = self.frame(frame);
        let meta = match *own.module.names.get(name)? {
            Name::Resource(index) if own.resources[index].is_absent() => &own.module.resources[index].meta,
            Name::Module(index) if own.calls[index].is_absent() => &own.module.calls[index].meta,
            Name::Existing(index) if own.existing[index].is_absent() => &own.module.existing[index].meta,
            _ => return None,
        };
        meta.when.as_ref().map(|when| when.span)
    }

    fn block(&self, frame: usize, block: Block) {
        self.blocks.borrow_mut().insert((frame, block));
    }

    /// What went wrong so far.
    pub(super) fn take_found(&self) -> Vec<Diagnostic> {
        self.found.take()
    }

    /// Notes what is wrong in the file of `frame`.
    pub(super) fn tell(&self, frame: usize, diagnostic: Diagnostic) {
        self.found.borrow_mut().push(self.expanded.told_in(frame, diagnostic));
    }

    /// What `key` stands for in `frame`, worked out unless it is known.
    fn once(&self, frame: usize, key: Key, span: Span, work_out: impl FnOnce() -> Value) -> Value {
        let key = (frame, key);
        if let Some(value) = self.known.borrow().get(&key) {
            return value.clone();
        }
        if let Some(wrong) = self.loop_at(&key, span) {
            self.found.borrow_mut().push(wrong);
            return nothing_known();
        }
        self.open.borrow_mut().push((key.clone(), span));
        let value = work_out();
        self.open.borrow_mut().pop();
        self.known.borrow_mut().insert(key, value.clone());
        value
    }

    fn loop_at(&self, key: &(usize, Key), span: Span) -> Option<Diagnostic> {
        let open = self.open.borrow();
        if let Some(start) = open.iter().position(|(open, _)| open == key) {
            return Some(self.describe(&open[start..]));
        }
        (open.len() >= DEEPEST).then(|| {
            let message = format!("more than {DEEPEST} names rest on each other, one on the next");
            Diagnostic::error("too-deep", message).at(span).with_help("name some of the values directly")
        })
    }

    /// A loop in words, from what stands first in the files on.
    fn describe(&self, around: &[((usize, Key), Span)]) -> Diagnostic {
        let first = (0..around.len()).min_by_key(|&index| (around[index].1.source, around[index].1.start));
        let (behind, before) = around.split_at(first.unwrap_or(0));
        let around: Vec<_> = before.iter().chain(behind).collect();
        let names = nearby(&around.iter().map(|(key, _)| self.address(key)).collect::<Vec<_>>());
        let shown: Vec<String> = names.iter().chain(names.first()).map(|name| format!("`{name}`")).collect();
        let (message, help) = match shown.as_slice() {
            [only, _] => (format!("{only} rests on itself"), "say what it stands for without naming it"),
            _ => (
                format!("these rest on each other: {}", shown.join(" → ")),
                "break the loop: let one do without the next",
            ),
        };
        let mut diagnostic = Diagnostic::error("cycle", message).with_help(help);
        for (index, (_, span)) in around.iter().enumerate() {
            match index {
                0 => diagnostic.span = Some(*span),
                _ => diagnostic = diagnostic.with_label(*span, format!("rests on {}", shown[index + 1])),
            }
        }
        diagnostic
    }

    fn address(&self, (frame, key): &(usize, Key)) -> Address {
        let frame = &self.expanded.frames[*frame];
        let name = match key {
            Key::Param(name) => name,
            Key::Local(index) => &frame.module.locals[*index].name,
            Key::Output(index) => &frame.module.outputs[*index].name,
        };
        frame.address(name)
    }

    fn frame(&self, frame: usize) -> &'a Frame {
        &self.expanded.frames[frame]
    }

    fn param(&self, frame: usize, name: &str) -> Value {
        let own = self.frame(frame);
        match (own.params.get(name), own.parent) {
            (Some(Binding::Known(value)), _) => value.clone(),
            (Some(Binding::Lazy(tree)), Some((parent, call))) => {
                let span = own.module.params.get(name).map_or(tree.span, |param| param.span);
                self.once(frame, Key::Param(name.to_owned()), span, || self.bound(own, parent, call, name, tree))
            }
            _ => nothing_known(),
        }
    }

    /// What a call gives a param, as the param has it.
    pub(super) fn bound(&self, own: &Frame, parent: usize, call: usize, name: &str, tree: &Tree) -> Value {
        let over = self.frame(parent).module.calls[call].meta.for_each.as_ref();
        let value = self.value(tree, &self.view(parent, own.each.as_ref(), over));
        let Some(param) = own.module.params.get(name) else { return value };
        if let (Value::Null, Some(default)) = (&value, &param.default) {
            return default.clone();
        }
        match conform(&value, &param.ty) {
            Ok(value) if param.secret => value.into_secret(),
            Ok(value) => value,
            Err(misfits) => {
                for misfit in misfits {
                    let place: Vec<&str> = [name].into_iter().chain(misfit.path.iter().map(String::as_str)).collect();
                    let message = format!("`{}` of `{}`: {}", place.join("."), own_text(own), misfit.message);
                    let mut diagnostic = Diagnostic::error(misfit.code, message)
                        .at(tree.locate(&misfit.path, misfit.code == "unknown-field"));
                    diagnostic.help = misfit.help.or_else(|| Some(format!("`{}` declares it", own.module.file)));
                    self.tell(parent, diagnostic.with_label(param.span, "the param"));
                }
                Value::Unknown(Unknown::of(param.ty.clone()))
            }
        }
    }

    fn local(&self, frame: usize, index: usize) -> Value {
        let own = self.frame(frame);
        if let Some(Some(value)) = own.locals.get(index) {
            return value.clone();
        }
        let local = &own.module.locals[index];
        self.once(frame, Key::Local(index), local.span, || self.value(&local.value, &self.view(frame, None, None)))
    }

    fn output(&self, frame: usize, index: usize) -> Value {
        let output = &self.frame(frame).module.outputs[index];
        let span = output.value.span;
        self.once(frame, Key::Output(index), span, || self.value(&output.value, &self.view(frame, None, None)))
    }

    /// What a frame tells; all of it, or one output.
    fn outputs(&self, frame: usize) -> Value {
        let outputs = self.frame(frame).module.outputs.iter().enumerate();
        Value::map(outputs.map(|(index, output)| (output.name.clone(), self.output(frame, index))).collect::<Vec<_>>())
    }

    fn resource(&self, frame: usize, index: usize) -> Value {
        let own = self.frame(frame);
        let template = &own.module.resources[index];
        let attributes = || Type::Object(template.schema.attributes.clone());
        match &own.resources[index] {
            Group::Absent => Value::Null,
            Group::Keyed(all) if all.is_empty() => Value::map([]),
            Group::One(it) => {
                let found = self.attributes.get(&self.expanded.instances[*it].address);
                found.cloned().unwrap_or_else(nothing_known)
            }
            Group::Keyed(_) => {
                let group = self.attributes.group(&own.address(&template.name));
                group.cloned().unwrap_or_else(nothing_known)
            }
            Group::Open(_, by_key) => Value::Unknown(Unknown::of(repeated(attributes(), *by_key))),
            Group::Unresolved => {
                self.block(frame, Block::Resource(index));
                Value::Unknown(Unknown::of(repeated(attributes(), template.meta.for_each.is_some())))
            }
        }
    }

    /// One attribute of a resource that is there and of which nothing is known: that it has
    /// the attribute is.
    fn attribute(&self, frame: usize, index: usize, name: &str) -> Option<Value> {
        let own = self.frame(frame);
        let template = &own.module.resources[index];
        let Group::One(it) = &own.resources[index] else { return None };
        let address = self.expanded.instances[*it].address.clone();
        match self.attributes.get(&address) {
            Some(Value::Unknown(_)) => {
                let field = template.schema.attributes.fields.get(name)?;
                Some(Value::unknown(Attribute { address, name: name.to_owned() }, field.ty.clone()))
            }
            _ => None,
        }
    }

    fn existing(&self, frame: usize, index: usize) -> Value {
        let own = self.frame(frame);
        match &own.existing[index] {
            Group::Absent => Value::Null,
            Group::One(value) | Group::Open(value, false) => value.clone(),
            Group::Keyed(all) => {
                Value::map(all.iter().map(|(key, value)| (key.clone(), value.clone())).collect::<Vec<_>>())
            }
            group @ (Group::Open(_, true) | Group::Unresolved) => {
                if matches!(group, Group::Unresolved) {
                    self.block(frame, Block::Existing(index));
                }
                let lookup = &own.module.existing[index];
                let ty = Type::Object(lookup.schema.attributes.clone());
                Value::Unknown(Unknown::of(repeated(ty, lookup.meta.for_each.is_some())))
            }
        }
    }

    fn module(&self, frame: usize, index: usize) -> Value {
        match &self.frame(frame).calls[index] {
            Group::Absent => Value::Null,
            Group::One(inner) | Group::Open(inner, false) => self.outputs(*inner),
            Group::Keyed(all) => {
                Value::map(all.iter().map(|(key, inner)| (key.clone(), self.outputs(*inner))).collect::<Vec<_>>())
            }
            Group::Open(..) => nothing_known(),
            Group::Unresolved => {
                self.block(frame, Block::Call(index));
                nothing_known()
            }
        }
    }
}

fn repeated(ty: Type, by_key: bool) -> Type {
    if by_key { Type::Map(Box::new(ty)) } else { ty }
}

fn nothing_known() -> Value {
    Value::Unknown(Unknown::default())
}

/// The way to a frame, as text.
pub(super) fn path_text(frame: &Frame) -> String {
    path_of(&frame.path)
}

/// A frame as the one around it names it.
fn own_text(frame: &Frame) -> String {
    path_of(&frame.path[frame.path.len().saturating_sub(1)..])
}

fn path_of(path: &[Segment]) -> String {
    path.iter().map(ToString::to_string).collect::<Vec<_>>().join(".")
}

/// What the expressions of one block can see.
#[derive(Clone, Copy)]
pub struct View<'e> {
    pub(super) evaluation: &'e Evaluation<'e>,
    pub(super) frame: usize,
    pub(super) each: Option<&'e Each>,
    /// What `each` goes over.
    pub(super) each_over: Option<&'e Arc<Tree>>,
    pub(super) place: &'e Place,
    pub(super) sees_outputs: bool,
}

impl View<'_> {
    fn module(&self) -> &Module {
        &self.evaluation.expanded.frames[self.frame].module
    }

    /// What `each` is, its value worked out anew where it rests on what was not known.
    fn each(&self) -> Option<Value> {
        let each = self.each?;
        let over = self.each_over.filter(|_| each.is_lazy);
        let worked_out = over.and_then(|over| {
            let all = self.evaluation.value(over, &View { each: None, each_over: None, ..*self });
            all.as_map()?.get(each.text()?).cloned()
        });
        Some(each.with_value(worked_out.unwrap_or_else(|| each.value.clone())))
    }

    /// What `aws` is in an expression.
    fn aws(&self) -> Value {
        let facts = self.evaluation.facts;
        let identity = facts.get(&Ask::Identity(self.place.clone())).unwrap_or(Value::Null);
        let fact = |name: &str| match &identity {
            Value::Map(entries) => entries.get(name).cloned().unwrap_or(Value::Null),
            Value::Unknown(unknown) => Value::Unknown(Unknown { awaits: unknown.awaits.clone(), ..text_type() }),
            other => other.clone(),
        };
        let region = match facts.region_of(self.place) {
            "" => text_to_come(),
            region => Value::from(region),
        };
        Value::map([
            ("account_id".to_owned(), fact("account_id")),
            ("partition".to_owned(), fact("partition")),
            ("region".to_owned(), region),
        ])
    }

    fn stack(&self) -> Value {
        let spec = &self.evaluation.expanded.spec;
        let environment = spec.environment.as_deref().map_or(Value::Null, Value::from);
        Value::map([("name".to_owned(), Value::from(spec.name.as_str())), ("environment".to_owned(), environment)])
    }
}

fn text_type() -> Unknown {
    Unknown::of(Type::String(StringType::default()))
}

fn text_to_come() -> Value {
    Value::Unknown(text_type())
}

impl Scope for View<'_> {
    fn lookup(&self, name: &str) -> Option<Value> {
        match name {
            "aws" => return Some(self.aws()),
            "stack" => return Some(self.stack()),
            "each" => return self.each(),
            "outputs" if self.sees_outputs => return Some(self.evaluation.outputs(self.frame)),
            _ => {}
        }
        let evaluation = self.evaluation;
        let known = self.module().names.get(name).copied();
        Some(match known.or(self.module().is_partial.then_some(Name::Unread))? {
            Name::Param => evaluation.param(self.frame, name),
            Name::Local(index) => evaluation.local(self.frame, index),
            Name::Existing(index) => evaluation.existing(self.frame, index),
            Name::Resource(index) => evaluation.resource(self.frame, index),
            Name::Module(index) => evaluation.module(self.frame, index),
            Name::Unread => nothing_known(),
        })
    }

    fn member(&self, name: &str, field: &str) -> Option<Value> {
        let output = |frame: usize| {
            let module = &self.evaluation.expanded.frames[frame].module;
            let index = module.outputs.iter().position(|output| output.name == field)?;
            Some(self.evaluation.output(frame, index))
        };
        if name == "outputs" && self.sees_outputs {
            return output(self.frame);
        }
        match self.module().names.get(name).copied()? {
            Name::Resource(index) => self.evaluation.attribute(self.frame, index, field),
            Name::Module(index) => match self.evaluation.expanded.frames[self.frame].calls[index] {
                Group::One(frame) | Group::Open(frame, false) => output(frame),
                _ => None,
            },
            _ => None,
        }
    }

    fn zones(&self) -> Value {
        self.evaluation.facts.get(&Ask::Zones(self.place.clone())).unwrap_or(Value::Null)
    }

    fn secret_value(&self, arn: &str) -> Result<Value, String> {
        let ask = Ask::Secret { place: self.place.clone(), arn: arn.into() };
        self.evaluation.facts.get(&ask).ok_or_else(|| format!("there is no secret `{arn}`"))
    }

    fn file(&self, path: &str) -> Result<Arc<str>, String> {
        let name = beside(&self.module().file, path);
        self.evaluation.expanded.spec.files.text(&name).map_err(|why| format!("`{name}`: {why}"))
    }
}
