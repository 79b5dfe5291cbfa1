import { createRandom } from "../src/random.js";
import type { ConfigInput } from "../src/config.js";
import type { Engine } from "../src/networks/engine.js";
import { addEpisode, createDualBuffer, sampleBatch } from "../src/replay/dual.js";
import type { Episode } from "../src/replay/episode.js";
import { randomEpisodes } from "../src/replay/random-episodes.js";
import { mastRule, ruleConfig, startEngine, update } from "../src/timing/random-learner.js";
import { type Benchmark, type Effort, type Row, time } from "./measure.js";
import { shapes } from "./shapes.js";

/**
 * Measures the time saved by remembering the target networks' values between two updates of these networks, with Table
 * 3's buffers and intervals.
 */
export const rememberedBenchmarks: readonly Benchmark[] = [{ name: "target values remembered, 3s5z", run }];

async function run(effort: Effort): Promise<Row[]> {
  return [
    ...(await compare("MAST rule", mastRule, effort)),
    ...(await compare("MAST rule, RES", { ...mastRule, algorithm: "res" }, effort)),
  ];
}

async function compare(rule: string, input: ConfigInput, { quick }: Effort): Promise<Row[]> {
  const name = `update 3s5z, T=60, density 0.1, ${rule}`;
  const shape = shapes["3s5z"];
  const config = ruleConfig({ ...input, ...(quick && { replay: { offlineCapacity: 100, onlineCapacity: 40 } }) });
  const { offlineCapacity } = config.replay;
  const buffers = createDualBuffer(
    quick
      ? { offlineCapacity, onlineCapacity: 40, offlineBatch: 5, onlineBatch: 3 }
      : { offlineCapacity: 5000, onlineCapacity: 128, offlineBatch: 20, onlineBatch: 12 },
  );
  // The episodes share a few contents, so that a full buffer fits a small machine; the memory of target values treats
  // each episode as different.
  const contents = randomEpisodes(shape, Array<number>(quick ? 4 : 64).fill(quick ? 3 : 60), createRandom(2));
  let index = 0;
  const play = () => addEpisode(buffers, { ...contents[index % contents.length], index: index++ });
  while (index < offlineCapacity) play();

  const random = createRandom(5);
  const candidates = [false, true].map((remember) => {
    const { engine } = startEngine(shape, 0.1, 1, { remember });
    const counts = { asked: 0, recalled: 0 };
    return { engine: remember ? countRecalls(engine, counts) : engine, counts, spent: 0, best: Infinity };
  });
  // Three times the episodes between two updates of the target networks; each engine in turn has the same batch.
  const turns = quick ? 1 : 3;
  for (let turn = 0; turn < turns; turn++) {
    for (const { engine } of candidates) engine.copyToTarget();
    const spent = candidates.map(() => 0);
    for (let i = 0; i < (quick ? 4 : config.targetInterval); i++) {
      play();
      const batch: Episode[] = sampleBatch(buffers, random);
      for (const [c, { engine }] of candidates.entries()) spent[c] += await time(() => update(engine, batch, config));
    }
    candidates.forEach((candidate, c) => (candidate.best = Math.min(candidate.best, spent[c])));
  }
  const [without, remembering] = candidates;
  for (const { engine } of candidates) engine.dispose();
  const each = (total: number) => total / (quick ? 4 : config.targetInterval);
  return [
    {
      name: `${name}: share of samples whose target values are known`,
      value: remembering.counts.recalled / remembering.counts.asked,
      unit: "x",
    },
    { name: `${name}: nothing remembered`, value: each(without.best), unit: "ms" },
    { name: `${name}: remembered`, value: each(remembering.best), unit: "ms" },
    { name: `${name}: remembered / nothing remembered`, value: remembering.best / without.best, unit: "x" },
  ];
}

/** Wraps an engine to count the episodes whose values were requested and those whose values were known. */
function countRecalls(engine: Engine<true>, counts: { asked: number; recalled: number }): Engine<true> {
  const targets = engine.targets!;
  return {
    ...engine,
    targets: {
      ...targets,
      recall(name, episode) {
        const values = targets.recall(name, episode);
        counts.asked++;
        if (values !== undefined) counts.recalled++;
        return values;
      },
    },
  };
}
