//! The bar that shows on a terminal how far an import is.

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

const EVERY: Duration = Duration::from_millis(100);

/// The progress bar; none where standard error is no terminal.
pub(super) struct Bar(Option<(ProgressBar, tokio::task::JoinHandle<()>)>);

impl Bar {
    /// Starts it; `show` is called ten times a second to set what it shows.
    pub(super) fn start(show: impl Fn(&ProgressBar) + Send + 'static) -> Bar {
        if !io::stderr().is_terminal() {
            return Bar(None);
        }
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
        let task = tokio::spawn({
            let bar = bar.clone();
            async move {
                let mut ticks = tokio::time::interval(EVERY);
                loop {
                    ticks.tick().await;
                    show(&bar);
                }
            }
        });
        Bar(Some((bar, task)))
    }

    /// Takes the bar away, so that the summary stands alone.
    pub(super) async fn stop(self) {
        if let Some((bar, task)) = self.0 {
            task.abort();
            let _ = task.await;
            bar.finish_and_clear();
        }
    }
}

/// A style by indicatif's template.
pub(super) fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
