// The pages of members and of the county's list, for screenshots.
import { site, tell, visit } from "./browser.mjs";

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
  await see("join");
  await page.goto(`${site}/merchants`);
  await see("merchants");
  await page.goto(`${site}/s/${code}`);
  await see("scanned");
  await context.close();
}
