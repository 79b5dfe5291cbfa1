import { describe, expect, it } from "vitest";
import type { RunProgress } from "../runs/progress.js";
import { progressDisplay, shareDisplay } from "./progress.js";

/** A stream that keeps what is written. */
function stream(properties: Partial<NodeJS.WriteStream> = {}): { out: NodeJS.WriteStream; text(): string } {
  let text = "";
  return {
    out: {
      write: (written: string) => ((text += written), true),
      on: () => undefined,
      once: () => undefined,
      removeListener: () => undefined,
      ...properties,
    } as unknown as NodeJS.WriteStream,
    text: () => text,
  };
}

/** Returns what stands on a terminal after all of this was written to it, with the cursor's movements obeyed. */
function screen(written: string): string[] {
  const lines: string[] = [""];
  let row = 0,
    column = 0;
  for (const [, code, command, plain] of written.matchAll(/\x1b\[\??([\d;]*)([A-Za-z])|([^\x1b])/g)) {
    if (plain === "\n") {
      row++;
      column = 0;
    } else if (plain === "\r") column = 0;
    else if (plain !== undefined) {
      lines[row] =
        `${(lines[row] ?? "").slice(0, column).padEnd(column)}${plain}${(lines[row] ?? "").slice(column + 1)}`;
      column++;
    } else if (command === "A") row = Math.max(0, row - Number(code || 1));
    else if (command === "B") row += Number(code || 1);
    else if (command === "G") column = Number(code || 1) - 1;
    else if (command === "K" && code !== "1") lines[row] = (lines[row] ?? "").slice(0, column);
    else if (command === "J") {
      lines.splice(row + 1);
      lines[row] = (lines[row] ?? "").slice(0, column);
    }
    lines[row] ??= "";
  }
  return Array.from(lines, (line) => (line ?? "").trimEnd()).filter((line) => line !== "");
}

const run = (i: number, state: RunProgress["state"], more: Partial<RunProgress> = {}): RunProgress => ({
  name: `n = ${i % 3}, seed ${i}`,
  seedOf: `n = ${i % 3}`,
  step: state === "done" ? 100 : 40,
  steps: 100,
  state,
  ...more,
});

/** Gives a display the states of runs one after the other. */
function tell(display: ReturnType<typeof progressDisplay>, runs: readonly RunProgress[]): void {
  for (const one of runs) display.update(one, runs);
}

describe("on a pipe", () => {
  it("has a line for each of a few runs when its state changes, and no flood between", () => {
    const { out, text } = stream();
    const display = progressDisplay(2, out);
    const few = (state: RunProgress["state"]) => [run(0, state, { winRate: 0.5 }), run(1, "waiting")];
    for (let i = 0; i < 50; i++) tell(display, few("running"));
    tell(display, few("done"));
    display.stop();
    expect(text()).toBe(
      "n = 0, seed 0: 40 of 100 steps, win rate 50 %, running\nn = 0, seed 0: 100 of 100 steps, win rate 50 %, done\n",
    );
  });

  it("has a line for all of many runs now and then, failures at once, and win rates at the end", () => {
    const { out, text } = stream();
    const display = progressDisplay(2, out);
    tell(
      display,
      Array.from({ length: 54 }, (_, i) => run(i, "waiting")),
    );
    for (let done = 1; done < 54; done++)
      tell(
        display,
        Array.from({ length: 54 }, (_, i) => run(i, i < done ? "done" : "running", { seconds: 10, winRate: 0.5 })),
      );
    const end = Array.from({ length: 54 }, (_, i) =>
      i === 7
        ? run(i, "failed", { message: "out of memory" })
        : run(i, "done", { seconds: 10, winRate: 0.5, score: (i % 3) / 2 }),
    );
    display.update(end[7], end);
    display.stop();
    display.stop();
    expect(text().trimEnd().split("\n")).toEqual([
      // There are 53 runs with 60 of 100 steps to go at 0.1 s each, on two threads.
      "1 of 54 runs done, 53 running; 2 min 42 s left",
      "n = 1, seed 7 failed; the other runs continue",
      "53 of 54 runs done, 1 failed; 8 min 50 s of training",
      "Win rates:",
      "  n = 0: 0 % (18 of 18)     n = 1: 50 % (17 of 18)    n = 2: 100 % (18 of 18)",
    ]);
  });

  it("has a line for a measurement now and then, and one at its end", () => {
    const { out, text } = stream();
    const display = shareDisplay("Time", out);
    for (let i = 0; i <= 100; i++) display.update({ share: i / 100, what: i < 100 ? "2s3z" : "done" });
    display.update({ share: 1, what: "done" });
    display.stop();
    expect(text()).toBe("Time: 0 %, 2s3z\nTime: 100 %, done in 0 s\n");
  });
});

describe("on a terminal", () => {
  const terminal = { isTTY: true, columns: 100, rows: 24 };

  it("shows a bar for each of a few runs", () => {
    const { out, text } = stream(terminal);
    const display = progressDisplay(2, out);
    tell(display, [run(0, "running", { winRate: 0.5, secondsLeft: 65 }), run(1, "waiting", { step: 0 })]);
    display.stop();
    expect(screen(text())).toEqual([
      "n = 0, seed 0 ██████████░░░░░░░░░░░░░░ 40/100 steps   50 % won  1 min 05 s left",
      "n = 1, seed 1 ░░░░░░░░░░░░░░░░░░░░░░░░ 0/100 steps  waiting",
    ]);
  });

  it("says something above its bars, once", async () => {
    const { out, text } = stream(terminal);
    const display = progressDisplay(1, out);
    tell(display, [run(0, "running")]);
    display.say("on a GPU");
    display.say("on a GPU");
    // The library of the bars writes its text when it draws the next time.
    await new Promise((resolve) => setTimeout(resolve, 250));
    display.update(run(0, "done"), [run(0, "done")]);
    display.stop();
    expect(screen(text())).toEqual(["on a GPU", expect.stringMatching(/^n = 0, seed 0 .*done$/)]);
  });

  it("shows one bar for many, those that run, and win rates; at the end no run", async () => {
    const { out, text } = stream(terminal);
    const display = progressDisplay(2, out);
    const runs = (done: number) =>
      Array.from({ length: 9 }, (_, i) =>
        i < done
          ? run(i, "done", { seconds: 10, score: 1 })
          : i < done + 2
            ? run(i, "running", { seconds: 4, secondsLeft: 6 })
            : run(i, "waiting", { step: 0 }),
      );
    tell(display, runs(3));
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(screen(text())).toEqual([
      "██████████░░░░░░░░░░░░░░ 3 of 9 runs done, 2 running, 4 waiting; 26 s left",
      "  n = 0, seed 3 ██████████░░░░░░░░░░░░░░ 40/100 steps  6 s left",
      "  n = 1, seed 4 ██████████░░░░░░░░░░░░░░ 40/100 steps  6 s left",
      "Win rates so far:",
      "  n = 0: 100 % (1 of 3)   n = 1: 100 % (1 of 3)   n = 2: 100 % (1 of 3)",
    ]);
    display.update(runs(9)[8], runs(9));
    display.stop();
    expect(screen(text())).toEqual([
      "████████████████████████ 9 of 9 runs done; 1 min 30 s of training",
      "Win rates:",
      "  n = 0: 100 % (3 of 3)   n = 1: 100 % (3 of 3)   n = 2: 100 % (3 of 3)",
    ]);
  });

  it("keeps within the terminal", () => {
    const { out, text } = stream({ ...terminal, columns: 40, rows: 6 });
    const display = progressDisplay(2, out);
    tell(
      display,
      Array.from({ length: 60 }, (_, i) =>
        run(i, "running", { seedOf: `a setting with a rather long name ${i}`, winRate: 0.5 }),
      ),
    );
    display.stop();
    const lines = screen(text());
    expect(lines.length).toBeLessThan(6);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(40);
  });

  it.each([200, 120, 100, 80, 60, 40, 30])(
    "keeps win rate and time left in %i columns, on one line a run",
    (columns) => {
      const { out, text } = stream({ ...terminal, columns });
      const display = progressDisplay(2, out);
      const name = (i: number) => `2c_vs_64zg-ow-qmix-mast-95-2M-seed${i}-0a1b2c3${i}`;
      tell(
        display,
        [1, 2, 3].map((i) => ({
          name: name(i),
          step: 1_234_567,
          steps: 2_000_000,
          state: "running" as const,
          winRate: i / 4,
          secondsLeft: 3 * 3600 + 25 * 60,
        })),
      );
      display.stop();
      const lines = screen(text());
      expect(lines).toHaveLength(3);
      for (const [i, line] of lines.entries()) {
        expect(line).toContain(`${25 * (i + 1)} % won`);
        expect(line).toMatch(/3 h 25 min left$/);
        expect(line.length).toBeLessThan(columns);
        if (columns >= 80) expect(line).toMatch(/1,234,567\/2,000,000|1\.23M\/2M|61 %/);
        if (columns >= 60) expect(line).toContain(`0a1b2c3${i + 1}`);
        if (columns >= 120) expect(line).toContain(name(i + 1));
      }
    },
  );

  it("follows a terminal that is resized", () => {
    const size = { ...terminal, columns: 150 };
    const { out, text } = stream(size);
    const display = progressDisplay(2, out);
    const one = [run(1, "running", { winRate: 0.5, secondsLeft: 60, name: "a".repeat(50) })];
    tell(display, one);
    Object.assign(out, { columns: 50 });
    display.stop();
    expect(screen(text()).at(-1)!.length).toBeLessThan(50);
    expect(screen(text()).at(-1)).toMatch(/50 % won {2}1 min 00 s left$/);
  });

  it.each([100, 60, 30])("keeps the time left of a measurement in %i columns", (columns) => {
    const { out, text } = stream({ ...terminal, columns });
    const display = shareDisplay("Wall-clock time of updates and of acting", out);
    display.update({ share: 0.999, what: "a training update of 2c_vs_64zg at 95 % sparsity" });
    display.stop();
    expect(screen(text())).toEqual([expect.stringMatching(/0 s left$/)]);
    expect(screen(text())[0].length).toBeLessThan(columns);
  });
});
