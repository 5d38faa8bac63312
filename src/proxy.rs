//! HTTP proxies: which one is in the way of a URL, and URLs without the password of a proxy.

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;

/// The address of the proxy through which the environment has `url` called.
#[must_use]
pub fn of(url: &str) -> Option<String> {
    let proxy = Matcher::from_env().intercept(&url.parse().ok()?)?;
    Some(without_userinfo(&proxy.uri().to_string()))
}

/// The proxy to an API server. kube takes the one of the environment whatever `NO_PROXY` says of the API server, as it compares it with the
/// proxy's own host. A `proxy-url` of the kubeconfig holds in any case.
#[must_use]
pub fn of_api_server(api_server: &Uri, chosen: Option<Uri>) -> Option<Uri> {
    let value = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let environment = value("HTTPS_PROXY").or_else(|| value("https_proxy")).and_then(|proxy| proxy.parse().ok());
    exempted(api_server, chosen, environment.as_ref(), &Matcher::from_env())
}

fn exempted(api_server: &Uri, chosen: Option<Uri>, environment: Option<&Uri>, matcher: &Matcher) -> Option<Uri> {
    chosen.filter(|proxy| environment != Some(proxy) || matcher.intercept(api_server).is_some())
}

/// A text in which no URL has a user and password.
#[must_use]
pub fn without_userinfo(text: &str) -> String {
    let mut parts = text.split("://");
    let mut clean = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|character: char| character.is_whitespace() || "/?#\"'<>".contains(character)).unwrap_or(part.len());
        let (authority, rest) = part.split_at(end);
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        clean.extend(["://", host, rest]);
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_proxy_exempts_the_api_server_but_not_from_a_proxy_url() {
        let uri = |text: &str| text.parse::<Uri>().unwrap();
        let proxy = uri("http://user:secret@proxy.example.com:3128");
        let matcher = |exempt: &str| Matcher::builder().all("http://proxy.example.com:3128").no(exempt.to_owned()).build();
        let rows = [
            ("https://10.96.0.1:443", "10.96.0.0/12", Some(&proxy), false),
            ("https://kubernetes.default.svc", ".svc", Some(&proxy), false),
            ("https://203.0.113.1:6443", "10.96.0.0/12,.svc", Some(&proxy), true),
            ("https://203.0.113.1:6443", "proxy.example.com", Some(&proxy), true),
            ("https://10.96.0.1:443", "10.96.0.0/12", None, true),
        ];
        for (api_server, exempt, environment, expected) in rows {
            let used = exempted(&uri(api_server), Some(proxy.clone()), environment, &matcher(exempt));
            assert_eq!(used.is_some(), expected, "{api_server} {exempt}");
        }
        assert_eq!(exempted(&uri("https://10.96.0.1"), None, None, &matcher("")), None);
    }

    #[test]
    fn no_url_is_told_with_its_user_and_password() {
        let rows = [
            ("proxy http://user:p@ss@proxy:3128/ is dead", "proxy http://proxy:3128/ is dead"),
            ("configured proxy \"ftp://user:secret@proxy\" is odd", "configured proxy \"ftp://proxy\" is odd"),
            ("https://a/b@c, http://user@d", "https://a/b@c, http://d"),
            ("mail a@b", "mail a@b"),
        ];
        for (text, expected) in rows {
            assert_eq!(without_userinfo(text), expected);
        }
    }
}
