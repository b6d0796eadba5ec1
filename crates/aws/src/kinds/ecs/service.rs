//! `ecs/service`: tasks that are kept running.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::types;
use provision_core::driver::{Cause, CloudError, Id, Intent, Recovery};
use provision_core::rate::Rates;
use provision_core::schema::{FieldError, Timing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cluster::{self, Cluster};
use super::task_definition::TaskDefinition;
use crate::cloud::Cloud;
use crate::error::{Absent, Op, incomplete};
use crate::kind::{Kind, Live, Result, Update, Wanted, fault};
use crate::query::Query;
use crate::read;
use crate::service::ecs::connect::{
    GatewayConnector, MonitoringConfiguration, ServiceConnectConfiguration, VpcLatticeConfiguration,
};
use crate::service::ecs::deployment::{DeploymentConfiguration, DeploymentController};
use crate::service::ecs::network::{
    LoadBalancer, NetworkConfiguration, PlacementConstraint, PlacementStrategy, ServiceRegistry,
    ServiceVolumeConfiguration,
};
use crate::service::ecs::{self, CapacityProviderStrategyItem, rollout};
use crate::service::rates;
use crate::shape::{Shape, texts, to_sdk};
use crate::types::{Ref, Tags};

/// Tasks that are kept running, and reached through load balancers.
///
/// It is ready when it is steady: all tasks run what the task definition says, and none runs anything
/// else. A rollout that AWS gave up on, or rolled back, is a failure.
///
/// See [CreateService](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Name, unique in the cluster: up to 255 letters, digits and `-_`.
    #[schemars(extend("x-replace" = true))]
    pub service_name: String,

    /// Name or ARN of the cluster.
    #[serde(default = "default_cluster")]
    #[schemars(extend("x-replace" = true))]
    pub cluster: Ref<Cluster>,

    /// What its tasks are made of: ARN, `family:revision`, or `family` for the newest revision at the time. Not with
    /// the deployment controller `EXTERNAL`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_definition: Option<Ref<TaskDefinition>>,

    /// How many tasks. Left out, a new service begins with one, and whoever scales it has the say from then on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub desired_count: Option<i32>,

    /// What the tasks run on; AWS's default is the cluster's capacity provider strategy, or else `EC2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true, "enum" = ["EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES"]))]
    pub launch_type: Option<String>,

    /// Which capacity providers the tasks run on, in the place of `launch_type`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity_provider_strategy: Option<BTreeSet<CapacityProviderStrategyItem>>,

    /// Version of Fargate; AWS's default is `LATEST`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform_version: Option<String>,

    /// The network of tasks in network mode `awsvpc`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_configuration: Option<NetworkConfiguration>,

    /// Target groups and Classic Load Balancers that the tasks are registered with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load_balancers: Option<BTreeSet<LoadBalancer>>,

    /// For how many seconds load balancers' bad news of a new task do not count; AWS's default is 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub health_check_grace_period_seconds: Option<i32>,

    /// Cloud Map services that the tasks are registered with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_registries: Option<BTreeSet<ServiceRegistry>>,

    /// How it goes from one task definition to the next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment_configuration: Option<DeploymentConfiguration>,

    /// Who carries that out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment_controller: Option<DeploymentController>,

    /// Whether there are as many tasks as desired, AWS's default, or one on each container instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true, "enum" = ["REPLICA", "DAEMON"]))]
    pub scheduling_strategy: Option<String>,

    /// Whether tasks are moved when the zones have unequal numbers of them; AWS's default for new services is
    /// `ENABLED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["ENABLED", "DISABLED"]))]
    pub availability_zone_rebalancing: Option<String>,

    /// Which container instances the tasks may run on; not on Fargate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub placement_constraints: Option<BTreeSet<PlacementConstraint>>,

    /// How tasks are distributed over container instances, the first rule first; not on Fargate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub placement_strategy: Option<Vec<PlacementStrategy>>,

    /// Whether ECS Exec may run commands in its containers; AWS's default is `false`. It holds for new tasks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_execute_command: Option<bool>,

    /// Whether tasks are tagged with the names of cluster and service; AWS's default is `false`. It holds for new
    /// tasks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_ecs_managed_tags: Option<bool>,

    /// Whose tags tasks get too; AWS's default is `NONE`. It holds for new tasks.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["TASK_DEFINITION", "SERVICE", "NONE"]))]
    pub propagate_tags: Option<String>,

    /// Name or ARN of the role by which ECS registers tasks with load balancers; left out, ECS's own. Not in network
    /// mode `awsvpc`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub role: Option<String>,

    /// How it takes part in Service Connect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_connect_configuration: Option<ServiceConnectConfiguration>,

    /// The volumes that the task definition leaves to the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume_configurations: Option<BTreeSet<ServiceVolumeConfiguration>>,

    /// VPC Lattice target groups that the tasks are registered with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc_lattice_configurations: Option<BTreeSet<VpcLatticeConfiguration>>,

    /// Ports that gateways of ECS can send traffic to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-write-only" = true))]
    pub gateway_connectors: Option<BTreeSet<GatewayConnector>>,

    /// How closely it is watched.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-write-only" = true))]
    pub monitoring: Option<MonitoringConfiguration>,

    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

texts!(types::AvailabilityZoneRebalancing, types::LaunchType, types::SchedulingStrategy);

/// The cluster that AWS takes where none is stated.
fn default_cluster() -> Ref<Cluster> {
    "default".to_owned().into()
}

/// What other resources may name. The id is `cluster/service`, as in `service/<id>` by which Application
/// Auto Scaling knows it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The service's ARN.
    pub arn: String,
    /// The cluster's ARN.
    pub cluster_arn: String,
}

const CREATE_SERVICE: &str = "ecs:CreateService";
const UPDATE_SERVICE: &str = "ecs:UpdateService";

impl Kind for Service {
    const NAME: &'static str = "ecs/service";
    const RECOVERY: Recovery = Recovery::NaturalKey;
    const BATCH: Option<u32> = Some(10);
    const RATES: Rates = rates::ecs::SERVICE;
    const EARLY: &'static [&'static str] = &["id", "arn", "cluster", "cluster_arn", "service_name"];
    /// 60 to 120 s until it is steady, as runs on AWS took. A rollout also drains the old tasks, and a
    /// failing one goes on until the circuit breaker has counted its failures: estimates, until a
    /// stack's own runs refine them. A deleted one drains: an estimate for 30 s of deregistration.
    const TIMING: Timing = Timing { create: 90, update: 150, delete: 60, limit: 1800 };
    /// What it needs was made a moment ago; a target group can be used once a listener forwards to it; a name is
    /// free again once its service has drained.
    const EVENTUAL: &'static [&'static str] = &[
        "InvalidParameterException: still Draining",
        "ClusterNotFoundException",
        "ClientException: TaskDefinition not found",
        "InvalidParameterException: service linked role",
        "InvalidParameterException: still Draining",
        "InvalidParameterException: does not have an associated load balancer",
    ];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        let mut faults = Vec::new();
        let has_strategy = self.capacity_provider_strategy.as_ref().is_some_and(|strategy| !strategy.is_empty());
        if self.launch_type.is_some() && has_strategy {
            let message = "a service has a `launch_type` or a `capacity_provider_strategy`, not both";
            faults.push(fault("capacity_provider_strategy", message));
        }
        let is_external = self.deployment_controller.as_ref().is_some_and(|it| it.r#type == "EXTERNAL");
        if is_external == self.task_definition.is_some() {
            let message = "a service needs a `task_definition`, unless its deployment controller is `EXTERNAL`";
            faults.push(fault("task_definition", message));
        }
        if self.is_daemon() && self.desired_count.is_some() {
            let message = "with `scheduling_strategy: DAEMON` the container instances are counted, not `desired_count`";
            faults.push(fault("desired_count", message));
        }
        faults
    }

    /// CreateService gives back a service that is there already and is the same, whosever it is: so it
    /// is looked for first.
    async fn create(&self, cloud: &Cloud, intent: &Intent) -> Result<Id> {
        if self.find_own(cloud).await?.is_some() {
            let message = format!("there is a service `{}` in the cluster already", self.service_name);
            return Err(CloudError::new(Cause::Exists, CREATE_SERVICE, message));
        }
        let desired = self.desired_count.or((!self.is_daemon()).then_some(1));
        let call = cloud.ecs().create_service().client_token(&intent.token).service_name(&self.service_name);
        let call = self.with_tasks(call.cluster(self.cluster.as_str()).set_desired_count(desired))?;
        let call = self.with_reach(self.with_manners(call)?)?;
        let call = call.set_tags(Some(ecs::tags(self.tags.with_intent(intent))));
        let service = call.send().await.op(CREATE_SERVICE)?.service;
        service.as_ref().and_then(id).ok_or_else(|| incomplete(CREATE_SERVICE, "service"))
    }

    /// AWS is asked cluster by cluster.
    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        let mut clusters: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (cluster, name) in wanted.iter().filter_map(|wanted| wanted.id.as_str().split_once('/')) {
            clusters.entry(cluster).or_default().push(name.to_owned());
        }
        let clusters: Vec<_> = clusters.into_iter().collect();
        let found = read::each(&clusters, |(cluster, names)| there(cloud, cluster, names)).await?;
        let found: Vec<types::Service> = found.into_iter().flatten().collect();
        let live = read::each(&found, |service| live(cloud, service, wanted)).await?;
        Ok(read::in_order(wanted, live.into_iter().flatten()))
    }

    /// What halted is told to start anew where nothing else is to change.
    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let is_to_change = UPDATABLE.iter().any(|field| update.has(field));
        if is_to_change || !update.has("tags") {
            self.update_service(cloud, update, !is_to_change).await?;
        }
        if update.has("tags") {
            let account = &cloud.identity().await?.account_id;
            let arn = cloud.arn("ecs", account, &format!("service/{}", update.id));
            ecs::update_tags(cloud, &arn, &update.live.tags, &self.tags).await?;
        }
        Ok(())
    }

    /// With `force` its tasks need not be stopped first: AWS drains them. It is gone, and its name free, once
    /// it has drained.
    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        let (cluster, name) = parts(id);
        let call = cloud.ecs().delete_service().cluster(cluster).service(name).force(true);
        match call.send().await.op("ecs:DeleteService").absent() {
            Err(error) if error.code == "ServiceNotActiveException" => Ok(()),
            answer => answer.map(|_| ()),
        }
    }

    async fn recover(&self, cloud: &Cloud, intent: &Intent) -> Result<Vec<Id>> {
        let found = self.find_own(cloud).await?.filter(|service| ecs::is_made_by(intent, service.tags()));
        Ok(found.as_ref().and_then(id).into_iter().collect())
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        if let Some(id) = by.in_arn("service/").filter(|id| id.contains('/')) {
            return Ok(vec![Id(id)]);
        }
        let cluster = by.text("cluster").or_else(|| by.text("cluster_arn"));
        let (cluster, name) = (cluster.as_deref().map(ecs::short), by.text("service_name"));
        if let (Some(cluster), Some(name)) = (cluster, &name) {
            return Ok(vec![Id(format!("{cluster}/{name}"))]);
        }
        let clusters = match cluster {
            Some(cluster) => vec![cluster.to_owned()],
            None => cluster::list(cloud).await?,
        };
        let found = read::each(&clusters, |cluster| list(cloud, cluster)).await?;
        let is_wanted = |id: &Id| name.as_ref().is_none_or(|name| ecs::short(id.as_str()) == name);
        Ok(found.into_iter().flatten().filter(is_wanted).collect())
    }
}

/// What UpdateService changes.
const UPDATABLE: &[&str] = &[
    "task_definition",
    "desired_count",
    "capacity_provider_strategy",
    "platform_version",
    "network_configuration",
    "load_balancers",
    "health_check_grace_period_seconds",
    "service_registries",
    "deployment_configuration",
    "deployment_controller",
    "availability_zone_rebalancing",
    "placement_constraints",
    "placement_strategy",
    "enable_execute_command",
    "enable_ecs_managed_tags",
    "propagate_tags",
    "service_connect_configuration",
    "volume_configurations",
    "vpc_lattice_configurations",
    "gateway_connectors",
    "monitoring",
];

type CreateService = aws_sdk_ecs::operation::create_service::builders::CreateServiceFluentBuilder;
type UpdateService = aws_sdk_ecs::operation::update_service::builders::UpdateServiceFluentBuilder;

impl Service {
    fn is_daemon(&self) -> bool {
        self.scheduling_strategy.as_deref() == Some("DAEMON")
    }

    /// The service of this name, whosever it is.
    async fn find_own(&self, cloud: &Cloud) -> Result<Option<types::Service>> {
        let found = there(cloud, self.cluster.as_str(), std::slice::from_ref(&self.service_name)).await?;
        Ok(found.into_iter().find(|service| service.status() == Some("ACTIVE")))
    }

    /// What the tasks are and where they run.
    fn with_tasks(&self, call: CreateService) -> Result<CreateService> {
        let strategy = to_sdk(self.capacity_provider_strategy.as_ref()).op(CREATE_SERVICE)?;
        Ok(call
            .set_task_definition(self.task_definition.clone().map(String::from))
            .set_launch_type(to_sdk(self.launch_type.as_ref()).op(CREATE_SERVICE)?)
            .set_capacity_provider_strategy(strategy)
            .set_platform_version(self.platform_version.clone())
            .set_scheduling_strategy(to_sdk(self.scheduling_strategy.as_ref()).op(CREATE_SERVICE)?)
            .set_availability_zone_rebalancing(to_sdk(self.availability_zone_rebalancing.as_ref()).op(CREATE_SERVICE)?)
            .set_placement_constraints(to_sdk(self.placement_constraints.as_ref()).op(CREATE_SERVICE)?)
            .set_placement_strategy(to_sdk(self.placement_strategy.as_ref()).op(CREATE_SERVICE)?)
            .set_volume_configurations(to_sdk(self.volume_configurations.as_ref()).op(CREATE_SERVICE)?))
    }

    /// How they are exchanged, marked and watched.
    fn with_manners(&self, call: CreateService) -> Result<CreateService> {
        Ok(call
            .set_deployment_configuration(to_sdk(self.deployment_configuration.as_ref()).op(CREATE_SERVICE)?)
            .set_deployment_controller(to_sdk(self.deployment_controller.as_ref()).op(CREATE_SERVICE)?)
            .set_enable_execute_command(self.enable_execute_command)
            .set_enable_ecs_managed_tags(self.enable_ecs_managed_tags)
            .set_propagate_tags(to_sdk(self.propagate_tags.as_ref()).op(CREATE_SERVICE)?)
            .set_monitoring(to_sdk(self.monitoring.as_ref()).op(CREATE_SERVICE)?))
    }

    /// How they are reached.
    fn with_reach(&self, call: CreateService) -> Result<CreateService> {
        let connect = to_sdk(self.service_connect_configuration.as_ref()).op(CREATE_SERVICE)?;
        Ok(call
            .set_network_configuration(to_sdk(self.network_configuration.as_ref()).op(CREATE_SERVICE)?)
            .set_load_balancers(to_sdk(self.load_balancers.as_ref()).op(CREATE_SERVICE)?)
            .set_health_check_grace_period_seconds(self.health_check_grace_period_seconds)
            .set_service_registries(to_sdk(self.service_registries.as_ref()).op(CREATE_SERVICE)?)
            .set_role(self.role.clone())
            .set_service_connect_configuration(connect)
            .set_vpc_lattice_configurations(to_sdk(self.vpc_lattice_configurations.as_ref()).op(CREATE_SERVICE)?)
            .set_gateway_connectors(to_sdk(self.gateway_connectors.as_ref()).op(CREATE_SERVICE)?))
    }

    /// AWS wants a deployment to be forced where capacity providers change.
    async fn update_service(&self, cloud: &Cloud, update: &Update<Self>, is_forced: bool) -> Result<()> {
        let (cluster, name) = parts(&update.id);
        let is_forced = is_forced || update.has("capacity_provider_strategy");
        let call = cloud.ecs().update_service().cluster(cluster).service(name);
        let call = call.set_force_new_deployment(is_forced.then_some(true));
        let call = self.with_changed_tasks(call, update)?;
        let call = self.with_changed_manners(call, update)?;
        self.with_changed_reach(call, update)?.send().await.op(UPDATE_SERVICE)?;
        Ok(())
    }

    fn with_changed_tasks(&self, call: UpdateService, update: &Update<Self>) -> Result<UpdateService> {
        let strategy = changed(update, "capacity_provider_strategy", &self.capacity_provider_strategy)?;
        let rebalancing = changed(update, "availability_zone_rebalancing", &self.availability_zone_rebalancing)?;
        Ok(call
            .set_task_definition(changed(update, "task_definition", &self.task_definition)?)
            .set_desired_count(changed(update, "desired_count", &self.desired_count)?)
            .set_capacity_provider_strategy(strategy)
            .set_platform_version(changed(update, "platform_version", &self.platform_version)?)
            .set_availability_zone_rebalancing(rebalancing)
            .set_placement_constraints(changed(update, "placement_constraints", &self.placement_constraints)?)
            .set_placement_strategy(changed(update, "placement_strategy", &self.placement_strategy)?)
            .set_volume_configurations(changed(update, "volume_configurations", &self.volume_configurations)?))
    }

    fn with_changed_manners(&self, call: UpdateService, update: &Update<Self>) -> Result<UpdateService> {
        let deployment = changed(update, "deployment_configuration", &self.deployment_configuration)?;
        Ok(call
            .set_deployment_configuration(deployment)
            .set_deployment_controller(changed(update, "deployment_controller", &self.deployment_controller)?)
            .set_enable_execute_command(changed(update, "enable_execute_command", &self.enable_execute_command)?)
            .set_enable_ecs_managed_tags(changed(update, "enable_ecs_managed_tags", &self.enable_ecs_managed_tags)?)
            .set_propagate_tags(changed(update, "propagate_tags", &self.propagate_tags)?)
            .set_monitoring(changed(update, "monitoring", &self.monitoring)?))
    }

    fn with_changed_reach(&self, call: UpdateService, update: &Update<Self>) -> Result<UpdateService> {
        let grace = changed(update, "health_check_grace_period_seconds", &self.health_check_grace_period_seconds)?;
        let connect = changed(update, "service_connect_configuration", &self.service_connect_configuration)?;
        let lattice = changed(update, "vpc_lattice_configurations", &self.vpc_lattice_configurations)?;
        Ok(call
            .set_network_configuration(changed(update, "network_configuration", &self.network_configuration)?)
            .set_load_balancers(changed(update, "load_balancers", &self.load_balancers)?)
            .set_health_check_grace_period_seconds(grace)
            .set_service_registries(changed(update, "service_registries", &self.service_registries)?)
            .set_service_connect_configuration(connect)
            .set_vpc_lattice_configurations(lattice)
            .set_gateway_connectors(changed(update, "gateway_connectors", &self.gateway_connectors)?))
    }
}

/// What is stated, where it differs, as UpdateService takes it.
fn changed<T: Shape<S>, S>(update: &Update<Service>, field: &str, stated: &Option<T>) -> Result<Option<S>> {
    to_sdk(stated.as_ref().filter(|_| update.has(field))).op(UPDATE_SERVICE)
}

/// Cluster and name.
fn parts(id: &Id) -> (&str, &str) {
    id.as_str().split_once('/').unwrap_or(("default", id.as_str()))
}

fn id(service: &types::Service) -> Option<Id> {
    Some(Id(format!("{}/{}", ecs::short(service.cluster_arn()?), service.service_name()?)))
}

/// The services of those names, without those that were deleted: AWS tells of them for a while. One that drains
/// still holds the network interfaces of its tasks.
async fn there(cloud: &Cloud, cluster: &str, names: &[String]) -> Result<Vec<types::Service>> {
    let mut found = ecs::services(cloud, cluster, names).await?;
    found.retain(|service| service.status() != Some("INACTIVE"));
    Ok(found)
}

/// The ids of all services of a cluster.
async fn list(cloud: &Cloud, cluster: &str) -> Result<Vec<Id>> {
    let pages = cloud.ecs().list_services().cluster(cluster).max_results(PAGE).into_paginator().items().send();
    let arns: Option<Vec<String>> = pages.try_collect().await.op("ecs:ListServices").absent()?;
    let id = |arn: &String| Id(format!("{}/{}", ecs::short(cluster), ecs::short(arn)));
    Ok(arns.iter().flatten().map(id).collect())
}

/// The most that one page holds.
const PAGE: i32 = 100;

async fn live(
    cloud: &Cloud,
    service: &types::Service,
    wanted: &[Wanted<Service>],
) -> Result<Option<(Id, Live<Service>)>> {
    let id = id(service);
    let Some(wanted) = wanted.iter().find(|wanted| id.as_ref() == Some(&wanted.id)) else { return Ok(None) };
    let applied = wanted.applied.as_ref();
    let task_definition = applied.and_then(|applied| applied.task_definition.as_ref()).map(Ref::as_str);
    let stopped = rollout::stopped(cloud, service, task_definition).await;
    let phase = rollout::phase(service, task_definition, stopped.as_deref());
    let outputs = Outputs {
        arn: service.service_arn.clone().unwrap_or_default(),
        cluster_arn: service.cluster_arn.clone().unwrap_or_default(),
    };
    Ok(Some((wanted.id.clone(), Live { spec: spec(service.clone(), applied), outputs, phase })))
}

/// The properties that AWS reports. Those of the proxy, the volumes and VPC Lattice are told of the
/// deployment only.
fn spec(service: types::Service, applied: Option<&Service>) -> Service {
    let deployment = rollout::primary(&service).cloned();
    let deployment = deployment.unwrap_or_else(|| types::Deployment::builder().build());
    let connect = deployment
        .service_connect_configuration
        .unwrap_or_else(|| types::ServiceConnectConfiguration::builder().enabled(false).build());
    Service {
        service_name: service.service_name.unwrap_or_default(),
        cluster: cluster_as_stated(applied, service.cluster_arn.unwrap_or_default()),
        task_definition: service.task_definition.map(|arn| task_definition_as_stated(applied, arn)),
        desired_count: Some(service.desired_count),
        launch_type: service.launch_type.map(Shape::from_sdk),
        capacity_provider_strategy: Some(Shape::from_sdk(service.capacity_provider_strategy.unwrap_or_default())),
        platform_version: service.platform_version,
        network_configuration: service.network_configuration.map(Shape::from_sdk),
        load_balancers: service.load_balancers.map(Shape::from_sdk),
        health_check_grace_period_seconds: Some(service.health_check_grace_period_seconds.unwrap_or_default()),
        service_registries: service.service_registries.map(Shape::from_sdk),
        deployment_configuration: service.deployment_configuration.map(Shape::from_sdk),
        deployment_controller: service.deployment_controller.map(Shape::from_sdk),
        scheduling_strategy: service.scheduling_strategy.map(Shape::from_sdk),
        availability_zone_rebalancing: service.availability_zone_rebalancing.map(Shape::from_sdk),
        placement_constraints: service.placement_constraints.map(Shape::from_sdk),
        placement_strategy: service.placement_strategy.map(Shape::from_sdk),
        enable_execute_command: Some(service.enable_execute_command),
        enable_ecs_managed_tags: Some(service.enable_ecs_managed_tags),
        propagate_tags: Some(service.propagate_tags.map_or_else(|| "NONE".to_owned(), Shape::from_sdk)),
        role: role_as_stated(applied, service.role_arn),
        service_connect_configuration: Some(Shape::from_sdk(connect)),
        volume_configurations: deployment.volume_configurations.map(Shape::from_sdk),
        vpc_lattice_configurations: deployment.vpc_lattice_configurations.map(Shape::from_sdk),
        gateway_connectors: None,
        monitoring: None,
        tags: ecs::live_tags(service.tags),
    }
}

fn cluster_as_stated(applied: Option<&Service>, arn: String) -> Ref<Cluster> {
    match applied.map(|applied| applied.cluster.as_str()) {
        Some(stated) if stated.starts_with("arn:") => arn.into(),
        _ => ecs::short(&arn).to_owned().into(),
    }
}

/// The task definition as a spec states the one it has: `family` stands for any of its revisions.
fn task_definition_as_stated(applied: Option<&Service>, arn: String) -> Ref<TaskDefinition> {
    let stated = applied.and_then(|applied| applied.task_definition.as_ref()).map(Ref::as_str);
    match stated.filter(|stated| !stated.starts_with("arn:")) {
        None => arn.into(),
        Some(stated) if rollout::is_stated(&arn, stated) => stated.to_owned().into(),
        Some(_) => ecs::short(&arn).to_owned().into(),
    }
}

fn role_as_stated(applied: Option<&Service>, arn: Option<String>) -> Option<String> {
    let stated = applied.and_then(|applied| applied.role.as_deref());
    arn.map(|arn| match stated {
        Some(stated)
            if !stated.starts_with("arn:") && arn.ends_with(&format!("/{}", stated.trim_start_matches('/'))) =>
        {
            stated.to_owned()
        }
        _ => arn,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    const ARN: &str = "arn:aws:ecs:us-east-1:123456789012:task-definition/api:2";

    fn read(mut spec: Json) -> std::result::Result<Service, serde_json::Error> {
        spec["service_name"] = "api".into();
        serde_json::from_value(spec)
    }

    #[test]
    fn a_service_states_what_runs_and_on_what() -> std::result::Result<(), serde_json::Error> {
        for (spec, expected) in [
            (json!({ "task_definition": ARN }), ""),
            (json!({}), "task_definition"),
            (json!({ "deployment_controller": { "type": "EXTERNAL" } }), ""),
            (json!({ "task_definition": ARN, "launch_type": "FARGATE", "capacity_provider_strategy": [] }), ""),
            (
                json!({
                    "task_definition": ARN, "launch_type": "FARGATE",
                    "capacity_provider_strategy": [{ "capacity_provider": "FARGATE_SPOT" }],
                }),
                "capacity_provider_strategy",
            ),
            (json!({ "task_definition": ARN, "scheduling_strategy": "DAEMON", "desired_count": 1 }), "desired_count"),
        ] {
            let faults: Vec<String> = read(spec.clone())?.check().into_iter().flat_map(|fault| fault.path).collect();
            assert_eq!(faults.concat(), expected, "{spec}");
        }
        Ok(())
    }

    #[test]
    fn a_task_definition_is_told_as_it_is_stated() -> std::result::Result<(), serde_json::Error> {
        for (stated, expected) in [(ARN, ARN), ("api", "api"), ("api:2", "api:2"), ("api:1", "api:2"), ("web", "api:2")]
        {
            let applied = read(json!({ "task_definition": stated }))?;
            assert_eq!(task_definition_as_stated(Some(&applied), ARN.to_owned()).as_str(), expected, "{stated}");
        }
        assert_eq!(task_definition_as_stated(None, ARN.to_owned()).as_str(), ARN);
        Ok(())
    }
}
