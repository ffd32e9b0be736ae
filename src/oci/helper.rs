//! Credentials from docker's credential helpers.
//!
//! `docker-credential-NAME get` reads a registry's name and writes a credential:
//! <https://github.com/docker/docker-credential-helpers>
//!
//! The output of a helper may be secret: it is never shown.

use std::process::Stdio;

use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;

use super::authorization::CredentialSecret;
use super::deadline::Deadline;
use crate::error::{Error, Result};
use crate::secret;

/// The longest output: many times what any credential has.
const MAX_BYTES: u64 = 256 * 1024;

/// A helper's output without a credential (`errCredentialsNotFoundMessage` of docker's library).
const NOT_FOUND: &str = "credentials not found in native keychain";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HelperOutput {
    username: String,
    secret: String,
}

/// The credential of helper `name` for `server`; `None` if it has none. `file` names the helper.
///
/// # Errors
/// The program is missing or fails, or does not end until `deadline`.
pub async fn get(name: &str, server: &str, file: &str, deadline: Deadline) -> Result<Option<CredentialSecret>> {
    let program = format!("docker-credential-{name}");
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')) {
        return Err(failed(&program, server, file).cause("a helper's name has letters, digits, `-`, `_` and `.` only"));
    }
    run(&program, server, file, deadline).await
}

fn failed(program: &str, server: &str, file: &str) -> Error {
    Error::local(format!("{file}: the login helper {program} gives no login for {server}"))
}

async fn run(program: &str, server: &str, file: &str, deadline: Deadline) -> Result<Option<CredentialSecret>> {
    let failed = || failed(program, server, file);
    let output = async {
        let mut command = Command::new(program);
        for name in secret::VARIABLES {
            command.env_remove(name);
        }
        command.arg("get").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut child = command.spawn()?;
        if let Some(mut input) = child.stdin.take() {
            // A helper that does not read it says why by its exit status.
            let _ = input.write_all(server.as_bytes()).await;
        }
        let mut bytes = Vec::new();
        if let Some(output) = child.stdout.take() {
            output.take(MAX_BYTES).read_to_end(&mut bytes).await?;
        }
        Ok((child.wait().await?, bytes))
    };
    let try_it = || format!("try it: echo {server} | {program} get");
    let output = deadline
        .run(output)
        .await
        .map_err(|limit| failed().cause(format!("it did not end within {} s", limit.as_secs_f64())).hint(try_it()))?;
    let (status, bytes) = output.map_err(|error: std::io::Error| {
        failed().cause(error).hint(format!("install {program}, or remove it from {file} and log in again"))
    })?;
    if !status.success() {
        if String::from_utf8_lossy(&bytes).contains(NOT_FOUND) {
            return Ok(None);
        }
        return Err(failed().cause(format!("it ended with {status}")).hint(try_it()));
    }
    let output: HelperOutput =
        serde_json::from_slice(&bytes).map_err(|_| failed().cause("its output is not a valid credential"))?;
    Ok(Some(match output.username.as_str() {
        // docker's convention.
        "<token>" => CredentialSecret::IdentityToken(output.secret),
        _ => CredentialSecret::Password { user: output.username, password: output.secret },
    }))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn a_helper_that_does_not_end_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("docker-credential-slow");
        fs::write(&program, "#!/bin/sh\nexec sleep 60\n").unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let begun = Instant::now();
        let soon = Deadline::after(Duration::from_millis(300));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let asked = runtime.block_on(run(program.to_str().unwrap(), "h.example", "config.json", soon));
        let error = asked.err().unwrap().to_string();
        for part in ["config.json: the login helper", "docker-credential-slow", "0.3 s", "try it: echo h.example |"] {
            assert!(error.contains(part), "{part}: {error}");
        }
        assert!(begun.elapsed() < Duration::from_secs(30));
    }
}
