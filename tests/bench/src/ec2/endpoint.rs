//! VPC endpoints of type `Interface`, and network interfaces.

use super::Network;
use super::item::Kind;
use crate::call::{Call, MADE, Refusal, Result};
use crate::xml;

impl Network {
    pub(super) fn create_endpoint(&mut self, call: &Call) -> Result<String> {
        let [vpc, group] = self.surroundings(call)?;
        let fields = [
            ("vpcId", vpc),
            ("vpcEndpointType", "Interface"),
            ("serviceName", call.need("ServiceName")?),
            ("groupId", group),
            ("ipAddressType", "ipv4"),
            ("privateDnsEnabled", call.get("PrivateDnsEnabled").unwrap_or("false")),
            ("requesterManaged", "false"),
            ("creationTimestamp", MADE),
        ];
        let id = self.add(Kind::Endpoint, call, &fields).id.clone();
        for subnet in call.list("SubnetId") {
            self.add_interface(call, subnet, group, ("vpcEndpointId", &id));
        }
        self.begin(Kind::Endpoint, &id, "pending", "available")?;
        let endpoint = self.find(Kind::Endpoint, &id)?;
        Ok(xml::element("vpcEndpoint", &(endpoint.shown(Kind::Endpoint) + &self.ends(&id))))
    }

    /// The VPC and the group of an endpoint that is to be, once all it names is found.
    fn surroundings<'a>(&self, call: &'a Call) -> Result<[&'a str; 2]> {
        if call.get("VpcEndpointType") != Some("Interface") {
            return Err(Refusal::unknown("endpoints of another type than Interface"));
        }
        if call.get("SecurityGroupId.2").is_some() {
            return Err(Refusal::unknown("an endpoint with several groups"));
        }
        let (vpc, group) = (call.need("VpcId")?, call.need("SecurityGroupId.1")?);
        self.find(Kind::Vpc, vpc)?;
        self.find(Kind::Group, group)?;
        for subnet in call.list("SubnetId") {
            self.find(Kind::Subnet, subnet)?;
        }
        Ok([vpc, group])
    }

    /// What cannot be deleted is told within an answer that is itself a success.
    pub(super) fn delete_endpoints(&mut self, call: &Call) -> Result<String> {
        let mut unsuccessful = Vec::new();
        for id in call.list("VpcEndpointId") {
            if self.begin(Kind::Endpoint, id, "deleting", "deleted").is_err() {
                let code = xml::text("code", Kind::Endpoint.not_found());
                let error = xml::element("error", &(code + &xml::text("message", "there is no such endpoint")));
                unsuccessful.push(xml::text("resourceId", id) + &error);
            }
        }
        Ok(xml::list("unsuccessful", "item", unsuccessful))
    }

    /// The subnets, the group and the interfaces of an endpoint.
    pub(super) fn ends(&self, endpoint: &str) -> String {
        let interfaces = || self.with(Kind::Interface, "vpcEndpointId", endpoint);
        let subnets = xml::list("subnetIdSet", "item", interfaces().map(|it| it.get("subnetId").to_owned()));
        let ids = xml::list("networkInterfaceIdSet", "item", interfaces().map(|it| it.id.clone()));
        let group = interfaces().next().map(|it| xml::text("groupId", it.get("groupId")));
        subnets + &ids + &xml::list("groupSet", "item", group)
    }

    /// The interface of something in a subnet, which it keeps from being deleted.
    pub(super) fn add_interface(
        &mut self,
        call: &Call,
        subnet: &str,
        group: &str,
        (field, owner): (&'static str, &str),
    ) -> String {
        let fields = [
            ("subnetId", subnet),
            ("groupId", group),
            (field, owner),
            ("privateIpAddress", "10.0.0.4"),
            ("description", owner),
            ("requesterManaged", "true"),
            ("status", "in-use"),
        ];
        let interface = self.add(Kind::Interface, call, &fields);
        interface.is_amazons = true;
        interface.id.clone()
    }

    /// Removes the interfaces of what is deleted.
    pub(super) fn remove_interfaces(&mut self, field: &str, owner: &str) {
        for id in self.with(Kind::Interface, field, owner).map(|it| it.id.clone()).collect::<Vec<_>>() {
            self.unpoint(&id);
        }
        self.remove_with(Kind::Interface, field, owner);
    }
}
