use super::*;
use direct_connect_operator::reconcile::plan::PlannedCall;

fn planned(kind: &'static str, name: &str, action: Action) -> Planned {
    Planned { kind, namespace: "network".into(), name: name.into(), action, ..Planned::default() }
}

fn other(kind: &str, name: &str) -> WaitingFor {
    WaitingFor { kind: kind.into(), namespace: None, name: name.into() }
}

fn change(path: &'static str, from: &str, to: &str, disruptive: Option<&'static str>) -> Change {
    Change { path, from: from.into(), to: to.into(), disruptive }
}

#[test]
fn each_action_has_its_line() {
    let call = |operation, path: &str| PlannedCall { operation, path: path.into() };
    let all = [
        planned("VirtualGateway", "main", Action::Create),
        Planned { after: vec![other("VirtualGateway", "main")], ..planned("VirtualInterface", "office", Action::Create) },
        Planned { id: Some("123".into()), ..planned("VirtualGateway", "old", Action::Import) },
        Planned {
            changes: vec![change("bandwidth", "50", "20", Some("lowers the bandwidth")), change("description", "", "a\u{2028}b", None)],
            calls: vec![call("UpdateVirtualInterface", "dcaas/virtual-interfaces/7")],
            disruptive: vec!["lowers the bandwidth"],
            as_of: Some("2026-04-25T09:30:00Z".into()),
            ..planned("VirtualInterface", "branch", Action::Update)
        },
        Planned {
            why: Some("the resource that virtualGatewayRef referenced was deleted in the cloud".into()),
            disruptive: vec!["replaces the resource"],
            ..planned("VirtualInterface", "orphan", Action::Replace)
        },
        Planned {
            disruptive: vec!["deletes the resource"],
            after: vec![other("Peer", "six")],
            ..planned("VirtualInterface", "gone", Action::Delete)
        },
        Planned { why: Some("the cloud resource is kept".into()), ..planned("VirtualGateway", "kept", Action::Delete) },
        Planned {
            reason: Some("WaitingForDependants".into()),
            message: Some("still referenced by VirtualInterface x".into()),
            ..planned("VirtualGateway", "used", Action::Wait)
        },
        Planned {
            reason: Some("Conflict".into()),
            message: Some("VLAN 30 of connection c is already used by 9".into()),
            ..planned("VirtualInterface", "twice", Action::Refused)
        },
        planned("VirtualGateway", "same", Action::None),
        Planned {
            differs: vec![change("name", "a", "b", None)],
            message: Some("the policy leaves the differences as they are".into()),
            reason: Some("Drifted".into()),
            ..planned("VirtualGateway", "seen", Action::None)
        },
    ];
    let text = anstream::adapter::strip_str(&text(&all, true)).to_string();
    let expected = "\
+   vgw/main     create
+   vif/office   create, after vgw/main
>   vgw/old      import 123
~   vif/branch   update (disruptive: lowers the bandwidth), as of 2026-04-25T09:30:00Z
      bandwidth: 50 → 20  (disruptive: lowers the bandwidth)
      description: \"\" → a\u{2028}b
      calls UpdateVirtualInterface dcaas/virtual-interfaces/7
-/+ vif/orphan   replace (disruptive: replaces the resource): the resource that virtualGatewayRef referenced was deleted in the cloud
-   vif/gone     delete (disruptive: deletes the resource), after vifpeer/six
-   vgw/kept     delete: the cloud resource is kept
?   vgw/used     waits: still referenced by VirtualInterface x (WaitingForDependants)
!   vif/twice    refused: VLAN 30 of connection c is already used by 9 (Conflict)
=   vgw/same     none
=   vgw/seen     none: the policy leaves the differences as they are (Drifted)
      name: a in the cloud, b in the spec
Plan: 2 to create, 1 to import, 1 to update, 1 to replace, 2 to delete, 1 waiting, 1 refused, 2 unchanged; 3 disruptive.
";
    assert_eq!(text, expected);
}

#[test]
fn an_object_of_several_namespaces_is_told_with_its_own() {
    let elsewhere = Planned { namespace: "other".into(), ..planned("VirtualGateway", "b", Action::None) };
    let text = text(&[planned("VirtualGateway", "a", Action::None), elsewhere], false);
    let text = anstream::adapter::strip_str(&text).to_string();
    assert_eq!(
        text,
        "=   vgw/a in network   none\n=   vgw/b in other     none\nPlan: 0 to create, 0 to update, 0 to delete, 2 unchanged.\n"
    );
}

#[test]
fn the_document_counts_every_action() {
    let counts = counts(&[planned("VirtualGateway", "a", Action::Wait), planned("VirtualGateway", "b", Action::Wait)]);
    assert_eq!(counts.get("wait"), Some(&2));
    assert_eq!(counts.len(), ACTIONS.len() + 1);
}
