//! Policies that are made before they can be changed: an environment has each once, and so has every tenant.

use rookery_domain::{Adopted, Policies};
use rookery_http::auth::{Member, ScopeAuth, WriteSecurityPolicy};
use rookery_http::policies::{self, Asked};
use rookery_http::{ApiError, ApiResult, AppState};

/// One kind of policy.
pub(crate) trait Adoptable: Copy + Send + Sync {
    /// Where it stands among the others.
    fn slot(policies: &mut Policies) -> &mut Option<Adopted<Self>>;

    /// Whether it makes sense, for a tenant whose environment asks for `floor`, if it asks for anything.
    fn check(&self, floor: Option<&Self>) -> ApiResult<()>;
}

/// Makes the policy of the tenant that the caller speaks of, or else of the environment.
pub(crate) async fn create<P: Adoptable>(
    app: &AppState,
    caller: &ScopeAuth<WriteSecurityPolicy>,
    policy: P,
) -> ApiResult<Adopted<P>> {
    let updated = policies::update(app, caller, |policies, floor| {
        policy.check(of(floor.cloned().unwrap_or_default()).map(|floor| floor.policy).as_ref())?;
        match P::slot(policies) {
            Some(_) => {
                Err(ApiError::Conflict("there is such a policy already: change it with PATCH".to_owned()))
            }
            slot @ None => {
                *slot = Some(Adopted::new(policy, &*app.entropy, app.now()));
                Ok(())
            }
        }
    });
    own(updated.await?)
}

/// Changes that policy.
pub(crate) async fn update<P: Adoptable>(
    app: &AppState,
    caller: &ScopeAuth<WriteSecurityPolicy>,
    change: impl Fn(P) -> ApiResult<P>,
) -> ApiResult<Adopted<P>> {
    let updated = policies::update(app, caller, |policies, floor| {
        let adopted = P::slot(policies).as_mut().ok_or_else(none)?;
        let policy = change(adopted.policy)?;
        policy.check(of(floor.cloned().unwrap_or_default()).map(|floor| floor.policy).as_ref())?;
        *adopted = Adopted { policy, updated_at: app.now(), ..*adopted };
        Ok(())
    });
    own(updated.await?)
}

/// Changes that policy or, if there is none, makes the one that `change` makes of `first`.
pub(crate) async fn put<P: Adoptable>(
    app: &AppState,
    caller: &ScopeAuth<WriteSecurityPolicy>,
    first: P,
    change: impl Fn(P) -> ApiResult<P>,
) -> ApiResult<Adopted<P>> {
    let updated = policies::update(app, caller, |policies, floor| {
        let slot = P::slot(policies);
        let policy = change(slot.map_or(first, |adopted| adopted.policy))?;
        policy.check(of(floor.cloned().unwrap_or_default()).map(|floor| floor.policy).as_ref())?;
        *slot = Some(match *slot {
            Some(adopted) => Adopted { policy, updated_at: app.now(), ..adopted },
            None => Adopted::new(policy, &*app.entropy, app.now()),
        });
        Ok(())
    });
    own(updated.await?)
}

/// The policy of the tenant that the caller speaks of, or else of the environment.
pub(crate) async fn get<P: Adoptable>(caller: &ScopeAuth<Member>) -> ApiResult<Adopted<P>> {
    own(Asked::of(caller).await?)
}

/// The policy of the environment, whichever tenant the caller speaks of.
pub(crate) async fn get_of_environment<P: Adoptable>(caller: &ScopeAuth<Member>) -> ApiResult<Adopted<P>> {
    of(policies::of_environment(caller).await?).ok_or_else(none)
}

fn own<P: Adoptable>(Asked { environment, tenant }: Asked) -> ApiResult<Adopted<P>> {
    of(tenant.unwrap_or(environment)).ok_or_else(none)
}

fn of<P: Adoptable>(mut policies: Policies) -> Option<Adopted<P>> {
    P::slot(&mut policies).take()
}

/// Clients read it as "switched off".
fn none() -> ApiError {
    ApiError::NotFound("policy")
}
