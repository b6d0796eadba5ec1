//! Resources and what each needs, drawn: DOT, Mermaid, SVG.
//!
//! In all of them an arrow points at what is needed, and what is made first stands at the
//! left. A dashed arrow waits for no more than the id. Modules are frames around what lies
//! in them. The same picture always gives the same text.

mod colour;
mod dot;
mod layout;
mod mermaid;
mod modules;
mod of_spec;
mod reduce;
mod svg;

pub use dot::dot;
pub use layout::TooLarge;
pub use mermaid::mermaid;
pub use of_spec::of_spec;
pub use svg::svg;

use crate::address::Address;

/// What a picture shows.
#[derive(Clone, Debug, Default)]
pub struct Picture {
    /// What is drawn, such as the stack's name.
    pub title: String,
    /// The resources.
    pub nodes: Vec<Node>,
    /// What needs what.
    pub edges: Vec<Edge>,
}

/// A resource.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its place in the spec.
    pub address: Address,
    /// Its kind.
    pub kind: String,
    /// What else there is to say of it.
    pub note: Option<Note>,
}

/// What there is to say of a resource beside its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// It is looked up, not ours.
    Existing,
    /// It stands for several whose keys are not known yet.
    Repeated,
    /// A plan makes it.
    Create,
    /// A plan changes it in place.
    Update,
    /// A plan makes it anew and deletes what was.
    Replace,
    /// A plan deletes it.
    Delete,
}

/// A resource that needs another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Index of the one that needs.
    pub from: usize,
    /// Index of the one that is needed.
    pub to: usize,
    /// How far that one must have come.
    pub what: EdgeKind,
}

/// How far what is needed must have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EdgeKind {
    /// Its id or another early output is known.
    Early,
    /// It is done.
    Done,
}

impl Note {
    fn word(self) -> &'static str {
        match self {
            Self::Existing => "existing",
            Self::Repeated => "for each",
            Self::Create => "create",
            Self::Update => "update",
            Self::Replace => "replace",
            Self::Delete => "delete",
        }
    }
}

impl Node {
    /// Its name in the module it lies in: `public["us-east-1a"]`.
    fn name(&self) -> String {
        self.address.segments().last().map(ToString::to_string).unwrap_or_default()
    }

    /// Its kind and its note: `ec2/vpc · create`.
    fn caption(&self) -> String {
        match self.note {
            Some(note) => format!("{} · {}", self.kind, note.word()),
            None => self.kind.clone(),
        }
    }

    /// All that is said of it, in one line.
    fn tooltip(&self) -> String {
        format!("{} ({})", self.address, self.caption())
    }

    /// Whether it is drawn as not ours.
    fn is_dashed(&self) -> bool {
        self.note == Some(Note::Existing)
    }
}

/// Whether XML can hold `char` and a line shows it; Graphviz, too, writes XML.
fn is_printable(char: char) -> bool {
    !char.is_control() && !matches!(char, '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}')
}
