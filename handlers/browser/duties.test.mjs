import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inspect, launch, refusals, site, tell } from "./browser.mjs";
import { intake, send, sit, take } from "./duties.mjs";
import { people } from "./people.mjs";

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());
let n = 0;
const name = (who) => who + (n += 1);

test("an operator keeps the people", { timeout: 120_000 }, async () => {
  const bad = [];
  const faults = await people(browser, { width: 390 }, async (page, what) => { for (const v of await inspect(page)) bad.push(`${what}: ${v}`); });
  assert.deepEqual(bad, []);
  assert.deepEqual(refusals(faults), []);
});

for (const scripts of [true, false]) {
  const how = scripts ? "with scripts" : "without scripts";

  test(`overdue, dispatched, accepted, mediated, ${how}`, { timeout: 180_000 }, async () => {
    const bad = [];
    const { page, faults, context } = await sit(browser, { name: name("zhang"), roles: ["officer", "hub", "supervisor"] }, { scripts, width: scripts ? 1280 : 390 });
    const see = async (what) => { if (scripts) for (const v of await inspect(page)) bad.push(`${what}: ${v}`); };
    const { number } = await tell("/file", { track: "authority" });
    await take(page, number, "classify");
    await take(page, number, "dispatch", (p) => p.selectOption("#f-unit", "amr"));
    await tell("/do", { number, hours: 24 * 12 });
    await page.goto(`${site}/desk?when=overdue&clock=accept_decision`);
    await see("today");
    const line = page.locator(".tasks li", { hasText: number });
    assert.match(await line.locator(".due").innerText(), /已逾期|刚逾期/);
    await line.locator(".because a").click();
    await see("clock");
    assert.match(await page.locator("main").innerText(), /在谁手里/);
    await page.goto(`${site}/desk/overdue`);
    await see("overdue");
    await page.locator(".tasks li", { hasText: number }).filter({ hasText: "受理决定" }).locator("a", { hasText: "说明原因" }).first().click();
    await page.fill("#f-words", "两人外出执法");
    await send(page);
    await page.waitForURL("**?done=explain_breach");
    await take(page, number, "accept", async (p) => {
      await send(p); // nothing was ticked
      await p.locator("[role=alert]").waitFor();
      await see("fault");
      await p.locator("input[name=no_refusal_ground]").check();
    });
    await take(page, number, "ask_consent");
    for (const [event, party] of [["one_consents", "consumer"], ["both_consent", "merchant"]]) {
      await take(page, number, event, async (p) => {
        await p.selectOption("[name='on_behalf.channel']", "telephone");
        await p.selectOption("[name='on_behalf.identity']", "called_back");
        await p.check("[name='on_behalf.read_back']");
      }, party);
    }
    await take(page, number, "hold_session");
    await take(page, number, "agree", async (p) => {
      await p.selectOption("#f-form", "signed");
      await p.fill("#f-due_on", "2026-07-15");
      await p.fill("#f-amount_fen", "1,280");
      await see("agree");
    });
    await see("case");
    assert.match(await page.locator(".head .tag").innerText(), /履行/);
    assert.deepEqual(refusals(faults), []);
    assert.deepEqual(bad, []);
    await context.close();
  });

  test(`two officers on one case, ${how}`, { timeout: 120_000 }, async () => {
    const { number } = await tell("/file", { track: "authority" });
    await tell("/do", { number, events: ["classify", "dispatch"] });
    const zhang = await sit(browser, { name: name("zhang"), roles: ["officer"] }, { scripts });
    const li = await sit(browser, { name: name("li"), roles: ["officer"] }, { scripts });
    await li.page.goto(`${site}/desk/case/${number}/act/record_finding`);
    await li.page.selectOption("#f-finding", "ART17a");
    await li.page.fill("#f-words", "写了很久的一段话");
    await take(zhang.page, number, "accept", (p) => p.locator("input[name=no_refusal_ground]").check());
    await send(li.page);
    await li.page.locator("[role=alert]").waitFor();
    assert.equal(await li.page.inputValue("#f-words"), "写了很久的一段话");
    assert.match(await li.page.locator("#ch").innerText(), /之后发生的事/);
    await send(li.page);
    await li.page.waitForURL("**?done=record_finding");
    for (const v of [zhang, li]) {
      assert.deepEqual(refusals(v.faults), []);
      await v.context.close();
    }
  });

  test(`a complaint on the telephone, several cases at once, ${how}`, { timeout: 120_000 }, async () => {
    const { page, faults, context } = await sit(browser, { name: name("hub"), roles: ["hub", "officer"] }, { scripts });
    const number = await intake(page);
    await page.goto(`${site}/desk/cases?sort=filed&order=desc`);
    await page.locator(`input[name=case][value="${number}"]`).check();
    await page.selectOption("#what", "assign");
    await page.locator(".bulk button").click();
    await page.selectOption("#f-unit", "amr");
    await page.locator("button[value=look]").click();
    await page.locator("button[value=do]").click();
    assert.match(await page.locator(".lead").innerText(), /已办理 1 件/);
    await page.goto(`${site}/desk/cases`);
    await page.fill("#f-words", number);
    await page.keyboard.press("Enter");
    await page.waitForURL("**/desk/case/" + number);
    assert.deepEqual(refusals(faults), []);
    await context.close();
  });
}
