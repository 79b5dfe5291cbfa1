import { colossus, marauder, marine, medivac, stalker, zealot, zergling } from "./units.js";
import type { UnitType } from "./units.js";

/** Types of units, and how many there are of each. */
export type Squad = readonly (readonly [UnitType, number])[];

/** A SMAC map as data; to add a map, add an entry to `maps`. Positions and sizes are in cells, and y points up. */
export interface BattleMap {
  readonly name: string;
  readonly episodeLimit: number;
  /**
   * Rows from the top (largest y) down: "." open, "^" a cliff that colossi cross, "#" neither; the black half of a cell
   * "◤", "◥", "◣" or "◢" is such a cliff (`starcraft` rules only).
   */
  readonly terrain: { readonly starcraft: readonly string[]; readonly smaclite: readonly string[] };
  /** Units in the order in which SMAClite places and numbers them. */
  readonly allies: Squad;
  readonly enemies: Squad;
  /** Types in the order in which the game's map makes them, if it is not that of `allies`. */
  readonly spawnOrder?: readonly UnitType[];
  readonly allyPoint: readonly [number, number];
  readonly enemyPoint: readonly [number, number];
  /** The point that the enemy is sent to, if not `allyPoint`. */
  readonly attackPoint?: readonly [number, number];
  /**
   * Order of the allies' one-hot type, in which SMAC also numbers allies. Empty if all units on each side are of one
   * type.
   */
  readonly allyTypes: readonly UnitType[];
  /** Order of the enemies' one-hot type in SMAC. SMAClite uses `allyTypes` for both sides. */
  readonly enemyTypes: readonly UnitType[];
  /** Whether the enemy is sent after the allies wherever they are, not to the point where they started. */
  readonly enemyFollows: boolean;
}

const smacliteBand = [
  ...Array(8).fill("#".repeat(32)),
  ...Array(16).fill(".".repeat(32)),
  ...Array(8).fill("#".repeat(32)),
];

/** A row of terrain that is open from column `from` to column `to`. */
const open = (from: number, to: number): string => "#".repeat(from) + ".".repeat(to - from + 1) + "#".repeat(31 - to);
const closed = "#".repeat(32);
// The game closes a cell when all four of its corners lie in a closed cell of the map's file, and the last two columns.
const band = [...Array(8).fill(closed), ...Array(17).fill(open(0, 29)), ...Array(7).fill(closed)];
const ravine = [
  ...Array(12).fill(closed),
  ...[
    [7, 23],
    [7, 23],
    [1, 29],
    [1, 29],
    [0, 29],
    [0, 29],
    [0, 29],
  ].map(([from, to]) => open(from, to)),
  `....${"^".repeat(23)}◤..##`,
  ...[
    [0, 29],
    [0, 29],
    [0, 29],
    [1, 29],
    [1, 29],
    [3, 27],
    [3, 27],
  ].map(([from, to]) => open(from, to)),
  ...Array(5).fill(closed),
];
const inset = (cells: number): string => "#".repeat(cells) + ".".repeat(32 - 2 * cells) + "#".repeat(cells);
// SMAClite has drawn a ravine of its own.
const smacliteRavine = [
  ...[16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 3, 2, 1, 0, 0, 0, 0].map(inset),
  `....${"^".repeat(24)}....`,
  ...[0, 0, 0, 1, 2, 3, 16, 16, 16, 16, 16, 16].map(inset),
];

const duel = {
  allyPoint: [9, 16],
  enemyPoint: [23, 16],
  terrain: { starcraft: band, smaclite: smacliteBand },
} as const;

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

/** Columns that are closed on the left and on the right of each row from the top; null if all are. */
const corridorEdges: readonly (readonly [number, number] | null)[] = [
  null,
  [20, 2],
  [19, 1],
  [18, 1],
  [17, 1],
  [16, 1],
  [15, 1],
  [14, 1],
  [13, 1],
  [12, 1],
  [11, 1],
  [11, 1],
  [11, 1],
  [11, 1],
  [12, 2],
  [13, 3],
  [13, 4],
  [12, 5],
  [11, 6],
  [2, 17],
  [1, 18],
  [1, 19],
  [1, 19],
  [1, 19],
  [1, 19],
  [1, 19],
  [1, 19],
  [1, 19],
  [1, 19],
  [1, 18],
  [2, 18],
  null,
];
// Under both rules these two are SMAClite's drawings, because we have no record of the real maps' terrain.
const corridor = corridorEdges.map((edges) =>
  edges === null ? "#".repeat(32) : "#".repeat(edges[0]) + ".".repeat(32 - edges[0] - edges[1]) + "#".repeat(edges[1]),
);
const meadow: readonly string[] = Array<string>(32).fill(".".repeat(32));

const mirrored = (squad: Squad): Pick<BattleMap, "allies" | "enemies"> => ({ allies: squad, enemies: squad });

export const maps: readonly BattleMap[] = [
  marines("3m", 3, 3, 60),
  marines("8m", 8, 8, 120),
  marines("5m_vs_6m", 5, 6, 70),
  {
    ...duel,
    ...protoss,
    name: "2s3z",
    episodeLimit: 120,
    ...mirrored([
      [stalker, 2],
      [zealot, 3],
    ]),
  },
  {
    ...duel,
    ...protoss,
    name: "3s5z",
    episodeLimit: 150,
    ...mirrored([
      [stalker, 3],
      [zealot, 5],
    ]),
  },
  {
    ...duel,
    name: "1c3s5z",
    episodeLimit: 180,
    ...mirrored([
      [colossus, 1],
      [stalker, 3],
      [zealot, 5],
    ]),
    allyTypes: [colossus, stalker, zealot],
    enemyTypes: [colossus, stalker, zealot],
    enemyFollows: false,
  },
  {
    ...duel,
    name: "MMM",
    episodeLimit: 150,
    ...mirrored([
      [medivac, 1],
      [marine, 7],
      [marauder, 2],
    ]),
    spawnOrder: [marine, marauder, medivac],
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
  marines("8m_vs_9m", 8, 9, 120),
  marines("27m_vs_30m", 27, 30, 180),
  {
    ...duel,
    name: "MMM2",
    episodeLimit: 180,
    allies: [
      [medivac, 1],
      [marine, 7],
      [marauder, 2],
    ],
    enemies: [
      [medivac, 1],
      [marine, 8],
      [marauder, 3],
    ],
    spawnOrder: [marine, marauder, medivac],
    allyTypes: [marauder, marine, medivac],
    enemyTypes: [marauder, marine, medivac],
    enemyFollows: false,
  },
  {
    ...duel,
    ...oneType,
    name: "3s_vs_5z",
    episodeLimit: 250,
    terrain: { starcraft: meadow, smaclite: meadow },
    allies: [[stalker, 3]],
    enemies: [[zealot, 5]],
  },
  {
    ...oneType,
    name: "corridor",
    episodeLimit: 400,
    terrain: { starcraft: corridor, smaclite: corridor },
    allies: [[zealot, 6]],
    enemies: [[zergling, 24]],
    allyPoint: [19.04, 19.12],
    enemyPoint: [27.91, 28.24],
    attackPoint: [4.47, 4.33],
  },
];

/** Returns the units of a squad, one by one in placement order. */
export function unitsOf(squad: Squad): UnitType[] {
  return squad.flatMap(([type, count]) => Array<UnitType>(count).fill(type));
}

/** Sorts units into the order in which the game's map makes them. */
export function bySpawn({ spawnOrder }: BattleMap, types: UnitType[]): UnitType[] {
  return spawnOrder === undefined ? types : types.sort((a, b) => spawnOrder.indexOf(a) - spawnOrder.indexOf(b));
}
