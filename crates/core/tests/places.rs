//! Where the resources of a spec lie.

#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Arc;

use provision_core::diagnostic::Sources;
use provision_core::spec::{Expanded, Files, Given, load};

const SPEC: &str = r#"
stack: shop
region: us-east-1
modules:
  far: { use: ./far.yaml, region: eu-west-1 }
resources:
  near: { region: us-east-1, ec2/vpc: {} }
  there: { region: eu-central-1, ec2/vpc: {} }
"#;

const FAR: &str = r#"
resources:
  vpc: { ec2/vpc: {} }
  back: { region: us-east-1, ec2/vpc: {} }
  role:
    iam/role:
      role_name: shop
      assume_role_policy_document: { Version: "2012-10-17", Statement: [] }
"#;

#[test]
fn what_lies_nowhere_else_lies_in_the_stacks_region() {
    let (schemas, mut sources) = (common::schemas(), Sources::default());
    let source = sources.add("shop.yaml", SPEC);
    let files = Arc::new(Files::new(|_| Ok(FAR.to_owned())));
    let spec = load(&mut sources, source, &schemas, &Given::default(), &files);
    let expanded = Expanded::sketch(spec.unwrap()).unwrap();
    let mut places: Vec<_> = expanded.instances.iter().collect();
    places.sort_by_key(|instance| instance.address.clone());
    let places: Vec<_> =
        places.into_iter().map(|it| (it.address.to_string(), it.place.region.as_deref().unwrap_or("-"))).collect();
    let expected =
        [("far.back", "-"), ("far.role", "-"), ("far.vpc", "eu-west-1"), ("near", "-"), ("there", "eu-central-1")];
    assert_eq!(places, expected.map(|(address, region)| (address.to_owned(), region)));
}
