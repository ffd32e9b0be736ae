//! Parses `host[:port]`, as in endpoints and image references.
//!
//! `http::Uri` accepts hosts that nobody can connect to, and does not say what is wrong with the others.

use std::net::{IpAddr, Ipv6Addr};

/// The longest host name in DNS, in characters (RFC 1035, 2.3.4).
const MAX_HOST: usize = 253;

/// Splits host, with brackets if it has some, and port.
///
/// # Errors
/// Why that is not possible.
pub fn split_port(authority: &str) -> Result<(&str, Option<&str>), &'static str> {
    if authority.starts_with('[') {
        let end = authority.find(']').ok_or("its `[` is not closed")? + 1;
        let (host, rest) = authority.split_at(end);
        return match rest.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if rest.is_empty() => Ok((host, None)),
            None => Err("there is something between its `]` and its port"),
        };
    }
    match authority.split_once(':') {
        Some((_, port)) if port.contains(':') => Err("it has more than one `:` outside of brackets"),
        Some((host, port)) => Ok((host, Some(port))),
        None => Ok((authority, None)),
    }
}

/// Parses a port: 1 to 65535.
///
/// # Errors
/// Why `text` is not one.
pub fn read_port(text: &str) -> Result<u16, &'static str> {
    // `parse` alone would take "+80".
    let digits = Some(text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    digits.and_then(|digits| digits.parse().ok()).filter(|port| *port != 0).ok_or("its port is not valid")
}

/// The host in lower case, an IPv6 address without brackets.
///
/// # Errors
/// Why it is not a valid host.
pub fn check_host(host: &str) -> Result<String, &'static str> {
    if let Some(address) = host.strip_prefix('[') {
        let address = address.strip_suffix(']').unwrap_or(address);
        let address: Ipv6Addr = address.parse().map_err(|_| "the text in its brackets is not an IPv6 address")?;
        return Ok(address.to_string());
    }
    if host.is_empty() {
        return Err("it has no host");
    }
    if host.len() > MAX_HOST {
        return Err("its host is too long");
    }
    // `_` is not valid in DNS, but used in container networks.
    if !host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_')) {
        return Err("its host may only have letters, digits, `-`, `_` and `.`");
    }
    Ok(host.to_ascii_lowercase())
}

/// `host` as in a URL: an IPv6 address in brackets.
pub fn in_url(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

/// Whether `host` names this machine itself.
pub fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
