//! Sessions of `spacectl login`: `sessions/ENVIRONMENT.json` in the configuration's folder.
//!
//! Tokens are not in the environment's file, which people copy and commit.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{ConfigDir, EnvironmentName, Secret, file};
use crate::error::{Error, Result};
use crate::fs::Lock;
use crate::query::timestamp;
use crate::secret::{jwt, mask};

const FOLDER: &str = "sessions";
const EXTENSION: &str = ".json";
/// A token that ends within this time is renewed before it is used: a call may take a while to arrive.
const MARGIN: SignedDuration = SignedDuration::from_secs(60);
/// The part of a short life that is the margin then: 1 in 4.
const SHORT_PART: i64 = 4;

/// A token, and when it ends by the clock of this machine.
///
/// The end is computed from the token's own lifetime when it is received, so that a clock that differs from the
/// service's does not matter.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredToken {
    token: String,
    /// In seconds since 1970; `None` if the token does not say.
    expires_at: Option<i64>,
}

impl StoredToken {
    /// A token that was received just now.
    pub fn received(token: impl Into<String>) -> Self {
        let token = token.into();
        mask::remember(&token);
        let now = timestamp::now().as_second();
        let by_lifetime = jwt::lifetime(&token).map(|seconds| now.saturating_add(seconds));
        Self { expires_at: by_lifetime.or_else(|| Some(jwt::expiry(&token)?.as_second())), token }
    }

    /// The token, to send it.
    pub fn secret(&self) -> Secret {
        Secret::new(self.token.as_str())
    }

    /// When it ends.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at.and_then(|second| Timestamp::from_second(second).ok())
    }

    /// Whether it can be used for the next call.
    pub fn is_fresh(&self) -> bool {
        let Some(end) = self.expires_at() else { return true };
        let short = jwt::lifetime(&self.token).map(|seconds| SignedDuration::from_secs(seconds / SHORT_PART));
        end.duration_since(timestamp::now()) > short.unwrap_or(MARGIN).min(MARGIN)
    }
}

/// Without the token.
impl fmt::Debug for StoredToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredToken").field("expires_at", &self.expires_at()).finish_non_exhaustive()
    }
}

/// What an access token is for, as identity's `Token.grant` has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "scope", rename_all = "UPPERCASE")]
pub enum TokenScope {
    /// One workspace.
    Workspace { workspace_id: String },
    /// The domain, for its administrators.
    Domain,
    /// The installation, for administrators of its root domain.
    System,
    /// The user's own profile.
    User,
}

impl TokenScope {
    /// The value of the field `scope`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Workspace { .. } => "WORKSPACE",
            Self::Domain => "DOMAIN",
            Self::System => "SYSTEM",
            Self::User => "USER",
        }
    }

    pub fn workspace_id(&self) -> Option<&str> {
        match self {
            Self::Workspace { workspace_id } => Some(workspace_id),
            Self::Domain | Self::System | Self::User => None,
        }
    }

    /// The key of its access token in a session.
    fn key(&self) -> String {
        self.workspace_id().map_or_else(|| self.name().to_owned(), |id| format!("{} {id}", self.name()))
    }
}

impl fmt::Display for TokenScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Workspace { workspace_id } => write!(f, "workspace {workspace_id}"),
            Self::Domain => f.write_str("the domain"),
            Self::System => f.write_str("the system"),
            Self::User => f.write_str("the user's profile"),
        }
    }
}

/// A user's session at the identity service of one environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginSession {
    /// The endpoint that issued the tokens. They are used only as long as the environment has this one.
    pub identity: String,
    pub domain_id: String,
    /// The domain's name.
    pub domain: String,
    pub user_id: String,
    /// What calls are for, unless a flag or variable names a workspace.
    #[serde(flatten)]
    pub scope: TokenScope,
    /// The workspace's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<String>,
    /// The user's role there, e.g. `WORKSPACE_OWNER`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_type: Option<String>,
    /// The lifetime to ask for, in seconds; `None` leaves it to the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u64>,
    pub refresh_token: StoredToken,
    /// By [`TokenScope::key`].
    access_tokens: BTreeMap<String, StoredToken>,
}

impl LoginSession {
    /// A session without an access token yet.
    pub fn new(identity: String, domain_id: String, domain: String, user_id: String, refresh: StoredToken) -> Self {
        Self {
            identity,
            domain_id,
            domain,
            user_id,
            scope: TokenScope::User,
            workspace: None,
            role_type: None,
            timeout: None,
            refresh_token: refresh,
            access_tokens: BTreeMap::new(),
        }
    }

    /// The access token for `scope`, also one that has ended.
    pub fn access_token(&self, scope: &TokenScope) -> Option<&StoredToken> {
        self.access_tokens.get(&scope.key())
    }

    /// Stores the access token for `scope`; drops those that have ended.
    pub fn set_access_token(&mut self, scope: &TokenScope, token: StoredToken) {
        self.access_tokens.retain(|_, token| token.is_fresh());
        self.access_tokens.insert(scope.key(), token);
    }

    /// The scope of a call for which a flag or variable names `workspace_id`.
    pub fn scope_for(&self, workspace_id: Option<&str>) -> TokenScope {
        match workspace_id {
            Some(id) => TokenScope::Workspace { workspace_id: id.to_owned() },
            None => self.scope.clone(),
        }
    }

    /// When calls for `scope` need another login: when both tokens have ended. `None` if one never does.
    pub fn ends_at(&self, scope: &TokenScope) -> Option<Timestamp> {
        let refresh = self.refresh_token.expires_at()?;
        match self.access_token(scope) {
            Some(token) => token.expires_at().map(|end| end.max(refresh)),
            None => Some(refresh),
        }
    }

    /// Whether `other` is of the same user at the same identity service.
    pub fn is_of_same_user(&self, other: &Self) -> bool {
        let Self { identity, domain_id, user_id, .. } = self;
        (identity, domain_id, user_id) == (&other.identity, &other.domain_id, &other.user_id)
    }

    /// Masks all tokens from now on.
    fn remember(&self) {
        let tokens = self.access_tokens.values().chain([&self.refresh_token]);
        tokens.for_each(|token| mask::remember(&token.token));
    }
}

impl ConfigDir {
    /// The file of an environment's session, whether it exists or not.
    pub fn session_file(&self, name: &EnvironmentName) -> PathBuf {
        self.path().join(FOLDER).join(format!("{name}{EXTENSION}"))
    }

    /// The session of an environment; `None` if nobody is logged in.
    ///
    /// # Errors
    /// The file cannot be read; its content is not shown.
    pub fn session(&self, name: &EnvironmentName) -> Result<Option<LoginSession>> {
        let path = self.session_file(name);
        let Some(bytes) = file::read(&path)? else { return Ok(None) };
        let session: LoginSession = serde_json::from_slice(&bytes).map_err(|error| {
            // serde's own words could repeat a value.
            Error::local(format!("{}:{}:{}: not a session", path.display(), error.line(), error.column()))
                .hint(format!("log in again with `spacectl login -e {name}`, which replaces the file"))
        })?;
        session.remember();
        Ok(Some(session))
    }

    /// Creates or replaces the session of an environment. Returns the one that was there if it is not `expected`: that
    /// of another login in the meantime.
    pub fn save_session(
        &self,
        name: &EnvironmentName,
        session: &LoginSession,
        expected: Option<&LoginSession>,
    ) -> Result<Option<LoginSession>> {
        let lock = self.lock_sessions()?;
        // A file that is not a session is replaced.
        let replaced = self.session(name).ok().flatten();
        self.write_session(name, session)?;
        drop(lock);
        Ok(replaced.filter(|replaced| Some(&replaced.refresh_token) != expected.map(|session| &session.refresh_token)))
    }

    /// Changes the session of an environment if `refresh_token` is still its own: a logout or another login in the
    /// meantime is not undone. Returns whether it was.
    pub fn update_session(
        &self,
        name: &EnvironmentName,
        refresh_token: &StoredToken,
        change: impl FnOnce(&mut LoginSession),
    ) -> Result<bool> {
        let _lock = self.lock_sessions()?;
        match self.session(name)? {
            Some(mut session) if session.refresh_token == *refresh_token => {
                change(&mut session);
                self.write_session(name, &session).map(|()| true)
            }
            _ => Ok(false),
        }
    }

    /// Removes the session of an environment; returns false if there is none. The file need not be readable.
    pub fn remove_session(&self, name: &EnvironmentName) -> Result<bool> {
        let path = self.session_file(name);
        // No folder is made to remove something from it.
        if path.symlink_metadata().is_err() {
            return Ok(false);
        }
        let _lock = self.lock_sessions()?;
        file::remove(&path)
    }

    /// The environments that have a session, sorted; also where the file is not one.
    pub fn sessions(&self) -> Result<Vec<EnvironmentName>> {
        let parse = |name: &str| EnvironmentName::new(name.strip_suffix(EXTENSION)?).ok();
        file::entries_in(&self.path().join(FOLDER), parse)
    }

    /// A warning if others can read the session of an environment.
    pub fn session_exposure(&self, name: &EnvironmentName) -> Option<String> {
        file::exposure(&self.session_file(name))
    }

    fn write_session(&self, name: &EnvironmentName, session: &LoginSession) -> Result<()> {
        let text = serde_json::to_string_pretty(session)
            .map_err(|error| Error::local("the session cannot be stored").cause(error))?;
        file::replace_itself(&self.session_file(name), &format!("{text}\n"))
    }

    /// The folder is made first: what is not there cannot be locked.
    fn lock_sessions(&self) -> Result<Lock> {
        let folder = self.path().join(FOLDER);
        file::make_folder(&folder)?;
        Lock::acquire(&folder)
    }
}
