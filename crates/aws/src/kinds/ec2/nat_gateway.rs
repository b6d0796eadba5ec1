//! `ec2/nat_gateway`: lets instances of private subnets reach out without being reached.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{
    self, AutoProvisionZonesState, AvailabilityMode, AvailabilityZoneAddress, ConnectivityType, NatGatewayAddress,
    NatGatewayAddressStatus as Status, NatGatewayState as State, ResourceType,
};
use provision_core::driver::{Id, Intent, Phase, Recovery};
use provision_core::rate::Rates;
use provision_core::schema::{FieldError, Timing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::eip::Eip;
use super::subnet::Subnet;
use super::vpc::Vpc;
use crate::cloud::Cloud;
use crate::error::{Absent, Op, incomplete};
use crate::kind::{Kind, Live, Result, Update, Wanted, fault};
use crate::query::Query;
use crate::read;
use crate::service::ec2::{self, FILTER_VALUES, filter, intent_filter};
use crate::service::rates;
use crate::types::{Ref, Tags};

/// Lets instances of private subnets reach out without being reached.
///
/// A *zonal* gateway stands in one subnet, a *regional* one serves a whole VPC.
///
/// See [CreateNatGateway](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNatGateway.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NatGateway {
    /// `zonal`, AWS's default, or `regional`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true, "enum" = ["zonal", "regional"]))]
    pub availability_mode: Option<String>,

    /// Whether it translates to `public` addresses, AWS's default, or to `private` ones
    /// of its subnet.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true, "enum" = ["public", "private"]))]
    pub connectivity_type: Option<String>,

    /// Subnet a zonal gateway stands in; for a public one, a subnet with a route to an
    /// internet gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub subnet_id: Option<Ref<Subnet>>,

    /// VPC a regional gateway serves.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub vpc_id: Option<Ref<Vpc>>,

    /// Elastic IP of a zonal public gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub allocation_id: Option<Ref<Eip>>,

    /// Private address of a zonal gateway. AWS picks one of the subnet by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub private_ip_address: Option<String>,

    /// Further Elastic IPs of a zonal public gateway, each worth another 55,000
    /// connections to one destination. Managed as a whole when stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secondary_allocation_ids: Option<BTreeSet<Ref<Eip>>>,

    /// Further private addresses of a zonal gateway; of a public one, as many as
    /// `secondary_allocation_ids`. Managed as a whole when stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secondary_private_ip_addresses: Option<BTreeSet<String>>,

    /// How many further addresses a private gateway has, of AWS's choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 31))]
    pub secondary_private_ip_address_count: Option<i32>,

    /// Elastic IPs of a regional gateway by zone. Left out, AWS follows the workload
    /// into new zones and provides the addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub availability_zone_addresses: Option<BTreeSet<ZoneAddresses>>,

    /// How long connections may drain from an address that is taken away, in seconds;
    /// AWS waits 350 by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-write-only" = true), range(min = 1, max = 4000))]
    pub max_drain_duration_seconds: Option<i32>,

    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

/// The Elastic IPs of a regional gateway in one zone, which is named by one of its two names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ZoneAddresses {
    /// Availability zone by name, such as `us-east-1a`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub availability_zone: Option<String>,
    /// Availability zone by id, such as `use1-az1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub availability_zone_id: Option<String>,
    /// The Elastic IPs.
    pub allocation_ids: BTreeSet<Ref<Eip>>,
}

/// What other resources may name.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The gateway's ARN.
    pub arn: String,
    /// The public address of a zonal public gateway.
    pub public_ip: Option<String>,
    /// The private address of a zonal gateway.
    pub private_ip: Option<String>,
    /// The association of the primary Elastic IP.
    pub association_id: Option<String>,
    /// The network interface of a zonal gateway.
    pub network_interface_id: Option<String>,
    /// The route table that leads to a regional gateway.
    pub route_table_id: Option<String>,
    /// Whether AWS takes a regional gateway into new zones: `enabled` or `disabled`.
    pub auto_provision_zones: Option<String>,
    /// Whether AWS adds addresses to a regional gateway: `enabled` or `disabled`.
    pub auto_scaling_ips: Option<String>,
    /// All its addresses.
    #[schemars(extend("x-volatile" = true))]
    pub nat_gateway_addresses: Vec<Address>,
}

/// One address of a gateway.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Address {
    /// The Elastic IP.
    pub allocation_id: Option<String>,
    /// The Elastic IP's association.
    pub association_id: Option<String>,
    /// The network interface.
    pub network_interface_id: Option<String>,
    /// The private address.
    pub private_ip: Option<String>,
    /// The public address.
    pub public_ip: Option<String>,
    /// The zone, of a regional gateway.
    pub availability_zone: Option<String>,
}

impl Kind for NatGateway {
    const NAME: &'static str = "ec2/nat_gateway";
    const RECOVERY: Recovery = Recovery::Tag;
    const BATCH: Option<u32> = Some(200);
    const RATES: Rates = rates::ec2::NAT_GATEWAY;
    /// Not the id: a route to a gateway that is still pending is refused.
    const EARLY: &'static [&'static str] = &["arn"];
    /// Some 90 s to create, as runs on AWS took; the others are estimates until a stack's own runs
    /// refine them.
    const TIMING: Timing = Timing { create: 90, update: 30, delete: 50, limit: 1200 };
    const EVENTUAL: &'static [&'static str] = &[
        "InvalidAllocationID.NotFound",
        "InvalidElasticIpID.NotFound",
        "InvalidSubnetID.NotFound",
        "InvalidVpcID.NotFound",
        "NatGatewayNotFound",
    ];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        let place = if self.is_regional() { self.check_regional() } else { self.check_zonal() };
        place.into_iter().chain(self.check_secondaries()).collect()
    }

    async fn create(&self, cloud: &Cloud, intent: &Intent) -> Result<Id> {
        let answer = cloud
            .ec2()
            .create_nat_gateway()
            .client_token(&intent.token)
            .set_availability_mode(self.availability_mode.as_deref().map(AvailabilityMode::from))
            .set_connectivity_type(self.connectivity_type.as_deref().map(ConnectivityType::from))
            .set_subnet_id(self.subnet_id.clone().map(String::from))
            .set_vpc_id(self.vpc_id.clone().map(String::from))
            .set_allocation_id(self.allocation_id.clone().map(String::from))
            .set_private_ip_address(self.private_ip_address.clone())
            .set_secondary_allocation_ids(self.secondary_allocation_ids.as_ref().map(strings))
            .set_secondary_private_ip_addresses(
                self.secondary_private_ip_addresses.as_ref().map(|addresses| addresses.iter().cloned().collect()),
            )
            .set_secondary_private_ip_address_count(self.secondary_private_ip_address_count.filter(|count| *count > 0))
            .set_availability_zone_addresses(self.zones().map(|zones| zones.map(ZoneAddresses::request).collect()))
            .tag_specifications(ec2::tag_specification(ResourceType::Natgateway, &self.tags, intent))
            .send()
            .await
            .op("ec2:CreateNatGateway")?;
        ec2::first_id([answer.nat_gateway.and_then(|gateway| gateway.nat_gateway_id)])
            .ok_or_else(|| incomplete("ec2:CreateNatGateway", "NAT gateway id"))
    }

    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        let account = ec2::account(cloud, wanted, |outputs| &outputs.arn).await?;
        let ids = read::ids(wanted);
        let ask = |ids| describe(cloud, vec![filter("nat-gateway-id", ids)]);
        let mut found = read::chunked(&ids, FILTER_VALUES, ask).await?;
        found.retain(|gateway| gateway.state != Some(State::Deleted));
        let live = |gateway, wanted: &Wanted<Self>| live(cloud, &account, gateway, wanted);
        Ok(read::joined(wanted, found, |gateway| gateway.nat_gateway_id(), live))
    }

    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let fields = [
            "secondary_allocation_ids",
            "secondary_private_ip_addresses",
            "secondary_private_ip_address_count",
            "availability_zone_addresses",
        ];
        if fields.iter().any(|field| update.has(field)) {
            for gateway in describe(cloud, vec![filter("nat-gateway-id", [update.id.as_str()])]).await? {
                self.update_addresses(cloud, &update.id, &gateway).await?;
            }
        }
        ec2::update_tags(cloud, update, |gateway| &gateway.tags, self).await
    }

    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        let call = cloud.ec2().delete_nat_gateway().nat_gateway_id(id.as_str());
        call.send().await.op("ec2:DeleteNatGateway").absent()?;
        Ok(())
    }

    async fn recover(&self, cloud: &Cloud, intent: &Intent) -> Result<Vec<Id>> {
        let mut found = describe(cloud, vec![intent_filter(intent)]).await?;
        found.retain(|gateway| ec2::is_made_by(intent, &gateway.tags) && !is_going(gateway));
        Ok(ec2::ids(found.into_iter().map(|gateway| gateway.nat_gateway_id)))
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        let filters = ec2::filters(by, &[("nat-gateway-id", "arn"), ("vpc-id", "vpc_id"), ("subnet-id", "subnet_id")]);
        let mut found = describe(cloud, filters).await?;
        found.retain(|gateway| !is_going(gateway));
        Ok(ec2::ids(found.into_iter().map(|gateway| gateway.nat_gateway_id)))
    }
}

impl NatGateway {
    fn is_regional(&self) -> bool {
        self.availability_mode.as_deref() == Some("regional")
    }

    fn is_private(&self) -> bool {
        self.connectivity_type.as_deref() == Some("private")
    }

    fn check_regional(&self) -> Option<FieldError> {
        if self.vpc_id.is_none() {
            return Some(fault("vpc_id", "a regional NAT gateway needs `vpc_id`"));
        }
        let zonal = [
            ("subnet_id", self.subnet_id.is_some()),
            ("allocation_id", self.allocation_id.is_some()),
            ("private_ip_address", self.private_ip_address.is_some()),
            ("secondary_allocation_ids", self.secondary_allocation_ids.is_some()),
            ("secondary_private_ip_addresses", self.secondary_private_ip_addresses.is_some()),
        ];
        let (field, _) = zonal.into_iter().find(|(_, is_stated)| *is_stated)?;
        Some(fault(field, format!("a regional NAT gateway has no `{field}`")))
    }

    fn check_zonal(&self) -> Option<FieldError> {
        if self.subnet_id.is_none() {
            return Some(fault("subnet_id", "a NAT gateway needs `subnet_id` unless it is regional"));
        }
        if self.vpc_id.is_some() || self.availability_zone_addresses.is_some() {
            let message = "`vpc_id` and `availability_zone_addresses` need `availability_mode: regional`";
            return Some(fault("availability_mode", message));
        }
        match (self.is_private(), &self.allocation_id, &self.secondary_allocation_ids) {
            (false, None, _) => Some(fault("allocation_id", "a public NAT gateway needs `allocation_id`")),
            (true, Some(_), _) | (true, _, Some(_)) => {
                Some(fault("allocation_id", "a private NAT gateway has no Elastic IP"))
            }
            _ => None,
        }
    }

    fn check_secondaries(&self) -> Option<FieldError> {
        let (count, addresses) = (self.secondary_private_ip_address_count, &self.secondary_private_ip_addresses);
        if count.is_some() && (!self.is_private() || addresses.is_some()) {
            let message = "a count is for private NAT gateways, in place of `secondary_private_ip_addresses`";
            return Some(fault("secondary_private_ip_address_count", message));
        }
        let elastic = self.secondary_allocation_ids.as_ref().map_or(0, BTreeSet::len);
        let is_unpaired = addresses.as_ref().is_some_and(|addresses| addresses.len() != elastic);
        (is_unpaired && !self.is_private()).then(|| {
            let message =
                "a public NAT gateway has one of `secondary_private_ip_addresses` for each secondary Elastic IP";
            fault("secondary_private_ip_addresses", message)
        })
    }

    fn zones(&self) -> Option<impl Iterator<Item = &ZoneAddresses>> {
        self.availability_zone_addresses.as_ref().map(BTreeSet::iter)
    }

    async fn update_addresses(&self, cloud: &Cloud, id: &Id, gateway: &types::NatGateway) -> Result<()> {
        let addresses = gateway.nat_gateway_addresses();
        if self.is_regional() {
            self.update_regional(cloud, id, addresses).await
        } else if self.is_private() {
            self.update_private(cloud, id, addresses).await
        } else {
            self.update_public(cloud, id, addresses).await
        }
    }

    /// An Elastic IP whose private address is not the stated one is taken away here,
    /// and joined again by the update that follows once it is free.
    async fn update_public(&self, cloud: &Cloud, id: &Id, addresses: &[NatGatewayAddress]) -> Result<()> {
        let elastic = self.secondary_allocation_ids.as_ref().map(strings);
        let private = self.secondary_private_ip_addresses.as_ref();
        let is_wanted = |address: &NatGatewayAddress| {
            elastic.as_ref().is_none_or(|ids| contains(ids, address.allocation_id()))
                && private.is_none_or(|private| contains(private, address.private_ip()))
        };
        let surplus = addresses.iter().filter(|address| is_secondary(address) && !is_wanted(address));
        self.disassociate(cloud, id, surplus).await?;

        let elastic = elastic.unwrap_or_default().into_iter();
        let missing: Vec<String> =
            elastic.filter(|id| !addresses.iter().any(|one| one.allocation_id() == Some(id))).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let private = private.into_iter().flatten();
        let private = private.filter(|ip| !addresses.iter().any(|one| one.private_ip() == Some(ip.as_str())));
        let private: Vec<String> = private.cloned().collect();
        let call = cloud.ec2().associate_nat_gateway_address().nat_gateway_id(id.as_str());
        let call = call.set_private_ip_addresses(Some(private).filter(|private| !private.is_empty()));
        call.set_allocation_ids(Some(missing)).send().await.op("ec2:AssociateNatGatewayAddress")?;
        Ok(())
    }

    async fn update_private(&self, cloud: &Cloud, id: &Id, addresses: &[NatGatewayAddress]) -> Result<()> {
        let live: BTreeSet<String> = addresses.iter().filter(|one| is_secondary(one)).filter_map(private_ip).collect();
        if let Some(wanted) = &self.secondary_private_ip_addresses {
            self.unassign(cloud, id, live.difference(wanted).cloned().collect()).await?;
            let missing = wanted.difference(&live).cloned().collect();
            return assign(cloud, id, missing, None).await;
        }
        let Some(count) = self.secondary_private_ip_address_count else { return Ok(()) };
        let wanted = usize::try_from(count).unwrap_or_default();
        self.unassign(cloud, id, live.iter().skip(wanted).cloned().collect()).await?;
        let missing = wanted.saturating_sub(live.len());
        assign(cloud, id, Vec::new(), i32::try_from(missing).ok().filter(|missing| *missing > 0)).await
    }

    async fn update_regional(&self, cloud: &Cloud, id: &Id, addresses: &[NatGatewayAddress]) -> Result<()> {
        let Some(zones) = &self.availability_zone_addresses else { return Ok(()) };
        let is_wanted = |address: &NatGatewayAddress| zones.iter().any(|zone| zone.holds(address));
        let surplus = addresses.iter().filter(|address| is_settled(address) && !is_wanted(address));
        self.disassociate(cloud, id, surplus).await?;
        for zone in zones {
            let missing = strings(&zone.allocation_ids).into_iter();
            let missing: Vec<String> =
                missing.filter(|id| !addresses.iter().any(|one| one.allocation_id() == Some(id))).collect();
            if !missing.is_empty() {
                let call = cloud.ec2().associate_nat_gateway_address().nat_gateway_id(id.as_str());
                let call = call.set_availability_zone(zone.availability_zone.clone());
                let call = call.set_availability_zone_id(zone.availability_zone_id.clone());
                call.set_allocation_ids(Some(missing)).send().await.op("ec2:AssociateNatGatewayAddress")?;
            }
        }
        Ok(())
    }

    async fn disassociate<'a>(
        &self,
        cloud: &Cloud,
        id: &Id,
        surplus: impl Iterator<Item = &'a NatGatewayAddress>,
    ) -> Result<()> {
        let surplus: Vec<String> = surplus.filter_map(|address| address.association_id.clone()).collect();
        if !surplus.is_empty() {
            let call = cloud.ec2().disassociate_nat_gateway_address().nat_gateway_id(id.as_str());
            let call = call.set_max_drain_duration_seconds(self.max_drain_duration_seconds);
            let call = call.set_association_ids(Some(surplus));
            call.send().await.op("ec2:DisassociateNatGatewayAddress").absent()?;
        }
        Ok(())
    }

    async fn unassign(&self, cloud: &Cloud, id: &Id, surplus: Vec<String>) -> Result<()> {
        if !surplus.is_empty() {
            let call = cloud.ec2().unassign_private_nat_gateway_address().nat_gateway_id(id.as_str());
            let call = call.set_max_drain_duration_seconds(self.max_drain_duration_seconds);
            let call = call.set_private_ip_addresses(Some(surplus));
            call.send().await.op("ec2:UnassignPrivateNatGatewayAddress").absent()?;
        }
        Ok(())
    }
}

async fn assign(cloud: &Cloud, id: &Id, addresses: Vec<String>, count: Option<i32>) -> Result<()> {
    if !addresses.is_empty() || count.is_some() {
        let call = cloud.ec2().assign_private_nat_gateway_address().nat_gateway_id(id.as_str());
        let call = call.set_private_ip_addresses(Some(addresses).filter(|addresses| !addresses.is_empty()));
        call.set_private_ip_address_count(count).send().await.op("ec2:AssignPrivateNatGatewayAddress")?;
    }
    Ok(())
}

impl ZoneAddresses {
    fn request(&self) -> AvailabilityZoneAddress {
        AvailabilityZoneAddress::builder()
            .set_availability_zone(self.availability_zone.clone())
            .set_availability_zone_id(self.availability_zone_id.clone())
            .set_allocation_ids(Some(strings(&self.allocation_ids)))
            .build()
    }

    fn holds(&self, address: &NatGatewayAddress) -> bool {
        let is_here = match &self.availability_zone_id {
            Some(zone) => address.availability_zone_id() == Some(zone),
            None => address.availability_zone() == self.availability_zone.as_deref(),
        };
        is_here && contains(&strings(&self.allocation_ids), address.allocation_id())
    }
}

fn strings(ids: &BTreeSet<Ref<Eip>>) -> Vec<String> {
    ids.iter().map(|id| id.as_str().to_owned()).collect()
}

fn contains<'a>(texts: impl IntoIterator<Item = &'a String>, text: Option<&str>) -> bool {
    texts.into_iter().any(|one| Some(one.as_str()) == text)
}

async fn describe(cloud: &Cloud, filters: Vec<types::Filter>) -> Result<Vec<types::NatGateway>> {
    let pages = cloud.ec2().describe_nat_gateways().set_filter(Some(filters)).into_paginator().items().send();
    pages.try_collect().await.op("ec2:DescribeNatGateways")
}

fn is_going(gateway: &types::NatGateway) -> bool {
    matches!(gateway.state, Some(State::Deleting | State::Deleted))
}

/// Whether the address is the gateway's for now: not on its way out, nor given up by AWS.
fn is_settled(address: &NatGatewayAddress) -> bool {
    !matches!(address.status, Some(Status::Disassociating | Status::Unassigning | Status::Failed))
}

fn is_secondary(address: &NatGatewayAddress) -> bool {
    address.is_primary == Some(false) && is_settled(address)
}

fn private_ip(address: &NatGatewayAddress) -> Option<String> {
    address.private_ip.clone()
}

fn phase(gateway: &types::NatGateway) -> Phase {
    let is_changing = |address: &NatGatewayAddress| {
        matches!(
            address.status,
            Some(Status::Assigning | Status::Unassigning | Status::Associating | Status::Disassociating)
        )
    };
    match gateway.state {
        Some(State::Pending | State::Deleting) => Phase::PENDING,
        Some(State::Failed) => {
            let (code, message) = (gateway.failure_code(), gateway.failure_message());
            Phase::Failed(format!("{}: {}", code.unwrap_or("failed"), message.unwrap_or("AWS gives no reason")))
        }
        _ if gateway.nat_gateway_addresses().iter().any(is_changing) => Phase::PENDING,
        _ => Phase::Ready,
    }
}

fn live(cloud: &Cloud, account: &str, gateway: types::NatGateway, wanted: &Wanted<NatGateway>) -> Live<NatGateway> {
    let phase = phase(&gateway);
    let is_regional = gateway.availability_mode == Some(AvailabilityMode::Regional);
    let is_private = gateway.connectivity_type == Some(ConnectivityType::Private);
    let is_counted =
        wanted.applied.as_ref().is_some_and(|gateway| gateway.secondary_private_ip_address_count.is_some());
    let addresses = gateway.nat_gateway_addresses();
    let primary = addresses.iter().find(|address| !is_regional && address.is_primary != Some(false));
    let secondaries: Vec<&NatGatewayAddress> = addresses.iter().filter(|address| is_secondary(address)).collect();
    let elastic = || secondaries.iter().filter_map(|address| address.allocation_id.clone()).map(Ref::from).collect();
    let spec = NatGateway {
        availability_mode: gateway.availability_mode.as_ref().map(|mode| mode.as_str().to_owned()),
        connectivity_type: gateway.connectivity_type.as_ref().map(|kind| kind.as_str().to_owned()),
        subnet_id: gateway.subnet_id.clone().map(Ref::from),
        vpc_id: gateway.vpc_id.clone().filter(|_| is_regional).map(Ref::from),
        allocation_id: primary.and_then(|primary| primary.allocation_id.clone()).map(Ref::from),
        private_ip_address: primary.and_then(private_ip),
        secondary_allocation_ids: (!is_regional && !is_private).then(elastic),
        secondary_private_ip_addresses: (!is_regional)
            .then(|| secondaries.iter().filter_map(|address| private_ip(address)).collect()),
        secondary_private_ip_address_count: i32::try_from(secondaries.len()).ok().filter(|_| is_counted),
        availability_zone_addresses: is_regional.then(|| zones(&gateway, wanted)).flatten(),
        max_drain_duration_seconds: None,
        tags: ec2::live_tags(gateway.tags.clone()),
    };
    Live { spec, outputs: outputs(cloud, account, &gateway, primary), phase }
}

/// The Elastic IPs of a regional gateway by zone, each zone named as the spec names
/// zones; `None` where AWS chooses zones and addresses.
fn zones(gateway: &types::NatGateway, wanted: &Wanted<NatGateway>) -> Option<BTreeSet<ZoneAddresses>> {
    if gateway.auto_provision_zones == Some(AutoProvisionZonesState::Enabled) {
        return None;
    }
    let stated = wanted.applied.as_ref().and_then(NatGateway::zones);
    let is_by_id = stated.is_some_and(|mut zones| zones.any(|zone| zone.availability_zone_id.is_some()));
    let mut zones: BTreeMap<Option<String>, BTreeSet<Ref<Eip>>> = BTreeMap::new();
    for address in gateway.nat_gateway_addresses().iter().filter(|address| is_settled(address)) {
        let zone = if is_by_id { &address.availability_zone_id } else { &address.availability_zone };
        zones.entry(zone.clone()).or_default().extend(address.allocation_id.clone().map(Ref::from));
    }
    let zone = |(zone, allocation_ids): (Option<String>, _)| ZoneAddresses {
        availability_zone: zone.clone().filter(|_| !is_by_id),
        availability_zone_id: zone.filter(|_| is_by_id),
        allocation_ids,
    };
    Some(zones.into_iter().map(zone).collect())
}

fn outputs(cloud: &Cloud, account: &str, gateway: &types::NatGateway, primary: Option<&NatGatewayAddress>) -> Outputs {
    Outputs {
        arn: cloud.arn("ec2", account, &format!("natgateway/{}", gateway.nat_gateway_id().unwrap_or_default())),
        public_ip: primary.and_then(|primary| primary.public_ip.clone()),
        private_ip: primary.and_then(private_ip),
        association_id: primary.and_then(|primary| primary.association_id.clone()),
        network_interface_id: primary.and_then(|primary| primary.network_interface_id.clone()),
        route_table_id: gateway.route_table_id.clone(),
        auto_provision_zones: gateway.auto_provision_zones.as_ref().map(|state| state.as_str().to_owned()),
        auto_scaling_ips: gateway.auto_scaling_ips.as_ref().map(|state| state.as_str().to_owned()),
        nat_gateway_addresses: gateway.nat_gateway_addresses().iter().cloned().map(Address::from).collect(),
    }
}

impl From<NatGatewayAddress> for Address {
    fn from(address: NatGatewayAddress) -> Self {
        Self {
            allocation_id: address.allocation_id,
            association_id: address.association_id,
            network_interface_id: address.network_interface_id,
            private_ip: address.private_ip,
            public_ip: address.public_ip,
            availability_zone: address.availability_zone,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    fn faults(spec: Json) -> std::result::Result<Vec<String>, serde_json::Error> {
        let gateway: NatGateway = serde_json::from_value(spec)?;
        Ok(gateway.check().into_iter().flat_map(|error| error.path).collect())
    }

    #[test]
    fn what_a_gateway_needs_depends_on_its_sort() -> std::result::Result<(), serde_json::Error> {
        for (spec, expected) in [
            (json!({ "subnet_id": "s", "allocation_id": "a" }), ""),
            (json!({ "subnet_id": "s", "connectivity_type": "private", "secondary_private_ip_address_count": 2 }), ""),
            (json!({ "vpc_id": "v", "availability_mode": "regional" }), ""),
            (json!({ "subnet_id": "s" }), "allocation_id"),
            (json!({ "allocation_id": "a" }), "subnet_id"),
            (json!({ "vpc_id": "v", "subnet_id": "s", "availability_mode": "regional" }), "subnet_id"),
            (json!({ "subnet_id": "s", "vpc_id": "v", "allocation_id": "a" }), "availability_mode"),
            (
                json!({ "subnet_id": "s", "allocation_id": "a", "secondary_private_ip_addresses": ["10.0.0.5"] }),
                "secondary_private_ip_addresses",
            ),
        ] {
            assert_eq!(faults(spec.clone())?.concat(), expected, "{spec}");
        }
        Ok(())
    }
}
