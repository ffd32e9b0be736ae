//! Manifests: read, checked and rendered.

use std::fs;

use minijinja::context;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::spec::source::SourceText;
use crate::yaml::{Mark, YamlDocuments};
use engine::Engine;
use template::{TemplateText, TemplateTree};

fn load(files: &[(&str, &str)]) -> (TempDir, crate::error::Result<Manifest>) {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(dir.path().join(name), text).unwrap();
    }
    let name = dir.path().join(files[0].0).to_string_lossy().into_owned();
    let text = SourceText { name, content: files[0].1.to_owned() };
    let manifest = Manifest::load(&text, VarOverrides::default());
    (dir, manifest)
}

/// Every problem of a manifest as `line: message`.
fn problems(text: &str) -> Vec<String> {
    let (_dir, manifest) = load(&[("m.yml", text)]);
    let manifest = manifest.unwrap();
    let findings = check::check(&manifest.tasks, &manifest.var);
    let mut problems = manifest.problems;
    problems.extend(findings.problems);
    let line = |problem: &crate::error::Problem| problem.location.as_ref().map_or(0, |at| at.line);
    let mut problems: Vec<_> = problems.iter().map(|problem| (line(problem), &problem.message)).collect();
    problems.sort();
    problems.iter().map(|(line, message)| format!("{line}: {message}")).collect()
}

fn tree(yaml: &str) -> TemplateTree {
    let limits = crate::spec::source::limits(yaml.len());
    let node = YamlDocuments::new(yaml, limits).unwrap().next().unwrap().unwrap();
    TemplateTree::new(&"m.yml".into(), &node).unwrap()
}

#[test]
fn imports_run_first_and_the_importing_file_wins() {
    let (_dir, manifest) = load(&[
        ("main.yml", "import: [a.yml, a.yml]\nvar: {x: main}\ntasks: [{name: last, uses: '@modules/date'}]"),
        ("a.yml", "import: [b.yml]\nvar: {x: a, y: a}\ntasks: [{name: first, uses: modules/date}]"),
        ("b.yml", "var: {x: b, y: b, z: b}"),
    ]);
    let manifest = manifest.unwrap();
    assert_eq!(Value::Object(manifest.var), json!({"x": "main", "y": "a", "z": "b"}));
    let names: Vec<_> = manifest.tasks.iter().map(|task| task.name.written()).collect();
    assert_eq!(names, ["first", "first", "last"]);
}

#[test]
fn imports_in_a_circle_are_named() {
    let (_dir, manifest) = load(&[("a.yml", "import: [b.yml]"), ("b.yml", "import: [a.yml]")]);
    let error = manifest.unwrap_err();
    assert!(error.problems()[0].causes[0].contains("a.yml imports "), "{error:?}");
}

#[test]
fn every_fault_is_found_at_once_with_its_line() {
    let text = r#"
vars: {a: 1}
var: {name: {first: x}}
tasks:
  - uses: "@modules/resorce"
  - uses: "@modules/resource"
    spec:
      resource_type: identity.Domain
      data: {name: "${{ var.nmae }}"}
      mode: UPSERT
  - uses: "@modules/resource"
    spec:
      resource_type: identity.Domain
      data: {name: "${{ tasks.later.output.x }}", x: "${{ item }}"}
      matches: [domain_id]
  - id: later
    when: "true"
    uses: "@modules/shell"
    spec: {run: "echo ${{ 'x }}"}
  - uses: "@modules/print"
    spec: {data: "${{ self.spec.x }}", colour: "${{ var.name.last | uper }}"}
  - uses: "@modules/export-s3"
  - uses: "@modules/print"
    if: ${{ nothing }}
    spec: {data: "${{ var.name.last }} ${{ tasks.latter }}"}
"#;
    assert_eq!(
        problems(text),
        [
            "2: a manifest has no key `vars`",
            "5: unknown module resorce",
            "9: the variable var.nmae is not declared",
            "10: unknown mode UPSERT",
            "14: `item` is outside of a loop",
            "14: the task later runs later",
            "15: `matches` names domain_id, which is not in data",
            "17: a task has no key `when`",
            "19: not a template: unexpected end of string",
            "21: `self` does not exist",
            "21: print has no key `colour`",
            "21: unknown filter in ${{ var.name.last | uper }}: filter uper is unknown",
            "22: the module export-s3 is not supported",
            "24: unknown name nothing",
            "25: no task has the id latter",
            "25: the variable var.name.last is not declared",
        ]
    );
}

#[test]
fn other_files_are_told_apart() {
    for (text, expected) in [
        ("main: {tasks: []}", "a Helm values file: the manifest is under `main`"),
        ("{service: identity, verb: create, resource: User, spec: {}}", "documents of cfctl"),
        ("{name: x, image: y}", "the spec of a plugin, not a manifest"),
        ("{a: 1}", "not a manifest"),
    ] {
        let (_dir, manifest) = load(&[("m.yml", text)]);
        let error = manifest.unwrap_err();
        assert!(error.problems()[0].message.starts_with(expected), "{error:?}");
        assert_eq!(error.exit_code(), 2);
    }
}

#[test]
fn values_are_rendered_and_never_parsed_again() {
    let context = context! { var => context! {
        n => 5, f => 1.5, on => true, none => (), list => minijinja::value::Serde(json!(["a", 1])), map => context! { k => "v" },
        text => "say \"hi\"\nC:\\temp }} ${{ x }}", digits => "00123",
    } };
    let yaml = r#"
number: ${{ var.n }}
data: ${{ var.n | to_data }}
float: ${{ var.f }}
on: ${{ var.on }}
none: ${{ var.none }}
list: ${{ var.list }}
map: ${{ var.map | to_data }}
text: ${{ var.text }}
mixed: "<${{ var.text }}|${{ var.on }}|${{ var.none }}|${{ var.list }}>"
digits: ${{ var.digits }}
bash: "${#name} ${HOME:-x} $((1+1)) {{ x }}"
sum: ${{ 1 + 2 }}
two: ${{ var.n }}${{ var.n }}
"k-${{ var.n }}": {}
quoted: ${{ "it's" | quote }}
count: ${{ len(var.list) }} ${{ var.map | len }}
"#;
    let rendered = Engine::default().render(&tree(yaml), &context).unwrap();
    assert_eq!(
        rendered.value,
        json!({
            "number": "5", "data": 5, "float": "1.5", "on": true, "none": null, "list": ["a", 1], "map": {"k": "v"},
            "text": "say \"hi\"\nC:\\temp }} ${{ x }}",
            "mixed": "<say \"hi\"\nC:\\temp }} ${{ x }}|True|None|['a', 1]>",
            "digits": "00123", "bash": "${#name} ${HOME:-x} $((1+1)) {{ x }}", "sum": "3", "two": "55", "k-5": {},
            "quoted": "\"it's\"", "count": "2 1",
        })
    );
    assert!(rendered.templated.len() >= 6);
}

#[test]
fn an_undefined_name_is_an_error_with_its_place() {
    let text = TemplateText::new(&"m.yml".into(), Mark { line: 3, column: 9 }, "a ${{ tasks.x.output }} b");
    let problem = Engine::default().text(&text, &context! { tasks => context! {} }).unwrap_err();
    assert_eq!(problem.location.unwrap().line, 3);
    let text = TemplateText::new(&"m.yml".into(), Mark::START, "${{ var.x | default('y') }}");
    assert_eq!(Engine::default().text(&text, &context! { var => context! {} }).unwrap(), "y");
}

/// Values that keep the texts of their numbers are used like any others.
#[test]
fn values_with_written_numbers_are_as_others() {
    let yaml = "{list: [{v: 2.0, n: b}, {v: 1.10, n: a}], map: {k: 1.50, j: [1.0, 2]}, text: x}";
    let limits = crate::spec::source::limits(yaml.len());
    let node = YamlDocuments::new(yaml, limits).unwrap().next().unwrap().unwrap();
    let (value, seen) = (crate::yaml::value::of(&node).unwrap(), written::SeenNumbers::default());
    let engine = Engine::new(&seen);
    let written = context! { var => written::view(&value, &written::WrittenNumbers::from_node(&node), &seen) };
    let plain = context! { var => engine::from_json(&value) };
    for expression in [
        "var.list | map(attribute='n') | join(',')",
        "var.list | sort(attribute='v') | map(attribute='n') | list",
        "var.list | selectattr('v', 'gt', 1.5) | map(attribute='n') | list",
        "var.list[-1].n ~ var.list[:1] | length",
        "var.list | length + var.map | length",
        "var.map.j == [1.0, 2]",
        "var.map == {'k': 1.5, 'j': [1, 2]}",
        "2 in var.map.j and 'k' in var.map and 'z' not in var.map",
        "var.map | items | list",
        "var.map | dictsort",
        "var.map | tojson",
        "var.list",
        "var.map.j | sum",
        "var.list is sequence and var.map is mapping and var.map.k is number",
        "var.list | first | attr('n')",
        "var['map']['k'] * 2 + var.map.j[0]",
        "var.list | to_data",
        "var.missing is defined",
        "var.list | groupby('n') | length",
        "var.map.j | reverse | list",
        "dict(var.map).k == 1.5",
    ] {
        let text = TemplateText::new(&"m.yml".into(), Mark::START, &format!("${{{{ {expression} }}}}"));
        let tree = TemplateTree::Text(text);
        let value = |context| engine.render(&tree, context).map(|rendered| rendered.value).map_err(|why| why.message);
        assert_eq!(value(&written), value(&plain), "{expression}");
    }
    let render = |template: &str| {
        let text = TemplateText::new(&"m.yml".into(), Mark::START, template);
        engine.text(&text, &written).unwrap()
    };
    assert_eq!(render("${{ var.map.k }} ${{ var.map.j[0] }} ${{ var.map.j[1] }}"), "1.50 1.0 2");
    assert_eq!(render("{% for row in var.list %}${{ row.n }}=${{ row.v }} {% endfor %}"), "b=2.0 a=1.10 ");
}
