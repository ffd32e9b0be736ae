//! The Repository service as plans need it: its methods, what their descriptors say, and what it has.

use bytes::Bytes;
use prost_reflect::{FieldDescriptor, MessageDescriptor};
use serde_json::{Map, Value};
use tonic::Code;

use super::resource;
use crate::commands::connector::Connector;
use crate::commands::method::Method;
use crate::error::{Error, ErrorKind, Result};
use crate::plugin::plan::{self, Fields};

/// Plugins at one endpoint.
pub struct Service {
    pub register: Method,
    update: Method,
    deregister: Method,
    get: Method,
    pub fields: Fields,
}

impl Service {
    /// Connects, and asks for the service's own description.
    pub async fn reach(connector: &Connector) -> Result<Self> {
        let register = Method::reach(connector, &resource()?, "register", None).await?;
        let (update, deregister) = (register.sibling("update")?, register.sibling("deregister")?);
        let get = register.sibling("get")?;
        let fields = Fields {
            register: names(&register.input()),
            update: names(&update.input()),
            keys: names(&deregister.input()),
            row: names(&get.output()),
        };
        Ok(Self { register, update, deregister, get, fields })
    }

    /// Which plugins these are: the endpoint, and whose they are as far as the call says and is no secret.
    pub fn place(&self) -> String {
        let caller = self.register.caller();
        let shown = caller.metadata().shown().filter(|(name, _)| name.starts_with("x_"));
        shown.fold(caller.place().to_owned(), |place, (name, value)| match value {
            Some(value) => format!("{place} {name}={value}"),
            None => place,
        })
    }

    /// What the service has of a plugin; `None` if there is none. Of two with one id, that of the domain's own repository.
    pub async fn row(&self, identity: &Map<String, Value>) -> Result<Option<Map<String, Value>>> {
        match self.get.ask(fitting(&self.get, identity)?).await {
            // A service that has both answers with the other one.
            Ok(Value::Object(row)) if plan::repository_type(&row).is_some_and(|place| place != "local") => {
                let rows = self.listed(identity).await?;
                Ok(Some(rows.into_iter().find(|own| is_own(own, identity)).unwrap_or(row)))
            }
            Ok(Value::Object(row)) => Ok(Some(row)),
            Ok(_) => Ok(None),
            Err(error) if is_no_plugin(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The bytes of the request that registers `spec`.
    pub fn registering(&self, spec: &Map<String, Value>) -> Result<Bytes> {
        self.register.encode_made(spec)
    }

    /// The bytes of a request that updates.
    pub fn updating(&self, request: &Map<String, Value>) -> Result<Bytes> {
        self.update.encode_made(request)
    }

    pub async fn register(&self, request: Bytes) -> Result<()> {
        self.register.ask(request).await.map(drop)
    }

    pub async fn update(&self, request: Bytes) -> Result<()> {
        self.update.ask(request).await.map(drop)
    }

    /// Takes a plugin away; one that is not there any more is no error.
    pub async fn deregister(&self, identity: &Map<String, Value>) -> Result<()> {
        match self.deregister.ask(fitting(&self.deregister, identity)?).await {
            Err(error) if is_not_found(&error) => Ok(()),
            done => done.map(drop),
        }
    }

    pub async fn disable(&self, identity: &Map<String, Value>) -> Result<()> {
        let disable = self.register.sibling("disable")?;
        disable.ask(fitting(&disable, identity)?).await.map(drop)
    }

    /// All plugins that the caller can see.
    pub async fn rows(&self) -> Result<Vec<Map<String, Value>>> {
        self.listed(&Map::new()).await
    }

    /// The plugins that the caller can see, of this identity.
    async fn listed(&self, identity: &Map<String, Value>) -> Result<Vec<Map<String, Value>>> {
        let list = self.register.sibling("list")?;
        let answer = list.ask(fitting(&list, identity)?).await?;
        let results = answer.get("results").and_then(Value::as_array).cloned().unwrap_or_default();
        Ok(results.into_iter().filter_map(|row| if let Value::Object(row) = row { Some(row) } else { None }).collect())
    }
}

/// Whether a row is the plugin of this identity in the domain's own repository.
fn is_own(row: &Map<String, Value>, identity: &Map<String, Value>) -> bool {
    row.get("plugin_id") == identity.get("plugin_id") && plan::repository_type(row).as_deref() == Some("local")
}

fn names(message: &MessageDescriptor) -> Vec<String> {
    message.fields().map(|field: FieldDescriptor| field.name().to_owned()).collect()
}

/// The request of `method` with as much of `identity` as it takes.
fn fitting(method: &Method, identity: &Map<String, Value>) -> Result<Bytes> {
    let input = method.input();
    let taken = identity.iter().filter(|(name, _)| input.get_field_by_name(name).is_some());
    method.encode_made(&taken.map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// How verbs that read say that there is no such plugin: their status can be that of a wrong request.
pub fn is_no_plugin(error: &Error) -> bool {
    let says_so =
        || error.problems().iter().flat_map(|problem| &problem.causes).any(|c| c.starts_with("ERROR_NO_PLUGIN"));
    is_not_found(error) || (error.kind() == ErrorKind::Status(Code::InvalidArgument) && says_so())
}

/// How verbs that write say it.
pub fn is_not_found(error: &Error) -> bool {
    error.kind() == ErrorKind::Status(Code::NotFound)
}

pub fn is_there_already(error: &Error) -> bool {
    error.kind() == ErrorKind::Status(Code::AlreadyExists)
}
