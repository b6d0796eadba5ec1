//! `amplify/app`: a website that Amplify builds from a repository and serves.

use std::collections::BTreeSet;

use aws_sdk_amplify::types::{self, BuildComputeType, CacheConfigType, Platform, Stage};
use aws_smithy_types::error::operation::BuildError;
use provision_core::driver::{Id, Intent, Recovery};
use provision_core::schema::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::error::{Absent, Op, incomplete};
use crate::kind::{Kind, Live, Result, Update, Wanted, fault};
use crate::query::Query;
use crate::read;
use crate::service::amplify::{self, Variables};
use crate::types::{Secret, Tags};

/// A website that Amplify builds from a repository and serves, branch by branch.
///
/// See [CreateApp](https://docs.aws.amazon.com/amplify/latest/APIReference/API_CreateApp.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// Name, up to 255 characters. Several apps may have the same.
    pub name: String,

    /// What it is, up to 1,000 characters; `""` for nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,

    /// URL of the repository it is built from, such as `https://github.com/acme/shop`; it takes an `access_token` or
    /// `oauth_token` to connect it. Without one the app is deployed by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,

    /// Token with which Amplify, once, makes itself a webhook and a key of its own for a repository of GitHub: a
    /// personal access token, beside the Amplify GitHub App.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-write-only" = true))]
    pub access_token: Option<Secret>,

    /// The same for Bitbucket and CodeCommit, and for GitHub in the way before its Amplify app.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-write-only" = true))]
    pub oauth_token: Option<Secret>,

    /// `WEB`, AWS's default, for static pages; `WEB_COMPUTE` for pages that are rendered on a server; `WEB_DYNAMIC`
    /// for such of Next.js 11 and before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["WEB", "WEB_COMPUTE", "WEB_DYNAMIC"]))]
    pub platform: Option<String>,

    /// ARN of the role that builds take on; `""` for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iam_service_role_arn: Option<String>,

    /// ARN of the role that pages rendered on a server take on; `""` for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compute_role_arn: Option<String>,

    /// Environment variables of all builds; no place for secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment_variables: Option<Variables>,

    /// How it is built, as the text of an `amplify.yml`, up to 25,000 characters. Left out, the repository's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build_spec: Option<String>,

    /// What is rewritten and redirected; the first rule that fits counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_rules: Option<Vec<CustomRule>>,

    /// Headers of the answers, as the text of a `customHttp.yml`; `""` for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_headers: Option<String>,

    /// Whether branches connected from now on are built at each push; AWS's default is false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_branch_auto_build: Option<bool>,

    /// Whether a branch deleted in the repository is deleted here, too; AWS's default is false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_branch_auto_deletion: Option<bool>,

    /// Whether all branches ask for user and password; AWS's default is false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_basic_auth: Option<bool>,

    /// User and password, as `user:password` in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basic_auth_credentials: Option<Secret>,

    /// Whether branches of the repository that fit a pattern are connected by themselves; AWS's default is false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_auto_branch_creation: Option<bool>,

    /// The patterns, such as `feature*`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_branch_creation_patterns: Option<BTreeSet<String>>,

    /// What branches are like that were connected by themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_branch_creation_config: Option<AutoBranchCreationConfig>,

    /// What builds run on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_config: Option<JobConfig>,

    /// What answers are remembered by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_config: Option<CacheConfig>,

    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

/// A path that leads elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomRule {
    /// The path that is asked for, with `<*>` for any, `<name>` for a part, or a regular expression in `</…/>`.
    pub source: String,
    /// Where it leads to.
    pub target: String,
    /// `200` for a rewrite, `301` and `302` for redirects, `404`; `404-200` for a rewrite of what is not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// A country code, such as `<DE>`, whose visitors it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
}

/// What branches are like that were connected by themselves.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AutoBranchCreationConfig {
    /// What the branches are for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["PRODUCTION", "BETA", "DEVELOPMENT", "EXPERIMENTAL", "PULL_REQUEST"]))]
    pub stage: Option<String>,
    /// What they are written with, such as `React`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub framework: Option<String>,
    /// Whether they are built at each push.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_auto_build: Option<bool>,
    /// Their environment variables.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment_variables: Option<Variables>,
    /// Whether they ask for user and password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_basic_auth: Option<bool>,
    /// User and password, as `user:password` in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basic_auth_credentials: Option<Secret>,
    /// Whether answers are remembered for longer, so that changes show later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_performance_mode: Option<bool>,
    /// How they are built.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build_spec: Option<String>,
    /// Whether each pull request gets a website of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_pull_request_preview: Option<bool>,
    /// The backend environment of those.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pull_request_environment_name: Option<String>,
}

/// What builds run on.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JobConfig {
    /// 4 processors and 8 GB (AWS's default), 8 and 16 GB, or 36 and 72 GB.
    #[schemars(extend("enum" = ["STANDARD_8GB", "LARGE_16GB", "XLARGE_72GB"]))]
    pub build_compute_type: String,
}

/// What answers are remembered by.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CacheConfig {
    /// With or without the visitor's cookies.
    #[schemars(extend("enum" = ["AMPLIFY_MANAGED", "AMPLIFY_MANAGED_NO_COOKIES"]))]
    pub r#type: String,
}

/// What other resources may name. The id is the app's, such as `d1a2b3c4d5e6f7`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The app's ARN.
    pub arn: String,
    /// The domain that its branches are served below: `https://<branch>.<default_domain>`.
    pub default_domain: String,
}

const CREATE_APP: &str = "amplify:CreateApp";
const UPDATE_APP: &str = "amplify:UpdateApp";

impl Kind for App {
    const NAME: &'static str = "amplify/app";
    const RECOVERY: Recovery = Recovery::Tag;
    const BATCH: Option<u32> = Some(PAGE as u32);
    const EARLY: &'static [&'static str] = &["id", "arn", "default_domain", "name"];
    /// The role may have been made a moment ago.
    const EVENTUAL: &'static [&'static str] = &["BadRequestException: Unable to assume specified IAM Role"];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        let has_none = self.enable_basic_auth == Some(true) && self.basic_auth_credentials.is_none();
        let message = "`enable_basic_auth` asks for user and password: state them, in base64";
        has_none.then(|| fault("basic_auth_credentials", message)).into_iter().collect()
    }

    async fn create(&self, cloud: &Cloud, intent: &Intent) -> Result<Id> {
        let answer = cloud
            .amplify()
            .create_app()
            .name(&self.name)
            .set_description(self.description.clone())
            .set_repository(self.repository.clone())
            .set_access_token(amplify::known(self.access_token.as_ref(), CREATE_APP)?)
            .set_oauth_token(amplify::known(self.oauth_token.as_ref(), CREATE_APP)?)
            .set_platform(self.platform.as_deref().map(Platform::from))
            .set_iam_service_role_arn(self.iam_service_role_arn.clone().filter(|arn| !arn.is_empty()))
            .set_compute_role_arn(self.compute_role_arn.clone().filter(|arn| !arn.is_empty()))
            .set_environment_variables(self.environment_variables.as_ref().map(amplify::variables))
            .set_build_spec(self.build_spec.clone())
            .set_custom_rules(self.custom_rules().op(CREATE_APP)?)
            .set_custom_headers(self.custom_headers.clone())
            .set_enable_branch_auto_build(self.enable_branch_auto_build)
            .set_enable_branch_auto_deletion(self.enable_branch_auto_deletion)
            .set_enable_basic_auth(self.enable_basic_auth)
            .set_basic_auth_credentials(amplify::known(self.basic_auth_credentials.as_ref(), CREATE_APP)?)
            .set_enable_auto_branch_creation(self.enable_auto_branch_creation)
            .set_auto_branch_creation_patterns(self.patterns())
            .set_auto_branch_creation_config(self.auto_branches(CREATE_APP)?)
            .set_job_config(self.job_config().op(CREATE_APP)?)
            .set_cache_config(self.cache_config().op(CREATE_APP)?)
            .set_tags(Some(self.tags.with_intent(intent).collect()))
            .send()
            .await
            .op(CREATE_APP)?;
        answer.app.map(|app| Id(app.app_id)).ok_or_else(|| incomplete(CREATE_APP, "app"))
    }

    /// A list tells all that there is to say of each app.
    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        let found = match wanted {
            [] => Vec::new(),
            [one] => get(cloud, one.id.as_str()).await?.into_iter().collect(),
            _ => list(cloud).await?,
        };
        Ok(read::joined(wanted, found, |app| Some(app.app_id()), |app, _| live(app)))
    }

    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if SETTINGS.iter().any(|field| update.has(field)) {
            self.update_settings(cloud, update).await?;
        }
        if update.has("tags") {
            let resource = format!("apps/{}", update.id);
            amplify::update_tags(cloud, &resource, &self.tags, &update.live.tags).await?;
        }
        Ok(())
    }

    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        cloud.amplify().delete_app().app_id(id.as_str()).send().await.op("amplify:DeleteApp").absent()?;
        Ok(())
    }

    async fn recover(&self, cloud: &Cloud, intent: &Intent) -> Result<Vec<Id>> {
        let apps = list(cloud).await?.into_iter();
        Ok(apps.filter(|app| amplify::is_made_by(intent, app.tags())).map(|app| Id(app.app_id)).collect())
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        if let Some(id) = by.in_arn("apps/") {
            return Ok(vec![Id(id)]);
        }
        let name = by.text("name");
        let apps = list(cloud).await?.into_iter();
        Ok(apps.filter(|app| name.as_ref().is_none_or(|name| app.name == *name)).map(|app| Id(app.app_id)).collect())
    }
}

/// The most that one page of apps holds.
const PAGE: i32 = 100;

/// What UpdateApp sets: all but the tags.
const SETTINGS: [&str; 21] = [
    "name",
    "description",
    "repository",
    "access_token",
    "oauth_token",
    "platform",
    "iam_service_role_arn",
    "compute_role_arn",
    "environment_variables",
    "build_spec",
    "custom_rules",
    "custom_headers",
    "enable_branch_auto_build",
    "enable_branch_auto_deletion",
    "enable_basic_auth",
    "basic_auth_credentials",
    "enable_auto_branch_creation",
    "auto_branch_creation_patterns",
    "auto_branch_creation_config",
    "job_config",
    "cache_config",
];

impl App {
    fn custom_rules(&self) -> Result<Option<Vec<types::CustomRule>>, BuildError> {
        let request = |rule: &CustomRule| {
            types::CustomRule::builder()
                .source(&rule.source)
                .target(&rule.target)
                .set_status(rule.status.clone())
                .set_condition(rule.condition.clone())
                .build()
        };
        self.custom_rules.as_ref().map(|rules| rules.iter().map(request).collect()).transpose()
    }

    fn patterns(&self) -> Option<Vec<String>> {
        self.auto_branch_creation_patterns.as_ref().map(|patterns| patterns.iter().cloned().collect())
    }

    fn auto_branches(&self, operation: &str) -> Result<Option<types::AutoBranchCreationConfig>> {
        self.auto_branch_creation_config.as_ref().map(|config| config.request(operation)).transpose()
    }

    fn job_config(&self) -> Result<Option<types::JobConfig>, BuildError> {
        let request = |config: &JobConfig| {
            let compute = BuildComputeType::from(config.build_compute_type.as_str());
            types::JobConfig::builder().build_compute_type(compute).build()
        };
        self.job_config.as_ref().map(request).transpose()
    }

    fn cache_config(&self) -> Result<Option<types::CacheConfig>, BuildError> {
        let request = |config: &CacheConfig| {
            types::CacheConfig::builder().r#type(CacheConfigType::from(config.r#type.as_str())).build()
        };
        self.cache_config.as_ref().map(request).transpose()
    }

    /// UpdateApp leaves alone what it is not told. A repository is connected with a token, so the two go together.
    async fn update_settings(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let has = |field: &str| update.has(field);
        let moves = ["repository", "access_token", "oauth_token"].into_iter().any(has);
        let secret = |secret: &Option<Secret>, is_wanted: bool| {
            amplify::known(secret.as_ref().filter(|_| is_wanted), UPDATE_APP)
        };
        let text = |field: &str, text: &Option<String>| text.clone().filter(|_| has(field));
        let call = cloud
            .amplify()
            .update_app()
            .app_id(update.id.as_str())
            .set_name(Some(self.name.clone()).filter(|_| has("name")))
            .set_description(text("description", &self.description))
            .set_repository(self.repository.clone().filter(|_| moves))
            .set_access_token(secret(&self.access_token, moves)?)
            .set_oauth_token(secret(&self.oauth_token, moves)?)
            .set_platform(text("platform", &self.platform).as_deref().map(Platform::from))
            .set_iam_service_role_arn(text("iam_service_role_arn", &self.iam_service_role_arn))
            .set_compute_role_arn(text("compute_role_arn", &self.compute_role_arn))
            .set_build_spec(text("build_spec", &self.build_spec))
            .set_custom_headers(text("custom_headers", &self.custom_headers))
            .set_enable_branch_auto_build(self.enable_branch_auto_build.filter(|_| has("enable_branch_auto_build")))
            .set_enable_branch_auto_deletion(
                self.enable_branch_auto_deletion.filter(|_| has("enable_branch_auto_deletion")),
            )
            .set_enable_basic_auth(self.enable_basic_auth.filter(|_| has("enable_basic_auth")))
            .set_basic_auth_credentials(secret(&self.basic_auth_credentials, has("basic_auth_credentials"))?)
            .set_enable_auto_branch_creation(
                self.enable_auto_branch_creation.filter(|_| has("enable_auto_branch_creation")),
            )
            .set_auto_branch_creation_patterns(self.patterns().filter(|_| has("auto_branch_creation_patterns")));
        let variables = self.environment_variables.as_ref().filter(|_| has("environment_variables"));
        let call = call.set_environment_variables(variables.map(amplify::variables));
        let call = match has("auto_branch_creation_config") {
            true => call.set_auto_branch_creation_config(self.auto_branches(UPDATE_APP)?),
            false => call,
        };
        let call = call
            .set_custom_rules(self.custom_rules().op(UPDATE_APP)?.filter(|_| has("custom_rules")))
            .set_job_config(self.job_config().op(UPDATE_APP)?.filter(|_| has("job_config")))
            .set_cache_config(self.cache_config().op(UPDATE_APP)?.filter(|_| has("cache_config")));
        call.send().await.op(UPDATE_APP)?;
        Ok(())
    }
}

impl AutoBranchCreationConfig {
    fn request(&self, operation: &str) -> Result<types::AutoBranchCreationConfig> {
        Ok(types::AutoBranchCreationConfig::builder()
            .set_stage(self.stage.as_deref().map(Stage::from))
            .set_framework(self.framework.clone())
            .set_enable_auto_build(self.enable_auto_build)
            .set_environment_variables(self.environment_variables.as_ref().map(amplify::variables))
            .set_enable_basic_auth(self.enable_basic_auth)
            .set_basic_auth_credentials(amplify::known(self.basic_auth_credentials.as_ref(), operation)?)
            .set_enable_performance_mode(self.enable_performance_mode)
            .set_build_spec(self.build_spec.clone())
            .set_enable_pull_request_preview(self.enable_pull_request_preview)
            .set_pull_request_environment_name(self.pull_request_environment_name.clone())
            .build())
    }
}

impl From<types::AutoBranchCreationConfig> for AutoBranchCreationConfig {
    fn from(config: types::AutoBranchCreationConfig) -> Self {
        Self {
            stage: config.stage.map(|stage| stage.as_str().to_owned()),
            framework: config.framework,
            enable_auto_build: config.enable_auto_build,
            environment_variables: config.environment_variables.map(amplify::live_variables),
            enable_basic_auth: config.enable_basic_auth,
            basic_auth_credentials: config.basic_auth_credentials.map(Secret::Value),
            enable_performance_mode: config.enable_performance_mode,
            build_spec: config.build_spec,
            enable_pull_request_preview: config.enable_pull_request_preview,
            pull_request_environment_name: config.pull_request_environment_name,
        }
    }
}

impl From<types::CustomRule> for CustomRule {
    fn from(rule: types::CustomRule) -> Self {
        Self { source: rule.source, target: rule.target, status: rule.status, condition: rule.condition }
    }
}

async fn get(cloud: &Cloud, id: &str) -> Result<Option<types::App>> {
    let answer = cloud.amplify().get_app().app_id(id).send().await.op("amplify:GetApp").absent()?;
    Ok(answer.and_then(|answer| answer.app))
}

async fn list(cloud: &Cloud) -> Result<Vec<types::App>> {
    let pages = cloud.amplify().list_apps().max_results(PAGE).into_paginator().items().send();
    pages.try_collect().await.op("amplify:ListApps")
}

fn live(app: types::App) -> Live<App> {
    let outputs = Outputs { arn: app.app_arn, default_domain: app.default_domain };
    let rules = app.custom_rules.unwrap_or_default();
    let spec = App {
        name: app.name,
        description: Some(app.description),
        repository: Some(app.repository).filter(|repository| !repository.is_empty()),
        access_token: None,
        oauth_token: None,
        platform: Some(app.platform.as_str().to_owned()),
        iam_service_role_arn: Some(app.iam_service_role_arn.unwrap_or_default()),
        compute_role_arn: Some(app.compute_role_arn.unwrap_or_default()),
        environment_variables: Some(amplify::live_variables(app.environment_variables)),
        build_spec: app.build_spec,
        custom_rules: Some(rules.into_iter().map(CustomRule::from).collect()),
        custom_headers: Some(app.custom_headers.unwrap_or_default()),
        enable_branch_auto_build: Some(app.enable_branch_auto_build),
        enable_branch_auto_deletion: Some(app.enable_branch_auto_deletion.unwrap_or_default()),
        enable_basic_auth: Some(app.enable_basic_auth),
        basic_auth_credentials: app.basic_auth_credentials.map(Secret::Value),
        enable_auto_branch_creation: Some(app.enable_auto_branch_creation.unwrap_or_default()),
        auto_branch_creation_patterns: Some(app.auto_branch_creation_patterns.into_iter().flatten().collect()),
        auto_branch_creation_config: app.auto_branch_creation_config.map(AutoBranchCreationConfig::from),
        job_config: app
            .job_config
            .map(|config| JobConfig { build_compute_type: config.build_compute_type.as_str().to_owned() }),
        cache_config: app.cache_config.map(|config| CacheConfig { r#type: config.r#type.as_str().to_owned() }),
        tags: amplify::live_tags(app.tags),
    };
    Live::ready(spec, outputs)
}
