//! Whether the API server serves our kinds in this version.
//!
//! It is asked by discovery, which everybody may read, so that no rights on custom resource definitions are needed; and discovery lists a kind
//! when its definition is established.

use kube::core::{Resource, Status};
use std::time::Duration;

use crate::api::{CloudAccount, Peer, ReferenceGrant, VirtualGateway, VirtualInterface};
use crate::backoff::exponential;

/// First and longest wait between two looks.
const LOOKS: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(15));

/// Waits until all kinds are served. `missing` is told which are not, each time that is looked for.
pub async fn wait(client: &kube::Client, mut missing: impl FnMut(&[String])) {
    let mut looks = 0;
    loop {
        let left = match missing_kinds(client).await {
            Ok(left) => left,
            Err(kube::Error::Api(status)) if is_refused(&status) => {
                tracing::warn!(%status, "whether the custom resource definitions are established can't be looked up; it goes on as if they were");
                Vec::new()
            }
            Err(error) => {
                tracing::warn!(%error, "the API server could not be asked for the custom resource definitions");
                plurals()
            }
        };
        match (left.is_empty(), looks) {
            (true, 0) => return,
            (true, _) => return tracing::info!("the custom resource definitions are established: it goes on"),
            (false, 0) => tracing::warn!(missing = left.join(", "), "waiting until the custom resource definitions are established"),
            (false, _) => {}
        }
        missing(&left);
        looks += 1;
        tokio::time::sleep(exponential(LOOKS.0, LOOKS.1, looks)).await;
    }
}

fn is_refused(status: &Status) -> bool {
    matches!(status.code, 401 | 403)
}

fn plurals() -> Vec<String> {
    fn of<K: Resource<DynamicType = ()>>() -> String {
        K::plural(&()).into_owned()
    }
    vec![of::<CloudAccount>(), of::<VirtualGateway>(), of::<VirtualInterface>(), of::<Peer>(), of::<ReferenceGrant>()]
}

async fn missing_kinds(client: &kube::Client) -> Result<Vec<String>, kube::Error> {
    let served = match client.list_api_group_resources(&VirtualGateway::api_version(&())).await {
        Ok(served) => served.resources.into_iter().map(|resource| resource.name).collect(),
        Err(kube::Error::Api(status)) if status.is_not_found() => Vec::new(),
        Err(error) => return Err(error),
    };
    Ok(plurals().into_iter().filter(|plural| !served.contains(plural)).collect())
}
