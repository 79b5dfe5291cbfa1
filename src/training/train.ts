import { LabError } from "../errors.js";
import { evolveNetworks, growthOf, type LayerChange } from "../algorithms/evolve.js";
import { updateNetworks } from "../algorithms/update.js";
import type { Config } from "../config.js";
import type { Environment } from "../envs/environment.js";
import { environmentOf } from "../envs/index.js";
import { EpisodeLost } from "../envs/lost.js";
import { currentHost } from "../host.js";
import { algorithmOf, type EpisodeAlgorithm } from "../parts/algorithm.js";
import { createRandom } from "../random.js";
import { addEpisode, canSample, createDualBuffer, oldestIndex, sampleBatch } from "../replay/dual.js";
import { createEpisodeMemory } from "../replay/episode-memory.js";
import { countSteps, groupEpisodes } from "../replay/group.js";
import { createEvaluation } from "./evaluate.js";
import { forgetOldPlay } from "./forget.js";
import { createNetworks, resumeNetworks } from "./networks.js";
import type { TrainOptions } from "./options.js";
import {
  addUpdate,
  clearSums,
  createLossCount,
  evaluationDue,
  keepProgress,
  openCopies,
  openProgress,
  explorationRate,
  openRandom,
  openTransitionRandom,
  scoreOf,
  startSums,
  STREAMS,
  trainRecord,
} from "./progress.js";
import type { TrainState, TrainingRecord } from "./records.js";
import { createEpisodeRecorder, type EpisodeResult, epsilonGreedy, softmaxPolicy } from "./rollout.js";
import { measuredBy, scoreMeasure } from "./score.js";
import {
  captureMasks,
  captureReplay,
  captureTensors,
  firstTopology,
  replayEpisodes,
  restoreEpisodes,
} from "./state.js";
import { trainFromTransitions } from "./transitions.js";
import { tryAlgorithm } from "./try-algorithm.js";

/**
 * Trains a team by Algorithm 2 and yields records of it, from the first environment step to the last. The config
 * determines the run, also when it is stopped at a checkpoint and resumed from there. Nothing is written to disk: that
 * is left to the caller.
 *
 * @throws {ConfigError} when networks of method "tiny" cannot have their size
 * @throws {Error} when a ticket or the weights of `config.from` are missing, or the loss or its gradient is not finite,
 *   naming the step
 * @example
 * for await (const record of train(resolveConfig({ environment: "3m", steps: 100_000 })))
 *   if (record.kind === "evaluation") console.log(record.step, record.winRate);
 */
export async function* train(config: Config, options: TrainOptions = {}): AsyncGenerator<TrainingRecord, void, void> {
  await tryAlgorithm(config);
  if (config.extend !== undefined && options.resume === undefined)
    throw new LabError(
      `The end of ${config.extend.run}, which this run continues, is missing: use runOne or runAll, which read it, or give its state to train as resume.`,
    );
  const algorithm = algorithmOf(config);
  if (algorithm.learnsFrom === "transitions") yield* trainFromTransitions(config, algorithm, options);
  else yield* trainFromEpisodes(config, algorithm, options);
}

/** Training that plays an episode, updates the networks, and plays the next. */
async function* trainFromEpisodes(
  config: Config,
  algorithm: EpisodeAlgorithm,
  { signal, resume, ticket, start, open, checkpointEvery = 30 }: TrainOptions,
): AsyncGenerator<TrainingRecord, void, void> {
  const env = environmentOf(config);
  const growth = growthOf(config);
  const buffers = createDualBuffer(config.replay);
  const memory = createEpisodeMemory(
    env.sizes,
    () => oldestIndex(buffers),
    // The rows of a batch lie far apart, and large pages are found faster.
    (block) => currentHost().nativeKernels?.()?.useLargePages(block),
  );
  const recorder = createEpisodeRecorder(env, config.rewardScale, memory);
  if (resume && !env.deterministic) restoreEpisodes(buffers, env.sizes, resume.replay);
  // If the run was stopped meanwhile, the checkpoint that it resumes from is still its newest state.
  else if (resume && !(await replayEpisodes(buffers, recorder, resume.replay, config, signal))) return;

  const random = (algorithm.actor ? openTransitionRandom : openRandom)(config, resume?.progress);
  const engine = resume
    ? await resumeNetworks(config, resume, open)
    : await createNetworks(
        config,
        { parameters: createRandom(config.seed, STREAMS.parameters), masks: createRandom(config.seed, STREAMS.masks) },
        { ticket, start, open },
      );
  const copies: Environment[] = [];
  try {
    const progress = openProgress(config, resume?.progress);
    const sums = startSums(resume?.progress.sums);
    openCopies(config, env, copies);
    // Environments that keep a state from one episode to the next continue from it, if they can save it.
    const keeping = env.deterministic ? [] : [env, ...copies].filter(({ save }) => save !== undefined);
    keeping.forEach((one, i) => {
      const saved = resume?.environments?.[i];
      if (saved !== undefined) one.restore!(saved);
    });
    const losses = createLossCount(progress);
    const evaluate = createEvaluation(engine, copies, config.discount, losses.count, config.rewardScale);
    const epsilonAt = (step: number) => explorationRate(config.exploration, step);
    let stepInRun = progress.step;
    const explore = algorithm.actor ? softmaxPolicy : epsilonGreedy;
    const policy = explore(engine.createActor(1), () => epsilonAt(stepInRun++), random.exploration);

    const capture = async (): Promise<TrainState> => ({
      tensors: await captureTensors(engine),
      masks: captureMasks(engine),
      progress: keepProgress(progress, random, sums),
      replay: captureReplay(buffers, env.deterministic),
      ...(keeping.length > 0 && { environments: keeping.map((one) => one.save!()) }),
    });

    if (!resume) yield firstTopology(engine);

    let lastCheckpoint = performance.now();
    let lastTurn = lastCheckpoint;
    for (;;) {
      // A checkpoint is complete at this point, between two episodes.
      const over = progress.step >= config.steps;
      // The last interval is recorded even if it is not a whole one.
      if (progress.step >= progress.nextTrainRecord || (over && sums.episodes > 0)) {
        yield trainRecord(progress, sums, epsilonAt(progress.step));
        clearSums(sums);
        while (progress.nextTrainRecord <= progress.step) progress.nextTrainRecord += config.log.interval;
      }
      for (let step = evaluationDue(progress, config); step !== undefined; step = evaluationDue(progress, config)) {
        const seeds = Array.from({ length: config.evaluation.episodes }, () => random.evaluation.below(0x7fffffff));
        const evaluation = await evaluate(seeds);
        progress.evaluations.push(measuredBy(scoreMeasure(config), evaluation));
        progress.nextEvaluation += config.evaluation.interval;
        yield { kind: "evaluation", step, episode: progress.episode, ...evaluation };
      }
      if (over) break;
      const now = performance.now();
      if (now - lastTurn > 20) {
        // Lets timers, messages and interrupts of the program run.
        await currentHost().nextTurn();
        lastTurn = now;
      }
      if (signal?.aborted || now - lastCheckpoint > checkpointEvery * 1000) {
        yield { kind: "checkpoint", step: progress.step, episode: progress.episode, state: await capture() };
        if (signal?.aborted) return;
        lastCheckpoint = performance.now();
      }

      stepInRun = progress.step;
      let played: EpisodeResult;
      try {
        played = recorder.play(policy, random.environment.below(0x7fffffff), progress.episode);
        losses.played();
      } catch (error) {
        if (!(error instanceof EpisodeLost)) throw error;
        losses.lost(error);
        continue;
      }
      const { episode, episodeReturn, won } = played;
      addEpisode(buffers, episode);
      progress.step += episode.length;
      progress.episode++;
      sums.episodes++;
      sums.episodeReturn += episodeReturn;
      sums.episodeLength += episode.length;
      sums.won += won ? 1 : 0;

      const { dynamic } = config.replay;
      if (dynamic && progress.episode % dynamic.interval === 0) await forgetOldPlay(engine, buffers, dynamic);

      const updates = progress.step >= config.warmup && canSample(buffers) ? config.updates : 0;
      for (let i = 1; i <= updates; i++) {
        const groups = groupEpisodes(sampleBatch(buffers, random.replay), env.sizes, engine.lanes);
        const evolves =
          growth !== undefined &&
          i === updates &&
          progress.episode - progress.lastEvolution >= config.topology.interval;
        if (evolves && growth.gradients) engine.requestDenseGradients();
        const changed: LayerChange[] = [];
        const evolve = async (networks?: readonly string[]) => {
          const change = await evolveNetworks(engine, config, progress.step, random.topology, networks);
          changed.push(...change.layers);
          return change.fraction;
        };
        let fraction: number | undefined;
        const update = await updateNetworks(engine, groups, countSteps(groups), config, progress.step, {
          update: progress.update + 1,
          random: random["targets"] ?? random.replay,
          dense: evolves && growth.gradients === true,
          stepped: async (networks) => {
            if (evolves) fraction = await evolve(networks);
          },
        });
        addUpdate(sums, update, progress.step, ++progress.update);
        if (evolves) {
          fraction ??= await evolve();
          const layers = engine.parameters.flatMap(({ name }) => changed.find((layer) => layer.name === name) ?? []);
          progress.lastEvolution = progress.episode;
          progress.evolution++;
          const { step, episode: episodes, evolution } = progress;
          const masks = captureMasks(engine);
          yield { kind: "topology", step, episode: episodes, evolution, fraction, layers, masks };
        }
      }
      if (progress.episode - progress.lastTargetUpdate >= config.targetInterval) {
        engine.copyToTarget();
        progress.lastTargetUpdate = progress.episode;
      }
    }

    const { step, episode, update } = progress;
    yield { kind: "end", step, episode, update, ...scoreOf(progress, config), state: await capture() };
  } finally {
    for (const one of [env, ...copies]) one.close?.();
    engine.dispose();
  }
}
