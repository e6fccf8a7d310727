// Asks the API as whoever has signed in; the cookie goes along by itself.

export const catalogue = () => document.body.dataset.catalogue;
export const user = () => document.body.dataset.user;
export const plays = () => document.body.dataset.plays === "yes";

const several = () => document.querySelector(".catalogues") !== null;

/** A path of a page with a query; the catalogue is named where there are several. */
export function link(path, query = {}) {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") given.set(name, value);
  }
  if (several()) given.set("catalogue", catalogue());
  return given.size ? `${path}?${given}` : path;
}

/** A path of the API; values of a query may be lists. */
export function operation(path, query = {}) {
  const given = new URLSearchParams({ catalogue: catalogue() });
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) given.append(name, one);
  }
  return `/v1/${path}?${given}`;
}

export const segment = (name) => encodeURIComponent(name);

export const audioOf = (id) => operation(`tracks/${segment(id)}/audio`);

export const pictureOf = (id) => link("/picture", { id });

/** The response to a request; throws an Error that says so if there is none. */
export async function reach(url, options) {
  try {
    return await fetch(url, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("Segue does not answer. Is the service running, and are you online?");
  }
}

/** The answer of an operation; throws an Error with the problem's own words. */
export async function ask(url, { method = "GET", body, keepalive = false } = {}) {
  const response = await reach(url, {
    method,
    keepalive,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const answer = await response.json().catch(() => ({}));
  if (response.status === 401 && url !== "/v1/sign-in") {
    location.assign(`/sign-in?${new URLSearchParams({ next: location.pathname + location.search })}`);
  }
  if (!response.ok) {
    throw Object.assign(new Error(answer.detail ?? `The service answers ${response.status}.`), { status: response.status });
  }
  return answer;
}

/** Sends what the listener did. */
export function tell(events, options = {}) {
  const named = events.map((event) => ({ user: user(), client: "segue page", ...event }));
  return ask(operation("events"), { method: "POST", body: { events: named }, ...options });
}
