//! The session that calls use: that of the environment, from its own identity service.

use super::settings::{KeyOrigin, Settings};
use super::{ConfigDir, Credential, Environment, EnvironmentName, LoginSession, TokenScope};
use crate::error::Result;

/// The service that issues tokens.
pub const IDENTITY: &str = "identity";

/// A session in use.
#[derive(Clone, Debug)]
pub struct UsedSession {
    pub environment: EnvironmentName,
    pub session: LoginSession,
    /// What the calls are for: that of the session, or a workspace that a flag or variable names.
    pub scope: TokenScope,
}

impl Settings {
    /// Uses the environment's session, if it has one; returns whether.
    ///
    /// Its tokens are for the identity service that issued them: where the environment has another one now, it is not
    /// used. Domain and workspace are part of a token: those of the file are not sent.
    pub(super) fn use_session(
        &mut self,
        name: &EnvironmentName,
        environment: &Environment,
        dir: &ConfigDir,
    ) -> Result<bool> {
        let Some(session) = dir.session(name)? else { return Ok(false) };
        let identity = environment.endpoint(IDENTITY)?.map(|url| url.to_string());
        if identity.as_ref() != Some(&session.identity) {
            let now = identity.unwrap_or_else(|| "not configured".to_owned());
            self.warnings.push(format!(
                "the session of {name} is not used: it is from {}, and {IDENTITY} of the environment is {now}: log in \
                 again with `spacectl login -e {name}`",
                session.identity
            ));
            return Ok(false);
        }
        self.warnings.extend(dir.session_exposure(name));
        self.key_origin = KeyOrigin::Session(name.clone());
        (self.x_domain_id, self.x_workspace_id) = (None, None);
        let scope = session.scope.clone();
        self.session = Some(UsedSession { environment: name.clone(), session, scope });
        Ok(true)
    }

    /// Takes the session's token for the workspace that a flag or variable names, else for the session's own scope. One
    /// that has ended is not sent.
    pub(super) fn use_token_of_session(&mut self) {
        let Some(UsedSession { session, scope, .. }) = &mut self.session else { return };
        *scope = session.scope_for(self.x_workspace_id.as_deref());
        let token = session.access_token(scope).filter(|token| token.is_fresh());
        self.credential = token.map(|token| Credential::Value(token.secret()));
        if let Some(id) = self.x_domain_id.as_ref().filter(|id| **id != session.domain_id) {
            self.warnings.push(format!(
                "the session's token is for the domain {}: services that read it ignore {id}",
                session.domain_id
            ));
        }
    }
}
