import { LabError } from "../errors.js";
import { type Config, type ConfigInput, mergeConfig, resolveConfig } from "../config.js";
import { linePanels } from "../figures/panels.js";
import type { Figure } from "../figures/figure.js";
import { clock, type Table } from "../figures/table.js";
import type { MetricsRow } from "../runs/metrics.js";
import { scoreText, summaryOf } from "../results/scores.js";
import { refuseDifference } from "../results/seeds.js";
import type { StoredRun } from "../runs/store.js";
import { SMOKE } from "./ablation.js";
import { declare, type Experiment, type Profile, type Reduction } from "./experiment.js";
import { shortRun } from "../short-run.js";

/**
 * Settings with which an engine without a GPU learns 3m within minutes: exploration and targets use a tenth of the
 * steps of other short runs, and the learning rate is larger.
 */
const QUICK = {
  environment: "3m",
  method: "mast",
  sparsity: { level: 0.95 },
  exploration: { anneal: 5_000 },
  targetInterval: 30,
  returns: { burnIn: 2_000 },
  optimiser: { learningRate: 0.002 },
  log: { interval: 100 },
} as const satisfies ConfigInput;

const BUDGETS: Readonly<
  Record<Profile, { readonly seeds: number; readonly settings: ConfigInput & { readonly steps: number } }>
> = {
  smoke: { seeds: 2, settings: { ...SMOKE, steps: 600, evaluation: { interval: 100, episodes: 4, window: 1 } } },
  classroom: {
    seeds: 3,
    settings: shortRun({ ...QUICK, steps: 8_000, evaluation: { interval: 250, episodes: 32, window: 4 } }),
  },
  paper: { seeds: 8, settings: { steps: 2_000_000 } },
};

/** Tests whether explicit gradients over sparse storage and autograd over masked dense weights train the same team. */
export const engines: Experiment = declare({
  id: "engines",
  title: "One training on both engines",
  about:
    "MAST at 95 % sparsity on 3m, the same seeds with the sparse and with the tensorflow engine: when do the curves part, and what does each take?",
  profile: "classroom",
  configs: (profile, seeds = BUDGETS[profile].seeds, changes = {}): Config[] => {
    const { engine: _, backend = "auto", ...common } = changes;
    const settings = [
      { environment: "3m", method: "mast", sparsity: { level: 0.95 } } as const,
      common,
    ].reduce<ConfigInput>(mergeConfig, BUDGETS[profile].settings);
    // The slow engine comes first, so that the other runs can be trained meanwhile.
    return [{ engine: "tensorflow", backend } as const, { engine: "sparse" } as const].flatMap((own) =>
      Array.from({ length: seeds }, (_, i) => resolveConfig({ ...settings, ...own, seed: i + 1 })),
    );
  },
  label: ({ engine }) => engine,
  place: ({ engine, seed }) => ({ panel: `seed ${seed}`, label: engine }),
  reduce: compareEngines,
});

/** The runs of one seed on both engines. */
export interface EnginePair {
  /** The seed that both runs were trained with. */
  readonly seed: number;
  /** The run of the sparse engine. */
  readonly sparse: StoredRun;
  /** The run of the tensorflow engine. */
  readonly tensorflow: StoredRun;
  /**
   * Environment steps up to which both runs played the same battles in training and in every evaluation, with returns
   * that agree to the last digit.
   */
  readonly samePlay: number;
  /** Environment steps of the evaluations. [evaluations] */
  readonly steps: readonly number[];
  /**
   * Distance between the estimated values of both runs at each evaluation, relative to the sparse engine's.
   * [evaluations]
   */
  readonly apart: readonly number[];
}

/**
 * Pairs runs that differ in their engines only, seed by seed.
 *
 * @throws {Error} when a run is not complete, when runs differ in more than engine and seed, or when a seed does not
 *   have one run of each engine
 * @example enginePairs(runs).map(({ seed, samePlay }) => `seed ${seed}: the same battles up to step ${samePlay}`);
 */
export function enginePairs(runs: readonly StoredRun[]): EnginePair[] {
  refuseDifference(runs, "These runs", (field) => field !== "engine" && field !== "backend");
  return [...new Set(runs.map(({ config }) => config.seed))].map((seed) => {
    const [sparse, tensorflow] = (["sparse", "tensorflow"] as const).map((engine) => {
      const own = runs.filter(({ config }) => config.seed === seed && config.engine === engine);
      if (own.length !== 1)
        throw new LabError(
          `Seed ${seed} has ${own.length} runs with the ${engine} engine; to be compared, it needs one with each engine.`,
        );
      summaryOf(own[0]);
      return own[0];
    });
    const [ours, theirs] = [sparse, tensorflow].map(({ metrics }) =>
      metrics.filter(({ kind }) => kind === "evaluation"),
    );
    return {
      seed,
      sparse,
      tensorflow,
      samePlay: sharedPlay(sparse.metrics, tensorflow.metrics),
      steps: ours.map(({ step }) => step),
      apart: ours.map(
        ({ estimatedValue }, i) => Math.abs(theirs[i].estimatedValue - estimatedValue) / Math.abs(estimatedValue),
      ),
    };
  });
}

/** Columns that depend on what the agents have done only, and not on the values that networks compute. */
const PLAYED = [
  "kind",
  "step",
  "episode",
  "update",
  "episodeReturn",
  "episodeLength",
  "winRate",
  "trueValue",
] as const satisfies readonly (keyof MetricsRow)[];

function sharedPlay(ours: readonly MetricsRow[], theirs: readonly MetricsRow[]): number {
  const parted = ours.findIndex(
    (row, i) => theirs[i] === undefined || PLAYED.some((key) => !Object.is(row[key], theirs[i][key])),
  );
  return parted === 0 ? 0 : ours.at(parted === -1 ? -1 : parted - 1)!.step;
}

function compareEngines(runs: readonly StoredRun[]): Reduction {
  const pairs = enginePairs(runs);
  const { steps, environment } = runs[0].config;
  const what = `${environment}, ${steps.toLocaleString("en")} steps`;
  const values = pairs.flatMap(({ sparse, tensorflow }) =>
    [sparse, tensorflow].flatMap(({ metrics }) =>
      metrics.filter(({ kind }) => kind === "evaluation").map(({ estimatedValue }) => estimatedValue),
    ),
  );
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const room = 0.05 * (most - least || 1);
  const axis = { title: "Environment steps", range: [0, steps * 1.01] as const, format: "~s" };
  const both = (title: string, value: (row: MetricsRow) => number, y: Parameters<typeof linePanels>[1]["y"]): Figure =>
    linePanels(
      pairs.map((pair) => ({
        title: `seed ${pair.seed}, the same battles up to step ${pair.samePlay.toLocaleString("en")}`,
        lines: (["sparse", "tensorflow"] as const).map((engine) => {
          const rows = pair[engine].metrics.filter(({ kind }) => kind === "evaluation");
          return {
            label: engine,
            x: rows.map(({ step }) => step),
            y: rows.map(value),
            ...(engine === "sparse"
              ? { symbol: "none", dash: "solid", colour: "#56B4E9" }
              : { symbol: "circle", dash: "dot", colour: "#7f7f7f" }),
          };
        }),
      })),
      { title: `${title}: ${what}`, x: axis, y, columns: 1, height: 120 },
    );
  return {
    table: pairTable(pairs, what),
    figure: both("Estimated value on both engines", ({ estimatedValue }) => estimatedValue, {
      title: "Estimated value",
      range: [least - room, most + room],
    }),
    more: {
      "win-rate": both("Test win rate on both engines", ({ winRate }) => winRate, {
        title: "Win rate",
        range: [-0.04, 1.06],
        format: ".0%",
      }),
      apart: linePanels(
        // A logarithmic axis cannot show 0.
        [
          {
            lines: pairs.map((pair) => ({
              label: `seed ${pair.seed}`,
              x: pair.steps,
              y: pair.apart.map((value) => (value > 0 ? value : NaN)),
            })),
          },
        ],
        {
          title: `How far apart the estimated values are: ${what}`,
          x: axis,
          y: { title: "Relative difference", log: true, format: ".0e" },
        },
      ),
    },
  };
}

function pairTable(pairs: readonly EnginePair[], what: string): Table {
  const right = (title: string) => ({ title, align: "right" as const });
  const devices = [...new Set(pairs.map(({ tensorflow }) => tensorflow.summary!.device ?? "an unknown device"))];
  const small = (value: number | undefined): string => (value === undefined ? "" : value.toExponential(0));
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  return {
    title: `One training on both engines: ${what}`,
    columns: [
      { title: "Seed" },
      ...[
        "Same battles up to step",
        "Values apart, up to there",
        "At the end",
        "Win rate, sparse",
        "tensorflow",
        "Time of the run, sparse",
        "tensorflow",
      ].map(right),
    ],
    rows: pairs.map(({ seed, sparse, tensorflow, samePlay, steps, apart }) => {
      const before = apart.filter((_, i) => steps[i] <= samePlay);
      return [
        String(seed),
        samePlay.toLocaleString("en"),
        small(before.length === 0 ? undefined : Math.max(...before)),
        small(apart.at(-1)),
        percent(sparse.summary!.score),
        percent(tensorflow.summary!.score),
        clock(sparse.summary!.seconds),
        clock(tensorflow.summary!.seconds),
      ];
    }),
    note: `Values apart: largest relative difference of the estimated values. Win rate: ${scoreText(pairs.flatMap(({ sparse, tensorflow }) => [sparse, tensorflow]))}. Time on the clock; the sparse engine takes one core a run, the tensorflow engine ran on ${devices.join(" and ")}${devices.some((device) => device.includes("vectorised runs")) ? ", where all seeds take this time together" : ""}.`,
  };
}
