import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { closeBrowser, findBrowser, withPage } from "../src/display/browser.js";
import { packageRoot } from "../src/node/project.js";

const root = packageRoot();
const folder = mkdtempSync(join(tmpdir(), "mast-site-"));
const out = join(folder, "site");
afterAll(async () => {
  await closeBrowser();
  rmSync(folder, { recursive: true, force: true });
});

/** The site's scripts, as far as this file tests them. */
interface Scripts {
  buildSite(out: string, options?: { readonly api?: boolean; readonly playground?: boolean }): Promise<string[]>;
  brokenLinks(out: string, except?: readonly string[]): string[];
}
let scripts: Scripts;
let problems: string[];
beforeAll(async () => {
  scripts = (await import(new URL("./build.mjs", import.meta.url).href)) as Scripts;
  // The reference and the playground have tests of their own.
  problems = await scripts.buildSite(out, { api: false, playground: false });
});

const page = (address: string) => readFileSync(join(out, address), "utf8");
const NOTEBOOKS = readdirSync(join(root, "notebooks")).filter((name) => name.endsWith(".ipynb"));

describe("the site", () => {
  it("has no link that leads nowhere", () => expect(problems).toEqual([]));

  it("finds links to pages, files and headings that are not there", () => {
    const wrong = join(folder, "wrong");
    mkdirSync(wrong);
    for (const name of ["a", "b"]) writeFileSync(join(wrong, `${name}.html`), `<h1 id="top">${name}</h1>`);
    appendFileSync(
      join(wrong, "a.html"),
      '<a href="b.html#top">1</a><a href="b.html#end">2</a><a href="c.html">3</a><img src="d.png"><a href="../x.html">4</a>',
    );
    expect(scripts.brokenLinks(wrong)).toEqual([
      "a.html: b.html#end",
      "a.html: c.html",
      "a.html: d.png",
      "a.html: ../x.html",
    ]);
  });

  it("names no place but https pages and its own", () => {
    const pages = readdirSync(out, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".html"));
    expect(pages.length).toBeGreaterThan(60);
    for (const name of pages)
      for (const [, link] of page(name).matchAll(/\b(?:href|src)="([a-z]+:[^"]*)"/g))
        expect(link, name).toMatch(/^https:\/\/[\w.-]+(\/|$)/);
  });

  it("shows each notebook with its figures, tables and equations", () => {
    expect(NOTEBOOKS.length).toBeGreaterThan(15);
    for (const name of NOTEBOOKS) {
      const { cells } = JSON.parse(readFileSync(join(root, "notebooks", name), "utf8")) as {
        cells: { cell_type: string; source: string[]; outputs?: { data?: Record<string, unknown> }[] }[];
      };
      const html = page(`notebooks/${name.replace(".ipynb", ".html")}`);
      const outputs = cells.flatMap((cell) => cell.outputs ?? []);
      // Replays are frames; the pictures that they carry besides are for viewers without scripts.
      const isReplay = (data: Record<string, unknown> = {}) =>
        [data["text/html"] ?? []].flat().join("").includes("<iframe ");
      const figures = outputs.filter(({ data }) => data?.["image/png"] !== undefined && !isReplay(data));
      expect(html.split("<iframe ").length - 1, name).toBe(outputs.filter(({ data }) => isReplay(data)).length);
      const images = [...html.matchAll(/<img src="([^"]+\.png)" alt="[^"]+"/g)].map(([, image]) => image!);
      expect(images.filter((image) => !image.includes("/")).length, name).toBe(figures.length);
      for (const image of images) expect(existsSync(join(out, "notebooks", image)), image).toBe(true);
      expect([...html.matchAll(/class="cell-code"/g)].length, name).toBe(
        cells.filter(({ cell_type }) => cell_type === "code").length,
      );
      const equations = cells.some(
        ({ cell_type, source }) => cell_type === "markdown" && source.join("").includes("$$"),
      );
      if (equations) expect(html, name).toContain('<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">');
      expect(html.includes("$$"), name).toBe(false);
    }
  });

  it("leads from its front to the playground, the notebooks and every how-to", () => {
    expect(page("index.html")).toContain('href="playground/index.html"');
    const contents = page("docs/index.html");
    for (const name of readdirSync(join(root, "site/docs"))) {
      const address = name === "README.md" ? "index.html" : name.replace(/\.md$/, ".html");
      expect(existsSync(join(out, "docs", address)), name).toBe(true);
      expect(contents).toContain(`href="${address}"`);
    }
  });
});

describe.skipIf(findBrowser() === undefined)("the site in a browser", () => {
  it.each([
    ["index.html", 360],
    ["docs/your-own.html", 360],
    ["notebooks/index.html", 360],
    ["notebooks/12-soft-mellowmax.html", 600],
    ["notebooks/01-environment.html", 360],
  ])("shows %s on a screen of %i pixels without a bar below", (address, width) =>
    withPage(async (page) => {
      const faults: string[] = [];
      page.on("pageerror", (error) => faults.push(error.message));
      page.on("request", (request) => /^https?:/.test(request.url()) && faults.push(request.url()));
      await page.setViewportSize({ width, height: 800 });
      await page.goto(pathToFileURL(join(out, address)).href);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
      expect(faults).toEqual([]);
    }),
  );
});

describe("your own environment, method and operator", () => {
  const text = readFileSync(join(root, "site/docs/your-own.md"), "utf8");
  const blocks = [...text.matchAll(/```ts\n\/\/ (\S+)\n([\s\S]*?)```\n\n {4}npx mast (.*)\n/g)].map(
    ([, name, code, command]) => ({
      name: name!,
      code: code!,
      command: command!,
    }),
  );
  beforeAll(async () => {
    const { build, isBuilt } = (await import(new URL("../src/setup/build.mjs", import.meta.url).href)) as {
      build(): Promise<void>;
      isBuilt(): boolean;
    };
    if (!isBuilt()) await build();
  });

  it("are three", () => expect(blocks.map(({ name }) => name)).toEqual(["signs.ts", "mast-random.ts", "median.ts"]));

  it.each(blocks)("$name has 30 lines at most, and trains", ({ name, code, command }) => {
    expect(code.trimEnd().split("\n").length).toBeLessThanOrEqual(30);
    writeFileSync(join(folder, name), code);
    // A budget that a test can afford; where there are several methods and seeds, only the last is trained.
    const args = command
      .replace("mast,mast-random", "mast-random")
      .replace(" --seeds 5", "")
      .replace("--steps 100000", "--steps 500 --set warmup=100 --set evaluation.episodes=2")
      .split(" ");
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "dist/cli.js"), ...args], {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, MAST_RUNS: join(folder, "runs") },
    });
    expect(status, stderr).toBe(0);
    const score = Number(/score ([\d.]+) %/.exec(stdout)![1]);
    // A team learns within 2,000 steps to name what it sees.
    if (name === "signs.ts") expect(score).toBeGreaterThan(90);
  });
});
