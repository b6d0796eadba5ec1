//! KMS: tags, and the several names of one key.

use aws_sdk_kms::types::Tag;

use crate::cloud::Cloud;
use crate::error::Op;
use crate::kind::Result;

/// Tags as the API takes them. A tag has its key and value, so building one cannot fail.
pub(crate) fn tags(pairs: impl IntoIterator<Item = (String, String)>) -> Vec<Tag> {
    pairs.into_iter().filter_map(|(key, value)| Tag::builder().tag_key(key).tag_value(value).build().ok()).collect()
}

/// The tags of the key `id`.
pub(crate) async fn list_tags(cloud: &Cloud, id: &str) -> Result<Vec<(String, String)>> {
    let pages = cloud.kms().list_resource_tags().key_id(id).into_paginator().items().send();
    let tags: Vec<Tag> = pages.try_collect().await.op("kms:ListResourceTags")?;
    Ok(tags.into_iter().map(|tag| (tag.tag_key, tag.tag_value)).collect())
}

/// The key AWS reports, in the words of the spec: an id, an alias and an ARN of either
/// may name the same key.
pub(crate) fn as_stated(stated: Option<&str>, live: String) -> String {
    match stated {
        Some(stated) if names_same(stated, &live) => stated.to_owned(),
        _ => live,
    }
}

fn names_same(one: &str, other: &str) -> bool {
    let bare = |name: &str| name.rsplit_once(':').map_or(name, |(_, name)| name).trim_start_matches("key/").to_owned();
    bare(one) == bare(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_keeps_the_name_the_spec_gives_it() {
        let (id, arn) = ("1234abcd", "arn:aws:kms:us-east-1:123456789012:key/1234abcd");
        assert_eq!(as_stated(Some(arn), id.to_owned()), arn);
        assert_eq!(as_stated(Some(id), arn.to_owned()), id);
        assert_eq!(as_stated(Some("other"), arn.to_owned()), arn);
        let alias = "arn:aws:kms:us-east-1:123456789012:alias/shop";
        assert_eq!(as_stated(Some("alias/shop"), alias.to_owned()), "alias/shop");
    }
}
