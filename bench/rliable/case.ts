import { createRandom, type Random } from "../../src/random.js";
import { bootstrapInterval, interquartileMean, mean, probabilityOfImprovement } from "../../src/results/statistics.js";

type Scores = readonly (readonly number[])[];
type Interval = readonly [lower: number, upper: number];

/** Two algorithms' scores on the same tasks. */
export interface Case {
  readonly name: string;
  /** Scores, [tasks][runs]. */
  readonly x: Scores;
  /** Scores on the same tasks; another number of runs is possible. */
  readonly y: Scores;
  /** Seed of the draws. */
  readonly seed: number;
  readonly confidence: number;
}

/** Statistics of a case. */
export interface Answer {
  readonly mean: number;
  readonly iqm: number;
  /** Probability that x is better than y. */
  readonly improvement: number;
  /** Intervals of `iqm` and `improvement` from given draws. */
  readonly iqmInterval: Interval;
  readonly improvementInterval: Interval;
  /** Interval of `iqm` from the implementation's own draws. */
  readonly ownInterval: Interval;
}

/** Makes score matrices of every kind that rliable accepts: it needs the same number of runs for each task. */
export function randomCases(seed: number): Case[] {
  const random = createRandom(seed);
  const scores = (tasks: number, runs: number, score: (task: number) => number = () => random.float()): number[][] =>
    Array.from({ length: tasks }, (_, task) => Array.from({ length: runs }, () => score(task)));
  // Win rates of 8 episodes.
  const tied = () => random.below(9) / 8;
  const scale = (task: number) => 10 ** task * (1 + random.float());
  const same = scores(2, 4);
  const cases: [name: string, x: Scores, y: Scores, confidence?: number][] = [
    ["one task, five runs", scores(1, 5), scores(1, 5)],
    ["one task, ten runs against three", scores(1, 10), scores(1, 3)],
    ["one task, ties", scores(1, 8, tied), scores(1, 8, tied)],
    ["four tasks, eight runs, 90 %", scores(4, 8), scores(4, 8), 0.9],
    ["twelve tasks, eight runs", scores(12, 8), scores(12, 8)],
    ["three tasks, ties", scores(3, 6, tied), scores(3, 6, tied)],
    ["three tasks, four runs against nine", scores(3, 4), scores(3, 9)],
    ["three tasks of different scale", scores(3, 5, scale), scores(3, 5, scale)],
    ["five tasks, one run", scores(5, 1), scores(5, 1)],
    ["two tasks, the same scores twice", same, same],
  ];
  return cases.map(([name, x, y, confidence = 0.95], i) => ({ name, x, y, seed: seed + i, confidence }));
}

/** Computes our statistics of a case. */
export function ourAnswer(
  { x, y, seed, confidence }: Case,
  { resamples, ownResamples }: { readonly resamples: number; readonly ownResamples: number },
): Answer {
  const iqm = (tasks: Scores) => interquartileMean(tasks.flat());
  const improvement = (both: Scores) => probabilityOfImprovement(both.slice(0, x.length), both.slice(x.length));
  return {
    mean: mean(x.flat()),
    iqm: iqm(x),
    improvement: probabilityOfImprovement(x, y),
    iqmInterval: bootstrapInterval(x, iqm, { random: createRandom(seed), resamples, confidence }),
    improvementInterval: bootstrapInterval([...x, ...y], improvement, {
      random: createRandom(seed),
      resamples,
      confidence,
    }),
    ownInterval: bootstrapInterval(x, iqm, { random: createRandom(seed, 1), resamples: ownResamples, confidence }),
  };
}

/** Returns the runs that `ourAnswer` draws for its first two intervals: [resamples][strata][runs]. */
export function drawnRuns(
  { x, y, seed }: Case,
  resamples: number,
): { readonly draws: number[][][]; readonly bothDraws: number[][][] } {
  return {
    draws: drawn(x, createRandom(seed), resamples),
    bothDraws: drawn([...x, ...y], createRandom(seed), resamples),
  };
}

/** Draws depend only on the numbers of runs, so drawing from indices gives the draws. */
function drawn(strata: Scores, random: Random, resamples: number): number[][][] {
  const draws: number[][][] = [];
  const places = strata.map((runs) => [...runs.keys()]);
  bootstrapInterval(places, (drawnPlaces) => draws.push(drawnPlaces.map((runs) => [...runs])), { random, resamples });
  return draws;
}

/**
 * Computes how far two answers differ: the statistics and intervals from the same draws relative to the larger of 1 and
 * their size, the intervals from own draws relative to their width.
 */
export function differences(
  ours: Answer,
  theirs: Answer,
): {
  readonly mean: number;
  readonly iqm: number;
  readonly improvement: number;
  readonly intervals: number;
  readonly ownInterval: number;
} {
  const difference = (a: number, b: number) => Math.abs(a - b) / Math.max(1, Math.abs(b));
  const furthest = (a: Interval, b: Interval) => Math.max(difference(a[0], b[0]), difference(a[1], b[1]));
  const [lower, upper] = theirs.ownInterval;
  const apart = Math.max(Math.abs(ours.ownInterval[0] - lower), Math.abs(ours.ownInterval[1] - upper));
  return {
    mean: difference(ours.mean, theirs.mean),
    iqm: difference(ours.iqm, theirs.iqm),
    improvement: difference(ours.improvement, theirs.improvement),
    intervals: Math.max(
      furthest(ours.iqmInterval, theirs.iqmInterval),
      furthest(ours.improvementInterval, theirs.improvementInterval),
    ),
    ownInterval: apart === 0 ? 0 : apart / (upper - lower),
  };
}

/** The largest differences that still count as the same, in the order of `differences`. */
export const TOLERANCES = { mean: 1e-6, iqm: 1e-6, improvement: 1e-6, intervals: 1e-6, ownInterval: 0.05 } as const;
