//! What recovery must not take for ours, where no tag tells.

#![allow(clippy::unwrap_used, missing_docs)]

use std::sync::Arc;

use provision_aws::cloud::{Aws, Cloud};
use provision_core::address::Address;
use provision_core::driver::{Id, Intent, Place, Provider};
use provision_tests::local_aws::{Backend, LocalAws};
use serde_json::json;

#[tokio::test]
async fn an_alias_of_the_same_name_for_another_key_is_not_ours() {
    let aws = LocalAws::start(Backend::Moto).unwrap();
    let provider = Aws::new(Arc::new(Cloud::local(aws.endpoint(), "us-east-1").await));
    let keys = provider.driver("kms/key", &Place::default()).await.unwrap().unwrap();
    let aliases = provider.driver("kms/alias", &Place::default()).await.unwrap().unwrap();
    let token = "0123456789abcdef0123456789abcdef".to_owned();
    let intent = Intent { stack: "shop".to_owned(), address: Address::root("alias"), generation: 1, token };
    let (one, other) =
        (keys.create(&json!({}), &intent).await.unwrap(), keys.create(&json!({}), &intent).await.unwrap());
    let alias = |key: &Id| json!({ "alias_name": "alias/shop", "target_key_id": key.as_str() });

    assert_eq!(aliases.recover(&alias(&one), &intent).await.unwrap(), []);
    let id = aliases.create(&alias(&one), &intent).await.unwrap();
    assert_eq!(aliases.recover(&alias(&one), &intent).await.unwrap(), [id]);
    assert_eq!(aliases.recover(&alias(&other), &intent).await.unwrap(), []);
}
