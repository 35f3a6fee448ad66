import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { alerted, inspect, launch, next, photo, refusals, site, tell, visit } from "./browser.mjs";

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

for (const scripts of [true, false]) {
  test(`a member signs in, answers, invites and leaves, ${scripts ? "with" : "without"} scripts`, { timeout: 120_000 }, async () => {
    const phone = scripts ? "13900000021" : "13900000022";
    const { link, member, numbers } = await tell("/member", { phone, name: "惠民超市" });
    const { page, faults, context } = await visit(browser, { scripts });
    const bad = [];
    const see = async (name) => { if (scripts) for (const v of await inspect(page)) bad.push(`${name}: ${v}`); };
    await page.goto(site + "/green");
    await see("door");
    if (scripts) {
      await page.goto("about:blank");
      await page.goto(site + link);
    } else {
      await page.fill("#f-code", site + link);
      await page.locator("form#open button").click();
    }
    await page.waitForURL("**/green/" + member);
    await see("home");
    await page.locator("button[value='type:large']").click();
    await page.waitForURL("**/green/" + member);
    await see("home, large");
    await page.locator("button[value='type:usual']").click();
    await page.waitForURL("**/green/" + member);
    const cases = page.locator(".actlist a");
    assert.equal(await cases.count(), 2);
    assert.match(await cases.first().innerText(), /还有 3 个工作日，5 月 9 日/); // the more urgent first
    await cases.first().click();
    await page.waitForURL("**/c/" + numbers[0]);
    assert.match(await page.locator(".clock .big").innerText(), /3/);
    await page.goto(`${site}/c/${numbers[0]}/act/answer_with_offer`);
    await page.fill("#f-amount", "80");
    await page.fill("#f-words", "退款");
    await next(page);
    await page.waitForURL("**?done=answer_with_offer");
    assert.match(await page.locator(".tl").innerText(), /·您/);

    await page.goto(`${site}/green/${member}/people`);
    await see("people");
    await page.fill("#f-name", "<b>王芳</b>");
    await page.fill("#f-phone", "12");
    await page.locator("#invite .send button").click();
    await see("people, wrong");
    assert.equal(await page.inputValue("#f-name"), "<b>王芳</b>");
    await page.fill("#f-phone", scripts ? "13900000023" : "13900000024");
    await page.locator("#invite .send button").click();
    await page.waitForURL("**/people?done=invited");
    assert.match(await page.locator(".clocks").innerText(), /<b>王芳<\/b>/);
    await page.locator(".clocks a").click();
    await see("remove");
    await next(page);
    await page.waitForURL("**/people?done=removed");
    for (const part of ["figures", "sheet"]) {
      await page.goto(`${site}/green/${member}/${part}`);
      await see(part);
    }
    await page.locator("button.textlink", { hasText: "退出登录" }).click();
    await page.waitForURL("**/green");
    await page.goto(`${site}/green/${member}`);
    assert.match(await page.locator("h1").innerText(), /登录/);
    await see("left");
    await context.close();
    assert.deepEqual(faults.filter((f) => !f.includes("422")), []);
    assert.deepEqual(bad, []);
  });
}

test("the county's list leads to a complaint to the shop", { timeout: 60_000 }, async () => {
  await tell("/member", { phone: "13900000026", name: "金源家电" });
  const { page, faults, context } = await visit(browser);
  await page.goto(site + "/");
  await page.locator("main a[href='/merchants']").click();
  assert.deepEqual(await inspect(page), []);
  await page.fill("#f-q", "jyjd");
  await page.locator(".find button").click();
  assert.equal(await page.locator(".shops b").innerText(), "金源家电");
  assert.deepEqual(await inspect(page), []);
  await page.locator(".shops a").click();
  await page.locator("button[value=green_channel]").click();
  await page.waitForURL("**/file/what");
  await page.goto(site + "/file/merchant");
  assert.equal(await page.inputValue("#f-merchant"), "金源家电");
  await context.close();
  assert.deepEqual(faults, []);
});

test("a shop applies to join", { timeout: 60_000 }, async () => {
  const { page, faults, context } = await visit(browser);
  await page.goto(site + "/join");
  assert.deepEqual(await inspect(page), []);
  await next(page);
  await alerted(page);
  assert.deepEqual(await inspect(page), []);
  for (const [name, value] of Object.entries({ shop: "绿源车行", code: "91370321MA3C0AAA0H", shop_address: "滨河路 3 号", contact: "孙梅", phone: "13900000025", answer_days: "3" })) await page.fill("#f-" + name, value);
  await page.check("#f-pledged");
  await page.locator("button[value='lang:en']").click();
  await page.waitForLoadState();
  assert.equal(await page.inputValue("#f-shop"), "绿源车行");
  await next(page);
  await page.locator("main a[href='/green']").waitFor();
  assert.deepEqual(await inspect(page), []);
  await context.close();
  assert.deepEqual(faults.filter((f) => !f.includes("422")), []);
});

for (const scripts of [true, false]) {
  test(`a shop applies with its papers and adds more, ${scripts ? "with" : "without"} scripts`, { timeout: 120_000 }, async () => {
    const phone = scripts ? "13900000031" : "13900000032";
    const { page, faults, context } = await visit(browser, { scripts });
    const bad = [];
    const see = async (name) => { if (scripts) for (const v of await inspect(page)) bad.push(`${name}: ${v}`); };
    await page.goto(site + "/join");
    await page.fill("#f-shop", "新店<b>");
    await page.fill("#f-phone", phone);
    await page.setInputFiles("#f-licence", photo("营业执照（副本）.png"));
    if (scripts) await page.locator("#licence li").waitFor();
    await page.setInputFiles("#f-files", photo("店面.png", { shade: 9 }));
    if (scripts) await page.locator("#files li").waitFor();
    await next(page); // much is missing: words and files stay
    await page.locator("#f-code-error").waitFor();
    await see("wrong");
    assert.equal(await page.inputValue("#f-shop"), "新店<b>");
    assert.deepEqual(await page.locator("#licence bdi").allInnerTexts(), ["营业执照（副本）.png"]);
    assert.deepEqual(await page.locator("#files bdi").allInnerTexts(), ["店面.png"]);
    await page.goto(site + "/");
    await page.goto(site + "/join"); // another visit
    assert.equal(await page.inputValue("#f-shop"), "新店<b>");
    await page.locator("#files button[name=drop]").click();
    await page.waitForFunction(() => document.querySelectorAll("#files li").length === 0);
    await page.fill("#f-code", scripts ? "91370321MA3C0AAA0H" : "91370321MA3C0AAB0F");
    await page.fill("#f-shop_address", "滨河路 3 号");
    await page.fill("#f-contact", "孙梅");
    await page.check("#f-pledged");
    await next(page);
    await page.locator("a[href='/green']").first().waitFor();
    await see("done");
    await page.goto("about:blank");
    const { link } = await tell("/letter", { phone });
    if (scripts) await page.goto(site + link);
    else {
      await page.goto(site + "/green");
      await page.fill("#f-code", site + link);
      await page.locator("form#open button").click();
    }
    await page.waitForURL("**/green/g_*");
    await page.goto(page.url() + "/papers");
    await see("papers");
    assert.match(await page.locator("main").innerText(), /营业执照（副本）/);
    await page.setInputFiles("#f-files", photo("制度.png", { shade: 30 }));
    if (scripts) await page.locator("#files li").waitFor();
    await page.locator("#papers .send button").click();
    await page.waitForURL("**/papers?done=papers");
    assert.match(await page.locator("main").innerText(), /制度.png/);
    assert.deepEqual(bad, []);
    assert.deepEqual(refusals(faults), []);
    await context.close();
  });
}
