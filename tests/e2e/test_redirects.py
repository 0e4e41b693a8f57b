"""The rules of `kiosque feed redirects`, in the servers they are written for: old feed addresses lead to today's feeds."""

import json
import tempfile
import unittest
from urllib.parse import urlsplit

from demo import ask
from newsroom import Newsroom
from readers import run
from site_servers import SERVERS, SITE, Php

try:
    import feedparser
except ImportError:
    feedparser = None

RUBRICS = """
[[category]]
name = "Politique"
[[category]]
name = "Sport"
was = ["sports"]
"""

# Of WordPress and Joomla: all that the site's server must send on, as it stands.
OLD = [
    "/feed/",
    "/feed",
    "/feed/atom/",
    "/feed/rss2/",
    "/rss2/",
    "/comments/feed/",
    "/category/politique/feed/",
    "/category/sports/football/feed/atom/",
    "/category/%c3%a9conomie/feed/",
    "/category/d%C3%A9bats-%26-id%C3%A9es/feed/?x=%26y",
    "/author/afi/feed/",
    "/tag/lome/feed/",
    "/2024/05/le-vote/feed/",
    "/index.php/feed/",
    "/wp-rss2.php",
    "/?feed=rss2",
    "/?feed=rss2&cat=7",
    "/?cat=7&feed=atom",
    "/?feed=comments-rss2",
    "/?p=12&feed=rss2",
    "/category/politique/?feed=atom",
    "/?format=feed&type=rss",
    "/index.php?option=com_content&view=category&id=7&format=feed&type=atom",
    "/index.php/politique?format=feed&type=rss",
    "/politique.feed?type=atom",
]

# All that stays with the site.
OTHERS = [
    "/",
    "/?p=12",
    "/?s=feed",
    "/?feed=podcast",
    "/?feed=",
    "/feed/podcast/",
    "/category/politique/",
    "/2024/05/feed-the-world/",
    "/nourrir/feeding/",
    "/wp-admin/feed/",
    "/wp-json/oembed?format=feed",
    "/wp-content/plugins/x/feed",
    "/page?format=feedback",
]


def rules(server, public_url, *options):
    """What the program prints for this server."""
    room = Newsroom(RUBRICS, public_url)
    try:
        return room.run("feed", "redirects", "--for", server.NAME, *options)
    finally:
        room.close()


class Rules(unittest.TestCase):
    def each(self, public_url, *options):
        """Every server that is here, with its rules."""
        for kind in SERVERS:
            if kind.PROGRAM:
                server = kind(rules(kind, public_url, *options))
                self.addCleanup(server.stop)
                yield server

    def sends_on(self, server, address, to):
        answer = ask(server.base + address)
        self.assertEqual((answer.status, answer.headers.get("Location")), (301, to), (server, address))

    def stays(self, server, address, **headers):
        answer = ask(server.base + address, headers={key.replace("_", "-"): value for key, value in headers.items()})
        self.assertEqual((answer.status, answer.text), (200, SITE), (server, address))

    def test_every_old_feed_is_sent_on_as_it_was_asked_for_and_nothing_else_is(self):
        for server in self.each("https://lettres.exemple.tg"):
            for address in OLD:
                self.sends_on(server, address, f"https://lettres.exemple.tg{address}")
            for address in OTHERS:
                # A server that keeps these files to itself has its own answer; it only must not lead away.
                if "wp-" in address:
                    self.assertNotEqual(ask(server.base + address).status, 301, (server, address))
                else:
                    self.stays(server, address)

    def test_our_own_requests_still_reach_the_sites_feed(self):
        for server in self.each("https://lettres.exemple.tg"):
            for address in ("/feed/", "/?feed=rss2", "/politique?format=feed"):
                self.stays(server, address, User_Agent="kiosque/0.1.0 (+https://lettres.exemple.tg)")
                answer = ask(server.base + address, headers={"User-Agent": "newsboat/2.21 (not kiosque/0.1)"})
                self.assertEqual(answer.status, 301, (server, address))

    def test_a_site_in_a_folder_is_sent_on_without_it(self):
        to = "https://www.exemple.tg/lettres"
        for server in self.each(to, "--site", "https://www.exemple.tg/journal"):
            self.sends_on(server, "/journal/feed/", f"{to}/feed/")
            self.sends_on(server, "/journal/category/politique/feed/atom/", f"{to}/category/politique/feed/atom/")
            self.sends_on(server, "/journal/?feed=rss2&cat=7", f"{to}/?feed=rss2&cat=7")
            self.sends_on(server, "/journal?feed=rss2", f"{to}?feed=rss2")
            for address in ("/feed/", "/autre/feed/", "/journaux/feed/", "/?feed=rss2"):
                self.stays(server, address)

    def test_kiosque_below_the_site_is_never_sent_to_itself(self):
        to = "https://www.exemple.tg/lettres"
        for server in self.each(to):
            self.sends_on(server, "/feed/", f"{to}/feed/")
            for address in ("/lettres/feed/", "/lettres/?feed=rss2", "/lettres/politique?format=feed"):
                self.stays(server, address)

    @unittest.skipUnless(Php.PROGRAM, "php is missing")
    def test_the_plugin_is_sound_php_and_needs_wordpress(self):
        with tempfile.NamedTemporaryFile("w", suffix=".php") as plugin:
            plugin.write(rules(Php, "https://lettres.exemple.tg"))
            plugin.flush()
            self.assertIn("No syntax errors", run([Php.PROGRAM, "-l", plugin.name]))
            self.assertEqual(run([Php.PROGRAM, plugin.name]), "", "called by itself it does nothing")


class Arriving(unittest.TestCase):
    """From the old address at the site's server to the bytes of the feed."""

    @classmethod
    def setUpClass(cls):
        cls.room = Newsroom(RUBRICS)
        cls.addClassCleanup(cls.room.close)
        cls.room.public_url = cls.room.base
        lines = [
            {"id": "1", "url": "https://www.exemple.tg/1", "title": "Le vote", "categories": ["Politique"]},
            {"id": "2", "url": "https://www.exemple.tg/2", "title": "Le derby", "categories": ["sports"]},
        ]
        more = {"html": "<p>Le texte.</p>", "published_at": "2026-11-20T08:15:00Z"}
        cls.room.import_lines("".join(json.dumps({**line, **more}) + "\n" for line in lines))
        cls.room.start()

    def follow(self, address):
        """The status and the body at the end of the redirects, which must all be permanent."""
        for _ in range(5):
            answer = ask(address)
            if answer.status not in (301, 308):
                return answer
            address = answer.headers["Location"]
        raise AssertionError(f"{address} leads in a circle")

    def test_old_readers_end_at_the_right_feed(self):
        for kind in SERVERS:
            if not kind.PROGRAM:
                continue
            with self.subTest(kind.__name__):
                server = kind(self.room.run("feed", "redirects", "--for", kind.NAME))
                self.addCleanup(server.stop)
                for address, feed in [
                    ("/feed/", "tout.rss"),
                    ("/?feed=atom", "tout.atom"),
                    ("/category/politique/feed/", "politique.rss"),
                    ("/category/sports/feed/atom/", "sport.atom"),
                    ("/index.php/politique?format=feed&type=rss", "politique.rss"),
                ]:
                    found = self.follow(server.base + address)
                    self.assertEqual((found.status, found.body), (200, self.room.get(f"/flux/{feed}").body), address)
                for address in ("/comments/feed/", "/2024/05/le-vote/feed/", "/?p=1&feed=rss2"):
                    self.assertEqual(self.follow(server.base + address).status, 410, address)

    @unittest.skipUnless(feedparser and SERVERS[0].PROGRAM, "feedparser or nginx is missing")
    def test_a_parser_takes_the_feed_at_its_old_address_and_learns_the_new_one(self):
        server = SERVERS[0](self.room.run("feed", "redirects", "--for", "nginx"))
        self.addCleanup(server.stop)
        found = feedparser.parse(f"{server.base}/category/politique/feed/")
        self.assertFalse(found.bozo, found.get("bozo_exception"))
        self.assertEqual([entry.title for entry in found.entries], ["Le vote"])
        self.assertEqual((found.status, urlsplit(found.href).path), (301, "/flux/politique.rss"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
