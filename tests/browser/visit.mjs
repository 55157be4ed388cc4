// Opens pages in headless Chromium and reports what a person would see. Reads a list of visits as JSON from
// standard input, writes a list of findings to standard output.
//
// A visit: { url, width, height, scale, dark, shot, wait, steps: [[method, selector, argument]...],
//            read: { name: selector } }. `wait` is a selector; steps are methods of Playwright's page,
// or `get` (a request outside the page), `offline`, or `changes` (until the text of a selector does).
// A finding: { status, headers, title, requests, complaints, wide, read: { name: [text...] } }, where
// `wide` is by how many pixels the page is wider than its window.
import { chromium } from 'playwright-core';

// The page's policy forbids script evaluation, so its text is read from here.
async function changes(locator) {
  const before = await locator.innerText();
  for (const end = Date.now() + 10000; Date.now() < end;) {
    if (await locator.innerText() !== before) return;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  throw new Error(`it still says ${before}`);
}

async function visit(browser, plan) {
  const context = await browser.newContext({
    viewport: { width: plan.width ?? 1200, height: plan.height ?? 900 },
    colorScheme: plan.dark ? 'dark' : 'light',
    deviceScaleFactor: plan.scale ?? 1,
    locale: 'en-GB', timezoneId: 'UTC',
  });
  const page = await context.newPage();
  const requests = [];
  const complaints = [];
  page.on('request', request => requests.push(request.url()));
  page.on('console', message => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', error => complaints.push(String(error)));
  const answer = await page.goto(plan.url);
  if (plan.wait) await page.waitForSelector(plan.wait, { timeout: 10000 });
  for (const [method, ...rest] of plan.steps ?? []) {
    if (method === 'get') await context.request.get(...rest);
    else if (method === 'changes') await changes(page.locator(...rest));
    else if (method === 'offline') await context.setOffline(true);
    else await page[method](...rest);
  }
  const read = {};
  for (const [name, selector] of Object.entries(plan.read ?? {}))
    read[name] = await page.locator(selector).evaluateAll(all => all.map(one => one.innerText));
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  if (plan.shot) await page.screenshot({ path: plan.shot, fullPage: !plan.scale });
  const finding = { status: answer.status(), headers: answer.headers(), title: await page.title(),
    requests, complaints, wide, read };
  await context.close();
  return finding;
}

let text = '';
for await (const block of process.stdin) text += block;
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-background-networking'],
});
try {
  const findings = [];
  for (const plan of JSON.parse(text)) findings.push(await visit(browser, plan));
  console.log(JSON.stringify(findings));
} finally {
  await browser.close();
}
