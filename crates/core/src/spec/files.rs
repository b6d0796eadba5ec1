//! The other files a spec names: modules, and what `file` and `templatefile` read.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Reads a file by its name; the error says why it cannot be read.
type Reader = dyn Fn(&str) -> Result<String, String> + Send + Sync;

/// The texts of files, each read once: planning and applying see the same.
pub struct Files {
    reader: Box<Reader>,
    read: Mutex<BTreeMap<String, Result<Arc<str>, String>>>,
}

impl Files {
    /// Files that `reader` reads, by names relative to where the spec's own is.
    pub fn new(reader: impl Fn(&str) -> Result<String, String> + Send + Sync + 'static) -> Self {
        Self { reader: Box::new(reader), read: Mutex::default() }
    }

    /// No files at all.
    pub fn none() -> Self {
        Self::new(|name| Err(format!("`{name}` cannot be read here")))
    }

    /// The text of the file `name`.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn text(&self, name: &str) -> Result<Arc<str>, String> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let text = read.entry(name.to_owned()).or_insert_with(|| (self.reader)(name).map(Arc::from));
        text.clone()
    }
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Files")
    }
}

/// The name of the file that the file `from` calls `path`.
pub(super) fn beside(from: &str, path: &str) -> String {
    if path.starts_with('/') {
        return path.to_owned();
    }
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let root = if from.starts_with('/') { "/" } else { "" };
    let mut steps: Vec<&str> = Vec::new();
    for step in folder.split('/').chain(path.split('/')) {
        match step {
            "" | "." => {}
            ".." if steps.last().is_some_and(|last| *last != "..") => drop(steps.pop()),
            step => steps.push(step),
        }
    }
    format!("{root}{}", steps.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_to_the_file_that_names_them() {
        for (from, path, name) in [
            ("shop.yaml", "./modules/api.yaml", "modules/api.yaml"),
            ("specs/shop.yaml", "modules/api.yaml", "specs/modules/api.yaml"),
            ("specs/modules/api.yaml", "../policy.json", "specs/policy.json"),
            ("shop.yaml", "../other.yaml", "../other.yaml"),
            ("../a/shop.yaml", "../../b.yaml", "../../b.yaml"),
            ("/a/shop.yaml", "b.yaml", "/a/b.yaml"),
            ("a/shop.yaml", "/b.yaml", "/b.yaml"),
        ] {
            assert_eq!(beside(from, path), name, "{path} of {from}");
        }
    }

    #[test]
    fn a_file_is_read_once() {
        let times = Mutex::new(0);
        let files = Files::new(move |_| {
            let mut times = times.lock().unwrap_or_else(PoisonError::into_inner);
            *times += 1;
            Ok(times.to_string())
        });
        assert_eq!((files.text("a"), files.text("a")), (Ok("1".into()), Ok("1".into())));
    }
}
