//! One thing of EC2, and what EC2 calls its kind.

use std::collections::BTreeMap;

use super::waiting::Goal;
use crate::call::ACCOUNT;
use crate::xml;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Acl,
    Address,
    Association,
    Attachment,
    Endpoint,
    Gateway,
    Group,
    Interface,
    Nat,
    Route,
    RouteTable,
    Rule,
    Subnet,
    Vpc,
}

/// Name in the inventory, prefix of ids, field of the id, code when it is absent, resource type.
const NAMES: [(Kind, [&str; 5]); 14] = [
    (Kind::Acl, ["acl", "acl", "networkAclId", "InvalidNetworkAclID.NotFound", "network-acl"]),
    (Kind::Address, ["eip", "eipalloc", "allocationId", "InvalidAllocationID.NotFound", "elastic-ip"]),
    (Kind::Association, ["association", "rtbassoc", "routeTableAssociationId", "InvalidAssociationID.NotFound", ""]),
    (Kind::Attachment, ["attachment", "attachment", "attachmentId", "Gateway.NotAttached", ""]),
    (Kind::Endpoint, ["vpc_endpoint", "vpce", "vpcEndpointId", "InvalidVpcEndpointId.NotFound", "vpc-endpoint"]),
    (
        Kind::Gateway,
        ["internet_gateway", "igw", "internetGatewayId", "InvalidInternetGatewayID.NotFound", "internet-gateway"],
    ),
    (Kind::Group, ["security_group", "sg", "groupId", "InvalidGroup.NotFound", "security-group"]),
    (
        Kind::Interface,
        ["network_interface", "eni", "networkInterfaceId", "InvalidNetworkInterfaceID.NotFound", "network-interface"],
    ),
    (Kind::Nat, ["nat_gateway", "nat", "natGatewayId", "NatGatewayNotFound", "natgateway"]),
    (Kind::Route, ["route", "route", "routeId", "InvalidRoute.NotFound", ""]),
    (Kind::RouteTable, ["route_table", "rtb", "routeTableId", "InvalidRouteTableID.NotFound", "route-table"]),
    (
        Kind::Rule,
        [
            "security_group_rule",
            "sgr",
            "securityGroupRuleId",
            "InvalidSecurityGroupRuleId.NotFound",
            "security-group-rule",
        ],
    ),
    (Kind::Subnet, ["subnet", "subnet", "subnetId", "InvalidSubnetID.NotFound", "subnet"]),
    (Kind::Vpc, ["vpc", "vpc", "vpcId", "InvalidVpcID.NotFound", "vpc"]),
];

impl Kind {
    fn names(self) -> [&'static str; 5] {
        NAMES.into_iter().find(|(kind, _)| *kind == self).map(|(_, names)| names).unwrap_or_default()
    }

    pub(crate) fn name(self) -> &'static str {
        let [name, ..] = self.names();
        name
    }

    pub(crate) fn prefix(self) -> &'static str {
        let [_, prefix, ..] = self.names();
        prefix
    }

    pub(crate) fn id_field(self) -> &'static str {
        let [_, _, field, ..] = self.names();
        field
    }

    pub(crate) fn not_found(self) -> &'static str {
        let [_, _, _, code, _] = self.names();
        code
    }

    pub(crate) fn resource_type(self) -> &'static str {
        let [.., resource_type] = self.names();
        resource_type
    }
}

#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) id: String,
    /// What is shown of it, by the names of EC2's XML.
    fields: BTreeMap<&'static str, String>,
    /// Attributes that have calls of their own.
    pub(crate) attributes: BTreeMap<&'static str, String>,
    pub(crate) tags: BTreeMap<String, String>,
    /// Whether AWS made it by itself, with something else.
    pub(crate) is_amazons: bool,
    /// The state it will have later.
    pub(super) goal: Option<Goal>,
}

impl Item {
    pub(crate) fn new(id: &str, fields: &[(&'static str, &str)]) -> Self {
        let fields = fields.iter().map(|(name, value)| (*name, (*value).to_owned()));
        let owner = [("ownerId", ACCOUNT.to_owned())];
        Self {
            id: id.to_owned(),
            fields: owner.into_iter().chain(fields).collect(),
            attributes: BTreeMap::new(),
            tags: BTreeMap::new(),
            is_amazons: false,
            goal: None,
        }
    }

    /// Whether it is a part of the inventory.
    pub(crate) fn counts(&self) -> bool {
        !self.is_amazons && self.get("state") != "deleted"
    }

    /// A field's text; what it does not have is empty.
    pub(crate) fn get(&self, field: &str) -> &str {
        self.fields.get(field).map_or("", String::as_str)
    }

    pub(crate) fn set(&mut self, field: &'static str, value: &str) {
        self.fields.insert(field, value.to_owned());
    }

    /// Its fields and tags as EC2 writes them; empty fields are left out.
    pub(crate) fn shown(&self, kind: Kind) -> String {
        let fields = self.fields.iter().filter(|(_, value)| !value.is_empty());
        let fields: String = fields.map(|(name, value)| xml::text(name, value)).collect();
        let tags = self.tags.iter();
        let tags = tags.map(|(key, value)| format!("{}{}", xml::text("key", key), xml::text("value", value)));
        format!("{}{fields}{}", xml::text(kind.id_field(), &self.id), xml::list("tagSet", "item", tags))
    }

    /// What a filter of this name compares, which is a field's name in kebab-case.
    pub(crate) fn filtered(&self, kind: Kind, filter: &str) -> Option<&str> {
        if let Some(tag) = filter.strip_prefix("tag:") {
            return Some(self.tags.get(tag).map_or("\0", String::as_str));
        }
        match camel(filter).as_str() {
            name if name == kind.id_field() => Some(&self.id),
            name => self.fields.get(name).map(String::as_str),
        }
    }
}

fn camel(filter: &str) -> String {
    let mut parts = filter.split('-');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |name, part| {
        let (head, tail) = part.split_at(part.len().min(1));
        name + &head.to_ascii_uppercase() + tail
    })
}
