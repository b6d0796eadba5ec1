//! Whether a value of which only the type is known fits where another type is wanted.

use std::sync::Arc;

use super::conform::{Conforming, quoted};
use super::types::{ObjectType, StringType, Type};
use super::with_article;
use crate::value::{Unknown, Value};

impl Conforming {
    /// What is not known, as it will be where `wanted` is wanted.
    pub(super) fn unknown(&mut self, unknown: &Unknown, wanted: &Type) -> Value {
        self.feed(&unknown.ty, wanted);
        let ty = Arc::new(unknown.ty.conformed(wanted));
        let is_secret = unknown.is_secret || ty.is_secret();
        Value::Unknown(Unknown { awaits: unknown.awaits.clone(), ty, is_secret })
    }

    /// Notes why nothing of the type `found` can be what `wanted` is.
    fn feed(&mut self, found: &Type, wanted: &Type) {
        if found.can_feed(wanted) {
            return;
        }
        match (found, wanted) {
            (Type::Object(found), Type::Object(wanted)) => self.feed_fields(found, wanted),
            (Type::String(found), Type::String(wanted)) => self.feed_string(found, wanted),
            (Type::List(found) | Type::Set(found), Type::List(wanted) | Type::Set(wanted))
                if found.name() == wanted.name() =>
            {
                self.feed(found, wanted);
            }
            _ => {
                let message = format!("expected {}, found {}", wanted.with_article(), found.with_article());
                self.misfit("wrong-type", message, converted(found, wanted));
            }
        }
    }

    fn feed_fields(&mut self, found: &ObjectType, wanted: &ObjectType) {
        for name in found.strangers(wanted) {
            self.unknown_field(name, wanted);
        }
        for (name, field) in &wanted.fields {
            match found.fields.get(name) {
                Some(found) => {
                    self.path.push(name.clone());
                    self.feed(&found.ty, &field.ty);
                    self.path.pop();
                }
                None => drop(self.field(name, None, field)),
            }
        }
    }

    fn feed_string(&mut self, found: &StringType, wanted: &StringType) {
        match (&found.reference, &wanted.reference) {
            (Some(found), Some(wanted)) if found != wanted => {
                let message = format!("expected {}, found {}", with_article(wanted), with_article(found));
                let help = format!("name a resource of the kind `{wanted}`, or write its id");
                self.misfit("wrong-kind", message, Some(help));
            }
            _ => {
                let (found, wanted) = (quoted(&found.choices), quoted(&wanted.choices));
                let message = format!("this is one of {found}, and none of {wanted}");
                self.misfit("not-a-choice", message, None);
            }
        }
    }
}

/// What to write so that what is of the type `found` feeds what `wanted` is.
fn converted(found: &Type, wanted: &Type) -> Option<String> {
    let help = match (found, wanted) {
        (Type::List(_) | Type::Set(_), Type::List(_) | Type::Set(_)) => return None,
        (Type::List(_) | Type::Set(_), Type::Bool | Type::Integer { .. } | Type::Number { .. } | Type::String(_)) => {
            "take one of its items, as in `${list[0]}`"
        }
        (Type::Map(_) | Type::Object(_), Type::List(_) | Type::Set(_)) => "take its values: `${values(map)}`",
        (_, Type::List(_) | Type::Set(_)) => "make it an item: `[\"${…}\"]`",
        (Type::Map(_) | Type::Object(_), _) => "name one of its fields",
        (Type::String(_), Type::Number { .. }) => "make it a number: `${double(…)}`",
        _ => return None,
    };
    Some(help.to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::schema::{Field, conform};

    fn string(rules: StringType) -> Type {
        Type::String(rules)
    }

    /// The messages on a value of the type `found` where `wanted` is wanted.
    fn fed(found: Type, wanted: &Type) -> Vec<String> {
        let misfits = conform(&Value::Unknown(Unknown::of(found)), wanted).err().unwrap_or_default();
        misfits
            .into_iter()
            .map(|misfit| format!("{} {}: {}", misfit.path.join("."), misfit.code, misfit.message))
            .collect()
    }

    #[test]
    fn what_is_not_known_is_held_against_the_type_it_will_have() {
        let list = |inner| Type::List(Box::new(inner));
        let named = |kind: &str| string(StringType { reference: Some(kind.to_owned()), ..StringType::default() });
        let choice = |of: &str| string(StringType { choices: vec![of.to_owned()], ..StringType::default() });
        let object = |name: &str, ty| {
            let fields = [(name.to_owned(), Field::required(ty, ""))].into();
            Type::Object(Arc::new(ObjectType { fields }))
        };
        let text = Type::string();
        for (found, wanted, said) in [
            (text.clone(), list(text.clone()), " wrong-type: expected a list of strings, found a string"),
            (list(Type::Bool), text.clone(), " wrong-type: expected a string, found a list of booleans"),
            (
                list(list(Type::Bool)),
                list(Type::Bool),
                " wrong-type: expected a list of booleans, found a list of lists of booleans",
            ),
            (named("ec2/vpc"), named("ec2/subnet"), " wrong-kind: expected an ec2/subnet, found an ec2/vpc"),
            (choice("a"), choice("b"), " not-a-choice: this is one of `a`, and none of `b`"),
            (object("a", list(Type::Any)), object("a", Type::Bool), "a wrong-type: expected a boolean, found a list"),
            (Type::Bool, Type::integer(), " wrong-type: expected an integer, found a boolean"),
        ] {
            assert_eq!(fed(found, &wanted), [said]);
        }
        let told = fed(object("prot", text.clone()), &object("port", text.clone()));
        let expected = ["prot unknown-field: there is no field `prot` here", " missing-field: `port` is missing"];
        assert_eq!(told, expected);
        for (found, wanted) in [
            (Type::Any, list(text.clone())),
            (Type::integer(), text.clone()),
            (text.clone(), Type::integer()),
            (Type::number(), Type::integer()),
            (text.clone(), named("ec2/vpc")),
            (text.clone(), choice("a")),
            (Type::Map(Box::new(Type::Any)), object("a", Type::Bool)),
            (object("a", text.clone()), Type::Policy),
        ] {
            assert_eq!(fed(found, &wanted), [""; 0]);
        }
    }

    #[test]
    fn what_is_not_known_becomes_what_is_wanted() {
        let wanted = string(StringType { secret: true, ..StringType::default() });
        let value = conform(&Value::Unknown(Unknown::of(Type::integer())), &wanted).unwrap();
        assert_eq!(value, Value::Unknown(Unknown { is_secret: true, ..Unknown::of(wanted) }));
    }
}
