// The pages about the authority's own people, for tests and screenshots alike.
import { site } from "./browser.mjs";
import { sit } from "./duties.mjs";

let made = 0;

// people goes through them as an operator; see is called at each.
export async function people(browser, look, see) {
  const me = "root" + (made += 1);
  const { page, context, faults } = await sit(browser, { name: me, roles: ["operator"] }, look);
  await page.goto(`${site}/desk/users/new`);
  await page.fill("#f-name", "王海" + made);
  await page.check("input[name=roles][value=town]");
  await page.locator("form#user button.main").click();
  await page.locator("#f-town-error").waitFor();
  await see(page, "users-add");
  await page.selectOption("#f-town", { index: 2 });
  await page.locator("form#user button.main").click();
  await page.locator("#link").waitFor();
  await see(page, "users-added");
  const at = await page.locator("form[action$='/rights']").getAttribute("action");
  await page.check("input[name=roles][value=officer]");
  await page.locator(`form[action="${at}"] .send button`).click();
  await page.waitForURL("**?done=rights");
  await page.locator("form[action$='/disable'] button").click();
  await page.waitForURL("**?done=disable");
  await see(page, "users-one");
  await page.goto(`${site}/desk/users`);
  await see(page, "users");
  await page.goto(`${site}/desk/engine`);
  await see(page, "engine");
  await context.close();
  return faults;
}
