//! Values made up here.

use provision_core::schema::FieldError;
use rand::Rng;
use rand::seq::{IndexedRandom, SliceRandom};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::kind::Result;
use crate::random;
use crate::types::Document;

/// How a random value is made up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GenerateSecretString {
    /// Number of characters; 32 when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 4096))]
    pub password_length: Option<u16>,

    /// Characters never used, such as `"@/\` for the sake of a database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exclude_characters: Option<String>,

    /// Whether lower-case letters are left out; `false` when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exclude_lowercase: Option<bool>,

    /// Whether upper-case letters are left out; `false` when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exclude_uppercase: Option<bool>,

    /// Whether digits are left out; `false` when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exclude_numbers: Option<bool>,

    /// Whether punctuation is left out; `false` when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exclude_punctuation: Option<bool>,

    /// Whether the space is used as well; `false` when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_space: Option<bool>,

    /// Whether every type of character that is not excluded occurs; `true` when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_each_included_type: Option<bool>,

    /// JSON object the value is put into, under `generate_string_key`. Left out, the
    /// secret is the value itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_string_template: Option<Document>,

    /// Key of the value in `secret_string_template`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generate_string_key: Option<String>,
}

const LOWERCASE: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPERCASE: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const NUMBERS: &str = "0123456789";
const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

impl GenerateSecretString {
    /// Rules the types cannot state; `field` is where this stands.
    pub(crate) fn check(&self, field: &str) -> Vec<FieldError> {
        let types = self.types();
        let mut messages = Vec::new();
        if types.iter().all(Vec::is_empty) {
            messages.push("no characters are left to choose from");
        }
        if self.requires_each() && types.len() > self.length() {
            messages.push("`password_length` is too short for a character of each type");
        }
        if self.secret_string_template.is_some() != self.generate_string_key.is_some() {
            messages.push("`secret_string_template` and `generate_string_key` go together");
        }
        if self.secret_string_template.is_some() && self.template().is_none() {
            messages.push("`secret_string_template` is not a JSON object");
        }
        messages.into_iter().map(|message| FieldError::new(field, message)).collect()
    }

    fn length(&self) -> usize {
        self.password_length.unwrap_or(32).into()
    }

    fn requires_each(&self) -> bool {
        self.require_each_included_type.unwrap_or(true)
    }

    /// The characters of each type there is to choose from.
    fn types(&self) -> Vec<Vec<char>> {
        let excluded = self.exclude_characters.as_deref().unwrap_or_default();
        let all = [
            (LOWERCASE, !self.exclude_lowercase.unwrap_or_default()),
            (UPPERCASE, !self.exclude_uppercase.unwrap_or_default()),
            (NUMBERS, !self.exclude_numbers.unwrap_or_default()),
            (PUNCTUATION, !self.exclude_punctuation.unwrap_or_default()),
            (" ", self.include_space.unwrap_or_default()),
        ];
        let included = all.into_iter().filter(|(_, is_included)| *is_included);
        let allowed = included.map(|(chars, _)| chars.chars().filter(|char| !excluded.contains(*char)).collect());
        allowed.filter(|chars: &Vec<char>| !chars.is_empty()).collect()
    }

    fn template(&self) -> Option<Map<String, Json>> {
        serde_json::from_str(&self.secret_string_template.as_ref()?.to_text()).ok()
    }

    /// A new secret; every call makes up another.
    ///
    /// # Errors
    /// When the operating system has no randomness to give; the error names `operation`.
    pub(crate) fn generate(&self, operation: &str) -> Result<String> {
        let password = self.password(&mut random::generator(operation)?);
        Ok(match (self.template(), &self.generate_string_key) {
            (Some(mut template), Some(key)) => {
                template.insert(key.clone(), Json::String(password));
                Json::Object(template).to_string()
            }
            _ => password,
        })
    }

    /// One character of each required type, the rest from all of them, in random order.
    fn password(&self, random: &mut impl Rng) -> String {
        let types = self.types();
        let required = if self.requires_each() { types.as_slice() } else { &[] };
        let mut chars: Vec<char> = required.iter().filter_map(|chars| chars.choose(random)).copied().collect();
        let all: Vec<char> = types.concat();
        while chars.len() < self.length()
            && let Some(char) = all.choose(random)
        {
            chars.push(*char);
        }
        chars.shuffle(random);
        chars.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn rules(json: Json) -> GenerateSecretString {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_value_has_every_type_and_nothing_excluded() {
        let rules =
            rules(serde_json::json!({ "password_length": 5, "include_space": true, "exclude_characters": "aA0" }));
        for _ in 0..100 {
            let value = rules.generate("test").unwrap();
            assert_eq!(value.chars().count(), 5);
            assert!(!value.contains(['a', 'A', '0']));
            for chars in rules.types() {
                assert!(value.contains(chars.as_slice()), "{value}");
            }
        }
    }

    #[test]
    fn two_values_differ() {
        let rules = GenerateSecretString::default();
        assert_ne!(rules.generate("test").unwrap(), rules.generate("test").unwrap());
    }

    #[test]
    fn a_template_gets_the_value_under_its_key() {
        let rules = rules(
            serde_json::json!({ "secret_string_template": { "user": "admin" }, "generate_string_key": "password" }),
        );
        let value: Json = serde_json::from_str(&rules.generate("test").unwrap()).unwrap();
        assert_eq!(value["user"], "admin");
        assert_eq!(value["password"].as_str().unwrap().len(), 32);
    }

    #[test]
    fn rules_that_no_value_can_meet_are_faults() {
        for (json, fault) in [
            (serde_json::json!({ "password_length": 3 }), "too short"),
            (serde_json::json!({ "generate_string_key": "password" }), "go together"),
            (serde_json::json!({ "secret_string_template": "x", "generate_string_key": "y" }), "not a JSON object"),
            (
                serde_json::json!({ "exclude_lowercase": true, "exclude_uppercase": true, "exclude_numbers": true,
                    "exclude_punctuation": true }),
                "no characters",
            ),
        ] {
            let faults = rules(json).check("generate_secret_string");
            assert!(faults.iter().any(|found| found.message.contains(fault)), "{fault}: {faults:?}");
        }
    }
}
