//! Every statement about alerts.

use crate::statements;

macro_rules! alert {
    ($which:literal) => {
        concat!(
            "SELECT id, kind, subject, detail, count, since, last_seen_at, ended_at, told_at FROM alerts ",
            $which
        )
    };
}

statements! {
    ALERT_LIVING = "SELECT last_seen_at, ended_at FROM alerts WHERE kind = $1 AND subject = $2 AND closed_at IS NULL";
    // One that ended and whose end was not told yet goes on: what flaps is told once.
    RAISE_ALERT = "INSERT INTO alerts (kind, subject, detail, count, since, last_seen_at) VALUES ($1, $2, $3, 1, $4, $4)
        ON CONFLICT (kind, subject) WHERE closed_at IS NULL DO UPDATE SET
            detail = excluded.detail, count = alerts.count + 1, last_seen_at = excluded.last_seen_at, ended_at = NULL";
    END_ALERT = "UPDATE alerts SET ended_at = $3
        WHERE kind = $1 AND subject = $2 AND closed_at IS NULL AND ended_at IS NULL";
    OPEN_ALERTS = (alert!("WHERE closed_at IS NULL AND ended_at IS NULL ORDER BY since, id"));
    LIVING_ALERTS = (alert!("WHERE closed_at IS NULL ORDER BY since, id"));
    OPEN_ALERTS_OF = (alert!("WHERE closed_at IS NULL AND ended_at IS NULL AND kind = $1 ORDER BY since, id"));

    // Telling ---------------------------------------------------------------------------------------------------
    // Whoever writes the row is the one who tells; the others wait for him.
    LOOK_AT_ALERTS = "UPDATE alert_watch SET looked_at = $1 WHERE id = 1 RETURNING bulletin_at";
    NOTE_BULLETIN = "UPDATE alert_watch SET bulletin_at = $1 WHERE id = 1";
    TELL_ALERT = "UPDATE alerts SET told_at = $2 WHERE id = $1 AND told_at IS NULL";
    CLOSE_ALERT = "UPDATE alerts SET closed_at = $2, ended_at = coalesce(ended_at, $2) WHERE id = $1 AND closed_at IS NULL";
}
