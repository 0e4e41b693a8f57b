//! Every statement about changes of address.

use crate::statements;

/// A change of address.
macro_rules! changes {
    ($which:literal) => {
        concat!(
            "SELECT id, subscriber_id, old_address, new_address, holder_id, expires_at, done_at, undone_at ",
            "FROM address_changes WHERE ",
            $which,
            " ORDER BY id DESC LIMIT 1"
        )
    };
}

statements! {
    // $1 subscriber, $2 since, $3 the new address: how many were asked for or taken back since, and how many for this address
    // by anybody.
    ADDRESS_CHANGES_SINCE = "SELECT count(CASE WHEN subscriber_id = $1 AND created_at > $2 THEN 1 END)
            + 3 * count(CASE WHEN (subscriber_id = $1 OR holder_id = $1) AND undone_at > $4 THEN 1 END) AS asked,
            count(CASE WHEN lower(new_address) = lower($3) AND created_at > $2 THEN 1 END) AS same
        FROM address_changes";
    FORGET_ADDRESS_CHANGES = "DELETE FROM address_changes WHERE created_at < $1";
    ADD_ADDRESS_CHANGE = "INSERT INTO address_changes (subscriber_id, old_address, new_address, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5) RETURNING id";
    SET_ASKED_BY = "UPDATE address_changes SET asked_by = $2 WHERE id = $1";
    SET_TOLD_BY = "UPDATE address_changes SET told_by = $2 WHERE id = $1";
    ADDRESS_CHANGE_ASKED = (changes!("asked_by = $1"));
    ADDRESS_CHANGE_TOLD = (changes!("told_by = $1"));
    END_ADDRESS_CHANGE = "UPDATE address_changes SET done_at = $2, holder_id = $3 WHERE id = $1";
    // $1 the change, $2 and $3 its readers, $4 now: the change, what came after it, what waits.
    UNDO_ADDRESS_CHANGE = "UPDATE address_changes SET undone_at = $4
        WHERE undone_at IS NULL AND subscriber_id IN ($2, $3) AND (id >= $1 OR done_at IS NULL)";
    HOLDER_OF_ADDRESS = "SELECT id FROM subscribers WHERE address_hash = $1";
    SET_ADDRESS = "UPDATE subscribers SET address = $2, address_hash = $3 WHERE id = $1";
    CARRY_SUBSCRIPTION = "UPDATE subscriptions SET state = 'confirmed', confirmed_at = $3, left_at = NULL, changed_at = $3,
            choice_id = (SELECT o.choice_id FROM subscriptions o WHERE o.id = $2),
            layout = (SELECT o.layout FROM subscriptions o WHERE o.id = $2),
            paused_until = (SELECT o.paused_until FROM subscriptions o WHERE o.id = $2)
        WHERE id = $1";
    // What moved at a moment, whatever became of it since.
    MOVED_LETTERS = "SELECT newsletter_id FROM consent_events
        WHERE subscriber_id = $1 AND event = 'moved' AND at = $2 AND newsletter_id IS NOT NULL";
}
