//! `kiosque newsletter snippet`: the form, to be pasted into a page of another site.

use std::path::Path;

use clap::Args;

use super::Failure;
use super::{output, setup};
use crate::config::PublicUrl;
use crate::newsletters::declaration::Declaration;
use crate::newsletters::rhythm::rhythm;
use crate::subscribers::wording;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The newsletters' slugs; all of them without any
    slugs: Vec<String>,
    /// A frame of the form instead; its sites are named in `[form] origins`
    #[arg(long, conflicts_with = "slugs")]
    frame: bool,
}

/// Prints the HTML. Needs no store.
pub(super) fn run(named: Option<&Path>, arguments: &Arguments) -> Result<(), Failure> {
    let (config, declarations) = setup::configuration(named)?;
    if arguments.frame {
        if config.form.origins.is_empty() {
            return Err(Failure::usage(
                "kiosque: no site may show the form in a frame; name it in `[form] origins`",
            ));
        }
        output::say(frame(&config.public_url));
        return Ok(());
    }
    let chosen: Vec<&Declaration> = if arguments.slugs.is_empty() {
        declarations.newsletters.iter().collect()
    } else {
        let find = |slug: &String| {
            let unknown = || Failure::usage(format!("kiosque: no newsletter `{slug}` is declared"));
            declarations.newsletter(slug).ok_or_else(unknown)
        };
        arguments.slugs.iter().map(find).collect::<Result<_, _>>()?
    };
    output::say(form(&config.public_url, &chosen));
    Ok(())
}

fn frame(public: &PublicUrl) -> String {
    let address = public.join("/lettres/cadre");
    format!(
        "<iframe src=\"{}\" title=\"S’inscrire à nos lettres\" width=\"100%\" height=\"760\" style=\"border:0\" \
         loading=\"lazy\"></iframe>",
        escaped(&address)
    )
}

fn form(public: &PublicUrl, newsletters: &[&Declaration]) -> String {
    let mut html = format!("<form method=\"post\" action=\"{}\">\n", escaped(&public.join("/lettres")));
    html.push_str(
        "  <p><label for=\"kiosque-adresse\">Votre adresse électronique</label>\n  \
         <input type=\"email\" id=\"kiosque-adresse\" name=\"address\" required maxlength=\"254\" autocomplete=\"email\"></p>\n",
    );
    for newsletter in newsletters {
        let slug = newsletter.slug.as_str();
        html.push_str(&format!(
            "  <p><input type=\"checkbox\" id=\"kiosque-{slug}\" name=\"newsletter\" value=\"{slug}\">\n  \
             <label for=\"kiosque-{slug}\">{}</label> ({})</p>\n",
            escaped(&wording::asked(&newsletter.title)),
            escaped(&rhythm(&newsletter.schedule)),
        ));
    }
    html.push_str("  <p><button type=\"submit\">S’inscrire</button></p>\n");
    html.push_str(&format!(
        "  <p>Votre adresse ne sert qu’à vous envoyer les lettres choisies.\n  \
         Vous pouvez à tout moment vous désinscrire, consulter vos données ou les faire effacer\u{a0}:\n  \
         <a href=\"{}\">protection de vos données</a>.</p>\n</form>",
        escaped(&public.join("/confidentialite"))
    ));
    html
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
