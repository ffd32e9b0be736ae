//! A resource among names that are known without asking an endpoint.

use super::{Resource, fuzzy};

impl Resource {
    /// The one of the `known` names, `service.Resource` each, that fits; service and resource are matched each as
    /// everywhere. `None` for none or several.
    pub fn among<'a>(&self, known: &[&'a str]) -> Option<&'a str> {
        let only = |names: Vec<&'a str>| <[&str; 1]>::try_from(names).ok().map(|[only]| only);
        let other = || self.otherwise.as_ref().and_then(|other| only(other.all_among(known)));
        only(self.all_among(known)).or_else(other)
    }

    /// All of the `known` names that fit, sorted.
    pub(super) fn all_among<'a>(&self, known: &[&'a str]) -> Vec<&'a str> {
        let parts =
            || known.iter().filter_map(|name| name.rsplit_once('.').map(|(service, last)| (service, last, *name)));
        let services = fuzzy::matches(&self.service, parts().map(|(service, ..)| service));
        let of_service = |service: &str| self.service.is_empty() || services.contains(&service);
        let fitting: Vec<_> = parts().filter(|(service, ..)| of_service(service)).collect();
        let matches = fuzzy::matches(&self.name, fitting.iter().map(|(_, last, _)| *last));
        let mut names: Vec<&str> =
            fitting.into_iter().filter(|(_, last, _)| matches.contains(last)).map(|(.., name)| name).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 6] = [
        "cost_analysis.DataSource",
        "identity.Policy",
        "lab.Metric",
        "lab.Metrics",
        "repository.Plugin",
        "repository.Policy",
    ];

    #[track_caller]
    fn check(typed: &str, expected: Option<&str>) {
        assert_eq!(Resource::parse(typed).unwrap().among(&KNOWN), expected, "{typed}");
    }

    #[test]
    fn both_parts_are_forgiven() {
        for typed in ["repository.Plugin", "repository.plugins", "Repository.plug-in", "repositories.PLUGINS"] {
            check(typed, Some("repository.Plugin"));
        }
        check("spaceone.api.repository.v1.plugin", Some("repository.Plugin"));
        check("cost-analysis.data_sources", Some("cost_analysis.DataSource"));
        check("lab.metrics", Some("lab.Metrics"));
        check("lab.metric", Some("lab.Metric"));
    }

    #[test]
    fn what_is_like_none_or_several_is_nothing() {
        check("inventory.Plugin", None);
        check("repository.Plugn", None);
        let lone = |name: &str| Resource::of_service("", name).unwrap();
        assert_eq!(lone("plugins").among(&KNOWN), Some("repository.Plugin"));
        assert_eq!(lone("policies").among(&KNOWN), None);
        let other = lone("policies").otherwise(Some(Resource::parse("identity.policy").unwrap()));
        assert_eq!(other.among(&KNOWN), Some("identity.Policy"));
    }
}
