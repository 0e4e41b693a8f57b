//! The statements of the form's limits, and of what becomes of askings that nobody confirmed.

use crate::statements;

statements! {
    // Limits: both engines hold a written row for the transaction ---------------------------------------------------
    LOCK_NETWORK = "INSERT INTO form_networks (network, debt, at) VALUES ($1, 0, $2)
        ON CONFLICT (network) DO UPDATE SET debt = form_networks.debt RETURNING debt, at";
    SET_NETWORK = "UPDATE form_networks SET debt = $2, at = $3 WHERE network = $1";
    FORGET_NETWORKS = "DELETE FROM form_networks WHERE at + debt < $1";
    LOCK_TOTAL = "INSERT INTO form_total (id, debt, at) VALUES (1, 0, $1)
        ON CONFLICT (id) DO UPDATE SET debt = form_total.debt RETURNING debt, at";
    SET_TOTAL = "UPDATE form_total SET debt = $1, at = $2";
    NOTE_REFUSAL = "UPDATE form_total SET refused_at = $1";
    LOOK_AT_TOTAL = "SELECT refused_at FROM form_total";

    // What a link confirms besides the inscription ------------------------------------------------------------------
    CONFIRM_CHOICE = "UPDATE subscriptions SET choice_id = $2 WHERE id = $1";
    CONFIRM_FIRST_NAME = "UPDATE subscribers SET name = $2 WHERE id = $1";
    RUBRICS_BY_ID = "SELECT id, name FROM categories WHERE kind = 'rubric' ORDER BY position, id";
}
