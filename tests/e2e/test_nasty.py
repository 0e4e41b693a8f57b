"""Every feed of the nastiest articles, read by feed parsers that others wrote: they agree with what was written, field by field.

nasty.py has the articles and what each must show; parsers.py has the parsers.
"""

import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
import unittest
import uuid
from datetime import datetime
from html.parser import HTMLParser

import json_feed
import nasty
import parsers
from demo import ROOT
from newsroom import Newsroom
from parser_faults import PUBLISHER, made_of
from parsers import ATOM, JSON_FEED, RSS
from readers import Newsboat, Rss2email

RUBRICS = """
[[category]]
name = "Politique"
[[category]]
name = "Économie"
[[category]]
name = "Tech & Web"
from = ["tech", "high-tech"]
[[category]]
name = "Société"
[[category]]
name = "L'Éveil culturel"
[[category]]
name = "Sport"
[[category]]
name = "Vide"
[[category]]
name = "Météo"
removed = true
"""
SLUGS = {"Politique": "politique", "Économie": "economie", "Tech & Web": "tech-web", "Société": "societe",
         "L’Éveil culturel": "l-eveil-culturel", "Sport": "sport", "Vide": "vide"}

LARGEST = 5_000_000  # bytes; the W3C's validator takes no more

newsroom = None


def setUpModule():
    """One newsroom for all tests here: the articles imported, its feeds fetched once and written down as files."""
    global newsroom
    newsroom = Nasty()


def tearDownModule():
    newsroom.close()


class Nasty(Newsroom):
    def __init__(self):
        super().__init__(RUBRICS, more="[feeds]\nitems = 300")
        try:
            self.summary = self.import_lines(nasty.lines(), "--source", "site", status=1)
            self.start()
            self.fetched = {}
            for number, (path, kind) in enumerate(self.feeds()):
                file = self.path(f"feed-{number}")
                answer = self.get(path)
                file.write_bytes(answer.body)
                self.fetched[path] = (kind, answer, file)
            self.stored = self._stored()
        except BaseException:
            self.close()
            raise

    def _stored(self):
        """What the store has of each case, in their order: the rows of a real import, read without the program."""
        with sqlite3.connect(f"file:{self.path('kiosque.db')}?mode=ro", uri=True) as db:
            db.row_factory = sqlite3.Row
            self.feed_ids = {row["slug"]: row["feed_id"] for row in db.execute("SELECT slug, feed_id FROM categories")}
            rows = db.execute("SELECT * FROM articles ORDER BY id").fetchall()
        taken = [case for case in nasty.CASES if not case.refused]
        assert len(rows) == len(taken), (len(rows), len(taken))
        return {case.name: dict(row) for case, row in zip(taken, rows)}


def seconds(text):
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


def as_uri(identifier):
    """Atom's ids are URIs: one that is none is told by its hash (RFC 9562 §5.8)."""
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+", identifier):
        return identifier
    digest = bytearray(hashlib.sha256(identifier.encode()).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    return f"urn:uuid:{uuid.UUID(bytes=bytes(digest))}"


def slug_of(path):
    return re.search(r"([^/]+)\.\w+$", path).group(1)


def feed_at(path):
    """What the feed at `path` must say of itself."""
    name = next((name for name, slug in SLUGS.items() if slug == slug_of(path)), None)
    return {
        "id": newsroom.feed_ids[slug_of(path)],
        "title": f"{PUBLISHER} – {name}" if name else PUBLISHER,
        "description": f"Les articles de la rubrique «\u00a0{name}\u00a0», publiés par {PUBLISHER}."
        if name
        else f"Tous les articles publiés par {PUBLISHER}.",
        "home": f"{newsroom.public_url}/flux/",
        "itself": f"{newsroom.public_url}{path}",
        "language": "fr",
        "rights": f"©\u00a0{PUBLISHER}",
    }


def entry_of(case, kind):
    """What the entry of a case must say, by hand where nasty.py says it, else by what is stored."""
    shows, stored = case.shows, newsroom.stored[case.name]
    identifier = shows.get("id") or stored["entry_id"]
    rubrics = [name.lower() for name in shows["categories"]]
    return {
        "id": as_uri(identifier) if kind == ATOM else identifier,
        "link": shows["link"],
        "title": shows["title"],
        "summary": shows["summary"],
        "content": shows["leads"] + stored["body"],
        "authors": shows["authors"],
        "author": next(iter(shows["authors"]), None),
        "byline": ", ".join(shows["authors"][-1:] if kind == RSS else shows["authors"]),
        "terms": shows["categories"] + [tag for tag in shows["tags"] if tag.lower() not in rubrics],
        "image": shows["image"],
        "published": stored["published_at"] // 1000 if shows.get("dated", True) else None,
        "updated": stored["updated_at"] // 1000,
    }


def shown(path):
    """The cases that the feed at `path` must show, in its order: the newest first, then the last one in."""
    slug = slug_of(path)
    cases = [case for case in nasty.SHOWN if slug == "tout" or slug in map(SLUGS.get, case.shows["categories"])]
    stored = newsroom.stored
    return sorted(cases, key=lambda case: (stored[case.name]["published_at"], stored[case.name]["id"]), reverse=True)


class Stored(unittest.TestCase):
    """What is in the store is what was written down by hand: the other tests lean on it."""

    maxDiff = 2000

    def test_what_cannot_be_an_article_is_refused_with_its_line_and_the_reason(self):
        self.assertEqual(newsroom.summary["rejected"], len(nasty.REFUSED))
        for case, fault in zip(nasty.REFUSED, newsroom.summary["faults"]):
            with self.subTest(case.name):
                self.assertEqual(fault["place"], f"articles.jsonl:{nasty.CASES.index(case) + 1}")
                self.assertIn(case.refused, f"{fault['field']}: {fault['reason']}")

    def test_every_other_case_is_stored_as_it_was_written_down(self):
        for case in nasty.SHOWN:
            stored = newsroom.stored[case.name]
            with self.subTest(case.name):
                self.assertEqual(stored["url"], case.shows["link"])
                if case.shows["body"] is not None:
                    self.assertEqual(stored["body"], case.shows["body"])
                self.assertEqual(stored["image_url"] or None, case.shows["image"])
                for field in ("published", "updated"):
                    if case.shows[field]:
                        self.assertEqual(stored[f"{field}_at"] // 1000, seconds(case.shows[field]))


class Bytes(unittest.TestCase):
    def test_every_view_has_a_feed_in_every_format(self):
        slugs = {"tout", *SLUGS.values()}
        by_kind = {}
        for path, (kind, _, _) in newsroom.fetched.items():
            by_kind.setdefault(kind, set()).add(slug_of(path))
        self.assertEqual(by_kind, {RSS: slugs, ATOM: slugs, JSON_FEED: slugs})

    def test_feeds_are_answered_with_their_type_and_stay_below_the_size_that_validators_take(self):
        for path, (kind, answer, _) in newsroom.fetched.items():
            with self.subTest(path):
                self.assertEqual(answer.status, 200)
                self.assertEqual(answer.headers["Content-Type"], kind if kind == JSON_FEED else f"{kind}; charset=utf-8")
                self.assertLess(len(answer.body), LARGEST)

    @unittest.skipUnless(parsers.feedparser, "the parsers of PyPI are missing")
    def test_no_two_entries_of_a_feed_have_the_same_updated(self):
        for path, (kind, answer, _) in newsroom.fetched.items():
            if kind == ATOM:
                updated = [entry.updated for entry in parsers.feedparser.parse(answer.body).entries]
                self.assertEqual(len(set(updated)), len(updated), path)

    @unittest.skipUnless(parsers.feedparser, "the parsers of PyPI are missing")
    def test_feeds_are_well_formed_for_strict_parsers(self):
        for path, (kind, answer, _) in newsroom.fetched.items():
            if kind in (RSS, ATOM):
                with self.subTest(path):
                    self.assertEqual(parsers.by_xml(answer.body, kind), len(shown(path)))

    def test_json_feeds_keep_the_rules_of_json_feed_1_1(self):
        for path, (kind, answer, _) in newsroom.fetched.items():
            if kind == JSON_FEED:
                with self.subTest(path):
                    feed = json.loads(answer.body)
                    self.assertEqual(json_feed.faults(feed), [])
                    self.assertEqual(len(feed["items"]), len(shown(path)))

    @unittest.skipUnless(shutil.which("jing"), "jing is missing")
    def test_atom_feeds_are_valid_by_the_grammar_of_rfc_4287(self):
        files = [file for kind, _, file in newsroom.fetched.values() if kind == ATOM]
        grammar = ROOT / "tests" / "fixtures" / "atom.rnc"
        done = subprocess.run(["jing", "-c", grammar, *files], capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


class Parsers(unittest.TestCase):
    """Each agrees with what was written, for every feed, field by field."""

    maxDiff = 2000

    def agree(self, parser, path, kind, read):
        with self.subTest(f"{parser}, {path}"):
            wanted = feed_at(path)
            self.assertEqual(read["feed"], {field: wanted[field] for field in read["feed"]})
        cases = shown(path)
        self.assertEqual(len(read["entries"]), len(cases), (parser, path))
        for case, entry in zip(cases, read["entries"]):
            with self.subTest(f"{parser}, {path}: {case.name}"):
                wanted = made_of(parser, kind, case.name, entry_of(case, kind))
                if case.shows.get("cut"):
                    self.assert_beginning(entry.pop("content"), wanted)
                self.assertEqual(entry, {field: wanted[field] for field in entry})

    def assert_beginning(self, content, wanted):
        """A text too long for a feed: its beginning, and a link to the rest."""
        same = len(os.path.commonprefix([content, wanted["content"]]).encode())
        self.assertGreater(same, 60_000)
        self.assertLess(len(content.encode()), 66_000)
        self.assertTrue(content.endswith(f'</p>\n<p><a href="{wanted["link"]}">Lire la suite</a></p>'), content[-200:])

    @unittest.skipUnless(parsers.feedparser, "the parsers of PyPI are missing")
    def test_feedparser_agrees_without_complaint(self):
        for path, (kind, answer, _) in newsroom.fetched.items():
            if kind in (RSS, ATOM):
                self.agree("feedparser", path, kind, parsers.by_feedparser(answer.body, kind))

    @unittest.skipUnless(parsers.feedparser, "the parsers of PyPI are missing")
    def test_atoma_agrees(self):
        for path, (kind, answer, _) in newsroom.fetched.items():
            self.agree("atoma", path, kind, parsers.by_atoma(answer.body, kind))

    @unittest.skipUnless(parsers.feedparser, "the parsers of PyPI are missing")
    def test_fastfeedparser_agrees(self):
        for path, (kind, answer, _) in newsroom.fetched.items():
            self.agree("fastfeedparser", path, kind, parsers.by_fastfeedparser(answer.body, kind))

    @unittest.skipUnless(parsers.NODE_MODULES.exists(), "the parsers of npm are missing")
    def test_the_libraries_of_npm_agree(self):
        feeds = [(path, kind, file) for path, (kind, _, file) in newsroom.fetched.items() if kind in (RSS, ATOM)]
        for (path, kind, _), read in zip(feeds, parsers.by_node([(file, kind) for _, kind, file in feeds])):
            self.agree("npm feedparser", path, kind, read["feedparser"])
            self.agree("rss-parser", path, kind, read["rss-parser"])

    @unittest.skipUnless(parsers.FEED_RS.exists(), "cargo build --example feed_rs was not run")
    def test_feed_rs_agrees(self):
        for path, (kind, _, file) in newsroom.fetched.items():
            self.agree("feed-rs", path, kind, parsers.by_feed_rs(file, kind))


class Readers(unittest.TestCase):
    """Two real ones show every article of the feed of all."""

    maxDiff = 2000

    def show(self, reader, path, kind, entries, compare):
        entries = {entry["id"]: entry for entry in entries}
        self.assertEqual(len(entries), len(shown(path)))
        for case in shown(path):
            with self.subTest(f"{reader}, {path}: {case.name}"):
                wanted = made_of(reader, kind, case.name, entry_of(case, kind))
                compare(case, entries[wanted["id"]], wanted)

    @unittest.skipUnless(shutil.which("newsboat"), "newsboat is missing")
    def test_newsboat_shows_every_article_as_it_is(self):
        for path, kind in (("/flux/tout.rss", RSS), ("/flux/tout.atom", ATOM)):
            with tempfile.TemporaryDirectory() as folder:
                newsboat = Newsboat(folder, [newsroom.base + path])
                newsboat.poll()
                self.show("newsboat", path, kind, newsboat.entries(), self.assert_in_newsboat)

    def assert_in_newsboat(self, case, entry, wanted):
        if case.shows.get("cut"):
            del entry["content"]
        if wanted["published"] is None:
            del entry["published"]  # it takes the moment when it saw it first
        self.assertEqual(entry, {field: wanted[field] for field in entry})

    @unittest.skipUnless(shutil.which("r2e"), "r2e is missing")
    def test_rss2email_mails_every_article_as_it_is(self):
        for path, kind in (("/flux/tout.rss", RSS), ("/flux/tout.atom", ATOM)):
            with tempfile.TemporaryDirectory() as folder:
                r2e = Rss2email(folder, {"tout": newsroom.base + path}, as_html=True)
                r2e.poll()
                self.show("rss2email", path, kind, r2e.entries(), self.assert_mailed)

    def assert_mailed(self, case, entry, wanted):
        self.assertEqual((entry["link"], entry["title"]), (wanted["link"], wanted["title"]))
        # It cleans what it gets, and finds nothing to take out.
        if not case.shows.get("cut"):
            self.assertEqual(tokens(entry["content"]), tokens(wanted["content"]))


def tokens(html):
    """What a browser makes of it, whatever the order of attributes and the spaces between blocks."""
    found = []

    class Tokens(HTMLParser):
        def handle_starttag(self, tag, attributes):
            found.append((tag, sorted(attributes)))

        def handle_endtag(self, tag):
            if tag not in ("br", "hr", "img"):
                found.append(f"/{tag}")

        def handle_data(self, text):
            if text.strip():
                found.append(text.strip())

    Tokens().feed(html)
    return found


if __name__ == "__main__":
    unittest.main(verbosity=2)
