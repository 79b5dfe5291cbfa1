/** Shapes by the names of Plotly's symbols, so that pictures and replays show the same ones. */
const SHAPES = [
  "circle",
  "square",
  "diamond",
  "triangle-up",
  "triangle-down",
  "pentagon",
  "hexagon",
  "cross",
  "star",
] as const;

/** The look of the units of one type. */
export type UnitShape = (typeof SHAPES)[number];

/** Shapes of the types on the built-in maps, as different as possible for types that meet on 2s3z, 1c3s5z or MMM. */
const OF_TYPE: Readonly<Record<string, UnitShape>> = {
  marine: "circle",
  marauder: "square",
  medivac: "cross",
  stalker: "diamond",
  zealot: "triangle-up",
  colossus: "hexagon",
  zergling: "triangle-down",
};

/**
 * Returns a shape for each type of unit, so that types are told apart without letters and colours. Types that we know
 * have one shape on all maps. Others take those that are left, in the order in which they come.
 *
 * @example unitShapes(["stalker", "zealot"]).get("zealot"); // "triangle-up"
 */
export function unitShapes(types: readonly string[]): ReadonlyMap<string, UnitShape> {
  const names = [...new Set(types)];
  const known = names.filter((name) => name in OF_TYPE);
  const others = names.filter((name) => !known.includes(name));
  const left = SHAPES.filter((shape) => !known.some((name) => OF_TYPE[name] === shape));
  return new Map(
    names.map((name) => [name, name in OF_TYPE ? OF_TYPE[name] : left[others.indexOf(name) % left.length]]),
  );
}

/**
 * Returns the corners of a shape around its middle, with y upwards, of about the area of a circle with radius 1. The
 * circle itself has none. [corners, 2]
 */
export function shapeCorners(shape: UnitShape): readonly (readonly [x: number, y: number])[] {
  const regular = (corners: number, radius: number, turn: number): [number, number][] =>
    Array.from({ length: corners }, (_, i) => {
      const angle = turn + (2 * Math.PI * i) / corners;
      return [round(radius * Math.cos(angle)), round(radius * Math.sin(angle))];
    });
  const up = Math.PI / 2;
  switch (shape) {
    case "circle":
      return [];
    case "square":
      return regular(4, 1.25, Math.PI / 4);
    case "diamond":
      return regular(4, 1.3, 0);
    case "triangle-up":
      return regular(3, 1.45, up);
    case "triangle-down":
      return regular(3, 1.45, -up);
    case "pentagon":
      return regular(5, 1.2, up);
    case "hexagon":
      return regular(6, 1.15, 0);
    case "cross":
      return CROSS;
    case "star":
      return regular(5, 1.45, up).flatMap((tip, i) => [tip, regular(5, 0.62, up + Math.PI / 5)[i]]);
  }
}

/** Corners of the cross, clockwise from the upper arm's left corner. */
const CROSS = [
  [-0.45, 1.2],
  [0.45, 1.2],
  [0.45, 0.45],
  [1.2, 0.45],
  [1.2, -0.45],
  [0.45, -0.45],
  [0.45, -1.2],
  [-0.45, -1.2],
  [-0.45, -0.45],
  [-1.2, -0.45],
  [-1.2, 0.45],
  [-0.45, 0.45],
] as const;

const round = (value: number): number => Number(value.toFixed(3));
