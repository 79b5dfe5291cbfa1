import { escapeHtml } from "../figures/table.js";

/** Greatest height, in pixels, that a page may ask for its frame. */
const MOST_HEIGHT = 4000;

/**
 * Runs beside a frame in the page that contains it. It tells the frame the colour of the text around it and whether the
 * page is dark, at once and whenever the page's theme changes. A sandboxed frame cannot see this by itself. It also
 * gives the frame the height that the page inside asks for (see `followTheme`), the greatest so far at the present
 * width, so that nothing jumps while a replay plays.
 */
const TELL_THEME = `(() => {
  const frame = document.currentScript?.parentElement?.querySelector("iframe");
  if (!frame) return;
  const tell = () => {
    if (!frame.isConnected) return;
    const ink = getComputedStyle(frame.parentElement).color;
    const [red, green, blue] = ink.match(/[\\d.]+/g)?.map(Number) ?? [0, 0, 0];
    const dark = red + green + blue > 384;
    // A frame whose colour scheme is not that of its content has a background of its own.
    frame.style.colorScheme = dark ? "dark" : "light";
    frame.contentWindow?.postMessage({ theme: { ink, dark } }, "*");
  };
  const soon = () => requestAnimationFrame(tell);
  frame.addEventListener("load", tell);
  const themes = { attributes: true, attributeFilter: ["class", "style", "data-jp-theme-name", "data-theme"] };
  const observer = new MutationObserver(() => (frame.isConnected ? soon() : observer.disconnect()));
  for (const element of [document.documentElement, document.body]) observer.observe(element, themes);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", soon);
  let width, height;
  const fit = ({ source, data }) => {
    if (!frame.isConnected) return removeEventListener("message", fit);
    const wanted = data && data.height;
    if (source !== frame.contentWindow || !(wanted > 0)) return;
    if (width !== frame.clientWidth) [width, height] = [frame.clientWidth, 0];
    height = Math.min(${MOST_HEIGHT}, Math.max(height, Math.ceil(wanted)));
    frame.style.height = height + "px";
  };
  addEventListener("message", fit);
  tell();
})();`;

/**
 * A page's script that takes on the theme which the script beside its frame tells it, and tells that script the height
 * of the page's content, at once and whenever it changes. `draw` names a function of the page that draws what has
 * colours of its own.
 */
export const followTheme = (draw: string): string => `
  addEventListener("message", ({ source, data }) => {
    const theme = data && data.theme;
    if (source !== window.parent || window.parent === window || !theme) return;
    document.body.style.color = String(theme.ink);
    document.documentElement.style.colorScheme = theme.dark ? "dark" : "light";
    ${draw}();
  });
  if (window.parent !== window)
    new ResizeObserver(() => {
      window.parent.postMessage({ height: document.body.getBoundingClientRect().height }, "*");
    }).observe(document.body);`;

/**
 * Returns the HTML of a frame that shows a complete web page, in which the page's scripts run and reach nothing around
 * it. The frame is as wide as its place.
 *
 * @param html the page
 * @param height the frame's height in pixels where `tall` is not understood
 * @param tall the frame's height as a CSS declaration, which may use units of its place's width. It holds until the
 *   page tells its own
 * @param title one line that tells what the page shows
 */
export function frameHtml(html: string, height: number, tall: string, title: string): string {
  // The frame's own colour scheme keeps the browser from giving it a white background on a dark page.
  return `<div style="container-type:inline-size"><iframe srcdoc="${escapeHtml(html)}" style="width:100%;height:${height}px;${tall};border:0;color-scheme:light" sandbox="allow-scripts" title="${escapeHtml(title)}"></iframe><script>${TELL_THEME}</script></div>`;
}
