"""Every feed of the nastiest articles, read by feed parsers and readers that others wrote: they agree with what was written,
field by field.

nasty.py has the articles and what each must show, nasty_newsroom.py the feeds, parsers.py and readers.py who reads them.
"""

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import unittest
from datetime import datetime
from html.parser import HTMLParser
from xml.etree import ElementTree

import json_feed
import nasty
import parsers
from demo import ROOT, wait_for
from nasty_newsroom import RUBRICS, VIEWS, NastyNewsroom, slug_of
from newsroom import Newsroom
from parser_faults import MEANT_SO, made_of
from parsers import ATOM, JSON_FEED, RSS, links_of
from readers import Newsboat, Rss2email

TOMBSTONE = "{http://purl.org/atompub/tombstones/1.0}"  # RFC 6721
LARGEST = 5_000_000  # bytes; the W3C's validator takes no more

newsroom = None


def setUpModule():
    global newsroom
    newsroom = NastyNewsroom()


def tearDownModule():
    newsroom.close()


def fetched(*kinds):
    """Every document of these media types: its path, its type, the answer, the file it is kept in."""
    return [(path, kind, answer, file) for path, (kind, answer, file) in newsroom.fetched.items() if kind in kinds]


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


def seconds(text):
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


class Documents(unittest.TestCase):
    def test_every_view_has_a_feed_in_every_format(self):
        for kind in (RSS, ATOM, JSON_FEED):
            slugs = {slug_of(path) for path, *_ in fetched(kind) if "/archives/" not in path}
            self.assertEqual(slugs, set(VIEWS), kind)

    def test_documents_are_answered_with_their_type_and_stay_below_the_size_that_validators_take(self):
        for path, kind, answer, _ in fetched(RSS, ATOM, JSON_FEED):
            with self.subTest(path):
                self.assertEqual(answer.status, 200)
                self.assertEqual(answer.headers["Content-Type"], kind if kind == JSON_FEED else f"{kind}; charset=utf-8")
                self.assertLess(len(answer.body), LARGEST)

    @unittest.skipUnless(parsers.feedparser, "the parsers of PyPI are missing")
    def test_xml_is_well_formed_for_strict_parsers(self):
        for path, kind, answer, _ in fetched(RSS, ATOM):
            with self.subTest(path):
                self.assertEqual(parsers.by_xml(answer.body, kind), len(newsroom.shown(path)))

    @unittest.skipUnless(shutil.which("jing"), "jing is missing")
    def test_atom_is_valid_by_the_grammar_of_rfc_4287(self):
        files = [file for *_, file in fetched(ATOM)]
        grammar = ROOT / "tests" / "fixtures" / "atom.rnc"
        done = subprocess.run(["jing", "-c", grammar, *files], capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_json_keeps_the_rules_of_json_feed_1_1(self):
        for path, _, answer, _ in fetched(JSON_FEED):
            with self.subTest(path):
                feed = json.loads(answer.body)
                self.assertEqual(json_feed.faults(feed), [])
                self.assertEqual(len(feed["items"]), len(newsroom.shown(path)))

    @unittest.skipUnless(parsers.feedparser, "the parsers of PyPI are missing")
    def test_no_two_entries_have_the_same_updated(self):
        for path, _, answer, _ in fetched(ATOM):
            updated = [entry.updated for entry in parsers.feedparser.parse(answer.body).entries]
            self.assertEqual(len(set(updated)), len(updated), path)

    def test_what_was_taken_back_leaves_a_tombstone_in_atom_where_it_stood(self):
        for path, _, answer, _ in fetched(ATOM):
            stood = slug_of(path) in ("tout", "societe") and "/archives/" not in path
            ids = [entry.get("ref") for entry in ElementTree.fromstring(answer.body).findall(f"{TOMBSTONE}deleted-entry")]
            self.assertEqual(ids, [case.shows["id"] for case in nasty.RETRACTED if stood], path)

    def test_a_feed_and_its_archives_hold_every_article_and_each_archive_its_own(self):
        for kind in (RSS, ATOM):
            paths = [path for path, *_ in fetched(kind) if slug_of(path) == "sport"]
            self.assertGreater(len(paths), 5)
            everything = {case.name for case in newsroom.of(VIEWS["sport"])}
            self.assertEqual({case.name for path in paths for case in newsroom.shown(path)}, everything)
            archived = [case.name for path in paths[1:] for case in newsroom.shown(path)]
            self.assertEqual(len(set(archived)), len(archived))
            self.assertLess(len(newsroom.shown(paths[0])), len(everything))

    def test_archives_lead_to_each_other_and_to_the_feed(self):
        for path, kind, answer, _ in fetched(RSS, ATOM):
            if "/archives/" in path:
                links = links_of(answer.body)
                with self.subTest(path):
                    feed = f"/flux/{slug_of(path)}.{path.rsplit('.', 1)[1]}"
                    self.assertEqual(links["current"], newsroom.public_url + feed)
                    if "next-archive" in links:
                        after = newsroom.fetched[links["next-archive"].removeprefix(newsroom.public_url)][1]
                        self.assertEqual(links_of(after.body)["prev-archive"], newsroom.public_url + path)


class Checked(unittest.TestCase):
    """`kiosque feed check`: the rules of the W3C's validator and ours, from which the program's writers know nothing."""

    def test_every_document_is_without_an_error_or_warning_but_for_what_is_meant_so(self):
        checked = json.loads(newsroom.run("feed", "check", "--archives", "--json", status=1))
        documents = {newsroom.public_url + path for path in newsroom.fetched} | {f"{newsroom.public_url}/flux.opml"}
        self.assertEqual({document["feed"] for document in checked}, documents)
        names = {case.shows["title"]: case.name for case in nasty.SHOWN}
        found = {
            (finding["rule"], names.get(finding["entry"]) or finding["sentence"])
            for document in checked
            for finding in document["findings"]
            if finding["severity"] != "advice"
        }
        self.assertEqual(found, MEANT_SO)

    def test_over_http_there_is_nothing_to_say_either(self):
        with contextlib.closing(Newsroom(RUBRICS, more='[outbound]\nallow = ["127.0.0.0/8"]')) as small:
            small.import_lines("".join(case.line() + "\n" for case in nasty.SHOWN[:8]))
            small.start()
            paths = ("/flux/politique.rss", "/flux/tout.atom", "/flux/vide.json", "/flux.opml")
            # The import's changes have a second each: a date of what lies ahead is told as now, and moves with it.
            wait_for("the dates to settle", lambda: all(map(small.is_settled, paths)), 60)
            addresses = [small.base + path for path in paths]
            checked = json.loads(small.run("feed", "check", "--json", *addresses))
            self.assertEqual([document["feed"] for document in checked], addresses)
            for document in checked:
                self.assertLessEqual({finding["rule"] for finding in document["findings"]}, {"not-https"})


class Parsers(unittest.TestCase):
    """Each agrees with what was written, for every document, field by field."""

    maxDiff = 2000

    def agree(self, parser, path, kind, read):
        with self.subTest(f"{parser}, {path}"):
            wanted = newsroom.about(path)
            if "language" in read["feed"]:  # in whatever case, says BCP 47 §2.1.1
                wanted["language"], read["feed"]["language"] = wanted["language"].lower(), read["feed"]["language"].lower()
            self.assertEqual(read["feed"], {field: wanted[field] for field in read["feed"]})
        cases = newsroom.shown(path)
        self.assertEqual(len(read["entries"]), len(cases), (parser, path))
        for case, entry in zip(cases, read["entries"]):
            with self.subTest(f"{parser}, {path}: {case.name}"):
                wanted = made_of(parser, kind, case.name, newsroom.entry(case, path, kind))
                if case.shows.get("cut") and wanted["content"]:
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
        for path, kind, answer, _ in fetched(RSS, ATOM):
            self.agree("feedparser", path, kind, parsers.by_feedparser(answer.body, kind))

    @unittest.skipUnless(parsers.feedparser, "the parsers of PyPI are missing")
    def test_atoma_agrees(self):
        for path, kind, answer, _ in fetched(RSS, ATOM, JSON_FEED):
            self.agree("atoma", path, kind, parsers.by_atoma(answer.body, kind))

    @unittest.skipUnless(parsers.feedparser, "the parsers of PyPI are missing")
    def test_fastfeedparser_agrees(self):
        for path, kind, answer, _ in fetched(RSS, ATOM, JSON_FEED):
            self.agree("fastfeedparser", path, kind, parsers.by_fastfeedparser(answer.body, kind))

    @unittest.skipUnless(parsers.NODE_MODULES.exists(), "the parsers of npm are missing")
    def test_the_libraries_of_npm_agree(self):
        feeds = fetched(RSS, ATOM)
        for (path, kind, *_), read in zip(feeds, parsers.by_node([(file, kind) for _, kind, _, file in feeds])):
            self.agree("npm feedparser", path, kind, read["feedparser"])
            self.agree("rss-parser", path, kind, read["rss-parser"])

    @unittest.skipUnless(parsers.FEED_RS.exists(), "cargo build --example feed_rs was not run")
    def test_feed_rs_agrees(self):
        feeds = fetched(RSS, ATOM, JSON_FEED)
        for (path, kind, *_), read in zip(feeds, parsers.by_feed_rs([(file, kind) for _, kind, _, file in feeds])):
            self.agree("feed-rs", path, kind, read)


class Readers(unittest.TestCase):
    """Two real ones show every article of the feed of all."""

    maxDiff = 2000
    PATHS = (("/flux/tout.rss", RSS), ("/flux/tout.atom", ATOM))

    def show(self, reader, path, kind, entries, compare):
        entries = {entry["id"]: entry for entry in entries}
        cases = newsroom.shown(path)
        self.assertEqual(len(entries), len(cases))
        for case in cases:
            with self.subTest(f"{reader}, {path}: {case.name}"):
                wanted = made_of(reader, kind, case.name, newsroom.entry(case, path, kind))
                compare(case, entries[wanted["id"]], wanted)

    @unittest.skipUnless(shutil.which("newsboat"), "newsboat is missing")
    def test_newsboat_shows_every_article_as_it_is(self):
        for path, kind in self.PATHS:
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
        for path, kind in self.PATHS:
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
