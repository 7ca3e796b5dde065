//! Lists of users.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use rookery_domain::{Metadata, Order, Page, PageRequest, Provider, TenantId, User, UserId, folded};

use super::{UserEntry, Users, is_pending};
use crate::entity::corrupt;
use crate::keys::List;
use crate::roster::{Entry as _, Sight, slice};
use crate::{LARGEST_SORTED_LIST, ListError, StoreError};

/// How many users are read to search what no list repeats.
const LARGEST_READ_LIST: usize = 2_000;

/// How many tenants' lists are read at a time.
const LISTS_AT_ONCE: usize = 32;

/// Which users to list, and how.
#[derive(Clone, Debug)]
pub struct UserQuery {
    /// Only members of these tenants; of the whole environment, when none is named.
    pub tenants: Vec<TenantId>,
    /// Only those whose name or e-mail address contains this, whatever its case.
    pub filter: Option<String>,
    /// Only those whose name begins with this, whatever its case.
    pub name_prefix: Option<String>,
    /// Only those among these.
    pub ids: Option<Vec<UserId>>,
    /// Only those whose metadata has all of these keys, with these values.
    pub metadata: Option<Metadata>,
    /// Whether a vendor asks. Self-service does not see invisible users, and of those who have not joined their address alone.
    pub by_vendor: bool,
    /// In which order.
    pub sort: UserSort,
    /// Which page.
    pub page: PageRequest,
}

/// What users are sorted by. Names and addresses are compared without regard to case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UserSort {
    /// The moment they joined the list: the tenant, or the environment.
    #[default]
    CreatedAt,
    /// Their name; those without come first.
    Name,
    /// Their e-mail address.
    Email,
    /// Their id.
    Id,
    /// Whether they are verified; those who are not come first.
    Verified,
    /// Whether they are locked; those who are not come first.
    IsLocked,
    /// How they first came.
    Provider,
    /// The tenant they last worked in.
    TenantId,
}

/// The beginning of a list: who is on the page, as far as that is told without reading users or a whole list.
#[derive(Debug)]
pub struct Glance {
    query: UserQuery,
    /// The ids on the page, if it is one by age.
    page: Option<Page<UserId>>,
}

impl Glance {
    /// What was asked for.
    #[must_use]
    pub fn query(&self) -> &UserQuery {
        &self.query
    }
}

impl Users<'_> {
    /// Begins a list, which [`Self::list_from`] goes on with.
    ///
    /// # Errors
    /// The table fails.
    pub async fn glance(&self, query: UserQuery) -> Result<Glance, StoreError> {
        let page = match query.list_by_age() {
            Some(list) => Some(self.ids_by_age(&list, &query).await?),
            None => None,
        };
        Ok(Glance { query, page })
    }

    /// One page of users.
    ///
    /// By age it costs the same however long the list is. Any other order or a filter reads the whole list; a filter for
    /// metadata reads all users besides, which stand in no list with theirs.
    ///
    /// # Errors
    /// There are too many to sort or search, or the table fails.
    pub async fn list(&self, query: &UserQuery) -> Result<Page<User>, ListError> {
        self.list_from(self.glance(query.clone()).await?).await
    }

    /// The page of users that `glance` began.
    ///
    /// # Errors
    /// As for [`Self::list`].
    pub async fn list_from(&self, glance: Glance) -> Result<Page<User>, ListError> {
        let Glance { query, page } = &glance;
        if let Some(ids) = &query.ids {
            return Ok(query.choose(self.members_among(ids, &query.tenants).await?));
        }
        if let Some(ids) = page {
            let mut users = self.get_all(&ids.items).await?;
            // Whoever became invisible just now is in the list that was read.
            users.retain(|user| query.by_vendor || !user.invisible);
            return Ok(Page { items: users, total: ids.total });
        }
        let ids = query.select(self.entries(query).await?);
        if let Some(metadata) = &query.metadata {
            return self.search_metadata(ids, metadata, query).await;
        }
        let ids = slice(ids, query.page);
        Ok(Page { items: self.get_all(&ids.items).await?, total: ids.total })
    }

    async fn ids_by_age(&self, list: &List, query: &UserQuery) -> Result<Page<UserId>, StoreError> {
        let sight = if query.by_vendor { Sight::All } else { Sight::Visible };
        let page = self.roster(list).page(query.page, sight).await?;
        let items = page.items.iter().map(|id| parse_id(id)).collect::<Result<Vec<_>, _>>()?;
        Ok(Page { items, total: page.total })
    }

    async fn search_metadata(
        &self,
        ids: Vec<UserId>,
        wanted: &Metadata,
        query: &UserQuery,
    ) -> Result<Page<User>, ListError> {
        if ids.len() > LARGEST_READ_LIST {
            return Err(ListError::TooLong(ids.len()));
        }
        let mut users = self.get_all(&ids).await?;
        users.retain(|user| query.may_search(user) && user.metadata.includes(wanted));
        Ok(slice(users, query.page))
    }

    /// Those of the users `ids` who belong to one of `tenants`; to any, when none is named.
    async fn members_among(&self, ids: &[UserId], tenants: &[TenantId]) -> Result<Vec<User>, StoreError> {
        let mut users = self.get_all(ids).await?;
        users.retain(|user| {
            tenants.is_empty() || tenants.iter().any(|tenant| user.membership(tenant).is_some())
        });
        Ok(users)
    }

    async fn entries(&self, query: &UserQuery) -> Result<Vec<UserEntry>, ListError> {
        let lists = query.lists();
        let several = lists.len() > 1;
        let found =
            stream::iter(lists).map(|list| async move { self.roster(&list).entries::<UserEntry>().await });
        let mut found = std::pin::pin!(found.buffered(LISTS_AT_ONCE));
        let (mut seen, mut entries) = (BTreeSet::new(), Vec::new());
        while let Some(list) = found.try_next().await? {
            entries.extend(list.into_iter().filter(|entry| seen.insert(entry.id)));
            if entries.len() > LARGEST_SORTED_LIST {
                return Err(ListError::TooLong(entries.len()));
            }
        }
        if several {
            entries.sort_by_key(|entry| entry.created_at);
        }
        Ok(entries)
    }
}

impl UserQuery {
    /// The one list whose order by age answers this query without being read whole.
    fn list_by_age(&self) -> Option<List> {
        let filtered = self.ids.is_some()
            || self.filter.is_some()
            || self.name_prefix.is_some()
            || self.metadata.is_some();
        match self.lists().as_slice() {
            [list] if !filtered && self.sort == UserSort::CreatedAt => Some(list.clone()),
            _ => None,
        }
    }

    fn lists(&self) -> Vec<List> {
        if self.tenants.is_empty() {
            return vec![List::Users];
        }
        self.tenants.iter().cloned().map(List::Members).collect()
    }

    /// The page of `users`, who have all been read.
    fn choose(&self, users: Vec<User>) -> Page<User> {
        let entry = |user| UserEntry { pending: !self.may_search(user), ..UserEntry::of(user, &List::Users) };
        let mut entries: Vec<_> = users.iter().map(entry).collect();
        entries.sort_by_key(|entry| entry.created_at);
        let mut users: BTreeMap<_, _> = users.into_iter().map(|user| (user.id, user)).collect();
        let mut chosen: Vec<_> = self.select(entries).iter().filter_map(|id| users.remove(id)).collect();
        chosen.retain(|user| {
            let includes = |wanted| self.may_search(user) && user.metadata.includes(wanted);
            self.metadata.as_ref().is_none_or(includes)
        });
        slice(chosen, self.page)
    }

    /// Those of `entries`, which come oldest first, that are asked for, in ascending order.
    fn select(&self, mut entries: Vec<UserEntry>) -> Vec<UserId> {
        let filter = self.filter.as_deref().map(folded);
        let prefix = self.name_prefix.as_deref().map(folded);
        if !self.by_vendor {
            entries.iter_mut().filter(|entry| entry.pending).for_each(UserEntry::hide);
        }
        entries.retain(|entry| {
            filter.as_deref().is_none_or(|filter| entry.contains(filter))
                && prefix.as_deref().is_none_or(|prefix| entry.is_named(prefix))
                && (self.by_vendor || !entry.invisible)
        });
        match self.sort {
            UserSort::CreatedAt => {}
            UserSort::Name => {
                entries.sort_by_cached_key(|entry| entry.name.as_deref().map(str::to_lowercase));
            }
            UserSort::Email => entries.sort_by(|one, other| one.email.cmp(&other.email)),
            UserSort::Id => entries.sort_by_key(|entry| entry.id),
            UserSort::Verified => entries.sort_by_key(|entry| entry.verified),
            UserSort::IsLocked => entries.sort_by_key(|entry| entry.locked),
            UserSort::Provider => entries.sort_by_key(|entry| entry.provider),
            UserSort::TenantId => entries.sort_by(|one, other| one.active_tenant.cmp(&other.active_tenant)),
        }
        entries.into_iter().map(|entry| entry.id).collect()
    }

    /// Whether whoever asks may search by more of `user` than the address. As they are shown, the first of the tenants that
    /// they belong to decides.
    fn may_search(&self, user: &User) -> bool {
        let shown_in = self.tenants.iter().find(|tenant| user.membership(tenant).is_some());
        self.by_vendor || !shown_in.is_some_and(|tenant| is_pending(user, tenant))
    }

    /// The users of `tenants`, or of the whole environment, oldest first.
    #[must_use]
    pub fn page(tenants: Vec<TenantId>, limit: usize, index: usize) -> Self {
        Self {
            tenants,
            filter: None,
            name_prefix: None,
            ids: None,
            metadata: None,
            by_vendor: true,
            sort: UserSort::CreatedAt,
            page: PageRequest { limit, index, order: Order::Ascending },
        }
    }
}

impl UserEntry {
    /// Leaves the address, the id and the age.
    fn hide(&mut self) {
        self.name = None;
        self.provider = Provider::default();
        self.verified = false;
        self.locked = false;
        self.active_tenant = None;
    }

    fn contains(&self, filter: &str) -> bool {
        let texts = [Some(self.email.as_str()), self.name.as_deref()];
        texts.into_iter().flatten().any(|text| folded(text).contains(filter))
    }

    fn is_named(&self, prefix: &str) -> bool {
        self.name.as_deref().is_some_and(|name| folded(name).starts_with(prefix))
    }
}

pub(super) fn parse_id(id: &str) -> Result<UserId, StoreError> {
    id.parse().map_err(|error| corrupt(UserEntry::TYPE, error))
}
