// Verifies the signatures of one mail by npm's mailauth: the mail on standard input, the DNS records as JSON {name: text} in the first
// argument. Writes a list of {domain, selector, algorithm, result}.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(process.env.NODE_PATH + "/");
const { dkimVerify } = require("mailauth/lib/dkim/verify");

const records = JSON.parse(process.argv[2]);
const resolver = async (name, type) => {
  if (type !== "TXT" || !(name in records)) throw Object.assign(new Error(`no ${type} of ${name}`), { code: "ENOTFOUND" });
  return [records[name].match(/.{1,255}/g)];
};
const { results } = await dkimVerify(readFileSync(0), { resolver });
const told = results.map((result) => ({
  domain: result.signingDomain,
  selector: result.selector,
  algorithm: result.algo,
  result: result.status.result,
  comment: result.status.comment,
}));
process.stdout.write(JSON.stringify(told));
