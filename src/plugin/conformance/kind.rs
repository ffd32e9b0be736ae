//! The kinds of plugins, and the steps of testing each.

use super::step::Step;

/// The kind of a plugin, by its resource type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PluginKind {
    Collector,
    Webhook,
    AlertWebhook,
    Protocol,
    AlertProtocol,
    MonitoringDataSource,
    CostDataSource,
    ExternalAuth,
    AccountCollector,
}

impl PluginKind {
    pub const ALL: &'static [Self] = &[
        Self::Collector,
        Self::Webhook,
        Self::AlertWebhook,
        Self::Protocol,
        Self::AlertProtocol,
        Self::MonitoringDataSource,
        Self::CostDataSource,
        Self::ExternalAuth,
        Self::AccountCollector,
    ];

    pub fn from_resource_type(text: &str) -> Option<Self> {
        match text {
            // Specs name what the plugin extends, its service is Protocol.
            "alert_manager.Notification" => Some(Self::AlertProtocol),
            _ => Self::ALL.iter().copied().find(|kind| kind.resource_type() == text),
        }
    }

    pub fn resource_type(self) -> &'static str {
        match self {
            Self::Collector => "inventory.Collector",
            Self::Webhook => "monitoring.Webhook",
            Self::AlertWebhook => "alert_manager.Webhook",
            Self::Protocol => "notification.Protocol",
            Self::AlertProtocol => "alert_manager.Protocol",
            Self::MonitoringDataSource => "monitoring.DataSource",
            Self::CostDataSource => "cost_analysis.DataSource",
            Self::ExternalAuth => "identity.ExternalAuth",
            Self::AccountCollector => "identity.AccountCollector",
        }
    }

    /// The package of its services.
    pub fn package(self) -> &'static str {
        match self {
            Self::Collector => "spaceone.api.inventory.plugin",
            Self::Webhook | Self::MonitoringDataSource => "spaceone.api.monitoring.plugin",
            Self::AlertWebhook | Self::AlertProtocol => "spaceone.api.alert_manager.plugin",
            Self::Protocol => "spaceone.api.notification.plugin",
            Self::CostDataSource => "spaceone.api.cost_analysis.plugin",
            Self::ExternalAuth | Self::AccountCollector => "spaceone.api.identity.plugin",
        }
    }

    /// The kinds whose main services are among `services`, which are full names. A server can have several.
    pub fn among(services: &[String]) -> Vec<Self> {
        let is_served = |kind: &Self| {
            let main = format!("{}.{}", kind.package(), Step::Init.service(*kind));
            services.contains(&main)
        };
        Self::ALL.iter().copied().filter(is_served).collect()
    }

    /// The steps in the platform's order.
    pub fn steps(self) -> &'static [Step] {
        match self {
            Self::Collector => &[Step::Init, Step::Verify, Step::GetTasks, Step::Collect],
            Self::Webhook | Self::AlertWebhook => &[Step::Init, Step::Verify, Step::Parse],
            Self::Protocol | Self::AlertProtocol => &[Step::Init, Step::Verify, Step::Dispatch],
            Self::MonitoringDataSource => {
                &[Step::Init, Step::Verify, Step::MetricList, Step::MetricGetData, Step::LogList]
            }
            Self::CostDataSource => {
                &[Step::Init, Step::Verify, Step::GetLinkedAccounts, Step::GetTasks, Step::GetCosts]
            }
            Self::ExternalAuth => &[Step::Init, Step::Authorize],
            Self::AccountCollector => &[Step::Init, Step::Sync],
        }
    }

    /// The calls without which the platform cannot use it.
    pub(super) fn required_steps(self, monitoring_type: Option<MonitoringType>) -> Vec<Step> {
        let of_type = monitoring_type.map_or(&[][..], MonitoringType::steps);
        let rest: &[Step] = match self {
            Self::Collector => &[Step::Collect],
            Self::Webhook | Self::AlertWebhook => &[Step::Parse],
            Self::Protocol | Self::AlertProtocol => &[Step::Dispatch],
            Self::MonitoringDataSource => of_type,
            Self::CostDataSource => &[Step::GetTasks, Step::GetCosts],
            Self::ExternalAuth => &[Step::Authorize],
            Self::AccountCollector => &[Step::Sync],
        };
        [&[Step::Init], rest].concat()
    }

    /// Whether it is sent a domain's id in every request.
    pub(super) fn has_domain(self) -> bool {
        !matches!(self, Self::Collector | Self::Webhook | Self::Protocol | Self::MonitoringDataSource)
    }

    pub(super) fn is_webhook(self) -> bool {
        matches!(self, Self::Webhook | Self::AlertWebhook)
    }
}

/// The data that a data source of the monitoring service reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum MonitoringType {
    Metric,
    Log,
}

impl MonitoringType {
    pub const ALL: &'static [Self] = &[Self::Metric, Self::Log];

    pub fn word(self) -> &'static str {
        match self {
            Self::Metric => "METRIC",
            Self::Log => "LOG",
        }
    }

    /// The keys of metadata; the monitoring service refuses others.
    pub fn metadata_keys(self) -> &'static [&'static str] {
        match self {
            Self::Metric => &["supported_stat", "required_keys", "supported_providers"],
            Self::Log => &["view", "required_keys", "supported_providers"],
        }
    }

    pub fn steps(self) -> &'static [Step] {
        match self {
            Self::Metric => &[Step::MetricList, Step::MetricGetData],
            Self::Log => &[Step::LogList],
        }
    }
}
