//! `route53/hosted_zone`: a domain whose records Route 53 answers for.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_route53::operation::get_hosted_zone::GetHostedZoneOutput;
use aws_sdk_route53::types::{
    self, AcceleratedRecoveryStatus as Recovering, HostedZone as LiveZone, HostedZoneConfig, HostedZoneFeatures,
    ResourceTagSet, Tag, TagResourceType, VpcRegion,
};
use provision_core::driver::{Id, Intent, Phase, Recovery};
use provision_core::rate::Rates;
use provision_core::schema::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::error::{Absent, Op, incomplete};
use crate::kind::{Kind, Live, Result, Update, Wanted, fault};
use crate::kinds::ec2::vpc::Vpc;
use crate::query::Query;
use crate::read::{self, Reading};
use crate::service::rates;
use crate::service::route53::{self, bare_id, plain_name};
use crate::types::{Ref, Tags};

/// A domain whose records Route 53 answers for: to everybody, or to some VPCs alone.
///
/// A public zone answers once its `name_servers` are those of the domain, at the registrar or in the zone above.
///
/// See [CreateHostedZone](https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHostedZone.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HostedZone {
    /// The domain, in lower case and without trailing dot: `example.com`. There can be several zones of one name.
    #[schemars(extend("x-replace" = true))]
    pub name: String,

    /// What it is for, up to 256 characters; `""` for nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,

    /// Whether it answers only to `vpcs`.
    #[serde(default)]
    #[schemars(extend("x-replace" = true))]
    pub private_zone: bool,

    /// The VPCs that a private zone answers to, at least one. Managed as a whole: one that is not stated is let go of.
    #[serde(default)]
    pub vpcs: BTreeSet<ZoneVpc>,

    /// Id of a reusable delegation set, whose name servers a public zone takes on. AWS picks four by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub delegation_set_id: Option<String>,

    /// Whether records of a public zone can be changed again within the hour where AWS's region us-east-1 fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_accelerated_recovery: Option<bool>,

    /// Whether deletion takes the records along. Without it a zone with records of others is not deleted.
    #[serde(default)]
    #[schemars(extend("x-write-only" = true))]
    pub force_destroy: bool,

    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

/// A VPC that a private zone answers to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ZoneVpc {
    /// The VPC. It has DNS hostnames and DNS support enabled.
    pub vpc_id: Ref<Vpc>,
    /// The region it lies in, such as `us-east-1`.
    pub vpc_region: String,
}

/// What other resources may name. The id is the zone's, such as `Z0123456789ABCDEFGHIJ`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The zone's ARN.
    pub arn: String,
    /// The name servers that answer for a public zone, in the order AWS tells them.
    pub name_servers: Vec<String>,
}

/// How many zones are read at once: with the call for their tags they take the five calls that a second has. That one
/// would tell of ten.
const AT_ONCE: usize = 4;

const CREATE_HOSTED_ZONE: &str = "route53:CreateHostedZone";

/// A zone takes no tags when it is created, but a reference of the caller's, which AWS keeps: that is the intent's
/// token. A second call with it is refused, and finds the zone of the first.
impl Kind for HostedZone {
    const NAME: &'static str = "route53/hosted_zone";
    const GLOBAL: bool = true;
    const RECOVERY: Recovery = Recovery::Scan;
    const BATCH: Option<u32> = Some(AT_ONCE as u32);
    const READING: Reading = Reading { batch: 1, each: 1, tags: 0, alone: None };
    const RATES: Rates = rates::route53::HOSTED_ZONE;
    const EARLY: &'static [&'static str] = &["id", "arn", "name", "name_servers"];
    /// The VPC may have been made a moment ago.
    const EVENTUAL: &'static [&'static str] = &["InvalidVPCId"];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        let mut faults = Vec::new();
        let plain = plain_name(&self.name);
        if plain != self.name {
            faults
                .push(fault("name", format!("a zone's name is in lower case, without trailing dot: write `{plain}`")));
        }
        if self.private_zone == self.vpcs.is_empty() {
            faults.push(fault("vpcs", "a zone has VPCs exactly where `private_zone` is true"));
        }
        if self.private_zone && self.delegation_set_id.is_some() {
            faults.push(fault("delegation_set_id", "a private zone has no name servers to choose"));
        }
        faults
    }

    async fn create(&self, cloud: &Cloud, intent: &Intent) -> Result<Id> {
        let answer = cloud
            .route53()
            .create_hosted_zone()
            .name(&self.name)
            .caller_reference(&intent.token)
            .set_hosted_zone_config(self.config())
            .set_delegation_set_id(self.delegation_set_id.clone())
            .set_vpc(self.vpcs.first().map(ZoneVpc::request))
            .send()
            .await
            .op(CREATE_HOSTED_ZONE)?;
        answer.hosted_zone.map(|zone| id(&zone)).ok_or_else(|| incomplete(CREATE_HOSTED_ZONE, "hosted zone"))
    }

    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        let found = read::each(wanted, async |wanted| get(cloud, wanted.id.as_str()).await).await?;
        let ids = wanted.iter().zip(&found).filter(|(_, found)| found.is_some());
        let ids: Vec<String> = ids.map(|(wanted, _)| wanted.id.0.clone()).collect();
        let mut tags = tags_of(cloud, &ids).await?;
        let live = wanted.iter().zip(found).map(|(wanted, found)| {
            let tags = tags.remove(wanted.id.as_str())?;
            live(cloud, found?, tags, wanted)
        });
        Ok(live.collect())
    }

    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        self.update_comment(cloud, update).await?;
        self.update_vpcs(cloud, update).await?;
        self.update_recovery(cloud, update).await?;
        self.update_tags(cloud, update).await
    }

    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        match delete_zone(cloud, id).await {
            Err(error) if error.code == NOT_EMPTY && self.force_destroy => {
                if let Some(zone) = get(cloud, id.as_str()).await?.and_then(|found| found.hosted_zone) {
                    route53::delete_records(cloud, &zone).await?;
                }
                delete_zone(cloud, id).await
            }
            answer => answer,
        }
    }

    async fn recover(&self, cloud: &Cloud, intent: &Intent) -> Result<Vec<Id>> {
        let zones = route53::zones_named(cloud, &self.name).await?;
        Ok(zones.iter().filter(|zone| zone.caller_reference == intent.token).map(id).collect())
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        if let Some(id) = by.in_arn("hostedzone/") {
            return Ok(vec![Id(id)]);
        }
        let zones = match by.text("name") {
            Some(name) => route53::zones_named(cloud, &name).await?,
            None => route53::zones(cloud).await?,
        };
        Ok(zones.iter().map(id).collect())
    }
}

/// What Route 53 answers to the deletion of a zone that has records left.
const NOT_EMPTY: &str = "HostedZoneNotEmpty";

impl HostedZone {
    /// AWS asks for none where there is nothing to say.
    fn config(&self) -> Option<HostedZoneConfig> {
        let comment = self.comment.clone().filter(|comment| !comment.is_empty());
        let is_needed = comment.is_some() || self.private_zone;
        let config = HostedZoneConfig::builder().set_comment(comment).private_zone(self.private_zone);
        is_needed.then(|| config.build())
    }

    async fn update_comment(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if let (true, Some(comment)) = (update.has("comment"), &self.comment) {
            let call = cloud.route53().update_hosted_zone_comment().id(update.id.as_str());
            let comment = Some(comment.clone()).filter(|comment| !comment.is_empty());
            call.set_comment(comment).send().await.op("route53:UpdateHostedZoneComment")?;
        }
        Ok(())
    }

    /// A private zone never is without a VPC: new ones come before old ones go.
    async fn update_vpcs(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if !update.has("vpcs") {
            return Ok(());
        }
        for vpc in self.vpcs.difference(&update.live.vpcs) {
            let call = cloud.route53().associate_vpc_with_hosted_zone().hosted_zone_id(update.id.as_str());
            call.vpc(vpc.request()).send().await.op("route53:AssociateVPCWithHostedZone")?;
        }
        for vpc in update.live.vpcs.difference(&self.vpcs) {
            let call = cloud.route53().disassociate_vpc_from_hosted_zone().hosted_zone_id(update.id.as_str());
            call.vpc(vpc.request()).send().await.op("route53:DisassociateVPCFromHostedZone").absent()?;
        }
        Ok(())
    }

    async fn update_recovery(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if let (true, Some(is_enabled)) = (update.has("enable_accelerated_recovery"), self.enable_accelerated_recovery)
        {
            let call = cloud.route53().update_hosted_zone_features().hosted_zone_id(update.id.as_str());
            call.enable_accelerated_recovery(is_enabled).send().await.op("route53:UpdateHostedZoneFeatures")?;
        }
        Ok(())
    }

    async fn update_tags(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if !update.has("tags") {
            return Ok(());
        }
        let changes = self.tags.changes_from(&update.live.tags);
        let set: Vec<Tag> =
            changes.set.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
        let call = cloud.route53().change_tags_for_resource().resource_type(TagResourceType::Hostedzone);
        let call = call.resource_id(update.id.as_str());
        let call = call.set_add_tags(Some(set).filter(|set| !set.is_empty()));
        let call = call.set_remove_tag_keys(Some(changes.remove).filter(|keys| !keys.is_empty()));
        call.send().await.op("route53:ChangeTagsForResource")?;
        Ok(())
    }
}

impl ZoneVpc {
    fn request(&self) -> types::Vpc {
        let region = VpcRegion::from(self.vpc_region.as_str());
        types::Vpc::builder().vpc_id(self.vpc_id.as_str()).vpc_region(region).build()
    }

    fn from_live(vpc: types::Vpc) -> Option<Self> {
        Some(Self { vpc_id: vpc.vpc_id?.into(), vpc_region: vpc.vpc_region?.as_str().to_owned() })
    }
}

fn id(zone: &LiveZone) -> Id {
    Id::from(bare_id(&zone.id))
}

async fn delete_zone(cloud: &Cloud, id: &Id) -> Result<()> {
    cloud.route53().delete_hosted_zone().id(id.as_str()).send().await.op("route53:DeleteHostedZone").absent()?;
    Ok(())
}

async fn get(cloud: &Cloud, id: &str) -> Result<Option<GetHostedZoneOutput>> {
    cloud.route53().get_hosted_zone().id(id).send().await.op("route53:GetHostedZone").absent()
}

/// The tags of zones, by id.
async fn tags_of(cloud: &Cloud, ids: &[String]) -> Result<BTreeMap<String, Tags>> {
    let told = read::known(ids, AT_ONCE, async |ids| {
        let call = cloud.route53().list_tags_for_resources().resource_type(TagResourceType::Hostedzone);
        let answer = call.set_resource_ids(Some(ids.to_vec())).send().await.op("route53:ListTagsForResources")?;
        Ok(answer.resource_tag_sets)
    });
    let told = told.await?.into_iter().filter_map(|set| Some((set.resource_id.clone()?, live_tags(set))));
    Ok(told.collect())
}

fn live_tags(set: ResourceTagSet) -> Tags {
    let tags = set.tags.into_iter().flatten();
    Tags::from_live(tags.filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default()))))
}

fn live(
    cloud: &Cloud,
    found: GetHostedZoneOutput,
    tags: Tags,
    wanted: &Wanted<HostedZone>,
) -> Option<Live<HostedZone>> {
    let zone = found.hosted_zone?;
    let (delegation_set, features) = (found.delegation_set, zone.features.as_ref());
    let delegation_set_id = delegation_set.as_ref().and_then(|set| set.id.as_deref()).map(bare_id);
    let spec = HostedZone {
        name: plain_name(&zone.name),
        comment: Some(zone.config.as_ref().and_then(|config| config.comment.clone()).unwrap_or_default()),
        private_zone: zone.config.as_ref().is_some_and(|config| config.private_zone),
        vpcs: found.vpcs.into_iter().flatten().filter_map(ZoneVpc::from_live).collect(),
        delegation_set_id: delegation_set_id.filter(|id| !id.is_empty()).map(str::to_owned),
        enable_accelerated_recovery: Some(features.is_some_and(is_recovering)),
        force_destroy: wanted.applied.as_ref().is_some_and(|applied| applied.force_destroy),
        tags,
    };
    let outputs = Outputs {
        arn: format!("arn:{}:route53:::hostedzone/{}", cloud.partition(), wanted.id),
        name_servers: delegation_set.map(|set| set.name_servers).unwrap_or_default(),
    };
    let is_managed = wanted.manages(|zone| &zone.enable_accelerated_recovery);
    Some(Live { spec, outputs, phase: features.filter(|_| is_managed).map_or(Phase::Ready, phase) })
}

/// Whether accelerated recovery is on, or on its way.
fn is_recovering(features: &HostedZoneFeatures) -> bool {
    use Recovering::{DisableFailed, Enabled, Enabling, EnablingHostedZoneLocked};
    let status = features.accelerated_recovery_status.as_ref();
    matches!(status, Some(Enabled | Enabling | EnablingHostedZoneLocked | DisableFailed))
}

fn phase(features: &HostedZoneFeatures) -> Phase {
    use Recovering::{DisableFailed, Disabling, DisablingHostedZoneLocked, EnableFailed, Enabling};
    let reason = features.failure_reasons.as_ref().and_then(|reasons| reasons.accelerated_recovery.as_deref());
    let reason = reason.unwrap_or("AWS gives no reason");
    match &features.accelerated_recovery_status {
        Some(EnableFailed) => Phase::Halted(format!("accelerated recovery could not be enabled: {reason}")),
        Some(DisableFailed) => Phase::Halted(format!("accelerated recovery could not be disabled: {reason}")),
        Some(Recovering::EnablingHostedZoneLocked | DisablingHostedZoneLocked | Enabling | Disabling) => Phase::PENDING,
        _ => Phase::Ready,
    }
}
