import { Memory, type WasmMemory } from "../../webassembly.js";
import type { BattleMap } from "./maps.js";
import { bySpawn, unitsOf } from "./maps.js";
import { HABITS } from "./rules.js";
import type { EnemyHabits } from "./rules.js";
import { attackDamage, canTarget, ENERGY_MAX, ENERGY_START } from "./units.js";
import type { Rules, UnitType } from "./units.js";

/** The orders that a unit can have. */
export const STOP = 0;
export const MOVE = 1;
export const ATTACK = 2;
/** The enemy's order: walk to the battle's goal and fight what comes in sight. */
export const ATTACK_MOVE = 3;
/** The agent is dead. */
export const NONE = 4;

/** A tick is one game loop. SMAC plays eight of them a step. */
export const TICKS_PER_SECOND = 16;
export const TICKS_PER_STEP = 8;

export const LAYERS = ["ground", "colossus", "air"] as const;
export const GROUND = 0;
export const COLOSSUS = 1;
export const AIR = 2;

/**
 * A battle as parallel arrays over units, allies first. What changes during an episode is in one buffer, so that saving
 * an episode is copying it. The rest is fixed when the battle is made.
 */
export interface Battle {
  readonly map: BattleMap;
  readonly rules: Rules;
  readonly habits: EnemyHabits;
  readonly allies: number;
  readonly enemies: number;
  /** Number of units: allies + enemies. */
  readonly units: number;
  readonly actions: number;
  readonly types: readonly UnitType[];

  /**
   * Fixed values of each unit: radius, separation and weapon reach (range + own radius) in cells, speed in cells a
   * tick.
   */
  readonly radius: Float64Array;
  readonly separation: Float64Array;
  /** The greatest separation on the unit's layer. */
  readonly layerSeparation: Float64Array;
  readonly reach: Float64Array;
  readonly speed: Float64Array;
  /** Speed gained each tick, in cells a tick; with 0 a unit is at full speed at once. */
  readonly acceleration: Float64Array;
  /** Ticks between shots and from decision to hit. */
  readonly period: Float64Array;
  readonly damagePoint: Int32Array;
  readonly backswing: Int32Array;
  /** Speed of its missiles in cells a tick, and ticks to the second strike; 0 for none. */
  readonly missile: Float64Array;
  readonly secondStrike: Int32Array;
  /** See `UnitMotion`. */
  readonly notice: Float64Array;
  readonly slack: Float64Array;
  readonly maxHealth: Float64Array;
  readonly maxShield: Float64Array;
  readonly armor: Float64Array;
  readonly attacks: Int32Array;
  /** Health points a tick. */
  readonly regeneration: Float64Array;
  readonly layer: Uint8Array;
  readonly heals: Uint8Array;
  /** The number of each unit with beams, from 1 on; 0 for all others. */
  readonly beam: Uint8Array;
  readonly observedCooldown: Float64Array;
  /** Index of the unit's one-hot type in observation and state. */
  readonly typeBit: Uint8Array;
  /** Damage of one attack before armour, and whether the weapon (or healing) works on the target. [units, units] */
  readonly damage: Float64Array;
  readonly reaches: Uint8Array;
  readonly maxReward: number;
  readonly maxRadius: number;
  readonly maxSeparation: number;

  /** The memory of all arrays over units, which compiled loops work on. */
  readonly arena: Arena;

  /** The buffer of the episode: every array below is a view of it. */
  readonly episode: Uint8Array;
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Velocity in cells a tick; under smaclite rules in cells a second. */
  readonly vx: Float64Array;
  readonly vy: Float64Array;
  readonly health: Float64Array;
  readonly shield: Float64Array;
  /** Ticks (smaclite: seconds) until the next shot, and until the shield regenerates. */
  readonly cooldown: Float64Array;
  readonly shieldDelay: Float64Array;
  readonly energy: Float64Array;
  /** The goal of a MOVE. */
  readonly goalX: Float64Array;
  readonly goalY: Float64Array;
  /** Present speed of a unit that has to gain speed, in cells a tick. */
  readonly pace: Float64Array;
  /** The direction in which the unit looks, as a unit vector. */
  readonly faceX: Float64Array;
  readonly faceY: Float64Array;
  /** The place at which a beam was aimed. */
  readonly beamX: Float64Array;
  readonly beamY: Float64Array;
  /** The bend in the way around a cliff. */
  readonly bendX: Float64Array;
  readonly bendY: Float64Array;
  /** Health points that were paid for with energy and not yet given. */
  readonly healing: Float64Array;
  /** Health and shield of the enemies when the step began; SMAC's reward is the difference. [enemies] */
  readonly before: Float64Array;
  /** Reward of the step and return of the episode: [reward, return]. */
  readonly totals: Float64Array;
  readonly command: Int32Array;
  /** The unit it attacks or heals, or -1. */
  readonly target: Int32Array;
  /** The unit an ATTACK was ordered on, dead or not. */
  readonly ordered: Int32Array;
  /** Ticks until a shot that was decided on leaves, 0 if there is none. */
  readonly windup: Int32Array;
  /** Ticks until the unit may walk on after a shot. */
  readonly busy: Int32Array;
  /**
   * Ticks until what was fired (a missile, the second strike, the beam) hits, 0 if nothing is on its way; and whom it
   * will hit.
   */
  readonly flight: Int32Array;
  readonly struck: Int32Array;
  /**
   * Whom the two beams of a unit have touched, and in which tick of their sweeps, as bits. [units with beams, or 1;
   * units]
   */
  readonly burning: Int32Array;
  /** Tick at which the unit died, or -1. */
  readonly diedAt: Int32Array;
  /**
   * The enemy at each place of observations and actions, and the place of each enemy, which is drawn anew for each
   * battle. [enemies]
   */
  readonly enemyAt: Int32Array;
  readonly placeOf: Int32Array;
  /** The unit last fired at (or healed) during this step, or -1. */
  readonly fired: Int32Array;
  /** Units by x, for the collision sweep. */
  readonly order: Int32Array;
  /** Joint action of the last step, -1 after reset. [allies] */
  readonly lastAction: Int32Array;
  /** Random stream, 16 words. */
  readonly random: Int32Array;
  /** Under smaclite rules, 1 if the velocity is in single precision. */
  readonly single: Int32Array;
  /** The tick of each look period at which enemies look for targets. [1] */
  readonly lookPhase: Int32Array;
  /** 1 + the unit whose shot an enemy without a target has to answer, negative where it was hit itself; 0 for none. */
  readonly alarmed: Int32Array;
  /** 1 if the unit has come into reach of its target. */
  readonly settled: Int32Array;
  /** Side on which a walking unit last went round another, 1 or -1; 0 for none. */
  readonly side: Int32Array;
  /** [step, ended, won, ready, tick, which map and rules a save belongs to] */
  readonly clock: Int32Array;
  readonly alive: Uint8Array;
}

/** Memory in WebAssembly, in which arrays are placed one after the other. */
export interface Arena {
  readonly memory: WasmMemory;
  doubles(length: number): Float64Array;
  words(length: number): Int32Array;
  floats(length: number): Float32Array;
  halves(length: number): Uint16Array;
  bytes(length: number): Uint8Array;
}

/** Compiled code keeps its stack below this address. */
const STACK = 4096;
/** Bytes that the arrays below need at most for each unit (among them, the odd words), and for each pair. */
const BYTES_A_UNIT = 1024;
const BYTES_A_PAIR = 9;
const PAGE = 65_536;

function createArena(bytes: number): Arena {
  const memory = new Memory({ initial: Math.ceil((STACK + bytes) / PAGE) });
  let end = STACK;
  const claim = (size: number, length: number): number => {
    const start = Math.ceil(end / size) * size;
    end = start + size * length;
    return start;
  };
  return {
    memory,
    doubles: (length) => new Float64Array(memory.buffer, claim(8, length), length),
    words: (length) => new Int32Array(memory.buffer, claim(4, length), length),
    floats: (length) => new Float32Array(memory.buffer, claim(4, length), length),
    halves: (length) => new Uint16Array(memory.buffer, claim(2, length), length),
    bytes: (length) => new Uint8Array(memory.buffer, claim(1, length), length),
  };
}

/**
 * Makes a battle on a map. `reset` of its rules then places the units.
 *
 * @param room bytes of memory that are kept free for compiled loops
 */
export function createBattle(map: BattleMap, rules: Rules, habits = HABITS, room = 0): Battle {
  const ally = unitsOf(map.allies);
  if (rules === "starcraft" && map.allyTypes.length > 0) {
    ally.sort((a, b) => map.allyTypes.indexOf(a) - map.allyTypes.indexOf(b));
  }
  const enemy = unitsOf(map.enemies);
  if (rules === "starcraft") bySpawn(map, enemy);
  const types = [...ally, ...enemy];
  const allies = ally.length;
  const units = types.length;
  const enemies = units - allies;
  const healers = ally.filter((type) => type.heals).length;
  const targets = healers > 0 ? Math.max(allies - healers, enemies) : enemies;
  const bits = rules === "starcraft" ? map.enemyTypes : map.allyTypes;

  const arena = createArena(BYTES_A_UNIT * units + BYTES_A_PAIR * units * units + room);
  const each = (value: (type: UnitType) => number): Float64Array => {
    const doubles = arena.doubles(units);
    doubles.set(types.map(value));
    return doubles;
  };
  const byte = (value: (type: UnitType) => number): Uint8Array => {
    const bytes = arena.bytes(units);
    bytes.set(types.map(value));
    return bytes;
  };
  const word = (value: (type: UnitType) => number): Int32Array => {
    const words = arena.words(units);
    words.set(types.map(value));
    return words;
  };
  const pairs = (value: (a: UnitType, b: UnitType) => number): number[] =>
    types.flatMap((a) => types.map((b) => value(a, b)));

  let beams = 0;
  const damage = arena.doubles(units * units);
  damage.set(pairs(attackDamage));
  const reaches = arena.bytes(units * units);
  reaches.set(pairs((a, b) => Number(canTarget(a, b, rules))));
  const typeBit = arena.bytes(units);
  typeBit.set(types.map((type, i) => Math.max(0, (i < allies ? map.allyTypes : bits).indexOf(type))));

  // One literal, so that all battles have the same hidden class: of objects that are spread together V8 makes a new one
  // each, and looks every property up by its name.
  const battle = {
    map,
    rules,
    habits,
    allies,
    enemies,
    units,
    actions: 6 + targets,
    types,
    radius: each((type) => type[rules].radius),
    separation: each((type) => type[rules].separation),
    layerSeparation: each(({ [rules]: { layer } }) =>
      Math.max(...types.filter((other) => other[rules].layer === layer).map((other) => other[rules].separation)),
    ),
    reach: each((type) => type.range + type[rules].radius),
    speed: each((type) => type[rules].speed / (rules === "starcraft" ? TICKS_PER_SECOND : 1)),
    acceleration: each((type) => type[rules].acceleration / TICKS_PER_SECOND ** 2),
    period: each((type) => type[rules].period * (rules === "starcraft" ? TICKS_PER_SECOND : 1)),
    damagePoint: word((type) => Math.ceil(type[rules].damagePoint * TICKS_PER_SECOND)),
    backswing: word((type) => Math.ceil(type[rules].backswing * TICKS_PER_SECOND)),
    missile: each((type) => type[rules].missile / TICKS_PER_SECOND),
    secondStrike: word((type) => Math.ceil(type[rules].secondStrike * TICKS_PER_SECOND)),
    notice: each((type) => type[rules].notice),
    slack: each((type) => type[rules].slack),
    maxHealth: each((type) => type.health),
    maxShield: each((type) => type.shield),
    armor: each((type) => type.armor),
    attacks: word((type) => type.attacks),
    regeneration: each((type) => type[rules].regeneration / TICKS_PER_SECOND),
    layer: byte((type) => LAYERS.indexOf(type[rules].layer)),
    heals: byte((type) => Number(type.heals)),
    beam: byte((type) => (type.beam ? ++beams : 0)),
    observedCooldown: each((type) =>
      type.heals ? ENERGY_MAX : rules === "starcraft" ? type.observedCooldown : type.smaclite.period,
    ),
    typeBit,
    damage,
    reaches,
    maxReward: 10 * enemies + 200 + types.slice(allies).reduce((sum, type) => sum + type.health + type.shield, 0),
    maxRadius: Math.max(...types.map((type) => type[rules].radius)),
    maxSeparation: Math.max(...types.map((type) => type[rules].separation)),
    arena,
    // The arrays below change during a battle.
    x: arena.doubles(units),
    y: arena.doubles(units),
    vx: arena.doubles(units),
    vy: arena.doubles(units),
    health: arena.doubles(units),
    shield: arena.doubles(units),
    cooldown: arena.doubles(units),
    shieldDelay: arena.doubles(units),
    energy: arena.doubles(units),
    goalX: arena.doubles(units),
    goalY: arena.doubles(units),
    bendX: arena.doubles(units),
    bendY: arena.doubles(units),
    pace: arena.doubles(units),
    faceX: arena.doubles(units),
    faceY: arena.doubles(units),
    beamX: arena.doubles(units),
    beamY: arena.doubles(units),
    healing: arena.doubles(units),
    before: arena.doubles(enemies),
    totals: arena.doubles(2),
    command: arena.words(units),
    target: arena.words(units),
    ordered: arena.words(units),
    windup: arena.words(units),
    busy: arena.words(units),
    flight: arena.words(units),
    struck: arena.words(units),
    burning: arena.words(Math.max(1, beams) * units),
    diedAt: arena.words(units),
    enemyAt: arena.words(enemies),
    placeOf: arena.words(enemies),
    alarmed: arena.words(units),
    side: arena.words(units),
    fired: arena.words(units),
    order: arena.words(units),
    lastAction: arena.words(allies),
    random: arena.words(16),
    single: arena.words(units),
    lookPhase: arena.words(1),
    settled: arena.words(units),
    clock: arena.words(6),
    alive: arena.bytes(units),
    episode: new Uint8Array(0),
  };
  const start = battle.x.byteOffset;
  battle.episode = new Uint8Array(arena.memory.buffer, start, battle.alive.byteOffset + units - start);
  return battle;
}

/**
 * Sets unit `i` as at the beginning of every battle, under all rules: unhurt and without a target. Agents stand, and
 * the enemy is sent to the allies' starting point.
 */
export function enlist(b: Battle, i: number): void {
  b.health[i] = b.maxHealth[i];
  b.shield[i] = b.maxShield[i];
  b.energy[i] = b.heals[i] === 1 ? ENERGY_START : 0;
  b.alive[i] = 1;
  b.target[i] = -1;
  b.ordered[i] = -1;
  b.fired[i] = -1;
  b.diedAt[i] = -1;
  b.struck[i] = -1;
  b.faceX[i] = i < b.allies ? 1 : -1;
  if (i >= b.allies) {
    b.enemyAt[i - b.allies] = i - b.allies;
    b.placeOf[i - b.allies] = i - b.allies;
  }
  b.command[i] = i < b.allies ? STOP : ATTACK_MOVE;
  // SMAClite's point of attack is this one too, on all of its maps.
  const [x, y] = b.map.attackPoint ?? b.map.allyPoint;
  b.goalX[i] = x;
  b.goalY[i] = y;
}
