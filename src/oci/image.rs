//! What the name of an image and a tag may be.
//!
//! A name's rules are those of `plugin_image`; a tag is `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}` in the distribution
//! specification.

use crate::error::parse_error::ParseError;
use crate::oci::plugin_image::{ImagePathError, MAX_PATH, check_path, split_host};

const MAX_TAG: usize = 128;

/// Checks the name of an image within its registry, such as `cloudforet/plugin-example`.
///
/// # Errors
/// It holds a tag, a digest or a registry's host, or is no name.
pub fn check_image(image: &str) -> Result<(), ParseError> {
    let refuse = |why: &str| ParseError::new(format!("`{image}` is no image: {why}"));
    if image.is_empty() {
        return Err(ParseError::new("the image has no name").hint("write it as OWNER/NAME: cloudforet/plugin-example"));
    }
    if image.contains("://") {
        return Err(refuse("it is a URL").hint("write OWNER/NAME alone: the registry is said apart from it"));
    }
    if let Some((name, _)) = image.split_once('@') {
        return Err(refuse("it has a digest").hint(format!("write `{name}`")));
    }
    if let Some((_, name)) = split_host(image) {
        return Err(refuse("it begins with a registry's host").hint(format!(
            "write `{name}`: the registry is said apart from it, by registry_type and registry_config"
        )));
    }
    if let Some((name, tag)) = image.rsplit_once(':') {
        return Err(refuse(&format!("it has the tag `{tag}`")).hint(format!("write `{name}`")));
    }
    check_path(image).map_err(|fault| match fault {
        ImagePathError::Length => refuse(&format!("it has more than {MAX_PATH} characters")),
        ImagePathError::Capitals => refuse("it has capital letters")
            .hint(format!("registries take lower case only: `{}`", image.to_ascii_lowercase())),
        ImagePathError::Form => {
            refuse("it is not made of lower-case letters, digits and single `.`, `_` or `-` between them")
                .hint("write it as OWNER/NAME: cloudforet/plugin-example")
        }
    })
}

/// Checks a tag, such as `1.2.0`.
///
/// # Errors
/// It is none.
pub fn check_tag(tag: &str) -> Result<(), ParseError> {
    let refuse = |why: &str| {
        ParseError::new(format!("`{tag}` is no tag: {why}")).hint("a tag reads as 1.2.0, v1.2.0-rc.1 or latest")
    };
    if tag.is_empty() {
        return Err(refuse("it is empty"));
    }
    if tag.len() > MAX_TAG {
        return Err(refuse(&format!("it has more than {MAX_TAG} characters")));
    }
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if !tag.bytes().all(|byte| is_word(byte) || matches!(byte, b'.' | b'-')) {
        return Err(refuse("it may hold ASCII letters, digits, `_`, `.` and `-` only"));
    }
    if !tag.bytes().next().is_some_and(is_word) {
        return Err(refuse("it must begin with a letter, a digit or `_`"));
    }
    Ok(())
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
