//! The table of rules.

/// How severe a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// A service or this program refuses it.
    Error,
    /// It is accepted, but probably a mistake.
    Warning,
}

impl Severity {
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// Makes the enum and its functions from one table, so that no rule lacks a text.
macro_rules! rules {
    ($($rule:ident, $name:literal, $levels:literal, $summary:literal, $explanation:literal;)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Rule {
            $(#[doc = $summary] $rule,)*
        }

        impl Rule {
            pub const ALL: &'static [Self] = &[$(Self::$rule,)*];

            pub fn name(self) -> &'static str {
                match self { $(Self::$rule => $name,)* }
            }

            /// `error`, `warning` or, where it depends, `error, warning`.
            pub fn levels(self) -> &'static str {
                match self { $(Self::$rule => $levels,)* }
            }

            /// What it requires, in one line.
            pub fn summary(self) -> &'static str {
                match self { $(Self::$rule => $summary,)* }
            }

            /// Why, and what to do.
            pub fn explanation(self) -> &'static str {
                match self { $(Self::$rule => $explanation,)* }
            }
        }
    };
}

rules! {
    Unreadable, "unreadable", "error",
        "a file is readable and has a spec",
        "A file exists, is UTF-8 text of at most 32 MiB, and has at least one document.";
    Syntax, "syntax", "error",
        "a file is YAML 1.2, or JSON if its name ends in .json",
        "Documents after a syntax error are not checked.";
    DuplicateKey, "duplicate-key", "error",
        "a key is used once in its mapping",
        "Other readers silently take the last one, so that one of the two values is lost.";
    NotAMapping, "not-a-mapping", "error",
        "a document is a mapping of fields",
        "A spec is the fields of one register request: name, resource_type, image and others.";
    UnknownField, "unknown-field", "error",
        "the API has every field",
        "`spacectl explain repository.Plugin.register` lists the fields.";
    VerbAsKey, "verb-as-key", "error",
        "the verb is on the command line, not in the spec",
        "A spec has only fields. The command is the verb: `spacectl plugin apply -f FILE`, or `spacectl exec \
         register repository.Plugin -f FILE`; plugins are registered, not created.";
    RequiredField, "required-field", "error",
        "name, resource_type and image are set and not empty",
        "The Repository service refuses a plugin without them (ERROR_REQUIRED_PARAMETER). In API 1, resource_type \
         is called service_type.";
    WrongType, "wrong-type", "error, warning",
        "a value has its field's type",
        "Quote text that looks like something else: '1.10', 'true'. A warning if only one generation of the API \
         refuses it.";
    RenamedField, "renamed-field", "error, warning",
        "fields have their current names",
        "service_type of API 1 is resource_type in API 2. spacectl translates it for the service, other clients do \
         not. Both names in one document contradict each other: that is an error.";
    OtherGeneration, "other-generation", "error, warning",
        "the checked generation of the API has the field",
        "API 1 is 1.8.5 to 2.0.51, API 2 is 2.0.52 and later. template, project_id and domain_id are in API 1 \
         only, plugin_id and docs in API 2 only, and registries have other names. A warning if both are checked; \
         choose yours with --api.";
    NoGeneration, "no-generation", "error",
        "one generation of the API accepts all fields",
        "Each generation lacks another field of this spec, so that no service can accept it.";
    ImageName, "image-name", "error",
        "the image's name has only letters, digits and `-`, at most 48",
        "The part after the last `/` becomes the plugin's id, and the Repository service refuses everything else \
         (ERROR_INVALID_IMAGE_NAME_FORMAT, ERROR_INVALID_IMAGE_LENGTH).";
    ImageTag, "image-tag", "error",
        "the image has no tag and no digest",
        "A version is chosen where the plugin is used, from the tags in the registry. The service takes `:` and \
         `@` for parts of the name, and refuses them.";
    ImageRegistry, "image-registry", "error",
        "the image is named without its registry's host",
        "The service knows the host from registry_type and registry_config, and looks for the image there: with \
         the host in its name it is not found (ERROR_NO_IMAGE_IN_REGISTRY).";
    ImageReference, "image-reference", "warning",
        "registries accept the image's name",
        "Registries accept lower-case names only, whose parts begin and end with a letter or a digit (OCI \
         distribution specification). On Docker Hub and GitHub an image has a namespace.";
    Placeholder, "placeholder", "error",
        "no placeholder is left",
        "`plugin init` does not know where the image will be pushed, and specs in documents have <name>. A \
         placeholder is a whole value like `<...>` or `YOUR-...`, or such a part of an image, a plugin's id, \
         registry_config or an address.";
    RegistryType, "registry-type", "error, warning",
        "the API has the registry_type",
        "DOCKER_HUB by default. API 2 also has AWS_PRIVATE_ECR, HARBOR, GITHUB and GCP_PRIVATE_GCR.";
    RegistryConfig, "registry-config", "error, warning",
        "registry_config has what its registry type needs",
        "AWS_PRIVATE_ECR needs account_id (ERROR_REQUIRED_PARAMETER). HARBOR and GCP_PRIVATE_GCR have the address \
         of an installation: set url, unless the service's configuration has it.";
    TemplateSchema, "template-schema", "error",
        "a schema in template is a JSON Schema",
        "The service of API 1 refuses others (ERROR_INVALID_TEMPLATE_SCHEMA). Checked are the types of JSON \
         Schema's keywords.";
    ResourceType, "resource-type", "warning",
        "a service looks for the resource_type",
        "The Repository service accepts any text, but no service finds the plugin then. Services are written with \
         `_`: cost_analysis.DataSource.";
    LabelText, "label-text", "error",
        "labels are text of at most 255 characters",
        "The service refuses everything else.";
    TagPlain, "tag-plain", "warning",
        "tags are plain values",
        "The console shows a tag as one value.";
    Secret, "secret", "warning",
        "the spec has no secret",
        "Everyone who may list plugins can read the spec, and most specs are in a repository. Store secrets in the \
         secret service; a spec only names their schemas.";
    Yaml11, "yaml-1-1", "warning",
        "text is text for readers of YAML 1.1, too",
        "The Python client reads yes, no, on and off as true or false, and 014 as 12. Quote such text.";
    LostDigits, "lost-digits", "warning",
        "a decimal does not lose its last digits",
        "1.10 is the number 1.1: quote versions.";
    DuplicatePlugin, "duplicate-plugin", "error",
        "every document is about another plugin",
        "The service refuses the second one (ERROR_SAVE_UNIQUE_VALUES). A plugin's id is plugin_id or else the \
         part of its image after the last `/`.";
}

impl Rule {
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|rule| rule.name() == name)
    }

    /// The severity, unless a check lowers it.
    pub fn severity(self) -> Severity {
        if self.levels() == "warning" { Severity::Warning } else { Severity::Error }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kebab_case_and_unique() {
        for rule in Rule::ALL {
            let name = rule.name();
            assert!(
                name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'),
                "{name}"
            );
            assert_eq!(Rule::find(name), Some(*rule), "{name}");
            assert!(["error", "warning", "error, warning"].contains(&rule.levels()), "{name}");
        }
        assert_eq!(Rule::find("IMAGE-NAME"), None);
    }
}
