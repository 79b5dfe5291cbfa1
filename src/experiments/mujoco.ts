import { type Config, type ConfigInput, mergeConfig, resolveConfig } from "../config.js";
import { methodLabel } from "../figures/labels.js";
import { algorithmTitle, type PaperMethod } from "../methods.js";
import { compareWithPaper, scoreFigure } from "./comparison.js";
import { declare, type Experiment, type Profile } from "./experiment.js";

/** The methods of Figures 17 and 18 without RLx2, whose growing buffer is one of episodes. */
const METHODS: Readonly<Record<Profile, readonly PaperMethod[]>> = {
  smoke: ["dense", "mast"],
  classroom: ["dense", "ss", "mast"],
  paper: ["dense", "tiny", "ss", "set", "rigl", "mast"],
};

const USUAL_SEEDS = { smoke: 1, paper: 8 } as const satisfies Partial<Record<Profile, number>>;

/** Networks and intervals so small that a run makes some updates within a second, and learns nothing. */
const SMOKE: ConfigInput = {
  steps: 160,
  network: { hidden: 16, embed: 4, hypernetEmbed: 4 },
  exploration: { uniform: 40 },
  warmup: 60,
  topology: { interval: 10 },
  evaluation: { interval: 80, episodes: 2, window: 1 },
};

/** Networks of 64 units learn in some thousand steps; target networks follow them faster than the authors' do. */
const CLASSROOM: ConfigInput = {
  network: { hidden: 64, embed: 16, hypernetEmbed: 16 },
  exploration: { uniform: 1_000 },
  warmup: 500,
  targetTau: 0.005,
  topology: { interval: 200 },
  evaluation: { interval: 1_000, episodes: 5, window: 5 },
};

/** A step of COMIX takes twice as long as one of FACMAC, for its search. */
const CLASSROOM_STEPS = { comix: 3_000, facmac: 6_000 } as const;

/** A task of Multi-Agent MuJoCo, by profile. */
interface Task {
  readonly environment: "manyagent-swimmer" | "humanoid" | "humanoid-standup";
  /** Its name in titles. */
  readonly title: string;
  /** Options of the environment in each profile. */
  readonly options: Readonly<Record<Profile, Readonly<Record<string, string | number>>>>;
  /** Settings of the classroom profile in addition to `CLASSROOM`. */
  readonly classroom?: ConfigInput;
  /** Settings of a method in the classroom profile. */
  readonly own?: (method: PaperMethod) => ConfigInput;
  /** Seeds of the classroom profile. Default: 3. */
  readonly seeds?: number;
  /** What follows the algorithm in the experiment's id. Default: the environment, without "manyagent-". */
  readonly name?: string;
  /** Sparsity in a classroom. Default: 0.8. */
  readonly level?: number;
}

const SWIMMER: Task = {
  environment: "manyagent-swimmer",
  title: "ManyAgent Swimmer",
  options: {
    smoke: { partition: "2x1", episodeLimit: 20 },
    classroom: { partition: "2x1", episodeLimit: 200 },
    paper: { partition: "10x2" },
  },
};

/**
 * The swimmer on which a classroom sees teams that swim. A stroke takes 1.6 s, which are 80 of the authors' steps of
 * 0.02 s: noise that changes at each of them moves nothing, and a discount of 0.99 forgets the stroke's end. The
 * controls are therefore held for 0.2 s, so that a stroke takes eight steps. A discount of 0.95 then looks four seconds
 * ahead. In single runs estimates stayed near what actions are worth then, and grew to several times that with 0.99.
 */
const STROKES: Task = {
  ...SWIMMER,
  title: "ManyAgent Swimmer, strokes of eight steps",
  options: {
    ...SWIMMER.options,
    classroom: { partition: "2x1", observe: "full", frameSkip: 40, episodeLimit: 100 },
  },
  classroom: {
    steps: 12_000,
    discount: 0.95,
    exploration: { noise: 0.3 },
    evaluation: { interval: 1_000, episodes: 3, window: 3 },
  },
  // MAST's own targets draw n with a mean of five rewards.
  own: (method) => ({ returns: method === "mast" ? { burnIn: 1_000 } : { kind: "n-step", n: 5, burnIn: 0 } }),
  seeds: 5,
  name: "strokes",
  level: 0.9,
};

const HUMANOID: Task = {
  environment: "humanoid",
  title: "Humanoid",
  options: { smoke: { episodeLimit: 20 }, classroom: {}, paper: {} },
  classroom: {
    steps: 5_000,
    // Adam divides by the roots of its mean squares, where the authors' epsilon of 0.01 is larger than most of them.
    optimiser: { learningRate: 3e-4, epsilon: 1e-5, gradientClip: 10 },
    rewardScale: 0.1,
    // With one-step targets the values of the actor's own actions run away from what they are worth.
    returns: { kind: "n-step", n: 10, burnIn: 0 },
    exploration: { uniform: 2_000 },
    warmup: 1_000,
    evaluation: { interval: 1_250, episodes: 10, window: 2 },
  },
  level: 0.9,
};

/**
 * The same body lying on its back. An episode never ends early, and a step pays 35 where it lies and 400 where it
 * stands, so that values are of another size. Within 200 steps, which are 3 s, there is time to get up.
 */
const STANDUP: Task = {
  ...HUMANOID,
  environment: "humanoid-standup",
  title: "Humanoid Standup",
  options: { ...HUMANOID.options, classroom: { episodeLimit: 200 } },
  classroom: mergeConfig(HUMANOID.classroom!, {
    steps: 10_000,
    rewardScale: 0.02,
    evaluation: { interval: 2_500, episodes: 5 },
  }),
};

/** All methods with COMIX or FACMAC on one task, one budget for all. */
function comparison(
  algorithm: "comix" | "facmac",
  { environment, title, options, classroom, own, seeds: usual = 3, name: task, level = 0.8 }: Task,
  steps: number,
  reproduces?: string,
): Experiment {
  const name = algorithmTitle(algorithm);
  const levels: Readonly<Record<Profile, number>> = { smoke: 0.5, classroom: level, paper: 0.9 };
  const budgets: Readonly<Record<Profile, ConfigInput>> = {
    smoke: SMOKE,
    classroom: mergeConfig({ ...CLASSROOM, steps: CLASSROOM_STEPS[algorithm] }, classroom ?? {}),
    paper: { steps },
  };
  return declare({
    id: `${algorithm}-${task ?? environment.replace("manyagent-", "")}`,
    title: `${name} on ${title}`,
    about: `Dense, sparse and MAST-${name} on ${title} of Multi-Agent MuJoCo, one budget for all`,
    reproduces,
    profile: "classroom",
    configs: (profile, seeds = profile === "classroom" ? usual : USUAL_SEEDS[profile], changes = {}): Config[] =>
      Array.from({ length: seeds }, (_, i) => i + 1).flatMap((seed) =>
        METHODS[profile].map((method) =>
          resolveConfig(
            [
              {
                environment,
                algorithm,
                options: { environment: options[profile] },
                ...(method !== "dense" && { sparsity: { level: levels[profile] } }),
              },
              profile === "classroom" && own ? own(method) : {},
              changes,
              { method, seed, ...(method === "dense" && { sparsity: { level: 0 } }) },
            ].reduce<ConfigInput>(mergeConfig, budgets[profile]),
          ),
        ),
      ),
    label: methodLabel,
    reduce: (runs) => ({ ...compareWithPaper(runs), more: { scores: scoreFigure(runs) } }),
  });
}

/** Steps that the authors train COMIX and FACMAC on Multi-Agent MuJoCo. */
const STEPS = { comix: 500_000, facmac: 2_000_000 } as const;

/** MAST-COMIX on ManyAgent Swimmer, which a classroom can train in minutes. */
export const comixSwimmer: Experiment = comparison("comix", SWIMMER, STEPS.comix, "Figure 17 (ManyAgent Swimmer)");

/** MAST-COMIX on a swimmer whose motors keep their torques for 0.2 s. */
export const comixStrokes: Experiment = comparison("comix", STROKES, STEPS.comix);

/** MAST-COMIX on Humanoid. */
export const comixHumanoid: Experiment = comparison("comix", HUMANOID, STEPS.comix, "Figure 17 (Humanoid)");

/** MAST-COMIX on Humanoid Standup. */
export const comixStandup: Experiment = comparison("comix", STANDUP, STEPS.comix, "Figure 17 (Humanoid Standup)");

/** MAST-FACMAC on ManyAgent Swimmer. The paper has it on SMAC alone. */
export const facmacSwimmer: Experiment = comparison("facmac", SWIMMER, STEPS.facmac);

/** MAST-FACMAC on Humanoid, which a classroom learns to keep on its feet longer in half a minute a run. */
export const facmacHumanoid: Experiment = comparison("facmac", HUMANOID, STEPS.facmac);
