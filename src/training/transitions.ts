import { createNormal } from "../algorithms/continuous/normal.js";
import { evolveNetworks, growthOf, type LayerChange } from "../algorithms/evolve.js";
import type { Config } from "../config.js";
import { cutToBox, type Environment } from "../envs/environment.js";
import { environmentOf } from "../envs/index.js";
import { EpisodeLost } from "../envs/lost.js";
import { LabError } from "../errors.js";
import { currentHost } from "../host.js";
import type { TransitionEngine } from "../networks/transition-engine.js";
import type { TransitionAlgorithm } from "../parts/algorithm.js";
import { createRandom, type Random } from "../random.js";
import { createTransitionBatch, createTransitionBuffer, type TransitionBuffer } from "../replay/transitions.js";
import { createContinuousEvaluation } from "./evaluate-continuous.js";
import { createNetworks, resumeNetworks, transitionEngineOf } from "./networks.js";
import type { TrainOptions } from "./options.js";
import {
  addUpdate,
  clearSums,
  createLossCount,
  evaluationDue,
  keepProgress,
  openCopies,
  openProgress,
  openTransitionRandom,
  scoreOf,
  startSums,
  STREAMS,
  trainRecord,
} from "./progress.js";
import type { TrainState, TrainingRecord } from "./records.js";
import { measuredBy, scoreMeasure } from "./score.js";
import { captureMasks, captureTensors, captureTransitions, firstTopology } from "./state.js";

/** A target looks ahead at most this many steps. */
const FARTHEST = 1000;
/** Writing checkpoints takes at most this share of a run's time. They hold the transitions, up to 2 GB. */
const CHECKPOINT_SHARE = 0.05;

/**
 * Trains COMIX and FACMAC, which act, store the transition and update the networks at every environment step. A
 * checkpoint may come at any step if the environment can be saved, and otherwise only between two episodes. It holds
 * the transitions themselves.
 *
 * @throws {Error} as `train` does
 */
export async function* trainFromTransitions(
  config: Config,
  algorithm: TransitionAlgorithm,
  {
    signal,
    resume,
    ticket,
    start,
    openTransitions: open = transitionEngineOf(config),
    checkpointEvery = 30,
  }: TrainOptions,
): AsyncGenerator<TrainingRecord, void, void> {
  const env = environmentOf(config);
  const { sizes } = env;
  const growth = growthOf(config);
  const buffer = createTransitionBuffer(config.replay.offlineCapacity, sizes);
  if (resume) restoreTransitions(buffer, resume);
  const random = openTransitionRandom(config, resume?.progress);
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
    const losses = createLossCount(progress);
    const evaluate = createContinuousEvaluation(engine, algorithm, copies, config, losses.count);
    const { offlineBatch, onlineBatch, onlineCapacity } = config.replay;
    const batch = createTransitionBatch(offlineBatch + onlineBatch, sizes);
    const act = exploring(config, algorithm, env, random.exploration);
    const jointAction = new Float32Array(sizes.agents * sizes.actions);
    const before = {
      observations: new Float32Array(sizes.agents * sizes.observation),
      state: new Float32Array(sizes.state),
    };

    /**
     * Returns the environments that a checkpoint needs: the one with the open episode, or all if episodes cannot be
     * played again.
     */
    const saved = (): readonly Environment[] =>
      env.save === undefined ? [] : env.deterministic ? (progress.playing ? [env] : []) : [env, ...copies];
    resume?.environments?.forEach((bytes, i) => [env, ...copies][i]?.restore?.(bytes));
    const capture = async (): Promise<TrainState> => ({
      tensors: await captureTensors(engine),
      masks: captureMasks(engine),
      progress: keepProgress(progress, random, sums),
      replay: captureTransitions(buffer),
      ...(saved().length > 0 && { environments: saved().map((one) => one.save!()) }),
    });

    if (!resume) yield firstTopology(engine);

    let lastCheckpoint = performance.now();
    let checkpointTime = 0;
    let lastTurn = lastCheckpoint;
    for (;;) {
      const over = progress.step >= config.steps;
      if (progress.step >= progress.nextTrainRecord || (over && sums.episodes + sums.updates > 0)) {
        yield trainRecord(progress, sums, progress.step < (config.exploration.uniform ?? 0) ? 1 : 0);
        clearSums(sums);
        while (progress.nextTrainRecord <= progress.step) progress.nextTrainRecord += config.log.interval;
      }
      for (let step = evaluationDue(progress, config); step !== undefined; step = evaluationDue(progress, config)) {
        const evaluation = await evaluate(random.evaluation);
        progress.evaluations.push(measuredBy(scoreMeasure(config), evaluation));
        progress.nextEvaluation += config.evaluation.interval;
        yield { kind: "evaluation", step, episode: progress.episode, ...evaluation };
      }
      if (over) break;
      const now = performance.now();
      if (now - lastTurn > 20) {
        // Gives the listener's timers, messages and interrupts a chance to run.
        await currentHost().nextTurn();
        lastTurn = performance.now();
      }
      const due = Math.max(checkpointEvery * 1000, checkpointTime / CHECKPOINT_SHARE);
      const complete = progress.playing === undefined || env.save !== undefined;
      if (complete && (signal?.aborted || now - lastCheckpoint > due)) {
        yield { kind: "checkpoint", step: progress.step, episode: progress.episode, state: await capture() };
        if (signal?.aborted) return;
        lastCheckpoint = performance.now();
        checkpointTime = lastCheckpoint - now;
      }

      try {
        if (progress.playing === undefined) {
          env.reset(random.environment.below(0x7fffffff));
          progress.playing = { episodeReturn: 0, episodeLength: 0 };
        }
        before.observations.set(env.observations);
        before.state.set(env.state);
        act(engine.acting, progress.step, jointAction);
        env.step(jointAction);
        const { reward, ended } = env;
        buffer.add({
          ...before,
          actions: jointAction,
          reward: (config.rewardScale ?? 1) * reward,
          nextObservations: env.observations,
          nextState: env.state,
          terminal: env.terminal,
          last: ended,
        });
        progress.step++;
        const { episodeReturn, episodeLength } = progress.playing;
        progress.playing = { episodeReturn: episodeReturn + reward, episodeLength: episodeLength + 1 };
        if (ended) {
          progress.episode++;
          sums.episodes++;
          sums.episodeReturn += progress.playing.episodeReturn;
          sums.episodeLength += progress.playing.episodeLength;
          sums.won += env.won ? 1 : 0;
          delete progress.playing;
          losses.played();
        }
      } catch (error) {
        if (!(error instanceof EpisodeLost)) throw error;
        losses.lost(error);
        buffer.cut();
        delete progress.playing;
        continue;
      }

      if (progress.step < config.warmup || buffer.size < offlineBatch + onlineBatch) continue;
      for (let i = 1; i <= config.updates; i++) {
        const ahead = looksAhead(config, progress.step, random.replay);
        const draw = { discount: config.discount, ahead };
        if (offlineBatch > 0) buffer.sample(batch, random.replay, { ...draw, rows: [0, offlineBatch] });
        if (onlineBatch > 0)
          buffer.sample(batch, random.replay, {
            ...draw,
            among: onlineCapacity,
            rows: [offlineBatch, offlineBatch + onlineBatch],
          });
        progress.update++;
        const evolves = growth !== undefined && progress.update - progress.lastEvolution >= config.topology.interval;
        const layers = new Map<string, LayerChange>();
        let fraction = 0;
        const update = await algorithm.update(engine, batch, config, {
          update: progress.update,
          random: random.targets,
          dense: evolves && growth.gradients === true,
          box: sizes.box,
          async stepped(networks) {
            if (!evolves) return;
            const change = await evolveNetworks(engine, config, progress.step, random.topology, networks);
            fraction = change.fraction;
            for (const layer of change.layers) layers.set(layer.name, layer);
          },
        });
        addUpdate(sums, update, progress.step, progress.update);
        if (config.targetTau === undefined && progress.update - progress.lastTargetUpdate >= config.targetInterval) {
          engine.copyToTarget();
          progress.lastTargetUpdate = progress.update;
        }
        if (evolves) {
          progress.lastEvolution = progress.update;
          progress.evolution++;
          const { step, episode, evolution } = progress;
          const changed = engine.parameters.flatMap(({ name }) => layers.get(name) ?? []);
          yield { kind: "topology", step, episode, evolution, fraction, layers: changed, masks: captureMasks(engine) };
        }
      }
    }

    const { step, episode, update } = progress;
    yield { kind: "end", step, episode, update, ...scoreOf(progress, config), state: await capture() };
  } finally {
    for (const one of [env, ...copies]) one.close?.();
    engine.dispose();
  }
}

/**
 * Returns what the team does in training: at first uniform draws from the box, then what the algorithm gives, with
 * normal noise, cut to the box.
 */
function exploring(config: Config, algorithm: TransitionAlgorithm, env: Environment, random: Random) {
  const { noise = 0, uniform = 0 } = config.exploration;
  const box = env.sizes.box!;
  return (engine: TransitionEngine<true>, step: number, jointAction: Float32Array): void => {
    if (step < uniform) {
      for (let i = 0; i < jointAction.length; i++)
        jointAction[i] = box.low[i] + random.float() * (box.high[i] - box.low[i]);
      return;
    }
    const chosen = algorithm.act(engine, env.observations, random, config);
    const normal = createNormal(random);
    for (let i = 0; i < jointAction.length; i++) jointAction[i] = chosen[i] + noise * normal();
    cutToBox(box, jointAction, jointAction);
  };
}

/**
 * Returns how far targets look ahead. TD(lambda)'s target is the mean of n-step returns with n drawn from the geometric
 * distribution, P(n) = (1 - lambda) lambda^(n - 1). So n is drawn for each transition, which costs as little as
 * one-step targets do, because only one state is bootstrapped from. Up to T_0 targets are one-step, as in equation 6 of
 * the paper.
 */
export function looksAhead(
  { returns }: Pick<Config, "returns">,
  step: number,
  random: Random,
): (() => number) | undefined {
  if (returns.kind === "one-step" || step < returns.burnIn) return undefined;
  if (returns.kind === "n-step") return () => returns.n;
  return () => {
    let n = 1;
    while (n < FARTHEST && random.float() < returns.lambda) n++;
    return n;
  };
}

function restoreTransitions(buffer: TransitionBuffer, { replay }: TrainState): void {
  if (replay.transitions === undefined)
    throw new LabError("The checkpoint holds no transitions to learn from. Start the run anew.");
  buffer.restore(replay.transitions);
}
