"""The editor's minute in a real browser, on a telephone with a thumb: from the mail to the approval, without scripts too.

Pictures end up in target/screens/editor. This alone, once the tools are there:

    cargo build --bins && KIOSQUE_CHROMIUM=$(command -v chromium) python3 -m unittest discover -v tests/e2e -p test_editor.py
"""

import json
import os
import re
import time
import unittest
from datetime import datetime, timedelta, timezone
from email import message_from_bytes
from email.policy import default as default_policy
from urllib.parse import urlsplit

from browser import Browser
from demo import ROOT, ask, wait_for
from newsroom import Newsroom

PICTURES = ROOT / "target" / "screens" / "editor"
MINUTE = 60  # seconds

# Frozen as soon as there is anything: the hold is as long as the way from one slot to the next.
LETTER = """
[[category]]
name = "Politique"
[[category]]
name = "Économie"
[[category]]
name = "Sport"
[[newsletter]]
slug = "matinale"
title = "La Matinale"
from = "La Matinale <matinale@exemple.tg>"
bounce_to = "retours@exemple.tg"
editors = ["redaction@exemple.tg"]
schedule = "{minute} {hour} * * *"
timezone = "UTC"
hold = "24h"
approval = "required"
"""

TITLES = [
    ("Politique", "Les députés examinent la loi sur les communes"),
    ("Politique", "Qui siégera à la commission électorale ?"),
    ("Politique", "Kara : le conseil municipal adopte son budget à une voix près"),
    ("Économie", "Au port de Lomé, la file des camions raccourcit enfin"),
    ("Économie", "Le soja, nouvelle promesse des Hauts Plateaux"),
    ("Économie", "Franc CFA : ce que change la réforme pour les petits commerçants du grand marché d’Adawlato"),
    ("Sport", "Les Éperviers gagnent à Kégué"),
    ("Sport", "Anticonstitutionnellement : le plus long mot d’un titre de la Fédération de basket-ball"),
    ("Sport", "Le Tour du Togo partira de Dapaong"),
]


def lines(titles, first=0):
    """Articles of the last hour, as JSON Lines."""
    now = datetime.now(timezone.utc) - timedelta(minutes=30)
    articles = [
        {
            "id": str(first + number),
            "url": f"https://exemple.tg/{first + number}",
            "title": title,
            "summary": f"{title}. Le récit de la journée, les chiffres et ce qu’en disent ceux qui étaient là.",
            "html": f"<p>{title}</p>",
            "categories": [rubric],
            "published_at": (now + timedelta(seconds=first + number)).isoformat(timespec="seconds"),
        }
        for number, (rubric, title) in enumerate(titles)
    ]
    return "".join(json.dumps(article, ensure_ascii=False) + "\n" for article in articles)


@unittest.skipUnless(os.environ.get("KIOSQUE_CHROMIUM"), "Chromium is missing")
class Minute(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        slot = datetime.now(timezone.utc) + timedelta(hours=2)
        self.newsroom = Newsroom(LETTER.format(minute=slot.minute, hour=slot.hour))
        self.addCleanup(self.newsroom.close)
        self.newsroom.run("migrate")
        self.newsroom.start()
        self.newsroom.import_lines(lines(TITLES))

    def mails(self):
        folder = self.newsroom.path("outbox") / "new"
        files = sorted(folder.iterdir(), key=lambda file: file.stat().st_mtime) if folder.is_dir() else []
        return [message_from_bytes(file.read_bytes(), policy=default_policy) for file in files]

    def show(self):
        number = json.loads(self.newsroom.run("edition", "list", "--json"))[0]["id"]
        return json.loads(self.newsroom.run("edition", "show", str(number), "--json"))

    def walk(self, browser, page, scripts):
        """Note, pin, leave out, approve; gives what was wrong and how long it took."""
        tell, faults = browser.tell, []

        def see(name, arrived):
            faults.extend(f"{name}: {what}" for what in arrived["faults"])
            if arrived.get("status", 200) != 200:
                faults.append(f"{name}: status {arrived['status']}")
            if urlsplit(arrived["url"]).query:
                faults.append(f"{name}: a query in {arrived['url']}")

        def look(name):
            faults.extend(f"{name}: {what}" for what in tell("look", name=name)["wrong"])

        def text():
            return re.sub(r"\s", " ", tell("text")["text"])

        tell("begin", scripts=scripts)
        began = time.monotonic()
        see("open", tell("open", url=page))
        tell("unfold", at="summary:has-text('note en tête')")
        tell("fill", at="#note", **{"with": "Bonjour,\n\nune matinée sous le signe du port."})
        see("note", tell("press", at="button[value=note]"))
        self.assertIn("La note est enregistrée", text())
        see("lead", tell("press", at="li:has-text('camions raccourcit') button[value=lead]"))
        self.assertIn("Cet article ouvre maintenant la lettre", text())
        see("leave", tell("press", at="li:has-text('Dapaong') button[value=leave]"))
        self.assertIn("L’édition suivante pourra le prendre", text())
        see("approve", tell("press", at="button[value=approve]"))
        self.assertIn("C’est approuvé", text())
        took = time.monotonic() - began
        look("approuvee")
        self.assertEqual(tell("has", at="button[value=approve]")["count"], 0)
        return faults, took

    def test_an_editor_notes_pins_leaves_out_and_approves_in_a_minute_with_a_thumb(self):
        mail = wait_for("the mail to the editors", self.mails, 30)[0]
        self.assertEqual(mail["To"], "redaction@exemple.tg")
        self.assertIn("À approuver", mail["Subject"])
        link = re.search(rf"{re.escape(self.newsroom.base)}/relire/\S+", mail.get_body(("plain",)).get_content()).group()
        self.newsroom.import_lines(lines([("Sport", "Dernière heure : le match est reporté")], first=50))
        before = self.show()
        self.assertEqual([ask(link).status, ask(link + "/apercu").status, ask(link[:-2]).status], [200, 200, 404])
        self.assertEqual(self.show(), before, "looking changed something")
        with Browser(PICTURES) as browser:
            browser.tell("begin", scripts=True)
            browser.tell("open", url=link)
            wrong = browser.tell("look", name="edition")["wrong"]
            for at in ("summary:has-text('Objet')", "li:has-text('Kégué') summary", "summary:has-text('Reporter')", "summary:has-text('Ne pas')"):
                browser.tell("unfold", at=at)
            wrong += browser.tell("look", name="edition-ouverte")["wrong"]
            faults, took = self.walk(browser, link, scripts=False)
            self.assertEqual(wrong + faults, [])
            self.assertLess(took, MINUTE)
            # What was published since, an hour later, and a trial.
            browser.tell("press", at="li:has-text('Dernière heure') button[value=add]")
            browser.tell("press", at="button[value=test]")
            browser.tell("look", name="ajoutee")
        edition = self.show()
        titles = [article["title"] for article in edition["articles"]]
        self.assertEqual(titles[:2], ["Au port de Lomé, la file des camions raccourcit enfin", "Dernière heure : le match est reporté"])
        self.assertEqual(len(titles), 9)
        self.assertNotIn("Le Tour du Togo partira de Dapaong", titles)
        self.assertIsNotNone(edition["approved_at"])
        acts = [act["act"] for act in edition["acts"]]
        self.assertEqual(acts, ["note", "lead", "leave_out", "approve", "add", "test"])
        trial = wait_for("the trial", lambda: self.mails()[1:], 20)[0]
        self.assertTrue(trial["Subject"].startswith("[Essai]"), trial["Subject"])
        self.assertIn("une matinée sous le signe du port", trial.get_body(("plain",)).get_content())
        log = self.newsroom.log()
        self.assertNotIn(link.rsplit("/", 1)[1], log, "a token in the log")
        self.assertIn("an editor looks at the edition", log)

    def test_an_editor_puts_right_what_left_wrong_after_being_told_to_how_many_it_goes(self):
        mail = wait_for("the mail to the editors", self.mails, 30)[0]
        link = re.search(rf"{re.escape(self.newsroom.base)}/relire/\S+", mail.get_body(("plain",)).get_content()).group()
        readers = ["afi@exemple.tg", "koffi@exemple.tg"]
        for reader in readers:
            self.newsroom.run("subscriber", "add", reader, "--newsletter", "matinale", "--consent", "sur place")
        soon = (datetime.now(timezone.utc) + timedelta(seconds=2)).strftime("%Y-%m-%dT%H:%M:%S")
        for form in (f"do=postpone&to={soon}", "do=approve"):
            self.assertEqual(ask(link, "POST", body=form.encode()).status, 200, form)
        to_readers = lambda: [mail for mail in self.mails() if mail["To"].endswith(tuple(readers))]
        wait_for("the edition", lambda: len(to_readers()) == 2, 30)
        number, title = 3, "Au port de Lomé, la file des camions s’allonge encore"
        article = [(rubric, title if at == number else old) for at, (rubric, old) in enumerate(TITLES)]
        self.newsroom.import_lines(lines(article))
        faults = []
        with Browser(PICTURES) as browser:
            tell = browser.tell

            def see(name, arrived):
                faults.extend(f"{name}: {what}" for what in arrived["faults"] + tell("look", name=name)["wrong"])

            tell("begin", scripts=False)
            tell("open", url=link)
            tell("unfold", at="li:has-text('camions') summary")
            see("partie", {"faults": []})
            tell("fill", at="li:has-text('camions') textarea", **{"with": "La file s’allonge, elle ne raccourcit pas."})
            see("rectificatif", tell("press", at="li:has-text('camions') button[value=rectify]"))
            asked = re.sub(r"\s", " ", tell("text")["text"])
            self.assertIn("Ce rectificatif partira à 2 lecteurs, qui ont pu lire l’erreur.", asked)
            self.assertEqual(len(to_readers()), 2)
            see("rectifiee", tell("press", at="button[value=rectify-send]"))
            self.assertIn("Le rectificatif part, à 2 lecteurs", re.sub(r"\s", " ", tell("text")["text"]))
        self.assertEqual(faults, [])
        wait_for("the correction", lambda: len(to_readers()) == 4, 30)
        told = to_readers()[-1]
        self.assertIn("Rectificatif", told["Subject"])
        self.assertIn("La file s’allonge", told.get_body(("plain",)).get_content())
