import "../../src/node/host.js";
import { agentFromFile } from "../../src/analysis/team-play.js";
import type { Environment } from "../../src/envs/environment.js";
import type { Policy } from "../../src/envs/play.js";
import { greedyPolicy } from "../../src/training/rollout.js";

/** Makes the greedy policy of an agent network in a safetensors file with PyMARL's names. */
export function networkPolicy(file: string, env: Environment): Policy {
  return greedyPolicy(agentFromFile(file, env).createActor(1));
}
