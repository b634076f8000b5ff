// Charts by Plotly, fetched only when one comes near the screen. Each has its table beside it and its place kept free.
//
//   <figure class="chart"><div class="chart-place" role="img" aria-label="…"></div>
//   <script type="application/json">{"data": […], "layout": {…}}</script><figcaption>…</figcaption></figure>
//
// Colours in the document are names of the stylesheet ("--met"): they follow the scheme, light or dark.
let plotly;

function load() {
  plotly ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = "/static/plotly.js";
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => reject(new Error("Plotly could not be fetched."));
    document.head.append(script);
  });
  return plotly;
}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function coloured(value) {
  if (typeof value === "string") return value.startsWith("--") ? colour(value) : value;
  if (Array.isArray(value)) return value.map(coloured);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, coloured(each)]));
}

function layoutOf(wanted) {
  const axis = { gridcolor: "--line", zerolinecolor: "--strong-line", linecolor: "--strong-line", tickfont: { color: "--muted" }, automargin: true, fixedrange: true };
  const family = getComputedStyle(document.body).fontFamily;
  return coloured({
    paper_bgcolor: "--surface", plot_bgcolor: "--surface", font: { family, size: 13, color: "--soft" },
    margin: { l: 48, r: 16, t: 12, b: 40 }, showlegend: false, hovermode: "closest", dragmode: false,
    ...wanted, xaxis: { ...axis, ...wanted.xaxis }, yaxis: { ...axis, ...wanted.yaxis },
  });
}

async function draw(figure) {
  const Plotly = await load();
  const { data, layout = {} } = JSON.parse(figure.querySelector("script").textContent);
  const place = figure.querySelector(".chart-place");
  await Plotly.react(place, coloured(data), layoutOf(layout), { displayModeBar: false, responsive: true });
  figure.classList.add("is-drawn");
}

export function watchCharts() {
  const figures = [...document.querySelectorAll("figure.chart")];
  const near = new IntersectionObserver(
    (entries) => entries.filter((entry) => entry.isIntersecting).forEach(({ target }) => {
      near.unobserve(target);
      draw(target);
    }),
    { rootMargin: "300px" },
  );
  figures.forEach((figure) => near.observe(figure));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () =>
    figures.filter((figure) => figure.classList.contains("is-drawn")).forEach(draw));
}
