//! The sample articles on their way in: by the door that a newsroom's site uses.

use serde_json::{Value, json};

use super::content::SampleArticle;
use crate::app::App;
use crate::articles::{Accepted, Intake};

/// The source's name.
const SOURCE: &str = "demo";

/// Hands the articles in, as a site would by `POST /api/articles`.
///
/// # Errors
/// When the store fails, or a sample is not as an article should be.
pub(super) async fn load(app: &App, samples: &[SampleArticle]) -> anyhow::Result<()> {
    let articles: Vec<Value> = samples.iter().map(|sample| article(app, sample)).collect();
    let intake = Intake::new(app.db.clone(), app.clock.clone(), &app.config);
    match intake.accept(SOURCE, &serde_json::to_vec(&articles)?).await? {
        Accepted::Stored(_) => Ok(()),
        Accepted::Faulty(faults) => {
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            anyhow::bail!("a sample article was refused: {}", faults.join("; "))
        }
    }
}

fn article(app: &App, sample: &SampleArticle) -> Value {
    let url = &app.config.public_url;
    json!({
        "id": sample.id,
        "url": url.join(&format!("/articles/{}", sample.path)),
        "title": sample.title,
        "html": sample.html,
        "summary": sample.summary,
        "author": sample.author,
        "categories": sample.categories,
        "published_at": sample.published_at.to_string(),
        "image": sample.image.as_ref().map(|name| url.join(&format!("/images/{name}"))),
        "image_alt": sample.image_alt,
    })
}
