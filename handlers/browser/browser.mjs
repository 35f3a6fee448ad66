// What every browser test stands on: a phone or a desktop in Chinese time, and a
// watch over everything that must never happen on a page.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { crc32, deflateSync } from "node:zlib";
import { chromium } from "playwright-core";

export const site = process.env.SITE; // of the pages
const control = process.env.CONTROL; // of the test that runs the server
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const launch = () => chromium.launch({
  executablePath: process.env.FANGXIN_TEST_BROWSER,
  args: ["--no-sandbox", "--disable-dev-shm-usage", "--force-color-profile=srgb", "--font-render-hinting=none"],
});

// visit opens a page in a context of its own; faults collects what must not be.
export async function visit(browser, { width = 390, scripts = true, dark = false, lang = "zh", scale = 1, more = {} } = {}) {
  const context = await browser.newContext({
    viewport: { width, height: 844 }, deviceScaleFactor: scale, isMobile: width < 600, hasTouch: width < 600, javaScriptEnabled: scripts,
    locale: "zh-CN", timezoneId: "Asia/Shanghai", colorScheme: dark ? "dark" : "light", reducedMotion: "reduce", serviceWorkers: "block", ...more,
  });
  if (lang !== "zh") await context.addCookies([{ name: "lang", value: lang, url: site }]);
  const faults = [];
  const own = [site, "data:", "chrome-extension:", "chrome:"]; // the last two are the browser's own reader of PDF and its parts
  context.on("request", (r) => { if (!own.some((o) => r.url().startsWith(o))) faults.push("asks " + r.url()); });
  const page = await context.newPage();
  page.on("console", (m) => { if (m.type() === "error" || m.type() === "warning") faults.push("console: " + m.text()); });
  page.on("pageerror", (e) => faults.push("script: " + e.message));
  page.on("dialog", (d) => { faults.push("dialog: " + d.message()); d.dismiss(); });
  return { context, page, faults };
}

async function violations(page, runOnly) {
  await page.evaluate(axe);
  const found = await page.evaluate((runOnly) => window.axe.run(document, { runOnly, resultTypes: ["violations"] }), runOnly);
  return found.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.html.slice(0, 160)).join(" | "));
}

// inspect asks axe, and whether anything runs out of the screen sideways.
export async function inspect(page) {
  const found = await violations(page, ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  return found.concat(wide > 0 ? [`${wide} px too wide`] : []);
}

// alerted waits until the eye is led to what is wrong; a page is there before its script.
export const alerted = (page) => page.waitForFunction(() => document.activeElement?.getAttribute("role") === "alert");

// contrast asks about colours alone, for a page that was inspected in others.
export const contrast = (page) => violations(page, { type: "rule", values: ["color-contrast"] });

// tell asks the test that runs the server: to let somebody else act, or time pass.
export async function tell(what, body) {
  const res = await fetch(control + what, { method: "POST", body: JSON.stringify(body) });
  if (!res.ok) throw new Error(`${what}: ${await res.text()}`);
  return res.json();
}

// What nobody should type.
export const naughty = ["<script>pwned=1</script>", "<img src=x onerror=pwned=1>", "\"><svg onload=pwned=1>", "'; drop table cases; --", "{{.X}} ${1+1} %s %00", "javascript:alert(1)",
  "مرحبا ‮txt.exe", "𠮷👨‍👩‍👧‍👦 Ω≈ç√", "&lt;b&gt; &amp; &#x27;", "长".repeat(60) + "W".repeat(60)].join(" ");

// asText sees to it that what nobody should type is text on this page.
export async function asText(page, where) {
  assert.equal(await page.evaluate(() => typeof window.pwned), "undefined", where);
  assert.equal(await page.locator("main :is(img:not(.thumb, .whole), script), main svg:not([aria-hidden]):not([role=img])").count(), 0, where);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth) <= 0, where + " runs out of the screen");
}

// fillNaughty types it into every field of a form, and ticks what can be ticked.
export async function fillNaughty(page, form = page.locator("form.form")) {
  for (const field of await form.locator(":is(input[type=text], input[type=search], input[type=tel], input[type=email], input[type=password], textarea)").all()) if (await field.isEditable() && await field.isVisible()) await field.fill(naughty);
  for (const name of await form.evaluateAll((all) => [...new Set(all.flatMap((f) => [...f.querySelectorAll("input[type=radio]")]).map((r) => r.name))])) await form.locator(`input[name="${name}"]`).last().check();
  for (const box of await form.locator("input[type=checkbox]").all()) if (await box.isVisible()) await box.check();
}

// refusals takes the browser's own word about an answer of 4xx out of the faults:
// a form that was refused on purpose.
export const refusals = (faults) => faults.filter((f) => !/status of (404|409|410|422)/.test(f));

// open opens a case by a link, as somebody does who got it in a message.
export async function open(browser, link, { scripts = true, ...more } = {}) {
  const v = await visit(browser, { scripts, ...more });
  await v.page.goto(link);
  if (!scripts) {
    await v.page.fill("#f-code", link);
    await v.page.locator("form#open button.main").click();
  }
  await v.page.locator(".steps").waitFor();
  return v;
}

// fresh is a case that was filed by a program, and its consumer's page.
export async function fresh(browser, track, options) {
  const { number, link } = await tell("/file", { track });
  return { number, ...await open(browser, site + link, options) };
}

// shopOf opens a case as its merchant.
export async function shopOf(browser, number, options) {
  const { link } = await tell("/link", { number });
  return open(browser, site + link, options);
}

// act takes an act by its button on the case's page.
export async function act(page, number, event, fill = async () => {}) {
  await page.goto(`${site}/c/${number}`);
  const button = page.locator(`main :is(.choice, .btn)[href$="/act/${event}"]`).first();
  if (!await button.isVisible()) await page.locator("details.more summary").click();
  await button.click();
  await page.waitForURL("**/act/" + event);
  await fill(page);
  await next(page);
  await page.waitForURL("**?done=" + event);
}

// values are what stands in every field of the page's form, by name.
export const values = (page) => page.evaluate(() => [...new FormData(document.querySelector("form.form"))].filter(([name]) => !["key", "then"].includes(name)));

// photo is a picture of stripes, as somebody picks it on a phone.
export function photo(name, { width = 320, height = 240, shade = 120 } = {}) {
  const bomb = width * height > 1e8;
  const rows = Buffer.alloc(bomb ? 0 : height * (width * 3 + 1));
  for (let y = 0; y < height && !bomb; y++) for (let x = 0; x < width; x++) rows.set([shade, (x * 5) % 256, (y * 7) % 256], y * (width * 3 + 1) + 1 + x * 3);
  const chunk = (kind, data) => {
    const body = Buffer.concat([Buffer.from(kind), data]);
    const out = Buffer.alloc(body.length + 8);
    out.writeUInt32BE(data.length, 0);
    body.copy(out, 4);
    out.writeUInt32BE(crc32(body), body.length + 4);
    return out;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const data = bomb ? Buffer.from("bomb") : deflateSync(rows);
  return { name, mimeType: "image/png", buffer: Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), chunk("IHDR", head), chunk("IDAT", data), chunk("IEND", Buffer.alloc(0))]) };
}

// pick chooses files in a form; with scripts they are there when it returns.
export async function pick(page, scripts, ...files) {
  const before = await page.locator("#files li").count();
  await page.setInputFiles("#f-files", files);
  if (!scripts) await page.locator("button[value=add]").click();
  await page.locator("#files li").nth(before + files.length - 1).waitFor();
}

const answers = {
  what: (page) => page.fill("#f-story", "健身房停业，预付年卡余额不退。三月十日去锻炼，门口贴着停业告示，打电话没有人接。"),
  merchant: async (page) => { await page.fill("#f-merchant", "青禾健身（滨河路店）"); await page.fill("#f-shop_address", "索镇街道滨河路 12 号"); },
  deal: async (page) => { await page.check("input[name=requests][value=refund]"); await page.fill("#f-bought", "健身年卡"); await page.fill("#f-amount", "1,560.00"); },
  evidence: async () => {},
  you: async (page) => { await page.fill("#f-name", "王芳"); await page.fill("#f-phone", "13812345678"); },
  check: (page) => page.locator("form.form .send a.btn:not(.quiet)").click(), // skipped
  consent: async (page) => { await page.check("input[name=publish_consent][value=yes]"); await page.check("input[name=entrust_consent][value=no]"); },
  review: async () => {},
};

export const next = (page) => page.locator("form.form .send button[value=next]").click();

// file writes a whole complaint and returns its number; see is called on every page.
export async function file(page, track, see = async () => {}, { sent = false, scripts = true, files = [] } = {}) {
  await page.goto(site + "/");
  await see("front");
  await page.locator(".hero a.btn.main").click();
  await see("way");
  await page.locator(`button[name=track][value=${track}]`).click();
  for (const [step, fill] of Object.entries(answers)) {
    await page.waitForURL("**/file/" + step);
    if (step === "check") await see("file-check");
    await fill(page);
    if (step === "evidence" && files.length) await pick(page, scripts, ...files);
    if (step === "check") continue;
    await see("file-" + step);
    if (!(sent && step === "review")) await next(page); // unless see has sent it
  }
  await page.waitForURL("**/kept");
  await see("kept");
  const number = (await page.locator(".bignum").innerText()).trim();
  return { number, link: (await page.locator("#mylink").innerText()).trim() };
}
