// Runs in a test's copy of the page and writes down what is wrong with it: texts that overlap, leave their box, or can't be read.
(() => {
  const wrong = [];
  const tell = (what, node) => wrong.push(what + ": " + (node.textContent || node.tagName || "").trim().slice(0, 80));
  document.querySelectorAll("details").forEach((details) => { details.open = true; });

  // Every piece of text with its rectangles. Titles are not painted.
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.textContent.trim() || element.closest("title, desc, style, script")) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const rects = [...range.getClientRects()].filter((rect) => rect.width > 0.5 && rect.height > 0.5);
    if (!rects.length) tell("not shown", node);
    rects.forEach((rect) => texts.push({ node, element, rect }));
  }

  // Overlap: ascent and descent of neighbouring lines may touch, letters may not.
  const inner = ({ rect }) => ({ left: rect.left + 0.5, right: rect.right - 0.5, top: rect.top + rect.height * 0.2, bottom: rect.bottom - rect.height * 0.2 });
  const sorted = texts.map((text) => ({ ...text, box: inner(text) })).sort((one, other) => one.box.top - other.box.top);
  sorted.forEach((one, index) => {
    for (let next = index + 1; next < sorted.length && sorted[next].box.top < one.box.bottom; next++) {
      const other = sorted[next];
      if (other.box.left < one.box.right && one.box.left < other.box.right) tell("overlaps “" + other.node.textContent.trim().slice(0, 40) + "”", one.node);
    }
  });

  // Overflow: of the page, of cells and blocks, of cards, of the picture.
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) wrong.push("the page is " + (root.scrollWidth - root.clientWidth) + " px too wide");
  const within = (rect, box) => rect.left >= box.left - 1 && rect.right <= box.right + 1 && rect.top >= box.top - 1 && rect.bottom <= box.bottom + 1;
  texts.forEach(({ node, element, rect }) => {
    const box = element.closest("td, th, svg, p, li, h1, h2, h3, dd, dt, summary");
    if (box && !within(rect, box.getBoundingClientRect())) tell("leaves its " + box.tagName, node);
    const card = element.closest("g.card");
    if (card && !within(rect, card.querySelector("rect").getBoundingClientRect())) tell("leaves its card", node);
  });
  document.querySelectorAll("g.card > path").forEach((path) => {
    const card = path.parentElement.querySelector("rect").getBoundingClientRect();
    if (!within(path.getBoundingClientRect(), card)) tell("a shape leaves its card", path.parentElement);
  });
  document.querySelectorAll(".mark path").forEach((path) => {
    if (!within(path.getBoundingClientRect(), path.closest("svg").getBoundingClientRect())) tell("a mark leaves its box", path.closest("span"));
  });
  const cards = [...document.querySelectorAll("g.card > rect")].map((rect) => rect.getBoundingClientRect());
  cards.sort((one, other) => one.top - other.top);
  cards.forEach((one, index) => {
    for (let next = index + 1; next < cards.length && cards[next].top < one.bottom; next++) {
      if (cards[next].left < one.right && one.left < cards[next].right) wrong.push("two cards overlap");
    }
  });

  // Contrast of WCAG 2, level AA: 4.5 for texts of this size, 3 for what is large or a shape.
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const parse = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = ([red, green, blue]) => {
    const [r, g, b] = [red, green, blue].map((value) => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const ground = (element) => {
    const shape = element.closest("g.card")?.querySelector("rect") ?? element.closest("svg.dc-topology")?.querySelector(".paper");
    if (shape) return parse(getComputedStyle(shape).fill);
    for (let at = element; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color[3] === 255) return color;
    }
    return [255, 255, 255, 255];
  };
  const measured = new Map();
  const check = (element, color, needed, what) => {
    const key = color + ground(element) + needed;
    if (!measured.has(key)) measured.set(key, contrast(parse(color), ground(element)));
    if (measured.get(key) < needed) tell("contrast " + measured.get(key).toFixed(2) + " of " + what, element);
  };
  texts.forEach(({ element }) => {
    const style = getComputedStyle(element);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
    check(element, element.closest("svg") ? style.fill : style.color, large ? 3 : 4.5, "text");
  });
  document.querySelectorAll(".mark, .bar rect:not(.track), g.card > path:not(.rule)").forEach((mark) => {
    check(mark, getComputedStyle(mark).fill, 3, "a shape");
  });

  const findings = document.createElement("pre");
  findings.id = "findings";
  const scheme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const unlike = [...new Set(wrong)];
  findings.textContent = ["begin", scheme, texts.length, document.querySelectorAll("g.card").length, ...unlike.slice(0, 20), "end"].join("\n");
  document.body.append(findings);
})();
