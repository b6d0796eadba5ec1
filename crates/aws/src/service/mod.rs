//! What the kinds of one service share: its tags, its filters.

pub(crate) mod amplify;
pub(crate) mod applicationautoscaling;
pub(crate) mod budgets;
pub(crate) mod cloudwatch;
pub(crate) mod dynamodb;
pub(crate) mod ec2;
pub(crate) mod ecs;
pub(crate) mod elbv2;
pub(crate) mod iam;
pub(crate) mod kms;
pub(crate) mod rates;
pub(crate) mod route53;
pub(crate) mod s3;
pub(crate) mod secretsmanager;
pub(crate) mod sns;
pub(crate) mod tagging;
pub(crate) mod wafv2;

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

/// A point in time as specs write it: ISO 8601, UTC.
pub(crate) fn timestamp(time: &DateTime) -> Option<String> {
    time.fmt(Format::DateTime).ok()
}
