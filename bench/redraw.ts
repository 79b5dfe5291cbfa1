// Draws the training curves of an experiment again, without training, from the evaluations that were kept of its runs:
// for a change in how figures look.
//   npx tsx bench/redraw.ts quickstart notebooks/00-quickstart.ipynb
// reads data/results/quickstart-evaluations.csv, writes figures/quickstart.json and .png, and puts the figure in the
// place of those with the same curves in the notebook. Where the numbers are not those of the figure it writes nothing.
//   npx tsx bench/redraw.ts --replays notebooks/00-quickstart.ipynb
// puts the present player around the episodes that the notebook's replays show.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { closeDrawing } from "../src/display/draw.js";
import { frameHtml } from "../src/display/frame.js";
import { fluidFigure } from "../src/display/page.js";
import { replayPage } from "../src/display/replay.js";
import { figurePng, saveFigure } from "../src/display/save.js";
import { trainingCurves, type RunCurve } from "../src/figures/curves.js";
import type { Figure } from "../src/figures/figure.js";
import { packageRoot } from "../src/node/project.js";
import { parseCsv } from "../src/results/csv.js";

interface Output {
  data?: Record<string, unknown>;
  metadata?: Record<string, unknown>;
}
interface Notebook {
  cells: { outputs?: Output[] }[];
}
const PLOTLY = "application/vnd.plotly.v1+json";

const [id, ...notebooks] = process.argv.slice(2);
if (id === undefined)
  throw new Error("Give an experiment whose evaluations are in data/results, such as quickstart, or --replays.");
if (id === "--replays") {
  for (const file of notebooks) renewReplays(file);
  process.exit();
}
const root = packageRoot();
const rows = parseCsv(
  readFileSync(join(root, "data/results", `${id}-evaluations.csv`), "utf8"),
  `${id}-evaluations.csv`,
);
const runs = new Map<string, { label: string; steps: number[]; values: number[] }>();
for (const { run, setting, step, winRate } of rows) {
  const curve = runs.get(String(run)) ?? { label: String(setting), steps: [], values: [] };
  curve.steps.push(Number(step));
  curve.values.push(Number(winRate));
  runs.set(String(run), curve);
}
const path = join(root, "figures", id);
const before = JSON.parse(readFileSync(`${path}.json`, "utf8")) as Pick<Figure, "data" | "layout">;
const draw = (title: string): Figure =>
  trainingCurves([...runs.values()] satisfies RunCurve[], { title, steps: Number(rows[0]["steps"]) });
const figure = draw((before.layout["title"] as { text: string }).text);

/** The means of every curve, by its name. */
const means = ({ data }: Pick<Figure, "data">): string =>
  JSON.stringify(
    data
      .filter(({ mode, fill, name }) => mode === "lines" && fill === undefined && name !== undefined)
      .map(({ name, x, y }) => [name, x, y])
      .sort(),
  );
if (means(figure) !== means(before))
  throw new Error(`The curves of ${id} are not those of figures/${id}.json: run the experiment instead.`);
await saveFigure(figure, path);

for (const file of notebooks) {
  const notebook = JSON.parse(readFileSync(file, "utf8")) as Notebook;
  const outputs = notebook.cells.flatMap((cell) => cell.outputs ?? []);
  let drawn = 0;
  for (const place of outputs) {
    const shown = place.data?.[PLOTLY] as Pick<Figure, "data" | "layout"> | undefined;
    if (shown === undefined || means(shown) !== means(figure)) continue;
    const again = draw((shown.layout["title"] as { text: string }).text);
    // As the notebook itself shows it, see src/display/notebook.ts.
    const png = await figurePng(again, 1.5);
    place.data = {
      [PLOTLY]: fluidFigure(again),
      ...(png === undefined ? {} : { "image/png": png.toString("base64") }),
      "text/plain": [again.summary],
    };
    place.metadata = png === undefined ? {} : { "image/png": { alt: again.summary } };
    drawn++;
  }
  if (drawn === 0) throw new Error(`${file} shows no figure of these curves.`);
  writeFileSync(file, `${JSON.stringify(notebook, null, 1)}\n`);
}
await closeDrawing();

/** Puts the player of today around the episodes in a notebook's frames. What the episodes hold stays as it is. */
function renewReplays(file: string): void {
  const notebook = JSON.parse(readFileSync(file, "utf8")) as Notebook;
  let renewed = 0;
  for (const { data } of notebook.cells.flatMap((cell) => cell.outputs ?? [])) {
    const lines = data?.["text/html"];
    if (data === undefined || lines === undefined) continue;
    const html = Array.isArray(lines) ? lines.join("") : String(lines);
    const found =
      /<div [^>]*><iframe srcdoc="([^"]*)" style="width:100%;height:(\d+)px;(height:calc\([^;]*\));.*? title="([^"]*)"><\/iframe>(?:<script>.*?<\/script>)?<\/div>/s.exec(
        html,
      );
    if (found === null) continue;
    const [frame, page, height, tall, title] = found;
    const json = /<script type="application\/json" id="replay">(.*?)<\/script>/s.exec(unescapeHtml(page))![1];
    const again = frameHtml(replayPage(JSON.parse(json)), Number(height), tall, unescapeHtml(title));
    if (!unescapeHtml(again).includes(json)) throw new Error(`${file}: an episode would change.`);
    data["text/html"] = (again + html.slice(found.index + frame.length)).split(/(?<=\n)/);
    renewed++;
  }
  if (renewed === 0) throw new Error(`${file} shows no replay.`);
  writeFileSync(file, `${JSON.stringify(notebook, null, 1)}\n`);
}

function unescapeHtml(text: string): string {
  const characters: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', "#39": "'", amp: "&" };
  return text.replace(/&(lt|gt|quot|#39|amp);/g, (_, name: string) => characters[name]!);
}
