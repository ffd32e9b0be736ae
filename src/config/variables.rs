//! The environment variables and home folders that the program reads.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rustix::process::getuid;

use super::Secret;
use crate::error::{Error, Result};
use crate::terminal::color::ColorVariables;

/// Set where a script of `apply` runs.
pub const IN_MANIFEST: &str = "SPACECTL_IN_MANIFEST";

/// A snapshot of the process environment. An empty variable counts as unset.
#[derive(Clone, Debug, Default)]
pub struct Variables {
    /// `SPACECTL_ENVIRONMENT`: the environment to use instead of the current one.
    pub environment: Option<String>,
    /// `SPACECTL_DEFAULT_ENVIRONMENT`: the environment to use if `environment.yml` names none.
    pub default_environment: Option<String>,
    /// `SPACECTL_API_KEY`: the key to send instead of a file's.
    pub api_key: Option<Secret>,
    /// `SPACECTL_ENDPOINT`: the endpoint to call, above `--environment`.
    pub endpoint: Option<String>,
    /// `SPACECTL_DOMAIN_ID`: the domain to send instead of the environment's.
    pub domain_id: Option<String>,
    /// `SPACECTL_WORKSPACE_ID`: the workspace to send instead of the environment's.
    pub workspace_id: Option<String>,
    /// `SPACECTL_OUTPUT`: the output format of the commands that have it.
    pub output: Option<String>,
    /// `SPACECTL_TIMEOUT`: the timeout per call.
    pub timeout: Option<String>,
    /// `SPACECTL_IN_MANIFEST`, which `apply` sets for its scripts: published manifests give keys to `config set` as
    /// arguments.
    pub is_in_manifest: bool,
    /// `SPACECTL_CONFIG_DIR`: the configuration's folder instead of `~/.spaceone`.
    pub config_dir: Option<PathBuf>,
    /// `NO_COLOR`, `CLICOLOR_FORCE` and `TERM`.
    pub color: ColorVariables,
    /// The locale of `LC_ALL`, `LC_CTYPE` or `LANG` has UTF-8.
    pub is_utf8: bool,
    /// The user's home folder: of `HOME`, else of the system's list of users; `None` if it does not exist.
    pub home: Option<PathBuf>,
    /// The data folder: `$XDG_DATA_HOME` or `~/.local/share` on Linux.
    pub data_dir: Option<PathBuf>,
    /// The cache folder: `$XDG_CACHE_HOME` or `~/.cache` on Linux.
    pub cache_dir: Option<PathBuf>,
    /// `COMPLETE`: the shell that asks for completion candidates.
    pub complete: Option<String>,
    /// `SPACECTL_COMPLETION_TIMEOUT`: the timeout of services in a completion.
    pub completion_timeout: Option<String>,
    /// `DOCKER_CONFIG`: the folder of docker's configuration instead of `~/.docker`.
    pub docker_config: Option<PathBuf>,
    /// `REGISTRY_AUTH_FILE`: the credentials file of podman and buildah.
    pub registry_auth_file: Option<PathBuf>,
    /// `XDG_RUNTIME_DIR`: the folder of podman's and buildah's credentials until the user logs out.
    pub runtime_dir: Option<PathBuf>,
    /// `https_proxy` or `HTTPS_PROXY`: the proxy to image registries; it may contain a login.
    pub https_proxy: Option<Secret>,
    /// `no_proxy` or `NO_PROXY`: the hosts to reach without the proxy.
    pub no_proxy: Option<String>,
    /// `PATH`: the folders of programs.
    pub path: Option<OsString>,
    /// `VISUAL` or `EDITOR`: the shell command of the user's editor.
    pub editor: Option<OsString>,
    /// `SHELL`: the user's login shell.
    pub shell: Option<PathBuf>,
    /// `ZDOTDIR`: the folder of zsh's files instead of the home folder.
    pub zsh_dir: Option<PathBuf>,
    /// `XDG_CONFIG_HOME`: the folder of programs' configurations instead of `~/.config`.
    pub xdg_config_dir: Option<PathBuf>,
}

impl Variables {
    /// Reads the environment of this process.
    pub fn from_process() -> Self {
        let home = dirs::home_dir();
        // Nobody expects a home folder that is created by a command.
        let missing = home.clone().filter(|home| is_missing(home));
        let existing = |folder: &PathBuf| missing.as_ref().is_none_or(|home| !folder.starts_with(home));
        Self {
            home: home.filter(existing),
            data_dir: dirs::data_dir().filter(existing),
            cache_dir: dirs::cache_dir().filter(existing),
            ..Self::read(|name| std::env::var_os(name))
        }
    }

    fn read(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let set = |name| variable(name).filter(|value| !value.is_empty());
        // A value that is not Unicode has replacement characters, and is refused where it is used.
        let text = |name| set(name).map(|value| value.to_string_lossy().into_owned());
        Self {
            environment: text("SPACECTL_ENVIRONMENT"),
            default_environment: text("SPACECTL_DEFAULT_ENVIRONMENT"),
            api_key: text("SPACECTL_API_KEY").map(Secret::new),
            endpoint: text("SPACECTL_ENDPOINT"),
            domain_id: text("SPACECTL_DOMAIN_ID"),
            workspace_id: text("SPACECTL_WORKSPACE_ID"),
            output: text("SPACECTL_OUTPUT"),
            timeout: text("SPACECTL_TIMEOUT"),
            is_in_manifest: set(IN_MANIFEST).is_some(),
            config_dir: set("SPACECTL_CONFIG_DIR").map(PathBuf::from),
            color: ColorVariables {
                no_color: set("NO_COLOR").is_some(),
                force: set("CLICOLOR_FORCE").is_some_and(|force| force != "0"),
                is_dumb: set("TERM").is_some_and(|terminal| terminal == "dumb"),
            },
            is_utf8: ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(text).is_some_and(|locale| {
                let locale = locale.to_lowercase();
                locale.contains("utf-8") || locale.contains("utf8")
            }),
            home: None,
            data_dir: None,
            cache_dir: None,
            complete: text("COMPLETE"),
            completion_timeout: text("SPACECTL_COMPLETION_TIMEOUT"),
            docker_config: set("DOCKER_CONFIG").map(PathBuf::from),
            registry_auth_file: set("REGISTRY_AUTH_FILE").map(PathBuf::from),
            runtime_dir: set("XDG_RUNTIME_DIR").map(PathBuf::from),
            // Lower case first, as in curl.
            https_proxy: text("https_proxy").or_else(|| text("HTTPS_PROXY")).map(Secret::new),
            no_proxy: text("no_proxy").or_else(|| text("NO_PROXY")),
            path: set("PATH"),
            editor: set("VISUAL").or_else(|| set("EDITOR")),
            shell: set("SHELL").map(PathBuf::from),
            zsh_dir: set("ZDOTDIR").map(PathBuf::from),
            xdg_config_dir: set("XDG_CONFIG_HOME").map(PathBuf::from),
        }
    }

    /// The credentials files of docker, then of podman and buildah, by precedence; they need not exist.
    pub fn registry_logins(&self) -> Vec<PathBuf> {
        let in_home = |path: &str| self.home.as_ref().map(|home| home.join(path));
        let docker = self.docker_config.clone().or_else(|| in_home(".docker"));
        // containers-auth.json(5): the variable replaces the folders, of which the second outlives a session. A
        // container often has no session: the file is in a folder named by the user's id.
        let containers = match &self.registry_auth_file {
            Some(file) => vec![file.clone()],
            None => {
                let folder = match &self.runtime_dir {
                    Some(folder) => folder.join("containers"),
                    None => Path::new("/run/containers").join(getuid().to_string()),
                };
                [folder.join("auth.json")].into_iter().chain(in_home(".config/containers/auth.json")).collect()
            }
        };
        docker.map(|folder| folder.join("config.json")).into_iter().chain(containers).collect()
    }

    /// The folder of programs' configurations, also where the system's own convention is another: shells follow XDG
    /// everywhere. A relative path counts as unset (XDG Base Directory Specification).
    pub fn xdg_config_home(&self) -> Option<PathBuf> {
        let set = self.xdg_config_dir.clone().filter(|folder| folder.is_absolute());
        set.or_else(|| Some(self.home.as_ref()?.join(".config")))
    }

    /// The folders of programs, in their order.
    pub fn program_folders(&self) -> Vec<PathBuf> {
        self.path.as_ref().map(|path| std::env::split_paths(path).collect()).unwrap_or_default()
    }

    /// The embedded Repository service's database file.
    pub fn repository_database(&self) -> Result<PathBuf> {
        let data = self.data_dir.as_ref().ok_or_else(|| {
            Error::local("there is no home folder for the embedded Repository's data")
                .hint("set HOME to a folder that exists, or set XDG_DATA_HOME")
        })?;
        Ok(data.join("spacectl").join("repository.db"))
    }
}

/// Whether no folder is at `path`; one that cannot be reached may exist.
fn is_missing(path: &Path) -> bool {
    match std::fs::metadata(path) {
        Ok(metadata) => !metadata.is_dir(),
        Err(error) => matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_variable_counts_as_unset() {
        let variables = Variables::read(|_| Some(OsString::new()));
        assert_eq!(variables.environment, None);
        assert_eq!(variables.default_environment, None);
        assert_eq!(variables.api_key, None);
        assert_eq!(variables.config_dir, None);
        assert_eq!((&variables.endpoint, &variables.domain_id, &variables.workspace_id), (&None, &None, &None));
        assert_eq!((&variables.output, &variables.timeout, &variables.editor), (&None, &None, &None));
        assert_eq!(variables.color, ColorVariables::default());
        assert!(!variables.is_utf8);
        assert_eq!(variables.complete, None);
    }

    #[test]
    fn the_first_variable_of_the_locale_decides() {
        let is_utf8 = |set: &[(&str, &str)]| {
            Variables::read(|name| set.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into())).is_utf8
        };
        assert!(is_utf8(&[("LANG", "ko_KR.UTF-8")]) && is_utf8(&[("LC_ALL", "C.utf8"), ("LANG", "C")]));
        assert!(!is_utf8(&[]) && !is_utf8(&[("LC_ALL", "POSIX"), ("LANG", "ko_KR.UTF-8")]));
        assert!(is_utf8(&[("LC_ALL", ""), ("LC_CTYPE", "C.UTF-8"), ("LANG", "C")]));
    }

    #[test]
    fn each_variable_has_its_place() {
        let variables = Variables::read(|name| Some(name.into()));
        assert_eq!(variables.environment.as_deref(), Some("SPACECTL_ENVIRONMENT"));
        assert_eq!(variables.default_environment.as_deref(), Some("SPACECTL_DEFAULT_ENVIRONMENT"));
        assert_eq!(variables.api_key, Some(Secret::new("SPACECTL_API_KEY")));
        assert_eq!(variables.endpoint.as_deref(), Some("SPACECTL_ENDPOINT"));
        assert_eq!(variables.domain_id.as_deref(), Some("SPACECTL_DOMAIN_ID"));
        assert_eq!(variables.workspace_id.as_deref(), Some("SPACECTL_WORKSPACE_ID"));
        assert_eq!(variables.output.as_deref(), Some("SPACECTL_OUTPUT"));
        assert_eq!(variables.timeout.as_deref(), Some("SPACECTL_TIMEOUT"));
        assert_eq!(variables.config_dir, Some(PathBuf::from("SPACECTL_CONFIG_DIR")));
        assert!(variables.color.no_color && variables.color.force && !variables.color.is_dumb);
        assert_eq!(variables.complete.as_deref(), Some("COMPLETE"));
        assert_eq!(variables.completion_timeout.as_deref(), Some("SPACECTL_COMPLETION_TIMEOUT"));
        assert_eq!(variables.docker_config, Some(PathBuf::from("DOCKER_CONFIG")));
        assert_eq!(variables.registry_auth_file, Some(PathBuf::from("REGISTRY_AUTH_FILE")));
        assert_eq!(variables.runtime_dir, Some(PathBuf::from("XDG_RUNTIME_DIR")));
        assert_eq!(variables.https_proxy, Some(Secret::new("https_proxy")));
        assert_eq!(variables.no_proxy.as_deref(), Some("no_proxy"));
        assert_eq!(variables.program_folders(), [PathBuf::from("PATH")]);
        assert_eq!(variables.editor, Some("VISUAL".into()));
        assert_eq!(variables.shell, Some(PathBuf::from("SHELL")));
        assert_eq!(variables.zsh_dir, Some(PathBuf::from("ZDOTDIR")));
        assert_eq!(variables.xdg_config_home(), None, "relative");
        let capitals = Variables::read(|name| name.ends_with("_PROXY").then(|| name.into()));
        assert_eq!(capitals.https_proxy, Some(Secret::new("HTTPS_PROXY")));
        assert_eq!(capitals.no_proxy.as_deref(), Some("NO_PROXY"));
    }

    #[test]
    fn the_logins_of_docker_outrank_those_of_podman() {
        let home = Variables { home: Some("/home/me".into()), ..Variables::default() };
        let files = |variables: &Variables| {
            variables.registry_logins().iter().map(|path| path.display().to_string()).collect::<Vec<_>>()
        };
        let of_user = format!("/run/containers/{}/auth.json", getuid());
        assert_eq!(
            files(&home),
            ["/home/me/.docker/config.json", &of_user, "/home/me/.config/containers/auth.json"],
            "no session"
        );
        let all = Variables { runtime_dir: Some("/run/user/1".into()), docker_config: Some("/d".into()), ..home };
        assert_eq!(
            files(&all),
            ["/d/config.json", "/run/user/1/containers/auth.json", "/home/me/.config/containers/auth.json"]
        );
        let named = Variables { registry_auth_file: Some("/auth.json".into()), ..all };
        assert_eq!(files(&named), ["/d/config.json", "/auth.json"]);
        assert_eq!(files(&Variables::default()), [of_user]);
    }

    #[test]
    fn a_key_is_not_shown_by_debug() {
        let variables = Variables::read(|_| Some("hunter2".into()));
        let shown = format!("{:?}", variables.api_key);
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn the_database_lies_in_the_data_folder() {
        let variables = Variables { data_dir: Some("/data".into()), ..Variables::default() };
        assert_eq!(variables.repository_database().unwrap(), PathBuf::from("/data/spacectl/repository.db"));
        assert!(Variables::default().repository_database().is_err());
    }
}
