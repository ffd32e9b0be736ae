//! Checks values that are sent as gRPC metadata.

use super::ParseError;

/// Trims `text` and checks that it can be sent; `None` if nothing is left. An error names `key` only: the value may be a
/// secret.
///
/// An ASCII-Value is one or more of 0x20 to 0x7E (gRPC over HTTP/2, "Custom-Metadata").
pub(super) fn value<'a>(key: &str, text: &'a str) -> Result<Option<&'a str>, ParseError> {
    let text = text.trim();
    if let Some(wrong) = text.chars().find(|c| !matches!(c, ' '..='~')) {
        let what = if wrong.is_control() {
            "a line break or another control character"
        } else {
            "a character that is not ASCII"
        };
        return Err(ParseError::new(format!("{key} holds {what}, which cannot be sent"))
            .hint("copy it again, on one line and without anything around it"));
    }
    Ok((!text.is_empty()).then_some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn space_around_a_key_is_no_part_of_it() {
        assert_eq!(value("api_key", " \teyJ.a-b_c=\r\n").unwrap(), Some("eyJ.a-b_c="));
        assert_eq!(value("api_key", " \n").unwrap(), None);
    }

    #[test]
    fn what_cannot_be_sent_is_refused_without_being_shown() {
        for text in ["hunter\n2", "hunter\x002", "hunter\x7f2", "hunter2é", "hunter\u{fffd}"] {
            let error = value("api_key", text).unwrap_err().into_local().to_string();
            assert!(error.contains("api_key") && !error.contains("hunter"), "{error}");
        }
    }
}
