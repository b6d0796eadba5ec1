//! Elastic IPs.

use super::item::{Item, Kind};
use super::{Network, done};
use crate::call::{Call, REGION, Refusal, Result};
use crate::xml;

impl Network {
    pub(super) fn allocate(&mut self, call: &Call) -> Result<String> {
        let ip = format!("198.18.{}.{}", self.made / 256 % 256, self.made % 256);
        let fields = [
            ("publicIp", ip.as_str()),
            ("domain", "vpc"),
            ("publicIpv4Pool", "amazon"),
            ("networkBorderGroup", REGION),
            ("networkInterfaceId", ""),
            ("associationId", ""),
        ];
        Ok(self.add(Kind::Address, call, &fields).shown(Kind::Address))
    }

    pub(super) fn release(&mut self, call: &Call) -> Result<String> {
        let address = self.find(Kind::Address, call.need("AllocationId")?)?;
        if is_taken(address) {
            let message = format!("the address {} is in use", address.get("publicIp"));
            return Err(Refusal::new("InvalidIPAddress.InUse", message));
        }
        let id = address.id.clone();
        self.remove(Kind::Address, &id)?;
        done()
    }

    /// An address that points at nothing yet.
    pub(super) fn free_address(&self, id: &str) -> Result<&Item> {
        let address = self.find(Kind::Address, id)?;
        if is_taken(address) {
            return Err(Refusal::new("Resource.AlreadyAssociated", format!("{id} is associated already")));
        }
        Ok(address)
    }

    pub(super) fn point(&mut self, address: &str, interface: &str) -> Result<()> {
        let association = format!("eipassoc-{}", address.trim_start_matches("eipalloc-"));
        let address = self.find_mut(Kind::Address, address)?;
        address.set("networkInterfaceId", interface);
        address.set("associationId", &association);
        Ok(())
    }

    /// What pointed at an interface points at nothing.
    pub(super) fn unpoint(&mut self, interface: &str) {
        let addresses = self.items.entry(Kind::Address).or_default().values_mut();
        for address in addresses.filter(|address| address.get("networkInterfaceId") == interface) {
            address.set("networkInterfaceId", "");
            address.set("associationId", "");
        }
    }

    /// The fields that an address shows of itself in what it points at.
    pub(super) fn pointing(&self, interface: &str) -> String {
        let shown = |address: &Item| {
            let fields = ["publicIp", "associationId"].iter().map(|field| xml::text(field, address.get(field)));
            fields.collect::<String>() + &xml::text("allocationId", &address.id)
        };
        self.with(Kind::Address, "networkInterfaceId", interface).map(shown).collect()
    }
}

fn is_taken(address: &Item) -> bool {
    !address.get("networkInterfaceId").is_empty()
}
