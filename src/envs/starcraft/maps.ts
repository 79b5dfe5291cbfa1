import { colossus, marauder, marine, medivac, stalker, zealot, zergling } from "./units.js";
import type { UnitType } from "./units.js";

/** A type and how many of it. */
export type Squad = readonly (readonly [UnitType, number])[];

/** A SMAC map, as data: adding one is adding an entry to `maps`. Positions and sizes are in cells, y points up. */
export interface BattleMap {
  readonly name: string;
  readonly episodeLimit: number;
  /** Rows from the top (largest y) down: "." open, "^" a cliff that colossi cross, "#" neither. */
  readonly terrain: { readonly starcraft: readonly string[]; readonly smaclite: readonly string[] };
  /** Units in the order SMAClite places and numbers them. */
  readonly allies: Squad;
  readonly enemies: Squad;
  readonly allyPoint: readonly [number, number];
  readonly enemyPoint: readonly [number, number];
  /** Order of the allies' one-hot type; SMAC also numbers allies in it. Empty where all units are of one type a side. */
  readonly allyTypes: readonly UnitType[];
  /** Order of the enemies' one-hot type under SMAC; SMAClite uses `allyTypes` for both sides. */
  readonly enemyTypes: readonly UnitType[];
  /** The enemy is sent at the allies wherever they are, not at the point where they started. */
  readonly enemyFollows: boolean;
}

const band = [...Array(8).fill("#".repeat(32)), ...Array(16).fill(".".repeat(32)), ...Array(8).fill("#".repeat(32))];

const inset = (cells: number): string => "#".repeat(cells) + ".".repeat(32 - 2 * cells) + "#".repeat(cells);
const cliff = `....${"^".repeat(24)}....`;
// SMAClite's ravine is its own drawing: the cliff is one row thick instead of two and the corners are rounder.
const ravine = [
  ...[16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 8, 8, 2, 2, 0, 0].map(inset),
  cliff,
  cliff,
  ...[0, 0, 2, 2, 4, 4, 16, 16, 16, 16, 16, 16].map(inset),
];
const smacliteRavine = [
  ...[16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 3, 2, 1, 0, 0, 0, 0].map(inset),
  cliff,
  ...[0, 0, 0, 1, 2, 3, 16, 16, 16, 16, 16, 16].map(inset),
];

const duel = { allyPoint: [9, 16], enemyPoint: [23, 16], terrain: { starcraft: band, smaclite: band } } as const;

const oneType = { allyTypes: [], enemyTypes: [], enemyFollows: false } as const;
const protoss = { allyTypes: [stalker, zealot], enemyTypes: [zealot, stalker], enemyFollows: false } as const;

const marines = (name: string, allies: number, enemies: number, episodeLimit: number): BattleMap => ({
  ...duel,
  ...oneType,
  name,
  episodeLimit,
  allies: [[marine, allies]],
  enemies: [[marine, enemies]],
});

const mirrored = (squad: Squad): Pick<BattleMap, "allies" | "enemies"> => ({ allies: squad, enemies: squad });

export const maps: readonly BattleMap[] = [
  marines("3m", 3, 3, 60),
  marines("8m", 8, 8, 120),
  marines("5m_vs_6m", 5, 6, 70),
  { ...duel, ...protoss, name: "2s3z", episodeLimit: 120, ...mirrored([[stalker, 2], [zealot, 3]]) },
  { ...duel, ...protoss, name: "3s5z", episodeLimit: 150, ...mirrored([[stalker, 3], [zealot, 5]]) },
  {
    ...duel,
    name: "1c3s5z",
    episodeLimit: 180,
    ...mirrored([[colossus, 1], [stalker, 3], [zealot, 5]]),
    allyTypes: [colossus, stalker, zealot],
    enemyTypes: [colossus, stalker, zealot],
    enemyFollows: false,
  },
  {
    ...duel,
    name: "MMM",
    episodeLimit: 150,
    ...mirrored([[medivac, 1], [marine, 7], [marauder, 2]]),
    allyTypes: [marauder, marine, medivac],
    enemyTypes: [marauder, marine, medivac],
    enemyFollows: false,
  },
  {
    name: "2c_vs_64zg",
    episodeLimit: 400,
    terrain: { starcraft: ravine, smaclite: smacliteRavine },
    allies: [[colossus, 2]],
    enemies: [[zergling, 64]],
    allyPoint: [16, 16],
    enemyPoint: [16, 9],
    allyTypes: [],
    enemyTypes: [],
    enemyFollows: true,
  },
];

/** The units of a squad, one by one in placement order. */
export function unitsOf(squad: Squad): UnitType[] {
  return squad.flatMap(([type, count]) => Array<UnitType>(count).fill(type));
}
