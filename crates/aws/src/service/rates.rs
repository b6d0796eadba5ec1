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
//! - Application Auto Scaling:
//!   [its quotas](https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-quotas.html)
//!   count targets and policies, never calls.
//! - SNS: [its quotas](https://docs.aws.amazon.com/general/latest/gr/sns.html) are of messages and of calls
//!   for subscriptions, not of those for topics.
//! - Amplify: [its quotas](https://docs.aws.amazon.com/amplify/latest/userguide/quotas-chapter.html) count apps,
//!   those created within an hour too, branches and domains, never calls.
//! - Budgets: [its quotas](https://docs.aws.amazon.com/cost-management/latest/userguide/management-limits.html)
//!   count budgets, never calls.
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

/// ACM: RequestCertificate; DescribeCertificate and ListTagsForCertificate; UpdateCertificateOptions and
/// AddTagsToCertificate; DeleteCertificate in
/// [its quotas](https://docs.aws.amazon.com/acm/latest/userguide/acm-limits.html).
pub(crate) const ACM: Rates =
    Rates { create: a_second(5.0), read: a_second(10.0), update: a_second(5.0), delete: a_second(10.0) };

/// Route 53: five calls a second, all of an account together, by
/// [its quotas](https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html).
pub(crate) mod route53 {
    use super::{Rate, Rates, a_second};

    /// Zones: four of them are read by GetHostedZone each and ListTagsForResources, which is all of a second's calls.
    pub(crate) const HOSTED_ZONE: Rates =
        Rates { create: a_second(5.0), read: Some(Rate::new(2.0, 1.0)), update: a_second(5.0), delete: a_second(5.0) };
    /// Records: ChangeResourceRecordSets and ListResourceRecordSets; deleting one takes both.
    pub(crate) const RECORD: Rates =
        Rates { create: a_second(5.0), read: a_second(5.0), update: a_second(5.0), delete: a_second(2.5) };
}

/// Elastic Load Balancing, version 2 of its API: the calls that describe, in
/// [its limits](https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-api-throttling.html).
/// Those that change something are left to be throttled.
pub(crate) const ELASTIC_LOAD_BALANCING: Rates =
    Rates { create: None, read: Some(Rate::new(40.0, 10.0)), update: None, delete: None };

/// S3 objects: PutObject and DeleteObject, and GetObject with HeadObject, of all under one prefix, by
/// [its rates](https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html).
pub(crate) const S3_OBJECT: Rates =
    Rates { create: a_second(3500.0), read: a_second(5500.0), update: a_second(3500.0), delete: a_second(3500.0) };

/// Secrets Manager: CreateSecret; ListSecrets, far narrower than DescribeSecret; UpdateSecret,
/// TagResource and PutResourcePolicy; DeleteSecret in
/// [its quotas](https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html).
pub(crate) const SECRETS_MANAGER: Rates =
    Rates { create: a_second(50.0), read: a_second(100.0), update: a_second(50.0), delete: a_second(50.0) };

/// Parameter Store at its default throughput: PutParameter, which creates and updates, and GetParameters in
/// [its quotas](https://docs.aws.amazon.com/general/latest/gr/ssm.html), which say nothing of DeleteParameter.
pub(crate) const PARAMETER_STORE: Rates =
    Rates { create: a_second(3.0), read: a_second(40.0), update: a_second(3.0), delete: None };

/// SNS subscriptions: [ListSubscriptionsByTopic](https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html),
/// which comes before every Subscribe, and
/// [Unsubscribe](https://docs.aws.amazon.com/sns/latest/api/API_Unsubscribe.html); nothing is said of the calls
/// that read and change one.
pub(crate) const SNS_SUBSCRIPTION: Rates =
    Rates { create: a_second(30.0), read: None, update: None, delete: a_second(100.0) };

/// CloudWatch: [its quotas](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html).
pub(crate) mod cloudwatch {
    use super::{Rates, a_second};

    /// Alarms: PutMetricAlarm, which creates and updates; DescribeAlarms; DeleteAlarms.
    pub(crate) const ALARM: Rates =
        Rates { create: a_second(3.0), read: a_second(9.0), update: a_second(3.0), delete: a_second(3.0) };
    /// Dashboards: GetDashboard, PutDashboard and DeleteDashboards.
    pub(crate) const DASHBOARD: Rates =
        Rates { create: a_second(10.0), read: a_second(10.0), update: a_second(10.0), delete: a_second(10.0) };
}

/// DynamoDB: all calls for tables together in
/// [its practices](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-control-plane.html).
pub(crate) const DYNAMODB: Rates =
    Rates { create: a_second(2500.0), read: a_second(2500.0), update: a_second(2500.0), delete: a_second(2500.0) };

/// ECS: [request throttling](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html).
/// The actions of a category share a bucket, such as those that create, change and delete clusters.
pub(crate) mod ecs {
    use super::{Rate, Rates};

    /// Clusters.
    pub(crate) const CLUSTER: Rates = changing_at(Rate::new(20.0, 1.0), Rate::new(50.0, 20.0));
    /// Task definitions, which are registered and deregistered; all that changes in place is their tags.
    pub(crate) const TASK_DEFINITION: Rates =
        Rates { update: Some(Rate::new(20.0, 10.0)), ..changing_at(Rate::new(20.0, 1.0), Rate::new(50.0, 20.0)) };
    /// Services.
    pub(crate) const SERVICE: Rates = changing_at(Rate::new(50.0, 5.0), Rate::new(100.0, 20.0));

    const fn changing_at(rate: Rate, read: Rate) -> Rates {
        Rates { create: Some(rate), read: Some(read), update: Some(rate), delete: Some(rate) }
    }
}

/// AWS WAF: [its quotas](https://docs.aws.amazon.com/waf/latest/developerguide/limits.html).
pub(crate) mod waf {
    use super::{Rate, Rates, a_second};

    const EVERY_TWO_SECONDS: Option<Rate> = Some(Rate::new(1.0, 0.5));

    /// Web ACLs: CreateWebACL, GetWebACL and UpdateWebACL; nothing is said of DeleteWebACL.
    pub(crate) const WEB_ACL: Rates =
        Rates { create: a_second(1.0), read: a_second(5.0), update: a_second(1.0), delete: None };
    /// Associations: AssociateWebACL, GetWebACLForResource and DisassociateWebACL.
    pub(crate) const ASSOCIATION: Rates =
        Rates { create: EVERY_TWO_SECONDS, read: a_second(1.0), update: EVERY_TWO_SECONDS, delete: EVERY_TWO_SECONDS };
}
