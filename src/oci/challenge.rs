//! The authentication that a registry demands (RFC 9110, 11.6.1).

use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;
use regex::Regex;

/// A scheme, or a parameter of the scheme before it: `name=token` or `name="quoted"`.
const PART: &str = r#"([^\s,="]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,="]*)))?"#;

/// How to authenticate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthChallenge {
    /// User and password, with each request.
    Basic,
    /// A token of the service at `realm`: <https://distribution.github.io/distribution/spec/auth/token/>.
    Bearer { realm: String, service: Option<String>, scope: Option<String> },
}

impl AuthChallenge {
    /// The best challenge in `headers`: a token rather than a password.
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let part = Regex::new(PART).ok()?;
        let mut schemes: Vec<(String, Vec<(String, String)>)> = Vec::new();
        for value in headers.get_all(WWW_AUTHENTICATE).into_iter().filter_map(|value| value.to_str().ok()) {
            for captures in part.captures_iter(value) {
                let name = captures[1].to_ascii_lowercase();
                let quoted = captures.get(2).map(|quoted| unescape(quoted.as_str()));
                let value = quoted.or_else(|| captures.get(3).map(|token| token.as_str().to_owned()));
                match (value, schemes.last_mut()) {
                    (Some(value), Some((_, parameters))) => parameters.push((name, value)),
                    _ => schemes.push((name, Vec::new())),
                }
            }
        }
        let challenges: Vec<Self> =
            schemes.iter().filter_map(|(scheme, parameters)| Self::new(scheme, parameters)).collect();
        let bearer = challenges.iter().find(|challenge| matches!(challenge, Self::Bearer { .. }));
        bearer.or(challenges.first()).cloned()
    }

    fn new(scheme: &str, parameters: &[(String, String)]) -> Option<Self> {
        let parameter = |name: &str| {
            let value = parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
            value.filter(|value| !value.is_empty())
        };
        match scheme {
            "basic" => Some(Self::Basic),
            "bearer" => Some(Self::Bearer {
                realm: parameter("realm")?,
                service: parameter("service"),
                scope: parameter("scope"),
            }),
            _ => None,
        }
    }
}

/// The text of a quoted string (RFC 9110, 5.6.4).
fn unescape(quoted: &str) -> String {
    let mut is_escaped = false;
    let keep = |c: &char| {
        is_escaped = *c == '\\' && !is_escaped;
        !is_escaped
    };
    quoted.chars().filter(keep).collect()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn read(values: &[&str]) -> Option<AuthChallenge> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(WWW_AUTHENTICATE, HeaderValue::from_str(value).unwrap());
        }
        AuthChallenge::from_headers(&headers)
    }

    #[test]
    fn registries_are_understood() {
        let bearer = |realm: &str, service: Option<&str>, scope: Option<&str>| {
            Some(AuthChallenge::Bearer {
                realm: realm.to_owned(),
                service: service.map(str::to_owned),
                scope: scope.map(str::to_owned),
            })
        };
        assert_eq!(read(&["Basic realm=\"Registry Realm\""]), Some(AuthChallenge::Basic));
        assert_eq!(
            read(&["Bearer realm=\"https://a.example/token\",service=\"r\",scope=\"repository:x/y:pull,push\""]),
            bearer("https://a.example/token", Some("r"), Some("repository:x/y:pull,push"))
        );
        assert_eq!(read(&["Basic realm=x, bearer realm = \"https://a\\\"b\""]), bearer("https://a\"b", None, None));
        assert_eq!(read(&["Basic realm=x", "Bearer realm=https://a"]), bearer("https://a", None, None));
        assert_eq!(read(&["Negotiate abc=="]), None);
        assert_eq!(read(&["Bearer service=x"]), None);
        assert_eq!(read(&[]), None);
    }

    proptest! {
        #[test]
        fn any_header_is_answered(value in "[ -~]{0,80}") {
            let _ = read(&[&value]);
        }
    }
}
