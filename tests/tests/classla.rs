//! `specs/classla-base.yaml`, its whole life long, with the binary on a local AWS.

#![allow(clippy::unwrap_used, clippy::print_stderr, missing_docs)]

use std::collections::BTreeMap;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use provision_tests::generated::workspace;
use provision_tests::local_aws::{Backend, LocalAws, command};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

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
    "single_nat_gateway=false",
    "-p",
    r#"interface_endpoints=["ecr.api","ecr.dkr","logs","secretsmanager","ssm","ssmmessages","ec2messages","kms","sts","monitoring","events","sqs","sns","ecs","ecs-agent","ecs-telemetry","xray","elasticloadbalancing","autoscaling","application-autoscaling"]"#,
];

/// The stack on a local AWS of its own.
struct Stack {
    aws: LocalAws,
    folder: TempDir,
    /// Every byte that a command printed or left in the state folder, and where.
    kept: Vec<(String, Vec<u8>)>,
}

/// What a command said on standard output.
#[derive(Debug)]
struct Told(String);

impl Told {
    /// The one event of this name.
    fn event(&self, name: &str) -> Json {
        let lines = self.0.lines().filter_map(|line| serde_json::from_str::<Json>(line).ok());
        let found: Vec<Json> = lines.filter(|event| event["event"] == name).collect();
        let [event] = found.as_slice() else { panic!("not one event `{name}`: {self:#?}") };
        event.clone()
    }

    /// What the plan does, by address.
    fn steps(&self) -> BTreeMap<String, String> {
        let plan = self.event("plan");
        let text = |value: &Json| value.as_str().unwrap().to_owned();
        plan["steps"].as_array().unwrap().iter().map(|step| (text(&step["address"]), text(&step["action"]))).collect()
    }
}

impl Stack {
    fn start(backend: Backend) -> Self {
        Self { aws: LocalAws::start(backend).unwrap(), folder: TempDir::new().unwrap(), kept: Vec::new() }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = command(env!("CARGO_BIN_EXE_provision-under-test"), self.aws.endpoint());
        let (name, args) = args.split_first().unwrap();
        command.arg(name).arg(workspace().join("specs/classla-base.yaml")).args(args);
        command.arg("--state").arg(self.folder.path()).env("PROVISION_TEMPO", "0.05").envs(CANARIES);
        command.stdin(Stdio::null());
        command
    }

    /// Runs a command on the spec and insists on its exit code.
    fn run(&mut self, args: &[&str], code: i32) -> Told {
        let output = self.command(args).output().unwrap();
        let (status, out) = (output.status, String::from_utf8(output.stdout.clone()).unwrap());
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        self.keep(args, output.stdout, output.stderr);
        assert_eq!(status.code(), Some(code), "{args:?}:\n{out}\n{err}");
        Told(out)
    }

    /// Starts an apply, and kills it with SIGKILL once it has told `times` times of `event`.
    fn kill_apply(&mut self, event: &str, times: u64) {
        eprintln!("killing an apply once it has {event} {times} steps");
        let args = ["apply", "--yes", "--json"];
        let mut child = self.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut out = String::new();
        let told = format!(r#""event":"{event}""#);
        while (out.matches(&told).count() as u64) < times {
            assert_ne!(stdout.read_line(&mut out).unwrap(), 0, "it ended before it was killed: {out}");
        }
        child.kill().unwrap();
        stdout.read_to_string(&mut out).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), None, "it ended before it was killed");
        self.keep(&args, out.into_bytes(), output.stderr);
    }

    fn keep(&mut self, args: &[&str], out: Vec<u8>, err: Vec<u8>) {
        self.kept.push((format!("stdout of {args:?}"), out));
        self.kept.push((format!("stderr of {args:?}"), err));
        for entry in fs::read_dir(self.folder.path()).unwrap() {
            let path = entry.unwrap().path();
            self.kept.push((format!("{} after {args:?}", path.display()), fs::read(path).unwrap()));
        }
    }

    /// Does something outside of provision, and says what that printed.
    fn outside(&self, what: &str) -> String {
        let output = command(workspace().join("tests/outside.py"), self.aws.endpoint()).arg(what).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn counts(&self) -> BTreeMap<String, usize> {
        let found: BTreeMap<String, Vec<String>> = serde_json::from_str(&self.aws.inventory().unwrap()).unwrap();
        found.into_iter().map(|(kind, ids)| (kind, ids.len())).collect()
    }

    fn state(&self) -> Json {
        serde_json::from_slice(&fs::read(self.folder.path().join("classla-base.json")).unwrap()).unwrap()
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
    if stack.aws.is_old_localstack().unwrap() {
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
    assert_eq!(stack.counts(), expected);
    stack.is_settled(&[]);
}

fn outputs(stack: &mut Stack) {
    let told = stack.run(&["output", "--json"], 0);
    let outputs: BTreeMap<String, Json> = serde_json::from_str(&told.0).unwrap();
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
    let steps = [("alb_group", "update"), ("app_logs", "create"), ("vpc", "update")];
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
        json!({ "address": "vpc", "kind": "ec2/vpc", "missing": false, "changes": [tag] }),
    ];
    assert_eq!(found, expected);
}

/// One param more touches what names it, and only that.
fn param_changed(stack: &mut Stack) {
    let params = ["-p", "log_retention_days=30"];
    let planned = stack.run(&[&["plan", "--json"], params.as_slice()].concat(), 0).steps();
    assert_eq!(planned, owned(&[("app_logs", "update"), ("flow_log_group", "update"), ("log_bucket", "update")]));
    stack.run(&[&["apply", "--yes", "--json"], params.as_slice()].concat(), 0);
    stack.is_settled(&params);
}

fn destroyed(stack: &mut Stack) {
    stack.run(&["destroy", "--yes"], 0);
    assert_eq!(stack.aws.inventory().unwrap(), "{}");
    assert_eq!(stack.state()["resources"], json!({}));
}

fn secrets_stay_out(stack: &Stack, session_secret: &str) {
    assert_eq!(session_secret.len(), 64, "what AWS made up was not read");
    let secrets = CANARIES.iter().map(|(_, secret)| *secret).chain([session_secret]);
    for secret in secrets {
        for (place, bytes) in &stack.kept {
            assert!(!contains(bytes, secret.as_bytes()), "{secret} is in {place}");
        }
    }
    assert!(stack.kept.iter().any(|(place, bytes)| place.contains(".journal after") && !bytes.is_empty()));
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

/// Reads are batched: a third as many calls as resources, at most. With the defaults of
/// the params it is as many calls for half the resources: one per kind is the floor.
#[test]
fn drift_asks_little() {
    let mut stack = Stack::start(Backend::Moto);
    stack.run(&[["apply", "--yes"].as_slice(), &PRODUCTION].concat(), 0);
    let found = stack.run(&[["drift", "--json"].as_slice(), &PRODUCTION].concat(), 0).event("drift");
    let calls: BTreeMap<String, usize> = serde_json::from_value(found["calls"].clone()).unwrap();
    let (sum, resources) = (calls.values().sum::<usize>(), stack.state()["resources"].as_object().unwrap().len());
    assert!(sum * 3 <= resources, "{sum} calls for {resources} resources: {calls:#?}");
}
