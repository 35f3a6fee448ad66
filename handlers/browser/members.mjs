// The pages of members and of the county's list, for screenshots.
import { next, photo, site, tell, visit } from "./browser.mjs";

// members shoots every page of one look; n makes its people others than before.
export async function members(browser, look, n, shoot) {
  const phone = "139000001" + String(n).padStart(2, "0");
  const { link, member, code } = await tell("/member", { phone, name: "青禾健身（滨河路店）" });
  const { page, context } = await visit(browser, look);
  const see = (name) => shoot(page, name);
  await page.goto(`${site}/green`);
  await see("green-door");
  await page.goto("about:blank");
  await page.goto(site + link);
  await page.waitForURL("**/green/" + member);
  await see("green-home");
  for (const part of ["people", "figures", "sheet"]) {
    await page.goto(`${site}/green/${member}/${part}`);
    await see("green-" + part);
  }
  await page.goto(`${site}/join`);
  await page.fill("#f-shop", "桓台老味道饭店");
  await page.setInputFiles("#f-licence", photo("营业执照副本.png"));
  await page.locator("#licence li").waitFor();
  await page.setInputFiles("#f-files", [photo("店面.png", { shade: 9 }), photo("投诉处理制度.png", { shade: 60 })]);
  await page.locator("#files li").nth(1).waitFor();
  await next(page);
  await page.locator("#f-code-error").waitFor();
  await see("join");
  await page.fill("#f-code", "91370321MA3C0AAA0H");
  await page.fill("#f-shop_address", "索镇街道中心大街 8 号");
  await page.fill("#f-contact", "孙梅");
  await page.fill("#f-phone", "139000002" + String(n).padStart(2, "0"));
  await page.check("#f-pledged");
  await next(page);
  await page.locator("a.btn[href='/green']").waitFor();
  await see("join-done");
  await page.goto("about:blank");
  await page.goto(site + (await tell("/letter", { phone: "139000002" + String(n).padStart(2, "0") })).link);
  await page.waitForURL("**/green/g_*");
  await page.goto(page.url() + "/papers");
  await see("green-papers");
  await page.goto(`${site}/merchants`);
  await see("merchants");
  await page.goto(`${site}/s/${code}`);
  await see("scanned");
  await context.close();
}
