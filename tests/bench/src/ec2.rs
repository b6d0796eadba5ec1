//! EC2: a VPC and what is in it.
//!
//! Everything is an `Item` of some kind with flat fields; what AWS shows within another thing
//! (routes, associations, attachments, rules) is an item of its own that names that thing.

mod address;
mod describe;
mod endpoint;
mod gateway;
mod group;
mod item;
mod nat;
mod route_table;
mod subnet;
mod vpc;
mod waiting;

use std::collections::BTreeMap;
use std::vec::IntoIter;

use crate::call::{Call, Refusal, Result};
use crate::ec2::item::{Item, Kind};
use crate::ec2::waiting::Wait;
pub(crate) use crate::ec2::waiting::Waits;
use crate::http::Answer;
use crate::xml;

#[derive(Debug, Default)]
pub(crate) struct Network {
    items: BTreeMap<Kind, BTreeMap<String, Item>>,
    made: usize,
    waits: Waits,
    waited: Vec<Wait>,
}

impl Network {
    pub(crate) fn new(waits: Waits) -> Self {
        Self { waits, ..Self::default() }
    }

    pub(crate) fn answer(&mut self, call: &Call) -> Result<Answer> {
        self.catch_up();
        let inner = match self.described(call) {
            Some(page) => page?,
            None => self.change(call)?,
        };
        let id = "<requestId>stub</requestId>";
        Ok(Answer::xml(xml::element(&format!("{}Response", call.action), &format!("{id}{inner}"))))
    }

    fn change(&mut self, call: &Call) -> Result<String> {
        match call.action.as_str() {
            "CreateVpc" => self.create_vpc(call),
            "DescribeVpcAttribute" => self.vpc_attribute(call),
            "ModifyVpcAttribute" => self.modify_vpc(call),
            "DeleteVpc" => self.delete_vpc(call),
            "CreateInternetGateway" => self.create_gateway(call),
            "AttachInternetGateway" => self.attach_gateway(call),
            "DetachInternetGateway" => self.detach_gateway(call),
            "DeleteInternetGateway" => self.delete_gateway(call),
            "CreateRouteTable" => self.create_table(call),
            "CreateRoute" => self.create_route(call),
            "DeleteRoute" => self.delete_route(call),
            "AssociateRouteTable" => self.associate(call),
            "DisassociateRouteTable" => self.disassociate(call),
            "DeleteRouteTable" => self.delete_table(call),
            "CreateSubnet" => self.create_subnet(call),
            "ModifySubnetAttribute" => self.modify_subnet(call),
            "DeleteSubnet" => self.delete_subnet(call),
            "CreateSecurityGroup" => self.create_group(call),
            "DeleteSecurityGroup" => self.delete_group(call),
            "AuthorizeSecurityGroupIngress" => self.authorize(call, false),
            "AuthorizeSecurityGroupEgress" => self.authorize(call, true),
            "RevokeSecurityGroupIngress" | "RevokeSecurityGroupEgress" => self.revoke(call),
            "ModifySecurityGroupRules" => self.modify_rules(call),
            "AllocateAddress" => self.allocate(call),
            "ReleaseAddress" => self.release(call),
            "CreateNatGateway" => self.create_nat(call),
            "DeleteNatGateway" => self.delete_nat(call),
            "CreateVpcEndpoint" => self.create_endpoint(call),
            "DeleteVpcEndpoints" => self.delete_endpoints(call),
            "CreateTags" => self.tag(call, |tags, changes| tags.extend(changes)),
            "DeleteTags" => self.tag(call, |tags, changes| tags.retain(|key, _| !changes.contains_key(key))),
            action => Err(Refusal::unknown(action)),
        }
    }

    /// Counts without what AWS makes by itself, and what is deleted and still shown.
    pub(crate) fn inventory(&self) -> BTreeMap<&'static str, usize> {
        let count = |items: &BTreeMap<String, Item>| items.values().filter(|item| item.counts()).count();
        self.items.iter().map(|(kind, items)| (kind.name(), count(items))).collect()
    }

    /// Adds an item under a new id, with the tags the call has for its kind.
    fn add(&mut self, kind: Kind, call: &Call, fields: &[(&'static str, &str)]) -> &mut Item {
        self.made += 1;
        let id = format!("{}-{:017x}", kind.prefix(), self.made);
        let mut item = Item::new(&id, fields);
        if call.get("TagSpecification.1.ResourceType") == Some(kind.resource_type()) {
            item.tags = call.tags("TagSpecification.1.Tag");
        }
        self.items.entry(kind).or_default().entry(id).or_insert(item)
    }

    fn all(&self, kind: Kind) -> impl Iterator<Item = &Item> {
        self.items.get(&kind).into_iter().flat_map(BTreeMap::values)
    }

    /// The items of a kind whose field says so.
    fn with(&self, kind: Kind, field: &str, value: &str) -> IntoIter<&Item> {
        self.all(kind).filter(|item| item.get(field) == value).collect::<Vec<_>>().into_iter()
    }

    fn find(&self, kind: Kind, id: &str) -> Result<&Item> {
        self.items.get(&kind).and_then(|items| items.get(id)).ok_or_else(|| absent(kind, id))
    }

    fn find_mut(&mut self, kind: Kind, id: &str) -> Result<&mut Item> {
        self.items.get_mut(&kind).and_then(|items| items.get_mut(id)).ok_or_else(|| absent(kind, id))
    }

    fn remove(&mut self, kind: Kind, id: &str) -> Result<Item> {
        self.items.get_mut(&kind).and_then(|items| items.remove(id)).ok_or_else(|| absent(kind, id))
    }

    /// Removes all that hangs on another thing.
    fn remove_with(&mut self, kind: Kind, field: &str, value: &str) {
        self.items.entry(kind).or_default().retain(|_, item| item.get(field) != value);
    }

    fn tag(
        &mut self,
        call: &Call,
        change: impl Fn(&mut BTreeMap<String, String>, BTreeMap<String, String>),
    ) -> Result<String> {
        for id in call.list("ResourceId") {
            let item = self.items.values_mut().find_map(|items| items.get_mut(id));
            let item = item.ok_or_else(|| Refusal::new("InvalidID", format!("there is no {id}")))?;
            change(&mut item.tags, call.tags("Tag"));
        }
        done()
    }
}

/// The answer of a call that has nothing to tell.
fn done() -> Result<String> {
    Ok(xml::text("return", "true"))
}

fn absent(kind: Kind, id: &str) -> Refusal {
    Refusal::new(kind.not_found(), format!("the ID '{id}' does not exist"))
}

fn in_use(id: &str) -> Refusal {
    Refusal::new("DependencyViolation", format!("{id} has dependencies and cannot be deleted"))
}
