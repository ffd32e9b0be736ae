//! Which of an image's tags are versions.

/// Whether a tag reads as a version: numbers split by dots, a `v` before them at most, and behind them what marks a
/// version that is not final or how it was built, as in `1.2.0-rc.1` or `1.0+7f3a`. `latest`, `main` and a commit's hash
/// do not; nor does a number alone, which can be a date, a build or the hash again.
pub fn is_version(tag: &str) -> bool {
    let numbers = tag.strip_prefix(['v', 'V']).unwrap_or(tag);
    let (core, rest) = match numbers.find(|c: char| !c.is_ascii_digit() && c != '.') {
        Some(end) => numbers.split_at(end),
        None => (numbers, ""),
    };
    let is_number = |part: &str| !part.is_empty();
    let parts = core.split('.').count();
    // `1.2.0rc1` is how Python writes it, and `.dev1` begins with a dot that the numbers have taken.
    let core = if rest.is_empty() { core } else { core.strip_suffix('.').unwrap_or(core) };
    let is_marked = rest.is_empty()
        || rest.starts_with(['-', '_', '+'])
        || ["a", "b", "rc", "dev", "post"].iter().any(|mark| marks(rest, mark));
    parts > 1 && core.contains('.') && core.split('.').all(is_number) && is_marked
}

/// Whether `rest` is `mark` with a number behind it.
fn marks(rest: &str, mark: &str) -> bool {
    rest.strip_prefix(mark).is_some_and(|number| !number.is_empty() && number.chars().all(|c| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::is_version;

    #[test]
    fn what_reads_as_a_version() {
        for tag in ["1.2.0", "1.0", "v2.0", "1.2.3.4", "1.2.0-rc.1", "1.0+7f3a", "1.2.0rc1", "1.2.0.dev3", "2024.11.05"]
        {
            assert!(is_version(tag), "{tag}");
        }
        for tag in [
            "",
            "latest",
            "main",
            "v",
            "1",
            "20241105",
            "7f3a9c1",
            "1.x",
            "1..2",
            ".1.2",
            "1.2.",
            "1.2.0final",
            "v.1.2",
        ] {
            assert!(!is_version(tag), "{tag}");
        }
    }
}
