import { readFileSync } from "node:fs";
import { freemem, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { rememberedRows } from "../algorithms/target-passes.js";
import type { Config } from "../config.js";
import type { EnvironmentSizes } from "../envs/environment.js";
import { environmentOf } from "../envs/index.js";
import { playEpisodes, uniformRandom } from "../envs/play.js";
import { MOST_REMEMBERED } from "../networks/target-memory.js";
import { algorithmOf } from "../parts/algorithm.js";
import { environments } from "../parts/environment.js";
import { transitionBytes } from "../replay/transitions.js";

/**
 * Bytes that a run needs beside its replay buffer, for a thread of Node.js, the networks and the environments of
 * evaluations. A run of 3s5z at the paper's size was measured to take 1.8 GB; this is what remains after its buffer.
 */
const BESIDE_REPLAY = 220e6;
/**
 * Number of steps of random play from which the length of episodes is estimated: enough for a dozen episodes on 3s5z,
 * which are about as long as those in a run's buffer.
 */
const SAMPLE = 800;

/**
 * Estimates the bytes of memory that training a configuration needs, mostly for the episodes of its full replay buffer.
 * The length of episodes is measured by random play; for a slow environment the episode limit is taken.
 *
 * @example memoryOf(resolveConfig({ environment: "3s5z" })) / 1e9; // gigabytes
 */
export function memoryOf(config: Config): number {
  const { replay, steps } = config;
  const env = environmentOf(config);
  // A checkpoint holds the transitions: they are copied, laid out as a file and written.
  if (algorithmOf(config).learnsFrom === "transitions")
    return BESIDE_REPLAY + 3 * Math.min(replay.offlineCapacity, steps) * transitionBytes(env.sizes);
  const { episodeLimit } = env.sizes;
  const { slow } = environments.get(config.environment, config.parts);
  const length = slow ? episodeLimit : playEpisodes(env, uniformRandom(1), { steps: SAMPLE }).meanLength;
  const capacity = replay.offlineBatch > 0 ? replay.offlineCapacity : replay.onlineCapacity;
  const stored = Math.min(capacity * length, steps + episodeLimit) * (1 + 1 / length);
  return BESIDE_REPLAY + stored * bytesOfStep(env.sizes) + rememberedBytes(config, stored, env.sizes);
}

/**
 * Computes the most bytes of remembered target values (see `TargetMemory`): those of all stored steps, or of all steps
 * that can be sampled between two updates of the target networks.
 */
function rememberedBytes(config: Config, stored: number, sizes: EnvironmentSizes): number {
  const { engine, replay, targetInterval, updates } = config;
  if (engine === "tensorflow") return 0;
  const sampled = targetInterval * updates * (replay.offlineBatch + replay.onlineBatch) * (sizes.episodeLimit + 1);
  return Math.min(MOST_REMEMBERED, Math.min(stored, sampled) * 4 * rememberedRows(config, sizes));
}

/**
 * Computes the bytes of one step of a stored episode. An episode of T steps holds T + 1 entries in most of its arrays.
 */
function bytesOfStep({ agents, actions, observation, state }: EnvironmentSizes): number {
  return 4 * (agents * observation + state + 1) + agents * (actions + 1);
}

/**
 * Returns the bytes of memory that this process may still allocate before the system runs out of memory, or its control
 * group (a container, a job of a cluster, a systemd slice) reaches its limit.
 *
 * @param root the folder that holds /proc and /sys
 */
export function availableMemory(root = "/"): number {
  const free = memoryFile(join(root, "proc/meminfo"), /^MemAvailable:\s+(\d+) kB$/m);
  // Other systems than Linux do not count memory as free that they would give back at once.
  const system = free === undefined ? Math.max(freemem(), totalmem() / 2) : 1024 * free;
  return Math.max(0, Math.min(system, ...limitsOfGroups(root)));
}

/**
 * Returns the bytes left under the limits of this process's control groups (version 1 or 2), from the innermost to the
 * outermost.
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
    // "max" means no limit; version 1 writes a number larger than any memory instead.
    const limit = memoryFile(join(folder, limitFile), /^(\d+)/);
    const usage = memoryFile(join(folder, usageFile), /^(\d+)/);
    // Cached files count as used, although the system frees them when memory is needed.
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

/** Formats bytes of memory for people: "1.8 GB". */
export function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
