//! One-time tickets: a secret that is mailed to a user, and permits one thing once.

use serde::{Deserialize, Serialize};

use crate::user::OneTimeTokenError;
use crate::{Entropy, PlainToken, Timestamp, TokenHash, User};

/// What a ticket permits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TicketPurpose {
    /// Setting another password.
    PasswordReset,
}

impl TicketPurpose {
    /// Its name in a key.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::PasswordReset => "PASSWORD-RESET",
        }
    }

    /// For how long such a ticket is good, in seconds.
    #[must_use]
    pub const fn lifetime_seconds(self) -> i64 {
        match self {
            Self::PasswordReset => 3_600,
        }
    }
}

/// The one ticket of its purpose that a user has out. Another takes its place.
///
/// It is used up by what it permits: that changes what the user signs in with, and a ticket that was issued for anything else
/// than what they sign in with now is void. So is one that was mailed to an address that they have no longer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ticket {
    hash: TokenHash,
    expires_at: Timestamp,
    /// The user's [`User::credential_generation`] when it was issued.
    generation: u64,
    /// When mails with a ticket of this purpose were sent to the user, of late.
    mailed_at: Vec<Timestamp>,
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
            generation: user.credential_generation,
            mailed_at: before.map(|before| before.mailed_lately(now).collect()).unwrap_or_default(),
        };
        (secret, ticket)
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

    /// Whether `presented` is this ticket, in time, and `user` signs in with what they did when it was issued.
    ///
    /// # Errors
    /// It is not.
    pub fn verify(
        &self,
        presented: &PlainToken,
        user: &User,
        now: Timestamp,
    ) -> Result<(), OneTimeTokenError> {
        let is_good = self.hash == presented.hash()
            && now < self.expires_at
            && self.generation == user.credential_generation;
        is_good.then_some(()).ok_or(OneTimeTokenError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SeededEntropy, UserId};

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
        assert_eq!(ticket.verify(&secret, &user, at(3_599)), Ok(()));
        assert_eq!(ticket.verify(&secret, &user, at(3_600)), Err(OneTimeTokenError));
        assert_eq!(ticket.verify(&other, &user, at(0)), Err(OneTimeTokenError));
        user.void_credentials();
        assert_eq!(ticket.verify(&secret, &user, at(0)), Err(OneTimeTokenError));
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
