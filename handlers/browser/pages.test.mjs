import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { asText, contrast, fillNaughty, inspect, launch, naughty, next, open, refusals, site, tell, visit } from "./browser.mjs";
import { anybodys, consumer, county, desks, officer, owns } from "./county.mjs";
import { sit } from "./duties.mjs";

let browser;
let known; // what the county's pages are opened with
before(async () => {
  browser = await launch();
  known = await county({ cases: 30, merchants: 8 });
});
after(() => browser.close());

// look opens a page and holds it to axe; what has colours of its own in the dark too.
async function look(page, path, bad) {
  await page.goto(site + path);
  for (const v of await inspect(page)) bad.push(`${path}: ${v}`);
  if (!await page.locator(".ch, .mark, .due").count()) return;
  await page.emulateMedia({ colorScheme: "dark" });
  for (const v of await contrast(page)) bad.push(`${path}, dark: ${v}`);
  await page.emulateMedia({ colorScheme: "light" });
}

test("pages that anybody reads", { timeout: 120_000 }, async () => {
  const { page, faults, context } = await visit(browser);
  const bad = [];
  for (const path of anybodys(known)) await look(page, path, bad);
  assert.deepEqual(bad, []);
  assert.deepEqual(refusals(faults).filter((f) => !/status of 400/.test(f)), []);
  await context.close();
});

test("a consumer's own pages, and a form that is too long", { timeout: 120_000 }, async () => {
  const { page, faults, context } = await consumer(browser, known);
  const bad = [];
  for (const path of owns(known)) await look(page, path, bad);
  await page.goto(`${site}/c/${known.fresh.number}/act/say`);
  const long = (naughty + "\n").repeat(3000);
  await page.locator("#f-words").evaluate((field, text) => { field.value = text; }, long); // typing takes long
  await next(page);
  await page.locator("main textarea").first().waitFor();
  assert.equal((await page.locator("main textarea").first().inputValue()).length, long.length);
  await asText(page, "too much");
  for (const v of await inspect(page)) bad.push("too much: " + v);
  assert.deepEqual(bad, []);
  assert.deepEqual(refusals(faults).filter((f) => !/status of 413/.test(f)), []);
  await context.close();
});

test("pages of the desk", { timeout: 120_000 }, async () => {
  const { page, faults, context } = await officer(browser, known, "wang");
  const bad = [];
  for (const path of desks(known)) await look(page, path, bad);
  await page.setViewportSize({ width: 390, height: 844 });
  for (const path of ["/desk/cases", "/desk/intake", known.membership]) await look(page, path, bad);
  assert.deepEqual(bad, []);
  assert.deepEqual(refusals(faults), []);
  await context.close();
});

// every types what nobody should type into each form of a page and sends it.
async function every(page, path, refill = async () => {}) {
  await page.goto(site + path);
  const forms = page.locator("main form:has(:is(input:not([type=hidden]), textarea))");
  for (let i = 0; i < await forms.count(); i++) {
    await page.goto(site + path);
    const form = forms.nth(i);
    if (!await form.locator(":is(input, textarea)").last().isVisible()) continue; // folded away
    await fillNaughty(page, form);
    await refill(page);
    await Promise.all([page.waitForNavigation(), form.locator("button:not([name=set], [value=add], .vh)").last().click()]);
    await asText(page, `${path}, form ${i + 1}`);
  }
}

test("naughty strings are text in every other form", { timeout: 120_000 }, async () => {
  const anybody = await visit(browser);
  for (const path of ["/track", "/counted", "/complaints", "/merchants", "/join", "/file/resume", "/green", "/lost", `/c/${known.number}`, "/desk/sign-in", "/desk/password"]) await every(anybody.page, path);
  const { number, link } = known.fresh;
  const own = await open(browser, site + link);
  for (const event of ["say", "add_evidence", "withdraw_before_acceptance"]) await every(own.page, `/c/${number}/act/${event}`);
  await own.page.goto(`${site}/c/${number}`);
  await asText(own.page, "case");
  const { link: letter, member } = await tell("/member", { phone: "13900000041", name: naughty.slice(0, 60) });
  const shop = await visit(browser);
  await shop.page.goto(site + letter);
  await shop.page.waitForURL("**/green/" + member);
  await asText(shop.page, "member");
  for (const part of ["", "/people", "/papers", "/figures", "/sheet"]) await every(shop.page, `/green/${member}${part}`);
  await every(shop.page, `/green/${member}/people`, (p) => p.fill("#f-phone", "13900000042"));
  assert.ok((await shop.page.locator("main").innerText()).includes("<script>pwned=1</script>"));
  const wang = await sit(browser, { name: "li", roles: ["officer", "hub"] });
  for (const path of ["/desk/account", "/desk/cases", "/desk/intake", `/desk/case/${number}`, `/desk/case/${number}/act/withdraw_before_acceptance?for=consumer`]) await every(wang.page, path);
  await wang.page.goto(`${site}/desk/case/${number}`);
  await asText(wang.page, "desk's case");
  for (const v of [anybody, own, shop, wang]) {
    assert.deepEqual(refusals(v.faults).filter((f) => !/status of (400|401|403)/.test(f)), []);
    await v.context.close();
  }
});
