//! Route tables, their routes and the subnets that follow them.

use super::item::{Item, Kind};
use super::{Network, done, in_use};
use crate::call::{Call, Refusal, Result};
use crate::xml;

impl Network {
    pub(super) fn create_table(&mut self, call: &Call) -> Result<String> {
        let vpc = call.need("VpcId")?;
        let block = self.find(Kind::Vpc, vpc)?.get("cidrBlock").to_owned();
        let table = self.add_table(call, vpc, &block);
        let (id, shown) = (table.id.clone(), table.shown(Kind::RouteTable));
        Ok(xml::element("routeTable", &(shown + &self.routes(&id) + &self.associations(&id))))
    }

    /// A table with the route within the VPC.
    pub(super) fn add_table(&mut self, call: &Call, vpc: &str, block: &str) -> &mut Item {
        let id = self.add(Kind::RouteTable, call, &[("vpcId", vpc)]).id.clone();
        let local = [
            ("routeTableId", id.as_str()),
            ("destinationCidrBlock", block),
            ("gatewayId", "local"),
            ("origin", "CreateRouteTable"),
            ("state", "active"),
        ];
        self.add(Kind::Route, call, &local).is_amazons = true;
        self.items.entry(Kind::RouteTable).or_default().entry(id.clone()).or_insert_with(|| Item::new(&id, &[]))
    }

    pub(super) fn create_route(&mut self, call: &Call) -> Result<String> {
        let (table, block) = (call.need("RouteTableId")?, call.need("DestinationCidrBlock")?);
        let target = self.target(call, self.find(Kind::RouteTable, table)?.get("vpcId"))?;
        if self.with(Kind::Route, "routeTableId", table).any(|it| it.get("destinationCidrBlock") == block) {
            return Err(Refusal::new("RouteAlreadyExists", format!("there is a route to {block} already")));
        }
        let fields = [
            ("routeTableId", table),
            ("destinationCidrBlock", block),
            target,
            ("origin", "CreateRoute"),
            ("state", "active"),
        ];
        self.add(Kind::Route, call, &fields);
        done()
    }

    /// Where a route leads: to the internet gateway of its VPC, or to a NAT gateway that is ready.
    fn target<'a>(&self, call: &'a Call, vpc: &str) -> Result<(&'static str, &'a str)> {
        let refused = |message| Refusal::new("InvalidParameterValue", message);
        if let Some(nat) = call.get("NatGatewayId") {
            let state = self.live_nat(nat)?.get("state");
            let is_ready = state == "available";
            return is_ready.then_some(("natGatewayId", nat)).ok_or_else(|| refused(format!("{nat} is {state}")));
        }
        let gateway = call.need("GatewayId")?;
        self.find(Kind::Gateway, gateway)?;
        let is_here = self.with(Kind::Attachment, "internetGatewayId", gateway).any(|it| it.get("vpcId") == vpc);
        is_here
            .then_some(("gatewayId", gateway))
            .ok_or_else(|| refused(format!("{gateway} belongs to another network")))
    }

    pub(super) fn delete_route(&mut self, call: &Call) -> Result<String> {
        let (table, block) = (call.need("RouteTableId")?, call.need("DestinationCidrBlock")?);
        self.find(Kind::RouteTable, table)?;
        let mut routes = self.with(Kind::Route, "routeTableId", table);
        let route = routes.find(|it| it.get("destinationCidrBlock") == block && !it.is_amazons);
        let absent = || Refusal::new("InvalidRoute.NotFound", format!("there is no route to {block} in {table}"));
        let id = route.ok_or_else(absent)?.id.clone();
        self.remove(Kind::Route, &id)?;
        done()
    }

    pub(super) fn associate(&mut self, call: &Call) -> Result<String> {
        let (table, subnet) = (call.need("RouteTableId")?, call.need("SubnetId")?);
        self.find(Kind::RouteTable, table)?;
        self.find(Kind::Subnet, subnet)?;
        if self.with(Kind::Association, "subnetId", subnet).next().is_some() {
            return Err(Refusal::new("Resource.AlreadyAssociated", format!("{subnet} has a route table already")));
        }
        let fields = [("routeTableId", table), ("main", "false"), ("subnetId", subnet)];
        let id = self.add(Kind::Association, call, &fields).id.clone();
        Ok(xml::text("associationId", &id) + ASSOCIATED)
    }

    pub(super) fn disassociate(&mut self, call: &Call) -> Result<String> {
        let id = call.need("AssociationId")?;
        if self.find(Kind::Association, id)?.is_amazons {
            return Err(Refusal::new("InvalidParameterValue", "the main association cannot be removed"));
        }
        self.remove(Kind::Association, id)?;
        done()
    }

    pub(super) fn delete_table(&mut self, call: &Call) -> Result<String> {
        let id = call.need("RouteTableId")?;
        self.find(Kind::RouteTable, id)?;
        if self.with(Kind::Association, "routeTableId", id).next().is_some() {
            return Err(in_use(id));
        }
        self.remove_with(Kind::Route, "routeTableId", id);
        self.remove(Kind::RouteTable, id)?;
        done()
    }

    pub(super) fn routes(&self, table: &str) -> String {
        let shown = |route: &Item| {
            let fields = ["destinationCidrBlock", "gatewayId", "natGatewayId", "origin", "state"];
            let fields = fields.iter().filter(|field| !route.get(field).is_empty());
            fields.map(|field| xml::text(field, route.get(field))).collect::<String>()
        };
        xml::list("routeSet", "item", self.with(Kind::Route, "routeTableId", table).map(shown))
    }

    pub(super) fn associations(&self, table: &str) -> String {
        let shown = |it: &Item| {
            let ids = xml::text("routeTableAssociationId", &it.id) + &xml::text("routeTableId", table);
            let subnet = it.get("subnetId");
            let subnet = if subnet.is_empty() { String::new() } else { xml::text("subnetId", subnet) };
            ids + &xml::text("main", it.get("main")) + &subnet + ASSOCIATED
        };
        xml::list("associationSet", "item", self.with(Kind::Association, "routeTableId", table).map(shown))
    }
}

const ASSOCIATED: &str = "<associationState><state>associated</state></associationState>";
