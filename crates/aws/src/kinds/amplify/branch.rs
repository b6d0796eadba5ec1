//! `amplify/branch`: a branch of an Amplify app's repository, built and served by itself.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_amplify::types::{self, Stage};
use provision_core::driver::{Id, Intent, Recovery};
use provision_core::schema::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::app::App;
use crate::cloud::Cloud;
use crate::error::{Absent, Op};
use crate::kind::{Kind, Live, Result, Update, Wanted, fault};
use crate::query::Query;
use crate::read;
use crate::service::amplify::{self, Place, Variables};
use crate::types::{Ref, Secret, Tags};

/// A branch of an Amplify app's repository, built and served by itself: at `https://<display_name>.<default_domain>`.
///
/// See [CreateBranch](https://docs.aws.amazon.com/amplify/latest/APIReference/API_CreateBranch.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Branch {
    /// Id of the app.
    #[schemars(extend("x-replace" = true))]
    pub app_id: Ref<App>,

    /// Name in the repository, such as `main`; without a repository, any.
    #[schemars(extend("x-replace" = true))]
    pub branch_name: String,

    /// What it is, up to 1,000 characters; `""` for nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,

    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["PRODUCTION", "BETA", "DEVELOPMENT", "EXPERIMENTAL", "PULL_REQUEST"]))]
    pub stage: Option<String>,

    /// What it is written with, such as `React` or `Next.js - SSR`; `""` for nothing that Amplify has to know of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub framework: Option<String>,

    /// Whether it is built at each push; AWS's default is true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_auto_build: Option<bool>,

    /// Whether builds are told by mail to those who subscribed; AWS's default is false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_notification: Option<bool>,

    /// Whether a page goes on with the server that it was loaded from after another one is deployed; AWS's default is
    /// false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_skew_protection: Option<bool>,

    /// Environment variables of its builds, before those of the app; no place for secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment_variables: Option<Variables>,

    /// Whether it asks for user and password; AWS's default is false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_basic_auth: Option<bool>,

    /// User and password, as `user:password` in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basic_auth_credentials: Option<Secret>,

    /// Whether answers are remembered for longer, so that changes show up to ten minutes later; AWS's default is
    /// false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_performance_mode: Option<bool>,

    /// How it is built, as the text of an `amplify.yml`. Left out, as the app is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build_spec: Option<String>,

    /// For how many seconds answers may be remembered; AWS's default is 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl: Option<u32>,

    /// Its name in the domain that it is served at. AWS takes the branch's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,

    /// Whether each pull request to it gets a website of its own; AWS's default is false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_pull_request_preview: Option<bool>,

    /// The backend environment of those, up to 20 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pull_request_environment_name: Option<String>,

    /// ARN of the backend environment of an Amplify app of the first generation; `""` for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backend_environment_arn: Option<String>,

    /// The backend of an Amplify app of the second generation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backend: Option<Backend>,

    /// ARN of the role that pages rendered on a server take on, before that of the app; `""` for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compute_role_arn: Option<String>,

    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

/// The backend of an Amplify app.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Backend {
    /// ARN of its CloudFormation stack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack_arn: Option<String>,
}

/// What other resources may name. The id is `<app>/<branch>`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The branch's ARN.
    pub arn: String,
    /// The domains of one's own that lead to it.
    #[schemars(extend("x-volatile" = true))]
    pub custom_domains: BTreeSet<String>,
}

const CREATE_BRANCH: &str = "amplify:CreateBranch";
const UPDATE_BRANCH: &str = "amplify:UpdateBranch";

impl Kind for Branch {
    const NAME: &'static str = "amplify/branch";
    const RECOVERY: Recovery = Recovery::NaturalKey;
    const BATCH: Option<u32> = Some(PAGE as u32);
    const EARLY: &'static [&'static str] = &["id", "arn", "app_id", "branch_name"];
    /// The app may have been made, or a branch of the name deleted, a moment ago.
    const EVENTUAL: &'static [&'static str] = &[
        "NotFoundException",
        "BadRequestException: The branch is deleting",
        "BadRequestException: Unable to assume specified IAM Role",
    ];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        let has_none = self.enable_basic_auth == Some(true) && self.basic_auth_credentials.is_none();
        let message = "`enable_basic_auth` asks for user and password: state them, in base64";
        has_none.then(|| fault("basic_auth_credentials", message)).into_iter().collect()
    }

    async fn create(&self, cloud: &Cloud, intent: &Intent) -> Result<Id> {
        cloud
            .amplify()
            .create_branch()
            .app_id(self.app_id.as_str())
            .branch_name(&self.branch_name)
            .set_description(self.description.clone())
            .set_stage(self.stage.as_deref().map(Stage::from))
            .set_framework(self.framework.clone())
            .set_enable_auto_build(self.enable_auto_build)
            .set_enable_notification(self.enable_notification)
            .set_enable_skew_protection(self.enable_skew_protection)
            .set_environment_variables(self.environment_variables.as_ref().map(amplify::variables))
            .set_enable_basic_auth(self.enable_basic_auth)
            .set_basic_auth_credentials(amplify::known(self.basic_auth_credentials.as_ref(), CREATE_BRANCH)?)
            .set_enable_performance_mode(self.enable_performance_mode)
            .set_build_spec(self.build_spec.clone())
            .set_ttl(self.ttl.map(|ttl| ttl.to_string()))
            .set_display_name(self.display_name.clone())
            .set_enable_pull_request_preview(self.enable_pull_request_preview)
            .set_pull_request_environment_name(self.pull_request_environment_name.clone())
            .set_backend_environment_arn(self.backend_environment_arn.clone().filter(|arn| !arn.is_empty()))
            .set_backend(self.backend.as_ref().map(Backend::request))
            .set_compute_role_arn(self.compute_role_arn.clone().filter(|arn| !arn.is_empty()))
            .set_tags(Some(self.tags.with_intent(intent).collect()))
            .send()
            .await
            .op(CREATE_BRANCH)?;
        Ok(self.place().id())
    }

    /// A branch is asked for by name; of an app with several of them all are listed, which tells as much of each.
    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        let apps: Vec<_> = amplify::by_app(wanted).into_iter().collect();
        let found = read::each(&apps, async |(app, names)| {
            let found = match names.as_slice() {
                [name] => get(cloud, app, name).await?.into_iter().collect(),
                _ => list(cloud, app).await?,
            };
            Ok(found.into_iter().map(|branch| (Place::new(app, &branch.branch_name), branch)).collect::<Vec<_>>())
        });
        let mut found: BTreeMap<Place, types::Branch> = found.await?.into_iter().flatten().collect();
        let live = |wanted: &Wanted<Self>| {
            let place = Place::of_id(&wanted.id)?;
            Some(live(place.app.clone(), found.remove(&place)?))
        };
        Ok(wanted.iter().map(live).collect())
    }

    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if SETTINGS.iter().any(|field| update.has(field)) {
            self.update_settings(cloud, update).await?;
        }
        if update.has("tags") {
            let resource = format!("apps/{}/branches/{}", self.app_id.as_str(), self.branch_name);
            amplify::update_tags(cloud, &resource, &self.tags, &update.live.tags).await?;
        }
        Ok(())
    }

    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        let Some(place) = Place::of_id(id) else { return Ok(()) };
        let call = cloud.amplify().delete_branch().app_id(place.app).branch_name(place.name);
        call.send().await.op("amplify:DeleteBranch").absent()?;
        Ok(())
    }

    async fn recover(&self, cloud: &Cloud, intent: &Intent) -> Result<Vec<Id>> {
        let branch = get(cloud, self.app_id.as_str(), &self.branch_name).await?;
        let ours = branch.filter(|branch| amplify::is_made_by(intent, branch.tags()));
        Ok(ours.map(|_| self.place().id()).into_iter().collect())
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        if let Some(resource) = by.in_arn("apps/") {
            return Ok(vec![Id(resource.replacen("/branches/", "/", 1))]);
        }
        let apps = amplify::apps(cloud, by).await?;
        let name = by.text("branch_name");
        let found = read::each(&apps, async |app| {
            let branches = list(cloud, app).await?.into_iter();
            let wanted = branches.filter(|branch| name.as_ref().is_none_or(|name| branch.branch_name == *name));
            Ok(wanted.map(|branch| Place::new(app, &branch.branch_name).id()).collect::<Vec<_>>())
        });
        Ok(found.await?.into_iter().flatten().collect())
    }
}

/// The most that one page of branches holds.
const PAGE: i32 = 50;

/// What UpdateBranch sets: all but the tags.
const SETTINGS: [&str; 18] = [
    "description",
    "stage",
    "framework",
    "enable_auto_build",
    "enable_notification",
    "enable_skew_protection",
    "environment_variables",
    "enable_basic_auth",
    "basic_auth_credentials",
    "enable_performance_mode",
    "build_spec",
    "ttl",
    "display_name",
    "enable_pull_request_preview",
    "pull_request_environment_name",
    "backend_environment_arn",
    "backend",
    "compute_role_arn",
];

impl Branch {
    fn place(&self) -> Place {
        Place::new(self.app_id.as_str(), &self.branch_name)
    }

    /// UpdateBranch leaves alone what it is not told.
    async fn update_settings(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let has = |field: &str| update.has(field);
        let text = |field: &str, text: &Option<String>| text.clone().filter(|_| has(field));
        let switch = |field: &str, switch: Option<bool>| switch.filter(|_| has(field));
        let credentials = self.basic_auth_credentials.as_ref().filter(|_| has("basic_auth_credentials"));
        let variables = self.environment_variables.as_ref().filter(|_| has("environment_variables"));
        let call = cloud
            .amplify()
            .update_branch()
            .app_id(self.app_id.as_str())
            .branch_name(&self.branch_name)
            .set_description(text("description", &self.description))
            .set_stage(text("stage", &self.stage).as_deref().map(Stage::from))
            .set_framework(text("framework", &self.framework))
            .set_enable_auto_build(switch("enable_auto_build", self.enable_auto_build))
            .set_enable_notification(switch("enable_notification", self.enable_notification))
            .set_enable_skew_protection(switch("enable_skew_protection", self.enable_skew_protection))
            .set_environment_variables(variables.map(amplify::variables))
            .set_enable_basic_auth(switch("enable_basic_auth", self.enable_basic_auth))
            .set_basic_auth_credentials(amplify::known(credentials, UPDATE_BRANCH)?)
            .set_enable_performance_mode(switch("enable_performance_mode", self.enable_performance_mode))
            .set_build_spec(text("build_spec", &self.build_spec))
            .set_ttl(self.ttl.filter(|_| has("ttl")).map(|ttl| ttl.to_string()))
            .set_display_name(text("display_name", &self.display_name))
            .set_enable_pull_request_preview(switch("enable_pull_request_preview", self.enable_pull_request_preview))
            .set_pull_request_environment_name(text(
                "pull_request_environment_name",
                &self.pull_request_environment_name,
            ))
            .set_backend_environment_arn(text("backend_environment_arn", &self.backend_environment_arn))
            .set_backend(self.backend.as_ref().filter(|_| has("backend")).map(Backend::request))
            .set_compute_role_arn(text("compute_role_arn", &self.compute_role_arn));
        call.send().await.op(UPDATE_BRANCH)?;
        Ok(())
    }
}

impl Backend {
    fn request(&self) -> types::Backend {
        types::Backend::builder().set_stack_arn(self.stack_arn.clone()).build()
    }
}

async fn get(cloud: &Cloud, app: &str, name: &str) -> Result<Option<types::Branch>> {
    let call = cloud.amplify().get_branch().app_id(app).branch_name(name);
    Ok(call.send().await.op("amplify:GetBranch").absent()?.and_then(|answer| answer.branch))
}

async fn list(cloud: &Cloud, app: &str) -> Result<Vec<types::Branch>> {
    let pages = cloud.amplify().list_branches().app_id(app).max_results(PAGE).into_paginator().items().send();
    let branches: Option<Vec<_>> = pages.try_collect().await.op("amplify:ListBranches").absent()?;
    Ok(branches.unwrap_or_default())
}

fn live(app: String, branch: types::Branch) -> Live<Branch> {
    let outputs = Outputs { arn: branch.branch_arn, custom_domains: branch.custom_domains.into_iter().collect() };
    let spec = Branch {
        app_id: app.into(),
        branch_name: branch.branch_name,
        description: Some(branch.description),
        // What has none is said to have the stage `NONE`, which cannot be asked for.
        stage: Some(branch.stage.as_str().to_owned()).filter(|stage| stage != "NONE"),
        framework: Some(branch.framework),
        enable_auto_build: Some(branch.enable_auto_build),
        enable_notification: Some(branch.enable_notification),
        enable_skew_protection: Some(branch.enable_skew_protection.unwrap_or_default()),
        environment_variables: Some(amplify::live_variables(branch.environment_variables)),
        enable_basic_auth: Some(branch.enable_basic_auth),
        basic_auth_credentials: branch.basic_auth_credentials.map(Secret::Value),
        enable_performance_mode: Some(branch.enable_performance_mode.unwrap_or_default()),
        build_spec: branch.build_spec,
        ttl: branch.ttl.parse().ok(),
        display_name: Some(branch.display_name),
        enable_pull_request_preview: Some(branch.enable_pull_request_preview),
        pull_request_environment_name: branch.pull_request_environment_name,
        backend_environment_arn: Some(branch.backend_environment_arn.unwrap_or_default()),
        backend: branch.backend.map(|backend| Backend { stack_arn: backend.stack_arn }),
        compute_role_arn: Some(branch.compute_role_arn.unwrap_or_default()),
        tags: amplify::live_tags(branch.tags),
    };
    Live::ready(spec, outputs)
}
