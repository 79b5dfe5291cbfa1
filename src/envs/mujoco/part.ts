import type { EnvironmentPart } from "../../parts/environment.js";
import { createMujocoEnvironment, defaultOptions, type MujocoOptions } from "./environment.js";
import { humanoid, humanoidStandup } from "./humanoid.js";
import { manyAgentSwimmer } from "./swimmer.js";
import type { MujocoTask } from "./task.js";

/** The tasks of Multi-Agent MuJoCo by the names of their environments. */
export const tasks: Readonly<Record<string, MujocoTask>> = {
  humanoid,
  "humanoid-standup": humanoidStandup,
  "manyagent-swimmer": manyAgentSwimmer,
};

/** The environments of Multi-Agent MuJoCo. */
export const mujocoParts: Readonly<Record<string, EnvironmentPart>> = Object.fromEntries(
  Object.entries(tasks).map(([name, task]) => [
    name,
    {
      title: task.title,
      options: { ...defaultOptions(task) },
      continuous: true,
      create: (settings: MujocoOptions) => createMujocoEnvironment(name, task, settings),
    },
  ]),
);
