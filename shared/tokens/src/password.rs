//! Password hashing with Argon2id (RFC 9106).

use std::error::Error;
use std::fmt;
use std::num::NonZeroUsize;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use argon2::password_hash::phc::{self, Output, ParamsString, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version, password_hash};
use rookery_domain::{Entropy, Password};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use tokio::task;
use tracing::Span;

/// Hashes passwords and checks them.
///
/// One hash takes 19 MiB and some tens of milliseconds of a core, so it is computed on a thread that may block, and
/// no more of them at a time than there are cores: when passwords pour in, they queue. The memory is kept for the next hash.
#[derive(Clone)]
pub struct PasswordHasher {
    argon2: Argon2<'static>,
    entropy: Arc<dyn Entropy>,
    permits: Arc<Semaphore>,
    memory: Arc<Mutex<Vec<Vec<Block>>>>,
    decoy: PasswordHash,
}

/// What a password is to a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// Another password's.
    Wrong,
    /// Its own.
    Right,
    /// Its own, but made of the password as it was typed: it is to be made anew, or it fits one kind of keyboard only.
    RightAsTyped,
}

/// A password cannot be hashed or checked.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// The password is absurdly long.
    #[error("the password is too long")]
    TooLong,
    /// The hash function failed, for lack of memory for instance.
    #[error("the password cannot be hashed")]
    Failed(#[from] password_hash::Error),
    /// The process ends.
    #[error("hashing was interrupted")]
    Interrupted(#[source] Box<dyn Error + Send + Sync>),
}

impl PasswordHasher {
    /// The parameters that OWASP's Password Storage Cheat Sheet recommends.
    const MEMORY_KIB: u32 = 19_456;
    const PASSES: u32 = 2;
    const LANES: u32 = 1;

    /// A hasher that takes its salts from `entropy`.
    ///
    /// # Errors
    /// The hash function refuses its parameters.
    pub fn new(entropy: Arc<dyn Entropy>) -> Result<Self, PasswordError> {
        let params = Params::new(Self::MEMORY_KIB, Self::PASSES, Self::LANES, None)
            .map_err(password_hash::Error::from)?;
        let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Ok(Self {
            decoy: PasswordHash::decoy(&params)?,
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            entropy,
            permits: Arc::new(Semaphore::new(cores)),
            memory: Arc::default(),
        })
    }

    /// Hashes a new password.
    ///
    /// # Errors
    /// The password is absurdly long, or the hash cannot be computed.
    pub async fn hash(&self, password: Password) -> Result<PasswordHash, PasswordError> {
        if password.is_absurdly_long() {
            return Err(PasswordError::TooLong);
        }
        let salt: [u8; Salt::RECOMMENDED_LENGTH] = self.entropy.bytes();
        let argon2 = self.argon2.clone();
        self.compute(move |memory| {
            let output = output(&argon2, &password, &salt, memory)?;
            Ok(PasswordHash::of(argon2.params(), &salt, output)?)
        })
        .await
    }

    /// What the password is to `hash`, which says with which parameters it was made.
    ///
    /// # Errors
    /// The hash cannot be computed, which is no fault of the password.
    pub async fn verify(&self, password: Password, hash: &PasswordHash) -> Result<Verdict, PasswordError> {
        if password.is_absurdly_long() {
            self.verify_dummy(password).await?;
            return Ok(Verdict::Wrong);
        }
        let as_typed = password.as_typed();
        if self.matches(password, hash).await? {
            return Ok(Verdict::Right);
        }
        match as_typed {
            Some(typed) if self.matches(typed.clone(), hash).await? => Ok(Verdict::RightAsTyped),
            Some(_) | None => Ok(Verdict::Wrong),
        }
    }

    /// Takes as long as [`Self::verify`] does, for a user who does not exist: the time of an answer must not say
    /// whose e-mail addresses are known.
    ///
    /// # Errors
    /// As for [`Self::verify`].
    pub async fn verify_dummy(&self, password: Password) -> Result<(), PasswordError> {
        let password = if password.is_absurdly_long() { Password::from("") } else { password };
        if let Some(typed) = password.as_typed() {
            self.matches(typed, &self.decoy).await?;
        }
        self.matches(password, &self.decoy).await.map(drop)
    }

    async fn matches(&self, password: Password, hash: &PasswordHash) -> Result<bool, PasswordError> {
        let hash = hash.0.clone();
        self.compute(move |memory| {
            let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else { return Ok(false) };
            let version = hash.version.map_or(Ok(Version::default()), Version::try_from);
            let argon2 = Argon2::new(
                hash.algorithm.as_str().try_into()?,
                version.map_err(password_hash::Error::from)?,
                Params::try_from(&hash)?,
            );
            // Two outputs are compared in constant time.
            Ok(output(&argon2, &password, salt, memory)? == *expected)
        })
        .await
    }

    async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Vec<Block>) -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let interrupted = |error: Box<dyn Error + Send + Sync>| PasswordError::Interrupted(error);
        let permit =
            Arc::clone(&self.permits).acquire_owned().await.map_err(|error| interrupted(error.into()))?;
        let (span, kept) = (Span::current(), Arc::clone(&self.memory));
        task::spawn_blocking(move || {
            // Held by the thread, not by the request: one that is given up does not stop the thread.
            let _permit = permit;
            let kept = || kept.lock().unwrap_or_else(PoisonError::into_inner);
            let mut memory = kept().pop().unwrap_or_default();
            let outcome = span.in_scope(|| work(&mut memory));
            kept().push(memory);
            outcome
        })
        .await
        .map_err(|error| interrupted(error.into()))?
    }
}

/// The hash of `password`, computed in `memory`, which grows to what it takes.
fn output(
    argon2: &Argon2<'_>,
    password: &Password,
    salt: &[u8],
    memory: &mut Vec<Block>,
) -> Result<Output, password_hash::Error> {
    let needed = argon2.params().block_count();
    if memory.len() < needed {
        memory.resize(needed, Block::new());
    }
    let mut output = [0; Output::MAX_LENGTH];
    let length = argon2.params().output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
    let (output, _) = output.split_at_mut_checked(length).ok_or(password_hash::Error::OutputSize)?;
    argon2.hash_password_into_with_memory(
        password.expose().as_bytes(),
        salt,
        output,
        &mut memory[..needed],
    )?;
    Ok(Output::new(output)?)
}

impl fmt::Debug for PasswordHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordHasher").field("argon2", &self.argon2).finish_non_exhaustive()
    }
}

/// What is stored of a password: algorithm, parameters, salt and hash, as a PHC string.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PasswordHash(phc::PasswordHash);

/// The text is no Argon2 hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a password hash is an Argon2 PHC string, with salt and hash")]
pub struct InvalidPasswordHash;

impl PasswordHash {
    fn of(params: &Params, salt: &[u8], output: Output) -> Result<Self, password_hash::Error> {
        Ok(Self(phc::PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(params)?,
            salt: Some(Salt::new(salt)?),
            hash: Some(output),
        }))
    }

    /// A hash that costs what a real one costs and that no password is known to have.
    fn decoy(params: &Params) -> Result<Self, password_hash::Error> {
        Self::of(params, &[0; Salt::RECOMMENDED_LENGTH], Output::new(&[0; Params::DEFAULT_OUTPUT_LEN])?)
    }
}

impl FromStr for PasswordHash {
    type Err = InvalidPasswordHash;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let hash = phc::PasswordHash::new(text).map_err(|_| InvalidPasswordHash)?;
        let known = Algorithm::try_from(hash.algorithm.as_str()).is_ok()
            && hash.version.is_none_or(|version| Version::try_from(version).is_ok())
            && Params::try_from(&hash).is_ok();
        if known && hash.salt.is_some() && hash.hash.is_some() {
            Ok(Self(hash))
        } else {
            Err(InvalidPasswordHash)
        }
    }
}

impl TryFrom<String> for PasswordHash {
    type Error = InvalidPasswordHash;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<PasswordHash> for String {
    fn from(hash: PasswordHash) -> Self {
        hash.0.to_string()
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use rookery_domain::SeededEntropy;

    use super::*;

    fn hasher() -> PasswordHasher {
        PasswordHasher::new(Arc::new(SeededEntropy::new(1))).unwrap()
    }

    #[tokio::test]
    async fn a_password_is_known_by_its_stored_hash() {
        let hasher = hasher();
        let hash = hasher.hash("correct horse".into()).await.unwrap();
        let stored = serde_json::to_string(&hash).unwrap();
        assert!(stored.starts_with(r#""$argon2id$v=19$m=19456,t=2,p=1$"#), "{stored}");
        let read: PasswordHash = serde_json::from_str(&stored).unwrap();
        assert_eq!(hasher.verify("correct horse".into(), &read).await.unwrap(), Verdict::Right);
        assert_eq!(hasher.verify("battery staple".into(), &read).await.unwrap(), Verdict::Wrong);
    }

    #[tokio::test]
    async fn a_password_never_has_the_same_hash_twice() {
        let hasher = hasher();
        let first = String::from(hasher.hash("correct horse".into()).await.unwrap());
        assert_ne!(first, String::from(hasher.hash("correct horse".into()).await.unwrap()));
    }

    /// The test vector of Argon2's reference implementation, whose parameters are not ours.
    #[tokio::test]
    async fn the_hash_says_with_which_parameters_it_was_made() {
        let hash: PasswordHash =
            "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
                .parse()
                .unwrap();
        assert_eq!(hasher().verify("password".into(), &hash).await.unwrap(), Verdict::Right);
        assert_eq!(hasher().verify("passwords".into(), &hash).await.unwrap(), Verdict::Wrong);
    }

    #[tokio::test]
    async fn an_unknown_user_costs_what_a_known_one_costs() {
        let hasher = hasher();
        hasher.verify_dummy("correct horse".into()).await.unwrap();
        let real = hasher.hash("correct horse".into()).await.unwrap().0;
        let decoy = &hasher.decoy.0;
        assert_eq!((&real.algorithm, real.version), (&decoy.algorithm, decoy.version));
        assert_eq!(real.params, decoy.params);
        assert_eq!(real.salt.unwrap().len(), decoy.salt.unwrap().len());
        assert_eq!(real.hash.unwrap().len(), decoy.hash.unwrap().len());
    }

    #[tokio::test]
    async fn an_absurdly_long_password_is_never_right() {
        let hasher = hasher();
        let long = Password::from("x".repeat(5_000).as_str());
        assert!(matches!(hasher.hash(long.clone()).await, Err(PasswordError::TooLong)));
        let hash = hasher.hash("correct horse".into()).await.unwrap();
        assert_eq!(hasher.verify(long.clone(), &hash).await.unwrap(), Verdict::Wrong);
        hasher.verify_dummy(long).await.unwrap();
    }

    #[tokio::test]
    async fn passwords_queue_when_every_core_is_taken() {
        let hasher = hasher();
        let cores = hasher.permits.available_permits();
        let taken = hasher.permits.clone().acquire_many_owned(u32::try_from(cores).unwrap()).await.unwrap();
        let mut waiting = Box::pin(hasher.verify_dummy("correct horse".into()));
        assert!(futures::poll!(&mut waiting).is_pending());
        drop(taken);
        waiting.await.unwrap();
        assert_eq!(hasher.permits.available_permits(), cores);
    }

    #[tokio::test]
    async fn memory_is_used_again() {
        let hasher = hasher();
        let cores = hasher.permits.available_permits();
        let hashes: Vec<_> =
            (0..3 * cores).map(|index| hasher.hash(index.to_string().as_str().into())).collect();
        let hashes = futures::future::try_join_all(hashes).await.unwrap();
        for (index, hash) in hashes.iter().enumerate() {
            let password = Password::from(index.to_string().as_str());
            assert_eq!(hasher.verify(password, hash).await.unwrap(), Verdict::Right);
        }
        assert!(hasher.memory.lock().unwrap().len() <= cores);
    }

    #[tokio::test]
    async fn a_hash_of_the_password_as_it_was_typed_is_known() {
        let hasher = hasher();
        let typed = Password::from("Man\u{303}ana");
        let old = hasher.hash(typed.as_typed().unwrap()).await.unwrap();
        assert_eq!(hasher.verify(typed.clone(), &old).await.unwrap(), Verdict::RightAsTyped);
        assert_eq!(hasher.verify("Ma\u{f1}ana".into(), &old).await.unwrap(), Verdict::Wrong);
        let new = hasher.hash(typed).await.unwrap();
        assert_eq!(hasher.verify("Ma\u{f1}ana".into(), &new).await.unwrap(), Verdict::Right);
    }

    #[test]
    fn what_is_no_argon2_hash_is_refused() {
        for text in [
            "",
            "hunter2",
            "$2b$12$KIXQJ9m0n2c9n3n6r1u0xuVj1Q1Q1Q1Q1Q1Q1Q1Q1Q1Q1Q1Q1Q1Q1",
            "$argon2id$v=19$m=19456,t=2,p=1",
            "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ",
            "$argon2id$v=19$m=0,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
            "$argon2id$v=7$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
            "$scrypt$ln=16,r=8,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        ] {
            assert_eq!(text.parse::<PasswordHash>().err(), Some(InvalidPasswordHash), "{text}");
        }
    }

    #[tokio::test]
    async fn a_hash_cannot_be_printed() {
        let hash = hasher().hash("correct horse".into()).await.unwrap();
        assert_eq!(format!("{hash:?}"), "PasswordHash(…)");
    }
}
