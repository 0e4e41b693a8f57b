"""Every public page as a reader meets it, in a real browser: on a telephone and a desk, by day and by night, with scripts and
without; and every link of every mail and page as a scanner opens it.

Pictures of all pages end up in target/screens/pages. This alone, once the tools are there:

    cargo build --bins && KIOSQUE_CHROMIUM=$(command -v chromium) python3 -m unittest discover -v tests/e2e -p test_pages.py
"""

import http.client
import os
import re
import sqlite3
import time
import unittest
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from browser import Browser
from demo import Demo, Links, ROOT, ask, wait_for

PICTURES = ROOT / "target" / "screens" / "pages"
LARGEST = 30_000  # bytes of a page with its styles

# What readers said and we keep of it; what the demo's own editions move is not in it.
KEPT = re.compile(r"subscri|confirm|consent|suppress|address|reader|asking|network|operator")

demo = None


def setUpModule():
    global demo
    demo = Demo()


def tearDownModule():
    demo.stop()
    demo.folder.cleanup()


def mails_to(address):
    """The texts of the mails to an address that are no editions, the newest first."""
    return [demo.mail(name)["text"] for name in demo.outbox(address, digests=False)]


def link_in(texts, path):
    """The first link to `path` in the texts."""
    for text in texts:
        found = re.search(rf"{re.escape(demo.base)}{path}[^\s>]+", text)
        if found:
            return found.group()
    return None


@unittest.skipUnless(os.environ.get("KIOSQUE_CHROMIUM"), "Chromium is missing")
class Paths(unittest.TestCase):
    """The way of one reader, from the form to the last word."""

    def walk(self, scripts):
        address = f"lectrice-{'avec' if scripts else 'sans'}@lecteurs.example"
        faults = []
        with Browser(PICTURES) as browser:
            tell = browser.tell

            def see(name, arrived, status=200):
                faults.extend(f"{name}: {what}" for what in arrived["faults"])
                if arrived.get("status", status) != status:
                    faults.append(f"{name}: status {arrived['status']}, not {status}")
                if arrived.get("bytes", 0) >= LARGEST:
                    faults.append(f"{name}: {arrived['bytes']} bytes")
                if urlsplit(arrived["url"]).query:
                    faults.append(f"{name}: a query in {arrived['url']}")
                faults.extend(f"{name}: {what}" for what in tell("look", name=name)["wrong"])

            def open_(name, path, status=200):
                see(name, tell("open", url=path if path.startswith("http") else demo.base + path), status)

            def submit(name, button="main form button", status=200):
                see(name, tell("press", at=button), status)

            tell("begin", scripts=scripts)
            open_("accueil", "/")
            open_("flux", "/flux/")
            open_("confidentialite", "/confidentialite")
            open_("mentions-legales", "/mentions-legales")
            open_("erreur-404", "/nulle-part", 404)
            open_("erreur-lien", "/u/coupe", 404)
            open_("confirmation-inconnue", "/confirmer/coupe", 404)
            for name, path in [("editions", "/editions/"), ("archives", "/editions/minute")]:
                if ask(demo.base + path).status == 200:
                    open_(name, path)
            if ask(demo.base + "/editions/minute").status == 200:
                edition = next(
                    (link for link in tell("links")["links"] if re.search(r"/editions/minute/\d{4}-\d\d-\d\d", link)), None
                )
                self.assertTrue(edition, "the archive names no edition")
                open_("edition", edition)
            if ask(demo.base + "/lettres/cadre").status == 200:
                open_("cadre", "/lettres/cadre")

            open_("formulaire", "/lettres")
            tell("fill", at="#address", **{"with": address})
            submit("formulaire-sans-lettre", status=422)
            tell("check", at="#letter-matinale")
            time.sleep(2)  # nobody fills in a form at once, and robots are told by that
            submit("consultez-votre-messagerie")
            mails = wait_for("the confirmation", lambda: mails_to(address), 20)
            open_("confirmer", link_in(mails, "/confirmer/"))
            submit("confirmee", "button[value=confirm]")
            open_("lien-perime", link_in(mails, "/confirmer/"))

            # The links of a digest, of a reader who has one already.
            reader = "kodjo@" if scripts else "essi@"
            digest = demo.mail(wait_for("a digest", lambda: demo.outbox(reader), 60)[0])
            self.preferences(open_, submit, tell, link_in([digest["text"]], "/p/"))
            leaving = re.search(r"<(http[^>]+)>", digest["headers"]["List-Unsubscribe"]).group(1)
            open_("se-desinscrire", leaving)
            submit("desinscrite", "button[value=this]")
            open_("deja-desinscrite", leaving)
        self.assertEqual(faults, [])

    @staticmethod
    def preferences(open_, submit, tell, link):
        open_("preferences", link)
        tell("check", at="#light")
        submit("preferences-enregistrees", "button:has-text('Enregistrer')")
        if ask(link + "/donnees").status == 200:
            open_("mes-donnees", link + "/donnees")
        if ask(demo.base + "/preferences").status == 200:
            open_("lien-perdu", "/preferences")

    def test_every_page_can_be_used_by_whoever_comes_with_scripts_and_without(self):
        for scripts in (True, False):
            with self.subTest(scripts=scripts):
                self.walk(scripts)

    def test_the_form_can_be_filled_in_by_the_keyboard_alone(self):
        with Browser(PICTURES) as browser:
            browser.tell("begin", scripts=True)
            browser.tell("open", url=demo.base + "/lettres")
            self.assertIn("Aller au contenu", browser.tell("type", keys=["Tab"])["focus"])
            reached = ""
            for _ in range(40):
                reached = browser.tell("type", keys=["Tab"])["focus"]
                if 'type="submit"' in reached:
                    break
            self.assertIn("S’inscrire", reached)


class Looking(unittest.TestCase):
    """Whoever only looks, person or machine, changes nothing."""

    def kept(self):
        file = next(Path(demo.folder.name).glob("kiosque-demo-*/kiosque.db"))
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as store:
            tables = [name for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            kept = {name: sorted(map(repr, store.execute(f"SELECT * FROM {name}"))) for name in tables if KEPT.search(name)}
            kept["mails"] = list(store.execute("SELECT COUNT(*) FROM deliveries WHERE kind <> 'edition'"))
        store.close()
        self.assertTrue(kept["subscriptions"] and kept["consent_events"])
        return kept

    @staticmethod
    def request(method, url):
        """The status of a request; a redirect is not followed."""
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
        connection.request(method, parts.path or "/")
        answer = connection.getresponse()
        body = answer.read().decode("utf-8", "replace")
        connection.close()
        return answer.status, body

    def links(self):
        """Every link of ours in every mail, header fields included, and in every page behind them."""
        wait_for("a digest", lambda: demo.outbox("afi@"), 60)
        waiting = []
        for name in demo.outbox(digests=False):
            mail = demo.mail(name)
            texts = [mail["text"], mail["html"], *map(str, mail["headers"].values())]
            waiting += re.findall(rf"{re.escape(demo.base)}/[^\s\"'<>)]*", "\n".join(texts))
        waiting += [demo.base + path for path in ("/", "/lettres", "/flux/", "/confidentialite", "/mentions-legales", "/editions/")]
        found = {}
        while waiting:
            url = waiting.pop().split("#")[0].rstrip(".")
            path = urlsplit(url).path
            # Articles, pictures and the outbox are the demo's own.
            if url in found or re.match(r"/(articles|images|outbox)(/|$)", path):
                continue
            status, body = self.request("GET", url)
            found[url] = status
            for anchor in Links(body).anchors:
                href = anchor.get("href", "")
                if href.startswith("/") or href.startswith(demo.base):
                    waiting.append(href if href.startswith("http") else demo.base + href)
        return found

    def test_get_head_and_options_on_every_link_change_nothing(self):
        form = Links(demo.get("/lettres").text)
        hidden = {field["name"]: field.get("value", "") for field in form.fields if field.get("type") == "hidden"}
        time.sleep(2)
        body = urlencode({**hidden, "address": "scanner@lecteurs.example", "newsletter": "matinale"}).encode()
        self.assertEqual(ask(demo.base + "/lettres", "POST", body=body).status, 200)
        wait_for("the confirmation", lambda: mails_to("scanner@lecteurs.example"), 20)
        before = self.kept()
        links = self.links()
        kinds = {urlsplit(url).path.split("/")[1] for url in links}
        self.assertLessEqual({"u", "confirmer", "lettres", "flux"}, kinds)
        for url in links:
            for method in ("HEAD", "OPTIONS", "GET"):
                status, _ = self.request(method, url)
                self.assertLess(status, 500, f"{method} {url}")
        self.assertEqual(self.kept(), before)
        if os.environ.get("KIOSQUE_CHROMIUM"):
            with Browser(PICTURES) as browser:
                browser.tell("begin", scripts=True)
                for url in links:
                    if not re.search(r"\.(rss|atom|json|opml|xml)$|/logo/", url):
                        browser.tell("open", url=url)
            self.assertEqual(self.kept(), before)
