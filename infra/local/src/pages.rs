//! The pages for the person at the desk. They stand beside the API: none has the path of an endpoint.

mod mail;
mod requests;
mod samples;

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST};
use axum::http::{HeaderMap, HeaderValue, StatusCode, uri::Authority};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use minijinja::Environment;
use minijinja::value::Serde;
use rookery_domain::TemplateKind;
use rookery_email::CapturedMail;
use rookery_http::ApiError;
use rookery_openapi::Group;
use serde::Serialize;
use utoipa_swagger_ui::{Config, SwaggerUi};

pub(crate) use requests::first_request;

use crate::Facts;

/// Where to start.
pub(crate) const LANDING: &str = "/";
/// The API reference.
pub(crate) const REFERENCE: &str = "/docs/api";
/// What the reference is made from.
pub(crate) const DOCUMENT: &str = "/openapi.json";
/// The captured mails.
pub(crate) const MAIL: &str = "/mail";
/// One captured mail.
const ONE_MAIL: &str = "/mail/{id}";
/// A mail of each kind, with sample data.
const SAMPLES: &str = "/mail-templates";
/// A mail of one kind.
const ONE_SAMPLE: &str = "/mail-templates/{kind}";
/// The captured mails as JSON.
pub(crate) const MAIL_JSON: &str = "/mail.json";

/// No script runs on these pages. A captured mail may show the pictures that it links to.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data: http: https:; frame-src 'self'; \
    frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

struct Pages {
    facts: Facts,
    mail: CapturedMail,
    templates: Environment<'static>,
}

/// What the landing page shows.
#[derive(Serialize)]
struct Landing<'a> {
    facts: &'a Facts,
    requests: [requests::Step; 3],
    groups: &'a [Group],
    reference: &'a str,
    document: &'a str,
    mail: &'a str,
    mail_json: &'a str,
    samples: &'a str,
}

/// What the page of mails shows.
#[derive(Serialize)]
struct Inbox<'a> {
    rows: Vec<mail::Row<'a>>,
    shown: Option<mail::View<'a>>,
    mail: &'a str,
    samples: &'a str,
    home: &'a str,
}

/// What the page of templates shows.
#[derive(Serialize)]
struct SamplePage<'a> {
    rows: Vec<samples::Row>,
    shown: samples::View,
    mail: &'a str,
    samples: &'a str,
    home: &'a str,
}

/// The pages. They answer only to the names in `hosts`.
pub(crate) fn router(
    facts: Facts,
    mail: CapturedMail,
    hosts: Vec<String>,
) -> Result<Router, minijinja::Error> {
    let mut templates = Environment::new();
    templates.add_template("layout.html", include_str!("../templates/layout.html"))?;
    templates.add_template("style.css", include_str!("../templates/style.css"))?;
    templates.add_template("landing.html", include_str!("../templates/landing.html"))?;
    templates.add_template("mail.html", include_str!("../templates/mail.html"))?;
    templates.add_template("samples.html", include_str!("../templates/samples.html"))?;
    templates.add_template("tabs.html", include_str!("../templates/tabs.html"))?;
    let pages = Arc::new(Pages { facts, mail, templates });
    let reference = SwaggerUi::new(REFERENCE)
        .url(DOCUMENT, rookery_openapi::document())
        .config(Config::default().persist_authorization(true).validator_url("none"));
    let router = Router::new()
        .route(LANDING, get(landing))
        .route(MAIL, get(newest_mail))
        .route(ONE_MAIL, get(one_mail))
        .route(MAIL_JSON, get(mail_json))
        .route(SAMPLES, get(first_sample))
        .route(ONE_SAMPLE, get(one_sample))
        .with_state(pages)
        .merge(reference)
        .method_not_allowed_fallback(async || ApiError::MethodNotAllowed)
        .layer(from_fn_with_state(Arc::<[String]>::from(hosts), to_this_host));
    Ok(router)
}

/// Refuses requests to any other host. A web site whose name is made to lead here could read the secret otherwise: to a
/// browser it would be the same site (DNS rebinding).
async fn to_this_host(State(hosts): State<Arc<[String]>>, request: Request, next: Next) -> Response {
    if is_to(&hosts, request.headers()) {
        let mut response = next.run(request).await;
        // They show the secret, and what was mailed.
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    } else {
        let text = "This page is shown to its own host names only. Name another with --vendor-host.\n";
        (StatusCode::MISDIRECTED_REQUEST, text).into_response()
    }
}

fn is_to(hosts: &[String], headers: &HeaderMap) -> bool {
    let named = headers.get(HOST).and_then(|host| Authority::try_from(host.as_bytes()).ok());
    named.is_some_and(|named| hosts.iter().any(|host| host.eq_ignore_ascii_case(named.host())))
}

async fn landing(State(pages): State<Arc<Pages>>) -> Response {
    let context = Landing {
        facts: &pages.facts,
        requests: requests::first_requests(&pages.facts),
        groups: rookery_openapi::groups(),
        reference: REFERENCE,
        document: DOCUMENT,
        mail: MAIL,
        mail_json: MAIL_JSON,
        samples: SAMPLES,
    };
    pages.show("landing.html", &context)
}

async fn newest_mail(State(pages): State<Arc<Pages>>) -> Response {
    pages.show_mail(None)
}

async fn one_mail(State(pages): State<Arc<Pages>>, Path(id): Path<u64>) -> Response {
    pages.show_mail(Some(id))
}

async fn mail_json(State(pages): State<Arc<Pages>>) -> Response {
    Json(pages.mail.messages()).into_response()
}

async fn first_sample(State(pages): State<Arc<Pages>>) -> Response {
    pages.show_sample(TemplateKind::ActivateUser)
}

async fn one_sample(State(pages): State<Arc<Pages>>, Path(kind): Path<String>) -> Response {
    match kind.parse() {
        Ok(kind) => pages.show_sample(kind),
        Err(_) => (StatusCode::NOT_FOUND, "There is no such type of mail.\n").into_response(),
    }
}

impl Pages {
    /// The list of mails, and one of them: that with `id`, or else the newest.
    fn show_mail(&self, id: Option<u64>) -> Response {
        let messages = self.mail.messages();
        let shown = match id {
            Some(id) => messages.iter().find(|message| message.id == id),
            None => messages.first(),
        };
        if id.is_some() && shown.is_none() {
            return (StatusCode::NOT_FOUND, "There is no such mail.\n").into_response();
        }
        let context = Inbox {
            rows: messages.iter().map(|message| mail::row(message)).collect(),
            shown: shown.map(|message| mail::view(message)),
            mail: MAIL,
            samples: SAMPLES,
            home: LANDING,
        };
        self.show("mail.html", &context)
    }

    fn show_sample(&self, kind: TemplateKind) -> Response {
        let (Ok(rows), Ok(shown)) = (samples::rows(), samples::view(kind)) else {
            return (StatusCode::INTERNAL_SERVER_ERROR, "A template is broken.\n").into_response();
        };
        self.show("samples.html", &SamplePage { rows, shown, mail: MAIL, samples: SAMPLES, home: LANDING })
    }

    fn show(&self, template: &str, context: &impl Serialize) -> Response {
        let page = self.templates.get_template(template).and_then(|template| template.render(Serde(context)));
        match page {
            Ok(page) => ([(CONTENT_SECURITY_POLICY, POLICY)], Html(page)).into_response(),
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("The page is broken: {error:#}\n"))
                .into_response(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_page_has_the_path_of_an_endpoint() {
        let document = rookery_openapi::document();
        for path in document.paths.paths.keys() {
            let shadowed = path == LANDING
                || path == DOCUMENT
                || path == MAIL_JSON
                || [REFERENCE, MAIL, SAMPLES].iter().any(|page| path.starts_with(page));
            assert!(!shadowed, "{path}");
        }
    }

    #[test]
    fn only_its_own_names_are_its_hosts() {
        let hosts = ["127.0.0.1", "localhost"].map(str::to_owned);
        let is_to =
            |host: &'static str| is_to(&hosts, &HeaderMap::from_iter([(HOST, host.parse().unwrap())]));
        assert!(is_to("localhost:3000") && is_to("127.0.0.1") && is_to("LOCALHOST"));
        assert!(!is_to("evil.example:3000") && !is_to("localhost.evil.example") && !is_to("@"));
    }
}
