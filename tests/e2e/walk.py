"""A reader who walks through the pages of a running demo in a browser, and remembers whatever was wrong on the way."""

import re
from urllib.parse import urlsplit

from browser import Browser
from demo import wait_for

LARGEST = 30_000  # bytes of a page with its styles


class Walk:
    """One reader's way: every page opened or come to is looked at, at two widths, by day and by night."""

    def __init__(self, demo, pictures, scripts):
        self.demo, self.scripts, self.faults, self.sizes = demo, scripts, [], {}
        self.browser = Browser(pictures)

    def __enter__(self):
        self.browser.__enter__()
        self.tell("begin", scripts=self.scripts)
        return self

    def __exit__(self, *error):
        return self.browser.__exit__(*error)

    def tell(self, do, **job):
        return self.browser.tell(do, **job)

    def open(self, name, path, status=200):
        self._see(name, self.tell("open", url=path if path.startswith("http") else self.demo.base + path), status)

    def submit(self, name, button="main form button", status=200):
        self._see(name, self.tell("press", at=button), status)

    def fill(self, at, text):
        self.tell("fill", at=at, **{"with": text})

    def check(self, *boxes):
        for at in boxes:
            self.tell("check", at=at)

    def says(self, text):
        """Remembers it as a fault when the page does not say this."""
        said = re.sub(r"\s+", " ", self.tell("text")["text"])
        if text not in said:
            self.faults.append(f"the page does not say « {text} »: {said[:200]}")

    def link(self, pattern):
        """The first link of the page whose address has this in it."""
        return next(link for link in self.tell("links")["links"] if re.search(pattern, link))

    def mails(self, address):
        """The texts of the mails to an address that are no editions, the newest first."""
        return [self.demo.mail(name)["text"] for name in self.demo.outbox(address, digests=False)]

    def mailed(self, address, path, but=()):
        """The newest link to `path` that was mailed to an address, once one is there that is not among `but`."""

        def found():
            for text in self.mails(address):
                for link in re.findall(rf"{re.escape(self.demo.base)}{path}[^\s>]+", text):
                    if link not in but:
                        return link
            return None

        return wait_for(f"a mail to {address} with {path}", found, 30)

    def _see(self, name, arrived, status):
        wrong = list(arrived["faults"])
        if arrived.get("status", status) != status:
            wrong.append(f"status {arrived['status']}, not {status}")
        self.sizes[name] = arrived.get("bytes", 0)
        if self.sizes[name] >= LARGEST:
            wrong.append(f"{self.sizes[name]} bytes")
        if urlsplit(arrived["url"]).query:
            wrong.append(f"a query in {arrived['url']}")
        wrong += self.tell("look", name=name)["wrong"]
        self.faults += [f"{name}: {what}" for what in wrong]
