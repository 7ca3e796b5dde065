//! Templates: what mails of one type say, where their link leads, and whether they are sent.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use rookery_domain::{
    EmailAddress, Environment, MailTemplate, RecordId, SecretDestination, TemplateKind, WebAddress, bounded,
};
use rookery_email::{BuiltIn, check};
use rookery_http::auth::VendorAuth;
use rookery_http::{ApiError, ApiResult, AppState, Body, Patch, Path, Query, empty_is_null, not_null};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// The longest template of a body, in characters.
const LONGEST_BODY: usize = 100_000;
/// The longest template of a subject, and the longest name, in characters.
const LONGEST_LINE: usize = 255;

/// What is to change of the mails of one type. What is null or empty is as it is built in.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TemplateChanges {
    /// The type, such as `ActivateUser`.
    #[schema(value_type = String)]
    r#type: TemplateName,
    /// The address that the mails come from. They come from the environment's own where this is at another domain, for which
    /// nobody has shown that mails may be sent.
    #[serde(default, deserialize_with = "empty_is_null")]
    #[schema(value_type = Option<String>)]
    sender_email: Patch<EmailAddress>,
    /// The page that the link leads to. It gets the user's id and the token as the parameters `userId` and `token`. Types with
    /// a link need one.
    #[serde(default, rename = "redirectURL", deserialize_with = "empty_is_null")]
    #[schema(value_type = Option<String>)]
    redirect_url: Patch<WebAddress>,
    /// The HTML body, at most 100000 characters: Handlebars, with variables, `{{#if}}` and `{{#unless}}`.
    #[serde(default, deserialize_with = "empty_is_null")]
    #[schema(value_type = Option<String>)]
    html_template: Patch<String>,
    /// The subject, at most 255 characters, with variables like the body.
    #[serde(default, deserialize_with = "empty_is_null")]
    #[schema(value_type = Option<String>)]
    subject: Patch<String>,
    /// The name that the mails come from, at most 255 characters.
    #[serde(default, deserialize_with = "empty_is_null")]
    #[schema(value_type = Option<String>)]
    from_name: Patch<String>,
    /// The page that the application goes on to: a variable of the template.
    #[serde(default, deserialize_with = "empty_is_null")]
    #[schema(value_type = Option<String>)]
    success_redirect_url: Patch<WebAddress>,
    /// Whether mails of this type are sent at all.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    active: Option<bool>,
}

/// The name of a type of mail.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
struct TemplateName(TemplateKind);

impl TryFrom<String> for TemplateName {
    type Error = rookery_domain::UnknownTemplateKind;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }
}

impl TemplateChanges {
    fn apply_to(&self, template: &mut MailTemplate) -> ApiResult<()> {
        self.html_template.clone().apply_to(&mut template.html);
        self.subject.clone().apply_to(&mut template.subject);
        self.from_name.clone().apply_to(&mut template.from_name);
        self.sender_email.clone().apply_to(&mut template.sender);
        self.redirect_url.clone().apply_to(&mut template.redirect_url);
        self.success_redirect_url.clone().apply_to(&mut template.success_redirect_url);
        template.active = self.active.unwrap_or(template.active);
        require_bounds(template)?;
        if let Patch::Value(page) = &self.redirect_url
            && String::from(page.clone()).contains("{{")
        {
            return Err(ApiError::Invalid(
                "redirectURL cannot have variables: write the address itself".to_owned(),
            ));
        }
        if template.kind.needs_address() && template.redirect_url.is_none() {
            return Err(ApiError::Invalid(format!(
                "redirectURL is needed: mails of type {} bring a link",
                template.kind.as_str()
            )));
        }
        check(template).map_err(|(field, fault)| ApiError::Invalid(format!("{field}: {fault}")))
    }
}

fn require_bounds(template: &MailTemplate) -> ApiResult<()> {
    if template.html.as_ref().is_some_and(|html| html.chars().nth(LONGEST_BODY).is_some()) {
        return Err(ApiError::Invalid(format!("htmlTemplate must have at most {LONGEST_BODY} characters")));
    }
    for (field, text) in [("subject", &template.subject), ("fromName", &template.from_name)] {
        if let Some(text) = text {
            bounded(field, text.clone(), LONGEST_LINE)?;
        }
    }
    Ok(())
}

/// What mails of one type say. What the environment did not change is as it is built in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TemplateResponse {
    /// The id of what the environment changed, by which that is deleted.
    id: Uuid,
    /// The type.
    r#type: &'static str,
    /// Whether mails of this type are sent at all.
    active: bool,
    /// The template of the subject.
    subject: String,
    /// The template of the HTML body.
    html_template: String,
    /// The address that the mails come from.
    sender_email: String,
    /// The name that the mails come from.
    from_name: String,
    /// The page that the link leads to; empty if none was chosen.
    #[serde(rename = "redirectURL")]
    redirect_url: String,
    /// The same.
    #[serde(rename = "redirectURLPattern")]
    redirect_url_pattern: String,
    /// The page that the application goes on to; empty if none was chosen.
    success_redirect_url: String,
    /// The same.
    success_redirect_url_pattern: String,
}

impl TemplateResponse {
    fn new(template: MailTemplate, environment: &Environment) -> Self {
        let kind = template.kind;
        let built_in = BuiltIn::of(kind);
        let built_in_page = SecretDestination::of_environment(environment).filter(|_| kind.has_link());
        let page = SecretDestination::of_template(&template).or(built_in_page);
        let destination = page.map(|page| page.page(kind.path()).to_string()).unwrap_or_default();
        let success = template.success_redirect_url.map(String::from).unwrap_or_default();
        Self {
            id: kind.id_in(environment.id).as_uuid(),
            r#type: kind.as_str(),
            active: template.active,
            subject: template.subject.unwrap_or_else(|| built_in.subject.to_owned()),
            html_template: template.html.unwrap_or(built_in.html),
            sender_email: template.sender.as_ref().unwrap_or(&environment.sender).to_string(),
            from_name: template.from_name.unwrap_or_else(|| environment.name.clone()),
            redirect_url: destination.clone(),
            redirect_url_pattern: destination,
            success_redirect_url: success.clone(),
            success_redirect_url_pattern: success,
        }
    }
}

/// Which templates are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct WantedTemplates {
    /// Only that of this type.
    #[param(value_type = Option<String>)]
    r#type: Option<TemplateName>,
}

/// Changes what mails of one type say: what is left out stays as it is.
///
/// The variables of all mails are `email`, `name`, `phoneNumber`, `profilePictureUrl`, `tenantName`, `metadata`,
/// `emailMetadata`, `redirectURL`, `successRedirectUrl`, `senderName`, `senderEmail` and `subject`; those with a code have
/// `code`; invitations have `issuerName`, `issuerEmail`, `issuerMetadata` and `issuerProfilePictureUrl`. Values are escaped in
/// HTML. The plain text of a mail stays the built-in one.
#[utoipa::path(
    post,
    path = "/identity/resources/mail/v1/configs/templates",
    tag = "emails",
    operation_id = "MailV1Controller_addOrUpdateTemplate",
    security(("vendor" = [])),
    request_body = TemplateChanges,
    responses((status = CREATED), (status = BAD_REQUEST)),
)]
pub(crate) async fn update(
    vendor: VendorAuth,
    State(app): State<AppState>,
    Body(changes): Body<TemplateChanges>,
) -> ApiResult<StatusCode> {
    let templates = vendor.store.mail_templates();
    let updated = templates.update(changes.r#type.0, app.now(), |template| changes.apply_to(template));
    updated.await?.ok_or(ApiError::Unauthenticated)?;
    Ok(StatusCode::CREATED)
}

/// Lists the templates that the environment changed.
#[utoipa::path(
    get,
    path = "/identity/resources/mail/v1/configs/templates",
    tag = "emails",
    operation_id = "MailV1Controller_getTemplateConfiguration",
    security(("vendor" = [])),
    params(WantedTemplates),
    responses((status = OK, body = Vec<TemplateResponse>), (status = BAD_REQUEST)),
)]
pub(crate) async fn list(
    vendor: VendorAuth,
    Query(wanted): Query<WantedTemplates>,
) -> ApiResult<Json<Vec<TemplateResponse>>> {
    let templates = vendor.store.mail_templates();
    let (environment, found) = tokio::try_join!(vendor.store.get(), async {
        match wanted.r#type {
            Some(TemplateName(kind)) => Ok(templates.get(kind).await?.into_iter().collect()),
            None => templates.list().await,
        }
    })?;
    let environment = environment.ok_or(ApiError::Unauthenticated)?;
    Ok(Json(found.into_iter().map(|template| TemplateResponse::new(template, &environment)).collect()))
}

/// Has the mails of one type be as they are built in.
#[utoipa::path(
    delete,
    path = "/identity/resources/mail/v1/configs/templates/{templateId}",
    tag = "emails",
    operation_id = "MailV1Controller_deleteTemplate",
    security(("vendor" = [])),
    params(("templateId" = Uuid, Path)),
    responses((status = OK), (status = NOT_FOUND)),
)]
pub(crate) async fn remove(vendor: VendorAuth, Path(id): Path<RecordId>) -> ApiResult<()> {
    let kind = TemplateKind::ALL.iter().find(|kind| kind.id_in(vendor.store.id()) == id);
    let kind = kind.ok_or(ApiError::NotFound("template"))?;
    match vendor.store.mail_templates().remove(*kind).await? {
        true => Ok(()),
        false => Err(ApiError::NotFound("template")),
    }
}

/// Gets what mails of one type say as they are built in.
#[utoipa::path(
    get,
    path = "/identity/resources/mail/v1/configs/{type}/default",
    tag = "emails",
    operation_id = "MailV1Controller_getDefaultTemplateConfiguration",
    security(("vendor" = [])),
    params(("type" = String, Path)),
    responses((status = OK, body = TemplateResponse), (status = BAD_REQUEST)),
)]
pub(crate) async fn get_default(
    vendor: VendorAuth,
    State(app): State<AppState>,
    Path(name): Path<String>,
) -> ApiResult<Json<TemplateResponse>> {
    let kind = name.parse::<TemplateKind>().map_err(|error| ApiError::Invalid(error.to_string()))?;
    let environment = vendor.store.get().await?.ok_or(ApiError::Unauthenticated)?;
    Ok(Json(TemplateResponse::new(MailTemplate::of(kind, app.now()), &environment)))
}
