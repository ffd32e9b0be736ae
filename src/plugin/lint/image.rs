//! Rules `image-*`: images that the service and registries accept.

use super::checker::Checker;
use super::finding::Violation;
use super::placeholder;
use super::rule::Rule;
use crate::oci::plugin_image::{ImagePathError, MAX_LENGTH, MAX_PATH, check_path, name_of, split_host};

pub fn check(checker: &mut Checker<'_>) {
    let Some(image) = checker.document.text("image").filter(|image| !image.is_empty()) else { return };
    let registry_type = checker.document.text("registry_type").unwrap_or_default();
    for (rule, message, hint) in faults(image, registry_type) {
        checker.report(Violation::in_field(rule, "image", message).hint(hint));
    }
}

/// The rules that an image breaks, each with its message and hint.
pub fn faults(image: &str, registry_type: &str) -> Vec<(Rule, String, String)> {
    let mut found: Vec<(Rule, String, String)> = Vec::new();
    let mut add = |rule, message: &str, hint: String| found.push((rule, message.to_owned(), hint));
    let (bare, digest) = image.split_once('@').map_or((image, None), |(bare, digest)| (bare, Some(digest)));
    let (host, rest) = split_host(bare).map_or((None, bare), |(host, rest)| (Some(host), rest));
    if let Some(host) = host {
        let hint = format!("remove {host}/: registry_type and registry_config select the registry");
        add(Rule::ImageRegistry, "it begins with a registry host", hint);
    }
    let (path, tag) = match rest.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => (path, Some(tag)),
        _ => (rest, None),
    };
    let name = name_of(path);
    let length = name.chars().count();
    if length > MAX_LENGTH {
        let message = format!("{name} has {length} characters, more than {MAX_LENGTH}");
        add(Rule::ImageName, &message, "shorten the part after the last `/`".to_owned());
    }
    if name.is_empty() {
        add(Rule::ImageName, "it has no name after the last `/`", "add the name of the image there".to_owned());
    }
    if let Some(other) = name.chars().find(|c| !c.is_ascii_alphanumeric() && *c != '-') {
        let message = format!("`{other}` in {name}: a name has only letters, digits and `-`");
        let proposed: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        add(Rule::ImageName, &message, format!("rename the image, e.g. to {}", proposed.trim_matches('-')));
    }
    if let Some(tag) = tag {
        let hint = format!("remove :{tag}: users of the plugin choose the version");
        add(Rule::ImageTag, &format!("it includes the tag `:{tag}`"), hint);
    }
    if digest.is_some() {
        add(Rule::ImageTag, "it includes a digest", "remove the `@` and everything after it".to_owned());
    }
    let has_other_faults = placeholder::is_in(image) || found.iter().any(|(rule, ..)| *rule == Rule::ImageName);
    if !has_other_faults && let Some((message, hint)) = registry_fault(path, registry_type) {
        found.push((Rule::ImageReference, message, hint));
    }
    found
}

/// Why no registry can have an image of this path.
fn registry_fault(path: &str, registry_type: &str) -> Option<(String, String)> {
    let has_namespaces = matches!(registry_type, "" | "NONE_REGISTRY_TYPE" | "DOCKER_HUB" | "GITHUB");
    let (message, hint) = match check_path(path) {
        Err(ImagePathError::Length) => {
            let message = format!("registries accept at most {MAX_PATH} characters");
            return Some((message, "shorten the part before the last `/`".to_owned()));
        }
        Err(ImagePathError::Capitals) => {
            ("registries accept no upper-case letters in an image's name", path.to_ascii_lowercase())
        }
        Err(ImagePathError::Form) => (
            "registries accept lower-case letters and digits, with single `.`, `_` or `-` between them",
            "acme/plugin-slack".to_owned(),
        ),
        Ok(()) if has_namespaces && !path.contains('/') => {
            ("this registry requires a namespace", format!("acme/{path}"))
        }
        Ok(()) => return None,
    };
    Some((message.to_owned(), format!("write it as {hint}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oci;
    use crate::oci::plugin_image;
    use crate::plugin::lint::Severity;

    fn rules(image: &str) -> Vec<&'static str> {
        faults(image, "").into_iter().map(|(rule, ..)| rule.name()).collect()
    }

    #[test]
    fn each_part_of_an_image_has_its_rule() {
        for (image, expected) in [
            ("acme/plugin-slack", &[][..]),
            ("acme/team/plugin-slack", &[]),
            ("pyengine/plugin-slack_settings", &["image-name"]),
            ("acme/plugin-slack:latest", &["image-tag"]),
            ("acme/plugin-slack@sha256:0123", &["image-tag"]),
            ("acme/plugin-slack:1.0@sha256:0123", &["image-tag", "image-tag"]),
            ("ghcr.io/acme/plugin-slack", &["image-registry"]),
            ("localhost:5000/acme/plugin-slack:1.0", &["image-registry", "image-tag"]),
            ("acme/", &["image-name"]),
            ("Acme/Plugin", &["image-reference"]),
            ("acme//plugin", &["image-reference"]),
            ("acme/-plugin", &["image-reference"]),
            ("a/b..c/x", &["image-reference"]),
            ("a/b___c/x", &["image-reference"]),
            ("../x", &["image-reference"]),
            ("a/한글/x", &["image-reference"]),
            ("a/b__c.d---e/x", &[]),
            ("plugin-slack", &["image-reference"]),
            ("YOUR-NAMESPACE/plugin-slack", &[]),
            ("<namespace>/plugin-slack", &[]),
            ("acme/플러그인", &["image-name"]),
            ("acme/plugin slack", &["image-name"]),
        ] {
            assert_eq!(rules(image), expected, "{image}");
        }
        assert!(faults("plugin-slack", "AWS_PRIVATE_ECR").is_empty(), "a private registry needs no namespace");
    }

    #[test]
    fn length_counts_behind_the_last_slash() {
        let name = "x".repeat(MAX_LENGTH);
        assert!(rules(&format!("acme/{name}")).is_empty());
        assert_eq!(rules(&format!("acme/{name}x")), ["image-name"]);
    }

    #[test]
    fn what_cannot_be_pushed_is_told_before() {
        let long = format!("{}x", "a/".repeat(130));
        for image in ["acme/plugin-slack", "a/b..c/x", "a/b_c/x", "a/b___c/x", "../x", "a.b/c/x", "A/x", "a:1", &long] {
            assert_eq!(faults(image, "HARBOR").is_empty(), oci::check_image(image).is_ok(), "{image}");
        }
    }

    /// Who decides in the end is the service's own rule.
    #[test]
    fn what_the_service_refuses_is_an_error_here() {
        for image in ["a/b_c", "a/b:1", "a/b@c", "a/", "a/b c", "a/é", "x/.y", &format!("a/{}", "x".repeat(49))] {
            assert!(plugin_image::check(image).is_err());
            assert!(faults(image, "").iter().any(|(rule, ..)| rule.severity() == Severity::Error), "{image}");
        }
    }
}
