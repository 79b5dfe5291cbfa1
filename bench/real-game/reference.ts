import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** One order of an ally in a recorded battle; moves carry the unit's own exact position at that moment. */
export type RecordedOrder =
  | readonly ["E" | "W" | "N" | "S", number, number]
  | readonly ["a", string]
  | readonly ["h", string, number, number]
  | readonly ["s"]
  | readonly ["m?"];

/** One battle that was played in StarCraft II; units are called A0.. and E0.. in order of spawning, times are loops since the spawn. */
export interface RecordedBattle {
  readonly win: boolean;
  /** [name, type, x, y], whole numbers */
  readonly units: readonly (readonly [string, string, number, number])[];
  /** [loop, orders by ally, exact places of the enemies that somebody attacks] */
  readonly steps: readonly (readonly [number, Readonly<Record<string, RecordedOrder>>, Readonly<Record<string, readonly [number, number]>>])[];
  /** [loop, unit, who killed it, x, y] */
  readonly deaths: readonly (readonly [number, string, string | null, number, number])[];
}

/** A network that was trained in the real game. */
export interface RealNetwork {
  readonly file: string;
  readonly map: string;
  /** Steps it was trained for. */
  readonly step: number;
  /** Its win rate in the real game as its training logged it, or from the map's learning curve; undefined where neither is known. */
  readonly winRate: number | undefined;
}

/** What is known of the real game's battles: networks, recordings, near-random play and learning curves. */
export interface Reference {
  readonly networks: readonly RealNetwork[];
  /** Recorded battles by the recording's name. */
  readonly battles: ReadonlyMap<string, readonly RecordedBattle[]>;
  /** Return and length of near-random play by map. */
  readonly random: ReadonlyMap<string, { readonly return: number; readonly length: number }>;
}

/** The folder of the reference: MAST_REFERENCE, or ../shared/reference/smac beside the project; undefined where there is none. */
export function referenceFolder(): string | undefined {
  const project = fileURLToPath(new URL("../..", import.meta.url));
  const folder = process.env["MAST_REFERENCE"] ?? resolve(project, "../shared/reference/smac");
  return existsSync(join(folder, "networks.csv")) ? folder : undefined;
}

/** Reads the reference. */
export function readReference(folder: string): Reference {
  const networks = readTable(join(folder, "networks.csv")).map(({ file, map, step, real_win_rate: rate }) => ({
    file: join(folder, "networks", `${file}.safetensors`),
    map: map!,
    step: Number(step),
    winRate: rate === undefined || rate === "" ? undefined : Number(rate),
  }));
  const recordings = readdirSync(join(folder, "battles")).filter((name) => name.endsWith(".json"));
  const battles = new Map(
    recordings.map((name): [string, RecordedBattle[]] => [name.replace(/\.json$/, ""), JSON.parse(readFileSync(join(folder, "battles", name), "utf8")).episodes]),
  );
  const random = new Map(
    readTable(join(folder, "random-play.csv")).map((row) => [row["map"]!, { return: Number(row["return_mean"]), length: Number(row["ep_len_mean"]) }]),
  );
  return { networks, battles, random };
}

function readTable(path: string): Record<string, string>[] {
  const [head, ...lines] = readFileSync(path, "utf8").trim().split(/\r?\n/);
  const names = head!.split(",");
  return lines.map((line) => Object.fromEntries(line.split(",").map((cell, i) => [names[i]!, cell])));
}
