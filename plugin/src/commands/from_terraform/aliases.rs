//! Which accounts resources have, by the aliases of their providers.

use std::collections::{BTreeMap, BTreeSet};

use super::PREFIX;
use super::state::Instance;
use crate::error::Error;

/// Accounts by the aliases of providers.
///
/// # Errors
/// An argument of `--account-map` is none.
pub fn accounts(map: &[String]) -> Result<BTreeMap<&str, &str>, Error> {
    let wrong = |text: &str| Error::Usage(format!("--account-map {text}: write it as ALIAS=ACCOUNT"));
    map.iter().map(|text| text.split_once('=').ok_or_else(|| wrong(text))).collect()
}

/// What of `--account-map` has no effect, and why.
#[must_use]
pub fn warnings<'a>(accounts: &BTreeMap<&str, &str>, instances: impl Iterator<Item = &'a Instance>) -> Vec<String> {
    let with_alias: Vec<(&Instance, &str)> = instances.filter_map(|instance| Some((instance, instance.alias.as_deref()?))).collect();
    if with_alias.is_empty() && !accounts.is_empty() {
        let why = "the input tells no aliases of providers. A state file and a plan do, `terraform show -json` of a state does not";
        return vec![format!("warning: --account-map has no effect: {why}")];
    }
    let used: BTreeSet<&str> =
        with_alias.iter().filter(|(instance, _)| instance.type_.starts_with(PREFIX)).map(|(_, alias)| *alias).collect();
    let told = if used.is_empty() {
        "none has an alias".to_owned()
    } else {
        format!("the aliases are {}", used.iter().copied().collect::<Vec<_>>().join(", "))
    };
    let unused = accounts.iter().filter(|(alias, _)| !used.contains(*alias));
    unused
        .map(|(alias, account)| {
            format!("warning: --account-map {alias}={account}: no resource of Direct Connect has a provider with this alias; {told}")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::state::Mark;
    use super::*;

    fn instance(type_: &str, alias: Option<&str>) -> Instance {
        Instance { address: format!("{type_}.x"), type_: type_.to_owned(), alias: alias.map(str::to_owned), mark: Mark::None }
    }

    /// What it is, the aliases that are named, what the input has, what is told.
    type Row<'a> = (&'a str, &'a [&'a str], &'a [&'a Instance], &'a [&'a str]);

    #[test]
    fn what_has_no_effect_is_told() {
        let gateway = |alias| instance("huaweicloud_dc_virtual_gateway", alias);
        let (eu, plain, elsewhere) = (gateway(Some("eu")), gateway(None), instance("huaweicloud_vpc", Some("us")));
        let rows: [Row; 6] = [
            ("nothing is asked for", &[], &[&plain], &[]),
            ("each occurs", &["eu=a"], &[&eu, &plain], &[]),
            ("no aliases are told", &["eu=a", "us=b"], &[&plain], &["no effect: the input tells no aliases"]),
            ("one never occurs", &["eu=a", "ue=b"], &[&eu], &["--account-map ue=b: no resource of Direct Connect"]),
            ("those that occur are told", &["ue=b"], &[&eu], &["the aliases are eu"]),
            ("one of other resources", &["us=b"], &[&elsewhere, &plain], &["none has an alias"]),
        ];
        for (row, map, instances, wanted) in rows {
            let map: Vec<String> = map.iter().map(|text| (*text).to_owned()).collect();
            let told = warnings(&accounts(&map).unwrap(), instances.iter().copied());
            assert_eq!(told.len(), wanted.len(), "{row}: {told:?}");
            assert!(told.iter().zip(wanted).all(|(told, wanted)| told.contains(wanted)), "{row}: {told:?}");
        }
        assert!(accounts(&["eu".to_owned()]).is_err());
    }
}
