//! Every statement about editing an edition.

use crate::statements;

statements! {
    SET_USAGE = "UPDATE ledger SET usage = $3, for_good = $4
        WHERE edition_id = $1 AND article_id = $2 AND ended_at IS NULL";
    LEFT_OUT = "SELECT article_id, for_good FROM ledger
        WHERE edition_id = $1 AND usage = 'left_out' AND ended_at IS NULL ORDER BY id";
    END_LEFT_OUT = "UPDATE ledger SET ended_at = $2
        WHERE edition_id = $1 AND usage = 'left_out' AND NOT for_good AND ended_at IS NULL";

    OWN_WORDS = "SELECT article_id, title, summary FROM edition_words
        WHERE edition_id = $1 AND revision = $2 ORDER BY article_id";
    DROP_OWN_WORDS = "DELETE FROM edition_words WHERE edition_id = $1 AND revision = $2 AND article_id = $3";
    ADD_OWN_WORDS = "INSERT INTO edition_words (edition_id, revision, article_id, title, summary)
        VALUES ($1, $2, $3, $4, $5)";
    // Those of articles that the next revision still has.
    CARRY_OWN_WORDS = "INSERT INTO edition_words (edition_id, revision, article_id, title, summary)
        SELECT w.edition_id, $3, w.article_id, w.title, w.summary FROM edition_words w
        JOIN edition_articles ea ON ea.edition_id = w.edition_id AND ea.revision = $3 AND ea.article_id = w.article_id
        WHERE w.edition_id = $1 AND w.revision = $2";

    ADD_ACT = "INSERT INTO edition_acts (edition_id, act, who, article_id, detail, revision, at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    ACTS = "SELECT h.act, h.who, h.article_id, a.title, h.detail, h.revision, h.at
        FROM edition_acts h LEFT JOIN articles a ON a.id = h.article_id WHERE h.edition_id = $1 ORDER BY h.id";
}
