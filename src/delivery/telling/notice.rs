//! Mails to the newsroom: rendered, and put in the queue in the caller's transaction.

use crate::clock::{DAY, Timestamp};
use crate::db::{Keys, Tx};
use crate::delivery::automatic;
use crate::delivery::row::Kind;
use crate::delivery::store::{self, NewDelivery};
use crate::mail::Address;
use crate::newsletters::declaration::Declaration;
use crate::newsletters::desk::Desk;
use crate::newsletters::notice_view::NoticeView;
use crate::newsletters::render::render_notice;
use crate::subscribers::AddressHash;

/// What is told a day late is of no use (ms).
const EXPIRE_AFTER: i64 = DAY;

/// A mail to the newsroom.
pub(super) struct Notice<'a> {
    /// `Notice` or `Editor`.
    pub(super) kind: Kind,
    /// Equal for what must be sent once only; the recipients' own follow.
    pub(super) key: &'a str,
    /// What its Message-ID begins with: letters, digits and hyphens.
    pub(super) id: &'a str,
    /// Whose sender and return path it has.
    pub(super) from: &'a Declaration,
    /// What it says.
    pub(super) view: NoticeView,
}

/// Puts it in the queue for each of `to`; one who was told by the same key before is passed over. Gives how many rows were
/// written; wake the pump after the commit.
pub(super) async fn enqueue(
    tx: &mut Tx,
    desk: &Desk,
    keys: &Keys,
    notice: Notice<'_>,
    to: &[Address],
    now: Timestamp,
) -> anyhow::Result<usize> {
    let rendered = render_notice(&desk.templates, notice.view)?;
    let variant = automatic::store_to_newsroom(tx, notice.from, notice.key, rendered, now).await?;
    let mut rows = 0;
    for (number, address) in to.iter().enumerate() {
        let hash = AddressHash::of(keys, address);
        let new = NewDelivery {
            kind: notice.kind,
            dedup_key: &format!("{}:{number}", notice.key),
            subscription_id: None,
            confirmation_id: None,
            variant_id: variant,
            address,
            address_hash: hash.as_bytes(),
            name: None,
            message_id: &format!("{}.{number}@{}", notice.id, notice.from.from.address().domain()),
            token_key_id: None,
            due_at: now,
            expires_at: now.plus(EXPIRE_AFTER),
        };
        rows += usize::from(store::enqueue(tx, &new, now).await?);
    }
    Ok(rows)
}
