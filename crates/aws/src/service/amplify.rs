//! Amplify: tags and environment variables as its API takes them, and the parts of an app.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_amplify::types::App;
use provision_core::driver::{Id, Intent};

use crate::cloud::Cloud;
use crate::error::Op;
use crate::kind::{Kind, Result, Wanted};
use crate::query::Query;
use crate::types::{Secret, Tags, carry_intent};

/// Environment variables by name.
pub(crate) type Variables = BTreeMap<String, String>;

/// Variables as the API takes them. No variables at all would leave those there are; one without a name takes the
/// place of all.
pub(crate) fn variables(variables: &Variables) -> HashMap<String, String> {
    match variables.is_empty() {
        true => HashMap::from([(String::new(), String::new())]),
        false => variables.clone().into_iter().collect(),
    }
}

/// The variables the API reports.
pub(crate) fn live_variables(variables: HashMap<String, String>) -> Variables {
    variables.into_iter().filter(|(name, _)| !name.is_empty()).collect()
}

/// A secret as a call takes it.
///
/// # Errors
/// When only its hash is known.
pub(crate) fn known(secret: Option<&Secret>, operation: &str) -> Result<Option<String>> {
    secret.map(|secret| secret.known(operation).map(str::to_owned)).transpose()
}

/// Whether the create call of `intent` set these tags.
pub(crate) fn is_made_by(intent: &Intent, tags: Option<&HashMap<String, String>>) -> bool {
    carry_intent(tags.into_iter().flatten().map(|(key, value)| (key.as_str(), value.as_str())), intent)
}

/// The tags the API reports.
pub(crate) fn live_tags(tags: Option<HashMap<String, String>>) -> Tags {
    Tags::from_live(tags.into_iter().flatten())
}

/// Turns the tags of `resource`, the end of an ARN such as `apps/d123`, from `live` into `wanted`.
///
/// # Errors
/// When a call fails.
pub(crate) async fn update_tags(cloud: &Cloud, resource: &str, wanted: &Tags, live: &Tags) -> Result<()> {
    let arn = cloud.arn("amplify", &cloud.identity().await?.account_id, resource);
    let changes = wanted.changes_from(live);
    if !changes.set.is_empty() {
        let call = cloud.amplify().tag_resource().resource_arn(&arn);
        call.set_tags(Some(changes.set.into_iter().collect())).send().await.op("amplify:TagResource")?;
    }
    if !changes.remove.is_empty() {
        let call = cloud.amplify().untag_resource().resource_arn(&arn).set_tag_keys(Some(changes.remove));
        call.send().await.op("amplify:UntagResource")?;
    }
    Ok(())
}

/// What is part of an app: its branch or domain of some name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// The app's id.
    pub(crate) app: String,
    /// The name, which may have slashes in it.
    pub(crate) name: String,
}

impl Place {
    /// That of an app.
    pub(crate) fn new(app: &str, name: &str) -> Self {
        Self { app: app.to_owned(), name: name.to_owned() }
    }

    /// `<app>/<name>`.
    pub(crate) fn id(&self) -> Id {
        Id(format!("{}/{}", self.app, self.name))
    }

    /// None for what is no such id.
    pub(crate) fn of_id(id: &Id) -> Option<Self> {
        id.as_str().split_once('/').map(|(app, name)| Self::new(app, name))
    }
}

/// The names that are wanted, by app.
pub(crate) fn by_app<K: Kind>(wanted: &[Wanted<K>]) -> BTreeMap<String, Vec<String>> {
    let mut apps: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for place in wanted.iter().filter_map(|wanted| Place::of_id(&wanted.id)) {
        apps.entry(place.app).or_default().push(place.name);
    }
    apps
}

/// The ids of the apps whose parts may be asked for: the one that is named, or all.
///
/// # Errors
/// When the listing fails.
pub(crate) async fn apps(cloud: &Cloud, by: &Query) -> Result<Vec<String>> {
    if let Some(app) = by.text("app_id") {
        return Ok(vec![app]);
    }
    let pages = cloud.amplify().list_apps().into_paginator().items().send();
    let apps: Vec<App> = pages.try_collect().await.op("amplify:ListApps")?;
    Ok(apps.into_iter().map(|app| app.app_id).collect())
}
