//! Where everything stands in a drawing: layers, by dagre.
//!
//! dagre is a port of the library that Mermaid draws with. It lays out nested frames, which
//! Graphviz's other Rust heirs do not, and the same graph always in the same way.

use dagre::graph::{Graph, GraphOptions};
use dagre::{EdgeLabel, LayoutOptions, NodeLabel, RankAlign, RankDir};

use super::Picture;
use super::modules::Modules;

/// How much [`cost`] can be laid out in a few seconds.
const LIMIT: usize = 2500;

/// Around everything, in pixels.
const MARGIN: f64 = 24.0;

/// Above a box in a frame, in pixels: the frame's name stands there.
const HEADROOM: f64 = 14.0;

/// A picture that cannot be laid out in reasonable time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{nodes} resources with {edges} edges are too many to be laid out as svg")]
pub struct TooLarge {
    /// How many nodes it has.
    pub nodes: usize,
    /// How many edges it has.
    pub edges: usize,
}

impl TooLarge {
    /// What to do instead.
    pub const HELP: &str =
        "write DOT and have Graphviz lay it out: `--format dot -o graph.dot`, then `sfdp -Tsvg graph.dot -o graph.svg`";
}

/// A point, in pixels from the upper left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
}

/// A box by its upper left corner and its size, in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Area {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// Where everything stands.
#[derive(Debug)]
pub(super) struct Layout {
    /// Of the whole.
    pub(super) width: f64,
    /// Of the whole.
    pub(super) height: f64,
    /// The box of each node.
    pub(super) nodes: Vec<Area>,
    /// The frame of each module; the first, which is the picture, has none.
    pub(super) frames: Vec<Area>,
    /// The way of each edge, from what needs to what is needed.
    pub(super) ways: Vec<Vec<Point>>,
}

/// How much there is to arrange: the boxes, a bend for every layer that an edge passes and
/// two borders for every layer that a frame spans; again for each depth of frames.
fn cost(picture: &Picture, modules: &Modules) -> usize {
    let layers = picture.depths().unwrap_or_else(|| vec![0; picture.nodes.len()]);
    let bends: usize = picture.edges.iter().map(|edge| layers[edge.from].abs_diff(layers[edge.to]).max(1)).sum();
    let mut spans: Vec<Option<(usize, usize)>> = vec![None; modules.all.len()];
    for (node, &layer) in layers.iter().enumerate() {
        for module in modules.around(node) {
            let (low, high) = spans[module].unwrap_or((layer, layer));
            spans[module] = Some((low.min(layer), high.max(layer)));
        }
    }
    let borders: usize = spans.iter().flatten().map(|(low, high)| 2 * (high - low + 1)).sum();
    (layers.len() + bends + borders) * (1 + modules.deepest())
}

type Layered = Graph<NodeLabel, EdgeLabel>;

/// Lays out `picture`, whose boxes are so large.
pub(super) fn layout(picture: &Picture, modules: &Modules, sizes: &[(f64, f64)]) -> Result<Layout, TooLarge> {
    let (nodes, edges) = (picture.nodes.len(), picture.edges.len());
    if cost(picture, modules) > LIMIT {
        return Err(TooLarge { nodes, edges });
    }
    let mut graph = graph(picture, modules, sizes);
    let options = LayoutOptions {
        rankdir: RankDir::LR,
        nodesep: 16.0,
        edgesep: 8.0,
        ranksep: 60.0,
        marginx: MARGIN,
        marginy: MARGIN,
        rank_align: RankAlign::Top,
        ..LayoutOptions::default()
    };
    dagre::layout(&mut graph, Some(options));
    Ok(read(picture, modules, &graph))
}

fn graph(picture: &Picture, modules: &Modules, sizes: &[(f64, f64)]) -> Layered {
    let mut graph = Graph::with_options(GraphOptions { directed: true, multigraph: true, compound: true });
    for (index, module) in modules.all.iter().enumerate().skip(1) {
        graph.set_node(frame_id(index), Some(NodeLabel::default()));
        if module.parent != 0 {
            graph.set_parent(&frame_id(index), Some(&frame_id(module.parent)));
        }
    }
    for (index, &(width, height)) in sizes.iter().enumerate() {
        let height = height + headroom(modules, index);
        graph.set_node(node_id(index), Some(NodeLabel { width, height, ..NodeLabel::default() }));
        if modules.of_node[index] != 0 {
            graph.set_parent(&node_id(index), Some(&frame_id(modules.of_node[index])));
        }
    }
    // What is needed comes first.
    for (index, edge) in picture.edges.iter().enumerate() {
        let name = index.to_string();
        graph.set_edge(node_id(edge.to), node_id(edge.from), Some(EdgeLabel::default()), Some(&name));
    }
    graph
}

fn headroom(modules: &Modules, node: usize) -> f64 {
    if modules.of_node[node] == 0 { 0.0 } else { HEADROOM }
}

fn node_id(index: usize) -> String {
    format!("n{index}")
}

fn frame_id(index: usize) -> String {
    format!("m{index}")
}

fn read(picture: &Picture, modules: &Modules, graph: &Layered) -> Layout {
    let node = |index: usize| {
        let (area, headroom) = (area(graph, &node_id(index)), headroom(modules, index));
        Area { y: area.y + headroom, height: area.height - headroom, ..area }
    };
    let nodes: Vec<Area> = (0..picture.nodes.len()).map(node).collect();
    let frames: Vec<Area> = (0..modules.all.len()).map(|index| area(graph, &frame_id(index))).collect();
    let ways = (0..picture.edges.len()).map(|index| way(picture, graph, &nodes, index)).collect();
    let all = || nodes.iter().chain(&frames);
    let width = all().map(|area| area.x + area.width).fold(0.0, f64::max) + MARGIN;
    let height = all().map(|area| area.y + area.height).fold(0.0, f64::max) + MARGIN;
    Layout { width, height, nodes, frames, ways }
}

fn area(graph: &Layered, id: &str) -> Area {
    let Some(NodeLabel { x: Some(x), y: Some(y), width, height, .. }) = graph.node(id) else {
        return Area::default();
    };
    Area { x: x - width / 2.0, y: y - height / 2.0, width: *width, height: *height }
}

/// From the left side of what needs, through the gaps between boxes, to the right side of
/// what is needed.
fn way(picture: &Picture, graph: &Layered, nodes: &[Area], index: usize) -> Vec<Point> {
    let edge = picture.edges[index];
    let (from, to) = (nodes[edge.from], nodes[edge.to]);
    let label = graph.edge(&node_id(edge.to), &node_id(edge.from), Some(&index.to_string()));
    let points = label.map(|label| label.points.as_slice()).unwrap_or_default();
    // The first and the last lie on the border of a box, wherever that is met.
    let between = points.get(1..points.len().saturating_sub(1)).unwrap_or_default();
    let mut way = vec![Point { x: from.x, y: from.y + from.height / 2.0 }];
    way.extend(between.iter().rev().map(|point| Point { x: point.x, y: point.y }));
    way.push(Point { x: to.x + to.width, y: to.y + to.height / 2.0 });
    way
}
