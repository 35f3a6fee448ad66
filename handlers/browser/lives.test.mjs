import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { file, inspect, launch, next, site, tell, visit } from "./browser.mjs";

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

for (const scripts of [true, false]) {
  test(`filed, offered, countered, accepted, ${scripts ? "with" : "without"} scripts`, { timeout: 120_000 }, async () => {
    const { page, faults, context } = await visit(browser, { scripts });
    const bad = [];
    const see = async (name) => { if (scripts) for (const v of await inspect(page)) bad.push(`${name}: ${v}`); };
    const { number, link } = await file(page, "authority", see);
    await page.locator("a.btn.main").click();
    await page.waitForURL("**/c/" + number);
    await see("case");
    assert.match(await page.locator("h1").innerText(), /健身房停业/);
    assert.match(await page.locator(".clock .big").innerText(), /个工作日/);

    await tell("/do", { number, events: ["classify", "invite_settlement", "delivered", "answer_with_offer"] });
    await page.reload();
    await see("offer");
    await page.locator(".acts a", { hasText: "提出还价" }).click();
    await see("counter");
    await page.fill("#f-amount", "1,400");
    await page.fill("#f-words", "<script>alert(1)</script> 私教课是赠送的");
    await next(page);
    await page.waitForURL("**?done=counter");
    await see("countered");
    assert.equal(await page.locator(".sum b").innerText(), "¥1,400.00");
    assert.match(await page.locator(".quote").innerText(), /<script>alert\(1\)<\/script>/);

    // The link of the message opens the case on another phone, and leaves no secret behind.
    const other = await visit(browser, { scripts });
    await other.page.goto(link);
    if (!scripts) {
      await other.page.fill("#f-code", link);
      await other.page.locator("form#open button.main").click();
    }
    await other.page.locator(".steps").waitFor();
    assert.ok(!other.page.url().includes("#"), other.page.url());
    await other.context.close();

    assert.deepEqual(faults, []);
    assert.deepEqual(bad, []);
    await context.close();
  });
}

test("what is wrong is said where it is, and nothing typed is lost", { timeout: 120_000 }, async () => {
  const { page, faults, context } = await visit(browser);
  await page.goto(site + "/file");
  await page.locator("button[name=track][value=green_channel]").click();
  await next(page);
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("role")), "alert");
  assert.deepEqual(await inspect(page), []);
  await page.fill("#f-story", "写到一半换语言");
  await page.locator("button[name=set][value='lang:en']").click();
  await page.waitForLoadState();
  assert.equal(await page.inputValue("#f-story"), "写到一半换语言");
  assert.match(await page.locator("h1").innerText(), /What happened/);
  await page.locator("button[name=set][value='type:large']").click();
  await page.waitForLoadState();
  assert.deepEqual(await inspect(page), []);
  await context.close();
  assert.deepEqual(faults.filter((f) => !f.includes("422")), []);
});
