//! Which tags are versions, and their order.
//!
//! The real service sorts with Python's `StrictVersion` for Harbor (1.x) and `packaging.version` later. Neither the
//! crate semver nor pep440_rs reads both their versions and Semantic Versioning's, as plugins' tags mix them.

/// Sorts `tags` as the real Repository service does: newest version first, then other tags, such as `latest`, in the
/// registry's order.
///
/// A version has numbers between dots, an optional `v` before them, and after them a pre-release (`a1`, `-rc.1`,
/// `.dev3`), a post-release (`.post1`) or build metadata (`+x`).
pub fn newest_first(tags: Vec<String>) -> Vec<String> {
    let mut versions = Vec::new();
    let mut rest = Vec::new();
    for tag in tags {
        match Version::parse(&tag) {
            Some(version) => versions.push((version, tag)),
            None => rest.push(tag),
        }
    }
    versions.sort_by(|(left, _), (right, _)| right.cmp(left));
    versions.into_iter().map(|(_, tag)| tag).chain(rest).collect()
}

/// The newest version among `tags`; a pre-release only if it is the only one.
///
/// Stricter than the order: a version needs a dot and a standard suffix, as in `1.2.0-rc.1` or `1.0+7f3a`. A number
/// alone can be a date, a build or a commit's hash.
pub fn newest(tags: &[String]) -> Option<String> {
    let versions = || newest_first(tags.to_vec()).into_iter().filter_map(|tag| Some((stage_of(&tag)?, tag)));
    let newest_final = versions().find(|(stage, _)| matches!(stage, Stage::Final | Stage::Post));
    newest_final.or_else(|| versions().next()).map(|(_, tag)| tag)
}

/// The stage of a tag that a person would call a version.
fn stage_of(tag: &str) -> Option<Stage> {
    let version = Version::parse(tag)?;
    let (numbers, suffix) = split(tag);
    let is_marked = |mark| suffix.strip_prefix(mark).is_some_and(|text| number(text).is_some());
    let is_standard = suffix.is_empty()
        || suffix.starts_with(['-', '_'])
        || ["a", "b", "rc", "dev", "post"].into_iter().any(is_marked);
    (numbers.contains('.') && is_standard).then_some(version.stage)
}

/// Splits a tag, without its `v` and its build metadata, into numbers with dots and the suffix.
fn split(tag: &str) -> (&str, &str) {
    let text = tag.split_once('+').map_or(tag, |(version, _)| version);
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (numbers, suffix) = text.split_at(end);
    // The dot of ".dev3" belongs to the suffix.
    let numbers = if suffix.is_empty() { numbers } else { numbers.strip_suffix('.').unwrap_or(numbers) };
    (numbers, suffix)
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version {
    /// Without zeros at its end: 1.0 is 1.
    release: Vec<Number>,
    stage: Stage,
    suffix: Vec<SuffixPart>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Dev,
    /// Ordered by its word: `a`, `beta`, `rc` and any other.
    Pre,
    Final,
    Post,
}

/// By Semantic Versioning, numbers come before words.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum SuffixPart {
    Number(Number),
    Word(String),
}

/// The count of digits and the digits, without zeros before them: the order of numbers of any length.
type Number = (usize, String);

fn number(digits: &str) -> Option<Number> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let digits = digits.trim_start_matches('0');
    is_number.then(|| (digits.len(), digits.to_owned()))
}

impl Version {
    fn parse(tag: &str) -> Option<Self> {
        let (numbers, text) = split(tag);
        let mut release = numbers.split('.').map(number).collect::<Option<Vec<_>>>()?;
        while release.len() > 1 && release.last().is_some_and(|(digits, _)| *digits == 0) {
            release.pop();
        }
        let suffix = suffix_parts(text);
        let stage = match suffix.first() {
            None if text.is_empty() => Stage::Final,
            None => return None,
            Some(SuffixPart::Word(word)) if word == "dev" => Stage::Dev,
            Some(SuffixPart::Word(word)) if word == "post" => Stage::Post,
            Some(_) => Stage::Pre,
        };
        Some(Self { release, stage, suffix })
    }
}

/// The words and numbers of a suffix, with the standard name of each kind of pre-release.
fn suffix_parts(suffix: &str) -> Vec<SuffixPart> {
    let runs = suffix.split(|c: char| !c.is_ascii_alphanumeric());
    let parts = runs.flat_map(|run| run.as_bytes().chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit()));
    let parts = parts.map(|part| String::from_utf8_lossy(part).to_ascii_lowercase());
    parts
        .map(|part| match (number(&part), part.as_str()) {
            (Some(number), _) => SuffixPart::Number(number),
            (None, "a") => SuffixPart::Word("alpha".to_owned()),
            (None, "b") => SuffixPart::Word("beta".to_owned()),
            (None, "c" | "pre" | "preview") => SuffixPart::Word("rc".to_owned()),
            (None, "rev" | "r") => SuffixPart::Word("post".to_owned()),
            (None, _) => SuffixPart::Word(part),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sorted(tags: &[&str]) -> Vec<String> {
        newest_first(tags.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn versions_go_by_their_meaning_and_the_rest_stays() {
        assert_eq!(
            sorted(&["latest", "1.9", "1.10.0", "v1.9.1", "1.2", "main", "1.10.0-rc.1", "1.10.0a1", "0.0.9"]),
            ["1.10.0", "1.10.0-rc.1", "1.10.0a1", "v1.9.1", "1.9", "1.2", "0.0.9", "latest", "main"]
        );
        assert_eq!(
            sorted(&["1.0.dev3", "1.0rc1", "1.0b2", "1.0", "1.0.post1", "1.0rc10", "1.0rc9"]),
            ["1.0.post1", "1.0", "1.0rc10", "1.0rc9", "1.0rc1", "1.0b2", "1.0.dev3"]
        );
    }

    #[test]
    fn numbers_have_no_end() {
        let huge = format!("1.{}", "9".repeat(100));
        assert_eq!(sorted(&["1.20260101", &huge, "1.0020260102"]), [&huge, "1.0020260102", "1.20260101"]);
    }

    #[test]
    fn what_is_no_version_is_none() {
        for tag in ["latest", "", "v", ".", "1..2", "1.", "sha-abc", "x1", "1.0-", "버전"] {
            assert_eq!(Version::parse(tag), None, "{tag}");
        }
    }

    fn newest_of(tags: &[&str]) -> Option<String> {
        newest(&tags.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn a_final_version_comes_before_any_that_is_not() {
        for (tags, found) in [
            (&["latest", "1.3.0-rc.1", "1.2.0", "1.10.0", "main"][..], "1.10.0"),
            (&["2.0.dev3", "2.0a1", "1.0.post1", "1.0"], "1.0.post1"),
            (&["1.3.0rc1", "1.3.0-rc.2", "1.3.0b9", "latest"], "1.3.0-rc.2"),
            (&["20241105", "1.0+7f3a"], "1.0+7f3a"),
        ] {
            assert_eq!(newest_of(tags).as_deref(), Some(found));
        }
        assert_eq!(newest_of(&["latest", "main"]), None);
    }

    #[test]
    fn what_reads_as_a_version() {
        for tag in ["1.2.0", "1.0", "v2.0", "1.2.3.4", "1.2.0-rc.1", "1.0+7f3a", "1.2.0rc1", "1.2.0.dev3", "2024.11.05"]
        {
            assert_eq!(newest_of(&[tag]).as_deref(), Some(tag));
        }
        for tag in ["", "v", "1", "20241105", "7f3a9c1", "1.x", "1..2", ".1.2", "1.2.", "1.2.0final", "v.1.2"] {
            assert_eq!(newest_of(&[tag]), None, "{tag}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_lost(tags in proptest::collection::vec("[v0-9.a-c-]{0,8}|\\PC{0,4}", 0..12)) {
            let mut before = tags.clone();
            let mut after = newest_first(tags);
            before.sort();
            after.sort();
            prop_assert_eq!(before, after);
        }
    }
}
