//! `reconcile`: asks for a reconcile with fresh data of the cloud, and waits for what comes of it.

use direct_connect_operator::api::{ConditionType, PAUSED_ANNOTATION, RECONCILE_AT_ANNOTATION};
use futures::future::try_join_all;
use futures::{StreamExt, pin_mut};
use jiff::Timestamp;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::watch_object;
use serde_json::json;
use std::sync::Mutex;
use std::time::Duration;
use tokio::time::Instant;

use super::selection::{Selected, Selection};
use crate::cluster::Cluster;
use crate::duration::duration;
use crate::error::{Error, Outcome};
use crate::escape::visible;
use crate::object::Object;
use crate::output::print;
use crate::summary::Summary;

/// Arguments of `reconcile`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
The exit code is 0 if all objects became Ready, 1 if one is Stalled or was deleted meanwhile, 3 if the time was up.

Examples:
  kubectl dc reconcile vif/office --wait
  kubectl dc reconcile --all --wait --timeout 2m
  kubectl dc reconcile vif -l env=production")]
pub struct Args {
    /// Which objects.
    #[command(flatten)]
    pub selection: Selection,
    /// Wait until the operator has handled it, and then until the object is Ready or Stalled.
    #[arg(short, long)]
    pub wait: bool,
    /// Longest time to wait, e.g. 30s, 5m, 1h30m.
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = duration, requires = "wait")]
    pub timeout: Duration,
}

/// How a reconcile ended.
enum End {
    Ready,
    Stalled(Summary),
    /// It was stalled before, and the operator has nothing to look at: it is not granted, or its account is of no use.
    StillStalled(Summary),
    Gone,
}

/// How long the operator may take to begin with an object that is stalled.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sets the annotation of each object, and waits.
///
/// # Errors
/// There is no such object, it is paused, the API server refuses, or the time is up.
pub async fn run(cluster: &Cluster, args: &Args) -> Result<Outcome, Error> {
    let is_paused = |selected: &Selected| selected.object.annotation(PAUSED_ANNOTATION) == Some("true");
    let (paused, selected): (Vec<_>, Vec<_>) = args.selection.read(cluster).await?.into_iter().partition(is_paused);
    for paused in paused {
        let why = format!("{} is paused: kubectl dc resume {} -n {}", paused.label, paused.name, paused.cluster.namespace);
        if args.selection.is_by_name() {
            return Err(Error::Usage(why));
        }
        anstream::eprintln!("left out: {why}");
    }
    let asked = Timestamp::now().to_string();
    for selected in &selected {
        let patch = json!({ "metadata": { "annotations": { RECONCILE_AT_ANNOTATION: asked } } });
        selected.cluster.merge(&selected.name, &patch).await?;
        if !args.wait {
            print(&format!("{} reconcile requested\n", selected.label))?;
        }
    }
    if !args.wait {
        return Ok(Outcome::Done);
    }
    // What is said when the time is up.
    let pending: Vec<Mutex<Option<String>>> = selected.iter().map(|selected| Mutex::new(Some(selected.label.clone()))).collect();
    let waits = selected.iter().zip(&pending).map(async |(selected, pending)| {
        let end = wait(selected, &asked, pending).await?;
        say(pending, None);
        Ok::<_, Error>(tell(&selected.label, &end)? == Outcome::Found)
    });
    if let Ok(ended) = tokio::time::timeout(args.timeout, try_join_all(waits)).await {
        return Ok(Outcome::found(ended?.contains(&true)));
    }
    let open = pending.iter().filter_map(|pending| pending.lock().ok()?.clone());
    Err(Error::Timeout(format!("the time is up for {}", open.collect::<Vec<_>>().join("; "))))
}

/// Waits until the operator has handled the request, and the object is Ready or Stalled.
async fn wait(selected: &Selected, asked: &str, pending: &Mutex<Option<String>>) -> Result<End, Error> {
    let api = selected.cluster.api(selected.name.kind, Some(&selected.cluster.namespace));
    let states = watch_object(api, &selected.name.name).default_backoff();
    pin_mut!(states);
    let begin = Instant::now();
    let (mut told, mut stalled) = (String::new(), None);
    loop {
        let next = tokio::select! {
            next = states.next() => next,
            () = tokio::time::sleep_until(begin + PATIENCE), if stalled.is_some() => {
                return Ok(stalled.map_or(End::Gone, End::StillStalled));
            }
        };
        // The watch is begun again after an error; the bound is the timeout.
        let Some(state) = next else { return Ok(End::Gone) };
        let Ok(state) = state else { continue };
        let Some(state) = state else { return Ok(End::Gone) };
        let Ok(object) = Object::new(selected.name.kind, &state) else { continue };
        let summary = Summary::of(&object);
        let is_handled = object.field("/status/lastHandledReconcileAt").as_str() == Some(asked);
        let says = visible(&summary.told()).into_owned();
        let now = if is_handled { says } else { format!("not handled yet; {says}") };
        if told != now {
            anstream::eprintln!("{}: {now}", selected.label);
            say(pending, Some(format!("{} ({now})", selected.label)));
            told = now;
        }
        let is_stalled = object.is_current() && object.is(ConditionType::Stalled);
        if is_handled && is_stalled {
            return Ok(End::Stalled(summary));
        }
        if is_handled && object.is_current() && object.is(ConditionType::Ready) {
            return Ok(End::Ready);
        }
        stalled = (is_stalled && !is_handled).then_some(summary);
    }
}

fn say(pending: &Mutex<Option<String>>, what: Option<String>) {
    if let Ok(mut pending) = pending.lock() {
        *pending = what;
    }
}

fn tell(label: &str, end: &End) -> Result<Outcome, Error> {
    match end {
        End::Ready => print(&format!("{label} is Ready\n"))?,
        End::Gone => print(&format!("{label} is gone\n"))?,
        End::Stalled(summary) => print(&format!("{label} is Stalled: {}\n", visible(&summary.told())))?,
        End::StillStalled(summary) => print(&format!("{label} is still Stalled: {}\n", visible(&summary.told())))?,
    }
    Ok(Outcome::found(!matches!(end, End::Ready)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_did_not_become_ready() {
        assert_eq!(tell("vif/office", &End::Gone).unwrap(), Outcome::Found);
        assert_eq!(tell("vif/office", &End::Ready).unwrap(), Outcome::Done);
    }
}
