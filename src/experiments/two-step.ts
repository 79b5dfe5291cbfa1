import { type Config, type ConfigInput, mergeConfig, resolveConfig } from "../config.js";
import { createEnvironment } from "../envs/index.js";
import { methodLabel } from "../figures/labels.js";
import { type LearnedValue, learnedValues } from "../figures/values.js";
import type { Engine } from "../networks/engine.js";
import type { Episode } from "../replay/episode.js";
import { groupEpisodes } from "../replay/group.js";
import { requireSeeds } from "../results/seeds.js";
import { mean, standardDeviation } from "../results/statistics.js";
import { readRunCheckpoint, type StoredRun } from "../runs/store.js";
import { chosenValues } from "../targets/actions.js";
import { restoreNetworks } from "../training/networks.js";
import { createEpisodeRecorder } from "../training/rollout.js";
import { declare, type Experiment, type Profile, type Reduction } from "./experiment.js";

/** Joint actions of two agents with two actions, in the order of all tables in this file. */
const JOINT_ACTIONS = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
] as const;

/** Q_tot of the four joint actions in each of the game's states, in the order of `JOINT_ACTIONS`. */
export interface TwoStepValues {
  /** The first step, where agent 0 chooses between game 2A (action 0) and 2B (action 1). [4] */
  readonly first: readonly number[];
  /** Values of the joint actions in this game of the second step. [4] */
  readonly gameA: readonly number[];
  /** Values of the joint actions in this game of the second step. [4] */
  readonly gameB: readonly number[];
}

/** Computes the values of optimal play from the game itself, by trying all 16 ways to play it. */
export function optimalTwoStepValues(discount: number): TwoStepValues {
  const rewards = allPlays().map((episode) => episode.rewards);
  const best = (first: number): number => Math.max(...JOINT_ACTIONS.map((_, second) => rewards[4 * first + second][1]));
  return {
    first: JOINT_ACTIONS.map((_, first) => rewards[4 * first][0] + discount * best(first)),
    gameA: JOINT_ACTIONS.map((_, second) => rewards[second][1]),
    gameB: JOINT_ACTIONS.map((_, second) => rewards[8 + second][1]),
  };
}

/**
 * Computes the values that networks have learned for the two-step game. The agents remember their actions of the first
 * step; values of the second step are means over the two first actions of agent 1, which do not affect the game.
 *
 * @param engine engine with networks of the game's sizes; the plays stay loaded in it
 * @example twoStepValues(restoreNetworks(config, state)).gameB; // near [0, 1, 1, 8]
 */
export function twoStepValues(engine: Engine<true>): TwoStepValues {
  // 16 plays are one group, and stay in the order given.
  const [group] = groupEpisodes(allPlays(), engine.shape);
  engine.load(group);
  const totals = engine.networks.mixer.forward(
    "online",
    chosenValues(engine.networks.agent.forward("online"), group),
    0,
  );
  const second = (move: number): number[] =>
    JOINT_ACTIONS.map(
      (_, joint) => (totals[group.lanes + 8 * move + joint] + totals[group.lanes + 8 * move + 4 + joint]) / 2,
    );
  return { first: JOINT_ACTIONS.map((_, joint) => totals[4 * joint]), gameA: second(0), gameB: second(1) };
}

/** Lists every joint action of the first step, each followed by every joint action of the second: [16]. */
function allPlays(): Episode[] {
  const recorder = createEpisodeRecorder(createEnvironment("two-step"));
  return JOINT_ACTIONS.flatMap((first, f) =>
    JOINT_ACTIONS.map((second, s) => {
      recorder.begin(0);
      recorder.step(Uint8Array.from(first));
      recorder.step(Uint8Array.from(second));
      return recorder.finish(4 * f + s).episode;
    }),
  );
}

const METHODS_SHOWN = ["dense", "ss", "set", "rigl"] as const;

/**
 * Networks are small, so that a few percent of their weights are few connections. All play is random, so that every
 * method learns from the same data and only the networks differ.
 */
const BUDGETS: Readonly<Record<Profile, ConfigInput & { readonly steps: number }>> = {
  smoke: { steps: 400, targetInterval: 20 },
  classroom: { steps: 10_000, targetInterval: 100 },
  paper: { steps: 20_000, targetInterval: 100 },
};
const SEEDS: Readonly<Record<Profile, number>> = { smoke: 1, classroom: 10, paper: 20 };

/** Tests whether networks with 3 % of the weights learn the values of the two-step game and find the best play. */
export const twoStepSparse: Experiment = declare({
  id: "sparse-training-two-step",
  title: "The two-step game with 3 % of the weights",
  about: "Static, SET's and RigL's connections on a game whose values are known, beside dense networks",
  profile: "classroom",
  configs(profile, seeds = SEEDS[profile], changes = {}): Config[] {
    const { targetInterval, ...budget } = BUDGETS[profile];
    const steps = changes.steps ?? budget.steps;
    const shared: ConfigInput = {
      environment: "two-step",
      steps,
      targetInterval,
      warmup: 0,
      network: { hidden: 16, embed: 8, hypernetEmbed: 16 },
      optimiser: { learningRate: 0.001 },
      exploration: { start: 1, end: 1 },
      replay: { offlineCapacity: 1_000 },
      evaluation: { interval: Math.ceil(steps / 20), episodes: 1, window: 1 },
      log: { interval: Math.ceil(steps / 20) },
    };
    return METHODS_SHOWN.flatMap((method) =>
      Array.from({ length: seeds }, (_, i) => {
        const given =
          method === "dense"
            ? { ...changes, sparsity: { level: 0 }, topology: {} }
            : mergeConfig({ sparsity: { level: 0.97 }, topology: { interval: 100 } }, changes);
        return resolveConfig({ ...mergeConfig(shared, given), method, seed: i + 1 });
      }),
    );
  },
  label: methodLabel,
  reduce: reduceTwoStep,
});

function reduceTwoStep(runs: readonly StoredRun[]): Reduction {
  const { config } = runs[0];
  const optimal = optimalTwoStepValues(config.discount);
  const learned = runs.map((run) => ({ run, label: methodLabel(run.config), values: valuesOf(run) }));
  const error = (values: TwoStepValues): number =>
    mean(flat(values).map((value, i) => Math.abs(value - flat(optimal)[i])));
  const row = (name: string, { first, gameA, gameB }: TwoStepValues): string[] => {
    const cells = [mean(first.slice(0, 2)), mean(first.slice(2)), mean(gameA), ...gameB];
    return [name, ...cells.map((value) => value.toFixed(2).replace("-", "−"))];
  };
  const labels = [...new Set(learned.map(({ label }) => label))];
  for (const label of labels)
    requireSeeds(
      runs.filter((run) => methodLabel(run.config) === label),
      `These runs of ${label}`,
    );
  const levels = [...new Set(runs.map((run) => run.config.sparsity.level).filter((level) => level > 0))].map(
    (level) => `${+(100 * level).toFixed(1)} %`,
  );
  const title = `Two-step game after ${config.steps.toLocaleString("en")} steps, sparse at ${levels.join(", ")}`;
  return {
    table: {
      title,
      columns: [
        { title: "Method" },
        ...["to 2A", "to 2B", "2A", "2B: 00", "01", "10", "11", "Error", "Plays for 8"].map((name) => ({
          title: name,
          align: "right" as const,
        })),
      ],
      rows: [
        [...row("Optimal play", optimal), "", ""],
        ...labels.map((label) => {
          const seeds = learned.filter((one) => one.label === label);
          const average = averageValues(seeds.map(({ values }) => values));
          const errors = seeds.map(({ values }) => error(values));
          const won = seeds.filter(({ run }) => run.summary!.winRates?.at(-1) === 1).length;
          return [
            ...row(label, average),
            `${mean(errors).toFixed(2)}${errors.length > 1 ? ` ± ${standardDeviation(errors).toFixed(2)}` : ""}`,
            `${won} of ${seeds.length}`,
          ];
        }),
      ],
      note: `Q_tot, means over seeds; discount ${config.discount}. The first step's values are means over what agent 1 does, 2A's over all joint actions. Error: mean absolute error of all 12 values, ± standard deviation over seeds. Plays for 8: number of seeds whose greedy play gets 8 at the end.`,
    },
    figure: learnedValues(
      learned.flatMap(({ label, values }): LearnedValue[] =>
        flat(values).map((value, i) => ({ label, of: PLACES[i], value })),
      ),
      new Map(PLACES.map((place, i) => [place, flat(optimal)[i]])),
      { title, value: "Q<sub>tot</sub>" },
    ),
  };
}

/** Names of the twelve values in a figure. */
const PLACES = ["first", "2A", "2B"].flatMap((state) => JOINT_ACTIONS.map((joint) => `${state}<br>${joint.join("")}`));

function flat({ first, gameA, gameB }: TwoStepValues): number[] {
  return [...first, ...gameA, ...gameB];
}

function averageValues(values: readonly TwoStepValues[]): TwoStepValues {
  const average = (part: keyof TwoStepValues): number[] =>
    JOINT_ACTIONS.map((_, joint) => mean(values.map((one) => one[part][joint])));
  return { first: average("first"), gameA: average("gameA"), gameB: average("gameB") };
}

function valuesOf({ config, directory }: StoredRun): TwoStepValues {
  const engine = restoreNetworks(config, readRunCheckpoint(directory).state);
  try {
    return twoStepValues(engine);
  } finally {
    engine.dispose();
  }
}
