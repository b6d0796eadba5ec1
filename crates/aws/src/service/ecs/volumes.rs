//! The volumes of a task, and where containers see them.

use std::collections::BTreeMap;

use aws_sdk_ecs::types;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::shape::{shape, texts};

texts!(types::EfsAuthorizationConfigIam, types::EfsTransitEncryption, types::Scope);

/// A volume of a task: of the configurations it has at most one. Without any it is an empty folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Volume {
    /// Name by which mount points know it.
    pub name: String,
    /// A folder of the host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<HostVolumeProperties>,
    /// A volume of Docker's; not on Fargate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub docker_volume_configuration: Option<DockerVolumeConfiguration>,
    /// A file system of EFS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub efs_volume_configuration: Option<EfsVolumeConfiguration>,
    /// A file system of S3 Files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3files_volume_configuration: Option<S3FilesVolumeConfiguration>,
    /// A file system of FSx for Windows File Server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fsx_windows_file_server_volume_configuration: Option<FsxWindowsFileServerVolumeConfiguration>,
    /// Whether it is configured by the service or whoever else runs the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configured_at_launch: Option<bool>,
}

shape!(Volume: types::Volume {
    name (ours), host, docker_volume_configuration, efs_volume_configuration, s3files_volume_configuration,
    fsx_windows_file_server_volume_configuration, configured_at_launch,
});

/// A folder of the host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HostVolumeProperties {
    /// Path on the host; left out, one of Docker's choice, which may go with the containers. Not on Fargate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_path: Option<String>,
}

shape!(HostVolumeProperties: types::HostVolumeProperties { source_path });

/// A volume of Docker's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DockerVolumeConfiguration {
    /// Whether it goes with its `task`, as AWS does by default, or stays as a `shared` one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["task", "shared"]))]
    pub scope: Option<String>,
    /// Whether a shared one is made if it is not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub autoprovision: Option<bool>,
    /// Docker's driver; AWS's default is `local`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    /// The driver's options.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver_opts: Option<BTreeMap<String, String>>,
    /// Docker labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<BTreeMap<String, String>>,
}

shape!(DockerVolumeConfiguration: types::DockerVolumeConfiguration {
    scope, autoprovision, driver, driver_opts, labels,
});

/// A file system of EFS.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EfsVolumeConfiguration {
    /// Its id.
    pub file_system_id: String,
    /// Folder that is mounted; AWS's default is `/`. With an access point it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root_directory: Option<String>,
    /// Whether it is encrypted on the way, which IAM authorization needs; AWS's default is `DISABLED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["ENABLED", "DISABLED"]))]
    pub transit_encryption: Option<String>,
    /// Port of the encrypted way; left out, one that EFS chooses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transit_encryption_port: Option<i32>,
    /// How the task gets in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_config: Option<EfsAuthorizationConfig>,
}

shape!(EfsVolumeConfiguration: types::EfsVolumeConfiguration {
    file_system_id = set_file_system_id, root_directory, transit_encryption, transit_encryption_port,
    authorization_config,
});

/// How a task gets into a file system of EFS.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EfsAuthorizationConfig {
    /// The access point.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_point_id: Option<String>,
    /// Whether the task's role is asked for; AWS's default is `DISABLED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["ENABLED", "DISABLED"]))]
    pub iam: Option<String>,
}

shape!(EfsAuthorizationConfig: types::EfsAuthorizationConfig { access_point_id, iam });

/// A file system of S3 Files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct S3FilesVolumeConfiguration {
    /// Its ARN.
    pub file_system_arn: String,
    /// Folder that is mounted; AWS's default is `/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root_directory: Option<String>,
    /// Port of the encrypted way; left out, one that AWS chooses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transit_encryption_port: Option<i32>,
    /// ARN of the access point.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_point_arn: Option<String>,
}

shape!(S3FilesVolumeConfiguration: types::S3FilesVolumeConfiguration {
    file_system_arn = set_file_system_arn, root_directory, transit_encryption_port, access_point_arn,
});

/// A file system of FSx for Windows File Server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FsxWindowsFileServerVolumeConfiguration {
    /// Its id.
    pub file_system_id: String,
    /// Folder that is mounted.
    pub root_directory: String,
    /// How the task gets in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_config: Option<FsxWindowsFileServerAuthorizationConfig>,
}

shape!(FsxWindowsFileServerVolumeConfiguration: types::FSxWindowsFileServerVolumeConfiguration {
    file_system_id = set_file_system_id, root_directory = set_root_directory, authorization_config,
});

/// How a task gets into a file system of FSx for Windows File Server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FsxWindowsFileServerAuthorizationConfig {
    /// ARN of the secret or SSM parameter with the credentials.
    pub credentials_parameter: String,
    /// The Active Directory domain.
    pub domain: String,
}

shape!(FsxWindowsFileServerAuthorizationConfig: types::FSxWindowsFileServerAuthorizationConfig {
    credentials_parameter = set_credentials_parameter, domain = set_domain,
});

/// Where a container sees a volume of its task.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MountPoint {
    /// Name of the volume.
    pub source_volume: String,
    /// Path in the container.
    pub container_path: String,
    /// Whether it can only be read; AWS's default is `false`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_only: Option<bool>,
}

shape!(MountPoint: types::MountPoint { source_volume (ours), container_path (ours), read_only });

/// A container whose volumes another one sees.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VolumeFrom {
    /// Its name.
    pub source_container: String,
    /// Whether they can only be read; AWS's default is `false`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_only: Option<bool>,
}

shape!(VolumeFrom: types::VolumeFrom { source_container (ours), read_only });
