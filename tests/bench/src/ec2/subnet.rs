//! Subnets.

use super::describe::ZONES;
use super::item::Kind;
use super::vpc::range;
use super::{Network, done, in_use};
use crate::call::{ACCOUNT, Call, REGION, Refusal, Result};
use crate::xml;

impl Network {
    pub(super) fn create_subnet(&mut self, call: &Call) -> Result<String> {
        let (vpc, block) = (call.need("VpcId")?, call.need("CidrBlock")?);
        self.check_range(vpc, block)?;
        let zone = call.get("AvailabilityZone").unwrap_or(ZONES[0]);
        if !ZONES.contains(&zone) {
            return Err(Refusal::new("InvalidParameterValue", format!("there is no zone {zone}")));
        }
        let fields = [
            ("vpcId", vpc),
            ("cidrBlock", block),
            ("state", "available"),
            ("availabilityZone", zone),
            ("availabilityZoneId", zone),
            ("availableIpAddressCount", "11"),
            ("defaultForAz", "false"),
            ("mapPublicIpOnLaunch", "false"),
            ("assignIpv6AddressOnCreation", "false"),
        ];
        let subnet = self.add(Kind::Subnet, call, &fields);
        let arn = format!("arn:aws:ec2:{REGION}:{ACCOUNT}:subnet/{}", subnet.id);
        subnet.set("subnetArn", &arn);
        Ok(xml::element("subnet", &subnet.shown(Kind::Subnet)))
    }

    fn check_range(&self, vpc: &str, block: &str) -> Result<()> {
        let (whole, part) = (range(self.find(Kind::Vpc, vpc)?.get("cidrBlock"))?, range(block)?);
        if !whole.contains(&part) {
            return Err(Refusal::new("InvalidSubnet.Range", format!("the CIDR '{block}' is invalid")));
        }
        for subnet in self.with(Kind::Subnet, "vpcId", vpc) {
            let other = range(subnet.get("cidrBlock"))?;
            if other.contains(&part) || part.contains(&other) {
                let message = format!("the CIDR '{block}' conflicts with another subnet");
                return Err(Refusal::new("InvalidSubnet.Conflict", message));
            }
        }
        Ok(())
    }

    pub(super) fn modify_subnet(&mut self, call: &Call) -> Result<String> {
        let subnet = self.find_mut(Kind::Subnet, call.need("SubnetId")?)?;
        let public = call.get("MapPublicIpOnLaunch.Value").ok_or_else(|| Refusal::unknown("this attribute"))?;
        subnet.set("mapPublicIpOnLaunch", &public.to_ascii_lowercase());
        done()
    }

    /// Its association goes with it.
    pub(super) fn delete_subnet(&mut self, call: &Call) -> Result<String> {
        let id = call.need("SubnetId")?;
        if self.with(Kind::Interface, "subnetId", id).next().is_some() {
            return Err(in_use(id));
        }
        self.remove(Kind::Subnet, id)?;
        self.remove_with(Kind::Association, "subnetId", id);
        done()
    }
}
