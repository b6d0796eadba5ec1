//! The text as it is written: anchors, aliases, brackets and comments in their places.

use granit_parser::{Event, Parser, Placement, ScalarStyle, StructureStyle};

use crate::diagnostic::SourceId;
use crate::spec::yaml::syntax::{self, Cursor};

/// A whole text.
pub(super) struct Document<'t> {
    /// What it holds, as if it were an item without a dash.
    pub(super) root: Item<'t>,
    /// All comments in their order; emptied when they are attached.
    pub(super) comments: Vec<Comment<'t>>,
}

/// A comment as written, from its `#` on.
#[derive(Clone, Debug)]
pub(super) struct Comment<'t> {
    pub(super) text: &'t str,
    pub(super) start: usize,
    pub(super) column: usize,
    /// Whether nothing stands in front of it on its line.
    pub(super) own_line: bool,
    /// Whether the line above it is blank.
    pub(super) gap: bool,
}

/// An entry of a mapping, an item of a list, or the whole document.
#[derive(Debug)]
pub(super) struct Item<'t> {
    /// Where its key or value begins.
    pub(super) start: usize,
    /// The column of its key or dash; -1 for the whole document.
    pub(super) column: isize,
    pub(super) gap: bool,
    pub(super) key: Option<Node<'t>>,
    pub(super) value: Node<'t>,
    /// Comments above it.
    pub(super) leading: Vec<Comment<'t>>,
    /// The comment behind it: at the end of its only line, else of its first.
    pub(super) right: Option<Comment<'t>>,
    /// Comments below its value, indented like it.
    pub(super) closing: Vec<Comment<'t>>,
}

#[derive(Debug)]
pub(super) struct Node<'t> {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Anchor and tag, a space behind each.
    pub(super) properties: String,
    pub(super) kind: Kind<'t>,
}

#[derive(Debug)]
pub(super) enum Kind<'t> {
    Alias(&'t str),
    /// The token as written, and its text. Of a block scalar the token has its
    /// trailing line breaks.
    Scalar {
        raw: &'t str,
        text: String,
        style: ScalarStyle,
    },
    Collection {
        list: bool,
        flow: bool,
        items: Vec<Item<'t>>,
    },
}

impl<'t> Item<'t> {
    pub(super) fn new(start: usize, column: isize, gap: bool, key: Option<Node<'t>>, value: Node<'t>) -> Self {
        Self { start, column, gap, key, value, leading: Vec::new(), right: None, closing: Vec::new() }
    }
}

impl<'t> Node<'t> {
    /// The items of a collection; nothing for anything else.
    pub(super) fn items(&self) -> &[Item<'t>] {
        match &self.kind {
            Kind::Collection { items, .. } => items,
            _ => &[],
        }
    }

    /// Whether this is a value left out, but for an anchor or tag.
    pub(super) fn is_left_out(&self) -> bool {
        matches!(self.kind, Kind::Scalar { raw: "", .. })
    }
}

/// Reads a text that is known to be one valid document.
pub(super) fn read(text: &str) -> Option<Document<'_>> {
    let mut reader = Reader {
        text,
        lines: Lines::of(text),
        cursor: Cursor::new(SourceId::default(), text),
        open: Vec::new(),
        comments: Vec::new(),
        root: None,
    };
    for event in Parser::new_from_str_with_options(text, syntax::options_with_comments()) {
        let (event, span) = event.ok()?;
        reader.take(event, span)?;
    }
    let end = text.len();
    let nothing = Kind::Scalar { raw: "", text: String::new(), style: ScalarStyle::Plain };
    let root = reader.root.unwrap_or(Node { start: end, end, properties: String::new(), kind: nothing });
    reader.comments.sort_by_key(|comment| comment.start);
    Some(Document { root: Item::new(root.start, -1, false, None, root), comments: reader.comments })
}

struct Reader<'t> {
    text: &'t str,
    lines: Lines<'t>,
    cursor: Cursor<'t>,
    open: Vec<Frame<'t>>,
    comments: Vec<Comment<'t>>,
    root: Option<Node<'t>>,
}

/// A collection that is not complete.
struct Frame<'t> {
    node: Node<'t>,
    key: Option<Node<'t>>,
}

impl<'t> Reader<'t> {
    fn take(&mut self, event: Event<'t>, span: granit_parser::Span) -> Option<()> {
        let in_mapping =
            self.open.last().is_some_and(|frame| matches!(frame.node.kind, Kind::Collection { list: false, .. }));
        let tag = span.tag_span().and_then(|tag| tag.slice(self.text)).map_or(String::new(), |tag| format!("{tag} "));
        let place = self.cursor.place(&event, &span, in_mapping);
        let (start, end) = (place.start, place.end);
        let node = |kind| Node { start, end, properties: tag, kind };
        match event {
            Event::Comment(_, placement) => self.comment(start, end, placement),
            Event::Scalar(text, style, ..) => {
                let raw = self.raw(start, end, style, &span)?;
                let text = if raw.is_empty() { String::new() } else { text.into_owned() };
                self.attach(node(Kind::Scalar { raw, text, style }))?;
            }
            Event::Alias(_) => self.attach(node(Kind::Alias(self.text.get(start..end)?)))?,
            Event::SequenceStart(style, ..) => self.open(node(collection(true, style))),
            Event::MappingStart(style, ..) => self.open(node(collection(false, style))),
            Event::SequenceEnd | Event::MappingEnd => self.close(end)?,
            Event::Anchor(_, name) => self.anchor(&name)?,
            _ => {}
        }
        Some(())
    }

    /// A scalar's token. The line breaks behind a block scalar may belong to its text.
    fn raw(&self, start: usize, end: usize, style: ScalarStyle, span: &granit_parser::Span) -> Option<&'t str> {
        let block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        let end = if block { span.byte_range()?.end.max(end) } else { end };
        self.text.get(start..end)
    }

    fn comment(&mut self, start: usize, end: usize, placement: Placement) {
        let line = self.lines.start(start);
        let own_line = placement != Placement::Right && self.text[line..start].trim().is_empty();
        let text = self.text[start..end].trim_end();
        let column = self.text[line..start].chars().count();
        self.comments.push(Comment { text, start, column, own_line, gap: self.lines.gap_above(start) });
    }

    fn open(&mut self, node: Node<'t>) {
        self.open.push(Frame { node, key: None });
    }

    fn close(&mut self, end: usize) -> Option<()> {
        let mut node = self.open.pop()?.node;
        let flow = matches!(node.kind, Kind::Collection { flow: true, .. });
        node.end = if flow { end } else { self.cursor.end.max(node.start) };
        self.attach(node)
    }

    /// An anchor is told right behind its node, or behind the beginning of its collection.
    fn anchor(&mut self, name: &str) -> Option<()> {
        let properties = match self.open.last_mut() {
            Some(frame) => frame.latest_properties(),
            None => &mut self.root.as_mut()?.properties,
        };
        properties.insert_str(0, &format!("&{name} "));
        Some(())
    }

    fn attach(&mut self, node: Node<'t>) -> Option<()> {
        let Some(Frame { node: parent, key }) = self.open.last_mut() else {
            self.root = Some(node);
            return Some(());
        };
        let Kind::Collection { list, flow, items } = &mut parent.kind else {
            return None;
        };
        if !*list && key.is_none() {
            *key = Some(node);
            return Some(());
        }
        let start = key.as_ref().map_or(node.start, |key| key.start);
        let line = self.lines.start(start);
        // The dashes of a list stand below each other, and the first is where the list begins.
        let dashed = *list && !*flow;
        let column = if dashed { parent.start - self.lines.start(parent.start) } else { start - line };
        let marker = if dashed { self.lines.dash(start, column) } else { start };
        let gap = !*flow && self.lines.gap_above(marker);
        items.push(Item::new(start, column.cast_signed(), gap, key.take(), node));
        Some(())
    }
}

impl Frame<'_> {
    /// The properties of the node met last: of the collection itself while it is empty.
    fn latest_properties(&mut self) -> &mut String {
        let Node { properties, kind, .. } = &mut self.node;
        let last = match kind {
            Kind::Collection { items, .. } => items.last_mut().map(|item| &mut item.value),
            _ => None,
        };
        self.key.as_mut().or(last).map_or(properties, |node| &mut node.properties)
    }
}

fn collection<'t>(list: bool, style: StructureStyle) -> Kind<'t> {
    Kind::Collection { list, flow: style == StructureStyle::Flow, items: Vec::new() }
}

/// The lines of a text.
struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    fn of(text: &'t str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    /// The index of the line that holds the byte `at`.
    fn index(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at).saturating_sub(1)
    }

    /// Where the line begins that holds the byte `at`.
    fn start(&self, at: usize) -> usize {
        self.starts[self.index(at)]
    }

    /// Whether the line above the one that holds the byte `at` is blank.
    fn gap_above(&self, at: usize) -> bool {
        let line = self.index(at);
        line > 0 && self.text[self.starts[line - 1]..self.starts[line]].trim().is_empty()
    }

    /// Where the dash at `column` stands whose value begins at the byte `at`, be it on a
    /// line above.
    fn dash(&self, at: usize, column: usize) -> usize {
        let lines = self.starts[..=self.index(at)].iter().rev();
        let mut dashes = lines.map(|line| (line, &self.text[*line..])).filter(|(_, text)| {
            let is_comment = text.trim_start_matches(' ').starts_with('#');
            !is_comment && text.get(column..).is_some_and(|rest| rest.starts_with('-'))
        });
        dashes.next().map_or(at, |(line, _)| line + column)
    }
}
