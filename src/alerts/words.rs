//! What an alert says, in French: what happened, what it means for readers, what to type.
//!
//! Plain text, to be set by the typographer where it is shown; lines to type are to be left alone.

use serde::Serialize;

use super::Kind;

/// The words of one alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Words {
    /// What is wrong, in one sentence without its full stop.
    pub title: String,
    /// What is said when it is over.
    pub ended: String,
    /// What it means for readers.
    pub means: &'static str,
    /// What to do about it.
    pub to_do: Vec<ToDo>,
}

/// A step and the line to type for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ToDo {
    /// What the line does.
    pub what: &'static str,
    /// What to type in a shell.
    pub line: String,
}

fn to_do(steps: &[(&'static str, &str)]) -> Vec<ToDo> {
    steps.iter().map(|(what, line)| ToDo { what, line: (*line).to_owned() }).collect()
}

/// The words for an alert of this kind and subject; `name` is how people call the subject: « La Matinale du lundi
/// 23 novembre 2026 », a relay, a group.
#[must_use]
pub fn words(kind: Kind, subject: &str, name: &str) -> Words {
    let slug = subject.split(' ').next().unwrap_or_default();
    let failed = format!("kiosque delivery list --edition {subject} --state failed");
    let (title, ended, means, to_do) = match kind {
        Kind::RelayTrouble => (
            format!("Le relais {name} ne prend plus notre courrier"),
            format!("Le relais {name} prend de nouveau notre courrier. Ce qui attendait part."),
            "Les lettres attendent et personne n’est oublié : elles partiront d’elles-mêmes quand le relais répondra, ou par \
             le relais suivant s’il y en a un. Ce qui attendra au-delà de l’échéance de sa lettre ne partira plus.",
            to_do(&[("Voir ce qui attend", "kiosque status"), ("Essayer le relais", "kiosque doctor")]),
        ),
        Kind::GroupStopped => (
            format!("Les adresses du groupe {name} nous refusent"),
            format!("L’envoi vers les adresses du groupe {name} a repris."),
            "L’envoi vers ce groupe est arrêté et ses lecteurs ne reçoivent rien pour l’instant ; les autres reçoivent \
             leur lettre. Le refus vise l’expéditeur, pas les lecteurs.",
            to_do(&[("Lire les réponses", &format!("kiosque delivery list --group {subject} -n 20"))]),
        ),
        Kind::EditionPaused => (
            format!("L’envoi est arrêté : {name}"),
            format!("L’envoi a repris : {name}."),
            "Trop de refus : l’envoi s’est arrêté de lui-même avant de nuire à la réputation de l’expéditeur. Les lecteurs \
             qui restent n’ont encore rien reçu.",
            to_do(&[
                ("Lire les refus", &failed),
                ("Reprendre, une fois la cause comprise", &format!("kiosque edition resume {subject}")),
            ]),
        ),
        Kind::BalanceOff => (
            format!("Le compte n’y est pas : {name}"),
            format!("Le compte est bon de nouveau : {name}."),
            "Le nombre de messages n’est pas celui des lecteurs : il se peut que quelqu’un n’ait rien reçu. C’est une faute \
             du programme, pas la vôtre ; merci de la signaler.",
            to_do(&[("Voir le compte", &format!("kiosque edition show {subject}"))]),
        ),
        Kind::DeliveriesHeld => (
            format!("Des messages attendent votre décision : {name}"),
            format!("Plus aucun message n’attend votre décision : {name}."),
            "Ces messages ne partiront pas sans vous : leurs destinataires n’ont peut-être rien reçu.",
            to_do(&[
                ("Voir lesquels et pourquoi", &format!("kiosque delivery list --edition {subject} --held")),
                ("Les laisser partir", &format!("kiosque delivery release --edition {subject}")),
            ]),
        ),
        Kind::DeliveriesExpired => (
            format!("Des messages n’ont pas pu partir à temps : {name}"),
            String::new(),
            "Ils n’ont pas été acceptés avant l’échéance de la lettre : ces lecteurs n’ont pas eu cette édition.",
            to_do(&[
                ("Voir lesquels et pourquoi", &failed),
                (
                    "Essayer encore (sans --dry-run, pour de bon)",
                    &format!("kiosque delivery retry --edition {subject} --state failed --dry-run"),
                ),
            ]),
        ),
        Kind::SlotMissed => (
            format!("Une édition n’est pas partie : {name}"),
            String::new(),
            "Le programme a été arrêté plus longtemps que le délai de grâce. Les articles ne sont pas perdus : la prochaine \
             édition les prendra.",
            to_do(&[("L’envoyer maintenant", &format!("kiosque edition run {slug}"))]),
        ),
        Kind::SlotUnapproved => (
            format!("Une édition n’a pas été approuvée : {name}"),
            String::new(),
            "Elle n’a pas été envoyée. Ses articles ne sont pas perdus : la prochaine édition les prendra.",
            to_do(&[("L’envoyer maintenant", &format!("kiosque edition run {slug}"))]),
        ),
        Kind::ScheduleStuck => (
            "Les éditions ne se préparent plus".to_owned(),
            "Les éditions se préparent de nouveau.".to_owned(),
            "Aucune nouvelle lettre ne part tant que cela dure. Une édition manquée de peu partira en retard.",
            to_do(&[
                ("Vérifier la configuration", "kiosque check-config"),
                ("Voir où en est tout", "kiosque status"),
            ]),
        ),
        Kind::SourceFailing => (
            format!("La source {name} ne donne plus d’articles"),
            format!("La source {name} donne de nouveau ses articles."),
            "Ses nouveaux articles ne paraissent ni dans les flux ni dans les lettres. Ils seront pris quand elle répondra, \
             s’ils y sont encore.",
            match subject.starts_with("http") {
                true => to_do(&[("Voir ce qui ne va pas", &format!("kiosque feed check '{subject}'"))]),
                false => to_do(&[("Voir où en est tout", "kiosque status")]),
            },
        ),
        Kind::MailboxUnreadable => (
            format!("La boîte des retours {name} ne se lit plus"),
            format!("La boîte des retours {name} se lit de nouveau."),
            "Les adresses qui n’existent plus, les plaintes et les désinscriptions par courriel attendent d’être prises en \
             compte : des lecteurs qui ont dit non peuvent encore recevoir une lettre.",
            to_do(&[("Voir ce qui ne va pas", "kiosque doctor")]),
        ),
        Kind::SigningFailing => (
            format!("Les messages de {name} ne peuvent pas être signés"),
            format!("Les messages de {name} sont signés de nouveau."),
            "Ils attendent : sans signature, beaucoup de boîtes les prendraient pour des faux.",
            to_do(&[("Voir ce qui ne va pas", "kiosque doctor")]),
        ),
        Kind::SendingHeld => (
            "L’envoi est suspendu jusqu’à votre accord".to_owned(),
            "L’envoi a repris.".to_owned(),
            "La base de données est plus ancienne que le dernier signe de vie du programme, comme après une restauration. \
             Rien ne part que ces alertes, pour que personne ne reçoive deux fois la même lettre.",
            to_do(&[
                ("Voir ce qui attend", "kiosque status"),
                ("Arrêter ce qui est déjà parti", "kiosque edition stop NUMÉRO"),
                ("Reprendre l’envoi", "kiosque resume-sending"),
            ]),
        ),
        Kind::StoreUnwritable => (
            "La base de données ne peut plus être écrite".to_owned(),
            "La base de données peut de nouveau être écrite. Ce qui attendait part.".to_owned(),
            "Rien ne part et aucune inscription n’est prise ; les flux restent servis. Tout reprendra de soi-même quand \
             l’écriture sera possible.",
            to_do(&[("Voir la place libre", "df -h"), ("Voir où en est tout", "kiosque status")]),
        ),
        Kind::FormFlooded => (
            "Le formulaire d’inscription est submergé".to_owned(),
            "Le formulaire d’inscription prend de nouveau toutes les demandes.".to_owned(),
            "Plus de demandes arrivent que vous n’en permettez par heure : les suivantes sont priées de revenir plus tard. Si \
             vous lancez une campagne, relevez form.per_hour ; sinon, quelqu’un inscrit sans doute des adresses au hasard, \
             et aucune n’a reçu plus d’un message.",
            to_do(&[
                ("Voir les inscriptions en attente", "kiosque subscriber list --state pending"),
                ("Prendre en compte une autre limite", "systemctl reload kiosque"),
            ]),
        ),
        Kind::ClockOff => (
            format!("L’horloge de la machine {name} n’est pas à l’heure"),
            format!("L’horloge de la machine {name} est de nouveau à l’heure."),
            "Cette machine ne prépare aucune édition tant que cela dure, pour que rien ne parte à la mauvaise heure.",
            to_do(&[("Voir l’heure et sa source", "timedatectl")]),
        ),
        Kind::NodeOutdated => (
            "Une machine a une configuration plus ancienne que les autres".to_owned(),
            "Toutes les machines ont la même configuration.".to_owned(),
            "Elle ne prépare plus d’éditions ; les autres continuent. Donnez-lui le même config.toml et relancez-la.",
            to_do(&[("Vérifier la configuration", "kiosque check-config")]),
        ),
        Kind::ConfigurationRefused => (
            format!("La nouvelle configuration est refusée : {name}"),
            format!("La configuration est acceptée : {name}."),
            "Rien n’a changé pour les lecteurs : la configuration d’avant reste en vigueur.",
            to_do(&[("Voir ce qui ne va pas", "kiosque check-config")]),
        ),
    };
    Words { title, ended, means, to_do }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::french::typography::{Spaces, typeset};

    #[test]
    fn every_alert_says_what_it_means_and_what_to_type_in_clean_french() {
        for kind in Kind::ALL {
            let words = words(*kind, "12", "La Matinale du lundi 23 novembre 2026");
            for text in [words.title.as_str(), &words.ended, words.means] {
                let set = typeset(text, Spaces::Narrow);
                assert_eq!(
                    set.replace(['\u{a0}', '\u{202f}'], " "),
                    text,
                    "{kind}: only spaces are left to set"
                );
                assert!(!text.contains(['\'', '"']), "{kind}: {text}");
            }
            assert!(words.means.ends_with('.') && !words.title.ends_with('.'), "{kind}");
            assert!(!words.to_do.is_empty(), "{kind}");
            assert_eq!(words.ended.is_empty(), kind.is_event(), "{kind}");
            for step in &words.to_do {
                assert!(!step.line.contains(['\u{a0}', '’']), "{kind}: {}", step.line);
            }
        }
    }
}
