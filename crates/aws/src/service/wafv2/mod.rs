//! AWS WAF: where its calls are made, tags, and the parts of a web ACL.

pub(crate) mod actions;
pub(crate) mod fields;
pub(crate) mod groups;
pub(crate) mod rates;
pub(crate) mod rules;
pub(crate) mod settings;
pub(crate) mod statements;

use aws_sdk_wafv2::config::{Builder, Config, Region};
use aws_sdk_wafv2::types::{Scope, Tag};
use provision_core::driver::Intent;

use crate::cloud::Cloud;
use crate::error::{Absent, Op};
use crate::kind::{Result, Update};
use crate::service::tagging::Tagged;
use crate::types::{INTENT_TAG, Tags};

/// The most that one page holds.
pub(crate) const PAGE: i32 = 100;

/// What an ARN says of a web ACL, all of which its calls ask for.
pub(crate) struct Named {
    /// Whether it guards CloudFront or what lies in one region.
    pub(crate) scope: Scope,
    /// Its name.
    pub(crate) name: String,
    /// Its id.
    pub(crate) id: String,
}

impl Named {
    /// Takes apart `arn:aws:wafv2:us-east-1:123456789012:regional/webacl/shop/0c2f…`; of what is none, nothing
    /// is known.
    pub(crate) fn of(arn: &str) -> Self {
        let resource = arn.splitn(6, ':').nth(5).unwrap_or_default();
        let mut parts = resource.split('/').map(str::to_owned);
        let scope = match parts.next().as_deref() {
            Some("global") => Scope::Cloudfront,
            _ => Scope::Regional,
        };
        let (name, id) = (parts.nth(1).unwrap_or_default(), parts.next().unwrap_or_default());
        Self { scope, name, id }
    }
}

/// Where the calls for a scope are made: those for CloudFront in one region alone, wherever the stack lies.
pub(crate) fn place(scope: &Scope) -> Builder {
    match scope {
        Scope::Cloudfront => Config::builder().region(Region::from_static("us-east-1")),
        _ => Config::builder(),
    }
}

/// Tags as the API takes them. A tag has its key and value, so building one cannot fail.
pub(crate) fn tags(pairs: impl IntoIterator<Item = (String, String)>) -> Vec<Tag> {
    pairs.into_iter().filter_map(|(key, value)| Tag::builder().key(key).value(value).build().ok()).collect()
}

/// All tags of a resource; `None` where it is not there.
async fn raw_tags(cloud: &Cloud, arn: &str) -> Result<Option<Vec<Tag>>> {
    let call = cloud.wafv2().list_tags_for_resource().resource_arn(arn);
    let answer = call.customize().config_override(place(&Named::of(arn).scope)).send().await;
    let found = answer.op("wafv2:ListTagsForResource").absent()?;
    Ok(found.map(|found| found.tag_info_for_resource.and_then(|told| told.tag_list).unwrap_or_default()))
}

/// The tags of a resource; `None` where it is not there.
///
/// # Errors
/// When the call fails.
pub(crate) async fn list_tags(cloud: &Cloud, arn: &str) -> Result<Option<Tags>> {
    let tags = raw_tags(cloud, arn).await?;
    Ok(tags.map(|tags| Tags::from_live(tags.into_iter().map(|tag| (tag.key, tag.value)))))
}

/// Whether the create call of `intent` made the resource.
///
/// # Errors
/// When the call fails.
pub(crate) async fn is_made_by(cloud: &Cloud, arn: &str, intent: &Intent) -> Result<bool> {
    let tags = raw_tags(cloud, arn).await?.unwrap_or_default();
    Ok(tags.iter().any(|tag| tag.key == INTENT_TAG && tag.value == intent.token))
}

/// Sets and removes tags where the update says they differ.
///
/// # Errors
/// When a call fails.
pub(crate) async fn update_tags<K: Tagged>(cloud: &Cloud, update: &Update<K>, wanted: &K) -> Result<()> {
    if !update.has("tags") {
        return Ok(());
    }
    let scope = Named::of(update.id.as_str()).scope;
    let changes = wanted.tags().changes_from(update.live.tags());
    if !changes.set.is_empty() {
        let call = cloud.wafv2().tag_resource().resource_arn(update.id.as_str()).set_tags(Some(tags(changes.set)));
        call.customize().config_override(place(&scope)).send().await.op("wafv2:TagResource")?;
    }
    if !changes.remove.is_empty() {
        let call = cloud.wafv2().untag_resource().resource_arn(update.id.as_str());
        let call = call.set_tag_keys(Some(changes.remove));
        call.customize().config_override(place(&scope)).send().await.op("wafv2:UntagResource")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_tells_what_the_calls_ask_for() {
        for (arn, scope, name, id) in [
            ("arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/shop/0c2f", Scope::Regional, "shop", "0c2f"),
            ("arn:aws:wafv2:us-east-1:123456789012:global/webacl/shop/0c2f", Scope::Cloudfront, "shop", "0c2f"),
            ("shop", Scope::Regional, "", ""),
        ] {
            let named = Named::of(arn);
            assert_eq!((named.scope, named.name.as_str(), named.id.as_str()), (scope, name, id), "{arn}");
        }
    }
}
