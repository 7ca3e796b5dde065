//! Directories of lists as they were last seen, which tell where to look first.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::keys::Key;
use crate::roster::directory::Directory;

/// How many directories are kept. The largest, of lists of a million that somebody has left everywhere, are some 100 KB.
const KEPT: usize = 100;

/// What this process has seen of directories. Nothing relies on it: a page is read together with its directory, and once
/// more if that has changed too much.
#[derive(Clone, Default)]
pub(crate) struct Directories(Arc<Mutex<HashMap<Key, Directory>>>);

impl Directories {
    pub(crate) fn recall(&self, key: &Key) -> Option<Directory> {
        self.0.lock().ok()?.get(key).cloned()
    }

    pub(crate) fn remember(&self, key: Key, directory: &Directory) {
        if let Ok(mut kept) = self.0.lock() {
            if kept.len() >= KEPT && !kept.contains_key(&key) {
                kept.clear();
            }
            kept.insert(key, directory.clone());
        }
    }
}
