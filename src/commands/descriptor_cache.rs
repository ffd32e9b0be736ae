//! Where a method's description is kept from one run to the next.

use std::time::Duration;

use crate::commands::resolve::{Found, MethodRef};
use crate::grpc::cache::Cache;
use crate::grpc::cache_entry::Kept;
use crate::net::endpoint::EndpointUrl;

/// How long a description is kept that is of no use, and how many are.
const MEMORY: Duration = Duration::from_secs(60 * 24 * 3600);
const MOST: usize = 500;

/// How often it is noted that a description is of use.
const RENEWAL: Duration = Duration::from_secs(24 * 3600);

/// A place for the description of one method at one endpoint.
pub struct Shelf<'a> {
    cache: &'a Cache,
    question: String,
}

impl<'a> Shelf<'a> {
    /// The place for what is `sought` at `url`, where `server_name` chooses another server if it is given.
    pub fn new(cache: &'a Cache, url: &EndpointUrl, server_name: Option<&str>, sought: &MethodRef<'_>) -> Self {
        let name = server_name.unwrap_or_default();
        Self { cache, question: format!("{url} {name:?} {} {:?}", sought.by_rule(), sought.verb) }
    }

    /// What was kept.
    pub fn get(&self) -> Option<Kept> {
        let entry = self.cache.get(&self.question)?;
        if entry.age > RENEWAL {
            self.cache.renew(&self.question);
        }
        Kept::from_bytes(entry.bytes)
    }

    /// Keeps what was found, in the place of what was there.
    pub fn put(&self, found: &Found) {
        let Some(kept) = found.to_kept() else { return };
        if self.cache.put(&self.question, &kept.to_bytes()) {
            self.cache.forget(MEMORY, MOST);
        }
    }
}
