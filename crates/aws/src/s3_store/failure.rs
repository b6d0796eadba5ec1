//! What a refusal of S3 means to whoever keeps a state there.

use provision_core::driver::{Cause, CloudError};
use provision_core::store::StoreError;

use crate::service::s3::NO_BUCKET;

/// The error for a call on what is shown as `place`, in `bucket`.
pub(super) fn failed(verb: &str, place: &str, bucket: &str, error: CloudError) -> StoreError {
    StoreError::Io { what: format!("{verb} {place}"), message: remedy(bucket, &error) }
}

fn remedy(bucket: &str, error: &CloudError) -> String {
    match error.cause {
        _ if error.code == NO_BUCKET => missing(bucket),
        Cause::Denied => format!(
            "{error}; allow the credentials in use s3:ListBucket on `arn:aws:s3:::{bucket}`, and s3:GetObject, \
             s3:PutObject and s3:DeleteObject on `arn:aws:s3:::{bucket}/*`"
        ),
        Cause::Credentials => format!("{error}; set AWS_PROFILE or AWS_ACCESS_KEY_ID, or sign in again"),
        Cause::Unreachable => format!("{error}; check the network and AWS_ENDPOINT_URL"),
        Cause::Throttled | Cause::Transient | Cause::Eventual => format!("{error}; run the same command again"),
        _ => error.to_string(),
    }
}

/// What to do where there is no such bucket.
pub(super) fn missing(bucket: &str) -> String {
    format!("there is no bucket `{bucket}`: check the name, or make it with `provision init SPEC --bootstrap`")
}
