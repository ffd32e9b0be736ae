//! The target of a test, and the way to its first answer.

use std::fmt;
use std::net::Ipv4Addr;
use std::num::NonZeroU16;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tonic::Code;

use super::process::{PLUGIN_PORT, PluginProcess};
use super::settings::TestSettings;
use crate::cli::Limit;
use crate::cli::PluginTest;
use crate::commands::Context;
use crate::commands::connector::trace;
use crate::commands::plugin::image;
use crate::commands::tls_flags::{refuse_useless, tls_of};
use crate::config::{Destination, EndpointUrl};
use crate::error::parse_error::ParseError;
use crate::error::{Error, ErrorKind, Result};
use crate::grpc::call::Caller;
use crate::grpc::channel;
use crate::grpc::metadata::Metadata;
use crate::grpc::reflection::{self, DescribedServer};
use crate::net::tls::TlsSettings;
use crate::plugin::builder::ImageBuilder;
use crate::plugin::conformance::TestRule;

/// The pause between two looks at a port.
const POLL: Duration = Duration::from_millis(50);

/// The longest wait for one attempt to reach a port that is being opened.
const ATTEMPT: Duration = Duration::from_secs(2);

/// A plugin to test.
pub enum Target {
    Exec { command: String, port: u16, patience: Limit },
    Image { builder: ImageBuilder, image: String, inner_port: u16, patience: Limit },
    Endpoint(EndpointUrl),
}

/// Why a plugin cannot be called.
pub struct NotStarted {
    pub rule: TestRule,
    pub message: String,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exec { command, .. } => f.write_str(command),
            Self::Image { image, .. } => f.write_str(image),
            Self::Endpoint(url) => write!(f, "{url}"),
        }
    }
}

impl Target {
    /// The plugin that the flags name, or else the settings.
    pub fn choose(args: &PluginTest, settings: &TestSettings, context: &mut Context<'_>) -> Result<Self> {
        let patience = args.start_timeout;
        let endpoint = context.global.endpoint.as_deref();
        let tls = tls_of(&context.global.tls)?;
        match (&args.exec, &args.image, endpoint) {
            (Some(_), _, Some(_)) | (_, Some(_), Some(_)) => {
                Err(Error::usage("--endpoint is for a plugin that is running already")
                    .hint("omit it, or omit --exec and --image"))
            }
            (_, _, Some(_)) if args.port.is_some() => {
                Err(Error::usage("--endpoint names the port of the plugin").hint("omit --port"))
            }
            (_, _, Some(url)) => {
                let url: EndpointUrl =
                    url.parse().map_err(|error: ParseError| error.into_usage().context("--endpoint"))?;
                refuse_useless(&tls, &Destination::Url(url.clone()))?;
                Ok(Self::Endpoint(url))
            }
            (_, Some(image), None) => {
                let builder = image::find_builder(args.builder.as_deref(), context)?;
                let inner_port = args.port.unwrap_or(PLUGIN_PORT);
                Ok(Self::Image { builder, image: image.clone(), inner_port, patience })
            }
            (exec, None, None) => {
                let command = exec.as_ref().or(settings.exec.as_ref()).ok_or_else(|| {
                    Error::usage("there is no plugin to test")
                        .hint("start one with --exec COMMAND or --image REF, or name a running one: --endpoint URL")
                })?;
                let port = args.port.or(settings.port.map(NonZeroU16::get)).unwrap_or(PLUGIN_PORT);
                Ok(Self::Exec { command: command.clone(), port, patience })
            }
        }
    }

    /// Starts it, unless it runs already.
    pub fn start(&self) -> Result<Option<PluginProcess>> {
        match self {
            Self::Exec { command, port, .. } => PluginProcess::start(command, *port).map(Some),
            Self::Image { builder, image, inner_port, .. } => {
                PluginProcess::start_image(builder, image, *inner_port).map(Some)
            }
            Self::Endpoint(_) => Ok(None),
        }
    }

    /// Connects to it and asks what it serves; one that was started is waited for.
    pub async fn reach(
        &self,
        process: &mut Option<PluginProcess>,
        timeout: Limit,
        metadata: &Metadata,
        context: &Context<'_>,
    ) -> Result<Result<(Caller, DescribedServer), NotStarted>> {
        let (Some(process), Self::Exec { patience, .. } | Self::Image { patience, .. }) = (process, self) else {
            let Self::Endpoint(url) = self else { return Err(Error::local("the plugin is not started")) };
            return connect(url, metadata, timeout, context.global.connect_timeout, context).await.map(Ok);
        };
        let port = process.port;
        let url: EndpointUrl =
            format!("grpc://{}:{port}", Ipv4Addr::LOCALHOST).parse().map_err(ParseError::into_local)?;
        let begun = Instant::now();
        let mut why = "nothing listens there; if the plugin listens on another port, name that with --port".to_owned();
        while patience.is_none_or(|patience| begun.elapsed() < patience) {
            tokio::select! {
                biased;
                status = process.ended() => {
                    return Ok(Err(self.ended_early(&status, port)));
                }
                () = sleep(POLL) => {}
            }
            // The proxy of a container listens before the plugin does.
            if !is_open(port).await {
                continue;
            }
            let left = patience.map_or(ATTEMPT, |patience| patience.saturating_sub(begun.elapsed()).max(POLL));
            let attempt = connect(&url, metadata, timeout, Some(ATTEMPT), context);
            match tokio::time::timeout(left, attempt).await {
                Ok(Ok(reached)) => return Ok(Ok(reached)),
                Ok(Err(error)) if error.kind() == ErrorKind::Status(Code::Unimplemented) => return Err(error),
                Ok(Err(error)) => why = error.summary(),
                Err(_) => "it does not say what it serves".clone_into(&mut why),
            }
        }
        let waited = begun.elapsed().as_secs_f32();
        let message = format!("no answer on port {port} within {waited:.0} s: {why}");
        Ok(Err(NotStarted { rule: TestRule::StartFailed, message }))
    }
}

/// The status of docker and podman where they themselves fail, not what they run.
const BUILDER_FAILED: &str = "exit status 125";

impl Target {
    /// The meaning of a process that ends before anything listens.
    fn ended_early(&self, status: &str, port: u16) -> NotStarted {
        let Self::Image { builder, .. } = self else {
            let message = format!("the plugin {status} before it listened on port {port}");
            return NotStarted { rule: TestRule::Died, message };
        };
        let builder = builder.program().display();
        if status.ends_with(BUILDER_FAILED) {
            let message = format!("{builder} failed to run the image: it {status}");
            return NotStarted { rule: TestRule::StartFailed, message };
        }
        let message = format!("the plugin {status} before it listened in its container");
        NotStarted { rule: TestRule::Died, message }
    }
}

async fn is_open(port: u16) -> bool {
    timeout(ATTEMPT, TcpStream::connect((Ipv4Addr::LOCALHOST, port))).await.is_ok_and(|opened| opened.is_ok())
}

/// Connects, and asks what is served.
async fn connect(
    url: &EndpointUrl,
    metadata: &Metadata,
    timeout: Limit,
    connect_timeout: Limit,
    context: &Context<'_>,
) -> Result<(Caller, DescribedServer)> {
    let tls = if url.is_tls() { tls_of(&context.global.tls)? } else { TlsSettings::default() };
    let transport = channel::connect(url, &tls, connect_timeout).await?;
    let diagnostics = context.streams.diagnostics.clone();
    let caller = Caller::new(transport, metadata.clone(), timeout, url.to_string())
        .with_trace(trace(context.global.verbose, &diagnostics))
        .with_warnings(move |text| diagnostics.warn(text));
    let server = reflection::describe_all(&caller, reflection::LIMIT).await?;
    Ok((caller, server))
}
