//! What a list is asked for: rows, order, page and columns.
//!
//! The platform's lists take a `query`; its shape differs between the generations of the API and some requests have
//! none. What a request can carry is put into it, by its descriptor; the rest is left to be applied here, or refused.

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value, json};

use crate::error::{Error, Result};
use crate::filter::{ALL_FLAG, ANY_FLAG, Condition, Conditions, Filters, SEARCH_FLAG};
use crate::view::{Local, Sort};

/// What the user asked of a list.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// The fields that are needed; empty needs all.
    pub only: Vec<String>,
    /// Only the fields that identify a row; `Some(false)` asks for every field.
    pub minimal: Option<bool>,
    pub page: Option<Page>,
    pub sort: Option<Sort>,
}

/// Part of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Counted from 1.
    pub number: u32,
    /// Rows a page.
    pub limit: u32,
}

impl Page {
    /// The first row, counted from 1, as the platform's `query.page.start` is.
    ///
    /// # Errors
    /// A usage error for a row beyond what the API can count.
    fn start(self) -> Result<u32> {
        self.number.saturating_sub(1).checked_mul(self.limit).and_then(|before| before.checked_add(1)).ok_or_else(
            || Error::usage(format!("page {} of {} rows lies beyond what the API can count", self.number, self.limit)),
        )
    }
}

/// What a request could not carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// To be applied to the rows that come back.
    pub local: Option<Local>,
    /// `minimal` was asked for, and the service has no such form.
    pub minimal: bool,
}

/// Puts into `request` as much of `wish` as its message `input` can carry. A page goes to the service only if the order
/// does too, for a page of rows in another order would be another page.
pub fn apply(request: &mut Map<String, Value>, input: &MessageDescriptor, wish: &Wish) -> Result<Left> {
    let start = wish.page.map(Page::start).transpose()?;
    let shape = shape_of_query(input);
    let field = |name: &str| shape.as_ref().and_then(|shape| shape.get_field_by_name(name));
    let mut query = Map::new();
    if field("only").is_some() && !wish.only.is_empty() {
        query.insert("only".into(), wish.only.clone().into());
    }
    let minimal = wish.minimal.filter(|_| field("minimal").is_some());
    if let Some(minimal) = minimal {
        query.insert("minimal".into(), minimal.into());
    }
    let mut local = Local { sort: None, start: 0, limit: 0 };
    if let Some(sort) = &wish.sort {
        let one = json!({"key": sort.key(), "desc": sort.is_descending()});
        match field("sort") {
            Some(field) => drop(query.insert("sort".into(), if field.is_list() { json!([one]) } else { one })),
            None => local.sort = Some(sort.clone()),
        }
    }
    if let (Some(page), Some(start)) = (wish.page, start) {
        if field("page").is_some() && local.sort.is_none() {
            // The first page needs no start, and services of any age take it so.
            let sent =
                if start > 1 { json!({"start": start, "limit": page.limit}) } else { json!({"limit": page.limit}) };
            query.insert("page".into(), sent);
        } else {
            (local.start, local.limit) = (to_usize(start), to_usize(page.limit));
        }
    }
    if !query.is_empty()
        && let Some(given) = query_of(request)
    {
        given.extend(query);
    }
    let is_whole = local.sort.is_none() && local.limit == 0;
    Ok(Left { local: (!is_whole).then_some(local), minimal: wish.minimal == Some(true) && minimal.is_none() })
}

/// Puts `filters` into `request`, whose message is `input`, for rows of the type `rows`, if that is known. They are added
/// to the conditions that stand there; the word of `--search` takes the place of another.
///
/// # Errors
/// Usage errors: the request has no place for them, which are never dropped, as other rows would come back; or as
/// [`Filters::resolve`].
pub fn select(
    request: &mut Map<String, Value>,
    input: &MessageDescriptor,
    filters: &Filters,
    rows: Option<&MessageDescriptor>,
) -> Result<()> {
    let shape = shape_of_query(input);
    for flag in filters.flags() {
        let is_there = shape.as_ref().is_some_and(|shape| match flag {
            SEARCH_FLAG => shape.get_field_by_name(KEYWORD).is_some(),
            _ => condition_fields(shape, field_of(flag)).is_some(),
        });
        if !is_there {
            return Err(no_place(flag, input, filters));
        }
    }
    let Some(shape) = shape else { return Ok(()) };
    let Conditions { all, any, keyword } = filters.resolve(rows)?;
    for (flag, conditions) in [(ALL_FLAG, all), (ANY_FLAG, any)] {
        if let (false, Some(fields)) = (conditions.is_empty(), condition_fields(&shape, field_of(flag)))
            && let Some(query) = query_of(request)
        {
            let conditions = conditions.into_iter().map(|condition| fields.message(condition));
            match query.entry(field_of(flag)).or_insert(Value::Null) {
                Value::Array(given) => given.extend(conditions),
                null @ Value::Null => *null = conditions.collect(),
                // As for the query itself.
                _ => {}
            }
        }
    }
    if let Some(keyword) = keyword
        && let Some(query) = query_of(request)
    {
        query.insert(KEYWORD.into(), keyword.into());
    }
    Ok(())
}

const KEYWORD: &str = "keyword";

/// Where the conditions of a flag stand in a query.
fn field_of(flag: &str) -> &'static str {
    if flag == ANY_FLAG { "filter_or" } else { "filter" }
}

/// What a condition's parts are called.
struct ConditionFields {
    key: &'static str,
    value: &'static str,
    operator: &'static str,
}

/// The names of a condition's parts in the list `field` of a query, if there is such a list. The platform's have each
/// under two names; the Python client sends the short ones.
fn condition_fields(query: &MessageDescriptor, field: &str) -> Option<ConditionFields> {
    let Kind::Message(condition) = query.get_field_by_name(field).filter(FieldDescriptor::is_list)?.kind() else {
        return None;
    };
    let either = |names: [&'static str; 2]| names.into_iter().find(|name| condition.get_field_by_name(name).is_some());
    Some(ConditionFields {
        key: either(["k", "key"])?,
        value: either(["v", "value"])?,
        operator: either(["o", "operator"])?,
    })
}

impl ConditionFields {
    fn message(&self, Condition { key, operator, value }: Condition) -> Value {
        json!({self.key: key, self.value: value, self.operator: operator})
    }
}

fn no_place(flag: &str, input: &MessageDescriptor, filters: &Filters) -> Error {
    let what = if flag == SEARCH_FLAG { "word to search for" } else { "filters" };
    let error = Error::usage(format!("{flag}: {} takes no {what}", input.name()));
    if let Some(field) = filters.keys_that_are_one_value().find(|key| input.get_field_by_name(key).is_some()) {
        return error.hint(format!("{field} is a field of this request: -p {field}=VALUE asks for it"));
    }
    let fields: Vec<FieldDescriptor> = input.fields().filter(|field| field.name() != "query").collect();
    let fields: Vec<&str> = fields.iter().map(FieldDescriptor::name).collect();
    match fields.as_slice() {
        [] => error.hint("this service can only answer with all rows"),
        fields => error.hint(format!("-p sets the fields of this request: {}", fields.join(", "))),
    }
}

/// The message of the request's query, if it has one.
fn shape_of_query(input: &MessageDescriptor) -> Option<MessageDescriptor> {
    match input.get_field_by_name("query")?.kind() {
        Kind::Message(shape) => Some(shape),
        _ => None,
    }
}

/// The query of `request`, made if it is not there; `None` if something else stands in its place, of which encoding
/// says where it comes from.
fn query_of(request: &mut Map<String, Value>) -> Option<&mut Map<String, Value>> {
    let query = request.entry("query").or_insert(Value::Null);
    if query.is_null() {
        *query = Map::new().into();
    }
    query.as_object_mut()
}

fn to_usize(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use prost_reflect::DescriptorPool;

    use super::*;

    /// Both generations' shapes of a query, and a request without any.
    fn message(name: &str) -> MessageDescriptor {
        let source = r#"
            syntax = "proto3";
            package test;
            message Page { uint32 start = 1; uint32 limit = 2; }
            message Sort { string key = 1; bool desc = 2; }
            message ListOfSorts { repeated Sort sort = 1; Page page = 2; bool minimal = 3; repeated string only = 4; }
            message OneSort { Sort sort = 1; Page page = 2; bool minimal = 3; repeated string only = 4; }
            message PageAlone { Page page = 1; }
            message Second { ListOfSorts query = 1; string name = 2; }
            message First { OneSort query = 1; }
            message Third { PageAlone query = 1; }
            message Condition { string key = 1; string value = 2; string operator = 3; }
            message LongNames { repeated Condition filter = 1; string keyword = 2; }
            message Fourth { LongNames query = 1; string state = 2; }
            message Empty { }
            message None { string name = 1; }"#;
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("t.proto"), source).unwrap();
        let files = protox::compile(["t.proto"], [dir.path()]).unwrap();
        DescriptorPool::from_file_descriptor_set(files).unwrap().get_message_by_name(&format!("test.{name}")).unwrap()
    }

    fn wish() -> Wish {
        Wish {
            only: vec!["plugin_id".into()],
            minimal: None,
            page: Some(Page { number: 3, limit: 10 }),
            sort: Some(Sort::parse("-name", None).unwrap()),
        }
    }

    fn applied(name: &str, given: Value) -> (Value, Left) {
        let Value::Object(mut request) = given else { panic!("an object") };
        let left = apply(&mut request, &message(name), &wish()).unwrap();
        (request.into(), left)
    }

    #[test]
    fn the_sort_takes_the_shape_that_the_descriptor_asks_for() {
        let (request, left) = applied("Second", json!({}));
        let page = json!({"start": 21, "limit": 10});
        assert_eq!(
            request,
            json!({"query": {"only": ["plugin_id"], "sort": [{"key": "name", "desc": true}], "page": page}})
        );
        assert_eq!(left, Left { local: None, minimal: false });
        let (request, _) = applied("First", json!({}));
        assert_eq!(request["query"]["sort"], json!({"key": "name", "desc": true}));
    }

    #[test]
    fn without_a_query_all_is_left_to_be_applied_here() {
        let (request, left) = applied("None", json!({"name": "x"}));
        assert_eq!(request, json!({"name": "x"}));
        assert_eq!(left.local, Some(Local { sort: wish().sort, start: 21, limit: 10 }));
    }

    #[test]
    fn a_page_is_not_sent_without_its_order() {
        let (request, left) = applied("Third", json!({}));
        assert_eq!(request, json!({}));
        assert_eq!(left.local, Some(Local { sort: wish().sort, start: 21, limit: 10 }));
    }

    #[test]
    fn what_the_request_asks_for_already_is_kept() {
        let (request, _) = applied("Second", json!({"query": {"keyword": "slack", "page": {"limit": 1}}}));
        assert_eq!(request["query"]["keyword"], "slack");
        assert_eq!(request["query"]["page"]["limit"], 10);
    }

    #[test]
    fn an_empty_query_is_not_sent() {
        let mut request = Map::new();
        apply(&mut request, &message("Second"), &Wish::default()).unwrap();
        assert_eq!(request, Map::new());
    }

    #[test]
    fn a_minimal_form_that_is_not_there_is_told() {
        let wish = Wish { minimal: Some(true), ..Wish::default() };
        let mut request = Map::new();
        assert!(apply(&mut request, &message("None"), &wish).unwrap().minimal);
        assert!(!apply(&mut request, &message("Second"), &wish).unwrap().minimal);
        assert_eq!(Value::from(request), json!({"query": {"minimal": true}}));
    }

    #[test]
    fn a_page_past_what_the_api_can_count_is_refused() {
        let mut request = Map::new();
        let page = Some(Page { number: u32::MAX, limit: u32::MAX });
        let far = Wish { page, ..Wish::default() };
        assert_eq!(apply(&mut request, &message("Second"), &far).unwrap_err().exit_code(), 2);
    }

    fn selected(name: &str, given: Value, all: &[&str], any: &[&str], search: Option<&str>) -> Result<Value> {
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        let filters = Filters::parse(&texts(all), &texts(any), search)?;
        let Value::Object(mut request) = given else { panic!("an object") };
        select(&mut request, &message(name), &filters, None)?;
        Ok(request.into())
    }

    #[test]
    fn a_condition_has_the_names_that_the_descriptor_has() {
        let sent = selected("Fourth", json!({}), &["name=x", "n?"], &[], Some("word")).unwrap();
        let filter = json!([
            {"key": "name", "value": "x", "operator": "eq"},
            {"key": "n", "value": true, "operator": "exists"},
        ]);
        assert_eq!(sent, json!({"query": {"filter": filter, "keyword": "word"}}));
    }

    #[test]
    fn conditions_are_added_to_what_is_there_and_a_word_takes_its_place() {
        let ours = json!({"key": "name", "value": "x", "operator": "eq"});
        let add = |query: Value| selected("Fourth", json!({"query": query}), &["name=x"], &[], Some("b")).unwrap();
        let added = add(json!({"filter": [{"key": "a"}], "keyword": "a"}));
        assert_eq!(added, json!({"query": {"filter": [{"key": "a"}, ours], "keyword": "b"}}));
        for nothing in [json!(null), json!({}), json!({"filter": null})] {
            assert_eq!(add(nothing), json!({"query": {"filter": [ours], "keyword": "b"}}));
        }
        // Left to the codec, which says where it comes from.
        assert_eq!(add(json!("text")), json!({"query": "text"}));
        assert_eq!(add(json!({"filter": "text"})), json!({"query": {"filter": "text", "keyword": "b"}}));
    }

    #[test]
    fn what_has_no_place_is_refused() {
        let refusal = |name: &str, all: &[&str], any: &[&str], search: Option<&str>| {
            selected(name, json!({}), all, any, search).unwrap_err().to_string()
        };
        assert_eq!(
            refusal("None", &["x~a", "name=a"], &[], None),
            "error: --filter: None takes no filters\n\
             hint: name is a field of this request: -p name=VALUE asks for it"
        );
        assert_eq!(
            refusal("None", &["name~a"], &[], None),
            "error: --filter: None takes no filters\nhint: -p sets the fields of this request: name"
        );
        assert_eq!(
            refusal("Empty", &[], &[], Some("x")),
            "error: --search: Empty takes no word to search for\nhint: this service can only answer with all rows"
        );
        assert_eq!(
            refusal("Fourth", &["name=x"], &["name=x"], None),
            "error: --filter-any: Fourth takes no filters\nhint: -p sets the fields of this request: state"
        );
    }

    #[test]
    fn without_filters_nothing_is_put_anywhere() {
        for name in ["Fourth", "None", "Empty"] {
            assert_eq!(selected(name, json!({}), &[], &[], None).unwrap(), json!({}));
        }
    }
}
