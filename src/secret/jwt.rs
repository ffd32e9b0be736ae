//! JSON Web Tokens (RFC 7519): recognizes them and reads their claims.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Map, Value};

/// Whether `text` begins like a JSON Web Token: a JSON object in base64, a dot, and another part. It may be cut off.
pub fn is_token(text: &str) -> bool {
    let Some((header, rest)) = text.split_once('.') else { return false };
    // The header first: most texts with dots are not tokens, and are not searched further.
    let is_object = |header: Vec<u8>| serde_json::from_slice::<Map<String, Value>>(&header).is_ok();
    URL_SAFE_NO_PAD.decode(header).is_ok_and(is_object) && !rest.is_empty() && !text.contains(char::is_whitespace)
}

/// The claims of `token`; `None` if it is not a JSON Web Token. Nothing is verified: only the service has the key.
pub fn claims(token: &str) -> Option<Map<String, Value>> {
    let mut parts = token.split('.');
    let (Some(_), Some(payload), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return None;
    };
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?).ok()
}

/// When `token` expires: its claim `exp`. `None` if it is not a JSON Web Token or never expires.
pub fn expiry(token: &str) -> Option<Timestamp> {
    Timestamp::from_second(seconds(&claims(token)?, "exp")?).ok()
}

/// When `token` was issued by the clock of its service: its claim `iat`.
pub fn issued_at(token: &str) -> Option<Timestamp> {
    Timestamp::from_second(seconds(&claims(token)?, "iat")?).ok()
}

/// How long `token` lives from when it was issued, in seconds.
pub fn lifetime(token: &str) -> Option<i64> {
    let claims = claims(token)?;
    seconds(&claims, "exp")?.checked_sub(seconds(&claims, "iat")?)
}

/// A NumericDate: seconds since 1970, which may have a fraction (RFC 7519, section 2).
fn seconds(claims: &Map<String, Value>, name: &str) -> Option<i64> {
    let seconds = claims.get(name)?;
    #[expect(clippy::cast_possible_truncation, reason = "the fraction is dropped on purpose, and `as` saturates")]
    seconds.as_i64().or_else(|| seconds.as_f64().map(|seconds| seconds as i64))
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
    fn the_lifetime_of_a_token_does_not_depend_on_a_clock() {
        assert_eq!(lifetime(&token(r#"{"iat": 100, "exp": 1900.5}"#)), Some(1800));
        for endless in [r#"{"exp": 1}"#, r#"{"iat": 1}"#, r#"{"iat": 1e300, "exp": -1e300}"#] {
            assert_eq!(lifetime(&token(endless)), None, "{endless}");
        }
    }

    #[test]
    fn what_is_no_token_has_no_end() {
        for text in ["", "key", "a.b", "a.b.c", "a.b.c.d", "..", "a.!!.c", "é.é.é"] {
            assert_eq!(expiry(text), None, "{text}");
        }
    }
}
