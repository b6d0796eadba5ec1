//! Generated files are committed and fresh. `UPDATE_GENERATED=1` writes them.

#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;

use provision_tests::generated::{files, workspace};

#[test]
fn generated_files_are_fresh() {
    let mut stale = Vec::new();
    for (path, text) in files(provision_aws::kinds::schemas()).unwrap() {
        let file = workspace().join(&path);
        if fs::read_to_string(&file).is_ok_and(|found| found == text) {
            continue;
        }
        if std::env::var_os("UPDATE_GENERATED").is_some() {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, text).unwrap();
        }
        stale.push(path.display().to_string());
    }
    assert!(stale.is_empty(), "run the tests with UPDATE_GENERATED=1; stale: {}", stale.join(", "));
}
