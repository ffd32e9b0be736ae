//! JSON Web Tokens (RFC 7519): recognizes them and reads when they expire.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::Value;

/// Whether `text` begins like a JSON Web Token: a JSON object in base64, a dot, and another part. It may be cut off.
pub fn is_token(text: &str) -> bool {
    let Some((header, rest)) = text.split_once('.') else { return false };
    // The header first: most texts with dots are not tokens, and are not searched further.
    let is_object = |header: Vec<u8>| serde_json::from_slice::<serde_json::Map<String, Value>>(&header).is_ok();
    URL_SAFE_NO_PAD.decode(header).is_ok_and(is_object) && !rest.is_empty() && !text.contains(char::is_whitespace)
}

/// When `token` expires: its claim `exp`, in seconds since 1970. `None` if it is not a JSON Web Token or never expires.
/// Nothing is verified: only the service has the key.
pub fn expiry(token: &str) -> Option<Timestamp> {
    let mut parts = token.split('.');
    let (Some(_), Some(payload), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return None;
    };
    let claims = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    let seconds = claims.get("exp")?;
    // A NumericDate may have a fraction (RFC 7519, section 2).
    #[expect(clippy::cast_possible_truncation, reason = "the fraction is dropped on purpose, and `as` saturates")]
    let seconds = seconds.as_i64().or_else(|| seconds.as_f64().map(|seconds| seconds as i64))?;
    Timestamp::from_second(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> String {
        format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#), URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn the_end_of_a_token_is_read() {
        let end = |claims: &str| expiry(&token(claims)).map(|end| end.to_string());
        assert_eq!(end(r#"{"exp": 1767225600, "iss": "x"}"#).as_deref(), Some("2026-01-01T00:00:00Z"));
        assert_eq!(end(r#"{"exp": 1767225600.9}"#).as_deref(), Some("2026-01-01T00:00:00Z"));
        for endless in ["{}", r#"{"exp": null}"#, r#"{"exp": "soon"}"#, r#"{"exp": 1e300}"#, "[]", "no json"] {
            assert_eq!(end(endless), None, "{endless}");
        }
    }

    #[test]
    fn what_is_no_token_has_no_end() {
        for text in ["", "key", "a.b", "a.b.c", "a.b.c.d", "..", "a.!!.c", "é.é.é"] {
            assert_eq!(expiry(text), None, "{text}");
        }
    }
}
