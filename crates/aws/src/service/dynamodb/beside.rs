//! What of a table has calls of its own: expiry, recovery to a point in time, insights, its policy.

use aws_sdk_dynamodb::types;
use aws_sdk_dynamodb::types::{
    ContributorInsightsAction, ContributorInsightsMode, ContributorInsightsStatus as Insights,
    PointInTimeRecoveryStatus as Recovery, TimeToLiveStatus as Expiry,
};
use aws_smithy_types::error::operation::BuildError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::error::{Absent, Op};
use crate::kind::Result;
use crate::types::PolicyDocument;

/// When items expire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimeToLiveSpecification {
    /// Whether they do.
    pub enabled: bool,
    /// The attribute that says when, in seconds since 1970. Needed while they do; another one can be named
    /// an hour after the last change at the earliest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribute_name: Option<String>,
}

/// Whether the table can be restored as it was at any time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PointInTimeRecoverySpecification {
    /// Whether it can.
    pub point_in_time_recovery_enabled: bool,
    /// For how many days back; AWS's default is 35.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 35))]
    pub recovery_period_in_days: Option<i32>,
}

/// Whether CloudWatch is told which items are used most.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContributorInsightsSpecification {
    /// Whether it is.
    pub enabled: bool,
    /// Of all items, AWS's default, or only of those for which requests were throttled.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["ACCESSED_AND_THROTTLED_KEYS", "THROTTLED_KEYS"]))]
    pub mode: Option<String>,
}

impl TimeToLiveSpecification {
    /// What DynamoDB does. The attribute of an expiry that is off is nowhere kept: it is the `stated` one.
    ///
    /// # Errors
    /// When the call fails.
    pub(crate) async fn get(cloud: &Cloud, table: &str, stated: Option<&Self>) -> Result<Option<Self>> {
        let call = cloud.dynamodb().describe_time_to_live().table_name(table);
        let answer = call.send().await.op("dynamodb:DescribeTimeToLive").absent()?;
        let Some(told) = answer.map(|answer| answer.time_to_live_description) else { return Ok(None) };
        let status = told.as_ref().and_then(|told| told.time_to_live_status());
        let enabled = matches!(status, Some(Expiry::Enabled | Expiry::Enabling));
        let attribute_name = match enabled {
            true => told.and_then(|told| told.attribute_name),
            false => stated.and_then(|stated| stated.attribute_name.clone()),
        };
        Ok(Some(Self { enabled, attribute_name }))
    }

    /// Turns expiry on or off. An attribute in place of another is named by the call after the one that
    /// turns it off.
    ///
    /// # Errors
    /// When the call fails.
    pub(crate) async fn put(&self, cloud: &Cloud, table: &str) -> Result<()> {
        let live = Self::get(cloud, table, Some(self)).await?.unwrap_or(Self { enabled: false, attribute_name: None });
        if live == *self || (!live.enabled && !self.enabled) {
            return Ok(());
        }
        let attribute = if live.enabled { live.attribute_name } else { self.attribute_name.clone() };
        let specification = types::TimeToLiveSpecification::builder()
            .enabled(!live.enabled)
            .attribute_name(attribute.unwrap_or_default())
            .build()
            .op(UPDATE_TIME_TO_LIVE)?;
        let call = cloud.dynamodb().update_time_to_live().table_name(table).time_to_live_specification(specification);
        call.send().await.op(UPDATE_TIME_TO_LIVE)?;
        Ok(())
    }
}

const UPDATE_TIME_TO_LIVE: &str = "dynamodb:UpdateTimeToLive";

impl PointInTimeRecoverySpecification {
    /// What DynamoDB does.
    ///
    /// # Errors
    /// When the call fails.
    pub(crate) async fn get(cloud: &Cloud, table: &str) -> Result<Option<Self>> {
        let call = cloud.dynamodb().describe_continuous_backups().table_name(table);
        let answer = call.send().await.op("dynamodb:DescribeContinuousBackups").absent()?;
        let told = answer.and_then(|answer| answer.continuous_backups_description);
        let told = told.and_then(|told| told.point_in_time_recovery_description);
        Ok(told.map(|told| Self {
            point_in_time_recovery_enabled: told.point_in_time_recovery_status == Some(Recovery::Enabled),
            recovery_period_in_days: told.recovery_period_in_days,
        }))
    }

    /// Makes DynamoDB do it.
    ///
    /// # Errors
    /// When the call fails.
    pub(crate) async fn put(&self, cloud: &Cloud, table: &str) -> Result<()> {
        let specification = self.sdk().op(UPDATE_CONTINUOUS_BACKUPS)?;
        let call = cloud.dynamodb().update_continuous_backups().table_name(table);
        let call = call.point_in_time_recovery_specification(specification);
        call.send().await.op(UPDATE_CONTINUOUS_BACKUPS)?;
        Ok(())
    }

    /// There are no days without recovery.
    fn sdk(&self) -> Result<types::PointInTimeRecoverySpecification, BuildError> {
        types::PointInTimeRecoverySpecification::builder()
            .point_in_time_recovery_enabled(self.point_in_time_recovery_enabled)
            .set_recovery_period_in_days(self.recovery_period_in_days.filter(|_| self.point_in_time_recovery_enabled))
            .build()
    }
}

const UPDATE_CONTINUOUS_BACKUPS: &str = "dynamodb:UpdateContinuousBackups";

impl ContributorInsightsSpecification {
    /// What DynamoDB does.
    ///
    /// # Errors
    /// When the call fails.
    pub(crate) async fn get(cloud: &Cloud, table: &str) -> Result<Option<Self>> {
        let call = cloud.dynamodb().describe_contributor_insights().table_name(table);
        let answer = call.send().await.op("dynamodb:DescribeContributorInsights").absent()?;
        Ok(answer.map(|told| Self {
            enabled: matches!(told.contributor_insights_status, Some(Insights::Enabled | Insights::Enabling)),
            mode: told.contributor_insights_mode.map(|mode| mode.as_str().to_owned()),
        }))
    }

    /// Makes DynamoDB do it.
    ///
    /// # Errors
    /// When the call fails.
    pub(crate) async fn put(&self, cloud: &Cloud, table: &str) -> Result<()> {
        let action = match self.enabled {
            true => ContributorInsightsAction::Enable,
            false => ContributorInsightsAction::Disable,
        };
        let mode = self.mode.as_deref().filter(|_| self.enabled).map(ContributorInsightsMode::from);
        let call = cloud.dynamodb().update_contributor_insights().table_name(table);
        let call = call.contributor_insights_action(action).set_contributor_insights_mode(mode);
        call.send().await.op("dynamodb:UpdateContributorInsights")?;
        Ok(())
    }
}

/// The policy of a table; an empty one where there is none.
///
/// # Errors
/// When the call fails.
pub(crate) async fn policy(cloud: &Cloud, arn: &str) -> Result<PolicyDocument> {
    let call = cloud.dynamodb().get_resource_policy().resource_arn(arn);
    let answer = call.send().await.op("dynamodb:GetResourcePolicy").absent()?;
    let text = answer.and_then(|answer| answer.policy).unwrap_or_else(|| "{}".to_owned());
    Ok(PolicyDocument::from_live(&text))
}

/// Puts a policy in the place of whatever the table has; an empty one takes it away.
///
/// # Errors
/// When the call fails.
pub(crate) async fn put_policy(cloud: &Cloud, arn: &str, policy: &PolicyDocument) -> Result<()> {
    if policy.is_empty() {
        let call = cloud.dynamodb().delete_resource_policy().resource_arn(arn);
        call.send().await.op("dynamodb:DeleteResourcePolicy").absent()?;
    } else {
        let call = cloud.dynamodb().put_resource_policy().resource_arn(arn).policy(policy.to_text());
        call.send().await.op("dynamodb:PutResourcePolicy")?;
    }
    Ok(())
}
