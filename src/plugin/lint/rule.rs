//! The rules, with what each is for.

/// Makes the enum and its tables from one list, so that no rule can lack a name or an explanation.
macro_rules! rules {
    ($($rule:ident, $name:literal, $level:literal, $summary:literal, $explanation:literal;)*) => {
        /// A rule that a spec can break.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Rule {
            $(#[doc = $summary] $rule,)*
        }

        impl Rule {
            /// Every rule, in the order in which they are told.
            pub const ALL: &'static [Self] = &[$(Self::$rule,)*];

            /// How findings name it.
            pub fn name(self) -> &'static str {
                match self { $(Self::$rule => $name,)* }
            }

            /// `error`, `warning` or, where that depends, `error, warning`.
            pub fn levels(self) -> &'static str {
                match self { $(Self::$rule => $level,)* }
            }

            /// What is asked, in one line.
            pub fn summary(self) -> &'static str {
                match self { $(Self::$rule => $summary,)* }
            }

            /// Why it is asked, and what to do.
            pub fn explanation(self) -> &'static str {
                match self { $(Self::$rule => $explanation,)* }
            }
        }
    };
}

rules! {
    Unreadable, "unreadable", "error",
        "a file can be read and holds a spec",
        "A file is there, is UTF-8 text of at most 32 MiB, and has at least one document in it.";
    Syntax, "syntax", "error",
        "a file is YAML 1.2, or JSON if its name says so",
        "What cannot be read cannot be checked: the documents behind the place are not looked at.";
    DuplicateKey, "duplicate-key", "error",
        "a key stands once in its mapping",
        "Other readers take the last one in silence, so that one of the two values is lost.";
    NotAMapping, "not-a-mapping", "error",
        "a document is a mapping of fields",
        "A spec is the fields of one register request: name, resource_type, image and others.";
    UnknownField, "unknown-field", "error",
        "every field is one that the API knows",
        "The fields of register are those that `spacectl explain repository.Plugin.register` tells.";
    VerbAsKey, "verb-as-key", "error",
        "the verb stands on the command line, not in the spec",
        "A spec holds nothing but the fields. What is done with it is the command: `spacectl plugin apply -f FILE`, or \
         `spacectl exec register repository.Plugin -f FILE`; plugins are registered, not created.";
    RequiredField, "required-field", "error",
        "name, resource_type and image are there and not empty",
        "The Repository service refuses a plugin without them (ERROR_REQUIRED_PARAMETER). In API 1, resource_type is \
         called service_type.";
    WrongType, "wrong-type", "error, warning",
        "a value is of its field's type",
        "Text that looks like something else needs quotes: '1.10', 'true'. A warning where only one of the API's \
         generations objects.";
    RenamedField, "renamed-field", "error, warning",
        "fields have their names of today",
        "What API 1 calls service_type is resource_type in API 2. spacectl translates it to what the service has, and \
         other clients do not. Both names in one document contradict each other: that is an error.";
    OtherGeneration, "other-generation", "error, warning",
        "a field belongs to the API's generation that is checked for",
        "API 1 is 1.8.5 to 2.0.51, API 2 is 2.0.52 and later. template, project_id and domain_id are in API 1 only, \
         plugin_id and docs in API 2 only, and the registries have other names. A warning where both are checked; \
         choose yours with --api.";
    NoGeneration, "no-generation", "error",
        "one of the API's generations takes all of the spec",
        "Each generation lacks another field of this spec, so that no service can take it.";
    ImageName, "image-name", "error",
        "the image's name is of letters, digits and `-`, at most 48 of them",
        "The part behind the last `/` becomes the plugin's id, and the Repository service refuses everything else \
         (ERROR_INVALID_IMAGE_NAME_FORMAT, ERROR_INVALID_IMAGE_LENGTH).";
    ImageTag, "image-tag", "error",
        "the image has neither tag nor digest",
        "Which version runs is chosen where a plugin is used, from the tags that the registry has. The service takes `:` \
         and `@` for a part of the name, and refuses it.";
    ImageRegistry, "image-registry", "error",
        "the image is named without its registry's host",
        "The service knows the host from registry_type and registry_config, and looks for the image below it: with the \
         host before it the image is not found (ERROR_NO_IMAGE_IN_REGISTRY).";
    ImageReference, "image-reference", "warning",
        "the image is one that a registry can hold",
        "Registries know lower-case names only, and each part begins and ends with a letter or a digit (the OCI \
         distribution specification). On Docker Hub and GitHub an image stands below a namespace.";
    Placeholder, "placeholder", "error",
        "no placeholder is left",
        "`plugin init` cannot know where the image will be pushed, and specs in documents say <name>. A whole value that is \
         `<...>` or `YOUR-...`, or a part of an image, of a plugin's id, of registry_config or of an address that is.";
    RegistryType, "registry-type", "error, warning",
        "registry_type is one that the API knows",
        "DOCKER_HUB where it is left out. API 2 has AWS_PRIVATE_ECR, HARBOR, GITHUB and GCP_PRIVATE_GCR beside it.";
    RegistryConfig, "registry-config", "error, warning",
        "registry_config holds what its registry type needs",
        "AWS_PRIVATE_ECR needs account_id: the service refuses to go without (ERROR_REQUIRED_PARAMETER). HARBOR and \
         GCP_PRIVATE_GCR have the address of an installation: where the service's configuration has none, url says it.";
    TemplateSchema, "template-schema", "error",
        "a schema in template is a JSON Schema",
        "The service of API 1 refuses others (ERROR_INVALID_TEMPLATE_SCHEMA). Looked at are the kinds of values that \
         JSON Schema's own words have.";
    ResourceType, "resource-type", "warning",
        "resource_type is one that a service looks for",
        "The Repository service takes any text, and the service that the plugin is meant for never finds it. The package \
         of a service is written with `_`: cost_analysis.DataSource.";
    LabelText, "label-text", "error",
        "labels are texts of at most 255 characters",
        "The service keeps a list of texts and refuses everything else.";
    TagPlain, "tag-plain", "warning",
        "tags are plain values",
        "The console shows a tag as one value.";
    Secret, "secret", "warning",
        "no secret is in the spec",
        "Everybody who may list plugins reads the spec, and most specs are in a repository. Secrets belong to the \
         secret service; a spec names their schemas only.";
    Yaml11, "yaml-1-1", "warning",
        "a text means the same to readers of YAML 1.1",
        "The Python client reads yes, no, on and off as true or false, and 014 as 12. Quotes make it text everywhere.";
    LostDigits, "lost-digits", "warning",
        "no decimal loses its last digits",
        "1.10 is the number 1.1: a version needs quotes.";
    DuplicatePlugin, "duplicate-plugin", "error",
        "no two documents are about one plugin",
        "The second one is refused at the latest by the service (ERROR_SAVE_UNIQUE_VALUES). A plugin's id is plugin_id \
         or, without that, the part of its image behind the last `/`.";
}

impl Rule {
    /// The rule that findings call so.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|rule| rule.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kebab_case_and_stand_once() {
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
