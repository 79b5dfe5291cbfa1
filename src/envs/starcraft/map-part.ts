import { type EnvironmentPart, environments } from "../../parts/environment.js";
import { declareData, describeValue, isObject } from "../../parts/registry.js";
import { createBattleEnvironment } from "./environment.js";
import { type BattleMap, maps, type Squad } from "./maps.js";
import { rulesVersion } from "./rules.js";
import * as units from "./units.js";
import type { Rules, UnitType } from "./units.js";

/**
 * A map of the battle simulator as plain data, so that a JSON file can hold it. Positions are in cells of a field of 32
 * x 32, y points up.
 *
 * @example { "maps": { "4m_vs_5m": { "episodeLimit": 70, "allies": { "marine": 4 }, "enemies": { "marine": 5 } } } }
 */
export interface MapPart {
  /** The name under which figures and tables show it. Default: the name under which it is registered. */
  readonly title?: string;
  /** Steps after which an episode ends by time-out. */
  readonly episodeLimit: number;
  /** How many of each type of unit the team has, in the order in which they are placed and numbered. */
  readonly allies: Readonly<Record<string, number>>;
  /** How many of each type of unit the enemy has, in the same order. */
  readonly enemies: Readonly<Record<string, number>>;
  /** Where the allies start. Default: [9, 16], as on 3m. */
  readonly allyPoint?: readonly [x: number, y: number];
  /** Where the enemies start. Default: [23, 16], as on 3m. */
  readonly enemyPoint?: readonly [x: number, y: number];
  /** The point that the enemy is sent to. Default: `allyPoint`. */
  readonly attackPoint?: readonly [x: number, y: number];
  /**
   * 32 rows from the top (largest y) down: "." open, "^" a cliff that colossi cross, "#" neither. Default: that of 3m.
   */
  readonly terrain?: readonly string[];
  /**
   * Order of the allies' one-hot type. Default: the order of `allies`, if there is more than one type in the battle.
   */
  readonly allyTypes?: readonly string[];
  /** Order of the enemies' one-hot type. Default: as `allyTypes`. */
  readonly enemyTypes?: readonly string[];
  /**
   * Whether the enemy is sent after the allies wherever they are, not to the point where they started. Default: false.
   */
  readonly enemyFollows?: boolean;
}

/** Types of units by name. */
const unitTypes: ReadonlyMap<string, UnitType> = new Map(
  Object.values(units).flatMap((unit) =>
    isObject(unit) && "starcraft" in unit && "observedCooldown" in unit
      ? [[(unit as unknown as UnitType).name, unit as unknown as UnitType] as const]
      : [],
  ),
);

const SIZE = 32;
const KEYS = [
  "title",
  "options",
  "episodeLimit",
  "allies",
  "enemies",
  "allyPoint",
  "enemyPoint",
  "attackPoint",
  "terrain",
  "allyTypes",
  "enemyTypes",
  "enemyFollows",
];
/** Actions are bytes. There are six, and one for each enemy. */
const MOST_UNITS = 200;

/** Returns what is wrong with a map, in words that follow its name. */
function checkMap(given: object): string | undefined {
  const map = given as Record<string, unknown>;
  const known = [...unitTypes.keys()].join(", ");
  const unknown = Object.keys(map).find((key) => !KEYS.includes(key));
  if (unknown !== undefined)
    return `has a key ${describeValue(unknown)}; allowed are ${KEYS.filter((key) => key !== "options").join(", ")}`;
  const limit = map["episodeLimit"];
  if (!(Number.isInteger(limit) && (limit as number) >= 1 && (limit as number) <= 10_000))
    return `has episodeLimit ${describeValue(limit)}; expected a whole number of steps from 1 to 10,000`;
  for (const side of ["allies", "enemies"]) {
    const squad = map[side];
    if (!isObject(squad) || Object.keys(squad).length === 0)
      return `has ${side} that are ${describeValue(squad)}; expected for example { "marine": 3 }`;
    for (const [type, count] of Object.entries(squad)) {
      if (!unitTypes.has(type)) return `has ${side} of type ${describeValue(type)}; there are ${known}`;
      if (!(Number.isInteger(count) && (count as number) >= 1))
        return `has ${describeValue(count)} ${side} of type ${type}; expected a whole number of at least 1`;
    }
    const total = Object.values(squad).reduce<number>((sum, count) => sum + (count as number), 0);
    if (total > MOST_UNITS) return `has ${total} ${side}; at most ${MOST_UNITS} units fit`;
  }
  for (const point of ["allyPoint", "enemyPoint", "attackPoint"]) {
    const at = map[point];
    if (at === undefined) continue;
    if (!(Array.isArray(at) && at.length === 2 && at.every((x) => typeof x === "number" && x >= 0 && x < SIZE)))
      return `has ${point} ${describeValue(at)}; expected two numbers from 0 to ${SIZE}`;
  }
  const terrain = map["terrain"];
  if (terrain !== undefined) {
    if (!(Array.isArray(terrain) && terrain.length === SIZE))
      return `has a terrain of ${Array.isArray(terrain) ? `${terrain.length} rows` : describeValue(terrain)}; expected ${SIZE} rows`;
    const row = terrain.findIndex((cells) => typeof cells !== "string" || !/^[.^#]{32}$/.test(cells));
    if (row >= 0)
      return `has ${describeValue(terrain[row])} in row ${row} of its terrain; expected ${SIZE} characters ".", "^" or "#"`;
    for (const [point, usual] of [
      ["allyPoint", [9, 16]],
      ["enemyPoint", [23, 16]],
    ] as const) {
      const [x, y] = (map[point] ?? usual) as [number, number];
      if (terrain[SIZE - 1 - Math.floor(y)][Math.floor(x)] !== ".")
        return `has ${point} ${describeValue([x, y])} where its terrain is closed`;
    }
  }
  for (const [side, types] of [
    ["allies", "allyTypes"],
    ["enemies", "enemyTypes"],
  ] as const) {
    const order = map[types];
    if (order === undefined) continue;
    const wanted = Object.keys(map[side] as object);
    if (!(
      Array.isArray(order) &&
      wanted.every((type) => order.includes(type)) &&
      order.every((type) => unitTypes.has(type))
    ))
      return `has ${types} ${describeValue(order)}; expected an order of ${wanted.join(", ")}`;
  }
  if (map["enemyFollows"] !== undefined && typeof map["enemyFollows"] !== "boolean")
    return `has enemyFollows ${describeValue(map["enemyFollows"])}; expected true or false`;
  return undefined;
}

/** Returns the simulator's own form of a map. */
function mapOf(
  name: string,
  {
    episodeLimit,
    allies,
    enemies,
    allyPoint = [9, 16],
    enemyPoint = [23, 16],
    attackPoint,
    terrain,
    allyTypes,
    enemyTypes,
    enemyFollows = false,
  }: MapPart,
): BattleMap {
  const squad = (counts: Readonly<Record<string, number>>): Squad =>
    Object.entries(counts).map(([type, count]) => [unitTypes.get(type)!, count]);
  const usual = maps.find((map) => map.name === "3m")!.terrain;
  // A single type on each side needs no one-hot.
  const several = Object.keys(allies).length > 1 || Object.keys(enemies).length > 1;
  const all = [...new Set([...Object.keys(allies), ...Object.keys(enemies)])];
  const order = (types: readonly string[]) => (several ? types.map((type) => unitTypes.get(type)!) : []);
  const ofAllies = order(allyTypes ?? all);
  return {
    name,
    episodeLimit,
    terrain: terrain === undefined ? usual : { starcraft: terrain, smaclite: terrain },
    allies: squad(allies),
    enemies: squad(enemies),
    allyPoint,
    enemyPoint,
    attackPoint,
    allyTypes: ofAllies,
    enemyTypes: enemyTypes === undefined ? ofAllies : order(enemyTypes),
    enemyFollows,
  };
}

/** Returns a map of the battle simulator as an environment. */
export function battlePart(map: BattleMap): EnvironmentPart {
  return {
    create: ({ rules }: { rules: Rules }) => createBattleEnvironment(map, rules),
    version: ({ rules }: { rules: Rules }) => rulesVersion(map, rules),
  };
}

declareData(environments, "maps", checkMap, (name, data) => ({
  ...((data as MapPart).title !== undefined && { title: (data as MapPart).title! }),
  ...battlePart(mapOf(name, data as MapPart)),
}));
