//! `undo`: ends a switchover test that somebody left on. The cloud has no timer for it: whoever shuts down an interface must start it again.

#![allow(clippy::doc_markdown, reason = "docs of arguments are their help, where backticks are noise")]

use direct_connect_operator::kinds::VirtualInterfaceKind;
use direct_connect_operator::reconcile::Kind;

use crate::accounts::{explained, only};
use crate::cloud::EndSwitchover;
use crate::cluster::{Cluster, named};
use crate::confirm::confirm;
use crate::error::{Error, Outcome};
use crate::output::print;

/// Arguments of `undo`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  # The interface of an object
  kubectl dc undo vif/office

  # An interface without an object
  kubectl dc undo --id 9c1d4f2e-0000-4000-8000-000000000001 --account main

Sends one call: SwitchoverTest with undo_shutdown. It needs the right to read the CloudAccount and its Secret, and credentials that may write.")]
pub struct Args {
    /// The interface, as vif/NAME.
    #[arg(value_name = "vif/NAME", required_unless_present = "id", conflicts_with = "id", add = super::completion::objects())]
    object: Option<String>,
    /// ID of an interface without an object.
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// The CloudAccount of an interface without an object. Can be left out if there is only one.
    #[arg(long, value_name = "NAME", requires = "id", conflicts_with = "object")]
    account: Option<String>,
    /// Do not ask.
    #[arg(short, long)]
    yes: bool,
}

/// Ends the test, after a question.
///
/// # Errors
/// There is no such interface, the account can't be read, or the cloud refuses.
pub async fn run(cluster: &Cluster, args: &Args) -> Result<Outcome, Error> {
    let (what, interface, account) = match (&args.object, &args.id) {
        (Some(object), _) => of_object(cluster, object).await?,
        (None, Some(id)) => (format!("interface {id}"), id.clone(), only(cluster, args.account.as_deref()).await?),
        (None, None) => return Err(Error::Usage("name an interface, as in vif/office".to_owned())),
    };
    let cloud = EndSwitchover::of_account(cluster, &account).await.map_err(explained)?;
    match cloud.is_shut_down(&interface).await? {
        None => return Err(Error::Usage(format!("{what}: cloudaccount/{account} has no interface {interface}"))),
        Some(false) => {
            anstream::eprintln!("{what}: it is not shut down; nothing was sent");
            return Ok(Outcome::Done);
        }
        Some(true) => {}
    }
    if !args.yes {
        confirm(&format!("{what} is shut down for a switchover test. End the test, so that it carries traffic again?"))?;
    }
    cloud.send(&interface).await?;
    print(&format!("{what}: the switchover test is being ended\n"))?;
    Ok(Outcome::Done)
}

/// How an object's interface is called in messages, its ID, and its account.
async fn of_object(cluster: &Cluster, argument: &str) -> Result<(String, String, String), Error> {
    let names = named(&[argument.to_owned()])?;
    let name = names.into_iter().find(|name| name.kind.kind == VirtualInterfaceKind::NAME);
    let name = name.ok_or_else(|| Error::Usage(format!("{argument}: only a virtual interface can be shut down for a switchover test")))?;
    let object = cluster.get(&name).await?;
    let id = object.id().ok_or_else(|| Error::Usage(format!("{name}: it has no interface in the cloud yet")))?;
    Ok((name.to_string(), id.to_owned(), object.text("/status/account")))
}
