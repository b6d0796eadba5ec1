//! The bucket that states lie in: where it is, what it lacks, how it is made.

use std::fmt;

use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration, ObjectOwnership};
use provision_core::driver::{Cause, CloudError, Place};
use provision_core::store::{NewTries, StoreError};

use super::failure::{failed, missing};
use super::objects::again;
use provision_core::rate::PARALLELISM;

use crate::cloud::Cloud;
use crate::error::{Op, Present};
use crate::service::s3::access::{self, PublicAccessBlockConfiguration};
use crate::service::s3::encryption::{
    ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
};
use crate::service::s3::settings::VersioningConfiguration;
use crate::service::s3::{Part, tags};

/// A bucket, found or missing.
pub struct Bucket {
    name: String,
    cloud: Cloud,
    exists: bool,
    tries: NewTries,
}

/// What a bucket for states is to have and has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// The bucket itself.
    Bucket,
    /// Everything public is blocked.
    PublicAccessBlock,
    /// ACLs are without effect.
    Ownership,
    /// Former versions are kept.
    Versioning,
    /// Objects are encrypted.
    Encryption,
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bucket => "make the bucket",
            Self::PublicAccessBlock => "block public access",
            Self::Ownership => "let its owner own all objects",
            Self::Versioning => "keep former versions of objects",
            Self::Encryption => "encrypt objects",
        })
    }
}

/// The header in which S3 tells a bucket's region, whatever else it answers.
const REGION: &str = "x-amz-bucket-region";

/// The region that is asked where none is configured: every region knows where a bucket is.
const ANY_REGION: &str = "us-east-1";

/// Marks the bucket for people and their bills.
const TAG: (&str, &str) = ("Purpose", "provision state");

const ENFORCED: &str = "BucketOwnerEnforced";

const BLOCK: PublicAccessBlockConfiguration = PublicAccessBlockConfiguration {
    block_public_acls: true,
    ignore_public_acls: true,
    block_public_policy: true,
    restrict_public_buckets: true,
};

impl Bucket {
    /// Looks for the bucket with the credentials that are found. `region` is where it would be
    /// made, and where it is asked for; left out, what is configured.
    ///
    /// # Errors
    /// When S3 does not answer.
    pub async fn find(name: &str, region: Option<&str>, tries: &NewTries) -> Result<Self, StoreError> {
        let mut cloud = Cloud::connect(region, None, PARALLELISM).await;
        if cloud.region().is_empty() {
            cloud = cloud.at(&place(ANY_REGION)).await;
        }
        let told = again(tries, || head(&cloud, name)).await;
        let told = told.map_err(|error| failed("find", &format!("`s3://{name}`"), name, error))?;
        let exists = told != Told::Missing;
        if let Told::In(region) = told {
            cloud = cloud.at(&place(&region)).await;
        }
        Ok(Self { name: name.to_owned(), cloud, exists, tries: tries.clone() })
    }

    /// The region it lies in, or would be made in.
    pub fn region(&self) -> &str {
        self.cloud.region()
    }

    /// The cloud in its region.
    pub(super) fn cloud(self) -> Result<Cloud, StoreError> {
        match self.exists {
            true => Ok(self.cloud),
            false => Err(StoreError::Io { what: format!("find `s3://{}`", self.name), message: missing(&self.name) }),
        }
    }

    /// What it is to have and has not.
    ///
    /// # Errors
    /// When S3 does not tell.
    pub async fn lacks(&self) -> Result<Vec<Lack>, StoreError> {
        use Lack::{Bucket, Encryption, Ownership, PublicAccessBlock, Versioning};
        if !self.exists {
            return Ok(vec![Bucket, PublicAccessBlock, Ownership, Versioning, Encryption]);
        }
        let mut lacks = Vec::new();
        for lack in [PublicAccessBlock, Ownership, Versioning, Encryption] {
            let has = again(&self.tries, || self.has(lack)).await;
            if !has.map_err(|error| failed("look at", &self.shown(), &self.name, error))? {
                lacks.push(lack);
            }
        }
        Ok(lacks)
    }

    /// Gives it what it lacks.
    ///
    /// # Errors
    /// When S3 refuses; what was done before stays, and the same again does the rest.
    pub async fn mend(&self, lacks: &[Lack]) -> Result<(), StoreError> {
        for &lack in lacks {
            let done = again(&self.tries, || self.give(lack)).await;
            done.map_err(|error| failed(&format!("{lack} of"), &self.shown(), &self.name, error))?;
        }
        Ok(())
    }

    fn shown(&self) -> String {
        format!("`s3://{}`", self.name)
    }

    async fn has(&self, lack: Lack) -> Result<bool, CloudError> {
        let (cloud, name) = (&self.cloud, self.name.as_str());
        Ok(match lack {
            Lack::Bucket => self.exists,
            Lack::PublicAccessBlock => PublicAccessBlockConfiguration::get(cloud, name).await? == Some(BLOCK),
            Lack::Ownership => access::object_ownership(cloud, name).await?.as_deref() == Some(ENFORCED),
            Lack::Versioning => {
                VersioningConfiguration::get(cloud, name).await?.is_some_and(|it| it.status == "Enabled")
            }
            Lack::Encryption => ServerSideEncryptionConfiguration::get(cloud, name).await?.is_some(),
        })
    }

    async fn give(&self, lack: Lack) -> Result<(), CloudError> {
        let (cloud, name) = (&self.cloud, self.name.as_str());
        match lack {
            Lack::Bucket => self.make().await,
            Lack::PublicAccessBlock => BLOCK.put(cloud, name).await,
            Lack::Ownership => access::put_object_ownership(cloud, name, ENFORCED).await,
            Lack::Versioning => VersioningConfiguration { status: "Enabled".to_owned() }.put(cloud, name).await,
            Lack::Encryption => encryption().put(cloud, name).await,
        }
    }

    /// Makes the bucket. One that is ours already will do: an earlier try may have made it.
    async fn make(&self) -> Result<(), CloudError> {
        let region = Some(self.cloud.region()).filter(|region| *region != ANY_REGION);
        let (key, value) = TAG;
        let tags = tags::sdk([(key.to_owned(), value.to_owned())]).op("s3:CreateBucket")?;
        let configuration = CreateBucketConfiguration::builder()
            .set_location_constraint(region.map(BucketLocationConstraint::from))
            .set_tags(Some(tags))
            .build();
        let call = self.cloud.s3().create_bucket().bucket(&self.name).create_bucket_configuration(configuration);
        let call = call.object_ownership(ObjectOwnership::BucketOwnerEnforced);
        match call.send().await.op("s3:CreateBucket") {
            Err(error) if error.code != "BucketAlreadyOwnedByYou" => Err(error),
            made => made.present().map(drop),
        }
    }
}

fn place(region: &str) -> Place {
    Place { region: Some(region.to_owned()), assume_role: None }
}

/// S3's own keys.
fn encryption() -> ServerSideEncryptionConfiguration {
    let algorithm = ServerSideEncryptionByDefault { sse_algorithm: "AES256".to_owned(), kms_master_key_id: None };
    ServerSideEncryptionConfiguration {
        rules: vec![ServerSideEncryptionRule {
            apply_server_side_encryption_by_default: Some(algorithm),
            bucket_key_enabled: None,
            blocked_encryption_types: None,
        }],
    }
}

/// What S3 tells of a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Told {
    /// Its region, though perhaps nothing else.
    In(String),
    /// That it is there.
    Somewhere,
    Missing,
}

/// Asks for the bucket. Even a refusal tells the region; that it is a refusal shows when the
/// bucket is used, with the action that is missing.
async fn head(cloud: &Cloud, name: &str) -> Result<Told, CloudError> {
    let answer = cloud.s3().head_bucket().bucket(name).send().await;
    let region = match &answer {
        Ok(answer) => answer.bucket_region.clone(),
        Err(error) => error.raw_response().and_then(|answer| answer.headers().get(REGION)).map(str::to_owned),
    };
    match (answer.op("s3:ListBucket"), region) {
        (Err(error), _) if error.cause == Cause::NotFound => Ok(Told::Missing),
        (_, Some(region)) => Ok(Told::In(region)),
        (Err(error), None) if error.request_id.is_empty() && error.code.is_empty() => Err(error),
        (Err(error), None) if error.is_retryable() => Err(error),
        _ => Ok(Told::Somewhere),
    }
}
