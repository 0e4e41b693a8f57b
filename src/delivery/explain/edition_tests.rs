use super::*;
use crate::delivery::row::DeliveryId;
use crate::newsletters::edition::EditionId;
use crate::newsletters::newsletter::NewsletterId;
use crate::subscribers::Reason;

use super::super::facts::SubscriptionFacts;

/// Monday 23 November 2026, 7:00 UTC, which is Lomé's hour too.
const SLOT: Timestamp = Timestamp::from_millis(1_795_417_200_000);

fn edition() -> EditionFacts {
    EditionFacts {
        id: EditionId(12),
        newsletter_id: NewsletterId(1),
        slug: "matinale".into(),
        title: "La Matinale".into(),
        zone: Zone::parse("Africa/Lome").unwrap(),
        slot_at: SLOT,
        due_at: SLOT,
        state: EditionState::Released,
        reason: None,
        approved_at: Some(SLOT),
        released_at: Some(SLOT),
        fanned_out_at: Some(SLOT.plus(900)),
        folded: false,
        rectifies: None,
        deliveries: Vec::new(),
        shown: Vec::new(),
        choice_has_variant: true,
        chosen: None,
    }
}

fn reader() -> Address {
    Address {
        address: "afi@exemple.tg".into(),
        since: Some(SLOT.plus(-90_000_000)),
        suppressions: Vec::new(),
        subscriptions: vec![SubscriptionFacts {
            newsletter_id: NewsletterId(1),
            slug: "matinale".into(),
            title: "La Matinale".into(),
            timezone: "Africa/Lome".into(),
            state: SubscriptionState::Confirmed,
            choice: "all".into(),
            layout: "normal".into(),
            created_at: SLOT.plus(-90_000_000),
            confirmed_at: Some(SLOT.plus(-86_400_000)),
            left_at: None,
            paused_until: None,
            changed_at: None,
        }],
        hash: vec![1; 32],
    }
}

fn delivery(state: State) -> DeliveryFacts {
    DeliveryFacts {
        id: DeliveryId(77),
        resend: false,
        state,
        held: false,
        reason: None,
        due_at: SLOT,
        expires_at: SLOT.plus(86_400_000),
        attempts: 0,
        in_doubt_at: Some(SLOT.plus(11_000)),
        relay: Some("smtps://relais.exemple.tg:465".into()),
        reply_stage: Some("dot".into()),
        reply_code: Some(250),
        reply_text: Some("2.0.0 Ok: queued as 4F7B2".into()),
        message_id: "ed-12.ab@lettres.exemple.tg".into(),
        created_at: SLOT,
        finished_at: Some(SLOT.plus(12_000)),
        bodies_left_out: 0,
        excerpt_length: None,
        moved: 0,
        counted: 0,
        returned: Vec::new(),
    }
}

#[test]
fn what_came_back_stands_beside_what_was_handed_over() {
    let bounce = Recorded {
        class: Class::Hard,
        status: Some("5.1.1".into()),
        reply: Some("550 5.1.1 <script>: user unknown".into()),
        reporter: Some("mx.exemple.tg".into()),
        at: SLOT.plus(60_000),
    };
    let told = told_of(DeliveryFacts { returned: vec![bounce], ..delivery(State::Sent) });
    assert!(told[0].starts_with("Remise au relais"), "{told:?}");
    assert_eq!(
        told[2],
        "Revenue le lundi 23 novembre 2026 à 7 h 1 min 0 s : mx.exemple.tg a répondu 550 5.1.1 <script>: user unknown. Ce refus est définitif."
    );
}

/// The story with ordinary spaces.
fn told(edition: &EditionFacts, reader: &Address) -> Vec<String> {
    let story = story(edition, reader, SLOT.plus(60_000));
    story.into_iter().map(|text| text.replace(['\u{a0}', '\u{202f}'], " ")).collect()
}

fn told_of(delivery: DeliveryFacts) -> Vec<String> {
    told(&EditionFacts { deliveries: vec![delivery], ..edition() }, &reader())
}

#[test]
fn a_mail_that_had_to_be_made_to_fit_says_how() {
    let told = told_of(DeliveryFacts { excerpt_length: Some(0), moved: 3, ..delivery(State::Sent) });
    assert_eq!(
        told.last().unwrap(),
        "Abrégée pour ne pas être coupée par les messageries : articles sans extrait, 3 articles annoncés par leur seul titre."
    );
}

#[test]
fn what_a_relay_took_was_handed_over_and_says_what_to_look_up_next() {
    assert_eq!(
        name(&edition()).replace('\u{a0}', " "),
        "La Matinale du lundi 23 novembre 2026 à 7 h (édition 12)"
    );
    assert_eq!(
        told_of(delivery(State::Sent)),
        [
            "Remise au relais smtps://relais.exemple.tg:465 le lundi 23 novembre 2026 à 7 h 0 min 12 s, réponse 250 2.0.0 Ok: queued as 4F7B2.",
            "La suite est dans le journal du relais, à 4F7B2 (Message-ID <ed-12.ab@lettres.exemple.tg>).",
        ]
    );
    let maildir = DeliveryFacts {
        relay: Some("maildir:outbox".into()),
        reply_code: None,
        reply_text: Some("in the Maildir".into()),
        ..delivery(State::Sent)
    };
    assert_eq!(
        told_of(maildir)[0],
        "Déposée dans le dossier maildir:outbox le lundi 23 novembre 2026 à 7 h 0 min 12 s."
    );
}

#[test]
fn no_story_ever_says_that_something_was_received() {
    for state in State::ALL {
        for held in [false, true] {
            for reason in [None, Some("the reader has left".to_owned()), Some("odd".to_owned())] {
                let story = told_of(DeliveryFacts { held, reason, ..delivery(*state) }).join(" ");
                assert!(!story.is_empty() && !story.to_lowercase().contains("reçu"), "{story}");
                assert!(!story.contains(['\'', '"']), "{story}");
            }
        }
    }
}

#[test]
fn what_waits_fails_or_is_in_doubt_says_why_and_what_to_type() {
    let greylisted = DeliveryFacts {
        attempts: 1,
        due_at: SLOT.plus(360_000),
        reply_code: Some(450),
        reply_text: Some("4.7.1 greylisted".into()),
        ..delivery(State::Pending)
    };
    assert_eq!(
        told_of(greylisted),
        [
            "Pas encore prise : le relais smtps://relais.exemple.tg:465 a répondu 450 4.7.1 greylisted. Prochain essai le lundi \
          23 novembre 2026 à 7 h 6 min 0 s, 1 réponse jusqu’ici, au plus tard le mardi 24 novembre 2026 à 7 h 0 min 0 s."
        ]
    );
    let refused = DeliveryFacts {
        reason: Some("the address was refused".into()),
        reply_code: Some(550),
        reply_text: Some("5.1.1 unknown user".into()),
        ..delivery(State::Failed)
    };
    assert_eq!(
        told_of(refused),
        [
            "Pas remise : l’adresse a été refusée, le lundi 23 novembre 2026 à 7 h 0 min 12 s. Dernière réponse : 550 5.1.1 unknown user.",
            "Pour essayer encore : kiosque delivery retry 77",
        ]
    );
    let doubt = told_of(delivery(State::InDoubt));
    assert!(
        doubt[0].starts_with("Dans le doute depuis le lundi 23 novembre 2026 à 7 h 0 min 11 s : "),
        "{doubt:?}"
    );
    let held =
        DeliveryFacts { held: true, reason: Some("edition stopped".into()), ..delivery(State::Pending) };
    assert_eq!(told_of(held)[0], "Retenue : l’édition a été arrêtée. Elle ne part pas sans vous.");
}

#[test]
fn who_has_no_message_is_told_by_which_rule() {
    let says = |edition: &EditionFacts, reader: &Address, expected: &str| {
        let told = told(edition, reader).join(" ");
        assert!(told.contains(expected), "{expected}: {told}");
    };
    let with = |change: fn(&mut SubscriptionFacts)| {
        let mut reader = reader();
        change(&mut reader.subscriptions[0]);
        reader
    };
    says(
        &edition(),
        &Address { subscriptions: Vec::new(), ..reader() },
        "elle n’est pas inscrite à La Matinale.",
    );
    let unconfirmed = with(|s| (s.state, s.confirmed_at) = (SubscriptionState::Pending, None));
    says(&edition(), &unconfirmed, "n’a pas été confirmée.");
    let left = with(|s| (s.state, s.left_at) = (SubscriptionState::Left, Some(SLOT)));
    says(&edition(), &left, "elle s’est désinscrite le lundi 23 novembre 2026 à 7 h 0 min 0 s.");
    let paused = with(|s| s.paused_until = Some(SLOT.plus(86_400_000)));
    says(&edition(), &paused, "elle est suspendue par le lecteur jusqu’au mardi 24 novembre 2026");
    let changed = with(|s| s.changed_at = Some(SLOT.plus(60_000)));
    says(&edition(), &changed, "après le départ ; celles d’alors ne prévoyaient pas cette édition.");
    let late = with(|s| s.confirmed_at = Some(SLOT.plus(1000)));
    says(&edition(), &late, "confirmée le lundi 23 novembre 2026 à 7 h 0 min 1 s, après le départ");
    let mut suppressed = reader();
    suppressed.suppressions.push(PastSuppression {
        reason: Reason::HardBounce,
        reply: Some("550 5.1.1 unknown user".into()),
        at: SLOT.plus(-3_600_000),
        lifted_at: None,
    });
    says(
        &edition(),
        &suppressed,
        "Sur la liste d’opposition depuis le lundi 23 novembre 2026 à 6 h 0 min 0 s : l’adresse n’existe plus, d’après le \
         relais (550 5.1.1 unknown user).",
    );
    let few = EditionFacts {
        choice_has_variant: false,
        chosen: Some(vec!["Sport".into(), "Culture".into()]),
        ..edition()
    };
    says(
        &few,
        &reader(),
        "dans ses rubriques d’aujourd’hui (Sport et Culture), l’édition n’avait pas assez d’articles.",
    );
    says(&edition(), &reader(), "c’est une faute du programme.");
    let rectificatif = EditionFacts { rectifies: Some(EditionId(4)), choice_has_variant: false, ..edition() };
    says(
        &rectificatif,
        &reader(),
        "son exemplaire de l’édition 4 n’est pas parti, ou ne contenait pas l’erreur",
    );
    says(&EditionFacts { fanned_out_at: None, ..edition() }, &reader(), "pas encore tous préparés");
    says(&EditionFacts { folded: true, ..edition() }, &reader(), "le détail n’est plus conservé.");
}

#[test]
fn an_edition_that_never_left_says_why() {
    let waiting = EditionFacts { state: EditionState::Frozen, released_at: None, ..edition() };
    for (edition, expected) in [
        (
            EditionFacts { approved_at: None, ..waiting.clone() },
            "Pas encore partie : elle attend d’être approuvée ; prévue le lundi 23 novembre 2026 à 7 h 0 min 0 s.",
        ),
        (
            EditionFacts { due_at: SLOT.plus(3_600_000), ..waiting.clone() },
            "Pas encore partie : prévue le lundi 23 novembre 2026 à 8 h 0 min 0 s.",
        ),
        (
            EditionFacts { state: EditionState::Stopped, ..waiting.clone() },
            "Arrêtée avant son départ : personne ne l’a eue, ses articles sont revenus.",
        ),
        (
            EditionFacts {
                state: EditionState::Expired,
                reason: Some(SkipReason::Unapproved),
                ..waiting.clone()
            },
            "Rien n’est parti, pour personne : personne ne l’a approuvée à temps.",
        ),
        (
            EditionFacts { state: EditionState::Expired, reason: Some(SkipReason::Coalesced), ..waiting },
            "Rien n’est parti, pour personne : une édition plus récente est partie pour les deux.",
        ),
    ] {
        assert_eq!(told(&edition, &reader()), [expected]);
    }
}

#[test]
fn the_relays_own_name_for_a_message_is_found() {
    assert_eq!(queue_id("2.0.0 Ok: queued as 4F7B2"), Some("4F7B2"));
    assert_eq!(queue_id("OK id=1tF0aB-0004xY-2z"), Some("1tF0aB-0004xY-2z"));
    assert_eq!(queue_id("2.0.0 accepted"), None);
}
