"""A WordPress site as far as readers and an export see it: the feeds of `feed-rss2.php` and a WXR file."""

import email.utils
import hashlib
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

SHOWN = 10  # posts_per_rss
FIRST_TERM = 3  # the number of the first rubric

FEED = """\
<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"
	xmlns:content="http://purl.org/rss/1.0/modules/content/"
	xmlns:wfw="http://wellformedweb.org/CommentAPI/"
	xmlns:dc="http://purl.org/dc/elements/1.1/"
	xmlns:atom="http://www.w3.org/2005/Atom"
	xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"
	xmlns:slash="http://purl.org/rss/1.0/modules/slash/"
	>

<channel>
	<title>{title}</title>
	<atom:link href="{itself}" rel="self" type="application/rss+xml" />
	<link>{base}</link>
	<description>Un journal inventé</description>
	<lastBuildDate>{date}</lastBuildDate>
	<language>fr-FR</language>
	<sy:updatePeriod>
	hourly	</sy:updatePeriod>
	<sy:updateFrequency>
	1	</sy:updateFrequency>
	<generator>https://wordpress.org/?v=6.8</generator>
{items}</channel>
</rss>
"""

ITEM = """\
	<item>
		<title>{title}</title>
		<link>{link}</link>
		<comments>{link}#respond</comments>
		<dc:creator><![CDATA[Afi Kossi]]></dc:creator>
		<pubDate>{date}</pubDate>
		<category><![CDATA[{rubric}]]></category>
		<guid isPermaLink="false">{guid}</guid>
		<description><![CDATA[<p>En bref. [&#8230;]</p>]]></description>
		<content:encoded><![CDATA[{html}]]></content:encoded>
		<wfw:commentRss>{link}feed/</wfw:commentRss>
		<slash:comments>0</slash:comments>
	</item>
"""

EXPORT = """\
<?xml version="1.0" encoding="UTF-8" ?>
<rss version="2.0"
	xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/"
	xmlns:content="http://purl.org/rss/1.0/modules/content/"
	xmlns:wfw="http://wellformedweb.org/CommentAPI/"
	xmlns:dc="http://purl.org/dc/elements/1.1/"
	xmlns:wp="http://wordpress.org/export/1.2/"
>
<channel>
	<title>Le Journal</title>
	<link>{base}</link>
	<wp:wxr_version>1.2</wp:wxr_version>
	<wp:base_site_url>{base}</wp:base_site_url>
	<wp:base_blog_url>{base}</wp:base_blog_url>
	<wp:author><wp:author_id>2</wp:author_id><wp:author_login><![CDATA[akossi]]></wp:author_login><wp:author_display_name><![CDATA[Afi Kossi]]></wp:author_display_name></wp:author>
{terms}{items}</channel>
</rss>
"""

TERM = """\
	<wp:category><wp:term_id>{number}</wp:term_id><wp:category_nicename><![CDATA[{slug}]]></wp:category_nicename><wp:category_parent></wp:category_parent><wp:cat_name><![CDATA[{rubric}]]></wp:cat_name></wp:category>
"""

EXPORTED = """\
	<item>
		<title><![CDATA[{title}]]></title>
		<link>{link}</link>
		<pubDate>{date}</pubDate>
		<dc:creator><![CDATA[akossi]]></dc:creator>
		<guid isPermaLink="false">{guid}</guid>
		<description></description>
		<content:encoded><![CDATA[{html}]]></content:encoded>
		<excerpt:encoded><![CDATA[]]></excerpt:encoded>
		<wp:post_id>{number}</wp:post_id>
		<wp:post_date_gmt><![CDATA[{day}]]></wp:post_date_gmt>
		<wp:post_modified_gmt><![CDATA[{day}]]></wp:post_modified_gmt>
		<wp:status><![CDATA[publish]]></wp:status>
		<wp:post_type><![CDATA[post]]></wp:post_type>
		<wp:post_password><![CDATA[]]></wp:post_password>
		<category domain="category" nicename="{slug}"><![CDATA[{rubric}]]></category>
	</item>
"""


@dataclass
class Post:
    number: int
    title: str
    rubric: str
    slug: str  # the rubric's
    html: str
    published: datetime


class WordPress:
    """`base` is the site's address; `answer` is a host's."""

    def __init__(self, base, rubrics):
        self.base, self.rubrics, self.posts = base, rubrics, []
        self.host = urlsplit(base).hostname

    def _fields(self, post):
        return {
            "number": post.number,
            "title": escape(post.title),
            "rubric": post.rubric,
            "slug": post.slug,
            "html": post.html,
            "link": f"{self.base}/{post.published:%Y/%m}/article-{post.number}/",
            "guid": f"{self.base}/?p={post.number}",
            "date": email.utils.format_datetime(post.published),
            "day": f"{post.published:%Y-%m-%d %H:%M:%S}",
        }

    def feed(self, path, slug=None):
        newest = sorted(self.posts, key=lambda post: post.published, reverse=True)
        shown = [post for post in newest if slug in (None, post.slug)][:SHOWN]
        title = "Le Journal" if slug is None else f"Archives des {slug} - Le Journal"
        items = "".join(ITEM.format(**self._fields(post)) for post in shown)
        date = email.utils.format_datetime(shown[0].published)
        return FEED.format(title=title, itself=escape(self.base + path), base=self.base, date=date, items=items).encode()

    def answer(self, path, headers):
        slugs = list(self.rubrics.values())
        addresses = {"/feed/": None} | {f"/category/{slug}/feed/": slug for slug in slugs}
        addresses |= {f"/?feed=rss2&cat={FIRST_TERM + n}": slug for n, slug in enumerate(slugs)}
        if path not in addresses:
            return 404, {"Content-Type": "text/html; charset=UTF-8"}, b"<h1>Page introuvable</h1>"
        body = self.feed(path, addresses[path])
        # As WordPress does: one tag for the whole site, compared as a text.
        tag = f'"{hashlib.md5(repr(self.posts).encode()).hexdigest()}"'
        if headers.get("If-None-Match") == tag:
            return 304, {"ETag": tag}, b""
        return 200, {"Content-Type": "application/rss+xml; charset=UTF-8", "ETag": tag}, body

    def export(self):
        """Everything as *Tools → Export* writes it."""
        terms = [TERM.format(number=n, slug=slug, rubric=name) for n, (name, slug) in enumerate(self.rubrics.items(), FIRST_TERM)]
        items = [EXPORTED.format(**self._fields(post)) for post in self.posts]
        return EXPORT.format(base=self.base, terms="".join(terms), items="".join(items))
