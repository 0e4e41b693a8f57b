"""A newsroom with the nastiest articles, every feed that it serves, and what each of them must show."""

import hashlib
import re
import sqlite3
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit

import nasty
from newsroom import Newsroom
from parser_faults import PUBLISHER
from parsers import ATOM, JSON_FEED, RSS, links_of

DAY = 24 * 60 * 60 * 1000  # ms

# The one rubric whose feed does not hold all of its articles: its archives have the others.
SPORT_ITEMS = 3

RUBRICS = f"""
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
[category.feed]
items = {SPORT_ITEMS}
window = "24h"
[[category]]
name = "Vide"
[[category]]
name = "Météo"
removed = true

[[feed]]
slug = "l-essentiel"
name = "L'essentiel & plus"
categories = ["politique", "sport"]
content = "summary"
title = "L'Éveil: \\"l'essentiel\\" & plus"
description = "Ce qu'il faut savoir; chaque jour!"
language = "fr-TG"
image = "https://www.exemple.tg/images/une.png?a=1&b=2"
link = "https://www.exemple.tg/une?a=1&b=2"

[[feed]]
slug = "komla"
name = "Kɔmla Aƒetɔ"
author = "Kɔmla Aƒetɔ"
"""


@dataclass
class View:
    title: str
    description: str
    rubrics: tuple = ()  # of these
    author: str = ""  # or of this one; of all when neither is named
    home: str = "https://lettres.exemple.tg/flux/"
    language: str = "fr"
    summaries: bool = False


def rubric(name):
    return View(f"{PUBLISHER} – {name}", f"Les articles de la rubrique «\u00a0{name}\u00a0», publiés par {PUBLISHER}.", (name,))


VIEWS = {
    "tout": View(PUBLISHER, f"Tous les articles publiés par {PUBLISHER}."),
    "politique": rubric("Politique"),
    "economie": rubric("Économie"),
    "tech-web": rubric("Tech & Web"),
    "societe": rubric("Société"),
    "l-eveil-culturel": rubric("L’Éveil culturel"),
    "sport": rubric("Sport"),
    "vide": rubric("Vide"),
    "l-essentiel": View(
        "L’Éveil\u00a0: «\u00a0l’essentiel\u00a0» & plus",
        "Ce qu’il faut savoir\u202f; chaque jour\u202f!",
        ("Politique", "Sport"),
        home="https://www.exemple.tg/une?a=1&b=2",
        language="fr-TG",
        summaries=True,
    ),
    # Which only an import names: in no index, but its feed is there for who asks.
    "faits-divers": rubric("Faits divers"),
    "komla": View(f"{PUBLISHER} – Kɔmla Aƒetɔ", f"Kɔmla Aƒetɔ, par {PUBLISHER}.", author="Kɔmla Aƒetɔ"),
}


class NastyNewsroom(Newsroom):
    """`fetched` has every feed and archive by its path: (media type, answer, file)."""

    def __init__(self):
        super().__init__(RUBRICS, public_url="https://lettres.exemple.tg", more="[feeds]\nitems = 300")
        try:
            # As old articles, so that their own dates decide where they stand.
            self.summary = self.import_lines(nasty.lines(), "--archive", "--source", "site", status=1)
            for case in nasty.RETRACTED:
                self.run("article", "retract", case.given["url"])
            self.start()
            self.fetched = {}
            unlisted = [(f"/flux/faits-divers.{end}", kind) for end, kind in (("rss", RSS), ("atom", ATOM), ("json", JSON_FEED))]
            for path, kind in self.feeds() + unlisted:
                while path:
                    path = self._fetch(path, kind)
            self.stored, self.feed_ids = self._stored()
        except BaseException:
            self.close()
            raise

    def _fetch(self, path, kind):
        """Fetches one document; gives the path of the archive before it."""
        answer = self.get(path)
        file = self.path(f"feed-{len(self.fetched)}")
        file.write_bytes(answer.body)
        assert path not in self.fetched, f"{path} leads in a circle"
        self.fetched[path] = (kind, answer, file)
        if kind not in (RSS, ATOM):
            return None
        previous = links_of(answer.body).get("prev-archive")
        return previous and urlsplit(previous).path

    def _stored(self):
        """What the store has of each case, in their order: the rows of a real import, read without the program."""
        with sqlite3.connect(f"file:{self.path('kiosque.db')}?mode=ro", uri=True) as db:
            db.row_factory = sqlite3.Row
            rows = db.execute("SELECT * FROM articles ORDER BY id").fetchall()
            feed_ids = {row["slug"]: row["feed_id"] for row in db.execute("SELECT slug, feed_id FROM categories")}
        taken = [case for case in nasty.CASES if not case.refused]
        assert len(rows) == len(taken), (len(rows), len(taken))
        return {case.name: dict(row) for case, row in zip(taken, rows)}, feed_ids

    def of(self, view):
        """The cases of a view, the newest first, then the last one in."""
        cases = [
            case
            for case in nasty.SHOWN
            if not (view.rubrics or view.author)
            or set(view.rubrics) & {*case.shows["categories"], *case.given["categories"]}
            or view.author in case.shows["authors"]
        ]
        return sorted(cases, key=lambda case: (self.published(case), self.stored[case.name]["id"]), reverse=True)

    def published(self, case):
        return self.stored[case.name]["published_at"]

    def shown(self, path):
        """The cases that the document at `path` must show, in its order."""
        slug = slug_of(path)
        cases = self.of(VIEWS[slug])
        if "/archives/" in path:
            first, after = period(path)
            return [case for case in cases if first <= self.published(case) < after]
        if slug == "sport":
            since = self.published(cases[0]) - DAY
            return [case for n, case in enumerate(cases) if n < SPORT_ITEMS or self.published(case) >= since]
        return cases

    def about(self, path):
        """What the document at `path` must say of itself."""
        view = VIEWS[slug_of(path)]
        return {
            "id": self.feed_ids[slug_of(path)],
            "title": view.title,
            "description": view.description,
            "home": view.home,
            "itself": f"{self.public_url}{path}",
            "language": view.language,
            "rights": f"©\u00a0{PUBLISHER}",
        }

    def entry(self, case, path, kind):
        """What the entry of a case must say, by hand where nasty.py says it, else by what is stored."""
        shows, stored = case.shows, self.stored[case.name]
        identifier = shows.get("id") or stored["entry_id"]
        rubrics = [name.lower() for name in shows["categories"]]
        content = shows["leads"] + stored["body"]
        return {
            "id": as_uri(identifier) if kind == ATOM else identifier,
            "link": shows["link"],
            "title": shows["title"],
            "summary": shows["summary"],
            "content": "" if VIEWS[slug_of(path)].summaries else content,
            "authors": shows["authors"],
            "author": next(iter(shows["authors"]), None),
            "byline": ", ".join(shows["authors"][-1:] if kind == RSS else shows["authors"]),
            "terms": shows["categories"] + [tag for tag in shows["tags"] if tag.lower() not in rubrics],
            "image": shows["image"],
            "published": stored["published_at"] // 1000 if shows.get("dated", True) else None,
            "updated": stored["updated_at"] // 1000,
        }


def slug_of(path):
    """`/flux/sport.rss` and `/flux/archives/sport/2026-11.rss` are both of `sport`."""
    return re.fullmatch(r"/flux/(?:archives/([^/]+)/[^/]+|([^/]+))\.\w+", path).expand(r"\1\2")


def period(path):
    """The first moment of an archive and the first one after it, in ms: of a month, or of its days up to one."""
    year, month, day = re.search(r"/(\d{4})-(\d\d)(?:-(\d\d))?\.", path).groups()
    first = datetime(int(year), int(month), 1, tzinfo=timezone.utc)
    if day:
        after = first.replace(day=int(day)) + timedelta(days=1)
    else:
        after = (first + timedelta(days=32)).replace(day=1)
    return int(first.timestamp() * 1000), int(after.timestamp() * 1000)


def as_uri(identifier):
    """Atom's ids are URIs: one that is none is told by its hash (RFC 9562 §5.8)."""
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+", identifier):
        return identifier
    digest = bytearray(hashlib.sha256(identifier.encode()).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    return f"urn:uuid:{uuid.UUID(bytes=bytes(digest))}"
