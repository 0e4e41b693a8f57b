// Reads feeds with npm `feedparser` and `rss-parser` in the words of parsers.py: a list of {path, kind} on standard input, a
// line of JSON each on standard output, {"feedparser": …, "rss-parser": …}.

import { createReadStream, readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(`${process.env.KIOSQUE_NODE_MODULES}/`);
const FeedParser = require("feedparser");
const RssParser = require("rss-parser");

const seconds = (date) => (date ? new Date(date).getTime() / 1000 : null);
const list = (value) => (value === undefined || value === null ? [] : Array.isArray(value) ? value : [value]);

function byFeedparser(path, kind) {
  return new Promise((resolve, reject) => {
    const entries = [];
    // Without a base it resolves nothing.
    const parser = new FeedParser({ resume_saxerror: false });
    parser.on("error", reject);
    parser.on("readable", () => {
      for (let item = parser.read(); item; item = parser.read()) {
        // What stands in `description` is the content where there is one.
        const entry = {
          id: item.guid,
          link: item.link,
          title: item.title,
          summary: item.summary ?? "",
          content: item.description ?? "",
          published: seconds(item.pubdate),
        };
        if (kind === "application/atom+xml") {
          entry.updated = seconds(item.date);
          entry.terms = list(item["atom:category"]).map(({ "@": { label, term } }) => label ?? term);
          entry.authors = list(item["atom:author"]).map((author) => author.name["#"]);
        } else {
          entry.terms = list(item["rss:category"]).map((category) => category["#"]);
          entry.authors = list(item["dc:creator"]).map((creator) => creator["#"]);
        }
        entry.image = list(item["media:content"])[0]?.["@"].url ?? null;
        entries.push(entry);
      }
    });
    parser.on("end", () => {
      const { title, description, link, xmlurl, language, copyright } = parser.meta;
      const feed = { title, description, home: link, itself: xmlurl, language, rights: copyright };
      resolve({ feed, entries });
    });
    createReadStream(path).pipe(parser);
  });
}

async function byRssParser(path, kind) {
  const parser = new RssParser({
    customFields: {
      item: [
        ["dc:creator", "creators", { keepArray: true }],
        ["media:content", "media", { keepArray: true }],
        ["author", "persons", { keepArray: true }],
        ["category", "categories", { keepArray: true }],
        "updated",
        "published",
      ],
    },
  });
  const read = await parser.parseString(readFileSync(path, "utf8"));
  const feed = { title: read.title, home: read.link, itself: read.feedUrl };
  if (kind !== "application/atom+xml") {
    Object.assign(feed, { description: read.description, language: read.language, rights: read.copyright });
  }
  const entries = read.items.map((item) => {
    const entry = { link: item.link, title: item.title, image: item.media?.[0].$.url ?? null };
    if (kind === "application/atom+xml") {
      return {
        ...entry,
        id: item.id,
        summary: item.summary ?? "",
        content: item.content ?? "",
        authors: list(item.persons).map((person) => person.name[0]),
        terms: list(item.categories).map(({ $: { label, term } }) => label ?? term),
        published: seconds(item.published),
        updated: seconds(item.updated),
      };
    }
    return {
      ...entry,
      id: item.guid,
      // HTML, of which this library makes text.
      summary: item.contentSnippet ?? "",
      content: item["content:encoded"] ?? "",
      authors: list(item.creators),
      terms: list(item.categories).map((category) => category._ ?? category),
      published: seconds(item.pubDate),
    };
  });
  return { feed, entries };
}

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
for (const { path, kind } of JSON.parse(Buffer.concat(chunks).toString())) {
  const read = { feedparser: await byFeedparser(path, kind), "rss-parser": await byRssParser(path, kind) };
  console.log(JSON.stringify(read));
}
