//! `s3/bucket`: a place for objects. Its sub-resources live in `service/s3`.

use std::collections::BTreeSet;

use aws_sdk_s3::types::{
    BucketLocationConstraint, BucketNamespace, CreateBucketConfiguration as Configuration, ObjectOwnership,
};
use aws_smithy_types::error::operation::BuildError;
use provision_core::driver::{Cause, CloudError, Id, Intent, Recovery};
use provision_core::schema::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::batch::Answers;
use crate::cloud::Cloud;
use crate::error::{Absent, Op};
use crate::kind::{Kind, Live, Result, Update, Wanted};
use crate::query::Query;
use crate::read::{self, Reading};
use crate::service::s3::acl::{self, Acl};
use crate::service::s3::{
    NO_BUCKET, access, endpoint, list, objects, or_nothing, read_part, rules, settings, tags, update_part,
};
use crate::service::tagging::{self, Named, Tagged};
use crate::types::{INTENT_TAG, PolicyDocument, Tags};

pub use crate::service::s3::access::PublicAccessBlockConfiguration;
pub use crate::service::s3::acl::AccessControlPolicy;
pub use crate::service::s3::cors::CorsConfiguration;
pub use crate::service::s3::encryption::ServerSideEncryptionConfiguration;
pub use crate::service::s3::lifecycle::LifecycleConfiguration;
pub use crate::service::s3::logging::Logging;
pub use crate::service::s3::notification::NotificationConfiguration;
pub use crate::service::s3::replication::ReplicationConfiguration;
pub use crate::service::s3::settings::{
    AccelerateConfiguration, ObjectLockConfiguration, RequestPaymentConfiguration, VersioningConfiguration,
};
pub use crate::service::s3::website::WebsiteConfiguration;

/// A bucket, and what AWS keeps as its sub-resources. A sub-resource that is left out
/// is not managed, and costs no call.
///
/// See [CreateBucket](https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bucket {
    /// Name, unique in the partition: 3 to 63 lower-case letters, digits, dots and dashes.
    #[schemars(extend("x-replace" = true))]
    pub bucket: String,

    /// `account-regional` keeps the name to this account and region; it must then end
    /// in `-<account>-<region>-an`. AWS's default is `global`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true, "x-write-only" = true, "enum" = ["global", "account-regional"]))]
    pub bucket_namespace: Option<String>,

    /// Who owns what others put into the bucket. AWS's default, `BucketOwnerEnforced`,
    /// puts ACLs out of use.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"]))]
    pub object_ownership: Option<String>,

    /// What is refused although an ACL or a policy would make it public.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_access_block_configuration: Option<PublicAccessBlockConfiguration>,

    /// A canned ACL. Needs an `object_ownership` other than `BucketOwnerEnforced`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = [
        "private", "public-read", "public-read-write", "authenticated-read", "log-delivery-write"
    ]))]
    pub acl: Option<String>,

    /// Grants made one by one, in the place of a canned `acl`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_control_policy: Option<AccessControlPolicy>,

    /// The bucket policy; an empty one (`{}`) removes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyDocument>,

    /// Whether former versions of objects are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub versioning_configuration: Option<VersioningConfiguration>,

    /// How objects are encrypted unless an upload says otherwise; AWS's default is `AES256`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_side_encryption_configuration: Option<ServerSideEncryptionConfiguration>,

    /// What becomes of objects as they age.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifecycle_configuration: Option<LifecycleConfiguration>,

    /// Which web pages may call the bucket from a browser.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cors_configuration: Option<CorsConfiguration>,

    /// Where the bucket's access logs go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logging: Option<Logging>,

    /// The bucket as a static website.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website_configuration: Option<WebsiteConfiguration>,

    /// Who is told of what happens to objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notification_configuration: Option<NotificationConfiguration>,

    /// Whether objects can be transferred through the edge network. Not with dots in the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accelerate_configuration: Option<AccelerateConfiguration>,

    /// Who pays for requests and downloads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_payment_configuration: Option<RequestPaymentConfiguration>,

    /// Whether versions can be locked against deletion; turns versioning on for good.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub object_lock_enabled_for_bucket: Option<bool>,

    /// How long new versions are kept from deletion. Needs `object_lock_enabled_for_bucket`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_lock_configuration: Option<ObjectLockConfiguration>,

    /// Where copies of objects are made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replication_configuration: Option<ReplicationConfiguration>,

    /// Whether deletion first empties the bucket, of all versions, and overrides
    /// retention in governance mode. Without it a bucket with objects is not deleted.
    #[serde(default)]
    #[schemars(extend("x-write-only" = true))]
    pub force_destroy: bool,

    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

/// What other resources may name.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The bucket's ARN.
    pub arn: String,
    /// `<bucket>.s3.amazonaws.com`.
    pub bucket_domain_name: String,
    /// `<bucket>.s3.<region>.amazonaws.com`: the origin to give to CloudFront.
    pub bucket_regional_domain_name: String,
    /// The Route 53 zone of the region's website endpoints, for an alias record.
    pub hosted_zone_id: Option<String>,
    /// The region the bucket is in.
    pub region: String,
    /// The domain of the region's website endpoints, for an alias record.
    pub website_domain: String,
    /// The bucket's website endpoint; it answers once there is a `website_configuration`.
    pub website_endpoint: String,
}

impl Kind for Bucket {
    const NAME: &'static str = "s3/bucket";
    const RECOVERY: Recovery = Recovery::NaturalKey;
    const BATCH: Option<u32> = Some(1000);
    const READING: Reading = Reading { alone: Some(1), ..Reading::TAGGED_BATCH };
    /// Replication and logging look at the settings of the bucket they go to.
    const EARLY: &'static [&'static str] = &[];
    /// A policy's principals may have been made a moment ago, and so may the bucket.
    const EVENTUAL: &'static [&'static str] = &["MalformedPolicy: nvalid principal", "NoSuchBucket"];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        let broken = rules::RULES.iter().filter(|rule| (rule.is_broken)(self));
        broken
            .map(|rule| FieldError {
                path: rule.path.iter().map(|&name| name.to_owned()).collect(),
                message: rule.message.to_owned(),
            })
            .collect()
    }

    /// The ACL is left to `update`: a public one is refused until the public access
    /// block, with which every bucket begins, has been lifted.
    async fn create(&self, cloud: &Cloud, intent: &Intent) -> Result<Id> {
        match holder(cloud, &self.bucket, intent).await? {
            Holder::Us => return Ok(Id(self.bucket.clone())),
            Holder::Other => return Err(taken(&self.bucket)),
            Holder::Nobody => {}
        }
        let call = cloud
            .s3()
            .create_bucket()
            .bucket(&self.bucket)
            .create_bucket_configuration(self.configuration(cloud, intent).op("s3:CreateBucket")?)
            .set_bucket_namespace(self.bucket_namespace.as_deref().map(BucketNamespace::from))
            .set_object_ownership(self.object_ownership.as_deref().map(ObjectOwnership::from))
            .set_object_lock_enabled_for_bucket(self.object_lock_enabled_for_bucket);
        call.send().await.op("s3:CreateBucket")?;
        Ok(Id(self.bucket.clone()))
    }

    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        tagging::with_told(cloud, wanted, told(cloud, wanted), read_untagged(cloud, wanted)).await
    }

    /// The order matters: a public ACL or policy is refused before the block is lifted,
    /// object lock and replication before versioning is on, and versioning cannot be
    /// suspended before replication has ended.
    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let block = self.public_access_block_configuration.as_ref();
        update_part(cloud, update, "public_access_block_configuration", block).await?;
        self.update_ownership_and_acl(cloud, update).await?;
        update_part(cloud, update, "policy", self.policy.as_ref()).await?;
        self.update_versioning(cloud, update, "Enabled").await?;
        self.update_other_parts(cloud, update).await?;
        self.update_versioning(cloud, update, "Suspended").await?;
        if update.has("tags") {
            tags::put(cloud, update.id.as_str(), &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        if self.force_destroy {
            let governed = self.object_lock_enabled_for_bucket == Some(true);
            objects::empty(cloud, id.as_str(), governed).await?;
        }
        cloud.s3().delete_bucket().bucket(id.as_str()).send().await.op("s3:DeleteBucket").absent()?;
        Ok(())
    }

    async fn recover(&self, cloud: &Cloud, intent: &Intent) -> Result<Vec<Id>> {
        Ok(match holder(cloud, &self.bucket, intent).await? {
            Holder::Us => vec![Id(self.bucket.clone())],
            Holder::Nobody | Holder::Other => Vec::new(),
        })
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        tagging::find(cloud, by, &NAMED, list::names(cloud)).await
    }
}

const NAMED: Named = Named { field: "bucket", arn_prefix: "", resource_type: "s3:bucket" };

impl Tagged for Bucket {
    /// CreateBucket has taken tags since 2025 only, and what knows nothing of them passes them over.
    const CREATED_WITH_TAGS: bool = false;

    tagging::fields!();

    async fn list_tags(cloud: &Cloud, id: &Id, _: &str) -> Result<Option<Tags>> {
        Ok(tags::get(cloud, id.as_str()).await?.map(Tags::from_live))
    }
}

/// Whose bucket of some name is.
enum Holder {
    /// This intent made it.
    Us,
    /// Somebody else's, or made by other means in this account.
    Other,
    /// There is none.
    Nobody,
}

/// Asked before every create, for CreateBucket answers 200 in us-east-1 when the bucket
/// is the account's own already, and resets its ACL. A name that is not taken is told
/// even to those without any right to it, so a refusal means that it is.
async fn holder(cloud: &Cloud, bucket: &str, intent: &Intent) -> Result<Holder> {
    let is_intents = |(key, value): &(String, String)| key == INTENT_TAG && *value == intent.token;
    match tags::get(cloud, bucket).await {
        Ok(None) => Ok(Holder::Nobody),
        Ok(Some(tags)) if tags.iter().any(is_intents) => Ok(Holder::Us),
        Ok(Some(_)) => Ok(Holder::Other),
        Err(error) if error.cause == Cause::Denied || error.code == "PermanentRedirect" => Ok(Holder::Other),
        Err(error) => Err(error),
    }
}

fn taken(bucket: &str) -> CloudError {
    CloudError::new(Cause::Exists, "s3:CreateBucket", format!("there is a bucket named `{bucket}` already"))
}

impl Bucket {
    /// us-east-1 is the one region that is not named.
    fn configuration(&self, cloud: &Cloud, intent: &Intent) -> Result<Configuration, BuildError> {
        let location = Some(cloud.region()).filter(|region| *region != "us-east-1");
        Ok(Configuration::builder()
            .set_location_constraint(location.map(BucketLocationConstraint::from))
            .set_tags(Some(tags::sdk(self.tags.with_intent(intent))?))
            .build())
    }

    /// ACLs are put out of use last and brought back into use first.
    async fn update_ownership_and_acl(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let enforced = self.object_ownership.as_deref() == Some("BucketOwnerEnforced");
        if !enforced {
            self.update_ownership(cloud, update).await?;
        }
        if let (true, Some(acl)) = (update.has("acl"), &self.acl) {
            acl::put_canned(cloud, update.id.as_str(), acl).await?;
        }
        update_part(cloud, update, "access_control_policy", self.access_control_policy.as_ref()).await?;
        if enforced {
            self.update_ownership(cloud, update).await?;
        }
        Ok(())
    }

    async fn update_ownership(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        match &self.object_ownership {
            Some(ownership) if update.has("object_ownership") => {
                access::put_object_ownership(cloud, update.id.as_str(), ownership).await
            }
            _ => Ok(()),
        }
    }

    async fn update_versioning(&self, cloud: &Cloud, update: &Update<Self>, status: &str) -> Result<()> {
        let versioning = self.versioning_configuration.as_ref().filter(|versioning| versioning.status == status);
        update_part(cloud, update, "versioning_configuration", versioning).await
    }

    /// One after the other: S3 refuses changes to one bucket that come at the same time.
    async fn update_other_parts(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        macro_rules! update_parts {
            ($($field:ident),* $(,)?) => {
                $(update_part(cloud, update, stringify!($field), self.$field.as_ref()).await?;)*
            };
        }
        update_parts!(
            server_side_encryption_configuration,
            lifecycle_configuration,
            cors_configuration,
            logging,
            website_configuration,
            notification_configuration,
            accelerate_configuration,
            request_payment_configuration,
            object_lock_configuration,
            replication_configuration,
        );
        Ok(())
    }
}

/// Buckets without their tags. Where there is none, any of its parts tells so; one that has no
/// managed part is taken to be there, and its tags tell.
async fn read_untagged(cloud: &Cloud, wanted: &[Wanted<Bucket>]) -> Result<Vec<Option<Live<Bucket>>>> {
    read::each(wanted, |wanted| live(cloud, wanted)).await
}

/// Up to how many buckets without a managed part are asked for their tags one by one: an account
/// may have thousands of others to list.
const FEW: usize = 2;

/// The tags of those buckets that are known to be there, by a managed part or by the list of all:
/// the tagging API tells of buckets that are gone, too.
async fn told(cloud: &Cloud, wanted: &[Wanted<Bucket>]) -> Answers<Tags> {
    let bare: Vec<&Wanted<Bucket>> = wanted.iter().filter(|wanted| !has_parts(wanted)).collect();
    if bare.len() == wanted.len() && bare.len() <= FEW {
        return Answers::new();
    }
    let (mut told, there) = tokio::join!(tagging::told(cloud, wanted), listed(cloud, bare.len()));
    for wanted in bare.into_iter().filter(|wanted| !there.contains(wanted.id.as_str())) {
        if let Some(outputs) = &wanted.outputs {
            told.remove(&outputs.arn);
        }
    }
    told
}

/// The names that the list of all has, where so many are looked for that it pays.
async fn listed(cloud: &Cloud, looked_for: usize) -> BTreeSet<String> {
    match looked_for <= FEW {
        true => BTreeSet::new(),
        false => list::names(cloud).await.unwrap_or_default().into_iter().collect(),
    }
}

/// Whether anything of it is read beside the tags.
fn has_parts(wanted: &Wanted<Bucket>) -> bool {
    const NOT_READ: [&str; 4] = ["bucket", "bucket_namespace", "force_destroy", "tags"];
    let Some(applied) = &wanted.applied else { return true };
    let spec = serde_json::to_value(applied).unwrap_or_default();
    spec.as_object().is_some_and(|spec| spec.keys().any(|field| !NOT_READ.contains(&field.as_str())))
}

async fn live(cloud: &Cloud, wanted: &Wanted<Bucket>) -> Result<Option<Live<Bucket>>> {
    match parts(cloud, wanted).await {
        Ok(spec) => Ok(Some(Live::ready(spec, outputs(cloud, wanted.id.as_str())))),
        Err(error) if error.code == NO_BUCKET => Ok(None),
        Err(error) => Err(error),
    }
}

/// Everything is asked for at once.
async fn parts(cloud: &Cloud, wanted: &Wanted<Bucket>) -> Result<Bucket> {
    macro_rules! spec {
        ($($part:ident),* $(,)?) => {{
            let (object_ownership, acl, lock, $($part),*) = futures::try_join!(
                read_ownership(cloud, wanted),
                read_acl(cloud, wanted),
                read_object_lock(cloud, wanted),
                $(read_part(cloud, wanted, |bucket: &Bucket| &bucket.$part)),*
            )?;
            let policy = acl.as_ref().filter(|acl| is_policy_asked(wanted, acl)).map(|acl| acl.policy.clone());
            let (object_lock_enabled_for_bucket, object_lock_configuration) = lock;
            Ok(Bucket {
                bucket: wanted.id.0.clone(),
                bucket_namespace: None,
                object_ownership,
                access_control_policy: policy,
                acl: acl.and_then(|acl| acl.canned),
                object_lock_enabled_for_bucket,
                object_lock_configuration,
                $($part,)*
                force_destroy: wanted.applied.as_ref().is_some_and(|applied| applied.force_destroy),
                tags: Tags::default(),
            })
        }};
    }
    spec!(
        public_access_block_configuration,
        policy,
        versioning_configuration,
        server_side_encryption_configuration,
        lifecycle_configuration,
        cors_configuration,
        logging,
        website_configuration,
        notification_configuration,
        accelerate_configuration,
        request_payment_configuration,
        replication_configuration,
    )
}

async fn read_ownership(cloud: &Cloud, wanted: &Wanted<Bucket>) -> Result<Option<String>> {
    match wanted.manages(|bucket| &bucket.object_ownership) {
        true => access::object_ownership(cloud, wanted.id.as_str()).await,
        false => Ok(None),
    }
}

/// Whether versions can be locked and the default for it, which one call tells.
async fn read_object_lock(
    cloud: &Cloud,
    wanted: &Wanted<Bucket>,
) -> Result<(Option<bool>, Option<ObjectLockConfiguration>)> {
    let has_switch = wanted.manages(|bucket| &bucket.object_lock_enabled_for_bucket);
    let has_default = wanted.manages(|bucket| &bucket.object_lock_configuration);
    if !has_switch && !has_default {
        return Ok((None, None));
    }
    let lock = settings::object_lock(cloud, wanted.id.as_str()).await?;
    let default = if has_default { or_nothing(wanted, lock.default) } else { None };
    Ok((has_switch.then_some(lock.is_enabled), default))
}

async fn read_acl(cloud: &Cloud, wanted: &Wanted<Bucket>) -> Result<Option<Acl>> {
    let is_managed = wanted.manages(|bucket| &bucket.acl) || wanted.manages(|bucket| &bucket.access_control_policy);
    if is_managed { acl::get(cloud, wanted.id.as_str()).await } else { Ok(None) }
}

/// Where everything is asked for, the short form of an ACL does when there is one.
fn is_policy_asked(wanted: &Wanted<Bucket>, acl: &Acl) -> bool {
    wanted.manages(|bucket| &bucket.access_control_policy) && (wanted.applied.is_some() || acl.canned.is_none())
}

/// A bucket answers only in its own region, so the region is ours.
fn outputs(cloud: &Cloud, bucket: &str) -> Outputs {
    let website_domain = endpoint::website_domain(cloud);
    Outputs {
        arn: format!("arn:{}:s3:::{bucket}", cloud.partition()),
        bucket_domain_name: endpoint::domain_name(cloud, bucket),
        bucket_regional_domain_name: endpoint::regional_domain_name(cloud, bucket),
        hosted_zone_id: endpoint::hosted_zone_id(cloud.region()).map(str::to_owned),
        region: cloud.region().to_owned(),
        website_endpoint: format!("{bucket}.{website_domain}"),
        website_domain,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    fn broken(field: &str, value: Json) -> Vec<String> {
        let mut spec = json!({ "bucket": "shop" });
        spec[field] = value;
        match serde_json::from_value::<Bucket>(spec) {
            Ok(bucket) => bucket.check().into_iter().map(|error| error.path.join(".")).collect(),
            Err(error) => vec![error.to_string()],
        }
    }

    #[test]
    fn what_s3_would_refuse_is_refused_before() {
        let lock = |retention: Json| json!({ "rule": { "default_retention": retention } });
        let rule = |filter: Json| json!({ "rules": [{ "status": "Enabled", "filter": filter }] });
        for (field, right, wrong, path) in [
            ("logging", json!({ "enabled": false }), json!({}), "logging.target_bucket"),
            (
                "website_configuration",
                json!({ "index_document": { "suffix": "index.html" } }),
                json!({ "enabled": false, "index_document": { "suffix": "index.html" } }),
                "website_configuration.index_document",
            ),
            (
                "object_lock_configuration",
                lock(json!({ "mode": "GOVERNANCE", "days": 1 })),
                lock(json!({ "mode": "GOVERNANCE", "days": 1, "years": 1 })),
                "object_lock_configuration.rule",
            ),
            (
                "lifecycle_configuration",
                rule(json!({ "and": { "prefix": "a", "object_size_less_than": 1 } })),
                rule(json!({ "prefix": "a", "object_size_less_than": 1 })),
                "lifecycle_configuration.rules",
            ),
            (
                "lifecycle_configuration",
                json!({ "rules": [{ "status": "Enabled", "expiration": { "date": "2030-01-01T00:00:00Z" } }] }),
                json!({ "rules": [{ "status": "Enabled", "expiration": { "date": "2030-01-01" } }] }),
                "lifecycle_configuration.rules",
            ),
            (
                "replication_configuration",
                json!({ "rules": [] }),
                json!({ "rules": [{ "status": "Enabled", "destination": { "bucket": "arn:aws:s3:::copy" } }] }),
                "replication_configuration.role",
            ),
        ] {
            assert!(broken(field, right).is_empty(), "{field}");
            assert_eq!(broken(field, wrong).join(""), path, "{field}");
        }
    }
}
