//! What expressions can see: params, locals, resources, modules, what was looked up, `each`.
//!
//! Names that rest on others are worked out when they are asked for, once for each
//! evaluation; what goes wrong there is told where it stands.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

use super::Attributes;
use super::definition::{Module, Name};
use super::expand::Expanded;
use super::files::beside;
use super::frame::{Binding, Each, Frame, Group};
use super::tree::Tree;
use crate::diagnostic::{Diagnostic, Span};
use crate::driver::Place;
use crate::expr::Scope;
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
    /// Whether something was asked for that is not unrolled yet.
    pub(super) is_blocked: Cell<bool>,
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
            is_blocked: Cell::new(false),
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
        self.found.borrow_mut().extend(found);
        value
    }

    /// What went wrong so far.
    pub(super) fn take_found(&self) -> Vec<Diagnostic> {
        self.found.take()
    }

    pub(super) fn tell(&self, diagnostic: Diagnostic) {
        self.found.borrow_mut().push(diagnostic);
    }

    /// What `key` stands for in `frame`, worked out unless it is known.
    fn once(&self, frame: usize, key: Key, span: Span, work_out: impl FnOnce() -> Value) -> Value {
        let key = (frame, key);
        if let Some(value) = self.known.borrow().get(&key) {
            return value.clone();
        }
        if let Some(wrong) = self.loop_at(&key, span) {
            self.tell(wrong);
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
            let around: Vec<String> = open[start..].iter().map(|(open, _)| self.shown(open)).collect();
            let message = match around.as_slice() {
                [only] => format!("`{only}` rests on itself"),
                _ => format!("these rest on each other: `{}` → `{}`", around.join("` → `"), around[0]),
            };
            let first = open[start..].iter().min_by_key(|(_, span)| (span.source, span.start));
            let mut diagnostic = Diagnostic::error("cycle", message).at(first.map_or(span, |(_, span)| *span));
            diagnostic.help = Some("break the loop: one of them must do without the other".to_owned());
            return Some(diagnostic);
        }
        (open.len() >= DEEPEST).then(|| {
            let message = format!("more than {DEEPEST} names rest on each other, one on the next");
            Diagnostic::error("too-deep", message).at(span).with_help("name some of the values directly")
        })
    }

    fn shown(&self, (frame, key): &(usize, Key)) -> String {
        let frame = &self.expanded.frames[*frame];
        let name = match key {
            Key::Param(name) => name,
            Key::Local(index) => &frame.module.locals[*index].name,
            Key::Output(index) => &frame.module.outputs[*index].name,
        };
        frame.address(name).to_string()
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
                    let message = format!("`{}` of `{}`: {}", place.join("."), path_text(own), misfit.message);
                    let mut diagnostic = Diagnostic::error(misfit.code, message)
                        .at(tree.locate(&misfit.path, misfit.code == "unknown-field"));
                    diagnostic.help = misfit.help.or_else(|| Some(format!("`{}` declares it", own.module.file)));
                    self.tell(diagnostic.with_label(param.span, "the param"));
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
            Group::One(_) | Group::Keyed(_) => {
                let group = self.attributes.group(&own.address(&template.name));
                group.cloned().unwrap_or_else(nothing_known)
            }
            Group::Open(_, by_key) => Value::Unknown(Unknown::of(repeated(attributes(), *by_key))),
            Group::Unresolved => {
                self.is_blocked.set(true);
                Value::Unknown(Unknown::of(repeated(attributes(), template.meta.for_each.is_some())))
            }
        }
    }

    /// One attribute of a resource that is there and of which nothing is known: that it has
    /// the attribute is.
    fn attribute(&self, frame: usize, index: usize, name: &str) -> Option<Value> {
        let own = self.frame(frame);
        let template = &own.module.resources[index];
        let address = own.address(&template.name);
        match (&own.resources[index], self.attributes.group(&address)) {
            (Group::One(_), Some(Value::Unknown(_))) => {
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
            Group::Open(_, true) | Group::Unresolved => {
                self.is_blocked.set(true);
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
                self.is_blocked.set(true);
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
    match frame.path.split_last() {
        Some((own, around)) => {
            let address = crate::address::Address::within(around, own.name.as_str());
            own.key.as_ref().map_or_else(|| address.clone(), |key| address.clone().with_key(key)).to_string()
        }
        None => String::new(),
    }
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
        Some(match *self.module().names.get(name)? {
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
        self.evaluation.expanded.spec.files.text(&beside(&self.module().file, path))
    }
}
