//! Where the tasks of a service run, and how they are reached.

use std::collections::BTreeSet;

use aws_sdk_ecs::types;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kinds::ec2::security_group::SecurityGroup;
use crate::kinds::ec2::subnet::Subnet;
use crate::shape::{shape, texts};
use crate::types::{Ref, Tags};

texts!(
    types::AssignPublicIp,
    types::EbsResourceType,
    types::PlacementConstraintType,
    types::PlacementStrategyType,
    types::TaskFilesystemType,
);

/// The network of tasks in network mode `awsvpc`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NetworkConfiguration {
    /// Subnets and security groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub awsvpc_configuration: Option<AwsVpcConfiguration>,
}

shape!(NetworkConfiguration: types::NetworkConfiguration { awsvpc_configuration });

/// The subnets and security groups of tasks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AwsVpcConfiguration {
    /// Up to 16 subnets of one VPC.
    pub subnets: BTreeSet<Ref<Subnet>>,
    /// Up to five security groups of that VPC; left out, its default one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_groups: Option<BTreeSet<Ref<SecurityGroup>>>,
    /// Whether tasks get public addresses; AWS's default is `DISABLED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["ENABLED", "DISABLED"]))]
    pub assign_public_ip: Option<String>,
}

shape!(AwsVpcConfiguration: types::AwsVpcConfiguration {
    subnets = set_subnets, security_groups, assign_public_ip,
});

/// A target group, or a Classic Load Balancer, that the tasks are registered with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoadBalancer {
    /// ARN of the target group; of target type `ip` for tasks in network mode `awsvpc`. It must have a load balancer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_group_arn: Option<String>,
    /// Name of the Classic Load Balancer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load_balancer_name: Option<String>,
    /// The container that is reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_name: Option<String>,
    /// The port of its `port_mappings`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_port: Option<i32>,
    /// What a blue/green deployment moves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advanced_configuration: Option<AdvancedConfiguration>,
}

shape!(LoadBalancer: types::LoadBalancer {
    target_group_arn, load_balancer_name, container_name, container_port, advanced_configuration,
});

/// What a blue/green deployment moves.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdvancedConfiguration {
    /// ARN of the other target group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alternate_target_group_arn: Option<String>,
    /// ARN of the listener, or its rule, that production traffic comes by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub production_listener_rule: Option<String>,
    /// ARN of the listener, or its rule, that test traffic comes by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_listener_rule: Option<String>,
    /// ARN of the role that lets ECS change them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
}

shape!(AdvancedConfiguration: types::AdvancedConfiguration {
    alternate_target_group_arn, production_listener_rule, test_listener_rule, role_arn,
});

/// A Cloud Map service that the tasks are registered with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceRegistry {
    /// Its ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registry_arn: Option<String>,
    /// Port of an SRV record, in network mode `awsvpc`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<i32>,
    /// The container, with network modes `bridge` and `host`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_name: Option<String>,
    /// Its port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_port: Option<i32>,
}

shape!(ServiceRegistry: types::ServiceRegistry { registry_arn, port, container_name, container_port });

/// Which container instances a task may be placed on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlacementConstraint {
    /// Each task on an instance of its own, or on those that fit an expression.
    #[schemars(extend("enum" = ["distinctInstance", "memberOf"]))]
    pub r#type: String,
    /// The expression, in the [cluster query language](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-query-language.html).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
}

shape!(PlacementConstraint: types::PlacementConstraint { r#type (ours), expression });

/// How tasks are distributed over container instances.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlacementStrategy {
    /// At random, evenly, or on as few as possible.
    #[schemars(extend("enum" = ["random", "spread", "binpack"]))]
    pub r#type: String,
    /// Evenly over what, such as `instanceId` or `attribute:ecs.availability-zone`; or by `cpu` or `memory`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

shape!(PlacementStrategy: types::PlacementStrategy { r#type (ours), field });

/// A volume that the task definition leaves to the service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceVolumeConfiguration {
    /// Its name in the task definition.
    pub name: String,
    /// The EBS volume that is made for each task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managed_ebs_volume: Option<ManagedEbsVolume>,
}

shape!(ServiceVolumeConfiguration: types::ServiceVolumeConfiguration { name = set_name, managed_ebs_volume });

/// An EBS volume that is made for each task.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ManagedEbsVolume {
    /// ARN of the role that lets ECS make it.
    pub role_arn: String,
    /// Whether it is encrypted; left out, as the account has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encrypted: Option<bool>,
    /// Id, ARN or alias of the KMS key; left out, EBS's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<String>,
    /// Its type, such as `gp3`, which is AWS's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume_type: Option<String>,
    /// GiB; without it there must be a snapshot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_in_gib: Option<i32>,
    /// The snapshot it is made from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshot_id: Option<String>,
    /// MiB/s at which the snapshot is fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume_initialization_rate: Option<i32>,
    /// Operations per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iops: Option<i32>,
    /// MiB/s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub throughput: Option<i32>,
    /// Tags of the volumes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag_specifications: Option<BTreeSet<EbsTagSpecification>>,
    /// Its file system; AWS's default is `xfs`, on Windows `ntfs`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["ext3", "ext4", "xfs", "ntfs"]))]
    pub filesystem_type: Option<String>,
}

shape!(ManagedEbsVolume: types::ServiceManagedEbsVolumeConfiguration {
    role_arn = set_role_arn, encrypted, kms_key_id, volume_type, size_in_gib, snapshot_id,
    volume_initialization_rate, iops, throughput, tag_specifications, filesystem_type,
});

/// Tags of the volumes that are made for tasks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EbsTagSpecification {
    /// What they are put on: `volume`.
    #[schemars(extend("enum" = ["volume"]))]
    pub resource_type: String,
    /// The tags.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Tags>,
    /// Whose tags are put on them too.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["TASK_DEFINITION", "SERVICE", "NONE"]))]
    pub propagate_tags: Option<String>,
}

shape!(EbsTagSpecification: types::EbsTagSpecification { resource_type = set_resource_type, tags, propagate_tags });
