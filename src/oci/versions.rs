//! Which tags are versions, and their order.

use std::cmp::Ordering;

/// Puts `tags` into the order in which the real Repository service answers them: newest version first. Tags that read as
/// no version, such as `latest`, come behind, in the order in which the registry has them.
///
/// The service sorts by a version's meaning, with Python's `StrictVersion` for Harbor (1.x) and `packaging.version` later;
/// what is a version follows those two and Semantic Versioning: numbers between dots with an optional `v` before them,
/// and behind them a pre-release (`a1`, `-rc.1`, `.dev3`), a post-release (`.post1`) or build metadata (`+x`).
pub fn newest_first(tags: Vec<String>) -> Vec<String> {
    let mut versions = Vec::new();
    let mut rest = Vec::new();
    for tag in tags {
        match Version::read(&tag) {
            Some(version) => versions.push((version, tag)),
            None => rest.push(tag),
        }
    }
    versions.sort_by(|(left, _), (right, _)| right.cmp(left));
    versions.into_iter().map(|(_, tag)| tag).chain(rest).collect()
}

/// The newest of the tags that read as a version; one that is not final (`1.3.0-rc.1`) only where no other is.
///
/// This is stricter than the order needs: numbers split by dots, a `v` before them at most, and behind them what marks a
/// version that is not final or how it was built, as in `1.2.0-rc.1` or `1.0+7f3a`. `latest`, `main` and a commit's hash
/// are none; nor is a number alone, which can be a date, a build or the hash again.
pub fn newest(tags: &[String]) -> Option<String> {
    let versions = || newest_first(tags.to_vec()).into_iter().filter_map(|tag| Some((stage_of(&tag)?, tag)));
    let is_final = |stage: Stage| matches!(stage, Stage::Final | Stage::Post);
    let newest_final = versions().find(|(stage, _)| is_final(*stage));
    newest_final.or_else(|| versions().next()).map(|(_, tag)| tag)
}

/// The stage of a tag that a person would call a version.
fn stage_of(tag: &str) -> Option<Stage> {
    let version = Version::read(tag)?;
    let (numbers, suffix) = split(tag);
    let is_marked = suffix.is_empty()
        || suffix.starts_with(['-', '_'])
        || ["a", "b", "rc", "dev", "post"].iter().any(|mark| marks(suffix, mark));
    (numbers.contains('.') && is_marked).then_some(version.stage)
}

/// Whether `suffix` is `mark` with a number behind it.
fn marks(suffix: &str, mark: &str) -> bool {
    suffix.strip_prefix(mark).is_some_and(|number| Number::read(number).is_some())
}

/// A tag's numbers with the dots between them, and what is behind them, without what says how it was built.
fn split(tag: &str) -> (&str, &str) {
    let text = tag.split_once('+').map_or(tag, |(version, _)| version);
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (numbers, suffix) = text.split_at(end);
    // The dot of ".dev3" belongs to what follows.
    let numbers = if suffix.is_empty() { numbers } else { numbers.strip_suffix('.').unwrap_or(numbers) };
    (numbers, suffix)
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version {
    /// Without zeros at its end: 1.0 is 1.
    release: Vec<Number>,
    stage: Stage,
    /// The words and numbers of a pre- or post-release.
    parts: Vec<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Dev,
    /// What its word alone orders: `a`, `beta`, `rc` and any other.
    Pre,
    Final,
    Post,
}

/// By Semantic Versioning, numbers come before words.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Number(Number),
    Word(String),
}

/// A number of any length, without zeros before it.
#[derive(Debug, PartialEq, Eq)]
struct Number(String);

impl Number {
    fn read(digits: &str) -> Option<Self> {
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| Self(digits.trim_start_matches('0').to_owned()))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Version {
    fn read(tag: &str) -> Option<Self> {
        let (numbers, suffix) = split(tag);
        let mut release = numbers.split('.').map(Number::read).collect::<Option<Vec<_>>>()?;
        while release.len() > 1 && release.last().is_some_and(|number| number.0.is_empty()) {
            release.pop();
        }
        let parts = parts(suffix);
        let stage = match parts.first() {
            None if suffix.is_empty() => Stage::Final,
            None => return None,
            Some(Part::Word(word)) => match word.as_str() {
                "dev" => Stage::Dev,
                "post" => Stage::Post,
                _ => Stage::Pre,
            },
            Some(Part::Number(_)) => Stage::Pre,
        };
        Some(Self { release, stage, parts })
    }
}

/// The words and numbers in a suffix, with the short names of pre-releases written out.
fn parts(suffix: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = suffix;
    while let Some(first) = rest.chars().next() {
        let is_digit = first.is_ascii_digit();
        let same = |c: char| c.is_ascii_alphanumeric() && c.is_ascii_digit() == is_digit;
        let end = rest.find(|c| !same(c)).unwrap_or(rest.len());
        if end == 0 {
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let (part, after) = rest.split_at(end);
        rest = after;
        parts.push(match Number::read(part) {
            Some(number) => Part::Number(number),
            None => Part::Word(match part.to_ascii_lowercase().as_str() {
                "a" => "alpha".to_owned(),
                "b" => "beta".to_owned(),
                "c" | "pre" | "preview" => "rc".to_owned(),
                "rev" | "r" => "post".to_owned(),
                other => other.to_owned(),
            }),
        });
    }
    parts
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
            assert_eq!(Version::read(tag), None, "{tag}");
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
