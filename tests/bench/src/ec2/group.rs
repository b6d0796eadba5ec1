//! Security groups and their rules.

use super::item::{Item, Kind};
use super::{Network, done, in_use};
use crate::call::{ACCOUNT, Call, REGION, Refusal, Result};
use crate::xml;

/// What makes two rules of a group the same.
const KEY: [&str; 6] = ["isEgress", "ipProtocol", "fromPort", "toPort", "cidrIpv4", "referencedGroupId"];

impl Network {
    pub(super) fn create_group(&mut self, call: &Call) -> Result<String> {
        let (vpc, name) = (call.need("VpcId")?, call.need("GroupName")?);
        self.find(Kind::Vpc, vpc)?;
        if self.with(Kind::Group, "vpcId", vpc).any(|group| group.get("groupName") == name) {
            return Err(Refusal::new("InvalidGroup.Duplicate", format!("there is a group '{name}' already in {vpc}")));
        }
        let group = self.add_group(call, vpc, name, call.need("GroupDescription")?);
        Ok(xml::text("groupId", &group.id) + &done()?)
    }

    /// A group with the rule that lets everything out.
    pub(super) fn add_group(&mut self, call: &Call, vpc: &str, name: &str, description: &str) -> &mut Item {
        let fields = [("vpcId", vpc), ("groupName", name), ("groupDescription", description), ("description", "")];
        let id = self.add(Kind::Group, call, &fields).id.clone();
        let out = Rule { is_egress: "true", protocol: "-1", cidr: Some("0.0.0.0/0"), ..Rule::default() };
        let rule = self.add_rule(call, &id, &out);
        rule.is_amazons = true;
        rule.tags.clear();
        let group = self.items.entry(Kind::Group).or_default().entry(id.clone());
        let group = group.or_insert_with(|| Item::new(&id, &[]));
        group.set("securityGroupArn", &format!("arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/{id}"));
        group
    }

    pub(super) fn delete_group(&mut self, call: &Call) -> Result<String> {
        let group = self.find(Kind::Group, call.need("GroupId")?)?;
        let id = group.id.clone();
        if group.is_amazons {
            return Err(Refusal::new("CannotDelete", "the default group of a VPC cannot be deleted"));
        }
        let is_named = self.with(Kind::Rule, "referencedGroupId", &id).any(|rule| rule.get("groupId") != id);
        if is_named || self.with(Kind::Interface, "groupId", &id).next().is_some() {
            return Err(in_use(&id));
        }
        self.remove_with(Kind::Rule, "groupId", &id);
        self.remove(Kind::Group, &id)?;
        Ok(done()? + &xml::text("groupId", &id))
    }

    pub(super) fn authorize(&mut self, call: &Call, is_egress: bool) -> Result<String> {
        let group = call.need("GroupId")?;
        self.find(Kind::Group, group)?;
        let mut ids = Vec::new();
        for rule in rules(call, is_egress)? {
            if let Some(other) = rule.referenced {
                self.find(Kind::Group, other)?;
            }
            if self.same(group, &rule).is_some() {
                return Err(Refusal::new("InvalidPermission.Duplicate", "the specified rule already exists"));
            }
            ids.push(self.add_rule(call, group, &rule).id.clone());
        }
        let made = ids.iter().filter_map(|id| Some(self.find(Kind::Rule, id).ok()?.shown(Kind::Rule)));
        Ok(done()? + &xml::list("securityGroupRuleSet", "item", made))
    }

    pub(super) fn revoke(&mut self, call: &Call) -> Result<String> {
        let group = call.need("GroupId")?;
        self.find(Kind::Group, group)?;
        let mut ids: Vec<String> = call.list("SecurityGroupRuleId").into_iter().map(str::to_owned).collect();
        for rule in rules(call, call.action == "RevokeSecurityGroupEgress")? {
            let absent = || Refusal::new("InvalidPermission.NotFound", "the specified rule does not exist");
            ids.push(self.same(group, &rule).ok_or_else(absent)?.id.clone());
        }
        for id in ids {
            self.remove(Kind::Rule, &id)?;
        }
        done()
    }

    pub(super) fn modify_rules(&mut self, call: &Call) -> Result<String> {
        self.find(Kind::Group, call.need("GroupId")?)?;
        let rule = self.find_mut(Kind::Rule, call.need("SecurityGroupRule.1.SecurityGroupRuleId")?)?;
        let parts = [
            ("IpProtocol", "ipProtocol"),
            ("FromPort", "fromPort"),
            ("ToPort", "toPort"),
            ("CidrIpv4", "cidrIpv4"),
            ("Description", "description"),
        ];
        for (parameter, field) in parts {
            let value = call.get(&format!("SecurityGroupRule.1.SecurityGroupRule.{parameter}"));
            rule.set(field, value.unwrap_or_default());
        }
        done()
    }

    fn add_rule(&mut self, call: &Call, group: &str, rule: &Rule<'_>) -> &mut Item {
        let fields = [("groupId", group), ("groupOwnerId", ACCOUNT), ("description", rule.description)];
        let item = self.add(Kind::Rule, call, &fields);
        for (field, value) in KEY.into_iter().zip(rule.key()) {
            item.set(field, value);
        }
        item
    }

    fn same(&self, group: &str, rule: &Rule<'_>) -> Option<&Item> {
        let key = rule.key();
        self.with(Kind::Rule, "groupId", group).find(|item| KEY.map(|field| item.get(field)) == key)
    }

    /// The rules of a group as the permissions of its description.
    pub(super) fn permissions(&self, group: &str) -> String {
        let of = |is_egress: &str| {
            let rules = self.with(Kind::Rule, "groupId", group).filter(|rule| rule.get("isEgress") == is_egress);
            rules.map(permission).collect::<Vec<_>>()
        };
        xml::list("ipPermissions", "item", of("false")) + &xml::list("ipPermissionsEgress", "item", of("true"))
    }
}

fn permission(rule: &Item) -> String {
    let fields = ["ipProtocol", "fromPort", "toPort"].into_iter().filter(|field| !rule.get(field).is_empty());
    let fields: String = fields.map(|field| xml::text(field, rule.get(field))).collect();
    let described = |field: &str, value: &str| match rule.get("description") {
        "" => xml::text(field, value),
        description => xml::text(field, value) + &xml::text("description", description),
    };
    let (cidr, other) = (rule.get("cidrIpv4"), rule.get("referencedGroupId"));
    let ranges = (!cidr.is_empty()).then(|| described("cidrIp", cidr));
    let groups = (!other.is_empty()).then(|| xml::text("userId", ACCOUNT) + &described("groupId", other));
    let ranges = xml::list("ipRanges", "item", ranges);
    format!("{fields}{ranges}{}<ipv6Ranges/><prefixListIds/>", xml::list("groups", "item", groups))
}

/// A rule as a call states it.
#[derive(Clone, Copy, Default)]
struct Rule<'a> {
    is_egress: &'a str,
    protocol: &'a str,
    from: &'a str,
    to: &'a str,
    cidr: Option<&'a str>,
    referenced: Option<&'a str>,
    description: &'a str,
}

impl<'a> Rule<'a> {
    fn key(&self) -> [&'a str; 6] {
        let Rule { is_egress, protocol, from, to, cidr, referenced, .. } = *self;
        [is_egress, protocol, from, to, cidr.unwrap_or_default(), referenced.unwrap_or_default()]
    }
}

/// The rules of `IpPermissions.1`, `IpPermissions.2` …: one for each range and group.
fn rules(call: &Call, is_egress: bool) -> Result<Vec<Rule<'_>>> {
    let mut rules = Vec::new();
    for at in 1.. {
        let get = |field: String| call.get(&format!("IpPermissions.{at}.{field}"));
        let Some(protocol) = get("IpProtocol".to_owned()) else { break };
        let port = |field: &str| get(field.to_owned()).unwrap_or_default();
        let is_egress = if is_egress { "true" } else { "false" };
        let base = Rule { is_egress, protocol, from: port("FromPort"), to: port("ToPort"), ..Rule::default() };
        let described = |list: &str, one: usize| get(format!("{list}.{one}.Description")).unwrap_or_default();
        let count = rules.len();
        rules.extend((1..).map_while(|one| {
            let cidr = Some(get(format!("IpRanges.{one}.CidrIp"))?);
            Some(Rule { cidr, description: described("IpRanges", one), ..base })
        }));
        rules.extend((1..).map_while(|one| {
            let referenced = Some(get(format!("Groups.{one}.GroupId"))?);
            Some(Rule { referenced, description: described("Groups", one), ..base })
        }));
        if rules.len() == count {
            return Err(Refusal::unknown("a rule without an IPv4 range or a group"));
        }
    }
    Ok(rules)
}
