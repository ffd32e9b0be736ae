//! Calls a plugin step by step, as the platform does.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Instant;

use bytes::Bytes;
use prost_reflect::MethodDescriptor;
use serde_json::{Map, Value};
use tonic::Code;

use super::call_failure::{CallFailure, WorkError, after, died, judge, while_running};
use super::golden::Recorder;
use super::inputs::{DataCase, TestInputs};
use super::process::PluginProcess;
use super::report::progress_line;
use super::requests::{Answered, Requests};
use super::settings::mismatch;
use super::step_report::{Rate, StepOutcome, StepReport};
use crate::codec::{decode, encode};
use crate::error::{Error, Result, TerminationSignal, code_name};
use crate::grpc::call::Caller;
use crate::grpc::reflection::DescribedServer;
use crate::plugin::conformance::{
    CallVerdict, Conformance, PluginKind, Step, TestFinding, TestInput, TestRule, TestSeverity,
};
use crate::schema::did_you_mean::hint_at_field;
use crate::terminal::progress::Progress;
use crate::terminal::shutdown::Shutdown;

/// The parts of a run over all steps.
pub struct TestRun<'a> {
    pub kind: PluginKind,
    pub caller: &'a Caller,
    pub server: &'a DescribedServer,
    pub inputs: &'a TestInputs,
    pub domain_id: &'a str,
    /// By method, the fields that an answer has to hold.
    pub expect: &'a BTreeMap<String, Map<String, Value>>,
    pub limit: Option<usize>,
    pub dispatches: bool,
    pub conformance: Conformance,
    pub recorder: Option<Recorder>,
    pub allowed: &'a [TestRule],
    /// The status of each refusal that is an error.
    pub refusals: Vec<Code>,
    pub answered: Answered,
    /// The signal that ended a call.
    pub interrupted: Option<TerminationSignal>,
}

/// The plugin's process, the signals that end the test, and the line that shows how far a stream is.
pub struct CallControls<'a> {
    pub process: &'a mut Option<PluginProcess>,
    pub shutdown: &'a mut Shutdown,
    pub progress: Progress,
}

impl TestRun<'_> {
    /// Runs all steps, and hands each line to `on_report` when it is known.
    pub async fn call_steps(
        &mut self,
        controls: &mut CallControls<'_>,
        mut on_report: impl FnMut(StepReport) -> Result<()>,
    ) -> Result<()> {
        self.check_cases()?;
        let mut broken: Option<String> = None;
        for step in self.kind.steps() {
            let title = step.title(self.kind);
            if let Some(by) = &broken {
                on_report(StepReport::skipped(*step, title, format!("not called after {by}")))?;
                continue;
            }
            let Some(method) = self.method(*step)? else {
                on_report(StepReport::skipped(*step, title, "not served"))?;
                continue;
            };
            if let Some(why) = self.reason_to_skip(*step) {
                on_report(StepReport::skipped(*step, title, why))?;
                continue;
            }
            if self.step(*step, &method, controls, &mut on_report).await? {
                broken = Some(title);
            }
        }
        Ok(())
    }

    /// The step's method as the plugin describes it.
    fn method(&self, step: Step) -> Result<Option<MethodDescriptor>> {
        let DescribedServer { pool, gaps, .. } = self.server;
        let name = format!("{}.{}", self.kind.package(), step.service(self.kind));
        let misfit = |why: &str| crate::grpc::descriptors::misfit(self.caller.endpoint(), why);
        let Some(service) = pool.get_service_by_name(&name) else {
            return gaps.of_service(&name, pool).map_or(Ok(None), |why| Err(misfit(why)));
        };
        let method = service.methods().find(|method| method.name() == step.method() && !method.is_client_streaming());
        match method.as_ref().and_then(|method| gaps.of_method(method)) {
            Some(why) => Err(misfit(why)),
            None => Ok(method),
        }
    }

    /// Refuses data cases with fields that no request has: they would not be sent.
    fn check_cases(&self) -> Result<()> {
        let mut fields = Vec::new();
        for step in self.kind.steps().iter().filter(|step| step.inputs(self.kind).contains(&TestInput::Data)) {
            match self.method(*step)? {
                // A payload may have any fields.
                _ if *step == Step::Parse => return Ok(()),
                Some(method) => fields.extend(method.input().fields().map(|field| field.name().to_owned())),
                None => {}
            }
        }
        let of_case = |case: &DataCase| {
            let unknown = case.fields.keys().find(|name| !fields.contains(name))?;
            let what = format!("data case {}: no request of {} has the field", case.name, self.kind.resource_type());
            let hint = hint_at_field(unknown, fields.iter().map(String::as_str));
            Some(Error::usage(format!("{what} {unknown}")).hint(hint))
        };
        self.inputs.data.iter().find_map(of_case).map_or(Ok(()), Err)
    }

    fn reason_to_skip(&self, step: Step) -> Option<&'static str> {
        match step {
            Step::Dispatch if !self.dispatches => Some("sends a message to people: needs --dispatch"),
            Step::GetLinkedAccounts if !self.answered.uses_account_routing() => {
                Some("metadata.use_account_routing is not set")
            }
            _ => None,
        }
    }

    /// Makes the calls of a step; returns whether the plugin cannot be called any more.
    async fn step(
        &mut self,
        step: Step,
        method: &MethodDescriptor,
        controls: &mut CallControls<'_>,
        on_report: &mut impl FnMut(StepReport) -> Result<()>,
    ) -> Result<bool> {
        let requests = Requests { kind: self.kind, inputs: self.inputs, domain_id: self.domain_id };
        let requests = requests.of_step(step, &method.input(), &self.answered);
        let (mut is_complete, mut is_broken) = (true, false);
        for (case, requests) in requests {
            let mut is_case_complete = true;
            let title = step.title(self.kind);
            self.conformance.begin_case(case.map(|case| &*case.name));
            let mut report = StepReport::new(step, title, case.map(|case| case.name.clone()));
            let of_case = case.map(|case| &case.expect).filter(|expected| !expected.is_empty());
            let expected = of_case.or_else(|| self.expect.get(step.method())).cloned();
            let mut call = StepCall { step, method, case, report: &mut report, expected, mismatch: None };
            controls.progress.restart();
            for request in requests {
                let ended = self.call(&mut call, &request, controls).await;
                is_case_complete &= ended.is_ok();
                is_complete &= ended.is_ok() && !call.report.is_cut;
                match ended {
                    Ok(()) => {}
                    Err(CallFailure::Here(error)) => return Err(error),
                    Err(CallFailure::Interrupted(signal)) => {
                        self.interrupted = Some(signal);
                        call.report.outcome = StepOutcome::Interrupted(format!("by {signal}{}", after(call.report)));
                        is_broken = true;
                        break;
                    }
                    Err(CallFailure::Refused(code, details)) => self.refused(step, code, &details, call.report),
                    Err(CallFailure::Broken(rule, message)) => {
                        self.conformance.broke(rule, Some(step), message.clone());
                        call.report.fail(message);
                        is_broken = true;
                        break;
                    }
                }
            }
            if call.report.outcome == StepOutcome::Ok && call.expected.is_some_and(|expected| !expected.is_empty()) {
                let why = call.mismatch.unwrap_or_else(|| "there is no answer".to_owned());
                let why = if step.is_stream() { format!("in none of the messages: {why}") } else { why };
                self.conformance.broke(TestRule::Expectation, Some(step), why.clone());
                report.fail(why);
            }
            if let Some(recorder) = &mut self.recorder {
                recorder.end(is_case_complete)?;
            }
            controls.progress.clear();
            on_report(report)?;
            if is_broken {
                break;
            }
        }
        self.conformance.begin_case(None);
        self.conformance.ended(step, is_complete);
        Ok(is_broken)
    }

    /// Judges a status, and notes it in the report.
    fn refused(&mut self, step: Step, code: Code, details: &str, report: &mut StepReport) {
        let is_error =
            |finding: &TestFinding| finding.severity == TestSeverity::Error && !self.allowed.contains(&finding.rule);
        let errors = |conformance: &Conformance| conformance.findings().iter().filter(|found| is_error(found)).count();
        let before = errors(&self.conformance);
        let verdict = self.conformance.failed(step, code, details);
        let added = errors(&self.conformance).saturating_sub(before);
        self.refusals.extend(std::iter::repeat_n(code, added));
        let said = details.lines().next().unwrap_or_default();
        let said = if said.is_empty() { code_name(code).to_owned() } else { format!("{}: {said}", code_name(code)) };
        let why = match verdict {
            CallVerdict::Failed => return report.fail(said),
            CallVerdict::Skipped => {
                let options: Vec<&str> =
                    self.conformance.missing_inputs(step).into_iter().map(TestInput::option).collect();
                format!("needs input ({}): {said}", options.join(", "))
            }
            CallVerdict::Tolerated => format!("not needed by the platform: {said}"),
        };
        // An earlier call of the step may have failed.
        if report.outcome == StepOutcome::Ok {
            report.outcome = StepOutcome::Skipped(why);
        }
    }

    async fn call(
        &mut self,
        call: &mut StepCall<'_>,
        request: &Map<String, Value>,
        controls: &mut CallControls<'_>,
    ) -> Result<(), CallFailure> {
        let mut first = self.call_once(call, request, controls, false).await?;
        if call.step != Step::Parse || call.case.is_none() {
            return Ok(());
        }
        let again = self.call_once(call, request, controls, true).await?;
        if let (Some(first), Some(again)) = (first.take(), again) {
            self.conformance.parsed_again(&first, &again);
        }
        Ok(())
    }

    /// Makes one call; returns the last answer. One that is made `again` is only compared.
    async fn call_once(
        &mut self,
        call: &mut StepCall<'_>,
        request: &Map<String, Value>,
        controls: &mut CallControls<'_>,
        again: bool,
    ) -> Result<Option<Value>, CallFailure> {
        let bytes = encode::encode(request, &call.method.input()).map_err(|faults| {
            let what = Error::usage(format!("{}: the input cannot be sent", call.report.name()));
            let causes = faults.iter().map(|fault| format!("{}: {}", fault.path, fault.message));
            CallFailure::Here(causes.fold(what, Error::cause))
        })?;
        let (caller, method) = (self.caller.clone(), call.method.clone());
        let mut rate = Rate::new();
        let mut last = None;
        let CallControls { process, shutdown, progress } = controls;
        let (name, begun, earlier) = (call.report.name(), Instant::now(), call.report.elapsed);
        let taken = Cell::new((call.report.messages, call.report.bytes));
        let work = async {
            if !method.is_server_streaming() {
                let answer = caller.unary(&method, false, bytes.into()).await?;
                rate.count();
                last = Some(self.take(call, answer, again)?);
                return Ok(());
            }
            let mut answers = caller.server_streaming(&method, false, bytes.into()).await?;
            let mut count = 0;
            while let Some(answer) = answers.next().await? {
                rate.count();
                self.take(call, answer, again)?;
                taken.set((call.report.messages, call.report.bytes));
                count += 1;
                if self.limit.is_some_and(|limit| count >= limit) {
                    call.report.is_cut = true;
                    break;
                }
            }
            Ok(())
        };
        let ended = {
            let mut work = pin!(while_running(process.as_mut(), work));
            loop {
                tokio::select! {
                    biased;
                    signal = shutdown.signal() => break Err(CallFailure::Interrupted(signal)),
                    () = progress.due(), if method.is_server_streaming() => {
                        let (messages, bytes) = taken.get();
                        progress.show(progress_line(&name, messages, bytes, earlier + begun.elapsed()));
                    }
                    ended = &mut work => break Ok(ended),
                }
            }
        };
        call.report.elapsed += rate.elapsed();
        call.report.peak = call.report.peak.max(rate.peak);
        match ended? {
            Ok(Ok(())) => Ok(last),
            Ok(Err(WorkError::Here(error))) => Err(CallFailure::Here(error)),
            Ok(Err(WorkError::Call(error))) => Err(judge(error, call.report, process).await),
            Err(status) => Err(died(&status, call.report)),
        }
    }

    /// Takes an answer in.
    fn take(&mut self, call: &mut StepCall<'_>, bytes: Bytes, again: bool) -> Result<Value, WorkError> {
        let size = bytes.len();
        let answer = decode::decode(bytes, &call.method.output())?;
        if again {
            return Ok(answer);
        }
        call.report.messages += 1;
        call.report.bytes += size;
        if let Some(expected) = &call.expected {
            match mismatch(&answer, &Value::Object(expected.clone())) {
                None => call.expected = None,
                Some(first) => drop(call.mismatch.get_or_insert(first)),
            }
        }
        self.answered.take(call.step, &answer);
        // The answer to an empty payload says nothing.
        if call.step != Step::Parse || call.case.is_some() {
            self.conformance.answer(call.step, &answer, size);
        }
        if let Some(recorder) = &mut self.recorder {
            let step = file_stem(call.step, self.kind);
            let name = call.case.map_or_else(|| step.clone(), |case| format!("{step}-{}", case.name));
            recorder.add(&name, &answer).map_err(WorkError::Here)?;
        }
        Ok(answer)
    }
}

/// The calls of one line of the report.
struct StepCall<'a> {
    step: Step,
    method: &'a MethodDescriptor,
    case: Option<&'a DataCase>,
    report: &'a mut StepReport,
    /// The fields that an answer has to hold, until one does.
    expected: Option<Map<String, Value>>,
    /// How the first answer differs from it.
    mismatch: Option<String>,
}

/// The name of a file with answers; two services of a data source have a `list`.
fn file_stem(step: Step, kind: PluginKind) -> String {
    match step {
        Step::MetricList | Step::MetricGetData | Step::LogList => step.title(kind).to_lowercase(),
        _ => step.method().to_owned(),
    }
}
