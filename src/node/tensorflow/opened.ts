import { LabError } from "../../errors.js";
import { cpus } from "node:os";
import type { Tensorflow } from "../../host.js";

/** A backend that is the one of `tf` now. */
export interface Opened {
  readonly tf: Tensorflow;
  readonly device: string;
  close(): void;
}

/** A backend that is not there; its message is one line: which, why, and what to do. */
export class BackendError extends LabError {
  override readonly name = "BackendError";
}

/** The folder that `npm run setup:gpu` fills: node/, python/ and webgpu/. */
export const SETUP = new URL("../../../.tensorflow/", import.meta.url);

/** "AMD EPYC 9R14" */
export function processorName(): string {
  return cpus()[0]?.model.trim() || "this processor";
}
