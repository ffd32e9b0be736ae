//! One endpoint, tried step by step: connect, TLS, reflection, version, key.

use std::time::Duration;

use futures_util::future::join;
use prost_reflect::MethodDescriptor;
use serde_json::{Map, Value, json};
use tonic::Code;

use super::CheckKey;
use crate::codec::decode;
use crate::codec::encode;
use crate::commands::connector::Connector;
use crate::commands::tls_flags::exposed_key;
use crate::config::{Destination, KeyOrigin};
use crate::error::{Error, ErrorKind, Result};
use crate::grpc::call::Caller;
use crate::grpc::channel;
use crate::grpc::reflection;
use crate::grpc::reflection::DescribedServer;
use crate::query::{self, Page, QueryRequest};
use crate::schema::spaceone::{ApiName, is_plugin_server, short_name};
use crate::secret::mask;

/// A service that all services of SpaceONE have.
const SERVER_INFO: &str = "spaceone.api.core.v1.ServerInfo";
const GET_VERSION: &str = "get_version";
const LIST: &str = "list";
/// How many resources are examined for one that can be listed, and how many lists are tried while they are denied.
const MAX_RESOURCES: usize = 8;
const MAX_LISTS: usize = 3;

const OK: &str = "ok";
const FAILED: &str = "failed";

/// The result for one endpoint; `None` is what was not tried or is not known.
#[derive(Default)]
pub(super) struct EndpointCheck {
    service: String,
    endpoint: String,
    connect: Option<&'static str>,
    connect_time: Option<Duration>,
    tls: Option<&'static str>,
    reflection: Option<&'static str>,
    version: Option<String>,
    token: Option<&'static str>,
    /// What to do about a key that others on the network can read.
    exposure: Option<String>,
    /// The first failure.
    pub failure: Option<Error>,
}

impl EndpointCheck {
    pub fn takes_key(&self) -> bool {
        !is_plugin_server(&self.service)
    }

    /// Tries the endpoint that is called `service` in the configuration.
    pub async fn check(connector: &Connector, service: &str, endpoint: &str, key: &CheckKey) -> Self {
        let key = if is_plugin_server(service) { &key.without_key() } else { key };
        let mut row = Self { service: service.to_owned(), endpoint: endpoint.to_owned(), ..Self::default() };
        if let Some(caller) = row.connect(connector, key).await
            && let Some(described) = row.describe(&caller).await
        {
            let (version, token) =
                join(version(&caller, &described), try_key(&caller, &row.service, &described, key)).await;
            // Where it is refused, the column of the key tells why.
            row.version = version.ok().flatten();
            row.set_token(token, key, &connector.settings().key_origin);
        }
        if key.failure.is_some() {
            row.token = Some(FAILED);
        }
        if !row.service.is_empty() {
            row.failure = row.failure.map(|error| error.context(&row.service));
        }
        row
    }

    async fn connect(&mut self, connector: &Connector, key: &CheckKey) -> Option<Caller> {
        let destination = match connector.settings().destination_in_environment(&self.service) {
            Ok(destination) => destination,
            Err(error) => {
                self.failure = Some(error);
                return None;
            }
        };
        let url = match &destination {
            Destination::Embedded => None,
            Destination::Url(url) => Some(url.clone()),
        };
        if let Some(url) = url.as_ref().filter(|url| url.is_exposed() && key.is_given) {
            self.tls = Some("missing");
            self.exposure = Some(exposed_key(url, &self.service, connector.settings().configured_in()));
        }
        let reaching = async {
            match &url {
                None => Some(Duration::ZERO),
                Some(url) => channel::time_to_connect(url, connector.connect_timeout()).await,
            }
        };
        let (reached, connected) = join(reaching, connector.reach(destination, key.metadata.clone())).await;
        let is_tls = url.is_some_and(|url| url.is_tls());
        let is_reached = connected.is_ok() || is_tls && reached.is_some();
        self.connect = Some(if is_reached { OK } else { FAILED });
        self.connect_time = reached.filter(|_| is_reached);
        if is_tls && is_reached {
            self.tls = Some(if connected.is_ok() { OK } else { FAILED });
        }
        let connected = connected.map(|caller| connector.with_tokens(caller, &self.service));
        connected.map_err(|error| self.failure = Some(error)).ok()
    }

    async fn describe(&mut self, caller: &Caller) -> Option<DescribedServer> {
        match reflection::describe(caller, SERVER_INFO).await {
            Ok(described) => {
                self.reflection = Some(OK);
                if self.service.is_empty() {
                    self.service = services(&described);
                }
                Some(described)
            }
            Err(error) => {
                let is_missing = error.kind() == ErrorKind::Status(Code::Unimplemented);
                self.reflection = Some(if is_missing { "none" } else { FAILED });
                self.failure = Some(error);
                None
            }
        }
    }

    fn set_token(&mut self, answer: Result<KeyCheck>, key: &CheckKey, origin: &KeyOrigin) {
        let with_hint = |error: Error, hint: &str| {
            let problem = &error.problems()[0];
            let bare = Error::local(problem.message.clone());
            Some(problem.causes.iter().fold(bare, |error, cause| error.cause(cause)).hint(hint))
        };
        let (token, failure) = match answer {
            Ok(KeyCheck::Untried) => return,
            Ok(KeyCheck::NotAskedFor) => ("not asked for", None),
            Ok(KeyCheck::Accepted) if key.is_given => ("accepted", None),
            Ok(KeyCheck::Accepted) => ("none needed", None),
            Ok(KeyCheck::NotPermitted(error)) => {
                ("no permission", with_hint(error, "ask for a key whose role may list resources"))
            }
            Err(error) if error.kind() != ErrorKind::Status(Code::Unauthenticated) => (FAILED, Some(error)),
            Err(error) => match key.expired {
                Some(end) => {
                    let hint = format!("the key expired at {end}: get a new one, and {}", origin.advice("it"));
                    ("expired", with_hint(error, &hint))
                }
                None if key.is_given => {
                    ("refused", with_hint(error, &format!("get a valid key, and {}", origin.advice("it"))))
                }
                None => ("missing", with_hint(error, &origin.advice("a key"))),
            },
        };
        (self.token, self.failure) = (Some(token), failure);
    }

    /// The row for people: `-` for what is not known. `key` is the error about a missing key.
    pub fn to_cells(&self, environment: &str, key: Option<&Error>) -> Value {
        let mut cells = self.to_value(environment, key);
        if let Some(time) = self.connect_time {
            cells["connect"] = format!("{} ms", time.as_millis()).into();
        }
        for (name, cell) in cells.as_object_mut().into_iter().flatten().filter(|(_, cell)| cell.is_null()) {
            *cell = if matches!(name.as_str(), "environment" | "service" | "to_do") { "" } else { "-" }.into();
        }
        cells
    }

    /// The row for programs: null for what is not known.
    pub fn to_value(&self, environment: &str, key: Option<&Error>) -> Value {
        let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let millis = self.connect_time.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        json!({
            "environment": filled(environment),
            "service": filled(&self.service),
            "endpoint": self.endpoint,
            "connect": self.connect,
            "connect_ms": millis,
            "tls": self.tls,
            "reflection": self.reflection,
            "version": self.version,
            "token": self.token,
            "to_do": self.to_do(key),
        })
    }

    /// What to do about the failure.
    fn to_do(&self, key: Option<&Error>) -> Option<String> {
        let Some(error) = self.failure.as_ref().or(key) else { return self.exposure.clone() };
        let problem = &error.problems()[0];
        let text = problem.hints.first().or(problem.causes.last()).unwrap_or(&problem.message);
        Some(mask::mask_known(text).into_owned())
    }
}

/// The SpaceONE services at an endpoint.
fn services(described: &DescribedServer) -> String {
    let mut services: Vec<&str> = resources(described, "").map(|name| name.service).collect();
    services.dedup();
    services.join(", ")
}

/// The SpaceONE resources at an endpoint, without `core`, which all services have: those of `service` first.
fn resources<'a>(described: &'a DescribedServer, service: &str) -> impl Iterator<Item = ApiName<'a>> {
    let names =
        || described.services.iter().filter_map(|name| ApiName::parse(name)).filter(|name| name.service != "core");
    let (own, others): (Vec<_>, Vec<_>) = names().partition(|name| name.service == service);
    own.into_iter().chain(others)
}

/// The version that the service reports.
async fn version(caller: &Caller, described: &DescribedServer) -> Result<Option<String>> {
    let service = described.pool.get_service_by_name(SERVER_INFO);
    let Some(method) = service.and_then(|service| service.methods().find(|method| method.name() == GET_VERSION)) else {
        return Ok(None);
    };
    let answer = call(caller, &method, &Map::new()).await?;
    Ok(answer.as_object().into_iter().flat_map(Map::values).find_map(Value::as_str).map(str::to_owned))
}

/// The result of a call with the key.
enum KeyCheck {
    Accepted,
    /// The call has the same result without the key.
    NotAskedFor,
    /// The key is valid, but its role may not do what it was tried on.
    NotPermitted(Error),
    /// There is nothing to try it on.
    Untried,
}

/// Lists one row of a resource. Any status but UNAUTHENTICATED and PERMISSION_DENIED means that the key was let in; no
/// response at all is an error too.
async fn try_key(caller: &Caller, service: &str, described: &DescribedServer, key: &CheckKey) -> Result<KeyCheck> {
    // A refusal without the key says nothing about it.
    if key.failure.is_some() {
        return Ok(KeyCheck::Untried);
    }
    let mut denied = Vec::new();
    for name in resources(described, service).take(MAX_RESOURCES) {
        if denied.len() == MAX_LISTS {
            break;
        }
        let name = name.full();
        let described = reflection::describe(caller, &name).await?;
        let is_list = |method: &MethodDescriptor| {
            method.name() == LIST && !method.is_client_streaming() && !method.is_server_streaming()
        };
        let service = described.pool.get_service_by_name(&name);
        let Some(list) = service.and_then(|service| service.methods().find(is_list)) else { continue };
        let mut request = Map::new();
        let first_row = QueryRequest { page: Some(Page { number: 1, limit: 1 }), ..QueryRequest::default() };
        query::apply(&mut request, &list.input(), &first_row)?;
        let let_in = match call(caller, &list, &request).await {
            Ok(_) => None,
            Err(error) if error.outcome().is_in_doubt() => return Err(error),
            Err(error) => match error.kind() {
                ErrorKind::Status(Code::PermissionDenied) => {
                    denied.push(error);
                    continue;
                }
                ErrorKind::Status(Code::Unauthenticated) => return Err(error),
                kind => Some(kind),
            },
        };
        if !key.is_given {
            return Ok(KeyCheck::Accepted);
        }
        // A service that does not check keys lets in any.
        let without = call(&caller.clone().with_metadata(key.without.clone()), &list, &request).await;
        let is_same = without.err().map(|error| error.kind()) == let_in;
        return Ok(if is_same { KeyCheck::NotAskedFor } else { KeyCheck::Accepted });
    }
    Ok(denied.into_iter().next().map_or(KeyCheck::Untried, KeyCheck::NotPermitted))
}

async fn call(caller: &Caller, method: &MethodDescriptor, request: &Map<String, Value>) -> Result<Value> {
    let message = encode::encode(request, &method.input()).map_err(|faults| {
        let what = format!("{} {}", method.name(), short_name(method.parent_service().full_name()));
        faults.into_iter().fold(Error::local(what), |error, fault| error.cause(fault.message))
    })?;
    let bytes = caller.unary(method, true, message.into()).await?;
    decode::decode(bytes, &method.output())
}
