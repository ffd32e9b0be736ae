//! Property tests: any text can be checked.

use clap::ValueEnum as _;
use proptest::prelude::*;

use super::report::{self, LintFormat};
use super::*;

fn anything_like_a_spec() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "name: ",
        "image: ",
        "resource_type: ",
        "service_type: ",
        "registry_type: ",
        "registry_config: ",
        "labels: ",
        "tags: ",
        "template: ",
        "plugin_id: ",
        "schema: ",
        "type: ",
        "required: ",
        "properties: ",
        "api_key: ",
        "register: ",
        "HARBOR",
        "AWS_PRIVATE_ECR",
        "YOUR-NAMESPACE/x",
        "ghcr.io/a/b_c:1@sha256:0",
        "cost-analysis.DataSource",
        "a/",
        "/",
        ":",
        "@",
        ".",
        "no",
        "1.10",
        "014",
        "é플",
        "'x'",
        "\"",
        "-",
        "- ",
        "{",
        "}",
        "[",
        "]",
        ",",
        "? ",
        "&a ",
        "*a",
        "<<: ",
        "---\n",
        "\n",
        "\n  ",
        " ",
        "\u{feff}",
        "\u{1b}",
    ]);
    prop::collection::vec(word, 0..24).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(
        texts in prop::collection::vec(prop_oneof![anything_like_a_spec(), any::<String>()], 1..3),
    ) {
        let name = |index: usize| if index == 0 { "spec.yml" } else { "spec.json" };
        let inputs: Vec<Input> =
            texts.iter().zip(0..).map(|(text, at)| Input::from_bytes(name(at), text.clone().into_bytes())).collect();
        for generations in [&[Generation::One][..], &[Generation::Two], &[Generation::One, Generation::Two]] {
            let findings = check(&inputs, generations).unwrap();
            for finding in &findings {
                prop_assert!(finding.location.line >= 1 && finding.location.column >= 1);
                prop_assert!(finding.rule.levels().contains(finding.severity.word()), "{finding:?}");
            }
            for format in LintFormat::value_variants() {
                let mut out = Vec::new();
                report::write(&mut out, &findings, *format, true).unwrap();
                let text = String::from_utf8(out).unwrap();
                let unpainted = ["[1;31m", "[1;33m", "[0m"].iter().fold(text, |text, paint| {
                    text.replace(&format!("\u{1b}{paint}"), "")
                });
                prop_assert!(!unpainted.contains('\u{1b}'), "{}", unpainted);
            }
        }
    }
}

#[test]
fn a_document_full_of_faults_is_told_up_to_a_bound() {
    let text: String = (0..2_000).map(|index| format!("wrong{index}: x\n")).collect();
    let findings =
        check(&[Input::from_bytes("spec.yml", text.into_bytes())], &[Generation::One, Generation::Two]).unwrap();
    assert_eq!(findings.len(), 100);
    assert!(findings[0].hint.as_ref().is_some_and(|hint| hint.contains("name, ")), "{:?}", findings[0]);
    assert!(findings.iter().any(|finding| finding.message.contains("more findings in this document are not shown")));
}

#[test]
fn a_mistyped_resource_type_is_answered_with_what_was_meant() {
    let hint = |resource_type: &str| {
        let text = format!("name: A\nimage: acme/plugin-a\nresource_type: {resource_type}\n");
        let findings = check(&[Input::from_bytes("spec.yml", text.into_bytes())], &[Generation::Two]).unwrap();
        findings.into_iter().map(|finding| (finding.message, finding.hint.unwrap_or_default())).next()
    };
    for (mistyped, meant) in [
        ("cost-analysis.DataSource", "cost_analysis.DataSource"),
        ("inventory.collector", "inventory.Collector"),
        ("notification.Protocl", "notification.Protocol"),
    ] {
        assert_eq!(hint(mistyped).unwrap().1, format!("did you mean {meant}?"));
    }
    let (message, known) = hint("collector").unwrap();
    assert_eq!(message, "resource_type: collector does not have the form SERVICE.RESOURCE");
    assert!(known.contains("inventory.Collector"), "{known}");
    assert_eq!(hint("monitoring.Webhook"), None);
}
