"""The rules of JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/), by hand: there is no schema of its own."""

import re
from urllib.parse import urlsplit

VERSION = "https://jsonfeed.org/version/1.1"

# Each key there is, and its kind: text, address, date, or what a list holds.
FEED = {"version": "text", "title": "text", "home_page_url": "address", "feed_url": "address", "description": "text",
        "user_comment": "text", "next_url": "address", "icon": "address", "favicon": "address", "authors": "authors",
        "language": "language", "expired": "flag", "hubs": "hubs", "items": "items"}
ITEM = {"id": "text", "url": "address", "external_url": "address", "title": "text", "content_html": "text",
        "content_text": "text", "summary": "text", "image": "address", "banner_image": "address", "date_published": "date",
        "date_modified": "date", "authors": "authors", "tags": "texts", "language": "language", "attachments": "attachments"}
AUTHOR = {"name": "text", "url": "address", "avatar": "address"}
ATTACHMENT = {"url": "address", "mime_type": "text", "title": "text", "size_in_bytes": "number", "duration_in_seconds": "number"}
HUB = {"type": "text", "url": "address"}

DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)")


def faults(feed):
    """What is wrong with a parsed feed, each as a sentence."""
    found = []

    def objects(value, keys, required, place):
        for number, one in enumerate(value):
            check(one, keys, required, f"{place}[{number}]")

    def check(value, keys, required, place):
        for key in required:
            if key not in value:
                found.append(f"{place}: {key} is missing")
        for key, one in value.items():
            here = f"{place}.{key}"
            kind = keys.get(key)
            # An extension would begin with an underscore; we have none.
            if kind is None:
                found.append(f"{here}: there is no such key")
            elif one is None or one == "" or one == [] and kind != "items":
                found.append(f"{here}: empty; leave it out")
            elif kind in ("text", "language", "date", "address") and not isinstance(one, str):
                found.append(f"{here}: not a text")
            elif kind == "address" and not (urlsplit(one).scheme in ("http", "https") and urlsplit(one).netloc):
                found.append(f"{here}: {one} is no absolute address")
            elif kind == "date" and not DATE.fullmatch(one):
                found.append(f"{here}: {one} is no date of RFC 3339 in whole seconds")
            elif kind == "language" and not re.fullmatch(r"[a-z]{2,3}(-[A-Z]{2})?", one):
                found.append(f"{here}: {one} is no language of BCP 47")
            elif kind == "number" and not (isinstance(one, int) and one > 0):
                found.append(f"{here}: {one} is no size")
            elif kind == "texts" and not all(isinstance(text, str) and text for text in one):
                found.append(f"{here}: {one} are not all texts")
            elif kind == "authors":
                objects(one, AUTHOR, ["name"], here)
            elif kind == "hubs":
                objects(one, HUB, ["type", "url"], here)
            elif kind == "attachments":
                objects(one, ATTACHMENT, ["url", "mime_type"], here)
            elif kind == "items":
                objects(one, ITEM, ["id", "url"], here)

    check(feed, FEED, ["version", "title", "home_page_url", "feed_url", "items"], "feed")
    if feed.get("version") != VERSION:
        found.append(f"feed.version: {feed.get('version')}")
    ids = [item.get("id") for item in feed.get("items", [])]
    if len(set(ids)) != len(ids):
        found.append("feed.items: an id comes twice")
    for number, item in enumerate(feed.get("items", [])):
        if ("content_html" in item) == ("content_text" in item):
            found.append(f"feed.items[{number}]: content_html or content_text, one of the two")
    return found
