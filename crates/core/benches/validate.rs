//! What it takes to check a spec: `cargo bench -p provision-core --bench validate`.
//!
//! Specs of 100, 1,000 and 10,000 resources of real kinds, with references, `for_each` and
//! expressions, are loaded as `provision validate` loads them. Each has a process of its
//! own, so that its peak of memory is its own; of several runs the one that took least time
//! counts, for others work on the machine too. Linux only: the figures are the kernel's.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used)]

#[path = "../tests/common/mod.rs"]
mod common;
mod measure;

use std::fmt::Write as _;
use std::sync::Arc;

use provision_core::diagnostic::{Sources, render_plain};
use provision_core::spec::{self, Files, Given, Spec};

use measure::{nanoseconds_of_cpu, peak_of_memory};

const SIZES: [usize; 3] = [100, 1_000, 10_000];
/// Resources in one block of the spec.
const BLOCK: usize = 20;
/// Set for the process that measures one size.
const SIZE: &str = "VALIDATE_SIZE";

/// How often each size is measured.
const RUNS: usize = 5;
/// What 10,000 resources may take: nanoseconds of CPU, and bytes of memory in all.
const MOST: Taken = Taken { nanoseconds: 1_000_000_000, bytes: 300_000_000, before: 0 };

/// What one load has taken.
#[derive(Clone, Copy)]
struct Taken {
    nanoseconds: u64,
    /// The most memory the process held.
    bytes: u64,
    /// What it held of that before: the schemas and the text.
    before: u64,
}

fn main() {
    if let Ok(size) = std::env::var(SIZE) {
        let Taken { nanoseconds, bytes, before } = measure(size.parse().unwrap());
        println!("{nanoseconds} {bytes} {before}");
        return;
    }
    println!("| resources | lines | CPU (ms) | ns/resource | peak (MB) | bytes/resource |");
    println!("|----------:|------:|---------:|------------:|----------:|---------------:|");
    let last = SIZES.map(|size| row(size, best(size)))[SIZES.len() - 1];
    let fits = last.nanoseconds < MOST.nanoseconds && last.bytes < MOST.bytes;
    assert!(fits, "10,000 resources are to take less than 1 s and 300 MB");
}

fn row(size: usize, taken: Taken) -> Taken {
    let (count, lines) = (size as u64, spec_of(size).lines().count());
    let (milliseconds, megabytes) = (taken.nanoseconds as f64 / 1e6, taken.bytes as f64 / 1e6);
    let (each, bytes) = (taken.nanoseconds / count, (taken.bytes - taken.before) / count);
    println!("| {size:>9} | {lines:>5} | {milliseconds:>8.1} | {each:>11} | {megabytes:>9.1} | {bytes:>14} |");
    taken
}

/// The run that took least time.
fn best(size: usize) -> Taken {
    let runs = std::iter::repeat_with(|| in_own_process(size)).take(RUNS);
    runs.min_by_key(|taken| taken.nanoseconds).unwrap()
}

fn in_own_process(size: usize) -> Taken {
    let figures = measure::in_own_process(SIZE, &size.to_string());
    Taken { nanoseconds: figures[0], bytes: figures[1], before: figures[2] }
}

fn measure(size: usize) -> Taken {
    let schemas = common::schemas();
    let text = spec_of(size);
    let mut sources = Sources::default();
    let source = sources.add("bench.yaml", text);
    let held = peak_of_memory();
    let files = Arc::new(Files::none());
    let mut load = || spec::load(&mut sources, source, &schemas, &Given::default(), &files);
    let loaded = load();
    let bytes = peak_of_memory();
    match &loaded {
        Ok(spec) => assert_eq!(instances(spec), size),
        Err(found) => panic!("{}", render_plain(&found[0], &sources)),
    }
    // The kernel counts in ticks of milliseconds, so small specs are loaded many times.
    let (rounds, begun) = (SIZES[SIZES.len() - 1] / size, nanoseconds_of_cpu());
    (0..rounds).for_each(|_| drop(load()));
    Taken { nanoseconds: (nanoseconds_of_cpu() - begun) / rounds as u64, bytes, before: held }
}

/// The resources a spec stands for; one that is repeated is so over four keys.
fn instances(spec: &Spec) -> usize {
    spec.root.resources.iter().map(|resource| if resource.meta.for_each.is_some() { 4 } else { 1 }).sum()
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
