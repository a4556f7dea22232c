export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Each round's figure by the reference's of the same round. */
export function pairedRatios(figures, reference) {
  return figures.map((figure, round) => figure / reference[round]);
}

/**
 * The 95 % confidence interval of a median, by order statistics: no assumption about how the figures are spread.
 * With fewer than six figures it is all of them.
 */
export function confidence(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const count = sorted.length;
  const outside = Math.max(0, Math.floor(count / 2 - 0.98 * Math.sqrt(count)));
  return [sorted[outside], sorted[count - 1 - outside]];
}
