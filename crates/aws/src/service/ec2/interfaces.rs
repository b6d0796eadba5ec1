//! Network interfaces in the way of a subnet or security group that is to go.

use aws_sdk_ec2::types::{Filter, NetworkInterface, NetworkInterfaceStatus};
use provision_core::driver::{Cause, CloudError};

use crate::cloud::Cloud;
use crate::error::{Absent, Op};
use crate::kind::Result;

/// What AWS answered to the deletion of what `filter` finds the network interfaces of.
///
/// Where interfaces are in the way, those that Lambda left behind are deleted, and the error, which
/// has the engine try again, names the others. Lambda makes them in the subnets and groups of a
/// function and
/// [lets go of them only minutes after it](https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html).
/// Law 9 holds: they are of Lambda's own making, nothing is attached to them, and they lie in
/// what is ours and is to go.
///
/// # Errors
/// What AWS answered, as long as it refuses.
pub(crate) async fn cleared<T>(cloud: &Cloud, filter: Filter, deleted: Result<T>) -> Result<()> {
    let refusal = match deleted {
        Ok(_) => return Ok(()),
        Err(error) if error.cause != Cause::Dependency => return Err(error),
        Err(refusal) => refusal,
    };
    // Whoever may not look at interfaces is told of the refusal itself.
    let Ok(found) = describe(cloud, filter).await else { return Err(refusal) };
    let (leftovers, others): (Vec<_>, Vec<_>) = found.into_iter().partition(is_leftover);
    for id in leftovers.iter().filter_map(NetworkInterface::network_interface_id) {
        let call = cloud.ec2().delete_network_interface().network_interface_id(id);
        call.send().await.op("ec2:DeleteNetworkInterface").absent()?;
    }
    Err(naming(&others, refusal))
}

async fn describe(cloud: &Cloud, filter: Filter) -> Result<Vec<NetworkInterface>> {
    let pages = cloud.ec2().describe_network_interfaces().filters(filter).into_paginator().items().send();
    pages.try_collect().await.op("ec2:DescribeNetworkInterfaces")
}

/// How Lambda describes the interfaces it makes.
const LAMBDA: &str = "AWS Lambda VPC ENI";

/// Whether Lambda made it and has detached it. Those that AWS manages are not ours to delete.
fn is_leftover(interface: &NetworkInterface) -> bool {
    let is_lambda_s = interface.description().is_some_and(|text| text.starts_with(LAMBDA));
    let is_detached = interface.status() == Some(&NetworkInterfaceStatus::Available);
    is_lambda_s && is_detached && interface.requester_managed() != Some(true)
}

/// The refusal, with what is in the way.
fn naming(interfaces: &[NetworkInterface], refusal: CloudError) -> CloudError {
    if interfaces.is_empty() {
        return refusal;
    }
    let named = interfaces.iter().map(|interface| {
        let id = interface.network_interface_id().unwrap_or_default();
        format!("`{id}` ({})", interface.description().filter(|text| !text.is_empty()).unwrap_or("no description"))
    });
    let named: Vec<String> = named.collect();
    CloudError { message: format!("{}; network interfaces in it: {}", refusal.message, named.join(", ")), ..refusal }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interface(description: &str, status: NetworkInterfaceStatus, is_managed: bool) -> NetworkInterface {
        let interface = NetworkInterface::builder().network_interface_id("eni-1").description(description);
        interface.status(status).requester_managed(is_managed).build()
    }

    #[test]
    fn only_what_lambda_made_and_detached_is_a_leftover() {
        use NetworkInterfaceStatus::{Available, InUse};
        for (description, status, is_managed, expected) in [
            ("AWS Lambda VPC ENI-shop-1", Available, false, true),
            ("AWS Lambda VPC ENI-shop-1", InUse, false, false),
            ("AWS Lambda VPC ENI-shop-1", Available, true, false),
            ("of a colleague", Available, false, false),
            ("not AWS Lambda VPC ENI", Available, false, false),
        ] {
            assert_eq!(
                is_leftover(&interface(description, status.clone(), is_managed)),
                expected,
                "{description} {status}"
            );
        }
    }
}
