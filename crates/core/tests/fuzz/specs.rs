//! Every spec of the workspace: the examples, those of the README, and the wrong ones.

use super::fuzz::files;

/// The texts of all specs.
pub(crate) fn specs() -> Vec<Vec<u8>> {
    let readme = readme();
    let blocks = readme.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let wrong = files("crates/core/tests/errors").into_iter().map(|text| without_told(&text));
    files("specs").into_iter().chain(blocks.map(|block| block.as_bytes().to_vec())).chain(wrong).collect()
}

fn readme() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md")).unwrap()
}

/// A file of `errors/` without what is said about its spec.
fn without_told(text: &[u8]) -> Vec<u8> {
    let end = text.windows(5).rposition(|window| window == b"\n---\n").map_or(text.len(), |at| at + 1);
    text[..end].to_vec()
}

/// Text with what is no UTF-8 replaced, as a spec is UTF-8.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
