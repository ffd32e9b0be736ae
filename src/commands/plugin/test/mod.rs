//! `plugin test`: calls a running plugin as the platform does.
//!
//! `process` starts and ends it, `inputs` and `settings` read what is sent, `requests`, `calls` and `call_failure` make
//! the calls, `golden` keeps answers, `report` and `formats` show the result. The rules are in
//! `crate::plugin::conformance`.

mod call_failure;
mod calls;
mod formats;
mod golden;
mod inputs;
mod log;
mod process;
mod report;
mod requests;
mod settings;
mod show;
mod start;
mod step_report;

use std::io::IsTerminal as _;
use std::path::Path;

use serde_json::{Map, Value};

use self::calls::{CallControls, TestRun};
use self::golden::{Recorded, Recorder, check_recorded};
use self::inputs::TestInputs;
use self::process::{PLUGIN_PORT, PluginProcess};
use self::requests::{Answered, DOMAIN};
use self::settings::TestSettings;
use self::show::{counted, shown};
use self::start::{NotStarted, Target};
use self::step_report::TestResult;
use super::rule_help;
use crate::cli::{ErrorFormat, Limit, PluginTest, TestFormat, duration};
use crate::commands::{Context, block_on};
use crate::error::{Error, ErrorKind, Result};
use crate::grpc::metadata::{Metadata, MetadataEntry};
use crate::plugin::builder::ImageBuilder;
use crate::plugin::conformance::{Conformance, GivenInputs, PluginKind, TestFinding, TestRule, TestSeverity};
use crate::spec::source::SourceText;
use crate::terminal::io_streams::{Diagnostics, IoStreams};
use crate::terminal::progress::Progress;
use crate::terminal::shutdown::Shutdown;

pub use self::settings::SETTINGS_FILE;

/// The options of the command line and the settings.
struct TestOptions<'a> {
    args: &'a PluginTest,
    settings: TestSettings,
    inputs: TestInputs,
    spec: Option<Map<String, Value>>,
    kind: Option<PluginKind>,
    allowed: Vec<TestRule>,
    domain_id: String,
    timeout: Limit,
    /// The metadata of each call: no key, nothing of an environment, only what `-H` names.
    metadata: Metadata,
}

pub fn run(args: &PluginTest, context: &mut Context<'_>) -> Result<()> {
    let rows = || TestRule::ALL.iter().map(|rule| (rule.name(), rule.levels(), rule.summary()));
    if args.list_rules {
        return rule_help::list(rows(), context.streams);
    }
    if let Some(name) = &args.explain {
        let rule = TestRule::find(name).ok_or_else(|| rule_help::unknown("plugin test", name, rows()))?;
        return rule_help::explain((rule.name(), rule.levels(), rule.summary()), rule.explanation(), context.streams);
    }
    if context.global.environment.is_some() {
        return Err(Error::usage("plugin test calls a plugin, not a service of an environment")
            .hint("omit --environment, and name the plugin with --exec, --image or --endpoint"));
    }
    let entries = context.global.header.iter().map(|header| MetadataEntry::parse(header));
    let entries = entries.collect::<Result<Vec<_>, _>>().map_err(|error| error.into_usage().context("-H"))?;
    let metadata = Metadata::default().with_entries(&entries)?;
    let options = TestOptions::read(args, metadata, context)?;
    let target = Target::choose(args, &options.settings, context)?;
    block_on(async { run_test(&target, &options, &mut Shutdown::listen()?, context).await })
}

/// Tests an image that `builder` has built, by the settings in `folder`. The report goes to standard error,
/// as the builder's output does.
pub async fn test_image(
    builder: ImageBuilder,
    image: &str,
    folder: &Path,
    shutdown: &mut Shutdown,
    context: &mut Context<'_>,
) -> Result<()> {
    let mut args = PluginTest::from_image(image).map_err(|error| Error::local("the test cannot start").cause(error))?;
    args.config = Some(folder.join(SETTINGS_FILE)).filter(|file| file.exists());
    // `-H` is for the service.
    let options = TestOptions::read(&args, Metadata::default(), context)?;
    let (image, patience) = (image.to_owned(), args.start_timeout);
    let target = Target::Image { builder, image, inner_port: PLUGIN_PORT, patience };
    let error = std::io::stderr();
    let is_terminal = std::mem::replace(&mut context.streams.out_is_terminal, error.is_terminal());
    let out = std::mem::replace(&mut context.streams.out, Box::new(error));
    let color = context.streams.diagnostics.has_color();
    let color = std::mem::replace(&mut context.streams.out_color, color);
    let tested = run_test(&target, &options, shutdown, context).await;
    (context.streams.out, context.streams.out_is_terminal, context.streams.out_color) = (out, is_terminal, color);
    tested
}

/// Starts the plugin, tests it, ends it and reports.
async fn run_test(
    target: &Target,
    options: &TestOptions<'_>,
    shutdown: &mut Shutdown,
    context: &mut Context<'_>,
) -> Result<()> {
    let mut process = target.start()?;
    let tested = test(target, options, &mut process, shutdown, context).await;
    if let Some(process) = &mut process {
        process.stop(shutdown).await;
    }
    let log = process.map(|process| process.log()).unwrap_or_default();
    let is_of_plugin = |error: &Error| !error.is_silent() && error.kind() != ErrorKind::Usage;
    let has_failed = tested.as_ref().map_or_else(is_of_plugin, TestResult::has_failed_step);
    if has_failed && !log.is_empty() {
        context.streams.out.flush()?;
        show_log(&log, context.global.error_format, &context.streams.diagnostics);
    }
    let mut result = tested?;
    write(&result, options.args.output, context.streams)?;
    if let Some(error) = result.files_failed.take() {
        context.streams.out.flush()?;
        return Err(error);
    }
    if let (Some(signal), Some(step)) = (result.interrupted, result.interrupted_step()) {
        context.streams.out.flush()?;
        let record = if options.args.record.is_some() { "; nothing was recorded" } else { "" };
        context.streams.diagnostics.warn(&format!("interrupted during {step}: the report is incomplete{record}"));
        return Err(Error::from_signal(signal));
    }
    conclude(&result, context.streams)
}

impl<'a> TestOptions<'a> {
    fn read(args: &'a PluginTest, metadata: Metadata, context: &mut Context<'_>) -> Result<Self> {
        args.compare.as_deref().map_or(Ok(()), check_recorded)?;
        let mut settings = TestSettings::read(args.config.as_deref())?;
        let inputs = TestInputs::read(args, &mut settings, context.streams)?;
        let spec = args.file_parameter.as_deref().map(read_spec).transpose()?;
        let of_spec = spec.as_ref().and_then(|spec| spec.get("resource_type").or(spec.get("service_type")));
        let of_spec = of_spec.and_then(Value::as_str);
        let resource_type = args.resource_type.as_deref().or(settings.resource_type.as_deref()).or(of_spec);
        let kind = resource_type.map(|name| PluginKind::from_resource_type(name).ok_or_else(|| unknown_kind(name)));
        let rows = || TestRule::ALL.iter().map(|rule| (rule.name(), rule.levels(), rule.summary()));
        let allow = args.allow.iter().chain(&settings.allow);
        let allowed =
            allow.map(|name| TestRule::find(name).ok_or_else(|| rule_help::unknown("plugin test", name, rows())));
        let timeout = match &settings.timeout {
            Some(text) if context.global.timeout.is_none() => duration(text).map_err(Error::usage)?,
            _ => context.global.timeout(),
        };
        Ok(Self {
            allowed: allowed.collect::<Result<_>>()?,
            kind: kind.transpose()?,
            domain_id: context.global.domain_id.clone().unwrap_or_else(|| DOMAIN.to_owned()),
            args,
            settings,
            inputs,
            spec,
            timeout,
            metadata,
        })
    }

    /// Without the findings of allowed rules.
    fn not_allowed(&self, conformance: &Conformance) -> Vec<TestFinding> {
        conformance.findings().into_iter().filter(|finding| !self.allowed.contains(&finding.rule)).collect()
    }
}

/// Waits for the plugin and makes all calls; as text, each step is written when it ends. A signal ends the calls, not
/// the report about those before it.
async fn test(
    target: &Target,
    options: &TestOptions<'_>,
    process: &mut Option<PluginProcess>,
    shutdown: &mut Shutdown,
    context: &mut Context<'_>,
) -> Result<TestResult> {
    let args = options.args;
    let mut result = TestResult {
        target: target.to_string(),
        kind: options.kind,
        reports: Vec::new(),
        collected: Vec::new(),
        findings: Vec::new(),
        differences: Vec::new(),
        files_failed: None,
        refusals: Vec::new(),
        interrupted: None,
    };
    let reached = tokio::select! {
        biased;
        signal = shutdown.signal() => {
            result.interrupted = Some(signal);
            return Ok(result);
        }
        reached = target.reach(process, options.timeout, &options.metadata, context) => reached?,
    };
    let (caller, server) = match reached {
        Ok(reached) => reached,
        Err(NotStarted { rule, message }) => {
            // Its kind does not matter for what is about no answer.
            let kind = options.kind.unwrap_or(PluginKind::Collector);
            let mut conformance = Conformance::new(kind, GivenInputs::default(), false);
            conformance.broke(rule, None, message);
            result.findings = options.not_allowed(&conformance);
            return Ok(result);
        }
    };
    let kind = match options.kind {
        Some(kind) => kind,
        None => only_kind(&server.services, caller.endpoint())?,
    };
    result.kind = Some(kind);
    options.settings.check_expect(kind)?;
    let mut conformance = Conformance::new(kind, options.inputs.given(), args.strict_collect);
    if let Some(spec) = &options.spec {
        conformance.check_spec(spec);
    }
    conformance.check_served(|service, method| {
        let service = server.pool.get_service_by_name(service);
        service.is_some_and(|service| service.methods().any(|served| served.name() == method))
    });
    let recorder = match (&args.record, &args.compare) {
        (Some(dir), _) => Some(Recorder::new(dir)?),
        (None, Some(_)) => Some(Recorder::temporary()?),
        (None, None) => None,
    };
    let mut run = TestRun {
        kind,
        caller: &caller,
        server: &server,
        inputs: &options.inputs,
        domain_id: &options.domain_id,
        expect: &options.settings.expect,
        limit: args.limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX)),
        dispatches: args.dispatch,
        conformance,
        recorder,
        allowed: &options.allowed,
        refusals: Vec::new(),
        answered: Answered::default(),
        interrupted: None,
    };
    let mut controls = CallControls { process, shutdown, progress: Progress::of_texts(context.streams) };
    let streams = &mut *context.streams;
    let reports = &mut result.reports;
    let is_text = args.output == TestFormat::Text;
    let ran = run.call_steps(&mut controls, |report| {
        if is_text {
            report::write_step(&report, streams)?;
        }
        reports.push(report);
        Ok(())
    });
    ran.await?;
    result.findings = options.not_allowed(&run.conformance);
    result.collected = run.conformance.collected().to_vec();
    result.refusals = run.refusals;
    result.interrupted = run.interrupted;
    if let Some(recorder) = run.recorder.filter(|_| run.interrupted.is_none()) {
        match keep_answers(recorder, options, &context.streams.diagnostics) {
            Ok(differences) => result.differences = differences,
            Err(error) => result.files_failed = Some(error),
        }
    }
    Ok(result)
}

/// Gives recorded answers their names, or compares them; returns the differences.
fn keep_answers(mut recorder: Recorder, options: &TestOptions<'_>, diagnostics: &Diagnostics) -> Result<Vec<String>> {
    let Recorded { written, incomplete } = recorder.finish()?;
    if let Some(dir) = &options.args.compare {
        return recorder.compare(dir, &written, &options.settings.compare.ignore);
    }
    if let Some(dir) = &options.args.record {
        for name in incomplete {
            diagnostics.warn(&format!("{} is not written: not all of its calls succeeded", dir.join(name).display()));
        }
        diagnostics.done(&format!("wrote {} to {}", counted(written.len(), "file"), dir.display()));
    }
    Ok(Vec::new())
}

/// Writes what is known at the end.
fn write(result: &TestResult, format: TestFormat, streams: &mut IoStreams) -> Result<()> {
    match format {
        TestFormat::Text => {
            report::write_collected(&result.collected, streams)?;
            if !result.findings.is_empty() && !result.reports.is_empty() {
                writeln!(streams.out)?;
            }
            report::write_findings(&result.findings, result.kind, streams)?;
            if !result.differences.is_empty() {
                writeln!(streams.out)?;
            }
            for line in &result.differences {
                writeln!(streams.out, "changed: {}", shown(line))?;
            }
            Ok(())
        }
        TestFormat::Json => formats::write_json(result, &mut *streams.out),
        TestFormat::Junit => formats::write_junit(result, &mut *streams.out),
        TestFormat::Github => formats::write_github(result, &mut *streams.out),
    }
}

/// Reports the counts; as an error if there are errors or differences.
fn conclude(result: &TestResult, streams: &mut IoStreams) -> Result<()> {
    streams.out.flush()?;
    let (errors, warnings) = (result.count(TestSeverity::Error), result.count(TestSeverity::Warning));
    let infos = result.count(TestSeverity::Info);
    let differences = result.differences.len();
    let called = result.reports.iter().filter(|report| report.messages > 0).count();
    let counts = [(errors, "error"), (warnings, "warning"), (infos, "info"), (differences, "difference")];
    let counts = counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| counted(*count, word));
    let counts = counts.collect::<Vec<_>>().join(", ");
    let summary = match (counts.is_empty(), called) {
        (true, called) => format!("{} answered, no findings", counted(called, "step")),
        (false, called) => format!("{counts}; {} answered", counted(called, "step")),
    };
    if !result.has_failed() {
        streams.diagnostics.done(&summary);
        return Ok(());
    }
    let error = match result.refusals.first() {
        Some(code) if differences == 0 && errors == result.refusals.len() => Error::status(*code, summary),
        _ => Error::local(summary),
    };
    let failed = result.findings.iter().find(|finding| finding.severity == TestSeverity::Error);
    Err(error.hint(match failed {
        Some(finding) => {
            format!("run spacectl plugin test --explain {} to see why the rule exists", finding.rule.name())
        }
        None => "run it with --record DIR to accept the changes".to_owned(),
    }))
}

/// Shows the end of the plugin's log.
fn show_log(lines: &[String], format: ErrorFormat, diagnostics: &Diagnostics) {
    let write = |line: &str| match format {
        ErrorFormat::Text => diagnostics.println(line),
        ErrorFormat::Json => diagnostics.trace(line),
    };
    write("the plugin's last output:");
    // GitHub takes a line that begins with `::`, also after spaces, for a command.
    lines.iter().for_each(|line| write(&format!("| {}", shown(&line.replace('\t', "    ")))));
}

/// The fields of a spec.
fn read_spec(file: &str) -> Result<Map<String, Value>> {
    let text = SourceText::of_bytes(file.to_owned(), crate::spec::source::read_file(file)?)?;
    inputs::fields_of(&text, Error::local)
}

fn unknown_kind(name: &str) -> Error {
    let known: Vec<&str> = PluginKind::ALL.iter().map(|kind| kind.resource_type()).collect();
    Error::usage(format!("no plugin of the resource type {name} can be tested"))
        .hint(format!("the resource types are {}", known.join(", ")))
}

/// The kind of a plugin by its services.
fn only_kind(services: &[String], endpoint: &str) -> Result<PluginKind> {
    match &PluginKind::among(services)[..] {
        [only] => Ok(*only),
        [] => Err(Error::local(format!("{endpoint} serves no plugin"))
            .cause(format!("its services are {}", services.join(", ")))
            .hint("is this the port of a plugin? `spacectl api-resources --endpoint URL` shows what is there")),
        several => {
            let names: Vec<&str> = several.iter().map(|kind| kind.resource_type()).collect();
            Err(Error::usage(format!("{endpoint} can be several plugins: {}", names.join(", ")))
                .hint(format!("choose one: --resource-type {}", names.first().unwrap_or(&""))))
        }
    }
}
