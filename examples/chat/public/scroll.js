/** Keeps the end of a list in sight, unless its reader has scrolled up. */

/** Px from the end within which a reader counts as being there. */
const SLACK = 40;

/** @param {(hasMissed: boolean) => void} [onMissed] called when something came that the reader does not see */
export function followEnd(list, onMissed = () => {}) {
  let isAtEnd = true;
  let top = 0;
  const toEnd = () => {
    isAtEnd = true;
    list.scrollTop = list.scrollHeight;
    onMissed(false);
  };
  list.addEventListener('scroll', () => {
    const isNear = list.scrollHeight - list.scrollTop - list.clientHeight < SLACK;
    // Only a reader scrolls up. The end also moves away when the list gets lower, which the observer mends.
    if (isNear || list.scrollTop < top) isAtEnd = isNear;
    ({ scrollTop: top } = list);
    if (isAtEnd) onMissed(false);
  });
  // A phone's keyboard opens, a window changes, or the list is shown.
  new ResizeObserver(() => isAtEnd && toEnd()).observe(list);
  return {
    toEnd,
    /** Something was added. */
    onAdded: () => (isAtEnd ? toEnd() : onMissed(true)),
  };
}
