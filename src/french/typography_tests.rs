//! What the typographer does and what it leaves alone. In the tables `_` stands for U+00A0 and `~` for U+202F.

use proptest::prelude::*;

use crate::french::typography::{NARROW, Spaces, typeset};

fn shown(text: &str) -> String {
    text.replace('\u{a0}', "_").replace('\u{202f}', "~")
}

fn set(text: &str) -> String {
    shown(&typeset(text, Spaces::Narrow))
}

fn check(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(&set(text), expected, "{text:?}");
        let done = expected.replace('_', "\u{a0}").replace('~', "\u{202f}");
        assert_eq!(&set(&done), expected, "again: {text:?}");
    }
}

/// Lexique des règles typographiques en usage à l'Imprimerie nationale, "Ponctuation"; design.md P6.
#[test]
fn high_punctuation_takes_a_no_break_space() {
    check(&[
        ("Attention : le scrutin est reporté !", "Attention_: le scrutin est reporté~!"),
        ("Pourquoi?", "Pourquoi~?"),
        ("Pourquoi ?", "Pourquoi~?"),
        ("Pourquoi\u{a0}?", "Pourquoi~?"),
        ("Pourquoi  ?", "Pourquoi~?"),
        ("Déjà\u{202f}: bien", "Déjà_: bien"),
        ("Élections: les résultats", "Élections_: les résultats"),
        ("Lomé; Kara; Sokodé", "Lomé~; Kara~; Sokodé"),
        ("Vraiment ?!", "Vraiment~?!"),
        ("Vraiment?!", "Vraiment~?!"),
        ("Quoi !!!", "Quoi~!!!"),
        ("Et puis… ?", "Et puis…~?"),
        ("Et puis...?", "Et puis…~?"),
        ("Tous (ou presque)!", "Tous (ou presque)~!"),
        ("(Oui!)", "(Oui~!)"),
        ("Un doute (?) demeure", "Un doute (?) demeure"),
        ("La loi (!) est votée", "La loi (!) est votée"),
        ("Bravo 🎉!", "Bravo 🎉~!"),
        ("Ils étaient 300!", "Ils étaient 300~!"),
        ("30%!", "30_%~!"),
        ("etc.?", "etc.~?"),
        ("Fin\n! suite", "Fin\n! suite"),
        ("! début", "! début"),
    ]);
}

#[test]
fn guillemets_hold_their_words() {
    check(&[
        ("Il dit «oui»", "Il dit «_oui_»"),
        ("Il dit « oui »", "Il dit «_oui_»"),
        ("Il dit : « oui » ; puis part.", "Il dit_: «_oui_»~; puis part."),
        ("« Non ! »", "«_Non~!_»"),
        ("«\u{202f}Non\u{202f}»", "«_Non_»"),
        ("« »", "« »"),
        ("«»", "«»"),
        ("un « seul", "un «_seul"),
    ]);
}

#[test]
fn straight_quotes_that_pair_become_guillemets() {
    check(&[
        ("Il dit \"oui\"", "Il dit «_oui_»"),
        ("\"Non!\", dit-il", "«_Non~!_», dit-il"),
        ("(\"oui\")", "(«_oui_»)"),
        ("l'\"Union\" d'Aného", "l’«_Union_» d’Aného"),
        ("\"oui\" et \"non\"", "«_oui_» et «_non_»"),
        ("\"Vision 2030\" avance", "«_Vision 2030_» avance"),
        ("\"il a dit \"oui\" hier\"", "«_il a dit “oui” hier_»"),
        ("« il a dit \"oui\" »", "«_il a dit “oui”_»"),
        ("un écran de 15\" et un \"portable\"", "un écran de 15\" et un «_portable_»"),
        ("il a dit \"oui", "il a dit \"oui"),
        ("oui\" a-t-il dit", "oui\" a-t-il dit"),
        ("un \"écran 15\" plat\"", "un \"écran 15\" plat\""),
        ("\"oui\nnon\"", "\"oui\nnon\""),
        ("a\"b\"c", "a\"b\"c"),
        ("Un “mot” anglais", "Un “mot” anglais"),
    ]);
}

#[test]
fn apostrophes_between_letters_curl() {
    check(&[
        ("L'été", "L’été"),
        ("aujourd'hui", "aujourd’hui"),
        ("N'Djamena", "N’Djamena"),
        ("Qu'est-ce que c'est ?", "Qu’est-ce que c’est~?"),
        ("l'11 novembre", "l’11 novembre"),
        ("en 5'30''", "en 5'30''"),
        ("les années '90", "les années '90"),
        ("le mot 'oui' seul", "le mot 'oui' seul"),
        ("l’été", "l’été"),
        ("e\u{301}tat d'urgence", "e\u{301}tat d’urgence"),
    ]);
}

#[test]
fn three_dots_are_one_mark() {
    check(&[
        ("Et puis...", "Et puis…"),
        ("[...] suite", "[…] suite"),
        ("nom : ......", "nom_: ......"),
        ("v1..2", "v1..2"),
        ("Eh bien... non", "Eh bien… non"),
    ]);
}

#[test]
fn addresses_hours_and_code_are_left_alone() {
    check(&[
        ("À 18:30, voir https://exemple.tg/a?b=c", "À 18:30, voir https://exemple.tg/a?b=c"),
        ("https://exemple.tg/l'article?q='x'...y", "https://exemple.tg/l'article?q='x'...y"),
        ("Vu sur https://exemple.tg !", "Vu sur https://exemple.tg~!"),
        ("Vu sur https://exemple.tg/?", "Vu sur https://exemple.tg/?"),
        ("Vu sur https://exemple.tg?", "Vu sur https://exemple.tg~?"),
        ("(https://exemple.tg/a;b)", "(https://exemple.tg/a;b)"),
        ("\"https://exemple.tg\"", "«_https://exemple.tg_»"),
        ("www.exemple.tg/a?b:c", "www.exemple.tg/a?b:c"),
        ("exemple.tg/a'b?c", "exemple.tg/a'b?c"),
        ("Écrire à o'brien@exemple.tg ?", "Écrire à o'brien@exemple.tg~?"),
        ("jean@exemple.tg: oui", "jean@exemple.tg_: oui"),
        ("mailto:jean@exemple.tg", "mailto:jean@exemple.tg"),
        ("Jean 3:16", "Jean 3:16"),
        ("std::vec", "std::vec"),
        ("a;b", "a;b"),
        ("AT&amp; T", "AT&amp; T"),
        ("C:\\temp", "C:\\temp"),
        ("50%vol", "50%vol"),
    ]);
}

/// Lexique des règles typographiques, "Nombres", "Abréviations", "Coupures à éviter".
#[test]
fn numbers_keep_their_units_and_names_their_titles() {
    check(&[
        ("10 000 F CFA", "10~000_F_CFA"),
        ("1 234 567 francs CFA", "1~234~567 francs_CFA"),
        ("500 FCFA.", "500_FCFA."),
        ("30 % des voix", "30_% des voix"),
        ("30% des voix", "30_% des voix"),
        ("12,5 %", "12,5_%"),
        ("30 °C", "30_°C"),
        ("25 km/h", "25_km/h"),
        ("2 millions d'habitants", "2_millions d’habitants"),
        ("à 7 h 30", "à 7_h_30"),
        ("à 7 h.", "à 7_h."),
        ("7 h 0 min 12 s", "7_h_0_min_12_s"),
        ("un jet à 11 m 87", "un jet à 11_m_87"),
        ("n° 12", "n°_12"),
        ("l'art. 3", "l’art._3"),
        ("(p. 4)", "(p._4)"),
        ("M. Gnassingbé", "M._Gnassingbé"),
        ("Mme Lawson et MM. Ayité", "Mme_Lawson et MM._Ayité"),
        ("« M. Lawson »", "«_M._Lawson_»"),
        ("XXIe siècle", "XXIe_siècle"),
        ("Me voici", "Me voici"),
        ("30 m. Puis", "30_m. Puis"),
        // Years, telephone numbers and loose digits are no thousands.
        ("en 2026 300 personnes", "en 2026 300 personnes"),
        ("+228 900 123", "+228 900 123"),
        ("90 12 34 56", "90 12 34 56"),
        ("90 123 456 78", "90 123 456 78"),
        ("BP 123 456 Lomé", "BP 123 456 Lomé"),
        ("RCCM 123 456 789", "RCCM 123 456 789"),
        ("tél. : 22 300 400", "tél._: 22~300~400"),
        ("de 10 000 à 12 000", "de 10~000 à 12~000"),
        ("1 000, 2 000", "1~000, 2~000"),
        ("(10 000)", "(10~000)"),
        ("loi n° 2020-001", "loi n°_2020-001"),
        ("de 3 à 5", "de 3 à 5"),
    ]);
}

#[test]
fn text_without_french_marks_is_untouched() {
    check(&[("", ""), (" ", " "), ("Tech & Web", "Tech & Web"), ("Eʋegbe, ɖeka", "Eʋegbe, ɖeka")]);
}

#[test]
fn plain_text_has_no_narrow_space() {
    for (text, expected) in [
        ("Pourquoi ? 10 000 F !", "Pourquoi_? 10_000_F_!"),
        ("Déjà\u{202f}; « ici »", "Déjà_; «_ici_»"),
        ("10\u{202f}000\u{a0}articles", "10_000_articles"),
    ] {
        assert_eq!(shown(&typeset(text, Spaces::Plain)), expected);
    }
}

/// Text made of what the rules look at.
fn nasty() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[;:!?%«»“”‘’'\"….,()/@&#+`´°€‰-]",
        "[ \u{a0}\u{202f}\n\u{2009}]",
        "[a-zA-ZéÀœ]{1,3}",
        "[0-9]{1,4}",
        proptest::sample::select(vec![
            "...",
            "://",
            "www.",
            "https://a.tg/?b",
            "a@b.tg",
            "F CFA",
            "M.",
            "h",
            "XXe",
            "siècle",
            "&amp;",
            "km",
            "d'",
            "n°",
            "°C",
            "Louis XIV",
        ])
        .prop_map(str::to_owned),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

fn letters(text: &str) -> String {
    text.replace("...", "…").chars().filter(|c| c.is_alphanumeric() || *c == '…').collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn setting_twice_changes_nothing_more(text in nasty()) {
        for spaces in [Spaces::Narrow, Spaces::Plain] {
            let once = typeset(&text, spaces);
            prop_assert_eq!(typeset(&once, spaces), once, "{:?}", text);
        }
    }

    #[test]
    fn letters_digits_and_lines_are_never_changed(text in prop_oneof![nasty(), any::<String>()]) {
        let done = typeset(&text, Spaces::Narrow);
        prop_assert_eq!(letters(&done).replace('…', ""), letters(&text).replace('…', ""));
        prop_assert_eq!(done.lines().count(), text.lines().count());
    }

    #[test]
    fn plain_text_never_holds_a_narrow_space(text in nasty()) {
        prop_assert!(!typeset(&text, Spaces::Plain).contains(NARROW));
    }
}
