//! Mails for tests.

use rookery_domain::JsonObject;
use serde_json::{Value, json};

use crate::{ActivateUser, InviteToTenant, Issuer, Message, Recipient, Sender, render};

pub(crate) fn sender() -> Sender {
    Sender { address: "no-reply@cloudbase.example".parse().unwrap(), name: "Cloudbase".into() }
}

pub(crate) fn object(value: Value) -> JsonObject {
    serde_json::from_value(value).unwrap()
}

pub(crate) fn recipient() -> Recipient {
    Recipient {
        email: "jane.doe@example.com".parse().unwrap(),
        name: Some("Jane Doe".into()),
        phone_number: None,
        profile_picture_url: None,
        tenant_name: "Northwind Traders".into(),
        metadata: object(json!({ "team": "sales" })),
        email_metadata: object(json!({ "campaign": "spring" })),
    }
}

pub(crate) fn activation() -> ActivateUser {
    let link = concat!(
        "https://app.cloudbase.example/account/activate?userId=8d7b3c56-5b51-4a35-9d2c-0d4b6f5c1a10",
        "&token=3q2-7wSCa0l9vQ1sM8fK2yJx4bT6hZ0nUeRdPgWoLiE",
    );
    ActivateUser::new(recipient(), link.parse().unwrap())
}

pub(crate) fn invitation() -> InviteToTenant {
    let ActivateUser { recipient, mut redirect_url, .. } = activation();
    redirect_url.set_path("/account/invitation/accept");
    let issuer = Issuer {
        name: Some("Amara Okafor".into()),
        email: "amara@northwind.example".parse().unwrap(),
        metadata: JsonObject::new(),
        profile_picture_url: None,
    };
    InviteToTenant::new(recipient, redirect_url, Some(issuer))
}

/// An activation as it is sent.
pub(crate) fn message() -> Message {
    let mail = activation();
    render::render(&sender(), &mail.recipient.email, &mail, None).unwrap()
}
