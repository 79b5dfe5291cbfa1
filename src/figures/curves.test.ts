import { describe, expect, it } from "vitest";
import { meanCurve, trainingCurves } from "./curves.js";
import { METHOD_STYLES, methodStyles } from "./theme.js";

const line = (figure: ReturnType<typeof trainingCurves>, name: string) =>
  figure.data.find((trace) => trace["mode"] === "lines" && trace["name"] === name && trace["fill"] === undefined)!;
const points = (figure: ReturnType<typeof trainingCurves>, name: string) =>
  figure.data.find((trace) => trace["name"] === `${name} (raw)`)!;
const band = (figure: ReturnType<typeof trainingCurves>) => figure.data.filter((trace) => trace["fill"] === "toself");
const steps = (n: number) => Array.from({ length: n }, (_, i) => i * 10_000);
const caption = (figure: ReturnType<typeof trainingCurves>) =>
  (figure.layout["annotations"] as { text: string }[])[0].text;

describe("meanCurve", () => {
  it("gives mean and sample standard deviation at each step", () => {
    const curve = meanCurve([
      { steps: [0, 10], values: [0, 0.5] },
      { steps: [0, 10], values: [0.2, 0.9] },
    ]);
    expect(curve.mean[0]).toBeCloseTo(0.1, 12);
    expect(curve.mean[1]).toBeCloseTo(0.7, 12);
    // sqrt(((0.5 - 0.7)^2 + (0.9 - 0.7)^2) / 1)
    expect(curve.deviation[1]).toBeCloseTo(Math.sqrt(0.08), 12);
  });

  it("interpolates runs that were evaluated on other steps", () => {
    const curve = meanCurve([
      { steps: [0, 10, 20], values: [0, 1, 2] },
      { steps: [0, 20], values: [0, 4] },
    ]);
    expect(curve.mean).toEqual([0, 1.5, 3]);
  });

  it("averages only the runs that have come that far", () => {
    const curve = meanCurve([
      { steps: [0, 10, 20, 30], values: [0, 0, 0, 0] },
      { steps: [0, 10], values: [1, 1] },
    ]);
    expect(curve.runs).toEqual([2, 2, 1, 1]);
    expect(curve.mean).toEqual([0.5, 0.5, 0, 0]);
  });
});

describe("trainingCurves", () => {
  it("filters a curve of the paper's 200 evaluations with window 21 and order 2, which leaves a parabola as it is and moves a spike", () => {
    const x = steps(201);
    const parabola = x.map((_, i) => 0.2 + 0.00002 * (i - 45) ** 2);
    const smooth = line(trainingCurves([{ label: "MAST", steps: x, values: parabola }]), "MAST")["y"] as number[];
    smooth.forEach((value, i) => expect(value).toBeCloseTo(parabola[i], 3));
    const spike = parabola.map((value, i) => (i === 45 ? 0.7 : value));
    const figure = trainingCurves([{ label: "MAST", steps: x, values: spike }]);
    // The middle weight of that filter is 3 (3 m^2 + 3 m - 1) / ((2m - 1)(2m + 1)(2m + 3)) with m = 10: 987 / 9177 =
    // 0.1075.
    expect((line(figure, "MAST")["y"] as number[])[45]).toBeCloseTo(0.2 + 0.5 * (987 / 9177), 3);
    expect((points(figure, "MAST")["y"] as number[])[45]).toBeCloseTo(0.7, 4);
    expect(caption(figure)).toContain("Savitzky-Golay filter (window 21, order 2)");
    // There is no smooth line where the paper's filter does not fit, or where it is not wanted.
    for (const [n, window] of [
      [199, 21],
      [90, 21],
      [201, 0],
    ] as const) {
      const raw = trainingCurves([{ label: "MAST", steps: steps(n), values: spike.slice(0, n) }], { window });
      expect(line(raw, "MAST")["y"]).toEqual(points(raw, "MAST")["y"]);
      expect(caption(raw)).toBe("line: raw, one seed");
    }
  });

  it.each([21, 60, 200, 201, 400])(
    "shows no value of %i evaluations that was not measured around it, and the same in line, band and hover",
    (n) => {
      const x = steps(n);
      // Nothing is won for long, and then everything: a parabola would anticipate that.
      const runs = [n / 3, n / 2.5, n - 2].map((turn) => ({
        label: "MAST",
        steps: x,
        values: x.map((_, i) => (i < turn ? 0 : 1)),
      }));
      const figure = trainingCurves(runs);
      const { mean } = meanCurve(runs);
      const y = line(figure, "MAST")["y"] as number[];
      expect([y[0], y.at(-1)]).toEqual([0, 1]);
      y.forEach((value, i) => {
        const around = mean.slice(Math.max(0, i - 10), i + 11);
        expect(value).toBeGreaterThanOrEqual(Math.min(...around) - 1e-4);
        expect(value).toBeLessThanOrEqual(Math.max(...around) + 1e-4);
      });
      // The hover says the line's own value and the band's own width, unless that is cut at 0 or 1.
      const { customdata, hovertemplate } = line(figure, "MAST") as unknown as {
        customdata: string[];
        hovertemplate: string;
      };
      expect(hovertemplate).toBe("%{y:.1%}%{customdata}");
      const edge = (band(figure)[0]["y"] as number[]).slice(0, n);
      let compared = 0;
      edge.forEach((high, i) => {
        if (high >= 1) return;
        compared++;
        expect(Number(/^ ± (\S+) %$/.exec(customdata[i])![1])).toBeCloseTo(100 * (high - y[i]), 0);
      });
      expect(compared).toBeGreaterThan(n / 4);
    },
  );

  it("says where a mean is over fewer seeds than there are, and draws no band where one is left", () => {
    const whole = { label: "MAST", steps: [0, 10, 20, 30], values: [0, 0.5, 0.5, 1] };
    const short = { label: "MAST", steps: [0, 10], values: [0, 0.3] };
    const diverged = { label: "MAST", steps: [0, 10, 20, 30], values: [0, NaN, NaN, NaN] };
    const figure = trainingCurves([whole, short, diverged]);
    expect(caption(figure)).toBe(
      "line: raw, mean of 3 seeds; band: ± 1 standard deviation<br>means of fewer seeds where some are shorter or not numbers, at the least MAST 1 of 3",
    );
    expect(figure.summary).toBe("Training curves: Test win rate at the end: MAST 100 % (1 of 3 seeds)");
    expect(line(figure, "MAST")["customdata"]).toEqual([
      " ± 0.0 %",
      " ± 14.1 %, 2 of 3 seeds",
      ", 1 of 3 seeds",
      ", 1 of 3 seeds",
    ]);
    expect(band(figure)[0]["x"]).toEqual([0, 10, 10, 0]);
    const gap = trainingCurves([whole, { ...whole, values: [0, NaN, 0, 1] }]);
    expect(band(gap)[0]["x"]).toEqual([0, 0, null, 20, 30, 30, 20]);
  });

  it("shows the raw values of a short curve, and says so", () => {
    const figure = trainingCurves([{ label: "Dense", steps: steps(8), values: [0, 0.1, 0, 0.4, 0.2, 0.9, 0.7, 1] }]);
    expect(line(figure, "Dense")["y"]).toEqual([0, 0.1, 0, 0.4, 0.2, 0.9, 0.7, 1]);
    expect(caption(figure)).toBe("line: raw, one seed");
  });

  it("draws no band for one seed, and mean +- deviation for several", () => {
    const one = { label: "MAST", steps: steps(3), values: [0.4, 0.4, 0.4] };
    expect(band(trainingCurves([one]))).toHaveLength(0);
    const [trace] = band(trainingCurves([one, { ...one, values: [0.6, 0.6, 0.6] }]));
    const y = trace["y"] as number[];
    expect(y[0]).toBeCloseTo(0.5 + Math.sqrt(0.02), 3);
    expect(y.at(-1)).toBeCloseTo(0.5 - Math.sqrt(0.02), 3);
  });

  it("keeps a win rate's band within 0 and 1", () => {
    const figure = trainingCurves([
      { label: "MAST", steps: [0], values: [1] },
      { label: "MAST", steps: [0], values: [0.5] },
    ]);
    expect(Math.max(...(band(figure)[0]["y"] as number[]))).toBe(1);
  });

  it("draws one small picture a panel, with shared scales, and names each curve once", () => {
    const runs = ["90 %", "95 %", "98 %"].flatMap((panel) =>
      ["MAST", "RigL"].map((label, i) => ({ label, panel, steps: [0, 10], values: [0, i / 2] })),
    );
    const { data, layout, summary } = trainingCurves(runs);
    const shown = data.filter((trace) => trace["mode"] === "lines" && trace["showlegend"] === true);
    expect(shown.map((trace) => [trace["name"], trace["xaxis"]])).toEqual([
      ["RigL", undefined],
      ["MAST", undefined],
    ]);
    expect(new Set(data.map((trace) => trace["yaxis"]))).toEqual(new Set([undefined, "y2", "y3"]));
    const axes = ["", "2", "3"].map(
      (n) => [layout[`xaxis${n}`], layout[`yaxis${n}`]] as { domain: [number, number]; matches?: string }[],
    );
    expect(axes.map(([, y]) => y.matches)).toEqual([undefined, "y", "y"]);
    // Two panels stand abreast and the third below the first, and none lies on another.
    expect(axes[0][0].domain[1]).toBeLessThan(axes[1][0].domain[0]);
    expect(axes[2][0].domain).toEqual(axes[0][0].domain);
    expect(axes[2][1].domain[1]).toBeLessThan(axes[0][1].domain[0]);
    expect(summary).toContain("98 %, MAST 0 %");
  });

  it("leaves room above the plot for as many lines as the legend takes", () => {
    const top = (n: number) =>
      (
        trainingCurves(
          Array.from({ length: n }, (_, i) => ({ label: `a rather long label ${i}`, steps: [0], values: [0] })).flatMap(
            (run) => ["A", "B"].map((panel) => ({ ...run, panel })),
          ),
        ).layout["margin"] as { t: number }
      ).t;
    expect(top(2)).toBe(top(1));
    expect(top(6)).toBeGreaterThan(top(2));
  });

  const seeds = (label: string, panel?: string) =>
    [0.2, 0.4].map((value) => ({
      label,
      steps: steps(25),
      values: Array.from({ length: 25 }, () => value),
      panel,
    }));
  const five = ["Dense", "SS", "SET", "RigL", "MAST"];

  it("gives more than four labels a small picture each, with one band and the others in grey behind", () => {
    const figure = trainingCurves(five.flatMap((label) => seeds(label)));
    const titles = (figure.layout["annotations"] as { text: string }[]).map(({ text }) => text);
    expect(titles.slice(0, 5)).toEqual(five.map((label) => `<b>${label}</b>`));
    expect(caption({ ...figure, layout: { ...figure.layout, annotations: [{ text: titles.at(-1) }] } })).toBe(
      "line: raw, mean of 2 seeds; band: ± 1 standard deviation; grey: the others",
    );
    for (const [place, label] of five.entries()) {
      const own = figure.data.filter(({ xaxis }) => xaxis === (place === 0 ? undefined : `x${place + 1}`));
      expect(own.filter(({ fill }) => fill === "toself")).toHaveLength(1);
      expect(own.filter(({ name, mode }) => name === label && mode === "lines")).toHaveLength(2);
      const [grey] = own.filter(({ name }) => name === undefined) as unknown as [{ y: { bdata: string } }];
      const y = new Float32Array(new Uint8Array(Buffer.from(grey.y.bdata, "base64")).buffer);
      // There are four other lines of 25 points, each with a gap behind it.
      expect([y.length, y.filter(Number.isNaN).length]).toEqual([104, 4]);
      expect(y[0]).toBeCloseTo(0.3, 6);
    }
    expect(band(trainingCurves(five.slice(1).flatMap((label) => seeds(label))))).toHaveLength(4);
  });

  it("gives more than four labels in panels bars at a few of their own steps instead of bands", () => {
    const figure = trainingCurves(["A", "B"].flatMap((panel) => five.flatMap((label) => seeds(label, panel))));
    expect(band(figure)).toHaveLength(0);
    const bars = figure.data.filter((trace) => trace["error_y"] !== undefined);
    expect(bars).toHaveLength(10);
    for (const { x, y, error_y } of bars as unknown as { x: number[]; y: number[]; error_y: { array: number[] } }[]) {
      expect(x).toHaveLength(5);
      y.forEach((mean) => expect(mean).toBeCloseTo(0.3, 6));
      error_y.array.forEach((deviation) => expect(deviation).toBeCloseTo(Math.sqrt(0.02), 3));
    }
    const [first, second] = bars as unknown as { x: number[] }[];
    expect(first.x.filter((step) => second.x.includes(step))).toEqual([]);
    expect(JSON.stringify(figure.layout["annotations"])).toContain("bars: ± 1 standard deviation");
  });

  it("draws before there is anything, and with runs that have no evaluation yet", () => {
    expect(trainingCurves([]).summary).toContain("no evaluation yet");
    const figure = trainingCurves(
      [
        { label: "MAST", steps: [], values: [] },
        { label: "Dense", steps: [0], values: [0.25] },
      ],
      { steps: 50_000 },
    );
    expect(figure.summary).toBe("Training curves: Test win rate at the end: Dense 25 %");
    expect((figure.layout["xaxis"] as { range: number[] }).range[1]).toBeCloseTo(50_500, 6);
  });
});

describe("methodStyles", () => {
  it("orders methods as the paper, whatever the order they are given in", () => {
    expect(methodStyles(["MAST", "RLx2", "Dense", "SET"]).map(({ label }) => label)).toEqual([
      "Dense",
      "SET",
      "RLx2",
      "MAST",
    ]);
  });

  it("gives a method the same look in every figure", () => {
    const colour = (labels: string[], label: string) =>
      methodStyles(labels).find((style) => style.label === label)!.colour;
    expect(colour(["RigL", "MAST", "Dense"], "MAST")).toBe(colour(["MAST"], "MAST"));
    expect(colour(["mast-qmix", "dense"], "mast-qmix")).toBe(colour(["MAST"], "MAST"));
    expect(colour(["MASTER"], "MASTER")).not.toBe(colour(["MAST"], "MAST"));
  });

  it("gives different looks to labels that are no methods", () => {
    const styles = methodStyles(["lambda 0.2", "lambda 0.5", "lambda 0.8"]);
    expect(styles.map(({ label }) => label)).toEqual(["lambda 0.2", "lambda 0.5", "lambda 0.8"]);
    expect(new Set(styles.map(({ colour }) => colour)).size).toBe(3);
  });

  it("keeps all methods apart for protanopia, deuteranopia and tritanopia", () => {
    // Colour blindness is simulated by Vienot, Brettel and Mollon's matrices (protan, deutan) and a tritan projection,
    // in linear RGB; distances are those of CIELAB.
    for (const kind of Object.keys(CONFUSION)) {
      const colours = METHOD_STYLES.map(({ colour }) => lab(simulate(colour, kind)));
      for (let i = 0; i < colours.length; i++) {
        for (let j = 0; j < i; j++)
          expect(
            Math.hypot(...colours[i].map((v, k) => v - colours[j][k])),
            `${METHOD_STYLES[i].label} and ${METHOD_STYLES[j].label}, ${kind}`,
          ).toBeGreaterThan(9);
      }
    }
  });
});

const CONFUSION: Record<string, number[][]> = {
  protanopia: [
    [0.1124, 0.8876, 0],
    [0.1124, 0.8876, 0],
    [0.004, -0.004, 1],
  ],
  deuteranopia: [
    [0.2927, 0.7073, 0],
    [0.2927, 0.7073, 0],
    [-0.0223, 0.0223, 1],
  ],
  tritanopia: [
    [1.0126, 0.1338, -0.1464],
    [-0.0119, 0.8677, 0.1442],
    [0.0769, 0.8109, 0.1122],
  ],
};

function simulate(hex: string, kind: string): number[] {
  const rgb = [1, 3, 5]
    .map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return CONFUSION[kind].map((row) => Math.min(1, Math.max(0, row[0] * rgb[0] + row[1] * rgb[1] + row[2] * rgb[2])));
}

function lab([r, g, b]: number[]): number[] {
  const f = (t: number) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505),
    y = f(0.2126 * r + 0.7152 * g + 0.0722 * b),
    z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}
