//! `ecs/cluster`: what services and tasks run in.

use std::collections::BTreeSet;

use aws_sdk_ecs::types::{self, ClusterField};
use provision_core::driver::{Cause, CloudError, Id, Intent, Phase, Recovery};
use provision_core::rate::Rates;
use provision_core::schema::{FieldError, Timing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::error::{Absent, Op, incomplete};
use crate::kind::{Kind, Live, Result, Update, Wanted, fault};
use crate::query::Query;
use crate::read;
use crate::service::ecs::{self, CapacityProviderStrategyItem};
use crate::service::rates;
use crate::shape::{Shape, shape, to_sdk};
use crate::types::Tags;

/// What services and tasks run in.
///
/// See [CreateCluster](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateCluster.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// Name, unique in the account and region: up to 255 letters, digits and `-_`.
    #[schemars(extend("x-replace" = true))]
    pub cluster_name: String,

    /// Settings by name, of which there is one: `containerInsights`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<BTreeSet<ClusterSetting>>,

    /// How ECS Exec logs and encrypts, and how storage is encrypted. It can be changed, but not taken away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configuration: Option<ClusterConfiguration>,

    /// Up to 20 capacity providers that may be used: `FARGATE`, `FARGATE_SPOT`, or the names of your own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity_providers: Option<BTreeSet<String>>,

    /// Which of them run what states neither a launch type nor a strategy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_capacity_provider_strategy: Option<BTreeSet<CapacityProviderStrategyItem>>,

    /// The namespace of services that use Service Connect and state none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-write-only" = true))]
    pub service_connect_defaults: Option<ServiceConnectDefaults>,

    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

/// A setting of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClusterSetting {
    /// Its name: `containerInsights`.
    #[schemars(extend("enum" = ["containerInsights"]))]
    pub name: String,
    /// `enabled`, `disabled`, or `enhanced` for metrics of each task and container.
    #[schemars(extend("enum" = ["enabled", "disabled", "enhanced"]))]
    pub value: String,
}

shape!(ClusterSetting: types::ClusterSetting { name (ours), value (ours) });

/// How ECS Exec logs and encrypts, and how storage is encrypted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClusterConfiguration {
    /// ECS Exec.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execute_command_configuration: Option<ExecuteCommandConfiguration>,
    /// Storage that ECS manages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managed_storage_configuration: Option<ManagedStorageConfiguration>,
}

shape!(ClusterConfiguration: types::ClusterConfiguration {
    execute_command_configuration, managed_storage_configuration,
});

/// How ECS Exec logs and encrypts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExecuteCommandConfiguration {
    /// Id, ARN or alias of the KMS key between client and container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<String>,
    /// Nowhere, as the task definition logs (AWS's default), or as `log_configuration` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["NONE", "DEFAULT", "OVERRIDE"]))]
    pub logging: Option<String>,
    /// Where commands and their output go, with `OVERRIDE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_configuration: Option<ExecuteCommandLogConfiguration>,
}

shape!(ExecuteCommandConfiguration: types::ExecuteCommandConfiguration { kms_key_id, logging, log_configuration });

/// Where the commands of ECS Exec and their output go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExecuteCommandLogConfiguration {
    /// The log group, which must be there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud_watch_log_group_name: Option<String>,
    /// Whether that log group must be encrypted; AWS's default is `false`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud_watch_encryption_enabled: Option<bool>,
    /// The bucket, which must be there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3_bucket_name: Option<String>,
    /// Whether that bucket must be encrypted; AWS's default is `false`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3_encryption_enabled: Option<bool>,
    /// What the names of objects begin with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3_key_prefix: Option<String>,
}

shape!(ExecuteCommandLogConfiguration: types::ExecuteCommandLogConfiguration {
    cloud_watch_log_group_name, cloud_watch_encryption_enabled (theirs), s3_bucket_name,
    s3_encryption_enabled (theirs), s3_key_prefix,
});

/// How storage that ECS manages is encrypted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ManagedStorageConfiguration {
    /// ARN of the KMS key for EBS volumes; left out, EBS's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<String>,
    /// ARN of the KMS key for the ephemeral storage of Fargate; left out, one that AWS owns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fargate_ephemeral_storage_kms_key_id: Option<String>,
}

shape!(ManagedStorageConfiguration: types::ManagedStorageConfiguration {
    kms_key_id, fargate_ephemeral_storage_kms_key_id,
});

/// The namespace of services that use Service Connect and state none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceConnectDefaults {
    /// Name or ARN of a Cloud Map namespace; one of that name is made if there is none. Empty for none.
    pub namespace: String,
}

shape!(ServiceConnectDefaults: types::ClusterServiceConnectDefaultsRequest { namespace = set_namespace });

/// What other resources may name. The id is the name.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The cluster's ARN.
    pub arn: String,
}

const CREATE_CLUSTER: &str = "ecs:CreateCluster";

impl Kind for Cluster {
    const NAME: &'static str = "ecs/cluster";
    const RECOVERY: Recovery = Recovery::NaturalKey;
    const BATCH: Option<u32> = Some(100);
    const RATES: Rates = rates::ecs::CLUSTER;
    const EARLY: &'static [&'static str] = &["id", "arn", "cluster_name"];
    /// At once, but AWS refuses to delete it while its services drain: an estimate of how long that may take.
    const TIMING: Timing = Timing { limit: 1200, ..Timing::INSTANT };
    /// The role by which ECS acts for the account is made along with the first cluster.
    const EVENTUAL: &'static [&'static str] =
        &["ClusterNotFoundException", "InvalidParameterException: service linked role"];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        let (Some(providers), Some(strategy)) = (&self.capacity_providers, &self.default_capacity_provider_strategy)
        else {
            return Vec::new();
        };
        let stray = strategy.iter().map(|item| &item.capacity_provider).filter(|name| !providers.contains(*name));
        let message = |name| format!("`{name}` is none of the cluster's `capacity_providers`");
        stray.map(|name| fault("default_capacity_provider_strategy", message(name))).collect()
    }

    /// CreateCluster gives back a cluster that is there already, whosever it is: so it is looked for
    /// first.
    async fn create(&self, cloud: &Cloud, intent: &Intent) -> Result<Id> {
        if !describe(cloud, std::slice::from_ref(&self.cluster_name)).await?.is_empty() {
            let message = format!("there is a cluster `{}` already", self.cluster_name);
            return Err(CloudError::new(Cause::Exists, CREATE_CLUSTER, message));
        }
        let strategy = to_sdk(self.default_capacity_provider_strategy.as_ref()).op(CREATE_CLUSTER)?;
        let call = cloud
            .ecs()
            .create_cluster()
            .cluster_name(&self.cluster_name)
            .set_settings(to_sdk(self.settings.as_ref()).op(CREATE_CLUSTER)?)
            .set_configuration(to_sdk(self.configuration.as_ref()).op(CREATE_CLUSTER)?)
            .set_capacity_providers(to_sdk(self.capacity_providers.as_ref()).op(CREATE_CLUSTER)?)
            .set_default_capacity_provider_strategy(strategy)
            .set_service_connect_defaults(to_sdk(self.service_connect_defaults.as_ref()).op(CREATE_CLUSTER)?)
            .set_tags(Some(ecs::tags(self.tags.with_intent(intent))));
        let cluster = call.send().await.op(CREATE_CLUSTER)?.cluster;
        let name = cluster.and_then(|cluster| cluster.cluster_name);
        name.map(Id).ok_or_else(|| incomplete(CREATE_CLUSTER, "cluster name"))
    }

    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        let found = describe(cloud, &read::ids(wanted)).await?;
        Ok(read::joined(wanted, found, |cluster| cluster.cluster_name(), |cluster, _| live(cluster)))
    }

    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        self.update_settings(cloud, update).await?;
        self.update_providers(cloud, update).await?;
        if update.has("tags") {
            let account = &cloud.identity().await?.account_id;
            let arn = cloud.arn("ecs", account, &format!("cluster/{}", update.id));
            ecs::update_tags(cloud, &arn, &update.live.tags, &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        cloud.ecs().delete_cluster().cluster(id.as_str()).send().await.op("ecs:DeleteCluster").absent()?;
        Ok(())
    }

    async fn recover(&self, cloud: &Cloud, intent: &Intent) -> Result<Vec<Id>> {
        let mut found = describe(cloud, std::slice::from_ref(&self.cluster_name)).await?;
        found.retain(|cluster| ecs::is_made_by(intent, cluster.tags()));
        Ok(found.into_iter().filter_map(|cluster| cluster.cluster_name).map(Id).collect())
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        match by.id("cluster_name", "cluster/") {
            Some(id) => Ok(vec![id]),
            None => Ok(list(cloud).await?.iter().map(|arn| ecs::short(arn).into()).collect()),
        }
    }
}

impl Cluster {
    async fn update_settings(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        const OPERATION: &str = "ecs:UpdateCluster";
        let settings = self.settings.as_ref().filter(|_| update.has("settings"));
        let configuration = self.configuration.as_ref().filter(|_| update.has("configuration"));
        let defaults = self.service_connect_defaults.as_ref().filter(|_| update.has("service_connect_defaults"));
        if settings.is_none() && configuration.is_none() && defaults.is_none() {
            return Ok(());
        }
        let call = cloud.ecs().update_cluster().cluster(update.id.as_str());
        let call = call.set_settings(to_sdk(settings).op(OPERATION)?);
        let call = call.set_configuration(to_sdk(configuration).op(OPERATION)?);
        call.set_service_connect_defaults(to_sdk(defaults).op(OPERATION)?).send().await.op(OPERATION)?;
        Ok(())
    }

    /// Providers and strategy are set by one call, so the one that stays is stated as well.
    async fn update_providers(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        const OPERATION: &str = "ecs:PutClusterCapacityProviders";
        if !update.has("capacity_providers") && !update.has("default_capacity_provider_strategy") {
            return Ok(());
        }
        let live = &update.live;
        let providers = self.capacity_providers.as_ref().or(live.capacity_providers.as_ref());
        let strategy = self.default_capacity_provider_strategy.as_ref();
        let strategy = strategy.or(live.default_capacity_provider_strategy.as_ref());
        let call = cloud.ecs().put_cluster_capacity_providers().cluster(update.id.as_str());
        let call = call.set_capacity_providers(to_sdk(providers).op(OPERATION)?);
        call.set_default_capacity_provider_strategy(to_sdk(strategy).op(OPERATION)?).send().await.op(OPERATION)?;
        Ok(())
    }
}

/// The clusters of those names, without those that were deleted: AWS tells of them for a while.
async fn describe(cloud: &Cloud, names: &[String]) -> Result<Vec<types::Cluster>> {
    let call = cloud.ecs().describe_clusters().set_clusters(Some(names.to_vec()));
    let call = call.include(ClusterField::Settings).include(ClusterField::Configurations);
    let call = call.include(ClusterField::Attachments).include(ClusterField::Tags);
    let mut clusters = call.send().await.op("ecs:DescribeClusters")?.clusters.unwrap_or_default();
    clusters.retain(|cluster| !matches!(cluster.status(), Some("INACTIVE" | "DEPROVISIONING")));
    Ok(clusters)
}

/// The ARNs of all clusters.
///
/// # Errors
/// When the call fails.
pub(super) async fn list(cloud: &Cloud) -> Result<Vec<String>> {
    let pages = cloud.ecs().list_clusters().into_paginator().items().send();
    pages.try_collect().await.op("ecs:ListClusters")
}

fn phase(cluster: &types::Cluster) -> Phase {
    match (cluster.status(), cluster.attachments_status()) {
        (Some("PROVISIONING"), _) => Phase::PENDING,
        (Some("FAILED"), _) => Phase::Failed("its resources for a capacity provider could not be made".to_owned()),
        (_, Some("UPDATE_IN_PROGRESS")) => Phase::PENDING,
        (_, Some("UPDATE_FAILED")) => Phase::Halted("its capacity providers could not be changed".to_owned()),
        _ => Phase::Ready,
    }
}

fn live(cluster: types::Cluster) -> Live<Cluster> {
    let phase = phase(&cluster);
    let spec = Cluster {
        cluster_name: cluster.cluster_name.unwrap_or_default(),
        settings: cluster.settings.map(Shape::from_sdk),
        configuration: cluster.configuration.map(Shape::from_sdk),
        capacity_providers: cluster.capacity_providers.map(Shape::from_sdk),
        default_capacity_provider_strategy: cluster.default_capacity_provider_strategy.map(Shape::from_sdk),
        service_connect_defaults: None,
        tags: ecs::live_tags(cluster.tags),
    };
    Live { spec, outputs: Outputs { arn: cluster.cluster_arn.unwrap_or_default() }, phase }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_whose_providers_are_changing_is_not_ready() {
        for (status, attachments, expected) in [
            ("ACTIVE", None, Phase::Ready),
            ("ACTIVE", Some("UPDATE_COMPLETE"), Phase::Ready),
            ("ACTIVE", Some("UPDATE_IN_PROGRESS"), Phase::PENDING),
            ("PROVISIONING", None, Phase::PENDING),
        ] {
            let cluster = types::Cluster::builder().status(status);
            let cluster = cluster.set_attachments_status(attachments.map(str::to_owned)).build();
            assert_eq!(phase(&cluster), expected, "{status} {attachments:?}");
        }
    }
}
