/**
 * Optimal reciprocal collision avoidance (van den Berg et al. 2011) in the form that SMAClite plays: half-planes of
 * allowed velocities from obstacles and neighbours, and the linear programs of RVO2 over them. Where SMAClite departs
 * from RVO2, so does this module, because SMAClite's play is to be reproduced. Comments mark these places.
 *
 * SMAClite mixes single and double precision as NumPy 2 promotes them, and in a crowd a difference in the last bit
 * grows to cells within seconds. Each line and velocity therefore carries its precision, and every operation rounds as
 * NumPy would.
 *
 * Usage: fill `mover`, `clearLines`, then one `addObstacle` for each obstacle in range, then fill `neighbour` and
 * `addNeighbour` for each neighbour, then `solve`.
 */

/** Both time horizons are one second. Overlaps are resolved within one tick. */
const TICKS = 16;
const PARALLEL = 1e-5;
const MOST_LINES = 1024;

/** Half-planes: allowed velocities are left of a line through (pointX, pointY) along (wayX, wayY). */
const pointX = new Float64Array(MOST_LINES);
const pointY = new Float64Array(MOST_LINES);
const wayX = new Float64Array(MOST_LINES);
const wayY = new Float64Array(MOST_LINES);
/** 1 if a line is in double precision. */
const precise = new Uint8Array(MOST_LINES);
let lines = 0;
let obstacleLines = 0;

/** Lines of the fall-back program. */
const otherPointX = new Float64Array(MOST_LINES);
const otherPointY = new Float64Array(MOST_LINES);
const otherWayX = new Float64Array(MOST_LINES);
const otherWayY = new Float64Array(MOST_LINES);
const otherPrecise = new Uint8Array(MOST_LINES);

/**
 * The unit whose velocity is looked for: [x, y, radius, vx, vy, speed, preferred vx, preferred vy], and the neighbour
 * that `addNeighbour` adds: [dx, dy, vx, vy, sum of radii, share]. Share is 0.5 when the neighbour wants to move as
 * well, 1 when it stands and the mover has to avoid it alone. Arrays, because V8 would allocate such arguments.
 */
export const mover = new Float64Array(8);
export const neighbour = new Float64Array(6);
/** The point that `alongLine` comes as near to as possible, or the direction that it follows as far as possible. */
const aim = new Float64Array(2);

/** The velocity found last. */
export const solution = new Float64Array(2);
let solutionSingle = false;

export function clearLines(): void {
  lines = 0;
  obstacleLines = 0;
}

/** Adds the line whose four numbers were just written at `lines`. */
function endLine(single: boolean): void {
  precise[lines] = single ? 0 : 1;
  lines++;
}

/** Corners of a rectangle go round against the clock: (x, y), (x + w, y), (x + w, y + h), (x, y + h). */
const edgeX = [1, 0, -1, 0];
const edgeY = [0, 1, 0, -1];

/** Adds what the closed rectangle rectangles[at .. at + 3] = left, bottom, width, height forbids the mover. */
export function addObstacle(rectangles: Float64Array, at: number): void {
  for (let side = 0; side < 4; side++) {
    addEdge(rectangles, at, side);
    obstacleLines = lines;
  }
}

function addEdge(rectangles: Float64Array, at: number, side: number): void {
  const x = mover[0];
  const y = mover[1];
  const radius = mover[2];
  const vx = mover[3];
  const vy = mover[4];
  const left = rectangles[at];
  const bottom = rectangles[at + 1];
  const width = rectangles[at + 2];
  const height = rectangles[at + 3];
  // The edge runs from corner `side` (first) to the next (second), both relative to the unit.
  const firstX = left + (side === 1 || side === 2 ? width : 0) - x;
  const firstY = bottom + (side >= 2 ? height : 0) - y;
  const secondX = left + (side === 0 || side === 1 ? width : 0) - x;
  const secondY = bottom + (side === 1 || side === 2 ? height : 0) - y;
  const edgeDx = secondX - firstX;
  const edgeDy = secondY - firstY;
  // Only edges that the unit sees from outside count.
  if (!(firstX * edgeDy - firstY * edgeDx < 0)) return;

  for (let k = 0; k < obstacleLines; k++) {
    if (
      (firstX - pointX[k]) * wayY[k] - (firstY - pointY[k]) * wayX[k] - radius >= -PARALLEL &&
      (secondX - pointX[k]) * wayY[k] - (secondY - pointY[k]) * wayX[k] - radius >= -PARALLEL
    ) {
      return;
    }
  }

  const firstSquared = firstX * firstX + firstY * firstY;
  const secondSquared = secondX * secondX + secondY * secondY;
  const radiusSquared = radius * radius;
  const s = (-firstX * edgeDx - firstY * edgeDy) / (edgeDx * edgeDx + edgeDy * edgeDy);
  const offX = -firstX - s * edgeDx;
  const offY = -firstY - s * edgeDy;
  const lineSquared = offX * offX + offY * offY;

  // If it touches a corner or the edge, no velocity may lead further in.
  if (s < 0 && firstSquared < radiusSquared) {
    const length = Math.sqrt(firstSquared);
    pointX[lines] = 0;
    pointY[lines] = 0;
    wayX[lines] = -firstY / length;
    wayY[lines] = firstX / length;
    endLine(false);
    return;
  }
  const nextX = edgeX[(side + 1) % 4];
  const nextY = edgeY[(side + 1) % 4];
  if (s > 1 && secondSquared <= radiusSquared) {
    if (secondX * nextY - secondY * nextX < 0) return;
    const length = Math.sqrt(secondSquared);
    pointX[lines] = 0;
    pointY[lines] = 0;
    wayX[lines] = -secondY / length;
    wayY[lines] = secondX / length;
    endLine(false);
    return;
  }
  if (s > 0 && s < 1 && lineSquared <= radiusSquared) {
    pointX[lines] = 0;
    pointY[lines] = 0;
    wayX[lines] = -edgeX[side];
    wayY[lines] = -edgeY[side];
    endLine(false);
    return;
  }

  // The legs of the cone of velocities that would hit the edge within the horizon; seen end-on, of one corner alone.
  const onlyFirst = s < 0 && lineSquared <= radiusSquared;
  const onlySecond = !onlyFirst && s > 1 && lineSquared <= radiusSquared;
  const leftX = onlySecond ? secondX : firstX;
  const leftY = onlySecond ? secondY : firstY;
  const rightX = onlyFirst ? firstX : secondX;
  const rightY = onlyFirst ? firstY : secondY;
  const leftSquared = onlySecond ? secondSquared : firstSquared;
  const rightSquared = onlyFirst ? firstSquared : secondSquared;
  const leftLeg = Math.sqrt(leftSquared - radiusSquared);
  const rightLeg = Math.sqrt(rightSquared - radiusSquared);
  let leftWayX = (leftX * leftLeg - leftY * radius) / leftSquared;
  let leftWayY = (leftX * radius + leftY * leftLeg) / leftSquared;
  let rightWayX = (rightX * rightLeg + rightY * radius) / rightSquared;
  let rightWayY = (-rightX * radius + rightY * rightLeg) / rightSquared;

  // A leg that points into the neighbouring edge is cut off along it, and a velocity beyond it is that edge's affair.
  const beforeX = -edgeX[(side + 3) % 4];
  const beforeY = -edgeY[(side + 3) % 4];
  // Where only the first corner counts, the edge that follows it is this one.
  const afterX = onlyFirst ? edgeX[side] : nextX;
  const afterY = onlyFirst ? edgeY[side] : nextY;
  let isLeftForeign = false;
  let isRightForeign = false;
  if (leftWayX * beforeY - leftWayY * beforeX >= 0) {
    leftWayX = beforeX;
    leftWayY = beforeY;
    isLeftForeign = true;
  }
  if (rightWayX * afterY - rightWayY * afterX <= 0) {
    rightWayX = afterX;
    rightWayY = afterY;
    isRightForeign = true;
  }

  const isPoint = onlyFirst || onlySecond;
  const cutX = rightX - leftX;
  const cutY = rightY - leftY;
  const fromLeftX = vx - leftX;
  const fromLeftY = vy - leftY;
  const fromRightX = vx - rightX;
  const fromRightY = vy - rightY;
  const t = isPoint ? 0.5 : (fromLeftX * cutX + fromLeftY * cutY) / (cutX * cutX + cutY * cutY);
  const tLeft = fromLeftX * leftWayX + fromLeftY * leftWayY;
  const tRight = fromRightX * rightWayX + fromRightY * rightWayY;

  if ((t < 0 && tLeft < 0) || (isPoint && tLeft < 0 && tRight < 0)) {
    const length = Math.sqrt(fromLeftX * fromLeftX + fromLeftY * fromLeftY);
    const ux = fromLeftX / length;
    const uy = fromLeftY / length;
    pointX[lines] = leftX + radius * ux;
    pointY[lines] = leftY + radius * uy;
    wayX[lines] = uy;
    wayY[lines] = -ux;
    endLine(false);
    return;
  }
  if (t > 1 && tRight < 0) {
    const length = Math.sqrt(fromRightX * fromRightX + fromRightY * fromRightY);
    const ux = fromRightX / length;
    const uy = fromRightY / length;
    pointX[lines] = rightX + radius * ux;
    pointY[lines] = rightY + radius * uy;
    wayX[lines] = uy;
    wayY[lines] = -ux;
    endLine(false);
    return;
  }

  const offCutX = fromLeftX - t * cutX;
  const offCutY = fromLeftY - t * cutY;
  const offLeftX = fromLeftX - tLeft * leftWayX;
  const offLeftY = fromLeftY - tLeft * leftWayY;
  const offRightX = fromRightX - tRight * rightWayX;
  const offRightY = fromRightY - tRight * rightWayY;
  const toCut = t < 0 || t > 1 || isPoint ? Infinity : offCutX * offCutX + offCutY * offCutY;
  const toLeft = tLeft < 0 ? Infinity : offLeftX * offLeftX + offLeftY * offLeftY;
  const toRight = tRight < 0 ? Infinity : offRightX * offRightX + offRightY * offRightY;

  // RVO2 sets these lines off by the radius along their normal; SMAClite adds one number, minus the line's y
  // direction times the radius, to both coordinates.
  const directionX = onlySecond ? nextX : edgeX[side];
  const directionY = onlySecond ? nextY : edgeY[side];
  if (toCut <= toLeft && toCut <= toRight) {
    const off = radius * directionY;
    pointX[lines] = leftX + off;
    pointY[lines] = leftY + off;
    wayX[lines] = -directionX;
    wayY[lines] = -directionY;
    endLine(false);
  } else if (toLeft <= toRight) {
    if (isLeftForeign) return;
    const off = -radius * leftWayY;
    pointX[lines] = leftX + off;
    pointY[lines] = leftY + off;
    wayX[lines] = leftWayX;
    wayY[lines] = leftWayY;
    endLine(false);
  } else {
    if (isRightForeign) return;
    const off = radius * rightWayY;
    pointX[lines] = rightX + off;
    pointY[lines] = rightY + off;
    wayX[lines] = -rightWayX;
    wayY[lines] = -rightWayY;
    endLine(false);
  }
}

/** Returns `value` in single precision if `single`, else unchanged. */
function round(single: boolean, value: number): number {
  return single ? Math.fround(value) : value;
}

/** Adds what `neighbour` forbids; whether the mover's and its velocity are in single precision. */
export function addNeighbour(single: boolean, otherSingle: boolean): void {
  const dx = neighbour[0];
  const dy = neighbour[1];
  const vx = mover[3];
  const vy = mover[4];
  const both = neighbour[4];
  const share = neighbour[5];
  const s = single && otherSingle;
  const distance = Math.sqrt(dx * dx + dy * dy);
  const squared = distance * distance;
  const bothSquared = both * both;
  const px = Math.fround(dx);
  const py = Math.fround(dy);
  const rvx = round(s, vx - neighbour[2]);
  const rvy = round(s, vy - neighbour[3]);
  const apart = squared > bothSquared;
  // The vector from the centre of the cut-off circle: at the horizon of a second, or of a tick if they overlap.
  const scale = apart ? 1 : TICKS;
  const wx = round(s, rvx - scale * px);
  const wy = round(s, rvy - scale * py);
  const wSquared = round(s, round(s, wx * wx) + round(s, wy * wy));
  const along = round(s, round(s, wx * px) + round(s, wy * py));
  if (!apart || (along < 0 && round(s, along * along) > round(s, round(s, bothSquared) * wSquared))) {
    const length = round(s, Math.sqrt(wSquared));
    const unitX = round(s, wx / length);
    const unitY = round(s, wy / length);
    const missing = round(s, round(s, both * scale) - length);
    const ux = round(s, missing * unitX);
    const uy = round(s, missing * unitY);
    pointX[lines] = round(s, vx + round(s, share * ux));
    pointY[lines] = round(s, vy + round(s, share * uy));
    wayX[lines] = unitY;
    wayY[lines] = -unitX;
    endLine(s);
    return;
  }
  const leg = Math.sqrt(squared - bothSquared);
  const bothX = Math.fround(px * Math.fround(both));
  const bothY = Math.fround(py * Math.fround(both));
  let alongX: number;
  let alongY: number;
  if (round(s, round(s, px * wy) - round(s, py * wx)) > 0) {
    alongX = (px * leg - bothY) / squared;
    alongY = (bothX + py * leg) / squared;
  } else {
    alongX = (-px * leg - bothY) / squared;
    alongY = (bothX - py * leg) / squared;
  }
  const length = rvx * alongX + rvy * alongY;
  pointX[lines] = vx + share * (length * alongX - rvx);
  pointY[lines] = vy + share * (length * alongY - rvy);
  wayX[lines] = alongX;
  wayY[lines] = alongY;
  endLine(false);
}

/**
 * Finds the allowed velocity nearest to the preferred one, no faster than the mover's speed; into `solution`.
 *
 * @param single whether the preferred velocity is in single precision
 * @returns whether the solution is
 */
export function solve(single: boolean): boolean {
  const preferredX = mover[6];
  const preferredY = mover[7];
  const speed = mover[5];
  const squared = round(single, round(single, preferredX * preferredX) + round(single, preferredY * preferredY));
  solution[0] = preferredX;
  solution[1] = preferredY;
  solutionSingle = single;
  tolerated[0] = 0;
  if (squared > round(single, speed * speed)) {
    const length = round(single, Math.sqrt(squared));
    solution[0] = round(single, round(single, preferredX / length) * round(single, speed));
    solution[1] = round(single, round(single, preferredY / length) * round(single, speed));
  }
  for (let i = 0; i < lines; i++) {
    if (!isViolated(i)) continue;
    aim[0] = preferredX;
    aim[1] = preferredY;
    if (!alongLine(pointX, pointY, wayX, wayY, precise, i, single, false)) {
      leastViolation(i);
      break;
    }
  }
  return solutionSingle;
}

/**
 * Distance of the solution on the forbidden side of the line that `isViolated` looked at last, and the largest distance
 * that counts as none.
 */
const violation = new Float64Array(1);
const tolerated = new Float64Array(1);

function isViolated(i: number): boolean {
  const s = precise[i] === 0 && solutionSingle;
  const x = round(s, pointX[i] - solution[0]);
  const y = round(s, pointY[i] - solution[1]);
  violation[0] = round(s, round(s, wayX[i] * y) - round(s, wayY[i] * x));
  return !(violation[0] <= tolerated[0]);
}

/**
 * The best velocity on line `i` within the lines before it and the speed; false where there is none, leaving
 * `solution` as it was. "Best" is nearest to `aim` or, when `far`, farthest along it.
 */
function alongLine(
  px: Float64Array,
  py: Float64Array,
  dx: Float64Array,
  dy: Float64Array,
  exact: Uint8Array,
  i: number,
  aimSingle: boolean,
  far: boolean,
): boolean {
  const speed = mover[5];
  const aimX = aim[0];
  const aimY = aim[1];
  const x = px[i];
  const y = py[i];
  const wx = dx[i];
  const wy = dy[i];
  const s = exact[i] === 0;
  const along = round(s, round(s, x * wx) + round(s, y * wy));
  const squared = round(s, round(s, x * x) + round(s, y * y));
  const discriminant = round(s, round(s, round(s, along * along) + round(s, speed * speed)) - squared);
  if (discriminant < 0) return false;
  const root = round(s, Math.sqrt(discriminant));
  let low = round(s, -along - root);
  let high = round(s, -along + root);
  let lowSingle = s;
  let highSingle = s;
  for (let k = 0; k < i; k++) {
    const ss = s && exact[k] === 0;
    const denominator = round(ss, round(ss, wx * dy[k]) - round(ss, wy * dx[k]));
    const offX = round(ss, x - px[k]);
    const offY = round(ss, y - py[k]);
    const numerator = round(ss, round(ss, dx[k] * offY) - round(ss, dy[k] * offX));
    if (Math.abs(denominator) < round(ss, PARALLEL)) {
      if (numerator < 0) return false;
      continue;
    }
    const t = round(ss, numerator / denominator);
    if (denominator >= 0) {
      if (t < high) {
        high = t;
        highSingle = ss;
      }
    } else if (t > low) {
      low = t;
      lowSingle = ss;
    }
    if (low > high) return false;
  }
  const ss = s && aimSingle;
  let at: number;
  let atSingle: boolean;
  if (far) {
    const ahead = round(ss, round(ss, aimX * wx) + round(ss, aimY * wy)) > 0;
    at = ahead ? high : low;
    atSingle = ahead ? highSingle : lowSingle;
  } else {
    at = round(ss, round(ss, wx * round(ss, aimX - x)) + round(ss, wy * round(ss, aimY - y)));
    atSingle = ss;
    if (at < low) {
      at = low;
      atSingle = lowSingle;
    } else if (at > high) {
      at = high;
      atSingle = highSingle;
    }
  }
  const rs = s && atSingle;
  solution[0] = round(rs, x + round(rs, at * wx));
  solution[1] = round(rs, y + round(rs, at * wy));
  solutionSingle = rs;
  return true;
}

/** When neighbours leave no velocity: the one that violates them least, obstacles still kept (RVO2's third program). */
function leastViolation(first: number): void {
  const speed = mover[5];
  for (let i = first; i < lines; i++) {
    if (!isViolated(i)) continue;
    let n = 0;
    for (; n < obstacleLines; n++) {
      otherPointX[n] = pointX[n];
      otherPointY[n] = pointY[n];
      otherWayX[n] = wayX[n];
      otherWayY[n] = wayY[n];
      otherPrecise[n] = precise[n];
    }
    const wx = wayX[i];
    const wy = wayY[i];
    for (let k = obstacleLines; k < i; k++) {
      const s = precise[i] === 0 && precise[k] === 0;
      const determinant = round(s, round(s, wx * wayY[k]) - round(s, wy * wayX[k]));
      if (Math.abs(determinant) <= round(s, PARALLEL)) {
        if (round(s, round(s, wx * wayX[k]) + round(s, wy * wayY[k])) > 0) continue;
        otherPointX[n] = round(s, 0.5 * round(s, pointX[i] + pointX[k]));
        otherPointY[n] = round(s, 0.5 * round(s, pointY[i] + pointY[k]));
      } else {
        const dx = round(s, pointX[i] - pointX[k]);
        const dy = round(s, pointY[i] - pointY[k]);
        const at = round(s, round(s, round(s, wayX[k] * dy) - round(s, wayY[k] * dx)) / determinant);
        otherPointX[n] = round(s, pointX[i] + round(s, at * wx));
        otherPointY[n] = round(s, pointY[i] + round(s, at * wy));
      }
      const dx = round(s, wayX[k] - wx);
      const dy = round(s, wayY[k] - wy);
      const length = round(s, Math.sqrt(round(s, round(s, dx * dx) + round(s, dy * dy))));
      otherWayX[n] = round(s, dx / length);
      otherWayY[n] = round(s, dy / length);
      otherPrecise[n] = s ? 0 : 1;
      n++;
    }
    const beforeX = solution[0];
    const beforeY = solution[1];
    const beforeSingle = solutionSingle;
    const isSingle = precise[i] === 0;
    solutionSingle = isSingle;
    solution[0] = round(isSingle, -wy * round(isSingle, speed));
    solution[1] = round(isSingle, wx * round(isSingle, speed));
    aim[0] = -wy;
    aim[1] = wx;
    for (let k = 0; k < n; k++) {
      const s = otherPrecise[k] === 0 && solutionSingle;
      const dx = round(s, otherPointX[k] - solution[0]);
      const dy = round(s, otherPointY[k] - solution[1]);
      if (round(s, round(s, otherWayX[k] * dy) - round(s, otherWayY[k] * dx)) <= 0) continue;
      if (!alongLine(otherPointX, otherPointY, otherWayX, otherWayY, otherPrecise, k, isSingle, true)) {
        solution[0] = beforeX;
        solution[1] = beforeY;
        solutionSingle = beforeSingle;
        break;
      }
    }
    isViolated(i);
    tolerated[0] = violation[0];
  }
}
