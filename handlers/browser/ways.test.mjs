// The same lives in other ways: by the keyboard alone, and as in WeChat's browser.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { act, alerted, file, launch, photo, refusals, shopOf, site, tell, visit } from "./browser.mjs";
import { sit } from "./duties.mjs";

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

// to goes on by Tab until the place is reached, and sees to it that one sees where one is.
async function to(page, place) {
  for (let i = 0; i < 80; i++) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate((place) => {
      const e = document.activeElement;
      const drawn = (x) => x && getComputedStyle(x).outlineStyle !== "none" && parseFloat(getComputedStyle(x).outlineWidth) >= 2;
      const r = e.getBoundingClientRect();
      return { here: e.matches(place), seen: e === document.body || drawn(e) || drawn(e.nextElementSibling), inside: e === document.body || r.bottom > 0 && r.top < innerHeight, what: e.outerHTML.slice(0, 120) };
    }, place);
    assert.ok(at.seen && at.inside, "the focus is not seen: " + at.what);
    if (at.here) return;
  }
  assert.fail(`no way to ${place} on ${page.url()}`);
}

const keys = (page) => ({
  press: async (place, key = "Enter") => { await to(page, place); await page.keyboard.press(key); },
  write: async (place, text) => { await to(page, place); await page.keyboard.type(text); },
  go: async (url) => { await to(page, "form.form .send button[value=next]"); await page.keyboard.press("Enter"); await page.waitForURL(url); },
});

// wrong sends a form that lacks something: the focus is on what is said of it, and
// goes from there to the field.
async function wrong(page, send, field) {
  await to(page, send);
  await page.keyboard.press("Enter");
  await alerted(page);
  await to(page, `[role=alert] a[href="${field}"]`);
  await page.keyboard.press("Enter");
  await page.waitForFunction((f) => document.activeElement.matches(f), field);
}

test("a consumer files, a merchant answers and an officer decides by the keyboard alone", { timeout: 120_000 }, async () => {
  const { page, faults, context } = await visit(browser, { width: 1280 });
  const k = keys(page);
  await page.goto(site + "/");
  await k.press("main a[href='/file']");
  await page.waitForURL("**/file");
  await k.press("button[value=authority]");
  await page.waitForURL("**/file/what");
  await wrong(page, "form.form .send button[value=next]", "#f-story");
  await page.keyboard.type("健身房停业，预付年卡余额不退。");
  await k.go("**/file/merchant");
  await k.write("#f-merchant", "青禾健身（滨河路店）");
  await k.write("#f-shop_address", "索镇街道滨河路 12 号");
  await k.go("**/file/deal");
  await k.press("input[name=requests][value=refund]", "Space");
  await k.go("**/file/evidence");
  await k.go("**/file/you");
  await k.write("#f-name", "王芳");
  await k.write("#f-phone", "13812345678");
  await k.go("**/file/check");
  await k.press("form.form .send a.btn:not(.quiet)");
  await page.waitForURL("**/file/consent");
  await k.press("input[name=publish_consent]", "Space");
  await k.press("input[name=entrust_consent]", "ArrowDown");
  await k.go("**/file/review");
  await k.go("**/kept");
  const number = (await page.locator(".bignum").innerText()).trim();
  await k.press("main a.btn.main");
  await page.waitForURL("**/c/" + number);

  await tell("/do", { number, events: ["classify", "invite_settlement", "delivered"] });
  const shop = await shopOf(browser, number, { width: 1280 });
  const s = keys(shop.page);
  await s.press("main a[href$='/act/answer_with_offer']");
  await shop.page.waitForURL("**/act/answer_with_offer");
  await s.write("#f-amount", "1280");
  await s.write("#f-words", "余款原路退回");
  await s.go("**?done=answer_with_offer");
  await page.reload();
  await k.press("main a[href$='/act/counter']");
  await page.waitForURL("**/act/counter");
  await k.write("#f-amount", "1400");
  await k.go("**?done=counter");
  await tell("/do", { number, events: ["reject_offer", "accept_meanwhile"] }).catch(() => {});

  const { number: other } = await tell("/file", { track: "authority" });
  await tell("/do", { number: other, events: ["classify", "dispatch"] });
  const officer = await sit(browser, { name: "keys", roles: ["officer"] });
  const o = keys(officer.page);
  await officer.page.goto(`${site}/desk/case/${other}`);
  await o.press(`main a[href="/desk/case/${other}/act/accept"]`);
  await officer.page.waitForURL("**/act/accept");
  await wrong(officer.page, "form.form .send button[value=next]", "#f-no_refusal_ground");
  await officer.page.keyboard.press("Space");
  await o.go("**?done=accept");
  await officer.page.keyboard.press("?");
  await officer.page.waitForURL("**/desk/keys");
  for (const v of [{ faults, context }, shop, officer]) {
    assert.deepEqual(refusals(v.faults), []);
    await v.context.close();
  }
});

// WeChat's browser opens no second window, saves no file and may keep the clipboard
// to itself. This is not WeChat: it is what a page would find there.
const weixin = "Mozilla/5.0 (Linux; Android 14; V2309A) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36 XWEB/1160065 MMWEBSDK/20231202 MicroMessenger/8.0.47.2560(0x28002F35) WeChat/arm64 Weixin NetType/4G Language/zh_CN";

test("a whole life as in WeChat's browser: no second window, no saved file, no clipboard", { timeout: 120_000 }, async () => {
  const look = { more: { userAgent: weixin, acceptDownloads: false } };
  const poor = async (v) => {
    await v.context.addInitScript(() => {
      window.open = () => null;
      Object.defineProperty(navigator, "clipboard", { value: undefined });
    });
    v.context.on("page", (p) => v.faults.push("second window: " + p.url()));
    v.page.on("download", (d) => v.faults.push("saved file: " + d.url()));
    return v;
  };
  const { page, faults, context } = await poor(await visit(browser, look));
  const { number, link } = await file(page, "authority", async (name) => { // what it opens stays in this window
    assert.equal(await page.locator("main a[target], main form[target], main button[formtarget]").count(), 0, name);
  }, { files: [photo("告示.png")] });
  await page.locator("[data-copy]").first().click(); // without a clipboard the text is selected
  assert.equal(await page.evaluate(() => getSelection().toString().trim()), link);
  assert.ok(await page.locator("svg.qr").isVisible());
  await tell("/do", { number, events: ["classify", "invite_settlement", "delivered"] });
  const shop = await poor(await visit(browser, look));
  await shop.page.goto(site + (await tell("/link", { number })).link);
  await shop.page.locator(".steps").waitFor();
  await act(shop.page, number, "answer_with_offer", async (p) => { await p.fill("#f-amount", "1280"); await p.fill("#f-due_on", "2026-05-29"); });
  await act(page, number, "accept_offer");
  await page.locator(".proofs a.exhibit").first().click(); // a photo is looked at on a page
  await page.waitForURL("**/files/*");
  assert.equal(await page.locator("img.whole").evaluate((i) => i.decode().then(() => i.naturalWidth)), 320);
  await act(page, number, "close_settled");
  for (const path of ["data", "kept"]) { // what can be saved elsewhere is read here
    await page.goto(`${site}/c/${number}/${path}`);
    assert.ok((await page.locator("main").innerText()).length > 60);
  }
  for (const v of [{ faults, context }, shop]) {
    assert.deepEqual(v.faults, []);
    await v.context.close();
  }
});

test("on paper: no places to go to, dark is light, nothing runs off", { timeout: 60_000 }, async () => {
  const { page, context } = await visit(browser, { dark: true, width: 700 });
  const { number } = await file(page, "authority");
  for (const path of [`/c/${number}`, `/c/${number}/kept`, "/statistics", "/guide"]) {
    await page.emulateMedia({ media: "screen", colorScheme: "dark" });
    await page.goto(site + path);
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    const paper = await page.evaluate(() => ({
      shown: [...document.querySelectorAll(".bar nav, .bar .tools, .acts, .actlist, .statnav, .foot .links, .skip, form.switches, summary")].filter((e) => e.checkVisibility()).map((e) => e.outerHTML.slice(0, 80)),
      ink: getComputedStyle(document.querySelector("h1")).color,
      back: getComputedStyle(document.body).backgroundColor,
      wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    }));
    assert.deepEqual(paper.shown, [], path);
    assert.equal(paper.wide, 0, path);
    assert.equal(await page.evaluate((c) => { const x = document.createElement("canvas").getContext("2d"); x.fillStyle = c; x.fillRect(0, 0, 1, 1); return x.getImageData(0, 0, 1, 1).data[0] > 250; }, paper.back), true, path + ": " + paper.back);
    assert.equal(await page.evaluate((c) => { const x = document.createElement("canvas").getContext("2d"); x.fillStyle = c; x.fillRect(0, 0, 1, 1); return x.getImageData(0, 0, 1, 1).data[0] < 90; }, paper.ink), true, path + ": " + paper.ink);
  }
  await context.close();
});
