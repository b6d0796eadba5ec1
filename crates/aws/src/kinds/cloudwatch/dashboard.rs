//! `cloudwatch/dashboard`: a page of graphs, numbers and texts.

use provision_core::driver::{Cause, CloudError, Id, Intent, Recovery};
use provision_core::rate::Rates;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::error::{Absent, Op};
use crate::kind::{Kind, Live, Result, Update, Wanted};
use crate::query::Query;
use crate::read::{self, Reading};
use crate::service::tagging::{self, Named, Tagged};
use crate::service::{cloudwatch, rates};
use crate::types::{Document, Tags, carry_intent};

/// A page of graphs, numbers and texts, seen in all regions of the account.
///
/// See [PutDashboard](https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dashboard {
    /// Name, unique in the account: up to 255 letters, digits and `-_`.
    #[schemars(extend("x-replace" = true))]
    pub dashboard_name: String,

    /// What is on it, as [Dashboard body structure] has it: `widgets`, each with `type`, `properties` and,
    /// in a grid 24 wide, `x`, `y`, `width` and `height`. Up to 500 widgets.
    ///
    /// [Dashboard body structure]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    pub dashboard_body: Document,

    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

/// What other resources may name. The id is the dashboard's name.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The dashboard's ARN, which has no region.
    pub arn: String,
}

const PUT_DASHBOARD: &str = "cloudwatch:PutDashboard";

impl Kind for Dashboard {
    const NAME: &'static str = "cloudwatch/dashboard";
    const GLOBAL: bool = true;
    const RECOVERY: Recovery = Recovery::NaturalKey;
    const READING: Reading = Reading::TAGGED_EACH;
    const RATES: Rates = rates::cloudwatch::DASHBOARD;
    const EARLY: &'static [&'static str] = &["id", "arn", "dashboard_name"];
    /// Another change of it is under way.
    const EVENTUAL: &'static [&'static str] = &["ConflictException"];

    type Outputs = Outputs;

    /// PutDashboard overwrites a dashboard that is there already, whosever it is: so it is looked for
    /// first.
    async fn create(&self, cloud: &Cloud, intent: &Intent) -> Result<Id> {
        if get(cloud, &self.dashboard_name).await?.is_some() {
            let message = format!("there is a dashboard `{}` already", self.dashboard_name);
            return Err(CloudError::new(Cause::Exists, PUT_DASHBOARD, message));
        }
        let call = cloud.cloudwatch().put_dashboard().dashboard_name(&self.dashboard_name);
        let call = call
            .dashboard_body(self.dashboard_body.to_text())
            .set_tags(Some(cloudwatch::tags(self.tags.with_intent(intent))));
        call.send().await.op(PUT_DASHBOARD)?;
        Ok(Id(self.dashboard_name.clone()))
    }

    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        let each = read::each(wanted, async |wanted| get(cloud, wanted.id.as_str()).await);
        tagging::with_tags(cloud, wanted, each).await
    }

    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if update.has("dashboard_body") {
            let call = cloud.cloudwatch().put_dashboard().dashboard_name(update.id.as_str());
            call.dashboard_body(self.dashboard_body.to_text()).send().await.op(PUT_DASHBOARD)?;
        }
        if update.has("tags") {
            let account = &cloud.identity().await?.account_id;
            let arn = format!("arn:{}:cloudwatch::{account}:dashboard/{}", cloud.partition(), update.id);
            cloudwatch::update_tags(cloud, &arn, &update.live.tags, &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        let call = cloud.cloudwatch().delete_dashboards().dashboard_names(id.as_str());
        call.send().await.op("cloudwatch:DeleteDashboards").absent()?;
        Ok(())
    }

    async fn recover(&self, cloud: &Cloud, intent: &Intent) -> Result<Vec<Id>> {
        let Some(live) = get(cloud, &self.dashboard_name).await? else { return Ok(Vec::new()) };
        let tags = cloudwatch::list_tags(cloud, &live.outputs.arn).await?.unwrap_or_default();
        let is_ours = carry_intent(tags.iter().map(|(key, value)| (key.as_str(), value.as_str())), intent);
        Ok(is_ours.then(|| Id(self.dashboard_name.clone())).into_iter().collect())
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        tagging::find(cloud, by, &NAMED, list(cloud)).await
    }
}

const NAMED: Named = Named { field: "dashboard_name", arn_prefix: "dashboard/", resource_type: "cloudwatch:dashboard" };

impl Tagged for Dashboard {
    tagging::fields!();

    async fn list_tags(cloud: &Cloud, _: &Id, arn: &str) -> Result<Option<Tags>> {
        Ok(cloudwatch::list_tags(cloud, arn).await?.map(Tags::from_live))
    }
}

/// A dashboard, but for its tags.
async fn get(cloud: &Cloud, name: &str) -> Result<Option<Live<Dashboard>>> {
    let call = cloud.cloudwatch().get_dashboard().dashboard_name(name);
    let Some(answer) = call.send().await.op("cloudwatch:GetDashboard").absent()? else { return Ok(None) };
    let spec = Dashboard {
        dashboard_name: name.to_owned(),
        dashboard_body: Document::from_live(answer.dashboard_body().unwrap_or_default()),
        tags: Tags::default(),
    };
    Ok(Some(Live::ready(spec, Outputs { arn: answer.dashboard_arn.unwrap_or_default() })))
}

async fn list(cloud: &Cloud) -> Result<Vec<String>> {
    let pages = cloud.cloudwatch().list_dashboards().into_paginator().items().send();
    let found: Vec<_> = pages.try_collect().await.op("cloudwatch:ListDashboards")?;
    Ok(found.into_iter().filter_map(|entry| entry.dashboard_name).collect())
}
