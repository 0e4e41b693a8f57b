//! The variants that messages are being made of, kept in memory within a bound.

use std::collections::HashMap;
use std::sync::Arc;

use crate::delivery::message::Variant;
use crate::newsletters::variant::VariantId;

/// The variants used last.
#[derive(Debug, Default)]
pub(super) struct Kept {
    variants: HashMap<VariantId, (Arc<Variant>, u64)>,
    /// Of all of them.
    bytes: usize,
    /// Counts uses, to tell which was used last.
    uses: u64,
}

/// Bytes of variants kept at a time. An edition of a few dozen variants of 35 kB fits many times; of one with thousands some
/// are read again, which takes less than sending one message.
const KEPT: usize = 16 << 20;

impl Kept {
    /// The variant, if it is kept.
    pub(super) fn get(&mut self, id: VariantId) -> Option<Arc<Variant>> {
        self.uses += 1;
        let (variant, used) = self.variants.get_mut(&id)?;
        *used = self.uses;
        Some(Arc::clone(variant))
    }

    /// Keeps it, in place of those used longest ago.
    pub(super) fn put(&mut self, id: VariantId, variant: &Arc<Variant>) {
        self.uses += 1;
        self.bytes += variant.bytes();
        if let Some((before, _)) = self.variants.insert(id, (Arc::clone(variant), self.uses)) {
            self.bytes -= before.bytes();
        }
        while self.bytes > KEPT && self.variants.len() > 1 {
            let Some((&oldest, _)) = self.variants.iter().min_by_key(|(_, (_, used))| *used) else { return };
            if let Some((gone, _)) = self.variants.remove(&oldest) {
                self.bytes -= gone.bytes();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::{Address, Draft, Mailbox, compose};

    fn variant(bytes: usize) -> Arc<Variant> {
        let draft = Draft {
            from: Mailbox::parse("matinale@exemple.tg").unwrap(),
            reply_to: None,
            subject: "Essai".to_owned(),
            text: "a\n".repeat(bytes / 3),
            html: String::new(),
            date: None,
            list: None,
            auto: false,
        };
        let envelope_from = Address::parse("retours@exemple.tg").unwrap();
        Arc::new(Variant::of(envelope_from, compose(&draft).unwrap(), None))
    }

    #[test]
    fn what_is_kept_of_variants_is_bounded_and_what_was_used_last_stays() {
        let mut kept = Kept::default();
        let large = variant(1 << 20);
        for id in 0..100 {
            kept.put(VariantId(id), &large);
            assert!(kept.bytes <= KEPT);
            assert!(kept.get(VariantId(0)).is_some(), "used each time");
        }
        assert!(kept.get(VariantId(99)).is_some() && kept.get(VariantId(50)).is_none());
        let held: usize = kept.variants.values().map(|(variant, _)| variant.bytes()).sum();
        assert_eq!(kept.bytes, held);

        // One that is larger than all that may be kept is kept alone.
        kept.put(VariantId(200), &variant(2 * KEPT));
        assert!(kept.get(VariantId(200)).is_some() && kept.variants.len() == 1);
    }
}
