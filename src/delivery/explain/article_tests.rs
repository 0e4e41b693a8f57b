use super::*;
use crate::articles::ArticleId;
use crate::newsletters::newsletter::NewsletterId;
use crate::subscribers::SubscriptionState;

/// Monday 23 November 2026, 7:00 UTC.
const SLOT: Timestamp = Timestamp::from_millis(1_795_417_200_000);
const DAY: i64 = 86_400_000;

fn article() -> ArticleFacts {
    ArticleFacts {
        id: ArticleId(5),
        title: "Au port de Lomé".into(),
        published_at: SLOT.plus(-3_600_000),
        appeared_at: SLOT.plus(-3_600_000),
        retracted_at: None,
        categories: vec![(1, "Économie".into())],
        usage: None,
        used_at: None,
        returned: false,
        edition: None,
        role: None,
        opening_at: Some(SLOT.plus(-30 * DAY)),
        previous_slot: Some(SLOT),
    }
}

fn rules() -> Rules {
    Rules {
        title: "La Matinale".into(),
        zone: Zone::parse("Africa/Lome").unwrap(),
        max_age: 7 * DAY,
        carried: vec![1, 2],
    }
}

fn reader() -> facts::Address {
    facts::Address {
        address: "afi@exemple.tg".into(),
        since: None,
        suppressions: Vec::new(),
        subscriptions: Vec::new(),
        hash: Vec::new(),
    }
}

fn told(article: &ArticleFacts, rules: &Rules) -> String {
    story(article, rules, &reader(), None, None, SLOT.plus(DAY))
        .join(" ")
        .replace(['\u{a0}', '\u{202f}'], " ")
}

#[test]
fn an_article_that_no_edition_took_says_why() {
    for (article, rules, expected) in [
        (article(), rules(), "Aucune édition de La Matinale ne l’a encore pris : la prochaine le prendra."),
        (
            ArticleFacts { published_at: SLOT.plus(2 * DAY), ..article() },
            rules(),
            "Sous embargo jusqu’au mercredi 25 novembre 2026 à 7 h 0 min 0 s : La Matinale ne peut pas encore le prendre.",
        ),
        (
            article(),
            Rules { carried: vec![2], ..rules() },
            "La Matinale ne porte pas ses rubriques (Économie).",
        ),
        (
            ArticleFacts { appeared_at: SLOT.plus(-31 * DAY), ..article() },
            rules(),
            "Il a paru le vendredi 23 octobre 2026 à 7 h 0 min 0 s, avant les débuts de La Matinale",
        ),
        (
            ArticleFacts { published_at: SLOT.plus(-8 * DAY), ..article() },
            rules(),
            "Trop ancien pour La Matinale : publié le dimanche 15 novembre 2026 à 7 h 0 min 0 s",
        ),
        (
            ArticleFacts { retracted_at: Some(SLOT), ..article() },
            rules(),
            "Retiré par la rédaction le lundi 23 novembre 2026 à 7 h 0 min 0 s. Aucune édition de La Matinale ne l’a pris.",
        ),
        (
            ArticleFacts { usage: Some(Usage::Passed), used_at: Some(SLOT), ..article() },
            rules(),
            "Il a paru pendant une pause de la lettre, qui a repris le lundi 23 novembre 2026 à 7 h 0 min 0 s sans lui.",
        ),
    ] {
        assert!(told(&article, &rules).starts_with(expected), "{expected}: {}", told(&article, &rules));
    }
}

#[test]
fn what_a_readers_own_copy_does_otherwise_is_told() {
    let article = ArticleFacts { role: Some(Role::Announced), ..article() };
    for (usage, held, said) in [
        (Usage::Announced, Place::Lead, Some("s’ouvre sur lui")),
        (Usage::Announced, Place::Full, Some("a la place de le montrer")),
        (Usage::Announced, Place::Announced, None),
        (Usage::Full, Place::Full, None),
        (Usage::Full, Place::Related, Some("que le titre")),
    ] {
        let told = own_copy(&article, usage, held);
        assert_eq!(told.is_some(), said.is_some(), "{told:?}");
        assert!(said.is_none_or(|said| told.is_some_and(|told| told.contains(said))));
    }
}

#[test]
fn a_reader_of_other_rubrics_did_not_see_it() {
    let subscription = |choice: &str| SubscriptionFacts {
        newsletter_id: NewsletterId(1),
        slug: "matinale".into(),
        title: "La Matinale".into(),
        timezone: "Africa/Lome".into(),
        state: SubscriptionState::Confirmed,
        choice: choice.into(),
        layout: "normal".into(),
        created_at: SLOT,
        confirmed_at: Some(SLOT),
        left_at: None,
        paused_until: None,
        changed_at: None,
    };
    let text = seen(&article(), &rules(), Some(&subscription("2,3")));
    assert!(text.is_some_and(|text| text.contains("Économie")));
    assert_eq!(seen(&article(), &rules(), Some(&subscription("1"))), None);
    assert_eq!(seen(&article(), &rules(), Some(&subscription("all"))), None);
    assert_eq!(seen(&article(), &rules(), None), None);
}
