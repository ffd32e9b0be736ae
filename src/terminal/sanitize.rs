//! Text that came from elsewhere is data: what a terminal would obey is shown instead of sent.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Shows control characters as escapes (`\n`, `\t`, `\u{1b}`), and with them the invisible ones that
/// reorder text, so that no server and no file can move the cursor or hide what a line says.
pub fn control(text: &str) -> Cow<'_, str> {
    if is_plain(text.as_bytes()) || !text.chars().any(is_hostile) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_hostile(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// `text` as a value in a URL's query (RFC 3986, 2.3).
pub fn percent(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Whether a text is nothing but letters, digits, marks and blanks of ASCII, as nearly all texts are. Each byte is looked at,
/// to the last: that is done many at a time.
pub fn is_plain(text: &[u8]) -> bool {
    text.iter().fold(true, |is_plain, byte| is_plain & matches!(byte, b' '..=b'~'))
}

/// What a terminal must not get raw: C0 and C1 controls, and the bidirectional marks, overrides and isolates of
/// Unicode's UAX 9.
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
}
