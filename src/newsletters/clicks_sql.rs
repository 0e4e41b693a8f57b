//! Every statement about clicks.

use crate::statements;

statements! {
    CLICK_TARGET = "SELECT a.url, n.slug FROM edition_articles ea
        JOIN editions e ON e.id = ea.edition_id JOIN newsletters n ON n.id = e.newsletter_id
        JOIN articles a ON a.id = ea.article_id
        WHERE ea.edition_id = $1 AND ea.article_id = $2 LIMIT 1";
    ADD_CLICKS = "INSERT INTO clicks (edition_id, article_id, clicks) VALUES ($1, $2, $3)
        ON CONFLICT (edition_id, article_id) DO UPDATE SET clicks = clicks.clicks + excluded.clicks";
    CLICKS_OF_EDITION = "SELECT article_id, clicks FROM clicks WHERE edition_id = $1 ORDER BY article_id";
}
