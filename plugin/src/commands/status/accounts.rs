//! An account in one line.

use direct_connect_operator::api::cloud_account::Quota;
use direct_connect_operator::api::{CloudAccount, ConditionType, find_condition};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::ResourceExt;
use serde::Serialize;

/// An account.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// Its name.
    pub name: String,
    /// Status of the condition `Ready`.
    pub ready: String,
    /// Reason of the condition `Ready`.
    pub reason: String,
    /// Message of the condition `Ready`.
    pub message: String,
    /// Objects that use it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managed_objects: Option<i64>,
    /// Quotas.
    pub quotas: Vec<Quota>,
    /// When its keys end, if nobody renews them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credentials_expire_at: Option<Time>,
    /// Last response of the cloud.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_sync_time: Option<Time>,
}

impl Account {
    /// Of an account.
    #[must_use]
    pub fn of(account: &CloudAccount) -> Self {
        let status = account.status.clone().unwrap_or_default();
        let ready = find_condition(&status.conditions, ConditionType::Ready);
        Self {
            name: account.name_any(),
            ready: ready.map(|ready| ready.status.clone()).unwrap_or_default(),
            reason: ready.map(|ready| ready.reason.clone()).unwrap_or_default(),
            message: ready.map(|ready| ready.message.clone()).unwrap_or_default(),
            managed_objects: status.managed_objects,
            quotas: status.quotas,
            credentials_expire_at: status.credentials_expire_at,
            last_sync_time: status.last_sync_time,
        }
    }

    /// Whether it can be used.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.ready == "True"
    }

    /// The quota that is used up most, or all quotas: `virtualInterface 45/50`.
    #[must_use]
    pub fn quota(&self, all: bool) -> String {
        let mut limited: Vec<&Quota> = self.quotas.iter().filter(|quota| quota.limit >= 0).collect();
        // By used / limit, without fractions.
        limited.sort_by(|one, other| (other.used * one.limit.max(1)).cmp(&(one.used * other.limit.max(1))));
        let told = limited.iter().take(if all { usize::MAX } else { 1 });
        told.map(|quota| format!("{} {}/{}", quota.type_, quota.used, quota.limit)).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_account_tells_of_the_quota_that_is_used_up_most() {
        let account: CloudAccount = serde_json::from_value(json!({
            "apiVersion": "directconnect.huaweicloud.com/v1alpha1", "kind": "CloudAccount", "metadata": { "name": "company" },
            "spec": { "region": "r", "credentials": { "accessKey": { "secretRef": { "namespace": "n", "name": "s" } } } },
            "status": {
                "conditions": [{
                    "type": "Ready", "status": "False", "reason": "AuthFailed", "message": "wrong key",
                    "lastTransitionTime": "2026-01-02T03:04:05Z",
                }],
                "quotas": [
                    { "type": "peerLinkPerGdgw", "used": 0, "limit": 3 }, { "type": "virtualInterface", "used": 45, "limit": 50 },
                    { "type": "physicalConnect", "used": 7, "limit": -1 },
                ],
            },
        }))
        .unwrap();
        let account = Account::of(&account);
        assert_eq!((account.is_ready(), account.reason.as_str()), (false, "AuthFailed"));
        assert_eq!(account.quota(false), "virtualInterface 45/50");
        assert_eq!(account.quota(true), "virtualInterface 45/50, peerLinkPerGdgw 0/3");
    }
}
