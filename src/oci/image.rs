//! Checks image names and tags by the distribution specification.

use super::plugin_image::{ImagePathError, MAX_PATH, check_path, split_host};
use crate::error::parse_error::ParseError;

const MAX_TAG: usize = 128;

/// Checks the name of an image in its registry, such as `cloudforet/plugin-example`.
///
/// # Errors
/// It has a tag, a digest or a registry's host, or is not a valid name.
pub fn check_image(image: &str) -> Result<(), ParseError> {
    const FORM: &str = "write it as OWNER/NAME: cloudforet/plugin-example";
    let invalid = |cause: &str| ParseError::new(format!("`{image}` is not a valid image name: {cause}"));
    if image.is_empty() {
        return Err(ParseError::new("the image has no name").hint(FORM));
    }
    if image.contains("://") {
        return Err(
            invalid("it is a URL").hint("write OWNER/NAME alone: registry_type and registry_config set the registry")
        );
    }
    if let Some((name, _)) = image.split_once('@') {
        return Err(invalid("it has a digest").hint(format!("write `{name}`")));
    }
    if let Some((_, name)) = split_host(image) {
        return Err(invalid("it begins with a registry's host")
            .hint(format!("write `{name}`: registry_type and registry_config set the registry")));
    }
    if let Some((name, tag)) = image.rsplit_once(':') {
        return Err(invalid(&format!("it has the tag `{tag}`")).hint(format!("write `{name}`")));
    }
    check_path(image).map_err(|error| match error {
        ImagePathError::Length => invalid(&format!("it has more than {MAX_PATH} characters")),
        ImagePathError::Capitals => invalid("it has capital letters")
            .hint(format!("use lower case, as registries require: `{}`", image.to_ascii_lowercase())),
        ImagePathError::Form => {
            invalid("use lower-case letters and digits, with single `.`, `_` or `-` between them").hint(FORM)
        }
    })
}

/// Checks a tag, such as `1.2.0`: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`.
///
/// # Errors
/// It is not valid.
pub fn check_tag(tag: &str) -> Result<(), ParseError> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let cause = match tag.bytes().next() {
        None => "it is empty",
        Some(_) if tag.len() > MAX_TAG => "it has more than 128 characters",
        Some(_) if !tag.bytes().all(|byte| is_word(byte) || matches!(byte, b'.' | b'-')) => {
            "use letters, digits, `_`, `.` and `-`"
        }
        Some(first) if !is_word(first) => "begin with a letter, a digit or `_`",
        Some(_) => return Ok(()),
    };
    Err(ParseError::new(format!("invalid tag `{tag}`: {cause}")).hint("write it as 1.2.0, v1.2.0-rc.1 or latest"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_specification() {
        for image in ["plugin-a", "cloudforet/plugin-a", "a/b/c", "x/a.b_c__d---e/f0"] {
            assert_eq!(check_image(image), Ok(()), "{image}");
        }
        for (image, part) in [
            ("", "no name"),
            ("a/b:1.0", "write `a/b`"),
            ("a/b@sha256:0", "write `a/b`"),
            ("docker.io/a/b", "write `a/b`"),
            ("localhost/b", "write `b`"),
            ("127.0.0.1:5000/x/b", "write `x/b`"),
            ("https://ghcr.io/a/b", "URL"),
            ("Cloudforet/B", "`cloudforet/b`"),
            ("a//b", "OWNER/NAME"),
            ("/a", "OWNER/NAME"),
            ("a/", "OWNER/NAME"),
            ("a/.b", "OWNER/NAME"),
            ("a/b___c", "OWNER/NAME"),
            ("a/b..c", "OWNER/NAME"),
            ("a/b c", "OWNER/NAME"),
            ("a/한글", "OWNER/NAME"),
            ("a/b?x", "OWNER/NAME"),
            ("../../etc", "OWNER/NAME"),
        ] {
            let error = check_image(image).unwrap_err().into_local().to_string();
            assert!(error.contains(part), "{image}: {error}");
        }
        assert!(check_image(&"a".repeat(256)).is_err());
    }

    #[test]
    fn tags_are_those_of_the_specification() {
        for tag in ["1.2.0", "latest", "_x", "v1-rc.1", &"a".repeat(128)] {
            assert_eq!(check_tag(tag), Ok(()), "{tag}");
        }
        for tag in ["", ".a", "-a", "a/b", "a b", "a:b", "é", "a+b", &"a".repeat(129)] {
            assert!(check_tag(tag).is_err(), "{tag}");
        }
    }
}
