//! `logs/log_group`: log streams that share retention, encryption and access.

use std::collections::HashMap;

use aws_sdk_cloudwatchlogs::types::{self, DataProtectionStatus, LogGroupClass};
use provision_core::driver::{Id, Intent, Recovery};
use provision_core::rate::Rates;
use provision_core::schema::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::error::{Absent, Op};
use crate::kind::{Kind, Live, Result, Update, Wanted};
use crate::query::Query;
use crate::read::{self, Reading};
use crate::service::rates;
use crate::service::tagging::{self, Named, Tagged};
use crate::types::{Document, INTENT_TAG, Tags};

/// Log streams that share retention, encryption and access.
///
/// See [CreateLogGroup](https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogGroup {
    /// Name, unique in the account and region, such as `/shop/api`.
    #[schemars(extend("x-replace" = true))]
    pub log_group_name: String,

    /// How long events are kept, in days, one of the steps that [PutRetentionPolicy] takes;
    /// 0 keeps them for ever, which is what AWS does by default.
    ///
    /// [PutRetentionPolicy]: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 3653))]
    pub retention_in_days: Option<i32>,

    /// ARN of the KMS key for new events; empty for the key of CloudWatch Logs itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<String>,

    /// What the group can do and costs; `STANDARD` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true, "enum" = ["STANDARD", "INFREQUENT_ACCESS", "DELIVERY", "ESSENTIALS"]))]
    pub log_group_class: Option<String>,

    /// Whether AWS refuses to delete the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion_protection_enabled: Option<bool>,

    /// Whether events may be put with a bearer token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bearer_token_authentication_enabled: Option<bool>,

    /// Which sensitive data is audited and masked, as [PutDataProtectionPolicy] takes it.
    ///
    /// [PutDataProtectionPolicy]: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutDataProtectionPolicy.html
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_protection_policy: Option<Document>,

    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

/// What other resources may name.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The group's ARN, without a `:*` at its end.
    pub arn: String,
    /// When the group was created, in milliseconds since 1970.
    pub creation_time: Option<i64>,
}

/// How many names DescribeLogGroups takes.
const IDENTIFIERS: usize = 50;

/// The days PutRetentionPolicy takes.
const RETENTIONS: [i32; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

impl Kind for LogGroup {
    const NAME: &'static str = "logs/log_group";
    const RECOVERY: Recovery = Recovery::NaturalKey;
    const BATCH: Option<u32> = Some(50);
    const READING: Reading = Reading::TAGGED_BATCH;
    const RATES: Rates = rates::LOGS;
    const EARLY: &'static [&'static str] = &["id", "arn", "log_group_name"];
    const EVENTUAL: &'static [&'static str] = &["ResourceNotFoundException"];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        match self.retention_in_days {
            Some(days) if days != 0 && !RETENTIONS.contains(&days) => vec![FieldError {
                path: vec!["retention_in_days".to_owned()],
                message: format!("AWS keeps events for 0 (ever) or one of {RETENTIONS:?} days"),
            }],
            _ => Vec::new(),
        }
    }

    async fn create(&self, cloud: &Cloud, intent: &Intent) -> Result<Id> {
        cloud
            .logs()
            .create_log_group()
            .log_group_name(&self.log_group_name)
            .set_kms_key_id(self.kms_key_id.clone().filter(|key| !key.is_empty()))
            .set_log_group_class(self.log_group_class.as_deref().map(LogGroupClass::from))
            .set_deletion_protection_enabled(self.deletion_protection_enabled)
            .set_tags(Some(self.tags.with_intent(intent).collect()))
            .send()
            .await
            .op("logs:CreateLogGroup")?;
        Ok(Id(self.log_group_name.clone()))
    }

    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        tagging::with_tags(cloud, wanted, read_untagged(cloud, wanted)).await
    }

    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        self.update_retention(cloud, update).await?;
        self.update_key(cloud, update).await?;
        self.update_switches(cloud, update).await?;
        self.update_data_protection(cloud, update).await?;
        self.update_tags(cloud, update).await
    }

    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        let call = cloud.logs().delete_log_group().log_group_name(id.as_str());
        call.send().await.op("logs:DeleteLogGroup").absent()?;
        Ok(())
    }

    async fn recover(&self, cloud: &Cloud, intent: &Intent) -> Result<Vec<Id>> {
        let names = [self.log_group_name.clone()];
        let found = read::known(&names, 1, |names| describe(cloud, names)).await?;
        if !found.iter().any(|group| group.log_group_name() == Some(&self.log_group_name)) {
            return Ok(Vec::new());
        }
        let arn = arn(cloud, &self.log_group_name).await?;
        let tags = raw_tags(cloud, &arn).await?.unwrap_or_default();
        let is_ours = tags.get(INTENT_TAG) == Some(&intent.token);
        Ok(is_ours.then(|| Id(self.log_group_name.clone())).into_iter().collect())
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        tagging::find(cloud, by, &NAMED, list(cloud)).await
    }
}

const NAMED: Named = Named { field: "log_group_name", arn_prefix: "log-group:", resource_type: "logs:log-group" };

impl Tagged for LogGroup {
    tagging::fields!();

    async fn list_tags(cloud: &Cloud, _: &Id, arn: &str) -> Result<Option<Tags>> {
        Ok(raw_tags(cloud, arn).await?.map(Tags::from_live))
    }
}

impl LogGroup {
    async fn update_retention(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let name = update.id.as_str();
        match self.retention_in_days.filter(|_| update.has("retention_in_days")) {
            None => {}
            Some(0) => {
                let call = cloud.logs().delete_retention_policy().log_group_name(name);
                call.send().await.op("logs:DeleteRetentionPolicy")?;
            }
            Some(days) => {
                let call = cloud.logs().put_retention_policy().log_group_name(name).retention_in_days(days);
                call.send().await.op("logs:PutRetentionPolicy")?;
            }
        }
        Ok(())
    }

    async fn update_key(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let name = update.id.as_str();
        match self.kms_key_id.as_deref().filter(|_| update.has("kms_key_id")) {
            None => {}
            Some("") => {
                let call = cloud.logs().disassociate_kms_key().log_group_name(name);
                call.send().await.op("logs:DisassociateKmsKey")?;
            }
            Some(key) => {
                let call = cloud.logs().associate_kms_key().log_group_name(name).kms_key_id(key);
                call.send().await.op("logs:AssociateKmsKey")?;
            }
        }
        Ok(())
    }

    async fn update_switches(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let name = update.id.as_str();
        if let (true, Some(on)) = (update.has("deletion_protection_enabled"), self.deletion_protection_enabled) {
            let call = cloud.logs().put_log_group_deletion_protection().log_group_identifier(name);
            call.deletion_protection_enabled(on).send().await.op("logs:PutLogGroupDeletionProtection")?;
        }
        if let (true, Some(on)) =
            (update.has("bearer_token_authentication_enabled"), self.bearer_token_authentication_enabled)
        {
            let call = cloud.logs().put_bearer_token_authentication().log_group_identifier(name);
            call.bearer_token_authentication_enabled(on).send().await.op("logs:PutBearerTokenAuthentication")?;
        }
        Ok(())
    }

    async fn update_data_protection(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if let Some(policy) = self.data_protection_policy.as_ref().filter(|_| update.has("data_protection_policy")) {
            let call = cloud.logs().put_data_protection_policy().log_group_identifier(update.id.as_str());
            call.policy_document(policy.to_text()).send().await.op("logs:PutDataProtectionPolicy")?;
        }
        Ok(())
    }

    async fn update_tags(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if !update.has("tags") {
            return Ok(());
        }
        let arn = arn(cloud, update.id.as_str()).await?;
        let changes = self.tags.changes_from(&update.live.tags);
        if !changes.set.is_empty() {
            let call = cloud.logs().tag_resource().resource_arn(&arn);
            call.set_tags(Some(changes.set.into_iter().collect())).send().await.op("logs:TagResource")?;
        }
        if !changes.remove.is_empty() {
            let call = cloud.logs().untag_resource().resource_arn(&arn).set_tag_keys(Some(changes.remove));
            call.send().await.op("logs:UntagResource")?;
        }
        Ok(())
    }
}

async fn describe(cloud: &Cloud, names: &[String]) -> Result<Vec<types::LogGroup>> {
    let call = cloud.logs().describe_log_groups().set_log_group_identifiers(Some(names.to_vec()));
    let pages = call.into_paginator().items().send();
    pages.collect::<std::result::Result<_, _>>().await.op("logs:DescribeLogGroups")
}

/// The name of every log group.
async fn list(cloud: &Cloud) -> Result<Vec<String>> {
    let pages = cloud.logs().describe_log_groups().into_paginator().page_size(PAGE).items().send();
    let groups: Vec<_> = pages.try_collect().await.op("logs:DescribeLogGroups")?;
    Ok(groups.into_iter().filter_map(|group| group.log_group_name).collect())
}

/// The most that one page holds.
const PAGE: i32 = 50;

async fn arn(cloud: &Cloud, name: &str) -> Result<String> {
    Ok(cloud.arn("logs", &cloud.identity().await?.account_id, &format!("log-group:{name}")))
}

async fn raw_tags(cloud: &Cloud, arn: &str) -> Result<Option<HashMap<String, String>>> {
    let answer = cloud.logs().list_tags_for_resource().resource_arn(arn).send().await;
    Ok(answer.op("logs:ListTagsForResource").absent()?.map(|answer| answer.tags.unwrap_or_default()))
}

async fn data_protection_policy(cloud: &Cloud, name: &str) -> Result<Option<Document>> {
    let call = cloud.logs().get_data_protection_policy().log_group_identifier(name);
    let answer = call.send().await.op("logs:GetDataProtectionPolicy").absent()?;
    Ok(answer.and_then(|answer| answer.policy_document).as_deref().map(Document::from_live))
}

async fn read_untagged(cloud: &Cloud, wanted: &[Wanted<LogGroup>]) -> Result<Vec<Option<Live<LogGroup>>>> {
    let names = read::ids(wanted);
    let found = read::known(&names, IDENTIFIERS, |names| describe(cloud, names)).await?;
    let mut found: HashMap<String, types::LogGroup> =
        found.into_iter().filter_map(|group| Some((group.log_group_name.clone()?, group))).collect();
    let paired: Vec<_> = wanted.iter().filter_map(|wanted| Some((wanted, found.remove(&wanted.id.0)?))).collect();
    let live = read::each(&paired, |(wanted, group)| live(cloud, wanted, group)).await?;
    let ids = paired.iter().map(|(wanted, _)| wanted.id.clone());
    Ok(read::in_order(wanted, ids.zip(live)))
}

async fn live(cloud: &Cloud, wanted: &Wanted<LogGroup>, group: &types::LogGroup) -> Result<Live<LogGroup>> {
    let listed = group.log_group_arn.as_deref().or(group.arn.as_deref()).unwrap_or_default();
    let arn = listed.trim_end_matches(":*").to_owned();
    let has_policy = !matches!(group.data_protection_status, None | Some(DataProtectionStatus::Deleted));
    let policy = match has_policy && wanted.manages(|group| &group.data_protection_policy) {
        true => data_protection_policy(cloud, wanted.id.as_str()).await?,
        false => None,
    };
    let spec = LogGroup {
        log_group_name: wanted.id.0.clone(),
        retention_in_days: Some(group.retention_in_days.unwrap_or_default()),
        kms_key_id: Some(group.kms_key_id.clone().unwrap_or_default()),
        log_group_class: group.log_group_class.as_ref().map(|class| class.as_str().to_owned()),
        deletion_protection_enabled: group.deletion_protection_enabled,
        bearer_token_authentication_enabled: group.bearer_token_authentication_enabled,
        data_protection_policy: policy,
        tags: Tags::default(),
    };
    Ok(Live::ready(spec, Outputs { arn, creation_time: group.creation_time }))
}
