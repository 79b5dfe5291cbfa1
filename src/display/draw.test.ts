import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { trainingCurves } from "../figures/curves.js";
import { findBrowser } from "./browser.js";
import { closeDrawing, drawPng } from "./draw.js";
import { figurePng, saveFigure } from "./save.js";

const browser = findBrowser();
if (browser === undefined)
  console.warn("skipped: browsers that fail in mid-work (no Chrome, Chromium or Edge; set CHROME_PATH to one)");
const before = process.env["CHROME_PATH"];
const folder = mkdtempSync(join(tmpdir(), "mast-draw-"));
afterEach(async () => {
  vi.restoreAllMocks();
  if (before === undefined) delete process.env["CHROME_PATH"];
  else process.env["CHROME_PATH"] = before;
  delete process.env["MAST_BROWSER_SECONDS"];
  await closeDrawing();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const figures = [0.2, 0.4, 0.6].map((end) =>
  trainingCurves([{ label: "MAST", steps: [0, 10_000], values: [0, end] }], { title: "3m" }),
);
const isPng = (bytes: Buffer) =>
  bytes.subarray(0, 8).equals(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]));

/** Makes an executable file and lets it be the browser. */
function beBrowser(name: string, content: string, mode = 0o755): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  chmodSync(path, mode);
  process.env["CHROME_PATH"] = path;
  return path;
}

function beAt(path: string): void {
  process.env["CHROME_PATH"] = path;
}

/** Makes a true browser behind a program that reads what it is asked, and does `fault` at the n-th page. */
function failsAtPage(n: number, fault: "ends" | "hangs" | "babbles"): string {
  const faults = {
    ends: "inner.kill('SIGKILL'); process.exit(1);",
    hangs: "return;",
    babbles: "answers.write('what?\\0null\\0[]\\0'); return;",
  };
  return `#!${process.execPath}
const { spawn } = require("node:child_process");
const fs = require("node:fs");
const inner = spawn(${JSON.stringify(browser)}, process.argv.slice(2), { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
const questions = fs.createReadStream(null, { fd: 3 }), answers = fs.createWriteStream(null, { fd: 4 });
process.on("exit", () => inner.kill("SIGKILL"));
questions.on("end", () => process.exit());
inner.on("exit", () => process.exit());
inner.stdio[4].pipe(answers);
let pages = 0, rest = "";
questions.on("data", (data) => {
  const parts = (rest + data).split("\\0");
  rest = parts.pop();
  for (const part of parts) {
    if (part.includes('"Target.createTarget"') && ++pages >= ${n}) { ${faults[fault]} }
    inner.stdio[3].write(part + "\\0");
  }
});
`;
}

/** Saves three figures and returns what came of it; JSON and HTML have to be there in any case. */
async function saved(name: string): Promise<{ pngs: boolean[]; lines: string[] }> {
  const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const pngs: boolean[] = [];
  for (const [i, figure] of figures.entries()) {
    const { json, html, png } = await saveFigure(figure, join(folder, "figures", `${name}-${i}`));
    expect(JSON.parse(readFileSync(json, "utf8"))).toEqual({ data: figure.data, layout: figure.layout });
    expect(existsSync(html)).toBe(true);
    if (png !== undefined) expect(isPng(readFileSync(png))).toBe(true);
    pngs.push(png !== undefined);
  }
  return { pngs, lines: write.mock.calls.map(([line]) => String(line)) };
}

describe("a browser that cannot draw costs the PNG, and is named once in one line", () => {
  it.each([
    ["that is not there", () => beAt(join(folder, "nope")), /CHROME_PATH is .*nope, which is not there/],
    [
      "that is a folder",
      () => beAt(mkdirSync(join(folder, "chrome", "bin"), { recursive: true })!),
      /CHROME_PATH is .*chrome, which is not a file/,
    ],
    ["that is not wanted", () => beAt("none"), /CHROME_PATH is none/],
    ["that ends at once", () => beBrowser("ends", "#!/bin/sh\nexit 1\n"), /ends does not start \(it ended at once\)/],
    ["that is no program", () => beBrowser("text", "neither a script nor a program\n"), /text does not start/],
    ["whose interpreter is missing", () => beBrowser("lost", "#!/nowhere/sh\n"), /lost does not start/],
    [
      "that lacks a library",
      () =>
        beBrowser(
          "bare",
          "#!/bin/sh\necho 'chrome: error while loading shared libraries: libnss3.so: cannot open' >&2\nexit 127\n",
        ),
      /libnss3\.so/,
    ],
    [
      "that prints garbage",
      () => beBrowser("prints", "#!/bin/sh\nhead -c 2000 /dev/urandom\nhead -c 2000 /dev/urandom >&2\nexit 0\n"),
      /prints does not start/,
    ],
    [
      "that answers nonsense",
      () => beBrowser("nonsense", "#!/bin/sh\nprintf 'what?\\0null\\0[]\\0{\"id\":1}\\0' >&4\nexec sleep 1000\n"),
      /nonsense/,
    ],
    ["that writes without end", () => beBrowser("floods", "#!/bin/sh\nexec yes garbage\n"), /floods/],
    ["that never answers", () => beBrowser("sleeps", "#!/bin/sh\nexec sleep 1000\n"), /sleeps/],
  ] as const)("%s", async (what, choose, reason) => {
    choose();
    if (/without end|never/.test(what)) process.env["MAST_BROWSER_SECONDS"] = "6";
    const { pngs, lines } = await saved(what.replaceAll(" ", "-"));
    expect(pngs).toEqual([false, false, false]);
    expect(lines).toEqual([expect.stringMatching(/^No PNG of figures: [^\n]+\n$/)]);
    expect(lines[0]).toMatch(reason);
    expect(lines[0]).toContain("npm run setup:browser");
    expect(await figurePng(figures[0])).toBeUndefined();
  });

  it.runIf(process.getuid?.() !== 0)("that this user may not execute", async () => {
    beBrowser("closed", "#!/bin/sh\nexit 0\n", 0o644);
    expect((await saved("closed")).lines[0]).toContain("which this user may not execute");
  });

  it("lets the process that asked end by itself, with its result", () => {
    beBrowser("sleeps", "#!/bin/sh\nexec sleep 1000\n");
    const program = `
      import { trainingCurves } from ${JSON.stringify(new URL("../figures/curves.ts", import.meta.url).href)};
      import { saveFigure } from ${JSON.stringify(new URL("./save.ts", import.meta.url).href)};
      await saveFigure(trainingCurves([]), ${JSON.stringify(join(folder, "own"))});
      console.log("the table");`;
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["--import", "tsx", "--input-type=module", "-e", program],
      { encoding: "utf8", env: { ...process.env, MAST_BROWSER_SECONDS: "2" } },
    );
    expect([status, stdout]).toEqual([0, "the table\n"]);
    expect(stderr).toMatch(/^No PNG of figures: [^\n]+\n$/);
  });

  it("takes away a picture of other values, and leaves one of the same", async () => {
    process.env["CHROME_PATH"] = "none";
    const path = join(folder, "old");
    await saveFigure(figures[0], path, { log: () => {} });
    writeFileSync(`${path}.png`, "picture");
    await saveFigure(figures[0], path, { log: () => {} });
    expect(existsSync(`${path}.png`)).toBe(true);
    await saveFigure(figures[1], path, { log: () => {} });
    expect(existsSync(`${path}.png`)).toBe(false);
  });
});

describe.skipIf(browser === undefined)("a browser that fails at a later page", () => {
  it("gets a second chance after it ended", async () => {
    beBrowser("second-ends", failsAtPage(2, "ends"));
    expect(await saved("second-ends")).toEqual({ pngs: [true, true, true], lines: [] });
  });

  it.each([
    ["hangs", /did not draw within \d+ s/],
    ["babbles", /second-babbles/],
  ] as const)("costs the PNGs from there on when it %s", async (fault, reason) => {
    beBrowser(`second-${fault}`, failsAtPage(2, fault));
    process.env["MAST_BROWSER_SECONDS"] = "30";
    const { pngs, lines } = await saved(`second-${fault}`);
    expect(pngs[0]).toBe(true);
    expect(lines.length).toBeLessThanOrEqual(1);
    if (fault === "hangs") expect(pngs).toEqual([true, false, false]);
    if (lines.length > 0) expect(lines[0]).toMatch(reason);
  });

  it("costs all of them when it ends at its first", async () => {
    beBrowser("first-ends", failsAtPage(1, "ends"));
    const { pngs, lines } = await saved("first-ends");
    expect(pngs).toEqual([false, false, false]);
    expect(lines).toEqual([
      expect.stringMatching(/^No PNG of figures: the browser ended while it drew \(.*first-ends\)/),
    ]);
  });

  it("is not blamed for a figure that Plotly refuses, nor is the next figure", async () => {
    const broken = { ...figures[0], layout: { ...figures[0].layout, width: "wide" } };
    await expect(drawPng(broken as never, 1)).rejects.toThrow();
    expect(isPng(await drawPng(figures[0], 1))).toBe(true);
  });
});
