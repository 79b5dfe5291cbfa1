import { Instance, Module } from "../../../webassembly.js";
import type { Battle } from "../battle.js";
import type { Ground } from "../ground.js";
import { MOTION } from "./motion-wasm.js";

/** How many directions a unit tries on each side, in turns of 15 degrees: TURNS of motion.c. */
const TURNS = 8;

let compiled: ConstructorParameters<typeof Instance>[0] | undefined;

/**
 * Returns compiled loops that move a battle's units by their velocities for one tick: around whoever stands in their
 * way, forward, and apart if they overlap. motion.c says how.
 *
 * @param grounds the ground on which each unit can be, [units]
 */
export function createMotion(b: Battle, grounds: readonly Ground[]): () => void {
  const { arena, units } = b;
  const { memory } = arena;
  const doubles = (): Float64Array => arena.doubles(units);
  const turned = (value: (angle: number) => number): Float64Array => {
    const table = arena.doubles(TURNS + 1);
    table.set(Array.from(table, (_, k) => value((k * Math.PI) / 12)));
    return table;
  };
  const edge = (side: number): Float64Array => {
    const edges = doubles();
    edges.set(grounds.map(({ box }) => box?.[side] ?? 0));
    return edges;
  };
  const clearOf = new Map<Ground, Uint8Array>();
  for (const ground of grounds) {
    if (ground.box !== null || clearOf.has(ground)) continue;
    const clear = arena.bytes(ground.clear.length);
    clear.set(ground.clear);
    clearOf.set(ground, clear);
  }
  const clears = arena.words(units);
  clears.set(grounds.map((ground) => clearOf.get(ground)?.byteOffset ?? 0));

  // The members of `battle` in motion.c, in their order.
  const members = [
    ...[b.order, b.target, b.side, b.alive, b.layer],
    ...[b.x, b.y, b.vx, b.vy, b.pace, b.speed, b.acceleration, b.separation, b.layerSeparation],
    ...[edge(0), edge(1), edge(2), edge(3), clears],
    ...[turned(Math.cos), turned(Math.sin)],
    ...[doubles(), doubles(), doubles(), doubles(), doubles(), doubles(), doubles(), doubles()],
    ...[arena.words(units), arena.words(units)],
  ];
  const record = arena.words(1 + members.length);
  record.set([units, ...members.map((array) => array.byteOffset)]);

  compiled ??= new Module(Uint8Array.from(atob(MOTION), (letter) => letter.charCodeAt(0)));
  const { step } = new Instance(compiled, { env: { memory } }).exports as {
    step: (battle: number, widest: number) => void;
  };
  const at = record.byteOffset;
  const widest = b.maxSeparation;
  return () => step(at, widest);
}
