//! Addresses and availability zones.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::{Call, Function, Outcome, counted};
use crate::expr::operators::shown;
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new(
        "cidrhost(prefix: string, hostnum: integer) -> string",
        "The address of that number within the range; a negative number counts from the end.",
        r#"cidrhost("10.12.112.0/20", 16) == "10.12.112.16""#,
        cidrhost,
    ),
    Function::new(
        "cidrnetmask(prefix: string) -> string",
        "The mask of an IPv4 range.",
        r#"cidrnetmask("172.16.0.0/12") == "255.240.0.0""#,
        |call| match range(call)? {
            IpNet::V4(range) => Ok(Value::from(range.netmask().to_string())),
            IpNet::V6(range) => Err(format!("{range} is an IPv6 range, which has no mask")),
        },
    ),
    Function::new(
        "cidrsubnet(prefix: string, newbits: integer, netnum: integer) -> string",
        "The subnet of that number among those with so many more prefix bits than the range.",
        r#"cidrsubnet("10.0.0.0/16", 8, 2) == "10.0.2.0/24""#,
        cidrsubnet,
    ),
    Function::new(
        "cidrsubnets(prefix: string, newbits: integer...) -> list<string>",
        "Subnets one behind the other, each with so many more prefix bits than the range.",
        r#"cidrsubnets("10.1.0.0/16", 4, 8, 4) == ["10.1.0.0/20", "10.1.16.0/24", "10.1.32.0/20"]"#,
        cidrsubnets,
    ),
    Function::new(
        "zones(count: integer) -> list<string>",
        "The names of the region's first so many availability zones.",
        r#"length(zones(1)) == 1"#,
        zones,
    ),
];

fn range(call: &Call<'_>) -> Result<IpNet, String> {
    let text = call.text(0)?;
    let range: IpNet =
        text.parse().map_err(|_| format!("`{}` is no address range such as `10.0.0.0/16`", shown(text)))?;
    Ok(range.trunc())
}

fn cidrsubnet(call: &mut Call<'_>) -> Outcome {
    let (range, more, number) = (range(call)?, call.count(1)?, call.count(2)?);
    let length = longer(range, more)?;
    let number = number as u128;
    if more < 128 && number >> more != 0 {
        return Err(format!("{} hold no subnet number {number}, counted from 0", counted(more, "bit")));
    }
    let place = u32::from(range.max_prefix_len() - length);
    subnet(range, number.checked_shl(place).unwrap_or(0), length)
}

/// The length of the prefix that has so many bits `more` than that of `range`.
fn longer(range: IpNet, more: usize) -> Result<u8, String> {
    let length = u8::try_from(more).ok().and_then(|more| range.prefix_len().checked_add(more));
    length
        .filter(|length| *length <= range.max_prefix_len())
        .ok_or_else(|| format!("the {} bits of {range} leave no room for {more} more", range.prefix_len()))
}

fn subnet(range: IpNet, distance: u128, length: u8) -> Outcome {
    let subnet = IpNet::new(offset(range, distance), length);
    subnet.map(|subnet| Value::from(subnet.to_string())).map_err(|error| error.to_string())
}

/// Each subnet starts at the first multiple of its own size behind the one before.
fn cidrsubnets(call: &mut Call<'_>) -> Outcome {
    let range = range(call)?;
    let bits = u32::from(range.max_prefix_len() - range.prefix_len());
    let last = u128::MAX.checked_shr(128 - bits).unwrap_or(0);
    let (mut subnets, mut free) = (Vec::new(), Some(0_u128));
    for position in 1..call.values.len() {
        let more = call.count(position)?;
        if more == 0 {
            return Err(format!("argument {} is at least 1: a subnet is smaller than its range", position + 1));
        }
        let length = longer(range, more)?;
        let size = 1_u128 << (range.max_prefix_len() - length);
        let start = free.and_then(|free| free.checked_next_multiple_of(size)).filter(|start| *start <= last);
        let start = start.ok_or_else(|| format!("{range} has no room left for subnet {position}, a /{length}"))?;
        subnets.push(subnet(range, start, length)?);
        free = start.checked_add(size);
    }
    Ok(Value::list(subnets))
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
