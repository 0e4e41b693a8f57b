//! What the database knows and the configuration leaves out. Nothing is removed by it, but readers get nothing any more.

use super::{Failure, output};
use crate::app::App;
use crate::articles::{self, CategoryKind};
use crate::french::number::count;
use crate::newsletters::newsletter::Newsletter;
use crate::subscribers::{Choice, choices_of_readers, list_newsletters};

/// Warns of newsletters and categories that the file leaves out although they have readers, in French.
pub(super) async fn warn(app: &App) -> Result<(), Failure> {
    newsletters(app).await?;
    categories(app).await
}

async fn newsletters(app: &App) -> Result<(), Failure> {
    for known in list_newsletters(&app.db).await? {
        if app.declarations.newsletter(&known.slug).is_some() {
            continue;
        }
        let Some(row) = Newsletter::by_slug(&app.db, &known.slug).await? else { continue };
        let readers = row.readers(&app.db).await?;
        if readers > 0 {
            let (slug, title) = (&known.slug, &known.title);
            let readers = count(readers, "lecteur", "lecteurs");
            output::say(format!(
                "\nwarning: {title} ({slug}) n’est plus dans ce fichier et a {readers}, qui ne recevront plus rien. \
                 Remettez-la, ou écrivez was = [\"{slug}\"] dans celle qui la remplace."
            ));
        }
    }
    Ok(())
}

async fn categories(app: &App) -> Result<(), Failure> {
    let declared = |slug: &str| {
        let categories = app.declarations.categories.iter();
        categories.flat_map(|c| c.was.iter().chain([&c.slug])).any(|known| known.as_str() == slug)
    };
    let known = articles::categories(&app.db).await?;
    let left_out = known.iter().filter(|category| {
        category.kind == CategoryKind::Rubric
            && category.listed
            && !category.removed
            && !declared(&category.slug)
    });
    let choices = choices_of_readers(&app.db).await?;
    for category in left_out {
        let chosen = choices.iter().filter(|(choice, _)| *choice != Choice::All && choice.wants(category.id));
        let readers: i64 = chosen.map(|(_, readers)| readers).sum();
        if readers > 0 {
            let (slug, name) = (&category.slug, &category.name);
            let chosen = count(readers, "inscription", "inscriptions");
            output::say(format!(
                "\nwarning: la rubrique {name} ({slug}) n’est plus dans ce fichier, mais figure dans {chosen}. \
                 Remettez-la, écrivez was = [\"{slug}\"] dans celle qui la remplace, ou removed = true."
            ));
        }
    }
    Ok(())
}
