//! `wafv2/web_acl`: which web requests are let through, counted, challenged or refused.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_wafv2::operation::get_web_acl::GetWebAclOutput;
use aws_sdk_wafv2::types::{self, Scope, WebAclSummary};
use aws_smithy_types::error::operation::BuildError;
use provision_core::driver::{Id, Intent, Recovery};
use provision_core::rate::Rates;
use provision_core::schema::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::error::{Absent, Op, incomplete};
use crate::kind::{Kind, Live, Result, Update, Wanted, fault};
use crate::query::Query;
use crate::read::{self, Reading};
use crate::service::rates;
use crate::service::tagging::{self, Tagged};
use crate::service::wafv2::actions::DefaultAction;
use crate::service::wafv2::rules::{self, Rule};
use crate::service::wafv2::settings::{
    ApplicationConfig, AssociationConfig, CustomResponseBody, DataProtectionConfig, Immunity, MonetizationConfig,
    OnSourceDdosProtection, VisibilityConfig,
};
use crate::service::wafv2::{self, Named, PAGE, place};
use crate::shape::{Shape, to_sdk};
use crate::types::Tags;

/// Which web requests are let through, counted, challenged or refused.
///
/// One for CloudFront lies in `us-east-1`, wherever the stack does; it is made and read there without
/// being told.
///
/// See [CreateWebACL](https://docs.aws.amazon.com/waf/latest/APIReference/API_CreateWebACL.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebAcl {
    /// Name, unique in the account, region and scope: up to 128 letters, digits and `-_`.
    #[schemars(extend("x-replace" = true))]
    pub name: String,

    /// Whether it guards load balancers and other things of a region, or CloudFront distributions.
    #[schemars(extend("x-replace" = true, "enum" = ["REGIONAL", "CLOUDFRONT"]))]
    pub scope: String,

    /// What it is for, up to 256 characters; `""` for nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,

    /// What becomes of requests that no rule ends.
    pub default_action: DefaultAction,

    /// Rules, the lowest priority first.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true))]
    pub rules: Vec<Rule>,

    /// What is measured.
    pub visibility_config: VisibilityConfig,

    /// Bodies that refused requests are answered with, by the key that actions name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_response_bodies: Option<BTreeMap<String, CustomResponseBody>>,

    /// For how long a solved puzzle holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub captcha_config: Option<Immunity>,

    /// For how long a challenge holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub challenge_config: Option<Immunity>,

    /// Domains whose proofs hold here too, up to ten.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_domains: Option<BTreeSet<String>>,

    /// What depends on the sort of resource that is guarded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub association_config: Option<AssociationConfig>,

    /// What is kept out of logs and metrics.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_protection_config: Option<DataProtectionConfig>,

    /// How load balancers guard themselves against attacks by sheer number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_source_d_do_s_protection_config: Option<OnSourceDdosProtection>,

    /// What the console knows of the application.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application_config: Option<ApplicationConfig>,

    /// What clients pay that a rule with `monetize` is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monetization_config: Option<MonetizationConfig>,

    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

/// What other resources may name. The id is the ARN.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The web ACL's ARN.
    pub arn: String,
    /// The id that AWS gave it, the last part of the ARN.
    pub web_acl_id: String,
    /// How many capacity units its rules take; up to 1,500 cost nothing more.
    #[schemars(extend("x-volatile" = true))]
    pub capacity: i64,
    /// What the labels of its rules begin with.
    pub label_namespace: Option<String>,
}

const CREATE: &str = "wafv2:CreateWebACL";

impl Kind for WebAcl {
    const NAME: &'static str = "wafv2/web_acl";
    const RECOVERY: Recovery = Recovery::NaturalKey;
    const READING: Reading = Reading::TAGGED_EACH;
    const RATES: Rates = rates::waf::WEB_ACL;
    const EARLY: &'static [&'static str] = &["id", "arn", "name", "web_acl_id"];
    const EVENTUAL: &'static [&'static str] = &["WAFNonexistentItemException", "WAFUnavailableEntityException"];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        let is_one = self.default_action.allow.is_some() != self.default_action.block.is_some();
        let action = (!is_one).then(|| fault("default_action", "the default action is `allow` or `block`"));
        let rules = self.rules.iter().filter_map(Rule::fault).map(|wrong| fault("rules", wrong));
        action.into_iter().chain(self.check_twins()).chain(rules).collect()
    }

    async fn create(&self, cloud: &Cloud, intent: &Intent) -> Result<Id> {
        let sdk = self.request(None).op(CREATE)?;
        let scope = self.scope();
        let call = cloud
            .wafv2()
            .create_web_acl()
            .name(&self.name)
            .scope(scope.clone())
            .set_description(sdk.description)
            .set_default_action(sdk.default_action)
            .set_rules(sdk.rules)
            .set_visibility_config(sdk.visibility_config)
            .set_custom_response_bodies(sdk.custom_response_bodies)
            .set_captcha_config(sdk.captcha_config)
            .set_challenge_config(sdk.challenge_config)
            .set_token_domains(sdk.token_domains)
            .set_association_config(sdk.association_config)
            .set_data_protection_config(sdk.data_protection_config)
            .set_on_source_d_do_s_protection_config(sdk.on_source_d_do_s_protection_config)
            .set_application_config(sdk.application_config)
            .set_monetization_config(sdk.monetization_config)
            .set_tags(Some(wafv2::tags(self.tags.with_intent(intent))));
        let answer = call.customize().config_override(place(&scope)).send().await.op(CREATE)?;
        answer.summary.and_then(|summary| summary.arn).map(Id).ok_or_else(|| incomplete(CREATE, "web ACL"))
    }

    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        tagging::with_tags(cloud, wanted, read::each(wanted, |wanted| read_one(cloud, wanted))).await
    }

    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        self.update_settings(cloud, update).await?;
        wafv2::update_tags(cloud, update, self).await
    }

    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        let Some(found) = get(cloud, id.as_str()).await? else { return Ok(()) };
        let Named { scope, name, id } = Named::of(id.as_str());
        let call = cloud.wafv2().delete_web_acl().scope(scope.clone()).name(name).id(id);
        let call = call.set_lock_token(found.lock_token);
        call.customize().config_override(place(&scope)).send().await.op("wafv2:DeleteWebACL").absent()?;
        Ok(())
    }

    async fn recover(&self, cloud: &Cloud, intent: &Intent) -> Result<Vec<Id>> {
        let found = list(cloud, self.scope()).await?;
        let same = found.into_iter().find(|found| found.name() == Some(&self.name));
        let Some(arn) = same.and_then(|found| found.arn) else { return Ok(Vec::new()) };
        let is_ours = wafv2::is_made_by(cloud, &arn, intent).await?;
        Ok(is_ours.then_some(Id(arn)).into_iter().collect())
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        if let Some(arn) = by.text("arn") {
            return Ok(vec![Id(arn)]);
        }
        let scope = by.text("scope");
        let is_asked = |known: &Scope| scope.as_deref().is_none_or(|scope| scope == known.as_str());
        let scopes: Vec<Scope> = [Scope::Regional, Scope::Cloudfront].into_iter().filter(is_asked).collect();
        let found = read::each(&scopes, |scope| list(cloud, scope.clone())).await?;
        let name = by.text("name");
        let is_asked = |found: &WebAclSummary| name.is_none() || found.name() == name.as_deref();
        let found = found.into_iter().flatten().filter(is_asked);
        Ok(found.filter_map(|found| found.arn).map(Id).collect())
    }
}

impl Tagged for WebAcl {
    tagging::fields!();

    async fn list_tags(cloud: &Cloud, _: &Id, arn: &str) -> Result<Option<Tags>> {
        wafv2::list_tags(cloud, arn).await
    }
}

impl WebAcl {
    fn scope(&self) -> Scope {
        Scope::from(self.scope.as_str())
    }

    /// Two rules of one name or one priority.
    fn check_twins(&self) -> Option<FieldError> {
        let (mut names, mut priorities) = (BTreeSet::new(), BTreeSet::new());
        let twin = self.rules.iter().find(|rule| !names.insert(&rule.name) || !priorities.insert(rule.priority))?;
        Some(fault("rules", format!("`{}`: another rule has the same name or priority", twin.name)))
    }

    /// What is stated, as the API takes it, and of what is not stated what it has: UpdateWebACL sets all
    /// of it. What is empty is left out, and so taken away.
    fn request(&self, live: Option<types::WebAcl>) -> Result<Settings, BuildError> {
        let live = live.map(Settings::of).unwrap_or_default();
        let domains: Option<Vec<String>> = to_sdk(self.token_domains.as_ref())?.or(live.token_domains);
        let bodies = to_sdk(self.custom_response_bodies.as_ref())?.or(live.custom_response_bodies);
        Ok(Settings {
            description: self.description.clone().or(live.description).filter(|text| !text.is_empty()),
            default_action: Some(self.default_action.to_sdk()?),
            rules: Some(self.rules.to_sdk()?),
            visibility_config: Some(self.visibility_config.to_sdk()?),
            custom_response_bodies: bodies.filter(|bodies| !bodies.is_empty()),
            captcha_config: to_sdk(self.captcha_config.as_ref())?.or(live.captcha_config),
            challenge_config: to_sdk(self.challenge_config.as_ref())?.or(live.challenge_config),
            token_domains: domains.filter(|domains| !domains.is_empty()),
            association_config: to_sdk(self.association_config.as_ref())?.or(live.association_config),
            data_protection_config: to_sdk(self.data_protection_config.as_ref())?.or(live.data_protection_config),
            on_source_d_do_s_protection_config: to_sdk(self.on_source_d_do_s_protection_config.as_ref())?
                .or(live.on_source_d_do_s_protection_config),
            application_config: to_sdk(self.application_config.as_ref())?.or(live.application_config),
            monetization_config: to_sdk(self.monetization_config.as_ref())?.or(live.monetization_config),
        })
    }

    /// The lock token is that of the read just before: a change by somebody else in between is refused,
    /// and the update made again from what is there then.
    async fn update_settings(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        const UPDATE: &str = "wafv2:UpdateWebACL";
        if !FIELDS.iter().any(|field| update.has(field)) {
            return Ok(());
        }
        let found = get(cloud, update.id.as_str()).await?;
        let (live, token) = found.map(|found| (found.web_acl, found.lock_token)).unwrap_or_default();
        let sdk = self.request(live).op(UPDATE)?;
        let Named { scope, name, id } = Named::of(update.id.as_str());
        let call = cloud
            .wafv2()
            .update_web_acl()
            .name(name)
            .scope(scope.clone())
            .id(id)
            .set_lock_token(token)
            .set_description(sdk.description)
            .set_default_action(sdk.default_action)
            .set_rules(sdk.rules)
            .set_visibility_config(sdk.visibility_config)
            .set_custom_response_bodies(sdk.custom_response_bodies)
            .set_captcha_config(sdk.captcha_config)
            .set_challenge_config(sdk.challenge_config)
            .set_token_domains(sdk.token_domains)
            .set_association_config(sdk.association_config)
            .set_data_protection_config(sdk.data_protection_config)
            .set_on_source_d_do_s_protection_config(sdk.on_source_d_do_s_protection_config)
            .set_application_config(sdk.application_config)
            .set_monetization_config(sdk.monetization_config);
        call.customize().config_override(place(&scope)).send().await.op(UPDATE)?;
        Ok(())
    }
}

/// What one call sets, beside name, scope and tags.
const FIELDS: [&str; 13] = [
    "description",
    "default_action",
    "rules",
    "visibility_config",
    "custom_response_bodies",
    "captcha_config",
    "challenge_config",
    "token_domains",
    "association_config",
    "data_protection_config",
    "on_source_d_do_s_protection_config",
    "application_config",
    "monetization_config",
];

/// A web ACL without name, scope and tags, as the API takes it.
#[derive(Default)]
struct Settings {
    description: Option<String>,
    default_action: Option<types::DefaultAction>,
    rules: Option<Vec<types::Rule>>,
    visibility_config: Option<types::VisibilityConfig>,
    custom_response_bodies: Option<HashMap<String, types::CustomResponseBody>>,
    captcha_config: Option<types::CaptchaConfig>,
    challenge_config: Option<types::ChallengeConfig>,
    token_domains: Option<Vec<String>>,
    association_config: Option<types::AssociationConfig>,
    data_protection_config: Option<types::DataProtectionConfig>,
    on_source_d_do_s_protection_config: Option<types::OnSourceDDoSProtectionConfig>,
    application_config: Option<types::ApplicationConfig>,
    monetization_config: Option<types::MonetizationConfig>,
}

impl Settings {
    /// What the API reports.
    fn of(found: types::WebAcl) -> Self {
        Self {
            description: found.description,
            default_action: found.default_action,
            rules: found.rules,
            visibility_config: found.visibility_config,
            custom_response_bodies: found.custom_response_bodies,
            captcha_config: found.captcha_config,
            challenge_config: found.challenge_config,
            token_domains: found.token_domains,
            association_config: found.association_config,
            data_protection_config: found.data_protection_config,
            on_source_d_do_s_protection_config: found.on_source_d_do_s_protection_config,
            application_config: found.application_config,
            monetization_config: found.monetization_config,
        }
    }
}

async fn get(cloud: &Cloud, arn: &str) -> Result<Option<GetWebAclOutput>> {
    let Named { scope, name, id } = Named::of(arn);
    let call = cloud.wafv2().get_web_acl().scope(scope.clone()).name(name).id(id);
    call.customize().config_override(place(&scope)).send().await.op("wafv2:GetWebACL").absent()
}

/// The web ACLs of the region.
pub(super) async fn list_regional(cloud: &Cloud) -> Result<Vec<Id>> {
    let found = list(cloud, Scope::Regional).await?;
    Ok(found.into_iter().filter_map(|found| found.arn).map(Id).collect())
}

/// The web ACLs of a scope.
async fn list(cloud: &Cloud, scope: Scope) -> Result<Vec<WebAclSummary>> {
    let (mut found, mut marker) = (Vec::new(), None);
    loop {
        let call = cloud.wafv2().list_web_acls().scope(scope.clone()).limit(PAGE).set_next_marker(marker);
        let answer = call.customize().config_override(place(&scope)).send().await.op("wafv2:ListWebACLs")?;
        found.extend(answer.web_acls.unwrap_or_default());
        marker = answer.next_marker.filter(|marker| !marker.is_empty());
        if marker.is_none() {
            return Ok(found);
        }
    }
}

async fn read_one(cloud: &Cloud, wanted: &Wanted<WebAcl>) -> Result<Option<Live<WebAcl>>> {
    let found = get(cloud, wanted.id.as_str()).await?.and_then(|found| found.web_acl);
    Ok(found.map(|found| live(found, wanted)))
}

fn live(found: types::WebAcl, wanted: &Wanted<WebAcl>) -> Live<WebAcl> {
    let applied = wanted.applied.as_ref().map(|applied| applied.rules.as_slice());
    let outputs = Outputs {
        web_acl_id: found.id.clone(),
        capacity: found.capacity,
        label_namespace: found.label_namespace.clone(),
        arn: found.arn.clone(),
    };
    let name = found.name.clone();
    let scope = Named::of(&found.arn).scope;
    let settings = Settings::of(found);
    let spec = WebAcl {
        name,
        scope: scope.as_str().to_owned(),
        description: Some(settings.description.unwrap_or_default()),
        default_action: settings.default_action.map(Shape::from_sdk).unwrap_or_default(),
        rules: rules::live(settings.rules, applied.unwrap_or_default()),
        visibility_config: settings.visibility_config.map(Shape::from_sdk).unwrap_or_default(),
        custom_response_bodies: settings.custom_response_bodies.map(Shape::from_sdk),
        captcha_config: settings.captcha_config.map(Shape::from_sdk),
        challenge_config: settings.challenge_config.map(Shape::from_sdk),
        token_domains: settings.token_domains.map(|domains| domains.into_iter().collect()),
        association_config: settings.association_config.map(Shape::from_sdk),
        data_protection_config: settings.data_protection_config.map(Shape::from_sdk),
        on_source_d_do_s_protection_config: settings.on_source_d_do_s_protection_config.map(Shape::from_sdk),
        application_config: settings.application_config.map(Shape::from_sdk),
        monetization_config: settings.monetization_config.map(Shape::from_sdk),
        tags: Tags::default(),
    };
    Live::ready(spec, outputs)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    fn acl(rest: Json) -> serde_json::Result<WebAcl> {
        let mut acl = json!({
            "name": "shop", "scope": "REGIONAL", "default_action": { "allow": {} },
            "visibility_config": {
                "sampled_requests_enabled": true, "cloud_watch_metrics_enabled": true, "metric_name": "shop"
            },
        });
        let rest = rest.as_object().cloned().unwrap_or_default();
        acl.as_object_mut().into_iter().for_each(|acl| acl.extend(rest.clone()));
        serde_json::from_value(acl)
    }

    fn rule(name: &str, priority: i32) -> Json {
        json!({
            "name": name, "priority": priority, "action": { "block": {} },
            "statement": { "geo_match_statement": { "country_codes": ["AT"] } },
            "visibility_config": {
                "sampled_requests_enabled": true, "cloud_watch_metrics_enabled": true, "metric_name": name
            },
        })
    }

    #[test]
    fn what_cannot_be_is_told() -> serde_json::Result<()> {
        for (rest, message) in [
            (json!({ "rules": [rule("a", 1), rule("b", 2)] }), ""),
            (json!({ "default_action": {} }), "the default action is `allow` or `block`"),
            (json!({ "default_action": { "allow": {}, "block": {} } }), "the default action is `allow` or `block`"),
            (json!({ "rules": [rule("a", 1), rule("a", 2)] }), "`a`: another rule has the same name or priority"),
            (json!({ "rules": [rule("a", 1), rule("b", 1)] }), "`b`: another rule has the same name or priority"),
        ] {
            let told: String = acl(rest)?.check().into_iter().map(|error| error.message).collect();
            assert_eq!(told, message);
        }
        Ok(())
    }

    #[test]
    fn what_is_not_stated_stays_as_it_is() -> Result<(), Box<dyn std::error::Error>> {
        let live = types::WebAcl::builder().name("shop").id("a").arn("b").description("old");
        let live = live.token_domains("example.org").build()?;
        let sdk = acl(json!({ "token_domains": ["example.com"] }))?.request(Some(live))?;
        assert_eq!(sdk.description.as_deref(), Some("old"));
        assert_eq!(sdk.token_domains, Some(vec!["example.com".to_owned()]));
        let nothing = json!({ "description": "", "token_domains": [], "custom_response_bodies": {} });
        let sdk = acl(nothing)?.request(Some(types::WebAcl::builder().name("shop").id("a").arn("b").build()?))?;
        assert_eq!((sdk.description, sdk.token_domains, sdk.custom_response_bodies), (None, None, None));
        Ok(())
    }
}
