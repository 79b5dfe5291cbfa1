import { createNormal, crossEntropyActions } from "../algorithms/continuous/cross-entropy.js";
import {
  comixUpdate,
  CONTINUOUS_DEFAULTS,
  type ContinuousOptions,
  facmacUpdate,
  type Stepped,
} from "../algorithms/continuous/update.js";
import type { Environment } from "../envs/environment.js";
import { EpisodeLost } from "../envs/lost.js";
import { LabError } from "../errors.js";
import { show } from "../messages.js";
import { currentHost } from "../host.js";
import { initialParameters } from "../networks/parameters.js";
import {
  createTransitionEngine,
  type TransitionEngine,
  transitionParameters,
  type TransitionShape,
} from "../networks/sparse/transition-engine.js";
import { createRandom } from "../random.js";
import { createTransitionBatch, createTransitionBuffer } from "../replay/transitions.js";
import { evolveTopology, type Growth, updateFraction } from "../sparse/evolution.js";
import { initialNonzeros, randomMasks } from "../sparse/mask.js";
import { MOST_LOST } from "./evaluate.js";

/** How a team learns continuous actions. Defaults are those of the authors' runs on Multi-Agent MuJoCo. */
export interface ContinuousTraining extends Partial<ContinuousOptions> {
  /**
   * COMIX chooses actions by the cross-entropy method on utilities; FACMAC learns policies by the gradient of a
   * factored critic.
   */
  readonly algorithm: "comix" | "facmac";
  /** Makes an environment with continuous actions: one is learned from, another evaluated in. */
  readonly environment: () => Environment;
  /** Default: 1. */
  readonly seed?: number;
  /** Environment steps. */
  readonly steps: number;
  /** Units of each hidden layer. Default: 400. */
  readonly hidden?: number;
  /** Embedding of the mixing network, and units of its hypernetworks. Default: 64. */
  readonly embed?: number;
  /** Transitions that are kept. Default: 1,000,000. */
  readonly capacity?: number;
  /** Transitions of an update. Default: 100. */
  readonly batch?: number;
  /** Transitions before the first update; from then on there is one for each environment step. Default: 1,000. */
  readonly warmup?: number;
  /** First steps, in which actions are drawn uniformly from the box. Default: 10,000. */
  readonly uniform?: number;
  /** Standard deviation of the noise on actions, before they are cut to the box. Default: 0.1. */
  readonly noise?: number;
  /**
   * Share of the weights of each network that are absent, spread over its layers as by Erdős and Rényi. Default: 0,
   * dense networks.
   */
  readonly sparsity?: number;
  /** How the topology of sparse networks evolves (Algorithm 1). */
  readonly topology?: {
    /**
     * What decides which connections grow: the gradient (RigL, MAST), or chance (SET). Default: they stay as they are.
     */
    readonly grow?: "gradient" | "random";
    /** Updates from one evolution to the next. Default: 1,000. */
    readonly interval?: number;
    /** zeta_0, the share of connections that is dropped and grown at first. Default: 0.5. */
    readonly fraction?: number;
  };
  /** Environment steps from one evaluation to the next. Default: 4,000. */
  readonly evaluateEvery?: number;
  /** Episodes of an evaluation, without noise. Default: 10. */
  readonly evaluationEpisodes?: number;
}

/** What training of continuous actions says while it goes on. */
export type ContinuousRecord =
  | {
      readonly kind: "evaluation";
      /** Environment steps so far. */
      readonly step: number;
      /** Mean of the undiscounted returns of its episodes. */
      readonly episodeReturn: number;
      /** Their mean length in steps. */
      readonly episodeLength: number;
      /** Mean loss of the updates since the last evaluation; NaN where there was none. */
      readonly loss: number;
      /** Mean Q_tot of the joint actions of those updates. */
      readonly qTotal: number;
    }
  | {
      readonly kind: "topology";
      readonly step: number;
      /** zeta_t, the share of each layer's connections that was dropped and grown. */
      readonly fraction: number;
      /** Connections that changed, of all sparse layers. */
      readonly changed: number;
    }
  | {
      readonly kind: "end";
      readonly step: number;
      /** Episodes that could not be finished, and were thrown away. */
      readonly lost: number;
      /** What was learned. */
      readonly engine: TransitionEngine;
    };

/** One independent stream for each use. */
const STREAMS = {
  parameters: 0,
  masks: 1,
  environment: 2,
  exploration: 3,
  replay: 4,
  topology: 5,
  evaluation: 6,
  targets: 7,
};

/**
 * Trains a team whose actions are continuous, from single transitions, by COMIX or FACMAC with a monotonic mixer. The
 * networks are stored sparse, and their topology may evolve: agents or critic and actor, and the mixer, each with a
 * budget of its own. The options decide everything, to the bit.
 *
 * @throws {LabError} when the environment's actions are discrete, or the loss is not finite
 * @example
 * const environment = () =>
 *   createEnvironment("manyagent-swimmer", { options: { partition: "2x1", episodeLimit: 200 } });
 * for await (const record of trainContinuous({ algorithm: "facmac", environment, steps: 20_000 })) console.log(record);
 */
export async function* trainContinuous(training: ContinuousTraining): AsyncGenerator<ContinuousRecord, void, void> {
  const {
    algorithm,
    environment,
    seed = 1,
    steps,
    hidden = 400,
    embed = 64,
    capacity = 1_000_000,
    batch: batchSize = 100,
    warmup = 1_000,
    uniform = 10_000,
    noise = 0.1,
    sparsity = 0,
    topology: { grow, interval = 1_000, fraction: initialFraction = 0.5 } = {},
    evaluateEvery = 4_000,
    evaluationEpisodes = 10,
  } = training;
  const options: ContinuousOptions = { ...CONTINUOUS_DEFAULTS, ...training };
  const env = environment();
  const evaluated = environment();
  const { sizes } = env;
  const { agents, actions, box } = sizes;
  if (box === undefined)
    throw new LabError(
      `${env.name} has discrete actions, but ${algorithm} chooses continuous ones: train it with another algorithm, by train(config).`,
    );
  if (grow !== undefined && sparsity === 0)
    throw new LabError(`topology.grow is ${show(grow)}, but the networks are dense: give a sparsity, for example 0.9.`);
  const stream = (name: keyof typeof STREAMS) => createRandom(seed, STREAMS[name]);
  const random = { environment: stream("environment"), replay: stream("replay"), topology: stream("topology") };
  const evaluationSeeds = stream("evaluation");
  const explore = stream("exploration");
  const normal = { exploration: createNormal(explore), targets: createNormal(stream("targets")) };

  const shape: TransitionShape = {
    agents,
    actions,
    observation: sizes.observation,
    state: sizes.state,
    hidden,
    embed,
    hypernetEmbed: embed,
    networks: algorithm === "comix" ? ["agent"] : ["critic", "actor"],
  };
  const specs = transitionParameters(shape);
  const parameters = initialParameters(specs, stream("parameters"));
  const nonzeros = initialNonzeros(specs, { sparsity, distribution: "erdos-renyi" });
  const masks = sparsity === 0 ? new Map<string, Uint8Array>() : randomMasks(specs, nonzeros, stream("masks"));
  const engine = createTransitionEngine(shape, parameters, masks);

  const buffer = createTransitionBuffer(capacity, sizes);
  const sample = createTransitionBatch(batchSize, sizes);
  const jointAction = new Float32Array(agents * actions);
  /** What the team does without noise. */
  const greedy = (observations: Float32Array, draw: () => number): Float32Array =>
    algorithm === "facmac"
      ? engine.networks.actor!.forward("online", observations)
      : crossEntropyActions(
          (inputs) => engine.networks.agent!.forward("online", inputs),
          observations,
          shape,
          options.crossEntropy,
          draw,
        );
  /** Cuts numbers to the box and puts them into `jointAction`. */
  const choose = (number: (i: number) => number) => {
    for (let i = 0; i < jointAction.length; i++)
      jointAction[i] = Math.min(box.high[i], Math.max(box.low[i], number(i)));
  };
  const drawUniform = (i: number) => box.low[i] + explore.float() * (box.high[i] - box.low[i]);

  function evaluate(): { episodeReturn: number; episodeLength: number } {
    let [total, length] = [0, 0];
    for (let episode = 0; episode < evaluationEpisodes; episode++) {
      evaluated.reset(evaluationSeeds.below(0x7fffffff));
      const draw = createNormal(createRandom(evaluationSeeds.below(0x7fffffff)));
      while (!evaluated.ended) {
        const best = greedy(evaluated.observations, draw);
        choose((i) => best[i]);
        evaluated.step(jointAction);
        total += evaluated.reward;
        length++;
      }
    }
    return { episodeReturn: total / evaluationEpisodes, episodeLength: length / evaluationEpisodes };
  }

  let changed = 0;
  const evolve =
    (fraction: number): Stepped =>
    (networks) => {
      for (const { name, network, maskable } of specs) {
        if (!maskable || !networks.includes(network)) continue;
        const mask = engine.mask(name);
        if (!mask.includes(0)) continue;
        const growth: Growth =
          grow === "gradient"
            ? { by: "gradient", gradient: engine.gradient(name) }
            : { by: "random", random: random.topology };
        const change = evolveTopology(engine.read("online").get(name)!, mask, { fraction, grow: growth });
        engine.setMask(name, change.mask);
        changed += change.grown.length;
      }
    };

  let [step, update, lost, lostInTurn] = [0, 0, 0, 0];
  let nextEvaluation = 0;
  const sums = { updates: 0, loss: 0, qTotal: 0 };
  let lastTurn = performance.now();
  try {
    while (step < steps) {
      env.reset(random.environment.below(0x7fffffff));
      try {
        while (!env.ended && step < steps) {
          if (step >= nextEvaluation) {
            const { updates, loss, qTotal } = sums;
            yield {
              kind: "evaluation",
              step: nextEvaluation,
              ...evaluate(),
              loss: loss / updates,
              qTotal: qTotal / updates,
            };
            Object.assign(sums, { updates: 0, loss: 0, qTotal: 0 });
            nextEvaluation += evaluateEvery;
          }
          const before = { observations: env.observations.slice(), state: env.state.slice() };
          if (step < uniform) {
            choose(drawUniform);
          } else {
            const best = greedy(env.observations, normal.exploration);
            choose((i) => best[i] + noise * normal.exploration());
          }
          env.step(jointAction);
          step++;
          buffer.add({
            ...before,
            actions: jointAction,
            reward: env.reward,
            nextObservations: env.observations,
            nextState: env.state,
            terminal: env.terminal,
            last: env.ended,
          });
          if (buffer.size < Math.max(warmup, batchSize)) continue;
          buffer.sample(sample, random.replay);
          update++;
          const evolves = grow !== undefined && update % interval === 0;
          const fraction = evolves ? updateFraction(initialFraction, step, steps) : 0;
          const stepped = evolves ? evolve(fraction) : undefined;
          const statistics =
            algorithm === "comix"
              ? comixUpdate(engine, sample, options, update, normal.targets, stepped, evolves && grow === "gradient")
              : facmacUpdate(engine, sample, options, update, stepped, evolves && grow === "gradient");
          if (!Number.isFinite(statistics.loss) || !Number.isFinite(statistics.gradientNorm))
            throw new LabError(
              `The loss is not finite at step ${step} (update ${update}): training has diverged. Try a smaller learningRate or gradientClip.`,
            );
          sums.updates++;
          sums.loss += statistics.loss;
          sums.qTotal += statistics.qTotal;
          if (evolves) {
            yield { kind: "topology", step, fraction, changed };
            changed = 0;
          }
          if (performance.now() - lastTurn > 20) {
            await currentHost().nextTurn();
            lastTurn = performance.now();
          }
        }
        lostInTurn = 0;
      } catch (error) {
        if (!(error instanceof EpisodeLost) || ++lostInTurn > MOST_LOST) throw error;
        lost++;
        buffer.cut();
      }
    }
    const { updates, loss, qTotal } = sums;
    yield { kind: "evaluation", step, ...evaluate(), loss: loss / updates, qTotal: qTotal / updates };
    yield { kind: "end", step, lost, engine };
  } finally {
    env.close?.();
    evaluated.close?.();
  }
}
