//! The calls of a test, in words of the plugin's API.

use super::kind::PluginKind;

/// A call that the platform makes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Step {
    Init,
    Verify,
    GetLinkedAccounts,
    GetTasks,
    Collect,
    Parse,
    MetricList,
    MetricGetData,
    LogList,
    GetCosts,
    Authorize,
    Sync,
    Dispatch,
}

/// An input that only the user of a test can give.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TestInput {
    Options,
    SecretData,
    /// The payload, query, message, or the credentials of a sign-in.
    Data,
}

impl TestInput {
    /// The option of the command line.
    pub fn option(self) -> &'static str {
        match self {
            Self::Options => "--options",
            Self::SecretData => "--secret-data",
            Self::Data => "--data",
        }
    }

    /// The field of requests.
    pub(super) fn field(self) -> &'static str {
        match self {
            Self::Options => "options",
            Self::SecretData => "secret_data",
            Self::Data => "data",
        }
    }
}

impl Step {
    /// The service without its package.
    pub fn service(self, kind: PluginKind) -> &'static str {
        match self {
            Self::Init | Self::Verify => match kind {
                PluginKind::Collector => "Collector",
                PluginKind::Webhook | PluginKind::AlertWebhook => "Webhook",
                PluginKind::Protocol | PluginKind::AlertProtocol => "Protocol",
                PluginKind::MonitoringDataSource | PluginKind::CostDataSource => "DataSource",
                PluginKind::ExternalAuth => "ExternalAuth",
                PluginKind::AccountCollector => "AccountCollector",
            },
            Self::GetTasks => "Job",
            Self::Collect => "Collector",
            Self::Parse => "Event",
            Self::MetricList | Self::MetricGetData => "Metric",
            Self::LogList => "Log",
            Self::GetLinkedAccounts | Self::GetCosts => "Cost",
            Self::Authorize => "ExternalAuth",
            Self::Sync => "AccountCollector",
            Self::Dispatch => "Notification",
        }
    }

    pub fn method(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::Verify => "verify",
            Self::GetLinkedAccounts => "get_linked_accounts",
            Self::GetTasks => "get_tasks",
            Self::Collect => "collect",
            Self::Parse => "parse",
            Self::MetricList | Self::LogList => "list",
            Self::MetricGetData | Self::GetCosts => "get_data",
            Self::Authorize => "authorize",
            Self::Sync => "sync",
            Self::Dispatch => "dispatch",
        }
    }

    /// `Collector.collect`.
    pub fn title(self, kind: PluginKind) -> String {
        format!("{}.{}", self.service(kind), self.method())
    }

    pub fn is_stream(self) -> bool {
        matches!(self, Self::Collect | Self::LogList | Self::GetCosts)
    }

    /// The fields that the platform always sends, and that the plugin libraries require to be present; an empty
    /// mapping counts, an empty text does not.
    pub fn required_fields(self, kind: PluginKind) -> &'static [&'static str] {
        match (self, kind.has_domain()) {
            (Self::Init, false) => &["options"],
            (Self::Init, true) => &["options", "domain_id"],
            (Self::Verify, false) if kind.is_webhook() => &["options"],
            (Self::Verify, true) if kind.is_webhook() => &["options", "domain_id"],
            (Self::Verify | Self::GetTasks, false) => &["options", "secret_data"],
            (Self::Verify | Self::GetTasks | Self::GetLinkedAccounts | Self::Sync, _) => {
                &["options", "secret_data", "domain_id"]
            }
            // Older collectors require a filter, the libraries drop it.
            (Self::Collect, _) => &["options", "secret_data", "filter"],
            (Self::Parse, false) => &["options", "data"],
            (Self::Parse, true) => &["options", "data", "domain_id"],
            (Self::MetricList, _) => &["options", "secret_data", "query"],
            (Self::MetricGetData, _) => &["options", "secret_data", "metric_query", "metric", "start", "end"],
            (Self::LogList, _) => &["options", "secret_data", "query", "start", "end"],
            (Self::GetCosts, _) => &["options", "secret_data", "task_options", "domain_id"],
            (Self::Authorize, _) => &["options", "secret_data", "credentials", "domain_id"],
            (Self::Dispatch, false) => &["options", "secret_data", "message", "notification_type", "channel_data"],
            (Self::Dispatch, true) => {
                &["options", "secret_data", "message", "notification_type", "channel_data", "domain_id"]
            }
        }
    }

    /// The inputs without which a good plugin may refuse.
    pub fn inputs(self, kind: PluginKind) -> &'static [TestInput] {
        match self {
            Self::Init => &[TestInput::Options],
            Self::Verify if kind.is_webhook() => &[TestInput::Options],
            Self::Parse | Self::Authorize => &[TestInput::Data],
            Self::MetricList | Self::MetricGetData | Self::LogList | Self::Dispatch => {
                &[TestInput::SecretData, TestInput::Data]
            }
            _ => &[TestInput::SecretData],
        }
    }
}
