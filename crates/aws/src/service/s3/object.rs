//! The parts of an object that have calls of their own: content, tags, locks.

use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::types::{
    ChecksumMode, ObjectLockLegalHold, ObjectLockLegalHoldStatus, ObjectLockRetention, ObjectLockRetentionMode, Tagging,
};
use aws_smithy_types::date_time::Format;
use aws_smithy_types::{DateTime, base64};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use provision_core::driver::{Cause, CloudError, Id};

use super::tags::{self, AllTags};
use crate::cloud::Cloud;
use crate::error::{Absent, Op};
use crate::kind::Result;
use crate::types::{Secret, Tags};

/// Where an object is. Its id is both names with a slash between them, which no bucket has in its name.
pub(crate) struct Place<'a> {
    /// The bucket.
    pub(crate) bucket: &'a str,
    /// The key.
    pub(crate) key: &'a str,
}

impl<'a> Place<'a> {
    /// What the id says; `None` where it is no object's.
    pub(crate) fn of(id: &'a Id) -> Option<Self> {
        id.as_str().split_once('/').map(|(bucket, key)| Self { bucket, key })
    }

    /// The id.
    pub(crate) fn id(&self) -> Id {
        Id(format!("{}/{}", self.bucket, self.key))
    }
}

/// All that is told of an object without its content; `None` where there is none.
///
/// # Errors
/// When the call fails.
pub(crate) async fn head(cloud: &Cloud, place: &Place<'_>) -> Result<Option<HeadObjectOutput>> {
    let call = cloud.s3().head_object().bucket(place.bucket).key(place.key).checksum_mode(ChecksumMode::Enabled);
    call.send().await.op("s3:GetObject").absent()
}

/// Content in a spec's words: text, or bytes in base64.
#[derive(Clone, Default)]
pub(crate) struct Content {
    /// The text.
    pub(crate) body: Option<Secret>,
    /// The bytes.
    pub(crate) body_base64: Option<Secret>,
}

impl Content {
    /// Whether the state holds it: as a hash, or not at all.
    pub(crate) fn is_hashed(&self) -> bool {
        let mut values = [&self.body, &self.body_base64].into_iter().flatten();
        values.all(|value| value.value().is_none())
    }

    /// The bytes to store.
    ///
    /// # Errors
    /// When they are not known, or are no base64.
    pub(crate) fn bytes(&self, operation: &str) -> Result<Vec<u8>> {
        let text = self.body.as_ref().map(|body| body.known(operation)).transpose()?;
        match &self.body_base64 {
            None => Ok(text.unwrap_or_default().as_bytes().to_vec()),
            Some(bytes) => base64::decode(bytes.known(operation)?)
                .map_err(|_| CloudError::new(Cause::Invalid, operation, "`body_base64` is no base64")),
        }
    }

    /// What was found, as text unless it is none or the spec states bytes.
    fn found(bytes: Vec<u8>, as_base64: bool) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) if !as_base64 => Self { body: Some(Secret::Value(text)), body_base64: None },
            Ok(text) => Self { body: None, body_base64: Some(Secret::Value(base64::encode(text))) },
            Err(error) => Self { body: None, body_base64: Some(Secret::Value(base64::encode(error.into_bytes()))) },
        }
    }
}

/// The content itself.
///
/// # Errors
/// When the call fails or the answer breaks off.
pub(crate) async fn content(cloud: &Cloud, place: &Place<'_>, as_base64: bool) -> Result<Content> {
    let call = cloud.s3().get_object().bucket(place.bucket).key(place.key);
    let Some(answer) = call.send().await.op("s3:GetObject").absent()? else {
        return Ok(Content::default());
    };
    let body = answer.body.collect().await;
    let body = body.map_err(|error| CloudError::new(Cause::Transient, "s3:GetObject", error.to_string()))?;
    Ok(Content::found(body.to_vec(), as_base64))
}

/// All tags of an object; `None` where there is none.
///
/// # Errors
/// When the call fails.
pub(crate) async fn all_tags(cloud: &Cloud, place: &Place<'_>) -> Result<Option<AllTags>> {
    let call = cloud.s3().get_object_tagging().bucket(place.bucket).key(place.key);
    let answer = call.send().await.op("s3:GetObjectTagging").absent()?;
    Ok(answer.map(|answer| answer.tag_set.into_iter().map(|tag| (tag.key, tag.value)).collect()))
}

/// Makes `tags` the user's tags and leaves those of provision as they are.
///
/// # Errors
/// When a call fails.
pub(crate) async fn put_tags(cloud: &Cloud, place: &Place<'_>, tags: &Tags) -> Result<()> {
    let live = all_tags(cloud, place).await?.unwrap_or_default();
    let users = Tags::from_live(live.clone());
    let others = live.into_iter().filter(|(key, _)| !users.0.contains_key(key));
    let all: AllTags = others.chain(tags.0.clone()).collect();
    let tagging = Tagging::builder().set_tag_set(Some(tags::sdk(all).op(PUT_TAGGING)?)).build().op(PUT_TAGGING)?;
    let call = cloud.s3().put_object_tagging().bucket(place.bucket).key(place.key);
    call.tagging(tagging).send().await.op(PUT_TAGGING)?;
    Ok(())
}

const PUT_TAGGING: &str = "s3:PutObjectTagging";

/// Tags as PutObject takes them: written like the query of a URL.
pub(crate) fn query(tags: impl IntoIterator<Item = (String, String)>) -> String {
    let escaped = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pairs = tags.into_iter().map(|(key, value)| format!("{}={}", escaped(&key), escaped(&value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// Keeps an object until the date. Retention in governance mode is shortened only with `bypass`.
///
/// # Errors
/// When the call fails.
pub(crate) async fn retain(
    cloud: &Cloud,
    place: &Place<'_>,
    mode: Option<&str>,
    until: Option<DateTime>,
    bypass: bool,
) -> Result<()> {
    let mode = mode.map(ObjectLockRetentionMode::from);
    let retention = ObjectLockRetention::builder().set_mode(mode).set_retain_until_date(until).build();
    let call = cloud.s3().put_object_retention().bucket(place.bucket).key(place.key).retention(retention);
    let call = call.set_bypass_governance_retention(bypass.then_some(true));
    call.send().await.op("s3:PutObjectRetention")?;
    Ok(())
}

/// Puts an object on hold, or ends that.
///
/// # Errors
/// When the call fails.
pub(crate) async fn hold(cloud: &Cloud, place: &Place<'_>, status: &str) -> Result<()> {
    let hold = ObjectLockLegalHold::builder().status(ObjectLockLegalHoldStatus::from(status)).build();
    let call = cloud.s3().put_object_legal_hold().bucket(place.bucket).key(place.key).legal_hold(hold);
    call.send().await.op("s3:PutObjectLegalHold")?;
    Ok(())
}

/// The time that a spec states.
pub(crate) fn instant(stated: &str) -> Option<DateTime> {
    DateTime::from_str(stated, Format::DateTimeWithOffset).ok()
}

/// The keys of a bucket's objects that begin with `prefix`.
///
/// # Errors
/// When the call fails.
pub(crate) async fn keys(cloud: &Cloud, bucket: &str, prefix: Option<&str>) -> Result<Vec<String>> {
    let call = cloud.s3().list_objects_v2().bucket(bucket).set_prefix(prefix.map(str::to_owned));
    let pages: Option<Vec<_>> = call.into_paginator().send().try_collect().await.op("s3:ListBucket").absent()?;
    let objects = pages.into_iter().flatten().flat_map(|page| page.contents.unwrap_or_default());
    Ok(objects.filter_map(|object| object.key).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_is_told_as_it_is_stated() {
        let value = |secret: Option<Secret>| secret.and_then(|secret| secret.value().map(str::to_owned));
        let found = Content::found(b"hello".to_vec(), false);
        assert_eq!((value(found.body), value(found.body_base64)), (Some("hello".to_owned()), None));
        let found = Content::found(b"hello".to_vec(), true);
        assert_eq!((value(found.body), value(found.body_base64)), (None, Some("aGVsbG8=".to_owned())));
        let found = Content::found(vec![0xff], false);
        assert_eq!((value(found.body), value(found.body_base64)), (None, Some("/w==".to_owned())));
    }

    #[test]
    fn tags_are_written_like_a_query() {
        let tags = [("team".to_owned(), "web & app".to_owned()), ("a/b".to_owned(), String::new())];
        assert_eq!(query(tags), "team=web%20%26%20app&a%2Fb=");
    }
}
