//! SVG, complete in itself: no script, no font and no style from elsewhere.

use std::fmt::Write;

use super::layout::{Area, Layout, Point, TooLarge, layout};
use super::modules::Modules;
use super::{Edge, EdgeKind, Node, Picture, colour, is_printable};

/// How wide a character is, in pixels, in the name and in the caption of a box.
const NAME_CELL: f64 = 7.8;
const CAPTION_CELL: f64 = 6.6;

/// How many characters wide a name may be before it is cut; the tooltip has it whole.
const LONGEST: usize = 44;

/// The picture as SVG.
///
/// # Errors
/// When it is too large to be laid out in reasonable time.
pub fn svg(picture: &Picture) -> Result<String, TooLarge> {
    let modules = Modules::of(picture);
    let sizes: Vec<(f64, f64)> = picture.nodes.iter().map(size).collect();
    let layout = layout(picture, &modules, &sizes)?;
    let mut svg = head(picture, &layout);
    let frames = modules.all.iter().zip(&layout.frames).skip(1);
    svg.extend(frames.map(|(module, &area)| frame(&module.name, &module.address, area)));
    svg.extend(picture.edges.iter().zip(&layout.ways).map(|(edge, way)| arrow(picture, edge, way)));
    svg.extend(picture.nodes.iter().zip(&layout.nodes).map(|(node, &area)| block(node, area)));
    Ok(svg + "</svg>\n")
}

fn head(picture: &Picture, layout: &Layout) -> String {
    let (width, height, line, ink) = (layout.width.ceil(), layout.height.ceil(), colour::LINE, colour::TEXT);
    let title = escape(&picture.title);
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace">
<title>{title}</title>
<style>
.frame {{ fill: {line}; fill-opacity: .08; stroke: {line}; stroke-opacity: .6 }}
.frame-name {{ fill: {line}; font-size: 12px }}
.edge {{ fill: none; stroke: {line}; stroke-width: 1.2 }}
.name {{ fill: {ink}; font-size: 13px; text-anchor: middle }}
.caption {{ fill: {ink}; fill-opacity: .7; font-size: 11px; text-anchor: middle }}
</style>
<marker id="needed" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="{line}"/></marker>
"#
    )
}

fn frame(name: &str, address: &str, area: Area) -> String {
    let (x, y) = (area.x + 8.0, area.y + 15.0);
    format!(
        "<g><title>{}</title>{}<text class=\"frame-name\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text></g>\n",
        escape(address),
        rectangle(area, "class=\"frame\""),
        escape(&shorten(name)),
    )
}

fn arrow(picture: &Picture, edge: &Edge, way: &[Point]) -> String {
    let dashes = if edge.what == EdgeKind::Early { " stroke-dasharray=\"4 3\"" } else { "" };
    let (from, to) = (&picture.nodes[edge.from].address, &picture.nodes[edge.to].address);
    let title = escape(&format!("{from} needs {to}"));
    format!(
        "<path class=\"edge\" marker-end=\"url(#needed)\"{dashes} d=\"{}\"><title>{title}</title></path>\n",
        curve(way)
    )
}

/// A line through all points that leaves and meets each of them level.
fn curve(way: &[Point]) -> String {
    let mut path = String::new();
    if let Some(first) = way.first() {
        path = format!("M{:.1} {:.1}", first.x, first.y);
    }
    for pair in way.windows(2) {
        let ([from, to], middle) = ([pair[0], pair[1]], (pair[0].x + pair[1].x) / 2.0);
        // Writing to a text cannot fail.
        let _ = write!(path, "C{middle:.1} {:.1} {middle:.1} {:.1} {:.1} {:.1}", from.y, to.y, to.x, to.y);
    }
    path
}

fn block(node: &Node, area: Area) -> String {
    let colours = colour::of_kind(&node.kind);
    let dashes = if node.is_dashed() { " stroke-dasharray=\"4 3\"" } else { "" };
    let look = format!("fill=\"{}\" stroke=\"{}\"{dashes}", colours.fill, colours.stroke);
    let (x, y) = (area.x + area.width / 2.0, area.y);
    format!(
        "<g><title>{}</title>{}<text class=\"name\" x=\"{x:.1}\" y=\"{:.1}\">{}</text><text class=\"caption\" x=\"{x:.1}\" y=\"{:.1}\">{}</text></g>\n",
        escape(&node.tooltip()),
        rectangle(area, &look),
        y + 18.0,
        escape(&shorten(&node.name())),
        y + 33.0,
        escape(&shorten(&node.caption())),
    )
}

fn rectangle(area: Area, look: &str) -> String {
    let Area { x, y, width, height } = area;
    format!("<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"5\" {look}/>")
}

/// How large a node's box is, in pixels.
fn size(node: &Node) -> (f64, f64) {
    let name = cells(&shorten(&node.name())) * NAME_CELL;
    let caption = cells(&shorten(&node.caption())) * CAPTION_CELL;
    (name.max(caption).max(40.0) + 20.0, 42.0)
}

/// How wide a text is, in characters: those of East Asia count double.
fn cells(text: &str) -> f64 {
    text.chars().map(|char| if char >= '\u{1100}' { 2.0 } else { 1.0 }).sum()
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// `text` for XML; characters that XML cannot hold are replaced.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            char if !is_printable(char) => escaped.push('\u{fffd}'),
            char => escaped.push(char),
        }
    }
    escaped
}
