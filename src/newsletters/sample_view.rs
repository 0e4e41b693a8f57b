//! An invented edition, for trying templates and for tests.

use crate::french::lint::Blemish;
use crate::html::sample_pages::publisher;
use crate::html::templates::Templates;
use crate::mail::{PREFERENCES_MARK, TOKEN_MARK};
use crate::newsletters::button_view::ButtonView;
use crate::newsletters::digest_view::{
    AnnouncedView, ArticleView, ConfirmationView, CorrectionView, DigestView, GreetingView, HeadlineView,
    ImageView, LinkView, LinksView, NewsletterView, RelatedView, SectionView,
};
use crate::newsletters::editor_view;
use crate::newsletters::notice_view::{NoticeBlock, NoticeCommand, NoticeMark, NoticeRow, NoticeView};
use crate::newsletters::reader_view;
use crate::newsletters::render::{
    RenderError, Rendered, render, render_confirmation, render_editor, render_link, render_notice,
    render_reader_mail,
};
use crate::newsletters::seen::Layout;
use crate::newsletters::template_check;
use crate::newsletters::template_name::TemplateName;
use chrono::{NaiveDate, NaiveTime};

/// Rubric, title, summary, author (or empty), what its picture shows (or empty), if it has one.
type Row = (&'static str, &'static str, &'static str, &'static str, Option<&'static str>);

const LEAD: Row = (
    "Économie",
    "Au port de Lomé, la file des camions raccourcit enfin",
    "Le nouveau guichet unique promettait de diviser par deux le temps passé à quai. Six mois après son ouverture, \
     transitaires et chauffeurs décrivent un port plus calme, des dossiers traités en une journée, mais aussi des \
     frais que personne ne sait expliquer. Reportage entre le terminal et le poste de Sanvee Condji, là où \
     l'attente commence.",
    "Afi Mensah",
    Some(""),
);

const ROWS: &[Row] = &[
    (
        "Politique",
        "Les députés examinent la loi sur les communes",
        "Le texte transfère aux maires l'entretien des routes secondaires et des marchés. L'opposition demande que \
         les moyens suivent : « Une compétence sans budget est une dette », a résumé un élu des Plateaux.",
        "Koffi Adjovi",
        Some("L'hémicycle de l'Assemblée nationale, vu de la tribune"),
    ),
    (
        "Politique",
        "Qui siégera à la commission électorale ?",
        "Dix-neuf noms sont attendus avant le 1er décembre. Ce que dit le règlement, et ce que les partis négocient.",
        "Koffi Adjovi",
        None,
    ),
    (
        "Politique",
        "Kara : le conseil municipal adopte son budget à une voix près",
        "Quatre heures de débat, deux suspensions de séance et un compromis sur l'éclairage public.",
        "",
        None,
    ),
    (
        "Économie",
        "Le soja, nouvelle promesse des Hauts Plateaux",
        "La récolte dépasse 250 000 tonnes. Les coopératives réclament un prix plancher de 300 F CFA le kilo et des \
         magasins pour ne plus vendre dans l'urgence.",
        "Essi Amouzou",
        Some(""),
    ),
    (
        "Économie",
        "Transfert d'argent : ce que coûte vraiment un envoi",
        "Nous avons comparé onze services, du guichet au téléphone. L'écart va de 1 % à 9 %.",
        "Yao Tetteh",
        None,
    ),
    (
        "Société",
        "À Aného, les pêcheurs comptent les mètres que la mer reprend",
        "Une maison par mois, parfois deux. La digue promise avance, les familles aussi : elles déménagent pour la \
         troisième fois.",
        "Afi Mensah et Dela Kpodo",
        Some(""),
    ),
    (
        "Société",
        "Rentrée : 45 élèves par classe, un instituteur raconte",
        "« On n'enseigne pas, on tient », dit-il. Pourtant, son école de Tsévié affiche le meilleur taux de réussite \
         du canton.",
        "Dela Kpodo",
        None,
    ),
    (
        "Société",
        "Hôpital de Sokodé : la maternité rouvre après dix-huit mois de travaux",
        "Seize lits, un bloc neuf et une question : qui paiera l'entretien ?",
        "",
        Some(""),
    ),
    (
        "Tech & Web",
        "Payer son taxi par téléphone, même sans réseau",
        "Une application née à Lomé enregistre la course et règle plus tard. Elle vient de séduire Cotonou.",
        "Sena Agbeko",
        Some("Des taxis-motos dans une rue de Lomé"),
    ),
    (
        "Tech & Web",
        "Fibre : la carte des quartiers raccordés en 2026",
        "Agoè et Baguida passent avant la fin de l'année. Adidogomé attendra, et voici pourquoi.",
        "Sena Agbeko",
        None,
    ),
    (
        "Culture",
        "Le cinéma Le Togo rallume son projecteur",
        "Fermée pendant vingt ans, la salle rouvre avec une copie restaurée et un prix unique : 1 000 F CFA.",
        "Mawuli Akakpo",
        Some("La salle pendant une projection"),
    ),
    (
        "Culture",
        "« Ɖoŋkɔ », l'album qui chante l'ewe des faubourgs",
        "Douze titres, trois langues et une basse qui ne lâche rien : la chanteuse revient après quatre ans de \
         silence.",
        "Mawuli Akakpo",
        None,
    ),
    (
        "Culture",
        "Trois romans pour la saison des pluies",
        "Un polar à Atakpamé, une saga familiale, un premier livre : nos lectures de novembre.",
        "",
        None,
    ),
    (
        "Sport",
        "Éperviers : la liste pour les deux derniers matchs de l'année, entre retours attendus, blessures et \
         surprises venues du championnat national",
        "Le sélectionneur rappelle deux anciens et lance trois joueurs du championnat national.",
        "Ablam-Kodjovi Amegnizin-Dogbevi",
        Some(""),
    ),
    (
        "Sport",
        "Le marathon de Lomé change de parcours",
        "Plus plat, plus ombragé, il passera par le Grand Marché. Départ à 5 h 30.",
        "Edem Lawson",
        None,
    ),
    ("Sport", "Basket : les filles de Kpalimé en demi-finale", "", "Edem Lawson", None),
    (
        "Sport",
        "Cyclisme : l'étape reine du Tour passera par Badou",
        "Cent quarante kilomètres et une arrivée au sommet.",
        "",
        None,
    ),
];

/// The mails that are no digests, each with its name.
///
/// # Errors
/// The first mail that cannot be written.
pub fn other_mails(templates: &Templates) -> Result<Vec<(&'static str, Rendered)>, RenderError> {
    Ok(vec![
        ("confirmation", render_confirmation(templates, &confirmation())?),
        ("link", render_link(templates, &link())?),
        ("reader", render_reader_mail(templates, reader_view::sample())?),
        ("notice", render_notice(templates, notice())?),
        ("editor", render_editor(templates, editor_view::sample())?),
    ])
}

/// What is to be mended in the French of the mails, each with the mail's name.
///
/// # Errors
/// The first mail that cannot be written.
pub fn lint_mails(templates: &Templates) -> Result<Vec<(String, Blemish)>, RenderError> {
    let mut mails: Vec<(String, Rendered)> =
        other_mails(templates)?.into_iter().map(|(name, mail)| (name.to_owned(), mail)).collect();
    for name in TemplateName::all(templates) {
        mails.push((
            format!("digest {name}"),
            render(templates, &name, Layout::Normal, &digest_with_everything())?,
        ));
    }
    let light = render(templates, &TemplateName::default(), Layout::Light, &digest_with_everything())?;
    mails.push(("light digest".to_owned(), light));
    let spaces = templates.french().spaces();
    let mut found = Vec::new();
    for (name, mail) in mails {
        let blemishes = template_check::blemishes(&mail, spaces).into_iter();
        found.extend(blemishes.map(|(part, blemish)| (format!("mail {name}, {part}"), blemish)));
    }
    Ok(found)
}

/// Writes every mail once, digests by the templates named: what a template asks for in vain shows at start, not when an
/// edition is due.
///
/// # Errors
/// The first mail that cannot be written.
pub fn try_out(templates: &Templates, names: &[TemplateName]) -> Result<(), RenderError> {
    for name in names {
        for (view, layout) in [
            (digest_of_one(), Layout::Normal),
            (digest_with_everything(), Layout::Normal),
            (digest_with_everything(), Layout::Light),
        ] {
            let mail = render(templates, name, layout, &view)?;
            let faults = template_check::faults(&view, layout, &mail);
            if !faults.is_empty() {
                return Err(RenderError::Unfit { template: name.clone(), faults });
            }
        }
    }
    other_mails(templates).map(drop)
}

/// A digest of 18 articles in six rubrics, some without picture, summary or author.
#[must_use]
pub fn digest() -> DigestView {
    let mut sections: Vec<SectionView> = Vec::new();
    for (number, row) in ROWS.iter().enumerate() {
        let article = article(row, number + 2);
        match sections.iter_mut().find(|section| section.rubric == row.0) {
            Some(section) => section.articles.push(article),
            None => sections.push(SectionView { rubric: row.0.into(), articles: vec![article] }),
        }
    }
    DigestView { sections, announced: announced(), ..digest_of_one() }
}

/// A digest of one article.
#[must_use]
pub fn digest_of_one() -> DigestView {
    let date = NaiveDate::from_ymd_opt(2026, 8, 1).unwrap_or_default();
    DigestView {
        newsletter: newsletter(),
        date: date.and_time(NaiveTime::from_hms_opt(7, 0, 0).unwrap_or_default()),
        publisher: publisher(),
        subject_line: None,
        greeting: None,
        note: None,
        corrections: Vec::new(),
        lead: article(&LEAD, 1),
        sections: Vec::new(),
        announced: AnnouncedView::default(),
        related: RelatedView::default(),
        links: LinksView {
            subscribe: "https://lettres.exemple.tg/lettres".into(),
            unsubscribe: format!("https://lettres.exemple.tg/u/{TOKEN_MARK}"),
            preferences: None,
            web: None,
        },
        why: "Vous recevez cette lettre parce que vous l'avez demandée.".into(),
    }
}

/// The digest with everything that an edition can carry besides.
#[must_use]
pub fn digest_with_everything() -> DigestView {
    let mut view = digest();
    view.greeting = Some(GreetingView::marks());
    view.note = Some(
        "Cette semaine, nos reporters ont passé quatre jours au port : le récit ouvre cette édition.\n\n\
         Dimanche, la lettre ne paraîtra pas. Bonne lecture !"
            .into(),
    );
    view.corrections = vec![CorrectionView {
        title: "Le prix du maïs baisse à Dapaong".into(),
        url: "https://exemple.tg/economie/mais".into(),
        text: "Dans notre édition d'hier, le prix du sac était faux : il est de 18 500 F CFA, et non de 185 000."
            .into(),
    }];
    view.links.preferences = Some(format!("https://lettres.exemple.tg/p/{PREFERENCES_MARK}"));
    view.links.web = Some("https://lettres.exemple.tg/editions/matinale/2026-08-01".into());
    view.announced.url = view.links.web.clone();
    view.related = related();
    view
}

/// A confirmation mail.
#[must_use]
pub fn confirmation() -> ConfirmationView {
    ConfirmationView {
        newsletters: vec![newsletter()],
        publisher: publisher(),
        valid_days: 7,
        confirm_url: format!("https://lettres.exemple.tg/confirmer/{TOKEN_MARK}"),
    }
}

/// A mail with one link for its reader alone.
#[must_use]
pub fn link() -> ButtonView {
    ButtonView {
        publisher: publisher(),
        subject_line: "Vos données personnelles".into(),
        summary: "Le lien pour les consulter et les télécharger.".into(),
        title: "Consulter mes données".into(),
        paragraphs: vec!["Une copie de tout ce que Le Journal conserve a été demandée.".into()],
        button: "Consulter mes données".into(),
        url: format!("https://lettres.exemple.tg/donnees/{TOKEN_MARK}"),
        aside: "Le lien est valable 24 heures. Vous n'avez rien demandé ? Ne faites rien.".into(),
    }
}

/// A mail to the newsroom with everything that one can say.
#[must_use]
pub fn notice() -> NoticeView {
    let block = |mark, label: &str, heading: &str, paragraph: &str| NoticeBlock {
        mark,
        label: label.into(),
        heading: heading.into(),
        paragraphs: vec![paragraph.into()],
        rows: Vec::new(),
        commands: Vec::new(),
        detail: None,
    };
    NoticeView {
        publisher: publisher(),
        subject_line: "[kiosque] Les adresses du groupe orange.fr nous refusent".into(),
        summary: "L'envoi vers ce groupe est arrêté.".into(),
        title: "Les adresses du groupe orange.fr nous refusent".into(),
        intro: vec!["Depuis lundi 23 novembre 2026 à 7 h 05, constaté 12 fois.".into()],
        blocks: vec![
            NoticeBlock {
                rows: vec![
                    NoticeRow { label: "lecteurs attendus".into(), value: "10 000".into() },
                    NoticeRow { label: "remis au relais".into(), value: "9 412".into() },
                ],
                commands: vec![NoticeCommand {
                    what: "Lire les réponses".into(),
                    line: "kiosque delivery list --group orange.fr -n 20".into(),
                }],
                detail: Some("550 5.7.1 OFR_506 Service refused".into()),
                ..block(
                    NoticeMark::Alarm,
                    "Alerte",
                    "Les adresses du groupe orange.fr nous refusent",
                    "L'envoi vers ce groupe est arrêté et ses lecteurs ne reçoivent rien pour l'instant ; les autres \
                     reçoivent leur lettre.",
                )
            },
            block(
                NoticeMark::Over,
                "Fin d’alerte",
                "La base de données peut de nouveau être écrite. Ce qui attendait part.",
                "L'alerte a duré de 6 h 10 à 6 h 25.",
            ),
        ],
        why: "Vous recevez ce message parce que votre adresse est inscrite dans la configuration de kiosque."
            .into(),
    }
}

fn newsletter() -> NewsletterView {
    NewsletterView {
        slug: "matinale".into(),
        title: "La Matinale".into(),
        rhythm: Some("du lundi au samedi à 7\u{a0}h".into()),
    }
}

fn article(&(rubric, title, summary, author, picture): &Row, number: usize) -> ArticleView {
    ArticleView {
        title: title.into(),
        url: format!("https://exemple.tg/articles/{number}?de=lettre&jour=1"),
        rubric: rubric.into(),
        summary: summary.into(),
        body: None,
        author: (!author.is_empty()).then(|| author.into()),
        image: picture.map(|shows| ImageView {
            url: format!("https://exemple.tg/images/{number}.jpg"),
            alt: shows.into(),
            width: None,
            height: None,
            bytes: None,
        }),
    }
}

fn related() -> RelatedView {
    let headlines = [
        ("Coopération", "Trois villages de la Kozah racontent leur première année d'électricité"),
        ("Santé", "Paludisme : ce que change le nouveau vaccin, et pour qui"),
    ];
    let links = headlines.iter().enumerate().map(|(at, (rubric, title))| HeadlineView {
        rubric: (*rubric).into(),
        title: (*title).into(),
        url: format!("https://exemple.tg/articles/{}", 200 + at),
    });
    RelatedView { title: "À lire aussi".into(), links: links.collect() }
}

fn announced() -> AnnouncedView {
    let titles = [
        "La météo de la fin de semaine",
        "Lomé : les rues fermées dimanche",
        "Les pharmacies de garde",
        "Bourse régionale : les valeurs à suivre",
        "Une exposition de tissus kente à Kpalimé",
        "Le carnet du jour",
        "Mots croisés : la grille 214",
    ];
    let links = titles.iter().enumerate().map(|(at, title)| LinkView {
        title: (*title).into(),
        url: format!("https://exemple.tg/articles/{}", 100 + at),
    });
    AnnouncedView { count: titles.len(), links: links.collect(), url: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_french_of_our_mails_has_nothing_to_mend() {
        let found = lint_mails(&Templates::load(None).unwrap()).unwrap();
        let said: Vec<String> = found.iter().map(|(place, blemish)| format!("{place}: {blemish}")).collect();
        assert!(said.is_empty(), "{}", said.join("\n"));
    }
}
