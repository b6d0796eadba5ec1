//! The rules between the properties of a bucket.

use super::lifecycle;
use crate::kinds::s3::bucket::Bucket;

/// A rule that the types cannot state.
pub(crate) struct Rule {
    pub(crate) path: &'static [&'static str],
    pub(crate) message: &'static str,
    pub(crate) is_broken: fn(&Bucket) -> bool,
}

const ONE_CRITERION: &str = "a `filter` has one criterion: put several inside `and`";

pub(crate) const RULES: [Rule; 10] = [
    Rule {
        path: &["access_control_policy"],
        message: "state `acl` or `access_control_policy`, not both",
        is_broken: |bucket| bucket.acl.is_some() && bucket.access_control_policy.is_some(),
    },
    Rule {
        path: &["server_side_encryption_configuration", "rules"],
        message: "a bucket has exactly one encryption rule",
        is_broken: |bucket| {
            bucket.server_side_encryption_configuration.as_ref().is_some_and(|encryption| encryption.rules.len() != 1)
        },
    },
    Rule {
        path: &["logging", "target_bucket"],
        message: "logging needs `target_bucket`, or `enabled: false`",
        is_broken: |bucket| {
            bucket.logging.as_ref().is_some_and(|logging| logging.enabled != logging.target_bucket.is_some())
        },
    },
    Rule {
        path: &["website_configuration", "index_document"],
        message: "a website needs `index_document` or `redirect_all_requests_to`, not both; or `enabled: false`",
        is_broken: |bucket| {
            bucket.website_configuration.as_ref().is_some_and(|website| {
                let stated = [website.index_document.is_some(), website.redirect_all_requests_to.is_some()];
                stated.iter().filter(|stated| **stated).count() != usize::from(website.enabled)
            })
        },
    },
    Rule {
        path: &["object_lock_configuration", "rule"],
        message: "a default retention needs `rule`, with `days` or `years`; or `enabled: false`",
        is_broken: |bucket| {
            bucket.object_lock_configuration.as_ref().is_some_and(|lock| {
                let retention = lock.rule.as_ref().map(|rule| &rule.default_retention);
                let is_one = retention.is_none_or(|retention| retention.days.is_some() != retention.years.is_some());
                lock.enabled != retention.is_some() || !is_one
            })
        },
    },
    Rule {
        path: &["object_lock_configuration"],
        message: "a default retention needs `object_lock_enabled_for_bucket: true`",
        is_broken: |bucket| {
            bucket.object_lock_configuration.is_some() && bucket.object_lock_enabled_for_bucket == Some(false)
        },
    },
    Rule {
        path: &["replication_configuration", "role"],
        message: "replication rules need `role`, and a `role` needs rules",
        is_broken: |bucket| {
            let replication = bucket.replication_configuration.as_ref();
            replication.is_some_and(|replication| replication.rules.is_empty() == replication.role.is_some())
        },
    },
    Rule {
        path: &["lifecycle_configuration", "rules"],
        message: "a `date` is a day as midnight UTC, such as `2030-01-01T00:00:00Z`",
        is_broken: |bucket| {
            let lifecycle = bucket.lifecycle_configuration.as_ref();
            !lifecycle.is_none_or(|lifecycle| lifecycle.dates().all(|date| lifecycle::is_day(date)))
        },
    },
    Rule {
        path: &["lifecycle_configuration", "rules"],
        message: ONE_CRITERION,
        is_broken: |bucket| {
            let lifecycle = bucket.lifecycle_configuration.as_ref();
            lifecycle.is_some_and(|lifecycle| lifecycle.rules.iter().any(|rule| rule.filter.is_ambiguous()))
        },
    },
    Rule {
        path: &["replication_configuration", "rules"],
        message: ONE_CRITERION,
        is_broken: |bucket| {
            let replication = bucket.replication_configuration.as_ref();
            replication.is_some_and(|replication| replication.rules.iter().any(|rule| rule.filter.is_ambiguous()))
        },
    },
];
