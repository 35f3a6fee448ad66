// The desk of the authority's people: who sits at it, and its pages for screenshots.
import assert from "node:assert/strict";
import { site, tell, visit } from "./browser.mjs";

// sit opens the desk of somebody with these roles.
export async function sit(browser, who, options = {}) {
  const cookie = await tell("/sit", who);
  const v = await visit(browser, { width: 1280, ...options });
  await v.context.addCookies([{ name: cookie.name, value: cookie.value, domain: new URL(site).hostname, path: cookie.path, httpOnly: true, sameSite: "Lax" }]);
  return v;
}

// take does an act on a case by its button on the case's page.
export async function take(page, number, event, fill = async () => {}, party = "") {
  await page.goto(`${site}/desk/case/${number}`);
  const path = `/desk/case/${number}/act/${event}${party && "?for=" + party}`;
  const button = page.locator(`main a[href="${path}"]`).first();
  if (!await button.isVisible()) await page.locator("details.acts-more", { has: page.locator(`a[href="${path}"]`) }).locator("summary").click();
  await button.click();
  await page.waitForURL("**" + path);
  await fill(page);
  await send(page);
  await page.waitForURL("**?done=" + event);
}

export const send = (page) => page.locator("form.form .send button[value=next]").click();

// intake enters a complaint on the telephone; see is called before it is filed.
export async function intake(page, see = async () => {}) {
  await page.goto(`${site}/desk/intake`);
  await page.selectOption("#f-source", "12345");
  await page.fill("#f-ticket", "12345-" + Date.now());
  await page.selectOption("[name='on_behalf.identity']", "called_back");
  await page.fill("[name='person.name']", "王芳");
  await page.fill("[name='person.phone']", "13812345678");
  await page.fill("[name='respondent.name']", "青禾健身（滨河路店）");
  await page.fill("[name='respondent.address']", "索镇街道滨河路 12 号");
  await page.fill("#f-words", "健身房停业，预付年卡余额不退。");
  await page.selectOption("#f-domain", "10");
  await page.selectOption("#f-category", await page.locator("#f-category option", { hasText: /^10 ·/ }).first().getAttribute("value"));
  await page.selectOption("#f-town", { index: 1 });
  await page.fill("#f-amount_fen", "1,560");
  await page.check("input[name=requests][value=refund]");
  await page.check("input[name=publish_consent][value=yes]");
  await page.check("input[name=entrust_consent][value=no]");
  await send(page);
  await page.locator("[name='on_behalf.read_back']").check();
  await see();
  await page.locator("button[value=file]").click();
  await page.locator(".bignum").waitFor();
  return (await page.locator(".bignum").innerText()).trim();
}

// asTable holds the buttons of a case's page to the table's own rows: each is a button,
// or stands among what the case still lacks something for, and there is no other.
export async function asTable(page, number, role) {
  await page.goto(`${site}/desk/case/${number}`);
  const { rows } = await tell("/table", { number, role });
  const shown = await page.evaluate(() => [
    ...[...document.querySelectorAll("main a.choice[href*='/act/']")].map((a) => a.getAttribute("href")).filter((h) => !h.includes("?for=")).map((h) => h.split("/act/")[1]),
    ...[...document.querySelectorAll("main .choice.off .law")].map((x) => x.textContent.trim().split(" ")[0]),
  ].sort());
  const open = new Set(shown);
  const want = rows.map((r) => (open.has(r.id) ? r.id : r.event)).sort();
  assert.deepEqual(shown, want);
  return rows.length;
}

// behalf fills in how a party spoke at the window.
export async function behalf(p) {
  await p.selectOption("[name='on_behalf.channel']", "telephone");
  await p.selectOption("[name='on_behalf.identity']", "called_back");
  await p.check("[name='on_behalf.read_back']");
}

let made = 0;

// desks shoots every page of the desk in one look.
export async function desks(browser, look, shoot) {
  for (let i = 0; i < 3; i++) await tell("/file", { track: "authority" });
  const { page, context } = await sit(browser, { name: "zhang" + (made += 1), roles: ["officer", "hub", "supervisor"] }, look);
  const number = await intake(page);
  await take(page, number, "classify");
  await take(page, number, "dispatch", (p) => p.selectOption("#f-unit", "amr"));
  await tell("/do", { number, hours: 24 * 11 });
  await tell("/file", { track: "authority" });
  const see = (name) => shoot(page, name);
  await page.goto(`${site}/desk`);
  await see("desk-today");
  await page.goto(`${site}/desk?by=unit&when=week`);
  await see("desk-week");
  await page.goto(`${site}/desk/case/${number}/papers/register`);
  await page.fill("#f-phone", "0533-8210001");
  await see("desk-paper");
  await page.locator("button[value=make]").click();
  await page.waitForURL("**?done=paper#papers");
  await page.goto(`${site}/desk/case/${number}`);
  await see("desk-case");
  await page.goto(`${site}/desk/case/${number}/clock/1`);
  await see("desk-clock");
  await page.goto(`${site}/desk/case/${number}/act/refuse`);
  await see("desk-refuse");
  await page.goto(`${site}/desk/case/${number}/act/accept`);
  await send(page);
  await see("desk-act-fault");
  await page.goto(`${site}/desk/cases`);
  await see("desk-board");
  await page.locator("input[name=case]").first().check();
  await page.locator("input[name=case]").last().check();
  await page.selectOption("#what", "dispatch");
  await page.locator(".bulk button").click();
  await see("desk-bulk");
  await page.goto(`${site}/desk/cases?overdue=true&unit=amr`);
  await see("desk-board-filters");
  await page.fill("#f-words", "事由");
  await page.locator("form[role=search] button").click();
  await see("desk-search");
  await page.goto(`${site}/desk/overdue`);
  await see("desk-overdue");
  await page.goto(`${site}/desk/keys`);
  await see("desk-keys");
  await page.goto(`${site}/desk/intake`);
  await see("desk-intake");
  await intake(page, async () => see("desk-read-back"));
  await see("desk-taken");
  await context.close();
}
