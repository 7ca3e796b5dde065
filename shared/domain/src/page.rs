//! One page of a list.

/// Which page of a list, and in which direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// How many items a page has; at least one.
    pub limit: usize,
    /// The page's index, from zero. The API calls it `_offset`, though it counts pages.
    pub index: usize,
    /// The direction of the order.
    pub order: Order,
}

impl PageRequest {
    /// How many items come before this page.
    #[must_use]
    pub fn skipped(self) -> usize {
        self.index.saturating_mul(self.limit)
    }
}

/// The direction of an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Smallest, or oldest, first.
    #[default]
    Ascending,
    /// Largest, or newest, first.
    Descending,
}

/// The items of one page, and how many there are in all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// This page's items; empty past the end.
    pub items: Vec<T>,
    /// How many items the whole list has.
    pub total: usize,
}

impl<T> Page<T> {
    /// The page with each item turned into something else.
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(convert).collect(), total: self.total }
    }
}
