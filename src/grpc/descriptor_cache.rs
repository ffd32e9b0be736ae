//! The cached descriptors of services, in files of `cache`.

use std::time::Duration;

use bytes::Bytes;
use prost::Message;

use super::cache::FileCache;
use super::descriptors::Description;
use super::reflection::{ReflectionRoute, ReflectionVersion};
use crate::net::endpoint::EndpointUrl;

/// How long an unused description stays, and how many may.
const MAX_AGE: Duration = Duration::from_secs(60 * 24 * 3600);
const MAX_ENTRIES: usize = 500;

/// How often an entry's time of last use is written.
const RENEWAL: Duration = Duration::from_secs(24 * 3600);

/// Cached descriptions of the services at one endpoint.
///
/// They describe the program that answers, for every caller and for which domain, and are revalidated on every use: a
/// spoilt file differs from what the server sends.
#[derive(Clone)]
pub struct DescriptorCache {
    cache: FileCache,
    endpoint: String,
}

#[derive(Clone, PartialEq, Message)]
struct CacheEntry {
    #[prost(string, repeated, tag = "1")]
    services: Vec<String>,
    #[prost(bytes = "bytes", repeated, tag = "2")]
    files: Vec<Bytes>,
    #[prost(bool, tag = "3")]
    is_alpha: bool,
    #[prost(string, repeated, tag = "4")]
    imports: Vec<String>,
}

impl DescriptorCache {
    /// The cache for the server that TLS finds at `url` by `server_name`, or by the URL's host.
    pub fn new(cache: FileCache, url: &EndpointUrl, server_name: Option<&str>) -> Self {
        Self { cache, endpoint: format!("{url} {:?}", server_name.unwrap_or_default()) }
    }

    /// The cached description of `service`, as its name is by rule, and how it was fetched.
    pub(super) fn get(&self, service: &str) -> Option<(Description, ReflectionRoute)> {
        let key = self.key(service);
        let cached = self.cache.get(&key)?;
        if cached.age > RENEWAL {
            self.cache.renew(&key);
        }
        let CacheEntry { services, files, is_alpha, imports } = CacheEntry::decode(cached.bytes).ok()?;
        let version = if is_alpha { ReflectionVersion::V1Alpha } else { ReflectionVersion::V1 };
        Some((Description { services, files }, ReflectionRoute { version, imports }))
    }

    /// Stores the description of `service`.
    pub(super) fn put(&self, service: &str, description: &Description, route: ReflectionRoute) {
        let ReflectionRoute { version, imports } = route;
        let Description { services, files } = description.clone();
        let entry = CacheEntry { services, files, is_alpha: version == ReflectionVersion::V1Alpha, imports };
        if self.cache.put(&self.key(service), &entry.encode_to_vec()) {
            self.cache.forget(MAX_AGE, MAX_ENTRIES);
        }
    }

    fn key(&self, service: &str) -> String {
        format!("{} {service}", self.endpoint)
    }
}
