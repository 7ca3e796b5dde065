//! One-time tickets: a secret that is mailed to a user, and permits one thing once.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::user::OneTimeTokenError;
use crate::{Entropy, PlainToken, Timestamp, TokenHash, User, UserId};

/// What a ticket permits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TicketPurpose {
    /// Setting another password.
    PasswordReset,
    /// Letting in again whom too many wrong passwords have locked.
    Unlock,
    /// Signing in.
    MagicLink,
    /// Nothing: it counts the codes for signing in that were mailed.
    Codes,
    /// Nothing: it counts the links that were mailed to activate the account, or verify the address.
    Activations,
}

impl TicketPurpose {
    /// Its name in a key.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::PasswordReset => "PASSWORD-RESET",
            Self::Unlock => "UNLOCK",
            Self::MagicLink => "MAGIC-LINK",
            Self::Codes => "CODES",
            Self::Activations => "ACTIVATIONS",
        }
    }

    /// For how long such a ticket is good, in seconds, unless its [`expiry`](Ticket::expiring_at) is set.
    #[must_use]
    pub const fn lifetime_seconds(self) -> i64 {
        match self {
            Self::PasswordReset | Self::Unlock => 3_600,
            Self::MagicLink => 300,
            Self::Codes | Self::Activations => 0,
        }
    }

    /// What of `user` a ticket is good for: with another number it is void.
    fn generation_of(self, user: &User) -> u64 {
        match self {
            Self::PasswordReset | Self::MagicLink | Self::Codes | Self::Activations => {
                user.credential_generation
            }
            // It rises with every lock: a link unlocks from the one that it was mailed for.
            Self::Unlock => user.session_generation,
        }
    }
}

/// The one ticket of its purpose that a user has out. Another takes its place.
///
/// A ticket is good for the user as they were when it was issued. One that resets a password is void once they sign in with
/// another, or have another address; one that unlocks, once they are locked again. So what these permit uses them up. One that
/// signs in changes nothing of the user, and is [used](Ticket::used).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ticket {
    hash: TokenHash,
    expires_at: Timestamp,
    /// The number of the user's that it is good for.
    generation: u64,
    /// When mails with a ticket of this purpose were sent to the user, of late.
    mailed_at: Vec<Timestamp>,
    /// The device that it was asked for on, if that matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device: Option<TokenHash>,
}

impl Ticket {
    /// How many mails a user gets within [`Self::WINDOW_SECONDS`]: whoever else asks for them cannot fill a mailbox, and cannot
    /// void the latest link for good.
    pub const MAILS: usize = 5;
    /// The time that mails are counted in, in seconds.
    pub const WINDOW_SECONDS: i64 = 15 * 60;

    /// A ticket for `user` in place of the one `before`, and the secret that is handed out.
    #[must_use]
    pub fn issue(
        purpose: TicketPurpose,
        user: &User,
        before: Option<&Self>,
        entropy: &dyn Entropy,
        now: Timestamp,
    ) -> (PlainToken, Self) {
        let secret = PlainToken::random(entropy);
        let ticket = Self {
            hash: secret.hash(),
            expires_at: now.plus_seconds(purpose.lifetime_seconds()),
            generation: purpose.generation_of(user),
            mailed_at: before.map(|before| before.mailed_lately(now).collect()).unwrap_or_default(),
            device: None,
        };
        (secret, ticket)
    }

    /// The same ticket, which is good until `end`.
    #[must_use]
    pub fn expiring_at(self, end: Timestamp) -> Self {
        Self { expires_at: end, ..self }
    }

    /// The same ticket, which was asked for on `device`.
    #[must_use]
    pub fn asked_for_on(self, device: TokenHash) -> Self {
        Self { device: Some(device), ..self }
    }

    /// The same ticket, which is good for nothing any more.
    #[must_use]
    pub fn used(self) -> Self {
        Self { expires_at: long_ago(), ..self }
    }

    /// Whether it was asked for on `device`.
    #[must_use]
    pub fn is_for_device(&self, device: Option<&TokenHash>) -> bool {
        self.device.as_ref() == device
    }

    /// Whether `presented` is this ticket, which is of `purpose`, in time or not, and it is good for `user` still.
    #[must_use]
    pub fn is(&self, purpose: TicketPurpose, presented: &PlainToken, user: &User) -> bool {
        self.hash == presented.hash()
            && self.generation == purpose.generation_of(user)
            && self.expires_at != long_ago()
    }

    /// Whether its time is over.
    #[must_use]
    pub fn has_expired(&self, now: Timestamp) -> bool {
        now >= self.expires_at
    }

    /// The same ticket, which is mailed at `now`.
    #[must_use]
    pub fn mailed(mut self, now: Timestamp) -> Self {
        self.mailed_at.push(now);
        self
    }

    /// Whether the user got as many mails of late as they may.
    #[must_use]
    pub fn is_mailed_enough(&self, now: Timestamp) -> bool {
        self.mailed_lately(now).count() >= Self::MAILS
    }

    fn mailed_lately(&self, now: Timestamp) -> impl Iterator<Item = Timestamp> + '_ {
        self.mailed_at.iter().copied().filter(move |at| now.seconds_since(*at) < Self::WINDOW_SECONDS)
    }

    /// When nobody needs to know of it any more.
    #[must_use]
    pub fn forgotten_at(&self) -> Timestamp {
        let counted = self.mailed_at.iter().map(|at| at.plus_seconds(Self::WINDOW_SECONDS));
        counted.fold(self.expires_at, Timestamp::max)
    }

    /// Whether `presented` is this ticket, which is of `purpose`, in time, and good for `user` still.
    ///
    /// # Errors
    /// It is not.
    pub fn verify(
        &self,
        purpose: TicketPurpose,
        presented: &PlainToken,
        user: &User,
        now: Timestamp,
    ) -> Result<(), OneTimeTokenError> {
        let is_good = self.is(purpose, presented, user) && !self.has_expired(now);
        is_good.then_some(()).ok_or(OneTimeTokenError)
    }
}

/// A ticket's secret together with whose it is, where a request brings nothing else.
#[derive(Clone, Debug)]
pub struct AddressedToken {
    /// Whose it is.
    pub user: UserId,
    /// The secret.
    pub secret: PlainToken,
}

impl AddressedToken {
    /// The text that is mailed.
    #[must_use]
    pub fn expose(&self) -> PlainToken {
        PlainToken::presented(format!("{}.{}", self.user.as_uuid().simple(), self.secret.expose()))
    }
}

impl FromStr for AddressedToken {
    type Err = OneTimeTokenError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (user, secret) = text.split_once('.').ok_or(OneTimeTokenError)?;
        let user = user.parse().map_err(|_| OneTimeTokenError)?;
        Ok(Self { user, secret: PlainToken::presented(secret.to_owned()) })
    }
}

/// When a ticket that was used has expired.
fn long_ago() -> Timestamp {
    Timestamp::from_millis(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LockReason, SeededEntropy};

    const PURPOSE: TicketPurpose = TicketPurpose::PasswordReset;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(0).plus_seconds(seconds)
    }

    fn user() -> User {
        User::new(UserId::random(&SeededEntropy::new(7)), "jane@example.com".parse().unwrap(), at(0))
    }

    #[test]
    fn a_ticket_is_good_for_an_hour_and_for_what_the_user_signs_in_with() {
        let (entropy, mut user) = (SeededEntropy::new(1), user());
        let (secret, ticket) = Ticket::issue(PURPOSE, &user, None, &entropy, at(0));
        let (other, _) = Ticket::issue(PURPOSE, &user, None, &entropy, at(0));
        assert_eq!(ticket.verify(PURPOSE, &secret, &user, at(3_599)), Ok(()));
        assert_eq!(ticket.verify(PURPOSE, &secret, &user, at(3_600)), Err(OneTimeTokenError));
        assert_eq!(ticket.verify(PURPOSE, &other, &user, at(0)), Err(OneTimeTokenError));
        user.void_credentials();
        assert_eq!(ticket.verify(PURPOSE, &secret, &user, at(0)), Err(OneTimeTokenError));
    }

    #[test]
    fn a_link_unlocks_from_the_lock_that_it_was_mailed_for() {
        let (entropy, mut user) = (SeededEntropy::new(1), user());
        user.lock(LockReason::Attempts);
        let (secret, ticket) = Ticket::issue(TicketPurpose::Unlock, &user, None, &entropy, at(0));
        user.locked = None;
        assert_eq!(ticket.verify(TicketPurpose::Unlock, &secret, &user, at(0)), Ok(()));
        user.lock(LockReason::Attempts);
        assert_eq!(ticket.verify(TicketPurpose::Unlock, &secret, &user, at(0)), Err(OneTimeTokenError));
    }

    #[test]
    fn a_token_says_whose_it_is() {
        let token = AddressedToken { user: user().id, secret: PlainToken::random(&SeededEntropy::new(1)) };
        let read: AddressedToken = token.expose().expose().parse().unwrap();
        assert_eq!((read.user, read.secret.hash()), (token.user, token.secret.hash()));
        for bad in ["", ".", "x.y", token.secret.expose(), &token.user.to_string()] {
            assert!(bad.parse::<AddressedToken>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn five_mails_are_enough_for_a_quarter_of_an_hour() {
        let (entropy, user) = (SeededEntropy::new(1), user());
        let mut before = None;
        for number in 0..5 {
            let (_, ticket) = Ticket::issue(PURPOSE, &user, before.as_ref(), &entropy, at(number));
            assert!(!ticket.is_mailed_enough(at(number)));
            before = Some(ticket.mailed(at(number)));
        }
        let ticket = before.unwrap();
        assert!(ticket.is_mailed_enough(at(899)) && !ticket.is_mailed_enough(at(900)));
        assert_eq!(ticket.forgotten_at(), at(3_604));
    }
}
