//! Each way to keys by STS and IAM leads to a cloud resource, and says what is wrong if it does not.

use serde_json::json;
use std::time::Duration;
use support::simulator::{AGENCY_URN, AUDIENCE, DOMAIN, PARTNER, PARTNERS_AGENCY, PARTNERS_AGENCY_URN, PARTNERS_DOMAIN, PASSWORD};
use support::simulator::{PROVIDER, PROVIDER_URN, SECOND_URN, USER};

use crate::{EXCHANGE, Tokens, account_ready, account_says, exchanges, gateway_ready};

#[tokio::test]
async fn each_way_leads_to_a_gateway() {
    let mut tokens = Tokens::new().await;
    tokens.write(AUDIENCE).await;
    let world = &tokens.world;
    let login = json!({ "domain": DOMAIN, "user": USER, "password": PASSWORD });
    world.apply(&json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "login" }, "stringData": login })).await;
    let secret = |name: &str| json!({ "secretRef": { "namespace": world.namespace, "name": name } });
    let by_iam = json!({ "idpId": PROVIDER, "tokenPath": tokens.path });
    let by_sts = tokens.by_sts()["workloadIdentity"].clone();
    let (by_urn, by_name) = (json!({ "urn": SECOND_URN }), json!({ "agencyName": "second", "domainName": DOMAIN }));
    let ways = [
        ("AssumeAgencyWithOIDC", json!({ "workloadIdentity": by_sts })),
        ("CreateTokenWithIdToken", json!({ "workloadIdentity": by_iam })),
        ("AssumeAgency", json!({ "accessKey": secret("credentials"), "assumeAgency": by_urn })),
        ("CreateTemporaryAccessKeyByAgency", json!({ "accessKey": secret("credentials"), "assumeAgency": by_name })),
        ("CreateTemporaryAccessKeyByAgency", json!({ "password": secret("login"), "assumeAgency": by_name })),
        ("AssumeAgency", json!({ "workloadIdentity": by_sts, "assumeAgency": by_urn })),
        ("CreateTemporaryAccessKeyByAgency", json!({ "workloadIdentity": by_iam, "assumeAgency": by_name })),
    ];
    for (number, (operation, credentials)) in (1..).zip(ways) {
        let before = world.cloud.count(operation).await;
        tokens.account(&credentials).await;
        world.account_in_force().await;
        let account = account_ready(world).await;
        let gateway = gateway_ready(world, number).await;
        world.delete("VirtualGateway", &gateway).await;
        world.wait_gone("VirtualGateway", &gateway).await;
        assert_eq!(world.cloud.count(operation).await, before + 1, "{credentials}");
        assert!(account["status"]["credentialsExpireAt"].is_null(), "they are renewed: {account:#}");
    }
    tokens.finish().await;
}

#[tokio::test]
async fn an_agency_leads_to_the_account_that_it_is_in() {
    let tokens = Tokens::new().await;
    let world = &tokens.world;
    let key = json!({ "secretRef": { "namespace": world.namespace, "name": "credentials" } });
    let by_name = json!({ "agencyName": PARTNERS_AGENCY, "domainName": PARTNERS_DOMAIN });
    tokens.account(&json!({ "accessKey": key, "assumeAgency": by_name })).await;
    world.account_in_force().await;
    assert_eq!(account_ready(world).await["status"]["projectId"], PARTNER);
    gateway_ready(world, 1).await;
    // The same account in another project would lose its objects.
    tokens.account(&json!({ "accessKey": key })).await;
    account_says(world, "Conflict", PARTNER).await;
    // The same agency by its URN, which demands an external ID meanwhile.
    world.cloud.settings(json!({ "identity": { "agencies": { "partner": { "external_id": "of-the-partner" } } } })).await;
    let by_urn = |external_id: &str| json!({ "accessKey": key, "assumeAgency": { "urn": PARTNERS_AGENCY_URN, "externalId": external_id } });
    tokens.account(&by_urn("of-somebody")).await;
    let told = account_says(world, "CredentialsRejected", "AssumeAgency").await;
    assert!(!told.to_string().contains("encoded"), "{told:#}");
    tokens.account(&by_urn("of-the-partner")).await;
    world.account_in_force().await;
    account_ready(world).await;
    gateway_ready(world, 2).await;
    tokens.finish().await;
}

/// What is wrong is told, and once it is mended nobody has to tell the operator.
#[tokio::test]
async fn what_is_wrong_with_an_id_token_is_told_and_mended_by_itself() {
    let mut tokens = Tokens::new().await;
    tokens.account(&tokens.by_sts()).await;
    let path = tokens.path.display().to_string();
    account_says(&tokens.world, "SecretMissing", &path).await;
    std::fs::write(&tokens.path, "\n").unwrap();
    account_says(&tokens.world, "SecretMissing", &format!("{path} is empty")).await;
    std::fs::write(&tokens.path, "root:x:0:0:root\n").unwrap();
    account_says(&tokens.world, "Invalid", &format!("{path} is no id token")).await;
    tokens.write("somebody-else").await;
    account_says(&tokens.world, "Invalid", "the audience").await;
    let asked = tokens.world.cloud.count(EXCHANGE).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let storm = tokens.world.cloud.count(EXCHANGE).await - asked;
    assert!(storm <= 4, "{storm} exchanges in five seconds");
    assert_eq!(exchanges(&tokens.world).await, 0);
    tokens.write(AUDIENCE).await;
    account_ready(&tokens.world).await;
    gateway_ready(&tokens.world, 1).await;

    // An agency that does not trust the token.
    let urns = json!({ "providerUrn": PROVIDER_URN, "agencyUrn": AGENCY_URN.replace("direct-connect", "node"), "tokenPath": tokens.path });
    tokens.account(&json!({ "workloadIdentity": urns })).await;
    account_says(&tokens.world, "CredentialsRejected", "AssumeAgencyWithOIDC").await;
    tokens.account(&tokens.by_sts()).await;
    tokens.world.account_in_force().await;
    account_ready(&tokens.world).await;
    tokens.finish().await;
}
