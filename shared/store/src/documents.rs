//! Samples of all documents that have ever been written: `src/documents/{type}.{version}.json`, where the version is
//! [`Entity::WRITTEN`].
//!
//! A sample has every field, each with another value than its default. That of today's version has to be what is written
//! back when it is read, to the last field; those of older versions have to be read. Whoever adds a field raises the version
//! and adds a sample; samples are never changed.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::entity::Entity;

/// Tests the samples of an entity.
macro_rules! documented {
    ($name:ident: $entity:ty) => {
        #[test]
        fn $name() {
            $crate::documents::check::<$entity>();
        }
    };
}
pub(crate) use documented;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/documents")
}

/// Checks the samples of `T`.
pub(crate) fn check<T: Entity>() {
    let name = T::TYPE.replace(' ', "-");
    for version in 1..=T::WRITTEN {
        let path = folder().join(format!("{name}.{version}.json"));
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let read: T =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        if version == T::WRITTEN {
            let (sample, written): (Value, Value) =
                (serde_json::from_str(&text).unwrap(), serde_json::to_value(&read).unwrap());
            assert_eq!(
                written,
                sample,
                "{} is not what is written: a new field takes a new version",
                path.display()
            );
        }
    }
    let newer = folder().join(format!("{name}.{}.json", T::WRITTEN + 1));
    assert!(!newer.exists(), "{} is of a version that nobody writes", newer.display());
}

#[test]
fn every_sample_is_of_an_entity() {
    let sources = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let types = sources.iter().flat_map(|source| source.lines());
    let types = types.filter_map(|line| line.trim().strip_prefix("const TYPE: &'static str = \""));
    let types: Vec<_> = types.map(|rest| rest.trim_end_matches("\";").replace(' ', "-")).collect();
    for of in &types {
        assert!(folder().join(format!("{of}.1.json")).exists(), "{of} has no sample");
    }
    for entry in fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let of = name.split('.').next().unwrap();
        assert!(types.iter().any(|known| known == of), "{name} is of no entity");
    }
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
