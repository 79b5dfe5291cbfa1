import type { Policy } from "../../src/envs/play.js";
import { TICKS_PER_STEP } from "../../src/envs/starcraft/battle.js";
import type { BattleEnvironment } from "../../src/envs/starcraft/environment.js";
import type { RecordedBattle, RecordedOrder } from "../../src/analysis/recorded-battle.js";

/** The quantities of one battle that are compared. */
export interface BattleOutcome {
  readonly won: boolean;
  readonly return: number;
  /** Length in steps. */
  readonly length: number;
  readonly alliesLeft: number;
  /** Loop of the first death of each side; undefined where none died. */
  readonly firstAllyDeath: number | undefined;
  readonly firstEnemyDeath: number | undefined;
  /** Type of the ally that died first. */
  readonly firstAllyType: string | undefined;
}

/** Plays whole battles with seeds `seed`, `seed + 1`, ... */
export function playBattles(env: BattleEnvironment, policy: Policy, episodes: number, seed = 1): BattleOutcome[] {
  const joint = new Uint8Array(env.sizes.agents);
  return Array.from({ length: episodes }, (_, k) => {
    env.reset(seed + k);
    let total = 0;
    let length = 0;
    while (!env.ended) {
      policy(env, joint, length++);
      env.step(joint);
      total += env.reward;
    }
    return outcomeOf(env, total, length);
  });
}

/** Reads these quantities from a battle that has ended. */
export function outcomeOf({ battle: b, won }: BattleEnvironment, total: number, length: number): BattleOutcome {
  const first = (from: number, end: number): number | undefined => {
    let dead: number | undefined;
    for (let i = from; i < end; i++)
      if (b.diedAt[i] >= 0 && (dead === undefined || b.diedAt[i] < b.diedAt[dead])) dead = i;
    return dead;
  };
  const ally = first(0, b.allies);
  const enemy = first(b.allies, b.units);
  let alliesLeft = 0;
  for (let i = 0; i < b.allies; i++) alliesLeft += b.alive[i];
  return {
    won,
    return: total,
    length,
    alliesLeft,
    firstAllyDeath: ally === undefined ? undefined : b.diedAt[ally],
    firstEnemyDeath: enemy === undefined ? undefined : b.diedAt[enemy],
    firstAllyType: ally === undefined ? undefined : b.types[ally].name,
  };
}

/** Reads these quantities from a recorded battle. */
export function recordedOutcome({ win, units, steps, deaths }: RecordedBattle): BattleOutcome {
  const ofSide = (side: string) => deaths.filter(([, unit]) => unit.startsWith(side));
  const [ally] = ofSide("A");
  const [enemy] = ofSide("E");
  return {
    won: win,
    return: NaN,
    length: steps.length,
    alliesLeft: units.filter(([name]) => name.startsWith("A")).length - ofSide("A").length,
    firstAllyDeath: ally?.[0],
    firstEnemyDeath: enemy?.[0],
    firstAllyType:
      ally &&
      units
        .find(([name]) => name === ally[1])![1]
        .replace("_RL", "")
        .toLowerCase(),
  };
}

/** Result of an open-loop replay: its outcome, and the distances of enemies from their recorded positions, by loop. */
export interface Replay {
  readonly outcome: BattleOutcome;
  readonly recorded: BattleOutcome;
  /** Mean distances of enemies: [loop, cells]. */
  readonly distances: readonly (readonly [number, number])[];
}

/**
 * Gives the allies the orders of a recorded battle, whatever happens, until the battle is over. A unit whose ordered
 * target is already dead attacks the nearest enemy in reach, and so does a unit that was dead in the recording.
 */
export function replayBattle(env: BattleEnvironment, recording: RecordedBattle, seed: number): Replay {
  const { battle: b } = env;
  const { actions } = env.sizes;
  env.reset(seed);
  const numbers = allyNumbers(env, recording);
  const joint = new Uint8Array(b.allies);
  const last = new Map<string, number>();
  const distances: [number, number][] = [];
  let total = 0;
  let length = 0;
  while (!env.ended) {
    const step = recording.steps[length];
    for (const [name, [x, y]] of Object.entries(step?.[2] ?? {})) {
      const j = b.allies + Number(name.slice(1));
      if (b.alive[j] === 1) distances.push([step[0], Math.hypot(b.x[j] - x, b.y[j] - y)]);
    }
    for (const [name, i] of numbers) {
      const order = step?.[1][name];
      let action = order === undefined ? -1 : actionOf(env, order, last.get(name));
      if (order !== undefined && action >= 2 && action < 6) last.set(name, action);
      const legal = (a: number): boolean => a >= 0 && env.availableActions[i * actions + a] === 1;
      if (order === undefined || order[0] === "a") if (!legal(action)) action = nearestLegal(env, i);
      joint[i] = legal(action) ? action : legal(1) ? 1 : 0;
    }
    env.step(joint);
    total += env.reward;
    length++;
  }
  return { outcome: outcomeOf(env, total, length), recorded: recordedOutcome(recording), distances };
}

/**
 * Plays one battle of ours and records it as the real game's were: the orders of the allies, places of the enemies that
 * are attacked, and deaths. To replay such a battle under another seed shows how far apart two battles come by chance.
 */
export function recordBattle(env: BattleEnvironment, policy: Policy, seed: number): RecordedBattle {
  const { battle: b } = env;
  const nameOf = (i: number): string => (i < b.allies ? `A${i}` : `E${i - b.allies}`);
  env.reset(seed);
  const units = b.types.map(
    ({ name }, i) =>
      [nameOf(i), name, Math.floor(b.x[i]), Math.floor(b.y[i])] as const satisfies RecordedBattle["units"][number],
  );
  const steps: [number, Record<string, RecordedOrder>, Record<string, readonly [number, number]>][] = [];
  const joint = new Uint8Array(b.allies);
  while (!env.ended) {
    policy(env, joint, steps.length);
    const orders: Record<string, RecordedOrder> = {};
    const places: Record<string, readonly [number, number]> = {};
    for (let i = 0; i < b.allies; i++) {
      if (b.alive[i] === 0) continue;
      const action = joint[i];
      if (action >= 6 && b.heals[i] === 0) {
        const j = b.allies + b.enemyAt[action - 6];
        orders[nameOf(i)] = ["a", nameOf(j)];
        places[nameOf(j)] = [b.x[j], b.y[j]];
      } else if (action >= 6) orders[nameOf(i)] = ["h", nameOf(action - 6), b.x[i], b.y[i]];
      else orders[nameOf(i)] = action < 2 ? ["s"] : [(["N", "S", "E", "W"] as const)[action - 2], b.x[i], b.y[i]];
    }
    steps.push([TICKS_PER_STEP * steps.length, orders, places]);
    env.step(joint);
  }
  const deaths = b.types.flatMap((_, i): [number, string, null, number, number][] =>
    b.diedAt[i] < 0 ? [] : [[b.diedAt[i], nameOf(i), null, b.x[i], b.y[i]]],
  );
  return { win: env.won, units, steps, deaths: deaths.sort((a, c) => a[0] - c[0]) };
}

/** Finds the agent of each recorded ally: SMAC numbers them by type, then x, then y. */
export function allyNumbers({ battle: b }: BattleEnvironment, { units, steps }: RecordedBattle): Map<string, number> {
  const exact = steps[0][1];
  const allies = units.filter(([name]) => name.startsWith("A"));
  const numbers = new Map<string, number>();
  const free = new Set(Array.from({ length: b.allies }, (_, i) => i));
  for (const [name, type, x, y] of allies) {
    const order = exact[name];
    const at =
      order !== undefined && "EWNS".includes(order[0]) ? [order[1] as number, order[2] as number] : [x + 0.5, y + 0.5];
    const kind = type.replace("_RL", "").toLowerCase();
    let best = -1;
    for (const i of free) {
      if (b.types[i].name !== kind) continue;
      if (best < 0 || Math.hypot(b.x[i] - at[0], b.y[i] - at[1]) < Math.hypot(b.x[best] - at[0], b.y[best] - at[1]))
        best = i;
    }
    free.delete(best);
    numbers.set(name, best);
  }
  return numbers;
}

/** The action that an order is in a battle of ours. `last` is the unit's last move. */
export function actionOf({ battle: b }: BattleEnvironment, order: RecordedOrder, last: number | undefined): number {
  switch (order[0]) {
    case "a":
      return 6 + b.placeOf[Number(order[1].slice(1))];
    case "h":
      return 6 + Number(order[1].slice(1));
    case "s":
      return 1;
    case "m?":
      return last ?? 1;
    default:
      return { N: 2, S: 3, E: 4, W: 5 }[order[0]];
  }
}

/** The attack on the nearest enemy that agent `i` may attack, or -1. */
export function nearestLegal(env: BattleEnvironment, i: number): number {
  const { battle: b, availableActions } = env;
  let best = -1;
  let least = Infinity;
  for (let a = 6; a < env.sizes.actions; a++) {
    if (availableActions[i * env.sizes.actions + a] === 0) continue;
    const j = b.allies + b.enemyAt[a - 6];
    const distance = Math.hypot(b.x[j] - b.x[i], b.y[j] - b.y[i]);
    if (distance < least) {
      least = distance;
      best = a;
    }
  }
  return best;
}
