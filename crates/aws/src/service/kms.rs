//! KMS: the several names of one key.

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
