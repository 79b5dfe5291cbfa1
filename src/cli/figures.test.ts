import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { closeBrowser, findBrowser, withPage } from "../display/browser.js";
import { packageRoot } from "../node/project.js";

const cli = join(packageRoot(), "dist", "cli.js");
beforeAll(async () => {
  const { build, isBuilt } = (await import(new URL("../setup/build.mjs", import.meta.url).href)) as {
    build(): Promise<void>;
    isBuilt(): boolean;
  };
  if (!isBuilt()) await build();
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mast-show-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
afterAll(closeBrowser);

function mast(
  args: readonly string[],
  more: NodeJS.ProcessEnv = {},
): { code: number | null; out: string; err: string } {
  const { DISPLAY: _, WAYLAND_DISPLAY: __, ...environment } = process.env;
  const env = {
    ...environment,
    MAST_RUNS: join(folder, "runs"),
    MAST_RESULTS: join(folder, "results"),
    MAST_DEBUG: "",
    CHROME_PATH: "none",
    ...more,
  };
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], {
    cwd: folder,
    env,
    encoding: "utf8",
  });
  return { code: status, out: stdout, err: stderr };
}

const figure = {
  data: [{ type: "scatter", x: [1, 2], y: [0.2, 0.7], name: "MAST" }],
  // A figure of somebody else may ask for things from the network.
  layout: {
    title: { text: "3m" },
    images: [{ source: "https://example.org/logo.png", x: 0, y: 1, sizex: 1, sizey: 1 }],
    font: { family: "Some Web Font" },
  },
};
function saved(content: unknown = figure, name = "mine.json"): string {
  writeFileSync(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
  return join(folder, name);
}

describe("mast show", () => {
  it("writes a page among one's own results, names it where there is no screen, and ends", () => {
    const page = join(folder, "results", "shown", "mine.html");
    expect(mast(["show", saved()])).toEqual({ code: 0, out: `Open ${page} in a browser.\n`, err: "" });
    expect(readFileSync(page, "utf8")).toContain("<!doctype html>");
    expect(readdirSync(folder).sort()).toEqual(["mine.json", "results"]);
    const other = join(folder, "other.html");
    expect(mast(["show", saved(), "--out", other]).out).toBe(`Open ${other} in a browser.\n`);
    expect(existsSync(other)).toBe(true);
  });

  it("writes to a folder of its own where one's own results cannot be written", () => {
    writeFileSync(join(folder, "file"), "");
    const { code, out } = mast(["show", saved()], { MAST_RESULTS: join(folder, "file", "inside") });
    const page = /^Open (.*figure\.html) in a browser\.\n$/.exec(out)![1];
    expect([code, existsSync(page)]).toEqual([0, true]);
    rmSync(join(page, ".."), { recursive: true });
  });

  it.runIf(process.platform === "linux")(
    "opens the page where there is a screen, and only names it when nothing can open it",
    () => {
      // xdg-open asks the desktop's own opener, here Xfce's.
      const opener = (script: string) =>
        writeFileSync(join(folder, "exo-open"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      const screen = { DISPLAY: ":99", XDG_CURRENT_DESKTOP: "XFCE", PATH: `${folder}:/usr/bin:/bin` };
      opener(`printf %s "$1" > "${folder}/opened"`);
      expect(mast(["show", saved()], screen)).toMatchObject({
        code: 0,
        out: expect.stringMatching(/^Opened .*mine\.html in the browser\.\n$/) as string,
      });
      expect(readFileSync(join(folder, "opened"), "utf8")).toContain("mine.html");
      rmSync(join(folder, "opened"));
      expect(mast(["show", saved(), "--no-open"], screen).out).toMatch(/^Open .* in a browser\.\n$/);
      expect(existsSync(join(folder, "opened"))).toBe(false);
      opener('test "$1" = --help');
      expect(mast(["show", saved()], screen)).toMatchObject({
        code: 0,
        out: expect.stringMatching(/^Open .*mine\.html in a browser\.\n$/) as string,
        err: "",
      });
    },
  );

  it.skipIf(findBrowser() === undefined)("asks the network for nothing, whatever the figure names", async () => {
    const page = join(folder, "page.html");
    mast(["show", saved(), "--out", page]);
    const seen = await withPage(async (tab) => {
      const requests: string[] = [];
      tab.on("request", (request) => requests.push(request.url()));
      await tab.context().setOffline(true);
      await tab.goto(pathToFileURL(page).href);
      await tab.waitForSelector("svg.main-svg .scatterlayer .trace path.js-line", { state: "attached" });
      return {
        title: await tab.locator(".gtitle").textContent(),
        traces: await tab.locator(".scatterlayer .trace").count(),
        requests,
      };
    });
    expect(seen).toMatchObject({ title: "3m", traces: 1 });
    // The browser names what the page's policy refused as failed requests; none of them left it.
    expect(
      seen.requests.filter((url) => !/^(file|blob|data):/.test(url) && !url.startsWith("https://example.org/")),
    ).toEqual([]);
    expect(readFileSync(page, "utf8")).toContain("default-src 'none'");
  });

  it.each([
    ["a folder", () => folder, /: it is a folder \(EISDIR\)\.$/],
    [
      "nothing",
      () => join(folder, "none.json"),
      /none\.json: there is no such file; figures are in figures\/ and data\/own\/ \(ENOENT\)\.$/,
    ],
    [
      "something in a file",
      () => join(saved(), "inside.json"),
      /: a part of its path is a file, not a folder \(ENOTDIR\)\.$/,
    ],
    [
      "a name that is too long",
      () => join(folder, `${"x".repeat(5000)}.json`),
      /\.\.\. \(\d+ characters\): its name is too long \(ENAMETOOLONG\)\.$/,
    ],
    [
      "a circle of links",
      () => (symlinkSync("ring.json", join(folder, "ring.json")), join(folder, "ring.json")),
      /: its path leads in a circle of symbolic links \(ELOOP\)\.$/,
    ],
    ["a device that never ends", () => "/dev/zero", /zero: it is not a file but a device or socket\.$/],
    ["an empty file", () => saved("", "empty.json"), /empty\.json is not valid JSON: it is empty\.$/],
    ["a truncated file", () => saved('{ "data": [', "cut.json"), /cut\.json is not valid JSON: .+\.$/],
    [
      "bytes",
      () => (
        writeFileSync(join(folder, "bytes.json"), Buffer.from([0, 255, 254, 10, 13, 0])),
        join(folder, "bytes.json")
      ),
      /bytes\.json is not valid JSON: .+\.$/,
    ],
    ["null", () => saved("null"), /mine\.json is not a Plotly figure: expected JSON with "data" and "layout"/],
    ["a list", () => saved("[]"), /is not a Plotly figure/],
    ["data that is no list", () => saved({ data: { length: 3 } }), /is not a Plotly figure/],
    ["traces that are none", () => saved({ data: [1, null, "x"] }), /is not a Plotly figure/],
    ["a layout that is none", () => saved({ data: [], layout: 3 }), /is not a Plotly figure/],
    [
      "lists in lists without end",
      () => saved(`{"data":[{"x":${"[".repeat(100_000)}${"]".repeat(100_000)}}]}`),
      /mine\.json (cannot be shown: it is nested too deeply or too large\.|is not valid JSON)/,
    ],
  ])("refuses %s in one line", (_, path, message) => {
    const { code, out, err } = mast(["show", path()]);
    expect(err).toMatch(/^[^\n]+\n$/);
    expect(err.trimEnd()).toMatch(message);
    expect([code, out]).toEqual([1, ""]);
    expect(err.length).toBeLessThan(700);
  });

  it.each([["show"], ["replay"]])("and %s say in one line where they cannot write", (command) => {
    mkdirSync(join(folder, "taken"));
    const what = command === "show" ? [saved()] : ["--random"];
    for (const [out, why] of [
      ["taken", "EISDIR|EEXIST"],
      ["none/x.html", "ENOENT"],
      [`${"x".repeat(300)}`, "ENAMETOOLONG"],
      ["mine.json/x", "ENOTDIR"],
    ] as const) {
      if (out.startsWith("mine")) saved();
      const { code, err } = mast([command, ...what, "--out", out]);
      expect(err).toMatch(new RegExp(`^Cannot write [^\\n]+ \\((${why})\\); choose another file with --out\\.\\n$`));
      expect(code).toBe(1);
    }
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });
});

describe("places", () => {
  const SMOKE = ["experiment", "run", "single-buffers", "--profile", "smoke"];

  it("are one for a relative MAST_RUNS, from every working directory and in worker threads; --runs is relative to where it is typed", () => {
    const name = join(".cache", `places-${process.pid}`);
    const place = join(packageRoot(), name);
    try {
      const train = [
        "train",
        "--environment",
        "two-step",
        "--steps",
        "100",
        "--seeds",
        "2",
        "--workers",
        "2",
        "--set",
        "network.hidden=8",
        "--set",
        "evaluation.episodes=2",
      ];
      const trained = mast(train, { MAST_RUNS: name });
      expect([trained.code, trained.out]).toEqual([
        0,
        expect.stringMatching(
          /\n2 seeds: score [\d.]+ % ± [\d.]+ \(mean ± standard deviation\)\n {2}interquartile mean [\d.]+ %, 95 % interval [\d.]+ to [\d.]+ %\n$/,
        ),
      ]);
      const names = readdirSync(place).filter((run) => run.startsWith("two-step"));
      expect(names).toHaveLength(2);
      expect(existsSync(join(folder, ".cache"))).toBe(false);
      const elsewhere = spawnSync(process.execPath, [cli, "runs"], {
        cwd: join(packageRoot(), "notebooks"),
        env: { ...process.env, MAST_RUNS: name },
        encoding: "utf8",
      });
      for (const run of names) expect(elsewhere.stdout).toContain(run);
      expect(mast([...train, "--runs", "here"], { MAST_RUNS: name }).code).toBe(0);
      expect(readdirSync(join(folder, "here")).filter((run) => run.startsWith("two-step"))).toHaveLength(2);
    } finally {
      rmSync(place, { recursive: true, force: true });
    }
  });

  it("of results are the folder that --results names, or MAST_RESULTS; a table is seen before its files, whatever becomes of them", () => {
    const { code, out } = mast(SMOKE);
    expect(code).toBe(0);
    expect(out).toContain("Runs: results/single-buffers-smoke.csv");
    expect(readdirSync(join(folder, "results")).filter((name) => name.endsWith(".csv"))).toContain(
      "single-buffers-smoke.csv",
    );
    expect(mast([...SMOKE, "--results", "other"]).code).toBe(0);
    expect(readdirSync(join(folder, "other")).sort()).toEqual(readdirSync(join(folder, "results")).sort());
    writeFileSync(join(folder, "file"), "");
    const failed = mast([...SMOKE, "--results", "file"]);
    expect(failed.out).toContain(out.slice(0, out.indexOf("Runs: ")).trim());
    expect(failed.err).toMatch(
      /\n?Cannot write .*single-buffers-smoke\.csv: .*; choose another folder with --results or MAST_RESULTS\.\n$/,
    );
    expect(failed.code).toBe(1);
    expect(mast(["experiment", "publish", "single-buffers", "--results", "x"])).toMatchObject({
      code: 1,
      err: "publish writes to data/results and figures: leave out --results, or use run.\n",
    });
  });
});
