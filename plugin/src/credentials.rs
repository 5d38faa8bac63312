//! Credentials in the environment, as the vendor's own tools read them.

use direct_connect_operator::api::CloudAccount;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use serde_json::json;
use std::collections::BTreeMap;

use crate::error::Error;

/// Variables of one of the vendor's tools.
struct Variables {
    access_key: &'static str,
    secret_key: &'static str,
    security_token: &'static str,
    project: &'static str,
}

/// Of the SDKs, then of Terraform and others.
const TOOLS: [Variables; 2] = [
    Variables {
        access_key: "HUAWEICLOUD_SDK_AK",
        secret_key: "HUAWEICLOUD_SDK_SK",
        security_token: "HUAWEICLOUD_SDK_SECURITY_TOKEN",
        project: "HUAWEICLOUD_SDK_PROJECT_ID",
    },
    Variables { access_key: "HW_ACCESS_KEY", secret_key: "HW_SECRET_KEY", security_token: "HW_SECURITY_TOKEN", project: "HW_PROJECT_ID" },
];
/// Variable with the region.
const REGION: &str = "HW_REGION_NAME";

/// An account that is in no cluster, and its Secret. `endpoint` is where all services are, if they are not where the vendor has them.
///
/// # Errors
/// The environment has no keys, or nobody says the region.
pub fn of_environment(
    region: Option<&str>,
    endpoint: Option<&str>,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<(CloudAccount, Secret), Error> {
    let variable = |name: &str| variable(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
    let found = TOOLS.iter().find_map(|tool| Some((tool, variable(tool.access_key)?, variable(tool.secret_key)?)));
    let Some((tool, access_key, secret_key)) = found else {
        let names = TOOLS.map(|tool| format!("{} and {}", tool.access_key, tool.secret_key)).join(", or ");
        return Err(Error::Usage(format!("no credentials: name a CloudAccount by --account, or set {names}")));
    };
    let region = region.map(str::to_owned).or_else(|| variable(REGION));
    let region = region.ok_or_else(|| Error::Usage(format!("no region: set --region or {REGION}")))?;
    let keys = [("accessKey", Some(access_key)), ("secretKey", Some(secret_key)), ("securityToken", variable(tool.security_token))];
    let data: BTreeMap<String, ByteString> =
        keys.into_iter().filter_map(|(key, value)| Some((key.to_owned(), ByteString(value?.into_bytes())))).collect();
    let endpoints = endpoint.map(|url| json!({ "dc": url, "iam": url, "sts": url, "insecure": url.starts_with("http://") }));
    let account = json!({
        "metadata": { "name": "environment" },
        "spec": {
            "region": region, "projectId": variable(tool.project), "endpoints": endpoints,
            "credentials": { "accessKey": { "secretRef": { "namespace": "environment", "name": "environment" } } },
        },
    });
    let account = serde_json::from_value(account).map_err(|error| Error::Usage(format!("--region: {error}")))?;
    Ok((account, Secret { data: Some(data), ..Secret::default() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(region: Option<&str>, variables: &[(&str, &str)]) -> Result<(CloudAccount, Secret), String> {
        let variable = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        of_environment(region, None, variable).map_err(|error| error.to_string())
    }

    #[test]
    fn the_variables_of_the_vendors_tools_are_read() {
        let sdk =
            [("HUAWEICLOUD_SDK_AK", "a"), ("HUAWEICLOUD_SDK_SK", "s"), ("HUAWEICLOUD_SDK_PROJECT_ID", "p"), ("HW_ACCESS_KEY", "other")];
        let (account, secret) = found(Some("eu-west-101"), &sdk).unwrap();
        assert_eq!((account.spec.region.as_str(), account.spec.project_id.as_deref()), ("eu-west-101", Some("p")));
        assert_eq!(secret.data.unwrap().keys().collect::<Vec<_>>(), ["accessKey", "secretKey"]);
        let terraform = [("HW_ACCESS_KEY", "a"), ("HW_SECRET_KEY", "s"), ("HW_SECURITY_TOKEN", "t"), ("HW_REGION_NAME", "cn-north-4")];
        let (account, secret) = found(None, &terraform).unwrap();
        assert_eq!((account.spec.region.as_str(), secret.data.unwrap()["securityToken"].0.as_slice()), ("cn-north-4", b"t".as_slice()));
        assert!(found(Some("r"), &[("HW_ACCESS_KEY", "a")]).unwrap_err().contains("HW_ACCESS_KEY and HW_SECRET_KEY"));
        assert!(found(None, &sdk).unwrap_err().contains("--region or HW_REGION_NAME"));
    }
}
