//! One configuration, one HTTP client and one identity cache shared by every service client.

mod calls;
mod in_flight;
mod places;
mod secret_value;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use aws_config::retry::RetryConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_sdk_sts::config::{Credentials, SharedCredentialsProvider};
use provision_core::driver::{AssumeRole, CloudError, Identity, Place};
use provision_core::rate::PARALLELISM;
use tokio::sync::OnceCell;

use crate::batch::Batch;
use crate::error::{ASSUME_ROLE, Op};
use crate::types::Tags;

use calls::Calls;
pub use places::Aws;

/// The AWS account and region the credentials point at.
///
/// Credentials, region, profile and endpoints come from where the AWS SDK and CLI
/// take them. The SDK's own retries are off: whether a call may be sent again is
/// the engine's decision, which knows what is journalled.
pub struct Cloud {
    /// As found, with the credentials that roles are assumed with.
    found: SdkConfig,
    config: SdkConfig,
    role: Option<AssumeRole>,
    calls: Calls,
    identity: OnceCell<Identity>,
    tags: Batch<Tags>,
    clients: Clients,
}

/// A client is named as IAM names the service in actions, with `_` for `-`.
macro_rules! clients {
    ($($(#[$doc:meta])* $name:ident: $sdk:ident, $adjust:expr;)*) => {
        #[derive(Default)]
        struct Clients {
            $($name: OnceLock<$sdk::Client>,)*
        }

        impl Cloud {
            $(
                $(#[$doc])*
                pub fn $name(&self) -> &$sdk::Client {
                    self.clients.$name.get_or_init(|| {
                        let adjust: fn($sdk::config::Builder, &SdkConfig) -> $sdk::config::Builder = $adjust;
                        let config = $sdk::config::Builder::from(&self.config).interceptor(self.calls.counter(stringify!($name)));
                        $sdk::Client::from_conf(adjust(config, &self.config).build())
                    })
                }
            )*
        }
    };
}

clients! {
    /// AWS Certificate Manager.
    acm: aws_sdk_acm, |config, _| config;
    /// AWS Amplify Hosting.
    amplify: aws_sdk_amplify, |config, _| config;
    /// Application Auto Scaling.
    application_autoscaling: aws_sdk_applicationautoscaling, |config, _| config;
    /// AWS Budgets.
    budgets: aws_sdk_budgets, |config, _| config;
    /// Amazon CloudWatch.
    cloudwatch: aws_sdk_cloudwatch, |config, _| config;
    /// Amazon DynamoDB.
    dynamodb: aws_sdk_dynamodb, |config, _| config;
    /// Amazon EC2 and VPC.
    ec2: aws_sdk_ec2, |config, _| config;
    /// Amazon ECR.
    ecr: aws_sdk_ecr, |config, _| config;
    /// Amazon ECS.
    ecs: aws_sdk_ecs, |config, _| config;
    /// Elastic Load Balancing, its application, network and gateway load balancers.
    elasticloadbalancing: aws_sdk_elasticloadbalancingv2, |config, _| config;
    /// AWS IAM.
    iam: aws_sdk_iam, |config, _| config;
    /// AWS KMS.
    kms: aws_sdk_kms, |config, _| config;
    /// Amazon CloudWatch Logs.
    logs: aws_sdk_cloudwatchlogs, |config, _| config;
    /// Amazon Route 53.
    route53: aws_sdk_route53, |config, _| config;
    /// Amazon S3. A custom endpoint rarely resolves `bucket.host`, so it is addressed by path.
    s3: aws_sdk_s3, |config, shared| config.force_path_style(shared.endpoint_url().is_some());
    /// AWS Secrets Manager.
    secretsmanager: aws_sdk_secretsmanager, |config, _| config;
    /// Amazon SNS.
    sns: aws_sdk_sns, |config, _| config;
    /// Amazon SQS.
    sqs: aws_sdk_sqs, |config, _| config;
    /// AWS Systems Manager.
    ssm: aws_sdk_ssm, |config, _| config;
    /// AWS STS.
    sts: aws_sdk_sts, |config, _| config;
    /// The Resource Groups Tagging API.
    tag: aws_sdk_resourcegroupstagging, |config, _| config;
    /// AWS WAF.
    wafv2: aws_sdk_wafv2, |config, _| config;
}

impl Cloud {
    /// Reads the configuration as the AWS CLI would; `region` goes before what is found there.
    /// What is found there assumes the role, if there is one. No more than `at_once` calls are
    /// in flight at any time, those in other places included.
    pub async fn connect(region: Option<&str>, assume_role: Option<&AssumeRole>, at_once: usize) -> Self {
        let mut loader = loader(at_once);
        if let Some(region) = region {
            loader = loader.region(Region::new(region.to_owned()));
        }
        let found = Self::new(loader.load().await);
        match assume_role {
            Some(role) => found.at(&Place { region: None, assume_role: Some(role.clone()) }).await,
            None => found,
        }
    }

    /// A local AWS at `endpoint`, which takes any credentials.
    pub async fn local(endpoint: &str, region: &str) -> Self {
        Self::local_at_most(endpoint, region, PARALLELISM).await
    }

    async fn local_at_most(endpoint: &str, region: &str, at_once: usize) -> Self {
        let credentials = Credentials::new("test", "test", None, None, "local");
        let loader = loader(at_once).endpoint_url(endpoint).credentials_provider(credentials);
        Self::new(loader.region(Region::new(region.to_owned())).load().await)
    }

    fn new(found: SdkConfig) -> Self {
        Self {
            config: found.clone(),
            found,
            role: None,
            calls: Calls::default(),
            identity: OnceCell::new(),
            tags: Batch::default(),
            clients: Clients::default(),
        }
    }

    /// The cloud in another place. It shares HTTP client, identity cache, endpoints and the
    /// number of calls. A role is assumed with the credentials that were found, not with those
    /// of this cloud's own role.
    pub(crate) async fn at(&self, place: &Place) -> Self {
        let config = match &place.assume_role {
            Some(role) => assuming(&self.found, role).await,
            None => self.config.clone(),
        };
        let region = place.region.clone().map(Region::new).or_else(|| self.config.region().cloned());
        Self {
            config: config.into_builder().region(region).build(),
            role: place.assume_role.clone().or_else(|| self.role.clone()),
            calls: self.calls.clone(),
            ..Self::new(self.found.clone())
        }
    }

    /// The tags that reads going on at the same time ask for, by ARN.
    pub(crate) fn tags(&self) -> &Batch<Tags> {
        &self.tags
    }

    /// The region, such as `us-east-1`; empty when none is configured.
    pub fn region(&self) -> &str {
        self.config.region().map_or("", Region::as_ref)
    }

    /// How often each operation was called so far, such as `ec2:DescribeVpcs`.
    pub fn calls(&self) -> BTreeMap<String, u64> {
        self.calls.counts()
    }

    /// Who we are, asked once.
    ///
    /// # Errors
    /// When STS does not answer, or refuses the credentials or the role.
    pub async fn identity(&self) -> Result<&Identity, CloudError> {
        self.identity.get_or_try_init(|| self.ask_identity()).await
    }

    async fn ask_identity(&self) -> Result<Identity, CloudError> {
        let answer = self.sts().get_caller_identity().send().await.op("sts:GetCallerIdentity");
        let answer = answer.map_err(|error| self.explained(error))?;
        Ok(Identity {
            account_id: answer.account.unwrap_or_default(),
            partition: self.partition().to_owned(),
            arn: answer.arn.unwrap_or_default(),
        })
    }

    /// Says which role it is that cannot be assumed, and what it takes.
    fn explained(&self, error: CloudError) -> CloudError {
        let Some(role) = self.role.as_ref().filter(|_| error.operation == ASSUME_ROLE) else { return error };
        let message = format!(
            "the role `{}` cannot be assumed: {}; its trust policy must let in the credentials in use, with the \
             `external_id` if it asks for one, and a policy of theirs must allow `{ASSUME_ROLE}` on it",
            role.role_arn, error.message
        );
        CloudError { message, ..error }
    }

    /// Our account, as an ARN recorded earlier tells; STS is asked only where there is none.
    ///
    /// # Errors
    /// As [`identity`](Self::identity).
    pub async fn account(&self, recorded: Option<&str>) -> Result<String, CloudError> {
        match recorded.and_then(|arn| arn.split(':').nth(4)).filter(|account| !account.is_empty()) {
            Some(account) => Ok(account.to_owned()),
            None => Ok(self.identity().await?.account_id.clone()),
        }
    }

    /// The partition the region lies in, by the prefixes AWS gives region names.
    pub fn partition(&self) -> &'static str {
        match self.region().split('-').next() {
            Some("cn") => "aws-cn",
            Some("us") if self.region().starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        }
    }

    /// The ARN of `resource` in `service`, in our partition and region and the account `account`.
    pub fn arn(&self, service: &str, account: &str, resource: &str) -> String {
        format!("arn:{}:{service}:{}:{account}:{resource}", self.partition(), self.region())
    }
}

/// What every configuration begins with.
fn loader(at_once: usize) -> ConfigLoader {
    let loader = aws_config::defaults(BehaviorVersion::latest()).retry_config(RetryConfig::disabled());
    match in_flight::client(at_once) {
        Some(client) => loader.http_client(client),
        None => loader,
    }
}

/// Names the sessions in AWS's logs where a role is assumed without a name for them.
const SESSION_NAME: &str = "provision";

/// `found` with the credentials of a role, which the SDK fetches when they are first used
/// and again before they expire.
async fn assuming(found: &SdkConfig, role: &AssumeRole) -> SdkConfig {
    let name = role.role_session_name.as_deref().unwrap_or(SESSION_NAME);
    let provider = AssumeRoleProvider::builder(&role.role_arn).session_name(name).configure(found);
    let provider = match &role.external_id {
        Some(id) => provider.external_id(id),
        None => provider,
    };
    let credentials = SharedCredentialsProvider::new(provider.build().await);
    found.to_builder().credentials_provider(credentials).build()
}
