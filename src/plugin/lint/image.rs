//! The image's name: what the Repository service asks of it, and what registries do.

use super::finding::Severity::{self, Error, Warning};
use super::placeholder;
use super::rule::Rule;
use super::spec::{Found, Sink};
use crate::oci::plugin_image::{ImagePathError, MAX_LENGTH, MAX_PATH, check_path, name_of, split_host};

pub fn check(sink: &mut Sink<'_>) {
    let Some(image) = sink.document.text("image").filter(|image| !image.is_empty()) else { return };
    let registry_type = sink.document.text("registry_type").unwrap_or_default();
    for (rule, severity, message, hint) in faults(image, registry_type) {
        sink.add(Found::in_field(rule, severity, "image", message).hint(hint));
    }
}

type Told = (Rule, Severity, String, String);

/// All that is wrong with an image, in the order in which it is written.
pub fn faults(image: &str, registry_type: &str) -> Vec<Told> {
    let mut found: Vec<Told> = Vec::new();
    let mut add = |rule, severity, message: String, hint: String| found.push((rule, severity, message, hint));
    let (bare, digest) = image.split_once('@').map_or((image, None), |(bare, digest)| (bare, Some(digest)));
    let (host, rest) = split_host(bare).map_or((None, bare), |(host, rest)| (Some(host), rest));
    if let Some(host) = host {
        let hint = format!("leave out {host}/: registry_type and registry_config say where the image is");
        add(Rule::ImageRegistry, Error, "an image is named without its registry's host".to_owned(), hint);
    }
    let (path, tag) = match rest.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => (path, Some(tag)),
        _ => (rest, None),
    };
    let name = name_of(path);
    let length = name.chars().count();
    if length > MAX_LENGTH {
        let message = format!("{name} has {length} characters, and a name at most {MAX_LENGTH}");
        add(Rule::ImageName, Error, message, "shorten what stands behind the last `/`".to_owned());
    }
    if name.is_empty() {
        add(Rule::ImageName, Error, "no name behind the last `/`".to_owned(), "name the image there".to_owned());
    }
    let mut others: Vec<char> = name.chars().filter(|c| !c.is_ascii_alphanumeric() && *c != '-').collect();
    others.dedup();
    if let Some(other) = others.first() {
        let message = format!("`{other}` in {name}: a name has letters, digits and `-` only");
        let proposed: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        add(Rule::ImageName, Error, message, format!("name the image {}, say", proposed.trim_matches('-')));
    }
    if let Some(tag) = tag {
        let message = format!("an image is named without a tag, and `:{tag}` is one");
        add(Rule::ImageTag, Error, message, format!("leave out :{tag}: a version is chosen where a plugin is used"));
    }
    if digest.is_some() {
        let hint = "leave out the `@` and what follows it".to_owned();
        add(Rule::ImageTag, Error, "an image is named without a digest".to_owned(), hint);
    }
    let is_mended_first = placeholder::is_in(image) || found.iter().any(|(rule, ..)| *rule == Rule::ImageName);
    if !is_mended_first && let Some((message, hint)) = not_for_registries(path, registry_type) {
        found.push((Rule::ImageReference, Warning, message, hint));
    }
    found
}

/// Why no registry has an image of this path, though the service would ask for it.
fn not_for_registries(path: &str, registry_type: &str) -> Option<(String, String)> {
    match check_path(path) {
        Err(ImagePathError::Length) => {
            let message = format!("registries take {MAX_PATH} characters at most");
            return Some((message, "shorten what stands before the last `/`".to_owned()));
        }
        Err(ImagePathError::Capitals) => {
            let message = "registries take no upper-case letters in an image's name";
            return Some((message.to_owned(), format!("write {}", path.to_ascii_lowercase())));
        }
        Err(ImagePathError::Form) => {
            let message = "registries take lower-case letters and digits, with single `.`, `_` or `-` between them";
            return Some((message.to_owned(), "write it as acme/plugin-slack".to_owned()));
        }
        Ok(()) => {}
    }
    let has_namespaces = matches!(registry_type, "" | "NONE_REGISTRY_TYPE" | "DOCKER_HUB" | "GITHUB");
    if has_namespaces && !path.contains('/') {
        let message = "this registry has images below a namespace only";
        return Some((message.to_owned(), format!("write it as acme/{path}")));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oci;
    use crate::oci::plugin_image;

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
            assert!(faults(image, "").iter().any(|(_, severity, ..)| *severity == Error), "{image}");
        }
    }
}
