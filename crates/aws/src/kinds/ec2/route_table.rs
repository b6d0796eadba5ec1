//! `ec2/route_table`: where the traffic of subnets and gateways goes, with its routes and associations.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{
    self, ResourceType, RouteOrigin, RouteTableAssociation, RouteTableAssociationStateCode as State,
};
use ipnet::IpNet;
use provision_core::driver::{Id, Intent, Phase, Recovery};
use provision_core::rate::Rates;
use provision_core::schema::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::nat_gateway::NatGateway;
use super::subnet::Subnet;
use super::vpc::Vpc;
use crate::cloud::Cloud;
use crate::error::{Absent, Op, incomplete};
use crate::kind::{Kind, Live, Result, Update, Wanted, fault};
use crate::query::Query;
use crate::read;
use crate::service::ec2::route_tables::{
    FORMER_MAIN_TAG, SetTarget, Tables, describe, is_settled, replace_association, state,
};
use crate::service::ec2::{self, FILTER_VALUES, filter, intent_filter};
use crate::service::rates;
use crate::types::{Ref, Tags};

/// Where the traffic of subnets and gateways goes.
///
/// See [CreateRouteTable](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRouteTable.html),
/// [CreateRoute](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRoute.html) and
/// [AssociateRouteTable](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateRouteTable.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RouteTable {
    /// VPC it is a part of.
    #[schemars(extend("x-replace" = true))]
    pub vpc_id: Ref<Vpc>,

    /// The routes, one for each destination. Managed as a whole when stated; the
    /// VPC's own `local` routes, propagated routes and those of gateway endpoints,
    /// which AWS makes itself, are no part of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub routes: Option<BTreeSet<Route>>,

    /// Subnets that follow it. Managed as a whole when stated; a subnet that follows
    /// another table is taken over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subnet_ids: Option<BTreeSet<Ref<Subnet>>>,

    /// Internet and virtual private gateways whose inbound traffic follows it. Managed
    /// as a whole when stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway_ids: Option<BTreeSet<String>>,

    /// Virtual private gateways whose routes are propagated into it. Managed as a
    /// whole when stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub propagating_vgw_ids: Option<BTreeSet<String>>,

    /// Whether it is the VPC's main table, which every subnet without one of its own
    /// follows. When it ceases to be, or is deleted, the former one is again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub main: Option<bool>,

    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

/// A route: one destination and one target.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Destination: an IPv4 range, such as `0.0.0.0/0`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "cidr4"))]
    pub destination_cidr_block: Option<String>,

    /// Destination: an IPv6 range, such as `::/0`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "cidr6"))]
    pub destination_ipv6_cidr_block: Option<String>,

    /// Destination: the ranges of a prefix list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination_prefix_list_id: Option<String>,

    /// Target: an internet gateway or virtual private gateway; `local` for a
    /// destination that is a range of the VPC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway_id: Option<String>,

    /// Target: a NAT gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nat_gateway_id: Option<Ref<NatGateway>>,

    /// Target: an egress-only internet gateway, for IPv6.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub egress_only_internet_gateway_id: Option<String>,

    /// Target: a network interface, also that of an instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_interface_id: Option<String>,

    /// Target: a VPC peering connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc_peering_connection_id: Option<String>,

    /// Target: a transit gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transit_gateway_id: Option<String>,

    /// Target: a Gateway Load Balancer endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc_endpoint_id: Option<String>,

    /// Target: a carrier gateway, in a Wavelength zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carrier_gateway_id: Option<String>,

    /// Target: a local gateway, on an Outpost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_gateway_id: Option<String>,

    /// Target: a Cloud WAN core network, by ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub core_network_arn: Option<String>,

    /// Target: an Oracle Database@AWS network, by ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub odb_network_arn: Option<String>,
}

/// What other resources may name.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The route table's ARN.
    pub arn: String,
    /// The account that owns it.
    pub owner_id: String,
}

/// What a route to a range of the VPC itself is called.
const LOCAL: &str = "local";

impl Kind for RouteTable {
    const NAME: &'static str = "ec2/route_table";
    const RECOVERY: Recovery = Recovery::Tag;
    const BATCH: Option<u32> = Some(200);
    const RATES: Rates = rates::ec2::RATES;
    const EARLY: &'static [&'static str] = &["id", "arn", "owner_id"];
    const EVENTUAL: &'static [&'static str] = &[
        "Gateway.NotAttached",
        "InvalidCarrierGatewayID.NotFound",
        "InvalidEgressOnlyInternetGatewayId.NotFound",
        "InvalidGatewayID.NotFound",
        "InvalidInternetGatewayID.NotFound",
        "InvalidNatGatewayID.NotFound",
        "InvalidNetworkInterfaceID.NotFound",
        "InvalidRouteTableID.NotFound",
        "InvalidSubnetID.NotFound",
        "InvalidTransitGatewayID.NotFound",
        "InvalidVpcEndpointId.NotFound",
        "InvalidVpcID.NotFound",
        "InvalidVpcPeeringConnectionID.NotFound",
    ];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        let routes = self.routes.iter().flatten();
        let mut destinations = BTreeSet::new();
        let errors = routes.filter_map(|route| match (count(route.destinations()), count(route.targets())) {
            (1, 1) if destinations.insert(route.destination()) => None,
            (1, 1) => Some(format!("two routes lead to {}", route.destination())),
            (1, _) => Some(format!("the route to {} needs exactly one target", route.destination())),
            _ => Some("a route needs exactly one destination".to_owned()),
        });
        errors.map(|message| fault("routes", message)).collect()
    }

    async fn create(&self, cloud: &Cloud, intent: &Intent) -> Result<Id> {
        let call = cloud.ec2().create_route_table().vpc_id(self.vpc_id.as_str()).client_token(&intent.token);
        let call = call.tag_specifications(ec2::tag_specification(ResourceType::RouteTable, &self.tags, intent));
        let answer = call.send().await.op("ec2:CreateRouteTable")?;
        ec2::first_id([answer.route_table.and_then(|table| table.route_table_id)])
            .ok_or_else(|| incomplete("ec2:CreateRouteTable", "route table id"))
    }

    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        let ids = read::ids(wanted);
        let found =
            read::chunked(&ids, FILTER_VALUES, |ids| describe(cloud, vec![filter("route-table-id", ids)])).await?;
        let live = |table, wanted: &Wanted<Self>| live(cloud, table, wanted.applied.as_ref());
        Ok(read::joined(wanted, found, |table| table.route_table_id(), live))
    }

    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if ["routes", "subnet_ids", "gateway_ids", "main"].iter().any(|field| update.has(field)) {
            let tables = Tables::read(cloud, &self.vpc_id, &update.id).await?;
            self.update_routes(cloud, &tables).await?;
            self.update_associations(cloud, &tables).await?;
            self.update_main(cloud, &tables).await?;
        }
        self.update_propagation(cloud, update).await?;
        ec2::update_tags(cloud, update, |table| &table.tags, self).await
    }

    /// Only what the spec stated is disassociated: what others hung on the table keeps it from being deleted.
    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        if self.main == Some(true) || self.subnet_ids.is_some() || self.gateway_ids.is_some() {
            let tables = Tables::read(cloud, &self.vpc_id, id).await?;
            let bare = Self {
                routes: None,
                subnet_ids: self.subnet_ids.as_ref().map(|_| BTreeSet::new()),
                gateway_ids: self.gateway_ids.as_ref().map(|_| BTreeSet::new()),
                main: self.main.map(|_| false),
                ..self.clone()
            };
            bare.update_associations(cloud, &tables).await?;
            bare.update_main(cloud, &tables).await?;
        }
        let call = cloud.ec2().delete_route_table().route_table_id(id.as_str());
        call.send().await.op("ec2:DeleteRouteTable").absent()?;
        Ok(())
    }

    async fn recover(&self, cloud: &Cloud, intent: &Intent) -> Result<Vec<Id>> {
        let found = describe(cloud, vec![intent_filter(intent)]).await?;
        Ok(ec2::ids(found.into_iter().map(|table| table.route_table_id)))
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        let names = [("route-table-id", "arn"), ("vpc-id", "vpc_id")];
        let found = describe(cloud, ec2::filters(by, &names)).await?;
        Ok(ec2::ids(found.into_iter().map(|table| table.route_table_id)))
    }
}

impl RouteTable {
    async fn update_routes(&self, cloud: &Cloud, tables: &Tables) -> Result<()> {
        let Some(wanted) = &self.routes else { return Ok(()) };
        let present: Vec<&types::Route> = tables.own_routes().filter(|route| !is_propagated(route)).collect();
        ec2::side_by_side(wanted.iter().map(|route| lead(cloud, &tables.own, &present, route)).collect()).await?;
        let is_surplus = |route: &&types::Route| {
            let destination = Route::from(*route).destination();
            is_stated_or_ours(route, Some(self)) && !wanted.iter().any(|wanted| wanted.destination() == destination)
        };
        let surplus = present.iter().copied().filter(is_surplus);
        ec2::side_by_side(surplus.map(|route| remove(cloud, &tables.own, route)).collect()).await
    }

    async fn update_associations(&self, cloud: &Cloud, tables: &Tables) -> Result<()> {
        if let Some(subnets) = &self.subnet_ids {
            let subnets = subnets.iter().map(Ref::as_str).collect();
            let set: SetTarget = |call, subnet| call.subnet_id(subnet);
            tables.associate(cloud, &subnets, RouteTableAssociation::subnet_id, set).await?;
        }
        if let Some(gateways) = &self.gateway_ids {
            let gateways = gateways.iter().map(String::as_str).collect();
            let set: SetTarget = |call, gateway| call.gateway_id(gateway);
            tables.associate(cloud, &gateways, RouteTableAssociation::gateway_id, set).await?;
        }
        Ok(())
    }

    /// The tag with the former main table is set first, so that it is known however
    /// the rest goes.
    async fn update_main(&self, cloud: &Cloud, tables: &Tables) -> Result<()> {
        let (Some(wanted), Some(main)) = (self.main, tables.main()) else { return Ok(()) };
        let is_main = main.route_table_id() == Some(tables.own.as_str());
        let heir = match (wanted, is_main) {
            (true, false) => {
                let former = main.route_table_id.clone().unwrap_or_default();
                ec2::set_tags(cloud, &tables.own, [(FORMER_MAIN_TAG.to_owned(), former)]).await?;
                tables.own.clone()
            }
            (false, true) => tables.former_main()?,
            _ => return Ok(()),
        };
        replace_association(cloud, main, &heir).await
    }

    async fn update_propagation(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let Some(wanted) = self.propagating_vgw_ids.as_ref().filter(|_| update.has("propagating_vgw_ids")) else {
            return Ok(());
        };
        let live = update.live.propagating_vgw_ids.clone().unwrap_or_default();
        let enabled = wanted.difference(&live).map(|gateway| propagate(cloud, &update.id, gateway));
        ec2::side_by_side(enabled.collect()).await?;
        let disabled = live.difference(wanted).map(|gateway| stop_propagation(cloud, &update.id, gateway));
        ec2::side_by_side(disabled.collect()).await
    }
}

impl Route {
    fn destinations(&self) -> [Option<&str>; 3] {
        [&self.destination_cidr_block, &self.destination_ipv6_cidr_block, &self.destination_prefix_list_id]
            .map(Option::as_deref)
    }

    fn targets(&self) -> [Option<&str>; 11] {
        [
            self.gateway_id.as_deref(),
            self.nat_gateway_id.as_ref().map(Ref::as_str),
            self.egress_only_internet_gateway_id.as_deref(),
            self.network_interface_id.as_deref(),
            self.vpc_peering_connection_id.as_deref(),
            self.transit_gateway_id.as_deref(),
            self.vpc_endpoint_id.as_deref(),
            self.carrier_gateway_id.as_deref(),
            self.local_gateway_id.as_deref(),
            self.core_network_arn.as_deref(),
            self.odb_network_arn.as_deref(),
        ]
    }

    /// The destination as AWS writes it, whichever way a range was written.
    fn destination(&self) -> String {
        let text = self.destinations().into_iter().flatten().next().unwrap_or_default();
        text.parse::<IpNet>().map_or_else(|_| text.to_owned(), |range| range.trunc().to_string())
    }

    fn is_local(&self) -> bool {
        self.gateway_id.as_deref() == Some(LOCAL)
    }
}

impl From<&types::Route> for Route {
    /// DescribeRouteTables tells endpoints as gateways.
    fn from(route: &types::Route) -> Self {
        let is_endpoint = route.gateway_id().is_some_and(|id| id.starts_with("vpce-"));
        Self {
            destination_cidr_block: route.destination_cidr_block.clone(),
            destination_ipv6_cidr_block: route.destination_ipv6_cidr_block.clone(),
            destination_prefix_list_id: route.destination_prefix_list_id.clone(),
            gateway_id: route.gateway_id.clone().filter(|_| !is_endpoint),
            nat_gateway_id: route.nat_gateway_id.clone().map(Ref::from),
            egress_only_internet_gateway_id: route.egress_only_internet_gateway_id.clone(),
            network_interface_id: route.network_interface_id.clone(),
            vpc_peering_connection_id: route.vpc_peering_connection_id.clone(),
            transit_gateway_id: route.transit_gateway_id.clone(),
            vpc_endpoint_id: route.gateway_id.clone().filter(|_| is_endpoint),
            carrier_gateway_id: route.carrier_gateway_id.clone(),
            local_gateway_id: route.local_gateway_id.clone(),
            core_network_arn: route.core_network_arn.clone(),
            odb_network_arn: route.odb_network_arn.clone(),
        }
    }
}

fn count<const N: usize>(choices: [Option<&str>; N]) -> usize {
    choices.into_iter().flatten().count()
}

fn is_propagated(route: &types::Route) -> bool {
    matches!(route.origin, Some(RouteOrigin::EnableVgwRoutePropagation | RouteOrigin::Advertisement))
}

/// Whether a route is one a spec states, rather than one AWS made. A `local` route is
/// only where the spec states it.
fn is_stated_or_ours(route: &types::Route, applied: Option<&RouteTable>) -> bool {
    let live = Route::from(route);
    if live.is_local() {
        let mut stated = applied.into_iter().flat_map(|table| &table.routes).flatten();
        return stated.any(|stated| stated.is_local() && stated.destination() == live.destination());
    }
    let is_of_endpoint = live.destination_prefix_list_id.is_some() && live.vpc_endpoint_id.is_some();
    let is_of_lattice = live.gateway_id.as_deref() == Some("VpcLattice");
    !is_propagated(route) && !is_of_endpoint && !is_of_lattice
}

/// Fills in what CreateRoute and ReplaceRoute have in common: the destination, and
/// the target but for `gateway_id`.
macro_rules! with_route {
    ($call:expr, $table:expr, $route:expr) => {
        $call
            .route_table_id($table.as_str())
            .set_destination_cidr_block($route.destination_cidr_block.clone())
            .set_destination_ipv6_cidr_block($route.destination_ipv6_cidr_block.clone())
            .set_destination_prefix_list_id($route.destination_prefix_list_id.clone())
            .set_nat_gateway_id($route.nat_gateway_id.clone().map(String::from))
            .set_egress_only_internet_gateway_id($route.egress_only_internet_gateway_id.clone())
            .set_network_interface_id($route.network_interface_id.clone())
            .set_vpc_peering_connection_id($route.vpc_peering_connection_id.clone())
            .set_transit_gateway_id($route.transit_gateway_id.clone())
            .set_vpc_endpoint_id($route.vpc_endpoint_id.clone())
            .set_carrier_gateway_id($route.carrier_gateway_id.clone())
            .set_local_gateway_id($route.local_gateway_id.clone())
            .set_core_network_arn($route.core_network_arn.clone())
            .set_odb_network_arn($route.odb_network_arn.clone())
    };
}

/// Makes a route lead where it should, whatever of those that are `present` has its destination.
async fn lead(cloud: &Cloud, table: &Id, present: &[&types::Route], route: &Route) -> Result<()> {
    let mut present = present.iter().map(|present| Route::from(*present));
    match present.find(|present| present.destination() == route.destination()) {
        None => create(cloud, table, route).await,
        Some(there) if there.targets() == route.targets() => Ok(()),
        Some(_) => replace(cloud, table, route).await,
    }
}

async fn create(cloud: &Cloud, table: &Id, route: &Route) -> Result<()> {
    let call = with_route!(cloud.ec2().create_route(), table, route);
    call.set_gateway_id(route.gateway_id.clone()).send().await.op("ec2:CreateRoute")?;
    Ok(())
}

async fn replace(cloud: &Cloud, table: &Id, route: &Route) -> Result<()> {
    let call = with_route!(cloud.ec2().replace_route(), table, route);
    let call = match route.is_local() {
        true => call.local_target(true),
        false => call.set_gateway_id(route.gateway_id.clone()),
    };
    call.send().await.op("ec2:ReplaceRoute")?;
    Ok(())
}

/// Deletes a route; one to a range of the VPC cannot be deleted and leads there again.
async fn remove(cloud: &Cloud, table: &Id, route: &types::Route) -> Result<()> {
    let destination = Route {
        destination_cidr_block: route.destination_cidr_block.clone(),
        destination_ipv6_cidr_block: route.destination_ipv6_cidr_block.clone(),
        destination_prefix_list_id: route.destination_prefix_list_id.clone(),
        ..Route::default()
    };
    if route.origin == Some(RouteOrigin::CreateRouteTable) {
        let local = Route { gateway_id: Some(LOCAL.to_owned()), ..destination };
        return replace(cloud, table, &local).await;
    }
    let call = cloud.ec2().delete_route().route_table_id(table.as_str());
    let call = call.set_destination_cidr_block(destination.destination_cidr_block);
    let call = call.set_destination_ipv6_cidr_block(destination.destination_ipv6_cidr_block);
    let call = call.set_destination_prefix_list_id(destination.destination_prefix_list_id);
    call.send().await.op("ec2:DeleteRoute").absent()?;
    Ok(())
}

async fn propagate(cloud: &Cloud, table: &Id, gateway: &str) -> Result<()> {
    let call = cloud.ec2().enable_vgw_route_propagation().route_table_id(table.as_str());
    call.gateway_id(gateway).send().await.op("ec2:EnableVgwRoutePropagation")?;
    Ok(())
}

async fn stop_propagation(cloud: &Cloud, table: &Id, gateway: &str) -> Result<()> {
    let call = cloud.ec2().disable_vgw_route_propagation().route_table_id(table.as_str());
    call.gateway_id(gateway).send().await.op("ec2:DisableVgwRoutePropagation").absent()?;
    Ok(())
}

fn live(cloud: &Cloud, table: types::RouteTable, applied: Option<&RouteTable>) -> Live<RouteTable> {
    let associations = table.associations.as_deref().unwrap_or_default();
    let is_changing =
        |one: &RouteTableAssociation| matches!(state(one), Some(State::Associating | State::Disassociating));
    let phase = if associations.iter().any(is_changing) { Phase::PENDING } else { Phase::Ready };
    let settled = || associations.iter().filter(|association| is_settled(association));
    let routes = table.routes.iter().flatten().filter(|route| is_stated_or_ours(route, applied));
    let vgws = table.propagating_vgws.iter().flatten();
    let id = table.route_table_id.as_deref().unwrap_or_default();
    let owner_id = table.owner_id.clone().unwrap_or_default();
    Live {
        spec: RouteTable {
            vpc_id: Ref::from(table.vpc_id.clone().unwrap_or_default()),
            routes: Some(routes.map(Route::from).collect()),
            subnet_ids: Some(settled().filter_map(|one| one.subnet_id.clone()).map(Ref::from).collect()),
            gateway_ids: Some(settled().filter_map(|one| one.gateway_id.clone()).collect()),
            propagating_vgw_ids: Some(vgws.filter_map(|vgw| vgw.gateway_id.clone()).collect()),
            main: Some(settled().any(|association| association.main == Some(true))),
            tags: ec2::live_tags(table.tags.clone()),
        },
        outputs: Outputs { arn: cloud.arn("ec2", &owner_id, &format!("route-table/{id}")), owner_id },
        phase,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reported(origin: RouteOrigin, gateway: &str, applied: Option<&RouteTable>) -> bool {
        let route = types::Route::builder().destination_cidr_block("10.0.0.0/16").gateway_id(gateway).origin(origin);
        is_stated_or_ours(&route.build(), applied)
    }

    #[test]
    fn routes_of_aws_are_no_part_of_the_table() {
        assert!(reported(RouteOrigin::CreateRoute, "igw-1", None));
        assert!(reported(RouteOrigin::CreateRouteTable, "vpce-1", None), "a local route that was led elsewhere");
        assert!(!reported(RouteOrigin::EnableVgwRoutePropagation, "vgw-1", None));
        assert!(!reported(RouteOrigin::CreateRouteTable, LOCAL, None));
        let endpoint = types::Route::builder().destination_prefix_list_id("pl-1").gateway_id("vpce-1");
        assert!(!is_stated_or_ours(&endpoint.origin(RouteOrigin::CreateRoute).build(), None));
    }

    #[test]
    fn a_local_route_is_reported_where_it_is_stated() -> std::result::Result<(), serde_json::Error> {
        let routes = serde_json::json!([{ "destination_cidr_block": "10.0.0.0/16", "gateway_id": LOCAL }]);
        let table = serde_json::from_value(serde_json::json!({ "vpc_id": "vpc-1", "routes": routes }))?;
        assert!(reported(RouteOrigin::CreateRouteTable, LOCAL, Some(&table)));
        Ok(())
    }
}
