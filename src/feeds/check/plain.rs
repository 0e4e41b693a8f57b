//! Plain text: titles, names, addresses of people, languages.

use super::finding::{Sheet, rules, short};
use super::markup::is_html_tag;
use super::tree::Element;

rules! {
    LOOKS_LIKE_MARKUP = "markup-in-plain-text", Warning,
        "Half of the readers show the tag or the entity as it stands, the others interpret it. Write plain text, escaped \
         once. Ignore this for a title that is about markup.",
        "W3C ContainsHTML, ContainsUndeclaredHTML, CharacterData; RSS 2.0 profile, character data";
    BLANK = "blank", Warning,
        "Readers show an empty line, or the address in its place. Leave the element out, or fill it.",
        "W3C NotBlank";
    INVALID_CONTACT = "invalid-contact", Error,
        "RSS wants an e-mail address and the name in parentheses: redaction@exemple.tg (La rédaction). For a name alone use \
         dc:creator.",
        "W3C InvalidContact; RSS 2.0 profile, author";
    CONTACT_FORMAT = "contact-format", Warning,
        "Readers look for the name in parentheses after the address: redaction@exemple.tg (La rédaction).",
        "W3C EmailFormat; RSS 2.0 profile, author";
    NO_REAL_NAME = "no-real-name", Warning,
        "Readers have only the address to show. Add the name: redaction@exemple.tg (La rédaction).",
        "W3C MissingRealName; RSS 2.0 profile, author";
    INVALID_LANGUAGE = "invalid-language", Error,
        "Readers pick voices, hyphenation and filters by it. Write fr or fr-TG, with a hyphen.",
        "W3C InvalidLanguage; RFC 5646 §2.1";
    NO_LANGUAGE = "no-language", Advice,
        "Screen readers guess the voice. Say it once, at the top of the feed.",
        "W3C MissingDCLanguage; kiosque: language";
}

/// What HTML 4 names besides the five of XML: readers that decode twice make a character of these.
const ENTITIES: &str = " amp lt gt quot apos nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr \
    deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde \
    Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times \
    Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc \
    euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute \
    thorn yuml OElig oelig Scaron scaron Yuml fnof circ tilde Alpha Beta Gamma Delta Epsilon Zeta Eta Theta Iota Kappa Lambda \
    Mu Nu Xi Omicron Pi Rho Sigma Tau Upsilon Phi Chi Psi Omega alpha beta gamma delta epsilon zeta eta theta iota kappa lambda \
    mu nu xi omicron pi rho sigmaf sigma tau upsilon phi chi psi omega thetasym upsih piv ensp emsp thinsp zwnj zwj lrm rlm \
    ndash mdash lsquo rsquo sbquo ldquo rdquo bdquo dagger Dagger bull hellip permil prime Prime lsaquo rsaquo oline frasl euro \
    image weierp real trade alefsym larr uarr rarr darr harr crarr lArr uArr rArr dArr hArr forall part exist empty nabla isin \
    notin ni prod sum minus lowast radic prop infin ang and or cap cup int there4 sim cong asymp ne equiv le ge sub sup nsub \
    sube supe oplus otimes perp sdot lceil rceil lfloor rfloor lang rang loz spades clubs hearts diams ";

/// What in a text looks like a tag or an entity.
pub(super) fn markup(text: &str) -> Option<String> {
    for after in text.split("</").skip(1) {
        let name: String = after.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if after[name.len()..].starts_with('>') && is_html_tag(&name.to_ascii_lowercase()) {
            return Some(format!("</{name}>"));
        }
    }
    for after in text.split('&').skip(1) {
        let sign = if after.starts_with('#') { "#" } else { "" };
        let name: String =
            after[sign.len()..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').take(40).collect();
        let numeric = !name.is_empty() && (!sign.is_empty() || !name.chars().all(char::is_alphabetic));
        if numeric || (!name.is_empty() && ENTITIES.contains(&format!(" {name} "))) {
            return Some(format!("&{sign}{name};"));
        }
    }
    None
}

/// The W3C validator's third look, in RSS alone: the beginning of a tag.
fn begins_tag(text: &str) -> bool {
    text.split('<').skip(1).any(|after| after.starts_with(|c: char| c == '/' || c.is_ascii_alphabetic()))
}

/// Judges text that readers show as it is. What is written in hexadecimal references is meant, says the RSS profile.
pub(super) fn check(element: &Element, rss: bool, sheet: &mut Sheet) {
    let text = element.text();
    let found = match markup(&text) {
        Some(found) if found.starts_with("</") || !element.hexadecimal => Some(found),
        None if rss && begins_tag(&text) && !element.hexadecimal => Some("<".to_owned()),
        _ => None,
    };
    if let Some(found) = found {
        let sentence = format!("{} shows “{found}”: “{}”.", element.shown(), short(&text));
        sheet.at(LOOKS_LIKE_MARKUP, element.line, sentence);
    }
}

/// Notes an element without any text.
pub(super) fn not_blank(element: &Element, sheet: &mut Sheet) {
    if element.trimmed().is_empty() {
        sheet.at(BLANK, element.line, format!("{} is empty.", element.shown()));
    }
}

/// Judges a person of RSS: `address (Name)`.
pub(super) fn contact(element: &Element, sheet: &mut Sheet) {
    let text = element.trimmed();
    let (name, shown) = (element.shown(), short(&text));
    let value = text.strip_prefix("mailto:").unwrap_or(&text);
    match value.strip_suffix(')').and_then(|value| value.split_once('(')) {
        Some((address, person)) if is_address(address.trim()) && !person.trim().is_empty() => {}
        None if is_address(value) => {
            sheet.at(NO_REAL_NAME, element.line, format!("{name} is an address without a name: “{shown}”."));
        }
        None if value.contains('@') && value.contains(' ') => {
            sheet.at(CONTACT_FORMAT, element.line, format!("{name} is no address and name: “{shown}”."));
        }
        _ => sheet.at(INVALID_CONTACT, element.line, format!("{name} is no e-mail address: “{shown}”.")),
    }
}

/// Whether it is an addr-spec as people have them.
pub(super) fn is_address(text: &str) -> bool {
    let Some((user, domain)) = text.rsplit_once('@') else { return false };
    let local = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let host = |c: char| c.is_alphanumeric() || c == '-' || c == '.';
    !user.is_empty()
        && user.chars().all(local)
        && domain.contains('.')
        && domain.chars().all(host)
        && domain.split('.').all(|label| !label.is_empty())
}

/// Judges a language tag (RFC 5646).
pub(super) fn language(value: &str, name: &str, line: Option<u32>, sheet: &mut Sheet) {
    let mut parts = value.split('-');
    let first = parts.next().unwrap_or_default();
    let letters = (2..=3).contains(&first.len()) && first.chars().all(|c| c.is_ascii_alphabetic());
    let proper = letters || (matches!(first, "x" | "i") && value.len() > 2);
    let rest =
        parts.all(|part| (1..=8).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphanumeric()));
    if !proper || !rest {
        let sentence = format!("{name} is no language tag: “{}”.", short(value));
        sheet.add(INVALID_LANGUAGE, line, sentence);
    }
}
