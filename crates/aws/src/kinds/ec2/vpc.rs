//! `ec2/vpc`: an isolated network, the root of most other EC2 kinds.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_ec2::types::{
    self, ResourceType, Tenancy, VpcAttributeName, VpcCidrBlockState, VpcCidrBlockStateCode as BlockState,
    VpcIpv6CidrBlockAssociation, VpcState,
};
use futures::try_join;
use provision_core::driver::{Id, Intent, Phase, Recovery};
use provision_core::rate::Rates;
use provision_core::schema::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::error::{Absent, Op, incomplete};
use crate::kind::{Kind, Live, Result, Update, Wanted, fault};
use crate::query::Query;
use crate::read::{self, Reading};
use crate::service::ec2::{self, FILTER_VALUES, boolean, filter, intent_filter};
use crate::service::rates;
use crate::types::Tags;

/// An isolated virtual network.
///
/// See [CreateVpc](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpc.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Vpc {
    /// Primary IPv4 range, such as `10.0.0.0/16`, from /16 to /28. Left out only with `ipv4_ipam_pool_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true, "format" = "cidr4"))]
    pub cidr_block: Option<String>,

    /// Further IPv4 ranges. Managed as a whole when stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secondary_cidr_blocks: Option<BTreeSet<String>>,

    /// IPAM pool the primary IPv4 range is taken from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true, "x-write-only" = true))]
    pub ipv4_ipam_pool_id: Option<String>,

    /// Prefix length of the range taken from `ipv4_ipam_pool_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true, "x-write-only" = true), range(min = 16, max = 28))]
    pub ipv4_netmask_length: Option<i32>,

    /// Whether Amazon assigns a /56 IPv6 range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amazon_provided_ipv6_cidr_block: Option<bool>,

    /// IPv6 range out of `ipv6_pool` or `ipv6_ipam_pool_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "cidr6"))]
    pub ipv6_cidr_block: Option<String>,

    /// Pool of IPv6 addresses of your own that the range is taken from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipv6_pool: Option<String>,

    /// IPAM pool the IPv6 range is taken from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true, "x-write-only" = true))]
    pub ipv6_ipam_pool_id: Option<String>,

    /// Prefix length of the range taken from `ipv6_ipam_pool_id`, 44 to 60 in steps of four.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true, "x-write-only" = true), range(min = 44, max = 60))]
    pub ipv6_netmask_length: Option<i32>,

    /// Zones the IPv6 range is announced from, such as `us-east-1` or `us-west-2-lax-1`.
    /// AWS takes the region by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipv6_cidr_block_network_border_group: Option<String>,

    /// Whether instances with public addresses get public DNS names.
    #[serde(default)]
    pub enable_dns_hostnames: bool,

    /// Whether the Amazon DNS server answers inside the network; AWS turns it on by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_dns_support: Option<bool>,

    /// Whether CloudWatch metrics of the address usage are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_network_address_usage_metrics: Option<bool>,

    /// `dedicated` puts every instance on hardware of its own; AWS's default is `default`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true, "enum" = ["default", "dedicated"]))]
    pub instance_tenancy: Option<String>,

    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

/// What other resources may name.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The VPC's ARN.
    pub arn: String,
    /// The account that owns it.
    pub owner_id: String,
    /// The IPv6 range, when it has one.
    #[schemars(extend("x-volatile" = true))]
    pub ipv6_cidr_block: Option<String>,
    /// The association of the IPv6 range.
    #[schemars(extend("x-volatile" = true))]
    pub ipv6_association_id: Option<String>,
    /// The DHCP options in force.
    #[schemars(extend("x-volatile" = true))]
    pub dhcp_options_id: Option<String>,
    /// The security group AWS made with the VPC.
    pub default_security_group_id: Option<String>,
    /// The network ACL AWS made with the VPC.
    pub default_network_acl_id: Option<String>,
    /// The route table that was the main one when the VPC was first read.
    pub default_route_table_id: Option<String>,
}

/// What DescribeVpcs calls the pool of ranges that Amazon assigns.
const AMAZONS_POOL: &str = "Amazon";

impl Kind for Vpc {
    const NAME: &'static str = "ec2/vpc";
    const RECOVERY: Recovery = Recovery::Tag;
    const BATCH: Option<u32> = Some(200);
    const READING: Reading = Reading { each: 1, ..Reading::BATCH };
    const RATES: Rates = rates::ec2::RATES;
    const EARLY: &'static [&'static str] = &["id", "arn", "owner_id", "cidr_block"];
    const EVENTUAL: &'static [&'static str] = &["InvalidVpcID.NotFound"];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if self.cidr_block.is_none() && self.ipv4_ipam_pool_id.is_none() {
            errors.push(fault("cidr_block", "a VPC needs `cidr_block` or `ipv4_ipam_pool_id`"));
        }
        let is_of_own = self.ipv6_ipam_pool_id.is_some();
        if is_of_own && (self.ipv6_pool.is_some() || self.amazon_provided_ipv6_cidr_block == Some(true)) {
            let message = "an IPv6 range comes from Amazon, from `ipv6_pool` or from `ipv6_ipam_pool_id`";
            errors.push(fault("ipv6_ipam_pool_id", message));
        }
        errors
    }

    async fn create(&self, cloud: &Cloud, intent: &Intent) -> Result<Id> {
        let answer = cloud
            .ec2()
            .create_vpc()
            .set_cidr_block(self.cidr_block.clone())
            .set_ipv4_ipam_pool_id(self.ipv4_ipam_pool_id.clone())
            .set_ipv4_netmask_length(self.ipv4_netmask_length)
            .set_amazon_provided_ipv6_cidr_block(self.amazon_provided_ipv6_cidr_block)
            .set_ipv6_cidr_block(self.ipv6_cidr_block.clone())
            .set_ipv6_pool(self.ipv6_pool.clone())
            .set_ipv6_ipam_pool_id(self.ipv6_ipam_pool_id.clone())
            .set_ipv6_netmask_length(self.ipv6_netmask_length)
            .set_ipv6_cidr_block_network_border_group(self.ipv6_cidr_block_network_border_group.clone())
            .set_instance_tenancy(self.instance_tenancy.as_deref().map(Tenancy::from))
            .tag_specifications(ec2::tag_specification(ResourceType::Vpc, &self.tags, intent))
            .send()
            .await
            .op("ec2:CreateVpc")?;
        ec2::first_id([answer.vpc.and_then(|vpc| vpc.vpc_id)]).ok_or_else(|| incomplete("ec2:CreateVpc", "VPC id"))
    }

    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        let ids = read::ids(wanted);
        let (found, attributes, defaults) = try_join!(
            read::chunked(&ids, FILTER_VALUES, |ids| describe(cloud, vec![filter("vpc-id", ids)])),
            read::each(wanted, |wanted| Attributes::read(cloud, wanted)),
            Defaults::read(cloud, wanted),
        )?;
        let attributes: HashMap<String, Attributes> = ids.into_iter().zip(attributes).collect();
        Ok(read::joined(wanted, found, types::Vpc::vpc_id, |vpc, wanted| {
            let attributes = attributes.get(wanted.id.as_str()).copied().unwrap_or_default();
            live(cloud, vpc, attributes, defaults.of(wanted))
        }))
    }

    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        self.update_dns_support(cloud, update).await?;
        self.update_dns_hostnames(cloud, update).await?;
        self.update_usage_metrics(cloud, update).await?;
        let ipv6 =
            ["amazon_provided_ipv6_cidr_block", "ipv6_cidr_block", "ipv6_pool", "ipv6_cidr_block_network_border_group"];
        let is_ipv6 = ipv6.iter().any(|field| update.has(field));
        if is_ipv6 || update.has("secondary_cidr_blocks") {
            for vpc in describe(cloud, vec![filter("vpc-id", [update.id.as_str()])]).await? {
                self.update_secondary_cidr_blocks(cloud, &update.id, &vpc).await?;
                if is_ipv6 {
                    self.update_ipv6(cloud, &update.id, &vpc).await?;
                }
            }
        }
        ec2::update_tags(cloud, update, |vpc| &vpc.tags, self).await
    }

    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        cloud.ec2().delete_vpc().vpc_id(id.as_str()).send().await.op("ec2:DeleteVpc").absent()?;
        Ok(())
    }

    async fn recover(&self, cloud: &Cloud, intent: &Intent) -> Result<Vec<Id>> {
        let found = describe(cloud, vec![intent_filter(intent)]).await?;
        Ok(ec2::ids(found.into_iter().map(|vpc| vpc.vpc_id)))
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        let found = describe(cloud, ec2::filters(by, &[("vpc-id", "arn"), ("cidr", "cidr_block")])).await?;
        Ok(ec2::ids(found.into_iter().map(|vpc| vpc.vpc_id)))
    }
}

impl Vpc {
    async fn update_dns_support(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if let (true, Some(on)) = (update.has("enable_dns_support"), self.enable_dns_support) {
            let call = cloud.ec2().modify_vpc_attribute().vpc_id(update.id.as_str());
            call.enable_dns_support(boolean(on)).send().await.op("ec2:ModifyVpcAttribute")?;
        }
        Ok(())
    }

    async fn update_dns_hostnames(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if update.has("enable_dns_hostnames") {
            let call = cloud.ec2().modify_vpc_attribute().vpc_id(update.id.as_str());
            let call = call.enable_dns_hostnames(boolean(self.enable_dns_hostnames));
            call.send().await.op("ec2:ModifyVpcAttribute")?;
        }
        Ok(())
    }

    async fn update_usage_metrics(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if let (true, Some(on)) =
            (update.has("enable_network_address_usage_metrics"), self.enable_network_address_usage_metrics)
        {
            let call = cloud.ec2().modify_vpc_attribute().vpc_id(update.id.as_str());
            let call = call.enable_network_address_usage_metrics(boolean(on));
            call.send().await.op("ec2:ModifyVpcAttribute")?;
        }
        Ok(())
    }

    async fn update_secondary_cidr_blocks(&self, cloud: &Cloud, id: &Id, vpc: &types::Vpc) -> Result<()> {
        let Some(wanted) = &self.secondary_cidr_blocks else { return Ok(()) };
        let live: HashMap<&str, Option<&str>> = secondaries(vpc).collect();
        for block in wanted.iter().filter(|block| !live.contains_key(block.as_str())) {
            let call = cloud.ec2().associate_vpc_cidr_block().vpc_id(id.as_str());
            call.cidr_block(block).send().await.op("ec2:AssociateVpcCidrBlock")?;
        }
        for (_, association) in live.into_iter().filter(|(block, _)| !wanted.contains(*block)) {
            disassociate(cloud, association).await?;
        }
        Ok(())
    }

    /// A range that is not the stated one goes first; the stated one is added by the
    /// update that follows once the former is gone.
    async fn update_ipv6(&self, cloud: &Cloud, id: &Id, vpc: &types::Vpc) -> Result<()> {
        match ipv6(vpc) {
            Some(there) if self.is_stated(there) => return Ok(()),
            Some(former) => return disassociate(cloud, former.association_id()).await,
            None => {}
        }
        let is_amazons = self.amazon_provided_ipv6_cidr_block == Some(true);
        if !is_amazons && self.ipv6_cidr_block.is_none() && self.ipv6_pool.is_none() {
            return Ok(());
        }
        let call = cloud.ec2().associate_vpc_cidr_block().vpc_id(id.as_str());
        let call = call.set_amazon_provided_ipv6_cidr_block(self.amazon_provided_ipv6_cidr_block);
        let call = call.set_ipv6_cidr_block(self.ipv6_cidr_block.clone());
        let call = call.set_ipv6_pool(self.ipv6_pool.clone());
        let call = call.set_ipv6_ipam_pool_id(self.ipv6_ipam_pool_id.clone());
        let call = call.set_ipv6_netmask_length(self.ipv6_netmask_length);
        let call = call.set_ipv6_cidr_block_network_border_group(self.ipv6_cidr_block_network_border_group.clone());
        call.send().await.op("ec2:AssociateVpcCidrBlock")?;
        Ok(())
    }

    fn is_stated(&self, range: &VpcIpv6CidrBlockAssociation) -> bool {
        let is = |stated: &Option<String>, there: Option<&str>| stated.is_none() || stated.as_deref() == there;
        let is_amazons = range.ipv6_pool() == Some(AMAZONS_POOL);
        self.amazon_provided_ipv6_cidr_block.is_none_or(|stated| stated == is_amazons)
            && is(&self.ipv6_cidr_block, range.ipv6_cidr_block())
            && is(&self.ipv6_pool, range.ipv6_pool())
            && is(&self.ipv6_cidr_block_network_border_group, range.network_border_group())
    }
}

async fn disassociate(cloud: &Cloud, association: Option<&str>) -> Result<()> {
    let call = cloud.ec2().disassociate_vpc_cidr_block().set_association_id(association.map(str::to_owned));
    call.send().await.op("ec2:DisassociateVpcCidrBlock").absent()?;
    Ok(())
}

fn code(state: Option<&VpcCidrBlockState>) -> Option<&BlockState> {
    state?.state.as_ref()
}

fn is_settled(state: Option<&VpcCidrBlockState>) -> bool {
    let gone = [BlockState::Disassociating, BlockState::Disassociated, BlockState::Failing, BlockState::Failed];
    !code(state).is_some_and(|state| gone.contains(state))
}

fn is_changing(state: Option<&VpcCidrBlockState>) -> bool {
    matches!(code(state), Some(BlockState::Associating | BlockState::Disassociating | BlockState::Failing))
}

/// The further IPv4 ranges, each with its association.
fn secondaries(vpc: &types::Vpc) -> impl Iterator<Item = (&str, Option<&str>)> {
    let settled = vpc.cidr_block_association_set().iter().filter(|one| is_settled(one.cidr_block_state()));
    let secondary = settled.filter(|one| one.cidr_block() != vpc.cidr_block());
    secondary.filter_map(|one| Some((one.cidr_block()?, one.association_id())))
}

fn ipv6(vpc: &types::Vpc) -> Option<&VpcIpv6CidrBlockAssociation> {
    vpc.ipv6_cidr_block_association_set().iter().find(|one| is_settled(one.ipv6_cidr_block_state()))
}

async fn describe(cloud: &Cloud, filters: Vec<types::Filter>) -> Result<Vec<types::Vpc>> {
    let pages = cloud.ec2().describe_vpcs().set_filters(Some(filters)).into_paginator().items().send();
    pages.try_collect().await.op("ec2:DescribeVpcs")
}

/// The attributes that DescribeVpcs leaves out, each a call of its own.
#[derive(Clone, Copy, Default)]
struct Attributes {
    dns_hostnames: bool,
    dns_support: Option<bool>,
    usage_metrics: Option<bool>,
}

impl Attributes {
    async fn read(cloud: &Cloud, wanted: &Wanted<Vpc>) -> Result<Self> {
        let ask = async |attribute: VpcAttributeName, is_managed: bool| match is_managed {
            true => describe_attribute(cloud, &wanted.id, attribute).await,
            false => Ok(None),
        };
        let has_metrics = wanted.manages(|vpc| &vpc.enable_network_address_usage_metrics);
        let (dns_hostnames, dns_support, usage_metrics) = try_join!(
            ask(VpcAttributeName::EnableDnsHostnames, true),
            ask(VpcAttributeName::EnableDnsSupport, wanted.manages(|vpc| &vpc.enable_dns_support)),
            ask(VpcAttributeName::EnableNetworkAddressUsageMetrics, has_metrics),
        )?;
        Ok(Self { dns_hostnames: dns_hostnames.unwrap_or_default(), dns_support, usage_metrics })
    }
}

/// What AWS made with the VPCs, by VPC. It stays as it is, so it is asked for only
/// where it is not recorded yet.
#[derive(Default)]
struct Defaults {
    security_groups: HashMap<String, String>,
    network_acls: HashMap<String, String>,
    route_tables: HashMap<String, String>,
}

impl Defaults {
    async fn read(cloud: &Cloud, wanted: &[Wanted<Vpc>]) -> Result<Self> {
        let unknown = wanted.iter().filter(|wanted| recorded(wanted).is_none());
        let unknown: Vec<String> = unknown.map(|wanted| wanted.id.0.clone()).collect();
        let (security_groups, network_acls, route_tables) = try_join!(
            read::chunked(&unknown, FILTER_VALUES, |ids| default_security_groups(cloud, ids)),
            read::chunked(&unknown, FILTER_VALUES, |ids| default_network_acls(cloud, ids)),
            read::chunked(&unknown, FILTER_VALUES, |ids| main_route_tables(cloud, ids)),
        )?;
        Ok(Self {
            security_groups: security_groups.into_iter().collect(),
            network_acls: network_acls.into_iter().collect(),
            route_tables: route_tables.into_iter().collect(),
        })
    }

    /// The security group, network ACL and route table of one VPC.
    fn of(&self, wanted: &Wanted<Vpc>) -> [Option<String>; 3] {
        if let Some(recorded) = recorded(wanted) {
            return recorded.map(|id| Some(id.clone()));
        }
        [&self.security_groups, &self.network_acls, &self.route_tables].map(|ids| ids.get(wanted.id.as_str()).cloned())
    }
}

fn recorded(wanted: &Wanted<Vpc>) -> Option<[&String; 3]> {
    let outputs = wanted.outputs.as_ref()?;
    Some([
        outputs.default_security_group_id.as_ref()?,
        outputs.default_network_acl_id.as_ref()?,
        outputs.default_route_table_id.as_ref()?,
    ])
}

async fn default_security_groups(cloud: &Cloud, vpcs: &[String]) -> Result<Vec<(String, String)>> {
    let call = cloud.ec2().describe_security_groups().filters(filter("vpc-id", vpcs));
    let pages = call.filters(filter("group-name", ["default"])).into_paginator().items().send();
    let groups: Vec<types::SecurityGroup> = pages.try_collect().await.op("ec2:DescribeSecurityGroups")?;
    Ok(groups.into_iter().filter_map(|group| Some((group.vpc_id?, group.group_id?))).collect())
}

async fn default_network_acls(cloud: &Cloud, vpcs: &[String]) -> Result<Vec<(String, String)>> {
    let call = cloud.ec2().describe_network_acls().filters(filter("vpc-id", vpcs));
    let pages = call.filters(filter("default", ["true"])).into_paginator().items().send();
    let acls: Vec<types::NetworkAcl> = pages.try_collect().await.op("ec2:DescribeNetworkAcls")?;
    Ok(acls.into_iter().filter_map(|acl| Some((acl.vpc_id?, acl.network_acl_id?))).collect())
}

async fn main_route_tables(cloud: &Cloud, vpcs: &[String]) -> Result<Vec<(String, String)>> {
    let call = cloud.ec2().describe_route_tables().filters(filter("vpc-id", vpcs));
    let pages = call.filters(filter("association.main", ["true"])).into_paginator().items().send();
    let tables: Vec<types::RouteTable> = pages.try_collect().await.op("ec2:DescribeRouteTables")?;
    Ok(tables.into_iter().filter_map(|table| Some((table.vpc_id?, table.route_table_id?))).collect())
}

async fn describe_attribute(cloud: &Cloud, id: &Id, attribute: VpcAttributeName) -> Result<Option<bool>> {
    let call = cloud.ec2().describe_vpc_attribute().vpc_id(id.as_str()).attribute(attribute);
    let answer = call.send().await.op("ec2:DescribeVpcAttribute").absent()?;
    Ok(answer.and_then(|answer| {
        let values =
            [answer.enable_dns_hostnames, answer.enable_dns_support, answer.enable_network_address_usage_metrics];
        values.into_iter().flatten().find_map(|value| value.value)
    }))
}

fn live(cloud: &Cloud, vpc: types::Vpc, attributes: Attributes, defaults: [Option<String>; 3]) -> Live<Vpc> {
    let id = vpc.vpc_id.as_deref().unwrap_or_default();
    let owner_id = vpc.owner_id.clone().unwrap_or_default();
    let ipv6 = ipv6(&vpc).cloned();
    let pool = ipv6.as_ref().and_then(|ipv6| ipv6.ipv6_pool.clone());
    let [default_security_group_id, default_network_acl_id, default_route_table_id] = defaults;
    let outputs = Outputs {
        arn: cloud.arn("ec2", &owner_id, &format!("vpc/{id}")),
        owner_id,
        ipv6_cidr_block: ipv6.as_ref().and_then(|ipv6| ipv6.ipv6_cidr_block.clone()),
        ipv6_association_id: ipv6.as_ref().and_then(|ipv6| ipv6.association_id.clone()),
        dhcp_options_id: vpc.dhcp_options_id.clone(),
        default_security_group_id,
        default_network_acl_id,
        default_route_table_id,
    };
    let phase = phase(&vpc);
    let spec = Vpc {
        secondary_cidr_blocks: Some(secondaries(&vpc).map(|(block, _)| block.to_owned()).collect()),
        cidr_block: vpc.cidr_block,
        ipv4_ipam_pool_id: None,
        ipv4_netmask_length: None,
        amazon_provided_ipv6_cidr_block: Some(pool.as_deref() == Some(AMAZONS_POOL)),
        ipv6_cidr_block: outputs.ipv6_cidr_block.clone().filter(|_| pool.as_deref() != Some(AMAZONS_POOL)),
        ipv6_pool: pool.filter(|pool| pool != AMAZONS_POOL),
        ipv6_ipam_pool_id: None,
        ipv6_netmask_length: None,
        ipv6_cidr_block_network_border_group: ipv6.and_then(|ipv6| ipv6.network_border_group),
        enable_dns_hostnames: attributes.dns_hostnames,
        enable_dns_support: attributes.dns_support,
        enable_network_address_usage_metrics: attributes.usage_metrics,
        instance_tenancy: vpc.instance_tenancy.map(|tenancy| tenancy.as_str().to_owned()),
        tags: ec2::live_tags(vpc.tags),
    };
    Live { spec, outputs, phase }
}

fn phase(vpc: &types::Vpc) -> Phase {
    let is_ipv4_changing = vpc.cidr_block_association_set().iter().any(|one| is_changing(one.cidr_block_state()));
    let mut ipv6 = vpc.ipv6_cidr_block_association_set().iter();
    let is_ipv6_changing = ipv6.any(|one| is_changing(one.ipv6_cidr_block_state()));
    match vpc.state {
        Some(VpcState::Pending) => Phase::PENDING,
        _ if is_ipv4_changing || is_ipv6_changing => Phase::PENDING,
        _ => Phase::Ready,
    }
}
