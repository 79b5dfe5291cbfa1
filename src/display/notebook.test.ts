import { createRequire } from "node:module";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { closeBrowser, findBrowser } from "./browser.js";
import { trainingCurves } from "../figures/curves.js";
import {
  inNotebook,
  interruptSignal,
  liveFigure,
  showFigure,
  showPage,
  showProgress,
  showShare,
  showTable,
} from "./notebook.js";
import type { RunProgress } from "../runs/progress.js";

interface Message {
  readonly data: Record<string, unknown>;
  readonly id: string;
  readonly update: boolean;
}

const kernel = createRequire(import.meta.url)("tslab/dist/jupyter.js") as { lastWriteDisplayData: unknown };
const figure = trainingCurves([{ label: "MAST", steps: [0, 10], values: [0, 1] }], { title: "3m" });
const running: RunProgress = {
  name: "MAST <1>",
  step: 5000,
  steps: 100_000,
  winRate: 0.25,
  state: "running",
  secondsLeft: 75,
};
let messages: Message[];

beforeEach(() => {
  messages = [];
  kernel.lastWriteDisplayData = (
    content: { data: Record<string, unknown>; transient: { display_id: string } },
    update: boolean,
  ) => messages.push({ data: content.data, id: content.transient.display_id, update });
  process.env["CHROME_PATH"] = "none";
});

afterEach(async () => {
  kernel.lastWriteDisplayData = null;
  delete process.env["CHROME_PATH"];
  vi.restoreAllMocks();
  await closeBrowser();
});

describe("in a notebook", () => {
  it("shows a figure as one bundle: Plotly, and text for viewers that cannot draw", async () => {
    await showFigure(figure);
    expect(messages).toHaveLength(1);
    expect(Object.keys(messages[0].data)).toEqual(["application/vnd.plotly.v1+json", "text/plain"]);
    // The frame is as wide as the cell.
    const { width: _, ...layout } = figure.layout;
    expect(messages[0].data["application/vnd.plotly.v1+json"]).toMatchObject({
      data: figure.data,
      layout: { ...layout, autosize: true },
      config: { responsive: true },
    });
    expect(messages[0].data["application/vnd.plotly.v1+json"]).not.toHaveProperty("layout.width");
    expect(messages[0].data["text/plain"]).toBe("3m: Test win rate at the end: MAST 100 %");
  });

  it("shows a page in a frame as wide as the cell, then with a picture for viewers that take frames out", async () => {
    delete process.env["CHROME_PATH"];
    const html = '<p title="a">battle</p>';
    await showPage(html, { height: 300, picture: 0.5, summary: "a <battle>", still: () => figure });
    const [shown] = messages;
    const frame = shown.data["text/html"] as string;
    expect(frame).toContain('srcdoc="&lt;p title=&quot;a&quot;&gt;battle&lt;/p&gt;"');
    expect(frame).toContain("width:100%");
    expect(frame).toContain("height:calc(300px + min(50cqw, 560px))");
    expect(frame).toContain('title="a &lt;battle&gt;"');
    if (findBrowser() === undefined) return;
    expect(messages).toHaveLength(2);
    expect([messages[1].update, messages[1].id]).toEqual([true, shown.id]);
    expect(messages[1].data["text/html"]).toContain('<img style="display:none"');
    expect(Buffer.from(messages[1].data["image/png"] as string, "base64").toString("latin1", 1, 4)).toBe("PNG");
  });

  it("updates a live figure in place, no faster than it can be drawn, and ends with the last state", async () => {
    const live = liveFigure(1_000_000);
    const drawn = vi.fn(() => trainingCurves([]));
    live.update(drawn);
    live.update(drawn);
    await live.finish(figure);
    expect(drawn).toHaveBeenCalledTimes(1);
    expect(messages.map(({ update }) => update)).toEqual([false, true]);
    expect(messages[1].id).toBe(messages[0].id);
    expect(messages[1].data["application/vnd.plotly.v1+json"]).toMatchObject({ data: figure.data });
  });

  it("shows progress in one output, and every change of state at once", () => {
    const progress = showProgress({ interval: 1_000_000 });
    progress.update([running]);
    progress.update([{ ...running, step: 6000 }]);
    progress.update([{ ...running, step: 100_000, state: "done" }]);
    expect(messages.map(({ update }) => update)).toEqual([false, true]);
    expect(new Set(messages.map(({ id }) => id)).size).toBe(1);
    expect(messages[0].data["text/html"]).toContain("MAST &lt;1&gt;");
    expect(messages[0].data["text/html"]).toContain("width:5.0%");
    expect(messages[1].data["text/plain"]).toBe("MAST <1>: 100,000 of 100,000 steps, win rate 25 %, done");
  });

  it("sums many runs up: those that run, those that failed, and win rates; at the end totals and win rates alone", () => {
    const runs = (state: RunProgress["state"]): RunProgress[] =>
      Array.from({ length: 54 }, (_, i) => ({
        name: `n = ${i % 18}, seed ${i}`,
        seedOf: `n = ${i % 18}`,
        step: 100,
        steps: 100,
        winRate: 0.5,
        score: 0.75,
        seconds: 10,
        state: i === 3 ? state : "done",
      }));
    const progress = showProgress({ interval: 1_000_000, threads: 2 });
    progress.update(runs("running"));
    progress.update(
      runs("done").map((run, i) => (i === 3 ? { ...run, state: "failed", message: "no <more> memory" } : run)),
    );
    const [first, last] = messages.map(({ data }) => data as Record<string, string>);
    expect(messages.map(({ update }) => update)).toEqual([false, true]);
    expect(first["text/plain"]).toMatch(
      /^53 of 54 runs done, 1 running; 0 s left\nn = 3, seed 3: 100 of 100 steps.*\nWin rates so far: n = 0: 75 % \(3 of 3\); /,
    );
    expect(last["text/html"]).toContain("53 of 54 runs done, 1 failed; 9 min 00 s of training");
    expect(last["text/html"]).toContain("n = 3, seed 3: no &lt;more&gt; memory");
    expect(last["text/html"]).toContain("2 of 3");
    // The table has 18 mean win rates in three columns, and nothing of the 53 runs.
    expect(last["text/html"].match(/<tr>/g)).toHaveLength(7);
    expect(last["text/html"].length).toBeLessThan(6000);
    expect(last["text/html"]).not.toContain("seed 7");
  });

  it("shows a measurement's share, and what is left of it", () => {
    const progress = showShare("Time <per> update", 1_000_000);
    progress.update({ share: 0, what: "2s3z" });
    progress.update({ share: 0.5, what: "3s5z" });
    progress.update({ share: 1, what: "done" });
    expect(messages.map(({ data }) => data["text/plain"])).toEqual([
      "Time <per> update: 0 %, 2s3z",
      "Time <per> update: 100 %, done in 0 s",
    ]);
    expect(messages[1].data["text/html"]).toContain("Time &lt;per&gt; update");
  });

  it("gives different outputs to different displays", () => {
    showTable({ columns: [{ title: "a" }], rows: [["1"]] });
    showTable({ columns: [{ title: "a" }], rows: [["2"]] });
    expect(messages[0].id).not.toBe(messages[1].id);
    expect(messages.map(({ update }) => update)).toEqual([false, false]);
  });

  it("shows a page in a frame of its own, where its quotes and scripts do no harm", async () => {
    await showPage('<script>"x"</script>', { height: 300, summary: "a battle" });
    expect(messages[0].data["text/html"]).toContain('srcdoc="&lt;script&gt;&quot;x&quot;&lt;/script&gt;"');
    expect(messages[0].data["text/html"]).toContain('sandbox="allow-scripts"');
    expect(messages[0].data["text/plain"]).toBe("a battle");
  });
});

describe("in a terminal", () => {
  it("prints what a notebook would draw", async () => {
    kernel.lastWriteDisplayData = null;
    const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
    expect(inNotebook()).toBe(false);
    await showFigure(figure);
    showTable({ columns: [{ title: "a" }], rows: [["1"]] });
    liveFigure().update(() => figure);
    expect(log.mock.calls).toEqual([["3m: Test win rate at the end: MAST 100 %"], ["a\n-\n1"]]);
  });
});

it("aborts at the next interrupt only, and not after its release", async () => {
  const before = process.listenerCount("SIGINT");
  const first = interruptSignal(),
    second = interruptSignal();
  second.release();
  await new Promise((resolve) => setImmediate(resolve));
  expect(process.listenerCount("SIGINT")).toBe(before + 1);
  process.listeners("SIGINT").at(-1)!("SIGINT");
  expect([first.signal.aborted, second.signal.aborted]).toEqual([true, false]);
  first.release();
  expect(process.listenerCount("SIGINT")).toBe(before);
});
