//! `[[newsletter]]`: a digest and its schedule.

use chrono_tz::Tz;
use toml::Spanned;

use super::dates::DateRange;
use super::read::{Reader, Value, choice, section};
use super::span::Span;

section! {
    /// `[[newsletter]]`. Addresses, slugs and the schedule are checked by `newsletters::declaration`.
    pub struct Newsletter {
        /// Its identity.
        pub slug: Spanned<String>,
        /// Slugs it had before.
        pub was: Vec<Spanned<String>>,
        /// The name readers see.
        pub title: Spanned<String>,
        /// One sentence for the form.
        pub description: String = String::new(),
        /// Who it is from: `La Matinale <matinale@lettres.exemple.tg>`.
        pub from: Spanned<String>,
        /// Where answers go; without it, to `from`.
        pub reply_to: Option<Spanned<String>>,
        /// Where bounces go; each mail adds its own token before the `@`.
        pub bounce_to: Spanned<String>,
        /// Who is told about editions to approve and about trouble.
        pub editors: Vec<Spanned<String>>,
        /// Crontab's five fields, or `@daily` and its like.
        pub schedule: Spanned<String>,
        /// The zone of the schedule and of the dates readers see.
        pub timezone: Tz,
        /// Days without an edition.
        pub pauses: Vec<DateRange>,
        /// Slugs of the categories it carries; all of them when left out.
        pub categories: Option<Vec<Spanned<String>>>,
        /// How long before the previous edition an article may have been published and still be new.
        pub max_age: Span = Span::days(7),
        /// Fewer articles than this make no digest for a choice of categories.
        pub min_articles: u32 = 1,
        /// Further articles are announced or wait.
        pub max_articles: u32 = 15,
        /// The same in each section.
        pub max_per_section: Option<u32>,
        /// What becomes of articles beyond these limits.
        pub overflow: Overflow = Overflow::Announce,
        /// Which article leads when none is pinned: `newest` or `rubric:politique`.
        pub lead: Option<Spanned<String>>,
        /// Whether articles come with their beginning or whole.
        pub content: DigestContent = DigestContent::Excerpt,
        /// How many headlines of rubrics that the reader did not choose are named.
        pub related: u32 = 3,
        /// What they are called together.
        pub related_title: String = "À lire aussi".to_owned(),
        /// The subject, with places such as `{lead}`; without it the lead's title.
        pub subject: Option<Spanned<String>>,
        /// Why readers get the letter, in a sentence at its foot.
        pub reason: Option<String>,
        /// How its mails look: `sobre` when left out.
        pub template: Option<Spanned<String>>,
        /// Whether its mails begin with « Bonjour » and the reader's first name, where that is known.
        pub greeting: bool = true,
        /// What the first edition after a pause carries.
        pub after_pause: AfterPause = AfterPause::Fresh,
        /// How late a missed slot may still be sent.
        pub grace: Span = Span::hours(4),
        /// How long before the slot the edition is frozen, so that an editor can look.
        pub hold: Span = Span::minutes(30),
        /// Whether an editor must approve each edition.
        pub approval: Approval = Approval::Automatic,
        /// How long a delivery is tried before it is given up.
        pub expire_after: Span = Span::hours(24),
        /// How long its messages take to leave: each at an hour of its own within it.
        pub spread: Span = Span::default(),
        /// Whether who has just confirmed gets the latest edition at once.
        pub welcome: bool = false,
        /// What happens to a message whose arrival is unknown.
        pub on_doubt: OnDoubt = OnDoubt::Resend,
        /// Whether search engines are asked to leave its editions on the web alone.
        pub noindex: bool = false,
        /// Whether a reader who leaves gets a last mail that acknowledges it.
        pub last_mail: bool = false,
        /// Whether openings of articles from its mails are counted, by article and edition.
        pub count_clicks: bool = false,
    } then check
}

choice! {
    /// What the first edition after a pause of more than one slot carries.
    pub enum AfterPause {
        /// Only what appeared since the last paused slot.
        Fresh = "fresh",
        /// Everything that appeared during the pause, too.
        CatchUp = "catch-up",
    } expected "\"fresh\" or \"catch-up\""
}

choice! {
    /// What becomes of articles beyond an edition's limits.
    pub enum Overflow {
        /// Named by their headlines, with a link to the edition on the web, and not sent again.
        Announce = "announce",
        /// Left for the next edition as long as it can take them; announced when it could not.
        Carry = "carry",
    } expected "\"announce\" or \"carry\""
}

choice! {
    /// How much of an article a digest brings.
    pub enum DigestContent {
        /// Its beginning.
        Excerpt = "excerpt",
        /// All of its text, as far as the mail has room.
        Full = "full",
    } expected "\"excerpt\" or \"full\""
}

choice! {
    /// Whether an edition leaves by itself.
    pub enum Approval {
        /// At its slot.
        Automatic = "automatic",
        /// When an editor has approved it.
        Required = "required",
    } expected "\"automatic\" or \"required\""
}

choice! {
    /// What happens to a message when the connection broke after its last byte: it may have arrived.
    pub enum OnDoubt {
        /// Sent again, the same to the byte: nobody is left out, somebody may get it twice.
        Resend = "resend",
        /// Held for the operator: nobody gets it twice, somebody may be left out.
        Hold = "hold",
    } expected "\"resend\" or \"hold\""
}

fn check(newsletter: &Newsletter, value: &Value<'_>, reader: &mut Reader) {
    let mut at_least = |key: &str, fine: bool, expected: &str| {
        if !fine && value.get(key).is_some() {
            reader.mistakes.push(value.at_key(key), format!("`newsletter.{key}`: expected {expected}"));
        }
    };
    at_least("min_articles", newsletter.min_articles >= 1, "at least 1");
    at_least(
        "max_articles",
        newsletter.max_articles >= newsletter.min_articles.max(1),
        "at least `min_articles`",
    );
    at_least("max_per_section", newsletter.max_per_section.is_none_or(|most| most >= 1), "at least 1");
    at_least("related", newsletter.related <= 10, "at most 10");
    at_least("related_title", !newsletter.related_title.is_empty(), "a text");
    at_least("expire_after", newsletter.expire_after >= Span::minutes(1), "at least \"1m\"");
    at_least("spread", newsletter.spread < newsletter.expire_after, "less than `expire_after`");
    at_least("max_age", newsletter.max_age >= Span::minutes(1), "at least \"1m\"");
    at_least(
        "categories",
        newsletter.categories.as_ref().is_none_or(|list| !list.is_empty()),
        "one or more slugs; leave it out for all",
    );
    at_least("title", !newsletter.title.get_ref().is_empty(), "a text");
}
