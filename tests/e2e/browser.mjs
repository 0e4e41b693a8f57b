// A browser that does as it is told: one JSON command a line on standard input, one JSON answer a line.
//
//   node browser.mjs CHROMIUM FOLDER      pictures go to FOLDER; modules are found through NODE_PATH
//
// {"do": "begin", "scripts": true}                     a fresh profile, with or without JavaScript
// {"do": "open", "url": …}                             gives status, bytes of the document, address, faults
// {"do": "fill", "at": SELECTOR, "with": TEXT}  {"do": "check", "at": …}  {"do": "uncheck", "at": …}  {"do": "press", "at": …}
// {"do": "type", "keys": ["Tab", "Space"]}             the keyboard; gives what has the focus
// {"do": "look", "name": …}                            pictures at 375 and 1280 px, light and dark; what is wrong with them

import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

const require = createRequire(join(process.env.NODE_PATH, "from-here"));
const { chromium } = require("playwright-core");
const axe = require("axe-core").source;
const [executablePath, out] = process.argv.slice(2);

const ARGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--force-color-profile=srgb",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];
const browser = await chromium.launch({ executablePath, args: ARGS });
let context, page, scripts;
let faults = [];
let documents = [];

async function begin(job) {
  await context?.close();
  scripts = job.scripts;
  context = await browser.newContext({ javaScriptEnabled: scripts, locale: "fr-FR", viewport: { width: 375, height: 800 } });
  page = await context.newPage();
  page.on("console", (message) => message.type() === "error" && !/status of [45]/.test(message.text()) && faults.push(message.text()));
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("requestfailed", (request) => faults.push(`not loaded: ${request.url()}`));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith("http") && url.hostname !== "127.0.0.1") faults.push(`asks somebody else: ${url}`);
  });
  page.on("response", (response) => {
    if (response.request().isNavigationRequest() && response.frame() === page.mainFrame()) documents.push(response);
  });
}

// What the last navigation brought.
async function arrived() {
  const response = documents.at(-1);
  documents = [];
  const found = faults;
  faults = [];
  const cookies = await context.cookies();
  if (cookies.length) found.push(`a cookie: ${cookies[0].name}`);
  if (!response) return { url: page.url(), faults: found };
  const bytes = (await response.body()).length;
  return { status: response.status(), url: page.url(), bytes, faults: found, title: await page.title() };
}

async function navigating(act) {
  await Promise.all([page.waitForNavigation({ waitUntil: "load" }), act()]);
  return arrived();
}

// A person scrolls what he means to touch away from the edges, where something may stay in place.
const toMiddle = (at) => page.locator(at).first().evaluate((element) => element.scrollIntoView({ block: "center" }));

// What a person would stumble over: sideways scrolling, small targets, pictures without words.
function stumbles() {
  const wrong = [];
  const root = document.documentElement;
  if (root.scrollWidth > window.innerWidth) wrong.push(`wider than the screen by ${root.scrollWidth - window.innerWidth} px`);
  if (root.lang !== "fr") wrong.push("not said to be French");
  if (document.querySelectorAll("h1").length !== 1) wrong.push("not one h1");
  for (const image of document.images) if (!image.hasAttribute("alt")) wrong.push(`no words for ${image.src}`);
  const targets = "button, .button, summary, nav a, .choice > label, label.box, input:not([type=hidden],[type=checkbox],[type=radio]), select";
  for (const target of document.querySelectorAll(targets)) {
    const box = target.getBoundingClientRect();
    const row = target.closest(".choice")?.getBoundingClientRect() ?? box;
    if (box.width && Math.max(box.height, row.height) < 43.5) wrong.push(`${box.height} px high: ${target.outerHTML.slice(0, 90)}`);
  }
  return wrong;
}

async function look({ name }) {
  const wrong = [];
  for (const width of [375, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      const file = `${name}${scripts ? "" : "-sans-script"}-${width}-${colorScheme}.png`;
      await page.screenshot({ path: join(out, file), fullPage: true });
      if (colorScheme === "light") wrong.push(...(await page.evaluate(stumbles)).map((what) => `${width}: ${what}`));
      if (scripts) {
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
        for (const { id, nodes } of violations) wrong.push(`axe ${width} ${colorScheme}: ${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`);
      }
    }
  }
  await page.setViewportSize({ width: 375, height: 800 });
  await page.emulateMedia({ colorScheme: "light" });
  return { wrong };
}

const can = {
  begin: async (job) => (await begin(job), {}),
  open: async ({ url }) => (await page.goto(url, { waitUntil: "load" }), arrived()),
  fill: async (job) => (await page.fill(job.at, job.with), {}),
  check: async ({ at }) => (await page.check(at, { force: true }), {}),
  uncheck: async ({ at }) => (await page.uncheck(at, { force: true }), {}),
  unfold: async ({ at }) => (await toMiddle(at), await page.click(at), {}),
  press: async ({ at }) => (await toMiddle(at), navigating(() => page.click(at))),
  type: async ({ keys }) => {
    for (const key of keys) await page.keyboard.press(key);
    return { focus: await page.evaluate(() => document.activeElement.outerHTML.slice(0, 200)) };
  },
  text: async () => ({ text: await page.innerText("main") }),
  has: async ({ at }) => ({ count: await page.locator(at).count() }),
  links: async () => ({ links: await page.evaluate(() => [...document.links].map((link) => link.href)) }),
  look,
};

page = null;
for await (const line of createInterface({ input: process.stdin })) {
  const job = JSON.parse(line);
  try {
    console.log(JSON.stringify(await can[job.do](job)));
  } catch (error) {
    console.log(JSON.stringify({ error: `${job.do} ${job.at ?? job.url ?? ""}: ${error.message}` }));
  }
}
await browser.close();
