//! `specs/classla-base.yaml`, its whole life long, with the binary on a local AWS.

#![allow(clippy::unwrap_used, clippy::print_stderr, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};

use provision_tests::binary::{Binary, Told};
use provision_tests::generated::workspace;
use provision_tests::local_aws::{Backend, command};
use serde_json::{Value as Json, json};

/// What the secret params are given: nobody else writes such words.
const CANARIES: [(&str, &str); 5] = [
    ("PROVISION_PARAM_supabase_url", "canary9wq1supabase0url"),
    ("PROVISION_PARAM_supabase_anon_key", "canary9wq2supabase0anon"),
    ("PROVISION_PARAM_supabase_service_role_key", "canary9wq3supabase0service"),
    ("PROVISION_PARAM_workos_api_key", "canary9wq4workos0key"),
    ("PROVISION_PARAM_workos_client_id", "canary9wq5workos0client"),
];

/// How many of each kind there are with the defaults of the params. The VPC's own main
/// route table and default security group are among them.
const EXPECTED: [(&str, usize); 14] = [
    ("ec2/vpc", 1),
    ("ec2/subnet", 4),
    ("ec2/internet_gateway", 1),
    ("ec2/eip", 1),
    ("ec2/nat_gateway", 1),
    ("ec2/route_table", 4),
    ("ec2/security_group", 4),
    ("ec2/vpc_endpoint", 5),
    ("ec2/flow_log", 1),
    ("ecr/repository", 1),
    ("iam/role", 3),
    ("logs/log_group", 2),
    ("s3/bucket", 1),
    ("secretsmanager/secret", 3),
];

/// Every zone, and every service a private task may want to reach.
const PRODUCTION: [&str; 6] = [
    "-p",
    "azs=6",
    "-p",
    "nat=per_az",
    "-p",
    r#"interface_endpoints=["ecr.api","ecr.dkr","logs","secretsmanager","ssm","ssmmessages","ec2messages","kms","sts","monitoring","events","sqs","sns","ecs","ecs-agent","ecs-telemetry","xray","elasticloadbalancing","autoscaling","application-autoscaling"]"#,
];

const SPEC: &str = "specs/classla-base.yaml";

/// The stack on a local AWS of its own.
struct Stack {
    binary: Binary,
}

impl Stack {
    fn start(backend: Backend) -> Self {
        let variables = [CANARIES.as_slice(), &[("PROVISION_LOG", "trace")]].concat();
        Self { binary: Binary::start(env!("CARGO_BIN_EXE_provision-under-test"), backend, &variables) }
    }

    /// Runs a command on the spec and insists on its exit code.
    fn run(&mut self, args: &[&str], code: i32) -> Told {
        let (name, args) = args.split_first().unwrap();
        self.binary.run(&[&[name, SPEC], args].concat(), code)
    }

    fn kill_apply(&mut self, event: &str, times: u64) {
        eprintln!("killing an apply once it has {event} {times} steps");
        self.binary.kill(&["apply", SPEC, "--yes", "--json"], event, times);
    }

    /// Does something outside of provision, and says what that printed.
    fn outside(&self, what: &str) -> String {
        let outside = workspace().join("tests/outside.py");
        let output = command(outside, self.binary.aws.endpoint()).arg(what).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn resources(&self) -> Json {
        self.binary.state("classla-base")["resources"].clone()
    }

    /// Neither plan nor drift finds a difference.
    fn is_settled(&mut self, params: &[&str]) {
        let plan = self.run(&[&["plan", "--detailed-exitcode", "--json"], params].concat(), 0);
        assert_eq!(plan.event("plan")["steps"], json!([]));
        let drift = self.run(&[&["drift", "--json"], params].concat(), 0);
        assert_eq!(drift.event("drift")["drift"], json!([]));
    }
}

#[test]
fn lives_on_moto() {
    let mut stack = Stack::start(Backend::Moto);
    // moto drops the tags of CreateBucket: killed between that call and its answer, nobody
    // could tell there whose the bucket is. LocalStack keeps them.
    stack.run(&["apply", "--yes", "--target", "log_bucket"], 0);
    live(stack);
}

#[test]
fn lives_on_localstack() {
    let stack = Stack::start(Backend::LocalStack);
    if stack.binary.aws.is_old_localstack().unwrap() {
        eprintln!("NOT RUN: LocalStack 4 takes no tags in CreateBucket, and LocalStack 2026 needs a Python 3.13");
        return;
    }
    live(stack);
}

fn live(mut stack: Stack) {
    interrupted(&mut stack);
    outputs(&mut stack);
    changed_outside(&mut stack);
    param_changed(&mut stack);
    let session_secret = stack.outside("secret");
    destroyed(&mut stack);
    secrets_stay_out(&stack, &session_secret);
}

/// Killed twice in the middle, an apply goes on as if nothing had been.
fn interrupted(stack: &mut Stack) {
    let random = RandomState::new().hash_one(0);
    stack.kill_apply("finished", 1 + random % 25);
    stack.kill_apply("started", 1 + random % 4);
    stack.run(&["apply", "--yes"], 0);
    let expected: BTreeMap<String, usize> = EXPECTED.map(|(kind, count)| (kind.to_owned(), count)).into();
    assert_eq!(stack.binary.counts(), expected);
    stack.is_settled(&[]);
}

fn outputs(stack: &mut Stack) {
    let told = stack.run(&["output", "--json"], 0);
    let outputs: BTreeMap<String, Json> = serde_json::from_str(&told.out).unwrap();
    let names = [
        "alb_security_group_id",
        "app_secret_arn",
        "execution_role_arn",
        "log_bucket",
        "log_group",
        "private_subnet_ids",
        "public_subnet_ids",
        "repository_uri",
        "supabase_secret_arn",
        "task_role_arn",
        "tasks_security_group_id",
        "vpc_id",
        "workos_secret_arn",
    ];
    assert!(outputs.keys().eq(&names), "{outputs:#?}");
    assert_eq!(outputs["private_subnet_ids"].as_array().unwrap().len(), 2);
    assert_eq!(outputs["log_group"], "/ecs/classla-dev");
}

/// Drift names what was changed by hand and nothing else; `apply` mends it, and so does
/// `drift --fix`.
fn changed_outside(stack: &mut Stack) {
    stack.outside("change");
    names_the_drift(&stack.run(&["drift", "--json"], 2));
    stack.run(&["apply", "--yes"], 0);
    stack.is_settled(&[]);

    stack.outside("change");
    let fixed = stack.run(&["drift", "--fix", "--yes", "--json"], 0);
    names_the_drift(&fixed);
    let steps = [("alb_group", "update"), ("app_logs", "create"), ("network.vpc", "update")];
    assert_eq!(fixed.steps(), owned(&steps));
    stack.is_settled(&[]);
}

fn owned(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn rule(port: u16, range: &str, description: &str) -> Json {
    json!({
        "ip_protocol": "tcp", "from_port": port, "to_port": port, "cidr_ipv4": range,
        "description": description, "self_reference": false,
    })
}

fn names_the_drift(told: &Told) {
    let found = told.event("drift");
    let mut found: Vec<Json> = found["drift"].as_array().unwrap().clone();
    for drift in &mut found {
        assert!(drift["id"].as_str().is_some_and(|id| !id.is_empty()), "{drift}");
        drift.as_object_mut().unwrap().remove("id");
    }
    let (ssh, http) = (rule(22, "198.51.100.0/24", ""), rule(80, "0.0.0.0/0", "HTTP"));
    let https = rule(443, "0.0.0.0/0", "HTTPS");
    let ingress = json!({
        "path": "ingress", "recorded": [http, https], "live": [ssh, http, https], "sensitive": false,
    });
    let tag = json!({ "path": "tags.Project", "recorded": "classla", "live": "somebody-else", "sensitive": false });
    let expected = [
        json!({ "address": "alb_group", "kind": "ec2/security_group", "missing": false, "changes": [ingress] }),
        json!({ "address": "app_logs", "kind": "logs/log_group", "missing": true, "changes": [] }),
        json!({ "address": "network.vpc", "kind": "ec2/vpc", "missing": false, "changes": [tag] }),
    ];
    assert_eq!(found, expected);
}

/// One param more touches what names it, and only that.
fn param_changed(stack: &mut Stack) {
    let params = ["-p", "log_retention_days=30"];
    let planned = stack.run(&[&["plan", "--json"], params.as_slice()].concat(), 0).steps();
    assert_eq!(
        planned,
        owned(&[("app_logs", "update"), ("log_bucket", "update"), ("network.flow_log_group", "update")])
    );
    stack.run(&[&["apply", "--yes", "--json"], params.as_slice()].concat(), 0);
    stack.is_settled(&params);
}

fn destroyed(stack: &mut Stack) {
    stack.run(&["destroy", "--yes"], 0);
    assert_eq!(stack.binary.aws.inventory().unwrap(), "{}");
    assert_eq!(stack.resources(), json!({}));
}

fn secrets_stay_out(stack: &Stack, session_secret: &str) {
    assert_eq!(session_secret.len(), 64, "what AWS made up was not read");
    let secrets: Vec<&str> = CANARIES.iter().map(|(_, secret)| *secret).chain([session_secret]).collect();
    stack.binary.never_showed(&secrets);
    stack.binary.logged("secretsmanager:CreateSecret");
}

/// Reads are batched: a third as many calls as resources, at most. With the defaults of
/// the params it is as many calls for half the resources: one per kind is the floor.
#[test]
fn drift_asks_little() {
    let mut stack = Stack::start(Backend::Moto);
    stack.run(&[["apply", "--yes"].as_slice(), &PRODUCTION].concat(), 0);
    let found = stack.run(&[["drift", "--json"].as_slice(), &PRODUCTION].concat(), 0).event("drift");
    let calls: BTreeMap<String, usize> = serde_json::from_value(found["calls"].clone()).unwrap();
    let (sum, resources) = (calls.values().sum::<usize>(), stack.resources().as_object().unwrap().len());
    assert!(sum * 3 <= resources, "{sum} calls for {resources} resources: {calls:#?}");
}

/// The network has become a module: whoever applied the spec before has nothing replaced and
/// nothing deleted by that.
#[test]
fn what_was_applied_before_is_only_moved() {
    let mut stack = Stack::start(Backend::Moto);
    stack.binary.run(&["apply", "tests/fixtures/classla-base-0.1.yaml", "--yes"], 0);
    let ids = |stack: &Stack| stack.binary.ids("classla-base").into_values().collect::<BTreeSet<String>>();
    let (before, ids_before) = (stack.binary.counts(), ids(&stack));

    let plan = stack.run(&["plan", "--json"], 0).event("plan");
    assert_eq!(plan["steps"], json!([]));
    assert_eq!(plan["moves"].as_array().unwrap().len(), 20, "{plan}");
    stack.run(&["apply", "--yes"], 0);
    assert_eq!((stack.binary.counts(), ids(&stack)), (before, ids_before));
    stack.is_settled(&[]);
}
