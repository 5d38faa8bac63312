//! What the page says.

use super::sample::{MARKUP, sample};
use super::{Page, html};

#[test]
fn an_empty_page_says_that_there_is_nothing() {
    let text = html(&Page { scope: "namespace network".to_owned(), ..Page::default() });
    for said in ["No lines", "namespace network", "There is no virtual interface here.", "No object needs attention.", "No drift is known."]
    {
        assert!(text.contains(said), "{said}");
    }
    for absent in ["Topology", "Accounts", "Not read"] {
        assert!(!text.contains(&format!("<h2>{absent}")), "{absent}");
    }
}

#[test]
fn what_could_not_be_read_is_not_said_to_be_well() {
    let text = html(&Page { is_unreadable: true, ..Page::default() });
    assert!(text.contains("<h1>No lines can be read</h1>"), "{text}");
    for absent in ["There is no virtual interface here.", "No drift is known."] {
        assert!(!text.contains(absent), "{absent}");
    }
}

#[test]
fn sick_lines_come_first_with_what_is_wrong() {
    let page = sample(6);
    let lines: Vec<(String, &str)> = page.lines.iter().map(|line| (format!("{:?}", line.state), line.name.as_str())).collect();
    let expected = [
        ("Failing", "office-1"),
        ("Pending", "office-2"),
        ("Pending", "office-4"),
        ("Unknown", "backbone-line"),
        ("Working", "office-0"),
        ("Working", "a-name-of-a-virtual-interface-that-is-far-too-long-for-any-column-of-this-page"),
        ("Working", "office-5"),
    ];
    assert_eq!(lines, expected.map(|(state, name)| (state.to_owned(), name)));
    let first = &page.lines[0];
    assert_eq!(first.message, "Down: The BGP session of the peer 10.0.1.2 is down since the port of the customer has no light.");
    assert_eq!((first.vlan.as_str(), first.bandwidth.as_str(), first.routing.as_str()), ("31", "1000", "static"));
    assert_eq!((first.gateway.as_str(), first.connection.as_str()), ("vgw/gateway-0", "dcconn/frankfurt-0"));
    assert_eq!(first.since, "2026-01-02 03:04");
    assert_eq!(page.lines[2].routing, "BGP established");
    let text = html(&page);
    assert!(text.contains("<h1>4 of 7 lines need attention</h1>"), "{text}");
    assert!(text.contains("<li class=\"failing\"><b>1</b> failing</li>"), "{text}");
    // What to do is told with the reasons of what is not well, and of nothing else.
    assert!(text.contains("<dt>Down</dt><dd>The cloud resource exists but is down."), "{text}");
    assert!(text.contains("<code>status.waitingFor</code>") && !text.contains("<dt>Available</dt>"), "{text}");
}

#[test]
fn drift_quotas_and_what_was_not_read_are_told() {
    let page = sample(6);
    assert_eq!(page.drift.len(), 1);
    assert_eq!((page.drift[0].name.as_str(), page.drift[0].desired.as_str()), ("vif/office-4", "1000"));
    let text = html(&page);
    for said in [
        "<code>spec.bandwidth</code>",
        "virtualGateway</th><td class=\"number\">19</td><td class=\"number\">20</td>",
        "aria-label=\"95 % used\"",
    ] {
        assert!(text.contains(said), "{said}");
    }
    assert!(!text.contains("<h2>Not read"));
    assert!(html(&sample(1)).contains("<th scope=\"row\">pods</th><td>pods is forbidden: User &quot;anna&quot;"));
}

#[test]
fn no_text_gets_through_as_markup_and_nothing_is_loaded() {
    let mut page = sample(6);
    let mark = || MARKUP.to_owned();
    (page.scope, page.plugin, page.operators) = (mark(), mark(), vec![mark()]);
    for line in &mut page.lines {
        (line.namespace, line.name, line.gateway, line.connection, line.message) = (mark(), mark(), mark(), mark(), mark());
        (line.vlan, line.bandwidth, line.routing, line.since) = (mark(), mark(), mark(), mark());
    }
    for object in &mut page.objects {
        (object.namespace, object.name, object.advice) = (mark(), mark(), vec![(mark(), mark())]);
        for condition in &mut object.conditions {
            (condition.name, condition.status, condition.reason) = (mark(), mark(), mark());
            (condition.message, condition.since) = (mark(), mark());
        }
    }
    for account in &mut page.accounts {
        (account.name, account.region, account.project, account.objects) = (mark(), mark(), mark(), mark());
        account.quotas.iter_mut().for_each(|quota| quota.name = mark());
    }
    for drift in &mut page.drift {
        (drift.namespace, drift.name, drift.path, drift.desired, drift.observed) = (mark(), mark(), mark(), mark(), mark());
    }
    let text = html(&page);
    assert!(text.contains("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;"));
    assert!(!text.contains("<script") && !text.contains("alert(\""), "markup got through");
    for outside in ["src=", "@import", "url(", "<link", "<iframe", "javascript:"] {
        assert!(!text.contains(outside), "{outside}");
    }
    let addresses: Vec<&str> =
        text.split("http").skip(1).filter(|rest| !rest.starts_with("://www.w3.org/2000/svg") && !rest.starts_with("-equiv")).collect();
    assert!(addresses.is_empty(), "{addresses:?}");
}

#[test]
fn the_same_lines_give_the_same_page() {
    assert_eq!(html(&sample(6)), html(&sample(6)));
}
