import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findBrowser } from "./browser.js";
import { type PageRun, runsPage } from "./runs-page.js";

const RUNS: readonly PageRun[] = [
  {
    name: "3m-mast-seed1",
    cells: {
      Run: "3m-mast-seed1",
      Method: "mast",
      Step: 900,
      "Win rate": 0.75,
      State: "complete",
      Tags: "<b>best</b>",
    },
    steps: [0, 500, 900],
    values: [0, 0.5, 0.75],
  },
  {
    name: "3m-rigl-seed1",
    cells: { Run: "3m-rigl-seed1", Method: "rigl", Step: 10_000, "Win rate": 0.25, State: "complete", Tags: "" },
    steps: [0, 10_000],
    values: [0, 0.25],
  },
  {
    name: "2s3z-mast-seed2",
    cells: { Run: "2s3z-mast-seed2", Method: "mast", Step: 80, State: "interrupted", Tags: "" },
    steps: [],
    values: [],
  },
];
const path = findBrowser();

describe.skipIf(path === undefined)("the runs page in a browser", () => {
  const folder = mkdtempSync(join(tmpdir(), "mast-page-"));
  let browser: Browser;
  let page: Page;
  const asked: string[] = [];
  const problems: string[] = [];
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: path!, args: ["--no-sandbox"] });
    page = await browser.newPage({ viewport: { width: 1100, height: 800 } });
    page.on("request", (request) => asked.push(request.url()));
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
    const file = join(folder, "runs.html");
    writeFileSync(file, runsPage(RUNS, { title: "3 runs </script><script>alert(1)</script>" }));
    await page.goto(pathToFileURL(file).href);
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const names = () => page.$$eval("tbody tr td:nth-child(2)", (cells) => cells.map((cell) => cell.textContent));

  it("lists all runs, with texts as texts", async () => {
    expect(await names()).toEqual(["2s3z-mast-seed2", "3m-mast-seed1", "3m-rigl-seed1"]);
    expect(await page.textContent("tbody tr:nth-child(2) td:last-child")).toBe("<b>best</b>");
    expect(await page.textContent("h1")).toBe("3 runs </script><script>alert(1)</script>");
  });

  it("filters by words, and without words", async () => {
    await page.fill("#filter", "MAST -2s3z");
    expect(await names()).toEqual(["3m-mast-seed1"]);
    expect(await page.textContent("#count")).toBe("1 of 3 runs");
    await page.fill("#filter", "nothing");
    expect(await page.isVisible("#none")).toBe(true);
    await page.fill("#filter", "");
    expect(await names()).toHaveLength(3);
  });

  it("sorts by a column, numbers as numbers, unknown ones last", async () => {
    await page.click("th button:text-is('Step')");
    expect(await names()).toEqual(["2s3z-mast-seed2", "3m-mast-seed1", "3m-rigl-seed1"]);
    await page.click("th button:text-is('Win rate')");
    expect(await names()).toEqual(["3m-rigl-seed1", "3m-mast-seed1", "2s3z-mast-seed2"]);
    await page.click("th button:text-is('Win rate')");
    expect(await names()).toEqual(["3m-mast-seed1", "3m-rigl-seed1", "2s3z-mast-seed2"]);
  });

  it("draws curves of what is chosen, also when a filter hides it later, and asks no network", async () => {
    await page.check("[aria-label='Curve of 3m-mast-seed1']");
    await page.waitForSelector("#curves .scatterlayer .trace");
    expect(await page.$$("#curves .scatterlayer .trace")).toHaveLength(1);
    await page.fill("#filter", "rigl");
    await page.click("#all");
    await page.waitForFunction('document.querySelectorAll("#curves .scatterlayer .trace").length === 2');
    await page.fill("#filter", "");
    expect(await page.isChecked("[aria-label='Curve of 3m-mast-seed1']")).toBe(true);
    if (process.env["MAST_SCREENSHOT"]) await page.screenshot({ path: process.env["MAST_SCREENSHOT"] });
    await page.click("#clear");
    expect(await page.$$("#curves .scatterlayer .trace")).toHaveLength(0);
    expect(
      asked.filter((url) => !url.startsWith("file:") && !url.startsWith("data:") && !url.startsWith("blob:")),
    ).toEqual([]);
    expect(problems).toEqual([]);
  });
});
