//! Addresses and availability zones.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::{Call, Function, Looks, Outcome, counted};
use crate::expr::operators::shown;
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new(
        "cidrhost",
        (2, 2),
        "cidrhost(prefix, hostnum)",
        "The address of that number within the range; a negative number counts from the end.",
        r#"cidrhost("10.12.112.0/20", 16) == "10.12.112.16""#,
        cidrhost,
    ),
    Function::new(
        "cidrsubnet",
        (3, 3),
        "cidrsubnet(prefix, newbits, netnum)",
        "The subnet of that number among those with so many more prefix bits than the range.",
        r#"cidrsubnet("10.0.0.0/16", 8, 2) == "10.0.2.0/24""#,
        cidrsubnet,
    ),
    Function::new(
        "secret_value",
        (1, 1),
        "secret_value(arn)",
        "The secret that the ARN of a Secrets Manager secret or of an SSM parameter names.",
        r#"length(secret_value("arn:aws:secretsmanager:us-east-1:123456789012:secret:a")) > 0"#,
        secret_value,
    ),
    Function::new(
        "zones",
        (1, 1),
        "zones(count)",
        "The names of the region's first so many availability zones.",
        r#"length(zones(1)) == 1"#,
        zones,
    )
    .looking(Looks::Outside),
];

fn range(call: &Call<'_>) -> Result<IpNet, String> {
    let text = call.text(0)?;
    let range: IpNet =
        text.parse().map_err(|_| format!("`{}` is no address range such as `10.0.0.0/16`", shown(text)))?;
    Ok(range.trunc())
}

fn cidrsubnet(call: &mut Call<'_>) -> Outcome {
    let (range, more, number) = (range(call)?, call.count(1)?, call.count(2)?);
    let length = u8::try_from(more).ok().and_then(|more| range.prefix_len().checked_add(more));
    let length = length
        .filter(|length| *length <= range.max_prefix_len())
        .ok_or_else(|| format!("the {} bits of {range} leave no room for {more} more", range.prefix_len()))?;
    let number = number as u128;
    if more < 128 && number >> more != 0 {
        return Err(format!("{} hold no subnet number {number}, counted from 0", counted(more, "bit")));
    }
    let place = u32::from(range.max_prefix_len() - length);
    let subnet = IpNet::new(offset(range, number.checked_shl(place).unwrap_or(0)), length);
    subnet.map(|subnet| Value::from(subnet.to_string())).map_err(|error| error.to_string())
}

fn cidrhost(call: &mut Call<'_>) -> Outcome {
    let (range, number) = (range(call)?, call.integer(1)?);
    let bits = u32::from(range.max_prefix_len() - range.prefix_len());
    let last = u128::MAX.checked_shr(128 - bits).unwrap_or(0);
    let distance = u128::from(if number < 0 { !number } else { number }.unsigned_abs());
    if distance > last {
        return Err(format!("{range} holds no host number {number}"));
    }
    let host = if number < 0 { last - distance } else { distance };
    Ok(Value::from(offset(range, host).to_string()))
}

/// The address so far behind the first of `range`, which has room for it.
fn offset(range: IpNet, distance: u128) -> IpAddr {
    match range.network() {
        IpAddr::V4(first) => IpAddr::V4(Ipv4Addr::from_bits(first.to_bits() | distance as u32)),
        IpAddr::V6(first) => IpAddr::V6(Ipv6Addr::from_bits(first.to_bits() | distance)),
    }
}

fn secret_value(call: &mut Call<'_>) -> Outcome {
    call.scope.secret_value(call.text(0)?)
}

fn zones(call: &mut Call<'_>) -> Outcome {
    let wanted = call.count(0)?;
    let zones = match call.scope.zones() {
        Value::List(zones) => zones,
        unknown => return Ok(unknown),
    };
    match zones.get(..wanted) {
        Some(first) => Ok(Value::list(first.iter().cloned())),
        None => Err(format!("the region has {}, not {wanted}", counted(zones.len(), "availability zone"))),
    }
}
