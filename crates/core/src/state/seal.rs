//! What the state holds in place of a secret: a keyed hash, so that a change shows
//! and the value does not.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::value::{Secret, Value, hash_json};

/// Sets these hashes apart from any other use of the salt. Fixed for good: with
/// another text every secret would seem to have changed.
const CONTEXT: &str = "provision: secrets in the state";

/// The key of a stack's secret hashes: any random text, made once with the state.
/// Two stacks with the same secret hold different hashes of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Salt(String);

/// Left out of logs: who has both salt and hash can try out short secrets.
impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt")
    }
}

impl Salt {
    /// The salt with this text, which should carry 128 random bits or more.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The keyed hash of a secret's value, 64 hexadecimal digits; the same for equal
    /// values. `None` while anything in it is unknown.
    pub fn hash(&self, value: &Value) -> Option<String> {
        let key = blake3::derive_key(CONTEXT, self.0.as_bytes());
        // Canonical, for a value's maps are sorted and JSON is written without spaces.
        let canonical = value.to_driver_json()?.to_string();
        Some(blake3::keyed_hash(&key, canonical.as_bytes()).to_string())
    }

    /// The value as the state may hold it: hashes stand for secrets. `None` while
    /// anything in it is unknown.
    pub fn seal(&self, value: &Value) -> Option<Json> {
        value.to_json_with(&|secret| match secret {
            Secret::Plain(value) => Some(hash_json(&self.hash(value)?)),
            Secret::Hash(hash) => Some(hash_json(hash)),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::value::Unknown;

    fn secret(text: &str) -> Value {
        Value::from(text).into_secret()
    }

    fn map(entries: &[(&str, Value)]) -> Value {
        Value::map(entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone())))
    }

    #[test]
    fn sealed_values_hold_no_secret_and_stay_as_they_are_when_sealed_again() {
        let salt = Salt::new("salt");
        let value = map(&[("user", "admin".into()), ("password", secret("hunter2"))]);
        let sealed = salt.seal(&value).unwrap();
        assert!(!sealed.to_string().contains("hunter2"), "{sealed}");
        assert_eq!(sealed["user"], "admin");
        assert_eq!(salt.seal(&Value::from(&sealed)), Some(sealed));
    }

    #[test]
    fn a_hash_depends_on_salt_and_value_alone() {
        let hash = |salt: &str, text: &str| Salt::new(salt).hash(&Value::from(text));
        assert_eq!(hash("a", "x"), hash("a", "x"));
        assert_ne!(hash("a", "x"), hash("a", "y"));
        assert_ne!(hash("a", "x"), hash("b", "x"));
    }

    #[test]
    fn what_is_unknown_cannot_be_sealed() {
        let salt = Salt::new("salt");
        let hidden = map(&[("a", Value::Unknown(Unknown::default()))]).into_secret();
        assert_eq!(salt.seal(&hidden), None);
    }

    #[test]
    fn hashes_stay_the_same_from_build_to_build() {
        let hash = Salt::new("0123456789abcdef").hash(&map(&[("b", 1.into()), ("a", "x".into())])).unwrap();
        assert_eq!(hash, "4a70dd260d2ac38af9f7b18cf57e0c30782ce91321060b499d9bf9307d5fc095");
    }

    #[test]
    fn a_salt_is_not_shown() {
        assert!(!format!("{:?}", Salt::new("pepper")).contains("pepper"));
    }
}
