//! Columns of `-c`, `-s` and templates: paths with headers.

pub(crate) mod check;
pub(crate) mod grammar;
mod selector;
#[cfg(test)]
pub(crate) mod test_types;

use std::borrow::Cow;
use std::collections::HashSet;

use prost_reflect::MessageDescriptor;
use serde_json::Value;

pub use self::check::is_plain;
pub use self::selector::cell_text;
use self::selector::{PathStep, Selector};
use crate::error::{Error, Result};
use crate::text::truncated;

/// One column: the path of its cells in a row, and its header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    header: String,
    /// The path as it was written, for messages.
    text: String,
    selector: Selector,
}

impl Column {
    /// Parses `path` or `path|Alias`.
    ///
    /// # Errors
    /// A usage error that names the column: it or its alias is empty, it has two aliases, a step is empty, or a
    /// condition is not complete.
    pub fn parse(text: &str) -> Result<Self> {
        Self::from_tokens(&grammar::tokens(text))
    }

    /// The column of a field, under its name.
    pub fn from_field(name: &str) -> Self {
        let selector = Selector::new(vec![PathStep::Key(name.to_owned())]);
        Self { header: name.to_owned(), text: name.to_owned(), selector }
    }

    fn from_tokens(tokens: &[grammar::ColumnToken]) -> Result<Self> {
        let mut parts = grammar::split(tokens, '|');
        let path = parts.next().unwrap_or_default();
        let text = grammar::plain(path);
        let refuse = |what: &str| {
            Err(Error::usage(format!("the column \"{}\" {what}", beginning(&text))).hint(
                "write path or path|Alias, where a path is name, tags.icon, list.0.name or list.?key:=value=>name",
            ))
        };
        if text.is_empty() {
            return Err(Error::usage("a column is empty").hint("separate columns by single commas: -c plugin_id,name"));
        }
        let header = match (parts.next().map(grammar::plain), parts.next()) {
            (None, _) => text.clone(),
            (Some(alias), None) if alias.is_empty() => return refuse("has an empty alias"),
            (Some(alias), None) => alias,
            (Some(_), Some(_)) => return refuse("has more than one alias"),
        };
        match grammar::path(path) {
            Ok(selector) => Ok(Self { header, text, selector }),
            Err(what) => refuse(what),
        }
    }

    /// The alias, or the path where it is missing.
    pub fn header(&self) -> &str {
        &self.header
    }

    /// The key of this column in a query's `only` and `sort`: its keys before the first index or condition.
    ///
    /// It also ends before a key that holds a dot, which the service would read as a step. `None` if nothing is left.
    pub fn only_key(&self) -> Option<String> {
        let keys: Vec<&str> = self
            .selector
            .steps()
            .iter()
            .map_while(|step| match step {
                PathStep::Key(key) if !key.contains('.') => Some(key.as_str()),
                _ => None,
            })
            .collect();
        (!keys.is_empty()).then(|| keys.join("."))
    }

    /// Checks that rows of this type can have the column; a Struct, Value, ListValue, Any or map can have any.
    /// `others` are names to suggest, beside those of the fields.
    pub fn check(&self, row: &MessageDescriptor, others: &[&str]) -> Result<()> {
        let checked = check::check(self.selector.steps(), row, others);
        let is_file = [".yml", ".yaml", ".json"].iter().any(|end| self.text.ends_with(end));
        if is_file { checked.map_err(|error| error.hint("to read a file use -f; -c chooses columns")) } else { checked }
    }

    /// The path as messages name it.
    pub fn name(&self) -> Cow<'_, str> {
        beginning(&self.text)
    }

    /// The field that its path begins with; `None` for a condition.
    pub fn first_name(&self) -> Option<&str> {
        self.selector.steps().first().and_then(PathStep::name)
    }

    /// Whether the path has one step.
    pub fn is_one_name(&self) -> bool {
        self.selector.steps().len() == 1
    }

    /// The column's value in `row`, or null.
    pub fn select(&self, row: &Value) -> Value {
        self.value(row).map_or(Value::Null, Cow::into_owned)
    }

    pub fn value<'v>(&self, row: &'v Value) -> Option<Cow<'v, Value>> {
        self.selector.select(row)
    }
}

/// The columns of a list in their order; headers may repeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns(Vec<Column>);

impl FromIterator<Column> for Columns {
    fn from_iter<I: IntoIterator<Item = Column>>(columns: I) -> Self {
        Self(columns.into_iter().collect())
    }
}

impl Columns {
    /// Parses the value of `-c`: columns between commas.
    ///
    /// # Errors
    /// As [`Column::parse`].
    pub fn parse(text: &str) -> Result<Self> {
        grammar::split(&grammar::tokens(text), ',').map(Column::from_tokens).collect::<Result<_>>().map(Self)
    }

    pub fn iter(&self) -> std::slice::Iter<'_, Column> {
        self.0.iter()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The column with this header, for `-s` by an alias.
    pub fn by_header(&self, header: &str) -> Option<&Column> {
        self.iter().find(|column| column.header == header)
    }

    /// A header that several columns have: formats of named values cannot show both.
    pub fn repeated_header(&self) -> Option<&str> {
        let mut seen = HashSet::new();
        self.iter().map(Column::header).find(|header| !seen.insert(*header))
    }

    /// The keys of `query.only`, in the columns' order.
    ///
    /// A key below another one is left out: it comes along, and MongoDB, which the services use, refuses a projection
    /// with both ("path collision").
    pub fn only_keys(&self) -> Vec<String> {
        let mut keys: Vec<String> = Vec::new();
        self.iter().filter_map(Column::only_key).for_each(|key| add_only_key(&mut keys, key));
        keys
    }

    /// The fields that the columns begin with.
    pub fn first_names(&self) -> Vec<&str> {
        self.iter().filter_map(Column::first_name).collect()
    }
}

/// Adds a key to a `query.only`; see [`Columns::only_keys`].
pub fn add_only_key(keys: &mut Vec<String>, key: String) {
    if !keys.iter().any(|sent| covers(sent, &key)) {
        keys.retain(|sent| !covers(&key, sent));
        keys.push(key);
    }
}

/// The beginning of a column's text, for messages.
fn beginning(text: &str) -> Cow<'_, str> {
    truncated(text, 80).map_or(Cow::Borrowed(text), |text| Cow::Owned(format!("{text}...")))
}

/// Whether `key` is `upper` or below it.
pub fn covers(upper: &str, key: &str) -> bool {
    key.strip_prefix(upper).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use prost_reflect::DescriptorPool;
    use serde_json::json;

    use super::test_types::{bundled, plugin_info};
    use super::*;

    fn select_all(columns: &Columns, row: &Value) -> Vec<Value> {
        columns.iter().map(|column| column.select(row)).collect()
    }

    fn select(path: &str, row: &Value) -> Value {
        Column::parse(path).unwrap().select(row)
    }

    fn refusal(text: &str) -> String {
        Columns::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn columns_are_cut_at_commas_and_aliases_at_bars() {
        let columns = Columns::parse(" plugin_id , name|Its Name,name ").unwrap();
        let headers: Vec<&str> = columns.iter().map(Column::header).collect();
        assert_eq!(headers, ["plugin_id", "Its Name", "name"]);
        assert_eq!(select_all(&columns, &json!({"plugin_id": "p", "name": "n"})), [json!("p"), json!("n"), json!("n")]);
    }

    #[test]
    fn what_is_incomplete_is_refused_by_name() {
        assert!(refusal("").contains("a column is empty"));
        assert!(refusal("a,,b").contains("a column is empty"));
        assert!(refusal("a|").contains("\"a\" has an empty alias"));
        assert!(refusal("a|b|c").contains("\"a\" has more than one alias"));
        assert!(refusal("a..b").contains("\"a..b\" has an empty step"));
        assert!(refusal("a.?k:=v").contains("a condition without \"=>\""));
        assert!(refusal("a.?k=>v").contains("a condition without \":\""));
        assert!(refusal("a.?k:=v=>").contains("has an empty step"));
    }

    #[test]
    fn a_path_of_any_length_ends_in_a_value_or_a_refusal() {
        let longest = vec!["a"; 64].join(".");
        assert_eq!(select(&longest, &json!({ &longest: 1 })), json!(1));
        let nested = (0..64).fold(json!(1), |inner, _| json!({ "a": inner }));
        assert_eq!(select(&longest, &nested), json!(1));
        for path in [format!("{longest}.a"), vec!["a"; 40_000].join("."), "?a:=b=>".repeat(40_000) + "c"] {
            let refusal = refusal(&path);
            assert!(refusal.contains("...\" has more than 64 steps"), "{refusal}");
            assert!(refusal.len() < 400, "{refusal}");
        }
        assert!(refusal(&format!("l.?{longest}.a:=b=>c")).contains("has more than 64 steps"));
    }

    #[test]
    fn a_backslash_makes_the_next_mark_ordinary() {
        let row = json!({"a,b": 1, "a|b": 2, "a": {"b": 3}, "a.b": 4, "c\\d": 5});
        assert_eq!(select(r"a\,b", &row), json!(1));
        assert_eq!(Columns::parse(r"a\,b").unwrap().len(), 1);
        assert_eq!(select(r"a\|b", &row), json!(2));
        assert_eq!(select(r"a\.b", &row), json!(4));
        assert_eq!(select(r"c\d", &row), json!(5));
        assert_eq!(Column::parse(r"a|x\|y").unwrap().header(), "x|y");
    }

    #[test]
    fn paths_walk_objects_and_take_items() {
        let row = json!({"a": {"b": "c"}, "list": [{"k": 1}, {"k": 2}]});
        assert_eq!(select("a.b", &row), json!("c"));
        assert_eq!(select("list.1.k", &row), json!(2));
        for missing in
            ["x", "a.x", "a.b.c", "list.2.k", "list.-1.k", "list.99999999999999999999", "list.x", "a.?b:c=>b"]
        {
            assert_eq!(select(missing, &row), Value::Null, "{missing}");
        }
    }

    #[test]
    fn a_key_behind_a_list_maps_over_it_in_order_and_joins_lists() {
        let row = json!({"list": [{"k": 2, "l": ["x", "y"]}, {}, {"k": 1, "l": ["x"]}, {"k": 2}]});
        assert_eq!(select("list.k", &row), json!([2, 1, 2]));
        assert_eq!(select("list.l", &row), json!(["x", "y", "x"]));
        assert_eq!(select("nested.k", &json!({"nested": [[{"k": 1}], [{"k": 2}]]})), json!([1, 2]));
    }

    #[test]
    fn conditions_narrow_lists_without_regard_to_case() {
        let row = json!({"tags": [
            {"key": "Name", "value": {"x": [{"n": 1}, {"n": 2}]}}, {"key": "name.io", "value": "b"}, {"value": "c"}, 5
        ]});
        assert_eq!(select("tags.?key:=NAME=>value.x.n", &row), json!([1, 2]));
        assert_eq!(select("tags.?key:=name=>value.x.?n:=2=>n", &row), json!([2]));
        assert_eq!(select("tags.?key:.io=>value", &row), json!(["b"]));
        assert_eq!(select("tags.?key:!name=>value", &row), json!(["c"]));
        assert_eq!(select("tags.?key:=none=>value", &row), Value::Null);
        let odd = json!({"l": [{"a:b": "x,y=>z|", "v": 1}]});
        assert_eq!(select(r"l.?a\:b:=x\,y\=>z\|=>v", &odd), json!([1]));
    }

    #[test]
    fn what_is_nested_goes_before_keys_with_dots() {
        let row = json!({"tags": {
            "spaceone:plugin_name": "p", "spaceone.io/x": 1, "a": {"b.c": 2, "b": {"d": 3}},
            "a.b": {"d": 6, "e": 4}, "0": 5,
            "k.l": 7, "k": {"l": 8}, "list": [{"m": {"n": 9}, "m.n": 10}, {"m.n": 11}],
            "null.x": 12, "null": {"x": null}
        }});
        assert_eq!(select("tags.spaceone:plugin_name", &row), json!("p"));
        assert_eq!(select("tags.spaceone.io/x", &row), json!(1));
        assert_eq!(select(r"tags.spaceone\.io/x", &row), json!(1));
        assert_eq!(select("tags.a.b.c", &row), json!(2));
        assert_eq!(select("tags.a.b.d", &row), json!(3));
        assert_eq!(select(r"tags.a\.b.d", &row), json!(6));
        assert_eq!(select("tags.a.b.e", &row), json!(4), "nothing nested has it");
        assert_eq!(select("tags.0", &row), json!(5));
        assert_eq!(select("tags.k.l", &row), json!(8));
        assert_eq!(select(r"tags.k\.l", &row), json!(7));
        assert_eq!(select("tags.list.m.n", &row), json!([9, 11]));
        assert_eq!(select("tags.list.?m.n:=9=>m\\.n", &row), json!([10]));
        assert_eq!(select("tags.null.x", &row), json!(null));
    }

    #[test]
    fn the_service_is_asked_for_keys_only_and_for_each_once() {
        let columns = r"name,tags.a|A,list.0.x,list.?k:=v=>p,name|N,tags.b\.c,data.a.b,data.a,data.ab";
        let keys = Columns::parse(columns).unwrap().only_keys();
        assert_eq!(keys, ["name", "list", "tags", "data.a", "data.ab"]);
    }

    #[test]
    fn known_columns_pass() {
        let columns = "plugin_id,state,tags.a.b.0,labels.0.x,labels.?a:b=>c,repository_info.name,capability";
        Columns::parse(columns).unwrap().iter().try_for_each(|column| column.check(&plugin_info(), &[])).unwrap();
        let query = bundled("spaceone.api.core.v2.Query");
        let columns = "filter.0.k,filter.k,filter.?k:=name=>v.x.y,only.0,sort.?desc:=true=>key,page.limit";
        Columns::parse(columns).unwrap().iter().try_for_each(|column| column.check(&query, &[])).unwrap();
    }

    #[test]
    fn an_unknown_field_is_named_with_its_neighbour_or_all_there_are() {
        let refusal = |path: &str| Column::parse(path).unwrap().check(&plugin_info(), &["Bild"]).unwrap_err();
        assert_eq!(refusal("imge").exit_code(), 2);
        assert_eq!(refusal("imge").to_string(), "error: PluginInfo has no field imge\nhint: did you mean image?");
        assert_eq!(refusal("bld").to_string(), "error: PluginInfo has no field bld\nhint: did you mean Bild?");
        let text = refusal("zzz").to_string();
        assert!(
            text.starts_with("error: PluginInfo has no field zzz\nhint: its fields are plugin_id, name, "),
            "{text}"
        );
    }

    #[test]
    fn every_step_is_checked() {
        let refusal = |path: &str, row: &str| {
            let row = bundled(row);
            Column::parse(path).unwrap().check(&row, &[]).unwrap_err().problems()[0].message.clone()
        };
        let plugin = "spaceone.api.repository.v1.PluginInfo";
        let query = "spaceone.api.core.v2.Query";
        assert!(refusal("repository_info.nme", plugin).ends_with("RepositoryInfo has no field nme"));
        assert!(refusal("name.x", plugin).ends_with("name is a plain value without fields"));
        assert!(refusal("repository_info.0", plugin).ends_with("RepositoryInfo has no field 0"));
        assert!(
            refusal("repository_info.?a:b=>c", plugin)
                .ends_with("a condition needs a list, and RepositoryInfo is not one")
        );
        assert!(refusal("filter.0.z", query).ends_with("Filter has no field z"));
        assert!(refusal("filter.?z:=a=>k", query).ends_with("Filter has no field z"));
        assert!(refusal("filter.?k:=a=>z", query).ends_with("Filter has no field z"));
        assert!(refusal("only.0.x", query).ends_with("only is a plain value without fields"));
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[ab.]{0,3}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[ab.]{1,3}", inner, 0..4)
                    .prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_text_and_no_value_bring_it_down(text in r"([abk0-2.,|?:=!>\\ -]|=>|\PC){0,24}", row in any_value()) {
            if let Ok(columns) = Columns::parse(&text) {
                prop_assert_eq!(select_all(&columns, &row).len(), columns.len());
                let _ = columns.iter().try_for_each(|column| column.check(&plugin_info(), &[]));
                let _ = columns.only_keys();
            }
        }

        #[test]
        fn paths_of_any_length_do_neither(
            steps in prop::collection::vec("nested_type|a|0|\\?a:=b=>a", 0..90), row in any_value()
        ) {
            let nested = DescriptorPool::global().get_message_by_name("google.protobuf.DescriptorProto").unwrap();
            let nested = nested;
            let parsed = Column::parse(&steps.join("."));
            let count: usize = steps.iter().map(|step| if step.starts_with('?') { 2 } else { 1 }).sum();
            prop_assert_eq!(parsed.is_ok(), (1..=64).contains(&count));
            if let Ok(column) = parsed {
                let _ = column.select(&row);
                let _ = column.check(&nested, &[]);
            }
        }

        #[test]
        fn any_key_can_be_escaped(key in r"[a-z.,|?:=!>\\]{1,8}") {
            let escaped = key.chars().fold(String::new(), |text, c| {
                if c.is_alphabetic() || c == '>' { format!("{text}{c}") } else { format!("{text}\\{c}") }
            });
            prop_assert_eq!(select(&escaped, &json!({key: 1})), json!(1));
        }
    }
}
