//! Which base URL of a service a client uses.
//!
//! What is configured is used as it is. Of a region's two base URLs it is the first one whose name resolves: this is decided before the first
//! request, so that nothing is ever sent twice, and holds for the life of the client.

use reqwest::Url;
use std::time::Duration;
use tokio::net::lookup_host;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use crate::cloud::client::Settings;
use crate::cloud::client::transport::CONNECT_TIMEOUT;
use crate::cloud::endpoint::{BaseUrl, Endpoint};
use crate::cloud::errors::catalogue::OwnCode;
use crate::cloud::errors::{CloudError, RequestOutcome};
use crate::proxy;

/// The base URLs of a client.
pub(super) struct Endpoints {
    dc: Service,
    iam: Service,
    sts: Service,
    names: Dns,
}

struct Service {
    url: BaseUrl,
    chosen: OnceCell<String>,
}

impl Endpoints {
    pub fn new(settings: &Settings) -> Self {
        let service = |url: &BaseUrl| Service { url: url.clone(), chosen: OnceCell::new() };
        Self {
            dc: service(&settings.dc_endpoint),
            iam: service(&settings.iam_endpoint),
            sts: service(&settings.sts_endpoint),
            names: Dns { patience: CONNECT_TIMEOUT.min(settings.limits.call) },
        }
    }

    /// The base URL of a service.
    ///
    /// # Errors
    /// Neither name of the region's service resolves. Nothing was sent.
    pub async fn base_url(&self, endpoint: Endpoint, operation: &'static str) -> Result<&str, CloudError> {
        self.service(endpoint).chosen.get_or_try_init(|| self.choose(endpoint, operation)).await.map(String::as_str)
    }

    async fn choose(&self, endpoint: Endpoint, operation: &'static str) -> Result<String, CloudError> {
        match &self.service(endpoint).url {
            BaseUrl::Configured(url) => Ok(url.clone()),
            BaseUrl::OneOf(urls) => match first_that_resolves(urls, &self.names).await {
                Some(url) => Ok(url.to_owned()),
                None => Err(self.unresolved(endpoint, urls, operation).await),
            },
        }
    }

    /// The base URL to which requests have been sent, if there were any.
    pub fn in_use(&self, endpoint: Endpoint) -> Option<&str> {
        self.service(endpoint).chosen.get().map(String::as_str)
    }

    const fn service(&self, endpoint: Endpoint) -> &Service {
        match endpoint {
            Endpoint::Dc => &self.dc,
            Endpoint::Iam => &self.iam,
            Endpoint::Sts => &self.sts,
        }
    }

    async fn unresolved(&self, endpoint: Endpoint, [first, second]: &[String; 2], operation: &'static str) -> CloudError {
        let (code, advice) = if endpoint == Endpoint::Sts && self.others_resolve().await {
            (
                OwnCode::NoSts,
                "the region seems to have no STS: use workloadIdentity with idpId, or the STS of another region in spec.endpoints.sts",
            )
        } else {
            (OwnCode::Unreachable, "check the DNS, or set spec.endpoints")
        };
        CloudError::local(
            operation,
            code,
            format!("neither {first} nor {second} has a name that resolves; {advice}"),
            RequestOutcome::Refused,
        )
    }

    /// Whether some name of another service resolves: then it is not the DNS that is away.
    async fn others_resolve(&self) -> bool {
        for service in [&self.iam, &self.dc] {
            if let BaseUrl::OneOf([first, second]) = &service.url
                && (self.names.resolves(first).await || self.names.resolves(second).await)
            {
                return true;
            }
        }
        false
    }
}

/// Who resolves names.
trait Names: Sync {
    /// Whether the name in a URL resolves.
    fn resolves(&self, url: &str) -> impl Future<Output = bool> + Send;
}

/// The resolver of the system.
struct Dns {
    /// Longest time for which a name is looked up.
    patience: Duration,
}

impl Names for Dns {
    async fn resolves(&self, url: &str) -> bool {
        // Behind a proxy it is the proxy who resolves names.
        if proxy::of(url).is_some() {
            return true;
        }
        let Some((host, port)) = Url::parse(url).ok().and_then(|url| Some((url.host_str()?.to_owned(), url.port_or_known_default()?)))
        else {
            return false;
        };
        match timeout(self.patience, lookup_host((host, port))).await {
            Ok(Ok(mut addresses)) => addresses.next().is_some(),
            Ok(Err(_)) | Err(_) => false,
        }
    }
}

/// The second URL counts only if the first one does not resolve once more while the DNS is known to answer.
async fn first_that_resolves<'u>([first, second]: &'u [String; 2], names: &impl Names) -> Option<&'u str> {
    if names.resolves(first).await {
        return Some(first);
    }
    if !names.resolves(second).await {
        return None;
    }
    Some(if names.resolves(first).await { first } else { second })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::Limits;
    use std::sync::Mutex;

    fn one_of(first: &str, second: &str) -> BaseUrl {
        BaseUrl::OneOf([first, second].map(str::to_owned))
    }

    /// Tells these answers, one after the other.
    struct Told<'a>(Mutex<&'a [bool]>);

    impl Names for Told<'_> {
        async fn resolves(&self, _: &str) -> bool {
            let mut left = self.0.lock().unwrap();
            let (answer, rest) = left.split_first().unwrap();
            *left = rest;
            *answer
        }
    }

    #[tokio::test]
    async fn the_second_name_counts_only_when_the_first_one_does_not_resolve_though_the_dns_answers() {
        // What each lookup says, in turn; which one is taken.
        let rows: [(&[bool], Option<&str>); 4] = [
            (&[true], Some("first")),
            (&[false, true, false], Some("second")),
            (&[false, true, true], Some("first")),
            (&[false, false], None),
        ];
        let urls = ["first".to_owned(), "second".to_owned()];
        for (answers, expected) in rows {
            let names = Told(Mutex::new(answers));
            assert_eq!(first_that_resolves(&urls, &names).await, expected, "{answers:?}");
            assert!(names.0.lock().unwrap().is_empty(), "a lookup too few for {answers:?}");
        }
    }

    #[tokio::test]
    async fn a_region_without_sts_is_told_from_a_dns_that_is_away() {
        let none = || one_of("https://a.invalid", "https://b.invalid");
        let rows = [(one_of("https://a.invalid", "https://localhost"), OwnCode::NoSts), (none(), OwnCode::Unreachable)];
        for (dc, code) in rows {
            let settings = Settings {
                region: "r".to_owned(),
                dc_endpoint: dc,
                iam_endpoint: "https://localhost".into(),
                sts_endpoint: none(),
                project_id: None,
                ca_bundle: None,
                reads_per_minute: 1,
                writes_per_minute: 1,
                burst: 1,
                limits: Limits::default(),
            };
            let error = Endpoints::new(&settings).base_url(Endpoint::Sts, "AssumeAgencyWithOIDC").await.unwrap_err();
            assert_eq!(error.code, code.as_str(), "{error}");
        }
    }
}
