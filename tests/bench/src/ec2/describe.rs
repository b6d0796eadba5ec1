//! The Describe calls: by ids, by filters, in pages.

use super::item::{Item, Kind};
use super::{Network, absent};
use crate::call::{Call, REGION, Refusal, Result};
use crate::xml;

/// Action, kind, name of the list in the answer, parameter with the ids.
const DESCRIBED: [(&str, Kind, &str, &str); 11] = [
    ("DescribeAddresses", Kind::Address, "addressesSet", "AllocationId"),
    ("DescribeInternetGateways", Kind::Gateway, "internetGatewaySet", "InternetGatewayId"),
    ("DescribeNatGateways", Kind::Nat, "natGatewaySet", "NatGatewayId"),
    ("DescribeNetworkAcls", Kind::Acl, "networkAclSet", "NetworkAclId"),
    ("DescribeNetworkInterfaces", Kind::Interface, "networkInterfaceSet", "NetworkInterfaceId"),
    ("DescribeRouteTables", Kind::RouteTable, "routeTableSet", "RouteTableId"),
    ("DescribeSecurityGroupRules", Kind::Rule, "securityGroupRuleSet", "SecurityGroupRuleId"),
    ("DescribeSecurityGroups", Kind::Group, "securityGroupInfo", "GroupId"),
    ("DescribeSubnets", Kind::Subnet, "subnetSet", "SubnetId"),
    ("DescribeVpcEndpoints", Kind::Endpoint, "vpcEndpointSet", "VpcEndpointId"),
    ("DescribeVpcs", Kind::Vpc, "vpcSet", "VpcId"),
];

/// The zones of the region.
pub(super) const ZONES: [&str; 3] = ["us-east-1a", "us-east-1b", "us-east-1c"];

impl Network {
    /// The answer of a Describe call; `None` of any other.
    pub(super) fn described(&self, call: &Call) -> Option<Result<String>> {
        match call.action.as_str() {
            "DescribeAvailabilityZones" => {
                return Some(Ok(xml::list("availabilityZoneInfo", "item", ZONES.iter().map(|name| zone(name)))));
            }
            "DescribeTags" => return Some(self.tags(call)),
            _ => {}
        }
        let (_, kind, list, ids) = DESCRIBED.iter().find(|(action, ..)| *action == call.action)?;
        Some(self.describe(call, *kind, list, ids))
    }

    fn describe(&self, call: &Call, kind: Kind, list: &str, ids: &str) -> Result<String> {
        let ids = call.list(ids);
        if let Some(lost) = ids.iter().find(|id| self.find(kind, id).is_err()) {
            return Err(absent(kind, lost));
        }
        let filters = filters(call);
        let mut found = Vec::new();
        for item in self.all(kind).filter(|item| ids.is_empty() || ids.contains(&item.id.as_str())) {
            let fits: Result<Vec<bool>> = filters.iter().map(|filter| self.fits(kind, item, filter)).collect();
            if fits?.into_iter().all(|fits| fits) {
                found.push(item);
            }
        }
        let number = |field| call.get(field).and_then(|text| text.parse::<usize>().ok());
        let (start, size) = (number("NextToken").unwrap_or(0), number("MaxResults").unwrap_or(usize::MAX));
        let page = found.iter().skip(start).take(size).map(|item| self.shown(kind, item));
        let page = xml::list(list, "item", page);
        match start.saturating_add(size) < found.len() {
            true => Ok(page + &xml::text("nextToken", &(start + size).to_string())),
            false => Ok(page),
        }
    }

    /// Tags by resource: by any other filter they are not to be had.
    fn tags(&self, call: &Call) -> Result<String> {
        let filters = filters(call);
        if let Some((other, _)) = filters.iter().find(|(name, _)| !matches!(*name, "resource-id" | "resource-type")) {
            return Err(Refusal::unknown(&format!("tags by {other}")));
        }
        let mut shown = Vec::new();
        for (kind, item) in self.items.iter().flat_map(|(kind, items)| items.values().map(move |item| (kind, item))) {
            let text = |filter: &str| if filter == "resource-id" { item.id.as_str() } else { kind.resource_type() };
            if filters.iter().all(|(name, values)| values.contains(&text(name))) {
                let of = xml::text("resourceId", &item.id) + &xml::text("resourceType", kind.resource_type());
                let tags = item.tags.iter();
                shown.extend(tags.map(|(key, value)| of.clone() + &xml::text("key", key) + &xml::text("value", value)));
            }
        }
        Ok(xml::list("tagSet", "item", shown))
    }

    fn shown(&self, kind: Kind, item: &Item) -> String {
        let within = match kind {
            Kind::Gateway => self.attachments(&item.id),
            Kind::RouteTable => self.routes(&item.id) + &self.associations(&item.id),
            Kind::Group => self.permissions(&item.id),
            Kind::Nat => self.addresses(&item.id),
            Kind::Endpoint => self.ends(&item.id),
            Kind::Vpc => super::vpc::ranges(item),
            _ => String::new(),
        };
        item.shown(kind) + &within
    }

    /// Whether an item is what one filter asks for. `association.subnet-id` asks the items that
    /// hang on it.
    fn fits(&self, kind: Kind, item: &Item, (name, values): &(&str, Vec<&str>)) -> Result<bool> {
        let inner = match name.split_once('.') {
            Some(("association", field)) => Some((Kind::Association, field)),
            Some(("attachment", field)) => Some((Kind::Attachment, field)),
            Some(("route", field)) => Some((Kind::Route, field)),
            _ => None,
        };
        let Some((of, field)) = inner.filter(|_| matches!(kind, Kind::RouteTable | Kind::Gateway)) else {
            let text = item.filtered(kind, name).ok_or_else(|| unknown(name))?;
            return Ok(values.contains(&text));
        };
        let mut within = self.with(of, kind.id_field(), &item.id);
        within.try_fold(false, |found, one| {
            let text = one.filtered(of, field).ok_or_else(|| unknown(name))?;
            Ok(found || values.contains(&text))
        })
    }
}

fn unknown(filter: &str) -> Refusal {
    Refusal::new("InvalidParameterValue", format!("the filter '{filter}' is invalid"))
}

fn filters(call: &Call) -> Vec<(&str, Vec<&str>)> {
    let name = |at: usize| call.get(&format!("Filter.{at}.Name"));
    (1..).map_while(|at| Some((name(at)?, call.list(&format!("Filter.{at}.Value"))))).collect()
}

fn zone(name: &str) -> String {
    let fields = [
        ("zoneName", name),
        ("zoneId", name),
        ("zoneState", "available"),
        ("regionName", REGION),
        ("zoneType", "availability-zone"),
    ];
    fields.iter().map(|(name, value)| xml::text(name, value)).collect()
}
