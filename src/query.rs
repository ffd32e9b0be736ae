//! What a list is asked for: order, page and columns.
//!
//! The platform's lists take a `query`; its shape differs between the generations of the API and some requests have
//! none. What a request can carry is put into it, by its descriptor; the rest is left to be applied here.

use prost_reflect::{Kind, MessageDescriptor};
use serde_json::{Map, Value, json};

use crate::error::{Error, Result};
use crate::value;
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

/// Whether `request` says by itself which fields it wants.
pub fn chooses_fields(request: &Map<String, Value>) -> bool {
    let is_chosen =
        |holder: &Map<String, Value>, key: &str| holder.get(key).is_some_and(|value| !value::is_empty(value));
    let query = request.get("query").and_then(Value::as_object);
    is_chosen(request, "only")
        || query.is_some_and(|query| is_chosen(query, "only") || query.get("minimal") == Some(&Value::Bool(true)))
}

/// Puts into `request` as much of `wish` as its message `input` can carry. A page goes to the service only if the order
/// does too, for a page of rows in another order would be another page.
pub fn apply(request: &mut Map<String, Value>, input: &MessageDescriptor, wish: &Wish) -> Result<Left> {
    let start = wish.page.map(Page::start).transpose()?;
    let shape = match input.get_field_by_name("query").map(|field| field.kind()) {
        Some(Kind::Message(shape)) => Some(shape),
        _ => None,
    };
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
    if !query.is_empty() {
        match request.entry("query").or_insert_with(|| Map::new().into()) {
            Value::Object(given) => given.extend(query),
            null @ Value::Null => *null = query.into(),
            // Not a mapping: encoding says so, with its place.
            _ => {}
        }
    }
    let is_whole = local.sort.is_none() && local.limit == 0;
    Ok(Left { local: (!is_whole).then_some(local), minimal: wish.minimal == Some(true) && minimal.is_none() })
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
    fn a_request_can_choose_its_fields_itself() {
        let chooses = |request: Value| chooses_fields(request.as_object().unwrap());
        for chosen in [json!({"query": {"only": ["a"]}}), json!({"query": {"minimal": true}}), json!({"only": ["a"]})] {
            assert!(chooses(chosen.clone()), "{chosen}");
        }
        for open in [json!({}), json!({"query": null}), json!({"query": {"only": [], "minimal": false}, "only": null})]
        {
            assert!(!chooses(open.clone()), "{open}");
        }
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
}
