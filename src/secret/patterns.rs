//! Finds secrets in text by their form: PEM, tokens, assignments, URLs.

use std::borrow::Cow;

use super::{MASK, names_a_secret};
use crate::secret::jwt;

/// Whether a text is, or holds, PEM (RFC 7468) itself.
pub fn is_pem(text: &str) -> bool {
    text.contains("-----BEGIN ")
}

/// Masks the secrets in `text` and adds them to `secrets`: private keys, JSON Web Tokens, `NAME=VALUE`, `Name: value`
/// and URLs. `None` without any.
pub(super) fn masked_text(text: &str, secrets: &mut Vec<String>) -> Option<String> {
    if (is_pem(text) && text.contains("PRIVATE KEY")) || jwt::is_token(text.trim()) {
        secrets.push(text.trim().to_owned());
        return Some(MASK.to_owned());
    }
    if let Some((name, joint, value)) = assignment(text)
        && names_a_secret(name)
    {
        secrets.push(value.to_owned());
        return Some(format!("{name}{joint}{MASK}"));
    }
    let without_tokens = mask_tokens(text);
    let mut found = matches!(without_tokens, Cow::Owned(_));
    let text = &*without_tokens;
    if !text.contains("://") {
        return found.then(|| text.to_owned());
    }
    let words = text.split_inclusive(char::is_whitespace).map(|word| {
        let url = word.trim_end();
        match masked_url(url, secrets) {
            Some(masked) => {
                found = true;
                masked + &word[url.len()..]
            }
            None => word.to_owned(),
        }
    });
    let masked: String = words.collect();
    found.then_some(masked)
}

/// Masks every JSON Web Token, also one that was cut off or follows something and a dot.
pub fn mask_tokens(text: &str) -> Cow<'_, str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let mut result = String::new();
    let mut done = 0;
    let mut at = 0;
    while let Some(start) = text[at..].find(is_part).map(|start| at + start) {
        let end = text[start..].find(|c| !is_part(c)).map_or(text.len(), |length| start + length);
        let word = text[start..end].trim_end_matches('.');
        let parts = [0].into_iter().chain(word.match_indices('.').map(|(dot, _)| dot + 1));
        if let Some(part) = parts.into_iter().find(|part| jwt::is_token(&word[*part..])) {
            result += &text[done..start + part];
            result += MASK;
            done = start + word.len();
        }
        at = end;
    }
    if done == 0 { Cow::Borrowed(text) } else { Cow::Owned(result + &text[done..]) }
}

/// The parts of `NAME=VALUE` (a variable) or `Name: value` (a header). A sentence is neither.
fn assignment(text: &str) -> Option<(&str, &str, &str)> {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')))?;
    let (name, rest) = text.split_at(end);
    let (joint, value) = ["=", ": "].iter().find_map(|joint| Some((*joint, rest.strip_prefix(joint)?)))?;
    let word = value.strip_prefix("Bearer ").or_else(|| value.strip_prefix("Basic ")).unwrap_or(value);
    let is_one = joint == "=" || !word.contains(char::is_whitespace);
    (is_one && !name.is_empty() && !value.trim().is_empty() && !matches!(value, "true" | "false" | MASK))
        .then_some((name, joint, value))
}

/// Masks `user:password` before the host of `url`; `None` without any.
pub fn without_userinfo(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.find(['/', '?', '#']).map_or(rest, |end| &rest[..end]);
    let userinfo = authority.rfind('@')?;
    Some(format!("{scheme}://{MASK}{}", &rest[userinfo..]))
}

/// Masks what gives access in `url`: user and password, parameters named like a secret, and the end of a webhook's
/// path. `None` without any.
fn masked_url(url: &str, secrets: &mut Vec<String>) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let (rest, fragment) = rest.split_once('#').map_or((rest, None), |(rest, fragment)| (rest, Some(fragment)));
    let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
    let (authority, path) = rest.find('/').map_or((rest, ""), |start| rest.split_at(start));
    let before = secrets.len();
    let mut masked = format!("{scheme}://");
    let host = match authority.rsplit_once('@') {
        Some((login, host)) => {
            secrets.push(login.to_owned());
            secrets.extend(login.split_once(':').map(|(_, password)| password.to_owned()));
            masked += &format!("{MASK}@");
            host
        }
        None => authority,
    };
    masked += host;
    match webhook_secret(host, path) {
        Some(start) => {
            secrets.push(path[start..].to_owned());
            let last = path.rsplit('/').next();
            // A short part before the last is a word, e.g. `messages`.
            secrets.extend(
                path[start..].split('/').filter(|part| part.len() > 8 || Some(*part) == last).map(str::to_owned),
            );
            masked += &format!("{}{MASK}", &path[..start]);
        }
        None => masked += path,
    }
    for (joint, parameters) in [('?', query), ('#', fragment)] {
        let Some(parameters) = parameters else { continue };
        masked.push(joint);
        masked +=
            &parameters.split('&').map(|parameter| masked_parameter(parameter, secrets)).collect::<Vec<_>>().join("&");
    }
    (secrets.len() > before).then_some(masked)
}

/// A parameter of a URL; `key`, `sig` and the like are secrets there, which they are not elsewhere.
fn masked_parameter(parameter: &str, secrets: &mut Vec<String>) -> String {
    match parameter.split_once('=') {
        Some((name, value))
            if !matches!(value, "" | "true" | "false" | MASK)
                && (names_a_secret(name) || matches!(name, "key" | "sig" | "signature" | "code")) =>
        {
            secrets.push(value.to_owned());
            format!("{name}={MASK}")
        }
        _ => parameter.to_owned(),
    }
}

/// The index in a URL's path of the part that lets anyone post: after `services` at `hooks.slack.com`, after
/// `webhooks` at Discord, `webhookb2` at Teams, and elsewhere after such a word if the part looks random.
fn webhook_secret(host: &str, path: &str) -> Option<usize> {
    const MARKS: [&str; 6] = ["webhook", "webhooks", "webhookb2", "hook", "hooks", "incoming-webhook"];
    const HOSTS: [&str; 5] = ["discord.com", "discordapp.com", "office.com", "office365.com", "zapier.com"];
    let host = host.split_once(':').map_or(host, |(host, _)| host).to_ascii_lowercase();
    let is_of_webhooks = host.starts_with("hooks.")
        || HOSTS
            .iter()
            .any(|known| host.strip_suffix(known).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')));
    let starts = path.match_indices('/').map(|(at, _)| at + 1);
    let segments: Vec<(usize, &str)> =
        starts.map(|start| (start, path[start..].split('/').next().unwrap_or_default())).collect();
    // https://core.telegram.org/bots/api: /bot123456:ABC-DEF1234/METHOD
    if let Some((start, _)) = segments.first().filter(|(_, first)| first.starts_with("bot") && first.contains(':')) {
        return Some(start + "bot".len());
    }
    let mark = segments.iter().position(|(_, segment)| MARKS.contains(&segment.to_ascii_lowercase().as_str()));
    let mark = mark.or(host.starts_with("hooks.").then_some(0))?;
    let rest = segments.get(mark + 1..)?;
    let is_random = |segment: &str| segment.len() >= 16 && segment.contains(|c: char| c.is_ascii_digit());
    let first = rest.iter().find(|(_, segment)| !segment.is_empty() && (is_of_webhooks || is_random(segment)));
    first.map(|(start, _)| *start)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_is_taken(
            text in "\\PC*",
            url in "[a-z]{0,2}://(hooks\\.)?[a-z:@./?=&#%é ]*(hooks|webhook|/|bot:)?[0-9a-fé/]*",
        ) {
            let _ = masked_text(&text, &mut Vec::new());
            let _ = masked_text(&url, &mut Vec::new());
        }
    }

    #[test]
    fn secrets_that_show_by_their_form_are_masked_in_any_text() {
        let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln";
        for (text, masked) in [
            (jwt, MASK),
            (&format!("use {jwt} at https://u:p@h/x now"), "use ******** at https://********@h/x now"),
            ("DB_PASS=hunter2", "DB_PASS=********"),
            ("X-Api-Key: hunter2", "X-Api-Key: ********"),
            ("Authorization: Bearer hunter2", "Authorization: ********"),
            ("https://h/x?a=b&token=hunter2&c=d#e", "https://h/x?a=b&token=********&c=d#e"),
            ("https://h/cb#access_token=hunter2", "https://h/cb#access_token=********"),
            (
                "https://chat.googleapis.com/v1/spaces/A/messages?key=hunter2&token=hunter2",
                "https://chat.googleapis.com/v1/spaces/A/messages?key=********&token=********",
            ),
            (
                "https://x.logic.azure.com/workflows/a?sv=1.0&sig=hunter2",
                "https://x.logic.azure.com/workflows/a?sv=1.0&sig=********",
            ),
            ("post to https://u:hunter2@h/x now", "post to https://********@h/x now"),
            ("https://hooks.slack.com/services/T0/B0/hunter2", "https://hooks.slack.com/services/********"),
            ("https://hooks.slack.com/workflows/T0/A0/1/hunter2", "https://hooks.slack.com/workflows/********"),
            ("https://discord.com/api/webhooks/123/hunter2", "https://discord.com/api/webhooks/********"),
            (
                "https://a.webhook.office.com/webhookb2/1@2/IncomingWebhook/3/4",
                "https://a.webhook.office.com/webhookb2/********",
            ),
            ("https://hooks.zapier.com/hooks/catch/1/hunter2/", "https://hooks.zapier.com/hooks/********"),
            ("https://api.telegram.org/bot1:hunter2/sendMessage", "https://api.telegram.org/bot********"),
            (
                "https://w.example/monitoring/v1/webhook/webhook-9f7c0a7a5d3c/0f9e8d7c6b5a4f3e/events",
                "https://w.example/monitoring/v1/webhook/********",
            ),
        ] {
            assert_eq!(masked_text(text, &mut Vec::new()).as_deref(), Some(masked), "{text}");
        }
        for plain in [
            "a.b.c",
            "author=me",
            "auth: basic or none",
            "Token: the bot's own",
            "PIN=",
            "password: ********",
            "see https://docs.example/webhooks/setup",
            "https://h/x?keyword=a&sessions=2&code=",
            "grpc://h:1",
            "https://github.com/hooks/README.md",
            "a://b",
        ] {
            assert_eq!(masked_text(plain, &mut Vec::new()), None);
        }
    }
}
