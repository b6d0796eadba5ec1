//! What the kinds of one service share: its tags, its filters.

pub(crate) mod ec2;
pub(crate) mod iam;
pub(crate) mod kms;
pub(crate) mod rates;
pub(crate) mod s3;
pub(crate) mod secretsmanager;
pub(crate) mod tagging;

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

/// A point in time as specs write it: ISO 8601, UTC.
pub(crate) fn timestamp(time: &DateTime) -> Option<String> {
    time.fmt(Format::DateTime).ok()
}
