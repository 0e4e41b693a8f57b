//! Namespaces: declared, used, and spelt as the field spells them.

use super::finding::{Sheet, rules, short};

rules! {
    UNDECLARED_PREFIX = "undeclared-prefix", Error,
        "A namespace-aware parser refuses the whole document. Declare the prefix on the root element (the crate rss does \
         not do so for extensions).",
        "W3C MissingNamespace; Namespaces in XML 1.0 §5";
    INVALID_NAMESPACE = "invalid-namespace", Error,
        "A namespace is a URI, and a prefix cannot be bound to none. Write the URI that the extension's specification \
         names.",
        "W3C SAXError; Namespaces in XML 1.0 §2.2";
    MEDIA_NAMESPACE = "media-namespace", Error,
        "Media RSS ends in a slash: http://search.yahoo.com/mrss/. Without it readers see no image.",
        "W3C MediaRssNamespace";
    RESERVED_PREFIX = "reserved-prefix", Warning,
        "Readers that look at prefixes alone will mistake these elements. Give the prefix its usual namespace.",
        "W3C ReservedPrefix";
    UNKNOWN_NAMESPACE = "unknown-namespace", Warning,
        "No known reader makes use of it. If it is a slip of the pen, correct it; else leave it out.",
        "W3C UnknownNamespace";
    PREFIX_IN_ATOM = "prefix-in-atom", Warning,
        "Some readers know Atom only without a prefix. Make it the default namespace.",
        "W3C AvoidNamespacePrefix";
    UNUSUAL_PREFIX = "unusual-prefix", Advice,
        "Readers that look at prefixes alone will overlook these elements. Use the usual prefix.",
        "W3C NonstdPrefix";
    UNUSED_NAMESPACE = "unused-namespace", Advice,
        "It costs bytes at every poll. Declare a namespace only when something uses it.",
        "kiosque: namespaces are declared only when used";
}

pub(super) const ATOM: &str = "http://www.w3.org/2005/Atom";
pub(super) const CONTENT: &str = "http://purl.org/rss/1.0/modules/content/";
pub(super) const DC: &str = "http://purl.org/dc/elements/1.1/";
pub(super) const HISTORY: &str = "http://purl.org/syndication/history/1.0";
pub(super) const MEDIA: &str = "http://search.yahoo.com/mrss/";
pub(super) const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
pub(super) const SLASH: &str = "http://purl.org/rss/1.0/modules/slash/";
pub(super) const SY: &str = "http://purl.org/rss/1.0/modules/syndication/";
pub(super) const TOMBSTONES: &str = "http://purl.org/atompub/tombstones/1.0";
pub(super) const XHTML: &str = "http://www.w3.org/1999/xhtml";

/// The namespaces that readers know, with their usual prefixes. RFC 6721's is not known to the W3C validator: it came
/// later, and is standard all the same.
const KNOWN: &[(&str, &str)] = &[
    ("app", "http://www.w3.org/2007/app"),
    ("atom", ATOM),
    ("admin", "http://webns.net/mvcb/"),
    ("at", TOMBSTONES),
    ("cc", "http://web.resource.org/cc/"),
    ("content", CONTENT),
    ("creativeCommons", "http://backend.userland.com/creativeCommonsRssModule"),
    ("dc", DC),
    ("dcterms", "http://purl.org/dc/terms/"),
    ("feedburner", "http://rssnamespace.org/feedburner/ext/1.0"),
    ("fh", HISTORY),
    ("foaf", "http://xmlns.com/foaf/0.1/"),
    ("geo", "http://www.w3.org/2003/01/geo/wgs84_pos#"),
    ("georss", "http://www.georss.org/georss"),
    ("gml", "http://www.opengis.net/gml"),
    ("itunes", "http://www.itunes.com/dtds/podcast-1.0.dtd"),
    ("mathml", "http://www.w3.org/1998/Math/MathML"),
    ("media", MEDIA),
    ("opensearch", "http://a9.com/-/spec/opensearch/1.1/"),
    ("podcast", "https://podcastindex.org/namespace/1.0"),
    ("rdf", RDF),
    ("rss1", "http://purl.org/rss/1.0/"),
    ("slash", SLASH),
    ("svg", "http://www.w3.org/2000/svg"),
    ("sy", SY),
    ("taxo", "http://purl.org/rss/1.0/modules/taxonomy/"),
    ("thr", "http://purl.org/syndication/thread/1.0"),
    ("trackback", "http://madskills.com/public/xml/rss/module/trackback/"),
    ("wfw", "http://wellformedweb.org/CommentAPI/"),
    ("xhtml", XHTML),
    ("xml", super::tree::XML),
];

/// The usual prefix of a namespace; none for no namespace.
pub(super) fn prefix(space: &str) -> Option<&'static str> {
    KNOWN.iter().find(|(_, uri)| *uri == space).map(|(prefix, _)| *prefix)
}

/// A declaration, in the order of the document.
#[derive(Debug)]
pub(super) struct Declaration {
    /// Empty for the default namespace.
    pub(super) prefix: String,
    pub(super) uri: String,
    pub(super) line: u32,
    pub(super) used: bool,
}

/// Judges the declarations of a document whose root element is in `root_space`.
pub(super) fn check(declarations: &[Declaration], root_space: &str, sheet: &mut Sheet) {
    for declaration in declarations {
        let Declaration { prefix: name, uri, line, used } = declaration;
        let (shown, address) = (short(name), short(uri));
        if !used && !name.is_empty() {
            sheet.at(UNUSED_NAMESPACE, *line, format!("The prefix {shown} is declared and never used."));
        }
        if uri == MEDIA.trim_end_matches('/') {
            sheet.at(MEDIA_NAMESPACE, *line, format!("The prefix {shown} stands for {address}."));
            continue;
        }
        let usual = prefix(uri);
        let reserved = KNOWN.iter().find(|(prefix, _)| prefix == name).map(|(_, uri)| *uri);
        match (reserved, usual) {
            _ if name.is_empty() && usual.is_some() => {}
            (Some(expected), _) if expected != uri => {
                let sentence =
                    format!("The prefix {shown} stands for {address}, and usually for {expected}.");
                sheet.at(RESERVED_PREFIX, *line, sentence);
            }
            (_, Some("atom" | "xhtml")) if root_space == ATOM && !name.is_empty() => {
                sheet.at(PREFIX_IN_ATOM, *line, format!("Atom is written with the prefix {shown}."));
            }
            (_, Some(expected)) if expected != name => {
                let sentence = format!("The prefix of {address} is {shown}, and usually {expected}.");
                sheet.at(UNUSUAL_PREFIX, *line, sentence);
            }
            (_, Some(_)) => {}
            (_, None) if uri.is_empty() || uri == root_space => {}
            (_, None) => sheet.at(UNKNOWN_NAMESPACE, *line, format!("Nobody knows the namespace {address}.")),
        }
    }
}
