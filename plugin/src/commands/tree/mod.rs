//! `tree`: what hangs on what, from the connection to the network.

mod dot;
mod mermaid;
mod text;

use clap::ValueEnum;

use crate::cluster::{Cluster, Named, Scope, named};
use crate::error::{Error, Outcome};
use crate::output::{Format, document_text, print};
use crate::survey::Survey;
use crate::svg::svg;
use crate::topology::{Presence, Topology};
use crate::watch;
use text::Layout;

/// Arguments of `tree`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  kubectl dc tree                        everything in the namespace, from the connections on
  kubectl dc tree vif/office             the way of one line, wherever its objects are
  kubectl dc tree -A --by vpc            what leads to each VPC
  kubectl dc tree -A -o svg > lines.svg  the same as a drawing
  kubectl dc tree -o mermaid             for a page in Markdown")]
pub struct Args {
    /// Only what lies on a way through this object: KIND/NAME, or KIND NAME. Without it: all objects of the namespace.
    #[arg(value_name = "KIND/NAME", num_args = 0..=2, add = super::completion::objects())]
    pub object: Vec<String>,
    /// Which objects.
    #[command(flatten)]
    pub scope: Scope,
    /// What the trees begin with.
    #[arg(long, value_enum, default_value_t)]
    pub by: By,
    /// Output format.
    #[arg(short, long, value_enum, default_value_t)]
    pub output: TreeFormat,
    /// Print it again after each change, until it is interrupted.
    #[arg(short, long)]
    pub watch: bool,
}

/// What the trees begin with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum By {
    /// Connections; behind each what is reached by it.
    #[default]
    Connection,
    /// Gateways; behind each its interfaces with their connections, then its networks, links and routes.
    Gateway,
    /// VPCs and other networks; behind each what leads to it.
    Vpc,
}

/// Formats of `tree`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum TreeFormat {
    /// A tree with the states.
    #[default]
    Tree,
    /// With ids, drift and whole messages.
    Wide,
    /// JSON: nodes and edges.
    Json,
    /// YAML: nodes and edges.
    Yaml,
    /// A graph for Graphviz.
    Dot,
    /// A flowchart for Markdown.
    Mermaid,
    /// A drawing.
    Svg,
}

/// Prints the tree.
///
/// # Errors
/// The API server refuses or does not answer, or there is no such object.
pub async fn run(cluster: &Cluster, args: &Args) -> Result<Outcome, Error> {
    let (survey, text) = read(cluster, args).await?;
    if args.watch {
        watch::follow(cluster, &survey.scope, text, async || Ok(read(cluster, args).await?.1)).await?;
    } else if text.is_empty() {
        anstream::eprintln!("there are no objects in namespace {}; -A looks in all namespaces", cluster.namespace);
    } else {
        print(&text)?;
    }
    Ok(Outcome::Done)
}

/// What there is, and the text that shows it.
async fn read(cluster: &Cluster, args: &Args) -> Result<(Survey, String), Error> {
    let Some(name) = object(&args.object)? else {
        let survey = Survey::of(cluster, &args.scope).await?;
        let text = text_of(&survey.topology(), args)?;
        return Ok((survey, text));
    };
    args.scope.check_names()?;
    let survey = Survey::of_all_or_own(cluster).await?;
    let topology = survey.topology();
    let key = format!("{}/{}/{}", name.kind.kind, cluster.namespace, name.name);
    if topology.node(&key).is_none_or(|node| node.presence != Presence::Object) {
        return Err(Error::Usage(format!("{name}: there is none in namespace {}", cluster.namespace)));
    }
    Ok((survey, text_of(&topology.around(&key), args)?))
}

/// The object that the arguments name, if they name one.
fn object(arguments: &[String]) -> Result<Option<Named>, Error> {
    if arguments.is_empty() {
        return Ok(None);
    }
    match <[Named; 1]>::try_from(named(arguments)?) {
        Ok([name]) => Ok(Some(name)),
        Err(_) => Err(Error::Usage("name one object, or none for all of the namespace".to_owned())),
    }
}

fn text_of(topology: &Topology, args: &Args) -> Result<String, Error> {
    Ok(match args.output {
        TreeFormat::Json => document_text("Tree", topology, Format::Json)?,
        TreeFormat::Yaml => document_text("Tree", topology, Format::Yaml)?,
        TreeFormat::Dot => dot::dot(topology),
        TreeFormat::Mermaid => mermaid::mermaid(topology),
        TreeFormat::Svg => svg(topology),
        TreeFormat::Tree | TreeFormat::Wide if topology.nodes.is_empty() => String::new(),
        TreeFormat::Tree => text::text(topology, args.by, Layout::Narrow),
        TreeFormat::Wide => text::text(topology, args.by, Layout::Wide),
    })
}
