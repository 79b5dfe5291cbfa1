/** A position in metres, or a direction: x, y, z. z points up. */
export type Vector = readonly [x: number, y: number, z: number];

/**
 * A solid of density 1000 kg/m^3 that is fixed to a body: a capsule around the line between two places, or a sphere
 * where the two are one.
 */
export interface Solid {
  readonly from: Vector;
  readonly to: Vector;
  /** Radius in metres. */
  readonly radius: number;
}

/** A joint between a body and its parent. Angles are degrees. */
export interface Joint {
  readonly name: string;
  readonly type: "free" | "slide" | "hinge";
  readonly axis?: Vector;
  /** Position of the axis relative to the body. Default: the body's own position. */
  readonly at?: Vector;
  /** Least and greatest angle. Default: no limits. */
  readonly range?: readonly [least: number, greatest: number];
  /** Inertia of the motor's rotor, kg m^2. Default: 0. */
  readonly armature?: number;
  /** Damping, N m s/rad. Default: 0. */
  readonly damping?: number;
  /** Stiffness towards the initial angle, N m/rad. Default: 0. */
  readonly stiffness?: number;
}

/** A rigid body with its solids and the bodies attached to it. */
export interface Body {
  readonly name: string;
  /** Position relative to the parent. */
  readonly at: Vector;
  /** Rotation relative to the parent: w, x, y, z. */
  readonly quaternion?: readonly [w: number, x: number, y: number, z: number];
  /** Joints between the body and its parent, applied one after the other. Empty if it is fixed. */
  readonly joints: readonly Joint[];
  readonly solids: readonly Solid[];
  readonly bodies: readonly Body[];
}

/** A motor, whose torque is `gear` times its control. */
export interface Motor {
  /** Name of the joint that it drives. */
  readonly joint: string;
  readonly gear: number;
}

/** The simulated system: bodies, motors, and the settings of the integrator. */
export interface Model {
  readonly root: Body;
  /** Motors in the order of the simulator's controls. */
  readonly motors: readonly Motor[];
  /** Largest control of a motor; controls lie between minus this value and this value. */
  readonly control: number;
  /** Time step of the integrator, in seconds. */
  readonly timestep: number;
  /** The solver of contacts and limits, and its largest number of iterations. Default: MuJoCo's. */
  readonly solver?: { readonly name: "PGS"; readonly iterations: number };
  /** Density and viscosity of the fluid around the bodies, in kg/m^3 and Pa s. Default: no fluid. */
  readonly fluid?: { readonly density: number; readonly viscosity: number };
  /** Whether bodies touch the ground and each other. */
  readonly contacts: boolean;
}

/** Lists the joints of a body and of all bodies attached to it, in the order of the simulator's coordinates. */
export function jointsOf(body: Body): Joint[] {
  return [...body.joints, ...body.bodies.flatMap(jointsOf)];
}

/** Lists a body and all bodies attached to it, in the order of the simulator. */
export function bodiesOf(body: Body): Body[] {
  return [body, ...body.bodies.flatMap(bodiesOf)];
}

/**
 * Writes a model in MuJoCo's XML language.
 *
 * @example
 * mujoco.MjModel.from_xml_string(toXml(swimmerModel(4)));
 */
export function toXml({ root, motors, control, timestep, solver, fluid, contacts }: Model): string {
  const touching = contacts ? { contype: 1, conaffinity: 1, condim: 1, margin: 0.001 } : { contype: 0, conaffinity: 0 };
  const writeBody = ({ name, at, quaternion, joints, solids, bodies }: Body): string =>
    element("body", { name, pos: at, quat: quaternion }, [
      ...joints.map(({ name, type, axis, at, range, armature, damping, stiffness }) =>
        element("joint", { name, type, axis, pos: at, range, armature, damping, stiffness }),
      ),
      ...solids.map(({ from, to, radius }) =>
        from === to
          ? element("geom", { type: "sphere", pos: from, size: radius })
          : element("geom", { type: "capsule", fromto: [...from, ...to], size: radius }),
      ),
      ...bodies.map(writeBody),
    ]);
  return element("mujoco", {}, [
    element("compiler", { angle: "degree" }),
    element("option", {
      integrator: "RK4",
      timestep,
      solver: solver?.name,
      iterations: solver?.iterations,
      density: fluid?.density,
      viscosity: fluid?.viscosity,
    }),
    // Memory of the solver. MuJoCo's default is seven times as much, for every copy of an environment.
    element("size", { memory: "2M" }),
    element("default", {}, [element("geom", touching)]),
    element("worldbody", {}, [
      ...(contacts
        ? [
            element("geom", {
              name: "ground",
              type: "plane",
              size: [20, 20, 0.125],
              condim: 3,
              friction: [1, 0.1, 0.1],
            }),
          ]
        : []),
      writeBody(root),
    ]),
    element(
      "actuator",
      {},
      motors.map(({ joint, gear }) => element("motor", { joint, gear, ctrlrange: [-control, control] })),
    ),
  ]);
}

function element(
  name: string,
  attributes: Readonly<Record<string, string | number | readonly number[] | undefined>>,
  children: readonly string[] = [],
): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${Array.isArray(value) ? value.join(" ") : value}"`)
    .join("");
  return children.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${children.join("")}</${name}>`;
}
