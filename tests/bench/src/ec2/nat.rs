//! NAT gateways: pending for a while, then available; deleting for a while, then deleted.

use super::Network;
use super::item::{Item, Kind};
use crate::call::{Call, MADE, Refusal, Result};
use crate::xml;

impl Network {
    pub(super) fn create_nat(&mut self, call: &Call) -> Result<String> {
        let subnet = self.find(Kind::Subnet, call.need("SubnetId")?)?;
        let (subnet, vpc) = (subnet.id.clone(), subnet.get("vpcId").to_owned());
        let connectivity = call.get("ConnectivityType").unwrap_or("public");
        let address = self.address_of_nat(call, connectivity, &vpc)?;
        let fields = [
            ("subnetId", subnet.as_str()),
            ("vpcId", vpc.as_str()),
            ("connectivityType", connectivity),
            ("availabilityMode", "zonal"),
            ("createTime", MADE),
        ];
        let nat = self.add(Kind::Nat, call, &fields).id.clone();
        let interface = self.add_interface(call, &subnet, "", ("natGatewayId", &nat));
        if let Some(address) = address {
            self.point(&address, &interface)?;
        }
        self.begin(Kind::Nat, &nat, "pending", "available")?;
        let nat = self.find(Kind::Nat, &nat)?;
        Ok(xml::element("natGateway", &(nat.shown(Kind::Nat) + &self.addresses(&nat.id))))
    }

    /// A public gateway has an address and a way out of its VPC; a private one has neither.
    fn address_of_nat(&self, call: &Call, connectivity: &str, vpc: &str) -> Result<Option<String>> {
        if connectivity == "private" {
            return Ok(None);
        }
        let address = self.free_address(call.need("AllocationId")?)?;
        if self.with(Kind::Attachment, "vpcId", vpc).next().is_none() {
            return Err(Refusal::new("Gateway.NotAttached", format!("{vpc} has no internet gateway attached")));
        }
        Ok(Some(address.id.clone()))
    }

    pub(super) fn delete_nat(&mut self, call: &Call) -> Result<String> {
        let id = self.live_nat(call.need("NatGatewayId")?)?.id.clone();
        self.begin(Kind::Nat, &id, "deleting", "deleted")?;
        Ok(xml::text("natGatewayId", &id))
    }

    /// A gateway that is not deleted: deleted ones are shown for a while, and can do nothing.
    pub(super) fn live_nat(&self, id: &str) -> Result<&Item> {
        Some(self.find(Kind::Nat, id)?)
            .filter(|nat| nat.get("state") != "deleted")
            .ok_or_else(|| super::absent(Kind::Nat, id))
    }

    pub(super) fn addresses(&self, nat: &str) -> String {
        let interfaces = self.with(Kind::Interface, "natGatewayId", nat);
        let shown = interfaces.map(|interface| {
            let ids = xml::text("networkInterfaceId", &interface.id) + &self.pointing(&interface.id);
            let private = xml::text("privateIp", interface.get("privateIpAddress"));
            format!("{ids}{private}<isPrimary>true</isPrimary><status>succeeded</status>")
        });
        xml::list("natGatewayAddressSet", "item", shown)
    }
}
