import type { Body, Joint, Model } from "./model.js";
import type { MujocoTask } from "./task.js";

/** Largest number of links that a swimmer may have. */
const MOST_LINKS = 100;

/**
 * ManyAgent Swimmer's chain in a heavy fluid: a head and `links` further rods of one metre, with a motor in each of the
 * joints between them.
 *
 * @param links number of joints with motors, 2 or more
 */
export function swimmerModel(links: number): Model {
  const rod = (from: number) => ({ from: [from, 0, 0], to: [from - 1, 0, 0], radius: 0.1 }) as const;
  // Every other joint turns the other way round; the first and the last always turn as the head does.
  const turns = (i: number) => (i === links - 1 || i === 0 || i % 2 === 1 ? 1 : -1);
  let tail: Body | undefined;
  for (let i = links - 1; i >= 0; i--) {
    tail = {
      name: `mid${i}`,
      at: [i === 0 ? 0.5 : -1, 0, 0],
      joints: [{ ...joint(`rot${i}`, "hinge", [0, 0, turns(i)]), range: [-100, 100] }],
      solids: [rod(0)],
      bodies: tail === undefined ? [] : [tail],
    };
  }
  return {
    root: {
      name: "torso",
      at: [0, 0, 0],
      joints: [
        joint("slider1", "slide", [1, 0, 0]),
        joint("slider2", "slide", [0, 1, 0]),
        joint("rot", "hinge", [0, 0, 1]),
      ],
      solids: [rod(1.5)],
      bodies: [tail!],
    },
    motors: Array.from({ length: links }, (_, i) => ({ joint: `rot${i}`, gear: 150 })),
    control: 1,
    timestep: 0.005,
    fluid: { density: 4000, viscosity: 0.1 },
    contacts: false,
  };
}

const joint = (name: string, type: Joint["type"], axis: Joint["axis"]): Joint => ({ name, type, axis, armature: 0.1 });

/** The joints of each agent of an "AxB" partition: A agents with B joints each, from the head on. */
function partition(name: string): string[][] | undefined {
  const [, agents, each] = /^([1-9]\d{0,2})x([1-9]\d{0,2})$/.exec(name) ?? [];
  if (agents === undefined) return undefined;
  const links = Number(agents) * Number(each);
  if (links < 2 || links > MOST_LINKS) return undefined;
  return Array.from({ length: Number(agents) }, (_, agent) =>
    Array.from({ length: Number(each) }, (_, i) => `rot${agent * Number(each) + i}`),
  );
}

/** ManyAgent Swimmer: swims along the x axis. The head's position counts. */
export const manyAgentSwimmer: MujocoTask = {
  title: "ManyAgent Swimmer",
  defaultPartition: "10x2",
  partitions: [`AxB for A agents of B joints, 2 to ${MOST_LINKS} joints in all`],
  partition,
  neighbours: (joints) => joints.slice(1).map((name, i) => [joints[i], name]),
  model: (joints) => swimmerModel(joints.length),
  frameSkip: 4,
  noise: 0.1,
  wholeBody: false,
  reward: ({ control, forward, seconds }) => {
    let effort = 0;
    for (let i = 0; i < control.length; i++) effort += control[i] * control[i];
    return forward / seconds - 1e-4 * effort;
  },
  progress: "root",
  fallen: () => false,
};
