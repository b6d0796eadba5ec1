//! Regions and roles beside the stack's own, and the secrets that lie there.

#![allow(clippy::unwrap_used, missing_docs)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use provision_aws::cloud::{Aws, Cloud};
use provision_core::address::Address;
use provision_core::driver::{AssumeRole, Cause, CloudError, Driver, Id, Intent, Place, Provider, Wanted};
use provision_core::rate::PARALLELISM;
use provision_tests::local_aws::{Backend, LocalAws, command};
use provision_tests::relay::{Fault, Refusal, Relay, Rule};
use serde_json::{Value as Json, json};

const ROLE: &str = "arn:aws:iam::222222222222:role/deploy";

/// A local AWS, and the provider of a stack in us-east-1 that reaches it through a relay.
struct House {
    relay: Relay,
    provider: Aws,
    _aws: LocalAws,
}

impl House {
    async fn open() -> Self {
        let aws = LocalAws::start(Backend::Moto).unwrap();
        let relay = Relay::start(aws.endpoint()).unwrap();
        let provider = Aws::new(Arc::new(Cloud::local(&relay.endpoint(), "us-east-1").await));
        Self { relay, provider, _aws: aws }
    }

    async fn driver(&self, kind: &str, place: &Place) -> Arc<dyn Driver> {
        self.provider.driver(kind, place).await.unwrap().unwrap()
    }

    async fn create(&self, kind: &str, place: &Place, spec: Json) -> Id {
        self.driver(kind, place).await.create(&spec, &intent()).await.unwrap()
    }

    /// What is there by the name `shared`.
    async fn value(&self, place: &Place) -> Option<String> {
        let wanted = Wanted::foreign(Id::from("shared"));
        let live = self.driver("ssm/parameter", place).await.read(&[wanted]).await.unwrap().remove(0)?;
        live.spec["value"].as_str().map(str::to_owned)
    }

    async fn secret(&self, arn: &str, place: &Place) -> Result<String, CloudError> {
        self.provider.secret_value(arn, place).await
    }
}

/// Each has a token of its own, as AWS insists on.
fn intent() -> Intent {
    static INTENTS: AtomicU32 = AtomicU32::new(0);
    let token = format!("{:032x}", INTENTS.fetch_add(1, Ordering::Relaxed));
    Intent { stack: "shop".to_owned(), address: Address::root("shared"), generation: 1, token }
}

fn parameter(value: &str) -> Json {
    json!({ "name": "shared", "type": "SecureString", "value": value })
}

fn region(name: &str) -> Place {
    Place { region: Some(name.to_owned()), assume_role: None }
}

fn role() -> Place {
    let role = AssumeRole { role_arn: ROLE.to_owned(), external_id: None, role_session_name: None };
    Place { region: None, assume_role: Some(role) }
}

#[tokio::test]
async fn what_lies_in_two_regions_is_apart() {
    let house = House::open().await;
    let (own, other) = (Place::default(), region("eu-west-1"));
    house.create("ssm/parameter", &own, parameter("here")).await;
    assert_eq!(house.value(&other).await, None);
    house.create("ssm/parameter", &other, parameter("there")).await;
    assert_eq!(house.value(&own).await.as_deref(), Some("here"));
    assert_eq!(house.value(&region("us-east-1")).await.as_deref(), Some("here"), "the own region, by its name");
    assert_eq!(house.value(&other).await.as_deref(), Some("there"));

    let drivers = (house.driver("ssm/parameter", &own).await, house.driver("ssm/parameter", &other).await);
    drivers.0.delete(&Id::from("shared"), &parameter("here")).await.unwrap();
    assert_eq!(house.value(&own).await, None);
    assert_eq!(house.value(&other).await.as_deref(), Some("there"));

    assert_eq!(house.provider.zones(&own).await.unwrap()[0], "us-east-1a");
    assert_eq!(house.provider.zones(&other).await.unwrap()[0], "eu-west-1a");
}

#[tokio::test]
async fn a_role_is_assumed_once_and_acts_in_its_own_account() {
    let house = House::open().await;
    let own = house.provider.identity(&Place::default()).await.unwrap();
    let there = house.provider.identity(&role()).await.unwrap();
    assert_ne!(own.account_id, there.account_id);
    assert_eq!(there.account_id, "222222222222");
    assert!(there.arn.ends_with("role/deploy/provision"), "{}", there.arn);

    house.create("ssm/parameter", &role(), parameter("theirs")).await;
    let vpc = house.create("ec2/vpc", &role(), json!({ "cidr_block": "10.9.0.0/16" })).await;
    let by = json!({ "cidr_block": "10.9.0.0/16" });
    let by = by.as_object().unwrap();
    assert_eq!(house.driver("ec2/vpc", &role()).await.find(by).await.unwrap(), [vpc]);
    assert_eq!(house.driver("ec2/vpc", &Place::default()).await.find(by).await.unwrap(), []);
    assert_eq!(house.value(&Place::default()).await, None);
    assert_eq!(house.value(&role()).await.as_deref(), Some("theirs"));
    assert_eq!(house.relay.count("sts:AssumeRole"), 1, "one identity cache for every service");

    let elsewhere = Place { region: Some("eu-west-1".to_owned()), ..role() };
    assert_eq!(house.value(&elsewhere).await, None);
    assert_eq!(house.provider.identity(&elsewhere).await.unwrap().account_id, "222222222222");
}

#[tokio::test]
async fn a_role_that_may_not_be_assumed_is_named_with_what_it_takes() {
    let house = House::open().await;
    house.relay.inject(Rule::new("sts:AssumeRole", Fault::Refuse(Refusal::Denied)).times(2));
    let refused = house.provider.driver("ec2/vpc", &role()).await.err().unwrap();
    assert_eq!(house.provider.identity(&role()).await.err().as_ref(), Some(&refused));
    assert_eq!((refused.cause, refused.operation.as_str()), (Cause::Denied, "sts:AssumeRole"));
    for part in [ROLE, "trust policy", "external_id", "injected"] {
        assert!(refused.message.contains(part), "{}", refused.message);
    }
    assert!(house.provider.identity(&role()).await.is_ok(), "a refusal is not kept");

    house.relay.inject(Rule::new("sts:AssumeRole", Fault::Refuse(Refusal::Throttled)));
    let elsewhere = Place { region: Some("eu-west-1".to_owned()), ..role() };
    let refused = house.provider.identity(&elsewhere).await.err().unwrap();
    assert_eq!(refused.cause, Cause::Throttled);
}

#[tokio::test]
async fn a_secret_is_read_where_its_arn_says() {
    let house = House::open().await;
    let there = region("eu-west-1");
    let secret = json!({ "name": "db", "secret_string": "correct-horse" });
    let secret = house.create("secretsmanager/secret", &there, secret).await.0;
    house.create("ssm/parameter", &there, parameter("battery-staple")).await;
    let account = house.provider.identity(&there).await.unwrap().account_id;
    let parameter = format!("arn:aws:ssm:eu-west-1:{account}:parameter/shared");
    for place in [Place::default(), region("us-west-2"), there.clone()] {
        assert_eq!(house.secret(&secret, &place).await.unwrap(), "correct-horse");
        assert_eq!(house.secret(&parameter, &place).await.unwrap(), "battery-staple");
    }

    let absent = parameter.replace("shared", "absent");
    let error = house.secret(&absent, &there).await.err().unwrap();
    assert_eq!(error.cause, Cause::NotFound);
    assert!(error.message.contains(&absent), "{error}");

    let bytes = json!({ "name": "bytes", "secret_binary": "Y29ycmVjdC1ob3JzZQ==" });
    let bytes = house.create("secretsmanager/secret", &there, bytes).await.0;
    let error = house.secret(&bytes, &there).await.err().unwrap();
    assert_eq!(error.cause, Cause::Invalid);
    assert!(error.message.contains("bytes, not text"), "{error}");
    assert!(!error.message.contains("Y29y") && !error.message.contains("correct"), "{error}");
}

/// The environment is read by `Cloud::connect`, so the test below has a process of its own.
#[test]
fn what_the_environment_says_holds_in_every_place() {
    let aws = LocalAws::start(Backend::Moto).unwrap();
    let mut inside = command(std::env::current_exe().unwrap(), aws.endpoint());
    let inside = inside.args(["--exact", "--ignored", "inside_such_an_environment"]).output().unwrap();
    assert!(inside.status.success(), "{}", String::from_utf8_lossy(&inside.stdout));
    assert!(String::from_utf8_lossy(&inside.stdout).contains("1 passed"));
}

#[tokio::test]
#[ignore = "run by what_the_environment_says_holds_in_every_place"]
async fn inside_such_an_environment() {
    if std::env::var_os("AWS_ENDPOINT_URL").is_none() {
        return;
    }
    let cloud = Cloud::connect(Some("us-west-2"), role().assume_role.as_ref(), PARALLELISM).await;
    let provider = Aws::new(Arc::new(cloud));
    for (place, zone) in [(Place::default(), "us-west-2a"), (region("eu-west-1"), "eu-west-1a")] {
        assert_eq!(provider.identity(&place).await.unwrap().account_id, "222222222222");
        assert_eq!(provider.zones(&place).await.unwrap()[0], zone);
    }
}
