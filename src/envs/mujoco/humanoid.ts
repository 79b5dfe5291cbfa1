import type { Body, Joint, Model, Motor, Solid, Vector } from "./model.js";
import type { MujocoTask } from "./task.js";

const ORIGIN: Vector = [0, 0, 0];
const capsule = (from: Vector, to: Vector, radius: number): Solid => ({ from, to, radius });
const sphere = (at: Vector, radius: number): Solid => ({ from: at, to: at, radius });
const hinge = (name: string, axis: Vector, range: readonly [number, number], rest: Partial<Joint>): Joint => ({
  name,
  type: "hinge",
  axis,
  range,
  damping: 1,
  ...rest,
});

/**
 * Makes the body of Gym's Humanoid-v2 and HumanoidStandup-v2: 13 parts, 17 motors. It is not quite symmetric: the left
 * hip bends further, and its motor is heavier.
 *
 * @param lying whether it starts on its back (HumanoidStandup) or on its feet
 */
export function humanoidModel(lying: boolean): Model {
  // The legs continue from the hips: downwards, or along the ground.
  const along = (y: number, distance: number): Vector => (lying ? [distance, y, 0] : [0, y, -distance]);

  function leg(side: "right" | "left"): Body {
    const out = side === "right" ? -1 : 1;
    const right = side === "right";
    return {
      name: `${side}_thigh`,
      at: [0, out * 0.1, lying ? 0 : -0.04],
      joints: [
        hinge(`${side}_hip_x`, [-out, 0, 0], [-25, 5], { armature: 0.01, damping: 5, stiffness: 10 }),
        hinge(`${side}_hip_z`, [0, 0, -out], [-60, 35], { armature: 0.01, damping: 5, stiffness: 10 }),
        hinge(`${side}_hip_y`, [0, 1, 0], [right ? -110 : -120, 20], {
          armature: right ? 0.008 : 0.01,
          damping: 5,
          stiffness: 20,
        }),
      ],
      solids: [capsule(ORIGIN, along(-out * 0.01, 0.34), 0.06)],
      bodies: [
        {
          name: `${side}_shin`,
          at: along(-out * 0.01, 0.403),
          joints: [
            hinge(`${side}_knee`, [0, -1, 0], [-160, -2], {
              at: [0, 0, 0.02],
              armature: 0.006,
              stiffness: right ? 0 : 1,
            }),
          ],
          solids: [capsule(ORIGIN, along(0, 0.3), 0.049)],
          bodies: [
            {
              name: `${side}_foot`,
              at: lying ? [0.35, 0, -0.1] : [0, 0, -0.45],
              joints: [],
              solids: [sphere([0, 0, 0.1], 0.075)],
              bodies: [],
            },
          ],
        },
      ],
    };
  }

  function arm(side: "right" | "left"): Body {
    const out = side === "right" ? -1 : 1;
    const range = side === "right" ? ([-85, 60] as const) : ([-60, 85] as const);
    return {
      name: `${side}_upper_arm`,
      at: [0, out * 0.17, 0.06],
      joints: [
        hinge(`${side}_shoulder1`, [2, -out, 1], range, { armature: 0.0068, stiffness: 1 }),
        hinge(`${side}_shoulder2`, [0, out, 1], range, { armature: 0.0051, stiffness: 1 }),
      ],
      solids: [capsule(ORIGIN, [0.16, out * 0.16, -0.16], 0.04)],
      bodies: [
        {
          name: `${side}_lower_arm`,
          at: [0.18, out * 0.18, -0.18],
          joints: [hinge(`${side}_elbow`, [0, -1, -out], [-90, 50], { armature: 0.0028 })],
          solids: [
            capsule([0.01, -out * 0.01, 0.01], [0.17, -out * 0.17, 0.17], 0.031),
            sphere([0.18, -out * 0.18, 0.18], 0.04),
          ],
          bodies: [],
        },
      ],
    };
  }

  const pelvis: Body = {
    name: "pelvis",
    at: lying ? [0.165, 0, 0] : [0, 0, -0.165],
    quaternion: [1, 0, -0.002, 0],
    joints: [hinge("abdomen_x", [1, 0, 0], [-35, 35], { at: [0, 0, 0.1], armature: 0.02, damping: 5, stiffness: 10 })],
    solids: [capsule([-0.02, -0.07, 0], [-0.02, 0.07, 0], 0.09)],
    bodies: [leg("right"), leg("left")],
  };
  const waist: Body = {
    name: "lwaist",
    at: lying ? [0.21, 0, 0] : [-0.01, 0, -0.26],
    quaternion: [1, 0, -0.002, 0],
    joints: [
      hinge("abdomen_z", [0, 0, 1], [-45, 45], { at: [0, 0, 0.065], armature: 0.02, damping: 5, stiffness: 20 }),
      hinge("abdomen_y", [0, 1, 0], [-75, 30], { at: [0, 0, 0.065], armature: 0.02, damping: 5, stiffness: 10 }),
    ],
    solids: [capsule([0, -0.06, 0], [0, 0.06, 0], 0.06)],
    bodies: [pelvis],
  };
  const root: Body = {
    name: "torso",
    at: [0, 0, lying ? 0.105 : 1.4],
    joints: [{ name: "root", type: "free" }],
    solids: [
      capsule([0, -0.07, 0], [0, 0.07, 0], 0.07),
      sphere(lying ? [-0.15, 0, 0] : [0, 0, 0.19], 0.09),
      lying
        ? capsule([0.11, -0.06, 0], [0.11, 0.06, 0], 0.06)
        : capsule([-0.01, -0.06, -0.12], [-0.01, 0.06, -0.12], 0.06),
    ],
    bodies: [waist, arm("right"), arm("left")],
  };
  return {
    root,
    motors: MOTORS,
    control: 0.4,
    timestep: 0.003,
    solver: { name: "PGS", iterations: 50 },
    contacts: true,
  };
}

const hipsAndKnee = (side: string): Motor[] => [
  { joint: `${side}_hip_x`, gear: 100 },
  { joint: `${side}_hip_z`, gear: 100 },
  { joint: `${side}_hip_y`, gear: 300 },
  { joint: `${side}_knee`, gear: 200 },
];
const armMotors = (side: string): Motor[] =>
  ["shoulder1", "shoulder2", "elbow"].map((joint) => ({ joint: `${side}_${joint}`, gear: 25 }));

/** The controls are not in the order of the joints: the first two are exchanged. */
const MOTORS: readonly Motor[] = [
  { joint: "abdomen_y", gear: 100 },
  { joint: "abdomen_z", gear: 100 },
  { joint: "abdomen_x", gear: 100 },
  ...hipsAndKnee("right"),
  ...hipsAndKnee("left"),
  ...armMotors("right"),
  ...armMotors("left"),
];

const ABDOMEN = ["abdomen_x", "abdomen_y", "abdomen_z"];
const hips = (side: string) => ["x", "y", "z"].map((axis) => `${side}_hip_${axis}`);
const shoulders = (side: string) => [`${side}_shoulder1`, `${side}_shoulder2`];
const SIDES = ["right", "left"];

/** The only partition in the papers: above the hips and below. */
const PARTITIONS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  "9|8": [
    [...ABDOMEN, ...SIDES.flatMap((side) => [...shoulders(side), `${side}_elbow`])],
    SIDES.flatMap((side) => [...hips(side), `${side}_knee`]),
  ],
};

/** Joints that are neighbours: all of one list are one step from each other. */
const NEIGHBOURS = [
  ABDOMEN,
  ...SIDES.flatMap((side) => [
    [...hips(side), `${side}_knee`],
    [...shoulders(side), `${side}_elbow`],
    [...shoulders(side), ...ABDOMEN],
    [...hips(side), ...ABDOMEN],
  ]),
];

/**
 * Gym's cost of impacts: weight of the squared contact forces and torques (newton and newton metres), and the largest
 * cost.
 */
const IMPACT = { weight: 0.5e-6, most: 10 };

function impactCost(forces: Float64Array): number {
  return Math.min(IMPACT.weight * sumOfSquares(forces), IMPACT.most);
}

function sumOfSquares(values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] * values[i];
  return sum;
}

const shared = {
  frameSkip: 5,
  noise: 0.01,
  partitions: Object.keys(PARTITIONS),
  partition: (name) => PARTITIONS[name],
  neighbours: () => NEIGHBOURS,
  wholeBody: true,
} satisfies Partial<MujocoTask>;

/** Gym's Humanoid-v2, which walks forward. It gets 5 for each step, including the one in which it falls. */
export const humanoid: MujocoTask = {
  ...shared,
  title: "Humanoid",
  defaultPartition: "9|8",
  model: () => humanoidModel(false),
  reward: ({ control, forces, forward, seconds }) =>
    5 + (1.25 * forward) / seconds - 0.1 * sumOfSquares(control) - impactCost(forces),
  progress: "centre of mass",
  fallen: (height) => height < 1 || height > 2,
};

/**
 * Gym's HumanoidStandup-v2, which stands up from its back. The reward is the height of its torso, not the change of it.
 */
export const humanoidStandup: MujocoTask = {
  ...shared,
  title: "Humanoid Standup",
  defaultPartition: "9|8",
  model: () => humanoidModel(true),
  reward: ({ control, forces, height, timestep }) =>
    height / timestep - 0.1 * sumOfSquares(control) - impactCost(forces) + 1,
  progress: "centre of mass",
  fallen: () => false,
};
