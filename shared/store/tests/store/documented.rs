//! `docs/access-patterns.md` has every call of the repositories.

use std::fs;
use std::path::Path;

#[test]
fn every_call_is_among_the_access_patterns() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let documented = fs::read_to_string(root.join("../../docs/access-patterns.md")).unwrap();
    let mut calls = 0;
    for source in sources(&root.join("src")) {
        let beginnings = source.split("    pub async fn ").skip(1);
        for name in beginnings.filter_map(|rest| rest.split(['(', '<']).next()) {
            let named = [format!("::{name}`"), format!("`{name}`")];
            assert!(named.iter().any(|form| documented.contains(form)), "{name} is not documented");
            calls += 1;
        }
    }
    assert!(calls > 40, "the sources are read");
}

/// The texts of all Rust files below `folder`.
fn sources(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let texts = entries.flat_map(|path| match path.extension() {
        _ if path.is_dir() => sources(&path),
        Some(extension) if extension == "rs" => vec![fs::read_to_string(&path).unwrap()],
        Some(_) | None => Vec::new(),
    });
    texts.collect()
}
