//! Whether a value fits a type, and the value as that type has it.

use std::collections::BTreeMap;
use std::sync::Arc;

use ipnet::{Ipv4Net, Ipv6Net};
use serde_json::Value as Json;

use super::types::{Field, Format, ObjectType, StringType, Type};
use crate::diagnostic::suggest;
use crate::value::{Secret, Value};

/// Where and how a value does not fit its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The path from the value that was checked to the one that does not fit.
    pub path: Vec<String>,
    /// Which rule it breaks.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to write instead, where that can be told.
    pub help: Option<String>,
}

/// `value` as `ty` has it: defaults filled in, numbers turned into strings where a
/// string is wanted (and back), secrets marked. All misfits at once. An unknown fits
/// where some value of its type would, and has from there on the type wanted of it.
///
/// # Errors
/// When the value does not fit.
pub fn conform(value: &Value, ty: &Type) -> Result<Value, Vec<Misfit>> {
    let mut conforming = Conforming::default();
    let value = conforming.value(value, ty);
    if conforming.misfits.is_empty() { Ok(value) } else { Err(conforming.misfits) }
}

/// [`conform`] for the properties of a resource.
///
/// # Errors
/// As [`conform`].
pub fn conform_object(value: &Value, object: &ObjectType) -> Result<Value, Vec<Misfit>> {
    let mut conforming = Conforming::default();
    let value = conforming.object(value, object);
    if conforming.misfits.is_empty() { Ok(value) } else { Err(conforming.misfits) }
}

/// What a driver reports, with the secrets marked that the schema declares.
pub fn lift(json: &Json, object: &ObjectType) -> Value {
    let Json::Object(entries) = json else {
        return Value::map([]);
    };
    Value::map(entries.iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| {
        let value = match object.fields.get(name) {
            Some(field) => lift_field(value, &field.ty),
            None => Value::from(value),
        };
        (name.clone(), value)
    }))
}

fn lift_field(json: &Json, ty: &Type) -> Value {
    match (json, ty) {
        (_, ty) if ty.is_secret() => Value::from(json).into_secret(),
        (Json::Object(_), Type::Object(object)) => lift(json, object),
        (Json::Array(items), Type::List(inner) | Type::Set(inner)) => {
            Value::list(items.iter().map(|item| lift_field(item, inner)))
        }
        (Json::Object(entries), Type::Map(inner)) => {
            Value::map(entries.iter().map(|(key, value)| (key.clone(), lift_field(value, inner))))
        }
        _ => Value::from(json),
    }
}

#[derive(Default)]
pub(super) struct Conforming {
    pub(super) path: Vec<String>,
    misfits: Vec<Misfit>,
}

impl Conforming {
    pub(super) fn misfit(&mut self, code: &'static str, message: String, help: Option<String>) -> Value {
        self.misfits.push(Misfit { path: self.path.clone(), code, message, help });
        Value::Null
    }

    fn wrong_type(&mut self, value: &Value, ty: &Type) -> Value {
        let message = format!("expected {}, found {}", with_article(ty.name()), with_article(value.type_name()));
        self.misfit("wrong-type", message, rewritten(value, ty))
    }

    fn at(&mut self, step: impl Into<String>, check: impl FnOnce(&mut Self) -> Value) -> Value {
        self.path.push(step.into());
        let value = check(self);
        self.path.pop();
        value
    }

    fn value(&mut self, value: &Value, ty: &Type) -> Value {
        match (value, ty) {
            (Value::Unknown(unknown), _) => self.unknown(unknown, ty),
            (Value::Secret(Secret::Hash(_)), _) => value.clone(),
            (Value::Secret(Secret::Plain(inner)), _) => self.secret(inner, ty),
            (_, ty) if ty.is_secret() => self.string(value, ty).into_secret(),
            (_, Type::Any) => value.clone(),
            (Value::Bool(_), Type::Bool) => value.clone(),
            (Value::String(text), Type::Bool) if &**text == "true" => Value::Bool(true),
            (Value::String(text), Type::Bool) if &**text == "false" => Value::Bool(false),
            (_, Type::Integer { min, max }) => self.integer(value, ty, *min, *max),
            (Value::Integer(_) | Value::Float(_), Type::Number { min, max }) => self.number(value, *min, *max),
            (_, Type::String(_)) => self.string(value, ty),
            (Value::List(items), Type::List(inner) | Type::Set(inner)) => self.list(items, inner),
            (Value::Map(entries), Type::Map(inner)) => self.map(entries, inner),
            (Value::Map(_), Type::Object(object)) => self.object(value, object),
            (Value::Map(_) | Value::String(_), Type::Policy | Type::Document) => value.clone(),
            (Value::List(_), Type::Document) => value.clone(),
            _ => self.wrong_type(value, ty),
        }
    }

    /// Messages quote what does not fit, so those of a secret are replaced (law 10).
    fn secret(&mut self, inner: &Value, ty: &Type) -> Value {
        let before = self.misfits.len();
        let value = self.value(inner, ty).into_secret();
        if let Some(first) = self.misfits.get(before) {
            let why = match first.code {
                "not-a-choice" => "is none of those it may be".to_owned(),
                "bad-pattern" => "does not match its pattern".to_owned(),
                "out-of-range" => "is out of its bounds".to_owned(),
                "bad-cidr" => "is no range in its notation".to_owned(),
                _ => format!("is not {} as it must be", with_article(ty.name())),
            };
            self.misfits.truncate(before);
            let help = "check the value that is given; it is not shown".to_owned();
            self.misfit("secret-misfit", format!("the secret value {why}"), Some(help));
        }
        value
    }

    fn integer(&mut self, value: &Value, ty: &Type, min: Option<i64>, max: Option<i64>) -> Value {
        let number = match value {
            Value::Integer(number) => Some(*number),
            Value::Float(number) if number.fract() == 0.0 && number.abs() < 9e15 => Some(*number as i64),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        match number {
            None => self.wrong_type(value, ty),
            Some(number) if min.is_some_and(|min| number < min) || max.is_some_and(|max| number > max) => {
                self.misfit("out-of-range", format!("{number} is not {}", range(min, max)), None)
            }
            Some(number) => Value::Integer(number),
        }
    }

    fn number(&mut self, value: &Value, min: Option<f64>, max: Option<f64>) -> Value {
        let number = match value {
            Value::Integer(number) => *number as f64,
            Value::Float(number) => *number,
            _ => return value.clone(),
        };
        if min.is_some_and(|min| number < min) || max.is_some_and(|max| number > max) {
            return self.misfit("out-of-range", format!("{number} is not {}", range(min, max)), None);
        }
        value.clone()
    }

    fn string(&mut self, value: &Value, ty: &Type) -> Value {
        let text: Arc<str> = match value {
            Value::String(text) => text.clone(),
            Value::Integer(number) => number.to_string().into(),
            Value::Float(number) => number.to_string().into(),
            Value::Bool(value) => value.to_string().into(),
            _ => return self.wrong_type(value, ty),
        };
        match ty {
            Type::String(rules) => self.text(text, rules),
            _ => Value::String(text),
        }
    }

    fn text(&mut self, text: Arc<str>, rules: &StringType) -> Value {
        if !rules.choices.is_empty() && !rules.choices.iter().any(|choice| **choice == *text) {
            let message = format!("`{text}` is none of {}", quoted(&rules.choices));
            let near = suggest(&text, rules.choices.iter().map(String::as_str));
            self.misfit(
                "not-a-choice",
                message,
                near.map(did_you_mean).or_else(|| Some("write one of these".to_owned())),
            );
        }
        if let Some(pattern) = rules.pattern.as_deref().filter(|pattern| !matches(pattern, &text)) {
            let message = format!("`{text}` does not match the pattern `{pattern}`");
            self.misfit("bad-pattern", message, Some("write something the pattern allows".to_owned()));
        }
        if let Some((wrong, help)) = rules.format.and_then(|format| malformed(&text, format)) {
            self.misfit("bad-cidr", wrong, help);
        }
        Value::String(text)
    }

    fn list(&mut self, items: &[Value], inner: &Type) -> Value {
        let checked = items.iter().enumerate();
        let checked: Vec<Value> =
            checked.map(|(index, item)| self.at(index.to_string(), |this| this.value(item, inner))).collect();
        Value::list(checked)
    }

    fn map(&mut self, entries: &BTreeMap<String, Value>, inner: &Type) -> Value {
        let present = entries.iter().filter(|(_, value)| **value != Value::Null);
        let checked: Vec<(String, Value)> =
            present.map(|(key, value)| (key.clone(), self.at(key.as_str(), |this| this.value(value, inner)))).collect();
        Value::map(checked)
    }

    /// A `null` is a field left out.
    fn object(&mut self, value: &Value, object: &ObjectType) -> Value {
        let Value::Map(entries) = value else {
            return self.wrong_type(value, &Type::Object(Arc::new(object.clone())));
        };
        let unknown = entries.keys().filter(|name| !object.fields.contains_key(*name));
        let meant: Vec<Option<String>> = unknown.map(|name| self.unknown_field(name, object)).collect();
        let mut checked = Vec::new();
        for (name, field) in &object.fields {
            let given = entries.get(name).filter(|value| **value != Value::Null);
            // A required field that was misspelt has been told of already.
            let is_misspelt = given.is_none() && meant.iter().any(|meant| meant.as_ref() == Some(name));
            if !is_misspelt {
                checked.extend(self.field(name, given, field).map(|value| (name.clone(), value)));
            }
        }
        Value::map(checked)
    }

    pub(super) fn field(&mut self, name: &str, given: Option<&Value>, field: &Field) -> Option<Value> {
        match (given, &field.default) {
            (Some(value), _) => Some(self.at(name, |this| this.value(value, &field.ty))),
            (None, Some(default)) => Some(lift_field(default, &field.ty)),
            (None, None) if field.required => Some(self.misfit("missing-field", format!("`{name}` is missing"), None)),
            (None, None) => None,
        }
    }

    /// Answers which field was probably meant.
    pub(super) fn unknown_field(&mut self, name: &str, object: &ObjectType) -> Option<String> {
        let near = suggest(name, object.fields.keys().map(String::as_str));
        let help = near.clone().map(did_you_mean);
        self.at(name, |this| this.misfit("unknown-field", format!("there is no field `{name}` here"), help));
        near
    }
}

/// What to write where a value of another type stands.
fn rewritten(value: &Value, ty: &Type) -> Option<String> {
    Some(match (value, ty) {
        (_, Type::Bool) => "write `true` or `false`".to_owned(),
        (Value::String(text), Type::List(_) | Type::Set(_)) if text.len() < 60 => format!("write `[{text}]`"),
        (_, Type::List(_) | Type::Set(_)) => "write a list: `[a, b]`, or items that begin with `- `".to_owned(),
        (_, Type::Map(_) | Type::Object(_)) => "write `name: value` pairs, each on a line below".to_owned(),
        (_, Type::Integer { .. }) => "write a whole number".to_owned(),
        (_, Type::Number { .. }) => "write a number".to_owned(),
        (_, Type::String(_)) => "write a single value".to_owned(),
        _ => return None,
    })
}

fn did_you_mean(name: impl std::fmt::Display) -> String {
    format!("did you mean `{name}`?")
}

/// Whether `pattern` matches anywhere in `text`.
fn matches(pattern: &str, text: &str) -> bool {
    regex_lite::Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(text))
}

type Wrong = (String, Option<String>);

fn malformed(text: &str, format: Format) -> Option<Wrong> {
    match format {
        Format::Cidr4 => wrong_range(text, "an IPv4 range such as 10.0.0.0/16", |text| {
            text.parse::<Ipv4Net>().ok().map(|net| (net == net.trunc(), net.trunc().to_string()))
        }),
        Format::Cidr6 => wrong_range(text, "an IPv6 range such as 2001:db8::/56", |text| {
            text.parse::<Ipv6Net>().ok().map(|net| (net == net.trunc(), net.trunc().to_string()))
        }),
    }
}

/// `parse` answers whether no bit is set behind the prefix, and the range without those bits.
fn wrong_range(text: &str, wanted: &str, parse: impl Fn(&str) -> Option<(bool, String)>) -> Option<Wrong> {
    match parse(text) {
        None if text.parse::<std::net::IpAddr>().is_ok() => Some((
            format!("`{text}` is an address, not a range"),
            Some(format!("add the length of the prefix, such as `{text}/24`")),
        )),
        None => {
            let help = "write an address, a `/` and the length of the prefix".to_owned();
            Some((format!("`{text}` is not {wanted}"), Some(help)))
        }
        Some((false, truncated)) => {
            Some((format!("`{text}` has bits set behind its prefix"), Some(format!("write `{truncated}`"))))
        }
        Some((true, _)) => None,
    }
}

fn range<N: std::fmt::Display>(min: Option<N>, max: Option<N>) -> String {
    match (min, max) {
        (Some(min), Some(max)) => format!("between {min} and {max}"),
        (Some(min), None) => format!("{min} or more"),
        (None, Some(max)) => format!("{max} or less"),
        (None, None) => "allowed".to_owned(),
    }
}

pub(super) fn quoted(choices: &[String]) -> String {
    choices.iter().map(|choice| format!("`{choice}`")).collect::<Vec<_>>().join(", ")
}

/// A type's name as it stands in a sentence: `a string`, `an integer`, `null`.
pub fn with_article(name: &str) -> String {
    match name.chars().next() {
        Some('a' | 'e' | 'i' | 'o' | 'u') if !name.starts_with("any") => format!("an {name}"),
        _ if name == "null" || name == "unknown" || name.starts_with("any") => name.to_owned(),
        _ => format!("a {name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn string(rules: StringType) -> Type {
        Type::String(rules)
    }

    #[test]
    fn numbers_become_the_strings_that_are_wanted() {
        let ty = string(StringType::default());
        assert_eq!(conform(&Value::Integer(3), &ty), Ok(Value::string("3")));
        let integer = Type::Integer { min: Some(0), max: Some(10) };
        assert_eq!(conform(&Value::string("7"), &integer), Ok(Value::Integer(7)));
        assert_eq!(conform(&Value::Integer(11), &integer).unwrap_err()[0].message, "11 is not between 0 and 10");
    }

    #[test]
    fn a_range_must_be_in_its_notation_and_without_host_bits() {
        let ty = string(StringType { format: Some(Format::Cidr4), ..StringType::default() });
        assert!(conform(&Value::string("10.0.0.0/16"), &ty).is_ok());
        for (text, says) in [("10.0.0.0/33", "is not an IPv4 range"), ("10.0.1.0/16", "has bits set")] {
            let misfits = conform(&Value::string(text), &ty).unwrap_err();
            assert!(misfits[0].message.contains(says), "{}", misfits[0].message);
        }
    }

    #[test]
    fn every_misfit_is_told_with_its_path() {
        let inner = ObjectType { fields: [("port".to_owned(), Field::required(Type::Bool, ""))].into() };
        let ty = Type::List(Box::new(Type::Object(Arc::new(inner))));
        let item = Value::map([("prot".to_owned(), Value::Null), ("port".to_owned(), Value::Integer(1))]);
        let misfits = conform(&Value::list([item]), &ty).unwrap_err();
        let told: Vec<_> = misfits.iter().map(|misfit| (misfit.path.join("."), misfit.code)).collect();
        assert_eq!(told, [("0.prot".to_owned(), "unknown-field"), ("0.port".to_owned(), "wrong-type")]);
    }

    #[test]
    fn a_secret_that_does_not_fit_is_not_quoted() {
        let choices = vec!["a".to_owned()];
        let ty = string(StringType { choices, ..StringType::default() });
        let misfits = conform(&Value::string("hunter2").into_secret(), &ty).unwrap_err();
        assert!(!format!("{misfits:?}").contains("hunter2"), "{misfits:?}");
    }

    #[test]
    fn a_secret_stays_one() {
        let ty = string(StringType { secret: true, ..StringType::default() });
        assert!(conform(&Value::string("x"), &ty).unwrap().has_secret());
    }
}
