//! `elbv2/load_balancer`: spreads requests over targets in several zones.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_elasticloadbalancingv2::types::{
    self, EnablePrefixForIpv6SourceNatEnum, EnforceSecurityGroupInboundRulesOnPrivateLinkTrafficEnum, IpAddressType,
    LoadBalancerAttribute, LoadBalancerSchemeEnum, LoadBalancerStateEnum as State, LoadBalancerTypeEnum,
    RemoveIpamPoolEnum,
};
use provision_core::driver::{Id, Intent, Phase, Recovery};
use provision_core::rate::Rates;
use provision_core::schema::{FieldError, Timing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::error::{Absent, Op, incomplete};
use crate::kind::{Kind, Live, Result, Update, Wanted, fault};
use crate::kinds::ec2::eip::Eip;
use crate::kinds::ec2::security_group::SecurityGroup;
use crate::kinds::ec2::subnet::Subnet;
use crate::query::Query;
use crate::read::{self, Reading};
use crate::service::elbv2::attributes::{self, Attributes, LoadBalancerAttributes};
use crate::service::elbv2::{self, ARNS, PAGE};
use crate::service::rates;
use crate::service::tagging::{self, Tagged};
use crate::types::{Ref, Tags};

/// Spreads requests over targets in several zones.
///
/// See [CreateLoadBalancer](https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoadBalancer {
    /// Name, unique in the account and region: up to 32 letters, digits and `-`.
    #[schemars(extend("x-replace" = true))]
    pub name: String,

    /// What it balances: HTTP (`application`, AWS's default), connections (`network`) or packets through
    /// appliances (`gateway`).
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true, "enum" = ["application", "network", "gateway"]))]
    pub kind: Option<String>,

    /// Whether it has public addresses; `internet-facing` by default, and `internal` for a gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true, "enum" = ["internet-facing", "internal"]))]
    pub scheme: Option<String>,

    /// Subnets it stands in, one for each zone; for an application load balancer two at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subnets: Option<BTreeSet<Ref<Subnet>>>,

    /// Subnets with the addresses it has there, in the place of `subnets`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subnet_mappings: Option<BTreeSet<SubnetMapping>>,

    /// Security groups; AWS's default is that of the VPC. A network load balancer can have some only
    /// if it was made with some; a gateway has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_groups: Option<BTreeSet<Ref<SecurityGroup>>>,

    /// Whether a network load balancer's security groups hold for traffic through PrivateLink; `on` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["on", "off"]))]
    pub enforce_security_group_inbound_rules_on_private_link_traffic: Option<String>,

    /// Versions of the addresses clients reach it by; `ipv4` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["ipv4", "dualstack", "dualstack-without-public-ipv4"]))]
    pub ip_address_type: Option<String>,

    /// Whether a dual-stack network load balancer with UDP listeners uses an IPv6 prefix of each subnet
    /// for source NAT; `off` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["on", "off"]))]
    pub enable_prefix_for_ipv6_source_nat: Option<String>,

    /// Pool of customer-owned addresses, for an application load balancer on an Outpost.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub customer_owned_ipv4_pool: Option<String>,

    /// IPAM pools an application load balancer's public addresses come from. An empty one (`{}`) takes
    /// them from AWS again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipam_pools: Option<IpamPools>,

    /// Capacity it keeps however little is asked of it, and which is billed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum_load_balancer_capacity: Option<MinimumCapacity>,

    /// Timeouts, logs, protection and other settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attributes: Option<LoadBalancerAttributes>,

    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

/// A subnet, and the addresses of a network load balancer there. AWS chooses those that are left out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubnetMapping {
    /// The subnet.
    pub subnet_id: Ref<Subnet>,
    /// Elastic IP of one that faces the internet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allocation_id: Option<Ref<Eip>>,
    /// Private address of an internal one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_ipv4_address: Option<String>,
    /// IPv6 address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipv6_address: Option<String>,
    /// IPv6 prefix of 80 bits for source NAT, or `auto_assigned`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_nat_ipv6_prefix: Option<String>,
}

/// Where public addresses come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IpamPools {
    /// Id of the IPAM pool of IPv4 addresses; empty or left out for none.
    #[serde(default)]
    pub ipv4_ipam_pool_id: String,
}

/// Capacity a load balancer keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MinimumCapacity {
    /// Load balancer capacity units; 0 for none.
    #[schemars(range(min = 0))]
    pub capacity_units: i32,
}

/// What other resources may name. The id is the ARN.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The load balancer's ARN.
    pub arn: String,
    /// The name clients find it by.
    pub dns_name: String,
    /// The hosted zone of that name, for alias records.
    pub canonical_hosted_zone_id: String,
    /// The VPC it stands in.
    pub vpc_id: String,
    /// The end of the ARN, by which CloudWatch's metrics name it, such as `app/shop/50dc6c495c0c9188`.
    pub load_balancer_full_name: String,
}

const CREATE: &str = "elasticloadbalancing:CreateLoadBalancer";

impl Kind for LoadBalancer {
    const NAME: &'static str = "elbv2/load_balancer";
    const RECOVERY: Recovery = Recovery::NaturalKey;
    const BATCH: Option<u32> = Some(ARNS as u32);
    // DescribeTags would take a call for each twenty.
    const READING: Reading = Reading::TAGGED_BATCH;
    const RATES: Rates = rates::ELASTIC_LOAD_BALANCING;
    /// A listener does not wait for its load balancer to serve, nor does a record.
    const EARLY: &'static [&'static str] =
        &["id", "arn", "canonical_hosted_zone_id", "dns_name", "load_balancer_full_name", "name", "vpc_id"];
    /// Some 170 s to create, as runs on AWS took; the others are estimates until a stack's own runs
    /// refine them.
    const TIMING: Timing = Timing { create: 170, update: 5, delete: 5, limit: 1200 };
    /// The policy of the logs' bucket may have been made a moment ago.
    const EVENTUAL: &'static [&'static str] = &[
        "InvalidConfigurationRequest: Access Denied for bucket",
        "InvalidSecurityGroup",
        "LoadBalancerNotFound",
        "SubnetNotFound",
    ];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        let name = elbv2::check_name(&self.name).or_else(|| {
            let is_reserved = self.name.starts_with("internal-");
            is_reserved.then(|| fault("name", "names that begin with `internal-` belong to AWS"))
        });
        let place = (self.subnets.is_some() == self.subnet_mappings.is_some())
            .then(|| fault("subnets", "a load balancer states either `subnets` or `subnet_mappings`"));
        let logs = self.attributes.as_ref().and_then(check_logs);
        [name, place, logs].into_iter().flatten().collect()
    }

    /// CreateLoadBalancer gives back a load balancer that is there already and is the same, whosever it
    /// is: so it is looked for first.
    async fn create(&self, cloud: &Cloud, intent: &Intent) -> Result<Id> {
        if let Some(arn) = arn_of(cloud, &self.name).await? {
            return Err(elbv2::exists(CREATE, &format!("a load balancer `{}`", self.name), &arn));
        }
        let call = cloud
            .elasticloadbalancing()
            .create_load_balancer()
            .name(&self.name)
            .set_type(self.kind.as_deref().map(LoadBalancerTypeEnum::from))
            .set_scheme(self.scheme.as_deref().map(LoadBalancerSchemeEnum::from))
            .set_subnets(self.subnets.as_ref().map(strings))
            .set_subnet_mappings(self.subnet_mappings.as_ref().map(mappings))
            .set_security_groups(self.security_groups.as_ref().map(strings))
            .set_ip_address_type(self.ip_address_type.as_deref().map(IpAddressType::from))
            .set_enable_prefix_for_ipv6_source_nat(
                self.enable_prefix_for_ipv6_source_nat.as_deref().map(EnablePrefixForIpv6SourceNatEnum::from),
            )
            .set_customer_owned_ipv4_pool(self.customer_owned_ipv4_pool.clone())
            .set_ipam_pools(self.ipam_pools.as_ref().and_then(IpamPools::request))
            .set_tags(Some(elbv2::tags(self.tags.with_intent(intent))));
        let made = call.send().await.op(CREATE)?.load_balancers.unwrap_or_default().into_iter().next();
        made.and_then(|made| made.load_balancer_arn).map(Id).ok_or_else(|| incomplete(CREATE, "load balancer"))
    }

    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        tagging::with_tags(cloud, wanted, read_untagged(cloud, wanted)).await
    }

    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        self.update_subnets(cloud, update).await?;
        self.update_security_groups(cloud, update).await?;
        self.update_ipam_pools(cloud, update).await?;
        self.update_capacity(cloud, update).await?;
        self.update_attributes(cloud, update).await?;
        elbv2::update_tags(cloud, update, self).await
    }

    /// One that is protected is not deleted: AWS says so.
    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        let call = cloud.elasticloadbalancing().delete_load_balancer().load_balancer_arn(id.as_str());
        call.send().await.op("elasticloadbalancing:DeleteLoadBalancer").absent()?;
        Ok(())
    }

    async fn recover(&self, cloud: &Cloud, intent: &Intent) -> Result<Vec<Id>> {
        let found: Vec<String> = arn_of(cloud, &self.name).await?.into_iter().collect();
        elbv2::made_by(cloud, &found, intent).await
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        if let Some(name) = by.text("name") {
            return Ok(arn_of(cloud, &name).await?.map(Id).into_iter().collect());
        }
        match by.text("arn") {
            Some(arn) => Ok(vec![Id(arn)]),
            None => Ok(list(cloud).await?.into_iter().map(Id).collect()),
        }
    }
}

impl Tagged for LoadBalancer {
    tagging::fields!();

    async fn list_tags(cloud: &Cloud, _: &Id, arn: &str) -> Result<Option<Tags>> {
        elbv2::list_tags(cloud, arn).await
    }
}

fn check_logs(attributes: &LoadBalancerAttributes) -> Option<FieldError> {
    let logs = [
        ("access", attributes.access_logs_s3_enabled, &attributes.access_logs_s3_bucket),
        ("connection", attributes.connection_logs_s3_enabled, &attributes.connection_logs_s3_bucket),
        ("health_check", attributes.health_check_logs_s3_enabled, &attributes.health_check_logs_s3_bucket),
    ];
    let has_bucket = |bucket: &Option<String>| bucket.as_ref().is_some_and(|bucket| !bucket.is_empty());
    let (what, ..) = logs.into_iter().find(|(_, enabled, bucket)| *enabled == Some(true) && !has_bucket(bucket))?;
    Some(fault("attributes", format!("`{what}_logs_s3_enabled` needs `{what}_logs_s3_bucket`")))
}

impl LoadBalancer {
    /// SetSubnets sets the version of the addresses too: a subnet may fit only the new one.
    async fn update_subnets(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let fields = ["subnets", "subnet_mappings", "enable_prefix_for_ipv6_source_nat"];
        if !fields.iter().any(|field| update.has(field)) {
            return self.update_ip_address_type(cloud, update).await;
        }
        let version = self.ip_address_type.as_deref().filter(|_| update.has("ip_address_type"));
        let prefix = self.enable_prefix_for_ipv6_source_nat.as_deref();
        let call = cloud
            .elasticloadbalancing()
            .set_subnets()
            .load_balancer_arn(update.id.as_str())
            .set_subnets(self.subnets.as_ref().map(strings))
            .set_subnet_mappings(self.subnet_mappings.as_ref().map(mappings))
            .set_ip_address_type(version.map(IpAddressType::from))
            .set_enable_prefix_for_ipv6_source_nat(prefix.map(EnablePrefixForIpv6SourceNatEnum::from));
        call.send().await.op("elasticloadbalancing:SetSubnets")?;
        Ok(())
    }

    async fn update_ip_address_type(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if let (true, Some(version)) = (update.has("ip_address_type"), self.ip_address_type.as_deref()) {
            let call = cloud.elasticloadbalancing().set_ip_address_type().load_balancer_arn(update.id.as_str());
            let call = call.ip_address_type(IpAddressType::from(version));
            call.send().await.op("elasticloadbalancing:SetIpAddressType")?;
        }
        Ok(())
    }

    /// The call that sets how they are enforced sets the groups as well.
    async fn update_security_groups(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let enforced = "enforce_security_group_inbound_rules_on_private_link_traffic";
        if !update.has("security_groups") && !update.has(enforced) {
            return Ok(());
        }
        let groups = self.security_groups.as_ref().or(update.live.security_groups.as_ref());
        let enforced = self.enforce_security_group_inbound_rules_on_private_link_traffic.as_deref();
        let call = cloud.elasticloadbalancing().set_security_groups().load_balancer_arn(update.id.as_str());
        let call = call
            .set_security_groups(Some(groups.map(strings).unwrap_or_default()))
            .set_enforce_security_group_inbound_rules_on_private_link_traffic(
                enforced.map(EnforceSecurityGroupInboundRulesOnPrivateLinkTrafficEnum::from),
            );
        call.send().await.op("elasticloadbalancing:SetSecurityGroups")?;
        Ok(())
    }

    async fn update_ipam_pools(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if let (true, Some(pools)) = (update.has("ipam_pools"), &self.ipam_pools) {
            let call = cloud.elasticloadbalancing().modify_ip_pools().load_balancer_arn(update.id.as_str());
            let call = match pools.request() {
                Some(pools) => call.ipam_pools(pools),
                None => call.remove_ipam_pools(RemoveIpamPoolEnum::Ipv4),
            };
            call.send().await.op("elasticloadbalancing:ModifyIpPools")?;
        }
        Ok(())
    }

    async fn update_capacity(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if let (true, Some(capacity)) =
            (update.has("minimum_load_balancer_capacity"), &self.minimum_load_balancer_capacity)
        {
            let call = cloud.elasticloadbalancing().modify_capacity_reservation().load_balancer_arn(update.id.as_str());
            let call = match capacity.capacity_units {
                0 => call.reset_capacity_reservation(true),
                units => call.minimum_load_balancer_capacity(
                    types::MinimumLoadBalancerCapacity::builder().capacity_units(units).build(),
                ),
            };
            call.send().await.op("elasticloadbalancing:ModifyCapacityReservation")?;
        }
        Ok(())
    }

    async fn update_attributes(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let changes = attributes::changes(self.attributes.as_ref(), update.live.attributes.as_ref());
        if update.has("attributes") && !changes.is_empty() {
            let pair = |(key, value)| LoadBalancerAttribute::builder().key(key).value(value).build();
            let call = cloud.elasticloadbalancing().modify_load_balancer_attributes();
            let call = call.load_balancer_arn(update.id.as_str());
            let call = call.set_attributes(Some(changes.into_iter().map(pair).collect()));
            call.send().await.op("elasticloadbalancing:ModifyLoadBalancerAttributes")?;
        }
        Ok(())
    }
}

fn strings<K>(ids: &BTreeSet<Ref<K>>) -> Vec<String> {
    ids.iter().map(|id| id.as_str().to_owned()).collect()
}

fn refs<K>(ids: Vec<String>) -> BTreeSet<Ref<K>> {
    ids.into_iter().map(Ref::from).collect()
}

fn mappings(mappings: &BTreeSet<SubnetMapping>) -> Vec<types::SubnetMapping> {
    mappings.iter().map(SubnetMapping::request).collect()
}

impl SubnetMapping {
    fn request(&self) -> types::SubnetMapping {
        types::SubnetMapping::builder()
            .subnet_id(self.subnet_id.as_str())
            .set_allocation_id(self.allocation_id.clone().map(String::from))
            .set_private_ipv4_address(self.private_ipv4_address.clone())
            .set_ipv6_address(self.ipv6_address.clone())
            .set_source_nat_ipv6_prefix(self.source_nat_ipv6_prefix.clone())
            .build()
    }

    fn from_live(zone: types::AvailabilityZone) -> Self {
        let addresses = zone.load_balancer_addresses.unwrap_or_default();
        let of = |field: fn(&types::LoadBalancerAddress) -> Option<&str>| {
            addresses.iter().find_map(field).map(str::to_owned)
        };
        Self {
            subnet_id: zone.subnet_id.unwrap_or_default().into(),
            allocation_id: of(types::LoadBalancerAddress::allocation_id).map(Ref::from),
            private_ipv4_address: of(types::LoadBalancerAddress::private_ipv4_address),
            ipv6_address: of(types::LoadBalancerAddress::ipv6_address),
            source_nat_ipv6_prefix: zone.source_nat_ipv6_prefixes.into_iter().flatten().next(),
        }
    }
}

impl IpamPools {
    /// `None` for none.
    fn request(&self) -> Option<types::IpamPools> {
        let pool = Some(&self.ipv4_ipam_pool_id).filter(|pool| !pool.is_empty())?;
        Some(types::IpamPools::builder().ipv4_ipam_pool_id(pool).build())
    }
}

const DESCRIBE: &str = "elasticloadbalancing:DescribeLoadBalancers";

async fn arn_of(cloud: &Cloud, name: &str) -> Result<Option<String>> {
    let call = cloud.elasticloadbalancing().describe_load_balancers().names(name);
    let found = call.send().await.op(DESCRIBE).absent()?.and_then(|answer| answer.load_balancers);
    Ok(found.into_iter().flatten().find_map(|found| found.load_balancer_arn))
}

/// The ARN of every load balancer there is.
pub(super) async fn list(cloud: &Cloud) -> Result<Vec<String>> {
    let pages = cloud.elasticloadbalancing().describe_load_balancers().page_size(PAGE).into_paginator().items().send();
    let found: Vec<types::LoadBalancer> = pages.try_collect().await.op(DESCRIBE)?;
    Ok(found.into_iter().filter_map(|found| found.load_balancer_arn).collect())
}

async fn describe(cloud: &Cloud, arns: &[String]) -> Result<Vec<types::LoadBalancer>> {
    let call = cloud.elasticloadbalancing().describe_load_balancers().set_load_balancer_arns(Some(arns.to_vec()));
    Ok(call.send().await.op(DESCRIBE)?.load_balancers.unwrap_or_default())
}

async fn read_untagged(cloud: &Cloud, wanted: &[Wanted<LoadBalancer>]) -> Result<Vec<Option<Live<LoadBalancer>>>> {
    let arns = read::ids(wanted);
    let described = read::known(&arns, ARNS, |arns| describe(cloud, arns));
    let parts = read::each(wanted, |wanted| async move {
        tokio::try_join!(read_attributes(cloud, wanted), read_capacity(cloud, wanted))
    });
    let (found, parts) = tokio::try_join!(described, parts)?;
    let live = read::joined(wanted, found, types::LoadBalancer::load_balancer_arn, |found, _| live(found));
    let with_parts = |(live, (attributes, capacity)): (Option<Live<LoadBalancer>>, _)| {
        let mut live = live?;
        live.spec.attributes = attributes;
        live.spec.minimum_load_balancer_capacity = capacity;
        Some(live)
    };
    Ok(live.into_iter().zip(parts).map(with_parts).collect())
}

async fn read_attributes(cloud: &Cloud, wanted: &Wanted<LoadBalancer>) -> Result<Option<LoadBalancerAttributes>> {
    if !wanted.manages(|balancer| &balancer.attributes) {
        return Ok(None);
    }
    let call = cloud.elasticloadbalancing().describe_load_balancer_attributes();
    let answer = call.load_balancer_arn(wanted.id.as_str()).send().await;
    let answer = answer.op("elasticloadbalancing:DescribeLoadBalancerAttributes").absent()?;
    let pairs = |attributes: Vec<LoadBalancerAttribute>| -> BTreeMap<String, String> {
        attributes.into_iter().filter_map(|pair| Some((pair.key?, pair.value?))).collect()
    };
    Ok(answer.map(|answer| LoadBalancerAttributes::from_live(&pairs(answer.attributes.unwrap_or_default()))))
}

async fn read_capacity(cloud: &Cloud, wanted: &Wanted<LoadBalancer>) -> Result<Option<MinimumCapacity>> {
    if !wanted.manages(|balancer| &balancer.minimum_load_balancer_capacity) {
        return Ok(None);
    }
    let call = cloud.elasticloadbalancing().describe_capacity_reservation().load_balancer_arn(wanted.id.as_str());
    let answer = call.send().await.op("elasticloadbalancing:DescribeCapacityReservation").absent()?;
    Ok(answer.map(|answer| {
        let units = answer.minimum_load_balancer_capacity.and_then(|capacity| capacity.capacity_units);
        MinimumCapacity { capacity_units: units.unwrap_or_default() }
    }))
}

fn phase(state: Option<types::LoadBalancerState>) -> Phase {
    let (code, reason) = state.map(|state| (state.code, state.reason)).unwrap_or_default();
    match code {
        Some(State::Provisioning) => Phase::Pending(reason.unwrap_or_default()),
        Some(State::Failed) => Phase::Failed(reason.unwrap_or_else(|| "AWS gives no reason".to_owned())),
        _ => Phase::Ready,
    }
}

/// What DescribeLoadBalancers tells; the rest has calls of its own.
fn live(found: types::LoadBalancer) -> Live<LoadBalancer> {
    let arn = found.load_balancer_arn.unwrap_or_default();
    let zones: BTreeSet<_> = found.availability_zones.into_iter().flatten().map(SubnetMapping::from_live).collect();
    let spec = LoadBalancer {
        name: found.load_balancer_name.unwrap_or_default(),
        kind: found.r#type.map(|kind| kind.as_str().to_owned()),
        scheme: found.scheme.map(|scheme| scheme.as_str().to_owned()),
        subnets: Some(zones.iter().map(|zone| zone.subnet_id.clone()).collect()),
        subnet_mappings: Some(zones),
        security_groups: Some(refs(found.security_groups.unwrap_or_default())),
        enforce_security_group_inbound_rules_on_private_link_traffic: found
            .enforce_security_group_inbound_rules_on_private_link_traffic,
        ip_address_type: found.ip_address_type.map(|version| version.as_str().to_owned()),
        enable_prefix_for_ipv6_source_nat: found
            .enable_prefix_for_ipv6_source_nat
            .map(|prefix| prefix.as_str().to_owned()),
        customer_owned_ipv4_pool: found.customer_owned_ipv4_pool,
        ipam_pools: Some(IpamPools {
            ipv4_ipam_pool_id: found.ipam_pools.and_then(|pools| pools.ipv4_ipam_pool_id).unwrap_or_default(),
        }),
        minimum_load_balancer_capacity: None,
        attributes: None,
        tags: Tags::default(),
    };
    let outputs = Outputs {
        load_balancer_full_name: crate::query::resource(&arn, "loadbalancer/").unwrap_or_default(),
        arn,
        dns_name: found.dns_name.unwrap_or_default(),
        canonical_hosted_zone_id: found.canonical_hosted_zone_id.unwrap_or_default(),
        vpc_id: found.vpc_id.unwrap_or_default(),
    };
    Live { spec, outputs, phase: phase(found.state) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    fn told(spec: Json) -> serde_json::Result<String> {
        let balancer: LoadBalancer = serde_json::from_value(spec)?;
        Ok(balancer.check().into_iter().map(|error| error.message).collect())
    }

    #[test]
    fn what_cannot_be_is_told() -> serde_json::Result<()> {
        for (spec, message) in [
            (json!({ "name": "shop", "subnets": ["a", "b"] }), ""),
            (json!({ "name": "internal-shop", "subnets": [] }), "names that begin with `internal-` belong to AWS"),
            (json!({ "name": "shop" }), "a load balancer states either `subnets` or `subnet_mappings`"),
            (
                json!({ "name": "shop", "subnets": [], "attributes": { "access_logs_s3_enabled": true } }),
                "`access_logs_s3_enabled` needs `access_logs_s3_bucket`",
            ),
        ] {
            assert_eq!(told(spec)?, message);
        }
        Ok(())
    }

    #[test]
    fn what_aws_says_of_it_is_its_phase() {
        let state = |code, reason: &str| types::LoadBalancerState::builder().code(code).reason(reason).build();
        assert_eq!(phase(Some(state(State::Provisioning, "busy"))), Phase::Pending("busy".to_owned()));
        assert_eq!(phase(Some(state(State::Failed, "no room"))), Phase::Failed("no room".to_owned()));
        assert_eq!(phase(Some(state(State::ActiveImpaired, "slow"))), Phase::Ready);
        assert_eq!(phase(None), Phase::Ready);
    }
}
