// Times of the service, which are UTC, as the reader's clock has them.

export function showLocalTimes() {
  for (const one of document.querySelectorAll("#content time[datetime]")) {
    one.textContent = new Date(one.dateTime).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  }
}
