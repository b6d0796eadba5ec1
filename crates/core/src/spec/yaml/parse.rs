//! Builds the tree from the parser's events, resolving anchors, aliases and merge keys.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use granit_parser::{Event, Parser, ScalarStyle, StructureStyle, YamlVersion};

use super::syntax::{self, Cursor};
use super::tags;
use super::{Entry, Key, Node, NodeKind, Style};
use crate::diagnostic::{Diagnostic, SourceId, Span};

/// The most nodes a document may stand for, counted with aliases expanded and
/// with the copies kept for anchors.
pub const MAX_NODES: usize = 1_000_000;

/// The most lists and mappings that may lie within each other, aliases expanded.
pub const MAX_DEPTH: usize = 128;

/// What became of a text.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The document; absent when it cannot be relied on. Of duplicate keys it holds
    /// the first, and an empty document is an empty plain scalar.
    pub root: Option<Node>,
    /// Everything found wrong, in the order met. Syntax errors stop at the first.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads the one YAML document in `text`; its spans will point into `source`.
pub fn parse(source: SourceId, text: &str) -> Parsed {
    let mut builder = Builder::new(source, text);
    let root = match builder.run() {
        Ok(()) => builder.finish(),
        Err(fatal) => {
            builder.diagnostics.push(*fatal);
            None
        }
    };
    Parsed { root, diagnostics: builder.diagnostics }
}

/// The end of all work on this text. Boxed for the sake of the way without errors.
type Fatal = Box<Diagnostic>;

pub(super) struct Builder<'t> {
    cursor: Cursor<'t>,
    /// The open collections, outermost first.
    open: Vec<Frame>,
    anchors: HashMap<usize, Anchored>,
    /// Equal texts share their storage: specs say `tags` and `${vpc.id}` thousands of times.
    texts: HashSet<Arc<str>>,
    nodes: usize,
    documents: usize,
    root: Option<Node>,
    /// Whether the tree stands for what the text means, as far as it was read.
    reliable: bool,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// A node behind an anchor, ready to be copied.
struct Anchored {
    node: Node,
    nodes: usize,
    height: usize,
}

/// A collection that is not complete.
struct Frame {
    start: usize,
    flow: bool,
    anchor: usize,
    /// The count of nodes when it began.
    nodes_before: usize,
    /// The most collections within each other below it.
    height: usize,
    content: Content,
}

enum Content {
    Sequence(Vec<Node>),
    Mapping { entries: Vec<Entry>, key: Option<Key>, merges: Vec<usize> },
}

impl Frame {
    fn is_mapping(&self) -> bool {
        matches!(self.content, Content::Mapping { .. })
    }

    fn awaits_key(&self) -> bool {
        matches!(self.content, Content::Mapping { key: None, .. })
    }
}

impl<'t> Builder<'t> {
    fn new(source: SourceId, text: &'t str) -> Self {
        Self {
            cursor: Cursor::new(source, text),
            open: Vec::new(),
            anchors: HashMap::new(),
            texts: HashSet::new(),
            nodes: 0,
            documents: 0,
            root: None,
            reliable: true,
            diagnostics: Vec::new(),
        }
    }

    fn run(&mut self) -> Result<(), Fatal> {
        self.cursor.check_characters()?;
        for event in Parser::new_from_str_with_options(self.cursor.text, syntax::options()) {
            let (event, span) = event.map_err(|error| self.cursor.explain(&error, self.open_bracket()))?;
            let place = self.cursor.place(&event, &span, self.open.last().is_some_and(Frame::is_mapping));
            self.check_tag(&event, &span);
            self.take(event, place)?;
            if self.documents > 1 {
                break;
            }
        }
        Ok(())
    }

    /// Where the innermost `[` or `{` stands that is not closed.
    fn open_bracket(&self) -> Option<usize> {
        // `[a: b]` holds a mapping without a bracket of its own.
        let starts = self.open.iter().rev().take_while(|frame| frame.flow).map(|frame| frame.start);
        starts.into_iter().find(|start| self.cursor.text[*start..].starts_with(['[', '{']))
    }

    fn finish(&mut self) -> Option<Node> {
        let end = self.cursor.text.len();
        let root = self.root.take().unwrap_or_else(|| {
            let kind = NodeKind::Scalar { text: Arc::from(""), style: Style::Plain, tag: None };
            Node { span: self.cursor.span(end, end), kind }
        });
        self.reliable.then_some(root)
    }

    fn take(&mut self, event: Event<'_>, place: Span) -> Result<(), Fatal> {
        match event {
            Event::DocumentStart(_, version) => self.start_document(place, version),
            Event::Scalar(text, style, anchor, tag) => {
                // The parser gives a value left out as an empty token with the text `~`.
                let text = self.share(if place.start == place.end { "" } else { &text });
                let tag = tag.and_then(|tag| tags::scalar_tag(&tag));
                let kind = NodeKind::Scalar { text, style: style_of(style), tag };
                self.scalar(Node { span: place, kind }, anchor)?;
            }
            Event::SequenceStart(style, anchor, _) => self.push(place, style, anchor, Content::Sequence(Vec::new()))?,
            Event::MappingStart(style, anchor, _) => {
                let content = Content::Mapping { entries: Vec::new(), key: None, merges: Vec::new() };
                self.push(place, style, anchor, content)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.pop(place)?,
            Event::Alias(anchor) => self.alias(anchor, place)?,
            Event::UnresolvedAlias(name) => self.unresolved(&name, place)?,
            Event::Anchor(_, name) => self.cursor.anchors.push(name.into_owned()),
            _ => {}
        }
        Ok(())
    }

    fn start_document(&mut self, place: Span, version: Option<YamlVersion>) {
        self.documents += 1;
        if version.is_some_and(|version| version != YamlVersion::new(1, 2)) {
            self.diagnostics.push(*syntax::other_version(self.cursor.version_line()));
        }
        if self.documents > 1 {
            let several = Diagnostic::error("several-documents", "a second document starts here");
            self.diagnostics.push(several.at(place).with_help("put each spec into a file of its own and remove `---`"));
        }
    }

    fn check_tag(&mut self, event: &Event<'_>, span: &granit_parser::Span) {
        if let Some(wrong) = self.cursor.wrong_tag(event, span) {
            self.diagnostics.push(wrong);
        }
    }

    fn share(&mut self, text: &str) -> Arc<str> {
        if let Some(shared) = self.texts.get(text) {
            return Arc::clone(shared);
        }
        let shared: Arc<str> = Arc::from(text);
        self.texts.insert(Arc::clone(&shared));
        shared
    }

    fn scalar(&mut self, node: Node, anchor: usize) -> Result<(), Fatal> {
        self.charge(1, node.span)?;
        if anchor > 0 {
            self.anchors.insert(anchor, Anchored { node: node.clone(), nodes: 1, height: 0 });
        }
        self.attach(node, 0)
    }

    fn push(&mut self, place: Span, style: StructureStyle, anchor: usize, content: Content) -> Result<(), Fatal> {
        if self.open.last().is_some_and(Frame::awaits_key) {
            return Err(syntax::complex_key(place));
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(syntax::too_deep(place));
        }
        let nodes_before = self.nodes;
        self.charge(1, place)?;
        let flow = style == StructureStyle::Flow;
        self.open.push(Frame { start: place.start, flow, anchor, nodes_before, height: 0, content });
        Ok(())
    }

    fn pop(&mut self, place: Span) -> Result<(), Fatal> {
        let Some(frame) = self.open.pop() else {
            return Ok(());
        };
        let end = if frame.flow { place.end } else { self.cursor.end.max(frame.start) };
        let span = self.cursor.span(frame.start, end);
        let (height, nodes) = (frame.height + 1, self.nodes - frame.nodes_before);
        let kind = match frame.content {
            Content::Sequence(items) => NodeKind::Sequence(items),
            Content::Mapping { entries, merges, .. } => NodeKind::Mapping(self.settle(entries, &merges)),
        };
        let node = Node { span, kind };
        if frame.anchor > 0 {
            self.charge(nodes, span)?;
            self.anchors.insert(frame.anchor, Anchored { node: node.clone(), nodes, height });
        }
        self.attach(node, height)
    }

    /// Puts a complete node where it belongs: a key, a value, an item or the root.
    fn attach(&mut self, node: Node, height: usize) -> Result<(), Fatal> {
        let Some(frame) = self.open.last_mut() else {
            self.root.get_or_insert(node);
            return Ok(());
        };
        frame.height = frame.height.max(height);
        match &mut frame.content {
            Content::Sequence(items) => items.push(node),
            Content::Mapping { entries, key: pending @ None, merges } => {
                let (key, merge) = key_of(node)?;
                if key.text.is_empty() && self.cursor.is_left_out(key.span) {
                    self.diagnostics.push(self.cursor.missing_key());
                }
                merges.extend(merge.then_some(entries.len()));
                *pending = Some(key);
            }
            Content::Mapping { entries, key, .. } => entries.extend(key.take().map(|key| Entry { key, value: node })),
        }
        Ok(())
    }

    fn alias(&mut self, anchor: usize, place: Span) -> Result<(), Fatal> {
        let Some(Anchored { node, nodes, height }) = self.anchors.get(&anchor) else {
            return Err(syntax::recursive_alias(place));
        };
        let (node, nodes, height) = (node, *nodes, *height);
        if self.open.len() + height > MAX_DEPTH {
            return Err(syntax::too_deep(place));
        }
        if self.nodes + nodes > MAX_NODES {
            return Err(syntax::too_many(place));
        }
        self.nodes += nodes;
        let node = node.clone();
        self.attach(node, height)
    }

    /// An alias without an anchor: something must stand there for the rest to be read.
    fn unresolved(&mut self, name: &str, place: Span) -> Result<(), Fatal> {
        let unknown = Diagnostic::error("unknown-alias", format!("no anchor `&{name}` stands before this alias"));
        let known = self.cursor.anchors.iter().map(String::as_str);
        let help = format!(
            "mark the value to be repeated with `&{name}`, further up; a text that starts with `*` needs quotes"
        );
        self.diagnostics.push(unknown.at(place).with_help(help).with_suggestion(name, known));
        self.reliable = false;
        let kind = NodeKind::Scalar { text: self.share(name), style: Style::Plain, tag: None };
        self.attach(Node { span: place, kind }, 0)
    }

    fn charge(&mut self, nodes: usize, place: Span) -> Result<(), Fatal> {
        self.nodes += nodes;
        if self.nodes > MAX_NODES { Err(syntax::too_many(place)) } else { Ok(()) }
    }
}

/// The key a node stands for, and whether it is the merge key.
fn key_of(node: Node) -> Result<(Key, bool), Fatal> {
    match node.kind {
        NodeKind::Scalar { text, style, tag } => {
            let merge = style == Style::Plain && tag.is_none() && &*text == "<<";
            Ok((Key { text, span: node.span }, merge))
        }
        _ => Err(syntax::complex_key(node.span)),
    }
}

fn style_of(style: ScalarStyle) -> Style {
    match style {
        ScalarStyle::Plain => Style::Plain,
        ScalarStyle::SingleQuoted => Style::SingleQuoted,
        ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
        ScalarStyle::Literal => Style::Literal,
        ScalarStyle::Folded => Style::Folded,
    }
}
