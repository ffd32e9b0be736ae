//! What current Repository services ask of a plugin's image name. The first ones asked nothing, and 1.8.1 for 40 characters
//! at most.

/// The longest image name that is accepted, in characters.
pub const MAX_LENGTH: usize = 48;

/// Why a current Repository service refuses an image name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Something else than ASCII letters, digits and `-`.
    Character,
    /// More than [`MAX_LENGTH`] characters.
    Length,
}

/// The part of `image` behind its last `/`: the plugin's id where none is given.
pub fn name_of(image: &str) -> &str {
    image.rsplit('/').next().unwrap_or(image)
}

/// Checks the name part of `image` in the order in which the service does: length first.
pub fn check(image: &str) -> Result<(), Fault> {
    let name = name_of(image);
    if name.chars().count() > MAX_LENGTH {
        return Err(Fault::Length);
    }
    if name.is_empty() || name.chars().any(|c| !c.is_ascii_alphanumeric() && c != '-') {
        return Err(Fault::Character);
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
        assert_eq!(check(&long), Err(Fault::Length));
        assert_eq!(check("a/plugin_b"), Err(Fault::Character));
        assert_eq!(check(&"x".repeat(MAX_LENGTH)), Ok(()));
    }
}
