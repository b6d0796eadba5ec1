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
    Case { kind: "ec2/internet_gateway", states: "", needs: &[] },
    Case { kind: "ec2/eip", states: "", needs: &[] },
    Case { kind: "ec2/route_table", states: "vpc_id: \"${vpc.id}\"", needs: &[("ec2/vpc", VPC)] },
    Case { kind: "iam/role", states: "role_name: \"${each.key}\", assume_role_policy_document: {}", needs: &[] },
    Case { kind: "kms/key", states: "", needs: &[] },
    Case {
        kind: "kms/alias",
        states: "alias_name: \"alias/${each.key}\", target_key_id: \"${key.id}\"",
        needs: &[("kms/key", "key: { kms/key: {} }")],
    },
    Case { kind: "logs/log_group", states: "log_group_name: \"${each.key}\"", needs: &[] },
    Case { kind: "s3/bucket", states: "bucket: \"provision-${each.key}\"", needs: &[] },
    Case { kind: "secretsmanager/secret", states: "name: \"${each.key}\", secret_string: \"${token}\"", needs: &[] },
    Case { kind: "sqs/queue", states: "queue_name: \"${each.key}\"", needs: &[] },
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
