//! From the settings of one call to something that calls.

use std::time::{Duration, Instant};

use super::Context;
use crate::client::call::Caller;
use crate::client::channel::{self, Transport};
use crate::client::metadata::Metadata;
use crate::client::trace::{Detail, Trace};
use crate::config::{BUILT_IN, Destination, Endpoints, Secret, Selection, Settings, Variables};
use crate::error::{Error, Result};
use crate::repository::{self, Rules, Store};
use crate::resource::{Resource, service_among};
use crate::streams::Talk;

/// Reaches the services of the environment in use.
pub struct Connector {
    settings: Settings,
    metadata: Metadata,
    connect_timeout: Option<Duration>,
    timeout: Option<Duration>,
    trace: Trace,
    /// Open where the embedded service is called.
    store: Option<Store>,
}

impl Connector {
    /// Finds out what to call with whose credentials, and warns of what the user should know. Connects to nothing.
    pub fn new(context: &mut Context<'_>) -> Result<Self> {
        let selection =
            Selection { environment: context.global.environment.clone(), endpoint: context.global.endpoint.clone() };
        let settings = Settings::resolve(&selection, context.variables)?;
        settings.warnings.iter().for_each(|warning| context.streams.talk.warning(warning));
        let metadata = Metadata::new(
            settings.credential.as_ref().map(Secret::expose),
            settings.x_domain_id.as_deref(),
            settings.x_workspace_id.as_deref(),
        )?;
        let store = match settings.endpoints {
            Endpoints::Embedded => Some(open_store(context.variables, &context.streams.talk)?),
            Endpoints::One(_) | Endpoints::Configured(_) => None,
        };
        let (connect_timeout, timeout) = (context.global.connect_timeout, context.global.timeout);
        let trace = trace(context.global.verbose, &context.streams.talk);
        trace.step(|| match &settings.environment {
            Some(selected) => format!("environment {} (by {})", selected.name, selected.source),
            None => "no environment: nothing of a configuration is sent".to_owned(),
        });
        Ok(Self { settings, metadata, connect_timeout, timeout, trace, store })
    }

    /// The services that have an endpoint, by name; the one behind `--endpoint` has none.
    pub fn services(&self) -> Result<Vec<String>> {
        match self.settings.endpoints {
            Endpoints::One(_) => Ok(vec![String::new()]),
            Endpoints::Embedded | Endpoints::Configured(_) => self.settings.services(),
        }
    }

    /// `resource` with its service named as the environment names it.
    pub fn locate(&self, resource: &Resource) -> Result<Resource> {
        let Err(no_endpoint) = self.settings.destination(&resource.service) else { return Ok(resource.clone()) };
        match service_among(&resource.service, &self.services().unwrap_or_default())? {
            Some(service) if service != resource.service => Ok(resource.at_service(&service)),
            _ => Err(resource.say_alias(no_endpoint)),
        }
    }

    /// Connects to what offers `service`.
    pub async fn connect(&self, service: &str) -> Result<Caller> {
        let (transport, place) = match (self.settings.destination(service)?, &self.store) {
            (Destination::Embedded, Some(store)) => {
                let routes = repository::routes(store.clone(), Rules::default()).await;
                (Transport::InProcess(routes), BUILT_IN.to_owned())
            }
            // The store is open wherever the embedded service is selected.
            (Destination::Embedded, None) => return Err(Error::local("the embedded service is not open")),
            (Destination::Url(url), _) => {
                let begun = Instant::now();
                let connected = channel::connect(&url, self.connect_timeout).await;
                self.trace.timed(begun, || match &connected {
                    Ok(_) => format!("connected to {url}"),
                    Err(_) => format!("not connected to {url}"),
                });
                (connected?, url.to_string())
            }
        };
        Ok(Caller::new(transport, self.metadata.clone(), self.timeout, place).with_trace(self.trace.clone()))
    }
}

/// What `-v` asks to be told of a call.
fn trace(verbose: u8, talk: &Talk) -> Trace {
    let detail = match verbose {
        0 => return Trace::default(),
        1 => Detail::Steps,
        _ => Detail::Messages,
    };
    let talk = talk.clone();
    Trace::new(detail, move |line| talk.trace(line))
}

fn open_store(variables: &Variables, talk: &Talk) -> Result<Store> {
    let path = variables.repository_database()?;
    let store = Store::open(&path)?;
    if store.is_new() {
        talk.note(&format!(
            "the environment {BUILT_IN} keeps its plugins in {}; it does not look whether their images exist",
            path.display()
        ));
    }
    Ok(store)
}
