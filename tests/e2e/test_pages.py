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
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from browser import Browser
from demo import Demo, Links, ROOT, ask, wait_for
from walk import Walk

PICTURES = ROOT / "target" / "screens" / "pages"

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


@unittest.skipUnless(os.environ.get("KIOSQUE_CHROMIUM"), "Chromium is missing")
class Paths(unittest.TestCase):
    """The ways of readers, from the form to the last word."""

    def walk(self, scripts):
        who = "avec" if scripts else "sans"
        newcomer = f"lectrice-{who}@lecteurs.example"
        # One who gets digests already, and the rubrics he has.
        reader, rubrics = ("kodjo@", ("politique", "economie")) if scripts else ("essi@", ("culture", "sport"))
        with Walk(demo, PICTURES, scripts) as walk:
            self.public_pages(walk)
            self.signing_up(walk, newcomer)
            self.not_me(walk, f"quelquun-{who}@lecteurs.example")
            digest = demo.mail(wait_for("a digest", lambda: demo.outbox(reader), 60)[0])
            self.preferences(walk, self.link_of(digest, "/p/"), rubrics)
            self.moving(walk, digest, f"nouvelle-{who}@lecteurs.example")
            self.leaving(walk, digest)
            self.own_data(walk, newcomer, self.lost_link(walk, newcomer))
            self.assertEqual(walk.faults, [])
            self.assertGreater(len(walk.sizes), 35)
            print(f"\npages in bytes, with their styles: {walk.sizes}")

    @staticmethod
    def link_of(digest, path):
        return re.search(rf"{re.escape(demo.base)}{path}[^\s>]+", digest["text"]).group()

    @staticmethod
    def public_pages(walk):
        walk.open("accueil", "/")
        walk.open("flux", "/flux/")
        walk.open("confidentialite", "/confidentialite")
        walk.open("mentions-legales", "/mentions-legales")
        walk.open("erreur-404", "/nulle-part", 404)
        walk.open("erreur-lien", "/u/coupe", 404)
        walk.open("confirmation-inconnue", "/confirmer/coupe", 404)
        walk.open("preferences-inconnues", "/p/coupe", 404)
        wait_for("an edition on the web", lambda: ask(demo.base + "/editions/minute").status == 200, 70)
        walk.open("editions", "/editions/")
        walk.open("archives", "/editions/minute")
        walk.open("edition", walk.link(r"/editions/minute/\d{4}-\d\d-\d\d"))
        walk.open("cadre", "/lettres/cadre")

    @staticmethod
    def ask_for(walk, address):
        walk.fill("#address", address)
        walk.check("#letter-matinale")
        time.sleep(2)  # nobody fills in a form at once, and robots are told by that

    def signing_up(self, walk, address):
        walk.open("formulaire", "/lettres")
        walk.fill("#address", address)
        walk.submit("formulaire-sans-lettre", status=422)
        self.ask_for(walk, address)
        walk.submit("consultez-votre-messagerie")
        link = walk.mailed(address, "/confirmer/")
        walk.open("confirmer", link)
        walk.submit("confirmee", "button[value=confirm]")
        walk.says("Votre inscription est confirmée")
        walk.open("lien-confirme", link)

    def not_me(self, walk, address):
        walk.open("formulaire", "/lettres")
        self.ask_for(walk, address)
        walk.submit("consultez-votre-messagerie")
        walk.open("confirmer", walk.mailed(address, "/confirmer/"))
        walk.submit("pas-moi", "button[value=refuse]")
        walk.open("pas-moi-encore", walk.mailed(address, "/confirmer/"), 410)

    @staticmethod
    def preferences(walk, link, rubrics):
        walk.open("preferences", link)
        walk.check("#light")
        walk.fill("#name", "Kossi")
        walk.submit("preferences-enregistrees", "button:has-text('Enregistrer')")
        walk.says("allégée")
        walk.submit("preferences-annulees", "button:has-text('Annuler ce changement')")
        walk.fill("#pause", (date.today() + timedelta(days=20)).isoformat())
        walk.submit("suspendues", "button:has-text('Enregistrer')")
        walk.says("suspendues")
        walk.submit("reprises", "button:has-text('Annuler ce changement')")
        walk.tell("unfold", at="#letter-minute ~ details summary")
        for rubric in rubrics:
            walk.tell("uncheck", at=f"input[type=checkbox][name=rubric][value='minute/{rubric}']")
        walk.submit("sans-rubrique", "button:has-text('Enregistrer')", status=422)
        walk.check("input[type=checkbox][name=rubric][value='minute/sante']")
        walk.submit("rubriques", "button:has-text('Enregistrer')")
        walk.says("Santé")
        walk.submit("rubriques-annulees", "button:has-text('Annuler ce changement')")

    def moving(self, walk, digest, new):
        old = digest["headers"]["To"].addresses[0].addr_spec
        walk.open("preferences", self.link_of(digest, "/p/"))
        walk.fill("#address", new)
        walk.submit("changement-demande", "button:has-text('Changer d’adresse')")
        walk.open("nouvelle-adresse", walk.mailed(new, "/adresse/"))
        walk.submit("adresse-changee", "button:has-text('Confirmer cette adresse')")
        walk.says("Votre adresse est changée")
        walk.open("annuler-l-adresse", walk.mailed(old, "/adresse/"))
        walk.submit("adresse-revenue", "button:has-text('Annuler le changement d’adresse')")
        walk.says("Le changement est annulé")

    @staticmethod
    def lost_link(walk, address):
        walk.open("lien-perdu", "/preferences")
        walk.fill("#address", address)
        walk.submit("lien-envoye", "button:has-text('Recevoir le lien')")
        return walk.mailed(address, "/p/")

    @staticmethod
    def own_data(walk, address, link):
        walk.open("mes-donnees", link + "/donnees")
        walk.submit("copie-demandee", "button[value=export]")
        export = walk.mailed(address, "/donnees/")
        walk.open("copie", export)
        walk.submit("mes-donnees-montrees", "button[value=export]")
        walk.says(address)
        walk.open("mes-donnees", link + "/donnees")
        walk.submit("effacement-demande", "button[value=erase]")
        walk.open("effacer", walk.mailed(address, "/donnees/", but=[export]))
        walk.submit("effacees", "button[value=erase]")
        walk.says("Vos données sont effacées")
        walk.open("plus-rien", link)

    @staticmethod
    def leaving(walk, digest):
        leaving = re.search(r"<(http[^>]+)>", digest["headers"]["List-Unsubscribe"]).group(1)
        walk.open("se-desinscrire", leaving)
        walk.submit("desinscrite", "button[value=this]")
        walk.submit("reinscrite", "button:has-text('Annuler ma désinscription')")
        walk.open("se-desinscrire", leaving)
        walk.submit("desinscrite-de-tout", "button[value=all]")
        walk.open("deja-desinscrite", leaving)

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
