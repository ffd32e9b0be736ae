//! One endpoint, tried step by step: connect, TLS, reflection, version, key.

use std::time::Duration;

use futures_util::future::join;
use serde_json::{Map, Value, json};
use tonic::Code;

use super::Key;
use crate::codec::decode;
use crate::codec::descriptor::MethodDescriptor;
use crate::codec::encode;
use crate::commands::connector::{Connector, exposed_key};
use crate::config::{Destination, KeyOrigin};
use crate::error::{Error, ErrorKind, Result};
use crate::grpc::call::Caller;
use crate::grpc::channel;
use crate::grpc::reflection;
use crate::grpc::reflection::Described;
use crate::query::{self, Page, QueryRequest};
use crate::schema::spaceone::{ApiName, short_name};
use crate::secret::redact;

/// What all of the platform's services have.
const SERVER_INFO: &str = "spaceone.api.core.v1.ServerInfo";
const GET_VERSION: &str = "get_version";
const LIST: &str = "list";
/// How many resources are looked at for one that can be listed, and how many lists are tried while the key's role may
/// not see them.
const MAX_RESOURCES: usize = 8;
const MAX_LISTS: usize = 3;

/// What a cell holds where there is nothing to tell.
const NOTHING: &str = "-";
const OK: &str = "ok";
const FAILED: &str = "failed";

/// What became of the connection.
enum Connect {
    Untried,
    Failed,
    /// Made, in this time where that is known.
    Made(Option<Duration>),
}

/// What is found at one endpoint.
pub(super) struct Row {
    service: String,
    endpoint: String,
    connect: Connect,
    tls: &'static str,
    reflection: &'static str,
    version: String,
    token: &'static str,
    /// What to do about a key that others on the network can read.
    exposure: Option<String>,
    /// The first thing that is wrong.
    pub failure: Option<Error>,
}

impl Row {
    /// Tries the endpoint that is called `service` in the configuration.
    pub async fn of(connector: &Connector, service: &str, endpoint: &str, key: &Key) -> Self {
        let mut row = Self {
            service: service.to_owned(),
            endpoint: endpoint.to_owned(),
            connect: Connect::Untried,
            tls: NOTHING,
            reflection: NOTHING,
            version: NOTHING.into(),
            token: NOTHING,
            exposure: None,
            failure: None,
        };
        if let Some(caller) = row.connect(connector, key).await
            && let Some(described) = row.describe(&caller).await
        {
            let (version, token) = join(version(&caller, &described), row.try_key(&caller, &described, key)).await;
            // Where it is refused, the column of the key tells why.
            row.version = version.ok().flatten().unwrap_or_else(|| NOTHING.into());
            row.take_token(token, key, &connector.settings().key_origin);
        }
        if key.failure.is_some() {
            row.token = FAILED;
        }
        if !row.service.is_empty() {
            row.failure = row.failure.map(|error| error.context(&row.service));
        }
        row
    }

    async fn connect(&mut self, connector: &Connector, key: &Key) -> Option<Caller> {
        let destination = match connector.settings().place(&self.service) {
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
            self.tls = "missing";
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
        self.connect = match (reached, &connected) {
            (Some(time), _) if is_tls || connected.is_ok() => Connect::Made(Some(time)),
            (None, Ok(_)) => Connect::Made(None),
            _ => Connect::Failed,
        };
        if is_tls && (reached.is_some() || connected.is_ok()) {
            self.tls = if connected.is_ok() { OK } else { FAILED };
        }
        connected.map_err(|error| self.failure = Some(error)).ok()
    }

    async fn describe(&mut self, caller: &Caller) -> Option<Described> {
        match reflection::describe(caller, SERVER_INFO).await {
            Ok(described) => {
                self.reflection = OK;
                if self.service.is_empty() {
                    self.service = services(&described);
                }
                Some(described)
            }
            Err(error) => {
                self.reflection = if error.kind() == ErrorKind::Status(Code::Unimplemented) { "none" } else { FAILED };
                self.failure = Some(error);
                None
            }
        }
    }

    async fn try_key(&self, caller: &Caller, described: &Described, key: &Key) -> Result<Tried> {
        // What is refused without the key says nothing of it.
        if key.failure.is_some() { Ok(Tried::Nothing) } else { try_key(caller, &self.service, described, key).await }
    }

    fn take_token(&mut self, answer: Result<Tried>, key: &Key, origin: &KeyOrigin) {
        let refused = |error: Error, hint: &str| {
            let problem = &error.problems()[0];
            let told = Error::local(problem.message.clone());
            problem.causes.iter().fold(told, |told, cause| told.cause(cause)).hint(hint)
        };
        let (token, failure) = match answer {
            Ok(Tried::Nothing) => (NOTHING, None),
            Ok(Tried::NotAskedFor) => ("not asked for", None),
            Ok(Tried::Accepted) if key.is_given => ("accepted", None),
            Ok(Tried::Accepted) => ("none needed", None),
            Ok(Tried::NotPermitted(error)) => {
                ("no permission", Some(refused(error, "ask for a key whose role may list resources")))
            }
            Err(error) if error.kind() == ErrorKind::Status(Code::Unauthenticated) => match (key.expired, key.is_given)
            {
                (Some(end), _) => (
                    "expired",
                    Some(refused(
                        error,
                        &format!("the key expired at {end}: get a new one, and {}", origin.advice("it")),
                    )),
                ),
                (None, true) => {
                    ("refused", Some(refused(error, &format!("get a valid key, and {}", origin.advice("it")))))
                }
                (None, false) => ("missing", Some(refused(error, &origin.advice("a key")))),
            },
            Err(error) => (FAILED, Some(error)),
        };
        self.token = token;
        self.failure = failure;
    }

    /// The row as people read it; `key` is why there is no key.
    pub fn to_cells(&self, environment: &str, key: Option<&Error>) -> Value {
        let connect = match &self.connect {
            Connect::Untried => NOTHING.to_owned(),
            Connect::Failed => FAILED.to_owned(),
            Connect::Made(None) => OK.to_owned(),
            Connect::Made(Some(time)) => format!("{} ms", time.as_millis()),
        };
        json!({
            "environment": environment,
            "service": self.service,
            "endpoint": self.endpoint,
            "connect": connect,
            "tls": self.tls,
            "reflection": self.reflection,
            "version": self.version,
            "token": self.token,
            "to_do": self.to_do(key).unwrap_or_default(),
        })
    }

    /// The row as programs read it: what is not known is null.
    pub fn to_value(&self, environment: &str, key: Option<&Error>) -> Value {
        let told = |text: &str| (!text.is_empty() && text != NOTHING).then(|| text.to_owned());
        let (connect, time) = match &self.connect {
            Connect::Untried => (None, None),
            Connect::Failed => (Some(FAILED), None),
            Connect::Made(time) => (Some(OK), time.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX))),
        };
        json!({
            "environment": told(environment),
            "service": told(&self.service),
            "endpoint": self.endpoint,
            "connect": connect,
            "connect_ms": time,
            "tls": told(self.tls),
            "reflection": told(self.reflection),
            "version": told(&self.version),
            "token": told(self.token),
            "to_do": self.to_do(key),
        })
    }

    /// What to do about what is wrong.
    fn to_do(&self, key: Option<&Error>) -> Option<String> {
        let Some(error) = self.failure.as_ref().or(key) else { return self.exposure.clone() };
        let problem = &error.problems()[0];
        let text = problem.hints.first().or(problem.causes.last()).unwrap_or(&problem.message);
        Some(redact::foreign(text).into_owned())
    }
}

/// The platform's services behind an endpoint.
fn services(described: &Described) -> String {
    let mut services: Vec<&str> = resources(described, "").map(|name| name.service).collect();
    services.dedup();
    services.join(", ")
}

/// The platform's resources at an endpoint, without what all services have: those of `service` first.
fn resources<'a>(described: &'a Described, service: &str) -> impl Iterator<Item = ApiName<'a>> {
    let names =
        || described.services.iter().filter_map(|name| ApiName::parse(name)).filter(|name| name.service != "core");
    let (own, others): (Vec<_>, Vec<_>) = names().partition(|name| name.service == service);
    own.into_iter().chain(others)
}

/// What the service says that it is, if it says so.
async fn version(caller: &Caller, described: &Described) -> Result<Option<String>> {
    let service = described.pool.get_service_by_name(SERVER_INFO);
    let Some(method) = service.and_then(|service| service.methods().find(|method| method.name() == GET_VERSION)) else {
        return Ok(None);
    };
    let answer = call(caller, &MethodDescriptor::from(&method), &Map::new()).await?;
    Ok(answer.as_object().into_iter().flat_map(Map::values).find_map(Value::as_str).map(str::to_owned))
}

/// What a call with the key came to.
enum Tried {
    Accepted,
    /// The call comes to the same without the key.
    NotAskedFor,
    /// The key is known; what it was tried on, its role may not do.
    NotPermitted(Error),
    /// There is nothing to try it on.
    Nothing,
}

/// Lists one row of a resource that can be listed. Any answer but UNAUTHENTICATED and PERMISSION_DENIED comes from behind
/// the door; a service that does not answer at all is an error too.
async fn try_key(caller: &Caller, service: &str, described: &Described, key: &Key) -> Result<Tried> {
    let mut denied = Vec::new();
    for name in resources(described, service).take(MAX_RESOURCES) {
        if denied.len() == MAX_LISTS {
            break;
        }
        let name = name.full();
        let described = reflection::describe(caller, &name).await?;
        let methods = described
            .pool
            .get_service_by_name(&name)
            .into_iter()
            .flat_map(|service| service.methods().collect::<Vec<_>>());
        let mut lists = methods
            .filter(|method| method.name() == LIST && !method.is_client_streaming() && !method.is_server_streaming());
        let Some(list) = lists.next().map(|list| MethodDescriptor::from(&list)) else { continue };
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
            return Ok(Tried::Accepted);
        }
        // Where nobody looks at the key, one that is made up is let in as well.
        let without = call(&caller.clone().with_metadata(key.without.clone()), &list, &request).await;
        let is_same = without.err().map(|error| error.kind()) == let_in;
        return Ok(if is_same { Tried::NotAskedFor } else { Tried::Accepted });
    }
    Ok(denied.into_iter().next().map_or(Tried::Nothing, Tried::NotPermitted))
}

async fn call(caller: &Caller, method: &MethodDescriptor, request: &Map<String, Value>) -> Result<Value> {
    let message = encode::encode(request, &method.input()).map_err(|faults| {
        let what = format!("{} {}", method.name(), short_name(method.service_full_name()));
        faults.into_iter().fold(Error::local(what), |error, fault| error.cause(fault.message))
    })?;
    let bytes = caller.unary(method, true, message.into()).await?;
    decode::decode(bytes, &method.output())
}
