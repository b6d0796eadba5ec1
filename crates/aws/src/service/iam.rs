//! IAM: tags, and policy documents as its API writes them.

use aws_sdk_iam::types::Tag;
use percent_encoding::percent_decode_str;
use provision_core::driver::Intent;

use crate::types::{PolicyDocument, Tags, carry_intent};

/// Tags as the API takes them. A tag has its key and value, so building one cannot fail.
pub(crate) fn tags(pairs: impl IntoIterator<Item = (String, String)>) -> Vec<Tag> {
    pairs.into_iter().filter_map(|(key, value)| Tag::builder().key(key).value(value).build().ok()).collect()
}

/// The tags the API reports.
pub(crate) fn live_tags(tags: Option<Vec<Tag>>) -> Tags {
    Tags::from_live(tags.into_iter().flatten().map(|tag| (tag.key, tag.value)))
}

/// Whether the create call of `intent` set these tags.
pub(crate) fn is_made_by(intent: &Intent, tags: &[Tag]) -> bool {
    carry_intent(tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str())), intent)
}

/// A policy document the API reports: JSON, percent-encoded.
pub(crate) fn live_policy(encoded: &str) -> PolicyDocument {
    PolicyDocument::from_live(&percent_decode_str(encoded).decode_utf8_lossy())
}
