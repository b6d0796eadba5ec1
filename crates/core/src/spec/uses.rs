//! In which uses of a module something is wrong.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::expand::Expanded;
use super::view::path_text;
use crate::diagnostic::{Diagnostic, SourceId, Span, same_finding};

/// How many uses are shown of one mistake.
const MOST_SHOWN: usize = 3;

/// A use of a module: where it stands, and what is said of it.
type Use = (Span, String);

impl Expanded {
    /// `diagnostic`, found in `frame`, with the use of the module that the frame is.
    pub(super) fn told_in(&self, frame: usize, mut diagnostic: Diagnostic) -> Diagnostic {
        if let Some(own) = self.use_of(frame).filter(|own| !diagnostic.labels.contains(own)) {
            diagnostic.labels.push(own);
        }
        diagnostic
    }

    fn use_of(&self, frame: usize) -> Option<Use> {
        let frame = &self.frames[frame];
        let (parent, call) = frame.parent?;
        let span = self.frames[parent].module.calls[call].span;
        Some((span, format!("in `{}`", path_text(frame))))
    }

    /// Tells once of what several uses of a module have in common, and of the uses only
    /// where there are others without it.
    pub(super) fn by_use(&self, diagnostics: &mut Vec<Diagnostic>) {
        if diagnostics.is_empty() {
            return;
        }
        let mut uses: BTreeMap<SourceId, BTreeSet<Use>> = BTreeMap::new();
        for (index, frame) in self.frames.iter().enumerate() {
            uses.entry(frame.module.source).or_default().extend(self.use_of(index));
        }
        let none = BTreeSet::new();
        let of = |found: &Diagnostic| found.span.and_then(|span| uses.get(&span.source)).unwrap_or(&none);
        let mut places = HashMap::new();
        let mut kept: Vec<Diagnostic> = Vec::new();
        for found in diagnostics.drain(..) {
            let next = kept.len();
            match *places.entry(same_finding(&found)).or_insert(next) {
                index if index == next => kept.push(found),
                index => {
                    let all = of(&found);
                    let own = found.labels.into_iter().filter(|label| all.contains(label));
                    kept[index].labels.extend(own);
                }
            }
        }
        kept.iter_mut().for_each(|found| show_uses(found, of(&found.clone())));
        diagnostics.extend(kept);
    }
}

fn show_uses(found: &mut Diagnostic, all: &BTreeSet<Use>) {
    let (own, others): (Vec<Use>, Vec<Use>) = found.labels.drain(..).partition(|label| all.contains(label));
    let own: BTreeSet<Use> = own.into_iter().collect();
    found.labels = others;
    if own.len() == all.len() {
        return;
    }
    let mut by_place: BTreeMap<Span, Vec<String>> = BTreeMap::new();
    own.into_iter().for_each(|(span, text)| by_place.entry(span).or_default().push(text));
    for (span, texts) in by_place.into_iter().take(MOST_SHOWN) {
        let more = if texts.len() > MOST_SHOWN { " …" } else { "" };
        let shown: Vec<String> = texts.into_iter().take(MOST_SHOWN).collect();
        found.labels.push((span, format!("{}{more}", shown.join(", "))));
    }
}
