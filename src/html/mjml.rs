//! MJML into mail HTML, by `mrml`.

use crate::html::mjml_check::{Fault, check_written};
use std::collections::HashMap;

/// Why MJML could not be turned into HTML. Lines count in the MJML that the template wrote.
#[derive(Debug, thiserror::Error)]
pub enum MjmlError {
    /// A tag, an attribute or the nesting is not MJML that `mrml` shows; the first mistake.
    #[error("{0}")]
    Fault(Fault),
    /// `mrml` could not read it.
    #[error("not well-formed: {0}")]
    Parse(String),
    /// `mrml` could not write it.
    #[error("{0}")]
    Render(String),
}

/// Turns MJML into a whole HTML page for mail: no comments but Outlook's conditionals, no font from elsewhere.
///
/// # Errors
///
/// When the MJML has a mistake of [`check_written`] or is not well-formed.
pub fn to_html(mjml: &str) -> Result<String, MjmlError> {
    if let Some(fault) = check_written(mjml).into_iter().next() {
        return Err(MjmlError::Fault(fault));
    }
    let page =
        mrml::parse(without_backslashes(mjml)).map_err(|error| MjmlError::Parse(with_source(&error)))?;
    // The default map would link a font service as soon as a style names one of its families.
    let options = mrml::prelude::render::RenderOptions {
        disable_comments: true,
        fonts: HashMap::new(),
        ..Default::default()
    };
    let html = page.element.render(&options).map_err(|error| MjmlError::Render(error.to_string()))?;
    Ok(without_debug_escapes(&html).replacen(PREVIEW_IN_WHITE, PREVIEW, 1))
}

/// How `mrml` 6.0.1 hides the preview line: white on white too, which spam filters count against a mail (`SpamAssassin`'s
/// `HTML_FONT_LOW_CONTRAST`, 0.7 points, measured); `display:none` hides it well enough.
const PREVIEW_IN_WHITE: &str = "display:none;font-size:1px;color:#ffffff;";
const PREVIEW: &str = "display:none;font-size:1px;";

/// Stands for a backslash; what templates and articles write themselves has no zeros in front.
const BACKSLASH: &str = "&#0092;";

/// Backslashes as references, so that each one in what `mrml` writes is its own.
fn without_backslashes(mjml: &str) -> String {
    mjml.replace('\\', BACKSLASH)
}

/// `mrml` 6.0.1 writes attribute values with Rust's debug escapes: a no-break space as `\u{a0}`, a line end as `\n`, a
/// quotation mark as `\"`. Those are taken back.
fn without_debug_escapes(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut parts = html.split('\\');
    out.extend(parts.next());
    for part in parts {
        let unicode = part.strip_prefix("u{").and_then(|rest| rest.split_once('}'));
        let char = unicode.and_then(|(hex, _)| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32);
        if let (Some(char), Some((_, rest))) = (char, unicode) {
            out.push(char);
            out.push_str(rest);
            continue;
        }
        let (escape, rest) = part.split_at_checked(1).unwrap_or((part, ""));
        out.push_str(match escape {
            "n" => "\n",
            "t" => "\t",
            "r" => "\r",
            "0" => "",
            "\"" => "&quot;",
            other => other,
        });
        out.push_str(rest);
    }
    out.replace(BACKSLASH, "\\")
}

fn with_source(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(content: &str) -> String {
        format!("<mjml><mj-body><mj-section><mj-column>{content}</mj-column></mj-section></mj-body></mjml>")
    }

    #[test]
    fn attributes_keep_their_characters() {
        let value = "à\u{a0}la\u{202f}une \u{e1f0} c:\\u{41}\\n 10\t\u{301} n\u{ad}on";
        let html = to_html(&page(&format!(
            "<mj-text><a title='{value}' style='font-family:\"A B\"'>{value}</a></mj-text>"
        )));
        let html = html.unwrap();
        assert!(html.contains(&format!("title=\"{value}\"")), "{html}");
        assert!(html.contains(&format!(">{value}</a>")), "{html}");
        assert!(html.contains("style=\"font-family:&quot;A B&quot;\""), "{html}");
    }

    #[test]
    fn a_page_is_what_mrml_makes_of_it_without_comments_and_fonts() {
        let html =
            to_html(&page("<!-- note --><mj-text font-family=\"Roboto\">a &amp; b</mj-text>")).unwrap();
        assert!(html.starts_with("<!doctype html>") && html.contains("a &amp; b"));
        assert!(!html.contains("note") && !html.contains("fonts.googleapis"));
    }

    #[test]
    fn the_preview_line_is_hidden_but_not_written_in_white() {
        let page = page("<mj-text>a</mj-text>")
            .replace("<mj-body>", "<mj-head><mj-preview>b</mj-preview></mj-head><mj-body>");
        let html = to_html(&page).unwrap();
        assert!(
            html.contains(&format!("<div style=\"{PREVIEW}line-height")) && !html.contains("color:#ffffff"),
            "{html}"
        );
    }

    #[test]
    fn what_is_wrong_is_an_error() {
        let error = to_html("<mjml><mj-body>\n<mj-colum /></mj-body></mjml>").unwrap_err();
        assert!(error.to_string().starts_with("line 2: unknown tag <mj-colum>"), "{error}");
        assert!(to_html(&page("<mj-text><p>a</mj-text>")).is_err(), "an element left open");
    }
}
