//! Every statement about preferences.

use crate::statements;

statements! {
    PREFERENCES_OF = "SELECT id, address, address_hash, name FROM subscribers WHERE id = $1";
    CHOSEN_LETTERS = "SELECT s.id AS subscription_id, s.state, s.confirmed_at, c.categories, s.layout = 'light' AS light, s.paused_until,
            n.id, n.slug, n.title, n.timezone
        FROM subscriptions s JOIN newsletters n ON n.id = s.newsletter_id JOIN choices c ON c.id = s.choice_id
        WHERE s.subscriber_id = $1 ORDER BY s.id";
    NAME_SUBSCRIBER = "UPDATE subscribers SET name = $2 WHERE id = $1";
    // $1 subscription, $2 choice, $3 whether light, $4 paused until, $5 now. An edition that was released at the very moment
    // counted the reader as he was.
    SET_PREFERENCES = "UPDATE subscriptions SET choice_id = $2, layout = CASE WHEN $3 THEN 'light' ELSE 'normal' END,
            paused_until = $4, changed_at = (SELECT coalesce(max(e.released_at + 1), $5) FROM editions e
                WHERE e.newsletter_id = subscriptions.newsletter_id AND e.released_at >= $5)
        WHERE id = $1";
    // What the reader of a subscription left at one moment, that subscription first.
    LEFT_TOGETHER = "SELECT s.id AS subscription_id, s.subscriber_id, s.state, n.id, n.slug, n.title, n.timezone
        FROM subscriptions s JOIN newsletters n ON n.id = s.newsletter_id
        WHERE s.subscriber_id = (SELECT o.subscriber_id FROM subscriptions o WHERE o.id = $1)
          AND s.state = 'left' AND s.left_at = $2
        ORDER BY CASE WHEN s.id = $1 THEN 0 ELSE 1 END, s.id";
    // Whose link to the preferences may be mailed again: $2 now, $3 what was mailed before this is long ago.
    MAIL_LINK = "UPDATE subscribers SET link_mailed_at = $2
        WHERE id = $1 AND (link_mailed_at IS NULL OR link_mailed_at <= $3)";
}
