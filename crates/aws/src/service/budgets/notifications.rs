//! Who is told of a budget, and when.

use std::collections::BTreeSet;

use aws_sdk_budgets::types;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::error::{Absent, Op};
use crate::kind::Result;
use crate::read;
use crate::shape::{Shape, shape, texts};

/// When somebody is told, and who.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NotificationWithSubscribers {
    /// When; no two of a budget are the same.
    pub notification: Notification,
    /// Who: up to ten e-mail addresses and one topic.
    pub subscribers: BTreeSet<Subscriber>,
}

/// When somebody is told.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Notification {
    /// Whether it is about what was spent or about what AWS foresees.
    #[schemars(extend("enum" = ["ACTUAL", "FORECASTED"]))]
    pub notification_type: String,
    /// How that is compared with the threshold.
    #[schemars(extend("enum" = ["GREATER_THAN", "LESS_THAN", "EQUAL_TO"]))]
    pub comparison_operator: String,
    /// The threshold.
    pub threshold: f64,
    /// Whether that is a share of the limit in percent, AWS's default, or an amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["PERCENTAGE", "ABSOLUTE_VALUE"]))]
    pub threshold_type: Option<String>,
}

/// Who is told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Subscriber {
    /// How.
    #[schemars(extend("enum" = ["EMAIL", "SNS"]))]
    pub subscription_type: String,
    /// The e-mail address, or the ARN of a topic whose policy lets `budgets.amazonaws.com` publish.
    pub address: String,
}

shape!(NotificationWithSubscribers: types::NotificationWithSubscribers {
    notification (ours),
    subscribers = set_subscribers,
});
shape!(Notification: types::Notification {
    notification_type = set_notification_type,
    comparison_operator = set_comparison_operator,
    threshold = set_threshold,
    threshold_type,
});
shape!(Subscriber: types::Subscriber { subscription_type = set_subscription_type, address = set_address });
texts!(types::NotificationType, types::ComparisonOperator, types::ThresholdType, types::SubscriptionType);

impl Notification {
    /// Whether AWS takes both for one.
    pub(crate) fn is(&self, other: &Self) -> bool {
        let sort = |it: &Self| it.threshold_type.clone().unwrap_or_else(|| "PERCENTAGE".to_owned());
        self.notification_type == other.notification_type
            && self.comparison_operator == other.comparison_operator
            && self.threshold.total_cmp(&other.threshold).is_eq()
            && sort(self) == sort(other)
    }
}

/// A budget of an account, whose notifications are asked for and changed.
#[derive(Clone, Copy)]
pub(crate) struct Of<'a> {
    /// The account.
    pub(crate) account: &'a str,
    /// The budget's name.
    pub(crate) budget: &'a str,
}

impl Of<'_> {
    /// All notifications, each with its subscribers.
    ///
    /// # Errors
    /// The first call that fails.
    pub(crate) async fn get(self, cloud: &Cloud) -> Result<Vec<NotificationWithSubscribers>> {
        let call = cloud.budgets().describe_notifications_for_budget();
        let pages = call.account_id(self.account).budget_name(self.budget).into_paginator().items().send();
        let found: Option<Vec<types::Notification>> =
            pages.try_collect().await.op("budgets:DescribeNotificationsForBudget").absent()?;
        let found = found.unwrap_or_default();
        let asked = read::each(&found, async |notification| {
            let notification = Notification::from_sdk(notification.clone());
            let subscribers = self.subscribers(cloud, &notification).await?;
            Ok(NotificationWithSubscribers { notification, subscribers })
        });
        asked.await
    }

    async fn subscribers(self, cloud: &Cloud, notification: &Notification) -> Result<BTreeSet<Subscriber>> {
        let operation = "budgets:DescribeSubscribersForNotification";
        let call = cloud.budgets().describe_subscribers_for_notification();
        let call =
            call.account_id(self.account).budget_name(self.budget).notification(notification.to_sdk().op(operation)?);
        let pages = call.into_paginator().items().send();
        let found: Option<Vec<types::Subscriber>> = pages.try_collect().await.op(operation).absent()?;
        Ok(found.into_iter().flatten().map(Shape::from_sdk).collect())
    }

    /// Moves the notifications to `wanted`. What goes makes room for what comes.
    ///
    /// # Errors
    /// The first call that fails.
    pub(crate) async fn put(self, cloud: &Cloud, wanted: &[NotificationWithSubscribers]) -> Result<()> {
        let live = self.get(cloud).await?;
        let is_wanted =
            |live: &NotificationWithSubscribers| wanted.iter().any(|it| it.notification.is(&live.notification));
        for gone in live.iter().filter(|live| !is_wanted(live)) {
            self.delete(cloud, &gone.notification).await?;
        }
        for wanted in wanted {
            match live.iter().find(|live| live.notification.is(&wanted.notification)) {
                Some(live) => self.put_subscribers(cloud, live, &wanted.subscribers).await?,
                None => self.create(cloud, wanted).await?,
            }
        }
        Ok(())
    }

    async fn delete(self, cloud: &Cloud, notification: &Notification) -> Result<()> {
        let operation = "budgets:DeleteNotification";
        let call = cloud.budgets().delete_notification().account_id(self.account).budget_name(self.budget);
        call.notification(notification.to_sdk().op(operation)?).send().await.op(operation).absent()?;
        Ok(())
    }

    async fn create(self, cloud: &Cloud, wanted: &NotificationWithSubscribers) -> Result<()> {
        let operation = "budgets:CreateNotification";
        let call = cloud.budgets().create_notification().account_id(self.account).budget_name(self.budget);
        let call = call
            .notification(wanted.notification.to_sdk().op(operation)?)
            .set_subscribers(Some(wanted.subscribers.to_sdk().op(operation)?));
        call.send().await.op(operation)?;
        Ok(())
    }

    /// A notification without subscribers goes by itself, so those who are new come first.
    async fn put_subscribers(
        self,
        cloud: &Cloud,
        live: &NotificationWithSubscribers,
        wanted: &BTreeSet<Subscriber>,
    ) -> Result<()> {
        for subscriber in wanted.difference(&live.subscribers) {
            let operation = "budgets:CreateSubscriber";
            let call = cloud.budgets().create_subscriber().account_id(self.account).budget_name(self.budget);
            let call = call.notification(live.notification.to_sdk().op(operation)?);
            call.subscriber(subscriber.to_sdk().op(operation)?).send().await.op(operation)?;
        }
        for subscriber in live.subscribers.difference(wanted) {
            let operation = "budgets:DeleteSubscriber";
            let call = cloud.budgets().delete_subscriber().account_id(self.account).budget_name(self.budget);
            let call = call.notification(live.notification.to_sdk().op(operation)?);
            call.subscriber(subscriber.to_sdk().op(operation)?).send().await.op(operation).absent()?;
        }
        Ok(())
    }
}
