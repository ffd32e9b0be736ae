//! `man`: a manual page per command, from the command line types.

use std::fs;
use std::io::{self, Write};

use clap::{Command, CommandFactory as _};
use clap_mangen::roff::{Roff, bold, roman};

use super::Context;
use crate::cli::{Cli, Man};
use crate::error::{Error, Result};

const EXAMPLES: &str = "Examples:";

/// Environment variables, for the program's own page.
const ENVIRONMENT: [(&str, &str); 17] = [
    ("SPACECTL_ENVIRONMENT", "The environment to use; --environment overrides it."),
    ("SPACECTL_DEFAULT_ENVIRONMENT", "The environment to use if none is current."),
    ("SPACECTL_ENDPOINT", "The endpoint to call, without an environment; --endpoint overrides it."),
    ("SPACECTL_API_KEY", "The API key to send; it overrides the configuration."),
    ("SPACECTL_DOMAIN_ID", "The domain to send; --domain-id overrides it."),
    ("SPACECTL_WORKSPACE_ID", "The workspace to send; --workspace-id overrides it."),
    ("SPACECTL_OUTPUT", "The output format of commands that have it; -o overrides it."),
    ("SPACECTL_TIMEOUT", "The timeout per call, e.g. 30s; --timeout overrides it."),
    ("SPACECTL_CONFIG_DIR", "The configuration directory, instead of ~/.spaceone."),
    ("SPACECTL_COMPLETION_TIMEOUT", "The longest wait for services in a completion, e.g. 300ms or 2s."),
    ("VISUAL, EDITOR", "The editor of config edit and plugin edit, instead of vi."),
    ("SHELL, ZDOTDIR, XDG_CONFIG_HOME", "The shell and the files of completion install."),
    ("SSL_CERT_FILE", "The certificates to trust, instead of the system's."),
    ("SSL_CERT_DIR", "A directory of certificates to trust, instead of the system's."),
    ("NO_COLOR", "Disables colours; --color overrides it."),
    ("CLICOLOR_FORCE", "Enables colours in pipes, too; NO_COLOR and --color override it."),
    ("XDG_DATA_HOME, XDG_CACHE_HOME", "The parents of the data and cache directories below."),
];
/// Files, for the program's own page.
const FILES: [(&str, &str); 7] = [
    ("~/.spaceone/environment.yml", "The name of the current environment."),
    ("~/.spaceone/environments/NAME.yml", "The endpoints and the key of an environment."),
    ("~/.spaceone/alias.yml", "Your aliases of resources."),
    ("~/.spaceone/template/SERVICE.RESOURCE.yml", "The columns of a resource's tables."),
    ("~/.local/share/spacectl/repository.db", "The plugins of the environment local."),
    ("~/.cache/spacectl/completion/", "Cached resources and values for completion."),
    ("~/.cache/spacectl/descriptors/", "Cached descriptors of services."),
];

pub fn run(args: &Man, context: &mut Context<'_>) -> Result<()> {
    let mut root = Cli::command().disable_help_subcommand(true);
    root.build();
    let pages = pages(&root, None);
    let Some(dir) = &args.dir else {
        pages.iter().take(1).try_for_each(|page| page.write(&pages, &mut context.streams.out))?;
        return Ok(());
    };
    fs::create_dir_all(dir).map_err(|error| Error::local(format!("cannot create {}", dir.display())).cause(error))?;
    for page in &pages {
        let mut text = Vec::new();
        page.write(&pages, &mut text)?;
        let path = dir.join(format!("{}.1", page.name()));
        fs::write(&path, text)
            .map_err(|error| Error::local(format!("cannot write {}", path.display())).cause(error))?;
    }
    context.streams.diagnostics.done(&format!("{} pages written to {}", pages.len(), dir.display()));
    Ok(())
}

/// A command's page.
#[derive(Clone, Copy)]
struct Page<'a> {
    command: &'a Command,
    /// The parent command; `None` for the program itself.
    parent: Option<&'a Command>,
}

/// The pages of a command and of all its subcommands.
fn pages<'a>(command: &'a Command, parent: Option<&'a Command>) -> Vec<Page<'a>> {
    let children = command.get_subcommands().filter(|command| !command.is_hide_set());
    std::iter::once(Page { command, parent }).chain(children.flat_map(|child| pages(child, Some(command)))).collect()
}

/// `spacectl-config-set`.
fn name(command: &Command) -> &str {
    command.get_display_name().unwrap_or_else(|| command.get_name())
}

impl Page<'_> {
    fn name(&self) -> &str {
        name(self.command)
    }

    fn write(&self, all: &[Page<'_>], out: &mut impl Write) -> io::Result<()> {
        let mut page = Vec::new();
        self.render(all, &mut page)?;
        // Each section comes with the same definitions; one copy is enough.
        let page = String::from_utf8_lossy(&page);
        let definitions = Roff::new().render();
        // Some formatters turn a tilde into an accent.
        write!(out, "{definitions}{}", page.replace(&definitions, "").replace('~', r"\(ti"))
    }

    fn render(&self, all: &[Page<'_>], out: &mut Vec<u8>) -> io::Result<()> {
        let is_root = self.parent.is_none();
        let shown = self.command.clone().mut_args(|arg| {
            // Global options are only in the program's own page.
            let is_elsewhere = !is_root && arg.is_global_set();
            // A page has room for the long help.
            let help = arg.get_long_help().or(arg.get_help()).cloned().unwrap_or_default();
            arg.hide(is_elsewhere).long_help(help)
        });
        let page = clap_mangen::Man::new(shown);
        // Not clap_mangen's: without a date, which would change the page every day, it takes the next field for one.
        let (title, version) = (self.name().to_uppercase(), env!("CARGO_PKG_VERSION"));
        writeln!(out, r#".TH "{title}" 1 "" "spacectl {version}" "spacectl manual""#)?;
        page.render_name_section(out)?;
        page.render_synopsis_section(out)?;
        page.render_description_section(out)?;
        page.render_options_section(out)?;
        if self.command.has_subcommands() {
            page.render_subcommands_section(out)?;
        }
        let mut roff = Roff::new();
        if !is_root {
            roff.control("SH", ["GLOBAL OPTIONS"]);
            roff.text([roman("Those of "), bold("spacectl"), roman("(1) can be given here too.")]);
        }
        let after = self.command.get_after_long_help().map(ToString::to_string);
        notes(&mut roff, after.as_deref().unwrap_or_default());
        if is_root {
            terms(&mut roff, "ENVIRONMENT", &ENVIRONMENT);
            terms(&mut roff, "FILES", &FILES);
        }
        self.see_also(all, &mut roff);
        roff.to_writer(out)
    }

    /// The parent's page and the program's own; in that all others.
    fn see_also(&self, all: &[Page<'_>], roff: &mut Roff) {
        let parent = self.parent.map(name);
        let others: Vec<&str> = match all.first() {
            Some(root) if parent.is_some() => {
                std::iter::once(root.name()).chain(parent.filter(|parent| *parent != root.name())).collect()
            }
            _ => all.iter().skip(1).map(Page::name).collect(),
        };
        roff.control("SH", ["SEE ALSO"]);
        for (at, page) in others.iter().enumerate() {
            let end = if at + 1 < others.len() { "(1)," } else { "(1)" };
            roff.text([bold(*page), roman(end)]);
        }
    }
}

/// The text after the options in help: indented lines, such as examples, are literal.
fn notes(roff: &mut Roff, after_help: &str) {
    let (examples, others): (Vec<&str>, Vec<&str>) =
        after_help.split("\n\n").filter(|part| !part.is_empty()).partition(|part| part.starts_with(EXAMPLES));
    for part in examples {
        roff.control("SH", ["EXAMPLES"]);
        lines(roff, part.lines().skip(1));
    }
    for (at, part) in others.into_iter().enumerate() {
        if at == 0 {
            roff.control("SH", ["NOTES"]);
        } else {
            roff.control("PP", []);
        }
        lines(roff, part.lines());
    }
}

fn lines<'a>(roff: &mut Roff, lines: impl Iterator<Item = &'a str>) {
    let mut literal = false;
    for line in lines {
        if line.starts_with(' ') != literal {
            literal = !literal;
            // Without adjustment and filling, and without breaking at the margin.
            roff.control(if literal { "nf" } else { "fi" }, []);
        }
        roff.text([roman(line)]);
    }
    if literal {
        roff.control("fi", []);
    }
}

fn terms(roff: &mut Roff, heading: &str, terms: &[(&str, &str)]) {
    roff.control("SH", [heading]);
    for (term, meaning) in terms {
        roff.control("TP", []);
        roff.text([bold(*term)]);
        roff.text([roman(*meaning)]);
    }
}
