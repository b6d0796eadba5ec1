//! Mermaid, which many forges draw in Markdown: <https://mermaid.js.org/syntax/flowchart.html>.

use std::collections::BTreeMap;

use super::colour::{self, Colours};
use super::modules::{Modules, Visit};
use super::{Edge, EdgeKind, Node, Picture, is_printable};

/// The picture as a Mermaid flowchart. Mermaid itself draws no more than 500 edges unless
/// its `maxEdges` is raised.
pub fn mermaid(picture: &Picture) -> String {
    let (modules, mut text) = (Modules::of(picture), head(picture));
    modules.walk(|visit, depth| {
        let indent = "  ".repeat(depth + 1);
        text += &match visit {
            Visit::Enter(module) => format!("{indent}subgraph m{module}[\"{}\"]\n", escape(&modules.all[module].name)),
            Visit::Node(index) => format!("{indent}n{index}{}\n", label(&picture.nodes[index])),
            Visit::Leave => format!("{indent}end\n"),
        };
    });
    text.extend(picture.edges.iter().map(edge));
    text + &classes(picture)
}

fn head(picture: &Picture) -> String {
    match picture.title.as_str() {
        "" => "flowchart RL\n".to_owned(),
        title => format!("---\ntitle: \"{}\"\n---\nflowchart RL\n", escape(title)),
    }
}

fn label(node: &Node) -> String {
    let (name, caption) = (escape(&node.name()), escape(&node.caption()));
    format!("[\"{name}<br>{caption}\"]")
}

fn edge(edge: &Edge) -> String {
    let arrow = if edge.what == EdgeKind::Early { "-.->" } else { "-->" };
    format!("  n{} {arrow} n{}\n", edge.from, edge.to)
}

/// One class for each look, and who has it.
fn classes(picture: &Picture) -> String {
    let mut looks: BTreeMap<(Colours, bool), Vec<String>> = BTreeMap::new();
    for (index, node) in picture.nodes.iter().enumerate() {
        let look = (colour::of_kind(&node.kind), node.is_dashed());
        looks.entry(look).or_default().push(format!("n{index}"));
    }
    let all = looks.into_iter().enumerate();
    all.map(|(number, ((colours, is_dashed), nodes))| class(number, colours, is_dashed, &nodes.join(","))).collect()
}

fn class(number: usize, colours: Colours, is_dashed: bool, nodes: &str) -> String {
    let dashes = if is_dashed { ",stroke-dasharray:4" } else { "" };
    let (Colours { fill, stroke }, ink) = (colours, colour::TEXT);
    format!("  classDef c{number} fill:{fill},stroke:{stroke},color:{ink}{dashes}\n  class {nodes} c{number}\n")
}

/// `text` as Mermaid shows it: whatever could mean something to it or to HTML is given by
/// number, and what cannot be shown is a space.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for char in text.chars() {
        match char {
            char if !is_printable(char) => escaped.push(' '),
            char if char.is_ascii_punctuation() && !"_-./,[]()".contains(char) => {
                escaped += &format!("#{};", u32::from(char));
            }
            char => escaped.push(char),
        }
    }
    escaped
}
