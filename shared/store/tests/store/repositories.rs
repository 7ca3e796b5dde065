//! What calls the repositories have, as their sources say.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// All calls, each as `Type::method`.
pub(crate) fn calls() -> BTreeSet<String> {
    let sources = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let calls = sources.iter().flat_map(|source| calls_in(source));
    // A connection is no repository: it asks for nothing that anybody keeps.
    let calls: BTreeSet<_> = calls.filter(|call| !call.starts_with("Connection::")).collect();
    assert!(calls.len() > 40, "the sources are read");
    calls
}

fn calls_in(source: &str) -> Vec<String> {
    let (mut of, mut calls) = ("", Vec::new());
    for line in source.lines() {
        if line.starts_with("impl") {
            // The type is the last word before its own parameters.
            let head = line.trim_end_matches(" {");
            let head = head.rsplit_once('<').map_or(head, |(head, _)| head);
            of = head.rsplit(' ').next().unwrap_or_default();
        } else if let Some(rest) = line.strip_prefix("    pub async fn ") {
            let name = rest.split(['(', '<']).next().unwrap_or_default();
            calls.push(format!("{of}::{name}"));
        }
    }
    calls
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
