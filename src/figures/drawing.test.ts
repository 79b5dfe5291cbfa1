import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { createEnvironment } from "../envs/index.js";
import { nearestTarget } from "../envs/play.js";
import { frameHtml } from "../display/frame.js";
import { closeBrowser, findBrowser, withPage } from "../display/browser.js";
import { trainingCurves } from "./curves.js";
import { footnote, INK } from "./theme.js";
import { maskImage } from "./masks.js";
import { recordEpisode, replayTitle } from "./recording.js";
import { battleReplay, saveReplay } from "../display/replay.js";
import { drawPng } from "../display/draw.js";
import { figureHtml } from "../display/page.js";
import { figurePng, saveFigure } from "../display/save.js";

const browser = findBrowser();
if (browser === undefined)
  console.warn("skipped: figures drawn in a browser (no Chrome, Chromium or Edge; set CHROME_PATH to one)");

const folder = mkdtempSync(join(tmpdir(), "mast-figures-"));
afterAll(async () => {
  await closeBrowser();
  rmSync(folder, { recursive: true, force: true });
});

const curves = trainingCurves(
  ["Dense", "RigL", "MAST"].map((label, k) => ({ label, steps: [0, 10_000, 20_000], values: [0, 0.2 * k, 0.4 * k] })),
  { title: "3m" },
);

/** Opens a file as a person would, without a network, and says what went wrong in it and what it asked for. */
async function opened<T>(
  path: string,
  look: (page: Parameters<Parameters<typeof withPage>[0]>[0]) => Promise<T>,
): Promise<{ result: T; errors: string[]; requests: string[] }> {
  const errors: string[] = [],
    requests: string[] = [];
  const result = await withPage(async (page) => {
    page.on("pageerror", (error) => errors.push(String(error)));
    page.on("request", (request) => requests.push(request.url()));
    await page.context().setOffline(true);
    await page.goto(pathToFileURL(path).href);
    return look(page);
  });
  return {
    result: result as T,
    errors,
    requests: requests.filter(
      (url) => !url.startsWith("file:") && !url.startsWith("blob:") && !url.startsWith("data:"),
    ),
  };
}

describe.skipIf(browser === undefined)("a saved figure", () => {
  it("has notes in the colour of the page's text, light and dark", async () => {
    // Notes of figures from earlier versions name the grey of pictures without a page.
    const note = { ...footnote("an old note", -52), font: { size: 11, color: INK } };
    const layout = { ...curves.layout, annotations: [footnote("a note", -40), note] };
    const path = join(folder, "notes.html");
    writeFileSync(path, figureHtml({ ...curves, layout }));
    const { result, errors } = await opened(path, async (page) => {
      const colours: string[][] = [];
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        await page.waitForSelector("svg.main-svg .annotation-text");
        await page.waitForTimeout(500);
        const fill = (place: string) =>
          page.locator(place).evaluateAll((all) =>
            all.map((node) => {
              const { getComputedStyle } = globalThis as unknown as {
                getComputedStyle(element: unknown): { fill: string; color: string };
              };
              const { fill, color } = getComputedStyle(node);
              return (node as unknown as { tagName: string }).tagName === "BODY" ? color : fill;
            }),
          );
        colours.push([...(await fill("body")), ...(await fill("svg.main-svg .annotation-text"))]);
      }
      return colours;
    });
    expect(errors).toEqual([]);
    for (const [ink, ...notes] of result) expect(notes).toEqual([ink, ink]);
    expect(result[0][0]).not.toBe(result[1][0]);
  });

  it("is drawn, interactive, by its HTML without a network", async () => {
    const saved = await saveFigure(curves, join(folder, "curves"));
    const { result, errors, requests } = await opened(saved.html, async (page) => {
      await page.waitForSelector("svg.main-svg .scatterlayer .trace path.js-line", { state: "attached" });
      const traces = await page.locator("svg.main-svg .scatterlayer .trace").count();
      const box = (await page.locator(".nsewdrag").first().boundingBox())!;
      await page.mouse.move(box.x + box.width - 3, box.y + 40);
      await page.waitForSelector(".hoverlayer .legend, .hoverlayer .hovertext");
      const buttons = await page
        .locator(".modebar-btn")
        .evaluateAll((all) =>
          all.map((button) => (button as unknown as { getAttribute(name: string): string }).getAttribute("data-title")),
        );
      return {
        traces,
        buttons,
        hover: await page.locator(".hoverlayer").textContent(),
        legend: await page.locator(".infolayer > .legend .legendtext").allTextContents(),
      };
    });
    expect(errors).toEqual([]);
    expect(requests).toEqual([]);
    expect(result.buttons).toContain("Download plot as a PNG");
    expect(result.buttons.join()).not.toMatch(/cloud|studio|plotly/i);
    expect(result.traces).toBe(6);
    expect(result.legend).toEqual(["Dense", "RigL", "MAST"]);
    expect(result.hover).toContain("80.0%");
    expect(statSync(saved.html).size).toBeLessThan(1024 * 1024);
  });

  it("shows all of its values in small pictures without a scale of their own", async () => {
    const values = ["RigL", "MAST"].map((panel, k) => ({
      label: "max",
      panel,
      steps: [0, 50_000, 100_000],
      values: [0, 4 + 4 * k, 7 + 7 * k],
    }));
    const saved = await saveFigure(
      trainingCurves(values, { value: "Estimated value", share: false, steps: 100_000 }),
      join(folder, "values"),
    );
    const { result } = await opened(saved.html, async (page) => {
      await page.waitForSelector(".ytick text", { state: "attached" });
      return page.locator(".ytick text").allTextContents();
    });
    expect(Math.max(...result.map(Number))).toBeGreaterThanOrEqual(10);
  });

  it("has a PNG of twice its size", async () => {
    const png = readFileSync((await saveFigure(curves, join(folder, "again.png"))).png!);
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([1280, 840]);
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  it("has a PNG much smaller than what the browser writes, and looks the same", async () => {
    const drawn = await drawPng(curves, 1),
      small = (await figurePng(curves, 1))!;
    expect(small.length).toBeLessThan(drawn.length / 2);
    const [a, b] = await decoded(drawn, small);
    expect(b.pixels.length).toBe(640 * 420 * 4);
    for (const ground of [0, 255]) {
      // As pages show it: what is nearly transparent has hardly a colour.
      const on = (pixels: Buffer) =>
        Array.from(pixels, (value, i) => ground + ((value - ground) * pixels[i - (i % 4) + 3]) / 255).filter(
          (_, i) => i % 4 < 3,
        );
      const shown = on(b.pixels);
      const differences = on(a.pixels).map((value, i) => Math.abs(value - shown[i]));
      expect(differences.filter((difference) => difference > 24)).toEqual([]);
      expect(differences.reduce((sum, difference) => sum + difference, 0) / differences.length).toBeLessThan(0.1);
    }
  });

  it("shows each connection of a mask as a crisp square at its place", async () => {
    const mask = Uint8Array.from([1, 0, 0, 0, 0, 1]);
    const figure = maskImage([{ label: "now", outputs: 2, inputs: 3, mask }], { cell: 20 });
    const [{ width, pixels }] = (await decoded((await figurePng(figure, 1))!)) as [{ width: number; pixels: Buffer }];
    const pixel = (x: number, y: number) => [...pixels.subarray(4 * (y * width + x), 4 * (y * width + x) + 3)];
    const { l, t } = figure.layout["margin"] as { l: number; t: number };
    for (let i = 0; i < 2; i++) {
      for (let j = 0; j < 3; j++) {
        const corners = [
          [1, 1],
          [18, 1],
          [1, 18],
          [18, 18],
        ].map(([x, y]) => pixel(l + 20 * j + x, t + 20 * i + y));
        for (const corner of corners)
          expect(corner, `row ${i}, column ${j}`).toEqual(
            mask[i * 3 + j] === 1 ? [0xff, 0xd7, 0x6b] : [0x1d, 0x24, 0x40],
          );
      }
    }
  });
});

describe("without a browser", () => {
  const before = process.env["CHROME_PATH"];
  afterEach(() => {
    if (before === undefined) delete process.env["CHROME_PATH"];
    else process.env["CHROME_PATH"] = before;
  });

  it("writes JSON and HTML and says in one line how to get the PNG", async () => {
    await closeBrowser();
    process.env["CHROME_PATH"] = "none";
    const lines: string[] = [];
    const saved = await saveFigure(curves, join(folder, "plain"), { log: (line) => lines.push(line) });
    expect(saved.png).toBeUndefined();
    expect(JSON.parse(readFileSync(saved.json, "utf8")).data).toHaveLength(6);
    expect(readFileSync(saved.html, "utf8")).toContain(
      ">3m: Test win rate at the end: Dense 0 %, RigL 40 %, MAST 80 %</div>",
    );
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain("install Chrome, Chromium or Edge, or set CHROME_PATH");
    await closeBrowser();
  });

  it("says where it cannot write", async () => {
    await expect(saveFigure(curves, join(folder, "plain.json", "inside"))).rejects.toThrow(
      /^Cannot write .*inside\.html: .*ENOTDIR|EEXIST.*choose another folder/,
    );
  });
});

const recording = recordEpisode(createEnvironment("2s3z"), nearestTarget, 7);

describe("battleReplay", () => {
  it("is a page of its own", () => {
    const html = battleReplay(recording);
    expect(html).not.toMatch(/(src|href)=|https?:/);
    expect(html.length).toBeLessThan(60_000);
  });

  it("refuses rewards that do not belong to the frames", () => {
    expect(() => battleReplay({ ...recording, rewards: [] })).toThrow(`there are 0 and ${recording.actions.length}`);
    expect(() => battleReplay({ ...recording, frames: [] })).toThrow("at least one frame");
  });

  it("records what was played", () => {
    const total = recording.rewards.reduce((a, b) => a + b, 0);
    const dead = recording.frames.at(-1)!.units.filter(({ side, alive }) => side === "enemy" && !alive).length;
    expect(recording.frames).toHaveLength(recording.rewards.length + 1);
    expect(recording.frames[0].units.every(({ health, maxHealth }) => health === maxHealth)).toBe(true);
    expect(recording.won).toBe(dead === 5);
    expect(total).toBeGreaterThan(0);
  });
});

describe.skipIf(browser === undefined)("a saved replay", () => {
  it("plays, and goes to any step by scrubber, track and keys, without a network", async () => {
    const path = join(folder, "battle.html");
    saveReplay(recording, path);
    const steps = recording.rewards.length;
    const { result, errors, requests } = await opened(path, async (page) => {
      const status = () => page.locator("#status").textContent();
      const picture = () =>
        page.evaluate(() =>
          (globalThis as unknown as { document: { getElementById(id: string): { toDataURL(): string } } }).document
            .getElementById("map")
            .toDataURL(),
        );
      const start = await picture();
      await page.locator("#scrubber").fill("12");
      const twelve = await status(),
        later = await picture();
      await page.keyboard.press("ArrowRight");
      const thirteen = await status();
      const box = (await page.locator("#track").boundingBox())!;
      await page.mouse.click(box.x + box.width - 5, box.y + 10);
      const end = await status();
      await page.locator("#speed").selectOption("0.5");
      await page.locator("#play").click();
      await page.waitForFunction(() =>
        /^step ([2-9]|[1-9][0-9]+) /.test(
          (
            globalThis as unknown as { document: { getElementById(id: string): { textContent: string } } }
          ).document.getElementById("status").textContent,
        ),
      );
      await page.locator("#play").click();
      const button = await page.locator("#play").textContent();
      const legend = await page.locator("#legend > span").allTextContents();
      // Every change of the view by the keyboard shows, and is taken back by the keyboard.
      await page.keyboard.press("Home");
      const whole = await picture();
      const views: boolean[] = [];
      for (const [change, back] of [
        ["r", "r"],
        ["u", "U"],
        ["+", "0"],
      ] as const) {
        await page.keyboard.press(change);
        views.push((await picture()) !== whole);
        await page.keyboard.press(back);
        views.push((await picture()) === whole);
      }
      await page.keyboard.press("+");
      const near = await picture();
      await page.keyboard.press("Shift+ArrowRight");
      views.push((await picture()) !== near, (await status())!.startsWith("step 0 "));
      // Space presses the button that has the focus, and does not play.
      await page.getByRole("button", { name: "Ranges" }).focus();
      await page.keyboard.press("Space");
      const spaced = await page.getByRole("button", { name: "Ranges" }).getAttribute("aria-pressed");
      await page.keyboard.press("Space");
      await page.keyboard.press("End");
      return {
        views,
        spaced,
        legend,
        last: await status(),
        keys: await page.locator("#keys").textContent(),
        label: await page.locator("#map").getAttribute("aria-label"),
        pressed: await page.getByRole("button", { name: "Ranges" }).getAttribute("aria-pressed"),
        moved: start !== later,
        twelve,
        thirteen,
        end,
        agents: await page.locator("#agents div").allTextContents(),
        button,
      };
    });
    expect(errors).toEqual([]);
    expect(requests).toEqual([]);
    const sum = (n: number) =>
      recording.rewards
        .slice(0, n)
        .reduce((a, b) => a + b, 0)
        .toFixed(2);
    expect(result.twelve).toBe(`step 12 of ${steps}, return ${sum(12)}`);
    expect(result.thirteen).toBe(`step 13 of ${steps}, return ${sum(13)}`);
    expect(result.end).toBe(`step ${steps} of ${steps}, return ${sum(steps)} (${recording.won ? "won" : "not won"})`);
    expect(result.moved).toBe(true);
    expect(result.views).toEqual(Array.from({ length: 8 }, () => true));
    expect(result.last).toBe(result.end);
    expect(result.legend).toEqual(["stalker (our team)", "zealot (our team)", "stalker (enemy)", "zealot (enemy)"]);
    expect(result.keys).toMatch(/space plays.*zoom.*R ranges.*U next unit/);
    expect(result.label).toBe(replayTitle(recording));
    expect(result.spaced).toBe("true");
    expect(result.pressed).toBe("false");
    expect(result.agents).toHaveLength(5);
    expect(result.agents[0]).toMatch(/^1 stalker \(\d+\+\d+\): |^1 stalker: dead/);
    expect(result.button).toBe("Play");
  });
});

describe.skipIf(browser === undefined)("a replay in a frame", () => {
  it("takes on the theme of the page around it, and follows when that changes", async () => {
    const path = join(folder, "frame.html");
    const frame = frameHtml(battleReplay(recording), 700, "height:700px", "a battle");
    writeFileSync(path, `<!doctype html><body style="color:#fff;background:#111"><p></p>${frame}</body>`);
    const { result, errors } = await opened(path, async (page) => {
      const inside = page.frameLocator("iframe").locator("body");
      const is = (colour: string) =>
        inside.evaluate(async (body, wanted) => {
          const { getComputedStyle, requestAnimationFrame } = globalThis as unknown as {
            getComputedStyle(element: unknown): { color: string; backgroundColor: string; colorScheme: string };
            requestAnimationFrame(next: () => void): void;
          };
          while (getComputedStyle(body).color !== wanted)
            await new Promise<void>((next) => requestAnimationFrame(next));
          return [getComputedStyle(body).backgroundColor, getComputedStyle(body).colorScheme];
        }, colour);
      const scheme = () =>
        page
          .locator("iframe")
          .evaluate((node) => (node as unknown as { style: { colorScheme: string } }).style.colorScheme);
      const dark = [...(await is("rgb(255, 255, 255)")), await scheme()];
      await page
        .locator("body")
        .evaluate((node) => ((node as unknown as { style: { color: string } }).style.color = "rgb(10, 20, 30)"));
      return { dark, light: [...(await is("rgb(10, 20, 30)")), await scheme()] };
    });
    expect(errors).toEqual([]);
    // Both sides name the same scheme; a browser would draw an opaque background otherwise.
    expect(result).toEqual({
      dark: ["rgba(0, 0, 0, 0)", "dark", "dark"],
      light: ["rgba(0, 0, 0, 0)", "light", "light"],
    });
  });

  it("is as high as what it shows, at any width", async () => {
    const path = join(folder, "frame-height.html");
    const frame = frameHtml(battleReplay(recording), 1500, "height:1500px", "a battle");
    writeFileSync(path, `<!doctype html><body style="margin:0">${frame}</body>`);
    const { result, errors } = await opened(path, async (page) => {
      const heights: [inside: number, frame: number][] = [];
      for (const width of [1200, 600, 1000]) {
        await page.setViewportSize({ width, height: 800 });
        const inside = page.frameLocator("iframe").locator("#keys");
        let [content, outside] = [0, 0];
        for (let tries = 0; tries < 100; tries++) {
          const last = (await inside.boundingBox())!;
          const around = (await page.locator("iframe").boundingBox())!;
          // The page has a padding of 10 pixels below its last line.
          [content, outside] = [Math.ceil(last.y + last.height + 10 - around.y), around.height];
          if (around.width === width && Math.abs(content - outside) < 2) break;
          await page.waitForTimeout(50);
        }
        heights.push([content, outside]);
      }
      return heights;
    });
    expect(errors).toEqual([]);
    for (const [content, outside] of result) expect(Math.abs(content - outside)).toBeLessThan(2);
    expect(new Set(result.map(([, outside]) => outside)).size).toBe(3);
  });
});

/** Pixels of PNG files as the browser sees them, [height, width, 4]. */
async function decoded(...pngs: Buffer[]): Promise<{ width: number; pixels: Buffer }[]> {
  const result = await withPage((page) =>
    page.evaluate(
      async (urls) => {
        const { Image, OffscreenCanvas } = globalThis as unknown as {
          Image: new () => { src: string; width: number; height: number; decode(): Promise<void> };
          OffscreenCanvas: new (
            w: number,
            h: number,
          ) => {
            getContext(kind: "2d"): {
              drawImage(image: unknown, x: number, y: number): void;
              getImageData(x: number, y: number, w: number, h: number): { data: Uint8ClampedArray };
            };
          };
        };
        return Promise.all(
          urls.map(async (url) => {
            const image = new Image();
            image.src = url;
            await image.decode();
            const pen = new OffscreenCanvas(image.width, image.height).getContext("2d");
            pen.drawImage(image, 0, 0);
            const { data } = pen.getImageData(0, 0, image.width, image.height);
            let text = "";
            for (let at = 0; at < data.length; at += 8192) text += String.fromCharCode(...data.subarray(at, at + 8192));
            return { width: image.width, base64: btoa(text) };
          }),
        );
      },
      pngs.map((png) => `data:image/png;base64,${png.toString("base64")}`),
    ),
  );
  return result.map(({ width, base64 }) => ({ width, pixels: Buffer.from(base64, "base64") }));
}
