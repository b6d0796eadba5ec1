//! One configuration, one HTTP client and one identity cache shared by every service client.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use async_trait::async_trait;
use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sts::config::Credentials;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use provision_core::driver::{Cause, CloudError, Driver, Identity, Place, Provider};
use tokio::sync::OnceCell;

use crate::batch::Batch;
use crate::error::Op;
use crate::kinds;
use crate::types::Tags;

/// The AWS account and region the credentials point at.
///
/// Credentials, region, profile and endpoints come from where the AWS SDK and CLI
/// take them. The SDK's own retries are off: whether a call may be sent again is
/// the engine's decision, which knows what is journalled.
pub struct Cloud {
    config: SdkConfig,
    calls: Calls,
    identity: OnceCell<Identity>,
    tags: Batch<Tags>,
    clients: Clients,
}

/// How often each operation was called, such as `("ec2:DescribeVpcs", 1)`.
type Calls = Arc<Mutex<BTreeMap<String, u64>>>;

/// Counts the calls of one service.
#[derive(Debug)]
struct Counter {
    /// The service as IAM names it.
    service: &'static str,
    calls: Calls,
}

#[dyn_dispatch_hint]
impl Intercept for Counter {
    fn name(&self) -> &'static str {
        "Counter"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(metadata) = bag.load::<Metadata>() {
            let operation = format!("{}:{}", self.service, metadata.name());
            let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
            *calls.entry(operation).or_default() += 1;
        }
        Ok(())
    }
}

/// A client is named as IAM names the service in actions.
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
                        let config = $sdk::config::Builder::from(&self.config).interceptor(self.counter(stringify!($name)));
                        $sdk::Client::from_conf(adjust(config, &self.config).build())
                    })
                }
            )*
        }
    };
}

clients! {
    /// Amazon EC2 and VPC.
    ec2: aws_sdk_ec2, |config, _| config;
    /// Amazon ECR.
    ecr: aws_sdk_ecr, |config, _| config;
    /// AWS IAM.
    iam: aws_sdk_iam, |config, _| config;
    /// AWS KMS.
    kms: aws_sdk_kms, |config, _| config;
    /// Amazon CloudWatch Logs.
    logs: aws_sdk_cloudwatchlogs, |config, _| config;
    /// Amazon S3. A custom endpoint rarely resolves `bucket.host`, so it is addressed by path.
    s3: aws_sdk_s3, |config, shared| config.force_path_style(shared.endpoint_url().is_some());
    /// AWS Secrets Manager.
    secretsmanager: aws_sdk_secretsmanager, |config, _| config;
    /// AWS Systems Manager.
    ssm: aws_sdk_ssm, |config, _| config;
    /// AWS STS.
    sts: aws_sdk_sts, |config, _| config;
    /// The Resource Groups Tagging API.
    tag: aws_sdk_resourcegroupstagging, |config, _| config;
}

impl Cloud {
    /// Reads the configuration as the AWS CLI would; `region` goes before what is found there.
    pub async fn connect(region: Option<&str>) -> Self {
        let mut loader = aws_config::defaults(BehaviorVersion::latest()).retry_config(RetryConfig::disabled());
        if let Some(region) = region {
            loader = loader.region(Region::new(region.to_owned()));
        }
        Self::new(loader.load().await)
    }

    /// A local AWS at `endpoint`, which takes any credentials.
    pub async fn local(endpoint: &str, region: &str) -> Self {
        let loader = aws_config::defaults(BehaviorVersion::latest()).retry_config(RetryConfig::disabled());
        let credentials = Credentials::new("test", "test", None, None, "local");
        let loader = loader.endpoint_url(endpoint).credentials_provider(credentials);
        Self::new(loader.region(Region::new(region.to_owned())).load().await)
    }

    fn new(config: SdkConfig) -> Self {
        Self {
            config,
            calls: Calls::default(),
            identity: OnceCell::new(),
            tags: Batch::default(),
            clients: Clients::default(),
        }
    }

    fn counter(&self, service: &'static str) -> Counter {
        Counter { service, calls: Arc::clone(&self.calls) }
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
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Who we are, asked once.
    ///
    /// # Errors
    /// When STS does not answer or the credentials are refused.
    pub async fn identity(&self) -> Result<&Identity, CloudError> {
        self.identity.get_or_try_init(|| self.ask_identity()).await
    }

    async fn ask_identity(&self) -> Result<Identity, CloudError> {
        let answer = self.sts().get_caller_identity().send().await.op("sts:GetCallerIdentity")?;
        Ok(Identity {
            account_id: answer.account.unwrap_or_default(),
            partition: self.partition().to_owned(),
            arn: answer.arn.unwrap_or_default(),
        })
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

/// [`Cloud`] as the engine sees it.
pub struct Aws {
    cloud: Arc<Cloud>,
}

impl Aws {
    /// A provider of every kind in the registry.
    pub fn new(cloud: Arc<Cloud>) -> Self {
        Self { cloud }
    }
}

#[async_trait]
impl Provider for Aws {
    async fn driver(&self, kind: &str, _place: &Place) -> Result<Option<Arc<dyn Driver>>, CloudError> {
        Ok(kinds::driver(kind, &self.cloud))
    }

    async fn identity(&self, _place: &Place) -> Result<Identity, CloudError> {
        if self.cloud.region().is_empty() {
            let message = "no region is set: add `region:` to the spec, or set AWS_REGION or a profile";
            return Err(CloudError::new(Cause::Credentials, "sts:GetCallerIdentity", message));
        }
        self.cloud.identity().await.cloned()
    }

    async fn zones(&self, _place: &Place) -> Result<Vec<String>, CloudError> {
        crate::service::ec2::zones(&self.cloud).await
    }

    async fn secret_value(&self, _arn: &str, _place: &Place) -> Result<String, CloudError> {
        Err(CloudError::new(Cause::Invalid, "secretsmanager:GetSecretValue", "secrets cannot be read yet"))
    }
}
