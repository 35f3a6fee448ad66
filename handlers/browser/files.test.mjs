import assert from "node:assert/strict";
import { connect, createServer } from "node:net";
import { after, before, test } from "node:test";
import { act, file, fresh, inspect, launch, next, photo, pick, refusals, shopOf, site, tell, visit } from "./browser.mjs";

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const chinese = "门口的停业告示（三月十日）.png";
const bad = [{ name: "空的.jpg", mimeType: "image/jpeg", buffer: Buffer.alloc(0) }, photo("炸弹.png", { width: 60_000, height: 60_000 }),
  { name: "画.svg", mimeType: "image/svg+xml", buffer: Buffer.from("<svg xmlns='http://www.w3.org/2000/svg' onload='pwned=1'/>") }];
const names = async (page) => (await page.locator("#files bdi").allInnerTexts()).sort();

async function atEvidence(browser, options) {
  const v = await visit(browser, options);
  await v.page.goto(site + "/file");
  await v.page.locator("button[name=track][value=authority]").click();
  await v.page.fill("#f-story", "带照片");
  await next(v.page);
  await v.page.waitForURL("**/file/merchant");
  await v.page.goto(site + "/file/evidence");
  return v;
}

for (const scripts of [true, false]) {
  const how = scripts ? "with scripts" : "without scripts";

  test(`files are chosen, refused, removed, and go with the complaint, ${how}`, { timeout: 120_000 }, async () => {
    const { page, faults, context } = await atEvidence(browser, { scripts });
    const found = [];
    const see = async () => { if (scripts) found.push(...await inspect(page)); };
    await see();
    assert.match(await page.locator("#f-files-hint").innerText(), /20 MB.*200 MB.*60/);
    await pick(page, scripts, photo(chinese), photo("<img src=x onerror=pwned=1>.png", { shade: 9 }));
    await see();
    assert.equal(await page.locator("#files img").first().evaluate((i) => i.decode().then(() => i.naturalWidth)), 320);
    await page.setInputFiles("#f-files", bad);
    if (!scripts) await page.locator("button[value=add]").click();
    for (const name of scripts ? ["画.svg"] : ["空的.jpg", "炸弹.png", "画.svg"]) await page.locator("#f-files-error", { hasText: name }).waitFor();
    await see();
    assert.deepEqual(await names(page), ["<img src=x onerror=pwned=1>.png", chinese]);
    assert.equal(await page.evaluate(() => typeof window.pwned), "undefined");
    await page.locator("#files li", { hasText: "onerror" }).locator("button").click();
    await page.waitForFunction(() => document.querySelectorAll("#files li").length === 1);
    await page.locator("button[name=set][value='lang:en']").click();
    await page.waitForLoadState();
    assert.match(await page.locator("h1").innerText(), /photos/);
    assert.deepEqual(await names(page), [chinese]);
    await page.locator("button[name=set][value='lang:zh']").click();
    await page.waitForLoadState();
    await next(page);
    await page.waitForURL("**/file/you");
    await page.goBack();
    assert.deepEqual(await names(page), [chinese]);
    await page.goto(site + "/file/review");
    assert.match(await page.locator("main").innerText(), /门口的停业告示/);
    assert.deepEqual(found, []);
    assert.deepEqual(refusals(faults), []);
    await context.close();
  });

  // A line between browser and server, to be cut while photos are on it.
  test(`the connection breaks while photos are sent, and again: one case, nothing lost, ${how}`, { timeout: 120_000 }, async () => {
    const to = new URL(site);
    let left = Infinity; // bytes until the line breaks
    const line = createServer((a) => {
      const b = connect(to.port, to.hostname);
      const end = () => { a.destroy(); b.destroy(); };
      a.on("data", (d) => {
        left -= d.length;
        if (left < 0) end();
        else b.write(d);
      });
      b.on("data", (d) => a.write(d));
      for (const s of [a, b]) s.on("error", end).on("close", end);
    });
    await new Promise((ok) => line.listen(0, "127.0.0.1", ok));
    const there = `http://127.0.0.1:${line.address().port}`;
    const context = await browser.newContext({ viewport: { width: 390, height: 844 }, javaScriptEnabled: scripts, locale: "zh-CN" });
    const page = await context.newPage();
    const before = await tell("/count", {});
    await page.goto(there + "/file");
    await page.locator("button[name=track][value=authority]").click();
    await page.fill("#f-story", "电梯里没有信号");
    await next(page);
    await page.waitForURL("**/file/merchant");
    await page.fill("#f-merchant", "青禾健身");
    await page.fill("#f-shop_address", "滨河路 12 号");
    await next(page);
    await page.check("input[name=requests][value=refund]");
    await next(page);
    await page.waitForURL("**/file/evidence");
    const photos = [photo("1.png", { shade: 1 }), photo("2.png", { width: 1600, height: 1200, shade: 2 })];
    left = photos[0].buffer.length + Math.floor(photos[1].buffer.length / 2);
    await page.setInputFiles("#f-files", photos);
    if (scripts) {
      await page.locator(".sending .error").waitFor();
      assert.deepEqual(await names(page), ["1.png"]);
      assert.match(await page.locator(".sending").innerText(), /2\.png/);
      left = Infinity;
      await page.locator(".sending button").click();
      await page.locator("#files li").nth(1).waitFor();
    } else {
      await next(page).catch(() => {});
      await page.waitForTimeout(300);
      left = Infinity;
      await page.goto(there + "/file/evidence");
      assert.deepEqual(await names(page), ["1.png"]);
      await pick(page, scripts, photos[1]);
    }
    assert.deepEqual(await names(page), ["1.png", "2.png"]);
    await next(page);
    await page.fill("#f-name", "王芳");
    await page.fill("#f-phone", "13812345670");
    await next(page);
    await page.locator("form.form .send a.btn:not(.quiet)").click();
    await page.check("input[name=publish_consent][value=no]");
    await page.check("input[name=entrust_consent][value=no]");
    await next(page);
    await page.waitForURL("**/file/review");
    left = 200; // the sending itself breaks
    await next(page).catch(() => {});
    await page.waitForTimeout(300);
    left = Infinity;
    await page.goto(there + "/file/review");
    await next(page);
    await page.waitForURL("**/kept");
    assert.equal((await tell("/count", {})).cases, before.cases + 1);
    await context.close();
    line.close();
  });
}

test("what did not arrive goes with the form, and the form waits for what is on its way", { timeout: 60_000 }, async () => {
  const { page, context } = await atEvidence(browser);
  let broken = true;
  await context.route("**/file/evidence", (r) => (broken && r.request().method() === "POST" ? r.abort() : r.continue()));
  await page.setInputFiles("#f-files", [photo("掉线.png", { shade: 3 })]);
  await page.locator(".sending .error").waitFor();
  broken = false;
  await next(page);
  await page.waitForURL("**/file/you");
  await page.goto(site + "/file/evidence");
  assert.deepEqual(await names(page), ["掉线.png"]);
  await context.route("**/file/evidence", async (r) => { await new Promise((ok) => setTimeout(ok, 500)); await r.continue(); });
  await page.setInputFiles("#f-files", [photo("慢.png", { shade: 4 })]);
  await page.locator("form.form .send button[value=next]").dblclick({ noWaitAfter: true });
  await page.waitForURL("**/file/you");
  await page.goto(site + "/file/evidence");
  assert.deepEqual(await names(page), ["慢.png", "掉线.png"].sort());
  const large = { name: "太大.png", mimeType: "image/png", buffer: Buffer.alloc(21 << 20, 1) };
  await page.setInputFiles("#f-files", [large]);
  await page.locator(".sending .error", { hasText: "20 MB" }).waitFor();
  assert.deepEqual(await inspect(page), []);
  await context.close();
});

for (const scripts of [true, false]) {
  const how = scripts ? "with scripts" : "without scripts";

  test(`filed with two photos, answered, countered, accepted, performed with proof, rated, ${how}`, { timeout: 180_000 }, async () => {
    const { page, faults, context } = await visit(browser, { scripts });
    const found = [];
    const see = async (p = page) => { if (scripts) found.push(...await inspect(p)); };
    const { number } = await file(page, "authority", undefined, { scripts, files: [photo(chinese), photo("付款.png", { shade: 7 })] });
    await page.goto(`${site}/c/${number}`);
    assert.equal(await page.locator(".proofs img").count(), 2);
    await see();
    await tell("/do", { number, events: ["classify", "invite_settlement", "delivered"] });
    const shop = await shopOf(browser, number, { scripts });
    assert.match(await shop.page.locator(".proofs").innerText(), /门口的停业告示/);
    await act(shop.page, number, "answer", async (p) => {
      await p.check("input[name=answer_kind][value=question]");
      await p.fill("#f-words", "请看我们的公告");
      await pick(p, scripts, photo("公告.png", { shade: 20 }));
      assert.equal(await p.inputValue("#f-words"), "请看我们的公告");
      await see(p);
    });
    await act(shop.page, number, "offer", async (p) => { await p.fill("#f-amount", "1000"); await p.fill("#f-words", "退一部分"); });
    await act(page, number, "counter", async (p) => { await p.fill("#f-amount", "1400"); await p.fill("#f-words", "按合同"); });
    await act(shop.page, number, "accept_offer");
    await act(shop.page, number, "report_performance", async (p) => {
      await p.fill("#f-words", "已退到原卡");
      await next(p); // a report without its proof is told so at the field
      await p.locator("#f-files-error").waitFor();
      assert.equal(await p.inputValue("#f-words"), "已退到原卡");
      await p.fill("#f-performed", "1400");
      await pick(p, scripts, photo("转账.png", { shade: 30 }));
      await see(p);
    });
    await page.goto(`${site}/c/${number}`);
    assert.equal(await page.locator(".proofs img").count(), 4);
    await see();
    await page.locator(".proofs a", { hasText: "转账" }).click();
    await page.waitForURL("**/files/*");
    assert.equal(await page.locator("img.whole").evaluate((i) => i.decode().then(() => i.naturalWidth)), 320);
    assert.equal(await page.locator("button.no").count(), 0); // the other side's
    await see();
    await act(page, number, "add_evidence", async (p) => pick(p, scripts, photo("多余.png", { shade: 40 })));
    await page.locator(".proofs a", { hasText: "多余" }).click();
    await page.locator("button.no").click();
    await page.waitForURL("**?done=file_removed");
    assert.equal(await page.locator(".proofs img").count(), 4);
    await see();
    await act(page, number, "close_settled");
    await act(page, number, "rate", (p) => p.check("input[name=score][value='5']"));
    assert.deepEqual(found, []);
    assert.deepEqual(refusals(faults.concat(shop.faults)), []);
    await shop.context.close();
    await context.close();
  });

  test(`a link that ends between typing and sending keeps every field and every photo, ${how}`, { timeout: 60_000 }, async () => {
    const { number, page, faults, context } = await fresh(browser, "authority", { scripts });
    await page.goto(`${site}/c/${number}/act/add_evidence`);
    await page.fill("#f-words", "第一行\n第二行 <b>“引号”</b>");
    await pick(page, scripts, photo("早的.png", { shade: 1 }));
    if (!scripts) await page.setInputFiles("#f-files", [photo("晚的.png", { shade: 2 })]);
    await tell("/end", { number, party: "consumer" });
    if (scripts) {
      await page.setInputFiles("#f-files", [photo("晚的.png", { shade: 2 })]);
      await page.locator(".sending .error").waitFor();
    }
    await next(page);
    await page.locator("form#open").waitFor();
    const { link } = await tell("/link", { number, party: "consumer" });
    await page.fill("#f-code", site + link);
    await page.locator("form#open button.main").click();
    await page.locator("#f-words").waitFor();
    assert.equal(await page.inputValue("#f-words"), "第一行\n第二行 <b>“引号”</b>");
    assert.deepEqual(await names(page), ["早的.png", "晚的.png"].sort());
    await next(page);
    await page.waitForURL("**?done=add_evidence");
    assert.equal(await page.locator(".proofs img").count(), 2);
    assert.deepEqual(refusals(faults), []);
    await context.close();
  });
}

test("double click, two tabs, back: one act, no file twice", { timeout: 90_000 }, async () => {
  for (const scripts of [true, false]) {
    const { number, page, faults, context } = await fresh(browser, "authority", { scripts });
    const before = await tell("/count", {});
    await page.goto(`${site}/c/${number}/act/add_evidence`);
    await page.fill("#f-words", "只有一次");
    await pick(page, scripts, photo("一张.png"));
    const tab = await context.newPage();
    await tab.goto(page.url().replace(/\/files$/, ""));
    assert.deepEqual(await names(tab), ["一张.png"]);
    await page.locator("form.form .send button[value=next]").dblclick({ noWaitAfter: true }).catch(() => {});
    await page.waitForURL((u) => u.pathname.endsWith(number));
    assert.equal((await tell("/count", {})).events, before.events + 1);
    await page.goBack();
    await page.goto(`${site}/c/${number}`);
    assert.equal(await page.locator(".proofs img").count(), 1);
    assert.deepEqual(refusals(faults), []);
    await context.close();
  }
});
