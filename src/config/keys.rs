//! The keys of an environment's file: names, kinds of values, help.

pub(super) const API_KEY: &str = "api_key";
pub(super) const TOKEN: &str = "token";
pub(super) const API_KEY_FILE: &str = "api_key_file";
pub(super) const API_KEY_COMMAND: &str = "api_key_command";
pub(super) const DOMAIN: &str = "x_domain_id";
pub(super) const WORKSPACE: &str = "x_workspace_id";
pub(super) const ENDPOINTS: &str = "endpoints";
pub(super) const CA: &str = "ca";
pub(super) const CERT: &str = "cert";
pub(super) const KEY: &str = "key";
pub(super) const SERVER_NAME: &str = "tls_server_name";
pub(super) const REGISTRY: &str = "registry";
/// The mapping of names to values that are sent with each call besides.
pub(super) const METADATA: &str = "metadata";

/// How the value of a key is checked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum SettingKind {
    /// Sent as gRPC metadata.
    Metadata,
    /// Used here, on one line.
    Line,
    /// A file's path.
    Path,
    /// An image registry's URL.
    Registry,
    /// A mapping of services to URLs.
    Endpoints,
    /// A mapping of names to what is sent as gRPC metadata.
    Entries,
}

/// A key that this program reads.
pub(super) struct KnownKey {
    pub(super) name: &'static str,
    pub(super) kind: SettingKind,
    /// One line of help, for `config set`.
    pub(super) help: &'static str,
}

impl KnownKey {
    /// The key as `config set` takes it.
    pub(super) fn to_set(&self) -> String {
        match self.kind {
            SettingKind::Endpoints => format!("{}.SERVICE", self.name),
            SettingKind::Entries => format!("{}.NAME", self.name),
            _ => self.name.to_owned(),
        }
    }
}

const fn known(name: &'static str, kind: SettingKind, help: &'static str) -> KnownKey {
    KnownKey { name, kind, help }
}

/// The keys that this program reads.
pub(super) const KEYS: [KnownKey; 13] = [
    known(API_KEY, SettingKind::Metadata, "API key, sent as token; from stdin only"),
    known(TOKEN, SettingKind::Metadata, "token of an app, used instead of api_key; from stdin only"),
    known(API_KEY_FILE, SettingKind::Path, "file to read the key from on each call"),
    known(API_KEY_COMMAND, SettingKind::Line, "shell command that prints the key, run on each call"),
    known(DOMAIN, SettingKind::Metadata, "domain to send with each call"),
    known(WORKSPACE, SettingKind::Metadata, "workspace to send with each call"),
    known(ENDPOINTS, SettingKind::Endpoints, "endpoint of a service, grpc[+ssl]://HOST:PORT"),
    known(CA, SettingKind::Path, "PEM file of the authorities to trust"),
    known(CERT, SettingKind::Path, "PEM file of the client certificate"),
    known(KEY, SettingKind::Path, "PEM file of the client certificate's private key"),
    known(SERVER_NAME, SettingKind::Line, "name to expect in the servers' certificates"),
    known(REGISTRY, SettingKind::Registry, "image registry of the environment local"),
    known(METADATA, SettingKind::Entries, "metadata to send with each call"),
];

/// The names of all keys.
pub(super) fn key_names() -> impl Iterator<Item = &'static str> {
    KEYS.iter().map(|key| key.name)
}

/// The longest key, in bytes.
pub(super) const MAX_KEY: usize = 128;

/// How the value of `key` is checked; `None` if nothing reads it.
pub(super) fn kind_of_key(key: &str) -> Option<SettingKind> {
    KEYS.iter().find_map(|known| (known.name == key).then_some(known.kind))
}
