// Pages as a printer gets them, from the dark: PDF into a folder.
import { mkdirSync } from "node:fs";
import { county, officer } from "./county.mjs";
import { intake } from "./duties.mjs";
import { launch, open, site, tell, visit } from "./browser.mjs";

const folder = process.argv[2];
mkdirSync(folder, { recursive: true });
const browser = await launch();
const known = await county({ cases: 120, merchants: 40 });
const look = { dark: true, width: 1280 };
const print = async (page, path, name) => {
  if (path) await page.goto(site + path);
  await page.pdf({ path: `${folder}/${name}.pdf`, preferCSSPageSize: true });
};
const own = await open(browser, site + known.fresh.link, look);
await print(own.page, `/c/${known.fresh.number}`, "case");
await print(own.page, `/c/${known.fresh.number}/kept`, "kept");
const anybody = await visit(browser, look);
for (const [name, path] of Object.entries({ statistics: "/statistics", domain: "/statistics/by/domain", trends: "/statistics/trends", entry: `/complaints/${known.entry}`, merchant: `/merchants/${known.merchant}`, guide: "/guide" })) await print(anybody.page, path, name);
const { link, member } = await tell("/member", { phone: "13900000051", name: "青禾健身（滨河路店）" });
const shop = await visit(browser, look);
await shop.page.goto(site + link);
await shop.page.waitForURL("**/green/" + member);
await print(shop.page, `/green/${member}/sheet`, "sheet");
const desk = await officer(browser, known, "printer", look);
await print(desk.page, `/desk/case/${known.fresh.number}`, "desk-case");
await print(desk.page, "/desk/overdue", "desk-overdue");
await print(desk.page, "/desk", "desk-today");
await intake(desk.page);
await print(desk.page, "", "desk-taken");
await browser.close();
