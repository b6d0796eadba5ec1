//! VPCs, and what AWS makes with each.

use ipnet::Ipv4Net;

use super::item::{Item, Kind};
use super::{Network, done, in_use};
use crate::call::{Call, Refusal, Result};
use crate::xml;

/// Parameter of ModifyVpcAttribute, name in the answer of DescribeVpcAttribute, default.
const ATTRIBUTES: [(&str, &str, &str); 3] = [
    ("EnableDnsHostnames.Value", "enableDnsHostnames", "false"),
    ("EnableDnsSupport.Value", "enableDnsSupport", "true"),
    ("EnableNetworkAddressUsageMetrics.Value", "enableNetworkAddressUsageMetrics", "false"),
];

impl Network {
    pub(super) fn create_vpc(&mut self, call: &Call) -> Result<String> {
        let block = call.need("CidrBlock")?;
        range(block)?;
        let fields = [
            ("state", "available"),
            ("cidrBlock", block),
            ("cidr", block),
            ("dhcpOptionsId", "dopt-1"),
            ("isDefault", "false"),
            ("instanceTenancy", "default"),
        ];
        let vpc = self.add(Kind::Vpc, call, &fields);
        let (id, shown) = (vpc.id.clone(), vpc.shown(Kind::Vpc) + &ranges(vpc));
        self.add_defaults(call, &id, block);
        Ok(xml::element("vpc", &shown))
    }

    /// The group, list and table that every VPC has.
    fn add_defaults(&mut self, call: &Call, vpc: &str, block: &str) {
        self.add(Kind::Acl, call, &[("vpcId", vpc), ("default", "true")]).is_amazons = true;
        self.add_table(call, vpc, block).is_amazons = true;
        let table = self.with(Kind::RouteTable, "vpcId", vpc).map(|table| table.id.clone()).next().unwrap_or_default();
        let main = [("routeTableId", table.as_str()), ("main", "true"), ("subnetId", "")];
        self.add(Kind::Association, call, &main).is_amazons = true;
        self.add_group(call, vpc, "default", "default VPC security group").is_amazons = true;
    }

    pub(super) fn vpc_attribute(&self, call: &Call) -> Result<String> {
        let vpc = self.find(Kind::Vpc, call.need("VpcId")?)?;
        let asked = call.need("Attribute")?;
        let attribute = ATTRIBUTES.iter().find(|(_, name, _)| *name == asked);
        let (_, name, default) = attribute.ok_or_else(|| Refusal::unknown(asked))?;
        let value = vpc.attributes.get(name).map_or(*default, String::as_str);
        Ok(xml::text("vpcId", &vpc.id) + &xml::element(name, &xml::text("value", value)))
    }

    pub(super) fn modify_vpc(&mut self, call: &Call) -> Result<String> {
        let vpc = self.find_mut(Kind::Vpc, call.need("VpcId")?)?;
        for (parameter, name, _) in ATTRIBUTES {
            if let Some(value) = call.get(parameter) {
                vpc.attributes.insert(name, value.to_ascii_lowercase());
            }
        }
        done()
    }

    pub(super) fn delete_vpc(&mut self, call: &Call) -> Result<String> {
        let id = self.find(Kind::Vpc, call.need("VpcId")?)?.id.clone();
        let kinds = [Kind::Subnet, Kind::RouteTable, Kind::Group, Kind::Attachment];
        if kinds.iter().any(|kind| self.with(*kind, "vpcId", &id).any(|item| !item.is_amazons)) {
            return Err(in_use(&id));
        }
        for group in self.with(Kind::Group, "vpcId", &id).map(|group| group.id.clone()).collect::<Vec<_>>() {
            self.remove_with(Kind::Rule, "groupId", &group);
        }
        for table in self.with(Kind::RouteTable, "vpcId", &id).map(|table| table.id.clone()).collect::<Vec<_>>() {
            self.remove_with(Kind::Route, "routeTableId", &table);
            self.remove_with(Kind::Association, "routeTableId", &table);
        }
        for kind in [Kind::Acl, Kind::Group, Kind::RouteTable] {
            self.remove_with(kind, "vpcId", &id);
        }
        self.remove(Kind::Vpc, &id)?;
        done()
    }
}

/// The range a text writes.
pub(super) fn range(text: &str) -> Result<Ipv4Net> {
    text.parse().map_err(|_| Refusal::new("InvalidParameterValue", format!("{text} is no CIDR block")))
}

/// A VPC's ranges, of which there is one.
pub(super) fn ranges(vpc: &Item) -> String {
    let state = "<cidrBlockState><state>associated</state></cidrBlockState>";
    let one = xml::text("associationId", &format!("{}-cidr", vpc.id)) + &xml::text("cidrBlock", vpc.get("cidrBlock"));
    xml::list("cidrBlockAssociationSet", "item", [one + state])
}
