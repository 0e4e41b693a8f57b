"""Feed parsers that others wrote, each giving what it reads in the same words: `{"feed": {…}, "entries": [{…}, …]}`.

Of the feed: id, title, description, home, itself (its own address), language, rights. Of an entry: id, link, title, summary,
content, authors, terms, image, published and updated (seconds since 1970). What a parser does not know is not there.
"""

import calendar
import html
import json
import os
import subprocess
import xml.dom.minidom
from datetime import datetime
from xml.etree import ElementTree

from demo import ROOT

try:
    import atoma
    import fastfeedparser
    import feedparser
    from lxml import etree
except ImportError:
    feedparser = None

NODE_MODULES = ROOT / "target" / "tools" / "node" / "node_modules"
FEED_RS = ROOT / "target" / "debug" / "examples" / "feed_rs"

RSS, ATOM, JSON_FEED = "application/rss+xml", "application/atom+xml", "application/feed+json"
ATOM_NAMESPACE = "{http://www.w3.org/2005/Atom}"


def links_of(body):
    """The addresses of an XML document's own links by their relation, by Python's XML."""
    root = ElementTree.fromstring(body)
    root = root.find("channel") if root.tag == "rss" else root
    return {link.get("rel"): link.get("href") for link in root.findall(f"{ATOM_NAMESPACE}link")}


def link_of(links, rel):
    """The address of the first of `links` (dictionaries or objects) with this relation."""
    for link in links:
        link = link if isinstance(link, dict) else vars(link)
        if (link.get("rel") or "alternate") == rel:
            return link["href"]
    return None


def by_feedparser(body, kind):
    """PyPI `feedparser`, which must not complain. What it gives is what was written: it neither cleans nor resolves."""
    headers = {"content-type": f"{kind}; charset=utf-8"}
    read = feedparser.parse(body, response_headers=headers, sanitize_html=False, resolve_relative_uris=False)
    if read.bozo:
        raise AssertionError(f"bozo: {read.get('bozo_exception')!r}")
    feed = {
        "title": read.feed.title,
        "description": read.feed.subtitle,
        "home": read.feed.link,
        "itself": link_of(read.feed.links, "self"),
        "language": read.feed.language if kind == RSS else read.feed.title_detail.language,
        "rights": read.feed.rights,
    }
    if kind == ATOM:
        feed["id"] = read.feed.id
    return {"feed": feed, "entries": [_by_feedparser(entry, kind) for entry in read.entries]}


def _by_feedparser(entry, kind):
    known = {
        "id": entry.id,
        "link": entry.link,
        "title": entry.title,
        # RSS has it as HTML.
        "summary": html.unescape(entry.get("summary", "")) if kind == RSS else entry.get("summary", ""),
        "content": entry.content[0].value if "content" in entry else "",
        "authors": [author.name for author in entry.get("authors", []) if "name" in author],
        "terms": [tag.label or tag.term for tag in entry.get("tags", [])],
        "image": next((media["url"] for media in entry.get("media_content", [])), None),
        "published": calendar.timegm(entry.published_parsed) if entry.get("published_parsed") else None,
    }
    if kind == ATOM:
        known["updated"] = calendar.timegm(entry.updated_parsed)
    return known


def by_atoma(body, kind):
    """PyPI `atoma`, built on `defusedxml`. Of RSS it knows no creators."""
    if kind == RSS:
        read = atoma.parse_rss_bytes(body)
        feed = {"title": read.title, "description": read.description, "home": read.link,
                "language": read.language, "rights": read.copyright}
        entries = [
            {
                "id": item.guid,
                "link": item.link,
                "title": item.title,
                "summary": html.unescape(item.description or ""),
                "content": item.content_encoded or "",
                "terms": item.categories,
                "published": item.pub_date and item.pub_date.timestamp(),
            }
            for item in read.items
        ]
    elif kind == ATOM:
        read = atoma.parse_atom_bytes(body)
        feed = {"id": read.id_, "title": read.title.value, "description": read.subtitle.value, "home": link_of(read.links, "alternate"),
                "itself": link_of(read.links, "self"), "rights": read.rights.value}
        entries = [
            {
                "id": entry.id_,
                "link": link_of(entry.links, "alternate"),
                "title": entry.title.value,
                "summary": entry.summary.value if entry.summary else "",
                "content": entry.content.value if entry.content else "",
                "authors": [author.name for author in entry.authors],
                "terms": [category.label or category.term for category in entry.categories],
                "published": entry.published and entry.published.timestamp(),
                "updated": entry.updated.timestamp(),
            }
            for entry in read.entries
        ]
    else:
        read = atoma.parse_json_feed_bytes(body)
        feed = {"title": read.title, "description": read.description, "home": read.home_page_url, "itself": read.feed_url}
        entries = [
            {
                "id": item.id_,
                "link": item.url,
                "title": item.title,
                "summary": item.summary or "",
                "content": item.content_html or "",
                "terms": item.tags,
                "image": item.image,
                "published": item.date_published and item.date_published.timestamp(),
                "updated": item.date_modified.timestamp(),
            }
            for item in read.items
        ]
    return {"feed": feed, "entries": entries}


def by_fastfeedparser(body, kind):
    """PyPI `fastfeedparser`, on lxml or its own native code. It knows one author an article, and of RSS not the language."""
    read = fastfeedparser.parse(body)
    feed = {"title": read.feed.title, "home": read.feed.link}
    if kind != RSS:
        feed["language"] = read.feed.language
    entries = [
        {
            "id": entry.id,
            "link": entry.link,
            "title": entry.title,
            "summary": html.unescape(entry.description) if kind == RSS else entry.description,
            "content": entry.content[0]["value"] if entry.get("content") else "",
            "author": entry.get("author"),
            "terms": [tag.get("label") or tag["term"] for tag in entry.get("tags", [])],
            "image": next((media["url"] for media in entry.get("media_content", [])), entry.get("image")),
            "published": _seconds(entry.get("published")),
            **({} if kind == RSS else {"updated": _seconds(entry.get("updated"))}),
        }
        for entry in read.entries
    ]
    return {"feed": feed, "entries": entries}


def _seconds(text):
    return text and datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def by_xml(body, kind):
    """No feed parsers: Python's XML and libxml2, as strict as they are, without a document type. Gives the number of entries."""
    xml.dom.minidom.parseString(body)
    tree = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False))
    if tree.getroottree().docinfo.doctype or not body.startswith(b'<?xml version="1.0" encoding="utf-8"?>'):
        raise AssertionError(body[:80])
    return len(tree.findall("channel/item")) if kind == RSS else len(tree.findall(f"{ATOM_NAMESPACE}entry"))


def by_node(files):
    """npm `feedparser` and `rss-parser`: `files` are paths with media types; for each, what they read by parser."""
    done = subprocess.run(
        ["node", str(ROOT / "tests" / "e2e" / "parsers.mjs")],
        input=json.dumps([{"path": str(path), "kind": kind} for path, kind in files]),
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "KIOSQUE_NODE_MODULES": str(NODE_MODULES)},
    )
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    read = [json.loads(line) for line in done.stdout.splitlines()]
    for (_, kind), parsers in zip(files, read):
        if kind == RSS:
            for entry in parsers["feedparser"]["entries"]:
                entry["summary"] = html.unescape(entry["summary"])
    return read


def by_feed_rs(files):
    """Crate `feed-rs`, by `examples/feed_rs.rs`: `files` are paths with media types; for each, what it reads."""
    done = subprocess.run([FEED_RS, *(path for path, _ in files)], capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return [_by_feed_rs(json.loads(line), kind) for (_, kind), line in zip(files, done.stdout.splitlines(), strict=True)]


def _by_feed_rs(read, kind):
    for entry in read["entries"]:
        if kind == RSS:
            entry["summary"] = html.unescape(entry["summary"])
            del entry["updated"]  # which it makes of the publication
        elif kind == JSON_FEED:
            del entry["image"]  # which it does not know, nor the feed's address
    if kind == JSON_FEED:
        del read["feed"]["itself"], read["feed"]["rights"]
    return read
