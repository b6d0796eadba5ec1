//! `s3/object`: what is kept in a bucket under a key.

use std::collections::BTreeMap;

use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    ChecksumAlgorithm, ObjectLockLegalHoldStatus, ObjectLockMode, ServerSideEncryption, StorageClass,
};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use provision_core::driver::{Cause, CloudError, Id, Intent, Recovery};
use provision_core::rate::Rates;
use provision_core::schema::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bucket::Bucket;
use crate::cloud::Cloud;
use crate::error::{Absent, Op};
use crate::kind::{Kind, Live, Result, Update, Wanted, fault};
use crate::query::Query;
use crate::read::{self, Reading};
use crate::service::s3::object::{self, Content, Place};
use crate::service::s3::{list, objects};
use crate::service::{kms, rates, timestamp};
use crate::types::{Ref, Secret, Tags, carry_intent};

/// An object in a bucket: a page, a configuration, a template. For what is large or comes by the
/// thousand there are tools that copy files.
///
/// A change of content or headers stores the object again; where the bucket is versioned, the
/// former one remains as a version.
///
/// See [PutObject](https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Object {
    /// Name of the bucket.
    #[schemars(extend("x-replace" = true))]
    pub bucket: Ref<Bucket>,

    /// Key, unique in the bucket: up to 1,024 bytes, such as `pages/index.html`.
    #[schemars(extend("x-replace" = true))]
    pub key: String,

    /// The content, text: `${file("index.html")}` is that of a file. It is neither stored in the
    /// state nor shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Secret>,

    /// The content, bytes written in base64, in the place of `body`. It is neither stored in the
    /// state nor shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_base64: Option<Secret>,

    /// What it is, such as `text/html; charset=utf-8`; `application/octet-stream` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,

    /// How long it may be cached, such as `max-age=300`; `""` for nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_control: Option<String>,

    /// What a browser does with it, such as `attachment; filename="report.pdf"`; `""` for nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_disposition: Option<String>,

    /// How the content is encoded, such as `gzip`; `""` for not at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_encoding: Option<String>,

    /// The language it is in, such as `en`; `""` for nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_language: Option<String>,

    /// After when it is out of date, ISO 8601; `""` for never. `cache_control` goes before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,

    /// Further headers by name in lower case, without `x-amz-meta-`; up to 2 KiB. Managed as a
    /// whole when stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<BTreeMap<String, String>>,

    /// How it is stored; AWS's default is `STANDARD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = [
        "STANDARD", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE",
        "REDUCED_REDUNDANCY"
    ]))]
    pub storage_class: Option<String>,

    /// How it is encrypted; as the bucket says by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["AES256", "aws:kms", "aws:kms:dsse"]))]
    pub server_side_encryption: Option<String>,

    /// Id, ARN or alias of the KMS key that encrypts it; `aws/s3` by AWS's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ssekms_key_id: Option<String>,

    /// Whether KMS is asked once for many objects of the bucket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket_key_enabled: Option<bool>,

    /// Where the bucket's website leads whoever asks for it: a key of the bucket with a slash before it, or
    /// a URL; `""` for nowhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website_redirect_location: Option<String>,

    /// Who may end the retention: `GOVERNANCE` lets those who have a right of its own, `COMPLIANCE`
    /// nobody. The bucket has to have object lock; with `object_lock_retain_until_date`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["GOVERNANCE", "COMPLIANCE"]))]
    pub object_lock_mode: Option<String>,

    /// Until when this version cannot be deleted, ISO 8601; with `object_lock_mode`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_lock_retain_until_date: Option<String>,

    /// Whether this version cannot be deleted as long as nobody says otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["ON", "OFF"]))]
    pub object_lock_legal_hold_status: Option<String>,

    /// Whether deletion takes all versions and overrides retention in governance mode. Without it
    /// a versioned bucket keeps them, and a marker says that the object is deleted.
    #[serde(default)]
    #[schemars(extend("x-write-only" = true))]
    pub force_destroy: bool,

    /// Tags, up to 9.
    #[serde(default)]
    pub tags: Tags,
}

/// What other resources may name.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The object's ARN.
    pub arn: String,
    /// What changes with the content, in quotes.
    #[schemars(extend("x-volatile" = true))]
    pub e_tag: Option<String>,
    /// The SHA-256 digest of the content in base64; none where somebody else stored it without.
    #[schemars(extend("x-volatile" = true))]
    pub checksum_sha256: Option<String>,
    /// The version, in a versioned bucket.
    #[schemars(extend("x-volatile" = true))]
    pub version_id: Option<String>,
}

impl Kind for Object {
    const NAME: &'static str = "s3/object";
    const RECOVERY: Recovery = Recovery::NaturalKey;
    const READING: Reading = Reading { batch: 0, each: 2, ..Reading::BATCH };
    const RATES: Rates = rates::S3_OBJECT;
    const EARLY: &'static [&'static str] = &["id", "arn", "bucket", "key"];
    /// The bucket may have been made a moment ago.
    const EVENTUAL: &'static [&'static str] = &["NoSuchBucket"];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        RULES.iter().filter(|rule| (rule.is_broken)(self)).map(|rule| fault(rule.field, rule.message)).collect()
    }

    /// What is there already stays: the call is refused then.
    async fn create(&self, cloud: &Cloud, intent: &Intent) -> Result<Id> {
        let answer = self.put(cloud, self, intent)?.if_none_match("*").send().await.op(PUT);
        answer.map_err(|error| self.explained(error))?;
        Ok(self.place().id())
    }

    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        read::each(wanted, |wanted| read_one(cloud, wanted)).await
    }

    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if STORED.iter().any(|field| update.has(field)) {
            self.put(cloud, &update.live, &update.intent)?.send().await.op(PUT)?;
            return Ok(());
        }
        self.update_lock(cloud, update).await?;
        if update.has("tags") {
            object::put_tags(cloud, &self.place(), &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        let Some(place) = Place::of(id) else {
            return Ok(());
        };
        if self.force_destroy {
            return objects::delete_versions(cloud, place.bucket, place.key, self.is_governed()).await;
        }
        let call = cloud.s3().delete_object().bucket(place.bucket).key(place.key);
        call.send().await.op("s3:DeleteObject").absent()?;
        Ok(())
    }

    async fn recover(&self, cloud: &Cloud, intent: &Intent) -> Result<Vec<Id>> {
        let tags = object::all_tags(cloud, &self.place()).await?.unwrap_or_default();
        let is_ours = carry_intent(tags.iter().map(|(key, value)| (key.as_str(), value.as_str())), intent);
        Ok(is_ours.then(|| self.place().id()).into_iter().collect())
    }

    /// Objects are listed by bucket and the beginning of their keys.
    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        if let Some(id) = by.in_arn("") {
            return Ok(vec![Id(id)]);
        }
        let (bucket, key) = (by.text("bucket"), by.text("key"));
        if let (Some(bucket), Some(key)) = (&bucket, &key) {
            return Ok(vec![Place { bucket, key }.id()]);
        }
        let buckets = match bucket {
            Some(bucket) => vec![bucket],
            None => list::names(cloud).await?,
        };
        let found = read::each(&buckets, async |bucket| {
            let mut keys = object::keys(cloud, bucket, key.as_deref()).await?;
            keys.retain(|found| key.as_ref().is_none_or(|key| key == found));
            Ok(keys.iter().map(|key| Place { bucket, key }.id()).collect::<Vec<_>>())
        });
        Ok(found.await?.into_iter().flatten().collect())
    }
}

const PUT: &str = "s3:PutObject";

/// The properties that only storing it again changes.
const STORED: [&str; 14] = [
    "body",
    "body_base64",
    "content_type",
    "cache_control",
    "content_disposition",
    "content_encoding",
    "content_language",
    "expires",
    "metadata",
    "storage_class",
    "server_side_encryption",
    "ssekms_key_id",
    "bucket_key_enabled",
    "website_redirect_location",
];

/// Beyond this the content is not what a spec states, and is not read.
const MOST: i64 = 16 * 1024 * 1024;

/// A rule that the types cannot state.
struct Rule {
    field: &'static str,
    is_broken: fn(&Object) -> bool,
    message: &'static str,
}

const RULES: [Rule; 6] = [
    Rule {
        field: "body",
        is_broken: |it| it.body.is_some() == it.body_base64.is_some(),
        message: "an object has one of `body` and `body_base64`; for an empty one state `body: \"\"`",
    },
    Rule {
        field: "metadata",
        is_broken: |it| it.metadata.iter().flatten().any(|(name, _)| name.to_lowercase() != *name),
        message: "the names are in lower case, as S3 keeps them",
    },
    Rule {
        field: "ssekms_key_id",
        is_broken: |it| it.ssekms_key_id.is_some() && it.server_side_encryption.as_deref().is_none_or(|it| !is_kms(it)),
        message: "a key goes with a `server_side_encryption` of `aws:kms` or `aws:kms:dsse`",
    },
    Rule {
        field: "object_lock_mode",
        is_broken: |it| it.object_lock_mode.is_some() != it.object_lock_retain_until_date.is_some(),
        message: "`object_lock_mode` and `object_lock_retain_until_date` go together",
    },
    Rule {
        field: "object_lock_retain_until_date",
        is_broken: |it| it.object_lock_retain_until_date.as_deref().is_some_and(|it| object::instant(it).is_none()),
        message: "a date is written like `2030-01-01T00:00:00Z`",
    },
    Rule {
        field: "expires",
        is_broken: |it| it.expires.as_deref().is_some_and(|it| !it.is_empty() && object::instant(it).is_none()),
        message: "a date is written like `2030-01-01T00:00:00Z`",
    },
];

fn is_kms(encryption: &str) -> bool {
    encryption.starts_with("aws:kms")
}

/// What is stated, or what is there.
fn kept<T: Clone>(stated: &Option<T>, live: &Option<T>) -> Option<T> {
    stated.clone().or_else(|| live.clone())
}

/// The same of texts of which `""` says that there is none.
fn kept_text(stated: &Option<String>, live: &Option<String>) -> Option<String> {
    kept(stated, live).filter(|text| !text.is_empty())
}

fn kept_instant(stated: &Option<String>, live: &Option<String>) -> Option<DateTime> {
    kept_text(stated, live).as_deref().and_then(object::instant)
}

impl Object {
    fn place(&self) -> Place<'_> {
        Place { bucket: self.bucket.as_str(), key: &self.key }
    }

    fn content(&self) -> Content {
        Content { body: self.body.clone(), body_base64: self.body_base64.clone() }
    }

    fn is_governed(&self) -> bool {
        self.object_lock_mode.as_deref() == Some("GOVERNANCE")
    }

    /// Stores all of it. What is not stated stays as it is in `live`: S3 would forget it.
    fn put(&self, cloud: &Cloud, live: &Self, intent: &Intent) -> Result<PutObjectFluentBuilder> {
        let call = cloud
            .s3()
            .put_object()
            .bucket(self.bucket.as_str())
            .key(&self.key)
            .body(ByteStream::from(self.content().bytes(PUT)?))
            .checksum_algorithm(ChecksumAlgorithm::Sha256)
            .tagging(object::query(self.tags.with_intent(intent)))
            .set_metadata(kept(&self.metadata, &live.metadata).map(|pairs| pairs.into_iter().collect()));
        Ok(self.with_storage(self.with_headers(call, live), live))
    }

    fn with_headers(&self, call: PutObjectFluentBuilder, live: &Self) -> PutObjectFluentBuilder {
        call.set_content_type(kept_text(&self.content_type, &live.content_type))
            .set_cache_control(kept_text(&self.cache_control, &live.cache_control))
            .set_content_disposition(kept_text(&self.content_disposition, &live.content_disposition))
            .set_content_encoding(kept_text(&self.content_encoding, &live.content_encoding))
            .set_content_language(kept_text(&self.content_language, &live.content_language))
            .set_expires(kept_instant(&self.expires, &live.expires))
            .set_website_redirect_location(kept_text(&self.website_redirect_location, &live.website_redirect_location))
    }

    fn with_storage(&self, call: PutObjectFluentBuilder, live: &Self) -> PutObjectFluentBuilder {
        let encryption = kept_text(&self.server_side_encryption, &live.server_side_encryption);
        let is_kms = encryption.as_deref().is_some_and(is_kms);
        let key = kept(&self.ssekms_key_id, &live.ssekms_key_id).filter(|_| is_kms);
        let hold = kept(&self.object_lock_legal_hold_status, &live.object_lock_legal_hold_status);
        let until = kept_instant(&self.object_lock_retain_until_date, &live.object_lock_retain_until_date);
        let mode = kept(&self.object_lock_mode, &live.object_lock_mode);
        call.set_storage_class(kept(&self.storage_class, &live.storage_class).as_deref().map(StorageClass::from))
            .set_server_side_encryption(encryption.as_deref().map(ServerSideEncryption::from))
            .set_ssekms_key_id(key)
            .set_bucket_key_enabled(kept(&self.bucket_key_enabled, &live.bucket_key_enabled).filter(|_| is_kms))
            .set_object_lock_mode(mode.as_deref().map(ObjectLockMode::from))
            .set_object_lock_retain_until_date(until)
            .set_object_lock_legal_hold_status(hold.as_deref().map(ObjectLockLegalHoldStatus::from))
    }

    /// What is refused because something is there, or is being put there by somebody else just now.
    fn explained(&self, error: CloudError) -> CloudError {
        let cause = match error.code.as_str() {
            "PreconditionFailed" => Cause::Exists,
            "ConditionalRequestConflict" => Cause::Dependency,
            _ => return error,
        };
        let message = format!("there is an object `{}` in the bucket `{}` already", self.key, self.bucket.as_str());
        CloudError { cause, message, ..error }
    }

    async fn update_lock(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if update.has("object_lock_mode") || update.has("object_lock_retain_until_date") {
            let until = self.object_lock_retain_until_date.as_deref().and_then(object::instant);
            let mode = self.object_lock_mode.as_deref();
            object::retain(cloud, &self.place(), mode, until, self.force_destroy).await?;
        }
        match &self.object_lock_legal_hold_status {
            Some(status) if update.has("object_lock_legal_hold_status") => {
                object::hold(cloud, &self.place(), status).await
            }
            _ => Ok(()),
        }
    }
}

async fn read_one(cloud: &Cloud, wanted: &Wanted<Object>) -> Result<Option<Live<Object>>> {
    let Some(place) = Place::of(&wanted.id) else {
        return Ok(None);
    };
    let Some(head) = object::head(cloud, &place).await? else {
        return Ok(None);
    };
    let Some(tags) = tags(cloud, wanted, &place).await? else {
        return Ok(None);
    };
    let content = content(cloud, wanted, &place, &head).await?;
    let outputs = outputs(cloud, &place, &head);
    let spec = Object { tags, body: content.body, body_base64: content.body_base64, ..told(&place, head, wanted) };
    Ok(Some(Live::ready(spec, outputs)))
}

async fn tags(cloud: &Cloud, wanted: &Wanted<Object>, place: &Place<'_>) -> Result<Option<Tags>> {
    match wanted.applied.as_ref().filter(|_| wanted.is_fresh) {
        Some(applied) => Ok(Some(applied.tags.clone())),
        None => Ok(object::all_tags(cloud, place).await?.map(Tags::from_live)),
    }
}

/// The content: what was just stored, or what the state holds of it while it is the same. Only
/// what somebody else may have stored is read.
async fn content(
    cloud: &Cloud,
    wanted: &Wanted<Object>,
    place: &Place<'_>,
    head: &HeadObjectOutput,
) -> Result<Content> {
    let applied = wanted.applied.as_ref().map(Object::content);
    match applied.clone() {
        Some(content) if wanted.is_fresh || (content.is_hashed() && is_recorded(wanted, head)) => Ok(content),
        _ if head.content_length.is_some_and(|length| length > MOST) => Ok(Content::default()),
        _ => object::content(cloud, place, applied.is_some_and(|content| content.body_base64.is_some())).await,
    }
}

/// Whether the content is the one last recorded: by its digest, or by its tag where it has none.
fn is_recorded(wanted: &Wanted<Object>, head: &HeadObjectOutput) -> bool {
    wanted.outputs.as_ref().is_some_and(|outputs| match &outputs.checksum_sha256 {
        Some(checksum) => head.checksum_sha256.as_ref() == Some(checksum),
        None => outputs.e_tag.is_some() && outputs.e_tag == head.e_tag,
    })
}

fn outputs(cloud: &Cloud, place: &Place<'_>, head: &HeadObjectOutput) -> Outputs {
    Outputs {
        arn: format!("arn:{}:s3:::{}/{}", cloud.partition(), place.bucket, place.key),
        e_tag: head.e_tag.clone(),
        checksum_sha256: head.checksum_sha256.clone(),
        version_id: head.version_id.clone(),
    }
}

/// What HeadObject tells, in the words of the spec last applied.
fn told(place: &Place<'_>, head: HeadObjectOutput, wanted: &Wanted<Object>) -> Object {
    let applied = wanted.applied.as_ref();
    let key = head.ssekms_key_id.map(|key| kms::as_stated(applied.and_then(|it| it.ssekms_key_id.as_deref()), key));
    let expires = head.expires_string.as_deref().and_then(|text| DateTime::from_str(text, Format::HttpDate).ok());
    let stated_expires = applied.and_then(|it| it.expires.as_deref());
    let stated_until = applied.and_then(|it| it.object_lock_retain_until_date.as_deref());
    Object {
        bucket: place.bucket.to_owned().into(),
        key: place.key.to_owned(),
        body: None,
        body_base64: None,
        content_type: head.content_type,
        cache_control: Some(head.cache_control.unwrap_or_default()),
        content_disposition: Some(head.content_disposition.unwrap_or_default()),
        content_encoding: Some(head.content_encoding.unwrap_or_default()),
        content_language: Some(head.content_language.unwrap_or_default()),
        expires: Some(expires.and_then(|it| as_stated(stated_expires, it)).unwrap_or_default()),
        metadata: Some(head.metadata.unwrap_or_default().into_iter().collect()),
        storage_class: Some(head.storage_class.unwrap_or(StorageClass::Standard).as_str().to_owned()),
        server_side_encryption: head.server_side_encryption.map(|it| it.as_str().to_owned()),
        ssekms_key_id: key,
        bucket_key_enabled: Some(head.bucket_key_enabled.unwrap_or_default()),
        website_redirect_location: Some(head.website_redirect_location.unwrap_or_default()),
        object_lock_mode: head.object_lock_mode.map(|it| it.as_str().to_owned()),
        object_lock_retain_until_date: head.object_lock_retain_until_date.and_then(|it| as_stated(stated_until, it)),
        object_lock_legal_hold_status: head.object_lock_legal_hold_status.map(|it| it.as_str().to_owned()),
        force_destroy: applied.is_some_and(|applied| applied.force_destroy),
        tags: Tags::default(),
    }
}

/// A time as it was stated, where it is the same to the second.
fn as_stated(stated: Option<&str>, live: DateTime) -> Option<String> {
    let is_same = |stated: &&str| object::instant(stated).is_some_and(|stated| stated.secs() == live.secs());
    stated.filter(is_same).map(str::to_owned).or_else(|| timestamp(&live))
}
