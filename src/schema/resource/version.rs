//! API versions in package names: `v1`, `v2beta1`, `plugin`.

/// The package of the services that plugins serve.
pub const PLUGIN: &str = "plugin";

/// Whether `part` of a name is a version, in any case.
pub fn is_version(part: &str) -> bool {
    let part = part.to_ascii_lowercase();
    part == PLUGIN || parse(&part).is_some()
}

/// The number, stage and stage number of a version: 2, `beta` and 1 of `v2beta1`.
pub(super) fn parse(version: &str) -> Option<(u64, &str, u64)> {
    let rest = version.strip_prefix('v')?;
    let (number, rest) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()));
    let (stage, count) = rest.split_at(rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len()));
    let count = if count.is_empty() { 0 } else { count.parse().ok()? };
    ["", "alpha", "beta"].contains(&stage).then_some((number.parse().ok()?, stage, count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_told_from_resources() {
        for version in ["v1", "V2", "v10", "v2beta1", "v1alpha", "plugin", "Plugin"] {
            assert!(is_version(version), "{version}");
        }
        for other in ["", "v", "vx", "User", "v1x", "volume", "2", "v99999999999999999999"] {
            assert!(!is_version(other), "{other}");
        }
        assert_eq!(parse("v2beta1"), Some((2, "beta", 1)));
    }
}
