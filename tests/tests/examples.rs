//! Every example is a sound spec in the canonical layout: in specs/, README and docs/.

#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use provision_core::diagnostic::{Sources, render_plain};
use provision_core::spec::{Files, Given, format, validate};
use provision_tests::generated::workspace;

/// Examples, and the files they may use.
#[derive(Default)]
struct Examples {
    /// Files by name that are on no disk.
    named: BTreeMap<String, String>,
    /// Names of the files that were used.
    used: Arc<Mutex<BTreeSet<String>>>,
}

impl Examples {
    /// What is wrong with a spec, in words; none for a sound one.
    fn wrong(&self, name: &str, text: &str) -> Vec<String> {
        let mut sources = Sources::default();
        let source = sources.add(name, text);
        let (named, used) = (self.named.clone(), self.used.clone());
        let read = move |name: &str| {
            used.lock().unwrap().insert(name.to_owned());
            named.get(name).cloned().map_or_else(|| fs::read_to_string(name).map_err(|error| error.to_string()), Ok)
        };
        let files = Arc::new(Files::new(read));
        let found = validate(&mut sources, source, provision_aws::kinds::schemas(), &Given::default(), &files);
        found.err().into_iter().flatten().map(|it| render_plain(&it, &sources)).collect()
    }
}

/// What is wrong with the layout of a file.
fn laid_out(name: &str, text: &str) -> Option<String> {
    let source = Sources::default().add(name, text);
    let is_other = format::format(source, text).is_ok_and(|formatted| formatted != text);
    is_other.then(|| format!("{name} is not laid out as `provision fmt` does it:\n{text}"))
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let found = entries.flat_map(|path| match path.is_dir() {
        true => files(&path, extension),
        false => vec![path],
    });
    found.filter(|path| path.extension().is_some_and(|it| it == extension)).collect()
}

/// Whether a file is for others to use.
fn is_module(name: &str) -> bool {
    name.contains("modules/")
}

/// The fenced blocks of `language` in a Markdown text.
fn blocks(markdown: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let after = markdown.split(&fence).skip(1);
    after.filter_map(|rest| rest.split("```").next()).map(str::to_owned).collect()
}

/// What is wrong with the YAML in a page. A block whose first line is `# modules/NAME.yaml` is
/// that file, which the others may use; one that names no stack is whole but for that.
fn wrong_in_page(page: &Path) -> Vec<String> {
    let name = page.file_name().unwrap().to_str().unwrap();
    let (modules, specs): (Vec<String>, Vec<String>) =
        blocks(&fs::read_to_string(page).unwrap(), "yaml").into_iter().partition(|text| text.starts_with("# modules/"));
    let named = modules.iter().map(|text| (text.lines().next().unwrap()[2..].to_owned(), text.clone()));
    let examples = Examples { named: named.collect(), ..Examples::default() };
    let mut wrong: Vec<String> = modules.iter().chain(&specs).filter_map(|text| laid_out(name, text)).collect();
    for text in specs {
        let whole = match text.lines().any(|line| line.starts_with("stack:")) {
            true => text,
            false => format!("stack: example\n{text}"),
        };
        wrong.extend(examples.wrong(name, &whole));
    }
    let used = examples.used.lock().unwrap();
    wrong.extend(examples.named.keys().filter(|file| !used.contains(*file)).map(|file| format!("nothing uses {file}")));
    wrong
}

#[test]
fn every_spec_is_sound_and_every_module_is_used_by_one() {
    let examples = Examples::default();
    let (mut wrong, mut modules, mut specs) = (Vec::new(), BTreeSet::new(), 0);
    for path in files(&workspace().join("specs"), "yaml") {
        let (name, text) = (path.display().to_string(), fs::read_to_string(&path).unwrap());
        wrong.extend(laid_out(&name, &text));
        if is_module(&name) {
            modules.insert(name);
        } else {
            specs += 1;
            wrong.extend(examples.wrong(&name, &text));
        }
    }
    assert!(specs > provision_aws::kinds::NAMES.len());
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert_eq!(*examples.used.lock().unwrap(), modules);
}

#[test]
fn every_spec_in_the_pages_is_sound() {
    let mut pages = files(&workspace().join("docs"), "md");
    pages.push(workspace().join("README.md"));
    let wrong: Vec<String> = pages.iter().flat_map(|page| wrong_in_page(page)).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(!blocks(&fs::read_to_string(workspace().join("docs/language.md")).unwrap(), "yaml").is_empty());
}
