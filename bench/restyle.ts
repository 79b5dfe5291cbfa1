// Gives figures that former versions of the lab have drawn the look of the present ones: no background, a grey that can
// be read on light and dark, room for a legend that takes several rows on a narrow page, and a text for people who do
// not see them. Data are left as they are, because the runs behind these figures are not at hand.
//   npx tsx bench/restyle.ts figures/*.json notebooks/*.ipynb
// Figures that have the present look already are not touched.
import { readFileSync, writeFileSync } from "node:fs";
import { closeDrawing } from "../src/display/draw.js";
import { fluidFigure } from "../src/display/page.js";
import { figurePng } from "../src/display/save.js";
import type { Figure } from "../src/figures/figure.js";
import { CLEAR, FAINT, INK } from "../src/figures/theme.js";

type Json = Record<string, unknown>;
type Drawn = Pick<Figure, "data" | "layout">;
interface Output {
  data?: Json;
  metadata?: Json;
}
const PLOTLY = "application/vnd.plotly.v1+json";
/** The narrowest page for which there must be room, in pixels, and the height of a row of a legend with groups. */
const [NARROW, ROW] = [600, 31];

/** Former colours that cannot be seen on light or on dark, and those that replace them, by their field. */
const COLOURS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  paper_bgcolor: { "#ffffff": CLEAR },
  plot_bgcolor: { "#ffffff": CLEAR },
  gridcolor: { "#e6e6e6": FAINT },
  fillcolor: { "#f5f5f5": "rgba(128,128,128,0.12)", "#ffffff": CLEAR },
  color: { "#222222": INK, "#333333": INK, "#000000": INK, "#555555": INK, "#666666": INK },
};

/** Former colours of curves that are no method's, and those of today (`methodStyles`). */
const CURVES: Readonly<Record<string, string>> = {
  "#440154": "#7466d9",
  "#414487": "#2f80d0",
  "#2a788e": "#149c93",
  "#22a884": "#5f9f35",
  "#7ad151": "#c49200",
  "#c2a800": "#d35f43",
};
const channels = (colour: string): string => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16)).join(",");
/** The same as the beginnings of colours with an opacity, of bands. */
const BANDS = new Map([...Object.entries(CURVES), ["#333333", INK]].map(([a, b]) => [channels(a), channels(b)]));

function colourOf(field: string, value: string): string {
  const band = /^rgba\((\d+,\d+,\d+),/.exec(value)?.[1];
  if (band !== undefined) return value.replace(band, BANDS.get(band) ?? band);
  return COLOURS[field]?.[value] ?? CURVES[value] ?? value;
}

function recoloured(value: unknown, field = ""): unknown {
  if (Array.isArray(value)) return value.map((one) => recoloured(one, field));
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, recoloured(one, key)]));
  return typeof value === "string" ? colourOf(field, value) : value;
}

/** Makes room between the title and the plot for the rows of a legend above it. */
function withRoom({ data, layout }: Drawn): Drawn {
  const legend = layout["legend"] as { orientation?: string; x?: number; y?: number } | undefined;
  const margin = layout["margin"] as { l: number; r: number; t: number; b: number };
  const height = Number(layout["height"]);
  if (legend?.orientation !== "h" || (legend.y ?? 0) < 1) return { data, layout };
  const names = new Set(data.flatMap(({ name, showlegend }) => (name && showlegend !== false ? [String(name)] : [])));
  const wide = [...names].reduce((sum, name) => sum + 55 + 7.5 * name.length, 0);
  const rows = Math.ceil(wide / (NARROW - margin.l - margin.r));
  const plot = height - margin.t - margin.b;
  const above = ((legend.y ?? 1) - 1) * plot;
  // A legend at the right would cover the titles of panels, so it goes to the left, above them.
  const atRight = legend.x === 1;
  const more = Math.max(0, Math.ceil(36 + rows * ROW + above + (atRight ? 12 : 0) - margin.t));
  const title = layout["title"] as Json;
  return {
    data,
    layout: {
      ...layout,
      height: height + more,
      margin: { ...margin, t: margin.t + more },
      title: { ...title, y: 1 - 12 / (height + more) },
      ...(atRight && {
        legend: { ...legend, x: 0, xanchor: "left", y: 1 + (margin.t + more - 36 - rows * ROW) / plot },
      }),
    },
  };
}

const isOld = ({ layout }: Drawn): boolean => layout["paper_bgcolor"] === "#ffffff";
const restyled = (figure: Drawn): Drawn => withRoom(recoloured(figure) as Drawn);
const picture = (figure: Drawn, summary: string, scale?: number) =>
  figurePng({ data: figure.data, layout: { ...figure.layout, width: 640 }, summary }, scale);

for (const file of process.argv.slice(2)) {
  const content = JSON.parse(readFileSync(file, "utf8")) as Drawn & { cells?: { outputs?: Output[] }[] };
  if (content.cells === undefined) {
    if (!isOld(content)) continue;
    const again = restyled(content);
    const png = await picture(again, "");
    if (png === undefined) throw new Error("The figures need a browser: `npm run setup:browser`.");
    writeFileSync(file, JSON.stringify({ ...content, ...again }));
    writeFileSync(file.replace(/json$/, "png"), png);
    console.log(file);
    continue;
  }
  let drawn = 0;
  for (const output of content.cells.flatMap((cell) => cell.outputs ?? [])) {
    const shown = output.data?.[PLOTLY] as Drawn | undefined;
    if (shown === undefined || !isOld(shown)) continue;
    const summary = [output.data!["text/plain"]].flat().join("");
    const again = restyled(shown);
    const png = await picture(again, summary, 1.5);
    if (png === undefined) throw new Error("The figures need a browser: `npm run setup:browser`.");
    output.data = { ...output.data, [PLOTLY]: fluidFigure({ ...again, summary }), "image/png": png.toString("base64") };
    output.metadata = { ...output.metadata, "image/png": { alt: summary } };
    drawn++;
  }
  if (drawn > 0) writeFileSync(file, `${JSON.stringify(content, null, 1)}\n`);
  console.log(`${file}: ${drawn} figures`);
}
await closeDrawing();
