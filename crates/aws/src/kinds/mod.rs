//! Every kind. Generated from the files of this folder: run the tests with
//! `UPDATE_GENERATED=1` after adding one.

pub mod ec2;
pub mod logs;

use std::sync::{Arc, LazyLock};

use provision_core::driver::Driver;
use provision_core::schema::{KindDescription, KindSchema};

use crate::cloud::Cloud;
use crate::kind::{Erased, describe};

macro_rules! kinds {
    ($($name:literal => $kind:ty,)*) => {
        /// The driver of the kind `name`.
        pub fn driver(name: &str, cloud: &Arc<Cloud>) -> Option<Arc<dyn Driver>> {
            match name {
                $($name => {
                    static SCHEMA: LazyLock<Option<Arc<KindSchema>>> =
                        LazyLock::new(|| KindSchema::compile(describe::<$kind>()).ok().map(Arc::new));
                    Some(Arc::new(Erased::<$kind>::new(cloud.clone(), SCHEMA.clone()?)))
                })*
                _ => None,
            }
        }

        /// What every kind says of itself, by name.
        pub fn descriptions() -> Vec<KindDescription> {
            vec![$(describe::<$kind>(),)*]
        }
    };
}

kinds! {
    "ec2/flow_log" => ec2::flow_log::FlowLog,
    "ec2/security_group" => ec2::security_group::SecurityGroup,
    "ec2/security_group_rule" => ec2::security_group_rule::SecurityGroupRule,
    "ec2/vpc" => ec2::vpc::Vpc,
    "ec2/vpc_endpoint" => ec2::vpc_endpoint::VpcEndpoint,
    "logs/log_group" => logs::log_group::LogGroup,
}
