//! Internet gateways, and what they are attached to.

use super::item::{Item, Kind};
use super::{Network, done, in_use};
use crate::call::{Call, Refusal, Result};
use crate::xml;

impl Network {
    pub(super) fn create_gateway(&mut self, call: &Call) -> Result<String> {
        let gateway = self.add(Kind::Gateway, call, &[]);
        Ok(xml::element("internetGateway", &(gateway.shown(Kind::Gateway) + "<attachmentSet/>")))
    }

    pub(super) fn attach_gateway(&mut self, call: &Call) -> Result<String> {
        let (gateway, vpc) = (call.need("InternetGatewayId")?, call.need("VpcId")?);
        self.find(Kind::Gateway, gateway)?;
        self.find(Kind::Vpc, vpc)?;
        let is_taken = |it: &Item| it.get("internetGatewayId") == gateway || it.get("vpcId") == vpc;
        if self.all(Kind::Attachment).any(is_taken) {
            return Err(Refusal::new("Resource.AlreadyAssociated", format!("{gateway} or {vpc} is attached already")));
        }
        let fields = [("internetGatewayId", gateway), ("vpcId", vpc), ("state", "available")];
        self.add(Kind::Attachment, call, &fields);
        done()
    }

    pub(super) fn detach_gateway(&mut self, call: &Call) -> Result<String> {
        let (gateway, vpc) = (call.need("InternetGatewayId")?, call.need("VpcId")?);
        self.find(Kind::Gateway, gateway)?;
        let mut attached = self.with(Kind::Attachment, "internetGatewayId", gateway);
        if !attached.any(|attachment| attachment.get("vpcId") == vpc) {
            return Err(Refusal::new("Gateway.NotAttached", format!("{gateway} is not attached to {vpc}")));
        }
        let mut nats = self.with(Kind::Nat, "vpcId", vpc);
        if nats.any(|nat| nat.counts() && nat.get("connectivityType") == "public") {
            return Err(in_use(gateway));
        }
        self.remove_with(Kind::Attachment, "internetGatewayId", gateway);
        done()
    }

    pub(super) fn delete_gateway(&mut self, call: &Call) -> Result<String> {
        let id = call.need("InternetGatewayId")?;
        if self.with(Kind::Attachment, "internetGatewayId", id).next().is_some() {
            return Err(in_use(id));
        }
        self.remove(Kind::Gateway, id)?;
        done()
    }

    pub(super) fn attachments(&self, gateway: &str) -> String {
        let attachments = self.with(Kind::Attachment, "internetGatewayId", gateway);
        let shown = attachments.map(|it| xml::text("vpcId", it.get("vpcId")) + &xml::text("state", "available"));
        xml::list("attachmentSet", "item", shown)
    }
}
