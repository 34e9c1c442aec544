"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const reveal = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let box = target; box; box = box.parentElement) if (box.tagName === "DETAILS") box.open = true;
    if (target) target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();

  for (const line of all(".again")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "copy";
    button.addEventListener("click", () => {
      const range = document.createRange();
      range.selectNodeContents(line.querySelector("code"));
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      if (navigator.clipboard) navigator.clipboard.writeText(range.toString()).catch(() => {});
      button.textContent = "copied";
    });
    line.append(button);
  }

  const bar = document.querySelector("nav div");
  const filter = document.createElement("input");
  filter.type = "search";
  filter.placeholder = "filter scenarios  /";
  filter.setAttribute("aria-label", "Filter scenarios by id, words, rows or verdict");
  const told = new Map();
  const wordsOf = (box) => {
    if (!told.has(box)) {
      const heads = [box.querySelector("summary")];
      for (let group = box.closest("[data-group]"); group; group = group.parentElement.closest("[data-group]")) {
        heads.push(group.querySelector("h3, h4"));
      }
      const texts = heads.map((head) => head ? head.textContent : "");
      told.set(box, [...texts, box.dataset.words].join(" ").toLowerCase());
    }
    return told.get(box);
  };
  filter.addEventListener("input", () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const box of all("details.scenario")) {
      box.classList.toggle("hidden", !words.every((word) => wordsOf(box).includes(word)));
    }
    for (const group of all("[data-group]")) {
      group.classList.toggle("hidden", !group.querySelector("details.scenario:not(.hidden)"));
    }
  });
  bar.append(filter);

  const notMet = all(".card[id]");
  let place = -1;
  addEventListener("keydown", (event) => {
    if (event.target.matches("input") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/") { event.preventDefault(); filter.focus(); }
    if (event.key === "e") {
      const boxes = all("details.scenario");
      const open = boxes.some((box) => !box.open);
      for (const box of boxes) box.open = open;
    }
    if ((event.key === "n" || event.key === "p") && notMet.length) {
      place = (place + (event.key === "n" ? 1 : notMet.length - 1) + (place < 0 && event.key === "p" ? 1 : 0)) % notMet.length;
      notMet[place].scrollIntoView({ block: "center" });
      notMet[place].querySelector("a").focus({ preventScroll: true });
    }
  });
  let opened = [];
  addEventListener("beforeprint", () => { opened = all("details.scenario:not([open])"); for (const box of opened) box.open = true; });
  addEventListener("afterprint", () => { for (const box of opened) box.open = false; });

  for (const drawing of all("figure svg.swim")) {
    const width = Number(drawing.querySelector(".plot").dataset.width);
    let zoom = 1, shift = 0;
    const show = () => {
      zoom = Math.min(64, Math.max(1, zoom));
      shift = Math.min(0, Math.max(width * (1 - zoom), shift));
      drawing.style.setProperty("--zoom", zoom);
      drawing.style.setProperty("--shift", `${shift}px`);
    };
    const at = (event) => {
      const own = drawing.getBoundingClientRect();
      const scale = own.width / drawing.viewBox.baseVal.width;
      return (event.clientX - own.left) / scale - Number(drawing.querySelector("svg").getAttribute("x"));
    };
    const scale = (factor, x) => { const before = zoom; zoom *= factor; zoom = Math.min(64, Math.max(1, zoom)); shift = x - (x - shift) * zoom / before; show(); };
    drawing.tabIndex = 0;
    drawing.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      scale(event.deltaY < 0 ? 1.25 : 0.8, at(event));
    }, { passive: false });
    drawing.addEventListener("dblclick", (event) => scale(2.5, at(event)));
    drawing.addEventListener("pointermove", (event) => {
      if (event.buttons !== 1 || zoom === 1) return;
      shift += event.movementX * drawing.viewBox.baseVal.width / drawing.getBoundingClientRect().width;
      show();
    });
    drawing.addEventListener("keydown", (event) => {
      const acts = {
        "+": () => scale(1.5, width / 2), "=": () => scale(1.5, width / 2), "-": () => scale(1 / 1.5, width / 2),
        "0": () => { zoom = 1; show(); }, ArrowLeft: () => { shift += 60; show(); }, ArrowRight: () => { shift -= 60; show(); },
      };
      if (acts[event.key]) { event.preventDefault(); acts[event.key](); }
    });
  }
  for (const hint of all(".scripted")) hint.hidden = false;
})();
