/** Keeps the end of a list in sight, unless its reader has scrolled up. */

/** Px from the end within which a reader counts as being there. */
const SLACK = 40;

/** @param {(hasMissed: boolean) => void} [onMissed] called when something came that the reader does not see */
export function followEnd(list, onMissed = () => {}) {
  let isAtEnd = true;
  let height = 0;
  const toEnd = () => {
    isAtEnd = true;
    list.scrollTop = list.scrollHeight;
    onMissed(false);
  };
  list.addEventListener('scroll', () => {
    // A list that was resized, hidden or shown scrolls by itself, before the observer hears of it.
    if (list.clientHeight !== height) return;
    isAtEnd = list.scrollHeight - list.scrollTop - height < SLACK;
    if (isAtEnd) onMissed(false);
  });
  // A phone's keyboard opens, a window changes, or the list is shown.
  new ResizeObserver(() => {
    height = list.clientHeight;
    if (isAtEnd) toEnd();
  }).observe(list);
  return {
    toEnd,
    /** Something was added. */
    onAdded: () => (isAtEnd ? toEnd() : onMissed(true)),
  };
}
