//! `specs/classla.md` and the workflows of `specs/ci`: every command in them is run, in the order of the page,
//! on a local AWS.

#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use provision_tests::generated::workspace;
use provision_tests::local_aws::{Backend, LocalAws, command};
use provision_tests::shell::{Shell, Workflow};

/// The section that takes everything down again.
const BACK: &str = "\n## Back to nothing\n";

const WORKFLOWS: [&str; 4] = ["plan", "apply", "backend", "drift"];

/// The fenced commands of a part of the page.
fn commands(part: &str) -> String {
    let blocks = part.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.collect::<Vec<_>>().join("\n")
}

/// Stands where the API answers that it is well; ends with the process.
fn healthy() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/health", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
        }
    });
    url
}

/// What is to be in GitHub's variables and secrets, as the page says.
fn context() -> BTreeMap<String, String> {
    let given = [
        ("vars.PROVISION_STATE", "s3://classla-provision-state/classla"),
        ("vars.ALERT_EMAIL", "ops@classla.org"),
        ("vars.PLAN_ROLE_ARN", "arn:aws:iam::123456789012:role/plan"),
        ("vars.DEPLOY_ROLE_ARN", "arn:aws:iam::123456789012:role/deploy"),
        ("vars.PROVISION_REPOSITORY", "https://example.org/provision.git"),
        ("vars.PROVISION_VERSION", "v1"),
        ("secrets.AMPLIFY_ACCESS_TOKEN", "made-up-token"),
        ("secrets.SUPABASE_URL", "made-up-supabase_url"),
        ("secrets.SUPABASE_ANON_KEY", "made-up-supabase_anon_key"),
        ("secrets.SUPABASE_SERVICE_ROLE_KEY", "made-up-supabase_service_role_key"),
        ("secrets.WORKOS_API_KEY", "made-up-workos_api_key"),
        ("secrets.WORKOS_CLIENT_ID", "made-up-workos_client_id"),
        ("github.repository", "classla/classla"),
        ("github.ref", "refs/heads/main"),
        ("github.token", "made-up"),
        ("github.event.number", "7"),
    ];
    given.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

#[test]
fn every_command_of_the_page_and_of_the_workflows_succeeds() {
    let page = fs::read_to_string(workspace().join("specs/classla.md")).unwrap();
    let (there, back) = page.split_once(BACK).unwrap();
    let aws = LocalAws::start(Backend::Moto).unwrap();
    let outside = command(workspace().join("tests/outside.py"), aws.endpoint()).args(["zone", "classla.org"]).status();
    assert!(outside.unwrap().success());
    let mut shell = Shell::new(env!("CARGO_BIN_EXE_provision-under-test"), aws.endpoint());
    shell.set("PROVISION_PARAM_health_url", &healthy());
    shell.set("GITHUB_SHA", "0123456789abcdef0123456789abcdef01234567");
    shell.set("GITHUB_REPOSITORY", "classla/classla");
    let said = shell.run(&commands(there));
    assert!(said.contains("Done: "), "{said}");
    for name in WORKFLOWS {
        let file = workspace().join(format!("specs/ci/{name}.yml"));
        shell.workflow(&Workflow::read(&file, &context()), "dev");
    }
    assert!(shell.asked().contains("docker push"), "{}", shell.asked());
    shell.run(&commands(back));
    let left = aws.inventory().unwrap();
    assert!(left.contains("route53/hosted_zone") && left.contains("classla-provision-state"), "{left}");
}
