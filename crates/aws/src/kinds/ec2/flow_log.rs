//! `ec2/flow_log`: a record of the traffic of a VPC, subnet, interface or gateway.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{
    self, DestinationFileFormat, DestinationOptionsRequest, Filter, FlowLogsResourceType, LogDestinationType,
    ResourceType, TagFieldSpecificationRequest, TaggableResourceType, TrafficType,
};
use provision_core::driver::{Id, Intent, Recovery};
use provision_core::rate::Rates;
use provision_core::schema::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::error::{Absent, Op, incomplete};
use crate::kind::{Kind, Live, Result, Update, Wanted};
use crate::kinds::logs::log_group::LogGroup;
use crate::query::Query;
use crate::read;
use crate::service::ec2::{self, FILTER_VALUES, filter, intent_filter};
use crate::service::rates;
use crate::types::{Ref, Tags};

/// A record of the traffic of one VPC, subnet, network interface or gateway.
///
/// See [CreateFlowLogs](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFlowLogs.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowLog {
    /// What is watched, such as `vpc-0a1b`, `subnet-0a1b` or `eni-0a1b`.
    #[schemars(extend("x-replace" = true))]
    pub resource_id: String,

    /// What `resource_id` names; its prefix tells that of a VPC, subnet, network
    /// interface, NAT gateway, transit gateway or attachment when this is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true, "enum" = [
        "VPC", "Subnet", "NetworkInterface", "TransitGateway", "TransitGatewayAttachment", "RegionalNatGateway",
        "CoreNetwork", "CoreNetworkEdge", "CoreNetworkAttachment"
    ]))]
    pub resource_type: Option<String>,

    /// The traffic that is recorded; needed for a VPC, subnet or network interface.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true, "enum" = ["ACCEPT", "REJECT", "ALL"]))]
    pub traffic_type: Option<String>,

    /// Where the records go.
    #[serde(default = "cloud_watch_logs")]
    #[schemars(extend("x-replace" = true, "enum" = ["cloud-watch-logs", "s3", "kinesis-data-firehose"]))]
    pub log_destination_type: String,

    /// ARN of the log group (without `:*`), of the bucket (with a folder, if wanted) or of
    /// the delivery stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub log_destination: Option<String>,

    /// The log group's name, instead of its ARN in `log_destination`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub log_group_name: Option<Ref<LogGroup>>,

    /// ARN of the role that may write to the log group, or to another account's delivery stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub deliver_logs_permission_arn: Option<String>,

    /// ARN of the role in the other account, for delivery across accounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub deliver_cross_account_role: Option<String>,

    /// The fields of a record in their order, as in `${version} ${srcaddr} ${action}`; AWS has
    /// a default format.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub log_format: Option<String>,

    /// How long a flow is gathered into one record at most, in seconds: 60 or 600, which is
    /// the default. Transit gateways and Cloud WAN need 60.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true), range(min = 60, max = 600))]
    pub max_aggregation_interval: Option<i32>,

    /// How files in a bucket are laid out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub destination_options: Option<DestinationOptions>,

    /// The tags that fields of `log_format` show.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub tag_field_specifications: Option<BTreeSet<TagFieldSpecification>>,

    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

fn cloud_watch_logs() -> String {
    "cloud-watch-logs".to_owned()
}

/// How files in a bucket are laid out.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DestinationOptions {
    /// `plain-text` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["plain-text", "parquet"]))]
    pub file_format: Option<String>,

    /// Whether folders are named as Hive expects; `false` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hive_compatible_partitions: Option<bool>,

    /// Whether there is a folder for each hour; `false` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_hour_partition: Option<bool>,
}

/// Tags that a field of the log format shows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TagFieldSpecification {
    /// Whose tags they are.
    #[schemars(extend("enum" = ["network-interface", "instance", "auto-scaling-group"]))]
    pub resource_type: String,
    /// The keys of the tags.
    pub tag_keys: BTreeSet<String>,
}

/// What other resources may name.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The flow log's ARN.
    pub arn: String,
    /// Whether records arrive: `SUCCESS` or `FAILED`, once AWS has tried.
    #[schemars(extend("x-volatile" = true))]
    pub deliver_logs_status: Option<String>,
    /// Why they do not.
    #[schemars(extend("x-volatile" = true))]
    pub deliver_logs_error_message: Option<String>,
}

impl Kind for FlowLog {
    const NAME: &'static str = "ec2/flow_log";
    const RECOVERY: Recovery = Recovery::Tag;
    const BATCH: Option<u32> = Some(200);
    const RATES: Rates = rates::ec2::RATES;
    const EARLY: &'static [&'static str] = &["id", "arn"];
    const EVENTUAL: &'static [&'static str] =
        &["InvalidFlowLogId.NotFound", "InvalidParameter: Unable to assume given IAM role"];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        let faults = [self.resource_fault(), self.destination_fault(), self.interval_fault()].into_iter().flatten();
        faults
            .map(|(field, message)| FieldError { path: vec![field.to_owned()], message: message.to_owned() })
            .collect()
    }

    async fn create(&self, cloud: &Cloud, intent: &Intent) -> Result<Id> {
        let resource_type = self.resource_type.as_deref().or(type_of(&self.resource_id));
        let answer = cloud
            .ec2()
            .create_flow_logs()
            .client_token(&intent.token)
            .resource_ids(&self.resource_id)
            .set_resource_type(resource_type.map(FlowLogsResourceType::from))
            .set_traffic_type(self.traffic_type.as_deref().map(TrafficType::from))
            .log_destination_type(LogDestinationType::from(self.log_destination_type.as_str()))
            .set_log_destination(self.log_destination.clone())
            .set_log_group_name(self.log_group_name.clone().map(String::from))
            .set_deliver_logs_permission_arn(self.deliver_logs_permission_arn.clone())
            .set_deliver_cross_account_role(self.deliver_cross_account_role.clone())
            .set_log_format(self.log_format.clone())
            .set_max_aggregation_interval(self.max_aggregation_interval)
            .set_destination_options(self.destination_options.as_ref().map(DestinationOptions::request))
            .set_tag_field_specifications(self.tag_field_specifications())
            .tag_specifications(ec2::tag_specification(ResourceType::VpcFlowLog, &self.tags, intent))
            .send()
            .await
            .op("ec2:CreateFlowLogs")?;
        ec2::refusal("ec2:CreateFlowLogs", answer.unsuccessful)?;
        let ids = answer.flow_log_ids.unwrap_or_default().into_iter().map(Some);
        ec2::first_id(ids).ok_or_else(|| incomplete("ec2:CreateFlowLogs", "flow log id"))
    }

    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        let ids = read::ids(wanted);
        let found = read::chunked(&ids, FILTER_VALUES, |ids| describe(cloud, vec![filter("flow-log-id", ids)])).await?;
        let account = ec2::account(cloud, wanted, |outputs| &outputs.arn).await?;
        let logs = found.into_iter().filter_map(|log| {
            let wanted = wanted.iter().find(|wanted| log.flow_log_id.as_ref() == Some(&wanted.id.0))?;
            let arn = cloud.arn("ec2", &account, &format!("vpc-flow-log/{}", wanted.id));
            Some((wanted.id.clone(), live(log, wanted, arn)))
        });
        Ok(read::in_order(wanted, logs))
    }

    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        ec2::update_tags(cloud, update, |log| &log.tags, self).await
    }

    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        let answer = cloud.ec2().delete_flow_logs().flow_log_ids(id.as_str()).send().await.op("ec2:DeleteFlowLogs");
        answer.and_then(|answer| ec2::refusal("ec2:DeleteFlowLogs", answer.unsuccessful)).absent()?;
        Ok(())
    }

    async fn recover(&self, cloud: &Cloud, intent: &Intent) -> Result<Vec<Id>> {
        let found = describe(cloud, vec![intent_filter(intent)]).await?;
        Ok(ec2::ids(found.into_iter().map(|log| log.flow_log_id)))
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        let names = [
            ("flow-log-id", "arn"),
            ("resource-id", "resource_id"),
            ("traffic-type", "traffic_type"),
            ("log-destination-type", "log_destination_type"),
            ("log-group-name", "log_group_name"),
        ];
        let found = describe(cloud, ec2::filters(by, &names)).await?;
        Ok(ec2::ids(found.into_iter().map(|log| log.flow_log_id)))
    }
}

type Fault = Option<(&'static str, &'static str)>;

impl FlowLog {
    fn resource_fault(&self) -> Fault {
        let resource_type = self.resource_type.as_deref().or(type_of(&self.resource_id));
        match (resource_type, &self.traffic_type) {
            (None, _) => Some(("resource_type", "the resource's id does not tell its type: state `resource_type`")),
            (Some("VPC" | "Subnet" | "NetworkInterface" | "RegionalNatGateway"), None) => {
                Some(("traffic_type", "this type of resource needs `traffic_type`"))
            }
            _ => None,
        }
    }

    fn destination_fault(&self) -> Fault {
        let to_logs = self.log_destination_type == "cloud-watch-logs";
        match (&self.log_destination, &self.log_group_name) {
            (None, None) => Some(("log_destination", "a flow log needs `log_destination` or `log_group_name`")),
            (Some(_), Some(_)) => Some(("log_group_name", "state `log_destination` or `log_group_name`, not both")),
            (None, Some(_)) if !to_logs => {
                Some(("log_group_name", "only the type `cloud-watch-logs` takes `log_group_name`"))
            }
            (Some(arn), None) if arn.ends_with(":*") => Some(("log_destination", "leave out the `:*` at the end")),
            _ if to_logs && self.deliver_logs_permission_arn.is_none() => {
                Some(("deliver_logs_permission_arn", "the type `cloud-watch-logs` needs a role that may write there"))
            }
            _ => None,
        }
    }

    fn interval_fault(&self) -> Fault {
        let is_allowed = self.max_aggregation_interval.is_none_or(|interval| [60, 600].contains(&interval));
        (!is_allowed).then_some(("max_aggregation_interval", "AWS takes 60 or 600 seconds"))
    }

    fn tag_field_specifications(&self) -> Option<Vec<TagFieldSpecificationRequest>> {
        let specifications = self.tag_field_specifications.as_ref()?.iter().map(|specification| {
            TagFieldSpecificationRequest::builder()
                .resource_type(TaggableResourceType::from(specification.resource_type.as_str()))
                .set_tag_keys(Some(specification.tag_keys.iter().cloned().collect()))
                .build()
        });
        Some(specifications.collect())
    }
}

/// The type of resource that an id's prefix tells.
fn type_of(id: &str) -> Option<&'static str> {
    let types = [
        ("vpc-", "VPC"),
        ("subnet-", "Subnet"),
        ("eni-", "NetworkInterface"),
        ("nat-", "RegionalNatGateway"),
        ("tgw-attach-", "TransitGatewayAttachment"),
        ("tgw-", "TransitGateway"),
    ];
    types.into_iter().find(|(prefix, _)| id.starts_with(prefix)).map(|(_, name)| name)
}

impl DestinationOptions {
    fn request(&self) -> DestinationOptionsRequest {
        DestinationOptionsRequest::builder()
            .set_file_format(self.file_format.as_deref().map(DestinationFileFormat::from))
            .set_hive_compatible_partitions(self.hive_compatible_partitions)
            .set_per_hour_partition(self.per_hour_partition)
            .build()
    }

    fn from_live(options: types::DestinationOptionsResponse) -> Self {
        Self {
            file_format: options.file_format.map(|format| format.as_str().to_owned()),
            hive_compatible_partitions: options.hive_compatible_partitions,
            per_hour_partition: options.per_hour_partition,
        }
    }
}

async fn describe(cloud: &Cloud, filters: Vec<Filter>) -> Result<Vec<types::FlowLog>> {
    let pages = cloud.ec2().describe_flow_logs().set_filter(Some(filters)).into_paginator().items().send();
    pages.collect::<std::result::Result<_, _>>().await.op("ec2:DescribeFlowLogs")
}

fn live(log: types::FlowLog, wanted: &Wanted<FlowLog>, arn: String) -> Live<FlowLog> {
    let resource_id = log.resource_id.unwrap_or_default();
    // AWS does not report the type; it cannot differ from what created the log.
    let applied = wanted.applied.as_ref().and_then(|applied| applied.resource_type.clone());
    let spec = FlowLog {
        resource_type: applied.or_else(|| type_of(&resource_id).map(str::to_owned)),
        resource_id,
        traffic_type: log.traffic_type.map(|kind| kind.as_str().to_owned()),
        log_destination_type: log.log_destination_type.map_or_else(cloud_watch_logs, |kind| kind.as_str().to_owned()),
        log_destination: log.log_destination.map(|arn| arn.trim_end_matches(":*").to_owned()),
        log_group_name: log.log_group_name.map(Ref::from),
        deliver_logs_permission_arn: log.deliver_logs_permission_arn,
        deliver_cross_account_role: log.deliver_cross_account_role,
        log_format: log.log_format,
        max_aggregation_interval: log.max_aggregation_interval,
        destination_options: log.destination_options.map(DestinationOptions::from_live),
        tag_field_specifications: log.tag_field_specifications.map(live_tag_fields),
        tags: ec2::live_tags(log.tags),
    };
    let outputs = Outputs {
        arn,
        deliver_logs_status: log.deliver_logs_status,
        deliver_logs_error_message: log.deliver_logs_error_message,
    };
    Live::ready(spec, outputs)
}

fn live_tag_fields(specifications: Vec<types::TagFieldSpecificationResponse>) -> BTreeSet<TagFieldSpecification> {
    let specifications = specifications.into_iter().filter_map(|specification| {
        Some(TagFieldSpecification {
            resource_type: specification.resource_type?.as_str().to_owned(),
            tag_keys: specification.tag_keys.unwrap_or_default().into_iter().collect(),
        })
    });
    specifications.collect()
}
