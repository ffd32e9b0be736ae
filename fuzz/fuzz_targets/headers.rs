//! `WWW-Authenticate` and `Link` of registries.
#![no_main]

use http::header::{HeaderMap, HeaderValue, LINK, WWW_AUTHENTICATE};
use libfuzzer_sys::fuzz_target;
use spacectl::oci::{AuthChallenge, next_page};

fuzz_target!(|data: &[u8]| {
    let mut headers = HeaderMap::new();
    for line in data.split(|byte| *byte == b'\n') {
        let Ok(value) = HeaderValue::from_bytes(line) else { continue };
        headers.append(WWW_AUTHENTICATE, value.clone());
        headers.append(LINK, value);
    }
    AuthChallenge::from_headers(&headers);
    next_page(&headers);
});
