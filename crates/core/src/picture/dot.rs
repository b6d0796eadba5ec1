//! DOT, the language of Graphviz: <https://graphviz.org/doc/info/lang.html>.

use std::fmt::Write;

use super::modules::{Modules, Visit};
use super::{Edge, EdgeKind, Node, Picture, colour, is_printable};

/// The picture in DOT.
pub fn dot(picture: &Picture) -> String {
    let (modules, mut text) = (Modules::of(picture), head(picture));
    modules.walk(|visit, depth| {
        let indent = "  ".repeat(depth + 1);
        text += &match visit {
            Visit::Enter(module) => {
                format!("{indent}subgraph cluster_{module} {{ label={};\n", quote(&modules.all[module].name))
            }
            Visit::Node(index) => format!("{indent}n{index} {};\n", attributes(&picture.nodes[index])),
            Visit::Leave => format!("{indent}}}\n"),
        };
    });
    text.extend(picture.edges.iter().map(edge));
    text + "}\n"
}

fn head(picture: &Picture) -> String {
    let (line, ink) = (colour::LINE, colour::TEXT);
    let mut head = format!("digraph {} {{\n", quote(&picture.title));
    // Writing to a text cannot fail.
    let _ = writeln!(
        head,
        "  graph [rankdir=RL, bgcolor=transparent, fontname=\"sans-serif\", fontcolor=\"{line}\", color=\"{line}\", style=rounded];"
    );
    let _ = writeln!(head, "  node [shape=box, fontname=\"sans-serif\", fontcolor=\"{ink}\"];");
    let _ = writeln!(head, "  edge [color=\"{line}\", arrowsize=0.7];");
    head
}

fn attributes(node: &Node) -> String {
    let colours = colour::of_kind(&node.kind);
    let style = if node.is_dashed() { "rounded,filled,dashed" } else { "rounded,filled" };
    let label = quote(&format!("{}\n{}", node.name(), node.caption()));
    let (fill, stroke, tooltip) = (colours.fill, colours.stroke, quote(&node.tooltip()));
    format!("[label={label}, style=\"{style}\", fillcolor=\"{fill}\", color=\"{stroke}\", tooltip={tooltip}]")
}

fn edge(edge: &Edge) -> String {
    let style = if edge.what == EdgeKind::Early { " [style=dashed]" } else { "" };
    format!("  n{} -> n{}{style};\n", edge.from, edge.to)
}

/// `text` between quotes, as Graphviz shows it: neither escapes nor HTML entities in it
/// count, and a line's end starts a line.
fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for char in text.chars() {
        match char {
            '"' => quoted += "\\\"",
            '\\' => quoted += "\\\\",
            '&' => quoted += "&amp;",
            '\n' => quoted += "\\n",
            char if !is_printable(char) => quoted.push('\u{fffd}'),
            char => quoted.push(char),
        }
    }
    quoted + "\""
}
