//! The image registry that the built-in environment's Repository service asks.

use super::{ConfigDir, EnvironmentName, Variables};
use crate::error::Result;
use crate::oci::RegistryUrl;

/// The `registry` of `environments/local.yml`, if that file leaves the environment built in.
pub fn registry_of_built_in(variables: &Variables) -> Result<Option<RegistryUrl>> {
    // Without a folder there cannot be a file.
    let Ok(dir) = ConfigDir::locate(variables) else { return Ok(None) };
    match dir.find_built_in()?.0.filter(|environment| !environment.has_endpoints()) {
        Some(environment) => {
            environment.registry().map_err(|error| error.context(dir.file_of(&EnvironmentName::built_in()).display()))
        }
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Environment;

    fn environment(text: &str) -> Environment {
        Environment::parse(text.as_bytes(), "local.yml").unwrap()
    }

    #[test]
    fn a_registry_is_checked_where_it_is_set_and_where_it_is_read() {
        let mut set = environment("token: t\n");
        assert_eq!(set.registry().unwrap(), None);
        set.set("registry", " 127.0.0.1:5000/team/ ").unwrap();
        assert_eq!(set.to_yaml(), "token: t\nregistry: http://127.0.0.1:5000/team\n");
        assert_eq!(set.registry().unwrap().unwrap().to_string(), "http://127.0.0.1:5000/team");
        for text in ["http://registry.example.com", "", "h?x"] {
            assert_eq!(set.set("registry", text).unwrap_err().exit_code(), 2, "{text}");
        }
        for (text, said) in [
            ("registry: 5000", "`registry` must be text, and is a number"),
            ("registry: 'http://h'", "`registry`: `http://h` is not a valid registry address"),
            ("registry: 'me:hunter2@h'", "`registry`: a registry's address cannot have a user"),
        ] {
            let error = environment(text).check().unwrap_err();
            assert!(error.problems()[0].message.starts_with(said), "{error}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn the_built_in_environment_stays_so_with_a_registry_and_gives_way_to_endpoints() {
        let home = tempfile::tempdir().unwrap();
        let variables = Variables { home: Some(home.path().into()), ..Variables::default() };
        let read = || registry_of_built_in(&variables).map(|url| url.map(|url| url.to_string()));
        assert_eq!(read().unwrap(), None);
        let dir = ConfigDir::new(home.path().join(".spaceone"));
        let name = EnvironmentName::built_in();
        dir.update(&name, |environment| environment.set("registry", "localhost:5000")).unwrap();
        assert_eq!(read().unwrap().as_deref(), Some("http://localhost:5000"));
        dir.save(&name, &environment("registry: ghcr.io\nendpoints: {repository: 'grpc://h:1'}")).unwrap();
        assert_eq!(read().unwrap(), None);
        dir.save(&name, &environment("registry: 'http://ghcr.io'")).unwrap();
        let error = read().unwrap_err().to_string();
        assert!(error.contains("local.yml: `registry`"), "{error}");
    }
}
