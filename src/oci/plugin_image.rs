//! The rules for the image name of a plugin.
//!
//! Current Repository services have rules for its last part ([`check`]); 1.8.1 allowed 40 characters, earlier ones any.
//! Registries have rules for the whole path ([`check_path`]), by the distribution specification: each part between
//! slashes matches `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`.

/// The longest image name, in characters.
pub const MAX_LENGTH: usize = 48;

/// Why a current Repository service rejects an image name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageNameError {
    /// Other characters than ASCII letters, digits and `-`.
    Character,
    /// More than [`MAX_LENGTH`] characters.
    Length,
}

/// The longest path in a registry, in characters: docker's own limit, host included.
pub const MAX_PATH: usize = 255;

/// Why registries reject a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImagePathError {
    /// More than [`MAX_PATH`] characters.
    Length,
    /// Upper-case ASCII letters.
    Capitals,
    /// Any other difference from the specification.
    Form,
}

/// Splits the registry's host off `image`, by docker's rule.
pub fn split_host(image: &str) -> Option<(&str, &str)> {
    image.split_once('/').filter(|(first, _)| {
        let begins_as_host = first.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[');
        *first == "localhost" || (begins_as_host && first.contains(['.', ':']))
    })
}

/// Checks the path of an image in its registry, without a tag.
///
/// # Errors
/// Registries reject it.
pub fn check_path(path: &str) -> Result<(), ImagePathError> {
    if path.len() > MAX_PATH {
        return Err(ImagePathError::Length);
    }
    if path.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(ImagePathError::Capitals);
    }
    if path.split('/').all(is_component) { Ok(()) } else { Err(ImagePathError::Form) }
}

fn is_component(text: &str) -> bool {
    let is_word = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    let mut separators = bytes.split(is_word).filter(|separator| !separator.is_empty());
    is_word(first)
        && is_word(last)
        && separators
            .all(|separator| matches!(separator, b"." | b"_" | b"__") || separator.iter().all(|byte| *byte == b'-'))
}

/// The part of `image` after its last `/`: the default plugin_id.
pub fn name_of(image: &str) -> &str {
    image.rsplit('/').next().unwrap_or(image)
}

/// Checks the name part of `image` in the service's order: length first.
///
/// # Errors
/// A current service rejects it.
pub fn check(image: &str) -> Result<(), ImageNameError> {
    let name = name_of(image);
    if name.chars().count() > MAX_LENGTH {
        return Err(ImageNameError::Length);
    }
    if name.is_empty() || name.chars().any(|c| !c.is_ascii_alphanumeric() && c != '-') {
        return Err(ImageNameError::Character);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_part_behind_the_last_slash_counts() {
        assert_eq!(name_of("ghcr.io/a_b/plugin-x"), "plugin-x");
        assert_eq!(check("a_b/plugin-x"), Ok(()));
    }

    #[test]
    fn length_is_looked_at_before_characters() {
        let long = format!("a/{}_", "x".repeat(MAX_LENGTH));
        assert_eq!(check(&long), Err(ImageNameError::Length));
        assert_eq!(check("a/plugin_b"), Err(ImageNameError::Character));
        assert_eq!(check(&"x".repeat(MAX_LENGTH)), Ok(()));
    }
}
