//! A resource's place in the spec: `vpc`, `public["us-east-1a"]`, `network.vpc`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// One step of an address: a name, with a key when it was made by `for_each`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Segment {
    /// The name in the spec.
    pub name: String,
    /// The `for_each` key.
    pub key: Option<String>,
}

/// The place of a resource in the spec: the modules it lies in, then its own name.
///
/// Its text form is what users type and what the state file holds. Parsing what
/// was printed gives the same address back, whatever the key holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    segments: Vec<Segment>,
}

/// A text that is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no address: expected something like `vpc`, `public[\"us-east-1a\"]` or `network.vpc`")]
pub struct AddressError {
    text: String,
}

/// Whether `name` may name a resource, a param or an output: a letter or `_`,
/// then letters, digits and `_`.
pub fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    let starts = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    starts && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

impl Address {
    /// The address of a resource outside any module and without a key.
    pub fn root(name: impl Into<String>) -> Self {
        Self { segments: vec![Segment { name: name.into(), key: None }] }
    }

    /// This address with the `for_each` key `key`.
    #[must_use]
    pub fn with_key(mut self, key: impl Into<String>) -> Self {
        if let Some(last) = self.segments.last_mut() {
            last.key = Some(key.into());
        }
        self
    }

    /// The address of `name` in the module that `path` leads to.
    pub fn within(path: &[Segment], name: impl Into<String>) -> Self {
        let own = Segment { name: name.into(), key: None };
        Self { segments: path.iter().cloned().chain([own]).collect() }
    }

    /// This address without its own `for_each` key.
    #[must_use]
    pub fn without_key(mut self) -> Self {
        if let Some(last) = self.segments.last_mut() {
            last.key = None;
        }
        self
    }

    /// The way to it: the modules it lies in, then itself.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The modules it lies in, the outermost first.
    pub fn module(&self) -> &[Segment] {
        self.segments.split_last().map_or(&[], |(_, modules)| modules)
    }

    /// The resource's own name, without modules and key.
    pub fn name(&self) -> &str {
        self.segments.last().map_or("", |segment| &segment.name)
    }

    /// Where this lies once `from` is at `to`; `None` for what `from` does not speak of.
    ///
    /// It speaks of itself and, unless `to` lies inside it, of all inside it. Without a key
    /// on either side it speaks of every instance of its name.
    pub fn moved(&self, from: &Self, to: &Self) -> Option<Self> {
        let (own, inside) = self.segments.split_at_checked(from.segments.len())?;
        let ((own, own_modules), (name, modules)) = (own.split_last()?, from.segments.split_last()?);
        let is_instance = name.key.is_none() && to.key().is_none();
        let is_named = own_modules == modules && own.name == name.name && (own.key == name.key || is_instance);
        if !is_named || (!inside.is_empty() && to.is_inside(from)) {
            return None;
        }
        let mut moved = to.clone();
        if let Some(last) = moved.segments.last_mut().filter(|_| is_instance) {
            last.key.clone_from(&own.key);
        }
        moved.segments.extend_from_slice(inside);
        Some(moved)
    }

    /// Whether this lies in `module`, at whatever depth.
    pub fn is_inside(&self, module: &Self) -> bool {
        self.segments.len() > module.segments.len() && self.segments.starts_with(&module.segments)
    }

    /// The resource's own `for_each` key.
    pub fn key(&self) -> Option<&str> {
        self.segments.last()?.key.as_deref()
    }
}

/// `addresses` as they are known in the innermost module that holds them all.
pub(crate) fn nearby(addresses: &[Address]) -> Vec<Address> {
    let around = |depth: usize| addresses.iter().map(move |address| address.module().get(depth));
    let is_shared = |depth: &usize| {
        let mut all = around(*depth);
        let first = all.next().flatten();
        first.is_some() && all.all(|other| other == first)
    };
    let shared = (0..).take_while(is_shared).count();
    addresses.iter().map(|address| Address { segments: address.segments[shared..].to_vec() }).collect()
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match &self.key {
            Some(key) => write!(f, "[{}]", serde_json::Value::from(key.as_str())),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, segment) in self.segments.iter().enumerate() {
            if index > 0 {
                f.write_str(".")?;
            }
            segment.fmt(f)?;
        }
        Ok(())
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        parse(text).ok_or_else(|| AddressError { text: text.to_owned() })
    }
}

fn parse(text: &str) -> Option<Address> {
    let mut segments = Vec::new();
    let mut rest = text;
    loop {
        let (segment, tail) = parse_segment(rest)?;
        segments.push(segment);
        if tail.is_empty() {
            return Some(Address { segments });
        }
        rest = tail.strip_prefix('.')?;
    }
}

fn parse_segment(text: &str) -> Option<(Segment, &str)> {
    let end = text.find(['.', '[']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if !is_name(name) {
        return None;
    }
    let (key, rest) = match rest.strip_prefix('[') {
        Some(inner) => parse_key(inner).map(|(key, rest)| (Some(key), rest))?,
        None => (None, rest),
    };
    Some((Segment { name: name.to_owned(), key }, rest))
}

/// Reads a JSON string and the `]` behind it.
fn parse_key(text: &str) -> Option<(String, &str)> {
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<String>();
    let key = stream.next()?.ok()?;
    let rest = text.get(stream.byte_offset()..)?;
    Some((key, rest.strip_prefix(']')?))
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn address_and_text_round_trip(
            parts in prop::collection::vec(("[a-z_][a-zA-Z0-9_]{0,8}", prop::option::of(any::<String>())), 1..4)
        ) {
            let segments = parts.into_iter().map(|(name, key)| Segment { name, key }).collect();
            let address = Address { segments };
            prop_assert_eq!(address.to_string().parse::<Address>(), Ok(address));
        }

        #[test]
        fn any_text_parses_or_is_refused(text in any::<String>()) {
            if let Ok(address) = text.parse::<Address>() {
                prop_assert_eq!(address.to_string().parse::<Address>(), Ok(address));
            }
        }
    }

    #[test]
    fn a_move_takes_along_what_it_speaks_of_and_nothing_else() {
        for (address, from, to, moved) in [
            ("web", "web", "api.web", Some("api.web")),
            ("web[\"a\"]", "web", "api", Some("api[\"a\"]")),
            ("web", "web", "web[\"a\"]", Some("web[\"a\"]")),
            ("web[\"b\"]", "web", "web[\"a\"]", None),
            ("web[\"a\"]", "web[\"a\"]", "web", Some("web")),
            ("web[\"b\"]", "web[\"a\"]", "web", None),
            ("old.web[\"a\"]", "old", "new", Some("new.web[\"a\"]")),
            ("old[\"x\"].web", "old", "new", Some("new[\"x\"].web")),
            ("old.web", "old.web", "web", Some("web")),
            ("web", "web", "web.web", Some("web.web")),
            ("web.web", "web", "web.web", None),
            ("old", "old.web", "web", None),
            ("older", "old", "new", None),
        ] {
            let [address, from, to] = [address, from, to].map(|text| text.parse::<Address>().unwrap());
            let moved = moved.map(|text| text.parse::<Address>().unwrap());
            assert_eq!(address.moved(&from, &to), moved, "{address}: {from} -> {to}");
        }
    }

    #[test]
    fn what_lies_in_one_module_is_known_there_without_it() {
        for (addresses, shown) in [
            (&["a.b.x", "a.b.y"][..], &["x", "y"][..]),
            (&["a.b.x", "a.c.x"], &["b.x", "c.x"]),
            (&["a.x[\"k\"]"], &["x[\"k\"]"]),
            (&["a.x", "a"], &["a.x", "a"]),
            (&[], &[]),
        ] {
            let parsed = |texts: &[&str]| texts.iter().map(|text| text.parse::<Address>().unwrap()).collect::<Vec<_>>();
            assert_eq!(nearby(&parsed(addresses)), parsed(shown));
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", ".", "a.", ".a", "a[", "a[x]", "a[\"x\"", "a[\"x\"]b", "9a", "a b"] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }
}
