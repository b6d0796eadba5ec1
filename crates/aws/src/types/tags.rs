//! Tags, and the tag by which an interrupted create is found again.

use std::collections::BTreeMap;

use provision_core::driver::Intent;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The tag a create call carries when tags are how the kind is recovered; its value
/// is the intent's token. It is never shown among a resource's tags.
pub const INTENT_TAG: &str = "provision:intent";

/// Tags by key. They are managed as a whole: a tag that the spec does not state is removed.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Tags(pub BTreeMap<String, String>);

/// What turns one set of tags into another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagChanges {
    /// Tags to set, new or with a new value.
    pub set: BTreeMap<String, String>,
    /// Keys to remove.
    pub remove: Vec<String>,
}

impl Tags {
    /// The tags of a create call: these and the intent's.
    pub fn with_intent(&self, intent: &Intent) -> impl Iterator<Item = (String, String)> {
        let own = (INTENT_TAG.to_owned(), intent.token.clone());
        self.0.clone().into_iter().chain([own])
    }

    /// The tags AWS reports, without those of AWS itself and of provision.
    pub fn from_live(tags: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(tags.into_iter().filter(|(key, _)| is_user_tag(key)).collect())
    }

    /// What turns `live` into these tags.
    pub fn changes_from(&self, live: &Self) -> TagChanges {
        let set = self.0.iter().filter(|(key, value)| live.0.get(*key) != Some(value));
        let remove = live.0.keys().filter(|key| !self.0.contains_key(*key));
        TagChanges {
            set: set.map(|(key, value)| (key.clone(), value.clone())).collect(),
            remove: remove.cloned().collect(),
        }
    }
}

/// Whether `tags` are those of what the create call of `intent` made.
pub fn carry_intent<'a>(tags: impl IntoIterator<Item = (&'a str, &'a str)>, intent: &Intent) -> bool {
    tags.into_iter().any(|tag| tag == (INTENT_TAG, intent.token.as_str()))
}

fn is_user_tag(key: &str) -> bool {
    !key.starts_with("aws:") && !key.starts_with("provision:")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        Tags(pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
    }

    #[test]
    fn changes_set_what_differs_and_remove_what_is_left_over() {
        let changes = tags(&[("a", "1"), ("b", "2")]).changes_from(&tags(&[("a", "1"), ("b", "9"), ("c", "3")]));
        assert_eq!(changes.set, tags(&[("b", "2")]).0);
        assert_eq!(changes.remove, ["c"]);
    }

    #[test]
    fn tags_of_aws_and_of_provision_are_not_the_users() {
        let live = [("aws:x", "1"), (INTENT_TAG, "2"), ("mine", "3")];
        let live = live.map(|(k, v)| (k.to_owned(), v.to_owned()));
        assert_eq!(Tags::from_live(live), tags(&[("mine", "3")]));
    }
}
