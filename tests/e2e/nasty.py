"""Articles such as no newsroom writes on purpose and every newsroom has: each a case with a name, as JSON Lines, and
what every feed has to show of it, written down by hand.

    python3 tests/e2e/nasty.py >articles.jsonl      # to import and look at

What a case does not say is as in DEFAULT. `shows` names the fields that differ from what was given.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

NARROW, NO_BREAK = "\u202f", "\u00a0"
SITE = "https://www.exemple.tg/articles"
START = datetime(2026, 11, 20, 8, 0, tzinfo=timezone.utc)

# The rubrics of the test's configuration: one a group of cases.
CHARACTERS, MARKUP, LINKS, FIELDS, VOICES = "Politique", "Économie", "Tech & Web", "Société", "L’Éveil culturel"


@dataclass
class Case:
    name: str
    given: dict  # the line
    shows: dict  # what feeds show: id, link, title, summary, leads (before the body), body, authors, categories, tags, image, dates
    refused: str  # or why it must not come in

    def line(self):
        return json.dumps(self.given)


CASES = []


def case(name, rubric, shows=None, refused="", **given):
    number = len(CASES) + 1
    line = {
        "id": f"cas-{number}",
        "url": f"{SITE}/{number}",
        "title": f"Article {number}",
        "html": "<p>Un port, un fleuve.</p>",
        "summary": "En bref.",
        "author": ["Afi Kossi"],
        "categories": [rubric] if rubric else [],
        "published_at": (START - timedelta(minutes=number)).isoformat(),
    }
    if "text" in given:
        del line["html"]
    line.update(given)
    author = line["author"]
    expected = {
        "link": line["url"],
        "title": line["title"],
        "summary": line["summary"],
        "leads": "",
        "body": line.get("html"),
        "authors": author if isinstance(author, list) else [author],
        "categories": list(line["categories"]),
        "tags": list(line.get("tags", [])),
        "image": line.get("image"),
        "published": line["published_at"],
        "updated": line.get("updated_at", line["published_at"]),
    }
    expected.update(shows or {})
    CASES.append(Case(name, {k: v for k, v in line.items() if v is not None}, expected, refused))


# Characters that XML forbids, that old editors leave, that readers see wrong (the W3C's BadCharacters).
case("NUL and other C0 controls", CHARACTERS, title="Le\0 port\u000b\u001f",
     html="<p>a\0b\u0001c\u0008</p>", shows={"title": "Le port", "body": "<p>abc</p>"})
case("controls made by entities", CHARACTERS, title="Le&#0; port&#x1F;&#11;", html="<p>a&#0;b&#x1F;c&#8;</p>",
     shows={"title": "Le port", "body": "<p>abc</p>"})
case("C1 controls are windows-1252", CHARACTERS, title="L\u0092\u00c9tat\u0085 \u0093oui\u0094", html="<p>l\u0092\u00e9t\u00e9 \u0080</p>",
     shows={"title": "L’État… “oui”", "body": "<p>l’été €</p>"})
case("C1 controls made by entities", CHARACTERS, title="L&#146;&#201;tat", html="<p>l&#x92;État &#150; oui</p>",
     shows={"title": "L’État", "body": "<p>l’État – oui</p>"})
case("half of a pair of surrogates", CHARACTERS, title="Le port \ud83d", html="<p>a\udea2\ud83d b</p>", shows={"title": "Le port", "body": "<p>a b</p>"})
case("a pair of surrogates", CHARACTERS, title="Le port \U0001f6a2", html="<p>\U0001f6a2</p>")
case("the replacement character", CHARACTERS, title="Le p\ufffdort", html="<p>L\ufffd\ufffd port</p>",
     shows={"title": "Le port", "body": "<p>L port</p>"})
case("non-characters", CHARACTERS, title="Le\ufffe po\uffffrt\ufdd0\U0001fffe\U0010ffff", html="<p>a\ufdef\U0002ffffb</p>",
     shows={"title": "Le port", "body": "<p>ab</p>"})
case("a byte order mark before and inside", CHARACTERS, title="\ufeffLe port", html="\ufeff<p>Un\ufeff port</p>",
     shows={"title": "Le port", "body": "<p>Un\ufeff port</p>"})
case("DEL", CHARACTERS, title="Le\x7f port", shows={"title": "Le port"})
case("astral letters", CHARACTERS, title="\U00010330\U0001d54f \U00020bb7野家", html="<p>\U00020bb7野家 \U0001f1f9\U0001f1ec</p>")
case("an emoji of several joined by ZWJ", CHARACTERS, title="\U0001f469\u200d\U0001f33e Récolte", html="<p>\U0001f469\u200d\U0001f33e ❤️</p>")
case("a title of nothing but an emoji", CHARACTERS, title="\U0001f389")
case("marks of direction", CHARACTERS, title="Le mot \u200fسلام\u200e \u2067ici\u2069", html="<p>\u202bسلام\u202c</p>")
case("a title in Arabic", CHARACTERS, title="انتخابات توغو", html="<p>مرحبا بالعالم</p>")
case("a title in Hebrew with a number", CHARACTERS, title="שלום 2026")
case("composed and decomposed letters", CHARACTERS, title="e\u0301te\u0301 été", html="<p>e\u0301 é</p>")
case("a title in Chinese without a space", CHARACTERS, title="洛美港口创纪录")
case("line breaks and tabs in a title", CHARACTERS, title="Le port\r\nde\tLomé\n", shows={"title": "Le port de Lomé"})
case("exotic line ends", CHARACTERS, title="Le port\u2028de\u2029Lomé\u0085", shows={"title": "Le port de Lomé…"})
case("zero-width characters and a soft hyphen", CHARACTERS, title="anti\u00adconsti\u200btution")

# Markup where there should be none, and markup that bites (ContainsHTML, CharacterData, NotHtml, HtmlFragment, SecurityRisk).
case("the end of a CDATA section", MARKUP, title="tab[a[0]]>0", html="<p>if (a[b[0]]>0) ]]&gt; x</p>",
     shows={"body": "<p>if (a[b[0]]&gt;0) ]]&gt; x</p>"})
case("a nested CDATA section", MARKUP, html="<p>a <![CDATA[b]]> c</p>", shows={"body": "<p>a c</p>"})
case("a CDATA section in a title", MARKUP, title="<![CDATA[Le port]]>", html="<p>x</p>", shows={"title": "Le port"})
case("an HTML entity in a title", MARKUP, title="&Eacute;t&eacute; &amp; hiver&nbsp;", shows={"title": "Été & hiver"})
case("an entity escaped twice in a title", MARKUP, title="AT&amp;amp;T", shows={"title": "AT&amp;T"})
case("a title about an entity", MARKUP, title="Comment écrire &amp;eacute;", shows={"title": "Comment écrire &eacute;"})
case("a title about an element", MARKUP, title="L’élément &lt;b&gt; en HTML", shows={"title": "L’élément <b> en HTML"})
case("markup in a title", MARKUP, title="Le <em>Sénat</em> a <b>voté</b>", shows={"title": "Le Sénat a voté"})
case("a script in a title", MARKUP, title="<script>alert(1)</script>Le port", shows={"title": "Le port"})
case("less than and more than in a title", MARKUP, title="3 < 4 et 5 > 2")
case("ampersands in a title", MARKUP, title="R&D, AT&T & Cie")
case("an ampersand that looks like an entity", MARKUP, title="Fish&chips, P&L, &c, a&#", shows={"title": "Fish&chips, P&L, &c, a&#"})
case("quotes of every kind in an attribute", MARKUP, html="<p><img src='/i.jpg' alt='Le \"port\" d&apos;ici &amp; là &lt;3'></p>",
     shows={"body": "<p><img src=\"https://www.exemple.tg/i.jpg\" alt=\"Le &quot;port&quot; d'ici &amp; là &lt;3\"></p>",
            "image": "https://www.exemple.tg/i.jpg"})
case("unclosed and crossed elements", MARKUP, html="<p>Un <b>gras <i>et</b> penché<p>Deux</i><ul><li>a<li>b",
     shows={"body": None})
case("comments, also broken ones", MARKUP, html="<p>a<!-- b -- c -->d</p><!--> <p>e</p><!-- sans fin <p>f</p>",
     shows={"body": "<p>ad</p>\n<p>e</p>"})
case("paragraphs of an office program", MARKUP, html="<p class=MsoNormal><o:p>Un</o:p> <st1:place w:st='on'>Lomé</st1:place></p>",
     shows={"body": "<p>Un Lomé</p>"})
case("a processing instruction and a document type", MARKUP, html="<?xml version='1.0'?><!DOCTYPE html><?php echo 1; ?><p>Un</p>",
     shows={"body": "<p>Un</p>"})
case("what could act", MARKUP, html="<p onclick='x()' style='color:red'>a</p><script>b</script><style>p{}</style><form><input></form>",
     shows={"body": "<p>a</p>"})
case("MathML and SVG", MARKUP, html="<p>a<math><mi>x</mi></math><svg><title>t</title><script>1</script></svg>b</p>",
     shows={"body": "<p>ab</p>"})
case("shortcodes", MARKUP, html="<p>Un [gallery ids=\"1,2\"] port.</p>[vc_row][vc_column]<p>Deux</p>[/vc_column][/vc_row]",
     shows={"body": None})
case("a table", MARKUP, html="<table border=1><caption>T</caption><tr><th colspan=2>A</th></tr><tr><td>1</td><td></td></tr></table>",
     shows={"body": "<table><caption>T</caption>\n<tbody><tr><th colspan=\"2\">A</th></tr>\n<tr><td>1</td>\n<td></td></tr></tbody></table>"})
case("code with markup in it", MARKUP, html="<pre><code>if (a &lt; b &amp;&amp; c) {\n\tx();\n}</code></pre>",
     shows={"body": "<pre>if (a &lt; b &amp;&amp; c) {\n\tx();\n}</pre>"})
case("an entity that only HTML knows", MARKUP, html="<p>10&nbsp;000&hellip; &euro; &copy; &inconnu; &amp;nbsp;</p>",
     shows={"body": f"<p>10{NO_BREAK}000… € © &amp;inconnu; &amp;nbsp;</p>"})
case("deep nesting", MARKUP, html="<div><blockquote>" * 600 + "Au fond." + "</blockquote></div>" * 600, shows={"body": None})
case("a title of nothing but markup", MARKUP, title="<b> </b><!-- x -->", html="<p>Le port double.</p>", shows={"title": "Le port double."})
case("a base, a refresh and a stylesheet", MARKUP, html="<base href='https://mal.example/'><meta http-equiv=refresh content='0;url=//mal.example'><link rel=stylesheet href=x.css><p>Un <a href='x'>x</a></p>",
     shows={"body": f"<p>Un <a href=\"{SITE}/x\">x</a></p>"})
case("line ends of three kinds in code", MARKUP, html="<pre>a\r\nb\rc\n\td</pre>", shows={"body": "<pre>a\nb\nc\n\td</pre>"})
case("many combining marks", MARKUP, title="Z" + "\u0335\u0321\u0322\u0308" * 20 + "algo", html="<p>a" + "\u0301" * 200 + "</p>")
case("a body of plain text", MARKUP, text="Un < deux & <b>trois</b>\n\nDeux ]]> fin",
     shows={"body": "<p>Un &lt; deux &amp; &lt;b&gt;trois&lt;/b&gt;</p>\n<p>Deux ]]&gt; fin</p>"})

# Links, pictures and frames (ContainsRelRef, SecurityRiskAttr).
case("relative links with dots", LINKS, html="<p><a href='../a/./b/../c.html'>c</a> <a href='?p=2'>2</a> <a href='#note'>n</a></p>",
     url="https://www.exemple.tg/eco/2026/port",
     shows={"body": "<p><a href=\"https://www.exemple.tg/eco/a/c.html\">c</a> <a href=\"https://www.exemple.tg/eco/2026/port?p=2\">2</a> "
                    "<a href=\"https://www.exemple.tg/eco/2026/port#note\">n</a></p>"})
case("links without a scheme", LINKS, html="<p><a href='//cdn.exemple.tg/x?a=1&b=2'>x</a></p>",
     shows={"body": "<p><a href=\"https://cdn.exemple.tg/x?a=1&amp;b=2\">x</a></p>"})
case("an international domain", LINKS, html="<p><a href='https://Évêché.example/dîner'>x</a></p>", url="https://évêché.example/à-la-une",
     shows={"link": "https://xn--vch-9ladd.example/%C3%A0-la-une", "body": None})
case("spaces and accents in an address", LINKS, url="https://www.exemple.tg/é té/l'été?q=a b|c#fin d'année", html="<p><a href='/é té.pdf'>x</a></p>",
     shows={"link": "https://www.exemple.tg/%C3%A9%20t%C3%A9/l'%C3%A9t%C3%A9?q=a%20b%7Cc#fin%20d'ann%C3%A9e",
            "body": "<p><a href=\"https://www.exemple.tg/%C3%A9%20t%C3%A9.pdf\">x</a></p>"})
case("an ampersand in the article's address", LINKS, url="https://www.exemple.tg/?p=12&x=1&amp=2")
case("an article's address with user, port and fragment", LINKS, url="https://afi:secret@www.exemple.tg:8443/a;b=1?x[]=1&y={2}#é",
     shows={"link": "https://afi:secret@www.exemple.tg:8443/a;b=1?x%5B%5D=1&y=%7B2%7D#%C3%A9"})
case("a line break and blanks in a link", LINKS, html="<p><a href=' https://www.exem\nple.tg/a\t b '>x</a></p>",
     shows={"body": "<p><a href=\"https://www.exemple.tg/a%20b\">x</a></p>"})
case("a picture that is no address", LINKS, image="data:image/gif;base64,R0lGOD", refused="image")
case("links that act", LINKS, html="<p><a href='javascript:alert(1)'>a</a> <a href=' java\tscript:x'>b</a> <a href='data:text/html,x'>c</a> <a href='vbscript:x'>d</a></p>",
     shows={"body": "<p>a b c d</p>"})
case("links to mail, telephone and file", LINKS, html="<p><a href='mailto:a@exemple.tg'>a</a> <a href='tel:+22890000000'>b</a> <a href='file:///etc/passwd'>c</a></p>",
     shows={"body": "<p><a href=\"mailto:a@exemple.tg\">a</a> b c</p>"})
case("a broken address", LINKS, html="<p><a href='http://'>a</a> <a href='https://[::1'>b</a> <a href='http://exemple.tg:99999/'>c</a> <a>d</a></p>",
     shows={"body": "<p>a b c d</p>"})
case("a lazy picture", LINKS, html="<p>Un</p><p><img src='data:image/gif;base64,R0lGODlhAQABAAAAACw=' data-src='/i/port.jpg' alt='Le port'></p>",
     shows={"body": "<p>Un</p>\n<p><img src=\"https://www.exemple.tg/i/port.jpg\" alt=\"Le port\"></p>", "image": "https://www.exemple.tg/i/port.jpg"})
case("a picture with a set of sources", LINKS, html="<p><img srcset='/i/a-300.jpg 300w, /i/a-1200.jpg 1200w, /i/a-4000.jpg 4000w' alt=''></p>",
     shows={"body": "<p><img src=\"https://www.exemple.tg/i/a-1200.jpg\" alt=\"\"></p>", "image": "https://www.exemple.tg/i/a-1200.jpg"})
case("a picture with its size", LINKS, html="<p><img src='https://cdn.exemple.tg/a.png' width='640' height='480' alt='A'></p>",
     shows={"body": "<p><img src=\"https://cdn.exemple.tg/a.png\" alt=\"A\" width=\"640\" height=\"480\"></p>", "image": "https://cdn.exemple.tg/a.png"})
case("a picture without an extension, with a query", LINKS, image="https://cdn.exemple.tg/img?id=7&w=1200&title=Le+port", image_alt="Le \"port\" & <b>",
     shows={"leads": "<p><img src=\"https://cdn.exemple.tg/img?id=7&amp;w=1200&amp;title=Le+port\" alt=\"Le &quot;port&quot; &amp;\"></p>\n"})
case("a picture beside the body in another size", LINKS, image="/i/port.jpg", html="<p><img src='/i/port-1024x683.jpg' alt=''></p>",
     shows={"image": "https://www.exemple.tg/i/port.jpg", "body": "<p><img src=\"https://www.exemple.tg/i/port-1024x683.jpg\" alt=\"\"></p>"})
case("a picture in WebP behind a query", LINKS, image="https://cdn.exemple.tg/a.webp?v=b.png",
     shows={"leads": "<p><img src=\"https://cdn.exemple.tg/a.webp?v=b.png\" alt=\"\"></p>\n"})
case("a body of nothing but a picture", LINKS, html="<img src='/seule.jpg' alt='Le quai'>",
     shows={"body": "<p><img src=\"https://www.exemple.tg/seule.jpg\" alt=\"Le quai\"></p>", "image": "https://www.exemple.tg/seule.jpg"})
case("a tracker of one pixel", LINKS, html="<p>Un</p><img src='https://t.example/p.gif' width=1 height=1>", shows={"body": "<p>Un</p>"})
case("a video of YouTube", LINKS, html="<p>Un</p><iframe src='//www.youtube.com/embed/abc-_1?rel=0&amp;x=1'></iframe>",
     shows={"body": "<p>Un</p>\n<p><a href=\"https://www.youtube.com/watch?v=abc-_1\">https://www.youtube.com/watch?v=abc-_1</a></p>"})
case("a frame of something else", LINKS, html="<p>Un</p><iframe src='https://carte.example/lome?z=1&b=2'></iframe>", shows={"body": None})
case("video and audio", LINKS, html="<p>Un</p><video src='/v.mp4' controls><source src='/v.webm'>non</video><audio><source src='/a.mp3'></audio>", shows={"body": None})
case("embedded objects", LINKS, html="<p>Un</p><object data='x.swf'><embed src='x.swf'></object><applet>x</applet>", shows={"body": None})

# Fields: what is missing, too long, twice (MissingGuid, NotSufficientlyUnique, InvalidContact, DuplicateEntries).
case("no title", FIELDS, title="", html="<p>Le port de Lomé bat un record.</p>", shows={"title": "Le port de Lomé bat un record."})
case("a title of blanks", FIELDS, title=" \u00a0\u200b\t ", html="<p>Le fleuve monte.</p>", shows={"title": "Le fleuve monte."})
case("neither title nor text", FIELDS, title="", html="<p> </p>", refused="title")
case("a long title", FIELDS, title=("Le port autonome de Lomé, " * 19).strip(", "))
case("a title that is a body", FIELDS, title="Le port " * 100, refused="longer than 500")
case("percent and signs in a title", FIELDS, title="100% d'accord: 5'30''... \"oui\"; 1 000 F CFA!",
     shows={"title": f"100{NO_BREAK}% d’accord{NO_BREAK}: 5'30''… «{NO_BREAK}oui{NO_BREAK}»{NARROW}; 1{NARROW}000{NO_BREAK}F{NO_BREAK}CFA{NARROW}!"})
case("a format string as a title", FIELDS, title="%s %d {0} ${x} %n \\u0041")
case("no body", FIELDS, title="Brève", html="", shows={"body": ""})
case("no body and no summary", FIELDS, title="Brève de nuit", html="", summary=None, shows={"body": "", "summary": "Brève de nuit"})
case("a body of one megabyte in one paragraph", FIELDS, html="<p>" + "Lomé, le fleuve et la mer. " * 37000 + "</p>", shows={"body": None, "cut": True})
case("a body of a megabyte in many paragraphs", FIELDS, html="<p>Le « port » & l’eau : <b>oui</b>.</p>\n" * 20000, shows={"body": None, "cut": True})
case("a body of a megabyte of signs to escape", FIELDS, html="<p>" + "&lt;&amp;&gt; " * 60000 + "</p>", shows={"body": None, "cut": True})
case("a summary of a hundred kilobytes", FIELDS, summary="Lomé, le fleuve et la mer. " * 4000, shows={"summary": ("Lomé, le fleuve et la mer. " * 37).rstrip(" .") + "…"})
case("no summary", FIELDS, summary=None, html="<h2>Port</h2><p>L'eau \"monte\" : 3 < 4 &amp;&amp; 5.</p><p>Oui !</p>",
     shows={"summary": f"L’eau «{NO_BREAK}monte{NO_BREAK}»{NO_BREAK}: 3 < 4 && 5. Oui{NARROW}!", "body": None})
case("a summary with markup", FIELDS, summary="<p>Le port &amp; <b>la mer</b></p>\n<p>Oui</p>", shows={"summary": "Le port & la mer Oui"})
case("a summary that is markup to be read", FIELDS, summary="L’élément &lt;i&gt; &amp;amp; l’entité ]]&gt;", shows={"summary": "L’élément <i> &amp; l’entité ]]>"})
case("no category", None)
case("the category Tech & Web by another name", None, categories=["high-tech"], shows={"categories": ["Tech & Web"]})
case("a category that nobody declared", None, categories=["Faits divers"], shows={"categories": []})
case("a category that was removed", None, categories=["Météo"], shows={"categories": []})
case("every category at once", None, categories=[VOICES, "Sport", LINKS, FIELDS, "Sport", MARKUP],
     shows={"categories": [VOICES, "Sport", LINKS, FIELDS, MARKUP]})
case("a category with its entity", None, categories=["Tech &amp; Web"], shows={"categories": ["Tech & Web"]})
case("tags with commas, quotes and line ends", FIELDS, tags=["a, b", "\"c\"", "d\ne", "]]>", "#f", "é" * 300], shows={"tags": ["a, b", "\"c\"", "d e", "]]>", "#f", "é" * 300]})
case("an author with a line end and a tab", FIELDS, author="Afi\r\n\tKossi ", shows={"authors": ["Afi Kossi"]})
case("a summary of blanks", FIELDS, summary=" \u00a0\n ", html="<p>Le fleuve.</p>", shows={"summary": "Le fleuve."})
case("an id of two kilobytes", FIELDS, id="https://www.exemple.tg/" + "a" * 2000, refused="id")
case("a tag that is named as a rubric", FIELDS, tags=["société", "Port & mer", "Port & mer", "", "<i>c</i>", "C++"],
     shows={"tags": ["Port & mer", "c", "C++"]})
case("no author", FIELDS, author=None, shows={"authors": []})
case("empty authors", FIELDS, author=["", " ", "\u200b"], shows={"authors": []})
case("an author with signs", FIELDS, author="L'abbé <Jean> & \"Koffi\" &lt;k@exemple.tg&gt;", shows={"authors": ["L'abbé & \"Koffi\" <k@exemple.tg>"]})
case("an author that looks like an address", FIELDS, author="redaction@exemple.tg (La rédaction)")
case("many authors", FIELDS, author=[f"Auteur {n}" for n in range(1, 31)] + ["Auteur 1"], shows={"authors": [f"Auteur {n}" for n in range(1, 31)]})
case("a number as id", FIELDS, id=42)
case("an id that is an address", FIELDS, id="https://www.exemple.tg/?p=4711&preview=1", shows={"id": "https://www.exemple.tg/?p=4711&preview=1"})
case("an id that is an address without encryption and capitals", FIELDS, id="http://WWW.Exemple.TG/?P=1", shows={"id": "http://WWW.Exemple.TG/?P=1"})
case("an id with spaces and signs", FIELDS, id="  Le port & <la> \"mer\" ]]>  ")
case("an id that is an address with spaces", FIELDS, id="https://www.exemple.tg/le port é", shows={"id": "https://www.exemple.tg/le port é"})
case("an article taken back", FIELDS, id="https://www.exemple.tg/?p=13&x=1", shows={"id": "https://www.exemple.tg/?p=13&x=1", "retracted": True})
case("an id that is a tag", FIELDS, id="tag:exemple.tg,2009:/a;b(c)", shows={"id": "tag:exemple.tg,2009:/a;b(c)"})

# Dates (ImplausibleDate, InvalidRFC2822Date, IncorrectDOW, DuplicateUpdated).
for number in range(1, 9):
    case(f"one moment for many, {number} of 8", "Sport", published_at="2026-11-19T06:00:00Z", updated_at="2026-11-19T06:00:00Z",
         shows={"updated": None})
case("a date in an odd zone", "Sport", published_at="2026-11-19T05:44:59.987654+05:45", shows={"published": "2026-11-18T23:59:59Z", "updated": "2026-11-18T23:59:59Z"})
# What is older than feeds is taken for a slip: it has no date in them, and came to be known when it came in.
case("a date of 1901", "Sport", published_at="1901-12-13T20:45:51Z", shows={"updated": None, "dated": False})
case("a date before the Gregorian calendar came to some", "Sport", published_at="1600-01-02T00:00:00Z", shows={"updated": None, "dated": False})
case("the last moment of 1989", "Sport", published_at="1989-12-31T23:59:59Z", shows={"updated": None, "dated": False})
case("the first moment of 1990", "Sport", published_at="1990-01-01T00:00:00Z")
case("a leap day", "Sport", published_at="2024-02-29T23:59:59Z")
case("a leap second", "Sport", published_at="2016-12-31T23:59:60Z", shows={"published": None, "updated": None})
case("the year 1", "Sport", published_at="0001-01-01T00:00:00Z", refused="not a date")
case("the year 9999", "Sport", published_at="9999-12-31T23:59:59Z", refused="not a date")
case("a date without a zone", "Sport", published_at="2026-11-19T06:00:00", refused="offset")
case("a date ahead", "Sport", published_at="2199-01-01T00:00:00Z", shows={"embargo": True})
case("updated before it was published", "Sport", published_at="2026-11-18T12:00:00Z", updated_at="2020-01-01T00:00:00Z",
     shows={"updated": "2026-11-18T12:00:00Z"})
case("updated ahead", "Sport", published_at="2026-11-18T13:00:00Z", updated_at="2199-01-01T00:00:00Z", shows={"updated": None})
case("updated much later", "Sport", published_at="2019-05-01T08:00:00Z", updated_at="2026-11-17T08:00:00+01:00")

# What is written here: French typography and the languages of Togo.
case("French quotation marks without their spaces", VOICES, title="Il a dit «oui» : «non» !",
     shows={"title": f"Il a dit «{NO_BREAK}oui{NO_BREAK}»{NO_BREAK}: «{NO_BREAK}non{NO_BREAK}»{NARROW}!"},
     html="<p>Il a dit «oui» ; l'eau \"monte\"...</p>")
case("French no-break spaces", VOICES, title=f"Prix{NARROW}: 10{NARROW}000{NO_BREAK}F{NO_BREAK}CFA{NARROW}!",
     shows={"title": f"Prix{NO_BREAK}: 10{NARROW}000{NO_BREAK}F{NO_BREAK}CFA{NARROW}!"}, html=f"<p>10{NARROW}000{NO_BREAK}F{NARROW};</p>")
case("apostrophes", VOICES, title="L'été d'Afi, aujourd'hui l’eau ʼ ´ `", html="<p>L'été d’ici</p>", shows={"title": "L’été d’Afi, aujourd’hui l’eau ʼ ´ `"})
case("Ewe letters", VOICES, title="Ɖɔ ɖe Ɛwe ƒe gbe: Ɣletivi ŋutɔ, Ʋu ʋa Ɔ", author="Kɔmla Aƒetɔ", tags=["Eʋegbe"],
     html="<p>Ɖ ɖ Ɛ ɛ Ƒ ƒ Ɣ ɣ Ŋ ŋ Ɔ ɔ Ʋ ʋ ã ẽ ĩ ɔ̃</p>",
     shows={"title": f"Ɖɔ ɖe Ɛwe ƒe gbe{NO_BREAK}: Ɣletivi ŋutɔ, Ʋu ʋa Ɔ"})
case("Kabiye and Hausa letters", VOICES, title="Kabɩyɛ ñɩm, ɗan ƙasa", html="<p>Ɩ ɩ Ʊ ʊ Ɗ ɗ Ƙ ƙ</p>")
case("small capitals, ligatures and signs", VOICES, title="Œuvre, n° 5, XXIe, 1er, ½, 25 °C",
     shows={"title": f"Œuvre, n°{NO_BREAK}5, XXIe, 1er, ½, 25{NO_BREAK}°C"})

REFUSED = [case for case in CASES if case.refused]
RETRACTED = [case for case in CASES if case.shows.get("retracted")]
SHOWN = [case for case in CASES if not (case.refused or case.shows.get("embargo") or case in RETRACTED)]


def lines():
    """Every case as JSON Lines, in their order; escapes stand for what UTF-8 cannot say."""
    return "".join(case.line() + "\n" for case in CASES)


if __name__ == "__main__":
    print(lines(), end="")
