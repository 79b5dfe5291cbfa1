import { Instance, Module } from "../../../webassembly.js";
import type { Arena, Battle } from "../battle.js";
import { FINE_SIZE, GOALS, type Ground } from "../ground.js";
import { MAP_SIZE, type Blocks, type View } from "../observe.js";
import { BATTLE, GROUND, LOOPS, NUMBERS, VIEW } from "./loops-wasm.js";

/**
 * Directions that a unit tries after straight on, in turns of 15 degrees, for each side that it took last (-1, 0 for
 * none, 1): the nearest first, and all of the side that it took before the other. Because four are tried at a time, the
 * last is there four times, and all are DIRECTIONS of motion.c.
 */
const TURNS = [-1, 0, 1].map((taken) => {
  const turns = [1, 2, 3, 4, 5, 6, 7, 8];
  const tried =
    taken === 0
      ? turns.flatMap((turn) => [-turn, turn])
      : [taken, -taken].flatMap((side) => turns.map((turn) => side * turn));
  const last = tried[tried.length - 1];
  return [0, ...tried, ...Array.from({ length: 7 }, () => last)];
});
/**
 * Cosine and sine of the angle that a unit turns in a tick, and cosine of the angle within which it fires (TurningRate
 * 999.8437 degrees a second, ArcSlop 11.25).
 */
const TURN = (999.8437 / 16 / 180) * Math.PI;
const FACING = (11.25 / 180) * Math.PI;

/** Patches of the map along one axis of which it is known whether they can be seen from a corner: see ground.c. */
const PATCHES = FINE_SIZE / 2;
/** Size of a `body` of battle.h, in doubles. */
const BODY = 8;
/** Types of units that there are at most. */
const TYPES = 16;

/** Compiled loops over one battle; units are given by number. */
export interface Loops {
  /** Plays one step of the `starcraft` rules. */
  play(): void;
  /** Lets enemies walk for the one loop that they are ahead when SMAC looks for the first time. */
  march(): void;
  /**
   * Fires one shot of unit `i` at unit `t`. Each of its attacks takes shield first, then health, reduced by armour.
   *
   * @param minimum least damage of an attack that reaches health (0.5 in StarCraft II)
   * @param shieldDelay how long the victim's shield then does not regenerate
   * @param attacks number of attacks in the shot
   * @returns the shield and health points taken, without overkill
   */
  strike(i: number, t: number, minimum: number, shieldDelay: number, attacks: number): number;
  /** Tells whether unit `j` touches the beam of unit `i`. */
  isInBeam(i: number, j: number): boolean;
  /**
   * Returns what is shown of the battle.
   *
   * @param open 1 for a cell that can be walked on, [MAP_SIZE, MAP_SIZE] row-major from y = 0
   */
  view(blocks: Blocks, open: Uint8Array): View;
  /** Tells whether unit `i` could walk straight from (x, y) to (toX, toY). */
  canWalk(i: number, x: number, y: number, toX: number, toY: number): boolean;
  /** Returns where unit `i` would have to head for at (x, y), to get to (toX, toY): [x, y]. */
  headFor(i: number, x: number, y: number, toX: number, toY: number): [x: number, y: number];
}

/** The functions that the compiled module exports. Battles and grounds are addresses. */
interface Exports {
  play(battle: number): void;
  march(battle: number): void;
  strike(battle: number, i: number, t: number, minimum: number, shieldDelay: number, attacks: number): number;
  in_beam(battle: number, i: number, j: number): number;
  can_walk(ground: number, x: number, y: number, toX: number, toY: number): number;
  head_for(ground: number, x: number, y: number, toX: number, toY: number, out: number): void;
  connect_corners(ground: number): void;
  show(battle: number, view: number): void;
}

let compiled: ConstructorParameters<typeof Instance>[0] | undefined;

/**
 * Connects a battle with the compiled loops, which work in its memory. battle.h says what they need.
 *
 * @param grounds the ground on which each unit can be, [units]; without it there are no cliffs
 */
export function createLoops(b: Battle, grounds: readonly Ground[] = []): Loops {
  const { arena, units } = b;
  compiled ??= new Module(Uint8Array.from(atob(LOOPS), (letter) => letter.charCodeAt(0)));
  const exports = new Instance(compiled, { env: { memory: arena.memory } }).exports as Exports;

  const groundAt = new Map<Ground, number>();
  for (const ground of grounds) {
    if (ground.box !== null || groundAt.has(ground)) continue;
    const at = placeGround(arena, ground);
    exports.connect_corners(at);
    groundAt.set(ground, at);
  }
  const turns = TURNS.flat();
  const table = (value: (turn: number) => number): Float64Array =>
    filled(arena.doubles(turns.length), turns.map(value));
  const cosines = table((turn) => Math.cos((Math.abs(turn) * Math.PI) / 12));
  const sines = table((turn) => Math.sign(turn) * Math.sin((Math.abs(turn) * Math.PI) / 12));
  const rough = (values: Float64Array): Float32Array => filled(arena.floats(values.length), values);
  const box = filled(
    arena.doubles(4 * units),
    Array.from({ length: units }, (_, i) => {
      const [left, right, bottom, top] = grounds[i]?.box ?? [0, 0, 0, 0];
      return [left, bottom, right, top];
    }).flat(),
  );
  const addresses = filled(
    arena.words(units),
    Array.from({ length: units }, (_, i) => groundAt.get(grounds[i]) ?? 0),
  );
  const numbers: Readonly<Record<string, unknown>> = {
    ...b.habits,
    ...b,
    ...{ turnCos: Math.cos(TURN), turnSin: Math.sin(TURN), facingCos: Math.cos(FACING) },
  };
  /** Numbers of the units of which something holds, and -1. */
  const listed = (holds: (i: number) => boolean): Int32Array => {
    const all = b.types.map((_, i) => i).filter(holds);
    return filled(arena.words(all.length + 1), [...all, -1]);
  };
  const doubles = (): Float64Array => arena.doubles(units + 4);
  const words = (): Int32Array => arena.words(units + 1);
  const touching = filled(
    doubles(),
    b.separation.map((own, i) => own + b.layerSeparation[i]),
  );
  const at = place(arena, BATTLE, {
    ...b,
    lookPeriod: b.habits.lookPeriod,
    enemyFollows: Number(b.map.enemyFollows),
    accelerates: Number(b.acceleration.some((acceleration) => acceleration !== 0)),
    numbers: filled(
      arena.doubles(NUMBERS.split(" ").length),
      NUMBERS.split(" ").map((name) => numbers[name] as number),
    ),
    ...{ grounds: addresses, box, touching },
    shielded: listed((i) => b.maxShield[i] > 0),
    regenerating: listed((i) => b.regeneration[i] > 0),
    healers: listed((i) => b.heals[i] === 1),
    ...{ cosines, sines, roughCosines: rough(cosines), roughSines: rough(sines) },
    ...{ hits: arena.words(2 * units), aimedAt: words(), crossing: doubles(), wasX: doubles(), wasY: doubles() },
    ...{ wayX: doubles(), wayY: doubles(), placeX: doubles(), walking: words() },
    ...{
      standers: arena.doubles(4 * (units + 4)),
      fours: arena.doubles(2 * (units + 16)),
      near: arena.doubles(2 * units),
    },
    ...{ bodies: arena.doubles(BODY * (units + 8)), roughX: arena.floats(units + 8), roughY: arena.floats(units + 8) },
    foreseen: arena.halves(units),
  });
  const bend = arena.doubles(2);

  return {
    play: () => exports.play(at),
    march: () => exports.march(at),
    strike: (i, t, minimum, shieldDelay, attacks) => exports.strike(at, i, t, minimum, shieldDelay, attacks),
    isInBeam: (i, j) => exports.in_beam(at, i, j) === 1,
    view(blocks, open) {
      const observations = arena.floats(b.allies * blocks.observation);
      const state = arena.floats(blocks.state);
      const available = arena.bytes(b.allies * b.actions);
      const viewAt = place(arena, VIEW, {
        ...b,
        ...blocks,
        isSmaclite: Number(b.rules === "smaclite"),
        stateLength: blocks.state,
        open: filled(arena.bytes(open.length), open),
        ...{ observations, state, available, healthPart: arena.floats(units), shieldPart: arena.floats(units) },
      });
      return { observations, state, availableActions: available, show: () => exports.show(at, viewAt) };
    },
    canWalk: (i, x, y, toX, toY) => addresses[i] === 0 || exports.can_walk(addresses[i], x, y, toX, toY) === 1,
    headFor(i, x, y, toX, toY) {
      if (addresses[i] === 0) return [toX, toY];
      exports.head_for(addresses[i], x, y, toX, toY, bend.byteOffset);
      return [bend[0], bend[1]];
    },
  };
}

/** Bytes that `createLoops` and its view place in a battle's memory. */
export function loopBytes(allies: number, units: number, grounds: readonly Ground[]): number {
  // Nobody is described by more numbers than this, among them one for each type that there is.
  const described = 6 + TYPES;
  const shown = allies * (4 * (units + 1) * described + units + 6) + 4 * (units * described + allies * (units + 6));
  const cliffs = [...new Set(grounds)].filter(({ box }) => box === null);
  const ofGround = ({ strides, closed, nearest, cornerX: { length } }: Ground): number =>
    strides.byteLength +
    closed.byteLength +
    nearest.byteLength +
    8 * (2 * GOALS + length * (length + GOALS + 3)) +
    length * PATCHES * PATCHES +
    128;
  return (
    shown +
    8 * (32 + BODY) * (units + 8) +
    MAP_SIZE * MAP_SIZE +
    4096 +
    cliffs.reduce((sum, ground) => sum + ofGround(ground), 0)
  );
}

function placeGround(arena: Arena, { strides, closed, nearest, cornerX, cornerY }: Ground): number {
  const corners = cornerX.length;
  return place(arena, GROUND, {
    corners,
    strides: filled(arena.bytes(strides.length), strides),
    closed: filled(arena.halves(closed.length), closed),
    nearest: filled(arena.halves(nearest.length), nearest),
    cornerX: filled(arena.doubles(corners), cornerX),
    cornerY: filled(arena.doubles(corners), cornerY),
    between: arena.doubles(corners * corners),
    toGoal: arena.doubles(GOALS * corners),
    goals: arena.doubles(2 * GOALS).fill(-1),
    ways: arena.doubles(corners + 1),
    sights: arena.bytes(corners * PATCHES * PATCHES),
  });
}

/**
 * Places a struct of battle.h, whose members are whole numbers or addresses of arrays.
 *
 * @param members names of the members in their order
 * @returns the address
 */
function place(arena: Arena, members: string, values: Readonly<Record<string, unknown>>): number {
  const names = members.split(" ");
  const record = filled(
    arena.words(names.length),
    names.map((name) => {
      const value = values[name];
      if (typeof value === "number") return value;
      if (ArrayBuffer.isView(value) && value.buffer === arena.memory.buffer) return value.byteOffset;
      throw new Error(`The compiled loops need ${name}, which is not in the battle's memory.`);
    }),
  );
  return record.byteOffset;
}

function filled<Values extends Float64Array | Float32Array | Int32Array | Uint16Array | Uint8Array>(
  array: Values,
  values: ArrayLike<number>,
): Values {
  array.set(values);
  return array;
}
