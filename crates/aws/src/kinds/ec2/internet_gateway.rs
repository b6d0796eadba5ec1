//! `ec2/internet_gateway`: the door between a VPC and the internet.

use aws_sdk_ec2::types::{self, AttachmentStatus, ResourceType};
use provision_core::driver::{Id, Intent, Phase, Recovery};
use provision_core::rate::Rates;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::vpc::Vpc;
use crate::cloud::Cloud;
use crate::error::{Absent, Op, Present, incomplete};
use crate::kind::{Kind, Live, Result, Update, Wanted};
use crate::query::Query;
use crate::read;
use crate::service::ec2::{self, FILTER_VALUES, filter, intent_filter};
use crate::service::rates;
use crate::types::{Ref, Tags};

/// A gateway through which a VPC reaches the internet and is reached from there.
///
/// See [CreateInternetGateway](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateInternetGateway.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InternetGateway {
    /// VPC it is attached to. A VPC has one internet gateway at most. Left out, the
    /// attachment is not managed: a new gateway stays detached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc_id: Option<Ref<Vpc>>,

    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

/// What other resources may name.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The gateway's ARN.
    pub arn: String,
    /// The account that owns it.
    pub owner_id: String,
}

impl Kind for InternetGateway {
    const NAME: &'static str = "ec2/internet_gateway";
    const RECOVERY: Recovery = Recovery::Tag;
    const BATCH: Option<u32> = Some(200);
    const RATES: Rates = rates::ec2::RATES;
    /// Not the id: a route through a gateway that is not yet attached is refused.
    const EARLY: &'static [&'static str] = &["arn", "owner_id"];
    const EVENTUAL: &'static [&'static str] = &["InvalidInternetGatewayID.NotFound", "InvalidVpcID.NotFound"];

    type Outputs = Outputs;

    async fn create(&self, cloud: &Cloud, intent: &Intent) -> Result<Id> {
        let tags = ec2::tag_specification(ResourceType::InternetGateway, &self.tags, intent);
        let call = cloud.ec2().create_internet_gateway().tag_specifications(tags);
        let answer = call.send().await.op("ec2:CreateInternetGateway")?;
        ec2::first_id([answer.internet_gateway.and_then(|gateway| gateway.internet_gateway_id)])
            .ok_or_else(|| incomplete("ec2:CreateInternetGateway", "internet gateway id"))
    }

    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        let ids = read::ids(wanted);
        let ask = |ids| describe(cloud, vec![filter("internet-gateway-id", ids)]);
        let found = read::chunked(&ids, FILTER_VALUES, ask).await?;
        Ok(read::joined(wanted, found, |gateway| gateway.internet_gateway_id(), |gateway, _| live(cloud, gateway)))
    }

    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if update.has("vpc_id") {
            self.attach(cloud, update).await?;
        }
        ec2::update_tags(cloud, update, |gateway| &gateway.tags, self).await
    }

    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        if let Some(vpc) = &self.vpc_id {
            detach(cloud, id, vpc).await?;
        }
        let call = cloud.ec2().delete_internet_gateway().internet_gateway_id(id.as_str());
        call.send().await.op("ec2:DeleteInternetGateway").absent()?;
        Ok(())
    }

    async fn recover(&self, cloud: &Cloud, intent: &Intent) -> Result<Vec<Id>> {
        let found = describe(cloud, vec![intent_filter(intent)]).await?;
        Ok(ec2::ids(found.into_iter().map(|gateway| gateway.internet_gateway_id)))
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        let names = [("internet-gateway-id", "arn"), ("attachment.vpc-id", "vpc_id")];
        let found = describe(cloud, ec2::filters(by, &names)).await?;
        Ok(ec2::ids(found.into_iter().map(|gateway| gateway.internet_gateway_id)))
    }
}

impl InternetGateway {
    async fn attach(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let Some(vpc) = &self.vpc_id else { return Ok(()) };
        if let Some(former) = &update.live.vpc_id {
            detach(cloud, &update.id, former).await?;
        }
        let call = cloud.ec2().attach_internet_gateway().internet_gateway_id(update.id.as_str());
        call.vpc_id(vpc.as_str()).send().await.op("ec2:AttachInternetGateway").present()?;
        Ok(())
    }
}

async fn detach(cloud: &Cloud, id: &Id, vpc: &Ref<Vpc>) -> Result<()> {
    let call = cloud.ec2().detach_internet_gateway().internet_gateway_id(id.as_str());
    call.vpc_id(vpc.as_str()).send().await.op("ec2:DetachInternetGateway").absent()?;
    Ok(())
}

async fn describe(cloud: &Cloud, filters: Vec<types::Filter>) -> Result<Vec<types::InternetGateway>> {
    let pages = cloud.ec2().describe_internet_gateways().set_filters(Some(filters)).into_paginator().items().send();
    pages.try_collect().await.op("ec2:DescribeInternetGateways")
}

fn live(cloud: &Cloud, gateway: types::InternetGateway) -> Live<InternetGateway> {
    let id = gateway.internet_gateway_id.unwrap_or_default();
    let owner_id = gateway.owner_id.unwrap_or_default();
    let attachment = gateway.attachments.into_iter().flatten().find(|attachment| !is_detached(attachment));
    let is_changing = attachment.as_ref().and_then(|attachment| attachment.state.as_ref());
    let is_changing = matches!(is_changing, Some(AttachmentStatus::Attaching | AttachmentStatus::Detaching));
    Live {
        spec: InternetGateway {
            vpc_id: attachment.and_then(|attachment| attachment.vpc_id).map(Ref::from),
            tags: ec2::live_tags(gateway.tags),
        },
        outputs: Outputs { arn: cloud.arn("ec2", &owner_id, &format!("internet-gateway/{id}")), owner_id },
        phase: if is_changing { Phase::PENDING } else { Phase::Ready },
    }
}

fn is_detached(attachment: &types::InternetGatewayAttachment) -> bool {
    attachment.state == Some(AttachmentStatus::Detached)
}
