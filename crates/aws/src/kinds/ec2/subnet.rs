//! `ec2/subnet`: a range of a VPC's addresses in one availability zone.

use aws_sdk_ec2::operation::modify_subnet_attribute::builders::ModifySubnetAttributeFluentBuilder as Modify;
use aws_sdk_ec2::types::{
    self, HostnameType, ResourceType, SubnetCidrBlockStateCode as BlockState, SubnetIpv6CidrBlockAssociation,
    SubnetState,
};
use provision_core::driver::{Id, Intent, Phase, Recovery};
use provision_core::rate::Rates;
use provision_core::schema::{FieldError, Timing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::vpc::Vpc;
use crate::cloud::Cloud;
use crate::error::{Absent, Op, incomplete};
use crate::kind::{Kind, Live, Result, Update, Wanted, fault};
use crate::query::Query;
use crate::read;
use crate::service::ec2::{self, FILTER_VALUES, boolean, filter, intent_filter, interfaces};
use crate::service::rates;
use crate::types::{Ref, Tags};

/// A range of a VPC's addresses in one availability zone.
///
/// See [CreateSubnet](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSubnet.html)
/// and [ModifySubnetAttribute](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifySubnetAttribute.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Subnet {
    /// VPC it is a part of.
    #[schemars(extend("x-replace" = true))]
    pub vpc_id: Ref<Vpc>,

    /// IPv4 range, such as `10.0.1.0/24`, from /16 to /28 and inside the VPC's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true, "format" = "cidr4"))]
    pub cidr_block: Option<String>,

    /// Availability zone by name, such as `us-east-1a`. AWS picks one by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub availability_zone: Option<String>,

    /// Availability zone by id, such as `use1-az1`, which means the same zone in every account.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub availability_zone_id: Option<String>,

    /// IPAM pool the IPv4 range is taken from, in place of `cidr_block`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true, "x-write-only" = true))]
    pub ipv4_ipam_pool_id: Option<String>,

    /// Prefix length of the range taken from `ipv4_ipam_pool_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true, "x-write-only" = true), range(min = 16, max = 28))]
    pub ipv4_netmask_length: Option<i32>,

    /// IPv6 range, inside the VPC's, from /44 to /64 in steps of four.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "cidr6"))]
    pub ipv6_cidr_block: Option<String>,

    /// IPAM pool the IPv6 range is taken from, in place of `ipv6_cidr_block`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true, "x-write-only" = true))]
    pub ipv6_ipam_pool_id: Option<String>,

    /// Prefix length of the range taken from `ipv6_ipam_pool_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true, "x-write-only" = true), range(min = 44, max = 64))]
    pub ipv6_netmask_length: Option<i32>,

    /// Whether it has IPv6 addresses only; AWS's default is false.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub ipv6_native: Option<bool>,

    /// ARN of the Outpost it is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub outpost_arn: Option<String>,

    /// Whether instances get a public IPv4 address when they start.
    #[serde(default)]
    pub map_public_ip_on_launch: bool,

    /// Whether network interfaces get an IPv6 address when they are made. AWS turns
    /// it on where there is no IPv4.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assign_ipv6_address_on_creation: Option<bool>,

    /// Whether the Amazon DNS server answers with IPv6 addresses for names that have
    /// IPv4 ones only; AWS's default is false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_dns64: Option<bool>,

    /// What the host names of instances are made from: their IPv4 address
    /// (`ip-name`, AWS's default with IPv4) or their id (`resource-name`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["ip-name", "resource-name"]))]
    pub private_dns_hostname_type_on_launch: Option<String>,

    /// Whether names made from instance ids have A records; AWS's default is false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_resource_name_dns_a_record_on_launch: Option<bool>,

    /// Whether names made from instance ids have AAAA records; AWS's default is false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_resource_name_dns_aaaa_record_on_launch: Option<bool>,

    /// On an Outpost: whether network interfaces get a customer-owned address when
    /// they are made. Needs `customer_owned_ipv4_pool`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub map_customer_owned_ip_on_launch: Option<bool>,

    /// On an Outpost: the pool of customer-owned addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_owned_ipv4_pool: Option<String>,

    /// On an Outpost: position of instances' local network interface, 1 being the
    /// second one. Once set it stays when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub enable_lni_at_device_index: Option<i32>,

    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

/// What other resources may name.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The subnet's ARN.
    pub arn: String,
    /// The account that owns it.
    pub owner_id: String,
    /// The id of its availability zone, such as `use1-az1`.
    pub availability_zone_id: String,
    /// The association of the IPv6 range.
    #[schemars(extend("x-volatile" = true))]
    pub ipv6_cidr_block_association_id: Option<String>,
}

impl Kind for Subnet {
    const NAME: &'static str = "ec2/subnet";
    const RECOVERY: Recovery = Recovery::Tag;
    const BATCH: Option<u32> = Some(200);
    const RATES: Rates = rates::ec2::RATES;
    /// Not the id: what starts before `map_public_ip_on_launch` is set gets no public address.
    const EARLY: &'static [&'static str] = &["arn", "owner_id", "vpc_id", "cidr_block", "availability_zone"];
    const TIMING: Timing = Timing { create: 1, ..Timing::INSTANT };
    const EVENTUAL: &'static [&'static str] = &["InvalidSubnetID.NotFound", "InvalidVpcID.NotFound"];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        let both = |field: &str, other: &str| fault(field, format!("state `{field}` or `{other}`, not both"));
        let mut errors = Vec::new();
        if self.availability_zone.is_some() && self.availability_zone_id.is_some() {
            errors.push(both("availability_zone_id", "availability_zone"));
        }
        if self.ipv6_cidr_block.is_some() && self.ipv6_ipam_pool_id.is_some() {
            errors.push(both("ipv6_ipam_pool_id", "ipv6_cidr_block"));
        }
        if self.map_customer_owned_ip_on_launch == Some(true) && self.customer_owned_ipv4_pool.is_none() {
            let message = "`map_customer_owned_ip_on_launch` needs `customer_owned_ipv4_pool`";
            errors.push(fault("customer_owned_ipv4_pool", message));
        }
        errors.extend(self.check_ipv4());
        errors
    }

    async fn create(&self, cloud: &Cloud, intent: &Intent) -> Result<Id> {
        let answer = cloud
            .ec2()
            .create_subnet()
            .vpc_id(self.vpc_id.as_str())
            .set_cidr_block(self.cidr_block.clone())
            .set_availability_zone(self.availability_zone.clone())
            .set_availability_zone_id(self.availability_zone_id.clone())
            .set_ipv4_ipam_pool_id(self.ipv4_ipam_pool_id.clone())
            .set_ipv4_netmask_length(self.ipv4_netmask_length)
            .set_ipv6_cidr_block(self.ipv6_cidr_block.clone())
            .set_ipv6_ipam_pool_id(self.ipv6_ipam_pool_id.clone())
            .set_ipv6_netmask_length(self.ipv6_netmask_length)
            .set_ipv6_native(self.ipv6_native)
            .set_outpost_arn(self.outpost_arn.clone())
            .tag_specifications(ec2::tag_specification(ResourceType::Subnet, &self.tags, intent))
            .send()
            .await
            .op("ec2:CreateSubnet")?;
        ec2::first_id([answer.subnet.and_then(|subnet| subnet.subnet_id)])
            .ok_or_else(|| incomplete("ec2:CreateSubnet", "subnet id"))
    }

    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        let ids = read::ids(wanted);
        let found = read::chunked(&ids, FILTER_VALUES, |ids| describe(cloud, vec![filter("subnet-id", ids)])).await?;
        Ok(read::joined(wanted, found, |subnet| subnet.subnet_id(), live))
    }

    /// Automatic IPv6 addresses are turned off before the IPv6 range goes and on only
    /// once there is one.
    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if self.assign_ipv6_address_on_creation == Some(false) {
            self.update_ipv6_assignment(cloud, update).await?;
        }
        if update.has("ipv6_cidr_block") {
            self.update_ipv6_cidr_block(cloud, &update.id).await?;
        }
        if self.assign_ipv6_address_on_creation == Some(true) {
            self.update_ipv6_assignment(cloud, update).await?;
        }
        self.update_addresses(cloud, update).await?;
        self.update_names(cloud, update).await?;
        ec2::update_tags(cloud, update, |subnet| &subnet.tags, self).await
    }

    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        let deleted = cloud.ec2().delete_subnet().subnet_id(id.as_str()).send().await.op("ec2:DeleteSubnet").absent();
        interfaces::cleared(cloud, filter("subnet-id", [id.as_str()]), deleted).await
    }

    async fn recover(&self, cloud: &Cloud, intent: &Intent) -> Result<Vec<Id>> {
        let found = describe(cloud, vec![intent_filter(intent)]).await?;
        Ok(ec2::ids(found.into_iter().map(|subnet| subnet.subnet_id)))
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        let names = [
            ("subnet-id", "arn"),
            ("vpc-id", "vpc_id"),
            ("cidr-block", "cidr_block"),
            ("availability-zone", "availability_zone"),
        ];
        let found = describe(cloud, ec2::filters(by, &names)).await?;
        Ok(ec2::ids(found.into_iter().map(|subnet| subnet.subnet_id)))
    }
}

impl Subnet {
    fn check_ipv4(&self) -> Option<FieldError> {
        let has_ipv4 = self.cidr_block.is_some() || self.ipv4_ipam_pool_id.is_some();
        match (has_ipv4, self.ipv6_native) {
            (true, Some(true)) => Some("an IPv6-only subnet has no IPv4 range: leave it out, or `ipv6_native`"),
            (false, None | Some(false)) => Some("a subnet needs `cidr_block`, `ipv4_ipam_pool_id` or `ipv6_native`"),
            _ => None,
        }
        .map(|message| fault("cidr_block", message))
    }

    async fn update_ipv6_assignment(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let call = modify(cloud, &update.id);
        let value = self.assign_ipv6_address_on_creation;
        set(update, "assign_ipv6_address_on_creation", value, |on| call.assign_ipv6_address_on_creation(boolean(on)))
            .await
    }

    /// A subnet has one IPv6 range, and the former one takes a moment to go. The new
    /// one is added by the update that follows once it is gone.
    async fn update_ipv6_cidr_block(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        let Some(block) = &self.ipv6_cidr_block else { return Ok(()) };
        let found = describe(cloud, vec![filter("subnet-id", [id.as_str()])]).await?;
        let mut there = found.iter().filter_map(ipv6);
        if let Some(there) = there.next() {
            if there.ipv6_cidr_block() != Some(block) {
                let call = cloud.ec2().disassociate_subnet_cidr_block();
                let call = call.set_association_id(there.association_id.clone());
                call.send().await.op("ec2:DisassociateSubnetCidrBlock").absent()?;
            }
            return Ok(());
        }
        let call = cloud.ec2().associate_subnet_cidr_block().subnet_id(id.as_str());
        call.ipv6_cidr_block(block).send().await.op("ec2:AssociateSubnetCidrBlock")?;
        Ok(())
    }

    /// Each call changes one attribute: AWS takes no two at once.
    async fn update_addresses(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let call = || modify(cloud, &update.id);
        let public = Some(self.map_public_ip_on_launch);
        set(update, "map_public_ip_on_launch", public, |on| call().map_public_ip_on_launch(boolean(on))).await?;
        let lni = self.enable_lni_at_device_index;
        set(update, "enable_lni_at_device_index", lni, |index| call().enable_lni_at_device_index(index)).await?;
        if update.has("map_customer_owned_ip_on_launch") || update.has("customer_owned_ipv4_pool") {
            let call = call().set_map_customer_owned_ip_on_launch(self.map_customer_owned_ip_on_launch.map(boolean));
            let call = call.set_customer_owned_ipv4_pool(self.customer_owned_ipv4_pool.clone());
            call.send().await.op("ec2:ModifySubnetAttribute")?;
        }
        Ok(())
    }

    async fn update_names(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let call = || modify(cloud, &update.id);
        let hostname = self.private_dns_hostname_type_on_launch.as_deref().map(HostnameType::from);
        set(update, "private_dns_hostname_type_on_launch", hostname, |kind| {
            call().private_dns_hostname_type_on_launch(kind)
        })
        .await?;
        let a = self.enable_resource_name_dns_a_record_on_launch;
        set(update, "enable_resource_name_dns_a_record_on_launch", a, |on| {
            call().enable_resource_name_dns_a_record_on_launch(boolean(on))
        })
        .await?;
        let aaaa = self.enable_resource_name_dns_aaaa_record_on_launch;
        set(update, "enable_resource_name_dns_aaaa_record_on_launch", aaaa, |on| {
            call().enable_resource_name_dns_aaaa_record_on_launch(boolean(on))
        })
        .await?;
        set(update, "enable_dns64", self.enable_dns64, |on| call().enable_dns64(boolean(on))).await
    }
}

fn modify(cloud: &Cloud, id: &Id) -> Modify {
    cloud.ec2().modify_subnet_attribute().subnet_id(id.as_str())
}

/// Sends the call that sets `field`, where it differs and is stated.
async fn set<T>(update: &Update<Subnet>, field: &str, value: Option<T>, call: impl FnOnce(T) -> Modify) -> Result<()> {
    if let (true, Some(value)) = (update.has(field), value) {
        call(value).send().await.op("ec2:ModifySubnetAttribute")?;
    }
    Ok(())
}

async fn describe(cloud: &Cloud, filters: Vec<types::Filter>) -> Result<Vec<types::Subnet>> {
    let pages = cloud.ec2().describe_subnets().set_filters(Some(filters)).into_paginator().items().send();
    pages.try_collect().await.op("ec2:DescribeSubnets")
}

/// The zone is told by name, and by id too where it is stated by id.
fn live(subnet: types::Subnet, wanted: &Wanted<Subnet>) -> Live<Subnet> {
    let is_zone_by_id = wanted.applied.as_ref().is_some_and(|subnet| subnet.availability_zone_id.is_some());
    let phase = phase(&subnet);
    let ipv6 = ipv6(&subnet).cloned();
    let names = subnet.private_dns_name_options_on_launch;
    let hostname = names.as_ref().and_then(|names| names.hostname_type.as_ref());
    let spec = Subnet {
        vpc_id: Ref::from(subnet.vpc_id.unwrap_or_default()),
        cidr_block: subnet.cidr_block,
        availability_zone: subnet.availability_zone,
        availability_zone_id: subnet.availability_zone_id.clone().filter(|_| is_zone_by_id),
        ipv4_ipam_pool_id: None,
        ipv4_netmask_length: None,
        ipv6_cidr_block: ipv6.as_ref().and_then(|ipv6| ipv6.ipv6_cidr_block.clone()),
        ipv6_ipam_pool_id: None,
        ipv6_netmask_length: None,
        ipv6_native: subnet.ipv6_native,
        outpost_arn: subnet.outpost_arn,
        map_public_ip_on_launch: subnet.map_public_ip_on_launch.unwrap_or_default(),
        assign_ipv6_address_on_creation: subnet.assign_ipv6_address_on_creation,
        enable_dns64: subnet.enable_dns64,
        private_dns_hostname_type_on_launch: hostname.map(|kind| kind.as_str().to_owned()),
        enable_resource_name_dns_a_record_on_launch: names
            .as_ref()
            .and_then(|names| names.enable_resource_name_dns_a_record),
        enable_resource_name_dns_aaaa_record_on_launch: names
            .as_ref()
            .and_then(|names| names.enable_resource_name_dns_aaaa_record),
        map_customer_owned_ip_on_launch: subnet.map_customer_owned_ip_on_launch,
        customer_owned_ipv4_pool: subnet.customer_owned_ipv4_pool,
        enable_lni_at_device_index: subnet.enable_lni_at_device_index,
        tags: ec2::live_tags(subnet.tags),
    };
    let outputs = Outputs {
        arn: subnet.subnet_arn.unwrap_or_default(),
        owner_id: subnet.owner_id.unwrap_or_default(),
        availability_zone_id: subnet.availability_zone_id.unwrap_or_default(),
        ipv6_cidr_block_association_id: ipv6.and_then(|ipv6| ipv6.association_id),
    };
    Live { spec, outputs, phase }
}

fn phase(subnet: &types::Subnet) -> Phase {
    match &subnet.state {
        Some(SubnetState::Pending) => Phase::PENDING,
        Some(state @ (SubnetState::Failed | SubnetState::FailedInsufficientCapacity)) => {
            Phase::Failed(format!("the subnet is {}", state.as_str()))
        }
        _ if subnet.ipv6_cidr_block_association_set().iter().any(is_changing) => Phase::PENDING,
        _ => Phase::Ready,
    }
}

fn state(association: &SubnetIpv6CidrBlockAssociation) -> Option<&BlockState> {
    association.ipv6_cidr_block_state.as_ref()?.state.as_ref()
}

fn is_changing(association: &SubnetIpv6CidrBlockAssociation) -> bool {
    matches!(state(association), Some(BlockState::Associating | BlockState::Disassociating | BlockState::Failing))
}

fn is_going(association: &SubnetIpv6CidrBlockAssociation) -> bool {
    let gone = [BlockState::Disassociating, BlockState::Disassociated, BlockState::Failing, BlockState::Failed];
    state(association).is_some_and(|state| gone.contains(state))
}

/// The IPv6 range, but for one on its way out.
fn ipv6(subnet: &types::Subnet) -> Option<&SubnetIpv6CidrBlockAssociation> {
    subnet.ipv6_cidr_block_association_set().iter().find(|association| !is_going(association))
}
