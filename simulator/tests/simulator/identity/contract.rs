//! The identity services against the vendor's documents: every exchange, and the examples word for word.

use super::*;
use crate::documents;

/// Settings in which what the examples name is there, for an account whose domain has this id.
fn world() -> Value {
    let trusts = |provider: Value| json!({"provider": provider, "subjects": ["*"], "trusted_domains": ["IAMDomain", "IAMDomainA"]});
    json!({"identity": {
        "id_tokens": "any", "providers": {"test": {"client_ids": ["client-id-test"]}, "idptest": {"client_ids": ["x"]}},
        "agencies": {"Y0yfCQYJGO": trusts(json!("test")), "IAMAgency": trusts(Value::Null)},
    }})
}

/// The id of the project of the account whose domain has this id.
fn project_of(domain: &str) -> String {
    domain.chars().rev().collect()
}

/// The body of a request for a token of the first account, whose domain has this name.
fn sign_in(domain: &str) -> Value {
    let mut body = password("operator");
    body["auth"]["identity"]["password"]["user"]["domain"]["name"] = json!(domain);
    body["auth"]["scope"] = json!({});
    body
}

/// The example requests of an operation, each with its path.
fn examples(operation: &str) -> Vec<(String, Value)> {
    let documents = documents::identity::documents();
    let paths = documents.iter().flat_map(|document| document["paths"].as_object().unwrap());
    let mut definitions = paths.flat_map(|(path, methods)| methods.as_object().unwrap().values().map(move |definition| (path, definition)));
    let (path, definition) = definitions.find(|(_, definition)| definition["operationId"] == operation).unwrap();
    (1..).map_while(|number| definition.get(format!("x-request-examples-{number}"))).map(|body| (path.clone(), body.clone())).collect()
}

/// The answer that the documents show as an example.
fn example_answer(operation: &str) -> Value {
    let documents = documents::identity::documents();
    let paths = documents.iter().flat_map(|document| document["paths"].as_object().unwrap().values());
    let mut definitions = paths.flat_map(|methods| methods.as_object().unwrap().values());
    let definition = definitions.find(|definition| definition["operationId"] == operation).unwrap();
    let answers = definition["responses"].as_object().unwrap().values();
    let mut shown = answers.filter_map(|answer| answer.pointer("/content/application~1json/example")).filter(|example| !example.is_null());
    shown.next().unwrap_or_else(|| panic!("{operation} shows no answer")).clone()
}

/// Keys of an example that the answer lacks, or that are of another type.
fn missing(place: &str, example: &Value, answer: &Value) -> Vec<String> {
    let Value::Object(fields) = example else {
        let same = std::mem::discriminant(example) == std::mem::discriminant(answer);
        return if same { Vec::new() } else { vec![format!("{place} is {answer}, not as {example}")] };
    };
    fields.iter().flat_map(|(key, inner)| missing(&format!("{place}/{key}"), inner, &answer[key])).collect()
}

fn complaints(entries: &[Value]) -> Vec<String> {
    entries.iter().flat_map(documents::check).collect()
}

#[tokio::test]
async fn each_example_is_taken_word_for_word_and_answered_like_its_example() {
    let (account, other) = ("27680d67da6b47eb82d00a1a118be145", "063bb260a480...");
    // Operation, domain and project of the account, how many examples it has.
    let table = [
        ("AssumeAgencyWithOIDC", project_of(account), "IAMDomain", 1),
        ("AssumeAgency", project_of(account), "IAMDomain", 1),
        ("CreateTokenWithIdToken", "46419baef4324...".to_owned(), "IAMDomain", 3),
        ("CreateTokenWithIdToken", project_of(other), "IAMDomain", 3),
        ("CreateTemporaryAccessKeyByToken", PROJECT.to_owned(), "IAMDomain", 3),
        ("CreateTemporaryAccessKeyByAgency", PROJECT.to_owned(), "IAMDomainA", 3),
    ];
    let mut done = Vec::new();
    for (operation, project, domain, count) in table {
        let arguments = ["--project-id", &project, "--domain", domain, "--region", "cn-north-4"];
        let cloud = Simulator::bare(&arguments, world()).await;
        let token = cloud.sign_in(&sign_in(domain)).await;
        let examples = examples(operation);
        assert_eq!(examples.len(), count, "{operation}");
        for (path, body) in examples {
            let since = cloud.log(0).await.len() as u64;
            let answer = match operation {
                "AssumeAgency" => Key::own().call(&cloud, Method::POST, &path, Some(&body)).await,
                "AssumeAgencyWithOIDC" => send(&cloud, Method::POST, &path[1..], &[], Some(body.clone())).await,
                _ => {
                    let headers = [("X-Auth-Token", token.as_str()), ("X-Idp-Id", "idptest")];
                    send(&cloud, Method::POST, &path[1..], &headers, Some(body.clone())).await
                }
            };
            // An example of a token is for one of the two accounts: the scope names its project or its domain.
            let scope = &body["auth"]["scope"];
            let foreign =
                !scope["project"].is_null() && project == project_of(other) || !scope["domain"].is_null() && project != project_of(other);
            assert_eq!([200, 201].contains(&answer.status), !foreign, "{operation} {body}: {} {}", answer.status, answer.body);
            let entries = cloud.log(since).await;
            assert_eq!((entries.len(), &entries[0]["operation"]), (1, &json!(operation)));
            assert_eq!(complaints(&entries), Vec::<String>::new());
            if !foreign {
                done.push(body);
                assert_eq!(missing("", &example_answer(operation), &answer.body), Vec::<String>::new(), "{operation}");
            }
        }
    }
    done.sort_by_key(Value::to_string);
    done.dedup();
    assert_eq!(done.len(), 11, "each example succeeds for one of the accounts");
}

#[tokio::test]
async fn exchanges_match_the_documents() {
    let cloud = Simulator::start(json!({})).await;
    let oidc = |changes: Value| with(oidc_request(&id_token(json!({}))), changes);
    for changes in [
        json!({}),
        json!({"duration_seconds": 900, "policy": "{}", "policy_ids": ["NetworkAdmin"]}),
        json!({"id_token": id_token(json!({"sub": "x"}))}),
    ] {
        send(&cloud, Method::POST, OIDC, &[], Some(oidc(changes))).await;
    }
    let body = json!({"agency_urn": format!("iam::{DOMAIN}:agency:second"), "agency_session_name": "s1", "external_id": "id"});
    Key::own().call(&cloud, Method::POST, &format!("/{ASSUME}"), Some(&body)).await;
    for scope in
        [json!({"project": {"name": "eu-west-101"}}), json!({"domain": {"name": "simulated-domain"}}), json!({"project": {"name": "x"}})]
    {
        let body = json!({"auth": {"id_token": {"id": id_token(json!({}))}, "scope": scope}});
        send(&cloud, Method::POST, TOKENS, &[("X-Idp-Id", "cluster")], Some(body)).await;
    }
    let role = json!({"agency_name": "partner", "domain_name": "simulated-partner", "duration_seconds": 900});
    let identities =
        [json!({"methods": ["token"], "token": {"duration_seconds": 900}}), json!({"methods": ["assume_role"], "assume_role": role})];
    for identity in identities {
        send(&cloud, Method::POST, KEYS, &[("X-Auth-Token", &cloud.token)], Some(json!({"auth": {"identity": identity}}))).await;
    }
    for token in [pod_token(json!({})), "nonsense".to_owned()] {
        let answer = send(&cloud, Method::POST, AGENT, &[("Authorization", &token)], Some(json!({}))).await;
        assert!(
            token == "nonsense" || missing("", &example_answer("AssumeAgencyForPodIdentity"), &answer.body).is_empty(),
            "{}",
            answer.body
        );
    }
    send(&cloud, Method::PUT, METADATA_TOKEN, &[], None).await;
    // No document describes it, but its answer is that of IAM.
    let answer = send(&cloud, Method::GET, METADATA_KEYS, &[], None).await;
    assert_eq!(missing("", &example_answer("CreateTemporaryAccessKeyByToken"), &answer.body), Vec::<String>::new());
    let entries = cloud.log(0).await;
    assert_eq!(complaints(&entries), Vec::<String>::new());
    let mut statuses: Vec<u64> = entries.iter().filter_map(|entry| entry["status"].as_u64()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 200, 200, 200, 201, 201, 201, 201, 201, 401, 403, 404]);
}

#[tokio::test]
async fn the_validator_reports_what_is_wrong() {
    let cloud = Simulator::start(json!({})).await;
    let since = cloud.log(0).await.len() as u64;
    send(&cloud, Method::POST, OIDC, &[], Some(oidc_request(&id_token(json!({}))))).await;
    let entry = cloud.log(since).await[0].clone();
    assert_eq!(documents::check(&entry), Vec::<String>::new());
    let table = [
        ("/request_body/agency_session_name", json!("a space"), "/agency_session_name"),
        ("/request_body/duration_seconds", json!(899), "/duration_seconds"),
        ("/request_body/surprise", json!(1), "surprise"),
        ("/response_body/credentials/secret_access_key", json!("***"), "/credentials/secret_access_key"),
        ("/response_body/audience", Value::Null, "audience"),
        ("/status", json!(201), "answer 201"),
    ];
    for (pointer, value, expected) in table {
        let mut entry = entry.clone();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        entry.pointer_mut(parent).unwrap()[key] = value;
        let complaints = documents::check(&entry);
        assert!(complaints.iter().any(|complaint| complaint.contains(expected)), "{expected:?} is not in {complaints:?}");
    }
}
