import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, test } from "node:test";
import { inspect, launch, refusals, site, tell, visit } from "./browser.mjs";

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

// What an authenticator shows (RFC 6238) for letters in base32.
function codeOf(letters, at) {
  let bits = "";
  for (const c of letters) bits += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0");
  const secret = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(at / 30)));
  const sum = createHmac("sha1", secret).update(step).digest();
  return String((sum.readUInt32BE(sum[19] & 15) & 0x7fffffff) % 1e6).padStart(6, "0");
}

for (const scripts of [true, false]) {
  test(`an officer sets a password, signs in and keeps his account, ${scripts ? "with" : "without"} scripts`, { timeout: 120_000 }, async () => {
    const name = scripts ? "zhang" : "wang";
    const { link } = await tell("/desk-user", { name });
    const { page, faults, context } = await visit(browser, { scripts, width: scripts ? 390 : 1280 });
    const bad = [];
    const see = async (what) => { if (scripts) for (const v of await inspect(page)) bad.push(`${what}: ${v}`); };
    await page.goto(site + (scripts ? link : "/desk/password"));
    if (!scripts) {
      await page.fill("#f-code", site + link);
      await page.locator("form#open button").click();
    }
    await page.locator("#f-new").waitFor();
    assert.equal(new URL(page.url()).hash, "");
    await see("password");
    await page.fill("#f-new", "1234567890");
    await page.fill("#f-again", "1234567890");
    await page.locator("form#password button.main").click();
    await see("password, wrong");
    assert.match(await page.locator("#f-new-error").innerText(), /容易被猜到/);
    await page.fill("#f-new", "一匹正确的马和电池吧");
    await page.fill("#f-again", "一匹正确的马和电池吧");
    await page.locator("form#password button.main").click();
    await page.waitForURL("**/desk/sign-in?done=password");
    await see("sign in");
    await page.goto(site + "/desk/account"); // remembered through signing in
    await page.waitForURL("**/desk/sign-in?to=*");
    await page.fill("#f-name", name);
    await page.fill("#f-password", "falsch");
    await page.keyboard.press("Enter");
    await page.locator("[role=alert]").waitFor();
    await see("sign in, wrong");
    assert.equal(await page.inputValue("#f-name"), name);
    await page.focus("#f-password"); // by the keyboard alone
    await page.keyboard.type("一匹正确的马和电池吧");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/desk/account");
    await see("account");
    await page.locator("button[value='theme:dark']").click();
    await page.waitForURL("**/desk/account");
    assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
    await see("account, dark");

    await page.goto(site + "/desk/account/code");
    await see("code");
    const letters = await page.locator(".card .code").innerText();
    await page.fill("#f-code", codeOf(letters, (await tell("/now", {})).now));
    await page.locator(".send button").click();
    await page.locator("#codes").waitFor();
    await see("recovery codes");
    const recovery = await page.locator("#codes li").first().innerText();
    const second = await page.locator("#codes li").nth(1).innerText();
    await page.goto(site + "/desk");
    await see("desk");

    await page.goto(site + "/desk/account"); // the session ends in the middle of a form
    await page.fill("#f-deputy", "李<b>四");
    await page.fill("#f-from", "2026-12-01");
    await page.fill("#f-until", "2026-12-03");
    await tell("/do", { hours: 2 });
    await page.locator("form[action='/desk/account/absence'] .send button").click();
    await page.locator("#f-password").waitFor();
    await see("sign in again");
    await page.fill("#f-name", name);
    await page.fill("#f-password", "一匹正确的马和电池吧");
    await page.keyboard.press("Enter");
    await page.locator("#f-code").waitFor();
    await see("second step");
    await page.fill("#f-code", recovery);
    await page.keyboard.press("Enter");
    if (!scripts) await page.locator(".send button").click(); // what a script presses by itself
    await page.locator("#f-deputy").waitFor();
    assert.equal(await page.inputValue("#f-deputy"), "李<b>四");
    assert.equal(await page.inputValue("#f-from"), "2026-12-01");
    assert.match(await page.locator("[role=alert]").innerText(), /重新登录/);
    await see("the form again");

    const { number } = await tell("/file", { track: "authority" });
    await page.goto(`${site}/desk/case/${number}`); // and in the middle of a long note
    const long = "电话核实：\n" + "对方称已停业，押金和余额由总部退还。".repeat(120) + "<b>";
    await page.fill("#f-note", long);
    await tell("/do", { hours: 2 });
    await page.locator("form[action$='/notes'] button").click();
    await page.locator("#f-password").waitFor();
    await page.fill("#f-name", name);
    await page.fill("#f-password", "一匹正确的马和电池吧");
    await page.keyboard.press("Enter");
    await page.locator("#f-code").waitFor();
    await page.fill("#f-code", second);
    await page.keyboard.press("Enter");
    if (!scripts) await page.locator(".send button").click();
    await page.locator("#f-words").waitFor();
    assert.equal(await page.inputValue("#f-words"), long);
    await page.locator("form#act .send button").first().click();
    await page.waitForURL("**?done=note#notes");
    assert.equal((await page.locator(".notes .said").innerText()).length, long.length);

    await page.goto(site + "/desk/account");
    await page.fill("#f-label", "报表");
    await page.locator("form[action='/desk/account/tokens'] .send button").click();
    await page.locator("#token").waitFor();
    await see("token");
    await page.locator("header.bar form[action='/desk/sign-out'] button").click();
    await page.waitForURL("**/desk/sign-in");
    await page.goto(site + "/desk");
    await page.waitForURL("**/desk/sign-in?to=*");
    assert.deepEqual(refusals(faults).filter((f) => !/status of 403/.test(f)), []);
    assert.deepEqual(bad, []);
    await context.close();
  });
}

test("signing in at a real provider, and out there", { timeout: 60_000 }, async (t) => { // last: the server's time becomes the provider's
  const { issuer } = await tell("/provider", {});
  if (!issuer) return t.skip("no provider");
  const { page, context, faults } = await visit(browser, { width: 390 });
  await page.goto(`${site}/desk/cases`);
  assert.deepEqual(await inspect(page), []);
  await page.locator("form[action='/desk/sign-in/provider'] button").click();
  await page.fill("input[name=username]", "test-user@localhost");
  await page.fill("input[name=password]", "verysecure");
  await page.locator("button[type=submit]").click();
  await page.waitForURL("**/desk/cases");
  await page.locator("form[action='/desk/sign-out'] button").click();
  await page.waitForURL("**/desk/sign-in?done=out");
  assert.deepEqual(await inspect(page), []);
  await page.locator(`a[href^="${issuer}end_session"]`).waitFor();
  assert.deepEqual(refusals(faults).filter((f) => !f.startsWith("asks " + issuer)), []);
  await context.close();
});
