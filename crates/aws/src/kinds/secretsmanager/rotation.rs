//! `secretsmanager/rotation`: when a secret's value is changed, and by what.

use std::collections::BTreeMap;

use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput;
use aws_sdk_secretsmanager::operation::rotate_secret::builders::RotateSecretFluentBuilder;
use provision_core::driver::{Cause, CloudError, Id, Intent, Recovery};
use provision_core::rate::Rates;
use provision_core::schema::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::secret::Secret;
use crate::cloud::Cloud;
use crate::error::{Absent, Op, incomplete};
use crate::kind::{Kind, Live, Result, Update, Wanted};
use crate::query::Query;
use crate::read;
use crate::service::secretsmanager::{self, RotationRules};
use crate::service::{rates, timestamp};
use crate::types::Ref;

/// The rotation of a secret: a Lambda function that makes up another value, and when it does so.
/// It is this or the properties of the same names of `secretsmanager/secret`, not both.
///
/// See [RotateSecret](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// ARN or name of the secret.
    #[schemars(extend("x-replace" = true))]
    pub secret_id: Ref<Secret>,

    /// ARN of the Lambda function, which Secrets Manager must be allowed to invoke. Left out for
    /// secrets that another service of AWS manages and rotates by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotation_lambda_arn: Option<String>,

    /// When the value is rotated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotation_rules: Option<RotationRules>,

    /// Whether the value is also rotated as soon as rotation is set up or changed; `true` by AWS's
    /// default. Otherwise the function is only tested.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-write-only" = true))]
    pub rotate_immediately: Option<bool>,

    /// What a partner needs to rotate the value of a secret that it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_secret_rotation_metadata: Option<BTreeMap<String, String>>,

    /// ARN of the role by which a partner's value is rotated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_secret_rotation_role_arn: Option<String>,
}

/// What other resources may name.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The secret's ARN, which is the rotation's id.
    pub arn: String,
    /// By when the value is rotated next, ISO 8601.
    #[schemars(extend("x-volatile" = true))]
    pub next_rotation_date: Option<String>,
    /// When it was rotated last, ISO 8601.
    #[schemars(extend("x-volatile" = true))]
    pub last_rotated_date: Option<String>,
}

/// A rotation has no tags and no id of its own: an interrupted create is told by the version it
/// began and by what was asked for. One that somebody else set up just so cannot be told apart.
impl Kind for Rotation {
    const NAME: &'static str = "secretsmanager/rotation";
    const RECOVERY: Recovery = Recovery::Scan;
    const RATES: Rates = rates::SECRETS_MANAGER;
    const EARLY: &'static [&'static str] = &["id", "arn"];
    /// The permission to invoke the function may have been given a moment ago.
    const EVENTUAL: &'static [&'static str] = &["AccessDeniedException: cannot invoke the specified Lambda function"];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        self.rotation_rules.iter().filter_map(|rules| rules.check("rotation_rules")).collect()
    }

    /// RotateSecret takes the place of a rotation that is there, so the secret is asked first.
    async fn create(&self, cloud: &Cloud, intent: &Intent) -> Result<Id> {
        match rotated(cloud, self.secret_id.as_str()).await? {
            Some(secret) if began(&secret, intent) => secret.arn.map(Id).ok_or_else(|| incomplete(ROTATE, "ARN")),
            Some(_) => Err(taken(self.secret_id.as_str())),
            None => self.rotate(cloud, self.secret_id.as_str(), intent).await,
        }
    }

    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        let read = read::each(wanted, async |wanted| {
            let secret = rotated(cloud, wanted.id.as_str()).await?;
            Ok(secret.map(|secret| live(secret, wanted)))
        });
        read.await
    }

    /// RotateSecret takes all that is stated, and keeps what is not.
    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        self.rotate(cloud, update.id.as_str(), &update.intent).await.map(|_| ())
    }

    /// The secret stays, with the value it has. One that is deleted is not rotated any more.
    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        let call = cloud.secretsmanager().cancel_rotate_secret().secret_id(id.as_str());
        match call.send().await.op("secretsmanager:CancelRotateSecret").absent() {
            Err(error) if error.code == INVALID_REQUEST && rotated(cloud, id.as_str()).await?.is_none() => Ok(()),
            answer => answer.map(|_| ()),
        }
    }

    async fn recover(&self, cloud: &Cloud, intent: &Intent) -> Result<Vec<Id>> {
        let secret = rotated(cloud, self.secret_id.as_str()).await?;
        let ours = secret.filter(|secret| began(secret, intent) || self.is_as_asked(secret));
        Ok(ours.and_then(|secret| secret.arn).map(Id).into_iter().collect())
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        match by.text("secret_id").or_else(|| by.text("arn")) {
            Some(secret) => {
                let secret = rotated(cloud, &secret).await?;
                Ok(secret.and_then(|secret| secret.arn).map(Id).into_iter().collect())
            }
            None => Ok(secretsmanager::list(cloud, by).await?.into_iter().map(Id).collect()),
        }
    }
}

const ROTATE: &str = "secretsmanager:RotateSecret";

/// What Secrets Manager answers about a secret that is deleted or not rotated.
const INVALID_REQUEST: &str = "InvalidRequestException";

impl Rotation {
    /// The intent's token becomes the id of the version that the rotation begins, so that a
    /// repeated call begins no second one.
    async fn rotate(&self, cloud: &Cloud, secret: &str, intent: &Intent) -> Result<Id> {
        let call = self.stated(cloud.secretsmanager().rotate_secret());
        let answer = call.secret_id(secret).client_request_token(&intent.token).send().await.op(ROTATE)?;
        answer.arn.map(Id).ok_or_else(|| incomplete(ROTATE, "ARN"))
    }

    fn stated(&self, call: RotateSecretFluentBuilder) -> RotateSecretFluentBuilder {
        let metadata = self.external_secret_rotation_metadata.as_ref();
        call.set_rotation_lambda_arn(self.rotation_lambda_arn.clone())
            .set_rotation_rules(self.rotation_rules.as_ref().map(RotationRules::to_api))
            .set_rotate_immediately(self.rotate_immediately)
            .set_external_secret_rotation_metadata(metadata.map(secretsmanager::rotation_metadata))
            .set_external_secret_rotation_role_arn(self.external_secret_rotation_role_arn.clone())
    }

    fn is_as_asked(&self, secret: &DescribeSecretOutput) -> bool {
        let live = properties(secret.clone(), String::new());
        fits(&self.rotation_lambda_arn, &live.rotation_lambda_arn)
            && fits(&self.rotation_rules, &live.rotation_rules)
            && fits(&self.external_secret_rotation_metadata, &live.external_secret_rotation_metadata)
            && fits(&self.external_secret_rotation_role_arn, &live.external_secret_rotation_role_arn)
    }
}

fn fits<T: PartialEq>(stated: &Option<T>, live: &Option<T>) -> bool {
    stated.is_none() || stated == live
}

fn taken(secret: &str) -> CloudError {
    CloudError::new(Cause::Exists, ROTATE, format!("the secret `{secret}` is rotated already"))
}

/// The secret, if it is there and rotated.
async fn rotated(cloud: &Cloud, secret: &str) -> Result<Option<DescribeSecretOutput>> {
    let call = cloud.secretsmanager().describe_secret().secret_id(secret);
    let answer = call.send().await.op("secretsmanager:DescribeSecret").absent()?;
    Ok(answer.filter(|secret| secret.deleted_date.is_none() && secret.rotation_enabled == Some(true)))
}

/// Whether the intent's call began a version of the secret.
fn began(secret: &DescribeSecretOutput, intent: &Intent) -> bool {
    secret.version_ids_to_stages.as_ref().is_some_and(|versions| versions.contains_key(&intent.token))
}

fn live(secret: DescribeSecretOutput, wanted: &Wanted<Rotation>) -> Live<Rotation> {
    let arn = secret.arn.clone().unwrap_or_default();
    let stated = wanted.applied.as_ref().map(|applied| applied.secret_id.as_str());
    let is_its_name = |stated: &&str| secret.name.as_deref() == Some(*stated);
    let secret_id = stated.filter(is_its_name).unwrap_or(&arn).to_owned();
    let outputs = Outputs {
        arn,
        next_rotation_date: secret.next_rotation_date.as_ref().and_then(timestamp),
        last_rotated_date: secret.last_rotated_date.as_ref().and_then(timestamp),
    };
    Live::ready(properties(secret, secret_id), outputs)
}

fn properties(secret: DescribeSecretOutput, secret_id: String) -> Rotation {
    let metadata = secret.external_secret_rotation_metadata.unwrap_or_default().into_iter();
    Rotation {
        secret_id: secret_id.into(),
        rotation_lambda_arn: secret.rotation_lambda_arn,
        rotation_rules: secret.rotation_rules.map(RotationRules::from_api),
        rotate_immediately: None,
        external_secret_rotation_metadata: Some(metadata.filter_map(|item| Some((item.key?, item.value?))).collect()),
        external_secret_rotation_role_arn: secret.external_secret_rotation_role_arn,
    }
}
