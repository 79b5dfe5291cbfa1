import { LabError } from "../../errors.js";
import { requireSeed } from "../../random.js";
import type { Environment, EnvironmentSizes, EnvironmentSnapshot, UnitSnapshot } from "../environment.js";
import { createBattle, NONE } from "./battle.js";
import type { Battle } from "./battle.js";
import { createLoops, loopBytes } from "./compiled/loops.js";
import { type BattleMap, unitsOf } from "./maps.js";
import { ATTACK_RANGE, blocksOf, FIRST_TARGET, MAP_SIZE, SIGHT } from "./observe.js";
import type { Blocks } from "./observe.js";
import { HABITS } from "./rules.js";
import type { BattleRules } from "./rules.js";
import { createSmacliteRules } from "./smaclite.js";
import { createStarcraftRules, groundsOf } from "./starcraft.js";
import type { Rules } from "./units.js";

/**
 * A battle as an environment. `battle` and `blocks` are for scripted play, drawing and explanation, and must not be
 * changed.
 */
export interface BattleEnvironment extends Environment {
  readonly battle: Battle;
  readonly blocks: Blocks;
  save(): Uint8Array;
  restore(saved: Uint8Array): void;
}

/**
 * Makes SMAC's environment (a Dec-POMDP) on a map. Observation, state, available actions, reward and termination are as
 * SMAC's defaults, and one of two rule sets (RULES.md) plays the battle. Time-outs are terminal, as PyMARL stores them.
 *
 * @example
 * const env = createBattleEnvironment(maps[0], "starcraft");
 * env.reset(1);
 *
 * @param habits other numbers than ours, to see what depends on them
 */
export function createBattleEnvironment(map: BattleMap, rules: Rules, habits = HABITS): BattleEnvironment {
  const types = [...unitsOf(map.allies), ...unitsOf(map.enemies)];
  const grounds = rules === "starcraft" ? groundsOf(map, types) : [];
  const room = loopBytes(unitsOf(map.allies).length, types.length, grounds);
  const battle = createBattle(map, rules, habits, room);
  const blocks = blocksOf(battle);
  const loops = createLoops(battle, rules === "starcraft" ? groundsOf(map, battle.types) : []);
  const play: BattleRules =
    rules === "smaclite" ? createSmacliteRules(battle, loops) : createStarcraftRules(battle, loops);
  const { allies, actions, clock, totals, alive, lastAction, episode } = battle;
  const sizes: EnvironmentSizes = {
    agents: allies,
    actions,
    observation: blocks.observation,
    state: blocks.state,
    episodeLimit: map.episodeLimit,
  };
  const { observations, state, availableActions, show } = loops.view(blocks, play.open);

  const tag = [...`${map.name} ${rules}`].reduce((hash, letter) => (Math.imul(hash, 31) + letter.charCodeAt(0)) | 0, 7);
  clock[5] = tag;

  return {
    name: map.name,
    sizes,
    deterministic: true,
    observations,
    state,
    availableActions,
    battle,
    blocks,
    get reward() {
      return totals[0];
    },
    get ended() {
      return clock[1] === 1;
    },
    get terminal() {
      return clock[1] === 1;
    },
    get won() {
      return clock[2] === 1;
    },
    reset(seed) {
      requireSeed(seed);
      episode.fill(0);
      lastAction.fill(-1);
      clock[3] = 1;
      clock[5] = tag;
      play.reset(seed);
      show();
    },
    step(jointAction) {
      refuseIllegal(battle, availableActions, jointAction);
      for (let i = 0; i < allies; i++) {
        lastAction[i] = jointAction[i];
        if (alive[i] === 1) play.order(i, jointAction[i]);
        else battle.command[i] = NONE;
      }
      play.play();
      clock[0] += 1;
      totals[1] += totals[0];
      if (clock[0] >= map.episodeLimit) clock[1] = 1;
      show();
    },
    save() {
      return episode.slice();
    },
    restore(saved) {
      if (saved.byteLength !== episode.byteLength) {
        throw new LabError(
          `${map.name}: cannot restore ${saved.byteLength} bytes, ` +
            `an episode under ${rules} rules is ${episode.byteLength} bytes.`,
        );
      }
      const before = episode.slice();
      episode.set(saved);
      if (clock[5] !== tag) {
        episode.set(before);
        throw new LabError(`${map.name}: cannot restore an episode of another map or other rules than ${rules}.`);
      }
      show();
    },
    snapshot: () => snapshot(battle),
  };
}

function refuseIllegal(b: Battle, available: Uint8Array, jointAction: ArrayLike<number>): void {
  const { name } = b.map;
  if (b.clock[3] === 0) throw new LabError(`${name}: step before reset: call reset(seed) first.`);
  if (b.clock[1] === 1) throw new LabError(`${name}: step after the end of the episode: call reset(seed) first.`);
  if (jointAction.length !== b.allies) {
    throw new LabError(`${name}: got ${jointAction.length} actions, needs one for each of ${b.allies} agents.`);
  }
  for (let i = 0; i < b.allies; i++) {
    const action = jointAction[i];
    if (available[i * b.actions + action] !== 1 || action < 0 || action >= b.actions) {
      throw new LabError(illegal(b, available, i, action));
    }
  }
}

function illegal(b: Battle, available: Uint8Array, i: number, action: number): string {
  const legal: string[] = [];
  for (let a = 0; a < b.actions; a++)
    if (available[i * b.actions + a] === 1) legal.push(`${a} (${actionName(b, i, a)})`);
  const given = Number.isInteger(action) && action >= 0 && action < b.actions ? ` (${actionName(b, i, action)})` : "";
  const who = b.alive[i] === 1 ? b.types[i].name : `dead ${b.types[i].name}`;
  return `${b.map.name}: agent ${i} (${who}) cannot play action ${action}${given} now: legal are ${legal.join(", ")}.`;
}

/** Returns what an action of agent `i` means, for example "north" or "attack 2". */
export function actionName(b: Battle, i: number, action: number): string {
  if (action < FIRST_TARGET) return ["no-op", "stop", "north", "south", "east", "west"][action];
  return `${b.heals[i] === 1 ? "heal" : "attack"} ${action - FIRST_TARGET}`;
}

/**
 * Returns the units as agents number them: the allies, then the enemies in the order of observations, state and
 * actions, which is drawn anew for each battle.
 */
function snapshot(b: Battle): EnvironmentSnapshot {
  const { allies } = b;
  const placed = (i: number): number => (i < allies ? i : allies + b.placeOf[i - allies]);
  const order = b.types.map((_, place) => (place < allies ? place : allies + b.enemyAt[place - allies]));
  const units = order.map((i): UnitSnapshot => ({
    side: i < b.allies ? "ally" : "enemy",
    type: b.types[i].name,
    x: b.x[i],
    y: b.y[i],
    radius: b.radius[i],
    health: b.alive[i] === 1 ? b.health[i] : 0,
    maxHealth: b.maxHealth[i],
    shield: b.alive[i] === 1 ? b.shield[i] : 0,
    maxShield: b.maxShield[i],
    alive: b.alive[i] === 1,
    range: i < b.allies ? ATTACK_RANGE : b.reach[i],
    sight: i < b.allies ? SIGHT : undefined,
    target: placed(b.fired[i]),
  }));
  const living = (side: string): number => units.filter((unit) => unit.side === side && unit.alive).length;
  return {
    environment: b.map.name,
    step: b.clock[0],
    text:
      `${b.map.name}, step ${b.clock[0]}: ${living("ally")} of ${b.allies} allies, ` +
      `${living("enemy")} of ${b.enemies} enemies, return ${b.totals[1].toFixed(2)}`,
    width: MAP_SIZE,
    height: MAP_SIZE,
    terrain: [...b.map.terrain[b.rules]]
      .reverse()
      .map((row) => row.replace(/[^.]/g, "#"))
      .join(""),
    units,
  };
}
