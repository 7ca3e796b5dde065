//! `docs/access-patterns.md` has a row for every call of the repositories, and for nothing else.

use std::collections::BTreeSet;

use crate::repositories::calls;

const ACCESS_PATTERNS: &str = include_str!("../../../../docs/access-patterns.md");

#[test]
fn the_access_patterns_are_those_of_the_calls_there_are() {
    assert_eq!(documented(), calls());
}

/// The calls that the table names. A name without a type is of the type that was named before it.
fn documented() -> BTreeSet<String> {
    let (_, section) = ACCESS_PATTERNS.split_once("\n## Calls\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let mut documented = BTreeSet::new();
    for row in rows {
        let calls = row.split('|').nth(1).unwrap();
        let mut of = "";
        for name in calls.split('`').skip(1).step_by(2) {
            let (named, method) = name.split_once("::").unwrap_or((of, name));
            of = named;
            documented.insert(format!("{of}::{method}"));
        }
    }
    documented
}
