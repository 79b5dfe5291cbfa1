/** A part of a map, as [left, bottom, width, height] in cells. */
export type View = readonly [left: number, bottom: number, width: number, height: number];

/** How far one can zoom in. */
const MOST = 8;
/** One press of a key or button. */
const PRESS = 1.5;

/**
 * What is seen of a map that is larger than its canvas. Its place is kept as shares of the whole map, so that it stays
 * where it is when another battle with another part of the map comes.
 */
export interface Lens {
  readonly zoom: number;
  /** Returns the part of a whole map that is seen. */
  on(whole: View): View;
  /** Zooms in or out about a place that is given as shares of what is seen, from the left and from below. */
  zoomBy(factor: number, x?: number, y?: number): void;
  /** Moves what is seen, by shares of it, to the right and up. */
  move(x: number, y: number): void;
  /** Shows the whole map again. */
  fit(): void;
}

/** @param onZoom is told the zoom after every change of it */
export function createLens(onZoom: (zoom: number) => void): Lens {
  let zoom = 1;
  // The left and lower edge of what is seen, as shares of the whole map.
  let [left, bottom] = [0, 0];
  const place = (x: number, y: number): void => {
    const most = 1 - 1 / zoom;
    [left, bottom] = [Math.min(most, Math.max(0, x)), Math.min(most, Math.max(0, y))];
  };
  return {
    get zoom() {
      return zoom;
    },
    on: ([x, y, width, height]) => [x + left * width, y + bottom * height, width / zoom, height / zoom],
    zoomBy(factor, x = 0.5, y = 0.5) {
      const before = zoom;
      zoom = Math.min(MOST, Math.max(1, zoom * factor));
      place(left + x / before - x / zoom, bottom + y / before - y / zoom);
      if (zoom !== before) onZoom(zoom);
    },
    move: (x, y) => place(left + x / zoom, bottom + y / zoom),
    fit() {
      zoom = 1;
      place(0, 0);
      onZoom(zoom);
    },
  };
}

/**
 * Moves a lens with the mouse, fingers and keys on a canvas: ctrl with the wheel, a double click or two fingers zoom,
 * dragging moves, and so do +, -, 0 and the arrow keys while the canvas has the focus. The wheel alone and, as long as
 * the whole map is seen, one finger scroll the page.
 */
export function lensControls(canvas: HTMLCanvasElement, lens: Lens): void {
  const shares = (event: MouseEvent): [number, number] => [
    event.offsetX / canvas.clientWidth,
    1 - event.offsetY / canvas.clientHeight,
  ];
  canvas.addEventListener(
    "wheel",
    (event) => {
      // A pinch on a touchpad arrives as a wheel with ctrl.
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      lens.zoomBy(Math.exp(-event.deltaY / 200), ...shares(event));
    },
    { passive: false },
  );
  canvas.addEventListener("dblclick", (event) => lens.zoomBy(2, ...shares(event)));
  const held = new Map<number, [number, number]>();
  canvas.addEventListener("pointerdown", (event) => {
    held.set(event.pointerId, shares(event));
    if (lens.zoom > 1 || held.size > 1) canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    const [before, now] = [held.get(event.pointerId), shares(event)];
    if (before === undefined) return;
    const [other] = [...held].flatMap(([pointer, at]) => (pointer === event.pointerId ? [] : [at]));
    if (other === undefined) lens.move(before[0] - now[0], before[1] - now[1]);
    else {
      const apart = ([x, y]: [number, number]) =>
        Math.hypot((x - other[0]) * canvas.clientWidth, (y - other[1]) * canvas.clientHeight);
      if (apart(before) > 0) lens.zoomBy(apart(now) / apart(before), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
    }
    held.set(event.pointerId, now);
  });
  for (const end of ["pointerup", "pointercancel", "pointerleave"] as const)
    canvas.addEventListener(end, ({ pointerId }) => held.delete(pointerId));
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = {
      "+": () => lens.zoomBy(PRESS),
      "=": () => lens.zoomBy(PRESS),
      "-": () => lens.zoomBy(1 / PRESS),
      "0": () => lens.fit(),
      ArrowLeft: () => lens.move(-0.1, 0),
      ArrowRight: () => lens.move(0.1, 0),
      ArrowUp: () => lens.move(0, 0.1),
      ArrowDown: () => lens.move(0, -0.1),
    }[event.key];
    // The arrow keys scroll the page while there is nothing to move.
    if (act === undefined || (event.key.startsWith("Arrow") && lens.zoom === 1)) return;
    event.preventDefault();
    act();
  });
}

/** The buttons below a canvas, for people who have neither a wheel nor the keys. */
export function lensButtons(parent: HTMLElement, lens: Lens): void {
  const button = (text: string, label: string, act: () => void): void => {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "quiet lens";
    made.textContent = text;
    made.title = label;
    made.setAttribute("aria-label", label);
    made.addEventListener("click", act);
    parent.append(made);
  };
  button("−", "zoom out (key -)", () => lens.zoomBy(1 / PRESS));
  button("+", "zoom in (key +)", () => lens.zoomBy(PRESS));
  button("Fit", "the whole battle (key 0)", () => lens.fit());
}
