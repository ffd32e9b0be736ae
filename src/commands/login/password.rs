//! The password of a login and the code of a second factor: asked for, or read from standard input.

use std::io::Read as _;

use serde_json::{Value, json};
use tonic::Code;

use crate::commands::Context;
use crate::commands::identity::IdentityApi;
use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;
use crate::terminal::prompt::Prompt;

/// How often a person may try. Identity counts, too, and blocks the user at some number.
const TRIES: usize = 3;
/// The longest standard input with a password, in bytes.
const MAX_INPUT: u64 = 64 * 1024;

const BYTE_ORDER_MARK: char = '\u{feff}';

/// Where the password comes from.
pub enum PasswordSource {
    /// A person at a terminal.
    Terminal,
    /// Standard input: a line, and a second one for the code of a second factor.
    Stdin { password: Secret, code: Option<Secret> },
}

impl PasswordSource {
    /// Reads standard input if that has the password.
    pub fn new(is_stdin: bool, context: &mut Context<'_>) -> Result<Self> {
        if !is_stdin {
            return match Prompt::new(context.streams) {
                Some(_) => Ok(Self::Terminal),
                None => Err(Error::usage("there is no terminal to ask for the password on")
                    .hint("give it on standard input with --password-stdin")
                    .hint("or make a key for scripts once, on a terminal: `spacectl login --app NAME`")),
            };
        }
        if context.streams.in_is_terminal {
            return Err(Error::usage("--password-stdin: standard input is a terminal, which would show the password")
                .hint("omit it to be asked for the password"));
        }
        let mut text = String::new();
        let unreadable = |error| Error::local("cannot read the password from standard input").cause(error);
        (&mut context.streams.input).take(MAX_INPUT).read_to_string(&mut text).map_err(unreadable)?;
        let mut lines = text.trim_start_matches(BYTE_ORDER_MARK).lines();
        let password = lines.next().filter(|line| !line.is_empty()).map(Secret::new);
        let password = password.ok_or_else(|| Error::usage("--password-stdin: the first line is empty"))?;
        let code = lines.next().map(str::trim).filter(|line| !line.is_empty()).map(Secret::new);
        Ok(Self::Stdin { password, code })
    }

    /// Sends the credentials; returns what `Token.issue` answers.
    pub async fn issue(
        &self,
        api: &IdentityApi,
        domain_id: &str,
        domain: &str,
        user_id: &str,
        context: &mut Context<'_>,
    ) -> Result<Value> {
        let user = User { api, domain_id, domain, user_id };
        match self {
            // With a code at once: without one, identity would send another.
            Self::Stdin { password, code } => {
                let answer = user.issue(password, code.as_ref()).await;
                answer.map_err(|error| match code {
                    Some(_) if is(&error, INVALID_CREDENTIALS) => user.explain_both(error),
                    _ => user.explain(error, code.is_some()),
                })
            }
            Self::Terminal => user.ask(context).await,
        }
    }
}

const MFA_REQUIRED: &str = "ERROR_MFA_REQUIRED";

/// Whether the service named the error so.
fn is(error: &Error, name: &str) -> bool {
    error.sent_text().is_some_and(|text| text.starts_with(name))
}

/// Who logs in, and where.
struct User<'a> {
    api: &'a IdentityApi,
    domain_id: &'a str,
    domain: &'a str,
    user_id: &'a str,
}

impl User<'_> {
    async fn issue(&self, password: &Secret, code: Option<&Secret>) -> Result<Value> {
        let credentials = json!({"user_id": self.user_id, "password": password.expose()});
        let mut request = json!({"domain_id": self.domain_id, "auth_type": "LOCAL", "credentials": credentials});
        if let Some(code) = code {
            request["auth_type"] = json!("MFA");
            request["verify_code"] = json!(code.expose());
        }
        self.api.call("Token", "issue", request, None).await
    }

    /// Asks for the password, and for the code if there has to be one.
    async fn ask(&self, context: &mut Context<'_>) -> Result<Value> {
        let mut tries = 1;
        let password = loop {
            let password = ask(&format!("Password of {}", self.user_id), context)?;
            match self.issue(&password, None).await {
                Ok(answer) => return Ok(answer),
                Err(error) if is(&error, MFA_REQUIRED) => break password,
                Err(error) => self.again(error, false, &mut tries, context)?,
            }
        };
        context.streams.diagnostics.println("A code was sent by mail, or is in your authenticator app.");
        let mut tries = 1;
        loop {
            let code = ask("Code", context)?;
            match self.issue(&password, Some(&code)).await {
                Ok(answer) => return Ok(answer),
                Err(error) => self.again(error, true, &mut tries, context)?,
            }
        }
    }

    /// Shows an error after which a person may try again.
    fn again(&self, error: Error, has_code: bool, tries: &mut usize, context: &mut Context<'_>) -> Result<()> {
        let is_wrong = is_wrong_code(&error, has_code) || is(&error, WRONG_PASSWORD);
        let error = self.explain(error, has_code);
        if !is_wrong || *tries == TRIES {
            return Err(error);
        }
        *tries += 1;
        context.streams.diagnostics.refuse(&error);
        Ok(())
    }

    /// `error` of a first request with password and code, which does not tell them apart.
    fn explain_both(&self, error: Error) -> Error {
        let message = "the password or the code is wrong, or the user has no second factor";
        let own = Error::status(Code::Unauthenticated, message);
        own.cause(error.sent_text().unwrap_or_default()).hint("log in without a code first: that sends a new one")
    }

    /// `error` of `Token.issue` in words of its own.
    fn explain(&self, error: Error, has_code: bool) -> Error {
        let ErrorKind::Status(code) = error.kind() else { return error };
        let Self { user_id, domain, .. } = self;
        let sent = error.sent_text().unwrap_or_default().to_owned();
        let own = |message: String, hint: &str| Error::status(code, message).cause(&sent).hint(hint);
        match () {
            () if is_wrong_code(&error, has_code) => {
                own("the code is wrong, or came too late".to_owned(), "log in again for a new one")
            }
            () if is(&error, WRONG_PASSWORD) => {
                own(format!("the password of {user_id} is wrong"), "check --user and --domain, too")
            }
            () if is(&error, "ERROR_LOGIN_BLOCKED") => own(
                format!("{user_id} is blocked after too many wrong passwords"),
                "wait some minutes, or ask an administrator of the domain",
            ),
            () if is(&error, MFA_REQUIRED) => own(
                format!("{user_id} needs a code besides the password"),
                "log in on a terminal, or give the code as second line of --password-stdin",
            )
            .hint("or make a key for scripts once, on a terminal: `spacectl login --app NAME`"),
            // The service's words have a token, by which the second factor can be set up.
            () if is(&error, "ERROR_MFA_NOT_ACTIVATED") => {
                Error::status(code, format!("{user_id} has to set up a second factor before the next login"))
                    .hint("log in to the console in a browser, which asks for it")
            }
            () if is(&error, "ERROR_USER_STATE_DISABLED") => {
                own(format!("the user {user_id} is disabled"), "ask an administrator of the domain to enable the user")
            }
            () if is(&error, "ERROR_DOMAIN_STATE") => {
                own(format!("the domain {domain} is disabled"), "ask who runs the installation")
            }
            () if code == Code::NotFound => own(
                format!("the domain {domain} has no user {user_id} with a password"),
                "check --user, or ask for an app's secret: who logs in elsewhere, e.g. by SAML, has no password here",
            ),
            () => error,
        }
    }
}

const INVALID_CREDENTIALS: &str = "ERROR_INVALID_CREDENTIALS";
const WRONG_PASSWORD: &str = "ERROR_AUTHENTICATION_FAILURE";

/// Whether a code was refused. identity 2.0.227 forgets a code that it did not send just now, and fails over one that
/// is wrong (`credentials["verify_code"]` in its MFAManager).
fn is_wrong_code(error: &Error, has_code: bool) -> bool {
    const FAILED: [&str; 2] = [INVALID_CREDENTIALS, "ERROR_UNKNOWN: 'verify_code'"];
    is(error, "ERROR_INVALID_VERIFY_CODE") || has_code && FAILED.iter().any(|name| is(error, name))
}

/// Asks for a secret.
fn ask(question: &str, context: &mut Context<'_>) -> Result<Secret> {
    let mut prompt = Prompt::new(context.streams).ok_or_else(|| Error::usage("there is no terminal to ask on"))?;
    prompt.ask_hidden(question, |answer| match answer {
        "" => Err(Error::local("it cannot be empty")),
        answer => Ok(Secret::new(answer)),
    })
}
