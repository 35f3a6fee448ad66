import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inspect, launch, refusals, site, tell } from "./browser.mjs";
import { asTable, behalf, intake, send, sit, take } from "./duties.mjs";
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
      await take(page, number, event, behalf, party);
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
    assert.ok(await asTable(li.page, number, "officer") > 10);
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

test("overdue, referred, accepted, appraised, mediated, linked to the court", { timeout: 180_000 }, async () => {
  const bad = [];
  const { page, faults, context } = await sit(browser, { name: name("zhang"), roles: ["officer", "hub", "supervisor"] });
  const see = async (what) => { for (const v of await inspect(page)) bad.push(`${what}: ${v}`); };
  const { number } = await tell("/file", { track: "authority" });
  await take(page, number, "classify");
  await take(page, number, "dispatch", (p) => p.selectOption("#f-unit", "amr"));
  await tell("/do", { number, hours: 24 * 12 });
  await page.goto(`${site}/desk/overdue`);
  await page.locator(".tasks li", { hasText: number }).first().waitFor();
  await take(page, number, "accept", (p) => p.locator("input[name=no_refusal_ground]").check());
  await page.locator(".notice.good a").click(); // to the paper of what was done
  await see("paper");
  await page.fill("#f-office", "政务服务中心二楼");
  const [preview] = await Promise.all([context.waitForEvent("page"), page.locator("button[value=preview]").click()]);
  await preview.close();
  await page.locator("button[value=make]").click();
  await page.waitForURL("**?done=paper#papers");
  await take(page, number, "ask_consent");
  for (const [event, party] of [["one_consents", "consumer"], ["both_consent", "merchant"]]) await take(page, number, event, behalf, party);
  await take(page, number, "commission_appraisal", async (p) => {
    await p.fill("#f-body", "sgs_zibo");
    await p.selectOption("#f-chosen", "agreed");
    await p.selectOption("#f-payer", "both");
    await see("appraisal");
  });
  assert.match(await page.locator(".clocks").first().innerText(), /暂停/);
  await take(page, number, "appraisal_reported");
  await take(page, number, "hold_session");
  await take(page, number, "no_agreement_possible", (p) => p.fill("#f-words", "双方分歧较大"));
  await take(page, number, "decide_termination", async (p) => {
    if (await p.locator("#f-ground").count()) await p.selectOption("#f-ground", "TER3");
    await p.fill("#f-words", "经组织调解，未能达成协议");
  });
  await tell("/told", { number });
  await take(page, number, "told_offer_link");
  await take(page, number, "consent_transfer", async (p) => {
    for (const box of await p.locator("input[type=checkbox]").all()) await box.check();
    for (const item of await p.locator("input[name^='items.']").all()) await item.fill("doc_1");
    await see("transfer");
  });
  await see("case in the court link");
  const clerk = await sit(browser, { name: name("clerk"), roles: ["court"] });
  assert.ok(await asTable(clerk.page, number, "court") > 0);
  assert.equal(await clerk.page.locator("a[href$='/papers/termination']").count(), 0); // a clerk makes none
  const [zip] = await Promise.all([clerk.page.waitForEvent("download"), clerk.page.locator("a[href$='/handover']").click()]);
  assert.match(zip.suggestedFilename(), /handover\.zip$/);
  await take(clerk.page, number, "mediator_accepts_file");
  await take(clerk.page, number, "court_failed");
  await take(clerk.page, number, "court_result", (p) => p.selectOption("#f-feedback_code", { index: 1 }));
  assert.match(await clerk.page.locator(".steps").innerText(), /诉讼/);
  for (const v of [faults, clerk.faults]) assert.deepEqual(refusals(v), []);
  assert.deepEqual(bad, []);
  await clerk.context.close();
  await context.close();
});

test("refused by two, wrongly closed and corrected; returned to the hub", { timeout: 120_000 }, async () => {
  const zhang = await sit(browser, { name: name("zhang"), roles: ["officer"] });
  const li = await sit(browser, { name: name("li"), roles: ["officer"] });
  const boss = await sit(browser, { name: name("boss"), roles: ["supervisor"] });
  const unit = await sit(browser, { name: name("unit"), roles: ["unit"], unit: "amr" });
  const hub = await sit(browser, { name: name("hub"), roles: ["hub"] });
  const { number } = await tell("/file", { track: "authority" });
  await tell("/do", { number, events: ["classify"] });
  await take(hub.page, number, "dispatch", (p) => p.selectOption("#f-unit", "amr"));
  assert.ok(await asTable(unit.page, number, "unit") > 0);
  await take(unit.page, number, "return_to_hub", (p) => p.fill("#f-words", "本单位没有管辖权"));
  assert.equal((await unit.page.goto(`${site}/desk/case/${number}`)).status() < 500, true);
  await take(hub.page, number, "dispatch", async (p) => { // not once more to whom it is not for
    assert.equal(await p.locator("#f-unit option[value=amr]").count(), 0);
    await p.selectOption("#f-unit", { index: 1 });
  });
  const refuse = async (p) => {
    await p.selectOption("#f-ground", "REF3");
    await p.fill("#f-words", "经核验，投诉人身份不实");
  };
  await take(zhang.page, number, "prepare_refusal", refuse);
  await zhang.page.goto(`${site}/desk/case/${number}/act/refuse`);
  assert.match(await zhang.page.locator("main").innerText(), /由您拟办/);
  await refuse(zhang.page);
  await send(zhang.page);
  await zhang.page.locator("[role=alert]").waitFor();
  assert.equal(await zhang.page.inputValue("#f-words"), "经核验，投诉人身份不实");
  await take(li.page, number, "refuse", refuse);
  await li.page.locator(".notice.good a").click();
  await li.page.locator("button[value=make]").click();
  await li.page.waitForURL("**?done=paper#papers");
  await take(boss.page, number, "correct_closing", async (p) => {
    await p.selectOption("#f-reason", "wrong");
    await p.fill("#f-words", "身份已核实");
  });
  await li.page.reload();
  assert.match(await li.page.locator(".papers").innerText(), /已更正/);
  assert.ok(await asTable(li.page, number, "officer") > 10);
  for (const v of [zhang, li, boss, unit, hub]) {
    assert.deepEqual(refusals(v.faults), []);
    await v.context.close();
  }
});

test("by the keyboard alone, and with its short cuts switched off", { timeout: 60_000 }, async () => {
  const { page, faults, context } = await sit(browser, { name: name("zhang"), roles: ["officer", "hub"] });
  const { number } = await tell("/file", { track: "authority" });
  await page.goto(site + "/desk");
  const press = async (...keys) => { for (const k of keys) await page.keyboard.press(k); };
  await press("?");
  await page.waitForURL("**/desk/keys");
  assert.deepEqual(await inspect(page), []);
  await press("g", "c");
  await page.waitForURL("**/desk/cases");
  await press("j");
  assert.equal(await page.evaluate(() => document.activeElement.matches(".tasks .what a")), true);
  await press("/");
  await page.keyboard.type("g t?/j"); // in a field it is text
  assert.equal(await page.inputValue("#f-words"), "g t?/j");
  await page.goto(`${site}/desk/case/${number}`);
  await press("g", "n");
  await page.keyboard.type("g t 记一笔");
  await press("Control+Enter");
  await page.waitForURL("**?done=note#notes");
  assert.match(await page.locator(".notes").innerText(), /g t 记一笔/);
  await page.goto(site + "/desk/keys");
  await page.locator("main form button").click();
  await page.waitForURL("**/desk/keys");
  await press("g", "c", "?");
  assert.match(await page.locator("main form").innerText(), /关着/);
  assert.equal(await page.locator("[data-key]").count(), 0);
  assert.deepEqual(refusals(faults), []);
  await context.close();
});
