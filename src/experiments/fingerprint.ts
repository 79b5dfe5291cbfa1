import { createHash } from "node:crypto";
import { type Config, resolveConfig } from "../config.js";
import { shortRun } from "../short-run.js";
import { train } from "../training/train.js";

/** Fingerprints computed by this process, by algorithm. */
const known = new Map<string, Promise<string>>();

/**
 * Computes a fingerprint of training with an algorithm, twelve hexadecimal digits: the hash of networks, masks and
 * evaluations of a short training of MAST on 3m. Versions of the code, or sets of kernels, with the same fingerprint
 * train alike. It takes a second or two at the first call.
 *
 * @example await trainingFingerprint("qmix"); // "5f0c3b9a41d2"
 */
export function trainingFingerprint(algorithm: Config["algorithm"]): Promise<string> {
  if (!known.has(algorithm)) known.set(algorithm, fingerprint(algorithm));
  return known.get(algorithm)!;
}

async function fingerprint(algorithm: Config["algorithm"]): Promise<string> {
  const config = resolveConfig(
    shortRun({
      environment: "3m",
      algorithm,
      sparsity: { level: 0.9 },
      steps: 1_500,
      seed: 3,
      topology: { interval: 5 },
      targetInterval: 10,
      returns: { burnIn: 700 },
      evaluation: { interval: 500, episodes: 4, window: 1 },
    }),
  );
  const hash = createHash("sha256");
  for await (const record of train(config, { checkpointEvery: Infinity })) {
    if (record.kind === "evaluation") hash.update(JSON.stringify(record));
    if (record.kind !== "end") continue;
    const { tensors, masks } = record.state;
    for (const values of [tensors, masks])
      for (const name of [...values.keys()].sort()) {
        const { buffer, byteOffset, byteLength } = values.get(name)!;
        hash.update(name).update(new Uint8Array(buffer, byteOffset, byteLength));
      }
  }
  return hash.digest("hex").slice(0, 12);
}
