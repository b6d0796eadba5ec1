//! `ec2/vpc`: an isolated network, the root of most other EC2 kinds.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{self, AttributeBooleanValue, ResourceType, Tenancy, VpcAttributeName, VpcState};
use provision_core::driver::{Id, Intent, Phase, Recovery};
use provision_core::schema::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::error::{Absent, Op, incomplete};
use crate::kind::{Kind, Live, Result, Update, Wanted};
use crate::read;
use crate::service::ec2::{self, FILTER_VALUES, filter, intent_filter};
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
    #[schemars(extend("x-replace" = true))]
    pub amazon_provided_ipv6_cidr_block: Option<bool>,

    /// Whether instances with public addresses get public DNS names.
    #[serde(default)]
    pub enable_dns_hostnames: bool,

    /// Whether the Amazon DNS server answers inside the network; AWS turns it on by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_dns_support: Option<bool>,

    /// Whether CloudWatch metrics of the address usage are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_network_address_usage_metrics: Option<bool>,

    /// `dedicated` puts every instance on hardware of its own. It can be turned back
    /// to `default` in place, but not the other way.
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
    pub ipv6_cidr_block: Option<String>,
    /// The DHCP options in force.
    pub dhcp_options_id: Option<String>,
}

impl Kind for Vpc {
    const NAME: &'static str = "ec2/vpc";
    const RECOVERY: Recovery = Recovery::Tag;
    const EARLY: &'static [&'static str] = &["id", "arn", "cidr_block"];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        match (&self.cidr_block, &self.ipv4_ipam_pool_id) {
            (None, None) => vec![FieldError {
                path: vec!["cidr_block".to_owned()],
                message: "a VPC needs `cidr_block` or `ipv4_ipam_pool_id`".to_owned(),
            }],
            _ => Vec::new(),
        }
    }

    async fn create(&self, cloud: &Cloud, intent: &Intent) -> Result<Id> {
        let answer = cloud
            .ec2()
            .create_vpc()
            .set_cidr_block(self.cidr_block.clone())
            .set_ipv4_ipam_pool_id(self.ipv4_ipam_pool_id.clone())
            .set_ipv4_netmask_length(self.ipv4_netmask_length)
            .set_amazon_provided_ipv6_cidr_block(self.amazon_provided_ipv6_cidr_block)
            .set_instance_tenancy(self.instance_tenancy.as_deref().map(Tenancy::from))
            .tag_specifications(ec2::tag_specification(ResourceType::Vpc, &self.tags, intent))
            .send()
            .await
            .op("ec2:CreateVpc")?;
        ec2::first_id([answer.vpc.and_then(|vpc| vpc.vpc_id)]).ok_or_else(|| incomplete("ec2:CreateVpc", "VPC id"))
    }

    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        let ids = read::ids(wanted);
        let found = read::chunked(&ids, FILTER_VALUES, |ids| describe(cloud, filter("vpc-id", ids))).await?;
        let attributes = read::each(wanted, |wanted| Attributes::read(cloud, wanted)).await?;
        let vpcs = found.into_iter().filter_map(|vpc| {
            let id = Id(vpc.vpc_id.clone()?);
            let index = wanted.iter().position(|wanted| wanted.id == id)?;
            Some((id, live(cloud, vpc, attributes.get(index)?)))
        });
        Ok(read::in_order(wanted, vpcs))
    }

    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        self.update_dns_support(cloud, update).await?;
        self.update_dns_hostnames(cloud, update).await?;
        self.update_usage_metrics(cloud, update).await?;
        self.update_secondary_cidr_blocks(cloud, update).await?;
        ec2::update_tags(cloud, update, |vpc| &vpc.tags, self).await
    }

    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        cloud.ec2().delete_vpc().vpc_id(id.as_str()).send().await.op("ec2:DeleteVpc").absent()?;
        Ok(())
    }

    async fn recover(&self, cloud: &Cloud, intent: &Intent) -> Result<Option<Id>> {
        let found = describe(cloud, intent_filter(intent)).await?;
        Ok(ec2::first_id(found.into_iter().map(|vpc| vpc.vpc_id)))
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

    async fn update_secondary_cidr_blocks(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let Some(blocks) = self.secondary_cidr_blocks.as_ref().filter(|_| update.has("secondary_cidr_blocks")) else {
            return Ok(());
        };
        let live = update.live.secondary_cidr_blocks.clone().unwrap_or_default();
        for block in blocks.difference(&live) {
            let call = cloud.ec2().associate_vpc_cidr_block().vpc_id(update.id.as_str());
            call.cidr_block(block).send().await.op("ec2:AssociateVpcCidrBlock")?;
        }
        let surplus: BTreeSet<&String> = live.difference(blocks).collect();
        disassociate(cloud, &update.id, &surplus).await
    }
}

async fn disassociate(cloud: &Cloud, id: &Id, blocks: &BTreeSet<&String>) -> Result<()> {
    if blocks.is_empty() {
        return Ok(());
    }
    for vpc in describe(cloud, filter("vpc-id", [id.as_str()])).await? {
        for association in vpc.cidr_block_association_set.unwrap_or_default() {
            if association.cidr_block.as_ref().is_some_and(|block| blocks.contains(block)) {
                let call = cloud.ec2().disassociate_vpc_cidr_block().set_association_id(association.association_id);
                call.send().await.op("ec2:DisassociateVpcCidrBlock").absent()?;
            }
        }
    }
    Ok(())
}

fn boolean(value: bool) -> AttributeBooleanValue {
    AttributeBooleanValue::builder().value(value).build()
}

async fn describe(cloud: &Cloud, filter: types::Filter) -> Result<Vec<types::Vpc>> {
    let pages = cloud.ec2().describe_vpcs().filters(filter).into_paginator().items().send();
    pages.collect::<std::result::Result<_, _>>().await.op("ec2:DescribeVpcs")
}

/// The attributes that DescribeVpcs leaves out, each a call of its own.
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
        Ok(Self {
            dns_hostnames: ask(VpcAttributeName::EnableDnsHostnames, true).await?.unwrap_or_default(),
            dns_support: ask(VpcAttributeName::EnableDnsSupport, wanted.manages(|vpc| &vpc.enable_dns_support)).await?,
            usage_metrics: ask(
                VpcAttributeName::EnableNetworkAddressUsageMetrics,
                wanted.manages(|vpc| &vpc.enable_network_address_usage_metrics),
            )
            .await?,
        })
    }
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

fn live(cloud: &Cloud, vpc: types::Vpc, attributes: &Attributes) -> Live<Vpc> {
    let id = vpc.vpc_id.unwrap_or_default();
    let owner_id = vpc.owner_id.unwrap_or_default();
    let ipv6 = vpc.ipv6_cidr_block_association_set.unwrap_or_default().into_iter().next();
    let phase = match vpc.state {
        Some(VpcState::Pending) => Phase::Pending,
        _ => Phase::Ready,
    };
    let secondary = vpc.cidr_block_association_set.unwrap_or_default().into_iter();
    let secondary = secondary.filter_map(|association| association.cidr_block);
    Live {
        spec: Vpc {
            secondary_cidr_blocks: Some(secondary.filter(|block| Some(block) != vpc.cidr_block.as_ref()).collect()),
            cidr_block: vpc.cidr_block,
            ipv4_ipam_pool_id: None,
            ipv4_netmask_length: None,
            amazon_provided_ipv6_cidr_block: Some(ipv6.is_some()),
            enable_dns_hostnames: attributes.dns_hostnames,
            enable_dns_support: attributes.dns_support,
            enable_network_address_usage_metrics: attributes.usage_metrics,
            instance_tenancy: vpc.instance_tenancy.map(|tenancy| tenancy.as_str().to_owned()),
            tags: ec2::live_tags(vpc.tags),
        },
        outputs: Outputs {
            arn: cloud.arn("ec2", &owner_id, &format!("vpc/{id}")),
            owner_id,
            ipv6_cidr_block: ipv6.and_then(|ipv6| ipv6.ipv6_cidr_block),
            dhcp_options_id: vpc.dhcp_options_id,
        },
        phase,
    }
}
