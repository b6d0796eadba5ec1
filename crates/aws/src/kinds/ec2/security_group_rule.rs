//! `ec2/security_group_rule`: one rule of a security group, apart from the group.

use aws_sdk_ec2::types::{self, Filter, ResourceType, SecurityGroupRuleUpdate};
use provision_core::driver::{Id, Intent, Recovery};
use provision_core::rate::Rates;
use provision_core::schema::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::error::{Absent, Op, incomplete};
use crate::kind::{Kind, Live, Result, Update, Wanted};
use crate::kinds::ec2::security_group::SecurityGroup;
use crate::query::Query;
use crate::read;
use crate::service::ec2::rules::{Direction, Owner, Rule, live_rule};
use crate::service::ec2::{self, FILTER_VALUES, filter, intent_filter};
use crate::service::rates;
use crate::types::{Ref, Tags};

/// One rule of a security group, for groups that name each other.
///
/// The group itself must then leave out the list of rules (`ingress` or `egress`) the
/// rule belongs to, or the two would undo each other's work. What is on the other side
/// cannot be changed in place, because AWS keeps the type of a rule.
///
/// See [AuthorizeSecurityGroupIngress](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AuthorizeSecurityGroupIngress.html)
/// and [ModifySecurityGroupRules](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifySecurityGroupRules.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecurityGroupRule {
    /// The security group the rule belongs to.
    #[schemars(extend("x-replace" = true))]
    pub group_id: Ref<SecurityGroup>,

    /// Whether it is for traffic that goes out; otherwise for traffic that comes in.
    #[serde(default)]
    #[schemars(extend("x-replace" = true))]
    pub is_egress: bool,

    /// `tcp`, `udp`, `icmp`, `icmpv6`, the number of another protocol, or `-1` for all.
    pub ip_protocol: String,

    /// First port, or the ICMP type (`-1`: all). Stated for `tcp`, `udp`, `icmp` and
    /// `icmpv6` only: to AWS other protocols have no ports.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -1, max = 65535))]
    pub from_port: Option<i32>,

    /// Last port, or the ICMP code (`-1`: all). Stated where `from_port` is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -1, max = 65535))]
    pub to_port: Option<i32>,

    /// The other side: an IPv4 range, such as `10.0.0.0/16`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true, "format" = "cidr4"))]
    pub cidr_ipv4: Option<String>,

    /// The other side: an IPv6 range, such as `2001:db8::/56`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true, "format" = "cidr6"))]
    pub cidr_ipv6: Option<String>,

    /// The other side: a prefix list, such as `pl-0a1b`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub prefix_list_id: Option<String>,

    /// The other side: a security group; `123456789012/sg-0a1b` for one of another account.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub referenced_group_id: Option<Ref<SecurityGroup>>,

    /// The other side: the security group itself.
    #[serde(default)]
    #[schemars(extend("x-replace" = true))]
    pub self_reference: bool,

    /// What the rule is for, at most 255 characters.
    #[serde(default)]
    pub description: String,

    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

/// What other resources may name.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The rule's ARN.
    pub arn: String,
    /// The account that owns the security group.
    pub group_owner_id: String,
}

impl Kind for SecurityGroupRule {
    const NAME: &'static str = "ec2/security_group_rule";
    const RECOVERY: Recovery = Recovery::Tag;
    const BATCH: Option<u32> = Some(200);
    const RATES: Rates = rates::ec2::RATES;
    const EARLY: &'static [&'static str] = &["id", "arn"];
    const EVENTUAL: &'static [&'static str] = &["InvalidGroup.NotFound", "InvalidSecurityGroupRuleId.NotFound"];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        let faults = self.rule().faults().into_iter();
        faults.map(|(field, message)| FieldError { path: vec![field.to_owned()], message }).collect()
    }

    async fn create(&self, cloud: &Cloud, intent: &Intent) -> Result<Id> {
        let group = self.group_id.as_str();
        let tags = ec2::tag_specification(ResourceType::SecurityGroupRule, &self.tags, intent);
        let permissions = vec![self.rule().permission(group)];
        let made = self.direction().authorize(cloud, group, permissions, Some(tags)).await?;
        let ids = made.into_iter().map(|rule| rule.security_group_rule_id);
        ec2::first_id(ids).ok_or_else(|| incomplete("ec2:AuthorizeSecurityGroupIngress", "rule id"))
    }

    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        let ids = read::ids(wanted);
        let ask = |ids| describe(cloud, vec![filter("security-group-rule-id", ids)]);
        let found = read::chunked(&ids, FILTER_VALUES, ask).await?;
        let rules = found.into_iter().filter_map(|rule| {
            let wanted = wanted.iter().find(|wanted| rule.security_group_rule_id.as_ref() == Some(&wanted.id.0))?;
            Some((wanted.id.clone(), live(cloud, rule, wanted)))
        });
        Ok(read::in_order(wanted, rules))
    }

    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if ["ip_protocol", "from_port", "to_port", "description"].iter().any(|field| update.has(field)) {
            let group = self.group_id.as_str();
            let change = SecurityGroupRuleUpdate::builder().security_group_rule_id(update.id.as_str());
            let change = change.security_group_rule(self.rule().request(group)).build();
            let call = cloud.ec2().modify_security_group_rules().group_id(group).security_group_rules(change);
            call.send().await.op("ec2:ModifySecurityGroupRules")?;
        }
        ec2::update_tags(cloud, update, |rule| &rule.tags, self).await
    }

    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        self.direction().revoke_id(cloud, self.group_id.as_str(), id).await.absent()?;
        Ok(())
    }

    async fn recover(&self, cloud: &Cloud, intent: &Intent) -> Result<Vec<Id>> {
        let found = describe(cloud, vec![intent_filter(intent)]).await?;
        Ok(ec2::ids(found.into_iter().map(|rule| rule.security_group_rule_id)))
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        let names = [("security-group-rule-id", "arn"), ("group-id", "group_id")];
        let found = describe(cloud, ec2::filters(by, &names)).await?;
        Ok(ec2::ids(found.into_iter().map(|rule| rule.security_group_rule_id)))
    }
}

impl SecurityGroupRule {
    fn direction(&self) -> Direction {
        if self.is_egress { Direction::Egress } else { Direction::Ingress }
    }

    fn rule(&self) -> Rule {
        Rule {
            ip_protocol: self.ip_protocol.clone(),
            from_port: self.from_port,
            to_port: self.to_port,
            cidr_ipv4: self.cidr_ipv4.clone(),
            cidr_ipv6: self.cidr_ipv6.clone(),
            prefix_list_id: self.prefix_list_id.clone(),
            referenced_group_id: self.referenced_group_id.clone(),
            self_reference: self.self_reference,
            description: self.description.clone(),
        }
    }
}

async fn describe(cloud: &Cloud, filters: Vec<Filter>) -> Result<Vec<types::SecurityGroupRule>> {
    let pages = cloud.ec2().describe_security_group_rules().set_filters(Some(filters)).into_paginator().items().send();
    pages.collect::<std::result::Result<_, _>>().await.op("ec2:DescribeSecurityGroupRules")
}

fn live(
    cloud: &Cloud,
    mut found: types::SecurityGroupRule,
    wanted: &Wanted<SecurityGroupRule>,
) -> Live<SecurityGroupRule> {
    let group = found.group_id.take().unwrap_or_default();
    let (account, tags) = (found.group_owner_id.take(), found.tags.take());
    let (is_egress, arn) = (found.is_egress.unwrap_or_default(), found.security_group_rule_arn.take());
    let rule = live_rule(found, &Owner { group: &group, account: account.as_deref() });
    let group_owner_id = account.unwrap_or_default();
    let arn_of_id = || cloud.arn("ec2", &group_owner_id, &format!("security-group-rule/{}", wanted.id));
    let outputs = Outputs { arn: arn.unwrap_or_else(arn_of_id), group_owner_id };
    // To AWS a group that names itself by id and one that refers to itself are the same.
    let by_id = rule.self_reference && wanted.applied.as_ref().is_some_and(|spec| spec.referenced_group_id.is_some());
    let spec = SecurityGroupRule {
        is_egress,
        ip_protocol: rule.ip_protocol,
        from_port: rule.from_port,
        to_port: rule.to_port,
        cidr_ipv4: rule.cidr_ipv4,
        cidr_ipv6: rule.cidr_ipv6,
        prefix_list_id: rule.prefix_list_id,
        referenced_group_id: if by_id { Some(Ref::from(group.clone())) } else { rule.referenced_group_id },
        self_reference: rule.self_reference && !by_id,
        description: rule.description,
        tags: ec2::live_tags(tags),
        group_id: Ref::from(group),
    };
    Live::ready(spec, outputs)
}
