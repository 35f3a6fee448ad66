// The pages that browser/pages.json lists, in a county with something to show: for
// axe, and for screenshots.
import { readFileSync } from "node:fs";
import assert from "node:assert/strict";
import { act, open, photo, pick, site, tell, visit } from "./browser.mjs";
import { sit } from "./duties.mjs";

const list = JSON.parse(readFileSync(new URL("pages.json", import.meta.url), "utf8")).here;

// county lets a year pass, and knows what its pages are opened with.
export async function county(size) {
  const known = await tell("/county", size);
  const { number, link } = await tell("/file", { track: "authority" });
  await tell("/do", { number, events: ["classify", "invite_settlement", "delivered", "answer_with_offer"] });
  return { ...known, fresh: { number, link } };
}

// anybodys are the pages that everybody reads, owns a consumer's, desks the desk's.
const of = (known, is) => Object.entries(list).filter(([path]) => is(path)).flatMap(([, all]) => all).map((path) => path.replace(/\{(\w+)\}/g, (_, name) => known[name] ?? assert.fail("no " + name)));
export const anybodys = (known) => of(known, (p) => !p.startsWith("/desk") && !p.startsWith("/c/"));
export const owns = (known) => of(known, (p) => p.startsWith("/c/"));
export const desks = (known) => of(known, (p) => p.startsWith("/desk"));

// consumer opens the county's ended case, and one with a file.
export async function consumer(browser, known, look) {
  const v = await open(browser, site + known.link, look);
  const { number, link } = known.fresh;
  await v.page.goto(site + link);
  await v.page.locator(".steps").waitFor();
  if (!known.file) {
    await act(v.page, number, "add_evidence", (p) => pick(p, true, photo("告示.png")));
    known.file = await v.page.locator(".proofs a.exhibit").first().getAttribute("href");
  }
  return v;
}

// officer sits down at the desk, and finds what waits there.
export async function officer(browser, known, name, look) {
  const v = await sit(browser, { name, roles: ["officer", "hub", "supervisor"] }, look);
  for (const [what, path] of Object.entries({ review: "/desk/register", lead: "/desk/leads", membership: "/desk/members", figure: "/desk/statistics" })) {
    await v.page.goto(site + path);
    known[what] ??= await v.page.locator(`main a[href^="${path}/${what === "figure" ? "cases?" : ""}"]`).first().getAttribute("href");
  }
  return v;
}

// pages shoots them all in one look.
export async function pages(browser, known, look, n, shoot) {
  const name = (path) => path.replace(/[?].*/, "").replace(/^\//, "").replace(/[^a-zA-Z]+/g, "-").slice(0, 40);
  const take = async (v, paths, prefix) => {
    let i = 0;
    for (const path of paths) {
      await v.page.goto(site + path);
      await shoot(v.page, `${prefix}-${String(i += 1).padStart(2, "0")}-${name(path)}`);
    }
    await v.context.close();
  };
  await take(await visit(browser, look), anybodys(known), "public");
  await take(await consumer(browser, known, look), owns(known), "own");
  await take(await officer(browser, known, "sun" + n, look), desks(known), "room");
}
