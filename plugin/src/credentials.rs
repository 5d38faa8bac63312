//! Credentials that the vendor's own tools have: in the environment, or in files of the user's home.

use direct_connect_operator::api::CloudAccount;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

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
/// Variable with the file of the SDKs.
const SDK_FILE: &str = "HUAWEICLOUD_SDK_CREDENTIALS_FILE";

/// What is found. No `Debug`: it holds keys.
#[derive(Default)]
struct Found {
    /// Where.
    source: String,
    access_key: String,
    secret_key: String,
    security_token: Option<String>,
    project: Option<String>,
    region: Option<String>,
}

/// The user's environment and files.
pub struct Surroundings<'a> {
    /// Value of a variable.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// Content of a file, if it is there.
    pub file: &'a dyn Fn(&Path) -> Option<String>,
}

/// An account that is in no cluster. No `Debug`: it holds keys.
pub struct OfTools {
    /// The account.
    pub account: CloudAccount,
    /// Its Secret.
    pub secret: Secret,
    /// Where keys and region are from, in words. It tells no key.
    pub source: String,
}

/// The account of the vendor's tools. `endpoint` is where all services are, if they are not where the vendor has them.
///
/// # Errors
/// There are no keys, or nobody says the region.
pub fn of_tools(region: Option<&str>, endpoint: Option<&str>, around: &Surroundings<'_>) -> Result<OfTools, Error> {
    let variable = |name: &str| (around.variable)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
    let home = || variable("HOME").or_else(|| variable("USERPROFILE")).map(PathBuf::from);
    let of_variables = TOOLS.iter().find_map(|tool| {
        let (access_key, secret_key) = (variable(tool.access_key)?, variable(tool.secret_key)?);
        let (security_token, project) = (variable(tool.security_token), variable(tool.project));
        let source = format!("{} and {}", tool.access_key, tool.secret_key);
        Some(Found { source, access_key, secret_key, security_token, project, region: None })
    });
    let of_sdk_file = || {
        let file = variable(SDK_FILE).map(PathBuf::from).or_else(|| Some(home()?.join(".huaweicloud/credentials")))?;
        of_sdk_file(&(around.file)(&file)?).map(|found| Found { source: file.display().to_string(), ..found })
    };
    let of_koo_cli = || {
        let file = home()?.join(".hcloud/config.json");
        of_koo_cli(&(around.file)(&file)?).map(|found| Found { source: file.display().to_string(), ..found })
    };
    let Some(found) = of_variables.or_else(of_sdk_file).or_else(of_koo_cli) else {
        let names = TOOLS.map(|tool| format!("{} and {}", tool.access_key, tool.secret_key)).join(", or ");
        return Err(Error::Usage(format!("no credentials: name a CloudAccount by --account, or set {names}")));
    };
    let regions = [(region.map(str::to_owned), "--region"), (variable(REGION), REGION), (found.region, found.source.as_str())];
    let region = regions.into_iter().find_map(|(region, from)| Some((region?, from)));
    let (region, from) = region.ok_or_else(|| Error::Usage(format!("no region: set --region or {REGION}")))?;
    let source = format!("the keys of {}, region {region} of {from}", found.source);
    let keys = [("accessKey", Some(found.access_key)), ("secretKey", Some(found.secret_key)), ("securityToken", found.security_token)];
    let data: BTreeMap<String, ByteString> =
        keys.into_iter().filter_map(|(key, value)| Some((key.to_owned(), ByteString(value?.into_bytes())))).collect();
    let endpoints = endpoint.map(|url| json!({ "dc": url, "iam": url, "sts": url, "insecure": url.starts_with("http://") }));
    let account = json!({
        "metadata": { "name": "environment" },
        "spec": {
            "region": region, "projectId": found.project, "endpoints": endpoints,
            "credentials": { "accessKey": { "secretRef": { "namespace": "environment", "name": "environment" } } },
        },
    });
    let account = serde_json::from_value(account).map_err(|error| Error::Usage(format!("--region: {error}")))?;
    Ok(OfTools { account, secret: Secret { data: Some(data), ..Secret::default() }, source })
}

/// The section `basic` of the file of the SDKs.
fn of_sdk_file(text: &str) -> Option<Found> {
    let lines = text.lines().map(str::trim).skip_while(|line| *line != "[basic]").skip(1).take_while(|line| !line.starts_with('['));
    let fields: BTreeMap<&str, &str> =
        lines.filter_map(|line| line.split_once('=')).map(|(key, value)| (key.trim(), value.trim())).collect();
    let field = |key: &str| fields.get(key).filter(|value| !value.is_empty()).map(|value| (*value).to_owned());
    Some(Found {
        source: String::new(),
        access_key: field("ak")?,
        secret_key: field("sk")?,
        security_token: field("security_token"),
        project: field("project_id"),
        region: None,
    })
}

/// The current profile of `KooCLI`, if it is not encrypted: then the access key is in letters and digits.
fn of_koo_cli(text: &str) -> Option<Found> {
    let config: Value = serde_json::from_str(text).ok()?;
    let current = config.get("current")?;
    let profile = config.get("profiles")?.as_array()?.iter().find(|profile| profile.get("name") == Some(current))?;
    let field = |key: &str| profile.get(key).and_then(Value::as_str).filter(|value| !value.is_empty()).map(str::to_owned);
    let is_plain = |key: &String| key.len() <= 40 && key.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit());
    Some(Found {
        source: String::new(),
        access_key: field("accessKeyId").filter(is_plain)?,
        secret_key: field("secretAccessKey")?,
        security_token: field("securityToken"),
        project: field("projectId"),
        region: field("region"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    type Pairs<'a> = &'a [(&'a str, &'a str)];

    fn found(region: Option<&str>, variables: Pairs<'_>, files: Pairs<'_>) -> Result<OfTools, String> {
        let value = |pairs: Pairs<'_>, name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        let (variable, file) = (|name: &str| value(variables, name), |file: &Path| value(files, file.to_str().unwrap()));
        of_tools(region, None, &Surroundings { variable: &variable, file: &file }).map_err(|error| error.to_string())
    }

    #[test]
    fn the_variables_of_the_vendors_tools_are_read() {
        let sdk =
            [("HUAWEICLOUD_SDK_AK", "a"), ("HUAWEICLOUD_SDK_SK", "s"), ("HUAWEICLOUD_SDK_PROJECT_ID", "p"), ("HW_ACCESS_KEY", "other")];
        let OfTools { account, secret, source } = found(Some("eu-west-101"), &sdk, &[]).unwrap();
        assert_eq!(source, "the keys of HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, region eu-west-101 of --region");
        assert_eq!((account.spec.region.as_str(), account.spec.project_id.as_deref()), ("eu-west-101", Some("p")));
        assert_eq!(secret.data.unwrap().keys().collect::<Vec<_>>(), ["accessKey", "secretKey"]);
        let terraform = [("HW_ACCESS_KEY", "a"), ("HW_SECRET_KEY", "s"), ("HW_SECURITY_TOKEN", "t"), ("HW_REGION_NAME", "cn-north-4")];
        let OfTools { account, secret, source } = found(None, &terraform, &[]).unwrap();
        assert_eq!(source, "the keys of HW_ACCESS_KEY and HW_SECRET_KEY, region cn-north-4 of HW_REGION_NAME");
        assert_eq!((account.spec.region.as_str(), secret.data.unwrap()["securityToken"].0.as_slice()), ("cn-north-4", b"t".as_slice()));
        let nothing = found(Some("r"), &[("HW_ACCESS_KEY", "a")], &[]).err().unwrap();
        assert!(nothing.contains("HW_ACCESS_KEY and HW_SECRET_KEY"), "{nothing}");
        assert!(found(None, &sdk, &[]).err().unwrap().contains("--region or HW_REGION_NAME"));
    }

    #[test]
    fn the_files_of_the_vendors_tools_are_read() {
        let home = [("HOME", "/home/me")];
        let key = |found: Result<OfTools, String>| {
            let OfTools { account, secret, .. } = found.unwrap();
            (String::from_utf8(secret.data.unwrap()["accessKey"].0.clone()).unwrap(), account.spec.region)
        };
        let sdk = "[global]\nak = no\nsk = no\n[basic]\nak = AK1\nsk=s\n\n[other]\nak=no";
        assert_eq!(key(found(Some("r"), &home, &[("/home/me/.huaweicloud/credentials", sdk)])), ("AK1".to_owned(), "r".to_owned()));
        let elsewhere = [("HUAWEICLOUD_SDK_CREDENTIALS_FILE", "/keys")];
        assert_eq!(key(found(Some("r"), &elsewhere, &[("/keys", sdk)])).0, "AK1");
        let config = |key: &str| {
            let profile = json!({ "name": "b", "accessKeyId": key, "secretAccessKey": "s", "region": "cn-north-4" });
            json!({ "current": "b", "profiles": [{ "name": "a", "accessKeyId": "NO" }, profile] }).to_string()
        };
        let koo = |key: &str| found(None, &home, &[("/home/me/.hcloud/config.json", &config(key))]);
        assert_eq!(key(koo("AK2")), ("AK2".to_owned(), "cn-north-4".to_owned()));
        let file = "/home/me/.hcloud/config.json";
        assert_eq!(koo("AK2").unwrap().source, format!("the keys of {file}, region cn-north-4 of {file}"));
        assert!(koo("3q2+7w==").is_err(), "encrypted");
    }
}
