//! What a container asks of the Linux kernel.

use std::collections::BTreeSet;

use aws_sdk_ecs::types;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::shape::{shape, texts};

texts!(types::DeviceCgroupPermission, types::UlimitName);

/// Settings of the Linux kernel.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinuxParameters {
    /// Capabilities beyond or short of Docker's defaults.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<KernelCapabilities>,
    /// Devices of the host that it sees; not on Fargate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub devices: Option<BTreeSet<Device>>,
    /// Whether an init process forwards signals and reaps processes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub init_process_enabled: Option<bool>,
    /// MiB of `/dev/shm`; not on Fargate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shared_memory_size: Option<i32>,
    /// Mounts in memory; not on Fargate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tmpfs: Option<BTreeSet<Tmpfs>>,
    /// MiB of swap, 0 for none; not on Fargate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_swap: Option<i32>,
    /// How readily memory is swapped out; AWS's default is 60. Not on Fargate.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub swappiness: Option<i32>,
}

shape!(LinuxParameters: types::LinuxParameters {
    capabilities, devices, init_process_enabled, shared_memory_size, tmpfs, max_swap, swappiness,
});

/// Capabilities beyond or short of Docker's defaults.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KernelCapabilities {
    /// Those added, such as `SYS_PTRACE`, which is the only one on Fargate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub add: Option<BTreeSet<String>>,
    /// Those dropped, such as `NET_RAW` or `ALL`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drop: Option<BTreeSet<String>>,
}

shape!(KernelCapabilities: types::KernelCapabilities { add, drop });

/// A device of the host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// Path on the host.
    pub host_path: String,
    /// Path in the container; left out, the host's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_path: Option<String>,
    /// What the container may do: `read`, `write` and `mknod`, AWS's default being all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions: Option<BTreeSet<String>>,
}

shape!(Device: types::Device { host_path = set_host_path, container_path, permissions });

/// A mount in memory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tmpfs {
    /// Path in the container.
    pub container_path: String,
    /// MiB at most.
    pub size: i32,
    /// Mount options, such as `noexec`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mount_options: Option<Vec<String>>,
}

shape!(Tmpfs: types::Tmpfs { container_path = set_container_path, size = set_size, mount_options });

/// A resource limit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ulimit {
    /// What is limited, such as `nofile`, which is the only one on Fargate.
    #[schemars(extend("enum" = [
        "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio",
        "rttime", "sigpending", "stack",
    ]))]
    pub name: String,
    /// The limit a process begins with.
    pub soft_limit: i32,
    /// The limit up to which it may raise that.
    pub hard_limit: i32,
}

shape!(Ulimit: types::Ulimit { name = set_name, soft_limit = set_soft_limit, hard_limit = set_hard_limit });

/// A kernel parameter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SystemControl {
    /// Its name, such as `net.ipv4.tcp_keepalive_time`.
    pub namespace: String,
    /// Its value.
    pub value: String,
}

shape!(SystemControl: types::SystemControl { namespace (ours), value (ours) });
