//! Which quota is used up, and where to raise it.

use provision_core::driver::CloudError;
use serde_json::{Value as Json, json};

/// A quota of [Service Quotas](https://docs.aws.amazon.com/general/latest/gr/aws-service-information.html).
struct Quota {
    /// The error code that tells of it.
    error: &'static str,
    /// The operation, where other services use the same error code; else empty.
    operation: &'static str,
    /// The service's code.
    service: &'static str,
    /// The quota's code.
    code: &'static str,
    /// The quota's name.
    name: &'static str,
}

const fn vpc(error: &'static str, code: &'static str, name: &'static str) -> Quota {
    Quota { error, operation: "", service: "vpc", code, name }
}

const fn of(
    operation: &'static str,
    error: &'static str,
    service: &'static str,
    code: &'static str,
    name: &'static str,
) -> Quota {
    Quota { error, operation, service, code, name }
}

const QUOTAS: &[Quota] = &[
    vpc("VpcLimitExceeded", "L-F678F1CE", "VPCs per Region"),
    vpc("SubnetLimitExceeded", "L-407747CB", "Subnets per VPC"),
    vpc("CidrBlockLimitExceeded", "L-83CA0A9D", "IPv4 CIDR blocks per VPC"),
    vpc("InternetGatewayLimitExceeded", "L-A4707A72", "Internet gateways per Region"),
    vpc("NatGatewayLimitExceeded", "L-FE5A380F", "NAT gateways per Availability Zone"),
    vpc("RouteTableLimitExceeded", "L-589F43AA", "Route tables per VPC"),
    vpc("RouteLimitExceeded", "L-93826ACB", "Routes per route table"),
    vpc("SecurityGroupLimitExceeded", "L-E79EC296", "VPC security groups per Region"),
    vpc("RulesPerSecurityGroupLimitExceeded", "L-0EA8095F", "Inbound or outbound rules per security group"),
    vpc("SecurityGroupsPerInterfaceLimitExceeded", "L-2AFB9258", "Security groups per network interface"),
    of("", "AddressLimitExceeded", "ec2", "L-0263D0A3", "EC2-VPC Elastic IPs"),
    of("", "TooManyBuckets", "s3", "L-DC2B2D3D", "General purpose buckets"),
    of("iam:CreateRole", "LimitExceeded", "iam", "L-FE177D64", "Roles per account"),
    of("ecr:CreateRepository", "LimitExceededException", "ecr", "L-CFEB8E8D", "Registered repositories"),
    of("kms:CreateKey", "LimitExceededException", "kms", "L-C2F1777E", "Customer Master Keys (CMKs)"),
    of("secretsmanager:CreateSecret", "LimitExceededException", "secretsmanager", "L-2F66C23C", "Secrets"),
];

/// What to do about a quota that is used up, for people and as data.
pub(crate) fn hint(error: &CloudError) -> (String, Json) {
    let fits = |quota: &&Quota| {
        quota.error == error.code && (quota.operation.is_empty() || quota.operation == error.operation)
    };
    let Some(Quota { service, code, name, .. }) = QUOTAS.iter().find(fits) else {
        let service = error.operation.split(':').next().unwrap_or_default();
        let url = console(service);
        let text = format!("a quota of {service} is used up: ask for more at {url}, or delete what is not needed");
        return (text, json!({ "service": service, "url": url }));
    };
    let url = format!("{}/{code}", console(service));
    let text = format!(
        "the quota \"{name}\" ({service}, {code}) is used up: ask for more at {url}, or with `aws service-quotas \
         request-service-quota-increase --service-code {service} --quota-code {code} --desired-value NUMBER`, or delete \
         what is not needed"
    );
    (text, json!({ "service": service, "code": code, "name": name, "url": url }))
}

fn console(service: &str) -> String {
    format!("https://console.aws.amazon.com/servicequotas/home/services/{service}/quotas")
}

#[cfg(test)]
mod tests {
    use provision_core::driver::Cause;

    use super::*;

    fn error(operation: &str, code: &str) -> CloudError {
        CloudError { code: code.to_owned(), ..CloudError::new(Cause::Limit, operation, "") }
    }

    #[test]
    fn the_quota_is_named_where_the_error_tells_which() {
        for (operation, code, expected) in [
            ("ec2:CreateVpc", "VpcLimitExceeded", "(vpc, L-F678F1CE)"),
            ("ec2:AllocateAddress", "AddressLimitExceeded", "(ec2, L-0263D0A3)"),
            ("iam:CreateRole", "LimitExceeded", "(iam, L-FE177D64)"),
            ("iam:CreatePolicy", "LimitExceeded", "a quota of iam is used up"),
            ("kms:CreateKey", "LimitExceededException", "(kms, L-C2F1777E)"),
            ("logs:CreateLogGroup", "LimitExceededException", "a quota of logs is used up"),
        ] {
            let (text, data) = hint(&error(operation, code));
            assert!(text.contains(expected), "{text}");
            assert!(data["url"].as_str().is_some_and(|url| text.contains(url)), "{data}");
        }
    }
}
