//! Work that may be more than one request can do, and that the same call goes on with.

/// Whether there is time to begin another piece of such work.
pub type WhileTime<'a> = &'a (dyn Fn() -> bool + Sync);

/// How far such work has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// There was nothing to do.
    Nothing,
    /// All of it is done.
    Finished,
    /// The same call goes on with the rest.
    Unfinished,
}

impl Progress {
    /// How far this and `next`, which comes after it, have come together.
    pub(crate) fn and(self, next: Self) -> Self {
        match (self, next) {
            (Self::Nothing, Self::Nothing) => Self::Nothing,
            (Self::Unfinished, _) | (_, Self::Unfinished) => Self::Unfinished,
            (Self::Nothing | Self::Finished, Self::Nothing | Self::Finished) => Self::Finished,
        }
    }
}
