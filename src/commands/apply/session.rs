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
        let mut selection = selection;
        // A script may switch to another environment, and its key is not to go elsewhere.
        if let Some(selected) = connector.settings().environment.as_ref().filter(|_| selection.endpoint.is_none()) {
            selection.environment = Some(selected.name.to_string());
        }
        Ok(Self { selection, connector: Some(connector), methods: HashMap::new() })
    }

    /// Reads the configuration again at the next call: a shell task may have logged in.
    pub fn forget(&mut self) {
        self.connector = None;
        self.methods.clear();
    }

    /// The variables that let `spacectl` in a script use the same environment or endpoint.
    pub fn script_variables(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let Selection { environment, endpoint, domain_id, workspace_id, .. } = &self.selection;
        let variables = [
            ("SPACECTL_ENVIRONMENT", environment),
            ("SPACECTL_ENDPOINT", endpoint),
            ("SPACECTL_DOMAIN_ID", domain_id),
            ("SPACECTL_WORKSPACE_ID", workspace_id),
        ];
        variables.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)))
    }

    /// What a log of finished tasks belongs to: the environment or the endpoint, and who works there in what.
    pub fn scope(&self) -> String {
        let used = self.connector.as_ref().and_then(|connector| connector.settings().session.as_ref());
        let user = used.map(|used| format!("{} {} {}\n", used.session.domain_id, used.session.user_id, used.scope));
        let variables = self.script_variables().map(|(name, value)| format!("{name}={value}\n"));
        variables.chain(user).collect()
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
