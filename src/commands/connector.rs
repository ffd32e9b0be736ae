//! From the settings of one call to something that calls.

use std::cell::OnceCell;
use std::time::Duration;

use super::Context;
use crate::client::call::Caller;
use crate::client::channel::{self, Transport};
use crate::client::metadata::Metadata;
use crate::config::{BUILT_IN, Destination, Endpoints, Secret, Selection, Settings, Variables};
use crate::error::{Error, Result};
use crate::repository::{self, Rules, Store};
use crate::streams::Talk;

/// Reaches the services of the environment in use.
pub struct Connector {
    settings: Settings,
    /// The key. Fetched before the first call, for that may take a command, and once.
    credential: OnceCell<Result<Option<Secret>>>,
    connect_timeout: Option<Duration>,
    timeout: Option<Duration>,
    /// Open where the embedded service is called.
    store: Option<Store>,
}

impl Connector {
    /// Finds out what to call with whose credentials, and warns of what the user should know. Connects to nothing.
    pub fn new(context: &mut Context<'_>) -> Result<Self> {
        Self::of(&selection(context), context)
    }

    /// As [`Connector::new`], for another environment than the command line's.
    pub fn of(selection: &Selection, context: &mut Context<'_>) -> Result<Self> {
        let settings = Settings::resolve(selection, context.variables)?;
        settings.warnings.iter().for_each(|warning| context.streams.talk.warning(warning));
        let store = match settings.endpoints {
            Endpoints::Embedded => Some(open_store(context.variables, &mut context.streams.talk)?),
            Endpoints::One(_) | Endpoints::Configured(_) => None,
        };
        let (connect_timeout, timeout) = (context.global.connect_timeout, context.global.timeout);
        Ok(Self { settings, credential: OnceCell::new(), connect_timeout, timeout, store })
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
            let fetched = self.settings.credential.as_ref().map(|credential| credential.obtain(self.timeout));
            fetched.transpose().map_err(|error| match &self.settings.environment {
                Some(selected) => error.within(format_args!("environment `{}`", selected.name)),
                None => error,
            })
        };
        self.credential.get_or_init(fetch).as_ref().map(Option::as_ref).map_err(Clone::clone)
    }

    /// What goes with each call.
    pub fn metadata(&self) -> Result<Metadata> {
        let Settings { x_domain_id, x_workspace_id, .. } = &self.settings;
        let credential = self.credential()?.map(Secret::expose);
        Metadata::new(credential, x_domain_id.as_deref(), x_workspace_id.as_deref())
    }

    /// The services that have an endpoint, by name; the one behind `--endpoint` has none.
    pub fn services(&self) -> Result<Vec<String>> {
        match self.settings.endpoints {
            Endpoints::One(_) => Ok(vec![String::new()]),
            Endpoints::Embedded | Endpoints::Configured(_) => self.settings.services(),
        }
    }

    /// Connects to what offers `service`.
    pub async fn connect(&self, service: &str) -> Result<Caller> {
        let destination = self.settings.destination(service)?;
        // Before anything is under way: a person may have to type a passphrase first.
        let metadata = self.metadata()?;
        self.reach(destination, metadata).await
    }

    /// Connects to `destination`; `metadata` goes with each call.
    pub async fn reach(&self, destination: Destination, metadata: Metadata) -> Result<Caller> {
        let (transport, place) = match (destination, &self.store) {
            (Destination::Embedded, Some(store)) => {
                let routes = repository::routes(store.clone(), Rules::default()).await;
                (Transport::InProcess(routes), BUILT_IN.to_owned())
            }
            // The store is open wherever the embedded service is selected.
            (Destination::Embedded, None) => return Err(Error::local("the embedded service is not open")),
            (Destination::Url(url), _) => (channel::connect(&url, self.connect_timeout).await?, url.to_string()),
        };
        Ok(Caller::new(transport, metadata, self.timeout, place))
    }
}

/// What the command line says about where calls go, and for whom.
pub fn selection(context: &Context<'_>) -> Selection {
    let global = context.global;
    Selection {
        environment: global.environment.clone(),
        endpoint: global.endpoint.clone(),
        domain_id: global.domain_id.clone(),
        workspace_id: global.workspace_id.clone(),
    }
}

fn open_store(variables: &Variables, talk: &mut Talk) -> Result<Store> {
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
