//! The credentials of an account: from its spec, its Secret, and what the operator's pod finds around it.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;
use secrecy::SecretString;
use sha2::{Digest, Sha256};

use super::context::Context;
use super::prepare::NotUsable;
use crate::api::cloud_account::{AssumeAgency, Credentials as Spec, SecretReference, WorkloadIdentity};
use crate::api::{CloudAccount, Reason};
use crate::cloud::{Agency, Credentials, Keys, PodIdentity, Surroundings};

/// Credentials, and a fingerprint that changes with them. It is not for anybody to read: only whether it is the same as before counts.
type Found = (Credentials, [u8; 32]);

impl Context {
    /// The credentials of an account as they are now.
    pub(super) async fn credentials(&self, account: &CloudAccount) -> Result<Result<Found, NotUsable>, kube::Error> {
        let spec = &account.spec.credentials;
        let Some(reference) = spec.secret() else {
            let found = without_secret(spec, self.accounts.surroundings());
            return Ok(found.map(|credentials| (with_agency(spec, credentials), fingerprint(spec, None))));
        };
        let SecretReference { namespace, name } = reference;
        let secrets = self.accounts.secrets();
        let Some(secret) = secrets.get(&self.client, namespace, name).await? else {
            let message = if secrets.include(namespace) {
                format!("Secret {namespace}/{name} does not exist")
            } else {
                format!("Secret {namespace}/{name} is not readable: its namespace is not in --secret-namespaces of the operator")
            };
            return Ok(Err(NotUsable::new(Reason::SecretMissing, message)));
        };
        let goes = secret.metadata.deletion_timestamp.is_some().then(|| {
            format!("Secret {namespace}/{name} is being deleted, and stays as long as objects use this account; to go on, refer to another Secret")
        });
        self.known(&account.name_any(), |known| known.secret_goes = goes);
        Ok(from_secret(spec, &secret).map(|credentials| (with_agency(spec, credentials), fingerprint(spec, Some(&secret)))))
    }
}

pub(super) fn with_agency(spec: &Spec, by: Credentials) -> Credentials {
    let agency = match &spec.assume_agency {
        Some(AssumeAgency { urn: Some(urn), external_id, .. }) => Agency::Urn { urn: urn.clone(), external_id: external_id.clone() },
        Some(AssumeAgency { agency_name: Some(agency), domain_name: Some(domain), .. }) => {
            Agency::Name { agency: agency.clone(), domain: domain.clone() }
        }
        // The schema admits no other.
        Some(_) | None => return by,
    };
    Credentials::Agency { by: Box::new(by), agency }
}

pub(super) fn without_secret(spec: &Spec, surroundings: &Surroundings) -> Result<Credentials, NotUsable> {
    if let Some(identity) = &spec.workload_identity {
        let token_path = identity.token_path().to_owned();
        return match identity.clone() {
            WorkloadIdentity { provider_urn: Some(provider_urn), agency_urn: Some(agency_urn), .. } => {
                Ok(Credentials::WebIdentity { provider_urn, agency_urn, token_path })
            }
            WorkloadIdentity { idp_id: Some(idp_id), .. } => Ok(Credentials::IdToken { idp_id, token_path }),
            _ => Err(NotUsable::new(Reason::Invalid, "workloadIdentity must have providerUrn and agencyUrn, or only idpId")),
        };
    }
    if spec.metadata.is_some() {
        return Ok(Credentials::Metadata { endpoint: surroundings.metadata_endpoint.clone() });
    }
    if spec.pod_identity.is_some() {
        let missing = || {
            let message = format!(
                "podIdentity: the operator's pod does not have the environment variables {} and {}; CCE's pod identity add-on sets them when a pod starts \
                 whose ServiceAccount has a pod identity association: install the add-on, create the association, and restart the operator",
                PodIdentity::URI,
                PodIdentity::TOKEN_FILE
            );
            NotUsable::new(Reason::SecretMissing, message)
        };
        return surroundings.pod_identity.clone().map(Credentials::PodIdentity).ok_or_else(missing);
    }
    let ways = "accessKey, password, workloadIdentity, metadata, podIdentity";
    Err(NotUsable::new(Reason::Invalid, format!("credentials must have exactly one of {ways}")))
}

/// One Secret may hold the keys of several ways to authenticate.
pub(super) fn from_secret(spec: &Spec, secret: &Secret) -> Result<Credentials, NotUsable> {
    let optional = |key: &str| {
        let bytes = secret.data.as_ref()?.get(key)?;
        // A newline at the end comes with files and is never part of a key.
        std::str::from_utf8(&bytes.0).ok().map(|text| text.trim_end_matches(['\r', '\n']).to_owned()).filter(|text| !text.is_empty())
    };
    let required = |key: &str| {
        optional(key).ok_or_else(|| {
            let (namespace, name) = (secret.namespace().unwrap_or_default(), secret.name_any());
            NotUsable::new(Reason::SecretMissing, format!("Secret {namespace}/{name} does not have the key {key}"))
        })
    };
    if spec.access_key.is_some() {
        let keys = Keys {
            access_key: required("accessKey")?,
            secret_key: SecretString::from(required("secretKey")?),
            security_token: optional("securityToken").map(SecretString::from),
        };
        Ok(Credentials::AccessKey { keys, expires_at: optional("expiresAt").and_then(|told| end(secret, &told)) })
    } else {
        Ok(Credentials::Password {
            domain: required("domain")?,
            user: required("user")?,
            password: SecretString::from(required("password")?),
        })
    }
}

/// When temporary keys end, if the Secret says so. What can't be read warns nobody in time, but keeps no line from its work.
fn end(secret: &Secret, told: &str) -> Option<Timestamp> {
    let (namespace, name) = (secret.namespace().unwrap_or_default(), secret.name_any());
    told.trim()
        .parse()
        .inspect_err(|_| tracing::warn!("expiresAt in the Secret {namespace}/{name} is no time like 2030-01-31T12:00:00Z"))
        .ok()
}

/// Of the settings, and of what is in the Secret. To refer to another Secret with the same content is no change.
fn fingerprint(spec: &Spec, secret: Option<&Secret>) -> [u8; 32] {
    let Spec { access_key, password, workload_identity, metadata, pod_identity, assume_agency } = spec;
    let ways = (access_key.is_some(), password.is_some(), workload_identity, metadata.is_some(), pod_identity.is_some(), assume_agency);
    let mut hash = Sha256::new();
    hash.update(format!("{ways:?}"));
    for (key, value) in secret.and_then(|secret| secret.data.as_ref()).into_iter().flatten() {
        for part in [key.as_bytes(), &value.0] {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn spec(spec: serde_json::Value) -> Spec {
        serde_json::from_value(spec).unwrap()
    }

    fn surroundings() -> Surroundings {
        let agent = PodIdentity { uri: "http://127.0.0.1/v1".to_owned(), token_file: "/token".into() };
        Surroundings { metadata_endpoint: "http://127.0.0.1:1".to_owned(), pod_identity: Some(agent) }
    }

    #[test]
    fn each_way_leads_to_its_credentials_with_or_without_an_agency() {
        let urns = json!({ "providerUrn": "iam::a:oidcProvider:p", "agencyUrn": "iam::a:agency:b" });
        let found = |fields: serde_json::Value| without_secret(&spec(fields), &surroundings()).map_err(|problem| problem.message);
        let default = "/var/run/secrets/directconnect.huaweicloud.com/serviceaccount/token";
        let Ok(Credentials::WebIdentity { provider_urn, agency_urn, token_path }) = found(json!({ "workloadIdentity": urns })) else {
            panic!()
        };
        assert_eq!((&*provider_urn, &*agency_urn, token_path.to_str()), ("iam::a:oidcProvider:p", "iam::a:agency:b", Some(default)));
        let Ok(Credentials::IdToken { idp_id, token_path }) = found(json!({ "workloadIdentity": { "idpId": "p", "tokenPath": "/t" } }))
        else {
            panic!()
        };
        assert_eq!((&*idp_id, token_path.to_str()), ("p", Some("/t")));
        assert!(matches!(found(json!({ "metadata": {} })), Ok(Credentials::Metadata { endpoint }) if endpoint == "http://127.0.0.1:1"));
        let pod_identity = spec(json!({ "podIdentity": {}, "assumeAgency": { "urn": "iam::c:agency:d", "externalId": "e" } }));
        let by = without_secret(&pod_identity, &surroundings()).ok().unwrap();
        let Credentials::Agency { by, agency } = with_agency(&pod_identity, by) else { panic!() };
        assert!(matches!(*by, Credentials::PodIdentity(_)));
        assert_eq!(agency, Agency::Urn { urn: "iam::c:agency:d".to_owned(), external_id: Some("e".to_owned()) });
        for odd in [json!({}), json!({ "workloadIdentity": { "providerUrn": "iam::a:oidcProvider:p" } })] {
            assert!(found(odd).is_err());
        }
    }

    #[test]
    fn a_pod_without_pod_identity_says_what_sets_its_variables() {
        let nothing = Surroundings { pod_identity: None, ..surroundings() };
        let problem = without_secret(&spec(json!({ "podIdentity": {} })), &nothing).err().unwrap();
        assert_eq!(problem.reason, Reason::SecretMissing);
        for told in ["HC_CONTAINER_CREDENTIALS_FULL_URI", "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE", "pod identity add-on"] {
            assert!(problem.message.contains(told), "{}", problem.message);
        }
    }

    #[test]
    fn the_fingerprint_changes_with_whatever_leads_to_other_keys() {
        let secret = |value: &str| -> Secret {
            serde_json::from_value(json!({ "metadata": { "name": "s" }, "data": { "accessKey": value } })).unwrap()
        };
        let reference = |name: &str| json!({ "secretRef": { "namespace": "n", "name": name } });
        let (a, b) = (secret("YQ=="), secret("Yg=="));
        let agency = json!({ "agencyName": "a", "domainName": "d" });
        let all = [
            fingerprint(&spec(json!({ "metadata": {} })), None),
            fingerprint(&spec(json!({ "podIdentity": {} })), None),
            fingerprint(&spec(json!({ "podIdentity": {}, "assumeAgency": agency })), None),
            fingerprint(&spec(json!({ "workloadIdentity": { "idpId": "p" } })), None),
            fingerprint(&spec(json!({ "workloadIdentity": { "idpId": "q" } })), None),
            fingerprint(&spec(json!({ "workloadIdentity": { "idpId": "q", "tokenPath": "/t" } })), None),
            fingerprint(&spec(json!({ "accessKey": reference("s") })), Some(&a)),
            fingerprint(&spec(json!({ "accessKey": reference("s") })), Some(&b)),
            fingerprint(&spec(json!({ "password": reference("s") })), Some(&a)),
            fingerprint(&spec(json!({ "accessKey": reference("s"), "assumeAgency": agency })), Some(&a)),
        ];
        for (index, one) in all.iter().enumerate() {
            assert_eq!(all.iter().filter(|other| *other == one).count(), 1, "{index}");
        }
        let moved = fingerprint(&spec(json!({ "accessKey": reference("other") })), Some(&a));
        assert!(all.contains(&moved), "another Secret with the same content is no change");
    }
}
