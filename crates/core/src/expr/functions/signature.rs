//! Signatures: what functions take and give, written as people read them.
//!
//! `lookup(map: map<T>, key: string, default: T?) -> T`: a type behind each name, `?`
//! where the argument may be left out, `...` where any number may follow, `|` between
//! types that are all taken. One capital letter stands for the same type throughout; a
//! `secret` is a string that is never stored or shown.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::FUNCTIONS;
use crate::schema::{StringType, Type};
use crate::value::Value;

/// The signatures of all functions by their text.
static SIGNATURES: LazyLock<BTreeMap<&'static str, Signature>> = LazyLock::new(|| {
    let parsed =
        FUNCTIONS.iter().filter_map(|function| Some((function.signature, Signature::parse(function.signature)?)));
    parsed.collect()
});

/// A signature, parsed.
#[derive(Debug)]
pub(in crate::expr) struct Signature {
    parameters: Vec<Parameter>,
    result: Pattern,
}

#[derive(Debug)]
struct Parameter {
    takes: Vec<Pattern>,
    count: Count,
}

/// How many arguments a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Count {
    One,
    AtMostOne,
    Any,
}

/// A type in a signature.
#[derive(Debug)]
enum Pattern {
    Any,
    Bool,
    Integer,
    Number,
    String,
    /// A string that is never stored or shown.
    Secret,
    List(Box<Pattern>),
    Map(Box<Pattern>),
    /// The same type wherever the letter stands.
    Variable(char),
}

/// The argument that no value of its type could be.
#[derive(Debug)]
pub(in crate::expr) struct Mismatch {
    /// Its position.
    pub(in crate::expr) position: usize,
    /// What is wanted there, with its article.
    pub(in crate::expr) wanted: String,
}

impl Signature {
    /// The parsed form of one of the [`FUNCTIONS`]' signatures.
    pub(super) fn of(text: &'static str) -> Option<&'static Self> {
        SIGNATURES.get(text)
    }

    /// Parses a signature; `None` if it is not written as signatures are.
    pub(in crate::expr) fn parse(text: &str) -> Option<Self> {
        let (head, result) = text.split_once(") -> ")?;
        let (_, parameters) = head.split_once('(')?;
        let parameters = parameters.split(", ").filter(|parameter| !parameter.is_empty());
        let parameters = parameters.map(Parameter::parse).collect::<Option<_>>()?;
        Some(Self { parameters, result: Pattern::parse(result)? })
    }

    /// Whether it takes `count` arguments.
    pub(super) fn takes(&self, count: usize) -> bool {
        let least = self.parameters.iter().filter(|parameter| parameter.count == Count::One).count();
        let is_open = self.parameters.iter().any(|parameter| parameter.count == Count::Any);
        least <= count && (is_open || count <= self.parameters.len())
    }

    /// Whether it takes no more than one argument.
    pub(super) fn is_single(&self) -> bool {
        matches!(self.parameters.as_slice(), [] | [Parameter { count: Count::One | Count::AtMostOne, .. }])
    }

    /// The type of the result for `arguments` of which some are not known.
    pub(in crate::expr) fn result(&self, arguments: &[Value]) -> Result<Type, Mismatch> {
        let mut bound = BTreeMap::new();
        for (position, value) in arguments.iter().enumerate().filter(|(_, value)| **value != Value::Null) {
            let Some(parameter) = self.parameters.get(position).or(self.parameters.last()) else { continue };
            let ty = Type::of(value);
            let taken = parameter.takes.iter().find(|pattern| pattern.takes(&ty));
            let taken = taken.ok_or_else(|| Mismatch { position, wanted: parameter.wanted() })?;
            // What is empty says nothing of what could be in it.
            let is_empty = match value {
                Value::List(items) => items.is_empty(),
                Value::Map(entries) => entries.is_empty(),
                _ => false,
            };
            if !is_empty {
                taken.bind(&ty, &mut bound);
            }
        }
        Ok(self.result.with(&bound))
    }

    /// What each parameter is, where it is not anything, with its position: for tests.
    #[cfg(test)]
    pub(in crate::expr) fn wanted(&self) -> impl Iterator<Item = (usize, String)> {
        let parameters = self.parameters.iter().enumerate();
        parameters
            .filter(|(_, parameter)| {
                !parameter.takes.iter().any(|it| matches!(it, Pattern::Any | Pattern::Variable(_)))
            })
            .map(|(position, parameter)| (position, parameter.wanted()))
    }
}

impl Parameter {
    fn parse(text: &str) -> Option<Self> {
        let (_, types) = text.split_once(": ")?;
        let (types, count) = match (types.strip_suffix('?'), types.strip_suffix("...")) {
            (Some(types), _) => (types, Count::AtMostOne),
            (_, Some(types)) => (types, Count::Any),
            _ => (types, Count::One),
        };
        let takes = types.split(" | ").map(Pattern::parse).collect::<Option<_>>()?;
        Some(Self { takes, count })
    }

    fn wanted(&self) -> String {
        let name = |pattern: &Pattern| match pattern {
            Pattern::Integer => "a whole number".to_owned(),
            other => other.with(&BTreeMap::new()).with_article(),
        };
        let names: Vec<String> = self.takes.iter().map(name).collect();
        match names.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
            None => String::new(),
        }
    }
}

impl Pattern {
    fn parse(text: &str) -> Option<Self> {
        let inner = |name: &str| text.strip_prefix(name)?.strip_suffix('>');
        if let Some(inner) = inner("list<") {
            return Some(Self::List(Box::new(Self::parse(inner)?)));
        }
        if let Some(inner) = inner("map<") {
            return Some(Self::Map(Box::new(Self::parse(inner)?)));
        }
        Some(match text {
            "any" => Self::Any,
            "boolean" => Self::Bool,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "string" => Self::String,
            "secret" => Self::Secret,
            _ => match text.as_bytes() {
                [letter @ b'A'..=b'Z'] => Self::Variable(char::from(*letter)),
                _ => return None,
            },
        })
    }

    /// Whether some value of the type `ty` is taken.
    fn takes(&self, ty: &Type) -> bool {
        match (self, ty) {
            (Self::Any | Self::Variable(_), _) | (_, Type::Any | Type::Document) => true,
            (Self::String | Self::Map(_), Type::Policy) => true,
            (Self::Bool, Type::Bool) | (Self::String | Self::Secret, Type::String(_)) => true,
            (Self::Integer | Self::Number, Type::Integer { .. } | Type::Number { .. }) => true,
            (Self::List(inner), Type::List(item) | Type::Set(item)) => inner.takes_within(item),
            (Self::Map(inner), Type::Map(item)) => inner.takes_within(item),
            (Self::Map(inner), Type::Object(object)) => {
                object.fields.values().all(|field| !field.required || inner.takes_within(&field.ty))
            }
            _ => false,
        }
    }

    /// Within lists and maps strings, numbers and booleans stand for each other.
    fn takes_within(&self, ty: &Type) -> bool {
        let is_scalar = matches!(ty, Type::Bool | Type::Integer { .. } | Type::Number { .. } | Type::String(_));
        match self {
            Self::Bool | Self::Integer | Self::Number | Self::String if is_scalar => true,
            _ => self.takes(ty),
        }
    }

    /// Notes what the letters stand for where `ty` is given.
    fn bind(&self, ty: &Type, bound: &mut BTreeMap<char, Type>) {
        match self {
            Self::Variable(letter) => {
                bound.entry(*letter).and_modify(|before| *before = before.join(ty)).or_insert_with(|| ty.clone());
            }
            Self::List(inner) => inner.bind(ty.item().unwrap_or(&Type::Any), bound),
            Self::Map(inner) => inner.bind(&ty.entry().unwrap_or_default(), bound),
            _ => {}
        }
    }

    /// The type it is where the letters are `bound`.
    fn with(&self, bound: &BTreeMap<char, Type>) -> Type {
        match self {
            Self::Any => Type::Any,
            Self::Bool => Type::Bool,
            Self::Integer => Type::integer(),
            Self::Number => Type::number(),
            Self::String => Type::string(),
            Self::Secret => Type::String(StringType { secret: true, ..StringType::default() }),
            Self::List(inner) => Type::List(Box::new(inner.with(bound))),
            Self::Map(inner) => Type::Map(Box::new(inner.with(bound))),
            Self::Variable(letter) => bound.get(letter).cloned().unwrap_or_default(),
        }
    }
}
