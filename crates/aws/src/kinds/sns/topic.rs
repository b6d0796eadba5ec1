//! `sns/topic`: messages that go to whoever subscribes to them.

use std::collections::HashMap;

use provision_core::driver::{Cause, CloudError, Id, Intent, Recovery};
use provision_core::schema::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::cloud::Cloud;
use crate::error::{Absent, Op, incomplete};
use crate::kind::{Kind, Live, Result, Update, Wanted, fault};
use crate::query::Query;
use crate::read::{self, Reading};
use crate::service::sns::{self, Attribute, RequestPolicy, RetryPolicy, ThrottlePolicy};
use crate::service::tagging::{self, Tagged};
use crate::types::{Document, PolicyDocument, Tags, carry_intent};

/// Messages that go to whoever subscribes to them.
///
/// The properties whose names end in `_feedback_role_arn` and `_feedback_sample_rate` are about
/// [delivery status logging]: with a role, CloudWatch Logs is told of deliveries.
///
/// See [CreateTopic](https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html).
///
/// [delivery status logging]: https://docs.aws.amazon.com/sns/latest/dg/sns-topic-attributes.html
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    /// Name, unique in the account and region: up to 256 letters, digits and `-_`. That of a FIFO
    /// topic ends in `.fifo`.
    #[schemars(extend("x-replace" = true))]
    pub name: String,

    /// Who e-mails and short messages come from, up to 100 characters; empty for the topic's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,

    /// Who may do what with the topic; by default its owner alone. AWS knows no topic without one,
    /// so it cannot be taken away: state another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyDocument>,

    /// How messages are delivered to HTTP endpoints. An empty one (`{}`) takes the stated one away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery_policy: Option<DeliveryPolicy>,

    /// Id, ARN or alias of the KMS key that encrypts messages at rest, such as `alias/aws/sns`;
    /// empty for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_master_key_id: Option<String>,

    /// Whether messages are delivered in order, and once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub fifo_topic: Option<bool>,

    /// Whether messages of a FIFO topic are told apart by their content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_based_deduplication: Option<bool>,

    /// Whether messages of a FIFO topic are told apart in the whole topic (`Topic`) or, which allows
    /// for more of them, in each group (`MessageGroup`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["MessageGroup", "Topic"]))]
    pub fifo_throughput_scope: Option<String>,

    /// How messages are signed: `1`, AWS's default, with SHA-1, `2` with SHA-256.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["1", "2"]))]
    pub signature_version: Option<String>,

    /// Whether X-Ray is told of deliveries (`Active`) or the publisher's trace is passed through
    /// (`PassThrough`, AWS's default). Not for FIFO topics.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["Active", "PassThrough"]))]
    pub tracing_config: Option<String>,

    /// How many bytes a message may have; AWS's default is 262,144. With more, all of at most 100
    /// subscriptions are of SQS, Lambda or Firehose.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1024, max = 1_048_576))]
    pub maximum_message_size: Option<u32>,

    /// How long a FIFO topic keeps messages to replay them. An empty one (`{}`) takes the stated
    /// one away. AWS deletes no topic that has one: it is taken away first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archive_policy: Option<ArchivePolicy>,

    /// Which sensitive data is audited, masked or refused, as [PutDataProtectionPolicy] takes it; `{}`
    /// for none. Only for accounts that used it before AWS closed it to others, not for FIFO topics.
    ///
    /// [PutDataProtectionPolicy]: https://docs.aws.amazon.com/sns/latest/api/API_PutDataProtectionPolicy.html
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_protection_policy: Option<Document>,

    /// ARN of the role that logs deliveries to HTTP endpoints; empty for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_success_feedback_role_arn: Option<String>,
    /// How many of a hundred deliveries to HTTP endpoints are logged.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub http_success_feedback_sample_rate: Option<u32>,
    /// ARN of the role that logs failed deliveries to HTTP endpoints; empty for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_failure_feedback_role_arn: Option<String>,

    /// ARN of the role that logs deliveries to SQS; empty for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sqs_success_feedback_role_arn: Option<String>,
    /// How many of a hundred deliveries to SQS are logged.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub sqs_success_feedback_sample_rate: Option<u32>,
    /// ARN of the role that logs failed deliveries to SQS; empty for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sqs_failure_feedback_role_arn: Option<String>,

    /// ARN of the role that logs deliveries to Lambda; empty for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lambda_success_feedback_role_arn: Option<String>,
    /// How many of a hundred deliveries to Lambda are logged.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub lambda_success_feedback_sample_rate: Option<u32>,
    /// ARN of the role that logs failed deliveries to Lambda; empty for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lambda_failure_feedback_role_arn: Option<String>,

    /// ARN of the role that logs deliveries to Firehose; empty for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub firehose_success_feedback_role_arn: Option<String>,
    /// How many of a hundred deliveries to Firehose are logged.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub firehose_success_feedback_sample_rate: Option<u32>,
    /// ARN of the role that logs failed deliveries to Firehose; empty for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub firehose_failure_feedback_role_arn: Option<String>,

    /// ARN of the role that logs deliveries to mobile applications; empty for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application_success_feedback_role_arn: Option<String>,
    /// How many of a hundred deliveries to mobile applications are logged.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub application_success_feedback_sample_rate: Option<u32>,
    /// ARN of the role that logs failed deliveries to mobile applications; empty for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application_failure_feedback_role_arn: Option<String>,

    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

/// How messages are delivered to HTTP endpoints.
///
/// See [delivery policies](https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct DeliveryPolicy {
    /// To HTTP and HTTPS endpoints, the only ones it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<HttpDelivery>,
}

/// What subscriptions do that state nothing of their own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct HttpDelivery {
    /// How delivery is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_healthy_retry_policy: Option<RetryPolicy>,
    /// How fast messages go out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_throttle_policy: Option<ThrottlePolicy>,
    /// What is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_request_policy: Option<RequestPolicy>,
    /// Whether subscriptions may not state anything of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disable_subscription_overrides: Option<bool>,
}

/// How long a FIFO topic keeps messages to replay them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ArchivePolicy {
    /// For how many days.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "days")]
    #[schemars(range(min = 1, max = 365))]
    pub message_retention_period: Option<u32>,
}

/// SNS takes and gives a number or a string of digits.
fn days<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Option<u32>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Days {
        Number(u32),
        Text(String),
    }
    Ok(match Option::<Days>::deserialize(deserializer)? {
        Some(Days::Number(days)) => Some(days),
        Some(Days::Text(digits)) => digits.parse().ok(),
        None => None,
    })
}

/// What other resources may name. The id is the topic's ARN.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The topic's ARN.
    pub arn: String,
    /// The account that owns it.
    pub owner: String,
    /// Since when the archive of a FIFO topic has messages.
    #[schemars(extend("x-volatile" = true))]
    pub beginning_archive_time: Option<String>,
}

/// All but name, data protection policy and tags.
const ATTRIBUTES: [Attribute; 26] = [
    Attribute::text("display_name", "DisplayName"),
    Attribute::told("policy", "Policy"),
    Attribute::camel("delivery_policy", "DeliveryPolicy"),
    Attribute::text("kms_master_key_id", "KmsMasterKeyId"),
    Attribute::plain("fifo_topic", FIFO_TOPIC).or("false"),
    Attribute::plain("content_based_deduplication", "ContentBasedDeduplication"),
    Attribute::told("fifo_throughput_scope", "FifoThroughputScope"),
    Attribute::text("signature_version", "SignatureVersion").or("1"),
    Attribute::text("tracing_config", "TracingConfig").or("PassThrough"),
    Attribute::plain("maximum_message_size", "MaximumMessageSize").or("262144"),
    Attribute::pascal("archive_policy", ARCHIVE_POLICY),
    Attribute::text("http_success_feedback_role_arn", "HTTPSuccessFeedbackRoleArn"),
    Attribute::plain("http_success_feedback_sample_rate", "HTTPSuccessFeedbackSampleRate"),
    Attribute::text("http_failure_feedback_role_arn", "HTTPFailureFeedbackRoleArn"),
    Attribute::text("sqs_success_feedback_role_arn", "SQSSuccessFeedbackRoleArn"),
    Attribute::plain("sqs_success_feedback_sample_rate", "SQSSuccessFeedbackSampleRate"),
    Attribute::text("sqs_failure_feedback_role_arn", "SQSFailureFeedbackRoleArn"),
    Attribute::text("lambda_success_feedback_role_arn", "LambdaSuccessFeedbackRoleArn"),
    Attribute::plain("lambda_success_feedback_sample_rate", "LambdaSuccessFeedbackSampleRate"),
    Attribute::text("lambda_failure_feedback_role_arn", "LambdaFailureFeedbackRoleArn"),
    Attribute::text("firehose_success_feedback_role_arn", "FirehoseSuccessFeedbackRoleArn"),
    Attribute::plain("firehose_success_feedback_sample_rate", "FirehoseSuccessFeedbackSampleRate"),
    Attribute::text("firehose_failure_feedback_role_arn", "FirehoseFailureFeedbackRoleArn"),
    Attribute::text("application_success_feedback_role_arn", "ApplicationSuccessFeedbackRoleArn"),
    Attribute::plain("application_success_feedback_sample_rate", "ApplicationSuccessFeedbackSampleRate"),
    Attribute::text("application_failure_feedback_role_arn", "ApplicationFailureFeedbackRoleArn"),
];

const FIFO_TOPIC: &str = "FifoTopic";
const ARCHIVE_POLICY: &str = "ArchivePolicy";
const CREATE_TOPIC: &str = "sns:CreateTopic";
const GET_ATTRIBUTES: &str = "sns:GetTopicAttributes";

impl Kind for Topic {
    const NAME: &'static str = "sns/topic";
    const RECOVERY: Recovery = Recovery::NaturalKey;
    const READING: Reading = Reading::TAGGED_EACH;
    const EARLY: &'static [&'static str] = &["id", "arn", "name"];
    /// The policy's principals and the feedback roles may have been made a moment ago, as may the topic.
    const EVENTUAL: &'static [&'static str] =
        &["InvalidParameter: PrincipalNotFound", "AuthorizationError: iam:PassRole", "NotFound"];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        let is_fifo = self.fifo_topic == Some(true);
        let mut faults = Vec::new();
        if is_fifo != self.name.ends_with(".fifo") {
            let message = "the name of a topic ends in `.fifo` if, and only if, `fifo_topic` is true";
            faults.push(fault("name", message));
        }
        let stray =
            self.parts_of_one_sort().into_iter().filter(|(_, for_fifo, is_stated)| *is_stated && *for_fifo != is_fifo);
        faults.extend(stray.map(|(field, for_fifo, _)| match for_fifo {
            true => fault(field, "only a topic with `fifo_topic: true` has this"),
            false => fault(field, "a FIFO topic has no such thing"),
        }));
        if self.policy.as_ref().is_some_and(PolicyDocument::is_empty) {
            faults.push(fault("policy", "a topic always has a policy: state one, or leave it out"));
        }
        faults
    }

    /// CreateTopic gives back a topic that is there already, whosever it is: so it is looked for first.
    async fn create(&self, cloud: &Cloud, intent: &Intent) -> Result<Id> {
        let arn = sns::topic_arn(cloud, &self.name).await?;
        if get(cloud, &arn).await?.is_some() {
            let message = format!("there is a topic `{}` already: {arn}", self.name);
            return Err(CloudError::new(Cause::Exists, CREATE_TOPIC, message));
        }
        let mut attributes = sns::to_attributes(self, &ATTRIBUTES, |_| true);
        attributes.retain(|(name, text)| !text.is_empty() && (*name != FIFO_TOPIC || text == "true"));
        let attributes = attributes.into_iter().map(|(name, text)| (name.to_owned(), text));
        let protection = self.data_protection_policy.as_ref().filter(|policy| !policy.is_empty());
        let call = cloud
            .sns()
            .create_topic()
            .name(&self.name)
            .set_attributes(Some(attributes.collect()))
            .set_data_protection_policy(protection.map(Document::to_text))
            .set_tags(Some(sns::tags(self.tags.with_intent(intent))));
        let answer = call.send().await.op(CREATE_TOPIC)?;
        answer.topic_arn.map(Id).ok_or_else(|| incomplete(CREATE_TOPIC, "ARN"))
    }

    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        tagging::with_tags(cloud, wanted, read::each(wanted, |wanted| read_one(cloud, wanted))).await
    }

    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        for (name, text) in sns::to_attributes(self, &ATTRIBUTES, |field| update.has(field)) {
            set(cloud, &update.id, name, text).await?;
        }
        if let (true, Some(policy)) = (update.has("data_protection_policy"), &self.data_protection_policy) {
            let text = if policy.is_empty() { String::new() } else { policy.to_text() };
            let call = cloud.sns().put_data_protection_policy().resource_arn(update.id.as_str());
            call.data_protection_policy(text).send().await.op("sns:PutDataProtectionPolicy")?;
        }
        self.update_tags(cloud, update).await
    }

    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        if self.archive_policy.as_ref().is_some_and(|policy| policy.message_retention_period.is_some()) {
            set(cloud, id, ARCHIVE_POLICY, String::new()).await.absent()?;
        }
        cloud.sns().delete_topic().topic_arn(id.as_str()).send().await.op("sns:DeleteTopic").absent()?;
        Ok(())
    }

    async fn recover(&self, cloud: &Cloud, intent: &Intent) -> Result<Vec<Id>> {
        let arn = sns::topic_arn(cloud, &self.name).await?;
        let tags = raw_tags(cloud, &arn).await?.unwrap_or_default();
        let is_ours = carry_intent(tags.iter().map(|(key, value)| (key.as_str(), value.as_str())), intent);
        Ok(is_ours.then_some(Id(arn)).into_iter().collect())
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        match (by.text("arn"), by.text("name")) {
            (Some(arn), _) => Ok(vec![Id(arn)]),
            (None, Some(name)) => Ok(vec![Id(sns::topic_arn(cloud, &name).await?)]),
            (None, None) => list(cloud).await,
        }
    }
}

impl Tagged for Topic {
    tagging::fields!();

    async fn list_tags(cloud: &Cloud, _: &Id, arn: &str) -> Result<Option<Tags>> {
        Ok(raw_tags(cloud, arn).await?.map(Tags::from_live))
    }
}

impl Topic {
    /// What only one of the two sorts of topics has: property, whether a FIFO topic has it, whether it
    /// is stated.
    fn parts_of_one_sort(&self) -> [(&'static str, bool, bool); 5] {
        [
            ("content_based_deduplication", true, self.content_based_deduplication.is_some()),
            ("fifo_throughput_scope", true, self.fifo_throughput_scope.is_some()),
            ("archive_policy", true, self.archive_policy.is_some()),
            ("tracing_config", false, self.tracing_config.is_some()),
            ("data_protection_policy", false, self.data_protection_policy.is_some()),
        ]
    }

    async fn update_tags(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if !update.has("tags") {
            return Ok(());
        }
        let changes = self.tags.changes_from(&update.live.tags);
        if !changes.set.is_empty() {
            let call = cloud.sns().tag_resource().resource_arn(update.id.as_str());
            call.set_tags(Some(sns::tags(changes.set))).send().await.op("sns:TagResource")?;
        }
        if !changes.remove.is_empty() {
            let call = cloud.sns().untag_resource().resource_arn(update.id.as_str());
            call.set_tag_keys(Some(changes.remove)).send().await.op("sns:UntagResource")?;
        }
        Ok(())
    }
}

/// Sets an attribute. An archive policy is taken away with an empty document, all else with an
/// empty text.
async fn set(cloud: &Cloud, id: &Id, name: &str, text: String) -> Result<()> {
    let text = if name == ARCHIVE_POLICY && text.is_empty() { "{}".to_owned() } else { text };
    let call = cloud.sns().set_topic_attributes().topic_arn(id.as_str()).attribute_name(name);
    call.attribute_value(text).send().await.op("sns:SetTopicAttributes")?;
    Ok(())
}

async fn list(cloud: &Cloud) -> Result<Vec<Id>> {
    let pages = cloud.sns().list_topics().into_paginator().items().send();
    let topics: Vec<_> = pages.try_collect().await.op("sns:ListTopics")?;
    Ok(topics.into_iter().filter_map(|topic| topic.topic_arn).map(Id).collect())
}

async fn raw_tags(cloud: &Cloud, arn: &str) -> Result<Option<Vec<(String, String)>>> {
    let call = cloud.sns().list_tags_for_resource().resource_arn(arn);
    let answer = call.send().await.op("sns:ListTagsForResource").absent()?;
    Ok(answer.map(|answer| answer.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect()))
}

async fn get(cloud: &Cloud, arn: &str) -> Result<Option<HashMap<String, String>>> {
    let answer = cloud.sns().get_topic_attributes().topic_arn(arn).send().await.op(GET_ATTRIBUTES).absent()?;
    Ok(answer.map(|answer| answer.attributes.unwrap_or_default()))
}

/// Of standard topics, which alone can have one. Where nothing is stated, an account that AWS has closed
/// it to has none.
async fn data_protection_policy(cloud: &Cloud, wanted: &Wanted<Topic>) -> Result<Option<Document>> {
    if wanted.id.as_str().ends_with(".fifo") || !wanted.manages(|topic| &topic.data_protection_policy) {
        return Ok(None);
    }
    let call = cloud.sns().get_data_protection_policy().resource_arn(wanted.id.as_str());
    let answer = match call.send().await.op("sns:GetDataProtectionPolicy").absent() {
        Err(error) if wanted.applied.is_none() && matches!(error.cause, Cause::Denied | Cause::Invalid) => None,
        answer => answer?,
    };
    let text = answer.and_then(|answer| answer.data_protection_policy).filter(|text| !text.is_empty());
    Ok(text.map(|text| Document::from_live(&text)))
}

async fn read_one(cloud: &Cloud, wanted: &Wanted<Topic>) -> Result<Option<Live<Topic>>> {
    let (told, protection) = tokio::try_join!(get(cloud, wanted.id.as_str()), data_protection_policy(cloud, wanted))?;
    told.map(|told| live(&wanted.id, told, protection)).transpose()
}

fn live(id: &Id, mut told: HashMap<String, String>, protection: Option<Document>) -> Result<Live<Topic>> {
    let name = id.as_str().rsplit(':').next().unwrap_or_default().to_owned();
    let spec: Topic = sns::from_attributes(GET_ATTRIBUTES, &ATTRIBUTES, &told, [("name", name)])?;
    let outputs = Outputs {
        arn: id.0.clone(),
        owner: told.remove("Owner").unwrap_or_default(),
        beginning_archive_time: told.remove("BeginningArchiveTime"),
    };
    Ok(Live::ready(Topic { data_protection_policy: protection, ..spec }, outputs))
}
