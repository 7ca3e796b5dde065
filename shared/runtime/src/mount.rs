//! Where in the world's paths the API begins.

/// The paths of the API on a domain of the operator's own may begin with a base path, and on any host with the name of a
/// stage. API Gateway hands both on as part of the path; no endpoint knows them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mount {
    base_path: Option<String>,
}

/// The stage that has no name in a path.
pub(crate) const DEFAULT_STAGE: &str = "$default";

impl Mount {
    /// Below `base_path`, written without a slash at either end.
    pub(crate) fn below(base_path: Option<String>) -> Self {
        Self { base_path }
    }

    /// `path` as the endpoints know it.
    pub(crate) fn strip<'a>(&self, path: &'a str, stage: &str) -> &'a str {
        let path = self.base_path.as_deref().map_or(path, |base| without(path, base));
        if stage == DEFAULT_STAGE { path } else { without(path, stage) }
    }
}

/// `path` without `beginning`, if it begins with that and not just with something like it.
fn without<'a>(path: &'a str, beginning: &str) -> &'a str {
    let rest = path.strip_prefix('/').and_then(|path| path.strip_prefix(beginning));
    rest.filter(|rest| rest.is_empty() || rest.starts_with('/')).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_path_and_stage_go_and_the_rest_stays() {
        let (none, id, deep) = (None, Some("id".to_owned()), Some("a/b".to_owned()));
        for (base, stage, path, expected) in [
            (&none, DEFAULT_STAGE, "/tenants/x", "/tenants/x"),
            (&none, "prod", "/prod/tenants/x", "/tenants/x"),
            (&none, "prod", "/tenants/x", "/tenants/x"),
            (&none, "prod", "/product", "/product"),
            (&none, "prod", "/prod", ""),
            (&id, DEFAULT_STAGE, "/id/tenants/x", "/tenants/x"),
            (&id, DEFAULT_STAGE, "/identity/resources", "/identity/resources"),
            (&id, "frontegg", "/id/frontegg/auth", "/auth"),
            (&id, "frontegg", "/frontegg/auth", "/auth"),
            (&deep, DEFAULT_STAGE, "/a/b/auth", "/auth"),
        ] {
            let mount = Mount::below(base.clone());
            assert_eq!(mount.strip(path, stage), expected, "{base:?} {stage} {path}");
        }
    }
}
