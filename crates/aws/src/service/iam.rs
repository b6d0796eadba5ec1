//! IAM: tags, paths and ARNs, policy documents as its API writes them, and the one call that tells of a
//! whole account.

use aws_sdk_iam::operation::get_account_authorization_details::GetAccountAuthorizationDetailsOutput;
use aws_sdk_iam::types::{EntityType, Tag};
use percent_encoding::percent_decode_str;
use provision_core::driver::Intent;
use provision_core::schema::FieldError;

use crate::cloud::Cloud;
use crate::error::Op;
use crate::kind::Result;
use crate::types::{PolicyDocument, Tags, carry_intent};

/// The most that one page of any listing holds.
pub(crate) const PAGE: i32 = 1000;

/// The path of what states none.
pub(crate) fn root() -> String {
    "/".to_owned()
}

/// What AWS asks of a path.
pub(crate) fn check_path(path: &str) -> Vec<FieldError> {
    match path.starts_with('/') && path.ends_with('/') {
        true => Vec::new(),
        false => vec![FieldError::new("path", "a path begins and ends with a slash, such as `/service/`")],
    }
}

/// The ARN of `resource` in our account.
///
/// # Errors
/// When STS does not tell the account.
pub(crate) async fn arn(cloud: &Cloud, resource: &str) -> Result<String> {
    let account = &cloud.identity().await?.account_id;
    Ok(format!("arn:{}:iam::{account}:{resource}", cloud.partition()))
}

/// All there is of one sort of entity in the account.
///
/// # Errors
/// When the call fails.
pub(crate) async fn authorization_details(
    cloud: &Cloud,
    entity: EntityType,
) -> Result<Vec<GetAccountAuthorizationDetailsOutput>> {
    let call = cloud.iam().get_account_authorization_details().filter(entity);
    let pages = call.into_paginator().page_size(PAGE).send();
    pages.try_collect().await.op("iam:GetAccountAuthorizationDetails")
}

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
