import { ATTACK, enlist, MOVE, NONE, STOP } from "./battle.js";
import type { Battle } from "./battle.js";
import type { Loops } from "./compiled/loops.js";
import { createGround, halfCells, openCells, standClear } from "./ground.js";
import type { Ground } from "./ground.js";
import { type BattleMap, bySpawn, unitsOf } from "./maps.js";
import { MAP_SIZE } from "./observe.js";
import { numberBySmac, spawnSquad, TOUCH } from "./placement.js";
import { nextWord, seedRandom } from "./random.js";
import type { BattleRules } from "./rules.js";
import type { Layer, UnitType } from "./units.js";

/**
 * Grounds are made once in a process for each terrain, layer and size, because one with cliffs takes some tenths of a
 * second.
 */
const grounds = new Map<string, Ground>();

/** Returns the ground on which units of these types can be. */
export function groundsOf(map: BattleMap, types: readonly UnitType[]): Ground[] {
  const terrain = map.terrain.starcraft;
  return types.map(({ starcraft: { layer, inner } }) => {
    const clearance = inner - TOUCH;
    const key = `${layer} ${clearance} ${terrain.join(" ")}`;
    let ground = grounds.get(key);
    if (ground === undefined) {
      const halves = layer === "ground" ? halfCells(terrain) : [];
      grounds.set(key, (ground = createGround(openTo(terrain, layer), clearance, halves)));
    }
    return ground;
  });
}

/** Letters of the cells that each layer can cross; see `BattleMap.terrain`. */
const OPEN = { ground: ".", colossus: ".^" } as const;

/** Returns the cells of a terrain where units of a layer can be. */
function openTo(terrain: readonly string[], layer: Layer): Uint8Array {
  return layer === "air" ? new Uint8Array(MAP_SIZE * MAP_SIZE).fill(1) : openCells(terrain, OPEN[layer]);
}

/**
 * Makes the rules of the real game, as far as RULES.md says. A tick is one game loop of 1/16 second at normal speed,
 * and is played by compiled loops.
 */
export function createStarcraftRules(b: Battle, loops: Loops): BattleRules {
  const unitGrounds = groundsOf(b.map, b.types);
  const open = openTo(b.map.terrain.starcraft, "ground");
  const canStand = (x: number, y: number): boolean => open[Math.floor(y) * MAP_SIZE + Math.floor(x)] === 1;
  const placed = bySpawn(b.map, unitsOf(b.map.allies));
  const allyPlaces = numberBySmac(b.types.slice(0, b.allies), placed, spawnSquad(placed, b.map.allyPoint, canStand));
  const enemyPlaces = spawnSquad(b.types.slice(b.allies), b.map.enemyPoint, canStand);
  const places = Float64Array.from([...allyPlaces, ...enemyPlaces]);
  for (let i = 0; i < b.units; i++) standClear(unitGrounds[i], places.subarray(2 * i, 2 * i + 2));

  return {
    open,
    reset: (seed) => reset(b, loops, places, seed),
    order: (i, action) => order(b, i, action),
    play: loops.play,
  };
}

function reset(b: Battle, loops: Loops, places: Float64Array, seed: number): void {
  const { allies, enemies, units, enemyAt, placeOf } = b;
  seedRandom(b.random, seed);
  b.lookPhase[0] = (nextWord(b.random) >>> 0) % b.habits.lookPeriod;
  let middleX = 0;
  let middleY = 0;
  for (let i = allies; i < units; i++) {
    middleX += places[2 * i] / enemies;
    middleY += places[2 * i + 1] / enemies;
  }
  for (let i = 0; i < units; i++) {
    b.x[i] = places[2 * i];
    b.y[i] = places[2 * i + 1];
    enlist(b, i);
    b.order[i] = i;
    b.bendX[i] = -1;
    b.bendY[i] = -1;
    if (i < allies) continue;
    // The enemies walk in formation.
    b.goalX[i] += b.x[i] - middleX;
    b.goalY[i] += b.y[i] - middleY;
  }
  for (let k = enemies - 1; k > 0; k--) {
    const m = (nextWord(b.random) >>> 0) % (k + 1);
    const other = enemyAt[k];
    enemyAt[k] = enemyAt[m];
    enemyAt[m] = other;
  }
  for (let k = 0; k < enemies; k++) placeOf[enemyAt[k]] = k;
  // Enemies have walked for one loop before SMAC looks for the first time.
  loops.march();
}

/**
 * Gives agent `i` its order for the coming step. A shot that is under way is lost unless the order repeats it; but a
 * colossus, which fires without orders, loses it only by an attack on another.
 */
function order(b: Battle, i: number, action: number): void {
  const healsAllies = b.heals[i] === 1;
  const goesOn = b.beam[i] > 0 && b.windup[i] > 0 && action > 0 && action < 6;
  const target = goesOn ? b.target[i] : action < 6 ? -1 : healsAllies ? action - 6 : b.allies + b.enemyAt[action - 6];
  if (b.target[i] !== target) {
    calmDown(b, i);
    b.busy[i] = 0;
    // The unit has to stay for its second strike.
    if (b.secondStrike[i] > 0 && action !== 1) b.flight[i] = 0;
  }
  // This ends its sweep as well. Whoever was touched still burns.
  if (b.beam[i] > 0 && action >= 6 && b.struck[i] !== target) b.struck[i] = -1;
  b.target[i] = target;
  if (action === 0) b.command[i] = NONE;
  else if (action === 1) b.command[i] = STOP;
  else if (action < 6) {
    b.command[i] = MOVE;
    b.goalX[i] = b.x[i] + (action === 4 ? 2 : action === 5 ? -2 : 0);
    b.goalY[i] = b.y[i] + (action === 2 ? 2 : action === 3 ? -2 : 0);
  } else {
    // SMAC allows ordering an attack that the weapon cannot make, but the game refuses it.
    b.command[i] = b.reaches[i * b.units + target] === 1 ? ATTACK : STOP;
    if (b.command[i] === STOP) b.target[i] = -1;
  }
}

/** Gives up a shot that is under way. The weapon is ready at once, because it has not fired. */
function calmDown(b: Battle, i: number): void {
  if (b.windup[i] === 0) return;
  b.windup[i] = 0;
  b.cooldown[i] = 0;
}
