#![allow(clippy::unwrap_used)]

use super::*;
use crate::spec::yaml::arbitrary::tree;
use crate::spec::yaml::print;
use crate::spec::yaml::quote::double_quoted;
use proptest::prelude::*;

mod scribe;

fn formatted(text: &str) -> String {
    let made = format(SourceId(0), text).unwrap();
    assert_eq!(format(SourceId(0), &made).as_ref(), Ok(&made), "not stable:\n{made}");
    made
}

/// A text that is laid out already.
fn stays(text: &str) {
    assert_eq!(formatted(text), text);
}

/// A spec with every section, whose layout is the measure.
const SHOP: &str = r#"# yaml-language-server: $schema=./schema/provision.json
stack: shop
description: Sells things
region: us-east-1
assume_role: arn:aws:iam::123456789012:role/deploy
state: s3://states/provision
params:
  env: { type: string, enum: [dev, prod], default: dev }
  azs: { type: integer, default: 2 }
environments:                     # provision apply shop.yaml --env prod
  prod: { azs: 3 }
locals:
  name: ${stack}-${env}
defaults:
  tags: { project: shop, env: "${env}" }

existing:                         # looked up, never changed
  zone:
    route53/hosted_zone: { name: example.org }

modules:
  api:
    use: ./modules/fargate-service.yaml
    with: { subnets: "${values(public).map(s, s.id)}" }

  worker:
    use: ./modules/worker.yaml

resources:
  vpc:
    ec2/vpc:                      # the kind is the key: editors complete it from the schema
      cidr_block: 10.0.0.0/16
      enable_dns_hostnames: true
    lifecycle: { prevent_destroy: true }

  public:
    for_each: ${zones(azs)}       # one per key: public["us-east-1a"]
    ec2/subnet:
      vpc_id: ${vpc.id}
      availability_zone: ${each.key}
      cidr_block: ${cidrsubnet(vpc.cidr_block, 8, each.index)}

moved:
  - { from: net, to: vpc }

import:
  vpc: vpc-0123456789abcdef0

checks:
  up: { http: "https://${api.dns_name}", status: 200 }

outputs:
  url: https://${api.dns_name}
"#;

#[test]
fn every_section_is_laid_out_already() {
    stays(SHOP);
    let root = parse(SourceId(0), SHOP).root.unwrap();
    let sections: Vec<_> = root.entries().unwrap().iter().map(|entry| &*entry.key.text).collect();
    assert_eq!(sections, SECTIONS);
}

#[test]
fn sections_in_any_order_come_in_theirs() {
    let text: String = SECTIONS.iter().rev().map(|section| format!("{section}: {{}} # {section}\n")).collect();
    let made = formatted(&text);
    let sections: Vec<_> =
        made.lines().filter_map(|line| line.split(':').next()).filter(|name| !name.is_empty()).collect();
    assert_eq!(sections, SECTIONS);
}

#[test]
fn sections_and_blank_lines_fall_into_place() {
    let text = "\u{feff}# yaml-language-server: $schema=x\r\n# of outputs\r\noutputs: {}\r\nx: 1\r\nresources:\r\n\r\n    a: {}\r\n    # of b\r\n    b: {}\r\n\r\n\r\n    c: {}\r\nstack: s\r\n\r\n\r\nregion: r\r\n";
    let expected = "\
# yaml-language-server: $schema=x
stack: s

region: r

resources:
  a: {}

  # of b
  b: {}

  c: {}

# of outputs
outputs: {}
x: 1
";
    assert_eq!(formatted(text), expected);
}

#[test]
fn the_comment_of_the_file_stays_on_top() {
    let text = "# Of the file.\n# More.\n\n# Of resources.\nresources: {}\nstack: s # name\n";
    assert_eq!(formatted(text), "# Of the file.\n# More.\n\nstack: s # name\n\n# Of resources.\nresources: {}\n");
}

#[test]
fn comments_stay_beside_what_they_speak_of() {
    stays(
        "a:\n  b: 1\n  # closes a\n# of c\nc:\n  # d: 2\ne: # of e\n  # of f\n  f: 1   # far\n  g:\n    - x # of x\n    # closes g\n\n# the end\n",
    );
    stays("- # of the item\n  a: 1\n- - b # of b\n  # of c\n  - c\n");
    stays("a: | # of the block\n  text # not\nb: 1\n");
    assert_eq!(formatted("a: # one\n  # two\n  b # three\n"), "# one\n# two\na: b # three\n");
    assert_eq!(formatted("a:\n      - b\n   #  c\n"), "a:\n  - b\n  #  c\n");
    assert_eq!(formatted("# only\n\n\n#  comments  \n"), "# only\n\n#  comments\n");
}

#[test]
fn brackets_stay_while_they_fit_and_hold_no_comment() {
    assert_eq!(formatted("a: {b: 1,c: [ 1,2 ], d: {}, e}\n"), "a: { b: 1, c: [1, 2], d: {}, e }\n");
    assert_eq!(formatted("a: [b,\n  c]\n"), "a: [b, c]\n");
    assert_eq!(formatted("a: [b: 1]\n"), "a: [{ b: 1 }]\n");
    let broken = "a:   # open\n  - b # one\n  - c: 1\n    d: 2\n  # end\n  # after\n";
    assert_eq!(
        formatted("a: [ # open\n  b, # one\n  {c: 1, d: 2}\n  # end\n] # after\n").as_str(),
        broken.replace("c: 1\n    d: 2", "{ c: 1, d: 2 }")
    );
    let long = format!("a: {{ b: {}, c: [{}] }}\n", "x".repeat(60), "y".repeat(40));
    assert_eq!(formatted(&long), format!("a:\n  b: {}\n  c: [{}]\n", "x".repeat(60), "y".repeat(40)));
}

#[test]
fn only_needless_quotes_go() {
    assert_eq!(formatted("a: \"b\"\n\"c\": 'd e'\n"), "a: b\nc: d e\n");
    assert_eq!(formatted("a: [\"b\", 'c,d']\n"), "a: [b, 'c,d']\n");
    for kept in
        ["no", "On", "1", "1.0", "2012-10-17", "", " a", "a: b", "a #b", "-", "*", "null", "~", "10.0.0.0/16", "<<"]
    {
        stays(&format!("a: \"{kept}\"\nb: '{kept}'\n"));
    }
    stays("a: { b: \"${c}\", d: 'it''s' }\n");
}

#[test]
fn strings_of_several_lines_keep_their_shape() {
    let text = "a:\n      b: |\n          x\n            y\n\n          z\n\n\n      c: >-\n        x\n        y\n      d: one\n         two\n\n         three\n      e: \"one\n        two\\\n        three\"\n";
    let expected = "a:\n  b: |\n    x\n      y\n\n    z\n\n  c: >-\n    x\n    y\n  d: one\n    two\n\n    three\n  e: \"one\n    two\\\n    three\"\n";
    assert_eq!(formatted(text), expected);
    assert_eq!(formatted("a: |4\n      x\n    y\nb: |+\n  x\n\n\nc: 1\n"), "a: |2\n    x\n  y\nb: |+\n  x\n\n\nc: 1\n");
}

#[test]
fn keys_over_several_lines_get_one() {
    assert_eq!(formatted("? a\n  b\n: c\n? 'd:\n\n  e'\n: f\n"), "a b: c\n\"d:\\ne\": f\n");
}

#[test]
fn a_value_may_be_all_there_is() {
    stays("word\n");
    stays("|-\n  - x\n  # y\n");
    stays("- a\n- b\n");
    stays("# c\n>\n  x\n");
}

#[test]
fn anchors_and_merge_keys_stay_as_written() {
    stays("a: &a\n  x: 1\nb: *a\nc:\n  <<: *a\n  y: &y !!str 2\nd: [*y, &z q]\n*y : e\n");
    stays("- &a\n  b: 1\n- *a\n");
    assert_eq!(formatted("a: &x\nb: !!str # c\nc: { d: &y , e: 1 }\n"), "a: &x\nb: !!str # c\nc: { d: &y , e: 1 }\n");
    let text = "outputs: &o { a: 1 }\nstack: s\nparams: *o\n";
    assert_eq!(formatted(text), text, "an alias must not move in front of its anchor");
}

#[test]
fn what_is_wrong_is_told_and_not_touched() {
    assert_eq!(format(SourceId(0), "a: 1\na: 2\n").unwrap_err()[0].code, "duplicate-key");
    assert_eq!(formatted(""), "");
    assert_eq!(formatted("---\n# c\na:   1\n...\n"), "# c\na: 1\n");
}

/// A tree in brackets, with line breaks and comments where `marks` say so.
fn bracketed(node: &Node, marks: &mut impl Iterator<Item = u8>, out: &mut String) {
    let (open, close) = if node.items().is_some() { ('[', ']') } else { ('{', '}') };
    if let Some(text) = node.text() {
        return out.push_str(&double_quoted(text));
    }
    out.push(open);
    let items = node.items().unwrap_or_default().iter().map(|item| (None, item));
    let entries = node.entries().unwrap_or_default().iter().map(|entry| (Some(&entry.key.text), &entry.value));
    for (key, value) in items.chain(entries) {
        out.push_str(["", "", " ", "\n  ", " # a\n  ", "\n  # b\n  "][usize::from(marks.next().unwrap_or(0) % 6)]);
        if let Some(key) = key {
            out.push_str(&format!("{}: ", double_quoted(key)));
        }
        bracketed(value, marks, out);
        out.push_str([",", ", ", "\n  , ", " # c\n  ,", ", # d\n  "][usize::from(marks.next().unwrap_or(0) % 5)]);
    }
    out.push(close);
}

/// Scatters comments and blank lines over a printed tree: between lines at any
/// depth, and at the ends of lines that are no part of a text block.
fn commented(text: &str, marks: &[u8]) -> String {
    let mut out = String::new();
    for (line, mark) in text.lines().zip(marks.iter().cycle()) {
        match mark % 6 {
            0 => out.push_str(&format!("{:1$}# own\n", "", usize::from(mark / 6) % 9)),
            1 => out.push('\n'),
            _ => {}
        }
        out.push_str(line);
        out.push_str(if mark % 6 == 2 { "  # right\n" } else { "\n" });
    }
    out
}

/// The sections of a text in their order, each with all it says.
fn sections(text: &str) -> Vec<Entry> {
    let Parsed { root, diagnostics } = parse(SourceId(0), text);
    assert_eq!(diagnostics, [], "{text}");
    root.unwrap().entries().unwrap_or_default().to_vec()
}

/// The comments of a text in their order.
fn comments(text: &str) -> Vec<String> {
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    tree::read(&text).unwrap().comments.iter().map(|comment| comment.text.to_owned()).collect()
}

/// Formatting `text` changes its looks alone.
fn only_looks_change(text: &str) -> Result<(), TestCaseError> {
    let made = format(SourceId(0), text);
    prop_assert!(made.is_ok(), "{:?} of\n{}", made, text);
    let made = made.unwrap();
    prop_assert_eq!(format(SourceId(0), &made), Ok(made.clone()), "{}", text);
    prop_assert!(!made.contains(['\r', '\u{feff}']), "{}", made);
    let (before, after) = (sections(text), sections(&made));
    prop_assert_eq!(before.len(), after.len());
    for section in &before {
        let again = after.iter().find(|again| again.key.text == section.key.text);
        prop_assert!(again.is_some_and(|again| again.value.same_as(&section.value)), "{}", text);
    }
    let (mut said, mut kept) = (comments(text), comments(&made));
    let in_order = before.iter().zip(&after).all(|(before, after)| before.key.text == after.key.text);
    if !in_order {
        said.sort_unstable();
        kept.sort_unstable();
    }
    prop_assert_eq!(kept, said, "{}\n{}", text, made);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn formatting_a_spec_changes_its_looks_alone(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        only_looks_change(&scribe::spec(&bytes))?;
    }

    #[test]
    fn a_spec_printed_reads_the_same(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let root = parse(SourceId(0), &scribe::spec(&bytes)).root.unwrap();
        let printed = print(&root);
        let again = parse(SourceId(0), &printed).root;
        prop_assert!(again.is_some_and(|again| again.same_as(&root)), "{}", printed);
    }
}

proptest! {
    #[test]
    fn formatting_twice_is_formatting_once(node in tree(), marks in prop::collection::vec(any::<u8>(), 1..20)) {
        let text = commented(&print(&node), &marks);
        // The scattering may break a text; then there is nothing to format.
        if let Ok(once) = format(SourceId(0), &text) {
            prop_assert_eq!(format(SourceId(0), &once), Ok(once.clone()), "{}", text);
        } else if parse(SourceId(0), &text).diagnostics.is_empty() {
            prop_assert!(false, "refused:\n{}", text);
        }
    }

    #[test]
    fn brackets_with_comments_are_formatted(node in tree(), marks in prop::collection::vec(any::<u8>(), 1..20)) {
        let mut text = String::from("stack: x\na:\n  b: ");
        bracketed(&node, &mut marks.into_iter().cycle(), &mut text);
        text.push_str(" # end\nresources: {}\n");
        let once = format(SourceId(0), &text);
        prop_assert!(once.is_ok(), "{:?} {}", once, text);
        prop_assert_eq!(format(SourceId(0), once.as_ref().unwrap()), once.clone(), "{}", text);
    }

    #[test]
    fn any_text_of_yaml_marks_is_formatted_or_refused(text in "([abc]|- |[ab]: |\n|\n  |\n    |\\[|\\]|, |\\{|\\}|# c\n|  # d\n|'|\"|\\|\n|>\n|&a |\\*a|!!str | ){0,30}") {
        if let Ok(once) = format(SourceId(0), &text) {
            prop_assert_eq!(format(SourceId(0), &once), Ok(once.clone()), "{}", text);
        }
    }
}
