//! How often AWS lets calls be made, by service: what it publishes, for each API, account and
//! region by itself.
//!
//! A kind has one rate for each of its operations, that of the narrowest call the operation makes
//! as a rule. A quota of so many a second, without a word on bursts, is a burst of one second.
//!
//! # What is not published
//! - IAM: [its quotas](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html) count
//!   resources, never calls.
//! - SQS: [its quotas](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-quotas.html)
//!   are of messages, not of calls for queues.
//! - S3: [its rates](https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html) are of
//!   objects under one prefix, not of calls for buckets.
//! - ECR: [its quotas](https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html) are of calls
//!   for images, not of those for repositories.
//!
//! Their kinds have none: such calls are made as often as they come, until AWS throttles one.

use provision_core::rate::{Rate, Rates};

/// A quota of so many calls a second.
const fn a_second(calls: f64) -> Option<Rate> {
    Some(Rate::new(calls, calls))
}

/// EC2: [request throttling](https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html).
pub(crate) mod ec2 {
    use super::{Rate, Rates};

    /// Calls that change something.
    pub(crate) const MUTATING: Rate = Rate::new(50.0, 5.0);
    /// Describe calls with filters, ids or pages, as all reads are.
    const DESCRIBE: Rate = Rate::new(100.0, 20.0);

    /// Most kinds.
    pub(crate) const RATES: Rates = changing_at(MUTATING);
    /// NAT gateways: CreateNatGateway, DeleteNatGateway and the calls for their addresses are
    /// among the exceptions.
    pub(crate) const NAT_GATEWAY: Rates = changing_at(Rate::new(10.0, 1.0));
    /// VPC endpoints: CreateVpcEndpoint, ModifyVpcEndpoint and DeleteVpcEndpoints are among the
    /// exceptions.
    pub(crate) const VPC_ENDPOINT: Rates = changing_at(Rate::new(4.0, 0.3));

    const fn changing_at(rate: Rate) -> Rates {
        Rates { create: Some(rate), read: Some(DESCRIBE), update: Some(rate), delete: Some(rate) }
    }
}

/// KMS: [request quotas](https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html).
pub(crate) mod kms {
    use super::{Rates, a_second};

    /// Keys: CreateKey; GetKeyPolicy and GetKeyRotationStatus, half of what DescribeKey is allowed;
    /// UpdateKeyDescription and UntagResource; ScheduleKeyDeletion.
    pub(crate) const KEY: Rates =
        Rates { create: a_second(5.0), read: a_second(1000.0), update: a_second(5.0), delete: a_second(15.0) };
    /// Aliases: CreateAlias, ListAliases, UpdateAlias, DeleteAlias.
    pub(crate) const ALIAS: Rates =
        Rates { create: a_second(5.0), read: a_second(500.0), update: a_second(5.0), delete: a_second(15.0) };
}

/// CloudWatch Logs: CreateLogGroup, DescribeLogGroups, PutRetentionPolicy (and all else that changes
/// a group), DeleteLogGroup in
/// [its quotas](https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html).
pub(crate) const LOGS: Rates =
    Rates { create: a_second(10.0), read: a_second(10.0), update: a_second(5.0), delete: a_second(10.0) };

/// Secrets Manager: CreateSecret; ListSecrets, far narrower than DescribeSecret; UpdateSecret,
/// TagResource and PutResourcePolicy; DeleteSecret in
/// [its quotas](https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html).
pub(crate) const SECRETS_MANAGER: Rates =
    Rates { create: a_second(50.0), read: a_second(100.0), update: a_second(50.0), delete: a_second(50.0) };

/// Parameter Store at its default throughput: PutParameter, which creates and updates, and GetParameters in
/// [its quotas](https://docs.aws.amazon.com/general/latest/gr/ssm.html), which say nothing of DeleteParameter.
pub(crate) const PARAMETER_STORE: Rates =
    Rates { create: a_second(3.0), read: a_second(40.0), update: a_second(3.0), delete: None };
