import { describe, expect, it } from "vitest";
import { createEnvironment } from "../envs/index.js";
import { uniformRandom } from "../envs/play.js";
import type { Figure } from "../figures/figure.js";
import { recordEpisode } from "../figures/recording.js";
import { figureHtml, plotlyFigure } from "./page.js";
import { battleReplay } from "./replay.js";

const figure = (title: string, y: unknown = [1]): Figure => ({
  data: [{ y }],
  layout: { width: 100, height: 100, title: { text: title } },
  summary: title,
});

/**
 * The texts of a page's script elements, as HTML's tokenizer delimits them: up to the first end tag, or nowhere after
 * "<!--" and "<script".
 */
function scripts(html: string): string[] {
  return html
    .split(/<script[^>]*>/i)
    .slice(1)
    .map((part) => part.split(/<\/script/i)[0]);
}

describe.each(["<!--<script>", "</script><script>alert(1)</script>", "<!--", "</SCRIPT>", "\u2028<"])(
  "a page with the title %j",
  (title) => {
    it("keeps it inside of its data", () => {
      const parts = scripts(figureHtml(figure(title)));
      expect(parts).toHaveLength(scripts(figureHtml(figure("plain"))).length);
      expect((JSON.parse(parts[0]) as Figure).layout["title"]).toEqual({ text: title });
      for (const part of parts.slice(0, 2)) expect(part).not.toMatch(/<!--|<\//);
    });

    it("keeps a replay's inside of its data, too", () => {
      const recording = recordEpisode(createEnvironment("3m"), uniformRandom(1), 1);
      const parts = scripts(battleReplay(recording, { title, actionNames: [title] }));
      expect(parts).toHaveLength(2);
      expect((JSON.parse(parts[0]) as { title: string }).title).toBe(title);
      expect(parts[0]).not.toMatch(/<!--|<\//);
    });
  },
);

it("draws typed arrays, and refuses what is no list, naming it", () => {
  expect(plotlyFigure(figure("", Float32Array.of(0.5, 2))).data).toEqual([{ y: [0.5, 2] }]);
  expect(figureHtml(figure("", Int32Array.of(3, 4)))).toContain('"y":[3,4]');
  expect(() => figureHtml(figure("", new Map()))).toThrow("The figure's data[0].y is of the kind Map");
});
