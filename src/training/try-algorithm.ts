import type { Config } from "../config.js";
import { LabError } from "../errors.js";
import { initialParameters, networkParameters, type NetworkShape, type Parameters } from "../networks/parameters.js";
import { createSparseEngine } from "../networks/sparse/engine.js";
import { createTransitionEngine } from "../networks/sparse/transition-engine.js";
import {
  algorithmOf,
  algorithms,
  type EpisodeAlgorithm,
  type TransitionAlgorithm,
  type UpdateContext,
} from "../parts/algorithm.js";
import { describeValue, isObject, PartError } from "../parts/registry.js";
import { createRandom, type Random } from "../random.js";
import { countSteps, groupEpisodes } from "../replay/group.js";
import { randomEpisodes } from "../replay/random-episodes.js";
import { createTransitionBatch } from "../replay/transitions.js";
import { algorithmShape } from "../sparse/flops.js";

/**
 * Makes an algorithm that is not built in update small networks once, before anything runs, so that an algorithm that
 * breaks its contract is refused early.
 *
 * @throws {PartError} naming the algorithm and what is wrong
 */
export async function tryAlgorithm(config: Config): Promise<void> {
  if (algorithms.builtIn(config.algorithm)) return;
  const refuse = (what: string, cause?: unknown): never => {
    throw new PartError(`algorithm "${config.algorithm}" ${what}`, { cause });
  };
  const part = algorithmOf(config);
  const sizes = { agents: 2, actions: 3, observation: 4, state: 5 };
  const shape = algorithmShape(part, { ...sizes, hidden: 4, embed: 3, hypernetEmbed: 3 });
  const parameters = initialParameters(networkParameters(shape), createRandom(1));
  const { engine, update } =
    part.learnsFrom === "transitions"
      ? tryTransitions(part, shape, parameters, config)
      : tryEpisodes(part, shape, parameters, config);
  try {
    const before = engine.read("online");
    let statistics: unknown;
    try {
      statistics = await update();
    } catch (error) {
      return refuse(`fails in update: ${(error as Error)?.message ?? describeValue(error)}`, error);
    }
    if (!isObject(statistics))
      return refuse(
        `has an update that gives ${describeValue(statistics)}; expected { loss, gradientNorm, qTotal, target }`,
      );
    for (const name of ["loss", "gradientNorm", "qTotal", "target"]) {
      if (!Number.isFinite(statistics[name]))
        return refuse(`has an update that gives ${name} ${describeValue(statistics[name])}; expected a finite number`);
    }
    const after = engine.read("online");
    if ([...before].every(([name, values]) => values.every((value, i) => value === after.get(name)![i])))
      refuse("has an update that changes no parameter: it has to call engine.step after its backward passes");
  } finally {
    engine.dispose();
  }
}

/** Tries one update with two short episodes. */
function tryEpisodes(part: EpisodeAlgorithm, shape: NetworkShape, parameters: Parameters, config: Config) {
  const engine = createSparseEngine(shape, parameters, new Map());
  const groups = groupEpisodes(randomEpisodes(shape, [3, 2], createRandom(2)), shape, engine.lanes);
  return { engine, update: () => part.update(engine, groups, countSteps(groups), config, 0, told(createRandom(3))) };
}

/** Tries one joint action, and one update with five transitions. */
function tryTransitions(part: TransitionAlgorithm, shape: NetworkShape, parameters: Parameters, config: Config) {
  const engine = createTransitionEngine(shape, parameters, new Map());
  const batch = createTransitionBatch(5, shape);
  const random = createRandom(2);
  for (const values of [batch.observations, batch.states, batch.actions, batch.rewards])
    values.forEach((_, i) => (values[i] = 2 * random.float() - 1));
  return {
    engine,
    async update() {
      const { agents, observation, actions } = shape;
      const chosen: unknown = part.act(engine, batch.observations.slice(0, agents * observation), random, config);
      if (!(chosen instanceof Float32Array) || chosen.length !== agents * actions || !chosen.every(Number.isFinite))
        throw new LabError(`act gives ${describeValue(chosen)}; expected ${agents * actions} finite numbers`);
      return part.update(engine, batch, config, told(random));
    },
  };
}

const told = (random: Random): UpdateContext => ({ update: 1, random, stepped: () => undefined, dense: false });
