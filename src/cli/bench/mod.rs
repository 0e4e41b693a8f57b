//! `kiosque bench`: the measurements of docs/benchmarks.md, for anybody to make on a machine of theirs.

mod ask;
mod delay;
mod digest;
mod feeds;
mod figures;
mod form;
mod load;
mod newsroom;
mod rebuild;
mod render;
mod servers;
mod serving;
mod subscribers;
mod visible;

use super::Failure;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Verb {
    /// Feeds: beside nginx, from commit to visible, rebuilding, memory
    Feeds(feeds::Arguments),
    /// Digests: beside smtp-source, at a distance, fan-out, memory
    Digest(digest::Arguments),
    /// Rendering digests: what a variant costs, and what a recipient does
    Render(render::Arguments),
    /// The form: whether its answers tell who is known
    Form(form::Arguments),
    /// Importing readers: rate, memory, how long others wait
    Subscribers(subscribers::Arguments),
    /// What `digest` measures, in a process of its own
    #[command(hide = true)]
    DigestStep(digest::StepArguments),
}

pub(super) async fn run(verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::Feeds(arguments) => feeds::run(arguments).await,
        Verb::Form(arguments) => form::run(arguments).await,
        Verb::Digest(arguments) => digest::run(arguments).await,
        Verb::Render(arguments) => render::run(arguments).await,
        Verb::Subscribers(arguments) => subscribers::run(arguments).await,
        Verb::DigestStep(arguments) => Ok(digest::step(arguments).await?),
    }
}
