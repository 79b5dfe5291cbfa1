// Draws figures for `drawPng` in a process of its own, so that whatever a browser does (end, hang, answer nonsense)
// harms this process alone.
import { BrowserError, withPage } from "./browser.js";
import type { DrawnFigure, FigureToDraw } from "./draw.js";
import { plotlySource } from "./page.js";

// Ctrl-C reaches every process of the terminal. The one that asked for the picture decides what it means.
process.on("SIGINT", () => {});
// Playwright ends its browser when this process exits.
process.on("disconnect", () => process.exit());
process.on("message", (asked: FigureToDraw | "stop") => {
  if (asked === "stop") process.exit();
  void draw(asked).then((answer) => process.send?.(answer));
});

async function draw({ json, scale }: FigureToDraw): Promise<DrawnFigure> {
  try {
    return await withPage(async (page) => {
      await page.setContent("<!doctype html><meta charset=utf-8><body></body>");
      await page.addScriptTag({ content: plotlySource() });
      const { url, fault } = await page.evaluate(drawInPage, [json, scale] as const);
      // A figure that Plotly refuses says nothing about the browser.
      return url === undefined
        ? { figureFault: fault ?? "Plotly drew nothing" }
        : { png: Buffer.from(url.slice(url.indexOf(",") + 1), "base64") };
    });
  } catch (error) {
    if (error instanceof BrowserError) return { browserFault: error.message };
    const line = (error as Error).message.split("\n")[0];
    return {
      browserFault: /closed|crash/i.test(line)
        ? "the browser ended while it drew"
        : `the browser failed (${line.slice(0, 200)})`,
    };
  }
}

/** Draws the figure; this function runs in the page. */
async function drawInPage([json, scale]: readonly [string, number]): Promise<{ url?: string; fault?: string }> {
  const { Plotly } = globalThis as unknown as {
    Plotly: { toImage(figure: unknown, options: unknown): Promise<string> };
  };
  try {
    const { data, layout } = JSON.parse(json) as { data: unknown; layout: { width: number; height: number } };
    return {
      url: await Plotly.toImage({ data, layout }, { format: "png", width: layout.width, height: layout.height, scale }),
    };
  } catch (error) {
    return { fault: String(error) };
  }
}
