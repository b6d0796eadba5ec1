//! `elbv2/target_group`: what a load balancer sends requests to, and how it knows that they are well.

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types::{
    self, ProtocolEnum, TargetGroupAttribute, TargetGroupIpAddressTypeEnum, TargetTypeEnum,
};
use provision_core::driver::{Id, Intent, Recovery};
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
use crate::service::elbv2::attributes::{self, Attributes, TargetGroupAttributes};
use crate::service::elbv2::{self, ARNS, PAGE};
use crate::service::rates;
use crate::service::tagging::{self, Tagged};
use crate::shape::{Shape, shape, to_sdk};
use crate::types::{Ref, Tags};

/// What a load balancer sends requests to, and how it knows that they are well.
///
/// The targets themselves are registered by whoever runs them, such as an ECS service.
///
/// AWS does not delete one that a listener sends requests to. Where a change replaces such a one, give
/// it another name as well, and state `lifecycle: { create_before_destroy: true }`.
///
/// See [CreateTargetGroup](https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetGroup {
    /// Name, unique in the account and region: up to 32 letters, digits and `-`.
    #[schemars(extend("x-replace" = true))]
    pub name: String,

    /// What targets are: EC2 instances by id (`instance`, AWS's default), addresses (`ip`), one Lambda
    /// function, or one application load balancer (`alb`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true, "enum" = ["instance", "ip", "lambda", "alb"]))]
    pub target_type: Option<String>,

    /// How targets are spoken to; not for Lambda functions.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true, "enum" = [
        "HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "QUIC", "TCP_QUIC", "GENEVE"
    ]))]
    pub protocol: Option<String>,

    /// Version of HTTP that targets speak; `HTTP1` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true, "enum" = ["HTTP1", "HTTP2", "GRPC"]))]
    pub protocol_version: Option<String>,

    /// Port of targets that are registered without one; not for Lambda functions.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true), range(min = 1, max = 65535))]
    pub port: Option<i32>,

    /// VPC of the targets; not for Lambda functions.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub vpc_id: Option<Ref<Vpc>>,

    /// Version of the targets' addresses; `ipv4` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true, "enum" = ["ipv4", "ipv6"]))]
    pub ip_address_type: Option<String>,

    /// Port by which targets' agents tell an application load balancer how much they can take.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true), range(min = 1, max = 65535))]
    pub target_control_port: Option<i32>,

    /// Whether health is checked. Only Lambda functions can go without, and do by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check_enabled: Option<bool>,

    /// How health is checked; AWS's default is `HTTP` behind an application load balancer, else `TCP`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["HTTP", "HTTPS", "TCP"]))]
    pub health_check_protocol: Option<String>,

    /// Port on which health is checked; `traffic-port`, AWS's default, is that of the target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check_port: Option<String>,

    /// Path that is asked for; `/` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check_path: Option<String>,

    /// How many seconds lie between checks; AWS's default is 30, or 35 for Lambda functions.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 5, max = 300))]
    pub health_check_interval_seconds: Option<i32>,

    /// After how many seconds without an answer a check has failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2, max = 120))]
    pub health_check_timeout_seconds: Option<i32>,

    /// After how many good checks in a row a target is well; AWS's default is 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2, max = 10))]
    pub healthy_threshold_count: Option<i32>,

    /// After how many failed checks in a row it is not; AWS's default is 2, or 5 for Lambda functions.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2, max = 10))]
    pub unhealthy_threshold_count: Option<i32>,

    /// Which answers are good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matcher: Option<Matcher>,

    /// Draining, stickiness, balancing and other settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attributes: Option<TargetGroupAttributes>,

    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

/// Which answers are good: one of the two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Matcher {
    /// HTTP status codes, such as `200`, `200,202` or `200-299`; AWS's default is `200`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_code: Option<String>,
    /// gRPC codes, written likewise; AWS's default is `12`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grpc_code: Option<String>,
}

shape!(Matcher: types::Matcher { http_code, grpc_code });

/// What other resources may name. The id is the ARN.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The target group's ARN.
    pub arn: String,
    /// The end of the ARN, by which CloudWatch's metrics name it, such as
    /// `targetgroup/shop/73e2d6bc24d8a067`.
    pub target_group_full_name: String,
    /// The load balancers that send requests here.
    #[schemars(extend("x-volatile" = true))]
    pub load_balancer_arns: Vec<String>,
}

const CREATE: &str = "elasticloadbalancing:CreateTargetGroup";

impl Kind for TargetGroup {
    const NAME: &'static str = "elbv2/target_group";
    const RECOVERY: Recovery = Recovery::NaturalKey;
    const BATCH: Option<u32> = Some(ARNS as u32);
    // DescribeTags would take a call for each twenty.
    const READING: Reading = Reading::TAGGED_BATCH;
    const RATES: Rates = rates::ELASTIC_LOAD_BALANCING;
    const EARLY: &'static [&'static str] = &["id", "arn", "name", "target_group_full_name"];
    const EVENTUAL: &'static [&'static str] = &["TargetGroupNotFound", "ValidationError: is not found"];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        let name = elbv2::check_name(&self.name);
        name.into_iter().chain(self.check_place()).chain(self.check_health()).collect()
    }

    /// CreateTargetGroup gives back a target group that is there already and is the same, whosever it
    /// is: so it is looked for first.
    async fn create(&self, cloud: &Cloud, intent: &Intent) -> Result<Id> {
        if let Some(arn) = arn_of(cloud, &self.name).await? {
            return Err(elbv2::exists(CREATE, &format!("a target group `{}`", self.name), &arn));
        }
        let call = cloud
            .elasticloadbalancing()
            .create_target_group()
            .name(&self.name)
            .set_target_type(self.target_type.as_deref().map(TargetTypeEnum::from))
            .set_protocol(self.protocol.as_deref().map(ProtocolEnum::from))
            .set_protocol_version(self.protocol_version.clone())
            .set_port(self.port)
            .set_vpc_id(self.vpc_id.clone().map(String::from))
            .set_ip_address_type(self.ip_address_type.as_deref().map(TargetGroupIpAddressTypeEnum::from))
            .set_target_control_port(self.target_control_port)
            .set_health_check_enabled(self.health_check_enabled)
            .set_health_check_protocol(self.health_check_protocol.as_deref().map(ProtocolEnum::from))
            .set_health_check_port(self.health_check_port.clone())
            .set_health_check_path(self.health_check_path.clone())
            .set_health_check_interval_seconds(self.health_check_interval_seconds)
            .set_health_check_timeout_seconds(self.health_check_timeout_seconds)
            .set_healthy_threshold_count(self.healthy_threshold_count)
            .set_unhealthy_threshold_count(self.unhealthy_threshold_count)
            .set_matcher(to_sdk(self.matcher.as_ref()).op(CREATE)?)
            .set_tags(Some(elbv2::tags(self.tags.with_intent(intent))));
        let made = call.send().await.op(CREATE)?.target_groups.unwrap_or_default().into_iter().next();
        made.and_then(|made| made.target_group_arn).map(Id).ok_or_else(|| incomplete(CREATE, "target group"))
    }

    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        tagging::with_tags(cloud, wanted, read_untagged(cloud, wanted)).await
    }

    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        self.update_health_check(cloud, update).await?;
        self.update_attributes(cloud, update).await?;
        elbv2::update_tags(cloud, update, self).await
    }

    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        let call = cloud.elasticloadbalancing().delete_target_group().target_group_arn(id.as_str());
        call.send().await.op("elasticloadbalancing:DeleteTargetGroup").absent()?;
        Ok(())
    }

    async fn recover(&self, cloud: &Cloud, intent: &Intent) -> Result<Vec<Id>> {
        let found: Vec<String> = arn_of(cloud, &self.name).await?.into_iter().collect();
        elbv2::made_by(cloud, &found, intent).await
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        if let Some(name) = by.text("name") {
            return Ok(arn_of(cloud, &name).await?.map(Id).into_iter().collect());
        }
        match by.text("arn") {
            Some(arn) => Ok(vec![Id(arn)]),
            None => Ok(list(cloud).await?.into_iter().map(Id).collect()),
        }
    }
}

impl Tagged for TargetGroup {
    tagging::fields!();

    async fn list_tags(cloud: &Cloud, _: &Id, arn: &str) -> Result<Option<Tags>> {
        elbv2::list_tags(cloud, arn).await
    }
}

impl TargetGroup {
    fn check_place(&self) -> Option<FieldError> {
        let is_lambda = self.target_type.as_deref() == Some("lambda");
        let parts =
            [("protocol", self.protocol.is_some()), ("port", self.port.is_some()), ("vpc_id", self.vpc_id.is_some())];
        let (field, is_stated) = parts.into_iter().find(|(_, is_stated)| *is_stated == is_lambda)?;
        Some(match is_stated {
            true => fault(field, format!("a target group of a Lambda function has no `{field}`")),
            false => fault(field, format!("a target group needs `{field}`, unless its target is a Lambda function")),
        })
    }

    fn check_health(&self) -> Option<FieldError> {
        let (interval, timeout) = (self.health_check_interval_seconds?, self.health_check_timeout_seconds?);
        let message = "a check may not take longer than `health_check_interval_seconds`";
        (timeout > interval).then(|| fault("health_check_timeout_seconds", message))
    }

    /// ModifyTargetGroup leaves what it is not told as it is.
    async fn update_health_check(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        const MODIFY: &str = "elasticloadbalancing:ModifyTargetGroup";
        let fields = [
            "health_check_enabled",
            "health_check_protocol",
            "health_check_port",
            "health_check_path",
            "health_check_interval_seconds",
            "health_check_timeout_seconds",
            "healthy_threshold_count",
            "unhealthy_threshold_count",
            "matcher",
        ];
        if !fields.iter().any(|field| update.has(field)) {
            return Ok(());
        }
        let call = cloud
            .elasticloadbalancing()
            .modify_target_group()
            .target_group_arn(update.id.as_str())
            .set_health_check_enabled(self.health_check_enabled)
            .set_health_check_protocol(self.health_check_protocol.as_deref().map(ProtocolEnum::from))
            .set_health_check_port(self.health_check_port.clone())
            .set_health_check_path(self.health_check_path.clone())
            .set_health_check_interval_seconds(self.health_check_interval_seconds)
            .set_health_check_timeout_seconds(self.health_check_timeout_seconds)
            .set_healthy_threshold_count(self.healthy_threshold_count)
            .set_unhealthy_threshold_count(self.unhealthy_threshold_count)
            .set_matcher(to_sdk(self.matcher.as_ref()).op(MODIFY)?);
        call.send().await.op(MODIFY)?;
        Ok(())
    }

    async fn update_attributes(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let changes = attributes::changes(self.attributes.as_ref(), update.live.attributes.as_ref());
        if update.has("attributes") && !changes.is_empty() {
            let pair = |(key, value)| TargetGroupAttribute::builder().key(key).value(value).build();
            let call = cloud.elasticloadbalancing().modify_target_group_attributes();
            let call = call.target_group_arn(update.id.as_str());
            let call = call.set_attributes(Some(changes.into_iter().map(pair).collect()));
            call.send().await.op("elasticloadbalancing:ModifyTargetGroupAttributes")?;
        }
        Ok(())
    }
}

const DESCRIBE: &str = "elasticloadbalancing:DescribeTargetGroups";

async fn arn_of(cloud: &Cloud, name: &str) -> Result<Option<String>> {
    let call = cloud.elasticloadbalancing().describe_target_groups().names(name);
    let found = call.send().await.op(DESCRIBE).absent()?.and_then(|answer| answer.target_groups);
    Ok(found.into_iter().flatten().find_map(|found| found.target_group_arn))
}

async fn list(cloud: &Cloud) -> Result<Vec<String>> {
    let pages = cloud.elasticloadbalancing().describe_target_groups().page_size(PAGE).into_paginator().items().send();
    let found: Vec<types::TargetGroup> = pages.try_collect().await.op(DESCRIBE)?;
    Ok(found.into_iter().filter_map(|found| found.target_group_arn).collect())
}

async fn describe(cloud: &Cloud, arns: &[String]) -> Result<Vec<types::TargetGroup>> {
    let call = cloud.elasticloadbalancing().describe_target_groups().set_target_group_arns(Some(arns.to_vec()));
    Ok(call.send().await.op(DESCRIBE)?.target_groups.unwrap_or_default())
}

async fn read_untagged(cloud: &Cloud, wanted: &[Wanted<TargetGroup>]) -> Result<Vec<Option<Live<TargetGroup>>>> {
    let arns = read::ids(wanted);
    let described = read::known(&arns, ARNS, |arns| describe(cloud, arns));
    let attributes = read::each(wanted, |wanted| read_attributes(cloud, wanted));
    let (found, attributes) = tokio::try_join!(described, attributes)?;
    let live = read::joined(wanted, found, types::TargetGroup::target_group_arn, |found, _| live(found));
    let with_attributes = |(live, attributes): (Option<Live<TargetGroup>>, _)| {
        let mut live = live?;
        live.spec.attributes = attributes;
        Some(live)
    };
    Ok(live.into_iter().zip(attributes).map(with_attributes).collect())
}

async fn read_attributes(cloud: &Cloud, wanted: &Wanted<TargetGroup>) -> Result<Option<TargetGroupAttributes>> {
    if !wanted.manages(|group| &group.attributes) {
        return Ok(None);
    }
    let call = cloud.elasticloadbalancing().describe_target_group_attributes().target_group_arn(wanted.id.as_str());
    let answer = call.send().await.op("elasticloadbalancing:DescribeTargetGroupAttributes").absent()?;
    let pairs = |attributes: Vec<TargetGroupAttribute>| -> BTreeMap<String, String> {
        attributes.into_iter().filter_map(|pair| Some((pair.key?, pair.value?))).collect()
    };
    Ok(answer.map(|answer| TargetGroupAttributes::from_live(&pairs(answer.attributes.unwrap_or_default()))))
}

/// What DescribeTargetGroups tells; the attributes have a call of their own.
fn live(found: types::TargetGroup) -> Live<TargetGroup> {
    let arn = found.target_group_arn.unwrap_or_default();
    let spec = TargetGroup {
        name: found.target_group_name.unwrap_or_default(),
        target_type: found.target_type.map(|kind| kind.as_str().to_owned()),
        protocol: found.protocol.map(|protocol| protocol.as_str().to_owned()),
        protocol_version: found.protocol_version,
        port: found.port,
        vpc_id: found.vpc_id.map(Ref::from),
        ip_address_type: found.ip_address_type.map(|version| version.as_str().to_owned()),
        target_control_port: found.target_control_port,
        health_check_enabled: found.health_check_enabled,
        health_check_protocol: found.health_check_protocol.map(|protocol| protocol.as_str().to_owned()),
        health_check_port: found.health_check_port,
        health_check_path: found.health_check_path,
        health_check_interval_seconds: found.health_check_interval_seconds,
        health_check_timeout_seconds: found.health_check_timeout_seconds,
        healthy_threshold_count: found.healthy_threshold_count,
        unhealthy_threshold_count: found.unhealthy_threshold_count,
        matcher: found.matcher.map(Shape::from_sdk),
        attributes: None,
        tags: Tags::default(),
    };
    let outputs = Outputs {
        target_group_full_name: crate::query::resource(&arn, "").unwrap_or_default(),
        arn,
        load_balancer_arns: found.load_balancer_arns.unwrap_or_default(),
    };
    Live::ready(spec, outputs)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    #[test]
    fn what_a_group_needs_depends_on_its_targets() -> serde_json::Result<()> {
        let faults = |spec: Json| -> serde_json::Result<Vec<String>> {
            let group: TargetGroup = serde_json::from_value(spec)?;
            Ok(group.check().into_iter().flat_map(|error| error.path).collect())
        };
        for (spec, expected) in [
            (json!({ "name": "a", "protocol": "HTTP", "port": 80, "vpc_id": "v" }), ""),
            (json!({ "name": "a", "target_type": "lambda" }), ""),
            (json!({ "name": "a", "protocol": "HTTP", "port": 80 }), "vpc_id"),
            (json!({ "name": "a", "target_type": "lambda", "port": 80 }), "port"),
            (
                json!({ "name": "a", "target_type": "lambda", "health_check_interval_seconds": 5,
                    "health_check_timeout_seconds": 6 }),
                "health_check_timeout_seconds",
            ),
        ] {
            assert_eq!(faults(spec.clone())?.concat(), expected, "{spec}");
        }
        Ok(())
    }
}
