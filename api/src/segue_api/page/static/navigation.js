// Swaps the content and keeps the shell, so that music plays on while one browses.

import { reach } from "./api.js";
import { sayError } from "./status.js";
import { elementOf } from "./tracks.js";

const PART = { "X-Segue-Part": "content" };
const BAR = 70;
let asking = null;

const main = () => document.getElementById("content");

/** The content of a page, fetched: its title and its nodes. */
async function fetchPart(url, signal) {
  const response = await reach(url, { headers: PART, signal });
  if (response.status === 401) {
    location.assign(response.headers.get("Location") ?? "/sign-in");
    return null;
  }
  const parsed = new DOMParser().parseFromString(await response.text(), "text/html");
  const title = parsed.querySelector("title");
  const name = title?.textContent ?? "Segue";
  title?.remove();
  return { name, nodes: [...parsed.head.childNodes, ...parsed.body.childNodes] };
}

function show(part) {
  document.title = part.name;
  main().replaceChildren(...part.nodes);
  markPlace();
  document.dispatchEvent(new CustomEvent("segue:page"));
}

/** Marks the page that is shown in the navigation. */
export function markPlace() {
  const words = document.querySelector(".top .search [name=q]");
  if (words) words.value = location.pathname === "/search" ? new URLSearchParams(location.search).get("q") ?? "" : "";
  for (const one of document.querySelectorAll("[data-nav]")) {
    const place = one.dataset.nav;
    const inside = place === "/" ? location.pathname === "/" : location.pathname.startsWith(place);
    if (inside) {
      one.setAttribute("aria-current", "page");
      const nav = one.parentElement; // on a phone, only a part of it is seen
      nav.scrollLeft = Math.min(Math.max(nav.scrollLeft, one.offsetLeft + one.offsetWidth - nav.offsetLeft - nav.clientWidth), one.offsetLeft - nav.offsetLeft);
    }
    else one.removeAttribute("aria-current");
  }
}

/** Goes to a page of this site. */
export async function go(url, { push = true, scroll = 0 } = {}) {
  asking?.abort();
  const mine = (asking = new AbortController());
  document.body.classList.add("busy");
  try {
    const part = await fetchPart(url, mine.signal);
    if (!part) return;
    if (push) {
      history.replaceState({ scroll: scrollY }, "");
      history.pushState({ scroll: 0 }, "", url);
    }
    show(part);
    scrollTo(0, scroll);
    main().focus({ preventScroll: true });
  } catch (error) {
    if (error.name !== "AbortError") sayError(error);
  } finally {
    if (asking === mine) document.body.classList.remove("busy");
  }
}

/** Fetches the page that is shown again; `before` sees it before it is put in place. */
export async function again(before = () => {}) {
  const part = await fetchPart(location.href);
  if (!part) return;
  const fresh = document.createElement("div");
  fresh.append(...part.nodes);
  before(fresh);
  const at = scrollY, seen = at > 0 ? topRow() : null;
  const top = seen?.getBoundingClientRect().top;
  show({ name: part.name, nodes: [...fresh.childNodes] });
  scrollTo(0, at);
  const same = seen && elementOf(seen.dataset.id);
  const moved = same ? same.getBoundingClientRect().top - top : 0;
  if (Math.abs(moved) < innerHeight / 2) scrollBy(0, moved); // what one looks at stays where it is
}

/** The first row below the bar at the top. */
const topRow = () => [...document.querySelectorAll("#content [data-track]")].find((one) => one.getBoundingClientRect().top > BAR) ?? null;

function isOurs(anchor) {
  return anchor.origin === location.origin && !anchor.hasAttribute("download") && !("hard" in anchor.dataset) &&
    !anchor.target && !/^\/(v1|static)\//.test(anchor.pathname);
}

export function begin() {
  history.scrollRestoration = "manual";
  document.addEventListener("click", (event) => {
    const anchor = event.target.closest?.("a[href]");
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!anchor || !plain || event.defaultPrevented || !isOurs(anchor)) return;
    if (anchor.hash && anchor.pathname === location.pathname && anchor.search === location.search) return;
    event.preventDefault();
    go(anchor.href);
  });
  document.addEventListener("submit", (event) => {
    if (!("soft" in event.target.dataset)) return;
    event.preventDefault();
    const query = new URLSearchParams(new FormData(event.target));
    for (const [name, value] of [...query]) if (!value) query.delete(name);
    go(query.size ? `${event.target.getAttribute("action")}?${query}` : event.target.getAttribute("action"));
  });
  addEventListener("popstate", (event) => go(location.href, { push: false, scroll: event.state?.scroll ?? 0 }));
  markPlace();
}
