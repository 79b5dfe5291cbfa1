import { createRandom } from "../src/random.js";
import { startEngine } from "../src/timing/random-learner.js";
import { fastest, time, type Benchmark, type Effort, type Row } from "./measure.js";
import { DENSITIES, shapes, type ShapeName } from "./shapes.js";

/** Seconds of interleaved samples for each number of environments. */
const SECONDS = 2;

/**
 * Times the agents' forward pass for one joint step, including copying observations, for one environment and for 16 at
 * once.
 */
export const actingBenchmarks: readonly Benchmark[] = (["3m", "3s5z"] as const).map((map) => ({
  name: `acting ${map}`,
  run: async (effort: Effort) => [...(await acting(map, 1, effort)), ...(await acting(map, 16, effort))],
}));

async function acting(map: ShapeName, environments: number, effort: Effort): Promise<Row[]> {
  const shape = shapes[map];
  const random = createRandom(6);
  const seen = Float32Array.from(
    { length: environments * shape.agents * shape.observation },
    () => 2 * random.float() - 1,
  );
  const calls = effort.quick ? 20 : Math.ceil(400 / environments);
  const engines = DENSITIES.map((density) => startEngine(shape, density).engine);
  const best = await fastest(
    engines.map((engine, i) => {
      const actor = engine.createActor(environments);
      for (let environment = 0; environment < environments; environment++) actor.reset(environment);
      actor.lastActions.forEach((_, agent) => (actor.lastActions[agent] = random.below(shape.actions)));
      return {
        name: `density ${DENSITIES[i]}`,
        sample: () =>
          time(() => {
            for (let call = 0; call < calls; call++) {
              actor.observations.set(seen);
              actor.forward();
            }
          }),
      };
    }),
    SECONDS,
    effort,
  );
  engines.forEach((engine) => engine.dispose());
  const among = environments === 1 ? "1 environment" : `1 of ${environments} environments at once`;
  return Object.entries(best).map(([density, ms]) => ({
    name: `acting ${map}, ${density}, a joint step of ${among}`,
    value: (1000 * ms) / (calls * environments),
    unit: "us",
  }));
}
