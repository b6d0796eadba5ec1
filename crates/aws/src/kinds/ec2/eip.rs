//! `ec2/eip`: an Elastic IP address, a public IPv4 address that stays when what it points at goes.

use aws_sdk_ec2::types::{self, DomainType, ResourceType};
use provision_core::driver::{Id, Intent, Recovery};
use provision_core::rate::Rates;
use provision_core::schema::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::error::{Absent, Op, incomplete};
use crate::kind::{Kind, Live, Result, Update, Wanted, fault};
use crate::query::Query;
use crate::read;
use crate::service::ec2::{self, FILTER_VALUES, filter, intent_filter};
use crate::service::rates;
use crate::types::Tags;

/// An Elastic IP address. Its id is the allocation id, such as `eipalloc-0a1b`.
///
/// See [AllocateAddress](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AllocateAddress.html)
/// and, for `instance_id`, `network_interface_id` and `private_ip_address`,
/// [AssociateAddress](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateAddress.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Eip {
    /// Network it is used in. `vpc`, also when left out, is the only one left.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true, "enum" = ["vpc"]))]
    pub domain: Option<String>,

    /// A certain address: one out of a pool of your own, or one released before and
    /// still free.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub address: Option<String>,

    /// Pool of public addresses it is taken from, `amazon` or the id of one of your own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub public_ipv4_pool: Option<String>,

    /// IPAM pool it is taken from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true, "x-write-only" = true))]
    pub ipam_pool_id: Option<String>,

    /// Customer-owned pool (Outposts) it is taken from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub customer_owned_ipv4_pool: Option<String>,

    /// Zones the address is announced from, such as `us-east-1` or `us-west-2-lax-1`.
    /// AWS takes the region by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub network_border_group: Option<String>,

    /// Instance it points at, by its primary network interface. Left out, with
    /// `network_interface_id`, what it points at is not managed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_id: Option<String>,

    /// Network interface it points at, in place of `instance_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_interface_id: Option<String>,

    /// Private address of the instance or interface it points at; AWS takes the primary one by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_ip_address: Option<String>,

    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

/// What other resources may name.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The address's ARN.
    pub arn: String,
    /// The allocation id, which is also the id.
    pub allocation_id: String,
    /// The public address.
    pub public_ip: String,
    /// The public DNS name of the address.
    pub public_dns: String,
    /// The association with what it points at.
    #[schemars(extend("x-volatile" = true))]
    pub association_id: Option<String>,
    /// The private address it points at.
    #[schemars(extend("x-volatile" = true))]
    pub private_ip: Option<String>,
    /// The private DNS name of what it points at.
    #[schemars(extend("x-volatile" = true))]
    pub private_dns: Option<String>,
    /// The customer-owned address, on an Outpost.
    pub customer_owned_ip: Option<String>,
    /// The carrier address, in a Wavelength zone.
    pub carrier_ip: Option<String>,
}

impl Kind for Eip {
    const NAME: &'static str = "ec2/eip";
    const RECOVERY: Recovery = Recovery::Tag;
    const BATCH: Option<u32> = Some(200);
    const RATES: Rates = rates::ec2::RATES;
    const EARLY: &'static [&'static str] = &["id", "arn", "allocation_id", "public_ip", "public_dns"];
    const EVENTUAL: &'static [&'static str] = &[
        "IncorrectInstanceState",
        "InvalidAllocationID.NotFound",
        "InvalidInstanceID",
        "InvalidInstanceID.NotFound",
        "InvalidNetworkInterfaceID.NotFound",
    ];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        match (&self.instance_id, &self.network_interface_id, &self.private_ip_address) {
            (Some(_), Some(_), _) => {
                vec![fault("network_interface_id", "state `instance_id` or `network_interface_id`, not both")]
            }
            (None, None, Some(_)) => {
                let message = "`private_ip_address` needs `instance_id` or `network_interface_id`";
                vec![fault("private_ip_address", message)]
            }
            _ => Vec::new(),
        }
    }

    async fn create(&self, cloud: &Cloud, intent: &Intent) -> Result<Id> {
        let answer = cloud
            .ec2()
            .allocate_address()
            .domain(self.domain.as_deref().map_or(DomainType::Vpc, DomainType::from))
            .set_address(self.address.clone())
            .set_public_ipv4_pool(self.public_ipv4_pool.clone())
            .set_ipam_pool_id(self.ipam_pool_id.clone())
            .set_customer_owned_ipv4_pool(self.customer_owned_ipv4_pool.clone())
            .set_network_border_group(self.network_border_group.clone())
            .tag_specifications(ec2::tag_specification(ResourceType::ElasticIp, &self.tags, intent))
            .send()
            .await
            .op("ec2:AllocateAddress")?;
        ec2::first_id([answer.allocation_id]).ok_or_else(|| incomplete("ec2:AllocateAddress", "allocation id"))
    }

    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        let account = ec2::account(cloud, wanted, |outputs| &outputs.arn).await?;
        let ids = read::ids(wanted);
        let ask = |ids| describe(cloud, vec![filter("allocation-id", ids)]);
        let found = read::chunked(&ids, FILTER_VALUES, ask).await?;
        let live = |address, wanted: &Wanted<Self>| live(cloud, &account, address, wanted);
        Ok(read::joined(wanted, found, |address| address.allocation_id(), live))
    }

    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if ["instance_id", "network_interface_id", "private_ip_address"].iter().any(|field| update.has(field)) {
            self.associate(cloud, &update.id).await?;
        }
        ec2::update_tags(cloud, update, |eip| &eip.tags, self).await
    }

    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        if self.is_associated() {
            disassociate(cloud, id).await?;
        }
        let call = cloud.ec2().release_address().allocation_id(id.as_str());
        let call = call.set_network_border_group(self.network_border_group.clone());
        call.send().await.op("ec2:ReleaseAddress").absent()?;
        Ok(())
    }

    async fn recover(&self, cloud: &Cloud, intent: &Intent) -> Result<Vec<Id>> {
        let found = describe(cloud, vec![intent_filter(intent)]).await?;
        Ok(ec2::ids(found.into_iter().map(|address| address.allocation_id)))
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        let names = [
            ("public-ip", "address"),
            ("public-ip", "public_ip"),
            ("allocation-id", "arn"),
            ("allocation-id", "allocation_id"),
            ("instance-id", "instance_id"),
            ("network-interface-id", "network_interface_id"),
        ];
        let found = describe(cloud, ec2::filters(by, &names)).await?;
        Ok(ec2::ids(found.into_iter().map(|address| address.allocation_id)))
    }
}

impl Eip {
    fn is_associated(&self) -> bool {
        self.instance_id.is_some() || self.network_interface_id.is_some()
    }

    /// Points the address at what the spec states, wherever it pointed before.
    async fn associate(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        if !self.is_associated() {
            return Ok(());
        }
        let call = cloud.ec2().associate_address().allocation_id(id.as_str()).allow_reassociation(true);
        let call = call.set_instance_id(self.instance_id.clone());
        let call = call.set_network_interface_id(self.network_interface_id.clone());
        let call = call.set_private_ip_address(self.private_ip_address.clone());
        call.send().await.op("ec2:AssociateAddress")?;
        Ok(())
    }
}

async fn disassociate(cloud: &Cloud, id: &Id) -> Result<()> {
    for address in describe(cloud, vec![filter("allocation-id", [id.as_str()])]).await? {
        if let Some(association) = stated(address.association_id) {
            let call = cloud.ec2().disassociate_address().association_id(association);
            call.send().await.op("ec2:DisassociateAddress").absent()?;
        }
    }
    Ok(())
}

async fn describe(cloud: &Cloud, filters: Vec<types::Filter>) -> Result<Vec<types::Address>> {
    let answer =
        cloud.ec2().describe_addresses().set_filters(Some(filters)).send().await.op("ec2:DescribeAddresses")?;
    Ok(answer.addresses.unwrap_or_default())
}

/// AWS names the interface beside the instance it belongs to; only one of them is
/// stated, and the instance is taken where it is left to us.
fn live(cloud: &Cloud, account: &str, address: types::Address, wanted: &Wanted<Eip>) -> Live<Eip> {
    let instance_id = stated(address.instance_id);
    let is_by_interface = wanted.applied.as_ref().is_some_and(|eip| eip.network_interface_id.is_some());
    let network_interface_id = stated(address.network_interface_id);
    let id = address.allocation_id.unwrap_or_default();
    let public_ip = address.public_ip.unwrap_or_default();
    let private_ip = stated(address.private_ip_address);
    let outputs = Outputs {
        arn: cloud.arn("ec2", account, &format!("elastic-ip/{id}")),
        allocation_id: id,
        public_dns: public_dns(cloud, &public_ip),
        public_ip: public_ip.clone(),
        association_id: stated(address.association_id),
        private_dns: private_ip.as_deref().map(|ip| private_dns(cloud, ip)),
        private_ip: private_ip.clone(),
        customer_owned_ip: address.customer_owned_ip,
        carrier_ip: address.carrier_ip,
    };
    let spec = Eip {
        domain: address.domain.map(|domain| domain.as_str().to_owned()),
        address: stated(Some(public_ip)),
        public_ipv4_pool: address.public_ipv4_pool,
        ipam_pool_id: None,
        customer_owned_ipv4_pool: address.customer_owned_ipv4_pool,
        network_border_group: address.network_border_group,
        network_interface_id: network_interface_id.filter(|_| is_by_interface || instance_id.is_none()),
        instance_id: instance_id.filter(|_| !is_by_interface),
        private_ip_address: private_ip,
        tags: ec2::live_tags(address.tags),
    };
    Live::ready(spec, outputs)
}

/// DescribeAddresses writes what an address has not as an empty string.
fn stated(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// The name EC2's public DNS gives an address; us-east-1 is named as in its first days.
fn public_dns(cloud: &Cloud, ip: &str) -> String {
    let region = match cloud.region() {
        "us-east-1" => "compute-1".to_owned(),
        region => format!("{region}.compute"),
    };
    let suffix = if cloud.partition() == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("ec2-{}.{region}.{suffix}", ip.replace('.', "-"))
}

/// The name the VPC's DNS server gives a private address.
fn private_dns(cloud: &Cloud, ip: &str) -> String {
    let zone = match cloud.region() {
        "us-east-1" => "ec2".to_owned(),
        region => format!("{region}.compute"),
    };
    format!("ip-{}.{zone}.internal", ip.replace('.', "-"))
}
