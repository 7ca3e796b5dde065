//! What is measured.

use rookery_domain::Password;
use rookery_testkit::{Client, PASSWORD, Response};
use rookery_tokens::Verdict;
use serde_json::json;

use crate::Failure;
use crate::scene::{ItemAddress, PAGE, SHORT_LIST, Scene};

/// Something that is measured: what a request cannot do without, or a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Hash,
    Signature,
    GetItem,
    VendorToken,
    SignIn,
    Refresh,
    ReadUser,
    ShortList,
    LongList,
}

impl Operation {
    pub(crate) const ALL: [Self; 9] = [
        Self::Hash,
        Self::Signature,
        Self::GetItem,
        Self::VendorToken,
        Self::SignIn,
        Self::Refresh,
        Self::ReadUser,
        Self::ShortList,
        Self::LongList,
    ];

    /// Whether it is a request to Rookery.
    pub(crate) fn is_request(self) -> bool {
        match self {
            Self::Hash | Self::Signature | Self::GetItem => false,
            Self::VendorToken
            | Self::SignIn
            | Self::Refresh
            | Self::ReadUser
            | Self::ShortList
            | Self::LongList => true,
        }
    }
}

/// Somebody who does one operation after the other.
pub(crate) struct Caller {
    /// Holds the refresh token of a session.
    session: Client,
}

impl Caller {
    /// Somebody who has signed in.
    pub(crate) async fn new(scene: &Scene) -> Result<Self, Failure> {
        let response = sign_in(scene).await;
        require(&response, 200)?;
        Ok(Self { session: scene.app.anonymous().cookies(&cookie(&response)?) })
    }

    /// Does `operation` once.
    pub(crate) async fn perform(&mut self, operation: Operation, scene: &Scene) -> Result<(), Failure> {
        match operation {
            Operation::Hash => verify_password(scene).await,
            Operation::Signature => sign(scene).await,
            Operation::GetItem => get_item(scene).await,
            Operation::VendorToken => authenticate_vendor(scene).await,
            Operation::SignIn => require(&sign_in(scene).await, 200),
            Operation::Refresh => self.refresh().await,
            Operation::ReadUser => read_user(scene).await,
            Operation::ShortList => list(&scene.short_vendor, SHORT_LIST / 2 / PAGE).await,
            Operation::LongList => list(&scene.long_vendor, scene.middle).await,
        }
    }

    async fn refresh(&mut self) -> Result<(), Failure> {
        let path = "/identity/resources/auth/v1/user/token/refresh";
        let response = self.session.post(path, json!({})).await;
        require(&response, 201)?;
        self.session = self.session.cookies(&cookie(&response)?);
        Ok(())
    }
}

async fn verify_password(scene: &Scene) -> Result<(), Failure> {
    match scene.passwords.verify(Password::from(PASSWORD), &scene.hash).await? {
        Verdict::Right => Ok(()),
        Verdict::Wrong | Verdict::RightAsTyped => Err("the password is wrong".into()),
    }
}

/// Signs as many bytes as the claims of a token are.
async fn sign(scene: &Scene) -> Result<(), Failure> {
    scene.app.state().user_keys.current().sign(&[b'x'; 800]).await?;
    Ok(())
}

async fn get_item(scene: &Scene) -> Result<(), Failure> {
    let ItemAddress { dynamodb, table_name, key } = &scene.item;
    let request = dynamodb.get_item().table_name(*table_name).consistent_read(true);
    let answer = request.set_key(Some(key.clone())).send().await?;
    answer.item.map(drop).ok_or_else(|| "the item is not there".into())
}

async fn authenticate_vendor(scene: &Scene) -> Result<(), Failure> {
    let (client_id, secret) = scene.app.credentials();
    let body = json!({ "clientId": client_id, "secret": secret });
    require(&scene.app.anonymous().post("/auth/vendor", body).await, 200)
}

async fn sign_in(scene: &Scene) -> Response {
    let body = json!({ "email": scene.jane.email, "password": PASSWORD });
    scene.app.anonymous().post("/identity/resources/auth/v1/user", body).await
}

async fn read_user(scene: &Scene) -> Result<(), Failure> {
    let path = format!("/identity/resources/users/v1/{}", scene.jane.id);
    require(&scene.short_vendor.get(&path).await, 200)
}

async fn list(vendor: &Client, index: usize) -> Result<(), Failure> {
    let path = format!("/identity/resources/users/v1?_limit={PAGE}&_offset={index}");
    require(&vendor.get(&path).await, 200)
}

pub(crate) fn require(response: &Response, status: u16) -> Result<(), Failure> {
    if response.status() == status {
        return Ok(());
    }
    Err(format!("answered {}: {}", response.status(), response.text()).into())
}

/// The cookie that `response` sets, as a browser sends it back.
fn cookie(response: &Response) -> Result<String, Failure> {
    let header = response.header("set-cookie").ok_or("the answer sets no cookie")?;
    Ok(header.split(';').next().unwrap_or_default().to_owned())
}
