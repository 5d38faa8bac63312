//! The base URLs of the cloud's services in each region.
//!
//! The domain is one of the service, not of the region, and the vendor's sources contradict each other for the European site
//! (`docs/design/uncertain-facts.md#u18`). So each service has a base URL in both domains. The first is the one of the vendor's SDK.

use crate::cloud::endpoint::{BaseUrl, Endpoint};
use Domain::{Com, Eu, Unlisted};

/// What the SDK's tables say of a service in a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Domain {
    /// `myhuaweicloud.com`.
    Com,
    /// `myhuaweicloud.eu`, the domain of the European site.
    Eu,
    /// The SDK does not know the service in this region.
    Unlisted,
}

struct Region {
    name: &'static str,
    dc: Domain,
    iam: Domain,
    sts: Domain,
}

const fn region(name: &'static str, dc: Domain, iam: Domain, sts: Domain) -> Region {
    Region { name, dc, iam, sts }
}

/// The tables of `huaweicloud-sdk-go-v3` of 2026-03-13: `services/dc/v3/region`, `services/iam/v3/region` and `services/sts/v1/region`.
const REGIONS: &[Region] = &[
    region("ae-ad-1", Unlisted, Com, Unlisted),
    region("af-south-1", Com, Com, Com),
    region("ap-southeast-1", Com, Com, Com),
    region("ap-southeast-2", Com, Com, Com),
    region("ap-southeast-3", Com, Com, Com),
    region("ap-southeast-4", Com, Com, Com),
    region("cn-east-2", Com, Com, Unlisted),
    region("cn-east-3", Com, Com, Com),
    region("cn-east-4", Unlisted, Com, Unlisted),
    region("cn-east-5", Unlisted, Com, Unlisted),
    region("cn-north-1", Com, Com, Unlisted),
    region("cn-north-12", Unlisted, Com, Unlisted),
    region("cn-north-2", Com, Com, Unlisted),
    region("cn-north-4", Com, Com, Com),
    region("cn-north-9", Com, Com, Unlisted),
    region("cn-south-1", Com, Com, Com),
    region("cn-south-2", Com, Com, Unlisted),
    region("cn-south-4", Com, Unlisted, Unlisted),
    region("cn-southwest-2", Com, Com, Com),
    region("eu-west-0", Com, Com, Unlisted),
    region("eu-west-101", Com, Eu, Unlisted),
    region("la-north-2", Com, Com, Unlisted),
    region("la-south-2", Com, Com, Com),
    region("me-east-1", Com, Com, Unlisted),
    region("my-kualalumpur-1", Com, Com, Unlisted),
    region("na-mexico-1", Com, Com, Unlisted),
    region("ru-moscow-1", Unlisted, Com, Unlisted),
    region("sa-brazil-1", Com, Com, Com),
    region("tr-west-1", Com, Com, Com),
];

/// The base URLs of a service in a region, in the order in which they are tried.
#[must_use]
pub fn candidates(region: &str, service: Endpoint) -> BaseUrl {
    let listed = REGIONS.iter().find(|row| row.name == region).map_or(Unlisted, |row| match service {
        Endpoint::Dc => row.dc,
        Endpoint::Iam => row.iam,
        Endpoint::Sts => row.sts,
    });
    let host = match service {
        Endpoint::Dc => "dcaas",
        Endpoint::Iam => "iam",
        Endpoint::Sts => "sts",
    };
    let url = |domain: &str| format!("https://{host}.{region}.{domain}");
    let (com, eu) = (url("myhuaweicloud.com"), url("myhuaweicloud.eu"));
    BaseUrl::OneOf(match listed {
        // The rule of the vendor's Terraform provider, for what the SDK does not know.
        Unlisted if region.starts_with("eu-west-1") => [eu, com],
        Com | Unlisted => [com, eu],
        Eu => [eu, com],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(region: &str, service: Endpoint) -> String {
        match candidates(region, service) {
            BaseUrl::OneOf([first, _]) => first,
            BaseUrl::Configured(url) => url,
        }
    }

    #[test]
    fn the_domain_is_one_of_the_service() {
        let rows = [
            ("cn-north-4", ["com", "com", "com"]),
            ("eu-west-0", ["com", "com", "com"]),
            // Two domains in one region, and STS as Terraform has it.
            ("eu-west-101", ["com", "eu", "eu"]),
            ("eu-west-102", ["eu", "eu", "eu"]),
            ("xx-new-1", ["com", "com", "com"]),
        ];
        for (region, domains) in rows {
            let services = [(Endpoint::Dc, "dcaas"), (Endpoint::Iam, "iam"), (Endpoint::Sts, "sts")];
            for ((service, host), domain) in services.into_iter().zip(domains) {
                assert_eq!(first(region, service), format!("https://{host}.{region}.myhuaweicloud.{domain}"));
            }
        }
    }

    #[test]
    fn both_domains_are_tried() {
        let [first, second] = ["com", "eu"].map(|domain| format!("https://dcaas.eu-west-101.myhuaweicloud.{domain}"));
        assert_eq!(candidates("eu-west-101", Endpoint::Dc), BaseUrl::OneOf([first, second]));
    }

    #[test]
    fn the_tables_are_as_long_as_those_of_the_sdk() {
        let listed = |domain: fn(&Region) -> Domain| REGIONS.iter().filter(|row| domain(row) != Unlisted).count();
        assert_eq!((listed(|row| row.dc), listed(|row| row.iam), listed(|row| row.sts)), (24, 28, 12));
        assert!(REGIONS.is_sorted_by_key(|row| row.name));
    }
}
