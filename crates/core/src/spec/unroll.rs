//! A spec with its `for_each`, `when` and modules worked out: which resources there are.
//!
//! What repeats a block may name anything, other resources' keys among it. So the blocks
//! are gone through again and again, until nothing new is known: each round may know what
//! the one before made known.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::definition::{Meta, Module, ResourceTemplate};
use super::expand::{Expanded, Instance};
use super::frame::{Binding, Each, Frame, Group};
use super::repeat::{self, Repeated, Told};
use super::stuck;
use super::view::{Evaluation, View};
use crate::address::{Address, Segment};
use crate::diagnostic::{Diagnostic, Span};
use crate::driver::{Id, Place};
use crate::fact::{Answer, Ask, Facts};
use crate::plan::Adoption;
use crate::schema::{KindSchema, Type};
use crate::state::Lifecycle;
use crate::value::{Attribute, Awaited, Unknown, Value};

/// How many resources or modules a spec may stand for.
const MOST_INSTANCES: usize = 100_000;

/// A block of a frame that is not unrolled yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Block {
    Resource(usize),
    Call(usize),
    Existing(usize),
}

/// Why a block is not unrolled.
pub(super) struct Left {
    pub(super) frame: usize,
    pub(super) block: Block,
    pub(super) why: Unresolved,
}

/// What a block's repetition waits for.
pub(super) struct Unresolved {
    /// The expression that is not known.
    pub(super) span: Span,
    /// The field it stands in.
    pub(super) field: &'static str,
    /// What it awaits.
    pub(super) awaits: BTreeSet<Awaited>,
    /// The blocks it asks for that are not unrolled either, with their frames.
    pub(super) blocks: BTreeSet<(usize, Block)>,
}

impl Unresolved {
    fn is_blocked(&self) -> bool {
        !self.blocks.is_empty()
    }
}

/// What one block is found to be.
enum Found {
    Absent,
    One(Circumstances),
    Keyed(Vec<(Each, Circumstances)>),
}

/// What is worked out for each instance of a block.
#[derive(Clone, Default)]
struct Circumstances {
    place: Place,
    lifecycle: Lifecycle,
    /// What a lookup goes by, or found.
    existing: Option<Value>,
}

pub(super) struct Unroller<'a> {
    pub(super) expanded: Expanded,
    facts: &'a Facts,
    diagnostics: &'a mut Vec<Diagnostic>,
    /// Whether unknown repetitions are made one instance that stands for all.
    rehearses: bool,
}

impl<'a> Unroller<'a> {
    pub(super) fn new(
        expanded: Expanded,
        facts: &'a Facts,
        diagnostics: &'a mut Vec<Diagnostic>,
        rehearses: bool,
    ) -> Self {
        Self { expanded, facts, diagnostics, rehearses }
    }

    /// Unrolls all that can be.
    pub(super) fn run(mut self) -> Expanded {
        let mut left = self.blocks(0);
        while !left.is_empty() && !self.is_too_much() {
            let before = left.len();
            let (still, new) = self.round(left);
            let is_stuck = new.is_empty() && still.len() == before;
            left = still;
            left.extend(new.into_iter().map(unseen));
            match is_stuck {
                true if self.rehearses => left = self.open(left),
                true => break,
                false => {}
            }
        }
        self.give_up(left);
        self.settle_names();
        self.imports();
        self.expanded
    }

    /// Modules in modules multiply: the whole is bounded, too.
    fn is_too_much(&mut self) -> bool {
        let count = self.expanded.instances.len().max(self.expanded.frames.len());
        if count > MOST_INSTANCES {
            let message = format!("the spec stands for more than {MOST_INSTANCES} resources");
            self.diagnostics.push(Diagnostic::error("too-many", message).with_help("split the stack"));
        }
        count > MOST_INSTANCES
    }

    /// The blocks of a frame.
    fn blocks(&self, frame: usize) -> Vec<Left> {
        let module = &self.expanded.frames[frame].module;
        let existing = (0..module.existing.len()).map(Block::Existing);
        let calls = (0..module.calls.len()).map(Block::Call);
        let resources = (0..module.resources.len()).map(Block::Resource);
        existing.chain(calls).chain(resources).map(|block| unseen((frame, block))).collect()
    }

    /// Tries every block that is left; answers those that still are, and new ones.
    fn round(&mut self, left: Vec<Left>) -> (Vec<Left>, Vec<(usize, Block)>) {
        let (mut still, mut new) = (Vec::new(), Vec::new());
        for Left { frame, block, .. } in left {
            match self.look(frame, block) {
                Ok(found) => {
                    let frames = self.put(frame, block, found);
                    new.extend(frames.into_iter().flat_map(|frame| self.blocks(frame)).map(|it| (it.frame, it.block)));
                }
                Err(Told::Unresolved(why)) => still.push(Left { frame, block, why }),
                Err(Told::Wrong(found)) => {
                    let found = found.into_iter().map(|wrong| self.expanded.told_in(frame, wrong));
                    self.diagnostics.extend(found);
                    self.put_wrong(frame, block);
                }
            }
        }
        (still, new)
    }

    fn meta(&self, frame: usize, block: Block) -> &Meta {
        let module = &self.expanded.frames[frame].module;
        match block {
            Block::Resource(index) => &module.resources[index].meta,
            Block::Call(index) => &module.calls[index].meta,
            Block::Existing(index) => &module.existing[index].meta,
        }
    }

    /// What a block is repeated over, and what is worked out for each instance.
    fn look(&self, frame: usize, block: Block) -> Result<Found, Told> {
        let meta = self.meta(frame, block);
        let evaluation = Evaluation::new(&self.expanded, self.facts, &self.expanded.shape);
        let view = evaluation.view(frame, None, None);
        let each = match &meta.for_each {
            Some(for_each) => repeat::repeated(&evaluation, for_each, &view)?,
            None => Repeated::Once,
        };
        let of = |each: Option<&Each>| self.circumstances(&evaluation, frame, block, each);
        match each {
            Repeated::Once => Ok(of(None)?.map_or(Found::Absent, Found::One)),
            Repeated::Keyed(all) => {
                let all = all.into_iter().map(|each| Ok(of(Some(&each))?.map(|found| (each, found))));
                Ok(Found::Keyed(all.filter_map(Result::transpose).collect::<Result<_, Told>>()?))
            }
        }
    }

    /// Whether a block is of a kind that lies in no region.
    fn is_global(&self, frame: usize, block: Block) -> bool {
        let module = &self.expanded.frames[frame].module;
        match block {
            Block::Resource(index) => module.resources[index].schema.description.global,
            Block::Existing(index) => module.existing[index].schema.description.global,
            Block::Call(_) => false,
        }
    }

    /// Where one instance lies and what protects it; `None` where there is to be none.
    fn circumstances(
        &self,
        evaluation: &Evaluation<'_>,
        frame: usize,
        block: Block,
        each: Option<&Each>,
    ) -> Result<Option<Circumstances>, Told> {
        let meta = self.meta(frame, block);
        let view = evaluation.view(frame, each, meta.for_each.as_ref());
        if let Some(when) = &meta.when
            && !repeat::flag(evaluation, when, &view, "when")?
        {
            return Ok(None);
        }
        let mut place = repeat::place(evaluation, meta, &view)?;
        if self.is_global(frame, block) {
            place.region = None;
        }
        let view = View { place: &place, ..view };
        let module = &self.expanded.frames[frame].module;
        let (mut lifecycle, mut existing) = (Lifecycle::default(), None);
        match block {
            Block::Resource(index) => {
                let template = &module.resources[index];
                lifecycle = repeat::lifecycle(evaluation, &template.schema.description, &template.lifecycle, &view)?;
            }
            Block::Existing(index) => existing = Some(repeat::known_by(evaluation, &module.existing[index], &view)?),
            Block::Call(_) => {}
        }
        Ok(Some(Circumstances { place, lifecycle, existing }))
    }

    /// Records what was found; answers new frames.
    fn put(&mut self, frame: usize, block: Block, found: Found) -> Vec<usize> {
        match block {
            Block::Resource(index) => {
                let group = self.group(found, |this, each, it| this.instance(frame, index, each, it));
                if let Group::Keyed(all) = &group
                    && all.is_empty()
                {
                    let name = self.expanded.frames[frame].module.resources[index].name.clone();
                    self.expanded.shape.clear(&self.expanded.frames[frame].address(&name));
                }
                self.expanded.frames[frame].resources[index] = group;
                Vec::new()
            }
            Block::Call(index) if self.expanded.frames[frame].module.calls[index].module.is_none() => {
                self.expanded.frames[frame].calls[index] = Group::Open(0, true);
                Vec::new()
            }
            Block::Call(index) => {
                let group = self.group(found, |this, each, it| this.frame(frame, index, each, it.place));
                let frames = group.all().copied().collect();
                self.expanded.frames[frame].calls[index] = group;
                frames
            }
            Block::Existing(index) => {
                let group = self.group(found, |_, _, it| it.existing.unwrap_or(Value::Null));
                self.expanded.frames[frame].existing[index] = group;
                Vec::new()
            }
        }
    }

    fn group<T>(
        &mut self,
        found: Found,
        mut make: impl FnMut(&mut Self, Option<Each>, Circumstances) -> T,
    ) -> Group<T> {
        match found {
            Found::Absent => Group::Absent,
            Found::One(it) => Group::One(make(self, None, it)),
            Found::Keyed(all) => {
                let all = all
                    .into_iter()
                    .map(|(each, it)| (each.text().unwrap_or_default().to_owned(), make(self, Some(each), it)));
                Group::Keyed(all.collect::<BTreeMap<_, _>>())
            }
        }
    }

    /// Makes an instance of a resource; nothing but its type is known of it.
    fn instance(&mut self, frame: usize, template: usize, each: Option<Each>, it: Circumstances) -> usize {
        let own = &self.expanded.frames[frame];
        let resource: &ResourceTemplate = &own.module.resources[template];
        let group = own.address(&resource.name);
        let address = match each.as_ref().and_then(Each::text) {
            Some(key) => group.with_key(key),
            None => group,
        };
        self.expanded.shape.publish(&address, shape(&address, &resource.schema));
        let Circumstances { place, lifecycle, .. } = it;
        self.expanded.instances.push(Instance {
            address,
            frame,
            template,
            each,
            place,
            lifecycle,
            needs: BTreeMap::new(),
        });
        self.expanded.instances.len() - 1
    }

    /// Makes a frame for one use of a module; 0, the root, where its file could not be read.
    fn frame(&mut self, parent: usize, call: usize, each: Option<Each>, place: Place) -> usize {
        let around = &self.expanded.frames[parent];
        let uses = &around.module.calls[call];
        let Some(module) = uses.module.clone() else { return 0 };
        let own = Segment { name: uses.name.clone(), key: each.as_ref().and_then(Each::text).map(str::to_owned) };
        let path = around.path.iter().cloned().chain([own]).collect();
        let with = uses.with.clone();
        let mut frame = Frame::new(module.clone(), path, place);
        frame.parent = Some((parent, call));
        frame.each = each;
        frame.params = bindings(&module, |name| with.get(name).map(|(_, tree)| tree.clone()));
        self.expanded.frames.push(frame);
        self.expanded.frames.len() - 1
    }

    /// What is wrong is told; nothing else is to be told because of it.
    fn put_wrong(&mut self, frame: usize, block: Block) {
        self.put_open(frame, block);
    }

    /// Has one instance stand for all of each block whose repetition only an apply or a
    /// cloud can tell; of those that wait for each other where there are no others.
    fn open(&mut self, left: Vec<Left>) -> Vec<Left> {
        let all_blocked = left.iter().all(|it| it.why.is_blocked());
        if all_blocked {
            self.diagnostics.extend(stuck::circles(&self.expanded, &left));
        }
        let (blocked, open): (Vec<Left>, Vec<Left>) =
            left.into_iter().partition(|it| it.why.is_blocked() && !all_blocked);
        let mut left = blocked;
        for Left { frame, block, why } in open {
            let is_attribute = |awaited: &Awaited| matches!(awaited, Awaited::Attribute(_));
            if why.awaits.iter().any(is_attribute) {
                self.too_early(frame, &why);
            }
            let frames = self.put_open(frame, block);
            left.extend(frames.into_iter().flat_map(|frame| self.blocks(frame)).collect::<Vec<_>>());
        }
        left
    }

    fn put_open(&mut self, frame: usize, block: Block) -> Vec<usize> {
        let by_key = self.meta(frame, block).for_each.is_some();
        let each = by_key.then(|| self.open_each(frame, block));
        let place = self.expanded.frames[frame].place.clone();
        let circumstances = Circumstances { place: place.clone(), ..Circumstances::default() };
        match block {
            Block::Resource(index) => {
                let instance = self.instance(frame, index, each, circumstances);
                self.expanded.frames[frame].resources[index] = Group::Open(instance, by_key);
                Vec::new()
            }
            Block::Call(index) => {
                let inner = self.frame(frame, index, each, place);
                self.expanded.frames[frame].calls[index] = match inner {
                    0 => Group::Open(0, true),
                    inner => Group::Open(inner, by_key),
                };
                if inner == 0 { Vec::new() } else { vec![inner] }
            }
            Block::Existing(index) => {
                let schema = &self.expanded.frames[frame].module.existing[index].schema;
                let value = Value::Unknown(Unknown::of(Type::Object(schema.attributes.clone())));
                self.expanded.frames[frame].existing[index] = Group::Open(value, by_key);
                Vec::new()
            }
        }
    }

    /// What `each` is where nobody knows what it goes over.
    fn open_each(&self, frame: usize, block: Block) -> Each {
        let evaluation = Evaluation::new(&self.expanded, self.facts, &self.expanded.shape);
        let over = self.meta(frame, block).for_each.as_ref();
        let over = over.map_or(Value::Null, |over| evaluation.value(over, &evaluation.view(frame, None, None)));
        repeat::open_each(&over)
    }

    /// Tells of every block that is left why it is, unless that follows from another.
    fn give_up(&mut self, left: Vec<Left>) {
        let is_stuck = self.diagnostics.is_empty() && self.expanded.asks.is_empty();
        if is_stuck && left.iter().all(|it| it.why.is_blocked()) {
            self.diagnostics.extend(stuck::circles(&self.expanded, &left));
        }
        for Left { frame, why, .. } in left {
            let asks: Vec<Ask> = why
                .awaits
                .iter()
                .filter_map(|awaited| match awaited {
                    Awaited::Fact(ask) => Some(Ask::clone(ask)),
                    Awaited::Attribute(_) => None,
                })
                .collect();
            match (asks.is_empty(), why.is_blocked()) {
                (false, _) => self.expanded.asks.extend(asks),
                (true, true) => {}
                (true, false) => self.too_early(frame, &why),
            }
        }
        self.lookups();
    }

    fn too_early(&mut self, frame: usize, why: &Unresolved) {
        let wrong = repeat::too_early(why, &self.expanded.frames[frame].path);
        self.diagnostics.push(self.expanded.told_in(frame, wrong));
    }

    /// Asks for what is looked up, and tells of what is not there, or not alone.
    fn lookups(&mut self) {
        let mut asks = Vec::new();
        for frame in &self.expanded.frames {
            let all = frame.existing.iter().zip(&frame.module.existing);
            for (value, lookup) in all.flat_map(|(group, lookup)| group.all().map(move |value| (value, lookup))) {
                asks.extend(value.awaits().into_iter().filter_map(|awaited| match awaited {
                    Awaited::Fact(ask) => Some((Arc::unwrap_or_clone(ask), lookup.span)),
                    Awaited::Attribute(_) => None,
                }));
            }
        }
        for (ask, span) in asks {
            match self.facts.answers.get(&ask) {
                None => drop(self.expanded.asks.insert(ask)),
                Some(Answer::Value(_)) => {}
                Some(answer) => self.diagnostics.extend(repeat::no_single(&ask, answer, span)),
            }
        }
    }

    /// What the entries of `import` adopt.
    fn imports(&mut self) {
        let evaluation = Evaluation::new(&self.expanded, self.facts, &self.expanded.shape);
        let view = evaluation.view(0, None, None);
        let mut imports: BTreeMap<Address, Adoption> = BTreeMap::new();
        for block in &self.expanded.spec.imports {
            let id = match repeat::text(&evaluation, &block.id, &view, "id") {
                Ok(id) => Id(id),
                Err(Told::Wrong(found)) => {
                    self.diagnostics.extend(found);
                    continue;
                }
                Err(Told::Unresolved(why)) => {
                    if !self.rehearses || !why.awaits.is_empty() {
                        self.diagnostics.push(repeat::too_early(&why, &[]));
                    }
                    continue;
                }
            };
            if let Some(other) = imports.get(&block.to) {
                let diagnostic = Diagnostic::error("import-twice", format!("`{}` is imported twice", block.to));
                let diagnostic = diagnostic.at(block.span).with_label(other.span, "the other entry");
                self.diagnostics.push(diagnostic.with_help("keep one of the entries"));
            }
            imports.insert(block.to.clone(), Adoption { id, span: block.span });
        }
        self.expanded.imports = imports;
    }

    /// Fixes what params, locals and default tags stand for where that is known for good.
    fn settle_names(&mut self) {
        for index in 0..self.expanded.frames.len() {
            let (params, locals, found) = self.known_names(index);
            let frame = &mut self.expanded.frames[index];
            frame.params.extend(params);
            frame.locals = locals;
            self.diagnostics.extend(found);
        }
    }

    #[expect(clippy::type_complexity, reason = "three results of one evaluation, used at once")]
    fn known_names(&self, index: usize) -> (Vec<(String, Binding)>, Vec<Option<Value>>, Vec<Diagnostic>) {
        let frame = &self.expanded.frames[index];
        let evaluation = Evaluation::new(&self.expanded, self.facts, &self.expanded.shape);
        let mut params = Vec::new();
        if let Some((parent, call)) = frame.parent {
            for (name, binding) in &frame.params {
                let Binding::Lazy(tree) = binding else { continue };
                let value = evaluation.bound(frame, parent, call, name, tree);
                if value.is_known() {
                    params.push((name.clone(), Binding::Known(value)));
                }
            }
        }
        let view = evaluation.view(index, None, None);
        let locals = frame.module.locals.iter().map(|local| {
            let value = crate::expr::Scope::lookup(&view, &local.name)?;
            value.is_known().then_some(value)
        });
        let locals = locals.collect();
        (params, locals, evaluation.take_found())
    }
}

fn unseen((frame, block): (usize, Block)) -> Left {
    let blocks = BTreeSet::from([(frame, block)]);
    let why = Unresolved { span: Span::default(), field: "", awaits: BTreeSet::new(), blocks };
    Left { frame, block, why }
}

/// What the params of a module stand for: what is given, or the default.
pub(super) fn bindings(module: &Module, given: impl Fn(&str) -> Option<Arc<super::Tree>>) -> BTreeMap<String, Binding> {
    let all = module.params.iter().map(|(name, param)| {
        let binding = match (given(name), &param.default) {
            (Some(tree), _) => Binding::Lazy(tree),
            (None, Some(default)) => Binding::Known(default.clone()),
            (None, None) => Binding::Known(Value::Unknown(Unknown::of(param.ty.clone()))),
        };
        (name.clone(), binding)
    });
    all.collect()
}

/// What is known of a resource before anything is read or made: its type.
pub(super) fn shape(address: &Address, schema: &KindSchema) -> Value {
    let attribute = Attribute { address: address.clone(), name: String::new() };
    Value::unknown(attribute, Type::Object(schema.attributes.clone()))
}
