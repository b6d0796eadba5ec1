//! `acm/certificate`: what a server proves its names with.

use std::collections::BTreeSet;

use aws_sdk_acm::types::{
    self, CertificateDetail, CertificateExport, CertificateManagedBy, CertificateStatus as Status, CertificateSummary,
    DomainStatus, DomainValidation, DomainValidationMethodUpdateSummary, Filters, KeyAlgorithm, Tag, UpdateStatus,
    ValidationMethod,
};
use aws_smithy_types::error::operation::BuildError;
use provision_core::driver::{Id, Intent, Phase, Recovery};
use provision_core::rate::Rates;
use provision_core::schema::{FieldError, Timing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::error::{Absent, Op, incomplete};
use crate::kind::{Kind, Live, Result, Update, Wanted, fault};
use crate::query::Query;
use crate::read::{self, Reading};
use crate::service::tagging::{self, Tagged};
use crate::service::{rates, timestamp};
use crate::types::{Tags, carry_intent};

/// What a server proves its names with: a TLS certificate that AWS issues, keeps and renews.
///
/// AWS issues a public certificate once it has seen that its names are ours. With `validation_method: DNS`
/// `domain_validation_records` tells the records to make for that. They are known long before the certificate is
/// issued: a `route53/record` of `${certificate.domain_validation_records[0].name}` does not wait for it, as all that
/// names its `arn` does. AWS does not delete a certificate that something uses: what is to replace it is made first
/// with `create_before_destroy`.
///
/// See [RequestCertificate](https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// The name it is for, in lower case: `shop.example.com`, or `*.example.com` for all names one level below. Up
    /// to 64 characters.
    #[schemars(extend("x-replace" = true))]
    pub domain_name: String,

    /// Further names, in lower case, without `domain_name`: up to 9 unless the account's quota was raised.
    #[serde(default)]
    #[schemars(extend("x-replace" = true))]
    pub subject_alternative_names: BTreeSet<String>,

    /// How AWS is shown that the names of a public certificate are ours: by records in DNS, by mails to the domain
    /// (AWS's default), or by redirects (only with `managed_by`). `EMAIL` can be changed to `DNS`, and nothing else.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["DNS", "EMAIL", "HTTP"]))]
    pub validation_method: Option<String>,

    /// Where the mails go that validate a name, for those that are not validated at the name itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub domain_validation_options: Option<BTreeSet<DomainValidationOption>>,

    /// Its keys; AWS's default is `RSA_2048`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true, "enum" = [
        "RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"
    ]))]
    pub key_algorithm: Option<String>,

    /// What may be done with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub options: Option<CertificateOptions>,

    /// ARN of the private authority that issues it. Left out, it is a public certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub certificate_authority_arn: Option<String>,

    /// The service that looks after the certificate; nobody does by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true, "enum" = ["CLOUDFRONT"]))]
    pub managed_by: Option<String>,

    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

/// Where the mails go that validate a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DomainValidationOption {
    /// A name of the certificate.
    pub domain_name: String,
    /// The name itself or a domain above it, such as `example.com` for `shop.example.com`: mails go to its `admin@`,
    /// `administrator@`, `hostmaster@`, `postmaster@` and `webmaster@`.
    pub validation_domain: String,
}

/// What may be done with a certificate. That it is kept out of the public logs is no longer among it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CertificateOptions {
    /// Whether it can be taken out of AWS with its private key, which costs money; AWS's default is `DISABLED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["ENABLED", "DISABLED"]))]
    pub export: Option<String>,
}

/// What other resources may name. The id is the ARN.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The certificate's ARN.
    pub arn: String,
    /// The records that prove the names, that of `domain_name` first, the others by name. Names that share a record,
    /// as `example.com` and `*.example.com` do, have it once. Empty where the names are not validated by DNS.
    pub domain_validation_records: Option<Vec<ValidationRecord>>,
    /// How far it is, such as `PENDING_VALIDATION` or `ISSUED`.
    #[schemars(extend("x-volatile" = true))]
    pub status: Option<String>,
    /// Until when it is good, ISO 8601; AWS renews it well before as long as the records stay.
    #[schemars(extend("x-volatile" = true))]
    pub not_after: Option<String>,
}

/// A record that proves a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ValidationRecord {
    /// The name that it proves.
    pub domain_name: String,
    /// The record's name, with a trailing dot.
    pub name: String,
    /// The record's type: `CNAME`.
    pub r#type: String,
    /// The record's value.
    pub value: String,
}

const REQUEST_CERTIFICATE: &str = "acm:RequestCertificate";

impl Kind for Certificate {
    const NAME: &'static str = "acm/certificate";
    const RECOVERY: Recovery = Recovery::Tag;
    const READING: Reading = Reading::TAGGED_EACH;
    const RATES: Rates = rates::ACM;
    /// Not the id: what is given a certificate that is not issued yet refuses it.
    const EARLY: &'static [&'static str] = &["domain_name", "domain_validation_records"];
    /// An estimate for a certificate that is validated by DNS; the wait is limited to 75 minutes, as AWS may take up
    /// to an hour to see a record.
    const TIMING: Timing = Timing { create: 120, update: 5, delete: 5, limit: 4500 };

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        let names = [("domain_name", &self.domain_name)];
        let names = names.into_iter().chain(self.subject_alternative_names.iter().map(|name| (NAMES, name)));
        let mut faults: Vec<FieldError> = names
            .filter(|(_, name)| name.chars().any(char::is_uppercase))
            .map(|(field, name)| {
                fault(field, format!("AWS keeps names in lower case: write `{}`", name.to_lowercase()))
            })
            .collect();
        if self.subject_alternative_names.contains(&self.domain_name) {
            faults.push(fault(NAMES, "the certificate is for `domain_name` anyway: leave it out here"));
        }
        if self.certificate_authority_arn.is_some() && self.validation_method.is_some() {
            faults.push(fault("validation_method", "the names of a private certificate are not validated"));
        }
        if self.domain_validation_options.is_some() && self.validation_method.as_deref().is_some_and(|it| it != "EMAIL")
        {
            faults.push(fault("domain_validation_options", "only names that are validated by `EMAIL` have these"));
        }
        faults
    }

    /// The token makes AWS recognise a call that is sent again within an hour; the tag lasts longer.
    async fn create(&self, cloud: &Cloud, intent: &Intent) -> Result<Id> {
        let names: Vec<String> = self.subject_alternative_names.iter().cloned().collect();
        let answer = cloud
            .acm()
            .request_certificate()
            .domain_name(&self.domain_name)
            .idempotency_token(&intent.token)
            .set_subject_alternative_names(Some(names).filter(|names| !names.is_empty()))
            .set_validation_method(self.validation_method.as_deref().map(ValidationMethod::from))
            .set_domain_validation_options(self.validation_domains().op(REQUEST_CERTIFICATE)?)
            .set_key_algorithm(self.key_algorithm.as_deref().map(KeyAlgorithm::from))
            .set_options(self.options.as_ref().map(CertificateOptions::request))
            .set_certificate_authority_arn(self.certificate_authority_arn.clone())
            .set_managed_by(self.managed_by.as_deref().map(CertificateManagedBy::from))
            .set_tags(Some(tags(self.tags.with_intent(intent))))
            .send()
            .await
            .op(REQUEST_CERTIFICATE)?;
        answer.certificate_arn.map(Id).ok_or_else(|| incomplete(REQUEST_CERTIFICATE, "ARN"))
    }

    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        let read = read::each(wanted, async |wanted| {
            let certificate = describe(cloud, wanted.id.as_str()).await?;
            Ok(certificate.map(|certificate| live(certificate, wanted)))
        });
        tagging::with_tags(cloud, wanted, read).await
    }

    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        self.update_method(cloud, update).await?;
        self.update_tags(cloud, update).await
    }

    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        let call = cloud.acm().delete_certificate().certificate_arn(id.as_str());
        call.send().await.op("acm:DeleteCertificate").absent()?;
        Ok(())
    }

    /// The tagging API lags behind, so what it does not tell is looked for among all of the name.
    async fn recover(&self, cloud: &Cloud, intent: &Intent) -> Result<Vec<Id>> {
        let mut candidates = tagging::made_by(cloud, "acm:certificate", intent).await?;
        if candidates.is_empty() {
            candidates = made_by(cloud, &self.domain_name, intent).await?;
        }
        let alive = read::each(&candidates, async |arn| describe(cloud, arn).await);
        Ok(alive.await?.into_iter().flatten().filter_map(|certificate| certificate.certificate_arn).map(Id).collect())
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        if let Some(arn) = by.text("arn") {
            return Ok(vec![Id(arn)]);
        }
        let name = by.text("domain_name");
        Ok(list(cloud, name.as_deref()).await?.into_iter().map(Id).collect())
    }
}

const NAMES: &str = "subject_alternative_names";

impl Tagged for Certificate {
    tagging::fields!();

    async fn list_tags(cloud: &Cloud, id: &Id, _: &str) -> Result<Option<Tags>> {
        let tags = list_tags(cloud, id.as_str()).await?;
        Ok(tags.map(|tags| Tags::from_live(tags.into_iter().map(pair))))
    }
}

impl Certificate {
    fn validation_domains(&self) -> Result<Option<Vec<types::DomainValidationOption>>, BuildError> {
        let options = self.domain_validation_options.iter().flatten().map(|option| {
            types::DomainValidationOption::builder()
                .domain_name(&option.domain_name)
                .validation_domain(&option.validation_domain)
                .build()
        });
        let options: Vec<_> = options.collect::<Result<_, _>>()?;
        Ok(Some(options).filter(|options| !options.is_empty()))
    }

    async fn update_method(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if let (true, Some(method)) = (update.has("validation_method"), &self.validation_method) {
            let options = types::CertificateOptions::builder().validation_method(method.as_str().into());
            let call = cloud.acm().update_certificate_options().certificate_arn(update.id.as_str());
            call.options(options.build()).send().await.op("acm:UpdateCertificateOptions")?;
        }
        Ok(())
    }

    async fn update_tags(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let changes = self.tags.changes_from(&update.live.tags);
        if update.has("tags") && !changes.set.is_empty() {
            let call = cloud.acm().add_tags_to_certificate().certificate_arn(update.id.as_str());
            call.set_tags(Some(tags(changes.set))).send().await.op("acm:AddTagsToCertificate")?;
        }
        if update.has("tags") && !changes.remove.is_empty() {
            let keys = changes.remove.into_iter().filter_map(|key| Tag::builder().key(key).build().ok());
            let call = cloud.acm().remove_tags_from_certificate().certificate_arn(update.id.as_str());
            call.set_tags(Some(keys.collect())).send().await.op("acm:RemoveTagsFromCertificate")?;
        }
        Ok(())
    }
}

impl CertificateOptions {
    fn request(&self) -> types::CertificateOptions {
        let export = self.export.as_deref().map(CertificateExport::from);
        types::CertificateOptions::builder().set_export(export).build()
    }
}

impl From<types::CertificateOptions> for CertificateOptions {
    fn from(options: types::CertificateOptions) -> Self {
        Self { export: options.export.map(|export| export.as_str().to_owned()) }
    }
}

/// Tags as the API takes them. A tag has its key, so building one cannot fail.
fn tags(pairs: impl IntoIterator<Item = (String, String)>) -> Vec<Tag> {
    pairs.into_iter().filter_map(|(key, value)| Tag::builder().key(key).value(value).build().ok()).collect()
}

fn pair(tag: Tag) -> (String, String) {
    (tag.key, tag.value.unwrap_or_default())
}

async fn list_tags(cloud: &Cloud, arn: &str) -> Result<Option<Vec<Tag>>> {
    let call = cloud.acm().list_tags_for_certificate().certificate_arn(arn);
    let answer = call.send().await.op("acm:ListTagsForCertificate").absent()?;
    Ok(answer.map(|answer| answer.tags.unwrap_or_default()))
}

async fn describe(cloud: &Cloud, arn: &str) -> Result<Option<CertificateDetail>> {
    let call = cloud.acm().describe_certificate().certificate_arn(arn);
    let answer = call.send().await.op("acm:DescribeCertificate").absent()?;
    Ok(answer.and_then(|answer| answer.certificate))
}

/// The ARNs of all certificates, or of those for one name. Without a word on their keys AWS lists only those with
/// shorter RSA keys.
async fn list(cloud: &Cloud, name: Option<&str>) -> Result<Vec<String>> {
    let keys = KeyAlgorithm::values().iter().copied().map(KeyAlgorithm::from);
    let filters = Filters::builder().set_key_types(Some(keys.collect())).build();
    let pages = cloud.acm().list_certificates().includes(filters).into_paginator().items().send();
    let found: Vec<CertificateSummary> = pages.try_collect().await.op("acm:ListCertificates")?;
    let is_wanted = |certificate: &CertificateSummary| name.is_none_or(|name| certificate.domain_name() == Some(name));
    Ok(found.into_iter().filter(is_wanted).filter_map(|certificate| certificate.certificate_arn).collect())
}

/// The ARNs of the certificates for a name that carry the tag of `intent`.
async fn made_by(cloud: &Cloud, name: &str, intent: &Intent) -> Result<Vec<String>> {
    let arns = list(cloud, Some(name)).await?;
    let is_ours = read::each(&arns, async |arn| {
        let tags = list_tags(cloud, arn).await?.unwrap_or_default();
        Ok(carry_intent(tags.iter().map(|tag| (tag.key(), tag.value().unwrap_or_default())), intent))
    });
    let is_ours = is_ours.await?;
    Ok(arns.into_iter().zip(is_ours).filter(|(_, is_ours)| *is_ours).map(|(arn, _)| arn).collect())
}

fn live(certificate: CertificateDetail, wanted: &Wanted<Certificate>) -> Live<Certificate> {
    let phase = phase(&certificate);
    let outputs = outputs(&certificate);
    let domain_name = certificate.domain_name.clone().unwrap_or_default();
    let names = certificate.subject_alternative_names().iter().filter(|name| **name != domain_name);
    let spec = Certificate {
        subject_alternative_names: names.cloned().collect(),
        validation_method: validation_method(&certificate).map(|method| method.as_str().to_owned()),
        domain_validation_options: validation_options(&certificate, wanted),
        // AWS writes `RSA-2048` where it takes `RSA_2048`.
        key_algorithm: certificate.key_algorithm.as_ref().map(|algorithm| algorithm.as_str().replace('-', "_")),
        certificate_authority_arn: certificate.certificate_authority_arn,
        managed_by: certificate.managed_by.map(|service| service.as_str().to_owned()),
        options: certificate.options.map(CertificateOptions::from),
        tags: Tags::default(),
        domain_name,
    };
    Live { spec, outputs, phase }
}

fn outputs(certificate: &CertificateDetail) -> Outputs {
    Outputs {
        arn: certificate.certificate_arn.clone().unwrap_or_default(),
        domain_validation_records: validation_records(certificate),
        status: certificate.status.as_ref().map(|status| status.as_str().to_owned()),
        not_after: certificate.not_after.as_ref().and_then(timestamp),
    }
}

/// The method that was asked for last, also while AWS still goes over to it.
fn validation_method(certificate: &CertificateDetail) -> Option<&ValidationMethod> {
    let going = going_over(certificate).filter(|(status, _)| *status != UpdateStatus::Failed);
    let told = certificate.domain_validation_options().iter().find_map(DomainValidation::validation_method);
    going.and_then(|(_, change)| change.to.as_ref()).or(told)
}

/// The last change of the validation method, and how far it is.
fn going_over(certificate: &CertificateDetail) -> Option<(UpdateStatus, &DomainValidationMethodUpdateSummary)> {
    let summary = certificate.update_summary.as_ref()?;
    Some((summary.status.clone()?, summary.domain_validation_method_update_summary.as_ref()?))
}

/// AWS tells a validation domain for every name: those of the names that the spec speaks of count, or else those
/// that are not the name itself.
fn validation_options(
    certificate: &CertificateDetail,
    wanted: &Wanted<Certificate>,
) -> Option<BTreeSet<DomainValidationOption>> {
    let told = certificate.domain_validation_options().iter().filter_map(|option| {
        let validation_domain = option.validation_domain.clone()?;
        Some(DomainValidationOption { domain_name: option.domain_name.clone(), validation_domain })
    });
    let Some(applied) = &wanted.applied else {
        let told: BTreeSet<_> = told.filter(|option| option.domain_name != option.validation_domain).collect();
        return Some(told).filter(|told| !told.is_empty());
    };
    let stated = applied.domain_validation_options.as_ref()?;
    Some(told.filter(|option| stated.iter().any(|stated| stated.domain_name == option.domain_name)).collect())
}

/// `None` while AWS has yet to tell a record of some name.
fn validation_records(certificate: &CertificateDetail) -> Option<Vec<ValidationRecord>> {
    if certificate.certificate_authority_arn.is_some() {
        return Some(Vec::new());
    }
    let options = certificate.domain_validation_options();
    let mut by_dns: Vec<&DomainValidation> = options.iter().filter(|option| is_by_dns(option)).collect();
    let is_missing = options.is_empty() || by_dns.iter().any(|option| option.resource_record.is_none());
    if is_missing && certificate.status == Some(Status::PendingValidation) {
        return None;
    }
    by_dns.sort_by_key(|option| (certificate.domain_name() != Some(option.domain_name()), option.domain_name()));
    let mut records: Vec<ValidationRecord> = Vec::new();
    for record in by_dns.into_iter().filter_map(validation_record) {
        if !records.iter().any(|known| known.is_same(&record)) {
            records.push(record);
        }
    }
    Some(records)
}

fn is_by_dns(option: &DomainValidation) -> bool {
    !matches!(option.validation_method, Some(ValidationMethod::Email | ValidationMethod::Http))
}

fn validation_record(option: &DomainValidation) -> Option<ValidationRecord> {
    let record = option.resource_record.as_ref()?;
    Some(ValidationRecord {
        domain_name: option.domain_name.clone(),
        name: record.name.clone(),
        r#type: record.r#type.as_str().to_owned(),
        value: record.value.clone(),
    })
}

impl ValidationRecord {
    /// Whether it is the same record, whichever name it proves.
    fn is_same(&self, other: &Self) -> bool {
        (&self.name, &self.r#type, &self.value) == (&other.name, &other.r#type, &other.value)
    }
}

fn phase(certificate: &CertificateDetail) -> Phase {
    match &certificate.status {
        Some(Status::PendingValidation) => Phase::Pending(awaited(certificate)),
        Some(Status::Failed) => {
            let reason = certificate.failure_reason.as_ref().map_or("AWS gives no reason", |reason| reason.as_str());
            Phase::Failed(format!("AWS does not issue the certificate: {reason}"))
        }
        Some(Status::ValidationTimedOut) => {
            Phase::Failed(format!("72 hours went by without validation: {}", awaited(certificate)))
        }
        Some(Status::Revoked) => Phase::Failed("the certificate was revoked".to_owned()),
        Some(Status::Expired) => Phase::Failed("the certificate has expired".to_owned()),
        _ => phase_of_change(certificate),
    }
}

/// An issued certificate serves all the while its validation method changes.
fn phase_of_change(certificate: &CertificateDetail) -> Phase {
    match going_over(certificate) {
        Some((UpdateStatus::PendingDomainValidation, _)) => Phase::Pending(awaited(certificate)),
        Some((UpdateStatus::Failed, _)) => Phase::Halted("AWS could not change the validation method".to_owned()),
        _ => Phase::Ready,
    }
}

/// Which names nobody has shown to be ours yet.
fn awaited(certificate: &CertificateDetail) -> String {
    let options = certificate.domain_validation_options().iter();
    let open = options.filter(|option| option.validation_status != Some(DomainStatus::Success));
    let mut names: Vec<&str> = open.map(DomainValidation::domain_name).collect();
    names.sort_unstable();
    match names.is_empty() {
        true => String::new(),
        false => format!("not validated yet: {}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_acm::types::{RecordType, ResourceRecord};

    use super::*;

    fn validation(name: &str, record: Option<&str>) -> DomainValidation {
        let record = record.and_then(|record| {
            ResourceRecord::builder().name(record).r#type(RecordType::Cname).value("v").build().ok()
        });
        let option = DomainValidation::builder().domain_name(name).validation_method(ValidationMethod::Dns);
        option.set_resource_record(record).build().expect("it has a name")
    }

    fn pending(options: Vec<DomainValidation>) -> CertificateDetail {
        CertificateDetail::builder()
            .domain_name("b.org")
            .status(Status::PendingValidation)
            .set_domain_validation_options(Some(options))
            .build()
    }

    #[test]
    fn records_are_told_once_all_are_known_and_each_once() {
        assert_eq!(validation_records(&pending(Vec::new())), None);
        assert_eq!(
            validation_records(&pending(vec![validation("b.org", Some("_b")), validation("a.org", None)])),
            None
        );
        let all = [("a.org", "_a"), ("*.b.org", "_b"), ("b.org", "_b")];
        let records = validation_records(&pending(all.map(|(name, record)| validation(name, Some(record))).to_vec()));
        let names = records.iter().flatten().map(|record| (record.domain_name.as_str(), record.name.as_str()));
        assert_eq!(names.collect::<Vec<_>>(), [("b.org", "_b"), ("a.org", "_a")]);
    }

    #[test]
    fn a_name_nobody_validated_is_told() {
        let certificate = pending(vec![validation("b.org", None), validation("a.org", None)]);
        assert_eq!(phase(&certificate), Phase::Pending("not validated yet: a.org, b.org".to_owned()));
    }
}
