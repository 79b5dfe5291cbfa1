import type { EnvironmentSnapshot, UnitSnapshot } from "../envs/environment.js";
import type { EpisodeRecording } from "./recording.js";

/** Cells of open ground on either side of the seam. */
const MARGIN = 2;
/** The first action that is an attack; those before it are the same for all. */
const ATTACKS = 6;

/**
 * Joins two battles into one recording that shows them side by side, step by step. Each map is cut where its units end.
 * The battle that is over first stays as it ended. Rewards, seed and result are those of the right battle, and its
 * units are numbered on after those of the left one.
 *
 * @param left a battle on any map without medivacs, whose heals are numbered in another way
 * @param right another one
 * @example
 * showReplay(sideBySide(recorded, simulated), { title: "StarCraft II on the left, the simulator on the right" });
 */
export function sideBySide(left: EpisodeRecording, right: EpisodeRecording): EpisodeRecording {
  const seam = Math.ceil(Math.max(...placesOf(left))) + MARGIN;
  const start = Math.floor(Math.min(...placesOf(right))) - MARGIN;
  const length = Math.max(left.frames.length, right.frames.length);
  const frames = Array.from({ length }, (_, t) => join(at(left.frames, t), at(right.frames, t), seam, start, t));
  const enemies = left.frames[0].units.filter(({ side }) => side === "enemy").length;
  const still = (joint: readonly number[]): number[] => joint.map(() => 0);
  const actions = Array.from({ length: length - 1 }, (_, t) => [
    ...(left.actions[t] ?? still(left.actions[0])),
    ...(right.actions[t]?.map((action) => action + (action < ATTACKS ? 0 : enemies)) ?? still(right.actions[0])),
  ]);
  const rewards = Array.from({ length: length - 1 }, (_, t) => right.rewards[t] ?? 0);
  return { environment: right.environment, seed: right.seed, frames, rewards, actions, won: right.won, seam };
}

/** Returns where units are over the whole battle, from left to right. */
function placesOf({ frames }: EpisodeRecording): number[] {
  return frames.flatMap(({ units }) => units.map(({ x }) => x));
}

function at(frames: readonly EnvironmentSnapshot[], t: number): EnvironmentSnapshot {
  return frames[Math.min(t, frames.length - 1)];
}

/**
 * Joins one moment of both: the columns of the left map before `seam`, then those of the right map from `start` on.
 * Allies of both come first.
 */
function join(
  left: EnvironmentSnapshot,
  right: EnvironmentSnapshot,
  seam: number,
  start: number,
  step: number,
): EnvironmentSnapshot {
  const height = Math.max(left.height, right.height);
  const column = ({ width, height, terrain }: EnvironmentSnapshot, x: number, y: number): string =>
    x < 0 || x >= width || y >= height ? "#" : (terrain[y * width + x] ?? ".");
  const rows = Array.from({ length: height }, (_, y) => [
    ...Array.from({ length: seam }, (_, x) => column(left, x, y)),
    ...Array.from({ length: right.width - start }, (_, x) => column(right, start + x, y)),
  ]);
  const isEnemy = ({ unit }: { readonly unit: UnitSnapshot }): number => Number(unit.side === "enemy");
  const order = [left, right].flatMap((moment) => moment.units.map((unit) => ({ moment, unit })));
  order.sort((a, b) => isEnemy(a) - isEnemy(b));
  const indexOf = new Map(order.map(({ unit }, i) => [unit, i]));
  const units = order.map(({ moment, unit }): UnitSnapshot => ({
    ...unit,
    x: moment === left ? unit.x : unit.x - start + seam,
    target: unit.target < 0 ? -1 : indexOf.get(moment.units[unit.target])!,
  }));
  const width = seam + right.width - start;
  const text = `${left.text} | ${right.text}`;
  return { environment: right.environment, step, text, width, height, terrain: rows.flat().join(""), units };
}
