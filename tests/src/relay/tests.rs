use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::*;

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

/// A backend that answers `acted` to everything and counts how often it was asked.
struct Backend {
    endpoint: String,
    acted: Arc<AtomicUsize>,
}

impl Backend {
    fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let acted = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&acted);
        // It lives as long as the test process; no test waits for it.
        thread::spawn(move || listener.incoming().flatten().try_for_each(|stream| act(stream, &counter)));
        Ok(Self { endpoint, acted })
    }

    fn acted(&self) -> usize {
        self.acted.load(Ordering::SeqCst)
    }
}

fn act(mut stream: TcpStream, acted: &AtomicUsize) -> io::Result<()> {
    let mut request = [0; 4096];
    let length = stream.read(&mut request)?;
    assert!(length > 0, "an empty request");
    acted.fetch_add(1, Ordering::SeqCst);
    stream.write_all(b"HTTP/1.0 200 OK\r\n\r\nacted")?;
    stream.shutdown(Shutdown::Write)
}

/// The whole answer as text; empty when the connection closes without one.
fn call(relay: &Relay, request_line: &str, service: &str, headers: &str, body: &str) -> String {
    let text = format!(
        "{request_line} HTTP/1.1\r\nHost: relay\r\nConnection: close\r\nContent-Length: {}\r\n\
         Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, Signature=0\r\n\
         {headers}\r\n{body}",
        body.len()
    );
    let mut answer = String::new();
    let mut stream = TcpStream::connect(relay.address).expect("the relay listens");
    stream.write_all(text.as_bytes()).expect("the relay reads");
    let _ = stream.read_to_string(&mut answer);
    answer
}

fn create_vpc(relay: &Relay) -> String {
    call(relay, "POST /", "ec2", FORM, "Action=CreateVpc&CidrBlock=10.0.0.0%2F16")
}

fn pair() -> (Backend, Relay) {
    let backend = Backend::start().expect("a port is free");
    let relay = Relay::start(&backend.endpoint).expect("a port is free");
    (backend, relay)
}

#[test]
fn counts_each_protocol_by_its_operation() {
    let (backend, relay) = pair();
    assert!(create_vpc(&relay).ends_with("acted"));
    call(&relay, "POST /", "ssm", "X-Amz-Target: AmazonSSM.PutParameter\r\n", "{}");
    call(&relay, "PUT /bucket?policy", "s3", "", "{}");
    call(&relay, "GET /bucket?list-type=2&prefix=a", "s3", "", "");
    let counts: Vec<String> = relay.counts().into_keys().collect();
    assert_eq!(
        counts,
        ["ec2:CreateVpc", "s3:GET /bucket?list-type&prefix", "s3:PUT /bucket?policy", "ssm:PutParameter"]
    );
    assert_eq!((relay.count("s3:*"), relay.count("ec2:CreateVpc"), backend.acted()), (2, 1, 4));
}

#[test]
fn a_dropped_response_has_had_its_effect() {
    let (backend, relay) = pair();
    relay.inject(Rule::new("ec2:CreateVpc", Fault::DropResponse).times(1));
    assert_eq!(create_vpc(&relay), "");
    assert_eq!(backend.acted(), 1);
    assert!(create_vpc(&relay).ends_with("acted"));
}

#[test]
fn a_refusal_has_no_effect_and_speaks_the_services_protocol() {
    let (backend, relay) = pair();
    relay.inject(Rule::new("*", Fault::Refuse(Refusal::Throttled)));
    let ec2 = create_vpc(&relay);
    assert!(ec2.starts_with("HTTP/1.1 503") && ec2.contains("<Code>RequestLimitExceeded</Code>"), "{ec2}");
    let iam = call(&relay, "POST /", "iam", FORM, "Action=CreateRole");
    assert!(iam.starts_with("HTTP/1.1 400") && iam.contains("<ErrorResponse><Error><Code>Throttling</Code>"), "{iam}");
    let ssm = call(&relay, "POST /", "ssm", "X-Amz-Target: AmazonSSM.PutParameter\r\n", "{}");
    assert!(ssm.contains("x-amzn-errortype: ThrottlingException"), "{ssm}");
    let s3 = call(&relay, "PUT /bucket", "s3", "", "");
    assert!(s3.ends_with("<Error><Code>SlowDown</Code><Message>injected</Message></Error>"), "{s3}");
    assert_eq!(backend.acted(), 0);
}

#[test]
fn a_rule_skips_strikes_and_ends() {
    let (_backend, relay) = pair();
    relay.inject(Rule::new("ec2:*", Fault::Refuse(Refusal::InternalError)).skip(1).times(1));
    let statuses: Vec<bool> = (0..3).map(|_| create_vpc(&relay).starts_with("HTTP/1.1 500")).collect();
    assert_eq!(statuses, [false, true, false]);
    relay.inject(Rule::new("*", Fault::Refuse(Refusal::Unavailable)));
    assert!(create_vpc(&relay).starts_with("HTTP/1.1 503"));
    relay.clear();
    assert!(create_vpc(&relay).ends_with("acted"));
    assert_eq!(relay.count("*"), 1);
}

#[test]
fn a_delayed_call_is_passed_on_later() {
    let (backend, relay) = pair();
    relay.inject(Rule::new("ec2:CreateVpc", Fault::Delay(Duration::from_millis(80))));
    let begun = Instant::now();
    assert!(create_vpc(&relay).ends_with("acted"));
    assert!(begun.elapsed() >= Duration::from_millis(80));
    assert_eq!(backend.acted(), 1);
}

#[test]
fn a_token_is_good_for_one_call() {
    let (backend, relay) = pair();
    let with = |body: &str| call(&relay, "POST /", "ec2", FORM, body);
    let first = "Action=CreateNatGateway&SubnetId=subnet-1&ClientToken=one";
    assert!(with(first).ends_with("acted"));
    assert!(with(first).ends_with("acted"));
    assert_eq!(backend.acted(), 1);
    let other = with("Action=CreateNatGateway&SubnetId=subnet-2&ClientToken=one");
    assert!(other.starts_with("HTTP/1.1 400") && other.contains("<Code>IdempotentParameterMismatch</Code>"), "{other}");
    relay.clear();
    assert!(with(first).ends_with("acted"));
    assert_eq!(backend.acted(), 1);
    with("Action=CreateNatGateway&SubnetId=subnet-1&ClientToken=two");
    with("Action=CreateFlowLogs&SubnetId=subnet-1&ClientToken=one");
    let target = "X-Amz-Target: secretsmanager.CreateSecret\r\n";
    for _ in 0..2 {
        call(&relay, "POST /", "secretsmanager", target, r#"{"Name":"a","ClientRequestToken":"one"}"#);
    }
    assert_eq!(backend.acted(), 4);
}

#[test]
fn what_is_ready_is_pending_for_a_while() {
    let (_backend, relay) = pair();
    relay.keep_pending("ec2:Describe*", ("acted", "waits"), 2);
    assert!(create_vpc(&relay).ends_with("acted"));
    let polls: Vec<String> =
        (0..3).map(|_| call(&relay, "POST /", "ec2", FORM, "Action=DescribeNatGateways")).collect();
    assert!(polls[0].ends_with("\r\ncontent-length: 5\r\n\r\nwaits"), "{polls:?}");
    assert!(polls[1].ends_with("waits") && polls[2].ends_with("acted"), "{polls:?}");
}

#[test]
fn a_bucket_gets_the_tags_it_is_made_with() {
    let (backend, relay) = pair();
    call(&relay, "PUT /bucket", "s3", "", "<A><Tags><Tag><Key>a</Key><Value>b</Value></Tag></Tags></A>");
    assert_eq!(backend.acted(), 2);
    call(&relay, "PUT /bucket", "s3", "", "");
    call(&relay, "PUT /bucket/key", "s3", "", "<Tags></Tags>");
    assert_eq!((backend.acted(), relay.count("*")), (4, 3));
}

#[test]
fn a_call_may_change_something_unless_its_name_says_that_it_reads() {
    let reads = ["ec2:DescribeVpcs", "s3:GET /bucket?tagging", "s3:HEAD /bucket", "iam:ListRoles", "sts:AssumeRole"];
    assert!(!reads.into_iter().any(operation::is_mutating));
    let writes = ["ec2:CreateVpc", "s3:PUT /bucket", "s3:DELETE /bucket", "kms:EnableKeyRotation", "iam:UntagRole"];
    assert!(writes.into_iter().all(operation::is_mutating));
}

#[test]
fn a_swallowed_call_has_no_effect_and_no_answer() {
    let (backend, relay) = pair();
    relay.inject(Rule::new("ec2:CreateVpc", Fault::Swallow).times(1));
    let mut client = TcpStream::connect(relay.address).expect("the relay listens");
    client.write_all(CREATE_VPC.as_bytes()).expect("the relay reads");
    while relay.held() == 0 {
        thread::yield_now();
    }
    drop(client);
    relay.settle().expect("the relay answers");
    assert_eq!((backend.acted(), relay.mutations()), (0, [("ec2:CreateVpc".to_owned(), 1)].into()));
}

const CREATE_VPC: &str = "POST / HTTP/1.1\r\nHost: relay\r\nContent-Length: 16\r\n\
     Content-Type: application/x-www-form-urlencoded\r\n\
     Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/ec2/aws4_request\r\n\r\nAction=CreateVpc";

#[test]
fn a_withheld_answer_ends_with_the_relay() {
    let (backend, relay) = pair();
    relay.inject(Rule::new("ec2:CreateVpc", Fault::Withhold));
    let mut client = TcpStream::connect(relay.address).expect("the relay listens");
    client.write_all(CREATE_VPC.as_bytes()).expect("the relay reads");
    while backend.acted() == 0 {
        thread::yield_now();
    }
    drop(relay);
    let mut answer = String::new();
    let _ = client.read_to_string(&mut answer);
    assert_eq!(answer, "");
}
