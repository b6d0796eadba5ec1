//! Who is told of what happens to objects.

use std::collections::BTreeSet;

use aws_sdk_s3::operation::get_bucket_notification_configuration::GetBucketNotificationConfigurationOutput;
use aws_sdk_s3::types::{
    self, Event, EventBridgeConfiguration, FilterRuleName, NotificationConfigurationFilter, S3KeyFilter,
};
use aws_smithy_types::error::operation::BuildError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Part, Unset};
use crate::cloud::Cloud;
use crate::error::Op;
use crate::kind::Result;

/// Who is told of what happens to objects. Each of them must let S3 in beforehand.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NotificationConfiguration {
    /// Lambda functions.
    #[serde(default)]
    pub lambda_function_configurations: BTreeSet<LambdaFunctionConfiguration>,
    /// SQS queues.
    #[serde(default)]
    pub queue_configurations: BTreeSet<QueueConfiguration>,
    /// SNS topics.
    #[serde(default)]
    pub topic_configurations: BTreeSet<TopicConfiguration>,
    /// Whether the account's EventBridge gets all events.
    #[serde(default)]
    pub event_bridge_enabled: bool,
}

/// Which objects a notification is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NotificationFilter {
    /// Which keys.
    pub key: KeyFilter,
}

/// Which keys a notification is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyFilter {
    /// At most one `prefix` and one `suffix`.
    pub filter_rules: BTreeSet<FilterRule>,
}

/// What a key must begin or end with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FilterRule {
    /// Which end of the key.
    #[schemars(extend("enum" = ["prefix", "suffix"]))]
    pub name: String,
    /// What is there.
    pub value: String,
}

/// The three kinds of receivers differ only in what their ARN is called.
macro_rules! receivers {
    ($($(#[$doc:meta])* $name:ident { $(#[$arn_doc:meta])* $arn:ident })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
            #[serde(deny_unknown_fields)]
            pub struct $name {
                /// A name of the notification; left out, AWS makes one up.
                #[serde(skip_serializing_if = "Option::is_none")]
                pub id: Option<String>,
                $(#[$arn_doc])*
                pub $arn: String,
                /// What it is told of, such as `s3:ObjectCreated:*`.
                pub events: BTreeSet<String>,
                /// Which objects; left out, all.
                #[serde(skip_serializing_if = "Option::is_none")]
                pub filter: Option<NotificationFilter>,
            }

            impl From<types::$name> for $name {
                fn from(live: types::$name) -> Self {
                    Self {
                        id: live.id,
                        $arn: live.$arn,
                        events: live.events.iter().map(|event| event.as_str().to_owned()).collect(),
                        filter: live.filter.and_then(NotificationFilter::from_live),
                    }
                }
            }

            impl TryFrom<&$name> for types::$name {
                type Error = BuildError;

                fn try_from(receiver: &$name) -> Result<Self, BuildError> {
                    Self::builder()
                        .set_id(receiver.id.clone())
                        .$arn(&receiver.$arn)
                        .set_events(Some(receiver.events.iter().map(|event| Event::from(event.as_str())).collect()))
                        .set_filter(receiver.filter.as_ref().map(Into::into))
                        .build()
                }
            }
        )*
    };
}

receivers! {
    /// A Lambda function that is told of events.
    LambdaFunctionConfiguration {
        /// The function's ARN.
        lambda_function_arn
    }
    /// An SQS queue that is told of events.
    QueueConfiguration {
        /// The queue's ARN.
        queue_arn
    }
    /// An SNS topic that is told of events.
    TopicConfiguration {
        /// The topic's ARN.
        topic_arn
    }
}

impl NotificationFilter {
    /// AWS writes the names of the rules with a capital letter; a filter without rules is none.
    fn from_live(live: NotificationConfigurationFilter) -> Option<Self> {
        let rules = live.key.and_then(|key| key.filter_rules).into_iter().flatten();
        let rules = rules.filter_map(|rule| {
            Some(FilterRule { name: rule.name?.as_str().to_ascii_lowercase(), value: rule.value.unwrap_or_default() })
        });
        let filter_rules: BTreeSet<FilterRule> = rules.collect();
        (!filter_rules.is_empty()).then_some(Self { key: KeyFilter { filter_rules } })
    }
}

impl From<&NotificationFilter> for NotificationConfigurationFilter {
    fn from(filter: &NotificationFilter) -> Self {
        let rules = filter.key.filter_rules.iter().map(|rule| {
            let name = FilterRuleName::from(rule.name.as_str());
            types::FilterRule::builder().name(name).value(&rule.value).build()
        });
        let key = S3KeyFilter::builder().set_filter_rules(Some(rules.collect())).build();
        Self::builder().key(key).build()
    }
}

impl Part for NotificationConfiguration {
    fn nothing() -> Option<Self> {
        Some(Self::default())
    }

    async fn get(cloud: &Cloud, bucket: &str) -> Result<Option<Self>> {
        let call = cloud.s3().get_bucket_notification_configuration().bucket(bucket);
        let answer = call.send().await.op("s3:GetBucketNotificationConfiguration").unset()?;
        Ok(answer.map(Self::from).filter(|notification| *notification != Self::default()))
    }

    async fn put(&self, cloud: &Cloud, bucket: &str) -> Result<()> {
        let call = cloud.s3().put_bucket_notification_configuration().bucket(bucket);
        let call = call.notification_configuration(self.sdk().op("s3:PutBucketNotificationConfiguration")?);
        call.send().await.op("s3:PutBucketNotificationConfiguration")?;
        Ok(())
    }
}

impl From<GetBucketNotificationConfigurationOutput> for NotificationConfiguration {
    fn from(live: GetBucketNotificationConfigurationOutput) -> Self {
        Self {
            lambda_function_configurations: received(live.lambda_function_configurations),
            queue_configurations: received(live.queue_configurations),
            topic_configurations: received(live.topic_configurations),
            event_bridge_enabled: live.event_bridge_configuration.is_some(),
        }
    }
}

fn received<T: Into<R>, R: Ord>(live: Option<Vec<T>>) -> BTreeSet<R> {
    live.into_iter().flatten().map(Into::into).collect()
}

impl NotificationConfiguration {
    fn sdk(&self) -> Result<types::NotificationConfiguration, BuildError> {
        let event_bridge = self.event_bridge_enabled.then(|| EventBridgeConfiguration::builder().build());
        Ok(types::NotificationConfiguration::builder()
            .set_lambda_function_configurations(receivers(&self.lambda_function_configurations)?)
            .set_queue_configurations(receivers(&self.queue_configurations)?)
            .set_topic_configurations(receivers(&self.topic_configurations)?)
            .set_event_bridge_configuration(event_bridge)
            .build())
    }
}

fn receivers<'a, R, T: TryFrom<&'a R, Error = BuildError>>(
    receivers: &'a BTreeSet<R>,
) -> Result<Option<Vec<T>>, BuildError> {
    let all: Result<Vec<T>, BuildError> = receivers.iter().map(T::try_from).collect();
    Ok(Some(all?).filter(|all| !all.is_empty()))
}
