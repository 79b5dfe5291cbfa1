import { existsSync, readFileSync } from "node:fs";
import { createEnvironment, environmentOf } from "../envs/index.js";
import { createJointAction, type Environment } from "../envs/environment.js";
import { EpisodeLost } from "../envs/lost.js";
import { LabError } from "../errors.js";
import type { Engine } from "../networks/engine.js";
import { agentInput } from "../networks/kinds.js";
import { networkParameters } from "../networks/parameters.js";
import { createSparseEngine } from "../networks/sparse/engine.js";
import { onReading } from "../runs/disk.js";
import { decodeSafetensors, type TensorFile } from "../runs/safetensors.js";
import { readRun, readRunCheckpoint } from "../runs/store.js";
import { MOST_LOST } from "../training/evaluate.js";
import { openTeam } from "../training/team.js";
import { greedyPolicy } from "../training/rollout.js";

/** One episode that a trained team played greedily. */
export interface PlayedEpisode {
  readonly seed: number;
  readonly won: boolean;
  readonly return: number;
  readonly steps: number;
}

/** The episodes that a trained team played. */
export interface PlayedTeam {
  readonly episodes: readonly PlayedEpisode[];
  /** Whether a team can win in the environment. */
  readonly wins: boolean;
  /**
   * Number of episodes that were played again because the environment failed; an environment in a process of its own
   * may fail.
   */
  readonly lost: number;
}

/** Number of episodes, their seeds and their environment. */
export interface TeamPlay {
  readonly episodes: number;
  /** Seed of the first battle; the others count up from it. Default: 1. */
  readonly seed?: number;
  /** The environment, needed for a network from a file. Default: the environment in which the run was trained. */
  readonly environment?: string;
  readonly rules?: "starcraft" | "smaclite";
  /** The folder of runs. Default: see `runsDirectory`. */
  readonly runs?: string;
}

/**
 * Lets a trained team play greedily. The team is the last checkpoint of a run, or an agent network in a safetensors
 * file with PyMARL's names (`agent.fc1.weight`, or `fc1.weight` without the network's name).
 *
 * @throws {LabError} when the file holds no agent network, or one for observations or actions of other sizes than the
 *   environment's
 * @throws {EpisodeLost} when the environment fails in more than five episodes in a row
 * @example const { episodes } = playTeam("qmix-3m.safetensors", { environment: "3m", episodes: 200 });
 */
export function playTeam(team: string, { episodes, seed = 1, environment, rules, runs }: TeamPlay): PlayedTeam {
  const { env, team: players } = /\.safetensors$/.test(team)
    ? fromFile(team, environment, rules)
    : fromRun(team, environment, rules, runs);
  try {
    const joint = createJointAction(env.sizes);
    const playOne = (k: number): PlayedEpisode => {
      env.reset(seed + k);
      let total = 0;
      let steps = 0;
      while (!env.ended) {
        players.policy(env, joint, steps++);
        env.step(joint);
        total += env.reward;
      }
      return { seed: seed + k, won: env.won, return: total, steps };
    };
    const played: PlayedEpisode[] = [];
    let lost = 0;
    let lostInTurn = 0;
    while (played.length < episodes) {
      try {
        played.push(playOne(played.length));
        lostInTurn = 0;
      } catch (error) {
        if (!(error instanceof EpisodeLost) || ++lostInTurn > MOST_LOST) throw error;
        lost++;
      }
    }
    return { episodes: played, wins: env.wins !== false, lost };
  } finally {
    env.close?.();
    players.dispose();
  }
}

function fromRun(name: string, environment: string | undefined, rules: TeamPlay["rules"], runs: string | undefined) {
  const { config, directory } = readRun(name, { runs });
  const { state } = readRunCheckpoint(directory);
  // Settings of the environment in which the run was trained do not apply to another one.
  const { environment: _, ...options } = config.options ?? {};
  const env = environmentOf({
    ...config,
    ...(environment !== undefined && environment !== config.environment && { environment, options }),
    rules: rules ?? config.rules,
  });
  const trained = environmentOf(config);
  if (
    env.sizes.observation !== trained.sizes.observation ||
    env.sizes.actions !== trained.sizes.actions ||
    env.sizes.agents !== trained.sizes.agents ||
    (env.sizes.box === undefined) !== (trained.sizes.box === undefined)
  ) {
    throw new LabError(
      `${name} was trained on ${config.environment}, whose agents have observations or actions of other sizes than those of ${env.name}: choose an environment of the same sizes.`,
    );
  }
  return { env, team: openTeam(config, state) };
}

function fromFile(path: string, environment: string | undefined, rules: TeamPlay["rules"]) {
  if (environment === undefined) throw new LabError(`${path} does not name its environment: add --environment MAP.`);
  if (!existsSync(path)) throw new LabError(`There is no file ${path}.`);
  const env = createEnvironment(environment, { rules });
  const engine = agentFromFile(path, env);
  return { env, team: { policy: greedyPolicy(engine.createActor(1)), dispose: () => engine.dispose() } };
}

function readTensors(path: string): TensorFile {
  try {
    return decodeSafetensors(onReading(path, () => readFileSync(path)));
  } catch (error) {
    throw new LabError(`${path} cannot be read: ${(error as Error).message}.`, { cause: error });
  }
}

/**
 * Makes an engine with the agent network of a safetensors file with PyMARL's names. Its mixer, which acting does not
 * need, is empty.
 *
 * @throws {LabError} when the file holds no agent network, or one for observations or actions of other sizes
 */
export function agentFromFile(path: string, env: Environment): Engine<true> {
  const { tensors } = readTensors(path);
  if (env.sizes.box !== undefined)
    throw new LabError(
      `${env.name} has continuous actions, but ${path} must hold a recurrent agent of discrete actions: name a run of comix or facmac instead.`,
    );
  const named = (name: string) => tensors.get(name) ?? tensors.get(name.replace(/^agent\./, ""));
  const hidden = named("agent.fc1.bias")?.shape[0];
  if (hidden === undefined)
    throw new LabError(
      `${path} holds no agent network: there is no agent.fc1.bias among ${[...tensors.keys()].slice(0, 4).join(", ") || "no tensors"}.`,
    );
  const shape = { ...env.sizes, hidden, embed: 1, hypernetEmbed: 1 };
  const parameters = new Map<string, Float32Array>();
  for (const { name, shape: size, network } of networkParameters(shape)) {
    const values = new Float32Array(size.reduce((a, b) => a * b, 1));
    parameters.set(name, values);
    if (network !== "agent") continue;
    const tensor = named(name);
    if (tensor === undefined) throw new LabError(`${path} holds no ${name}.`);
    if (tensor.shape.join() !== size.join()) {
      throw new LabError(
        `${path} is not a network for ${env.name}: its ${name} is [${tensor.shape.join(", ")}], and ${env.name} needs [${size.join(", ")}] (inputs: ${agentInput(shape)}, actions: ${shape.actions}).`,
      );
    }
    values.set(Float32Array.from(tensor.data as Float32Array, Number));
  }
  return createSparseEngine(shape, parameters, new Map());
}
