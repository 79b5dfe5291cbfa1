import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { unzipSync } from "fflate";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { resolveConfig } from "../../src/config.js";
import { closeBrowser, findBrowser, withPage } from "../../src/display/browser.js";
import { environmentNames } from "../../src/envs/index.js";
import { QUICKSTART_PROFILES } from "../../src/experiments/quickstart.js";
import { METHODS as PAPER_METHODS } from "../../src/methods.js";
import { packageRoot } from "../../src/node/project.js";
import { runOne } from "../../src/runs/run.js";
import { readMasks, readRun, readRunCheckpoint, runName } from "../../src/runs/store.js";
import { CONTROLS, ENVIRONMENTS, METHODS } from "./controls.js";
import { inputOf, linkOf, START, teamsOf } from "./link.js";
import { shortSteps, ticks } from "./chart.js";
import { findFirefox, withFirefox } from "./firefox.js";

const folder = mkdtempSync(join(tmpdir(), "mast-playground-"));
afterAll(async () => {
  await closeBrowser();
  rmSync(folder, { recursive: true, force: true });
});

/** Some seconds of training on 3m, with everything that the page shows. */
const SHORT =
  "environment=3m&method=mast&sparsity.level=0.9&steps=3000&seed=2&topology.interval=15&returns.burnIn=1000&evaluation.interval=1000&evaluation.episodes=8&evaluation.window=2&log.interval=500";
/** The beginning of the classroom profile's run on 2s3z; `bench/playground.mjs` trains it to its end. */
const BEGINNING =
  "environment=2s3z&method=mast&sparsity.level=0.9&updates=2&steps=2000&seed=1&warmup=500&topology.interval=2&evaluation.interval=1000&evaluation.episodes=4&evaluation.window=2";
/** A training that is long enough to be stopped. */
const LONG = SHORT.replace("steps=3000", "steps=200000");

describe("what is chosen", () => {
  it("begins with the quickstart's run of MAST, so that one may stand for the other", () => {
    const { settings } = QUICKSTART_PROFILES.classroom;
    const quickstart = resolveConfig({
      ...settings,
      environment: "3m",
      method: "mast",
      sparsity: { level: 0.95 },
      seed: 1,
    });
    expect(runName(resolveConfig(inputOf(START)))).toBe(runName(quickstart));
  });

  it("offers environments and methods that there are, and every method of the paper", () => {
    expect(ENVIRONMENTS.filter(({ value }) => !environmentNames.includes(value))).toEqual([]);
    expect(METHODS.map(({ value }) => value).sort()).toEqual([...PAPER_METHODS].sort());
    for (const { value: environment } of ENVIRONMENTS)
      expect(resolveConfig({ environment, steps: 1000, short: true }).environment).toBe(environment);
  });

  it("explains every control in a sentence", () => {
    for (const { field, about, choices } of CONTROLS) {
      expect(about, field).toMatch(/^[A-Z].*\.$/);
      for (const choice of choices ?? []) expect(choice.about, choice.value).toMatch(/^[A-Z].*\.$/);
    }
  });

  it("goes into a link and comes back", () => {
    const teams = teamsOf(`#${SHORT}&seeds=3&b.environment=3m&b.method=rigl&b.options.environment.name=%223%22`);
    expect(teams).toHaveLength(2);
    expect(teams[0].seeds).toBe(3);
    expect(inputOf(teams[0], 1)).toMatchObject({ seed: 3, sparsity: { level: 0.9 }, log: { interval: 500 } });
    expect(teams[1].fields.get("options.environment.name")).toBe("3");
    expect(teamsOf(`#${linkOf(teams)}`)).toEqual(teams);
    expect(teamsOf("")).toEqual([START]);
  });

  it("puts round numbers on the axes", () => {
    expect(ticks(0, 1, 4)).toEqual([0, 0.5, 1]);
    expect(ticks(-1, 12, 4)).toEqual([0, 5, 10]);
    expect(shortSteps(100_000)).toBe("100k");
  });
});

/** The page, built once for all. */
const path = join(folder, "index.html");
let html: string;
beforeAll(async () => {
  const { buildPlayground } = (await import(new URL("./build.mjs", import.meta.url).href)) as {
    buildPlayground(): Promise<string>;
  };
  html = await buildPlayground();
  writeFileSync(path, html);
});

if (findFirefox() === undefined) console.log("No Firefox is found: the playground is not tested in it.");

describe.skipIf(findFirefox() === undefined)("the playground in Firefox", () => {
  it("trains to the bits of mast train, and gives the run", async () => {
    const zip = await withFirefox(findFirefox()!, async (page) => {
      await page.open(`${pathToFileURL(path).href}#${SHORT}`);
      return page.evaluate(`(async () => {
        const until = async (done) => { while (!done()) await new Promise((resolve) => setTimeout(resolve, 100)); };
        const stage = document.getElementById("stage");
        document.getElementById("train").click();
        await until(() => stage.dataset.state === "over");
        // What would be downloaded is kept instead.
        let blob;
        URL.createObjectURL = (made) => ((blob = made), "#");
        document.querySelector(".take").click();
        await until(() => blob !== undefined);
        const bytes = new Uint8Array(await blob.arrayBuffer());
        return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
      })()`);
    });
    const files = unzipSync(Buffer.from(zip, "base64"));
    const config = resolveConfig(inputOf(teamsOf(SHORT)[0]));
    const { directory, name } = await runOne(config, { runs: join(folder, "own") });
    for (const file of ["config.json", "metrics.csv", "topology.csv"])
      expect(Buffer.from(files[`${name}/${file}`]).toString(), file).toBe(readFileSync(join(directory, file), "utf8"));
    mkdirSync(join(folder, "firefox", name), { recursive: true });
    for (const [file, bytes] of Object.entries(files)) writeFileSync(join(folder, "firefox", file), bytes);
    expect(readRunCheckpoint(name, { runs: join(folder, "firefox") }).state).toEqual(
      readRunCheckpoint(directory).state,
    );
  });
});

if (findBrowser() === undefined)
  console.log("No Chrome, Chromium or Edge is found: the playground is not tested in a browser.");

describe.skipIf(findBrowser() === undefined)("the playground in a browser", () => {
  /** The page from the disk, without any network; what goes wrong in it fails the test. */
  const open = <T>(link: string, work: (page: Page) => Promise<T>, width = 1200) =>
    withPage(async (page) => {
      const faults: string[] = [];
      page.on("pageerror", (error) => faults.push(String(error.stack)));
      page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
      page.on("request", (request) => /^https?:/.test(request.url()) && faults.push(`asked for ${request.url()}`));
      await page.setViewportSize({ width, height: 800 });
      await page.goto(`${pathToFileURL(path).href}#${link}`);
      const result = await work(page);
      expect(faults).toEqual([]);
      return result;
    });
  const stage = (page: Page, state: string) => page.waitForSelector(`#stage[data-state=${state}]`, { timeout: 90_000 });

  /** Downloads the run that is shown, into a folder of runs. */
  async function takeHome(page: Page, runs: string): Promise<string> {
    await page.waitForSelector(".take:enabled", { timeout: 60_000 });
    const [download] = await Promise.all([page.waitForEvent("download"), page.click(".take")]);
    const files = unzipSync(readFileSync(await download.path()));
    for (const [file, bytes] of Object.entries(files)) {
      mkdirSync(dirname(join(runs, file)), { recursive: true });
      writeFileSync(join(runs, file), bytes);
    }
    return download.suggestedFilename().replace(/\.zip$/, "");
  }

  it("is one file of less than 2 MB that has nothing of Node.js and asks for nothing", () => {
    expect(Buffer.byteLength(html)).toBeLessThan(2_000_000);
    expect(html).not.toContain("__vite-browser-external");
    expect(html).not.toMatch(/<(script|img|iframe)[^>]*src=|<link[^>]*rel="(stylesheet|preload|modulepreload)"/);
  });

  it.each([
    ["3m", SHORT],
    ["2s3z", BEGINNING],
  ])("trains to the bits of mast train: metrics, topologies, masks and parameters, on %s", async (_, link) => {
    const [runs, own] = [join(folder, "page"), join(folder, "own")];
    const name = await open(link, async (page) => {
      await page.click("#train");
      await stage(page, "over");
      expect(await page.textContent("#status")).toMatch(/^Training is over\. The team scores [\d.]+ %\.$/);
      return takeHome(page, runs);
    });
    const config = resolveConfig(inputOf(teamsOf(link)[0]));
    const { directory } = await runOne(config, { runs: own });
    expect(name).toBe(runName(config));
    for (const file of ["config.json", "metrics.csv", "topology.csv"])
      expect(readFileSync(join(runs, name, file), "utf8"), file).toBe(readFileSync(join(directory, file), "utf8"));
    expect(readMasks(name, { runs })).toEqual(readMasks(directory));
    expect(readRunCheckpoint(name, { runs }).state).toEqual(readRunCheckpoint(directory).state);
    expect(readMasks(directory).length).toBeGreaterThan(3);
  });

  it("gives a checkpoint that mast train resumes, to the same end as without the page", async () => {
    const steps = 4000;
    const link = SHORT.replace("steps=3000", `steps=${steps}`);
    const [runs, own] = [join(folder, "resumed"), join(folder, "own")];
    const name = await open(link, async (page) => {
      // Step by step, so that it cannot be over before it is taken; a checkpoint comes when two seconds have passed.
      for (;;) {
        await page.click("#step");
        await page.waitForTimeout(2100);
        const upTo = /up to step ([\d,]+)/.exec((await page.textContent(".take"))!)?.[1];
        if (Number(upTo?.replaceAll(",", "")) >= 1000) break;
      }
      return takeHome(page, runs);
    });
    const before = readRun(name, { runs });
    expect(before.state).toBe("interrupted");
    expect(before.step).toBeLessThan(steps);
    const { build, isBuilt } = (await import(new URL("../../src/setup/build.mjs", import.meta.url).href)) as {
      build(): Promise<void>;
      isBuilt(): boolean;
    };
    if (!isBuilt()) await build();
    const command = [join(packageRoot(), "dist/cli.js"), "train", "--config", join(runs, name, "config.json")];
    const { status, stderr, stdout } = spawnSync(process.execPath, [...command, "--runs", runs], { encoding: "utf8" });
    expect(status, stderr).toBe(0);
    expect(stdout).toContain(`${name}: score`);
    const { directory } = await runOne(resolveConfig(inputOf(teamsOf(link)[0])), { runs: own });
    for (const file of ["metrics.csv", "topology.csv"])
      expect(readFileSync(join(runs, name, file), "utf8"), file).toBe(readFileSync(join(directory, file), "utf8"));
    expect(readRunCheckpoint(name, { runs }).state).toEqual(readRunCheckpoint(directory).state);
  });

  it("shows a battle, what the team expects, and its connections", () =>
    open(SHORT, async (page) => {
      await page.click("#train");
      await stage(page, "over");
      await page.waitForFunction(() =>
        /^Battle 1, by the team of step [\d,]+: /.test(document.querySelector(".battle-caption")!.textContent),
      );
      expect(await page.textContent(".facts")).toMatch(
        /^[\d,]+ weights · [\d.]+ % of the size and [\d.]+ % of the arithmetic of a dense team · [\d,]+ steps a second$/,
      );
      expect(await page.textContent(".mask-caption")).toMatch(/^64 outputs \(rows\) by 42 inputs \(columns\) at step/);
      // A battle moves: two pictures of its canvas a moment apart differ.
      const picture = () => page.$eval(".battle", (canvas) => (canvas as HTMLCanvasElement).toDataURL());
      const first = await picture();
      await page.waitForFunction(
        (before) => document.querySelector<HTMLCanvasElement>(".battle")!.toDataURL() !== before,
        first,
      );
      // The first evolution can be looked at again.
      const now = await page.textContent(".mask-caption");
      await page.$eval(".when input", (slider) => {
        (slider as HTMLInputElement).value = "0";
        slider.dispatchEvent(new Event("input"));
      });
      expect(await page.textContent(".mask-caption")).toContain("at step 0");
      expect(await page.textContent(".mask-caption")).not.toBe(now);
      expect(await page.$$eval(".expectation path", (paths) => paths.length)).toBe(2);
      await page.click(".another");
      await page.waitForFunction(() => document.querySelector(".battle-caption")!.textContent.startsWith("Battle 2"));
    }));

  it("zooms into a battle by buttons, keys and the wheel, and moves the map", () =>
    open(SHORT.replace("3000", "1000"), async (page) => {
      await page.click("#train");
      await stage(page, "over");
      await page.waitForSelector(".lenses:not([hidden])");
      // Nothing moves except what the test moves.
      await page.click(".loop");
      const picture = async () => {
        await page.evaluate(
          () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
        );
        return page.$eval(".battle", (canvas) => (canvas as HTMLCanvasElement).toDataURL());
      };
      const seen = [await picture()];
      const changes = async (act: () => Promise<void>) => {
        await act();
        // The wheel arrives after a moment.
        await page.waitForFunction(
          (before) => !before.includes(document.querySelector<HTMLCanvasElement>(".battle")!.toDataURL()),
          seen,
        );
        seen.push(await picture());
      };
      await changes(() => page.click("[aria-label^='zoom in']"));
      await page.focus(".battle");
      await changes(() => page.keyboard.press("+"));
      await changes(() => page.keyboard.press("ArrowLeft"));
      await changes(() => page.keyboard.press("ArrowUp"));
      const { x, y, width, height } = (await (await page.$(".battle"))!.boundingBox())!;
      await page.mouse.move(x + width / 4, y + height / 2);
      await page.keyboard.down("Control");
      await changes(() => page.mouse.wheel(0, -40));
      await page.keyboard.up("Control");
      await changes(async () => {
        await page.mouse.down();
        await page.mouse.move(x + width / 4 - 40, y + height / 2 + 30, { steps: 4 });
        await page.mouse.up();
      });
      await page.keyboard.press("0");
      expect(await picture()).toBe(seen[0]);
      // Without a zoom, the arrow keys are the page's.
      await page.keyboard.press("ArrowRight");
      expect(await picture()).toBe(seen[0]);
    }));

  it("pauses, goes step by step and starts over, by keyboard", () =>
    open(LONG, async (page) => {
      const steps = async () =>
        Number(/^([\d,]+) of/.exec((await page.textContent("#progress"))!)![1].replaceAll(",", ""));
      // From the top of the page, the keyboard comes to everything that can be pressed.
      const reached = new Set<string>();
      for (let i = 0; i < 60 && !reached.has("over"); i++) {
        await page.keyboard.press("Tab");
        reached.add(
          await page.evaluate(() => document.activeElement!.id || document.activeElement!.getAttribute("name") || ""),
        );
        if (reached.has("train") && !reached.has("pressed")) {
          await page.keyboard.press("Enter");
          reached.add("pressed");
        }
      }
      for (const id of ["A-environment", "A-sparsity-level", "A-seed", "compare", "share", "train", "over"])
        expect(reached, [...reached].join(" ")).toContain(id);
      await stage(page, "running");
      await page.waitForFunction(
        () => !document.getElementById("progress")!.textContent.startsWith("0 of"),
        undefined,
        { timeout: 60_000 },
      );
      await page.focus("#train");
      await page.keyboard.press("Enter");
      await stage(page, "paused");
      await page.waitForTimeout(500);
      const before = await steps();
      await page.waitForTimeout(1500);
      expect(await steps()).toBe(before);
      const stood = await page.textContent("#progress");
      await page.click("#step");
      await page.waitForFunction((then) => document.getElementById("progress")!.textContent !== then, stood, {
        timeout: 60_000,
      });
      const after = await steps();
      expect(after).toBeGreaterThan(before);
      expect(after).toBeLessThan(before + 1500);
      await page.click("#over");
      await stage(page, "idle");
      expect(await page.$$("article")).toHaveLength(0);
    }));

  it("lets the keyboard skip the settings, and keeps them", () =>
    open(LONG, async (page) => {
      const address = page.url();
      await page.keyboard.press("Tab");
      expect(await page.evaluate(() => document.activeElement!.className)).toBe("skip");
      await page.keyboard.press("Enter");
      await page.keyboard.press("Tab");
      expect(await page.evaluate(() => document.activeElement!.id)).toBe("train");
      expect(page.url()).toBe(address);
    }));

  it("trains two teams with several seeds side by side", () =>
    open(
      `${SHORT.replace("3000", "1000")}&seeds=2&b.environment=3m&b.method=dense&b.steps=1000&b.evaluation.interval=500`,
      async (page) => {
        await page.click("#train");
        await stage(page, "over");
        expect(await page.$$eval("article", (cards) => cards.map((card) => card.getAttribute("aria-label")))).toEqual([
          "Team A",
          "Team B",
        ]);
        expect(await page.textContent("#status")).toMatch(/Team A scores [\d.]+ %, Team B scores [\d.]+ %/);
        // The chart has two seeds and their mean, and one curve of the other team.
        expect(await page.$$eval("#win-rate path.team-a", (paths) => paths.length)).toBe(3);
        expect(await page.$$eval("#win-rate path.team-b", (paths) => paths.length)).toBe(1);
        expect(await page.textContent("article.team-b .none")).toContain("a dense network has no masks");
      },
    ));

  it("writes what is chosen into its address, and tells apart what a method has no part for", () =>
    open("", async (page) => {
      await page.selectOption("#A-method", "rigl");
      expect(page.url()).toContain("method=rigl");
      expect(await page.isDisabled("#A-returns-lambda")).toBe(true);
      expect(await page.textContent("#A-returns-lambda-help")).toContain("one-step targets");
      await page.selectOption("#A-method", "dense");
      expect(await page.isDisabled("#A-sparsity-level")).toBe(true);
      expect(page.url()).not.toContain("sparsity");
      await page.click("#compare");
      expect(page.url()).toContain("b.method=dense");
      expect(teamsOf(new URL(page.url()).hash)).toHaveLength(2);
    }));

  it("says in a line what cannot be trained, and trains nothing", () =>
    open("environment=3m&method=mast&steps=1000&sparsity.level=2", async (page) => {
      expect(await page.textContent(".team-settings .problem")).toMatch(/^sparsity\.level/);
      expect(await page.isDisabled("#train")).toBe(true);
    }));

  it.each([360, 600, 1200])("fits a screen of %i pixels", (width) =>
    open(
      SHORT.replace("3000", "1000"),
      async (page) => {
        await page.click("#train");
        await stage(page, "over");
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
        const small = await page.$$eval("button, select, summary", (all) =>
          all
            .filter((one) => one.getClientRects().length > 0 && one.getBoundingClientRect().height < 24)
            .map((one) => one.textContent),
        );
        expect(small).toEqual([]);
      },
      width,
    ),
  );
});
