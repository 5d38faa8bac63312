//! What is masked, and what is not.

use serde_json::json;

use super::{MASK, Masks};

/// Half a key, so that none stands here whole.
fn key(length: usize) -> String {
    "aB3dE5gH7j".repeat(length / 10)
}

#[test]
fn texts_lose_what_looks_like_a_key_and_nothing_else() {
    let masks = Masks::new().unwrap();
    let access = "AKEXAMPLE0".repeat(2);
    let (secret, token) = (key(40), key(200));
    let jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJkYyJ9.c2lnbmF0dXJl";
    for (text, masked) in [
        // By name.
        ("secretKey: hunter2".to_owned(), "secretKey: ***".to_owned()),
        ("SECRET_KEY=hunter2 next=1".to_owned(), "SECRET_KEY=*** next=1".to_owned()),
        (r#"{"secretKey":"hun ter2","region":"r"}"#.to_owned(), r#"{"secretKey":"***","region":"r"}"#.to_owned()),
        (r#"{\"bgp_md5\":\"hunter2\",\"vlan\":3}"#.to_owned(), r#"{\"bgp_md5\":\"***\",\"vlan\":3}"#.to_owned()),
        ("HUAWEICLOUD_SDK_SK=hunter2".to_owned(), "HUAWEICLOUD_SDK_SK=***".to_owned()),
        ("--token=hunter2".to_owned(), "--token=***".to_owned()),
        ("password: 'hunter 2'".to_owned(), "password: '***'".to_owned()),
        ("X-Auth-Token: hunter2".to_owned(), "X-Auth-Token: ***".to_owned()),
        ("X-Security-Token: hunter2\nnext".to_owned(), "X-Security-Token: ***\nnext".to_owned()),
        // By header.
        ("Authorization: Bearer hunter2hunter2\nnext".to_owned(), "Authorization: ***\nnext".to_owned()),
        ("Authorization: SDK-HMAC-SHA256 Access=A, SignedHeaders=host, Signature=0a".to_owned(), "Authorization: ***".to_owned()),
        (r#"{"authorization":"Basic aHVudGVy","a":1}"#.to_owned(), r#"{"authorization":"***","a":1}"#.to_owned()),
        ("sent SDK-HMAC-SHA256 Access=A, Signature=0a".to_owned(), "sent ***".to_owned()),
        // By form.
        (format!("key {access} was refused"), "key *** was refused".to_owned()),
        (format!("verify {secret}, please"), "verify ***, please".to_owned()),
        (format!("token {token}=="), "token ***==".to_owned()),
        (format!("got {jwt}."), "got ***.".to_owned()),
        ("a\n-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\nb".to_owned(), "a\n***\nb".to_owned()),
        (r"-----BEGIN RSA PRIVATE KEY-----\nabc\ndef".to_owned(), "***".to_owned()),
        (format!("pair {access}/{secret} was refused"), "pair *** was refused".to_owned()),
        (format!("pair {access}:{secret}"), "pair ***:***".to_owned()),
        ("http://user:hunter2@proxy:3128/".to_owned(), "http://***proxy:3128/".to_owned()),
        ("http://user:hun@hunter2@proxy:3128/".to_owned(), "http://***proxy:3128/".to_owned()),
        ("http://user:hun/hunter2@proxy:3128/".to_owned(), "http://***proxy:3128/".to_owned()),
        ("https://hunter2@host/path".to_owned(), "https://***host/path".to_owned()),
        // Of several parts.
        (r#"{"secretKey":"hun\"ter2","vlan":3}"#.to_owned(), r#"{"secretKey":"***","vlan":3}"#.to_owned()),
        (r#"{"password":4711,"token":["hunter2","x"]}"#.to_owned(), r#"{"password":***,"token":***}"#.to_owned()),
        (r#"["--token","hunter2"]"#.to_owned(), r#"["--token","***"]"#.to_owned()),
        ("run --token hunter2 --region r".to_owned(), "run --token *** --region r".to_owned()),
        ("args:\n- --secret-key\n- hunter2\n- next".to_owned(), "args:\n- --secret-key\n- ***\n- next".to_owned()),
        ("- name: HW_SECRET_KEY\n  value: hunter2\n".to_owned(), "- name: HW_SECRET_KEY\n  value: ***\n".to_owned()),
        (
            "a:\n  secretKey: |-\n    hunter2\n\n    hunter3\n  region: r\n".to_owned(),
            "a:\n  secretKey: |-\n    ***\n    ***\n  region: r\n".to_owned(),
        ),
        ("- token: >\n    hunter2\n  region: r".to_owned(), "- token: >\n    ***\n  region: r".to_owned()),
        ("tokens: 2\ntoken:\n- hunter2\n- hunter3\nregion: r".to_owned(), "tokens: 2\ntoken:\n- ***\n- ***\nregion: r".to_owned()),
        (r#"{"data":"secretKey: |\n  hunter2\nregion: r"}"#.to_owned(), r#"{"data":"secretKey: ***\nregion: r"}"#.to_owned()),
        ("assumeAgency: {urn: u, externalId: hunter2}".to_owned(), "assumeAgency: {urn: u, externalId: ***}".to_owned()),
    ] {
        assert_eq!(masks.text(&text), masked, "{text}");
    }
    for kept in [
        "virtual interface office: DC.1209, request 4f0c3c1f2a7d4e0f9b7a6f1f0e1d2c3b",
        "id 3eeeea55-1fc3-4099-9da7-80ea36ae6beb in project 0605768a3300d5762f82c01180692873",
        "image registry.example.com/direct-connect-operator@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "commit 10c3b96a638400e6d350d46106b39835740e5275",
        "automountServiceAccountToken: true",
        "  secretRef:\n    name: credentials",
        "accessKey:\n    secretRef: {}",
        "the Secret network/credentials has no key secretKey",
        "directconnect_cloud_calls_total{operation=\"ListVirtualInterfaces\"} 12",
        "10.0.0.1/30 fd00:aaaa::1/64 2026-11-29T20:05:00Z WaitingForDependants",
        "/apis/directconnect.huaweicloud.com/v1alpha1/namespaces/network/virtualinterfaces/office",
        "risk: high, task=sync, mask: 255",
        "docker-pullable://registry.example.com:5000/operator@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "docker-pullable://operator@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "secretRef:\n- name: credentials\naccessKey:\n  secretRef:\n    name: credentials",
        "args: [--shard, a, --lease-name, mine] and --token --region r",
    ] {
        assert_eq!(masks.text(kept), kept);
    }
}

#[test]
fn objects_lose_secrets_by_the_names_of_their_fields() {
    let masks = Masks::new().unwrap();
    let applied = json!({ "env": [{ "name": "HW_SECRET_KEY", "value": "hunter2" }], "spec": { "password": "hunter2" } });
    let mut object = json!({
        "metadata": {
            "name": "operator", "managedFields": [{ "manager": "helm" }],
            "annotations": { "kubectl.kubernetes.io/last-applied-configuration": applied.to_string(), "note": "password=hunter2" },
        },
        "spec": {
            "secretKey": "hunter2", "vlan": 30, "enabled": true, "bgpMd5SecretRef": { "name": "bgp", "key": "md5" },
            "credentials": { "accessKey": { "secretRef": { "name": "credentials" } }, "assumeAgency": { "urn": "u", "externalId": "hunter2" } },
            "args": ["--token", "hunter2", "--password", "--verbose", "-token", "hunter2"], "tokens": { "token": ["hunter2", 4711] }, "pin_password": 4711,
            "env": [{ "name": "HUAWEICLOUD_SDK_SK", "value": "hunter2" }, { "name": "REGION", "value": "eu-west-101" }],
        },
    });
    masks.object(&mut object);
    let spec = &object["spec"];
    assert_eq!(spec["secretKey"], MASK);
    assert_eq!(spec["env"], json!([{ "name": "HUAWEICLOUD_SDK_SK", "value": MASK }, { "name": "REGION", "value": "eu-west-101" }]));
    assert_eq!(spec["bgpMd5SecretRef"], json!({ "name": "bgp", "key": "md5" }));
    assert_eq!(spec["credentials"]["accessKey"]["secretRef"]["name"], "credentials");
    assert_eq!(spec["args"], json!(["--token", MASK, "--password", "--verbose", "-token", MASK]));
    assert_eq!((&spec["tokens"]["token"], &spec["pin_password"]), (&json!([MASK, MASK]), &json!(MASK)));
    assert_eq!(spec["credentials"]["assumeAgency"], json!({ "urn": "u", "externalId": MASK }));
    assert_eq!((&spec["vlan"], &spec["enabled"]), (&json!(30), &json!(true)));
    assert_eq!(object["metadata"]["name"], "operator");
    assert!(!object.to_string().contains("hunter2"), "{object:#}");
    assert!(object["metadata"].get("managedFields").is_none());
}
