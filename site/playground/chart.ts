/** A line of a chart. */
export interface Line {
  /** [x, y], in ascending order of x; y is NaN where there is no value. */
  readonly points: readonly (readonly [number, number])[];
  /** CSS class of the line, which gives it its colour, such as "team-a". */
  readonly look: string;
  /** Name of the line, for people who cannot see it and at the pointer. A line without a name is not read out. */
  readonly name?: string;
}

export interface Chart {
  readonly lines: readonly Line[];
  /** Largest x. */
  readonly most: number;
  /** Bounds of y. Default: those of the lines. */
  readonly range?: readonly [number, number];
  /** Returns a value as text. */
  readonly format: (y: number) => string;
  /** What the chart shows, in a sentence. */
  readonly label: string;
  /** Vertical lines with a name, such as T_0. */
  readonly marks?: readonly { readonly x: number; readonly name: string }[];
}

const SVG = "http://www.w3.org/2000/svg";

function add(parent: Element, tag: string, attributes: Record<string, string | number>, text?: string): SVGElement {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  if (text !== undefined) element.textContent = text;
  parent.append(element);
  return element;
}

/** Returns about `count` round numbers within bounds. */
export function ticks(low: number, high: number, count: number): number[] {
  const rough = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough * 0.999)!;
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => (first + i) * step);
}

/** Returns steps in short, such as "20k". */
export function shortSteps(steps: number): string {
  if (steps >= 1_000_000) return `${Number((steps / 1_000_000).toFixed(2))}M`;
  return steps >= 1_000 ? `${Number((steps / 1_000).toFixed(1))}k` : String(steps);
}

/**
 * Draws charts into an element, and again whenever its width or what it shows changes. A pointer or the arrow keys read
 * values off.
 */
export function chartIn(element: HTMLElement, height = 200): (chart: Chart) => void {
  let shown: Chart | undefined;
  let at: number | undefined;
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("role", "img");
  svg.setAttribute("tabindex", "0");
  element.append(svg);
  const reading = document.createElement("p");
  reading.className = "reading";
  reading.setAttribute("aria-live", "polite");
  element.append(reading);

  const left = 44;
  const right = 12;
  const top = 12;
  const bottom = 26;
  const width = () => Math.max(200, element.clientWidth);

  function render(): void {
    if (shown === undefined) return;
    const { lines, most, range, format, label, marks = [] } = shown;
    const w = width();
    svg.replaceChildren();
    svg.setAttribute("viewBox", `0 0 ${w} ${height}`);
    svg.setAttribute("width", String(w));
    svg.setAttribute("height", String(height));
    svg.setAttribute("aria-label", label);
    const values = lines.flatMap(({ points }) => points.map(([, y]) => y)).filter(Number.isFinite);
    let [low, high] = range ?? [Math.min(0, ...values), Math.max(1e-9, ...values)];
    if (range === undefined) [low, high] = [low - 0.05 * (high - low) * Number(low < 0), high + 0.05 * (high - low)];
    const x = (step: number) => left + (step / Math.max(1, most)) * (w - left - right);
    const y = (value: number) => top + ((high - value) / (high - low)) * (height - top - bottom);

    for (const value of ticks(low, high, height < 170 ? 3 : 4)) {
      add(svg, "line", { class: "grid", x1: left, x2: w - right, y1: y(value), y2: y(value) });
      add(svg, "text", { class: "tick", x: left - 8, y: y(value) + 4, "text-anchor": "end" }, format(value));
    }
    for (const step of ticks(0, most, w < 420 ? 3 : 6)) {
      const anchor = x(step) > w - right - 16 ? "end" : step === 0 ? "start" : "middle";
      add(
        svg,
        "text",
        { class: "tick", x: x(step), y: height - 6, "text-anchor": anchor },
        step === 0 ? "0 steps" : shortSteps(step),
      );
    }
    for (const mark of marks) {
      if (mark.x <= 0 || mark.x >= most) continue;
      add(svg, "line", { class: "mark", x1: x(mark.x), x2: x(mark.x), y1: top, y2: height - bottom });
      const text = add(svg, "text", { class: "mark", x: x(mark.x) + 5, y: top + 10 });
      text.innerHTML = mark.name;
    }
    for (const { points, look } of lines) {
      const known = points.filter(([, value]) => Number.isFinite(value));
      if (known.length === 0) continue;
      const path = known.map(
        ([step, value], i) => `${i === 0 ? "M" : "L"}${x(step).toFixed(1)} ${y(value).toFixed(1)}`,
      );
      add(svg, "path", { class: `line ${look}`, d: path.join("") });
      const [step, value] = known.at(-1)!;
      if (!look.includes("faint")) add(svg, "circle", { class: `dot ${look}`, cx: x(step), cy: y(value), r: 3.5 });
    }
    if (at === undefined) return void (reading.textContent = "");
    const steps = [...new Set(lines.flatMap(({ points }) => points.map(([step]) => step)))].sort((a, b) => a - b);
    if (steps.length === 0) return;
    const nearest = steps.reduce((best, step) => (Math.abs(step - at!) < Math.abs(best - at!) ? step : best));
    add(svg, "line", { class: "cursor", x1: x(nearest), x2: x(nearest), y1: top, y2: height - bottom });
    const read = lines.flatMap(({ name, points, look }) => {
      const point = points.find(([step]) => step === nearest);
      if (point === undefined || !Number.isFinite(point[1])) return [];
      add(svg, "circle", { class: `dot ${look}`, cx: x(nearest), cy: y(point[1]), r: 4.5 });
      return name === undefined ? [] : [`${name} ${format(point[1])}`];
    });
    reading.textContent = `Step ${nearest.toLocaleString("en")}: ${read.join(", ")}`;
  }

  const follow = (event: PointerEvent) => {
    if (shown === undefined) return;
    const box = svg.getBoundingClientRect();
    at = Math.max(0, ((event.clientX - box.left - left) / (box.width - left - right)) * shown.most);
    render();
  };
  svg.addEventListener("pointermove", follow);
  svg.addEventListener("pointerdown", follow);
  svg.addEventListener("pointerleave", () => ((at = undefined), render()));
  svg.addEventListener("blur", () => ((at = undefined), render()));
  svg.addEventListener("keydown", (event) => {
    if (shown === undefined || !["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    event.preventDefault();
    const steps = [...new Set(shown.lines.flatMap(({ points }) => points.map(([step]) => step)))].sort((a, b) => a - b);
    if (steps.length === 0) return;
    const now = at === undefined ? steps.length : steps.findIndex((step) => step >= at!);
    at = steps[Math.min(steps.length - 1, Math.max(0, now + (event.key === "ArrowLeft" ? -1 : 1)))];
    render();
  });
  new ResizeObserver(render).observe(element);
  return (chart) => {
    shown = chart;
    render();
  };
}
