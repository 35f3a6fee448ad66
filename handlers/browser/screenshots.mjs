// Takes every page as a phone and a desktop show it.
import { mkdirSync } from "node:fs";
import { file, launch, next, site, tell, visit } from "./browser.mjs";

const folder = process.argv[2];
mkdirSync(folder, { recursive: true });
const browser = await launch();
for (const lang of ["zh", "en"]) {
  for (const dark of [false, true]) {
    for (const width of [390, 1280]) {
      const { page, context } = await visit(browser, { lang, dark, width });
      const see = async (name) => {
        await page.screenshot({ path: `${folder}/${name}-${width}-${dark ? "dark" : "light"}-${lang}.png`, fullPage: true });
      };
      const { number } = await file(page, dark ? "green_channel" : "authority", see);
      await page.goto(`${site}/guide`);
      await see("guide");
      await page.goto(`${site}/c/${number}`);
      await see("case-filed");
      await tell("/do", { number, hours: 26, events: dark ? ["classify", "open_green_channel", "delivered"] : ["classify", "invite_settlement", "delivered"] });
      const shop = await visit(browser, { lang, dark, width });
      const { link } = await tell("/link", { number });
      await shop.page.goto(site + link);
      await shop.page.locator(".steps").waitFor();
      await shop.page.screenshot({ path: `${folder}/merchant-${width}-${dark ? "dark" : "light"}-${lang}.png`, fullPage: true });
      await shop.page.goto(`${site}/c/${number}/act/answer_with_offer`);
      await shop.page.fill("#f-amount", "1280");
      await shop.page.fill("#f-due_on", "2026-05-29");
      await shop.page.fill("#f-words", "按剩余 8 个月折算，扣除已使用的私教课 2 节，余款原路退回。");
      await shop.page.screenshot({ path: `${folder}/merchant-offer-${width}-${dark ? "dark" : "light"}-${lang}.png`, fullPage: true });
      await next(shop.page);
      await shop.page.waitForURL("**?done=answer_with_offer");
      await shop.context.close();
      await page.goto(`${site}/c/${number}`);
      await see("case-offer");
      await page.goto(`${site}/c/${number}/act/accept_offer`);
      await see("act-accept");
      await page.goto(`${site}/c/${number}/act/withdraw_before_acceptance`);
      await see("act-withdraw");
      await page.goto(`${site}/c/${number}/data`);
      await see("data");
      await page.goto(`${site}/c/${number}/act/say`);
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
    }
  }
}
await browser.close();
