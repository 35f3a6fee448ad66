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

  // A second click sends nothing: the form has one key, and the page is leaving.
  document.addEventListener("submit", (e) => {
    if (e.target.dataset.sent) e.preventDefault();
    else e.target.dataset.sent = "1";
  });
  addEventListener("pageshow", () => { for (const f of all("form[data-sent]")) delete f.dataset.sent; });
})();
