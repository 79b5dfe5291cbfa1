import type { Battle } from "./battle.js";

/**
 * How far an agent sees (strictly nearer), and from how far it may be told to attack: in cells, and the same for all
 * weapons, as in SMAC.
 */
export const SIGHT = 9;
export const ATTACK_RANGE = 6;
/** A move is legal if the cell this far ahead is open. */
const LOOK_AHEAD = 1;
/** Actions before the targets: no-op, stop, north, south, east, west. */
export const FIRST_TARGET = 6;
export const MAP_SIZE = 32;

/** Lengths of the blocks of observation and state on a map; 0 for shield and type if a side has none. */
export interface Blocks {
  readonly types: number;
  readonly allyShield: number;
  readonly enemyShield: number;
  /** Lengths of one ally, one enemy and the agent itself in an observation. */
  readonly ally: number;
  readonly enemy: number;
  readonly own: number;
  readonly observation: number;
  /** Lengths of one ally and one enemy in the state. */
  readonly allyState: number;
  readonly enemyState: number;
  readonly state: number;
}

/** Returns the lengths that follow from a battle's units, as in SMAC's get_obs_size and get_state_size. */
export function blocksOf(b: Battle): Blocks {
  const types = b.map.allyTypes.length;
  const allyShield = Number(b.maxShield.subarray(0, b.allies).some((shield) => shield > 0));
  const enemyShield = Number(b.maxShield.subarray(b.allies).some((shield) => shield > 0));
  const ally = 5 + allyShield + types;
  const enemy = 5 + enemyShield + types;
  const own = 1 + allyShield + types;
  const allyState = 4 + allyShield + types;
  const enemyState = 3 + enemyShield + types;
  return {
    types,
    allyShield,
    enemyShield,
    ally,
    enemy,
    own,
    observation: 4 + b.enemies * enemy + (b.allies - 1) * ally + own,
    allyState,
    enemyState,
    state: b.allies * allyState + b.enemies * enemyState + b.allies * b.actions,
  };
}

/**
 * Marks the legal actions of every agent. An attack is legal within 6 cells of a living enemy (for a healer, of a
 * living ally that is no healer), a move if the cell one ahead is open, and no-op only for dead agents.
 *
 * @param open 1 for a cell that can be walked on, [MAP_SIZE, MAP_SIZE] row-major from y = 0
 * @param available [agents, actions], overwritten
 */
export function writeAvailable(b: Battle, open: Uint8Array, available: Uint8Array): void {
  const { x, y, alive, allies, units, actions, heals, placeOf } = b;
  const single = b.rules === "smaclite";
  available.fill(0);
  for (let i = 0; i < allies; i++) {
    const row = i * actions;
    if (alive[i] === 0) {
      available[row] = 1;
      continue;
    }
    const xi = x[i];
    const yi = y[i];
    available[row + 1] = 1;
    const column = cellOf(xi, single);
    const line = cellOf(yi, single);
    available[row + 2] = isOpen(column, cellOf(yi + LOOK_AHEAD, single), open);
    available[row + 3] = isOpen(column, cellOf(yi - LOOK_AHEAD, single), open);
    available[row + 4] = isOpen(cellOf(xi + LOOK_AHEAD, single), line, open);
    available[row + 5] = isOpen(cellOf(xi - LOOK_AHEAD, single), line, open);
    const healer = heals[i] === 1;
    const first = healer ? 0 : allies;
    const end = healer ? allies : units;
    for (let j = first; j < end; j++) {
      if (alive[j] === 0 || (healer && heals[j] === 1)) continue;
      let dx = x[j] - xi;
      let dy = y[j] - yi;
      if (single) {
        dx = Math.fround(dx);
        dy = Math.fround(dy);
      }
      if (dx * dx + dy * dy <= ATTACK_RANGE * ATTACK_RANGE)
        available[row + FIRST_TARGET + (healer ? j : placeOf[j - allies])] = 1;
    }
  }
}

/**
 * Returns the cell of a coordinate. SMAC truncates towards zero before it looks at the bounds, so that -0.5 is in cell
 * 0; SMAClite looks at the bounds first.
 */
function cellOf(coordinate: number, boundsFirst: boolean): number {
  return boundsFirst && coordinate < 0 ? -1 : coordinate | 0;
}

function isOpen(column: number, row: number, open: Uint8Array): number {
  if (column < 0 || column >= MAP_SIZE || row < 0 || row >= MAP_SIZE) return 0;
  return open[row * MAP_SIZE + column];
}

/**
 * Writes what every agent sees: 4 bits for the legal moves; each enemy, then each other ally in sight as [attackable or
 * visible, distance / 9, dx / 9, dy / 9, health, shield, type], zeros if it is dead or out of sight; and its own
 * [health, shield, type]. A dead agent sees only zeros.
 *
 * @param observations [agents, blocks.observation], overwritten
 */
export function writeObservations(b: Battle, blocks: Blocks, available: Uint8Array, observations: Float32Array): void {
  const { x, y, alive, allies, units, actions, health, maxHealth, shield, maxShield, typeBit, enemyAt } = b;
  observations.fill(0);
  for (let i = 0; i < allies; i++) {
    if (alive[i] === 0) continue;
    const row = i * actions;
    const xi = x[i];
    const yi = y[i];
    let at = i * blocks.observation;
    observations[at] = available[row + 2];
    observations[at + 1] = available[row + 3];
    observations[at + 2] = available[row + 4];
    observations[at + 3] = available[row + 5];
    at += 4;
    for (let place = 0; place < units - allies; place++, at += blocks.enemy) {
      const j = allies + enemyAt[place];
      if (alive[j] === 0) continue;
      const dx = x[j] - xi;
      const dy = y[j] - yi;
      const squared = dx * dx + dy * dy;
      if (!(squared < SIGHT * SIGHT)) continue;
      observations[at] = available[row + FIRST_TARGET + place];
      observations[at + 1] = Math.sqrt(squared) / SIGHT;
      observations[at + 2] = dx / SIGHT;
      observations[at + 3] = dy / SIGHT;
      observations[at + 4] = health[j] / maxHealth[j];
      if (blocks.enemyShield === 1) observations[at + 5] = shield[j] / (maxShield[j] || 1);
      if (blocks.types > 0) observations[at + 5 + blocks.enemyShield + typeBit[j]] = 1;
    }
    for (let j = 0; j < allies; j++) {
      if (j === i) continue;
      if (alive[j] !== 0) {
        const dx = x[j] - xi;
        const dy = y[j] - yi;
        const squared = dx * dx + dy * dy;
        if (squared < SIGHT * SIGHT) {
          observations[at] = 1;
          observations[at + 1] = Math.sqrt(squared) / SIGHT;
          observations[at + 2] = dx / SIGHT;
          observations[at + 3] = dy / SIGHT;
          observations[at + 4] = health[j] / maxHealth[j];
          if (blocks.allyShield === 1) observations[at + 5] = shield[j] / (maxShield[j] || 1);
          if (blocks.types > 0) observations[at + 5 + blocks.allyShield + typeBit[j]] = 1;
        }
      }
      at += blocks.ally;
    }
    observations[at] = health[i] / maxHealth[i];
    if (blocks.allyShield === 1) observations[at + 1] = shield[i] / (maxShield[i] || 1);
    if (blocks.types > 0) observations[at + 1 + blocks.allyShield + typeBit[i]] = 1;
  }
}

/**
 * Writes the global state: each ally as [health, cooldown (a healer: energy), x and y from the middle of the map,
 * shield, type], each enemy as [health, x, y, shield, type], zeros for the dead; then the last joint action, one-hot.
 *
 * @param state [blocks.state], overwritten
 */
export function writeState(b: Battle, blocks: Blocks, state: Float32Array): void {
  const { x, y, alive, allies, units, actions, health, maxHealth, shield, maxShield, cooldown, energy, heals } = b;
  const { observedCooldown, typeBit, lastAction, enemyAt } = b;
  const middle = MAP_SIZE / 2;
  state.fill(0);
  let at = 0;
  for (let i = 0; i < allies; i++, at += blocks.allyState) {
    if (alive[i] === 0) continue;
    state[at] = health[i] / maxHealth[i];
    const remaining = heals[i] === 1 ? energy[i] : cooldown[i] > 0 ? cooldown[i] : 0;
    state[at + 1] = remaining / observedCooldown[i];
    state[at + 2] = (x[i] - middle) / MAP_SIZE;
    state[at + 3] = (y[i] - middle) / MAP_SIZE;
    if (blocks.allyShield === 1) state[at + 4] = shield[i] / (maxShield[i] || 1);
    if (blocks.types > 0) state[at + 4 + blocks.allyShield + typeBit[i]] = 1;
  }
  for (let place = 0; place < units - allies; place++, at += blocks.enemyState) {
    const j = allies + enemyAt[place];
    if (alive[j] === 0) continue;
    state[at] = health[j] / maxHealth[j];
    state[at + 1] = (x[j] - middle) / MAP_SIZE;
    state[at + 2] = (y[j] - middle) / MAP_SIZE;
    if (blocks.enemyShield === 1) state[at + 3] = shield[j] / (maxShield[j] || 1);
    if (blocks.types > 0) state[at + 3 + blocks.enemyShield + typeBit[j]] = 1;
  }
  for (let i = 0; i < allies; i++, at += actions) if (lastAction[i] >= 0) state[at + lastAction[i]] = 1;
}
