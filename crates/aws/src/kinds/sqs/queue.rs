//! `sqs/queue`: messages that wait for whoever fetches them.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_sqs::types::QueueAttributeName as Name;
use provision_core::driver::{Cause, CloudError, Id, Intent, Recovery};
use provision_core::schema::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::error::{Absent, Op};
use crate::kind::{Kind, Live, Result, Update, Wanted, fault};
use crate::query::Query;
use crate::read::{self, Reading};
use crate::service::tagging::{self, Tagged};
use crate::types::{INTENT_TAG, PolicyDocument, Tags};

/// Messages that wait for whoever fetches them.
///
/// See [CreateQueue](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// Name, unique in the account and region: up to 80 letters, digits and `-_`. That of a FIFO queue ends in `.fifo`.
    #[schemars(extend("x-replace" = true))]
    pub queue_name: String,

    /// Whether messages are delivered in order, and once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub fifo_queue: Option<bool>,

    /// For how many seconds new messages cannot be fetched; AWS's default is 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 900))]
    pub delay_seconds: Option<u32>,

    /// How many bytes a message may have; AWS's default is 1 MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1024, max = 1_048_576))]
    pub maximum_message_size: Option<u32>,

    /// For how many seconds messages are kept; AWS's default is 4 days.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 60, max = 1_209_600))]
    pub message_retention_period: Option<u32>,

    /// For how many seconds a call waits for a message; AWS's default is 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 20))]
    pub receive_message_wait_time_seconds: Option<u32>,

    /// For how many seconds a fetched message is hidden from others; AWS's default is 30.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 43_200))]
    pub visibility_timeout: Option<u32>,

    /// Who may do what with the queue. An empty one (`{}`) removes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyDocument>,

    /// Where messages go that nobody could handle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redrive_policy: Option<RedrivePolicy>,

    /// Which queues may send here what nobody could handle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redrive_allow_policy: Option<RedriveAllowPolicy>,

    /// Id, ARN or alias of the KMS key that encrypts messages; empty for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_master_key_id: Option<String>,

    /// For how many seconds a data key is used again before KMS is asked; AWS's default is 300.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 60, max = 86_400))]
    pub kms_data_key_reuse_period_seconds: Option<u32>,

    /// Whether messages are encrypted with keys of SQS's own, as AWS does by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sqs_managed_sse_enabled: Option<bool>,

    /// Whether messages of a FIFO queue are told apart by their content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_based_deduplication: Option<bool>,

    /// Whether messages of a FIFO queue are told apart in the whole queue (`queue`, AWS's default) or in each group.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["messageGroup", "queue"]))]
    pub deduplication_scope: Option<String>,

    /// Whether the throughput of a FIFO queue is limited as a whole (`perQueue`, AWS's default) or for each group.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["perQueue", "perMessageGroupId"]))]
    pub fifo_throughput_limit: Option<String>,

    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

/// Where messages go that nobody could handle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RedrivePolicy {
    /// ARN of the queue that takes them, of the same type as this one; empty for none.
    pub dead_letter_target_arn: String,
    /// After how many deliveries.
    #[serde(default = "ten")]
    #[schemars(range(min = 1, max = 1000))]
    pub max_receive_count: u32,
}

fn ten() -> u32 {
    10
}

/// Which queues may name this one in their `redrive_policy`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RedriveAllowPolicy {
    /// All of the account and region (`allowAll`, AWS's default), none (`denyAll`), or those listed (`byQueue`).
    #[schemars(extend("enum" = ["allowAll", "denyAll", "byQueue"]))]
    pub redrive_permission: String,
    /// ARNs of up to ten queues, with `byQueue`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub source_queue_arns: BTreeSet<String>,
}

/// [`RedrivePolicy`] as the API writes it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RedriveText {
    dead_letter_target_arn: String,
    max_receive_count: Count,
}

/// SQS takes and gives a number or a string of digits.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Count {
    Number(u32),
    Text(String),
}

/// [`RedriveAllowPolicy`] as the API writes it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AllowText {
    redrive_permission: String,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    source_queue_arns: BTreeSet<String>,
}

/// What other resources may name. The id is the queue's URL.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The queue's ARN.
    pub arn: String,
}

const CREATE_QUEUE: &str = "sqs:CreateQueue";

impl Kind for Queue {
    const NAME: &'static str = "sqs/queue";
    const RECOVERY: Recovery = Recovery::NaturalKey;
    const READING: Reading = Reading::TAGGED_EACH;
    const EARLY: &'static [&'static str] = &["id", "arn", "queue_name"];
    // A name is free again a minute after its queue was deleted.
    const EVENTUAL: &'static [&'static str] = &["AWS.SimpleQueueService.QueueDeletedRecently", "QueueDeletedRecently"];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        let mut faults = Vec::new();
        let is_fifo = self.fifo_queue == Some(true);
        if is_fifo != self.queue_name.ends_with(".fifo") {
            faults
                .push(fault("queue_name", "the name of a queue ends in `.fifo` if, and only if, `fifo_queue` is true"));
        }
        let of_fifo = [
            ("content_based_deduplication", self.content_based_deduplication.is_some()),
            ("deduplication_scope", self.deduplication_scope.is_some()),
            ("fifo_throughput_limit", self.fifo_throughput_limit.is_some()),
        ];
        let stray = of_fifo.iter().filter(|(_, is_stated)| *is_stated && !is_fifo);
        faults.extend(stray.map(|(field, _)| fault(field, "only a queue with `fifo_queue: true` has this")));
        let has_key = self.kms_master_key_id.as_deref().is_some_and(|key| !key.is_empty());
        if has_key && self.sqs_managed_sse_enabled == Some(true) {
            let message = "a queue is encrypted with a KMS key or with SQS's own keys, not with both";
            faults.push(fault("sqs_managed_sse_enabled", message));
        }
        faults
    }

    /// CreateQueue gives back a queue that is there already and is the same, whosever it is: so
    /// it is looked for first.
    async fn create(&self, cloud: &Cloud, intent: &Intent) -> Result<Id> {
        if let Some(url) = self.url(cloud).await? {
            let message = format!("there is a queue `{}` already: {url}", self.queue_name);
            return Err(CloudError::new(Cause::Exists, CREATE_QUEUE, message));
        }
        let call = cloud.sqs().create_queue().queue_name(&self.queue_name);
        let call = call
            .set_attributes(Some(self.attributes(|_| true)))
            .set_tags(Some(self.tags.with_intent(intent).collect()));
        let answer = call.send().await.op(CREATE_QUEUE)?;
        answer.queue_url.map(Id).ok_or_else(|| crate::error::incomplete(CREATE_QUEUE, "URL"))
    }

    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        tagging::with_tags(cloud, wanted, read::each(wanted, |wanted| read_one(cloud, &wanted.id))).await
    }

    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let changed = self.attributes(|field| update.has(field));
        if !changed.is_empty() {
            let call = cloud.sqs().set_queue_attributes().queue_url(update.id.as_str());
            call.set_attributes(Some(changed)).send().await.op("sqs:SetQueueAttributes")?;
        }
        self.update_tags(cloud, update).await
    }

    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        cloud.sqs().delete_queue().queue_url(id.as_str()).send().await.op("sqs:DeleteQueue").absent()?;
        Ok(())
    }

    async fn recover(&self, cloud: &Cloud, intent: &Intent) -> Result<Vec<Id>> {
        let Some(url) = self.url(cloud).await? else { return Ok(Vec::new()) };
        let tags = raw_tags(cloud, &url).await?.unwrap_or_default();
        Ok((tags.get(INTENT_TAG) == Some(&intent.token)).then_some(Id(url)).into_iter().collect())
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        match by.text("queue_name").or_else(|| by.in_arn("")) {
            Some(name) => Ok(url(cloud, &name).await?.map(Id).into_iter().collect()),
            None => list(cloud).await,
        }
    }
}

impl Tagged for Queue {
    tagging::fields!();

    async fn list_tags(cloud: &Cloud, id: &Id, _: &str) -> Result<Option<Tags>> {
        Ok(raw_tags(cloud, id.as_str()).await?.map(Tags::from_live))
    }
}

impl Queue {
    async fn url(&self, cloud: &Cloud) -> Result<Option<String>> {
        url(cloud, &self.queue_name).await
    }

    /// The attributes, as the API takes them, of the stated properties among those `wanted`.
    fn attributes(&self, wanted: impl Fn(&str) -> bool) -> HashMap<Name, String> {
        let numbers = [
            ("delay_seconds", Name::DelaySeconds, self.delay_seconds),
            ("maximum_message_size", Name::MaximumMessageSize, self.maximum_message_size),
            ("message_retention_period", Name::MessageRetentionPeriod, self.message_retention_period),
            (
                "receive_message_wait_time_seconds",
                Name::ReceiveMessageWaitTimeSeconds,
                self.receive_message_wait_time_seconds,
            ),
            ("visibility_timeout", Name::VisibilityTimeout, self.visibility_timeout),
            (
                "kms_data_key_reuse_period_seconds",
                Name::KmsDataKeyReusePeriodSeconds,
                self.kms_data_key_reuse_period_seconds,
            ),
        ];
        let switches = [
            ("fifo_queue", Name::FifoQueue, self.fifo_queue.filter(|is_fifo| *is_fifo)),
            ("sqs_managed_sse_enabled", Name::SqsManagedSseEnabled, self.sqs_managed_sse_enabled),
            ("content_based_deduplication", Name::ContentBasedDeduplication, self.content_based_deduplication),
        ];
        let texts = [
            ("policy", Name::Policy, self.policy.as_ref().map(text_of_policy)),
            ("redrive_policy", Name::RedrivePolicy, self.redrive_policy.as_ref().map(RedrivePolicy::to_text)),
            (
                "redrive_allow_policy",
                Name::RedriveAllowPolicy,
                self.redrive_allow_policy.as_ref().map(RedriveAllowPolicy::to_text),
            ),
            ("kms_master_key_id", Name::KmsMasterKeyId, self.kms_master_key_id.clone()),
            ("deduplication_scope", Name::DeduplicationScope, self.deduplication_scope.clone()),
            ("fifo_throughput_limit", Name::FifoThroughputLimit, self.fifo_throughput_limit.clone()),
        ];
        let numbers = numbers.into_iter().map(|(field, name, value)| (field, name, value.map(|it| it.to_string())));
        let switches = switches.into_iter().map(|(field, name, value)| (field, name, value.map(|it| it.to_string())));
        let all = numbers.chain(switches).chain(texts).filter(|(field, ..)| wanted(field));
        all.filter_map(|(_, name, value)| Some((name, value?))).collect()
    }

    async fn update_tags(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if !update.has("tags") {
            return Ok(());
        }
        let changes = self.tags.changes_from(&update.live.tags);
        if !changes.set.is_empty() {
            let call = cloud.sqs().tag_queue().queue_url(update.id.as_str());
            call.set_tags(Some(changes.set.into_iter().collect())).send().await.op("sqs:TagQueue")?;
        }
        if !changes.remove.is_empty() {
            let call = cloud.sqs().untag_queue().queue_url(update.id.as_str()).set_tag_keys(Some(changes.remove));
            call.send().await.op("sqs:UntagQueue")?;
        }
        Ok(())
    }
}

/// An empty text takes the policy away.
fn text_of_policy(policy: &PolicyDocument) -> String {
    if policy.is_empty() { String::new() } else { policy.to_text() }
}

impl RedrivePolicy {
    /// An empty text takes the policy away.
    fn to_text(&self) -> String {
        if self.dead_letter_target_arn.is_empty() {
            return String::new();
        }
        let count = Count::Number(self.max_receive_count);
        let text =
            RedriveText { dead_letter_target_arn: self.dead_letter_target_arn.clone(), max_receive_count: count };
        serde_json::to_string(&text).unwrap_or_default()
    }

    fn from_live(text: &str) -> Option<Self> {
        let text: RedriveText = serde_json::from_str(text).ok()?;
        let max_receive_count = match text.max_receive_count {
            Count::Number(count) => count,
            Count::Text(digits) => digits.parse().ok()?,
        };
        Some(Self { dead_letter_target_arn: text.dead_letter_target_arn, max_receive_count })
    }

    /// What a spec says to have none.
    fn none() -> Self {
        Self { dead_letter_target_arn: String::new(), max_receive_count: ten() }
    }
}

impl RedriveAllowPolicy {
    fn to_text(&self) -> String {
        let (redrive_permission, source_queue_arns) = (self.redrive_permission.clone(), self.source_queue_arns.clone());
        serde_json::to_string(&AllowText { redrive_permission, source_queue_arns }).unwrap_or_default()
    }

    fn from_live(text: &str) -> Option<Self> {
        let AllowText { redrive_permission, source_queue_arns } = serde_json::from_str(text).ok()?;
        Some(Self { redrive_permission, source_queue_arns })
    }

    /// What AWS does where nothing is said.
    fn all() -> Self {
        Self { redrive_permission: "allowAll".to_owned(), source_queue_arns: BTreeSet::new() }
    }
}

async fn url(cloud: &Cloud, name: &str) -> Result<Option<String>> {
    let answer = cloud.sqs().get_queue_url().queue_name(name).send().await.op("sqs:GetQueueUrl").absent()?;
    Ok(answer.and_then(|answer| answer.queue_url))
}

/// The most that one page holds.
const PAGE: i32 = 1000;

async fn list(cloud: &Cloud) -> Result<Vec<Id>> {
    let pages = cloud.sqs().list_queues().max_results(PAGE).into_paginator().items().send();
    let urls: Vec<String> = pages.try_collect().await.op("sqs:ListQueues")?;
    Ok(urls.into_iter().map(Id).collect())
}

async fn raw_tags(cloud: &Cloud, url: &str) -> Result<Option<HashMap<String, String>>> {
    let answer = cloud.sqs().list_queue_tags().queue_url(url).send().await.op("sqs:ListQueueTags").absent()?;
    Ok(answer.map(|answer| answer.tags.unwrap_or_default()))
}

async fn read_one(cloud: &Cloud, id: &Id) -> Result<Option<Live<Queue>>> {
    let call = cloud.sqs().get_queue_attributes().queue_url(id.as_str()).attribute_names(Name::All);
    let answer = call.send().await.op("sqs:GetQueueAttributes").absent()?;
    Ok(answer.map(|answer| live(id, answer.attributes.unwrap_or_default())))
}

fn live(id: &Id, attributes: HashMap<Name, String>) -> Live<Queue> {
    let text = |name: Name| attributes.get(&name).cloned();
    let number = |name: Name| attributes.get(&name).and_then(|text| text.parse().ok());
    let switch = |name: Name| attributes.get(&name).map(|text| text == "true");
    let policy = text(Name::RedrivePolicy).as_deref().and_then(RedrivePolicy::from_live);
    let allowed = text(Name::RedriveAllowPolicy).as_deref().and_then(RedriveAllowPolicy::from_live);
    let spec = Queue {
        queue_name: id.as_str().rsplit('/').next().unwrap_or_default().to_owned(),
        fifo_queue: Some(switch(Name::FifoQueue).unwrap_or(false)),
        delay_seconds: number(Name::DelaySeconds),
        maximum_message_size: number(Name::MaximumMessageSize),
        message_retention_period: number(Name::MessageRetentionPeriod),
        receive_message_wait_time_seconds: number(Name::ReceiveMessageWaitTimeSeconds),
        visibility_timeout: number(Name::VisibilityTimeout),
        policy: Some(PolicyDocument::from_live(text(Name::Policy).as_deref().unwrap_or("{}"))),
        redrive_policy: Some(policy.unwrap_or_else(RedrivePolicy::none)),
        redrive_allow_policy: Some(allowed.unwrap_or_else(RedriveAllowPolicy::all)),
        kms_master_key_id: Some(text(Name::KmsMasterKeyId).unwrap_or_default()),
        kms_data_key_reuse_period_seconds: number(Name::KmsDataKeyReusePeriodSeconds),
        sqs_managed_sse_enabled: switch(Name::SqsManagedSseEnabled),
        content_based_deduplication: switch(Name::ContentBasedDeduplication),
        deduplication_scope: text(Name::DeduplicationScope),
        fifo_throughput_limit: text(Name::FifoThroughputLimit),
        tags: Tags::default(),
    };
    Live::ready(spec, Outputs { arn: text(Name::QueueArn).unwrap_or_default() })
}
