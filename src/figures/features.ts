import { LabError } from "../errors.js";
import type { Environment } from "../envs/environment.js";
import type { BattleEnvironment } from "../envs/starcraft/environment.js";
import type { InputBlock } from "./masks.js";
import type { Table } from "./table.js";

/** The meaning of one entry of an observation or a state. */
export interface Feature {
  /** The block that it belongs to: "moves", "enemy 2", "ally 1", "own" and so on. */
  readonly block: string;
  /** The quantity that the entry measures within its block, for example "distance / 9" or "health". */
  readonly name: string;
}

/**
 * Returns the names of all entries of one agent's observation, in their order.
 *
 * @param agent number of the agent, from 0; it is left out among its own allies
 * @example
 * observationFeatures(env, 0)[5]; // { block: "enemy 1", name: "distance / 9" }
 */
export function observationFeatures(env: Environment, agent: number): Feature[] {
  if (!isBattle(env))
    return Array.from({ length: env.sizes.observation }, (_, i) => ({ block: "observation", name: `entry ${i}` }));
  const { blocks } = env;
  const shield = (has: number): string[] => (has === 1 ? ["shield"] : []);
  const types = typeNames(env);
  const features: Feature[] = ["north", "south", "east", "west"].map((name) => ({
    block: "moves",
    name: `may move ${name}`,
  }));
  const unit = (block: string, first: string, has: number, bits: readonly string[]): void => {
    for (const name of [first, "distance / 9", "dx / 9", "dy / 9", "health", ...shield(has), ...bits])
      features.push({ block, name });
  };
  for (let j = 1; j <= env.battle.enemies; j++) unit(`enemy ${j}`, "may be attacked", blocks.enemyShield, types.enemy);
  for (let j = 0; j < env.sizes.agents; j++)
    if (j !== agent) unit(`ally ${j + 1}`, "visible", blocks.allyShield, types.ally);
  for (const name of ["health", ...shield(blocks.allyShield), ...types.ally]) features.push({ block: "own", name });
  return features;
}

/** Returns the names of all entries of the global state, in their order. */
export function stateFeatures(env: Environment): Feature[] {
  if (!isBattle(env))
    return Array.from({ length: env.sizes.state }, (_, i) => ({ block: "state", name: `entry ${i}` }));
  const { blocks, battle } = env;
  const shield = (has: number): string[] => (has === 1 ? ["shield"] : []);
  const types = typeNames(env);
  const features: Feature[] = [];
  for (let j = 1; j <= env.sizes.agents; j++) {
    const second = battle.heals[j - 1] === 1 ? "energy" : "cooldown";
    for (const name of [
      "health",
      second,
      "(x - 16) / 32",
      "(y - 16) / 32",
      ...shield(blocks.allyShield),
      ...types.ally,
    ])
      features.push({ block: `ally ${j}`, name });
  }
  for (let j = 1; j <= battle.enemies; j++) {
    for (const name of ["health", "(x - 16) / 32", "(y - 16) / 32", ...shield(blocks.enemyShield), ...types.enemy])
      features.push({ block: `enemy ${j}`, name });
  }
  for (let j = 1; j <= env.sizes.agents; j++) {
    for (let action = 0; action < env.sizes.actions; action++)
      features.push({ block: `last action of ally ${j}`, name: `action ${action}` });
  }
  return features;
}

/**
 * Returns the blocks of the agent network's inputs: those of the observation, the last action and the agent's number,
 * the latter two one-hot.
 */
export function inputBlocks(env: Environment): InputBlock[] {
  const inputs: Feature[] = [
    ...observationFeatures(env, 0),
    ...Array.from({ length: env.sizes.actions }, (_, action) => ({ block: "last action", name: `action ${action}` })),
    ...Array.from({ length: env.sizes.agents }, (_, agent) => ({ block: "id", name: `agent ${agent + 1}` })),
  ];
  const blocks: { name: string; start: number; length: number; inputs: string[] }[] = [];
  inputs.forEach(({ block, name }, start) => {
    const label = block.startsWith("ally") ? "allies" : block.replace("enemy ", "e");
    if (blocks.at(-1)?.name !== label) blocks.push({ name: label, start, length: 0, inputs: [] });
    const last = blocks.at(-1)!;
    last.length++;
    last.inputs.push(`${block}: ${name}`);
  });
  return blocks;
}

/** Inputs of the agent network that mean the same thing about different units. */
export interface InputFeature {
  /** Their meaning, such as "enemy: health", "own: shield" or "last action". */
  readonly name: string;
  /** The indices of these inputs. */
  readonly inputs: readonly number[];
}

/** Groups the inputs of the agent network by what they mean, all enemies together and all allies together. */
export function inputFeatures(env: Environment): InputFeature[] {
  const features = new Map<string, number[]>();
  for (const { start, inputs } of inputBlocks(env)) {
    inputs?.forEach((full, i) => {
      const [block, name] = full.split(": ");
      const kind = block.replace(/ \d+$/, "");
      const feature = ["moves", "last action", "id"].includes(kind) ? kind : `${kind}: ${name}`;
      features.set(feature, [...(features.get(feature) ?? []), start + i]);
    });
  }
  return [...features].map(([name, inputs]) => ({ name, inputs }));
}

/** Returns the type of each agent's unit, such as "stalker", or "agent" if there are no units. [agents] */
export function agentTypes(env: Environment): string[] {
  return Array.from({ length: env.sizes.agents }, (_, agent) =>
    isBattle(env) ? env.battle.types[agent].name : "agent",
  );
}

/**
 * A table of an observation or a state by blocks, with each number's meaning and present value.
 *
 * @param values as long as `features`
 * @param options.only the only blocks to show
 * @example
 * showTable(featureTable(observationFeatures(env, 0), env.observations.subarray(0, env.sizes.observation)));
 */
export function featureTable(
  features: readonly Feature[],
  values: ArrayLike<number>,
  options: { readonly title?: string; readonly only?: readonly string[] } = {},
): Table {
  if (features.length !== values.length)
    throw new LabError(
      `There are ${values.length} values for ${features.length} features. Give the observation of one agent, or the state.`,
    );
  const { title, only } = options;
  const rows = features.flatMap(({ block, name }, i) => {
    if (only !== undefined && !only.includes(block)) return [];
    return [[features[i - 1]?.block === block ? "" : block, name, String(i), Number(values[i].toFixed(3)).toString()]];
  });
  return {
    title,
    columns: [
      { title: "Block" },
      { title: "Entry" },
      { title: "Index", align: "right" },
      { title: "Value", align: "right" },
    ],
    rows,
  };
}

/**
 * A table of the types of unit on a map, with what decides a battle: how much each endures, how hard, how often and how
 * far it hits, and how fast it walks.
 *
 * @throws {Error} when the environment is not a battle
 */
export function unitTable(env: Environment): Table {
  if (!isBattle(env)) throw new LabError(`${env.name} has no units. Give a battle such as "3m".`);
  const { types, rules } = env.battle;
  return {
    columns: ["Unit", "Health", "Shield", "Armour", "Damage", "Shot every", "Range", "Speed", "Radius"].map(
      (title, j) => ({ title, align: j === 0 ? "left" : "right" }),
    ),
    rows: [...new Set(types)].map((type) => {
      const { period, speed, radius } = type[rules];
      const bonus =
        type.bonusLight > 0
          ? ` (+${type.bonusLight} light)`
          : type.bonusArmored > 0
            ? ` (+${type.bonusArmored} armoured)`
            : "";
      const damage = type.heals ? "heals" : `${type.attacks > 1 ? `${type.attacks} x ` : ""}${type.damage}${bonus}`;
      const cells = (value: number): string => `${Number(value.toFixed(2))}`;
      return [
        type.name,
        String(type.health),
        String(type.shield),
        String(type.armor),
        damage,
        period === 0 ? "" : `${cells(period)} s`,
        type.range < 1 ? "melee" : cells(type.range),
        `${cells(speed)}/s`,
        cells(radius),
      ];
    }),
    note: `Distances in cells, rules "${rules}".`,
  };
}

/**
 * Returns the type bits of either side, which the two rule sets order differently. A map with one type of ally has
 * none.
 */
function typeNames({ blocks, battle }: BattleEnvironment): { readonly ally: string[]; readonly enemy: string[] } {
  if (blocks.types === 0) return { ally: [], enemy: [] };
  const names = (types: readonly { readonly name: string }[]): string[] => types.map((type) => `is ${type.name}`);
  return {
    ally: names(battle.map.allyTypes),
    enemy: names(battle.rules === "smaclite" ? battle.map.allyTypes : battle.map.enemyTypes),
  };
}

function isBattle(env: Environment): env is BattleEnvironment {
  return "battle" in env;
}
