import "../../src/node/host.js";
import { readFileSync } from "node:fs";
import type { Environment } from "../../src/envs/environment.js";
import type { Policy } from "../../src/envs/play.js";
import { networkParameters } from "../../src/networks/parameters.js";
import { createWasmEngine } from "../../src/networks/wasm/engine.js";
import { decodeSafetensors } from "../../src/runs/safetensors.js";
import { greedyPolicy } from "../../src/training/rollout.js";

/** The greedy policy of an agent network in a safetensors file in PyMARL's names, for environments of these sizes. */
export function networkPolicy(file: string, { sizes }: Environment): Policy {
  const { tensors } = decodeSafetensors(readFileSync(file));
  const hidden = tensors.get("agent.fc1.bias")!.shape[0]!;
  const shape = { ...sizes, hidden, embed: 1, hypernetEmbed: 1 };
  const parameters = new Map(
    networkParameters(shape).map(({ name, shape }) => {
      const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
      const tensor = tensors.get(name);
      if (tensor !== undefined) values.set(tensor.data as Float32Array);
      return [name, values];
    }),
  );
  return greedyPolicy(createWasmEngine(shape, parameters, new Map()).createActor(1));
}
