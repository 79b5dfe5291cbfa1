import type { EnvironmentPart } from "../../parts/environment.js";
import { completeOptions } from "../../parts/registry.js";
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
  Object.entries(tasks).map(([name, task]) => {
    const all = defaultOptions(task);
    const { frameSkip: _, ...options } = all;
    const complete = (given: object) =>
      completeOptions(`environment "${name}"`, { options: { ...all } }, { ...given }, "options.environment");
    return [
      name,
      {
        title: task.title,
        // A configuration shows `frameSkip` only where it is given, so that runs of before it was an option keep their
        // names. `create` checks it, and refuses options that there are not.
        options,
        anyOptions: true,
        continuous: true,
        create: ({ rules: _, ...given }: Partial<MujocoOptions> & { readonly rules?: unknown }) =>
          createMujocoEnvironment(name, task, complete(given) as unknown as MujocoOptions),
      },
    ];
  }),
);
