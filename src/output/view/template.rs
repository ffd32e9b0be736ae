//! Templates: files with the columns of one resource's tables.
//!
//! The file is the Python client's: `template: {list: [columns]}`, each column as `-c` takes it. Others are preserved.
//! It is read as a tree with places and not by serde: a column that a service lacks is reported at its line and column,
//! which serde's types do not hold.

use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::ResponseKind;
use crate::error::{Error, ErrorKind, Location, Problem, Result};
use crate::query::columns::grammar;
use crate::query::{Column, Columns};
use crate::text::value_ext::kind_of;
use crate::yaml::{self, Content, Limits, Mark, Node, YamlDocuments, YamlError, value};

const TEMPLATE: &str = "template";
const LIST: &str = "list";
/// The form of a template, as a hint.
const FORM: &str = "write a template as `template: {list: [plugin_id, name|Name]}`";

/// Only aliases can make a file exceed them.
const LIMITS: Limits = Limits { depth: 32, weight: 128 << 20 };

/// The columns for resources of the Repository service, in the form of `-c`. Both generations of its API share them: a
/// column that a service lacks is left out, e.g. `resource_type`, which the first one calls `service_type`.
const BUILT_IN: [(&str, &str); 5] = [
    ("repository.DashboardTemplate", "template_id,name,state,template_type"),
    ("repository.Plugin", "plugin_id,name,state,resource_type,service_type,provider"),
    ("repository.Policy", "policy_id,name,state,created_at"),
    ("repository.Repository", "repository_id,name,repository_type,endpoint"),
    ("repository.Schema", "name,service_type,created_at"),
];

/// The columns of a resource's tables, with the other keys of their file.
#[derive(Clone, Debug, PartialEq)]
pub struct TableTemplate {
    values: Map<String, Value>,
    columns: Vec<TemplateColumn>,
}

#[derive(Clone, Debug, PartialEq)]
struct TemplateColumn {
    column: Column,
    /// As written, with its alias.
    text: String,
    /// `None` if it comes from no file.
    location: Option<Location>,
}

/// The columns of a template, as far as rows can have them.
#[derive(Debug)]
pub struct FittedColumns {
    pub columns: Columns,
    /// A problem for each column that rows cannot have.
    pub unknown: Vec<Problem>,
}

impl TableTemplate {
    /// Parses a file; `source` names it in errors.
    ///
    /// # Errors
    /// A local error with its place: not YAML, not a template, or all columns that are not valid.
    pub fn parse(bytes: Vec<u8>, source: &str) -> Result<Self> {
        let located = |fault: YamlError| fault.into_error(Error::local, source);
        let text = yaml::decode(bytes).map_err(located)?;
        let tree = document(&text).map_err(located)?;
        let items = items(&tree).map_err(located)?;
        let values = value::mapping(&tree).map_err(located)?;
        let mut columns = Vec::with_capacity(items.len());
        let mut problems = Vec::new();
        for (text, mark) in items {
            let location = Some(mark.in_source(source));
            match Column::parse(&text) {
                Ok(column) => columns.push(TemplateColumn { column, text, location }),
                Err(error) => problems.extend(error.at(location).problems().iter().cloned()),
            }
        }
        Error::from_problems(ErrorKind::Local, problems).map_or(Ok(Self { values, columns }), Err)
    }

    /// A template of columns as `-c` takes them.
    ///
    /// # Errors
    /// As [`Columns::parse`].
    pub fn from_columns(text: &str) -> Result<Self> {
        let columns = Columns::parse(text)?;
        let texts = grammar::written(text);
        let placed = columns.iter().zip(&texts);
        let placed = placed.map(|(column, text)| TemplateColumn {
            column: column.clone(),
            text: (*text).into(),
            location: None,
        });
        let columns = placed.collect();
        let values = Map::from_iter([(TEMPLATE.to_owned(), json!({ LIST: texts }))]);
        Ok(Self { values, columns })
    }

    /// The built-in template of a resource, `service.Resource`, if there is one.
    pub fn built_in(resource: &str) -> Option<Self> {
        let (_, columns) = BUILT_IN.iter().find(|(name, _)| *name == resource)?;
        // A test parses them all.
        Self::from_columns(columns).ok()
    }

    /// The resources with built-in templates, sorted.
    pub fn built_in_resources() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// The file's content.
    pub fn values(&self) -> &Map<String, Value> {
        &self.values
    }

    /// The columns as they are written.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|placed| placed.text.as_str())
    }

    /// The file's text.
    pub fn to_yaml(&self) -> String {
        yaml::to_text(&Value::Object(self.values.clone()))
    }

    /// Checks which of the columns rows of this kind can have.
    pub fn fit(&self, kind: &ResponseKind) -> FittedColumns {
        let mut fitted = Vec::with_capacity(self.columns.len());
        let mut unknown = Vec::new();
        for TemplateColumn { column, location, .. } in &self.columns {
            match kind.check_named(column) {
                Ok(()) => fitted.push(column.clone()),
                Err(error) => unknown.extend(error.at(location.clone()).problems().iter().cloned()),
            }
        }
        FittedColumns { columns: fitted.into_iter().collect(), unknown }
    }

    /// The columns that rows of this kind can have; see [`Template::fit`].
    pub fn fitting(&self, kind: &ResponseKind) -> Columns {
        let columns = self.columns.iter().map(|placed| &placed.column);
        columns.filter(|column| !kind.lacks(column) && kind.check_named(column).is_ok()).cloned().collect()
    }
}

/// The one document of a file.
fn document(text: &str) -> Result<Rc<Node>, YamlError> {
    let mut documents = YamlDocuments::new(text, LIMITS)?;
    let Some(tree) = documents.next().transpose()? else {
        return Err(YamlError::new(Mark::START, "the file is empty").hint(FORM));
    };
    match documents.next().transpose()? {
        Some(second) => Err(YamlError::new(second.at, "a second document begins here, and a template is one")),
        None => Ok(tree),
    }
}

/// The texts of the columns with their places.
fn items(tree: &Node) -> Result<Vec<(String, Mark)>, YamlError> {
    let list = entry(entry(tree, TEMPLATE)?, LIST)?;
    let Content::List(items) = &list.content else {
        return Err(
            YamlError::new(list.at, format!("expected a list of columns, found {}", value::found(list))).hint(FORM)
        );
    };
    if items.is_empty() {
        return Err(YamlError::new(list.at, "the list of columns is empty").hint(FORM));
    }
    let text = |item: &Rc<Node>| match value::of(item)? {
        Value::String(text) if text.trim().is_empty() => Err(YamlError::new(item.at, "a column is empty")),
        Value::String(text) => Ok((text, item.at)),
        other => Err(YamlError::new(item.at, format!("expected a column, found {}", kind_of(&other)))
            .hint("write a column as text, e.g. name or name|Name; quote what YAML would read as another type")),
    };
    items.iter().map(text).collect()
}

/// The value of `key` in a mapping.
fn entry<'tree>(node: &'tree Node, key: &'static str) -> Result<&'tree Node, YamlError> {
    let entries = value::entries(node).map_err(|fault| fault.hint(FORM))?;
    match entries.iter().find(|entry| entry.name == key) {
        Some(entry) => Ok(entry.value),
        None => Err(YamlError::new(node.at, format!("the key `{key}` is missing")).hint(FORM)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::columns::test_types::bundled;

    fn parse(text: &str) -> Result<TableTemplate> {
        TableTemplate::parse(text.as_bytes().to_vec(), "columns.yml")
    }

    #[test]
    fn a_file_of_the_python_client_is_read_and_kept_whole() {
        let text = "parser: spacectl.lib.parser.default.DefaultParser\ntemplate:\n  list:\n  - plugin_id|ID\n  \
                    - tags.?key:=a=>value\n  get: [x]\ntype: custom\n";
        let template = parse(text).unwrap();
        assert_eq!(template.texts().collect::<Vec<_>>(), ["plugin_id|ID", "tags.?key:=a=>value"]);
        assert_eq!(parse(&template.to_yaml()).unwrap().values(), template.values());
        assert_eq!(template.to_yaml(), text.replace("[x]", "\n  - x").replace("get: \n", "get:\n"));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (text, said) in [
            ("", "columns.yml:1:1: the file is empty"),
            ("- name\n", "columns.yml:1:1: expected a mapping, found a list"),
            ("list: [name]\n", "columns.yml:1:1: the key `template` is missing"),
            ("template: {get: [name]}\n", "columns.yml:1:11: the key `list` is missing"),
            ("template: [name]\n", "columns.yml:1:11: expected a mapping, found a list"),
            ("template:\n  list: name\n", "columns.yml:2:9: expected a list of columns, found text"),
            ("template:\n  list: []\n", "columns.yml:2:9: the list of columns is empty"),
            ("template:\n  list:\n  - name: x\n", "columns.yml:3:5: expected a column, found a mapping"),
            ("template:\n  list:\n  - 1\n", "columns.yml:3:5: expected a column, found a number"),
            ("template:\n  list:\n  - ' '\n", "columns.yml:3:5: a column is empty"),
            ("template: {list: [name]}\n---\na: b\n", "columns.yml:3:1: a second document"),
            ("template: {list: [name}\n", "columns.yml:1:18: not YAML"),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.exit_code(), 1, "{text:?}");
            assert!(error.to_string().starts_with(&format!("error: {said}")), "{text:?}: {error}");
        }
    }

    #[test]
    fn every_wrong_column_is_told() {
        let error = parse("template:\n  list:\n  - a..b\n  - name\n  - name|\n").unwrap_err().to_string();
        assert!(error.contains("error: columns.yml:3:5: the column \"a..b\" has an empty step\n"), "{error}");
        assert!(error.contains("error: columns.yml:5:5: the column \"name\" has an empty alias\n"), "{error}");
    }

    #[test]
    fn columns_of_the_command_line_become_a_file_that_says_the_same() {
        let given = r" plugin_id|ID , tags.a\.b|A\,B,l.?k:=x\,y=>z,c\\,d";
        let template = TableTemplate::from_columns(given).unwrap();
        let texts: Vec<&str> = template.texts().collect();
        assert_eq!(texts, ["plugin_id|ID", r"tags.a\.b|A\,B", r"l.?k:=x\,y=>z", r"c\\", "d"]);
        let read = parse(&template.to_yaml()).unwrap();
        let columns = |template: &TableTemplate| template.columns.iter().map(|placed| placed.column.clone()).collect();
        let of_file: Columns = columns(&read);
        assert_eq!(of_file, Columns::parse(given).unwrap());
        assert!(TableTemplate::from_columns("name,,x").is_err());
    }

    #[test]
    fn columns_that_a_service_does_not_have_are_told_apart() {
        let template = parse("template:\n  list: [plugin_id, service_type, nmae|Name, tags.x]\n").unwrap();
        let FittedColumns { columns, unknown } =
            template.fit(&ResponseKind::new(&bundled("spaceone.api.repository.v1.PluginsInfo")));
        assert_eq!(columns.iter().map(Column::header).collect::<Vec<_>>(), ["plugin_id", "tags.x"]);
        assert_eq!(unknown[1].message, "column \"nmae\": PluginInfo has no field nmae");
        assert_eq!(unknown[1].hints, ["did you mean name?"]);
        assert_eq!(unknown[1].location.as_ref().unwrap().to_string(), "columns.yml:2:35");
    }

    #[test]
    fn those_that_a_service_has_are_the_same_where_nobody_is_told_of_the_others() {
        let template = parse(
            "template:
  list: [plugin_id, nmae, name.x, tags.x, repository_info.nmae, labels.0]
",
        )
        .unwrap();
        for message in ["PluginsInfo", "PluginInfo", "VersionsInfo", "RepositoriesInfo"] {
            let kind = ResponseKind::new(&bundled(&format!("spaceone.api.repository.v1.{message}")));
            assert_eq!(template.fitting(&kind), template.fit(&kind).columns, "{message}");
        }
    }

    #[test]
    fn the_built_in_ones_are_sound_and_their_names_are_sorted() {
        let names: Vec<&str> = TableTemplate::built_in_resources().collect();
        assert!(names.is_sorted());
        for name in names {
            let template = TableTemplate::built_in(name).unwrap();
            assert!(template.texts().count() > 1, "{name}");
            assert_eq!(parse(&template.to_yaml()).unwrap().values(), template.values(), "{name}");
        }
        assert_eq!(TableTemplate::built_in("identity.Project"), None);
    }

    #[test]
    fn no_text_is_too_hostile() {
        let bomb = format!("template:\n  list:\n  - &a {}\n  - [{}]\n", "x".repeat(100_000), "*a, ".repeat(10_000));
        assert!(parse(&bomb).is_err());
        assert!(parse(&format!("template: {{list: {}", "[".repeat(10_000))).is_err());
        assert!(TableTemplate::parse(b"template: {list: [\xff]}".to_vec(), "x").is_err());
    }
}
