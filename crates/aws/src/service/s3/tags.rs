//! A bucket's tags, which are put as a whole.

use aws_sdk_s3::types::{Tag, Tagging};
use aws_smithy_types::error::operation::BuildError;

use super::NO_BUCKET;
use crate::cloud::Cloud;
use crate::error::Op;
use crate::kind::Result;
use crate::types::Tags;

/// Tags by key, with those of AWS and of provision.
pub(crate) type AllTags = Vec<(String, String)>;

/// All tags of a bucket; `None` when there is no bucket.
pub(crate) async fn get(cloud: &Cloud, bucket: &str) -> Result<Option<AllTags>> {
    let answer = cloud.s3().get_bucket_tagging().bucket(bucket).send().await.op("s3:GetBucketTagging");
    match answer {
        Ok(answer) => Ok(Some(answer.tag_set.into_iter().map(|tag| (tag.key, tag.value)).collect())),
        Err(error) if error.code == "NoSuchTagSet" => Ok(Some(Vec::new())),
        Err(error) if error.code == NO_BUCKET => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes `tags` the user's tags and leaves those of AWS and of provision as they are:
/// a Put that lacks them is refused, or loses them.
pub(crate) async fn put(cloud: &Cloud, bucket: &str, tags: &Tags) -> Result<()> {
    let live = get(cloud, bucket).await?.unwrap_or_default();
    let users = Tags::from_live(live.clone());
    let others = live.into_iter().filter(|(key, _)| !users.0.contains_key(key));
    let all: AllTags = others.chain(tags.0.clone()).collect();
    if all.is_empty() {
        cloud.s3().delete_bucket_tagging().bucket(bucket).send().await.op("s3:DeleteBucketTagging")?;
        return Ok(());
    }
    let tagging = Tagging::builder().set_tag_set(Some(sdk(all).op("s3:PutBucketTagging")?)).build();
    let call = cloud.s3().put_bucket_tagging().bucket(bucket).tagging(tagging.op("s3:PutBucketTagging")?);
    call.send().await.op("s3:PutBucketTagging")?;
    Ok(())
}

/// Tags as the SDK has them.
pub(crate) fn sdk(tags: impl IntoIterator<Item = (String, String)>) -> Result<Vec<Tag>, BuildError> {
    tags.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}
