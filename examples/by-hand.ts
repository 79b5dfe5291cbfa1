// MAST's training loop by hand, for the person who wants to change the loop itself: `npx tsx examples/by-hand.ts`.
// `train` adds checkpoints and records to it.
import {
  addEpisode,
  canSample,
  countSteps,
  createDualBuffer,
  createEnvironment,
  createEpisodeRecorder,
  createEvaluation,
  createNetworks,
  createRandom,
  epsilonGreedy,
  evolveNetworks,
  groupEpisodes,
  resolveConfig,
  sampleBatch,
  updateNetworks,
} from "mast-lab/core";

const steps = Number(process.env["STEPS"] ?? 20_000);
const config = resolveConfig({
  environment: "3m",
  method: "mast",
  sparsity: { level: 0.9 },
  steps,
  short: true,
  warmup: 0,
});
const [environment, exploration, replay, topology] = [2, 3, 4, 5].map((stream) => createRandom(config.seed, stream));

const env = createEnvironment(config.environment);
const engine = await createNetworks(config, {
  parameters: createRandom(config.seed, 0),
  masks: createRandom(config.seed, 1),
});
const buffers = createDualBuffer(config.replay);
const recorder = createEpisodeRecorder(env);
const evaluate = createEvaluation(engine, [createEnvironment(config.environment)], config.discount);

let step = 0;
const { start, end, anneal } = config.exploration;
const epsilon = () => Math.max(end, start - ((start - end) * step) / anneal);
const policy = epsilonGreedy(engine.createActor(1), epsilon, exploration!);

for (let episode = 0; step < config.steps; episode++) {
  const played = recorder.play(policy, environment!.below(2 ** 31 - 1), episode);
  addEpisode(buffers, played.episode);
  step += played.episode.length;

  if (canSample(buffers)) {
    const groups = groupEpisodes(sampleBatch(buffers, replay!), env.sizes, engine.lanes);
    const evolves = episode % config.topology.interval === config.topology.interval - 1;
    if (evolves) engine.requestDenseGradients();
    await updateNetworks(engine, groups, countSteps(groups), config, step);
    if (evolves) await evolveNetworks(engine, config, step, topology!);
  }
  if (episode % config.targetInterval === config.targetInterval - 1) engine.copyToTarget();
}

const { winRate, episodeReturn } = await evaluate(Array.from({ length: 32 }, (_, i) => i + 1));
console.log(`${step} steps: ${(100 * winRate).toFixed(0)} % of 32 battles won, return ${episodeReturn.toFixed(1)}`);
engine.dispose();
