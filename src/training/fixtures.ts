import { type ConfigInput, resolveConfig } from "../config.js";
import type { TrainingRecord } from "./records.js";
import { train, type TrainOptions } from "./train.js";

/** Trainings as tests look at them. */

/** All records of a training. */
export async function collect(input: ConfigInput, options: TrainOptions = {}): Promise<TrainingRecord[]> {
  const records: TrainingRecord[] = [];
  for await (const record of train(resolveConfig(input), options)) records.push(record);
  return records;
}

/** The records that do not depend on when checkpoints were made. */
export const withoutCheckpoints = (records: readonly TrainingRecord[]) => records.filter(({ kind }) => kind !== "checkpoint");
