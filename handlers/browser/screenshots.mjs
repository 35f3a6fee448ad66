// Takes every page as a phone and a desktop show it.
import { mkdirSync } from "node:fs";
import { county, pages } from "./county.mjs";
import { desk } from "./desk.mjs";
import { desks } from "./duties.mjs";
import { members } from "./members.mjs";
import { people } from "./people.mjs";
import { act, file, launch, next, photo, pick, site, tell, visit } from "./browser.mjs";

const folder = process.argv[2];
mkdirSync(folder, { recursive: true });
const browser = await launch();
let n = 0; // each has a number of his own: no pause between two codes
let looks = 0;
const { ONLY = "cases desk pages", LOOKS = "" } = process.env; // of the pages; of 390-light-zh, 1280-dark-en and the others
const called = ({ lang, dark, width }) => `${width}-${dark ? "dark" : "light"}-${lang}`;
const all = ["zh", "en"].flatMap((lang) => [false, true].flatMap((dark) => [390, 1280].map((width) => ({ lang, dark, width })))).filter((l) => !LOOKS || LOOKS.includes(called(l)));
const looksOf = (part) => (ONLY.includes(part) ? all : []);
const shooting = (look) => (page, name) => page.screenshot({ path: `${folder}/${name}-${called(look)}.png`, fullPage: true });
for (const look of looksOf("cases")) {
  const shoot = shooting(look);
  const { page, context } = await visit(browser, look);
  const see = (name) => shoot(page, name);
  const { number } = await file(page, look.dark ? "green_channel" : "authority", see, { files: [photo("门口的停业告示.png"), photo("付款记录.png", { shade: 9 })] });
  await page.goto(`${site}/file`); // a second one: the code, the people, what was filed before
  await page.locator("button[name=track][value=authority]").click();
  await page.fill("#f-story", "健身房停业，预付年卡余额不退。");
  await next(page);
  await page.check("input[name=where][value=online]");
  await page.fill("#f-merchant", "青禾健身（滨河路店）");
  await page.fill("#f-platform", "某某商城");
  await page.fill("#f-shop_address", "索镇街道滨河路 12 号");
  await next(page);
  await page.check("input[name=requests][value=refund]");
  await next(page);
  await next(page); // without photos
  await page.fill("#f-name", "王芳");
  await page.fill("#f-phone", "138" + String(10000000 + (n += 1)));
  await page.check("input[name=as][value=guardian]");
  await page.check("input[name=joint][value=yes]");
  await next(page);
  await page.waitForURL("**/file/people");
  await page.fill("#f-agent", "王建国");
  await next(page);
  await see("file-people");
  await page.fill("#f-agent_phone", "13800000001");
  await page.fill("#f-relation", "父亲");
  await page.fill("#f-other_1", "李娜");
  await page.fill("#f-other_phone_1", "13800000002");
  await next(page);
  await page.waitForURL("**/file/check");
  await next(page);
  await page.locator("#f-code").waitFor();
  await see("file-code");
  await page.fill("#f-code", (await tell("/code", {})).code);
  await next(page);
  await page.waitForURL("**/file/consent");
  await page.goto(`${site}/file/review`);
  await see("file-duplicate");
  await page.goto(`${site}/guide`);
  await see("guide");
  await page.goto(`${site}/c/${number}`);
  await see("case-filed");
  await tell("/do", { number, hours: 26, events: look.dark ? ["classify", "open_green_channel", "delivered"] : ["classify", "invite_settlement", "delivered"] });
  const shop = await visit(browser, look);
  const { link } = await tell("/link", { number });
  await shop.page.goto(site + link);
  await shop.page.locator(".steps").waitFor();
  await shoot(shop.page, "merchant");
  await shop.page.goto(`${site}/c/${number}/act/answer_with_offer`);
  await shop.page.fill("#f-amount", "1280");
  await shop.page.fill("#f-due_on", "2026-05-29");
  await shop.page.fill("#f-words", "按剩余 8 个月折算，扣除已使用的私教课 2 节，余款原路退回。");
  await shoot(shop.page, "merchant-offer");
  await next(shop.page);
  await shop.page.waitForURL("**?done=answer_with_offer");
  await shoot(shop.page, "merchant-answered");
  await page.goto(`${site}/c/${number}`);
  await see("case-offer");
  await page.goto(`${site}/c/${number}/act/accept_offer`);
  await see("act-accept");
  await next(page);
  await page.waitForURL("**?done=accept_offer");
  await see("case-promise");
  await page.locator(".proofs a").first().click();
  await page.waitForURL("**/files/*");
  await see("case-file");
  await shop.page.goto(`${site}/c/${number}/act/report_performance`);
  await shop.page.fill("#f-words", "已退到原卡。");
  await pick(shop.page, true, photo("转账.png", { shade: 30 }));
  await shoot(shop.page, "merchant-report");
  await act(page, number, "agree_new_date", async (p) => { await p.fill("#f-due_on", "2026-07-15"); await p.fill("#f-words", "六月要出差"); });
  await shop.page.goto(`${site}/c/${number}`);
  await shoot(shop.page, "merchant-proposal");
  await shop.context.close();
  await page.goto(`${site}/lost?number=${number}`);
  await see("lost");
  await page.fill("#f-contact", "13812345678");
  await next(page);
  await see("lost-sent");
  await page.goto(`${site}/c/${number}/act/withdraw_before_acceptance`);
  await see("act-withdraw");
  await page.goto(`${site}/c/${number}/data`);
  await see("data");
  await page.goto(`${site}/c/${number}/act/add_evidence`);
  await next(page);
  await see("act-fault");
  await page.goto(`${site}/nowhere`);
  await see("not-found");
  await context.clearCookies({ name: "case" });
  await page.goto(`${site}/c/${number}`);
  await see("open");
  await page.goto(`${site}/`);
  await page.locator("button[value='type:large']").click();
  await see("large");
  await context.close();
  await members(browser, look, looks++, shoot);
}
for (const look of looksOf("desk")) {
  await people(browser, look, (page, name) => shooting(look)(page, "desk-" + name));
  await desk(browser, look, looks++, shooting(look));
}
for (const look of looksOf("desk")) await desks(browser, look, shooting(look)); // weeks pass
if (ONLY.includes("pages")) { // a year passes
  const known = await county({ cases: 300, merchants: 120 });
  for (const look of all) await pages(browser, known, look, looks++, shooting(look));
}
await browser.close();
