"""Two real readers, polled through everything that may befall a feed: neither shows an article twice, and none loses one.

They subscribe to a WordPress site's feeds and never touch their settings again. The site's host, the feeds' old host, their
new host and that host with TLS are servers of the test before one and the same newsroom.
"""

import shutil
import tempfile
import time
import unittest
from datetime import datetime, timedelta, timezone
from pathlib import Path

from demo import wait_for
from fronts import Front, certificate, proxy, redirect
from newsroom import Newsroom
from readers import Newsboat, Rss2email
from wordpress import Post, WordPress

SEEN_WITHIN = 20  # seconds from a change to the feed's bytes

POLITIQUE = '[[category]]\nname = "Politique"\n'
SPORT = '[[category]]\nname = "Sport"\n'
RENAMED = '[[category]]\nname = "Vie publique"\nwas = ["politique"]\n'

# While the site's WordPress goes on, its feed is where articles come from.
BEHIND = '[[source]]\nfeed = "{site}/feed/"\nevery = "1s"\n'

TOOLS = ("newsboat", "r2e", "openssl")


@unittest.skipUnless(all(shutil.which(tool) for tool in TOOLS), f"one of {', '.join(TOOLS)} is missing")
class Polling(unittest.TestCase):
    """One story, told in the order of its stages: each changes something, then both readers poll."""

    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="kiosque-readers-")
        self.addCleanup(folder.cleanup)
        folder = folder.name
        pem = certificate(Path(folder, "tls.pem"))
        self.site, self.host, self.new_host = self.front(), self.front(), self.front(name="localhost")
        self.tls = self.front(name="localhost", certificate=pem)

        self.wordpress = WordPress(self.site.base, {"Politique": "politique", "Sport": "sport"})
        self.site.answer = self.wordpress.answer
        source = BEHIND.format(site=self.site.base)
        outbound = '[outbound]\nallow = ["127.0.0.0/8"]\n'
        self.newsroom = Newsroom(source + POLITIQUE + SPORT, public_url=self.host.base, more=outbound)
        self.addCleanup(self.newsroom.close)
        self.host.answer = proxy(self.newsroom)

        # What readers subscribe to, once and for all.
        feeds = {
            "tout": f"{self.site.base}/feed/",
            "politique": f"{self.site.base}/category/politique/feed/",
            "sport": f"{self.site.base}/?feed=rss2&cat=4",
        }
        self.newsboat = Newsboat(folder, feeds.values())
        self.r2e = Rss2email(folder, feeds, certificate=f"{pem}.crt")
        self.due = {name: set() for name in feeds}  # the articles that have been in each feed while readers polled
        self.began = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(hours=12)
        self.articles = {}

    def front(self, **options):
        front = Front(**options)
        self.addCleanup(front.close)
        return front

    def test_nothing_is_shown_twice_and_nothing_is_lost(self):
        for stage in (
            self.the_site_is_a_wordpress,
            self.the_wordpress_goes_on,
            self.its_articles_are_exported_and_its_feeds_lead_here,
            self.the_wordpress_goes_on_behind,
            self.the_wordpress_is_given_up,
            self.an_article_is_corrected,
            self.an_article_is_retracted,
            self.a_retraction_is_taken_back,
            self.an_article_gets_another_address,
            self.an_article_moves_to_another_rubric,
            self.a_rubric_is_renamed,
            self.the_feeds_move_to_another_host,
            self.the_new_host_takes_up_encryption,
            self.life_goes_on,
        ):
            # No reader polls twice a second; libcurl in newsboat takes two answers of one date for the same.
            polled = int(time.time())
            wait_for("the next second", lambda: int(time.time()) > polled, 2)
            try:
                stage()
                # The second time there is nothing new.
                for _ in range(2):
                    self.newsboat.poll()
                    self.r2e.poll()
                    self.each_article_was_shown_once()
            except AssertionError as error:
                raise AssertionError(f"after \"{stage.__name__.replace('_', ' ')}\": {error}") from error

    def each_article_was_shown_once(self):
        everything = sorted(set().union(*self.due.values()))
        self.assertEqual(sorted(mark for mark, _, _ in self.newsboat.items()), everything, "newsboat")
        mails = sorted(self.r2e.mails())
        self.assertEqual(mails, sorted((feed, mark) for feed, marks in self.due.items() for mark in marks), "rss2email")

    # The newsroom's work.

    def write(self, number, rubric, slug):
        """An article of WordPress."""
        post = Post(number, f"Article {number}", rubric, slug, f"<p>Le port, repère-{number}.</p>",
                    self.began + timedelta(minutes=10 * number))
        self.wordpress.posts.append(post)
        self.due["tout"].add(number)
        self.due[slug].add(number)

    def file(self, number, *feeds, **changes):
        """An article of ours, new or changed; `feeds` will show it."""
        article = self.articles.setdefault(number, {
            "id": str(number),
            "url": f"{self.site.base}/article-{number}/",
            "title": f"Article {number}",
            "html": f"<p>Le port, repère-{number}.</p>",
            "published_at": (self.began + timedelta(minutes=10 * number)).isoformat(),
        })
        article.update(changes)
        for feed in feeds:
            self.due[feed].add(number)
        # The source by whose name the export came in: an article there is the same article.
        return self.newsroom.post(article, source=self.wordpress.host)["articles"][0]

    def shows(self, path, text, is_there=True):
        """Waits until the feed at `path` has the text, or has not."""
        wait_for(f"{text} in {path}", lambda: (text in self.newsroom.get(path).text) == is_there, SEEN_WITHIN)

    def restarted(self, **changes):
        """The operator edits the configuration and restarts the program."""
        self.newsroom.stop()
        for name, value in changes.items():
            setattr(self.newsroom, name, value)
        self.newsroom.start()

    # The stages.

    def the_site_is_a_wordpress(self):
        for number in range(1, 7):
            self.write(number, *(("Politique", "politique") if number % 2 else ("Sport", "sport")))

    def the_wordpress_goes_on(self):
        self.write(7, "Politique", "politique")

    def its_articles_are_exported_and_its_feeds_lead_here(self):
        self.write(8, "Sport", "sport")  # which no reader has seen there
        self.newsroom.path("export.xml").write_text(self.wordpress.export(), encoding="utf-8")
        self.newsroom.run("import", "export.xml")
        self.newsroom.start()
        self.site.answer = self.as_the_rules_have_it

    def as_the_rules_have_it(self, path, headers):
        """What `kiosque feed redirects` says: feeds are here, and kiosque itself may read those of the site."""
        if headers.get("User-Agent", "").startswith("kiosque/"):
            return self.wordpress.answer(path, headers)
        return redirect(self.host.base)(path, headers)

    def the_wordpress_goes_on_behind(self):
        self.write(20, "Politique", "politique")
        self.write(21, "Sport", "sport")
        self.wordpress.posts[4].title = "Article 5, corrigé dans WordPress"
        self.shows("/flux/politique.rss", "repère-20.")
        self.shows("/flux/sport.rss", "repère-21.")
        self.shows("/flux/politique.rss", "corrigé dans WordPress")

    def the_wordpress_is_given_up(self):
        self.restarted(rubrics=POLITIQUE + SPORT)
        self.file(9, "tout", "politique", categories=["Politique"])
        self.file(10, "tout", "sport", categories=["Sport"])
        self.shows("/flux/sport.rss", "repère-10.")
        self.shows("/flux/politique.rss", "repère-9.")

    def an_article_is_corrected(self):
        self.file(9, title="Article 9, titre corrigé")
        now = datetime.now(timezone.utc).isoformat()
        self.file(10, html="<p>MISE À JOUR. Le port, repère-10.</p>", updated_at=now)
        # One that WordPress had: it keeps the guid it had there.
        self.file(7, title="Article 7 revu", categories=["Politique"], url=self.address(7))
        for path, text in (("politique", "titre corrigé"), ("sport", "MISE À JOUR"), ("politique", "Article 7 revu")):
            self.shows(f"/flux/{path}.rss", text)
        self.newsboat.poll()
        titles = {mark: title for mark, title, _ in self.newsboat.items()}
        self.assertEqual((titles[9], titles[7]), ("Article 9, titre corrigé", "Article 7 revu"), "newsboat shows the correction")

    def address(self, number):
        return f"{self.site.base}/{self.began + timedelta(minutes=10 * number):%Y/%m}/article-{number}/"

    def an_article_is_retracted(self):
        for number in (6, 9):
            listed = self.newsroom.run("article", "list", "--json", "--number", "100")
            self.assertIn(self.articles.get(number, {"title": f"Article {number}"})["title"], listed)
        self.newsroom.run("article", "retract", self.articles[9]["url"])
        self.newsroom.run("article", "retract", self.address(6))
        self.shows("/flux/politique.rss", "repère-9.", is_there=False)
        self.shows("/flux/sport.rss", "repère-6.", is_there=False)

    def a_retraction_is_taken_back(self):
        self.file(9, retracted=False)
        self.shows("/flux/politique.rss", "repère-9.")

    def an_article_gets_another_address(self):
        self.file(10, url=f"{self.site.base}/sport/le-titre-corrige/", title="Article 10, autre titre")
        self.shows("/flux/sport.rss", "le-titre-corrige")
        self.newsboat.poll()
        addresses = {mark: url for mark, _, url in self.newsboat.items()}
        self.assertEqual(addresses[10], f"{self.site.base}/sport/le-titre-corrige/")

    def an_article_moves_to_another_rubric(self):
        self.file(9, "sport", categories=["Sport"])
        # One that WordPress had, older than the feed's newest.
        self.file(7, "sport", categories=["Sport", "Politique"])
        self.shows("/flux/sport.rss", "repère-9.")
        self.shows("/flux/sport.rss", "repère-7.")
        self.shows("/flux/politique.rss", "repère-9.", is_there=False)

    def a_rubric_is_renamed(self):
        self.restarted(rubrics=RENAMED + SPORT)
        moved = self.newsroom.get("/flux/politique.rss")
        self.assertIn(moved.status, (301, 308))
        self.assertEqual(moved.headers["Location"], f"{self.host.base}/flux/vie-publique.rss")
        self.file(11, "tout", "politique", categories=["Vie publique"])
        self.shows("/flux/vie-publique.rss", "repère-11.")

    def the_feeds_move_to_another_host(self):
        self.restarted(public_url=self.new_host.base)
        self.new_host.answer = proxy(self.newsroom)
        self.host.answer = redirect(self.new_host.base)
        # The site's pages move too, and are handed in anew under their new addresses.
        for number in self.articles:
            self.file(number, url=f"{self.new_host.base}/article-{number}/")
        self.file(12, "tout", "politique", categories=["Vie publique"])
        self.shows("/flux/vie-publique.rss", "repère-12.")
        self.shows("/flux/vie-publique.rss", f"{self.new_host.base}/article-11/")

    def the_new_host_takes_up_encryption(self):
        self.restarted(public_url=self.tls.base)
        self.tls.answer = proxy(self.newsroom)
        self.new_host.answer = redirect(self.tls.base)
        for number in self.articles:
            self.file(number, url=f"{self.tls.base}/article-{number}/")
        self.file(13, "tout", "sport", categories=["Sport"])
        self.shows("/flux/sport.rss", "repère-13.")
        self.shows("/flux/vie-publique.rss", f"{self.tls.base}/article-11/")

    def life_goes_on(self):
        self.file(14, "tout", "politique", "sport", categories=["Vie publique", "Sport"])
        self.shows("/flux/sport.rss", "repère-14.")
        self.assertTrue(self.tls.asked, "the readers have come all the way")


if __name__ == "__main__":
    unittest.main(verbosity=2)
