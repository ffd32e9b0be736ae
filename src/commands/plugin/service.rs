//! The `Plugin` methods of a Repository service.

use bytes::Bytes;
use prost_reflect::MessageDescriptor;
use serde_json::{Map, Value};
use tonic::Code;

use super::{fields_of, resource};
use crate::commands::connector::Connector;
use crate::commands::method::Method;
use crate::commands::nearest_ids;
use crate::error::{Error, ErrorKind, Result};
use crate::plugin::plan::{self, PluginFields};
use crate::terminal::io_streams::Diagnostics;

/// The methods of `Plugin` at one endpoint.
pub struct PluginClient {
    pub register: Method,
    update: Method,
    deregister: Method,
    get: Method,
    pub fields: PluginFields,
}

impl PluginClient {
    /// Connects, and reads the service's descriptors.
    pub async fn connect(connector: &Connector) -> Result<Self> {
        let register = Method::reach(connector, &resource()?, "register", None).await?;
        let (update, deregister) = (register.sibling("update")?, register.sibling("deregister")?);
        let get = register.sibling("get")?;
        let fields = PluginFields {
            register: names(&register.input()),
            update: names(&update.input()),
            keys: names(&deregister.input()),
            row: names(&get.output()),
        };
        Ok(Self { register, update, deregister, get, fields })
    }

    /// The endpoint, and the domain and workspace if metadata names them openly.
    pub fn scope(&self) -> String {
        let caller = self.register.caller();
        let shown = caller.metadata().shown().filter(|(name, _)| name.starts_with("x_"));
        shown.fold(caller.endpoint().to_owned(), |scope, (name, value)| match value {
            Some(value) => format!("{scope} {name}={value}"),
            None => scope,
        })
    }

    /// `identity` in the domain that metadata names, which API 1 also has as a field.
    pub fn in_domain(&self, identity: &Map<String, Value>) -> Map<String, Value> {
        let mut shown = self.register.caller().metadata().shown();
        let domain = shown.find_map(|(name, value)| value.filter(|_| name == "x_domain_id"));
        let mut identity = identity.clone();
        if let (Some(domain), None) = (domain, identity.get("domain_id")) {
            identity.insert("domain_id".to_owned(), domain.into());
        }
        identity
    }

    /// The row of a plugin; of two with one id, that of the domain's own repository.
    pub async fn row(&self, identity: &Map<String, Value>) -> Result<Option<Map<String, Value>>> {
        match self.get.ask(encode(&self.get, identity)?).await {
            // A service that has both answers with the other one.
            Ok(Value::Object(row)) if plan::repository_type(&row).is_some_and(|kind| kind != "local") => {
                let is_own = |other: &Map<String, Value>| {
                    other.get("plugin_id") == identity.get("plugin_id")
                        && plan::repository_type(other).as_deref() == Some("local")
                };
                Ok(Some(self.rows(identity).await?.into_iter().find(is_own).unwrap_or(row)))
            }
            Ok(Value::Object(row)) => Ok(Some(row)),
            Ok(_) => Ok(None),
            Err(error) if is_no_plugin(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The row of a plugin that has to be registered.
    pub async fn registered_row(&self, plugin_id: &str, diagnostics: &Diagnostics) -> Result<Map<String, Value>> {
        let identity = self.in_domain(&fields_of(plugin_id));
        if let Some(row) = self.row(&identity).await? {
            return Ok(row);
        }
        // The service says best that it has no such plugin.
        let request = encode(&self.get, &identity)?;
        match self.get.ask(request.clone()).await {
            Err(error) => Err(nearest_ids::suggest(&self.get, request, error, diagnostics).await),
            Ok(_) => Err(Error::local(format!("{plugin_id} is not registered"))),
        }
    }

    pub async fn register(&self, request: Bytes) -> Result<()> {
        self.register.ask(request).await.map(drop)
    }

    pub async fn update(&self, request: &Map<String, Value>) -> Result<()> {
        self.update.ask(self.update.encode_made(request)?).await.map(drop)
    }

    /// Deregisters a plugin; one that is gone already is not an error.
    pub async fn deregister(&self, identity: &Map<String, Value>) -> Result<()> {
        match self.deregister.ask(encode(&self.deregister, identity)?).await {
            Err(error) if is_not_found(&error) => Ok(()),
            done => done.map(drop),
        }
    }

    pub async fn disable(&self, identity: &Map<String, Value>) -> Result<()> {
        let disable = self.register.sibling("disable")?;
        disable.ask(encode(&disable, identity)?).await.map(drop)
    }
}

fn names(message: &MessageDescriptor) -> Vec<String> {
    message.fields().map(|field| field.name().to_owned()).collect()
}

/// The request of `method` with the `fields` that it has.
pub fn encode(method: &Method, fields: &Map<String, Value>) -> Result<Bytes> {
    let input = method.input();
    let taken = fields.iter().filter(|(name, _)| input.get_field_by_name(name).is_some());
    method.encode_made(&taken.map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// Whether a reading method found no such plugin: also by INVALID_ARGUMENT.
pub fn is_no_plugin(error: &Error) -> bool {
    let mut causes = error.problems().iter().flat_map(|problem| &problem.causes);
    is_not_found(error)
        || (error.kind() == ErrorKind::Status(Code::InvalidArgument)
            && causes.any(|cause| cause.starts_with("ERROR_NO_PLUGIN")))
}

/// Whether a method that writes found no such plugin.
pub fn is_not_found(error: &Error) -> bool {
    error.kind() == ErrorKind::Status(Code::NotFound)
}

pub fn is_already_registered(error: &Error) -> bool {
    error.kind() == ErrorKind::Status(Code::AlreadyExists)
}
