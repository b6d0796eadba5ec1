//! What the tests of the whole share: generated files, local clouds.

pub mod binary;
pub mod conformance;
pub mod generated;
pub mod inventory;
pub mod local_aws;
pub mod matrix;
pub mod relay;
pub mod site;
pub mod stack;
pub mod store_contract;
