//! Calls of the identity service: tokens, profile, workspaces.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::codec::{decode, encode};
use crate::config::{IDENTITY, LoginSession, StoredToken, TokenScope};
use crate::error::{Error, ErrorKind, Result};
use crate::grpc::call::Caller;
use crate::grpc::channel;
use crate::grpc::descriptor_cache::DescriptorCache;
use crate::grpc::metadata::Metadata;
use crate::grpc::resolve::MethodRef;
use crate::grpc::trace::Trace;
use crate::net::endpoint::EndpointUrl;
use crate::net::tls::TlsSettings;
use crate::schema::resource::Resource;
use crate::secret::Secret;

/// The verb that gives an access token for a refresh token.
const GRANT: &str = "grant";

/// Where the identity service is, and how to connect to it.
#[derive(Clone)]
pub struct IdentityEndpoint {
    pub url: EndpointUrl,
    pub tls: TlsSettings,
    pub connect_timeout: Option<Duration>,
    pub timeout: Option<Duration>,
    pub trace: Trace,
    pub cache: Option<DescriptorCache>,
    /// What is sent with each call besides a token.
    pub metadata: Metadata,
}

impl IdentityEndpoint {
    pub async fn connect(&self) -> Result<IdentityApi> {
        let transport = channel::connect(&self.url, &self.tls, self.connect_timeout).await?;
        let caller = Caller::new(transport, self.metadata.clone(), self.timeout, self.url.to_string());
        Ok(IdentityApi { caller: caller.with_trace(self.trace.clone()), cache: self.cache.clone() })
    }
}

/// A connection to the identity service.
pub struct IdentityApi {
    caller: Caller,
    cache: Option<DescriptorCache>,
}

/// What `Token.grant` answers.
pub struct GrantedToken {
    pub access_token: StoredToken,
    pub role_type: Option<String>,
}

impl IdentityApi {
    /// Calls `verb` of `resource`, with `token` if there is one.
    ///
    /// # Errors
    /// Those of the call. An identity service before 2.0 has other resources and fields.
    pub async fn call(&self, resource: &str, verb: &str, request: Value, token: Option<&Secret>) -> Result<Value> {
        let resource = Resource::of_service(IDENTITY, resource)?;
        let method = MethodRef { resource: &resource, verb, api_version: None };
        let is_older = |error: Error| error.hint("check the version: a login needs an identity service 2.0 or later");
        let resolved = method.resolve(&self.caller, self.cache.as_ref()).await.map_err(|error| match error.kind() {
            // It has no such service or method.
            ErrorKind::Usage => is_older(error.into_local()),
            _ => error,
        })?;
        let Value::Object(request) = request else { return Err(Error::local("the request is not a message")) };
        let message = encode::encode(&request, &resolved.descriptor.input()).map_err(|faults| {
            let causes = faults.iter().map(|fault| format!("{}: {}", fault.path, fault.message));
            is_older(causes.fold(Error::local(format!("{verb} of {resource} takes other fields")), Error::cause))
        })?;
        let mut metadata = self.caller.metadata().clone();
        if let Some(token) = token {
            metadata.set_token(token.expose())?;
        }
        let caller = self.caller.clone().with_metadata(metadata);
        // A second access token does no harm.
        let is_repeatable = resolved.is_read_only || verb == GRANT;
        let response = caller.unary(&resolved.descriptor, is_repeatable, message.into()).await?;
        decode::decode(response, &resolved.descriptor.output())
    }

    /// An access token for `scope`, by the session's refresh token.
    pub async fn grant(&self, session: &LoginSession, scope: &TokenScope) -> Result<GrantedToken> {
        let mut request = Map::from_iter([
            ("grant_type".to_owned(), json!("REFRESH_TOKEN")),
            ("token".to_owned(), json!(session.refresh_token.secret().expose())),
            ("scope".to_owned(), json!(scope.name())),
        ]);
        request.extend(scope.workspace_id().map(|id| ("workspace_id".to_owned(), json!(id))));
        request.extend(session.timeout.map(|seconds| ("timeout".to_owned(), json!(seconds))));
        let response = self.call("Token", GRANT, request.into(), None).await?;
        let access_token = StoredToken::received(text(&response, "access_token")?);
        let role_type = response.get("role_type").and_then(Value::as_str).map(str::to_owned);
        Ok(GrantedToken { access_token, role_type })
    }
}

/// The text in `field` of a response.
pub fn text<'a>(response: &'a Value, field: &str) -> Result<&'a str> {
    let missing = || Error::local(format!("the response of the identity service has no {field}"));
    response.get(field).and_then(Value::as_str).filter(|text| !text.is_empty()).ok_or_else(missing)
}
