import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { UnitSnapshot } from "../envs/environment.js";
import { createEnvironment } from "../envs/index.js";
import { type EpisodeRecording, recordEpisode } from "../figures/recording.js";
import { packageRoot } from "../node/project.js";
import { greedyPolicy } from "../training/rollout.js";
import { agentFromFile } from "./team-play.js";

/** One order to an ally in a recorded battle. An order to move includes the unit's exact position at that moment. */
export type RecordedOrder =
  | readonly ["E" | "W" | "N" | "S", number, number]
  | readonly ["a", string]
  | readonly ["h", string, number, number]
  | readonly ["s"]
  | readonly ["m?"];

/**
 * One battle that was played in StarCraft II. Units are named A0.. and E0.. in the order of spawning; times are game
 * loops since spawning.
 */
export interface RecordedBattle {
  readonly win: boolean;
  /** The units: [name, type, x, y] with whole numbers. */
  readonly units: readonly (readonly [string, string, number, number])[];
  /** The steps: [loop, orders by ally, exact positions of the enemies under attack]. */
  readonly steps: readonly (readonly [
    number,
    Readonly<Record<string, RecordedOrder>>,
    Readonly<Record<string, readonly [number, number]>>,
  ])[];
  /** The deaths: [loop, unit, killer, x, y]. */
  readonly deaths: readonly (readonly [number, string, string | null, number, number])[];
}

/** A recorded battle, and a simulated one in which a network of the same training played the allies. */
export interface BattlePair {
  /** The battle of the real game, with positions interpolated between orders. */
  readonly recorded: EpisodeRecording;
  /** A battle of our simulator, played by the network of the recorded team. */
  readonly simulated: EpisodeRecording;
}

/**
 * Returns the folder of recordings of the real game: MAST_REFERENCE, or ../shared/reference/smac beside the project;
 * undefined where there is none.
 */
export function referenceFolder(): string | undefined {
  const folder = process.env["MAST_REFERENCE"] ?? resolve(packageRoot(), "../shared/reference/smac");
  return existsSync(join(folder, "networks.csv")) ? folder : undefined;
}

/**
 * Returns a battle that QMIX played in the real game, and one that a network of the same training, of 1.8 million
 * steps, plays in our simulator; undefined where the recordings are missing.
 *
 * @param map one of those recorded: 3m, 8m, 2s3z or 2c_vs_64zg
 * @param number which of the recorded battles, from 0
 * @example
 * const pair = battlePair("3m");
 * if (pair !== undefined) showReplay(sideBySide(pair.recorded, pair.simulated));
 */
export function battlePair(map: string, number = 1): BattlePair | undefined {
  const folder = referenceFolder();
  const path = folder && join(folder, "battles", `${map}-qmix.json`);
  const network = folder && join(folder, "networks", `${map}-qmix-1800k.safetensors`);
  if (path === undefined || network === undefined || !existsSync(path) || !existsSync(network)) return undefined;
  const battle = (JSON.parse(readFileSync(path, "utf8")) as { episodes: RecordedBattle[] }).episodes[number];
  if (battle === undefined) return undefined;
  const env = createEnvironment(map);
  const engine = agentFromFile(network, env);
  try {
    const simulated = recordEpisode(env, greedyPolicy(engine.createActor(1)), number);
    return { recorded: recordingOf(battle, map), simulated };
  } finally {
    engine.dispose();
  }
}

/**
 * Turns a recorded battle into frames for a replay. Between two moments at which a unit's position is known, its
 * position is interpolated linearly; the target of its fire is the unit that it was ordered to attack. Recordings do
 * not contain health, rewards and the enemies' targets: bars stay full and rewards are zero.
 *
 * @param map the environment's name; its terrain, radii and starting positions are those of the simulator
 */
export function recordingOf({ win, units, steps, deaths }: RecordedBattle, map: string): EpisodeRecording {
  const env = createEnvironment(map);
  env.reset(0);
  const start = env.snapshot();
  const free = new Set(start.units);
  const names = units.map(([name]) => name);
  const models = units.map(([name, type, x, y]): UnitSnapshot => {
    const kind = type.replace("_RL", "").toLowerCase();
    const far = (unit: UnitSnapshot): number => Math.hypot(unit.x - x - 0.5, unit.y - y - 0.5);
    const side = name.startsWith("A") ? "ally" : "enemy";
    const alike = [...free].filter((unit) => unit.side === side && unit.type === kind);
    const nearest = alike.reduce((best, unit) => (far(unit) < far(best) ? unit : best));
    free.delete(nearest);
    return nearest;
  });
  const paths = names.map((name, i) => {
    const known = steps.flatMap(([loop, orders, seen]): Known[] => {
      const order = orders[name];
      if (order !== undefined && "EWNS".includes(order[0])) return [[loop, order[1] as number, order[2] as number]];
      if (order?.[0] === "h") return [[loop, order[2], order[3]]];
      return seen[name] === undefined ? [] : [[loop, ...seen[name]]];
    });
    return known[0]?.[0] === 0 ? known : [[0, models[i].x, models[i].y] as const, ...known];
  });
  const diedAt = new Map(deaths.map(([loop, unit]) => [unit, loop]));
  const loops = [...steps.map(([loop]) => loop), steps.at(-1)![0] + 8];
  const lives = (name: string, loop: number): boolean => (diedAt.get(name) ?? Infinity) > loop;
  const frames = loops.map((loop, t) => ({
    ...start,
    step: t,
    text: `${map} in StarCraft II, loop ${loop}`,
    units: names.map((name, i): UnitSnapshot => {
      const order = steps[t - 1]?.[1][name];
      const alive = lives(name, loop);
      const [x, y] = placeAt(paths[i], loop);
      const model = models[i];
      const target = alive && order?.[0] === "a" ? names.indexOf(order[1]) : -1;
      const [health, shield] = alive ? [model.maxHealth, model.maxShield] : [0, 0];
      return { ...model, x, y, alive, target, health, shield };
    }),
  }));
  const last = new Map<string, number>();
  const allies = names.filter((name) => name.startsWith("A"));
  const actions = steps.map(([loop, orders]) =>
    allies.map((name) => {
      const order = orders[name];
      if (!lives(name, loop)) return 0;
      if (order === undefined || order[0] === "s") return 1;
      if (order[0] === "a" || order[0] === "h") return 6 + Number(order[1].slice(1));
      if (order[0] !== "m?") last.set(name, { N: 2, S: 3, E: 4, W: 5 }[order[0]]);
      return last.get(name) ?? 1;
    }),
  );
  return { environment: map, seed: 0, frames, rewards: actions.map(() => 0), actions, won: win };
}

/** A known position: [loop, x, y]. */
type Known = readonly [number, number, number];

function placeAt(path: readonly Known[], loop: number): [number, number] {
  const after = path.findIndex(([at]) => at > loop);
  const [from, x, y] = path.at(after < 0 ? -1 : after - 1)!;
  if (after < 0) return [x, y];
  const [to, toX, toY] = path[after];
  const part = (loop - from) / (to - from);
  return [x + part * (toX - x), y + part * (toY - y)];
}
