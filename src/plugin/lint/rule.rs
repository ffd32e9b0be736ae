//! The table of rules.

use crate::plugin::rule_table::rule_table;

/// How severe a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// A service or this program rejects it.
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

rule_table! { Rule:
    Unreadable, "unreadable", "error",
        "the file can be read and has a spec",
        "The file exists, is UTF-8 text of at most 32 MiB, and has at least one document.";
    Syntax, "syntax", "error",
        "the file is YAML 1.2, or JSON if its name ends in .json",
        "Documents after a syntax error are not checked.";
    DuplicateKey, "duplicate-key", "error",
        "no mapping has the same key twice",
        "Other programs silently use the last value, so the first one is lost.";
    NotAMapping, "not-a-mapping", "error",
        "a document is a mapping of fields",
        "A spec is the fields of one register request: name, resource_type, image and others.";
    UnknownField, "unknown-field", "error",
        "every field exists in the API",
        "`spacectl explain repository.Plugin.register` lists the fields.";
    VerbAsKey, "verb-as-key", "error",
        "the verb is on the command line, not in the spec",
        "A spec has only fields. The verb is part of the command: `spacectl plugin apply -f FILE`, or `spacectl exec \
         register repository.Plugin -f FILE`; plugins are registered, not created.";
    RequiredField, "required-field", "error",
        "name, resource_type and image are set and not empty",
        "The Repository service rejects a plugin without them (ERROR_REQUIRED_PARAMETER). In API 1, resource_type \
         is called service_type.";
    WrongType, "wrong-type", "error, warning",
        "a value has its field's type",
        "Quote text that looks like a number or a boolean: '1.10', 'true'. It is a warning if only one generation \
         of the API rejects the value.";
    RenamedField, "renamed-field", "error, warning",
        "fields have the names of the current API",
        "service_type of API 1 is resource_type in API 2. spacectl translates it for the service, other clients do \
         not. Both names in one document contradict each other: that is an error.";
    OtherGeneration, "other-generation", "error, warning",
        "the field exists in the generations of the API that are checked",
        "API 1 is 1.8.5 to 2.0.51, API 2 is 2.0.52 and later. template, project_id and domain_id are in API 1 \
         only, plugin_id and docs in API 2 only, and some registry types have other names. It is a warning if both \
         are checked; choose yours with --api.";
    NoGeneration, "no-generation", "error",
        "at least one generation of the API accepts all fields",
        "API 1 does not have one of the fields, and API 2 does not have another one, so no service accepts the spec.";
    ImageName, "image-name", "error",
        "the image's name has only letters, digits and `-`, at most 48",
        "The part after the last `/` becomes the plugin's id, and the Repository service rejects everything else \
         (ERROR_INVALID_IMAGE_NAME_FORMAT, ERROR_INVALID_IMAGE_LENGTH).";
    ImageTag, "image-tag", "error",
        "the image has no tag and no digest",
        "Users of the plugin choose a version from the tags in the registry. The service treats `:` and `@` as parts \
         of the name, and rejects them.";
    ImageRegistry, "image-registry", "error",
        "the image does not begin with a registry host",
        "The service takes the host from registry_type and registry_config. If the image includes it, too, the \
         service does not find the image (ERROR_NO_IMAGE_IN_REGISTRY).";
    ImageReference, "image-reference", "warning",
        "the image is one that registries accept",
        "Registries accept lower-case names only, whose parts begin and end with a letter or a digit (OCI \
         distribution specification). On Docker Hub and GitHub an image has a namespace.";
    Placeholder, "placeholder", "error",
        "every placeholder is replaced",
        "`plugin init` does not know where the image will be pushed, and specs in documents have <name>. A \
         placeholder is a whole value like `<...>` or `YOUR-...`, or such a part of an image, a plugin's id, \
         registry_config or an address.";
    RegistryType, "registry-type", "error, warning",
        "the registry_type exists in the API",
        "DOCKER_HUB by default. API 2 also has AWS_PRIVATE_ECR, HARBOR, GITHUB and GCP_PRIVATE_GCR.";
    RegistryConfig, "registry-config", "error, warning",
        "registry_config has what the registry_type needs",
        "AWS_PRIVATE_ECR needs account_id (ERROR_REQUIRED_PARAMETER). HARBOR and GCP_PRIVATE_GCR have the address \
         of an installation: set url, unless the service's configuration has it.";
    TemplateSchema, "template-schema", "error",
        "a schema in template is a JSON Schema",
        "Services with API 1 reject anything else (ERROR_INVALID_TEMPLATE_SCHEMA). This rule checks only that each \
         JSON Schema keyword has a value of the right type.";
    ResourceType, "resource-type", "warning",
        "a service uses plugins of the resource_type",
        "The Repository service accepts any text, but no other service finds a plugin of an unknown type. Service \
         names are written with `_`: cost_analysis.DataSource.";
    LabelText, "label-text", "error",
        "each label is text of at most 255 characters",
        "The service rejects any other label.";
    TagPlain, "tag-plain", "warning",
        "each tag is one value, not a list or mapping",
        "The console shows a tag as one value.";
    Secret, "secret", "warning",
        "the spec has no secret",
        "Everyone who can list plugins can read the spec, and specs are often in public repositories. Store secrets \
         in the secret service; a spec only names their schemas.";
    Yaml11, "yaml-1-1", "warning",
        "text is not a boolean or number in YAML 1.1",
        "The Python client reads yes, no, on and off as true or false, and 014 as 12. Quote such text.";
    LostDigits, "lost-digits", "warning",
        "no decimal number loses its last digits",
        "1.10 is the number 1.1: quote versions.";
    DuplicatePlugin, "duplicate-plugin", "error",
        "no two documents have the same plugin",
        "The service rejects the second one (ERROR_SAVE_UNIQUE_VALUES). A plugin's id is plugin_id or, without it, \
         the part of the image after the last `/`.";
}

impl Rule {
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
