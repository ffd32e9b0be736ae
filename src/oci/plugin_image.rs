//! What a plugin's image may be called.
//!
//! Current Repository services ask something of its name ([`check`]): the first ones asked nothing, and 1.8.1 for 40
//! characters at most. Registries ask something of its whole path ([`check_path`]), by the distribution specification: it
//! matches `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*` between its slashes.

/// The longest image name that is accepted, in characters.
pub const MAX_LENGTH: usize = 48;

/// Why a current Repository service refuses an image name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageNameError {
    /// Something else than ASCII letters, digits and `-`.
    Character,
    /// More than [`MAX_LENGTH`] characters.
    Length,
}

/// The longest path that registries take, in characters. Docker's own limit, host included.
pub const MAX_PATH: usize = 255;

/// Why no registry has an image of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImagePathError {
    /// More than [`MAX_PATH`] characters.
    Length,
    /// Upper-case letters of ASCII.
    Capitals,
    /// It is not made as the specification says.
    Form,
}

/// The registry's host that `image` begins with, and what stands behind it; by the rule that docker has for it.
pub fn split_host(image: &str) -> Option<(&str, &str)> {
    image.split_once('/').filter(|(first, _)| {
        let begins_as_host = first.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[');
        *first == "localhost" || (begins_as_host && first.contains(['.', ':']))
    })
}

/// Checks the name of an image within its registry, without a tag.
///
/// # Errors
/// No registry has one of that name; with why.
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
    // Groups of separators stand between words.
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    is_word(first)
        && is_word(last)
        && bytes
            .split(is_word)
            .filter(|gap| !gap.is_empty())
            .all(|gap| matches!(gap, b"." | b"_" | b"__") || gap.iter().all(|byte| *byte == b'-'))
}

/// The part of `image` behind its last `/`: the plugin's id where none is given.
pub fn name_of(image: &str) -> &str {
    image.rsplit('/').next().unwrap_or(image)
}

/// Checks the name part of `image` in the order in which the service does: length first.
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
