//! The rules of security groups, whether a group states them or they stand alone.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{
    self, IpPermission, IpRange, Ipv6Range, PrefixListId, SecurityGroupRuleRequest, TagSpecification, UserIdGroupPair,
};
use ipnet::{Ipv4Net, Ipv6Net};
use provision_core::driver::{Cause, CloudError, Id};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::error::Op;
use crate::kind::Result;
use crate::kinds::ec2::security_group::SecurityGroup;
use crate::service::ec2::filter;
use crate::types::Ref;

/// One rule: a protocol, its ports, and exactly one other side.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
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
    #[schemars(extend("format" = "cidr4"))]
    pub cidr_ipv4: Option<String>,

    /// The other side: an IPv6 range, such as `2001:db8::/56`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "cidr6"))]
    pub cidr_ipv6: Option<String>,

    /// The other side: a prefix list, such as `pl-0a1b`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix_list_id: Option<String>,

    /// The other side: another security group; `123456789012/sg-0a1b` for one of another account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referenced_group_id: Option<Ref<SecurityGroup>>,

    /// The other side: the security group itself.
    #[serde(default)]
    pub self_reference: bool,

    /// What the rule is for, at most 255 characters.
    #[serde(default)]
    pub description: String,
}

impl Rule {
    /// What is wrong with the rule, by field.
    pub(crate) fn faults(&self) -> Vec<(&'static str, String)> {
        let faults = [self.protocol_fault(), self.port_fault(), self.source_fault(), self.cidr_fault()];
        faults.into_iter().flatten().collect()
    }

    fn protocol_fault(&self) -> Option<(&'static str, String)> {
        let stored = match self.ip_protocol.to_ascii_lowercase().as_str() {
            "6" => "tcp".to_owned(),
            "17" => "udp".to_owned(),
            "1" => "icmp".to_owned(),
            "58" => "icmpv6".to_owned(),
            "all" => "-1".to_owned(),
            other => other.to_owned(),
        };
        (stored != self.ip_protocol)
            .then(|| ("ip_protocol", format!("AWS stores this protocol as `{stored}`: write that")))
    }

    fn port_fault(&self) -> Option<(&'static str, String)> {
        let protocol = &self.ip_protocol;
        match (has_ports(protocol), self.from_port, self.to_port) {
            (true, Some(from), Some(to)) if is_port_range(protocol, from, to) => None,
            (true, Some(from), Some(to)) => {
                Some(("to_port", format!("{from} to {to} is no range of `{protocol}` ports")))
            }
            (true, _, _) => Some(("from_port", format!("`{protocol}` needs both `from_port` and `to_port`"))),
            (false, None, None) => None,
            (false, _, _) => Some(("from_port", format!("protocol `{protocol}` has no ports: leave them out"))),
        }
    }

    fn source_fault(&self) -> Option<(&'static str, String)> {
        let stated = [
            self.cidr_ipv4.is_some(),
            self.cidr_ipv6.is_some(),
            self.prefix_list_id.is_some(),
            self.referenced_group_id.is_some(),
            self.self_reference,
        ];
        let message = "a rule has exactly one of `cidr_ipv4`, `cidr_ipv6`, `prefix_list_id`, \
                       `referenced_group_id` and `self_reference: true`";
        (stated.into_iter().filter(|stated| *stated).count() != 1).then(|| ("cidr_ipv4", message.to_owned()))
    }

    fn cidr_fault(&self) -> Option<(&'static str, String)> {
        let four =
            self.cidr_ipv4.as_ref().and_then(|cidr| Some((cidr, cidr.parse::<Ipv4Net>().ok()?.trunc().to_string())));
        let six =
            self.cidr_ipv6.as_ref().and_then(|cidr| Some((cidr, cidr.parse::<Ipv6Net>().ok()?.trunc().to_string())));
        let stored = [("cidr_ipv4", four), ("cidr_ipv6", six)];
        stored.into_iter().find_map(|(field, cidr)| {
            let (_, stored) = cidr.filter(|(stated, stored)| *stated != stored)?;
            Some((field, format!("AWS stores this range as `{stored}`: write that")))
        })
    }

    /// What tells rules of one group and direction apart: all but the description.
    pub(crate) fn key(&self) -> Self {
        Self { description: String::new(), ..self.clone() }
    }

    /// The rule as AWS takes it for the security group `group`.
    pub(crate) fn permission(&self, group: &str) -> IpPermission {
        let description = self.sent_description();
        let permission = IpPermission::builder()
            .ip_protocol(&self.ip_protocol)
            .set_from_port(self.from_port)
            .set_to_port(self.to_port);
        if let Some(cidr) = &self.cidr_ipv4 {
            permission.ip_ranges(IpRange::builder().cidr_ip(cidr).set_description(description).build())
        } else if let Some(cidr) = &self.cidr_ipv6 {
            permission.ipv6_ranges(Ipv6Range::builder().cidr_ipv6(cidr).set_description(description).build())
        } else if let Some(id) = &self.prefix_list_id {
            permission.prefix_list_ids(PrefixListId::builder().prefix_list_id(id).set_description(description).build())
        } else {
            permission.user_id_group_pairs(self.group_pair(group, description))
        }
        .build()
    }

    fn group_pair(&self, group: &str, description: Option<String>) -> UserIdGroupPair {
        let other = self.referenced_group_id.as_ref().map_or(group, Ref::as_str);
        let pair = UserIdGroupPair::builder().set_description(description);
        match other.split_once('/') {
            Some((account, id)) => pair.user_id(account).group_id(id).build(),
            None => pair.group_id(other).build(),
        }
    }

    /// The rule as ModifySecurityGroupRules takes it for the security group `group`.
    pub(crate) fn request(&self, group: &str) -> SecurityGroupRuleRequest {
        let referenced = self.referenced_group_id.as_ref().map(Ref::as_str);
        let referenced = referenced.map(|other| other.split_once('/').map_or(other, |(_, id)| id));
        SecurityGroupRuleRequest::builder()
            .ip_protocol(&self.ip_protocol)
            .set_from_port(self.from_port)
            .set_to_port(self.to_port)
            .set_cidr_ipv4(self.cidr_ipv4.clone())
            .set_cidr_ipv6(self.cidr_ipv6.clone())
            .set_prefix_list_id(self.prefix_list_id.clone())
            .set_referenced_group_id(referenced.or(self.self_reference.then_some(group)).map(str::to_owned))
            .set_description(self.sent_description())
            .build()
    }

    /// AWS removes a description that a call leaves out.
    fn sent_description(&self) -> Option<String> {
        Some(self.description.clone()).filter(|text| !text.is_empty())
    }

    fn of_protocol(protocol: Option<String>, from_port: Option<i32>, to_port: Option<i32>) -> Self {
        let ip_protocol = protocol.unwrap_or_default();
        let has_ports = has_ports(&ip_protocol);
        Self {
            ip_protocol,
            from_port: from_port.filter(|_| has_ports),
            to_port: to_port.filter(|_| has_ports),
            ..Self::default()
        }
    }

    fn described(self, description: Option<String>) -> Self {
        Self { description: description.unwrap_or_default(), ..self }
    }

    fn with_group(self, owner: &Owner<'_>, group: Option<String>, account: Option<String>) -> Self {
        let group = group.unwrap_or_default();
        if group == owner.group {
            return Self { self_reference: true, ..self };
        }
        let foreign = account.filter(|account| owner.account.is_some_and(|own| own != account));
        let id = foreign.map_or_else(|| group.clone(), |account| format!("{account}/{group}"));
        Self { referenced_group_id: Some(Ref::from(id)), ..self }
    }
}

fn has_ports(protocol: &str) -> bool {
    matches!(protocol, "tcp" | "udp" | "icmp" | "icmpv6")
}

fn is_port_range(protocol: &str, from: i32, to: i32) -> bool {
    protocol.starts_with("icmp") || (0 <= from && from <= to)
}

/// Whose rules are read: a group tells its own id and account from others'.
pub(crate) struct Owner<'a> {
    /// The security group's id.
    pub(crate) group: &'a str,
    /// The account it belongs to; where it is not told, no other counts as foreign.
    pub(crate) account: Option<&'a str>,
}

/// The rule DescribeSecurityGroupRules reports.
pub(crate) fn live_rule(rule: types::SecurityGroupRule, owner: &Owner<'_>) -> Rule {
    let live = Rule {
        cidr_ipv4: rule.cidr_ipv4,
        cidr_ipv6: rule.cidr_ipv6,
        prefix_list_id: rule.prefix_list_id,
        ..Rule::of_protocol(rule.ip_protocol, rule.from_port, rule.to_port).described(rule.description)
    };
    match rule.referenced_group_info {
        Some(other) => live.with_group(owner, other.group_id, other.user_id),
        None => live,
    }
}

/// The rules DescribeSecurityGroups reports, one for each other side.
pub(crate) fn live_rules(permissions: Option<Vec<IpPermission>>, owner: &Owner<'_>) -> BTreeSet<Rule> {
    permissions.unwrap_or_default().into_iter().flat_map(|permission| split(permission, owner)).collect()
}

fn split(permission: IpPermission, owner: &Owner<'_>) -> Vec<Rule> {
    let base = Rule::of_protocol(permission.ip_protocol, permission.from_port, permission.to_port);
    let four = permission.ip_ranges.unwrap_or_default().into_iter();
    let four = four.map(|range| Rule { cidr_ipv4: range.cidr_ip, ..base.clone().described(range.description) });
    let six = permission.ipv6_ranges.unwrap_or_default().into_iter();
    let six = six.map(|range| Rule { cidr_ipv6: range.cidr_ipv6, ..base.clone().described(range.description) });
    let lists = permission.prefix_list_ids.unwrap_or_default().into_iter();
    let lists =
        lists.map(|list| Rule { prefix_list_id: list.prefix_list_id, ..base.clone().described(list.description) });
    let groups = permission.user_id_group_pairs.unwrap_or_default().into_iter();
    let groups =
        groups.map(|pair| base.clone().described(pair.description).with_group(owner, pair.group_id, pair.user_id));
    four.chain(six).chain(lists).chain(groups).collect()
}

/// Which way the traffic goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// Into the resources that carry the group.
    Ingress,
    /// Out of them.
    Egress,
}

impl Direction {
    /// Adds rules, all or none of them.
    pub(crate) async fn authorize(
        self,
        cloud: &Cloud,
        group: &str,
        permissions: Vec<IpPermission>,
        tags: Option<TagSpecification>,
    ) -> Result<Vec<types::SecurityGroupRule>> {
        let tags = tags.map(|tags| vec![tags]);
        let rules = match self {
            Self::Ingress => {
                let call = cloud.ec2().authorize_security_group_ingress().group_id(group).set_tag_specifications(tags);
                let answer = call.set_ip_permissions(Some(permissions)).send().await;
                answer.op("ec2:AuthorizeSecurityGroupIngress")?.security_group_rules
            }
            Self::Egress => {
                let call = cloud.ec2().authorize_security_group_egress().group_id(group).set_tag_specifications(tags);
                let answer = call.set_ip_permissions(Some(permissions)).send().await;
                answer.op("ec2:AuthorizeSecurityGroupEgress")?.security_group_rules
            }
        };
        Ok(rules.unwrap_or_default())
    }

    /// Removes rules, all or none of them.
    async fn revoke(self, cloud: &Cloud, group: &str, permissions: Vec<IpPermission>) -> Result<()> {
        match self {
            Self::Ingress => {
                let call = cloud.ec2().revoke_security_group_ingress().group_id(group);
                call.set_ip_permissions(Some(permissions)).send().await.op("ec2:RevokeSecurityGroupIngress")?;
            }
            Self::Egress => {
                let call = cloud.ec2().revoke_security_group_egress().group_id(group);
                call.set_ip_permissions(Some(permissions)).send().await.op("ec2:RevokeSecurityGroupEgress")?;
            }
        }
        Ok(())
    }

    /// Removes one rule by its id.
    pub(crate) async fn revoke_id(self, cloud: &Cloud, group: &str, id: &Id) -> Result<()> {
        match self {
            Self::Ingress => {
                let call = cloud.ec2().revoke_security_group_ingress().group_id(group);
                call.security_group_rule_ids(id.as_str()).send().await.op("ec2:RevokeSecurityGroupIngress")?;
            }
            Self::Egress => {
                let call = cloud.ec2().revoke_security_group_egress().group_id(group);
                call.security_group_rule_ids(id.as_str()).send().await.op("ec2:RevokeSecurityGroupEgress")?;
            }
        }
        Ok(())
    }

    /// Sets the descriptions of rules that exist.
    async fn describe(self, cloud: &Cloud, group: &str, permissions: Vec<IpPermission>) -> Result<()> {
        match self {
            Self::Ingress => {
                let call = cloud.ec2().update_security_group_rule_descriptions_ingress().group_id(group);
                let answer = call.set_ip_permissions(Some(permissions)).send().await;
                answer.op("ec2:UpdateSecurityGroupRuleDescriptionsIngress")?;
            }
            Self::Egress => {
                let call = cloud.ec2().update_security_group_rule_descriptions_egress().group_id(group);
                let answer = call.set_ip_permissions(Some(permissions)).send().await;
                answer.op("ec2:UpdateSecurityGroupRuleDescriptionsEgress")?;
            }
        }
        Ok(())
    }

    async fn read(self, cloud: &Cloud, group: &str) -> Result<BTreeSet<Rule>> {
        let call = cloud.ec2().describe_security_groups().filters(filter("group-id", [group]));
        let found = call.send().await.op("ec2:DescribeSecurityGroups")?.security_groups.unwrap_or_default();
        let absent = || CloudError::new(Cause::NotFound, "ec2:DescribeSecurityGroups", format!("{group} is gone"));
        let found = found.into_iter().next().ok_or_else(absent)?;
        let permissions = match self {
            Self::Ingress => found.ip_permissions,
            Self::Egress => found.ip_permissions_egress,
        };
        Ok(live_rules(permissions, &Owner { group, account: found.owner_id.as_deref() }))
    }
}

/// Makes the rules of a group `wanted`. Where `live` is not known, or turns out to be
/// out of date, they are read first: AWS adds and removes all rules of a call or none.
pub(crate) async fn settle(
    cloud: &Cloud,
    group: &str,
    direction: Direction,
    wanted: &BTreeSet<Rule>,
    live: Option<&BTreeSet<Rule>>,
) -> Result<()> {
    if let Some(live) = live {
        match change(cloud, group, direction, &Changes::between(live, wanted)).await {
            Err(error) if matches!(error.cause, Cause::Exists | Cause::NotFound) => {}
            done => return done,
        }
    }
    let live = direction.read(cloud, group).await?;
    change(cloud, group, direction, &Changes::between(&live, wanted)).await
}

/// Adds before it removes, so that traffic both allow is never cut off.
async fn change(cloud: &Cloud, group: &str, direction: Direction, changes: &Changes) -> Result<()> {
    let permissions = |rules: &[Rule]| rules.iter().map(|rule| rule.permission(group)).collect();
    if !changes.add.is_empty() {
        direction.authorize(cloud, group, permissions(&changes.add), None).await?;
    }
    if !changes.describe.is_empty() {
        direction.describe(cloud, group, permissions(&changes.describe)).await?;
    }
    if !changes.remove.is_empty() {
        direction.revoke(cloud, group, permissions(&changes.remove)).await?;
    }
    Ok(())
}

/// What turns one set of rules into another.
#[derive(Debug, Default, PartialEq, Eq)]
struct Changes {
    add: Vec<Rule>,
    describe: Vec<Rule>,
    remove: Vec<Rule>,
}

impl Changes {
    fn between(live: &BTreeSet<Rule>, wanted: &BTreeSet<Rule>) -> Self {
        let keyed = |rules: &BTreeSet<Rule>| -> BTreeMap<Rule, Rule> {
            rules.iter().map(|rule| (rule.key(), rule.clone())).collect()
        };
        let (mut live, mut changes) = (keyed(live), Self::default());
        for (key, rule) in keyed(wanted) {
            match live.remove(&key) {
                None => changes.add.push(rule),
                Some(live) if live.description != rule.description => changes.describe.push(rule),
                Some(_) => {}
            }
        }
        changes.remove = live.into_values().collect();
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(port: i32, cidr: &str, description: &str) -> Rule {
        Rule {
            ip_protocol: "tcp".to_owned(),
            from_port: Some(port),
            to_port: Some(port),
            cidr_ipv4: Some(cidr.to_owned()),
            description: description.to_owned(),
            ..Rule::default()
        }
    }

    #[test]
    fn changes_tell_new_rules_from_new_descriptions() {
        let live = BTreeSet::from([tcp(22, "10.0.0.0/8", ""), tcp(80, "10.0.0.0/8", "old")]);
        let wanted = BTreeSet::from([tcp(80, "10.0.0.0/8", "new"), tcp(443, "10.0.0.0/8", "")]);
        let changes = Changes::between(&live, &wanted);
        assert_eq!(changes.add, [tcp(443, "10.0.0.0/8", "")]);
        assert_eq!(changes.describe, [tcp(80, "10.0.0.0/8", "new")]);
        assert_eq!(changes.remove, [tcp(22, "10.0.0.0/8", "")]);
    }

    #[test]
    fn what_is_sent_is_what_is_read_back() {
        let other = |id: &str| Some(Ref::from(id.to_owned()));
        let base = Rule { cidr_ipv4: None, ..tcp(443, "", "why") };
        let owner = Owner { group: "sg-1", account: Some("111111111111") };
        for rule in [
            tcp(443, "10.0.0.0/8", "why"),
            Rule { cidr_ipv6: Some("2001:db8::/56".to_owned()), ..base.clone() },
            Rule { prefix_list_id: Some("pl-1".to_owned()), ..base.clone() },
            Rule { referenced_group_id: other("sg-2"), ..base.clone() },
            Rule { referenced_group_id: other("222222222222/sg-2"), ..base.clone() },
            Rule { self_reference: true, ..base.clone() },
        ] {
            assert_eq!(rule.faults(), []);
            assert_eq!(split(rule.permission("sg-1"), &owner), [rule]);
        }
    }

    #[test]
    fn a_rule_that_aws_would_store_otherwise_is_a_fault() {
        let all = Rule { ip_protocol: "-1".to_owned(), from_port: None, to_port: None, ..tcp(0, "0.0.0.0/0", "") };
        assert_eq!(all.faults(), []);
        let fields = |rule: Rule| rule.faults().into_iter().map(|(field, _)| field).collect::<Vec<_>>();
        assert_eq!(fields(Rule { from_port: Some(0), ..all }), ["from_port"]);
        assert_eq!(
            fields(Rule { ip_protocol: "6".to_owned(), ..tcp(22, "10.0.0.0/8", "") }),
            ["ip_protocol", "from_port"]
        );
        assert_eq!(fields(tcp(22, "10.0.0.1/8", "")), ["cidr_ipv4"]);
        assert_eq!(fields(Rule { self_reference: true, ..tcp(22, "10.0.0.0/8", "") }), ["cidr_ipv4"]);
        assert_eq!(fields(Rule { to_port: Some(21), ..tcp(22, "10.0.0.0/8", "") }), ["to_port"]);
    }
}
