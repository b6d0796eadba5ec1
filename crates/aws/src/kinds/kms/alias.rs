//! `kms/alias`: a name for a KMS key.

use aws_sdk_kms::types::AliasListEntry;
use provision_core::driver::{Id, Intent, Recovery};
use provision_core::rate::Rates;
use provision_core::schema::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::key::Key;
use crate::cloud::Cloud;
use crate::error::{Absent, Op};
use crate::kind::{Kind, Live, Result, Update, Wanted};
use crate::query::Query;
use crate::read;
use crate::service::kms;
use crate::service::rates;
use crate::types::Ref;

/// A name for a KMS key, which can be pointed at another key later.
///
/// See [CreateAlias](https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Alias {
    /// Name, unique in account and region: `alias/` and up to 250 letters, digits and `/_-`.
    #[schemars(extend("x-replace" = true))]
    pub alias_name: String,

    /// Id or ARN of the key it names. A key that takes its place is of the same usage.
    pub target_key_id: Ref<Key>,
}

/// What other resources may name.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The alias's ARN.
    pub arn: String,
    /// The ARN of the key it names.
    #[schemars(extend("x-volatile" = true))]
    pub target_key_arn: String,
}

/// An alias has no tags: an interrupted create is told by name and target. One that somebody
/// else pointed at the same key meanwhile is all that was asked for, and cannot be told apart.
impl Kind for Alias {
    const NAME: &'static str = "kms/alias";
    const RECOVERY: Recovery = Recovery::Scan;
    const BATCH: Option<u32> = Some(100);
    const RATES: Rates = rates::kms::ALIAS;
    const EARLY: &'static [&'static str] = &["id", "alias_name", "arn"];
    const EVENTUAL: &'static [&'static str] = &["NotFoundException"];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        let message = match self.alias_name.strip_prefix("alias/") {
            None => "an alias begins with `alias/`, such as `alias/shop`",
            Some(name) if name.starts_with("aws/") => "aliases that begin with `alias/aws/` belong to AWS",
            Some(_) => return Vec::new(),
        };
        vec![FieldError::new("alias_name", message)]
    }

    async fn create(&self, cloud: &Cloud, _: &Intent) -> Result<Id> {
        let call = cloud.kms().create_alias().alias_name(&self.alias_name);
        call.target_key_id(self.target_key_id.as_str()).send().await.op("kms:CreateAlias")?;
        Ok(Id(self.alias_name.clone()))
    }

    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        let names = read::ids(wanted);
        let found = named(cloud, &names).await?;
        Ok(read::joined(wanted, found, |alias| alias.alias_name.as_deref(), live))
    }

    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if update.has("target_key_id") {
            let call = cloud.kms().update_alias().alias_name(update.id.as_str());
            call.target_key_id(self.target_key_id.as_str()).send().await.op("kms:UpdateAlias")?;
        }
        Ok(())
    }

    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        cloud.kms().delete_alias().alias_name(id.as_str()).send().await.op("kms:DeleteAlias").absent()?;
        Ok(())
    }

    async fn recover(&self, cloud: &Cloud, _: &Intent) -> Result<Vec<Id>> {
        let found = named(cloud, std::slice::from_ref(&self.alias_name)).await?;
        let is_as_asked = |alias: AliasListEntry| {
            let stated = self.target_key_id.as_str();
            kms::as_stated(Some(stated), alias.target_key_id.unwrap_or_default()) == stated
        };
        Ok(found.into_iter().any(is_as_asked).then(|| Id(self.alias_name.clone())).into_iter().collect())
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        if let Some(id) = by.id("alias_name", "") {
            return Ok(vec![id]);
        }
        let key = by.text("target_key_id").or_else(|| by.text("target_key_arn"));
        let pages = cloud.kms().list_aliases().set_key_id(key).limit(PAGE).into_paginator().items().send();
        let found: Option<Vec<AliasListEntry>> = pages.try_collect().await.op("kms:ListAliases").absent()?;
        Ok(found.unwrap_or_default().into_iter().filter_map(|alias| alias.alias_name).map(Id).collect())
    }
}

/// The aliases of those names. They can only be listed all; the listing ends as soon as
/// every one is found.
async fn named(cloud: &Cloud, names: &[String]) -> Result<Vec<AliasListEntry>> {
    let mut pages = cloud.kms().list_aliases().limit(PAGE).into_paginator().send();
    let mut found = Vec::new();
    while found.len() < names.len()
        && let Some(page) = pages.next().await
    {
        let aliases = page.op("kms:ListAliases")?.aliases.unwrap_or_default();
        found.extend(
            aliases.into_iter().filter(|alias| alias.alias_name.as_ref().is_some_and(|name| names.contains(name))),
        );
    }
    Ok(found)
}

/// The most that one page holds.
const PAGE: i32 = 100;

fn live(alias: AliasListEntry, wanted: &Wanted<Alias>) -> Live<Alias> {
    let (arn, target) = (alias.alias_arn.unwrap_or_default(), alias.target_key_id.unwrap_or_default());
    let owner = arn.rsplit_once(':').map_or("", |(owner, _)| owner);
    let target_key_arn = format!("{owner}:key/{target}");
    let stated = wanted.applied.as_ref().map(|applied| applied.target_key_id.as_str());
    let spec = Alias {
        alias_name: alias.alias_name.unwrap_or_default(),
        target_key_id: kms::as_stated(stated, target).into(),
    };
    Live::ready(spec, Outputs { arn, target_key_arn })
}
