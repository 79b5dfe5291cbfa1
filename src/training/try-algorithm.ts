import type { Config } from "../config.js";
import { initialParameters, networkParameters } from "../networks/parameters.js";
import { createSparseEngine } from "../networks/sparse/engine.js";
import { algorithmOf, algorithms } from "../parts/algorithm.js";
import { describeValue, isObject, PartError } from "../parts/registry.js";
import { createRandom } from "../random.js";
import { countSteps, groupEpisodes } from "../replay/group.js";
import { randomEpisodes } from "../replay/random-episodes.js";
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
  const engine = createSparseEngine(shape, initialParameters(networkParameters(shape), createRandom(1)), new Map());
  try {
    const groups = groupEpisodes(randomEpisodes(sizes, [3, 2], createRandom(2)), sizes, engine.lanes);
    const before = engine.read("online");
    let statistics: unknown;
    try {
      statistics = await part.update(engine, groups, countSteps(groups), config, 0);
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
