//! `host[:port]`, as it stands in addresses of every kind.

use std::net::{IpAddr, Ipv6Addr};

/// The longest host name in DNS, in characters (RFC 1035, 2.3.4).
const MAX_HOST: usize = 253;

/// The host, still in its brackets if it has some, and the port's text.
///
/// # Errors
/// They cannot be told apart; with why.
pub fn split_port(authority: &str) -> Result<(&str, Option<&str>), &'static str> {
    if authority.starts_with('[') {
        let end = authority.find(']').ok_or("its `[` is not closed")? + 1;
        let (host, rest) = authority.split_at(end);
        return match rest.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if rest.is_empty() => Ok((host, None)),
            None => Err("something stands between its `]` and its port"),
        };
    }
    match authority.split_once(':') {
        Some((_, port)) if port.contains(':') => Err("it has more than one `:` outside of brackets"),
        Some((host, port)) => Ok((host, Some(port))),
        None => Ok((authority, None)),
    }
}

/// A port that one can connect to: 1 to 65535.
///
/// # Errors
/// `text` is none; with why.
pub fn read_port(text: &str) -> Result<u16, &'static str> {
    // `parse` alone would take "+80".
    let digits = Some(text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    digits.and_then(|digits| digits.parse().ok()).filter(|port| *port != 0).ok_or("its port is none")
}

/// The host's name or address in lower case, an IPv6 address without its brackets.
///
/// # Errors
/// It is none; with why.
pub fn check_host(host: &str) -> Result<String, &'static str> {
    if let Some(address) = host.strip_prefix('[') {
        let address = address.strip_suffix(']').unwrap_or(address);
        let address: Ipv6Addr = address.parse().map_err(|_| "what stands in its brackets is no IPv6 address")?;
        return Ok(address.to_string());
    }
    if host.is_empty() {
        return Err("it has no host");
    }
    if host.len() > MAX_HOST {
        return Err("its host is too long");
    }
    // `_` is in no host name of DNS, but in those of container networks.
    if !host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_')) {
        return Err("its host may hold letters, digits, `-`, `_` and `.` only");
    }
    Ok(host.to_ascii_lowercase())
}

/// `host` as it stands in a URL: an IPv6 address in brackets.
pub fn in_url(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

/// Whether `host` names this machine itself.
pub fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
