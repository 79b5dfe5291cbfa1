// A JupyterLab extension without a build: what JupyterLab loads is a container of webpack's module federation, which is an object with
// `init` and `get`. It draws `application/vnd.plotly.v1+json`. Plotly's own extension draws an output once and keeps it, also when the
// output is updated; a live curve has to follow.
(() => {
  "use strict";
  const MIME = "application/vnd.plotly.v1+json";
  const source = new URL("plotly.min.js", document.currentScript.src).href;
  let shared;
  let plotly;

  function loadPlotly() {
    plotly ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = source;
      script.onload = () => resolve(window.Plotly);
      script.onerror = () => reject(new Error("Plotly could not be loaded: start JupyterLab by `npm run lab`"));
      document.head.append(script);
    });
    return plotly;
  }

  function createExtension(Widget) {
    class PlotlyOutput extends Widget {
      constructor() {
        super();
        this.addClass("mast-figure");
        this.node.style.overflowX = "auto";
        this.drawn = Promise.resolve();
      }

      renderModel(model) {
        const { data, layout, config } = model.data[MIME];
        // One drawing at a time, in the order of the updates; Plotly adds to data and layout, which belong to the notebook.
        this.drawn = this.drawn.then(async () => {
          const Plotly = await loadPlotly();
          if (this.isDisposed) return;
          // The height at once, so that the page does not jump while it is drawn.
          this.node.style.minHeight = `${layout.height}px`;
          await Plotly.react(this.node, structuredClone(data), structuredClone(layout), { displaylogo: false, showSendToCloud: false, ...config });
        });
        return this.drawn;
      }

      dispose() {
        window.Plotly?.purge(this.node);
        super.dispose();
      }
    }
    return {
      id: "mast-figures:plotly",
      rendererFactory: { safe: true, mimeTypes: [MIME], createRenderer: () => new PlotlyOutput() },
      rank: 0,
      dataType: "json",
    };
  }

  window._JUPYTERLAB ??= {};
  window._JUPYTERLAB["mast-figures"] = {
    init(scope) {
      shared = scope;
    },
    async get() {
      const [provided] = Object.values(shared["@lumino/widgets"]);
      const { Widget } = (await provided.get())();
      const module = { __esModule: true, default: createExtension(Widget) };
      return () => module;
    },
  };
})();
