//! Arguments of `login`, `logout`, `whoami` and `workspace`.

use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum, ValueHint};

use super::{Format, values};

#[derive(Debug, Default, Args)]
pub struct Login {
    /// Identity endpoint for a new environment
    ///
    /// The environment gets the endpoints that identity offers, once you confirm them.
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    pub url: Option<String>,

    /// Domain to log in to, by name
    ///
    /// [default: that of the last session]
    #[arg(long, value_name = "NAME")]
    pub domain: Option<String>,

    /// User to log in as
    ///
    /// [default: that of the last session]
    #[arg(long, value_name = "ID")]
    pub user: Option<String>,

    #[command(flatten)]
    pub scope: ScopeArgs,

    /// Read the password from stdin
    ///
    /// A second line is the code of a multi-factor login.
    #[arg(long)]
    pub password_stdin: bool,

    /// Lifetime of access tokens, e.g. 8h
    ///
    /// [default: the service's]
    #[arg(long = "for", value_name = "DURATION", value_parser = lifetime, conflicts_with = "app")]
    pub lifetime: Option<Duration>,

    /// Store the endpoints of --url without asking
    #[arg(short, long, requires = "url")]
    pub yes: bool,

    /// Create an app for scripts, and store its secret
    ///
    /// A session that is alive saves the password. The secret becomes the environment's key, in a file of
    /// mode 0600 that api_key_file names, and the session is removed.
    #[arg(long, value_name = "NAME")]
    pub app: Option<String>,

    /// Role of the app
    ///
    /// [default: the managed role of its scope]
    #[arg(long, value_name = "ID", requires = "app", conflicts_with = "rotate")]
    pub role: Option<String>,

    /// Project to limit the app to
    #[arg(long, value_name = "ID", requires = "app")]
    pub project: Option<String>,

    /// Give the existing app a new secret
    #[arg(long, requires = "app")]
    pub rotate: bool,

    /// Print the app's secret instead of storing it
    #[arg(long, requires = "app")]
    pub print: bool,
}

/// What the tokens of a session are for.
#[derive(Debug, Default, Args)]
#[group(multiple = false)]
pub struct ScopeArgs {
    /// Workspace to work in, by name or ID
    #[arg(long, value_name = "NAME")]
    pub workspace: Option<String>,

    /// Work in something else than a workspace
    #[arg(long, value_name = "SCOPE", value_enum)]
    pub scope: Option<LoginScope>,
}

/// Scopes of tokens apart from a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LoginScope {
    /// Your domain, for its administrators
    Domain,
    /// The installation, for administrators of its root domain
    System,
    /// Your own profile
    User,
}

/// Parses a lifetime; a shorter one would be renewed before each call.
fn lifetime(text: &str) -> Result<Duration, String> {
    const SHORTEST: Duration = Duration::from_secs(120);
    match values::duration(text)? {
        Some(duration) if duration >= SHORTEST => Ok(duration),
        _ => Err("at least 2m".to_owned()),
    }
}

#[derive(Debug, Args)]
pub struct Logout {
    /// Remove the sessions of all environments
    #[arg(long)]
    pub all: bool,
}

#[derive(Debug, Args)]
pub struct WhoAmI {
    /// Print as
    ///
    /// [env: SPACECTL_OUTPUT]
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Yaml, help_heading = "Output")]
    pub output: Format,
}

#[derive(Debug, Subcommand)]
pub enum WorkspaceCommand {
    /// List the workspaces that you may work in
    #[command(visible_alias = "ls", after_long_help = WORKSPACE_LIST_EXAMPLES)]
    List {
        /// Print as
        ///
        /// [env: SPACECTL_OUTPUT]
        #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Table, help_heading = "Output")]
        output: Format,
    },
    /// Work in another workspace, without the password
    #[command(after_long_help = WORKSPACE_USE_EXAMPLES)]
    Use(ScopeTarget),
}

/// The scope to switch to.
#[derive(Debug, Args)]
pub struct ScopeTarget {
    /// Workspace, by name or ID; asked for on a terminal
    #[arg(value_name = "NAME", conflicts_with = "scope")]
    pub workspace: Option<String>,

    /// Work in something else than a workspace
    #[arg(long, value_name = "SCOPE", value_enum)]
    pub scope: Option<LoginScope>,
}

pub(super) const LOGIN_EXAMPLES: &str = "\
Examples:
  spacectl login -e prod --url grpc+ssl://identity.example.com:443
  spacectl login --app ci --workspace team-a

Tokens are stored in ~/.spaceone/sessions, for you alone, and renewed until the session ends.";
pub(super) const LOGOUT_EXAMPLES: &str = "\
Examples:
  spacectl logout
  spacectl logout --all

Tokens that were issued stay valid until they end: identity cannot revoke them.";
pub(super) const WHOAMI_EXAMPLES: &str = "\
Examples:
  spacectl whoami
  spacectl whoami -o json | jq -r .workspace_id

No service is asked: this tells what the session, or the claims of the key, say.";
pub(super) const WORKSPACE_EXAMPLES: &str = "\
Examples:
  spacectl workspace list
  spacectl workspace use team-a";
const WORKSPACE_LIST_EXAMPLES: &str = "\
Examples:
  spacectl workspace list
  spacectl workspace list -o quiet";
const WORKSPACE_USE_EXAMPLES: &str = "\
Examples:
  spacectl workspace use team-a
  spacectl workspace use --scope domain

For one call, use --workspace-id ID.";
