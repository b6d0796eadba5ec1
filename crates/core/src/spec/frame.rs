//! One use of a module, with what its names stand for there. The root of a spec is one, too.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::definition::Module;
use super::tree::Tree;
use crate::address::{Address, Segment};
use crate::driver::Place;
use crate::value::Value;

/// One use of a module.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    /// What is used.
    pub(super) module: Arc<Module>,
    /// The way to it; empty for the root.
    pub(super) path: Vec<Segment>,
    /// The frame that uses it, and the index of the call there.
    pub(super) parent: Option<(usize, usize)>,
    /// What `each` is in the call.
    pub(super) each: Option<Each>,
    /// Where its resources lie unless they say otherwise.
    pub(super) place: Place,
    /// Its params by name.
    pub(super) params: BTreeMap<String, Binding>,
    /// What its locals stand for, for those that are known for good.
    pub(super) locals: Vec<Option<Value>>,
    /// Its resources, by index: indices of instances.
    pub(super) resources: Vec<Group<usize>>,
    /// The modules it uses, by index: indices of frames.
    pub(super) calls: Vec<Group<usize>>,
    /// What it looks up, by index.
    pub(super) existing: Vec<Group<Value>>,
}

impl Frame {
    pub(super) fn new(module: Arc<Module>, path: Vec<Segment>, place: Place) -> Self {
        Self {
            path,
            parent: None,
            each: None,
            place,
            params: BTreeMap::new(),
            locals: vec![None; module.locals.len()],
            resources: vec![Group::Unresolved; module.resources.len()],
            calls: vec![Group::Unresolved; module.calls.len()],
            existing: vec![Group::Unresolved; module.existing.len()],
            module,
        }
    }

    /// The address of its resource or module `name`, without a key.
    pub(super) fn address(&self, name: &str) -> Address {
        Address::within(&self.path, name)
    }
}

/// What a param stands for.
#[derive(Clone, Debug)]
pub(super) enum Binding {
    /// This, for good.
    Known(Value),
    /// What this gives in the frame around, which rests on what is not known yet.
    Lazy(Arc<Tree>),
}

/// What became of a block that may be repeated or left out.
#[derive(Clone, Debug)]
pub(super) enum Group<T> {
    /// Not known yet.
    Unresolved,
    /// Left out: its `when` is false.
    Absent,
    /// One, without a key.
    One(T),
    /// One for each key.
    Keyed(BTreeMap<String, T>),
    /// One that stands for all there will be, while a spec is rehearsed; whether by key.
    Open(T, bool),
}

impl<T> Group<T> {
    /// Whether there is none since its `when` is false.
    pub(super) fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Whether one stands for all there will be.
    pub(super) fn is_open(&self) -> bool {
        matches!(self, Self::Open(..))
    }

    /// All there are.
    pub(super) fn all(&self) -> Box<dyn Iterator<Item = &T> + '_> {
        match self {
            Self::Unresolved | Self::Absent => Box::new(std::iter::empty()),
            Self::One(one) | Self::Open(one, _) => Box::new(std::iter::once(one)),
            Self::Keyed(all) => Box::new(all.values()),
        }
    }
}

/// What `each` is in a repeated block.
#[derive(Clone, Debug, PartialEq)]
pub struct Each {
    /// The key, part of the address; unknown in a rehearsal.
    pub(super) key: Value,
    /// The map's value, or the list's item.
    pub(super) value: Value,
    /// How many come before it.
    pub(super) index: Value,
    /// Whether the value rests on what is not known yet, and is to be worked out anew.
    pub(super) is_lazy: bool,
}

impl Each {
    pub(super) fn new(key: &str, value: Value, index: i64) -> Self {
        let is_lazy = !value.is_known();
        Self { key: Value::from(key), value, index: Value::Integer(index), is_lazy }
    }

    /// The key as it stands in addresses.
    pub(super) fn text(&self) -> Option<&str> {
        self.key.as_str()
    }

    /// What `each` is, with this value.
    pub(super) fn with_value(&self, value: Value) -> Value {
        Value::map([
            ("key".to_owned(), self.key.clone()),
            ("value".to_owned(), value),
            ("index".to_owned(), self.index.clone()),
        ])
    }
}
