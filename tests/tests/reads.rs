//! The reference tells how many calls a drift makes: here they are counted.

#![allow(clippy::unwrap_used, missing_docs)]

use std::sync::Arc;

use provision_aws::cloud::{Aws, Cloud};
use provision_aws::kinds::{calls_to_read, schemas};
use provision_tests::local_aws::{Backend, LocalAws};
use provision_tests::relay::Relay;
use provision_tests::stack::Stack;
use tempfile::TempDir;

const VPC: &str = "vpc: { ec2/vpc: { cidr_block: 10.0.0.0/16 } }";

const ZONES: &str = "zone: { for_each: [us-east-1a, us-east-1b], ec2/subnet: { vpc_id: \"${vpc.id}\", \
                     availability_zone: \"${each.value}\", cidr_block: \"${cidrsubnet(vpc.cidr_block, 8, each.index)}\" } }";

/// A kind, what the spec states of each of its resources, and what else it needs with its kinds.
struct Case {
    kind: &'static str,
    states: &'static str,
    needs: &'static [(&'static str, &'static str)],
}

/// Those of which moto's tagging API tells, if they have tags of their own to be told.
const CASES: &[Case] = &[
    Case {
        kind: "ec2/subnet",
        states: "vpc_id: \"${vpc.id}\", cidr_block: \"${cidrsubnet(vpc.cidr_block, 8, each.index)}\"",
        needs: &[("ec2/vpc", VPC)],
    },
    Case {
        kind: "ec2/security_group",
        states: "vpc_id: \"${vpc.id}\", group_name: \"${each.key}\", description: \"${each.key}\"",
        needs: &[("ec2/vpc", VPC)],
    },
    Case {
        kind: "ec2/security_group_rule",
        states: "group_id: \"${group.id}\", ip_protocol: tcp, from_port: \"${each.index}\", to_port: \"${each.index}\", \
                 cidr_ipv4: 10.0.0.0/16",
        needs: &[
            ("ec2/vpc", VPC),
            (
                "ec2/security_group",
                "group: { ec2/security_group: { vpc_id: \"${vpc.id}\", group_name: g, description: g } }",
            ),
        ],
    },
    Case { kind: "ec2/vpc", states: "cidr_block: 10.0.0.0/16", needs: &[] },
    Case { kind: "ecs/cluster", states: "cluster_name: \"${each.key}\"", needs: &[] },
    Case {
        kind: "ecs/service",
        states: "service_name: \"${each.key}\", cluster: \"${cluster.id}\", task_definition: \"${api.id}\"",
        needs: &[
            ("ecs/cluster", "cluster: { ecs/cluster: { cluster_name: main } }"),
            (
                "ecs/task_definition",
                "api: { ecs/task_definition: { family: api, container_definitions: [{ name: a, image: a, memory: 8 }] } }",
            ),
        ],
    },
    Case {
        kind: "ecs/task_definition",
        states: "family: \"${each.key}\", container_definitions: [{ name: api, image: a, memory: 128 }]",
        needs: &[],
    },
    Case {
        kind: "applicationautoscaling/scaling_policy",
        states: "policy_name: \"${each.key}\", service_namespace: dynamodb, resource_id: table/one, \
                 scalable_dimension: \"dynamodb:table:ReadCapacityUnits\", policy_type: StepScaling, \
                 step_scaling_policy_configuration: { adjustment_type: ChangeInCapacity }",
        needs: &[],
    },
    Case { kind: "ec2/internet_gateway", states: "", needs: &[] },
    Case { kind: "ec2/eip", states: "", needs: &[] },
    Case { kind: "ec2/route_table", states: "vpc_id: \"${vpc.id}\"", needs: &[("ec2/vpc", VPC)] },
    Case { kind: "iam/oidc_provider", states: "url: \"https://${each.key}.example.org\"", needs: &[] },
    Case { kind: "iam/role", states: "role_name: \"${each.key}\", assume_role_policy_document: {}", needs: &[] },
    Case { kind: "kms/key", states: "", needs: &[] },
    Case {
        kind: "kms/alias",
        states: "alias_name: \"alias/${each.key}\", target_key_id: \"${key.id}\"",
        needs: &[("kms/key", "key: { kms/key: {} }")],
    },
    Case {
        kind: "elbv2/load_balancer",
        states: "name: \"${each.key}\", scheme: internal, subnets: \"${values(zone).map(subnet, subnet.id)}\"",
        needs: &[("ec2/vpc", VPC), ("ec2/subnet", ZONES)],
    },
    Case {
        kind: "elbv2/target_group",
        states: "name: \"${each.key}\", protocol: HTTP, port: 80, vpc_id: \"${vpc.id}\"",
        needs: &[("ec2/vpc", VPC)],
    },
    Case { kind: "logs/log_group", states: "log_group_name: \"${each.key}\"", needs: &[] },
    Case { kind: "s3/bucket", states: "bucket: \"provision-${each.key}\"", needs: &[] },
    Case {
        kind: "s3/object",
        states: "bucket: \"${bucket.bucket}\", key: \"${each.key}\", body: one",
        needs: &[("s3/bucket", "bucket: { s3/bucket: { bucket: provision-objects } }")],
    },
    Case { kind: "secretsmanager/secret", states: "name: \"${each.key}\", secret_string: \"${token}\"", needs: &[] },
    Case {
        kind: "acm/certificate",
        states: "domain_name: \"${each.key}.example\", validation_method: DNS",
        needs: &[],
    },
    Case { kind: "route53/hosted_zone", states: "name: \"${each.key}.example\"", needs: &[] },
    Case {
        kind: "route53/record",
        states: "hosted_zone_id: \"${zone.id}\", name: \"${each.key}.reads.example\", type: A, ttl: 60, \
                 resource_records: [192.0.2.1]",
        needs: &[("route53/hosted_zone", "zone: { route53/hosted_zone: { name: reads.example } }")],
    },
    Case { kind: "amplify/app", states: "name: \"${each.key}\"", needs: &[] },
    Case {
        kind: "amplify/branch",
        states: "app_id: \"${app.id}\", branch_name: \"${each.key}\"",
        needs: &[("amplify/app", "app: { amplify/app: { name: reads } }")],
    },
    Case {
        kind: "amplify/domain_association",
        states: "app_id: \"${app.id}\", domain_name: \"${each.key}.example\", \
                 sub_domain_settings: [{ prefix: www, branch_name: \"${main.branch_name}\" }]",
        needs: &[
            ("amplify/app", "app: { amplify/app: { name: reads } }"),
            ("amplify/branch", "main: { amplify/branch: { app_id: \"${app.id}\", branch_name: main } }"),
        ],
    },
    Case {
        kind: "budgets/budget",
        states: "budget_name: \"${each.key}\", budget_type: COST, time_unit: MONTHLY, \
                 budget_limit: { amount: \"1\", unit: USD }",
        needs: &[],
    },
    Case {
        kind: "cloudwatch/dashboard",
        states: "dashboard_name: \"${each.key}\", dashboard_body: { widgets: [] }",
        needs: &[],
    },
    Case {
        kind: "cloudwatch/metric_alarm",
        states: "alarm_name: \"${each.key}\", metric_name: CPUUtilization, namespace: AWS/ECS, statistic: Average, \
                 period: 60, evaluation_periods: 1, threshold: 1, comparison_operator: GreaterThanThreshold",
        needs: &[],
    },
    Case {
        kind: "dynamodb/table",
        states: "table_name: \"${each.key}\", attribute_definitions: [{ attribute_name: id, attribute_type: S }], \
                 key_schema: [{ attribute_name: id, key_type: HASH }], billing_mode: PAY_PER_REQUEST",
        needs: &[],
    },
    Case { kind: "sns/topic", states: "name: \"${each.key}\"", needs: &[] },
    Case {
        kind: "sns/subscription",
        states: "topic_arn: \"${topic.id}\", protocol: sms, endpoint: \"+4310000${each.index}\"",
        needs: &[("sns/topic", "topic: { sns/topic: { name: t } }")],
    },
    Case { kind: "sqs/queue", states: "queue_name: \"${each.key}\"", needs: &[] },
    Case {
        kind: "wafv2/web_acl",
        states: "name: \"${each.key}\", scope: REGIONAL, default_action: { allow: {} }, visibility_config: { \
                 sampled_requests_enabled: true, cloud_watch_metrics_enabled: true, metric_name: all }",
        needs: &[],
    },
    Case { kind: "ssm/parameter", states: "name: \"/${each.key}\", type: String, value: one", needs: &[] },
];

impl Case {
    fn spec(&self, count: u32) -> String {
        let needs: String = self.needs.iter().map(|(_, block)| format!("  {block}\n")).collect();
        let (kind, states) = (self.kind, self.states);
        format!(
            "stack: shop\nregion: us-east-1\nparams: {{ token: {{ type: string, default: one }} }}\nresources:\n{needs}  \
             many:\n    for_each: ${{range({count}).map(i, \"of-{count}-\" + string(i))}}\n    {kind}: {{ {states} }}\n"
        )
    }

    fn calls(&self, count: u32) -> u32 {
        let needed = self.needs.iter().map(|(kind, _)| calls_to_read(kind, 1).unwrap());
        calls_to_read(self.kind, count).unwrap() + needed.sum::<u32>()
    }
}

/// The calls that a drift of so many resources makes, and which.
async fn counted(endpoint: &str, case: &Case, count: u32) -> (u32, String) {
    let (cloud, folder) = (Arc::new(Cloud::local(endpoint, "us-east-1").await), TempDir::new().unwrap());
    let provider = Arc::new(Aws::new(cloud.clone()));
    let stack = Stack::new(provider, schemas(), folder.path(), "shop");
    stack.converge(Some(&case.spec(count))).await.unwrap();
    let before = cloud.calls();
    assert!(stack.drift().await.unwrap().is_empty(), "{}", case.kind);
    let made = cloud.calls().into_iter().map(|(call, times)| (times - before.get(&call).unwrap_or(&0), call));
    let made: Vec<(u64, String)> = made.filter(|(times, call)| *times > 0 && !call.starts_with("sts:")).collect();
    stack.converge(None).await.unwrap();
    (made.iter().map(|(times, _)| *times as u32).sum(), format!("{made:?}"))
}

#[tokio::test]
async fn a_drift_makes_the_calls_that_the_reference_tells() {
    let aws = LocalAws::start(Backend::Moto).unwrap();
    let relay = Relay::start(aws.endpoint()).unwrap();
    let mut wrong = Vec::new();
    for (case, count) in CASES.iter().flat_map(|case| [(case, 1), (case, 12)]) {
        let (calls, which) = counted(&relay.endpoint(), case, count).await;
        if calls != case.calls(count) {
            wrong.push(format!("{count} × {}: {} told, {calls} made: {which}", case.kind, case.calls(count)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
