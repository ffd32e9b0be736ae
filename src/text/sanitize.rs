//! Escapes what a terminal would obey in text from servers and files.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but the unreserved characters of RFC 3986, 2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The beginning of a workflow command (`##[add-mask]`) that GitHub's runner obeys anywhere in a line of a log.
pub const COMMAND: &str = "##[";

/// Escapes control characters (`\n`, `\t`, `\u{1b}`), the invisible ones that reorder text, and `##[`, so that no
/// server and no file can move the cursor, hide what a line says, or command a runner.
pub fn control(text: &str) -> Cow<'_, str> {
    let has_command = text.contains(COMMAND);
    let text = if has_command { Cow::Owned(text.replace(COMMAND, "##\\u{5b}")) } else { Cow::Borrowed(text) };
    if is_plain(text.as_bytes()) || !text.chars().any(is_hostile) {
        return text;
    }
    let escape = |c: char| if is_hostile(c) { c.escape_default().to_string() } else { c.to_string() };
    Cow::Owned(text.chars().map(escape).collect())
}

/// As [`control`], for text that begins a line: GitHub's runner takes one that begins with `::`, also after blanks, for
/// a workflow command.
pub fn line_start(text: &str) -> Cow<'_, str> {
    let text = control(text);
    match text.trim_start().strip_prefix("::") {
        Some(rest) => Cow::Owned(format!("\\u{{3a}}:{rest}")),
        None => text,
    }
}

/// Encodes `text` as a value in a URL's query.
pub fn percent(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// True if a text is printable ASCII, as nearly all texts are. No early exit, so that the compiler vectorizes it.
pub fn is_plain(text: &[u8]) -> bool {
    text.iter().fold(true, |is_plain, byte| is_plain & matches!(byte, b' '..=b'~'))
}

/// True for what a terminal must not get raw: C0 and C1 controls, and the bidirectional marks, overrides and isolates
/// of Unicode's UAX 9.
pub fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_left_alone() {
        assert_eq!(control("플러그인 🚀 é"), "플러그인 🚀 é");
    }

    /// All explicit and implicit marks of UAX 9, sections 2.1 to 2.6.
    #[test]
    fn no_mark_of_direction_is_passed_on() {
        let marks = "\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}";
        assert!(marks.chars().all(is_hostile));
        assert!(!is_hostile('\u{200d}') && !is_hostile('א'));
    }

    #[test]
    fn what_a_terminal_would_obey_is_shown() {
        assert_eq!(control("a\x1b[2Jb\nc\td\u{202e}"), "a\\u{1b}[2Jb\\nc\\td\\u{202e}");
    }

    #[test]
    fn no_runner_finds_a_command() {
        assert_eq!(control("a ##[add-mask]b ##[\n"), "a ##\\u{5b}add-mask]b ##\\u{5b}\\n");
        assert_eq!(line_start(" ::stop-commands::x"), "\\u{3a}:stop-commands::x");
        assert_eq!(line_start("a::b"), "a::b");
    }
}
