//! A router with everything it needs, and the people in it.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock, PoisonError};

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use futures::FutureExt as _;
use rookery_domain::{
    Action, AuditRecord, Environment, GroupsConfiguration, IdentityConfiguration, ManualClock, Membership,
    MembershipStatus, MfaConfiguration, Order, Password, PlainToken, Policies, RecoveryCode, Role, RoleId,
    RoleLevel, Sealed, Session, SessionLimits, SystemEntropy, Tenant, TenantId, Timestamp, User, UserId,
    VendorId, VendorSecrets, built_in_permissions, first_roles,
};
use rookery_email::{CapturedMail, CapturedMessage, Mailer, SendError};
use rookery_http::session::Continued;
use rookery_http::{AppState, Costly, Parts, service, session};
use rookery_store::{EnvironmentStore, NewUser, Store, TimeRange};
use rookery_tokens::{
    AuthenticatorSecret, KeyRing, LocalSealer, LocalSigner, PasswordHasher, Sealer as _, SealingContext,
    SealingPurpose, SigningError, VendorClaims, VendorTokenType, encode,
};
use tokio::sync::OnceCell;
use tower::ServiceExt as _;
use tower::util::BoxCloneSyncService;

use crate::mail::TestMail;
use crate::signer::CountingSigner;
use crate::table::Written;
use crate::{Client, Gate, table};

/// What a router becomes once everything stands around it.
pub(crate) type TestService = BoxCloneSyncService<Request, Response, std::convert::Infallible>;

/// The password of every user that [`TestApp::user`] makes.
pub const PASSWORD: &str = "Correct-Horse-7";

/// When a test begins: midnight on 1 January 2026.
const START: i64 = 1_767_225_600_000;

/// An environment, and a server that answers for it.
#[derive(Clone)]
pub struct TestApp {
    state: AppState,
    service: TestService,
    clock: Arc<ManualClock>,
    mail: TestMail,
    user_key: Arc<CountingSigner>,
    sealer: Arc<LocalSealer>,
    written: Written,
    environment: VendorId,
    secret: PlainToken,
}

/// A user whom [`TestApp::user`] made.
#[derive(Clone, Debug)]
pub struct TestUser {
    /// Their id.
    pub id: UserId,
    /// Their e-mail address.
    pub email: String,
}

impl TestApp {
    /// A server that answers with the endpoints of `router`, and a new environment.
    ///
    /// # Panics
    /// Something that it needs cannot be had.
    pub async fn start(router: Router<AppState>) -> Self {
        let (store, written) = table::connect_listening(None).await;
        Self::start_on(store, written, router).await
    }

    /// A server like that of [`Self::start`], with a gate before its table.
    ///
    /// # Panics
    /// Something that it needs cannot be had.
    pub async fn start_behind_gate(router: Router<AppState>) -> (Self, Gate) {
        let gate = table::gate().await;
        let (store, written) = table::connect_listening(Some(&gate)).await;
        (Self::start_on(store, written, router).await, gate)
    }

    async fn start_on(store: Store, written: Written, router: Router<AppState>) -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::from_millis(START)));
        let mail = TestMail::new(CapturedMail::in_memory(clock.clone()));
        let entropy = Arc::new(SystemEntropy);
        let (user_key, vendor_key) = keys();
        let user_key = Arc::new(CountingSigner::new(user_key));
        let sealer = sealer();
        let state = AppState::new(Parts {
            store,
            user_keys: KeyRing::new(user_key.clone(), Vec::new()),
            vendor_keys: KeyRing::new(vendor_key, Vec::new()),
            costly: Costly::new(passwords(), Mailer::new(Arc::new(mail.clone())), sealer.clone()),
            clock: clock.clone(),
            entropy,
        });
        let (endpoints, app) = (service::service(router, state.clone()), state.clone());
        let service = BoxCloneSyncService::new(endpoints.and_then(move |answer| {
            let app = app.clone();
            async move {
                app.run_deferred().await;
                Ok(answer)
            }
        }));
        Self::in_new_environment(state, service, clock, mail, (user_key, sealer), written).await
    }

    /// Another environment, behind the same server.
    ///
    /// # Panics
    /// It cannot be made.
    pub async fn neighbour(&self) -> Self {
        let (state, service) = (self.state.clone(), self.service.clone());
        let (clock, mail) = (self.clock.clone(), self.mail.clone());
        let (keys, written) = ((self.user_key.clone(), self.sealer.clone()), self.written.clone());
        Self::in_new_environment(state, service, clock, mail, keys, written).await
    }

    #[expect(clippy::expect_used, reason = "without its parts there is nothing to test")]
    async fn in_new_environment(
        state: AppState,
        service: TestService,
        clock: Arc<ManualClock>,
        mail: TestMail,
        (user_key, sealer): (Arc<CountingSigner>, Arc<LocalSealer>),
        written: Written,
    ) -> Self {
        let secret = PlainToken::random(&*state.entropy);
        let environment = new_environment(VendorId::random(&*state.entropy), &secret, state.now());
        let roles = first_roles(&*state.entropy, state.now());
        let environments = state.store.environments();
        assert!(environments.create(&environment, &roles, &[]).await.expect("an environment"), "it is new");
        let environment = environment.id;
        let app = Self { state, service, clock, mail, user_key, sealer, written, environment, secret };
        let claimed = app.state.store.environments().claim_host(&app.host(), app.environment).await;
        assert!(claimed.expect("a host"), "it is free");
        app
    }

    /// The host name of the environment.
    #[must_use]
    pub fn host(&self) -> String {
        format!("{}.example.com", self.environment)
    }

    /// The environment's client id and its secret.
    #[must_use]
    pub fn credentials(&self) -> (VendorId, &str) {
        (self.environment, self.secret.expose())
    }

    /// What handlers work with.
    #[must_use]
    pub fn state(&self) -> &AppState {
        &self.state
    }

    /// The table.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.state.store
    }

    /// The environment's data.
    #[must_use]
    pub fn environment(&self) -> EnvironmentStore {
        self.state.store.environment(self.environment)
    }

    /// Has the worker file what requests have left for it.
    ///
    /// # Panics
    /// The table cannot be written.
    #[expect(clippy::expect_used, reason = "without its worker there is nothing to test")]
    pub async fn work(&self) {
        let written = std::mem::take(&mut *self.written.lock().unwrap_or_else(PoisonError::into_inner));
        rookery_worker::file(self.store(), written, self.state.now(), 365).await.expect("the table");
    }

    /// What is recorded in the environment's audit log, from the oldest, once the worker has filed it.
    ///
    /// # Panics
    /// As for [`Self::work`].
    #[expect(clippy::expect_used, reason = "without its audit log there is nothing to test")]
    pub async fn recorded(&self) -> Vec<AuditRecord> {
        self.work().await;
        let (environment, mut records) = (self.environment(), Vec::new());
        let journal = environment.journal();
        let search =
            journal.search(None, TimeRange::default(), Order::Ascending, self.state.now(), |filed| {
                records.push(filed.record);
            });
        search.await.expect("the table");
        records
    }

    /// The actions that are recorded in the environment's audit log, from the oldest.
    ///
    /// # Panics
    /// As for [`Self::work`].
    pub async fn recorded_actions(&self) -> Vec<String> {
        self.recorded().await.into_iter().filter_map(|record| record.action).collect()
    }

    /// The clock, which stands still until it is moved.
    #[must_use]
    pub fn clock(&self) -> &ManualClock {
        &self.clock
    }

    /// The mails that were sent, newest first.
    #[must_use]
    pub fn mail(&self) -> Vec<Arc<CapturedMessage>> {
        self.mail.captured().messages()
    }

    /// Has mails refused from now on, or with `None` taken again.
    pub fn refuse_mail(&self, refusal: impl Into<Option<SendError>>) {
        self.mail.refuse(refusal.into());
    }

    /// How many users' tokens have been signed.
    #[must_use]
    pub fn signatures(&self) -> usize {
        self.user_key.signatures()
    }

    /// Has signatures under users' tokens fail from now on, or with `None` succeed again.
    pub fn fail_signatures(&self, failure: impl Into<Option<fn() -> SigningError>>) {
        self.user_key.fail(failure.into());
    }

    /// Somebody without a token.
    #[must_use]
    pub fn anonymous(&self) -> Client {
        Client::new(self.service.clone(), &self.host())
    }

    /// A vendor of the environment.
    ///
    /// # Panics
    /// No token can be had.
    #[must_use]
    pub fn vendor(&self) -> Client {
        self.anonymous().bearer(&self.vendor_token())
    }

    /// A vendor token of the environment.
    ///
    /// # Panics
    /// No token can be had.
    #[must_use]
    #[expect(clippy::expect_used, reason = "without a token there is nothing to test")]
    pub fn vendor_token(&self) -> String {
        let now = self.state.now();
        let claims = VendorClaims {
            token_type: VendorTokenType::Vendor,
            vendor_id: self.environment,
            sub: self.environment,
            scopes: Vec::new(),
            iat: now,
            exp: now.plus_seconds(86_400),
            iss: "https://auth.example.com".to_owned(),
        };
        // The key is at hand, so nothing is waited for.
        let token = encode(&claims, self.state.vendor_keys.current()).now_or_never();
        let token = token.and_then(Result::ok).expect("a vendor token");
        token.expose().to_owned()
    }

    /// A new tenant.
    ///
    /// # Panics
    /// It cannot be made.
    #[expect(clippy::expect_used, reason = "without a tenant there is nothing to test")]
    pub async fn tenant(&self, name: &str) -> TenantId {
        let now = self.state.now();
        let id = TenantId::random(&*self.state.entropy);
        let tenant = Tenant { name: name.to_owned(), ..Tenant::new(id, &*self.state.entropy, now) };
        self.environment().tenants().create(&tenant).await.expect("a tenant");
        tenant.tenant_id
    }

    /// A verified user of `tenant`, with the password [`PASSWORD`] and the environment's roles of these keys.
    ///
    /// # Panics
    /// They cannot be made.
    #[expect(clippy::expect_used, reason = "without a user there is nothing to test")]
    pub async fn user(&self, email: &str, tenant: &TenantId, roles: &[&str]) -> TestUser {
        let now = self.state.now();
        let id = UserId::random(&*self.state.entropy);
        let roles = self.roles(roles).await;
        let user = User {
            name: Some("Jane Doe".to_owned()),
            verified: true,
            active_tenant: Some(tenant.clone()),
            memberships: vec![Membership::new(tenant.clone(), roles, MembershipStatus::Activated, now)],
            ..User::new(id, email.parse().expect("an e-mail address"), now)
        };
        let new = NewUser { user, password_hash: Some(password_hash().await) };
        self.environment().users().create(&new).await.expect("a user");
        TestUser { id, email: email.to_owned() }
    }

    /// The ids of the environment's roles of these keys.
    ///
    /// # Panics
    /// There is no role of some key.
    #[expect(clippy::expect_used, reason = "a test that names a role that is not there is wrong")]
    pub async fn roles(&self, keys: &[&str]) -> Vec<RoleId> {
        let environment = self.environment().get().await.expect("the table").expect("the environment");
        let catalog = self.environment().catalog().load(&environment).await.expect("the catalogue");
        let find = |key: &&str| catalog.roles.values().find(|role| role.key == **key).expect("a role").id;
        keys.iter().map(find).collect()
    }

    /// A role of the environment, or of `tenant`, that allows nothing and is not written yet.
    #[must_use]
    pub fn role(&self, key: &str, tenant: Option<&TenantId>) -> Role {
        let now = self.state.now();
        Role {
            id: RoleId::random(&*self.state.entropy),
            tenant_id: tenant.cloned(),
            key: key.to_owned(),
            name: key.to_owned(),
            description: None,
            level: RoleLevel::SECOND,
            is_default: false,
            is_first_user: false,
            given_to_members_before: None,
            permission_ids: BTreeSet::new(),
            created_at: now,
            updated_at: now,
        }
    }

    /// Writes `role` with the built-in permissions of these keys.
    ///
    /// # Panics
    /// It cannot be written, or a key is none of a built-in permission.
    #[expect(clippy::expect_used, reason = "without the role there is nothing to test")]
    pub async fn write_role(&self, role: &Role, permissions: &[&str]) {
        let (_, built_in) = built_in_permissions(self.state.now());
        let id =
            |key: &&str| built_in.iter().find(|built_in| built_in.key == **key).expect("a permission").id;
        let role = Role { permission_ids: permissions.iter().map(id).collect(), ..role.clone() };
        self.environment().catalog().create(&[role]).await.expect("the role");
    }

    /// Enrols an authenticator app of `user`, without the requests that do so. The answer is its secret.
    ///
    /// # Panics
    /// It cannot be enrolled.
    #[expect(clippy::expect_used, reason = "without it there is nothing to test")]
    pub async fn enrol(&self, user: UserId) -> Sealed {
        let entropy = &*self.state.entropy;
        let secret = AuthenticatorSecret::random(entropy);
        let sealed = self.sealer.seal(secret.expose(), self.sealing(user)).await.expect("a sealed secret");
        let (environment, now) = (self.environment(), self.state.now());
        let factors = environment.factors();
        let enrolled = factors.update_with_user(user, Action::SecondFactorEnrolled, None, |_, factors| {
            factors.enrol(sealed.clone(), 0, &RecoveryCode::random(entropy), entropy, now)
        });
        enrolled.await.expect("the table").expect("the user");
        sealed
    }

    /// The code that the authenticator app of `user` with the secret `sealed` shows `steps` time steps from now.
    ///
    /// # Panics
    /// The secret is none.
    #[expect(clippy::expect_used, reason = "without it there is nothing to test")]
    pub async fn code(&self, user: UserId, sealed: &Sealed, steps: i64) -> String {
        let secret = self.sealer.open(sealed, self.sealing(user)).await.expect("the secret");
        let step = AuthenticatorSecret::step_at(self.state.now());
        let code = AuthenticatorSecret::kept(secret).code(step.saturating_add_signed(steps));
        code.expect("a code").to_string()
    }

    fn sealing(&self, user: UserId) -> SealingContext {
        SealingContext { environment: self.environment, user, purpose: SealingPurpose::Authenticator }
    }

    /// `user`, signed in to `tenant`, without the request that does so.
    ///
    /// # Panics
    /// They cannot sign in there.
    #[expect(clippy::expect_used, reason = "without a session there is nothing to test")]
    #[expect(clippy::disallowed_methods, reason = "tests need not show who they are")]
    pub async fn sign_in(&self, user: &TestUser, tenant: &TenantId) -> Client {
        let store = self.environment();
        let environment = store.get().await.expect("the table").expect("the environment");
        let user = store.users().get(user.id).await.expect("the table").expect("the user");
        let live = store.tenants().live(&[tenant]).await.expect("the table").pop().expect("the tenant");
        let limits = SessionLimits::of(&environment, &live);
        let begun_by = (user.id, user.session_generation);
        let (refresh_token, session) =
            Session::begin(&*self.state.entropy, self.state.now(), begun_by, tenant.clone(), &limits);
        store.sessions().begin(&session).await.expect("a session");
        let continued =
            Continued { session: &session, limits: &limits, refresh_token: refresh_token.clone() };
        let signed_in = session::resume(&self.state, &store, environment, user, tenant, continued);
        let token = signed_in.await.expect("a token").access_token().expose().to_owned();
        self.anonymous().bearer(&token).holding(refresh_token)
    }
}

/// An environment named Example, with one secret.
#[must_use]
pub fn new_environment(id: VendorId, secret: &PlainToken, now: Timestamp) -> Environment {
    Environment {
        id,
        name: "Example".to_owned(),
        secrets: VendorSecrets::new(secret),
        base_url: format!("https://{id}.example.com"),
        application_url: "https://app.example.com".to_owned(),
        allowed_origins: vec!["https://app.example.com".to_owned()],
        sender: sender(),
        configuration: IdentityConfiguration::default(),
        policies: Policies::default(),
        mfa: MfaConfiguration::default(),
        changed_mails: BTreeSet::new(),
        groups: GroupsConfiguration::default(),
        catalog_version: 0,
        created_at: now,
    }
}

#[expect(clippy::expect_used, reason = "the address is written here")]
fn sender() -> rookery_domain::EmailAddress {
    "no-reply@example.com".parse().expect("an e-mail address")
}

/// The keys for users and vendors: making them takes longer than most tests.
#[expect(clippy::expect_used, reason = "without keys there is nothing to test")]
fn keys() -> (Arc<LocalSigner>, Arc<LocalSigner>) {
    static KEYS: OnceLock<(Arc<LocalSigner>, Arc<LocalSigner>)> = OnceLock::new();
    let make = || Arc::new(LocalSigner::generate().expect("a key"));
    let (user, vendor) = KEYS.get_or_init(|| (make(), make()));
    (user.clone(), vendor.clone())
}

#[expect(clippy::expect_used, reason = "without it there is nothing to test")]
fn sealer() -> Arc<LocalSealer> {
    let key = LocalSealer::generate(&SystemEntropy);
    Arc::new(LocalSealer::from_text(&key, Arc::new(SystemEntropy)).expect("a key"))
}

/// Hashes passwords as every server does.
///
/// # Panics
/// It cannot be made.
#[must_use]
#[expect(clippy::expect_used, reason = "without it there is nothing to test")]
pub fn passwords() -> PasswordHasher {
    PasswordHasher::new(Arc::new(SystemEntropy)).expect("a password hasher")
}

/// The hash of [`PASSWORD`]: making it takes longer than most tests.
#[expect(clippy::expect_used, reason = "without a password there is nothing to test")]
async fn password_hash() -> String {
    static HASH: OnceCell<String> = OnceCell::const_new();
    let make = async || {
        let hash = passwords().hash(Password::from(PASSWORD)).await.expect("a hash");
        String::from(hash)
    };
    HASH.get_or_init(make).await.clone()
}
