//! `specs/classla.yaml`, the whole system: both environments, their whole life long, on local AWSes.

#![allow(clippy::unwrap_used, clippy::print_stderr, missing_docs)]

use std::collections::BTreeMap;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;

use provision_tests::binary::{Binary, Told};
use provision_tests::generated::workspace;
use provision_tests::local_aws::{Backend, command};
use serde_json::{Value as Json, json};

const PARAMS: [(&str, &str); 11] = [
    ("PROVISION_PARAM_image_tag", "first"),
    ("PROVISION_PARAM_github_repository", "classla/classla"),
    ("PROVISION_PARAM_alert_email", "ops@classla.org"),
    ("PROVISION_PARAM_workos_client_id", "client_01"),
    ("PROVISION_PARAM_check_endpoints", "false"),
    ("PROVISION_LOG", "trace"),
    ("PROVISION_PARAM_github_token", CANARIES[0]),
    ("PROVISION_PARAM_supabase_url", CANARIES[1]),
    ("PROVISION_PARAM_supabase_anon_key", CANARIES[2]),
    ("PROVISION_PARAM_supabase_service_role_key", CANARIES[3]),
    ("PROVISION_PARAM_workos_api_key", CANARIES[4]),
];

/// How fast time runs for the binary.
const TEMPO: f64 = 0.05;

/// What the secret params are given: nobody else writes such words.
const CANARIES: [&str; 5] = [
    "canary4tk0github0token",
    "canary4tk1supabase0url",
    "canary4tk2supabase0anon",
    "canary4tk3supabase0service",
    "canary4tk4workos0key",
];

/// How many of each kind an environment has, the zone that was there before left out: in dev and in prod. The VPC's own
/// main route table and default security group are among them.
const EXPECTED: [(&str, usize, usize); 36] = [
    ("acm/certificate", 2, 2),
    ("amplify/app", 1, 1),
    ("amplify/branch", 1, 1),
    ("amplify/domain_association", 1, 1),
    ("applicationautoscaling/scalable_target", 1, 1),
    ("applicationautoscaling/scaling_policy", 2, 2),
    ("budgets/budget", 1, 1),
    ("cloudwatch/dashboard", 1, 1),
    ("cloudwatch/metric_alarm", 6, 6),
    ("ec2/eip", 1, 3),
    ("ec2/flow_log", 1, 1),
    ("ec2/internet_gateway", 1, 1),
    ("ec2/nat_gateway", 1, 3),
    ("ec2/route_table", 4, 5),
    ("ec2/security_group", 4, 4),
    ("ec2/subnet", 4, 6),
    ("ec2/vpc", 1, 1),
    ("ec2/vpc_endpoint", 5, 5),
    ("ecr/repository", 1, 1),
    ("ecs/cluster", 1, 1),
    ("ecs/service", 1, 1),
    ("ecs/task_definition", 1, 1),
    ("elbv2/listener", 2, 2),
    ("elbv2/load_balancer", 1, 1),
    ("elbv2/target_group", 1, 1),
    ("iam/oidc_provider", 1, 1),
    ("iam/policy", 1, 1),
    ("iam/role", 6, 6),
    ("logs/log_group", 2, 2),
    ("route53/record", 4, 4),
    ("s3/bucket", 1, 1),
    ("secretsmanager/secret", 3, 3),
    ("sns/subscription", 1, 1),
    ("sns/topic", 1, 1),
    ("wafv2/web_acl", 0, 1),
    ("wafv2/web_acl_association", 0, 1),
];

/// What makes a dev a prod, one param after the other.
const LIKE_PROD: [&str; 7] =
    ["azs=3", "nat=per_az", "max_tasks=2", "waf=true", "protect=true", "monthly_budget=250", "min_tasks=2"];

/// The system in one environment, on a local AWS of its own.
struct Stack {
    binary: Binary,
    env: &'static str,
    folder: tempfile::TempDir,
}

impl Stack {
    fn start(backend: Backend, env: &'static str) -> Option<Self> {
        let binary = Binary::start(env!("CARGO_BIN_EXE_provision-under-test"), backend, &PARAMS);
        if binary.aws.is_old_localstack().unwrap() {
            eprintln!("NOT RUN: LocalStack 4 takes no tags in CreateBucket, and LocalStack 2026 needs a Python 3.13");
            return None;
        }
        let zone =
            command(workspace().join("tests/outside.py"), binary.aws.endpoint()).args(["zone", "classla.org"]).status();
        assert!(zone.unwrap().success());
        // A copy, to be edited.
        let folder = tempfile::tempdir().unwrap();
        copy(&workspace().join("specs"), folder.path());
        Some(Self { binary, env, folder })
    }

    /// Runs a command on the spec and insists on its exit code.
    fn run(&mut self, args: &[&str], code: i32) -> Told {
        let spec = self.folder.path().join("classla.yaml").display().to_string();
        let (name, args) = args.split_first().unwrap();
        self.binary.run(&[&[name, spec.as_str(), "--env", self.env], args].concat(), code)
    }

    fn kill_apply(&mut self, steps: u64) {
        eprintln!("killing an apply once it has finished {steps} steps");
        let spec = self.folder.path().join("classla.yaml").display().to_string();
        self.binary.kill(&["apply", &spec, "--env", self.env, "--yes", "--json"], "finished", steps);
    }

    /// What a plan would do, by address.
    fn planned(&mut self, params: &[&str]) -> BTreeMap<String, String> {
        self.run(&[&["plan", "--json"], params].concat(), 0).steps()
    }

    /// Applies, which does exactly these steps, and leaves nothing to do.
    fn applies(&mut self, params: &[&str], steps: &[(&str, &str)]) {
        let expected: BTreeMap<String, String> =
            steps.iter().map(|(address, action)| ((*address).to_owned(), (*action).to_owned())).collect();
        let told = self.run(&[&["apply", "--yes", "--json"], params].concat(), 0);
        assert_eq!(told.steps(), expected);
        self.is_settled(params);
    }

    /// Neither plan nor drift finds a difference.
    fn is_settled(&mut self, params: &[&str]) {
        assert_eq!(self.planned(params), BTreeMap::new());
        let drift = self.run(&[&["drift", "--json"], params].concat(), 0);
        assert_eq!(drift.event("drift")["drift"], json!([]));
    }

    /// Writes `after` instead of `before` in the spec.
    fn edit(&self, before: &str, after: &str) {
        let spec = self.folder.path().join("classla.yaml");
        let text = fs::read_to_string(&spec).unwrap();
        assert_eq!(text.matches(before).count(), 1, "{before}");
        fs::write(spec, text.replace(before, after)).unwrap();
    }

    /// How many there are of each kind, but for the zone.
    fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = self.binary.counts();
        assert_eq!(counts.remove("route53/hosted_zone"), Some(1));
        counts
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}

#[test]
fn dev_lives_on_moto() {
    live(Backend::Moto, "dev");
}

#[test]
fn dev_lives_on_localstack() {
    live(Backend::LocalStack, "dev");
}

#[test]
fn prod_lives_on_moto() {
    live(Backend::Moto, "prod");
}

#[test]
fn prod_lives_on_localstack() {
    live(Backend::LocalStack, "prod");
}

fn live(backend: Backend, env: &'static str) {
    let Some(mut stack) = Stack::start(backend, env) else { return };
    // moto drops the tags of CreateBucket: killed between that call and its answer, nobody could tell there whose the
    // bucket is.
    stack.run(&["apply", "--yes", "--target", "log_bucket"], 0);
    stack.kill_apply(1 + RandomState::new().hash_one(0) % 40);
    stack.run(&["apply", "--yes"], 0);
    stack.is_settled(&[]);
    assert_eq!(stack.counts(), expected(env));
    changed(&mut stack);
    rolled_back(&mut stack);
    let session_secret = session_secret(&stack);
    stack.run(&["apply", "--yes", "-p", "protect=false"], 0);
    stack.run(&["destroy", "--yes"], 0);
    assert_eq!(stack.counts(), BTreeMap::new());
    assert_eq!(stack.binary.state(&format!("classla-{env}"))["resources"], json!({}));
    stack.binary.never_showed(&[&CANARIES[..], &[&session_secret]].concat());
}

fn expected(env: &str) -> BTreeMap<String, usize> {
    let count = |(kind, dev, prod): (&str, usize, usize)| (kind.to_owned(), if env == "dev" { dev } else { prod });
    EXPECTED.map(count).into_iter().filter(|(_, count)| *count > 0).collect()
}

/// What AWS made up.
fn session_secret(stack: &Stack) -> String {
    let outside = workspace().join("tests/outside.py");
    let output = command(outside, stack.binary.aws.endpoint()).args(["secret", stack.env]).output().unwrap();
    let secret = String::from_utf8(output.stdout).unwrap().trim().to_owned();
    assert_eq!(secret.len(), 64);
    secret
}

/// Each change takes the steps it has to, and no other.
fn changed(stack: &mut Stack) {
    let roll = [("api.task_definition", "replace"), ("api.service", "update")];
    stack.applies(&["-p", "image_tag=second"], &roll);
    let mut params = vec!["-p", "image_tag=second", "-p", "max_tasks=4"];
    stack.applies(&params, &[("api.scalable_target", "update")]);
    params.extend(["-p", "cpu_alarm=75"]);
    stack.applies(&params, &[("alarms.alarm[\"cpu\"]", "update")]);
    params.extend(["-p", "waf=true", "-p", "waf_rate_limit=1000"]);
    let firewall: &[_] = match stack.env {
        "dev" => &[("web_acl", "create"), ("web_acl_association", "create")],
        _ => &[("web_acl", "update")],
    };
    stack.applies(&params, firewall);
    stack.edit("\n  app_secrets:\n", NEW_SECRET);
    stack.applies(&params, &[("stripe", "create")]);
    stack.edit("        SESSION_SECRET:", "        STRIPE_KEY: \"${stripe.arn}:key::\"\n        SESSION_SECRET:");
    stack.applies(&params, &[("api.execution_role", "update"), roll[0], roll[1]]);
    stack.edit(NEW_SECRET, "\n  app_secrets:\n");
    stack.edit("        STRIPE_KEY: \"${stripe.arn}:key::\"\n", "");
    let back = [("stripe", "delete"), ("api.execution_role", "update"), roll[0], roll[1]];
    stack.applies(&params, &back);
}

/// A rollout whose tasks do not start is told as failed, with AWS's reason, as often as it is tried; what ran before goes
/// on, and another image mends it.
fn rolled_back(stack: &mut Stack) {
    let runs = service(stack);
    for _ in 0..2 {
        let told = stack.run(&["apply", "--yes", "-p", "image_tag=does-not-start"], 1);
        assert!(told.err.contains("AWS gave up on the change"), "{}", told.err);
        assert!(told.err.contains("tasks failed to start"), "{}", told.err);
        assert_eq!(service(stack), runs);
    }
    stack.run(&["apply", "--yes", "-p", "image_tag=third"], 0);
    stack.is_settled(&["-p", "image_tag=third"]);
    assert_ne!(service(stack), runs);
}

/// The task definition that the service runs.
fn service(stack: &Stack) -> String {
    let outside = workspace().join("tests/outside.py");
    let output = command(outside, stack.binary.aws.endpoint()).args(["runs", stack.env]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A secret more.
const NEW_SECRET: &str = r#"
  stripe:
    secretsmanager/secret:
      name: classla/${env}/stripe/credentials
      recovery_window_in_days: 0
      secret_string: '${jsonencode({"key": supabase_anon_key})}'

  app_secrets:
"#;

/// A dev grows into what prod is without losing anything: nothing is replaced, nothing deleted.
#[test]
fn dev_grows_into_prod() {
    let mut stack = Stack::start(Backend::Moto, "dev").unwrap();
    stack.run(&["apply", "--yes"], 0);
    let params: Vec<&str> = LIKE_PROD.iter().flat_map(|param| ["-p", param]).collect();
    let planned = stack.planned(&params);
    let wrong: Vec<_> = planned.iter().filter(|(_, action)| !["create", "update"].contains(&action.as_str())).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(planned["api.scalable_target"], "update");
    assert_eq!(planned["alb.load_balancer"], "update");
    stack.run(&[&["apply", "--yes"], params.as_slice()].concat(), 0);
    stack.is_settled(&params);
}

/// The plan tells how long it takes: as long as the longest of the five chains it names, none of which takes longer than
/// its steps do together.
#[test]
fn the_plan_tells_how_long_it_takes() {
    let mut stack = Stack::start(Backend::Moto, "prod").unwrap();
    let plan = stack.run(&["plan", "--json"], 0).event("plan");
    let expected = &plan["expected"];
    let chains = expected["chains"].as_array().unwrap();
    assert_eq!(chains.len(), 5);
    let kinds: BTreeMap<String, String> =
        plan["steps"].as_array().unwrap().iter().map(|step| (text(&step["address"]), text(&step["kind"]))).collect();
    for chain in chains {
        let steps = chain["steps"].as_array().unwrap().iter().map(|step| creating(&kinds[&text(step)]));
        // Beside what its kind takes, a step takes a call, of less than a second.
        let (longest, sum) = steps.fold((0.0_f64, 0.0), |(most, sum), it| (most.max(it), sum + it + TEMPO));
        let seconds = chain["seconds"].as_f64().unwrap();
        assert!(seconds >= longest && seconds <= sum, "{chain}: at least {longest}, at most {sum}");
    }
    assert_eq!(expected["seconds"], chains[0]["seconds"]);
    let told = stack.run(&["plan"], 0);
    assert!(told.out.contains("by the longest of these chains:"), "{}", told.out);
}

fn text(value: &Json) -> String {
    value.as_str().unwrap().to_owned()
}

/// How long it is expected to take to make one of a kind, in seconds.
fn creating(kind: &str) -> f64 {
    let create = provision_aws::kinds::schemas().get(kind).unwrap().description.timing.create;
    f64::from(create) * TEMPO
}
