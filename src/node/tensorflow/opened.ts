import { LabError } from "../../errors.js";
import { cpus } from "node:os";
import type { Tensorflow } from "../../host.js";

/** A backend on which `tf` now computes. */
export interface Opened {
  readonly tf: Tensorflow;
  readonly device: string;
  close(): void;
}

/** Thrown for a backend that is not available; the message says in one line which one, why, and what to do. */
export class BackendError extends LabError {
  override readonly name = "BackendError";
}

/** The folder that `npm run setup:gpu` fills: node/, python/ and webgpu/. */
export const SETUP = new URL("../../../.tensorflow/", import.meta.url);

/** Returns the name of the processor, "AMD EPYC 9R14". */
export function processorName(): string {
  return cpus()[0]?.model.trim() || "this processor";
}
