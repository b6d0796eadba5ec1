//! `ecs/task_definition`: what a task is made of, one revision of it.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::types::{self, SortOrder, TaskDefinitionField, TaskDefinitionStatus as Status};
use provision_core::driver::{Cause, Id, Intent, Recovery};
use provision_core::rate::Rates;
use provision_core::schema::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::error::{Absent, Op, incomplete};
use crate::kind::{Kind, Live, Result, Update, Wanted, fault};
use crate::query::Query;
use crate::read::{self, Reading};
use crate::service::ecs;
use crate::service::ecs::containers::ContainerDefinition;
use crate::service::ecs::volumes::Volume;
use crate::service::rates;
use crate::service::tagging::{self, Named};
use crate::shape::{Shape, shape, texts, to_sdk};
use crate::types::Tags;

/// What a task is made of: one revision of a family.
///
/// A revision never changes. Any change registers a new one, and retires the old one once whatever
/// uses it has moved.
///
/// See [RegisterTaskDefinition](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskDefinition {
    /// The family whose next revision it is: up to 255 letters, digits and `-_`.
    #[schemars(extend("x-replace" = true))]
    pub family: String,

    /// The containers, up to ten.
    #[schemars(extend("x-replace" = true))]
    pub container_definitions: BTreeSet<ContainerDefinition>,

    /// CPU units of the task, 1024 to the vCPU: a number, as `256` for a quarter. Fargate needs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub cpu: Option<String>,

    /// MiB of the task: a number. Fargate needs it, and has some sizes for each `cpu`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub memory: Option<String>,

    /// The network of its containers; AWS's default is `bridge`. Fargate has `awsvpc` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true, "enum" = ["bridge", "host", "awsvpc", "none"]))]
    pub network_mode: Option<String>,

    /// What AWS checks it for: `EC2`, `FARGATE`, `EXTERNAL`, `MANAGED_INSTANCES`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub requires_compatibilities: Option<BTreeSet<String>>,

    /// Processor and operating system; on Fargate AWS's default is Linux on `X86_64`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub runtime_platform: Option<RuntimePlatform>,

    /// ARN of the role of the containers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub task_role_arn: Option<String>,

    /// ARN of the role by which ECS fetches images and secrets and writes logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub execution_role_arn: Option<String>,

    /// Ephemeral storage of a task on Fargate; AWS's default is 20 GiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub ephemeral_storage: Option<EphemeralStorage>,

    /// Volumes that the containers can mount.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub volumes: Option<BTreeSet<Volume>>,

    /// Which container instances it may run on; not on Fargate.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub placement_constraints: Option<BTreeSet<PlacementConstraint>>,

    /// The proxy that App Mesh puts before the containers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub proxy_configuration: Option<ProxyConfiguration>,

    /// Whether the containers see the processes of the host, or those of each other; left out, only their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true, "enum" = ["host", "task"]))]
    pub pid_mode: Option<String>,

    /// Whose shared memory the containers see; not on Fargate.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true, "enum" = ["host", "task", "none"]))]
    pub ipc_mode: Option<String>,

    /// Whether faults may be injected into its containers; AWS's default is `false`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub enable_fault_injection: Option<bool>,

    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

texts!(
    types::Compatibility,
    types::CpuArchitecture,
    types::IpcMode,
    types::NetworkMode,
    types::OsFamily,
    types::PidMode,
    types::ProxyConfigurationType,
    types::TaskDefinitionPlacementConstraintType,
);

/// Processor and operating system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuntimePlatform {
    /// The processor.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["X86_64", "ARM64"]))]
    pub cpu_architecture: Option<String>,
    /// The operating system, `LINUX` or such as `WINDOWS_SERVER_2022_CORE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operating_system_family: Option<String>,
}

shape!(RuntimePlatform: types::RuntimePlatform { cpu_architecture, operating_system_family });

/// Ephemeral storage of a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EphemeralStorage {
    /// GiB.
    #[schemars(range(min = 20, max = 200))]
    pub size_in_gib: i32,
}

shape!(EphemeralStorage: types::EphemeralStorage { size_in_gib = set_size_in_gib });

/// Which container instances a task may run on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlacementConstraint {
    /// Those that fit an expression: `memberOf`.
    #[schemars(extend("enum" = ["memberOf"]))]
    pub r#type: String,
    /// The expression, in the [cluster query language](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-query-language.html).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
}

shape!(PlacementConstraint: types::TaskDefinitionPlacementConstraint { r#type (ours), expression });

/// The proxy that App Mesh puts before the containers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProxyConfiguration {
    /// The container that is the proxy.
    pub container_name: String,
    /// Its type: `APPMESH`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["APPMESH"]))]
    pub r#type: Option<String>,
    /// Its settings by name, such as `AppPorts` and `ProxyIngressPort`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub properties: Option<BTreeMap<String, String>>,
}

shape!(ProxyConfiguration: types::ProxyConfiguration { container_name = set_container_name, r#type, properties });

/// What other resources may name. The id is the ARN.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The revision's ARN.
    pub arn: String,
    /// Its number in the family.
    pub revision: i32,
}

const REGISTER: &str = "ecs:RegisterTaskDefinition";

/// A service goes on using the old revision until it has moved, and falls back on it when the new one
/// does not come up.
impl Kind for TaskDefinition {
    const NAME: &'static str = "ecs/task_definition";
    const RECOVERY: Recovery = Recovery::Tag;
    const READING: Reading = Reading { batch: 0, each: 1, ..Reading::BATCH };
    const RATES: Rates = rates::ecs::TASK_DEFINITION;
    const CREATE_BEFORE_DESTROY: bool = true;
    const EARLY: &'static [&'static str] = &["id", "arn", "family", "revision"];
    /// A role made a moment ago.
    const EVENTUAL: &'static [&'static str] = &["ClientException: ole is not valid"];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        let sizes = [("cpu", &self.cpu, "256"), ("memory", &self.memory, "512")];
        let is_no_number = |size: &String| size.parse::<u32>().is_err();
        let written = sizes.into_iter().filter(|(_, size, _)| size.as_ref().is_some_and(is_no_number));
        let message = |such| format!("a number such as `{such}`: AWS reports it so, however it was written");
        let mut faults: Vec<FieldError> = written.map(|(field, _, such)| fault(field, message(such))).collect();
        faults.extend(self.check_fargate());
        faults
    }

    async fn create(&self, cloud: &Cloud, intent: &Intent) -> Result<Id> {
        let call = cloud
            .ecs()
            .register_task_definition()
            .family(&self.family)
            .set_container_definitions(Some(self.container_definitions.to_sdk().op(REGISTER)?))
            .set_cpu(self.cpu.clone())
            .set_memory(self.memory.clone())
            .set_network_mode(to_sdk(self.network_mode.as_ref()).op(REGISTER)?)
            .set_requires_compatibilities(to_sdk(self.requires_compatibilities.as_ref()).op(REGISTER)?)
            .set_runtime_platform(to_sdk(self.runtime_platform.as_ref()).op(REGISTER)?)
            .set_task_role_arn(self.task_role_arn.clone())
            .set_execution_role_arn(self.execution_role_arn.clone())
            .set_ephemeral_storage(to_sdk(self.ephemeral_storage.as_ref()).op(REGISTER)?)
            .set_volumes(to_sdk(self.volumes.as_ref()).op(REGISTER)?)
            .set_placement_constraints(to_sdk(self.placement_constraints.as_ref()).op(REGISTER)?)
            .set_proxy_configuration(to_sdk(self.proxy_configuration.as_ref()).op(REGISTER)?)
            .set_pid_mode(to_sdk(self.pid_mode.as_ref()).op(REGISTER)?)
            .set_ipc_mode(to_sdk(self.ipc_mode.as_ref()).op(REGISTER)?)
            .set_enable_fault_injection(self.enable_fault_injection)
            .set_tags(Some(ecs::tags(self.tags.with_intent(intent))));
        let registered = call.send().await.op(REGISTER)?.task_definition;
        let arn = registered.and_then(|registered| registered.task_definition_arn);
        arn.map(Id).ok_or_else(|| incomplete(REGISTER, "ARN"))
    }

    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        let read = read::each(wanted, |wanted| describe(cloud, wanted.id.as_str()));
        Ok(read.await?.into_iter().map(|found| found.map(live)).collect())
    }

    /// Everything but the tags makes a new revision.
    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        match update.has("tags") {
            true => ecs::update_tags(cloud, update.id.as_str(), &update.live.tags, &self.tags).await,
            false => Ok(()),
        }
    }

    /// Retires the revision: it starts nothing new, and tasks that run go on. AWS keeps it for those
    /// who ask what they are.
    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        let call = cloud.ecs().deregister_task_definition().task_definition(id.as_str());
        match call.send().await.op("ecs:DeregisterTaskDefinition").absent() {
            Err(error) if error.cause == Cause::Invalid && describe(cloud, id.as_str()).await?.is_none() => Ok(()),
            answer => answer.map(|_| ()),
        }
    }

    /// The tagging API lags behind, so what it does not tell is looked for among the family's newest
    /// revisions.
    async fn recover(&self, cloud: &Cloud, intent: &Intent) -> Result<Vec<Id>> {
        let mut candidates = tagging::made_by(cloud, NAMED.resource_type, intent).await?;
        if candidates.is_empty() {
            candidates = newest(cloud, &self.family).await?;
        }
        let found = read::each(&candidates, |arn| describe(cloud, arn)).await?;
        let ours = found.into_iter().flatten().filter(|found| ecs::is_made_by(intent, &found.tags));
        Ok(ours.filter_map(|found| found.definition.task_definition_arn).map(Id).collect())
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        let list = async {
            let pages = cloud.ecs().list_task_definitions().set_family_prefix(by.text("family"));
            let arns: Vec<String> = pages.into_paginator().items().send().try_collect().await.op(LIST)?;
            Ok(arns.iter().map(|arn| ecs::short(arn).to_owned()).collect())
        };
        let found = tagging::find(cloud, by, &NAMED, list).await?;
        if found.iter().all(|id| id.as_str().starts_with("arn:")) {
            return Ok(found);
        }
        let account = &cloud.identity().await?.account_id;
        let arn = |id: Id| Id(cloud.arn("ecs", account, &format!("task-definition/{id}")));
        Ok(found.into_iter().map(arn).collect())
    }
}

const LIST: &str = "ecs:ListTaskDefinitions";

const NAMED: Named = Named { field: "arn", arn_prefix: "task-definition/", resource_type: "ecs:task-definition" };

impl TaskDefinition {
    fn check_fargate(&self) -> Vec<FieldError> {
        let is_fargate = self.requires_compatibilities.as_ref().is_some_and(|all| all.contains("FARGATE"));
        if !is_fargate {
            return Vec::new();
        }
        let sizes = [("cpu", self.cpu.is_none()), ("memory", self.memory.is_none())];
        let missing = sizes.into_iter().filter(|(_, is_missing)| *is_missing);
        let missing = missing.map(|(field, _)| fault(field, format!("a task on Fargate needs `{field}`")));
        let other = self.network_mode.as_deref() != Some("awsvpc");
        let other = other.then(|| fault("network_mode", "a task on Fargate needs `network_mode: awsvpc`"));
        missing.chain(other).collect()
    }
}

/// A revision with its tags, those of AWS and of provision too.
struct Described {
    definition: types::TaskDefinition,
    tags: Vec<types::Tag>,
}

/// The revision; `None` where it is not there or is retired.
async fn describe(cloud: &Cloud, arn: &str) -> Result<Option<Described>> {
    let call = cloud.ecs().describe_task_definition().task_definition(arn).include(TaskDefinitionField::Tags);
    let Some(answer) = call.send().await.op("ecs:DescribeTaskDefinition").absent()? else { return Ok(None) };
    let active = answer.task_definition.filter(|definition| definition.status == Some(Status::Active));
    Ok(active.map(|definition| Described { definition, tags: answer.tags.unwrap_or_default() }))
}

/// How many of a family's newest revisions are looked at.
const NEWEST: i32 = 20;

async fn newest(cloud: &Cloud, family: &str) -> Result<Vec<String>> {
    let call = cloud.ecs().list_task_definitions().family_prefix(family).sort(SortOrder::Desc);
    let answer = call.max_results(NEWEST).send().await.op(LIST)?;
    Ok(answer.task_definition_arns.unwrap_or_default())
}

fn live(described: Described) -> Live<TaskDefinition> {
    let Described { definition, tags } = described;
    let outputs = Outputs { arn: definition.task_definition_arn.unwrap_or_default(), revision: definition.revision };
    let spec = TaskDefinition {
        family: definition.family.unwrap_or_default(),
        container_definitions: Shape::from_sdk(definition.container_definitions.unwrap_or_default()),
        cpu: definition.cpu,
        memory: definition.memory,
        network_mode: definition.network_mode.map(Shape::from_sdk),
        requires_compatibilities: definition.requires_compatibilities.map(Shape::from_sdk),
        runtime_platform: definition.runtime_platform.map(Shape::from_sdk),
        task_role_arn: definition.task_role_arn,
        execution_role_arn: definition.execution_role_arn,
        ephemeral_storage: definition.ephemeral_storage.map(Shape::from_sdk),
        volumes: definition.volumes.map(Shape::from_sdk),
        placement_constraints: definition.placement_constraints.map(Shape::from_sdk),
        proxy_configuration: definition.proxy_configuration.map(Shape::from_sdk),
        pid_mode: definition.pid_mode.map(Shape::from_sdk),
        ipc_mode: definition.ipc_mode.map(Shape::from_sdk),
        enable_fault_injection: Some(definition.enable_fault_injection.unwrap_or(false)),
        tags: ecs::live_tags(Some(tags)),
    };
    Live::ready(spec, outputs)
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::error::operation::BuildError;
    use serde_json::{Value as Json, json};

    use super::*;

    fn read(spec: Json) -> std::result::Result<TaskDefinition, serde_json::Error> {
        serde_json::from_value(spec)
    }

    #[test]
    fn fargate_asks_for_sizes_and_a_network_mode() -> std::result::Result<(), serde_json::Error> {
        for (spec, expected) in [
            (json!({ "cpu": "256", "memory": "512", "network_mode": "awsvpc" }), vec![]),
            (json!({ "cpu": "0.25 vCPU", "memory": "512", "network_mode": "awsvpc" }), vec!["cpu"]),
            (json!({ "cpu": "256" }), vec!["memory", "network_mode"]),
        ] {
            let mut whole =
                json!({ "family": "api", "container_definitions": [], "requires_compatibilities": ["FARGATE"] });
            for (name, value) in spec.as_object().into_iter().flatten() {
                whole[name] = value.clone();
            }
            let faults = read(whole)?.check();
            let fields: Vec<&str> = faults.iter().flat_map(|fault| &fault.path).map(String::as_str).collect();
            assert_eq!(fields, expected, "{spec}");
        }
        Ok(())
    }

    #[test]
    fn what_was_applied_can_be_read_though_a_secret_was_in_it() -> std::result::Result<(), serde_json::Error> {
        let environment = json!({ "A": "1", "B": { "$hash": "1234" } });
        let container: ContainerDefinition =
            serde_json::from_value(json!({ "name": "api", "image": "nginx", "environment": environment }))?;
        let expected = BTreeMap::from([("A".to_owned(), "1".to_owned()), ("B".to_owned(), String::new())]);
        assert_eq!(container.environment, Some(expected));
        Ok(())
    }

    /// A container with everything in it, as the API takes and reports it.
    #[test]
    fn a_container_comes_back_as_it_was_sent() -> std::result::Result<(), Box<dyn std::error::Error>> {
        let stated = json!({
            "name": "api", "image": "nginx:1", "cpu": 128, "memory": 256, "memory_reservation": 128, "essential": true,
            "repository_credentials": { "credentials_parameter": "arn" },
            "port_mappings": [{ "container_port": 80, "protocol": "tcp", "name": "http", "app_protocol": "http" }],
            "restart_policy": { "enabled": true, "ignored_exit_codes": [0, 3], "restart_attempt_period": 60 },
            "entry_point": ["sh", "-c"], "command": ["serve"], "environment": { "A": "1", "B": "" },
            "environment_files": [{ "value": "arn", "type": "s3" }], "secrets": { "TOKEN": "arn" },
            "mount_points": [{ "source_volume": "data", "container_path": "/data", "read_only": true }],
            "volumes_from": [{ "source_container": "other" }],
            "linux_parameters": {
                "capabilities": { "add": ["SYS_PTRACE"], "drop": ["ALL"] },
                "devices": [{ "host_path": "/dev/fuse", "permissions": ["read"] }],
                "init_process_enabled": true, "shared_memory_size": 64, "max_swap": 0, "swappiness": 10,
                "tmpfs": [{ "container_path": "/tmp", "size": 16, "mount_options": ["noexec"] }]
            },
            "depends_on": [{ "container_name": "init", "condition": "SUCCESS" }], "start_timeout": 60,
            "stop_timeout": 30, "version_consistency": "disabled", "user": "1000:1000", "working_directory": "/",
            "extra_hosts": [{ "hostname": "db", "ip_address": "10.0.0.5" }], "docker_labels": { "a": "b" },
            "ulimits": [{ "name": "nofile", "soft_limit": 1024, "hard_limit": 4096 }],
            "log_configuration": {
                "log_driver": "awslogs", "options": { "awslogs-group": "/api" }, "secret_options": { "token": "arn" }
            },
            "health_check": { "command": ["CMD", "true"], "interval": 10, "retries": 2 },
            "system_controls": [{ "namespace": "net.core.somaxconn", "value": "1024" }],
            "resource_requirements": [
                { "type": "GPU", "value": "1", "sharing_strategy": { "nvidia_mps": { "memory": 512 } } }
            ],
            "firelens_configuration": { "type": "fluentbit", "options": { "enable-ecs-log-metadata": "true" } },
            "credential_specs": ["credentialspec:arn"],
        });
        let container: ContainerDefinition = serde_json::from_value(stated.clone())?;
        let sdk: Result<types::ContainerDefinition, BuildError> = container.to_sdk();
        assert_eq!(serde_json::to_value(ContainerDefinition::from_sdk(sdk?))?, stated);
        Ok(())
    }
}
