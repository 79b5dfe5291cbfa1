/**
 * Optimal reciprocal collision avoidance (van den Berg et al. 2011) in the form that SMAClite plays: half-planes of
 * allowed velocities from obstacles and neighbours, and the linear programs of RVO2 over them. Where SMAClite departs
 * from RVO2 so does this, because its play is to be reproduced; such places say so.
 *
 * Usage: `clearLines`, then one `addObstacle` for each obstacle in range and one `addNeighbour` for each neighbour,
 * then `solve`.
 */

/** Both time horizons are one second; overlaps are resolved within one tick. */
const TICKS = 16;
const PARALLEL = 1e-5;
const MOST_LINES = 1024;

/** Half-planes: allowed velocities lie left of a line through (pointX, pointY) along (wayX, wayY). */
const pointX = new Float64Array(MOST_LINES);
const pointY = new Float64Array(MOST_LINES);
const wayX = new Float64Array(MOST_LINES);
const wayY = new Float64Array(MOST_LINES);
let lines = 0;
let obstacleLines = 0;

/** Lines of the fall-back program. */
const otherPointX = new Float64Array(MOST_LINES);
const otherPointY = new Float64Array(MOST_LINES);
const otherWayX = new Float64Array(MOST_LINES);
const otherWayY = new Float64Array(MOST_LINES);

/** The velocity found last. */
export const solution = new Float64Array(2);

export function clearLines(): void {
  lines = 0;
  obstacleLines = 0;
}

function addLine(px: number, py: number, dx: number, dy: number): void {
  pointX[lines] = px;
  pointY[lines] = py;
  wayX[lines] = dx;
  wayY[lines] = dy;
  lines++;
}

/** Corners of a rectangle go round against the clock: (x, y), (x + w, y), (x + w, y + h), (x, y + h). */
const edgeX = [1, 0, -1, 0];
const edgeY = [0, 1, 0, -1];

/**
 * Adds what a closed rectangle forbids. All obstacles come before all neighbours.
 *
 * @param x,y,radius,vx,vy the unit: position, radius, present velocity (cells a second)
 */
export function addObstacle(
  x: number,
  y: number,
  radius: number,
  vx: number,
  vy: number,
  left: number,
  bottom: number,
  width: number,
  height: number,
): void {
  for (let side = 0; side < 4; side++) {
    addEdge(x, y, radius, vx, vy, left, bottom, width, height, side);
    obstacleLines = lines;
  }
}

function addEdge(
  x: number,
  y: number,
  radius: number,
  vx: number,
  vy: number,
  left: number,
  bottom: number,
  width: number,
  height: number,
  side: number,
): void {
  // The edge runs from corner `side` (first) to the next (second), both relative to the unit.
  const firstX = left + (side === 1 || side === 2 ? width : 0) - x;
  const firstY = bottom + (side >= 2 ? height : 0) - y;
  const secondX = left + (side === 0 || side === 1 ? width : 0) - x;
  const secondY = bottom + (side === 1 || side === 2 ? height : 0) - y;
  const edgeDx = secondX - firstX;
  const edgeDy = secondY - firstY;
  // Only edges that the unit sees from outside.
  if (!(firstX * edgeDy - firstY * edgeDx < 0)) return;

  for (let k = 0; k < obstacleLines; k++) {
    if (
      (firstX - pointX[k]!) * wayY[k]! - (firstY - pointY[k]!) * wayX[k]! - radius >= -PARALLEL &&
      (secondX - pointX[k]!) * wayY[k]! - (secondY - pointY[k]!) * wayX[k]! - radius >= -PARALLEL
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

  // Touching a corner or the edge: no velocity may lead further in.
  if (s < 0 && firstSquared < radiusSquared) {
    const length = Math.sqrt(firstSquared);
    addLine(0, 0, -firstY / length, firstX / length);
    return;
  }
  const nextX = edgeX[(side + 1) % 4]!;
  const nextY = edgeY[(side + 1) % 4]!;
  if (s > 1 && secondSquared <= radiusSquared) {
    if (secondX * nextY - secondY * nextX < 0) return;
    const length = Math.sqrt(secondSquared);
    addLine(0, 0, -secondY / length, secondX / length);
    return;
  }
  if (s > 0 && s < 1 && lineSquared <= radiusSquared) {
    addLine(0, 0, -edgeX[side]!, -edgeY[side]!);
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
  const beforeX = -edgeX[(side + 3) % 4]!;
  const beforeY = -edgeY[(side + 3) % 4]!;
  // Where only the first corner counts, the edge that follows it is this one.
  const afterX = onlyFirst ? edgeX[side]! : nextX;
  const afterY = onlyFirst ? edgeY[side]! : nextY;
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
    addLine(leftX + radius * ux, leftY + radius * uy, uy, -ux);
    return;
  }
  if (t > 1 && tRight < 0) {
    const length = Math.sqrt(fromRightX * fromRightX + fromRightY * fromRightY);
    const ux = fromRightX / length;
    const uy = fromRightY / length;
    addLine(rightX + radius * ux, rightY + radius * uy, uy, -ux);
    return;
  }

  const toCut = t < 0 || t > 1 || isPoint ? Infinity : squaredLength(fromLeftX - t * cutX, fromLeftY - t * cutY);
  const toLeft = tLeft < 0 ? Infinity : squaredLength(fromLeftX - tLeft * leftWayX, fromLeftY - tLeft * leftWayY);
  const toRight = tRight < 0 ? Infinity : squaredLength(fromRightX - tRight * rightWayX, fromRightY - tRight * rightWayY);

  // RVO2 sets these lines off by the radius along their normal; SMAClite adds one number, minus the line's y
  // direction times the radius, to both coordinates.
  const directionX = onlySecond ? nextX : edgeX[side]!;
  const directionY = onlySecond ? nextY : edgeY[side]!;
  if (toCut <= toLeft && toCut <= toRight) {
    const off = radius * directionY;
    addLine(leftX + off, leftY + off, -directionX, -directionY);
  } else if (toLeft <= toRight) {
    if (isLeftForeign) return;
    const off = -radius * leftWayY;
    addLine(leftX + off, leftY + off, leftWayX, leftWayY);
  } else {
    if (isRightForeign) return;
    const off = radius * rightWayY;
    addLine(rightX + off, rightY + off, -rightWayX, -rightWayY);
  }
}

/**
 * Adds what a neighbour forbids.
 *
 * @param dx,dy neighbour's position less the unit's
 * @param rvx,rvy the unit's velocity less the neighbour's
 * @param both sum of radii
 * @param share 0.5 when the neighbour wants to move as well, 1 when it stands and the unit has to avoid it alone
 */
export function addNeighbour(
  dx: number,
  dy: number,
  vx: number,
  vy: number,
  rvx: number,
  rvy: number,
  both: number,
  share: number,
): void {
  const squared = dx * dx + dy * dy;
  const bothSquared = both * both;
  let ux: number;
  let uy: number;
  let alongX: number;
  let alongY: number;
  const apart = squared > bothSquared;
  // From the centre of the cut-off circle: at the horizon of a second, or of a tick when they overlap.
  const scale = apart ? 1 : TICKS;
  const wx = rvx - scale * dx;
  const wy = rvy - scale * dy;
  const dot = wx * dx + wy * dy;
  const wSquared = wx * wx + wy * wy;
  if (!apart || (dot < 0 && dot * dot > bothSquared * wSquared)) {
    const length = Math.sqrt(wSquared);
    const unitX = wx / length;
    const unitY = wy / length;
    alongX = unitY;
    alongY = -unitX;
    const missing = both * scale - length;
    ux = missing * unitX;
    uy = missing * unitY;
  } else {
    const leg = Math.sqrt(squared - bothSquared);
    if (dx * wy - dy * wx > 0) {
      alongX = (dx * leg - dy * both) / squared;
      alongY = (dx * both + dy * leg) / squared;
    } else {
      alongX = (-dx * leg - dy * both) / squared;
      alongY = (dx * both - dy * leg) / squared;
    }
    const length = rvx * alongX + rvy * alongY;
    ux = length * alongX - rvx;
    uy = length * alongY - rvy;
  }
  addLine(vx + share * ux, vy + share * uy, alongX, alongY);
}

/** Finds the allowed velocity nearest to the preferred one, no faster than `speed`; into `solution`. */
export function solve(preferredX: number, preferredY: number, speed: number): void {
  const squared = preferredX * preferredX + preferredY * preferredY;
  if (squared > speed * speed) {
    const length = Math.sqrt(squared);
    solution[0] = (preferredX / length) * speed;
    solution[1] = (preferredY / length) * speed;
  } else {
    solution[0] = preferredX;
    solution[1] = preferredY;
  }
  for (let i = 0; i < lines; i++) {
    if (wayX[i]! * (pointY[i]! - solution[1]!) - wayY[i]! * (pointX[i]! - solution[0]!) <= 0) continue;
    if (!alongLine(pointX, pointY, wayX, wayY, i, speed, preferredX, preferredY, false)) {
      leastViolation(i, speed);
      return;
    }
  }
}

/**
 * The best velocity on line `i` within the lines before it and the speed; false where there is none, leaving
 * `solution` as it was. "Best" is nearest to (aimX, aimY) or, when `far`, farthest along it.
 */
function alongLine(
  px: Float64Array,
  py: Float64Array,
  dx: Float64Array,
  dy: Float64Array,
  i: number,
  speed: number,
  aimX: number,
  aimY: number,
  far: boolean,
): boolean {
  const x = px[i]!;
  const y = py[i]!;
  const wx = dx[i]!;
  const wy = dy[i]!;
  const dot = x * wx + y * wy;
  const discriminant = dot * dot + speed * speed - (x * x + y * y);
  if (discriminant < 0) return false;
  const root = Math.sqrt(discriminant);
  let low = -dot - root;
  let high = -dot + root;
  for (let k = 0; k < i; k++) {
    const denominator = wx * dy[k]! - wy * dx[k]!;
    const numerator = dx[k]! * (y - py[k]!) - dy[k]! * (x - px[k]!);
    if (Math.abs(denominator) < PARALLEL) {
      if (numerator < 0) return false;
      continue;
    }
    const t = numerator / denominator;
    if (denominator >= 0) {
      if (t < high) high = t;
    } else if (t > low) low = t;
    if (low > high) return false;
  }
  let at: number;
  if (far) at = aimX * wx + aimY * wy > 0 ? high : low;
  else {
    at = wx * (aimX - x) + wy * (aimY - y);
    if (at < low) at = low;
    else if (at > high) at = high;
  }
  solution[0] = x + at * wx;
  solution[1] = y + at * wy;
  return true;
}

/** When neighbours leave no velocity: the one that violates them least, obstacles still kept (RVO2's third program). */
function leastViolation(first: number, speed: number): void {
  let worst = 0;
  for (let i = first; i < lines; i++) {
    if (wayX[i]! * (pointY[i]! - solution[1]!) - wayY[i]! * (pointX[i]! - solution[0]!) <= worst) continue;
    let n = 0;
    for (let k = 0; k < obstacleLines; k++, n++) {
      otherPointX[n] = pointX[k]!;
      otherPointY[n] = pointY[k]!;
      otherWayX[n] = wayX[k]!;
      otherWayY[n] = wayY[k]!;
    }
    for (let k = obstacleLines; k < i; k++) {
      const determinant = wayX[i]! * wayY[k]! - wayY[i]! * wayX[k]!;
      if (Math.abs(determinant) <= PARALLEL) {
        if (wayX[i]! * wayX[k]! + wayY[i]! * wayY[k]! > 0) continue;
        otherPointX[n] = 0.5 * (pointX[i]! + pointX[k]!);
        otherPointY[n] = 0.5 * (pointY[i]! + pointY[k]!);
      } else {
        const at =
          (wayX[k]! * (pointY[i]! - pointY[k]!) - wayY[k]! * (pointX[i]! - pointX[k]!)) / determinant;
        otherPointX[n] = pointX[i]! + at * wayX[i]!;
        otherPointY[n] = pointY[i]! + at * wayY[i]!;
      }
      const dx = wayX[k]! - wayX[i]!;
      const dy = wayY[k]! - wayY[i]!;
      const length = Math.sqrt(dx * dx + dy * dy);
      otherWayX[n] = dx / length;
      otherWayY[n] = dy / length;
      n++;
    }
    const beforeX = solution[0]!;
    const beforeY = solution[1]!;
    const aimX = -wayY[i]!;
    const aimY = wayX[i]!;
    solution[0] = aimX * speed;
    solution[1] = aimY * speed;
    for (let k = 0; k < n; k++) {
      if (otherWayX[k]! * (otherPointY[k]! - solution[1]!) - otherWayY[k]! * (otherPointX[k]! - solution[0]!) <= 0) continue;
      if (!alongLine(otherPointX, otherPointY, otherWayX, otherWayY, k, speed, aimX, aimY, true)) {
        solution[0] = beforeX;
        solution[1] = beforeY;
        break;
      }
    }
    worst = wayX[i]! * (pointY[i]! - solution[1]!) - wayY[i]! * (pointX[i]! - solution[0]!);
  }
}

function squaredLength(x: number, y: number): number {
  return x * x + y * y;
}
