//! What an expression names.

use std::ops::Range;

use super::functions::Function;
use super::node::{Comprehension, Fold, Kind, Node};
use crate::value::Value;

/// How many places one part of an expression may stand for before all of them
/// count as used in whole. Keeps nested conditionals from multiplying.
const MAX_PLACES: usize = 64;

/// Something an expression names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The name the scope is asked for.
    pub root: String,
    /// The way from there to what is used; empty if all of it is.
    pub path: Vec<PathStep>,
    /// Where it is used: bytes within the expression's text.
    pub range: Range<usize>,
}

/// One step of a [`Reference`]'s path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PathStep {
    /// `.name`.
    Field(String),
    /// `[key]`: the literal key or position, or `None` where the text does not tell which.
    Key(Option<String>),
    /// Every item.
    Each,
}

/// Everything `root` names; `key_of` may know the value of a key that is no literal.
pub(super) fn references(root: &Node, key_of: &dyn Fn(&Node) -> Option<Value>) -> Vec<Reference> {
    let mut finder = Finder { found: Vec::new(), variables: Vec::new(), key_of };
    finder.used(root);
    let mut found = finder.found;
    found.sort_by_key(|reference| (reference.range.start, reference.range.end));
    found.dedup();
    found
}

/// What a part of an expression stands for in the scope.
#[derive(Clone)]
enum Place {
    /// This very thing.
    At(Reference),
    /// A list whose items are this.
    Of(Reference),
}

impl Place {
    fn into_reference(self) -> Reference {
        match self {
            Self::At(reference) | Self::Of(reference) => reference,
        }
    }

    /// The place of the items.
    fn item(self, range: &Range<usize>) -> Reference {
        match self {
            Self::At(reference) => step(reference, PathStep::Each, range),
            Self::Of(reference) => reference,
        }
    }

    /// The place of one item.
    fn index(self, key: Option<String>, range: &Range<usize>) -> Reference {
        match self {
            Self::At(reference) => step(reference, PathStep::Key(key), range),
            Self::Of(reference) => Reference { range: range.clone(), ..reference },
        }
    }

    /// The place of a field.
    fn field(self, name: &str, range: &Range<usize>) -> Reference {
        step(self.into_reference(), PathStep::Field(name.to_owned()), range)
    }
}

fn step(mut reference: Reference, step: PathStep, range: &Range<usize>) -> Reference {
    reference.path.push(step);
    Reference { range: range.clone(), ..reference }
}

struct Finder<'k> {
    found: Vec<Reference>,
    /// The variables of the comprehensions around, innermost last.
    variables: Vec<Variable>,
    key_of: &'k dyn Fn(&Node) -> Option<Value>,
}

/// What a comprehension variable stands for, and whether anything uses it.
struct Variable {
    places: Vec<Place>,
    is_used: bool,
}

impl Finder<'_> {
    /// Reports all of what `node` stands for.
    fn used(&mut self, node: &Node) {
        let places = self.places(node);
        self.found.extend(places.into_iter().map(Place::into_reference));
    }

    fn all_used<'n>(&mut self, nodes: impl IntoIterator<Item = &'n Node>) -> Vec<Place> {
        nodes.into_iter().for_each(|node| self.used(node));
        Vec::new()
    }

    /// What `node` stands for, reporting what was used on the way there.
    fn places(&mut self, node: &Node) -> Vec<Place> {
        let range = &node.range;
        let mut places = match &node.kind {
            Kind::Literal(_) => Vec::new(),
            Kind::Name(name) => {
                vec![Place::At(Reference { root: name.clone(), path: Vec::new(), range: range.clone() })]
            }
            Kind::Variable(depth) => self.variable(*depth, range),
            Kind::Field(operand, field) => self.through(operand, |place| Place::At(place.field(field, range))),
            Kind::Index(sides) => self.index(sides, range),
            Kind::Conditional(parts) => {
                let [condition, then, otherwise] = &**parts;
                self.used(condition);
                [self.places(then), self.places(otherwise)].concat()
            }
            Kind::Call(function, arguments) => self.call(function, arguments, range),
            Kind::Comprehension(comprehension) => self.comprehension(comprehension),
            Kind::Has(operand, field) => {
                // From the operand's first token to before the closing bracket.
                let range = operand.range.start..range.end.saturating_sub(1);
                let places = self.through(operand, |place| Place::At(place.field(field, &range)));
                self.found.extend(places.into_iter().map(Place::into_reference));
                Vec::new()
            }
            Kind::Not(operand) | Kind::Negate(operand) | Kind::Entries(operand) | Kind::Embedded(_, operand) => {
                self.all_used([&**operand])
            }
            Kind::List(items) | Kind::Text(items) => self.all_used(items),
            Kind::Map(entries) => self.all_used(entries.iter().flat_map(|(key, value)| [key, value])),
            Kind::Binary(_, sides) | Kind::And(sides) | Kind::Or(sides) => self.all_used(&**sides),
        };
        if places.len() > MAX_PLACES {
            self.found.extend(places.drain(..).map(Place::into_reference));
        }
        places
    }

    fn through(&mut self, operand: &Node, to: impl Fn(Place) -> Place) -> Vec<Place> {
        self.places(operand).into_iter().map(to).collect()
    }

    fn variable(&mut self, depth: usize, range: &Range<usize>) -> Vec<Place> {
        let Some(variable) = self.variables.get_mut(depth) else { return Vec::new() };
        variable.is_used = true;
        let mut places = variable.places.clone();
        for Place::At(reference) | Place::Of(reference) in &mut places {
            reference.range = range.clone();
        }
        places
    }

    fn index(&mut self, [operand, key]: &[Node; 2], range: &Range<usize>) -> Vec<Place> {
        self.used(key);
        let key = self.key(key);
        self.through(operand, |place| Place::At(place.index(key.clone(), range)))
    }

    fn key(&self, key: &Node) -> Option<String> {
        let value = match &key.kind {
            Kind::Literal(value) => Some(value.clone()),
            _ if self.variables.is_empty() => (self.key_of)(key),
            _ => None,
        };
        match value? {
            Value::String(key) => Some(key.to_string()),
            Value::Integer(position) => Some(position.to_string()),
            _ => None,
        }
    }

    /// Functions that hand on the items they are given pass places through.
    fn call(&mut self, function: &Function, arguments: &[Node], range: &Range<usize>) -> Vec<Place> {
        let (passed, used) = match function.name {
            "concat" | "try" => arguments.split_at(arguments.len()),
            "values" | "reverse" | "sort" | "distinct" | "toset" | "tolist" | "slice" | "element" | "one" => {
                arguments.split_at(arguments.len().min(1))
            }
            _ => arguments.split_at(0),
        };
        self.all_used(used);
        let places = passed.iter().flat_map(|argument| self.places(argument)).collect::<Vec<_>>().into_iter();
        match function.name {
            "try" => places.collect(),
            "element" | "one" => places.map(|place| Place::At(place.index(None, range))).collect(),
            _ => places.map(|place| Place::Of(place.item(range))).collect(),
        }
    }

    fn comprehension(&mut self, comprehension: &Comprehension) -> Vec<Place> {
        let over = &comprehension.over;
        let items = self.through(over, |place| Place::At(place.item(&over.range)));
        self.variables.push(Variable { places: items, is_used: false });
        let places = match &comprehension.fold {
            Fold::Any(predicate) | Fold::All(predicate) | Fold::One(predicate) => self.all_used([predicate]),
            Fold::Collect { filter, item } => {
                self.all_used(filter);
                self.places(item).into_iter().map(|place| Place::Of(place.into_reference())).collect()
            }
        };
        // How many items there are matters even if none is looked at.
        if let Some(Variable { places, is_used: false }) = self.variables.pop() {
            self.found.extend(places.into_iter().map(Place::into_reference));
        }
        places
    }
}
