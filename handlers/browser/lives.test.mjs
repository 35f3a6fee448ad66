import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { act, alerted, asText, file, fillNaughty, fresh, inspect, launch, naughty, next, open, refusals, shopOf, site, tell, values, visit } from "./browser.mjs";

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

for (const scripts of [true, false]) {
  const how = scripts ? "with scripts" : "without scripts";

  test(`filed, answered, countered, accepted, performed, rated, ${how}`, { timeout: 120_000 }, async () => {
    const { page, faults, context } = await visit(browser, { scripts });
    const bad = [];
    const see = async (name, p = page) => { if (scripts) for (const v of await inspect(p)) bad.push(`${name}: ${v}`); };
    const { number, link } = await file(page, "authority", see);
    await page.locator("a.btn.main").click();
    await page.waitForURL("**/c/" + number);
    await see("case");
    assert.match(await page.locator("h1").innerText(), /健身房停业/);
    assert.match(await page.locator(".clock .big").innerText(), /个工作日/);

    await tell("/do", { number, events: ["classify", "invite_settlement", "delivered"] });
    const shop = await shopOf(browser, number, { scripts });
    await see("merchant", shop.page);
    await act(shop.page, number, "answer_with_offer", async (p) => {
      await p.fill("#f-amount", "1280");
      await p.fill("#f-due_on", "2026-05-29");
      await p.fill("#f-words", "余款原路退回");
      await see("merchant offers", p);
    });
    await page.reload();
    assert.equal(await page.locator(".sum b").innerText(), "¥1,280.00");
    await see("offer");
    await act(page, number, "counter", async (p) => {
      await p.fill("#f-amount", "1,400");
      await p.fill("#f-words", "<script>alert(1)</script> 私教课是赠送的");
      await see("counter", p);
    });
    await see("countered");
    await shop.page.reload();
    assert.equal(await shop.page.locator(".sum b").innerText(), "¥1,400.00");
    assert.match(await shop.page.locator(".quote").innerText(), /<script>alert\(1\)<\/script>/);
    await act(shop.page, number, "accept_offer");
    await page.reload();
    await see("promise");
    assert.match(await page.locator("#pr").innerText(), /对方做到了吗/);
    await act(page, number, "close_settled");
    await see("closed");
    assert.match(await page.locator(".head .tag").innerText(), /结束/);
    await act(page, number, "rate", async (p) => {
      await p.check("input[name=score][value='5']");
      await p.fill("#f-words", "很快");
      await see("rate", p);
    });

    // The link of the message opens the case on another phone, and leaves no secret behind.
    const other = await open(browser, link, { scripts });
    assert.ok(!other.page.url().includes("#"), other.page.url());
    for (const v of [shop, other]) {
      assert.deepEqual(v.faults, []);
      await v.context.close();
    }
    assert.deepEqual(faults, []);
    assert.deepEqual(bad, []);
    await context.close();
  });

  test(`the shop is silent, and the consumer turns to the authority, ${how}`, { timeout: 60_000 }, async () => {
    const { number, page, faults, context } = await fresh(browser, "green_channel", { scripts });
    await tell("/do", { number, events: ["classify", "open_green_channel", "delivered"] });
    await tell("/do", { number, hours: 24 * 45 });
    await page.goto(`${site}/c/${number}`);
    await act(page, number, "escalate");
    assert.match(await page.locator(".notice.good").innerText(), /受理期限/);
    assert.match(await page.locator(".steps .now").innerText(), /调解/);
    assert.deepEqual(faults, []);
    await context.close();
  });

  test(`not our shop, ${how}`, { timeout: 60_000 }, async () => {
    const { number, page, faults, context } = await fresh(browser, "authority", { scripts });
    await tell("/do", { number, events: ["classify", "invite_settlement", "delivered"] });
    const shop = await shopOf(browser, number, { scripts });
    await act(shop.page, number, "disclaim", async (p) => {
      await p.check("input[name=reason][value=other_shop]");
      await p.fill("#f-words", "我们在滨河路 21 号，不是 12 号");
    });
    await page.goto(`${site}/c/${number}`);
    assert.match(await page.locator(".tl").innerText(), /不是本店/);
    assert.deepEqual(faults.concat(shop.faults), []);
    await shop.context.close();
    await context.close();
  });

  test(`a link that ends between typing and sending loses nothing, ${how}`, { timeout: 60_000 }, async () => {
    const { number, page, faults, context } = await fresh(browser, "authority", { scripts });
    await tell("/do", { number, events: ["classify", "invite_settlement", "delivered", "answer_with_offer"] });
    await page.goto(`${site}/c/${number}/act/counter`);
    await page.fill("#f-amount", "1,400.50");
    await page.fill("#f-due_on", "2026-06-30");
    await page.fill("#f-words", "第一行\n第二行 <b>“引号”</b> & 其余");
    const typed = await values(page);
    await tell("/end", { number, party: "consumer" });
    await next(page);
    await page.locator("form#open").waitFor();
    const { link } = await tell("/link", { number, party: "consumer" });
    await page.fill("#f-code", "不对的链接");
    await page.locator("form#open button.main").click();
    await page.locator("form#open").waitFor();
    await page.fill("#f-code", site + link);
    await page.locator("form#open button.main").click();
    await page.locator("#f-words").waitFor();
    assert.deepEqual(await values(page), typed);
    await next(page);
    await page.waitForURL("**?done=counter");
    assert.equal(await page.locator(".sum b").innerText(), "¥1,400.50");
    assert.deepEqual(refusals(faults), []);
    await context.close();
  });
}

test("the phone is checked by a code, and may be asked again after a minute", { timeout: 60_000 }, async () => {
  const { page, faults, context } = await visit(browser);
  await page.goto(site + "/file");
  await page.locator("button[name=track][value=authority]").click();
  await page.fill("#f-story", "验证码");
  await next(page);
  await page.goto(site + "/file/you");
  await page.fill("#f-name", "李四");
  await page.fill("#f-phone", "13900000077");
  await next(page);
  await page.waitForURL("**/file/check");
  await next(page);
  await page.locator("#f-code").waitFor();
  assert.deepEqual(await inspect(page), []);
  assert.ok(await page.locator("button[value=again]").isDisabled());
  assert.match(await page.locator("button[value=again]").innerText(), /\d+ 秒/);
  await page.fill("#f-code", (await tell("/code", {})).code);
  await next(page);
  await page.waitForURL("**/file/consent");
  assert.deepEqual(faults, []);
  await context.close();
});

test("naughty strings are text everywhere", { timeout: 120_000 }, async () => {
  const { page, faults, context } = await visit(browser);
  const fixed = { phone: "13900000088", email: "a@example.com", amount: "12.5", code: "" };
  await page.goto(site + "/file");
  await page.locator("button[name=track][value=authority]").click();
  for (let at = ""; !page.url().endsWith("/kept");) {
    const step = page.url().split("/").pop();
    assert.notEqual(step, at, "does not go on: " + await page.locator("main").innerText());
    at = step;
    if (step === "check") {
      await page.locator("form.form .send a.btn:not(.quiet)").click();
    } else {
      await fillNaughty(page);
      if (await page.locator(Object.keys(fixed).map((f) => "#f-" + f).join(",")).count()) {
        await next(page); // refused: what was typed is still there, as text
        await page.locator("[role=alert]").waitFor();
        await asText(page, step + ", refused");
        for (const [name, value] of Object.entries(fixed)) if (await page.locator("#f-" + name).count()) await page.fill("#f-" + name, value);
      }
      await asText(page, step);
      await next(page);
    }
    await page.waitForLoadState();
  }
  const number = (await page.locator(".bignum").innerText()).trim();
  await tell("/do", { number, events: ["classify", "invite_settlement", "delivered"] });
  const shop = await shopOf(browser, number);
  await act(shop.page, number, "answer_with_offer", async (p) => { await fillNaughty(p); await p.fill("#f-amount", "1"); });
  await act(page, number, "counter", async (p) => { await fillNaughty(p); await p.fill("#f-amount", "2"); });
  await act(page, number, "add_evidence", fillNaughty);
  for (const p of [page, shop.page]) {
    await p.goto(`${site}/c/${number}`);
    await asText(p, "case");
    assert.ok((await p.locator("main").innerText()).includes("<script>pwned=1</script>"));
  }
  for (const path of ["/kept", "/data", "/act/accept_offer", "/act/say"]) {
    await page.goto(`${site}/c/${number}${path}`);
    await asText(page, path);
  }
  await page.goto(`${site}/lost`);
  await fillNaughty(page);
  await next(page);
  await asText(page, "lost");
  await page.goto(`${site}/track?number=${encodeURIComponent(naughty)}`);
  await asText(page, "track");
  assert.deepEqual(refusals(faults.concat(shop.faults)), []);
  await shop.context.close();
  await context.close();
});

test("double click, back button, two tabs: one case, one act, nothing lost", { timeout: 120_000 }, async () => {
  for (const scripts of [true, false]) {
    const { page, faults, context } = await visit(browser, { scripts });
    const before = await tell("/count", {});
    let again;
    const { number } = await file(page, "authority", async (name) => {
      if (name !== "file-review") return;
      again = await context.newPage(); // the same page in a second tab
      await again.goto(page.url());
      await page.locator("form.form .send button[value=next]").dblclick({ noWaitAfter: true }).catch(() => {});
    }, { sent: true });
    await next(again);
    await again.waitForURL("**/c/" + number);
    assert.equal((await tell("/count", {})).cases, before.cases + 1);

    await tell("/do", { number, events: ["classify", "invite_settlement", "delivered", "answer_with_offer"] });
    await page.goto(`${site}/c/${number}/act/say`);
    await again.goto(`${site}/c/${number}/act/counter`);
    await page.fill("#f-words", "第一次");
    await next(page);
    await page.waitForURL("**?done=say");
    await page.goBack();
    await page.locator("form.form .send button[value=next]").click(); // the same form once more
    await page.waitForURL((u) => !u.pathname.endsWith("/act/say"));
    await again.fill("#f-amount", "1300");
    await act(page, number, "reject_offer"); // the other tab's form is overtaken
    await next(again);
    await again.locator("main").waitFor();
    assert.match(await again.locator("main").innerText(), /现在不能做|1300/);
    const said = await page.goto(`${site}/c/${number}`).then(() => page.locator(".tl h3", { hasText: "留言" }).count());
    assert.equal(said, 1);
    assert.deepEqual(refusals(faults), []);
    await context.close();
  }
});

test("what is wrong is said where it is, and nothing typed is lost", { timeout: 120_000 }, async () => {
  const { page, faults, context } = await visit(browser);
  await page.goto(site + "/file");
  await page.locator("button[name=track][value=green_channel]").click();
  await next(page);
  await alerted(page);
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
