//! Shows something again after each change of the objects, until the user interrupts it.

use direct_connect_operator::kinds;
use futures::{FutureExt, Stream, StreamExt};
use kube::api::{Api, DynamicObject, PartialObjectMeta};
use kube::runtime::watcher::{Config, Event};
use kube::runtime::{WatchStreamExt, watcher};
use std::io::IsTerminal;
use std::pin::pin;
use std::time::Duration;

use crate::cluster::{Cluster, Scope};
use crate::error::Error;
use crate::escape::visible;
use crate::object::api_resource;
use crate::output::print_on;

/// Changes come in bursts: they are shown at most this often.
const PAUSE: Duration = Duration::from_millis(500);

/// Clears a terminal.
const CLEAR: &str = "\u{1b}[H\u{1b}[2J\u{1b}[3J";

/// Prints `first`, and what `again` returns after each change of an object in scope.
///
/// # Errors
/// Standard output can't be written; if nobody reads it any more, that is the end. While the API server does not answer, what was seen last stays.
pub async fn follow(cluster: &Cluster, scope: &Scope, first: String, again: impl AsyncFn() -> Result<String, Error>) -> Result<(), Error> {
    let mut changes = pin!(changes(cluster, scope));
    let mut shown = first;
    if !show(&shown)? {
        return Ok(());
    }
    while changes.next().await.is_some() {
        tokio::time::sleep(PAUSE).await;
        while let Some(Some(())) = changes.next().now_or_never() {}
        match again().await {
            Ok(text) if text == shown => {}
            Ok(text) => {
                if !show(&text)? {
                    break;
                }
                shown = text;
            }
            Err(error) => anstream::eprintln!("{}", visible(&error.to_string())),
        }
    }
    Ok(())
}

/// An item for each change, and for each time that the objects were listed.
fn changes(cluster: &Cluster, scope: &Scope) -> impl Stream<Item = ()> {
    let namespace = (!scope.all_namespaces).then_some(cluster.namespace.as_str());
    let config = Config { label_selector: scope.selector.clone(), ..Config::default() };
    let watches = kinds::ALL.iter().map(|kind| {
        let resource = api_resource(kind);
        let api: Api<PartialObjectMeta<DynamicObject>> = match namespace {
            Some(namespace) => Api::namespaced_with(cluster.client.clone(), namespace, &resource),
            None => Api::all_with(cluster.client.clone(), &resource),
        };
        let events = watcher(api, config.clone()).default_backoff();
        events
            .filter_map(|event| async move { matches!(event, Ok(Event::Apply(_) | Event::Delete(_) | Event::InitDone)).then_some(()) })
            .boxed()
    });
    futures::stream::select_all(watches)
}

/// On a terminal in place of what was there, otherwise below it. Tells whether somebody still reads it.
fn show(text: &str) -> Result<bool, Error> {
    let clear = if std::io::stdout().is_terminal() { CLEAR } else { "" };
    print_on(&format!("{clear}{text}\n"))
}
