//! Gives each comment to the item it speaks of.
//!
//! A comment on a line of its own belongs to the item below it, unless it is
//! indented more than that item: then it closes the block above. A comment behind
//! something on its line belongs to the innermost item there.

use std::collections::VecDeque;

use super::tree::{Comment, Document, Item, Kind, Node};

/// Moves the comments of a document to its items.
pub(super) fn attach<'t>(text: &'t str, document: &mut Document<'t>) {
    let mut queue = Queue { text, comments: std::mem::take(&mut document.comments).into() };
    let root = &mut document.root;
    queue.give_value(root, usize::MAX, usize::MAX);
    root.closing.extend(queue.comments);
}

struct Queue<'t> {
    text: &'t str,
    comments: VecDeque<Comment<'t>>,
}

impl<'t> Queue<'t> {
    /// The next comment, when it stands in front of `end`.
    fn before(&mut self, end: usize) -> Option<Comment<'t>> {
        self.next_if(|comment| comment.start < end)
    }

    fn next_if(&mut self, wanted: impl Fn(&Comment<'t>) -> bool) -> Option<Comment<'t>> {
        if self.comments.front().is_some_and(wanted) { self.comments.pop_front() } else { None }
    }

    /// Gives an item what is its own. `limit` is the closing bracket around it, `next`
    /// the beginning of whatever follows it at any level.
    fn give(&mut self, item: &mut Item<'t>, limit: usize, next: usize) {
        while item.right.is_none()
            && let Some(comment) = self.before(item.start)
        {
            // Only a dash can have come before: `- # like this`.
            if comment.own_line || item.value.items().is_empty() {
                item.leading.push(comment);
            } else {
                item.right = Some(comment);
            }
        }
        self.give_value(item, limit, next);
        // Between a dash and its mapping there is no place that reads the same again,
        // unless a comment ends the line of the dash.
        if let (None, None, Kind::Collection { items, .. }) = (&item.key, &item.right, &mut item.value.kind) {
            item.leading.extend(items.first_mut().into_iter().flat_map(|first| first.leading.drain(..)));
        }
    }

    fn give_value(&mut self, item: &mut Item<'t>, limit: usize, next: usize) {
        if item.value.items().is_empty() {
            self.give_leaf(item);
        } else {
            self.give_children(item, limit, next);
        }
        let (end, text) = (item.value.end, self.text);
        let beside = |comment: &Comment<'_>| {
            !comment.own_line
                && comment.start < limit.min(next)
                && !text[end.min(comment.start)..comment.start].contains('\n')
        };
        if let Some(comment) = self.next_if(beside) {
            put_right(&mut item.right, &mut item.closing, comment);
        }
        let column = item.column;
        if limit == usize::MAX && holds_block(&item.value) {
            let below = |comment: &Comment<'_>| {
                comment.own_line && comment.start < next && comment.column.cast_signed() > column
            };
            item.closing.extend(std::iter::from_fn(|| self.next_if(below)));
        }
    }

    /// A comment within a scalar's token stands behind a block's header.
    fn give_leaf(&mut self, item: &mut Item<'t>) {
        while let Some(comment) = self.before(item.value.end) {
            if comment.start > item.value.start && item.right.is_none() && item.value.items().is_empty() {
                put_right(&mut item.right, &mut item.leading, comment);
            } else {
                item.leading.push(comment);
            }
        }
    }

    fn give_children(&mut self, item: &mut Item<'t>, limit: usize, next: usize) {
        let Node { start, end, .. } = item.value;
        let Kind::Collection { flow, items, .. } = &mut item.value.kind else {
            return;
        };
        let limit = if *flow { end - 1 } else { limit };
        // Behind the first dash of a list it is the item that is spoken of.
        let first = if *flow { items[0].start } else { start.min(items[0].start) };
        while let Some(comment) = self.before(first) {
            if comment.own_line {
                items[0].leading.push(comment);
            } else {
                put_right(&mut item.right, &mut items[0].leading, comment);
            }
        }
        for index in 0..items.len() {
            let next = items.get(index + 1).map_or(next, |item| item.start);
            self.give(&mut items[index], limit, next);
        }
        if *flow {
            item.closing.extend(std::iter::from_fn(|| self.before(end)));
        }
    }
}

fn put_right<'t>(right: &mut Option<Comment<'t>>, else_to: &mut Vec<Comment<'t>>, comment: Comment<'t>) {
    if right.is_none() {
        *right = Some(comment);
    } else {
        else_to.push(comment);
    }
}

/// Whether comments below this value can belong to it: a block, or one whose lines
/// are all commented out.
fn holds_block(value: &Node<'_>) -> bool {
    match &value.kind {
        Kind::Collection { flow, items, .. } => !flow && !items.is_empty(),
        _ => value.is_left_out(),
    }
}
