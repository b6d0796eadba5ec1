//! `amplify/domain_association`: a domain of one's own that leads to branches of an Amplify app.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_amplify::types::{self, CertificateType, DomainStatus as Status, UpdateStatus};
use aws_smithy_types::error::operation::BuildError;
use provision_core::driver::{Cause, CloudError, Id, Intent, Phase, Recovery};
use provision_core::schema::{FieldError, Timing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::app::App;
use crate::cloud::Cloud;
use crate::error::{Absent, Op};
use crate::kind::{Kind, Live, Result, Update, Wanted, fault};
use crate::query::Query;
use crate::read;
use crate::service::amplify::{self, Place};
use crate::types::Ref;

/// A domain of one's own that leads to branches of an Amplify app.
///
/// Amplify waits for records in DNS: one that proves the domain, and one for each name below it. They are told early,
/// so what makes them does not wait for the domain. Where the domain's zone is in Route 53 and in the same account,
/// Amplify makes, changes and deletes the records there by itself: a `route53/record` of the name would find it taken.
///
/// See [CreateDomainAssociation](https://docs.aws.amazon.com/amplify/latest/APIReference/API_CreateDomainAssociation.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DomainAssociation {
    /// Id of the app.
    #[schemars(extend("x-replace" = true))]
    pub app_id: Ref<App>,

    /// The domain, in lower case and up to 64 characters: `example.com`.
    #[schemars(extend("x-replace" = true))]
    pub domain_name: String,

    /// Which name below the domain leads to which branch.
    pub sub_domain_settings: BTreeSet<SubDomainSetting>,

    /// Whether branches that are connected by themselves get a name, too; AWS's default is false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_auto_sub_domain: Option<bool>,

    /// Patterns of the branches that do, such as `feature*`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_sub_domain_creation_patterns: Option<BTreeSet<String>>,

    /// ARN of the role with which Amplify makes the records of those in Route 53; `""` for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_sub_domain_iam_role: Option<String>,

    /// Which certificate the domain has; by default one that Amplify requests and renews.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_settings: Option<CertificateSettings>,
}

/// Which branch a name leads to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubDomainSetting {
    /// What stands before the domain, such as `www`; `""` for the domain itself.
    pub prefix: String,
    /// The branch.
    pub branch_name: String,
}

/// Which certificate a domain has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CertificateSettings {
    /// One that Amplify requests and renews, or one of one's own.
    #[schemars(extend("enum" = ["AMPLIFY_MANAGED", "CUSTOM"]))]
    pub r#type: String,
    /// ARN of a certificate of one's own, issued and in us-east-1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_certificate_arn: Option<String>,
}

/// What other resources may name. The id is `<app>/<domain>`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The association's ARN.
    pub arn: String,
    /// How far it is, such as `PENDING_VERIFICATION` or `AVAILABLE`.
    #[schemars(extend("x-volatile" = true))]
    pub domain_status: String,
    /// The record that proves the domain. With a certificate of one's own there is nothing in it.
    pub certificate_verification_dns_record: Option<DnsRecord>,
    /// The names below the domain, by prefix.
    pub sub_domains: Option<Vec<SubDomain>>,
}

/// A record that Amplify waits for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DnsRecord {
    /// Its name in full, without trailing dot.
    pub name: Option<String>,
    /// Its type: `CNAME`. Where the name is a zone's own, which cannot have one, it takes an alias instead.
    pub r#type: Option<String>,
    /// Its value.
    pub value: Option<String>,
}

/// A name below the domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SubDomain {
    /// What stands before the domain.
    pub prefix: String,
    /// The branch that it leads to.
    pub branch_name: String,
    /// The record that leads there.
    pub dns_record: DnsRecord,
}

const CREATE: &str = "amplify:CreateDomainAssociation";
const UPDATE: &str = "amplify:UpdateDomainAssociation";

/// An association has no tags: an interrupted create is told by app, domain and settings. One that somebody else made
/// with the very same settings meanwhile is all that was asked for, and cannot be told apart.
impl Kind for DomainAssociation {
    const NAME: &'static str = "amplify/domain_association";
    const RECOVERY: Recovery = Recovery::Scan;
    const BATCH: Option<u32> = Some(PAGE as u32);
    const EARLY: &'static [&'static str] =
        &["id", "arn", "app_id", "domain_name", "certificate_verification_dns_record", "sub_domains"];
    /// Estimates: the certificate is issued some minutes after its record is there, and the domain is then taken to
    /// all edges. It may take up to two days where DNS is slow; who waits for more than two hours is told.
    const TIMING: Timing = Timing { create: 900, update: 300, delete: 10, limit: 7200 };
    /// The app or the branch may have been made a moment ago.
    const EVENTUAL: &'static [&'static str] = &["NotFoundException"];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        let mut faults = Vec::new();
        if self.domain_name != self.domain_name.to_lowercase() {
            faults.push(fault("domain_name", "AWS keeps names in lower case"));
        }
        if self.sub_domain_settings.is_empty() {
            faults.push(fault("sub_domain_settings", "a domain leads to at least one branch"));
        }
        let settings = self.certificate_settings.as_ref();
        if settings.is_some_and(|it| (it.r#type == "CUSTOM") != it.custom_certificate_arn.is_some()) {
            let message = "a `custom_certificate_arn` goes with the type `CUSTOM`, and the other way round";
            faults.push(fault("certificate_settings", message));
        }
        faults
    }

    /// How Amplify refuses a domain that the app has already is not documented: it is looked for first.
    async fn create(&self, cloud: &Cloud, _: &Intent) -> Result<Id> {
        if get(cloud, self.app_id.as_str(), &self.domain_name).await?.is_some() {
            let message = format!("the app has the domain `{}` already", self.domain_name);
            return Err(CloudError::new(Cause::Exists, CREATE, message));
        }
        cloud
            .amplify()
            .create_domain_association()
            .app_id(self.app_id.as_str())
            .domain_name(&self.domain_name)
            .set_sub_domain_settings(Some(self.settings().op(CREATE)?))
            .set_enable_auto_sub_domain(self.enable_auto_sub_domain)
            .set_auto_sub_domain_creation_patterns(self.patterns())
            .set_auto_sub_domain_iam_role(self.auto_sub_domain_iam_role.clone().filter(|arn| !arn.is_empty()))
            .set_certificate_settings(self.certificate().op(CREATE)?)
            .send()
            .await
            .op(CREATE)?;
        Ok(self.place().id())
    }

    /// A domain is asked for by name; of an app with several of them all are listed, which tells as much of each.
    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        let apps: Vec<_> = amplify::by_app(wanted).into_iter().collect();
        let found = read::each(&apps, async |(app, names)| {
            let found = match names.as_slice() {
                [name] => get(cloud, app, name).await?.into_iter().collect(),
                _ => list(cloud, app).await?,
            };
            Ok(found.into_iter().map(|domain| (Place::new(app, &domain.domain_name), domain)).collect::<Vec<_>>())
        });
        let mut found: BTreeMap<Place, types::DomainAssociation> = found.await?.into_iter().flatten().collect();
        let live = |wanted: &Wanted<Self>| {
            let place = Place::of_id(&wanted.id)?;
            Some(live(place.app.clone(), found.remove(&place)?, wanted.outputs.as_ref()))
        };
        Ok(wanted.iter().map(live).collect())
    }

    /// UpdateDomainAssociation leaves alone what it is not told.
    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let has = |field: &str| update.has(field);
        let role = self.auto_sub_domain_iam_role.clone();
        let call = cloud
            .amplify()
            .update_domain_association()
            .app_id(self.app_id.as_str())
            .domain_name(&self.domain_name)
            .set_sub_domain_settings(Some(self.settings().op(UPDATE)?).filter(|_| has("sub_domain_settings")))
            .set_enable_auto_sub_domain(self.enable_auto_sub_domain.filter(|_| has("enable_auto_sub_domain")))
            .set_auto_sub_domain_creation_patterns(self.patterns().filter(|_| has("auto_sub_domain_creation_patterns")))
            .set_auto_sub_domain_iam_role(role.filter(|_| has("auto_sub_domain_iam_role")))
            .set_certificate_settings(self.certificate().op(UPDATE)?.filter(|_| has("certificate_settings")));
        call.send().await.op(UPDATE)?;
        Ok(())
    }

    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        let Some(place) = Place::of_id(id) else { return Ok(()) };
        let call = cloud.amplify().delete_domain_association().app_id(place.app).domain_name(place.name);
        call.send().await.op("amplify:DeleteDomainAssociation").absent()?;
        Ok(())
    }

    async fn recover(&self, cloud: &Cloud, _: &Intent) -> Result<Vec<Id>> {
        let domain = get(cloud, self.app_id.as_str(), &self.domain_name).await?;
        let is_as_asked = domain.is_some_and(|domain| self.is_met_by(&spec(String::new(), &domain)));
        Ok(is_as_asked.then(|| self.place().id()).into_iter().collect())
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        if let Some(resource) = by.in_arn("apps/") {
            return Ok(vec![Id(resource.replacen("/domains/", "/", 1))]);
        }
        let apps = amplify::apps(cloud, by).await?;
        let name = by.text("domain_name");
        let found = read::each(&apps, async |app| {
            let domains = list(cloud, app).await?.into_iter();
            let wanted = domains.filter(|domain| name.as_ref().is_none_or(|name| domain.domain_name == *name));
            Ok(wanted.map(|domain| Place::new(app, &domain.domain_name).id()).collect::<Vec<_>>())
        });
        Ok(found.await?.into_iter().flatten().collect())
    }
}

/// The most that one page of domains holds.
const PAGE: i32 = 50;

impl DomainAssociation {
    fn place(&self) -> Place {
        Place::new(self.app_id.as_str(), &self.domain_name)
    }

    fn settings(&self) -> Result<Vec<types::SubDomainSetting>, BuildError> {
        let settings = self.sub_domain_settings.iter().map(|setting| {
            types::SubDomainSetting::builder().prefix(&setting.prefix).branch_name(&setting.branch_name).build()
        });
        settings.collect()
    }

    fn patterns(&self) -> Option<Vec<String>> {
        self.auto_sub_domain_creation_patterns.as_ref().map(|patterns| patterns.iter().cloned().collect())
    }

    fn certificate(&self) -> Result<Option<types::CertificateSettings>, BuildError> {
        let request = |settings: &CertificateSettings| {
            types::CertificateSettings::builder()
                .r#type(CertificateType::from(settings.r#type.as_str()))
                .set_custom_certificate_arn(settings.custom_certificate_arn.clone())
                .build()
        };
        self.certificate_settings.as_ref().map(request).transpose()
    }

    /// Whether `live` has all that is stated. At first Amplify says nothing of a certificate.
    fn is_met_by(&self, live: &Self) -> bool {
        fn fits<T: PartialEq>(stated: &Option<T>, live: &Option<T>) -> bool {
            stated.is_none() || stated == live
        }
        self.sub_domain_settings == live.sub_domain_settings
            && fits(&self.enable_auto_sub_domain, &live.enable_auto_sub_domain)
            && fits(&self.auto_sub_domain_creation_patterns, &live.auto_sub_domain_creation_patterns)
            && fits(&self.auto_sub_domain_iam_role, &live.auto_sub_domain_iam_role)
            && (live.certificate_settings.is_none() || fits(&self.certificate_settings, &live.certificate_settings))
    }
}

async fn get(cloud: &Cloud, app: &str, name: &str) -> Result<Option<types::DomainAssociation>> {
    let call = cloud.amplify().get_domain_association().app_id(app).domain_name(name);
    let answer = call.send().await.op("amplify:GetDomainAssociation").absent()?;
    Ok(answer.and_then(|answer| answer.domain_association))
}

async fn list(cloud: &Cloud, app: &str) -> Result<Vec<types::DomainAssociation>> {
    let pages = cloud.amplify().list_domain_associations().app_id(app).max_results(PAGE).into_paginator().items();
    let domains: Option<Vec<_>> = pages.send().try_collect().await.op("amplify:ListDomainAssociations").absent()?;
    Ok(domains.unwrap_or_default())
}

fn live(app: String, domain: types::DomainAssociation, recorded: Option<&Outputs>) -> Live<DomainAssociation> {
    // AWS need not tell for ever what it has seen.
    let record = verification(&domain).or_else(|| recorded?.certificate_verification_dns_record.clone());
    let outputs = Outputs {
        arn: domain.domain_association_arn.clone(),
        domain_status: domain.domain_status.as_str().to_owned(),
        certificate_verification_dns_record: record,
        sub_domains: sub_domains(&domain),
    };
    Live { spec: spec(app, &domain), outputs, phase: phase(&domain) }
}

fn spec(app: String, domain: &types::DomainAssociation) -> DomainAssociation {
    let settings = domain.sub_domains.iter().filter_map(|sub_domain| sub_domain.sub_domain_setting.as_ref());
    let certificate = domain.certificate.as_ref();
    DomainAssociation {
        app_id: app.into(),
        domain_name: domain.domain_name.clone(),
        sub_domain_settings: settings
            .map(|setting| SubDomainSetting {
                prefix: setting.prefix.clone(),
                branch_name: setting.branch_name.clone(),
            })
            .collect(),
        enable_auto_sub_domain: Some(domain.enable_auto_sub_domain),
        auto_sub_domain_creation_patterns: Some(domain.auto_sub_domain_creation_patterns().iter().cloned().collect()),
        auto_sub_domain_iam_role: Some(domain.auto_sub_domain_iam_role.clone().unwrap_or_default()),
        certificate_settings: certificate.map(|certificate| CertificateSettings {
            r#type: certificate.r#type.as_str().to_owned(),
            custom_certificate_arn: certificate.custom_certificate_arn.clone(),
        }),
    }
}

/// `None` while Amplify has yet to tell it.
fn verification(domain: &types::DomainAssociation) -> Option<DnsRecord> {
    let certificate = domain.certificate.as_ref();
    if certificate.is_some_and(|certificate| certificate.r#type == CertificateType::Custom) {
        return Some(DnsRecord::default());
    }
    let told = certificate.and_then(|certificate| certificate.certificate_verification_dns_record.as_deref());
    let told = domain.certificate_verification_dns_record.as_deref().or(told)?;
    match told.split_whitespace().collect::<Vec<_>>().as_slice() {
        [name, r#type, value] => Some(DnsRecord::new(name.trim_end_matches('.').to_owned(), r#type, value)),
        _ => None,
    }
}

/// `None` while Amplify has yet to tell the record of some name.
fn sub_domains(domain: &types::DomainAssociation) -> Option<Vec<SubDomain>> {
    let found = domain.sub_domains.iter().map(|found| {
        let setting = found.sub_domain_setting.as_ref()?;
        let dns_record = record_of(&found.dns_record, &setting.prefix, &domain.domain_name)?;
        Some(SubDomain { prefix: setting.prefix.clone(), branch_name: setting.branch_name.clone(), dns_record })
    });
    let mut found: Vec<SubDomain> = found.collect::<Option<_>>()?;
    found.sort_by(|one, other| one.prefix.cmp(&other.prefix));
    Some(found)
}

/// The record of a name, told as `www CNAME d123.cloudfront.net`, without a name for the domain itself, and as
/// `www CNAME <pending>` at first.
fn record_of(told: &str, prefix: &str, domain: &str) -> Option<DnsRecord> {
    let words: Vec<&str> = told.split_whitespace().collect();
    let (r#type, value) = match words.as_slice() {
        [_, r#type, value] | [r#type, value] if !value.starts_with('<') => (r#type, value),
        _ => return None,
    };
    let name = if prefix.is_empty() { domain.to_owned() } else { format!("{prefix}.{domain}") };
    Some(DnsRecord::new(name, r#type, value))
}

impl DnsRecord {
    fn new(name: String, r#type: &str, value: &str) -> Self {
        Self { name: Some(name), r#type: Some(r#type.to_owned()), value: Some(value.to_owned()) }
    }
}

fn phase(domain: &types::DomainAssociation) -> Phase {
    let said = |state: &str| match domain.status_reason.is_empty() {
        true => state.to_owned(),
        false => format!("{state}: {}", domain.status_reason),
    };
    match (&domain.domain_status, &domain.update_status) {
        (Status::Failed, _) => Phase::Failed(said("the domain failed")),
        (Status::Available, Some(UpdateStatus::UpdateFailed)) => Phase::Halted(said("the domain's update failed")),
        (Status::Available, None | Some(UpdateStatus::UpdateComplete)) => Phase::Ready,
        (Status::Available, Some(update)) => Phase::Pending(said(update.as_str())),
        (status, _) => Phase::Pending(said(status.as_str())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_told_in_words() {
        for (told, prefix, expected) in [
            ("www CNAME d1.cloudfront.net", "www", Some(("www.a.org", "d1.cloudfront.net"))),
            (" CNAME d1.cloudfront.net", "", Some(("a.org", "d1.cloudfront.net"))),
            ("www CNAME <pending>", "www", None),
            ("", "", None),
        ] {
            let record = record_of(told, prefix, "a.org");
            let told = record.as_ref().and_then(|record| Some((record.name.as_deref()?, record.value.as_deref()?)));
            assert_eq!(told, expected);
        }
    }
}
