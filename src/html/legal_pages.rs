//! The pages the law asks for: who publishes, what is kept of a reader and for how long.

use crate::config::{Config, Keep, Law};
use crate::french::number::count;
use serde::Serialize;

/// What `/confidentialite` says beyond its fixed words, from the configuration.
#[derive(Debug, Clone, Serialize)]
pub struct PrivacyView {
    /// For how many days the link of a confirmation mail holds.
    pub confirm_days: i64,
    /// After which time an asking that nobody confirmed is removed: "30 jours".
    pub unconfirmed: String,
    /// How long finished deliveries are kept: "13 mois".
    pub deliveries: String,
    /// After which time without a sign of life a reader is asked, and then erased: "3 ans".
    pub readers: String,
    /// For how long a consent keeps where it came from; then only its network is left: "12 mois".
    pub origin: String,
    /// Whether a letter counts how often its articles are opened.
    pub clicks: bool,
    /// Under the law of Togo.
    pub togo: bool,
    /// Under the law of France, and with it that of the European Union.
    pub france: bool,
}

impl PrivacyView {
    /// What this configuration keeps.
    #[must_use]
    pub fn of(config: &Config, confirm_days: i64) -> Self {
        let under = |law| config.publisher.law.contains(&law);
        Self {
            confirm_days,
            unconfirmed: kept(Keep::Span(config.retention.unconfirmed)),
            deliveries: kept(config.retention.deliveries),
            readers: kept(config.retention.readers),
            origin: kept(config.retention.origin),
            clicks: config.newsletters.iter().any(|letter| letter.count_clicks),
            togo: under(Law::Togo),
            france: under(Law::France),
        }
    }
}

/// "13 mois", "3 ans", "400 jours".
#[must_use]
pub fn kept(keep: Keep) -> String {
    match keep {
        Keep::Months(months) if months % 12 == 0 => count(i64::from(months) / 12, "an", "ans"),
        Keep::Months(months) => count(months.into(), "mois", "mois"),
        Keep::Span(span) => count(span.ms() / crate::clock::DAY, "jour", "jours"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Span;

    #[test]
    fn times_are_said_in_the_largest_unit_that_fits() {
        assert_eq!(kept(Keep::Months(13)), "13\u{a0}mois");
        assert_eq!(kept(Keep::Months(36)), "3\u{a0}ans");
        assert_eq!(kept(Keep::Months(12)), "1\u{a0}an");
        assert_eq!(kept(Keep::Span(Span::days(400))), "400\u{a0}jours");
    }
}
