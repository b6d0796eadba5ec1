//! What the binary says when something is wrong, and that it then leaves all as it was.

#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use provision_core::store::{Holder, Store};
use provision_engine::local_store::LocalStore;
use provision_tests::relay::{Fault, Refusal, Relay, Rule};
use serde_json::Value as Json;
use tempfile::TempDir;

const SPEC: &str = "\
stack: shop
region: us-east-1
params:
  range: { default: 10.0.0.0/16 }
resources:
  vpc:
    ec2/vpc: { cidr_block: \"${range}\" }
";

/// Credentials that no AWS would take, for where they must only be there.
const CREDENTIALS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test")];

/// A folder with a spec, to run the binary in, without any credentials but those given.
struct Room {
    folder: TempDir,
}

/// What a run said.
#[derive(Debug)]
struct Told {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Room {
    fn new() -> Self {
        let room = Self { folder: TempDir::new().unwrap() };
        room.write("shop.yaml", SPEC.as_bytes());
        room
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    fn run(&self, args: &[&str], env: &[(&str, &str)]) -> Told {
        let mut command = Command::new(env!("CARGO_BIN_EXE_provision-under-test"));
        command.args(args).current_dir(self.folder.path()).env_clear().stdin(Stdio::null());
        command.env("HOME", self.folder.path()).env("AWS_EC2_METADATA_DISABLED", "true");
        let output = command.envs(env.iter().copied()).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Told { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        collect(self.folder.path(), &mut files);
        files
    }

    /// Runs what must be refused: with code 1, with all of `says`, without a word of our
    /// own troubles, and with every file as it was.
    fn refuses(&self, args: &[&str], env: &[(&str, &str)], says: &[&str]) -> Told {
        let before = self.files();
        let told = self.run(args, env);
        assert_eq!(told.code, Some(1), "{args:?}: {told:?}");
        for wanted in says {
            assert!(told.err.contains(wanted) || told.out.contains(wanted), "{args:?}: no `{wanted}` in {told:#?}");
        }
        for alien in ["panicked", "RUST_BACKTRACE", "stack backtrace", "\u{1b}"] {
            assert!(!told.err.contains(alien) && !told.out.contains(alien), "{args:?}: `{alien}` in {told:#?}");
        }
        assert_eq!(self.files().keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>(), "{args:?}");
        assert!(self.files() == before, "{args:?} changed a file");
        told
    }
}

fn collect(folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => {
                files.insert(path.clone(), Vec::new());
                collect(&path, files);
            }
            false => {
                files.insert(path.clone(), std::fs::read(path).unwrap());
            }
        }
    }
}

/// The state every past version of provision left behind, as text.
fn fixture() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../state/fixtures/v1/shop.json")).unwrap()
}

#[test]
fn a_spec_that_cannot_be_read() {
    let room = Room::new();
    room.write("latin.yaml", b"stack: caf\xe9\n");
    room.write("words.yaml", b"just some words\n");
    room.write("broken.yaml", b"stack: \"shop\n");
    room.write("empty.yaml", b"");
    std::fs::create_dir(room.folder.path().join("folder")).unwrap();
    for command in ["validate", "plan", "apply", "drift"] {
        room.refuses(&[command, "none.yaml"], &[], &["cannot read none.yaml", "check the path"]);
        room.refuses(&[command, "latin.yaml"], &[], &["latin.yaml is not UTF-8 text", "save it as UTF-8"]);
        room.refuses(&[command, "folder"], &[], &["cannot read folder", "name the file in it"]);
        room.refuses(&[command, "words.yaml"], &[], &["words.yaml:1:1", "not a string", "stack: shop"]);
        room.refuses(&[command, "broken.yaml"], &[], &["broken.yaml:1:8", "never closed"]);
        room.refuses(&[command, "empty.yaml"], &[], &["empty.yaml:1:1", "`stack` is missing", "stack: shop"]);
    }
    room.refuses(&["destroy", "broken.yaml"], &[], &["broken.yaml:1:8"]);
    room.refuses(&["fmt", "broken.yaml"], &[], &["broken.yaml:1:8"]);
    room.refuses(&["fmt", "none.yaml"], &[], &["cannot read none.yaml"]);
}

#[test]
fn all_specs_are_checked_whatever_is_wrong_with_the_first() {
    let room = Room::new();
    room.write("bad.yaml", b"stack: shop\nresorces: {}\n");
    room.write("worse.yaml", b"stack: shop\nresources:\n  vpc:\n    ec2/vcp: {}\n");
    let told = room.refuses(&["validate", "bad.yaml", "shop.yaml", "worse.yaml"], &[], &["2 errors"]);
    assert!(told.err.contains("bad.yaml:2:1") && told.err.contains("worse.yaml:4:5"), "{told:?}");
    assert!(told.out.contains("shop.yaml"), "{told:?}");
}

#[test]
fn a_param_that_is_wrong() {
    let room = Room::new();
    room.refuses(&["plan", "shop.yaml", "-p", "range"], &[], &["`-p range` has no value", "-p range=…"]);
    room.refuses(&["plan", "shop.yaml", "-p", "rang=1"], &[], &["no param `rang`", "did you mean `range`?"]);
    let says = ["shop.yaml:7:31", "`10.0.0.0/99` is not an IPv4 range"];
    room.refuses(&["validate", "shop.yaml", "-p", "range=10.0.0.0/99"], &[], &says);
    room.refuses(&["plan", "shop.yaml"], &[("PROVISION_PARAM_range", "10.0.0.0/99")], &says);
    room.write("open.yaml", SPEC.replace("{ default: 10.0.0.0/16 }", "{ type: string }").as_bytes());
    room.refuses(&["plan", "open.yaml"], &[], &["open.yaml:4:3", "`range` has no value", "PROVISION_PARAM_range"]);
    assert_eq!(room.run(&["validate", "open.yaml"], &[]).code, Some(0));
}

#[test]
fn a_state_that_cannot_be_used() {
    let room = Room::new();
    let yes: &[&str] = &["output", "shop.yaml"];
    room.refuses(yes, &[], &["no state of `shop`", "--state DIR"]);
    room.refuses(&["state", "list", "--stack", "blog"], &[], &["no state of `blog`"]);
    for (text, says) in [
        ("{ not json".to_owned(), ["shop.json", "damaged", "good copy"]),
        (String::new(), ["shop.json", "damaged", "good copy"]),
        (fixture().replace("\"stack\": \"shop\"", "\"stack\": \"blog\""), ["shop.json", "stack `blog`", "rename"]),
        (fixture().replace("\"version\": 1", "\"version\": 999"), ["999", "knows formats", "upgrade"]),
    ] {
        room.write("state/shop.json", text.as_bytes());
        room.refuses(yes, &[], &says);
        room.refuses(&["plan", "shop.yaml"], &CREDENTIALS, &says);
        room.refuses(&["destroy", "shop.yaml", "--yes"], &CREDENTIALS, &says);
    }
    std::fs::remove_file(room.folder.path().join("state/shop.json")).unwrap();
    std::fs::create_dir(room.folder.path().join("state/shop.json")).unwrap();
    room.refuses(yes, &[], &["shop.json", "a directory is in its place"]);
    room.write("file", b"");
    room.refuses(&["output", "shop.yaml", "--state", "file"], &[], &["file"]);
}

#[test]
fn a_resource_or_output_that_is_not_there() {
    let room = Room::new();
    room.write("state/shop.json", fixture().as_bytes());
    room.refuses(&["output", "shop.yaml", "adress"], &[], &["no output `adress`", "it has: password, url"]);
    room.refuses(&["state", "show", "shop.yaml", "nothing"], &[], &["no `nothing`", "provision state list"]);
    room.refuses(&["state", "show", "shop.yaml", "a["], &[], &["`a[` is no address"]);
    room.refuses(&["kinds", "ec2/vcp"], &[], &["no kind `ec2/vcp`", "did you mean `ec2/vpc`?"]);
    for args in [["state", "show"].as_slice(), &["output"]] {
        room.refuses(args, &[], &["no stack is named", "--stack NAME"]);
    }
    room.refuses(&["state", "show", "shop.yaml"], &[], &["no resource is named", "provision state list"]);
    room.refuses(&["output", "--stack", "shop", "shop.yaml", "url"], &[], &["leave one of them out"]);
    assert_eq!(room.run(&["output", "--stack", "shop", "url"], &[]).out, "https://shop.example.org\n");
    let room = Room::new();
    for flag in ["--target", "--replace"] {
        let args = ["apply", "shop.yaml", "--yes", flag, "vcp"];
        room.refuses(&args, &CREDENTIALS, &["has `vcp`", "did you mean `vpc`?"]);
        room.refuses(&["plan", "shop.yaml", flag, "vcp"], &CREDENTIALS, &["has `vcp`", "did you mean `vpc`?"]);
    }
}

#[test]
fn a_lock_that_somebody_holds() {
    let room = Room::new();
    let server = identity_server();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let holder = Holder {
        who: "ann@office".to_owned(),
        pid: 4711,
        command: "provision apply".to_owned(),
        since: "2026-11-20T10:00:00Z".to_owned(),
    };
    let store = LocalStore::new(room.folder.path().join("state"), "shop");
    let lease = runtime.block_on(store.lock(&holder)).unwrap();
    let endpoint = [CREDENTIALS[0], CREDENTIALS[1], ("AWS_ENDPOINT_URL", server.as_str())];
    let says = ["locked by ann@office", "4711", "wait until that is done"];
    room.refuses(&["apply", "shop.yaml", "--yes"], &endpoint, &says);
    let told = room.refuses(&["apply", "shop.yaml", "--yes", "--json"], &endpoint, &says);
    assert_eq!(events(&told)[0]["event"], "error");
    runtime.block_on(lease.release()).unwrap();
}

/// A server that answers every call as `sts:GetCallerIdentity`, for as long as the process lives.
fn identity_server() -> String {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 16_384]);
            let body = "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/a</Arn>\
                        <UserId>a</UserId><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            let _ = stream.write_all((head + body).as_bytes());
        }
    });
    endpoint
}

#[test]
fn an_aws_that_does_not_answer_as_it_should() {
    let room = Room::new();
    let apply = ["apply", "shop.yaml", "--yes"];
    room.refuses(&apply, &[], &["sts:GetCallerIdentity", "credentials", "AWS_PROFILE"]);
    let nobody = unused_endpoint();
    let down = [CREDENTIALS[0], CREDENTIALS[1], ("AWS_ENDPOINT_URL", nobody.as_str())];
    room.refuses(&apply, &down, &["sts:GetCallerIdentity", "check the network", "AWS_ENDPOINT_URL"]);
    let relay = Relay::start(&nobody).unwrap();
    relay.inject(Rule::new("*", Fault::Refuse(Refusal::Denied)));
    let endpoint = relay.endpoint();
    let denied = [CREDENTIALS[0], CREDENTIALS[1], ("AWS_ENDPOINT_URL", endpoint.as_str())];
    let says = ["AccessDenied", "allow the action sts:GetCallerIdentity"];
    room.refuses(&apply, &denied, &says);
    let told = room.refuses(&["apply", "shop.yaml", "--yes", "--json"], &denied, &says);
    assert_eq!(events(&told)[0]["event"], "error");
    assert_eq!(told.err, "");
}

/// Where nobody listens.
fn unused_endpoint() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[test]
fn no_region_and_nobody_to_ask() {
    let room = Room::new();
    room.write("nowhere.yaml", SPEC.replace("region: us-east-1\n", "").as_bytes());
    for args in [["plan", "nowhere.yaml"].as_slice(), &["apply", "nowhere.yaml", "--yes"]] {
        room.refuses(args, &CREDENTIALS, &["no region is set", "AWS_REGION"]);
    }
    room.write("state/shop.json", fixture().as_bytes());
    for args in [["apply", "shop.yaml"].as_slice(), &["destroy", "shop.yaml"], &["drift", "shop.yaml", "--fix"]] {
        room.refuses(args, &CREDENTIALS, &["nobody is there to be asked", "--yes"]);
    }
}

fn events(told: &Told) -> Vec<Json> {
    told.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn what_is_wrong_is_data_where_data_is_wanted() {
    let room = Room::new();
    room.write("bad.yaml", b"stack: shop\nresources:\n  vpc:\n    ec2/vpc: { cidr_blok: 1 }\n");
    for command in ["validate", "plan"] {
        let told = room.refuses(&[command, "bad.yaml", "--json"], &[], &["unknown-field"]);
        let document: Json = serde_json::from_str(&told.out).unwrap();
        let found = &document["diagnostics"][0];
        assert_eq!(found["file"], "bad.yaml");
        assert_eq!(found["range"]["start"], serde_json::json!({ "line": 4, "column": 16 }));
        assert_eq!(found["help"], "did you mean `cidr_block`?");
        assert_eq!(told.err, "");
    }
    let told = room.refuses(&["plan", "none.yaml", "--json"], &[], &["cannot read"]);
    assert_eq!(events(&told)[0]["event"], "error");
}

#[test]
fn exit_codes_are_those_of_the_table() {
    let room = Room::new();
    let code = |args: &[&str]| room.run(args, &CREDENTIALS).code;
    assert_eq!(code(&["validate", "shop.yaml"]), Some(0));
    assert_eq!(code(&["plan", "shop.yaml"]), Some(0));
    assert_eq!(code(&["plan", "shop.yaml", "--detailed-exitcode"]), Some(2));
    assert_eq!(code(&["drift", "shop.yaml"]), Some(0));
    assert_eq!(code(&["--version"]), Some(0));
    assert_eq!(code(&["fmt", "--check", "shop.yaml"]), Some(1));
    assert_eq!(code(&["fmt", "shop.yaml"]), Some(0));
    assert_eq!(code(&["fmt", "--check", "shop.yaml"]), Some(0));
    for wrong in
        [["frobnicate"].as_slice(), &["plan"], &["plan", "a", "--frobnicate"], &["apply", "a", "--parallelism", "0"]]
    {
        let told = room.refuses(wrong, &[], &[]);
        assert!(told.err.contains("--help") || told.err.contains("at least 1"), "{told:?}");
    }
}

#[test]
fn colour_is_for_terminals_and_no_color_is_the_last_word() {
    let room = Room::new();
    let coloured = |env: &[(&str, &str)]| room.run(&["validate", "shop.yaml"], env).out.contains('\u{1b}');
    assert!(!coloured(&[]));
    assert!(coloured(&[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
}

/// The commands that a help text lists.
fn commands(help: &str) -> Vec<String> {
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = listed.filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

fn check_help(room: &Room, path: &[&str]) -> usize {
    let args: Vec<&str> = path.iter().copied().chain(["--help"]).collect();
    let told = room.run(&args, &[]);
    assert_eq!(told.code, Some(0), "{told:?}");
    let inner = commands(&told.out);
    let has_example = told.out.contains("Example") && told.out.contains(&format!("provision {}", path.join(" ")));
    assert!(has_example || !inner.is_empty(), "no example: {}", told.out);
    let below = inner.iter().map(|name| check_help(room, &[path, &[name.as_str()]].concat()));
    1 + below.sum::<usize>()
}

#[test]
fn every_command_explains_itself_with_an_example() {
    assert!(check_help(&Room::new(), &[]) > 10);
}
