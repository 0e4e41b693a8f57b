"""Digests of the nastiest articles, as `kiosque edition preview` writes them: read by Python's email and HTML parsers, every
article is there, and nothing that an article says became markup or a header.

nasty.py has the articles. Each rubric has a newsletter of its own; some bring whole texts, and each template has its turn.
"""

import email
import email.policy
import re
import sqlite3
import unicodedata
import unittest
from html.parser import HTMLParser

import nasty
from newsroom import Newsroom

RUBRICS = (nasty.CHARACTERS, nasty.MARKUP, nasty.LINKS, nasty.FIELDS, nasty.VOICES)
TEMPLATES = ("sobre", "une", "breves")
HTML_BUDGET = 90 * 1024
HEADERS = {
    "from", "to", "subject", "date", "message-id", "mime-version", "content-type", "list-id", "list-unsubscribe",
    "list-unsubscribe-post", "feedback-id", "auto-submitted", "precedence", "reply-to",
    "content-language", "x-auto-response-suppress",
}
VOID = {"area", "br", "col", "hr", "img", "link", "meta"}

NEWSLETTER = """
[[newsletter]]
slug = "lettre-{number}"
title = "L'Éveil: « le matin »"
from = "L'Éveil <lettre@lettres.exemple.tg>"
bounce_to = "retours@lettres.exemple.tg"
schedule = "0 7 * * *"
timezone = "Africa/Lome"
max_age = "3600d"
max_articles = 25
template = "{template}"
content = "{content}"
categories = ["{slug}"]
"""


def configuration():
    text = "".join(f'[[category]]\nname = "{name}"\n' for name in RUBRICS)
    for number, slug in enumerate(("politique", "economie", "tech-web", "societe", "l-eveil-culturel")):
        content = "full" if number % 2 else "excerpt"
        text += NEWSLETTER.format(number=number, template=TEMPLATES[number % 3], content=content, slug=slug)
    return text


class Page(HTMLParser):
    """What a browser sees: links, other addresses, the elements and their attributes, the text outside of style."""

    def __init__(self, html):
        super().__init__()
        self.links, self.sources, self.tags, self.attributes, self.text, self.open = [], [], set(), set(), [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attributes)
        found = dict(attributes)
        if tag == "a":
            self.links.append(found.get("href"))
        if "src" in found:
            self.sources.append(found["src"])
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data):
        if "style" not in self.open and "title" not in self.open:
            self.text.append(data)


def letters(text):
    """Letters and digits alone: typography and line ends apart, the same text."""
    return "".join(c for c in unicodedata.normalize("NFC", text) if c.isalnum()).casefold()


class Digests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.newsroom = Newsroom(configuration(), public_url="https://lettres.exemple.tg")
        try:
            lines = [case.line() for case in nasty.SHOWN]
            cls.newsroom.import_lines("".join(f"{line}\n" for line in lines), "--source", "site", status=None)
            cls.mails = []
            for number, rubric in enumerate(RUBRICS):
                folder = cls.newsroom.path(f"apercu-{number}")
                cls.newsroom.run("edition", "preview", f"lettre-{number}", "--out", str(folder))
                cls.mails.append((rubric, (folder / "all.eml").read_bytes()))
            with sqlite3.connect(f"file:{cls.newsroom.path('kiosque.db')}?mode=ro", uri=True) as db:
                cls.stored = db.execute(
                    "SELECT c.name, a.url, a.title FROM articles a JOIN article_categories ac ON ac.article_id = a.id"
                    " JOIN categories c ON c.id = ac.category_id WHERE c.kind = 'rubric' AND a.retracted_at IS NULL"
                ).fetchall()
        except BaseException:
            cls.newsroom.close()
            raise

    @classmethod
    def tearDownClass(cls):
        cls.newsroom.close()

    def messages(self):
        return [(rubric, raw, email.message_from_bytes(raw, policy=email.policy.default)) for rubric, raw in self.mails]

    def test_they_are_mime_without_a_defect_and_have_our_headers_alone(self):
        for _, raw, message in self.messages():
            self.assertEqual([part.get_content_type() for part in message.walk()], ["multipart/alternative", "text/plain", "text/html"])
            self.assertEqual([defect for part in message.walk() for defect in part.defects], [])
            names = [name.lower() for name in message.keys()]
            self.assertLessEqual(set(names), HEADERS)
            self.assertEqual(len(set(names)), len(names))
            for name in names:
                self.assertEqual(list(message[name].defects), [], name)
            self.assertLess(max(len(line) for line in raw.split(b"\r\n")), 999)
            self.assertNotIn(b"\n", raw.replace(b"\r\n", b""))

    def test_the_subject_is_a_line_of_at_most_60_characters(self):
        for _, _, message in self.messages():
            subject = message["subject"]
            self.assertTrue(0 < len(subject) <= 60, subject)
            self.assertFalse([c for c in subject if unicodedata.category(c) in ("Cc", "Cs")], subject)

    def test_every_article_is_there_once_in_both_parts(self):
        for rubric, _, message in self.messages():
            page = Page(message.get_body(("html",)).get_content())
            text = message.get_body(("plain",)).get_content()
            in_html, in_text = letters("".join(page.text)), letters(text)
            articles = [(url, title) for name, url, title in self.stored if name == rubric]
            self.assertGreater(len(articles), 5)
            for url, title in articles:
                with self.subTest(f"{rubric}: {url}"):
                    self.assertIn(url, page.links)
                    self.assertIn(url, [line.strip() for line in text.splitlines()])
                    self.assertIn(letters(title), in_html)
                    self.assertIn(letters(title), in_text)

    def test_nothing_that_an_article_says_becomes_markup(self):
        for _, raw, message in self.messages():
            html = message.get_body(("html",)).get_content()
            page = Page(html)
            self.assertEqual(page.open, [])
            self.assertFalse(page.tags & {"script", "iframe", "form", "input", "object", "embed", "svg", "math", "base", "link"})
            self.assertFalse([name for name in page.attributes if name.startswith("on")])
            for address in page.links:
                self.assertRegex(address or "", r"^(https?://|mailto:)[\x21-\x7e]+$")
            for address in page.sources:
                self.assertRegex(address, r"^https?://[\x21-\x7e]+$")
            self.assertFalse([c for c in html if unicodedata.category(c) in ("Cc", "Cs") and c not in "\r\n\t"])
            self.assertIsNone(re.search(r"[\ue000-\uf8ff]", html), "a mark where a reader's own link belongs")
            encoded = len(raw) - len(message.get_body(("plain",)).get_content().encode())
            self.assertLess(encoded, HTML_BUDGET * 1.1, "with headers")


if __name__ == "__main__":
    unittest.main(verbosity=2)
