//! Pictures as they are drawn.
//!
//! A `.txt` file of `pictures/` tells what is drawn, and the files beside it of the same
//! name are the drawings. In it stand lines `TITLE`, then `ADDRESS KIND [NOTE]` for each
//! node, then `INDEX needs INDEX [early]` for each edge. With `UPDATE_GOLDEN=1` the
//! drawings are written anew.

#![allow(clippy::unwrap_used)]

mod common;

use std::path::PathBuf;

use proptest::prelude::*;
use provision_core::address::Address;
use provision_core::diagnostic::Sources;
use provision_core::picture::{Edge, EdgeKind, Node, Note, Picture, dot, mermaid, of_spec, svg};
use provision_core::spec::{self, Expanded, Files, Given};

const NOTES: [(&str, Note); 6] = [
    (" existing", Note::Existing),
    (" repeated", Note::Repeated),
    (" create", Note::Create),
    (" update", Note::Update),
    (" replace", Note::Replace),
    (" delete", Note::Delete),
];

fn read(text: &str) -> Picture {
    let mut lines = text.lines();
    let title = lines.next().unwrap_or_default().to_owned();
    let (edges, nodes): (Vec<&str>, Vec<&str>) = lines.partition(|line| line.contains(" needs "));
    Picture { title, nodes: nodes.into_iter().map(node).collect(), edges: edges.into_iter().map(edge).collect() }
}

fn node(line: &str) -> Node {
    let note = NOTES.into_iter().find(|(word, _)| line.ends_with(word));
    let (address, kind) = line.strip_suffix(note.map_or("", |(word, _)| word)).unwrap().rsplit_once(' ').unwrap();
    Node { address: address.parse().unwrap(), kind: kind.to_owned(), note: note.map(|(_, note)| note) }
}

fn edge(line: &str) -> Edge {
    let (line, what) = match line.strip_suffix(" early") {
        Some(rest) => (rest, EdgeKind::Early),
        None => (line, EdgeKind::Done),
    };
    let (from, to) = line.split_once(" needs ").unwrap();
    Edge { from: from.parse().unwrap(), to: to.parse().unwrap(), what }
}

fn cases() -> Vec<PathBuf> {
    let folder = common::workspace("crates/core/tests/pictures");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut cases: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|it| it == "txt")).collect();
    cases.sort();
    cases
}

#[test]
fn every_picture_is_drawn_as_before() {
    let (update, mut wrong) = (std::env::var_os("UPDATE_GOLDEN").is_some(), Vec::new());
    for path in cases() {
        let picture = read(&std::fs::read_to_string(&path).unwrap());
        check(&picture);
        for (extension, drawn) in [("dot", dot(&picture)), ("mmd", mermaid(&picture)), ("svg", svg(&picture).unwrap())]
        {
            let path = path.with_extension(extension);
            if std::fs::read_to_string(&path).is_ok_and(|expected| expected == drawn) {
                continue;
            }
            match update {
                true => std::fs::write(&path, drawn).unwrap(),
                false => wrong.push(format!("{}\nfound:\n{drawn}", path.display())),
            }
        }
    }
    assert!(wrong.is_empty(), "UPDATE_GOLDEN=1 writes these anew:\n\n{}", wrong.join("\n\n"));
}

/// Every drawing can be read by what it is made for, and holds all there is to show.
fn check(picture: &Picture) {
    check_dot(picture, &dot(picture));
    check_mermaid(&mermaid(picture));
    check_svg(picture, &svg(picture).unwrap());
}

/// Words, quoted texts and signs, as Graphviz divides them.
fn tokens(text: &str) -> Vec<String> {
    let (mut tokens, mut chars) = (Vec::new(), text.chars().peekable());
    while let Some(char) = chars.next() {
        let mut token = String::from(char);
        if char == '"' {
            loop {
                match chars.next().unwrap() {
                    '"' => break,
                    '\\' => token.extend(['\\', chars.next().unwrap()]),
                    char => token.push(char),
                }
            }
        } else if char.is_alphanumeric() {
            while let Some(more) = chars.next_if(|char| char.is_alphanumeric() || matches!(char, '_' | '.')) {
                token.push(more);
            }
        }
        if !token.trim().is_empty() {
            tokens.push(token);
        }
    }
    tokens
}

/// The text of a label, with DOT's escapes undone.
fn unquote(token: &str) -> String {
    let (mut text, mut chars) = (String::new(), token.chars().skip(1));
    while let Some(char) = chars.next() {
        match char {
            '\\' => text.push(match chars.next().unwrap() {
                'n' => '\n',
                char => char,
            }),
            char => text.push(char),
        }
    }
    text.replace("&amp;", "&")
}

fn check_dot(picture: &Picture, drawn: &str) {
    let tokens = tokens(drawn);
    let count = |wanted: &str| tokens.iter().filter(|token| *token == wanted).count();
    assert_eq!(count("{"), count("}"));
    assert_eq!(count("["), count("]"));
    assert_eq!(count("subgraph"), count("{") - 1);
    // Outside quotes stand only words and signs of the language.
    let is_known =
        |token: &String| token.starts_with(['"', '{', '}', '[', ']', '=', ',', ';', '-', '>']) || is_id(token);
    assert_eq!(tokens.iter().find(|token| !is_known(token)), None);
    let shown: Vec<String> = tokens.windows(3).filter(|it| it[0] == "tooltip").map(|it| unquote(&it[2])).collect();
    assert_eq!(shown.len(), picture.nodes.len());
    for node in &picture.nodes {
        let address = replaced(&node.address.to_string());
        assert!(shown.iter().any(|shown| shown.starts_with(&address)), "{address} in {shown:?}");
    }
}

fn is_id(token: &str) -> bool {
    token.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '_' | '.'))
}

/// A text with what no drawing can hold replaced.
fn replaced(text: &str) -> String {
    let is_shown = |char: char| !char.is_control() && !"\u{2028}\u{2029}\u{fffe}\u{ffff}".contains(char);
    text.chars().map(|char| if is_shown(char) { char } else { '\u{fffd}' }).collect()
}

fn check_mermaid(drawn: &str) {
    for line in drawn.lines().map(str::trim_start).filter(|line| !line.starts_with("title: ")) {
        // Quoted is only what has no quote, no bracket of HTML and no directive in it.
        let parts: Vec<&str> = line.split('"').collect();
        let statement = match parts.as_slice() {
            [statement] => statement,
            [before, quoted, "]"] => {
                let quoted = quoted.replacen("<br>", "", 1);
                assert!(!quoted.contains(['<', '>', '`', '{', '%', '|']), "{line}");
                before.trim_end_matches('[')
            }
            _ => panic!("{line}"),
        };
        let id = statement.strip_prefix("subgraph ").unwrap_or(statement);
        let known = ["---", "flowchart RL", "end"].contains(&id) || id.starts_with("class");
        assert!(known || id.split([' ', ',']).all(|id| is_id(id) || ["-->", "-.->"].contains(&id)), "{line}");
    }
}

fn check_svg(picture: &Picture, drawn: &str) {
    let document = roxmltree::Document::parse(drawn).unwrap();
    let elements: Vec<_> = document.descendants().filter(|it| it.is_element()).collect();
    let known = ["svg", "title", "style", "marker", "path", "g", "rect", "text"];
    assert!(elements.iter().all(|it| known.contains(&it.tag_name().name())));
    let shown: Vec<&str> = elements.iter().filter(|it| it.has_tag_name("title")).filter_map(|it| it.text()).collect();
    let is_shown = |node: &Node| {
        let address = replaced(&node.address.to_string());
        shown.iter().any(|shown| shown.starts_with(&address))
    };
    assert!(picture.nodes.iter().all(is_shown), "{shown:?}");
}

/// Texts that mean something to one of the languages, or to nobody.
const PIECES: &[&str] = &[
    "\"",
    "\\",
    "\n",
    "\r",
    "]",
    "</svg>",
    "]]>",
    "<!--",
    "&amp;",
    "#quot;",
    "%%{init}%%",
    "`",
    "\u{0}",
    "\u{feff}",
    "\u{ffff}",
    "\u{2028}",
    "\u{202e}",
    "end",
    "-->",
    "日本",
    "{",
    "|",
    "'",
    "\\N",
    "\\",
];

fn key() -> impl Strategy<Value = String> {
    let piece = prop_oneof![prop::sample::select(PIECES).prop_map(str::to_owned), any::<String>()];
    prop::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

fn address() -> impl Strategy<Value = Address> {
    let segment = ("[a-c]", prop::option::of(key()));
    prop::collection::vec(segment, 1..4).prop_map(|segments| {
        let text = |(name, key): (String, Option<String>)| match key {
            Some(key) => format!("{name}[{}]", serde_json::Value::from(key)),
            None => name,
        };
        segments.into_iter().map(text).collect::<Vec<_>>().join(".").parse().unwrap()
    })
}

fn any_picture() -> impl Strategy<Value = Picture> {
    let kind = prop::sample::select(&["ec2/vpc", "iam/role", "s3/bucket", "other/thing"][..]);
    let note = prop::option::of(prop::sample::select(&NOTES[..]));
    let nodes = prop::collection::vec((address(), kind, note), 0..12);
    let edges =
        prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<bool>()), 0..20);
    (key(), nodes, edges).prop_map(|(title, nodes, edges)| {
        let node = |(address, kind, note): (Address, &str, Option<(&str, Note)>)| Node {
            address,
            kind: kind.to_owned(),
            note: note.map(|(_, note)| note),
        };
        let nodes: Vec<Node> = nodes.into_iter().map(node).collect();
        let edge = |(from, to, early): (prop::sample::Index, prop::sample::Index, bool)| Edge {
            from: from.index(nodes.len()),
            to: to.index(nodes.len()),
            what: if early { EdgeKind::Early } else { EdgeKind::Done },
        };
        let edges = if nodes.is_empty() { Vec::new() } else { edges.into_iter().map(edge).collect() };
        Picture { title, nodes, edges }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Loops, parallel edges and edges from a node to itself among them.
    #[test]
    fn whatever_names_hold_every_drawing_can_be_read(picture in any_picture()) {
        check(&picture);
        check(&picture.clone().reduced());
        prop_assert_eq!(svg(&picture).unwrap(), svg(&picture).unwrap());
    }
}

/// `size` nodes, each needing those so many before it.
fn made(size: usize, back: &[usize]) -> Picture {
    let node = |index: usize| Node { address: Address::root(format!("n{index}")), kind: "ec2/vpc".into(), note: None };
    let edge = |from: usize, back: usize| Some(Edge { from, to: from.checked_sub(back)?, what: EdgeKind::Done });
    let edges = (0..size).flat_map(|from| back.iter().filter_map(move |&back| edge(from, back)));
    Picture { title: "large".into(), nodes: (0..size).map(node).collect(), edges: edges.collect() }
}

#[test]
fn ten_thousand_nodes_are_drawn_but_not_laid_out() {
    let picture = made(10_000, &[1, 2, 100]);
    let too_large = svg(&picture).unwrap_err();
    assert_eq!((too_large.nodes, too_large.edges), (10_000, picture.edges.len()));
    assert_eq!(picture.clone().reduced().edges.len(), 9_999);
    let per_node = |text: &str| text.len() / picture.nodes.len();
    assert!(per_node(&dot(&picture)) < 400 && per_node(&mermaid(&picture)) < 200);
}

#[test]
fn what_is_laid_out_at_all_may_be_as_long_or_as_wide_as_can_be() {
    assert!(svg(&made(1_250, &[1])).is_ok());
    assert!(svg(&made(1_300, &[1])).is_err());
    assert!(svg(&made(2_500, &[])).is_ok());
    assert!(svg(&made(500, &[1, 100])).is_err(), "edges that pass many layers cost more than others");
}

const SPEC: &str = r#"
stack: shop
params:
  services: { type: list }
resources:
  vpc:
    ec2/vpc: { cidr_block: 10.0.0.0/16 }
  public:
    for_each: [a, b]
    ec2/subnet: { vpc_id: "${vpc.id}", cidr_block: "10.0.${each.index}.0/24", availability_zone: "us-east-1${each.key}" }
  spread:
    for_each: ${zones(2)}
    ec2/subnet: { vpc_id: "${vpc.id}", cidr_block: "10.0.1${each.index}.0/24", availability_zone: "${each.key}" }
  address:
    for_each: ${zones(2)}
    ec2/eip: { domain: vpc }
  nat:
    for_each: ${zones(2)}
    ec2/nat_gateway: { subnet_id: "${spread[each.key].id}", allocation_id: "${address[each.key].id}" }
  logs:
    for_each: ${services}
    logs/log_group: { log_group_name: "${each.key}" }
    depends_on: [public]
"#;

#[test]
fn a_spec_is_drawn_as_far_as_it_is_known() {
    let (schemas, mut sources) = (common::schemas(), Sources::default());
    let source = sources.add("shop.yaml", SPEC);
    let files = std::sync::Arc::new(Files::none());
    let spec =
        spec::load(&mut sources, source, &schemas, &Given { partial: true, ..Given::default() }, &files).unwrap();
    let picture = of_spec(&Expanded::sketch(spec).unwrap());
    let name = |index: usize| picture.nodes[index].address.to_string();
    let edges: Vec<String> = picture
        .edges
        .iter()
        .map(|edge| format!("{} needs {} {:?}", name(edge.from), name(edge.to), edge.what))
        .collect();
    let expected = [
        "public[\"a\"] needs vpc Early",
        "public[\"b\"] needs vpc Early",
        "spread needs vpc Early",
        "nat needs spread Done",
        "nat needs address Early",
        "logs needs public[\"a\"] Done",
        "logs needs public[\"b\"] Done",
    ];
    assert_eq!(edges, expected);
    let repeated: Vec<usize> =
        (0..picture.nodes.len()).filter(|&it| picture.nodes[it].note == Some(Note::Repeated)).collect();
    assert_eq!(repeated.into_iter().map(name).collect::<Vec<_>>(), ["spread", "address", "nat", "logs"]);
}
