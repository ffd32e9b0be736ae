//! The services that a manifest calls, by the configuration as it is now.

use std::collections::HashMap;
use std::rc::Rc;

use crate::commands::Context;
use crate::commands::connector::Connector;
use crate::commands::method::Method;
use crate::config::{Secret, Selection};
use crate::error::{Error, Result};
use crate::grpc::resolve::MethodRef;
use crate::schema::resource::Resource;

/// Methods that were reached already, by resource and verb.
pub struct Session {
    selection: Selection,
    connector: Option<Connector>,
    methods: HashMap<(String, String), Rc<Method>>,
}

impl Session {
    pub fn new(selection: Selection, context: &mut Context<'_>) -> Result<Self> {
        let connector = Connector::of(&selection, context)?;
        Ok(Self { selection, connector: Some(connector), methods: HashMap::new() })
    }

    /// Reads the configuration anew at the next call: a shell task may have logged in.
    pub fn forget(&mut self) {
        self.connector = None;
        self.methods.clear();
    }

    /// The environment in use, for shell tasks.
    pub fn environment(&self) -> Option<String> {
        let selected = self.connector.as_ref().and_then(|connector| connector.settings().environment.as_ref());
        selected.map(|selected| selected.name.to_string())
    }

    /// The method `verb` of `resource_type`, called with `token` in place of the environment's key.
    pub async fn method(
        &mut self,
        resource_type: &str,
        verb: &str,
        token: Option<&str>,
        context: &mut Context<'_>,
    ) -> Result<Rc<Method>> {
        let key = (resource_type.to_owned(), verb.to_owned());
        if let (Some(method), None) = (self.methods.get(&key), token) {
            return Ok(Rc::clone(method));
        }
        if self.connector.is_none() {
            self.connector = Some(Connector::of(&self.selection, context)?);
        }
        let Some(connector) = &self.connector else { return Err(Error::local("there is no configuration")) };
        let resource = Resource::parse(resource_type)?;
        let Some(token) = token else {
            let known = self.methods.iter().find(|((resource, _), _)| resource == resource_type);
            let method = match known {
                Some((_, sibling)) => sibling.sibling(verb)?,
                None => Method::reach(connector, &resource, verb, None).await?,
            };
            let method = Rc::new(method);
            self.methods.insert(key, Rc::clone(&method));
            return Ok(method);
        };
        let resource = connector.locate(&resource)?;
        let settings = connector.settings();
        let metadata = settings.call_metadata(Some(&Secret::new(token)))?;
        let caller = connector.reach(settings.destination(&resource.service)?, metadata).await?;
        let resolved = connector.resolve(&MethodRef { resource: &resource, verb, api_version: None }, &caller).await?;
        Method::new(caller, resolved).map(Rc::new)
    }
}
