//! Candidates from services: resources and values.
//!
//! They are asked within the time of a completion, or taken from the cache.
//!
//! Nothing here prompts, prints or fails: what is unknown is not offered.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use prost_reflect::{DescriptorPool, FieldDescriptor};
use serde_json::{Map, Value};

use super::fields;
use super::resource_info::{ResourceInfo, from_names};
use crate::codec::decode;
use crate::codec::encode;
use crate::config::{ConfigDir, Credential, Destination, EndpointUrl, Secret, Selection, Settings, Variables};
use crate::grpc::cache::{CacheKind, CachedBytes, FileCache};
use crate::grpc::call::Caller;
use crate::grpc::channel;
use crate::grpc::channel::Transport;
use crate::grpc::metadata::Metadata;
use crate::grpc::reflection;
use crate::local_service;
use crate::local_service::proto::FILE_DESCRIPTOR_SET;
use crate::local_service::{ServiceOptions, Store};
use crate::net::tls::TlsSettings;
use crate::output::view::{Cell, Document, ResponseKind};
use crate::query::Columns;
use crate::query::{self, Page, QueryRequest};
use crate::schema::resource::service_among;
use crate::schema::spaceone::is_plugin_server;
use crate::secret::{self, names_a_secret};

/// How long cached resources are used without asking again.
const RESOURCES_LIFE: Duration = Duration::from_secs(3600);
/// How long cached values are used without asking again.
const VALUES_LIFE: Duration = Duration::from_secs(60);
/// How long a cached answer is used if the service does not answer.
const MAX_AGE: Duration = Duration::from_secs(7 * 24 * 3600);
/// The largest number of cached answers, many times what a user's environments need.
const MAX_ENTRIES: usize = 1000;
/// The largest number of rows that are read for their values.
const MAX_ROWS: u32 = 1000;
/// The field that names a row, in all of the platform's services.
const NAME: &str = "name";
/// The verb that returns rows.
pub(super) const LIST: &str = "list";

/// The services of the selected environment or endpoint.
#[derive(Debug)]
pub(super) struct RemoteServices {
    /// `None` without an environment: then only the embedded API is known.
    settings: Option<Settings>,
    dialer: Dialer,
    cache: Option<FileCache>,
    /// Values depend on the caller, and no cache file's name may reveal one: those for a caller are not cached.
    may_cache_values: bool,
    /// Endpoints without TLS are not called: the command line has options for it.
    needs_tls: bool,
}

/// All that a connection needs.
#[derive(Clone, Debug)]
struct Dialer {
    metadata: Metadata,
    /// For plugins' own servers.
    metadata_without_key: Metadata,
    tls: TlsSettings,
    database: Option<PathBuf>,
    deadline: Instant,
}

impl RemoteServices {
    /// Resolves the selection and the command line's TLS options, `flags`; `None` if that fails.
    pub(super) fn open(
        selection: &Selection,
        flags: TlsSettings,
        variables: &Variables,
        deadline: Instant,
    ) -> Option<Self> {
        let nothing_selected = !selection.names_endpoint(variables)
            && ConfigDir::locate(variables).map_or(Ok(None), |dir| selection.find(variables, &dir)).ok()?.is_none();
        let settings = if nothing_selected { None } else { Some(Settings::resolve(selection, variables).ok()?) };
        let key = settings.as_ref().and_then(available_key);
        let needs_tls = flags.first_given().is_some();
        let tls = flags.or(settings.as_ref().map(|settings| settings.tls.clone()).unwrap_or_default());
        let adds_metadata = settings.as_ref().is_some_and(|settings| !settings.metadata.is_empty());
        let may_cache_values = key.is_none() && tls.identity.is_none() && !adds_metadata;
        let metadata_with = |key| {
            let metadata = settings.as_ref().map(|settings| settings.call_metadata(key));
            metadata.transpose().map(Option::unwrap_or_default).ok()
        };
        let (metadata, metadata_without_key) = (metadata_with(key)?, metadata_with(None)?);
        let cache = variables.cache_dir.as_deref().map(|dir| FileCache::inside(dir, CacheKind::COMPLETION));
        let dialer =
            Dialer { metadata, metadata_without_key, tls, database: variables.repository_database().ok(), deadline };
        Some(Self { settings, dialer, cache, may_cache_values, needs_tls })
    }

    /// The services with an endpoint; empty with `--endpoint`, which may have any.
    pub(super) fn services(&self) -> Vec<String> {
        match &self.settings {
            None => vec!["repository".to_owned()],
            Some(settings) => settings.services().unwrap_or_default(),
        }
    }

    /// The resources at all endpoints, or at that of `service`.
    pub(super) fn resources(&self, service: Option<&str>, version: Option<&str>) -> Vec<ResourceInfo> {
        let mut services = self.services();
        let all: Vec<_> = services.iter().map(|service| (service.clone(), self.destination(service))).collect();
        match service.and_then(|service| service_among(service, &services).ok()?) {
            Some(service) => services = vec![service],
            None if services.is_empty() => services = vec![String::new()],
            None => {}
        }
        let mut known = Vec::new();
        let mut unknown = Vec::new();
        for service in services {
            match self.destination(&service) {
                Some(Destination::Embedded) => known.extend(KnownServices::embedded().map(|api| (service, api))),
                Some(Destination::Url(url)) => match self.cached_services(&url, RESOURCES_LIFE) {
                    Some(api) => known.push((service, api)),
                    None => unknown.push((service, url)),
                },
                None => {}
            }
        }
        known.extend(self.request_services(unknown));
        // They answered in any order.
        known.sort_by(|(a, _), (b, _)| a.cmp(b));
        let resources = known.iter().flat_map(|(service, api)| {
            let destination = self.destination(service);
            let siblings = all.iter().filter(|(_, other)| *other == destination).map(|(name, _)| name.clone());
            from_names(service, &siblings.collect::<Vec<_>>(), &api.names, &api.pool, version)
        });
        let mut seen = HashSet::new();
        resources.filter(|resource| seen.insert(resource.name.clone())).collect()
    }

    fn destination(&self, service: &str) -> Option<Destination> {
        let Some(settings) = &self.settings else { return Some(Destination::Embedded) };
        // As in the command, which would not send a key in plaintext where TLS is expected.
        let is_refused =
            |destination: &Destination| matches!(destination, Destination::Url(url) if self.needs_tls && !url.is_tls());
        settings.destination(service).ok().filter(|destination| !is_refused(destination))
    }

    /// Requests the services of all endpoints at once.
    fn request_services(&self, endpoints: Vec<(String, EndpointUrl)>) -> Vec<(String, KnownServices)> {
        let dialer = self.dialer.clone();
        let answers = within(self.dialer.deadline, endpoints.clone(), async move |(service, url)| {
            let caller = dialer.connect(&Destination::Url(url.clone()), &service).await?;
            let described = reflection::describe_all(&caller, reflection::LIMIT).await.ok()?;
            Some((url, KnownServices { names: described.services, pool: described.pool }))
        });
        for (url, services) in &answers {
            if let Some(cache) = &self.cache {
                cache.put(&services_key(url), &services.to_bytes());
                cache.forget(MAX_AGE, MAX_ENTRIES);
            }
        }
        let services = |url: &EndpointUrl| match answers.iter().find(|(answered, _)| answered == url) {
            Some((_, services)) => Some(services.clone()),
            None => self.cached_services(url, MAX_AGE),
        };
        endpoints.into_iter().filter_map(|(service, url)| Some((service, services(&url)?))).collect()
    }

    fn cached_services(&self, url: &EndpointUrl, max_age: Duration) -> Option<KnownServices> {
        let entry = self.cache.as_ref()?.get(&services_key(url)).filter(|entry| entry.age < max_age)?;
        KnownServices::from_bytes(&entry.bytes)
    }

    /// The texts in a field of the resource's rows, each with the row's name.
    pub(super) fn values(&self, resource: &ResourceInfo, field: &FieldDescriptor) -> Vec<(String, String)> {
        let (Some(settings), Some(destination)) = (&self.settings, self.destination(&resource.configured)) else {
            return Vec::new();
        };
        // Not even requested: the answer would be in memory, and the candidates on the screen.
        if names_a_secret(field.name()) {
            return Vec::new();
        }
        let Destination::Url(url) = &destination else {
            return self.request_values(destination, resource, field).unwrap_or_default();
        };
        let environment = settings.environment.as_ref().map_or("", |selected| selected.name.as_str());
        let id = |id: &Option<String>| id.clone().unwrap_or_default();
        let (domain, workspace) = (id(&settings.x_domain_id), id(&settings.x_workspace_id));
        let asked = format!("{} {}", resource.service.full_name(), field.name());
        let key = format!("values {url} {environment:?} {domain:?} {workspace:?} {asked}");
        let cache = self.cache.as_ref().filter(|_| self.may_cache_values);
        let cached = cache.and_then(|cache| cache.get(&key));
        if let Some(entry) = cached.as_ref().filter(|entry| entry.age < VALUES_LIFE) {
            return cached_values(entry);
        }
        match self.request_values(destination, resource, field) {
            Some(values) => {
                if let (Some(cache), Ok(bytes)) = (cache, serde_json::to_vec(&values)) {
                    cache.put(&key, &bytes);
                }
                values
            }
            None => cached.filter(|entry| entry.age < MAX_AGE).as_ref().map(cached_values).unwrap_or_default(),
        }
    }

    /// The distinct values of a field in the rows of a list; `None` without an answer in time.
    fn request_values(
        &self,
        destination: Destination,
        resource: &ResourceInfo,
        field: &FieldDescriptor,
    ) -> Option<Vec<(String, String)>> {
        let method = resource.verb(LIST).filter(|method| !method.is_server_streaming())?;
        let shape = ResponseKind::new(&method.output());
        let row = shape.row()?;
        let column = row.get_field_by_name(field.name()).filter(fields::holds_text)?.name().to_owned();
        let name = row.get_field_by_name(NAME).filter(fields::holds_text).filter(|_| column != NAME);
        let names: Vec<String> = std::iter::once(column).chain(name.map(|name| name.name().to_owned())).collect();
        let columns = Columns::parse(&names.join(",")).ok()?;
        let query =
            QueryRequest { only: names, page: Some(Page { number: 1, limit: MAX_ROWS }), ..QueryRequest::default() };
        let mut request = Map::new();
        query::apply(&mut request, &method.input(), &query).ok()?;
        let request = encode::encode(&request, &method.input()).ok()?;
        let dialer = self.dialer.clone();
        let service = resource.configured.clone();
        let answers = within(self.dialer.deadline, vec![destination], async move |destination: Destination| {
            let caller = dialer.connect(&destination, &service).await?;
            let answer = caller.unary(&method, true, request.clone().into()).await.ok()?;
            decode::decode(answer, &method.output()).ok()
        });
        let Document::List(list) = shape.document(answers.into_iter().next()?).select(&columns) else { return None };
        let mut values: Vec<(String, String)> = Vec::new();
        let text = |cell: Option<&Cell<'_>>| cell.map(|cell| cell.text().into_owned()).unwrap_or_default();
        // Nothing fails here.
        let _ = list.each(|cells| {
            values.push((text(cells.first()), text(cells.get(1))));
            Ok(())
        });
        values.retain(|(value, name)| !value.is_empty() && !holds_a_secret(value) && !holds_a_secret(name));
        values.sort();
        values.dedup_by(|later, earlier| {
            let is_same = later.0 == earlier.0;
            // A value of more than one row has no name.
            if is_same {
                earlier.1.clear();
            }
            is_same
        });
        Some(values)
    }
}

impl Dialer {
    async fn connect(&self, destination: &Destination, service: &str) -> Option<Caller> {
        let timeout = Some(self.deadline.saturating_duration_since(Instant::now()));
        let (transport, endpoint) = match destination {
            Destination::Url(url) => (channel::connect(url, &self.tls, timeout).await.ok()?, url.to_string()),
            Destination::Embedded => {
                // A completion does not create a database.
                let path = self.database.as_ref().filter(|path| path.exists())?;
                let routes = local_service::routes(Store::open(path).ok()?, ServiceOptions::default()).await.ok()?;
                (Transport::InProcess(routes), "local".to_owned())
            }
        };
        let metadata = if is_plugin_server(service) { &self.metadata_without_key } else { &self.metadata };
        Some(Caller::new(transport, metadata.clone(), timeout, endpoint))
    }
}

/// The key, if it is available without running a command, which could prompt or take its time, or reading a file.
fn available_key(settings: &Settings) -> Option<&Secret> {
    match &settings.credential {
        Some(Credential::Value(key)) => Some(key),
        Some(Credential::File(_) | Credential::Command(_)) | None => None,
    }
}

/// True if a text would be masked in any field: a private key, a URL with a password.
fn holds_a_secret(text: &str) -> bool {
    secret::mask_value("", &mut Value::String(text.to_owned()))
}

fn services_key(url: &EndpointUrl) -> String {
    format!("offers {url}")
}

fn cached_values(entry: &CachedBytes) -> Vec<(String, String)> {
    serde_json::from_slice(&entry.bytes).unwrap_or_default()
}

/// Runs `work` for all `inputs` at once, and returns the results that are there by `deadline`. The rest is abandoned,
/// e.g. a name that is looked up forever or a file that another process has locked.
fn within<I, T, W>(deadline: Instant, inputs: Vec<I>, work: W) -> Vec<T>
where
    I: Send + 'static,
    T: Send + 'static,
    W: AsyncFn(I) -> Option<T> + Send + 'static,
{
    if inputs.is_empty() {
        return Vec::new();
    }
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        runtime.block_on(join_all(inputs.into_iter().map(async |input| {
            if let Some(result) = work(input).await {
                // Fails after the deadline.
                let _ = sender.send(result);
            }
        })));
    });
    // Ends at the deadline, or when all are done.
    let next = || receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok();
    std::iter::from_fn(next).collect()
}

/// The services of an endpoint.
#[derive(Clone, Debug)]
struct KnownServices {
    names: Vec<String>,
    pool: DescriptorPool,
}

impl KnownServices {
    /// The API of the embedded service.
    fn embedded() -> Option<Self> {
        let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).ok()?;
        let mut names: Vec<String> = pool.services().map(|service| service.full_name().to_owned()).collect();
        names.sort();
        Some(Self { names, pool })
    }

    /// The services' names, a line each, an empty line, and the descriptors.
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.names.join("\n").into_bytes();
        bytes.extend_from_slice(b"\n\n");
        bytes.extend(self.pool.encode_to_vec());
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(2).position(|pair| pair == b"\n\n")?;
        let names = str::from_utf8(&bytes[..end]).ok()?.lines().map(str::to_owned).collect();
        Some(Self { names, pool: DescriptorPool::decode(&bytes[end + 2..]).ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    #[test]
    fn what_was_learnt_is_read_again() {
        let known = KnownServices::embedded().unwrap();
        let again = KnownServices::from_bytes(&known.to_bytes()).unwrap();
        assert_eq!(again.names, known.names);
        assert!(again.pool.get_message_by_name("spaceone.api.repository.v1.PluginInfo").is_some());
        assert!(KnownServices::from_bytes(b"").is_none() && KnownServices::from_bytes(b"a\n\n\xff\xff").is_none());
    }

    #[test]
    fn what_hangs_is_not_waited_for() {
        let deadline = Instant::now() + Duration::from_millis(200);
        let done = within(deadline, vec![1, 2, 3], async |n: u32| {
            if n == 2 {
                std::future::pending::<()>().await;
            }
            (n != 3).then_some(n)
        });
        assert_eq!(done, [1]);
        // A thread that never comes back does not matter either.
        let deadline = Instant::now() + Duration::from_millis(50);
        let done: Vec<u32> = within(deadline, vec![()], async |()| {
            thread::park();
            None
        });
        assert_eq!(done, [0; 0]);
        assert_eq!(within(soon(), vec![7], async |n: u32| Some(n)), [7]);
    }

    #[test]
    fn without_an_environment_the_bundled_api_is_known_and_nothing_is_asked() {
        let remote =
            RemoteServices::open(&Selection::default(), TlsSettings::default(), &Variables::default(), soon()).unwrap();
        assert_eq!(remote.services(), ["repository"]);
        let resources = remote.resources(None, None);
        let plugin = resources.iter().find(|resource| resource.is("repository.Plugin")).unwrap();
        let input = plugin.verb("get").unwrap().input();
        assert_eq!(remote.values(plugin, &input.get_field_by_name("plugin_id").unwrap()), []);
    }

    #[test]
    fn what_cannot_be_told_offers_nothing() {
        let in_environment = |name: &str| Selection { environment: Some(name.into()), ..Selection::default() };
        let at_endpoint = Selection { endpoint: Some("nonsense".into()), ..Selection::default() };
        let home = tempfile::tempdir().unwrap();
        let variables = Variables { home: Some(home.path().into()), ..Variables::default() };
        for wrong in [in_environment("../x"), in_environment("gone"), at_endpoint] {
            assert!(RemoteServices::open(&wrong, TlsSettings::default(), &variables, soon()).is_none(), "{wrong:?}");
        }
        std::fs::create_dir(home.path().join(".spaceone")).unwrap();
        std::fs::write(home.path().join(".spaceone/environment.yml"), "[").unwrap();
        assert!(RemoteServices::open(&Selection::default(), TlsSettings::default(), &variables, soon()).is_none());
    }

    #[test]
    fn no_store_is_made_for_a_completion() {
        let home = tempfile::tempdir().unwrap();
        let variables = Variables { data_dir: Some(home.path().into()), ..Variables::default() };
        let selection = Selection { environment: Some("local".into()), ..Selection::default() };
        let remote = RemoteServices::open(&selection, TlsSettings::default(), &variables, soon()).unwrap();
        let resources = remote.resources(Some("repository"), None);
        let plugin = resources.iter().find(|resource| resource.is("repository.Plugin")).unwrap();
        let field = plugin.verb("get").unwrap().input().get_field_by_name("plugin_id").unwrap();
        assert_eq!(remote.values(plugin, &field), []);
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
    }
}
