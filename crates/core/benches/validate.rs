//! What it takes to check a spec: `cargo bench -p provision-core --bench validate`.
//!
//! Specs of 100, 1,000 and 10,000 resources of real kinds, with references, `for_each` and
//! expressions, are loaded as `provision validate` loads them. Each has a process of its
//! own, so that its peak of memory is its own. Linux only: the figures are the kernel's.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::fmt::Write as _;
use std::process::Command;
use std::sync::Arc;

use provision_core::diagnostic::{Sources, render_plain};
use provision_core::spec::{self, Files, Given};

const SIZES: [usize; 3] = [100, 1_000, 10_000];
/// Resources in one block of the spec.
const BLOCK: usize = 20;
/// Set for the process that measures one size.
const SIZE: &str = "VALIDATE_SIZE";

fn main() {
    match std::env::var(SIZE) {
        Ok(size) => measure(size.parse().unwrap()),
        Err(_) => SIZES.into_iter().for_each(in_own_process),
    }
}

fn in_own_process(size: usize) {
    let this = std::env::current_exe().unwrap();
    let status = Command::new(this).env(SIZE, size.to_string()).status().unwrap();
    assert!(status.success());
}

fn measure(size: usize) {
    let schemas = common::schemas();
    let text = spec_of(size);
    let mut sources = Sources::default();
    let source = sources.add("bench.yaml", text);
    let before = cpu_milliseconds();
    let loaded = spec::load(&mut sources, source, &schemas, &Given::default(), &Arc::new(Files::none()));
    let spent = cpu_milliseconds() - before;
    if let Err(found) = &loaded {
        panic!("{}", render_plain(&found[0], &sources));
    }
    let (lines, peak) = (sources.text(source).lines().count(), peak_megabytes());
    println!("{size:>6} resources, {lines:>6} lines: {spent:>7.1} ms of CPU, {peak:>6.1} MB at most");
}

/// The time this process has spent on a processor.
fn cpu_milliseconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").expect("Linux");
    text.split_whitespace().next().unwrap().parse::<f64>().unwrap() / 1e6
}

/// The most memory this process has held.
fn peak_megabytes() -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
}

/// A spec that stands for `size` resources.
fn spec_of(size: usize) -> String {
    let mut text = String::from(
        "stack: bench\nregion: us-east-1\nparams:\n  env: { default: dev, enum: [dev, prod] }\n\
         defaults:\n  tags: { env: \"${env}\", team: platform }\nresources:\n",
    );
    (0..size / BLOCK).for_each(|block| add_block(&mut text, block));
    text.push_str("outputs:\n  first: ${net0.id}\n");
    text
}

fn add_block(text: &mut String, n: usize) {
    let (high, low) = (n / 250, n % 250);
    write!(
        text,
        r#"  net{n}:
    ec2/vpc:
      cidr_block: 10.{low}.0.0/16
      enable_dns_hostnames: true
      tags: {{ Name: "net-{high}-{low}" }}
  public{n}:
    for_each: {{ a: us-east-1a, b: us-east-1b, c: us-east-1c, d: us-east-1d }}
    ec2/subnet:
      vpc_id: ${{net{n}.id}}
      availability_zone: ${{each.value}}
      cidr_block: ${{cidrsubnet(net{n}.cidr_block, 8, each.index)}}
      tags: {{ Name: "${{env}}-public-${{each.key}}" }}
  gateway{n}:
    ec2/internet_gateway: {{ vpc_id: "${{net{n}.id}}" }}
  table{n}:
    ec2/route_table:
      vpc_id: ${{net{n}.id}}
      subnet_ids: ${{values(public{n}).map(subnet, subnet.id)}}
      routes:
        - {{ destination_cidr_block: 0.0.0.0/0, gateway_id: "${{gateway{n}.id}}" }}
"#
    )
    .unwrap();
    (0..6).for_each(|m| add_group(text, n, m));
    (0..4).for_each(|m| add_rule(text, n, m));
    (0..3).for_each(|m| add_log(text, n, m));
}

fn add_group(text: &mut String, n: usize, m: usize) {
    write!(
        text,
        r#"  group{n}_{m}:
    ec2/security_group:
      group_name: ${{env}}-{n}-{m}
      description: Serves part {m} of {n}
      vpc_id: ${{net{n}.id}}
      ingress:
        - {{ ip_protocol: tcp, from_port: 443, to_port: 443, cidr_ipv4: 0.0.0.0/0 }}
        - {{ ip_protocol: tcp, from_port: 22, to_port: 22, cidr_ipv4: "${{net{n}.cidr_block}}" }}
      tags: {{ Name: "${{upper(env)}}-{m}", part: "{m}" }}
"#
    )
    .unwrap();
}

fn add_rule(text: &mut String, n: usize, m: usize) {
    let next = m + 1;
    write!(
        text,
        r#"  rule{n}_{m}:
    ec2/security_group_rule:
      group_id: ${{group{n}_{m}.id}}
      ip_protocol: tcp
      from_port: {m}
      to_port: {next}
      referenced_group_id: ${{group{n}_{next}.id}}
"#
    )
    .unwrap();
}

fn add_log(text: &mut String, n: usize, m: usize) {
    write!(
        text,
        r#"  log{n}_{m}:
    logs/log_group:
      log_group_name: /${{env}}/{n}/{m}
      retention_in_days: "${{env == 'prod' ? 90 : 7}}"
    depends_on: [net{n}]
    lifecycle: {{ prevent_destroy: true, ignore_changes: [tags] }}
"#
    )
    .unwrap();
}
