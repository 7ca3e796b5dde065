//! Whether `template.yaml` sends every request to the function that serves it.
//!
//! HTTP APIs choose the route that matches the whole path, then the greedy one that matches most of it, then `$default`;
//! of two for the same path, the one for the method. There are no routes that end with a slash: a path that does is taken for
//! the one without, if nothing else matches it. A first segment that names a stage chooses the stage and is no part of
//! the path, and slashes before the first segment do not count.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html>
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use axum::body::Body;
use axum::extract::Request;
use http_body_util::BodyExt as _;
use rookery_http::{GatewayRoute, service};
use rookery_openapi::{groups, router};
use rookery_testkit::TestApp;
use serde_yaml_ng::{Mapping, Value};
use tower::ServiceExt as _;
use utoipa::openapi::OpenApi;

/// What AWS allows.
const MOST_ROUTES: usize = 300;
/// A function's resource policy has a statement of some 350 bytes for every route, and may be 20 KB long.
const MOST_ROUTES_OF_A_FUNCTION: usize = 50;

/// A route, and the group whose function it leads to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Route {
    key: String,
    group: String,
}

/// The template.
struct Stack {
    routes: Vec<Route>,
    stages: Vec<String>,
    /// The limits of each stage, by route key.
    limits: Vec<Mapping>,
}

impl Stack {
    fn read() -> Self {
        let text =
            std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../template.yaml")).unwrap();
        let template: Value = serde_yaml_ng::from_str(&text).unwrap();
        let resources = template["Resources"].as_mapping().unwrap();
        let of_type = |wanted: &str| -> Vec<&Value> {
            let wanted = resources.values().filter(|resource| resource["Type"] == wanted);
            wanted.map(|resource| &resource["Properties"]).collect()
        };
        let stages = of_type("AWS::ApiGatewayV2::Stage");
        let apis = of_type("AWS::Serverless::HttpApi");
        let limits = |stage: &&Value| stage["RouteSettings"].as_mapping().unwrap().clone();
        Self {
            routes: of_type("AWS::Serverless::Function").into_iter().flat_map(routes_of).collect(),
            stages: stages.iter().map(|stage| stage["StageName"].as_str().unwrap().to_owned()).collect(),
            limits: apis.iter().chain(&stages).map(limits).collect(),
        }
    }

    /// The route that API Gateway chooses.
    fn choose(&self, method: &str, path: &str) -> &Route {
        let path = path.trim_start_matches('/');
        let (first, rest) = path.split_once('/').unwrap_or((path, ""));
        let path = if self.stages.iter().any(|stage| stage == first) { rest } else { path };
        let matching = self.routes.iter().filter_map(|route| Some((route.rank(method, path)?, route)));
        matching.max_by_key(|(rank, _)| *rank).unwrap().1
    }
}

fn routes_of(function: &Value) -> Vec<Route> {
    let group = function["CodeUri"].as_str().unwrap().strip_prefix("functions/").unwrap();
    let events = function["Events"].as_mapping().unwrap().values();
    let events = events.filter(|event| event["Type"] == "HttpApi");
    let key = |event: &Value| {
        let properties = &event["Properties"];
        match (properties["Method"].as_str(), properties["Path"].as_str()) {
            (Some(method), Some(path)) => format!("{method} {path}"),
            _ => "$default".to_owned(),
        }
    };
    events.map(|event| Route { key: key(event), group: group.to_owned() }).collect()
}

impl Route {
    /// How well the route fits a request, if it does: whether it is for the whole path, how much of it is spelled out, and
    /// whether it is for the method alone.
    fn rank(&self, method: &str, path: &str) -> Option<(u8, usize, bool)> {
        let Some((own_method, own_path)) = self.key.split_once(' ') else {
            return Some((0, 0, false));
        };
        if own_method != "ANY" && own_method != method {
            return None;
        }
        let own: Vec<_> = own_path.trim_start_matches('/').split('/').collect();
        let asked: Vec<_> = path.split('/').collect();
        let spelled_out = own.iter().filter(|segment| !segment.starts_with('{')).count();
        let fits = |own: &[&str], asked: &[&str]| {
            own.iter()
                .zip(asked)
                .all(|(own, asked)| own == asked || own.starts_with('{') && !asked.is_empty())
        };
        match own.split_last() {
            Some((&"{proxy+}", before)) => {
                let greedy = asked.len() > before.len() && fits(before, &asked);
                // `{proxy+}` is at least one character.
                let rest = greedy && !asked[before.len()..].join("/").is_empty();
                rest.then_some((1, spelled_out, own_method != "ANY"))
            }
            _ if own.len() == asked.len() && fits(&own, &asked) => {
                Some((2, spelled_out, own_method != "ANY"))
            }
            _ => match asked.split_last() {
                Some((&"", asked)) if own == asked => Some((0, spelled_out, own_method != "ANY")),
                _ => None,
            },
        }
    }
}

/// A method and a path that a group serves, with something in place of each parameter.
fn operations(document: &OpenApi) -> Vec<(&'static str, String)> {
    let mut operations = Vec::new();
    for (path, item) in &document.paths.paths {
        let methods = [
            ("GET", &item.get),
            ("POST", &item.post),
            ("PUT", &item.put),
            ("PATCH", &item.patch),
            ("DELETE", &item.delete),
        ];
        let segments = path.split('/').map(|segment| if segment.starts_with('{') { "x-1" } else { segment });
        let path = segments.collect::<Vec<_>>().join("/");
        operations.extend(
            methods
                .into_iter()
                .filter(|(_, operation)| operation.is_some())
                .map(|(method, _)| (method, path.clone())),
        );
    }
    operations
}

/// How clients spell a path.
fn spellings(path: &str) -> [String; 5] {
    [
        path.to_owned(),
        format!("{path}/"),
        format!("/{path}"),
        format!("/frontegg{path}"),
        format!("/frontegg{path}/"),
    ]
}

/// Groups whose function serves another group too: of two groups in one folder, API Gateway cannot tell the paths that end with
/// a slash apart.
const SERVED_TOO: [(&str, &str); 1] = [("vendor-configuration", "security-policy")];

#[test]
fn every_operation_reaches_the_function_that_serves_it() {
    let stack = Stack::read();
    for group in groups() {
        for (method, path) in operations(&group.document()) {
            for spelling in spellings(&path) {
                let route = stack.choose(method, &spelling);
                let is_served_too =
                    spelling.ends_with('/') && SERVED_TOO.contains(&(route.group.as_str(), group.name));
                assert!(
                    route.group == group.name || is_served_too,
                    "{method} {spelling} by {} of {}",
                    route.key,
                    route.group
                );
            }
        }
    }
}

#[test]
fn a_preflight_request_reaches_a_function() {
    // Any function will do: what stands around the router answers, and it is the same around all.
    let stack = Stack::read();
    let known: BTreeSet<_> = groups().iter().map(|group| group.name).collect();
    for group in groups() {
        for (_, path) in operations(&group.document()) {
            for spelling in spellings(&path) {
                assert!(known.contains(stack.choose("OPTIONS", &spelling).group.as_str()), "{spelling}");
            }
        }
    }
}

#[test]
fn every_route_leads_to_something() {
    let stack = Stack::read();
    let mut used = BTreeSet::new();
    for group in groups() {
        for (method, path) in operations(&group.document()) {
            used.insert(stack.choose(method, &path).clone());
        }
    }
    let idle: Vec<_> =
        stack.routes.iter().filter(|route| route.key != "$default" && !used.contains(route)).collect();
    assert!(idle.is_empty(), "{idle:?}");
}

#[test]
fn every_group_has_one_function() {
    let with_function: BTreeSet<_> = Stack::read().routes.into_iter().map(|route| route.group).collect();
    let all: BTreeSet<_> = groups().iter().map(|group| group.name.to_owned()).collect();
    assert_eq!(with_function, all);
}

#[test]
fn what_no_route_matches_is_answered_by_us() {
    let stack = Stack::read();
    for path in ["/", "/nothing", "/identity", "/identity/resources/nothing", "/auth", "/auth/", "/health"] {
        assert_eq!(stack.choose("GET", path).key, "$default", "{path}");
    }
}

#[test]
fn limits_are_those_of_routes_and_the_same_on_every_stage() {
    let stack = Stack::read();
    let keys: BTreeSet<_> = stack.routes.iter().map(|route| route.key.as_str()).collect();
    for key in stack.limits[0].keys() {
        assert!(keys.contains(key.as_str().unwrap()), "{key:?} is no route");
    }
    assert!(stack.limits.iter().all(|limits| *limits == stack.limits[0]));
    assert_eq!(stack.limits.len(), 1 + stack.stages.len());
}

/// The parameters that say how many requests a second a route takes that costs more than others.
const RATES: [&str; 3] = ["SignInRate", "RefreshRate", "MailRate"];

/// A function refuses what comes by a route for any method where there is a limit, so the routes for one have one.
#[test]
fn a_route_has_a_limit_of_its_own_if_it_is_for_one_method() {
    let stack = Stack::read();
    for route in &stack.routes {
        let limit = stack.limits[0].get(route.key.as_str());
        let rate = limit.map(|limit| {
            let Value::Tagged(reference) = &limit["ThrottlingRateLimit"] else { panic!("{limit:?}") };
            reference.value.as_str().unwrap()
        });
        let for_one_method = !route.key.starts_with("ANY ") && route.key != "$default";
        assert_eq!(rate.is_some(), for_one_method, "{}", route.key);
        assert!(rate.is_none_or(|rate| RATES.contains(&rate)), "{}: {rate:?}", route.key);
    }
}

/// Whoever adds a slash must not get past a limit, nor come by another route that has as much again.
#[tokio::test]
async fn an_endpoint_that_hashes_or_mails_is_reached_by_one_route_however_it_is_spelled() {
    let stack = Stack::read();
    let limited = limited().await;
    assert_eq!(
        limited.len(),
        rate_limited_handlers(),
        "RateLimited stands first among a handler's arguments"
    );
    for (method, path) in limited {
        let answered: BTreeSet<_> = odd_spellings(&path)
            .iter()
            .map(|spelling| &stack.choose(method, spelling).key)
            .filter(|key| key.split(' ').next() == Some(method))
            .collect();
        assert_eq!(answered.len(), 1, "{method} {path} by {answered:?}");
    }
}

/// The operations that answer to no route for any method.
async fn limited() -> Vec<(&'static str, String)> {
    let app = TestApp::start(router()).await;
    let service = service::service(router(), app.state().clone());
    let mut limited = Vec::new();
    for (method, path) in groups().iter().flat_map(|group| operations(&group.document())) {
        let mut request = Request::new(Body::empty());
        *request.method_mut() = method.parse().unwrap();
        *request.uri_mut() = path.parse().unwrap();
        request.extensions_mut().insert(GatewayRoute("ANY /{proxy+}".to_owned()));
        let answer = service.clone().oneshot(request).await.unwrap();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        if String::from_utf8_lossy(&body).contains("one spelling") {
            limited.push((method, path));
        }
    }
    limited
}

/// How many handlers have a rate limit, by what stands in the code.
fn rate_limited_handlers() -> usize {
    let of_file = |file: &Path| {
        let text = fs::read_to_string(file).unwrap();
        let lines: Vec<_> = text.lines().collect();
        // What stands below the description of an operation.
        let handler = |lines: &&[&str]| lines[0] == ")]" && lines[2] == "    app: RateLimited,";
        lines.windows(3).filter(handler).count()
    };
    let functions = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../functions"));
    files(functions).iter().map(|file| of_file(file)).sum()
}

/// The source files in `folder` and below.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let of = |path: std::path::PathBuf| match path.is_dir() {
        true => files(&path),
        false if path.extension().is_some_and(|extension| extension == "rs") => vec![path],
        false => Vec::new(),
    };
    entries.flat_map(of).collect()
}

/// How a path can be spelled so that the endpoint is found all the same: with each of its slashes doubled, with one at the
/// end, and below the stage and the prefix of the same name.
fn odd_spellings(path: &str) -> Vec<String> {
    let doubled = path.match_indices('/').map(|(at, _)| format!("{}/{}", &path[..at], &path[at..]));
    let own: Vec<_> = doubled.chain([path.to_owned(), format!("{path}/"), format!("{path}//")]).collect();
    ["", "/frontegg", "/frontegg/", "/frontegg/frontegg"]
        .into_iter()
        .flat_map(|root| own.iter().map(move |path| format!("{root}{path}")))
        .collect()
}

#[test]
fn the_routes_fit_what_aws_allows() {
    let stack = Stack::read();
    assert!(stack.routes.len() <= MOST_ROUTES);
    for group in groups() {
        let own = stack.routes.iter().filter(|route| route.group == group.name).count();
        assert!(own <= MOST_ROUTES_OF_A_FUNCTION, "{}: {own}", group.name);
    }
}
