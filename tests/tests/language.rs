//! The examples in specs/examples/, applied with the binary on a local AWS: what the language
//! promises beyond one file, one environment and one place.

#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use provision_tests::binary::{Binary, Told};
use provision_tests::local_aws::Backend;
use serde_json::{Value as Json, json};

/// Nobody else writes these words.
const PASSWORD: &str = "canary7rq1shared0password";
const API_KEY: &str = "canary7rq2api0key";

fn start(variables: &[(&'static str, &'static str)]) -> Binary {
    Binary::start(env!("CARGO_BIN_EXE_provision-under-test"), Backend::Moto, variables)
}

fn example(name: &str) -> String {
    format!("specs/examples/{name}.yaml")
}

/// Applies, and insists that nothing is left to do after that.
fn settle(binary: &mut Binary, spec: &str, args: &[&str]) -> Told {
    let applied = binary.run(&[&["apply", spec, "--yes", "--json"], args].concat(), 0);
    let plan = binary.run(&[&["plan", spec, "--detailed-exitcode", "--json"], args].concat(), 0).event("plan");
    assert_eq!((&plan["steps"], &plan["moves"]), (&json!([]), &json!([])));
    applied
}

fn destroy(binary: &mut Binary, specs: &[&str]) {
    specs.iter().for_each(|spec| drop(binary.run(&["destroy", spec, "--yes"], 0)));
}

fn nothing_is_left(binary: &Binary) {
    assert_eq!(binary.aws.inventory().unwrap(), "{}");
}

fn outputs(binary: &mut Binary, spec: &str) -> BTreeMap<String, Json> {
    serde_json::from_str(&binary.run(&["output", spec, "--json"], 0).out).unwrap()
}

/// What the console says of expressions.
fn console(binary: &mut Binary, spec: &str, expressions: &[&str]) -> Vec<Json> {
    let asked = expressions.iter().flat_map(|expression| ["-e", expression]);
    let args: Vec<&str> = ["console", spec, "--json"].into_iter().chain(asked).collect();
    binary.run(&args, 0).out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn environments_stand_side_by_side() {
    let (mut binary, spec) = (start(&[]), example("environments"));
    settle(&mut binary, &spec, &["--env", "dev"]);
    settle(&mut binary, &spec, &["--env", "prod"]);
    assert_eq!(binary.ids("shop-dev").into_values().collect::<Vec<_>>(), ["/shop-dev/api"]);
    assert_eq!(binary.ids("shop-prod").into_values().collect::<Vec<_>>(), ["/shop-prod/audit", "/shop-prod/api"]);
    assert_eq!(binary.run(&["output", &spec, "--env", "dev", "--json"], 0).out.matches("shop-prod").count(), 0);

    let refused = binary.run(&["destroy", &spec, "--env", "prod", "--yes"], 1);
    assert!(refused.err.contains("prevent_destroy"), "{refused:?}");
    settle(&mut binary, &spec, &["--env", "prod", "-p", "keep=false"]);
    binary.run(&["destroy", &spec, "--env", "prod", "--yes"], 0);
    assert_eq!(binary.counts(), BTreeMap::from([("logs/log_group".to_owned(), 1)]), "dev is another stack");
    binary.run(&["destroy", &spec, "--env", "dev", "--yes"], 0);
    nothing_is_left(&binary);
}

#[test]
fn what_is_absent_comes_and_goes() {
    let (mut binary, spec) = (start(&[]), example("when"));
    settle(&mut binary, &spec, &[]);
    assert_eq!(outputs(&mut binary, &spec)["logs"], json!(["/sometimes/api", "/sometimes/jobs"]));
    let own = settle(&mut binary, &spec, &["-p", "own_key=true"]).steps();
    assert_eq!(own, BTreeMap::from([("key", "create"), ("token", "update")].map(|(a, b)| (a.into(), b.into()))));
    let logs = r#"logs={"debug": 1}"#;
    let other = settle(&mut binary, &spec, &["-p", "own_key=true", "-p", logs]).steps();
    let steps = [(r#"log["api"]"#, "delete"), (r#"log["debug"]"#, "create"), (r#"log["jobs"]"#, "delete")];
    assert_eq!(other, BTreeMap::from(steps.map(|(a, b)| (a.into(), b.into()))));
    destroy(&mut binary, &[&spec]);
    nothing_is_left(&binary);
}

#[test]
fn a_module_is_used_for_each() {
    let (mut binary, spec) = (start(&[]), example("modules"));
    settle(&mut binary, &spec, &[]);
    let found = console(&mut binary, &spec, &[r#"service["worker"].role_arn"#, "keys(service)", "aws.account_id"]);
    assert!(found[0].as_str().unwrap().ends_with("role/shop-worker-service"), "{found:?}");
    assert_eq!(found[1..], [json!(["api", "worker"]), json!("123456789012")]);
    let svg = binary.run(&["graph", &spec, "--format", "svg"], 0).out;
    assert!(svg.starts_with("<svg") && svg.contains("worker") && svg.ends_with("</svg>\n"), "{svg}");
    destroy(&mut binary, &[&spec]);
    nothing_is_left(&binary);
}

#[test]
fn what_another_stack_made_is_looked_up() {
    let mut binary = start(&[]);
    let (networks, guests) = (example("network"), example("existing"));
    let lonely = binary.run(&["plan", &guests], 1);
    assert!(lonely.err.contains("there is no ec2/vpc with"), "{lonely:?}");

    settle(&mut binary, &networks, &[]);
    let ids = binary.ids("networks");
    let count = |part: &str| ids.keys().filter(|address| address.contains(part)).count();
    assert_eq!((count(".subnet["), count("nat_gateway"), count("gateway_endpoint")), (11, 3, 3));
    assert_eq!((count("functions.gateway"), count("flow_log"), count("private_routes")), (2, 3, 8));
    settle(&mut binary, &guests, &[]);
    let subnets = [r#"clinic.tier["app"].subnet["us-east-1a"]"#, r#"clinic.tier["app"].subnet["us-east-1b"]"#];
    assert_eq!(outputs(&mut binary, &guests)["subnets"], json!(subnets.map(|address| &ids[address])));
    let vpc = console(&mut binary, &guests, &["vpc.id", "group.vpc_id"]);
    assert_eq!(vpc, [json!(ids["clinic.vpc"]), json!(ids["clinic.vpc"])]);

    destroy(&mut binary, &[&guests]);
    assert_eq!(binary.ids("networks"), ids);
    destroy(&mut binary, &[&networks]);
    nothing_is_left(&binary);
}

#[test]
fn what_is_there_is_moved_and_adopted() {
    let (mut binary, spec) = (start(&[]), example("adopted"));
    let file = |name: &str, text: &str| {
        let path = binary.folder().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let hand = "stack: hand\nregion: us-east-1\nresources:\n  log:\n    logs/log_group: { log_group_name: /made/by/hand }\n    lifecycle: { retain_on_delete: true }\n";
    let former = "stack: adopted\nregion: us-east-1\nresources:\n  api_log:\n    logs/log_group: { log_group_name: /adopted/api }\n";
    let (hand, former) = (file("hand.yaml", hand), file("former.yaml", former));
    binary.run(&["apply", &hand, "--yes"], 0);
    destroy(&mut binary, &[&hand]);
    binary.run(&["apply", &former, "--yes"], 0);

    let planned = binary.run(&["plan", &spec, "--json"], 0);
    assert_eq!(planned.event("plan")["moves"], json!([{ "from": "api_log", "to": r#"log["api"]"# }]));
    let steps = [("found", "import"), (r#"log["jobs"]"#, "create")];
    assert_eq!(planned.steps(), BTreeMap::from(steps.map(|(a, b)| (a.into(), b.into()))));
    settle(&mut binary, &spec, &[]);
    assert_eq!(binary.counts(), BTreeMap::from([("logs/log_group".to_owned(), 3)]));
    destroy(&mut binary, &[&spec]);
    nothing_is_left(&binary);
}

/// A server that answers every request with the status that is set.
fn server(status: &Arc<AtomicU16>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (url, status) = (format!("http://{}", listener.local_addr().unwrap()), status.clone());
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let heads = BufReader::new(&stream).lines().map_while(Result::ok);
            heads.take_while(|line| !line.is_empty()).for_each(drop);
            let status = status.load(Ordering::SeqCst);
            // Whoever asked may be gone by now.
            let _ = write!(&stream, "HTTP/1.1 {status} X\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n");
        }
    });
    url
}

fn verdicts(told: &Told) -> BTreeMap<String, bool> {
    let checks = told.event("checks")["checks"].clone();
    let verdict = |check: &Json| (check["check"].as_str().unwrap().to_owned(), check["holds"].as_bool().unwrap());
    checks.as_array().unwrap().iter().map(verdict).collect()
}

#[test]
fn checks_fail_and_hold() {
    let (mut binary, spec) = (start(&[]), example("checks"));
    let status = Arc::new(AtomicU16::new(500));
    let url = format!("url={}", server(&status));
    let with = |holds: bool| BTreeMap::from([("answers", holds), ("has_no_public_acls", true), ("is_ours", true)]);
    let named = |told: Told| verdicts(&told);
    let as_text = |all: BTreeMap<&str, bool>| all.into_iter().map(|(a, b)| (a.to_owned(), b)).collect();

    let before = verdicts(&binary.run(&["check", &spec, "--json"], 1));
    assert!(before.values().all(|holds| !holds), "nothing is there yet: {before:?}");
    settle(&mut binary, &spec, &[]);
    let failed = binary.run(&["apply", &spec, "--yes", "--json", "-p", &url], 1);
    assert_eq!(failed.steps(), BTreeMap::new());
    assert_eq!(named(failed), as_text(with(false)));
    status.store(204, Ordering::SeqCst);
    let wrong = binary.run(&["check", &spec, "-p", &url], 1).out;
    assert!(wrong.contains("fails answers: The site answers. (the answer of http://"), "{wrong}");
    status.store(200, Ordering::SeqCst);
    let held = binary.run(&["check", &spec, "--json", "-p", &url], 0);
    assert_eq!(named(held), as_text(with(true)));
    destroy(&mut binary, &[&spec]);
    nothing_is_left(&binary);
}

#[test]
fn a_stack_lies_in_several_places() {
    let (mut binary, spec) = (start(&[]), example("places"));
    settle(&mut binary, &spec, &[]);
    let found = outputs(&mut binary, &spec);
    assert_eq!(found["replicas"], json!(["/places/us-east-1/in/eu-west-1", "/places/us-east-1/in/us-west-2"]));
    assert_eq!(found["shared"], "/places/of/222222222222");
    let logs = |binary: &Binary, region: &str| {
        let found: Json = serde_json::from_str(&binary.aws.inventory_in(region).unwrap()).unwrap();
        found["logs/log_group"].clone()
    };
    assert_eq!(logs(&binary, "us-east-1"), json!(["/places/us-east-1"]));
    assert_eq!(logs(&binary, "eu-west-1"), json!(["/places/us-east-1/in/eu-west-1"]));
    let repository = binary.ids("places")["frankfurt.images"].clone();
    assert!(binary.aws.inventory_in("eu-central-1").unwrap().contains(&repository));

    destroy(&mut binary, &[&spec]);
    for region in ["us-east-1", "eu-west-1", "us-west-2", "eu-central-1"] {
        assert_eq!(binary.aws.inventory_in(region).unwrap(), "{}");
    }
}

#[test]
fn a_secret_of_another_stack_is_used_and_never_shown() {
    let mut binary = start(&[("PROVISION_PARAM_password", PASSWORD), ("PROVISION_PARAM_api_key", API_KEY)]);
    let shared = "stack: shared\nregion: us-east-1\nparams:\n  password: { type: string, secret: true }\n  asks: { type: boolean, default: false }\nchecks:\n  gate:\n    when: ${asks}\n    http: { url: \"http://127.0.0.1:1/${password}\", retries: 0 }\nresources:\n  database:\n    secretsmanager/secret: { name: shared/database, secret_string: \"${password}\", recovery_window_in_days: 0 }\n";
    let path = binary.folder().join("shared.yaml");
    fs::write(&path, shared).unwrap();
    let (shared, spec) = (path.display().to_string(), example("secrets"));
    settle(&mut binary, &shared, &[]);
    let closed = binary.run(&["check", &shared, "-p", "asks=true"], 1).out;
    assert!(closed.contains("fails gate: (sensitive): error sending request"), "{closed}");
    binary.kill(&["apply", &spec, "--yes", "--json"], "finished", 1);
    settle(&mut binary, &spec, &[]);
    let found = console(&mut binary, &spec, &["secret_value(password.arn)", "url", "length(url)", "database.value"]);
    assert!(found.iter().all(|value| value == "(sensitive)"), "{found:?}");
    assert!(binary.run(&["output", &spec], 0).out.contains("(sensitive)"));

    let other = binary.run(&["plan", &spec, "-p", "api_key=another"], 0).out;
    assert!(other.contains("~ api") && !other.contains("~ database"), "{other}");
    destroy(&mut binary, &[&spec, &shared]);
    nothing_is_left(&binary);
    binary.never_showed(&[PASSWORD, API_KEY]);
}
