//! `ec2/security_group`: a firewall for network interfaces, with its rules.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{self, Filter, ResourceType};
use provision_core::driver::{Id, Intent, Recovery};
use provision_core::rate::Rates;
use provision_core::schema::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::error::{Absent, Op, incomplete};
use crate::kind::{Kind, Live, Result, Update, Wanted};
use crate::kinds::ec2::vpc::Vpc;
use crate::query::Query;
use crate::read;
use crate::service::ec2::rules::{Direction, Owner, live_rules, settle};
use crate::service::ec2::{self, FILTER_VALUES, filter, intent_filter, interfaces};
use crate::service::rates;
use crate::types::{Ref, Tags};

pub use crate::service::ec2::rules::Rule;

/// A firewall for network interfaces: traffic that no rule allows is dropped.
///
/// Groups whose rules name each other state them as `ec2/security_group_rule`.
///
/// See [CreateSecurityGroup](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecurityGroup {
    /// Name, unique in the VPC whatever its case; at most 255 characters, not beginning with `sg-`.
    #[schemars(extend("x-replace" = true))]
    pub group_name: String,

    /// What the group is for, at most 255 characters.
    #[serde(default = "default_description")]
    #[schemars(extend("x-replace" = true))]
    pub description: String,

    /// The VPC; the account's default one when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub vpc_id: Option<Ref<Vpc>>,

    /// Rules for traffic that comes in. Managed as a whole when stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ingress: Option<BTreeSet<Rule>>,

    /// Rules for traffic that goes out. Managed as a whole when stated: the rule that
    /// allows everything, which AWS gives a new group, then goes unless it is stated too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub egress: Option<BTreeSet<Rule>>,

    /// Whether all rules are removed before the group is deleted, which breaks the ring
    /// where another group that is not managed here names it and is named by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-write-only" = true))]
    pub revoke_rules_on_delete: Option<bool>,

    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

fn default_description() -> String {
    "Managed by provision".to_owned()
}

/// What other resources may name.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The group's ARN.
    pub arn: String,
    /// The account that owns it.
    pub owner_id: String,
}

impl Kind for SecurityGroup {
    const NAME: &'static str = "ec2/security_group";
    const RECOVERY: Recovery = Recovery::Tag;
    const BATCH: Option<u32> = Some(200);
    const RATES: Rates = rates::ec2::RATES;
    const EARLY: &'static [&'static str] = &["id", "arn", "group_name"];
    const EVENTUAL: &'static [&'static str] = &["InvalidGroup.NotFound", "InvalidVpcID.NotFound"];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        let ingress = rule_faults("ingress", self.ingress.as_ref());
        ingress.into_iter().chain(rule_faults("egress", self.egress.as_ref())).collect()
    }

    async fn create(&self, cloud: &Cloud, intent: &Intent) -> Result<Id> {
        let answer = cloud
            .ec2()
            .create_security_group()
            .group_name(&self.group_name)
            .description(&self.description)
            .set_vpc_id(self.vpc_id.clone().map(String::from))
            .tag_specifications(ec2::tag_specification(ResourceType::SecurityGroup, &self.tags, intent))
            .send()
            .await
            .op("ec2:CreateSecurityGroup")?;
        ec2::first_id([answer.group_id]).ok_or_else(|| incomplete("ec2:CreateSecurityGroup", "group id"))
    }

    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        let ids = read::ids(wanted);
        let found = read::chunked(&ids, FILTER_VALUES, |ids| describe(cloud, vec![filter("group-id", ids)])).await?;
        let groups = found.into_iter().filter_map(|group| {
            let id = Id(group.group_id.clone()?);
            Some((id.clone(), live(group, &id)))
        });
        Ok(read::in_order(wanted, groups))
    }

    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let (group, live) = (update.id.as_str(), &update.live);
        if let Some(rules) = self.ingress.as_ref().filter(|_| update.has("ingress")) {
            settle(cloud, group, Direction::Ingress, rules, live.ingress.as_ref()).await?;
        }
        if let Some(rules) = self.egress.as_ref().filter(|_| update.has("egress")) {
            settle(cloud, group, Direction::Egress, rules, live.egress.as_ref()).await?;
        }
        ec2::update_tags(cloud, update, |group| &group.tags, self).await
    }

    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        if self.revoke_rules_on_delete == Some(true) {
            revoke_all(cloud, id).await.absent()?;
        }
        let call = cloud.ec2().delete_security_group().group_id(id.as_str());
        let deleted = call.send().await.op("ec2:DeleteSecurityGroup").absent();
        interfaces::cleared(cloud, filter("group-id", [id.as_str()]), deleted).await
    }

    async fn recover(&self, cloud: &Cloud, intent: &Intent) -> Result<Vec<Id>> {
        let found = describe(cloud, vec![intent_filter(intent)]).await?;
        Ok(ec2::ids(found.into_iter().map(|group| group.group_id)))
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        let names =
            [("group-id", "arn"), ("group-name", "group_name"), ("vpc-id", "vpc_id"), ("description", "description")];
        let found = describe(cloud, ec2::filters(by, &names)).await?;
        Ok(ec2::ids(found.into_iter().map(|group| group.group_id)))
    }
}

fn rule_faults(list: &str, rules: Option<&BTreeSet<Rule>>) -> Vec<FieldError> {
    let error = |field: &str, message: String| FieldError { path: vec![list.to_owned(), field.to_owned()], message };
    let mut seen = BTreeSet::new();
    let mut errors = Vec::new();
    for rule in rules.into_iter().flatten() {
        errors.extend(rule.faults().into_iter().map(|(field, message)| error(field, message)));
        if !seen.insert(rule.key()) {
            errors.push(error("description", "two rules differ in nothing but their description".to_owned()));
        }
    }
    errors
}

async fn revoke_all(cloud: &Cloud, id: &Id) -> Result<()> {
    for direction in [Direction::Ingress, Direction::Egress] {
        settle(cloud, id.as_str(), direction, &BTreeSet::new(), None).await?;
    }
    Ok(())
}

async fn describe(cloud: &Cloud, filters: Vec<Filter>) -> Result<Vec<types::SecurityGroup>> {
    let pages = cloud.ec2().describe_security_groups().set_filters(Some(filters)).into_paginator().items().send();
    pages.collect::<std::result::Result<_, _>>().await.op("ec2:DescribeSecurityGroups")
}

fn live(group: types::SecurityGroup, id: &Id) -> Live<SecurityGroup> {
    let owner = Owner { group: id.as_str(), account: group.owner_id.as_deref() };
    let ingress = live_rules(group.ip_permissions, &owner);
    let egress = live_rules(group.ip_permissions_egress, &owner);
    let spec = SecurityGroup {
        group_name: group.group_name.unwrap_or_default(),
        description: group.description.unwrap_or_default(),
        vpc_id: group.vpc_id.map(Ref::from),
        // Reported whether managed or not: they cost no call, and a spec that begins to state
        // `egress: []` must be told of the rule AWS made.
        ingress: Some(ingress),
        egress: Some(egress),
        revoke_rules_on_delete: None,
        tags: ec2::live_tags(group.tags),
    };
    let arn = group.security_group_arn.unwrap_or_default();
    Live::ready(spec, Outputs { arn, owner_id: group.owner_id.unwrap_or_default() })
}
