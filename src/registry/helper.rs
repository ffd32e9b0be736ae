//! The programs that keep logins for docker: `docker-credential-NAME get` reads a registry's name and writes a login.
//! <https://github.com/docker/docker-credential-helpers>
//!
//! What a helper writes holds a secret, or may: it is read, and never shown.

use std::process::Stdio;

use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;

use super::logins::Secret;
use crate::error::{Error, Result};

/// Many times what any login has.
const MAX_BYTES: u64 = 256 * 1024;

/// What a helper says where it has no login, in `errCredentialsNotFoundMessage` of docker's own library.
const NOT_FOUND: &str = "credentials not found in native keychain";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

/// The login that helper `name` keeps for `server`; `None` if it has none.
///
/// # Errors
/// There is no such program, or it fails. `file` is what named it.
pub async fn ask(name: &str, server: &str, file: &str) -> Result<Option<Secret>> {
    let program = format!("docker-credential-{name}");
    let failed = || Error::local(format!("{file}: the login helper {program} gives no login for {server}"));
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')) {
        return Err(failed().cause("a helper's name holds letters, digits, `-`, `_` and `.` only"));
    }
    let run = async {
        let mut child = Command::new(&program)
            .arg("get")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        if let Some(mut input) = child.stdin.take() {
            // A helper that does not read has its reasons, and says them by how it ends.
            let _ = input.write_all(server.as_bytes()).await;
        }
        let mut bytes = Vec::new();
        if let Some(output) = child.stdout.take() {
            output.take(MAX_BYTES).read_to_end(&mut bytes).await?;
        }
        Ok((child.wait().await?, bytes))
    };
    let (status, bytes) = run.await.map_err(|error: std::io::Error| {
        failed().cause(error).hint(format!("install {program}, or take it out of {file} and log in again"))
    })?;
    if !status.success() {
        if String::from_utf8_lossy(&bytes).contains(NOT_FOUND) {
            return Ok(None);
        }
        return Err(failed()
            .cause(format!("it ended with {status}"))
            .hint(format!("try it: echo {server} | {program} get")));
    }
    let answer: Answer = serde_json::from_slice(&bytes).map_err(|_| failed().cause("what it wrote is no login"))?;
    Ok(Some(match answer.username.as_str() {
        // By docker's convention.
        "<token>" => Secret::Identity(answer.secret),
        _ => Secret::Password { user: answer.username, password: answer.secret },
    }))
}
