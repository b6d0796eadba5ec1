//! `dynamodb/table`: items by key.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::operation::create_table::builders::CreateTableFluentBuilder;
use aws_sdk_dynamodb::operation::update_table::builders::UpdateTableFluentBuilder;
use aws_sdk_dynamodb::types::{BillingMode, GlobalSecondaryIndexUpdate, TableClass, TableDescription};
use aws_smithy_types::error::operation::BuildError;
use provision_core::driver::{Cause, CloudError, Id, Intent, Recovery};
use provision_core::rate::Rates;
use provision_core::schema::{FieldError, Timing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::error::{Absent, Op, incomplete};
use crate::kind::{Kind, Live, Result, Update, Wanted, fault};
use crate::query::Query;
use crate::read::{self, Reading};
use crate::service::dynamodb::beside::{
    self, ContributorInsightsSpecification, PointInTimeRecoverySpecification, TimeToLiveSpecification,
};
use crate::service::dynamodb::indexes::{
    self, AttributeDefinition, GlobalSecondaryIndex, KeySchemaElement, LocalSecondaryIndex,
};
use crate::service::dynamodb::phase::{is_at_rest, phase};
use crate::service::dynamodb::settings::{SseSpecification, StreamSpecification};
use crate::service::dynamodb::throughput::{OnDemandThroughput, ProvisionedThroughput, WarmThroughput, change};
use crate::service::tagging::{self, Named, Tagged};
use crate::service::{dynamodb, rates};
use crate::types::{PolicyDocument, Tags, carry_intent};

/// Items by key.
///
/// Replicas in other regions, vector indexes and insights of single indexes are left out.
///
/// See [CreateTable](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Name, unique in the account and region: 3 to 255 letters, digits and `_.-`.
    #[schemars(extend("x-replace" = true))]
    pub table_name: String,

    /// The types of all attributes that are part of a key of the table or an index, and of no others.
    pub attribute_definitions: BTreeSet<AttributeDefinition>,

    /// The key: what items are spread by, and what they are sorted by if anything.
    #[schemars(extend("x-replace" = true))]
    pub key_schema: Vec<KeySchemaElement>,

    /// Whether reads and writes are paid for beforehand (`PROVISIONED`, AWS's default) or each by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["PROVISIONED", "PAY_PER_REQUEST"]))]
    pub billing_mode: Option<String>,

    /// Reads and writes that are paid for, with `PROVISIONED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioned_throughput: Option<ProvisionedThroughput>,

    /// Reads and writes that are let through, with `PAY_PER_REQUEST`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_demand_throughput: Option<OnDemandThroughput>,

    /// Reads and writes it takes at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warm_throughput: Option<WarmThroughput>,

    /// Up to 20 indexes over the whole table. Managed as a whole when stated: an index that is not stated
    /// is deleted. AWS makes or deletes one at a time, which takes minutes each; one whose key or
    /// projection changes is deleted and made again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub global_secondary_indexes: Option<BTreeSet<GlobalSecondaryIndex>>,

    /// Up to five indexes over the items of one partition.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub local_secondary_indexes: Option<BTreeSet<LocalSecondaryIndex>>,

    /// Whether changes of items can be followed. What is told of them changes with a new stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream_specification: Option<StreamSpecification>,

    /// The key that encrypts the table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sse_specification: Option<SseSpecification>,

    /// Whether it can be restored as it was at any time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub point_in_time_recovery_specification: Option<PointInTimeRecoverySpecification>,

    /// When items expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_to_live_specification: Option<TimeToLiveSpecification>,

    /// `STANDARD`, AWS's default, or the class that is cheap to keep and dear to use.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["STANDARD", "STANDARD_INFREQUENT_ACCESS"]))]
    pub table_class: Option<String>,

    /// Whether AWS refuses to delete the table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion_protection_enabled: Option<bool>,

    /// Who may do what with the table, beside those whom IAM lets. An empty one (`{}`) removes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_policy: Option<PolicyDocument>,

    /// Whether CloudWatch is told which items are used most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contributor_insights_specification: Option<ContributorInsightsSpecification>,

    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

/// What other resources may name. The id is the table's name.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The table's ARN.
    pub arn: String,
    /// The stable unique id; a table made again under the same name has another one.
    pub table_id: String,
    /// The ARN of the last stream.
    #[schemars(extend("x-volatile" = true))]
    pub latest_stream_arn: Option<String>,
    /// When that stream began, which is part of its ARN.
    #[schemars(extend("x-volatile" = true))]
    pub latest_stream_label: Option<String>,
}

const CREATE_TABLE: &str = "dynamodb:CreateTable";
const UPDATE_TABLE: &str = "dynamodb:UpdateTable";

const PAY_PER_REQUEST: &str = "PAY_PER_REQUEST";

impl Kind for Table {
    const NAME: &'static str = "dynamodb/table";
    const RECOVERY: Recovery = Recovery::NaturalKey;
    const READING: Reading = Reading::TAGGED_EACH;
    const RATES: Rates = rates::DYNAMODB;
    /// Not the id: a table that is being made takes no items, and nothing that scales it.
    const EARLY: &'static [&'static str] = &["arn"];
    /// Estimates. Filling an index of a large table takes hours.
    const TIMING: Timing = Timing { create: 10, update: 30, delete: 10, limit: 14_400 };
    /// A table made a moment ago; the backups of one, which begin a little later; as many tables and
    /// indexes under way as AWS allows at once; a table of the name that is still being deleted.
    const EVENTUAL: &'static [&'static str] = &[
        "ResourceNotFoundException",
        "TableNotFoundException",
        "ContinuousBackupsUnavailableException",
        "LimitExceededException: simultaneously",
        "ResourceInUseException: being deleted",
    ];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        let indexes = self.global_secondary_indexes.iter().flatten();
        let faults = [self.check_keys(), self.check_definitions(), self.check_billing(), self.check_switches()];
        faults.into_iter().flatten().chain(indexes.filter_map(|index| self.check_index(index))).collect()
    }

    async fn create(&self, cloud: &Cloud, intent: &Intent) -> Result<Id> {
        let call = self.creation(cloud, intent).op(CREATE_TABLE)?;
        let answer = call.send().await.op(CREATE_TABLE).map_err(as_taken)?;
        let name = answer.table_description.and_then(|table| table.table_name);
        name.map(Id).ok_or_else(|| incomplete(CREATE_TABLE, "table name"))
    }

    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        tagging::with_tags(cloud, wanted, read::each(wanted, |wanted| read_one(cloud, wanted))).await
    }

    /// UpdateTable takes one sort of change at a time, and none while another is under way: what is next
    /// is found by what the table is now. What has calls of its own comes before, while it is at rest.
    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let Some(table) = dynamodb::describe(cloud, update.id.as_str()).await? else { return Ok(()) };
        self.update_beside(cloud, update, table.table_arn().unwrap_or_default()).await?;
        if is_at_rest(&table)
            && let Some(call) = self.next_change(cloud, &described(&table, Some(self))).op(UPDATE_TABLE)?
        {
            call.table_name(update.id.as_str()).send().await.op(UPDATE_TABLE)?;
        }
        Ok(())
    }

    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        cloud.dynamodb().delete_table().table_name(id.as_str()).send().await.op("dynamodb:DeleteTable").absent()?;
        Ok(())
    }

    async fn recover(&self, cloud: &Cloud, intent: &Intent) -> Result<Vec<Id>> {
        let table = dynamodb::describe(cloud, &self.table_name).await?;
        let Some(arn) = table.and_then(|table| table.table_arn) else { return Ok(Vec::new()) };
        let tags = dynamodb::list_tags(cloud, &arn).await?.unwrap_or_default();
        let is_ours = carry_intent(tags.iter().map(|(key, value)| (key.as_str(), value.as_str())), intent);
        Ok(is_ours.then(|| Id(self.table_name.clone())).into_iter().collect())
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        let list = async {
            let pages = cloud.dynamodb().list_tables().into_paginator().items().send();
            let names: Vec<String> = pages.try_collect().await.op("dynamodb:ListTables")?;
            Ok(names)
        };
        tagging::find(cloud, by, &NAMED, list).await
    }
}

const NAMED: Named = Named { field: "table_name", arn_prefix: "table/", resource_type: "dynamodb:table" };

impl Tagged for Table {
    tagging::fields!();

    async fn list_tags(cloud: &Cloud, _: &Id, arn: &str) -> Result<Option<Tags>> {
        Ok(dynamodb::list_tags(cloud, arn).await?.map(Tags::from_live))
    }
}

/// A name that is taken is in use, as DynamoDB says it.
fn as_taken(error: CloudError) -> CloudError {
    match error.code == "ResourceInUseException" && error.message.contains("already exists") {
        true => CloudError { cause: Cause::Exists, ..error },
        false => error,
    }
}

impl Table {
    fn is_paid_per_request(&self) -> bool {
        self.billing_mode.as_deref() == Some(PAY_PER_REQUEST)
    }

    fn check_keys(&self) -> Option<FieldError> {
        let types: Vec<&str> = self.key_schema.iter().map(|key| key.key_type.as_str()).collect();
        let is_right = matches!(types.as_slice(), ["HASH"] | ["HASH", "RANGE"]);
        let message = "the key of a table is one attribute of type `HASH`, and one of type `RANGE` if it is sorted";
        (!is_right).then(|| fault("key_schema", message))
    }

    /// The names of all attributes that are part of a key.
    fn key_attributes(&self) -> BTreeSet<&str> {
        let local = self.local_secondary_indexes.iter().flatten().flat_map(|index| &index.key_schema);
        let global = self.global_secondary_indexes.iter().flatten().flat_map(|index| &index.key_schema);
        let keys = self.key_schema.iter().chain(local).chain(global);
        keys.map(|key| key.attribute_name.as_str()).collect()
    }

    /// Whether an attribute is ours to define: others are those of indexes that are not managed.
    fn owns(&self, attribute: &AttributeDefinition) -> bool {
        let manages_all = self.global_secondary_indexes.is_some() && self.local_secondary_indexes.is_some();
        manages_all || self.attribute_definitions.iter().any(|it| it.attribute_name == attribute.attribute_name)
    }

    fn check_definitions(&self) -> Option<FieldError> {
        let used = self.key_attributes();
        let defined: BTreeSet<&str> = self.attribute_definitions.iter().map(|it| it.attribute_name.as_str()).collect();
        if let Some(missing) = used.difference(&defined).next() {
            let message = format!("`{missing}` is part of a key: state its type");
            return Some(fault("attribute_definitions", message));
        }
        let surplus = defined.difference(&used).next()?;
        let message = format!("`{surplus}` is part of no key; DynamoDB wants the types of these alone");
        Some(fault("attribute_definitions", message))
    }

    fn check_billing(&self) -> Option<FieldError> {
        let (provisioned, on_demand) = (self.provisioned_throughput.is_some(), self.on_demand_throughput.is_some());
        match self.is_paid_per_request() {
            true => provisioned.then(|| {
                let message = "with `billing_mode: PAY_PER_REQUEST` nothing is provisioned";
                fault("provisioned_throughput", message)
            }),
            false if on_demand => Some(fault("on_demand_throughput", "this needs `billing_mode: PAY_PER_REQUEST`")),
            false => (!provisioned).then(|| {
                let message = "state `provisioned_throughput`, or `billing_mode: PAY_PER_REQUEST`";
                fault("provisioned_throughput", message)
            }),
        }
    }

    fn check_index(&self, index: &GlobalSecondaryIndex) -> Option<FieldError> {
        let name = &index.index_name;
        let is_right = index.provisioned_throughput.is_some() != self.is_paid_per_request();
        let message = format!("index `{name}` has `provisioned_throughput` if, and only if, the table has");
        if !is_right {
            return Some(fault("global_secondary_indexes", message));
        }
        let is_including = index.projection.projection_type == "INCLUDE";
        let message = format!("index `{name}` has `non_key_attributes` if, and only if, its projection is `INCLUDE`");
        (is_including == index.projection.non_key_attributes.is_empty())
            .then(|| fault("global_secondary_indexes", message))
    }

    fn check_switches(&self) -> Option<FieldError> {
        let stream = self.stream_specification.as_ref();
        if stream.is_some_and(|stream| stream.stream_enabled != stream.stream_view_type.is_some()) {
            let message = "a stream has a `stream_view_type` if, and only if, it is enabled";
            return Some(fault("stream_specification", message));
        }
        if self.sse_specification.as_ref().is_some_and(|sse| !sse.enabled && sse.kms_master_key_id.is_some()) {
            return Some(fault("sse_specification", "a KMS key needs `enabled: true`"));
        }
        let expiry = self.time_to_live_specification.as_ref();
        let is_blind = expiry.is_some_and(|expiry| expiry.enabled && expiry.attribute_name.is_none());
        is_blind.then(|| fault("time_to_live_specification", "state the `attribute_name` that says when items expire"))
    }

    /// The call that makes the table; what has calls of its own is left out, but for the policy.
    fn creation(&self, cloud: &Cloud, intent: &Intent) -> Result<CreateTableFluentBuilder, BuildError> {
        let global: Result<Vec<_>, _> =
            self.global_secondary_indexes.iter().flatten().map(|index| index.sdk()).collect();
        let local: Result<Vec<_>, _> = self.local_secondary_indexes.iter().flatten().map(|index| index.sdk()).collect();
        let stream = self.stream_specification.as_ref().filter(|stream| stream.stream_enabled);
        let sse = self.sse_specification.as_ref().filter(|sse| sse.enabled);
        let policy = self.resource_policy.as_ref().filter(|policy| !policy.is_empty());
        let call = cloud
            .dynamodb()
            .create_table()
            .table_name(&self.table_name)
            .set_attribute_definitions(Some(indexes::definitions(&self.attribute_definitions)?))
            .set_key_schema(Some(indexes::keys(&self.key_schema)?))
            .set_billing_mode(self.billing_mode.as_deref().map(BillingMode::from))
            .set_provisioned_throughput(self.provisioned_throughput.map(ProvisionedThroughput::sdk).transpose()?)
            .set_on_demand_throughput(self.on_demand_throughput.map(OnDemandThroughput::sdk))
            .set_warm_throughput(self.warm_throughput.map(WarmThroughput::sdk))
            .set_global_secondary_indexes(Some(global?).filter(|indexes| !indexes.is_empty()))
            .set_local_secondary_indexes(Some(local?).filter(|indexes| !indexes.is_empty()))
            .set_stream_specification(stream.map(StreamSpecification::sdk).transpose()?)
            .set_sse_specification(sse.map(SseSpecification::sdk))
            .set_table_class(self.table_class.as_deref().map(TableClass::from))
            .set_deletion_protection_enabled(self.deletion_protection_enabled)
            .set_resource_policy(policy.map(PolicyDocument::to_text))
            .set_tags(Some(dynamodb::tags(self.tags.with_intent(intent))?));
        Ok(call)
    }

    /// The next UpdateTable that moves the table toward this, if there is any.
    fn next_change(&self, cloud: &Cloud, live: &Self) -> Result<Option<UpdateTableFluentBuilder>, BuildError> {
        let call = || cloud.dynamodb().update_table();
        if let Some(index) = self.surplus_index(live) {
            return Ok(Some(call().global_secondary_index_updates(index.deletion()?)));
        }
        if let Some(call) = self.change_throughput(call(), live)? {
            return Ok(Some(call));
        }
        if let Some(call) = self.change_settings(call(), live)? {
            return Ok(Some(call));
        }
        if let Some(sse) = self.sse_specification.as_ref().filter(|sse| !sse.is(live.sse_specification.as_ref())) {
            return Ok(Some(call().sse_specification(sse.sdk())));
        }
        let Some(index) = self.missing_index(live) else { return Ok(None) };
        let attributes = indexes::definitions(self.definitions_with(live, index))?;
        Ok(Some(call().set_attribute_definitions(Some(attributes)).global_secondary_index_updates(index.creation()?)))
    }

    /// An index that is not stated, or is to be another.
    fn surplus_index<'a>(&self, live: &'a Self) -> Option<&'a GlobalSecondaryIndex> {
        let wanted = self.global_secondary_indexes.as_ref()?;
        let is_kept = |index: &GlobalSecondaryIndex| {
            wanted.iter().any(|wanted| wanted.index_name == index.index_name && !wanted.replaces(index))
        };
        live.global_secondary_indexes.iter().flatten().find(|index| !is_kept(index))
    }

    /// An index that is stated, and not there.
    fn missing_index(&self, live: &Self) -> Option<&GlobalSecondaryIndex> {
        let is_there = |wanted: &GlobalSecondaryIndex| {
            live.global_secondary_indexes.iter().flatten().any(|index| index.index_name == wanted.index_name)
        };
        self.global_secondary_indexes.iter().flatten().find(|wanted| !is_there(wanted))
    }

    /// The types of what is part of a key once `index` is made too: AWS wants these and no others.
    fn definitions_with<'a>(&'a self, live: &'a Self, index: &GlobalSecondaryIndex) -> Vec<&'a AttributeDefinition> {
        let mut used = live.key_attributes();
        used.extend(index.key_schema.iter().map(|key| key.attribute_name.as_str()));
        let stated = |name: &str| self.attribute_definitions.iter().find(|it| it.attribute_name == name);
        let told = |name: &str| live.attribute_definitions.iter().find(|it| it.attribute_name == name);
        used.into_iter().filter_map(|name| stated(name).or_else(|| told(name))).collect()
    }

    /// How the table is paid for, with the throughput of all its indexes.
    fn change_throughput(
        &self,
        call: UpdateTableFluentBuilder,
        live: &Self,
    ) -> Result<Option<UpdateTableFluentBuilder>, BuildError> {
        let billing = self.billing_mode.as_deref().filter(|mode| live.billing_mode.as_deref() != Some(*mode));
        let provisioned = change(self.provisioned_throughput, live.provisioned_throughput);
        let on_demand = change(self.on_demand_throughput, live.on_demand_throughput);
        let warm = change(self.warm_throughput, live.warm_throughput);
        let updates = self.index_updates(live)?;
        let is_any = provisioned.is_some() || on_demand.is_some() || warm.is_some() || !updates.is_empty();
        if billing.is_none() && !is_any {
            return Ok(None);
        }
        let call = call
            .set_billing_mode(billing.map(BillingMode::from))
            .set_provisioned_throughput(provisioned.map(ProvisionedThroughput::sdk).transpose()?)
            .set_on_demand_throughput(on_demand.map(OnDemandThroughput::sdk))
            .set_warm_throughput(warm.map(WarmThroughput::sdk))
            .set_global_secondary_index_updates(Some(updates).filter(|updates| !updates.is_empty()));
        Ok(Some(call))
    }

    fn index_updates(&self, live: &Self) -> Result<Vec<GlobalSecondaryIndexUpdate>, BuildError> {
        let live: Vec<&GlobalSecondaryIndex> = live.global_secondary_indexes.iter().flatten().collect();
        let pairs = self
            .global_secondary_indexes
            .iter()
            .flatten()
            .filter_map(|wanted| Some((wanted, live.iter().find(|index| index.index_name == wanted.index_name)?)));
        pairs.filter_map(|(wanted, index)| wanted.throughput_update(index).transpose()).collect()
    }

    /// Class, protection and stream. Another view of the changes takes a new stream, for which the old
    /// one ends first.
    fn change_settings(
        &self,
        call: UpdateTableFluentBuilder,
        live: &Self,
    ) -> Result<Option<UpdateTableFluentBuilder>, BuildError> {
        let class = self.table_class.as_deref().filter(|class| live.table_class.as_deref() != Some(*class));
        let protection = self.deletion_protection_enabled.filter(|is| live.deletion_protection_enabled != Some(*is));
        let stream =
            self.stream_specification.as_ref().filter(|stream| live.stream_specification.as_ref() != Some(*stream));
        if class.is_none() && protection.is_none() && stream.is_none() {
            return Ok(None);
        }
        let is_on = live.stream_specification.as_ref().is_some_and(|stream| stream.stream_enabled);
        let stream = stream.map(|stream| if is_on { StreamSpecification::off() } else { stream.clone() });
        let call = call
            .set_table_class(class.map(TableClass::from))
            .set_deletion_protection_enabled(protection)
            .set_stream_specification(stream.as_ref().map(StreamSpecification::sdk).transpose()?);
        Ok(Some(call))
    }

    async fn update_beside(&self, cloud: &Cloud, update: &Update<Self>, arn: &str) -> Result<()> {
        let name = update.id.as_str();
        if let (true, Some(expiry)) = (update.has("time_to_live_specification"), &self.time_to_live_specification) {
            expiry.put(cloud, name).await?;
        }
        let recovery = self.point_in_time_recovery_specification.as_ref();
        if let (true, Some(recovery)) = (update.has("point_in_time_recovery_specification"), recovery) {
            recovery.put(cloud, name).await?;
        }
        let insights = self.contributor_insights_specification.as_ref();
        if let (true, Some(insights)) = (update.has("contributor_insights_specification"), insights) {
            insights.put(cloud, name).await?;
        }
        if let (true, Some(policy)) = (update.has("resource_policy"), &self.resource_policy) {
            beside::put_policy(cloud, arn, policy).await?;
        }
        if update.has("tags") {
            dynamodb::update_tags(cloud, arn, &update.live.tags, &self.tags).await?;
        }
        Ok(())
    }
}

async fn read_one(cloud: &Cloud, wanted: &Wanted<Table>) -> Result<Option<Live<Table>>> {
    let Some(table) = dynamodb::describe(cloud, wanted.id.as_str()).await? else { return Ok(None) };
    let mut spec = described(&table, wanted.applied.as_ref());
    let outputs = Outputs {
        arn: table.table_arn().unwrap_or_default().to_owned(),
        table_id: table.table_id().unwrap_or_default().to_owned(),
        latest_stream_arn: table.latest_stream_arn().map(str::to_owned),
        latest_stream_label: table.latest_stream_label().map(str::to_owned),
    };
    if let Some(applied) = &wanted.applied {
        spec.attribute_definitions.retain(|it| applied.owns(it));
    }
    read_beside(cloud, wanted, &outputs.arn, &mut spec).await?;
    Ok(Some(Live { spec, outputs, phase: phase(&table) }))
}

/// Reads what has calls of its own, where it is managed.
async fn read_beside(cloud: &Cloud, wanted: &Wanted<Table>, arn: &str, spec: &mut Table) -> Result<()> {
    let (name, applied) = (wanted.id.as_str(), wanted.applied.as_ref());
    if wanted.manages(|table| &table.time_to_live_specification) {
        let stated = applied.and_then(|table| table.time_to_live_specification.as_ref());
        spec.time_to_live_specification = TimeToLiveSpecification::get(cloud, name, stated).await?;
    }
    if wanted.manages(|table| &table.point_in_time_recovery_specification) {
        spec.point_in_time_recovery_specification = PointInTimeRecoverySpecification::get(cloud, name).await?;
    }
    if wanted.manages(|table| &table.contributor_insights_specification) {
        spec.contributor_insights_specification = ContributorInsightsSpecification::get(cloud, name).await?;
    }
    if wanted.manages(|table| &table.resource_policy) {
        spec.resource_policy = Some(beside::policy(cloud, arn).await?);
    }
    Ok(())
}

/// What DescribeTable tells, in the words last applied; the rest has calls of its own.
fn described(table: &TableDescription, applied: Option<&Table>) -> Table {
    let billing = table.billing_mode_summary().and_then(|summary| summary.billing_mode());
    let class = table.table_class_summary().and_then(|summary| summary.table_class());
    let stated = applied.and_then(|applied| applied.global_secondary_indexes.as_ref());
    let global = table.global_secondary_indexes().iter().map(|index| GlobalSecondaryIndex::from_live(index, stated));
    let warm = table.warm_throughput().map(WarmThroughput::from);
    Table {
        table_name: table.table_name().unwrap_or_default().to_owned(),
        attribute_definitions: indexes::live_definitions(table.attribute_definitions()),
        key_schema: indexes::live_keys(table.key_schema()),
        billing_mode: Some(billing.map_or("PROVISIONED", BillingMode::as_str).to_owned()),
        provisioned_throughput: ProvisionedThroughput::from_live(table.provisioned_throughput()),
        on_demand_throughput: Some(OnDemandThroughput::from_live(table.on_demand_throughput())),
        warm_throughput: warm.map(|warm| warm.as_stated(applied.and_then(|applied| applied.warm_throughput))),
        global_secondary_indexes: Some(global.collect()),
        local_secondary_indexes: Some(table.local_secondary_indexes().iter().map(Into::into).collect()),
        stream_specification: Some(StreamSpecification::of(table)),
        sse_specification: Some(SseSpecification::of(table, applied.and_then(|it| it.sse_specification.as_ref()))),
        point_in_time_recovery_specification: None,
        time_to_live_specification: None,
        table_class: Some(class.map_or("STANDARD", TableClass::as_str).to_owned()),
        deletion_protection_enabled: Some(table.deletion_protection_enabled().unwrap_or(false)),
        resource_policy: None,
        contributor_insights_specification: None,
        tags: Tags::default(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    fn table(indexes: &Json) -> Table {
        let spec = json!({
            "table_name": "orders",
            "attribute_definitions": [
                { "attribute_name": "id", "attribute_type": "S" },
                { "attribute_name": "state", "attribute_type": "S" },
            ],
            "key_schema": [{ "attribute_name": "id", "key_type": "HASH" }],
            "billing_mode": "PAY_PER_REQUEST",
            "global_secondary_indexes": indexes,
        });
        serde_json::from_value(spec).unwrap()
    }

    fn by_state(projection: &str) -> Json {
        json!([{
            "index_name": "by-state",
            "key_schema": [{ "attribute_name": "state", "key_type": "HASH" }],
            "projection": { "projection_type": projection },
        }])
    }

    #[test]
    fn an_index_that_is_to_be_another_is_deleted_and_made_again() {
        let (wanted, live) = (table(&by_state("ALL")), table(&by_state("KEYS_ONLY")));
        assert_eq!(wanted.surplus_index(&live).map(|index| index.index_name.as_str()), Some("by-state"));
        assert!(wanted.missing_index(&live).is_none());
        let without = table(&json!([]));
        assert!(wanted.surplus_index(&without).is_none());
        let missing = wanted.missing_index(&without).unwrap();
        let defined = wanted.definitions_with(&without, missing);
        assert_eq!(defined.iter().map(|it| it.attribute_name.as_str()).collect::<Vec<_>>(), ["id", "state"]);
        assert!(wanted.surplus_index(&wanted).is_none() && wanted.missing_index(&wanted).is_none());
    }

    #[test]
    fn indexes_that_are_not_managed_stay() {
        let (wanted, live) = (table(&Json::Null), table(&by_state("ALL")));
        assert!(wanted.surplus_index(&live).is_none() && wanted.missing_index(&live).is_none());
    }

    #[test]
    fn types_are_stated_of_keys_and_of_nothing_else() {
        assert!(table(&by_state("ALL")).check().is_empty());
        let told = |table: Table| table.check().into_iter().flat_map(|fault| fault.path).collect::<Vec<_>>();
        assert_eq!(told(table(&json!([]))), ["attribute_definitions"]);
        let indexes = by_state("ALL");
        let spec = Table { attribute_definitions: BTreeSet::new(), ..table(&indexes) };
        assert_eq!(told(spec), ["attribute_definitions"]);
        assert_eq!(
            told(Table { billing_mode: None, ..table(&indexes) }),
            ["provisioned_throughput", "global_secondary_indexes",]
        );
    }
}
