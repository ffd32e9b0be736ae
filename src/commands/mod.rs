//! The commands, a file or folder each, and what they share.

mod api_resources;
mod apply;
mod cache;
mod completion;
mod config;
mod confirm;
mod connector;
mod drafts;
mod dry_run;
mod editor;
mod embedded;
mod exec;
mod explain;
mod filters;
mod get;
mod hint_flags;
mod identity;
mod list;
mod local;
mod login;
mod logout;
mod man;
mod managed;
mod method;
mod method_types;
mod nearest_ids;
mod output_options;
mod pages;
mod paginator;
mod plugin;
mod prepared_query;
mod query_command;
mod read;
mod request_faults;
mod resource;
mod resume_command;
mod revalidate;
mod session_tokens;
mod stat;
mod template;
mod tls_flags;
mod version;
mod watch;
mod whoami;
mod workspace;

use tokio::runtime::Builder;

use crate::cli::{Cli, Command, Global, Plugin};
use crate::config::Variables;
use crate::error::{Error, Result};
use crate::schema::resource::Resource;
use crate::schema::spaceone::{is_plugin_server, takes_no_key};
use crate::terminal::io_streams::IoStreams;

/// Everything that a command works with.
struct Context<'a> {
    global: &'a Global,
    variables: &'a Variables,
    streams: &'a mut IoStreams,
}

/// Runs the command of a parsed command line.
pub fn run(cli: &Cli, variables: &Variables, streams: &mut IoStreams) -> Result<()> {
    if let Some(rewrite) = hint_flags::rewriter(&cli.global) {
        streams.diagnostics.set_rewriter(rewrite);
    }
    let context = &mut Context { global: &cli.global, variables, streams };
    if needs_session(&cli.command) {
        let needs_refresh = matches!(cli.command, Command::Workspace(_));
        login::ensure_session(&connector::selection(context), needs_refresh, context)?;
    }
    match &cli.command {
        Command::Exec(args) => exec::run(args, context),
        Command::List(args) => list::run(args, context),
        Command::Get(args) => get::run(args, context),
        Command::Stat(args) => stat::run("stat", args, context),
        Command::Analyze(args) => stat::run("analyze", args, context),
        Command::Plugin(args) => plugin::run(args, context),
        Command::Apply(args) => apply::run(args, context),
        Command::ApiResources(args) => api_resources::run(args, context),
        Command::Explain(args) => explain::run(args, context),
        Command::Login(args) => login::run(args, context),
        Command::Logout(args) => logout::run(args, context),
        Command::WhoAmI(args) => whoami::run(args, context),
        Command::Workspace(args) => workspace::run(args, context),
        Command::Config(args) => config::run(args, context),
        Command::Template(args) => template::run(args, context),
        Command::Local(args) => local::run(args, context),
        Command::Cache(args) => cache::run(args, context),
        Command::Completion(args) => completion::run(args, context),
        Command::Man(args) => man::run(args, context),
        Command::Version(args) => version::run(args, context),
    }
}

/// Whether the command makes calls that need the session, if there is one. `apply` looks for it itself.
fn needs_session(command: &Command) -> bool {
    match command {
        Command::Exec(args) => !args.request.dry_run && !is_open(&args.verb, &args.resource),
        Command::List(_) | Command::Get(_) | Command::Stat(_) | Command::Analyze(_) | Command::Workspace(_) => true,
        Command::Plugin(command) => {
            !matches!(command, Plugin::Init(_) | Plugin::Lint(_) | Plugin::Test(_) | Plugin::Build(_) | Plugin::Push(_))
        }
        _ => false,
    }
}

/// Whether a call needs no key: a login, or a plugin's own server.
fn is_open(verb: &str, resource: &str) -> bool {
    Resource::parse(resource)
        .is_ok_and(|resource| is_plugin_server(&resource.service) || takes_no_key(&resource.full_name(None), verb))
}

/// Runs `work` on this thread, which starts fastest.
fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    run_on(&mut Builder::new_current_thread(), work)
}

/// As [`block_on`], with a thread for connections: messages arrive while rows are written.
fn block_on_threads<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    run_on(Builder::new_multi_thread().worker_threads(1), work)
}

fn run_on<T>(runtime: &mut Builder, work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = runtime.enable_all().build().map_err(|error| Error::local("cannot start").cause(error))?;
    let done = runtime.block_on(work);
    // A DNS lookup that goes on must not delay the exit.
    runtime.shutdown_background();
    done
}
