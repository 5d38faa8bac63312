//! A collection that the cloud lists in parts, one at each resource of another collection.

use axum::response::Response;
use direct_connect_operator::cloud::{Parent, Tag};
use serde::Deserialize;

use super::*;

/// A leaf of a branch.
#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Leaf {
    #[serde(rename = "leaf_id")]
    own_id: Option<String>,
    segment_id: Option<String>,
    branch_id: Option<String>,
    #[serde(default)]
    is_wild: bool,
}

impl Listed for Leaf {
    const COLLECTION: &'static str = "leaves";
    const PLURAL: &'static str = "leaves";
    const SINGULAR: &'static str = "leaf";
    const OPERATIONS: (&'static str, &'static str) = ("ListLeaves", "ListLeaves");
    const ID: &'static [&'static str] = &["segment_id", "leaf_id"];
    const PARENT: Option<Parent> =
        Some(Parent { collection: "branches", plural: "branches", operation: "ListBranches", segment: "branch" });

    fn id(&self) -> &str {
        self.segment_id.as_ref().or(self.own_id.as_ref()).unwrap()
    }

    fn natural_keys(&self) -> Vec<String> {
        Vec::new()
    }

    fn tags(&self) -> &[Tag] {
        &[]
    }

    fn set_parent(&mut self, parent: &str) {
        self.branch_id.get_or_insert_with(|| parent.to_owned());
    }

    fn is_kept(&self) -> bool {
        !self.is_wild
    }
}

/// What the cloud answers for the leaves of a branch, after a marker.
type Branch = fn(&str, Option<&str>) -> (u16, Value);

/// Three branches on two pages; `branch` answers for the leaves of one of them.
async fn cloud(branch: Branch) -> (String, Arc<AtomicUsize>) {
    serve(move |query, request: Request| -> Response {
        let marker = query.get("marker").map(String::as_str);
        let segments: Vec<&str> = request.uri().path().split('/').skip(4).collect();
        let (status, body) = match (segments.as_slice(), marker) {
            (["branches"], None) => (200, json!({ "branches": [{ "id": "a" }, { "id": "b" }], "page_info": { "next_marker": "b" } })),
            (["branches"], Some("b")) => (200, json!({ "branches": [{ "id": "c" }] })),
            (["branch", id, "leaves"], marker) => branch(id, marker),
            other => panic!("{other:?}"),
        };
        (StatusCode::from_u16(status).unwrap(), axum::Json(body)).into_response()
    })
    .await
}

fn no_such() -> (u16, Value) {
    (404, json!({ "error_code": "DC.0002", "error_msg": "no such branch" }))
}

async fn listed(url: &str) -> Result<Vec<(String, Option<String>)>, CloudError> {
    let leaves = client(url).list::<Leaf>(Priority::Background).await?;
    let leaf = |item: Item<Leaf>| match item {
        Item::Readable(leaf) => (leaf.id().to_owned(), leaf.branch_id),
        Item::Unreadable(leaf) => (leaf.rest.id().to_owned(), leaf.rest.branch_id),
    };
    Ok(leaves.into_iter().map(leaf).collect())
}

fn leaf(id: &str, branch: &str) -> (String, Option<String>) {
    (id.to_owned(), Some(branch.to_owned()))
}

#[tokio::test]
async fn all_parts_are_read_in_one_call_for_each_page() {
    let (url, hits) = cloud(|branch, marker| match (branch, marker) {
        ("a", None) => {
            (200, json!({ "leaves": [{ "leaf_id": "1" }, { "leaf_id": "2", "is_wild": true }], "page_info": { "next_marker": "2" } }))
        }
        ("a", Some("2")) => (200, json!({ "leaves": [{ "leaf_id": "3", "branch_id": "x", "segment_id": null }] })),
        ("b", None) => (200, json!({ "leaves": [] })),
        ("c", None) => (200, json!({ "leaves": [{ "segment_id": "4", "is_wild": "unreadable" }] })),
        other => panic!("{other:?}"),
    })
    .await;
    assert_eq!(listed(&url).await, Ok(vec![leaf("1", "a"), leaf("3", "x"), leaf("4", "c")]));
    assert_eq!(hits.load(Ordering::Relaxed), 6, "two pages of branches, two of the first, one of each other");
}

#[tokio::test]
async fn a_parent_that_goes_between_two_pages_takes_its_part_along() {
    let (url, _) = cloud(|branch, marker| match (branch, marker) {
        ("a", None) => (200, json!({ "leaves": [{ "leaf_id": "1" }], "page_info": { "next_marker": "1" } })),
        ("a" | "b", _) => no_such(),
        _ => (200, json!({ "leaves": [{ "leaf_id": "3" }] })),
    })
    .await;
    assert_eq!(listed(&url).await, Ok(vec![leaf("3", "c")]));
}

#[tokio::test]
async fn a_part_that_fails_fails_the_whole() {
    let rows: [(Branch, ErrorClass); 3] = [
        (|branch, _| if branch == "b" { (503, json!({})) } else { (200, json!({ "leaves": [{ "leaf_id": "1" }] })) }, ErrorClass::Server),
        (|branch, _| if branch == "c" { (200, json!({ "leaves": null })) } else { (200, json!({ "leaves": [] })) }, ErrorClass::Server),
        (|_, _| (403, json!({ "error_code": "DC.9403", "error_msg": "no" })), ErrorClass::Permission),
    ];
    for (branch, class) in rows {
        let (url, _) = cloud(branch).await;
        assert_eq!(listed(&url).await.unwrap_err().class, class);
    }
    let (url, _) = serve(|_, _| (StatusCode::NOT_FOUND, axum::Json(json!({ "error_code": "APIGW.0101", "error_msg": "no api" })))).await;
    assert_eq!(listed(&url).await.unwrap_err().class, ErrorClass::Unsupported, "there are no branches in this region");
}

#[tokio::test]
async fn one_that_only_the_list_shows_is_read_by_the_list_of_its_parent() {
    let (url, hits) = cloud(|branch, marker| match (branch, marker) {
        ("a", None) => (200, json!({ "leaves": [{ "leaf_id": "1" }], "page_info": { "next_marker": "1" } })),
        ("a", Some(_)) => (200, json!({ "leaves": [{ "leaf_id": "2" }, { "leaf_id": "3", "is_wild": 3 }] })),
        _ => no_such(),
    })
    .await;
    let client = client(&url);
    let found = client.show::<Leaf>("2", Some("a")).await.unwrap();
    assert_eq!(found, Some(Leaf { own_id: Some("2".into()), segment_id: None, branch_id: Some("a".into()), is_wild: false }));
    assert_eq!(hits.load(Ordering::Relaxed), 2);
    assert_eq!(client.show::<Leaf>("9", Some("a")).await, Ok(None), "not there");
    assert_eq!(client.show::<Leaf>("2", Some("b")).await, Ok(None), "the parent is gone");
    assert_eq!(client.show::<Leaf>("3", Some("a")).await.unwrap_err().code, "Malformed", "it is there, and can't be read");
}
