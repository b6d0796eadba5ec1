//! `ec2/vpc_endpoint`: a private way from a VPC to a service.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_ec2::operation::modify_vpc_endpoint::builders::ModifyVpcEndpointFluentBuilder;
use aws_sdk_ec2::types::{
    self, DnsOptionsSpecification, DnsRecordIpType, Filter, IpAddressType, ResourceType, VpcEndpointType,
};
use provision_core::driver::{Id, Intent, Phase, Recovery};
use provision_core::rate::Rates;
use provision_core::schema::{FieldError, Timing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::error::{Absent, Op, incomplete};
use crate::kind::{Kind, Live, Result, Update, Wanted};
use crate::kinds::ec2::security_group::SecurityGroup;
use crate::kinds::ec2::vpc::Vpc;
use crate::query::Query;
use crate::read;
use crate::service::ec2::{self, FILTER_VALUES, filter, intent_filter};
use crate::service::rates;
use crate::types::{PolicyDocument, Ref, Tags};

/// A private way from a VPC to an AWS service, a partner's or one's own.
///
/// See [CreateVpcEndpoint](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcEndpoint.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VpcEndpoint {
    /// The VPC.
    #[schemars(extend("x-replace" = true))]
    pub vpc_id: Ref<Vpc>,

    /// `Gateway` puts routes into route tables (S3 and DynamoDB); `Interface` puts a network
    /// interface into each subnet; `GatewayLoadBalancer` leads to appliances; `Resource`,
    /// `ServiceNetwork` and `Tunnel` lead to what VPC Lattice shares.
    #[serde(default = "gateway")]
    #[schemars(extend(
        "x-replace" = true,
        "enum" = ["Gateway", "Interface", "GatewayLoadBalancer", "Resource", "ServiceNetwork", "Tunnel"]
    ))]
    pub vpc_endpoint_type: String,

    /// The service, such as `com.amazonaws.us-east-1.s3`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub service_name: Option<String>,

    /// The region of the service; this one when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub service_region: Option<String>,

    /// ARN of the resource configuration a `Resource` or `Tunnel` endpoint leads to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub resource_configuration_arn: Option<String>,

    /// ARN of the service network a `ServiceNetwork` endpoint leads to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub service_network_arn: Option<String>,

    /// Who may do what through a `Gateway` or `Interface` endpoint; AWS allows everything by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_document: Option<PolicyDocument>,

    /// Route tables that lead to a `Gateway` endpoint. Managed as a whole when stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route_table_ids: Option<BTreeSet<String>>,

    /// Subnets with a network interface of the endpoint, one to a zone. Managed as a whole when stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subnet_ids: Option<BTreeSet<String>>,

    /// The addresses of the network interfaces; AWS chooses them by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-write-only" = true))]
    pub subnet_configurations: Option<BTreeSet<SubnetConfiguration>>,

    /// Security groups of the network interfaces; the VPC's default one when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_group_ids: Option<BTreeSet<Ref<SecurityGroup>>>,

    /// The addresses the endpoint has.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["ipv4", "dualstack", "ipv6"]))]
    pub ip_address_type: Option<String>,

    /// Whether the service's public name leads to the endpoint inside the VPC, which needs
    /// `enable_dns_hostnames` and `enable_dns_support` there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_dns_enabled: Option<bool>,

    /// How the endpoint's names are answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns_options: Option<DnsOptions>,

    /// `true` accepts the endpoint on the side of the service, where that is ours and asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_accept: Option<bool>,

    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

fn gateway() -> String {
    "Gateway".to_owned()
}

/// The addresses of an endpoint's network interface in one subnet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubnetConfiguration {
    /// The subnet, one of `subnet_ids`.
    pub subnet_id: String,
    /// The IPv4 address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipv4: Option<String>,
    /// The IPv6 address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipv6: Option<String>,
}

/// How an endpoint's names are answered.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DnsOptions {
    /// The kind of records.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["ipv4", "dualstack", "ipv6", "service-defined"]))]
    pub dns_record_ip_type: Option<String>,

    /// Whether private names are answered to inbound Resolver endpoints only, so that the
    /// VPC itself goes through the service's gateway endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_dns_only_for_inbound_resolver_endpoint: Option<bool>,

    /// Which private domains a `Resource` or `ServiceNetwork` endpoint gets hosted zones for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true, "enum" = [
        "ALL_DOMAINS", "VERIFIED_DOMAINS_ONLY", "VERIFIED_DOMAINS_AND_SPECIFIED_DOMAINS", "SPECIFIED_DOMAINS_ONLY"
    ]))]
    pub private_dns_preference: Option<String>,

    /// The domains that `private_dns_preference` calls specified.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub private_dns_specified_domains: Option<BTreeSet<String>>,
}

/// What other resources may name.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The endpoint's ARN.
    pub arn: String,
    /// The account that owns it.
    pub owner_id: String,
    /// AWS's word for its state, such as `available` or `pendingAcceptance`.
    #[schemars(extend("x-volatile" = true))]
    pub state: String,
    /// Whether an AWS service manages it.
    pub requester_managed: bool,
    /// Names that lead to it.
    #[schemars(extend("x-volatile" = true))]
    pub dns_entries: Vec<DnsEntry>,
    /// Its network interfaces.
    #[schemars(extend("x-volatile" = true))]
    pub network_interface_ids: Vec<String>,
    /// For a `Gateway` endpoint, the prefix list of the service.
    pub prefix_list_id: Option<String>,
    /// For a `Gateway` endpoint, the ranges of the service as they were when it was first read.
    pub cidr_blocks: Vec<String>,
}

/// A name that leads to an endpoint.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DnsEntry {
    /// The name.
    pub dns_name: String,
    /// The hosted zone it is in, for alias records.
    pub hosted_zone_id: String,
}

impl Kind for VpcEndpoint {
    const NAME: &'static str = "ec2/vpc_endpoint";
    const RECOVERY: Recovery = Recovery::Tag;
    const BATCH: Option<u32> = Some(200);
    const RATES: Rates = rates::ec2::VPC_ENDPOINT;
    const EARLY: &'static [&'static str] = &["arn"];
    /// Estimates until a stack's own runs refine them.
    const TIMING: Timing = Timing { create: 60, update: 30, delete: 60, limit: 900 };
    const EVENTUAL: &'static [&'static str] = &["InvalidVpcEndpointId.NotFound"];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        let error =
            |field: &str, message: &str| FieldError { path: vec![field.to_owned()], message: message.to_owned() };
        let targets = [&self.service_name, &self.resource_configuration_arn, &self.service_network_arn];
        let mut errors = Vec::new();
        if targets.into_iter().flatten().count() != 1 {
            let message = "an endpoint has exactly one of `service_name`, `resource_configuration_arn` \
                           and `service_network_arn`";
            errors.push(error("service_name", message));
        }
        if self.auto_accept == Some(false) {
            errors.push(error("auto_accept", "an endpoint cannot be unaccepted: leave it out"));
        }
        errors
    }

    async fn create(&self, cloud: &Cloud, intent: &Intent) -> Result<Id> {
        let answer = cloud
            .ec2()
            .create_vpc_endpoint()
            .client_token(&intent.token)
            .vpc_id(self.vpc_id.as_str())
            .vpc_endpoint_type(VpcEndpointType::from(self.vpc_endpoint_type.as_str()))
            .set_service_name(self.service_name.clone())
            .set_service_region(self.service_region.clone())
            .set_resource_configuration_arn(self.resource_configuration_arn.clone())
            .set_service_network_arn(self.service_network_arn.clone())
            .set_policy_document(self.policy_document.as_ref().map(PolicyDocument::to_text))
            .set_route_table_ids(strings(self.route_table_ids.as_ref()))
            .set_subnet_ids(strings(self.subnet_ids.as_ref()))
            .set_subnet_configurations(self.subnet_configurations())
            .set_security_group_ids(strings(self.security_group_ids.as_ref()))
            .set_ip_address_type(self.ip_address_type.as_deref().map(IpAddressType::from))
            .set_private_dns_enabled(self.private_dns_enabled)
            .set_dns_options(self.dns_options.as_ref().map(DnsOptions::specification))
            .tag_specifications(ec2::tag_specification(ResourceType::VpcEndpoint, &self.tags, intent))
            .send()
            .await
            .op("ec2:CreateVpcEndpoint")?;
        let id = answer.vpc_endpoint.and_then(|endpoint| endpoint.vpc_endpoint_id);
        ec2::first_id([id]).ok_or_else(|| incomplete("ec2:CreateVpcEndpoint", "endpoint id"))
    }

    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        let ids = read::ids(wanted);
        let found = read::known(&ids, FILTER_VALUES, |ids| describe(cloud, ids)).await?;
        let prefix_lists = prefix_lists(cloud, wanted, &found).await?;
        let endpoints = found.into_iter().filter(|endpoint| state(endpoint) != "deleted").filter_map(|endpoint| {
            let id = Id(endpoint.vpc_endpoint_id.clone()?);
            Some((id, live(cloud, endpoint, &prefix_lists)))
        });
        Ok(read::in_order(wanted, endpoints))
    }

    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if update.has("auto_accept") {
            self.accept(cloud, &update.id).await?;
        }
        if MODIFIED.iter().any(|field| update.has(field)) {
            let call = cloud.ec2().modify_vpc_endpoint().vpc_endpoint_id(update.id.as_str());
            self.modify(call, update).send().await.op("ec2:ModifyVpcEndpoint")?;
        }
        ec2::update_tags(cloud, update, |endpoint| &endpoint.tags, self).await
    }

    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        let call = cloud.ec2().delete_vpc_endpoints().vpc_endpoint_ids(id.as_str());
        let answer = call.send().await.op("ec2:DeleteVpcEndpoints");
        let refused = answer.and_then(|answer| ec2::refusal("ec2:DeleteVpcEndpoints", answer.unsuccessful));
        refused.absent()?;
        Ok(())
    }

    async fn recover(&self, cloud: &Cloud, intent: &Intent) -> Result<Vec<Id>> {
        alive(cloud, vec![intent_filter(intent)]).await
    }

    /// Not by the id in the ARN: not every emulator knows that filter.
    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        let names =
            [("vpc-id", "vpc_id"), ("service-name", "service_name"), ("vpc-endpoint-type", "vpc_endpoint_type")];
        alive(cloud, ec2::filters(by, &names)).await
    }
}

/// What ModifyVpcEndpoint changes.
const MODIFIED: [&str; 8] = [
    "policy_document",
    "route_table_ids",
    "subnet_ids",
    "subnet_configurations",
    "security_group_ids",
    "ip_address_type",
    "private_dns_enabled",
    "dns_options",
];

impl VpcEndpoint {
    fn modify(&self, call: ModifyVpcEndpointFluentBuilder, update: &Update<Self>) -> ModifyVpcEndpointFluentBuilder {
        let live = &update.live;
        let (add_tables, remove_tables) = difference(self.route_table_ids.as_ref(), live.route_table_ids.as_ref());
        let (add_subnets, remove_subnets) = difference(self.subnet_ids.as_ref(), live.subnet_ids.as_ref());
        let (add_groups, remove_groups) =
            difference(self.security_group_ids.as_ref(), live.security_group_ids.as_ref());
        let changes_dns = update.has("private_dns_enabled") || update.has("dns_options");
        let changes_subnets = update.has("subnet_ids") || update.has("subnet_configurations");
        let policy = self.policy_document.as_ref().filter(|_| update.has("policy_document"));
        let ip_address_type = self.ip_address_type.as_deref().filter(|_| update.has("ip_address_type"));
        let dns_options = self.dns_options.as_ref().filter(|_| update.has("dns_options"));
        call.set_policy_document(policy.map(PolicyDocument::to_text))
            .set_add_route_table_ids(add_tables)
            .set_remove_route_table_ids(remove_tables)
            .set_add_subnet_ids(add_subnets)
            .set_remove_subnet_ids(remove_subnets)
            .set_subnet_configurations(self.subnet_configurations().filter(|_| changes_subnets))
            .set_add_security_group_ids(add_groups)
            .set_remove_security_group_ids(remove_groups)
            .set_ip_address_type(ip_address_type.map(IpAddressType::from))
            .set_private_dns_enabled(self.private_dns_enabled.filter(|_| changes_dns))
            .set_dns_options(dns_options.map(DnsOptions::specification))
    }

    async fn accept(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        let call = cloud
            .ec2()
            .describe_vpc_endpoint_services()
            .set_service_names(self.service_name.clone().map(|name| vec![name]));
        let services = call.send().await.op("ec2:DescribeVpcEndpointServices")?.service_details.unwrap_or_default();
        let service = services.into_iter().find_map(|service| service.service_id);
        let service = service.ok_or_else(|| incomplete("ec2:DescribeVpcEndpointServices", "service id"))?;
        let call = cloud.ec2().accept_vpc_endpoint_connections().service_id(service).vpc_endpoint_ids(id.as_str());
        let answer = call.send().await.op("ec2:AcceptVpcEndpointConnections")?;
        ec2::refusal("ec2:AcceptVpcEndpointConnections", answer.unsuccessful)
    }

    fn subnet_configurations(&self) -> Option<Vec<types::SubnetConfiguration>> {
        let configurations = self.subnet_configurations.as_ref()?.iter().map(|subnet| {
            let configuration = types::SubnetConfiguration::builder().subnet_id(&subnet.subnet_id);
            configuration.set_ipv4(subnet.ipv4.clone()).set_ipv6(subnet.ipv6.clone()).build()
        });
        Some(configurations.collect())
    }
}

impl DnsOptions {
    fn specification(&self) -> DnsOptionsSpecification {
        DnsOptionsSpecification::builder()
            .set_dns_record_ip_type(self.dns_record_ip_type.as_deref().map(DnsRecordIpType::from))
            .set_private_dns_only_for_inbound_resolver_endpoint(self.private_dns_only_for_inbound_resolver_endpoint)
            .set_private_dns_preference(self.private_dns_preference.clone())
            .set_private_dns_specified_domains(strings(self.private_dns_specified_domains.as_ref()))
            .build()
    }

    fn from_live(options: types::DnsOptions) -> Self {
        let domains = options.private_dns_specified_domains;
        Self {
            dns_record_ip_type: options.dns_record_ip_type.map(|kind| kind.as_str().to_owned()),
            private_dns_only_for_inbound_resolver_endpoint: options.private_dns_only_for_inbound_resolver_endpoint,
            private_dns_preference: options.private_dns_preference,
            private_dns_specified_domains: domains.map(|domains| domains.into_iter().collect()),
        }
    }
}

fn strings<T: Clone + Into<String>>(values: Option<&BTreeSet<T>>) -> Option<Vec<String>> {
    values.map(|values| values.iter().cloned().map(Into::into).collect())
}

/// What to add to `live` and what to remove from it; `None` for nothing.
fn difference<T: Clone + Ord + Into<String>>(
    wanted: Option<&BTreeSet<T>>,
    live: Option<&BTreeSet<T>>,
) -> (Option<Vec<String>>, Option<Vec<String>>) {
    let (Some(wanted), Some(live)) = (wanted, live) else { return (None, None) };
    let surplus = |left: &BTreeSet<T>, right| strings(Some(&(left - right))).filter(|surplus| !surplus.is_empty());
    (surplus(wanted, live), surplus(live, wanted))
}

/// `vpc-endpoint-id` filters would do, but not every emulator knows them.
async fn describe(cloud: &Cloud, ids: &[String]) -> Result<Vec<types::VpcEndpoint>> {
    let call = cloud.ec2().describe_vpc_endpoints().set_vpc_endpoint_ids(Some(ids.to_vec()));
    let pages = call.into_paginator().items().send();
    pages.collect::<std::result::Result<_, _>>().await.op("ec2:DescribeVpcEndpoints")
}

/// The ids of the endpoints that pass the filters and are not on their way out.
async fn alive(cloud: &Cloud, filters: Vec<Filter>) -> Result<Vec<Id>> {
    let call = cloud.ec2().describe_vpc_endpoints().set_filters(Some(filters));
    let pages = call.into_paginator().items().send();
    let found: Vec<_> = pages.collect::<std::result::Result<_, _>>().await.op("ec2:DescribeVpcEndpoints")?;
    let alive = found.into_iter().filter(|endpoint| !matches!(state(endpoint).as_str(), "deleting" | "deleted"));
    Ok(ec2::ids(alive.map(|endpoint| endpoint.vpc_endpoint_id)))
}

/// The prefix lists of the services that gateway endpoints lead to, by the service's name:
/// as recorded, or asked for where one is not.
async fn prefix_lists(
    cloud: &Cloud,
    wanted: &[Wanted<VpcEndpoint>],
    endpoints: &[types::VpcEndpoint],
) -> Result<HashMap<String, types::PrefixList>> {
    let mut lists: HashMap<String, types::PrefixList> = wanted.iter().filter_map(recorded_list).collect();
    let gateways = endpoints.iter().filter(|endpoint| endpoint.vpc_endpoint_type == Some(VpcEndpointType::Gateway));
    let names: BTreeSet<String> = gateways.filter_map(|endpoint| endpoint.service_name.clone()).collect();
    if names.iter().any(|name| !lists.contains_key(name)) {
        lists.extend(described_lists(cloud, names).await?);
    }
    Ok(lists)
}

fn recorded_list(wanted: &Wanted<VpcEndpoint>) -> Option<(String, types::PrefixList)> {
    let (applied, outputs) = (wanted.applied.as_ref()?, wanted.outputs.as_ref()?);
    let list = types::PrefixList::builder()
        .prefix_list_id(outputs.prefix_list_id.clone()?)
        .set_cidrs(Some(outputs.cidr_blocks.clone()));
    Some((applied.service_name.clone()?, list.build()))
}

async fn described_lists(
    cloud: &Cloud,
    names: BTreeSet<String>,
) -> Result<impl Iterator<Item = (String, types::PrefixList)>> {
    let call = cloud.ec2().describe_prefix_lists().filters(filter("prefix-list-name", names));
    let found: Vec<types::PrefixList> = call
        .into_paginator()
        .items()
        .send()
        .collect::<std::result::Result<_, _>>()
        .await
        .op("ec2:DescribePrefixLists")?;
    Ok(found.into_iter().filter_map(|list| Some((list.prefix_list_name.clone()?, list))))
}

/// AWS writes states with a small first letter, its model of the API with a capital one.
fn state(endpoint: &types::VpcEndpoint) -> String {
    let state = endpoint.state.as_ref().map_or("", types::State::as_str);
    let mut letters = state.chars();
    letters.next().into_iter().flat_map(char::to_lowercase).chain(letters).collect()
}

/// An endpoint that waits to be accepted has all it will get from us.
fn phase(state: &str, endpoint: &types::VpcEndpoint) -> Phase {
    match state {
        "pending" | "deleting" => Phase::PENDING,
        "failed" | "rejected" | "expired" => {
            let error = endpoint.last_error.as_ref().and_then(|error| error.message.clone());
            Phase::Failed(endpoint.failure_reason.clone().or(error).unwrap_or_else(|| state.to_owned()))
        }
        _ => Phase::Ready,
    }
}

fn live(
    cloud: &Cloud,
    endpoint: types::VpcEndpoint,
    prefix_lists: &HashMap<String, types::PrefixList>,
) -> Live<VpcEndpoint> {
    let state = state(&endpoint);
    let phase = phase(&state, &endpoint);
    let outputs = outputs(cloud, &endpoint, state.clone(), prefix_lists);
    let groups = endpoint.groups.unwrap_or_default().into_iter();
    let spec = VpcEndpoint {
        vpc_id: Ref::from(endpoint.vpc_id.unwrap_or_default()),
        vpc_endpoint_type: endpoint.vpc_endpoint_type.map_or_else(gateway, |kind| kind.as_str().to_owned()),
        service_name: endpoint.service_name,
        service_region: endpoint.service_region,
        resource_configuration_arn: endpoint.resource_configuration_arn,
        service_network_arn: endpoint.service_network_arn,
        policy_document: endpoint.policy_document.as_deref().map(PolicyDocument::from_live),
        route_table_ids: endpoint.route_table_ids.map(|ids| ids.into_iter().collect()),
        subnet_ids: endpoint.subnet_ids.map(|ids| ids.into_iter().collect()),
        subnet_configurations: None,
        security_group_ids: Some(groups.filter_map(|group| group.group_id).map(Ref::from).collect()),
        ip_address_type: endpoint.ip_address_type.map(|kind| kind.as_str().to_owned()),
        private_dns_enabled: endpoint.private_dns_enabled,
        dns_options: endpoint.dns_options.map(DnsOptions::from_live),
        auto_accept: Some(state != "pendingAcceptance"),
        tags: ec2::live_tags(endpoint.tags),
    };
    Live { spec, outputs, phase }
}

fn outputs(
    cloud: &Cloud,
    endpoint: &types::VpcEndpoint,
    state: String,
    prefix_lists: &HashMap<String, types::PrefixList>,
) -> Outputs {
    let (id, owner) = (endpoint.vpc_endpoint_id().unwrap_or_default(), endpoint.owner_id().unwrap_or_default());
    let prefix_list = endpoint.service_name().and_then(|name| prefix_lists.get(name));
    let dns_entries = endpoint.dns_entries().iter().map(|entry| DnsEntry {
        dns_name: entry.dns_name.clone().unwrap_or_default(),
        hosted_zone_id: entry.hosted_zone_id.clone().unwrap_or_default(),
    });
    Outputs {
        arn: cloud.arn("ec2", owner, &format!("vpc-endpoint/{id}")),
        owner_id: owner.to_owned(),
        state,
        requester_managed: endpoint.requester_managed.unwrap_or_default(),
        dns_entries: dns_entries.collect(),
        network_interface_ids: endpoint.network_interface_ids().to_vec(),
        prefix_list_id: prefix_list.and_then(|list| list.prefix_list_id.clone()),
        cidr_blocks: prefix_list.map(|list| list.cidrs().to_vec()).unwrap_or_default(),
    }
}
