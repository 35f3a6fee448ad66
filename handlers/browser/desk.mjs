// The pages of signing in, for screenshots.
import { site, tell, visit } from "./browser.mjs";

// desk shoots every page of one look; n makes its officer another than before.
export async function desk(browser, look, n, shoot) {
  const name = "zhangmin" + n;
  const { link } = await tell("/desk-user", { name });
  const { page, context } = await visit(browser, look);
  const see = (what) => shoot(page, "desk-" + what);
  await page.goto(site + link);
  await page.fill("#f-new", "correct horse battery");
  await see("password");
  await page.fill("#f-again", "correct horse battery");
  await page.locator("form#password button.main").click();
  await page.waitForURL("**/desk/sign-in?done=password");
  await see("sign-in");
  await page.fill("#f-name", name);
  await page.fill("#f-password", "correct horse battery");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/desk");
  await see("home");
  await page.goto(`${site}/desk/members`);
  await see("members");
  await page.locator(".actlist a").last().click();
  await page.waitForURL("**/desk/members/g_*");
  await see("member");
  for (const part of ["account", "account/code"]) {
    await page.goto(`${site}/desk/${part}`);
    await see(part.replace("/", "-"));
  }
  await context.close();
}
