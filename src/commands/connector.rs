//! Connects to services by the settings of the environment in use.

use std::cell::{Cell, OnceCell};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Context;
use super::embedded::{RegistryAccess, images, open_store};
use super::identity::IdentityEndpoint;
use super::session_tokens::SessionTokens;
use super::tls_flags::{exposed_key, refuse_useless, tls_of};
use crate::config::{
    BUILT_IN, ConfigDir, Credential, Destination, ENDPOINT_VARIABLE, EndpointUrl, Endpoints, IDENTITY, KeyOrigin,
    ParseError, Secret, SelectedEnvironment, Selection, Settings,
};
use crate::error::{Error, Result};
use crate::grpc::cache::{CacheKind, FileCache};
use crate::grpc::call::Caller;
use crate::grpc::channel;
use crate::grpc::channel::Transport;
use crate::grpc::descriptor_cache::DescriptorCache;
use crate::grpc::descriptors::Description;
use crate::grpc::metadata::Metadata;
use crate::grpc::resolve::{MethodRef, ResolvedMethod};
use crate::grpc::token_source::TokenSource as _;
use crate::grpc::trace::{Detail, Trace};
use crate::local_service;
use crate::local_service::{ServiceOptions, Store};
use crate::net::tls::TlsSettings;
use crate::oci::RegistryUrl;
use crate::plugin::conformance::PluginKind;
use crate::schema::resource::{Resource, service_among};
use crate::schema::spaceone::is_plugin_server;
use crate::terminal::io_streams::Diagnostics;

/// Reaches the services of the environment in use.
pub struct Connector {
    settings: Settings,
    /// The key, fetched once before the first call: that may take a command.
    credential: OnceCell<Result<Option<Secret>>>,
    /// The tokens of the session in use.
    tokens: Option<Arc<SessionTokens>>,
    connect_timeout: Option<Duration>,
    timeout: Option<Duration>,
    trace: Trace,
    diagnostics: Diagnostics,
    /// Whether the warning about a key in plaintext has been shown.
    is_exposure_reported: Cell<bool>,
    /// The TLS options of the command line.
    tls: TlsSettings,
    /// Open where the embedded service is in use.
    store: Option<Store>,
    registry_access: RegistryAccess,
    /// `None` with `--no-cache`.
    descriptors: Option<FileCache>,
}

impl Connector {
    /// Resolves the settings, and shows their warnings. Connects to nothing.
    pub fn new(context: &mut Context<'_>) -> Result<Self> {
        Self::of(&selection(context), context)
    }

    /// As [`Connector::new`], for another environment than the one in use.
    pub fn of(selection: &Selection, context: &mut Context<'_>) -> Result<Self> {
        let settings = Settings::resolve(selection, context.variables)?;
        settings.warnings.iter().for_each(|warning| context.streams.diagnostics.warn(warning));
        if let Some(SelectedEnvironment { name, source }) = &settings.unused_environment {
            context.streams.diagnostics.note(&format!(
                "the environment {name} (by {source}) is not used: {ENDPOINT_VARIABLE} outranks it; \
                 unset that to use it"
            ));
        }
        let tls = tls_of(&context.global.tls)?;
        let store = match settings.endpoints {
            Endpoints::Embedded => {
                refuse_useless(&tls, &Destination::Embedded)?;
                Some(open_store(context.variables, settings.registry.as_ref(), &context.streams.diagnostics)?)
            }
            Endpoints::One(_) | Endpoints::Configured(_) => None,
        };
        let registry_access = RegistryAccess::of(context.variables);
        let cache_dir = context.variables.cache_dir.as_deref().filter(|_| !context.global.no_cache);
        let descriptors = cache_dir.map(|dir| FileCache::inside(dir, CacheKind::DESCRIPTORS));
        let (connect_timeout, timeout) = (context.global.connect_timeout, context.global.timeout());
        let trace = trace(context.global.verbose, &context.streams.diagnostics);
        trace.step(|| match &settings.environment {
            Some(selected) => format!("environment {} (by {})", selected.name, selected.source),
            None => "no environment: nothing of a configuration is sent".to_owned(),
        });
        if !settings.variables.is_empty() {
            trace.step(|| format!("set by variables: {}", settings.variables.join(", ")));
        }
        let mut connector = Self {
            settings,
            credential: OnceCell::new(),
            tokens: None,
            connect_timeout,
            timeout,
            trace,
            diagnostics: context.streams.diagnostics.clone(),
            is_exposure_reported: Cell::new(false),
            tls,
            store,
            registry_access,
            descriptors,
        };
        if let Some(used) = connector.settings.session.clone() {
            let dir = ConfigDir::locate(context.variables)?;
            connector.tokens =
                Some(Arc::new(SessionTokens::new(dir, used, connector.identity()?, connector.diagnostics.clone())));
        }
        Ok(connector)
    }

    /// Where the identity service is: that of the session in use, whatever `--endpoint` says, else of the environment.
    ///
    /// # Errors
    /// It has no endpoint.
    pub fn identity(&self) -> Result<IdentityEndpoint> {
        let url = match &self.settings.session {
            Some(used) => used.session.identity.parse().map_err(ParseError::into_local)?,
            None => match self.settings.destination(IDENTITY)? {
                Destination::Url(url) => url,
                Destination::Embedded => return Err(Error::local("the embedded service has no users")),
            },
        };
        // Options are for the endpoint of the command line, where there is one.
        let is_elsewhere = self.settings.session.is_some() && matches!(self.settings.endpoints, Endpoints::One(_));
        let options = if is_elsewhere { TlsSettings::default() } else { self.tls.clone() };
        Ok(IdentityEndpoint {
            tls: options.or(self.settings.tls.clone()),
            connect_timeout: self.connect_timeout,
            timeout: self.timeout,
            trace: self.trace.clone(),
            cache: self.cache_at(&url),
            metadata: Metadata::default().with_entries(&self.settings.metadata)?,
            url,
        })
    }

    /// Whether a login is possible: the environment has an endpoint of identity.
    fn has_identity(&self) -> bool {
        self.settings.configured_in().is_some() && self.settings.destination(IDENTITY).is_ok()
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The longest wait for a connection.
    pub fn connect_timeout(&self) -> Option<Duration> {
        self.connect_timeout
    }

    /// The key, if there is one. A failure to fetch it is final.
    pub fn credential(&self) -> Result<Option<&Secret>> {
        let fetch = || {
            let Some(credential) = &self.settings.credential else { return Ok(None) };
            let begun = Instant::now();
            let obtained = credential.obtain(self.timeout);
            if !matches!(credential, Credential::Value(_)) {
                self.trace.timed(begun, || format!("key from {}", credential.origin()));
            }
            obtained.map(Some).map_err(|error| match &self.settings.environment {
                Some(selected) => error.context(format_args!("environment `{}`", selected.name)),
                None => error,
            })
        };
        self.credential.get_or_init(fetch).as_ref().map(Option::as_ref).map_err(Clone::clone)
    }

    /// The metadata of each call.
    pub fn metadata(&self) -> Result<Metadata> {
        self.settings.call_metadata(self.credential()?)
    }

    /// The same without the key.
    pub fn metadata_without_key(&self) -> Result<Metadata> {
        self.settings.call_metadata(None)
    }

    /// The services that have an endpoint, by name; that of `--endpoint` has none.
    pub fn services(&self) -> Result<Vec<String>> {
        match self.settings.endpoints {
            Endpoints::One(_) => Ok(vec![String::new()]),
            Endpoints::Embedded | Endpoints::Configured(_) => self.settings.services(),
        }
    }

    /// Where `service` is, for questions: `prod (grpc+ssl://repository.example.com:443)`.
    pub fn location(&self, service: &str) -> Result<String> {
        let endpoint = match self.settings.destination(service)? {
            Destination::Embedded => return Ok(BUILT_IN.to_owned()),
            Destination::Url(url) => url.to_string(),
        };
        Ok(match &self.settings.environment {
            Some(selected) => format!("{} ({endpoint})", selected.name),
            None => endpoint,
        })
    }

    /// `resource` with its service named as the environment names it.
    pub fn locate(&self, resource: &Resource) -> Result<Resource> {
        let Err(no_endpoint) = self.settings.destination(&resource.service) else { return Ok(resource.clone()) };
        let services = self.services().unwrap_or_default();
        match (service_among(&resource.service, &services)?, &services[..]) {
            (Some(service), _) if service != resource.service => Ok(resource.at_service(&service)),
            // Whose a full name is, only a service can say.
            (None, [only]) if resource.is_foreign() => Ok(resource.at_service(only)),
            (None, _) if resource.is_foreign() => Err(no_endpoint
                .hint(format!("of a service that you name, it is SERVICE.{0}: repository.{0}", resource.name))),
            _ => Err(resource.say_alias(no_endpoint).hints(at_plugins(resource, &services))),
        }
    }

    /// Resolves `method` by its service's own description.
    pub async fn resolve(&self, method: &MethodRef<'_>, caller: &Caller) -> Result<ResolvedMethod> {
        let service = &method.resource.service;
        match self.settings.destination(service)? {
            Destination::Embedded => {
                method.resolve_in(Description::from_sets(&local_service::descriptor_sets()), caller.endpoint())
            }
            Destination::Url(_) => method.resolve(caller, self.descriptor_cache(service).as_ref()).await,
        }
    }

    /// The cached descriptions at the endpoint of `service`, if they may be used.
    pub fn descriptor_cache(&self, service: &str) -> Option<DescriptorCache> {
        let Destination::Url(url) = self.settings.destination(service).ok()? else { return None };
        self.cache_at(&url)
    }

    fn cache_at(&self, url: &EndpointUrl) -> Option<DescriptorCache> {
        let cache = self.descriptors.as_ref()?;
        let name = self.tls.server_name.as_ref().or(self.settings.tls.server_name.as_ref());
        let name = name.filter(|_| url.is_tls()).map(|name| name.value.as_str());
        Some(DescriptorCache::new(cache.clone(), url, name))
    }

    /// Connects to what offers `service`.
    pub async fn connect(&self, service: &str) -> Result<Caller> {
        let destination = self.settings.destination(service)?;
        refuse_useless(&self.tls, &destination)?;
        // First: a person may have to type a passphrase.
        let metadata = if is_plugin_server(service) { self.metadata_without_key()? } else { self.metadata()? };
        if let Destination::Url(url) = &destination
            && url.is_exposed()
            && (metadata.has_key() || self.tokens.is_some())
            && !self.is_exposure_reported.replace(true)
        {
            self.diagnostics.warn(&exposed_key(url, service, self.settings.configured_in()));
        }
        self.reach(destination, metadata).await.map(|caller| self.with_tokens(caller, service))
    }

    /// Renews the token of the session, if there is one and it has ended.
    pub async fn renew(&self) -> Result<()> {
        match &self.tokens {
            Some(tokens) => tokens.token(None).await.map(drop),
            None => Ok(()),
        }
    }

    /// Lets `caller`, of `service`, take its tokens from the session, if there is one.
    pub fn with_tokens(&self, caller: Caller, service: &str) -> Caller {
        match self.tokens.clone().filter(|_| !is_plugin_server(service)) {
            Some(tokens) => caller.with_token_source(tokens),
            None => caller,
        }
    }

    /// Connects to `destination`; `metadata` goes with each call.
    pub async fn reach(&self, destination: Destination, metadata: Metadata) -> Result<Caller> {
        let (transport, place) = match (destination, &self.store) {
            (Destination::Embedded, Some(store)) => {
                let registry = self.settings.registry.clone();
                let images =
                    registry.map(|registry| images(registry, self.registry_access.clone(), self.trace.clone()));
                let routes =
                    local_service::routes(store.clone(), ServiceOptions { images, ..ServiceOptions::default() })
                        .await?;
                (Transport::InProcess(routes), BUILT_IN.to_owned())
            }
            // The store is open wherever the embedded service is in use.
            (Destination::Embedded, None) => return Err(Error::local("the embedded service is not open")),
            (Destination::Url(url), _) => {
                let tls = self.tls.clone().or(self.settings.tls.clone());
                let begun = Instant::now();
                let connected = channel::connect(&url, &tls, self.connect_timeout).await;
                self.trace.timed(begun, || match &connected {
                    Ok(_) => format!("connected to {url}"),
                    Err(_) => format!("not connected to {url}"),
                });
                let unset = self.settings.variables.contains(&ENDPOINT_VARIABLE);
                let unset = unset.then(|| format!("unset {ENDPOINT_VARIABLE}, which names it, to use an environment"));
                (connected.map_err(|error| error.hints(unset))?, url.to_string())
            }
        };
        let key_origin = &self.settings.key_origin;
        let for_once = match key_origin {
            KeyOrigin::Environment { .. } if self.has_identity() => {
                ", in SPACECTL_API_KEY for one call, or log in with `spacectl login`"
            }
            KeyOrigin::Environment { .. } => ", or in SPACECTL_API_KEY for one call",
            KeyOrigin::Variable | KeyOrigin::File(_) | KeyOrigin::Command | KeyOrigin::Session(_) => "",
        };
        let caller = Caller::new(transport, metadata, self.timeout, place).with_trace(self.trace.clone());
        let diagnostics = self.diagnostics.clone();
        let caller = caller.with_warnings(move |text| diagnostics.warn(text));
        Ok(caller.with_key_advice(key_origin.advice("a valid key") + for_once))
    }
}

/// The hint that plugins' own servers may have the resource: `plugin.slack.Webhook`.
fn at_plugins(resource: &Resource, services: &[String]) -> Option<String> {
    let is_of =
        |kind: &PluginKind| kind.steps().iter().any(|step| step.service(*kind).eq_ignore_ascii_case(&resource.name));
    let plugins = services.iter().filter(|service| is_plugin_server(service));
    let names: Vec<String> = plugins.map(|plugin| format!("{plugin}.{}", resource.name)).collect();
    let is_likely = !names.is_empty() && PluginKind::ALL.iter().any(is_of);
    is_likely.then(|| format!("of a plugin's own server, name it {}", names.join(" or ")))
}

/// The selection of the command line: environment, endpoint, domain and workspace.
pub fn selection(context: &Context<'_>) -> Selection {
    let global = context.global;
    Selection {
        environment: global.environment.clone(),
        endpoint: global.endpoint.clone(),
        domain_id: global.domain_id.clone(),
        workspace_id: global.workspace_id.clone(),
        headers: global.header.clone(),
        without_session: false,
    }
}

/// The trace that `-v` asks for.
pub fn trace(verbose: u8, diagnostics: &Diagnostics) -> Trace {
    let detail = match verbose {
        0 => return Trace::default(),
        1 => Detail::Steps,
        _ => Detail::Messages,
    };
    let diagnostics = diagnostics.clone();
    Trace::new(detail, move |line| diagnostics.trace(line))
}

/// The image registry of the environment `local`, if that is in use.
pub fn registry_of_local(context: &Context<'_>) -> Option<RegistryUrl> {
    settings_of_local(context)?.registry
}

/// Whether the environment `local` is in use and has no image registry.
pub fn is_local_without_registry(context: &Context<'_>) -> bool {
    settings_of_local(context).is_some_and(|settings| settings.registry.is_none())
}

fn settings_of_local(context: &Context<'_>) -> Option<Settings> {
    // Building and pushing need no environment; what calls a service reports what is wrong with it.
    let settings = Settings::resolve(&selection(context), context.variables).ok()?;
    matches!(settings.endpoints, Endpoints::Embedded).then_some(settings)
}
