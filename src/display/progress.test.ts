import { describe, expect, it } from "vitest";
import {
  failureLine,
  meanScoreText,
  overviewLine,
  progressLine,
  progressOverview,
  reachedWords,
  scoresTitle,
  shareLine,
} from "./progress.js";
import type { RunProgress } from "../runs/progress.js";

const running: RunProgress = {
  name: "MAST <1>",
  step: 5000,
  steps: 100_000,
  winRate: 0.25,
  state: "running",
  secondsLeft: 75,
};

describe("progressLine", () => {
  it.each([
    [running, "MAST <1>: 5,000 of 100,000 steps, win rate 25 %, 1 min 15 s left"],
    [{ ...running, winRate: NaN, state: "waiting" }, "MAST <1>: 5,000 of 100,000 steps, waiting"],
    [{ name: "Dense", step: 100_020, steps: 100_000, state: "running" }, "Dense: 100,000 of 100,000 steps, running"],
  ] as [RunProgress, string][])("%#", (progress, line) => {
    expect(progressLine(progress)).toBe(line);
  });
});

const run = (seedOf: string, state: RunProgress["state"], more: Partial<RunProgress> = {}): RunProgress => ({
  name: `${seedOf} ${state}`,
  seedOf,
  step: state === "done" ? 100 : 0,
  steps: 100,
  state,
  ...more,
});

describe("progressOverview", () => {
  it("counts runs and steps", () => {
    const { runs, counts, share, seconds } = progressOverview(
      [
        run("a", "done", { step: 103, seconds: 20 }),
        run("a", "running", { step: 50, seconds: 12 }),
        run("a", "waiting"),
        run("a", "failed", { step: 50 }),
      ],
      2,
    );
    expect(runs).toBe(4);
    expect(counts).toEqual({ done: 1, running: 1, waiting: 1, failed: 1, stopped: 0 });
    expect(share).toBe(200 / 400);
    expect(seconds).toBe(32);
  });

  it("averages the scores of seeds, and the last evaluations of its runs that are not done", () => {
    const { scores } = progressOverview(
      [
        run("MAST", "done", { winRate: 1, score: 0.8 }),
        run("MAST", "running", { winRate: 0.4 }),
        run("MAST", "running"),
        run("MAST", "waiting", { winRate: NaN }),
        run("Dense", "waiting"),
        { name: "of its own", step: 5, steps: 100, state: "running", winRate: 0 },
      ],
      2,
    );
    expect(scores).toEqual([
      { label: "MAST", measure: "win-rate", score: expect.closeTo(0.6, 12) as number, done: 1, runs: 4 },
      { label: "of its own", measure: "win-rate", score: 0, done: 0, runs: 1 },
    ]);
    expect(scores.map(meanScoreText)).toEqual(["MAST: 60 % (1 of 4)", "of its own: 0 % (0 of 1)"]);
  });

  it("averages returns where no team can win, and calls them so", () => {
    const overview = progressOverview(
      [
        run("MAST", "done", { episodeReturn: -50, score: -54.211 }),
        run("MAST", "running", { episodeReturn: -62 }),
        run("Dense", "running", { episodeReturn: 1204.4 }),
      ],
      2,
    );
    expect(overview.scores.map(meanScoreText)).toEqual(["MAST: -58.11 (1 of 2)", "Dense: 1204 (0 of 1)"]);
    expect(scoresTitle(overview)).toBe("Return");
    expect(progressLine(run("MAST", "running", { episodeReturn: -62, secondsLeft: 5 }))).toContain(", return -62.00, ");
    expect(reachedWords(run("MAST", "running", { episodeReturn: 0.5 }))).toBe("return 0.50");
    expect(reachedWords(run("MAST", "running", { winRate: 0.5 }))).toBe("50 % won");
    expect(
      scoresTitle(progressOverview([run("a", "done", { winRate: 1 }), run("b", "done", { episodeReturn: 1 })], 1)),
    ).toBe("Score");
  });

  it("knows no time before something is known of a run's speed", () => {
    expect(progressOverview([run("a", "running", { seconds: 1 }), run("a", "waiting")], 2).secondsLeft).toBeUndefined();
    expect(progressOverview([run("a", "done"), run("a", "waiting")], 2).secondsLeft).toBeUndefined();
    expect(progressOverview([run("a", "done", { seconds: 5 })], 2).secondsLeft).toBe(0);
  });

  it("expects each run to take as long as other seeds of the same, one a thread", () => {
    // A dense team takes five times as long. One thread has 30 s of the running run and 10 more, the other 10 + 50 s.
    const runs = [
      run("sparse", "done", { seconds: 10 }),
      run("dense", "done", { seconds: 50 }),
      run("sparse", "running", { step: 40, seconds: 4, secondsLeft: 6 }),
      run("dense", "running", { step: 40, seconds: 20, secondsLeft: 30 }),
      run("dense", "waiting"),
      run("sparse", "waiting"),
    ];
    expect(progressOverview(runs, 2).secondsLeft).toBeCloseTo(56, 9);
    expect(progressOverview(runs, 1).secondsLeft).toBeCloseTo(6 + 30 + 50 + 10, 9);
    expect(progressOverview(runs, 8).secondsLeft).toBeCloseTo(50, 9);
  });

  it("expects the mean of what has begun of what has not, and asks for steps, not runs", () => {
    const runs = [
      run("a", "done", { seconds: 10 }),
      run("b", "running", { seconds: 15, secondsLeft: 15 }),
      run("c", "waiting", { steps: 200 }),
    ];
    // Steps take 0.1 and 0.3 s, so 200 steps take 200 x 0.2 s on the thread that is free.
    expect(progressOverview(runs, 2).secondsLeft).toBeCloseTo(40, 9);
  });

  it("expects nothing more of what failed or was stopped", () => {
    expect(
      progressOverview([run("a", "done", { seconds: 10 }), run("a", "failed"), run("a", "stopped", { step: 50 })], 2)
        .secondsLeft,
    ).toBe(0);
  });
});

describe("lines", () => {
  it("say how far all runs are, and at the end what they took", () => {
    const some = [
      run("a", "done", { seconds: 10 }),
      run("a", "running", { seconds: 5, secondsLeft: 5 }),
      run("a", "waiting"),
    ];
    expect(overviewLine(progressOverview(some, 1))).toBe("1 of 3 runs done, 1 running, 1 waiting; 15 s left");
    expect(overviewLine(progressOverview([run("a", "waiting")], 1))).toBe("0 of 1 runs done, 1 waiting");
    expect(
      overviewLine(progressOverview([run("a", "done", { seconds: 10 }), run("a", "failed", { seconds: 4 })], 1)),
    ).toBe("1 of 2 runs done, 1 failed; 14 s of training");
  });

  it("name a run that failed once, and why", () => {
    expect(failureLine(run("a", "failed", { message: "out of memory" }))).toBe("a failed: out of memory");
    expect(failureLine({ ...running, message: "MAST <1>: not finite" })).toBe("MAST <1>: not finite");
  });

  it("say what a measurement does, and expect the rest to take as long", () => {
    expect(shareLine("Time", { share: 0.25, what: "2s3z" }, 30)).toBe("Time: 25 %, 2s3z, 1 min 30 s left");
    expect(shareLine("Time", { share: 0, what: "2s3z" }, 3)).toBe("Time: 0 %, 2s3z");
    expect(shareLine("Time", { share: 1, what: "done" }, 61)).toBe("Time: 100 %, done in 1 min 01 s");
  });
});
