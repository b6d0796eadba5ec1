//! `sns/subscription`: an endpoint that gets the messages of a topic.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_sdk_sns::types;
use provision_core::driver::{Cause, CloudError, Id, Intent, Recovery};
use provision_core::rate::Rates;
use provision_core::schema::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::topic::Topic;
use crate::cloud::Cloud;
use crate::error::{Absent, Op, incomplete};
use crate::kind::{Kind, Live, Result, Update, Wanted, fault};
use crate::query::Query;
use crate::read;
use crate::service::rates;
use crate::service::sns::{self, Attribute, RequestPolicy, RetryPolicy, ThrottlePolicy};
use crate::types::{Document, Ref};

/// An endpoint that gets the messages of a topic.
///
/// E-mail addresses and web servers are asked by SNS whether they want the messages: until somebody
/// answers, the subscription is *pending*. No apply waits for that; the output `pending_confirmation`
/// tells of it. A pending subscription cannot be looked up, and AWS refuses to delete it: destroying
/// lets go of it, and it lapses by itself 48 hours after it was made. Whoever confirms it before that
/// is subscribed all the same. One that lapsed is made again, and the question asked anew, by the next
/// apply.
///
/// See [Subscribe](https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Subscription {
    /// ARN of the topic.
    #[schemars(extend("x-replace" = true))]
    pub topic_arn: Ref<Topic>,

    /// How messages are delivered.
    #[schemars(extend(
        "x-replace" = true,
        "enum" = ["application", "email", "email-json", "firehose", "http", "https", "lambda", "sms", "sqs"]
    ))]
    pub protocol: String,

    /// Where they go: an ARN, a URL, an e-mail address or a telephone number, as the protocol says.
    #[schemars(extend("x-replace" = true))]
    pub endpoint: String,

    /// Which messages are delivered, as [filter policies] say it; all with `{}`.
    ///
    /// [filter policies]: https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter_policy: Option<Document>,

    /// Whether the filter is about a message's attributes (AWS's default) or about its body.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["MessageAttributes", "MessageBody"]))]
    pub filter_policy_scope: Option<String>,

    /// Whether the bare message is delivered, without SNS's wrapping of JSON. For SQS, Firehose and HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw_message_delivery: Option<bool>,

    /// Where messages go that cannot be delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redrive_policy: Option<RedrivePolicy>,

    /// How messages are delivered over HTTP, in place of what the topic says. An empty one (`{}`)
    /// takes the stated one away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery_policy: Option<DeliveryPolicy>,

    /// ARN of the role that SNS writes to a Firehose stream with; only these have one, and need it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscription_role_arn: Option<String>,

    /// Which archived messages of a FIFO topic are delivered again, as [replay policies] say it.
    ///
    /// [replay policies]: https://docs.aws.amazon.com/sns/latest/dg/message-archiving-and-replay-subscriber.html
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replay_policy: Option<Document>,
}

/// Where messages go that cannot be delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct RedrivePolicy {
    /// ARN of an SQS queue of the topic's region, FIFO for a FIFO topic; empty for none.
    pub dead_letter_target_arn: String,
}

/// How messages are delivered over HTTP.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct DeliveryPolicy {
    /// How delivery is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub healthy_retry_policy: Option<RetryPolicy>,
    /// How fast messages go out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub throttle_policy: Option<ThrottlePolicy>,
    /// What is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_policy: Option<RequestPolicy>,
}

/// What other resources may name. The id is the subscription's ARN.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The subscription's ARN.
    pub arn: String,
    /// The account that owns it.
    pub owner: String,
    /// Whether nobody has confirmed it yet: it delivers nothing until then.
    #[schemars(extend("x-volatile" = true))]
    pub pending_confirmation: bool,
    /// Whether only who may call SNS for the account can end it.
    #[schemars(extend("x-volatile" = true))]
    pub confirmation_was_authenticated: bool,
}

const ATTRIBUTES: [Attribute; 7] = [
    Attribute::told("filter_policy_scope", FILTER_POLICY_SCOPE).or(BY_ATTRIBUTES),
    Attribute::told("filter_policy", "FilterPolicy"),
    Attribute::plain("raw_message_delivery", "RawMessageDelivery").or("false"),
    Attribute::camel("redrive_policy", "RedrivePolicy").or(NO_REDRIVE_POLICY),
    Attribute::camel("delivery_policy", "DeliveryPolicy"),
    Attribute::text("subscription_role_arn", "SubscriptionRoleArn"),
    Attribute::told("replay_policy", "ReplayPolicy"),
];

const FILTER_POLICY_SCOPE: &str = "FilterPolicyScope";
const BY_ATTRIBUTES: &str = "MessageAttributes";
const NO_REDRIVE_POLICY: &str = r#"{"deadLetterTargetArn":""}"#;

const SUBSCRIBE: &str = "sns:Subscribe";
const GET_ATTRIBUTES: &str = "sns:GetSubscriptionAttributes";

/// A subscription has no tags: an interrupted create is told by topic, protocol and endpoint, of which
/// there is one at most. One that somebody else made meanwhile is all that was asked for, and cannot be
/// told apart. A pending one is listed without its ARN, so it is not found: asking for it once more
/// makes no second one, and tells the ARN.
impl Kind for Subscription {
    const NAME: &'static str = "sns/subscription";
    const RECOVERY: Recovery = Recovery::Scan;
    const RATES: Rates = rates::SNS_SUBSCRIPTION;
    const EARLY: &'static [&'static str] = &["id", "arn"];
    /// The topic may have been made a moment ago.
    const EVENTUAL: &'static [&'static str] = &["NotFound"];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        let is = |protocols: &[&str]| protocols.contains(&self.protocol.as_str());
        let rules = [
            (
                "raw_message_delivery",
                self.raw_message_delivery == Some(true) && !is(&["sqs", "firehose", "http", "https"]),
                "only SQS, Firehose and HTTP endpoints get raw messages",
            ),
            (
                "delivery_policy",
                self.delivery_policy.is_some() && !is(&["http", "https"]),
                "a delivery policy is for HTTP endpoints",
            ),
            (
                "subscription_role_arn",
                self.subscription_role_arn.is_some() != is(&["firehose"]),
                "a subscription of Firehose needs `subscription_role_arn`, and no other has it",
            ),
            (
                "filter_policy_scope",
                self.filter_policy_scope.is_some() && self.filter_policy.as_ref().is_none_or(Document::is_empty),
                "the scope is that of a `filter_policy`: state one",
            ),
        ];
        let broken = rules.into_iter().filter(|(_, is_broken, _)| *is_broken);
        broken.map(|(field, _, message)| fault(field, message)).collect()
    }

    /// Subscribe gives back a subscription that is there already, whosever it is: so it is looked for
    /// first. A pending one is nobody's yet.
    async fn create(&self, cloud: &Cloud, _: &Intent) -> Result<Id> {
        if let Some(arn) = self.confirmed(cloud).await? {
            let message = format!("`{}` is subscribed to the topic already: {arn}", self.endpoint);
            return Err(CloudError::new(Cause::Exists, SUBSCRIBE, message));
        }
        let attributes =
            self.attributes(|_| true).into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?)));
        let call = cloud
            .sns()
            .subscribe()
            .topic_arn(self.topic_arn.as_str())
            .protocol(&self.protocol)
            .endpoint(&self.endpoint)
            .set_attributes(Some(attributes.filter(|(_, text)| !text.is_empty()).collect()))
            .return_subscription_arn(true);
        let arn = call.send().await.op(SUBSCRIBE)?.subscription_arn.ok_or_else(|| incomplete(SUBSCRIBE, "ARN"))?;
        lapsing().remove(&arn);
        Ok(Id(arn))
    }

    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        read::each(wanted, |wanted| read_one(cloud, &wanted.id)).await
    }

    /// A scope by attributes does not go with a filter that is nested, so it is set after the filter;
    /// the other goes with any, so it is set before.
    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let mut changes = self.attributes(|field| update.has(field));
        changes.sort_by_key(|(name, text)| match (*name, text.as_deref()) {
            (FILTER_POLICY_SCOPE, Some(BY_ATTRIBUTES)) => 2,
            (FILTER_POLICY_SCOPE, _) => 0,
            _ => 1,
        });
        for (name, text) in changes {
            let call = cloud.sns().set_subscription_attributes().subscription_arn(update.id.as_str());
            let call = call.attribute_name(name).set_attribute_value(text);
            call.send().await.op("sns:SetSubscriptionAttributes")?;
        }
        Ok(())
    }

    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        let call = cloud.sns().unsubscribe().subscription_arn(id.as_str());
        match call.send().await.op("sns:Unsubscribe").absent() {
            Err(error) if error.message.contains("pending confirmation") => {
                lapsing().insert(id.0.clone());
                Ok(())
            }
            answer => answer.map(drop),
        }
    }

    async fn recover(&self, cloud: &Cloud, _: &Intent) -> Result<Vec<Id>> {
        Ok(self.confirmed(cloud).await?.map(Id).into_iter().collect())
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        if let Some(arn) = by.text("arn") {
            return Ok(vec![Id(arn)]);
        }
        let found = match by.text("topic_arn") {
            Some(topic) => list_of_topic(cloud, &topic).await?,
            None => list(cloud).await?,
        };
        let is =
            |field: &str, value: &Option<String>| by.text(field).is_none_or(|wanted| value.as_ref() == Some(&wanted));
        let found = found.into_iter().filter(|it| is("protocol", &it.protocol) && is("endpoint", &it.endpoint));
        Ok(found.filter_map(confirmed_arn).map(Id).collect())
    }
}

impl Subscription {
    /// The ARN of the confirmed subscription of this endpoint.
    async fn confirmed(&self, cloud: &Cloud) -> Result<Option<String>> {
        let found = list_of_topic(cloud, self.topic_arn.as_str()).await?;
        let is_this = |it: &types::Subscription| {
            it.protocol() == Some(self.protocol.as_str()) && it.endpoint() == Some(self.endpoint.as_str())
        };
        Ok(found.into_iter().filter(is_this).find_map(confirmed_arn))
    }

    /// The attributes of the stated properties among those `wanted`; without a value is what is to be
    /// taken away.
    fn attributes(&self, wanted: impl Fn(&str) -> bool) -> Vec<(&'static str, Option<String>)> {
        let texts = sns::to_attributes(self, &ATTRIBUTES, wanted).into_iter();
        let texts = texts.map(|(name, text)| match (name, text.as_str()) {
            (_, NO_REDRIVE_POLICY) => (name, None),
            ("FilterPolicy", "") => (name, Some("{}".to_owned())),
            _ => (name, Some(text)),
        });
        texts.collect()
    }
}

/// The ARN, which is told of confirmed subscriptions alone.
fn confirmed_arn(subscription: types::Subscription) -> Option<String> {
    subscription.subscription_arn.filter(|arn| arn.starts_with("arn:"))
}

async fn list_of_topic(cloud: &Cloud, topic: &str) -> Result<Vec<types::Subscription>> {
    let pages = cloud.sns().list_subscriptions_by_topic().topic_arn(topic).into_paginator().items().send();
    let found: Option<_> = pages.try_collect().await.op("sns:ListSubscriptionsByTopic").absent()?;
    Ok(found.unwrap_or_default())
}

async fn list(cloud: &Cloud) -> Result<Vec<types::Subscription>> {
    cloud.sns().list_subscriptions().into_paginator().items().send().try_collect().await.op("sns:ListSubscriptions")
}

/// The pending subscriptions that were to be deleted, by ARN. AWS refuses that and goes on telling of
/// them until they lapse: from its refusal on they count as gone.
fn lapsing() -> MutexGuard<'static, BTreeSet<String>> {
    static LAPSING: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    LAPSING.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn read_one(cloud: &Cloud, id: &Id) -> Result<Option<Live<Subscription>>> {
    let call = cloud.sns().get_subscription_attributes().subscription_arn(id.as_str());
    let answer = call.send().await.op(GET_ATTRIBUTES).absent()?;
    let told = answer.map(|answer| answer.attributes.unwrap_or_default());
    told.filter(|told| !is_let_go(id, told)).map(|told| live(id, &told)).transpose()
}

/// Whether it was to be deleted, and nobody has confirmed it since.
fn is_let_go(id: &Id, told: &HashMap<String, String>) -> bool {
    is_true(told, PENDING) && lapsing().contains(id.as_str())
}

const PENDING: &str = "PendingConfirmation";

fn is_true(told: &HashMap<String, String>, name: &str) -> bool {
    told.get(name).is_some_and(|text| text == "true")
}

fn live(id: &Id, told: &HashMap<String, String>) -> Result<Live<Subscription>> {
    let text = |name: &str| told.get(name).cloned().unwrap_or_default();
    let named = [("topic_arn", text("TopicArn")), ("protocol", text("Protocol")), ("endpoint", text("Endpoint"))];
    let spec = sns::from_attributes(GET_ATTRIBUTES, &ATTRIBUTES, told, named)?;
    let outputs = Outputs {
        arn: id.0.clone(),
        owner: text("Owner"),
        pending_confirmation: is_true(told, PENDING),
        confirmation_was_authenticated: is_true(told, "ConfirmationWasAuthenticated"),
    };
    Ok(Live::ready(spec, outputs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_deleted_counts_as_gone_until_somebody_confirms_it() {
        let (deleted, other) = (Id::from("arn:aws:sns:::a:1"), Id::from("arn:aws:sns:::a:2"));
        let told = |pending: &str| HashMap::from([(PENDING.to_owned(), pending.to_owned())]);
        lapsing().insert(deleted.0.clone());
        assert!(is_let_go(&deleted, &told("true")));
        assert!(!is_let_go(&deleted, &told("false")));
        assert!(!is_let_go(&other, &told("true")));
    }

    #[test]
    fn what_is_empty_is_taken_away() {
        let spec = serde_json::json!({
            "topic_arn": "arn", "protocol": "sqs", "endpoint": "arn", "filter_policy": {}, "delivery_policy": {},
            "redrive_policy": { "dead_letter_target_arn": "" },
        });
        let subscription: Subscription = serde_json::from_value(spec).unwrap();
        let expected =
            [("FilterPolicy", Some("{}".to_owned())), ("RedrivePolicy", None), ("DeliveryPolicy", Some(String::new()))];
        assert_eq!(subscription.attributes(|_| true), expected);
    }
}
