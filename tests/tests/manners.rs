//! What the binary says and does where something goes wrong, or cannot be told.

#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use provision_aws::cloud::{Aws, Cloud};
use provision_core::address::Address;
use provision_core::driver::{Cause, Driver, Id, Intent, Place, Provider, Wanted};
use provision_tests::local_aws::{Backend, LocalAws, command};
use provision_tests::relay::{Fault, Refusal, Relay, Rule};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

/// A local AWS behind a relay, and a folder with a spec and its state.
struct Site {
    aws: LocalAws,
    relay: Relay,
    folder: TempDir,
}

impl Site {
    fn new(spec: &str) -> Self {
        let aws = LocalAws::start(Backend::Moto).unwrap();
        let relay = Relay::start(aws.endpoint()).unwrap();
        let site = Self { aws, relay, folder: TempDir::new().unwrap() };
        site.write(spec);
        site
    }

    fn write(&self, spec: &str) {
        fs::write(self.folder.path().join("shop.yaml"), spec).unwrap();
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = command(env!("CARGO_BIN_EXE_provision-under-test"), &self.relay.endpoint());
        command.args(args).current_dir(self.folder.path()).env("PROVISION_TEMPO", "0.02").stdin(Stdio::null());
        command
    }

    /// What a command says on both outputs; it must end with `code`.
    fn run(&self, args: &[&str], code: i32) -> String {
        let output = self.command(args).output().unwrap();
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        assert_eq!(output.status.code(), Some(code), "{args:?}:\n{said}");
        said
    }

    /// The one event of this name.
    fn event(&self, args: &[&str], name: &str, code: i32) -> Json {
        let said = self.run(args, code);
        let mut events = said.lines().filter_map(|line| serde_json::from_str::<Json>(line).ok());
        events.find(|event| event["event"] == name).unwrap_or_else(|| panic!("no event `{name}`: {said}"))
    }

    /// Runs a command that a message told.
    fn run_told(&self, told: &Json, more: &[&str]) -> String {
        let words: Vec<&str> = told.as_str().unwrap().split(' ').skip(1).chain(more.iter().copied()).collect();
        self.run(&words, 0)
    }

    fn state_file(&self) -> PathBuf {
        self.folder.path().join("state/shop.json")
    }

    fn state(&self) -> Json {
        serde_json::from_slice(&fs::read(self.state_file()).unwrap()).unwrap()
    }

    async fn driver(&self, kind: &str) -> Arc<dyn Driver> {
        let provider = Aws::new(Arc::new(Cloud::local(&self.relay.endpoint(), "us-east-1").await));
        provider.driver(kind, &Place::default()).await.unwrap().unwrap()
    }
}

const GATEWAY: &str = "stack: shop\nresources:\n  gateway: { ec2/internet_gateway: {} }\n";
const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// Two gateways with the token of one interrupted create; answers their ids, sorted.
async fn made_twice(site: &Site) -> Vec<Id> {
    let gateways = site.driver("ec2/internet_gateway").await;
    let intent =
        Intent { stack: "shop".to_owned(), address: Address::root("gateway"), generation: 9, token: TOKEN.to_owned() };
    let mut ids =
        vec![gateways.create(&json!({}), &intent).await.unwrap(), gateways.create(&json!({}), &intent).await.unwrap()];
    ids.sort();
    let mut state = site.state();
    let gateway = &mut state["resources"]["gateway"];
    gateway["current"] = Json::Null;
    gateway["pending"] =
        json!({ "operation": "create", "generation": 9, "token": TOKEN, "request": { "vpc_id": null, "tags": {} } });
    fs::write(site.state_file(), state.to_string()).unwrap();
    ids
}

#[tokio::test]
async fn what_cannot_be_told_is_asked_and_both_answers_work() {
    let site = Site::new(GATEWAY);
    site.run(&["apply", "shop.yaml", "--yes"], 0);
    let ids = made_twice(&site).await;
    for command in ["apply", "destroy"] {
        let error = site.event(&[command, "shop.yaml", "--yes", "--json"], "error", 1);
        let expected = json!([{ "address": "gateway", "kind": "ec2/internet_gateway", "candidates": ids }]);
        assert_eq!(error["undecided"], expected, "{error}");
    }
    let error = site.event(&["apply", "shop.yaml", "--yes", "--json"], "error", 1);
    site.run_told(&error["commands"][0], &[]);
    let gateway = site.state()["resources"]["gateway"].clone();
    assert_eq!((&gateway["current"]["id"], &gateway["pending"]), (&json!(ids[0]), &Json::Null));
    assert!(site.run(&["apply", "shop.yaml", "--yes"], 0).contains("No changes"));

    let ids = made_twice(&site).await;
    let said = site.run(&["apply", "shop.yaml", "--yes"], 1);
    assert!(said.contains("provision state rm shop.yaml gateway --interrupted"), "{said}");
    let error = site.event(&["apply", "shop.yaml", "--yes", "--json"], "error", 1);
    site.run_told(&error["commands"][1], &["--yes"]);
    let refused = site.run(&["state", "rm", "shop.yaml", "gateway", "--interrupted", "--yes"], 1);
    assert!(refused.contains("no `gateway`"), "{refused}");
    site.run(&["apply", "shop.yaml", "--yes"], 0);
    let id = site.state()["resources"]["gateway"]["current"]["id"].clone();
    assert!(id.is_string() && !ids.iter().any(|other| id == json!(other)), "{id}");
}

const NETWORK: &str = "\
stack: shop
resources:
  vpc: { ec2/vpc: { cidr_block: 10.0.0.0/16 } }
  subnet: { ec2/subnet: { vpc_id: \"${vpc.id}\", cidr_block: 10.0.0.0/24 } }
  group: { ec2/security_group: { vpc_id: \"${vpc.id}\", group_name: web, description: web } }
  bucket: { s3/bucket: { bucket: shop-assets } }
";

#[test]
fn a_failed_run_tells_what_failed_what_waits_for_it_and_what_to_do() {
    let site = Site::new(NETWORK);
    site.relay.inject(Rule::new("ec2:CreateVpc", Fault::Refuse(Refusal::Denied)).times(2));
    let summary = site.event(&["apply", "shop.yaml", "--yes", "--json"], "summary", 1);
    assert_eq!(site.relay.count("ec2:CreateVpc"), 1, "what is denied is not tried again");
    let failed = &summary["failed"][0];
    assert_eq!(failed["address"], "vpc");
    assert_eq!((&failed["operation"], &failed["cause"]), (&json!("ec2:CreateVpc"), &json!("denied")));
    assert_eq!(failed["iam_action"], "ec2:CreateVpc");
    assert!(failed["code"].is_string() && failed["request_id"].is_string(), "{failed}");
    let waits = |address: &str| json!({ "address": address, "waits_for": ["vpc"] });
    assert_eq!(summary["not_started"], json!([waits("subnet"), waits("group")]));
    assert_eq!(summary["done"], json!([{ "address": "bucket", "action": "create" }]));

    let said = site.run(&["apply", "shop.yaml", "--yes"], 1);
    for expected in [
        "failed: vpc: ec2:CreateVpc:",
        "help: allow the action ec2:CreateVpc to the credentials in use",
        "not started: subnet waits for vpc, which failed",
        "1 failed, 2 not started: apply again to go on from here",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    site.run(&["apply", "shop.yaml", "--yes"], 0);
}

#[test]
fn a_name_that_is_taken_is_told_with_the_command_that_adopts_it() {
    let site = Site::new(NETWORK);
    site.run(&["apply", "shop.yaml", "--yes", "--target", "group"], 0);
    let id = site.state()["resources"]["group"]["current"]["id"].clone();
    site.run(&["state", "rm", "shop.yaml", "group", "--yes"], 0);
    let summary = site.event(&["apply", "shop.yaml", "--yes", "--json"], "summary", 1);
    let failed = &summary["failed"][0];
    assert_eq!(failed["cause"], "exists");
    let command = &failed["commands"][0];
    assert_eq!(*command, json!(format!("provision import shop.yaml group {}", id.as_str().unwrap())));
    site.run_told(command, &[]);
    site.run(&["apply", "shop.yaml", "--yes"], 0);
    assert_eq!(site.state()["resources"]["group"]["current"]["id"], id);
}

/// A network interface in the group of the stack.
async fn interface(site: &Site, description: &str) -> String {
    let cloud = Cloud::local(site.aws.endpoint(), "us-east-1").await;
    let state = site.state();
    let id = |address: &str| state["resources"][address]["current"]["id"].as_str().unwrap().to_owned();
    let call = cloud.ec2().create_network_interface().subnet_id(id("subnet")).groups(id("group"));
    let made = call.description(description).send().await.unwrap();
    made.network_interface.unwrap().network_interface_id.unwrap()
}

async fn is_there(site: &Site, interface: &str) -> bool {
    let cloud = Cloud::local(site.aws.endpoint(), "us-east-1").await;
    let found = cloud.ec2().describe_network_interfaces().network_interface_ids(interface).send().await;
    found.is_ok_and(|found| !found.network_interfaces().is_empty())
}

#[tokio::test]
async fn destroy_removes_what_lambda_left_behind_and_nothing_else() {
    let site = Site::new(NETWORK);
    site.run(&["apply", "shop.yaml", "--yes"], 0);
    // moto deletes groups whatever is in them.
    let refuse =
        |times| site.relay.inject(Rule::new("ec2:DeleteSecurityGroup", Fault::Refuse(Refusal::InUse)).times(times));
    refuse(2);
    let own = interface(&site, "of a colleague").await;
    let leftover = interface(&site, "AWS Lambda VPC ENI-shop-0f").await;
    let groups = site.driver("ec2/security_group").await;
    let group = site.state()["resources"]["group"]["current"].clone();
    let id = Id::from(group["id"].as_str().unwrap());
    for _ in 0..2 {
        let error = groups.delete(&id, &group["applied"]).await.unwrap_err();
        assert_eq!(error.cause, Cause::Dependency, "{error}");
        assert!(error.message.contains(&own) && error.message.contains("of a colleague"), "{error}");
    }
    assert!(is_there(&site, &own).await && !is_there(&site, &leftover).await);

    let cloud = Cloud::local(site.aws.endpoint(), "us-east-1").await;
    cloud.ec2().delete_network_interface().network_interface_id(own).send().await.unwrap();
    let leftover = interface(&site, "AWS Lambda VPC ENI-shop-1f").await;
    refuse(1);
    site.run(&["destroy", "--stack", "shop", "--yes"], 0);
    assert!(!is_there(&site, &leftover).await);
    let wanted = [Wanted::foreign(id)];
    assert!(groups.read(&wanted).await.unwrap()[0].is_none());
}

const SECRETS: &str = "\
stack: shop
params:
  value: { type: string, default: one }
  token: { type: string, secret: true }
resources:
  first: { ssm/parameter: { name: /first, type: String, value: one, description: \"${value}\" } }
  second:
    ssm/parameter: { name: /second, type: SecureString, value: \"${token}\" }
    depends_on: [first]
";

/// Nobody else writes such a word.
const CANARY: &str = "canary5hx3in0the0history";

fn serials(site: &Site) -> Vec<(u64, String)> {
    let entries: Vec<Json> = serde_json::from_str(&site.run(&["history", "shop.yaml", "--json"], 0)).unwrap();
    let told = |entry: &Json| (entry["serial"].as_u64().unwrap(), entry["command"].as_str().unwrap().to_owned());
    entries.iter().map(told).collect()
}

#[test]
fn every_change_leaves_an_entry_and_one_can_go_back_to_each() {
    let site = Site::new(SECRETS);
    let token = format!("token={CANARY}");
    site.run(&["apply", "shop.yaml", "--yes", "-p", &token], 0);
    let (first, _) = serials(&site)[0];
    site.run(&["apply", "shop.yaml", "--yes", "-p", &token, "-p", "value=two"], 0);
    site.run(&["state", "mv", "shop.yaml", "first", "other"], 0);
    site.run(&["state", "mv", "shop.yaml", "other", "first"], 0);
    let commands: Vec<String> = serials(&site).into_iter().map(|(_, command)| command).collect();
    let expected = ["apply", "apply", "state mv", "state mv"].map(|command| format!("provision {command}"));
    assert_eq!(commands, expected);
    assert!(site.run(&["history", "--stack", "shop"], 0).contains("provision apply  2 created"));

    let first = first.to_string();
    let said = site.run(&["rollback", "shop.yaml", "--to", &first, "--yes"], 0);
    assert!(said.contains("1 to update") && !said.contains("keeps its secret"), "{said}");
    let said = site.run(&["plan", "shop.yaml", "--detailed-exitcode", "-p", &token], 0);
    assert!(said.contains("No changes"), "{said}");
    site.run(&["apply", "shop.yaml", "--yes", "-p", "token=another"], 0);
    let said = site.run(&["rollback", "shop.yaml", "--to", &first, "--yes"], 0);
    assert!(said.contains("No changes") && said.contains("`second` keeps its secret value as it is"), "{said}");
    let said = site.run(&["rollback", "shop.yaml", "--to", "99", "--yes"], 1);
    assert!(said.contains("no serial 99"), "{said}");

    // What is gone cannot have its secret back.
    site.run(&["destroy", "shop.yaml", "--yes"], 0);
    let said = site.run(&["rollback", "shop.yaml", "--to", &first, "--yes"], 1);
    assert!(said.contains("`second` would be made anew, and no state holds its secret value"), "{said}");
    assert_eq!(site.state()["resources"], json!({}));
    for file in fs::read_dir(site.folder.path().join("state/shop.history")).unwrap() {
        assert!(!fs::read_to_string(file.unwrap().path()).unwrap().contains(CANARY));
    }
}

#[test]
fn what_was_destroyed_is_made_again_from_the_state_alone() {
    let site = Site::new(NETWORK);
    site.run(&["apply", "shop.yaml", "--yes"], 0);
    let (serial, _) = serials(&site)[0];
    site.run(&["destroy", "--stack", "shop", "--yes"], 0);
    site.run(&["rollback", "--stack", "shop", "--to", &serial.to_string(), "--yes"], 0);
    site.run(&["plan", "shop.yaml", "--detailed-exitcode"], 0);
}
