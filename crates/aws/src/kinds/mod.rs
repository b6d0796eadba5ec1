//! Every kind. Generated from the files of this folder: run the tests with
//! `UPDATE_GENERATED=1` after adding one.

pub mod ec2;
pub mod iam;
pub mod kms;
pub mod ssm;

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
    "ec2/vpc" => ec2::vpc::Vpc,
    "iam/role" => iam::role::Role,
    "kms/alias" => kms::alias::Alias,
    "kms/key" => kms::key::Key,
    "ssm/parameter" => ssm::parameter::Parameter,
}
