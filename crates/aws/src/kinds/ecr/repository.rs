//! `ecr/repository`: a private registry's place for the images of one name.

use std::collections::BTreeSet;

use aws_sdk_ecr::types::{
    self, EncryptionType, ImageTagMutability, ImageTagMutabilityExclusionFilter, ImageTagMutabilityExclusionFilterType,
    Tag,
};
use aws_smithy_types::error::operation::BuildError;
use provision_core::driver::{Id, Intent, Recovery};
use provision_core::schema::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::error::{Absent, Op, incomplete};
use crate::kind::{Kind, Live, Result, Update, Wanted};
use crate::query::Query;
use crate::read::{self, Reading};
use crate::service::tagging::{self, Named, Tagged};
use crate::types::{Document, INTENT_TAG, PolicyDocument, Tags};

/// How many names one DescribeRepositories takes.
const NAMES: usize = 100;

/// A private registry's place for the images of one name.
///
/// See [CreateRepository](https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Repository {
    /// Name, unique in the account and region, such as `shop/api`: 2 to 256 lower-case
    /// letters, digits and `.`, `_`, `-`, `/`.
    #[schemars(extend("x-replace" = true))]
    pub repository_name: String,

    /// Whether a tag can be moved to another image.
    #[serde(default = "mutable")]
    #[schemars(extend("enum" = ["MUTABLE", "IMMUTABLE", "MUTABLE_WITH_EXCLUSION", "IMMUTABLE_WITH_EXCLUSION"]))]
    pub image_tag_mutability: String,

    /// The tags that `…_WITH_EXCLUSION` excepts; up to 5.
    #[serde(default)]
    pub image_tag_mutability_exclusion_filters: BTreeSet<ExclusionFilter>,

    /// When images are scanned for known weaknesses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_scanning_configuration: Option<ImageScanningConfiguration>,

    /// How images are encrypted; AWS's default is `AES256`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub encryption_configuration: Option<EncryptionConfiguration>,

    /// When images expire, in the form of a
    /// [lifecycle policy](https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html);
    /// an empty one (`{}`) removes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifecycle_policy_text: Option<Document>,

    /// The repository policy: who beside the account's own principals may pull and push.
    /// An empty one (`{}`) removes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_text: Option<PolicyDocument>,

    /// Whether deletion takes the images along. Without it a repository with images is
    /// not deleted.
    #[serde(default)]
    #[schemars(extend("x-write-only" = true))]
    pub force_delete: bool,

    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

fn mutable() -> String {
    "MUTABLE".to_owned()
}

/// Which tags are excepted from the rule for all others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExclusionFilter {
    /// What `filter` is.
    #[schemars(extend("enum" = ["WILDCARD"]))]
    pub filter_type: String,
    /// Such as `dev-*`: up to 128 characters, of them two `*`.
    pub filter: String,
}

/// When images are scanned for known weaknesses.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImageScanningConfiguration {
    /// Whether on every push. The registry's own scanning rules go first where it has any.
    pub scan_on_push: bool,
}

/// How images are encrypted.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EncryptionConfiguration {
    /// `AES256` is S3's own; `KMS` and `KMS_DSSE` (two layers) use a KMS key.
    #[schemars(extend("enum" = ["AES256", "KMS", "KMS_DSSE"]))]
    pub encryption_type: String,
    /// ARN of the KMS key; left out, the AWS-managed key `aws/ecr`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_key: Option<String>,
}

/// What other resources may name.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The repository's ARN.
    pub arn: String,
    /// The account whose registry it is in.
    pub registry_id: String,
    /// What images are pulled from: `<account>.dkr.ecr.<region>.amazonaws.com/<name>`.
    pub repository_uri: String,
}

impl Kind for Repository {
    const NAME: &'static str = "ecr/repository";
    const RECOVERY: Recovery = Recovery::NaturalKey;
    const BATCH: Option<u32> = Some(100);
    const READING: Reading = Reading::TAGGED_BATCH;
    const EARLY: &'static [&'static str] = &["id", "arn", "registry_id", "repository_name", "repository_uri"];
    /// A policy's principals may have been made a moment ago.
    const EVENTUAL: &'static [&'static str] = &["InvalidParameterException: Invalid repository policy provided"];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        let is_excepting = self.image_tag_mutability.ends_with("_WITH_EXCLUSION");
        if is_excepting != self.image_tag_mutability_exclusion_filters.is_empty() {
            return Vec::new();
        }
        let message = "`image_tag_mutability` ends in `_WITH_EXCLUSION` exactly when there are exclusion filters";
        vec![FieldError {
            path: vec!["image_tag_mutability_exclusion_filters".to_owned()],
            message: message.to_owned(),
        }]
    }

    async fn create(&self, cloud: &Cloud, intent: &Intent) -> Result<Id> {
        let tags = sdk_tags(self.tags.with_intent(intent)).op("ecr:CreateRepository")?;
        let call = cloud
            .ecr()
            .create_repository()
            .repository_name(&self.repository_name)
            .image_tag_mutability(ImageTagMutability::from(self.image_tag_mutability.as_str()))
            .set_image_tag_mutability_exclusion_filters(self.exclusion_filters().op("ecr:CreateRepository")?)
            .set_image_scanning_configuration(self.image_scanning_configuration.as_ref().map(Into::into))
            .set_encryption_configuration(self.encryption().op("ecr:CreateRepository")?)
            .set_tags(Some(tags));
        let repository = call.send().await.op("ecr:CreateRepository")?.repository;
        let name = repository.and_then(|repository| repository.repository_name);
        name.map(Id).ok_or_else(|| incomplete("ecr:CreateRepository", "repository name"))
    }

    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        tagging::with_tags(cloud, wanted, read_untagged(cloud, wanted)).await
    }

    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        self.update_mutability(cloud, update).await?;
        self.update_scanning(cloud, update).await?;
        self.update_lifecycle_policy(cloud, update).await?;
        self.update_policy(cloud, update).await?;
        self.update_tags(cloud, update).await
    }

    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        let call = cloud.ecr().delete_repository().repository_name(id.as_str()).force(self.force_delete);
        call.send().await.op("ecr:DeleteRepository").absent()?;
        Ok(())
    }

    async fn recover(&self, cloud: &Cloud, intent: &Intent) -> Result<Vec<Id>> {
        let call = cloud.ecr().describe_repositories().repository_names(&self.repository_name);
        let answer = call.send().await.op("ecr:DescribeRepositories").absent()?;
        let arn = answer.and_then(|answer| answer.repositories).into_iter().flatten().find_map(|it| it.repository_arn);
        let Some(arn) = arn else {
            return Ok(Vec::new());
        };
        let is_intents = |tag: Tag| tag.key == INTENT_TAG && tag.value == intent.token;
        let is_ours = tags(cloud, &arn).await?.into_iter().flatten().any(is_intents);
        Ok(is_ours.then(|| Id(self.repository_name.clone())).into_iter().collect())
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        let list = async {
            let all = describe_all(cloud).await?;
            Ok(all.into_iter().filter_map(|repository| repository.repository_name).collect())
        };
        tagging::find(cloud, by, &NAMED, list).await
    }
}

const NAMED: Named = Named { field: "repository_name", arn_prefix: "repository/", resource_type: "ecr:repository" };

impl Tagged for Repository {
    tagging::fields!();

    async fn list_tags(cloud: &Cloud, _: &Id, arn: &str) -> Result<Option<Tags>> {
        let tags = tags(cloud, arn).await?;
        Ok(tags.map(|tags| Tags::from_live(tags.into_iter().map(|tag| (tag.key, tag.value)))))
    }
}

impl Repository {
    fn exclusion_filters(&self) -> Result<Option<Vec<ImageTagMutabilityExclusionFilter>>, BuildError> {
        let filters = self.image_tag_mutability_exclusion_filters.iter().map(|filter| {
            ImageTagMutabilityExclusionFilter::builder()
                .filter_type(ImageTagMutabilityExclusionFilterType::from(filter.filter_type.as_str()))
                .filter(&filter.filter)
                .build()
        });
        let filters: Vec<_> = filters.collect::<Result<_, _>>()?;
        Ok(Some(filters).filter(|filters| !filters.is_empty()))
    }

    fn encryption(&self) -> Result<Option<types::EncryptionConfiguration>, BuildError> {
        let encryption = self.encryption_configuration.as_ref().map(|encryption| {
            types::EncryptionConfiguration::builder()
                .encryption_type(EncryptionType::from(encryption.encryption_type.as_str()))
                .set_kms_key(encryption.kms_key.clone())
                .build()
        });
        encryption.transpose()
    }

    /// The filters go with the mutability, in one call.
    async fn update_mutability(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if !update.has("image_tag_mutability") && !update.has("image_tag_mutability_exclusion_filters") {
            return Ok(());
        }
        let call = cloud
            .ecr()
            .put_image_tag_mutability()
            .repository_name(update.id.as_str())
            .image_tag_mutability(ImageTagMutability::from(self.image_tag_mutability.as_str()))
            .set_image_tag_mutability_exclusion_filters(self.exclusion_filters().op("ecr:PutImageTagMutability")?);
        call.send().await.op("ecr:PutImageTagMutability")?;
        Ok(())
    }

    async fn update_scanning(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if let (true, Some(scanning)) = (update.has("image_scanning_configuration"), &self.image_scanning_configuration)
        {
            let call = cloud.ecr().put_image_scanning_configuration().repository_name(update.id.as_str());
            let call = call.image_scanning_configuration(scanning.into());
            call.send().await.op("ecr:PutImageScanningConfiguration")?;
        }
        Ok(())
    }

    async fn update_lifecycle_policy(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let name = update.id.as_str();
        match self.lifecycle_policy_text.as_ref().filter(|_| update.has("lifecycle_policy_text")) {
            None => {}
            Some(policy) if policy.is_empty() => {
                let call = cloud.ecr().delete_lifecycle_policy().repository_name(name);
                call.send().await.op("ecr:DeleteLifecyclePolicy").absent()?;
            }
            Some(policy) => {
                let call = cloud.ecr().put_lifecycle_policy().repository_name(name);
                call.lifecycle_policy_text(policy.to_text()).send().await.op("ecr:PutLifecyclePolicy")?;
            }
        }
        Ok(())
    }

    async fn update_policy(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        let name = update.id.as_str();
        match self.policy_text.as_ref().filter(|_| update.has("policy_text")) {
            None => {}
            Some(policy) if policy.is_empty() => {
                let call = cloud.ecr().delete_repository_policy().repository_name(name);
                call.send().await.op("ecr:DeleteRepositoryPolicy").absent()?;
            }
            Some(policy) => {
                let call = cloud.ecr().set_repository_policy().repository_name(name);
                call.policy_text(policy.to_text()).send().await.op("ecr:SetRepositoryPolicy")?;
            }
        }
        Ok(())
    }

    async fn update_tags(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        if !update.has("tags") {
            return Ok(());
        }
        let identity = cloud.identity().await?;
        let arn = cloud.arn("ecr", &identity.account_id, &format!("repository/{}", update.id));
        let changes = self.tags.changes_from(&update.live.tags);
        if !changes.set.is_empty() {
            let tags = sdk_tags(changes.set).op("ecr:TagResource")?;
            cloud.ecr().tag_resource().resource_arn(&arn).set_tags(Some(tags)).send().await.op("ecr:TagResource")?;
        }
        if !changes.remove.is_empty() {
            let call = cloud.ecr().untag_resource().resource_arn(&arn).set_tag_keys(Some(changes.remove));
            call.send().await.op("ecr:UntagResource")?;
        }
        Ok(())
    }
}

impl From<&ImageScanningConfiguration> for types::ImageScanningConfiguration {
    fn from(scanning: &ImageScanningConfiguration) -> Self {
        Self::builder().scan_on_push(scanning.scan_on_push).build()
    }
}

fn sdk_tags(tags: impl IntoIterator<Item = (String, String)>) -> Result<Vec<Tag>, BuildError> {
    tags.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// The repositories of these names. One absent name fails the whole call; then the
/// registry is listed instead, a thousand repositories to the page.
async fn describe(cloud: &Cloud, names: &[String]) -> Result<Vec<types::Repository>> {
    let call = cloud.ecr().describe_repositories().set_repository_names(Some(names.to_vec()));
    match call.send().await.op("ecr:DescribeRepositories").absent()? {
        Some(answer) => Ok(answer.repositories.unwrap_or_default()),
        None if names.len() == 1 => Ok(Vec::new()),
        None => describe_all(cloud).await,
    }
}

async fn describe_all(cloud: &Cloud) -> Result<Vec<types::Repository>> {
    let pages = cloud.ecr().describe_repositories().max_results(1000).into_paginator().items().send();
    pages.collect::<std::result::Result<_, _>>().await.op("ecr:DescribeRepositories")
}

async fn tags(cloud: &Cloud, arn: &str) -> Result<Option<Vec<Tag>>> {
    let call = cloud.ecr().list_tags_for_resource().resource_arn(arn);
    let answer = call.send().await.op("ecr:ListTagsForResource").absent()?;
    Ok(answer.map(|answer| answer.tags.unwrap_or_default()))
}

async fn lifecycle_policy(cloud: &Cloud, wanted: &Wanted<Repository>) -> Result<Option<Document>> {
    if !wanted.manages(|repository| &repository.lifecycle_policy_text) {
        return Ok(None);
    }
    let call = cloud.ecr().get_lifecycle_policy().repository_name(wanted.id.as_str());
    let answer = call.send().await.op("ecr:GetLifecyclePolicy").absent()?;
    Ok(answer.and_then(|answer| answer.lifecycle_policy_text).map(|text| Document::from_live(&text)))
}

async fn policy(cloud: &Cloud, wanted: &Wanted<Repository>) -> Result<Option<PolicyDocument>> {
    if !wanted.manages(|repository| &repository.policy_text) {
        return Ok(None);
    }
    let call = cloud.ecr().get_repository_policy().repository_name(wanted.id.as_str());
    let answer = call.send().await.op("ecr:GetRepositoryPolicy").absent()?;
    Ok(answer.and_then(|answer| answer.policy_text).map(|text| PolicyDocument::from_live(&text)))
}

async fn read_untagged(cloud: &Cloud, wanted: &[Wanted<Repository>]) -> Result<Vec<Option<Live<Repository>>>> {
    let names = read::ids(wanted);
    let mut found = read::chunked(&names, NAMES, |names| describe(cloud, names)).await?;
    found.retain(|repository| repository.repository_name.as_ref().is_some_and(|name| names.contains(name)));
    let live = read::each(&found, |repository| live(cloud, wanted, repository)).await?;
    Ok(read::in_order(wanted, live.into_iter().flatten()))
}

async fn live(
    cloud: &Cloud,
    wanted: &[Wanted<Repository>],
    repository: &types::Repository,
) -> Result<Option<(Id, Live<Repository>)>> {
    let name = repository.repository_name.clone().unwrap_or_default();
    let arn = repository.repository_arn.clone().unwrap_or_default();
    let Some(wanted) = wanted.iter().find(|wanted| wanted.id.as_str() == name) else {
        return Ok(None);
    };
    let (lifecycle_policy_text, policy_text) =
        futures::try_join!(lifecycle_policy(cloud, wanted), policy(cloud, wanted))?;
    let spec = Repository {
        force_delete: wanted.applied.as_ref().is_some_and(|applied| applied.force_delete),
        lifecycle_policy_text,
        policy_text,
        ..described(repository)
    };
    let outputs = Outputs {
        arn,
        registry_id: repository.registry_id.clone().unwrap_or_default(),
        repository_uri: repository.repository_uri.clone().unwrap_or_default(),
    };
    Ok(Some((wanted.id.clone(), Live::ready(spec, outputs))))
}

/// What DescribeRepositories tells; the rest has calls of its own.
fn described(repository: &types::Repository) -> Repository {
    let filters = repository.image_tag_mutability_exclusion_filters.iter().flatten();
    let scanning = repository.image_scanning_configuration.as_ref();
    let encryption = repository.encryption_configuration.as_ref();
    Repository {
        repository_name: repository.repository_name.clone().unwrap_or_default(),
        image_tag_mutability: repository
            .image_tag_mutability
            .as_ref()
            .map_or_else(mutable, |it| it.as_str().to_owned()),
        image_tag_mutability_exclusion_filters: filters
            .map(|filter| ExclusionFilter {
                filter_type: filter.filter_type.as_str().to_owned(),
                filter: filter.filter.clone(),
            })
            .collect(),
        image_scanning_configuration: scanning
            .map(|scanning| ImageScanningConfiguration { scan_on_push: scanning.scan_on_push }),
        encryption_configuration: encryption.map(|encryption| EncryptionConfiguration {
            encryption_type: encryption.encryption_type.as_str().to_owned(),
            kms_key: encryption.kms_key.clone(),
        }),
        lifecycle_policy_text: None,
        policy_text: None,
        force_delete: false,
        tags: Tags::default(),
    }
}
