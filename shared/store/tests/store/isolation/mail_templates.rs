//! What an environment changed of its mails.

use std::convert::Infallible;

use rookery_domain::{MailTemplate, TemplateKind};

use super::World;
use crate::support::at;

const KIND: TemplateKind = TemplateKind::ActivateUser;

#[expect(clippy::unnecessary_wraps, reason = "other changes refuse")]
fn silence(template: &mut MailTemplate) -> Result<(), Infallible> {
    template.active = false;
    Ok(())
}

async fn changed() -> World {
    let world = World::new().await;
    world.own.mail_templates().update(KIND, at(0), silence).await.unwrap().unwrap();
    world
}

#[tokio::test]
async fn get() {
    let world = Box::pin(changed()).await;
    assert!(world.own.mail_templates().get(KIND).await.unwrap().is_some());
    assert_eq!(world.other.mail_templates().get(KIND).await.unwrap(), None);
}

#[tokio::test]
async fn list() {
    let world = Box::pin(changed()).await;
    assert_eq!(world.own.mail_templates().list().await.unwrap().len(), 1);
    assert_eq!(world.other.mail_templates().list().await.unwrap(), []);
}

#[tokio::test]
async fn update() {
    let world = World::new().await;
    let templates = world.other.mail_templates();
    assert!(world.untouched_by(templates.update(KIND, at(0), silence)).await.unwrap().is_some());
    assert_eq!(world.own.mail_templates().list().await.unwrap(), []);
}

#[tokio::test]
async fn remove() {
    let world = Box::pin(changed()).await;
    assert!(!world.untouched_by(world.other.mail_templates().remove(KIND)).await.unwrap());
    assert!(world.own.mail_templates().get(KIND).await.unwrap().is_some());
    assert!(world.own.mail_templates().remove(KIND).await.unwrap());
    assert_eq!(world.own.get().await.unwrap().unwrap().changed_mails.len(), 0);
}
