// What makes the pages better where scripts run. Without it every page works.
(() => {
  "use strict";
  const all = (s) => document.querySelectorAll(s);
  for (const b of all("[data-copy], [data-print]")) b.hidden = false;

  // The secret of a link stands behind # and is sent to no server: hand it over
  // in a form, and take it out of the address bar and of the history.
  const ask = document.querySelector("form[data-fragment]");
  const code = ask && ask.querySelector("input[name=code]");
  if (code && location.hash.length > 20) {
    code.value = decodeURIComponent(location.hash.slice(1));
    history.replaceState(null, "", location.pathname + location.search);
    ask.requestSubmit();
  } else {
    // The eye must go to what is wrong first.
    const alert = document.querySelector("[role=alert][tabindex]");
    if (alert) alert.focus();
  }

  // Where one is, when there are more places than a phone shows.
  const here = document.querySelector(".desknav [aria-current]");
  if (here) here.parentElement.scrollLeft = here.offsetLeft - here.parentElement.offsetLeft - 16;

  // What was typed before the session ended goes back to its page.
  const go = document.querySelector("form[data-go]");
  if (go) go.requestSubmit();

  // A button that may be pressed again only after a while says how long.
  for (const b of all("[data-wait]")) {
    const text = b.textContent;
    let left = Number(b.dataset.wait);
    const tick = () => {
      b.disabled = left > 0;
      b.textContent = left > 0 ? b.dataset.words.replace("#", left) : text;
      if (left-- > 0) setTimeout(tick, 1000);
    };
    tick();
  }

  // Files go one after the other as they are chosen. What did not arrive stays
  // here, and goes with the form if it is not sent again before.
  for (const box of all("[data-files]")) {
    const form = box.closest("form");
    const input = box.querySelector("input[type=file]");
    const sending = box.querySelector(".sending");
    const say = sending.dataset;
    const lines = [];
    let busy = false;
    let leave = null;
    box.querySelector("[value=add]").hidden = true;
    box.classList.add("ready");

    const make = (name, text) => {
      const e = document.createElement(name);
      e.textContent = text;
      return e;
    };
    const limit = (file) => {
      const found = say.most.split(" ").map((x) => x.split("=")).find(([kind]) => file.type.startsWith(kind));
      return found && file.size > found[1] * 1048576 ? found[1] : 0;
    };
    const fail = (line, why, again) => {
      line.failed = again;
      const error = make("p", why);
      error.className = "error";
      const button = make("button", again ? say.again : "×");
      button.type = "button";
      button.className = "textlink";
      button.addEventListener("click", () => {
        if (again) show(line);
        else drop(line);
        next();
      });
      line.row.replaceChildren(make("span", line.file.name), button, error);
    };
    const drop = (line) => {
      lines.splice(lines.indexOf(line), 1);
      line.row.remove();
    };
    const show = (line) => {
      line.failed = undefined;
      line.bar = document.createElement("progress");
      line.bar.max = 1;
      line.bar.setAttribute("aria-label", line.file.name);
      line.row.replaceChildren(make("span", line.file.name), make("span", say.wait), line.bar);
    };
    const next = () => {
      const line = lines.find((l) => l.failed === undefined);
      if (busy) return;
      if (!line) {
        if (leave) form.requestSubmit(leave.isConnected ? leave : undefined);
        leave = null;
        return;
      }
      busy = true;
      const body = new FormData();
      body.append("key", form.elements.key.value);
      body.append("go", "part");
      body.append(input.name, line.file);
      const x = new XMLHttpRequest();
      x.open("POST", form.getAttribute("action"));
      x.setRequestHeader("Accept", "text/html");
      x.upload.addEventListener("progress", (e) => { if (e.lengthComputable) line.bar.value = e.loaded / e.total; });
      x.addEventListener("loadend", () => {
        busy = false;
        const list = x.status && new DOMParser().parseFromString(x.responseText, "text/html").getElementById(input.name);
        if (list) {
          box.querySelector(".held").replaceWith(document.adoptNode(list));
          box.classList.toggle("wrong", x.status >= 400);
          input.setAttribute("aria-invalid", x.status >= 400);
          drop(line);
        } else fail(line, say.lost, true);
        next();
      });
      x.send(body);
    };
    input.addEventListener("change", () => {
      for (const file of input.files) {
        const line = { file, row: document.createElement("li") };
        lines.push(line);
        sending.append(line.row);
        const most = limit(file);
        if (most) fail(line, say.large.replace("#", most), false);
        else show(line);
      }
      input.value = "";
      next();
    });
    form.addEventListener("submit", (e) => {
      if (busy) {
        leave = e.submitter || form.querySelector("[value=next]");
        e.preventDefault();
        e.stopPropagation();
        return;
      }
      const rest = new DataTransfer();
      for (const line of lines) if (line.failed) rest.items.add(line.file);
      if (rest.items.length) input.files = rest.files;
    });
  }

  // Short cuts of the desk. The page says which key does what, and says nothing where
  // they are switched off. No letter is taken from who writes in a field.
  const keyed = new Map([...all("[data-key]")].map((x) => [x.dataset.key, x]));
  let first = "";
  let forget = 0;
  const step = (by) => {
    const rows = [...all(".tasks > li .what a, .clocks > li > a")];
    rows[rows.indexOf(document.activeElement) + by]?.focus();
  };
  const open = (x) => {
    if (x.matches("a, button")) x.click();
    else (x.matches("input") ? x : x.querySelector("a, button, textarea, summary"))?.focus();
  };
  if (keyed.size) document.addEventListener("keydown", (e) => {
    const form = e.target.closest("form");
    if (e.key === "Enter" && (e.ctrlKey || e.metaKey) && form) {
      const send = form.querySelector(".send .btn.main") || form.querySelector(".send .btn");
      if (send) {
        e.preventDefault();
        send.click();
      }
      return;
    }
    if (e.defaultPrevented || e.isComposing || e.ctrlKey || e.metaKey || e.altKey || e.target.closest("input, textarea, select, [contenteditable]")) return;
    const keys = first + e.key;
    first = "";
    clearTimeout(forget);
    if (keys === "g") {
      first = "g ";
      forget = setTimeout(() => { first = ""; }, 1500);
    } else if (keys === "j" || keys === "k") step(keys === "j" ? 1 : -1);
    else if (keyed.has(keys)) {
      e.preventDefault();
      open(keyed.get(keys));
    } else if (keys === "/") location.href = "/desk/cases";
  });

  document.addEventListener("click", async (e) => {
    const copy = e.target.closest("[data-copy]");
    if (e.target.closest("[data-print]")) print();
    if (!copy) return;
    const from = document.getElementById(copy.dataset.copy);
    try {
      await navigator.clipboard.writeText(from.textContent);
    } catch {
      getSelection().selectAllChildren(from); // WeChat: press and hold then
    }
    copy.textContent = copy.dataset.done;
  });

  // A second click sends nothing: the form has one key, and the page is leaving;
  // what opens beside it leaves the page where it is.
  document.addEventListener("submit", (e) => {
    const beside = (e.submitter && e.submitter.formTarget) || e.target.target;
    if (beside === "_blank") return;
    if (e.target.dataset.sent) e.preventDefault();
    else e.target.dataset.sent = "1";
  });
  addEventListener("pageshow", () => { for (const f of all("form[data-sent]")) delete f.dataset.sent; });
})();
