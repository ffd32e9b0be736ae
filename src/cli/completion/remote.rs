//! The services in reach of a completion: asked within its time, or remembered, or not known.
//!
//! Nothing here ever asks a person, says a word or ends in an error: what is not known is not offered.

use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use prost_reflect::DescriptorPool;
use serde_json::{Map, Value};

use super::fields;
use crate::cli::completion::resource_info::{ResourceInfo, offers};
use crate::codec::decode;
use crate::codec::descriptor::FieldDescriptor;
use crate::codec::encode;
use crate::config::{ConfigDir, Credential, Destination, EndpointUrl, Secret, Selection, Settings, Variables};
use crate::grpc::cache::{Cache, CacheKind, CachedBytes};
use crate::grpc::call::Caller;
use crate::grpc::channel;
use crate::grpc::channel::Transport;
use crate::grpc::metadata::Metadata;
use crate::grpc::reflection;
use crate::local_service;
use crate::local_service::proto::FILE_DESCRIPTOR_SET;
use crate::local_service::{ServiceOptions, Store};
use crate::net::tls::Tls;
use crate::output::view::{Cell, Document, ResponseKind};
use crate::query::Columns;
use crate::query::{self, Page, QueryRequest};
use crate::schema::resource::service_among;
use crate::secret::{self, names_a_secret};

/// How long what a service offers is believed without asking again.
const OFFER_LIFE: Duration = Duration::from_secs(3600);
/// The same for the values that rows have.
const VALUES_LIFE: Duration = Duration::from_secs(60);
/// How long an answer is kept for the case that the service does not answer again.
const MEMORY: Duration = Duration::from_secs(7 * 24 * 3600);

/// The most answers that are kept, many times what a user's environments give cause for.
const MAX_KEPT: usize = 1000;

/// The most rows that are looked at for the values that they have.
const MAX_ROWS: u32 = 1000;
/// The field that says in words what a row is, in all of the platform's services.
const NAME: &str = "name";
/// The verb that answers with rows.
pub(super) const LIST: &str = "list";

/// What can be asked, and until when.
#[derive(Debug)]
pub(super) struct RemoteServices {
    /// None where no environment is chosen: then only the bundled API is known.
    settings: Option<Settings>,
    metadata: Metadata,
    cache: Option<Cache>,
    /// Values depend on who asks, and no name of a file that lies about may tell that: those that are answered to somebody
    /// are not kept.
    may_keep_values: bool,
    database: Option<PathBuf>,
    deadline: Instant,
    /// Only what speaks TLS is called: the command line has options for it.
    needs_tls: bool,
    /// What the command line and the environment say of TLS.
    tls: Tls,
}

impl RemoteServices {
    /// What `selection` and the options for TLS, `flags`, lead to; `None` if that cannot be told.
    pub(super) fn of(selection: &Selection, flags: Tls, variables: &Variables, deadline: Instant) -> Option<Self> {
        let nothing_chosen = selection.endpoint.is_none()
            && ConfigDir::locate(variables).map_or(Ok(None), |dir| selection.find(variables, &dir)).ok()?.is_none();
        let settings = if nothing_chosen { None } else { Some(Settings::resolve(selection, variables).ok()?) };
        let key = settings.as_ref().and_then(key_at_hand);
        let needs_tls = flags.first_given().is_some();
        let tls = flags.or(settings.as_ref().map(|settings| settings.tls.clone()).unwrap_or_default());
        let is_nobody = key.is_none() && tls.identity.is_none();
        let metadata = settings.as_ref().map(|settings| {
            let (domain, workspace) = (settings.x_domain_id.as_deref(), settings.x_workspace_id.as_deref());
            Metadata::new(key.map(Secret::expose), domain, workspace)
        });
        let metadata = metadata.transpose().ok()?.unwrap_or_default();
        Some(Self {
            settings,
            metadata,
            cache: variables.cache_dir.as_deref().map(|dir| Cache::inside(dir, CacheKind::Completion)),
            may_keep_values: is_nobody,
            database: variables.repository_database().ok(),
            deadline,
            needs_tls,
            tls,
        })
    }

    /// The services that have an endpoint; empty where any may be behind the only one.
    pub(super) fn services(&self) -> Vec<String> {
        match &self.settings {
            None => vec!["repository".to_owned()],
            Some(settings) => settings.services().unwrap_or_default(),
        }
    }

    /// What the endpoints offer, or only that of `service`.
    pub(super) fn offers(&self, service: Option<&str>, version: Option<&str>) -> Vec<ResourceInfo> {
        let mut services = self.services();
        let all: Vec<_> = services.iter().map(|service| (service.clone(), self.destination(service))).collect();
        let siblings = |service: &str| {
            let place = self.destination(service);
            all.iter().filter(|(_, other)| *other == place).map(|(name, _)| name.clone()).collect::<Vec<_>>()
        };
        match service.and_then(|service| service_among(service, &services).ok()?) {
            Some(service) => services = vec![service],
            // Behind `--endpoint` every service is at one place.
            None if services.is_empty() => services = vec![String::new()],
            None => {}
        }
        let mut found = Vec::new();
        let mut unknown = Vec::new();
        for service in services {
            match self.destination(&service) {
                Some(Destination::Embedded) => found.extend(bundled().map(|described| (service, described))),
                Some(Destination::Url(url)) => match self.remembered(&url, OFFER_LIFE) {
                    Some(described) => found.push((service, described)),
                    None => unknown.push((service, url)),
                },
                None => {}
            }
        }
        found.extend(self.ask_for_offers(unknown));
        // The order in which they answered is no order.
        found.sort_by(|(a, _), (b, _)| a.cmp(b));
        let offers = found
            .iter()
            .flat_map(|(service, known)| offers(service, &siblings(service), &known.services, &known.pool, version));
        let mut offers: Vec<ResourceInfo> = offers.collect();
        let mut seen = std::collections::HashSet::new();
        offers.retain(|offer| seen.insert(offer.name.clone()));
        offers
    }

    fn destination(&self, service: &str) -> Option<Destination> {
        let Some(settings) = &self.settings else { return Some(Destination::Embedded) };
        // As the command, which would not send a key in plaintext where TLS is expected.
        let is_refused =
            |destination: &Destination| matches!(destination, Destination::Url(url) if self.needs_tls && !url.is_tls());
        settings.destination(service).ok().filter(|destination| !is_refused(destination))
    }

    /// Asks all of them at once, and takes what is answered in time.
    fn ask_for_offers(&self, endpoints: Vec<(String, EndpointUrl)>) -> Vec<(String, Known)> {
        let (metadata, tls) = (self.metadata.clone(), self.tls.clone());
        let asked = endpoints.iter().map(|(_, url)| url.clone()).collect();
        let left = self.left();
        let answers = in_time(asked, self.deadline, async move |url: EndpointUrl| {
            let caller = connect(&url, &tls, &metadata, left).await?;
            let described = reflection::describe_all(&caller, reflection::LIMIT).await.ok()?;
            Some((url, Known { services: described.services, pool: described.pool }))
        });
        for (url, known) in &answers {
            if let Some(cache) = &self.cache {
                cache.put(&offer_question(url), &known.to_bytes());
                cache.forget(MEMORY, MAX_KEPT);
            }
        }
        let known = |url: &EndpointUrl| match answers.iter().find(|(answered, _)| answered == url) {
            Some((_, known)) => Some(known.clone()),
            None => self.remembered(url, MEMORY),
        };
        endpoints.into_iter().filter_map(|(service, url)| Some((service, known(&url)?))).collect()
    }

    fn remembered(&self, url: &EndpointUrl, life: Duration) -> Option<Known> {
        let entry = self.cache.as_ref()?.get(&offer_question(url)).filter(|entry| entry.age < life)?;
        Known::from_bytes(&entry.bytes)
    }

    /// The texts that the rows of `offer` have in `field`, each with the row's name.
    pub(super) fn values(&self, offer: &ResourceInfo, field: &FieldDescriptor) -> Vec<(String, String)> {
        let Some(settings) = &self.settings else { return Vec::new() };
        // Not even asked for: what is answered would be in memory, and what is offered is on the screen.
        if names_a_secret(field.name()) {
            return Vec::new();
        }
        match self.destination(&offer.configured) {
            // A store is not made for a completion.
            Some(Destination::Embedded) => match self.database.clone().filter(|path| path.exists()) {
                Some(path) => self.ask_for_values(Place::Store(path), offer, field).unwrap_or_default(),
                None => Vec::new(),
            },
            Some(Destination::Url(url)) => {
                let question = self.values_question(settings, &url, offer, field);
                let kept = self.cache.as_ref().filter(|_| self.may_keep_values).and_then(|cache| cache.get(&question));
                match &kept {
                    Some(entry) if entry.age < VALUES_LIFE => return values_of(entry),
                    _ => {}
                }
                match self.ask_for_values(Place::Url(url), offer, field) {
                    Some(values) => {
                        if let (Some(cache), true, Ok(bytes)) =
                            (&self.cache, self.may_keep_values, serde_json::to_vec(&values))
                        {
                            cache.put(&question, &bytes);
                        }
                        values
                    }
                    None => kept.filter(|entry| entry.age < MEMORY).as_ref().map(values_of).unwrap_or_default(),
                }
            }
            None => Vec::new(),
        }
    }

    /// What nobody in particular asks whom for.
    fn values_question(
        &self,
        settings: &Settings,
        url: &EndpointUrl,
        offer: &ResourceInfo,
        field: &FieldDescriptor,
    ) -> String {
        let environment = settings.environment.as_ref().map_or("", |selected| selected.name.as_str());
        let of = |id: &Option<String>| id.clone().unwrap_or_default();
        let (domain, workspace) = (of(&settings.x_domain_id), of(&settings.x_workspace_id));
        let asked = format!("{} {}", offer.service.full_name(), field.name());
        format!("values {url} {environment:?} {domain:?} {workspace:?} {asked}")
    }

    /// The distinct values of a field in the rows of a list; `None` if there is no answer in time.
    fn ask_for_values(
        &self,
        place: Place,
        offer: &ResourceInfo,
        field: &FieldDescriptor,
    ) -> Option<Vec<(String, String)>> {
        let method = offer.verb(LIST).filter(|method| !method.is_server_streaming())?;
        let shape = ResponseKind::new(&method.output());
        let row = shape.row()?;
        let column = row.get_field_by_name(field.name()).filter(fields::holds_text)?.name().to_owned();
        let name = row.get_field_by_name(NAME).filter(fields::holds_text).filter(|_| column != NAME);
        let names: Vec<String> = std::iter::once(column).chain(name.map(|name| name.name().to_owned())).collect();
        let columns = Columns::parse(&names.join(",")).ok()?;
        let wish =
            QueryRequest { only: names, page: Some(Page { number: 1, limit: MAX_ROWS }), ..QueryRequest::default() };
        let mut request = Map::new();
        query::apply(&mut request, &method.input(), &wish).ok()?;
        let request = encode::encode(&request, &method.input()).ok()?;
        let (metadata, tls, left) = (self.metadata.clone(), self.tls.clone(), self.left());
        let answers = in_time(vec![place], self.deadline, async move |place: Place| {
            let caller = match place {
                Place::Url(url) => connect(&url, &tls, &metadata, left).await?,
                Place::Store(path) => {
                    let routes =
                        local_service::routes(Store::open(&path).ok()?, ServiceOptions::default()).await.ok()?;
                    Caller::new(Transport::InProcess(routes), metadata.clone(), Some(left), "local")
                }
            };
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
            // The name of one row says nothing of a value that several have.
            if is_same {
                earlier.1.clear();
            }
            is_same
        });
        Some(values)
    }

    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}

/// The key, where it can be had without running or asking anything.
fn key_at_hand(settings: &Settings) -> Option<&Secret> {
    match &settings.credential {
        Some(Credential::Value(key)) => Some(key),
        // A command could ask a person, or take its time.
        Some(Credential::File(_) | Credential::Command(_)) | None => None,
    }
}

/// Whether a text would be masked wherever it stands: a private key, a URL with a password.
fn holds_a_secret(text: &str) -> bool {
    secret::mask("", &mut Value::String(text.to_owned()))
}

enum Place {
    Url(EndpointUrl),
    Store(PathBuf),
}

async fn connect(url: &EndpointUrl, tls: &Tls, metadata: &Metadata, left: Duration) -> Option<Caller> {
    let transport = channel::connect(url, tls, Some(left)).await.ok()?;
    Some(Caller::new(transport, metadata.clone(), Some(left), url.to_string()))
}

fn offer_question(url: &EndpointUrl) -> String {
    format!("offers {url}")
}

fn values_of(entry: &CachedBytes) -> Vec<(String, String)> {
    serde_json::from_slice(&entry.bytes).unwrap_or_default()
}

/// Does `work` for each of `inputs`, all at once, and returns what is done by `deadline`. What is not is left to itself,
/// be it a name that is looked up without end or a file that another process holds.
fn in_time<I, T, W>(inputs: Vec<I>, deadline: Instant, work: W) -> Vec<T>
where
    I: Send + 'static,
    T: Send + 'static,
    W: AsyncFn(I) -> Option<T> + Send + 'static,
{
    if inputs.is_empty() {
        return Vec::new();
    }
    let (done, results) = mpsc::channel();
    thread::spawn(move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        runtime.block_on(join_all(inputs.into_iter().map(async |input| {
            if let Some(result) = work(input).await {
                // Nobody waits any longer.
                let _ = done.send(result);
            }
        })));
    });
    let mut found = Vec::new();
    // Ends at the deadline, or when all are done.
    while let Ok(result) = results.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        found.push(result);
    }
    found
}

/// What an endpoint is known to offer.
#[derive(Clone, Debug)]
struct Known {
    services: Vec<String>,
    pool: DescriptorPool,
}

impl Known {
    /// The services' names, a line each, an empty line, and the descriptors.
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.services.join("\n").into_bytes();
        bytes.extend_from_slice(b"\n\n");
        bytes.extend(self.pool.encode_to_vec());
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(2).position(|pair| pair == b"\n\n")?;
        let services = str::from_utf8(&bytes[..end]).ok()?.lines().map(str::to_owned).collect();
        Some(Self { services, pool: DescriptorPool::decode(&bytes[end + 2..]).ok()? })
    }
}

/// The API of the embedded service, which needs no asking.
fn bundled() -> Option<Known> {
    let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).ok()?;
    let mut services: Vec<String> = pool.services().map(|service| service.full_name().to_owned()).collect();
    services.sort();
    Some(Known { services, pool })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    #[test]
    fn what_was_learnt_is_read_again() {
        let known = bundled().unwrap();
        let again = Known::from_bytes(&known.to_bytes()).unwrap();
        assert_eq!(again.services, known.services);
        assert!(again.pool.get_message_by_name("spaceone.api.repository.v1.PluginInfo").is_some());
        assert!(Known::from_bytes(b"").is_none() && Known::from_bytes(b"a\n\n\xff\xff").is_none());
    }

    #[test]
    fn what_hangs_is_not_waited_for() {
        let deadline = Instant::now() + Duration::from_millis(200);
        let done = in_time(vec![1, 2, 3], deadline, async |n: u32| {
            if n == 2 {
                std::future::pending::<()>().await;
            }
            (n != 3).then_some(n)
        });
        assert_eq!(done, [1]);
        // A thread that never comes back is no matter either.
        let deadline = Instant::now() + Duration::from_millis(50);
        let done: Vec<u32> = in_time(vec![()], deadline, async |()| {
            thread::park();
            None
        });
        assert_eq!(done, [0; 0]);
        assert_eq!(in_time(vec![7], soon(), async |n: u32| Some(n)), [7]);
    }

    #[test]
    fn without_an_environment_the_bundled_api_is_known_and_nothing_is_asked() {
        let reach = RemoteServices::of(&Selection::default(), Tls::default(), &Variables::default(), soon()).unwrap();
        assert_eq!(reach.services(), ["repository"]);
        let offers = reach.offers(None, None);
        let plugin = offers.iter().find(|offer| offer.is("repository.Plugin")).unwrap();
        let input = plugin.verb("get").unwrap().input();
        assert_eq!(reach.values(plugin, &input.get_field_by_name("plugin_id").unwrap()), []);
    }

    #[test]
    fn what_cannot_be_told_offers_nothing() {
        let in_environment = |name: &str| Selection { environment: Some(name.into()), ..Selection::default() };
        let at_endpoint = Selection { endpoint: Some("nonsense".into()), ..Selection::default() };
        let home = tempfile::tempdir().unwrap();
        let variables = Variables { home: Some(home.path().into()), ..Variables::default() };
        for wrong in [in_environment("../x"), in_environment("gone"), at_endpoint] {
            assert!(RemoteServices::of(&wrong, Tls::default(), &variables, soon()).is_none(), "{wrong:?}");
        }
        std::fs::create_dir(home.path().join(".spaceone")).unwrap();
        std::fs::write(home.path().join(".spaceone/environment.yml"), "[").unwrap();
        assert!(RemoteServices::of(&Selection::default(), Tls::default(), &variables, soon()).is_none());
    }

    #[test]
    fn no_store_is_made_for_a_completion() {
        let home = tempfile::tempdir().unwrap();
        let variables = Variables { data_dir: Some(home.path().into()), ..Variables::default() };
        let selection = Selection { environment: Some("local".into()), ..Selection::default() };
        let reach = RemoteServices::of(&selection, Tls::default(), &variables, soon()).unwrap();
        let offers = reach.offers(Some("repository"), None);
        let plugin = offers.iter().find(|offer| offer.is("repository.Plugin")).unwrap();
        let field = plugin.verb("get").unwrap().input().get_field_by_name("plugin_id").unwrap();
        assert_eq!(reach.values(plugin, &field), []);
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
    }
}
