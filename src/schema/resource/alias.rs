//! Aliases of resources, built in and the user's.

use std::collections::BTreeMap;

use super::{HOW_TO_WRITE, Resource, not_a_resource, unknown_resource};
use crate::error::{Error, Result};
use crate::schema::did_you_mean::nearest_few;
use crate::schema::resource::fuzzy;

/// The short names of the Python client, sorted, for resources of the whole platform; an installation may lack some.
pub static BUILT_IN: [(&str, &str); 75] = [
    ("alert", "monitoring.Alert"),
    ("api_key", "identity.APIKey"),
    ("app", "identity.App"),
    ("board", "board.Board"),
    ("budget", "cost_analysis.Budget"),
    ("budget_usage", "cost_analysis.BudgetUsage"),
    ("change_history", "inventory.ChangeHistory"),
    ("cloud_service", "inventory.CloudService"),
    ("cloud_service_query_set", "inventory.CloudServiceQuerySet"),
    ("cloud_service_report", "inventory.CloudServiceReport"),
    ("cloud_service_stats", "inventory.CloudServiceStats"),
    ("cloud_service_type", "inventory.CloudServiceType"),
    ("collector", "inventory.Collector"),
    ("collector_rule", "inventory.CollectorRule"),
    ("cost", "cost_analysis.Cost"),
    ("cost_query_set", "cost_analysis.CostQuerySet"),
    ("cr", "inventory.CollectorRule"),
    ("cs", "inventory.CloudService"),
    ("csr", "inventory.CloudServiceReport"),
    ("cst", "inventory.CloudServiceType"),
    ("domain", "identity.Domain"),
    ("domain_config", "config.DomainConfig"),
    ("ds", "cost_analysis.DataSource"),
    ("dsr", "cost_analysis.DataSourceRule"),
    ("endpoint", "identity.Endpoint"),
    ("ep", "monitoring.EscalationPolicy"),
    ("er", "monitoring.EventRule"),
    ("escalation_policy", "monitoring.EscalationPolicy"),
    ("event", "monitoring.Event"),
    ("event_rule", "monitoring.EventRule"),
    ("file", "file_manager.File"),
    ("log", "monitoring.Log"),
    ("maintenance_window", "monitoring.MaintenanceWindow"),
    ("metric", "monitoring.Metric"),
    ("note", "inventory.Note"),
    ("noti", "notification.Notification"),
    ("notification", "notification.Notification"),
    ("pg", "identity.ProjectGroup"),
    ("ph", "notification.ProjectChannel"),
    ("plugin", "repository.Plugin"),
    ("policy", "identity.Policy"),
    ("pri_d", "dashboard.PrivateDashboard"),
    ("private_dashboard", "dashboard.PrivateDashboard"),
    ("project", "identity.Project"),
    ("project_channel", "notification.ProjectChannel"),
    ("project_group", "identity.ProjectGroup"),
    ("protocol", "notification.Protocol"),
    ("provider", "identity.Provider"),
    ("pub_d", "dashboard.PublicDashboard"),
    ("public_dashboard", "dashboard.PublicDashboard"),
    ("rb", "identity.RoleBinding"),
    ("region", "inventory.Region"),
    ("repo", "repository.Repository"),
    ("repository", "repository.Repository"),
    ("role", "identity.Role"),
    ("role_binding", "identity.RoleBinding"),
    ("sa", "identity.ServiceAccount"),
    ("secret", "secret.Secret"),
    ("service_account", "identity.ServiceAccount"),
    ("ta", "identity.TrustedAccount"),
    ("token", "identity.Token"),
    ("trusted_account", "identity.TrustedAccount"),
    ("ts", "secret.TrustedSecret"),
    ("ug", "identity.UserGroup"),
    ("uh", "notification.UserChannel"),
    ("up", "identity.UserProfile"),
    ("user", "identity.User"),
    ("user_channel", "notification.UserChannel"),
    ("user_config", "config.UserConfig"),
    ("user_group", "identity.UserGroup"),
    ("user_profile", "identity.UserProfile"),
    ("webhook", "monitoring.Webhook"),
    ("workspace", "identity.Workspace"),
    ("workspace_user", "identity.WorkspaceUser"),
    ("wu", "identity.WorkspaceUser"),
];

const MAX_SUGGESTED: usize = 3;

/// The user's aliases and their targets, as written.
pub type Own = BTreeMap<String, String>;

pub fn built_in(name: &str) -> Option<&'static str> {
    BUILT_IN.binary_search_by(|(alias, _)| (*alias).cmp(name)).ok().map(|at| BUILT_IN[at].1)
}

/// The resource of the alias `name`, as written; the user's own aliases come first.
pub fn find(name: &str, own: &Own) -> Result<Option<Resource>> {
    let target = own.get(name).map(String::as_str).or_else(|| built_in(name));
    target.map(|target| called(name, target)).transpose()
}

/// The resource of the alias that matches `name` but for writing, or else number. An error names the resources of an
/// ambiguous one.
pub fn find_variant(name: &str, own: &Own) -> Result<Option<Resource>> {
    for fits_name in fuzzy::DEGREES {
        for mut aliases in [own_aliases(own).collect::<Vec<_>>(), visible(own).collect()] {
            aliases.retain(|(alias, _)| fits_name(name, alias));
            // Two aliases of one resource are not ambiguous.
            aliases.sort_by_key(|(_, target)| *target);
            aliases.dedup_by_key(|(_, target)| *target);
            match aliases[..] {
                [] => {}
                [(alias, target)] => return called(alias, target).map(Some),
                _ => return Err(ambiguous(name, &aliases)),
            }
        }
    }
    Ok(None)
}

/// The only resource named `name` among those that have an alias.
pub fn find_by_resource(name: &str, own: &Own) -> Result<Option<Resource>> {
    let targets: Vec<&str> = all(own).map(|(_, target)| target).collect();
    let resource = Resource::of_service("", name).ok();
    resource.and_then(|resource| resource.among(&targets)).map(Resource::parse).transpose()
}

/// The error for a name without a service that one or several of the `offered` resources have.
pub fn without_service(name: &str, offered: &[String]) -> Option<Error> {
    let offered: Vec<&str> = offered.iter().map(String::as_str).collect();
    match Resource::of_service("", name).ok()?.all_among(&offered)[..] {
        [] => None,
        [only] => Some(unknown_resource(name).hint(format!("did you mean {only}?"))),
        ref several => Some(is_ambiguous(name).hint(format!("name one of them: {}", several.join(", ")))),
    }
}

/// The error for an unknown name without a dot: the nearest aliases, and how to write a resource.
pub fn unknown(name: &str, own: &Own) -> Error {
    let aliases: Vec<(&str, &str)> = all(own).collect();
    let nearest = nearest_few(name, aliases.iter().map(|(alias, _)| *alias), MAX_SUGGESTED);
    if nearest.is_empty() {
        return not_a_resource(name);
    }
    let listed_aliases = nearest.iter().filter_map(|alias| aliases.iter().find(|(candidate, _)| candidate == alias));
    unknown_resource(name).hint(format!("did you mean {}?", listed(listed_aliases))).hint(HOW_TO_WRITE)
}

/// The aliases of the resource `name`, sorted.
pub fn of_resource<'a>(name: &str, own: &'a Own) -> Vec<&'a str> {
    let is_target = |target: &str| fuzzy::DEGREES.iter().any(|fits_name| fits_name(target, name));
    let aliases = all(own).filter(|(_, target)| is_target(target));
    let mut aliases: Vec<&str> = aliases.map(|(alias, _)| alias).collect();
    aliases.sort_unstable();
    aliases
}

/// The built-in aliases that the user's own do not replace.
pub fn visible(own: &Own) -> impl Iterator<Item = (&str, &str)> {
    BUILT_IN.iter().copied().filter(|(alias, _)| !own.contains_key(*alias))
}

fn own_aliases(own: &Own) -> impl Iterator<Item = (&str, &str)> {
    own.iter().map(|(alias, target)| (alias.as_str(), target.as_str()))
}

pub fn all(own: &Own) -> impl Iterator<Item = (&str, &str)> {
    own_aliases(own).chain(visible(own))
}

fn called(alias: &str, target: &str) -> Result<Resource> {
    Ok(Resource { alias: Some(alias.to_owned()), ..Resource::parse(target)? })
}

fn ambiguous(name: &str, fitting: &[(&str, &str)]) -> Error {
    is_ambiguous(name).hint(format!("name one of them: {}", listed(fitting)))
}

fn is_ambiguous(name: &str) -> Error {
    Error::usage(format!("{name:?} is ambiguous"))
}

fn listed<'a>(aliases: impl IntoIterator<Item = &'a (&'a str, &'a str)>) -> String {
    let listed: Vec<String> = aliases.into_iter().map(|(alias, target)| format!("{alias} ({target})")).collect();
    listed.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(aliases: &[(&str, &str)]) -> Own {
        aliases.iter().map(|(alias, target)| ((*alias).to_owned(), (*target).to_owned())).collect()
    }

    fn found(name: &str, own: &Own) -> Option<String> {
        let found = find(name, own).unwrap().or_else(|| find_variant(name, own).unwrap());
        found.map(|resource| resource.to_string())
    }

    #[test]
    fn the_table_is_sorted_unique_and_sound() {
        assert!(BUILT_IN.is_sorted_by(|(a, _), (b, _)| a < b));
        for &(alias, target) in &BUILT_IN {
            assert_eq!(built_in(alias), Some(target));
            let resource = Resource::parse(target).unwrap();
            assert_eq!(target, format!("{}.{}", resource.service, resource.name));
            assert!(Resource::of_service("x", alias).is_ok(), "{alias}");
        }
    }

    #[test]
    fn an_alias_as_it_is_written_outranks_a_variant() {
        for &(alias, target) in &BUILT_IN {
            assert_eq!(found(alias, &Own::new()).as_deref(), Some(target));
            assert_eq!(find(&alias.to_uppercase(), &Own::new()).unwrap(), None);
        }
    }

    #[test]
    fn case_hyphens_and_number_are_forgiven() {
        for (name, target) in [
            ("Plugin", "repository.Plugin"),
            ("PLUGINS", "repository.Plugin"),
            ("repos", "repository.Repository"),
            ("collector_rules", "inventory.CollectorRule"),
            ("collector-rule", "inventory.CollectorRule"),
            ("CollectorRules", "inventory.CollectorRule"),
            ("policies", "identity.Policy"),
            ("cloud-service-stat", "inventory.CloudServiceStats"),
            ("ServiceAccount", "identity.ServiceAccount"),
        ] {
            assert_eq!(found(name, &Own::new()).as_deref(), Some(target), "{name}");
        }
        for name in ["d", "c", "t", "dss", "collecter", "register", "", "plu gin"] {
            assert_eq!(found(name, &Own::new()), None, "{name}");
        }
    }

    #[test]
    fn the_users_own_outrank_the_built_in_ones() {
        let own = own(&[("plugin", "lab.Echo"), ("p", "repository.Plugin"), ("User", "lab.User")]);
        for (name, target) in [
            ("plugin", "lab.Echo"),
            ("Plugins", "lab.Echo"),
            ("p", "repository.Plugin"),
            ("P", "repository.Plugin"),
            ("user", "identity.User"),
            ("users", "lab.User"),
            ("repo", "repository.Repository"),
        ] {
            assert_eq!(found(name, &own).as_deref(), Some(target), "{name}");
        }
        assert_eq!(of_resource("repository.Plugin", &own), ["p"]);
        assert_eq!(of_resource("repository.Repository", &own), ["repo", "repository"]);
    }

    #[test]
    fn nothing_is_guessed_between_two() {
        let own = own(&[("my-thing", "a.B"), ("my_thing", "c.D")]);
        assert_eq!(found("my-thing", &own).as_deref(), Some("a.B"));
        assert_eq!(
            find_variant("MyThing", &own).unwrap_err().to_string(),
            "error: \"MyThing\" is ambiguous\nhint: name one of them: my-thing (a.B), my_thing (c.D)"
        );
        let own = self::own(&[("my-thing", "a.B"), ("my_thing", "a.B")]);
        assert_eq!(found("MyThing", &own).as_deref(), Some("a.B"));
    }

    #[test]
    fn a_resource_that_has_an_alias_is_known_by_its_name_too() {
        let resource = |name: &str, own: &Own| find_by_resource(name, own).unwrap().map(|found| found.to_string());
        assert_eq!(resource("DataSource", &Own::new()).as_deref(), Some("cost_analysis.DataSource"));
        assert_eq!(resource("data-sources", &Own::new()).as_deref(), Some("cost_analysis.DataSource"));
        assert_eq!(resource("DataSource", &own(&[("x", "lab.DataSource")])), None);
        assert_eq!(resource("Echo", &Own::new()), None);
    }

    #[test]
    fn a_name_without_its_service_is_answered_with_those_that_have_it() {
        let offered = ["dashboard.Job", "identity.Job", "identity.Schema", "identity.v2.Jobs", "core.ServerInfo"];
        let offered = offered.map(str::to_owned);
        let error = |name: &str| without_service(name, &offered).map(|error| error.to_string());
        assert_eq!(
            error("job").unwrap(),
            "error: \"job\" is ambiguous\nhint: name one of them: dashboard.Job, identity.Job"
        );
        assert_eq!(
            error("schemas").unwrap(),
            "error: unknown resource \"schemas\"\nhint: did you mean identity.Schema?"
        );
        assert_eq!(error("task"), None);
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest() {
        assert_eq!(
            unknown("collecter", &own(&[("collected", "lab.Echo")])).to_string(),
            "error: unknown resource \"collecter\"\n\
             hint: did you mean collected (lab.Echo), collector (inventory.Collector), collector_rule \
             (inventory.CollectorRule)?\n\
             hint: write it as SERVICE.RESOURCE, for example repository.Plugin; `spacectl api-resources` lists them"
        );
        assert_eq!(unknown("zzz", &Own::new()).to_string(), not_a_resource("zzz").to_string());
    }
}
