//! Emptying a bucket, and deleting all there ever was under a key.

use aws_sdk_s3::operation::list_object_versions::ListObjectVersionsOutput;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use aws_smithy_types::error::operation::BuildError;
use provision_core::driver::{Cause, CloudError};

use crate::cloud::Cloud;
use crate::error::{Absent, Op};
use crate::kind::Result;

/// Deletes every version of every object, page by page: what is deleted is gone from
/// the next listing, so each listing starts at the beginning. `governed` says that
/// retention in governance mode may stand in the way and is to be overridden.
///
/// # Errors
/// When a version cannot be deleted, because of a legal hold for instance.
pub(crate) async fn empty(cloud: &Cloud, bucket: &str, governed: bool) -> Result<()> {
    loop {
        let page =
            cloud.s3().list_object_versions().bucket(bucket).send().await.op("s3:ListObjectVersions").absent()?;
        let versions = page.map(identifiers).transpose().op("s3:ListObjectVersions")?.unwrap_or_default();
        if versions.is_empty() {
            return Ok(());
        }
        delete(cloud, bucket, versions, governed).await?;
    }
}

/// Deletes every version of the object `key`, and what marks it as deleted. Among the keys that
/// begin with it, it is the first one that is listed.
///
/// # Errors
/// As [`empty`].
pub(crate) async fn delete_versions(cloud: &Cloud, bucket: &str, key: &str, governed: bool) -> Result<()> {
    loop {
        let call = cloud.s3().list_object_versions().bucket(bucket).prefix(key);
        let page = call.send().await.op("s3:ListObjectVersions").absent()?;
        let mut versions = page.map(identifiers).transpose().op("s3:ListObjectVersions")?.unwrap_or_default();
        versions.retain(|version| version.key == key);
        if versions.is_empty() {
            return Ok(());
        }
        delete(cloud, bucket, versions, governed).await?;
    }
}

fn identifiers(page: ListObjectVersionsOutput) -> Result<Vec<ObjectIdentifier>, BuildError> {
    let versions = page.versions.into_iter().flatten().map(|version| (version.key, version.version_id));
    let markers = page.delete_markers.into_iter().flatten().map(|marker| (marker.key, marker.version_id));
    let all = versions.chain(markers);
    all.map(|(key, version)| ObjectIdentifier::builder().set_key(key).set_version_id(version).build()).collect()
}

async fn delete(cloud: &Cloud, bucket: &str, versions: Vec<ObjectIdentifier>, governed: bool) -> Result<()> {
    let versions = Delete::builder().set_objects(Some(versions)).quiet(true).build().op("s3:DeleteObjects")?;
    let call = cloud.s3().delete_objects().bucket(bucket).delete(versions);
    let call = call.set_bypass_governance_retention(governed.then_some(true));
    let answer = call.send().await.op("s3:DeleteObjects")?;
    match answer.errors.into_iter().flatten().next() {
        Some(error) => Err(CloudError {
            code: error.code.clone().unwrap_or_default(),
            ..CloudError::new(Cause::Dependency, "s3:DeleteObjects", refused(error))
        }),
        None => Ok(()),
    }
}

fn refused(error: aws_sdk_s3::types::Error) -> String {
    let (key, message) = (error.key.unwrap_or_default(), error.message.unwrap_or_default());
    format!("`{key}` cannot be deleted: {message}")
}
