import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { RecordedBattle } from "../../src/analysis/recorded-battle.js";

/** A network that was trained in the real game. */
export interface RealNetwork {
  readonly file: string;
  readonly map: string;
  /** Number of training steps. */
  readonly step: number;
  /**
   * Its win rate in the real game as its training logged it, or from the map's learning curve; undefined where neither
   * is known.
   */
  readonly winRate: number | undefined;
}

/** Data on the real game's battles: networks, recordings, near-random play and learning curves. */
export interface Reference {
  readonly networks: readonly RealNetwork[];
  /** Recorded battles by the recording's name. */
  readonly battles: ReadonlyMap<string, readonly RecordedBattle[]>;
  /** Return and length of near-random play by map. */
  readonly random: ReadonlyMap<string, { readonly return: number; readonly length: number }>;
}

/** Reads the reference. */
export function readReference(folder: string): Reference {
  const networks = readTable(join(folder, "networks.csv")).map(({ file, map, step, real_win_rate: rate }) => ({
    file: join(folder, "networks", `${file}.safetensors`),
    map: map,
    step: Number(step),
    winRate: rate === undefined || rate === "" ? undefined : Number(rate),
  }));
  const recordings = readdirSync(join(folder, "battles")).filter((name) => name.endsWith(".json"));
  const battles = new Map(
    recordings.map((name): [string, RecordedBattle[]] => [
      name.replace(/\.json$/, ""),
      JSON.parse(readFileSync(join(folder, "battles", name), "utf8")).episodes,
    ]),
  );
  const random = new Map(
    readTable(join(folder, "random-play.csv")).map((row) => [
      row["map"],
      { return: Number(row["return_mean"]), length: Number(row["ep_len_mean"]) },
    ]),
  );
  return { networks, battles, random };
}

function readTable(path: string): Record<string, string>[] {
  const [head, ...lines] = readFileSync(path, "utf8").trim().split(/\r?\n/);
  const names = head.split(",");
  return lines.map((line) => Object.fromEntries(line.split(",").map((cell, i) => [names[i], cell])));
}
