import { readFileSync } from "node:fs";
import { freemem, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { rememberedRows } from "../algorithms/target-passes.js";
import type { Config } from "../config.js";
import type { EnvironmentSizes } from "../envs/environment.js";
import { environmentOf } from "../envs/index.js";
import { playEpisodes, uniformRandom } from "../envs/play.js";
import { MOST_REMEMBERED } from "../networks/target-memory.js";
import { environments } from "../parts/environment.js";

/**
 * Bytes that a run takes beside its replay buffer: a thread of Node.js, the networks, an evaluation's environments.
 * What is left of the 1.8 GB that a run of 3s5z at the paper's size was seen to take, its buffer set aside.
 */
const BESIDE_REPLAY = 220e6;
/**
 * Steps of random play that tell how long episodes are: enough for a dozen on 3s5z, where those of a run's buffer are
 * about as long.
 */
const SAMPLE = 800;

/**
 * Bytes of memory that training a configuration comes to, mostly the episodes of its replay buffer once it is full. An
 * estimate: how long episodes are is measured with agents that act at random; those of an environment that is slow
 * count as long as they can be.
 *
 * @example memoryOf(resolveConfig({ environment: "3s5z" })) / 1e9; // gigabytes
 */
export function memoryOf(config: Config): number {
  const { replay, steps } = config;
  const env = environmentOf(config);
  const { episodeLimit } = env.sizes;
  const { slow } = environments.get(config.environment, config.parts);
  const length = slow ? episodeLimit : playEpisodes(env, uniformRandom(1), { steps: SAMPLE }).meanLength;
  const capacity = replay.offlineBatch > 0 ? replay.offlineCapacity : replay.onlineCapacity;
  const stored = Math.min(capacity * length, steps + episodeLimit) * (1 + 1 / length);
  return BESIDE_REPLAY + stored * bytesOfStep(env.sizes) + rememberedBytes(config, stored, env.sizes);
}

/**
 * Bytes of target values that are remembered (see `TargetMemory`) at most: those of all stored steps, or of all that
 * can be sampled between two updates of the target networks.
 */
function rememberedBytes(config: Config, stored: number, sizes: EnvironmentSizes): number {
  const { engine, replay, targetInterval, updates } = config;
  if (engine === "tensorflow") return 0;
  const sampled = targetInterval * updates * (replay.offlineBatch + replay.onlineBatch) * (sizes.episodeLimit + 1);
  return Math.min(MOST_REMEMBERED, Math.min(stored, sampled) * 4 * rememberedRows(config, sizes));
}

/** Bytes of one step of a stored episode; an episode of T steps holds T + 1 of most of its arrays. */
function bytesOfStep({ agents, actions, observation, state }: EnvironmentSizes): number {
  return 4 * (agents * observation + state + 1) + agents * (actions + 1);
}

/**
 * Bytes of memory that this process may still take before the system runs out of it, or the control group that it is in
 * (a container, a job of a cluster, a systemd slice) reaches its limit.
 *
 * @param root where the system's /proc and /sys are
 */
export function availableMemory(root = "/"): number {
  const free = memoryFile(join(root, "proc/meminfo"), /^MemAvailable:\s+(\d+) kB$/m);
  // Elsewhere than on Linux what counts as free leaves out what the system would give back at once.
  const system = free === undefined ? Math.max(freemem(), totalmem() / 2) : 1024 * free;
  return Math.max(0, Math.min(system, ...limitsOfGroups(root)));
}

/**
 * What is left under the limits of the control groups of this process, from the innermost to the outermost, of either
 * version.
 */
function limitsOfGroups(root: string): number[] {
  const lines = readOr(join(root, "proc/self/cgroup")).split("\n");
  return lines.flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path === undefined) return [];
    if (controllers === "") return eachGroup(join(root, "sys/fs/cgroup"), path, "memory.max", "memory.current");
    if (controllers.split(",").includes("memory"))
      return eachGroup(join(root, "sys/fs/cgroup/memory"), path, "memory.limit_in_bytes", "memory.usage_in_bytes");
    return [];
  });
}

function eachGroup(mount: string, path: string, limitFile: string, usageFile: string): number[] {
  const left: number[] = [];
  for (let group = path; ; group = dirname(group)) {
    const folder = join(mount, group);
    // "max" is no limit; the first version says it by a number beyond any memory.
    const limit = memoryFile(join(folder, limitFile), /^(\d+)/);
    const usage = memoryFile(join(folder, usageFile), /^(\d+)/);
    // Cached files count as used, and are given up when memory is needed.
    const cached = memoryFile(join(folder, "memory.stat"), /^(?:total_)?inactive_file (\d+)$/m) ?? 0;
    if (limit !== undefined && usage !== undefined) left.push(limit - Math.max(0, usage - cached));
    if (group === dirname(group)) return left;
  }
}

function memoryFile(path: string, value: RegExp): number | undefined {
  const found = value.exec(readOr(path))?.[1];
  return found === undefined ? undefined : Number(found);
}

function readOr(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** Memory for people, "1.8 GB". */
export function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
