//! The containers of a task definition.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::types;
use aws_smithy_types::error::operation::BuildError;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value as Json;

use super::linux::{LinuxParameters, SystemControl, Ulimit};
use super::volumes::{MountPoint, VolumeFrom};
use crate::shape::{Shape, shape, texts};

texts!(
    types::ApplicationProtocol,
    types::ContainerCondition,
    types::EnvironmentFileType,
    types::FirelensConfigurationType,
    types::LogDriver,
    types::ResourceType,
    types::TransportProtocol,
    types::VersionConsistency,
);

/// A container of a task.
///
/// See [ContainerDefinition](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContainerDefinition {
    /// Name, unique in the task definition: up to 255 letters, digits and `-_`.
    pub name: String,
    /// The image, as `repository:tag` or `repository@digest`.
    pub image: String,
    /// Credentials of a private registry other than ECR.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository_credentials: Option<RepositoryCredentials>,
    /// CPU units that are kept for it, 1024 to the vCPU; AWS's default is 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu: Option<i32>,
    /// MiB beyond which it is killed. Without it and `memory_reservation` the task's `memory` bounds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 6))]
    pub memory: Option<i32>,
    /// MiB that are kept for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 6))]
    pub memory_reservation: Option<i32>,
    /// Containers it can reach by name, as `name:alias`; in network mode `bridge` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub links: Option<BTreeSet<String>>,
    /// Ports it listens on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port_mappings: Option<BTreeSet<PortMapping>>,
    /// Whether all others are stopped when it stops, as AWS does by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub essential: Option<bool>,
    /// Whether it is started again by itself, without its task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restart_policy: Option<ContainerRestartPolicy>,
    /// The entry point, in the place of the image's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry_point: Option<Vec<String>>,
    /// The command, in the place of the image's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<Vec<String>>,
    /// Environment variables by name. They can be read by whoever may describe the task definition: what is
    /// secret belongs into `secrets`.
    #[serde(default, deserialize_with = "readable", skip_serializing_if = "Option::is_none")]
    pub environment: Option<BTreeMap<String, String>>,
    /// Files in S3 with environment variables, `name=value` on each line; of two for the same name the first counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment_files: Option<Vec<EnvironmentFile>>,
    /// Environment variables by name that are read when a task starts: each from the ARN of a secret (or of one key
    /// in it, as `arn:key::`) or of an SSM parameter, which the execution role must be allowed to read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secrets: Option<BTreeMap<String, String>>,
    /// Where it sees volumes of the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mount_points: Option<BTreeSet<MountPoint>>,
    /// Containers whose volumes it sees too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volumes_from: Option<BTreeSet<VolumeFrom>>,
    /// Settings of the Linux kernel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub linux_parameters: Option<LinuxParameters>,
    /// Containers it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub depends_on: Option<BTreeSet<ContainerDependency>>,
    /// After how many seconds others no longer wait for it; AWS's default is 3 minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2, max = 120))]
    pub start_timeout: Option<i32>,
    /// After how many seconds it is killed if it does not stop by itself; AWS's default is 30.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2))]
    pub stop_timeout: Option<i32>,
    /// Whether all tasks of a service run the image that the tag named first, as AWS does by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["enabled", "disabled"]))]
    pub version_consistency: Option<String>,
    /// Its host name; not in network mode `awsvpc`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// The user it runs as: `user`, `uid`, `user:group` or `uid:gid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Folder it starts in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub working_directory: Option<String>,
    /// Whether it has no network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disable_networking: Option<bool>,
    /// Whether it is root on its host; not on Fargate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub privileged: Option<bool>,
    /// Whether it cannot write to its root file system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readonly_root_filesystem: Option<bool>,
    /// DNS servers, in the order they are asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns_servers: Option<Vec<String>>,
    /// DNS search domains, in the order they are tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns_search_domains: Option<Vec<String>>,
    /// Lines of its `/etc/hosts`; not in network mode `awsvpc`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extra_hosts: Option<BTreeSet<HostEntry>>,
    /// SELinux and AppArmor labels, `no-new-privileges`, or a credential spec; not on Fargate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub docker_security_options: Option<BTreeSet<String>>,
    /// Whether its standard input is kept open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interactive: Option<bool>,
    /// Whether it has a terminal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pseudo_terminal: Option<bool>,
    /// Docker labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub docker_labels: Option<BTreeMap<String, String>>,
    /// Resource limits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ulimits: Option<BTreeSet<Ulimit>>,
    /// Where its output goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_configuration: Option<LogConfiguration>,
    /// How AWS tells whether it is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check: Option<HealthCheck>,
    /// Kernel parameters of its namespaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_controls: Option<BTreeSet<SystemControl>>,
    /// GPUs and other accelerators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_requirements: Option<BTreeSet<ResourceRequirement>>,
    /// That it is the log router of the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub firelens_configuration: Option<FirelensConfiguration>,
    /// Up to ten credential specs for Active Directory, as `credentialspec:ARN` or `credentialspecdomainless:ARN`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential_specs: Option<Vec<String>>,
}

shape!(ContainerDefinition: types::ContainerDefinition {
    name (ours), image (ours), repository_credentials, cpu (theirs), memory, memory_reservation, links,
    port_mappings, essential, restart_policy, entry_point, command, environment, environment_files, secrets,
    mount_points, volumes_from, linux_parameters, depends_on, start_timeout, stop_timeout, version_consistency,
    hostname, user, working_directory, disable_networking, privileged, readonly_root_filesystem, dns_servers,
    dns_search_domains, extra_hosts, docker_security_options, interactive, pseudo_terminal, docker_labels,
    ulimits, log_configuration, health_check, system_controls, resource_requirements, firelens_configuration,
    credential_specs,
});

/// Variables, of which those that a secret was put into are hashes in what was applied: they are read as
/// empty, since nobody asks for them any more.
fn readable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<BTreeMap<String, String>>, D::Error> {
    let variables: Option<BTreeMap<String, Json>> = Option::deserialize(deserializer)?;
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    Ok(variables.map(|all| all.iter().map(|(name, value)| (name.clone(), text(value))).collect()))
}

/// Credentials of a private registry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RepositoryCredentials {
    /// ARN of the secret that holds them.
    pub credentials_parameter: String,
}

shape!(RepositoryCredentials: types::RepositoryCredentials { credentials_parameter = set_credentials_parameter });

/// A port a container listens on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PortMapping {
    /// The port.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65_535))]
    pub container_port: Option<i32>,
    /// The port on the host. In network mode `awsvpc` it is that of the container; in `bridge`, left out or 0, AWS
    /// chooses one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 65_535))]
    pub host_port: Option<i32>,
    /// The protocol; AWS's default is `tcp`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["tcp", "udp"]))]
    pub protocol: Option<String>,
    /// Name by which Service Connect and VPC Lattice know the port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What Service Connect speaks; left out, TCP.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["http", "http2", "grpc"]))]
    pub app_protocol: Option<String>,
    /// Ports `first-last`, in the place of `container_port`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_port_range: Option<String>,
}

shape!(PortMapping: types::PortMapping {
    container_port, host_port, protocol, name, app_protocol, container_port_range,
});

/// Whether a container is started again by itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContainerRestartPolicy {
    /// Whether it is.
    pub enabled: bool,
    /// Up to 50 exit codes after which it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignored_exit_codes: Option<BTreeSet<i32>>,
    /// How many seconds it must have run to be started again; AWS's default is 300.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 60, max = 1800))]
    pub restart_attempt_period: Option<i32>,
}

shape!(ContainerRestartPolicy: types::ContainerRestartPolicy {
    enabled = set_enabled, ignored_exit_codes, restart_attempt_period,
});

/// A file of environment variables.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnvironmentFile {
    /// ARN of the object, whose name ends in `.env`.
    pub value: String,
    /// Where it is: `s3`.
    #[schemars(extend("enum" = ["s3"]))]
    pub r#type: String,
}

shape!(EnvironmentFile: types::EnvironmentFile { value = set_value, r#type = set_type });

/// A container another one waits for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContainerDependency {
    /// Its name.
    pub container_name: String,
    /// Until it has started, ended, ended well, or is well by its health check.
    #[schemars(extend("enum" = ["START", "COMPLETE", "SUCCESS", "HEALTHY"]))]
    pub condition: String,
}

shape!(ContainerDependency: types::ContainerDependency {
    container_name = set_container_name, condition = set_condition,
});

/// A line of `/etc/hosts`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HostEntry {
    /// The name.
    pub hostname: String,
    /// The address.
    pub ip_address: String,
}

shape!(HostEntry: types::HostEntry { hostname = set_hostname, ip_address = set_ip_address });

/// Where the output of a container goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogConfiguration {
    /// The driver; Fargate has `awslogs`, `splunk` and `awsfirelens`.
    #[schemars(extend("enum" = [
        "json-file", "syslog", "journald", "gelf", "fluentd", "awslogs", "splunk", "awsfirelens",
    ]))]
    pub log_driver: String,
    /// The driver's options, such as `awslogs-group`, `awslogs-region` and `awslogs-stream-prefix`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub options: Option<BTreeMap<String, String>>,
    /// Options by name that are read when a task starts, each from the ARN of a secret or of an SSM parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_options: Option<BTreeMap<String, String>>,
}

shape!(LogConfiguration: types::LogConfiguration { log_driver = set_log_driver, options, secret_options });

/// How AWS tells whether a container is well.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HealthCheck {
    /// `CMD` and what is to be run, or `CMD-SHELL` and a line for the shell. It is well where that exits with 0.
    pub command: Vec<String>,
    /// Seconds from one check to the next; AWS's default is 30.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 5, max = 300))]
    pub interval: Option<i32>,
    /// Seconds a check may take; AWS's default is 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2, max = 60))]
    pub timeout: Option<i32>,
    /// How many checks in a row must fail; AWS's default is 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10))]
    pub retries: Option<i32>,
    /// Seconds at the start in which failures do not count; AWS's default is 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 300))]
    pub start_period: Option<i32>,
}

shape!(HealthCheck: types::HealthCheck { command = set_command, interval, timeout, retries, start_period });

/// GPUs or other accelerators of a container.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResourceRequirement {
    /// How many.
    pub value: String,
    /// What.
    #[schemars(extend("enum" = ["GPU", "NeuronDevice"]))]
    pub r#type: String,
    /// How a GPU is shared with other containers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sharing_strategy: Option<SharingStrategy>,
}

shape!(ResourceRequirement: types::ResourceRequirement { value = set_value, r#type = set_type, sharing_strategy });

/// How a GPU is shared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SharingStrategy {
    /// By NVIDIA's Multi-Process Service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nvidia_mps: Option<NvidiaMpsAllocation>,
}

impl Shape<types::SharingStrategy> for SharingStrategy {
    fn to_sdk(&self) -> Result<types::SharingStrategy, BuildError> {
        match &self.nvidia_mps {
            Some(allocation) => Ok(types::SharingStrategy::NvidiaMps(allocation.to_sdk()?)),
            None => Err(BuildError::missing_field("nvidia_mps", "a GPU is shared by `nvidia_mps`")),
        }
    }

    fn from_sdk(sdk: types::SharingStrategy) -> Self {
        match sdk {
            types::SharingStrategy::NvidiaMps(allocation) => Self { nvidia_mps: Some(Shape::from_sdk(allocation)) },
            _ => Self { nvidia_mps: None },
        }
    }
}

/// A container's share of a GPU.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NvidiaMpsAllocation {
    /// MiB of the GPU's memory.
    #[schemars(range(min = 1))]
    pub memory: i32,
    /// The greatest share of its compute capacity, in percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub max_compute_percent: Option<i32>,
}

shape!(NvidiaMpsAllocation: types::NvidiaMpsAllocation { memory = set_memory, max_compute_percent });

/// That a container is the log router of the others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FirelensConfiguration {
    /// Which router it is.
    #[schemars(extend("enum" = ["fluentd", "fluentbit"]))]
    pub r#type: String,
    /// Its options, such as `enable-ecs-log-metadata`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub options: Option<BTreeMap<String, String>>,
}

shape!(FirelensConfiguration: types::FirelensConfiguration { r#type = set_type, options });
