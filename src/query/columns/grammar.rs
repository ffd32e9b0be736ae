//! The grammar of columns, with backslashes as escapes.
//!
//! ```text
//! columns   = column *("," column)
//! column    = path ["|" alias]
//! path      = step *("." step)
//! step      = key / integer / condition
//! condition = "?" path ":" ["=" / "!"] value "=>" path    ; always the last step, its path goes on
//! ```
//!
//! Dots inside a condition's value do not cut. A backslash before one of `, . | : ? = ! \` makes that character an
//! ordinary one; before any other character it is a backslash.

use super::selector::{ColumnCondition, ColumnTest, PathStep, Selector};

const SPECIAL: &str = ",.|:?=!\\";

/// The most steps of a path, which is walked by recursion; what services answer is nested far less deep.
const MAX_STEPS: usize = 64;
/// The refusal of a path with more.
const TOO_LONG: &str = "has more than 64 steps";

/// One character, and whether it is escaped.
#[derive(Clone, Copy)]
pub struct ColumnToken {
    char: char,
    escaped: bool,
}

impl ColumnToken {
    fn is(self, mark: char) -> bool {
        self.char == mark && !self.escaped
    }
}

/// Splits `text` into characters, resolving backslashes.
pub fn tokens(text: &str) -> Vec<ColumnToken> {
    let mut tokens = Vec::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        let special = (char == '\\').then(|| chars.next_if(|next| SPECIAL.contains(*next))).flatten();
        tokens.push(ColumnToken { char: special.unwrap_or(char), escaped: special.is_some() });
    }
    tokens
}

/// The parts between unescaped `mark`s; at least one.
pub fn split(tokens: &[ColumnToken], mark: char) -> impl Iterator<Item = &[ColumnToken]> {
    tokens.split(move |token| token.is(mark))
}

/// The columns of `text` as written, with backslashes.
pub fn written(text: &str) -> Vec<&str> {
    let mut columns = Vec::new();
    let mut start = 0;
    let mut escaped = false;
    for (at, char) in text.char_indices() {
        // A backslash after a backslash is an ordinary character.
        escaped = match char {
            ',' if !escaped => {
                columns.push(text[start..at].trim());
                start = at + 1;
                false
            }
            char => char == '\\' && !escaped,
        };
    }
    columns.push(text[start..].trim());
    columns
}

/// The text without backslashes and the white space around it.
pub fn plain(tokens: &[ColumnToken]) -> String {
    trim(tokens).iter().map(|token| token.char).collect()
}

fn trim(mut tokens: &[ColumnToken]) -> &[ColumnToken] {
    while let [first, rest @ ..] = tokens
        && first.char.is_whitespace()
    {
        tokens = rest;
    }
    while let [rest @ .., last] = tokens
        && last.char.is_whitespace()
    {
        tokens = rest;
    }
    tokens
}

/// Parses a path. The error is the end of a sentence that begins with the path.
pub fn path(tokens: &[ColumnToken]) -> Result<Selector, &'static str> {
    let mut steps = Vec::new();
    let mut rest = trim(tokens);
    loop {
        if steps.len() == MAX_STEPS {
            return Err(TOO_LONG);
        }
        if let [mark, condition @ ..] = rest
            && mark.is('?')
        {
            let arrow = position(condition, "=>").ok_or("has a condition without \"=>\" and a path after it")?;
            steps.push(PathStep::Where(self::condition(&condition[..arrow])?));
            rest = &condition[arrow + 2..];
            continue;
        }
        let end = rest.iter().position(|token| token.is('.'));
        steps.push(step(&rest[..end.unwrap_or(rest.len())])?);
        match end {
            Some(end) => rest = &rest[end + 1..],
            None => return Ok(Selector::new(steps)),
        }
    }
}

fn step(tokens: &[ColumnToken]) -> Result<PathStep, &'static str> {
    let text: String = tokens.iter().map(|token| token.char).collect();
    if text.is_empty() {
        return Err("has an empty step");
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(&text);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        // Negative numbers and those beyond any list are indices too, of items that no list has.
        let at = text.parse().ok();
        return Ok(PathStep::Index { text, at });
    }
    Ok(PathStep::Key(text))
}

fn condition(tokens: &[ColumnToken]) -> Result<ColumnCondition, &'static str> {
    let colon = tokens.iter().position(|token| token.is(':')).ok_or("has a condition without \":\"")?;
    let key = path(&tokens[..colon])?;
    let (test, value) = match &tokens[colon + 1..] {
        [mark, value @ ..] if mark.is('=') => (ColumnTest::Equals, value),
        [mark, value @ ..] if mark.is('!') => (ColumnTest::Lacks, value),
        value => (ColumnTest::Contains, value),
    };
    let value: String = value.iter().map(|token| token.char).collect();
    Ok(ColumnCondition { key, test, value: value.to_lowercase() })
}

/// The index of the characters of `marks`, one after another and none escaped.
fn position(tokens: &[ColumnToken], marks: &str) -> Option<usize> {
    let marks: Vec<char> = marks.chars().collect();
    tokens.windows(marks.len()).position(|window| window.iter().zip(&marks).all(|(token, mark)| token.is(*mark)))
}
