//! The templates of mails and pages: those standing in the binary, each replaced by the operator's file of the same
//! name when there is one.
//!
//! A template's name is its path under `templates/`: `email/digest.mjml`, `pages/error.html`. Values are escaped in
//! `.html` and `.mjml`, not in `.txt`. A name that the context does not hold is an error, never an empty place.

use crate::config::Colour;
use crate::french::style::Style;
use crate::html::look::Look;
use crate::html::palette::Palette;
use crate::html::{filters, mjml_check};
use base64::Engine;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use super::built_in::BUILT_IN;

pub use super::template_error::{Fault, TemplateError};

/// The endings of files that count as templates in the operator's folder.
const ENDINGS: [&str; 5] = [".mjml", ".html", ".txt", ".css", ".js"];

/// The templates of mails and pages, checked and ready.
pub struct Templates {
    env: Environment<'static>,
    files: BTreeMap<String, PathBuf>,
    version: String,
    style: Style,
}

/// The colour of mails where `[site]` names none.
const GREEN: Colour = Colour { red: 0x0b, green: 0x5a, blue: 0x38 };

impl Templates {
    /// The templates standing in the binary, and those of `folder` before them, file by file. Files of the folder
    /// that replace nothing are loaded too, for `include` and `import`.
    ///
    /// # Errors
    ///
    /// Every unreadable file, template mistake and MJML mistake, each with file and line.
    pub fn load(folder: Option<&Path>) -> Result<Self, TemplateError> {
        Self::load_in(folder, Style::default())
    }

    /// The same, setting French as `style` says.
    ///
    /// # Errors
    ///
    /// As [`Templates::load`].
    pub fn load_in(folder: Option<&Path>, style: Style) -> Result<Self, TemplateError> {
        let mut sources: BTreeMap<String, String> =
            BUILT_IN.iter().map(|&(name, source)| (name.into(), source.into())).collect();
        let mut files = BTreeMap::new();
        let mut faults = Vec::new();
        if let Some(folder) = folder {
            collect(folder, "", &mut files, &mut faults);
            for (name, path) in &files {
                match std::fs::read_to_string(path) {
                    Ok(source) => drop(sources.insert(name.clone(), source)),
                    Err(error) => faults.push(Fault::of_file(path, error)),
                }
            }
        }
        let mut templates =
            Templates { env: environment(style), files, version: version(&sources, style), style };
        for (name, source) in &sources {
            if let Err(error) = templates.env.add_template_owned(name.clone(), source.clone()) {
                faults.push(templates.fault(name, &error));
            }
        }
        faults.extend(templates.mjml_faults(&sources));
        if faults.is_empty() {
            Ok(templates.coloured(&Palette::of(GREEN)))
        } else {
            Err(TemplateError { faults })
        }
    }

    /// The same templates with the newsroom's colours, which every template finds under `palette`.
    #[must_use]
    pub fn coloured(mut self, palette: &Palette) -> Self {
        self.env.add_global("palette", Value::from(Serde(palette)));
        let files = self.version.split('-').next().unwrap_or_default().to_owned();
        self.version = format!("{files}-{}", palette.brand.trim_start_matches('#'));
        self
    }

    /// Writes the template `name` with the fields of `context`.
    ///
    /// # Errors
    ///
    /// When there is no such template, when it asks for what the context does not hold, or when a filter refuses its
    /// value; with file and line.
    pub fn render(&self, name: &str, context: &impl Serialize) -> Result<String, TemplateError> {
        self.env
            .get_template(name)
            .and_then(|template| template.render(Serde(context)))
            .map_err(|error| TemplateError { faults: vec![self.fault(name, &error)] })
    }

    /// Hexadecimal digits that change when any mail template, the newsroom's colour or the program's own version does:
    /// part of a variant's key.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The source for `style-src` in a page's Content-Security-Policy that allows its one `<style>` and nothing else:
    /// `'sha256-…'` (CSP 3, §2.3.1).
    ///
    /// # Errors
    /// When the operator's `pages/style.css` cannot be written.
    pub fn style_source(&self, look: &Look) -> Result<String, TemplateError> {
        Ok(hash_source(&self.style(look)?))
    }

    /// How they set French.
    pub fn french(&self) -> Style {
        self.style
    }

    /// Every template's name and source, and whether it is the operator's.
    pub(super) fn sources(&self) -> impl Iterator<Item = (&str, String, bool)> {
        let own = |name: &str| self.files.contains_key(name);
        self.env.templates().map(move |(name, template)| (name, template.source().to_owned(), own(name)))
    }

    /// What stands in the `<style>` of every page.
    ///
    /// # Errors
    /// When the operator's `pages/style.css` cannot be written.
    pub fn style(&self, look: &Look) -> Result<String, TemplateError> {
        self.render("pages/style.css", &BTreeMap::from([("site", look)]))
    }

    /// The same for `script-src` and a page's one `<script>`, of the template `name`.
    ///
    /// # Errors
    /// When the operator's template cannot be written.
    pub fn source_of(&self, name: &str) -> Result<String, TemplateError> {
        Ok(hash_source(&self.render(name, &())?))
    }

    /// The names of the templates standing in the binary.
    pub fn built_in() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// Whether there is a template of this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.env.get_template(name).is_ok()
    }

    /// The names of all templates, the operator's among them, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let names: BTreeSet<&str> = self.env.templates().map(|(name, _)| name).collect();
        names.into_iter()
    }

    /// The operator's files by the names they stand for, and whether each replaces a template of the binary.
    pub fn files(&self) -> impl Iterator<Item = (&Path, bool)> {
        let built_in = |name: &str| BUILT_IN.iter().any(|(known, _)| *known == name);
        self.files.iter().map(move |(name, path)| (path.as_path(), built_in(name)))
    }

    /// The mistakes of every MJML template. A class may be named in one and used in another.
    fn mjml_faults(&self, sources: &BTreeMap<String, String>) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut fault = |name: &str, line: usize, what: String| {
            faults.push(Fault { file: self.shown(name), line: Some(line), what });
        };
        let (mut given, mut used) = (BTreeSet::new(), Vec::new());
        for (name, source) in sources.iter().filter(|(name, _)| name.ends_with(".mjml")) {
            for mistake in mjml_check::check(source) {
                fault(name, mistake.line, mistake.what);
            }
            let classes = mjml_check::classes(source);
            given.extend(classes.0);
            used.extend(classes.1.into_iter().map(|(line, class)| (name, line, class)));
        }
        for (name, line, class) in used.into_iter().filter(|(_, _, class)| !given.contains(class)) {
            fault(name, line, format!("no <mj-class name=\"{class}\"> anywhere"));
        }
        faults
    }

    /// The template as an operator would look for it: the path of his own file, else the name.
    fn shown(&self, name: &str) -> String {
        self.files.get(name).map_or_else(|| format!("templates/{name}"), |path| path.display().to_string())
    }

    fn fault(&self, name: &str, error: &minijinja::Error) -> Fault {
        // A mistake in an included template is the source of the error of the including one.
        let mut innermost = error;
        while let Some(source) =
            std::error::Error::source(innermost).and_then(|source| source.downcast_ref::<minijinja::Error>())
        {
            innermost = source;
        }
        let what = match (innermost.kind(), innermost.detail()) {
            (ErrorKind::UndefinedError, Some(detail)) => detail.to_owned(),
            (kind, Some(detail)) => format!("{kind}: {detail}"),
            (kind, None) => kind.to_string(),
        };
        Fault { file: self.shown(innermost.name().unwrap_or(name)), line: innermost.line(), what }
    }
}

/// `'sha256-…'` of an element's text.
fn hash_source(text: &str) -> String {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    format!("'sha256-{}'", base64::engine::general_purpose::STANDARD.encode(hash))
}

fn environment(style: Style) -> Environment<'static> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    // Tags alone on their line leave no line behind: the text parts are written line by line.
    env.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().unwrap_or_default());
    env.set_auto_escape_callback(|name| {
        if name.ends_with(".html") || name.ends_with(".mjml") { AutoEscape::Html } else { AutoEscape::None }
    });
    env.set_formatter(|out, state, value| match value.as_str() {
        Some(text) if !value.is_safe() && *state.auto_escape() == AutoEscape::Html => Ok(escape(out, text)?),
        _ => minijinja::escape_formatter(out, state, value),
    });
    filters::add(&mut env, style);
    env
}

/// Escapes text for element content and quoted attributes. The engine's own escaping turns each `/` into `&#x2f;`
/// too, which makes every address in a mail longer by a third.
fn escape(out: &mut minijinja::Output, text: &str) -> fmt::Result {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
        out.write_str(&rest[..at])?;
        out.write_str(match rest.as_bytes()[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            _ => "&#39;",
        })?;
        rest = &rest[at + 1..];
    }
    out.write_str(rest)
}

/// The template files under a folder, by name. Hidden files and editors' backups are passed over.
fn collect(folder: &Path, prefix: &str, files: &mut BTreeMap<String, PathBuf>, faults: &mut Vec<Fault>) {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return faults.push(Fault::of_file(folder, error)),
    };
    for entry in entries.flatten() {
        let Ok(file_name) = entry.file_name().into_string() else { continue };
        let (path, name) = (entry.path(), format!("{prefix}{file_name}"));
        if file_name.starts_with('.') {
            continue;
        } else if path.is_dir() {
            collect(&path, &format!("{name}/"), files, faults);
        } else if ENDINGS.iter().any(|ending| name.ends_with(ending)) {
            files.insert(name, path);
        }
    }
}

fn version(sources: &BTreeMap<String, String>, style: Style) -> String {
    let mut digest = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    digest.update(env!("CARGO_PKG_VERSION").as_bytes());
    digest.update(&[u8::from(style.narrow_nbsp), u8::from(style.titles)]);
    for (name, source) in sources.iter().filter(|(name, _)| name.starts_with("email/")) {
        for part in [name, source] {
            digest.update(&(part.len() as u64).to_be_bytes());
            digest.update(part.as_bytes());
        }
    }
    hex::encode(&digest.finish().as_ref()[..8])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn load_error(files: &[(&str, &str)]) -> String {
        let folder = folder(files);
        let error = Templates::load(Some(folder.path())).err().unwrap().to_string();
        error.replace(&format!("{}/", folder.path().display()), "")
    }

    #[test]
    fn every_file_of_the_templates_folder_stands_in_the_binary() {
        let (mut files, mut faults) = (BTreeMap::new(), Vec::new());
        collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("templates"), "", &mut files, &mut faults);
        assert_eq!(faults, []);
        let built_in: Vec<_> = BUILT_IN.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(files.into_keys().collect::<Vec<_>>(), built_in);
    }

    #[test]
    fn the_operators_files_replace_the_built_in_ones_one_by_one() {
        let folder = folder(&[
            ("email/preheader.txt", "Bonjour {{ name }}{% include 'email/own.txt' %}"),
            ("email/own.txt", ", à demain"),
            ("email/.hidden.txt", "{% wrong"),
            ("README.md", "{% wrong"),
        ]);
        let templates = Templates::load(Some(folder.path())).unwrap();
        let context = BTreeMap::from([("name", "Afi")]);
        assert_eq!(templates.render("email/preheader.txt", &context).unwrap(), "Bonjour Afi, à demain");
        let built_in = Templates::load(None).unwrap();
        let publisher = BTreeMap::from([("publisher", crate::html::publisher::PublisherView::default())]);
        assert_eq!(
            templates.render("email/legal.txt", &publisher).unwrap(),
            built_in.render("email/legal.txt", &publisher).unwrap()
        );
        assert_eq!(templates.files().map(|(_, replaces)| replaces).collect::<Vec<_>>(), [false, true]);
        assert_ne!(templates.version(), built_in.version());
    }

    #[test]
    fn a_misspelt_mjml_tag_is_refused_with_file_and_line() {
        let error = load_error(&[("email/digest.mjml", "<mj-section>\n<mj-colum></mj-colum></mj-section>")]);
        assert!(
            error.starts_with("email/digest.mjml:2: unknown tag <mj-colum> inside <mj-section>"),
            "{error}"
        );
    }

    #[test]
    fn every_mistake_of_a_folder_is_named_at_once() {
        let error = load_error(&[
            ("email/a.txt", "eins\n{% if %}"),
            ("email/b.mjml", "<mj-text aling=\"left\">a</mj-text>\n<mj-text mj-class=\"smal\">a</mj-text>"),
        ]);
        let lines: Vec<_> = error.lines().collect();
        assert!(lines[0].starts_with("email/a.txt:2: syntax error"), "{error}");
        assert_eq!(lines[1], "email/b.mjml:1: <mj-text> has no attribute aling");
        assert_eq!(lines[2], "email/b.mjml:2: no <mj-class name=\"smal\"> anywhere");
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        assert!(Templates::load(Some(Path::new("/nowhere/at/all"))).is_err());
    }

    #[test]
    fn a_name_that_the_context_lacks_is_an_error_with_file_line_and_expression() {
        let folder = folder(&[
            ("email/own.txt", "un\n{{ article.tilte }}"),
            ("email/subject.txt", "\n\n{% include 'email/own.txt' %}"),
        ]);
        let templates = Templates::load(Some(folder.path())).unwrap();
        let context = BTreeMap::from([("article", BTreeMap::from([("title", "Un titre")]))]);
        let error = templates.render("email/subject.txt", &context).unwrap_err().to_string();
        assert!(error.ends_with("/own.txt:2: `article.tilte` is undefined"), "{error}");
    }

    #[test]
    fn values_are_escaped_in_html_and_mjml_and_not_in_text() {
        let folder = folder(&[("a.html", "{{ v }}"), ("b.mjml", "{{ v }}"), ("c.txt", "{{ v }}")]);
        let templates = Templates::load(Some(folder.path())).unwrap();
        let context = BTreeMap::from([("v", "<a href=\"/x?b&c\">l'é</a>")]);
        let escaped = "&lt;a href=&quot;/x?b&amp;c&quot;&gt;l&#39;é&lt;/a&gt;";
        assert_eq!(templates.render("a.html", &context).unwrap(), escaped);
        assert_eq!(templates.render("b.mjml", &context).unwrap(), escaped);
        assert_eq!(templates.render("c.txt", &context).unwrap(), context["v"]);
    }
}
