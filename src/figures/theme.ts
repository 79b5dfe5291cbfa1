import type { Trace } from "./figure.js";

/**
 * Colour of text, and of lines without a meaning of their own. Figures have no background, so that they suit light
 * pages and dark ones: this grey has a contrast of 4.4 to white and of 4.3 to the #111111 of JupyterLab's dark theme,
 * and no colour has more to both. Pages, and JupyterLab from `npm run lab`, know what they are and draw text of this
 * colour in their own.
 */
export const INK = "#787878";

/** A colour that lets the page show through. */
export const CLEAR = "rgba(0,0,0,0)";

/** Colour of grid lines, and of what lies behind everything else. */
export const FAINT = "rgba(128,128,128,0.25)";

/** The look of one method in every figure. */
export interface MethodStyle {
  readonly label: string;
  readonly colour: string;
  /** Plotly's dash, a name or lengths in pixels, which tells lines apart without colour. */
  readonly dash: string;
  /** Plotly's marker symbol. */
  readonly symbol: string;
}

/**
 * The methods of the paper's comparison (Table 1) in its order, each with a fixed look. The colours are Okabe and Ito's
 * palette without yellow, which is too pale on white, and with grey in place of black, which is lost on a dark page.
 * RigL and MAST, the two that are compared most, have blue and vermillion, which are far apart for every kind of colour
 * vision.
 */
export const METHOD_STYLES: readonly MethodStyle[] = [
  { label: "Dense", colour: "#7f7f7f", dash: "7px,4px", symbol: "square" },
  { label: "Tiny", colour: "#56B4E9", dash: "dot", symbol: "triangle-up" },
  { label: "SS", colour: "#CC79A7", dash: "dashdot", symbol: "x" },
  { label: "SET", colour: "#009E73", dash: "12px,3px", symbol: "diamond" },
  { label: "RigL", colour: "#0072B2", dash: "solid", symbol: "triangle-down" },
  { label: "RLx2", colour: "#E69F00", dash: "dot", symbol: "star" },
  { label: "MAST", colour: "#D55E00", dash: "solid", symbol: "circle" },
];

/**
 * Colours of curves that are no method, such as the values of a hyperparameter: violet to red in the order of the
 * rainbow, none so dark or so light that it is lost on a dark or a light page.
 */
const OTHERS = ["#7466d9", "#2f80d0", "#149c93", "#5f9f35", "#c49200", "#d35f43"];

/**
 * Returns the looks of labels, in the fixed order of methods. A label that is a method's name or begins with it
 * ("MAST-QMIX", "rigl") has that method's look, but only the first such label. All others follow in the order given,
 * with colours of their own.
 *
 * @example methodStyles(["MAST-QMIX", "Dense"]).map((style) => style.label); // ["Dense", "MAST-QMIX"]
 */
export function methodStyles(labels: readonly string[]): MethodStyle[] {
  const taken = new Set<number>();
  let others = 0;
  const ranked = labels.map((label) => {
    const name = /^[a-z0-9]+/i.exec(label)?.[0].toLowerCase();
    const method = METHOD_STYLES.findIndex((style) => style.label.toLowerCase() === name);
    if (method >= 0 && !taken.has(method)) {
      taken.add(method);
      return { rank: method, style: { ...METHOD_STYLES[method], label } };
    }
    const look = METHOD_STYLES[(others + 4) % METHOD_STYLES.length];
    const colour = OTHERS[others % OTHERS.length];
    others++;
    return { rank: METHOD_STYLES.length + others, style: { ...look, colour, label } };
  });
  return ranked.sort((a, b) => a.rank - b.rank).map(({ style }) => style);
}

/** Returns a colour with an opacity, for bands. */
export function translucent(colour: string, opacity: number): string {
  const channel = (at: number): number => parseInt(colour.slice(at, at + 2), 16);
  return `rgba(${channel(1)},${channel(3)},${channel(5)},${opacity})`;
}

/**
 * Colours of masks. Light means a connection and dark none, as in the paper's Figure 11. Where a mask changes, the
 * others show what was dropped and what grew.
 */
export const MASK_COLOURS = { none: "#1d2440", connection: "#ffd76b", dropped: "#D55E00", grown: "#56B4E9" } as const;

/** Colours of allies and enemies in battles, from the same palette as the methods: blue and vermillion. */
export const SIDE_COLOURS = { ally: "#0072B2", enemy: "#D55E00" } as const;

const FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif";

/** Returns an axis with the settings that every figure shares. */
export function axis(
  title: string,
  more: { readonly [key: string]: unknown } = {},
): { readonly [key: string]: unknown } {
  return {
    title: { text: title, standoff: 8 },
    showline: true,
    linecolor: "#888888",
    ticks: "outside",
    tickcolor: "#888888",
    ticklen: 4,
    gridcolor: FAINT,
    zeroline: false,
    automargin: true,
    ...more,
  };
}

/**
 * Returns a layout with the settings that every figure shares. Its width, 640 pixels, is that of a picture in a file.
 * On a page, the figure takes the width that there is.
 */
export function layout<T extends { readonly [key: string]: unknown }>(
  title: string,
  more: T,
): T & { width: number; height: number; title: object } {
  const height = typeof more["height"] === "number" ? more["height"] : 400;
  return {
    width: 640,
    height,
    font: { family: FONT, size: 14, color: INK },
    title: { text: title, font: { size: 16 }, x: 0.02, xanchor: "left", y: 1 - 12 / height, yanchor: "top" },
    paper_bgcolor: CLEAR,
    plot_bgcolor: CLEAR,
    margin: { l: 64, r: 24, t: 72, b: 56 },
    hoverlabel: { bgcolor: "#ffffff", bordercolor: "#888888", font: { family: FONT, size: 13, color: "#222222" } },
    modebar: { bgcolor: CLEAR, color: "rgba(128,128,128,0.7)", activecolor: INK },
    ...more,
  };
}

/**
 * Returns a trace without points that says in the legend, in no method's colour, what a mark means.
 *
 * @param look Plotly's mode, and its settings of line and marker
 */
export function legendEntry(name: string, look: { readonly [key: string]: unknown }): Trace {
  // It needs a group of its own, because Plotly puts entries without one below each other.
  return {
    type: "scatter",
    name,
    legendgroup: name,
    x: [null],
    y: [null],
    hoverinfo: "skip",
    showlegend: true,
    ...look,
  };
}

/**
 * Returns small print below the lower left corner of a figure, as a Plotly annotation.
 *
 * @param yshift pixels from the x axis; negative is down
 */
export function footnote(text: string, yshift: number) {
  return {
    text,
    showarrow: false,
    xref: "paper",
    yref: "paper",
    x: 0,
    y: 0,
    xanchor: "left",
    yanchor: "top",
    yshift,
    font: { size: 11 },
    align: "left",
  };
}

/**
 * Returns the title of one panel of an image, as a Plotly annotation above its upper left corner.
 *
 * @param x share of the figure's width
 * @param y share of the figure's height
 */
export function panelTitle(text: string, x: number, y: number) {
  return {
    text,
    showarrow: false,
    xref: "paper",
    yref: "paper",
    x,
    y,
    xanchor: "left",
    yanchor: "bottom",
    yshift: 3,
    align: "left",
    font: { size: 12 },
  };
}
