//! The table of rules.

use crate::plugin::rule_table::rule_table;

/// How severe a finding of a test is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TestSeverity {
    /// The platform refuses it, or loses data.
    Error,
    /// The platform takes it, but it is probably a mistake.
    Warning,
    /// Good to know; no plugin fails by it.
    Info,
}

impl TestSeverity {
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

rule_table! { TestRule:
    Expectation, "expectation", "error",
        "an answer holds what plugin-test.toml expects",
        "Each field that is expected is in the answer, or in one message of a stream; other fields may be there, too.";
    StartFailed, "start-failed", "error",
        "the plugin opens its port in time",
        "The platform starts a plugin and calls it as soon as its port is open. Plugins of the library take 1 to 3 \
         seconds; look at the log of the plugin.";
    StepTimeout, "step-timeout", "error",
        "each call answers in time",
        "The platform waits for a limited time. --timeout sets the limit of the test.";
    Died, "died", "error",
        "the plugin runs until the test ends it",
        "A plugin that ends during a call loses that call and all others in flight.";
    ServiceMissing, "service-missing", "error",
        "the server has the services and methods of its resource type",
        "Without one of them the platform's call is refused as UNIMPLEMENTED. Collectors need no Job, and data \
         sources need what their monitoring_type names: Metric or Log.";
    RouteMissing, "route-missing", "error, warning, info",
        "each method has a route that returns an answer",
        "The core library serves every method of a service and finds out only in the call that no route is \
         registered, or that it returned nothing. It is a warning for verify, and info for what the platform goes on \
         without: get_tasks of a collector, get_linked_accounts, metrics of a LOG and logs of a METRIC data source. \
         A fault inside the plugin can read the same.";
    InitFailed, "init-failed", "error",
        "init succeeds",
        "The platform calls init when a plugin is registered and when its version changes; if it fails, both fail. \
         An INVALID_ARGUMENT is skipped without --options.";
    CallFailed, "call-failed", "error, info",
        "calls succeed with the input that was given",
        "The monitoring service makes a CRITICAL event out of a payload that cannot be parsed, the cost-analysis \
         service ends the job, and a query or a sign-in shows the error to its user. It is info for the metrics of a \
         LOG data source and the logs of a METRIC one.";
    AnswerInvalid, "answer-invalid", "error",
        "answers have the fields and types of the API",
        "The plugin library checks an answer before it is sent, and refuses all of it for one wrong field.";
    ErrorForm, "error-form", "warning",
        "errors read ERROR_CODE: message",
        "The platform shows an error by its code. Raise a subclass of ERROR_BASE of the core library.";
    ErrorUnreadable, "error-unreadable", "warning",
        "errors say what failed",
        "A KeyError of Python reaches the user as a quoted word only, and an exception without text as nothing. \
         Check for the key, and raise an error that names it.";
    MetadataAbsent, "metadata-absent", "error, warning",
        "init answers metadata",
        "The identity, cost-analysis and notification services read it without asking whether it is there. Webhooks \
         are excepted: nobody reads theirs.";
    MetadataEmpty, "metadata-empty", "error, info",
        "metadata is not empty",
        "Notification, monitoring (METRIC) and cost-analysis services need keys of it. A collector of the library \
         has defaults, so an empty one is only noted there, for LOG and for identity.";
    MetadataUnknownKey, "metadata-unknown-key", "warning, info",
        "metadata has only keys that the platform or its library knows",
        "The plugin library drops unknown keys silently. It is a warning if the key looks misspelt.";
    MonMetadataUnknownKey, "mon-metadata-unknown-key", "error, warning",
        "metadata of a monitoring data source has only the keys of its monitoring_type",
        "The monitoring service refuses other keys (Rogue field), and the registration fails. METRIC: \
         supported_stat, required_keys, supported_providers. LOG: view, required_keys, supported_providers.";
    MonStatMissing, "mon-stat-missing", "error",
        "metadata.supported_stat of a METRIC data source is a list of texts",
        "The monitoring service requires it, e.g. [AVERAGE, MAX, MIN, SUM].";
    MonRequiredKeys, "mon-required-keys", "error",
        "metadata.required_keys of a monitoring data source is not empty",
        "The monitoring service takes from its first path the value by which a cloud service is queried. Without it \
         every query of metrics or logs fails.";
    ProtocolDataType, "protocol-data-type", "error",
        "metadata.data_type is PLAIN_TEXT or SECRET",
        "The notification service reads it when a channel is created, and gives channels of other types no data.";
    ProtocolSchema, "protocol-schema", "error, warning",
        "metadata.data.schema is a JSON Schema with titles",
        "The notification service validates the data of a channel with it, and the console draws its form from it; \
         messages quote the title of a property. It is a warning if it is empty, or lacks a title or a required \
         property.";
    OptionsSchema, "options-schema", "error",
        "metadata.options_schema is a JSON Schema (Draft 7)",
        "The console draws the form of a collector's options from it. Keywords of the console, such as order and \
         disabled, are allowed.";
    KnownWords, "known-words", "warning, info",
        "supported_resource_type, supported_features and supported_schedules have known words",
        "The inventory service stores them for the console without checking them. inventory.Server was a resource \
         type of API 1.";
    SpecCapability, "spec-capability", "error, warning",
        "the spec's capability has what its service reads",
        "The monitoring service refuses a data source without monitoring_type (METRIC or LOG) or supported_schema, \
         the notification service a protocol without supported_schema. It is a warning if the plugin's metadata has \
         the shape of the other monitoring_type, or the spec is of another resource type.";
    CostCurrency, "cost-currency", "error, warning",
        "metadata.currency is three capital letters",
        "The unified cost job of the cost-analysis service reads it without a default: without it, the job of the \
         whole domain fails.";
    CostRoutingKey, "cost-routing-key", "error",
        "use_account_routing comes with account_match_key",
        "The cost-analysis service finds the workspace of a cost by this path, e.g. additional_info.Account ID; \
         without it each cost fails. Release 2.0.108 of the library drops the key.";
    CostRules, "cost-rules", "error",
        "metadata.data_source_rules are rules that the cost-analysis service accepts",
        "conditions_policy is ALL, ANY or ALWAYS; conditions have key, value and operator (eq, contain, not, \
         not_contain); actions are there, and match_ actions have a source.";
    VerifyFailed, "verify-failed", "error",
        "verify succeeds with a good secret",
        "Users verify a secret before they use it. Skipped without --secret-data, for webhooks without --options.";
    VerifyAcceptsNothing, "verify-accepts-nothing", "info",
        "verify refuses an empty secret",
        "Most plugins accept one. Users then learn of a wrong secret only when it is used.";
    TasksFailed, "tasks-failed", "error, info",
        "get_tasks succeeds",
        "The cost-analysis service ends the job. The inventory service goes on with one task without options, so it \
         is only info for a collector.";
    TasksShape, "tasks-shape", "error, warning",
        "tasks have task_options, and changed and synced accounts fit",
        "A task without task_options is refused by the library. The cost-analysis service stores at most 7 \
         characters of start and end (YYYY-MM), and 100 of account_id. No task, or the same task twice, is a \
         warning.";
    CollectEnded, "collect-ended", "error",
        "the stream of collect ends with OK",
        "The inventory service loses what has not come, and the job's task fails. Report the fault of one resource \
         as a message with state FAILURE. Skipped without --secret-data.";
    CollectEmpty, "collect-empty", "info",
        "collect finds resources",
        "A stream without a message says nothing about the plugin's resources: the account may be empty, the secret \
         may see nothing, or the plugin may hide an error. Checked only with --secret-data.";
    ResourceType, "resource-type", "error",
        "resource_type is one of the six of inventory",
        "The inventory service counts other types as failures: CloudService, CloudServiceType, Region, Namespace, \
         Metric and ErrorResource, each with inventory. in front.";
    ResourceState, "resource-state", "warning",
        "state is SUCCESS or FAILURE",
        "The inventory service takes every other state as success, also one that is not set.";
    ResourceFailure, "resource-failure", "warning, error",
        "no resource fails",
        "One FAILURE makes the whole task of the job a failure. A missing permission is no fault of the plugin, so \
         it is a warning, unless everything fails with the secret that was given, or --strict-collect is.";
    FailureMessage, "failure-message", "warning",
        "a FAILURE has a message",
        "The inventory service shows `Unknown error.` instead.";
    MatchRulesMissing, "match-rules-missing", "error",
        "CloudService, CloudServiceType and Region have match rules",
        "The inventory service refuses a resource without them (Match rule is not defined). match_rules maps a \
         number to a list of paths.";
    MatchRulesVoid, "match-rules-void", "error",
        "each match rule has a key with a value",
        "The inventory service leaves keys without a value out of its query. If nothing is left, the query finds any \
         resource of the workspace, and overwrites it. Paths into data find nothing if data is sent as json_data.";
    MatchRulesLoose, "match-rules-loose", "warning",
        "all keys of a match rule have a value",
        "The inventory service leaves keys without a value out of its query silently, so the rule is wider than it \
         reads.";
    ResourceRequired, "resource-required", "error, warning",
        "resources have the fields of their type",
        "The inventory service refuses a resource without them. It is a warning if a region has no name, or a cloud \
         service neither name nor reference.resource_id.";
    ResourceJson, "resource-json", "error",
        "json_data and json_metadata are JSON objects",
        "The inventory service parses these texts in place of data and metadata, and refuses anything else.";
    ResourceTypeOfField, "resource-type-of-field", "error",
        "fields of resources have the types and lengths that are stored",
        "The inventory service refuses to save others: instance_size is a number, ip_addresses are texts, tags a \
         mapping or a list of key and value, reference has resource_id and external_link, most texts at most 255 \
         characters, and no key in data and metadata begins with $.";
    ResourceOrphan, "resource-orphan", "warning",
        "the type of each CloudService is delivered, too",
        "The console lists cloud services by their CloudServiceType. Checked only if all tasks were read to their \
         end, and some type was delivered; of the first 10,000 types.";
    ResourceDuplicate, "resource-duplicate", "info",
        "no two resources match each other by their first rule",
        "The inventory service updates the first with the second. Checked among the first 1,000,000 different \
         resources.";
    Size, "size", "error, warning",
        "messages of collect are small",
        "gRPC clients accept 4 MiB unless configured otherwise, the inventory service 256 MiB, and a stored document \
         has at most 16 MiB.";
    NonFinite, "non-finite", "error, warning",
        "numbers are finite",
        "NaN and Infinity in a free-form field reach the platform as texts. As the cost or quantity of a cost they \
         are refused.";
    EventKey, "event-key", "error",
        "each event has an event_key",
        "The monitoring service reads it without a default: the request fails, and the event is lost.";
    EventType, "event-type", "error",
        "event_type is ALERT, RECOVERY or ERROR",
        "The monitoring service refuses to save other types. For alert_manager it is ALERT or RECOVERY.";
    EventOccurredAt, "event-occurred-at", "error, warning",
        "occurred_at is ISO 8601",
        "The monitoring service cannot parse other forms, and the event is lost. Without it, the time of the request \
         is taken: a warning.";
    EventTitle, "event-title", "warning",
        "each event has a title",
        "The alert that is made of it has no title otherwise.";
    EventKeyStable, "event-key-stable", "warning",
        "the same payload has the same event keys each time",
        "The monitoring service joins events with one key within 600 seconds to one alert, and a RECOVERY needs the \
         key of its alert. Make keys of what the payload identifies, not of the clock.";
    EventKeyShared, "event-key-shared", "info",
        "events of one payload have different keys",
        "The monitoring service joins them to one alert. Right for an ALERT and its RECOVERY.";
    EventNone, "event-none", "info",
        "a payload has events",
        "Right for test messages and heartbeats.";
    MetricKey, "metric-key", "warning",
        "each metric has a key",
        "The monitoring service ignores a metric without one.";
    CostBilledDate, "cost-billed-date", "error",
        "billed_date is YYYY-MM-DD",
        "The cost-analysis service ends the task at the first other one.";
    CostLengths, "cost-lengths", "error",
        "texts of costs have lengths that are stored",
        "The cost-analysis service refuses a provider of more than 40 characters, a usage_unit, region_code, product \
         or usage_type of more than 255, and keys that begin with $.";
    LinkedAccounts, "linked-accounts", "error, warning",
        "get_linked_accounts succeeds if use_account_routing is set",
        "The cost-analysis service routes costs by these accounts. Release 2.0.108 of the library cannot answer \
         (Failed to serialize response!): a warning, since no plugin can help it.";
    AuthUser, "auth-user", "error",
        "authorize answers user_id",
        "The identity service signs the user in by it.";
    Accounts, "accounts", "error, warning",
        "accounts and their locations have name and resource_id",
        "The identity service makes projects of the locations and service accounts of the accounts. In the scope \
         DOMAIN it skips an account without a location silently: a warning.";
}

impl TestRule {
    /// The severity, unless a check changes it.
    pub fn severity(self) -> TestSeverity {
        match self.levels().split(',').next() {
            Some("warning") => TestSeverity::Warning,
            Some("info") => TestSeverity::Info,
            _ => TestSeverity::Error,
        }
    }
}
