import { createJointAction, type Environment, type EnvironmentSnapshot } from "../envs/environment.js";
import type { Policy } from "../envs/play.js";

/** One episode as it was played, to be drawn. T is its length in steps. */
export interface EpisodeRecording {
  /** Name of the environment, for example "3m". */
  readonly environment: string;
  /** Seed that the environment was reset with. */
  readonly seed: number;
  /** The environment before the first and after every step. [T + 1] */
  readonly frames: readonly EnvironmentSnapshot[];
  /** Team reward of each step. [T] */
  readonly rewards: readonly number[];
  /** Joint action of each step. [T][agents], or [T][agents * numbers] where actions are continuous. */
  readonly actions: readonly (readonly number[])[];
  /** How many numbers one agent's action consists of; absent if agents choose among several actions. */
  readonly numbers?: number;
  /** Whether the team won. */
  readonly won: boolean;
  /**
   * Where two battles that are shown side by side meet, in cells from the left end of the map; absent if there is one.
   */
  readonly seam?: number;
}

/**
 * Plays one episode and keeps every moment of it.
 *
 * @example
 * const recording = recordEpisode(env, greedyPolicy(engine.createActor(1)), 7);
 * await showReplay(recording);
 */
export function recordEpisode(env: Environment, policy: Policy, seed: number): EpisodeRecording {
  const jointAction = createJointAction(env.sizes);
  const frames: EnvironmentSnapshot[] = [];
  const rewards: number[] = [];
  const actions: number[][] = [];
  env.reset(seed);
  frames.push(env.snapshot());
  for (let t = 0; !env.ended; t++) {
    policy(env, jointAction, t);
    env.step(jointAction);
    actions.push([...jointAction]);
    rewards.push(env.reward);
    frames.push(env.snapshot());
  }
  const { box, actions: numbers } = env.sizes;
  return { environment: env.name, seed, frames, rewards, actions, won: env.won, numbers: box ? numbers : undefined };
}

/** Returns one line about a recorded episode: "3m, seed 7: won after 24 steps, return 20.0". */
export function replayTitle({ environment, seed, rewards, won, frames }: EpisodeRecording): string {
  const total = rewards.reduce((a, b) => a + b, 0);
  const result = won ? "won" : frames[0].units.length === 0 ? "ended" : "not won";
  return `${environment}, seed ${seed}: ${result} after ${rewards.length} steps, return ${total.toFixed(1)}`;
}
