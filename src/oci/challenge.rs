//! What a registry asks for before it answers: the header WWW-Authenticate (RFC 9110, 11.6.1).

use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;

/// How to prove who is asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthChallenge {
    /// User and password, with each request.
    Basic,
    /// A token of the service at `realm`: <https://distribution.github.io/distribution/spec/auth/token/>.
    Bearer { realm: String, service: Option<String>, scope: Option<String> },
}

impl AuthChallenge {
    /// The best of those in `headers`: a token rather than a password.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let values = headers.get_all(WWW_AUTHENTICATE).into_iter().filter_map(|value| value.to_str().ok());
        let all: Vec<Self> = values.flat_map(|value| Reader(value).challenges()).collect();
        let bearer = all.iter().find(|challenge| matches!(challenge, Self::Bearer { .. }));
        bearer.or(all.first()).cloned()
    }

    fn new(scheme: &str, parameters: &[(String, String)]) -> Option<Self> {
        let parameter = |name: &str| {
            let found = parameters.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.clone()).filter(|value| !value.is_empty())
        };
        match scheme.to_ascii_lowercase().as_str() {
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

/// What is left of a header's value.
struct Reader<'a>(&'a str);

impl Reader<'_> {
    fn challenges(mut self) -> Vec<AuthChallenge> {
        let mut found = Vec::new();
        let mut open: Option<(String, Vec<(String, String)>)> = None;
        loop {
            self.skip(&[' ', '\t', ',']);
            let name = self.word();
            if name.is_empty() {
                // The end, or what nobody writes.
                break;
            }
            self.skip(&[' ', '\t']);
            if let Some(rest) = self.0.strip_prefix('=')
                && let Some((_, parameters)) = &mut open
            {
                self.0 = rest;
                self.skip(&[' ', '\t']);
                let value = self.value();
                parameters.push((name, value));
            } else {
                let done = open.replace((name, Vec::new()));
                found.extend(done.and_then(|(scheme, parameters)| AuthChallenge::new(&scheme, &parameters)));
            }
        }
        found.extend(open.and_then(|(scheme, parameters)| AuthChallenge::new(&scheme, &parameters)));
        found
    }

    fn skip(&mut self, characters: &[char]) {
        self.0 = self.0.trim_start_matches(characters);
    }

    fn word(&mut self) -> String {
        let end = self.0.find([' ', '\t', ',', '=', '"']).unwrap_or(self.0.len());
        let (word, rest) = self.0.split_at(end);
        self.0 = rest;
        word.to_owned()
    }

    fn value(&mut self) -> String {
        let Some(quoted) = self.0.strip_prefix('"') else { return self.word() };
        let mut value = String::new();
        let mut characters = quoted.char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => {
                    self.0 = &quoted[at + 1..];
                    return value;
                }
                '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
                other => value.push(other),
            }
        }
        self.0 = "";
        value
    }
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
        AuthChallenge::of(&headers)
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
