import { availableParallelism } from "node:os";
import { MessageChannel } from "node:worker_threads";
import { Piscina } from "piscina";
import { type Config, mergeConfig, resolveConfig } from "../config.js";
import { distanceFigure } from "../figures/distance.js";
import { type Figure, shortSteps } from "../figures/figure.js";
import type { Table } from "../figures/table.js";
import { addChoices, policyDrift, shareChanged, shareExplored, type StoredChoices } from "../replay/stored-choices.js";
import { requireSeeds } from "../results/seeds.js";
import { mean, standardDeviation } from "../results/statistics.js";
import { ABLATION } from "./ablation.js";
import { type Measured, type Measurement, type Profile, profileNamed } from "./experiment.js";
import {
  batchChoices,
  type DistanceMoment,
  distanceWorker,
  offlineChoices,
  onlineChoices,
} from "../analysis/policy-distance.js";

/** One run and the measurements of its buffers during training. */
export interface FollowedRun {
  /** Complete configuration of the run. */
  readonly config: Config;
  /** Measurements of its replay buffers, earliest first. */
  readonly moments: readonly DistanceMoment[];
}

/**
 * Measures how far sampled data is from the policy that is trained, for MAST's dual buffers and for a single buffer.
 */
export const distributionShift: Measurement = {
  id: "distribution-shift",
  title: "How far sampled data is from the policy",
  about: "the share of stored choices that the present policy would not make, in batches from one buffer and from both",
  reproduces: "Figure 7",
  profile: "classroom",
  async measure(profile, options = {}) {
    return reduceDistances(await followAll(shiftConfigs(profile), SPENT[profileNamed(profile)].points, options));
  },
};

/** Numbers of seeds, and of moments of a run at which its buffers are measured. */
const SPENT: Readonly<Record<Profile, { readonly seeds: number; readonly points: number }>> = {
  smoke: { seeds: 1, points: 3 },
  classroom: { seeds: 3, points: 25 },
  paper: { seeds: 8, points: 40 },
};

/**
 * Configurations of MAST as in the ablations: for each seed one with both buffers (20 + 12 episodes in a batch) and one
 * with a single buffer (32).
 */
export function shiftConfigs(profile: Profile, seeds = SPENT[profileNamed(profile)].seeds): Config[] {
  const batches = [
    { offlineBatch: 20, onlineBatch: 12 },
    { offlineBatch: 32, onlineBatch: 0 },
  ];
  return Array.from({ length: seeds }, (_, i) => i + 1).flatMap((seed) =>
    batches.map((replay) => resolveConfig(mergeConfig(ABLATION.budgets[profile], { seed, replay }))),
  );
}

/** Trains on worker threads, one run a core. Nothing is kept on disk. */
async function followAll(
  configs: readonly Config[],
  points: number,
  { signal, onProgress }: Parameters<Measurement["measure"]>[1] & object,
): Promise<FollowedRun[]> {
  signal?.throwIfAborted();
  const threads = Math.min(availableParallelism(), configs.length);
  const pool = new Piscina({
    ...distanceWorker(),
    minThreads: threads,
    maxThreads: threads,
    atomics: "disabled",
    env: process.env,
  });
  const steps = configs.map(() => 0);
  const all = configs.reduce((sum, config) => sum + config.steps, 0);
  let done = 0;
  const tell = () => onProgress?.(steps.reduce((a, b) => a + b) / all, `${done} of ${configs.length} runs followed`);
  const follow = async (config: Config, i: number): Promise<FollowedRun> => {
    const moments = Array.from({ length: points }, (_, point) => Math.round((config.steps * (point + 1)) / points));
    const { port1, port2 } = new MessageChannel();
    const reach = (step: number) => {
      steps[i] = Math.min(step, config.steps);
      tell();
    };
    port1.on("message", reach);
    try {
      const found = (await pool.run(
        { config, moments, port: port2 },
        { transferList: [port2], signal },
      )) as DistanceMoment[];
      done++;
      reach(config.steps);
      return { config, moments: found };
    } finally {
      port1.close();
    }
  };
  try {
    return await Promise.all(configs.map(follow));
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    await pool.destroy();
  }
}

/** Names of the curves, as in Figure 7. */
const CURVES = {
  single: "d₁: one buffer",
  batch: "d₂: both buffers, 20 + 12",
  online: "the online buffer alone",
} as const;

/** Number of episodes in one point of a curve over age. */
const AGES = 64;

/**
 * Computes the distances of Figure 7 from runs with one buffer and with two: as a table at some moments of training, as
 * curves over training, and over the age of an episode half way and at the end.
 *
 * @example reduceDistances([{ config, moments: await followDistances(config, [5_000, 10_000]) }]).table;
 */
export function reduceDistances(runs: readonly FollowedRun[]): Measured {
  const dual = runs.filter(({ config }) => config.replay.onlineBatch > 0);
  const single = runs.filter(({ config }) => config.replay.onlineBatch === 0);
  for (const seeds of [dual, single]) if (seeds.length > 0) requireSeeds(seeds);
  const { environment, steps, sparsity, returns } = runs[0].config;
  const where = `${environment}, ${Number((100 * sparsity.level).toFixed(1))} % sparse`;
  const over = (
    label: string,
    seeds: readonly FollowedRun[],
    sample: (moment: DistanceMoment, config: Config) => StoredChoices,
  ) =>
    seeds.map(({ config, moments }) => {
      const samples = moments.map((moment) => sample(moment, config));
      return {
        label,
        at: moments.map(({ step }) => step),
        distance: samples.map(shareChanged),
        explored: samples.map(shareExplored),
      };
    });
  const aged = (share: number): Figure => {
    const curves = (label: string, seeds: readonly FollowedRun[]) =>
      seeds.map((run) => {
        const ages = byAge(momentAt(run, share));
        return {
          label,
          at: ages.map(([age]) => age + AGES / 2),
          distance: ages.map(([, sample]) => shareChanged(sample)),
          explored: ages.map(([, sample]) => shareExplored(sample)),
        };
      });
    return distanceFigure(
      [...curves("trained with one buffer", single), ...curves("trained with both buffers", dual)],
      {
        title: `By age, after ${shortSteps(momentAt(runs[0], share).step)} steps: ${where}`,
        axis: "Age, episodes",
      },
    );
  };
  return {
    table: distanceTable(runs, where),
    figure: distanceFigure(
      [
        ...over(CURVES.single, single, batchChoices),
        ...over(CURVES.batch, dual, batchChoices),
        ...over(CURVES.online, dual, onlineChoices),
      ],
      {
        title: `Stored choices and the present policy: ${where}`,
        axis: "Environment steps",
        marks: returns.burnIn < steps ? [{ at: returns.burnIn, text: "T₀" }] : [],
      },
    ),
    more: { age: aged(1), "age-halfway": aged(0.5) },
    rows: runs.flatMap(distanceRows),
  };
}

/** Finds the moment at which about the given share of training was over. */
function momentAt({ moments }: FollowedRun, share: number): DistanceMoment {
  return moments[Math.max(0, Math.ceil(share * moments.length) - 1)];
}

/** The offline buffer cut by age. */
function byAge({ blocks }: DistanceMoment): [age: number, sample: StoredChoices][] {
  const ages = [...new Set(blocks.map(({ age }) => AGES * Math.floor(age / AGES)))];
  return ages.map((age) => [age, addChoices(blocks.filter((block) => block.age >= age && block.age < age + AGES))]);
}

function distanceRows({ config, moments }: FollowedRun): Measured["rows"] {
  // A batch is an average, of whole episodes and choices only on paper.
  const row = (sample: string, { step, episode }: DistanceMoment, choices: StoredChoices, youngest = 0) => ({
    environment: config.environment,
    sparsity: config.sparsity.level,
    steps: config.steps,
    seed: config.seed,
    offlineBatch: config.replay.offlineBatch,
    onlineBatch: config.replay.onlineBatch,
    sample,
    step,
    episode,
    youngest,
    episodes: choices.episodes,
    decisions: Math.round(choices.decisions),
    distance: shareChanged(choices),
    explored: shareExplored(choices),
    exploited: choices.exploited / choices.decisions,
    drift: policyDrift(choices),
  });
  const last = moments.at(-1)!;
  return [
    ...moments.flatMap((moment) => [
      row("offline", moment, offlineChoices(moment)),
      row("online", moment, onlineChoices(moment, config)),
      row("batch", moment, batchChoices(moment, config)),
    ]),
    ...byAge(last).map(([age, choices]) => row("age", last, choices, age)),
  ];
}

/** The buffers are compared at a quarter, at a half and at the end of training. */
function distanceTable(runs: readonly FollowedRun[], where: string): Table {
  const shown = [0.25, 0.5, 1];
  const batches = [
    { title: "One buffer: a batch (d₁)", onlineBatch: 0, sample: batchChoices },
    { title: "One buffer: its newest 128 episodes", onlineBatch: 0, sample: onlineChoices },
    { title: "Both: a batch (d₂)", onlineBatch: 12, sample: batchChoices },
    { title: "Both: offline buffer", onlineBatch: 12, sample: offlineChoices },
    { title: "Both: online buffer", onlineBatch: 12, sample: onlineChoices },
  ] as const;
  const percent = (values: readonly number[]): string =>
    `${(100 * mean(values)).toFixed(1)}${values.length > 1 ? ` ± ${(100 * standardDeviation(values)).toFixed(1)}` : ""}`;
  const { steps } = runs[0].config;
  return {
    title: `Choices that the present policy would not make, %: ${where}, ${steps.toLocaleString("en")} steps, ${new Set(runs.map(({ config }) => config.seed)).size} seeds`,
    columns: [
      { title: "Sample" },
      ...shown.flatMap((share) => [
        { title: `after ${shortSteps(momentAt(runs[0], share).step)}`, align: "right" as const },
        { title: "by exploration", align: "right" as const },
        { title: "policy changed", align: "right" as const },
      ]),
    ],
    rows: batches.map(({ title, onlineBatch, sample }) => [
      title,
      ...shown.flatMap((share) => {
        const samples = runs
          .filter(({ config }) => config.replay.onlineBatch === onlineBatch)
          .map((run) => sample(momentAt(run, share), run.config));
        // While most choices are random, they say nothing about the policy of then.
        const greedy = samples.every(({ exploited, decisions }) => exploited > decisions / 2);
        return [
          percent(samples.map(shareChanged)),
          (100 * mean(samples.map(shareExplored))).toFixed(1),
          greedy ? percent(samples.map(policyDrift)) : "",
        ];
      }),
    ]),
    note: "By exploration: the choices that would differ if the greedy policy had never changed, since a share epsilon of them was drawn at random. Policy changed: the choices whose greedy action has changed since then, without the effect of exploration; these are left out while most choices were random. ± is the standard deviation over seeds.",
  };
}
